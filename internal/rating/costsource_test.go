package rating

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// offered is a billed line that prices the premium offer of a subscription, edited.
func offered(edit func(*billing.LineItem)) billing.LineItem {
	return change(bought("s1", "12", "259.20"), edit)
}

// TestCostBasisInWords: behind every unit cost stands the sentence that a clerk reads to somebody who doubts the margin: which invoice, which
// days, which division.
func TestCostBasisInWords(t *testing.T) {
	five := eur("5")
	custom := func(cost *money.Amount) billing.Subscription {
		s := seat("s1", 3)
		s.Kind, s.UnitCost = billing.CustomService, cost
		return s
	}
	tests := []struct {
		name  string
		sub   billing.Subscription
		lines []billing.LineItem
		cost  string
		basis string
	}{
		{"the MSP's own service", custom(&five), nil, "5.00 EUR", "cost of the custom service"},
		{"the MSP's own service without a cost", custom(nil), nil, "", "the custom service has no cost"},
		{"the MSP's own service is never priced by Microsoft's lines", custom(nil), []billing.LineItem{offered(func(*billing.LineItem) {})}, "", "the custom service has no cost"},
		{"a whole cycle", seat("s1", 12), []billing.LineItem{offered(func(*billing.LineItem) {})}, "21.60 EUR",
			"billed for 2026-09-10 to 2026-10-09 on invoice G104775210 (259.20 EUR ÷ 12)"},
		{"a cycle on another invoice", seat("s1", 12), []billing.LineItem{offered(func(l *billing.LineItem) { l.Invoice = "G7" })}, "21.60 EUR",
			"billed for 2026-09-10 to 2026-10-09 on invoice G7 (259.20 EUR ÷ 12)"},
		{"only part of a cycle", seat("s1", 12), []billing.LineItem{offered(func(l *billing.LineItem) { l.Kind = billing.ChargeAddQuantity })}, "21.60 EUR",
			"list price 21.60 EUR × 1 on invoice G104775210, because no whole cycle was billed yet"},
		{"only part of a cycle, in dollars", seat("s1", 12), []billing.LineItem{offered(func(l *billing.LineItem) {
			l.Kind, l.ListUnitCost, l.PricingCurrency, l.ExchangeRate = billing.ChargeAddQuantity, num("25"), "USD", num("0.8617")
		})}, "21.54 EUR", "list price 25.00 USD × 0.8617 on invoice G104775210, because no whole cycle was billed yet"}, // 21.5425
		{"somebody else's line of the same offer", seat("s2", 12), []billing.LineItem{offered(func(*billing.LineItem) {})}, "21.60 EUR",
			"billed for 2026-09-10 to 2026-10-09 on invoice G104775210 (259.20 EUR ÷ 12), of subscription s1 with the same offer"},
		{"never billed", seat("s2", 12), nil, "", "no line of this offer has been billed yet"},
	}
	for _, test := range tests {
		got := newCosts([]billing.LineSet{billedSet(test.lines...)}).of(test.sub)
		cost := ""
		if got.amount != nil {
			cost = got.amount.String()
		}
		if cost != test.cost || got.basis != test.basis {
			t.Errorf("%s: %q because %q, want %q because %q", test.name, cost, got.basis, test.cost, test.basis)
		}
	}
}

// TestWhichLinesAreAWholeCycle: only these charge types bill a full cycle, and only when the days are those of the cycle. The unit cost of
// anything else would be that of some days.
func TestWhichLinesAreAWholeCycle(t *testing.T) {
	month, year, three := days("2026-09-10", "2026-10-09"), days("2026-09-10", "2027-09-09"), days("2026-09-10", "2029-09-09")
	for kind, whole := range map[billing.ChargeKind]bool{
		billing.ChargeNew:               true,
		billing.ChargeRenew:             true,
		billing.ChargeCycle:             true,
		billing.ChargeConvert:           true,
		billing.ChargeChangeBillingPlan: true,
		billing.ChargeAddQuantity:       false, // on the first day of a cycle it has all its days
		billing.ChargeRemoveQuantity:    false,
		billing.ChargeMoveQuantity:      false,
		billing.ChargeCancel:            false,
		billing.ChargeCancelImmediate:   false,
		billing.ChargeCustomerCredit:    false,
		"brandnew":                      false,
	} {
		if got := isWholeCycle(&billing.LineItem{Kind: kind, Frequency: billing.Monthly, Charged: month}); got != whole {
			t.Errorf("%s over a month is a whole cycle: %v, want %v", kind, got, whole)
		}
	}
	for _, test := range []struct {
		frequency billing.Frequency
		charged   billing.Period
		whole     bool
	}{
		{billing.Monthly, month, true},
		{billing.Monthly, year, false},
		{billing.Monthly, days("2026-09-10", "2026-10-08"), false},
		{billing.Monthly, days("2026-09-10", "2026-10-10"), false},
		{billing.Monthly, days("2026-01-31", "2026-02-27"), true},
		{billing.Monthly, days("2026-02-28", "2026-03-30"), true},
		{billing.Monthly, days("2024-01-30", "2024-02-28"), true},
		{billing.Annual, year, true},
		{billing.Annual, month, false},
		{billing.Annual, days("2024-02-29", "2025-02-27"), true},
		{billing.Annual, three, false},
		{billing.Triennial, three, true},
		{billing.Triennial, year, false},
		{billing.OneTime, month, false},
		{billing.OneTime, billing.Period{}, false},
		{billing.OneTime, billing.Period{Start: day("2026-09-10"), End: day("2026-09-10")}, false}, // no days are no cycle
		{billing.Metered, month, false},
		{billing.Monthly, billing.Period{}, false},
		{billing.Monthly, billing.Period{Start: day("2026-09-10")}, false}, // an open one has no length
	} {
		if got := isWholeCycle(&billing.LineItem{Kind: billing.ChargeCycle, Frequency: test.frequency, Charged: test.charged}); got != test.whole {
			t.Errorf("%s %s is a whole cycle: %v, want %v", test.frequency, test.charged, got, test.whole)
		}
	}
}

// TestTermOfALine: a line is of the same offer when its commitment is as long as the term. A month bought by the year is cheaper than a month
// bought by the month: mixing them up would misprice both.
func TestTermOfALine(t *testing.T) {
	commitment := func(from, to string) billing.LineItem { return billing.LineItem{TermPeriod: days(from, to)} }
	lines := map[string]billing.LineItem{
		"a month":     commitment("2026-09-10", "2026-10-09"),
		"a year":      commitment("2026-09-10", "2027-09-09"),
		"three years": commitment("2026-09-10", "2029-09-09"),
		"open":        {TermPeriod: billing.Period{Start: day("2026-09-10")}},
		"none":        {},
	}
	for term, fitting := range map[billing.Term]string{"P1M": "a month", "P1Y": "a year", "P3Y": "three years"} {
		for name, l := range lines {
			if got := termMatches(&l, term); got != (name == fitting) {
				t.Errorf("a line committed for %s fits %s: %v", name, term, got)
			}
		}
	}
	for _, term := range []billing.Term{"", "P5Y"} { // terms whose length nobody told: the line cannot contradict
		for name, l := range lines {
			if !termMatches(&l, term) {
				t.Errorf("a line committed for %s does not fit the term %q", name, term)
			}
		}
	}
}

// TestLinesOfOneEvent: a product that Microsoft splits over two lines costs the sum of both; whatever differs in more than its amount is another
// event, whose money has no business in the unit cost.
func TestLinesOfOneEvent(t *testing.T) {
	tests := []struct {
		name   string
		second func(*billing.LineItem)
		want   string
	}{
		{"the other half", func(*billing.LineItem) {}, "22.60 EUR"},
		{"another charge type", func(l *billing.LineItem) { l.Kind = billing.ChargeRenew }, "21.60 EUR"},
		{"other days", func(l *billing.LineItem) { l.Charged = days("2026-08-10", "2026-09-09") }, "21.60 EUR"},
		{"another day of the event", func(l *billing.LineItem) { l.OrderDate = day("2026-09-09") }, "21.60 EUR"},
		{"another quantity", func(l *billing.LineItem) { l.BillableQuantity = num("11") }, "21.60 EUR"},
		{"the same quantity, written otherwise", func(l *billing.LineItem) { l.BillableQuantity = num("12.0") }, "22.60 EUR"},
		{"another currency", func(l *billing.LineItem) { l.Cost = usd("12.00") }, "21.60 EUR"},
		{"another product", func(l *billing.LineItem) { l.ProductID = vm }, "21.60 EUR"},
		{"another SKU", func(l *billing.LineItem) { l.SKUID = "0002" }, "21.60 EUR"},
		{"another frequency", func(l *billing.LineItem) { l.Frequency = billing.Annual }, "21.60 EUR"},
	}
	for _, test := range tests {
		first := offered(func(l *billing.LineItem) { l.Row = 9 })
		second := offered(func(l *billing.LineItem) { l.Key, l.Row, l.Cost = "second", 2, eur("12.00") })
		test.second(&second)
		got := newCosts([]billing.LineSet{billedSet(second, first)}).of(seat("s1", 12))
		if got.amount == nil || got.amount.String() != test.want {
			t.Errorf("%s: a unit costs %v (%s), want %s", test.name, got.amount, got.basis, test.want)
		}
	}
	// Two invoices with the same line are a bill and its copy, and two subscriptions of one offer are two purchases: neither doubles the cost.
	copied := billedSet(offered(func(*billing.LineItem) {}))
	copied.ID.Invoice = "G2"
	if got := newCosts([]billing.LineSet{copied, billedSet(offered(func(*billing.LineItem) {}))}).of(seat("s1", 12)); got.amount.String() != "21.60 EUR" {
		t.Errorf("on two invoices: %s (%s)", got.amount, got.basis)
	}
	others := billedSet(offered(func(*billing.LineItem) {}), offered(func(l *billing.LineItem) { l.SubscriptionID = "s9" }))
	if got := newCosts([]billing.LineSet{others}).of(seat("s2", 12)); got.amount.String() != "21.60 EUR" {
		t.Errorf("of two subscriptions: %s (%s)", got.amount, got.basis)
	}
}

// TestListPriceRate: a list price is brought to the billing currency by the rate of its line, once, and truncated like Microsoft's own
// (Microsoft sheet §4.5); a price of nothing is not known.
func TestListPriceRate(t *testing.T) {
	tests := []struct {
		name, list, rate string
		pricing          money.Currency
		want             string
	}{
		{"in the billing currency", "21.6", "1", "EUR", "21.60 EUR"},
		{"in the billing currency, no rate stated", "21.6", "0", "EUR", "21.60 EUR"},
		{"a rate that is stated counts, whatever the currency", "20", "0.5", "EUR", "10.00 EUR"},
		{"in dollars", "20", "0.8617", "USD", "17.23 EUR"}, // 17.234
		{"in dollars, never rounded up", "20", "0.86199", "USD", "17.23 EUR"},
		{"in dollars without a rate", "20", "0", "USD", ""},
		{"less than a cent", "0.009", "1", "EUR", ""},
		{"a cent", "0.01", "1", "EUR", "0.01 EUR"},
		{"nothing", "0", "1", "EUR", ""},
		{"less than nothing", "-5", "1", "EUR", ""},
	}
	for _, test := range tests {
		line := offered(func(l *billing.LineItem) {
			l.Kind, l.ListUnitCost, l.PricingCurrency, l.ExchangeRate = billing.ChargeAddQuantity, num(test.list), test.pricing, num(test.rate)
		})
		got, want := newCosts([]billing.LineSet{billedSet(line)}).of(seat("s1", 12)), test.want
		if (got.amount == nil) != (want == "") || got.amount != nil && got.amount.String() != want {
			t.Errorf("%s: %v (%s), want %q", test.name, got.amount, got.basis, want)
		}
	}
}

// TestNewestLineFirst: the newest line is the one that charges for the latest days, then the latest event, the greatest invoice, the last row.
// However lines were read, the same one says the cost (law 4).
func TestNewestLineFirst(t *testing.T) {
	at := func(start, ordered, number string, row int, key string) costLine {
		l := billing.LineItem{Charged: days(start, "2027-01-01"), OrderDate: day(ordered), Row: row, Key: key}
		return costLine{&l, &billing.SetID{Kind: billing.BilledLines, PartnerID: partner, Invoice: number}}
	}
	order := []costLine{
		at("2026-10-10", "2026-01-01", "G1", 1, "a"),
		at("2026-09-10", "2026-10-02", "G1", 1, "a"),
		at("2026-09-10", "2026-10-01", "G2", 1, "a"),
		at("2026-09-10", "2026-10-01", "G1", 3, "a"),
		at("2026-09-10", "2026-10-01", "G1", 2, "c"),
		at("2026-09-10", "2026-10-01", "G1", 2, "b"),
		at("2026-09-09", "2026-12-31", "G9", 9, "z"),
	}
	rapid.Check(t, func(t *rapid.T) {
		got := rapid.Permutation(order).Draw(t, "order")
		slices.SortFunc(got, compareNewestFirst)
		if !slices.Equal(got, order) {
			t.Fatalf("order %v", got)
		}
	})
}

// TestTwoPartnersOfACustomer: a customer who buys through two partner tenants may be priced by lines of either, never by those of a third.
func TestTwoPartnersOfACustomer(t *testing.T) {
	of := func(tenant string, lines ...billing.LineItem) billing.LineSet {
		set := billedSet(lines...)
		set.ID.PartnerID = tenant
		return set
	}
	other := func(c billing.CustomerID, product, cost string) billing.LineItem {
		return change(bought("s9", "10", cost), func(l *billing.LineItem) { l.CustomerID, l.ProductID = c, product })
	}
	tenants := []string{"t1", "t2"}
	for _, source := range tenants {
		sets := []billing.LineSet{of("t1", other(alder, vm, "1.00")), of("t2", other(alder, vm, "1.00")), of(source, other(dunmore, premium, "216.00"))}
		sets[2].ID.Invoice = "G2"
		if got := newCosts(sets).of(seat("s1", 1)); got.amount == nil || got.amount.String() != "21.60 EUR" {
			t.Errorf("a line of %s: %v (%s)", source, got.amount, got.basis)
		}
		if got := newCosts(append(sets[:2:2], of("t3", other(dunmore, premium, "216.00")))).of(seat("s1", 1)); got.amount != nil {
			t.Errorf("a line of a stranger's partner: %s (%s)", got.amount, got.basis)
		}
	}
	// What bills no subscription, or consumption, tells nothing of who sells licences to the customer.
	for name, l := range map[string]billing.LineItem{
		"no subscription": change(other(alder, vm, "1.00"), func(l *billing.LineItem) { l.SubscriptionID = "" }),
		"consumption":     change(other(alder, vm, "1.00"), func(l *billing.LineItem) { l.Meter = "Storage" }),
	} {
		sets := []billing.LineSet{of("t1", l), of("t3", other(dunmore, premium, "216.00"))}
		if got := newCosts(sets).of(seat("s1", 1)); got.amount == nil {
			t.Errorf("%s names a partner: %s", name, got.basis)
		}
	}
}

// TestSinceTheFirstDay: what the directory says of the start goes before any line; a line that charges for earlier days is of the commitment
// before this one.
func TestSinceTheFirstDay(t *testing.T) {
	earlier := offered(func(l *billing.LineItem) { l.Charged = days("2026-07-10", "2026-08-09") })
	s := seat("s1", 12)
	if got := newCosts([]billing.LineSet{billedSet(earlier)}).since(s, day("2026-10-09")); got != s.Start {
		t.Errorf("since %s, want %s", got, s.Start)
	}
	s.Start = billing.Date{}
	rapid.Check(t, func(t *rapid.T) { // without a start it is the first day of any line with money
		first, lines := billing.Date{}, []billing.LineItem{}
		for i := range rapid.IntRange(0, 6).Draw(t, "lines") {
			start := day("2026-01-01").AddDays(rapid.IntRange(0, 200).Draw(t, "day"))
			l := offered(func(l *billing.LineItem) {
				l.Key, l.Charged = fmt.Sprint(i), billing.Period{Start: start, End: start.AddMonths(1)}
				l.Cost = eur(rapid.SampledFrom([]string{"10", "10", "0", "-10"}).Draw(t, "cost"))
			})
			if l.Cost.Sign() > 0 && (first.IsZero() || start.Before(first)) {
				first = start
			}
			lines = append(lines, l)
		}
		if got := newCosts([]billing.LineSet{billedSet(lines...)}).since(s, day("2026-10-09")); got != first {
			t.Fatalf("since %s, want %s", got, first)
		}
	})
}

// TestTheDayASubscriptionEnded: the end that has come counts before any refund; both kinds of cancellation tell the day, today's included; of two
// the later.
func TestTheDayASubscriptionEnded(t *testing.T) {
	cancelled := func(kind billing.ChargeKind, from string) billing.LineItem {
		return offered(func(l *billing.LineItem) {
			l.Key, l.Kind, l.Cost, l.Charged = from, kind, eur("-10"), days(from, "2026-12-31")
		})
	}
	immediate, plain := billing.ChargeCancelImmediate, billing.ChargeCancel
	tests := []struct {
		name, end string
		lines     []billing.LineItem
		want      string
	}{
		{"its end is today, refunded before", "2026-10-09", []billing.LineItem{cancelled(immediate, "2026-09-26")}, "2026-10-09"},
		{"its end is tomorrow, refunded before", "2026-10-10", []billing.LineItem{cancelled(immediate, "2026-09-26")}, "2026-09-26"},
		{"cancelled for good", "", []billing.LineItem{cancelled(plain, "2026-09-26")}, "2026-09-26"},
		{"cancelled today", "", []billing.LineItem{cancelled(immediate, "2026-10-09")}, "2026-10-09"},
		{"cancelled from tomorrow on", "", []billing.LineItem{cancelled(immediate, "2026-10-10")}, "2026-10-09"},
		{"cancelled twice", "", []billing.LineItem{cancelled(immediate, "2026-09-12"), cancelled(plain, "2026-09-26")}, "2026-09-26"},
		{"cancelled, and again in the future", "", []billing.LineItem{cancelled(immediate, "2026-09-12"), cancelled(plain, "2026-10-26")}, "2026-09-12"},
		{"another subscription was cancelled", "", []billing.LineItem{change(cancelled(plain, "2026-09-26"), func(l *billing.LineItem) { l.SubscriptionID = "s2" })}, "2026-10-09"},
		{"seats were removed", "", []billing.LineItem{cancelled(billing.ChargeRemoveQuantity, "2026-09-26")}, "2026-10-09"},
	}
	for _, test := range tests {
		s := seat("s1", 0)
		if s.End = (billing.Date{}); test.end != "" {
			s.End = day(test.end)
		}
		if got := newCosts([]billing.LineSet{billedSet(test.lines...)}).endedOn(s, day("2026-10-09")); got != day(test.want) {
			t.Errorf("%s: ended on %s, want %s", test.name, got, test.want)
		}
	}
}

// TestNameAsBilledLast: a product is called as its newest line calls it, passing over lines that name nothing.
func TestNameAsBilledLast(t *testing.T) {
	named := func(name, from string) billing.LineItem {
		return offered(func(l *billing.LineItem) { l.Key, l.SKUName, l.Charged.Start = from, name, day(from) })
	}
	tests := []struct {
		lines []billing.LineItem
		want  string
	}{
		{nil, ""},
		{[]billing.LineItem{named("", "2026-09-10")}, ""},
		{[]billing.LineItem{named("Old", "2026-08-10"), named("New", "2026-09-10")}, "New"},
		{[]billing.LineItem{named("Old", "2026-08-10"), named("", "2026-09-10")}, "Old"},
		{[]billing.LineItem{change(named("Other", "2026-09-10"), func(l *billing.LineItem) { l.SKUID = "0002" })}, ""},
	}
	for _, test := range tests {
		if got := newCosts([]billing.LineSet{billedSet(test.lines...)}).productName(premiumOffer); got != test.want {
			t.Errorf("%d lines: %q, want %q", len(test.lines), got, test.want)
		}
	}
}

// TestWhoseLinesMayBeLeftOut: a customer may be rated without the invoices of others only when the lines of every licence that is billed tell its
// cost themselves; what is never billed again need not.
func TestWhoseLinesMayBeLeftOut(t *testing.T) {
	tests := []struct {
		name string
		edit func(*billing.Subscription)
		want bool
	}{
		{"its own line tells", func(*billing.Subscription) {}, true},
		{"it has none", func(s *billing.Subscription) { s.ID = "s2" }, false},
		{"its line is of another SKU", func(s *billing.Subscription) { s.Offer.SKUID = "0002" }, false},
		{"it is suspended and has none", func(s *billing.Subscription) { s.ID, s.Status = "s2", billing.Suspended }, false},
		{"it is pending and has none", func(s *billing.Subscription) { s.ID, s.Status = "s2", billing.Pending }, false},
		{"it is yearly and has none", func(s *billing.Subscription) { s.ID, s.Offer.Frequency = "s2", billing.Annual }, false},
		{"it has ended", func(s *billing.Subscription) { s.ID, s.Status = "s2", billing.Ended }, true},
		{"it is a trial", func(s *billing.Subscription) { s.ID, s.Trial = "s2", true }, true},
		{"it is bought once", func(s *billing.Subscription) { s.ID, s.Offer.Frequency = "s2", billing.OneTime }, true},
		{"it is no licence", func(s *billing.Subscription) { s.ID, s.Kind = "s2", billing.CustomService }, true},
	}
	for _, test := range tests {
		s := seat("s1", 12)
		test.edit(&s)
		in := world()
		in.Lines, in.Directory.Subscriptions = []billing.LineSet{billedSet(offered(func(*billing.LineItem) {}))}, []billing.Subscription{s}
		if got := KnowsCosts(in); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
	in := world() // of two versions of an invoice the newer counts here too
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 12)}
	old, restated := billedSet(offered(func(*billing.LineItem) {})), billedSet()
	restated.Version = "2"
	if in.Lines = []billing.LineSet{old, restated}; KnowsCosts(in) {
		t.Error("a line that was taken back tells a cost")
	}
}

// TestACustomerAlone: where that holds, leaving everybody else's lines out of the invoices changes nothing of a customer's lines: neither cost
// nor price nor day.
func TestACustomerAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		whom := rapid.SampledFrom([]billing.CustomerID{alder, dunmore, "c3", "c4"}).Draw(t, "customer")
		alone := in
		alone.Directory.Subscriptions = slices.DeleteFunc(slices.Clone(in.Directory.Subscriptions), func(s billing.Subscription) bool { return s.CustomerID != whom })
		alone.Lines = slices.Clone(in.Lines)
		for i := range alone.Lines {
			alone.Lines[i].Lines = slices.DeleteFunc(slices.Clone(in.Lines[i].Lines), func(l billing.LineItem) bool { return l.CustomerID != whom })
		}
		if !KnowsCosts(alone) {
			return
		}
		all, some := newCosts(in.Lines), newCosts(alone.Lines)
		for _, s := range alone.Directory.Subscriptions {
			if _, recurring := periodOf(s.Offer.Frequency); !recurring || s.Kind != billing.Licence || s.Trial || s.Status == billing.Ended {
				continue
			}
			a, b := all.of(s), some.of(s)
			ownLine := func(l billing.LineItem) bool { return l.SubscriptionID == s.ID && l.CustomerID != whom }
			if slices.ContainsFunc(in.Lines, func(set billing.LineSet) bool { return slices.ContainsFunc(set.Lines, ownLine) }) {
				continue // a line of the subscription that names another customer is nobody's evidence
			}
			if a.basis != b.basis || (a.amount == nil) != (b.amount == nil) || a.amount != nil && !a.amount.Equal(*b.amount) || strings.Contains(b.basis, "of subscription") {
				t.Fatalf("%s costs %v (%s) among all and %v (%s) alone", s.ID, a.amount, a.basis, b.amount, b.basis)
			}
		}
	})
}
