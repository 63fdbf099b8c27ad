package engine

import (
	"context"
	"time"

	"spindle/internal/fault"
	"spindle/internal/job"
	"spindle/internal/store"
)

// TriggerSchedule marks runs that the schedule started. Stored: never renamed.
const TriggerSchedule = "schedule"

// abandonedAfter is how long a run may be queued or reading without a sign of life.
const abandonedAfter = 4 * time.Hour

// Sweep starts the scheduled runs that are due and nudges runs that nobody nudged: a queued run whose job was lost, an apply whose process
// died. It is safe at any time and from any number of processes.
func (e *Engine) Sweep(ctx context.Context, nudge func(context.Context, job.Args) error) error {
	orgs, err := e.Store.Organizations(ctx)
	if err != nil {
		return err
	}
	for _, org := range orgs {
		if err := e.sweep(ctx, org, nudge); err != nil {
			// One organization's trouble never stops the others.
			e.Log.ErrorContext(ctx, "sweep failed", "organization", org.ID, "error", err)
		}
	}
	for _, org := range orgs { // after all runs have been started: it may take long
		if err := e.retainDaily(ctx, org); err != nil {
			e.Log.ErrorContext(ctx, "what is kept too long could not be removed", "organization", org.ID, "error", err)
		}
	}
	return nil
}

func (e *Engine) sweep(ctx context.Context, org store.Organization, nudge func(context.Context, job.Args) error) error {
	open, err := e.Store.Runs(ctx, org.ID, store.RunFilter{States: []store.RunState{store.RunQueued, store.RunReading, store.RunApplying}})
	if err != nil {
		return err
	}
	waiting := 0
	for _, run := range open {
		if run.State != store.RunApplying && run.UpdatedAt.Add(abandonedAfter).Before(e.Now()) {
			if err := e.Store.SetRunState(ctx, org.ID, run.ID, store.RunFailed, "abandoned: the process that made it is gone"); err != nil {
				return err
			}
			continue
		}
		waiting++
		if run.Scope.Trigger == TriggerSchedule || run.Scope.Trigger == TriggerConsole || run.State == store.RunApplying {
			if err := nudge(ctx, job.RunSync{OrganizationID: string(org.ID), RunID: string(run.ID)}); err != nil {
				return err
			}
		}
	}
	due, last, err := e.due(ctx, org)
	if err != nil || !due || waiting > 0 {
		return err
	}
	run, created, err := e.Store.CreateDueRun(ctx, org.ID, "schedule", store.Scope{Trigger: TriggerSchedule}, last)
	if err != nil || !created { // another process was faster
		return err
	}
	return nudge(ctx, job.RunSync{OrganizationID: string(org.ID), RunID: string(run.ID)})
}

// due reports whether the schedule asked for a run since the last scheduled one.
func (e *Engine) due(ctx context.Context, org store.Organization) (due bool, last time.Time, err error) {
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil || !settings.SyncOn || settings.Schedule == "" {
		return false, last, err
	}
	schedule, err := job.ParseCron(settings.Schedule)
	if err != nil {
		return false, last, err
	}
	if last, err = e.lastScheduled(ctx, org); err != nil {
		return false, last, err
	}
	return !schedule.Next(last).After(e.Now()), last, nil
}

// lastScheduled is when the schedule last started a run; before the first, the last minute, so that switching a schedule on does not
// start a run for times that have passed.
func (e *Engine) lastScheduled(ctx context.Context, org store.Organization) (time.Time, error) {
	runs, err := e.Store.RunList(ctx, org.ID, store.RunListFilter{Trigger: TriggerSchedule, Page: store.Page{Size: 1}})
	if err != nil {
		return time.Time{}, err
	}
	if len(runs.Rows) > 0 {
		return runs.Rows[0].CreatedAt, nil
	}
	return e.Now().Add(-time.Minute), nil
}

// NextScheduled gives the next times the schedule asks for a run, at most n.
func NextScheduled(schedule string, from time.Time, n int) ([]time.Time, error) {
	parsed, err := job.ParseCron(schedule)
	if err != nil {
		return nil, err
	}
	var times []time.Time
	for range n {
		from = parsed.Next(from)
		times = append(times, from)
	}
	return times, nil
}

// appliedBySchedule is the note of a run while the schedule applies it, so that who goes on after a crash knows that no person said so: what is
// in the open is settled, but nothing more is sent once synchronization is off. Stored: never renamed.
const appliedBySchedule = "started by the schedule"

// Sync takes a run as far as it goes without a person: read, plan, and apply what the tolerance approved. A run that a person started is
// only applied when that person says so, see StartApply. Sync continues a run that was interrupted, and does nothing for one that is over or
// waits for a person.
func (e *Engine) Sync(ctx context.Context, args job.RunSync) error {
	org, err := e.Store.Organization(ctx, args.OrganizationID)
	if err != nil {
		return err
	}
	run, err := e.Store.Run(ctx, org.ID, store.RunID(args.RunID))
	if err != nil {
		return err
	}
	switch run.State {
	case store.RunQueued, store.RunReading:
		planned, err := e.planOrFail(ctx, org, run, optionsOf(run.Scope))
		if err != nil {
			return err
		}
		run = planned.Run
	}
	byItself := run.State == store.RunApproved && run.Scope.Trigger != TriggerConsole
	if !org.Enabled || !byItself && run.State != store.RunApplying {
		return nil
	}
	wishes := &apply{}
	if run.Scope.Trigger == TriggerSchedule && (byItself || run.Note == appliedBySchedule) {
		wishes.note = appliedBySchedule
		wishes.mayGoOn = func(ctx context.Context) error { return e.syncIsOn(ctx, org) }
		if byItself && e.syncIsOn(ctx, org) != nil {
			return nil // the plan stays for a person to apply
		}
	}
	_, err = e.apply(ctx, org, run.ID, wishes)
	return err
}

// syncIsOn stops a run that goes by itself when synchronization was switched off meanwhile.
func (e *Engine) syncIsOn(ctx context.Context, org store.Organization) error {
	settings, err := e.Store.Settings(ctx, org.ID)
	if err == nil && !settings.SyncOn {
		err = fault.Conflictf("synchronization was switched off").Do("switch it on again: spindle autotask settings sync=on; or apply the run by hand")
	}
	return err
}
