package rating

import (
	"slices"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// TestTwoCustomersOfOneCompany: two tenants that one company holds share its contract: seats of one offer add up on one line, Azure is one
// charge, and both name every share. The lower customer id stands for both, whichever comes first on the invoice.
func TestTwoCustomersOfOneCompany(t *testing.T) {
	second := seat("s2", 5)
	second.CustomerID = dunmore
	line := func(key string, row int, c billing.CustomerID, cost string) billing.LineItem {
		return change(consumed(key, vm, "Virtual Machines", cost), func(l *billing.LineItem) { l.CustomerID, l.Row = c, row })
	}
	for _, rows := range [][2]int{{20, 21}, {21, 20}} {
		in := world()
		in.Mappings.Companies[1].CompanyID, in.Mappings.Routes[1].ContractID = alderCo, alderCon
		in.Directory.Subscriptions = []billing.Subscription{seat("s1", 10), second}
		in.Lines = []billing.LineSet{billedSet(bought("s1", "10", "216.00"),
			change(bought("s2", "5", "108.00"), func(l *billing.LineItem) { l.CustomerID, l.Row = dunmore, 3 }),
			line("k1", rows[0], dunmore, "6.00"), line("k2", rows[1], alder, "4.00"))}
		d := Rate(in)
		if l := only(t, d); l.Units != 15 || l.CustomerID != alder || !slices.Equal(l.Shares, []billing.Share{{SubscriptionID: "s1", Units: 10}, {SubscriptionID: "s2", Units: 5}}) {
			t.Errorf("line %+v", l)
		}
		if got := summary(d); !slices.Equal(got, []string{"9001 Azure consumption 2026-09 10.00 EUR → 11.00 EUR"}) || d.Charges[0].CustomerID != alder {
			t.Errorf("charges %q of %s", got, d.Charges[0].CustomerID)
		}
		if got := byOutcome(d); got != "billed 334.00 EUR" {
			t.Errorf("outcomes %s", got)
		}
	}
}

// TestRoundingIsNoLoss: a price that only lost what its currency cannot express is not below cost; a cent less is.
func TestRoundingIsNoLoss(t *testing.T) {
	tests := []struct {
		name   string
		usage  string
		markup string
		held   bool
	}{
		{"at cost, four places of cost", "6.5227", "0", false}, // 6.52 for 6.5227
		{"at cost, rounded up", "6.5250", "0", false},
		{"a little below cost, the same cent", "6.5227", "-0.01", false},
		{"a cent below cost", "6.5227", "-0.2", true}, // 6.5097: 6.51
	}
	for _, test := range tests {
		in := azureWorld(nil, used(vm, "rg", "Virtual Machines", test.usage))
		in.Lines, in.Settings.ProductMarkup = nil, num(test.markup)
		d := Rate(in)
		if len(d.Charges) != 1 || (len(d.Charges[0].Holds) > 0) != test.held || (len(d.Findings) > 0) != test.held {
			t.Errorf("%s: %q, findings %v", test.name, summary(d), findingIDs(d))
		}
	}
	for _, test := range []struct {
		quantity, cost, markup string
		held                   bool
	}{{"3", "10.00", "0", false}, {"3", "10.00", "-0.05", false}, {"3", "10.00", "-1", true}} { // 3.3333 a seat
		in := world()
		in.Settings.ServiceMarkup = num(test.markup)
		in.Directory.Subscriptions = []billing.Subscription{seat("s1", 3)}
		in.Lines = []billing.LineSet{billedSet(bought("s1", test.quantity, test.cost))}
		if l := only(t, Rate(in)); (len(l.Holds) > 0) != test.held {
			t.Errorf("%s %% on %s for %s: price %s, cost %s, held by %v", test.markup, test.cost, test.quantity, l.UnitPrice, l.UnitCost, l.Holds)
		}
	}
}

// TestKeptCreditWithoutBase: where usage tells no price before the credit, what was billed is the base: a price must never become zero, or
// negative, because a row of usage was free.
func TestKeptCreditWithoutBase(t *testing.T) {
	tests := []struct{ name, cost, before, want string }{
		{"credit known", "8.50", "10.00", "11.00 EUR"},
		{"usage was free", "0", "5.00", "9.35 EUR"},
		{"usage was credited", "-8.50", "-10.00", "9.35 EUR"},
		{"nothing before", "8.50", "0", "9.35 EUR"},
		{"a negative list price", "8.50", "-10.00", "9.35 EUR"},
	}
	for _, test := range tests {
		group := used(vm, "rg", "Virtual Machines", test.cost)
		group.BeforePEC = eur(test.before)
		in := azureWorld([]billing.LineItem{consumed("k1", vm, "Virtual Machines", "8.50")}, group)
		in.Settings.KeepEarnedCredit = true
		if d := Rate(in); len(d.Charges) != 1 || d.Charges[0].UnitPrice.String() != test.want {
			t.Errorf("%s: charges %q, want %s", test.name, summary(d), test.want)
		}
	}
}

// TestFlatAzurePrice: a fixed price for Azure is the price of the month, not of each meter or each line of the invoice; it is due for each
// contract that has consumption, and not at all in a month without.
func TestFlatAzurePrice(t *testing.T) {
	flat := []billing.PriceRule{{ID: "flat", Kind: billing.FixedRule, ProductID: azureProduct, Value: num("50"), Currency: "EUR"}}
	lines := []billing.LineItem{consumed("k1", vm, "Virtual Machines", "6.00"), consumed("k2", vm+"2", "Virtual Machines", "3.00"), consumed("k3", vm+"3", "Storage", "1.00")}
	groups := []billing.UsageGroup{used(vm, "rg-a", "Virtual Machines", "6.00"), used(vm+"2", "rg-b", "Virtual Machines", "3.00"), used(vm+"3", "rg-a", "Storage", "1.00")}
	in := azureWorld(lines, groups...)
	in.Mappings.Prices = flat
	if got := summary(Rate(in)); !slices.Equal(got, []string{"9002 Azure consumption 2026-09 10.00 EUR → 50.00 EUR"}) {
		t.Errorf("one contract: %q", got)
	}
	in.Mappings.Routes = append(in.Mappings.Routes, billing.Route{CustomerID: dunmore, ResourceGroup: "rg-b", ContractID: "9003"})
	in.Catalogue.Contracts = append(in.Catalogue.Contracts, billing.Contract{ID: "9003", CompanyID: dunCo, Active: true, Recurring: true})
	if got := summary(Rate(in)); !slices.Equal(got, []string{"9002 Azure consumption 2026-09 7.00 EUR → 50.00 EUR", "9003 Azure consumption 2026-09 3.00 EUR → 50.00 EUR"}) {
		t.Errorf("two contracts: %q", got)
	}
	in = azureWorld(nil)
	in.Mappings.Prices = flat
	if d := Rate(in); len(d.Charges) != 0 {
		t.Errorf("no consumption: %q", summary(d))
	}
}

// TestDaysOfSharedLines: a line is due from the day of its first subscription and ends with its last, in whatever order they are listed.
func TestDaysOfSharedLines(t *testing.T) {
	tests := []struct{ first, second, want string }{{"2026-02-01", "2026-08-01", "2026-02-01"}, {"2026-08-01", "2026-02-01", "2026-02-01"}, {"2026-08-01", "", "2026-08-01"}, {"", "2026-08-01", "2026-08-01"}, {"", "", ""}}
	for _, test := range tests {
		a, b := seat("s1", 1), seat("s2", 1)
		if a.Start.UnmarshalText([]byte(test.first)) != nil || b.Start.UnmarshalText([]byte(test.second)) != nil {
			t.Fatal("no dates")
		}
		in := world()
		in.Directory.Subscriptions = []billing.Subscription{a, b}
		if l := only(t, Rate(in)); l.Since.String() != test.want {
			t.Errorf("started %s and %s: due since %s, want %s", a.Start, b.Start, l.Since, test.want)
		}
		if test.first == "" || test.second == "" {
			continue
		}
		a.Status, a.End, b.Status, b.End = billing.Ended, a.Start.AddMonths(1), billing.Ended, b.Start.AddMonths(1)
		in.Directory.Subscriptions, in.LinePrices = []billing.Subscription{a, b}, map[string]money.Decimal{premiumKey: num("25.92")}
		if l := only(t, Rate(in)); l.EndedOn != billing.Later(a.End, b.End) {
			t.Errorf("ended %s and %s: the line ends on %s", a.End, b.End, l.EndedOn)
		}
	}
}

// TestMoneyIsNeverExcused: only lines without money are excluded as trial or zero; a line that looks like a trial and costs money is billed or
// held like any other.
func TestMoneyIsNeverExcused(t *testing.T) {
	tests := []struct {
		name string
		edit func(*billing.LineItem)
		want string
	}{
		{"a trial line of no cost", func(l *billing.LineItem) { l.Trial, l.Cost = true, eur("0") }, "excluded 0.00 EUR"},
		{"a trial line with a cent", func(l *billing.LineItem) { l.Trial, l.Cost = true, eur("0.01") }, "billed 0.01 EUR"},
		{"a trial line of consumption", func(l *billing.LineItem) { l.Trial, l.Meter, l.Cost = true, "Storage", eur("7") }, "billed 7.00 EUR"},
		{"a trial of a licence nobody knows", func(l *billing.LineItem) { l.Trial, l.ProductID, l.Cost = true, premium, eur("7") }, "held 7.00 EUR"},
		{"software bought once, by a licence's product id", func(l *billing.LineItem) { l.ProductID, l.Frequency = premium, billing.OneTime }, "billed 220.16 EUR"},
		{"a licence for three years nobody knows", func(l *billing.LineItem) { l.ProductID, l.Frequency = premium, billing.Triennial }, "billed 220.16 EUR"},
		{"a licence of no frequency nobody knows", func(l *billing.LineItem) { l.ProductID, l.Frequency = premium, "" }, "billed 220.16 EUR"},
		{"a yearly licence nobody knows", func(l *billing.LineItem) { l.ProductID, l.Frequency = premium, billing.Annual }, "held 220.16 EUR"},
		{"a tenth of a cent", func(l *billing.LineItem) { l.Cost = eur("0.001") }, "excluded 0.001 EUR"}, // makes neither price nor cost of a cent
		{"half a cent", func(l *billing.LineItem) { l.Cost = eur("0.005") }, "billed 0.005 EUR"},
	}
	for _, test := range tests {
		in := world()
		in.Lines = []billing.LineSet{billedSet(purchase(func(l *billing.LineItem) {
			test.edit(l)
			l.Total = l.Cost
		}))}
		if d := Rate(in); byOutcome(d) != test.want {
			t.Errorf("%s: %s, want %s", test.name, byOutcome(d), test.want)
		}
	}
}
