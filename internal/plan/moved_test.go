package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
)

// Whose units a line holds is carried along by moves: what leaves is taken off, what comes is put on, nothing falls below zero, and the list
// that was given stays as it was.
func TestSharesFollowMoves(t *testing.T) {
	given := Applied{Units: 5, Shares: []billing.Share{{SubscriptionID: "s1", Units: 5}}, Moves: []Move{{"s1", 5, date("2026-10-01")}}}
	for _, tc := range []struct {
		name  string
		moves []Move
		want  string
	}{
		{"none", nil, "[{s1 5}] [{s1 5 2026-10-01}]"},
		{"two leave", []Move{{"s1", -2, date("2026-11-01")}}, "[{s1 3}] [{s1 5 2026-10-01} {s1 -2 2026-11-01}]"},
		{"all leave", []Move{{"s1", -5, date("2026-11-01")}}, "[{s1 0}] [{s1 5 2026-10-01} {s1 -5 2026-11-01}]"},
		{"more than there were", []Move{{"s1", -6, date("2026-11-01")}}, "[{s1 0}] [{s1 5 2026-10-01} {s1 -6 2026-11-01}]"},
		{"another one comes", []Move{{"s2", 4, date("2026-11-01")}}, "[{s1 5} {s2 4}] [{s1 5 2026-10-01} {s2 4 2026-11-01}]"},
		{"one comes and one goes, on an earlier day", []Move{{"s2", 4, date("2026-09-01")}, {"s1", -5, date("2026-09-01")}}, "[{s1 0} {s2 4}] [{s2 4 2026-09-01} {s1 -5 2026-09-01} {s1 5 2026-10-01}]"},
	} {
		a := given.moved(tc.moves)
		if got := fmt.Sprint(a.Shares, a.Moves); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
		if fmt.Sprint(given.Shares, given.Moves) != "[{s1 5}] [{s1 5 2026-10-01}]" {
			t.Fatalf("%s: what was given is %v, %v", tc.name, given.Shares, given.Moves)
		}
	}
	a := given.moved([]Move{{"s2", 4, date("2026-11-01")}, {"s1", -1, date("2026-12-01")}})
	for id, want := range map[billing.SubscriptionID]string{"s1": "4 true 2026-10-01", "s2": "4 true 2026-11-01", "s3": "0 false "} {
		if got := fmt.Sprint(a.share(id), a.hadShare(id), a.cameOn(id)); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	if gone := given.moved([]Move{{"s1", -5, date("2026-11-01")}}); !gone.hadShare("s1") {
		t.Error("who was on the line and left was on it")
	}
}

// Since when Spindle answers for a line's rows: the first adjustment under the policy in force.
func TestSinceWhenSpindleAnswers(t *testing.T) {
	adjust := func(day string, policy billing.EffectivePolicy) Change {
		return Change{Effective: date(day), Policy: policy, Adjust: &Adjustment{UnitChange: 1}, After: State{Units: 1}}
	}
	for _, tc := range []struct {
		name  string
		given Applied
		c     Change
		want  string
	}{
		{"the first adjustment", Applied{}, adjust("2026-11-15", upNow), "2026-11-15 up-now-down-next [2026-11-15]"},
		{"the second one", Applied{Since: date("2026-10-15"), From: date("2026-10-15"), Policy: upNow, Dates: []billing.Date{date("2026-10-15")}, Turned: []billing.Date{date("2026-10-15")}},
			adjust("2026-11-15", upNow), "2026-10-15 up-now-down-next [2026-10-15 2026-11-15]"},
		{"under another policy", Applied{Since: date("2026-10-15"), From: date("2026-10-15"), Policy: upNow}, adjust("2026-11-20", trueDate), "2026-11-20 true-date [2026-11-20]"},
		{"after one that an earlier version wrote", Applied{From: date("2026-10-15")}, adjust("2026-11-15", upNow), "2026-10-15 up-now-down-next [2026-11-15]"},
	} {
		a := tc.given.After(tc.c)
		if got := fmt.Sprint(a.Since, " ", a.Policy, " ", a.Turned); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	if a := (Applied{}).After(Change{Effective: date("2026-11-15"), Adjust: &Adjustment{}}); len(a.Turned) != 0 || len(a.Dates) != 1 {
		t.Errorf("a price alone turns no quantity: %v, %v", a.Turned, a.Dates)
	}
}

// What is wanted while units come and go: up to the day of a move they count where they are; what waits without a day does not count at all.
func TestWhatIsWantedWhileUnitsMove(t *testing.T) {
	line := &billing.ContractService{ID: "1"}
	move := func(units int64, day string) moving {
		m := moving{Move: Move{"s", units, billing.Date{}}}
		if day != "" {
			m.Day = date(day)
		}
		return m
	}
	for _, tc := range []struct {
		name    string
		want    int64
		moves   []moving
		written []Move
		on      map[string]int64
	}{
		{"nothing moves", 5, nil, nil, map[string]int64{"2026-11-20": 5, "2026-12-15": 5}},
		{"three come", 5, []moving{move(3, "2026-12-15")}, nil, map[string]int64{"2026-11-20": 2, "2026-12-14": 2, "2026-12-15": 5}},
		{"three go", 2, []moving{move(-3, "2026-12-15")}, nil, map[string]int64{"2026-11-20": 5, "2026-12-14": 5, "2026-12-15": 2}},
		{"three cannot come yet", 5, []moving{move(3, "")}, nil, map[string]int64{"2026-11-20": 2, "2027-12-15": 2}},
		{"more come than are wanted in all", 2, []moving{move(3, "2026-12-15")}, nil, map[string]int64{"2026-11-20": 0, "2026-12-15": 2}},
		{"three are written to come", 5, nil, []Move{{"s", 3, date("2026-12-15")}}, map[string]int64{"2026-11-20": 2, "2026-11-01": 2, "2026-12-15": 5}},
		{"three came yesterday", 5, nil, []Move{{"s", 3, date("2026-11-19")}}, map[string]int64{"2026-11-20": 5, "2026-11-01": 5}},
	} {
		s := &subject{want: &billing.DesiredLine{Units: tc.want}, line: line, applied: &Applied{LineID: "1", Moves: tc.written}, moves: tc.moves, clock: clock{day: date("2026-11-20")}}
		for day, want := range tc.on {
			if got := s.wantAt(date(day)); got != want {
				t.Errorf("%s: %d on %s, want %d", tc.name, got, day, want)
			}
		}
	}
}

// What was written for another instance of the service says nothing of the one that stands.
func TestMovesOfAnotherInstanceDoNotCount(t *testing.T) {
	s := &subject{want: &billing.DesiredLine{Units: 5}, line: &billing.ContractService{ID: "2"}, applied: &Applied{LineID: "1", Moves: []Move{{"s", 3, date("2026-12-15")}}}, clock: clock{day: date("2026-11-20")}}
	if got := s.wantAt(date("2026-11-20")); got != 5 {
		t.Errorf("%d are wanted", got)
	}
}

// What comes and goes on a day, why, and what of it an earlier plan began: that counts from its own day, each in its span of days.
func TestTheMovesOfADay(t *testing.T) {
	s := stepsSubject(t, trueDate, 5, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"})
	s.moves = []moving{
		{Move: Move{"s1", -2, date("2026-11-20")}, why: "begun on the 20th", begun: true},
		{Move: Move{"s2", 3, date("2026-11-20")}, why: "planned for the 20th"},
		{Move: Move{"s3", 1, date("2026-11-25")}, why: "begun on the 25th", begun: true},
		{Move: Move{"s4", 9, billing.Date{}}, why: "cannot move"},
	}
	for day, want := range map[string]string{
		"2026-11-19": "[] ",
		"2026-11-20": "[{s1 -2 2026-11-20} {s2 3 2026-11-20}] begun on the 20th",
		"2026-11-25": "[{s3 1 2026-11-25}] begun on the 25th",
	} {
		if got := fmt.Sprint(s.movesOn(date(day)), " ", s.whyOn(date(day))); got != want {
			t.Errorf("%s: %s, want %s", day, got, want)
		}
	}
	if got := s.movesOn(billing.Date{}); got != nil {
		t.Errorf("on no day %v move", got)
	}
	for _, tc := range []struct{ after, until, want string }{
		{"2026-11-01", "2026-11-30", "11-20-2 begun on the 20th, 11-25+1 begun on the 25th"},
		{"2026-11-19", "2026-11-20", "11-20-2 begun on the 20th"},
		{"2026-11-20", "2026-11-25", "11-25+1 begun on the 25th"},
		{"2026-11-20", "2026-11-24", ""},
		{"2026-11-25", "2026-11-30", ""},
	} {
		var got []string
		for _, st := range s.begunSteps(nil, date(tc.after), date(tc.until)) {
			got = append(got, fmt.Sprintf("%s%+d %s", st.choice.date.String()[5:], st.delta, st.choice.because()))
		}
		if text := strings.Join(got, ", "); text != tc.want {
			t.Errorf("after %s up to %s: %q, want %q", tc.after, tc.until, text, tc.want)
		}
	}
}

// Who must see what comes and goes on a day: whoever a hand gave a reason to, in its words, and only for that day.
func TestTheHoldsOfADay(t *testing.T) {
	s := &subject{moves: []moving{
		{Move: Move{"s1", -2, date("2026-11-20")}, hold: "they began elsewhere, and a hand took them back"},
		{Move: Move{"s2", -3, date("2026-11-20")}},
		{Move: Move{"s3", -1, date("2026-11-25")}, hold: "another reason"},
	}}
	for day, want := range map[string]string{
		"2026-11-20": "[{hold-on-drift they began elsewhere, and a hand took them back false}]",
		"2026-11-25": "[{hold-on-drift another reason false}]",
		"2026-11-26": "[]",
	} {
		if got := fmt.Sprint(s.handHolds(date(day))); got != want {
			t.Errorf("%s: %s, want %s", day, got, want)
		}
	}
}

// The change with which a line gives units away comes after those of the lines that take them, and so do all later ones of the line. A line that
// only takes never waits, nor does the end of what has begun elsewhere.
func TestWhichChangesComeLate(t *testing.T) {
	for _, tc := range []struct {
		name  string
		rank  int
		moves []moving
		days  string
		want  string
	}{
		{"it gives", 1, []moving{{Move: Move{"s1", -2, date("2026-11-20")}}}, "2026-11-20", "true"},
		{"it gives, and changes before and after", 1, []moving{{Move: Move{"s1", -2, date("2026-11-20")}}}, "2026-11-15 2026-11-20 2026-12-15", "false true true"},
		{"it only takes", 0, []moving{{Move: Move{"s1", 2, date("2026-11-20")}}}, "2026-11-20 2026-12-15", "false false"},
		{"it ends what has begun elsewhere", 1, []moving{{Move: Move{"s1", -2, date("2026-11-20")}, begun: true}}, "2026-11-20", "false"},
		{"nothing moves", 1, nil, "2026-11-20", "false"},
		{"first of those that take", 2, []moving{{Move: Move{"s1", -2, date("2026-11-20")}, begun: true}, {Move: Move{"s2", -1, date("2026-11-20")}}}, "2026-11-20", "true"},
	} {
		s := &subject{rank: tc.rank, moves: tc.moves}
		var got []string
		for day := range strings.FieldsSeq(tc.days) {
			got = append(got, fmt.Sprint(s.lateStep(&Change{Effective: date(day)})))
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: %v, want %s", tc.name, got, tc.want)
		}
	}
}

// Subscriptions that left a line and are on none: the last time each left counts, and who is on a line again did not leave.
func TestWhoIsOnNoLine(t *testing.T) {
	p := newPlanner(Input{Memory: Memory{Lines: []Applied{
		{LineKey: "a", Moves: []Move{{"s1", -5, date("2026-10-01")}, {"s2", -2, date("2026-11-01")}, {"s3", 4, date("2026-11-01")}}},
		{LineKey: "b", Moves: []Move{{"s1", 5, date("2026-10-01")}, {"s1", -5, date("2026-11-05")}, {"s4", -1, date("2026-11-05")}}, Shares: []billing.Share{{SubscriptionID: "s1"}, {SubscriptionID: "s4", Units: 1}}},
		{LineKey: "c", Moves: []Move{{"s1", -3, date("2026-09-01")}}},
	}}})
	left := p.leftShares()
	if got := fmt.Sprint(len(left), left["s1"].Move, left["s2"].Move); got != "2 {s1 -5 2026-11-05} {s2 -2 2026-11-01}" {
		t.Error(got)
	}
	if left := newPlanner(Input{Memory: Memory{Lines: []Applied{{LineKey: "a", Moves: []Move{{"s1", 5, date("2026-10-01")}}}}}}).leftShares(); left != nil {
		t.Errorf("nobody left, but %v", left)
	}
}

// Transfers that share a line are one move, on one day, however they are chained; what has begun is no part of it.
func TestWhatMovesTogether(t *testing.T) {
	for _, tc := range []struct {
		name string
		ways []string // from and to, and "begun"
		want string
	}{
		{"one", []string{"a b"}, "[a b]"},
		{"two apart", []string{"a b", "c d"}, "[a b] [c d]"},
		{"two that leave one line", []string{"a b", "a c"}, "[a b c]"},
		{"two that come to one line", []string{"a c", "b c"}, "[a b c]"},
		{"a chain", []string{"a b", "b c"}, "[a b c]"},
		{"two that a third one joins", []string{"a b", "c d", "b c"}, "[a b c d]"},
		{"four that a fifth one joins, and a sixth beside it", []string{"a b", "c d", "b c", "e f", "d g"}, "[a b c d g] [e f]"},
		{"a swap", []string{"a b", "b a"}, "[a b]"},
		{"one that has begun", []string{"a b begun", "a c"}, "[a c]"},
	} {
		var transfers []transfer
		for _, way := range tc.ways {
			var tr transfer
			var begun string
			_, _ = fmt.Sscan(way, &tr.from, &tr.to, &begun)
			tr.begun = begun != ""
			transfers = append(transfers, tr)
		}
		got, n := "", 0
		for _, m := range together(transfers) {
			if got != "" {
				got += " "
			}
			got += fmt.Sprint(m.lines)
			n += len(m.transfers)
		}
		if begun := slices.ContainsFunc(transfers, func(tr transfer) bool { return tr.begun }); got != tc.want || !begun && n != len(transfers) {
			t.Errorf("%s: %s with %d transfers, want %s", tc.name, got, n, tc.want)
		}
	}
}

// What is remembered of lines in step, so that a later move is recognised: nothing while a subscription is still known elsewhere, or goes to
// a line where it is not known yet.
func TestInStep(t *testing.T) {
	line := func(key string, units int64, ids ...billing.SubscriptionID) billing.DesiredLine {
		l := billing.DesiredLine{Key: key, Units: units * int64(len(ids))}
		for _, id := range ids {
			l.Shares = append(l.Shares, billing.Share{SubscriptionID: id, Units: units})
		}
		return l
	}
	known := func(l billing.DesiredLine) Applied { return Applied{LineKey: l.Key, Units: l.Units, Shares: l.Shares} }
	for _, tc := range []struct {
		name   string
		memory []Applied
		wanted []billing.DesiredLine
		made   Plan
		want   string
	}{
		{"nothing new", []Applied{known(line("a", 2, "s1"))}, []billing.DesiredLine{line("a", 2, "s1")}, Plan{Complete: true}, "map[]"},
		{"one took the place of another", []Applied{known(line("a", 2, "s1"))}, []billing.DesiredLine{line("a", 2, "s2")}, Plan{Complete: true}, "map[a:[{s2 2}]]"},
		{"the plan is not complete", []Applied{known(line("a", 2, "s1"))}, []billing.DesiredLine{line("a", 2, "s2")}, Plan{}, "map[]"},
		{"the line is to change", []Applied{known(line("a", 2, "s1"))}, []billing.DesiredLine{line("a", 2, "s2")}, Plan{Complete: true, Changes: []Change{{LineKey: "a"}}}, "map[]"},
		{"an earlier version knew none", []Applied{{LineKey: "a", Units: 2}}, []billing.DesiredLine{line("a", 2, "s1")}, Plan{Complete: true}, "map[a:[{s1 2}]]"},
		{"other units stand", []Applied{{LineKey: "a", Units: 3}}, []billing.DesiredLine{line("a", 2, "s1")}, Plan{Complete: true}, "map[]"},
		{"we never wrote it", nil, []billing.DesiredLine{line("a", 2, "s1")}, Plan{Complete: true}, "map[]"},
		{"two change places", []Applied{known(line("a", 2, "s1")), known(line("b", 2, "s2"))}, []billing.DesiredLine{line("a", 2, "s2"), line("b", 2, "s1")}, Plan{Complete: true}, "map[a:[{s2 2}] b:[{s1 2}]]"},
		{"it is still known on a line that changes", []Applied{known(line("a", 2, "s1")), known(line("b", 2, "s2"))}, []billing.DesiredLine{line("a", 2, "s2"), line("b", 3, "s9")},
			Plan{Complete: true, Changes: []Change{{LineKey: "b"}}}, "map[]"},
		{"it goes where it is not known yet", []Applied{known(line("a", 2, "s1")), known(line("b", 1, "s3"))}, []billing.DesiredLine{line("a", 2, "s2"), line("b", 2, "s1")},
			Plan{Complete: true, Changes: []Change{{LineKey: "b"}}}, "map[]"},
		{"a chain of three, the last of which changes", []Applied{known(line("a", 2, "s1")), known(line("b", 2, "s2")), known(line("c", 2, "s3"))},
			[]billing.DesiredLine{line("a", 2, "s2"), line("b", 2, "s3"), line("c", 3, "s9")}, Plan{Complete: true, Changes: []Change{{LineKey: "c"}}}, "map[]"},
	} {
		got := InStep(Input{Memory: Memory{Lines: tc.memory}, Desired: billing.Desired{Lines: tc.wanted}}, tc.made)
		if text := fmt.Sprint(got); text != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, text, tc.want)
		}
	}
}
