package browser

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tabsMax is how often a person would press Tab before he gives up.
const tabsMax = 250

// reach presses Tab until what has these words has the focus, which must be seen.
func (b *tab) reach(words string) {
	b.t.Helper()
	for range tabsMax {
		b.keys(kb.Tab)
		at := eval[struct {
			Names []string
			Seen  string
		}](b, `(() => { const e = document.activeElement ?? document.body, words = t => (t ?? "").replace(/\s+/g, " ").trim(), s = getComputedStyle(e);
			const changed = s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== "none";
			return {names: [e.getAttribute("aria-label"), ...[...(e.labels ?? [])].map(l => l.textContent), e.textContent].map(words),
				seen: e === document.body ? "" : !e.matches(":focus-visible") ? "not focus-visible" : changed ? "" : "no outline and no shadow"} })()`)
		if at.Seen != "" {
			b.t.Errorf("%s: the focus on %q is not seen: %s", b.path(), at.Names, at.Seen)
		}
		for _, name := range at.Names {
			if name == words {
				return
			}
		}
	}
	b.t.Fatalf("%q is not reached with %d tabs at %s\n%s", words, tabsMax, b.path(), b.text())
}

// goes presses Enter on what has the focus and gives the status of the page it leads to.
func (b *tab) goes() int {
	b.t.Helper()
	return b.loads(chromedp.KeyEvent(kb.Enter))
}

// through reaches links and buttons one after the other, and presses Enter on each.
func (b *tab) through(words ...string) {
	b.t.Helper()
	for _, w := range words {
		b.reach(w)
		if status := b.goes(); status != http.StatusOK {
			b.t.Fatalf("Enter on %q led to status %d\n%s", w, status, b.text())
		}
	}
}

// TestKeyboard signs in, maps a customer, and approves a plan without a mouse.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	h := newHouse(t).ready()
	h.spindle("", "customers", "unmap", "Dunmore", "--yes")
	h.join("Olive", "owner").ok("Sign out")

	b := newTab(t, h.URL)
	b.open("/")
	b.awaitFocus("E-mail address")
	b.keys("olive@northwind.example")
	b.reach("Password")
	b.keys(password)
	if status := b.goes(); status != http.StatusOK {
		t.Fatalf("sign-in led to status %d\n%s", status, b.text())
	}
	b.says("Today")

	b.keys(kb.Tab) // the first stop leads past the navigation
	if first := eval[string](b, `document.activeElement.textContent`); first != "Skip to the content" {
		t.Errorf("the first stop is %q", first)
	}
	b.through("Customers", "Dunmore Analytics Ltd")
	b.reach("Company")
	b.keys(eval[string](b, `[...document.getElementById("company-list").options].map(o => o.value).find(v => v.startsWith("Dunmore Analytics"))`))
	b.through("Map")
	b.says("Dunmore Analytics Ltd is Dunmore Analytics Limited", "in Autotask")

	b.through("Plans & runs", "Start a plan")
	b.awaits("Approve all…")
	b.reach("Customer, contract or line")
	b.keys("Dunmore")
	b.goes()
	b.through("Approve all of Dunmore Analytics Ltd")
	b.says("Approved ")
	b.wantSilence()
}
