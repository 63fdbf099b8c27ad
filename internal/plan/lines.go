package plan

import (
	"fmt"
	"slices"

	"spindle/internal/billing"
)

// pricePlaces are the digits the target keeps of money it derives from units (Autotask sheet §6.7).
const pricePlaces = 4

// subject is one desired line together with what stands in the target for it.
type subject struct {
	want     *billing.DesiredLine
	contract *billing.Contract
	service  *billing.Service
	line     *billing.ContractService // never nil; without an id when there is none
	found    bool
	applied  *Applied // never nil; without a key when there is none
	isOurs   bool
	onlyAdds bool     // the source has gaps: nothing may be reduced (law 2)
	moves    []moving // what comes from other lines in this plan, or goes there
	rank     int      // its place among the lines that exchange subscriptions: what takes comes before what gives
	late     bool     // its next changes take that place
	span     span
	clock    clock
	prior    []step // what brings earlier days in step, before the day of the plan is looked at
	quotient quotient
	days     []billing.Date // room for the days that hold an adjustment
}

func blocked(holds []billing.Hold) bool {
	return slices.ContainsFunc(holds, func(h billing.Hold) bool { return h.Blocks })
}

func (p *planner) planLine(want *billing.DesiredLine) {
	s, found := p.subjectOf(want)
	if !found {
		return
	}
	switch {
	case blocked(want.Holds):
		// It cannot be rated or written rightly; what stands stays, and the finding says what to mend.
	case want.Units == 0 && !s.found:
		// It ended and nothing stands in the target.
	case !s.found:
		p.planNewLine(s)
	case !s.isOurs:
		p.planAdoption(s)
	default:
		p.planMark(s)
		p.planExistingLine(s)
	}
}

// subjectOf finds what stands for a desired line; a line that takes part in a move was looked up before.
func (p *planner) subjectOf(want *billing.DesiredLine) (*subject, bool) {
	if m := p.movers[want.Key]; m != nil {
		return &m.subject, m.resolved
	}
	s := &p.room
	*s = subject{want: want, line: &p.noLine, applied: &p.noApplied, days: s.days}
	return s, p.resolve(s)
}

// resolve finds contract, service and contract service of a desired line, or says in a finding why it cannot.
func (p *planner) resolve(s *subject) bool {
	want := s.want
	contract, known := p.contract(want.Contract)
	if !known || !contract.Active || !contract.Recurring {
		p.lineFinding(want, billing.FindingContractGone, fmt.Sprintf("Contract %s is not an active recurring contract in Autotask.", want.Contract),
			"Map the line to another contract with spindle contracts map.")
		return false
	}
	service, known := p.service(want.Service)
	if !known || !service.Active {
		p.lineFinding(want, billing.FindingServiceGone, fmt.Sprintf("Service %s is missing or inactive in Autotask.", want.Service),
			"Map the product to another service with spindle services map.")
		return false
	}
	s.contract, s.service = contract, service
	if a := p.applied(want.Key); a != nil {
		s.applied, s.isOurs = a, true
	}
	if line := p.standing(s); line != nil {
		s.line, s.found = line, true
		s.isOurs = s.isOurs || line.Mark != "" && line.Mark == want.Mark
	}
	p.wind(s)
	p.warnContractEnd(s)
	return true
}

// base gives the fields that every change of the line shares. Most lines change nothing, so it is made only when one does.
func (p *planner) base(s *subject) Change {
	want := s.want
	c := Change{
		CustomerID: want.CustomerID, Customer: want.Customer, What: want.Name, LineKey: want.Key,
		Contract: refOf(string(s.contract.ID), want.Contract.Mark), ContractName: s.contract.Name,
		Service: refOf(string(s.service.ID), want.Service.Mark), Line: refOf(string(s.line.ID), want.Mark),
		Policy: want.Policy, Formerly: s.clock.formerly, PerPeriod: s.service.PeriodType, Holds: slices.Clone(want.Holds), Shares: want.Shares, Proof: proofOf(want),
	}
	for _, mark := range []string{want.Contract.Mark, want.Service.Mark} {
		if id := p.creating[mark]; mark != "" && id != "" {
			c.Requires = append(c.Requires, id)
		}
	}
	return c
}

// wind sets the clock of a subject from its contract, its service, its rows and what is wanted.
func (p *planner) wind(s *subject) {
	s.onlyAdds = p.incompleteFor(s.want.CustomerID)
	var ours []billing.Date
	if s.found && s.applied.LineID == s.line.ID {
		ours = s.applied.Dates
	}
	s.span = spanOf(s.line, s.contract, s.service, ours)
	s.days = s.span.takenDays(s.days[:0], ours, s.line.Rows)
	s.clock = clock{
		day: p.in.Desired.Day, policy: s.want.Policy, formerly: s.formerly(p.in.Settings.EffectiveSince), period: s.service.PeriodType, start: s.contract.Start,
		since: s.want.Since, billFrom: p.firstBilled(s.want), endedOn: s.want.EndedOn, postedTo: s.span.postedTo(s.line.Rows), taken: s.days,
	}
	if s.found && s.applied.LineID == s.line.ID && s.applied.Units == 0 {
		s.clock.stoodTo = s.applied.From
	}
	s.readBeginning()
}

// formerly gives the policies that held for the line before the one that is in force since a day. Nothing is known of a line before it was
// written, nor of a change of policy whose day nobody kept.
func (s *subject) formerly(since billing.Date) []billing.FormerPolicy {
	a := s.applied
	switch {
	case !s.found || a.LineID != s.line.ID:
		return nil
	case since.IsZero() || a.Policy == "" || a.Policy == s.want.Policy:
		return a.Formerly
	}
	return append(slices.Clone(a.Formerly), billing.FormerPolicy{Policy: a.Policy, Until: since})
}

// readBeginning tells from the rows whether the line begins only, and whether it is written ahead.
func (s *subject) readBeginning() {
	s.clock.fresh = true
	for i, r := range s.line.Rows {
		begun := !r.Period.Start.After(s.clock.day) && r.Units != 0
		s.clock.fresh = s.clock.fresh && (!begun || s.isCancelled(i))
	}
	if !s.clock.fresh {
		return
	}
	if s.hasStood() {
		s.clock.seen = s.seenFrom()
	}
	for i := len(s.line.Rows) - 1; i >= 0 && s.line.Rows[i].Units != 0; i-- {
		if begins := s.line.Rows[i].Period.Start; begins.After(s.clock.day) {
			s.clock.starts = begins
		}
	}
}

// firstBilled gives the first day that Spindle bills for a line.
func (p *planner) firstBilled(want *billing.DesiredLine) billing.Date {
	if !want.BillFrom.IsZero() {
		return want.BillFrom
	}
	return p.billFrom
}

// isCancelled recognises a beginning that was taken back: its day cannot be adjusted twice, so it stands for a day or two before it
// falls back to nothing.
func (s *subject) isCancelled(i int) bool {
	if i+1 == len(s.line.Rows) {
		return false
	}
	r, next := s.line.Rows[i], s.line.Rows[i+1]
	return next.Units == 0 && r.Period.Start.DaysTo(next.Period.Start) <= 3
}

func refOf(id, mark string) billing.Ref { return billing.Ref{ID: id, Mark: mark} }

func proofOf(want *billing.DesiredLine) []string {
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

// standing finds the contract service of a line: by our memory, by our mark, or an unmarked instance of the service that no other
// line leads to.
func (p *planner) standing(s *subject) *billing.ContractService {
	want := s.want
	if line, found := p.linesByID[s.applied.LineID]; s.isOurs && found {
		return line
	}
	for _, line := range p.stands().marks[want.Mark] {
		if line.ContractID == s.contract.ID {
			return line
		}
	}
	if want.Repeat || s.isOurs || s.contract.ID == "" || s.service.ID == "" {
		return nil
	}
	for _, line := range p.stands().instances[instance{string(s.contract.ID), string(s.service.ID)}] {
		if line.Mark == "" && p.stands().ours[line.ID] == "" && !p.claimed[line.ID] {
			p.claimed[line.ID] = true
			return line
		}
	}
	return nil
}

func (p *planner) lineFinding(want *billing.DesiredLine, kind billing.FindingKind, message, remedy string) {
	p.find(billing.Finding{Kind: kind, Subject: want.Key, CustomerID: want.CustomerID, Customer: want.Customer,
		Message: want.Name + ": " + message, Remedy: remedy, Money: worth(want.UnitPrice, want.Units)})
}

// endsOn says of the last day of a contract whether it lies behind the day of the plan.
func (p *planner) endsOn(last billing.Date) string {
	if last.Before(p.in.Desired.Day) {
		return "ended on " + last.String()
	}
	return "ends on " + last.String()
}

// warnContractEnd reports a contract of the MSP's own that ends inside the line's next period (design §6.2).
func (p *planner) warnContractEnd(s *subject) {
	if s.want.Units == 0 || p.managedMark(s.want.Contract, s.contract) != "" {
		return
	}
	next := s.clock.at(s.clock.current().End)
	if s.contract.End.Before(next.LastDay()) && s.contract.End.Before(p.in.Desired.Day.AddMonths(2)) {
		message := fmt.Sprintf("Contract %q %s, before the next billing period is over.", s.contract.Name, p.endsOn(s.contract.End))
		if s.contract.End.Before(p.in.Desired.Day) {
			message = fmt.Sprintf("Contract %q %s.", s.contract.Name, p.endsOn(s.contract.End))
		}
		p.find(billing.Finding{Kind: billing.FindingContractEnds, Subject: string(s.contract.ID), CustomerID: s.want.CustomerID, Customer: s.want.Customer,
			Message: message,
			Remedy:  "Extend or renew it in Autotask, or map the customer to another contract with spindle contracts map."})
	}
}

// withinContract refuses a date after the contract's end; a contract that Spindle manages is noted as too short instead, and a second
// pass plans with it extended. What a contract's end takes away by itself needs no adjustment and no finding.
func (p *planner) withinContract(s *subject, d billing.Date) bool {
	mark := p.managedMark(s.want.Contract, s.contract)
	switch {
	case !d.After(s.contract.End):
		return true
	case s.want.Units == 0:
		return false
	case mark != "":
		p.short[mark] = billing.Later(p.short[mark], d)
		return true
	}
	p.lineFinding(s.want, billing.FindingContractEnds, fmt.Sprintf("The change would take effect on %s, but contract %q %s.", d, s.contract.Name, p.endsOn(s.contract.End)),
		"Extend the contract in Autotask, or map the line to its successor with spindle contracts map.")
	return false
}
