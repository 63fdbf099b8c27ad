package store_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
)

// organization makes an organization and gives its id.
func organization(t testing.TB, s *store.Store, name string) billing.OrganizationID {
	t.Helper()
	o, err := s.CreateOrganization(t.Context(), name, "tester")
	must(t, err)
	return o.ID
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t testing.TB, err error, kind fault.Kind) {
	t.Helper()
	if fault.KindOf(err) != kind {
		t.Fatalf("got error %v of kind %q, want kind %q", err, fault.KindOf(err), kind)
	}
}

func equal(t testing.TB, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("differs (- want, + got):\n%s", diff)
	}
}

// planned makes a run with a plan of the changes; its fingerprint is "f-" and the run's id.
func planned(t testing.TB, s *store.Store, org billing.OrganizationID, scope store.Scope, changes ...plan.Change) store.RunID {
	t.Helper()
	run, err := s.CreateRun(t.Context(), org, "tester", scope)
	must(t, err)
	p := plan.Plan{Changes: changes, Fingerprint: fingerprint(run.ID), Complete: true}
	must(t, s.SavePlan(t.Context(), org, run.ID, p, billing.Desired{}))
	return run.ID
}

func fingerprint(run store.RunID) string { return "f-" + string(run) }

// states gives the state of every change of a run, in order: "a:proposed b:applied".
func states(t testing.TB, s *store.Store, org billing.OrganizationID, run store.RunID) string {
	t.Helper()
	_, all, err := s.Plan(t.Context(), org, run)
	must(t, err)
	var texts []string
	for _, c := range all {
		texts = append(texts, c.Change.ID+":"+string(c.State))
	}
	return strings.Join(texts, " ")
}

// filled gives a value with something distinct in every field, so that a field that storing forgets shows.
func filled[T any](t testing.TB) T {
	t.Helper()
	var v T
	n := 0
	fill(t, reflect.ValueOf(&v).Elem(), &n)
	return v
}

func fill(t testing.TB, v reflect.Value, n *int) {
	t.Helper()
	*n++
	switch p := v.Addr().Interface().(type) {
	case *money.Decimal:
		*p = money.New(int64(*n)*1000+7, -4)
		return
	case *money.Amount:
		*p = money.Of(money.New(int64(*n)*100+5, -3), "EUR")
		return
	case *money.Totals:
		p.Add(money.Of(money.Int(int64(*n)), "EUR"))
		p.Add(money.Of(money.Int(int64(*n)), "USD"))
		return
	case *billing.Date:
		*p = billing.NewDate(2026, 1, *n)
		return
	case *time.Time:
		*p = time.UnixMicro(1_790_000_000_000_000 + int64(*n)).UTC()
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("t%d <é&\"'\n\t>", *n))
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(t, v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(t, key, n)
			fill(t, value, n)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), n)
		}
	default:
		t.Fatalf("cannot fill a %s", v.Type())
	}
}

// tables lists the tables of the database and their key columns.
func tables(t testing.TB, s *store.Store) map[string][]string {
	t.Helper()
	query := `SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p
		WHERE m.type = 'table' AND p.pk > 0 AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, p.pk`
	if s.Dialect() == store.Postgres {
		query = `SELECT t.table_name, k.column_name FROM information_schema.table_constraints t
			JOIN information_schema.key_column_usage k ON k.constraint_schema = t.constraint_schema AND k.constraint_name = t.constraint_name
			WHERE t.constraint_type = 'PRIMARY KEY' AND t.table_schema = current_schema() ORDER BY t.table_name, k.ordinal_position`
	}
	rows, err := s.DB().QueryContext(t.Context(), query)
	must(t, err)
	defer func() { _ = rows.Close() }()
	keys := map[string][]string{}
	for rows.Next() {
		var table, column string
		must(t, rows.Scan(&table, &column))
		keys[table] = append(keys[table], column)
	}
	must(t, rows.Err())
	delete(keys, "goose_db_version")
	return keys
}

// dump gives every row of every table as text; with an organization only its rows.
func dump(t testing.TB, s *store.Store, org billing.OrganizationID) []string {
	t.Helper()
	var lines []string
	for table, key := range tables(t, s) {
		query, args := "SELECT * FROM "+table, []any{}
		if org != "" {
			query, args = query+" WHERE "+key[0]+" = $1", []any{string(org)}
		}
		lines = append(lines, dumpRows(t, s, table, query, args...)...)
	}
	slices.Sort(lines)
	return lines
}

func dumpRows(t testing.TB, s *store.Store, table, query string, args ...any) []string {
	t.Helper()
	rows, err := s.DB().QueryContext(context.Background(), query, args...)
	must(t, err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	must(t, err)
	var lines []string
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		must(t, rows.Scan(values...))
		text := table
		for i, v := range values {
			text += fmt.Sprintf(" %s=%v", columns[i], *v.(*any))
		}
		lines = append(lines, text)
	}
	must(t, rows.Err())
	return lines
}
