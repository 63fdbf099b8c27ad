package rating

import (
	"fmt"
	"slices"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// bothWays gives a and b in either order.
func bothWays[T any](a, b T) [][]T { return [][]T{{a, b}, {b, a}} }

// TestWhichTwinCounts: of two entries of one subscription the one that says more counts, whichever comes first (law 4): the state that bills,
// then the customer, the larger quantity, the offer, the earlier start, the name.
func TestWhichTwinCounts(t *testing.T) {
	twin := func(edit func(*billing.Subscription)) billing.Subscription {
		s := seat("s1", 15)
		edit(&s)
		return s
	}
	status := func(status billing.SubscriptionStatus) billing.Subscription {
		return twin(func(s *billing.Subscription) { s.Status = status })
	}
	tests := []struct {
		name       string
		wins, twin billing.Subscription
	}{
		{"active over suspended", status(billing.Active), status(billing.Suspended)},
		{"suspended over pending", status(billing.Suspended), status(billing.Pending)},
		{"pending over ended", status(billing.Pending), status(billing.Ended)},
		{"active over pending", status(billing.Active), status(billing.Pending)},
		{"suspended over ended", status(billing.Suspended), status(billing.Ended)},
		{"the state counts more than the seats", twin(func(s *billing.Subscription) { s.Quantity = 1 }), twin(func(s *billing.Subscription) { s.Status, s.Quantity = billing.Ended, 99 })},
		{"the first customer", seat("s1", 15), twin(func(s *billing.Subscription) { s.CustomerID = dunmore })},
		{"the customer counts more than the seats", seat("s1", 15), twin(func(s *billing.Subscription) { s.CustomerID, s.Quantity = dunmore, 99 })},
		{"more seats", seat("s1", 15), twin(func(s *billing.Subscription) { s.Quantity = 14 })},
		{"the seats count more than the offer", seat("s1", 15), twin(func(s *billing.Subscription) { s.Quantity, s.Offer.SKUID = 14, "0000" })},
		{"the first offer", seat("s1", 15), twin(func(s *billing.Subscription) { s.Offer.SKUID = "0002" })},
		{"the offer counts more than the start", seat("s1", 15), twin(func(s *billing.Subscription) { s.Offer.SKUID, s.Start = "0002", day("2020-01-01") })},
		{"the earlier start", seat("s1", 15), twin(func(s *billing.Subscription) { s.Start = day("2026-09-11") })},
		{"the start counts more than the name", seat("s1", 15), twin(func(s *billing.Subscription) { s.Start, s.Name = day("2026-09-11"), "A" })},
		{"the first name", seat("s1", 15), twin(func(s *billing.Subscription) { s.Name = "Z" })},
	}
	for _, test := range tests {
		for _, subs := range bothWays(test.wins, test.twin) {
			in := world()
			in.Directory.Subscriptions = subs
			if got := newRater(in).subs["s1"]; fmt.Sprint(got) != fmt.Sprint(test.wins) {
				t.Errorf("%s: %+v counts", test.name, got)
			}
		}
	}
}

// TestEqualSharesFallAlike: two groups of usage whose shares lose the same fraction of a cent: which gets the cent does not depend on the order
// in which they were read. The cent is where the price rule of the first group sees it.
func TestEqualSharesFallAlike(t *testing.T) {
	group := func(edit func(*billing.UsageGroup)) billing.UsageGroup {
		g := used(vm, "rg", "Virtual Machines", "5.00")
		edit(&g)
		return g
	}
	tests := []struct {
		name   string
		first  billing.UsageGroup // gets the spare cent
		second billing.UsageGroup
		edit   func(*Input)
		want   []string
	}{
		{"Azure subscription", group(func(g *billing.UsageGroup) { g.AzureSubscriptionID = "az1" }), group(func(g *billing.UsageGroup) { g.AzureSubscriptionID = "az2" }), func(in *Input) {
			in.Mappings.Routes = append(in.Mappings.Routes, billing.Route{CustomerID: dunmore, AzureSubscriptionID: "az2", ContractID: "9003"})
		}, []string{"9002 Azure consumption 2026-09 5.01 EUR → 5.51 EUR", "9003 Azure consumption 2026-09 5.00 EUR → 5.50 EUR"}},
		{"resource group", group(func(g *billing.UsageGroup) { g.ResourceGroup = "a" }), group(func(g *billing.UsageGroup) { g.ResourceGroup = "b" }), func(in *Input) {
			in.Mappings.Routes = append(in.Mappings.Routes, billing.Route{CustomerID: dunmore, ResourceGroup: "b", ContractID: "9003"})
		}, []string{"9002 Azure consumption 2026-09 5.01 EUR → 5.51 EUR", "9003 Azure consumption 2026-09 5.00 EUR → 5.50 EUR"}},
		{"meter category", group(func(g *billing.UsageGroup) { g.MeterCategory = "A" }), group(func(g *billing.UsageGroup) { g.MeterCategory = "B" }),
			func(in *Input) { in.Settings.AzureBundled = false }, []string{"9002 A 2026-09 5.01 EUR → 5.51 EUR", "9002 B 2026-09 5.00 EUR → 5.50 EUR"}},
		{"what it was before earned credit", group(func(g *billing.UsageGroup) { g.BeforePEC = eur("5.00") }), group(func(g *billing.UsageGroup) { g.BeforePEC = eur("500.00") }),
			func(in *Input) { in.Settings.KeepEarnedCredit = true }, []string{"9002 Azure consumption 2026-09 10.01 EUR → 555.51 EUR"}}, // 5.01 × 1.1 and 500 × 1.1
	}
	for _, test := range tests {
		for _, groups := range bothWays(test.first, test.second) {
			in := azureWorld([]billing.LineItem{consumed("k1", vm, "Virtual Machines - BS", "10.01")}, groups...)
			in.Catalogue.Contracts = append(in.Catalogue.Contracts, billing.Contract{ID: "9003", CompanyID: dunCo, Active: true, Recurring: true})
			test.edit(&in)
			if got := summary(Rate(in)); !slices.Equal(got, test.want) {
				t.Errorf("%s: charges %q, want %q", test.name, got, test.want)
			}
		}
	}
	small, large := group(func(g *billing.UsageGroup) { g.Cost = eur("1") }), group(func(g *billing.UsageGroup) { g.Cost = eur("2") })
	rows := group(func(g *billing.UsageGroup) { g.Rows = 7 })
	if compareGroups(&small, &large) >= 0 || compareGroups(&large, &small) <= 0 || compareGroups(&small, &small) != 0 {
		t.Error("groups of different costs are not told apart")
	}
	if six := group(func(*billing.UsageGroup) {}); compareGroups(&six, &rows) >= 0 || compareGroups(&rows, &six) <= 0 {
		t.Error("groups of different rows are not told apart")
	}
}

// TestCustomersKnownFromUsage: a customer that only usage names is called by its name, and always by the same one.
func TestCustomersKnownFromUsage(t *testing.T) {
	named := func(name string) billing.UsageGroup {
		g := used(vm, "rg-"+name, "Virtual Machines", "5.00")
		g.CustomerID, g.CustomerName = "stranger", name
		return g
	}
	for _, groups := range bothWays(named("Alpha"), named("Beta")) {
		in := azureWorld(nil, groups...)
		in.Lines = nil
		if f := findingOf(t, Rate(in), "customer-unmapped/stranger"); f.Customer != "Alpha" || f.Money.String() != "10.00 EUR" {
			t.Errorf("finding %+v", f)
		}
	}
	in := azureWorld(nil, named("Alpha"))
	in.Lines, in.Directory.Customers = nil, append(in.Directory.Customers, billing.Customer{ID: "stranger", Name: "Zulu"})
	if f := findingOf(t, Rate(in), "customer-unmapped/stranger"); f.Customer != "Zulu" {
		t.Errorf("the directory's name gives way to %q", f.Customer)
	}
	in.Directory.Customers, in.Usage[0].Groups[0].CustomerName = nil, ""
	if f := findingOf(t, Rate(in), "customer-unmapped/stranger"); f.Customer != "stranger" {
		t.Errorf("without a name: %q", f.Customer)
	}
}

// TestDispositionsInOrder: outcomes come invoice by invoice, row by row; parts of one row by what became of them, and of what two currencies
// left of one key the first code.
func TestDispositionsInOrder(t *testing.T) {
	at := func(edit func(*billing.Disposition)) billing.Disposition {
		d := billing.Disposition{Set: billing.SetID{Kind: billing.BilledLines, PartnerID: partner, Invoice: "G2"}, Row: 5, LineKey: "k", Outcome: billing.Excluded, By: "m", Cost: eur("5")}
		edit(&d)
		return d
	}
	base := at(func(*billing.Disposition) {})
	for name, earlier := range map[string]billing.Disposition{
		"invoice":              at(func(d *billing.Disposition) { d.Set.Invoice, d.Row = "G1", 9 }),
		"row":                  at(func(d *billing.Disposition) { d.Row, d.LineKey = 4, "z" }),
		"line":                 at(func(d *billing.Disposition) { d.LineKey, d.Outcome = "a", billing.HeldBack }),
		"outcome":              at(func(d *billing.Disposition) { d.Outcome, d.By = billing.Billed, "z" }),
		"by":                   at(func(d *billing.Disposition) { d.By, d.Cost = "a", eur("9") }),
		"cost":                 at(func(d *billing.Disposition) { d.Cost = eur("4") }),
		"a set of one text":    at(func(d *billing.Disposition) { d.Set.Currency, d.Row = "EUR", 4 }),
		"currency of the cost": at(func(d *billing.Disposition) { d.Cost = money.Of(num("5"), "CHF") }),
	} {
		if compareDispositions(earlier, base) >= 0 || compareDispositions(base, earlier) <= 0 || compareDispositions(earlier, earlier) != 0 {
			t.Errorf("%s: %+v does not come before %+v", name, earlier, base)
		}
	}
}

// TestGapsInOrder: what could not be read comes by customer, then by what and why.
func TestGapsInOrder(t *testing.T) {
	want := []billing.Gap{{What: "a", Why: "x"}, {What: "a", Why: "y"}, {What: "b", Why: "a"}, {CustomerID: alder, What: "a", Why: "a"}}
	in := world()
	in.Directory.Incomplete = slices.Clone(want)
	slices.Reverse(in.Directory.Incomplete)
	if got := Rate(in).Incomplete; !slices.Equal(got, want) {
		t.Errorf("gaps %v", got)
	}
}

// TestPurchasesWithoutAPrice: a purchase whose rule makes no price is held by a finding about the rule, and its customer counts as owing it.
func TestPurchasesWithoutAPrice(t *testing.T) {
	for _, test := range []struct {
		name, held string
		rule       billing.PriceRule
	}{
		{"a margin of 100 %", "no-price/rule/r", billing.PriceRule{Kind: billing.MarginRule, Value: num("100"), CustomerID: dunmore}},
		{"a kind nobody knows", "no-price/rule/r", billing.PriceRule{Kind: "odd", CustomerID: dunmore}},
		{"a fixed price in dollars", "currency/rule/r", billing.PriceRule{Kind: billing.FixedRule, Value: num("9"), Currency: "USD", ProductID: "DZH318Z0ML23"}},
	} {
		in := world()
		test.rule.ID = "r"
		in.Lines, in.Mappings.Prices = []billing.LineSet{billedSet(purchase(func(*billing.LineItem) {}))}, []billing.PriceRule{test.rule}
		d := Rate(in)
		if got := outcomes(d); len(d.Charges) > 0 || !slices.Equal(got, []string{"held " + test.held + " 220.16 EUR"}) {
			t.Errorf("%s: charges %q, outcomes %q", test.name, summary(d), got)
		}
		if f := findingOf(t, d, test.held); f.Money.String() != "220.16 EUR" || !slices.Equal(d.Months[0].Held, []billing.CustomerID{dunmore}) || len(d.Months[0].Off) > 0 {
			t.Errorf("%s: finding %+v, months %+v", test.name, f, d.Months)
		}
	}
}

// TestAnEndedLineWithoutInvoices: what ended before any invoice proves nothing of the days of its line.
func TestAnEndedLineWithoutInvoices(t *testing.T) {
	gone := seat("s1", 0)
	gone.Status, gone.End = billing.Ended, day("2026-09-20")
	other := bought("s9", "1", "21.60") // an invoice of the customer, but not of the subscription
	in := world()
	in.Directory.Subscriptions, in.LinePrices = []billing.Subscription{gone}, map[string]money.Decimal{premiumKey: num("25.92")}
	in.Lines = []billing.LineSet{billedSet(other)}
	if l := only(t, Rate(in)); len(l.Steps) > 0 || !l.ProvenTo.IsZero() || l.EndedOn != gone.End {
		t.Errorf("line %+v", l)
	}
}
