package engine

import (
	"context"
	"fmt"
	"time"

	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/target"
)

// quietAfter is how long Autotask may still carry out a write whose caller has gone: longer than it works on any request (Autotask sheet
// §3.5). Until then reading can show that the write happened, but not that it will not (ADR 0007).
const quietAfter = 2 * time.Minute

// settle reads whether a change without an answer happened. It reads also when the apply was cancelled, but then it does not wait.
func (a *apply) settle(ctx context.Context, c plan.Change, why string, began time.Time) store.Outcome {
	reading := context.WithoutCancel(ctx)
	settlement, err := a.target.Settle(reading, c)
	if left := began.Add(quietAfter).Sub(a.Now()); err == nil && settlement.Outcome == target.DidNotHappen && left > 0 {
		if waited := a.wait(ctx, left); waited != nil {
			return store.Outcome{State: store.ChangeUnknown, Message: fmt.Sprintf("%s; %s, but it may still: %s", why, settlement.Why, waited)}
		}
		settlement, err = a.target.Settle(reading, c)
	}
	if err != nil {
		return store.Outcome{State: store.ChangeUnknown, Message: why + "; and it could not be settled: " + err.Error()}
	}
	switch settlement.Outcome {
	case target.Happened:
		return store.Outcome{State: store.ChangeApplied, Message: why + "; settled: " + settlement.Why, Receipt: target.Receipt{ID: settlement.ID}}
	case target.DidNotHappen:
		return store.Outcome{State: store.ChangeApproved, Message: why + "; settled: " + settlement.Why}
	}
	return store.Outcome{State: store.ChangeUnknown, Message: why + "; " + settlement.Why}
}

// wait lets time pass under the lease, which is renewed for what follows.
func (a *apply) wait(ctx context.Context, d time.Duration) error {
	a.tell.phase(ctx, "waiting until Autotask has surely done with a change that it did not answer", 0)
	if err := a.extend(ctx); err != nil {
		return err
	}
	if err := a.Sleep(ctx, d); err != nil {
		return err
	}
	return a.extend(ctx)
}

// settleUnfinished settles what an interrupted apply left in the open, whichever run it belongs to.
func (a *apply) settleUnfinished(ctx context.Context) error {
	open, err := a.Store.Unfinished(ctx, a.org.ID)
	if err != nil || len(open) == 0 {
		return err
	}
	memory, err := a.Store.Memory(ctx, a.org.ID)
	if err != nil {
		return err
	}
	a.known = newKnowledge(memory)
	for _, s := range open {
		resolved, err := a.resolve(s.Change)
		if err != nil {
			return err
		}
		if err := a.extend(ctx); err != nil {
			return err
		}
		outcome := a.settle(ctx, resolved, "interrupted", s.SentAt)
		outcome.Attempt = s.Attempts
		run := *a
		run.id = s.Run
		if err := run.finish(ctx, resolved, outcome); err != nil {
			return err
		}
		if outcome.State != store.ChangeUnknown {
			a.settled++
		}
	}
	return nil
}
