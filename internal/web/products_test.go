package web

import (
	"context"
	"testing"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/money"
	"spindle/internal/secret"
	"spindle/internal/target"
)

// catalogued is a target that shows a catalogue and nothing else.
type catalogued struct {
	target.Target
	services []billing.Service
}

func (c catalogued) Catalogue(context.Context) (billing.Catalogue, error) {
	return billing.Catalogue{Currency: "EUR", Services: c.services, Companies: []billing.Company{{ID: "11", Name: "Alder Ridge Ltd", Active: true}}}, nil
}

func (catalogued) Check(context.Context) (target.Report, error) { return target.Report{}, nil }

// withServices adds customers, and an Autotask with four services.
func withServices(t *testing.T) (*testServer, *browser) {
	t.Helper()
	all := []billing.Service{
		{ID: "70", Name: "Business Premium", PeriodType: billing.PeriodMonth, Active: true, UnitPrice: money.Of(money.New(2050, -2), "EUR"), UnitCost: money.Of(money.Int(18), "EUR")},
		{ID: "71", Name: "Business Premium yearly", PeriodType: billing.PeriodYear, Active: true},
		{ID: "72", Name: "Old Premium", PeriodType: billing.PeriodMonth}, {ID: "73", Name: "Premium <b>Support</b>", PeriodType: billing.PeriodMonth, Active: true}}
	ts := newTestServer(t, func(d *Deps) {
		deps := d.Engine.Deps
		deps.OpenTarget = func(engine.TargetConfig) (target.Target, error) { return catalogued{services: all}, nil }
		d.Engine = engine.New(deps, "test")
	})
	b := ts.owner()
	ts.withCustomers()
	org, err := ts.Store.Organization(t.Context(), string(testOrg))
	ts.must(err)
	_, err = ts.Engine.ConnectTarget(t.Context(), org, engine.TargetConfig{UserName: "api", Secret: secret.New("s"), IntegrationCode: "c"}, "test")
	ts.must(err)
	ts.must(ts.Store.SaveCatalogue(t.Context(), testOrg, billing.Catalogue{Currency: "EUR", Services: all}))
	return ts, b
}

// TestMapAProduct chooses a service for a product, is told what is wrong with three others, and gives the choice back.
func TestMapAProduct(t *testing.T) {
	ts, b := withServices(t)
	list, page := "/o/northwind-it/products", "/o/northwind-it/products/P1:0001:P1M:monthly"
	b.get(list).says(t, 200, "Business Premium", "Exchange", "created when needed", "1–2 of 2", `href="`+page+`"`)
	b.get(list+"?q=exch").says(t, 200, "1–1 of 1").hides(t, page)
	b.get(list+"?state=mapped").says(t, 200, "No product fits")
	b.get(list+"?as=csv").says(t, 200, "P1,0001,P1M,monthly,Business Premium,licence,1,1,5,,,not-created")
	b.get(page).says(t, 200, "There is no service yet", "Business Premium (70)", "needs to be monthly").hides(t, "Let Spindle create one", "Old Premium", "yearly (71)")
	b.get(page+"?q=support").says(t, 200, "Premium &lt;b&gt;Support&lt;/b&gt;", page+"?as=csv&amp;of=services&amp;q=support").hides(t, "Business Premium yearly")
	b.get(page+"?as=csv&of=services").says(t, 200, "service_id,service,sku,for_the_product,period,currency,unit_price,unit_cost\n70,Business Premium,,possible,monthly,EUR,20.50,18.00\n",
		"\n71,Business Premium yearly,,needs to be monthly,yearly,", "\n73,Premium <b>Support</b>,").hides(t, "Old Premium")
	b.get(page+"?as=csv&of=services&q=SUPPORT").says(t, 200, "\n73,Premium <b>Support</b>,").hides(t, "\n70,")
	b.get(page+"?as=csv").says(t, 422, "Choose exceptions, services")
	for typed, says := range map[string]string{"": "is no service of the list", "Premium": "is no service of the list and no id", "71": "is billed yearly, the product is charged monthly", "72": "Autotask has no active service 72",
		"99": "Autotask has no active service 99"} {
		b.post(page, "act", "map", "service", typed).says(t, 422, says, `value="`+typed+`"`, `aria-invalid="true"`)
	}
	b.post(page, "act", "map", "service", "business premium").redirects(t, page)
	b.get(page).says(t, 200, "is now billed as Business Premium (70)", "chosen by you", "Let Spindle create one", "in use")
	m, err := ts.Store.Mappings(t.Context(), testOrg)
	ts.must(err)
	if want := (billing.ServiceMapping{Offer: heldOffer, ServiceID: "70", Name: "Business Premium"}); len(m.Services) != 1 || m.Services[0] != want {
		t.Errorf("stored is %+v", m.Services)
	}
	b.post(page, "act", "unmap").says(t, 200, "Let Spindle create a service for Business Premium?", `name="confirmed"`)
	b.get(page).says(t, 200, "chosen by you")
	b.post(page, "act", "unmap", "confirmed", "yes").redirects(t, page)
	b.get(page).says(t, 200, "gets a service of its own", "There is no service yet")
	b.post(page, "act", "unmap", "confirmed", "yes").redirects(t, page)
	b.get(page).says(t, 200, "is not mapped to a service")
}

// TestPricesOfAProduct says who decides a product's price, for all and for one customer, and takes both back.
func TestPricesOfAProduct(t *testing.T) {
	ts, b := withServices(t)
	page := "/o/northwind-it/products/P1:0001:P1M:monthly"
	b.post(page+"/authority", "authority", "autotask", "customer", "Nobody").says(t, 422, "no customer is called", `value="Nobody"`)
	b.post(page+"/authority", "authority", "nobody").says(t, 422)
	b.post(page+"/authority", "authority", "autotask", "confirmed", "yes").redirects(t, page)
	b.post(page+"/authority", "authority", "spindle", "customer", "birch", "confirmed", "yes").redirects(t, page)
	b.get(page).says(t, 200, "every customer", "Autotask decides", "Birch", "P1:0001")
	b.get("/o/northwind-it/products/P2:0001:P1M:monthly").says(t, 200, "No exception for this product")
	b.get(page).says(t, 200, page+"?as=csv&amp;of=exceptions")
	b.get(page+"?as=csv&of=exceptions").says(t, 200, "customer_id,for,product_id,price_decided_by\n", ",P1:0001,autotask\n", "c-birch,Birch,P1:0001,spindle\n")
	b.post(page+"/authority", "authority", "remove", "product", "P1:0001").says(t, 200, "Take the exception back?")
	b.post(page+"/authority", "authority", "remove", "product", "P1:0001", "confirmed", "yes").redirects(t, page)
	b.post(page+"/authority", "authority", "remove", "product", "P1:0001", "confirmed", "yes").redirects(t, page)
	b.get(page).says(t, 200, "there is no such exception any more", "Birch").hides(t, "every customer</th>")
	viewer := ts.member(account.Viewer)
	viewer.get(page).says(t, 200, "Business Premium").hides(t, `name="act"`, `name="authority"`, "Take back")
}
