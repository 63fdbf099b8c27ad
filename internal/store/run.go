package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// RunID is the number of a run in its organization, as text: "17".
type RunID string

// RunState says how far a run is. Stored: never renamed.
type RunState string

// The states of a run.
const (
	RunQueued     RunState = "queued"
	RunReading    RunState = "reading"
	RunPlanned    RunState = "planned"
	RunApproved   RunState = "approved"   // at least one change is
	RunApplying   RunState = "applying"   // changes are being sent
	RunVerified   RunState = "verified"   // read back and in step
	RunIncomplete RunState = "incomplete" // something is left: a partial read, a change not finished, a budget used up
	RunFailed     RunState = "failed"
	RunStopped    RunState = "stopped"    // by a person
	RunSuperseded RunState = "superseded" // a newer plan took over before this one was applied
)

// Finished reports whether the run is over for good.
func (s RunState) Finished() bool {
	return s == RunVerified || s == RunStopped || s == RunSuperseded
}

// runSteps lists the states that may follow each state. A state may always follow itself: a step that died is taken again.
func runSteps(from RunState) []RunState {
	switch from {
	case RunQueued:
		return []RunState{RunReading, RunIncomplete, RunFailed, RunStopped}
	case RunReading:
		return []RunState{RunPlanned, RunIncomplete, RunFailed, RunStopped}
	case RunPlanned:
		return []RunState{RunReading, RunApproved, RunVerified, RunIncomplete, RunFailed, RunStopped, RunSuperseded}
	case RunApproved:
		return []RunState{RunApplying, RunVerified, RunIncomplete, RunFailed, RunStopped, RunSuperseded}
	case RunApplying:
		return []RunState{RunVerified, RunIncomplete, RunFailed, RunStopped}
	case RunIncomplete, RunFailed:
		return []RunState{RunReading, RunApproved, RunApplying, RunVerified, RunIncomplete, RunFailed, RunStopped, RunSuperseded}
	}
	return nil
}

// Scope limits a run. The zero value is everything.
type Scope struct {
	Customers []billing.CustomerID `json:",omitempty"` // empty: all
	Trigger   string               `json:",omitempty"` // why it was started: "schedule", "command", "console"
	Offline   bool                 `json:",omitempty"` // planned from what is stored, without reading Microsoft again
}

// Run is one execution of read, plan, approve, apply, verify.
type Run struct {
	ID          RunID
	State       RunState
	Note        string
	Scope       Scope
	CreatedAt   time.Time
	CreatedBy   string
	UpdatedAt   time.Time
	PlannedAt   time.Time // zero: no plan yet
	PlanDay     billing.Date
	Complete    bool // the plan saw both sides whole
	Fingerprint string
	RemovedAt   time.Time // when the retention settings removed its working papers; zero: they are there
}

// RunFilter chooses runs. Zero fields choose all.
type RunFilter struct {
	States []RunState
	Limit  int // 0: 100
}

const runLimit = 100

// CreateRun queues a run and gives it the organization's next number.
func (s *Store) CreateRun(ctx context.Context, org billing.OrganizationID, by string, scope Scope) (Run, error) {
	var r Run
	err := s.write(ctx, org, func(t *txn) (err error) {
		r, err = t.createRun(ctx, by, scope)
		return err
	})
	return r, err
}

// CreateDueRun is CreateRun, unless a run of the same trigger was created after last: of several processes that look at one schedule at
// the same time one starts the run.
func (s *Store) CreateDueRun(ctx context.Context, org billing.OrganizationID, by string, scope Scope, last time.Time) (r Run, created bool, err error) {
	err = s.write(ctx, org, func(t *txn) error {
		var newer int
		if _, err := t.row(ctx, `SELECT COUNT(*) FROM run WHERE organization_id = $1 AND trigger_name = $2 AND created_at > $3`,
			[]any{org, scope.Trigger, micros(last)}, &newer); err != nil || newer > 0 {
			return err
		}
		created = true
		r, err = t.createRun(ctx, by, scope)
		return err
	})
	return r, created && err == nil, err
}

func (t *txn) createRun(ctx context.Context, by string, scope Scope) (Run, error) {
	r := Run{State: RunQueued, Scope: scope, CreatedBy: by}
	n, err := t.next(ctx, "run")
	if err != nil {
		return r, err
	}
	text, err := encode(scope)
	if err != nil {
		return r, err
	}
	r.ID = RunID(strconv.FormatInt(n, 10))
	r.CreatedAt = fromMicros(micros(t.at))
	r.UpdatedAt = r.CreatedAt
	if _, err := t.exec(ctx, `INSERT INTO run (organization_id, run_no, state, note, scope, created_at, created_by, updated_at,
		planned_at, plan_day, complete, fingerprint, trigger_name) VALUES ($1, $2, $3, '', $4, $5, $6, $5, 0, '', $7, '', $8)`,
		t.org, n, r.State, text, micros(t.at), by, false, scope.Trigger); err != nil {
		return r, err
	}
	return r, t.audit(ctx, by, "run.created", string(r.ID), scope)
}

const runColumns = `SELECT run_no, state, note, scope, created_at, created_by, updated_at, planned_at, plan_day, complete, fingerprint,
	removed_at FROM run WHERE organization_id = $1`

func scanRun(row scanner) (Run, error) {
	var r Run
	var n, created, updated, planned, removed int64
	var scope, day string
	err := row.Scan(&n, &r.State, &r.Note, &scope, &created, &r.CreatedBy, &updated, &planned, &day, &r.Complete, &r.Fingerprint, &removed)
	if err != nil {
		return r, err
	}
	r.ID = RunID(strconv.FormatInt(n, 10))
	r.CreatedAt, r.UpdatedAt, r.PlannedAt, r.RemovedAt = fromMicros(created), fromMicros(updated), fromMicros(planned), fromMicros(removed)
	if r.PlanDay, err = parseDate(day); err != nil {
		return r, err
	}
	return r, decode(scope, &r.Scope)
}

// run reads a run of the transaction's organization, and its number.
func (t *txn) run(ctx context.Context, id RunID) (Run, int64, error) {
	n, err := runNumber(id)
	if err != nil {
		return Run{}, 0, err
	}
	all, err := list(ctx, t, scanRun, runColumns+` AND run_no = $2`, t.org, n)
	if err != nil {
		return Run{}, 0, err
	}
	if len(all) == 0 {
		return Run{}, 0, noRun(id)
	}
	return all[0], n, nil
}

// runNumber reads the number in a run's id; what is no number is no run.
func runNumber(id RunID) (int64, error) {
	n, err := strconv.ParseInt(string(id), 10, 64)
	if err != nil || n < 1 {
		return 0, noRun(id)
	}
	return n, nil
}

func noRun(id RunID) error {
	return fault.NotFoundf("there is no run %q", id).Do("list them with: spindle runs")
}

// Run gives one run.
func (s *Store) Run(ctx context.Context, org billing.OrganizationID, id RunID) (Run, error) {
	var r Run
	err := s.read(ctx, org, func(t *txn) (err error) {
		r, _, err = t.run(ctx, id)
		return err
	})
	return r, err
}

// Runs lists runs, newest first.
func (s *Store) Runs(ctx context.Context, org billing.OrganizationID, f RunFilter) ([]Run, error) {
	query, args := runColumns, []any{org}
	for i, state := range f.States {
		args = append(args, state)
		query += fmt.Sprintf([]string{` AND state IN ($%d`, `, $%d`}[min(i, 1)], len(args))
	}
	if len(f.States) > 0 {
		query += ")"
	}
	if f.Limit <= 0 {
		f.Limit = runLimit
	}
	args = append(args, f.Limit)
	query += fmt.Sprintf(` ORDER BY run_no DESC LIMIT $%d`, len(args))
	var all []Run
	err := s.read(ctx, org, func(t *txn) (err error) {
		all, err = list(ctx, t, scanRun, query, args...)
		return err
	})
	return all, err
}

// SetRunState moves a run on. A step that may not follow is a conflict. The note says why, for people.
func (s *Store) SetRunState(ctx context.Context, org billing.OrganizationID, id RunID, state RunState, note string) error {
	return s.write(ctx, org, func(t *txn) error {
		r, n, err := t.run(ctx, id)
		if err != nil {
			return err
		}
		if r.State != state && !slices.Contains(runSteps(r.State), state) {
			return fault.Conflictf("run %s is %s and cannot become %s", id, r.State, state).Do("start a new run: spindle plan")
		}
		return t.setRunState(ctx, n, state, note)
	})
}

// BeginApply moves a run to RunApplying when somebody asks for its approved changes to be sent. Without an approved change, or one whose
// sending was interrupted, and with writing to the target switched off, it is a conflict. A run that is being applied stays as it is.
func (s *Store) BeginApply(ctx context.Context, org billing.OrganizationID, id RunID, by string) error {
	return s.write(ctx, org, func(t *txn) error {
		r, n, err := t.run(ctx, id)
		if err != nil || r.State == RunApplying {
			return err
		}
		if err := t.writable(ctx); err != nil {
			return err
		}
		var ready int
		if _, err := t.row(ctx, `SELECT COUNT(*) FROM plan_change WHERE organization_id = $1 AND run_no = $2
			AND state IN ('approved', 'sending', 'unknown')`, []any{org, n}, &ready); err != nil {
			return err
		}
		switch {
		case r.State.Finished():
			return fault.Conflictf("run %s is %s: nothing in it is left to apply", id, r.State).Do("make a new plan")
		case ready == 0:
			return fault.Conflictf("nothing of run %s is approved", id).Do("approve what is right, then apply")
		case !slices.Contains(runSteps(r.State), RunApplying):
			return fault.Conflictf("run %s is %s and cannot be applied", id, r.State).Do("make a new plan")
		}
		if err := t.audit(ctx, by, "run.apply", string(id), map[string]int{"approved": ready}); err != nil {
			return err
		}
		return t.setRunState(ctx, n, RunApplying, "")
	})
}

func (t *txn) setRunState(ctx context.Context, n int64, state RunState, note string) error {
	if _, err := t.exec(ctx, `UPDATE run SET state = $3, note = $4, updated_at = $5 WHERE organization_id = $1 AND run_no = $2`,
		t.org, n, state, note, micros(t.at)); err != nil {
		return err
	}
	return t.audit(ctx, "spindle", "run.state", strconv.FormatInt(n, 10), map[string]string{"state": string(state), "note": note})
}
