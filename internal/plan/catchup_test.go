package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
)

// december is a line of five since October on a contract from the first, looked at on 9 December: November's invoice is there and nobody
// ran since the middle of November.
func december(policy billing.EffectivePolicy) *scene {
	s := november(policy)
	s.b.at.contracts[0].Start = date("2026-01-01")
	s.setup.BillFrom = "2026-09"
	s.want.Since = date("2026-09-10")
	s.want.Shares = []billing.Share{{SubscriptionID: "s1", Units: 5}}
	s.stands(5, "2026-10-01")
	s.b.memory.Lines[0].Policy, s.b.memory.Lines[0].Shares = policy, s.want.Shares
	s.b.at.day = date("2026-12-09")
	s.want.ProvenTo = date("2026-12-01")
	return s.proven("2026-09-10", 5)
}

// proven adds a quantity that an invoice proves from a day on, and wants it now.
func (s *scene) proven(day string, units int64) *scene {
	s.want.Steps = append(s.want.Steps, billing.Step{From: date(day), Units: units, Proof: "invoice G11"})
	s.want.Units = units
	s.want.Shares = []billing.Share{{SubscriptionID: "s1", Units: units}}
	return s
}

func unbilled(p Plan) []string {
	var out []string
	for _, f := range findingsIn(p) {
		if strings.HasPrefix(f, string(billing.FindingUnbilled)) {
			out = append(out, f)
		}
	}
	return out
}

// A change of 20 November that the run of 9 December sees for the first time, under each policy, as far as Autotask has posted. What cannot
// be written any more is a finding, before the plan is applied and after it (law 6).
func TestAChangeOfAMonthThatIsOver(t *testing.T) {
	const (
		shortNov = "unbilled-difference/line/2026-11-01 | Premium: From 2026-11-20 to 2026-11-30 Microsoft charges up to 2 more than Autotask bills (invoice G11), and that period is posted: about 7.33 EUR stay unbilled. | Add a charge for the difference in Autotask. | 7.33 EUR"
		shortDec = "unbilled-difference/line/2026-12-01 | Premium: From 2026-12-01 to 2026-12-31 Microsoft charges up to 2 more than Autotask bills (invoice G11), and that period is posted: about 20.00 EUR stay unbilled. | Add a charge for the difference in Autotask. | 20.00 EUR"
		overNov  = "unbilled-difference/line/2026-11-01/over | Premium: From 2026-11-20 to 2026-11-30 Autotask bills up to 2 more than Microsoft charges (invoice G11), and that period is posted: about 7.33 EUR are billed too much. | Credit the difference in Autotask. | -7.33 EUR"
		overDec  = "unbilled-difference/line/2026-12-01/over | Premium: From 2026-12-01 to 2026-12-31 Autotask bills up to 2 more than Microsoft charges (invoice G11), and that period is posted: about 20.00 EUR are billed too much. | Credit the difference in Autotask. | -20.00 EUR"
	)
	for _, tc := range []struct {
		policy   billing.EffectivePolicy
		units    int64
		posted   string // everything that starts up to this day
		plan     string
		findings []string
	}{
		{upNow, 7, "", "increase 2026-11-01 5→7", nil},
		{upNow, 7, "2026-10-31", "increase 2026-11-01 5→7", nil},
		{upNow, 7, "2026-11-30", "increase 2026-12-01 5→7", []string{shortNov}},
		{upNow, 7, "2026-12-01", "increase 2027-01-01 5→7", []string{shortNov, shortDec}},
		{upNow, 3, "", "decrease 2026-12-01 5→3", nil},
		{upNow, 3, "2026-11-30", "decrease 2026-12-01 5→3", nil},
		{upNow, 3, "2026-12-01", "decrease 2027-01-01 5→3", []string{overDec}},
		{trueDate, 7, "", "increase 2026-11-20 5→7", nil},
		{trueDate, 7, "2026-11-30", "increase 2026-12-01 5→7", []string{shortNov}},
		{trueDate, 7, "2026-12-01", "increase 2027-01-01 5→7", []string{shortNov, shortDec}},
		{trueDate, 3, "", "decrease 2026-11-20 5→3", nil},
		{trueDate, 3, "2026-11-30", "decrease 2026-12-01 5→3", []string{overNov}},
		{trueDate, 3, "2026-12-01", "decrease 2027-01-01 5→3", []string{overNov, overDec}},
		{periodStart, 7, "", "increase 2026-11-01 5→7", nil},
		{periodStart, 7, "2026-11-30", "increase 2026-12-01 5→7", []string{shortNov}},
		{periodStart, 3, "", "decrease 2026-11-01 5→3", nil},
		{periodStart, 3, "2026-11-30", "decrease 2026-12-01 5→3", []string{overNov}},
		{nextPeriod, 7, "", "increase 2026-12-01 5→7", nil},
		{nextPeriod, 7, "2026-11-30", "increase 2026-12-01 5→7", nil},
		{nextPeriod, 7, "2026-12-01", "increase 2027-01-01 5→7", []string{shortDec}},
		{nextPeriod, 3, "", "decrease 2026-12-01 5→3", nil},
		{nextPeriod, 3, "2026-12-01", "decrease 2027-01-01 5→3", []string{overDec}},
	} {
		t.Run(string(tc.policy)+"/"+itoa(tc.units)+"/posted to "+tc.posted, func(t *testing.T) {
			s := december(tc.policy).proven("2026-11-20", tc.units)
			if tc.posted != "" {
				s.b.at.post(s.b.at.lines[0], date(tc.posted))
			}
			p := s.planWithPast()
			same(t, "plan", brief(p), []string{tc.plan})
			same(t, "findings", unbilled(p), tc.findings)
			for _, c := range p.Changes {
				if err := s.b.apply(c); err != nil {
					t.Fatal(err)
				}
			}
			for _, later := range []string{"2026-12-09", "2026-12-10", "2026-12-30", "2027-01-05"} { // law 5, and the same finding in every run
				s.b.at.day = date(later)
				again := s.planWithPast()
				same(t, "plan of "+later, brief(again), nil)
				same(t, "findings of "+later, unbilled(again), tc.findings)
			}
		})
	}
}

// Everything that happened is written at once, oldest first, each on its own day.
func TestChangesOfTwoMonthsAtOnce(t *testing.T) {
	for _, tc := range []struct {
		policy billing.EffectivePolicy
		want   []string
	}{
		{upNow, []string{"increase 2026-10-20 5→8", "decrease 2026-11-01 8→7", "increase 2026-11-10 7→9"}},
		{trueDate, []string{"increase 2026-10-20 5→8", "decrease 2026-10-25 8→7", "increase 2026-11-10 7→9"}},
		{periodStart, []string{"increase 2026-10-20 5→8", "decrease 2026-10-25 8→7", "increase 2026-11-01 7→9"}},
		{nextPeriod, []string{"increase 2026-11-01 5→8", "decrease 2026-11-02 8→7", "increase 2026-12-01 7→9"}},
	} {
		s := december(tc.policy).proven("2026-10-20", 8).proven("2026-10-25", 7).proven("2026-11-10", 9)
		p := s.planWithPast()
		same(t, string(tc.policy), brief(p), tc.want)
		for i, c := range p.Changes {
			if i > 0 && !slices.Contains(c.Requires, p.Changes[i-1].ID) {
				t.Errorf("%s: change %d requires %v", tc.policy, i, c.Requires)
			}
		}
	}
}

// The money of a change that reaches back: what a period costs more, and what the periods that are over cost once.
func TestTheMoneyOfPeriodsThatAreOver(t *testing.T) {
	for _, tc := range []struct {
		day  string
		once int64
	}{
		{"2026-12-01", 0},    // the running period
		{"2026-11-01", 2000}, // and all of November
		{"2026-10-15", 3097}, // and 17 of October's 31 days
	} {
		s := december(trueDate).proven(tc.day, 7)
		p := s.planWithPast()
		if len(p.Changes) != 1 || !p.Changes[0].Recurring.Equal(euros(2000)) || !p.Changes[0].Proration.Value().Equal(euros(tc.once).Value()) {
			t.Errorf("from %s: %v, want %s once", tc.day, plannedIn(p), euros(tc.once))
		}
	}
}

// What only the snapshot shows has no day: the run's day counts and the reason says so. The invoice then proves an earlier day: the days
// between are billed too, as far as Autotask takes it, and the day it does not take is a finding.
func TestTheInvoiceProvesAnEarlierDay(t *testing.T) {
	s := december(trueDate)
	s.b.at.day, s.want.ProvenTo = date("2026-11-24"), date("2026-11-01")
	s.want.Units, s.want.Shares[0].Units = 7, 7
	p := s.expect(t, "increase 2026-11-24 5→7")
	if why := p.Changes[0].Reason; why != "5 → 7 from 2026-11-24, on the day, prorated by Autotask; the day it changed is not billed yet, so the day of this run counts." {
		t.Error(why)
	}
	s.applied(t, p)
	s.b.at.day, s.want.ProvenTo = date("2026-12-09"), date("2026-12-01")
	s.proven("2026-11-20", 7)
	p = s.planWithPast()
	same(t, "plan", brief(p), []string{"increase 2026-11-20 5→7", "decrease 2026-11-23 7→5"})
	same(t, "findings", unbilled(p), []string{"unbilled-difference/line/2026-11-01 | Premium: On 2026-11-23 Microsoft charges up to 2 more than Autotask bills (invoice G11), and Autotask takes one adjustment of a line a day: about 0.67 EUR stay unbilled. | Add a charge for the difference in Autotask. | 0.67 EUR"})
	for _, c := range p.Changes {
		if err := s.b.apply(c); err != nil {
			t.Fatal(err)
		}
	}
	again := s.planWithPast()
	same(t, "plan afterwards", brief(again), nil)
	same(t, "findings afterwards", unbilled(again), unbilled(p))
}

// A line that begins: on the day it is charged from, in the first month that is billed, or with its contract; what lies before the contract
// is a finding.
func TestANewLineBeginsInThePast(t *testing.T) {
	const october = "unbilled-difference/line/2026-10-05 | Premium: From 2026-10-20 to 2026-11-04 Microsoft charges up to 5 more than Autotask bills (invoice G11), and the contract begins on 2026-11-05: about 25.81 EUR stay unbilled. | Add a charge for the difference in Autotask. | 25.81 EUR"
	for _, tc := range []struct {
		name           string
		policy         billing.EffectivePolicy
		since, billing string
		contract       string
		want           []string
		findings       int
	}{
		{"up-now", upNow, "2026-10-20", "2026-10", "2026-01-01", []string{"increase 2026-10-01 0→5 at 10.00 EUR", "increase 2026-11-01 5→7"}, 0},
		{"true-date", trueDate, "2026-10-20", "2026-10", "2026-01-01", []string{"increase 2026-10-20 0→5 at 10.00 EUR", "increase 2026-11-20 5→7"}, 0},
		{"next-period", nextPeriod, "2026-10-20", "2026-10", "2026-01-01", []string{"increase 2026-11-01 0→5 at 10.00 EUR", "increase 2026-12-01 5→7"}, 0},
		{"charged before the first month", trueDate, "2026-03-10", "2026-10", "2026-01-01", []string{"increase 2026-10-01 0→5 at 10.00 EUR", "increase 2026-11-20 5→7"}, 0},
		{"switched on later", trueDate, "2026-03-10", "2026-12", "2026-01-01", []string{"increase 2026-12-01 0→7 at 10.00 EUR"}, 0},
		{"no first month", upNow, "2026-03-10", "", "2026-01-01", []string{"increase 2026-12-01 0→7 at 10.00 EUR"}, 0},
		{"the contract begins later", trueDate, "2026-10-20", "2026-10", "2026-11-05", []string{"increase 2026-11-05 0→5 at 10.00 EUR", "increase 2026-11-20 5→7"}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := december(tc.policy)
			s.b.at.lines, s.b.memory.Lines = nil, nil
			s.setup.BillFrom, s.b.at.contracts[0].Start = billing.Month(tc.billing), date(tc.contract)
			s.want.Since, s.want.Steps = date(tc.since), nil
			s.proven(tc.since, 5).proven("2026-11-20", 7)
			p := s.planWithPast()
			same(t, "plan", brief(p)[1:], tc.want) // after the attach-service
			if got := unbilled(p); len(got) != tc.findings || tc.findings > 0 && got[0] != october {
				t.Errorf("findings %q", got)
			}
			for _, c := range p.Changes {
				if err := s.b.apply(c); err != nil {
					t.Fatal(err)
				}
			}
			again := s.planWithPast()
			same(t, "plan afterwards", brief(again), nil)
			same(t, "findings afterwards", unbilled(again), unbilled(p))
		})
	}
}

// Law 7: what a hand did to an earlier day stays, also when Microsoft followed later.
func TestTheHandsOfEarlierDaysStay(t *testing.T) {
	for _, policy := range billing.EffectivePolicies() {
		s := december(policy)
		if err := s.b.at.adjust(s.b.at.lines[0].id, date("2026-11-10"), 2, nil); err != nil {
			t.Fatal(err)
		}
		s.proven("2026-11-20", 7)
		p := s.planWithPast()
		same(t, string(policy), brief(p), nil)
		same(t, string(policy), unbilled(p), nil)
	}
}

// A new policy holds from then on: what an earlier one chose stays as it is.
func TestANewPolicyLeavesThePastAlone(t *testing.T) {
	for _, was := range billing.EffectivePolicies() {
		for _, is := range billing.EffectivePolicies() {
			s := december(was).proven("2026-11-20", 7)
			for _, c := range s.planWithPast().Changes {
				if err := s.b.apply(c); err != nil {
					t.Fatal(err)
				}
			}
			s.want.Policy, s.setup.EffectivePolicy = is, is
			s.b.at.day = date("2026-12-28")
			same(t, string(was)+" then "+string(is), brief(s.planWithPast()), nil)
		}
	}
}

// Law 6: what happened between the last change and a change of policy, or after it and before the next run, is made good: as the policy of its
// day says, as far as nothing is posted, and what cannot be written is a finding, before the plan is applied and after it.
func TestADayBeforeAChangeOfPolicyIsBilled(t *testing.T) {
	const (
		from20 = "unbilled-difference/line/2026-11-01 | Premium: From 2026-11-20 to 2026-11-30 Microsoft charges up to 2 more than Autotask bills (invoice G11), and that period is posted: about 7.33 EUR stay unbilled. | Add a charge for the difference in Autotask. | 7.33 EUR"
		over20 = "unbilled-difference/line/2026-11-01/over | Premium: From 2026-11-20 to 2026-11-30 Autotask bills up to 2 more than Microsoft charges (invoice G11), and that period is posted: about 7.33 EUR are billed too much. | Credit the difference in Autotask. | -7.33 EUR"
	)
	for _, tc := range []struct {
		was, is  billing.EffectivePolicy
		since    string
		units    int64
		posted   bool // November
		plan     []string
		findings []string
	}{
		{upNow, trueDate, "2026-11-25", 7, false, []string{"increase 2026-11-01 5→7"}, nil},
		{upNow, trueDate, "2026-11-20", 7, false, []string{"increase 2026-11-20 5→7"}, nil}, // it holds on its first day
		{upNow, trueDate, "2026-11-15", 7, false, []string{"increase 2026-11-20 5→7"}, nil},
		{upNow, trueDate, "2026-11-25", 7, true, []string{"increase 2026-12-01 5→7"}, []string{from20}},
		{trueDate, upNow, "2026-11-25", 7, false, []string{"increase 2026-11-20 5→7"}, nil},
		{trueDate, nextPeriod, "2026-12-05", 7, true, []string{"increase 2026-12-01 5→7"}, []string{from20}},
		{trueDate, upNow, "2026-11-25", 3, false, []string{"decrease 2026-11-20 5→3"}, nil},
		{trueDate, upNow, "2026-11-25", 3, true, []string{"decrease 2026-12-01 5→3"}, []string{over20}},
		{upNow, trueDate, "2026-11-25", 3, false, []string{"decrease 2026-12-01 5→3"}, nil},
		{nextPeriod, upNow, "2026-12-05", 7, false, []string{"increase 2026-12-01 5→7"}, nil},
	} {
		t.Run(fmt.Sprintf("%s, %s from %s/%d/posted %t", tc.was, tc.is, tc.since, tc.units, tc.posted), func(t *testing.T) {
			s := december(tc.was).proven("2026-11-20", tc.units)
			s.switches(tc.is, date(tc.since))
			if tc.posted {
				s.b.at.post(s.b.at.lines[0], date("2026-11-30"))
			}
			p := s.planWithPast()
			same(t, "plan", brief(p), tc.plan)
			same(t, "findings", unbilled(p), tc.findings)
			for _, c := range p.Changes {
				if err := s.b.apply(c); err != nil {
					t.Fatal(err)
				}
			}
			for _, later := range []string{"2026-12-09", "2026-12-10", "2027-01-05"} {
				s.b.at.day = date(later)
				again := s.planWithPast()
				same(t, "plan of "+later, brief(again), nil)
				same(t, "findings of "+later, unbilled(again), tc.findings)
			}
			s.switches(tc.was, date("2027-01-05")) // and back again
			same(t, "plan after a second change", brief(s.planWithPast()), nil)
			same(t, "findings after a second change", unbilled(s.planWithPast()), tc.findings)
		})
	}
}

// Law 2: with a gap in the source nothing of the past is taken back; what was missed goes up, and the rest waits.
func TestAGapTakesNothingBackFromThePast(t *testing.T) {
	s := december(trueDate).proven("2026-11-05", 9).proven("2026-11-20", 7)
	s.gaps = []billing.Gap{{CustomerID: "c1", What: "subscriptions of Alder", Why: "no answer"}}
	p := s.planWithPast()
	same(t, "with the gap", brief(p), []string{"increase 2026-11-05 5→7"})
	for _, c := range p.Changes {
		if err := s.b.apply(c); err != nil {
			t.Fatal(err)
		}
	}
	s.gaps = nil
	same(t, "without it", brief(s.planWithPast()), []string{"increase 2026-11-06 7→9", "decrease 2026-11-20 9→7"})
}

// What leads away and back is written whole or not at all; that one such stretch finds no day is no reason to leave out another one.
func TestEachStretchOfThePastIsWrittenByItself(t *testing.T) {
	s := december(trueDate).proven("2026-11-05", 7).proven("2026-11-06", 5).proven("2026-11-20", 8)
	if err := s.b.at.adjust(s.b.at.lines[0].id, date("2026-11-05"), 0, s.want.UnitPrice); err != nil { // the only day for the two
		t.Fatal(err)
	}
	s.b.memory.Lines[0].Dates = append(s.b.memory.Lines[0].Dates, date("2026-11-05"))
	p := s.planWithPast()
	same(t, "plan", brief(p), []string{"increase 2026-11-20 5→8"})
	same(t, "findings", unbilled(p), []string{"unbilled-difference/line/2026-11-01 | Premium: On 2026-11-05 Microsoft charges up to 2 more than Autotask bills (invoice G11), and Autotask takes one adjustment of a line a day: about 0.67 EUR stay unbilled. | Add a charge for the difference in Autotask. | 0.67 EUR"})
}
