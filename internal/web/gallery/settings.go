package gallery

import (
	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

func settingsPages() []Page {
	linked := sampleMembers()
	linked.Link, linked.LinkFor = "https://spindle.northwind.example/invite/Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF", "eve@northwind.example"
	wrong := sampleMembers()
	wrong.Invite.Value, wrong.Invite.Error = "eve(at)northwind", "\"eve(at)northwind\" is no e-mail address: write it as name@company.example"
	wrong.Notice = view.Notice{Tone: "bad", Text: "Nothing was saved: 1 field needs another value"}
	made := sampleTokens()
	made.Text = "spt_4f7a2f0c9b1d4e6f_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF"
	wrongToken := sampleTokens()
	wrongToken.Expires.Value, wrongToken.Expires.Error = "2026-10-01", "2026-10-01 is over: choose a later day"
	previewed, spared := sampleRetention("12", "24", "36"), sampleRetention("12", "", "")
	previewed.Preview, spared.Preview = true, true
	previewed.Would = engine.RemovalSentences(store.Removal{Versions: 12, VersionRows: 48_210, Runs: 31, RunRows: 120_004, Receipts: 14}, "would be removed")
	wrongMonths := sampleRetention("1", "", "soon")
	wrongMonths.Fields[0].Error, wrongMonths.Fields[2].Error = "1 months is not from 3 to 240: write at least 3, or leave it empty to keep everything", `"soon" is no number of months: write a number such as 36`
	wrongMonths.Notice = view.Notice{Tone: "bad", Text: "Nothing was saved: 2 fields need another value"}
	pages := []Page{
		{"people", "full", view.MembersPage(runShell("settings", "Settings"), sampleMembers())},
		{"people", "link just made", view.MembersPage(runShell("settings", "Settings"), linked)},
		{"people", "wrong address", view.MembersPage(runShell("settings", "Settings"), wrong)},
		{"tokens", "full", view.TokensPage(runShell("settings", "API tokens"), sampleTokens())},
		{"tokens", "just made", view.TokensPage(runShell("settings", "API tokens"), made)},
		{"tokens", "wrong day", view.TokensPage(runShell("settings", "API tokens"), wrongToken)},
		{"tokens", "empty", view.TokensPage(runShell("settings", "API tokens"), view.Tokens{Name: made.Name, Role: made.Role, Expires: made.Expires})},
		{"tokens", "viewer", view.TokensPage(shellAs(account.Viewer, "settings", "API tokens"), sampleTokens())},
		{"retention", "kept for good", view.RetentionPage(runShell("settings", "Retention"), sampleRetention("", "", ""))},
		{"retention", "preview", view.RetentionPage(runShell("settings", "Retention"), previewed)},
		{"retention", "nothing to remove", view.RetentionPage(runShell("settings", "Retention"), spared)},
		{"retention", "wrong values", view.RetentionPage(runShell("settings", "Retention"), wrongMonths)},
		{"retention", "viewer", view.RetentionPage(shellAs(account.Viewer, "settings", "Retention"), sampleRetention("12", "", "36"))},
		{"data", "SQLite", view.DataPage(runShell("settings", "Data & backup"), sampleData(true))},
		{"data", "PostgreSQL", view.DataPage(runShell("settings", "Data & backup"), sampleData(false))},
		{"data", "viewer", view.DataPage(shellAs(account.Viewer, "settings", "Data & backup"), sampleData(true))},
	}
	for _, role := range otherRoles() {
		pages = append(pages, Page{"people", "as " + string(role), view.MembersPage(shellAs(role, "settings", "Settings"), sampleMembers())})
	}
	return pages
}

func sampleRetention(months ...string) view.Retention {
	v := view.Retention{ForGood: months[0] == "" && months[1] == "" && months[2] == ""}
	for i, rule := range engine.RetentionRules() {
		v.Fields = append(v.Fields, view.Field{Name: rule.Key, Label: "Months to keep " + rule.What, Value: months[i], InputMode: "numeric", Help: "Empty: for good."})
	}
	if !v.ForGood {
		v.Last = billing.NewDate(2026, 10, 3)
	}
	return v
}

func roleOptions(selected account.Role) []view.Option {
	var all []view.Option
	for _, r := range account.Roles() {
		all = append(all, view.Option{Value: string(r), Label: string(r), Selected: r == selected})
	}
	return all
}

func sampleMembers() view.Members {
	v := view.Members{FourEyes: true,
		Invite:     view.Field{Name: "email", Label: "E-mail address", Type: "email", Required: true},
		InviteRole: view.Field{Name: "role", Label: "Role", Type: "select", Options: roleOptions(account.Biller)},
		Invited: []view.InvitedRow{{ID: "i1", Email: "finn@northwind.example", Role: "biller", Until: "2026-10-10 09:12", By: "ann@northwind.example"},
			{ID: "i2", Email: "accounting.department.of.the.holding.company@northwind-international-services.example", Role: "viewer", Until: "2026-10-09 16:40", By: "ann@northwind.example"}},
		Rows: []view.MemberRow{
			{ID: "u1", Name: "Ann Baker", Email: "ann@northwind.example", Role: "owner", SignedIn: "2026-10-03 09:01", TOTP: true, Self: true},
			{ID: "u2", Name: "Bob Clark", Email: "bob@northwind.example", Role: "approver", Roles: roleOptions(account.Approver), SignedIn: "2026-10-02 17:44", TOTP: true},
			{ID: "u3", Name: "Cleo Díaz", Email: "cleo@northwind.example", Role: "biller", Roles: roleOptions(account.Biller), SignedIn: "2026-10-03 08:15", Locked: "2026-10-03 09:30"},
			{ID: "u4", Name: longName, Email: "dora@northwind.example", Role: "viewer", Roles: roleOptions(account.Viewer), SignedIn: "–", Disabled: true},
		}}
	for _, r := range account.Roles() {
		v.Roles = append(v.Roles, view.Option{Value: string(r), Label: r.Means()})
	}
	return v
}

func sampleTokens() view.Tokens {
	return view.Tokens{
		Name:    view.Field{Name: "name", Label: "What it is for", Required: true, Placeholder: "monthly report"},
		Role:    view.Field{Name: "role", Label: "Role", Type: "select", Options: roleOptions(account.Viewer)},
		Expires: view.Field{Name: "expires", Label: "Good until", Type: "date", Help: "Empty: until it is revoked."},
		Rows: []view.TokenRow{
			{ID: "tk1", Name: "monthly report", Role: "viewer", Made: "2026-09-01 10:00", By: "ann@northwind.example", Used: "2 hours ago", Expires: "–", Tone: view.Good, Word: "in force", InForce: true},
			{ID: "tk2", Name: "old dashboard", Role: "viewer", Made: "2026-03-01 10:00", By: "ann@northwind.example", Used: "never", Expires: "2026-06-01 00:00", Tone: view.Off, Word: "expired"},
			{ID: "tk3", Name: "trial", Role: "biller", Made: "2026-02-01 10:00", By: "bob@northwind.example", Used: "200 days ago", Expires: "–", Tone: view.Off, Word: "revoked"},
		}}
}

func sampleData(sqlite bool) view.Data {
	if !sqlite {
		return view.Data{Database: "PostgreSQL"}
	}
	return view.Data{Database: "SQLite", Backup: true, Sources: []view.SourceRow{
		{Name: "Directory of partnercenter", Saved: "2026-10-03 06:00", Detail: "whole"},
		{Name: "Directory of files", Saved: "2026-09-30 11:20", Detail: "with gaps: nothing is taken away until a whole read"},
		{Name: "Reconciliation lines", Saved: "2026-10-03 06:01", Detail: "24 documents, 81 204 rows"},
		{Name: "Usage", Saved: "2026-10-03 06:04", Detail: "1 document, 1 row"}}}
}
