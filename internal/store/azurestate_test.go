package store_test

import (
	"fmt"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// A month that Microsoft billed is not billed to the customer while no charge is planned, and final once one is.
func TestAzureMonthGoesFromUnbilledToFinal(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind")
		eur := func(n int64) money.Amount { return money.Of(money.Int(n), "EUR") }
		group := func(resourceGroup string, cost int64) billing.UsageGroup {
			return billing.UsageGroup{CustomerID: "c1", CustomerName: "Alder", AzureSubscriptionID: "az", ResourceGroup: resourceGroup, MeterCategory: "VM " + resourceGroup,
				Cost: eur(cost), Rows: 1, FirstDay: billing.NewDate(2026, 8, 1), LastDay: billing.NewDate(2026, 8, 31)}
		}
		set := billing.UsageSet{ID: billing.SetID{Kind: billing.BilledUsage, PartnerID: "p", Invoice: "G1"}, Version: "1", Groups: []billing.UsageGroup{group("rg1", 5), group("rg2", 7)}}
		_, err := s.SaveUsageSet(ctx, org, set, "file")
		must(t, err)
		state := func() store.AzureState {
			d, err := s.AzureCustomer(ctx, org, "c1", "2026-08")
			must(t, err)
			return d.State
		}
		equal(t, state(), store.AzureUnbilled)

		run, err := s.CreateRun(ctx, org, "tester", store.Scope{})
		must(t, err)
		charge := billing.DesiredCharge{Key: "azure|10|2026-08|EUR", CustomerID: "c1", Customer: "Alder", Contract: billing.Ref{ID: "10"}, Month: "2026-08", Quantity: money.Int(1), UnitPrice: eur(15), UnitCost: eur(12)}
		must(t, s.SavePlan(ctx, org, run.ID, plan.Plan{Fingerprint: "f", Complete: true, Changes: []plan.Change{
			{ID: "x", Kind: plan.CreateCharge, CustomerID: "c1", Customer: "Alder", Contract: charge.Contract, ChargeKey: charge.Key, OneOff: eur(15)}}},
			billing.Desired{Charges: []billing.DesiredCharge{charge}}))
		equal(t, state(), store.AzureFinal)
		_, err = s.Approve(ctx, org, run.ID, store.Approval{Fingerprint: "f", By: "ann"})
		must(t, err)
		equal(t, state(), store.AzureApproved)

		for _, f := range []struct {
			filter store.AzureUsageFilter
			want   []billing.UsageGroup
			total  int
		}{
			{store.AzureUsageFilter{}, []billing.UsageGroup{set.Groups[1], set.Groups[0]}, 2},
			{store.AzureUsageFilter{ResourceGroup: "RG1"}, set.Groups[:1], 1},
			{store.AzureUsageFilter{Azure: "az", Page: store.Page{Size: 1, Number: 2}}, set.Groups[:1], 2},
			{store.AzureUsageFilter{Azure: "other"}, nil, 0},
			{store.AzureUsageFilter{ResourceGroup: "rg1", Page: store.Page{Number: 9}}, nil, 1},
		} {
			f.filter.Customer, f.filter.Month = "c1", "2026-08"
			got, err := s.AzureUsage(ctx, org, f.filter)
			must(t, err)
			equal(t, got, store.Listed[billing.UsageGroup]{Rows: f.want, Total: f.total})
		}
	})
}

// TestAzureOfASharedCharge: two customers on one contract share the bundled charge. Its money counts for one of them, and the month of the other
// is as far as the charge is: "not billed" would make somebody bill it once more.
func TestAzureOfASharedCharge(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind")
		eur := func(n int64) money.Amount { return money.Of(money.Int(n), "EUR") }
		set := billing.UsageSet{ID: billing.SetID{Kind: billing.BilledUsage, PartnerID: "p", Invoice: "G1"}, Version: "1"}
		for i, c := range []billing.CustomerID{"c1", "c2", "c3"} {
			set.Groups = append(set.Groups, billing.UsageGroup{CustomerID: c, CustomerName: string(c), AzureSubscriptionID: "az", ResourceGroup: "rg", MeterCategory: "VM",
				Cost: eur(int64(i) + 5), Rows: 1, FirstDay: billing.NewDate(2026, 8, 1), LastDay: billing.NewDate(2026, 8, 31)})
		}
		_, err := s.SaveUsageSet(ctx, org, set, "file")
		must(t, err)
		run, err := s.CreateRun(ctx, org, "tester", store.Scope{})
		must(t, err)
		charge := billing.DesiredCharge{Key: "azure|10|2026-08|*|EUR", CustomerID: "c1", Customer: "c1", Contract: billing.Ref{ID: "10"}, Month: "2026-08", Quantity: money.Int(1),
			UnitPrice: eur(15), UnitCost: eur(11), Places: []billing.Place{{CustomerID: "c1"}, {CustomerID: "c2"}}}
		must(t, s.SavePlan(ctx, org, run.ID, plan.Plan{Fingerprint: "f", Complete: true, Changes: []plan.Change{
			{ID: "x", Kind: plan.CreateCharge, CustomerID: "c1", Customer: "c1", Contract: charge.Contract, ChargeKey: charge.Key, OneOff: eur(15)}}},
			billing.Desired{Charges: []billing.DesiredCharge{charge}}))
		stand := func() (all []string) {
			months, err := s.AzureMonths(ctx, org, 1)
			must(t, err)
			found, err := s.AzureCustomers(ctx, org, store.AzureFilter{Month: "2026-08"})
			must(t, err)
			for _, r := range found.Rows {
				d, err := s.AzureCustomer(ctx, org, r.CustomerID, "2026-08")
				must(t, err)
				all = append(all, fmt.Sprintf("%s %s %d charges %d shown %d so", r.CustomerID, r.State, r.Charges, len(d.Lines), months[0].States[r.State]))
			}
			return all
		}
		equal(t, stand(), []string{"c1 final 1 charges 1 shown 2 so", "c2 final 0 charges 1 shown 2 so", "c3 unbilled 0 charges 0 shown 1 so"})
		_, err = s.Approve(ctx, org, run.ID, store.Approval{Fingerprint: "f", By: "ann"})
		must(t, err)
		want := []string{"c1 approved 1 charges 1 shown 2 so", "c2 approved 0 charges 1 shown 2 so", "c3 unbilled 0 charges 0 shown 1 so"}
		equal(t, stand(), want)
		must(t, store.Rebuild(ctx, s, org))
		equal(t, stand(), want)
		must(t, store.ForgetGuests(ctx, s, org))
		must(t, store.AddGuests(ctx, s, org))
		equal(t, stand(), want)
	})
}
