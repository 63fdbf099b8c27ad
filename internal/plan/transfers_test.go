package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
)

// whose reads "s1:5 s2:2" as the subscriptions behind a line.
func whose(text string) (shares []billing.Share) {
	for one := range strings.FieldsSeq(text) {
		id, number, _ := strings.Cut(one, ":")
		var units int64
		if _, err := fmt.Sscan(number, &units); err != nil {
			panic(err)
		}
		shares = append(shares, billing.Share{SubscriptionID: billing.SubscriptionID(id), Units: units})
	}
	return shares
}

// wandering gives the input of a day on which lines "a 1 s1:5 s2:2" are known to stand, each on the contract service of the number, and others are
// wanted. A "!" before the number: the contract service is not in Autotask any more. Lines with a "'" are those of another customer.
func wandering(known, wanted []string) Input {
	in := Input{Desired: billing.Desired{Day: date("2026-11-20")}}
	owner := func(key string) billing.CustomerID {
		if strings.HasSuffix(key, "'") {
			return "c2"
		}
		return "c1"
	}
	for _, text := range known {
		words := strings.SplitN(text+"  ", " ", 3)
		id := billing.ContractServiceID(strings.TrimPrefix(words[1], "!"))
		if string(id) == words[1] {
			in.Observed.Lines = append(in.Observed.Lines, billing.ContractService{ID: id})
		}
		shares := whose(words[2])
		in.Memory.Lines = append(in.Memory.Lines, Applied{LineKey: words[0], LineID: id, CustomerID: owner(words[0]), Units: unitsOf(shares), Shares: shares})
	}
	for _, text := range wanted {
		key, shares, _ := strings.Cut(text, " ")
		in.Desired.Lines = append(in.Desired.Lines, billing.DesiredLine{Key: key, CustomerID: owner(key), Shares: whose(shares), Units: unitsOf(whose(shares))})
	}
	return in
}

// A subscription moves when it is known to stand on a line that is not to have it any more, and another line of the same customer is. What nobody
// wants is no move, it ends; what nobody knew is none either, it begins.
func TestWhoMoves(t *testing.T) {
	for _, tc := range []struct {
		name          string
		known, wanted []string
		want          string
	}{
		{"nobody", []string{"a 1 s1:5"}, []string{"a s1:5"}, ""},
		{"one, with all its units", []string{"a 1 s1:5"}, []string{"b s1:5"}, "s1 5 a>b"},
		{"one, with fewer than it had", []string{"a 1 s1:5"}, []string{"b s1:3"}, "s1 3 a>b"},
		{"one, with more than it had", []string{"a 1 s1:5"}, []string{"b s1:7"}, "s1 5 a>b"},
		{"one of two", []string{"a 1 s1:5 s2:2"}, []string{"a s2:2", "b s1:5"}, "s1 5 a>b"},
		{"two to two lines", []string{"a 1 s1:5 s2:2"}, []string{"b s1:5", "c s2:2"}, "s1 5 a>b, s2 2 a>c"},
		{"two from two lines to one", []string{"a 1 s1:5", "b 2 s2:2"}, []string{"c s1:5 s2:2"}, "s1 5 a>c, s2 2 b>c"},
		{"two that swap", []string{"a 1 s1:5", "b 2 s2:2"}, []string{"a s2:2", "b s1:5"}, "s1 5 a>b, s2 2 b>a"},
		{"nobody wants it", []string{"a 1 s1:5"}, []string{"b s2:5"}, ""},
		{"it is wanted without units", []string{"a 1 s1:5"}, []string{"b s1:0"}, ""},
		{"it stood without units", []string{"a 1 s1:0 s2:2"}, []string{"b s1:5"}, ""},
		{"it stays, without units", []string{"a 1 s1:5"}, []string{"a s1:0", "b s1:5"}, ""},
		{"nobody knows whose units stand", []string{"a 1 "}, []string{"b s1:5"}, ""},
		{"the line is not in Autotask any more", []string{"a !1 s1:5"}, []string{"b s1:5"}, ""},
		{"it is wanted of another customer", []string{"a 1 s1:5"}, []string{"b' s1:5"}, ""},
		{"another customer's stays apart", []string{"a 1 s1:5", "b' 2 s1:5"}, []string{"c s1:5", "d' s1:5"}, "s1 5 a>c, s1 5 b'>d'"},
		{"it stands on two lines and is wanted on a third", []string{"a 1 s1:5", "b 2 s1:2"}, []string{"c s1:7"}, "s1 5 a>c, s1 2 b>c"},
		{"one seat", []string{"a 1 s1:1"}, []string{"b s1:1"}, "s1 1 a>b"},
		{"lines between that stay", []string{"a 1 s9:1", "b 2 s1:5", "d 3 s8:1"}, []string{"a s9:1", "c s1:5", "d s8:1"}, "s1 5 b>c"},
	} {
		in := wandering(tc.known, tc.wanted)
		for range 2 {
			var got []string
			for _, tr := range newPlanner(in).transfers() {
				got = append(got, fmt.Sprintf("%s %d %s>%s", tr.subscription, tr.units, tr.from, tr.to))
			}
			if strings.Join(got, ", ") != tc.want {
				t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
			}
			slices.Reverse(in.Memory.Lines) // law 4
			slices.Reverse(in.Desired.Lines)
		}
	}
}

// What a line can give and take. While exactly the units stand that we know the owners of, all of a subscription's go and come. When somebody
// else changed the line, it gives no more than it has too many, and takes no more than it lacks, whoever comes first.
func TestWhatALineGivesAndTakes(t *testing.T) {
	const day = "2026-11-20"
	for _, tc := range []struct {
		name   string
		rows   []string // none: the line is new
		known  string   // whose units stand, as we know
		from   string   // since when
		want   int64
		set    func(*mover)
		gives  []int64 // asked for, in order
		given  string
		takes  []int64
		taken  string
		counts bool
	}{
		{name: "as we know it", rows: []string{"2026-11-15 2026-12-15 5 0"}, known: "s1:3 s2:2", from: "2026-03-15", want: 0, gives: []int64{3, 2}, given: "[3 2]", takes: []int64{4}, taken: "[4]", counts: true},
		{name: "as we wrote it ahead", rows: []string{"2026-11-15 2026-12-15 2 0", "2026-12-15 2027-01-15 5 0"}, known: "s1:3 s2:2", from: "2026-12-15", want: 0, gives: []int64{3, 2}, given: "[3 2]", counts: true},
		{name: "a hand took one off", rows: []string{"2026-11-15 2026-12-15 4 0"}, known: "s1:3 s2:2", from: "2026-03-15", want: 0, gives: []int64{3, 2}, given: "[3 1]", takes: []int64{4}, taken: "[0]"},
		{name: "a hand lets one wait to go", rows: []string{"2026-11-15 2026-12-15 5 0", "2026-12-15 2027-01-15 4 0"}, known: "s1:3 s2:2", from: "2026-03-15", want: 0, gives: []int64{3, 2}, given: "[3 2]", counts: true},
		{name: "a hand took one off, and three stay", rows: []string{"2026-11-15 2026-12-15 4 0"}, known: "s1:3 s2:2", from: "2026-03-15", want: 3, gives: []int64{3, 2}, given: "[1 0]", takes: []int64{4}, taken: "[0]"},
		{name: "a hand put one on", rows: []string{"2026-11-15 2026-12-15 6 0"}, known: "s1:3 s2:2", from: "2026-03-15", want: 8, gives: []int64{3}, given: "[0]", takes: []int64{1, 2}, taken: "[1 1]"},
		{name: "a hand lets one wait to go, which nobody knows", rows: []string{"2026-11-15 2026-12-15 6 0", "2026-12-15 2027-01-15 4 0"}, known: "s1:3 s2:2", from: "2026-03-15", want: 0, gives: []int64{3, 2}, given: "[3 1]"},
		{name: "whose units stand is known in part", rows: []string{"2026-11-15 2026-12-15 5 0"}, known: "s1:3", from: "2026-03-15", want: 0, set: func(m *mover) { m.subject.applied.Units = 5 }, gives: []int64{3, 3}, given: "[3 2]"},
		{name: "another line was written", rows: []string{"2026-11-15 2026-12-15 5 0"}, known: "s1:5", from: "2026-03-15", want: 0, set: func(m *mover) { m.subject.applied.LineID = "2" }, gives: []int64{7}, given: "[5]"},
		{name: "the contract ended yesterday", rows: []string{"2026-11-15 2026-12-15 5 0"}, known: "s1:5", from: "2026-03-15", want: 0, set: func(m *mover) { m.subject.contract.End = date("2026-11-19") }, gives: []int64{5}, given: "[0]", counts: true},
		{name: "the contract ends today", rows: []string{"2026-11-15 2026-12-15 5 0"}, known: "s1:5", from: "2026-03-15", want: 0, set: func(m *mover) { m.subject.contract.End = date(day) }, gives: []int64{5}, given: "[5]", counts: true},
		{name: "its contract is not known", rows: []string{"2026-11-15 2026-12-15 4 0"}, known: "s1:5", from: "2026-03-15", want: 0, set: func(m *mover) { m.resolved = false }, gives: []int64{5}, given: "[5]"},
		{name: "a new line takes what is wanted", want: 5, takes: []int64{4, 4}, taken: "[4 1]"},
	} {
		s := stepsSubject(t, trueDate, tc.want, tc.rows)
		m := &mover{subject: *s, resolved: true}
		if m.subject.found = tc.rows != nil; m.subject.found {
			m.subject.line.ID = "1"
			m.subject.applied = &Applied{LineKey: "line", LineID: "1", Units: unitsOf(whose(tc.known)), Shares: whose(tc.known), From: date(tc.from)}
		}
		if tc.set != nil {
			tc.set(m)
		}
		m.count()
		if m.counted != tc.counts {
			t.Errorf("%s: the units are those we know: %t", tc.name, m.counted)
		}
		p := newPlanner(Input{Desired: billing.Desired{Day: date(day)}})
		var given, taken []int64
		for _, units := range tc.gives {
			given = append(given, m.give(p, transfer{subscription: "s", units: units}))
		}
		if tc.gives != nil && fmt.Sprint(given) != tc.given {
			t.Errorf("%s: gives %v, want %s", tc.name, given, tc.given)
		}
		for _, units := range tc.takes {
			before := len(m.subject.moves)
			m.take(transfer{subscription: "s", units: units}, choice{date: date("2026-12-15"), why: "because"})
			n := int64(0)
			for _, one := range m.subject.moves[before:] {
				if n += one.Units; one.Day != date("2026-12-15") || one.why != "because" || one.begun || one.SubscriptionID != "s" {
					t.Errorf("%s: %+v", tc.name, one)
				}
			}
			if n == 0 && len(m.subject.moves) != before {
				t.Errorf("%s: takes nothing, and %v is written", tc.name, m.subject.moves[before:])
			}
			taken = append(taken, n)
		}
		if tc.takes != nil && fmt.Sprint(taken) != tc.taken {
			t.Errorf("%s: takes %v, want %s", tc.name, taken, tc.taken)
		}
	}
}

// What has begun on its new line is all looked at by the rule that ends it, whatever a hand did to the old line meanwhile.
func TestWhatHasBegunElsewhereIsGivenWhole(t *testing.T) {
	for _, counted := range []bool{true, false} {
		m := &mover{subject: *stepsSubject(t, trueDate, 0, []string{"2026-11-15 2026-12-15 4 0"}), resolved: true, counted: counted, spare: 4}
		if got := m.give(newPlanner(Input{Desired: billing.Desired{Day: date("2026-11-20")}}), transfer{units: 9, begun: true}); got != 9 || m.spare != 4 {
			t.Errorf("counted %t: gives %d, and %d are left", counted, got, m.spare)
		}
	}
}

// What must be written before a line may give anything away: the changes of the lines that take it, each once. A line between that gives as much as
// it takes needs no change, and stands for those behind it. Lines that swap do not wait for each other.
func TestWhatMustBeWrittenBeforeALineGives(t *testing.T) {
	for _, tc := range []struct {
		name    string
		way     string // "a>b" and so on
		changed string // the lines that have a change
		want    string // of each line that gives
	}{
		{"one gives to one", "a>b", "a b", "a:[b]"},
		{"one gives to two", "a>b a>c", "a b c", "a:[b c]"},
		{"twice to one", "a>b a>b", "a b", "a:[b]"},
		{"a chain", "a>b b>c", "a b c", "a:[b] b:[c]"},
		{"a chain over a line that stays as it is", "a>b b>c", "a c", "a:[c] b:[c]"},
		{"a chain over two of them", "a>b b>c c>d", "a d", "a:[d] b:[d] c:[d]"},
		{"a chain over one that gives to two", "a>b b>c b>d", "a c d", "a:[c d] b:[c d]"},
		{"nobody takes it", "a>b", "a", "a:[]"},
		{"a swap, in which the first gives later", "a>b b>a", "a b", "a:[b] b:[]"},
	} {
		p, m := &planner{movers: map[string]*mover{}}, &move{}
		for one := range strings.FieldsSeq(tc.way) {
			from, to, _ := strings.Cut(one, ">")
			m.transfers = append(m.transfers, transfer{from: from, to: to, units: 1})
			m.lines = append(m.lines, from, to)
			p.movers[from], p.movers[to] = &mover{}, &mover{}
		}
		slices.Sort(m.lines)
		m.lines = slices.Compact(m.lines)
		p.rank(m)
		for key := range strings.FieldsSeq(tc.changed) {
			m.changes = append(m.changes, &Change{LineKey: key, ID: key})
		}
		var got []string
		for _, key := range m.lines {
			if slices.ContainsFunc(m.transfers, func(tr transfer) bool { return tr.from == key }) {
				got = append(got, fmt.Sprintf("%s:%v", key, p.begins(m, key)))
			}
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// What is remembered of a line in step does not depend on what stands without units, here or elsewhere, nor on a line that is known twice.
func TestInStepWithoutUnits(t *testing.T) {
	for _, tc := range []struct {
		name          string
		known, wanted []string
		changing      string
		want          string
	}{
		{"it left the line that changes", []string{"a 1 s1:1", "b 2 s2:0 s3:1"}, []string{"a s2:1", "b s3:2"}, "b", "map[a:[{s2 1}]]"},
		{"it is on the line that changes", []string{"a 1 s1:1", "b 2 s2:1 s3:1"}, []string{"a s2:1", "b s3:2"}, "b", "map[]"},
		{"it is wanted without units on the line that changes", []string{"a 1 s1:1", "b 2 s3:1"}, []string{"a s2:1", "b s1:0 s3:2"}, "b", "map[a:[{s2 1}]]"},
		{"it is wanted on the line that changes", []string{"a 1 s1:1", "b 2 s3:1"}, []string{"a s2:1", "b s1:1 s3:1"}, "b", "map[]"},
		{"it stood without units, and is wanted on the line that changes", []string{"a 1 s1:0 s9:1", "b 2 s3:1"}, []string{"a s2:1", "b s1:1 s3:1"}, "b", "map[a:[{s2 1}]]"},
		{"it is known here and on the line that changes", []string{"a 1 s1:1 s2:1", "b 2 s2:1 s3:1"}, []string{"a s2:2", "b s3:1"}, "b", "map[a:[{s2 2}]]"},
	} {
		in := wandering(tc.known, tc.wanted)
		if got := fmt.Sprint(InStep(in, Plan{Complete: true, Changes: []Change{{LineKey: tc.changing}}})); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	if got := InStep(wandering([]string{"a 1 s1:1"}, []string{"a s1:1"}), Plan{Complete: true}); got != nil {
		t.Errorf("nothing is new, but %v", got)
	}
}

// Lines that may change at all: what is known and allowed, ours or new, and an old line only while its customer's billing is on (law 1).
func TestWhichLinesMayMove(t *testing.T) {
	ok := func() *mover {
		return &mover{resolved: true, subject: subject{want: &billing.DesiredLine{CustomerID: "c1"}, found: true, isOurs: true}}
	}
	for _, tc := range []struct {
		name string
		set  func(*mover)
		off  bool
		want bool
	}{
		{"ours", func(*mover) {}, false, true},
		{"ours, and wanted while billing of something is off", func(*mover) {}, true, true},
		{"not known", func(m *mover) { m.resolved = false }, false, false},
		{"without a price", func(m *mover) { m.subject.want.Holds = []billing.Hold{{Blocks: true}} }, false, false},
		{"held, and a person may let it pass", func(m *mover) { m.subject.want.Holds = []billing.Hold{{Policy: "hold-below-margin"}} }, false, true},
		{"not ours", func(m *mover) { m.subject.isOurs = false }, false, false},
		{"new", func(m *mover) { m.subject.isOurs, m.subject.found = false, false }, false, true},
		{"nobody asks for it", func(m *mover) { m.orphan = true }, false, true},
		{"nobody asks for it, and billing is off", func(m *mover) { m.orphan = true }, true, false},
	} {
		m := ok()
		tc.set(m)
		p := newPlanner(Input{Enabled: []billing.CustomerID{"c1"}})
		if tc.off {
			p = newPlanner(Input{})
		}
		if got := p.ready(m); got != tc.want {
			t.Errorf("%s: %t", tc.name, got)
		}
	}
	for _, tc := range []struct{ fresh, written, want bool }{{true, true, true}, {true, false, false}, {false, false, false}} {
		s := subject{clock: clock{fresh: tc.fresh}}
		if tc.written {
			s.clock.starts = date("2026-12-15")
		}
		if s.goOn(); s.clock.fresh != tc.want {
			t.Errorf("a line that begins %t, written ahead %t, begins after it takes over: %t", tc.fresh, tc.written, s.clock.fresh)
		}
	}
}

// The part a line plays in a move, the day it would choose by itself, and whether it has to be written for it.
func TestWhatALineOfAMoveWouldChoose(t *testing.T) {
	rows := []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"}
	ended := date("2026-11-18")
	for _, tc := range []struct {
		policy       billing.EffectivePolicy
		gives, takes bool
		want         string
	}{
		{upNow, true, false, "2026-12-15 start of the next period"},
		{upNow, false, true, "2026-11-15 start of the current period, which is not posted"},
		{upNow, true, true, "2026-12-15 start of the next period"},
		{periodStart, true, true, "2026-11-15 start of the current period, which is not posted"},
		{trueDate, true, false, "2026-11-20 on the day, credited by Autotask"},
		{trueDate, false, true, "2026-11-20 on the day, prorated by Autotask"},
		{trueDate, true, true, "2026-11-20 on the day, credited by Autotask"},
		{nextPeriod, false, true, "2026-12-15 start of the next period"},
	} {
		s := stepsSubject(t, tc.policy, 5, rows)
		s.clock.endedOn, s.contract.Name = ended, "Cloud" // another subscription of the line ended: what moves did not
		got := side{mover: &mover{subject: *s}, gives: tc.gives, takes: tc.takes}.day()
		if text := fmt.Sprint(got.date, " ", got.because()); text != tc.want+` (contract "Cloud")` {
			t.Errorf("%s, gives %t, takes %t: %s, want %s", tc.policy, tc.gives, tc.takes, text, tc.want)
		}
		if s.clock.endedOn != ended {
			t.Error("the line's own end was changed")
		}
	}

	p := newPlanner(Input{Desired: billing.Desired{Contracts: []billing.DesiredContract{{Mark: "SPN-m"}}}})
	s := stepsSubject(t, trueDate, 5, rows)
	s.contract.End, s.contract.Name = date("2026-12-09"), "Cloud"
	giver, taker := side{mover: &mover{subject: *s}, gives: true}, side{mover: &mover{subject: *s}, takes: true}
	for day, want := range map[string]bool{"2026-12-08": true, "2026-12-09": true, "2026-12-10": false} {
		if p.writes(giver, date(day)) != want || !p.writes(taker, date(day)) {
			t.Errorf("%s: a line whose contract ends on 9 December is written %t when it gives, %t when it takes", day, p.writes(giver, date(day)), p.writes(taker, date(day)))
		}
	}
	if got := p.holds(giver, date("2026-12-10")); got.date != date("2026-12-10") || got.why != "" {
		t.Errorf("what the contract ends needs no day: %s, %s", got.date, got.why)
	}
	if got := p.holds(giver, date("2026-11-15")); got.date != date("2026-11-15") || got.why == "" {
		t.Errorf("the first day of the period: %s, %q", got.date, got.why)
	}
	s.contract.Mark = "SPN-m"
	p.contracts["SPN-m"] = s.contract
	if !p.writes(giver, date("2026-12-10")) {
		t.Error("a contract that Spindle manages goes on")
	}

	m := &move{lines: []string{"a", "b", "c"}, transfers: []transfer{{from: "a", to: "b"}, {from: "b", to: "c"}, {from: "a", to: "c"}}}
	for _, key := range m.lines {
		p.movers[key] = &mover{}
	}
	got := ""
	for i, s := range p.sides(m) {
		if s.mover != p.movers[m.lines[i]] {
			t.Errorf("%s is another line", m.lines[i])
		}
		got += fmt.Sprintf("%s gives %t takes %t; ", m.lines[i], s.gives, s.takes)
	}
	if got != "a gives true takes false; b gives true takes true; c gives false takes true; " {
		t.Error(got)
	}
}

// Why a line cannot take part in a move.
func TestWhyALineCannotMove(t *testing.T) {
	for _, tc := range []struct {
		resolved, found, isOurs bool
		want                    string
	}{
		{true, true, false, `contract service 7, which stands on contract "Cloud" already, is not Spindle's yet`},
		{true, true, true, `the line on contract "Cloud" cannot be written`},
		{true, false, false, `the line on contract "Cloud" cannot be written`},
		{false, true, false, `the line on contract "Cloud" cannot be written`},
	} {
		s := side{mover: &mover{resolved: tc.resolved, subject: subject{found: tc.found, isOurs: tc.isOurs, contract: &billing.Contract{Name: "Cloud"}, line: &billing.ContractService{ID: "7"}}}}
		if got := s.cannot(); got != tc.want {
			t.Errorf("%+v: %s", tc, got)
		}
	}
}
