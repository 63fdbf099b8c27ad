package engine

import (
	"cmp"
	"context"
	"strings"

	"spindle/internal/fault"
	"spindle/internal/store"
)

// Approve accepts changes of a run's plan, as it stands now, and says how many were accepted and how many are still held.
func (e *Engine) Approve(ctx context.Context, org store.Organization, id store.RunID, c Choice, by string) (approved, left int, err error) {
	if err := e.secondPerson(ctx, org, id, by); err != nil {
		return 0, 0, err
	}
	approval, _, err := e.approval(ctx, org, id, c, verdict{by: by, approve: true})
	if err != nil {
		return 0, 0, err
	}
	ids, err := e.Store.Approve(ctx, org.ID, id, approval)
	if err != nil {
		return 0, 0, err
	}
	run, err := e.Store.RunSummary(ctx, org.ID, id)
	return len(ids), run.States[store.ChangeProposed], err
}

// Reject refuses changes of a run's plan, and with them those that require them.
func (e *Engine) Reject(ctx context.Context, org store.Organization, id store.RunID, c Choice, by string) (rejected int, err error) {
	approval, _, err := e.approval(ctx, org, id, c, verdict{by: by})
	if err != nil {
		return 0, err
	}
	ids, err := e.Store.Reject(ctx, org.ID, id, approval)
	return len(ids), err
}

// approval completes a choice with the plan it is about, and gives that plan's changes.
func (e *Engine) approval(ctx context.Context, org store.Organization, id store.RunID, c Choice, v verdict) (store.Approval, []store.ChangeState, error) {
	p, states, err := e.Store.Plan(ctx, org.ID, id)
	if err != nil {
		return store.Approval{}, nil, err
	}
	a := store.Approval{Fingerprint: cmp.Or(c.Fingerprint, p.Fingerprint), By: v.by, Held: c.Held, Reason: c.Reason, Seen: c.Seen}
	known := make(map[string]bool, len(states))
	for _, s := range states {
		known[s.Change.ID] = true
	}
	for _, wanted := range c.Changes {
		if known[wanted] {
			a.ChangeIDs = append(a.ChangeIDs, wanted)
			continue
		}
		if wanted == "" { // never "all": a variable that was empty by mistake must not approve everything
			return a, nil, fault.Invalidf("an empty change id was given").WithField("change").Dof("spindle show %s --changes lists the ids", id)
		}
		full, err := fullID(wanted, states, id)
		if err != nil {
			return a, nil, err
		}
		a.ChangeIDs = append(a.ChangeIDs, full)
	}
	switch {
	case len(a.ChangeIDs) > 0 && c.Required:
		a.ChangeIDs = withRequired(a.ChangeIDs, states)
	case len(a.ChangeIDs) == 0 && c.Customer != "":
		a.ChangeIDs, err = ofCustomer(states, c, v.approve)
	}
	return a, states, err
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
