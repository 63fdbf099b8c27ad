package autotask

import (
	"time"
)

const (
	hourlyThreshold = 10_000 // requests per window (Autotask sheet §3.4)
	usageWindow     = time.Hour
	threadMax       = 3
	threadLinger    = 25 * time.Millisecond
	lockoutAfter    = 10
)

// usage counts requests in a rolling hour of trafficNow.
type usage struct {
	threshold  int
	entries    []usageEntry
	delayScale float64 // share of the nominal added latency that is really waited
}

type usageEntry struct {
	at    time.Time
	count int
}

func (u *usage) current(now time.Time) int {
	kept := u.entries[:0]
	total := 0
	for _, e := range u.entries {
		if now.Sub(e.at) < usageWindow && !e.at.After(now.Add(usageWindow)) {
			kept = append(kept, e)
			total += e.count
		}
	}
	u.entries = kept
	return total
}

func (u *usage) add(now time.Time, n int) {
	if last := len(u.entries) - 1; last >= 0 && now.Sub(u.entries[last].at) < time.Second && !now.Before(u.entries[last].at) {
		u.entries[last].count += n
		return
	}
	u.entries = append(u.entries, usageEntry{at: now, count: n})
}

// delay is the nominal latency added at a usage (Autotask sheet §3.4).
func (u *usage) delay(used int) time.Duration {
	switch {
	case used*4 >= u.threshold*3:
		return time.Second
	case used*2 >= u.threshold:
		return 500 * time.Millisecond
	}
	return 0
}

// trafficNow is the time of the hourly window: the virtual clock and, while that stands still, the real time that passes, so that
// either moving on frees the budget and no minute counts twice. The caller holds the lock.
func (s *Server) trafficNow() time.Time {
	if s.clockFixed {
		return s.clock.Add(time.Since(s.stoodSince))
	}
	return s.now()
}

// acquire takes a thread of an entity endpoint; false means a fourth simultaneous call.
func (s *Server) acquire(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.threads[name] >= threadMax {
		return false
	}
	s.threads[name]++
	return true
}

func (s *Server) release(name string) {
	s.mu.Lock()
	late := s.dialects.is("threadRelease", "late")
	s.mu.Unlock()
	free := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.threads[name]--
	}
	if late {
		time.AfterFunc(threadLinger, free)
		return
	}
	free()
}
