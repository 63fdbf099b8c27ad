package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"spindle/internal/account"
	"spindle/internal/secret"
)

func TestFirstVisitCreatesTheOwner(t *testing.T) {
	ts := newTestServer(t)
	b := ts.browser()
	b.get("/").redirects(t, "/start")
	b.get("/start").says(t, 200, "You are the first here", "Your company")
	b.post("/start", "name", "Olga", "email", "no address", "password", testPassword, "organization", "Northwind IT").
		says(t, 422, "is not an e-mail address", `value="Northwind IT"`, `aria-invalid="true"`)
	b.post("/start", "name", "Olga", "email", "olga@northwind.example", "password", "short", "organization", "Northwind IT").
		says(t, 422, "12", `value="olga@northwind.example"`).hides(t, "short")
	ts.owner()
	b.get("/start").says(t, 409, "has an owner already")
	b.post("/start", "name", "Eve", "email", "eve@example.com", "password", testPassword, "organization", "Eve").says(t, 409, "has an owner already")
}

func TestFirstStartFromElsewhereNeedsTheLink(t *testing.T) {
	ts := newTestServer(t, func(d *Deps) { d.StartToken = secret.New("the-token-of-serve") })
	b := ts.browser()
	b.get("/start").says(t, 200, "You are the first here") // this machine
	b.header.Set("X-Forwarded-For", "203.0.113.9")
	b.get("/start").says(t, 403, "link that spindle serve printed").hides(t, "the-token-of-serve")
	b.post("/start", "name", "Eve", "email", "eve@example.com", "password", testPassword, "organization", "Eve").says(t, 403)
	b.get("/start?token=wrong").says(t, 403)
	b.get("/start?token=the-token-of-serve").says(t, 200, "/start?token=the-token-of-serve")
}

func TestSignInAndOut(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	owner.get("/").redirects(t, "/o/northwind-it")
	owner.post("/sign-out").redirects(t, "/sign-in")
	owner.get("/me?x=1").redirects(t, "/sign-in?next=%2Fme%3Fx%3D1")
	owner.get("/sign-in").says(t, 200, "Sign in")
	wrong := owner.post("/sign-in", "email", "olga@northwind.example", "password", "not the password").says(t, 422, `value="olga@northwind.example"`)
	unknown := owner.post("/sign-in", "email", "nobody@northwind.example", "password", "not the password").says(t, 422)
	if strings.ReplaceAll(wrong.body, "olga@", "nobody@") != unknown.body {
		t.Error("the answers tell which addresses have an account")
	}
	owner.post("/sign-in", "email", "olga@northwind.example", "password", testPassword, "next", "/me").redirects(t, "/me")
	owner.get("/me").says(t, 200, "Olga Owner", "Northwind IT")
}

func TestLockOut(t *testing.T) {
	ts := newTestServer(t)
	ts.owner()
	b := ts.browser()
	for range 5 {
		b.post("/sign-in", "email", "olga@northwind.example", "password", "not the password").says(t, 422)
	}
	b.post("/sign-in", "email", "olga@northwind.example", "password", testPassword).says(t, 422)
	ts.clock.Advance(2 * time.Minute)
	b.post("/sign-in", "email", "olga@northwind.example", "password", testPassword).redirects(t, "/o/northwind-it")
}

func TestSignInLeadsNowhereElse(t *testing.T) {
	ts := newTestServer(t)
	ts.owner()
	for _, next := range []string{"https://evil.example/", "//evil.example/", `/\evil.example`, "javascript:alert(1)", "/x\r\nSet-Cookie: a=b", "http:evil", "%2f%2fevil.example"} {
		b := ts.browser()
		got := b.post("/sign-in", "email", "olga@northwind.example", "password", testPassword, "next", next)
		if to := got.header.Get("Location"); to != "/o/northwind-it" {
			t.Errorf("next %q leads to %q", next, to)
		}
	}
}

func TestOneTimePasswords(t *testing.T) {
	ts := newTestServer(t)
	b := ts.owner()
	page := b.get("/me/totp").says(t, 200, "data:image/png;base64,")
	key := between(t, page.body, "Type this key into the app: <code>", "</code>")
	b.post("/me/totp", "code", "000000").says(t, 422, "Begin again")
	code, err := totp.GenerateCode(key, ts.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	recovery := strings.Fields(between(t, b.post("/me/totp", "code", code).says(t, 200, "Recovery codes").body, `<pre id="codes">`, "</pre>"))
	if len(recovery) != 10 {
		t.Fatalf("%d recovery codes", len(recovery))
	}
	other := ts.browser()
	other.post("/sign-in", "email", "olga@northwind.example", "password", testPassword, "next", "/me").redirects(t, "/sign-in/second")
	other.get("/me").redirects(t, "/sign-in?next=%2Fme")
	other.post("/sign-in/second", "code", code).says(t, 422) // used already
	ts.clock.Advance(time.Minute)
	code, err = totp.GenerateCode(key, ts.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	other.post("/sign-in/second", "code", code).redirects(t, "/me")
	third := ts.browser()
	third.post("/sign-in", "email", "olga@northwind.example", "password", testPassword).redirects(t, "/sign-in/second")
	third.post("/sign-in/second", "code", recovery[0]).redirects(t, "/o/northwind-it")
	third.post("/me/totp/off").says(t, 200, "Switch off one-time passwords?")
	third.post("/me/totp/off", "confirmed", "yes").redirects(t, "/me")
	third.get("/me").says(t, 200, "One-time passwords are off.")
}

func TestSignOutEverywhereEndsOtherSessions(t *testing.T) {
	ts := newTestServer(t)
	here := ts.owner()
	there := ts.browser()
	there.post("/sign-in", "email", "olga@northwind.example", "password", testPassword).redirects(t, "/o/northwind-it")
	here.post("/me/sign-out-everywhere").redirects(t, "/me")
	here.get("/me").says(t, 200, "All other sessions of yours have ended.")
	there.get("/me").redirects(t, "/sign-in?next=%2Fme")
	here.post("/me/password", "current", testPassword, "password", "another long enough password").redirects(t, "/me")
	here.get("/me").says(t, 200, "The password is changed.")
	there.post("/sign-in", "email", "olga@northwind.example", "password", testPassword).says(t, 422)
}

func TestOneTimeLink(t *testing.T) {
	ts := newTestServer(t)
	ts.owner()
	user, err := ts.Store.UserByEmail(t.Context(), "olga@northwind.example")
	if err != nil {
		t.Fatal(err)
	}
	link, err := ts.Accounts.SignInLink(t.Context(), user.ID, account.Operator("test"))
	if err != nil {
		t.Fatal(err)
	}
	b := ts.browser()
	for range 3 { // as mail programs do that look what is behind a link
		scanner := ts.browser()
		scanner.get(link.Path()).says(t, 200, "Olga Owner", "olga@northwind.example", `action="`+link.Path()+`"`)
		scanner.get("/me").redirects(t, "/sign-in?next=%2Fme")
	}
	b.do(http.MethodHead, link.Path(), nil)
	b.post(link.Path()).redirects(t, "/o/northwind-it")
	b.get("/me").says(t, 200, "Olga Owner")
	again := ts.browser()
	again.get(link.Path()).redirects(t, "/sign-in")
	again.post(link.Path()).redirects(t, "/sign-in")
	again.get("/sign-in").says(t, 200, `role="alert"`)
}

// A link of the terminal signs in as soon as it is opened, once; it is good for nothing else.
func TestLinkOfTheTerminal(t *testing.T) {
	ts := newTestServer(t)
	ts.owner()
	user, err := ts.Store.UserByEmail(t.Context(), "olga@northwind.example")
	ts.must(err)
	link, err := ts.Accounts.OpenLink(t.Context(), user.ID, account.Operator("test"))
	ts.must(err)
	ts.browser().post(account.SignInPath+link.Token.Reveal()).redirects(t, "/sign-in")
	b := ts.browser()
	b.get(link.Path()).redirects(t, "/o/northwind-it")
	b.get("/me").says(t, 200, "Olga Owner")
	ts.browser().get(link.Path()).redirects(t, "/sign-in")
	mailed, err := ts.Accounts.SignInLink(t.Context(), user.ID, account.Operator("test"))
	ts.must(err)
	ts.browser().get(account.OpenPath+mailed.Token.Reveal()).redirects(t, "/sign-in")
	ts.browser().get(mailed.Path()).says(t, 200, "Olga Owner")
}

func TestInvitation(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	link, err := ts.Accounts.Invite(t.Context(), "northwind-it", "bill@northwind.example", account.Biller, account.Operator("test"))
	if err != nil {
		t.Fatal(err)
	}
	b := ts.browser()
	b.get(link.Path()).says(t, 200, "Join Northwind IT", "bill@northwind.example", "maps, prices, imports and plans")
	b.post(link.Path(), "name", "", "password", "x").says(t, 422)
	b.post(link.Path(), "name", "Bill", "password", testPassword).redirects(t, "/o/northwind-it")
	b.get(link.Path()).says(t, 404)
	// Who joined is in: the list of people must not say that he never was. A role is set by its button, not by an arrow key that passes it.
	if people := owner.get("/o/northwind-it/settings").says(t, 200, `aria-label="Set the role of Bill"`).hides(t, `/role" data-auto`).body; strings.Count(people, "2026-11-10 09:00") < 2 {
		t.Error("the owner or Bill has never signed in")
	}
}

func TestSessionsAreSafe(t *testing.T) {
	ts := newTestServer(t)
	b := ts.browser()
	got := b.post("/start", "name", "Olga", "email", "olga@northwind.example", "password", testPassword, "organization", "Northwind IT")
	cookie := got.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q lacks %s", cookie, want)
		}
	}
	token, _, _ := strings.Cut(strings.TrimPrefix(cookie, "spindle="), ";")
	if strings.Contains(ts.log.String(), token) || strings.Contains(ts.log.String(), testPassword) {
		t.Error("the log holds a secret")
	}
	// A session from before sign-in does not become the signed-in one.
	early := ts.browser()
	early.post("/sign-out")
	early.post("/sign-in/second", "code", "1")
	before := early.get("/sign-in").header.Get("Set-Cookie")
	after := early.post("/sign-in", "email", "olga@northwind.example", "password", testPassword).header.Get("Set-Cookie")
	if before != "" && before == after {
		t.Error("the token survives sign-in")
	}
}

func TestOtherSitesCannotAct(t *testing.T) {
	ts := newTestServer(t)
	b := ts.owner()
	b.header.Set("Sec-Fetch-Site", "cross-site")
	b.post("/sign-out").says(t, http.StatusForbidden, "came from another site")
	b.header.Set("Sec-Fetch-Site", "same-origin")
	b.post("/sign-out").redirects(t, "/sign-in")
}

func TestEveryAnswerHasTheSecurityHeaders(t *testing.T) {
	ts := newTestServer(t)
	b := ts.owner()
	for _, path := range []string{"/", "/me", "/sign-in", "/nowhere", "/o/other", "/static/x/y.css"} {
		got := b.get(path)
		if csp := got.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
		for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin"} {
			if got.header.Get(header) != want {
				t.Errorf("%s: %s is %q", path, header, got.header.Get(header))
			}
		}
		if strings.Contains(got.body, " style=") || strings.Contains(got.body, "onclick") || strings.Contains(got.body, "<script>") {
			t.Errorf("%s has what the policy forbids", path)
		}
	}
}

// between gives the text between two marks.
func between(t *testing.T, text, from, to string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, from)
	got, _, ended := strings.Cut(rest, to)
	if !found || !ended {
		t.Fatalf("nothing between %q and %q in:\n%s", from, to, text)
	}
	return got
}
