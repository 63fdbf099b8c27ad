package rating

import (
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
)

// metered is what a third party charges by consumption on the marketplace: it comes with a meter, and daily usage never speaks of it
// (Microsoft sheet §4.3, §5.4).
func metered(edit func(*billing.LineItem)) billing.LineItem {
	return purchase(func(l *billing.LineItem) {
		l.Key, l.ReservationOrderID, l.Publisher, l.ProductID, l.SubscriptionID = "m1", "", "Fernbank Software Ltd", "DZH318Z0SAAS", "saas-1"
		l.ProductName, l.SKUName, l.Meter, l.Frequency, l.Charged = "Fernbank Backup", "Pay as you go", "Protected mailbox", billing.Metered, days("2026-09-01", "2026-09-30")
		l.Cost, l.Total = eur("50.00"), eur("50.00")
		edit(l)
	})
}

// TestMeteredMarketplace: what other publishers meter is a service on a line of its own with the markup of services, and nobody waits for
// usage that Microsoft never delivers. What stands in the daily usage, or belongs to an Azure plan, is consumption whoever publishes it.
func TestMeteredMarketplace(t *testing.T) {
	const alone = "9002 Fernbank Backup Pay as you go 50.00 EUR → 60.00 EUR"
	const azure = "9002 Azure consumption 2026-09 50.00 EUR → 55.00 EUR"
	tests := []struct {
		name     string
		edit     func(*billing.LineItem)
		more     func(*Input)
		charge   string
		findings []string
	}{
		{"a third party's", func(*billing.LineItem) {}, func(*Input) {}, alone, nil},
		{"known to the directory", func(*billing.LineItem) {}, func(in *Input) {
			in.Directory.Subscriptions = []billing.Subscription{{ID: "saas-1", CustomerID: dunmore, Kind: billing.OtherPurchase, Status: billing.Active}}
		}, alone, nil},
		{"more than a licence has", func(*billing.LineItem) {}, func(in *Input) {
			in.Directory.Subscriptions = []billing.Subscription{{ID: "saas-1", CustomerID: dunmore, Kind: billing.Licence, Status: billing.Active, Offer: billing.Offer{ProductID: "DZH318Z0SAAS", Frequency: billing.Monthly}}}
		}, alone, []string{"no-cost/saas-1"}},
		{"on an Azure plan", func(l *billing.LineItem) { l.SubscriptionID = plan }, func(in *Input) {
			in.Directory.Subscriptions = []billing.Subscription{{ID: plan, CustomerID: dunmore, Kind: billing.AzurePlan, Status: billing.Active}}
		}, azure, []string{"usage-missing/" + invoice + "/dunmore"}},
		{"in the daily usage", func(l *billing.LineItem) {
			l.SubscriptionID, l.ProductID, l.SKUID, l.AvailabilityID = plan, vm, "00VL", "A1"
		}, func(in *Input) {
			in.Usage = []billing.UsageSet{usageSet(used(vm, "rg", "Backup", "50.00"))}
		}, azure, nil},
		{"Microsoft's own", func(l *billing.LineItem) { l.Publisher = "Microsoft" }, func(*Input) {}, azure, []string{"usage-missing/" + invoice + "/dunmore"}},
		{"of nobody", func(l *billing.LineItem) { l.Publisher = "" }, func(*Input) {}, azure, []string{"usage-missing/" + invoice + "/dunmore"}},
		{"credited", func(l *billing.LineItem) {
			l.Kind, l.Cost, l.Total = billing.ChargeCustomerCredit, eur("-50"), eur("-50")
		}, func(*Input) {},
			"9002 Credit: Fernbank Backup Pay as you go -50.00 EUR → -60.00 EUR", nil},
	}
	for _, test := range tests {
		in := world()
		in.Lines = []billing.LineSet{billedSet(metered(test.edit))}
		test.more(&in)
		d := Rate(in)
		if got := summary(d); !slices.Equal(got, []string{test.charge}) {
			t.Errorf("%s: charges %q, want %q", test.name, got, test.charge)
		}
		if got := findingIDs(d); !slices.Equal(got, append([]string{}, test.findings...)) {
			t.Errorf("%s: findings %v, want %v", test.name, got, test.findings)
		}
	}
}

// TestAnInvoiceIsChargedInOneMonth: lines and usage of one invoice may lean to different months when most usage came late. The invoice is
// charged once, by its lines, in their month.
func TestAnInvoiceIsChargedInOneMonth(t *testing.T) {
	late := used(vm, "rg", "Virtual Machines", "6.52")
	late.FirstDay, late.LastDay, late.Rows = day("2026-08-01"), day("2026-08-31"), 1000
	line := consumed("k1", vm, "Virtual Machines - BS", "6.52")
	for _, test := range []struct {
		month   billing.Month
		charges int
	}{{"2026-08", 0}, {"2026-09", 1}} {
		in := azureWorld([]billing.LineItem{line}, late)
		in.Month = test.month
		if UsageMonth(in.Usage[0]) != "2026-08" || MonthOf(in.Lines[0]) != "2026-09" {
			t.Fatal("lines and usage lean to one month")
		}
		if d := Rate(in); len(d.Charges) != test.charges || len(d.Dispositions) != test.charges || len(d.Findings) > 0 {
			t.Errorf("%s: charges %q, outcomes %q, findings %v", test.month, summary(d), outcomes(d), findingIDs(d))
		}
	}
	in := azureWorld(nil, late)
	in.Lines, in.Month = nil, "2026-08"
	if d := Rate(in); len(d.Charges) != 1 {
		t.Errorf("usage whose invoice has no lines: %q", summary(d))
	}
}

// TestFlatAzurePriceNeedsConsumption: the flat price of a month is due for consumption. A credit that comes alone in a later month makes no
// second flat price; it is the MSP's, as the consumption was.
func TestFlatAzurePriceNeedsConsumption(t *testing.T) {
	credit := change(consumed("k2", vm, "Virtual Machines - BS", "-9.34"), func(l *billing.LineItem) { l.Kind, l.Row = billing.ChargeCustomerCredit, 21 })
	flat := []billing.PriceRule{{ID: "flat", Kind: billing.FixedRule, ProductID: azureProduct, Value: num("50"), Currency: "EUR"}}
	tests := []struct {
		name  string
		lines []billing.LineItem
		want  string
	}{
		{"consumption and its credit", []billing.LineItem{consumed("k1", vm, "Virtual Machines - BS", "9.34"), credit}, "9002 Azure consumption 2026-09 0.00 EUR → 50.00 EUR"},
		{"a credit alone", []billing.LineItem{credit}, "9002 Azure consumption 2026-09 -9.34 EUR → 0.00 EUR"},
	}
	for _, test := range tests {
		in := azureWorld(test.lines)
		in.Mappings.Prices = flat
		if got := summary(Rate(in)); !slices.Equal(got, []string{test.want}) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestFixedPricesOfPurchases: a fixed price is the price of a unit of what it names. A price that a customer pays for every seat, or the flat
// price of a month of Azure, says nothing of a server licence or of a reservation.
func TestFixedPricesOfPurchases(t *testing.T) {
	fixed := func(edit func(*billing.PriceRule)) []billing.PriceRule {
		r := billing.PriceRule{ID: "f", Kind: billing.FixedRule, Value: num("30"), Currency: "EUR"}
		edit(&r)
		return []billing.PriceRule{r}
	}
	tests := []struct {
		name  string
		rules []billing.PriceRule
		price string
		rule  string
	}{
		{"none", nil, "242.18 EUR", ruleProductMarkup},
		{"for everything", fixed(func(*billing.PriceRule) {}), "242.18 EUR", ruleProductMarkup},
		{"for the customer", fixed(func(r *billing.PriceRule) { r.CustomerID = dunmore }), "242.18 EUR", ruleProductMarkup},
		{"for Azure", fixed(func(r *billing.PriceRule) { r.ProductID = azureProduct }), "242.18 EUR", ruleProductMarkup},
		{"for the product", fixed(func(r *billing.PriceRule) { r.ProductID = "DZH318Z0ML23" }), "300.00 EUR", "f"},
		{"for the SKU", fixed(func(r *billing.PriceRule) { r.ProductID = "DZH318Z0ML23:0011" }), "300.00 EUR", "f"},
		{"for the subscription", fixed(func(r *billing.PriceRule) { r.SubscriptionID = "order-1" }), "300.00 EUR", "f"},
		{"for Azure of the subscription", fixed(func(r *billing.PriceRule) { r.SubscriptionID, r.ProductID = "order-1", azureProduct }), "242.18 EUR", ruleProductMarkup},
	}
	for _, test := range tests {
		in := world()
		in.Lines = []billing.LineSet{billedSet(purchase(func(l *billing.LineItem) { l.BillableQuantity = num("10") }))}
		in.Mappings.Prices = test.rules
		d := Rate(in)
		if len(d.Charges) != 1 || d.Charges[0].UnitPrice.String() != test.price || d.Charges[0].PriceRule != test.rule {
			t.Errorf("%s: %q, want %s by %s", test.name, summary(d), test.price, test.rule)
		}
	}
}

// TestFixedPricesOfPartsOfACycle: a fixed price is that of a whole charge cycle. What begins, ends or changes inside one costs the customer the
// part that Microsoft charges, by days; a change of quantity takes back and charges anew (Microsoft sheet §4.4, §5.1).
func TestFixedPricesOfPartsOfACycle(t *testing.T) {
	const whole = "2026-09-10 2026-10-09"
	for _, tc := range []struct {
		name      string
		frequency billing.Frequency
		charged   string
		quantity  string
		cost      string
		want      string
		detail    string
	}{
		{"a whole month", billing.Monthly, whole, "10", "220.16", "300.00 EUR", ""},
		{"from the 20th on", billing.Monthly, "2026-09-20 2026-10-09", "10", "146.77", "200.00 EUR", "20 of the 30 days"},
		{"the last day", billing.Monthly, "2026-10-09 2026-10-09", "10", "7.34", "10.00 EUR", "1 of the 30 days"},
		{"taken back", billing.Monthly, "2026-09-20 2026-10-09", "10", "-146.77", "-200.00 EUR", "20 of the 30 days"},
		{"a third", billing.Monthly, "2026-10-03 2026-10-09", "1", "5.14", "7.00 EUR", "7 of the 30 days"},
		{"February's end is a month", billing.Monthly, "2026-01-31 2026-02-27", "1", "22.02", "30.00 EUR", ""},
		{"a year", billing.Annual, "2026-09-10 2027-09-09", "1", "220.16", "30.00 EUR", ""},
		{"half of it", billing.Annual, "2027-03-10 2027-09-09", "1", "110.98", "15.12 EUR", "184 of the 365 days"},
		{"three years", billing.Triennial, "2026-09-10 2029-09-09", "1", "660.48", "30.00 EUR", ""},
		{"two of three", billing.Triennial, "2027-09-10 2029-09-09", "1", "440.00", "20.01 EUR", "731 of the 1096 days"},
		{"bought once", billing.OneTime, "2026-09-10 2026-09-20", "1", "22.02", "30.00 EUR", ""},
		{"more than its cycle", billing.Monthly, "2026-09-10 2026-11-20", "1", "50.00", "30.00 EUR", ""},
	} {
		in := world()
		from, to, _ := strings.Cut(tc.charged, " ")
		in.Lines = []billing.LineSet{billedSet(purchase(func(l *billing.LineItem) {
			l.Frequency, l.Charged, l.BillableQuantity, l.Cost, l.Total = tc.frequency, days(from, to), num(tc.quantity), eur(tc.cost), eur(tc.cost)
		}))}
		in.Mappings.Prices = []billing.PriceRule{{ID: "f", Kind: billing.FixedRule, Value: num("30"), Currency: "EUR", ProductID: "DZH318Z0ML23", BelowCost: true}}
		d := Rate(in)
		if len(d.Charges) != 1 || d.Charges[0].UnitPrice.String() != tc.want || !strings.Contains(d.Charges[0].Description, tc.detail) || strings.Contains(d.Charges[0].Description, "fixed price counts") != (tc.detail != "") {
			t.Errorf("%s: %q %+v, want %s and %q", tc.name, summary(d), d.Charges, tc.want, tc.detail)
		}
	}
}

// TestCataloguePrice: what Spindle writes beside a service it creates is in the internal currency or not said at all.
func TestCataloguePrice(t *testing.T) {
	tests := []struct {
		name        string
		edit        func(*Input)
		price, cost string
	}{
		{"markup", func(*Input) {}, "25.92 EUR", "21.60 EUR"},
		{"a fixed price", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "f", Kind: billing.FixedRule, ProductID: premium, Value: num("30"), Currency: "EUR"}}
		}, "30.00 EUR", "21.60 EUR"},
		{"a fixed price in dollars", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "f", Kind: billing.FixedRule, ProductID: premium, Value: num("30"), Currency: "USD"}}
		}, "0.00 EUR", "21.60 EUR"},
		{"a fixed price without a cost", func(in *Input) {
			in.Lines = nil
			in.Mappings.Prices = []billing.PriceRule{{ID: "f", Kind: billing.FixedRule, ProductID: premium, Value: num("29.955"), Currency: "EUR"}}
		}, "29.96 EUR", "0.00 EUR"},
		{"a customer's price is not the catalogue's", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "c", Kind: billing.MarkupRule, CustomerID: alder, Value: num("99")}}
		}, "25.92 EUR", "21.60 EUR"},
		{"a rule that is over", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "o", Kind: billing.MarkupRule, ProductID: premium, Value: num("99"), To: in.Day}}
		}, "25.92 EUR", "21.60 EUR"},
		{"a margin of 100 %", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "m", Kind: billing.MarginRule, Value: num("100")}}
		}, "0.00 EUR", "21.60 EUR"},
		{"a cost in dollars", func(in *Input) {
			in.Lines[0].Lines[0].Cost, in.Lines[0].Lines[0].Total = usd("259.20"), usd("259.20")
		}, "0.00 EUR", "0.00 EUR"},
	}
	for _, test := range tests {
		in := world()
		in.Directory.Subscriptions = []billing.Subscription{seat("s1", 15)}
		in.Lines = []billing.LineSet{billedSet(bought("s1", "12", "259.20"))}
		test.edit(&in)
		d := Rate(in)
		if len(d.Services) != 1 || d.Services[0].UnitPrice.String() != test.price || d.Services[0].UnitCost.String() != test.cost {
			t.Errorf("%s: services %+v, want %s for %s", test.name, d.Services, test.price, test.cost)
		}
	}
}

// TestBelowCostIsAllowedRuleByRule: a rule that may go below cost speaks for what it prices, not for the rest of the charge. Two meters of
// 10 EUR each; the first may be sold at a loss.
func TestBelowCostIsAllowedRuleByRule(t *testing.T) {
	tests := []struct {
		name          string
		first, second string // markup of each
		held          string // "" when the charge goes through
	}{
		{"both above", "10", "10", ""},
		{"the allowed loss", "-50", "10", ""},
		{"the allowed loss, the other at cost", "-50", "0", ""},
		{"the other is sold at a loss too", "-50", "-10", "the price 9.00 EUR is below the cost 10.00 EUR (rule second)"},
		{"a loss that the first makes up for", "50", "-10", ""},
		{"a loss that the first just makes up for", "10", "-10", ""},
		{"a loss that the first makes up for but a cent", "9.9", "-10", "the price 9.00 EUR is below the cost 10.00 EUR (rule second)"},
	}
	for _, test := range tests {
		in := azureWorld([]billing.LineItem{consumed("k1", vm, "Virtual Machines", "10.00"), consumed("k2", vm+"2", "Storage", "10.00")},
			used(vm, "rg", "Virtual Machines", "10.00"), used(vm+"2", "rg", "Storage", "10.00"))
		in.Mappings.Prices = []billing.PriceRule{{ID: "first", Kind: billing.MarkupRule, ProductID: vm, Value: num(test.first), BelowCost: true},
			{ID: "second", Kind: billing.MarkupRule, ProductID: vm + "2", Value: num(test.second)}}
		d := Rate(in)
		if len(d.Charges) != 1 || (len(d.Charges[0].Holds) > 0) != (test.held != "") || (len(d.Findings) > 0) != (test.held != "") {
			t.Errorf("%s: %q, holds %v, findings %v", test.name, summary(d), d.Charges[0].Holds, findingIDs(d))
			continue
		}
		if test.held != "" && (d.Charges[0].Holds[0].Why != test.held || !strings.Contains(d.Findings[0].Message, test.held)) {
			t.Errorf("%s: held because %q, want %q", test.name, d.Charges[0].Holds[0].Why, test.held)
		}
	}
}

// TestLossIsMeasuredOnTheExactCost: a cost of 0.00495 passed on is 0.00, and no loss; rounded to four places first it would look like one.
func TestLossIsMeasuredOnTheExactCost(t *testing.T) {
	r := &rater{in: world()}
	for _, test := range []struct {
		price, cost string
		loss        bool
	}{
		{"0.00495", "0.00495", false}, {"0.00499999", "0.00499999", false}, {"0.005", "0.005", false}, {"0.0049", "0.005", true},
		{"9.99", "10", true}, {"9.995", "10", false}, {"10", "10.0049", false}, {"10", "10.005", true}, {"-1", "-0.5", false}, {"0", "0", false},
	} {
		if why := (guarded{price: num(test.price), cost: num(test.cost)}).loss(r, "EUR"); (why != "") != test.loss {
			t.Errorf("%s for a cost of %s: %q", test.price, test.cost, why)
		}
	}
}

// TestALineBelongsToItsCustomer: a subscription id that the directory lists for somebody else bills nobody's line: the money of one customer is
// never called billed by the line of another.
func TestALineBelongsToItsCustomer(t *testing.T) {
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{seat("s1", 15)} // Alder's
	in.Lines = []billing.LineSet{billedSet(change(bought("s1", "12", "259.20"), func(l *billing.LineItem) { l.CustomerID = dunmore }))}
	d := Rate(in)
	if got := outcomes(d); !slices.Equal(got, []string{"held line-without-subscription/s1 259.20 EUR"}) {
		t.Errorf("outcomes %q", got)
	}
	if f := findingOf(t, d, "line-without-subscription/s1"); f.CustomerID != dunmore {
		t.Errorf("finding %+v", f)
	}
}

// TestNobodyMissesUsageThatIsNotBilled: findings about usage are about money that is billed. A customer nobody switched on, or whose billing
// begins later, is no reason to look for files.
func TestNobodyMissesUsageThatIsNotBilled(t *testing.T) {
	line := []billing.LineItem{consumed("k1", vm, "Virtual Machines - BS", "6.52")}
	more := used(vm, "rg", "Virtual Machines", "9.99")
	tests := []struct {
		name     string
		switches []billing.BillingSwitch
		findings bool
	}{
		{"on", []billing.BillingSwitch{{CustomerID: dunmore, On: true}}, true},
		{"off", []billing.BillingSwitch{{CustomerID: dunmore}}, false},
		{"nobody decided", nil, false},
		{"later", []billing.BillingSwitch{{CustomerID: dunmore, On: true, From: "2026-10"}}, false},
		{"only its plan is on", []billing.BillingSwitch{{CustomerID: dunmore}, {CustomerID: dunmore, SubscriptionID: plan, On: true}}, true},
	}
	for _, test := range tests {
		for _, in := range []Input{azureWorld(line), azureWorld(line, more)} { // usage missing, and more than was billed
			in.Mappings.Switches = test.switches
			if d := Rate(in); (len(d.Findings) > 0) != test.findings {
				t.Errorf("%s: findings %v", test.name, findingIDs(d))
			}
		}
	}
}

// TestConsumptionWithoutUsage: when no usage stands behind a line, the line itself names the meter category, carries the exchange rate, and
// follows the customer's route; the finding says what is missing and what to do.
func TestConsumptionWithoutUsage(t *testing.T) {
	named := func(key, meter, product string) billing.LineItem {
		return change(consumed(key, vm+key, meter, "10.00"), func(l *billing.LineItem) { l.ProductName = product })
	}
	tests := []struct{ meter, product, want string }{
		{"Virtual Machines - BS Series - B2s - EU West", "Virtual Machines BS Series", "Virtual Machines"},
		{" Storage  - Tables", "x", "Storage"},
		{"Bandwidth", "x", "Bandwidth"},
		{"Log-Analytics", "x", "Log-Analytics"}, // a hyphen in a name is no separator
		{" - B2s", "Virtual Machines BS Series", "Virtual Machines BS Series"},
		{" - B2s", "", "Azure credit"},
	}
	for _, test := range tests {
		in := azureWorld([]billing.LineItem{named("a", test.meter, test.product)})
		in.Settings.AzureBundled = false
		d := Rate(in)
		if got := summary(d); !slices.Equal(got, []string{"9002 " + test.want + " 2026-09 10.00 EUR → 11.00 EUR"}) {
			t.Errorf("%q: %q, want %s", test.meter, got, test.want)
			continue
		}
		if c := d.Charges[0]; !strings.Contains(c.Description, test.want+", 2026-09-01 to 2026-09-30. Amounts in EUR; 1 USD = 0.8617 EUR.") || c.Key != "azure|9002|2026-09|"+test.want+"|EUR" {
			t.Errorf("%q: charge %+v", test.meter, c)
		}
		f := findingOf(t, d, "usage-missing/"+invoice+"/dunmore")
		if want := "no usage stands behind Azure lines of Dunmore Analytics Ltd on invoice G104775210, so they follow the customer's route, not that of a resource group"; !strings.HasPrefix(f.Message, want) ||
			f.Remedy != "read or import the daily usage of the invoice" || f.Money.String() != "10.00 EUR" {
			t.Errorf("%q: finding %+v", test.meter, f)
		}
	}
}

// TestResourceGroupsWithoutMoney: a group whose share is less than a cent has nothing to be billed: it needs no route, and no finding asks for
// one. Its usage is in the sums all the same.
func TestResourceGroupsWithoutMoney(t *testing.T) {
	in := azureWorld([]billing.LineItem{consumed("k1", vm, "Virtual Machines - BS", "10.00")},
		used(vm, "rg-a", "Virtual Machines", "10.00"), used(vm, "rg-b", "Virtual Machines", "0.001"), used(vm, "rg-c", "Virtual Machines", "0"))
	in.Mappings.Routes = []billing.Route{{CustomerID: dunmore, ResourceGroup: "rg-a", ContractID: dunCon}}
	d := Rate(in)
	if got := outcomes(d); !slices.Equal(got, []string{"billed azure|9002|2026-09|*|EUR 10.00 EUR"}) || len(d.Findings) > 0 {
		t.Errorf("outcomes %q, findings %v", got, findingIDs(d))
	}
}

// TestUsageAloneKeepsItsSet: where usage is all there is, each group is a source line of its own set, found again by its key.
func TestUsageAloneKeepsItsSet(t *testing.T) {
	groups := []billing.UsageGroup{used(vm, "rg-a", "Virtual Machines", "6.52265"), used(vm, "rg-b", "Virtual Machines", "0"), used(vm, "rg-c", "Virtual Machines", "-1")}
	in := azureWorld(nil, groups...)
	in.Lines = nil
	d := Rate(in)
	if got := summary(d); !slices.Equal(got, []string{"9002 Azure consumption 2026-09 5.5227 EUR → 6.07 EUR"}) { // 5.52265, half a ten-thousandth goes up
		t.Errorf("charges %q", got)
	}
	if notes := d.Charges[0].Notes; !strings.Contains(notes, "G104775210 (2 lines), 12 usage rows, cost 5.52265 EUR with credits of -1.00 EUR, price rule "+ruleProductMarkup) {
		t.Errorf("notes %q", notes)
	}
	for i, x := range d.Dispositions {
		if x.Set != in.Usage[0].ID || x.LineKey != UsageKey(&groups[i]) || !x.Cost.Equal(groups[i].Cost) || x.Row != 0 {
			t.Errorf("disposition %+v, want that of %+v", x, groups[i])
		}
	}
}

// TestUsageKeysDiffer: every named field of a group is part of its key, so that no two groups of a set share an outcome.
func TestUsageKeysDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, edit := range []func(*billing.UsageGroup){
		func(*billing.UsageGroup) {}, func(g *billing.UsageGroup) { g.CustomerID = "x" }, func(g *billing.UsageGroup) { g.PlanID = "x" },
		func(g *billing.UsageGroup) { g.AzureSubscriptionID = "x" }, func(g *billing.UsageGroup) { g.ResourceGroup = "x" },
		func(g *billing.UsageGroup) { g.ProductID = "x" }, func(g *billing.UsageGroup) { g.SKUID = "x" }, func(g *billing.UsageGroup) { g.AvailabilityID = "x" },
		func(g *billing.UsageGroup) { g.MeterCategory = "x" }, func(g *billing.UsageGroup) { g.Charged = days("2026-08-01", "2026-08-31") },
	} {
		g := used(vm, "rg", "Virtual Machines", "1")
		edit(&g)
		if key := UsageKey(&g); seen[key] {
			t.Errorf("two groups are called %q", key)
		} else {
			seen[key] = true
		}
	}
}

// TestLongTextsOfCharges: what the target has no room for is cut with a sign, and the month stays in the name.
func TestLongTextsOfCharges(t *testing.T) {
	long := strings.Repeat("Ü", 150)
	in := azureWorld([]billing.LineItem{consumed("k1", vm, "Virtual Machines", "10.00")}, used(vm, "rg", long, "10.00"))
	in.Settings.AzureBundled = false
	c := Rate(in).Charges[0]
	if n := len([]rune(c.Name)); n != chargeNameMax || !strings.HasSuffix(c.Name, "Ü… 2026-09") || !strings.HasPrefix(c.Description, strings.Repeat("Ü", 99)+"…, 2026-09-01") {
		t.Errorf("%d letters: %s; %s", n, c.Name, c.Description)
	}
	in = azureWorld([]billing.LineItem{consumed("k1", vm, "Virtual Machines", "10.00")}, used(vm, "rg", "", "10.00"))
	in.Settings.AzureBundled = false
	if got := summary(Rate(in)); !slices.Equal(got, []string{"9002 Azure usage 2026-09 10.00 EUR → 11.00 EUR"}) {
		t.Errorf("usage that names no category: %q", got)
	}
	var lines []billing.LineItem
	for i := range 90 { // as many exchange rates and late months as no invoice has
		lines = append(lines, change(consumed(strings.Repeat("k", i+1), vm, "Virtual Machines", "10.00"), func(l *billing.LineItem) {
			l.Charged = billing.Period{Start: day("2019-01-01").AddMonths(i), End: day("2019-01-01").AddMonths(i + 1)}
		}))
	}
	in = azureWorld(lines)
	if c := Rate(in).Charges[0]; len([]rune(c.Description)) != chargeTextMax || !strings.HasSuffix(c.Description, "…") {
		t.Errorf("a description of %d letters: %s", len([]rune(c.Description)), c.Description)
	}
}

// TestCurrencyFindingSaysWhatToDo: Spindle does not convert; the finding names both currencies and the company.
func TestCurrencyFindingSaysWhatToDo(t *testing.T) {
	in := azureWorld([]billing.LineItem{consumed("k1", vm, "Virtual Machines", "10.00")}, used(vm, "rg", "Virtual Machines", "10.00"))
	in.Catalogue.Companies[1].Currency = "USD"
	f := findingOf(t, Rate(in), "currency/charges/dunmore")
	want := "Microsoft bills Dunmore Analytics Ltd in EUR but company 101 is billed in USD, and Spindle does not convert: B2s"
	if f.Message != want || f.Remedy != "bill it by hand, or correct the company's currency" || f.CustomerID != dunmore || f.Customer != "Dunmore Analytics Ltd" || f.Money.String() != "10.00 EUR" {
		t.Errorf("finding %+v, want %q", f, want)
	}
}
