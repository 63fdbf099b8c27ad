package app

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/config"
	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

const tenant = "webservices14.autotask.net database 123456"

// process is one of several on one database.
func process(t *testing.T, address string, now func() time.Time) *App {
	t.Helper()
	t.Setenv(secret.KeyEnv, "")
	cfg := config.Config{DataDir: t.TempDir(), Database: config.Database{Kind: config.DatabaseSQLite, Path: address}, AutotaskShare: 70}
	if len(address) > 11 && address[:11] == "postgres://" {
		cfg.Database = config.Database{Kind: config.DatabasePostgres, URL: secret.New(address)}
	}
	a, err := NewWith(t.Context(), cfg, slog.New(slog.DiscardHandler), Hooks{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func organization(t *testing.T, a *App, name string) store.Organization {
	t.Helper()
	o, err := a.Engine.CreateOrganization(t.Context(), name, "tester")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// clockwork is a clock that only moves when told to.
type clockwork struct{ at atomic.Int64 }

func (c *clockwork) now() time.Time          { return time.Unix(0, c.at.Load()).UTC() }
func (c *clockwork) forward(d time.Duration) { c.at.Add(int64(d)) }

// exhaust takes calls until there are no more, and gives how many there were and until when to wait.
func exhaust(t *testing.T, a *App, org billing.OrganizationID) (granted int, until time.Time) {
	budget := a.budget(org, tenant)
	for granted <= 20_000 {
		_, err := budget.Take(context.Background())
		if at, wait := fault.RetryAt(err); wait {
			return granted, at
		}
		if err != nil {
			t.Error(err)
			break
		}
		granted++
	}
	return granted, time.Time{}
}

// TestProcessesShareATenantsCalls: two processes, working for two organizations of one Autotask tenant, never make more calls together
// than the share allows; they go on when told, and the organizations see what is used.
func TestProcessesShareATenantsCalls(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, address string) {
		clock := &clockwork{}
		clock.at.Store(time.Date(2026, 11, 10, 9, 0, 30, 0, time.UTC).UnixNano())
		first, second := process(t, address, clock.now), process(t, address, clock.now)
		north, south := organization(t, first, "Northwind IT"), organization(t, second, "Südwind AG")
		for _, join := range []func() error{
			func() error { return first.budget(north.ID, tenant).Observe(t.Context(), 500, 10_000) },
			func() error { return second.budget(south.ID, tenant).Observe(t.Context(), 500, 10_000) },
		} {
			if err := join(); err != nil {
				t.Fatal(err)
			}
		}
		var granted [2]int
		var until [2]time.Time
		var wg sync.WaitGroup
		wg.Go(func() { granted[0], until[0] = exhaust(t, first, north.ID) })
		wg.Go(func() { granted[1], until[1] = exhaust(t, second, south.ID) })
		wg.Wait()
		if sum := granted[0] + granted[1]; sum != 6500 {
			t.Errorf("%v calls granted, want 6500 together: others made 500", granted)
		}
		for _, a := range []*App{first, second} {
			for _, org := range []store.Organization{north, south} {
				got, err := a.Engine.Budget(t.Context(), org)
				if err != nil || got.Used != 7000 || got.Limit != 10_000 || got.Stop != 7000 || got.ResumesAt.IsZero() || !got.SeenAt.Equal(clock.now()) {
					t.Errorf("%s: %+v, %v", org.Name, got, err)
				}
			}
		}
		clock.forward(until[0].Sub(clock.now()))
		if got, _ := exhaust(t, first, north.ID); got != 0 {
			t.Errorf("%d calls at the time to look again, while others may still use theirs", got)
		}
		if err := second.budget(south.ID, tenant).Observe(t.Context(), 6600, 10_000); err != nil {
			t.Fatal(err)
		}
		if got, _ := exhaust(t, second, south.ID); got != 400 {
			t.Errorf("%d calls when others have left room, want 400", got)
		}
		clock.forward(62 * time.Minute)
		if got, _ := exhaust(t, first, north.ID); got != 7000 {
			t.Errorf("%d calls an hour later, want 7000", got)
		}
	})
}

// TestCallsTakenAheadAreGivenBack when a process ends.
func TestCallsTakenAheadAreGivenBack(t *testing.T) {
	clock := &clockwork{}
	clock.at.Store(time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC).UnixNano())
	address := storetest.File(t)
	watcher := process(t, address, clock.now)
	org := organization(t, watcher, "Northwind IT")
	if got, err := watcher.Engine.Budget(t.Context(), org); err != nil || got.Used != 0 || got.Limit != 10_000 || !got.SeenAt.IsZero() {
		t.Errorf("before the first call: %+v, %v", got, err)
	}
	short := process(t, address, clock.now)
	budget := short.budget(org.ID, tenant)
	if err := budget.Observe(t.Context(), 0, 10_000); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := budget.Take(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	short.returnCalls(t.Context())
	if got, err := watcher.Engine.Budget(t.Context(), org); err != nil || got.Used != 3 || !got.ResumesAt.IsZero() {
		t.Errorf("%+v, %v: want the 3 calls that were made", got, err)
	}
}
