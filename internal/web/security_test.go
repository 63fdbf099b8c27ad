package web

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"spindle/internal/account"
	"spindle/internal/billing"
)

func TestTokensOfLinksAreNotLogged(t *testing.T) {
	ts := newTestServer(t)
	ts.must(ts.Store.Close()) // everything fails from here on
	const token = "MARVELLOUSSECRET"
	for _, ask := range []func() answer{
		func() answer { return ts.browser().get("/link/" + token) },
		func() answer { return ts.browser().post("/link/" + token) },
		func() answer { return ts.browser().get("/open/" + token) },
		func() answer { return ts.browser().get("/invite/" + token) },
		func() answer { return ts.browser().post("/invite/"+token, "name", "Eve", "password", testPassword) },
		func() answer { return ts.browser().post("/reset/"+token, "password", testPassword) },
	} {
		ask().says(t, http.StatusInternalServerError).hides(t, token)
	}
	if said := ts.log.String(); strings.Contains(said, token) || strings.Count(said, "page failed") != 6 {
		t.Errorf("the log says:\n%s", said)
	}
}

// TestLinksLeadToTheConfiguredAddress: a request can say any Host, so a link that lets somebody in is made of it only where it can't lead
// elsewhere.
func TestLinksLeadToTheConfiguredAddress(t *testing.T) {
	for _, test := range []struct {
		configured, machine, host, link string // link: what it begins with; "" when it is refused
	}{
		{"", "", "", "http://127.0.0.1:"},
		{"", "", "localhost:8080", "http://localhost:8080/invite/"},
		{"", "", "[::1]:8080", "http://[::1]:8080/invite/"},
		{"", "", "192.0.2.7:8080", "http://192.0.2.7:8080/invite/"},
		{"", "desk", "DESK:8080", "http://DESK:8080/invite/"},
		{"", "desk", "desk.evil.example", ""},
		{"", "desk", "evil.example", ""},
		{"", "", "127.0.0.1.evil.example:8080", ""},
		{"https://spindle.example", "", "evil.example", "https://spindle.example/invite/"},
		{"https://spindle.example/here", "", "", "https://spindle.example/here/invite/"},
	} {
		ts := newTestServer(t, func(d *Deps) { d.PublicURL, d.HostName = test.configured, test.machine })
		ts.owner()
		owner := ts.browser()
		session := sessionOf(t, owner.post("/sign-in", "email", "olga@northwind.example", "password", testPassword))
		owner.header.Set("Cookie", "spindle="+session) // cookies follow the Host
		owner.host = test.host
		got := owner.post("/o/northwind-it/settings/invite", "email", "bill@northwind.example", "role", "biller")
		open, err := ts.Accounts.Invitations(t.Context(), testOrg)
		ts.must(err)
		if test.link == "" {
			got.says(t, http.StatusUnprocessableEntity, "SPINDLE_PUBLIC_URL").hides(t, "/invite/")
			if len(open) != 0 {
				t.Errorf("%+v: the invitation was made all the same", test)
			}
			continue
		}
		got.says(t, http.StatusOK, `<code id="once">`+test.link)
		if len(open) != 1 {
			t.Errorf("%+v: %d invitations", test, len(open))
		}
	}
}

func TestBehindHTTPS(t *testing.T) {
	for _, secure := range []bool{false, true} {
		ts := newTestServer(t, func(d *Deps) { d.Secure = secure })
		got := ts.browser().post("/start", "name", "Olga Owner", "email", "olga@northwind.example", "password", testPassword, "organization", "Northwind IT")
		cookie, sts := got.header.Get("Set-Cookie"), got.header.Get("Strict-Transport-Security")
		if strings.HasPrefix(cookie, "__Host-") != secure || (sts != "") != secure {
			t.Errorf("secure %v: cookie %q, Strict-Transport-Security %q", secure, cookie, sts)
		}
	}
}

// TestSignInBeginsAnotherSession holds that a session somebody planted in a browser is worth nothing after sign-in.
func TestSignInBeginsAnotherSession(t *testing.T) {
	ts := newTestServer(t)
	ts.owner()
	victim := ts.browser()
	planted := sessionOf(t, victim.get("/oidc/callback?error=none")) // leaves a notice, and a session with it
	signedIn := sessionOf(t, victim.post("/sign-in", "email", "olga@northwind.example", "password", testPassword))
	if planted == "" || planted == signedIn {
		t.Fatalf("the session was %q and is %q", planted, signedIn)
	}
	attacker := ts.browser()
	attacker.header.Set("Cookie", "spindle="+planted)
	attacker.get("/o/northwind-it").redirects(t, "/sign-in?next=%2Fo%2Fnorthwind-it")
	attacker.header.Set("Cookie", "spindle="+signedIn)
	attacker.get("/o/northwind-it").says(t, http.StatusOK)
}

func sessionOf(t *testing.T, a answer) string {
	t.Helper()
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name == "spindle" {
			return c.Value
		}
	}
	return ""
}

// TestBackupIsForOwners: it holds the hash of everybody's password, owners' too.
func TestBackupIsForOwners(t *testing.T) {
	ts := newTestServer(t)
	owner, admin := ts.owner(), ts.member(account.Admin)
	admin.post("/o/northwind-it/settings/backup").says(t, http.StatusForbidden)
	admin.get("/o/northwind-it/settings/data").hides(t, "/settings/backup")
	owner.get("/o/northwind-it/settings/data").says(t, http.StatusOK, "/settings/backup")
	if got := owner.post("/o/northwind-it/settings/backup"); got.status != http.StatusOK || !strings.HasPrefix(got.body, "SQLite format 3") {
		t.Errorf("status %d, %d bytes", got.status, len(got.body))
	}
}

// upload sends a form with files; fields and files are names and contents in turn.
func (b *browser) upload(path string, fields, files []string) answer {
	b.ts.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		b.ts.must(form.WriteField(fields[i], fields[i+1]))
	}
	for i := 0; i+1 < len(files); i += 2 {
		part, err := form.CreateFormFile("files", files[i])
		b.ts.must(err)
		_, err = io.WriteString(part, files[i+1])
		b.ts.must(err)
	}
	b.ts.must(form.Close())
	req, err := http.NewRequestWithContext(context.WithoutCancel(b.ts.t.Context()), http.MethodPost, b.ts.http.URL+path, &body)
	b.ts.must(err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	res, err := b.client.Do(req)
	b.ts.must(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	b.ts.must(err)
	return answer{status: res.StatusCode, header: res.Header, body: string(text)}
}

func TestUploadsAreBounded(t *testing.T) {
	var dir string
	ts := newTestServer(t, func(d *Deps) {
		dir = t.TempDir()
		d.UploadDir, d.UploadMax = dir, 8<<20
	})
	owner := ts.owner()
	many := make([]string, 0, 2*(filesMax+1))
	for i := range filesMax + 1 {
		many = append(many, strconv.Itoa(i)+".csv", "x")
	}
	fields := make([]string, 0, 2000)
	for i := range 1000 {
		fields = append(fields, "f"+strconv.Itoa(i), "x")
	}
	for _, c := range []struct {
		name          string
		fields, files []string
		says          string
	}{
		{"too large", nil, []string{"a.csv", strings.Repeat("x", 9<<20)}, "larger than 8 MB"},
		{"too many", nil, many, "more than 50 files"},
		{"too many fields", fields, []string{"a.csv", "x"}, "too many fields"},
		{"a long field", []string{"a", strings.Repeat("x", 3<<20)}, []string{"a.csv", "x"}, "larger than 2 MB"},
		{"long fields", []string{"a", strings.Repeat("x", 1<<20), "b", strings.Repeat("x", 1<<20), "c", "x"}, []string{"a.csv", "x"}, "larger than 2 MB"},
		{"none", nil, nil, "no file was chosen"},
		{"a name that leads elsewhere", nil, []string{"../../../../etc/passwd", "x"}, "there is no vendor in this test"},
	} {
		owner.upload("/o/northwind-it/setup/imports", c.fields, c.files).says(t, http.StatusUnprocessableEntity, c.says)
		left, err := os.ReadDir(dir)
		ts.must(err)
		if len(left) > 0 {
			t.Errorf("%s: %d files are left", c.name, len(left))
		}
	}
}

// TestFormsNameNobodyElses sends forms that name what another organization, or another customer, has.
func TestFormsNameNobodyElses(t *testing.T) {
	p := newPeopled(t)
	owner := p.people[account.Owner]
	p.must(p.Store.SaveDirectory(t.Context(), testOrg, "files", billing.Directory{
		Customers:     []billing.Customer{{ID: "alder", Name: "Alder Dental"}, {ID: "birch", Name: "Birch Legal"}},
		Subscriptions: []billing.Subscription{{ID: "birch-sub", CustomerID: "birch", Name: "Office"}}}))
	p.must(p.Store.SaveCatalogue(t.Context(), testOrg, billing.Catalogue{Companies: []billing.Company{{ID: "1", Name: "Alder", Active: true}}}))
	p.must(p.Store.SaveDirectory(t.Context(), fabrikam, "files", billing.Directory{
		Customers:     []billing.Customer{{ID: "hidden", Name: "Hidden Orchard"}},
		Subscriptions: []billing.Subscription{{ID: "hidden-sub", CustomerID: "hidden", Name: "Hidden Office"}}}))
	finding, run := p.foreignFinding(), "/runs/"+p.home["{run}"]+"/decide"
	home, away := p.trail(testOrg), p.trail(fabrikam)
	for _, c := range []struct {
		path  string
		pairs []string
	}{
		{"/billing", []string{"act", "on", "customer", "hidden"}},
		{"/billing", []string{"act", "off", "customer", "alder", "customer", "hidden"}},
		{"/suggestions", []string{"pair", "hidden|1"}},
		{"/customers/alder/billing", []string{"act", "on", "subscription", "hidden-sub"}},
		{"/customers/alder/billing", []string{"act", "on", "subscription", "birch-sub"}},
		{"/customers/alder/contract", []string{"contract", "managed", "subscription", "hidden-sub"}},
		{"/customers/alder/contract", []string{"contract", "managed", "subscription", "birch-sub"}},
		{"/customers/alder/contract", []string{"contract", "managed", "group", "azure|rg-hidden"}},
		{"/findings/decide", []string{"decision", "done", "id", finding}},
		{"/prices", []string{"id", p.foreign["{rule}"], "kind", "markup", "value", "3"}},
		{"/prices", []string{"kind", "markup", "value", "3", "customer", "hidden"}},
		{"/prices", []string{"kind", "markup", "value", "3", "subscription", "hidden-sub"}},
		{"/setup/services/end", []string{"service", "hidden-sub"}},
		{"/azure/2026-03/approve", []string{"customer", "hidden"}},
		{run, []string{"what", "approve-selected", "change", "f1", "fingerprint", "f-3", "seen", "1"}},
		{run, []string{"what", "reject-customer:hidden", "fingerprint", "f-3", "seen", "1", "reason", "because"}},
	} {
		got := owner.post("/o/northwind-it"+c.path, append(c.pairs, "confirmed", "yes")...)
		if got.status == http.StatusSeeOther {
			got = owner.follow(got)
		}
		if strings.Contains(got.body, "Hidden") || got.status == http.StatusInternalServerError {
			t.Errorf("%s %v: %d\n%.1000s", c.path, c.pairs, got.status, got.body)
		}
		if now := p.trail(testOrg); now != home {
			t.Errorf("%s %v was done", c.path, c.pairs)
			home = now
		}
	}
	if now := p.trail(fabrikam); now != away {
		t.Errorf("the audit trail of Fabrikam went from %d to %d entries", away, now)
	}
}

// foreignFinding gives the id of a finding in Fabrikam.
func (p peopled) foreignFinding() string {
	f := billing.Finding{Kind: billing.FindingUnmapped, Subject: "hidden", CustomerID: "hidden", Customer: "Hidden Orchard", Message: "nobody"}
	return f.ID()
}
