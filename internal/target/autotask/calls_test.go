package autotask_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	sim "spindle/internal/sim/autotask"
	"spindle/internal/target"
	"spindle/internal/target/autotask"
	"spindle/internal/transport"
)

// budgeted gives connections a budget on one ledger, and keeps the tenants it was asked for.
func (n *tenant) budgeted(ledger transport.Ledger, tenants *[]string) func(*autotask.Config) {
	return func(c *autotask.Config) {
		c.Budget = func(_ context.Context, tenant string) (autotask.Budget, error) {
			*tenants = append(*tenants, tenant)
			return &transport.Budget{Limits: transport.Limits{Calls: 10_000, Window: time.Hour}, Ledger: ledger, Now: n.sim.Now}, nil
		}
	}
}

func TestBudgetBelongsToTheDatabase(t *testing.T) {
	n := newTenant(t, tenantOptions{})
	var tenants []string
	host := strings.TrimPrefix(n.url, "http://")
	client := n.connect(n.budgeted(transport.MemoryLedger(), &tenants))
	for range 2 {
		if _, err := client.Threshold(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(tenants) != 1 || tenants[0] != host+" database 123456" {
		t.Errorf("asked for the budgets of %q", tenants)
	}
	client = n.connect(func(c *autotask.Config) {
		n.budgeted(transport.MemoryLedger(), &tenants)(c)
		c.ZoneURL = n.url + "/ATServicesRest/"
	})
	if _, err := client.Threshold(t.Context()); err != nil || len(tenants) != 2 || tenants[1] != host+" user "+strings.ToLower(n.sim.Credentials().UserName) {
		t.Errorf("without a lookup: %q, %v", tenants, err)
	}
}

// TestBudgetLearnsOfOthers: other integrations use up the share; Spindle stops, looks again at the promised time and goes on by itself.
func TestBudgetLearnsOfOthers(t *testing.T) {
	n := newTenant(t, tenantOptions{})
	var tenants []string
	client := n.connect(n.budgeted(transport.MemoryLedger(), &tenants))
	scope := target.Scope{Day: billing.DateOf(today), Companies: mapped(n.catalogue())}
	use := func(count int) {
		t.Helper()
		if err := n.sim.SetUsage(sim.Usage{Count: count}); err != nil {
			t.Fatal(err)
		}
	}
	use(4321)
	calls, err := client.Threshold(t.Context())
	if err != nil || calls.Limit != 10_000 || calls.Window != 60 || calls.Used < 4321 {
		t.Fatalf("%+v, %v", calls, err)
	}
	use(7000)
	if _, err := client.Read(t.Context(), scope); err != nil {
		t.Fatalf("a look that is fresh enough: %v", err)
	}
	n.sim.AdvanceClock(6 * time.Minute)
	_, err = client.Read(t.Context(), scope)
	at, ok := fault.RetryAt(err)
	if !ok || !at.Equal(n.sim.Now().Add(5*time.Minute)) || !strings.Contains(err.Error(), "70 %") {
		t.Fatalf("others use 7,000 calls: %v until %v, now %v", err, at, n.sim.Now())
	}
	before := n.calls.Total()
	if _, err := client.Read(t.Context(), scope); !fault.Is(err, fault.KindWaitUntil) || n.calls.Total() != before {
		t.Errorf("asked too early: %v, %d calls", err, n.calls.Total()-before)
	}
	if _, err := client.Apply(t.Context(), n.anyContract(scope.Companies[0])); !fault.Is(err, fault.KindWaitUntil) || n.writes.Load() != 0 {
		t.Errorf("a write: %v", err)
	}
	use(100)
	n.sim.AdvanceClock(5 * time.Minute)
	if _, err := client.Read(t.Context(), scope); err != nil {
		t.Errorf("others have stopped: %v", err)
	}
}
