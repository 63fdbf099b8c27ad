package gallery

import (
	"fmt"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

func customerPages() []Page {
	full, none, nothing := sampleCustomers(), view.Customers{None: true, List: listOf("/o/northwind/customers", 0)}, sampleCustomers()
	nothing.Rows, nothing.List = nil, listOf("/o/northwind/customers", 0, "q", "zzz", "state", "unmapped")
	one := sampleCustomers()
	one.Rows, one.List, one.All = one.Rows[:1], listOf("/o/northwind/customers", 1), 1
	one.States = map[store.CustomerStatus]int{one.Rows[0].Status: 1}
	wrong := sampleCustomer()
	wrong.Company.Value, wrong.Company.Error = "Zebra", `"Zebra" is no company of the list and no id: choose one of the list, or write the number of the company in Autotask`
	wrong.StartDay.Value, wrong.StartDay.Error = "32", `"32" is no day of a month: write a number from 1 to 31`
	bad := noticed(runShell("customers", "Alder Ridge Dental Group"), view.Notice{Tone: "bad", Text: "Nothing was saved: 2 fields need another value"})
	fresh := sampleCustomer()
	fresh.Detail = store.CustomerDetail{CustomerRow: store.CustomerRow{ID: "cust-0", Name: longName, Domain: "donaudampf.example", Billing: store.BillingOff, Status: store.CustomerUnmapped}}
	fresh.Findings, fresh.History, fresh.Company.Value = nil, nil, ""
	suggestions := sampleSuggestions()
	pages := []Page{
		{"customers", "full", view.CustomersPage(runShell("customers", "Customers"), full)},
		{"customers", "one", view.CustomersPage(runShell("customers", "Customers"), one)},
		{"customers", "empty", view.CustomersPage(runShell("customers", "Customers"), none)},
		{"customers", "nothing fits", view.CustomersPage(runShell("customers", "Customers"), nothing)},
		{"suggestions", "full", view.SuggestionsPage(runShell("customers", "Suggestions"), suggestions)},
		{"suggestions", "empty", view.SuggestionsPage(runShell("customers", "Suggestions"), view.Suggestions{})},
		{"suggestions", "as viewer", view.SuggestionsPage(shellAs(account.Viewer, "customers", "Suggestions"), suggestions)},
		{"customer", "full", view.CustomerPage(runShell("customers", "Alder Ridge Dental Group"), sampleCustomer())},
		{"customer", "not mapped, long name", view.CustomerPage(runShell("customers", longName), fresh)},
		{"customer", "wrong values", view.CustomerPage(bad, wrong)},
	}
	for _, role := range otherRoles() {
		pages = append(pages, Page{"customers", "as " + string(role), view.CustomersPage(shellAs(role, "customers", "Customers"), full)},
			Page{"customer", "as " + string(role), view.CustomerPage(shellAs(role, "customers", "Alder Ridge Dental Group"), sampleCustomer())})
	}
	return pages
}

func sampleCustomers() view.Customers {
	v := view.Customers{List: listOf("/o/northwind/customers", 812, "sort", "-price"), All: 812, States: map[store.CustomerStatus]int{}}
	names := []string{"Alder Ridge Dental Group", "Birch & Vale Solicitors", "Cedar Point Logistics", "Dogwood Media", "Elm Street Clinic", "Fir & Sons", "Gorse Holdings", "Hazel IT", "Ivy Travel", "Juniper Foods", longName}
	for i, s := range store.CustomerStatuses() {
		cents := 1_204_310 - 98_321*int64(i)
		r := store.CustomerRow{ID: billing.CustomerID(fmt.Sprintf("cust-%d", i)), Name: names[i%len(names)], Domain: fmt.Sprintf("customer%d.example", i), CompanyID: billing.CompanyID(fmt.Sprint(29_680_000 + i)),
			CompanyName: names[i%len(names)] + " Ltd", Billing: store.BillingAll, Subscriptions: 3 + i, Contracts: 1, Azure: i%3 == 0, Status: s, Monthly: azureFigures(cents), Run: "17"}
		v.States[s] = 73
		switch s {
		case store.CustomerUnmapped:
			r.CompanyID, r.CompanyName, r.Billing, r.Monthly = "", "", store.BillingOff, store.Figures{}
		case store.CustomerOff:
			r.Billing, r.Monthly = store.BillingOff, store.Figures{}
		case store.CustomerFinding:
			r.Findings, r.Billing, r.Exceptions = 2, store.BillingSome, 1
		}
		v.Rows = append(v.Rows, r)
	}
	return v
}

func sampleSuggestions() view.Suggestions {
	return view.Suggestions{Clear: 1, Left: 3, Rows: []view.SuggestedRow{
		{Value: "cust-1|1", CustomerID: "cust-1", Customer: "Alder Ridge Dental Group", Domain: "alderridge.example", Company: "Alder Ridge Dental Group Ltd", CompanyID: "29680001", Score: 97,
			Evidence: []string{"same domain alderridge.example", "same name but for Ltd"}, Checked: true, First: true},
		{Value: "cust-2|2", CustomerID: "cust-2", Customer: "Birch & Vale Solicitors", Domain: "birchvale.example", Company: "Birch and Vale", CompanyID: "29680002", Score: 71,
			Evidence: []string{"similar name"}, First: true},
		{Value: "cust-2|3", CustomerID: "cust-2", Customer: "Birch & Vale Solicitors", Company: "Birch Logistics", CompanyID: "29680003", Score: 42, Evidence: []string{"one word in common: Birch"}},
		{Value: "cust-4|4", CustomerID: "cust-4", Customer: longName, Domain: "donaudampf.example", Company: longName, CompanyID: "29680004", Score: 64, Evidence: []string{"same name"}, First: true},
	}}
}

// subscriptionOf is a subscription that a line bills; with line false none does.
func subscriptionOf(id, name string, units int64, line bool) store.SubscriptionRow {
	r := store.SubscriptionRow{Subscription: billing.Subscription{ID: billing.SubscriptionID(id), CustomerID: "cust-1", Name: name, Quantity: units,
		Offer: billing.Offer{ProductID: "CFQ7TTC0LCHC", SKUID: "0002", Term: "P1Y", Frequency: "monthly"}}, Source: "partnercenter", On: line, Route: billing.Route{ContractID: "1201"}, Routed: line, Why: "billing is off for it"}
	if line {
		row := sampleLine()
		row.Key, row.Units = "1201|77|"+id, units
		r.Line, r.LineStatus, r.Why = &row, store.LineInStep, ""
	}
	return r
}

func sampleCustomer() view.Customer {
	v := view.Customer{Authority: billing.SpindlePrices, Routes: map[string]string{"1201": "Alder Ridge – Microsoft CSP"},
		Company: view.Field{Name: "company", Label: "Company", Value: "29680001", Required: true, Help: "Type a part of the name and choose, or write the id.", Suggestions: []string{"Alder Ridge Dental Group Ltd (29680001)", "Birch and Vale (29680002)"}},
		From:    view.Field{Name: "from", Label: "First billed month", Type: "month", Value: "2026-08", Help: "What Microsoft billed for months before is never charged. Empty: the running month, or the month it has."},
		Contract: view.Field{Name: "contract", Label: "Everything of this customer goes to", Type: "select", Options: []view.Option{{Label: "no contract"}, {Value: "managed", Label: "a contract that Spindle creates and extends"},
			{Value: "1201", Label: "Alder Ridge – Microsoft CSP (1201, until 2027-02-28)", Selected: true}}},
		StartDay: view.Field{Name: "start-day", Label: "Start day of a managed contract", InputMode: "numeric", Help: "1 to 31. Empty: as in the service settings."},
		History:  []view.ActivityRow{{When: "2026-10-03 09:14:07", Actor: "ann@northwind.example", What: "company mapped", Decided: "Alder Ridge Dental Partners 29683411"}, {When: "2026-10-03 09:15:41", Actor: "ann@northwind.example", What: "billing switched", Decided: "on from October 2026"}},
		Findings: []store.FindingRow{{Finding: billing.Finding{Kind: billing.FindingNoRoute, Message: "Power BI Pro has been billed by Microsoft, but no contract is chosen for it", Remedy: "choose a contract below", Money: eur(9120)}}}}
	v.Detail = store.CustomerDetail{CustomerRow: store.CustomerRow{ID: "cust-1", Name: "Alder Ridge Dental Group", Domain: "alderridge.example", CompanyID: "29680001", CompanyName: "Alder Ridge Dental Group Ltd",
		Billing: store.BillingAll, Exceptions: 1, Subscriptions: 3, CustomServices: 1, Contracts: 1, Azure: true, Status: store.CustomerFinding, Monthly: azureFigures(1_204_310),
		Charges: azureFigures(80_000), ChargesMonth: "2026-09", Findings: 1, Waiting: 2, Run: "17"}, From: "2026-08"}
	gone := subscriptionOf("gone", "Visio Plan 1", 1, false)
	gone.Gone, gone.Why = true, "Microsoft lists it no more"
	own := subscriptionOf("own", "Power BI Pro, "+longName, 12, false)
	own.On, own.Own, own.From, own.Why = true, true, "2027-10", "billing begins with 2027-10"
	v.Detail.Subscribed = []store.SubscriptionRow{subscriptionOf("s1", "Microsoft 365 Business Premium", 45, true), subscriptionOf("s2", "Exchange Online Plan 1", 9, true), own, gone}
	v.Detail.Custom = []store.SubscriptionRow{subscriptionOf("backup-1", "Backup of a server", 2, true)}
	v.Detail.Groups = []store.ResourceGroupRow{{AzureSubscriptionID: "8f3c0b1e-2d4f-4a6b-9c8d-7e6f5a4b3c2d", AzureSubscriptionName: "Alder production", ResourceGroup: "rg-prod", Month: "2026-09", Cost: sums(eur(60_000)), Route: billing.Route{ContractID: "1201"}, Routed: true},
		{AzureSubscriptionID: "8f3c0b1e-2d4f-4a6b-9c8d-7e6f5a4b3c2d", AzureSubscriptionName: "Alder production", ResourceGroup: "rg-test", Month: "2026-09", Cost: sums(eur(1210), money.Of(money.New(99, -2), "USD"))}}
	return v
}
