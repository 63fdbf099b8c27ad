package plan

import (
	"fmt"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// planNewLine puts a service on the contract with its first quantity. The first instance is attached, marked, and then given its
// quantity; a further instance of the same service only comes into being by an adjustment and is marked afterwards.
func (p *planner) planNewLine(s *subject) {
	p.reportAddedBefore(s)
	past := p.pastOf(s)
	s.catchUp(past)
	beginnings := s.beginnings()
	if len(beginnings) == 0 {
		return // all of it comes from another line, and cannot yet
	}
	ch := beginnings[0].choice
	if !ch.date.Before(s.clock.sight()) || !p.withinContract(s, ch.date) {
		return // it begins too far ahead to be seen again, or the contract is over by then
	}
	p.reportShortages(s, past, beginnings)
	base := p.base(s)
	base.Holds = append(base.Holds, p.newLineHolds(s)...)
	add := p.beginning(s, base, beginnings[0])

	key := instance{base.Contract.String(), base.Service.String()}
	first, attaching := p.attached[key]
	id := ""
	if standing := p.stands().instances[key]; len(standing) > 0 || attaching {
		id = p.addRepeat(base, add, standing, first)
	} else {
		attach := base
		attach.Kind, attach.Effective = AttachService, ch.date
		attach.Reason = "The service is not on the contract yet."
		attach.After = State{Exists: true}
		p.attached[key] = p.add(phaseAttach, attach)
		add.Requires = append(slices.Clone(add.Requires), p.attached[key])
		id = p.add(phaseLines, add)
	}
	for _, st := range beginnings[1:] {
		if !st.choice.date.Before(s.clock.sight()) || !p.withinContract(s, st.choice.date) {
			return
		}
		more := p.beginning(s, base, st)
		more.Requires = append(slices.Clone(more.Requires), id)
		id = p.add(phaseLines, more)
	}
}

// beginnings gives the steps by which a new line gets its quantity: one, or one for what begins and one for what comes from another line.
func (s *subject) beginnings() []step {
	begun := func(m moving) bool { return m.begun } // it counts from its own day, which may be over
	if len(s.prior) > 0 || slices.ContainsFunc(s.moves, begun) {
		return s.quantitySteps()
	}
	up := s.clock.up()
	dates := []choice{up}
	for _, m := range s.moves {
		if m.Day.After(up.date) && !slices.ContainsFunc(dates, func(ch choice) bool { return ch.date == m.Day }) {
			dates = append(dates, choice{date: m.Day})
		}
	}
	slices.SortStableFunc(dates, func(a, b choice) int { return a.date.Compare(b.date) })
	var steps []step
	for _, ch := range dates {
		steps = s.stepTo(steps, ch)
	}
	s.putInOrder(steps)
	return steps
}

// beginning gives the change of one such step. The first one sets the price.
func (p *planner) beginning(s *subject, base Change, st step) Change {
	c := base
	c.Kind, c.Effective = Increase, st.choice.date
	c.Adjust = &Adjustment{UnitChange: st.delta}
	c.After = State{Exists: true, Units: st.before + st.delta, UnitPrice: s.want.UnitPrice}
	price := s.want.UnitPrice
	if price == nil {
		price = s.cataloguePrice()
	}
	if st.before == 0 {
		c.Adjust.UnitPrice, c.Adjust.UnitCost = s.want.UnitPrice, s.want.UnitCost
		c.Reason = fmt.Sprintf("New line: %d from %s, %s.", st.delta, c.Effective, st.choice.because())
	} else {
		c.Before = State{Exists: true, Units: st.before, UnitPrice: s.want.UnitPrice}
		c.Kind, c.Reason = s.kindAndReason(st, &c)
	}
	s.predict(&c, price, price)
	p.sayMoves(s, &c)
	return c
}

func (p *planner) addRepeat(mark, add Change, standing []*billing.ContractService, first string) string {
	add.Kind = AddRepeat
	for _, line := range standing {
		add.Instances = append(add.Instances, line.ID)
	}
	if first != "" {
		add.Requires = append(slices.Clone(add.Requires), first)
	}
	id := p.add(phaseLines, add)
	mark.Kind, mark.Effective, mark.Reason = MarkLine, add.Effective, "So that Spindle finds this instance again."
	mark.Before, mark.After = State{Exists: true}, State{Exists: true}
	mark.Holds = nil
	mark.Requires = append(slices.Clone(mark.Requires), id)
	p.add(phaseLines, mark)
	return id
}

// newLineHolds keeps a new line from billing twice what another instance on the contract may bill already, and from bringing back
// what somebody took off the contract (law 7).
func (p *planner) newLineHolds(s *subject) []billing.Hold {
	var holds []billing.Hold
	if s.applied.LineID != "" {
		why := fmt.Sprintf("Spindle wrote %d on contract service %s, which is not in Autotask any more", s.applied.Units, s.applied.LineID)
		holds = append(holds, billing.Hold{Policy: "hold-on-drift", Why: why})
		p.lineFinding(s.want, billing.FindingDrift, "The line was removed by hand: "+why+".",
			"Approve the new line to bill it again, or switch its billing off.")
	}
	for _, a := range p.leaving[instance{string(s.want.CustomerID), string(s.service.ID)}] {
		line, found := p.linesByID[a.LineID]
		if !found || line.ContractID == s.contract.ID || p.movers[a.LineKey] != nil {
			continue // what is on the same contract is looked at below; what moves is not billed twice
		}
		if units, _ := line.UnitsOn(p.in.Desired.Day); units != 0 {
			holds = append(holds, billing.Hold{Policy: "hold-unwanted",
				Why: fmt.Sprintf("contract service %s on another contract bills the customer %d of the same service and nothing leads to it any more; approve this together with its end", line.ID, units)})
		}
	}
	for _, line := range p.stands().instances[instance{string(s.contract.ID), string(s.service.ID)}] {
		units, _ := line.UnitsOn(p.in.Desired.Day)
		key, ours := p.stands().ours[line.ID]
		switch {
		case units == 0 && len(line.Rows) == 0, ours && (p.wanted(key) != nil || p.movers[key] != nil):
		case ours:
			holds = append(holds, billing.Hold{Policy: "hold-unwanted",
				Why: fmt.Sprintf("contract service %s bills %d of the same service and nothing leads to it any more; approve this together with its end", line.ID, units)})
		case line.Mark == "":
			holds = append(holds, billing.Hold{Policy: "adopt-only",
				Why: fmt.Sprintf("contract service %s was not made by Spindle and bills %d of the same service", line.ID, units)})
			p.lineFinding(s.want, billing.FindingUnmarked, fmt.Sprintf("Contract %q already has this service (%s) with %d units, made by hand.", s.contract.Name, line.ID, units),
				"Approve the new line if it comes on top, or take the units off the hand-made one first.")
		case p.isStrange(line):
			holds = append(holds, p.strangeLine(s, line, units))
		}
	}
	return holds
}

// cataloguePrice is what the target charges for a unit when nobody has set a price on the contract; nil when it is not known. The
// catalogue is priced in the internal currency (Autotask sheet §6.8).
func (s *subject) cataloguePrice() *money.Amount {
	price := s.service.UnitPrice
	if bills := s.currency(); price.IsZero() || bills != "" && bills != price.Currency() {
		return nil
	}
	return &s.service.UnitPrice
}

// planAdoption proposes to mark a line that people made. It is always held: touching what is not ours is a person's decision. A mark
// has no effective date.
func (p *planner) planAdoption(s *subject) {
	units := s.unitsAt(p.in.Desired.Day)
	if units == 0 && s.want.Units == 0 {
		return
	}
	mark := p.base(s)
	mark.Kind = MarkLine
	mark.Holds = append(slices.Clone(mark.Holds), billing.Hold{Policy: "adopt-only",
		Why: fmt.Sprintf("contract service %s was not made by Spindle and holds %d units; approve to let Spindle keep it in step", s.line.ID, units)})
	mark.Before, mark.After = State{Exists: true, Units: units}, State{Exists: true, Units: units}
	mark.Reason = fmt.Sprintf("The contract already has this service with %d units; Microsoft says %d.", units, s.want.Units)
	p.add(phaseLines, mark)
	p.lineFinding(s.want, billing.FindingUnmarked, fmt.Sprintf("Contract %q already has this service (%s) with %d units, made by hand.", s.contract.Name, s.line.ID, units),
		"Approve its mark-line change to let Spindle keep it in step, or map the product to another service.")
}
