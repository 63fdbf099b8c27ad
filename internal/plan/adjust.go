package plan

import (
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
}

// planExistingLine compares quantity and price of a line that stands in the target with what is wanted, and adjusts the difference.
// All changes of one day are one adjustment (Autotask sheet §6.3).
func (p *planner) planExistingLine(s *subject) {
	holds := p.driftHolds(s)
	steps := s.quantitySteps()
	if !p.isForeign(s) {
		steps = s.priceSteps(steps)
	}
	var price *money.Amount // as the earlier steps leave it
	previous := ""
	unreported := billing.Later(s.clock.day, s.clock.start)
	for i, st := range steps {
		if st.choice.postponed && st.delta != 0 {
			p.reportPosted(s, st, steps[:i], unreported)
			unreported = st.choice.date
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
		if previous != "" {
			c.Requires = append(slices.Clone(c.Requires), previous)
		}
		if id := p.add(phaseLines, c); id != "" {
			previous = id
		}
	}
}

// quantitySteps gives the dated deltas that lead to the wanted quantity. Later adjustments stay as deltas on top (Autotask sheet
// §6.3 no. 10), so every later step is measured against what the earlier ones leave: first the increase, then the level from the day
// a decrease may count, then whatever waits behind it.
func (s *subject) quantitySteps() []step {
	up, down := s.reach(s.clock.up()), s.reach(s.clock.down())
	var steps []step
	if s.want.Units > s.level(nil, up.date) {
		steps = s.stepTo(steps, up)
	}
	steps = s.undoDips(steps, up.date, down.date)
	if len(steps) == 0 || down.date.After(up.date) {
		steps = s.stepTo(steps, down)
	}
	settled := down.date // what lies before it is as it should be
	for _, st := range steps {
		settled = billing.Later(settled, st.choice.date)
	}
	for _, r := range s.line.Rows {
		if r.Period.Start.After(settled) && !r.Posted {
			waits := choice{date: r.Period.Start, why: "a change that waits there is no longer wanted"}
			steps = s.stepTo(steps, s.clock.settle(waits))
		}
	}
	return steps
}

// undoDips takes back decreases that wait before the day a decrease may count.
func (s *subject) undoDips(steps []step, after, until billing.Date) []step {
	for _, r := range s.line.Rows {
		if !r.Period.Start.After(billing.Later(after, s.clock.day)) || r.Posted {
			continue
		}
		ch := s.clock.settle(choice{date: r.Period.Start, why: "a decrease that waits there is no longer wanted"})
		if ch.date.Before(until) && s.level(steps, ch.date) < s.want.Units {
			steps = s.stepTo(steps, ch)
		}
	}
	return steps
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

// stepTo adds the step that brings the quantity to the wanted one on a date.
func (s *subject) stepTo(steps []step, ch choice) []step {
	delta := s.want.Units - s.level(steps, ch.date)
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
	before := s.unitsAt(ch.date) + sumUntil(steps, ch.date)
	return append(steps, step{choice: ch, before: before, delta: delta})
}

// lowest is the smallest quantity on any day from d on, once the steps are applied.
func (s *subject) lowest(steps []step, d billing.Date) int64 {
	least := s.unitsAt(d) + sumUntil(steps, d)
	for _, r := range s.line.Rows {
		if r.Period.Start.After(d) {
			least = min(least, s.unitsAt(r.Period.Start)+sumUntil(steps, r.Period.Start))
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
	s.priceEffect(&c, worth(price, c.Before.Units), worth(after, c.After.Units))
	return c
}

func (s *subject) kindAndReason(st step, c *Change) (ChangeKind, string) {
	when := fmt.Sprintf("from %s, %s", c.Effective, st.choice.because())
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
	if s.applied.LineKey == "" || s.applied.LineID != s.line.ID {
		return nil
	}
	day := billing.Later(p.in.Desired.Day, s.applied.From)
	units := s.unitsAt(day)
	var holds []billing.Hold
	if units != s.applied.Units && units != s.want.Units {
		why := fmt.Sprintf("Spindle wrote %d, Autotask now has %d, Microsoft says %d", s.applied.Units, units, s.want.Units)
		holds = append(holds, billing.Hold{Policy: "hold-on-drift", Why: why})
		p.lineFinding(s.want, billing.FindingDrift, "The quantity was changed by hand: "+why+".",
			"Approve the change to restore Microsoft's quantity, reject it to keep the hand edit, or change the subscription.")
	}
	price := s.unitPriceAt(day)
	if price != nil && s.applied.UnitPrice != nil && s.want.UnitPrice != nil && !price.Equal(*s.applied.UnitPrice) && !price.Equal(*s.want.UnitPrice) {
		why := fmt.Sprintf("Spindle wrote %s, Autotask now has %s, the rules say %s", s.applied.UnitPrice, price, s.want.UnitPrice)
		holds = append(holds, billing.Hold{Policy: "hold-on-drift", Why: why})
		p.find(billing.Finding{Kind: billing.FindingDrift, Subject: s.want.Key + "/price", CustomerID: s.want.CustomerID, Customer: s.want.Customer,
			Message: s.want.Name + ": The price was changed by hand: " + why + ".",
			Remedy:  "Approve the change to restore the price, or adopt the price by a fixed price rule.", Money: worth(price, units)})
	}
	return holds
}

// reportPosted names the money of the days up to a step that lie in a posted period (law 8): the plan never touches them, but nothing
// is silent. earlier are the steps before it, from is the first day that none of them accounts for.
func (p *planner) reportPosted(s *subject, st step, earlier []step, from billing.Date) {
	price := s.want.UnitPrice
	if price == nil {
		price = s.unitPriceAt(p.in.Desired.Day)
	}
	if price == nil {
		return
	}
	amount := s.missing(*price, st, earlier, billing.Later(from, st.choice.instead))
	consequence, remedy := fmt.Sprintf("about %s stay unbilled", amount), "Add a charge for the difference in Autotask."
	switch amount.Sign() {
	case 0:
		return
	case -1:
		consequence, remedy = fmt.Sprintf("about %s are billed too much", amount.Neg()), "Credit the difference in Autotask."
	}
	p.find(billing.Finding{Kind: billing.FindingUnbilled, Subject: s.want.Key + "/" + st.choice.date.String(), CustomerID: s.want.CustomerID, Customer: s.want.Customer,
		Message: fmt.Sprintf("%s: %+d take effect on %s because the running period is posted; until then %s.", s.want.Name, st.delta, st.choice.date, consequence),
		Remedy:  remedy, Money: amount})
}

// missing gives the price of the units that a step brings too late, from a day on, each period by its own days. Another change may
// already bring some of them on some of these days.
func (s *subject) missing(price money.Amount, st step, earlierSteps []step, from billing.Date) money.Amount {
	total := money.Of(money.Int(0), price.Currency())
	for from.Before(st.choice.date) {
		period := s.clock.at(from)
		var unitDays int64
		for ; from.Before(earlier(period.End, st.choice.date)); from = from.AddDays(1) {
			short := s.want.Units - s.unitsAt(from) - sumUntil(earlierSteps, from)
			if short > 0 == (st.delta > 0) {
				unitDays += short
			}
		}
		share, _ := price.Value().Mul(money.Int(unitDays)).Div(money.Int(int64(period.Days())), 2, money.HalfAwayFromZero)
		total, _ = total.Add(money.Of(share, price.Currency()))
	}
	return total
}
