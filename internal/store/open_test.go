package store_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

func contextWithCancel(t testing.TB) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, cancel
}

func TestMigratesFromEveryEarlierVersion(t *testing.T) {
	storetest.EachNew(t, func(t *testing.T, address string) {
		o := store.Options{URL: address}
		versions, err := store.Versions(t.Context(), o)
		must(t, err)
		for i, version := range versions {
			if version != int64(i+1) {
				t.Fatalf("migrations are numbered %v", versions)
			}
			must(t, store.MigrateTo(t.Context(), o, version))
			s, err := store.Open(t.Context(), o)
			must(t, err)
			w := newWorld(t, s, "Northwind IT")
			for _, c := range writes(w) {
				if err := c.do(t.Context()); err != nil {
					t.Fatalf("from version %d: %s: %v", version, c.method, err)
				}
			}
			must(t, s.Close())
			must(t, store.MigrateDown(t.Context(), o))
		}
	})
}

func TestOpeningAgainKeepsWhatIsThere(t *testing.T) {
	storetest.EachNew(t, func(t *testing.T, address string) {
		s, err := store.Open(t.Context(), store.Options{URL: address})
		must(t, err)
		newWorld(t, s, "Northwind IT")
		before := dump(t, s, "")
		must(t, s.Close())
		equal(t, dump(t, storetest.Open(t, store.Options{URL: address}), ""), before)
	})
}

func TestSeveralProcessesMayOpenAnEmptyDatabaseAtOnce(t *testing.T) {
	storetest.EachNew(t, func(t *testing.T, address string) {
		var openers sync.WaitGroup
		for range 4 {
			openers.Go(func() {
				s, err := store.Open(t.Context(), store.Options{URL: address})
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		openers.Wait()
		organization(t, storetest.Open(t, store.Options{URL: address}), "Northwind IT")
	})
}

func TestBothDialectsHaveTheSameMigrationsTablesAndColumns(t *testing.T) {
	names := map[string]string{}
	for _, dialect := range []string{store.SQLite, store.Postgres} {
		files, err := os.ReadDir(filepath.Join("migrations", dialect))
		must(t, err)
		for _, f := range files {
			names[dialect] += f.Name() + " "
		}
	}
	equal(t, names[store.SQLite], names[store.Postgres])
	columns := map[string][]string{}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for table := range tables(t, s) {
			rows, err := s.DB().QueryContext(t.Context(), "SELECT * FROM "+table)
			must(t, err)
			names, err := rows.Columns()
			must(t, err)
			must(t, rows.Close())
			if known, ok := columns[table]; ok {
				equal(t, names, known)
			}
			columns[table] = names
		}
	})
}

func TestNoColumnHoldsBinaryFloats(t *testing.T) {
	for _, dialect := range []string{store.SQLite, store.Postgres} {
		files, err := filepath.Glob(filepath.Join("migrations", dialect, "*.sql"))
		must(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			must(t, err)
			for i, line := range strings.Split(string(text), "\n") {
				code, _, _ := strings.Cut(line, "--")
				for _, word := range []string{" NUMERIC", " DECIMAL", " REAL", " FLOAT", " DOUBLE", " MONEY", " TIMESTAMP", " DATE", " DATETIME"} {
					if strings.Contains(strings.ToUpper(code)+" ", word+" ") {
						t.Errorf("%s:%d uses%s", file, i+1, word)
					}
				}
			}
		}
	}
}

func TestOpenExplainsWhatIsWrong(t *testing.T) {
	folder := t.TempDir()
	notDatabase := filepath.Join(folder, "notes.txt")
	must(t, os.WriteFile(notDatabase, []byte(strings.Repeat("these are notes, not a database\n", 100)), 0o600))
	for _, c := range []struct {
		url  string
		kind fault.Kind
	}{
		{"", fault.KindInvalid},
		{filepath.Join(folder, "none", "spindle.db"), fault.KindInvalid},
		{notDatabase, fault.KindInvalid},
		{"postgres://user:hunter2@127.0.0.1:1/none?connect_timeout=2", fault.KindTransient},
		{"postgres://user:hunter2@127.0.0.1:port/none", fault.KindInvalid},
	} {
		s, err := store.Open(t.Context(), store.Options{URL: c.url})
		if err == nil {
			must(t, s.Close())
		}
		if !fault.Is(err, c.kind) || fault.Remedy(err) == "" {
			t.Errorf("%s: %v (%s), remedy %q", c.url, err, fault.KindOf(err), fault.Remedy(err))
		}
		if err != nil && strings.Contains(err.Error()+fault.Remedy(err), "hunter2") {
			t.Errorf("the password is in: %v", err)
		}
	}
}

func TestFilesArePrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c#d%20.db") // a path is a path, whatever is in it
	s := storetest.Open(t, store.Options{URL: path})
	newWorld(t, s, "Northwind IT")
	backup := filepath.Join(t.TempDir(), "back up.db")
	must(t, s.Backup(t.Context(), backup))
	for _, file := range []string{path, path + "-wal", backup} {
		info, err := os.Stat(file)
		must(t, err)
		equal(t, info.Mode().Perm(), os.FileMode(0o600))
	}
}

func TestBackupIsAWholeDatabase(t *testing.T) {
	s := storetest.New(t)
	w := newWorld(t, s, "Northwind IT")
	path := filepath.Join(t.TempDir(), "backup.db")
	must(t, s.Backup(t.Context(), path))
	copied := storetest.Open(t, store.Options{URL: path})
	equal(t, dump(t, copied, ""), dump(t, s, ""))
	must(t, copied.VerifyAudit(t.Context(), w.org))
	wantKind(t, s.Backup(t.Context(), path), fault.KindConflict)
	wantKind(t, s.Backup(t.Context(), filepath.Join(t.TempDir(), "none", "b.db")), fault.KindInvalid)
}

func TestBackupOfPostgresNamesTheTool(t *testing.T) {
	s := storetest.Open(t, store.Options{URL: storetest.Postgres(t)})
	err := s.Backup(t.Context(), filepath.Join(t.TempDir(), "b.db"))
	wantKind(t, err, fault.KindInvalid)
	equal(t, fault.Remedy(err), "use pg_dump")
}

func TestQueueConnections(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		must(t, s.Ping(t.Context()))
		if s.Dialect() == store.Postgres {
			if s.SQLite() != nil || s.Postgres() == nil {
				t.Fatal("the queue gets the wrong database")
			}
			must(t, s.Postgres().Ping(t.Context()))
			return
		}
		if s.SQLite() == nil || s.Postgres() != nil {
			t.Fatal("the queue gets the wrong database")
		}
		// The queue is not stuck behind the store's one writer connection.
		conn, err := s.DB().Conn(t.Context())
		must(t, err)
		defer func() { _ = conn.Close() }()
		_, err = s.SQLite().ExecContext(t.Context(), `CREATE TABLE queue_probe (id BIGINT)`)
		must(t, err)
	})
}

func TestReadersCannotWriteAndSeeTheLastCommit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		tx, err := s.DB().BeginTx(t.Context(), nil)
		must(t, err)
		defer func() { _ = tx.Rollback() }()
		_, err = tx.ExecContext(t.Context(), `UPDATE organization SET name = 'half done' WHERE id = $1`, string(org))
		must(t, err)
		o, err := s.Organization(t.Context(), string(org)) // while a write is open
		must(t, err)
		equal(t, o.Name, "Northwind IT")
		must(t, tx.Rollback())
		if s.Dialect() == store.SQLite {
			if _, err := s.Reader().ExecContext(t.Context(), `UPDATE organization SET name = 'x'`); err == nil {
				t.Error("a connection for reading wrote")
			}
		}
	})
}

// TestNoSecretInDatabaseText is law 10 for this package: what is in clear is refused, what is sealed is stored as it came.
func TestNoSecretInDatabaseText(t *testing.T) {
	path := storetest.SQLite(t)
	s := storetest.Open(t, store.Options{URL: path})
	org := organization(t, s, "Northwind IT")
	for _, config := range []string{
		`{"secret":"hunter2"}`, `{"user":"a","Client_Secret":"hunter2"}`, `{"password":"hunter2"}`, `{"refreshToken":"hunter2"}`,
		`[]`, `"hunter2"`, `{`, ``,
	} {
		err := s.SaveConnection(t.Context(), org, store.Connection{System: store.Autotask, Config: []byte(config)}, "ann")
		wantKind(t, err, fault.KindInvalid)
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the secret is in: %v", err)
		}
	}
	ok := store.Connection{System: store.Autotask, Config: []byte(`{"user":"a","token_url":"https://x"}`), Sealed: []byte("sealed")}
	must(t, s.SaveConnection(t.Context(), org, ok, "ann"))
	for _, file := range []string{path, path + "-wal"} {
		data, err := os.ReadFile(file)
		must(t, err)
		if bytes.Contains(data, []byte("hunter2")) {
			t.Errorf("the secret is in %s", file)
		}
	}
	for _, line := range dump(t, s, "") {
		if strings.HasPrefix(line, "audit ") && strings.Contains(line, "sealed") {
			t.Errorf("the audit trail holds the sealed secret: %s", line)
		}
	}
	_, err := s.Connection(t.Context(), org, store.Microsoft)
	wantKind(t, err, fault.KindNotFound)
	wantKind(t, s.DeleteConnection(t.Context(), org, store.Microsoft, "ann"), fault.KindNotFound)
	wantKind(t, s.SaveConnection(t.Context(), org, store.Connection{Config: []byte(`{}`)}, "ann"), fault.KindInvalid)
}

func TestOrganizations(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ids := map[string]billing.OrganizationID{
			"Northwind IT": "northwind-it", "Northwind-IT": "northwind-it-2", " Ünïcode &  Söhne GmbH ": "n-code-s-hne-gmbh", "日本": "organization",
		}
		for _, name := range []string{"Northwind IT", "Northwind-IT", " Ünïcode &  Söhne GmbH ", "日本"} {
			o, err := s.CreateOrganization(ctx, name, "ann")
			must(t, err)
			equal(t, o.ID, ids[name])
			equal(t, o.Enabled, false)
		}
		for _, name := range []string{"Northwind IT", " northwind  it", "NORTHWIND IT"} {
			_, err := s.CreateOrganization(ctx, name, "ann")
			wantKind(t, err, fault.KindConflict)
		}
		_, err := s.CreateOrganization(ctx, "  ", "ann")
		wantKind(t, err, fault.KindInvalid)
		for _, key := range []string{"northwind-it", "Northwind IT", "northwind it", "NORTHWIND  IT"} {
			o, err := s.Organization(ctx, key)
			must(t, err)
			equal(t, o.ID, billing.OrganizationID("northwind-it"))
		}
		_, err = s.Organization(ctx, "Fabrikam")
		wantKind(t, err, fault.KindNotFound)
		all, err := s.Organizations(ctx)
		must(t, err)
		equal(t, len(all), 4)
		equal(t, all[0].ID, billing.OrganizationID("n-code-s-hne-gmbh"))
		must(t, s.SetTargetEnabled(ctx, "northwind-it", true, "ann"))
		o, err := s.Organization(ctx, "northwind-it")
		must(t, err)
		equal(t, o.Enabled, true)
		equal(t, o.CreatedBy, "ann")
	})
}

func TestBadDecisionsAreRefused(t *testing.T) {
	s := storetest.New(t)
	ctx, org := t.Context(), organization(t, s, "Northwind IT")
	before := dump(t, s, "")
	wantKind(t, s.MapCustomer(ctx, org, billing.CompanyMapping{CustomerID: "c"}, "ann"), fault.KindInvalid)
	wantKind(t, s.MapCustomer(ctx, org, billing.CompanyMapping{CompanyID: "c"}, "ann"), fault.KindInvalid)
	wantKind(t, s.SetSwitch(ctx, org, billing.BillingSwitch{On: true}, "ann"), fault.KindInvalid)
	wantKind(t, s.SaveRoute(ctx, org, billing.Route{ContractID: "1"}, "ann"), fault.KindInvalid)
	wantKind(t, s.SaveRoute(ctx, org, billing.Route{CustomerID: "c"}, "ann"), fault.KindInvalid)
	wantKind(t, s.SaveRoute(ctx, org, billing.Route{CustomerID: "c", ContractID: "1", Managed: true}, "ann"), fault.KindInvalid)
	wantKind(t, s.SaveRoute(ctx, org, billing.Route{CustomerID: "c", ContractID: "1", StartDay: 32}, "ann"), fault.KindInvalid)
	wantKind(t, s.MapService(ctx, org, billing.ServiceMapping{ServiceID: "1"}, "ann"), fault.KindInvalid)
	wantKind(t, s.SaveAuthority(ctx, org, billing.AuthorityRule{Authority: "nobody"}, "ann"), fault.KindInvalid)
	_, err := s.SavePriceRule(ctx, org, billing.PriceRule{Kind: "guess"}, "ann")
	wantKind(t, err, fault.KindInvalid)
	equal(t, dump(t, s, ""), before)
	wantKind(t, s.UnmapCustomer(ctx, org, "c", "ann"), fault.KindNotFound)
	wantKind(t, s.DeletePriceRule(ctx, org, "p1", "ann"), fault.KindNotFound)
	equal(t, dump(t, s, ""), before)
}

func TestPriceRuleIDsAreNeverUsedTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		rule := billing.PriceRule{Kind: billing.MarginRule}
		for _, want := range []string{"p1", "p2", "p3"} {
			saved, err := s.SavePriceRule(ctx, org, rule, "ann")
			must(t, err)
			equal(t, saved.ID, want)
			must(t, s.DeletePriceRule(ctx, org, want, "ann"))
		}
	})
}
