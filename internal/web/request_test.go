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
