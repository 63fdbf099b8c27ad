// Package storetest gives tests a real, empty store: a SQLite file in a temporary folder, or a schema of its own on the PostgreSQL server
// that SPINDLE_TEST_POSTGRES names. Both are gone when the test ends.
package storetest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"spindle/internal/store"
)

// Env names the variable with the address of the PostgreSQL server for tests: postgres://user@host:port/database.
const Env = "SPINDLE_TEST_POSTGRES"

// New opens an empty store on SQLite.
func New(t testing.TB) *store.Store {
	t.Helper()
	return Open(t, store.Options{URL: SQLite(t)})
}

// Each runs a test on an empty store of each kind; PostgreSQL is skipped when Env is not set.
func Each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	EachURL(t, func(t *testing.T, address string) { test(t, Open(t, store.Options{URL: address})) })
}

// EachURL runs a test with the address of an empty database of each kind, for tests that open it themselves or in another process.
func EachURL(t *testing.T, test func(t *testing.T, address string)) {
	t.Helper()
	t.Run(store.SQLite, func(t *testing.T) { test(t, SQLite(t)) })
	t.Run(store.Postgres, func(t *testing.T) { test(t, Postgres(t)) })
}

// Open opens a store and closes it when the test ends.
func Open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("open the store: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return s
}

// SQLite gives the path of a file that does not exist yet.
func SQLite(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "spindle.db")
}

// Postgres gives an address whose search path is a new, empty schema, or skips the test when Env is not set.
func Postgres(t testing.TB) string {
	t.Helper()
	server, address := postgresServer(t)
	schema := "test_" + strings.ToLower(rand.Text())
	execute(t, server, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { execute(t, server, "DROP SCHEMA "+schema+" CASCADE") })
	q := address.Query()
	q.Set("search_path", schema)
	address.RawQuery = q.Encode()
	return address.String()
}

// PostgresDatabase gives the address of a new, empty database, or skips the test when Env is not set. It can be copied.
func PostgresDatabase(t testing.TB) string {
	t.Helper()
	return createDatabase(t, "")
}

// CopyPostgres gives the address of a copy of a database that PostgresDatabase gave. Nobody may be connected to the original.
func CopyPostgres(t testing.TB, original string) string {
	t.Helper()
	address, err := url.Parse(original)
	if err != nil {
		t.Fatal("the address of the database to copy cannot be read")
	}
	return createDatabase(t, " TEMPLATE "+strings.TrimPrefix(address.Path, "/"))
}

// PostgresKept gives the address of a database with a name, which stays when the test ends; anew makes it empty first.
func PostgresKept(t testing.TB, name string, anew bool) string {
	t.Helper()
	server, address := postgresServer(t)
	if anew {
		execute(t, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		execute(t, server, "CREATE DATABASE "+name)
	}
	address.Path = "/" + name
	return address.String()
}

// Execute runs a statement in a PostgreSQL database.
func Execute(t testing.TB, address, statement string) {
	t.Helper()
	execute(t, address, statement)
}

// postgresServer gives the address of the server that Env names, or skips the test.
func postgresServer(t testing.TB) (server string, address *url.URL) {
	t.Helper()
	server = os.Getenv(Env)
	if server == "" {
		t.Skipf("%s is not set: give it the address of a PostgreSQL server to run this test there too", Env)
	}
	address, err := url.Parse(server)
	if err != nil || address.Scheme == "" {
		t.Fatalf("%s is not an address such as postgres://postgres@127.0.0.1:5432/postgres", Env)
	}
	return server, address
}

func createDatabase(t testing.TB, from string) string {
	t.Helper()
	server, address := postgresServer(t)
	name := "test_" + strings.ToLower(rand.Text())
	execute(t, server, "CREATE DATABASE "+name+from)
	t.Cleanup(func() { execute(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	address.Path = "/" + name
	return address.String()
}

func execute(t testing.TB, server, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("%s: %v", Env, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
