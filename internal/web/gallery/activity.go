package gallery

import (
	"fmt"
	"strings"

	"spindle/internal/web/chart"
	"spindle/internal/web/view"
)

func activityPages() []Page {
	v := view.Activity{List: listOf("/o/northwind/activity", 1284, "action", "plan."),
		Actors:  []view.Option{{Label: "Anybody"}, {Value: "ann@northwind.example", Label: "Ann Baker"}},
		Actions: []view.Option{{Label: "Anything"}, {Value: "plan.", Label: "Plans and approvals"}}}
	what := []struct{ word, action, subject, href string }{
		{"plan: approved", "plan.approved", "17", "/o/northwind/runs/17"}, {"settings: saved", "settings.saved", "service", "/o/northwind/setup"},
		{"company mapped", "mapping.customer.saved", "cust-0b2f6c2e-7c0a-4f43-9d1a-1d2d3c4b5a69", "/o/northwind/customers/cust-0b2f6c2e-7c0a-4f43-9d1a-1d2d3c4b5a69"}, {"change: applied", "change.applied", "17/c02", "/o/northwind/runs/17"},
		{"user: signed in", "user.signed-in", "ann@northwind.example", ""}}
	for i, w := range what {
		v.Rows = append(v.Rows, view.ActivityRow{Seq: fmt.Sprint(1284 - i), When: "2026-10-03 09:1" + fmt.Sprint(9-i) + ":07", Actor: "ann@northwind.example", What: w.word,
			Action: w.action, Subject: w.subject, Href: w.href, Hash: strings.Repeat("9f86d081", 8),
			Detail: []view.Fact{{Name: "changes 1", Value: "c02"}, {Name: "reason", Value: "agreed with the customer on the phone, see ticket T20261003.0042"}}[:i%3]})
	}
	empty := v
	empty.List, empty.Rows = listOf("/o/northwind/activity", 0, "q", "zzz", "since", "2026-10-01"), nil
	broken := v
	broken.Notice = view.Notice{Tone: "bad", Text: "entry 1201 does not fit the one before it", Remedy: "Restore the newest backup whose chain is whole, and find out who changed the database."}
	return []Page{
		{"activity", "full", view.ActivityPage(runShell("activity", "Activity"), v)},
		{"activity", "empty", view.ActivityPage(runShell("activity", "Activity"), empty)},
		{"activity", "chain broken", view.ActivityPage(runShell("activity", "Activity"), broken)},
	}
}

func healthPages() []Page {
	well := view.Health{
		Systems: []view.SystemRow{
			{Name: "Autotask", Tone: view.Good, Word: "connected", Detail: "Saved 2026-09-01 10:00 UTC by ann@northwind.example.", Href: "/o/northwind/setup/autotask", Action: "Change"},
			{Name: "Microsoft Partner Center", Tone: view.Good, Word: "connected", Detail: "Saved 2026-09-01 10:04 UTC by ann@northwind.example.", Href: "/o/northwind/setup/microsoft", Action: "Change"}},
		Budget: &chart.Share{Used: 3214, Limit: 10000, StopAt: 7000, Title: "3 214 of 10 000 calls used; Spindle stops at 7 000"}, BudgetNote: "All integrations of the tenant count.",
		Facts: []view.Fact{{Name: "Version", Value: "v1.4.0"}, {Name: "Database", Value: "sqlite"}, {Name: "Time here (UTC)", Value: "2026-10-03 09:12"}}}
	ill := well
	ill.Systems = []view.SystemRow{
		{Name: "Autotask", Tone: view.Warn, Word: "connected, writing is off", Detail: "Saved 2026-09-01 10:00 UTC by ann@northwind.example.", Href: "/o/northwind/setup/autotask", Action: "Change"},
		{Name: "Microsoft Partner Center", Tone: view.Off, Word: "not connected", Detail: "No connection. Files can be imported instead.", Href: "/o/northwind/setup/microsoft", Action: "Connect"}}
	ill.Budget = &chart.Share{Used: 9120, Limit: 10000, StopAt: 7000, Title: "9 120 of 10 000 calls used; Spindle stops at 7 000"}
	ill.BudgetNote = "Work goes on by itself at 2026-10-03 09:40 UTC."
	ill.Checked = "2026-10-03 09:12"
	ill.Checks = []view.CheckRow{
		{Name: "Autotask answers", Tone: view.Good, Word: "ok", Found: "zone 12, https://webservices12.example"},
		{Name: "Billing code of services", Tone: view.Bad, Word: "failed", Found: "“Recurring” is of use type Material", Remedy: "In Autotask: Admin, Finance, Billing codes: choose one of type Recurring contract service."},
		{Name: "Unit cost is visible", Tone: view.Warn, Word: "look", Found: "cost is 0.00 in every service", Remedy: "Give the API user the right to see cost."},
		{Name: "Partner Center answers", Tone: view.Off, Word: "not checked", Found: "not connected"}}
	ill.Unclear = []view.WorkRow{{Name: "Microsoft 365 E5, P1Y monthly", Href: "/o/northwind/runs/17", Tone: view.Warn, Word: "unknown", Since: "2026-10-03 09:10", Note: "2 attempts: the connection was closed before an answer came"}}
	ill.Working = []view.WorkRow{{Name: "Run 18", Href: "/o/northwind/runs/18", Tone: view.Info, Word: "reading", Since: "2026-10-03 09:11"}}
	ill.Failed = []view.WorkRow{{Name: "Run 15", Href: "/o/northwind/runs/15", Tone: view.Bad, Word: "failed", Since: "2026-10-01 06:00",
		Note: "Partner Center refused the credentials: AADSTS7000222, the secret has expired on 2026-09-30T00:00:00Z for application 3f1c8a52-0c2e-4d0e-9a55-7d5d5f8b1a01"}}
	return []Page{
		{"health", "well", view.HealthPage(runShell("health", "Service health"), well)},
		{"health", "ill and checked", view.HealthPage(runShell("health", "Service health"), ill)},
	}
}
