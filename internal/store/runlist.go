package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"spindle/internal/billing"
)

// RunRow is a run with the counts of its plan.
type RunRow struct {
	Run
	PlanCounts
	Findings int // of the plan as it was made
}

// RunListFilter chooses runs. Zero fields choose all.
type RunListFilter struct {
	States  []RunState
	Trigger string // "schedule", "command", "console"
	By      string
	Since   time.Time // created then or later
	Until   time.Time // created before
	Page    Page
}

const runTables = `run r LEFT JOIN run_rollup c ON c.organization_id = r.organization_id AND c.run_no = r.run_no`

func runRowColumns() string {
	columns := []string{
		"r.run_no", "r.state", "r.note", "r.scope", "r.created_at", "r.created_by", "r.updated_at", "r.planned_at", "r.plan_day", "r.complete",
		"r.fingerprint", "r.removed_at", "COALESCE(c.findings, 0)", "COALESCE(c.body, '')",
	}
	for _, count := range append([]string{"changes", "held", "held_open"}, stateColumns()...) {
		columns = append(columns, "COALESCE(c."+count+", 0)")
	}
	return strings.Join(columns, ", ")
}

// splitScanner reads the first columns of a row into one place and the others into another.
type splitScanner struct {
	scanner
	rest []any
}

// Scan reads the row.
func (s splitScanner) Scan(into ...any) error { return s.scanner.Scan(append(into, s.rest...)...) }

func scanRunRow(r scanner) (RunRow, error) {
	var row RunRow
	counts := newCountScan(&row.PlanCounts)
	var err error
	if row.Run, err = scanRun(splitScanner{r, append([]any{&row.Findings}, counts.into()...)}); err == nil {
		err = counts.finish()
	}
	return row, err
}

// RunList lists runs, newest first.
func (s *Store) RunList(ctx context.Context, org billing.OrganizationID, f RunListFilter) (Listed[RunRow], error) {
	var page Listed[RunRow]
	err := s.read(ctx, org, func(t *txn) (err error) {
		q := t.query(`r.organization_id = $1`)
		if len(f.States) > 0 {
			var places []string
			var args []any
			for _, state := range f.States {
				places, args = append(places, "%s"), append(args, state)
			}
			q.and(`r.state IN (`+strings.Join(places, ", ")+`)`, args...)
		}
		if f.Trigger != "" {
			q.and(`r.trigger_name = %s`, f.Trigger)
		}
		if f.By != "" {
			q.and(`r.created_by = %s`, f.By)
		}
		if !f.Since.IsZero() {
			q.and(`r.created_at >= %s`, micros(f.Since))
		}
		if !f.Until.IsZero() {
			q.and(`r.created_at < %s`, micros(f.Until))
		}
		page, err = paged(ctx, t, pagedList[RunRow]{
			columns: runRowColumns(), from: runTables, counted: `run r`, where: q, order: `r.run_no DESC`, page: f.Page, scan: scanRunRow,
			key: `r.run_no`, base: `r.organization_id = $1`, based: 1,
		})
		return err
	})
	return page, err
}

// RunSummary gives one run with the counts of its plan.
func (s *Store) RunSummary(ctx context.Context, org billing.OrganizationID, id RunID) (RunRow, error) {
	var row RunRow
	err := s.read(ctx, org, func(t *txn) (err error) {
		row, _, err = t.runRow(ctx, id)
		return err
	})
	return row, err
}

func (t *txn) runRow(ctx context.Context, id RunID) (RunRow, int64, error) {
	n, err := runNumber(id)
	if err != nil {
		return RunRow{}, 0, err
	}
	all, err := list(ctx, t, scanRunRow, `SELECT `+runRowColumns()+` FROM `+runTables+` WHERE r.organization_id = $1 AND r.run_no = $2`, t.org, n)
	if err == nil && len(all) == 0 {
		err = noRun(id)
	}
	if err != nil {
		return RunRow{}, 0, err
	}
	return all[0], n, nil
}

// Progress says how far a run is in what it does now.
type Progress struct {
	Phase     string // in words: "reading Autotask"
	Done      int64  // of Total; both 0 when the phase has no count
	Total     int64
	StartedAt time.Time // of the phase
	UpdatedAt time.Time
}

// RunProgress is what a page that follows a run shows.
type RunProgress struct {
	Run
	Changes  int
	States   map[ChangeStateKind]int
	HeldOpen int
	Progress Progress // zero when the run has told none
}

// RunProgress says how far a run is.
func (s *Store) RunProgress(ctx context.Context, org billing.OrganizationID, id RunID) (RunProgress, error) {
	var p RunProgress
	err := s.read(ctx, org, func(t *txn) error {
		row, n, err := t.runRow(ctx, id)
		if err != nil {
			return err
		}
		p = RunProgress{Run: row.Run, Changes: row.Changes, States: row.States, HeldOpen: row.HeldOpen}
		var started, updated int64
		_, err = t.row(ctx, `SELECT phase, done, total, started_at, updated_at FROM run_progress WHERE organization_id = $1 AND run_no = $2`,
			[]any{org, n}, &p.Progress.Phase, &p.Progress.Done, &p.Progress.Total, &started, &updated)
		p.Progress.StartedAt, p.Progress.UpdatedAt = fromMicros(started), fromMicros(updated)
		return err
	})
	return p, err
}

// SaveProgress keeps how far a run is. It leaves no trace in the audit trail and waits for no other write of the organization: it is news,
// not a fact.
func (s *Store) SaveProgress(ctx context.Context, org billing.OrganizationID, id RunID, p Progress) error {
	n, err := runNumber(id)
	if err != nil {
		return err
	}
	const text = `INSERT INTO run_progress (organization_id, run_no, phase, done, total, started_at, updated_at)
		SELECT organization_id, run_no, CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS BIGINT) FROM run WHERE organization_id = $1 AND run_no = $2
		ON CONFLICT (organization_id, run_no) DO UPDATE SET phase = excluded.phase, done = excluded.done, total = excluded.total,
		started_at = excluded.started_at, updated_at = excluded.updated_at`
	if err := s.cut(text); err != nil {
		return err
	}
	result, err := s.writer.ExecContext(ctx, text, org, n, p.Phase, p.Done, p.Total, micros(p.StartedAt), micros(p.UpdatedAt))
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	if rows, err := result.RowsAffected(); err == nil && rows == 0 {
		return noRun(id)
	}
	return nil
}
