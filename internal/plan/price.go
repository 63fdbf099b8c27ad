package plan

import (
	"fmt"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// priceSteps joins a new price to the step of its day, or makes a step of its own. A price that waits further on and is not the wanted
// one gets a step behind it: the last adjustment before a day decides that day's price.
func (s *subject) priceSteps(steps []step) []step {
	if s.want.UnitPrice == nil || s.want.Units == 0 {
		return steps
	}
	for i := range steps {
		if steps[i].before == 0 && steps[i].delta > 0 {
			steps[i].price = s.want.UnitPrice // while it had no units its price could not be read
		}
	}
	ch := s.clock.price()
	if ch.date.Before(s.clock.day) && s.rowStartsIn(ch.date, s.clock.day) {
		ch = s.clock.settle(choice{date: s.clock.day, why: "the line already changed inside this period, so the price starts on the day"})
	}
	for _, m := range s.moves {
		if ch.date.Before(m.Day) && s.unitsAt(ch.date)+sumUntil(steps, ch.date) == 0 {
			ch = choice{date: m.Day, why: m.why} // nothing is billed before units come from another line
		}
	}
	inForce := s.unitPriceAt(ch.date)
	last := inForce
	if inForce == nil {
		inForce = pricedBy(steps, ch.date)
	}
	if inForce == nil {
		inForce = s.applied.UnitPrice
	}
	if s.changes(inForce) {
		steps = s.priceStep(steps, ch, nil)
		steps = s.priceBehind(steps, ch.date)
	}
	for i, r := range s.line.Rows {
		if !r.Period.Start.After(ch.date) || !s.tellsPrice(i) {
			continue
		}
		price := s.perUnit(r)
		if (last == nil || s.beginsAnew(i) || !price.Equal(*last)) && s.changes(price) && !s.isPriced(steps, r.Period.Start) {
			steps = s.priceStep(steps, s.clock.settle(choice{date: r.Period.Start, why: "a price that waits there is no longer wanted"}), price)
		}
		last = price
	}
	return s.priceBehindOurs(steps)
}

// priceBehindOurs repeats the price behind the last adjustment of ours that waits after units begin anew: it may carry another price, which rows
// without units do not tell.
func (s *subject) priceBehindOurs(steps []step) []step {
	if s.applied.LineID != s.line.ID || len(steps) == 0 || steps[0].before != 0 || steps[0].delta <= 0 {
		return steps
	}
	var last billing.Date
	for _, d := range s.applied.Dates {
		if d.After(steps[0].choice.date) && s.unitsAt(d) == 0 {
			last = billing.Later(last, d)
		}
	}
	if last.IsZero() {
		return steps
	}
	return s.priceStep(steps, s.clock.settle(choice{date: last, why: "a change that waits there may carry another price"}), nil)
}

// isPriced reports whether a step brings its price to a day: no adjustment that may carry another one comes between. What a row says of that day
// is then over.
func (s *subject) isPriced(steps []step, day billing.Date) bool {
	return slices.ContainsFunc(steps, func(st step) bool {
		between := func(d billing.Date) bool { return d.After(st.choice.date) && !d.After(day) }
		return st.price != nil && !st.choice.date.After(day) && !slices.ContainsFunc(s.clock.taken, between)
	})
}

// pricedBy gives the price that units which begin anew on or before a date bring along; nil when none do.
func pricedBy(steps []step, date billing.Date) *money.Amount {
	for _, st := range steps {
		if st.before == 0 && st.delta > 0 && !st.choice.date.After(date) {
			return st.price
		}
	}
	return nil
}

// changes reports whether the wanted price is written over one that is in force, nil when that is not known. While the source has gaps a
// price never falls: the subscriptions that kept it where it is may be among those that were not read (law 2).
func (s *subject) changes(inForce *money.Amount) bool {
	if s.onlyAdds {
		return inForce != nil && inForce.Value().Cmp(s.want.UnitPrice.Value()) < 0
	}
	return inForce == nil || !inForce.Equal(*s.want.UnitPrice)
}

// priceBehind repeats the price behind the last change that waits inside a period: such a change may carry a price of its own, which no
// row of a part of a period tells.
func (s *subject) priceBehind(steps []step, date billing.Date) []step {
	var last billing.Date
	for _, r := range s.line.Rows {
		begins := r.Period.Start
		if begins.After(billing.Later(date, s.clock.day)) && r.Units != 0 && s.span.around(begins).Start != begins {
			last = begins
		}
	}
	if last.IsZero() {
		return steps
	}
	return s.priceStep(steps, s.clock.settle(choice{date: last, why: "a change that waits there may carry another price"}), nil)
}

// priceStep writes the wanted price on a date. was is the price before when the rows tell another one than the plan's own steps leave.
func (s *subject) priceStep(steps []step, ch choice, was *money.Amount) []step {
	at := len(steps)
	for i, st := range steps {
		if st.choice.date == ch.date {
			steps[i].price, steps[i].was = s.want.UnitPrice, was
			return steps
		}
		if ch.date.Before(st.choice.date) {
			at = i
			break
		}
	}
	before := s.unitsAt(ch.date) + sumUntil(steps, ch.date)
	return slices.Insert(steps, at, step{choice: ch, before: before, price: s.want.UnitPrice, was: was})
}

// isForeign reports a line that bills in another currency than its price is wanted in. The price is then left alone: currencies never
// mix (law 9), and a price is written in the customer's currency (Autotask sheet §6.8).
func (p *planner) isForeign(s *subject) bool {
	bills := s.currency()
	if bills == "" || s.want.UnitPrice == nil || s.want.UnitPrice.Currency() == bills {
		return false
	}
	p.lineFinding(s.want, billing.FindingCurrency, fmt.Sprintf("Autotask bills it in %s, the price is in %s; the price is left as it is.", bills, s.want.UnitPrice.Currency()),
		"Set a fixed price rule in the customer's currency, or correct the currency of the company in Autotask.")
	return true
}

// currency is the one that the line bills in, which any of its rows tells; "" when it has billed nothing.
func (s *subject) currency() money.Currency {
	for _, r := range s.line.Rows {
		if !r.Price.IsZero() {
			return r.Price.Currency()
		}
	}
	return ""
}

// worth is units × price, zero when the price is not known.
func worth(price *money.Amount, units int64) money.Amount {
	if price == nil {
		return money.Amount{}
	}
	return price.Mul(money.Int(units))
}

// predict gives a change its money. Where a price is not known the change has none, which is not the same as nothing: see AutoApproved.
func (s *subject) predict(c *Change, before, after *money.Amount) {
	known := (before != nil || c.Before.Units == 0) && (after != nil || c.After.Units == 0)
	if known {
		s.priceEffect(c, worth(before, c.Before.Units), worth(after, c.After.Units))
	}
}

// priceEffect predicts the money of an adjustment: the change per period, and what the target adds once, for the rest of a period and for
// whole periods that are over already. A contract that ends inside a period cuts its days.
func (s *subject) priceEffect(c *Change, before, after money.Amount) {
	delta, err := after.Sub(before)
	if err != nil {
		return // two currencies: no sum is right
	}
	c.Recurring = delta.Round(pricePlaces, money.HalfAwayFromZero)
	once := money.Of(money.Int(0), delta.Currency())
	for from := c.Effective; ; {
		remaining, whole := s.clock.proration(from)
		remaining = min(remaining, from.DaysTo(s.contract.End)+1)
		period := s.clock.at(from)
		over := !period.End.After(s.clock.current().Start)
		if remaining > 0 && whole > 0 && (over || remaining != whole) {
			value, _ := delta.Value().Mul(money.Int(int64(remaining))).Div(money.Int(int64(whole)), 2, money.HalfAwayFromZero)
			once, _ = once.Add(money.Of(value, delta.Currency()))
			c.Proration = once
		}
		if !over {
			return
		}
		from = period.End
		if from == s.clock.current().Start {
			return
		}
	}
}
