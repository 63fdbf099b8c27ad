package browser

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wrong is a form with one thing in it that can't be. What must be said stands at the field, or above the form when it is about several.
type wrong struct {
	page   string   // below the organization; "/…" is the address itself
	opens  string   // what is pressed to see the form; "" when it is there
	fields []string // labels and texts, in turn; the first is what is wrong
	button string
	says   string // of the message: what is wrong
	remedy string // and what to do
	above  bool   // the message is above the form
}

// try fills a form in and wants it back with the message, and with what was typed.
func (w wrong) try(b *tab) {
	b.t.Helper()
	page := w.page
	if !strings.HasPrefix(page, "/") {
		page = "/o/northwind-it/" + page
	}
	b.open(page)
	if w.opens != "" {
		b.press(w.opens)
	}
	for i := 0; i < len(w.fields); i += 2 {
		b.put(w.fields[i], w.fields[i+1])
	}
	if status := b.follow(w.button); status != http.StatusUnprocessableEntity {
		b.t.Errorf("%s, %s %q: status %d at %s\n%s", w.page, w.fields[0], w.fields[1], status, b.path(), b.text())
		return
	}
	w.wantMessage(b)
	for i := 0; i < len(w.fields); i += 2 {
		label, text := w.fields[i], w.fields[i+1]
		kept := b.value(label)
		if secret := eval[string](b, `window.spindleFound.type`); secret == "password" || secret == "file" || w.page == "/me/totp" {
			if kept != "" {
				b.t.Errorf("%s: a secret came back in %q", w.page, label)
			}
		} else if kept != strings.TrimSpace(text) && b.option() != text {
			b.t.Errorf("%s: %q holds %q after %q was typed", w.page, label, kept, text)
		}
	}
}

func (w wrong) wantMessage(b *tab) {
	b.t.Helper()
	heard := plain(eval[string](b, `document.querySelector(".notice.bad")?.textContent ?? ""`))
	if !w.above {
		b.locate("field", w.fields[0])
		heard = plain(eval[string](b, `(() => { const f = window.spindleFound;
			if (f.getAttribute("aria-invalid") !== "true") return "the field is not marked as wrong";
			return (f.getAttribute("aria-describedby") ?? "").split(" ").map(id => document.getElementById(id)).filter(e => e?.querySelector(".error") ?? e?.matches(".error"))
				.map(e => e.textContent).join(" ") })()`))
	}
	b.t.Logf("%s, %s %.40q: %s", w.page, w.fields[0], w.fields[1], heard)
	if strings.Contains(heard, os.TempDir()) {
		b.t.Errorf("the message names a folder of the server: %s", heard)
	}
	if !strings.Contains(heard, w.says) || !strings.Contains(heard, w.remedy) {
		b.t.Errorf("%s, %s %q is answered with\n  %q\nwant %q and %q\n%.300s", w.page, w.fields[0], w.fields[1], heard, w.says, w.remedy,
			plain(eval[string](b, `document.querySelector("main").innerText`)))
	}
}

// put types, chooses or attaches, whichever the field is for.
func (b *tab) put(label, text string) {
	b.t.Helper()
	b.locate("field", label)
	switch kind := eval[string](b, `window.spindleFound.type`); {
	case kind == "select-one":
		b.choose(label, text)
	case kind == "file":
		b.attach(label, text)
	case kind == "checkbox":
		b.tick(label)
	case kind == "date" || kind == "month" || kind == "time" || kind == "number":
		b.set(label, text)
	default:
		b.write(label, text)
	}
}

// option is the words of what is chosen in the list that was located last; "" when it is no list.
func (b *tab) option() string {
	b.t.Helper()
	return eval[string](b, `window.spindleFound.selectedOptions?.[0]?.textContent.trim() ?? ""`)
}

// TestWrongValues puts something wrong into every field of every form that can hold it.
func TestWrongValues(t *testing.T) {
	t.Parallel()
	h := newHouse(t).ready()
	b := h.join("Olive", "owner")
	b.complain("welcome", true)
	for _, w := range h.wrongs() {
		w.try(b)
	}
	h.wrongSettings(b)
	h.wrongDecisions(b)
	b.ok("Prices", "Price rules")
	b.write("Value", "12", "Only this product", "NO-SUCH")
	b.ok("Save the rule")
	b.says("Nobody has the product NO-SUCH at the moment")
	b.wantSilence(http.StatusUnprocessableEntity)
}

// wrongs lists what is tried. Empty fields that must not be are refused by the browser itself, so blanks stand for them.
func (h *house) wrongs() []wrong {
	t := h.t
	broken := filepath.Join(t.TempDir(), "broken.csv")
	if err := os.WriteFile(broken, []byte("this is no list\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, m := h.vendors.Autotask, h.vendors.Microsoft
	credentials := func(field, text string) []string {
		good := map[string]string{"User name (key)": a.UserName, "Secret": a.Secret, "Integration code (tracking identifier)": a.IntegrationCode, "Address": a.URL}
		return fillWith(field, text, good, "User name (key)", "Secret", "Integration code (tracking identifier)", "Address")
	}
	connection := func(field, text string) []string {
		good := map[string]string{"Partner tenant id": m.Tenant, "Application (client) id": m.Client, "Client secret": m.Secret, "Sign-in address": m.Login,
			"Graph address": m.Graph, "Partner Center address": m.PartnerCenter}
		return fillWith(field, text, good, "Partner tenant id", "Application (client) id", "Client secret", "Sign-in address", "Graph address", "Partner Center address")
	}
	service := func(field, text string) []string {
		good := map[string]string{"Customer": "Dunmore", "Id": "managed-backup", "Name on the invoice": "Managed Backup", "Quantity": "3", "Cost of one unit": "4.50",
			"Currency": "EUR", "First day": "2026-11-01"}
		return fillWith(field, text, good, "Customer", "Id", "Name on the invoice", "Quantity", "Cost of one unit", "Currency", "First day")
	}
	rule := func(field, text string, more ...string) []string {
		return append(fillWith(field, text, map[string]string{"Value": "12"}, "Value"), more...)
	}
	customer := "customers/5a010003-0001-4003-8015-5b1d1e000003" // Dunmore
	return []wrong{
		{page: "setup/autotask", opens: "Enter other credentials", fields: credentials("User name (key)", "nobody@example.com"), button: "Test and store", above: true, says: "nothing is stored", remedy: ""},
		{page: "setup/autotask", opens: "Enter other credentials", fields: credentials("User name (key)", " "), button: "Test and store", says: "the API user name is missing", remedy: "copy Username (Key)"},
		{page: "setup/autotask", opens: "Enter other credentials", fields: credentials("Secret", "wrong"), button: "Test and store", above: true, says: "nothing is stored", remedy: ""},
		{page: "setup/autotask", opens: "Enter other credentials", fields: credentials("Integration code (tracking identifier)", "WRONG"), button: "Test and store", above: true, says: "nothing is stored", remedy: ""},
		{page: "setup/autotask", opens: "Enter other credentials", fields: credentials("Address", "http://autotask.example"), button: "Test and store", says: "would send credentials unencrypted", remedy: "use https"},

		{page: "setup/microsoft", opens: "Enter another connection", fields: connection("Partner tenant id", " "), button: "Test and store", says: "the partner's tenant id is missing", remedy: "copy it from Partner Center"},
		{page: "setup/microsoft", opens: "Enter another connection", fields: append([]string{"Refresh token (only to sign in in a user's name)", "not-a-token"}, connection("", "")...), button: "Test and store", above: true, says: "refuses the sign-in", remedy: "give the new refresh token"},
		{page: "setup/microsoft", opens: "Enter another connection", fields: connection("Application (client) id", "00000000-0000-4000-8000-000000000000"), button: "Test and store", above: true},
		{page: "setup/microsoft", opens: "Enter another connection", fields: connection("Client secret", "wrong"), button: "Test and store", above: true},
		{page: "setup/microsoft", opens: "Enter another connection", fields: connection("Sign-in address", "http://login.example"), button: "Test and store", says: "unencrypted"},
		{page: "setup/microsoft", opens: "Enter another connection", fields: connection("Graph address", "http://graph.example"), button: "Test and store", says: "unencrypted"},
		{page: "setup/microsoft", opens: "Enter another connection", fields: connection("Partner Center address", "http://center.example"), button: "Test and store", says: "unencrypted"},

		{page: "setup/services", fields: service("Customer", "Nobody Ltd"), button: "Add it", says: "no customer is called", remedy: "the list of customers"},
		{page: "setup/services", fields: service("Customer", "e"), button: "Add it", says: "fits", remedy: "write more of the name"},
		{page: "setup/services", fields: service("Id", "!!"), button: "Add it", says: "no letter or digit", remedy: "use an id such as managed-backup"},
		{page: "setup/services", fields: service("Name on the invoice", " "), button: "Add it", says: "empty", remedy: "fill in"},
		{page: "setup/services", fields: service("Quantity", "1.5"), button: "Add it", says: "not a whole number", remedy: "write a number such as 12"},
		{page: "setup/services", fields: service("Cost of one unit", "4 EUR"), button: "Add it", says: "4 EUR", remedy: "write an amount such as 4.50"},
		{page: "setup/services", fields: append([]string{"Price of one unit", "-1"}, service("", "")...), button: "Add it", says: "negative", remedy: "positive number"},
		{page: "setup/services", fields: service("Currency", "EURO"), button: "Add it", says: "EURO", remedy: "three letters"},
		{page: "setup/services", fields: append([]string{"Last day", "2026-10-01"}, service("", "")...), button: "Add it", says: "before the start", remedy: "write the last day"},
		{page: "setup/services", fields: []string{"List as CSV", broken}, button: "Upload", says: "broken.csv: line 1: the column customer is missing", remedy: "start from the template"},

		{page: "setup/schedule", fields: []string{"Time zone", "Mars/Olympus"}, button: "Save", says: `there is no time zone "Mars/Olympus"`, remedy: "write UTC, or a place such as Europe/Berlin"},
		{page: "setup/schedule", fields: []string{"Day of the month", "32", "How often", "Once a month"}, button: "Save", says: "32 is no day of a month", remedy: "write a number from 1 to 31"},
		{page: "setup/schedule", fields: []string{"Time", "", "How often", "Every day"}, button: "Save", says: "no time of day", remedy: "write it as 06:30"},
		{page: "setup/schedule", fields: []string{"Cron text", "every day", "How often", "Something else (cron text)"}, button: "Save", says: "is not understood", remedy: `as in "15 3 * * *"`},

		{page: customer, fields: []string{"Company", "Dunmore"}, button: "Map", says: "is no company of the list and no id", remedy: "choose one of the list"},
		{page: customer, fields: []string{"Company", "12"}, button: "Map", says: "Autotask has no company 12", remedy: "lists companies that fit"},
		{page: customer, fields: []string{"First billed month", "2021-01"}, button: "Change the month…", says: "2021-01", remedy: "choose"},
		{page: customer, fields: []string{"Start day of a managed contract", "32", "Everything of this customer goes to", "a contract that Spindle creates and extends"}, button: "Save", says: `"32" is no day of a month`, remedy: "write a number from 1 to 31"},

		{page: "prices", fields: rule("Value", "cheap"), button: "Save the rule", says: `"cheap" is not a number`, remedy: "write a number such as 15"},
		{page: "prices", fields: rule("Value", "100", "Kind", "Margin: percent of the price"), button: "Preview", says: "a margin of 100% makes no price", remedy: "write a margin below 100"},
		{page: "prices", fields: rule("Value", "-2", "Kind", "Fixed price per unit"), button: "Save the rule", says: "below zero", remedy: "write a price of 0 or more"},
		{page: "prices", fields: append([]string{"Currency of a fixed price", "EURO"}, rule("", "", "Kind", "Fixed price per unit")...), button: "Save the rule", says: "EURO", remedy: "write three letters such as EUR"},
		{page: "prices", fields: append([]string{"Only this customer", "Nobody Ltd"}, rule("", "")...), button: "Save the rule", says: "no customer is called", remedy: "the list of customers"},
		{page: "prices", fields: append([]string{"Only this subscription", "1234"}, rule("", "")...), button: "Save the rule", says: "no subscription has the id", remedy: "copy it from the customer's page"},
		{page: "prices", fields: append([]string{"First day without it", "2026-11-01", "First day", "2026-12-01"}, rule("", "")...), button: "Save the rule", says: "would end on 2026-11-01, before it starts", remedy: "give a later last day"},

		{page: "products/CFQ7TTC07DHZ:0001:P1M:monthly", fields: []string{"Service in Autotask", "Premium"}, button: "Bill it as this service", says: "is no service of the list and no id", remedy: "choose one of the list"},
		{page: "products/CFQ7TTC07DHZ:0001:P1M:monthly", fields: []string{"Service in Autotask", "3"}, button: "Bill it as this service", says: "Autotask has no active service 3", remedy: ""},
		{page: "products/CFQ7TTC07DHZ:0001:P1M:monthly", fields: []string{"Only this customer", "Nobody Ltd"}, button: "Let Autotask decide", says: "no customer is called", remedy: "the list of customers"},

		{page: "settings/retention", fields: []string{"Months to keep rows of superseded versions of Microsoft's documents", "2"}, button: "Save…", says: "2 months is not from 3 to 240", remedy: "write at least 3"},
		{page: "settings/retention", fields: []string{"Months to keep requests and answers of changes to lines that have ended", "ever"}, button: "Preview", says: `"ever" is no number of months`, remedy: "leave it empty to keep everything"},

		{page: "runs", opens: "Plan for one customer only", fields: []string{"Customer", "Nobody Ltd"}, button: "Start this plan", says: "no customer is called", remedy: "the list of customers"},

		{page: "settings", fields: []string{"E-mail address", "olive@northwind.example"}, button: "Make the link", says: "is a member already", remedy: "change the role"},
		{page: "settings/tokens", fields: []string{"What it is for", " "}, button: "Make it", says: "a name has 1 to", remedy: ""},
		{page: "settings/tokens", fields: []string{"Good until", "2026-11-01", "What it is for", "report"}, button: "Make it", says: "would have expired already", remedy: "give a day in the future"},

		{page: "/me", fields: []string{"Current password", "not mine at all", "New password", password + "!"}, button: "Change the password", says: "that is not your password", remedy: "write the one you signed in with"},
		{page: "/me", fields: []string{"New password", "short", "Current password", password}, button: "Change the password", says: "password", remedy: "choose at least 12 characters"},
		{page: "/me", opens: "Add an organization", fields: []string{"Name of the organization", " "}, button: "Add it", says: "name", remedy: ""},
		{page: "/me/totp", fields: []string{"Six digits from the app", "000000"}, button: "Switch them on", says: "the code is wrong", remedy: "write the six digits that your app shows now"},
	}
}

// wrongDecisions tries to reject without a reason, and to snooze a finding until a day that is over and until none.
func (h *house) wrongDecisions(b *tab) {
	b.t.Helper()
	b.startsPlan()
	b.ok("Reject all…")
	b.write("Why", " ")
	if status := b.follow(b.button("Reject ")); status != http.StatusUnprocessableEntity {
		b.t.Errorf("a rejection without a reason is answered with status %d", status)
	}
	wrong{page: "reject", fields: []string{"Why", " "}, says: "say why", remedy: "the audit trail keeps it"}.wantMessage(b)
	b.complain("a rejection without a reason", true)
	b.ok("Today")
	for _, day := range []struct{ typed, says string }{{"2026-11-01", "2026-11-01 is not in the future: choose a later day"}, {"", "choose the day it comes back"}} {
		if !eval[bool](b, `[...document.querySelectorAll("details")].some(d => d.open && d.querySelector("[name=until]"))`) {
			b.press(eval[string](b, `[...document.querySelectorAll("summary")].map(s => s.textContent.replace(/\s+/g, " ").trim()).find(t => t.startsWith("Decide…"))`))
		}
		b.set("Snooze until", day.typed)
		if status := b.follow("Snooze"); status != http.StatusUnprocessableEntity {
			b.t.Errorf("to snooze until %q is answered with status %d", day.typed, status)
		}
		wrong{page: "today", fields: []string{"Snooze until", day.typed}, says: day.says}.wantMessage(b)
		if kept := b.value("Snooze until"); kept != day.typed {
			b.t.Errorf("the day is %q after %q was typed", kept, day.typed)
		}
	}
	b.complain("a finding with a wrong day", true)
}

// fillWith fills a form with what is good but one field, which comes first.
func fillWith(field, text string, good map[string]string, order ...string) []string {
	var all []string
	if field != "" {
		all = []string{field, text}
	}
	for _, label := range order {
		if label != field {
			all = append(all, label, good[label])
		}
	}
	return all
}

// wrongSettings tries the service settings: each is judged as soon as it is entered, and all of them together when they are saved.
func (h *house) wrongSettings(b *tab) {
	b.t.Helper()
	all := []wrong{
		{fields: []string{"Vendor company", "Microsft"}, says: "Microsft", remedy: "Microsoft"},
		{fields: []string{"Billing code of services", "Azure Consumption"}, says: "Azure Consumption", remedy: "Cloud Subscriptions"},
		{fields: []string{"Billing code of Azure charges", "Azur"}, says: "Azur", remedy: "Azure Consumption"},
		{fields: []string{"Markup on Azure consumption, %", "ten"}, says: `"ten" is not a percentage`, remedy: "write a number such as 15"},
		{fields: []string{"Markup on subscriptions and custom services, %", "-100"}, says: "is not a percentage", remedy: "above -100"},
		{fields: []string{"Name of the bundled line", strings.Repeat("x", 81)}, says: "80", remedy: ""},
		{fields: []string{"Contract start day", "32"}, says: `"32" is not a whole number from 1 to 31`, remedy: "write a number such as 1"},
		{fields: []string{"First month billed, for anybody", "October"}, says: "October", remedy: "2026-10"},
		{fields: []string{"Approve by itself up to, per change", "some"}, says: `"some" is not an amount`, remedy: "write a number such as 500"},
		{fields: []string{"Hold changes with a money effect above", "-5"}, says: `"-5" is not an amount`, remedy: "write a number such as 500"},
	}
	b.open("/o/northwind-it/setup/service")
	const height = `document.documentElement.scrollHeight`
	before := eval[int](b, height)
	b.judged("Markup on Azure consumption, %", "12.5")
	if after := eval[int](b, height); after != before {
		b.t.Errorf("the page is %d high after a right value, and was %d: who presses Save just then misses it", after, before)
	}
	for _, w := range all {
		heard := b.judged(w.fields[0], w.fields[1])
		if !strings.Contains(heard, w.says) || !strings.Contains(heard, w.remedy) {
			b.t.Errorf("%s %q is judged with %q, want %q and %q", w.fields[0], w.fields[1], heard, w.says, w.remedy)
		}
	}
	if status := b.follow("Save"); status != http.StatusUnprocessableEntity {
		b.t.Errorf("wrong settings are answered with status %d\n%s", status, b.text())
	}
	for _, w := range all {
		w.page = "setup/service"
		w.wantMessage(b)
		if kept := b.value(w.fields[0]); kept != w.fields[1] {
			b.t.Errorf("%s holds %q", w.fields[0], kept)
		}
	}
	b.complain("wrong settings", true)
}

// judged writes into a field that is checked when it is left, and gives what the check says.
func (b *tab) judged(label, text string) string {
	b.t.Helper()
	b.locate("field", label)
	const verdict = `document.getElementById(window.spindleFound.id + "-verdict").textContent`
	before := eval[string](b, verdict)
	b.write(label, text)
	b.keys("\t") // leaves the field
	heard := before
	b.until(func() bool { heard = eval[string](b, verdict); return heard != before }, func() string {
		return fmt.Sprintf("%s is not judged when it is entered: %s", label, eval[string](b, `JSON.stringify({holds: window.spindleFound.value,
			focus: document.hasFocus() && document.activeElement?.id, asked: performance.getEntriesByType("resource").filter(e => e.name.includes("/check?")).map(e => [e.name, e.responseStatus, e.duration])})`))
	})
	return plain(heard)
}
