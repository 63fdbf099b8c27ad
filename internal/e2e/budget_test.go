package e2e

import (
	"os"
	"strings"
	"testing"
	"time"

	simautotask "spindle/internal/sim/autotask"
	"spindle/internal/sim/scenario"
)

// Autotask's calls belong to the whole tenant (design §6.7). The counts come from the simulator's own request log.

// noChangeCallsMax is the budget of a run that changes nothing with 1,000 customers and 8,000 subscriptions (design §9).
const noChangeCallsMax = 100

// calls counts vendor requests by entity since the log was cleared. Writes are not among them.
func (s *stage) calls() (byEntity map[string]int, total int) {
	byEntity = map[string]int{}
	for _, r := range s.autotask.Requests(1) {
		query := strings.Contains(strings.ToLower(r.Path), "/query")
		if r.Method != "GET" && !query || strings.HasSuffix(strings.ToLower(r.Entity), "information") {
			continue // a write, or one of the lookups of a zone, a version and the call counter: they hold no rows
		}
		name := r.Entity
		if strings.Contains(strings.ToLower(r.Path), "entityinformation") {
			name += " metadata"
		}
		byEntity[name]++
		total++
	}
	return byEntity, total
}

// wantReads holds the reads to the design's budget for that many times that everything is read.
func (s *stage) wantReads(what string, times int, rows map[string]int) {
	s.t.Helper()
	got, total := s.calls()
	pages := 0
	for _, n := range rows {
		pages += max(1, (n+499)/500)
	}
	budget := times * pages * 3 / 2
	s.t.Logf("%s: %d reads, the design's budget is %d: %v", what, total, budget, got)
	if total > budget {
		s.t.Errorf("%s: %d reads, at most %d: %v", what, total, budget, got)
	}
}

// rows counts what Autotask holds of each entity that a run reads. Of unit rows only those that a plan looks at: two periods of each
// line, and what its adjustments split.
func (s *stage) rows() map[string]int {
	s.t.Helper()
	counts := stateCounts(s.t, s.autotask.State())
	rows := map[string]int{"ContractServiceUnits": 2 * counts["ContractServices"]}
	for _, name := range []string{"Currencies", "Contracts", "ContractServices", "Services", "ContractCharges"} {
		rows[name] = counts[name]
	}
	return rows
}

func TestReadsOfTheDemoStayInBudget(t *testing.T) {
	t.Parallel()
	s := newStage(t, demoWorld(t), options{}).setUp()
	s.autotask.ClearRequests()
	s.month(true)
	s.wantReads("demo, a month planned, looked at again before it is sent, and verified", 3, s.rows())
	s.autotask.ClearRequests()
	s.wantQuiet(true)
	s.wantReads("demo, a run that changes nothing", 1, s.rows())
}

func TestSoakLarge(t *testing.T) {
	if os.Getenv("SPINDLE_SOAK") == "" {
		t.Skip("long: make soak runs it")
	}
	s := newStage(t, must(scenario.Named("large", firstDay()))(t), options{}).setUp()
	s.routeLarge()
	began := time.Now()
	p := s.plan(true)
	_, reads := s.calls()
	t.Logf("first plan: %d changes in %s, %d reads with set-up", len(p.Plan.Changes), time.Since(began).Round(time.Millisecond), reads)
	s.approve(p.Run.ID)
	check(t, s.autotask.SetUsage(simautotask.Usage{Threshold: 1_000_000}))
	began = time.Now()
	applied := must(s.apply(p.Run.ID))(t)
	t.Logf("apply: %v in %s, verified %v", applied.Counts, time.Since(began).Round(time.Second), applied.Verified)
	if !applied.Verified {
		t.Errorf("not verified: %d left, %s", len(applied.Left), s.troubles(p.Run.ID))
	}
	check(t, s.autotask.SetUsage(simautotask.Usage{}))
	s.goTo(s.clock.now().Add(2 * time.Hour)) // when the calls of the apply count no more
	s.autotask.ClearRequests()
	began = time.Now()
	s.wantQuiet(true)
	got, total := s.calls()
	t.Logf("no-change run: %d calls in %s: %v", total, time.Since(began).Round(time.Millisecond), got)
	if total > noChangeCallsMax {
		t.Errorf("a run that changes nothing takes %d calls, the budget is %d: %v", total, noChangeCallsMax, got)
	}
}
