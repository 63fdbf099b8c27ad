package riverqueue

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite"

	"spindle/internal/fault"
	"spindle/internal/job"
	"spindle/internal/job/jobtest"
)

// opener makes a queue in one database.
type opener func(ctx context.Context, opts Options) (job.Queue, error)

// Open makes a queue for the suite.
func (o opener) Open(tb testing.TB, s jobtest.Setup) job.Queue {
	tb.Helper()
	q, err := o(tb.Context(), Options{
		Handlers: s.Handlers, Periodics: s.Periodics, Log: s.Log,
		AttemptsMax: s.AttemptsMax, RetryDelay: s.RetryDelay, quick: true,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return q
}

func freshSQLite(tb testing.TB) opener {
	tb.Helper()
	db, err := sql.Open("sqlite", SQLiteDSN(filepath.Join(tb.TempDir(), "a b?c#d%41.db")))
	if err != nil {
		tb.Fatal(err)
	}
	db.SetMaxOpenConns(4)
	tb.Cleanup(func() { _ = db.Close() })
	return func(ctx context.Context, opts Options) (job.Queue, error) { return OpenSQLite(ctx, db, opts) }
}

// freshPostgres makes an empty database on the server of SPINDLE_TEST_POSTGRES.
func freshPostgres(tb testing.TB) opener {
	tb.Helper()
	dsn := os.Getenv("SPINDLE_TEST_POSTGRES")
	if dsn == "" {
		tb.Skip("SPINDLE_TEST_POSTGRES is not set: nothing was tested on PostgreSQL. Run make test, which starts a server, or set it to a DSN whose user may create databases.")
	}
	ctx := context.WithoutCancel(tb.Context())
	admin, err := pgx.Connect(ctx, dsn)
	if err != nil {
		tb.Fatal(err)
	}
	name := "river_" + strings.ToLower(rand.Text())
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		tb.Fatal(err)
	}
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	config.ConnConfig.Database = name
	config.MaxConns = 8
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		pool.Close()
		if _, err := admin.Exec(ctx, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)); err != nil {
			tb.Errorf("drop the test database: %v", err)
		}
		_ = admin.Close(ctx)
	})
	return func(ctx context.Context, opts Options) (job.Queue, error) { return OpenPostgres(ctx, pool, opts) }
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, fresh func(tb testing.TB) opener)) {
	t.Run("sqlite", func(t *testing.T) { test(t, freshSQLite) })
	t.Run("postgres", func(t *testing.T) {
		if os.Getenv("SPINDLE_TEST_POSTGRES") == "" {
			freshPostgres(t) // skips with its message
		}
		test(t, freshPostgres)
	})
}

func TestConformance(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(tb testing.TB) opener) {
		jobtest.Run(t, jobtest.Capabilities{Background: true, Persistent: true},
			func(tb testing.TB) jobtest.Store { return fresh(tb) })
	})
}

// sweep counts calls of the sweep handler.
func sweep(t *testing.T, work func(ctx context.Context) error) job.Handlers {
	t.Helper()
	h, err := job.NewHandlers(job.Handle(func(ctx context.Context, _ job.Sweep) error { return work(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// abandon leaves a job in the state a kill -9 leaves it in: running, with
// nobody working on it. The handler ignores its context, as a dead process
// would, until the test ends; its queue has no other worker that could take the
// job back.
func abandon(t *testing.T, open opener, attemptsMax int) {
	t.Helper()
	started, dead := make(chan struct{}), make(chan struct{})
	handlers := sweep(t, func(context.Context) error {
		close(started)
		<-dead
		return nil
	})
	q, err := open(t.Context(), Options{Handlers: handlers, Log: slog.New(slog.DiscardHandler), AttemptsMax: attemptsMax, Workers: 1, quick: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		close(dead)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		_ = q.Stop(ctx)
	})
	if err := q.Enqueue(t.Context(), job.Sweep{}); err != nil {
		t.Fatal(err)
	}
	<-started
}

// Law 3: killing the process at any instant and starting it again must not
// leave work undone. Without Alone the dead job would suppress its own nudge.
func TestKilledProcessIsTakenUp(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(tb testing.TB) opener) {
		open := fresh(t)
		abandon(t, open, 3)
		ran := make(chan struct{}, 10)
		handlers := sweep(t, func(context.Context) error { ran <- struct{}{}; return nil })
		q, err := open(t.Context(), Options{Handlers: handlers, Log: slog.New(slog.DiscardHandler), Alone: true, quick: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ran:
		case <-time.After(30 * time.Second):
			t.Error("the interrupted job was not taken up")
		}
		if err := q.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A job that killed its process in its last attempt is given up, and no longer
// suppresses the sweep's next nudge.
func TestKillerIsGivenUp(t *testing.T) {
	onBoth(t, func(t *testing.T, fresh func(tb testing.TB) opener) {
		open := fresh(t)
		abandon(t, open, 1)
		ran := make(chan struct{}, 10)
		handlers := sweep(t, func(context.Context) error { ran <- struct{}{}; return nil })
		q, err := open(t.Context(), Options{Handlers: handlers, Log: slog.New(slog.DiscardHandler), Alone: true, quick: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := q.Enqueue(t.Context(), job.Sweep{}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ran:
		case <-time.After(30 * time.Second):
			t.Error("the new nudge was suppressed")
		}
		if err := q.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if len(ran) > 0 {
			t.Error("the job that was given up ran as well")
		}
	})
}

func TestBadOptions(t *testing.T) {
	open := freshSQLite(t)
	handlers := sweep(t, func(context.Context) error { return nil })
	tests := map[string]job.Periodic{
		"bad schedule":    {Name: "x", Cron: "often", Args: job.Sweep{}},
		"kind not worked": {Name: "x", Cron: "@daily", Args: job.RunSync{}},
	}
	for name, p := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := open(t.Context(), Options{Handlers: handlers, Periodics: []job.Periodic{p}, Log: slog.New(slog.DiscardHandler)})
			if !fault.Is(err, fault.KindInvalid) {
				t.Errorf("err = %v, want invalid", err)
			}
		})
	}
}
