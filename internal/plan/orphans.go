package plan

import (
	"fmt"

	"spindle/internal/billing"
)

// planOrphans looks after lines of ours that nothing asks for any more: a new route, a subscription that is gone.
func (p *planner) planOrphans() {
	for i := range p.in.Memory.Lines {
		a := &p.in.Memory.Lines[i]
		if line, found := p.linesByID[a.LineID]; found && !p.wanted[a.LineKey] {
			p.planOrphan(a, line)
		}
	}
}

func (p *planner) planOrphan(a *Applied, line *billing.ContractService) {
	contract, foundContract := p.contracts[string(line.ContractID)]
	service, foundService := p.services[string(line.ServiceID)]
	want := &billing.DesiredLine{Key: a.LineKey, Mark: line.Mark, CustomerID: a.CustomerID, Customer: a.Customer, Name: a.What, Policy: p.in.Settings.EffectivePolicy,
		Holds: []billing.Hold{{Policy: "hold-unwanted", Why: "nothing Microsoft bills leads to this line any more; a person must see that it ends"}}}
	units, _ := line.UnitsOn(p.in.Desired.Day)
	if !foundContract || !foundService {
		if units != 0 {
			p.lineFinding(want, billing.FindingServiceGone, fmt.Sprintf("%d units stand on contract service %s, whose contract or service could not be read.", units, line.ID),
				"End the line in Autotask.")
		}
		return
	}
	want.Contract, want.Service = refOf(string(contract.ID), contract.Mark), refOf(string(service.ID), service.Mark)
	s := subject{want: want, contract: contract, service: service, line: line, found: true, applied: a, isOurs: true}
	p.wind(&s)
	if len(s.quantitySteps()) == 0 {
		return
	}
	if !p.enabled[a.CustomerID] {
		p.lineFinding(want, billing.FindingNotEnabled, fmt.Sprintf("%d units stand on contract %q, but billing is off for this customer.", units, contract.Name),
			"Switch billing on to let Spindle end the line, or end it in Autotask.")
		return
	}
	p.planExistingLine(&s)
}
