package engine

import (
	"context"
	"strings"

	"spindle/internal/fault"
	"spindle/internal/store"
)

// Choice names what to approve or reject in a run.
type Choice struct {
	Changes []string // ids, or unambiguous beginnings of ids; empty: everything that is proposed
	Held    bool     // with no ids: also what policies hold
	Reason  string
}

// Approve accepts changes of a run's plan, as it stands now, and says how many were accepted and how many are still held.
func (e *Engine) Approve(ctx context.Context, org store.Organization, id store.RunID, c Choice, by string) (approved, left int, err error) {
	approval, err := e.approval(ctx, org, id, c, by)
	if err != nil {
		return 0, 0, err
	}
	ids, err := e.Store.Approve(ctx, org.ID, id, approval)
	if err != nil {
		return 0, 0, err
	}
	_, states, err := e.Store.Plan(ctx, org.ID, id)
	for _, s := range states {
		if s.State == store.ChangeProposed {
			left++
		}
	}
	return len(ids), left, err
}

// Reject refuses changes of a run's plan, and with them those that require them.
func (e *Engine) Reject(ctx context.Context, org store.Organization, id store.RunID, c Choice, by string) (rejected int, err error) {
	approval, err := e.approval(ctx, org, id, c, by)
	if err != nil {
		return 0, err
	}
	ids, err := e.Store.Reject(ctx, org.ID, id, approval)
	return len(ids), err
}

func (e *Engine) approval(ctx context.Context, org store.Organization, id store.RunID, c Choice, by string) (store.Approval, error) {
	p, states, err := e.Store.Plan(ctx, org.ID, id)
	if err != nil {
		return store.Approval{}, err
	}
	a := store.Approval{Fingerprint: p.Fingerprint, By: by, Held: c.Held, Reason: c.Reason}
	for _, wanted := range c.Changes {
		if wanted == "" { // never "all": a variable that was empty by mistake must not approve everything
			return a, fault.Invalidf("an empty change id was given").WithField("change").Dof("spindle show %s --changes lists the ids", id)
		}
		full, err := fullID(wanted, states, id)
		if err != nil {
			return a, err
		}
		a.ChangeIDs = append(a.ChangeIDs, full)
	}
	return a, nil
}

// fullID completes the beginning of a change id.
func fullID(wanted string, states []store.ChangeState, run store.RunID) (string, error) {
	var found []string
	for _, s := range states {
		if wanted != "" && strings.HasPrefix(s.Change.ID, wanted) {
			found = append(found, s.Change.ID)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fault.NotFoundf("run %s has no change %q", run, wanted).Dof("spindle show %s --changes lists them", run)
	}
	return "", fault.Invalidf("%q begins %d changes: %s", wanted, len(found), strings.Join(found, ", ")).Do("write more of the id")
}
