package riverqueue

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"spindle/internal/job"
)

// rawArgs carries the arguments of any kind through River as encoded JSON, so
// that one worker type serves every kind.
type rawArgs struct {
	kind    string
	encoded json.RawMessage
}

// Kind returns the kind of work.
func (a rawArgs) Kind() string { return a.kind }

// MarshalJSON returns the arguments as they were encoded.
func (a rawArgs) MarshalJSON() ([]byte, error) { return a.encoded, nil }

// UnmarshalJSON keeps the stored arguments for the handler to decode.
func (a *rawArgs) UnmarshalJSON(b []byte) error {
	a.encoded = append(a.encoded[:0:0], b...)
	return nil
}

// worker runs a handler for River and translates the outcome.
type worker struct {
	river.WorkerDefaults[rawArgs]
	handler job.Handler
	opts    Options
}

func newWorker(h job.Handler, opts Options) *worker { return &worker{handler: h, opts: opts} }

// Timeout returns the handler's own limit; zero leaves it to the client.
func (w *worker) Timeout(*river.Job[rawArgs]) time.Duration { return w.handler.Timeout() }

// NextRetry returns when a failed job is tried again.
func (w *worker) NextRetry(j *river.Job[rawArgs]) time.Time {
	return time.Now().Add(w.opts.RetryDelay(j.Attempt))
}

// Work runs one attempt.
func (w *worker) Work(ctx context.Context, j *river.Job[rawArgs]) error {
	err := w.handler.Work(ctx, w.opts.Log, j.Args.encoded)
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		// The process is stopping: go on after the next start, at no cost.
		return river.JobSnooze(0)
	}
	verdict, at := job.Decide(err)
	if verdict == job.VerdictDone {
		return nil
	}
	log := w.opts.Log.With("kind", w.handler.Kind(), "job", j.ID, "attempt", j.Attempt, "error", err)
	switch verdict {
	case job.VerdictSnooze:
		log.InfoContext(ctx, "job waits", "until", at)
		return river.JobSnooze(min(max(time.Until(at), 0), snoozeMax))
	case job.VerdictCancel:
		log.WarnContext(ctx, "job needs a person or the sweep")
		return river.JobCancel(err)
	}
	log.WarnContext(ctx, "job failed", "attempts_max", j.MaxAttempts)
	return err
}
