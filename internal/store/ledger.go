package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/target"
)

// Outcome is how an attempt to send a change ended.
type Outcome struct {
	Attempt int             // which one, as BeginSend numbered it; 0: the last one
	State   ChangeStateKind // see FinishSend
	Receipt target.Receipt
	Message string // why, for people
	Memory  MemoryUpdate
}

// BeginSend writes the intent to send a change, before the call, and gives the attempt's number (1 for the first). From then on the
// change is ChangeSending until FinishSend. Only an approved change whose requirements are all applied can be sent, of an organization
// whose target is enabled (law 1); of two callers exactly one wins, the other gets a conflict (law 3).
func (s *Store) BeginSend(ctx context.Context, org billing.OrganizationID, id RunID, changeID, request string) (attempt int, err error) {
	err = s.write(ctx, org, func(t *txn) error {
		_, n, err := t.run(ctx, id)
		if err != nil {
			return err
		}
		if err := t.sendable(ctx, n, changeID); err != nil {
			return err
		}
		if err := t.step(ctx, n, changeID, move{ChangeSending, "", []ChangeStateKind{ChangeApproved}}); err != nil {
			return err
		}
		if _, err := t.row(ctx, `UPDATE plan_change SET attempts = attempts + 1
			WHERE organization_id = $1 AND run_no = $2 AND change_id = $3 RETURNING attempts`,
			[]any{org, n, changeID}, &attempt); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `INSERT INTO send_attempt (organization_id, run_no, change_id, attempt, intent, started_at, finished_at,
			state, message, receipt_id, request, response) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, '', '', '', '')`,
			org, n, changeID, attempt, request, micros(t.at), ChangeSending); err != nil {
			return err
		}
		return t.audit(ctx, "spindle", "change.sending", changeSubject(n, changeID), map[string]any{"attempt": attempt, "intent": request})
	})
	if err != nil {
		return 0, err
	}
	return attempt, nil
}

// sendable checks what law 1 asks for, besides the state that the move itself checks.
func (t *txn) sendable(ctx context.Context, n int64, changeID string) error {
	if err := t.writable(ctx); err != nil {
		return err
	}
	c, err := t.change(ctx, n, changeID)
	if err != nil {
		return err
	}
	states := map[string]ChangeStateKind{}
	for _, id := range c.Change.Requires {
		required, err := t.change(ctx, n, id)
		if err != nil {
			return err
		}
		states[id] = required.State
	}
	if missing := requirements(c.Change, states, ChangeApplied); len(missing) > 0 {
		return fault.Conflictf("change %s requires %s, which is not applied", changeID, strings.Join(missing, ", "))
	}
	return nil
}

// writable refuses while the organization's target is switched off.
func (t *txn) writable(ctx context.Context) error {
	var enabled bool
	if _, err := t.row(ctx, `SELECT enabled FROM organization WHERE id = $1`, []any{t.org}, &enabled); err != nil {
		return err
	}
	if !enabled {
		return fault.Conflictf("writing to Autotask is switched off for this organization").Do("switch it on: spindle autotask enable")
	}
	return nil
}

// FinishSend writes the outcome of the last attempt, and with it, in the same transaction, what is now known to be ours. From
// ChangeSending or ChangeUnknown a change can become:
//   - ChangeApplied: accepted by the target, or settled as happened;
//   - ChangeRefused: refused by the target's business rules;
//   - ChangeStale: the target moved, nothing was written;
//   - ChangeUnknown: no answer, or still not clear after reading;
//   - ChangeApproved: surely not written, may be sent again.
//
// The outcome of an attempt that another one followed is a conflict.
func (s *Store) FinishSend(ctx context.Context, org billing.OrganizationID, id RunID, changeID string, o Outcome) error {
	legal := []ChangeStateKind{ChangeApplied, ChangeRefused, ChangeStale, ChangeUnknown, ChangeApproved}
	if !slices.Contains(legal, o.State) {
		return fault.Invalidf("a sent change cannot become %s", o.State).WithField("state")
	}
	return s.write(ctx, org, func(t *txn) error {
		_, n, err := t.run(ctx, id)
		if err != nil {
			return err
		}
		if err := t.lastAttempt(ctx, n, changeID, o.Attempt); err != nil {
			return err
		}
		taken, err := t.move(ctx, n, changeID, move{o.State, o.Message, []ChangeStateKind{ChangeSending, ChangeUnknown}})
		if err != nil {
			return err
		}
		if err := t.finishAttempt(ctx, n, changeID, o); err != nil {
			return err
		}
		if o.State == ChangeApplied {
			if err := t.remember(ctx, o.Memory); err != nil {
				return err
			}
		} else if !o.Memory.isZero() {
			return fault.Invalidf("a change that is %s leaves nothing to remember", o.State).WithField("memory")
		}
		if err := t.rollUpMoves(ctx, n, []moved{taken}); err != nil { // after the memory: it says which charges stand
			return err
		}
		return t.audit(ctx, "spindle", "change."+string(o.State), changeSubject(n, changeID), map[string]any{
			"message": o.Message, "receipt": o.Receipt, "memory": o.Memory,
		})
	})
}

// lastAttempt refuses the outcome of an attempt that is not the last one: whoever made it lost the organization to another process, which
// settled the attempt and sent the change again.
func (t *txn) lastAttempt(ctx context.Context, n int64, changeID string, attempt int) error {
	if attempt == 0 {
		return nil
	}
	c, err := t.change(ctx, n, changeID)
	if err == nil && c.Attempts != attempt {
		err = fault.Conflictf("attempt %d to send change %s is over: attempt %d followed", attempt, changeID, c.Attempts)
	}
	return err
}

// finishAttempt keeps a receipt that an earlier outcome of the attempt brought when this one brings none.
func (t *txn) finishAttempt(ctx context.Context, n int64, changeID string, o Outcome) error {
	_, err := t.exec(ctx, `UPDATE send_attempt SET finished_at = $4, state = $5, message = $6,
		receipt_id = CASE WHEN $7 = '' THEN receipt_id ELSE $7 END, request = CASE WHEN $8 = '' THEN request ELSE $8 END,
		response = CASE WHEN $9 = '' THEN response ELSE $9 END
		WHERE organization_id = $1 AND run_no = $2 AND change_id = $3 AND attempt = (SELECT c.attempts FROM plan_change c
		WHERE c.organization_id = $1 AND c.run_no = $2 AND c.change_id = $3)`,
		t.org, n, changeID, micros(t.at), o.State, o.Message, o.Receipt.ID, o.Receipt.Request, o.Receipt.Response)
	return err
}

// SkipChange ends an approved change without sending it: ChangeStale when the target moved since the plan, ChangeSkipped when what it
// requires did not happen.
func (s *Store) SkipChange(ctx context.Context, org billing.OrganizationID, id RunID, changeID string, o Outcome) error {
	if o.State != ChangeStale && o.State != ChangeSkipped {
		return fault.Invalidf("a change that is not sent cannot become %s", o.State).WithField("state")
	}
	return s.write(ctx, org, func(t *txn) error {
		_, n, err := t.run(ctx, id)
		if err != nil {
			return err
		}
		if err := t.step(ctx, n, changeID, move{o.State, o.Message, []ChangeStateKind{ChangeApproved}}); err != nil {
			return err
		}
		return t.audit(ctx, "spindle", "change."+string(o.State), changeSubject(n, changeID), map[string]string{"message": o.Message})
	})
}

// Unfinished lists the changes that are sending or unknown, oldest run first and in the plan's order: what a start after a crash has
// to settle by reading (law 3).
func (s *Store) Unfinished(ctx context.Context, org billing.OrganizationID) ([]ChangeState, error) {
	var all []ChangeState
	err := s.read(ctx, org, func(t *txn) (err error) {
		all, err = t.changes(ctx, ` AND c.state IN ('sending', 'unknown') ORDER BY c.run_no, c.seq`)
		return err
	})
	return all, err
}

// move is a step of a change's state and the states it may be taken from.
type move struct {
	to      ChangeStateKind
	message string
	from    []ChangeStateKind
}

// step takes a step of one change, and the roll-ups with it.
func (t *txn) step(ctx context.Context, n int64, changeID string, m move) error {
	taken, err := t.move(ctx, n, changeID, m)
	if err != nil {
		return err
	}
	return t.rollUpMoves(ctx, n, []moved{taken})
}

// move takes the step in one statement, so that of two callers only one can take it. The roll-ups are left to the caller.
func (t *txn) move(ctx context.Context, n int64, changeID string, m move) (moved, error) {
	taken := moved{to: m.to}
	found, err := t.row(ctx, `SELECT customer_id, contract, line_key, charge_key, held, state FROM plan_change
		WHERE organization_id = $1 AND run_no = $2 AND change_id = $3`, []any{t.org, n, changeID},
		&taken.group.Customer, &taken.group.Contract, &taken.line, &taken.charge, &taken.held, &taken.from)
	if err != nil {
		return taken, err
	}
	if !found {
		return taken, noChange(n, changeID)
	}
	args := []any{t.org, n, changeID, m.to, m.message, micros(t.at)}
	var in []string
	for _, state := range m.from {
		args = append(args, state)
		in = append(in, fmt.Sprintf("$%d", len(args)))
	}
	rows, err := t.exec(ctx, `UPDATE plan_change SET state = $4, message = $5, updated_at = $6
		WHERE organization_id = $1 AND run_no = $2 AND change_id = $3 AND state IN (`+strings.Join(in, ", ")+`)`, args...)
	if err != nil || rows == 1 {
		return taken, err
	}
	return taken, fault.Conflictf("change %s of run %d is %s and cannot become %s", changeID, n, taken.from, m.to)
}

func runText(n int64) string { return strconv.FormatInt(n, 10) }

func changeSubject(n int64, changeID string) string { return runText(n) + "/" + changeID }
