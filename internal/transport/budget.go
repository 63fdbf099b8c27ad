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
// Calls of others are known only when somebody reads the vendor's counter and tells Observe.
type Budget struct {
	Limit     int           // the vendor's calls per window
	Window    time.Duration // length of the rolling window
	StopShare int           // percent of the limit at which calls stop; 0: 70
	SlowShare int           // percent from which calls are spaced; 0: 50
	SlowPause time.Duration // space between calls then; 0: 350 ms
	Now       func() time.Time

	mu         sync.Mutex
	own        []grant // oldest first, one per slot of the window
	others     int
	othersTill time.Time
}

// grant counts the calls of one slot.
type grant struct {
	slot  time.Time
	calls int
}

const slotsPerWindow = 60

// Take grants one call.
func (b *Budget) Take(context.Context) (time.Duration, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	used := b.expire(now)
	if used*100 >= b.Limit*orElse(b.StopShare, 70) {
		at := b.roomAt(now)
		return 0, fault.WaitUntilf(at, "%d of the tenant's %d calls per %s are used: Spindle stops at %d %%",
			used, b.Limit, b.Window, orElse(b.StopShare, 70)).Dof("nothing to do: work goes on by itself at %s", at.Format(time.RFC3339))
	}
	slot := now.Truncate(b.Window / slotsPerWindow)
	if n := len(b.own); n > 0 && b.own[n-1].slot.Equal(slot) {
		b.own[n-1].calls++
	} else {
		b.own = append(b.own, grant{slot, 1})
	}
	if used*100 >= b.Limit*orElse(b.SlowShare, 50) {
		return orElse(b.SlowPause, 350*time.Millisecond), nil
	}
	return 0, nil
}

// Observe takes over the vendor's own counter: what it shows beyond our calls belongs to others and counts for one window.
func (b *Budget) Observe(used int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.others = 0
	own := b.expire(now)
	b.others = max(0, used-own)
	b.othersTill = now.Add(b.Window)
}

// Used gives the calls of the window as far as known.
func (b *Budget) Used() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.expire(b.now())
}

func (b *Budget) expire(now time.Time) int {
	for len(b.own) > 0 && !b.own[0].slot.Add(b.Window).After(now) {
		b.own = b.own[1:]
	}
	if !now.Before(b.othersTill) {
		b.others = 0
	}
	used := b.others
	for _, g := range b.own {
		used += g.calls
	}
	return used
}

// roomAt gives when the first known calls leave the window.
func (b *Budget) roomAt(now time.Time) time.Time {
	at := now.Add(b.Window)
	if len(b.own) > 0 {
		at = b.own[0].slot.Add(b.Window)
	}
	if b.others > 0 && b.othersTill.Before(at) {
		at = b.othersTill
	}
	return at
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
