package autotask

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"spindle/internal/sim/scenario"
)

// What people and tests do to the tenant outside the API. control_http.go serves the same over HTTP.

// Reset seeds the tenant anew and forgets clock changes, faults, log, usage, profile and failed logins. Dialects stay.
func (s *Server) Reset() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.restart(s.options.Scenario)
}

// Seed replaces the tenant by another scenario and otherwise resets like Reset.
func (s *Server) Seed(sc scenario.Scenario) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.restart(sc)
}

func (s *Server) restart(sc scenario.Scenario) error {
	previous, fixed := s.clock, s.clockFixed
	if s.clock, s.clockFixed = noon(sc.Today), false; s.options.Now == nil {
		s.stopClock(s.clock)
	}
	if err := s.reseed(sc); err != nil {
		s.clock, s.clockFixed = previous, fixed
		return err
	}
	s.profile, s.userDisabled, s.failedLogins = ProfileFull, false, 0
	s.usage = usage{threshold: hourlyThreshold}
	s.faults.reseed()
	s.log.entries = nil
	return nil
}

// Now returns the virtual time.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// SetClock sets the virtual time; it stands still from then on.
func (s *Server) SetClock(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopClock(t.UTC())
}

// stopClock makes the virtual clock stand still at a time. The caller holds the lock.
func (s *Server) stopClock(t time.Time) {
	if !s.clockFixed {
		s.stoodSince = time.Now()
	}
	s.clock, s.clockFixed = t, true
}

// AdvanceClock moves the virtual time forward; it stands still from then on.
func (s *Server) AdvanceClock(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopClock(s.now().Add(d))
}

// SetDialects changes switches. Those marked AtSeed take effect with the next Reset or Seed.
func (s *Server) SetDialects(changes map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.dialects.with(changes)
	if err != nil {
		return err
	}
	s.dialects = d
	running := maps.Clone(d)
	for _, entry := range Dialects() {
		if entry.AtSeed {
			running[entry.Name] = s.world.d[entry.Name]
		}
	}
	s.world.d = running
	s.world.touch()
	return nil
}

// CurrentDialects returns the value of every switch.
func (s *Server) CurrentDialects() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.dialects)
}

// SetProfile changes what the API user may see: full, no-cost or no-contracts.
func (s *Server) SetProfile(profile string) error {
	known := []string{ProfileFull, ProfileNoCost, ProfileNoContracts}
	if !slices.Contains(known, profile) {
		return fmt.Errorf("unknown profile %q: use one of %v", profile, known)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.profile = profile
	return nil
}

// SetUserDisabled switches the API user off or on; on also ends a lock-out.
func (s *Server) SetUserDisabled(disabled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.userDisabled, s.failedLogins = disabled, 0
}

// Usage is the state of the hourly counter.
type Usage struct {
	Count      int     `json:"count"`      // requests in the current window
	Threshold  int     `json:"threshold"`  // most requests in a window
	DelayScale float64 `json:"delayScale"` // share of the nominal added latency that is really waited; 0 = only logged
}

// SetUsage sets the hourly counter. A threshold of 0 means the usual 10,000.
func (s *Server) SetUsage(u Usage) error {
	if u.Count < 0 || u.Threshold < 0 || u.DelayScale < 0 {
		return fmt.Errorf("usage %+v: numbers must not be negative", u)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage = usage{threshold: u.Threshold, delayScale: u.DelayScale}
	if u.Threshold == 0 {
		s.usage.threshold = hourlyThreshold
	}
	s.usage.add(s.trafficNow(), u.Count)
	return nil
}

// Usage returns the hourly counter.
func (s *Server) Usage() Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Usage{Count: s.usage.current(s.trafficNow()), Threshold: s.usage.threshold, DelayScale: s.usage.delayScale}
}
