package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/target"
)

// leaseTime is how long an apply holds its organization without sign of life; it renews the lease with every change.
const leaseTime = 5 * time.Minute

// sendMargin is how much of the lease is left when a write must be over, so that nothing of ours is under way when another process begins.
const sendMargin = 30 * time.Second

// errLeaseLost ends an apply whose organization is another's by now. It marks, it does not explain.
var errLeaseLost = errors.New("the lease is lost")

// lease is an apply's hold on its organization.
type lease struct {
	holder  string
	until   time.Time
	release func()
}

// lock takes the organization's lease, under a name that no other apply has, not even one of this process. The lease of a process that is
// known to be dead is broken, so that a restart after a crash need not wait; what the dead process left in the open is settled by reading
// before anything is sent.
func (e *Engine) lock(ctx context.Context, org store.Organization) (*lease, error) {
	held := &lease{holder: e.holder + "/" + rand.Text()[:8], until: e.Now().Add(leaseTime)}
	var err error
	held.release, err = e.Store.Lock(ctx, org.ID, held.holder, leaseTime)
	if !fault.Is(err, fault.KindWaitUntil) || e.HolderDead == nil {
		return held, err
	}
	holder, _, readErr := e.Store.LockHolder(ctx, org.ID)
	if readErr != nil || !e.HolderDead(holder) {
		return nil, err
	}
	if broken := e.Store.BreakLock(ctx, org.ID, holder, e.holder); broken != nil {
		return nil, err
	}
	held.release, err = e.Store.Lock(ctx, org.ID, held.holder, leaseTime)
	return held, err
}

// extend renews the lease; a lost lease stops the apply before the next write.
func (a *apply) extend(ctx context.Context) error {
	until := a.Now().Add(leaseTime)
	err := a.Store.ExtendLock(ctx, a.org.ID, a.lease.holder, leaseTime)
	if fault.Is(err, fault.KindStale) {
		return fmt.Errorf("%w: %w", errLeaseLost, err)
	}
	if err == nil {
		a.lease.until = until
	}
	return err
}

// call makes the one write of a change while the lease is surely ours: what is not answered by then is an answer lost.
func (a *apply) call(ctx context.Context, c plan.Change) (target.Receipt, error) {
	left := a.lease.until.Sub(a.Now()) - sendMargin
	if left <= 0 { // the process stood still since it wrote that it would send
		return target.Receipt{}, fault.Transientf("the lease on the organization ran out before the change was sent")
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	return a.target.Apply(ctx, c)
}
