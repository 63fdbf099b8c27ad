package autotask_test

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/target"
	"spindle/internal/target/targettest"
)

// TestCurrencies: without the list nothing can be read; a failed read of it is tried again, a good one is kept.
func TestCurrencies(t *testing.T) {
	n := newTenant(t, tenantOptions{})
	scope := target.Scope{Day: billing.DateOf(today), Companies: mapped(n.catalogue())}
	client := n.connect(nil)
	for _, kind := range []targettest.FaultKind{targettest.Garbled, targettest.Refused, targettest.Dropped} {
		n.fail(targettest.Fault{Kind: kind, Part: "Currencies"})
		if _, err := client.Read(t.Context(), scope); err == nil {
			t.Errorf("%s: amounts of unknown currency were read", kind)
		}
		n.sim.ClearFaults()
	}
	before := n.calls.Counts()["currencies"]
	for range 3 {
		o, err := client.Read(t.Context(), scope)
		if err != nil || len(o.Incomplete) > 0 {
			t.Fatal(err, o.Incomplete)
		}
	}
	if calls := n.calls.Counts()["currencies"] - before; calls != 1 {
		t.Errorf("the list was asked for %d times", calls)
	}
}
