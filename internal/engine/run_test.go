package engine

import (
	"slices"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/rating"
)

func day(t *testing.T, text string) billing.Date {
	t.Helper()
	d, err := billing.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestMonthsOfUsageWithoutLines imports usage files whose invoices have no reconciliation file: their months are charged all the same.
func TestMonthsOfUsageWithoutLines(t *testing.T) {
	usage := func(invoice, first string, kind billing.SetKind) billing.UsageSet {
		return billing.UsageSet{ID: billing.SetID{Kind: kind, PartnerID: "p", Invoice: invoice},
			Groups: []billing.UsageGroup{{FirstDay: day(t, first), Rows: 3}}}
	}
	in := rating.Input{Usage: []billing.UsageSet{
		usage("G1", "2026-08-03", billing.BilledUsage), usage("G2", "2026-09-03", billing.BilledUsage),
		usage("G3", "2026-10-03", billing.BilledUsage), usage("", "2026-11-03", billing.UnbilledUsage)}}
	in.Settings.BillFrom = "2026-09"
	in.Month = closedMonth(in)
	if in.Month != "2026-10" {
		t.Errorf("newest closed month: got %q, want 2026-10", in.Month)
	}
	if got, want := earlierMonths(in), []billing.Month{"2026-09"}; !slices.Equal(got, want) {
		t.Errorf("earlier months: got %v, want %v", got, want)
	}
	in.InvoiceMonths = map[string]billing.Month{"G3": "2026-09"} // what the invoice itself says wins
	if got := closedMonth(in); got != "2026-09" {
		t.Errorf("newest closed month by its invoice: got %q, want 2026-09", got)
	}
}
