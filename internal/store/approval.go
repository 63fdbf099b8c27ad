package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// Approval accepts or rejects changes of a plan.
type Approval struct {
	ChangeIDs   []string // these, held ones included; empty: all that are proposed
	Fingerprint string   // of the plan that was looked at
	By          string
	Reason      string
	Held        bool // with empty ChangeIDs: held changes too
	// Seen is when the plan was looked at: what somebody else decided since is not decided again over his head. Zero: not compared.
	Seen time.Time
}

// Approves gives the changes that Store.Approve would move to ChangeApproved, of all changes of a plan, in their order.
func (a Approval) Approves(changes []ChangeState) ([]string, error) {
	return a.choose(changes, chooseApproved)
}

// Rejects gives the changes that Store.Reject would move to ChangeRejected, of all changes of a plan, in their order.
func (a Approval) Rejects(changes []ChangeState) ([]string, error) {
	return a.choose(changes, chooseRejected)
}

// choose refuses what was overtaken before it says that a change cannot be decided any more: who decided it is the better answer.
func (a Approval) choose(changes []ChangeState, by func([]ChangeState, Approval) ([]string, error)) ([]string, error) {
	if err := a.overtaken(changes, a.ChangeIDs); err != nil {
		return nil, err
	}
	chosen, err := by(changes, a)
	if err != nil {
		return nil, err
	}
	return chosen, a.overtaken(changes, chosen)
}

// overtaken is a fault of kind stale when somebody else decided one of the changes since the plan was looked at.
func (a Approval) overtaken(changes []ChangeState, ids []string) error {
	if a.Seen.IsZero() {
		return nil
	}
	named := make(map[string]bool, len(ids))
	for _, id := range ids {
		named[id] = true
	}
	for _, c := range changes {
		if !named[c.Change.ID] || Hand(c.By) == Hand(a.By) || !c.DecidedAt.After(a.Seen) {
			continue
		}
		return fault.Stalef("%s of %s was %s by %s at %s UTC, after you opened the plan", c.Change.What, cmp.Or(c.Change.Customer, "the catalogue"),
			decidedWord(c.State), c.By, c.DecidedAt.UTC().Format("15:04")).Do("look at the plan as it is now, then decide")
	}
	return nil
}

// decidedWord says what a person did to a change, whatever became of it after.
func decidedWord(k ChangeStateKind) string {
	if k == ChangeRejected {
		return "rejected"
	}
	return "approved"
}

// Decision is a stored approval or rejection.
type Decision struct {
	Approved    bool // false: rejected
	ChangeIDs   []string
	Fingerprint string
	By          string
	Reason      string
	At          time.Time
}

// The stored words of a decision.
const (
	decisionApprove = "approve"
	decisionReject  = "reject"
)

// Approve accepts changes and gives the ids of those it moved to ChangeApproved.
//
// A fingerprint other than the plan's is a fault of kind stale. Named changes must be proposed or approved already, and what they
// require approved, applied or named too; anything else is a conflict and nothing is approved. A named change that is part of a move brings
// the other sides of it, and what these require. Without names, changes that are held, those that require something not approved, and
// those whose other sides are not approved are left as they are.
func (s *Store) Approve(ctx context.Context, org billing.OrganizationID, id RunID, a Approval) ([]string, error) {
	return s.judge(ctx, org, id, judgement{a, decisionApprove, ChangeApproved, a.Approves})
}

// Reject refuses changes, and with them the changes that require them and the other sides of a move, and gives the ids of those it moved
// to ChangeRejected. Without
// names all that are neither sent nor finished are rejected.
func (s *Store) Reject(ctx context.Context, org billing.OrganizationID, id RunID, a Approval) ([]string, error) {
	return s.judge(ctx, org, id, judgement{a, decisionReject, ChangeRejected, a.Rejects})
}

type judgement struct {
	Approval
	word  string
	state ChangeStateKind
	moved func([]ChangeState) ([]string, error) // which of the plan's changes
}

func (s *Store) judge(ctx context.Context, org billing.OrganizationID, id RunID, j judgement) (chosen []string, err error) {
	err = s.write(ctx, org, func(t *txn) error {
		run, n, err := t.run(ctx, id)
		if err != nil {
			return err
		}
		if err := judgeable(run, j.Fingerprint); err != nil {
			return err
		}
		changes, err := t.changes(ctx, ` AND c.run_no = $2 ORDER BY c.seq`, n)
		if err != nil {
			return err
		}
		if chosen, err = j.moved(changes); err != nil || len(chosen) == 0 {
			return err
		}
		if err := t.judged(ctx, n, j, changes, chosen); err != nil {
			return err
		}
		if err := t.insertDecision(ctx, n, j, chosen); err != nil {
			return err
		}
		if j.state == ChangeApproved && run.State == RunPlanned {
			return t.setRunState(ctx, n, RunApproved, run.Note)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return chosen, nil
}

// judged moves the chosen ones of a plan's changes. The organization's row is taken, so that nothing has moved since they were read.
func (t *txn) judged(ctx context.Context, n int64, j judgement, changes []ChangeState, chosen []string) error {
	byID := make(map[string]ChangeState, len(changes))
	for _, c := range changes {
		byID[c.Change.ID] = c
	}
	moves := make([]moved, 0, len(chosen))
	for some := range slices.Chunk(chosen, atOnce) {
		for _, id := range some {
			c := byID[id].Change
			moves = append(moves, moved{group: groupOf(c), line: c.LineKey, charge: c.ChargeKey, held: c.Held(), from: byID[id].State, to: j.state})
		}
		q := t.query(`organization_id = $1`).and(`run_no = %s`, n).and(`state IN (%s, %s)`, ChangeProposed, ChangeApproved).in(`change_id`, some)
		set := q.place(`state = %s, message = %s, updated_at = %s, actor = %s, decided_at = %s`, j.state, j.Reason, micros(t.at), j.By, micros(t.at))
		rows, err := t.exec(ctx, `UPDATE plan_change SET `+set+q.text(), q.args...)
		if err != nil {
			return err
		}
		if rows != int64(len(some)) {
			return fault.Conflictf("%d of %d changes of run %d cannot become %s any more", len(some)-int(rows), len(some), n, j.state)
		}
	}
	return t.rollUpMoves(ctx, n, moves)
}

func judgeable(run Run, fingerprint string) error {
	if run.PlannedAt.IsZero() {
		return fault.Conflictf("run %s has no plan yet", run.ID).Do("wait until it is planned")
	}
	if run.State.Finished() {
		return fault.Conflictf("run %s is %s: nothing in it can be decided any more", run.ID, run.State).Do("start a new run: spindle plan")
	}
	if fingerprint != run.Fingerprint {
		return fault.Stalef("the plan of run %s is another one than the one that was looked at", run.ID).
			Dof("look at it again: spindle show %s --changes", run.ID)
	}
	return nil
}

func (t *txn) insertDecision(ctx context.Context, n int64, j judgement, chosen []string) error {
	text, err := encode(chosen)
	if err != nil {
		return err
	}
	seq, err := t.next(ctx, "decision")
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, `INSERT INTO approval (organization_id, run_no, seq, decision, actor, at, fingerprint, reason, changes)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		t.org, n, seq, j.word, j.By, micros(t.at), j.Fingerprint, j.Reason, text); err != nil {
		return err
	}
	return t.audit(ctx, j.By, "plan."+j.word, runText(n), map[string]any{
		"fingerprint": j.Fingerprint, "changes": chosen, "reason": j.Reason,
	})
}

func statesOf(changes []ChangeState) map[string]ChangeStateKind {
	states := make(map[string]ChangeStateKind, len(changes))
	for _, c := range changes {
		states[c.Change.ID] = c.State
	}
	return states
}

// chooseApproved gives the changes to approve, in the plan's order.
func chooseApproved(changes []ChangeState, a Approval) ([]string, error) {
	states := statesOf(changes)
	if len(a.ChangeIDs) == 0 {
		return approvable(changes, states, a.Held), nil
	}
	for _, id := range withOtherSides(changes, a.ChangeIDs) {
		switch states[id] {
		case ChangeProposed, ChangeApproved:
			states[id] = ChangeApproved
		case "":
			return nil, fault.NotFoundf("the plan has no change %q", id)
		default:
			return nil, fault.Conflictf("change %s is %s and cannot be approved", id, states[id]).
				Do("what still differs comes back with the next plan: spindle plan")
		}
	}
	var chosen []string
	for _, c := range changes {
		if states[c.Change.ID] != ChangeApproved || c.State != ChangeProposed {
			continue
		}
		if missing := requirements(c.Change, states, ChangeApproved, ChangeApplied); len(missing) > 0 {
			return nil, fault.Conflictf("change %s requires %s, which is not approved", c.Change.ID, strings.Join(missing, ", ")).
				Do("approve what it requires too: add --required")
		}
		chosen = append(chosen, c.Change.ID)
	}
	return chosen, nil
}

// withOtherSides adds to named changes the other sides of the moves they belong to, and what these require: approving one side alone would
// bill days twice, or not at all.
func withOtherSides(changes []ChangeState, named []string) []string {
	byID := make(map[string]ChangeState, len(changes))
	for _, c := range changes {
		byID[c.Change.ID] = c
	}
	all, added := slices.Clone(named), map[string]bool{}
	for i := 0; i < len(all); i++ {
		c := byID[all[i]]
		brings := c.Change.Together
		if added[all[i]] || len(brings) > 0 {
			brings = slices.Concat(brings, c.Change.Requires)
		}
		for _, id := range brings {
			if s := byID[id].State; !slices.Contains(all, id) && s != ChangeApplied {
				all, added[id] = append(all, id), true
			}
		}
	}
	return all
}

// approvable takes all proposed changes and drops those that require something that stays open, until nothing more drops out.
func approvable(changes []ChangeState, states map[string]ChangeStateKind, held bool) []string {
	for _, c := range changes {
		if c.State == ChangeProposed && (held || !c.Change.Held()) {
			states[c.Change.ID] = ChangeApproved
		}
	}
	for dropped := true; dropped; {
		dropped = false
		for _, c := range changes {
			if c.State == ChangeProposed && states[c.Change.ID] == ChangeApproved &&
				len(requirements(c.Change, states, ChangeApproved, ChangeApplied))+len(missing(c.Change.Together, states, ChangeApproved, ChangeApplied)) > 0 {
				states[c.Change.ID], dropped = ChangeProposed, true
			}
		}
	}
	var chosen []string
	for _, c := range changes {
		if c.State == ChangeProposed && states[c.Change.ID] == ChangeApproved {
			chosen = append(chosen, c.Change.ID)
		}
	}
	return chosen
}

// chooseRejected gives the changes to reject, those that require them, and what would only have prepared for these, in the plan's order.
func chooseRejected(changes []ChangeState, a Approval) ([]string, error) {
	states := statesOf(changes)
	open := func(k ChangeStateKind) bool { return k == ChangeProposed || k == ChangeApproved }
	rejected := map[string]bool{}
	for _, id := range a.ChangeIDs {
		switch {
		case states[id] == "":
			return nil, fault.NotFoundf("the plan has no change %q", id)
		case !open(states[id]) && states[id] != ChangeRejected:
			return nil, fault.Conflictf("change %s is %s and cannot be rejected", id, states[id])
		}
		rejected[id] = true
	}
	for _, c := range changes {
		if len(a.ChangeIDs) == 0 && open(c.State) {
			rejected[c.Change.ID] = true
		}
	}
	for grown := true; grown; {
		grown = false
		for _, c := range changes {
			for _, id := range slices.Concat(c.Change.Requires, c.Change.Together) {
				if rejected[id] && open(c.State) && !rejected[c.Change.ID] {
					rejected[c.Change.ID], grown = true, true
				}
			}
		}
		for _, id := range inVain(changes, rejected) {
			if open(states[id]) && !rejected[id] {
				rejected[id], grown = true, true
			}
		}
	}
	var chosen []string
	for _, c := range changes {
		if rejected[c.Change.ID] && open(c.State) {
			chosen = append(chosen, c.Change.ID)
		}
	}
	return chosen, nil
}

// inVain gives the preparations that rejected changes require and no other does: a contract or service that nothing would stand on.
func inVain(changes []ChangeState, rejected map[string]bool) []string {
	needed, refused := map[string]bool{}, map[string]bool{}
	for _, c := range changes {
		for _, id := range c.Change.Requires {
			if rejected[c.Change.ID] || c.State == ChangeRejected {
				refused[id] = true
			} else {
				needed[id] = true
			}
		}
	}
	var ids []string
	for _, c := range changes {
		if id := c.Change.ID; c.Change.Kind.Prepares() && refused[id] && !needed[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

// Decisions lists the approvals and rejections of a run, oldest first.
func (s *Store) Decisions(ctx context.Context, org billing.OrganizationID, id RunID) ([]Decision, error) {
	var all []Decision
	err := s.read(ctx, org, func(t *txn) error {
		_, n, err := t.run(ctx, id)
		if err != nil {
			return err
		}
		all, err = list(ctx, t, func(r scanner) (d Decision, err error) {
			var word, changes string
			var at int64
			if err = r.Scan(&word, &d.By, &at, &d.Fingerprint, &d.Reason, &changes); err != nil {
				return d, err
			}
			d.Approved, d.At = word == decisionApprove, fromMicros(at)
			return d, decode(changes, &d.ChangeIDs)
		}, `SELECT decision, actor, at, fingerprint, reason, changes FROM approval
			WHERE organization_id = $1 AND run_no = $2 ORDER BY seq`, org, n)
		return err
	})
	return all, err
}
