package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
)

// handed is half a move, and what somebody did in Autotask before the next plan: the other half is written as far as it is still owed, never
// so that a later day lacks it, and the days that are billed twice or not at all are named with their money.
type handed struct {
	name     string
	written  ChangeKind // the side that came about on 20 November
	hand     func(*relocation)
	plan     []string
	held     string // policies of the first change
	findings []string
}

func (r *relocation) byHand(l *modelLine, day string, delta int64) {
	if err := r.b.at.adjust(l.id, date(day), delta, nil); err != nil {
		panic(err)
	}
}

const (
	twice   = "unbilled-difference/line/s1/by-hand | Premium: 5 moved from contract \"Cloud\" to contract \"Cloud 2\" on 2026-11-20, and up to "
	nowhere = "unbilled-difference/line@910/s1/by-hand | Premium: 5 left their old line on 2026-11-20, and up to "
	credit  = " | Credit the difference in Autotask. | "
	charge  = " | Add a charge for the difference in Autotask. | "
)

var handeds = []handed{
	{name: "begun, and a hand ends the old line", written: Increase, hand: func(r *relocation) { r.byHand(r.old, "2026-11-25", -5) },
		findings: []string{twice + "5 of them stood on the old line as well from 2026-11-20 to 2026-11-24, until they were ended there by hand; about 8.33 EUR are billed twice." + credit + "-8.33 EUR"}},
	{name: "begun, and a hand ends it on the next day", written: Increase, hand: func(r *relocation) { r.byHand(r.old, "2026-11-21", -5) },
		findings: []string{twice + "5 of them stood on the old line as well on 2026-11-20, until they were ended there by hand; about 1.67 EUR are billed twice." + credit + "-1.67 EUR"}},
	{name: "begun, and a hand ends it on the same day", written: Increase, hand: func(r *relocation) { r.byHand(r.old, "2026-11-20", -5) }},
	{name: "begun, and a hand takes two off it", written: Increase, hand: func(r *relocation) { r.byHand(r.old, "2026-11-25", -2) },
		plan: []string{"end 2026-11-27 3→0"}, held: "hold-on-drift",
		findings: []string{twice + "2 of them stood on the old line as well from 2026-11-20 to 2026-11-24, until they were ended there by hand; about 3.33 EUR are billed twice." + credit + "-3.33 EUR",
			"unbilled-difference/line/s1 | Premium: 3 moved from contract \"Cloud\" to contract \"Cloud 2\" on 2026-11-20, but the old line can only end them on 2026-11-27, the quantity already changed inside this period, so the change starts on the day (contract \"Cloud\"); until then about 7.00 EUR are billed twice." + credit + "-7.00 EUR"}},
	{name: "begun, and a hand ends it ahead", written: Increase, hand: func(r *relocation) { r.byHand(r.old, "2026-12-15", -5) }, // no earlier day can take it off as well
		findings: []string{twice + "5 of them stood on the old line as well from 2026-11-20 to 2026-12-14, until they were ended there by hand; about 41.67 EUR are billed twice." + credit + "-41.67 EUR"}},
	{name: "begun, and a hand takes them off the new line", written: Increase, hand: func(r *relocation) { r.byHand(r.here, "2026-11-25", -5) },
		plan: []string{"end 2026-11-20 5→0", "increase 2026-11-27 2→7"}, held: "hold-on-drift"},
	{name: "ended, and a hand puts them on the new line", written: End, hand: func(r *relocation) { r.byHand(r.here, "2026-11-25", 5) },
		findings: []string{nowhere + "5 of them stood on no line from 2026-11-20 to 2026-11-24, until they were put on the new one by hand; about 8.33 EUR stay unbilled." + charge + "8.33 EUR"}},
	{name: "ended, and a hand puts three there", written: End, hand: func(r *relocation) { r.byHand(r.here, "2026-11-25", 3) },
		plan: []string{"increase 2026-11-27 5→7"}, held: "hold-on-drift",
		findings: []string{nowhere + "3 of them stood on no line from 2026-11-20 to 2026-11-24, until they were put on the new one by hand; about 5.00 EUR stay unbilled." + charge + "5.00 EUR",
			"unbilled-difference/line@910/s1 | Premium: 2 left their old line on 2026-11-20, but the new one can only begin them on 2026-11-27, the quantity already changed inside this period, so the change starts on the day (contract \"Cloud 2\"); until then about 4.67 EUR stay unbilled." + charge + "4.67 EUR"}},
	{name: "ended, and a hand puts them there ahead", written: End, hand: func(r *relocation) { r.byHand(r.here, "2026-12-15", 5) },
		plan: []string{"increase 2026-11-20 2→7", "decrease 2026-12-16 12→7"}, held: "hold-on-drift"},
	{name: "ended, and a hand puts them back on the old line", written: End, hand: func(r *relocation) { r.byHand(r.old, "2026-11-25", 5) },
		plan: []string{"increase 2026-11-20 2→7", "end 2026-11-27 5→0"}, held: "hold-on-drift"},
	{name: "ended, and a hand takes one off the new line", written: End, hand: func(r *relocation) { r.byHand(r.here, "2026-11-25", -1) },
		plan: []string{"increase 2026-11-27 1→7"}, held: "hold-on-drift",
		findings: []string{"unbilled-difference/line@910/s1 | Premium: 5 left their old line on 2026-11-20, but the new one can only begin them on 2026-11-27, the quantity already changed inside this period, so the change starts on the day (contract \"Cloud 2\"); until then about 11.67 EUR stay unbilled." + charge + "11.67 EUR"}},
}

func TestHalfAMoveAndAHand(t *testing.T) {
	for _, tc := range handeds {
		t.Run(tc.name, func(t *testing.T) {
			r := relocate(trueDate, "2026-04-15", true)
			r.side(t, r.plan(), tc.written)
			r.b.at.day = date("2026-11-27")
			tc.hand(r)
			p := r.planWithPast()
			plan := brief(p)
			slices.Sort(plan)
			same(t, "plan", plan, slices.Sorted(slices.Values(tc.plan)))
			found := unbilled(p)
			slices.Sort(found)
			same(t, "findings", found, slices.Sorted(slices.Values(tc.findings)))
			for _, c := range p.Changes {
				if c.Effective == date("2026-11-20") || len(p.Changes) == 1 {
					if got := strings.Join(policies(c), " "); !strings.Contains(got, tc.held) || tc.held == "" {
						t.Errorf("%s is held by %q, want %q", c.Kind, got, tc.held)
					}
				}
				if strings.HasPrefix(c.Reason, " ") {
					t.Errorf("the reason is %q", c.Reason)
				}
			}
		})
	}
}

// The same of an old line that keeps somebody else's seats: only the days on which more than those stood are billed twice, whatever the hand took off.
func TestAHandOnALineThatKeepsSeats(t *testing.T) {
	for _, tc := range []struct {
		name     string
		delta    int64
		plan     []string
		findings []string
	}{
		{"it takes off what moved", -5, nil,
			[]string{twice + "5 of them stood on the old line as well from 2026-11-20 to 2026-11-24, until they were ended there by hand; about 8.33 EUR are billed twice." + credit + "-8.33 EUR"}},
		{"it takes off two of it", -2, []string{"decrease 2026-11-27 5→2"},
			[]string{"unbilled-difference/line/s1 | Premium: 3 moved from contract \"Cloud\" to contract \"Cloud 2\" on 2026-11-20, but the old line can only end them on 2026-11-27, the quantity already changed inside this period, so the change starts on the day (contract \"Cloud\"); until then about 7.00 EUR are billed twice." + credit + "-7.00 EUR",
				twice + "2 of them stood on the old line as well from 2026-11-20 to 2026-11-24, until they were ended there by hand; about 3.33 EUR are billed twice." + credit + "-3.33 EUR"}},
		{"it takes off nothing", 0, []string{"decrease 2026-11-20 7→2"}, nil},
	} {
		r := relocate(trueDate, "2026-04-15", false)
		r.byHand(r.old, "2026-05-15", 2)
		known := &r.b.memory.Lines[0]
		known.Units, known.From, known.Shares = 7, date("2026-05-15"), whose("s1:5 s3:2")
		stays := r.want
		stays.Key, stays.Mark, stays.Contract, stays.Units, stays.Shares = "line", "spindle:line", billing.Ref{ID: "900"}, 2, whose("s3:2")
		r.desired.Lines = append(r.desired.Lines, stays)
		r.side(t, r.plan(), Increase)
		r.b.at.day = date("2026-11-27")
		if tc.delta != 0 {
			r.byHand(r.old, "2026-11-25", tc.delta)
		}
		p := r.planWithPast()
		same(t, tc.name+", plan", brief(p), tc.plan)
		same(t, tc.name+", findings", unbilled(p), tc.findings)
	}
}

// What a hand left stays named in the months after it, from rows that are read again.
func TestWhatAHandLeftStaysNamed(t *testing.T) {
	for _, tc := range handeds {
		if len(tc.plan) > 0 || len(tc.findings) == 0 {
			continue
		}
		r := relocate(trueDate, "2026-04-15", true)
		r.side(t, r.plan(), tc.written)
		tc.hand(r)
		for _, later := range []string{"2026-12-14", "2026-12-15", "2027-01-20"} {
			r.b.at.day = date(later)
			p := r.planWithPast()
			same(t, tc.name+", plan of "+later, brief(p), nil)
			same(t, tc.name+", findings of "+later, unbilled(p), tc.findings)
		}
	}
}

// The other half of a move of last month is written on the day of the move, when nothing of it is posted.
func TestHalfAMoveOfLastMonth(t *testing.T) {
	for _, tc := range []struct {
		written ChangeKind
		posted  bool
		want    string
		found   int
	}{
		{Increase, false, "end 2026-11-20 5→0", 0},
		{End, false, "increase 2026-11-20 2→7", 0},
		{Increase, true, "end 2026-12-15 5→0", 1},
		{End, true, "increase 2026-12-15 2→7", 1},
	} {
		r := relocate(trueDate, "2026-04-15", true)
		r.side(t, r.plan(), tc.written)
		if tc.posted {
			r.b.at.post(r.old, r.b.at.day)
			r.b.at.post(r.here, r.b.at.day)
		}
		r.b.at.day = date("2026-12-20")
		p := r.planWithPast()
		same(t, "plan", brief(p), []string{tc.want})
		if got := unbilled(p); len(got) != tc.found {
			t.Errorf("%s, posted %t: findings %q", tc.written, tc.posted, got)
		}
	}
}

// The quantity that was right on a day that is over: what was written to come later did not count yet, what was written to leave later still did. What
// this plan moves has not moved on any day, because the rows it is compared with do not have it yet; what an earlier plan began counts.
func TestTheQuantityThatWasRight(t *testing.T) {
	for _, tc := range []struct {
		name  string
		want  int64
		wrote []Move
		moves []moving
		on    map[string]int64
	}{
		{"nothing moved", 5, nil, nil, map[string]int64{"2026-11-01": 5, "2026-12-31": 5}},
		{"three came", 5, []Move{{"s", 3, date("2026-11-20")}}, nil, map[string]int64{"2026-11-19": 2, "2026-11-20": 5}},
		{"three left", 2, []Move{{"s", -3, date("2026-11-20")}}, nil, map[string]int64{"2026-11-19": 5, "2026-11-20": 2}},
		{"three are to leave", 2, nil, []moving{{Move: Move{"s", -3, date("2026-12-15")}}}, map[string]int64{"2026-12-14": 5, "2026-12-15": 5}},
		{"three are to come", 5, nil, []moving{{Move: Move{"s", 3, date("2026-12-15")}}}, map[string]int64{"2026-12-14": 2, "2026-12-15": 2}},
		{"three cannot come yet", 5, nil, []moving{{Move: Move{"s", 3, billing.Date{}}}}, map[string]int64{"2026-12-14": 2, "2026-12-15": 2}},
		{"three came elsewhere before, and are to leave here", 2, nil, []moving{{Move: Move{"s", -3, date("2026-12-15")}, begun: true}}, map[string]int64{"2026-12-14": 2, "2026-12-15": 2}},
		{"more came than are wanted now", 2, []Move{{"s", 3, date("2026-11-20")}}, nil, map[string]int64{"2026-11-19": 0, "2026-11-20": 2}},
	} {
		s := &subject{want: &billing.DesiredLine{Units: tc.want}, applied: &Applied{Moves: tc.wrote}, moves: tc.moves}
		for day, want := range tc.on {
			if got := s.rightOn(date(day)); got != want {
				t.Errorf("%s: %d on %s, want %d", tc.name, got, day, want)
			}
		}
	}
}

// What stands beyond what is counted, day by day: how many at most, from the first such day to the last, and what these days cost, as far as rows are
// read and the contract goes.
func TestStrayDays(t *testing.T) {
	for _, tc := range []struct {
		name string
		on   map[string]int64 // from this day on so many
		end  string           // of the contract
		want string
	}{
		{"none", nil, "2029-01-14", "0 : 0"},
		{"a week", map[string]int64{"2026-11-20": 2, "2026-11-27": 0}, "2029-01-14", "2 2026-11-20 to 2026-11-26: 4.67 EUR"},
		{"one day", map[string]int64{"2026-11-25": 1, "2026-11-26": 0}, "2029-01-14", "1 2026-11-25 to 2026-11-25: 0.33 EUR"},
		{"more, then fewer", map[string]int64{"2026-11-20": 3, "2026-11-22": 1, "2026-11-24": 0}, "2029-01-14", "3 2026-11-20 to 2026-11-23: 2.67 EUR"},
		{"fewer, then more", map[string]int64{"2026-11-20": 1, "2026-11-22": 3, "2026-11-24": 0}, "2029-01-14", "3 2026-11-20 to 2026-11-23: 2.67 EUR"},
		{"with days between", map[string]int64{"2026-11-20": 1, "2026-11-21": 0, "2026-11-29": 1, "2026-11-30": 0}, "2029-01-14", "1 2026-11-20 to 2026-11-29: 0.66 EUR"},
		{"into the next period", map[string]int64{"2026-12-14": 1, "2026-12-16": 0}, "2029-01-14", "1 2026-12-14 to 2026-12-15: 0.65 EUR"},
		{"as far as rows are read", map[string]int64{"2027-01-14": 1}, "2029-01-14", "1 2027-01-14 to 2027-01-14: 0.32 EUR"},
		{"on the contract's last day", map[string]int64{"2026-11-20": 1}, "2026-11-20", "1 2026-11-20 to 2026-11-20: 0.33 EUR"},
		{"after the contract", map[string]int64{"2026-11-20": 1}, "2026-11-19", "0 : 0"},
		{"as far as the contract goes", map[string]int64{"2026-11-29": 1}, "2026-11-30", "1 2026-11-29 to 2026-11-30: 0.67 EUR"},
	} {
		s := stepsSubject(t, trueDate, 5, []string{"2026-11-15 2026-12-15 5 5000", "2026-12-15 2027-01-15 5 5000"})
		s.contract.End = date(tc.end)
		found := s.strays(date("2026-11-20"), func(d billing.Date) (units int64) {
			var from billing.Date
			for text, n := range tc.on {
				if day := date(text); !day.After(d) && day.After(from) {
					from, units = day, n
				}
			}
			return units
		})
		if got := fmt.Sprintf("%d %s: %s", found.units, found.days, found.worth); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// Why a person must see the other half of a move: a hand took back what began on the new line, let it wait there already, or put it back on the old one.
func TestWhyAPersonSeesTheOtherHalf(t *testing.T) {
	const took = `they began on contract "Cloud 2", but Spindle wrote 7 there and Autotask now has 2`
	for _, tc := range []struct {
		name string
		rows []string
		want int64
		set  func(*subject)
		why  string
	}{
		{"it stands as written", []string{"2026-11-15 2026-12-15 7 7000"}, 7, nil, ""},
		{"a hand took it off", []string{"2026-11-15 2026-12-15 2 2000"}, 7, nil, took},
		{"no more is wanted", []string{"2026-11-15 2026-12-15 2 2000"}, 2, nil, ""},
		{"more is wanted than was written", []string{"2026-11-15 2026-12-15 7 7000"}, 9, nil, ""},
		{"a hand took one off, and more is wanted", []string{"2026-11-15 2026-12-15 6 6000"}, 9, nil, `they began on contract "Cloud 2", but Spindle wrote 7 there and Autotask now has 6`},
		{"it begins ahead", []string{"2026-11-15 2026-12-15 2 2000", "2026-12-15 2027-01-15 7 7000"}, 7, func(s *subject) { s.applied.From = date("2026-12-15") }, ""},
		{"another line was written", []string{"2026-11-15 2026-12-15 2 2000"}, 7, func(s *subject) { s.applied.LineID = "9" }, ""},
		{"the line is not there", nil, 7, func(s *subject) { s.found = false }, ""},
	} {
		s := stepsSubject(t, trueDate, tc.want, tc.rows)
		s.line.ID, s.contract.Name, s.applied = "1", "Cloud 2", &Applied{LineID: "1", Units: 7, From: date("2026-11-15")}
		if tc.set != nil {
			tc.set(s)
		}
		if got := (&mover{subject: *s}).takenBack(); got != tc.why {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.why)
		}
	}
	for _, tc := range []struct {
		name     string
		new, old []string // rows; old none: the line is not there
		ended    string   // the day the old line was written to end
		why      string
	}{
		{"nobody did anything", []string{"2026-11-15 2026-12-15 2 2000", "2026-12-15 2027-01-15 2 2000"}, []string{"2026-11-15 2026-12-15 0 0"}, "2026-11-16", ""},
		{"the old line is gone", []string{"2026-11-15 2026-12-15 2 2000"}, nil, "2026-11-16", ""},
		{"it waits there already", []string{"2026-11-15 2026-12-15 2 2000", "2026-12-15 2027-01-15 7 7000"}, nil, "2026-11-16", `Spindle wrote 2 on contract "Cloud 2", and Autotask has 7 from 2026-12-15 on`},
		{"there was more until last week", []string{"2026-11-15 2026-11-18 7 700", "2026-11-18 2026-12-15 2 1800"}, nil, "2026-11-16", ""},
		{"it came back there today", []string{"2026-11-15 2026-11-20 2 333", "2026-11-20 2026-12-15 7 5833"}, nil, "2026-11-16", ""},
		{"what was taken off comes back, no more", []string{"2026-11-15 2026-12-15 1 1000", "2026-12-15 2027-01-15 2 2000"}, nil, "2026-11-16", ""},
		{"it is on the old line again", []string{"2026-11-15 2026-12-15 2 2000"}, []string{"2026-11-15 2026-12-15 5 5000"}, "2026-11-16", "they left their old line, but Spindle wrote 0 there and Autotask now has 5"},
		{"it is on the old line until it ends", []string{"2026-11-15 2026-12-15 2 2000"}, []string{"2026-11-15 2026-12-01 5 2667", "2026-12-01 2026-12-15 0 0"}, "2026-12-01", ""},
	} {
		s := stepsSubject(t, trueDate, 7, tc.new)
		s.contract.Name, s.applied = "Cloud 2", &Applied{Units: 2}
		in := Input{Desired: billing.Desired{Day: date("2026-11-20")}}
		if tc.old != nil {
			in.Observed.Lines = []billing.ContractService{{ID: "8", Rows: rowsOf(t, tc.old...)}}
		}
		if got := newPlanner(in).putBack(&Applied{LineID: "8", From: date(tc.ended)}, &mover{subject: *s}); got != tc.why {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.why)
		}
	}
}

// Which lines have a half that was written on an earlier day: of what has begun elsewhere the old line, from the day on which it came to the new one; of what left
// and is on no line the new one, from the day on which it left. What cannot be looked up, or is not in Autotask, has no rows to look at.
func TestWhichHalvesAreLookedAt(t *testing.T) {
	const came, left = "2026-11-18", "2026-11-16"
	for _, tc := range []struct {
		name            string
		begun           bool // the seat has begun on the new line, else it has left the old one
		resolved, found bool // of the line to look at
		known           bool // as a line of a move
		want            string
	}{
		{"begun on the new line", true, true, true, true, "old from " + came},
		{"begun, and the old line's contract is not known", true, false, true, true, ""},
		{"begun, and the old line is not in Autotask", true, true, false, true, ""},
		{"left the old line", false, true, true, true, "new from " + left},
		{"left, and the new line's contract is not known", false, false, true, true, ""},
		{"left, and the new line is not there yet", false, true, false, true, ""},
		{"left, and the new line is of no move", false, true, true, false, ""},
	} {
		in := Input{Desired: billing.Desired{Day: date("2026-11-20"), Lines: []billing.DesiredLine{{Key: "new", Shares: whose("s1:5")}}}}
		if !tc.begun {
			in.Memory.Lines = []Applied{{LineKey: "old", Moves: []Move{{"s1", -5, date(left)}}}}
		}
		p := newPlanner(in)
		one := func(key string) *mover {
			m := &mover{resolved: true}
			m.subject.want, m.subject.found = &billing.DesiredLine{Key: key}, true
			m.subject.applied = &Applied{Moves: []Move{{"s1", 5, date(came)}}}
			return m
		}
		p.movers["old"], p.movers["new"] = one("old"), one("new")
		p.transferred = []transfer{{subscription: "s1", units: 5, from: "old", to: "new", begun: tc.begun}}
		looked := "old"
		if !tc.begun {
			looked = "new"
		}
		p.movers[looked].resolved, p.movers[looked].subject.found = tc.resolved, tc.found
		if !tc.known {
			delete(p.movers, looked)
			p.transferred = nil
		}
		var got []string
		p.lookAtHalfMoves(func(s *subject, day billing.Date) { got = append(got, s.want.Key+" from "+day.String()) })
		if text := strings.Join(got, ", "); text != tc.want {
			t.Errorf("%s: looks at %q, want %q", tc.name, text, tc.want)
		}
	}
}
