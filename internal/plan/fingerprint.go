package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// idDigits is the length of a change id: 48 bits, plenty for the changes of one plan and short enough to type.
const idDigits = 12

// scratch is the room in which ids and fingerprints are written before they are hashed. Plans have many thousands of lines, so all of
// them share it, and what every line has is appended without formatting verbs.
type scratch struct {
	text   []byte
	amount money.Amount // the last amount of a row and its text: the rows of a line mostly bill the same
	number string
}

// changeID names a change by what it does, so that the same proposal has the same id in every run.
func (w *scratch) changeID(c *Change) string {
	w.text = appendChange(w.text[:0], c)
	sum := sha256.Sum256(w.text)
	return hex.EncodeToString(sum[:idDigits/2])
}

// fingerprint covers what the plan was made from and what it says.
func (w *scratch) fingerprint(p *Plan, from billing.Observed) string {
	h := sha256.New() // a hash never fails
	h.Write(fmt.Appendf(nil, "day %s complete %t\n", p.Day, p.Complete))
	for i := range p.Changes {
		c := &p.Changes[i]
		b := append(append(w.text[:0], c.ID...), ' ')
		b = append(strconv.AppendQuote(appendChange(b, c), c.Reason), ' ')
		b = appendAll(b, c.Requires, strconv.AppendQuote)
		for _, effect := range []money.Amount{c.Recurring, c.Proration, c.OneOff} {
			b = append(append(b, ' '), effect.String()...)
		}
		b = appendAll(append(b, ' '), c.Holds, func(b []byte, hold billing.Hold) []byte { return fmt.Append(b, hold) })
		b = appendWhose(b, c)
		b = appendAll(append(b, ' '), c.Proof, func(b []byte, proof string) []byte { return append(b, proof...) })
		w.text = append(b, '\n')
		h.Write(w.text)
	}
	for _, f := range p.Findings {
		w.text = fmt.Appendf(w.text[:0], "finding %s %q %s\n", f.ID(), f.Message, f.Money)
		h.Write(w.text)
	}
	w.writeObserved(h, &from)
	return hex.EncodeToString(h.Sum(nil))
}

// appendWhose writes whose units a change is about.
func appendWhose(b []byte, c *Change) []byte {
	b = appendAll(append(b, " together "...), c.Together, strconv.AppendQuote)
	b = appendAll(append(b, ' '), c.Shares, func(b []byte, s billing.Share) []byte {
		return strconv.AppendInt(append(strconv.AppendQuote(b, string(s.SubscriptionID)), ' '), s.Units, 10)
	})
	return appendAll(append(b, ' '), c.Moves, func(b []byte, m Move) []byte {
		return appendDate(append(strconv.AppendInt(append(strconv.AppendQuote(b, string(m.SubscriptionID)), ' '), m.Units, 10), ' '), m.Day)
	})
}

// appendAll writes items between brackets, separated by spaces.
func appendAll[T any](b []byte, items []T, each func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, item := range items {
		if i > 0 {
			b = append(b, ' ')
		}
		b = each(b, item)
	}
	return append(b, ']')
}

// appendChange writes the parts of a change that make it what it is, in a fixed form.
func appendChange(b []byte, c *Change) []byte {
	for _, field := range [...]string{string(c.Kind), string(c.CustomerID), c.Contract.String(), c.Service.String(), c.Line.String(), c.LineKey, c.Charge.String(), c.ChargeKey} {
		b = append(append(b, field...), '|')
	}
	b = append(appendDate(b, c.Effective), '|')
	b = appendState(appendState(b, &c.Before), &c.After)
	if a := c.Adjust; a != nil {
		b = strconv.AppendInt(append(b, "adjust "...), a.UnitChange, 10)
		b = append(append(b, ' '), amountText(a.UnitPrice)...)
		b = append(append(append(b, ' '), amountText(a.UnitCost)...), '|')
	}
	if d := c.NewContract; d != nil {
		b = fmt.Appendf(b, "contract %s %q %s %s %s|", d.CompanyID, d.Name, d.PeriodType, d.Start, d.End)
	}
	if d := c.NewService; d != nil {
		b = fmt.Appendf(b, "service %s %q %s %s %s %s %s|", d.Mark, d.Name, d.PeriodType, d.BillingCodeID, d.VendorCompanyID, d.UnitPrice, d.UnitCost)
	}
	if d := c.NewCharge; d != nil {
		b = fmt.Appendf(b, "charge %q %q %s %s %s %s %s|", d.Name, d.Description, d.Date, d.Quantity, d.UnitPrice, d.UnitCost, d.BillingCodeID)
	}
	return b
}

func appendState(b []byte, s *State) []byte {
	b = strconv.AppendInt(append(strconv.AppendBool(b, s.Exists), ' '), s.Units, 10)
	b = append(append(b, ' '), amountText(s.UnitPrice)...)
	b = append(append(b, ' '), amountText(s.Amount)...)
	return append(appendDate(append(b, ' '), s.End), '|')
}

func amountText(a *money.Amount) string {
	if a == nil {
		return "-"
	}
	return a.String()
}

// appendDate writes what Date.String gives, without the way through time.
func appendDate(b []byte, d billing.Date) []byte {
	if d.Year < 1 || d.Year > 9999 {
		return append(b, d.String()...)
	}
	two := func(n int) { b = append(b, byte('0'+n/10), byte('0'+n%10)) }
	two(d.Year / 100)
	two(d.Year % 100)
	b = append(b, '-')
	two(int(d.Month))
	b = append(b, '-')
	two(d.Day)
	return b
}

// rowPrice gives the text of a row's price.
func (w *scratch) rowPrice(a money.Amount) string {
	if w.number == "" || a.Currency() != w.amount.Currency() || !a.Value().Equal(w.amount.Value()) {
		w.amount, w.number = a, a.String()
	}
	return w.number
}

// record writes one thing that was read: a letter, then fields with their lengths, so that no field can be taken for two.
type record []byte

func (r *record) begin(kind byte) { *r = append((*r)[:0], kind) }

func (r *record) text(field string) {
	*r = strconv.AppendInt(append(*r, ' '), int64(len(field)), 10)
	*r = append(append(*r, ':'), field...)
}

func (r *record) flag(on bool) { r.text(strconv.FormatBool(on)) }

func (r *record) date(d billing.Date) {
	var day [len("2006-01-02")]byte
	r.text(string(appendDate(day[:0], d)))
}

func (r *record) end(h hash.Hash) { h.Write(append(*r, '\n')) }

// writeObserved writes what a plan depends on. It is by far the longest part of a fingerprint.
func (w *scratch) writeObserved(h hash.Hash, o *billing.Observed) {
	r := record(w.text)
	for i := range o.Contracts {
		c := &o.Contracts[i]
		r.begin('c')
		r.text(string(c.ID))
		r.text(c.Mark)
		r.flag(c.Active)
		r.date(c.Start)
		r.date(c.End)
		r.end(h)
	}
	for i := range o.Services {
		s := &o.Services[i]
		r.begin('s')
		r.text(string(s.ID))
		r.text(s.Mark)
		r.text(string(s.PeriodType))
		r.flag(s.Active)
		r.end(h)
	}
	for i := range o.Lines {
		l := &o.Lines[i]
		r.begin('l')
		r.text(string(l.ID))
		r.text(string(l.ContractID))
		r.text(string(l.ServiceID))
		r.text(l.Mark)
		r.end(h)
		for k := range l.Rows {
			w.writeRow(&r, &l.Rows[k])
			r.end(h)
		}
	}
	for i := range o.Charges {
		c := &o.Charges[i]
		r.begin('g')
		r.text(string(c.ID))
		r.text(c.Mark)
		r.text(c.Quantity.String())
		r.text(c.UnitPrice.String())
		r.flag(c.Billed)
		r.end(h)
	}
}

func (w *scratch) writeRow(r *record, row *billing.UnitRow) {
	r.begin('r')
	r.text(row.ID)
	r.date(row.Period.Start)
	r.date(row.Period.End)
	r.text(strconv.FormatInt(row.Units, 10))
	r.text(w.rowPrice(row.Price))
	r.flag(row.Posted)
}
