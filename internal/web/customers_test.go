package web

import (
	"strings"
	"testing"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/money"
)

// withCustomers adds two customers with a subscription each.
func (ts *testServer) withCustomers() {
	ts.t.Helper()
	d := billing.Directory{
		Customers: []billing.Customer{{ID: "c-alder", Name: "Alder <b>Ridge</b>", Domain: "alder.example"}, {ID: "c-birch", Name: "Birch", Domain: "birch.example"}},
		Subscriptions: []billing.Subscription{
			{ID: "s-alder", CustomerID: "c-alder", Kind: billing.Licence, Name: "Business Premium", Quantity: 5, Status: billing.Active,
				Offer: billing.Offer{ProductID: "P1", SKUID: "0001", Term: "P1M", Frequency: billing.Monthly}},
			{ID: "s-birch", CustomerID: "c-birch", Kind: billing.Licence, Name: "Exchange", Quantity: 2, Status: billing.Active,
				Offer: billing.Offer{ProductID: "P2", SKUID: "0001", Term: "P1M", Frequency: billing.Monthly}}},
	}
	if err := ts.Store.SaveDirectory(ts.t.Context(), "northwind-it", "partnercenter", d); err != nil {
		ts.t.Fatal(err)
	}
	catalogue := billing.Catalogue{Currency: "EUR",
		Companies: []billing.Company{{ID: "11", Name: "Alder Ridge Ltd", Active: true}, {ID: "12", Name: "Birch GmbH", Active: true}, {ID: "13", Name: "Gone", Active: false}},
		Contracts: []billing.Contract{{ID: "501", CompanyID: "11", Name: "Cloud", Active: true, Recurring: true}}}
	if err := ts.Store.SaveCatalogue(ts.t.Context(), "northwind-it", catalogue); err != nil {
		ts.t.Fatal(err)
	}
}

func TestCustomersWithoutAnyTeachTheNextStep(t *testing.T) {
	ts := newTestServer(t)
	ts.owner().get("/o/northwind-it/customers").says(t, 200, "No customers yet", "/o/northwind-it/setup/microsoft")
}

func TestCustomersList(t *testing.T) {
	ts := newTestServer(t)
	b := ts.owner()
	ts.withCustomers()
	b.get("/o/northwind-it/customers").says(t, 200, "Alder &lt;b&gt;Ridge&lt;/b&gt;", "Birch", "not mapped", "1–2 of 2").hides(t, "<b>Ridge")
	b.get("/o/northwind-it/customers?q=BIRCH").says(t, 200, "1–1 of 1", `value="BIRCH"`).hides(t, "Alder")
	b.get("/o/northwind-it/customers?q=nobody").says(t, 200, "No customer fits")
	b.get("/o/northwind-it/customers?sort=nonsense").redirects(t, "/o/northwind-it/customers")
	if csv := b.get("/o/northwind-it/customers?as=csv").says(t, 200, "c-alder"); !strings.Contains(csv.header.Get("Content-Disposition"), "northwind-it-customers-20261110.csv") {
		t.Errorf("the file is called %q", csv.header.Get("Content-Disposition"))
	}
	if xlsx := b.get("/o/northwind-it/customers?as=xlsx"); xlsx.status != 200 || !strings.HasPrefix(xlsx.body, "PK") {
		t.Errorf("status %d, no XLSX", xlsx.status)
	}
	b.get("/o/northwind-it/customers?as=pdf").says(t, 422, "csv or xlsx")
}

// TestAPageBehindTheLast: who decided everything on the last page of a list is not shown an empty one, and is still told what was done.
func TestAPageBehindTheLast(t *testing.T) {
	ts := newTestServer(t)
	b := ts.owner()
	ts.withCustomers()
	list := "/o/northwind-it/customers"
	b.get(list+"?page=99").redirects(t, list)
	b.get(list+"?page=3&size=1").redirects(t, list+"?page=2&size=1")
	b.post("/o/northwind-it/billing", "act", "on", "customer", "c-birch", "confirmed", "yes", "back", list+"?page=9").redirects(t, list+"?page=9")
	b.get(list+"?page=9").redirects(t, list)
	b.get(list).says(t, 200, "Billing is switched on", "1–2 of 2 customers")
}

func TestMapACustomer(t *testing.T) {
	ts := newTestServer(t)
	b := ts.owner()
	ts.withCustomers()
	page := "/o/northwind-it/customers/c-alder"
	b.get(page).says(t, 200, "Nothing of this customer is billed until it has a company", "Alder Ridge Ltd (11)").hides(t, "Gone (13)")
	b.post(page+"/company", "act", "map", "company", "Alder").says(t, 422, `value="Alder"`, "is no company of the list", `aria-invalid="true"`)
	b.post(page+"/company", "act", "map", "company", "13").says(t, 422, "is inactive in Autotask")
	b.post(page+"/company", "act", "map", "company", "Alder Ridge Ltd (11)").redirects(t, page)
	b.get(page).says(t, 200, "is Alder Ridge Ltd (11) in Autotask", "History")
	b.get(page).hides(t, "is Alder Ridge Ltd (11) in Autotask") // the notice is shown once
	b.post(page+"/company", "act", "unmap").says(t, 200, "Remove the mapping of", `name="confirmed"`)
	b.get(page).says(t, 200, "<strong>Alder Ridge Ltd</strong>")
	b.post(page+"/company", "act", "unmap", "confirmed", "yes").redirects(t, page)
	b.get(page).says(t, 200, "is not mapped any more")
	b.get("/o/northwind-it/customers/c-nobody").says(t, 404, "there is no customer")
}

func TestSwitchBilling(t *testing.T) {
	ts := newTestServer(t)
	b := ts.owner()
	ts.withCustomers()
	page := "/o/northwind-it/customers/c-alder"
	b.post(page+"/billing", "act", "on", "from", "soon").says(t, 422, `value="soon"`)
	b.post(page+"/billing", "act", "on", "from", "2027-11").says(t, 200, "Billed from November 2027 on", "Nothing of it is billed before November 2027")
	question := b.post(page+"/billing", "act", "on").says(t, 200, "Switch billing on for", "Nothing is written to Autotask now", "November 2026")
	if !strings.Contains(question.body, `name="act" value="on"`) {
		t.Error("the question forgets what was asked")
	}
	b.post(page+"/billing", "act", "on", "confirmed", "yes").redirects(t, page)
	b.get(page).says(t, 200, "Billing is switched on", "on, future ones too")
	b.get(page).says(t, 200, "from November 2026", `value="2026-11"`)
	b.post(page+"/billing", "act", "off", "subscription", "s-alder", "confirmed", "yes").redirects(t, page)
	b.get(page).says(t, 200, "own switch")
	b.post(page+"/billing", "act", "maybe").says(t, 422)
	b.post("/o/northwind-it/billing", "act", "on", "customer", "c-birch", "customer", "c-alder").says(t, 200, "Switch billing on?", `value="c-birch"`, `value="c-alder"`, "First billed month", `name="asked" value=""`)
	b.post("/o/northwind-it/billing", "act", "on", "customer", "c-birch", "customer", "c-alder", "from", "2026-12").
		says(t, 200, "Billed from December 2026 on", `name="asked" value="2026-12"`)
	b.post("/o/northwind-it/billing", "act", "on", "customer", "c-birch", "from", "2026-12", "asked", "", "confirmed", "yes").says(t, 200, "Billed from December 2026 on")
	b.follow(b.post("/o/northwind-it/billing", "act", "on", "customer", "c-birch", "from", "soon", "back", "/o/northwind-it/customers")).says(t, 200, "is not a month")
	b.post("/o/northwind-it/billing", "act", "on").redirects(t, "/")
	b.post("/o/northwind-it/billing", "act", "on", "customer", "c-birch", "confirmed", "yes", "back", "https://evil.example/").redirects(t, "/")
}

func TestChooseAContract(t *testing.T) {
	ts := newTestServer(t)
	b := ts.owner()
	ts.withCustomers()
	page := "/o/northwind-it/customers/c-alder"
	b.post(page+"/company", "act", "map", "company", "11").redirects(t, page)
	b.get(page).says(t, 200, "Cloud (501")
	b.post(page+"/contract", "contract", "managed", "start-day", "32").says(t, 422, "is no day of a month")
	b.post(page+"/contract", "contract", "managed", "start-day", "15").redirects(t, page)
	b.get(page).says(t, 200, "The contract is chosen.", "managed by Spindle, starts on day 15")
	b.post(page+"/contract", "contract", "", "confirmed", "yes").redirects(t, page)
	b.get(page).says(t, 200, "The choice is taken back.", "no contract")
}

func TestAContractMustBeThere(t *testing.T) {
	_, b := withServices(t)
	page := "/o/northwind-it/customers/c-alder"
	b.post(page+"/contract", "contract", "5").says(t, 422, "Autotask has no active recurring contract 5", `id="contract-error"`)
	b.get(page).says(t, 200, "no contract")
}

func TestViewersDecideNothing(t *testing.T) {
	ts := newTestServer(t)
	ts.owner()
	ts.withCustomers()
	b := ts.member(account.Viewer)
	b.get("/o/northwind-it/customers/c-alder").says(t, 200, "Alder").hides(t, "Switch on", "Map</button>", `name="contract"`)
	b.post("/o/northwind-it/customers/c-alder/company", "act", "map", "company", "11").says(t, 403, "does not include")
	b.post("/o/northwind-it/prices", "kind", "markup", "value", "5").says(t, 403)
}

func TestPriceRules(t *testing.T) {
	ts := newTestServer(t)
	b := ts.owner()
	ts.withCustomers()
	page := "/o/northwind-it/prices"
	b.get(page).says(t, 200, "Cost plus", "New rule")
	for _, tt := range []struct{ name, value, want string }{
		{"value", "ten", "is not a number"}, {"value", "1,250", "may be thousands or thousandths"}, {"kind", "guess", "is no kind of price"}, {"customer", "nobody", "no customer is called"},
		{"subscription", "s-none", "no subscription has the id"}, {"currency", "euros", "aria-invalid"}, {"from", "tomorrow", "aria-invalid"},
	} {
		form := map[string]string{"kind": "markup", "value": "12,5", "act": "save"}
		form[tt.name] = tt.value
		var pairs []string
		for k, v := range form {
			pairs = append(pairs, k, v)
		}
		b.post(page, pairs...).says(t, 422, tt.want)
	}
	b.post(page, "kind", "margin", "value", "100", "act", "save").says(t, 422, "makes no price")
	b.post(page, "kind", "markup", "value", "12,5", "customer", "Birch", "act", "preview").says(t, 200, "What it would change", `value="Birch"`)
	b.post(page, "kind", "markup", "value", "12,5", "customer", "Birch", "act", "save").redirects(t, page)
	b.get(page).says(t, 200, "Rule p1 is saved.", "Cost plus 12.5 %", "Birch")
	b.get(page+"?edit=p1").says(t, 200, "Change rule p1", `value="12.5"`)
	b.get(page+"?edit=p9").redirects(t, page)
	b.post(page, "id", "p1", "kind", "fixed", "value", "19.90", "currency", "eur", "customer", "Birch", "act", "save").redirects(t, page)
	b.get(page).says(t, 200, "19.90 EUR").hides(t, "Cost plus 12.5")
	b.post(page+"/p1/remove").says(t, 200, "Remove rule p1?")
	b.post(page+"/p1/remove", "confirmed", "yes").redirects(t, page)
	b.get(page).says(t, 200, "Rule p1 is removed.")
	b.post(page+"/p1/remove").redirects(t, page)
	// A rule of a subscription names what it is and whose, and is among the rules of that customer.
	b.post(page, "kind", "fixed", "value", "19,90", "currency", "eur", "subscription", "s-birch", "act", "save").redirects(t, page)
	b.get(page).says(t, 200, "Exchange of Birch")
	b.get(page+"?customer=c-birch").says(t, 200, "Exchange of Birch", "/prices?as=csv&amp;customer=c-birch")
	b.get(page+"?as=csv").says(t, 200, "rule,kind,value,", "fixed,19.9,EUR,s-birch,,,,,,Subscription,,Exchange of Birch\n", "\n,markup,0,,,,azure,,,,Setting,,Azure consumption\n")
	b.get(page+"?as=csv&customer=c-alder").hides(t, "Exchange of Birch")
	b.post(page, "kind", "markup", "value", "5", "product", "azure", "to", "2026-12-01", "act", "save").redirects(t, page)
	b.get(page).says(t, 200, ">until before 2026-12-01<")
	b.get(page+"?customer=c-alder").hides(t, "Exchange of Birch")
}

// TestHistorySaysWhatWasDecided: who looks a customer up later sees what was chosen, not only that something was.
func TestHistorySaysWhatWasDecided(t *testing.T) {
	ts := newTestServer(t)
	b := ts.owner()
	ts.withCustomers()
	for _, b := range []billing.BillingSwitch{{CustomerID: "c-birch", On: true, From: "2026-10"}, {CustomerID: "c-birch", SubscriptionID: "s-birch"}} {
		ts.must(ts.Store.SetSwitch(t.Context(), testOrg, b, "ann"))
	}
	ts.must(ts.Store.MapCustomer(t.Context(), testOrg, billing.CompanyMapping{CustomerID: "c-birch", CompanyID: "12", CompanyName: "Birch GmbH"}, "ann"))
	of := billing.Route{CustomerID: "c-birch", ResourceGroup: "rg-web"}
	own := of
	own.Managed = true
	ts.must(ts.Store.SaveRoute(t.Context(), testOrg, own, "ann"))
	ts.must(ts.Store.DeleteRoute(t.Context(), testOrg, of, "ann"))
	b.get("/o/northwind-it/customers/c-birch").says(t, 200, "<td>company mapped</td><td>Birch GmbH 12</td>", "<td>billing switched</td><td>on from October 2026</td>",
		"<td>off, Exchange</td>", "<td>contract chosen</td><td>a contract that Spindle manages, resource group rg-web</td>",
		"<td>choice of contract taken back</td><td>resource group rg-web</td>")
}

// TestActivityFilters: each family that the filter offers is one that entries have, and an entry leads to what it is about.
func TestActivityFilters(t *testing.T) {
	ts := newTestServer(t)
	b := ts.owner()
	ts.withCustomers()
	_, err := ts.Store.SavePriceRule(t.Context(), testOrg, billing.PriceRule{Kind: billing.MarkupRule, Value: money.Int(5)}, "ann")
	ts.must(err)
	ts.must(ts.Store.SetSwitch(t.Context(), testOrg, billing.BillingSwitch{CustomerID: "c-birch", On: true}, "ann"))
	page := b.get("/o/northwind-it/activity").says(t, 200, "price rule saved", `href="/o/northwind-it/prices"`, `href="/o/northwind-it/customers/c-birch"`).body
	_, choice, _ := strings.Cut(page, `name="action"`)
	for _, family := range []string{"mapping.price.", "mapping.switch."} {
		if !strings.Contains(choice, `<option value="`+family+`"`) {
			t.Errorf("the filter does not offer %s", family)
		}
	}
	b.get("/o/northwind-it/activity?action=mapping.price.").says(t, 200, "price rule saved", "1–1 of 1")
}
