package browser

import (
	"net/http"
	"testing"
)

// firstLoadMax is what the first page may cost over the network, everything it needs included.
const firstLoadMax = 150_000

// typefaceLoaded reports whether the page is set in our typeface, not in one that stands in for it.
const typefaceLoaded = `document.fonts.status === "loaded" && [...document.fonts].some((f) => f.status === "loaded")`

// TestFirstLoad weighs what the browser receives for its first page, with nothing in its cache, and for the next one.
func TestFirstLoad(t *testing.T) {
	t.Parallel()
	h := newHouse(t).ready()
	h.join("Olive", "owner").startsPlan()
	for _, page := range []string{"/sign-in", "/o/northwind-it/today", "/o/northwind-it/customers", "/o/northwind-it/runs/1"} {
		b := newTab(t, h.URL)
		if page != "/sign-in" {
			b.open("/sign-in")
			b.write("E-mail address", "olive@northwind.example", "Password", password)
			b.ok("Sign in")
			b.uncached()
		}
		b.weigh()
		if status := b.open(page); status != http.StatusOK {
			t.Fatalf("%s: status %d", page, status)
		}
		first := b.weigh()
		if !eval[bool](b, typefaceLoaded) {
			t.Errorf("%s is not set in our typeface", page)
		}
		b.open(page)
		again := b.weigh()
		t.Logf("%s: %d bytes at the first load, %d at the second", page, first, again)
		if first > firstLoadMax || first < 10_000 {
			t.Errorf("%s: the first load costs %d bytes, want at most %d", page, first, firstLoadMax)
		}
		if again >= first {
			t.Errorf("%s: the second load costs %d bytes, as much as the first: nothing is cached", page, again)
		}
		b.wantSilence()
	}
}
