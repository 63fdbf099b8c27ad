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
	inForce := s.unitPriceAt(ch.date)
	last := inForce
	if inForce == nil {
		inForce = s.applied.UnitPrice
	}
	if inForce == nil || !inForce.Equal(*s.want.UnitPrice) {
		steps = s.priceStep(steps, ch, nil)
		steps = s.priceBehind(steps, ch.date)
	}
	for i, r := range s.line.Rows {
		if last == nil || !r.Period.Start.After(ch.date) || !s.tellsPrice(i) {
			continue
		}
		price := s.perUnit(r)
		if !price.Equal(*last) && !price.Equal(*s.want.UnitPrice) && !r.Posted {
			steps = s.priceStep(steps, s.clock.settle(choice{date: r.Period.Start, why: "a price that waits there is no longer wanted"}), price)
		}
		last = price
	}
	return steps
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
	stands := s.unitPriceAt(p.in.Desired.Day)
	if stands == nil || s.want.UnitPrice == nil || stands.IsZero() || stands.Currency() == s.want.UnitPrice.Currency() {
		return false
	}
	p.lineFinding(s.want, billing.FindingCurrency, fmt.Sprintf("Autotask bills it in %s, the price is in %s; the price is left as it is.", stands.Currency(), s.want.UnitPrice.Currency()),
		"Set a fixed price rule in the customer's currency, or correct the currency of the company in Autotask.")
	return true
}

// worth is units × price, zero when the price is not known.
func worth(price *money.Amount, units int64) money.Amount {
	if price == nil {
		return money.Amount{}
	}
	return price.Mul(money.Int(units))
}

// priceEffect predicts the money of an adjustment: the change per period, and what the target adds once for the rest of a period. A
// contract that ends inside the period cuts its days.
func (s *subject) priceEffect(c *Change, before, after money.Amount) {
	delta, err := after.Sub(before)
	if err != nil {
		return // two currencies: isForeign has reported it, and no sum is right
	}
	c.Recurring = delta.Round(pricePlaces, money.HalfAwayFromZero)
	remaining, whole := s.clock.proration(c.Effective)
	remaining = min(remaining, c.Effective.DaysTo(s.contract.End)+1)
	if remaining == whole || whole == 0 {
		return
	}
	value, _ := delta.Value().Mul(money.Int(int64(remaining))).Div(money.Int(int64(whole)), 2, money.HalfAwayFromZero)
	c.Proration = money.Of(value, delta.Currency())
}
