package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// txn is one transaction on one connection. Statements are written once, with $n placeholders, for both databases.
type txn struct {
	tx    *sql.Tx
	conn  *sql.Conn // the transaction's own, for COPY
	store *Store
	org   billing.OrganizationID
	at    time.Time // one instant for everything the transaction writes

	prepared map[string]*sql.Stmt // SQLite: statements run before, nil when run once
}

// write runs f in a transaction of the organization. It first takes the organization's row, which puts all its writes in a row and
// makes an unknown organization an error before anything happens. Last it works out again what the list of customers shows of those that
// f touched.
func (s *Store) write(ctx context.Context, org billing.OrganizationID, f func(*txn) error) error {
	return s.begin(ctx, s.writer, nil, func(t *txn) error {
		t.org = org
		n, err := t.exec(ctx, `UPDATE organization SET writes = writes + 1 WHERE id = $1`, org)
		if err != nil {
			return err
		}
		if n == 0 {
			return noOrganization(string(org))
		}
		if err := f(t); err != nil {
			return err
		}
		return t.refreshStale(ctx)
	})
}

// read runs f in a read-only transaction, so that several queries see one state.
func (s *Store) read(ctx context.Context, org billing.OrganizationID, f func(*txn) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if s.dialect == Postgres {
		options.Isolation = sql.LevelRepeatableRead
	}
	return s.begin(ctx, s.reader, options, func(t *txn) error {
		t.org = org
		return f(t)
	})
}

func (s *Store) begin(ctx context.Context, db *sql.DB, options *sql.TxOptions, f func(*txn) error) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	defer func() { _ = conn.Close() }()
	tx, err := conn.BeginTx(ctx, options)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	t := &txn{tx: tx, conn: conn, store: s, at: s.now(), prepared: map[string]*sql.Stmt{}}
	defer t.closePrepared()
	if err := f(t); err != nil {
		return err
	}
	if err := s.cut("COMMIT"); err != nil {
		return err
	}
	tell := s.onCommit
	if tell == nil || db != s.writer || options != nil {
		tell = func(bool) {}
	}
	tell(false)
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	tell(true)
	return nil
}

func (s *Store) cut(query string) error {
	if s.beforeStatement == nil {
		return nil
	}
	return s.beforeStatement(query)
}

// again gives the prepared form of a statement that the transaction has run before; nil for one that it runs for the first time. SQLite
// would plan each anew; the PostgreSQL driver keeps plans by itself.
func (t *txn) again(ctx context.Context, query string) (*sql.Stmt, error) {
	t.store.onStatement(query)
	stmt, seen := t.prepared[query]
	if stmt != nil || t.store.dialect != SQLite {
		return stmt, nil
	}
	var err error
	if seen {
		stmt, err = t.tx.PrepareContext(ctx, query)
	}
	t.prepared[query] = stmt
	return stmt, err
}

// once gives the arguments of a statement whose text hardly ever comes again, because it has values written out: PostgreSQL's driver would
// keep each such text, and the server its plan, for every connection.
func (t *txn) once(args []any) []any {
	if t.store.dialect != Postgres {
		return args
	}
	return append([]any{pgx.QueryExecModeExec}, args...)
}

func (t *txn) closePrepared() {
	for _, stmt := range t.prepared {
		if stmt != nil {
			_ = stmt.Close() // nothing is lost with it
		}
	}
}

// exec runs a statement and gives the number of rows it touched.
func (t *txn) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := t.store.cut(query); err != nil {
		return 0, err
	}
	result, err := t.execute(ctx, query, args)
	if err != nil {
		return 0, fmt.Errorf("database: %w", err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("database: %w", err)
	}
	return n, nil
}

func (t *txn) execute(ctx context.Context, query string, args []any) (sql.Result, error) {
	stmt, err := t.again(ctx, query)
	if err != nil {
		return nil, err
	}
	if stmt != nil {
		return stmt.ExecContext(ctx, args...)
	}
	return t.tx.ExecContext(ctx, query, args...)
}

// row reads one row; found is false when there is none.
func (t *txn) row(ctx context.Context, query string, args []any, into ...any) (found bool, err error) {
	stmt, err := t.again(ctx, query)
	switch {
	case err != nil:
	case stmt != nil:
		err = stmt.QueryRowContext(ctx, args...).Scan(into...)
	default:
		err = t.tx.QueryRowContext(ctx, query, args...).Scan(into...)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("database: %w", err)
	}
	return true, nil
}

// scanner is the part of sql.Rows that a scan function needs.
type scanner interface{ Scan(into ...any) error }

// list reads all rows of a query.
func list[T any](ctx context.Context, t *txn, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	t.store.onStatement(query)
	rows, err := t.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("database: %w", err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	return all, nil
}

// next counts up one of the organization's counters. Numbers are never given twice, also when what had them is gone.
func (t *txn) next(ctx context.Context, counter string) (int64, error) {
	var n int64
	if err := t.store.cut("counter"); err != nil {
		return 0, err
	}
	_, err := t.row(ctx, `INSERT INTO counter (organization_id, name, value) VALUES ($1, $2, 1)
		ON CONFLICT (organization_id, name) DO UPDATE SET value = counter.value + 1 RETURNING value`, []any{t.org, counter}, &n)
	return n, err
}

func noOrganization(id string) error {
	return fault.NotFoundf("there is no organization %q", id).Do("list them with: spindle org list")
}
