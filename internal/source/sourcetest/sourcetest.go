// Package sourcetest makes the contract of package source executable: every implementation runs the same suite.
package sourcetest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/source"
)

// Fixture is one implementation over one world that has customers, subscriptions, Azure usage and at least one billed invoice.
type Fixture struct {
	// New gives a fresh source over the same world each time.
	New func(t *testing.T) source.Source
	// BrokenDirectories give sources that cannot read all customers or subscriptions.
	BrokenDirectories map[string]func(t *testing.T) source.Source
	// BrokenSets give sources that cannot read all rows of the given set.
	BrokenSets map[string]func(t *testing.T, id billing.SetID) source.Source
}

// Compare holds options that compare billing values by what they mean: decimals by number, totals by their sums.
func Compare() cmp.Options {
	return cmp.Options{
		cmp.Comparer(func(a, b money.Decimal) bool { return a.Equal(b) }),
		cmp.Comparer(func(a, b money.Amount) bool { return a.Equal(b) }),
		cmp.Comparer(func(a, b money.Totals) bool { return a.Equal(b) }),
	}
}

// Run proves the contract for one implementation.
func Run(t *testing.T, f Fixture) {
	t.Run("directory", func(t *testing.T) { directory(t, f) })
	t.Run("sets", func(t *testing.T) { sets(t, f) })
	t.Run("lines", func(t *testing.T) { lines(t, f) })
	t.Run("usage", func(t *testing.T) { usage(t, f) })
	t.Run("unknown set", func(t *testing.T) { unknown(t, f.New(t)) })
	t.Run("cancelled", func(t *testing.T) { cancelled(t, f.New(t)) })
	for name, broken := range f.BrokenDirectories {
		t.Run("incomplete directory/"+name, func(t *testing.T) {
			d, err := broken(t).Directory(t.Context())
			if err == nil && len(d.Incomplete) == 0 {
				t.Errorf("silence: %d customers, %d subscriptions, no gap, no error", len(d.Customers), len(d.Subscriptions))
			}
			wantFault(t, err)
		})
	}
	for name, broken := range f.BrokenSets {
		t.Run("incomplete set/"+name, func(t *testing.T) { brokenSet(t, f, broken) })
	}
}

// wantFault checks that an error says who acts next.
func wantFault(t *testing.T, err error) {
	t.Helper()
	if kind := fault.KindOf(err); kind == fault.KindInternal {
		t.Errorf("the error has no fault kind: %v", err)
	}
}

func directory(t *testing.T, f Fixture) {
	d, err := f.New(t).Directory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Customers) == 0 || len(d.Subscriptions) == 0 || len(d.Azure) == 0 {
		t.Fatalf("%d customers, %d subscriptions, %d Azure subscriptions", len(d.Customers), len(d.Subscriptions), len(d.Azure))
	}
	customers := map[billing.CustomerID]bool{}
	for _, c := range d.Customers {
		if customers[c.ID] || c.ID == "" || c.Name == "" || string(c.ID) != strings.ToLower(string(c.ID)) {
			t.Errorf("customer %+v", c)
		}
		customers[c.ID] = true
	}
	plans := map[billing.SubscriptionID]bool{}
	seen := map[billing.SubscriptionID]bool{}
	for _, s := range d.Subscriptions {
		if seen[s.ID] || s.ID == "" || !customers[s.CustomerID] || s.Kind == "" || s.Status == "" || s.Quantity < 0 || s.Name == "" || s.Offer.Frequency == "" ||
			string(s.ID) != strings.ToLower(string(s.ID)) {
			t.Errorf("subscription %+v", s)
		}
		seen[s.ID] = true
		plans[s.ID] = s.Kind == billing.AzurePlan
	}
	for _, a := range d.Azure {
		if !plans[a.PlanID] || a.ID == "" || !customers[a.CustomerID] {
			t.Errorf("Azure subscription %+v", a)
		}
	}
	again, err := f.New(t).Directory(t.Context())
	if diff := cmp.Diff(d, again, Compare()); err != nil || diff != "" {
		t.Errorf("equal inputs, other directory: %v %s", err, diff)
	}
}

func available(t *testing.T, s source.Source) []source.Available {
	t.Helper()
	all, err := s.Sets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func sets(t *testing.T, f Fixture) {
	all := available(t, f.New(t))
	seen := map[billing.SetID]bool{}
	kinds := map[billing.SetKind]int{}
	for i, a := range all {
		if seen[a.ID] || a.ID.PartnerID == "" || a.ID.PartnerID != strings.ToLower(a.ID.PartnerID) {
			t.Errorf("set %+v", a)
		}
		seen[a.ID] = true
		kinds[a.ID.Kind]++
		if billed := a.ID.Invoice != ""; billed && (a.Invoice.ID != a.ID.Invoice || a.Invoice.Period.IsZero() || a.Invoice.Kind != "invoice") {
			t.Errorf("invoice of %s: %+v", a.ID, a.Invoice)
		}
		if i > 0 && all[i-1].Invoice.Period.Start.Before(a.Invoice.Period.Start) && a.ID.Month == "" {
			t.Errorf("%s is newer than %s before it", a.ID, all[i-1].ID)
		}
	}
	if kinds[billing.BilledLines] == 0 || kinds[billing.BilledUsage] == 0 {
		t.Errorf("kinds %v", kinds)
	}
	if diff := cmp.Diff(all, available(t, f.New(t)), Compare()); diff != "" {
		t.Errorf("equal inputs, other sets: %s", diff)
	}
}

func each(t *testing.T, f Fixture, kinds []billing.SetKind, check func(s source.Source, a source.Available)) {
	t.Helper()
	s, count := f.New(t), 0
	for _, a := range available(t, s) {
		if slices.Contains(kinds, a.ID.Kind) {
			count++
			check(s, a)
		}
	}
	if count == 0 {
		t.Error("no set to check")
	}
}

func lines(t *testing.T, f Fixture) {
	each(t, f, []billing.SetKind{billing.BilledLines, billing.UnbilledLines}, func(s source.Source, a source.Available) {
		set, err := s.Lines(t.Context(), a.ID)
		if err != nil {
			t.Fatal(err)
		}
		if set.ID != a.ID || set.Version == "" || a.Version != "" && a.Version != set.Version || len(set.Lines) == 0 {
			t.Errorf("%s: id %s, version %q, %d lines", a.ID, set.ID, set.Version, len(set.Lines))
		}
		var total money.Totals
		keys := map[string]bool{}
		for _, l := range set.Lines {
			total.Add(l.Total)
			if keys[l.Key] || l.Key == "" || l.CustomerID == "" || l.Invoice != a.ID.Invoice || l.Cost.Currency() == "" || l.Kind == "" {
				t.Errorf("line %+v", l)
			}
			keys[l.Key] = true
		}
		if !total.Equal(set.Total) || len(set.Total.Amounts()) > 1 {
			t.Errorf("%s: total %v, lines add up to %v", a.ID, set.Total, total)
		}
		again, err := f.New(t).Lines(t.Context(), a.ID)
		if diff := cmp.Diff(set, again, Compare()); err != nil || diff != "" {
			t.Errorf("equal inputs, other lines: %v %s", err, diff)
		}
	})
}

func usage(t *testing.T, f Fixture) {
	each(t, f, []billing.SetKind{billing.BilledUsage, billing.UnbilledUsage}, func(s source.Source, a source.Available) {
		set, err := s.Usage(t.Context(), a.ID)
		if err != nil {
			t.Fatal(err)
		}
		if set.ID != a.ID || set.Version == "" || a.Version != "" && a.Version != set.Version || set.Rows == 0 {
			t.Errorf("%s: id %s, version %q, %d rows", a.ID, set.ID, set.Version, set.Rows)
		}
		var total money.Totals
		var count int64
		for _, g := range set.Groups {
			total.Add(g.Cost)
			count += g.Rows
			if g.CustomerID == "" || g.Charged.IsZero() || g.LastDay.Before(g.FirstDay) || g.ResourceGroup != strings.ToLower(g.ResourceGroup) {
				t.Errorf("group %+v", g)
			}
		}
		if !total.Equal(set.Total) || count != set.Rows {
			t.Errorf("%s: %v in %d rows, groups add up to %v in %d", a.ID, set.Total, set.Rows, total, count)
		}
		again, err := f.New(t).Usage(t.Context(), a.ID)
		if diff := cmp.Diff(set, again, Compare()); err != nil || diff != "" {
			t.Errorf("equal inputs, other usage: %v %s", err, diff)
		}
	})
}

func unknown(t *testing.T, s source.Source) {
	partner := available(t, s)[0].ID.PartnerID
	ids := []billing.SetID{
		{Kind: billing.BilledLines, PartnerID: partner, Invoice: "G000000000"},
		{Kind: billing.BilledLines, PartnerID: "00000000-0000-4000-8000-000000000000", Invoice: "G000000000"},
		{Kind: billing.BilledLines, PartnerID: partner, Invoice: "D000000000"},
	}
	for _, id := range ids {
		if _, err := s.Lines(t.Context(), id); err == nil {
			t.Errorf("lines of %s came from nowhere", id)
		} else {
			wantFault(t, err)
		}
		id.Kind = billing.BilledUsage
		if _, err := s.Usage(t.Context(), id); err == nil {
			t.Errorf("usage of %s came from nowhere", id)
		} else {
			wantFault(t, err)
		}
	}
}

func cancelled(t *testing.T, s source.Source) {
	id := available(t, s)[0].ID
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Directory(ctx); err == nil {
		t.Error("Directory ignores its context")
	}
	if _, err := s.Sets(ctx); err == nil {
		t.Error("Sets ignores its context")
	}
	if _, err := s.Lines(ctx, id); err == nil {
		t.Error("Lines ignores its context")
	}
	if _, err := s.Usage(ctx, id); err == nil {
		t.Error("Usage ignores its context")
	}
}

// brokenSet expects an error for every set that lacks rows: half a set looks like a mass cancellation (law 2).
func brokenSet(t *testing.T, f Fixture, broken func(*testing.T, billing.SetID) source.Source) {
	tried := map[billing.SetKind]bool{}
	for _, a := range available(t, f.New(t)) {
		if tried[a.ID.Kind] {
			continue // one of each kind says it all
		}
		tried[a.ID.Kind] = true
		s := broken(t, a.ID)
		var err error
		switch a.ID.Kind {
		case billing.BilledLines, billing.UnbilledLines:
			_, err = s.Lines(t.Context(), a.ID)
		default:
			_, err = s.Usage(t.Context(), a.ID)
		}
		if err == nil {
			t.Errorf("%s was delivered although rows are missing", a.ID)
		}
		wantFault(t, err)
		if fault.Remedy(err) == "" {
			t.Errorf("the error says nothing about what to do: %v", err)
		}
	}
}
