package engine

import (
	"context"
	"time"

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
		if run.Scope.Trigger == TriggerSchedule || run.State == store.RunApplying {
			if err := nudge(ctx, job.RunSync{OrganizationID: string(org.ID), RunID: string(run.ID)}); err != nil {
				return err
			}
		}
	}
	due, err := e.due(ctx, org)
	if err != nil || !due || waiting > 0 {
		return err
	}
	run, err := e.Store.CreateRun(ctx, org.ID, "schedule", store.Scope{Trigger: TriggerSchedule})
	if err != nil {
		return err
	}
	return nudge(ctx, job.RunSync{OrganizationID: string(org.ID), RunID: string(run.ID)})
}

// due reports whether the schedule asked for a run since the last scheduled one.
func (e *Engine) due(ctx context.Context, org store.Organization) (bool, error) {
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil || !settings.SyncOn || settings.Schedule == "" {
		return false, err
	}
	schedule, err := job.ParseCron(settings.Schedule)
	if err != nil {
		return false, err
	}
	last, err := e.lastScheduled(ctx, org)
	if err != nil {
		return false, err
	}
	return !schedule.Next(last).After(e.Now()), nil
}

// lastScheduled is when the schedule last started a run; before the first, the last minute, so that switching a schedule on does not
// start a run for times that have passed.
func (e *Engine) lastScheduled(ctx context.Context, org store.Organization) (time.Time, error) {
	runs, err := e.Store.Runs(ctx, org.ID, store.RunFilter{})
	if err != nil {
		return time.Time{}, err
	}
	for _, run := range runs {
		if run.Scope.Trigger == TriggerSchedule {
			return run.CreatedAt, nil
		}
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

// Sync takes a run as far as it goes without a person: read, plan, and apply what the tolerance approved. It continues a run that was
// interrupted, and does nothing for one that is over or waits for a person.
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
		planned, err := e.planOrFail(ctx, org, run, PlanOptions{})
		if err != nil {
			return err
		}
		run = planned.Run
	}
	if !org.Enabled || run.State != store.RunApproved && run.State != store.RunApplying {
		return nil
	}
	_, err = e.Apply(ctx, org, run.ID, nil)
	return err
}
