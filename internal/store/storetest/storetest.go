// Package storetest gives tests a real, empty store: a SQLite file in a temporary folder, or a database or schema of its own on the PostgreSQL
// server that SPINDLE_TEST_POSTGRES names. Both are gone when the test ends. A database is migrated once per process and copied after that:
// under the race detector, making its tables takes longer than most tests do.
package storetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
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
	return Open(t, store.Options{URL: File(t)})
}

// Each runs a test on an empty store of each kind; PostgreSQL is skipped when Env is not set.
func Each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	EachURL(t, func(t *testing.T, address string) { test(t, Open(t, store.Options{URL: address})) })
}

// EachURL runs a test with the address of an empty database of each kind that has its tables, for tests that open it themselves or in another
// process.
func EachURL(t *testing.T, test func(t *testing.T, address string)) {
	t.Helper()
	t.Run(store.SQLite, func(t *testing.T) { test(t, File(t)) })
	t.Run(store.Postgres, func(t *testing.T) { test(t, readyPostgres(t)) })
}

// EachNew runs a test with the address of a database of each kind that nobody has opened yet: it has no tables.
func EachNew(t *testing.T, test func(t *testing.T, address string)) {
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

// File gives the path of a SQLite file that has its tables and nothing in them.
func File(t testing.TB) string {
	t.Helper()
	return Ready(t, SQLite(t))
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

// first is what a first start makes: the bytes of a SQLite file, and the address of a PostgreSQL database.
var first struct {
	sqlite, postgres sync.Once
	file             []byte
	database         string
	drop             func() // removes the database; nil: nobody would
}

// Ready makes the SQLite file at a path as a first start does, and gives the path.
func Ready(t testing.TB, path string) string {
	t.Helper()
	first.sqlite.Do(func() {
		made := filepath.Join(t.TempDir(), "first.db")
		migrate(t, made)
		var err error
		if first.file, err = os.ReadFile(made); err != nil {
			t.Fatal(err)
		}
	})
	if len(first.file) == 0 {
		t.Fatal("the first database of this process could not be made")
	}
	if err := os.WriteFile(path, first.file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func migrate(t testing.TB, address string) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: address})
	if err != nil {
		t.Fatalf("open the store: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("close the store: %v", err)
	}
}

// Main runs the tests of a package that opens many PostgreSQL databases: they are copies of one, which is removed at the end. It gives the exit
// code.
func Main(m *testing.M) int {
	first.drop = func() {}
	code := m.Run()
	first.drop()
	return code
}

// readyPostgres gives the address of an empty database that has its tables, or skips the test when Env is not set.
func readyPostgres(t testing.TB) string {
	t.Helper()
	if first.drop == nil {
		address := Postgres(t)
		migrate(t, address)
		return address
	}
	server, address := postgresServer(t)
	first.postgres.Do(func() {
		name := "test_" + strings.ToLower(rand.Text())
		execute(t, server, "CREATE DATABASE "+name)
		first.drop = func() {
			if err := dropDatabase(server, name); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
		address.Path = "/" + name
		migrate(t, address.String())
		first.database = address.String()
	})
	if first.database == "" {
		t.Fatal("the first database of this process could not be made")
	}
	return CopyPostgres(t, first.database)
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
	t.Cleanup(func() {
		if err := dropDatabase(server, name); err != nil {
			t.Error(err)
		}
	})
	address.Path = "/" + name
	return address.String()
}

func dropDatabase(server, name string) error {
	return run(server, "DROP DATABASE "+name+" WITH (FORCE)")
}

func execute(t testing.TB, server, statement string) {
	t.Helper()
	if err := run(server, statement); err != nil {
		t.Fatal(err)
	}
}

func run(server, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("%s: %w", Env, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}
