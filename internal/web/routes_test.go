package web

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/secret"
	"spindle/internal/store"
)

// promise is what a route has to keep: who may use it, and what an empty form or a plain visit is answered with when one may.
// A visit without a status here is answered with 200, a form with 303.
type promise struct {
	pattern string
	needs   access
	answers []int
}

// promises repeats the table of routes on purpose: a new route, or another permission, has to be thought of twice.
func promises() []promise {
	return []promise{
		{"GET /{$}", anyone, []int{303}},
		{"GET /start", anyone, []int{303, 409}},
		{"POST /start", anyone, []int{409}},
		{"GET /sign-in", anyone, []int{200, 303}},
		{"POST /sign-in", anyone, []int{422}},
		{"GET /sign-in/second", anyone, []int{303}},
		{"POST /sign-in/second", anyone, []int{303}},
		{"POST /sign-in/openid", anyone, []int{404}},
		{"GET /oidc/callback", anyone, []int{303}},
		{"GET /link/{token}", anyone, []int{303}},
		{"POST /link/{token}", anyone, []int{303}},
		{"GET /open/{token}", anyone, []int{303}},
		{"GET /invite/{token}", anyone, []int{404}},
		{"POST /invite/{token}", anyone, []int{404}},
		{"GET /reset/{token}", anyone, nil},
		{"POST /reset/{token}", anyone, []int{404, 422}},

		{"GET /me", signedIn, nil},
		{"POST /me/password", signedIn, []int{422}},
		{"POST /me/organizations", signedIn, []int{403, 422}}, // owners only, says the handler
		{"GET /me/totp", signedIn, nil},
		{"POST /me/totp", signedIn, []int{422}},
		{"POST /me/totp/off", signedIn, []int{200}},
		{"POST /me/sign-out-everywhere", signedIn, nil},

		{"GET /o/{org}", in(account.View), nil},
		{"GET /o/{org}/today", in(account.View), nil},
		{"POST /o/{org}/findings/decide", in(account.Decide), []int{404}},
		{"GET /o/{org}/setup", in(account.View), nil},
		{"GET /o/{org}/setup/autotask", in(account.View), nil},
		{"POST /o/{org}/setup/autotask", in(account.Configure), []int{422}},
		{"POST /o/{org}/setup/autotask/check", in(account.View), []int{200, 303}},
		{"POST /o/{org}/setup/autotask/enable", in(account.Configure), []int{200, 303}},
		{"POST /o/{org}/setup/autotask/disable", in(account.Configure), []int{200, 303}},
		{"GET /o/{org}/setup/service", in(account.View), nil},
		{"POST /o/{org}/setup/service", in(account.Configure), []int{303, 422}},
		{"POST /o/{org}/setup/service/check", in(account.Configure), []int{200, 204, 422}},
		{"POST /o/{org}/setup/service/refresh", in(account.Configure), nil},
		{"GET /o/{org}/setup/microsoft", in(account.View), nil},
		{"POST /o/{org}/setup/microsoft", in(account.Configure), []int{422}},
		{"POST /o/{org}/setup/microsoft/collect", in(account.Import), nil},
		{"GET /o/{org}/setup/services", in(account.View), nil},
		{"POST /o/{org}/setup/services", in(account.Import), []int{422}},
		{"POST /o/{org}/setup/services/end", in(account.Import), []int{200, 303, 404, 422}},
		{"POST /o/{org}/setup/services/upload", in(account.Import), []int{303, 422}},
		{"GET /o/{org}/setup/services/template", in(account.View), nil},
		{"GET /o/{org}/setup/schedule", in(account.View), nil},
		{"POST /o/{org}/setup/schedule", in(account.Configure), []int{303, 422}},
		{"POST /o/{org}/setup/schedule/preview", in(account.Configure), []int{200, 422}},
		{"GET /o/{org}/setup/imports", in(account.View), nil},
		{"POST /o/{org}/setup/imports", in(account.Import), []int{303, 422}},
		{"GET /o/{org}/setup/imports/{report}", in(account.View), []int{404}}, // nothing was imported here
		{"GET /o/{org}/customers", in(account.View), nil},
		{"POST /o/{org}/billing", in(account.Map), nil},
		{"GET /o/{org}/suggestions", in(account.View), []int{303}}, // back to the customers: Autotask is not connected here
		{"POST /o/{org}/suggestions", in(account.Map), nil},
		{"GET /o/{org}/customers/{customer}", in(account.View), nil},
		{"POST /o/{org}/customers/{customer}/company", in(account.Map), []int{422}},
		{"POST /o/{org}/customers/{customer}/billing", in(account.Map), []int{422}},
		{"POST /o/{org}/customers/{customer}/contract", in(account.Map), []int{200, 422}},
		{"POST /o/{org}/customers/{customer}/authority", in(account.Price), []int{422}},
		{"GET /o/{org}/prices", in(account.View), nil},
		{"POST /o/{org}/prices", in(account.Price), []int{422}},
		{"POST /o/{org}/prices/{rule}/remove", in(account.Price), []int{200}},
		{"GET /o/{org}/products", in(account.View), nil},
		{"GET /o/{org}/products/{offer}", in(account.View), nil},
		{"POST /o/{org}/products/{offer}", in(account.Map), []int{422}},
		{"POST /o/{org}/products/{offer}/authority", in(account.Price), []int{422}},
		{"GET /o/{org}/azure", in(account.View), nil},
		{"GET /o/{org}/azure/{month}", in(account.View), nil},
		{"POST /o/{org}/azure/{month}/approve", in(account.Approve), nil},
		{"GET /o/{org}/azure/{month}/{customer}", in(account.View), nil},
		{"GET /o/{org}/runs", in(account.View), nil},
		{"POST /o/{org}/runs", in(account.Plan), nil},
		{"GET /o/{org}/runs/{run}", in(account.View), nil},
		{"GET /o/{org}/runs/{run}/events", in(account.View), nil},
		{"POST /o/{org}/runs/{run}/decide", in(account.Approve), nil},
		{"GET /o/{org}/runs/{run}/apply", in(account.Apply), nil},
		{"POST /o/{org}/runs/{run}/apply", in(account.Apply), nil},
		{"GET /o/{org}/runs/{run}/findings", in(account.View), nil},
		{"GET /o/{org}/runs/{run}/changes/{change}", in(account.View), nil},
		{"GET /o/{org}/lines", in(account.View), nil},
		{"GET /o/{org}/lines/{key...}", in(account.View), nil},
		{"GET /o/{org}/find", in(account.View), nil},
		{"GET /o/{org}/sources", in(account.View), nil},
		{"GET /o/{org}/activity", in(account.View), nil},
		{"POST /o/{org}/activity/check", in(account.View), nil},
		{"GET /o/{org}/health", in(account.View), nil},
		{"POST /o/{org}/health/check", in(account.View), []int{200}},
		{"GET /o/{org}/settings", in(account.View), nil},
		{"POST /o/{org}/settings/invite", in(account.Users), []int{422}},
		{"POST /o/{org}/settings/invitations/{id}/revoke", in(account.Users), nil},
		{"POST /o/{org}/settings/people/{user}/role", in(account.Users), nil},
		{"POST /o/{org}/settings/people/{user}/link", in(account.Users), []int{200, 303}},
		{"POST /o/{org}/settings/people/{user}/remove", in(account.Users), []int{200}},
		{"GET /o/{org}/settings/tokens", in(account.View), nil},
		{"POST /o/{org}/settings/tokens", in(account.Users), []int{422}},
		{"POST /o/{org}/settings/tokens/{id}/revoke", in(account.Users), []int{200}},
		{"GET /o/{org}/settings/data", in(account.View), nil},
		{"GET /o/{org}/settings/retention", in(account.View), nil},
		{"POST /o/{org}/settings/retention", in(account.Configure), nil},
		{"POST /o/{org}/settings/backup", in(account.Owners), []int{403}}, // of all organizations only, says the handler

		{"POST /sign-out", anyone, nil}, // the last: it ends the session
	}
}

// mayDo repeats who may do what, for the same reason.
func mayDo(role account.Role) string {
	return map[account.Role]string{
		account.Viewer: " view ", account.Approver: " view decide approve apply ", account.Biller: " view map price import plan decide ",
		account.Admin: " view map price import plan decide approve apply configure users ",
		account.Owner: " view map price import plan decide approve apply configure users owners ",
	}[role]
}

func (p promise) method() string { return strings.Fields(p.pattern)[0] }

// ids are what the addresses of an organization hold.
type ids map[string]string

// at gives the address of a route.
func (p promise) at(v ids) string {
	path := strings.Fields(p.pattern)[1]
	for _, name := range []string{"invitations/{id}", "tokens/{id}", "{org}", "{customer}", "{month}", "{run}", "{change}", "{rule}", "{offer}", "{key...}", "{user}"} {
		path = strings.ReplaceAll(path, name, strings.Replace(name, name[strings.Index(name, "{"):], v[name], 1))
	}
	return strings.NewReplacer("{$}", "", "{token}", "none", "{report}", "1").Replace(path)
}

// fits reports whether an answer is what the route promises to those who may.
func (p promise) fits(status int) bool {
	if p.answers != nil {
		return slices.Contains(p.answers, status)
	}
	if p.method() == http.MethodGet {
		return status == http.StatusOK
	}
	return status == http.StatusSeeOther
}

// ask visits the route, or posts a form to it.
func (p promise) ask(b *browser, v ids, pairs ...string) answer {
	b.ts.t.Helper()
	if p.method() == http.MethodGet {
		return b.get(p.at(v))
	}
	return b.post(p.at(v), pairs...)
}

// peopled is an installation of two organizations with something at every address.
type peopled struct {
	*testServer
	home, foreign ids
	people        map[account.Role]*browser // of Northwind IT
	outsider      *browser                  // owner of Fabrikam only
}

// heldOffer is a product that a customer of Northwind IT holds.
var heldOffer = billing.Offer{ProductID: "P1", SKUID: "0001", Term: "P1M", Frequency: billing.Monthly}

const fabrikam billing.OrganizationID = "fabrikam"

func newPeopled(t *testing.T) peopled {
	t.Helper()
	ts := newTestServer(t)
	p := peopled{testServer: ts, people: map[account.Role]*browser{account.Owner: ts.owner()}}
	for _, role := range []account.Role{account.Admin, account.Biller, account.Approver, account.Viewer} {
		p.people[role] = ts.member(role)
	}
	ts.must(ts.Store.SaveDirectory(t.Context(), testOrg, "files", billing.Directory{Customers: []billing.Customer{{ID: "alder", Name: "Alder Dental"}},
		Subscriptions: []billing.Subscription{{ID: "s-alder", CustomerID: "alder", Kind: billing.Licence, Name: "Alder Premium", Quantity: 1, Status: billing.Active, Offer: heldOffer}}}))
	p.home = p.idsOf(testOrg, ts.proven(), "up")
	p.home["{offer}"] = heldOffer.String()
	p.home["{customer}"], p.home["{month}"], p.home["{key...}"] = "alder", "2026-10", url.PathEscape(lineKey)

	_, err := ts.Store.CreateOrganization(t.Context(), "Fabrikam", "test")
	ts.must(err)
	link, err := ts.Accounts.Invite(t.Context(), fabrikam, "fay@fabrikam.example", account.Owner, account.Operator("test"))
	ts.must(err)
	p.outsider = ts.browser()
	p.outsider.post(link.Path(), "name", "Fay Foreign", "password", testPassword).redirects(t, "/o/fabrikam")
	ts.must(ts.Store.SaveDirectory(t.Context(), fabrikam, "files", billing.Directory{Customers: []billing.Customer{{ID: "hidden", Name: "Hidden Orchard"}},
		Subscriptions: []billing.Subscription{{ID: "s-hidden", CustomerID: "hidden", Kind: billing.Licence, Name: "Hidden", Quantity: 1, Status: billing.Active,
			Offer: billing.Offer{ProductID: "P9", SKUID: "0001", Term: "P1M", Frequency: billing.Monthly}}}}))
	p.foreign = p.idsOf(fabrikam, p.foreignRun(), "f1")
	p.foreign["{offer}"] = "P9:0001:P1M:monthly"
	p.foreign["{org}"], p.foreign["{customer}"], p.foreign["{month}"], p.foreign["{key...}"] = string(testOrg), "hidden", "2026-03", "hidden-line"
	return p
}

// idsOf makes a price rule, a token and an invitation in an organization and names them with its last member.
func (p peopled) idsOf(org billing.OrganizationID, run store.RunID, change string) ids {
	ctx, by := p.t.Context(), account.Operator("test")
	var rule billing.PriceRule
	var err error
	for range map[billing.OrganizationID]int{testOrg: 1, fabrikam: 2}[org] { // rules are numbered per organization
		rule, err = p.Store.SavePriceRule(ctx, org, billing.PriceRule{Kind: billing.MarkupRule, Value: money.Int(5)}, "test")
		p.must(err)
	}
	token, _, err := p.Accounts.CreateToken(ctx, org, account.NewToken{Name: "hidden token", Role: account.Viewer}, by)
	p.must(err)
	link, err := p.Accounts.Invite(ctx, org, "guest@"+string(org)+".example", account.Viewer, by)
	p.must(err)
	members, err := p.Accounts.Members(ctx, org)
	p.must(err)
	at := slices.IndexFunc(members, func(m account.Member) bool { return m.Role == account.Viewer || org == fabrikam })
	return ids{"{org}": string(org), "{run}": string(run), "{change}": change, "{rule}": rule.ID, "tokens/{id}": token.ID, "invitations/{id}": link.ID,
		"{user}": string(members[at].ID)}
}

// foreignRun plans three times in Fabrikam: the number of the last is one that Northwind IT has not.
func (p peopled) foreignRun() store.RunID {
	var id store.RunID
	for range 3 {
		run, err := p.Store.CreateRun(p.t.Context(), fabrikam, "fay", store.Scope{})
		p.must(err)
		p.must(p.Store.SavePlan(p.t.Context(), fabrikam, run.ID, plan.Plan{Fingerprint: "f-" + string(run.ID), Complete: true,
			Changes: []plan.Change{{ID: "f1", Kind: plan.Increase, CustomerID: "hidden", Customer: "Hidden Orchard", LineKey: "hidden-line"}}}, billing.Desired{}))
		id = run.ID
	}
	return id
}

// program is a program with an API token of an organization.
func (p peopled) program(org billing.OrganizationID, role account.Role) *browser {
	p.t.Helper()
	_, text, err := p.Accounts.CreateToken(p.t.Context(), org, account.NewToken{Name: "report", Role: role}, account.Operator("test"))
	p.must(err)
	return p.withToken(text)
}

func (ts *testServer) withToken(text secret.String) *browser {
	b := ts.browser()
	b.header.Set("Authorization", "Bearer "+text.Reveal())
	return b
}

func TestEveryRouteIsPromised(t *testing.T) {
	want := map[string]access{}
	for _, p := range promises() {
		want[p.pattern] = p.needs
	}
	for _, rt := range routes() {
		needs, found := want[rt.pattern]
		if !found {
			t.Errorf("%q (%s) is not among the promises of this test: say there who may use it", rt.pattern, rt.needs)
		} else if needs != rt.needs {
			t.Errorf("%q is for %q, promised is %q", rt.pattern, rt.needs, needs)
		}
		delete(want, rt.pattern)
	}
	for pattern := range want {
		t.Errorf("%q is promised and does not exist", pattern)
	}
}

func TestEveryRouteWithEveryRole(t *testing.T) {
	p := newPeopled(t)
	for _, role := range slices.Backward(account.Roles()) {
		for _, route := range promises() {
			got := route.ask(p.people[role], p.home)
			if route.needs != anyone && route.needs != signedIn && !strings.Contains(mayDo(role), " "+string(route.needs)+" ") {
				if got.status != http.StatusForbidden || !strings.Contains(got.body, "does not include the permission") {
					t.Errorf("%s %s: %d, want a refusal", role, route.pattern, got.status)
				}
				continue
			}
			if !route.fits(got.status) || strings.Contains(got.body, "does not include the permission") || route.needs != anyone && asksWho(got) {
				t.Errorf("%s %s: %d %s, want %v\n%.300s", role, route.pattern, got.status, got.header.Get("Location"), route.answers, got.body)
			}
			if to := got.header.Get("Location"); to != "" && !ours(to) {
				t.Errorf("%s %s leads to %q", role, route.pattern, to)
			}
		}
	}
}

func TestNobodyIsAskedWhoHeIs(t *testing.T) {
	p := newPeopled(t)
	for _, route := range promises() {
		got := route.ask(p.browser(), p.home)
		if route.needs == anyone {
			if !route.fits(got.status) {
				t.Errorf("%s: %d, want %v\n%.300s", route.pattern, got.status, route.answers, got.body)
			}
			continue
		}
		want := "/sign-in"
		if route.method() == http.MethodGet {
			want += "?next=" + url.QueryEscape(route.at(p.home))
		}
		if got.status != http.StatusSeeOther || got.header.Get("Location") != want || strings.Contains(got.body, "Alder") {
			t.Errorf("%s: %d to %q, want sign-in at %q", route.pattern, got.status, got.header.Get("Location"), want)
		}
	}
}

func TestAnotherOrganizationDoesNotExist(t *testing.T) {
	p := newPeopled(t)
	before := p.trail(testOrg)
	program := p.program(fabrikam, account.Owner)
	for _, route := range promises() {
		if route.needs == anyone || route.needs == signedIn {
			continue
		}
		if got := route.ask(p.outsider, p.home, "confirmed", "yes"); got.status != http.StatusNotFound || strings.Contains(got.body, "Northwind") {
			t.Errorf("%s: %d, want 404\n%.300s", route.pattern, got.status, got.body)
		}
		if route.method() != http.MethodGet {
			continue
		}
		if got := route.ask(program, p.home); got.status != http.StatusNotFound || strings.Contains(got.body, "Northwind") {
			t.Errorf("%s with a token of another organization: %d, want 404", route.pattern, got.status)
		}
	}
	if after := p.trail(testOrg); after != before {
		t.Errorf("the audit trail went from %d to %d entries", before, after)
	}
}

// trail counts the entries of an organization's audit trail.
func (ts *testServer) trail(org billing.OrganizationID) int {
	ts.t.Helper()
	found, err := ts.Store.AuditList(ts.t.Context(), org, store.AuditListFilter{Page: store.Page{Number: 1, Size: 1}})
	ts.must(err)
	return found.Total
}

// TestIDsOfAnotherOrganizationAreUnknown goes to one's own organization with what only another one has.
func TestIDsOfAnotherOrganizationAreUnknown(t *testing.T) {
	p := newPeopled(t)
	before, owner := p.trail(fabrikam), p.people[account.Owner]
	for _, route := range promises() {
		path := strings.TrimPrefix(route.at(p.foreign), "/o/"+string(testOrg))
		if route.needs == anyone || route.needs == signedIn || !strings.Contains(strings.Replace(route.pattern, "{org}", "", 1), "{") {
			continue
		}
		got := route.ask(owner, p.foreign, "confirmed", "yes", "act", "on", "role", "viewer", "what", "approve-all", "fingerprint", "f-3")
		unknown := got.status == http.StatusNotFound
		if route.method() == http.MethodPost && got.status == http.StatusSeeOther { // the next page says so
			next := owner.follow(got)
			unknown = next.status == http.StatusNotFound || strings.Contains(next.body, "there is no") || strings.Contains(next.body, "was used, taken back, or has expired")
		}
		if !unknown || strings.Contains(got.body, "Hidden") {
			t.Errorf("%s at %s: %d to %q\n%.600s", route.pattern, path, got.status, got.header.Get("Location"), got.body)
		}
	}
	if after := p.trail(fabrikam); after != before {
		t.Errorf("the audit trail of Fabrikam went from %d to %d entries", before, after)
	}
	members, err := p.Accounts.Members(t.Context(), fabrikam)
	if err != nil || len(members) != 1 {
		t.Errorf("Fabrikam has the members %v (%v)", members, err)
	}
}

func TestTokensReadAndNeverAct(t *testing.T) {
	p := newPeopled(t)
	before := p.trail(testOrg)
	viewer, owner := p.program(testOrg, account.Viewer), p.program(testOrg, account.Owner)
	wrong := p.withToken(secret.New("spn_wrong"))
	before += 2 // the tokens themselves
	for _, route := range promises() {
		if route.needs == anyone {
			continue
		}
		for name, b := range map[string]*browser{"viewer": viewer, "owner": owner, "wrong": wrong} {
			got := route.ask(b, p.home, "confirmed", "yes")
			reads := route.method() == http.MethodGet && route.needs != signedIn && name != "wrong" && (name == "owner" || route.needs == in(account.View))
			no := http.StatusForbidden
			if name == "wrong" && route.method() == http.MethodGet {
				no = http.StatusUnauthorized
			}
			if reads && !route.fits(got.status) || !reads && got.status != no {
				t.Errorf("%s with the token of a %s: %d", route.pattern, name, got.status)
			}
		}
	}
	if after := p.trail(testOrg); after != before {
		t.Errorf("the audit trail went from %d to %d entries", before, after)
	}
	// A program's log has no use for a page.
	wrong.get("/o/northwind-it/lines?as=csv").says(t, http.StatusUnauthorized, "this token is not valid\nMake a new one in Settings").hides(t, "<")
	owner.get("/o/northwind-it/lines?as=json").says(t, http.StatusUnprocessableEntity, `"json" is no format of a table`, "Choose csv or xlsx").hides(t, "<")
	owner.post("/o/northwind-it/runs").says(t, http.StatusForbidden, "an API token reads").hides(t, "<", "not valid")
}

func TestOtherSitesSendNoForms(t *testing.T) {
	p := newPeopled(t)
	before, b := p.trail(testOrg), p.people[account.Owner]
	for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
		b.header = http.Header{header[0]: {header[1]}}
		for _, route := range promises() {
			if route.method() == http.MethodPost {
				route.ask(b, p.home, "confirmed", "yes").says(t, http.StatusForbidden, "came from another site")
			}
		}
	}
	if after := p.trail(testOrg); after != before {
		t.Errorf("the audit trail went from %d to %d entries", before, after)
	}
}

// asksWho reports whether an answer leads to sign-in.
func asksWho(a answer) bool { return strings.HasPrefix(a.header.Get("Location"), "/sign-in") }

// ours reports whether a browser that follows the address stays in the console.
func ours(to string) bool {
	u, err := url.Parse(to)
	return err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.ContainsAny(to, "\\\t\r\n")
}

func TestRedirectsStayHere(t *testing.T) {
	p := newPeopled(t)
	owner := p.people[account.Owner]
	run := "/o/northwind-it/runs/" + p.home["{run}"] + "/decide"
	for _, evil := range []string{"https://evil.example/", "//evil.example/", "///evil.example/", `/\evil.example/`, `\\evil.example/`, "https:evil.example", "javascript:alert(1)",
		"/\t/evil.example/", "/\n/evil.example/", "data:text/html,x", " //evil.example", "https://evil.example\\@127.0.0.1/", "evil.example", "//", "http://", "/o/../../%2f%2fevil.example"} {
		q := url.QueryEscape(evil)
		for name, got := range map[string]answer{
			"GET /sign-in of who is signed in": owner.get("/sign-in?next=" + q),
			"POST /sign-in":                    p.browser().post("/sign-in", "email", "olga@northwind.example", "password", testPassword, "next", evil),
			"billing":                          owner.post("/o/northwind-it/billing", "act", "on", "back", evil),
			"billing, done":                    owner.post("/o/northwind-it/billing", "act", "on", "customer", "alder", "confirmed", "yes", "back", evil),
			"decide":                           owner.post(run, "what", "approve-all", "back", evil),
			"findings":                         owner.post("/o/northwind-it/findings/decide", "decision", "done", "id", "none", "back", evil),
		} {
			if to := got.header.Get("Location"); got.status != http.StatusSeeOther || !ours(to) {
				t.Errorf("%s with %q: %d to %q", name, evil, got.status, to)
			}
		}
		page := p.browser().get("/sign-in?next="+q).says(t, http.StatusOK)
		if next := between(t, page.body, `name="next" value="`, `"`); !ours(next) {
			t.Errorf("the form of sign-in carries %q", next)
		}
	}
}

// inline finds what the policy of the pages forbids, so that no page looks broken: scripts, styles and handlers inside the HTML.
var inline = regexp.MustCompile(`(?i)<script>|<script [^>]*>[^<]|<style|\sstyle="|\son[a-z]+="|javascript:|href="https?://|src="https?://`)

func TestEveryPageIsSecured(t *testing.T) {
	p := newPeopled(t)
	want := map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"}
	owner, nobody := p.people[account.Owner], p.browser()
	for _, route := range promises() {
		if route.method() != http.MethodGet {
			continue
		}
		for _, b := range []*browser{owner, nobody} {
			got := route.ask(b, p.home)
			for name, value := range want {
				if got.header.Get(name) != value {
					t.Errorf("%s: %s is %q, want %q", route.pattern, name, got.header.Get(name), value)
				}
			}
			csp := got.header.Get("Content-Security-Policy")
			for _, rule := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
				if !slices.Contains(strings.Split(csp, "; "), rule) {
					t.Errorf("%s: the policy %q lacks %s", route.pattern, csp, rule)
				}
			}
			if strings.Contains(csp, "unsafe") {
				t.Errorf("%s: the policy is %q", route.pattern, csp)
			}
			if found := inline.FindString(got.body); found != "" && got.status == http.StatusOK {
				t.Errorf("%s holds %q", route.pattern, found)
			}
		}
	}
}

func TestCookiesAreKeptFromScriptsAndOtherSites(t *testing.T) {
	for _, secure := range []bool{false, true} {
		ts := newTestServer(t, func(d *Deps) { d.Secure = secure })
		got := ts.browser().post("/start", "name", "Olga Owner", "email", "olga@northwind.example", "password", testPassword, "organization", "Northwind IT")
		cookies := (&http.Response{Header: got.header}).Cookies()
		if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode || cookies[0].Secure != secure || cookies[0].Path != "/" || cookies[0].Domain != "" {
			t.Errorf("cookies %v", cookies)
		}
	}
}

// TestExportsHoldNoFormulas gives a customer the name of a command that a spreadsheet would run.
func TestExportsHoldNoFormulas(t *testing.T) {
	ts := newTestServer(t)
	owner := ts.owner()
	var d billing.Directory
	for i, name := range []string{"=cmd|' /C calc'!A0", "+cmd", "-cmd", "@SUM(A1)", "\tcmd", "=1,\"2\""} {
		d.Customers = append(d.Customers, billing.Customer{ID: billing.CustomerID("c" + string(rune('1'+i))), Name: name})
	}
	ts.must(ts.Store.SaveDirectory(t.Context(), testOrg, "files", d))
	text := owner.get("/o/northwind-it/customers?as=csv").says(t, http.StatusOK, "cmd|").body
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
	if err != nil || len(rows) != len(d.Customers)+1 {
		t.Fatalf("%d rows (%v):\n%s", len(rows), err, text)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("a spreadsheet would run %q", cell)
			}
		}
	}
	owner.get("/o/northwind-it/customers").says(t, http.StatusOK, "=cmd|") // on the page it is a name
}
