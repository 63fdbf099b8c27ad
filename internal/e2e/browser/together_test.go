package browser

import (
	"net/http"
	"strings"
	"testing"
)

// startsPlan starts a plan and waits until it is made; it gives the number of the run.
func (b *tab) startsPlan() string {
	b.t.Helper()
	b.ok("Plans & runs", "Start a plan")
	b.awaits("to approve")
	at := b.path()
	return at[strings.LastIndex(at, "/")+1:]
}

// button is the words of the first button in the page's content that begin with these.
func (b *tab) button(begins string) string {
	b.t.Helper()
	return eval[string](b, `[...document.querySelectorAll("main button, main a.button")].map(b => b.textContent.replace(/\s+/g, " ").trim()).find(t => t.startsWith("`+begins+`")) ?? ""`)
}

// TestTwoPeople: two people look at one plan, each in a browser of his own. Who decides on what has changed meanwhile is refused with words, and
// nothing of it is done.
func TestTwoPeople(t *testing.T) {
	t.Parallel()
	h := newHouse(t).ready()
	olive, adam := h.join("Olive", "owner"), h.join("Adam", "approver")
	run := olive.startsPlan()

	t.Log("one rejects what the other approves")
	adam.ok("Plans & runs", "Run "+run)
	olive.ok("Alder Ridge Dental Group › Approve all of Alder Ridge Dental Group")
	olive.says("Approved ")
	adam.ok("Reject all…")
	adam.says("Nothing was done:", "The page below shows the plan as it is now.")
	adam.ok("Reject all…")
	adam.write("Why", "not this month")
	olive.ok("Brightwater Logistics, B.V. › Approve all of Brightwater Logistics, B.V.")
	adam.ok(adam.button("Reject "))
	adam.says("Nothing was done:", "The page below shows the plan as it is now.")
	if n := eval[int](adam, `[...document.querySelectorAll("td .status")].filter(s => s.textContent === "rejected").length`); n > 0 {
		t.Errorf("%d changes are rejected", n)
	}

	t.Log("one applies while what is approved changes")
	olive.ok(olive.button("Apply "))
	adam.ok("Cobalt Harbor Foods GmbH › Approve all of Cobalt Harbor Foods GmbH")
	if status := olive.follow(olive.button("Write ")); status != http.StatusConflict {
		t.Errorf("an apply of other changes than were looked at is answered with status %d", status)
	}
	olive.says("Nothing was sent: what is approved has changed since you looked.")

	t.Log("one approves a plan that the other has replaced")
	adam.ok("Plans & runs", "Run "+run, "Approve all…")
	newer := olive.startsPlan()
	adam.follow(adam.button("Approve "))
	adam.says("Nothing was done: a newer plan has replaced this one.", "A newer plan has replaced this one.")
	adam.ok("run " + newer)

	t.Log("two save the settings")
	olive.ok("Setup", "Service settings")
	other := h.join("Anna", "admin")
	other.ok("Setup", "Service settings")
	other.write("Contract start day", "5")
	other.ok("Save")
	olive.write("Contract start day", "7")
	if status := olive.follow("Save"); status != http.StatusUnprocessableEntity {
		t.Errorf("stale settings are answered with status %d", status)
	}
	olive.says("Nothing was saved: somebody changed the settings after you opened this page.", `Contract start day: now "5", you have "7"`)
	if kept := olive.value("Contract start day"); kept != "7" {
		t.Errorf("the field holds %q, not what was typed", kept)
	}
	for _, b := range []*tab{olive, adam, other} {
		b.wantSilence(http.StatusConflict, http.StatusUnprocessableEntity)
	}
	if written := h.writes(); len(written) > 0 {
		t.Errorf("Autotask was written to: %v", written)
	}
}

// TestFourEyes: who made a plan is told that another person must approve it, and that person can. A viewer sees the plan, no button that acts,
// and is refused in words at the address of an act.
func TestFourEyes(t *testing.T) {
	t.Parallel()
	h := newHouse(t).ready()
	olive := h.join("Olive", "owner")
	olive.ok("Setup", "Service settings")
	olive.tick("Four eyes: who made a plan may not approve it")
	olive.ok("Save")
	run := olive.startsPlan()
	olive.follow("Approve all…")
	olive.says("olive@northwind.example made run "+run+" and may not approve it", "Ask another person who may approve")
	olive.lacks("approved, not applied")

	victor := h.join("Victor", "viewer")
	victor.ok("Plans & runs", "Run "+run)
	victor.says("to approve", "Alder Ridge Dental Group")
	for _, words := range []string{"Approve all…", "Reject all…", "Approve selected", "Start a plan", "Approve all of Alder Ridge Dental Group"} {
		if victor.has(words) {
			t.Errorf("a viewer sees %q", words)
		}
	}
	victor.complain("the plan as a viewer sees it", true)
	for _, page := range []string{"customers", "setup/autotask", "setup/service", "setup/microsoft", "prices", "settings"} {
		if status := victor.open("/o/northwind-it/" + page); status != http.StatusOK {
			t.Errorf("%s: a viewer gets status %d", page, status)
		}
		for _, words := range []string{"Save", "Map", "Allow writing…", "Forbid writing…", "Test and store", "Upload", "Collect now", "Save the rule", "Make the link", "Give everybody a contract"} {
			if victor.has(words) {
				t.Errorf("%s: a viewer sees %q", page, words)
			}
		}
	}
	if status := victor.open("/o/northwind-it/runs/" + run + "/apply"); status != http.StatusForbidden {
		t.Errorf("the address of an apply gives a viewer status %d", status)
	}
	victor.says("your role in Northwind IT is viewer")
	victor.wantSilence(http.StatusForbidden)

	adam := h.join("Adam", "approver")
	adam.ok("Plans & runs", "Run "+run, "Approve all…")
	adam.ok(adam.button("Approve "))
	adam.says("Approved ", "approved, not applied")
	adam.wantSilence()
	olive.wantSilence()
}

// writes lists the writes that Autotask got.
func (h *house) writes() []string {
	h.t.Helper()
	var all []string
	for _, r := range h.requests() {
		if r.Method != http.MethodGet && !strings.HasSuffix(strings.ToLower(r.Path), "/query") && !strings.HasSuffix(strings.ToLower(r.Path), "/query/count") {
			all = append(all, r.Method+" "+r.Path)
		}
	}
	return all
}
