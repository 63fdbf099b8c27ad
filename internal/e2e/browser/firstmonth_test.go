package browser

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// story is a first-time user who leads an empty installation to a verified month, with nothing but clicks and typing, in the order in which
// the console's own set-up page leads.
type story struct {
	*tab
	h     *house
	after func(step string) // what the person does besides after each step
}

// step does one step, and what this person does after every step.
func (s *story) step(name string, do func()) {
	s.t.Helper()
	do()
	if s.after != nil {
		began := time.Now()
		s.after(name)
		s.aside += time.Since(began)
	}
}

// firstMonth is the whole story.
func (s *story) firstMonth() {
	s.t.Helper()
	s.step("first start", func() {
		s.open(s.h.Start)
		s.write("Your company", "Northwind IT", "Your name", "Olive Owner", "E-mail address", "olive@northwind.example", "Password", password)
		s.ok("Begin")
		s.says("Welcome.")
	})
	s.setUpConnections()
	s.setUpCustomers()
	s.step("a price rule", func() {
		s.ok("Prices")
		s.choose("Kind", "Margin: percent of the price")
		s.write("Value", "20", "Only this product", "CFQ7TTC07DHZ:0001")
		s.ok("Preview")
		s.says("What it would change")
		s.ok("Save the rule")
		s.says("is saved. The next plan proposes the prices it makes.", "a margin of 20 %")
	})
	s.step("the first plan", func() {
		s.ok("Setup", "Go to Plans & runs", "Start a plan")
		s.awaits("to approve", "Approve all…")
	})
	s.step("allow writing", func() {
		s.ok("Setup", "Allow writing", "Allow writing…")
		s.says("nothing is written now", "customers are mapped, with billing on and a contract")
		s.ok("Allow writing")
		s.says("Writing to Autotask is on.")
	})
	s.approveAndApply("1")
}

func (s *story) setUpConnections() {
	s.t.Helper()
	v := s.h.vendors
	s.step("Microsoft", func() {
		s.ok("Connect or upload")
		s.write("Partner tenant id", v.Microsoft.Tenant, "Application (client) id", v.Microsoft.Client, "Client secret", v.Microsoft.Secret)
		s.press("Other addresses")
		s.write("Sign-in address", v.Microsoft.Login, "Graph address", v.Microsoft.Graph, "Partner Center address", v.Microsoft.PartnerCenter)
		s.ok("Test and store")
		s.says("Partner Center answers. The connection is stored sealed.")
		s.awaits("What was read")
	})
	s.step("Autotask credentials", func() {
		s.ok("Setup", "Enter the credentials")
		s.write("User name (key)", v.Autotask.UserName, "Secret", v.Autotask.Secret, "Integration code (tracking identifier)", v.Autotask.IntegrationCode)
		s.press("Other addresses")
		s.write("Address", v.Autotask.URL)
		s.ok("Test and store")
		s.says("The credentials work and are stored sealed.")
	})
	s.step("service settings", func() {
		s.ok("Setup", "Choose the settings")
		s.write("Vendor company", "Microsoft", "Billing code of services", "Cloud Subscriptions", "Billing code of Azure charges", "Azure Consumption",
			"Markup on Azure consumption, %", "10", "Markup on subscriptions and custom services, %", "15", "Contract start day", "1",
			"Name of the bundled line", "Microsoft Azure")
		s.ok("Save")
		s.says("settings are saved. The next plan uses them.")
	})
	s.step("prerequisites", func() {
		s.ok("Autotask", "Check now")
		s.says("Checked at", "ok")
		s.lacks("missing", "failed")
	})
}

func (s *story) setUpCustomers() {
	s.t.Helper()
	s.step("suggestions", func() {
		s.ok("Setup", "See the suggestions")
		s.says("clear enough to accept together")
		s.ok("Map the selected")
		s.says("customers are mapped.")
	})
	s.step("the rest of the customers", func() {
		for s.ok("Suggestions"); !strings.Contains(s.text(), "Nothing to suggest"); s.ok("Suggestions") {
			s.tick(eval[string](s.tab, `document.querySelector("input[name=pair]").getAttribute("aria-label")`)) // the best of the first customer
			s.ok("Map the selected")
		}
	})
	s.step("billing", func() {
		s.ok("Setup", "Switch billing on", "Switch on for all, including future ones…")
		s.says("Switch billing on for all customers, including future ones?", "12 switches to save")
		s.ok("Switch on")
		s.says("Billing is switched on: 12 decisions saved.")
	})
	s.step("contracts", func() {
		s.ok("Setup", "Choose contracts", "Give everybody a contract")
		s.says("customers go to a contract they have")
	})
}

// approveAndApply looks at a plan, approves all of it, applies it and follows it to the end.
func (s *story) approveAndApply(run string) {
	s.t.Helper()
	s.step("approve run "+run, func() {
		s.ok("Plans & runs", "Run "+run, "Approve all…")
		s.says("Approved changes are written to Autotask when somebody applies the run.")
		s.ok(eval[string](s.tab, `[...document.querySelectorAll("main button")].map(b => b.textContent.trim()).find(t => t.startsWith("Approve "))`))
		s.says("Approved ", "approved, not applied")
	})
	s.step("apply run "+run, func() {
		link := eval[string](s.tab, `[...document.querySelectorAll("main a")].map(b => b.textContent.trim()).find(t => t.startsWith("Apply "))`)
		s.ok(link)
		s.says("They are sent one by one, in order, and then read back.")
		s.ok(strings.Replace(strings.Replace(link, "Apply", "Write", 1), "approved changes", "changes to Autotask", 1))
		s.awaits("verified")
	})
}

// planAgain wants a new plan to show that nothing is left to do.
func (s *story) planAgain(run string) {
	s.t.Helper()
	s.step("plan again", func() {
		s.ok("Plans & runs", "Start a plan")
		s.awaits("Nothing to write")
		if want := "/runs/" + run; !strings.HasSuffix(s.path(), want) {
			s.t.Errorf("the plan is at %s, want …%s", s.path(), want)
		}
	})
}

// TestFirstMonth: a person leads an empty installation to a verified month, and another one does the same who reloads every page and goes back
// and forward after every step. Autotask ends the same, to the byte. The first then closes the next month.
func TestFirstMonth(t *testing.T) {
	var calm, nervous []byte
	t.Run("stories", func(t *testing.T) {
		t.Run("calm", func(t *testing.T) {
			t.Parallel()
			calm = calmUser(t)
		})
		t.Run("nervous", func(t *testing.T) {
			t.Parallel()
			nervous = nervousUser(t)
		})
	})
	if !t.Failed() && !bytes.Equal(calm, nervous) {
		t.Errorf("Autotask differs after the nervous user:\n%s", firstDifference(calm, nervous))
	}
}

func calmUser(t *testing.T) []byte {
	h := newHouse(t)
	began := time.Now()
	s := &story{tab: newTab(t, h.URL), h: h}
	s.firstMonth()
	spent := time.Since(began)
	t.Logf("the first-time user: %d clicks, %d fields, %s from the first page to the first verified run", s.clicks, s.typed, spent.Round(100*time.Millisecond))
	s.planAgain("2")
	s.previewFile()
	state := h.autotask(http.MethodGet, "/state", nil)
	s.wantSilence()
	s.monthClose()
	s.anotherService()
	s.wantSilence()
	return state
}

func nervousUser(t *testing.T) []byte {
	h := newHouse(t)
	s := &story{tab: newTab(t, h.URL), h: h}
	s.after = s.fidget
	s.firstMonth()
	s.planAgain("2")
	s.wantSilence()
	return h.autotask(http.MethodGet, "/state", nil)
}

// fidget does what must do nothing: reload, back, forward. axe-core looks at the page meanwhile.
func (s *story) fidget(step string) {
	s.t.Helper()
	s.complain(step, true)
	at := s.path()
	if status := s.reload(); status != http.StatusOK {
		s.t.Errorf("%s: after a reload status %d\n%s", step, status, s.text())
	}
	for _, leaf := range []func() int{s.back, s.forward} {
		if status := leaf(); status >= http.StatusInternalServerError {
			s.t.Errorf("%s: while leafing status %d at %s\n%s", step, status, s.path(), s.text())
		}
	}
	if now := s.path(); now != at {
		s.t.Errorf("%s: back and forward lead from %s to %s", step, at, now)
	}
}

// monthClose is the next month: Microsoft bills November, Autotask posts it, seats have moved. The person collects, looks at Azure, approves,
// applies, and Today says that it is done.
func (s *story) monthClose() {
	s.t.Helper()
	s.h.autotask(http.MethodPost, "/post", map[string]string{"until": "2026-11-30"})
	s.h.microsoft(http.MethodPost, "/close-month", nil)
	s.h.goTo("2026-12-09")
	s.open("/")
	s.write("E-mail address", "olive@northwind.example", "Password", password)
	s.ok("Sign in", "Setup", "Microsoft", "Collect now")
	s.awaits("What was read")
	s.ok("Plans & runs", "Start a plan")
	s.awaits("to approve", "Approve all…")
	s.ok("Azure", "November 2026")
	s.says("to approve", "Approve the whole month…")
	s.complain("Azure of the month", true)
	s.ok("Approve the whole month…")
	s.says("Approve Azure of November 2026?")
	s.ok(eval[string](s.tab, `[...document.querySelectorAll("main button")].map(b => b.textContent.trim()).find(t => t.startsWith("Approve "))`))
	s.says("To write them to Autotask, apply run 3")
	s.approveAndApply("3")
	s.ok("Azure", "November 2026")
	s.says("charged")
	s.ok("Today")
	s.says("December 2026", "Run 3", "verified")
	s.complain("Today after the close", true)
	s.planAgain("4")
}

// previewFile sends what a price would change to somebody else, and has saved nothing by it.
func (s *story) previewFile() {
	s.t.Helper()
	s.ok("Prices")
	s.write("Value", "31")
	s.ok("Preview")
	s.says("What it would change", "lines and")
	s.complain("the preview of a price", true)
	rows := s.downloads("CSV of the preview").wantTable(s.t.(*testing.T), "price-preview")
	if len(rows) < 2 || rows[0][13] != "difference" || rows[1][15] != "this rule" {
		s.t.Errorf("the preview is exported as %.500q", rows)
	}
	s.ok("Prices")
	s.lacks("31 %")
}

// anotherService bills a product whose lines stand in Autotask as an existing service, and gives the choice back: each time the question says in
// lines and money what follows.
func (s *story) anotherService() {
	s.t.Helper()
	s.ok("Prices", "Products")
	s.complain("products", true)
	s.open("/o/northwind-it/products/CFQ7TTC07DHZ:0001:P1M:monthly")
	s.says("created by Spindle", "Spindle created this service")
	s.write("Name or id", "premium")
	s.ok("Search", "Choose Microsoft 365 Business Premium (11)")
	s.says("as another service?", "The next plan proposes to end", "EUR/month in Autotask", "The next plan proposes to begin")
	s.ok("Bill it so")
	s.says("is now billed as Microsoft 365 Business Premium (11).", "chosen by you")
	s.complain("a product that is mapped", true)
	s.ok("Let Spindle create one…")
	s.says("Let Spindle create a service for", "Nothing is written to Autotask now")
	s.ok("Give the choice back")
	s.says("gets a service of its own", "created by Spindle")
}

// firstDifference shows where two texts part.
func firstDifference(a, b []byte) string {
	was, is := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range min(len(was), len(is)) {
		if was[i] != is[i] {
			return fmt.Sprintf("line %d\n- %.300s\n+ %.300s", i+1, was[i], is[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(was), len(is))
}
