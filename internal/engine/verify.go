package engine

import (
	"context"
	"fmt"

	"spindle/internal/billing"
	"spindle/internal/plan"
	"spindle/internal/store"
)

// verify reads back what was applied and plans once more. Verified means: the target shows every applied change, and a new plan holds
// nothing but what people rejected or have not decided.
func (e *Engine) verify(ctx context.Context, a *apply, result *Applied) error {
	var only billing.CustomerID // a run for one customer is verified for that customer
	if len(a.scope.Customers) == 1 {
		only = a.scope.Customers[0]
	}
	again, err := e.compare(ctx, a.org, look{customer: only, unread: a.unread(), marks: a.chargeMarks(), target: a.target,
		rowsFrom: rowsFrom(a.states, store.ChangeApplied, a.known)})
	if err != nil {
		return err
	}
	earlier := unseen(a.states, store.ChangeApplied, again.observed, a.known)
	earlier.Day = a.Today()
	if err := readEarlier(ctx, a.target, &again.observed, earlier); err != nil {
		return err
	}
	undecided := map[string]bool{}
	var readbacks []store.Readback
	confirmed := true
	for _, s := range a.states {
		switch s.State {
		case store.ChangeApplied:
			r := readBack(s.Change, a, again.observed)
			confirmed = confirmed && r.Verified
			readbacks = append(readbacks, r)
		case store.ChangeProposed, store.ChangeRejected:
			undecided[about(s.Change)] = true
		case store.ChangeRefused, store.ChangeStale, store.ChangeUnknown, store.ChangeSkipped:
			confirmed = false
		}
	}
	if err := e.Store.SaveReadbacks(ctx, a.org.ID, a.id, readbacks); err != nil {
		return err
	}
	for _, c := range again.plan.Changes {
		if !undecided[about(c)] {
			result.Left = append(result.Left, c)
		}
	}
	result.Findings = again.plan.Findings
	result.Verified = confirmed && len(result.Left) == 0
	return nil
}

// unread is what of the months could not be read for the plan.
func (a *apply) unread() map[billing.Month][]string {
	unread := map[billing.Month][]string{}
	for _, m := range a.planned.Months {
		unread[m.Month] = m.Unread
	}
	return unread
}

// chargeMarks names the charges of the run, so that one that was removed is looked for as well.
func (a *apply) chargeMarks() []string {
	var marks []string
	for _, s := range a.states {
		if s.State == store.ChangeApplied && s.Change.Charge.Mark != "" {
			marks = append(marks, s.Change.Charge.Mark)
		}
	}
	return marks
}

// about names what a change is about, so that the same open question is known again in a later plan even when its date has moved.
func about(c plan.Change) string {
	if c.LineKey != "" {
		return "line " + c.LineKey
	}
	if c.ChargeKey != "" {
		return "charge " + c.ChargeKey
	}
	return string(c.Kind) + " " + c.Contract.Mark + c.Service.Mark
}

// readBack says what the target shows for an applied change.
func readBack(c plan.Change, a *apply, o billing.Observed) store.Readback {
	r := store.Readback{ChangeID: c.ID}
	resolved, err := a.resolve(c)
	if err != nil {
		r.What = err.Error()
		return r
	}
	if resolved.LineKey == "" {
		standing, why := plan.Stands(resolved, o, false)
		r.Verified, r.What = standing == plan.Done, why
		return r
	}
	line, found := a.remembered(resolved.LineKey)
	if !found {
		r.What = "the line is not in our memory"
		return r
	}
	for _, stands := range o.Lines {
		if stands.ID != line.LineID {
			continue
		}
		if c.Adjust == nil {
			r.Verified, r.What = true, fmt.Sprintf("contract service %s is there", stands.ID)
			return r
		}
		units, _ := stands.UnitsOn(c.Effective)
		later, _ := stands.UnitsOn(line.From)
		r.Verified = units == c.After.Units || later == line.Units
		r.What = fmt.Sprintf("contract service %s: %d units on %s", stands.ID, units, c.Effective)
		return r
	}
	r.What = fmt.Sprintf("contract service %s is not there", line.LineID)
	return r
}
