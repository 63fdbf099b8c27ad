package plan

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
)

// What is known of a line, step by step: each row is one more adjustment that was applied.
func TestWhatIsKnownStepByStep(t *testing.T) {
	price := func(cents int64) *Adjustment { p := euros(cents); return &Adjustment{UnitPrice: &p} }
	units := func(delta int64) *Adjustment { return &Adjustment{UnitChange: delta} }
	old := euros(1000)
	a := Applied{LineKey: "line", Units: 5, UnitPrice: &old, From: date("2026-03-15"), Dates: []billing.Date{date("2026-03-15")}}
	for _, step := range []struct {
		name    string
		on      string
		adjust  *Adjustment
		after   int64
		want    string
		takenOn string
	}{
		{"two more", "2026-04-20", units(2), 7, "7 at 10.00 EUR from 2026-04-20", "[2026-03-15 2026-04-20]"},
		{"three fewer, ahead", "2026-05-15", units(-3), 4, "4 at 10.00 EUR from 2026-05-15", "[2026-03-15 2026-04-20 2026-05-15]"},
		{"one more now moves what waits", "2026-04-25", units(1), 8, "5 at 10.00 EUR from 2026-05-15", "[2026-03-15 2026-04-20 2026-04-25 2026-05-15]"},
		{"a price now holds then as well", "2026-04-26", price(1200), 8, "5 at 12.00 EUR from 2026-05-15", "[2026-03-15 2026-04-20 2026-04-25 2026-04-26 2026-05-15]"},
		{"a price later", "2026-06-15", price(1300), 5, "5 at 13.00 EUR from 2026-06-15", "[2026-03-15 2026-04-20 2026-04-25 2026-04-26 2026-05-15 2026-06-15]"},
		{"a hand took one, and one more on the very day", "2026-06-15", units(1), 5, "5 at 13.00 EUR from 2026-06-15", "[2026-03-15 2026-04-20 2026-04-25 2026-04-26 2026-05-15 2026-06-15 2026-06-15]"},
		{"the end", "2026-07-15", units(-5), 0, "0 at 13.00 EUR from 2026-07-15", "[2026-03-15 2026-04-20 2026-04-25 2026-04-26 2026-05-15 2026-06-15 2026-06-15 2026-07-15]"},
	} {
		before := fmt.Sprint(a.Dates)
		dates := a.Dates
		a = a.After(Change{Effective: date(step.on), Adjust: step.adjust, After: State{Units: step.after}})
		if got := fmt.Sprintf("%d at %s from %s", a.Units, a.UnitPrice, a.From); got != step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
		if got := fmt.Sprint(a.Dates); got != step.takenOn {
			t.Errorf("%s: days %s, want %s", step.name, got, step.takenOn)
		}
		if fmt.Sprint(dates) != before {
			t.Errorf("%s: the days of the step before were changed to %v", step.name, dates)
		}
	}
}

// A price that the rows told is learned with the change; one that nobody knew stays unknown.
func TestThePriceThatIsLearned(t *testing.T) {
	eight, nine := euros(800), euros(900)
	for _, tc := range []struct {
		name         string
		known, after *Change
		want         string
	}{
		{"nobody knew", nil, &Change{After: State{Units: 6}}, "-"},
		{"the rows told it", nil, &Change{After: State{Units: 6, UnitPrice: &eight}}, "8.00 EUR"},
		{"the rows tell another one", &Change{After: State{UnitPrice: &nine}}, &Change{After: State{Units: 6, UnitPrice: &eight}}, "8.00 EUR"},
		{"what was known stays", &Change{After: State{UnitPrice: &nine}}, &Change{After: State{Units: 6}}, "9.00 EUR"},
	} {
		a := Applied{Units: 5, From: date("2026-03-15")}
		if tc.known != nil {
			a.UnitPrice = tc.known.After.UnitPrice
		}
		tc.after.Effective, tc.after.Adjust = date("2026-04-20"), &Adjustment{UnitChange: 1}
		if got := amountText(a.After(*tc.after).UnitPrice); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// In whatever order adjustments are applied, the units known are those of the latest day, and every day is remembered once, in order.
// Fails when an adjustment of an earlier day is taken for the latest.
func TestTheOrderOfAdjustmentsDoesNotMatterForUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := date("2026-03-15")
		level := func(deltas map[int]int64, day int) int64 {
			sum := int64(50)
			for d, delta := range deltas {
				if d <= day {
					sum += delta
				}
			}
			return sum
		}
		a := Applied{Units: 50, From: first, Dates: []billing.Date{first}}
		deltas, latest := map[int]int64{}, 0
		for range rapid.IntRange(1, 8).Draw(t, "adjustments") {
			day := rapid.IntRange(1, 90).Draw(t, "day")
			if _, taken := deltas[day]; taken {
				continue
			}
			deltas[day] = rapid.Int64Range(-5, 5).Draw(t, "delta")
			latest = max(latest, day)
			a = a.After(Change{Effective: first.AddDays(day), Adjust: &Adjustment{UnitChange: deltas[day]}, After: State{Units: level(deltas, day)}})
		}
		if a.Units != level(deltas, latest) || a.From != first.AddDays(latest) {
			t.Fatalf("%d from %s, want %d from %s", a.Units, a.From, level(deltas, latest), first.AddDays(latest))
		}
		if len(a.Dates) != len(deltas)+1 {
			t.Fatalf("days %v of %v", a.Dates, deltas)
		}
		for i := 1; i < len(a.Dates); i++ {
			if !a.Dates[i-1].Before(a.Dates[i]) {
				t.Fatalf("days out of order: %v", a.Dates)
			}
		}
	})
}

// Whose units a line holds is only known while they add up to what stands: a list that does not is of another day and is not taken over, or a later
// move would take off what was never there.
func TestWhoseUnitsAreLearned(t *testing.T) {
	shares := func(text string) []billing.Share { return whose(text) }
	for _, tc := range []struct {
		name  string
		known string
		units int64
		c     Change
		want  string
	}{
		{"they add up", "s1:5", 5, Change{Effective: date("2026-11-15"), Adjust: &Adjustment{UnitChange: 2}, After: State{Units: 7}, Shares: shares("s1:5 s2:2")}, "[{s1 5} {s2 2}]"},
		{"they do not", "s1:5", 5, Change{Effective: date("2026-11-15"), Adjust: &Adjustment{UnitChange: 2}, After: State{Units: 7}, Shares: shares("s1:6")}, "[{s1 5}]"},
		{"a mark tells them too", "", 5, Change{Kind: MarkLine, Shares: shares("s1:5")}, "[{s1 5}]"},
		{"a mark of a line with other units does not", "", 4, Change{Kind: MarkLine, Shares: shares("s1:5")}, "[]"},
		{"nothing is left of it", "s1:5", 5, Change{Effective: date("2026-11-15"), Adjust: &Adjustment{UnitChange: -5}}, "[]"},
		{"what moved, while the rest waits", "s1:5 s2:2", 7, Change{Effective: date("2026-11-15"), Adjust: &Adjustment{UnitChange: -5}, After: State{Units: 2}, Shares: shares("s2:3"), Moves: []Move{{"s1", -5, date("2026-11-15")}}}, "[{s1 0} {s2 2}]"},
	} {
		a := Applied{Units: tc.units, Shares: shares(tc.known), From: date("2026-10-15")}.After(tc.c)
		if got := fmt.Sprint(a.Shares); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
		if len(tc.c.Shares) > 0 && len(a.Shares) > 0 && &a.Shares[0] == &tc.c.Shares[0] {
			t.Errorf("%s: the list of the change is kept, not a copy", tc.name)
		}
	}
	one := Applied{Moves: []Move{{"s1", 1, date("2026-11-15")}, {"s1", -1, date("2026-11-20")}}}
	if got := one.cameOn("s1"); got != date("2026-11-15") {
		t.Errorf("one seat came on %s", got)
	}
}
