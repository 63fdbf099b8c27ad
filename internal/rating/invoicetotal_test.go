package rating

import (
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// TestLinesMeetTheInvoiceTotal: what is missing between the lines and the total that the invoice states is named with its money, and what
// Microsoft's rounding explains is not (Microsoft sheet §5.6, 1).
func TestLinesMeetTheInvoiceTotal(t *testing.T) {
	taxed := func(cost, tax string) billing.LineItem {
		return change(purchase(func(l *billing.LineItem) { l.Key += cost }), func(l *billing.LineItem) {
			l.Cost, l.Tax = eur(cost), eur(tax)
			l.Total = eur(l.Cost.Value().Add(l.Tax.Value()).String())
		})
	}
	tests := []struct {
		name   string
		lines  []billing.LineItem
		stated money.Amount
		want   string // money of the finding; "" for none
	}{
		{"to the cent", []billing.LineItem{taxed("100", "23"), taxed("50", "11.50")}, eur("184.50"), ""},
		{"rounding", []billing.LineItem{taxed("100", "23"), taxed("50", "11.50")}, eur("185.50"), ""},
		{"rounding the other way", []billing.LineItem{taxed("100", "23"), taxed("50", "11.50")}, eur("183.50"), ""},
		{"a cent more than rounding", []billing.LineItem{taxed("100", "23"), taxed("50", "11.50")}, eur("185.51"), "1.01 EUR"},
		{"a line was lost", []billing.LineItem{taxed("100", "23")}, eur("184.50"), "61.50 EUR"},
		{"a line came twice", []billing.LineItem{taxed("100", "23"), taxed("50", "11.50"), taxed("50.0", "11.50")}, eur("184.50"), "-61.50 EUR"},
		{"a credit note in step", []billing.LineItem{taxed("-100", "-23")}, eur("-123"), ""},
		{"a credit note that lost a line", []billing.LineItem{taxed("-100", "-23")}, eur("-150"), "-27.00 EUR"},
		{"tax on the invoice as a whole", []billing.LineItem{taxed("100", "0"), taxed("50", "0")}, eur("184.50"), ""},
		{"more than any tax", []billing.LineItem{taxed("100", "0"), taxed("50", "0")}, eur("196.01"), "46.01 EUR"},
		{"less than its untaxed lines", []billing.LineItem{taxed("100", "0"), taxed("50", "0")}, eur("148.99"), "-1.01 EUR"},
		{"tax on some lines", []billing.LineItem{taxed("100", "23"), taxed("50", "0")}, eur("184.50"), "11.50 EUR"},
		{"tax on some lines, in the other order", []billing.LineItem{taxed("50", "0"), taxed("100", "23")}, eur("184.50"), "11.50 EUR"},
		{"tax on the credit note as a whole", []billing.LineItem{taxed("-100", "0"), taxed("-50", "0")}, eur("-184.50"), ""},
		{"more than any tax on a credit note", []billing.LineItem{taxed("-100", "0"), taxed("-50", "0")}, eur("-196.01"), "-46.01 EUR"},
		{"as much as the highest tax", []billing.LineItem{taxed("100", "0"), taxed("50", "0")}, eur("196.00"), ""},
		{"another currency", []billing.LineItem{taxed("100", "23")}, usd("123"), "123.00 USD"},
		{"the invoice says nothing", []billing.LineItem{taxed("100", "23")}, money.Amount{}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := world()
			in.Lines = []billing.LineSet{billedSet(test.lines...)}
			if test.stated.Currency() != "" {
				in.InvoiceTotals = map[string]money.Amount{invoice: test.stated}
			}
			var found []billing.Finding
			for _, f := range Rate(in).Findings {
				if f.Kind == billing.FindingTotals {
					found = append(found, f)
				}
			}
			switch {
			case test.want == "" && len(found) > 0:
				t.Errorf("found %+v", found)
			case test.want != "" && (len(found) != 1 || found[0].Money.String() != test.want || found[0].Subject != "invoice/"+invoice):
				t.Errorf("found %+v, want %s", found, test.want)
			case test.want != "" && (!strings.Contains(found[0].Message, invoice) || found[0].Remedy == ""):
				t.Errorf("the finding does not say what it is about: %+v", found[0])
			}
		})
	}
}

// TestTotalToleranceGrowsWithTheLines: 0.05 for the square root of the lines, and at least 1.00.
func TestTotalToleranceGrowsWithTheLines(t *testing.T) {
	for _, test := range []struct {
		lines   int
		missing string
		differs bool
	}{
		{1, "1.00", false}, {1, "1.01", true},
		{400, "1.00", false}, {400, "1.01", true}, // 0.05 × 20
		{10_000, "5.00", false}, {10_000, "5.01", true}, {10_000, "-5.00", false}, {10_000, "-5.01", true},
		{10_001, "5.05", false}, {10_001, "5.06", true}, // the root is rounded up
	} {
		stated := eur(num("1000000").Add(num(test.missing)).String())
		missing, differs := totalDiffers(stated, lineSum{total: eur("1000000"), taxed: true, lines: test.lines})
		if differs != test.differs || !missing.Equal(eur(test.missing)) {
			t.Errorf("%d lines, %s missing: %s, %v", test.lines, test.missing, missing, differs)
		}
	}
}

// TestOnlyInvoicesOfTheMonthAreCompared: an invoice of another month has its say when that month is rated.
func TestOnlyInvoicesOfTheMonthAreCompared(t *testing.T) {
	in := world()
	in.Lines = []billing.LineSet{billedSet(purchase(func(*billing.LineItem) {}))}
	in.InvoiceTotals = map[string]money.Amount{invoice: eur("9999"), "G-other": eur("1")}
	for month, want := range map[billing.Month]int{in.Month: 1, "2026-01": 0} {
		in.Month = month
		n := 0
		for _, f := range Rate(in).Findings {
			if f.Kind == billing.FindingTotals {
				n++
			}
		}
		if n != want {
			t.Errorf("%s: %d findings, want %d", month, n, want)
		}
	}
}
