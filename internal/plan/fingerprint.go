package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

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

func writeObserved(h hash.Hash, o billing.Observed) {
	for _, c := range o.Contracts {
		fmt.Fprintf(h, "c %s %s %t %s %s\n", c.ID, c.Mark, c.Active, c.Start, c.End)
	}
	for _, s := range o.Services {
		fmt.Fprintf(h, "s %s %s %s %t\n", s.ID, s.Mark, s.PeriodType, s.Active)
	}
	for _, l := range o.Lines {
		fmt.Fprintf(h, "l %s %s %s %s\n", l.ID, l.ContractID, l.ServiceID, l.Mark)
		for _, r := range l.Rows {
			fmt.Fprintf(h, "r %s %s %d %s %t\n", r.ID, r.Period, r.Units, r.Price, r.Posted)
		}
	}
	for _, c := range o.Charges {
		fmt.Fprintf(h, "g %s %s %s %s %t\n", c.ID, c.Mark, c.Quantity, c.UnitPrice, c.Billed)
	}
}
