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

// inCurrency is a world in one currency with a seat that was billed at a cost, and a reservation of Dunmore's.
func inCurrency(c money.Currency, cost string) Input {
	in := world()
	in.Settings.Currency, in.Catalogue.Currency = c, c
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 1)}
	in.Lines = []billing.LineSet{billedSet(change(bought("s1", "1", "0"), func(l *billing.LineItem) {
		l.Cost, l.PricingCurrency = money.Of(num(cost), c), c
		l.Total = l.Cost
	}))}
	return in
}

// TestPriceKinds: every kind of rule, in currencies with two, no and three minor digits, at the two settings of places. Setting 2 means the
// currency's minor unit: nobody can pay half a yen, and a dinar has a thousand fils.
func TestPriceKinds(t *testing.T) {
	tests := []struct {
		currency money.Currency
		cost     string
		kind     billing.PriceRuleKind
		value    string
		minor    string // price at setting 2, and when nothing is set
		fine     string // price at setting 4
	}{
		{"EUR", "8.33", billing.MarkupRule, "17.5", "9.79 EUR", "9.7878 EUR"},   // 9.78775
		{"EUR", "8.33", billing.MarginRule, "17.5", "10.10 EUR", "10.097 EUR"},  // 10.09696…
		{"EUR", "8.33", billing.FixedRule, "9.99995", "10.00 EUR", "10.00 EUR"}, // 10.0000
		{"EUR", "8.33", billing.MarkupRule, "0", "8.33 EUR", "8.33 EUR"},
		{"EUR", "8.33", billing.MarginRule, "0", "8.33 EUR", "8.33 EUR"},
		{"EUR", "8.33", billing.MarginRule, "99.9", "8330.00 EUR", "8330.00 EUR"},
		{"EUR", "0.01", billing.MarkupRule, "49", "0.01 EUR", "0.0149 EUR"},
		{"EUR", "0.01", billing.MarkupRule, "50", "0.02 EUR", "0.015 EUR"}, // half a cent goes up
		{"EUR", "8.33", billing.MarkupRule, "0.0600240096038416", "8.34 EUR", "8.335 EUR"},
		{"JPY", "1234", billing.MarkupRule, "17.5", "1450 JPY", "1449.95 JPY"},
		{"JPY", "1234", billing.MarginRule, "17.5", "1496 JPY", "1495.7576 JPY"}, // 1495.75757…
		{"JPY", "1234", billing.FixedRule, "1500.5", "1501 JPY", "1500.5 JPY"},
		{"JPY", "1", billing.MarkupRule, "49", "1 JPY", "1.49 JPY"},
		{"KWD", "8.333", billing.MarkupRule, "17.5", "9.791 KWD", "9.7913 KWD"},   // 9.791275
		{"KWD", "8.333", billing.MarginRule, "17.5", "10.101 KWD", "10.1006 KWD"}, // 10.10060…
		{"KWD", "8.333", billing.FixedRule, "9.9995", "10.000 KWD", "9.9995 KWD"},
	}
	for _, test := range tests {
		for places, want := range map[int32]string{0: test.minor, 2: test.minor, 4: test.fine} {
			in := inCurrency(test.currency, test.cost)
			in.Settings.PricePlaces = places
			in.Mappings.Prices = []billing.PriceRule{{ID: "r", Kind: test.kind, Value: num(test.value)}}
			d := Rate(in)
			if l := only(t, d); l.UnitPrice == nil || l.UnitPrice.String() != want || len(l.Holds) != 0 {
				t.Errorf("%s of %s on %s %s at %d places: %v held by %v, want %s", test.kind, test.value, test.cost, test.currency, places, l.UnitPrice, l.Holds, want)
			}
			if l := d.Lines[0]; test.kind != billing.FixedRule && !d.Services[0].UnitPrice.Equal(*l.UnitPrice) {
				t.Errorf("the new service costs %s, its line %s", d.Services[0].UnitPrice, l.UnitPrice)
			}
		}
	}
}

// TestReturnsArePricedAsTheyWereSold: a line and its refund make the same price with opposite signs in every currency, so that a return
// leaves nothing behind. Rounding up instead of away from zero would leave a cent.
func TestReturnsArePricedAsTheyWereSold(t *testing.T) {
	tests := []struct {
		currency    money.Currency
		cost        string
		kind        billing.PriceRuleKind
		value, want string
	}{
		{"EUR", "0.05", billing.MarkupRule, "10", "0.06 EUR"},
		{"EUR", "0.15", billing.MarkupRule, "10", "0.17 EUR"}, // 0.165: half-even would make 0.16
		{"EUR", "10.00", billing.MarginRule, "20", "12.50 EUR"},
		{"EUR", "10.00", billing.FixedRule, "99.999", "100.00 EUR"},
		{"JPY", "5", billing.MarkupRule, "10", "6 JPY"},
		{"JPY", "15", billing.MarkupRule, "10", "17 JPY"},
		{"KWD", "0.005", billing.MarkupRule, "10", "0.006 KWD"},
		{"KWD", "1.005", billing.MarginRule, "50", "2.010 KWD"},
	}
	for _, test := range tests {
		in := inCurrency(test.currency, "1")
		sold := purchase(func(l *billing.LineItem) {
			l.Cost = money.Of(num(test.cost), test.currency)
			l.Total = l.Cost
		})
		back := change(sold, func(l *billing.LineItem) { l.Key, l.Row, l.Cost, l.Total = "p2", 31, l.Cost.Neg(), l.Total.Neg() })
		in.Lines = []billing.LineSet{billedSet(sold, back)}
		in.Directory.Subscriptions = nil
		in.Mappings.Prices = []billing.PriceRule{{ID: "r", Kind: test.kind, Value: num(test.value), ProductID: sold.ProductID}}
		d := Rate(in)
		if len(d.Charges) != 2 || d.Charges[0].UnitPrice.String() != test.want || !d.Charges[1].UnitPrice.Equal(d.Charges[0].UnitPrice.Neg()) {
			t.Errorf("%s %s of %s: charges %q, want %s and back", test.currency, test.kind, test.cost, summary(d), test.want)
		}
	}
}

// TestValidityOfRules: a rule holds from its first day to the day before its last. Lines are priced on the day of the plan, charges on the
// last day of their month, so that a new price list of October does not touch September.
func TestValidityOfRules(t *testing.T) {
	tests := []struct {
		name, from, to string
		line, charge   bool // whether the rule prices the line of 9 October, the charge of September
	}{
		{"open", "", "", true, true},
		{"from the first of the month", "2026-09-01", "", true, true},
		{"from the last day of the month", "2026-09-30", "", true, true},
		{"from the next month", "2026-10-01", "", true, false},
		{"from today", "2026-10-09", "", true, false},
		{"from tomorrow", "2026-10-10", "", false, false},
		{"to the last day of the month", "", "2026-09-30", false, false},
		{"over the last day of the month", "", "2026-10-01", false, true},
		{"to today", "", "2026-10-09", false, true},
		{"to tomorrow", "", "2026-10-10", true, true},
		{"one day long", "2026-09-30", "2026-10-01", false, true},
		{"empty", "2026-09-30", "2026-09-30", false, false},
		{"backwards", "2026-12-01", "2026-01-01", false, false},
	}
	for _, test := range tests {
		rule := billing.PriceRule{ID: "r", Kind: billing.MarkupRule, Value: num("100")}
		if rule.From.UnmarshalText([]byte(test.from)) != nil || rule.To.UnmarshalText([]byte(test.to)) != nil {
			t.Fatalf("%s: no dates", test.name)
		}
		in := inCurrency("EUR", "10.00")
		in.Lines = append(in.Lines, billing.LineSet{ID: billing.SetID{Kind: billing.BilledLines, Invoice: "G2", Month: "2026-09"}, Lines: []billing.LineItem{purchase(func(*billing.LineItem) {})}})
		in.Mappings.Prices = []billing.PriceRule{rule}
		d := Rate(in)
		if got := only(t, d).PriceRule == "r"; got != test.line {
			t.Errorf("%s: prices the line: %v", test.name, got)
		}
		if got := len(d.Charges) == 1 && d.Charges[0].PriceRule == "r"; got != test.charge {
			t.Errorf("%s: prices the charge: %v (%q)", test.name, got, summary(d))
		}
	}
}

// TestLevelsOfRules plays every pair of levels against each other, for a seat and for consumption: the narrower wins, whichever is listed
// first or came later. A rule for one Azure product is narrower than the rule for Azure as a whole.
func TestLevelsOfRules(t *testing.T) {
	level := func(sub billing.SubscriptionID, c billing.CustomerID, product string) billing.PriceRule {
		return billing.PriceRule{Kind: billing.MarkupRule, SubscriptionID: sub, CustomerID: c, ProductID: product}
	}
	seats := []billing.PriceRule{level("", "", ""), level("", alder, ""), level("", "", premium), level("", "", premium+":0001"), level("", alder, premium),
		level("", alder, premium+":0001"), level("s1", "", ""), level("s1", alder, ""), level("s1", "", premium), level("s1", alder, premium+":0001")}
	azure := []billing.PriceRule{level("", "", ""), level("", dunmore, ""), level("", "", azureProduct), level("", "", vm), level("", "", vm+":00VL"),
		level("", dunmore, azureProduct), level("", dunmore, vm), level("", dunmore, vm+":00VL"), level(plan, "", ""), level(plan, "", azureProduct), level(plan, dunmore, vm)}
	for what, rules := range map[string][]billing.PriceRule{"seat": seats, "consumption": azure} {
		for i := range rules {
			for k := i + 1; k < len(rules); k++ {
				wide, narrow := rules[i], rules[k]
				wide.ID, wide.Value, wide.From = "a wide one", num("1"), day("2026-09-15") // later and first by id: it must not matter
				narrow.ID, narrow.Value = "the narrow one", num("2")
				for _, order := range [][]billing.PriceRule{{wide, narrow}, {narrow, wide}} {
					in := inCurrency("EUR", "10.00")
					if what == "consumption" {
						in = azureWorld([]billing.LineItem{consumed("k", vm, "Virtual Machines", "10.00")}, used(vm, "rg", "Virtual Machines", "10.00"))
					}
					in.Mappings.Prices = order
					d := Rate(in)
					var by []string
					for _, l := range d.Lines {
						by = append(by, l.PriceRule)
					}
					for _, c := range d.Charges {
						by = append(by, c.PriceRule)
					}
					if !slices.Equal(by, []string{narrow.ID}) {
						t.Errorf("%s: rule %d against %d: priced by %q", what, i, k, by)
					}
				}
			}
		}
	}
}

// TestRuleIndexLosesNothing: the indexed search gives the rule that going through all of them gives.
func TestRuleIndexLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		customers := []billing.CustomerID{alder, dunmore}
		var rules []billing.PriceRule
		for range rapid.IntRange(0, 12).Draw(t, "rules") {
			rule := drawRule(t, customers)
			if rapid.Bool().Draw(t, "from") {
				rule.From = day("2026-01-01").AddDays(rapid.IntRange(0, 400).Draw(t, "first day"))
			}
			if rapid.Bool().Draw(t, "to") {
				rule.To = day("2026-01-01").AddDays(rapid.IntRange(0, 400).Draw(t, "end"))
			}
			rules = append(rules, rule)
		}
		q := ruleQuery{priced: priced{
			billing.SubscriptionID(rapid.SampledFrom([]string{"", "s1", "plan1"}).Draw(t, "sub")), rapid.SampledFrom(customers).Draw(t, "customer"),
			rapid.SampledFrom([]string{premium, vm}).Draw(t, "product"), "0001", rapid.Bool().Draw(t, "azure"), day("2026-07-01"),
		}}
		var want billing.PriceRule
		found := false
		for _, rule := range rules {
			if q.matches(rule) && (!found || billing.ComparePriceRules(rule, want) < 0) {
				want, found = rule, true
			}
		}
		if got, ok := newPrices(rules).find(q); ok != found || got != want {
			t.Fatalf("found %+v, want %+v", got, want)
		}
	})
}

// TestPriceLaws: a price never falls when the cost rises, a margin of m is a markup of m ÷ (100 − m), and a rule without effect prices at
// cost. A price that was rounded before it was multiplied would break the second.
func TestPriceLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cost := money.New(rapid.Int64Range(0, 5_000_000).Draw(t, "cost"), -4)
		more := cost.Add(money.New(rapid.Int64Range(0, 10_000).Draw(t, "more"), -4))
		percent := money.New(rapid.Int64Range(0, 9_500).Draw(t, "percent"), -2)
		margin := billing.PriceRule{Kind: billing.MarginRule, Value: percent}
		low, _ := exactPrice(margin, cost)
		high, _ := exactPrice(margin, more)
		asMarkup, _ := percent.Mul(money.Int(100)).Div(money.Int(100).Sub(percent), 20, money.HalfAwayFromZero)
		same, _ := exactPrice(billing.PriceRule{Kind: billing.MarkupRule, Value: asMarkup}, cost)
		if low.Cmp(high) > 0 || low.Cmp(cost) < 0 {
			t.Fatalf("margin %s: %s costs %s, %s costs %s", percent, cost, low, more, high)
		}
		if low.Sub(same).Abs().Cmp(money.New(1, -11)) > 0 {
			t.Fatalf("margin %s of %s is %s, as markup %s", percent, cost, low, same)
		}
		for _, kind := range []billing.PriceRuleKind{billing.MarkupRule, billing.MarginRule} {
			if at, ok := exactPrice(billing.PriceRule{Kind: kind}, cost); !ok || !at.Equal(cost) {
				t.Fatalf("%s of 0 on %s: %s", kind, cost, at)
			}
		}
	})
	for _, value := range []string{"100", "100.01", "250"} {
		if p, ok := exactPrice(billing.PriceRule{Kind: billing.MarginRule, Value: num(value)}, num("10")); ok {
			t.Errorf("a margin of %s %% makes the price %s", value, p)
		}
	}
}

// TestCreditsOnLicences: a credit is given on as it came, with the markup of the rules, never as a fixed price times the seats it names:
// 10.00 of goodwill on 12 seats would become 294.00.
func TestCreditsOnLicences(t *testing.T) {
	fixed := billing.PriceRule{ID: "fix", Kind: billing.FixedRule, ProductID: premium, Value: num("24.50"), Currency: "EUR"}
	tests := []struct {
		name  string
		rules []billing.PriceRule
		want  string
	}{
		{"markup of the organization", nil, "-12.00 EUR"},
		{"fixed price of the product", []billing.PriceRule{fixed}, "-12.00 EUR"},
		{"fixed price, and a customer's margin", []billing.PriceRule{fixed, {ID: "m", Kind: billing.MarginRule, CustomerID: alder, Value: num("50")}}, "-20.00 EUR"},
		{"a product's markup", []billing.PriceRule{{ID: "p", Kind: billing.MarkupRule, ProductID: premium, Value: num("0")}}, "-10.00 EUR"},
	}
	for _, test := range tests {
		in := world()
		in.Directory.Subscriptions = []billing.Subscription{seat("s1", 12)}
		first := bought("s1", "12", "259.20")
		credit := change(first, func(l *billing.LineItem) {
			l.Key, l.Row, l.Kind, l.Cost, l.Total = "credit", 3, billing.ChargeCustomerCredit, eur("-10.00"), eur("-10.00")
		})
		in.Lines = []billing.LineSet{billedSet(first, credit)}
		in.Mappings.Prices = test.rules
		d := Rate(in)
		if l := only(t, d); l.UnitCost.String() != "21.60 EUR" {
			t.Errorf("%s: the credit changed the unit cost to %s", test.name, l.UnitCost)
		}
		if len(d.Charges) != 1 || d.Charges[0].UnitPrice.String() != test.want || !strings.HasPrefix(d.Charges[0].Name, "Credit: ") {
			t.Errorf("%s: charges %q, want %s", test.name, summary(d), test.want)
		}
	}
}

// TestThirdPartySoftware: marketplace software in dollars keeps the billed euros, shows the rate, and is priced like a service; the same
// product of Microsoft's own is priced like Azure.
func TestThirdPartySoftware(t *testing.T) {
	tests := []struct{ publisher, want string }{{"Fernbank Software Ltd", "168.00 EUR"}, {"Microsoft", "154.00 EUR"}, {"MICROSOFT IRELAND", "154.00 EUR"}, {"", "154.00 EUR"}, {"Not Microsoft", "168.00 EUR"}}
	for _, test := range tests {
		in := world()
		in.Lines = []billing.LineSet{billedSet(purchase(func(l *billing.LineItem) {
			l.Publisher, l.ReservationOrderID, l.ListUnitCost, l.BillableQuantity, l.Cost, l.Total = test.publisher, "", num("3.25"), num("50"), eur("140.00"), eur("140.00")
		}))}
		d := Rate(in)
		if len(d.Charges) != 1 || d.Charges[0].UnitPrice.String() != test.want || !strings.Contains(d.Charges[0].Description, "Quantity 50, charged for 2026-09-04 to 2026-10-03. Amounts in EUR; 1 USD = 0.8617 EUR.") {
			t.Errorf("publisher %q: %q, want %s", test.publisher, summary(d), test.want)
		}
	}
}

// TestKindsAndStatuses: what becomes of a subscription of each kind in each status, and of the 259.20 EUR that Microsoft billed for it.
func TestKindsAndStatuses(t *testing.T) {
	const line, charge, held = "line", "charge", "held"
	tests := []struct {
		kind                              billing.SubscriptionKind
		active, suspended, ended, pending string
	}{
		{billing.Licence, line, line, held, held},
		{billing.OtherPurchase, charge, charge, charge, charge}, // what is bought once stays bought
		{billing.AzurePlan, charge, charge, charge, charge},
	}
	for _, test := range tests {
		for status, want := range map[billing.SubscriptionStatus]string{billing.Active: test.active, billing.Suspended: test.suspended, billing.Ended: test.ended, billing.Pending: test.pending} {
			for _, trial := range []bool{false, true} {
				s := seat("s1", 12)
				s.Kind, s.Status, s.Trial = test.kind, status, trial
				in := world()
				in.Directory.Subscriptions = []billing.Subscription{s}
				in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
				if want == line && trial {
					want = held // a trial that costs money is a contradiction
				}
				d := Rate(in)
				got := fmt.Sprintf("%d lines, %d charges, %s", len(d.Lines), len(d.Charges), byOutcome(d))
				wanted := map[string]string{line: "1 lines, 0 charges, billed 259.20 EUR", charge: "0 lines, 1 charges, billed 259.20 EUR", held: "0 lines, 0 charges, held 259.20 EUR"}[want]
				if got != wanted {
					t.Errorf("%s %s, trial %v: %s, want %s", status, test.kind, trial, got, wanted)
				}
			}
		}
	}
}

// TestTheListShowsWhoWins: going down the list of rules as a clerk reads it, the first that fits is the one that makes the price.
func TestTheListShowsWhoWins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		customers := []billing.CustomerID{alder, dunmore}
		var rules []billing.PriceRule
		for range rapid.IntRange(0, 12).Draw(t, "rules") {
			rule := drawRule(t, customers)
			if rapid.Bool().Draw(t, "from") {
				rule.From = day("2026-01-01").AddDays(rapid.IntRange(0, 400).Draw(t, "first day"))
			}
			rules = append(rules, rule)
		}
		q := ruleQuery{priced: priced{
			billing.SubscriptionID(rapid.SampledFrom([]string{"", "s1", "plan1"}).Draw(t, "sub")), rapid.SampledFrom(customers).Draw(t, "customer"),
			rapid.SampledFrom([]string{premium, vm}).Draw(t, "product"), "0001", rapid.Bool().Draw(t, "azure"), day("2026-07-01"),
		}}
		wins, found := newPrices(rules).find(q)
		list := slices.Clone(rules)
		billing.SortPriceRules(list)
		i := slices.IndexFunc(list, q.matches)
		if found != (i >= 0) || found && list[i] != wins {
			t.Fatalf("%+v makes the price, the list shows %d of\n%+v", wins, i, list)
		}
	})
}
