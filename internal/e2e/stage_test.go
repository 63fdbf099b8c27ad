package e2e

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"spindle/internal/app"
	"spindle/internal/billing"
	"spindle/internal/config"
	"spindle/internal/engine"
	"spindle/internal/secret"
	simautotask "spindle/internal/sim/autotask"
	simmicrosoft "spindle/internal/sim/microsoft"
	"spindle/internal/sim/scenario"
	"spindle/internal/store"
	"spindle/internal/transport"
)

const (
	clerk    = "clerk"
	approver = "approver"
)

// firstDay is the day on which every stage starts.
func firstDay() time.Time { return time.Date(2026, time.November, 10, 9, 0, 0, 0, time.UTC) }

// clock stands still until it is set, or until somebody waits: a wait moves it instead of taking time.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	return ctx.Err()
}

// logBuffer keeps every log record of a stage.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// stage is one installation with one organization between two simulators.
type stage struct {
	t         testing.TB
	world     scenario.Scenario
	autotask  *simautotask.Server
	gate      *gate
	microsoft *simmicrosoft.Server
	clock     *clock
	logs      *logBuffer
	cfg       config.Config
	hooks     app.Hooks
	app       *app.App
	org       store.Organization
	report    func(engine.Progress) // of applies; may be nil
}

// options say what is unusual about a stage.
type options struct {
	autotask  map[string]string // dialect switches
	microsoft map[string]string
	database  string // address of a database; "" is a new SQLite file in the data folder
	dir       string // data folder; "" is a new one
	realWaits bool   // waits take a little real time: some simulator switches count real milliseconds
}

// newStage starts both simulators and opens the program.
func newStage(t testing.TB, world scenario.Scenario, o options) *stage {
	t.Helper()
	s := &stage{t: t, world: world, clock: &clock{at: firstDay()}, logs: &logBuffer{}}
	var err error
	if s.autotask, err = simautotask.New(simautotask.Options{Scenario: world, Dialect: o.autotask}); err != nil {
		t.Fatal(err)
	}
	if s.microsoft, err = simmicrosoft.New(simmicrosoft.Options{Scenario: world, Dialect: o.microsoft}); err != nil {
		t.Fatal(err)
	}
	s.gate = &gate{next: s.autotask.Handler()}
	dir := o.dir
	if dir == "" {
		dir = t.TempDir()
	}
	s.cfg = configOf(dir, o.database)
	s.cfg.AutotaskURL = serve(t, s.gate)
	microsoft := serve(t, s.microsoft.Handler())
	s.cfg.MicrosoftLoginURL, s.cfg.MicrosoftGraphURL, s.cfg.PartnerCenterURL = microsoft, microsoft, microsoft
	s.hooks = hooksOf(s.clock)
	if o.realWaits {
		s.hooks.Transport = func(o *transport.Options) { o.Sleep = shortWait }
	}
	s.open()
	return s
}

func configOf(dir, database string) config.Config {
	cfg := config.Config{DataDir: dir, Database: config.Database{Kind: config.DatabaseSQLite, Path: filepath.Join(dir, "spindle.db")}}
	if strings.HasPrefix(database, "postgres") {
		cfg.Database = config.Database{Kind: config.DatabasePostgres, URL: secret.New(database)}
	}
	return cfg
}

// hooksOf lets a program live by a clock.
func hooksOf(c *clock) app.Hooks {
	return app.Hooks{Now: c.now, Transport: manners(c, 0), Sleep: c.sleep}
}

// manners replace waits by moving the clock. A write time of 0 leaves the usual limit.
func manners(c *clock, writeTime time.Duration) func(*transport.Options) {
	return func(o *transport.Options) {
		o.Sleep = c.sleep
		o.Jitter = func(ceiling time.Duration) time.Duration { return ceiling / 2 }
		o.WriteTimeout = writeTime
		o.NewID = func() string { return c.now().Format(time.RFC3339Nano) } // the gate's clock is the sender's
	}
}

// shortWait waits a fiftieth of the time asked for.
func shortWait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d / 50):
		return nil
	}
}

func serve(t testing.TB, h http.Handler) string {
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.CloseClientConnections() // a call that hangs must not hold the test
		server.Close()
	})
	return server.URL
}

// open starts the program, as a restart does.
func (s *stage) open() {
	s.t.Helper()
	log := slog.New(slog.NewJSONHandler(s.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a, err := app.NewWith(s.t.Context(), s.cfg, log, s.hooks)
	if err != nil {
		s.t.Fatalf("open: %v", err)
	}
	s.app = a
	s.t.Cleanup(func() { _ = a.Close() })
}

// reopen ends the program and starts it again.
func (s *stage) reopen() {
	s.t.Helper()
	if err := s.app.Close(); err != nil {
		s.t.Fatalf("close: %v", err)
	}
	s.open()
	s.reload()
}

// reload reads the organization again, as every command does.
func (s *stage) reload() {
	s.t.Helper()
	s.org = must(s.app.Engine.Organization(s.t.Context(), ""))(s.t)
}

// must fails the test on an error and gives the value otherwise.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// setUp makes the organization ready to plan, in the order of design §2.
func (s *stage) setUp() *stage {
	s.t.Helper()
	s.org = must(s.app.Engine.CreateOrganization(s.t.Context(), s.world.PartnerName, clerk))(s.t)
	s.connectMicrosoft()
	s.connectAutotask()
	s.mapEverything()
	return s
}

func (s *stage) connectMicrosoft() {
	s.t.Helper()
	c := s.microsoft.Credentials()
	must(s.app.Engine.ConnectMicrosoft(s.t.Context(), s.org, microsoftConfig(c), clerk))(s.t)
	must(s.app.Engine.Collect(s.t.Context(), s.org))(s.t)
}

func (s *stage) connectAutotask() {
	s.t.Helper()
	ctx, e, c := s.t.Context(), s.app.Engine, s.autotask.Credentials()
	must(e.ConnectTarget(ctx, s.org, engine.TargetConfig{UserName: c.UserName, IntegrationCode: c.IntegrationCode, Secret: secret.New(c.Secret)}, clerk))(s.t)
	must(e.ApplySettings(ctx, s.org, map[string]string{
		"vendor": s.world.VendorCompany, "service-code": s.world.ServiceCode, "material-code": s.world.MaterialCode,
		"service-markup": "15", "product-markup": "10", "start-day": "1", "azure-bundled": "on", "azure-bundle-name": "Microsoft Azure",
	}, clerk))(s.t)
}

// mapEverything maps every customer to its best suggestion, switches billing on, routes, prices and enables.
func (s *stage) mapEverything() {
	s.t.Helper()
	s.mapCustomers()
	ctx, e := s.t.Context(), s.app.Engine
	for _, c := range must(e.Store.Directory(ctx, s.org.ID))(s.t).Customers {
		check(s.t, e.Store.SetSwitch(ctx, s.org.ID, billing.BillingSwitch{CustomerID: c.ID, On: true}, clerk))
	}
	must(e.RouteAll(ctx, s.org, clerk))(s.t)
	check(s.t, e.EnableTarget(ctx, s.org, true, clerk))
	s.reload()
}

func (s *stage) mapCustomers() {
	s.t.Helper()
	ctx, e := s.t.Context(), s.app.Engine
	customers := map[billing.CustomerID]billing.Customer{}
	for _, c := range must(e.Store.Directory(ctx, s.org.ID))(s.t).Customers {
		customers[c.ID] = c
	}
	for _, suggestion := range must(e.Suggest(ctx, s.org))(s.t) {
		if c, open := customers[suggestion.CustomerID]; open {
			delete(customers, c.ID)
			must(e.MapCustomer(ctx, s.org, c, suggestion.CompanyID, clerk))(s.t)
		}
	}
}

// plan makes a run; online reads Microsoft again.
func (s *stage) plan(online bool) engine.Planned {
	s.t.Helper()
	return must(s.app.Engine.Plan(s.t.Context(), s.org, engine.PlanOptions{Trigger: "test", Offline: !online}, clerk))(s.t)
}

func (s *stage) approve(id store.RunID) {
	s.t.Helper()
	_, left, err := s.app.Engine.Approve(s.t.Context(), s.org, id, engine.Choice{Held: true, Reason: "looked at"}, approver)
	check(s.t, err)
	if left != 0 {
		s.t.Fatalf("%d changes are still not approved", left)
	}
}

func (s *stage) apply(id store.RunID) (engine.Applied, error) {
	return s.app.Engine.Apply(s.t.Context(), s.org, id, s.report)
}

// month plans, approves everything and applies, and wants it verified.
func (s *stage) month(online bool) engine.Planned {
	s.t.Helper()
	p := s.plan(online)
	if len(p.Plan.Changes) == 0 {
		return p
	}
	s.approve(p.Run.ID)
	applied := must(s.apply(p.Run.ID))(s.t)
	if !applied.Verified {
		s.t.Fatalf("run %s is not verified: %v, left %s\n%s", p.Run.ID, applied.Counts, kinds(applied.Left), s.troubles(p.Run.ID))
	}
	return p
}

// wantQuiet plans once more and wants nothing to do (law 5).
func (s *stage) wantQuiet(online bool) {
	s.t.Helper()
	if p := s.plan(online); len(p.Plan.Changes) != 0 {
		s.t.Errorf("in step, but a new plan has %d changes: %s", len(p.Plan.Changes), kinds(p.Plan.Changes))
	}
}

// troubles lists the changes of a run that are not applied.
func (s *stage) troubles(id store.RunID) string {
	var b strings.Builder
	_, states, err := s.app.Store.Plan(s.t.Context(), s.org.ID, id)
	check(s.t, err)
	for _, c := range states {
		if c.State != store.ChangeApplied {
			b.WriteString(string(c.Change.Kind) + " " + c.Change.What + ": " + string(c.State) + ": " + c.Message + "\n")
		}
	}
	readbacks, err := s.app.Store.Readbacks(s.t.Context(), s.org.ID, id)
	check(s.t, err)
	for _, r := range readbacks {
		if !r.Verified {
			b.WriteString("not read back: " + r.ChangeID + ": " + r.What + "\n")
		}
	}
	return b.String()
}
