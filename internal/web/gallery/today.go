package gallery

import (
	"spindle/internal/billing"
	"spindle/internal/store"
	"spindle/internal/web/chart"
	"spindle/internal/web/view"
)

func todayPages() []Page {
	full, quiet := sampleToday(), sampleToday()
	quiet.Waiting, quiet.Findings, quiet.Open, quiet.AtStake = nil, nil, 0, sums()
	nothing := sampleToday()
	nothing.Findings, nothing.List = nil, listOf("/o/northwind", 0, "q", "zzz")
	fresh := view.Today{Steps: sampleSteps(2), List: listOf("/o/northwind", 0)}
	fresh.Next = &fresh.Steps[2]
	fresh.Systems = sampleToday().Systems
	wrong := sampleToday()
	f := &wrong.Findings[1]
	f.Editing, f.TypedDay, f.TypedNote, f.Error = true, "2026-10-01", "later", "2026-10-01 is over: choose a later day"
	done := view.Setup{Steps: sampleSteps(9)}
	begun := view.Setup{Steps: sampleSteps(3), Next: "settings"}
	pages := []Page{
		{"today", "full", view.TodayPage(runShell("today", "Today"), full)},
		{"today", "first day", view.TodayPage(runShell("today", "Today"), fresh)},
		{"today", "nothing to decide", view.TodayPage(runShell("today", "Today"), quiet)},
		{"today", "nothing fits", view.TodayPage(runShell("today", "Today"), nothing)},
		{"today", "wrong day", view.TodayPage(runShell("today", "Today"), wrong)},
		{"setup", "begun", view.SetupPage(runShell("setup", "Setup"), begun)},
		{"setup", "done", view.SetupPage(runShell("setup", "Setup"), done)},
	}
	for _, role := range otherRoles() {
		pages = append(pages, Page{"today", "as " + string(role), view.TodayPage(shellAs(role, "today", "Today"), full)})
	}
	return pages
}

// sampleSteps are the steps of the set-up, the first of them done.
func sampleSteps(done int) []view.StepRow {
	rows := []view.StepRow{
		{Key: "organization", Title: "My organization", Action: "People and roles", Found: "1 member"},
		{Key: "microsoft", Title: "Microsoft", Action: "Connect or upload", Found: "12 customers and 60 subscriptions read"},
		{Key: "credentials", Title: "Autotask credentials", Action: "Enter the credentials", Found: "no credentials yet"},
		{Key: "settings", Title: "Autotask settings", Action: "Choose the settings", Found: "the vendor is chosen", Left: "the material code is missing"},
		{Key: "customers", Title: "Customers", Action: "See the suggestions", Found: "9 of 12 customers are mapped"},
		{Key: "billing", Title: "Billing", Action: "Switch billing on", Found: "billing is on for 9 customers"},
		{Key: "contracts", Title: "Contracts", Action: "Choose contracts", Found: "9 customers have a contract"},
		{Key: "plan", Title: "First plan", Action: "Go to Plans & runs", Found: "no plan yet"},
		{Key: "enable", Title: "Writing to Autotask", Action: "Allow writing", Found: "writing is off"},
	}
	for i := range rows {
		r := &rows[i]
		r.Href, r.Teach, r.Tone, r.Word = "/o/northwind/setup/"+r.Key, "What this step is for, in a sentence or two, for who meets it first.", view.Off, "to do"
		switch {
		case i < done:
			r.Tone, r.Word = view.Good, "done"
		case i == done:
			r.Tone, r.Word = view.Warn, "in part"
		}
	}
	return rows
}

func sampleToday() view.Today {
	waiting, _ := counted(sampleRun("18", store.RunPlanned), planChanges())
	last := sampleRun("17", store.RunVerified)
	last.Note, last.UpdatedAt = "12 changes applied and read back", at(2, 6, 9)
	v := view.Today{Waiting: &waiting, Last: &last, NextRun: "2026-10-04 06:00", List: listOf("/o/northwind", 2), Open: 2, AtStake: sums(eur(9120)),
		Systems: []view.SystemRow{{Name: "Autotask", Tone: view.Good, Word: "connected"}, {Name: "Microsoft Partner Center", Tone: view.Off, Word: "not connected", Href: "/o/northwind/setup/microsoft", Action: "Connect"}},
		Budget:  &chart.Share{Used: 3214, Limit: 10000, StopAt: 7000, Title: "3\u00a0214 of 10\u00a0000 calls used; Spindle stops at 7\u00a0000"}, BudgetNote: "All integrations of the tenant count.",
		Kinds: []view.Option{{Label: "Any kind"}, {Value: string(billing.FindingNoRoute), Label: "no contract"}}}
	for i := range 8 {
		month := billing.MonthOf(billing.NewDate(2026, 3, 1).AddMonths(i))
		v.Months = append(v.Months, store.MonthTotal{Month: month, Recurring: azureFigures(9_800_000 + 210_000*int64(i)), Charges: azureFigures(700_000 + 31_000*int64(i)), Lines: 1288, Unpriced: 3, Run: "17"})
	}
	v.Months[0].Recurring, v.Months[0].Lines = store.Figures{}, 0 // before the first plan
	v.Month = &v.Months[7]
	v.Sum = view.MonthSum(*v.Month)
	v.Findings = []view.FindingItem{
		{Kind: view.FindingWord(billing.FindingNoRoute), Remedy: "Choose a contract on the customer's page.", Action: view.Crumb{Label: "Choose a contract", Href: "/o/northwind/customers/cust-1"},
			FindingRow: store.FindingRow{Finding: billing.Finding{Kind: billing.FindingNoRoute, Subject: "s1", CustomerID: "cust-1", Customer: "Alder Ridge Dental Group",
				Message: "Power BI Pro has been billed by Microsoft, but no contract is chosen for it", Money: eur(9120)}, State: store.FindingOpen, Version: "v1", FirstAt: at(1, 6, 0), LastAt: at(3, 9, 14)}},
		{Kind: view.FindingWord(billing.FindingDrift), Remedy: "Keep it, adopt it as the price, or restore what Spindle wrote.",
			FindingRow: store.FindingRow{Finding: billing.Finding{Kind: billing.FindingDrift, Subject: "s2", CustomerID: "cust-2", Customer: longName,
				Message: "the unit price of Exchange Online Plan 1 was changed by hand from 4.80 to 5.10"}, State: store.FindingOpen, Version: "v1", FirstAt: at(2, 6, 0), LastAt: at(3, 9, 14),
				By: "bob@northwind.example", Note: "agreed", Reopened: "the amount changed"}},
		{Kind: view.FindingWord(billing.FindingUsageMissing),
			FindingRow: store.FindingRow{Finding: billing.Finding{Kind: billing.FindingUsageMissing, Subject: "s3", Message: "2 usage rows of invoice G004411220 could not be read"},
				State: store.FindingSnoozed, Until: billing.NewDate(2026, 10, 9), By: "ann@northwind.example", FirstAt: at(2, 6, 0), LastAt: at(3, 9, 14)}},
	}
	return v
}
