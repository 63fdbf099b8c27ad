package store_test

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

func TestRunsAreNumberedPerOrganization(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		first, second := organization(t, s, "Northwind IT"), organization(t, s, "Fabrikam")
		for range 11 {
			_, err := s.CreateRun(ctx, first, "ann", store.Scope{})
			must(t, err)
		}
		run, err := s.CreateRun(ctx, second, "bob", store.Scope{Customers: []billing.CustomerID{"c"}})
		must(t, err)
		equal(t, run.ID, store.RunID("1"))
		runs, err := s.Runs(ctx, first, store.RunFilter{Limit: 3})
		must(t, err)
		equal(t, []store.RunID{runs[0].ID, runs[1].ID, runs[2].ID}, []store.RunID{"11", "10", "9"})
		must(t, s.SetRunState(ctx, first, "4", store.RunReading, "x"))
		must(t, s.SetRunState(ctx, first, "6", store.RunFailed, "no credentials"))
		runs, err = s.Runs(ctx, first, store.RunFilter{States: []store.RunState{store.RunReading, store.RunFailed}})
		must(t, err)
		equal(t, len(runs), 2)
		equal(t, runs[0].Note, "no credentials")
		runs, err = s.Runs(ctx, first, store.RunFilter{States: []store.RunState{store.RunQueued}})
		must(t, err)
		equal(t, len(runs), 9)
		for _, id := range []store.RunID{"12", "0", "-1", "x", "", "1 "} {
			_, err := s.Run(ctx, first, id)
			wantKind(t, err, fault.KindNotFound)
		}
	})
}

func TestPlanIsSavedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		run, err := s.CreateRun(ctx, org, "ann", store.Scope{})
		must(t, err)
		_, _, err = s.Plan(ctx, org, run.ID)
		wantKind(t, err, fault.KindNotFound)
		for _, ids := range [][2]string{{"a", "a"}, {"a", ""}} {
			p := plan.Plan{Changes: []plan.Change{{ID: ids[0]}, {ID: ids[1]}}}
			wantKind(t, s.SavePlan(ctx, org, run.ID, p, billing.Desired{}), fault.KindInvalid)
		}
		must(t, s.SavePlan(ctx, org, run.ID, plan.Plan{Fingerprint: "f"}, billing.Desired{}))
		wantKind(t, s.SavePlan(ctx, org, run.ID, plan.Plan{Fingerprint: "g"}, billing.Desired{}), fault.KindConflict)
		wantKind(t, s.SavePlan(ctx, org, "9", plan.Plan{}, billing.Desired{}), fault.KindNotFound)
		p, changes, err := s.Plan(ctx, org, run.ID)
		must(t, err)
		equal(t, p, plan.Plan{Fingerprint: "f"})
		equal(t, len(changes), 0)
	})
}

func TestNewPlanSupersedesWhatIsOpen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		must(t, s.SetTargetEnabled(ctx, org, true, "ann"))
		changes := func() (all []plan.Change) {
			for _, id := range []string{"proposed", "approved", "rejected", "sending", "unknown", "applied"} {
				all = append(all, plan.Change{ID: id, CustomerID: "c1"})
			}
			return append(all, plan.Change{ID: "other", CustomerID: "c2"})
		}
		id := planned(t, s, org, store.Scope{}, changes()...)
		a := store.Approval{ChangeIDs: []string{"approved", "sending", "unknown", "applied"}, Fingerprint: "f-1"}
		_, err := s.Approve(ctx, org, id, a)
		must(t, err)
		_, err = s.Reject(ctx, org, id, store.Approval{ChangeIDs: []string{"rejected"}, Fingerprint: "f-1"})
		must(t, err)
		for _, change := range []string{"sending", "unknown", "applied"} {
			_, err := s.BeginSend(ctx, org, id, change, "")
			must(t, err)
		}
		must(t, s.FinishSend(ctx, org, id, "unknown", store.Outcome{State: store.ChangeUnknown}))
		must(t, s.FinishSend(ctx, org, id, "applied", store.Outcome{State: store.ChangeApplied}))

		planned(t, s, org, store.Scope{Customers: []billing.CustomerID{"c2"}}, plan.Change{ID: "new", CustomerID: "c2"})
		equal(t, states(t, s, org, id),
			"proposed:proposed approved:approved rejected:rejected sending:sending unknown:unknown applied:applied other:superseded")
		third := planned(t, s, org, store.Scope{}, plan.Change{ID: "new"})
		equal(t, states(t, s, org, id),
			"proposed:superseded approved:superseded rejected:rejected sending:sending unknown:unknown applied:applied other:superseded")
		equal(t, states(t, s, org, "2"), "new:superseded")
		equal(t, states(t, s, org, third), "new:proposed")
		for run, want := range map[store.RunID]store.RunState{
			id: store.RunApproved, "2": store.RunSuperseded, third: store.RunPlanned, // the first still has something to settle
		} {
			r, err := s.Run(ctx, org, run)
			must(t, err)
			equal(t, r.State, want)
		}
	})
}

// TestFinishedRunsStayFinished: of every state, those that are over for good can be left for none.
func TestFinishedRunsStayFinished(t *testing.T) {
	s := storetest.New(t)
	ctx, org := t.Context(), organization(t, s, "Northwind IT")
	all := []store.RunState{
		store.RunQueued, store.RunReading, store.RunPlanned, store.RunApproved, store.RunApplying, store.RunVerified,
		store.RunIncomplete, store.RunFailed, store.RunStopped, store.RunSuperseded,
	}
	paths := map[store.RunState][]store.RunState{
		store.RunVerified:   {store.RunReading, store.RunPlanned, store.RunVerified},
		store.RunStopped:    {store.RunStopped},
		store.RunSuperseded: {store.RunReading, store.RunPlanned, store.RunSuperseded},
	}
	for end, path := range paths {
		for _, to := range all {
			run, err := s.CreateRun(ctx, org, "ann", store.Scope{})
			must(t, err)
			for _, step := range path {
				must(t, s.SetRunState(ctx, org, run.ID, step, ""))
			}
			err = s.SetRunState(ctx, org, run.ID, to, "")
			if (err == nil) != (to == end) {
				t.Errorf("from %s to %s: %v", end, to, err)
			}
		}
	}
	run, err := s.CreateRun(ctx, org, "ann", store.Scope{})
	must(t, err)
	wantKind(t, s.SetRunState(ctx, org, run.ID, store.RunApplying, ""), fault.KindConflict)
}
