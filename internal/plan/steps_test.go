package plan

import (
	"fmt"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// The rules of ADR 0003 on rows alone: which dated deltas lead from what the rows say to what is wanted. The day is 20 November, the
// running period 15 November to 14 December.
func TestQuantitySteps(t *testing.T) {
	for _, tc := range []struct {
		name   string
		policy billing.EffectivePolicy
		rows   []string
		want   int64
		steps  string
	}{
		{"as wanted", upNow, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}, 5, ""},
		{"more", upNow, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}, 7, "11-15 5+2"},
		{"fewer", upNow, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}, 3, "12-15 5-2"},
		{"nothing stands yet", upNow, nil, 4, "11-15 0+4"},
		{"changed on the eighteenth, more", upNow, []string{"2026-11-15 2026-11-18 9 900", "2026-11-18 2026-12-15 5 4500", "2026-12-15 2027-01-15 5 5000"}, 8, "11-20 5+3"},
		{"changed and changed back, more", upNow, []string{"2026-11-15 2026-11-17 5 333", "2026-11-17 2026-11-18 6 200", "2026-11-18 2026-12-15 5 4500", "2026-12-15 2027-01-15 5 5000"}, 8, "11-20 5+3"},
		{"a decrease waits and is wanted", upNow, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 3 3000"}, 3, ""},
		{"a decrease waits, fewer still", upNow, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 3 3000"}, 2, "12-16 3-1"},
		{"a decrease waits and is not wanted", upNow, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 3 3000"}, 5, "12-16 3+2"},
		{"a decrease waits, more are wanted", upNow, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 3 3000"}, 6, "11-15 5+1, 12-16 4+2"},
		{"an increase waits and is wanted", nextPeriod, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 7 7000"}, 7, ""},
		{"an increase waits and is not wanted", nextPeriod, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 7 7000"}, 5, "12-16 7-2"},
		{"an increase waits, all is wanted now", upNow, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 7 7000"}, 7, "11-15 5+2, 12-16 9-2"},
		{"true-date: a dip in this period is filled", trueDate, []string{"2026-11-15 2026-11-25 5 1667", "2026-11-25 2026-12-15 3 2000", "2026-12-15 2027-01-15 3 3000"}, 5, "11-26 3+2"},
		{"up-now: a dip before the next period is filled at once, not with the next period", upNow, []string{"2026-11-15 2026-11-25 5 1667", "2026-11-25 2026-12-15 3 2000", "2026-12-15 2027-01-15 3 3000"}, 5, "11-26 3+2"},
		{"true-date: the end leaves what waits", trueDate, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 2 2000"}, 0, "11-20 5-2"},
		{"period-start: fewer", periodStart, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}, 3, "11-15 5-2"},
		{"posted: more", upNow, []string{"2026-11-15 2026-12-15 5 5000 posted", "2026-12-15 2027-01-15 5 5000"}, 7, "12-15 5+2"},
		{"posted: fewer", trueDate, []string{"2026-11-15 2026-12-15 5 5000 posted", "2026-12-15 2027-01-15 5 5000"}, 3, "12-15 5-2"},
		{"posted, a decrease waits, more", upNow, []string{"2026-11-15 2026-12-15 5 5000 posted", "2026-12-15 2027-01-15 3 3000"}, 6, "12-16 3+3"},
		{"both posted: behind them", upNow, []string{"2026-11-15 2026-12-15 5 5000 posted", "2026-12-15 2027-01-15 5 5000 posted"}, 6, "01-15 5+1"},
		{"begins ahead: as written", trueDate, []string{"2026-12-20 2027-01-15 5 4194"}, 5, ""},
		{"begins ahead: more", trueDate, []string{"2026-12-20 2027-01-15 5 4194"}, 6, "12-21 5+1"},
		{"begins ahead: cancelled", trueDate, []string{"2026-12-20 2027-01-15 5 4194"}, 0, "12-21 5-5"},
	} {
		s := stepsSubject(t, tc.policy, tc.want, tc.rows)
		if got := stepText(s.quantitySteps()); got != tc.steps {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.steps)
		}
	}
}

// With a gap in the source the same lines take only what adds (law 2): fails when stepTo forgets onlyAdds.
func TestQuantityStepsThatOnlyAdd(t *testing.T) {
	rows := []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 3 3000"}
	for _, tc := range []struct {
		policy billing.EffectivePolicy
		want   int64
		steps  string
	}{
		{upNow, 6, "11-15 5+1, 12-16 4+2"},
		{upNow, 5, "12-16 3+2"},
		{upNow, 2, ""},
		{upNow, 0, ""},
		{trueDate, 0, ""},
		{periodStart, 4, "12-16 3+1"},
		{nextPeriod, 2, ""},
	} {
		s := stepsSubject(t, tc.policy, tc.want, rows)
		s.onlyAdds = true
		if got := stepText(s.quantitySteps()); got != tc.steps {
			t.Errorf("%s, %d wanted: %q, want %q", tc.policy, tc.want, got, tc.steps)
		}
	}
}

// A line that still has to give away what began elsewhere, and takes something else before its own decreases count: each day has what is wanted on
// it. Fails when what comes is measured before what goes on that day.
func TestQuantityStepsWhileSomethingIsLeftToEnd(t *testing.T) {
	rows := []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}
	for _, tc := range []struct {
		name  string
		want  int64
		comes Move
		steps string
	}{
		{"as much comes that day", 5, Move{"s2", 5, date("2026-11-28")}, ""},
		{"fewer come", 3, Move{"s2", 3, date("2026-11-28")}, "11-28 5-2"},
		{"more come", 8, Move{"s2", 8, date("2026-11-28")}, "11-28 5+3"},
		{"they come the day before", 5, Move{"s2", 5, date("2026-11-27")}, "11-27 5+5, 11-28 10-5"},
		{"they come the day after", 5, Move{"s2", 5, date("2026-11-29")}, "11-28 5-5, 11-29 0+5"},
		{"they come with the next period", 5, Move{"s2", 5, date("2026-12-15")}, "11-28 5-5, 12-15 0+5"},
		{"they cannot come yet", 5, Move{"s2", 5, billing.Date{}}, "11-28 5-5"},
	} {
		s := stepsSubject(t, upNow, tc.want, rows)
		s.moves = []moving{{Move: Move{"s1", -5, date("2026-11-28")}, begun: true}, {Move: tc.comes}}
		if got := stepText(s.quantitySteps()); got != tc.steps {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.steps)
		}
	}
}

func TestPriceSteps(t *testing.T) {
	for _, tc := range []struct {
		name   string
		policy billing.EffectivePolicy
		rows   []string
		want   int64
		cents  int64
		steps  string
	}{
		{"as wanted", upNow, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}, 5, 1000, ""},
		{"dearer", upNow, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}, 5, 1100, "11-15 5+0 at 11.00 EUR"},
		{"dearer and more: one adjustment", upNow, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}, 6, 1100, "11-15 5+1 at 11.00 EUR"},
		{"dearer and fewer: two", upNow, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}, 4, 1100, "11-15 5+0 at 11.00 EUR, 12-15 5-1"},
		{"waits already", nextPeriod, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5500"}, 5, 1100, ""},
		{"waits and is not wanted", upNow, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5500"}, 5, 1000, "12-16 5+0 at 10.00 EUR"},
		{"waits through two periods and is not wanted", upNow, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5500", "2027-01-15 2027-02-15 5 5500"}, 5, 1000, "12-16 5+0 at 10.00 EUR"},
		{"two wait, neither is wanted", upNow, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5500", "2027-01-15 2027-02-15 5 6000"}, 5, 1000, "12-16 5+0 at 10.00 EUR, 01-16 5+0 at 10.00 EUR"},
		{"nothing is left to price", upNow, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}, 0, 1100, "12-15 5-5"},
		{"from nothing it is written with the units", upNow, []string{"2026-11-15 2026-12-15 0 0", "2026-12-15 2027-01-15 0 0"}, 3, 1000, "11-15 0+3 at 10.00 EUR"},
		{"posted", upNow, []string{"2026-11-15 2026-12-15 5 5000 posted", "2026-12-15 2027-01-15 5 5000"}, 5, 1100, "12-15 5+0 at 11.00 EUR"},
		{"after a change in this period it starts on the day", upNow, []string{"2026-11-15 2026-11-18 5 500", "2026-11-18 2026-12-15 6 5400", "2026-12-15 2027-01-15 6 6000"}, 6, 1100, "11-20 6+0 at 11.00 EUR"},
		{"and is repeated behind one that waits inside the next", upNow, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2026-12-20 5 833", "2026-12-20 2027-01-15 6 5000"}, 6, 1100,
			"11-15 5+1 at 11.00 EUR, 12-21 7-1 at 11.00 EUR"},
		{"behind units that begin anew inside this period it is set once more: the next period bills what is set there", trueDate,
			[]string{"2026-11-15 2026-11-23 5 1333", "2026-11-23 2026-11-25 0 0", "2026-11-25 2026-12-15 5 3333", "2026-12-15 2027-01-15 5 5000"}, 5, 1200,
			"11-20 5+0 at 12.00 EUR, 11-24 0+5 at 12.00 EUR, 11-26 10-5 at 12.00 EUR"},
		{"and once more with the next period, when something is adjusted there", trueDate,
			[]string{"2026-11-15 2026-11-23 5 1333", "2026-11-23 2026-11-25 0 0", "2026-11-25 2026-12-15 5 3333", "2026-12-15 2027-01-15 6 6000"}, 5, 1200,
			"11-20 5+0 at 12.00 EUR, 11-24 0+5 at 12.00 EUR, 11-26 10-5 at 12.00 EUR, 12-16 6-1 at 12.00 EUR"},
		{"and behind units that begin anew with the next period", trueDate,
			[]string{"2026-11-15 2026-11-18 5 500", "2026-11-18 2026-12-14 5 4333", "2026-12-14 2026-12-15 0 0", "2026-12-15 2027-01-15 5 5500"}, 5, 1200,
			"11-20 5+0 at 12.00 EUR, 12-16 5+0 at 12.00 EUR"},
	} {
		s := stepsSubject(t, tc.policy, tc.want, tc.rows)
		price := euros(tc.cents)
		s.want.UnitPrice = &price
		if got := stepText(s.priceSteps(s.quantitySteps())); got != tc.steps {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.steps)
		}
	}
}

// A line without units begins on a day that is over: the price comes with the units, and is not set a second time.
func TestUnitsThatBeginAnewBringTheirPriceOnce(t *testing.T) {
	for _, tc := range []struct {
		name    string
		applied int64 // cents that we wrote last; 0 for none
		rows    []string
		prior   []step
		steps   string
	}{
		{"nothing was written", 0, nil, []step{{choice: choice{date: date("2026-10-15")}, delta: 10}}, "10-15 0+10 at 10.00 EUR"},
		{"another price was written", 900, nil, []step{{choice: choice{date: date("2026-10-15")}, delta: 10}}, "10-15 0+10 at 10.00 EUR"},
		{"more of them later", 0, nil, []step{{choice: choice{date: date("2026-10-15")}, delta: 10}, {choice: choice{date: date("2026-10-20")}, before: 10, delta: 2}},
			"10-15 0+10 at 10.00 EUR, 10-20 10+2"},
		{"in the running period", 0, nil, []step{{choice: choice{date: date("2026-11-15")}, delta: 10}}, "11-15 0+10 at 10.00 EUR"},
		{"units that stand keep their price until it is set", 900, []string{"2026-10-15 2026-11-15 5 4500", "2026-11-15 2026-12-15 5 4500"},
			[]step{{choice: choice{date: date("2026-10-20")}, before: 5, delta: 5}}, "10-20 5+5, 11-15 10+0 at 10.00 EUR"},
	} {
		s := stepsSubject(t, upNow, 10, tc.rows)
		price, wrote := euros(1000), euros(tc.applied)
		s.want.UnitPrice = &price
		if tc.applied > 0 {
			s.applied = &Applied{UnitPrice: &wrote}
		}
		if got := stepText(s.priceSteps(tc.prior)); got != tc.steps {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.steps)
		}
	}
}

// stepsSubject is a line of 20 November that shows the rows.
func stepsSubject(t *testing.T, policy billing.EffectivePolicy, units int64, rows []string) *subject {
	t.Helper()
	want := &billing.DesiredLine{Key: "line", CustomerID: "c1", Units: units, Policy: policy, Since: date("2026-03-10")}
	s := rowsSubject(t, month, month, rows...)
	s.want, s.found, s.isOurs = want, true, true
	s.contract.End = date("2029-01-14")
	newPlanner(Input{Desired: billing.Desired{Day: date("2026-11-20")}}).wind(s)
	return s
}

func stepText(steps []step) string {
	var out []string
	for _, st := range steps {
		one := fmt.Sprintf("%s %d%+d", strings.SplitN(st.choice.date.String(), "-", 2)[1], st.before, st.delta)
		if st.price != nil {
			one += " at " + st.price.String()
		}
		out = append(out, one)
	}
	return strings.Join(out, ", ")
}

// What a hand did since the last apply is somebody's decision (law 7): what counts as one, and what the hold says.
func TestWhatCountsAsDrift(t *testing.T) {
	ten, eleven, twelve := euros(1000), euros(1100), euros(1200)
	whole := func(units, cents int64) []string {
		return []string{fmt.Sprintf("2026-11-15 2026-12-15 %d %d", units, cents), fmt.Sprintf("2026-12-15 2027-01-15 %d %d", units, cents)}
	}
	for _, tc := range []struct {
		name    string
		rows    []string
		applied Applied
		units   int64
		price   *money.Amount
		want    []string
	}{
		{"as we wrote it", whole(5, 5000), Applied{Units: 5, UnitPrice: &ten}, 7, &ten, nil},
		{"another quantity", whole(6, 6000), Applied{Units: 5, UnitPrice: &ten}, 7, &ten, []string{"Spindle wrote 5, Autotask now has 6, Microsoft says 7"}},
		{"another quantity, the one that is wanted", whole(7, 7000), Applied{Units: 5, UnitPrice: &ten}, 7, &ten, nil},
		{"another price", whole(5, 5500), Applied{Units: 5, UnitPrice: &ten}, 5, &twelve, []string{"Spindle wrote 10.00 EUR, Autotask now has 11.00 EUR, the rules say 12.00 EUR"}},
		{"another price, the one that is wanted", whole(5, 5500), Applied{Units: 5, UnitPrice: &ten}, 5, &eleven, nil},
		{"another price, Autotask is the authority", whole(5, 5500), Applied{Units: 5, UnitPrice: &ten}, 5, nil, nil},
		{"we never wrote a price", whole(5, 5500), Applied{Units: 5}, 5, &twelve, nil},
		{"both", whole(6, 6600), Applied{Units: 5, UnitPrice: &ten}, 7, &twelve,
			[]string{"Spindle wrote 5, Autotask now has 6, Microsoft says 7", "Spindle wrote 10.00 EUR, Autotask now has 11.00 EUR, the rules say 12.00 EUR"}},
		{"ours waits: the rows of its day count", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 3 3000"},
			Applied{Units: 3, UnitPrice: &ten, From: date("2026-12-15")}, 4, &ten, nil},
		{"and were changed by hand", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 2 2000"},
			Applied{Units: 3, UnitPrice: &ten, From: date("2026-12-15")}, 4, &ten, []string{"Spindle wrote 3, Autotask now has 2, Microsoft says 4"}},
	} {
		s := stepsSubject(t, upNow, tc.units, tc.rows)
		s.want.UnitPrice = tc.price
		tc.applied.LineKey, tc.applied.LineID = "line", "1"
		s.applied, s.line.ID = &tc.applied, "1"
		p := newPlanner(Input{Desired: billing.Desired{Day: date("2026-11-20")}})
		var why []string
		for _, h := range p.driftHolds(s) {
			if h.Policy != "hold-on-drift" || h.Blocks {
				t.Errorf("%s: %+v", tc.name, h)
			}
			why = append(why, h.Why)
		}
		same(t, tc.name, why, tc.want)
		if len(p.findings) != len(tc.want) {
			t.Errorf("%s: findings %v", tc.name, p.findings)
		}
		s.line.ID = "2" // another line than the one we wrote: nothing to compare
		if holds := p.driftHolds(s); len(holds) > 0 {
			t.Errorf("%s: another line drifted: %v", tc.name, holds)
		}
	}
}
