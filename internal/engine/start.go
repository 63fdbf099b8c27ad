package engine

import (
	"context"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/store"
)

// TriggerConsole marks runs that a person started in the console: they are planned in the background and wait for the approver, and only
// StartApply lets them write. Stored: never renamed.
const TriggerConsole = "console"

// StartPlan queues a run that Sync plans; the caller nudges it with job.RunSync, and the sweep does when that nudge is lost. While a run of
// the same scope waits or is being planned, that run is given back and no second one is made.
func (e *Engine) StartPlan(ctx context.Context, org store.Organization, o PlanOptions, by string) (store.Run, error) {
	o.Trigger = TriggerConsole
	scope := o.scope()
	open, err := e.Store.Runs(ctx, org.ID, store.RunFilter{States: []store.RunState{store.RunQueued, store.RunReading}})
	if err != nil {
		return store.Run{}, err
	}
	for _, run := range open {
		if run.Scope.Trigger == TriggerConsole && run.Scope.Offline == scope.Offline && slices.Equal(run.Scope.Customers, scope.Customers) {
			return run, nil
		}
	}
	return e.Store.CreateRun(ctx, org.ID, by, scope)
}

// StartApply lets the approved changes of a run be sent: it moves the run to applying, and Sync, nudged by the caller or by the sweep,
// sends them. Without an approved change, or with writing to Autotask switched off, it is a conflict and nothing moves.
func (e *Engine) StartApply(ctx context.Context, org store.Organization, id store.RunID, by string) error {
	return e.Store.BeginApply(ctx, org.ID, id, by)
}

// scope is how the options are kept with the run.
func (o PlanOptions) scope() store.Scope {
	s := store.Scope{Trigger: o.Trigger, Offline: o.Offline}
	if o.Customer != "" {
		s.Customers = []billing.CustomerID{o.Customer}
	}
	return s
}

// optionsOf reads what scope wrote.
func optionsOf(s store.Scope) PlanOptions {
	o := PlanOptions{Trigger: s.Trigger, Offline: s.Offline}
	if len(s.Customers) == 1 {
		o.Customer = s.Customers[0]
	}
	return o
}
