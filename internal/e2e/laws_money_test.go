package e2e

import (
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/sim/scenario"
)

// Law 6: every line Microsoft billed ends billed, held by a named finding or excluded by a named rule, and their sums are the invoice's
// total, to the cent, per currency. It fails when a rule drops a line, counts one twice or converts an amount.
func TestEveryBilledLineIsAccountedFor(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"demo", "traps"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, must(scenario.Named(name, firstDay()))(t), options{})
			s.setUp()
			if name == "demo" {
				s.month(true)
			}
			p := s.plan(true)
			s.wantAllAccountedFor(must(s.app.Store.Desired(t.Context(), s.org.ID, p.Run.ID))(t))
		})
	}
}

func (s *stage) wantAllAccountedFor(d billing.Desired) {
	s.t.Helper()
	sets := must(s.app.Store.LoadLineSets(s.t.Context(), s.org.ID, ""))(s.t)
	rated := map[billing.SetID]bool{}
	var accounted, billed money.Totals
	seen := map[string]int{}
	for _, each := range d.Dispositions {
		rated[each.Set] = true
		accounted.Add(each.Cost)
		seen[each.Set.String()+" "+each.LineKey]++
		if each.By == "" {
			s.t.Errorf("line %s is %s by nobody", each.LineKey, each.Outcome)
		}
	}
	var newest billing.LineSet
	lines := 0
	for _, set := range sets {
		if set.ID.Kind == billing.BilledLines && set.ID.Invoice > newest.ID.Invoice && strings.HasPrefix(set.ID.Invoice, "G") {
			newest = set
		}
		if !rated[set.ID] {
			continue
		}
		for _, line := range set.Lines {
			lines++
			billed.Add(line.Cost)
			if n := seen[set.ID.String()+" "+line.Key]; n != 1 {
				s.t.Errorf("line %s of %s ends %d times", line.Key, set.ID, n)
			}
		}
	}
	s.t.Logf("%d lines, %s", lines, accounted)
	if !rated[newest.ID] {
		s.t.Errorf("nothing says what became of the newest invoice %s", newest.ID)
	}
	if !accounted.Equal(billed) {
		s.t.Errorf("accounted for %s, Microsoft billed %s", accounted, billed)
	}
	s.wantInvoiceTotals(newest)
}

// wantInvoiceTotals compares what was read with the total that Microsoft states on the invoice itself: lines and tax.
func (s *stage) wantInvoiceTotals(set billing.LineSet) {
	s.t.Helper()
	var read money.Totals
	for _, line := range set.Lines {
		read.Add(line.Cost)
		read.Add(line.Tax)
	}
	for _, invoice := range must(s.app.Store.Invoices(s.t.Context(), s.org.ID))(s.t) {
		if invoice.ID != set.ID.Invoice {
			continue
		}
		if !read.In(invoice.Total.Currency()).Equal(invoice.Total) {
			s.t.Errorf("lines of %s with tax add up to %s, the invoice says %s", invoice.ID, read, invoice.Total)
		}
		return
	}
	s.t.Errorf("invoice %s is not stored", set.ID.Invoice)
}
