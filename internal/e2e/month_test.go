package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/plan"
)

func day(month time.Month, d int) time.Time { return time.Date(2026, month, d, 9, 0, 0, 0, time.UTC) }

// goTo moves all three clocks.
func (s *stage) goTo(at time.Time) {
	s.clock.set(at)
	s.autotask.SetClock(at)
	s.microsoft.SetClock(at)
}

// A second month: seats up and down, a cancellation, a new price, a restated invoice, and November posted in Autotask. It ends verified
// and quiet each time, and what was posted stands as it was (law 8). It fails when a posted period is adjusted, and when any rule asks
// for the same thing twice.
func TestSecondMonth(t *testing.T) {
	t.Parallel()
	s := newStage(t, dialectWorld(t), options{}).setUp()
	s.twinPrice()
	s.month(true)

	s.goTo(day(time.November, 24))
	subs := s.world.Customers[0].Subscriptions
	check(t, s.microsoft.SetQuantity(subs[0].ID, day(time.November, 20), 40))
	check(t, s.microsoft.SetQuantity(subs[1].ID, day(time.November, 20), 2))
	check(t, s.microsoft.Cancel(subs[2].ID, day(time.November, 18)))
	mid := s.month(true)
	s.wantQuiet(true)
	for _, kind := range []plan.ChangeKind{plan.Increase, plan.Decrease, plan.End} {
		if !slices.ContainsFunc(mid.Plan.Changes, func(c plan.Change) bool { return c.Kind == kind }) {
			t.Errorf("the plan of 24 November has no %s: %s", kind, kinds(mid.Plan.Changes))
		}
	}

	s.autotask.Post(day(time.November, 30), 0)
	before := s.posted()
	if len(before) == 0 {
		t.Fatal("nothing is posted: the test shows nothing")
	}
	s.microsoft.CloseMonth()
	s.goTo(day(time.December, 9))
	s.fixedPrice(subs[3].ID, "101")
	check(t, s.microsoft.Restate(s.world.InvoiceID(s.world.InvoiceMonth())))
	december := s.month(true)
	t.Log(kinds(december.Plan.Changes))
	for _, kind := range []plan.ChangeKind{plan.Reprice, plan.CreateCharge} {
		if !slices.ContainsFunc(december.Plan.Changes, func(c plan.Change) bool { return c.Kind == kind }) {
			t.Errorf("the plan of 9 December has no %s: %s", kind, kinds(december.Plan.Changes))
		}
	}
	s.wantQuiet(true)
	s.wantPosted(before)

	s.goTo(day(time.December, 20))
	s.autotask.Post(day(time.December, 31), 0)
	s.wantQuiet(true)
	before = s.posted()
	check(t, s.microsoft.SetQuantity(subs[0].ID, day(time.December, 19), 33))
	check(t, s.microsoft.SetQuantity(subs[1].ID, day(time.December, 19), 12))
	s.month(true)
	s.wantQuiet(true)
	s.wantPosted(before)
}

// Every policy, over a year's turn: each month a few seats more or less, then quiet.
func TestMonthsUnderEveryPolicy(t *testing.T) {
	t.Parallel()
	for _, policy := range billing.EffectivePolicies() {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, laterWorld(t), options{}).setUp()
			must(s.app.Engine.ApplySettings(t.Context(), s.org, map[string]string{"effective": string(policy)}, clerk))(t)
			s.twinPrice()
			s.month(true)
			subs := s.world.Customers[0].Subscriptions
			for i, at := range []time.Time{day(time.November, 20), day(time.December, 9), time.Date(2027, time.January, 12, 9, 0, 0, 0, time.UTC)} {
				s.goTo(at)
				if i > 0 {
					s.microsoft.CloseMonth()
					s.goTo(at)
					s.autotask.Post(time.Date(at.Year(), at.Month(), 0, 0, 0, 0, 0, time.UTC), 0)
				}
				before := s.posted()
				check(t, s.microsoft.SetQuantity(subs[i].ID, at, 5+9*i))
				check(t, s.microsoft.SetQuantity(subs[(i+1)%3].ID, at, 31-9*i))
				s.month(true)
				s.wantQuiet(true)
				s.wantPosted(before)
			}
		})
	}
}

// posted lists what Autotask has posted: unit rows and billing items, each with what it says.
func (s *stage) posted() map[string]int {
	s.t.Helper()
	var state struct {
		Entities struct {
			ContractServices []struct {
				Key   string
				Units []struct {
					Start, End, Price, Cost string
					Units                   int
					Posted                  bool
				}
			}
			BillingItems []map[string]any
		}
	}
	check(s.t, json.Unmarshal(s.autotask.State(), &state))
	found := map[string]int{}
	for _, line := range state.Entities.ContractServices {
		for _, u := range line.Units {
			if u.Posted {
				found[fmt.Sprintf("%s: %s to %s, %d units, price %s, cost %s", line.Key, u.Start, u.End, u.Units, u.Price, u.Cost)]++
			}
		}
	}
	for _, item := range state.Entities.BillingItems {
		found[string(must(json.Marshal(item))(s.t))]++
	}
	return found
}

// wantPosted wants everything that was posted to stand unchanged.
func (s *stage) wantPosted(before map[string]int) {
	s.t.Helper()
	after := s.posted()
	for what, n := range before {
		if after[what] != n {
			s.t.Errorf("posted, and now different (law 8): %s", what)
		}
	}
}

// Law 7: a quantity changed by hand becomes a finding, and what Spindle would do about it is held. It fails when the planner compares
// only what is wanted with what stands.
func TestHandEditIsHeldAndNamed(t *testing.T) {
	t.Parallel()
	s := newStage(t, tinyWorld(t), options{}).setUp()
	s.twinPrice()
	s.month(true)
	memory := must(s.app.Store.Memory(t.Context(), s.org.ID))(t)
	line := memory.Lines[0]
	replay(t, s.autotask, []write{{method: http.MethodPost, path: "/ATServicesRest/V1.0/ContractServiceAdjustments",
		body: fmt.Sprintf(`{"contractServiceID":%s,"effectiveDate":"2026-11-09","unitChange":3}`, line.LineID)}})
	s.gate.sent()
	p := s.plan(true)
	if !slices.ContainsFunc(p.Plan.Findings, func(f billing.Finding) bool {
		return f.Kind == billing.FindingDrift && f.CustomerID == line.CustomerID
	}) {
		t.Errorf("no finding says that the line was changed by hand: %v", p.Plan.Findings)
	}
	if len(p.Plan.Changes) == 0 {
		t.Error("nothing is proposed about the hand edit: not even to undo it")
	}
	for _, c := range p.Plan.Changes {
		if !c.Held() {
			t.Errorf("a change would overwrite the hand edit without a person: %s", kinds([]plan.Change{c}))
		}
	}
	approved, _, _ := s.app.Engine.Approve(t.Context(), s.org, p.Run.ID, engine.Choice{}, approver) // an error: nothing to approve
	_, _ = s.apply(p.Run.ID)                                                                        // an error: nothing is approved
	if sent := s.gate.sent(); approved != 0 || len(sent) != 0 {
		t.Errorf("%d held changes approved in bulk, writes: %v", approved, sent)
	}

	s.approve(p.Run.ID) // the person decides: as Microsoft says
	if applied := must(s.apply(p.Run.ID))(t); !applied.Verified {
		t.Errorf("restoring is not verified: %v\n%s", applied.Counts, s.troubles(p.Run.ID))
	}
	s.wantQuiet(true)
}

// Law 8: the running period is posted, so more seats count from the next one and the plan says why. It fails when a period is adjusted that
// is posted already.
func TestAPostedPeriodIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := newStage(t, laterWorld(t), options{}).setUp()
	s.twinPrice()
	s.month(true)
	s.autotask.Post(day(time.November, 30), 0)
	check(t, s.microsoft.SetQuantity(s.world.Customers[0].Subscriptions[1].ID, firstDay(), 90))
	p := s.month(true)
	ups := 0
	for _, c := range p.Plan.Changes {
		if c.Kind != plan.Increase {
			continue
		}
		ups++
		if c.Effective.Before(billing.NewDate(2026, time.December, 1)) || !strings.Contains(c.Reason, "posted") {
			t.Errorf("in a posted period: from %s: %s", c.Effective, c.Reason)
		}
	}
	if ups == 0 {
		t.Errorf("more seats, but no increase: %s", kinds(p.Plan.Changes))
	}
	s.wantQuiet(true)
}
