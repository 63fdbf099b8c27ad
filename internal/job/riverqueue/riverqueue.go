// Package riverqueue is the queue that remembers: River on SQLite and on
// PostgreSQL. It is the only package that imports River.
//
// River's SQLite driver is young and busy: the *sql.DB must be opened with
// modernc.org/sqlite, WAL, _txlock=immediate and a busy timeout, or it ends in
// SQLITE_BUSY. See [SQLiteDSN].
package riverqueue

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"spindle/internal/fault"
	"spindle/internal/job"
)

// Options describe a queue. Handlers and Log are needed.
type Options struct {
	Handlers  job.Handlers
	Periodics []job.Periodic
	Log       *slog.Logger

	// Workers is how many jobs run at a time in this process; 4 if zero.
	Workers int
	// AttemptsMax and RetryDelay bound repeated attempts; those of package
	// job if zero.
	AttemptsMax int
	RetryDelay  func(attempt int) time.Duration
	// Timeout bounds an attempt of a handler that has no limit of its own;
	// 30 minutes if zero. A job found running for longer than the longest
	// limit and a margin is taken to belong to a dead process and is tried
	// again.
	Timeout time.Duration
	// Alone states that no other process works on this database (the
	// embedded size). Start then takes up at once what a killed process left
	// running, instead of waiting out its limit.
	Alone bool

	quick bool // tests: start and poll without the pauses that spare a database
}

const (
	workersDefault = 4
	timeoutDefault = 30 * time.Minute
	// rescueMargin is the time a cancelled handler has to return before its
	// job counts as abandoned.
	rescueMargin = 5 * time.Minute
	// snoozeMax bounds one wait; a job that is due later is asked again.
	snoozeMax = 24 * time.Hour
)

// SQLiteDSN returns the data source name under which River (and the store)
// may use the SQLite file at path.
func SQLiteDSN(path string) string {
	v := url.Values{}
	v.Set("_txlock", "immediate")
	for _, pragma := range []string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(1)"} {
		v.Add("_pragma", pragma)
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: v.Encode()}).String()
}

// Queue is a job.Queue kept in a database.
type Queue[Tx any] struct {
	client *river.Client[Tx]
	driver riverdriver.Driver[Tx]
	opts   Options
}

var (
	_ job.Queue = (*Queue[*sql.Tx])(nil)
	_ job.Queue = (*Queue[any])(nil)
)

// OpenSQLite makes a queue in the SQLite database db, which must have been
// opened as [SQLiteDSN] says, and brings River's tables up to date. It works
// only after Start; a process that only asks for work need not start it.
func OpenSQLite(ctx context.Context, db *sql.DB, opts Options) (job.Queue, error) {
	return open(ctx, riverdriver.Driver[*sql.Tx](riversqlite.New(db)), opts)
}

// OpenPostgres makes a queue in the PostgreSQL database of pool, like
// [OpenSQLite].
func OpenPostgres(ctx context.Context, pool *pgxpool.Pool, opts Options) (job.Queue, error) {
	return open(ctx, riverpgxv5.New(pool), opts)
}

func open[Tx any](ctx context.Context, driver riverdriver.Driver[Tx], opts Options) (job.Queue, error) {
	if opts.Workers == 0 {
		opts.Workers = workersDefault
	}
	if opts.AttemptsMax == 0 {
		opts.AttemptsMax = job.AttemptsMax
	}
	if opts.RetryDelay == nil {
		opts.RetryDelay = job.RetryDelay
	}
	if opts.Timeout == 0 {
		opts.Timeout = timeoutDefault
	}
	if err := migrate(ctx, driver, opts.Log); err != nil {
		return nil, err
	}
	config, err := clientConfig(opts)
	if err != nil {
		return nil, err
	}
	client, err := river.NewClient(driver, config)
	if err != nil {
		return nil, fault.Newf(fault.KindInternal, "make the job queue: %w", err)
	}
	return &Queue[Tx]{client: client, driver: driver, opts: opts}, nil
}

func migrate[Tx any](ctx context.Context, driver riverdriver.Driver[Tx], log *slog.Logger) error {
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet(log)})
	if err != nil {
		return fault.Newf(fault.KindInternal, "prepare the job queue's tables: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fault.NeedsPersonf("create the job queue's tables: %w", err).
			Do("check that the database is writable and that its user may create tables")
	}
	return nil
}

func clientConfig(opts Options) (*river.Config, error) {
	workers := river.NewWorkers()
	longest := opts.Timeout
	for _, h := range opts.Handlers {
		longest = max(longest, h.Timeout())
		river.AddWorkerArgs(workers, rawArgs{kind: h.Kind()}, newWorker(h, opts))
	}
	periodics, err := periodicJobs(opts)
	if err != nil {
		return nil, err
	}
	config := &river.Config{
		Logger:               quiet(opts.Log),
		MaxAttempts:          opts.AttemptsMax,
		JobTimeout:           opts.Timeout,
		RescueStuckJobsAfter: longest + rescueMargin,
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: opts.Workers}},
		PeriodicJobs:         periodics,
		Workers:              workers,
		TestOnly:             opts.quick,
	}
	if opts.quick {
		config.FetchCooldown, config.FetchPollInterval = 10*time.Millisecond, 100*time.Millisecond
	}
	return config, nil
}

func periodicJobs(opts Options) ([]*river.PeriodicJob, error) {
	jobs := make([]*river.PeriodicJob, 0, len(opts.Periodics))
	for _, p := range opts.Periodics {
		if _, _, err := opts.Handlers.Encode(p.Args); err != nil {
			return nil, err
		}
		schedule, err := job.ParseCron(p.Cron)
		if err != nil {
			return nil, err
		}
		ask := func() (river.JobArgs, *river.InsertOpts) { return p.Args, insertOpts(opts) }
		jobs = append(jobs, river.NewPeriodicJob(schedule, ask, &river.PeriodicJobOpts{ID: p.Name}))
	}
	return jobs, nil
}

// insertOpts suppresses a job while the same one is unfinished. River's own
// default would also count finished jobs until they are cleaned away.
func insertOpts(opts Options) *river.InsertOpts {
	return &river.InsertOpts{
		MaxAttempts: opts.AttemptsMax,
		UniqueOpts: river.UniqueOpts{
			ByArgs: true,
			ByState: []rivertype.JobState{
				rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
				rivertype.JobStateRunning, rivertype.JobStateScheduled,
			},
		},
	}
}

// Enqueue stores a job unless the same one is unfinished.
func (q *Queue[Tx]) Enqueue(ctx context.Context, args job.Args) error {
	h, encoded, err := q.opts.Handlers.Encode(args)
	if err != nil {
		return err
	}
	if _, err := q.client.Insert(ctx, rawArgs{kind: h.Kind(), encoded: encoded}, insertOpts(q.opts)); err != nil {
		return fault.Transientf("store job %s: %w", h.Kind(), err)
	}
	return nil
}

// Start begins to work and to fire the periodic jobs.
func (q *Queue[Tx]) Start(ctx context.Context) error {
	if q.opts.Alone {
		if err := q.takeUpAbandoned(ctx); err != nil {
			return err
		}
	}
	if err := q.client.Start(ctx); err != nil {
		return fault.Transientf("start the job queue: %w", err)
	}
	return nil
}

// Stop waits for the running jobs until ctx ends, then cancels them and waits
// a little for them to return. It fails if they do not.
func (q *Queue[Tx]) Stop(ctx context.Context) error {
	if ctx.Err() == nil {
		err := q.client.Stop(ctx)
		if err == nil || ctx.Err() == nil {
			return err
		}
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := q.client.StopAndCancel(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		return fault.Newf(fault.KindInternal, "jobs did not end when they were cancelled; they are tried again after the next start")
	}
	return err
}

// quiet keeps River's chatter out of the log: it reports every start, stop
// and failed attempt at info; failed attempts are logged by the worker.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(atLeastWarn{log.Handler()}) }

type atLeastWarn struct{ slog.Handler }

func (h atLeastWarn) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

func (h atLeastWarn) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeastWarn{h.Handler.WithAttrs(attrs)}
}

func (h atLeastWarn) WithGroup(name string) slog.Handler {
	return atLeastWarn{h.Handler.WithGroup(name)}
}
