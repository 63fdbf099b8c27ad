package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/job"
	"spindle/internal/secret"
	"spindle/internal/source"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
	"spindle/internal/target"
)

// testPassword is the password of everybody in tests.
const testPassword = "correct horse battery staple"

// testServer is the console over a real SQLite file, without vendors.
type testServer struct {
	*Server
	t     *testing.T
	http  *httptest.Server
	clock *testClock
	log   *logged
	keys  *secret.Keyring

	mu     sync.Mutex
	nudged []job.Args
}

// testClock is the time of a test; it moves when told.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// logged keeps what was logged.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// newTestServer starts the console on an empty database; change adapts what it stands on.
func newTestServer(t *testing.T, change ...func(*Deps)) *testServer {
	t.Helper()
	ts := &testServer{t: t, clock: &testClock{now: time.Date(2026, time.November, 10, 9, 0, 0, 0, time.UTC)}, log: &logged{}}
	log := slog.New(slog.NewTextHandler(ts.log, nil))
	dir := t.TempDir()
	db, err := store.Open(t.Context(), store.Options{URL: storetest.Ready(t, filepath.Join(dir, "spindle.db")), Now: ts.clock.Now, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if ts.keys, err = secret.OpenKeyring(filepath.Join(dir, "master.key"), secret.String{}); err != nil {
		t.Fatal(err)
	}
	d := Deps{Store: db, Now: ts.clock.Now, Log: log, UploadDir: dir, Version: "test",
		Engine:   engine.New(withoutVendors(engine.Deps{Store: db, Keys: ts.keys, Now: ts.clock.Now, Log: log}), "test"),
		Accounts: account.New(account.Deps{Store: db, Keys: ts.keys, Now: ts.clock.Now, Log: log}),
		Nudge: func(_ context.Context, args job.Args) error {
			ts.mu.Lock()
			defer ts.mu.Unlock()
			ts.nudged = append(ts.nudged, args)
			return nil
		}}
	for _, c := range change {
		c(&d)
	}
	ts.Server = New(d)
	ts.http = httptest.NewServer(ts.Handler())
	t.Cleanup(ts.http.Close)
	return ts
}

// browser is one person's browser: it keeps cookies and follows no redirect by itself.
type browser struct {
	ts     *testServer
	client *http.Client
	header http.Header
	host   string // what requests call the server; "" for its address
}

// answer is what a page said.
type answer struct {
	status int
	header http.Header
	body   string
}

func (ts *testServer) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		ts.t.Fatal(err)
	}
	return &browser{ts: ts, header: http.Header{}, client: &http.Client{Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// owner begins the installation: an owner of an organization with the id northwind-it, signed in.
func (ts *testServer) owner() *browser {
	ts.t.Helper()
	b := ts.browser()
	got := b.post("/start", "name", "Olga Owner", "email", "olga@northwind.example", "password", testPassword, "organization", "Northwind IT")
	got.redirects(ts.t, "/o/northwind-it/setup")
	return b
}

// member adds a person with a role to the organization and signs him in.
func (ts *testServer) member(role account.Role) *browser {
	ts.t.Helper()
	ctx := ts.t.Context()
	email := string(role) + "@northwind.example"
	link, err := ts.Accounts.Invite(ctx, "northwind-it", email, role, account.Operator("test"))
	if err != nil {
		ts.t.Fatal(err)
	}
	b := ts.browser()
	b.post(link.Path(), "name", "Member "+string(role), "password", testPassword).redirects(ts.t, "/o/northwind-it")
	return b
}

func (b *browser) do(method, path string, form url.Values) answer {
	b.ts.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(b.ts.t.Context(), method, b.ts.http.URL+path, body)
	if err != nil {
		b.ts.t.Fatal(err)
	}
	req.Host = b.host
	for k, v := range b.header {
		req.Header[k] = v
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.client.Do(req)
	if err != nil {
		b.ts.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.ts.t.Fatal(err)
	}
	if res.StatusCode == http.StatusInternalServerError {
		b.ts.t.Logf("%s %s failed:\n%s", method, path, b.ts.log)
	}
	return answer{status: res.StatusCode, header: res.Header, body: string(text)}
}

func (b *browser) get(path string) answer { b.ts.t.Helper(); return b.do(http.MethodGet, path, nil) }

// post sends a form given as names and values in turn.
func (b *browser) post(path string, pairs ...string) answer {
	b.ts.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, form)
}

// follow goes on to where an answer leads, once.
func (b *browser) follow(a answer) answer {
	b.ts.t.Helper()
	if a.header.Get("Location") == "" {
		b.ts.t.Fatalf("status %d leads nowhere: %s", a.status, a.body)
	}
	return b.get(a.header.Get("Location"))
}

func (a answer) redirects(t *testing.T, to string) answer {
	t.Helper()
	if a.status != http.StatusSeeOther || a.header.Get("Location") != to {
		t.Fatalf("status %d to %q, want 303 to %q\n%s", a.status, a.header.Get("Location"), to, a.body)
	}
	return a
}

// says checks the status and that the page holds the texts.
func (a answer) says(t *testing.T, status int, texts ...string) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d\n%s", a.status, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("the page does not say %q:\n%s", text, a.body)
		}
	}
	return a
}

// hides checks that the page does not hold the texts.
func (a answer) hides(t *testing.T, texts ...string) answer {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			t.Errorf("the page says %q", text)
		}
	}
	return a
}

// withoutVendors is an engine whose vendors and files give nothing: every attempt ends with words.
func withoutVendors(d engine.Deps) engine.Deps {
	unreachable := fault.Invalidf("there is no vendor in this test")
	d.OpenTarget = func(engine.TargetConfig) (target.Target, error) { return nil, unreachable }
	d.OpenSource = func(engine.MicrosoftConfig) (source.Source, error) { return nil, unreachable }
	d.ReadFiles = func(context.Context, []string, bool) (engine.FileContent, error) {
		return engine.FileContent{}, unreachable
	}
	d.ReadServices = func(context.Context, string, engine.CustomerLookup) ([]billing.Subscription, []store.ImportProblem, error) {
		return nil, nil, unreachable
	}
	d.ReadService = func(map[string]string, engine.CustomerLookup) (billing.Subscription, []store.ImportProblem) {
		return billing.Subscription{}, []store.ImportProblem{{Field: "id", Message: "not read in this test"}}
	}
	return d
}
