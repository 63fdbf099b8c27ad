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

// TestSampleProof pins what the customer reads on the invoice and what the MSP reads behind it, for each kind of charge of the sample.
func TestSampleProof(t *testing.T) {
	in := sampleWorld()
	in.Settings.KeepEarnedCredit = true
	d := Rate(in)
	tests := []struct{ name, description, notes string }{
		{"Azure consumption 2026-09 of dunmore",
			"Azure consumption, 2026-09-01 to 2026-09-30. Amounts in EUR; 1 USD = 0.8617 EUR. Includes usage of 2026-08-01 to 2026-08-31 that Microsoft billed late.",
			"Microsoft invoice G104775210 (5 lines), 20 usage rows, cost 25.37 EUR, " +
				"priced from 28.5924 EUR: without Microsoft's partner earned credit of 3.2224 EUR, price rule organization-product-markup (cost plus 10 %)."},
		{"Azure consumption 2026-09 of cobalt",
			"Azure consumption, 2026-09-01 to 2026-09-30. Amounts in EUR; 1 USD = 0.8617 EUR.",
			"Microsoft invoice G104775210 (2 lines), 7 usage rows, cost 3.30 EUR, " +
				"priced from 3.7447 EUR: without Microsoft's partner earned credit of 0.4447 EUR, price rule organization-product-markup (cost plus 10 %)."},
		{"Fernbank Backup - Per User of alder",
			"Fernbank Backup - Per User, 2026-09-01 to 2026-09-30. Quantity 50, charged for 2026-09-16 to 2026-10-15. Amounts in EUR; 1 USD = 0.8617 EUR.",
			"Microsoft invoice G104775210 (1 line), cost 140.00 EUR, price rule organization-service-markup (cost plus 20 %)."},
		{"Windows Server 2025 Standard - 16 Core License Pack of eastfen",
			"Windows Server 2025 Standard - 16 Core License Pack, 2026-09-01 to 2026-09-30. Quantity 1. Amounts in EUR.",
			"Microsoft invoice G104775210 (1 line), cost 985.00 EUR, price rule organization-service-markup (cost plus 20 %)."},
	}
	for _, test := range tests {
		i := slices.IndexFunc(d.Charges, func(c billing.DesiredCharge) bool { return c.Name+" of "+string(c.CustomerID) == test.name })
		if i < 0 {
			t.Errorf("no charge %q among %q", test.name, summary(d))
			continue
		}
		if c := d.Charges[i]; c.Description != test.description || c.Notes != test.notes || c.Date != day("2026-09-30") || c.BillingCodeID != codeMat || len(c.Mark) != len("SPN-")+16 {
			t.Errorf("%s\n%s\n%s\n%+v", test.name, c.Description, c.Notes, c)
		}
	}
	marks := map[string]bool{}
	for _, c := range d.Charges {
		marks[c.Mark] = true
	}
	if len(marks) != len(d.Charges) {
		t.Errorf("%d charges have %d marks", len(d.Charges), len(marks))
	}
}

// TestSampleServices: one catalogue service per offer that is billed, however many customers hold it, with the organization's standard price;
// none for trials, ended or one-time offers.
func TestSampleServices(t *testing.T) {
	in := sampleWorld()
	in.Mappings.Prices = []billing.PriceRule{{ID: "alder only", Kind: billing.FixedRule, CustomerID: "alder", ProductID: premium, Value: num("19.99"), Currency: "EUR", BelowCost: true}}
	var got []string
	for _, s := range Rate(in).Services {
		got = append(got, fmt.Sprintf("%s %s %s → %s", s.Name, s.PeriodType, s.UnitCost.Number(), s.UnitPrice.Number()))
		if s.Mark != billing.ServiceMark(s.Offer) || s.BillingCodeID != codeSvc || s.VendorCompanyID != "7" || s.Description != "Microsoft Corporation, offer "+s.Offer.String() {
			t.Errorf("service %+v", s)
		}
	}
	want := []string{
		"Microsoft 365 E3 (no Teams) (P1Y, monthly) monthly 37.95 → 45.54",
		"Power BI Pro (P1Y, annual) yearly 117.00 → 140.40",
		"Dynamics 365 Sales Professional (P1Y, monthly) monthly 55.33 → 66.40",
		"Microsoft 365 Business Premium (P1Y, monthly) monthly 21.60 → 25.92", // a customer's own price is on the contract, not here
		"Exchange Online (Plan 1) (P1M, monthly) monthly 4.80 → 5.76",
		"Planner and Project Plan 3 (P1Y, annual) yearly 324.00 → 388.80",
		"Microsoft 365 Business Standard (P1Y, monthly) monthly 11.60 → 13.92",
		"Microsoft Teams Premium (P1Y, monthly) monthly 8.40 → 10.08",
	}
	if !slices.Equal(got, want) {
		t.Errorf("services\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestCustomersAreIndependent: whatever is decided for one customer, nobody else's lines or charges move by a byte.
func TestCustomersAreIndependent(t *testing.T) {
	decisions := map[string]func(*Input, int){
		"unmapped":     func(in *Input, i int) { in.Mappings.Companies = slices.Delete(in.Mappings.Companies, i, i+1) },
		"switched off": func(in *Input, i int) { in.Mappings.Switches[i].On = false },
		"not routed":   func(in *Input, i int) { in.Mappings.Routes = slices.Delete(in.Mappings.Routes, i, i+1) },
		"in dollars":   func(in *Input, i int) { in.Catalogue.Companies[i].Currency = "USD" },
		"company gone": func(in *Input, i int) { in.Catalogue.Companies[i].Active = false },
		"priced otherwise": func(in *Input, i int) {
			in.Mappings.Prices = []billing.PriceRule{{ID: "r", Kind: billing.MarginRule, CustomerID: in.Directory.Customers[i].ID, Value: num("60")}}
		},
		"priced in Autotask": func(in *Input, i int) {
			in.Mappings.Authorities = []billing.AuthorityRule{{CustomerID: in.Directory.Customers[i].ID, Authority: billing.AutotaskPrices}}
		},
	}
	others := func(d billing.Desired, c billing.CustomerID) ([]billing.DesiredLine, []billing.DesiredCharge) {
		return slices.DeleteFunc(d.Lines, func(l billing.DesiredLine) bool { return l.CustomerID == c }),
			slices.DeleteFunc(d.Charges, func(x billing.DesiredCharge) bool { return x.CustomerID == c })
	}
	for name, decide := range decisions {
		for i, customer := range sampleWorld().Directory.Customers {
			in := sampleWorld()
			decide(&in, i)
			lines, charges := others(Rate(in), customer.ID)
			wantLines, wantCharges := others(Rate(sampleWorld()), customer.ID)
			if diff := cmp.Diff(wantLines, lines) + cmp.Diff(wantCharges, charges); diff != "" {
				t.Errorf("%s %s: others change:\n%s", customer.Name, name, diff)
			}
		}
	}
}

// isRounded reports whether a price is a cost rounded to cents. The cost shown is rounded to costPlaces itself, so the exact one lies half of its
// last place around it.
func isRounded(price, cost money.Amount) bool {
	half := money.New(5, -costPlaces-1)
	least, most := cost.Value().Sub(half).Round(2, money.HalfAwayFromZero), cost.Value().Add(half).Round(2, money.HalfAwayFromZero)
	return price.Value().Cmp(least) >= 0 && price.Value().Cmp(most) <= 0
}

// TestWithoutMarkupCostIsPrice: with no rule and no markup everything is passed on at cost, to the last cent the currency knows. A base taken
// from list prices, or a share lost on the way, would show.
func TestWithoutMarkupCostIsPrice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawWorld(t)
		in.Mappings.Prices, in.Settings.ProductMarkup, in.Settings.ServiceMarkup, in.Settings.KeepEarnedCredit = nil, num("0"), num("0"), false
		d := Rate(in)
		for _, c := range d.Charges {
			if !isRounded(c.UnitPrice, c.UnitCost) || len(c.Holds) != 0 {
				t.Fatalf("charge %s: cost %s, price %s, held by %v", c.Key, c.UnitCost, c.UnitPrice, c.Holds)
			}
		}
		for _, l := range d.Lines {
			if l.UnitPrice != nil && l.UnitCost != nil && l.PriceRule != ruleCustomService && len(l.Shares) == 1 && !l.UnitPrice.Equal(l.UnitCost.Round(2, money.HalfAwayFromZero)) {
				t.Fatalf("line %s: cost %s, price %s", l.Key, l.UnitCost, l.UnitPrice)
			}
		}
	})
}

// TestDoubledInvoiceDoublesTheMonth: twice the seats and twice the usage cost twice the charges, and the same per unit.
func TestDoubledInvoiceDoublesTheMonth(t *testing.T) {
	in := sampleWorld()
	want := Rate(in)
	double := num("2")
	for i := range in.Lines[0].Lines {
		l := &in.Lines[0].Lines[i]
		l.Cost, l.Tax, l.Total, l.BillableQuantity = l.Cost.Mul(double), l.Tax.Mul(double), l.Total.Mul(double), l.BillableQuantity.Mul(double)
	}
	in.Lines = []billing.LineSet{billedSet(in.Lines[0].Lines...)}
	for i := range in.Usage[0].Groups {
		g := &in.Usage[0].Groups[i]
		g.Cost, g.BeforePEC = g.Cost.Mul(double), g.BeforePEC.Mul(double)
	}
	got := Rate(in)
	if len(got.Charges) != len(want.Charges) || len(got.Lines) != len(want.Lines) {
		t.Fatalf("%q, want %q", summary(got), summary(want))
	}
	for i, c := range got.Charges {
		if !c.UnitCost.Equal(want.Charges[i].UnitCost.Mul(double)) {
			t.Errorf("charge %s costs %s, once it was %s", c.Name, c.UnitCost, want.Charges[i].UnitCost)
		}
	}
	for i, l := range got.Lines {
		if l.UnitCost != nil && !l.UnitCost.Equal(*want.Lines[i].UnitCost) {
			t.Errorf("line %s costs %s a unit, once it was %s", l.Name, l.UnitCost, want.Lines[i].UnitCost)
		}
	}
}
