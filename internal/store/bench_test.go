package store_test

import (
	"fmt"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

const benchRows = 50_000

func benchSet(version int) billing.LineSet {
	set := billing.LineSet{ID: billing.SetID{Kind: billing.BilledLines, PartnerID: "partner", Invoice: "G1", Currency: "EUR"}, Version: fmt.Sprint(version)}
	start := billing.NewDate(2026, 10, 1)
	for i := range benchRows {
		cost := money.Of(money.New(int64(100+i), -2), "EUR")
		set.Lines = append(set.Lines, billing.LineItem{Key: fmt.Sprintf("%d-%d", version, i), Row: i + 2, Invoice: "G1", CustomerID: billing.CustomerID(fmt.Sprintf("customer-%d", i%1000)),
			CustomerName: "Alder Ridge Dental Group", ProductID: "CFQ7TTC07DHZ", SKUID: "0001", SKUName: "Microsoft 365 Business Premium", Kind: billing.ChargeCycle,
			SubscriptionID: billing.SubscriptionID(fmt.Sprintf("subscription-%d", i)), Frequency: billing.Monthly, Charged: billing.Period{Start: start, End: start.AddMonths(1)},
			OrderDate: start, Quantity: money.Int(1), BillableQuantity: money.Int(1), PricingCurrency: "EUR", ExchangeRate: money.Int(1), Cost: cost, Total: cost})
		set.Total.Add(cost)
	}
	return set
}

// BenchmarkSaveLineSet stores a set of 50,000 reconciliation lines, each time in place of the set before: what an import and a restated
// invoice cost.
func BenchmarkSaveLineSet(b *testing.B) {
	for _, database := range []struct {
		name string
		url  func(testing.TB) string
	}{{store.SQLite, storetest.SQLite}, {store.Postgres, storetest.Postgres}} {
		b.Run(database.name, func(b *testing.B) {
			s := storetest.Open(b, store.Options{URL: database.url(b)})
			org, err := s.CreateOrganization(b.Context(), "Northwind IT", "bench")
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			version := 0
			for b.Loop() {
				b.StopTimer()
				version++
				set := benchSet(version)
				b.StartTimer()
				if changed, err := s.SaveLineSet(b.Context(), org.ID, set, "bench"); err != nil || !changed {
					b.Fatal(changed, err)
				}
			}
			b.ReportMetric(benchRows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
