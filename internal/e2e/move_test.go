package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/plan"
	"spindle/internal/sim/scenario"
	"spindle/internal/store"
)

// movingWorld has a customer with two contracts: one from 1 January, which everything is routed to at first, and one from the fifteenth.
func movingWorld(t testing.TB) scenario.Scenario {
	t.Helper()
	w := laterWorld(t)
	w.Customers = w.Customers[:1]
	w.Customers[0].Contracts = append(w.Customers[0].Contracts, scenario.Contract{Name: "Successor", Number: "CS-9001", PeriodType: 2,
		Start: time.Date(2026, time.January, 15, 0, 0, 0, 0, time.UTC), End: time.Date(2028, time.December, 31, 0, 0, 0, 0, time.UTC)})
	return w
}

// moveTo routes the customer, or one of its subscriptions, to the contract of a name.
func (s *stage) moveTo(contract string, subscription string) {
	s.t.Helper()
	r := billing.Route{CustomerID: billing.CustomerID(s.world.Customers[0].TenantID), SubscriptionID: billing.SubscriptionID(subscription)}
	catalogue := must(s.app.Engine.RefreshCatalogue(s.t.Context(), s.org))(s.t)
	for _, c := range catalogue.Contracts {
		if strings.HasPrefix(c.Name, contract) {
			r.ContractID = c.ID
		}
	}
	must(s.app.Engine.MapContract(s.t.Context(), s.org, r, clerk))(s.t)
}

// standsOn is what Autotask has for one product on one contract.
type standsOn struct {
	Key   string
	Units []struct {
		Start, End string
		Units      int
	}
}

// unitsOn gives the units of a day: those of the row that starts last.
func (l standsOn) unitsOn(day string) int {
	start, units := "", 0
	for _, u := range l.Units {
		if u.Start <= day && day <= u.End && u.Start >= start {
			start, units = u.Start, u.Units
		}
	}
	return units
}

// service is what the line bills, on whatever contract: its key says contract, service and mark.
func (l standsOn) service() string {
	_, service, _ := strings.Cut(l.Key, ") / (")
	return service[:strings.LastIndex(service, ") / ")]
}

// standing gives the lines that are ours.
func (s *stage) standing() []standsOn {
	s.t.Helper()
	var state struct {
		Entities struct{ ContractServices []standsOn }
	}
	check(s.t, json.Unmarshal(s.autotask.State(), &state))
	return slices.DeleteFunc(state.Entities.ContractServices, func(l standsOn) bool { return !strings.Contains(l.Key, "spindle:") })
}

// onContract keeps the lines of a contract: its name is in their keys.
func onContract(lines []standsOn, contract string) []standsOn {
	return slices.DeleteFunc(slices.Clone(lines), func(l standsOn) bool { return !strings.Contains(l.Key, contract) })
}

// daily adds up the units of every service over all contracts, day by day.
func (s *stage) daily(from, until time.Time) map[string]int {
	s.t.Helper()
	sums := map[string]int{}
	lines := s.standing()
	for d := from; d.Before(until); d = d.AddDate(0, 0, 1) {
		for _, l := range lines {
			sums[d.Format(time.DateOnly)+" "+l.service()] += l.unitsOn(d.Format(time.DateOnly))
		}
	}
	return sums
}

// wantSameDaily wants every day to have what it had before: no unit twice, none missing.
func (s *stage) wantSameDaily(before map[string]int, from, until time.Time) {
	s.t.Helper()
	after := s.daily(from, until)
	for what, units := range before {
		if after[what] != units || units == 0 {
			s.t.Fatalf("%s: %d units are billed, before the move it were %d\n%s", what, after[what], units, must(json.MarshalIndent(s.standing(), "", " "))(s.t))
		}
	}
	if len(after) != len(before) {
		s.t.Errorf("%d days and services, before it were %d", len(after), len(before))
	}
}

// A customer is routed to another contract in mid-month, under every policy, with the running month of the old contract posted or not. Both
// contracts are read back: every day has the units that it had, in every month that follows. Fails when the old lines end on another day
// than the new ones begin.
func TestAMoveInMidMonth(t *testing.T) {
	t.Parallel()
	until := time.Date(2027, time.December, 1, 0, 0, 0, 0, time.UTC)
	for _, policy := range billing.EffectivePolicies() {
		for _, posted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, posted %t", policy, posted), func(t *testing.T) {
				t.Parallel()
				s := newStage(t, movingWorld(t), options{}).setUp()
				must(s.app.Engine.ApplySettings(t.Context(), s.org, map[string]string{"effective": string(policy)}, clerk))(t)
				s.moveTo("Cloud services", "")
				s.month(true)
				s.goTo(day(time.December, 20))
				s.month(true) // everything has begun
				from := day(time.December, 16)
				before, lines := s.daily(from, until), s.standing()
				if posted {
					s.autotask.Post(day(time.December, 20), 0)
				}
				bills := s.posted()

				s.moveTo("Successor", "")
				moved := s.month(true)
				ends := 0
				for _, c := range moved.Plan.Changes {
					if c.Kind == plan.End {
						ends++
					}
					if c.Kind != plan.AttachService && !strings.Contains(c.Reason, `to contract "Successor" on `+c.Effective.String()) {
						t.Errorf("%s: %s", c.Kind, c.Reason)
					}
				}
				if ends != len(lines) {
					t.Errorf("%d lines end, %d stand: %s", ends, len(lines), kinds(moved.Plan.Changes))
				}
				s.wantSameDaily(before, from, until)
				s.wantQuiet(true)
				for _, at := range []time.Time{day(time.December, 31), time.Date(2027, time.January, 20, 9, 0, 0, 0, time.UTC), time.Date(2027, time.February, 16, 9, 0, 0, 0, time.UTC)} {
					s.goTo(at)
					s.wantQuiet(true)
				}
				s.wantSameDaily(before, from, until)
				s.wantPosted(bills)
				for _, l := range onContract(s.standing(), "Cloud services") {
					if units := l.unitsOn("2027-11-30"); units != 0 {
						t.Errorf("%s still bills %d", l.Key, units)
					}
				}
			})
		}
	}
}

// pair is a customer with two subscriptions of one product on one line, all begun, and what every day bills.
func pair(t *testing.T) (s *stage, wantSame func()) {
	t.Helper()
	w := movingWorld(t)
	twin := w.Customers[0].Subscriptions[0]
	twin.ID, twin.Quantity = w.Customers[0].Subscriptions[1].ID, 4
	w.Customers[0].Subscriptions = []scenario.Subscription{w.Customers[0].Subscriptions[0], twin}
	s = newStage(t, w, options{}).setUp()
	s.moveTo("Cloud services", "")
	s.month(true)
	if n := len(s.standing()); n != 1 {
		t.Fatalf("two subscriptions of one product are on %d lines", n)
	}
	from, until := day(time.November, 10), time.Date(2027, time.November, 1, 0, 0, 0, 0, time.UTC)
	before := s.daily(from, until)
	s.gate.sent()
	return s, func() { t.Helper(); s.wantSameDaily(before, from, until) }
}

// One of two subscriptions of a line moves: the quantity goes down here and up there on one day.
func TestAPartOfALineMoves(t *testing.T) {
	t.Parallel()
	s, wantSame := pair(t)
	s.moveTo("Successor", s.world.Customers[0].Subscriptions[1].ID)
	p := s.month(true)
	var moved []string
	for _, c := range p.Plan.Changes {
		moved = append(moved, fmt.Sprintf("%s %d", c.Kind, c.After.Units-c.Before.Units))
	}
	if got := strings.Join(moved, ", "); got != "attach-service 0, increase 4, decrease -4" {
		t.Errorf("planned %s", got)
	}
	wantSame()
	s.wantQuiet(true)

	s.goTo(day(time.December, 20)) // and back again
	s.moveTo("Cloud services", s.world.Customers[0].Subscriptions[1].ID)
	s.month(true)
	wantSame()
	s.wantQuiet(true)
}

// Fails when the old line ends although the new one could not begin.
func TestARefusedMoveEndsNothing(t *testing.T) {
	t.Parallel()
	s, wantSame := pair(t)
	s.moveTo("Successor", "")
	p := s.plan(true)
	s.approve(p.Run.ID)
	s.gate.answer(func(_ int, w write) action {
		if strings.Contains(w.path, "ContractServiceAdjustments") {
			return refuse
		}
		return pass
	})
	applied := must(s.apply(p.Run.ID))(t)
	if applied.Verified || applied.Counts[store.ChangeRefused] != 1 || applied.Counts[store.ChangeSkipped] != 1 {
		t.Errorf("one side is refused: %v\n%s", applied.Counts, s.troubles(p.Run.ID))
	}
	wantSame()
	s.gate.answer(nil)
	s.month(true)
	wantSame()
	s.wantQuiet(true)
}

// The apply stops between the two sides. Going on, or a new plan instead, also days later, ends the old line on the day the new one began.
func TestAMoveIsFinishedAfterAStopBetween(t *testing.T) {
	t.Parallel()
	for _, next := range []string{"apply again", "plan again", "plan again a week later", "the end is refused, plan again"} {
		t.Run(next, func(t *testing.T) {
			t.Parallel()
			s, wantSame := pair(t)
			s.moveTo("Successor", "")
			p := s.plan(true)
			s.approve(p.Run.ID)
			spoil := throttle
			if strings.Contains(next, "refused") {
				spoil = refuse
			}
			s.gate.answer(func(_ int, w write) action {
				if strings.Contains(w.body, `"unitChange":-`) {
					return spoil
				}
				return pass
			})
			if applied, err := s.apply(p.Run.ID); err == nil && applied.Verified {
				t.Fatal("the apply did not stop: the test shows nothing")
			}
			if began := onContract(s.standing(), "Successor"); len(began) != 1 || began[0].unitsOn("2027-06-01") == 0 {
				t.Fatalf("the new line has not begun: %v", began)
			}
			s.gate.answer(nil)
			s.clock.set(s.clock.now().Add(2 * time.Hour))
			switch next {
			case "apply again":
				if applied := must(s.apply(p.Run.ID))(t); !applied.Verified {
					t.Errorf("%v\n%s", applied.Counts, s.troubles(p.Run.ID))
				}
			case "plan again a week later":
				s.goTo(day(time.November, 17))
				fallthrough
			default:
				again := s.month(true)
				if got := kinds(again.Plan.Changes); !strings.HasPrefix(got, "1 end") || len(again.Plan.Changes) != 1 {
					t.Errorf("the next plan has %s", got)
				}
			}
			wantSame()
			s.wantQuiet(true)
		})
	}
}

// Approving one side approves both, rejecting one rejects both: what a clerk does about half a move bills no day twice.
func TestOneSideOfAMoveBringsTheOther(t *testing.T) {
	t.Parallel()
	s, wantSame := pair(t)
	s.moveTo("Successor", "")
	p := s.plan(true)
	end := p.Plan.Changes[len(p.Plan.Changes)-1]
	if end.Kind != plan.End || len(end.Together) != 1 {
		t.Fatalf("the last change is %+v", end)
	}
	rejected := must(s.app.Engine.Reject(t.Context(), s.org, p.Run.ID, engine.Choice{Changes: []string{end.ID}}, approver))(t)
	if rejected != 3 {
		t.Errorf("%d changes are rejected with the end of a move, want both sides and the service that only the new one needed", rejected)
	}
	p = s.plan(true)
	approved, left, err := s.app.Engine.Approve(t.Context(), s.org, p.Run.ID, engine.Choice{Changes: []string{end.ID}}, approver)
	if check(t, err); approved != 3 || left != 0 {
		t.Errorf("approving the end approves %d and leaves %d", approved, left)
	}
	if applied := must(s.apply(p.Run.ID))(t); !applied.Verified {
		t.Errorf("%v\n%s", applied.Counts, s.troubles(p.Run.ID))
	}
	wantSame()
	s.wantQuiet(true)
}

// The service a product is mapped to is changed: the old service ends on the contract when the new one begins.
func TestAReMappedProductMoves(t *testing.T) {
	t.Parallel()
	s, _ := pair(t)
	from, until := day(time.November, 10), time.Date(2027, time.November, 1, 0, 0, 0, 0, time.UTC)
	total := func() map[string]int {
		sums := map[string]int{}
		for what, units := range s.daily(from, until) {
			sums[what[:len("2026-11-10")]] += units
		}
		return sums
	}
	before := total()
	offer := billing.Offer{ProductID: s.world.Customers[0].Subscriptions[0].ProductID, SKUID: s.world.Customers[0].Subscriptions[0].SKUID,
		Term: billing.Term(s.world.Customers[0].Subscriptions[0].Term), Frequency: billing.Frequency(s.world.Customers[0].Subscriptions[0].BillingCycle)}
	code := must(s.app.Store.Settings(t.Context(), s.org.ID))(t).ServiceCodeID
	replay(t, s.autotask, []write{{method: "POST", path: "/ATServicesRest/V1.0/Services",
		body: fmt.Sprintf(`{"name":"Mail","unitPrice":9,"periodType":2,"billingCodeID":%s,"isActive":true}`, code)}})
	var other billing.ServiceID
	for _, service := range must(s.app.Engine.RefreshCatalogue(t.Context(), s.org))(t).Services {
		if service.Name == "Mail" {
			other = service.ID
		}
	}
	must(s.app.Engine.MapService(t.Context(), s.org, offer, other, clerk))(t)
	s.month(true)
	s.wantQuiet(true)
	after := total()
	for day, units := range before {
		if after[day] != units {
			t.Fatalf("%d units are billed on %s, before it were %d", after[day], day, units)
		}
	}
}

// Half of a move is written, and a clerk ends the rest in Autotask on a later day: the next plan has nothing left to do, and names the days
// that both lines billed with their money, also a month later. Fails when what a hand ended counts as done.
func TestAHandThatEndsAMoveLeavesDaysBilledTwice(t *testing.T) {
	t.Parallel()
	s, _ := pair(t)
	must(s.app.Engine.ApplySettings(t.Context(), s.org, map[string]string{"effective": string(billing.TrueDate)}, clerk))(t)
	s.moveTo("Successor", "")
	p := s.plan(true)
	s.approve(p.Run.ID)
	s.gate.answer(func(_ int, w write) action {
		if strings.Contains(w.body, `"unitChange":-`) {
			return refuse
		}
		return pass
	})
	must(s.apply(p.Run.ID))(t)
	s.gate.answer(nil)
	end := p.Plan.Changes[len(p.Plan.Changes)-1]
	s.goTo(day(time.November, 14))
	replay(t, s.autotask, []write{{method: "POST", path: "/ATServicesRest/V1.0/ContractServiceAdjustments",
		body: fmt.Sprintf(`{"contractServiceID":%s,"effectiveDate":"2026-11-14","unitChange":%d}`, end.Line.ID, end.Adjust.UnitChange)}})
	for _, at := range []time.Time{day(time.November, 17), day(time.December, 18)} {
		s.goTo(at)
		again := s.plan(true)
		if len(again.Plan.Changes) != 0 {
			t.Errorf("planned %s", kinds(again.Plan.Changes))
		}
		found := slices.DeleteFunc(again.Plan.Findings, func(f billing.Finding) bool { return f.Kind != billing.FindingUnbilled })
		if len(found) != 2 { // one for each subscription
			t.Fatalf("on %s: findings %+v", at, found)
		}
		for _, f := range found {
			if f.Money.Sign() >= 0 || !strings.Contains(f.Message, "from "+end.Effective.String()+" to 2026-11-13, until they were ended there by hand") {
				t.Errorf("on %s: %+v", at, f)
			}
		}
	}
}
