package plan

import (
	"fmt"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// pricePlaces are the digits the target keeps of money it derives from units (Autotask sheet §6.7).
const pricePlaces = 4

// subject is one desired line together with what stands in the target for it.
type subject struct {
	want     billing.DesiredLine
	contract billing.Contract
	service  billing.Service
	line     billing.ContractService
	found    bool
	applied  Applied
	isOurs   bool
	clock    clock
	base     Change // fields that every change of the line shares
}

func (p *planner) planLine(want billing.DesiredLine) {
	s, ok := p.subjectOf(want)
	if !ok {
		return
	}
	if want.Units == 0 && !s.found {
		return // it ended and nothing stands in the target
	}
	switch {
	case !s.found:
		p.planNewLine(s)
	case !s.isOurs && s.line.Mark == "":
		p.planAdoption(s)
	default:
		p.planExistingLine(s)
	}
}

// subjectOf resolves contract, service and contract service of a desired line, or says in a finding why it cannot.
func (p *planner) subjectOf(want billing.DesiredLine) (subject, bool) {
	s := subject{want: want}
	contract, exists, known := p.contract(want.Contract)
	if !known || !contract.Active || !contract.Recurring {
		p.lineFinding(want, billing.FindingContractGone, fmt.Sprintf("Contract %s is not an active recurring contract in Autotask.", want.Contract),
			"Map the line to another contract with spindle contracts map.")
		return s, false
	}
	service, _, known := p.service(want.Service)
	if !known || !service.Active {
		p.lineFinding(want, billing.FindingServiceGone, fmt.Sprintf("Service %s is missing or inactive in Autotask.", want.Service),
			"Map the product to another service with spindle services map.")
		return s, false
	}
	s.contract, s.service = contract, service
	s.applied, s.isOurs = p.applied[want.Key]
	s.line, s.found = p.standing(want, s)
	if s.line.Mark == want.Mark {
		s.isOurs = true
	}
	s.clock = clock{
		day: p.in.Desired.Day, policy: want.Policy, period: service.PeriodType, start: contract.Start, end: contract.End,
		postedTo: postedTo(s.line), since: want.Since, endedOn: want.EndedOn, taken: takenDays(s.applied, s.line),
		firstTime: len(s.line.Rows) == 0,
	}
	s.base = Change{
		CustomerID: want.CustomerID, Customer: want.Customer, What: want.Name, LineKey: want.Key,
		Contract: refOf(string(contract.ID), want.Contract.Mark), ContractName: contract.Name,
		Service: refOf(string(service.ID), want.Service.Mark), Line: refOf(string(s.line.ID), want.Mark),
		PerPeriod: service.PeriodType, Holds: slices.Clone(want.Holds), Proof: proofOf(want),
	}
	for _, mark := range []string{want.Contract.Mark, want.Service.Mark} {
		if id := p.creating[mark]; mark != "" && id != "" {
			s.base.Requires = append(s.base.Requires, id)
		}
	}
	if exists {
		p.warnContractEnd(s)
	}
	return s, true
}

func refOf(id, mark string) billing.Ref { return billing.Ref{ID: id, Mark: mark} }

func proofOf(want billing.DesiredLine) []string {
	var proof []string
	for _, share := range want.Shares {
		proof = append(proof, fmt.Sprintf("subscription %s: %d", share.SubscriptionID, share.Units))
	}
	if want.CostBasis != "" {
		proof = append(proof, "cost: "+want.CostBasis)
	}
	if want.PriceRule != "" {
		proof = append(proof, "price rule: "+want.PriceRule)
	}
	return proof
}

// standing finds the contract service of a line: by our memory, by our mark, or the only unmarked instance of the service.
func (p *planner) standing(want billing.DesiredLine, s subject) (billing.ContractService, bool) {
	if s.isOurs {
		if line, found := p.linesByID[s.applied.LineID]; found {
			return line, true
		}
	}
	for _, line := range p.lineMarks[want.Mark] {
		if line.ContractID == s.contract.ID {
			return line, true
		}
	}
	if want.Repeat || s.contract.ID == "" || s.service.ID == "" {
		return billing.ContractService{}, false
	}
	for _, line := range p.instances[instanceKey(string(s.contract.ID), string(s.service.ID))] {
		if line.Mark == "" && p.ours[line.ID] == "" {
			return line, true
		}
	}
	return billing.ContractService{}, false
}

func postedTo(line billing.ContractService) billing.Date {
	var to billing.Date
	for _, r := range line.Rows {
		if r.Posted {
			to = billing.Later(to, r.Period.End)
		}
	}
	return to
}

// takenDays gives the days on which an adjustment would be a second one: those we know of, and those on which a row starts inside a
// period, which only an adjustment causes.
func takenDays(a Applied, line billing.ContractService) []billing.Date {
	days := slices.Clone(a.Dates)
	for i, r := range line.Rows {
		if i > 0 && r.Units != line.Rows[i-1].Units {
			days = append(days, r.Period.Start)
		}
	}
	return days
}

func (p *planner) lineFinding(want billing.DesiredLine, kind billing.FindingKind, message, remedy string) {
	p.find(billing.Finding{Kind: kind, Subject: want.Key, CustomerID: want.CustomerID, Customer: want.Customer,
		Message: want.Name + ": " + message, Remedy: remedy, Money: worth(want.UnitPrice, want.Units)})
}

// warnContractEnd reports a contract of the MSP's own that ends inside the line's next period (design §6.2).
func (p *planner) warnContractEnd(s subject) {
	if s.contract.Mark != "" || s.want.Units == 0 {
		return
	}
	next := s.clock.period.PeriodAt(s.clock.start, s.clock.current().End)
	if s.contract.End.Before(next.LastDay()) && s.contract.End.Before(p.in.Desired.Day.AddMonths(2)) {
		p.find(billing.Finding{Kind: billing.FindingContractEnds, Subject: string(s.contract.ID), CustomerID: s.want.CustomerID, Customer: s.want.Customer,
			Message: fmt.Sprintf("Contract %q ends on %s, inside the next billing period.", s.contract.Name, s.contract.End),
			Remedy:  "Extend or renew it in Autotask, or map the customer to another contract with spindle contracts map."})
	}
}

// withinContract refuses a date after the contract's end.
func (p *planner) withinContract(s subject, d billing.Date) bool {
	if d.After(s.contract.End) {
		p.lineFinding(s.want, billing.FindingContractEnds, fmt.Sprintf("The change would take effect on %s, but contract %q ends on %s.", d, s.contract.Name, s.contract.End),
			"Extend the contract in Autotask, or map the line to its successor with spindle contracts map.")
		return false
	}
	return true
}

func (p *planner) planNewLine(s subject) {
	ch := s.clock.up()
	if !p.withinContract(s, ch.date) {
		return
	}
	key := instanceKey(s.contractKey(), s.serviceKey())
	standing := p.instances[key]
	attachedBefore, attaching := p.attached[key]
	add := s.base
	add.Effective = ch.date
	add.Reason = newLineReason(s.want, ch)
	add.Adjust = &Adjustment{UnitChange: s.want.Units, UnitPrice: s.want.UnitPrice, UnitCost: s.want.UnitCost}
	add.After = State{Exists: true, Units: s.want.Units, UnitPrice: s.want.UnitPrice}
	price := s.want.UnitPrice
	if price == nil && !s.service.UnitPrice.IsZero() {
		price = &s.service.UnitPrice
	}
	p.priceEffect(&add, s, money.Amount{}, worth(price, s.want.Units))

	if s.want.Repeat || len(standing) > 0 || attaching {
		add.Kind = AddRepeat
		for _, line := range standing {
			add.Instances = append(add.Instances, line.ID)
		}
		if attaching {
			add.Requires = append(slices.Clone(add.Requires), attachedBefore)
		}
		id := p.add(phaseLines, add)
		p.addMark(s, id, ch.date, "So that Spindle finds this instance again.")
		return
	}
	attach := s.base
	attach.Kind = AttachService
	attach.Effective = ch.date
	attach.Reason = "The service is not on the contract yet."
	attach.After = State{Exists: true}
	p.attached[key] = p.add(phaseLines, attach)
	add.Kind = Increase
	add.Requires = append(slices.Clone(add.Requires), p.attached[key])
	p.add(phaseLines, add)
}

func (p *planner) addMark(s subject, requires string, date billing.Date, reason string) {
	mark := s.base
	mark.Kind, mark.Effective, mark.Reason = MarkLine, date, reason
	mark.Before, mark.After = State{Exists: true}, State{Exists: true}
	mark.Holds = nil
	if requires != "" {
		mark.Requires = append(slices.Clone(mark.Requires), requires)
	}
	p.add(phaseLines, mark)
}

func newLineReason(want billing.DesiredLine, ch choice) string {
	return fmt.Sprintf("New line: %d from %s, %s.", want.Units, ch.date, ch.why)
}

// planAdoption proposes to mark a line that people made. It is always held: touching what is not ours is a person's decision.
func (p *planner) planAdoption(s subject) {
	units, _ := s.line.UnitsOn(p.in.Desired.Day)
	s.base.Holds = append(s.base.Holds, billing.Hold{Policy: "adopt-only",
		Why: fmt.Sprintf("contract service %s was not made by Spindle and holds %d units; approve to let Spindle keep it in step", s.line.ID, units)})
	mark := s.base
	mark.Kind, mark.Effective = MarkLine, p.in.Desired.Day
	mark.Before, mark.After = State{Exists: true, Units: units}, State{Exists: true, Units: units}
	mark.Reason = fmt.Sprintf("The contract already has this service with %d units; Microsoft says %d.", units, s.want.Units)
	p.add(phaseLines, mark)
	p.lineFinding(s.want, billing.FindingUnmarked, fmt.Sprintf("Contract %q already has this service (%s) with %d units, made by hand.", s.contract.Name, s.line.ID, units),
		"Approve its mark-line change to let Spindle keep it in step, or map the product to another service.")
}

// planOrphans looks after lines of ours that nothing asks for any more: a new route, a subscription that is gone.
func (p *planner) planOrphans() {
	wanted := map[string]bool{}
	for _, l := range p.in.Desired.Lines {
		wanted[l.Key] = true
	}
	for _, a := range p.in.Memory.Lines {
		line, found := p.linesByID[a.LineID]
		if wanted[a.LineKey] || !found {
			continue
		}
		p.planOrphan(a, line)
	}
}

func (p *planner) planOrphan(a Applied, line billing.ContractService) {
	contract := p.contracts[string(a.ContractID)]
	service := p.services[string(a.ServiceID)]
	want := billing.DesiredLine{Key: a.LineKey, CustomerID: a.CustomerID, Customer: a.Customer, Name: a.What, Policy: p.in.Settings.EffectivePolicy}
	s := subject{want: want, contract: contract, service: service, line: line, found: true, applied: a, isOurs: true}
	s.clock = clock{day: p.in.Desired.Day, policy: want.Policy, period: service.PeriodType, start: contract.Start, end: contract.End,
		postedTo: postedTo(line), taken: takenDays(a, line)}
	ch := s.clock.down()
	units, _ := line.UnitsOn(billing.Later(ch.date, p.in.Desired.Day))
	if units == 0 || contract.ID == "" {
		return
	}
	if !p.enabled[a.CustomerID] {
		p.lineFinding(want, billing.FindingNotEnabled, fmt.Sprintf("%d units stand on contract %q, but billing is off for this customer.", units, contract.Name),
			"Switch billing on to let Spindle end the line, or end it in Autotask.")
		return
	}
	s.base = Change{CustomerID: a.CustomerID, Customer: a.Customer, What: a.What, LineKey: a.LineKey,
		Contract: refOf(string(contract.ID), contract.Mark), ContractName: contract.Name, Service: refOf(string(service.ID), service.Mark),
		Line: refOf(string(line.ID), line.Mark), PerPeriod: service.PeriodType,
		Holds: []billing.Hold{{Policy: "hold-unwanted", Why: "nothing Microsoft bills leads to this line any more; a person must see that it ends"}}}
	p.planExistingLine(s)
}
