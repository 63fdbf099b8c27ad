package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
)

// ranked gives the ranks of the lines between which units go: "a>b 5, b>c 2" → "a2 b1 c0".
func ranked(way string) string {
	p, m := &planner{movers: map[string]*mover{}}, &move{}
	for i, text := range strings.Split(way, ", ") {
		var units int64
		ends, number, _ := strings.Cut(text, " ")
		if _, err := fmt.Sscan(number, &units); err != nil {
			panic(err)
		}
		from, to, _ := strings.Cut(ends, ">")
		m.transfers = append(m.transfers, transfer{subscription: billing.SubscriptionID(fmt.Sprint("s", i)), units: units, from: from, to: to})
		m.lines = append(m.lines, from, to)
	}
	slices.Sort(m.lines)
	m.lines = slices.Compact(m.lines)
	for _, key := range m.lines {
		p.movers[key] = &mover{}
	}
	p.rank(m)
	var out []string
	for _, key := range m.lines {
		out = append(out, fmt.Sprint(key, p.movers[key].subject.rank))
	}
	return strings.Join(out, " ")
}

// Lines that only take come first, then those that give to them. Lines that swap have no such order: then the one that gives more comes later.
func TestTheOrderOfAMove(t *testing.T) {
	for _, tc := range []struct{ way, want string }{
		{"a>b 5", "a1 b0"},
		{"b>a 5", "a0 b1"},
		{"a>b 5, b>c 2", "a2 b1 c0"},
		{"a>b 5, a>c 2", "a1 b0 c0"},
		{"a>c 5, b>c 2", "a1 b1 c0"},
		{"a>b 5, b>c 2, a>c 1", "a2 b1 c0"},
		{"a>b 1, b>c 1, c>d 1", "a3 b2 c1 d0"},
		{"a>b 5, b>a 3", "a2 b1"}, // a gives more, so it comes later
		{"a>b 3, b>a 5", "a1 b2"},
		{"a>b 5, b>a 5", "a2 b1"},
		{"a>b 4, b>a 1, b>d 5", "a2 b1 d0"},  // b gives six and takes four: a loses more
		{"a>b 9, b>a 4, b>d 20", "a1 b2 d0"}, // b takes nine and gives twenty-four: it loses more
		{"a>b 4, b>c 3, c>a 2", "a3 b2 c1"},
		{"a>b 2, b>c 4, c>a 3", "a1 b3 c2"},
	} {
		if got := ranked(tc.way); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.way, got, tc.want)
		}
	}
}

// Without a circle whoever gives comes after whoever takes from it, whatever the units and the order in which transfers are found.
func TestWhoGivesComesAfterWhoTakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, m := &planner{movers: map[string]*mover{}}, &move{}
		for range rapid.IntRange(1, 8).Draw(t, "transfers") {
			from := rapid.IntRange(0, 4).Draw(t, "from")
			to := rapid.IntRange(from+1, 5).Draw(t, "to")
			m.transfers = append(m.transfers, transfer{units: rapid.Int64Range(1, 9).Draw(t, "units"), from: string(rune('a' + from)), to: string(rune('a' + to))})
			m.lines = append(m.lines, string(rune('a'+from)), string(rune('a'+to)))
		}
		slices.Sort(m.lines)
		m.lines = slices.Compact(m.lines)
		for _, key := range m.lines {
			p.movers[key] = &mover{}
		}
		p.rank(m)
		takes := map[string]bool{}
		for _, tr := range m.transfers {
			if p.movers[tr.from].subject.rank <= p.movers[tr.to].subject.rank {
				t.Fatalf("%s gives to %s and is not later: %v", tr.from, tr.to, m.transfers)
			}
			takes[tr.from] = true
		}
		for _, key := range m.lines {
			if !takes[key] && p.movers[key].subject.rank != 0 {
				t.Fatalf("%s only takes and has rank %d", key, p.movers[key].subject.rank)
			}
		}
	})
}

// What stands beyond what is wanted: on a day once everything up to it has moved, and the least of it from a day on. A line of seven, of which
// five are wanted, with rows that a hand cut.
func TestWhatStandsBeyondWhatIsWanted(t *testing.T) {
	for _, tc := range []struct {
		name   string
		want   int64
		rows   []string
		moves  []moving
		wrote  []Move
		day    string
		excess int64
		least  int64
	}{
		{"nothing moves", 5, []string{"2026-11-15 2026-12-15 7 0"}, nil, nil, "2026-11-20", 2, 2},
		{"too little", 9, []string{"2026-11-15 2026-12-15 7 0"}, nil, nil, "2026-11-20", -2, -2},
		{"less waits", 5, []string{"2026-11-15 2026-12-15 7 0", "2026-12-15 2027-01-15 6 0"}, nil, nil, "2026-11-20", 2, 1},
		{"nothing waits", 5, []string{"2026-11-15 2026-12-15 7 0", "2026-12-15 2027-01-15 0 0"}, nil, nil, "2026-11-20", 2, -5},
		{"less waits, and then more", 5, []string{"2026-11-15 2026-11-25 7 0", "2026-11-25 2026-12-15 6 0", "2026-12-15 2027-01-15 9 0"}, nil, nil, "2026-11-20", 2, 1},
		{"more waits, and then less", 5, []string{"2026-11-15 2026-11-25 7 0", "2026-11-25 2026-12-15 9 0", "2026-12-15 2027-01-15 8 0"}, nil, nil, "2026-11-20", 2, 2},
		{"a day that is over counts as today", 5, []string{"2026-11-15 2026-11-18 9 0", "2026-11-18 2026-12-15 7 0"}, nil, nil, "2026-11-16", 2, 2},
		{"two leave that day", 3, []string{"2026-11-15 2026-12-15 7 0"}, []moving{{Move: Move{"s", -2, date("2026-11-20")}}}, nil, "2026-11-20", 2, 2},
		{"two leave later", 3, []string{"2026-11-15 2026-12-15 7 0"}, []moving{{Move: Move{"s", -2, date("2026-12-15")}}}, nil, "2026-11-20", 2, 2},
		{"three come that day", 8, []string{"2026-11-15 2026-12-15 7 0"}, []moving{{Move: Move{"s", 3, date("2026-11-20")}}}, nil, "2026-11-20", 2, 2},
		{"three cannot come yet", 8, []string{"2026-11-15 2026-12-15 7 0"}, []moving{{Move: Move{"s", 3, billing.Date{}}}}, nil, "2026-11-20", 2, 2},
		{"two were written to leave later", 5, []string{"2026-11-15 2026-12-15 7 0", "2026-12-15 2027-01-15 5 0"}, nil, []Move{{"s", -2, date("2026-12-15")}}, "2026-11-20", 0, 0},
	} {
		s := stepsSubject(t, trueDate, tc.want, tc.rows)
		s.moves = tc.moves
		s.applied = &Applied{LineID: s.line.ID, Moves: tc.wrote}
		if got := s.excess(date(tc.day)); got != tc.excess {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.excess)
		}
		if got := s.excessFrom(date(tc.day)); got != tc.least {
			t.Errorf("%s: %d from then on, want %d", tc.name, got, tc.least)
		}
	}
}
