package plan

import (
	"fmt"

	"spindle/internal/billing"
)

// planOrphans looks after lines of ours that nothing asks for any more: a new route, a subscription that is gone.
func (p *planner) planOrphans() {
	for _, a := range p.unwanted {
		if line, found := p.linesByID[a.LineID]; found {
			p.planOrphan(a, line)
		}
	}
}

func (p *planner) planOrphan(a *Applied, line *billing.ContractService) {
	s, found := p.orphanOf(a, line)
	if !found || len(s.quantitySteps()) == 0 {
		return
	}
	if !p.enabled[a.CustomerID] {
		day := p.in.Desired.Day
		units := s.unitsAt(day)
		p.find(billing.Finding{Kind: billing.FindingNotEnabled, Subject: s.want.Key, CustomerID: s.want.CustomerID, Customer: s.want.Customer,
			Message: fmt.Sprintf("%s: %d units stand on contract %q, but billing is off for this customer.", s.want.Name, units, s.contract.Name),
			Remedy:  "Switch billing on to let Spindle end the line, or end it in Autotask.", Money: worth(s.unitPriceAt(day), units)})
		return
	}
	p.planExistingLine(s)
}

// unwanted is the policy that keeps lines from ending without a person's consent when nothing says why.
const unwanted = "hold-unwanted"

// orphanOf gives the subject of a line that nothing asks for, or says in a finding why it cannot.
func (p *planner) orphanOf(a *Applied, line *billing.ContractService) (*subject, bool) {
	if m := p.movers[a.LineKey]; m != nil {
		return &m.subject, m.resolved
	}
	contract, foundContract := p.contracts[string(line.ContractID)]
	service, foundService := p.services[string(line.ServiceID)]
	want := &billing.DesiredLine{Key: a.LineKey, Mark: line.Mark, CustomerID: a.CustomerID, Customer: a.Customer, Name: a.What, Policy: p.in.Settings.EffectivePolicy,
		Contract: refOf(string(line.ContractID), ""), Holds: []billing.Hold{{Policy: unwanted, Why: "nothing Microsoft bills leads to this line any more; a person must see that it ends"}}}
	s := &subject{want: want, contract: contract, service: service, line: line, found: true, applied: a, isOurs: true}
	if !foundContract || !foundService {
		if units, _ := line.UnitsOn(p.in.Desired.Day); units != 0 {
			p.lineFinding(want, billing.FindingServiceGone, fmt.Sprintf("%d units stand on contract service %s, whose contract or service could not be read.", units, line.ID),
				"End the line in Autotask.")
		}
		return s, false
	}
	want.Contract, want.Service = refOf(string(contract.ID), contract.Mark), refOf(string(service.ID), service.Mark)
	p.wind(s)
	return s, true
}
