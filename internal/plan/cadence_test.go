package plan

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
)

// seatLife is a line whose quantity changes on known days of two months.
type seatLife struct {
	policy   billing.EffectivePolicy
	anchor   string // first day of the contract
	steps    []billing.Step
	last     billing.Date
	then     billing.EffectivePolicy // holds from the day of the switch on
	switched billing.Date            // zero: it never comes to that
}

func (l seatLife) unitsOn(day billing.Date) int64 {
	h := past{steps: l.steps}
	return h.proven(day)
}

// scene sets the line up: it is charged from the first step on, and October is the first month that is billed.
func (l seatLife) scene() *scene {
	s := november(l.policy)
	s.b.at.contracts[0].Start = date(l.anchor)
	s.setup.BillFrom = "2026-10"
	s.want.Since = l.steps[0].From
	return s
}

// look makes the line as it is seen on a day, with what is proven until then.
func (l seatLife) look(s *scene, day, provenTo billing.Date) {
	s.b.at.day = day
	if !l.switched.IsZero() && !day.Before(l.switched) {
		s.switches(l.then, l.switched)
	}
	s.want.Units = l.unitsOn(day)
	s.want.Shares = []billing.Share{{SubscriptionID: "s1", Units: s.want.Units}}
	s.want.Steps, s.want.ProvenTo, s.want.EndedOn = nil, provenTo, billing.Date{}
	before := int64(0)
	for _, st := range l.steps {
		if before == 0 && !st.From.After(day) {
			s.want.Since = st.From // another subscription took over
		}
		before = st.Units
		if st.From.Before(provenTo) {
			s.want.Steps = append(s.want.Steps, st)
		}
		if s.want.Units == 0 && !st.From.After(day) {
			s.want.EndedOn = st.From
		}
	}
}

// levels writes the quantity of every day from the first billed month until the rows end, with the days on which it changes.
func levels(s *scene) []string {
	var out []string
	for _, l := range s.b.at.lines {
		before := int64(0)
		for d := date("2026-09-01"); d.Before(date("2027-04-01")); d = d.AddDays(1) {
			if units := l.unitsOn(d); units != before {
				out = append(out, fmt.Sprintf("%s %d", d, units))
				before = units
			}
		}
	}
	return out
}

// runOn plans and applies everything on each of the days, and wants every plan accepted whole and nothing left behind it.
func (l seatLife) runOn(t rapid.TB, days []billing.Date, provenTo func(billing.Date) billing.Date) *scene {
	s := l.scene()
	for _, day := range days {
		l.look(s, day, provenTo(day))
		for _, c := range s.planWithPast().Changes {
			if err := s.b.apply(c); err != nil {
				t.Fatalf("%s, %s, steps %v, %d runs: refused: %v\n%s", day, l.policy, l.steps, len(days), err, s.b.at)
			}
		}
		if again := s.planWithPast(); len(again.Changes) > 0 {
			t.Fatalf("%s, %s, steps %v, %d runs: not quiet:\n%s\n%s", day, l.policy, l.steps, len(days), text(again), s.b.at)
		}
	}
	return s
}

// planWithPast plans as the engine does: rows of earlier days are read for the contracts whose past asks for them.
func (s *scene) planWithPast() Plan {
	in := s.input()
	if from, contracts := LookBack(in); len(contracts) > 0 {
		in.Observed = s.b.at.readFrom(from)
	}
	return wellSaid(Make(in))
}

func drawLife(t *rapid.T) seatLife {
	l := seatLife{policy: pick(t, "policy", billing.EffectivePolicies()...), anchor: pick(t, "anchor", "2026-01-01", "2026-01-15", "2025-12-31"), last: date("2026-12-31")}
	day := date("2026-10-01").AddDays(rapid.IntRange(0, 20).Draw(t, "begins"))
	l.steps = []billing.Step{{From: day, Units: rapid.Int64Range(1, 9).Draw(t, "units"), Proof: "invoice G1"}}
	for range rapid.IntRange(0, 5).Draw(t, "changes") {
		if day = day.AddDays(rapid.IntRange(1, 30).Draw(t, "days later")); !day.Before(l.last) {
			break
		}
		l.steps = append(l.steps, billing.Step{From: day, Units: rapid.Int64Range(0, 9).Draw(t, "units"), Proof: "invoice G1"})
	}
	last := &l.steps[len(l.steps)-1] // what ended before it was ever written is a finding of the rating
	last.Units = max(last.Units, 1)
	return l
}

func everyDay(from, to billing.Date) []billing.Date {
	var days []billing.Date
	for d := from; !d.After(to); d = d.AddDays(1) {
		days = append(days, d)
	}
	return days
}

// The rows of an installation do not depend on how often it ran (ADR 0003): every day, now and then, or once at the end. It fails when a
// change takes effect on a day that the run chooses instead of the day it happened on.
func TestRowsDoNotDependOnHowOftenRunsHappen(t *testing.T) {
	tomorrow := func(day billing.Date) billing.Date { return day.AddDays(1) }
	rapid.Check(t, func(t *rapid.T) {
		l := drawLife(t)
		all := everyDay(date("2026-10-01"), l.last)
		want := levels(l.runOn(t, all, tomorrow))
		now := slices.DeleteFunc(slices.Clone(all[:len(all)-1]), func(billing.Date) bool { return rapid.IntRange(0, 12).Draw(t, "left out") > 0 })
		for name, days := range map[string][]billing.Date{"now and then": append(now, l.last), "once": {l.last}} {
			if got := levels(l.runOn(t, days, tomorrow)); !slices.Equal(got, want) {
				t.Fatalf("%s, steps %v\nevery day %v\n%s (%v) %v", l.policy, l.steps, want, name, days, got)
			}
		}
	})
}

// switches lets another policy hold from a day on.
func (s *scene) switches(to billing.EffectivePolicy, since billing.Date) {
	s.want.Policy, s.setup.EffectivePolicy, s.setup.EffectiveSince = to, to, since
}

// Nor do they when the policy is changed in between: each change takes effect as the policy of its day says, whenever a run sees it. It fails
// when a change of policy lets the days before the next run begin anew.
func TestRowsOfTwoPoliciesDoNotDependOnHowOftenRunsHappen(t *testing.T) {
	tomorrow := func(day billing.Date) billing.Date { return day.AddDays(1) }
	rapid.Check(t, func(t *rapid.T) {
		l := drawLife(t)
		l.then = pick(t, "then", billing.EffectivePolicies()...)
		for i := range l.steps { // what ends before it has begun, and begins anew, is reported and not rewritten
			l.steps[i].Units = max(l.steps[i].Units, 1)
		}
		begun := l.steps[0].From
		l.switched = begun.AddDays(rapid.IntRange(1, 60).Draw(t, "switched after"))
		all := everyDay(begun, l.last)
		want := levels(l.runOn(t, all, tomorrow))
		some := slices.DeleteFunc(slices.Clone(all[1:len(all)-1]), func(billing.Date) bool { return rapid.IntRange(0, 12).Draw(t, "left out") > 0 })
		for name, days := range map[string][]billing.Date{"now and then": append(append([]billing.Date{begun}, some...), l.last), "twice": {begun, l.last}} {
			if got := levels(l.runOn(t, days, tomorrow)); !slices.Equal(got, want) {
				t.Fatalf("%s then %s from %s, steps %v\nevery day %v\n%s (%v) %v", l.policy, l.then, l.switched, l.steps, want, name, days, got)
			}
		}
	})
}

// What the policy of its day lets wait stays where it is, although the new one would bring it today: Autotask could only do so by a day with
// too little, and refuses what goes below zero.
func TestWhatWaitsOutlivesItsPolicy(t *testing.T) {
	l := seatLife{policy: upNow, anchor: "2026-01-01", last: date("2026-12-31"), then: periodStart, switched: date("2026-10-18")}
	for i, units := range []int64{7, 2, 1} {
		l.steps = append(l.steps, billing.Step{From: date("2026-10-13").AddDays(2 * i), Units: units, Proof: "invoice G1"})
	}
	s := l.runOn(t, []billing.Date{date("2026-10-13"), date("2026-10-25")}, func(day billing.Date) billing.Date { return day.AddDays(1) })
	same(t, "rows", levels(s), []string{"2026-10-01 7", "2026-11-01 2", "2026-11-02 1"})
}

// billedTo is what invoices prove on a day: they come on the eighth and speak of the month before.
func billedTo(day billing.Date) billing.Date {
	if day.Day < 8 {
		return day.MonthStart().AddMonths(-1)
	}
	return day.MonthStart()
}

// With invoices that come a month later: a run every day sees every change in the snapshot on its day, a single run reads the days from
// the invoices. Both end with the same rows, and nothing is rewritten when the invoices come.
func TestInvoicesProveWhatDailyRunsSaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLife(t)
		last := date("2027-01-09")
		want := levels(l.runOn(t, everyDay(date("2026-10-01"), last), billedTo))
		if got := levels(l.runOn(t, []billing.Date{last}, billedTo)); !slices.Equal(got, want) {
			t.Fatalf("%s, steps %v\nevery day %v\nonce      %v", l.policy, l.steps, want, got)
		}
	})
}
