package rating

import (
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
)

// TestConsumptionWithoutUsageIsWhole: a line whose usage nobody read is routed, priced and proven by what the line itself says: its plan, its product, its
// invoice.
func TestConsumptionWithoutUsageIsWhole(t *testing.T) {
	rule := func(edit func(*billing.PriceRule)) []billing.PriceRule {
		r := billing.PriceRule{ID: "r", Kind: billing.MarkupRule, Value: num("100")}
		edit(&r)
		return []billing.PriceRule{r}
	}
	tests := []struct {
		name string
		edit func(*Input)
		want string
	}{
		{"the customer's contract", func(*Input) {}, "9002 Azure consumption 2026-09 6.52 EUR → 7.17 EUR"},
		{"the plan's contract", func(in *Input) {
			in.Mappings.Routes = append(in.Mappings.Routes, billing.Route{CustomerID: dunmore, SubscriptionID: plan, ContractID: "9003"})
		}, "9003 Azure consumption 2026-09 6.52 EUR → 7.17 EUR"},
		{"not a resource group's contract", func(in *Input) {
			in.Mappings.Routes = append(in.Mappings.Routes, billing.Route{CustomerID: dunmore, ResourceGroup: "rg", ContractID: "9003"})
		}, "9002 Azure consumption 2026-09 6.52 EUR → 7.17 EUR"},
		{"the plan's rule", func(in *Input) { in.Mappings.Prices = rule(func(r *billing.PriceRule) { r.SubscriptionID = plan }) }, "9002 Azure consumption 2026-09 6.52 EUR → 13.04 EUR"},
		{"the product's rule", func(in *Input) { in.Mappings.Prices = rule(func(r *billing.PriceRule) { r.ProductID = vm }) }, "9002 Azure consumption 2026-09 6.52 EUR → 13.04 EUR"},
		{"the SKU's rule", func(in *Input) { in.Mappings.Prices = rule(func(r *billing.PriceRule) { r.ProductID = vm + ":00VL" }) }, "9002 Azure consumption 2026-09 6.52 EUR → 13.04 EUR"},
		{"another SKU's rule", func(in *Input) { in.Mappings.Prices = rule(func(r *billing.PriceRule) { r.ProductID = vm + ":00VX" }) }, "9002 Azure consumption 2026-09 6.52 EUR → 7.17 EUR"},
		{"a rule from the last day of the month on", func(in *Input) { in.Mappings.Prices = rule(func(r *billing.PriceRule) { r.From = day("2026-09-30") }) },
			"9002 Azure consumption 2026-09 6.52 EUR → 13.04 EUR"},
		{"a rule of the next month", func(in *Input) { in.Mappings.Prices = rule(func(r *billing.PriceRule) { r.From = day("2026-10-01") }) },
			"9002 Azure consumption 2026-09 6.52 EUR → 7.17 EUR"},
		{"a rule that ended in the month", func(in *Input) { in.Mappings.Prices = rule(func(r *billing.PriceRule) { r.To = day("2026-09-30") }) },
			"9002 Azure consumption 2026-09 6.52 EUR → 7.17 EUR"},
	}
	for _, test := range tests {
		for _, usage := range []bool{false, true} { // the usage, once it is read, changes neither
			if usage && strings.Contains(test.name, "resource group") {
				continue
			}
			in := azureWorld([]billing.LineItem{consumed("k1", vm, "Virtual Machines - BS", "6.52")})
			if usage {
				in.Usage = []billing.UsageSet{usageSet(used(vm, "rg", "Virtual Machines", "6.52"))}
			}
			in.Catalogue.Contracts = append(in.Catalogue.Contracts, billing.Contract{ID: "9003", CompanyID: dunCo, Active: true, Recurring: true, Start: day("2026-01-01")})
			test.edit(&in)
			d := Rate(in)
			if got := summary(d); !slices.Equal(got, []string{test.want}) {
				t.Errorf("%s, usage %v: %q, want %q", test.name, usage, got, test.want)
			}
			if notes := d.Charges[0].Notes; !strings.HasPrefix(notes, "Microsoft invoice G104775210 (1 line), ") || strings.Contains(notes, "6 usage rows") != usage {
				t.Errorf("%s, usage %v: notes %q", test.name, usage, notes)
			}
		}
	}
}

// TestCreditWithoutUsageAtListPrice: where the MSP keeps the earned credit, a credit on consumption takes back what was charged for it: the list price, not
// what Microsoft billed. Refunds carry their minus in the unit cost.
func TestCreditWithoutUsageAtListPrice(t *testing.T) {
	line := consumed("k1", vm, "Virtual Machines - BS", "8.50") // 0.0408 of 0.048
	credit := change(line, func(l *billing.LineItem) {
		l.Key, l.Row, l.Kind, l.EffectiveUnitCost, l.Cost, l.Total = "k2", 21, billing.ChargeCustomerCredit, num("-0.0408"), eur("-4.25"), eur("-4.25")
	})
	for _, test := range []struct {
		keep bool
		want string
	}{{true, "5.50 EUR"}, {false, "4.68 EUR"}} { // (8.50 − 4.25) × 0.048 ÷ 0.0408 × 1.1 = 5.50; 4.25 × 1.1 = 4.675
		in := azureWorld([]billing.LineItem{line, credit})
		in.Settings.KeepEarnedCredit = test.keep
		if d := Rate(in); len(d.Charges) != 1 || d.Charges[0].UnitPrice.String() != test.want || d.Charges[0].UnitCost.String() != "4.25 EUR" {
			t.Errorf("kept %v: %q, want %s", test.keep, summary(d), test.want)
		}
	}
}

// TestCategoryOfALine: the meter's first part names the category; one of nothing but blanks names none.
func TestCategoryOfALine(t *testing.T) {
	tests := []struct{ meter, product, want string }{
		{"Storage - Tables", "x", "Storage"},
		{"  Storage  ", "x", "Storage"},
		{"   - Tables", "Table storage", "Table storage"},
		{"", "Table storage", "Table storage"},
		{"", "", "Azure credit"},
		{"  ", "", "Azure credit"},
	}
	for _, test := range tests {
		if got := categoryOf(&billing.LineItem{Meter: test.meter, ProductName: test.product}); got != test.want {
			t.Errorf("%q of %q is %q, want %q", test.meter, test.product, got, test.want)
		}
	}
}

// TestUsageKeyIsStored: outcomes of usage are stored under this key, so that it never changes its form.
func TestUsageKeyIsStored(t *testing.T) {
	g := used(vm, "rg-erp", "Virtual Machines", "1")
	if got, want := UsageKey(&g), "dunmore|plan-d|az1|rg-erp|DZH318Z0M1T9|00VL|A1|Virtual Machines|2026-09-01 to 2026-09-30"; got != want {
		t.Errorf("key %q, want %q", got, want)
	}
}

// TestUsageAloneIsNamed: usage that no line bills is held under its meter category, so that a clerk knows what it is about.
func TestUsageAloneIsNamed(t *testing.T) {
	in := azureWorld(nil, used(vm, "rg", "Virtual Machines", "6.52"), used(vm+"2", "rg", "Storage", "1.00"))
	in.Lines, in.Mappings.Companies = nil, nil
	f := findingOf(t, Rate(in), "customer-unmapped/dunmore")
	if !strings.HasSuffix(f.Message, "so nothing of it is billed: Storage, Virtual Machines") || f.Money.String() != "7.52 EUR" {
		t.Errorf("finding %+v", f)
	}
}
