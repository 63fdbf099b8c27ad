package plan

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// stepsAt reads "2026-11-25 -4" as steps.
func stepsAt(t *testing.T, texts ...string) []step {
	t.Helper()
	var steps []step
	for _, text := range texts {
		var day string
		var delta int64
		if _, err := fmt.Sscan(text, &day, &delta); err != nil {
			t.Fatalf("step %q: %v", text, err)
		}
		steps = append(steps, step{choice: choice{date: date(day)}, delta: delta})
	}
	return steps
}

// The least that stands from a day on bounds what may be taken off that day: Autotask refuses an adjustment after which any later row falls below
// zero (sheet §6.3 no. 7). It lies where a row begins or where an earlier step of the same plan takes something off.
func TestTheLeastThatStands(t *testing.T) {
	even := []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}
	dips := []string{"2026-11-15 2026-11-25 5 1667", "2026-11-25 2026-12-15 2 1333", "2026-12-15 2027-01-15 5 5000"}
	for _, tc := range []struct {
		name  string
		rows  []string
		steps []string
		day   string
		want  int64
	}{
		{"nothing stands", nil, nil, "2026-11-20", 0},
		{"as much on every day", even, nil, "2026-11-20", 5},
		{"a row further on has less", dips, nil, "2026-11-20", 2},
		{"that row's own day", dips, nil, "2026-11-25", 2},
		{"behind it", dips, nil, "2026-12-15", 5},
		{"a step of the day", even, []string{"2026-11-20 -3"}, "2026-11-20", 2},
		{"a step before the day", even, []string{"2026-11-16 -3"}, "2026-11-20", 2},
		{"a step inside a row further on", even, []string{"2026-11-25 -4"}, "2026-11-20", 1},
		{"a step inside the last row", even, []string{"2026-12-20 -4"}, "2026-11-20", 1},
		{"a step behind all rows", even, []string{"2027-02-01 -4"}, "2026-11-20", 1},
		{"a step that is taken back before the next row", even, []string{"2026-11-25 -4", "2026-11-28 4"}, "2026-11-20", 1},
		{"it counts no more on the day it is taken back", even, []string{"2026-11-25 -4", "2026-11-28 4"}, "2026-11-28", 5},
		{"a row and a step together", dips, []string{"2026-11-26 -1"}, "2026-11-20", 1},
		{"an increase before the row that has less", dips, []string{"2026-11-20 2"}, "2026-11-20", 4},
		{"never below nothing", dips, []string{"2026-11-26 -3"}, "2026-11-20", 0},
	} {
		s := rowsSubject(t, month, month, tc.rows...)
		if got := s.lowest(stepsAt(t, tc.steps...), date(tc.day)); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.want)
		}
	}
}

// A step takes no more than what every later day leaves it, whether a row or a step of the plan leaves it there.
func TestAStepTakesOnlyWhatLaterDaysLeave(t *testing.T) {
	even := []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}
	for _, tc := range []struct {
		name  string
		want  int64
		steps []string
		adds  bool
		text  string
	}{
		{"nothing waits", 2, nil, false, "11-20 5-3"},
		{"a decrease waits inside this period", 2, []string{"2026-11-25 -4"}, false, "11-20 5-1, 11-25 4-4"},
		{"a decrease waits in the next one", 0, []string{"2026-12-20 -4"}, false, "11-20 5-1, 12-20 4-4"},
		{"all of it waits", 2, []string{"2026-11-25 -5"}, false, "11-25 5-5"},
		{"an increase of the day is lessened", 4, []string{"2026-11-20 2"}, false, "11-20 5-1"},
		{"an increase of the day is taken back", 5, []string{"2026-11-20 2"}, false, ""},
		{"more", 7, []string{"2026-11-25 -4"}, false, "11-20 5+2, 11-25 7-4"},
		{"less, and the source has gaps", 2, nil, true, ""},
		{"more, and the source has gaps", 7, nil, true, "11-20 5+2"},
	} {
		s := rowsSubject(t, month, month, even...)
		s.want.Units, s.onlyAdds, s.clock.day = tc.want, tc.adds, date("2026-11-20")
		steps := s.stepTo(stepsAt(t, tc.steps...), choice{date: date("2026-11-20")})
		s.putInOrder(steps)
		got := stepText(steps)
		if got != tc.text {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.text)
		}
	}
}

// Two halves of moves that end on different days of one line, in whatever order they are found: the earlier day comes first, and the later one
// starts from what it leaves. The other way round the plan would want to write the later day first and could not be applied.
func TestHalvesOfMovesAreWrittenOldestFirst(t *testing.T) {
	half := func(id billing.SubscriptionID, units int64, day string) moving {
		return moving{Move: Move{id, units, date(day)}, why: "the day it began on its new line", begun: true}
	}
	for _, tc := range []struct {
		name   string
		policy billing.EffectivePolicy
		moves  []moving
		want   int64
		steps  string
	}{
		{"both before today", trueDate, []moving{half("s1", -2, "2026-11-18"), half("s2", -3, "2026-11-16")}, 0, "11-16 5-3, 11-18 2-2"},
		{"one before today and one ahead", trueDate, []moving{half("s1", -2, "2026-11-25"), half("s2", -3, "2026-11-16")}, 0, "11-16 5-3, 11-25 2-2"},
		{"both ahead", trueDate, []moving{half("s1", -2, "2026-11-28"), half("s2", -3, "2026-11-25")}, 0, "11-25 5-3, 11-28 2-2"},
		{"on one day they are one adjustment", trueDate, []moving{half("s1", -2, "2026-11-18"), half("s2", -3, "2026-11-18")}, 0, "11-18 5-5"},
		{"one comes on the day the other goes", trueDate, []moving{half("s1", -3, "2026-11-18"), half("s2", 3, "2026-11-18")}, 5, ""},
		{"one comes before the other goes", trueDate, []moving{half("s1", -3, "2026-11-18"), half("s2", 4, "2026-11-16")}, 6, "11-16 5+4, 11-18 9-3"},
		{"the end counts from its own day, whatever the policy says of a decrease", upNow, []moving{half("s1", -5, "2026-11-18")}, 0, "11-18 5-5"},
		{"and so does what comes", nextPeriod, []moving{half("s1", 4, "2026-11-18")}, 9, "11-18 5+4"},
	} {
		for range 2 {
			s := stepsSubject(t, tc.policy, tc.want, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"})
			s.moves = tc.moves
			if got := stepText(s.quantitySteps()); got != tc.steps {
				t.Errorf("%s: %q, want %q", tc.name, got, tc.steps)
			}
			slices.Reverse(tc.moves)
		}
	}
}

// dated is a line with rows, cut anywhere, and what is wanted of it: what the rules on one line see.
type dated struct {
	policy billing.EffectivePolicy
	period billing.PeriodType
	start  billing.Date
	rows   []billing.UnitRow
	units  int64
	adds   bool
}

func drawDated(t *rapid.T) dated {
	d := dated{policy: pick(t, "policy", billing.EffectivePolicies()...), period: pick(t, "period", month, month, billing.PeriodQuarter), start: pick(t, "start", date("2026-01-15"), date("2026-01-31"), date("2026-11-20")),
		units: rapid.Int64Range(0, 6).Draw(t, "wanted"), adds: rapid.IntRange(0, 4).Draw(t, "gap") == 0}
	day := date("2026-11-20")
	current := d.period.PeriodAt(d.start, billing.Later(day, d.start))
	next := d.period.PeriodAt(d.start, current.End)
	posted := rapid.IntRange(0, 3).Draw(t, "posted") // none, none, the first period, both
	for i, p := range []billing.Period{current, next} {
		from := p.Start
		for from.Before(p.End) {
			to := p.End
			if cut := from.AddDays(rapid.IntRange(1, 60).Draw(t, "cut")); cut.Before(to) {
				to = cut
			}
			d.rows = append(d.rows, billing.UnitRow{Period: billing.Period{Start: from, End: to}, Units: rapid.Int64Range(0, 6).Draw(t, "units"), Price: euros(0), Posted: posted-2 >= i && posted > 1})
			from = to
		}
	}
	return d
}

func (d dated) subject() *subject {
	price := euros(1000)
	s := &subject{want: &billing.DesiredLine{Key: "line", CustomerID: "c1", Units: d.units, Policy: d.policy, UnitPrice: &price, Since: d.start}, applied: &Applied{}, found: true, isOurs: true,
		line: &billing.ContractService{ID: "1", Rows: d.rows}, contract: &billing.Contract{Start: d.start, End: date("2030-01-14"), PeriodType: d.period}, service: &billing.Service{PeriodType: d.period}}
	for i := range d.rows {
		d.rows[i].Price = price.Mul(money.Int(d.rows[i].Units))
	}
	p := newPlanner(Input{Desired: billing.Desired{Day: date("2026-11-20")}})
	p.gaps["c1"] = d.adds
	p.wind(s)
	return s
}

// The laws of the steps that bring a line to what is wanted, on any rows: each starts from what the ones before it leave, no day holds two or one
// of Spindle's beside one that is there, none lies in a posted period or before the contract, no day ever falls below zero, and what stands behind
// all of them is what is wanted; with a gap in the source none takes anything off (laws 2 and 8, sheet §6.3).
func TestLawsOfQuantitySteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDated(t)
		s := d.subject()
		steps := s.quantitySteps()
		until := s.clock.sight().AddDays(40)
		for i, st := range steps {
			day := st.choice.date
			switch {
			case st.delta == 0:
				t.Fatalf("step %d of %s changes nothing", i, stepText(steps))
			case day.Before(s.contract.Start) || day.Before(s.clock.postedTo):
				t.Fatalf("%s: %s lies before the contract, or in what is posted up to %s", stepText(steps), day, s.clock.postedTo)
			case d.adds && st.delta < 0:
				t.Fatalf("law 2: %s", stepText(steps))
			}
			for _, other := range steps[:i] {
				if other.choice.date == day {
					t.Fatalf("two on one day: %s", stepText(steps))
				}
			}
			for _, taken := range s.clock.taken {
				if taken == day {
					t.Fatalf("%s: %s is taken", stepText(steps), day)
				}
			}
			if before := s.unitsAt(day) + sumUntil(steps[:i], day); before != st.before {
				t.Fatalf("%s: there are %d on %s", stepText(steps), before, day)
			}
		}
		for day := s.clock.day; day.Before(until); day = day.AddDays(1) {
			if least := s.unitsAt(day) + sumUntil(steps, day); least < 0 {
				t.Fatalf("%d on %s after %s", least, day, stepText(steps))
			}
			if s.lowest(steps, day) != bruteLowest(s, steps, day, until) {
				t.Fatalf("from %s on at least %d, counted %d", day, s.lowest(steps, day), bruteLowest(s, steps, day, until))
			}
		}
		last := s.unitsAt(until) + sumUntil(steps, until)
		if last < d.units || last > d.units && !d.adds {
			t.Fatalf("%d stand in the end, %d are wanted: %s", last, d.units, stepText(steps))
		}
	})
}

// bruteLowest looks at every day.
func bruteLowest(s *subject, steps []step, from, until billing.Date) int64 {
	least := s.unitsAt(from) + sumUntil(steps, from)
	for day := from; day.Before(until); day = day.AddDays(1) {
		least = min(least, s.unitsAt(day)+sumUntil(steps, day))
	}
	return max(least, 0)
}
