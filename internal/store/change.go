package store

import (
	"context"
	"slices"
	"strconv"
	"time"

	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/target"
)

// ChangeStateKind says where a change stands. Stored: never renamed.
type ChangeStateKind string

// The states of a change.
const (
	ChangeProposed   ChangeStateKind = "proposed"
	ChangeApproved   ChangeStateKind = "approved"
	ChangeRejected   ChangeStateKind = "rejected"
	ChangeSending    ChangeStateKind = "sending" // the intent is written; the request may be on its way
	ChangeApplied    ChangeStateKind = "applied"
	ChangeRefused    ChangeStateKind = "refused" // by the target's business rules
	ChangeStale      ChangeStateKind = "stale"   // the target moved since the plan: not sent
	ChangeUnknown    ChangeStateKind = "unknown" // sent, no answer: to be settled by reading
	ChangeSuperseded ChangeStateKind = "superseded"
	ChangeSkipped    ChangeStateKind = "skipped" // what it requires did not happen
)

// ChangeStates lists all states.
func ChangeStates() []ChangeStateKind {
	return []ChangeStateKind{
		ChangeProposed, ChangeApproved, ChangeRejected, ChangeSending, ChangeApplied, ChangeRefused, ChangeStale, ChangeUnknown,
		ChangeSuperseded, ChangeSkipped,
	}
}

// Finished reports whether nothing more happens to the change.
func (k ChangeStateKind) Finished() bool {
	switch k {
	case ChangeProposed, ChangeApproved, ChangeSending, ChangeUnknown:
		return false
	}
	return true
}

// ChangeState is a change and where it stands.
type ChangeState struct {
	Run       RunID
	Change    plan.Change
	State     ChangeStateKind
	Message   string    // why, for people
	By        string    // who approved or rejected it
	DecidedAt time.Time // when
	Attempts  int       // sends begun

	// Of the last attempt:
	Intent     string // what BeginSend wrote
	SentAt     time.Time
	FinishedAt time.Time
	Receipt    target.Receipt
}

// The columns that scanChange reads, and the tables they come from.
const (
	changeColumns = `c.run_no, c.body, c.state, c.message, c.actor, c.decided_at, c.attempts,
		COALESCE(a.intent, ''), COALESCE(a.started_at, 0), COALESCE(a.finished_at, 0), COALESCE(a.receipt_id, ''),
		COALESCE(a.request, ''), COALESCE(a.response, '')`
	changeTables = `plan_change c LEFT JOIN send_attempt a ON a.organization_id = c.organization_id AND a.run_no = c.run_no
		AND a.change_id = c.change_id AND a.attempt = c.attempts`
)

// changes reads changes with their last attempt; where continues a condition whose $1 is the organization.
func (t *txn) changes(ctx context.Context, where string, args ...any) ([]ChangeState, error) {
	return list(ctx, t, scanChange, `SELECT `+changeColumns+` FROM `+changeTables+` WHERE c.organization_id = $1`+where,
		append([]any{t.org}, args...)...)
}

func scanChange(r scanner) (ChangeState, error) {
	var c ChangeState
	var n, decided, sent, finished int64
	var body string
	err := r.Scan(&n, &body, &c.State, &c.Message, &c.By, &decided, &c.Attempts, &c.Intent, &sent, &finished,
		&c.Receipt.ID, &c.Receipt.Request, &c.Receipt.Response)
	if err != nil {
		return c, err
	}
	c.Run = RunID(strconv.FormatInt(n, 10))
	c.DecidedAt, c.SentAt, c.FinishedAt = fromMicros(decided), fromMicros(sent), fromMicros(finished)
	return c, decodeRow(body, &c.Change)
}

// change reads one change.
func (t *txn) change(ctx context.Context, n int64, id string) (ChangeState, error) {
	all, err := t.changes(ctx, ` AND c.run_no = $2 AND c.change_id = $3`, n, id)
	if err != nil {
		return ChangeState{}, err
	}
	if len(all) == 0 {
		return ChangeState{}, noChange(n, id)
	}
	return all[0], nil
}

func noChange(run int64, id string) error {
	return fault.NotFoundf("run %d has no change %q", run, id).Dof("list them with: spindle show %d --changes", run)
}

// requirements says which of the changes that c requires are in none of the wanted states.
func requirements(c plan.Change, states map[string]ChangeStateKind, wanted ...ChangeStateKind) []string {
	return missing(c.Requires, states, wanted...)
}

// missing gives the ids whose changes are in none of the wanted states.
func missing(ids []string, states map[string]ChangeStateKind, wanted ...ChangeStateKind) (missing []string) {
	for _, id := range ids {
		if !slices.Contains(wanted, states[id]) {
			missing = append(missing, id)
		}
	}
	return missing
}
