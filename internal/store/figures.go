package store

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
)

// storedFigures is how Figures are stored: totals have no exported fields.
type storedFigures struct {
	Cost   []money.Amount `json:",omitempty"`
	Price  []money.Amount `json:",omitempty"`
	Margin []money.Amount `json:",omitempty"`
}

func (f Figures) stored() storedFigures {
	return storedFigures{f.Cost.Amounts(), f.Price.Amounts(), f.Margin.Amounts()}
}

func (s storedFigures) figures() Figures {
	return Figures{totalsOf(s.Cost), totalsOf(s.Price), totalsOf(s.Margin)}
}

func totalsOf(amounts []money.Amount) money.Totals {
	var t money.Totals
	for _, a := range amounts {
		t.Add(a)
	}
	return t
}

func addTotals(to *money.Totals, more money.Totals) {
	for _, a := range more.Amounts() {
		to.Add(a)
	}
}

func (f *Figures) add(more Figures) {
	addTotals(&f.Cost, more.Cost)
	addTotals(&f.Price, more.Price)
	addTotals(&f.Margin, more.Margin)
}

// monthPlaces are the digits that a part of a longer period is rounded to: what the target stores of a price (Autotask sheet §5.9).
const monthPlaces = 4

// figuresOf gives what a number of units costs and brings in. A nil price or cost is not known.
func figuresOf(units money.Decimal, cost, price *money.Amount) Figures {
	var f Figures
	if cost != nil {
		f.Cost.Add(cost.Mul(units))
	}
	if price != nil {
		f.Price.Add(price.Mul(units))
	}
	if cost == nil || price == nil {
		return f
	}
	if margin, err := price.Mul(units).Sub(cost.Mul(units)); err == nil {
		f.Margin.Add(margin)
	}
	return f
}

// perMonth gives the part of figures of a period that one month has: a twelfth of a year. Margin is price less cost of the rounded parts, so
// that the three always agree.
func (f Figures) perMonth(p billing.PeriodType) Figures {
	months := money.Int(int64(p.Months()))
	part := func(t money.Totals) money.Totals {
		var out money.Totals
		for _, a := range t.Amounts() {
			value, _ := a.Value().Div(months, monthPlaces, money.HalfAwayFromZero)
			out.Add(money.Of(value, a.Currency()))
		}
		return out
	}
	if p.Months() == 1 {
		return f
	}
	out := Figures{Cost: part(f.Cost), Price: part(f.Price)}
	for _, a := range f.Margin.Amounts() {
		c := a.Currency()
		out.Margin.Add(money.Of(out.Price.In(c).Value().Sub(out.Cost.In(c).Value()), c))
	}
	return out
}

// sortMax stands for all that is too large to order.
const sortMax = 1<<63 - 1

// sortKey gives money as a number of hundredths to order rows by, whatever the currency. It is never shown and never added up.
func sortKey(t money.Totals) int64 {
	var sum money.Decimal
	for _, a := range t.Amounts() {
		sum = sum.Add(a.Value())
	}
	hundredths := sum.Mul(money.Int(100)).Round(0, money.HalfAwayFromZero)
	if n, ok := hundredths.Int64(); ok {
		return n
	}
	if hundredths.Sign() < 0 {
		return -sortMax
	}
	return sortMax
}

// weightKey is sortKey without the sign of each sum.
func weightKey(totals ...money.Totals) int64 {
	var all money.Totals
	for _, t := range totals {
		for _, a := range t.Amounts() {
			all.Add(money.Of(a.Value().Abs(), a.Currency()))
		}
	}
	return sortKey(all)
}

// storedEffect is how the counts and the money of a part of a plan are stored.
type storedEffect struct {
	Kinds     map[plan.ChangeKind]int               `json:",omitempty"`
	Recurring map[billing.PeriodType][]money.Amount `json:",omitempty"`
	OneOff    []money.Amount                        `json:",omitempty"`
	Proration []money.Amount                        `json:",omitempty"`
}

// periodTypes lists the rhythms in the order of their length.
func periodTypes() []billing.PeriodType {
	return []billing.PeriodType{billing.PeriodMonth, billing.PeriodQuarter, billing.PeriodHalfYear, billing.PeriodYear}
}

func (e *Effect) add(c plan.Change) {
	e.OneOff.Add(c.OneOff)
	e.Proration.Add(c.Proration)
	if c.Recurring.IsZero() {
		return
	}
	for i := range e.Recurring {
		if e.Recurring[i].Period == c.PerPeriod {
			e.Recurring[i].Money.Add(c.Recurring)
			return
		}
	}
	p := PeriodEffect{Period: c.PerPeriod}
	p.Money.Add(c.Recurring)
	e.Recurring = append(e.Recurring, p)
	slices.SortFunc(e.Recurring, func(a, b PeriodEffect) int { return a.Period.Months() - b.Period.Months() })
}

func (e Effect) weight() int64 {
	all := []money.Totals{e.OneOff}
	for _, p := range e.Recurring {
		all = append(all, p.Money)
	}
	return weightKey(all...)
}

func (e Effect) stored(kinds map[plan.ChangeKind]int) storedEffect {
	s := storedEffect{Kinds: kinds, OneOff: e.OneOff.Amounts(), Proration: e.Proration.Amounts()}
	for _, p := range e.Recurring {
		if s.Recurring == nil {
			s.Recurring = map[billing.PeriodType][]money.Amount{}
		}
		s.Recurring[p.Period] = p.Money.Amounts()
	}
	return s
}

func (s storedEffect) effect() Effect {
	e := Effect{OneOff: totalsOf(s.OneOff), Proration: totalsOf(s.Proration)}
	for _, p := range periodTypes() {
		if amounts, found := s.Recurring[p]; found {
			e.Recurring = append(e.Recurring, PeriodEffect{p, totalsOf(amounts)})
		}
	}
	return e
}

// fold makes the text that searches and orders ignore case by. Fields are kept apart by a line break, which no search text has.
func fold(fields ...string) string {
	for i, f := range fields {
		fields[i] = strings.ToLower(strings.Join(strings.Fields(f), " "))
	}
	return strings.Join(fields, "\n")
}

// containing gives the LIKE pattern that finds a text anywhere in a folded field; the escape sign is the backslash.
func containing(query string) string {
	escaped := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(fold(query))
	return "%" + escaped + "%"
}

// digestOf gives a short text that differs when a body does.
func digestOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:12])
}
