package rating

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// monthlySet is the invoice of a month.
func monthlySet(month billing.Month, lines ...billing.LineItem) billing.LineSet {
	set := billing.LineSet{ID: billing.SetID{Kind: billing.BilledLines, PartnerID: partner, Invoice: "G-" + string(month), Month: month, Currency: "EUR"}, Version: "1"}
	for _, l := range lines {
		l.Invoice = set.ID.Invoice
		set.Lines = append(set.Lines, l)
		set.Total.Add(l.Total)
	}
	return set
}

// What one finding holds back in several months adds up, and what it concerns is listed once: the first month alone would show a clerk a
// fraction of what is unbilled.
func TestAFindingOfSeveralMonthsHoldsAllOfIt(t *testing.T) {
	in := world()
	in.Mappings.Companies = in.Mappings.Companies[1:] // Alder Ridge is not mapped
	other := change(bought("s2", "1", "7.00"), func(l *billing.LineItem) { l.SKUName = "Visio" })
	in.Lines = []billing.LineSet{monthlySet("2026-07", bought("s1", "1", "3.00")), monthlySet("2026-08", bought("s1", "1", "20.00"), other), monthlySet("2026-09", bought("s1", "1", "100.00"))}
	for _, tc := range []struct {
		earlier []billing.Month
		want    string
	}{
		{nil, "100.00 EUR"},
		{[]billing.Month{"2026-08"}, "127.00 EUR"},
		{[]billing.Month{"2026-08", "2026-07"}, "130.00 EUR"},
	} {
		d := RateMonths(in, tc.earlier)
		f := findingOf(t, d, "customer-unmapped/alder")
		if f.Money.String() != tc.want || strings.Contains(f.Message, "Visio") != (len(tc.earlier) > 0) || strings.Count(f.Message, "Business Premium") != 1 {
			t.Errorf("with %v: %s, %q; want %s", tc.earlier, f.Money, f.Message, tc.want)
		}
	}
}

// What a line costs per cycle is the same in every month that is looked at: it counts once.
func TestTheCostOfACycleCountsOnce(t *testing.T) {
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 12)}
	in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
	in.Mappings.Prices = []billing.PriceRule{{ID: "r", Kind: billing.MarginRule, Value: num("100")}}
	in.Month = "2026-11" // nothing is billed yet
	want := findingOf(t, Rate(in), "no-price/s1").Money
	if got := findingOf(t, RateMonths(in, []billing.Month{"2026-10", "2026-06"}), "no-price/s1").Money; !got.Equal(want) || got.IsZero() {
		t.Errorf("%s, want %s", got, want)
	}
	if got := findingOf(t, RateMonths(in, []billing.Month{"2026-09"}), "no-price/s1").Money.String(); got != "259.20 EUR" {
		t.Errorf("what was billed counts before what a cycle costs: %s", got)
	}
}

// Law 6 over months: every line of every month ends once, what a finding holds in all months together is the money it shows, and each finding
// comes once.
func TestMonthsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		var all []billing.Month
		for _, set := range newestSets(in.Lines) {
			if month := MonthOf(set); set.ID.Kind != billing.UnbilledLines && month != "" && month != in.Month {
				all = append(all, month)
			}
		}
		slices.Sort(all)
		all = slices.Compact(all)
		d := RateMonths(in, all)
		held, seen := map[string]money.Totals{}, map[string]bool{}
		for _, x := range d.Dispositions {
			if x.Outcome == billing.HeldBack {
				total := held[x.By]
				total.Add(x.Cost)
				held[x.By] = total
			}
		}
		for _, f := range d.Findings {
			if seen[f.ID()] {
				t.Fatalf("%s comes twice", f.ID())
			}
			seen[f.ID()] = true
			if total, holds := held[f.ID()]; holds && !largest(total).IsZero() && !largest(total).Equal(f.Money) {
				t.Fatalf("%s holds %s but shows %s", f.ID(), total, f.Money)
			}
		}
		for id := range held {
			if !seen[id] {
				t.Fatalf("%s holds money and is no finding", id)
			}
		}
		months := 0
		for _, m := range append([]billing.Month{in.Month}, all...) {
			one := in
			one.Month = m
			months += len(Rate(one).Dispositions)
		}
		if months != len(d.Dispositions) {
			t.Fatalf("%d outcomes, one by one there are %d", len(d.Dispositions), months)
		}
	})
}

// Rated together or one by one, a month makes the same charges and the same outcomes, and lines are those of the day in either case: catching up on
// months must not bill them otherwise than they would have been.
func TestEachMonthByItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		months := []billing.Month{"2026-09", "2026-08", "2026-07"}
		for i := range in.Lines {
			in.Lines[i].ID.Month = rapid.SampledFrom(months).Draw(t, "month of lines")
		}
		for i := range in.Usage {
			in.Usage[i].ID.Month = rapid.SampledFrom(months).Draw(t, "month of usage")
		}
		together := RateMonths(in, months[1:])
		var charges []billing.DesiredCharge
		var dispositions []billing.Disposition
		var rated []billing.ChargedMonth
		for _, month := range months {
			one := in
			one.Month = month
			d := Rate(one)
			if diff := cmp.Diff(together.Lines, d.Lines) + cmp.Diff(together.Services, d.Services); diff != "" {
				t.Fatalf("%s alone has other lines:\n%s", month, diff)
			}
			charges, dispositions, rated = append(charges, d.Charges...), append(dispositions, d.Dispositions...), append(rated, d.Months...)
		}
		slices.SortFunc(charges, func(a, b billing.DesiredCharge) int { return strings.Compare(a.Key, b.Key) })
		slices.SortFunc(dispositions, compareDispositions)
		if diff := cmp.Diff(charges, together.Charges) + cmp.Diff(dispositions, together.Dispositions) + cmp.Diff(rated, together.Months); diff != "" {
			t.Fatalf("together the months are charged otherwise:\n%s", diff)
		}
	})
}
