package engine

import (
	"context"
	"time"

	"spindle/internal/fault"
	"spindle/internal/store"
)

// CallBudget is what is known of the calls of an organization's Autotask tenant in the last hour. Other organizations and other
// integrations of the same tenant count too (design §6.7).
type CallBudget struct {
	Used      int       // never less than what was used, as far as known
	Limit     int       // the tenant's calls per hour
	Stop      int       // those after which Spindle makes no more
	ResumesAt time.Time // zero: there is room
	SeenAt    time.Time // when Autotask's own counter was last read; zero: never, nothing is known of other integrations
}

// Budget tells how much of its tenant's calls an organization can still use. It asks nobody: it can be called for every page.
func (e *Engine) Budget(ctx context.Context, org store.Organization) (CallBudget, error) {
	if e.CallBudget == nil {
		return CallBudget{}, fault.Newf(fault.KindInternal, "this engine counts no calls")
	}
	return e.CallBudget(ctx, org.ID)
}
