package riverqueue

import (
	"context"
	"encoding/json"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"spindle/internal/fault"
)

// abandonedBatch bounds one round of takeUpAbandoned.
const abandonedBatch = 500

// takeUpAbandoned makes the jobs that a killed process left running ready to
// run again. Until then they would suppress every nudge for the same work.
// The cut-off attempt counts, so a job that kills its process is given up in
// the end. Only right when no other process works on the database.
func (q *Queue[Tx]) takeUpAbandoned(ctx context.Context) error {
	executor := q.driver.GetExecutor()
	horizon := time.Now().Add(time.Second) // every job that runs, whatever the clocks' grain
	for after := int64(0); ; {
		jobs, err := executor.JobGetStuck(ctx, &riverdriver.JobGetStuckParams{
			AfterID: after, Max: abandonedBatch, StuckHorizon: horizon,
		})
		if err != nil {
			return fault.Transientf("look for interrupted jobs: %w", err)
		}
		if len(jobs) == 0 {
			return nil
		}
		rescue, err := rescueParams(jobs, horizon)
		if err != nil {
			return err
		}
		if _, err := executor.JobRescueMany(ctx, rescue); err != nil {
			return fault.Transientf("take up interrupted jobs: %w", err)
		}
		q.opts.Log.InfoContext(ctx, "took up jobs that were interrupted", "jobs", len(jobs))
		after = jobs[len(jobs)-1].ID
	}
}

func rescueParams(jobs []*rivertype.JobRow, horizon time.Time) (*riverdriver.JobRescueManyParams, error) {
	params := &riverdriver.JobRescueManyParams{StuckHorizon: horizon}
	now := time.Now().UTC()
	for _, j := range jobs {
		state, finalized := rivertype.JobStateAvailable, (*time.Time)(nil)
		if j.Attempt >= j.MaxAttempts {
			state, finalized = rivertype.JobStateDiscarded, &now
		}
		note, err := json.Marshal(rivertype.AttemptError{At: now, Attempt: j.Attempt, Error: "the process ended during this attempt"})
		if err != nil {
			return nil, err
		}
		params.ID = append(params.ID, j.ID)
		params.Error = append(params.Error, note)
		params.FinalizedAt = append(params.FinalizedAt, finalized)
		params.ScheduledAt = append(params.ScheduledAt, j.ScheduledAt)
		params.State = append(params.State, string(state))
	}
	return params, nil
}
