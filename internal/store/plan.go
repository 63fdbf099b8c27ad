package store

import (
	"context"
	"fmt"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/plan"
)

// SavePlan stores a run's plan with the desired state behind it, and moves the run to RunPlanned. A plan is saved once. Changes of
// other runs that were not sent yet are superseded, within the scope of this run: two open plans for one thing would write it twice.
func (s *Store) SavePlan(ctx context.Context, org billing.OrganizationID, id RunID, p plan.Plan, desired billing.Desired) error {
	return s.write(ctx, org, func(t *txn) error {
		run, n, err := t.run(ctx, id)
		if err != nil {
			return err
		}
		if !run.PlannedAt.IsZero() {
			return fault.Conflictf("run %s has a plan already", id).Do("start a new run: spindle plan")
		}
		if run.State != RunQueued && run.State != RunReading {
			return fault.Conflictf("run %s is %s and takes no plan", id, run.State).Do("start a new run: spindle plan")
		}
		if _, err := t.exec(ctx, `UPDATE run SET planned_at = $3, plan_day = $4, complete = $5, fingerprint = $6
			WHERE organization_id = $1 AND run_no = $2`, org, n, micros(t.at), p.Day.String(), p.Complete, p.Fingerprint); err != nil {
			return err
		}
		if err := t.supersede(ctx, n, run.Scope); err != nil {
			return err
		}
		if err := t.supersedeCounts(ctx, n, run.Scope); err != nil {
			return err
		}
		if err := t.insertChanges(ctx, n, p.Changes); err != nil {
			return err
		}
		if err := t.insertFindings(ctx, n, p.Findings); err != nil {
			return err
		}
		if err := t.insertDesired(ctx, n, desired); err != nil {
			return err
		}
		if err := t.audit(ctx, "spindle", "plan.saved", string(id), map[string]any{
			"fingerprint": p.Fingerprint, "changes": len(p.Changes), "findings": len(p.Findings), "complete": p.Complete,
		}); err != nil {
			return err
		}
		if err := t.rollUp(ctx, newPlanned(n, run.Scope, t.at, p, desired)); err != nil {
			return err
		}
		return t.setRunState(ctx, n, RunPlanned, "")
	})
}

// newPlanned gives what the roll-ups of a new plan are made from: all of its changes are proposed.
func newPlanned(n int64, scope Scope, at time.Time, p plan.Plan, desired billing.Desired) planned {
	all := planned{run: n, at: at, scope: scope, day: p.Day, complete: p.Complete, findings: p.Findings, desired: desired}
	for _, c := range p.Changes {
		all.changes = append(all.changes, ChangeState{Change: c, State: ChangeProposed})
	}
	return all
}

// supersede closes what other runs still had open in the scope, and the runs that have nothing open any more.
func (t *txn) supersede(ctx context.Context, n int64, scope Scope) error {
	const text = `UPDATE plan_change SET state = $3, message = $4, updated_at = $5
		WHERE organization_id = $1 AND run_no <> $2 AND state IN ('proposed', 'approved')`
	args := []any{t.org, n, ChangeSuperseded, fmt.Sprintf("the plan of run %d took over", n), micros(t.at)}
	if len(scope.Customers) == 0 {
		if _, err := t.exec(ctx, text, args...); err != nil {
			return err
		}
	}
	for _, customer := range scope.Customers {
		if _, err := t.exec(ctx, text+` AND customer_id = $6`, append(args, customer)...); err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, `UPDATE run SET state = $3, note = $4, updated_at = $5 WHERE organization_id = $1 AND run_no <> $2
		AND state IN ('planned', 'approved')
		AND EXISTS (SELECT 1 FROM plan_change c WHERE c.organization_id = run.organization_id AND c.run_no = run.run_no
			AND c.state = 'superseded')
		AND NOT EXISTS (SELECT 1 FROM plan_change c WHERE c.organization_id = run.organization_id AND c.run_no = run.run_no
			AND c.state IN ('proposed', 'approved', 'sending', 'unknown'))`,
		t.org, n, RunSuperseded, fmt.Sprintf("the plan of run %d took over", n), micros(t.at))
	return err
}

func (t *txn) insertChanges(ctx context.Context, n int64, changes []plan.Change) error {
	ids := make(map[string]bool, len(changes))
	for _, c := range changes {
		if c.ID == "" || ids[c.ID] {
			return fault.Invalidf("change id %q is empty or used twice", c.ID).WithField("id")
		}
		ids[c.ID] = true
	}
	columns := []string{
		"organization_id", "run_no", "change_id", "seq", "kind", "customer_id", "effective", "held", "body",
		"state", "message", "actor", "decided_at", "attempts", "updated_at", "contract", "line_key", "charge_key", "who_text", "what_text",
	}
	texts := searchTexts{}
	if err := t.bulk(ctx, "plan_change", columns, len(changes), func(i int) ([]any, error) {
		c := changes[i]
		body, err := encode(c)
		who, what := texts.ofChange(c)
		return []any{
			string(t.org), n, c.ID, int64(i), string(c.Kind), string(c.CustomerID), c.Effective.String(), c.Held(), body,
			string(ChangeProposed), "", "", int64(0), int64(0), micros(t.at), c.Contract.String(), c.LineKey, c.ChargeKey, who, what,
		}, err
	}); err != nil {
		return err
	}
	return t.saveTexts(ctx, texts)
}

func (t *txn) insertFindings(ctx context.Context, n int64, findings []billing.Finding) error {
	columns := []string{"organization_id", "run_no", "seq", "kind", "subject", "customer_id", "body"}
	return t.bulk(ctx, "plan_finding", columns, len(findings), func(i int) ([]any, error) {
		f := findings[i]
		body, err := encode(f)
		return []any{string(t.org), n, int64(i), string(f.Kind), f.Subject, string(f.CustomerID), body}, err
	})
}

// Plan gives a run's plan as it was saved, and where each of its changes stands, in the same order. A run without a plan is a
// fault of kind not-found.
func (s *Store) Plan(ctx context.Context, org billing.OrganizationID, id RunID) (plan.Plan, []ChangeState, error) {
	var p plan.Plan
	var states []ChangeState
	err := s.read(ctx, org, func(t *txn) error {
		run, n, err := t.run(ctx, id)
		if err != nil {
			return err
		}
		if run.PlannedAt.IsZero() {
			return noPlan(run)
		}
		p.Day, p.Complete, p.Fingerprint = run.PlanDay, run.Complete, run.Fingerprint
		if states, err = t.changes(ctx, ` AND c.run_no = $2 ORDER BY c.seq`, n); err != nil {
			return err
		}
		for _, state := range states {
			p.Changes = append(p.Changes, state.Change)
		}
		p.Findings, err = list(ctx, t, bodyOf[billing.Finding], `SELECT body FROM plan_finding
			WHERE organization_id = $1 AND run_no = $2 ORDER BY seq`, org, n)
		return err
	})
	return p, states, err
}

// noPlan says why a run has none, and what to do.
func noPlan(r Run) error {
	if r.Note == "" {
		return fault.NotFoundf("run %s has no plan, it is %s", r.ID, r.State).Do("list the runs with: spindle runs")
	}
	return fault.NotFoundf("run %s has no plan, it is %s: %s", r.ID, r.State, r.Note).Do("when that is mended, start another one: spindle plan")
}
