package engine

import (
	"context"
	"time"

	"spindle/internal/billing"
	"spindle/internal/store"
)

// tellEvery is how long a count must stand before the next one is written: a page that follows a run asks once a second.
const tellEvery = 500 * time.Millisecond

// teller writes how far a run is, for whoever follows it. A nil teller tells nothing. What cannot be written is logged and forgotten: news
// never stops a run.
type teller struct {
	engine *Engine
	org    billing.OrganizationID
	run    store.RunID
	now    store.Progress
}

func (e *Engine) tell(org billing.OrganizationID, run store.RunID) *teller {
	return &teller{engine: e, org: org, run: run}
}

// phase begins a part of the run that has total steps, 0 when nobody knows.
func (t *teller) phase(ctx context.Context, words string, total int) {
	if t == nil {
		return
	}
	at := t.engine.Now()
	t.now = store.Progress{Phase: words, Total: int64(total), StartedAt: at, UpdatedAt: at}
	t.save(ctx)
}

// step counts one step of the phase as done.
func (t *teller) step(ctx context.Context) {
	if t == nil {
		return
	}
	t.now.Done++
	at := t.engine.Now()
	if t.now.Done < t.now.Total && at.Sub(t.now.UpdatedAt) < tellEvery {
		return
	}
	t.now.UpdatedAt = at
	t.save(ctx)
}

func (t *teller) save(ctx context.Context) {
	if err := t.engine.Store.SaveProgress(ctx, t.org, t.run, t.now); err != nil && ctx.Err() == nil {
		t.engine.Log.WarnContext(ctx, "could not note the progress of a run", "run", t.run, "error", err)
	}
}
