package rating

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// oneOffWorld bills Dunmore one purchase.
func oneOffWorld(edit func(*billing.LineItem)) Input {
	in := world()
	in.Lines = []billing.LineSet{billedSet(purchase(edit))}
	return in
}

// TestAChargeInFull pins a whole charge of each kind: everything that is written to the target and everything that proves it.
func TestAChargeInFull(t *testing.T) {
	const azureKey, lineKey = "azure|9002|2026-09|*|EUR", "line|9002|billed-lines/" + partner + "/" + invoice + "|p1"
	tests := []struct {
		name string
		in   Input
		want billing.DesiredCharge
	}{
		{
			"consumption",
			azureWorld([]billing.LineItem{consumed("k1", vm, "Virtual Machines - BS", "6.52")}, used(vm, "rg", "Virtual Machines", "6.52")),
			billing.DesiredCharge{
				Key:           azureKey,
				Mark:          billing.ChargeMark(org, azureKey),
				CustomerID:    dunmore,
				Customer:      "Dunmore Analytics Ltd",
				CompanyID:     dunCo,
				Contract:      billing.Ref{ID: "9002"},
				Month:         "2026-09",
				Name:          "Azure consumption 2026-09",
				Description:   "Azure consumption, 2026-09-01 to 2026-09-30. Amounts in EUR; 1 USD = 0.8617 EUR.",
				Notes:         "Microsoft invoice G104775210 (1 line), 6 usage rows, cost 6.52 EUR, price rule organization-product-markup (cost plus 10 %).",
				Date:          day("2026-09-30"),
				Quantity:      money.Int(1),
				UnitPrice:     eur("7.17"),
				UnitCost:      eur("6.52"),
				BillingCodeID: codeMat,
				PriceRule:     ruleProductMarkup,
				Places:        []billing.Place{{CustomerID: dunmore, SubscriptionID: plan}},
			},
		},
		{
			"a purchase",
			oneOffWorld(func(*billing.LineItem) {}),
			billing.DesiredCharge{
				Key:           lineKey,
				Mark:          billing.ChargeMark(org, lineKey),
				CustomerID:    dunmore,
				Customer:      "Dunmore Analytics Ltd",
				CompanyID:     dunCo,
				Contract:      billing.Ref{ID: "9002"},
				Month:         "2026-09",
				Name:          "Azure savings plan for compute",
				Description:   "Azure savings plan for compute, 2026-09-01 to 2026-09-30. Quantity 1, charged for 2026-09-04 to 2026-10-03. Amounts in EUR; 1 USD = 0.8617 EUR.",
				Notes:         "Microsoft invoice G104775210 (1 line), cost 220.16 EUR, price rule organization-product-markup (cost plus 10 %).",
				Date:          day("2026-09-30"),
				Quantity:      money.Int(1),
				UnitPrice:     eur("242.18"),
				UnitCost:      eur("220.16"),
				BillingCodeID: codeMat,
				PriceRule:     ruleProductMarkup,
				Places:        []billing.Place{{CustomerID: dunmore, SubscriptionID: "order-1"}},
			},
		},
	}
	for _, test := range tests {
		if diff := cmp.Diff([]billing.DesiredCharge{test.want}, Rate(test.in).Charges); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// TestNamesOfPurchases: a purchase is called by its product and, where that adds anything, its SKU; a credit says that it is one.
func TestNamesOfPurchases(t *testing.T) {
	credit := billing.ChargeCustomerCredit
	long := strings.Repeat("Ü", 120)
	tests := []struct {
		product, sku, id string
		kind             billing.ChargeKind
		want             string
	}{
		{"Backup", "Standard", "P", "", "Backup Standard"},
		{"Backup", "", "P", "", "Backup"},
		{"Backup", "Backup", "P", "", "Backup"},
		{"Backup", "Backup Standard", "P", "", "Backup Standard"},
		{"Backup Standard", "Standard", "P", "", "Backup Standard"},
		{"", "Standard", "P", "", "Standard"},
		{"", "", "P", "", "P"},
		{"Backup", "Standard", "P", credit, "Credit: Backup Standard"},
		{"", "", "P", credit, "Credit: P"},
		{long, "", "P", "", strings.Repeat("Ü", 99) + "…"},
		{long, "", "P", credit, "Credit: " + strings.Repeat("Ü", 91) + "…"},
		{strings.Repeat("Ü", 100), "", "P", "", strings.Repeat("Ü", 100)},
	}
	for _, test := range tests {
		edit := func(l *billing.LineItem) {
			l.ProductName, l.SKUName, l.ProductID = test.product, test.sku, test.id
			if l.Kind = billing.ChargeNew; test.kind != "" {
				l.Kind = test.kind
			}
		}
		if c := Rate(oneOffWorld(edit)).Charges[0]; c.Name != test.want || !strings.HasPrefix(c.Description, test.want+", 2026-09-01 to 2026-09-30. ") {
			t.Errorf("product %q, SKU %q: %q, %q; want %q", test.product, test.sku, c.Name, c.Description, test.want)
		}
	}
}

// TestDescriptionsOfPurchases: the customer reads what was bought, for which days, at which rate, and when a fixed price counts only in part, for how
// much of the cycle.
func TestDescriptionsOfPurchases(t *testing.T) {
	fixed := []billing.PriceRule{{ID: "f", Kind: billing.FixedRule, ProductID: "DZH318Z0ML23", Value: num("300"), Currency: "EUR"}}
	const head = "Azure savings plan for compute, 2026-09-01 to 2026-09-30. "
	tests := []struct {
		name  string
		edit  func(*billing.LineItem)
		rules []billing.PriceRule
		want  string
	}{
		{"no days", func(l *billing.LineItem) { l.Charged = billing.Period{} }, nil, head + "Quantity 1. Amounts in EUR; 1 USD = 0.8617 EUR."},
		{"half a unit", func(l *billing.LineItem) { l.BillableQuantity = num("0.5") }, nil,
			head + "Quantity 0.5, charged for 2026-09-04 to 2026-10-03. Amounts in EUR; 1 USD = 0.8617 EUR."},
		{"for three years", func(l *billing.LineItem) {
			l.Frequency, l.Charged = billing.Triennial, days("2026-09-04", "2029-09-03")
		}, nil,
			head + "Quantity 1, charged for 2026-09-04 to 2029-09-03, billed once for three years because Autotask has no such period. Amounts in EUR; 1 USD = 0.8617 EUR."},
		{"part of a cycle at a fixed price", func(l *billing.LineItem) { l.Charged.Start = day("2026-09-24") }, fixed,
			head + "Quantity 1, charged for 2026-09-24 to 2026-10-03. The fixed price counts for 10 of the 30 days of the cycle. Amounts in EUR; 1 USD = 0.8617 EUR."},
		{"part of a cycle at a markup", func(l *billing.LineItem) { l.Charged.Start = day("2026-09-24") }, nil,
			head + "Quantity 1, charged for 2026-09-24 to 2026-10-03. Amounts in EUR; 1 USD = 0.8617 EUR."},
		{"in the billing currency", func(l *billing.LineItem) { l.PricingCurrency, l.ExchangeRate = "EUR", num("1") }, nil,
			head + "Quantity 1, charged for 2026-09-04 to 2026-10-03. Amounts in EUR."},
		{"in a currency nobody named", func(l *billing.LineItem) { l.PricingCurrency = "" }, nil, head + "Quantity 1, charged for 2026-09-04 to 2026-10-03. Amounts in EUR."},
		{"at a rate nobody named", func(l *billing.LineItem) { l.ExchangeRate = num("0") }, nil, head + "Quantity 1, charged for 2026-09-04 to 2026-10-03. Amounts in EUR."},
	}
	for _, test := range tests {
		in := oneOffWorld(test.edit)
		in.Mappings.Prices = test.rules
		if c := Rate(in).Charges[0]; c.Description != test.want {
			t.Errorf("%s: %q, want %q", test.name, c.Description, test.want)
		}
	}
}

// TestFixedPriceOfALine: units times the price, for the part of the cycle that is billed; a refund takes back as much, wherever its minus stands. What has
// no cycle, or no days, is charged whole.
func TestFixedPriceOfALine(t *testing.T) {
	tests := []struct {
		name      string
		frequency billing.Frequency
		charged   billing.Period
		quantity  string
		cost      string
		want      string
	}{
		{"a whole month", billing.Monthly, days("2026-09-04", "2026-10-03"), "3", "1", "30.00"},
		{"a third of it", billing.Monthly, days("2026-09-24", "2026-10-03"), "3", "1", "10.00"},
		{"a third of it, taken back", billing.Monthly, days("2026-09-24", "2026-10-03"), "3", "-1", "-10.00"},
		{"taken back, with the minus on the quantity too", billing.Monthly, days("2026-09-24", "2026-10-03"), "-3", "-1", "-10.00"},
		{"charged, with a minus on the quantity", billing.Monthly, days("2026-09-24", "2026-10-03"), "-3", "1", "10.00"},
		{"a month without days", billing.Monthly, billing.Period{}, "3", "1", "30.00"},
		{"bought once, for ten days", billing.OneTime, days("2026-09-24", "2026-10-03"), "3", "1", "30.00"},
		{"metered", billing.Metered, days("2026-09-24", "2026-10-03"), "3", "1", "30.00"},
		{"half a unit", billing.OneTime, billing.Period{}, "0.5", "1", "5.00"},
		{"the first of 31 days", billing.Monthly, days("2026-11-03", "2026-11-03"), "31", "1", "10.00"}, // 3 October to 3 November
	}
	for _, test := range tests {
		l := billing.LineItem{Frequency: test.frequency, Charged: test.charged, BillableQuantity: num(test.quantity), Cost: eur(test.cost)}
		if got := fixedFor(num("10"), &l).Fixed(2); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) { // the parts of a cycle, cut anywhere, make the whole; and a refund of a part leaves nothing of it
		start := day("2026-01-01").AddDays(rapid.IntRange(0, 800).Draw(t, "start"))
		f := rapid.SampledFrom([]billing.Frequency{billing.Monthly, billing.Annual, billing.Triennial}).Draw(t, "frequency")
		whole := billing.Period{Start: start, End: start.AddMonths(cycleMonths[f])}
		if whole.End.AddMonths(-cycleMonths[f]) != start {
			return // a start that the shorter month clamped: the days are counted from the end
		}
		cut := start.AddDays(rapid.IntRange(1, whole.Days()-1).Draw(t, "cut"))
		line := billing.LineItem{Frequency: f, Charged: billing.Period{Start: cut, End: whole.End}, BillableQuantity: num("7"), Cost: eur("1")}
		rest, back := line, line
		back.Cost = eur("-1")
		if isMonths(line.Charged, cycleMonths[f]) {
			return // 29 January to 27 February is a month as well as most of one from 28 January: it counts as the month
		}
		part, days := fixedFor(num("10"), &rest), money.Int(int64(cut.DaysTo(whole.End)))
		if got := part.Mul(money.Int(int64(whole.Days()))).Sub(num("70").Mul(days)).Abs(); got.Cmp(money.New(1, -6)) > 0 {
			t.Fatalf("%s of %s: %s", line.Charged, whole, part)
		}
		if !part.Add(fixedFor(num("10"), &back)).IsZero() || part.Cmp(num("70")) >= 0 || part.Sign() <= 0 {
			t.Fatalf("%s of %s: %s charged, %s taken back", line.Charged, whole, part, fixedFor(num("10"), &back))
		}
	})
}

// TestWhatIsPricedLikeAzure: Microsoft's reservations and savings plans are; licences are not, even with a reservation order, nor is what others sell.
func TestWhatIsPricedLikeAzure(t *testing.T) {
	licence := func(c billing.CustomerID) billing.Subscription {
		return billing.Subscription{ID: "order-1", CustomerID: c, Kind: billing.Licence, Status: billing.Ended, Offer: billing.Offer{Frequency: billing.Triennial}}
	}
	tests := []struct {
		name  string
		edit  func(*billing.LineItem)
		known []billing.Subscription
		azure bool
	}{
		{"a savings plan", func(*billing.LineItem) {}, nil, true},
		{"a reservation by its order alone", func(l *billing.LineItem) { l.ProductID = "RES" }, nil, true},
		{"by its product alone", func(l *billing.LineItem) { l.ReservationOrderID = "" }, nil, true},
		{"neither", func(l *billing.LineItem) { l.ProductID, l.ReservationOrderID = "DG7GMGF0MH7L", "" }, nil, false},
		{"a third party's", func(l *billing.LineItem) { l.Publisher = "Fernbank" }, nil, false},
		{"a licence with an order", func(*billing.LineItem) {}, []billing.Subscription{licence(dunmore)}, false},
		{"another customer's licence of that number", func(*billing.LineItem) {}, []billing.Subscription{licence(alder)}, true},
	}
	for _, test := range tests {
		in := oneOffWorld(test.edit)
		in.Directory.Subscriptions = test.known
		want := "264.19 EUR" // 220.16 and 20 %
		if test.azure {
			want = "242.18 EUR"
		}
		if d := Rate(in); len(d.Charges) != 1 || d.Charges[0].UnitPrice.String() != want {
			t.Errorf("%s: %q, want %s", test.name, summary(d), want)
		}
	}
}

// TestPurchasesFollowTheirSubscription: a route or a switch for one subscription speaks of what is bought under it.
func TestPurchasesFollowTheirSubscription(t *testing.T) {
	in := oneOffWorld(func(*billing.LineItem) {})
	in.Mappings.Routes = append(in.Mappings.Routes, billing.Route{CustomerID: dunmore, SubscriptionID: "order-1", ContractID: "9003"})
	in.Catalogue.Contracts = append(in.Catalogue.Contracts, billing.Contract{ID: "9003", CompanyID: dunCo, Active: true, Recurring: true})
	if got := summary(Rate(in)); !slices.Equal(got, []string{"9003 Azure savings plan for compute 220.16 EUR → 242.18 EUR"}) {
		t.Errorf("routed: %q", got)
	}
	in.Mappings.Switches = append(in.Mappings.Switches, billing.BillingSwitch{CustomerID: dunmore, SubscriptionID: "order-1"})
	if got := outcomes(Rate(in)); !slices.Equal(got, []string{"excluded billing-off 220.16 EUR"}) {
		t.Errorf("switched off: %q", got)
	}
}

// TestNotesNameEveryInvoiceInOrder: the proof lists invoices by number, each with how many of its lines are in the charge: lines of two partners under one
// number, and rows that share a key, are counted one by one.
func TestNotesNameEveryInvoiceInOrder(t *testing.T) {
	in := azureWorld(nil)
	in.Lines, in.Usage = nil, nil
	for i := range 9 {
		set := billedSet(change(consumed("k", vm, "Virtual Machines", "1.00"), func(l *billing.LineItem) { l.Invoice = fmt.Sprint("G", 9-i) }))
		set.ID.Invoice = fmt.Sprint("G", 9-i)
		in.Lines = append(in.Lines, set)
	}
	twin := in.Lines[0]
	twin.ID.PartnerID = "another partner"
	row := in.Lines[1].Lines[0]
	row.Row++
	in.Lines[1].Lines = append(in.Lines[1].Lines, row)
	in.Lines[1].Total.Add(row.Total)
	in.Lines = append(in.Lines, twin)
	want := "Microsoft invoice G1 (1 line), G2 (1 line), G3 (1 line), G4 (1 line), G5 (1 line), G6 (1 line), G7 (1 line), G8 (2 lines), G9 (2 lines), " +
		"cost 11.00 EUR, price rule organization-product-markup (cost plus 10 %)."
	if c := Rate(in).Charges[0]; c.Notes != want {
		t.Errorf("notes %q, want %q", c.Notes, want)
	}
	for i := range 300 { // more than the field takes
		set := billedSet(change(consumed("k", vm, "Virtual Machines", "1.00"), func(l *billing.LineItem) { l.Invoice = fmt.Sprint("H", i) }))
		set.ID.Invoice = fmt.Sprint("H", i)
		in.Lines = append(in.Lines, set)
	}
	if notes := Rate(in).Charges[0].Notes; len([]rune(notes)) > chargeTextMax || !strings.HasSuffix(notes, "…") {
		t.Errorf("notes of %d letters", len([]rune(notes)))
	}
}

// TestLossInWords: the sentence about a loss shows the cost to four places, as the charge carries it.
func TestLossInWords(t *testing.T) {
	in := azureWorld(nil, used(vm, "rg", "Virtual Machines", "6.522749"))
	in.Lines, in.Settings.ProductMarkup = nil, num("-50")
	want := []billing.Hold{{Policy: HoldBelowMargin, Why: "the price 3.26 EUR is below the cost 6.5227 EUR (rule organization-product-markup)"}}
	if c := Rate(in).Charges[0]; !slices.Equal(c.Holds, want) || c.UnitCost.String() != "6.5227 EUR" {
		t.Errorf("cost %s, holds %+v, want %+v", c.UnitCost, c.Holds, want)
	}
}
