package engine

import (
	"context"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/store"
)

// Choice names what to approve or reject in a run.
type Choice struct {
	Changes  []string           // ids, or unambiguous beginnings of ids; empty: everything that is proposed
	Required bool               // with ids: also the proposed changes that these require
	Customer billing.CustomerID // with no ids: only what is open for this customer, and to approve it what that requires
	Held     bool               // with no ids: also what policies hold
	Reason   string

	Fingerprint string    // of the plan that was looked at; another one is a fault of kind stale; "": the plan as it is now
	Seen        time.Time // when it was looked at: what others decided since is a fault of kind stale; zero: not compared
}

// Weight is what a choice would do.
type Weight struct {
	Changes   int
	Held      int            // of them held by a policy
	Policies  map[string]int // held ones by policy
	Customers int
	Approved  int // of those to be rejected: approved already
	Effect    store.Effect
	IDs       []string // in the plan's order
}

// WeighApproval says what Approve would approve, or why it would not, and writes nothing.
func (e *Engine) WeighApproval(ctx context.Context, org store.Organization, id store.RunID, c Choice, by string) (Weight, error) {
	if err := e.secondPerson(ctx, org, id, by); err != nil {
		return Weight{}, err
	}
	return e.weigh(ctx, org, id, c, verdict{by: by, approve: true})
}

// WeighRejection says what Reject would reject, and writes nothing.
func (e *Engine) WeighRejection(ctx context.Context, org store.Organization, id store.RunID, c Choice, by string) (Weight, error) {
	return e.weigh(ctx, org, id, c, verdict{by: by})
}

// WeighApply says what an apply of the run would send.
func (e *Engine) WeighApply(ctx context.Context, org store.Organization, id store.RunID) (Weight, error) {
	states, err := e.Store.ChangesIn(ctx, org.ID, id, store.ChangeApproved, store.ChangeSending, store.ChangeUnknown)
	if err != nil {
		return Weight{}, err
	}
	var ids []string
	for _, s := range states {
		ids = append(ids, s.Change.ID)
	}
	return weightOf(states, ids), nil
}

// verdict says who approves or rejects.
type verdict struct {
	by      string
	approve bool
}

func (e *Engine) weigh(ctx context.Context, org store.Organization, id store.RunID, c Choice, v verdict) (Weight, error) {
	a, states, err := e.approval(ctx, org, id, c, v)
	if err != nil {
		return Weight{}, err
	}
	choose := a.Rejects
	if v.approve {
		choose = a.Approves
	}
	ids, err := choose(states)
	if err != nil {
		return Weight{}, err
	}
	return weightOf(states, ids), nil
}

func weightOf(states []store.ChangeState, ids []string) Weight {
	w := Weight{Changes: len(ids), IDs: ids, Policies: map[string]int{}}
	chosen := setOf(ids)
	customers := map[billing.CustomerID]bool{}
	var changes []plan.Change
	for _, s := range states {
		if !chosen[s.Change.ID] {
			continue
		}
		changes = append(changes, s.Change)
		if s.Change.CustomerID != "" {
			customers[s.Change.CustomerID] = true
		}
		if s.State == store.ChangeApproved {
			w.Approved++
		}
		if s.Change.Held() {
			w.Held++
		}
		for _, h := range s.Change.Holds {
			w.Policies[h.Policy]++
		}
	}
	w.Customers, w.Effect = len(customers), store.EffectOf(changes...)
	return w
}

func setOf(ids []string) map[string]bool {
	set := make(map[string]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// withRequired adds what the changes require and nobody has decided yet, and what that requires.
func withRequired(ids []string, states []store.ChangeState) []string {
	byID := make(map[string]store.ChangeState, len(states))
	for _, s := range states {
		byID[s.Change.ID] = s
	}
	chosen := setOf(ids)
	for i := 0; i < len(ids); i++ { // the list grows while it is read
		for _, needed := range byID[ids[i]].Change.Requires {
			if byID[needed].State == store.ChangeProposed && !chosen[needed] {
				chosen[needed] = true
				ids = append(ids, needed)
			}
		}
	}
	return ids
}

// ofCustomer gives what is open for a customer. To approve, that is what is proposed and can be approved together with what it requires;
// what requires a change that is held stays open with it, unless held ones are asked for.
func ofCustomer(states []store.ChangeState, c Choice, approve bool) ([]string, error) {
	var ids []string
	for _, s := range states {
		switch {
		case s.Change.CustomerID != c.Customer:
		case s.State == store.ChangeProposed && (!approve || c.Held || !s.Change.Held()):
			ids = append(ids, s.Change.ID)
		case s.State == store.ChangeApproved && !approve:
			ids = append(ids, s.Change.ID)
		}
	}
	if approve {
		ids = passable(ids, states, c.Held)
	}
	if len(ids) == 0 {
		return nil, fault.Conflictf("nothing of this customer is left to decide like this").
			Do("look at the plan as it is now: it may be decided already, or held by a policy")
	}
	return ids, nil
}

// passable leaves out what requires a change that stays open, and adds the rest of what is required.
func passable(ids []string, states []store.ChangeState, held bool) []string {
	byID := make(map[string]store.ChangeState, len(states))
	for _, s := range states {
		byID[s.Change.ID] = s
	}
	known := map[string]bool{}
	var passes func(id string) bool
	passes = func(id string) bool {
		if ok, seen := known[id]; seen {
			return ok
		}
		s := byID[id]
		ok := s.State == store.ChangeApproved || s.State == store.ChangeApplied ||
			s.State == store.ChangeProposed && (held || !s.Change.Held())
		known[id] = ok
		for _, needed := range s.Change.Requires {
			ok = ok && passes(needed)
		}
		known[id] = ok
		return ok
	}
	var kept []string
	for _, id := range ids {
		if passes(id) {
			kept = append(kept, id)
		}
	}
	return withRequired(kept, states)
}
