package store_test

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
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

// planned makes a run with a plan of the changes.
func planned(t testing.TB, s *store.Store, org billing.OrganizationID, scope store.Scope, changes ...plan.Change) store.RunID {
	t.Helper()
	run, err := s.CreateRun(t.Context(), org, "tester", scope)
	must(t, err)
	must(t, s.SavePlan(t.Context(), org, run.ID, plan.Plan{Changes: changes, Fingerprint: "f-" + string(run.ID), Complete: true}, billing.Desired{}))
	return run.ID
}

func TestRunWalksToVerified(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		must(t, s.SetTargetEnabled(t.Context(), org, true, "tester"))
		id := planned(t, s, org, store.Scope{}, plan.Change{ID: "a", Kind: plan.Increase}, plan.Change{ID: "b", Kind: plan.End, Requires: []string{"a"}})
		if id != "1" {
			t.Fatalf("first run is %q", id)
		}
		approved, err := s.Approve(t.Context(), org, id, store.Approval{Fingerprint: "f-1", By: "ann"})
		must(t, err)
		if len(approved) != 2 {
			t.Fatalf("approved %v", approved)
		}
		must(t, s.SetRunState(t.Context(), org, id, store.RunApplying, ""))
		_, err = s.BeginSend(t.Context(), org, id, "b", "{}")
		wantKind(t, err, fault.KindConflict) // a is not applied
		for _, change := range approved {
			attempt, err := s.BeginSend(t.Context(), org, id, change, "{}")
			must(t, err)
			if attempt != 1 {
				t.Fatalf("attempt %d", attempt)
			}
			must(t, s.FinishSend(t.Context(), org, id, change, store.Outcome{State: store.ChangeApplied}))
		}
		must(t, s.SetRunState(t.Context(), org, id, store.RunVerified, ""))
		wantKind(t, s.SetRunState(t.Context(), org, id, store.RunApplying, ""), fault.KindConflict)
		run, err := s.Run(t.Context(), org, id)
		must(t, err)
		if run.State != store.RunVerified {
			t.Fatalf("run is %s", run.State)
		}
		must(t, s.VerifyAudit(t.Context(), org))
	})
}
