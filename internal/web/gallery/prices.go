package gallery

import (
	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/money"
	"spindle/internal/web/view"
)

func pricePages() []Page {
	full, empty := samplePrices(), samplePrices()
	empty.Rows = nil
	known, unknown := samplePrices(), samplePrices()
	known.Preview, unknown.Preview = samplePreview(), &engine.PricePreview{}
	known.Previewed = []view.Carried{{Name: "kind", Value: "markup"}, {Name: "value", Value: "25"}, {Name: "act", Value: "preview"}}
	same := samplePrices()
	same.Preview = &engine.PricePreview{Known: true}
	edit := samplePrices()
	edit.Form.ID, edit.Form.Value.Value = "rule-7", "12.50"
	wrong := samplePrices()
	wrong.Form.Value.Value, wrong.Form.Value.Error = "12,5o", `"12,5o" is not a number: write a number such as 15 or 12.50`
	wrong.Form.Customer.Value, wrong.Form.Customer.Error = "Zebra", `no customer is called "Zebra": look it up under Customers`
	bad := noticed(runShell("prices", "Prices"), view.Notice{Tone: "bad", Text: "Nothing was saved: 2 fields need another value"})
	chosen := samplePrices()
	chosen.Customer = "Alder Ridge Dental Group"
	pages := []Page{
		{"prices", "full", view.PricesPage(runShell("prices", "Prices"), full)},
		{"prices", "empty", view.PricesPage(runShell("prices", "Prices"), empty)},
		{"prices", "preview", view.PricesPage(runShell("prices", "Prices"), known)},
		{"prices", "preview of nothing", view.PricesPage(runShell("prices", "Prices"), same)},
		{"prices", "preview without data", view.PricesPage(runShell("prices", "Prices"), unknown)},
		{"prices", "change a rule", view.PricesPage(runShell("prices", "Prices"), edit)},
		{"prices", "wrong values", view.PricesPage(bad, wrong)},
		{"prices", "one customer", view.PricesPage(runShell("prices", "Prices"), chosen)},
	}
	for _, role := range otherRoles() {
		pages = append(pages, Page{"prices", "as " + string(role), view.PricesPage(shellAs(role, "prices", "Prices"), full)})
	}
	return pages
}

func samplePrices() view.Prices {
	s := runShell("prices", "Prices")
	rules := []billing.PriceRule{
		{ID: "rule-1", Kind: billing.FixedRule, Value: money.New(1250, -2), Currency: "EUR", SubscriptionID: "3f1c8a52-0c2e-4d0e-9a55-7d5d5f8b1a01", BelowCost: true},
		{ID: "rule-7", Kind: billing.MarginRule, Value: money.Int(20), CustomerID: "cust-1", ProductID: "CFQ7TTC0LCHC:0002"},
		{ID: "rule-3", Kind: billing.MarkupRule, Value: money.New(125, -1), CustomerID: "cust-2", From: billing.NewDate(2026, 1, 1), To: billing.NewDate(2027, 1, 1)},
		{ID: "rule-4", Kind: billing.MarkupRule, Value: money.Int(10), ProductID: "azure"}}
	billing.SortPriceRules(rules)
	v := view.Prices{Clear: "/o/northwind/prices", Standard: []view.StandardMarkup{{Name: "subscriptions and custom services", Percent: money.Int(15)}, {Name: "Azure consumption", ProductID: "azure", Percent: money.Int(10), Earned: true}}, List: view.List{Base: "/o/northwind/prices"}}
	for _, r := range rules {
		name := longName
		if r.CustomerID == "cust-1" {
			name = "Alder Ridge Dental Group"
		}
		v.Rows = append(v.Rows, view.RuleRow(s, r, name))
	}
	v.Form = view.PriceForm{
		Kind:         view.Field{Name: "kind", Label: "Kind", Type: "select", Options: []view.Option{{Value: "markup", Label: "Markup: percent on cost"}, {Value: "margin", Label: "Margin: percent of the price"}, {Value: "fixed", Label: "Fixed price per unit"}}},
		Value:        view.Field{Name: "value", Label: "Value", Required: true, InputMode: "decimal", Help: "A percentage such as 15, or a price such as 12.50."},
		Currency:     view.Field{Name: "currency", Label: "Currency of a fixed price", Help: "Empty: Autotask's own."},
		Customer:     view.Field{Name: "customer", Label: "Only this customer", Help: "Empty: all customers.", Suggestions: []string{"Alder Ridge Dental Group"}},
		Product:      view.Field{Name: "product", Label: "Only this product", Help: "A product id, product:SKU, or azure. Empty: all.", Suggestions: []string{"azure"}},
		Subscription: view.Field{Name: "subscription", Label: "Only this subscription", Help: "Its id. Empty: all."},
		From:         view.Field{Name: "from", Label: "First day", Type: "date"}, To: view.Field{Name: "to", Label: "First day without it", Type: "date"},
		BelowCost: view.Field{Name: "below-cost", Label: "The price may be below cost", Type: "checkbox"}}
	return v
}

func samplePreview() *engine.PricePreview {
	line := engine.PriceMove{Key: "k1", CustomerID: "cust-1", Customer: "Alder Ridge Dental Group", Name: "Microsoft 365 Business Premium, P1Y monthly", Period: billing.PeriodMonth, Units: money.Int(45),
		Cost: eurs(1870), Before: eurs(2244), After: eurs(2338), RuleBefore: "organization-service-markup", RuleAfter: "rule-7"}
	unpriced := line
	unpriced.Key, unpriced.Name, unpriced.Cost, unpriced.Before = "k2", longName, nil, nil
	charge := line
	charge.Key, charge.Name, charge.Period, charge.Month, charge.Units = "k3", "Azure usage, September 2026", "", "2026-09", money.Int(1)
	return &engine.PricePreview{Known: true, Below: 1, Lines: []engine.PriceMove{line, unpriced}, Charges: []engine.PriceMove{charge}, OneOff: sums(eur(94)),
		Total: map[billing.PeriodType]money.Totals{billing.PeriodMonth: sums(eur(4230))}}
}
