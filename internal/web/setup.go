package web

import (
	"net/http"

	"spindle/internal/account"
	"spindle/internal/engine"
	"spindle/internal/web/view"
)

func setupRoutes() []route {
	return []route{
		{"GET /o/{org}/setup", in(account.View), setup},
	}
}

// stepRow puts a step of the set-up in words, with the page where it is done.
func (r *request) stepRow(s engine.SetupStep) view.StepRow {
	row := view.StepRow{Key: s.Key, Found: s.Found, Left: s.Left, Href: r.path("setup", s.Key)}
	switch s.State {
	case engine.StepDone:
		row.Tone, row.Word = view.Good, "done"
	case engine.StepPart:
		row.Tone, row.Word = view.Warn, "in part"
	default:
		row.Tone, row.Word = view.Off, "to do"
	}
	switch s.Key {
	case "organization":
		row.Title, row.Action, row.Href = "My organization", "People and roles", r.path("settings")
		row.Teach = "An organization is an MSP with an Autotask database of its own."
	case "microsoft":
		row.Title, row.Action = "Microsoft", "Connect or upload"
		row.Teach = "Spindle bills what Microsoft bills you. Connect Partner Center, or upload the reconciliation and usage files that you or your distributor download."
	case "credentials":
		row.Title, row.Action, row.Href = "Autotask credentials", "Enter the credentials", r.path("setup", "autotask")
		row.Teach = "Spindle works in your Autotask as an API user. The credentials are tested at once, stored sealed and never shown again."
	case "settings":
		row.Title, row.Action, row.Href = "Autotask settings", "Choose the settings", r.path("setup", "service")
		row.Teach = "Name the vendor company and the two billing codes. Spindle offers what exists in your Autotask and checks each value."
	case "customers":
		row.Title, row.Action, row.Href = "Customers", "See the suggestions", r.path("suggestions")
		row.Teach = "Say which Microsoft customer is which Autotask company. Spindle suggests with evidence; you accept in bulk or pick from a list."
	case "billing":
		row.Title, row.Action, row.Href = "Billing", "Switch billing on", r.path("customers")
		row.Teach = "Nothing is billed before you switch it on: for single subscriptions, or for all of a customer's, future ones included."
	case "contracts":
		row.Title, row.Action, row.Href = "Contracts", "Choose contracts", r.path("customers")+"?state=no-contract"
		row.Teach = "Each customer's lines go to a contract: one that exists, or one that Spindle creates and manages."
	case "plan":
		row.Title, row.Action, row.Href = "First plan", "Go to Plans & runs", r.path("runs")
		row.Teach = "A plan reads both sides and shows every difference with its money. It writes nothing."
	case "enable":
		row.Title, row.Action, row.Href = "Writing to Autotask", "Allow writing", r.path("setup", "autotask")
		row.Teach = "Until you allow it nothing is written, not even what is approved. You can switch it off at any time."
	}
	return row
}

func (r *request) stepRows(steps []engine.SetupStep) []view.StepRow {
	var rows []view.StepRow
	for _, s := range steps {
		rows = append(rows, r.stepRow(s))
	}
	return rows
}

func setup(w http.ResponseWriter, r *request) error {
	steps, err := r.s.Engine.SetupSteps(r.Context(), r.org)
	if err != nil {
		return err
	}
	v := view.Setup{Steps: r.stepRows(steps)}
	if next, found := engine.NextStep(steps); found {
		v.Next = next.Key
	}
	return r.page(w, http.StatusOK, view.SetupPage(r.shell("setup", "Setup"), v))
}
