package rating

import (
	"fmt"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// How far the lines of an invoice may be from its total before a person is told (Microsoft sheet §5.6, 1): Microsoft rounds line by
// line and corrects the sum. The larger of both counts.
var (
	totalTolerance   = money.New(1, 0)  // in the invoice's currency
	tolerancePerRoot = money.New(5, -2) // times the square root of the number of lines
	// taxMost is the highest tax on an invoice whose lines carry none, as a part of the sum before tax.
	taxMost = money.New(30, -2)
)

// checkInvoiceTotals compares what the lines of each invoice add up to with the total that the invoice itself states: a read that lost
// lines without an error must not pass for a whole one (law 6).
func (r *rater) checkInvoiceTotals(sets []billing.LineSet) {
	of := map[string][]billing.LineSet{}
	for _, set := range sets {
		of[set.ID.Invoice] = append(of[set.ID.Invoice], set)
	}
	for _, invoice := range sortedKeys(of) {
		stated, known := r.in.InvoiceTotals[invoice]
		if !known {
			continue
		}
		sum := sumOf(of[invoice], stated.Currency())
		if missing, differs := totalDiffers(stated, sum); differs {
			r.findings.atStake(billing.Finding{
				Kind: billing.FindingTotals, Subject: "invoice/" + invoice,
				Message: fmt.Sprintf("the lines of invoice %s add up to %s with tax, but the invoice says %s", invoice, sum.total, stated),
				Remedy:  "read or import the invoice again; if it stays so, ask Microsoft which lines are missing before you close the month",
			}, "", missing)
		}
	}
}

// lineSum is what lines of one currency add up to.
type lineSum struct {
	total money.Amount
	taxed bool // whether any line carries tax
	lines int
}

func sumOf(sets []billing.LineSet, currency money.Currency) lineSum {
	var totals money.Totals
	sum := lineSum{}
	for _, set := range sets {
		sum.lines += len(set.Lines)
		for i := range set.Lines {
			totals.Add(set.Lines[i].Total)
			sum.taxed = sum.taxed || !set.Lines[i].Tax.IsZero()
		}
	}
	sum.total = totals.In(currency)
	return sum
}

// totalDiffers tells by how much an invoice's total exceeds its lines, and whether that is more than rounding explains. Where no line
// carries tax the invoice may carry it as a whole, so that much more is accepted.
func totalDiffers(stated money.Amount, sum lineSum) (missing money.Amount, differs bool) {
	missing, _ = stated.Sub(sum.total) // of one currency
	tolerance := totalTolerance
	if byLines := tolerancePerRoot.Mul(money.Int(squareRoot(sum.lines))); byLines.Cmp(tolerance) > 0 {
		tolerance = byLines
	}
	over := missing.Value()
	if !sum.taxed && over.Sign() == sum.total.Sign() {
		tolerance = tolerance.Add(sum.total.Value().Abs().Mul(taxMost))
	}
	return missing, over.Abs().Cmp(tolerance) > 0
}

// squareRoot is the square root of n, rounded up.
func squareRoot(n int) int64 {
	var root int64
	for root*root < int64(n) {
		root++
	}
	return root
}
