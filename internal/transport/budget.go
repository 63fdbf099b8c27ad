package transport

import (
	"context"
	"sync"
	"time"

	"spindle/internal/fault"
)

// Taker grants calls out of a budget. Take gives a pause to make before the call, or a fault of kind wait until.
type Taker interface {
	Take(ctx context.Context) (pause time.Duration, err error)
}

// Budget stops calls at a share of a vendor's rolling limit, so that other integrations of the same tenant keep room (design §6.7).
// Budgets on one ledger together stay below it. Calls are taken from the ledger in blocks, so that few calls write to it; a block is
// good until its slot ends, and what is left of it then goes back with the next one. A process that dies takes at most a block along,
// until that leaves the window. Calls of others are known only when somebody reads the vendor's counter and tells Observe.
type Budget struct {
	Limits
	SlowPause time.Duration // space between calls from the slow share on; 0: 350 ms
	Ledger    Ledger
	Now       func() time.Time // nil: time.Now

	mu      sync.Mutex
	block   block
	used    int       // of the tenant, when the block was taken
	slowAt  int       // in calls
	refused Account   // what left no room
	until   time.Time // no use asking the ledger before
	looked  time.Time // when the vendor's counter was last read, by anyone
	since   int       // own calls since this process last did
}

// block is a number of calls taken ahead.
type block struct {
	slot       time.Time
	size, left int
}

const (
	blockMax = 200 // calls
	// blocksPerLimit keeps blocks small where the limit is, so that two processes both get some.
	blocksPerLimit = 50
	// lookEvery is after how many calls of its own a process reads the vendor's counter again.
	lookEvery = 250
)

// Take grants one call.
func (b *Budget) Take(ctx context.Context) (time.Duration, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if now.Before(b.until) {
		return 0, b.stopped(now)
	}
	if b.block.left == 0 || !b.block.slot.Equal(b.slotOf(now)) {
		if err := b.refill(ctx, now); err != nil {
			return 0, err
		}
	}
	b.block.left--
	b.since++
	if b.used+b.block.size-b.block.left > b.slowAt {
		return orElse(b.SlowPause, 350*time.Millisecond), nil
	}
	return 0, nil
}

// refill gives back what is left of the old block and takes a new one.
func (b *Budget) refill(ctx context.Context, now time.Time) error {
	old, fresh := b.block, block{slot: b.slotOf(now)}
	var seen Account
	var used int
	b.block = block{} // if the update's outcome is unknown, the old block is lost rather than given back twice
	err := b.Ledger.Update(ctx, func(a *Account) {
		a.settle(old)
		b.forget(a, now)
		used = b.Used(*a, now)
		fresh.size = min(max(0, b.Stop(*a)-used), blockMax, max(1, b.Limit(*a)/blocksPerLimit))
		if fresh.size > 0 {
			a.take(fresh.slot, fresh.size)
		}
		seen = copied(*a)
	})
	if err != nil {
		return err
	}
	if fresh.size == 0 {
		b.refused, b.until = seen, b.ResumesAt(seen, now)
		return b.stopped(now)
	}
	fresh.left = fresh.size
	b.block, b.used, b.slowAt, b.looked = fresh, used, b.slow(seen), seen.SeenAt
	return nil
}

func copied(a Account) Account {
	a.Slots = append([]Slot(nil), a.Slots...)
	return a
}

func (b *Budget) stopped(now time.Time) error {
	at := later(now, b.until)
	return fault.WaitUntilf(at, "%d of the tenant's %d calls per %s are used: Spindle stops at %d %%",
		b.Used(b.refused, now), b.Limit(b.refused), b.Window, orElse(b.StopShare, 70)).
		Dof("nothing to do: work goes on by itself at %s", at.Format(time.RFC3339))
}

// LookDue reports whether it is time to read the vendor's counter: after a number of own calls, and when no process has for a while.
func (b *Budget) LookDue(ctx context.Context) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	fresh := func() bool { return b.seenWithin(Account{SeenAt: b.looked}, now, b.Window/lookShare) }
	if b.since >= lookEvery {
		return true, nil
	}
	if fresh() {
		return false, nil
	}
	a, err := b.Ledger.Read(ctx)
	if err != nil {
		return false, err
	}
	b.looked = a.SeenAt
	return !fresh(), nil
}

// Observe takes over the vendor's own counter and limit: what the counter shows beyond Spindle's calls belongs to others and counts for
// one window, or until the next look. Limit 0 is unknown.
func (b *Budget) Observe(ctx context.Context, used, limit int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	old := b.block
	b.block = block{}
	err := b.Ledger.Update(ctx, func(a *Account) {
		a.settle(old)
		b.forget(a, now)
		b.observe(a, now, used, limit)
	})
	if err != nil {
		return err
	}
	b.since, b.looked, b.until = 0, now, time.Time{}
	return nil
}

// Return gives back what is left of the block, when no call is expected soon.
func (b *Budget) Return(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.block
	if old.size == 0 {
		return nil
	}
	b.block = block{}
	return b.Ledger.Update(ctx, func(a *Account) { a.settle(old) })
}

func (b *Budget) now() time.Time {
	if b.Now == nil {
		return time.Now()
	}
	return b.Now()
}

func orElse[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
