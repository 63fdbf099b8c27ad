package gallery

import (
	"fmt"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

// azureFigures are what usage of so many cents makes at a markup of a fifth.
func azureFigures(cents int64) store.Figures {
	return store.Figures{Cost: sums(eur(cents)), Price: sums(eur(cents * 6 / 5)), Margin: sums(eur(cents / 5))}
}

func sampleMonths() []store.AzureMonth {
	var months []store.AzureMonth
	day := billing.NewDate(2026, 10, 1)
	for i := range 8 {
		m := store.AzureMonth{Month: billing.MonthOf(day.AddMonths(-i)), Customers: 14, Charges: 16, Usage: sums(eur(812_000 - 61_000*int64(i))),
			Figures: azureFigures(812_000 - 61_000*int64(i)), States: map[store.AzureState]int{store.AzureCharged: 13, store.AzureCorrected: 1}}
		switch i {
		case 0:
			m.States, m.Figures, m.Charges = map[store.AzureState]int{store.AzureEstimated: 14}, store.Figures{}, 0
			m.Usage = sums(eur(391_200))
		case 1:
			m.States = map[store.AzureState]int{store.AzureUnbilled: 1, store.AzureFinal: 9, store.AzureApproved: 4}
		}
		months = append(months, m)
	}
	return months
}

func azurePages() []Page {
	months := sampleMonths()
	month := view.AzureMonthPage{Shell: runShell("azure", "Azure"), Month: months[1], Months: months, Waiting: 9, Bundled: true, Earned: true,
		List: listOf("/o/northwind/azure/2026-09", 6), Rows: azureRows(), Days: azureDays(31_400)}
	charged := month
	charged.Month, charged.Waiting = months[2], 0
	var roles []Page
	for _, role := range otherRoles() {
		page := month
		page.Shell = shellAs(role, "azure", "Azure")
		roles = append(roles, Page{"azure month", "as " + string(role), view.AzureMonth(page)})
	}
	return slices.Concat(roles, []Page{
		{"azure", "full", view.Azure(view.AzurePage{Shell: runShell("azure", "Azure"), List: listOf("/o/northwind/azure", 8), Months: months})},
		{"azure", "empty", view.Azure(view.AzurePage{Shell: runShell("azure", "Azure"), List: listOf("/o/northwind/azure", 8)})},
		{"azure month", "to approve", view.AzureMonth(month)},
		{"azure month", "charged", view.AzureMonth(charged)},
		{"azure customer", "to approve", view.AzureCustomer(azureCustomer())},
		{"azure customer", "estimated", view.AzureCustomer(azureEstimate())},
	})
}

// azureDays are a month's days, with a day of the month before that was billed late, a day without use and a credit.
func azureDays(cents int64) []store.AzureDay {
	days := []store.AzureDay{{Day: billing.NewDate(2026, 8, 30), Cost: sums(eur(1250))}}
	for n := 1; n <= 30; n++ {
		cost := cents + int64(n%7)*cents/10
		switch n {
		case 12:
			continue
		case 20:
			cost = -cents / 4
		}
		days = append(days, store.AzureDay{Day: billing.NewDate(2026, 9, n), Cost: sums(eur(cost))})
	}
	return days
}

func azureRows() []store.AzureRow {
	names := []string{"Alder Ridge Dental Group", "Birch & Vale Solicitors", "Cedar Point Logistics", "Dogwood Media", "Elm Street Clinic", "Fir & Sons"}
	var rows []store.AzureRow
	for i, s := range store.AzureStates() {
		cents := 120_431 - 17_321*int64(i)
		r := store.AzureRow{Month: "2026-09", CustomerID: billing.CustomerID(fmt.Sprintf("cust-%d", i)), CustomerName: names[i], State: s, Usage: sums(eur(cents)), Charges: 1}
		switch s {
		case store.AzureFinal:
			r.Waiting, r.Held = 2, 1
		case store.AzureEstimated, store.AzureUnbilled:
			r.Charges = 0
		}
		if r.Charges > 0 {
			r.Figures = azureFigures(cents)
		}
		rows = append(rows, r)
	}
	return rows
}

func azureCustomer() view.AzureCustomerPage {
	row := azureRows()[2]
	d := store.AzureDetail{AzureRow: row, Lines: []store.AzureCharge{
		{DesiredCharge: billing.DesiredCharge{Key: "azure|1201|2026-09|EUR|vm", Name: "Virtual Machines, September 2026", Description: "Microsoft Azure: Virtual Machines", Date: billing.NewDate(2026, 10, 1)},
			Figures: azureFigures(60_210), State: store.AzureFinal, Run: "17", ChangeID: "c06", ChangeRun: "17", ChangeState: store.ChangeProposed, Held: true},
		{DesiredCharge: billing.DesiredCharge{Key: "azure|1201|2026-09|EUR|st", Name: "Storage, September 2026", Description: "Microsoft Azure: Storage", Date: billing.NewDate(2026, 10, 1)},
			Figures: azureFigures(25_579), State: store.AzureCharged, Run: "17"},
	}}
	for i := range 6 {
		earlier := row
		earlier.Month, earlier.State = billing.MonthOf(billing.NewDate(2026, 8, 1).AddMonths(-i)), store.AzureCharged
		earlier.Usage, earlier.Figures = sums(eur(80_000-int64(i)*7000)), azureFigures(80_000-int64(i)*7000)
		d.Earlier = append(d.Earlier, earlier)
	}
	for i, g := range []string{"rg-prod", "rg-test", ""} {
		d.Groups = append(d.Groups, store.ResourceGroupRow{AzureSubscriptionName: "Cedar production", ResourceGroup: g, Cost: sums(eur(60_000 - 20_000*int64(i)))})
	}
	p := view.AzureCustomerPage{Shell: runShell("azure", row.CustomerName), Detail: d, List: listOf("/o/northwind/azure/2026-09/cust-2", 3), Days: azureDays(2_910)}
	for i, category := range []string{"Virtual Machines", "Storage", "Bandwidth"} {
		p.Usage = append(p.Usage, billing.UsageGroup{MeterCategory: category, ResourceGroup: "rg-prod", AzureSubscriptionName: "Cedar production",
			Quantity: money.New(744_125-int64(i)*9, -3), Unit: "1 Hour", Cost: eur(60_210 - int64(i)*9000), FirstDay: billing.NewDate(2026, 9, 1), LastDay: billing.NewDate(2026, 9, 30)})
	}
	return p
}

func azureEstimate() view.AzureCustomerPage {
	p := azureCustomer()
	p.Detail.State, p.Detail.Lines, p.Detail.Waiting, p.Detail.Held, p.Detail.Figures = store.AzureEstimated, nil, 0, 0, store.Figures{}
	p.Detail.Earlier, p.Detail.Groups = nil, nil
	return p
}
