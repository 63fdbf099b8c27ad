package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strconv"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// idDigits is the length of a change id: 48 bits, plenty for the changes of one plan and short enough to type.
const idDigits = 12

// changeID names a change by what it does, so that the same proposal has the same id in every run.
func changeID(c Change) string {
	h := sha256.New()
	writeChange(h, c)
	return hex.EncodeToString(h.Sum(nil))[:idDigits]
}

// fingerprint covers what the plan was made from and what it says.
func fingerprint(p Plan, in Input) string {
	h := sha256.New()
	fmt.Fprintf(h, "day %s complete %t\n", p.Day, p.Complete)
	for _, c := range p.Changes {
		fmt.Fprintf(h, "%s ", c.ID)
		writeChange(h, c)
		fmt.Fprintf(h, "%q %q %s %s %s %v %v\n", c.Reason, c.Requires, c.Recurring, c.Proration, c.OneOff, c.Holds, c.Proof)
	}
	for _, f := range p.Findings {
		fmt.Fprintf(h, "finding %s %q %s\n", f.ID(), f.Message, f.Money)
	}
	writeObserved(h, in.Observed)
	return hex.EncodeToString(h.Sum(nil))
}

// writeChange writes the parts of a change that make it what it is, in a fixed form.
func writeChange(w io.Writer, c Change) {
	fmt.Fprintf(w, "%s|%s|%s|%s|%s|%s|%s|%s|%s|", c.Kind, c.CustomerID, c.Contract, c.Service, c.Line, c.LineKey, c.Charge, c.ChargeKey, c.Effective)
	writeState(w, c.Before)
	writeState(w, c.After)
	if a := c.Adjust; a != nil {
		fmt.Fprintf(w, "adjust %d %s %s|", a.UnitChange, amountText(a.UnitPrice), amountText(a.UnitCost))
	}
	if d := c.NewContract; d != nil {
		fmt.Fprintf(w, "contract %s %q %s %s %s|", d.CompanyID, d.Name, d.PeriodType, d.Start, d.End)
	}
	if d := c.NewService; d != nil {
		fmt.Fprintf(w, "service %s %q %s %s %s %s %s|", d.Mark, d.Name, d.PeriodType, d.BillingCodeID, d.VendorCompanyID, d.UnitPrice, d.UnitCost)
	}
	if d := c.NewCharge; d != nil {
		fmt.Fprintf(w, "charge %q %q %s %s %s %s %s|", d.Name, d.Description, d.Date, d.Quantity, d.UnitPrice, d.UnitCost, d.BillingCodeID)
	}
}

func writeState(w io.Writer, s State) {
	fmt.Fprintf(w, "%t %d %s %s %s|", s.Exists, s.Units, amountText(s.UnitPrice), amountText(s.Amount), s.End)
}

func amountText(a *money.Amount) string {
	if a == nil {
		return "-"
	}
	return a.String()
}

// writeObserved writes what a plan depends on. It is by far the longest part of a fingerprint, so it does without formatting verbs.
func writeObserved(h hash.Hash, o billing.Observed) {
	var buf []byte
	put := func(kind byte, fields ...string) {
		buf = append(buf[:0], kind)
		for _, f := range fields {
			buf = strconv.AppendInt(append(buf, ' '), int64(len(f)), 10)
			buf = append(append(buf, ':'), f...)
		}
		h.Write(append(buf, '\n')) // a hash never fails
	}
	for _, c := range o.Contracts {
		put('c', string(c.ID), c.Mark, strconv.FormatBool(c.Active), c.Start.String(), c.End.String())
	}
	for _, s := range o.Services {
		put('s', string(s.ID), s.Mark, string(s.PeriodType), strconv.FormatBool(s.Active))
	}
	for _, l := range o.Lines {
		put('l', string(l.ID), string(l.ContractID), string(l.ServiceID), l.Mark)
		for _, r := range l.Rows {
			put('r', r.ID, r.Period.Start.String(), r.Period.End.String(), strconv.FormatInt(r.Units, 10), r.Price.String(), strconv.FormatBool(r.Posted))
		}
	}
	for _, c := range o.Charges {
		put('g', string(c.ID), c.Mark, c.Quantity.String(), c.UnitPrice.String(), strconv.FormatBool(c.Billed))
	}
}
