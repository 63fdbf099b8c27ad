// Package app is the composition root: one readable function that builds everything, and the tables that name each source, target and
// job handler.
package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/config"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/job"
	"spindle/internal/job/riverqueue"
	"spindle/internal/secret"
	"spindle/internal/source"
	"spindle/internal/source/file"
	"spindle/internal/source/partnercenter"
	"spindle/internal/source/rows"
	"spindle/internal/store"
	"spindle/internal/target"
	"spindle/internal/target/autotask"
	"spindle/internal/transport"
)

// App is the whole program with its database open.
type App struct {
	Config config.Config
	Store  *store.Store
	Engine *engine.Engine
	// Version is what the console says it is.
	Version string
	// Accounts is the people side: who may do what.
	Accounts *account.Service
	Log      *slog.Logger

	now   func() time.Time
	calls *Calls
	hooks Hooks
	roots *x509.CertPool // nil: the system's

	mu      sync.Mutex
	budgets map[string]*transport.Budget // by Autotask tenant
}

// Hooks let a test put its own clock and its own waits in the place of real ones. The zero value changes nothing.
type Hooks struct {
	Now       func() time.Time
	Transport func(*transport.Options)                   // changes the manners towards both vendors: time limits, sleep
	OnCommit  func(after bool)                           // see store.Options
	Sleep     func(context.Context, time.Duration) error // see engine.Deps
}

// New opens the database, brings it up to date, opens the keyring and wires the engine.
func New(ctx context.Context, cfg config.Config, log *slog.Logger) (*App, error) {
	return NewWith(ctx, cfg, log, Hooks{})
}

// NewWith is New with hooks.
func NewWith(ctx context.Context, cfg config.Config, log *slog.Logger, hooks Hooks) (*App, error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fault.Invalidf("data folder %s: %w", cfg.DataDir, err).Do("choose a folder that can be written with --data-dir")
	}
	a := &App{Config: cfg, Log: log, now: clock(cfg), calls: &Calls{}, hooks: hooks, budgets: map[string]*transport.Budget{}}
	if hooks.Now != nil {
		a.now = hooks.Now
	}
	var err error
	if a.roots, err = trusted(cfg.CAFile); err != nil {
		return nil, err
	}
	keys, err := secret.OpenKeyring(cfg.KeyPath(), secret.New(os.Getenv(secret.KeyEnv)))
	if err != nil {
		return nil, err
	}
	if a.Store, err = store.Open(ctx, store.Options{URL: databaseURL(cfg), Now: a.now, Log: log, OnCommit: hooks.OnCommit}); err != nil {
		return nil, err
	}
	a.Engine = engine.New(engine.Deps{
		Store: a.Store, Keys: keys, Now: a.now, Sleep: hooks.Sleep, Log: log,
		OpenTarget: a.openTarget, OpenSource: a.openSource, ReadFiles: readFiles, ReadServices: readServices, ReadService: readService,
		HolderDead: holderDead, CallBudget: a.callBudget,
	}, thisProcess().String())
	a.Accounts = account.New(account.Deps{Store: a.Store, Keys: keys, Now: a.now, Log: log, OIDC: openID(cfg)})
	return a, nil
}

// ServicesTemplate is a CSV file of custom services to start from.
func ServicesTemplate() string { return file.CustomTemplate() }

// Close closes the database.
func (a *App) Close() error {
	a.returnCalls(context.Background())
	return a.Store.Close()
}

// Calls gives the counter of calls made to the vendors.
func (a *App) Calls() *Calls { return a.calls }

// clock is the system's, or the practice day's noon with the system's time of day running on.
func clock(cfg config.Config) func() time.Time {
	if cfg.Today.IsZero() {
		return time.Now
	}
	start := time.Now()
	base := time.Date(cfg.Today.Year, cfg.Today.Month, cfg.Today.Day, 9, 0, 0, 0, time.UTC)
	return func() time.Time { return base.Add(time.Since(start)) }
}

func databaseURL(cfg config.Config) string {
	if cfg.Database.Kind == config.DatabasePostgres {
		return cfg.Database.URL.Reveal()
	}
	return cfg.Database.Path
}

// openTarget is the table of targets: one so far.
func (a *App) openTarget(c engine.TargetConfig) (target.Target, error) {
	if c.BaseURL == "" {
		c.BaseURL = a.Config.AutotaskURL
	}
	return autotask.New(autotask.Config{
		BaseURL: c.BaseURL, UserName: c.UserName, Secret: c.Secret, IntegrationCode: c.IntegrationCode,
		Organization: c.Organization, Settings: c.Settings, Now: a.now, Log: a.Log,
		HTTP: a.manners(transport.Options{Record: a.calls.Autotask.Record}),
		Budget: func(_ context.Context, tenant string) (autotask.Budget, error) {
			return a.budget(billing.OrganizationID(c.Organization), tenant), nil
		},
	})
}

// openSource is the table of sources that are connections; files are read by readFiles.
func (a *App) openSource(c engine.MicrosoftConfig) (source.Source, error) {
	return partnercenter.New(partnercenter.Config{
		TenantID: c.TenantID, ClientID: c.ClientID, ClientSecret: c.Secret, RefreshToken: c.RefreshToken, Rotation: c.Rotation,
		LoginURL: first(c.LoginURL, a.Config.MicrosoftLoginURL), GraphURL: first(c.GraphURL, a.Config.MicrosoftGraphURL),
		PartnerCenterURL: first(c.PartnerCenterURL, a.Config.PartnerCenterURL), Log: a.Log,
		Transport: a.manners(transport.Options{Record: a.calls.Microsoft.Record, Now: a.now, Log: a.Log}),
	})
}

func (a *App) manners(o transport.Options) transport.Options {
	o.RootCAs = a.roots
	if a.hooks.Transport != nil {
		a.hooks.Transport(&o)
	}
	return o
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// Calls counts the calls of this process to each vendor.
type Calls struct{ Autotask, Microsoft transport.Counter }

// readFiles reads reconciliation and usage files.
func readFiles(ctx context.Context, paths []string, dayFirst bool) (engine.FileContent, error) {
	var inputs []file.Input
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return engine.FileContent{}, err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return engine.FileContent{}, err
		}
		inputs = append(inputs, file.Input{Name: path, Data: f, Size: info.Size()})
	}
	imported, err := file.Read(ctx, inputs, file.Options{DayFirst: dayFirst})
	if err != nil {
		return engine.FileContent{}, err
	}
	content := engine.FileContent{Lines: imported.Lines, Usage: imported.Usage, Broken: imported.Broken}
	reported := map[string]bool{}
	for _, f := range imported.Files {
		reported[f.Name] = true
		content.Files = append(content.Files, fileReport(f, imported.Errors))
	}
	for _, e := range imported.Errors { // a file of which nothing could be read has no report of its own
		if !reported[e.File] {
			reported[e.File] = true
			content.Files = append(content.Files, fileReport(file.Report{Name: e.File}, imported.Errors))
		}
	}
	return content, nil
}

func fileReport(f file.Report, all []rows.RowError) engine.FileReport {
	r := engine.FileReport{Name: f.Name, Kind: string(f.Kind), Sets: f.Sets, Rows: f.Control.Rows + f.Control.Broken, Refused: f.Control.Broken}
	for _, s := range f.Control.Sums {
		r.Totals.Add(s.Cost)
	}
	for _, e := range all {
		if e.File == f.Name {
			r.Problems = append(r.Problems, problem(e))
		}
	}
	r.Notices = notices(f)
	return r
}

func problem(e rows.RowError) store.ImportProblem {
	message := e.Problem
	if e.Value != "" {
		message = fmt.Sprintf("%q: %s", e.Value, e.Problem)
	}
	return store.ImportProblem{Line: e.Line, Field: e.Field, Message: message, Remedy: e.Remedy}
}

func notices(f file.Report) []string {
	var all []string
	c := f.Control
	if f.SameAs != "" {
		all = append(all, "the same content as "+filepath.Base(f.SameAs)+": adds nothing")
	}
	if len(c.UnknownColumns) > 0 {
		all = append(all, fmt.Sprintf("columns kept but not understood: %s", strings.Join(c.UnknownColumns, ", ")))
	}
	if len(c.UnknownWords) > 0 {
		all = append(all, fmt.Sprintf("charge types not known to us, billed as stated: %v", c.UnknownWords))
	}
	if c.OutOfPeriod > 0 {
		all = append(all, fmt.Sprintf("for an earlier month and billed with this invoice, rows: %d", c.OutOfPeriod))
	}
	if c.Duplicates > 0 {
		all = append(all, fmt.Sprintf("the same as another row of the file, all counted, rows: %d", c.Duplicates))
	}
	if f.LeftOut > 0 {
		all = append(all, fmt.Sprintf("further problems not listed: %d", f.LeftOut))
	}
	return all
}

func readServices(_ context.Context, path string, customers engine.CustomerLookup) ([]billing.Subscription, []store.ImportProblem, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	services, rowErrors, err := file.ReadCustomServices(path, f, file.FindCustomer(customers))
	var problems []store.ImportProblem
	for _, e := range rowErrors {
		problems = append(problems, problem(e))
	}
	return services, problems, err
}

func readService(cells map[string]string, customers engine.CustomerLookup) (billing.Subscription, []store.ImportProblem) {
	service, rowErrors := file.ParseCustomService(cells, file.FindCustomer(customers))
	var problems []store.ImportProblem
	for _, e := range rowErrors {
		problems = append(problems, problem(e))
	}
	return service, problems
}

// Queue opens the work queue on the app's database, with the table of job handlers and the one periodic job: the sweep that starts what
// the organizations' schedules ask for and picks up what was dropped.
func (a *App) Queue(ctx context.Context) (job.Queue, error) {
	var queue job.Queue
	handlers, err := job.NewHandlers(
		job.Handle(func(ctx context.Context, args job.RunSync) error {
			defer a.returnCalls(ctx)
			return a.Engine.Sync(ctx, args)
		}).Within(syncLimit),
		job.Handle(a.Engine.CollectReported).Within(collectLimit),
		job.Handle(func(ctx context.Context, _ job.Sweep) error { return a.Engine.Sweep(ctx, queue.Enqueue) }).Within(time.Minute),
	)
	if err != nil {
		return nil, err
	}
	options := riverqueue.Options{Handlers: handlers, Log: a.Log,
		Periodics: []job.Periodic{{Name: "sweep", Cron: "@every 1m", Args: job.Sweep{}}}}
	if pool := a.Store.Postgres(); pool != nil {
		queue, err = riverqueue.OpenPostgres(ctx, pool, options)
		return queue, err
	}
	if a.Store.SQLite() == nil {
		return nil, errors.New("the store has no database for the queue")
	}
	options.Alone = true
	queue, err = riverqueue.OpenSQLite(ctx, a.Store.SQLite(), options)
	return queue, err
}

// collectLimit bounds one reading of Microsoft.
const collectLimit = time.Hour

// syncLimit bounds one run: a very large organization within Autotask's hourly budget.
const syncLimit = 4 * time.Hour
