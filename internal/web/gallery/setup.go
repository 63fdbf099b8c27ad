package gallery

import (
	"slices"

	"spindle/internal/account"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

// setupPages are the pages of the set-up: fresh, filled in, and with wrong values.
func setupPages() []Page {
	return slices.Concat(autotaskPages(), serviceSettingPages(), microsoftPages(), importPages(), customServicePages(), schedulePages(), enablePages())
}

func autotaskForm() []view.Field {
	return []view.Field{
		{Name: "username", Label: "User name (key)", Required: true, Autocomplete: "off", Help: "In Autotask: Admin › Resources (Users), the API user, Username (Key)."},
		{Name: "secret", Label: "Secret", Type: "password", Required: true, Autocomplete: "off", Help: "Password (Secret) of the same page. It is never shown again."},
		{Name: "integration_code", Label: "Integration code (tracking identifier)", Type: "password", Required: true, Autocomplete: "off",
			Help: "API Tracking Identifier of the same page: Custom, with an internal integration name."},
	}
}

func addressField() []view.Field {
	return []view.Field{{Name: "url", Label: "Address", Type: "url", Placeholder: "https://…", Help: "Only for simulators. Empty: Autotask's own zone lookup."}}
}

func autotaskPages() []Page {
	shell := runShell("setup", "Autotask")
	fresh := view.SetupAutotask{Open: true, Form: autotaskForm(), Other: addressField()}
	wrong := fresh
	wrong.Form = autotaskForm()
	wrong.Form[0].Value, wrong.Form[1].Error = "api-spindle@northwind.example", "Autotask refuses this user name and secret (401 Unauthorized): copy both again from the API user's page"
	wrong.Notice = view.Notice{Tone: "bad", Text: "Nothing was saved: 1 field needs another value"}
	stored := view.SetupAutotask{Connected: true, Stored: "2026-09-01 10:00 UTC by ann@northwind.example", UserName: "api-spindle@northwind.example",
		Form: autotaskForm(), Other: addressField()}
	missing := stored
	missing.Checked, missing.Checks = "2026-10-03 09:12", sampleChecks(false)
	writing := stored
	writing.Enabled, writing.Checked, writing.Checks = true, "2026-10-03 09:12", sampleChecks(true)
	return []Page{
		{"setup autotask", "not connected", view.SetupAutotaskPage(shell, fresh)},
		{"setup autotask", "refused", view.SetupAutotaskPage(shell, wrong)},
		{"setup autotask", "connected", view.SetupAutotaskPage(shell, stored)},
		{"setup autotask", "prerequisites missing", view.SetupAutotaskPage(shell, missing)},
		{"setup autotask", "ready and writing", view.SetupAutotaskPage(shell, writing)},
		{"setup autotask", "as viewer", view.SetupAutotaskPage(shellAs(account.Viewer, "setup", "Autotask"), view.SetupAutotask{Form: autotaskForm()})},
	}
}

// sampleChecks is a check of the prerequisites.
func sampleChecks(well bool) []view.CheckRow {
	rows := []view.CheckRow{
		{Name: "Autotask answers", Tone: view.Good, Word: "ok", Found: "zone 12, https://webservices12.example"},
		{Name: "API user may read and write", Tone: view.Good, Word: "ok", Found: "contracts, services, charges, companies"},
		{Name: "Vendor company", Tone: view.Good, Word: "ok", Found: "Microsoft Corporation (29683511)"},
		{Name: "Billing code of services", Tone: view.Good, Word: "ok", Found: "Cloud Services, recurring contract service"},
		{Name: "Billing code of Azure charges", Tone: view.Good, Word: "ok", Found: "Azure Consumption, material"},
	}
	if well {
		return rows
	}
	rows[2] = view.CheckRow{Name: "Vendor company", Tone: view.Bad, Word: "failed", Found: "no company is called “Microsoft Corp”", Href: "/o/northwind/setup/service", Place: "Service settings",
		Remedy: "Choose one of the near matches: Microsoft Corporation, Microsoft Ireland Operations."}
	rows[3] = view.CheckRow{Name: "Billing code of services", Tone: view.Bad, Word: "failed", Found: "“Recurring” is of use type Material",
		Remedy: "In Autotask: Admin › Finance › Billing Codes: choose one of type Recurring Contract Service."}
	rows[4] = view.CheckRow{Name: "Billing code of Azure charges", Tone: view.Off, Word: "not checked", Found: "no code is chosen yet", Href: "/o/northwind/setup/service", Place: "Service settings"}
	return rows
}

func sampleSettings() view.SetupService {
	return view.SetupService{Base: "f00d", Connected: true, Known: true, Groups: []view.SettingGroup{
		{Title: "Names in Autotask", Text: "Offered from what Autotask holds, and checked there.", Fields: []view.Field{
			{Name: "vendor", Label: "Vendor company", Value: "Microsoft Corporation", Suggestions: []string{"Microsoft Corporation", "Microsoft Ireland Operations"},
				Help: "The company in Autotask that stands for Microsoft or your distributor: its exact name."},
			{Name: "service-code", Label: "Billing code of services", Value: "Cloud Services", Help: "For services that Spindle creates. Its use must be recurring contract service."},
			{Name: "material-code", Label: "Billing code of Azure charges", Value: "Azure Consumption", Help: "Its use must be material."}}},
		{Title: "Prices", Text: "Used where no price rule says otherwise.", Fields: []view.Field{
			{Name: "product-markup", Label: "Markup on Azure consumption, %", Value: "10", Help: "Global product markup."},
			{Name: "service-markup", Label: "Markup on subscriptions and custom services, %", Value: "15", Help: "Global service markup."},
			{Name: "price-places", Label: "Decimals of a unit price", Type: "select", Options: []view.Option{{Value: "2", Label: "2, like the currency", Selected: true}, {Value: "4", Label: "4, finer"}}}},
			Boxes: []view.Field{{Name: "keep-earned-credit", Label: "Keep Microsoft's partner earned credit: Azure is priced from the amount before it", Type: "checkbox"}}},
		{Title: "Dates", Fields: []view.Field{
			{Name: "start-day", Label: "Contract start day", Value: "1", Help: "The day Microsoft invoices, 1 to 31; shorter months take their last day."},
			{Name: "effective", Label: "When changes take effect", Type: "select", Options: []view.Option{{Label: "Up now, down next period"}, {Label: "On the true date, prorated"}}}},
			Meanings: []view.Option{{Value: "Up now, down next period", Label: "More units count from the start of the current period if it is not posted yet, fewer from the next one."},
				{Value: "On the true date, prorated", Label: "From the day it happened at Microsoft. Autotask prorates what is added and credits what is taken away."}}},
		{Title: "Approval", Text: "Policies hold changes for a person; nothing is written that is not approved.", Fields: []view.Field{
			{Name: "hold-over", Label: "Hold changes with a money effect above", Value: "500 EUR", Help: "Such as 500 EUR; 0: no limit."}},
			Boxes: []view.Field{{Name: "never-reduce", Label: "Hold every decrease and every end", Type: "checkbox", Checked: true},
				{Name: "four-eyes", Label: "Four eyes: who made a plan may not approve it", Type: "checkbox", Checked: true}}},
	}}
}

func serviceSettingPages() []Page {
	shell := runShell("setup", "Service settings")
	wrong, off, viewer := sampleSettings(), sampleSettings(), sampleSettings()
	vendor, days := &wrong.Groups[0].Fields[0], &wrong.Groups[2].Fields[0]
	vendor.Value, vendor.Error = "Microsoft Corp", `no company in Autotask is called "Microsoft Corp": choose "Microsoft Corporation" or "Microsoft Ireland Operations"`
	days.Value, days.Error = "32", `"32" is no day of a month: write a number from 1 to 31`
	wrong.Notice = view.Notice{Tone: "bad", Text: "Nothing was saved: 2 fields need another value"}
	off.Connected, off.Known = false, false
	for _, g := range viewer.Groups {
		for i := range g.Fields {
			g.Fields[i].Disabled = true
		}
		for i := range g.Boxes {
			g.Boxes[i].Disabled = true
		}
	}
	return []Page{
		{"setup service", "full", view.SetupServicePage(shell, sampleSettings())},
		{"setup service", "wrong values", view.SetupServicePage(shell, wrong)},
		{"setup service", "not connected", view.SetupServicePage(shell, off)},
		{"setup service", "as viewer", view.SetupServicePage(shellAs(account.Viewer, "setup", "Service settings"), viewer)},
	}
}

func microsoftForm() []view.Field {
	return []view.Field{
		{Name: "tenant_id", Label: "Partner tenant id", Required: true, Help: "Partner Center › Settings › Account settings › Identifiers: Microsoft ID."},
		{Name: "client_id", Label: "Application (client) id", Required: true, Help: "Of an application registered in the partner tenant."},
		{Name: "client_secret", Label: "Client secret", Type: "password", Required: true, Help: "It is never shown again."},
		{Name: "refresh_token", Label: "Refresh token (only to sign in in a user's name)", Type: "password",
			Help: "Secure application model, of a partner user with multi-factor authentication. Empty: the application signs in alone, which is enough."},
	}
}

func microsoftPages() []Page {
	shell := runShell("setup", "Microsoft")
	upload := view.UploadFields("512 MB", "")
	fresh := view.SetupMicrosoft{Form: microsoftForm(), Other: addressField(), Upload: upload}
	wrong := fresh
	wrong.Form, wrong.Open = microsoftForm(), true
	wrong.Form[0].Value, wrong.Form[2].Error = "9b1d4e6f-1111-4222-8333-944455556666", "Microsoft refuses the secret: AADSTS7000215, invalid client secret; copy the secret's value, not its id"
	wrong.Upload = view.UploadFields("512 MB", "no file was chosen: choose at least one file")
	wrong.Notice = view.Notice{Tone: "bad", Text: "Nothing was saved: 2 fields need another value"}
	stored := view.SetupMicrosoft{Connected: true, Stored: "2026-09-01 10:04 UTC by ann@northwind.example", Tenant: "9b1d4e6f-1111-4222-8333-944455556666",
		Client: "3f1c8a52-0c2e-4d0e-9a55-7d5d5f8b1a01", Form: microsoftForm(), Other: addressField(), Upload: upload, Reports: sampleReports(), List: listOf("/o/northwind/setup/imports", 24)}
	reading, read, other := stored, stored, stored
	reading.Collect = view.CollectState{Running: true, Href: "/setup-microsoft/reading"}
	read.Collect = view.CollectState{Report: 24}
	other.Open, other.Replace = true, &view.Field{Name: "replace", Label: "Replace the connection to 9b1d4e6f-1111-4222-8333-944455556666", Type: "checkbox"}
	other.Notice = view.Notice{Tone: "warn", Text: "This is another Partner Center account than 9b1d4e6f-1111-4222-8333-944455556666, which is connected now.",
		Details: []string{"Whatever that account lists is gone with the next reading."}, Remedy: "Tick the box and enter the secret again, or leave things as they are."}
	return []Page{
		{"setup microsoft", "not connected", view.SetupMicrosoftPage(shell, fresh)},
		{"setup microsoft", "wrong values", view.SetupMicrosoftPage(shell, wrong)},
		{"setup microsoft", "connected", view.SetupMicrosoftPage(shell, stored)},
		{"setup microsoft", "reading", view.SetupMicrosoftPage(shell, reading)},
		{"setup microsoft", "read", view.SetupMicrosoftPage(shell, read)},
		{"setup microsoft", "another account", view.SetupMicrosoftPage(shell, other)},
		{"setup microsoft", "as viewer", view.SetupMicrosoftPage(shellAs(account.Viewer, "setup", "Microsoft"), fresh)},
	}
}

func sampleReports() []store.ImportReport {
	return []store.ImportReport{
		{Number: 24, At: at(3, 6, 1), Origin: "partnercenter", By: "schedule", Rows: 1288, Kept: 1288, Changed: true, Sets: []string{"billed lines of invoice G004411220"},
			Totals: sums(eur(10_231_455)), Kind: "reconciliation"},
		{Number: 23, At: at(2, 16, 40), Origin: "recon-G004411220-with-a-name-as-long-as-portals-make-them-2026-10-02T16-38-11Z.csv", By: "ann@northwind.example", Rows: 1288, Kept: 1286, Refused: 2, Changed: true,
			Sets: []string{"billed lines of invoice G004411220"}, Totals: sums(eur(10_198_002)), Kind: "reconciliation file",
			Notices: []string{"2 columns are not known and were left out: ResellerNote, InternalId."}, Problems: []store.ImportProblem{
				{Line: 119, Field: "Quantity", Message: `"5,0o" is not a number`, Remedy: "Download the file again, or correct the row."},
				{Line: 804, Field: "CustomerId", Message: "the row names no customer", Remedy: "Ask the distributor for a file with the customer's tenant id."}}},
		{Number: 22, At: at(2, 16, 31), Origin: "invoice.pdf", By: "ann@northwind.example", Problems: []store.ImportProblem{{Message: "this is a PDF, not a reconciliation or usage file",
			Remedy: "In Partner Center choose Export › Reconciliation file."}}},
		{Number: 21, At: at(1, 9, 0), Origin: "usage-2026-09.jsonl.gz", By: "ann@northwind.example", Rows: 81204, Kept: 81204, Sets: []string{"billed usage of invoice G004411220"},
			Totals: sums(eur(812_000)), Kind: "daily usage file"},
	}
}

func importPages() []Page {
	shell, all := runShell("setup", "Imports"), sampleReports()
	return []Page{
		{"imports", "full", view.ImportListPage(shell, view.ImportList{List: listOf("/o/northwind/setup/imports", 24), Rows: all})},
		{"imports", "empty", view.ImportListPage(shell, view.ImportList{List: listOf("/o/northwind/setup/imports", 0)})},
		{"control report", "rows refused", view.ImportReportPage(shell, view.ImportReports{Reports: all[1:2]})},
		{"control report", "several files", view.ImportReportPage(shell, view.ImportReports{Reports: all})},
	}
}

func customServicePages() []Page {
	shell := runShell("setup", "Custom services")
	form := func() []view.Field {
		return []view.Field{
			{Name: "customer", Label: "Customer", Required: true, Help: "Name, an unmistakable part of it, or the Microsoft tenant id."},
			{Name: "id", Label: "Id", Required: true, Placeholder: "managed-backup", Help: "Names the service for good; several customers may have the same one."},
			{Name: "name", Label: "Name on the invoice", Required: true},
			{Name: "quantity", Label: "Quantity", Value: "1", InputMode: "numeric", Required: true},
			{Name: "unit_cost", Label: "Cost of one unit", InputMode: "decimal", Required: true, Help: "What one unit costs you per period; 0 if nothing."},
			{Name: "unit_price", Label: "Price of one unit", InputMode: "decimal", Help: "Empty: by the price rules."},
			{Name: "currency", Label: "Currency", Required: true, Placeholder: "EUR"},
			{Name: "frequency", Label: "Billed", Type: "select", Options: []view.Option{{Label: "monthly"}, {Label: "annually"}}},
			{Name: "start", Label: "First day", Type: "date", Required: true, Value: "2026-10-03"},
			{Name: "end", Label: "Last day", Type: "date", Help: "Empty: until it is ended."},
		}
	}
	upload := []view.Field{{Name: "file", Label: "List as CSV", Type: "file", Required: true, Accept: ".csv,text/csv"},
		{Name: "complete", Label: "The list is complete: end the services that are not in it (asks first)", Type: "checkbox"}}
	empty := view.SetupServices{List: listOf("/o/northwind/setup/services", 0), Form: form(), Upload: upload}
	full, nothing, edit, wrong := empty, empty, empty, empty
	full.List = listOf("/o/northwind/setup/services", 3)
	for i, name := range []string{"Managed backup", "Monitoring, 24 hours", "Help desk – " + longName} {
		row := view.ServiceRow{ID: "s" + view.Count(i), Key: "managed-backup", Name: name, CustomerID: "cust-1", Customer: "Alder Ridge Dental Group", Quantity: view.Count(12 - i), Billed: "monthly",
			Start: "2026-01-01", End: "open", Origin: "services.csv", Saved: "2026-09-01"}
		row.Service.UnitCost = eurs(int64(450 + 25*i))
		if i != 1 {
			row.Service.UnitPrice = eurs(int64(900 + 50*i))
		}
		full.Rows = append(full.Rows, row)
	}
	edit, wrong = full, full
	edit.Was, edit.Name, edit.Form = "s0", "Managed backup", form()
	edit.Form[0].Value, edit.Form[0].Disabled, edit.Form[1].Value, edit.Form[1].Disabled, edit.Form[2].Value = "Alder Ridge Dental Group", true, "managed-backup", true, "Managed backup"
	wrong.Form = form()
	wrong.Form[4].Value, wrong.Form[4].Error = "4,5o", `"4,5o" is not a number: write a number such as 4.50`
	wrong.Upload = []view.Field{upload[0], upload[1]}
	wrong.Upload[0].Error = "services.csv lacks the column quantity: start from the template"
	wrong.Notice = view.Notice{Tone: "bad", Text: "Nothing was saved: 2 fields need another value"}
	nothing.List = listOf("/o/northwind/setup/services", 0, "q", "zzz")
	return []Page{
		{"custom services", "full", view.SetupServicesPage(shell, full)},
		{"custom services", "empty", view.SetupServicesPage(shell, empty)},
		{"custom services", "nothing fits", view.SetupServicesPage(shell, nothing)},
		{"custom services", "change one", view.SetupServicesPage(shell, edit)},
		{"custom services", "wrong values", view.SetupServicesPage(shell, wrong)},
		{"custom services", "as viewer", view.SetupServicesPage(shellAs(account.Viewer, "setup", "Custom services"), full)},
	}
}

func schedulePages() []Page {
	shell := runShell("setup", "Schedule")
	on := view.SetupSchedule{
		On: view.Field{Name: "sync", Label: "Synchronization on: runs happen by themselves", Type: "checkbox", Checked: true},
		Kind: view.Field{Name: "kind", Label: "How often", Type: "select", Options: []view.Option{{Label: "Every day"}, {Label: "Monday to Friday", Selected: true}, {Label: "Once a month"},
			{Label: "Every hour"}, {Label: "Something else (cron text)"}}},
		At:   view.Field{Name: "at", Label: "Time", Type: "time", Value: "06:00", Help: "Every hour: only the minutes count."},
		Day:  view.Field{Name: "day", Label: "Day of the month", Type: "number", Value: "1", Help: "Only for once a month. Months without the day are left out."},
		Zone: view.Field{Name: "zone", Label: "Time zone", Value: "Europe/Berlin", Help: "UTC, or a place such as Europe/Berlin.", Suggestions: []string{"UTC", "Europe/Berlin"}},
		Cron: view.Field{Name: "cron", Label: "Cron text", Placeholder: "0 6 * * 1-5", Help: "Only for something else: minute, hour, day, month, weekday. CRON_TZ=Europe/Berlin in front gives it a time zone."},
		Preview: view.SchedulePreview{Words: "Monday to Friday at 06:00, Europe/Berlin", Times: []string{"Mon 2026-10-05 06:00 Europe/Berlin", "Tue 2026-10-06 06:00 Europe/Berlin",
			"Wed 2026-10-07 06:00 Europe/Berlin", "Thu 2026-10-08 06:00 Europe/Berlin", "Fri 2026-10-09 06:00 Europe/Berlin"}},
	}
	off, wrong := on, on
	off.On.Checked, off.Preview.Off = false, true
	wrong.Cron.Value, wrong.Cron.Error = "0 25 * * *", `"25" is no hour: write a number from 0 to 23`
	wrong.Preview = view.SchedulePreview{Error: `"25" is no hour: write a number from 0 to 23`}
	wrong.Notice = view.Notice{Tone: "bad", Text: "Nothing was saved: 1 field needs another value"}
	return []Page{
		{"schedule", "on", view.SetupSchedulePage(shell, on)},
		{"schedule", "off", view.SetupSchedulePage(shell, off)},
		{"schedule", "wrong values", view.SetupSchedulePage(shell, wrong)},
		{"schedule", "as viewer", view.SetupSchedulePage(shellAs(account.Viewer, "setup", "Schedule"), on)},
	}
}

// enablePages are the questions before Spindle may write, and before it may not any more.
func enablePages() []Page {
	crumbs := []view.Crumb{{Label: "Setup", Href: "/o/northwind/setup"}, {Label: "Autotask", Href: "/o/northwind/setup/autotask"}}
	return []Page{
		{"confirm", "allow writing", view.ConfirmPage(runShell("setup", "Allow writing"), view.Confirm{Title: "Allow Spindle to write to the Autotask of Northwind IT?", Crumbs: crumbs,
			Action: "/o/northwind/setup/autotask/enable", Button: "Allow writing", Back: "/o/northwind/setup/autotask",
			Text: "It may then create contracts, services, adjustments and charges, for what was mapped, switched on and approved, and for nothing else.",
			Consequences: []string{"9 customers are mapped, with billing on and a contract.", "Run 17 has 6 changes, +1 693.24 EUR/month; none of them is approved, so nothing is written now.",
				"It can be switched off at any time; what was written stays."}})},
		{"confirm", "forbid writing", view.ConfirmPage(runShell("setup", "Forbid writing"), view.Confirm{Title: "Forbid Spindle to write to the Autotask of Northwind IT?", Crumbs: crumbs, Danger: true,
			Action: "/o/northwind/setup/autotask/disable", Button: "Forbid writing", Back: "/o/northwind/setup/autotask", Text: "Nothing is written until it is allowed again. Plans can still be made.",
			Consequences: []string{"Autotask goes on billing what stands there, for 9 customers; it is not kept in step any more.", "4 approved changes wait until writing is on again."}})},
	}
}
