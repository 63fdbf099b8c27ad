package rating

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// The worlds of the tests: one MSP, Alder Ridge with Business Premium on a contract of its own, and an Azure customer.
const (
	org      = "northwind"
	partner  = "bacf63c8-a16a-4bb5-a7cd-e14076792a40"
	alder    = billing.CustomerID("alder")
	dunmore  = billing.CustomerID("dunmore")
	premium  = "CFQ7TTC07DHZ"
	vm       = "DZH318Z0M1T9"
	invoice  = "G104775210"
	codeSvc  = billing.BillingCodeID("500")
	codeMat  = billing.BillingCodeID("600")
	alderCo  = billing.CompanyID("100")
	alderCon = billing.ContractID("9001")
	dunCo    = billing.CompanyID("101")
	dunCon   = billing.ContractID("9002")
)

var premiumOffer = billing.Offer{ProductID: premium, SKUID: "0001", Term: "P1Y", Frequency: billing.Monthly}

func num(s string) money.Decimal {
	d, err := money.Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

func eur(s string) money.Amount { return money.Of(num(s), "EUR") }
func usd(s string) money.Amount { return money.Of(num(s), "USD") }

func day(s string) billing.Date {
	d, err := billing.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// days makes a period from inclusive days, as invoices write it.
func days(from, to string) billing.Period {
	return billing.Period{Start: day(from), End: day(to).AddDays(1)}
}

// world is an input in which Alder Ridge and Dunmore are mapped, switched on and routed, without subscriptions yet.
func world() Input {
	return Input{
		Organization: org, Day: day("2026-10-09"), Month: "2026-09",
		Settings: billing.Settings{
			SyncOn: true, VendorCompanyID: "7", VendorName: "Microsoft", ProductMarkup: num("10"), ServiceMarkup: num("20"),
			ContractStartDay: 1, ServiceCodeID: codeSvc, MaterialCodeID: codeMat, AzureBundled: true, AzureBundleName: "Azure consumption",
			Currency: "EUR", EffectivePolicy: billing.UpNowDownNext, PricePlaces: 2,
		},
		Mappings: billing.Mappings{
			Companies: []billing.CompanyMapping{{CustomerID: alder, CompanyID: alderCo}, {CustomerID: dunmore, CompanyID: dunCo}},
			Switches:  []billing.BillingSwitch{{CustomerID: alder, On: true}, {CustomerID: dunmore, On: true}},
			Routes:    []billing.Route{{CustomerID: alder, ContractID: alderCon}, {CustomerID: dunmore, ContractID: dunCon}},
		},
		Directory: billing.Directory{Customers: []billing.Customer{{ID: alder, Name: "Alder Ridge Dental Group"}, {ID: dunmore, Name: "Dunmore Analytics Ltd"}}},
		Catalogue: billing.Catalogue{
			Companies: []billing.Company{{ID: alderCo, Name: "Alder Ridge", Active: true}, {ID: dunCo, Name: "Dunmore", Active: true}},
			Contracts: []billing.Contract{
				{ID: alderCon, CompanyID: alderCo, Name: "Cloud", Active: true, Recurring: true, Start: day("2026-01-01"), End: day("2026-12-31"), PeriodType: billing.PeriodMonth},
				{ID: dunCon, CompanyID: dunCo, Name: "Cloud", Active: true, Recurring: true, Start: day("2026-01-01"), End: day("2026-12-31"), PeriodType: billing.PeriodMonth},
			},
			Services: []billing.Service{
				{ID: "70", Name: "M365 BP", PeriodType: billing.PeriodMonth, Active: true},
				{ID: "71", Name: "M365 BP yearly", PeriodType: billing.PeriodYear, Active: true},
				{ID: "72", Name: "old", PeriodType: billing.PeriodMonth},
			},
			Currency: "EUR",
		},
		LinePrices: map[string]money.Decimal{},
	}
}

// seat is Alder Ridge's licence subscription.
func seat(id billing.SubscriptionID, quantity int64) billing.Subscription {
	return billing.Subscription{
		ID: id, CustomerID: alder, Kind: billing.Licence, Offer: premiumOffer, Name: "Microsoft 365 Business Premium",
		Publisher: "Microsoft Corporation", Quantity: quantity, Status: billing.Active, Start: day("2026-09-10"), End: day("2027-09-10"),
	}
}

// bought is the line that bills a whole cycle of seat.
func bought(id billing.SubscriptionID, quantity, cost string) billing.LineItem {
	return billing.LineItem{
		Key: "new-" + string(id), Row: 2, Invoice: invoice, CustomerID: alder, CustomerName: "Alder Ridge Dental Group", ProductID: premium, SKUID: "0001",
		SKUName: "Microsoft 365 Business Premium", ProductName: "Microsoft 365 Business Premium", Publisher: "Microsoft Corporation",
		Kind: billing.ChargeNew, KindText: "new", SubscriptionID: id, Frequency: billing.Monthly,
		Charged: days("2026-09-10", "2026-10-09"), TermPeriod: days("2026-09-10", "2027-09-09"), OrderDate: day("2026-09-10"),
		ListUnitCost: num("21.6"), EffectiveUnitCost: num("21.6"), Quantity: num(quantity), BillableQuantity: num(quantity),
		PricingCurrency: "EUR", ExchangeRate: num("1"), Cost: eur(cost), Total: eur(cost),
	}
}

// billedSet is the September invoice.
func billedSet(lines ...billing.LineItem) billing.LineSet {
	set := billing.LineSet{ID: billing.SetID{Kind: billing.BilledLines, PartnerID: partner, Invoice: invoice, Currency: "EUR"}, Version: "1", Lines: lines}
	for _, l := range lines {
		set.Total.Add(l.Total)
	}
	return set
}

// usageSet is the daily usage of the September invoice.
func usageSet(groups ...billing.UsageGroup) billing.UsageSet {
	set := billing.UsageSet{ID: billing.SetID{Kind: billing.BilledUsage, PartnerID: partner, Invoice: invoice, Currency: "EUR"}, Version: "1", Groups: groups}
	for _, g := range groups {
		set.Total.Add(g.Cost)
		set.Rows += g.Rows
	}
	return set
}

// only gives the one line, or fails.
func only(t *testing.T, d billing.Desired) billing.DesiredLine {
	t.Helper()
	if len(d.Lines) != 1 {
		t.Fatalf("%d lines, want 1: %+v (findings %+v)", len(d.Lines), d.Lines, d.Findings)
	}
	return d.Lines[0]
}

// findingIDs lists what a person must decide.
func findingIDs(d billing.Desired) []string {
	ids := []string{}
	for _, f := range d.Findings {
		ids = append(ids, f.ID())
	}
	return ids
}

func findingOf(t *testing.T, d billing.Desired, id string) billing.Finding {
	t.Helper()
	for _, f := range d.Findings {
		if f.ID() == id {
			return f
		}
	}
	t.Fatalf("no finding %s among %v", id, findingIDs(d))
	return billing.Finding{}
}

// outcomes gives "outcome by cost" of every disposition, in order.
func outcomes(d billing.Desired) []string {
	list := []string{}
	for _, x := range d.Dispositions {
		list = append(list, string(x.Outcome)+" "+x.By+" "+x.Cost.String())
	}
	return list
}
