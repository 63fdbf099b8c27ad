package rating

import (
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

const plan = billing.SubscriptionID("plan-d")

// consumed is a line of Azure consumption of Dunmore.
func consumed(key, product, meter, cost string) billing.LineItem {
	return billing.LineItem{
		Key: key, Row: 20, Invoice: invoice, CustomerID: dunmore, CustomerName: "Dunmore Analytics Ltd", ProductID: product, SKUID: "00VL", AvailabilityID: "A1",
		SKUName: "B2s", ProductName: "Virtual Machines BS Series", Publisher: "Microsoft", Kind: billing.ChargeNew, SubscriptionID: plan,
		Frequency: billing.Monthly, Charged: days("2026-09-01", "2026-09-30"), OrderDate: day("2026-09-30"), Meter: meter,
		ListUnitCost: num("0.048"), EffectiveUnitCost: num("0.0408"), PricingCurrency: "USD", ExchangeRate: num("0.8617"), Cost: eur(cost), Total: eur(cost),
	}
}

// used is the usage behind a line of Dunmore in one resource group.
func used(product, group, category, cost string) billing.UsageGroup {
	return billing.UsageGroup{
		CustomerID: dunmore, PlanID: plan, AzureSubscriptionID: "az1", ResourceGroup: group, ProductID: product, SKUID: "00VL", AvailabilityID: "A1",
		MeterCategory: category, Charged: days("2026-09-01", "2026-09-30"), Rows: 6, Cost: eur(cost), BeforePEC: eur(cost),
		FirstDay: day("2026-09-01"), LastDay: day("2026-09-30"), ExchangeRate: num("0.8617"), PricingCurrency: "USD",
	}
}

func azureWorld(lines []billing.LineItem, groups ...billing.UsageGroup) Input {
	in := world()
	in.Directory.Subscriptions = []billing.Subscription{{ID: plan, CustomerID: dunmore, Kind: billing.AzurePlan, Status: billing.Active, Offer: billing.Offer{Frequency: billing.Metered}}}
	in.Lines = []billing.LineSet{billedSet(lines...)}
	if len(groups) > 0 {
		in.Usage = []billing.UsageSet{usageSet(groups...)}
	}
	return in
}

// summary gives "contract name cost → price" of every charge, in order.
func summary(d billing.Desired) []string {
	list := []string{}
	for _, c := range d.Charges {
		list = append(list, c.Contract.String()+" "+c.Name+" "+c.UnitCost.String()+" → "+c.UnitPrice.String())
	}
	return list
}

func TestAzureBundled(t *testing.T) {
	in := azureWorld([]billing.LineItem{consumed("k1", vm, "Virtual Machines - BS", "6.52"), consumed("k2", "DZH318Z0X542", "Storage - Tables", "9.46")},
		used(vm, "rg-erp", "Virtual Machines", "4.62443"), used(vm, "rg-web", "Virtual Machines", "1.8983"), used("DZH318Z0X542", "rg-erp", "Storage", "9.4634"))
	d := Rate(in)
	if got := summary(d); !slices.Equal(got, []string{"9002 Azure consumption 2026-09 15.98 EUR → 17.58 EUR"}) { // 15.98 × 1.1 = 17.578
		t.Fatalf("charges %q, findings %v", got, findingIDs(d))
	}
	c := d.Charges[0]
	if c.Key != "azure|9002|2026-09|*|EUR" || c.Mark != billing.ChargeMark(org, c.Key) || c.Date != day("2026-09-30") || !c.Quantity.Equal(money.Int(1)) ||
		c.BillingCodeID != codeMat || c.PriceRule != ruleProductMarkup || c.Month != "2026-09" || c.CustomerID != dunmore || len(c.Holds) != 0 {
		t.Errorf("charge %+v", c)
	}
	for _, want := range []string{"Azure consumption", "2026-09-01 to 2026-09-30", "EUR", "1 USD = 0.8617 EUR"} {
		if !strings.Contains(c.Description, want) {
			t.Errorf("description %q lacks %q", c.Description, want)
		}
	}
	for _, want := range []string{"G104775210 (2 lines)", "18 usage rows", "15.98 EUR", ruleProductMarkup} {
		if !strings.Contains(c.Notes, want) {
			t.Errorf("notes %q lack %q", c.Notes, want)
		}
	}
	if got := outcomes(d); !slices.Equal(got, []string{"billed azure|9002|2026-09|*|EUR 6.52 EUR", "billed azure|9002|2026-09|*|EUR 9.46 EUR"}) {
		t.Errorf("outcomes %q", got)
	}
	if len(d.Findings) != 0 {
		t.Errorf("findings %+v", d.Findings)
	}
}

// TestAzureRouting: each line is split over resource groups to the cent, and every way of grouping keeps the sum.
func TestAzureRouting(t *testing.T) {
	lines := []billing.LineItem{consumed("k1", vm, "Virtual Machines - BS", "6.52"), consumed("k2", "DZH318Z0X542", "Storage - Tables", "9.46")}
	groups := []billing.UsageGroup{used(vm, "rg-erp", "Virtual Machines", "4.62443"), used(vm, "rg-web", "Virtual Machines", "1.8983"), used("DZH318Z0X542", "rg-erp", "Storage", "9.4634")}
	own := billing.Contract{ID: "9003", CompanyID: dunCo, Name: "Web", Active: true, Recurring: true, Start: day("2026-01-01"), End: day("2026-12-31")}
	web := billing.Route{CustomerID: dunmore, ResourceGroup: "rg-web", ContractID: "9003"}
	tests := []struct {
		name     string
		edit     func(*Input)
		charges  []string
		outcomes []string
	}{
		{"resource group on a contract of its own", func(in *Input) { in.Mappings.Routes = append(in.Mappings.Routes, web) },
			[]string{"9002 Azure consumption 2026-09 14.08 EUR → 15.49 EUR", "9003 Azure consumption 2026-09 1.90 EUR → 2.09 EUR"},
			[]string{"billed azure|9002|2026-09|*|EUR 4.62 EUR", "billed azure|9003|2026-09|*|EUR 1.90 EUR", "billed azure|9002|2026-09|*|EUR 9.46 EUR"}},
		{"one charge per meter category", func(in *Input) { in.Settings.AzureBundled = false },
			[]string{"9002 Storage 2026-09 9.46 EUR → 10.41 EUR", "9002 Virtual Machines 2026-09 6.52 EUR → 7.17 EUR"},
			[]string{"billed azure|9002|2026-09|Virtual Machines|EUR 6.52 EUR", "billed azure|9002|2026-09|Storage|EUR 9.46 EUR"}},
		{"only one resource group is routed", func(in *Input) { in.Mappings.Routes = []billing.Route{web} },
			[]string{"9003 Azure consumption 2026-09 1.90 EUR → 2.09 EUR"},
			[]string{"billed azure|9003|2026-09|*|EUR 1.90 EUR", "held no-contract/dunmore 4.62 EUR", "held no-contract/dunmore 9.46 EUR"}},
		{"Azure plan switched off", func(in *Input) {
			in.Mappings.Switches = append(in.Mappings.Switches, billing.BillingSwitch{CustomerID: dunmore, SubscriptionID: plan})
		}, nil, []string{"excluded billing-off 6.52 EUR", "excluded billing-off 9.46 EUR"}},
		{"not mapped", func(in *Input) { in.Mappings.Companies = nil }, nil, []string{"held customer-unmapped/dunmore 6.52 EUR", "held customer-unmapped/dunmore 9.46 EUR"}},
		{"no material code", func(in *Input) { in.Settings.MaterialCodeID = "" }, nil,
			[]string{"held settings/Azure and one-off charges 6.52 EUR", "held settings/Azure and one-off charges 9.46 EUR"}},
		{"company in dollars", func(in *Input) { in.Catalogue.Companies[1].Currency = "USD" }, nil,
			[]string{"held currency/charges/dunmore 6.52 EUR", "held currency/charges/dunmore 9.46 EUR"}},
		{"contract is gone", func(in *Input) { in.Mappings.Routes[1].ContractID = "404" }, nil,
			[]string{"held contract-missing/dunmore/404 6.52 EUR", "held contract-missing/dunmore/404 9.46 EUR"}},
		{"no name for the bundle", func(in *Input) { in.Settings.AzureBundleName = "" }, []string{"9002 Azure usage 2026-09 15.98 EUR → 17.58 EUR"}, nil},
		{"a rule for Azure", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "az", Kind: billing.MarginRule, ProductID: azureProduct, Value: num("20")}}
		}, []string{"9002 Azure consumption 2026-09 15.98 EUR → 19.98 EUR"}, nil}, // 19.975
		{"a rule for one product", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "vm", Kind: billing.MarkupRule, ProductID: vm, Value: num("100")}}
		}, []string{"9002 Azure consumption 2026-09 15.98 EUR → 23.45 EUR"}, nil}, // 13.04 + 10.406
		{"a flat price for Azure", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "flat", Kind: billing.FixedRule, ProductID: azureProduct, CustomerID: dunmore, Value: num("50"), Currency: "EUR"}}
		}, []string{"9002 Azure consumption 2026-09 15.98 EUR → 50.00 EUR"}, nil},
		{"a flat price in dollars", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "flat", Kind: billing.FixedRule, ProductID: azureProduct, Value: num("50"), Currency: "USD"}}
		}, nil, []string{"held currency/rule/flat 6.52 EUR", "held currency/rule/flat 9.46 EUR"}},
		{"a customer's fixed seat price is not for Azure", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "seat", Kind: billing.FixedRule, CustomerID: dunmore, Value: num("9"), Currency: "EUR"}}
		}, []string{"9002 Azure consumption 2026-09 15.98 EUR → 17.58 EUR"}, nil},
		{"a margin of 100 %", func(in *Input) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "all", Kind: billing.MarginRule, Value: num("100")}}
		}, nil, []string{"held no-price/rule/all 6.52 EUR", "held no-price/rule/all 9.46 EUR"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := azureWorld(lines, groups...)
			in.Catalogue.Contracts = append(in.Catalogue.Contracts, own)
			test.edit(&in)
			d := Rate(in)
			if got := summary(d); !slices.Equal(got, append([]string{}, test.charges...)) {
				t.Errorf("charges %q, want %q", got, test.charges)
			}
			if got := outcomes(d); test.outcomes != nil && !slices.Equal(got, test.outcomes) {
				t.Errorf("outcomes %q, want %q", got, test.outcomes)
			}
		})
	}
}

// TestEarnedCredit: the price base is what the usage would have cost without partner earned credit, when the MSP keeps that credit.
func TestEarnedCredit(t *testing.T) {
	group := used(vm, "rg-erp", "Virtual Machines", "8.50")
	group.BeforePEC = eur("10.00")
	line := consumed("k1", vm, "Virtual Machines - BS", "8.50")
	tests := []struct {
		name string
		keep bool
		in   Input
		want string
	}{
		{"passed on", false, azureWorld([]billing.LineItem{line}, group), "9.35 EUR"},                            // 8.50 × 1.1
		{"kept", true, azureWorld([]billing.LineItem{line}, group), "11.00 EUR"},                                 // 10.00 × 1.1
		{"kept, usage missing: list price of the line", true, azureWorld([]billing.LineItem{line}), "11.00 EUR"}, // 8.50 × 0.048 ÷ 0.0408 × 1.1
		{"kept, no credit was earned", true, azureWorld([]billing.LineItem{line}, used(vm, "rg-erp", "Virtual Machines", "8.50")), "9.35 EUR"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.in.Settings.KeepEarnedCredit = test.keep
			d := Rate(test.in)
			if len(d.Charges) != 1 || d.Charges[0].UnitPrice.String() != test.want || d.Charges[0].UnitCost.String() != "8.50 EUR" {
				t.Errorf("charges %q, want %s", summary(d), test.want)
			}
		})
	}
}

// TestAzureCredits: a customer credit follows the route of the usage it credits, and cancels it out.
func TestAzureCredits(t *testing.T) {
	line := consumed("k1", vm, "Virtual Machines - BS", "9.34")
	credit := change(line, func(l *billing.LineItem) {
		l.Key, l.Row, l.Kind, l.Cost, l.Total = "k2", 21, billing.ChargeCustomerCredit, eur("-9.34"), eur("-9.34")
	})
	group := used(vm, "rg-erp", "Virtual Machines", "9.345")
	d := Rate(azureWorld([]billing.LineItem{line, credit}, group))
	if len(d.Charges) != 0 || !slices.Equal(outcomes(d), []string{"excluded zero-amount 9.34 EUR", "excluded zero-amount -9.34 EUR"}) || len(d.Findings) != 0 {
		t.Errorf("full credit: %q, %q, %v", summary(d), outcomes(d), findingIDs(d))
	}
	part := change(credit, func(l *billing.LineItem) { l.Cost, l.Total = eur("-4.34"), eur("-4.34") })
	d = Rate(azureWorld([]billing.LineItem{line, part}, group))
	if got := summary(d); !slices.Equal(got, []string{"9002 Azure consumption 2026-09 5.00 EUR → 5.50 EUR"}) || !strings.Contains(d.Charges[0].Notes, "credits of -4.34 EUR") {
		t.Errorf("part credit: %q", got)
	}
	lonely := change(credit, func(l *billing.LineItem) { l.Meter, l.ProductName, l.ProductID = "", "", "" })
	d = Rate(azureWorld([]billing.LineItem{lonely}))
	if got := summary(d); !slices.Equal(got, []string{"9002 Azure consumption 2026-09 -9.34 EUR → -10.27 EUR"}) || len(d.Findings) != 0 {
		t.Errorf("credit alone: %q, %v", got, findingIDs(d))
	}
}

func TestAzureEvidenceFindings(t *testing.T) {
	line := consumed("k1", vm, "Virtual Machines - BS", "6.52")
	late := change(line, func(l *billing.LineItem) {
		l.Key, l.Charged, l.Cost, l.Total = "late", days("2026-08-01", "2026-08-31"), eur("2.28"), eur("2.28")
	})
	lateGroup := used(vm, "rg-erp", "Virtual Machines", "2.283")
	lateGroup.Charged = late.Charged
	tests := []struct {
		name     string
		lines    []billing.LineItem
		groups   []billing.UsageGroup
		findings []string
		money    string
		text     string // of the description
	}{
		{"usage missing", []billing.LineItem{line}, nil, []string{"usage-missing/G104775210/dunmore"}, "6.52 EUR", ""},
		{"two truncations are fine", []billing.LineItem{line}, []billing.UsageGroup{used(vm, "rg", "Virtual Machines", "6.54")}, nil, "", ""},
		{"more usage than billed", []billing.LineItem{line}, []billing.UsageGroup{used(vm, "rg", "Virtual Machines", "6.5401")}, []string{"totals-differ/usage/G104775210/dunmore"}, "0.0201 EUR", ""},
		{"less usage than billed", []billing.LineItem{line}, []billing.UsageGroup{used(vm, "rg", "Virtual Machines", "6.00")}, []string{"totals-differ/usage/G104775210/dunmore"}, "-0.52 EUR", ""},
		{"usage nobody billed", []billing.LineItem{line}, []billing.UsageGroup{used(vm, "rg", "Virtual Machines", "6.52"), used("DZH0OTHER", "rg", "Storage", "3")},
			[]string{"totals-differ/usage/G104775210/dunmore"}, "3.00 EUR", ""},
		{"a trace of usage nobody billed", []billing.LineItem{line}, []billing.UsageGroup{used(vm, "rg", "Virtual Machines", "6.52"), used("DZH0OTHER", "rg", "Storage", "0.02")}, nil, "", ""},
		{"late usage is billed by invoice", []billing.LineItem{line, late}, []billing.UsageGroup{used(vm, "rg-erp", "Virtual Machines", "6.52"), lateGroup}, nil, "", "usage of 2026-08-01 to 2026-08-31 that Microsoft billed late"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := Rate(azureWorld(test.lines, test.groups...))
			if got := findingIDs(d); !slices.Equal(got, append([]string{}, test.findings...)) {
				t.Fatalf("findings %v, want %v", got, test.findings)
			}
			if len(test.findings) > 0 && d.Findings[0].Money.String() != test.money {
				t.Errorf("money %s, want %s", d.Findings[0].Money, test.money)
			}
			if len(d.Charges) != 1 || !strings.Contains(d.Charges[0].Description, test.text) {
				t.Errorf("charges %q", summary(d))
			}
		})
	}
}

// TestUsageWithoutLines: when only usage is there, the groups are the source lines.
func TestUsageWithoutLines(t *testing.T) {
	in := azureWorld(nil, used(vm, "rg-erp", "Virtual Machines", "4.62443"), used(vm, "rg-web", "Virtual Machines", "1.8983"), used(vm, "rg-zero", "Virtual Machines", "0"))
	in.Lines = nil
	d := Rate(in)
	if got := summary(d); !slices.Equal(got, []string{"9002 Azure consumption 2026-09 6.5227 EUR → 7.18 EUR"}) { // 6.52273 × 1.1 = 7.175003
		t.Errorf("charges %q", got)
	}
	if got := outcomes(d); len(got) != 3 || got[2] != "excluded zero-amount 0.00 EUR" {
		t.Errorf("outcomes %q", got)
	}
	var sum money.Totals
	for _, x := range d.Dispositions {
		sum.Add(x.Cost)
	}
	if sum.String() != "6.52273 EUR" {
		t.Errorf("outcomes add up to %s", sum)
	}
}

func TestChargeBelowCost(t *testing.T) {
	in := azureWorld([]billing.LineItem{consumed("k1", vm, "Virtual Machines - BS", "6.52")}, used(vm, "rg", "Virtual Machines", "6.52"))
	in.Settings.ProductMarkup = num("-5")
	d := Rate(in)
	if len(d.Charges) != 1 || len(d.Charges[0].Holds) != 1 || d.Charges[0].Holds[0].Policy != HoldBelowMargin {
		t.Fatalf("charges %+v", d.Charges)
	}
	if ids := findingIDs(d); !slices.Equal(ids, []string{"below-cost/azure|9002|2026-09|*|EUR"}) {
		t.Errorf("findings %v", ids)
	}
	in.Mappings.Prices = []billing.PriceRule{{ID: "loss", Kind: billing.MarkupRule, ProductID: azureProduct, Value: num("-5"), BelowCost: true}}
	if d := Rate(in); len(d.Findings) != 0 || len(d.Charges[0].Holds) != 0 {
		t.Errorf("allowed: %+v", d.Findings)
	}
}

// TestChargeOnNewContract: a charge is never dated before its contract starts.
func TestChargeOnNewContract(t *testing.T) {
	in := azureWorld([]billing.LineItem{consumed("k1", vm, "Virtual Machines - BS", "6.52")}, used(vm, "rg", "Virtual Machines", "6.52"))
	in.Mappings.Routes = []billing.Route{{CustomerID: dunmore, Managed: true}}
	d := Rate(in)
	if len(d.Contracts) != 1 || len(d.Charges) != 1 || d.Charges[0].Date != day("2026-10-01") || d.Charges[0].Contract.Mark != d.Contracts[0].Mark {
		t.Errorf("contracts %+v charges %+v", d.Contracts, d.Charges)
	}
}

// TestToleranceOfUsageGrowsWithTheLines: Microsoft truncates twice on each line, so that much more usage may stand behind lines that bill one meter together.
func TestToleranceOfUsageGrowsWithTheLines(t *testing.T) {
	for _, test := range []struct {
		lines int
		used  string
		want  []string
	}{
		{1, "1.02", []string{}},
		{1, "1.0201", []string{"totals-differ/usage/G104775210/dunmore 0.0201 EUR"}},
		{3, "3.06", []string{}},
		{3, "3.0601", []string{"totals-differ/usage/G104775210/dunmore 0.0601 EUR"}},
		{3, "2.94", []string{}},
		{3, "2.9399", []string{"totals-differ/usage/G104775210/dunmore -0.0601 EUR"}},
		{0, "0.02", []string{}},
		{0, "0.0201", []string{"totals-differ/usage/G104775210/dunmore 0.0201 EUR"}},
	} {
		lines := []billing.LineItem{purchase(func(*billing.LineItem) {})}
		for i := range test.lines {
			lines = append(lines, change(consumed("k", vm, "Virtual Machines", "1.00"), func(l *billing.LineItem) { l.Row += i }))
		}
		if got := findingTexts(Rate(azureWorld(lines, used(vm, "rg", "Virtual Machines", test.used)))); !slices.Equal(got, test.want) {
			t.Errorf("%d lines for %s of usage: %q, want %q", test.lines, test.used, got, test.want)
		}
	}
}

// TestUsageInTwoCurrencies: usage is compared with the lines of its own currency, whichever come first: a bill in dollars is no bill of euros.
func TestUsageInTwoCurrencies(t *testing.T) {
	in := func(c string) billing.LineItem {
		return change(consumed("k"+c, vm, "Virtual Machines", "1.00"), func(l *billing.LineItem) {
			l.Cost = money.Of(num("1.00"), money.Currency(c))
			l.Total = l.Cost
		})
	}
	dollars := used(vm, "rg", "Virtual Machines", "1.00")
	dollars.Cost = usd("5.00")
	for _, lines := range bothWays(in("EUR"), in("USD")) {
		d := Rate(azureWorld(lines, used(vm, "rg", "Virtual Machines", "1.00"), dollars))
		if f := findingOf(t, d, "totals-differ/usage/G104775210/dunmore"); f.Money.String() != "4.00 USD" {
			t.Errorf("%s differ, want 4 dollars", f.Money)
		}
	}
}
