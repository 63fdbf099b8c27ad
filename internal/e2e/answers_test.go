package e2e

import (
	"bytes"
	"testing"
	"time"

	"spindle/internal/fault"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// Law 3 again: whatever answer a write gets, or none, the end is that of the undisturbed run. The tests fail when a lost answer is
// taken for a refusal or a success, and when a write is repeated without reading first: then Autotask accepts more writes than there
// are changes.

// writeTime is long enough for the simulator and short enough for hundreds of hangs.
const writeTime = 150 * time.Millisecond

// spoilt are the ways to spoil an answer, and what they mean for a write.
func spoilt() []action {
	return []action{drop, appliedDrop, landsLate, hang, appliedHang, throttle, throttleFor, page, appliedPage, refuse}
}

func TestEveryAnswerSpoiltOnce(t *testing.T) {
	t.Parallel()
	first := prepare(t, storetest.SQLite(t), tinyWorld(t), func(s *stage) { s.twinPrice() })
	later := prepare(t, storetest.SQLite(t), laterWorld(t), laterMonth)
	for _, what := range spoilt() {
		t.Run(string(what)+", first month", func(t *testing.T) {
			t.Parallel()
			first.disturbed(t, what, firstTime())
		})
		t.Run(string(what)+", later month", func(t *testing.T) {
			t.Parallel()
			later.disturbed(t, what, firstTime())
		})
	}
}

func TestEachAnswerSpoiltAlone(t *testing.T) {
	t.Parallel()
	p := prepare(t, storetest.SQLite(t), tinyWorld(t), func(s *stage) { s.twinPrice() })
	for _, what := range []action{drop, appliedDrop, landsLate, page, appliedPage, refuse, throttle} {
		t.Run(string(what), func(t *testing.T) {
			t.Parallel()
			for n := 1; n <= p.writes; n += everyPlace {
				p.disturbed(t, what, func(m int, _ write) bool { return m == n })
			}
		})
	}
}

// firstTime is true once for every request.
func firstTime() func(int, write) bool {
	seen := map[string]bool{}
	return func(_ int, w write) bool {
		again := seen[w.key()]
		seen[w.key()] = true
		return !again
	}
}

// disturbed applies the prepared plan while answers are spoilt, goes on as a person would, and compares the end.
func (p *prepared) disturbed(t *testing.T, what action, hit func(n int, w write) bool) {
	t.Helper()
	s := p.ground(t)
	s.hooks = hooksOf(s.clock)
	if what == hang || what == appliedHang {
		s.hooks.Transport = manners(s.clock, writeTime)
	}
	s.open()
	s.reload()
	s.gate.answer(func(n int, w write) action {
		if hit(n, w) {
			return what
		}
		return pass
	})
	rounds := s.persist(p.run, what)
	sent := s.gate.sent()
	if n := len(accepted(sent)); n != p.writes {
		t.Errorf("Autotask accepted %d writes, %d undisturbed; twice: %v", n, p.writes, doubles(sent))
	}
	if state := s.autotask.State(); !bytes.Equal(state, p.state) {
		t.Errorf("%s: Autotask does not end as in the undisturbed run, after %d rounds:\n%s", what, rounds, difference(p.state, state))
	}
	s.wantQuiet(false)
}

// roundsMax is more than the longest chain of changes that require each other, so that each may fail once.
const roundsMax = 12

// persist applies until the run is verified: again when the apply was stopped, with a new plan when something was refused.
func (s *stage) persist(id store.RunID, what action) (rounds int) {
	s.t.Helper()
	for rounds = 1; rounds <= roundsMax; rounds++ {
		applied, err := s.apply(id)
		switch {
		case err == nil && applied.Verified:
			return rounds
		case err != nil && fault.Is(err, fault.KindWaitUntil):
			s.clock.set(s.clock.now().Add(time.Minute))
			continue
		case err != nil:
			s.t.Fatalf("%s: apply: %v", what, err)
		case what != refuse:
			s.t.Fatalf("%s: applied, but not verified: %v\n%s", what, applied.Counts, s.troubles(id))
		}
		if rounds == 1 && applied.Counts[store.ChangeRefused] == 0 {
			s.t.Fatalf("a 500 with errors is a refusal, but nothing is refused: %v", applied.Counts)
		}
		p := s.plan(false)
		if len(p.Plan.Changes) == 0 {
			return rounds
		}
		s.approve(p.Run.ID)
		id = p.Run.ID
	}
	s.t.Fatalf("%s: not done after %d rounds", what, roundsMax)
	return rounds
}
