package plan

import (
	"fmt"
	"testing"

	"spindle/internal/billing"
)

// What was written to begin ahead under a policy stays on its day when the policy is changed: nothing that a clerk has approved moves because of a
// setting. It is the day of what was written last, or of what earlier days still bring, as long as exactly what is wanted stands from then on.
func TestWhatBeginsAheadKeepsItsDay(t *testing.T) {
	ahead := []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 7 7000"}
	old := []billing.FormerPolicy{{Policy: nextPeriod, Until: date("2026-11-10")}}
	for _, tc := range []struct {
		name     string
		wrote    billing.EffectivePolicy
		from     string
		formerly []billing.FormerPolicy
		rows     []string
		want     int64
		set      func(*subject)
		day      string
	}{
		{"the policy was changed since", nextPeriod, "2026-12-15", nil, ahead, 7, nil, "2026-12-15"},
		{"it was not", upNow, "2026-12-15", nil, ahead, 7, nil, ""},
		{"nobody knows by which policy it was written", "", "2026-12-15", nil, ahead, 7, nil, ""},
		{"written under this policy, after another one", upNow, "2026-12-15", old, ahead, 7, nil, "2026-12-15"},
		{"another quantity is wanted", nextPeriod, "2026-12-15", nil, ahead, 8, nil, ""},
		{"it begins today", nextPeriod, "2026-11-20", nil, []string{"2026-11-15 2026-11-20 5 833", "2026-11-20 2026-12-15 7 6000", "2026-12-15 2027-01-15 7 7000"}, 7, nil, ""},
		{"it begins tomorrow", nextPeriod, "2026-11-21", nil, []string{"2026-11-15 2026-11-21 5 833", "2026-11-21 2026-12-15 7 6000", "2026-12-15 2027-01-15 7 7000"}, 7, nil, "2026-11-21"},
		{"it has begun", nextPeriod, "2026-11-15", nil, []string{"2026-11-15 2026-12-15 7 7000", "2026-12-15 2027-01-15 7 7000"}, 7, nil, ""},
		{"another line was written", nextPeriod, "2026-12-15", nil, ahead, 7, func(s *subject) { s.applied.LineID = "2" }, ""},
		{"units move", nextPeriod, "2026-12-15", nil, ahead, 7, func(s *subject) { s.moves = []moving{{Move: Move{"s1", 2, date("2026-12-15")}}} }, ""},
		{"what earlier days bring begins behind it", nextPeriod, "2026-12-15", nil, ahead, 8, func(s *subject) { s.prior = stepsAt(t, "2026-12-20 1") }, "2026-12-20"},
		{"and before it", nextPeriod, "2026-12-15", nil, ahead, 8, func(s *subject) { s.prior = stepsAt(t, "2026-11-18 1") }, "2026-12-15"},
		{"and is not all that is wanted", nextPeriod, "2026-12-15", nil, ahead, 9, func(s *subject) { s.prior = stepsAt(t, "2026-12-20 1") }, ""},
	} {
		s := stepsSubject(t, upNow, tc.want, tc.rows)
		s.line.ID, s.clock.formerly = "1", tc.formerly
		s.applied = &Applied{LineID: "1", Policy: tc.wrote, From: date(tc.from)}
		if tc.set != nil {
			tc.set(s)
		}
		if got := s.waits().String(); got != tc.day {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.day)
		}
	}
}

// Where the quantity of a line may turn: on the first days of rows that are not posted and on the days units move, each once, in order.
func TestWhereAQuantityTurns(t *testing.T) {
	even := []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}
	move := func(day string) moving { return moving{Move: Move{"s1", 2, date(day)}, why: "moves"} }
	for _, tc := range []struct {
		name        string
		rows        []string
		moves       []moving
		after, from string // of rows and of moves
		want        string
	}{
		{"a row that begins further on", even, nil, "2026-11-20", "2026-11-20", "[2026-12-15 what waits there is no longer wanted]"},
		{"a row that begins on the day itself", even, nil, "2026-12-15", "2026-11-20", "[]"},
		{"a row that is posted", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000 posted"}, nil, "2026-11-20", "2026-11-20", "[]"},
		{"a row that an adjustment began", []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 7 7000"}, nil, "2026-11-20", "2026-11-20",
			"[2026-12-16 2026-12-15 already has an adjustment of this line and Autotask takes one a day]"},
		{"units that move further on", even, []moving{move("2026-12-01")}, "2026-12-15", "2026-11-20", "[2026-12-01 ]"},
		{"units that move on the day itself", even, []moving{move("2026-11-20")}, "2026-12-15", "2026-11-20", "[]"},
		{"units that move where a row begins", even, []moving{move("2026-12-15")}, "2026-11-20", "2026-11-20", "[2026-12-15 what waits there is no longer wanted]"},
		{"two that move on one day", even, []moving{move("2026-12-01"), move("2026-12-01")}, "2026-12-15", "2026-11-20", "[2026-12-01 ]"},
		{"units that move before a row begins", even, []moving{move("2026-12-20"), move("2026-12-01")}, "2026-11-20", "2026-11-20",
			"[2026-12-01  2026-12-15 what waits there is no longer wanted 2026-12-20 ]"},
		{"units that cannot move yet", even, []moving{{Move: Move{"s1", 2, billing.Date{}}}}, "2026-12-15", "2026-11-20", "[]"},
	} {
		s := stepsSubject(t, upNow, 5, tc.rows)
		s.moves = tc.moves
		var got []string
		for _, ch := range s.turns(nil, date(tc.after), date(tc.from)) {
			got = append(got, fmt.Sprint(ch.date, " ", ch.because()))
		}
		if fmt.Sprint(got) != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// A line that stands without units begins where it is to begin, not before: neither when it was only attached, nor when a beginning of this period
// was taken back and another one lies ahead.
func TestALineWithoutUnitsBeginsOnItsDay(t *testing.T) {
	cancelled := []string{"2026-11-15 2026-11-17 5 333", "2026-11-17 2026-12-15 0 0", "2026-12-15 2027-01-15 0 0"}
	for _, tc := range []struct {
		name   string
		policy billing.EffectivePolicy
		rows   []string
		steps  string
	}{
		{"attached only", trueDate, nil, "12-20 0+5"},
		{"attached only, from the start of the period", periodStart, nil, "12-15 0+5"},
		{"taken back", trueDate, cancelled, "12-20 0+5"},
		{"taken back, from the start of the period", periodStart, cancelled, "12-15 0+5"},
		{"taken back, from the start of the period, less later", upNow, cancelled, "12-15 0+5"},
		{"taken back, from the next period on", nextPeriod, cancelled, "01-15 0+5"},
	} {
		s := stepsSubject(t, tc.policy, 5, tc.rows)
		s.clock.since = date("2026-12-20")
		if got := stepText(s.quantitySteps()); got != tc.steps {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.steps)
		}
	}
}
