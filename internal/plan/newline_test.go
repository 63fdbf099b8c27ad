package plan

import (
	"fmt"
	"slices"
	"testing"

	"spindle/internal/billing"
)

// The life of a repeat instance: a second price point comes, the first instance ends under it, the second goes on and changes.
func TestDiaryOfARepeatInstanceThatOutlivesTheFirst(t *testing.T) {
	s := november(upNow)
	s.desired.Lines = []billing.DesiredLine{s.second(900)}
	s.desired.Lines[0].Units = 0
	second := func(n int64) func(*scene) { return func(s *scene) { s.desired.Lines[0].Units = n } }
	s.keep(t, []entry{
		{day: "2026-03-12", event: "five seats at 10.00",
			plan: []planned{
				{what: "attach-service 2026-02-15 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2026-02-15 0→5 at 10.00 EUR", money: "+50.00 EUR monthly",
					why: "New line: 5 from 2026-02-15, start of the current period, which is not posted.", needs: "#1"},
			},
		},
		{day: "2026-03-20", event: "three more at 9.00, which needs an instance of their own", do: second(3),
			rows: []string{
				"1: 2026-03-15 to 2026-04-14 5 for 50.00 EUR",
				"1: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "add-repeat 2026-03-15 0→3 at 9.00 EUR", money: "+27.00 EUR monthly",
					why: "New line: 3 from 2026-03-15, start of the current period, which is not posted."},
				{what: "mark-line 2026-03-15 0→0",
					why: "So that Spindle finds this instance again.", needs: "#1"},
			},
		},
		{day: "2026-04-20", event: "the first price point ends", do: ends("2026-04-18"),
			rows: []string{
				"1: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
				"1: 2026-05-15 to 2026-06-14 5 for 50.00 EUR",
				"2: 2026-04-15 to 2026-05-14 3 for 27.00 EUR",
				"2: 2026-05-15 to 2026-06-14 3 for 27.00 EUR",
			},
			plan: []planned{
				{what: "end 2026-05-15 5→0", money: "-50.00 EUR monthly",
					why: "The subscription ended on 2026-04-18; the line ends from 2026-05-15, start of the next period."},
			},
		},
		{day: "2026-05-20", event: "the second goes on with one more", do: second(4),
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 0 for 0.00 EUR",
				"1: 2026-06-15 to 2026-07-14 0 for 0.00 EUR",
				"2: 2026-05-15 to 2026-06-14 3 for 27.00 EUR",
				"2: 2026-06-15 to 2026-07-14 3 for 27.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-05-15 3→4", money: "+9.00 EUR monthly",
					why: "3 → 4 from 2026-05-15, start of the current period, which is not posted."},
			},
		},
		{day: "2026-06-20", event: "the first price point comes back to its old instance", do: func(s *scene) { s.want.Units, s.want.EndedOn = 2, billing.Date{} },
			rows: []string{
				"1: 2026-06-15 to 2026-07-14 0 for 0.00 EUR",
				"1: 2026-07-15 to 2026-08-14 0 for 0.00 EUR",
				"2: 2026-06-15 to 2026-07-14 4 for 36.00 EUR",
				"2: 2026-07-15 to 2026-08-14 4 for 36.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-06-15 0→2 at 10.00 EUR", money: "+20.00 EUR monthly",
					why: "0 → 2 from 2026-06-15, start of the current period, which is not posted."},
			},
		},
		{day: "2026-07-20", event: "both end", do: both(ends("2026-07-19"), second(0)),
			rows: []string{
				"1: 2026-07-15 to 2026-08-14 2 for 20.00 EUR",
				"1: 2026-08-15 to 2026-09-14 2 for 20.00 EUR",
				"2: 2026-07-15 to 2026-08-14 4 for 36.00 EUR",
				"2: 2026-08-15 to 2026-09-14 4 for 36.00 EUR",
			},
			plan: []planned{
				{what: "end 2026-08-15 2→0", money: "-20.00 EUR monthly",
					why: "The subscription ended on 2026-07-19; the line ends from 2026-08-15, start of the next period."},
				{what: "end 2026-08-15 4→0", money: "-36.00 EUR monthly",
					why: "Nothing is billed for it any more; the line ends from 2026-08-15, start of the next period."},
			},
		},
	})
}

// A hand-made line is adopted by a person and from then on kept in step.
func TestDiaryOfAnAdoption(t *testing.T) {
	s := november(upNow)
	s.handMade(4)
	s.want.Units = 4
	s.keep(t, []entry{
		{day: "2026-03-12", event: "the contract has the service already, the plan only asks", held: true,
			rows: []string{
				"1: 2026-02-15 to 2026-03-14 4 for 40.00 EUR",
				"1: 2026-03-15 to 2026-04-14 4 for 40.00 EUR",
			},
			plan: []planned{
				{what: "mark-line  4→4",
					why: "The contract already has this service with 4 units; Microsoft says 4.", held: "adopt-only"},
			},
			findings: []string{
				"not-ours/line | Premium: Contract \"Cloud\" already has this service (1) with 4 units, made by hand. | Approve its mark-line change to let Spindle keep it in step, or map the product to another service. | 40.00 EUR",
			},
		},
		{day: "2026-03-14", event: "it is approved",
			rows: []string{
				"1: 2026-02-15 to 2026-03-14 4 for 40.00 EUR",
				"1: 2026-03-15 to 2026-04-14 4 for 40.00 EUR",
			},
			plan: []planned{
				{what: "mark-line  4→4",
					why: "The contract already has this service with 4 units; Microsoft says 4.", held: "adopt-only"},
			},
			findings: []string{
				"not-ours/line | Premium: Contract \"Cloud\" already has this service (1) with 4 units, made by hand. | Approve its mark-line change to let Spindle keep it in step, or map the product to another service. | 40.00 EUR",
			},
		},
		{day: "2026-03-20", event: "one more seat: now it is ours", do: seats(5),
			rows: []string{
				"1: 2026-03-15 to 2026-04-14 4 for 40.00 EUR",
				"1: 2026-04-15 to 2026-05-14 4 for 40.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-03-15 4→5", money: "+10.00 EUR monthly",
					why: "4 → 5 from 2026-03-15, start of the current period, which is not posted."},
			},
		},
		{day: "2026-04-20", event: "it ends", do: ends("2026-04-19"),
			rows: []string{
				"1: 2026-04-15 to 2026-05-14 5 for 50.00 EUR",
				"1: 2026-05-15 to 2026-06-14 5 for 50.00 EUR",
			},
			plan: []planned{
				{what: "end 2026-05-15 5→0", money: "-50.00 EUR monthly",
					why: "The subscription ended on 2026-04-19; the line ends from 2026-05-15, start of the next period."},
			},
		},
	})
}

// A line that begins ahead is written once, keeps its day, and is cancelled the day after it.
func TestDiaryOfABeginningAhead(t *testing.T) {
	s := november(trueDate)
	s.want.Since = date("2026-04-20")
	s.keep(t, []entry{
		{day: "2026-03-12", event: "ordered for 20 April: that period is not in sight yet"},
		{day: "2026-03-18", event: "one more before it begins", do: seats(6),
			plan: []planned{
				{what: "attach-service 2026-04-20 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2026-04-20 0→6 at 10.00 EUR", money: "+60.00 EUR monthly, +50.00 EUR once",
					why: "New line: 6 from 2026-04-20, the day the subscription is charged from.", needs: "#1"},
			},
		},
		{day: "2026-04-10", event: "cancelled before it began", do: ends("2026-04-10"),
			rows: []string{
				"1: 2026-04-20 to 2026-05-14 6 for 50.00 EUR",
			},
			plan: []planned{
				{what: "end 2026-04-21 6→0", money: "-60.00 EUR monthly, -48.00 EUR once",
					why: "The subscription ended on 2026-04-10; the line ends from 2026-04-21, 2026-04-20 already has an adjustment of this line and Autotask takes one a day."},
			},
		},
		{day: "2026-04-21", event: "the day has come and gone",
			rows: []string{
				"1: 2026-04-20 to 2026-04-20 6 for 2.00 EUR",
				"1: 2026-04-21 to 2026-05-14 0 for 0.00 EUR",
				"1: 2026-05-15 to 2026-06-14 0 for 0.00 EUR",
			},
		},
		{day: "2026-06-02", event: "ordered again", do: func(s *scene) {
			s.want.Units, s.want.EndedOn, s.want.Since = 2, billing.Date{}, date("2026-06-01")
		},
			rows: []string{
				"1: 2026-05-15 to 2026-06-14 0 for 0.00 EUR",
				"1: 2026-06-15 to 2026-07-14 0 for 0.00 EUR",
			},
			plan: []planned{
				{what: "increase 2026-06-01 0→2 at 10.00 EUR", money: "+20.00 EUR monthly, +9.03 EUR once",
					why: "0 → 2 from 2026-06-01, the day the subscription is charged from."},
			},
		},
	})
}

// A line that somebody took off the contract comes back only with a person's consent.
func TestDiaryOfARemovedLine(t *testing.T) {
	s := november(upNow)
	s.keep(t, []entry{
		{day: "2026-03-12", event: "five seats",
			plan: []planned{
				{what: "attach-service 2026-02-15 0→0",
					why: "The service is not on the contract yet."},
				{what: "increase 2026-02-15 0→5 at 10.00 EUR", money: "+50.00 EUR monthly",
					why: "New line: 5 from 2026-02-15, start of the current period, which is not posted.", needs: "#1"},
			},
		},
		{day: "2026-04-02", event: "somebody removed it in Autotask", do: func(s *scene) { s.b.at.lines = nil }, held: true,
			plan: []planned{
				{what: "attach-service 2026-03-15 0→0", why: "The service is not on the contract yet.", held: "hold-on-drift"},
				{what: "increase 2026-03-15 0→5 at 10.00 EUR", money: "+50.00 EUR monthly",
					why: "New line: 5 from 2026-03-15, start of the current period, which is not posted.", needs: "#1", held: "hold-on-drift"},
			},
			findings: []string{
				"changed-by-hand/line | Premium: The line was removed by hand: Spindle wrote 5 on contract service 1, which is not in Autotask any more. | Approve the new line to bill it again, or switch its billing off. | 50.00 EUR",
			},
		},
		{day: "2026-04-03", event: "the subscription ended meanwhile: nothing to bring back", do: ends("2026-04-03")},
		{day: "2026-05-20", event: "it begins anew and is still a person's decision", do: func(s *scene) { s.want.Units, s.want.EndedOn = 3, billing.Date{} },
			plan: []planned{
				{what: "attach-service 2026-05-15 0→0", why: "The service is not on the contract yet.", held: "hold-on-drift"},
				{what: "increase 2026-05-15 0→3 at 10.00 EUR", money: "+30.00 EUR monthly",
					why: "New line: 3 from 2026-05-15, start of the current period, which is not posted.", needs: "#1", held: "hold-on-drift"},
			},
			findings: []string{
				"changed-by-hand/line | Premium: The line was removed by hand: Spindle wrote 5 on contract service 1, which is not in Autotask any more. | Approve the new line to bill it again, or switch its billing off. | 30.00 EUR",
			},
		},
	})
}

// A line of a single seat is a line like any other: it begins, changes its price, grows, moves to another contract and ends.
func TestTheLifeOfOneSeat(t *testing.T) {
	for _, policy := range billing.EffectivePolicies() {
		s := withSecondContract(november(policy))
		s.b.at.day = date("2026-11-15")
		s.want.Units, s.want.Since, s.want.Shares = 1, date("2026-11-15"), []billing.Share{{SubscriptionID: "s1", Units: 1}}
		on := func(day string, do func(*scene), kinds ...ChangeKind) {
			t.Helper()
			s.b.at.day = date(day)
			do(s)
			p := s.plan()
			var got []ChangeKind
			for _, c := range p.Changes {
				got = append(got, c.Kind)
				if c.Adjust != nil && c.Kind != Reprice && c.Adjust.UnitChange != 1 && c.Adjust.UnitChange != -1 {
					t.Errorf("%s, %s: %s by %d", policy, day, c.Kind, c.Adjust.UnitChange)
				}
			}
			if !slices.Equal(got, kinds) {
				t.Errorf("%s, %s: %v, want %v\n%s", policy, day, got, kinds, text(p))
			}
			s.applied(t, p)
		}
		on("2026-11-15", func(*scene) {}, AttachService, Increase)
		on("2026-12-15", priced(1100), Reprice)
		on("2027-01-20", func(s *scene) { s.want.Units, s.want.Shares[0].Units = 2, 2 }, Increase)
		on("2027-02-20", func(s *scene) { s.want.Units, s.want.Shares[0].Units = 1, 1 }, Decrease)
		on("2027-04-20", moved, AttachService, Increase, End)
		on("2027-06-20", func(s *scene) { s.want.Units, s.want.EndedOn, s.want.Shares = 0, date("2027-06-20"), nil }, End)
		on("2027-08-20", func(*scene) {})
	}
}

// A new line that begins with what is new and gets more from another line later: two adjustments, the second after the first, each with its own money;
// what lies beyond the rows that are read, or behind the contract's end, waits.
func TestANewLineThatBeginsTwice(t *testing.T) {
	for _, tc := range []struct {
		name string
		set  func(*relocation)
		want []string
	}{
		{"two seats now, five next month", func(r *relocation) { r.b.at.post(r.old, r.b.at.day) }, []string{"attach-service 2026-11-20 0→0:  after ", "increase 2026-11-20 0→2 at 10.00 EUR: +20.00 EUR monthly, +16.67 EUR once after #1",
			"increase 2026-12-15 2→7: +50.00 EUR monthly after #2", "end 2026-12-15 5→0: -50.00 EUR monthly after #3"}},
		{"five in a month that is not read yet", func(r *relocation) { r.b.at.post(r.old, date("2026-12-15")) }, []string{"attach-service 2026-11-20 0→0:  after ",
			"increase 2026-11-20 0→2 at 10.00 EUR: +20.00 EUR monthly, +16.67 EUR once after #1"}},
		{"the new contract ends before the five come", func(r *relocation) { r.b.at.post(r.old, r.b.at.day); r.on("910").End = date("2026-12-14") }, []string{"attach-service 2026-11-20 0→0:  after ",
			"increase 2026-11-20 0→2 at 10.00 EUR: +20.00 EUR monthly, +16.67 EUR once after #1"}},
	} {
		r := relocate(trueDate, "2026-04-15", false)
		r.want.Since, r.want.Units, r.want.Shares = date("2026-11-20"), 7, []billing.Share{{SubscriptionID: "s1", Units: 5}, {SubscriptionID: "s9", Units: 2}}
		tc.set(r)
		var got []string
		for _, c := range plannedIn(r.plan()) {
			got = append(got, c.what+": "+c.money+" after "+c.needs)
		}
		same(t, tc.name, got, tc.want)
	}
	r := relocate(trueDate, "2026-04-15", false)
	r.want.Since, r.want.Units, r.want.Shares = date("2026-11-20"), 7, []billing.Share{{SubscriptionID: "s1", Units: 5}, {SubscriptionID: "s9", Units: 2}}
	r.b.at.post(r.old, r.b.at.day)
	if c := r.plan().Changes[2]; !c.Before.Exists || c.Before.Units != 2 || !c.Before.UnitPrice.Equal(euros(1000)) || c.Adjust.UnitPrice != nil {
		t.Errorf("the second beginning goes from %+v by %+v", c.Before, c.Adjust)
	}
}

// Two instances of a service that are both new: the first is attached, the second comes into being by its adjustment once the first is there, and gets
// its mark afterwards. What holds its quantity does not hold the mark, which changes nothing for the customer.
func TestTwoInstancesThatAreBothNew(t *testing.T) {
	s := november(upNow)
	again := s.want
	nine := euros(900)
	again.Key, again.Mark, again.Repeat, again.Units, again.UnitPrice, again.Holds = "line2", "spindle:line2", true, 3, &nine, []billing.Hold{{Policy: "hold-below-margin", Why: "below"}}
	s.desired.Lines = append(s.desired.Lines, again)
	p := s.plan()
	same(t, "plan", brief(p), []string{"attach-service 2026-11-15 0→0", "increase 2026-11-15 0→5 at 10.00 EUR", "add-repeat 2026-11-15 0→3 at 9.00 EUR", "mark-line 2026-11-15 0→0"})
	attach, repeat, mark := p.Changes[0], p.Changes[2], p.Changes[3]
	if !slices.Equal(repeat.Requires, []string{attach.ID}) || !slices.Equal(mark.Requires, []string{repeat.ID}) {
		t.Errorf("the instance comes after %v, its mark after %v", repeat.Requires, mark.Requires)
	}
	wantHolds(t, repeat, "hold-below-margin")
	wantHolds(t, mark)
	if mark.Line.Mark != "spindle:line2" || !mark.Before.Exists || !mark.After.Exists || mark.Reason != "So that Spindle finds this instance again." {
		t.Errorf("%+v", mark)
	}
	s.applied(t, p)
	if got := s.b.at.lines[1].mark; got != "spindle:line2" {
		t.Errorf("the second one carries %q", got)
	}
}

// What a person took off a contract is not brought back by itself: the clerk reads which contract service it was and how many it had.
func TestALineThatWasRemovedByHand(t *testing.T) {
	s := november(upNow)
	s.stands(5, "2026-03-10")
	s.b.at.lines = nil
	p := s.plan()
	for _, c := range p.Changes {
		if len(c.Holds) != 1 || c.Holds[0] != (billing.Hold{Policy: "hold-on-drift", Why: "Spindle wrote 5 on contract service 1, which is not in Autotask any more"}) {
			t.Errorf("%s is held by %v", c.Kind, c.Holds)
		}
	}
	same(t, "findings", findingsIn(p), []string{"changed-by-hand/line | Premium: The line was removed by hand: Spindle wrote 5 on contract service 1, which is not in Autotask any more. | Approve the new line to bill it again, or switch its billing off. | 50.00 EUR"})
}

// A further instance of a service must not bill twice what another one on the contract may bill: one of ours that nothing leads to any more ends
// together with it, one that people made is a person's decision, even when it bills nothing just now. What is wanted itself, moves, was only attached or
// carries somebody else's mark is no reason to wait.
func TestWhatElseStandsOnTheContract(t *testing.T) {
	unmarked := func(units int64) func(*scene) {
		return func(s *scene) {
			s.handMade(5)
			if units != 5 {
				byHand("2026-11-16", units-5, 0)(s)
			}
		}
	}
	ours := func(s *scene) {
		l := s.handMade(5)
		l.mark = "spindle:old"
		s.b.memory.Lines = append(s.b.memory.Lines, Applied{LineKey: "old", LineID: l.id, CustomerID: "c1", Customer: "Alder", ContractID: "900", ServiceID: "800", What: "Premium", Units: 5, From: date("2026-02-15"),
			Dates: []billing.Date{date("2026-02-15")}})
	}
	wanted := func(s *scene) {
		old := s.want
		old.Key, old.Mark, old.Repeat = "old", "spindle:old", false
		s.desired.Lines = append(s.desired.Lines, old)
	}
	for _, tc := range []struct {
		name     string
		set      func(*scene)
		holds    string
		findings []string
	}{
		{"nothing", func(*scene) {}, "[]", nil},
		{"ours, and wanted", both(ours, wanted), "[]", nil},
		{"ours, and nothing leads to it", ours, "[{hold-unwanted contract service 1 bills 5 of the same service and nothing leads to it any more; approve this together with its end false}]", nil},
		{"ours, and all of it moves here", func(s *scene) {
			ours(s)
			s.b.memory.Lines[0].Shares, s.want.Shares = []billing.Share{{SubscriptionID: "s1", Units: 5}}, []billing.Share{{SubscriptionID: "s1", Units: 5}}
		}, "[]", nil},
		{"made by hand", unmarked(5), "[{adopt-only contract service 1 was not made by Spindle and bills 5 of the same service false}]",
			[]string{`not-ours/line | Premium: Contract "Cloud" already has this service (1) with 5 units, made by hand. | Approve the new line if it comes on top, or take the units off the hand-made one first. | 50.00 EUR`}},
		{"made by hand, with one seat", unmarked(1), "[{adopt-only contract service 1 was not made by Spindle and bills 1 of the same service false}]",
			[]string{`not-ours/line | Premium: Contract "Cloud" already has this service (1) with 1 units, made by hand. | Approve the new line if it comes on top, or take the units off the hand-made one first. | 50.00 EUR`}},
		{"made by hand, and ended", unmarked(0), "[{adopt-only contract service 1 was not made by Spindle and bills 0 of the same service false}]",
			[]string{`not-ours/line | Premium: Contract "Cloud" already has this service (1) with 0 units, made by hand. | Approve the new line if it comes on top, or take the units off the hand-made one first. | 50.00 EUR`}},
		{"attached by hand only", func(s *scene) { s.b.at.addLine("900", "800", "") }, "[]", nil},
		{"marked by another Spindle", func(s *scene) { s.handMade(5).mark = "spindle:other" }, "[{adopt-only contract service 1 bears the mark of another Spindle and bills 5 of the same service false}]",
			[]string{`not-ours/line | Premium: Contract "Cloud" already has this service (1) with 5 units, written by another Spindle or one whose database was lost.` +
				` | If a database was lost, restore its newest backup; if another Spindle or organization bills this company, let only one of them do it. Approve the change only if it comes on top. | 50.00 EUR`}},
		{"ours, marked, and the answer was lost", both(wanted, func(s *scene) { s.handMade(5).mark = "spindle:old" }), "[]", nil},
	} {
		s := november(upNow)
		s.want.Repeat = true
		tc.set(s)
		p := s.plan()
		for _, c := range p.Changes {
			if c.LineKey != "line" || c.Kind == MarkLine || c.Kind == End {
				continue
			}
			if got := fmt.Sprint(c.Holds); got != tc.holds {
				t.Errorf("%s: %s is held by %s, want %s", tc.name, c.Kind, got, tc.holds)
			}
		}
		same(t, tc.name, findingsIn(p), tc.findings)
	}
}

// A new line whose quantity turns again behind the end of its contract is written as far as the contract goes; what lies behind it is a finding, and no change
// that Autotask would refuse. One day more, and it is written whole.
func TestANewLineThatTurnsBehindItsContract(t *testing.T) {
	const ends, remedy = "contract-ends/900 | Contract \"Cloud\" ends on ", ", before the next billing period is over. | Extend or renew it in Autotask, or map the customer to another contract with spindle contracts map."
	behind := func(end string) string {
		return "contract-ends/line | Premium: The change would take effect on 2026-12-01, but contract \"Cloud\" ends on " + end +
			". | Extend the contract in Autotask, or map the line to its successor with spindle contracts map. | 30.00 EUR"
	}
	for _, tc := range []struct {
		end      string
		turns    bool
		findings []string
	}{
		{"2026-11-29", false, []string{ends + "2026-11-29" + remedy, behind("2026-11-29")}},
		{"2026-11-30", false, []string{ends + "2026-11-30" + remedy, behind("2026-11-30")}},
		{"2026-12-01", true, []string{ends + "2026-12-01" + remedy}},
		{"2026-12-31", true, nil},
	} {
		s := november(upNow)
		s.b.at.day, s.b.at.contracts[0].Start, s.b.at.contracts[0].End = date("2026-11-25"), date("2026-10-01"), date(tc.end)
		s.setup.BillFrom, s.want.Since = "2026-10", date("2026-11-05")
		s.proven("2026-11-05", 5).proven("2026-11-20", 3)
		s.want.ProvenTo = date("2026-12-01")
		want := []string{"attach-service 2026-11-01 0→0", "increase 2026-11-01 0→5 at 10.00 EUR"}
		if tc.turns {
			want = append(want, "decrease 2026-12-01 5→3")
		}
		p := s.planWithPast()
		same(t, "contract to "+tc.end+", plan", brief(p), want)
		same(t, "contract to "+tc.end+", findings", findingsIn(p), tc.findings)
		for _, c := range p.Changes {
			if err := s.b.apply(c); err != nil {
				t.Errorf("contract to %s: %v", tc.end, err)
			}
		}
	}
}
