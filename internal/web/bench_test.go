package web

import (
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/job"
	"spindle/internal/secret"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
	"spindle/internal/target"
)

// What scripts/bench-web.sh says. benchFolder switches the measuring on.
const (
	benchFolder    = "SPINDLE_BENCH_WEB"       // where the filled databases are kept
	benchCustomers = "SPINDLE_BENCH_CUSTOMERS" // fewer than the full size
	benchMonths    = "SPINDLE_BENCH_MONTHS"    // fewer than the full size
	benchRounds    = "SPINDLE_BENCH_ROUNDS"    // visits of each page
	benchOnly      = "SPINDLE_BENCH_ONLY"      // pages whose names match
	benchOn        = "SPINDLE_BENCH_ON"        // one kind of database
)

// The budgets of design §9 and of the console.
const (
	pageBudget      = 100 * time.Millisecond // of 99 in 100 visits
	firstLoadBudget = 150_000                // bytes
)

// benchUsers is how many people look at pages at the same time.
const benchUsers = 4

// TestBenchPages measures every page of the console over the full handler stack, with the database that the design promises to be fast with,
// on both kinds of database. It fails when a page takes too long or when the table of routes has a page that nothing here visits.
func TestBenchPages(t *testing.T) {
	folder := os.Getenv(benchFolder)
	if folder == "" {
		t.Skipf("%s is not set: make bench-web measures the pages", benchFolder)
	}
	size := storetest.Full()
	if n, err := strconv.Atoi(os.Getenv(benchCustomers)); err == nil {
		size.Customers, size.Lines = n, 10*n
	}
	if n, err := strconv.Atoi(os.Getenv(benchMonths)); err == nil {
		size.Months = n
	}
	for _, kind := range []string{store.SQLite, store.Postgres} {
		t.Run(kind, func(t *testing.T) {
			if only := os.Getenv(benchOn); only != "" && only != kind {
				t.Skipf("only %s is measured", only)
			}
			address := benchDatabase(t, kind, filepath.Join(folder, fmt.Sprintf("%d-%d", size.Customers, size.Months)), size)
			t.Run("read", func(t *testing.T) {
				b := newBench(t, address, size)
				pages := b.pages()
				b.wantAllRoutes(pages)
				b.firstLoad()
				b.measure(pages)
				b.measureExports()
			})
			t.Run("act", func(t *testing.T) { // on a copy: the kept database stays as it was filled
				newBench(t, benchCopy(t, kind, address), size).measureActs()
			})
		})
	}
}

// benchDatabase gives the address of a filled database, filling it first unless an earlier run has.
func benchDatabase(t *testing.T, kind, folder string, size storetest.Size) string {
	t.Helper()
	must(t, os.MkdirAll(folder, 0o700))
	done := filepath.Join(folder, kind+".filled")
	stamp, err := os.ReadFile(done)
	filled := err == nil && string(stamp) == size.Stamp()
	address := filepath.Join(folder, "spindle.db")
	if kind == store.Postgres {
		address = storetest.PostgresKept(t, fmt.Sprintf("spindle_bench_%d_%d", size.Customers, size.Months), !filled)
	}
	if filled {
		return address
	}
	if kind == store.SQLite {
		for _, ending := range []string{"", "-wal", "-shm"} {
			if err := os.Remove(address + ending); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
	}
	began, clock := time.Now(), size.Clock()
	fill := storetest.Open(t, store.Options{URL: address, Now: clock.Now})
	storetest.Large(t, fill, clock, size)
	must(t, fill.Close())
	must(t, os.WriteFile(done, []byte(size.Stamp()), 0o600))
	fmt.Printf("%s: filled with %d customers, %d lines, %d months in %s\n", kind, size.Customers, size.Lines, size.Months, time.Since(began).Round(time.Second))
	return address
}

// benchCopy gives the address of a copy, gone when the test ends. Nobody may be connected to the original.
func benchCopy(t *testing.T, kind, address string) string {
	t.Helper()
	if kind == store.Postgres {
		return storetest.CopyPostgres(t, address)
	}
	original, err := os.Open(address)
	must(t, err)
	defer original.Close()
	path := storetest.SQLite(t)
	copied, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	must(t, err)
	_, err = io.Copy(copied, original)
	must(t, err)
	must(t, copied.Close())
	return path
}

// bench is the console over a filled database.
type bench struct {
	*testing.T
	size       storetest.Size
	store      *store.Store
	server     *Server
	handler    http.Handler
	people     []*http.Cookie // sessions of an owner
	statements atomic.Int64
}

// benchOrg is the organization that storetest.Large makes.
const benchOrg billing.OrganizationID = "northwind-it"

const benchEmail = "olga@northwind.example"

func newBench(t *testing.T, address string, size storetest.Size) *bench {
	t.Helper()
	b := &bench{T: t, size: size}
	clock := size.Clock()
	clock.MoveTo(size.Months, 6) // the day after the last plan
	base, began := clock.Now(), time.Now()
	now := func() time.Time { return base.Add(time.Since(began)) }
	b.store = storetest.Open(t, store.Options{URL: address, Now: now, OnStatement: func(string) { b.statements.Add(1) }})
	dir := t.TempDir()
	keys, err := secret.OpenKeyring(filepath.Join(dir, "master.key"), secret.String{})
	must(t, err)
	deps := withoutVendors(engine.Deps{Store: b.store, Keys: keys, Now: now})
	deps.OpenTarget = func(engine.TargetConfig) (target.Target, error) { return benchTarget{store: b.store}, nil }
	deps.CallBudget = func(context.Context, billing.OrganizationID) (engine.CallBudget, error) {
		return engine.CallBudget{Limit: 10_000, Used: 1234, Stop: 7000}, nil
	}
	run := engine.New(deps, "bench")
	b.server = New(Deps{Store: b.store, Now: now, UploadDir: dir, Version: "bench", Engine: run, ServicesTemplate: "customer,id\n",
		Accounts: account.New(account.Deps{Store: b.store, Keys: keys, Now: now}), Nudge: func(context.Context, job.Args) error { return nil }})
	b.handler = b.server.Handler()
	org, err := b.store.Organization(t.Context(), string(benchOrg))
	must(t, err)
	_, err = run.ConnectTarget(t.Context(), org, engine.TargetConfig{UserName: "api@northwind.example", IntegrationCode: "code", Secret: secret.New("secret")}, "bench")
	must(t, err)
	if b.store.Dialect() == store.Postgres {
		storetest.Execute(t, address, "VACUUM ANALYZE") // what its own upkeep does within a minute
	}
	for range benchUsers {
		b.people = append(b.people, b.signIn())
	}
	return b
}

// benchTarget is an Autotask that answers at once with what is known of it already.
type benchTarget struct {
	target.Target
	store *store.Store
}

func (benchTarget) Check(context.Context) (target.Report, error) {
	return target.Report{Calls: target.CallBudget{Limit: 10_000}}, nil
}

func (t benchTarget) Catalogue(ctx context.Context) (billing.Catalogue, error) {
	c, _, err := t.store.Catalogue(ctx, benchOrg)
	return c, err
}

// signIn gives a new session of the owner, who is made on the first visit of a database.
func (b *bench) signIn() *http.Cookie {
	b.Helper()
	form := url.Values{"email": {benchEmail}, "password": {testPassword}, "name": {"Olga Owner"}}
	first, err := b.server.Accounts.FirstStart(b.Context())
	must(b.T, err)
	path := "/sign-in"
	if first {
		path = "/start"
	}
	w := b.ask(http.MethodPost, path, form, nil)
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || len(cookies) != 1 {
		b.Fatalf("sign-in: %d %s", w.Code, w.Body)
	}
	return cookies[0]
}

// ask sends a request through the whole handler stack.
func (b *bench) ask(method, path string, form url.Values, who *http.Cookie) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(b.Context(), method, "http://127.0.0.1"+path, strings.NewReader(form.Encode()))
	req.RemoteAddr = "127.0.0.1:4000"
	req.Header.Set("Accept-Encoding", "gzip")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if who != nil {
		req.AddCookie(who)
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, req)
	return w
}

// text gives the answer as the browser reads it.
func text(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	var body io.Reader = strings.NewReader(w.Body.String())
	if w.Header().Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		must(t, err)
		body = unzipped
	}
	all, err := io.ReadAll(body)
	must(t, err)
	return string(all)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantAllRoutes fails for every page of the console that nothing here visits.
func (b *bench) wantAllRoutes(pages []benchPage) {
	visited := map[string]bool{}
	for _, p := range pages {
		visited[p.route] = true
	}
	for _, r := range routes() {
		if strings.HasPrefix(r.pattern, "GET ") && !visited[r.pattern] {
			b.Errorf("%s is not measured: add it to bench.pages", r.pattern)
		}
		delete(visited, r.pattern)
	}
	for pattern := range visited {
		b.Errorf("%s is measured and does not exist", pattern)
	}
}

// staticFile finds what a page or a style sheet makes the browser load with it.
var staticFile = regexp.MustCompile(`(?:href|src|url)(?:=|\()"(/static/[^"]+)"`)

// loads gives what the browser is sent for an address and for everything that it needs, each once.
func (b *bench) loads(path string, who *http.Cookie, loaded map[string]int) map[string]int {
	w := b.ask(http.MethodGet, path, nil, who)
	loaded[path] = w.Body.Len()
	for _, found := range staticFile.FindAllStringSubmatch(text(b, w), -1) {
		if _, known := loaded[found[1]]; !known {
			b.loads(found[1], nil, loaded)
		}
	}
	return loaded
}

// firstLoad counts what a browser with an empty cache is sent for its first page.
func (b *bench) firstLoad() {
	for _, page := range []struct {
		path string
		who  *http.Cookie
	}{{"/sign-in", nil}, {"/o/" + string(benchOrg), b.people[0]}} {
		files, sum := b.loads(page.path, page.who, map[string]int{}), 0
		for _, n := range files {
			sum += n
		}
		fmt.Printf("first load of %s: %d bytes (%d of HTML, %d files)\n", page.path, sum, files[page.path], len(files)-1)
		if sum > firstLoadBudget || len(files) < 6 {
			b.Errorf("the first load of %s is %d bytes in %d files, %d are promised", page.path, sum, len(files)-1, firstLoadBudget)
		}
	}
}

// benchResult is what a page took.
type benchResult struct {
	page     benchPage
	times    []time.Duration
	bytes    int
	queries  int64
	cpu      time.Duration // of this process, alone: says what a page costs however busy the machine is
	p50, p99 time.Duration
}

// cpuTime is the processor time that this process has taken.
func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchAlone is how often a page is visited for its processor time.
const benchAlone = 4

// measure visits the pages: first one by one, looking at what comes, then all users at once.
func (b *bench) measure(pages []benchPage) {
	rounds := 60
	if n, err := strconv.Atoi(os.Getenv(benchRounds)); err == nil {
		rounds = n
	}
	only := regexp.MustCompile(os.Getenv(benchOnly))
	fmt.Printf(benchLine+"\n", b.store.Dialect()+" page", "p50 ms", "p99 ms", "CPU ms", "bytes", "queries")
	for _, p := range pages {
		if !only.MatchString(p.name) {
			continue
		}
		r := &benchResult{page: p}
		b.look(r)
		b.visit(r, rounds)
		b.print(r)
		if r.p99 > pageBudget {
			b.Errorf("%s: p99 is %s, %s are promised", r.page.name, r.p99.Round(time.Millisecond), pageBudget)
		}
	}
}

// look visits a page alone and checks that it is one: what finds nothing measures nothing.
func (b *bench) look(r *benchResult) {
	began := cpuTime(b)
	for i := range benchAlone {
		b.ask(http.MethodGet, r.page.at(i), nil, b.people[0])
	}
	r.cpu = (cpuTime(b) - began) / benchAlone
	before := b.statements.Load()
	w := b.ask(http.MethodGet, r.page.at(0), nil, b.people[0])
	r.queries, r.bytes = b.statements.Load()-before, w.Body.Len()
	if want := cmp.Or(r.page.status, http.StatusOK); w.Code != want {
		b.Errorf("%s at %s: %d, want %d\n%.500s", r.page.name, r.page.at(0), w.Code, want, text(b, w))
	}
	if body := text(b, w); r.page.says != "" && !strings.Contains(body, r.page.says) {
		b.Errorf("%s at %s does not say %q\n%.500s", r.page.name, r.page.at(0), r.page.says, body)
	}
}

// visit lets all users visit a page, each another one of its kind at each time.
func (b *bench) visit(r *benchResult, rounds int) {
	var mu sync.Mutex
	var users sync.WaitGroup
	var turn atomic.Int64
	for _, who := range b.people {
		users.Go(func() {
			for {
				i := int(turn.Add(1))
				if i > rounds {
					return
				}
				began := time.Now()
				w := b.ask(http.MethodGet, r.page.at(i), nil, who)
				took := time.Since(began)
				mu.Lock()
				r.times = append(r.times, took)
				if w.Code >= http.StatusInternalServerError {
					b.Errorf("%s at %s: %d", r.page.name, r.page.at(i), w.Code)
				}
				mu.Unlock()
			}
		})
	}
	users.Wait()
	slices.Sort(r.times)
	r.p50, r.p99 = r.times[len(r.times)/2], r.times[len(r.times)*99/100]
}

// print writes the line of a page as soon as it is measured: the whole takes minutes.
func (b *bench) print(r *benchResult) {
	mark := ""
	if r.p99 > pageBudget {
		mark = "  over"
	}
	fmt.Printf(benchLine+"%s\n", r.page.name, millis(r.p50), millis(r.p99), millis(r.cpu), strconv.Itoa(r.bytes), strconv.FormatInt(r.queries, 10), mark)
}

// benchLine is a line of the table of pages.
const benchLine = "%28s %9s %9s %9s %8s %8s"

func millis(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
