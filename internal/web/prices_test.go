package web

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/money"
)

// withPrices adds a customer whose n seats have lines with prices, and one Azure charge.
func (ts *testServer) withPrices(n int) {
	ts.t.Helper()
	ctx := ts.t.Context()
	ts.must(ts.Store.SaveCatalogue(ctx, testOrg, billing.Catalogue{Currency: "EUR",
		Companies: []billing.Company{{ID: "11", Name: "Alder Ridge Ltd", Active: true, Currency: "EUR"}},
		Contracts: []billing.Contract{{ID: "501", CompanyID: "11", Name: "Cloud", Active: true, Recurring: true, Start: billing.NewDate(2026, 1, 1), End: billing.NewDate(2027, 1, 1)}}}))
	directory := billing.Directory{Customers: []billing.Customer{{ID: "alder", Name: "Alder Dental"}}, Subscriptions: []billing.Subscription{
		{ID: "plan", CustomerID: "alder", Kind: billing.AzurePlan, Status: billing.Active, Offer: billing.Offer{Frequency: billing.Metered}}}}
	set := billing.LineSet{ID: billing.SetID{Kind: billing.BilledLines, PartnerID: "p", Invoice: "G1"}, Version: "1"}
	add := func(l billing.LineItem, quantity int64, cost money.Decimal) {
		l.Row = len(set.Lines) + 1
		l.Key, l.Invoice, l.CustomerID, l.CustomerName, l.Kind = fmt.Sprintf("r%d", l.Row), "G1", "alder", "Alder Dental", billing.ChargeNew
		l.Charged = billing.Period{Start: billing.NewDate(2026, 10, 1), End: billing.NewDate(2026, 11, 1)}
		l.EffectiveUnitCost, l.Quantity, l.BillableQuantity, l.PricingCurrency = cost, money.Int(quantity), money.Int(quantity), "EUR"
		l.Cost = money.Of(cost.Mul(money.Int(quantity)), "EUR")
		l.Total = l.Cost
		set.Lines = append(set.Lines, l)
		set.Total.Add(l.Total)
	}
	for i := range n {
		offer := billing.Offer{ProductID: fmt.Sprintf("P%03d", i), SKUID: "0001", Term: "P1M", Frequency: billing.Monthly}
		sub := billing.Subscription{ID: billing.SubscriptionID(fmt.Sprintf("s%03d", i)), CustomerID: "alder", Kind: billing.Licence, Offer: offer, Quantity: 3, Status: billing.Active,
			Name: fmt.Sprintf("Seat %03d", i), Start: billing.NewDate(2026, 10, 1), End: billing.NewDate(2026, 12, 1)}
		directory.Subscriptions = append(directory.Subscriptions, sub)
		add(billing.LineItem{ProductID: offer.ProductID, SKUID: offer.SKUID, SKUName: sub.Name, SubscriptionID: sub.ID, Frequency: billing.Monthly}, 3, money.Int(10))
	}
	add(billing.LineItem{ProductID: "DZH318Z0X542", SKUName: "B2s", SubscriptionID: "plan", Frequency: billing.Monthly, Meter: "Virtual Machines"}, 1, money.Int(90))
	ts.must(ts.Store.SaveDirectory(ctx, testOrg, "partnercenter", directory))
	_, err := ts.Store.SaveLineSet(ctx, testOrg, set, "file")
	ts.must(err)
	settings, err := ts.Store.Settings(ctx, testOrg)
	ts.must(err)
	settings.ServiceMarkup, settings.ProductMarkup, settings.BillFrom, settings.MaterialCodeID = money.Int(20), money.Int(25), "2026-10", "9"
	ts.must(ts.Store.SaveSettings(ctx, testOrg, settings, "ops"))
	ts.must(ts.Store.MapCustomer(ctx, testOrg, billing.CompanyMapping{CustomerID: "alder", CompanyID: "11", CompanyName: "Alder Ridge Ltd"}, "ann"))
	ts.must(ts.Store.SaveRoute(ctx, testOrg, billing.Route{CustomerID: "alder", ContractID: "501"}, "ann"))
	ts.must(ts.Store.SetSwitch(ctx, testOrg, billing.BillingSwitch{CustomerID: "alder", On: true, From: "2026-10"}, "ann"))
}

// TestThePreviewOfARuleIsAFile: the page shows the first lines that a rule would give another price; who has to ask somebody sends all of them.
func TestThePreviewOfARuleIsAFile(t *testing.T) {
	ts := newTestServer(t)
	b := ts.owner()
	ts.withPrices(203)
	page := "/o/northwind-it/prices"
	rule := []string{"id", "", "kind", "markup", "value", "30", "currency", "", "customer", "", "product", "", "act", "preview"}
	shown := b.post(page, rule...).says(t, 200, "203 lines and 1 charge get another price.", "The first 200 of 203; the file has all.", "the rule previewed", `name="value" value="30"`)
	if n := strings.Count(shown.body, ">Seat "); n != 200 {
		t.Errorf("the page lists %d lines", n)
	}

	// The file answers the form that the preview answered, whatever is typed into it since.
	_, form, _ := strings.Cut(shown.body, "data-download")
	form, _, _ = strings.Cut(form, "</form>")
	sent := url.Values{"as": {"csv"}}
	for _, field := range strings.Split(form, `type="hidden" name="`)[1:] {
		name, rest, _ := strings.Cut(field, `"`)
		sent.Set(name, between(t, rest, `value="`, `"`))
	}
	file := b.do("POST", page, sent).says(t, 200, "kind,customer_id,customer,key,name,per,month,units,cost_currency,unit_cost,currency,unit_price_now,unit_price_then,difference,rule_now,rule_then\n",
		",\"Seat 000 (P1M, monthly)\",monthly,,3,EUR,10.00,EUR,12.00,13.00,3.00,organization-service-markup,this rule\n", ",\"Seat 202 (P1M, monthly)\",monthly,,3,EUR,10.00,EUR,12.00,13.00,3.00,",
		"\ncharge,alder,Alder Dental,azure|501|2026-10|Virtual Machines|EUR,Virtual Machines 2026-10,,2026-10,1,EUR,90.00,EUR,112.50,117.00,4.50,organization-product-markup,this rule\n")
	if n := strings.Count(file.body, "\n"); n != 1+203+1 {
		t.Errorf("the file has %d rows", n)
	}
	if got := file.header.Get("Content-Disposition"); got != `attachment; filename="northwind-it-price-preview-20261110.csv"` {
		t.Errorf("the file is called %s", got)
	}
	b.post(page, append(rule, "as", "xlsx")...).says(t, 200, "PK")
	b.post(page, append(rule, "as", "pdf")...).says(t, 422, "csv or xlsx")
	ts.member(account.Biller).post(page, append(rule, "as", "csv")...).says(t, 200, "Seat 202")
	ts.member(account.Viewer).post(page, append(rule, "as", "csv")...).says(t, 403, "does not include").hides(t, "Seat")
	if rules, err := ts.Store.PriceRules(t.Context(), testOrg); err != nil || len(rules) > 0 {
		t.Errorf("a preview saved %v (%v)", rules, err)
	}

	// A price in another currency than the company's makes no price at all.
	b.post(page, "kind", "fixed", "value", "9", "currency", "usd", "product", "P001", "act", "preview").says(t, 200, "1 line would have no price any more.")
	b.post(page, "kind", "fixed", "value", "9", "currency", "usd", "product", "P001", "act", "preview", "as", "csv").says(t, 200, ",3,EUR,10.00,EUR,12.00,,,organization-service-markup,")

	// Nothing to send: no file is offered.
	b.post(page, "kind", "markup", "value", "20", "product", "P999", "act", "preview").says(t, 200, "No line and no charge gets another price by it.").hides(t, `name="as"`)
}
