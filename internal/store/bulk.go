package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// bulkRows is the number of rows in one INSERT on SQLite. The driver's search for $n grows with the square of the parameters, so more
// rows per statement are slower.
const bulkRows = 10

// bulk inserts n rows; row gives the values of row i, already of plain types (string, int64, bool).
func (t *txn) bulk(ctx context.Context, table string, columns []string, n int, row func(i int) ([]any, error)) error {
	if n == 0 {
		return nil
	}
	if err := t.store.cut("bulk " + table); err != nil {
		return err
	}
	insert := t.bulkValues
	if t.store.dialect == Postgres {
		insert = t.bulkCopy
	}
	if err := insert(ctx, table, columns, n, row); err != nil {
		return fmt.Errorf("database: %s: %w", table, err)
	}
	return nil
}

func (t *txn) bulkValues(ctx context.Context, table string, columns []string, n int, row func(i int) ([]any, error)) error {
	at := 0
	for _, size := range []int{bulkRows, 1} {
		if n-at < size {
			continue
		}
		stmt, err := t.tx.PrepareContext(ctx, insertText(table, columns, size))
		if err != nil {
			return err
		}
		if at, err = fill(ctx, stmt, bulkPart{at, n, size}, row); err != nil {
			_ = stmt.Close()
			return err
		}
		if err := stmt.Close(); err != nil {
			return err
		}
	}
	return nil
}

type bulkPart struct{ at, n, size int }

func fill(ctx context.Context, stmt *sql.Stmt, p bulkPart, row func(i int) ([]any, error)) (int, error) {
	var args []any
	for ; p.n-p.at >= p.size; p.at += p.size {
		args = args[:0]
		for i := range p.size {
			values, err := row(p.at + i)
			if err != nil {
				return p.at, err
			}
			args = append(args, values...)
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return p.at, err
		}
	}
	return p.at, nil
}

func insertText(table string, columns []string, rows int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES ", table, strings.Join(columns, ", "))
	for r := range rows {
		if r > 0 {
			b.WriteString(", ")
		}
		for c := range columns {
			if c == 0 {
				b.WriteString("(")
			} else {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "$%d", r*len(columns)+c+1)
		}
		b.WriteString(")")
	}
	return b.String()
}

// bulkCopy uses COPY on the connection that the transaction holds.
func (t *txn) bulkCopy(ctx context.Context, table string, columns []string, n int, row func(i int) ([]any, error)) error {
	return t.conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the connection is a %T", driver)
		}
		_, err := c.Conn().CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(n, row))
		return err
	})
}
