package e2e

import (
	"context"
	"testing"

	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/job"
	"spindle/internal/store"
)

// nudges runs the sweep and gives the runs it nudged.
func (s *stage) nudges() (runs []job.RunSync) {
	s.t.Helper()
	check(s.t, s.app.Engine.Sweep(s.t.Context(), func(_ context.Context, args job.Args) error {
		runs = append(runs, args.(job.RunSync))
		return nil
	}))
	return runs
}

// sync does the work of every nudge that the sweep gives, as a worker would, and wants it to be about one run.
func (s *stage) sync(run store.RunID) store.RunProgress {
	s.t.Helper()
	nudged := s.nudges()
	if len(nudged) != 1 || nudged[0].RunID != string(run) {
		s.t.Fatalf("the sweep nudged %v, want run %s: its nudge was lost", nudged, run)
	}
	check(s.t, s.app.Engine.Sync(s.t.Context(), nudged[0]))
	return must(s.app.Store.RunProgress(s.t.Context(), s.org.ID, run))(s.t)
}

// A run that a person starts in the console is planned in the background, waits for the approver whatever the tolerance approved by itself,
// and writes only once somebody lets it. Every nudge is lost here: the sweep finds the run each time.
func TestConsoleRunWaitsForThePeople(t *testing.T) {
	t.Parallel()
	s := newStage(t, tinyWorld(t), options{}).setUp()
	ctx, e := t.Context(), s.app.Engine
	must(e.ApplySettings(ctx, s.org, map[string]string{"approve-within": "100000"}, clerk))(t)

	run := must(e.StartPlan(ctx, s.org, engine.PlanOptions{}, clerk))(t)
	if again := must(e.StartPlan(ctx, s.org, engine.PlanOptions{}, approver))(t); again.ID != run.ID {
		t.Errorf("asked twice: run %s and run %s", run.ID, again.ID)
	}
	if err := e.StartApply(ctx, s.org, run.ID, approver); !fault.Is(err, fault.KindConflict) {
		t.Errorf("apply before the plan: %v", err)
	}
	p := s.sync(run.ID)
	if p.State != store.RunPlanned && p.State != store.RunApproved || p.Changes == 0 || p.Progress.Phase == "" || p.Scope.Trigger != engine.TriggerConsole {
		t.Fatalf("after planning: %+v", p)
	}
	s.wantNoWrites()
	if left := s.nudges(); len(left) != 0 {
		t.Errorf("the sweep nudges %v while the run waits for a person", left)
	}
	check(t, e.Sync(ctx, job.RunSync{OrganizationID: string(s.org.ID), RunID: string(run.ID)})) // a nudge that came twice
	s.wantNoWrites()

	s.approve(run.ID)
	check(t, e.EnableTarget(ctx, s.org, false, clerk))
	if err := e.StartApply(ctx, s.org, run.ID, approver); !fault.Is(err, fault.KindConflict) {
		t.Errorf("apply while writing is switched off: %v", err)
	}
	check(t, e.EnableTarget(ctx, s.org, true, clerk))
	check(t, e.StartApply(ctx, s.org, run.ID, approver))
	s.wantNoWrites()
	p = s.sync(run.ID)
	if p.State != store.RunVerified || p.States[store.ChangeApplied] != p.Changes || len(s.gate.sent()) != p.Changes {
		t.Errorf("after applying: %s, %v of %d, %d writes\n%s", p.State, p.States, p.Changes, len(s.gate.sent()), s.troubles(run.ID))
	}
	if p.Progress.Phase != "reading back what was sent" {
		t.Errorf("the last thing told is %q", p.Progress.Phase)
	}
	trail := must(s.app.Store.AuditList(ctx, s.org.ID, store.AuditListFilter{Action: "run.apply"}))(t)
	if len(trail.Rows) != 1 || trail.Rows[0].Actor != approver {
		t.Errorf("who let it write: %+v", trail.Rows)
	}
}

// A run for one customer is planned for that customer only, although a worker plans it.
func TestConsoleRunKeepsItsScope(t *testing.T) {
	t.Parallel()
	s := newStage(t, tinyWorld(t), options{}).setUp()
	ctx, e := t.Context(), s.app.Engine
	customer := must(s.app.Store.CustomerList(ctx, s.org.ID, store.CustomerFilter{}))(t).Rows[0].ID
	run := must(e.StartPlan(ctx, s.org, engine.PlanOptions{Customer: customer, Offline: true}, clerk))(t)
	if other := must(e.StartPlan(ctx, s.org, engine.PlanOptions{Offline: true}, clerk))(t); other.ID == run.ID {
		t.Error("a run for everybody is the same as one for a customer")
	} else {
		check(t, s.app.Store.SetRunState(ctx, s.org.ID, other.ID, store.RunStopped, ""))
	}
	if p := s.sync(run.ID); p.Changes == 0 {
		t.Fatal("nothing is planned: the test shows nothing")
	}
	page := must(s.app.Store.PlanChanges(ctx, s.org.ID, run.ID, store.PlanChangeFilter{}))(t)
	for _, c := range page.Rows {
		if c.Change.CustomerID != customer && c.Change.CustomerID != "" {
			t.Errorf("the plan has a change of %s", c.Change.Customer)
		}
	}
}
