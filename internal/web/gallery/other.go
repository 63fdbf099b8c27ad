package gallery

import (
	"spindle/internal/web/view"
)

// otherPages are problems, questions and notices, which many pages share.
func otherPages() []Page {
	back := view.Crumb{Label: "Back to the start", Href: "/"}
	settings := view.Crumb{Label: "Settings", Href: "/o/northwind/settings"}
	quiet := func(n view.Notice) view.RunPage {
		p := quietRun()
		p.Shell = noticed(p.Shell, n)
		return p
	}
	switching := quiet(view.Notice{Tone: "good", Text: "Billing is switched on: 12 decisions saved.", Details: []string{"The next plan shows what follows from it."}})
	switching.Shell = manyOrganizations(switching.Shell)
	return []Page{
		{"problem", "not found", view.ProblemPage(view.Problem{Title: "Not found", Text: "There is no page at this address.", Remedy: "Check the address, or start again.", Back: back})},
		{"problem", "not allowed", view.ProblemPage(view.Problem{Title: "Not allowed", Text: `your role in Northwind IT is viewer, which does not include the permission "approve"`,
			Remedy: "Ask an owner or admin of the organization to do it, or for another role.", Back: back})},
		{"problem", "defect", view.ProblemPage(view.Problem{Title: "This did not work", Text: "Something in Spindle does not work as it should. Nothing was written that the page did not confirm.",
			Remedy: "Try again; if it happens again, report it with the log entry.", ID: "0b2f6c2e-7c0a-4f43-9d1a-1d2d3c4b5a69", Back: back})},
		{"confirm", "remove a person", view.ConfirmPage(runShell("settings", "Remove Bob Clark"), view.Confirm{Title: "Remove Bob Clark?", Danger: true, Button: "Remove", Action: "/o/northwind/settings/people/u2/remove",
			Text: "bob@northwind.example can no longer see or do anything in Northwind IT. What they did stays in the audit trail under their name.", Back: settings.Href, Crumbs: []view.Crumb{settings}})},
		{"confirm", "switch billing off", view.ConfirmPage(runShell("customers", "Switch billing off?"), view.Confirm{Title: "Switch billing off?", Danger: true, Button: "Switch off", Action: "/o/northwind/billing",
			Text:         "Nothing is written to Autotask now: the next plan proposes what follows, and a person approves it.",
			Consequences: []string{"3 switches to save; 1 stands like this already.", "Alder Ridge Dental Group: 12 lines end, −1 804.20 EUR a month.", longName + ": 1 line ends, −480.00 EUR a month."},
			Values:       []view.Carried{{Name: "act", Value: "off"}, {Name: "customer", Value: "cust-1"}, {Name: "customer", Value: "cust-2"}}, Back: "/o/northwind/customers"})},
		{"notice", "good, with the switcher", view.Run(switching)},
		{"notice", "bad", view.Run(quiet(view.Notice{Tone: "bad", Text: "the plan has changed since you looked at it", Remedy: "Look at it again and decide anew."}))},
		{"notice", "several problems", view.Run(quiet(view.Notice{Tone: "warn", Text: "2 problems", Details: []string{"line 3, field price: “12,5o” is not a number", "line 9, field customer: no customer is called “" + longName + "”"}}))},
	}
}
