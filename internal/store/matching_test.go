package store_test

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// TestMatchingCountsWhatSuggestionsAreMadeFrom: whatever may change a suggestion counts, and nothing else.
func TestMatchingCountsWhatSuggestionsAreMadeFrom(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind")
		mapped := billing.CompanyMapping{CustomerID: "c1", CompanyID: "7", CompanyName: "Alder"}
		for _, step := range []struct {
			name   string
			counts bool
			write  func() error
		}{
			{"directory", true, func() error {
				return s.SaveDirectory(ctx, org, "one", billing.Directory{Customers: []billing.Customer{{ID: "c1", Name: "Alder"}}})
			}},
			{"catalogue", true, func() error { return s.SaveCatalogue(ctx, org, billing.Catalogue{}) }},
			{"mapping", true, func() error { return s.MapCustomer(ctx, org, mapped, "ann") }},
			{"several mappings", true, func() error { return s.MapCustomers(ctx, org, []billing.CompanyMapping{mapped}, "ann") }},
			{"no mapping", true, func() error { return s.UnmapCustomer(ctx, org, "c1", "ann") }},
			{"run", false, func() error { _, err := s.CreateRun(ctx, org, "ann", store.Scope{}); return err }},
			{"switch", false, func() error { return s.SetSwitch(ctx, org, billing.BillingSwitch{CustomerID: "c1", On: true}, "ann") }},
			{"setting", false, func() error { return s.SaveSettings(ctx, org, billing.Settings{Currency: "EUR"}, "ann") }},
		} {
			before, err := s.Matching(ctx, org)
			must(t, err)
			must(t, step.write())
			after, err := s.Matching(ctx, org)
			must(t, err)
			if (after != before) != step.counts {
				t.Errorf("%s: %d before, %d after", step.name, before, after)
			}
		}
	})
}
