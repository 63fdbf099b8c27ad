package gallery

import (
	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/web/view"
)

func productPages() []Page {
	full, nothing := sampleProducts(), sampleProducts()
	nothing.Rows, nothing.List = nil, listOf("/o/northwind/products", 0, "q", "zzz", "state", "missing")
	pages := []Page{
		{"products", "full", view.ProductsPage(runShell("prices", "Products"), full)},
		{"products", "empty", view.ProductsPage(runShell("prices", "Products"), view.Products{List: listOf("/o/northwind/products", 0)})},
		{"products", "nothing fits", view.ProductsPage(runShell("prices", "Products"), nothing)},
	}
	for _, o := range full.Rows {
		v := sampleProduct()
		v.Offer = o
		pages = append(pages, Page{"product", string(o.State), view.ProductPage(runShell("prices", o.Name), v)})
	}
	wrong := sampleProduct()
	wrong.Service.Value, wrong.Service.Error = "Zebra", `"Zebra" is no service of the list and no id: choose one of the list, or write the number of the service in Autotask`
	bad := noticed(runShell("prices", wrong.Offer.Name), view.Notice{Tone: "bad", Text: "Nothing was saved: 1 field needs another value"})
	bare := sampleProduct()
	bare.Services, bare.Authorities, bare.List = nil, nil, listOf("/o/northwind/products/x", 0, "q", "zzz")
	pages = append(pages, Page{"product", "wrong service", view.ProductPage(bad, wrong)}, Page{"product", "no service fits", view.ProductPage(runShell("prices", bare.Offer.Name), bare)})
	for _, role := range []account.Role{account.Biller, account.Viewer} {
		pages = append(pages, Page{"product", "as " + string(role), view.ProductPage(shellAs(role, "prices", "Product"), sampleProduct())})
	}
	return pages
}

func sampleProducts() view.Products {
	v := view.Products{List: listOf("/o/northwind/products", 214), All: 214, States: map[engine.OfferState]int{}}
	offer := billing.Offer{ProductID: "CFQ7TTC0LCHC", SKUID: "0002", Term: "P1Y", Frequency: billing.Monthly}
	for i, o := range []engine.OfferService{
		{Name: "Microsoft 365 Business Premium", ServiceID: "77", Service: "M365 Business Premium", State: engine.OfferMapped, Mapped: true, Holders: 112, Held: 140, Units: 4210},
		{Name: "Exchange Online (Plan 1)", ServiceID: "78", Service: "Exchange Online (Plan 1) (P1Y, monthly)", State: engine.OfferCreated, Holders: 40, Held: 41, Units: 377},
		{Name: "Power BI Pro", State: engine.OfferPending, Holders: 1, Held: 1, Units: 12},
		{Name: longName, ServiceID: "79", Service: longName, State: engine.OfferInactive, Mapped: true, Holders: 1, Held: 2, Units: 3},
		{Name: "Visio Plan 1", ServiceID: "80", Service: "Visio", State: engine.OfferMissing, Mapped: true, Holders: 2, Held: 2, Units: 2},
		{Name: "Project Plan 3", ServiceID: "81", Service: "Project, per year", State: engine.OfferPeriod, Mapped: true, Holders: 3, Held: 3, Units: 9},
		{Name: "Windows 365 Enterprise", State: engine.OfferNone, Holders: 1, Held: 1, Units: 5},
		{Name: "Backup of a server", ServiceID: "82", Service: "Backup", State: engine.OfferUnchecked, Mapped: true, Holders: 9, Held: 9, Units: 31},
	} {
		o.Offer, o.Kind = offer, billing.Licence
		o.Offer.SKUID = "000" + string(rune('1'+i))
		if o.State == engine.OfferNone {
			o.Offer.Frequency = billing.Triennial
		}
		v.States[o.State] = 20 + i
		v.Rows = append(v.Rows, o)
	}
	return v
}

func sampleProduct() view.Product {
	offer := sampleProducts().Rows[0]
	return view.Product{Offer: offer, List: listOf("/o/northwind/products/x", 0),
		Service: view.Field{Name: "service", Label: "Service in Autotask", Required: true, Help: "Type a part of the name and choose, or write the name or the id.",
			Suggestions: []string{"M365 Business Premium (77)", "Microsoft 365 (90)"}},
		Services: []billing.Service{{ID: "77", Name: "M365 Business Premium", PeriodType: billing.PeriodMonth, UnitPrice: eur(2200), UnitCost: eur(1870), Active: true},
			{ID: "90", Name: "Microsoft 365, " + longName, PeriodType: billing.PeriodMonth, UnitPrice: eur(1999), UnitCost: eur(0), Active: true},
			{ID: "91", Name: "Microsoft 365, yearly", PeriodType: billing.PeriodYear, UnitPrice: eur(22_000), UnitCost: eur(18_700), Active: true}},
		Authorities: []view.AuthorityRow{{Rule: billing.AuthorityRule{ProductID: "CFQ7TTC0LCHC:0001", Authority: billing.AutotaskPrices}},
			{Rule: billing.AuthorityRule{CustomerID: "cust-1", ProductID: "CFQ7TTC0LCHC:0001", Authority: billing.SpindlePrices}, Customer: "Alder Ridge Dental Group"}},
		Customer: view.Field{Name: "customer", Label: "Only this customer", Help: "Empty: all customers.", Suggestions: []string{"Alder Ridge Dental Group"}}}
}
