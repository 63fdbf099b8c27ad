package plan

import (
	"cmp"
	"fmt"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// step is one adjustment in the making.
type step struct {
	choice choice
	before int64 // units on its date once the earlier steps are applied
	delta  int64
	price  *money.Amount // nil keeps it
	was    *money.Amount // the price before it, when the rows tell it
	cause  billing.Step  // what the source proves: when the quantity changed; zero when it only shows now
}

// planExistingLine compares quantity and price of a line that stands in the target with what is wanted, and adjusts the difference.
// All changes of one day are one adjustment (Autotask sheet §6.3).
func (p *planner) planExistingLine(s *subject) {
	holds := p.driftHolds(s)
	past := p.pastOf(s)
	if len(holds) == 0 {
		s.catchUp(past)
	}
	steps := s.quantitySteps()
	if len(holds) == 0 {
		p.reportShortages(s, past, steps)
		p.reportAddedBefore(s)
	}
	if !p.isForeign(s) {
		steps = s.priceSteps(steps)
	}
	var price *money.Amount // as the earlier steps leave it
	previous := ""
	for i, st := range steps {
		if st.choice.postponed && st.delta != 0 {
			p.reportPosted(s, st, steps[:i])
		}
		if !st.choice.date.Before(s.clock.sight()) {
			return // planned when its period comes into sight
		}
		if !p.withinContract(s, st.choice.date) {
			return
		}
		c := s.adjustment(p.base(s), st, price)
		if st.price != nil {
			price = st.price
		}
		c.Holds = append(slices.Clone(c.Holds), holds...)
		p.sayMoves(s, &c)
		if previous != "" {
			c.Requires = append(slices.Clone(c.Requires), previous)
		}
		phase := phaseLines
		if s.lateStep(&c) {
			phase = phaseMoves + s.rank
		}
		previous = p.add(phase, c)
	}
}

// quantitySteps gives the dated deltas that lead to the wanted quantity. Later adjustments stay as deltas on top (Autotask sheet
// §6.3 no. 10), so every later step is measured against what the earlier ones leave: first the increase, then the level from the day
// a decrease may count, then whatever waits behind it.
func (s *subject) quantitySteps() []step {
	up, down := s.reach(s.clock.up()), s.reach(s.clock.down())
	if begins := s.waits(); !begins.IsZero() {
		up = choice{date: begins}
		down = up
	}
	steps := s.begunSteps(slices.Clone(s.prior), billing.Date{}, up.date)
	raised := s.wantAt(up.date) > s.level(steps, up.date)
	if raised {
		steps = s.stepTo(steps, up)
	}
	steps = s.begunSteps(steps, up.date, down.date.AddDays(-1)) // before what is measured against them on the same days
	var room [turnsUsual]choice
	for _, ch := range s.turns(room[:0], billing.Later(up.date, s.clock.day), up.date) {
		// What comes from another line counts from its day; a decrease that waits before the day one may count is taken back.
		if ch.date.Before(down.date) && s.level(steps, ch.date) < s.wantAt(ch.date) {
			steps = s.stepTo(steps, ch)
		}
	}
	if !raised || down.date.After(up.date) {
		steps = s.stepTo(steps, down)
	}
	settled := down.date // what lies before it is as it should be
	for _, st := range steps {
		if st.cause.From.IsZero() {
			settled = billing.Later(settled, st.choice.date)
		}
	}
	for _, ch := range s.turns(room[:0], settled, settled) {
		steps = s.stepTo(steps, ch)
	}
	s.putInOrder(steps)
	return steps
}

// waits gives the day on which what is wanted begins, when it was written already or should have been, by a policy that has changed since:
// it stays as it was chosen. Zero when there is no such day.
func (s *subject) waits() billing.Date {
	a := s.applied
	changed := a.Policy != "" && a.Policy != s.want.Policy || len(s.clock.formerly) > 0
	if !changed || a.LineID != s.line.ID || len(s.moves) > 0 {
		return billing.Date{}
	}
	begins := a.From
	for _, st := range s.prior {
		begins = billing.Later(begins, st.choice.date)
	}
	if !begins.After(s.clock.day) || s.level(s.prior, begins) != s.want.Units {
		return billing.Date{}
	}
	return begins
}

// putInOrder sorts steps by their day; each then starts from what all before it leave.
func (s *subject) putInOrder(steps []step) {
	slices.SortStableFunc(steps, func(a, b step) int { return a.choice.date.Compare(b.choice.date) })
	for i := range steps {
		steps[i].before = s.unitsAt(steps[i].choice.date) + sumUntil(steps[:i], steps[i].choice.date)
	}
}

// turnsUsual is room for the turns of nearly every line: plans have many thousands of them.
const turnsUsual = 6

// turns gives the days on which the quantity may turn, in order: where rows begin after one day, and where units move after another.
func (s *subject) turns(all []choice, rows, moves billing.Date) []choice {
	for _, r := range s.line.Rows {
		if r.Period.Start.After(rows) && !r.Posted {
			all = append(all, s.clock.settle(choice{date: r.Period.Start, why: "what waits there is no longer wanted"}))
		}
	}
	for _, m := range s.moves {
		known := slices.ContainsFunc(all, func(ch choice) bool { return ch.date == m.Day })
		if m.Day.After(moves) && !known {
			all = append(all, choice{date: m.Day})
		}
	}
	if len(s.moves) > 0 {
		slices.SortStableFunc(all, func(a, b choice) int { return a.date.Compare(b.date) })
	}
	return all
}

// reach lets a change reach back only over days on which the quantity was the same as today. Where it changed in between, the earlier
// days were right then, and the change starts today.
func (s *subject) reach(ch choice) choice {
	if !ch.date.Before(s.clock.day) || s.unchanged(ch.date, s.clock.day) {
		return ch
	}
	return s.clock.settle(choice{date: s.clock.day, why: "the quantity already changed inside this period, so the change starts on the day"})
}

// level is the quantity from a date on, but not in the past, once the steps are applied.
func (s *subject) level(steps []step, d billing.Date) int64 {
	d = billing.Later(d, s.clock.day)
	return s.unitsAt(d) + sumUntil(steps, d)
}

func sumUntil(steps []step, d billing.Date) int64 {
	var sum int64
	for _, st := range steps {
		if !st.choice.date.After(d) {
			sum += st.delta
		}
	}
	return sum
}

// stepTo adds the step that brings the quantity to the wanted one on a date. What stands before it is told once all steps are in order.
func (s *subject) stepTo(steps []step, ch choice) []step {
	delta := s.wantAt(ch.date) - s.level(steps, ch.date)
	if delta < 0 && s.onlyAdds {
		return steps // law 2
	}
	// A decrease that waits further on may leave less than this one takes; no later row may fall below zero (Autotask sheet §6.3 no. 7).
	if delta < 0 {
		delta = max(delta, -s.lowest(steps, ch.date))
	}
	if delta == 0 {
		return steps
	}
	if why := s.whyOn(ch.date); why != "" {
		ch = choice{date: ch.date, why: why}
	}
	return withStep(steps, step{choice: ch, delta: delta})
}

// lowest is the smallest quantity on any day from d on, once the steps are applied.
func (s *subject) lowest(steps []step, d billing.Date) int64 {
	least := s.unitsAt(d) + sumUntil(steps, d)
	for _, r := range s.line.Rows {
		if r.Period.Start.After(d) {
			least = min(least, s.unitsAt(r.Period.Start)+sumUntil(steps, r.Period.Start))
		}
	}
	for _, st := range steps {
		if st.choice.date.After(d) {
			least = min(least, s.unitsAt(st.choice.date)+sumUntil(steps, st.choice.date))
		}
	}
	return max(least, 0)
}

// adjustment turns a step into a change, c being what every change of the line shares. price is what the earlier steps of the plan set, nil when they set none.
func (s *subject) adjustment(c Change, st step, price *money.Amount) Change {
	c.Effective = st.choice.date
	if st.was != nil {
		price = st.was
	}
	for _, known := range []*money.Amount{s.unitPriceAt(st.choice.date), s.applied.UnitPrice, s.cataloguePrice()} {
		if price == nil {
			price = known
		}
	}
	after := price
	if st.price != nil {
		after = st.price
	}
	c.Before = State{Exists: true, Units: st.before, UnitPrice: price}
	c.After = State{Exists: true, Units: st.before + st.delta, UnitPrice: after}
	c.Adjust = &Adjustment{UnitChange: st.delta, UnitPrice: st.price}
	if st.price != nil {
		c.Adjust.UnitCost = s.want.UnitCost
	}
	c.Kind, c.Reason = s.kindAndReason(st, &c)
	s.predict(&c, price, after)
	return c
}

func (s *subject) kindAndReason(st step, c *Change) (ChangeKind, string) {
	when := fmt.Sprintf("from %s, %s%s", c.Effective, st.choice.because(), s.becauseOf(st))
	switch {
	case st.delta == 0:
		return Reprice, fmt.Sprintf("The price becomes %s %s.", c.After.UnitPrice, when)
	case st.delta > 0:
		return Increase, fmt.Sprintf("%d → %d %s.", c.Before.Units, c.After.Units, when)
	case s.want.Units == 0 && c.After.Units == 0:
		why := "Nothing is billed for it any more"
		if !s.want.EndedOn.IsZero() {
			why = "The subscription ended on " + s.want.EndedOn.String()
		}
		return End, fmt.Sprintf("%s; the line ends %s.", why, when)
	}
	return Decrease, fmt.Sprintf("%d → %d %s.", c.Before.Units, c.After.Units, when)
}

// driftHolds compares what we applied last with what stands there now (law 7): a difference is somebody's decision.
func (p *planner) driftHolds(s *subject) []billing.Hold {
	if s.applied.LineID != s.line.ID {
		return nil
	}
	day := billing.Later(p.in.Desired.Day, s.applied.From)
	var holds []billing.Hold
	if units, on, drifted := s.drifted(day); drifted {
		why := fmt.Sprintf("Spindle wrote %d, Autotask now has %d%s, Microsoft says %d", s.applied.Units, units, laterOn(day, on), s.want.Units)
		holds = append(holds, billing.Hold{Policy: "hold-on-drift", Why: why})
		price := cmp.Or(s.want.UnitPrice, s.unitPriceAt(on))
		p.find(billing.Finding{Kind: billing.FindingDrift, Subject: s.want.Key, CustomerID: s.want.CustomerID, Customer: s.want.Customer,
			Message: s.want.Name + ": The quantity was changed by hand: " + why + ".",
			Remedy:  "Approve the change to restore Microsoft's quantity, reject it to keep the hand edit, or change the subscription.",
			Money:   worth(price, max(units-s.want.Units, s.want.Units-units))})
	}
	if price, on := s.driftedPrice(day); price != nil {
		why := fmt.Sprintf("Spindle wrote %s, Autotask now has %s%s, the rules say %s", s.applied.UnitPrice, price, laterOn(day, on), s.want.UnitPrice)
		holds = append(holds, billing.Hold{Policy: "hold-on-drift", Why: why})
		p.find(billing.Finding{Kind: billing.FindingDrift, Subject: s.want.Key + "/price", CustomerID: s.want.CustomerID, Customer: s.want.Customer,
			Message: s.want.Name + ": The price was changed by hand: " + why + ".",
			Remedy:  "Approve the change to restore the price, or adopt the price by a fixed price rule.",
			Money:   money.Of(price.Value().Sub(s.want.UnitPrice.Value()).Abs(), price.Currency()).Mul(money.Int(s.unitsAt(on)))})
	}
	return holds
}

// drifted gives the first quantity from a day on, as far as rows are read, that is neither what Spindle wrote nor what is wanted: what a hand
// lets wait further on is a decision too.
func (s *subject) drifted(from billing.Date) (units int64, on billing.Date, drifted bool) {
	other := func(units int64) bool { return units != s.applied.Units && units != s.want.Units }
	if units = s.unitsAt(from); other(units) {
		return units, from, true
	}
	for _, r := range s.line.Rows {
		if r.Period.Start.After(from) && other(r.Units) {
			return r.Units, r.Period.Start, true
		}
	}
	return 0, from, false
}

// driftedPrice does the same for the price of whole periods; nil when there is none.
func (s *subject) driftedPrice(from billing.Date) (price *money.Amount, on billing.Date) {
	wrote, want := s.applied.UnitPrice, s.want.UnitPrice
	if wrote == nil || want == nil {
		return nil, from
	}
	other := func(price *money.Amount) bool { return price != nil && !price.Equal(*wrote) && !price.Equal(*want) }
	if price = s.unitPriceAt(from); other(price) {
		return price, from
	}
	for i, r := range s.line.Rows {
		if r.Period.Start.After(from) && s.tellsPrice(i) && other(s.perUnit(r)) {
			return s.perUnit(r), r.Period.Start
		}
	}
	return nil, from
}

// laterOn names the day of what a hand changed further on.
func laterOn(day, on billing.Date) string {
	if on == day {
		return ""
	}
	return " from " + on.String() + " on"
}

// reportPosted names the money of the days up to a step that lie in a posted period (law 8): the plan never touches them, but nothing
// is silent. earlier are the steps before it.
func (p *planner) reportPosted(s *subject, st step, earlier []step) {
	price := s.want.UnitPrice
	if price == nil {
		price = s.unitPriceAt(p.in.Desired.Day)
	}
	if price == nil {
		return
	}
	since := billing.Later(s.clock.day, st.choice.instead)
	if !s.clock.endedOn.IsZero() { // it is known since when nothing should have been billed
		since = st.choice.instead
	}
	amount, first := s.missing(*price, st, earlier, since)
	subject := s.want.Key + "/" + s.clock.at(first).Start.String() // the period, so that the invoice that proves it speaks of the same finding
	consequence, remedy := fmt.Sprintf("about %s stay unbilled", amount), "Add a charge for the difference in Autotask."
	switch amount.Sign() {
	case 0:
		return
	case -1:
		subject += overBilled
		consequence, remedy = fmt.Sprintf("about %s are billed too much", amount.Neg()), "Credit the difference in Autotask."
	}
	p.find(billing.Finding{Kind: billing.FindingUnbilled, Subject: subject, CustomerID: s.want.CustomerID, Customer: s.want.Customer,
		Message: fmt.Sprintf("%s: %+d take effect on %s because the running period is posted; until then %s.", s.want.Name, st.delta, st.choice.date, consequence),
		Remedy:  remedy, Money: amount})
}

// missing gives the price of the units that a step brings too late, from a day on, each period by its own days, and the first of these days.
// Another change may already bring some of them on some of these days.
func (s *subject) missing(price money.Amount, st step, earlierSteps []step, from billing.Date) (total money.Amount, first billing.Date) {
	for from.Before(st.choice.date) {
		period := s.clock.at(from)
		var unitDays int64
		for ; from.Before(earlier(period.End, st.choice.date)); from = from.AddDays(1) {
			short := s.wantAt(from) - s.unitsAt(from) - sumUntil(earlierSteps, from)
			if short > 0 == (st.delta > 0) {
				unitDays += short
				if first.IsZero() && short != 0 {
					first = from
				}
			}
		}
		share, _ := price.Value().Mul(money.Int(unitDays)).Div(money.Int(int64(period.Days())), 2, money.HalfAwayFromZero)
		total, _ = total.Add(money.Of(share, price.Currency()))
	}
	return total, first
}
