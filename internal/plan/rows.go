package plan

import (
	"slices"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// span is the length of the periods that a line's rows are cut by: the service's own, or the contract's. Which of the two is not
// documented (Autotask sheet §12), so it is read from the rows: the shorter one that no row reaches across.
type span struct {
	period billing.PeriodType
	anchor billing.Date
	sure   bool // a part of a longer period, cut by an adjustment, cannot be mistaken for a whole short one
}

func spanOf(line *billing.ContractService, contract *billing.Contract, service *billing.Service, ours []billing.Date) span {
	short, long := service.PeriodType, contract.PeriodType
	if long.Months() < short.Months() {
		short, long = long, short
	}
	s := span{short, contract.Start, short == long}
	for i, r := range line.Rows {
		if s.around(r.Period.Start).End.Before(r.Period.End) {
			return span{long, contract.Start, true}
		}
		begins := r.Period.Start
		if i > 0 && r.Units == line.Rows[i-1].Units && s.around(begins).Start == begins && !slices.Contains(ours, begins) {
			s.sure = true // nothing was adjusted there: a period of its own begins
		}
	}
	return s
}

func (s span) around(day billing.Date) billing.Period { return s.period.PeriodAt(s.anchor, day) }

func (s span) isWhole(p billing.Period) bool { return s.sure && s.around(p.Start) == p }

// postedTo gives the first day after the posted periods. The whole period counts, even when the posted row was cut short by a later
// adjustment: its bill was written for all its days.
func (s span) postedTo(rows []billing.UnitRow) billing.Date {
	var to billing.Date
	for _, r := range rows {
		if r.Posted {
			to = billing.Later(to, s.around(r.Period.Start).End)
		}
	}
	return to
}

// takenDays gives the days on which an adjustment would be a second one: those we know of, and those that the rows betray. A row that
// starts inside a period, or on the contract's first day, or with another quantity or price than the row before it, comes from an
// adjustment of that day. An adjustment made by hand on the first day of the first period that was read leaves no trace; the target
// refuses a second one there. They are written into the room that is given.
func (s span) takenDays(room, ours []billing.Date, rows []billing.UnitRow) []billing.Date {
	days := append(room, ours...)
	for i, r := range rows {
		begins := r.Period.Start
		if s.around(begins).Start != begins || begins == s.anchor || i > 0 && s.differs(rows[i-1], r) {
			days = append(days, begins)
		}
	}
	return days
}

func (s span) differs(a, b billing.UnitRow) bool {
	if a.Units != b.Units {
		return true
	}
	return a.Units != 0 && s.isWhole(a.Period) && s.isWhole(b.Period) && !a.Price.Equal(b.Price)
}

// unitsAt reads the quantity that stands on a day.
func (s *subject) unitsAt(d billing.Date) int64 {
	units, _ := s.line.UnitsOn(d)
	return units
}

// unchanged reports whether the same quantity stood from one day to another, with what brings earlier days in step.
func (s *subject) unchanged(from, to billing.Date) bool {
	units := s.unitsAt(from)
	for _, st := range s.prior {
		if st.delta != 0 && st.choice.date.After(from) && !st.choice.date.After(to) {
			return false
		}
	}
	for _, r := range s.line.Rows {
		if r.Period.Start.After(from) && !r.Period.Start.After(to) && r.Units != units {
			return false
		}
	}
	return true
}

// rowStartsIn reports whether a row starts after one day and not after another.
func (s *subject) rowStartsIn(after, to billing.Date) bool {
	return slices.ContainsFunc(s.line.Rows, func(r billing.UnitRow) bool {
		return r.Period.Start.After(after) && !r.Period.Start.After(to)
	})
}

// unitPriceAt reads the price per unit that the target charges from a day on. Only rows that cover a whole period tell it (Autotask
// sheet §5.6): the row that decides the day when it is whole, else the first whole row after it. nil when there is none, and when the units
// of the day end before it: those that begin anew have a price of their own.
func (s *subject) unitPriceAt(day billing.Date) *money.Amount {
	decisive, found := s.line.RowOn(day)
	if found && decisive.Period.Contains(day) && s.span.isWhole(decisive.Period) && decisive.Units != 0 {
		return s.perUnit(decisive)
	}
	for i, r := range s.line.Rows {
		if !r.Period.Start.After(day) {
			continue
		}
		if s.tellsPrice(i) {
			return s.perUnit(r)
		}
		if r.Units == 0 && found && decisive.Units != 0 {
			return nil
		}
	}
	return nil
}

// beginsAnew reports whether the units of a row begin after days without any: the adjustment that brings them may carry a price.
func (s *subject) beginsAnew(i int) bool {
	return i > 0 && s.line.Rows[i-1].Units == 0 && s.line.Rows[i].Units != 0
}

// tellsPrice reports whether a row says what a whole period bills to its end. A row may keep its end when another one starts inside it
// (Autotask sheet §5.6), and then speaks only of the days before.
func (s *subject) tellsPrice(i int) bool {
	r := s.line.Rows[i]
	superseded := i+1 < len(s.line.Rows) && s.line.Rows[i+1].Period.Start.Before(r.Period.End)
	return r.Units != 0 && s.span.isWhole(r.Period) && !superseded
}

// quotient remembers the last price per unit that was worked out: the rows of a line mostly bill the same, and are asked several times.
type quotient struct {
	units int64
	total money.Amount
	price *money.Amount
}

// perUnit divides the price of a row by its units.
func (s *subject) perUnit(r billing.UnitRow) *money.Amount {
	q := &s.quotient
	if q.price != nil && q.units == r.Units && q.total.Currency() == r.Price.Currency() && q.total.Value().Equal(r.Price.Value()) {
		return q.price
	}
	*q = quotient{r.Units, r.Price, s.divided(r)}
	return q.price
}

// divided tries the price that is wanted before it divides, which costs much more: a line that needs nothing bills exactly that.
func (s *subject) divided(r billing.UnitRow) *money.Amount {
	if want := s.want.UnitPrice; want != nil && want.Currency() == r.Price.Currency() &&
		worth(want, r.Units).Value().Equal(r.Price.Value()) && want.Value().Places() <= pricePlaces {
		return want
	}
	value, _ := r.Price.Value().Div(money.Int(r.Units), pricePlaces, money.HalfAwayFromZero)
	price := money.Of(value, r.Price.Currency())
	return &price
}
