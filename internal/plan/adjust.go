package plan

import (
	"fmt"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/money"
)

func (s subject) contractKey() string {
	return refOf(string(s.contract.ID), s.want.Contract.Mark).String()
}
func (s subject) serviceKey() string {
	return refOf(string(s.service.ID), s.want.Service.Mark).String()
}

// step is one adjustment in the making.
type step struct {
	choice choice
	before int64
	delta  int64
	price  *money.Amount // nil keeps it
}

// planExistingLine compares quantity and price of a line that stands in the target with what is wanted, and adjusts the difference.
// All changes of one day are one adjustment (Autotask sheet §6.3).
func (p *planner) planExistingLine(s subject) {
	holds := p.driftHolds(s)
	steps := s.quantitySteps()
	steps = s.addPrice(steps)
	previous := ""
	for _, st := range steps {
		if !p.withinContract(s, st.choice.date) {
			return
		}
		c := s.adjustment(st)
		c.Holds = append(c.Holds, holds...)
		if previous != "" {
			c.Requires = append(slices.Clone(c.Requires), previous)
		}
		p.priceEffect(&c, s, worth(c.Before.UnitPrice, c.Before.Units), worth(c.After.UnitPrice, c.After.Units))
		if id := p.add(phaseLines, c); id != "" {
			previous = id
		}
		if st.choice.postponed && st.delta > 0 {
			p.reportUnbilled(s, st)
		}
	}
}

// quantitySteps gives the dated deltas that lead to the wanted quantity. Later adjustments stay as deltas on top (Autotask sheet
// §6.3 no. 10), so every later step is measured against what the earlier ones leave.
func (s subject) quantitySteps() []step {
	want := s.want.Units
	up, down := s.clock.up(), s.clock.down()
	now := s.unitsAt(billing.Later(up.date, s.clock.day))
	var steps []step
	var sum int64
	if want > now {
		steps = append(steps, step{choice: up, before: s.unitsAt(up.date), delta: want - now})
		sum = want - now
	}
	later := down
	if want < now && down.date.Before(s.clock.day) && s.unitsAt(down.date) != now {
		later = s.clock.settle(choice{date: s.clock.day, why: "the quantity changed inside this period, so the decrease starts on the day"})
	}
	if level := s.unitsAt(billing.Later(later.date, s.clock.day)) + sum; level != want {
		steps = append(steps, step{choice: later, before: s.unitsAt(later.date) + sum, delta: want - level})
		sum += want - level
	}
	return append(steps, s.pendingSteps(later.date, sum)...)
}

// pendingSteps undoes adjustments that wait in the future and would lead away from the wanted quantity.
func (s subject) pendingSteps(after billing.Date, sum int64) []step {
	var steps []step
	for _, r := range s.line.Rows {
		if !r.Period.Start.After(after) || r.Posted {
			continue
		}
		if level := s.unitsAt(r.Period.Start) + sum; level != s.want.Units {
			ch := s.clock.settle(choice{date: r.Period.Start, why: "a change that waits there is no longer wanted"})
			steps = append(steps, step{choice: ch, before: level, delta: s.want.Units - level})
			sum += s.want.Units - level
		}
	}
	return steps
}

func (s subject) unitsAt(d billing.Date) int64 {
	units, _ := s.line.UnitsOn(d)
	return units
}

// addPrice joins a new price to the step of its day, or makes a step of its own. The price travels with the first step whose date is
// not before the price's, so that no later step of the same plan undoes it.
func (s subject) addPrice(steps []step) []step {
	if s.want.UnitPrice == nil || s.want.Units == 0 {
		return steps
	}
	ch := s.clock.price()
	current := s.unitPriceAt(ch.date)
	if current != nil && current.Equal(*s.want.UnitPrice) {
		return steps
	}
	if current == nil && s.applied.UnitPrice != nil && s.applied.UnitPrice.Equal(*s.want.UnitPrice) {
		return steps
	}
	for i := range steps {
		if steps[i].choice.date == ch.date {
			steps[i].price = s.want.UnitPrice
			return steps
		}
	}
	var sum int64
	at := len(steps)
	for i, st := range steps {
		if ch.date.Before(st.choice.date) {
			at = i
			break
		}
		sum += st.delta
	}
	return slices.Insert(steps, at, step{choice: ch, before: s.unitsAt(ch.date) + sum, price: s.want.UnitPrice})
}

// unitPriceAt reads the price per unit that the target charges from a day on. Only rows that cover a whole period tell it (Autotask
// sheet §5.6): the row that decides the day when it is whole, else the first whole row after it. nil when there is none.
func (s subject) unitPriceAt(day billing.Date) *money.Amount {
	decisive, found := s.line.RowOn(day)
	if found && decisive.Period.Contains(day) && s.isWholePeriod(decisive.Period) && decisive.Units != 0 {
		return perUnit(decisive)
	}
	for _, r := range s.line.Rows {
		if r.Units != 0 && r.Period.Start.After(day) && s.isWholePeriod(r.Period) {
			return perUnit(r)
		}
	}
	return nil
}

func perUnit(r billing.UnitRow) *money.Amount {
	value, _ := r.Price.Value().Div(money.Int(r.Units), pricePlaces, money.HalfAwayFromZero)
	price := money.Of(value, r.Price.Currency())
	return &price
}

// isWholePeriod accepts the service's own period and the contract's: which of the two a row spans is not documented.
func (s subject) isWholePeriod(p billing.Period) bool {
	for _, t := range []billing.PeriodType{s.service.PeriodType, s.contract.PeriodType} {
		if t.PeriodAt(s.contract.Start, p.Start) == p {
			return true
		}
	}
	return false
}

// adjustment turns a step into a change.
func (s subject) adjustment(st step) Change {
	c := s.base
	c.Effective = st.choice.date
	before := s.unitPriceAt(st.choice.date)
	if before == nil {
		before = s.applied.UnitPrice
	}
	after := before
	if st.price != nil {
		after = st.price
	}
	c.Before = State{Exists: true, Units: st.before, UnitPrice: before}
	c.After = State{Exists: true, Units: st.before + st.delta, UnitPrice: after}
	c.Adjust = &Adjustment{UnitChange: st.delta, UnitPrice: st.price}
	if st.price != nil {
		c.Adjust.UnitCost = s.want.UnitCost
	}
	c.Kind, c.Reason = s.kindAndReason(st, c)
	return c
}

func (s subject) kindAndReason(st step, c Change) (ChangeKind, string) {
	when := fmt.Sprintf("from %s, %s", c.Effective, st.choice.why)
	switch {
	case st.delta == 0:
		return Reprice, fmt.Sprintf("The price becomes %s %s.", c.After.UnitPrice, when)
	case s.want.Units == 0:
		why := "The subscription ended"
		if !s.want.EndedOn.IsZero() {
			why = "The subscription ended on " + s.want.EndedOn.String()
		}
		return End, fmt.Sprintf("%s; the line ends %s.", why, when)
	case st.delta < 0:
		return Decrease, fmt.Sprintf("%d → %d %s.", c.Before.Units, c.After.Units, when)
	}
	return Increase, fmt.Sprintf("%d → %d %s.", c.Before.Units, c.After.Units, when)
}

// driftHolds compares what we applied last with what stands there now (law 7): a difference is somebody's decision.
func (p *planner) driftHolds(s subject) []billing.Hold {
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
		p.lineFinding(s.want, billing.FindingDrift, "The price was changed by hand: "+why+".",
			"Approve the change to restore the price, or adopt the price by a fixed price rule.")
	}
	return holds
}

// reportUnbilled names the money of the days that lie in a posted period (law 8): the plan never touches it, but nothing is silent.
func (p *planner) reportUnbilled(s subject, st step) {
	if s.want.UnitPrice == nil {
		return
	}
	days := p.in.Desired.Day.DaysTo(st.choice.date)
	_, whole := s.clock.proration(p.in.Desired.Day)
	if days <= 0 || whole == 0 {
		return
	}
	share, _ := s.want.UnitPrice.Value().Mul(money.Int(st.delta)).Mul(money.Int(int64(days))).Div(money.Int(int64(whole)), 2, money.HalfAwayFromZero)
	amount := money.Of(share, s.want.UnitPrice.Currency())
	p.find(billing.Finding{Kind: billing.FindingUnbilled, Subject: s.want.Key + "/" + st.choice.date.String(), CustomerID: s.want.CustomerID, Customer: s.want.Customer,
		Message: fmt.Sprintf("%s: %+d take effect on %s because the running period is posted; until then about %s stay unbilled.", s.want.Name, st.delta, st.choice.date, amount),
		Remedy:  "Add a charge for the difference in Autotask, or un-post the period and plan again.", Money: amount})
}

// worth is units × price, zero when the price is not known.
func worth(price *money.Amount, units int64) money.Amount {
	if price == nil {
		return money.Amount{}
	}
	return price.Mul(money.Int(units))
}

// priceEffect predicts the money of an adjustment: the change per period, and what the target adds once for the rest of a period.
func (p *planner) priceEffect(c *Change, s subject, before, after money.Amount) {
	delta, err := after.Sub(before)
	if err != nil {
		return // the currencies differ; the line is held with a finding of its own
	}
	c.Recurring = delta.Round(pricePlaces, money.HalfAwayFromZero)
	remaining, whole := s.clock.proration(c.Effective)
	if remaining == whole || whole == 0 {
		return
	}
	value, _ := delta.Value().Mul(money.Int(int64(remaining))).Div(money.Int(int64(whole)), 2, money.HalfAwayFromZero)
	c.Proration = money.Of(value, delta.Currency())
}
