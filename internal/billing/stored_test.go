package billing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestStoredWords pins the words that stand in customers' databases and exports. A renamed word would orphan every row that holds it.
func TestStoredWords(t *testing.T) {
	tests := []struct {
		what string
		got  []string
		want string
	}{
		{"frequencies", words(Monthly, Annual, Triennial, OneTime, Metered, Free), "monthly annual triennial one-time metered free"},
		{"kinds of subscription", words(Licence, AzurePlan, CustomService, OtherPurchase), "licence azure-plan custom-service other"},
		{"statuses", words(Active, Suspended, Ended, Pending), "active suspended ended pending"},
		{"kinds of set", words(BilledLines, UnbilledLines, BilledUsage, UnbilledUsage), "billed-lines unbilled-lines billed-usage unbilled-usage"},
		{"outcomes", words(Billed, HeldBack, Excluded), "billed held excluded"},
		{"price rules", words(MarkupRule, MarginRule, FixedRule), "markup margin fixed"},
		{"authorities", words(SpindlePrices, AutotaskPrices), "spindle autotask"},
		{"policies", words(EffectivePolicies()...), "up-now-down-next true-date period-start next-period"},
		{"period types", words(PeriodMonth, PeriodQuarter, PeriodHalfYear, PeriodYear), "monthly quarterly semi-annual yearly"},
		{"uses of billing codes", words(RecurringServiceUse, MaterialUse), "recurring-contract-service material"},
		{"findings", words(FindingUnmapped, FindingNotEnabled, FindingNoRoute, FindingNoCost, FindingNoPrice, FindingBelowCost, FindingCurrency, FindingIncomplete, FindingDrift,
			FindingContractEnds, FindingContractGone, FindingServiceGone, FindingUnmarked, FindingPosted, FindingUnknownCharge, FindingUnknownSub, FindingTotals,
			FindingPeriodMismatch, FindingDuplicate, FindingUsageMissing, FindingCustomerGone, FindingSettings, FindingUnbilled, FindingMove),
			"customer-unmapped billing-off no-contract no-cost no-price below-cost currency incomplete-read changed-by-hand contract-ends contract-missing service-missing not-ours " +
				"posted-period unknown-charge-type line-without-subscription totals-differ period-type duplicate usage-missing customer-gone settings unbilled-difference move-waits"},
	}
	for _, test := range tests {
		if got := strings.Join(test.got, " "); got != test.want {
			t.Errorf("%s are %q, want %q", test.what, got, test.want)
		}
		if sorted := slices.Sorted(slices.Values(test.got)); len(slices.Compact(sorted)) != len(test.got) {
			t.Errorf("two %s share a word: %q", test.what, test.got)
		}
	}
}

// words gives the texts of stored words; blanks inside a word show as hyphens.
func words[T ~string](list ...T) []string {
	var texts []string
	for _, w := range list {
		texts = append(texts, strings.ReplaceAll(string(w), " ", "-"))
	}
	return texts
}

// TestSetsReplaceTheirLike: two set ids share their text exactly when one is meant to replace the other: same kind, partner and invoice;
// without an invoice, same kind, partner, currency and month. A shared text would let August's estimate erase September's.
func TestSetsReplaceTheirLike(t *testing.T) {
	draw := func(t *rapid.T, label string) SetID {
		s := SetID{
			Kind:      rapid.SampledFrom([]SetKind{BilledLines, UnbilledLines, BilledUsage, UnbilledUsage}).Draw(t, label+" kind"),
			PartnerID: rapid.SampledFrom([]string{"p", "q"}).Draw(t, label+" partner"), Currency: "EUR",
			Month: Month(rapid.SampledFrom([]string{"2026-08", "2026-09"}).Draw(t, label+" month")),
		}
		if s.Kind == BilledLines || s.Kind == BilledUsage {
			s.Invoice = rapid.SampledFrom([]string{"G1", "G2"}).Draw(t, label+" invoice")
		} else if rapid.Bool().Draw(t, label+" dollars") {
			s.Currency = "USD"
		}
		return s
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "a"), draw(t, "b")
		same := a.Kind == b.Kind && a.PartnerID == b.PartnerID && a.Invoice == b.Invoice && (a.Invoice != "" || a.Currency == b.Currency && a.Month == b.Month)
		if (a.String() == b.String()) != same {
			t.Fatalf("%+v and %+v are %q and %q", a, b, a, b)
		}
	})
}

// TestRowOfEveryDay compares RowOn with its definition, day by day (Autotask sheet §5.6): of the rows that cover the day the one that starts
// last, of those the last in order; on a day without rows the one that ended last before it.
func TestRowOfEveryDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := on("2026-01-01")
		var rows []UnitRow
		for i := range rapid.IntRange(0, 6).Draw(t, "rows") {
			start := first.AddDays(rapid.IntRange(0, 20).Draw(t, "start"))
			rows = append(rows, UnitRow{ID: fmt.Sprint(i), Period: Period{start, start.AddDays(rapid.IntRange(1, 12).Draw(t, "days"))}, Units: int64(i)})
		}
		slices.SortStableFunc(rows, func(a, b UnitRow) int {
			return cmp.Or(a.Period.Start.Compare(b.Period.Start), cmp.Compare(a.ID, b.ID))
		})
		line := ContractService{Rows: rows}
		for day := first.AddDays(-3); day.Before(first.AddDays(40)); day = day.AddDays(1) {
			want, found := rowByDefinition(rows, day)
			got, ok := line.RowOn(day)
			if ok != found || got != want {
				t.Fatalf("on %s: row %+v, %v; want %+v, %v", day, got, ok, want, found)
			}
		}
	})
}

func rowByDefinition(rows []UnitRow, day Date) (UnitRow, bool) {
	covering := slices.DeleteFunc(slices.Clone(rows), func(r UnitRow) bool { return !r.Period.Contains(day) })
	if len(covering) > 0 {
		return covering[len(covering)-1], true // rows are in order of start, then id
	}
	var last UnitRow
	found := false
	for _, r := range rows {
		if !r.Period.End.After(day) && (!found || !r.Period.End.Before(last.Period.End)) {
			last, found = r, true
		}
	}
	return last, found
}

// TestMarksKeepOrganizationsApart: a mark belongs to one organization and one key. If the parts were joined without a separator, "ab"+"c" and
// "a"+"bc" would share one.
func TestMarksKeepOrganizationsApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-c|:@.]{2,10}`).Draw(t, "text")
		i, k := rapid.IntRange(0, len(text)).Draw(t, "one cut"), rapid.IntRange(0, len(text)).Draw(t, "another cut")
		if i == k {
			return
		}
		for what, mark := range map[string]func(org, key string) string{
			"line": LineMark, "charge": ChargeMark, "contract": func(org, key string) string { return ContractMark(org, CustomerID(key), "cloud") },
			"purpose": func(customer, purpose string) string { return ContractMark("o", CustomerID(customer), purpose) },
		} {
			if a, b := mark(text[:i], text[i:]), mark(text[:k], text[k:]); a == b {
				t.Fatalf("%s mark of %q is %s cut at %d and at %d", what, text, a, i, k)
			}
		}
	})
	offers := map[string]Offer{}
	for _, product := range []string{"CFQ7TTC07DHZ", "CFQ7TTC0LS7V", "backup", strings.Repeat("long", 12)} {
		for _, sku := range []string{"", "0001", "0002"} {
			for _, term := range []Term{"", "P1M", "P1Y", "P3Y"} {
				for _, f := range []Frequency{Monthly, Annual, Triennial, OneTime} {
					o := Offer{product, sku, term, f}
					mark := ServiceMark(o)
					if other, twice := offers[mark]; twice || len(mark) > 50 || MarkIn(mark) != mark {
						t.Errorf("%s and %s share the mark %q", o, other, mark)
					}
					offers[mark] = o
				}
			}
		}
	}
}
