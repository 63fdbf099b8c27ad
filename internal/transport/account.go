package transport

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Account is what is known of the calls of one vendor tenant: what everybody at Spindle took, and what others make.
type Account struct {
	Limit  int       // the vendor's own figure, calls per window; 0: not read yet
	Slots  []Slot    // what Spindle's processes took, oldest first
	Others int       // calls of other integrations in the window, when the vendor's counter was last read
	SeenAt time.Time // when it was
}

// Slot counts the calls of one sixtieth of the window. Blocks are taken ahead: Held of the taken calls may not have been made yet.
type Slot struct {
	Start       time.Time
	Taken, Held int
}

// Ledger keeps an account where all processes that call one tenant see it.
type Ledger interface {
	Read(ctx context.Context) (Account, error)
	// Update stores what change makes of the account; nobody else reads for a change or changes it meanwhile. After an error it may
	// have been stored all the same. Change must not be called more than once.
	Update(ctx context.Context, change func(*Account)) error
}

// Limits are a vendor's rolling limit and Spindle's share of it (design §6.7). They are rules on values: the clock is passed in.
type Limits struct {
	Calls     int           // calls per window, as long as the account knows no other figure
	Window    time.Duration // length of the rolling window
	StopShare int           // percent of the limit at which calls stop; 0: 70
	SlowShare int           // percent from which calls are spaced; 0: 50
}

const slotsPerWindow = 60

// lookShare is the part of the window after which the vendor's counter is read again.
const lookShare = 12

// Limit gives the calls per window of the whole tenant, Stop those after which Spindle makes no more.
func (l Limits) Limit(a Account) int {
	if a.Limit > 0 {
		return a.Limit
	}
	return l.Calls
}

// Stop gives how many calls of everybody make Spindle stop.
func (l Limits) Stop(a Account) int { return l.Limit(a) * orElse(l.StopShare, 70) / 100 }

func (l Limits) slow(a Account) int { return l.Limit(a) * orElse(l.SlowShare, 50) / 100 }

func (l Limits) slotLength() time.Duration { return l.Window / slotsPerWindow }

func (l Limits) slotOf(now time.Time) time.Time { return now.Truncate(l.slotLength()) }

// leaves says when the last call that may have been made in a slot leaves the window.
func (l Limits) leaves(s Slot) time.Time { return s.Start.Add(l.slotLength() + l.Window) }

// counts tells slots of the window from older ones, and from those that a clock set back left in the future.
func (l Limits) counts(s Slot, now time.Time) bool {
	return l.leaves(s).After(now) && !s.Start.After(now.Add(l.slotLength()))
}

func (l Limits) others(a Account, now time.Time) int {
	if !l.seenWithin(a, now, l.Window) {
		return 0
	}
	return a.Others
}

func (l Limits) seenWithin(a Account, now time.Time, d time.Duration) bool {
	return now.Before(a.SeenAt.Add(d)) && !a.SeenAt.After(now.Add(l.slotLength()))
}

// Used gives the calls of the window as far as known: Spindle's, with what is held, and those of others. It is never too low.
func (l Limits) Used(a Account, now time.Time) int {
	used := l.others(a, now)
	for _, s := range a.Slots {
		if l.counts(s, now) {
			used += s.Taken
		}
	}
	return used
}

// ResumesAt gives when there is room again, at the latest; zero when there is now. Calls of others leave the window unseen: when only
// they are in the way, it is the time to look at the vendor's counter again.
func (l Limits) ResumesAt(a Account, now time.Time) time.Time {
	used, stop := l.Used(a, now), l.Stop(a)
	if used < stop {
		return time.Time{}
	}
	at := now.Add(l.Window)
	for _, s := range a.Slots {
		if !l.counts(s, now) {
			continue
		}
		if used -= s.Taken; used < stop {
			at = l.leaves(s)
			break
		}
	}
	if l.others(a, now) > 0 {
		at = earlier(at, later(now, a.SeenAt.Add(l.Window/lookShare)))
	}
	return at
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// forget drops what no longer counts.
func (l Limits) forget(a *Account, now time.Time) {
	a.Slots = slices.DeleteFunc(a.Slots, func(s Slot) bool { return !l.counts(s, now) })
}

// take adds a block to its slot.
func (a *Account) take(start time.Time, calls int) {
	i, found := slices.BinarySearchFunc(a.Slots, start, func(s Slot, t time.Time) int { return s.Start.Compare(t) })
	if !found {
		a.Slots = slices.Insert(a.Slots, i, Slot{Start: start})
	}
	a.Slots[i].Taken += calls
	a.Slots[i].Held += calls
}

// settle takes back what a block has left; the rest of it was made.
func (a *Account) settle(b block) {
	for i := range a.Slots {
		if a.Slots[i].Start.Equal(b.slot) {
			a.Slots[i].Held = max(0, a.Slots[i].Held-b.size)
			a.Slots[i].Taken = max(0, a.Slots[i].Taken-b.left)
		}
	}
}

// observe takes over the vendor's counter. What it shows beyond our calls belongs to others. Ours are those that were surely made and
// are surely still in the vendor's window, so that others are never taken for fewer than they are.
func (l Limits) observe(a *Account, now time.Time, used, limit int) {
	own := 0
	for _, s := range a.Slots {
		if l.counts(s, now) && !s.Start.Before(now.Add(-l.Window)) {
			own += s.Taken - s.Held
		}
	}
	a.Others, a.SeenAt = max(0, used-own), now
	if limit > 0 {
		a.Limit = limit
	}
}

// memoryLedger is the ledger of a budget that nobody shares.
type memoryLedger struct {
	mu      sync.Mutex
	account Account
}

// MemoryLedger gives a ledger for the budgets of one process.
func MemoryLedger() Ledger { return &memoryLedger{} }

func (m *memoryLedger) Read(context.Context) (Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.account
	a.Slots = slices.Clone(a.Slots)
	return a, nil
}

func (m *memoryLedger) Update(_ context.Context, change func(*Account)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.account)
	return nil
}
