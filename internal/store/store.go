// Package store keeps everything Spindle knows: one concrete [Store] over database/sql, with one SQL text for SQLite and PostgreSQL.
//
// Every method takes the organization it works for and every table key starts with it. Each write is one transaction that first counts
// up the organization's row, so that one organization's writes happen one after the other on both databases, and that ends with an
// entry in the audit trail. Amounts are decimal text, dates ISO text, times microseconds in UTC: no value ever passes through a float.
//
// Laws of the design kept here: 1 (nothing not approved or not enabled is ever sent: BeginSend), 2 (an incomplete read removes nothing:
// SaveDirectory), 3 (intent before the call, outcome after it, in legal steps only: ledger.go), 10 (only ciphertext of secrets), 11 (the
// hash-chained audit trail).
package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"spindle/internal/fault"
)

// The dialects that Store.Dialect gives.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Options say where the database is.
type Options struct {
	URL string           // path of the SQLite file, or postgres://…
	Now func() time.Time // the clock; nil: the system's
	Log *slog.Logger     // nil: silent

	// OnCommit is told before and after every commit of a writing transaction, so that tests can end the process there; nil otherwise.
	OnCommit func(after bool)

	// OnStatement is told of every statement, so that benchmarks can count them; nil otherwise.
	OnStatement func(query string)
}

// Store is the database. It is safe for concurrent use.
type Store struct {
	dialect string
	writer  *sql.DB
	reader  *sql.DB
	queue   *sql.DB       // SQLite only
	pool    *pgxpool.Pool // PostgreSQL only
	now     func() time.Time
	log     *slog.Logger

	textsMax int // see searched; tests make it smaller
	countMax int // see count; likewise

	onCommit        func(after bool)
	onStatement     func(query string)
	beforeStatement func(query string) error // tests cut transactions with it; nil otherwise
}

// Open opens the database, creates it if it is a file that does not exist, and brings its tables up to date.
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := connect(ctx, o)
	if err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{s.migrate, s.rebuildAll} {
		if err := step(ctx); err != nil {
			_ = s.Close()
			return nil, err
		}
	}
	return s, nil
}

func connect(ctx context.Context, o Options) (*Store, error) {
	s := &Store{now: o.Now, log: o.Log, textsMax: textsMax, countMax: countMax, onCommit: o.OnCommit, onStatement: o.OnStatement}
	if s.onStatement == nil {
		s.onStatement = func(string) {}
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if o.URL == "" {
		return nil, fault.Invalidf("no database is named").WithField("database").Do("give the path of a file, or postgres://…")
	}
	open := s.openSQLite
	if strings.HasPrefix(o.URL, "postgres://") || strings.HasPrefix(o.URL, "postgresql://") {
		open = s.openPostgres
	}
	if err := open(ctx, o.URL); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// Close closes all connections.
func (s *Store) Close() error {
	var first error
	for _, db := range []*sql.DB{s.writer, s.reader, s.queue} {
		if db == nil {
			continue
		}
		if err := db.Close(); err != nil && first == nil {
			first = err
		}
	}
	if s.pool != nil {
		s.pool.Close()
	}
	return first
}

// Dialect says which database is open: SQLite or Postgres.
func (s *Store) Dialect() string { return s.dialect }

// SQLite gives the job queue connections of its own to the file, so that it never waits for the store's one writer connection; nil on
// PostgreSQL.
func (s *Store) SQLite() *sql.DB { return s.queue }

// Postgres gives the pool that the job queue shares with the store; nil on SQLite.
func (s *Store) Postgres() *pgxpool.Pool { return s.pool }

// Ping checks that the database answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.reader.PingContext(ctx); err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	return nil
}
