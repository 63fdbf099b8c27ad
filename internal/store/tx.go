package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

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
}

// write runs f in a transaction of the organization. It first takes the organization's row, which puts all its writes in a row and
// makes an unknown organization an error before anything happens.
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
		return f(t)
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
	if err := f(&txn{tx: tx, conn: conn, store: s, at: s.now()}); err != nil {
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

// exec runs a statement and gives the number of rows it touched.
func (t *txn) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := t.store.cut(query); err != nil {
		return 0, err
	}
	result, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("database: %w", err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("database: %w", err)
	}
	return n, nil
}

// row reads one row; found is false when there is none.
func (t *txn) row(ctx context.Context, query string, args []any, into ...any) (found bool, err error) {
	err = t.tx.QueryRowContext(ctx, query, args...).Scan(into...)
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
