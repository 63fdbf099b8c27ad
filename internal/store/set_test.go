package store_test

import (
	"fmt"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

func TestSameVersionChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		changed, err := s.SaveLineSet(t.Context(), org, lineSet("v1", 12), "a.csv")
		must(t, err)
		equal(t, changed, true)
		before := dump(t, s, "")[1:] // the organization's row counts the write
		changed, err = s.SaveLineSet(t.Context(), org, lineSet("v1", 12), "b.csv")
		must(t, err)
		equal(t, changed, false)
		after := dump(t, s, "")
		equal(t, len(after), len(before)+1)
		infos, err := s.LineSets(t.Context(), org, store.SetFilter{})
		must(t, err)
		equal(t, infos[0].Origin, "a.csv")
	})
}

func TestRestatedSetSupersedesAndKeepsHistory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		for _, set := range []billing.LineSet{lineSet("v1", 3), lineSet("v2", 25), lineSet("v1", 3)} {
			changed, err := s.SaveLineSet(ctx, org, set, "file.csv")
			must(t, err)
			equal(t, changed, true) // also when an old version comes back
			got, err := s.LineSet(ctx, org, set.ID)
			must(t, err)
			equal(t, got, set)
		}
		all, err := s.LineSets(ctx, org, store.SetFilter{Superseded: true})
		must(t, err)
		var text string
		for _, i := range all {
			text += fmt.Sprintf("%s %d %s %t; ", i.Version, i.Items, i.Total, i.SupersededAt.IsZero())
		}
		equal(t, text, "v1 3 3.03 EUR true; v2 25 300.25 EUR false; v1 3 3.03 EUR false; ")
		inForce, err := s.LineSets(ctx, org, store.SetFilter{})
		must(t, err)
		equal(t, len(inForce), 1)
	})
}

func TestLoadSetsFromAMonthOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		for i, invoice := range []string{"G1", "G2", "G3"} {
			set := lineSet("v1", 2)
			set.ID.Invoice = invoice
			for k := range set.Lines {
				set.Lines[k].OrderDate = billing.NewDate(2026, 8, 3).AddMonths(i)
			}
			_, err := s.SaveLineSet(ctx, org, set, "file.csv")
			must(t, err)
		}
		open := lineSet("v1", 1)
		open.ID = billing.SetID{Kind: billing.UnbilledLines, PartnerID: "p", Currency: "EUR", Month: "2026-11"}
		_, err := s.SaveLineSet(ctx, org, open, "partnercenter")
		must(t, err)
		undated := lineSet("v1", 1)
		undated.ID.Invoice, undated.Lines[0].OrderDate = "G9", billing.Date{}
		_, err = s.SaveLineSet(ctx, org, undated, "file.csv")
		must(t, err)
		for from, want := range map[billing.Month]string{
			"":        "G1 G2 G3 G9 2026-11 ",
			"2026-09": "G2 G3 G9 2026-11 ",
			"2026-11": "G9 2026-11 ", // a set without any day is never left out
			"2026-12": "G9 ",
		} {
			sets, err := s.LoadLineSets(ctx, org, from)
			must(t, err)
			var text string
			for _, set := range sets {
				text += set.ID.Invoice + string(set.ID.Month) + " "
			}
			equal(t, text, want)
		}
		billed, err := s.LineSets(ctx, org, store.SetFilter{Kind: billing.BilledLines, From: "2026-09"})
		must(t, err)
		equal(t, len(billed), 3)
		usage, err := s.UsageSets(ctx, org, store.SetFilter{})
		must(t, err)
		equal(t, len(usage), 0)
	})
}

// Of some customers every line is loaded and nobody else's, also of more than one statement names; a set that has none of theirs is still there.
func TestLoadSetsOfSomeCustomers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		lines := billing.LineSet{ID: billing.SetID{Kind: billing.BilledLines, PartnerID: "p", Invoice: "G1", Currency: "EUR"}, Version: "1"}
		usage := billing.UsageSet{ID: billing.SetID{Kind: billing.BilledUsage, PartnerID: "p", Invoice: "G1", Currency: "EUR"}, Version: "1"}
		var some []billing.CustomerID
		for n := range 600 {
			id := billing.CustomerID(fmt.Sprintf("customer-%03d", n))
			lines.Lines = append(lines.Lines, billing.LineItem{Key: fmt.Sprint(n), Row: n, CustomerID: id})
			usage.Groups = append(usage.Groups, billing.UsageGroup{CustomerID: id, ResourceGroup: fmt.Sprint(n), Cost: money.Of(money.Int(1), "EUR")})
			if n%4 == 3 {
				some = append(some, id)
			}
		}
		_, err := s.SaveLineSet(ctx, org, lines, "file.csv")
		must(t, err)
		_, err = s.SaveUsageSet(ctx, org, usage, "file.csv")
		must(t, err)
		for _, tc := range []struct {
			of   []billing.CustomerID
			want int
		}{{nil, 600}, {some, 150}, {some[:1], 1}, {[]billing.CustomerID{"nobody"}, 0}} {
			sets, err := s.LoadLineSets(ctx, org, "", tc.of...)
			must(t, err)
			groups, err := s.LoadUsageSets(ctx, org, "", tc.of...)
			must(t, err)
			if len(sets) != 1 || len(groups) != 1 || len(sets[0].Lines) != tc.want || len(groups[0].Groups) != tc.want {
				t.Fatalf("%d customers: %d and %d sets", len(tc.of), len(sets), len(groups))
			}
			for i, l := range sets[0].Lines {
				if tc.of != nil && (l.CustomerID != tc.of[i] || groups[0].Groups[i].CustomerID != tc.of[i]) {
					t.Fatalf("line %d is of %s, usage of %s, want %s", i, l.CustomerID, groups[0].Groups[i].CustomerID, tc.of[i])
				}
			}
		}
	})
}

func TestBadSetsAreRefusedWhole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		before := dump(t, s, "")
		for name, change := range map[string]func(*billing.LineSet){
			"same key twice": func(set *billing.LineSet) { set.Lines[7].Key = set.Lines[2].Key },
			"no key":         func(set *billing.LineSet) { set.Lines[7].Key = "" },
			"no version":     func(set *billing.LineSet) { set.Version = "" },
			"usage":          func(set *billing.LineSet) { set.ID.Kind = billing.BilledUsage },
		} {
			set := lineSet("v1", 12)
			change(&set)
			_, err := s.SaveLineSet(t.Context(), org, set, "file.csv")
			if !fault.Is(err, fault.KindInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		equal(t, dump(t, s, ""), before)
		_, err := s.LineSet(t.Context(), org, lineSet("", 0).ID)
		wantKind(t, err, fault.KindNotFound)
		_, err = s.LineSet(t.Context(), org, billing.SetID{Kind: billing.BilledUsage})
		wantKind(t, err, fault.KindInvalid)
		_, err = s.UsageSet(t.Context(), org, billing.SetID{Kind: billing.BilledLines})
		wantKind(t, err, fault.KindInvalid)
	})
}

// TestBulkKeepsOrderAtEveryRemainder: rows go in tens on SQLite, and the rest one by one.
func TestBulkKeepsOrderAtEveryRemainder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		for _, n := range []int{0, 1, 9, 10, 11, 20, 25} {
			set := lineSet(fmt.Sprintf("v%d", n), n)
			_, err := s.SaveLineSet(t.Context(), org, set, "file.csv")
			must(t, err)
			got, err := s.LineSet(t.Context(), org, set.ID)
			must(t, err)
			equal(t, got, set)
		}
	})
}

// largeSet has n lines as full as Microsoft's.
func largeSet(n int) billing.LineSet {
	set := lineSet(fmt.Sprint(n), 0)
	price := money.New(1830, -2)
	for i := range n {
		set.Lines = append(set.Lines, billing.LineItem{
			Key: fmt.Sprintf("%064d", i), Row: i + 2, Invoice: "G012345678",
			CustomerID: billing.CustomerID(fmt.Sprintf("00000000-0000-0000-0000-%012d", i%1000)), CustomerName: "Alder Ridge Dental Group",
			CustomerDomain: "alderridge.onmicrosoft.com", Country: "DE", ProductID: "CFQ7TTC0LCHC", SKUID: "0002",
			AvailabilityID: "CFQ7TTC0K971", SKUName: "Microsoft 365 Business Premium", ProductName: "Microsoft 365 Business Premium",
			Publisher: "Microsoft", Kind: billing.ChargeCycle, KindText: "cycleCharge",
			SubscriptionID: billing.SubscriptionID(fmt.Sprintf("11111111-0000-0000-0000-%012d", i)), Frequency: billing.Monthly,
			Charged: billing.Month("2026-10").Period(), TermPeriod: billing.Month("2026-10").Period(), OrderDate: billing.NewDate(2026, 10, 1),
			ListUnitCost: price, EffectiveUnitCost: price, Quantity: money.Int(12), BillableQuantity: money.Int(12), PricingCurrency: "EUR",
			ExchangeRate: money.Int(1), Cost: money.Of(money.New(21960, -2), "EUR"), Total: money.Of(money.New(21960, -2), "EUR"),
		})
	}
	return set
}

// BenchmarkLineSet saves and reads a set of 200,000 lines.
func BenchmarkLineSet(b *testing.B) {
	addresses := map[string]func(testing.TB) string{store.SQLite: storetest.SQLite, store.Postgres: storetest.Postgres}
	set := largeSet(200_000)
	for _, dialect := range []string{store.SQLite, store.Postgres} {
		b.Run(dialect, func(b *testing.B) {
			s := storetest.Open(b, store.Options{URL: addresses[dialect](b)})
			org := organization(b, s, "Northwind IT")
			n := 0
			b.Run("save", func(b *testing.B) {
				for b.Loop() {
					n++
					set.Version = fmt.Sprint(n)
					_, err := s.SaveLineSet(b.Context(), org, set, "file.csv")
					must(b, err)
				}
			})
			b.Run("load", func(b *testing.B) {
				for b.Loop() {
					got, err := s.LineSet(b.Context(), org, set.ID)
					must(b, err)
					equal(b, len(got.Lines), len(set.Lines))
				}
			})
		})
	}
}
