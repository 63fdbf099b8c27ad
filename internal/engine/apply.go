package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/target"
)

// sendAttemptsMax bounds how often one change is sent. A further attempt only follows after reading showed that the one before did not
// happen (law 3).
const sendAttemptsMax = 3

// Progress is told after every change.
type Progress struct {
	Done, Total int
	Change      plan.Change
	State       store.ChangeStateKind
	Message     string
}

// Applied is the result of an apply.
type Applied struct {
	Run      store.Run
	Counts   map[store.ChangeStateKind]int // of the changes this apply dealt with
	Settled  int                           // changes of an earlier, interrupted apply that were settled by reading
	Verified bool                          // everything applied was read back, and nothing approved is left
	Left     []plan.Change                 // what a new plan would still do, without what people rejected or did not approve
	Findings []billing.Finding
}

// Apply sends the approved changes of a run, one at a time and oldest first, and verifies them by reading back. It may be called again
// after any interruption: changes whose outcome is not known are settled by reading first. report may be nil.
func (e *Engine) Apply(ctx context.Context, org store.Organization, id store.RunID, report func(Progress)) (Applied, error) {
	return e.apply(ctx, org, id, &apply{report: report})
}

// apply runs a pass whose wishes are set.
func (e *Engine) apply(ctx context.Context, org store.Organization, id store.RunID, a *apply) (Applied, error) {
	result := Applied{Counts: map[store.ChangeStateKind]int{}}
	if !org.Enabled {
		return result, fault.Conflictf("writing to the Autotask of %s is switched off", org.Name).Do("switch it on with spindle autotask enable")
	}
	held, err := e.lock(ctx, org)
	if err != nil {
		return result, err
	}
	defer held.release()
	if err := e.startApply(ctx, org, id, a.note); err != nil {
		return result, err
	}
	a.Engine, a.org, a.id, a.lease, a.tell, a.counts = e, org, id, held, e.tell(org.ID, id), result.Counts
	if err := a.prepare(ctx); err != nil {
		return result, e.endApply(ctx, org, id, &result, err)
	}
	err = a.run(ctx)
	result.Settled = a.settled
	if err == nil {
		a.tell.phase(ctx, "reading back what was sent", 0)
		err = e.verify(ctx, a, &result)
	}
	return result, e.endApply(ctx, org, id, &result, err)
}

func (e *Engine) startApply(ctx context.Context, org store.Organization, id store.RunID, note string) error {
	run, err := e.Store.Run(ctx, org.ID, id)
	if err != nil {
		return err
	}
	if run.State.Finished() {
		return fault.Conflictf("run %s is %s: nothing in it is left to apply", id, run.State).Do("make a new plan: spindle plan")
	}
	if run.State == store.RunPlanned {
		return fault.Conflictf("nothing of run %s is approved yet", id).Dof("look at it with spindle show %s, then spindle approve %s", id, id)
	}
	return e.Store.SetRunState(ctx, org.ID, id, store.RunApplying, note)
}

// endApply writes how the apply ended, also when the caller has gone away.
func (e *Engine) endApply(ctx context.Context, org store.Organization, id store.RunID, result *Applied, err error) error {
	ctx = context.WithoutCancel(ctx)
	state, note := store.RunVerified, ""
	switch {
	case errors.Is(err, errLeaseLost):
		return err // how the run ends is for whoever holds it now
	case err != nil:
		state, note = store.RunIncomplete, err.Error()
	case !result.Verified:
		state, note = store.RunIncomplete, fmt.Sprintf("%d changes are left", len(result.Left))
	}
	if noted := e.Store.SetRunState(ctx, org.ID, id, state, note); noted != nil && err == nil {
		err = noted
	}
	if run, read := e.Store.Run(ctx, org.ID, id); read == nil {
		result.Run = run
	}
	return err
}

// apply is one pass over the approved changes of a run.
type apply struct {
	*Engine
	org      store.Organization
	id       store.RunID
	scope    store.Scope
	target   target.Target
	plan     plan.Plan
	states   []store.ChangeState
	known    *knowledge
	at       map[string]int // place of a change in states, by id
	observed billing.Observed
	planned  billing.Desired
	permit   permit
	lease    *lease
	report   func(Progress)              // may be nil
	mayGoOn  func(context.Context) error // asked before every change; nil: always
	note     string                      // of the run while it applies
	tell     *teller
	counts   map[store.ChangeStateKind]int
	settled  int
	done     int
}

// prepare settles what an earlier apply left in the open and reads what this one needs.
func (a *apply) prepare(ctx context.Context) (err error) {
	if a.target, err = a.Target(ctx, a.org); err != nil {
		return err
	}
	if err := a.settleUnfinished(ctx); err != nil {
		return err
	}
	run, err := a.Store.Run(ctx, a.org.ID, a.id)
	if err != nil {
		return err
	}
	a.scope = run.Scope
	if a.plan, a.states, err = a.Store.Plan(ctx, a.org.ID, a.id); err != nil {
		return err
	}
	a.at = make(map[string]int, len(a.states))
	for i, s := range a.states {
		a.at[s.Change.ID] = i
	}
	memory, err := a.Store.Memory(ctx, a.org.ID)
	if err != nil {
		return err
	}
	a.known = newKnowledge(memory)
	return a.look(ctx, memory)
}

// look reads again what the approved changes are about, to find those whose state moved since the plan (design §6.6).
func (a *apply) look(ctx context.Context, memory plan.Memory) error {
	mappings, err := a.Store.Mappings(ctx, a.org.ID)
	if err != nil {
		return err
	}
	scope := target.Scope{Day: a.Today(), Contracts: contractsOf(mappings, memory), RowsFrom: rowsFrom(a.states, store.ChangeApproved, a.known)}
	wanted := map[billing.CustomerID]bool{}
	for _, s := range a.states {
		if s.State != store.ChangeApproved {
			continue
		}
		wanted[s.Change.CustomerID] = true
		if s.Change.Charge.Mark != "" {
			scope.Charges = append(scope.Charges, s.Change.Charge.Mark)
		}
	}
	for _, m := range mappings.Companies {
		if wanted[m.CustomerID] {
			scope.Companies = append(scope.Companies, m.CompanyID)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	if a.observed, err = a.target.Read(ctx, scope); err != nil {
		return err
	}
	earlier := unseen(a.states, store.ChangeApproved, a.observed, a.known)
	earlier.Day = scope.Day
	if err := readEarlier(ctx, a.target, &a.observed, earlier); err != nil {
		return err
	}
	if len(a.observed.Incomplete) > 0 {
		gap := a.observed.Incomplete[0]
		return fault.Transientf("could not read %s before applying: %s", gap.What, gap.Why).Do("apply again once the connection works")
	}
	if a.planned, err = a.Store.Desired(ctx, a.org.ID, a.id); err != nil {
		return err
	}
	a.permit = newPermit(string(a.org.ID), mappings, a.planned, a.observed)
	return a.lookAtCharges(ctx)
}

// lookAtCharges reads what charges are checked against right before they are written.
func (a *apply) lookAtCharges(ctx context.Context) error {
	removes := func(s store.ChangeState) bool {
		return s.State == store.ChangeApproved && s.Change.Kind == plan.RemoveCharge
	}
	if !slices.ContainsFunc(a.states, removes) {
		return nil
	}
	in, _, err := a.ratingInput(ctx, a.org)
	if err != nil {
		return err
	}
	in.Catalogue = withObserved(in.Catalogue, a.observed, nil)
	for _, c := range rateMonths(in).Charges {
		a.permit.wanted[c.Key] = true
	}
	return nil
}

func (a *apply) run(ctx context.Context) error {
	total := 0
	for _, s := range a.states {
		if s.State == store.ChangeApproved {
			total++
		}
	}
	a.tell.phase(ctx, "sending changes to Autotask", total)
	for i := range a.states {
		s := &a.states[i]
		if s.State != store.ChangeApproved {
			continue
		}
		if a.mayGoOn != nil {
			if err := a.mayGoOn(ctx); err != nil {
				return err
			}
		}
		if err := a.extend(ctx); err != nil {
			return err
		}
		state, message, err := a.one(ctx, s.Change)
		if err != nil {
			return err
		}
		s.State = state
		a.counts[state]++
		a.done++
		a.tell.step(ctx)
		if a.report != nil {
			a.report(Progress{Done: a.done, Total: total, Change: s.Change, State: state, Message: message})
		}
	}
	return nil
}

// one applies one change and says how it ended. An error stops the whole apply: the target or the store cannot be reached.
func (a *apply) one(ctx context.Context, c plan.Change) (store.ChangeStateKind, string, error) {
	if missing := a.missing(c); missing != "" {
		return a.skip(ctx, c, store.ChangeSkipped, missing)
	}
	resolved, err := a.resolve(c)
	if err != nil {
		return a.skip(ctx, c, store.ChangeStale, err.Error())
	}
	if why := a.permit.refuses(resolved); why != "" {
		return a.skip(ctx, c, store.ChangeStale, why)
	}
	// The change as planned: what an earlier change of this apply created has no place in the read before it.
	standing, why := plan.Stands(c, a.observed, a.followsAdjustment(c))
	switch standing {
	case plan.Moved:
		return a.skip(ctx, c, store.ChangeStale, why)
	case plan.Done:
		return a.alreadyDone(ctx, resolved, why)
	}
	if why := a.otherSideMoved(c); why != "" {
		return a.skip(ctx, c, store.ChangeStale, why)
	}
	return a.send(ctx, resolved)
}

// otherSideMoved says why a side of a move is not begun: another side could not follow, and days would be billed twice.
func (a *apply) otherSideMoved(c plan.Change) string {
	for _, id := range c.Together {
		i, found := a.at[id]
		if !found || a.states[i].State == store.ChangeApplied {
			continue
		}
		other := a.states[i]
		if other.State != store.ChangeApproved {
			return fmt.Sprintf("it moves together with change %s, which is %s", id, other.State)
		}
		if standing, why := plan.Stands(other.Change, a.observed, a.followsAdjustment(other.Change)); standing == plan.Moved {
			return fmt.Sprintf("it moves together with change %s, but %s", id, why)
		}
	}
	return ""
}

func (a *apply) skip(ctx context.Context, c plan.Change, state store.ChangeStateKind, message string) (store.ChangeStateKind, string, error) {
	return state, message, a.Store.SkipChange(ctx, a.org.ID, a.id, c.ID, store.Outcome{State: state, Message: message})
}

// missing names what the change requires and what did not happen.
func (a *apply) missing(c plan.Change) string {
	for _, id := range c.Requires {
		if i, found := a.at[id]; found {
			if s := a.states[i]; s.State != store.ChangeApplied {
				return fmt.Sprintf("it requires change %s (%s), which is %s", id, s.Change.Kind, s.State)
			}
		}
	}
	return ""
}

// followsAdjustment reports whether an adjustment of the same line was sent in this apply, so that the read before it is no measure.
func (a *apply) followsAdjustment(c plan.Change) bool {
	for _, id := range c.Requires {
		if i, found := a.at[id]; found && c.LineKey != "" && a.states[i].Change.LineKey == c.LineKey {
			return true
		}
	}
	return false
}

// alreadyDone records a change that the target shows as done, without sending anything: it was applied by a person, or by an earlier
// attempt whose answer was settled elsewhere.
func (a *apply) alreadyDone(ctx context.Context, c plan.Change, why string) (store.ChangeStateKind, string, error) {
	settlement, err := a.target.Settle(ctx, c)
	if err != nil {
		return "", "", err
	}
	if settlement.Outcome != target.Happened {
		return a.skip(ctx, c, store.ChangeStale, why+"; "+settlement.Why)
	}
	if _, err := a.Store.BeginSend(ctx, a.org.ID, a.id, c.ID, "nothing is sent: "+why); err != nil {
		return "", "", err
	}
	return store.ChangeApplied, why, a.finish(ctx, c, store.Outcome{State: store.ChangeApplied, Message: why, Receipt: target.Receipt{ID: settlement.ID}})
}

// send writes the intent, calls, and writes the outcome. No answer is settled by reading; only after reading showed that nothing
// happened is the change sent again.
func (a *apply) send(ctx context.Context, c plan.Change) (store.ChangeStateKind, string, error) {
	for attempt := 1; ; attempt++ {
		if attempt > 1 { // the answer before may have taken long
			if err := a.extend(ctx); err != nil {
				return "", "", err
			}
		}
		number, err := a.Store.BeginSend(ctx, a.org.ID, a.id, c.ID, describe(c))
		if err != nil {
			return "", "", err
		}
		began := a.Now()
		receipt, sendErr := a.call(ctx, c)
		outcome, err := a.outcome(ctx, c, sent{receipt, sendErr, began})
		outcome.Attempt = number
		if err := a.finish(context.WithoutCancel(ctx), c, outcome); err != nil {
			return "", "", err
		}
		if err != nil {
			return "", "", err
		}
		if outcome.State == store.ChangeRefused {
			return outcome.State, outcome.Message, a.learnRefusal(ctx, c, outcome.Message)
		}
		if outcome.State != store.ChangeApproved {
			return outcome.State, outcome.Message, nil
		}
		if attempt == sendAttemptsMax {
			return "", "", fault.Transientf("change %s (%s) was not taken in %d attempts: %s", c.ID, c.Kind, attempt, outcome.Message).
				Do("apply again once Autotask answers")
		}
	}
}

// learnRefusal remembers a day that already holds somebody else's adjustment of the line: Autotask takes one a day (Autotask sheet §3.3), so
// the next plan chooses another day instead of being refused again. A credit that was refused is remembered too: from then on a person decides.
func (a *apply) learnRefusal(ctx context.Context, c plan.Change, message string) error {
	if c.Kind == plan.CreateCharge && c.OneOff.Sign() < 0 { // a credit: perhaps Autotask takes none (Autotask sheet §5.9)
		paper := a.known.charges[c.ChargeKey].RefusedAs(c, message)
		a.known.charges[c.ChargeKey] = paper
		return a.Store.Adopt(ctx, a.org.ID, store.MemoryUpdate{Charge: &paper}, "spindle")
	}
	if !c.Kind.IsAdjustment() || !strings.Contains(strings.ToLower(message), "duplicate") {
		return nil
	}
	line, known := a.remembered(c.LineKey)
	if !known {
		return nil
	}
	line.Dates = append(slices.Clone(line.Dates), c.Effective)
	a.known.learnLine(line)
	return a.Store.AdoptLine(ctx, a.org.ID, line, "spindle")
}

// sent is what became of a call.
type sent struct {
	receipt target.Receipt
	err     error
	began   time.Time
}

// outcome judges an answer, or its absence. The error stops the apply after the outcome is written.
func (a *apply) outcome(ctx context.Context, c plan.Change, s sent) (store.Outcome, error) {
	switch fault.KindOf(s.err) {
	case fault.KindNone:
		return a.accepted(ctx, c, s.receipt)
	case fault.KindInvalid, fault.KindNotFound, fault.KindConflict, fault.KindNeedsPerson:
		return store.Outcome{State: store.ChangeRefused, Message: s.err.Error(), Receipt: s.receipt}, nil
	case fault.KindUnauthorized, fault.KindWaitUntil:
		// Surely not taken; nothing else would be either.
		return store.Outcome{State: store.ChangeApproved, Message: s.err.Error(), Receipt: s.receipt}, s.err
	case fault.KindTransient:
		return store.Outcome{State: store.ChangeApproved, Message: s.err.Error(), Receipt: s.receipt}, nil
	}
	outcome := a.settle(ctx, c, s.err.Error(), s.began)
	outcome.Receipt.Request = s.receipt.Request
	if ctx.Err() != nil {
		return outcome, ctx.Err()
	}
	return outcome, nil
}

// accepted completes an accepted change. An add-repeat answers without an id, so the new instance is read.
func (a *apply) accepted(ctx context.Context, c plan.Change, receipt target.Receipt) (store.Outcome, error) {
	if c.Kind == plan.AddRepeat && receipt.ID == "" {
		settlement, err := a.target.Settle(ctx, c)
		if err != nil || settlement.Outcome != target.Happened {
			message := "accepted, but the new contract service could not be read yet"
			return store.Outcome{State: store.ChangeUnknown, Message: message, Receipt: receipt}, err
		}
		receipt.ID = settlement.ID
	}
	return store.Outcome{State: store.ChangeApplied, Receipt: receipt}, nil
}

// finish writes the outcome together with what is now known to be ours, and keeps the memory of this pass in step.
func (a *apply) finish(ctx context.Context, c plan.Change, o store.Outcome) error {
	if o.State == store.ChangeApplied {
		o.Memory = a.learn(c, o.Receipt.ID)
	}
	if err := a.Store.FinishSend(ctx, a.org.ID, a.id, c.ID, o); err != nil {
		return err
	}
	a.known.learn(o.Memory)
	return nil
}

func describe(c plan.Change) string {
	return fmt.Sprintf("%s %s, contract %s, effective %s: %s", c.Kind, c.What, c.Contract, c.Effective, c.Reason)
}
