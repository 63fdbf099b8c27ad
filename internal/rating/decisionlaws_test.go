package rating

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// outcomeOf gives what became of each source line: "set/key" → every outcome of its parts.
func outcomeOf(d billing.Desired) map[string][]billing.Outcome {
	of := map[string][]billing.Outcome{}
	for _, x := range d.Dispositions {
		key := x.Set.String() + "/" + x.LineKey
		of[key] = append(of[key], x.Outcome)
	}
	return of
}

// notMoreBilled fails when a part of a line is billed after a decision that can only bill less.
func notMoreBilled(t *rapid.T, what string, before, after billing.Desired) {
	was := outcomeOf(before)
	for key, parts := range outcomeOf(after) {
		if slices.Contains(parts, billing.Billed) && !slices.Contains(was[key], billing.Billed) {
			t.Fatalf("%s: %s was %v and is %v", what, key, was[key], parts)
		}
	}
}

// TestDecisionsThatBillLess: switching off, beginning later, taking a mapping or a route away never makes Spindle bill a line that it did not bill before
// (law 1): nobody is surprised by an invoice after having said no.
func TestDecisionsThatBillLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		in.Settings.BillFrom = rapid.SampledFrom([]billing.Month{"", "2026-08", "2026-09"}).Draw(t, "bill from")
		before := Rate(in)
		later := in
		later.Settings.BillFrom = "2026-10"
		notMoreBilled(t, "a later first month", before, Rate(later))
		if n := len(in.Mappings.Switches); n > 0 {
			off := in
			off.Mappings.Switches = slices.Clone(in.Mappings.Switches)
			off.Mappings.Switches[rapid.IntRange(0, n-1).Draw(t, "switch")].On = false
			notMoreBilled(t, "a switch that is off", before, Rate(off))
		}
		if n := len(in.Mappings.Companies); n > 0 {
			unmapped := in
			i := rapid.IntRange(0, n-1).Draw(t, "company")
			unmapped.Mappings.Companies = slices.Delete(slices.Clone(in.Mappings.Companies), i, i+1)
			notMoreBilled(t, "a mapping that is gone", before, Rate(unmapped))
		}
		nowhere := in
		nowhere.Mappings.Routes = nil
		for key, parts := range outcomeOf(Rate(nowhere)) {
			if slices.Contains(parts, billing.Billed) {
				t.Fatalf("without any route %s is %v", key, parts)
			}
		}
		codeless := in
		codeless.Settings.MaterialCodeID = ""
		if d := Rate(codeless); len(d.Charges) > 0 {
			t.Fatalf("without a billing code: %q", summary(d))
		}
	})
}

// TestHowItIsBilledChangesNoCost: one line per customer or one per category, on an existing contract or a managed one: what it cost is the same to the cent. Only the
// place where prices are rounded differs.
func TestHowItIsBilledChangesNoCost(t *testing.T) {
	cost := func(d billing.Desired) (sum money.Totals) {
		for _, x := range d.Dispositions {
			if x.Outcome == billing.Billed {
				sum.Add(x.Cost)
			}
		}
		return sum
	}
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		in.Mappings.Prices, in.Settings.KeepEarnedCredit = nil, false
		for i := range in.Mappings.Routes {
			in.Mappings.Routes[i].ContractID, in.Mappings.Routes[i].Managed = "", true // all lead somewhere that fits every company
		}
		bundled, itemised := in, in
		bundled.Settings.AzureBundled, itemised.Settings.AzureBundled = true, false
		whole, parts := Rate(bundled), Rate(itemised)
		// What nets to nothing inside the bundle is left out, and so is what does inside a category: both cost nothing.
		if a, b := cost(whole), cost(parts); !nearly(a, b, money.New(5, -2)) {
			t.Fatalf("bundled %s, itemised %s", a, b)
		}
		if a, b := chargedOf(whole), chargedOf(parts); !nearly(a, b, money.New(int64(len(whole.Charges)+len(parts.Charges)), -2)) {
			t.Fatalf("bundled for %s, itemised for %s", a, b)
		}
	})
}

// nearly reports whether two totals are no further apart than tolerance in any currency.
func nearly(a, b money.Totals, tolerance money.Decimal) bool {
	for _, x := range append(a.Amounts(), b.Amounts()...) {
		if a.In(x.Currency()).Value().Sub(b.In(x.Currency()).Value()).Abs().Cmp(tolerance) > 0 {
			return false
		}
	}
	return true
}

// TestKeptCreditNeverLowersAPrice: an MSP that keeps the earned credit charges what the usage cost before it: never less than one that passes it on.
func TestKeptCreditNeverLowersAPrice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := azureWorld(nil)
		var lines []billing.LineItem
		var groups []billing.UsageGroup
		for i := range rapid.IntRange(1, 5).Draw(t, "meters") {
			cost := money.New(rapid.Int64Range(1, 50_000).Draw(t, "cost"), -2)
			line := consumed(fmt.Sprint("k", i), fmt.Sprint(vm, i), "Virtual Machines", cost.String())
			lines = append(lines, line)
			if rapid.Bool().Draw(t, "usage") {
				group := used(line.ProductID, "rg", "Virtual Machines", cost.String())
				group.BeforePEC = money.Of(cost.Add(money.New(rapid.Int64Range(0, 9_000).Draw(t, "credit"), -2)), "EUR")
				groups = append(groups, group)
			}
		}
		in.Lines, in.Usage = []billing.LineSet{billedSet(lines...)}, []billing.UsageSet{usageSet(groups...)}
		passed := Rate(in)
		in.Settings.KeepEarnedCredit = true
		kept := Rate(in)
		if len(passed.Charges) != 1 || len(kept.Charges) != 1 {
			t.Fatalf("%q and %q", summary(passed), summary(kept))
		}
		if a, b := passed.Charges[0], kept.Charges[0]; b.UnitPrice.Value().Cmp(a.UnitPrice.Value()) < 0 || !a.UnitCost.Equal(b.UnitCost) {
			t.Fatalf("passed on %s for %s, kept %s for %s", a.UnitPrice, a.UnitCost, b.UnitPrice, b.UnitCost)
		}
	})
}

// TestTwoHalvesOfAnInvoice: lines that come on two invoices of a month instead of one end where they would have: the same lines, and the same cost on each contract.
func TestTwoHalvesOfAnInvoice(t *testing.T) {
	perContract := func(d billing.Desired) map[string]string {
		sums := map[string]money.Totals{}
		for _, c := range d.Charges {
			total := sums[c.Contract.String()]
			total.Add(c.UnitCost)
			sums[c.Contract.String()] = total
		}
		texts := map[string]string{}
		for contract, total := range sums {
			texts[contract] = total.String()
		}
		return texts
	}
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		in.Usage, in.Settings.KeepEarnedCredit = nil, false
		set := billedSet(drawLines(t, []billing.CustomerID{alder, dunmore, "c3", "c4", ""})...)
		set.ID.Month = "2026-09"
		in.Lines = []billing.LineSet{set}
		cut := rapid.IntRange(0, len(set.Lines)).Draw(t, "cut")
		first, second := billedSet(set.Lines[:cut]...), billedSet(set.Lines[cut:]...)
		first.ID.Month, second.ID.Month, second.ID.Invoice = "2026-09", "2026-09", "G2"
		halves := in
		halves.Lines = []billing.LineSet{first, second}
		one, two := Rate(in), Rate(halves)
		if a, b := byOutcome(one), byOutcome(two); a != b {
			t.Fatalf("on one invoice %s, on two %s", a, b)
		}
		if a, b := fmt.Sprint(perContract(one)), fmt.Sprint(perContract(two)); a != b {
			t.Fatalf("on one invoice %s, on two %s", a, b)
		}
	})
}

// TestWhatConcernsAShortage: a source line is behind what the target never bills when it begins on a day that raised the quantity, or charges for nothing but days that
// are not billed at all; a line without days never is.
func TestWhatConcernsAShortage(t *testing.T) {
	raised := billing.Shortage{Raised: []billing.Date{day("2026-09-14"), day("2026-09-20")}}
	whole := billing.Shortage{Whole: days("2026-09-10", "2026-10-09")}
	tests := []struct {
		name     string
		shortage billing.Shortage
		charged  billing.Period
		want     bool
	}{
		{"on the first day", raised, days("2026-09-14", "2026-10-09"), true},
		{"on the second", raised, days("2026-09-20", "2026-10-09"), true},
		{"over such a day", raised, days("2026-09-10", "2026-10-09"), false},
		{"all the days", whole, days("2026-09-10", "2026-10-09"), true},
		{"some of the days", whole, days("2026-09-12", "2026-09-13"), true},
		{"from a day before", whole, days("2026-09-09", "2026-10-09"), false},
		{"to a day after", whole, days("2026-09-10", "2026-10-10"), false},
		{"before", whole, days("2026-08-10", "2026-09-09"), false},
		{"no days, beside a period", whole, billing.Period{}, false},
		{"no days, beside days", raised, billing.Period{}, false},
		{"no days, beside neither", billing.Shortage{}, billing.Period{}, false},
		{"days, beside neither", billing.Shortage{}, days("2026-09-10", "2026-10-09"), false},
	}
	for _, test := range tests {
		if got := concerns(test.shortage, test.charged); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// TestTheFirstShortageHolds: of two findings that could hold a source line the first does, and outcomes stay in the order of the invoice: parts of one line by what
// became of them.
func TestTheFirstShortageHolds(t *testing.T) {
	set := billedSet(row(billing.ChargeNew, 5, "2026-09-10", "2026-10-09", 1))
	cost := eur("5")
	at := func(outcome billing.Outcome, by string) billing.Disposition {
		return billing.Disposition{Set: set.ID, LineKey: set.Lines[0].Key, Row: 2, Outcome: outcome, By: by, Cost: cost}
	}
	d := billing.Desired{Dispositions: []billing.Disposition{at(billing.Billed, "line"), at(billing.Excluded, "rule"), at(billing.HeldBack, "another finding")}}
	shortages := []billing.Shortage{
		{Finding: "first", LineKey: "line", Raised: []billing.Date{day("2026-09-10")}},
		{Finding: "second", LineKey: "line", Whole: days("2026-09-01", "2026-10-31")},
	}
	want := []billing.Disposition{at(billing.Excluded, "rule"), at(billing.HeldBack, "another finding"), at(billing.HeldBack, "first")}
	if got := Withhold(d, []billing.LineSet{set}, shortages).Dispositions; !slices.Equal(got, want) {
		t.Errorf("outcomes %+v, want %+v", got, want)
	}
	restated := set // of two versions of the invoice the newer says which days are charged
	restated.Version, restated.Lines = "2", slices.Clone(set.Lines)
	restated.Lines[0].Charged = days("2026-11-10", "2026-12-09")
	for _, sets := range bothWays(set, restated) {
		if got := Withhold(d, sets, shortages).Dispositions; got[0].By != "line" {
			t.Errorf("a line that was moved: %+v", got)
		}
	}
}

// TestLinesWithoutMoney: every line of an invoice has an outcome, also one that costs nothing: it is left out by name, whatever it is a line of.
func TestLinesWithoutMoney(t *testing.T) {
	free := func(l billing.LineItem) billing.LineItem {
		l.Cost, l.Total, l.EffectiveUnitCost = eur("0"), eur("0"), num("0")
		return l
	}
	in := azureWorld([]billing.LineItem{free(consumed("k1", vm, "Virtual Machines", "0")), free(consumed("k2", vm+"2", "Storage", "0")),
		free(bought("s1", "12", "0")), free(bought("gone", "12", "0")), free(purchase(func(*billing.LineItem) {})),
		free(change(bought("s1", "12", "0"), func(l *billing.LineItem) { l.Key, l.Trial = "trial", true }))}, used(vm, "rg", "Virtual Machines", "0"))
	in.Directory.Subscriptions = append(in.Directory.Subscriptions, seat("s1", 12))
	in.Mappings.Prices = []billing.PriceRule{{ID: "f", Kind: billing.FixedRule, Value: num("30")}}
	for i := range in.Lines[0].Lines {
		in.Lines[0].Lines[i].Row = i + 1
	}
	for _, mapped := range []bool{true, false} {
		if !mapped {
			in.Mappings.Companies = nil
		}
		zero := "excluded zero-amount 0.00 EUR"
		if got, want := outcomes(Rate(in)), []string{zero, zero, zero, zero, zero, "excluded trial 0.00 EUR"}; !slices.Equal(got, want) {
			t.Errorf("mapped %v: outcomes %q, want %q", mapped, got, want)
		}
	}
}

// TestEverythingBilledIsSwitchedOn is law 1 by the switches that the engine looks at right before it writes: each subscription whose money is on a line or in a charge is
// on, from that month or an earlier one, also where single switches speak against the customer's; and whatever is left out by a switch is off.
func TestEverythingBilledIsSwitchedOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		in.Settings.BillFrom = rapid.SampledFrom([]billing.Month{"", "2026-08", "2026-09", "2026-10"}).Draw(t, "bill from")
		for range rapid.IntRange(0, 5).Draw(t, "single switches") {
			in.Mappings.Switches = append(in.Mappings.Switches, billing.BillingSwitch{
				CustomerID:     rapid.SampledFrom([]billing.CustomerID{"", alder, dunmore, "c3"}).Draw(t, "customer"),
				SubscriptionID: billing.SubscriptionID(rapid.SampledFrom([]string{"s1", "s2", "s3", "plan1"}).Draw(t, "subscription")),
				On:             rapid.Bool().Draw(t, "on"), From: rapid.SampledFrom([]billing.Month{"", "2026-08", "2026-09", "2026-10", "2026-11"}).Draw(t, "from"),
			})
		}
		d := Rate(in)
		check := func(what string, c billing.CustomerID, s billing.SubscriptionID, month billing.Month) {
			if b, _ := in.Mappings.Switch(c, s); !b.On || in.Settings.FirstMonth(b) > month {
				t.Fatalf("%s of %s: %q of customer %q is %+v", what, month, s, c, b)
			}
		}
		for _, c := range d.Charges {
			for _, p := range c.Places {
				check("charge "+c.Key, p.CustomerID, p.SubscriptionID, c.Month)
			}
		}
		owner := map[billing.SubscriptionID]billing.CustomerID{}
		for _, s := range in.Directory.Subscriptions {
			owner[s.ID] = s.CustomerID
		}
		for _, l := range d.Lines {
			for _, share := range l.Shares {
				check("line "+l.Key, owner[share.SubscriptionID], share.SubscriptionID, billing.MonthOf(in.Day))
			}
		}
		of := map[string]billing.LineItem{}
		for _, set := range in.Lines {
			for _, l := range set.Lines {
				of[set.ID.String()+"/"+l.Key] = l
			}
		}
		for _, x := range d.Dispositions {
			l, isLine := of[x.Set.String()+"/"+x.LineKey]
			if b, _ := in.Mappings.Switch(l.CustomerID, l.SubscriptionID); isLine && !l.IsUsage() && x.By == RuleBillingOff && b.On {
				t.Fatalf("%+v is left out as switched off: %+v", x, b)
			}
			if isLine && !l.IsUsage() && x.Outcome == billing.Billed {
				check("outcome "+x.LineKey, l.CustomerID, l.SubscriptionID, in.Month)
			}
		}
	})
}
