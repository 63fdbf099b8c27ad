package account

import (
	"time"

	"spindle/internal/store"
)

// After failuresFree wrong attempts an account is locked for lockFirst, then for twice as long after each further one, up to lockMax.
const (
	failuresFree = 5
	lockFirst    = time.Minute
	lockMax      = time.Hour
)

// lockAfter says for how long to lock after so many attempts in a row.
func lockAfter(n int64) time.Duration {
	if n < failuresFree {
		return 0
	}
	lock := lockFirst
	for ; n > failuresFree && lock < lockMax; n-- {
		lock *= 2
	}
	return min(lock, lockMax)
}

// attempts counts sign-ins with an address that nobody has.
type attempts struct {
	n      int64
	locked time.Time
	last   time.Time
}

const (
	unknownMax    = 10_000         // addresses remembered
	unknownMemory = 24 * time.Hour // and for how long
)

// attemptUnknown counts an attempt for an address that nobody has, so that a lock does not tell who is a user. The counts of this process
// are enough for that.
func (s *Service) attemptUnknown(email string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	a := s.unknown[email]
	if a.locked.After(now) {
		return store.TooManyAttempts(a.locked)
	}
	if len(s.unknown) >= unknownMax {
		s.forgetUnknown(now)
	}
	a.n, a.last = a.n+1, now
	a.locked = time.Time{}
	if d := lockAfter(a.n); d > 0 {
		a.locked = now.Add(d)
	}
	s.unknown[email] = a
	return nil
}

func (s *Service) forgetUnknown(now time.Time) {
	for email, a := range s.unknown {
		if now.Sub(a.last) > unknownMemory {
			delete(s.unknown, email)
		}
	}
	if len(s.unknown) >= unknownMax {
		clear(s.unknown)
	}
}
