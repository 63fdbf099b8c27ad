package web

import "testing"

// Who goes back to a form that was answered finds it again; what is shown once is nowhere kept, and after signing out nothing is.
func TestWhatBrowsersMayKeep(t *testing.T) {
	b := newTestServer(t).owner()
	const kept, never = "private, no-cache", "no-store"
	for _, c := range []struct {
		what string
		got  answer
		want string
	}{
		{"a page that is read", b.get("/o/northwind-it/settings"), never},
		{"a form with a mistake", b.post("/o/northwind-it/settings/invite", "email", "nobody", "role", "viewer"), kept},
		{"a question", b.post("/o/northwind-it/setup/autotask/enable"), kept},
		{"an invitation", b.post("/o/northwind-it/settings/invite", "email", "ann@northwind.example", "role", "viewer"), never},
		{"a token", b.post("/o/northwind-it/settings/tokens", "name", "report", "role", "viewer"), never},
	} {
		if got := c.got.header.Get("Cache-Control"); got != c.want {
			t.Errorf("%s (status %d): Cache-Control is %q, want %q", c.what, c.got.status, got, c.want)
		}
	}
	if got := b.post("/sign-out").header.Get("Clear-Site-Data"); got != `"cache"` {
		t.Errorf("signing out clears %q", got)
	}
}

// Signs that are no text get an answer in words on every database: PostgreSQL refuses them in the middle of a search.
func TestOnlyTextIsLookedUp(t *testing.T) {
	ts := newTestServer(t)
	b := ts.owner()
	for _, address := range []string{"lines/%00", "lines/%ff", "lines?q=%00", "customers?q=a%ffb", "find?q=%00", "today?%00=1"} {
		b.get("/o/northwind-it/"+address).says(t, 422, "signs that are no text", "Write it anew")
	}
	b.post("/o/northwind-it/settings/tokens", "name", "report\x00", "role", "viewer").says(t, 422, "signs that are no text")
	b.post("/me/password", "current", "\xff secret", "new", "a few words in a row").says(t, 422, "signs that are no text").hides(t, "secret")
	b.get("/o/northwind-it/customers?q=Über+%25").says(t, 200)
}
