package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
)

// stepsOf reads "2026-11-01 5 G1" as a quantity that an invoice proves.
func stepsOf(texts ...string) []billing.Step {
	var steps []billing.Step
	for _, text := range texts {
		var day, proof string
		var units int64
		_, _ = fmt.Sscan(text, &day, &units, &proof)
		steps = append(steps, billing.Step{From: date(day), Units: units, Proof: proof})
	}
	return steps
}

func provenText(steps []billing.Step) string {
	var out []string
	for _, st := range steps {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %d %s", st.From, st.Units, st.Proof)))
	}
	return strings.Join(out, ", ")
}

// What the source proves of a day is the last step up to it, the day of a step included.
func TestProvenQuantities(t *testing.T) {
	h := &past{steps: stepsOf("2026-10-05 5 G1", "2026-11-20 7 G2", "2026-12-01 0 G3")}
	for day, want := range map[string]int64{"2026-10-04": 0, "2026-10-05": 5, "2026-11-19": 5, "2026-11-20": 7, "2026-11-30": 7, "2026-12-01": 0, "2027-01-01": 0} {
		if got := h.proven(date(day)); got != want {
			t.Errorf("%s: %d, want %d", day, got, want)
		}
	}
	if h.isNow(&billing.DesiredLine{Units: 7}) || !h.isNow(&billing.DesiredLine{}) {
		t.Error("the last step is what holds")
	}
	for first, want := range map[string]string{
		"2026-10-01": "2026-10-05 5 G1, 2026-11-20 7 G2, 2026-12-01 0 G3",
		"2026-10-05": "2026-10-05 5 G1, 2026-11-20 7 G2, 2026-12-01 0 G3",
		"2026-10-06": "2026-10-06 5 G1, 2026-11-20 7 G2, 2026-12-01 0 G3", // what holds on the first day begins there
		"2026-11-20": "2026-11-20 7 G2, 2026-12-01 0 G3",
		"2026-12-24": "2026-12-24 0 G3",
	} {
		if got := provenText(stepsFrom(h.steps, date(first))); got != want {
			t.Errorf("from %s: %s, want %s", first, got, want)
		}
	}
}

// replayed plays daily runs on a contract from the 15th and gives what they would have written.
func replayed(policy billing.EffectivePolicy, period billing.PeriodType, billFrom, since string, steps ...string) string {
	s := &subject{want: &billing.DesiredLine{}, contract: &billing.Contract{Start: date("2026-01-15"), End: date("2029-01-14"), PeriodType: billing.PeriodMonth},
		service: &billing.Service{PeriodType: period}, clock: clock{policy: policy, period: period, start: date("2026-01-15"), billFrom: date(billFrom)}}
	if since != "" {
		s.clock.since = date(since)
	}
	var out []string
	for _, st := range s.replay(stepsOf(steps...)) {
		out = append(out, fmt.Sprintf("%s %d%+d for %s", st.choice.date, st.before, st.delta, st.cause.From))
	}
	return strings.Join(out, ", ")
}

// What a run on every day of a year would have written, policy by policy: the measure for runs that come late (ADR 0003).
func TestReplay(t *testing.T) {
	for _, tc := range []struct {
		policy          billing.EffectivePolicy
		period          billing.PeriodType
		billFrom, since string
		steps           []string
		want            string
	}{
		{upNow, billing.PeriodMonth, "2026-01-01", "", []string{"2026-03-20 5"}, "2026-03-15 0+5 for 2026-03-20"},
		{upNow, billing.PeriodMonth, "2026-01-01", "", []string{"2026-03-20 5", "2026-04-02 7"}, "2026-03-15 0+5 for 2026-03-20, 2026-04-02 5+2 for 2026-04-02"},
		{upNow, billing.PeriodMonth, "2026-01-01", "", []string{"2026-03-20 5", "2026-05-02 7", "2026-05-09 4"}, "2026-03-15 0+5 for 2026-03-20, 2026-04-15 5+2 for 2026-05-02, 2026-05-15 7-3 for 2026-05-09"},
		{upNow, billing.PeriodMonth, "2026-01-01", "", []string{"2026-03-20 5", "2026-05-02 3", "2026-05-09 4"}, "2026-03-15 0+5 for 2026-03-20, 2026-05-15 5-2 for 2026-05-02, 2026-05-16 3+1 for 2026-05-09"},
		{trueDate, billing.PeriodMonth, "2026-01-01", "", []string{"2026-03-20 5", "2026-05-02 7", "2026-05-09 4", "2026-06-01 0"},
			"2026-03-20 0+5 for 2026-03-20, 2026-05-02 5+2 for 2026-05-02, 2026-05-09 7-3 for 2026-05-09, 2026-06-01 4-4 for 2026-06-01"},
		{periodStart, billing.PeriodMonth, "2026-01-01", "", []string{"2026-03-20 5", "2026-05-02 3"}, "2026-03-15 0+5 for 2026-03-20, 2026-04-15 5-2 for 2026-05-02"},
		{nextPeriod, billing.PeriodMonth, "2026-01-01", "", []string{"2026-03-20 5", "2026-05-02 3", "2026-06-20 0"}, "2026-04-15 0+5 for 2026-03-20, 2026-05-15 5-2 for 2026-05-02, 2026-07-15 3-3 for 2026-06-20"},
		{upNow, billing.PeriodMonth, "2026-04-01", "", []string{"2026-04-01 5"}, "2026-04-01 0+5 for 2026-04-01"}, // not before the first month that is billed
		{upNow, billing.PeriodMonth, "2026-01-01", "", []string{"2026-03-20 5", "2026-05-02 3", "2026-05-09 6"}, // the increase counts from before the decrease that waits
			"2026-03-15 0+5 for 2026-03-20, 2026-04-15 5+1 for 2026-05-09, 2026-05-15 5-2 for 2026-05-02, 2026-05-16 4+2 for 2026-05-09"},
		{trueDate, billing.PeriodMonth, "2026-01-01", "2026-04-10", []string{"2026-03-20 5"}, "2026-03-20 0+5 for 2026-03-20"}, // charged before the subscription says
		{upNow, billing.PeriodYear, "2026-01-01", "", []string{"2026-03-20 5"}, "2026-03-20 0+5 for 2026-03-20"},
		{upNow, billing.PeriodYear, "2026-01-01", "2026-05-10", []string{"2026-03-20 5"}, "2026-05-10 0+5 for 2026-03-20"}, // a cycle counts from its own day
		{upNow, billing.PeriodYear, "2026-01-01", "2026-03-20", []string{"2026-03-20 5", "2026-05-02 7", "2026-06-01 4"}, "2026-03-20 0+5 for 2026-03-20, 2026-05-02 5+2 for 2026-05-02, 2027-01-15 7-3 for 2026-06-01"},
		{trueDate, billing.PeriodQuarter, "2026-01-01", "2026-03-20", []string{"2026-03-20 5", "2026-05-02 3"}, "2026-03-20 0+5 for 2026-03-20, 2026-05-02 5-2 for 2026-05-02"},
	} {
		if got := replayed(tc.policy, tc.period, tc.billFrom, tc.since, tc.steps...); got != tc.want {
			t.Errorf("%s, %s, %v:\n%s\nwant\n%s", tc.policy, tc.period, tc.steps, got, tc.want)
		}
	}
}

// The rows that daily runs see of what they wrote: each period on its own, cut where something was written, up to the end of the next one.
func TestTheRowsOfAReplay(t *testing.T) {
	s := &subject{clock: clock{day: date("2026-11-20"), period: billing.PeriodMonth, start: date("2026-01-15")}}
	made := func(texts ...string) (steps []step) {
		for _, text := range texts {
			var day string
			var delta int64
			_, _ = fmt.Sscan(text, &day, &delta)
			steps = append(steps, step{choice: choice{date: date(day)}, delta: delta})
		}
		return steps
	}
	for _, tc := range []struct {
		made []step
		want []string
	}{
		{nil, nil},
		{made("2026-03-15 5"), []string{"2026-11-15 to 2026-12-14 5", "2026-12-15 to 2027-01-14 5"}},
		{made("2026-11-18 5"), []string{"2026-11-18 to 2026-12-14 5", "2026-12-15 to 2027-01-14 5"}},
		{made("2026-03-15 5", "2026-11-20 2", "2026-12-01 -1"), []string{"2026-11-15 to 2026-11-19 5", "2026-11-20 to 2026-11-30 7", "2026-12-01 to 2026-12-14 6", "2026-12-15 to 2027-01-14 6"}},
		{made("2026-03-15 5", "2026-12-15 -5"), []string{"2026-11-15 to 2026-12-14 5", "2026-12-15 to 2027-01-14 0"}},
		{made("2026-12-20 5"), []string{"2026-12-20 to 2027-01-14 5"}},
		{made("2026-03-15 5", "2027-02-14 1"), []string{"2026-11-15 to 2026-12-14 5", "2026-12-15 to 2027-01-14 5", "2027-01-15 to 2027-02-13 5", "2027-02-14 to 2027-02-14 6"}},
		{made("2026-03-15 5", "2027-01-15 1"), []string{"2026-11-15 to 2026-12-14 5", "2026-12-15 to 2027-01-14 5", "2027-01-15 to 2027-02-14 6"}},
	} {
		var got []string
		for _, r := range s.rowsOf(tc.made) {
			got = append(got, fmt.Sprintf("%s %d", r.Period, r.Units))
		}
		same(t, fmt.Sprint(datesOf(tc.made)), got, tc.want)
	}
}

// Where a line's past was billed elsewhere, as far as we know, nothing of it is made up here.
func TestWhatCameFromElsewhere(t *testing.T) {
	offer := billing.Offer{ProductID: "CFQ7TTC0LH18", SKUID: "0001"}
	own := "900|800|" + offer.String()
	shares := func(ids ...billing.SubscriptionID) (all []billing.Share) {
		for _, id := range ids {
			all = append(all, billing.Share{SubscriptionID: id, Units: 1})
		}
		return all
	}
	for _, tc := range []struct {
		name string
		line Applied
		want bool
	}{
		{"the line itself", Applied{LineKey: own, Units: 5}, false},
		{"whose units are not known", Applied{LineKey: "910|800|" + offer.String(), Units: 5}, true},
		{"that holds none any more", Applied{LineKey: "910|800|" + offer.String()}, false},
		{"of the same subscription", Applied{LineKey: "910|800|" + offer.String(), Units: 1, Shares: shares("s1")}, true},
		{"of another subscription", Applied{LineKey: "910|800|" + offer.String(), Units: 1, Shares: shares("s9")}, false},
		{"that the subscription left", Applied{LineKey: "910|800|" + offer.String(), Units: 1, Shares: shares("s9"), Moves: []Move{{"s1", -1, date("2026-10-01")}}}, true},
		{"that another one left", Applied{LineKey: "910|800|" + offer.String(), Units: 1, Shares: shares("s9"), Moves: []Move{{"s8", -1, date("2026-10-01")}}}, false},
		{"of another price point", Applied{LineKey: own + "@9.00 EUR", Units: 1, Shares: shares("s1")}, true},
		{"of another offer", Applied{LineKey: "910|800|other", Units: 1, Shares: shares("s1")}, false},
		{"of another customer", Applied{LineKey: "910|800|" + offer.String(), CustomerID: "c2", Units: 1, Shares: shares("s1")}, false},
	} {
		if tc.line.CustomerID == "" {
			tc.line.CustomerID = "c1"
		}
		p := newPlanner(Input{Memory: Memory{Lines: []Applied{tc.line}}})
		s := &subject{want: &billing.DesiredLine{Key: own, CustomerID: "c1", Offer: offer, Shares: shares("s1", "s2")}}
		if got := p.cameFromElsewhere(s); got != tc.want {
			t.Errorf("a line %s: %t", tc.name, got)
		}
	}
}

// Which contracts are read again, and from which day on: only where daily runs would have written before the rows that were read, and Spindle
// did not, or the other way round.
func TestLookBack(t *testing.T) {
	for _, tc := range []struct {
		name string
		set  func(*scene)
		want string
	}{
		{"what was proven was written", func(*scene) {}, ""},
		{"a change in the month that is over", func(s *scene) { s.proven("2026-11-20", 7) }, "2026-11-19 [900]"},
		{"a change in the running month", func(s *scene) { s.proven("2026-12-03", 7) }, ""},
		{"and it was written", func(s *scene) {
			s.proven("2026-11-20", 7)
			s.b.memory.Lines[0].Dates = append(s.b.memory.Lines[0].Dates, date("2026-11-20"))
		}, ""},
		{"what was written on another day", func(s *scene) {
			s.proven("2026-11-20", 7)
			s.b.memory.Lines[0].Dates = append(s.b.memory.Lines[0].Dates, date("2026-11-10"))
			s.b.memory.Lines[0].Turned = []billing.Date{date("2026-11-10")}
		}, "2026-11-09 [900]"},
		{"two of them", func(s *scene) { s.proven("2026-10-20", 6).proven("2026-11-20", 7) }, "2026-10-19 [900]"},
		{"before Spindle answers for the line", func(s *scene) { s.proven("2026-11-20", 7); s.b.memory.Lines[0].Since = date("2026-12-01") }, ""},
		{"under another policy", func(s *scene) { s.proven("2026-11-20", 7); s.b.memory.Lines[0].Policy = upNow }, ""},
		{"under a policy that held until lately", func(s *scene) {
			s.proven("2026-11-20", 7)
			s.b.memory.Lines[0].Policy = upNow
			s.switches(trueDate, date("2026-12-01"))
		}, "2026-10-31 [900]"},
		{"the line cannot be priced", func(s *scene) {
			s.proven("2026-11-20", 7)
			s.want.Holds = []billing.Hold{{Policy: "no-price", Blocks: true}}
		}, ""},
		{"nothing is proven", func(s *scene) { s.want.Steps = nil }, ""},
		{"the line is not there any more", func(s *scene) { s.proven("2026-11-20", 7); s.b.at.lines = nil }, ""},
		{"the line is not ours yet", func(s *scene) { s.proven("2026-11-20", 7); s.b.memory.Lines = nil; s.b.at.lines[0].mark = "" }, ""},
		{"a customer's own first month came after, so only its beginning counts", func(s *scene) { s.proven("2026-11-20", 7); s.want.BillFrom = date("2026-12-01") }, "2026-11-30 [900]"},
	} {
		s := december(trueDate)
		tc.set(s)
		from, contracts := LookBack(s.input())
		got := ""
		if len(contracts) > 0 {
			got = fmt.Sprintf("%s %s", from, contracts)
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// A second line's earlier day wins, and each contract is named once, in order.
func TestLookBackOfManyLines(t *testing.T) {
	s := december(trueDate)
	s.proven("2026-11-20", 7)
	first := s.want
	for i, id := range []billing.ContractID{"899", "901", "901"} {
		key := fmt.Sprint("other-", i)
		if s.b.at.contract(id) == nil {
			c := s.b.at.contracts[0]
			c.ID = id
			s.b.at.contracts = append(s.b.at.contracts, c)
		}
		d := first
		d.Key, d.Mark, d.Contract = key, "spindle:"+key, billing.Ref{ID: string(id)}
		d.Steps = slices.Clone(first.Steps)
		d.Steps[1].From = date([]string{"2026-11-25", "2026-10-11", "2026-11-03"}[i])
		s.desired.Lines = append(s.desired.Lines, d)
		a := s.b.memory.Lines[0]
		l := s.b.at.addLine(id, "800", d.Mark)
		_ = s.b.at.adjust(l.id, date("2026-10-01"), 5, nil)
		a.LineKey, a.LineID, a.ContractID = key, l.id, id
		s.b.memory.Lines = append(s.b.memory.Lines, a)
	}
	from, contracts := LookBack(s.input())
	if got := fmt.Sprintf("%s %s", from, contracts); got != "2026-10-10 [899 900 901]" {
		t.Error(got)
	}
}

// What is known of a line's earlier days: from the first day that is charged for and billed, as the source proves it and as daily runs would have
// written it. The beginning of a new line is known from the subscription alone; where units travel, or were billed on another line, nothing is
// made up.
func TestWhatIsKnownOfEarlierDays(t *testing.T) {
	newLine := func(s *scene) { s.b.at.lines, s.b.memory.Lines = nil, nil }
	elsewhere := func(s *scene) {
		s.want.Key = "900|800|" + s.want.Offer.String()
		s.b.memory.Lines = append(s.b.memory.Lines, Applied{LineKey: "910|800|" + s.want.Offer.String(), CustomerID: "c1", Units: 5})
	}
	seven := func(s *scene) { s.proven("2026-11-20", 7) }
	for _, tc := range []struct {
		name string
		set  func(*scene)
		want string
	}{
		{"it stands as proven, and nothing changed", func(*scene) {}, ""},
		{"it changed", seven, "2026-09-10: 2026-09-10 5, 2026-11-20 7: 2026-09-10+5 2026-11-20+2"},
		{"it changed, and that is all that is proven", func(s *scene) { s.want.Steps = nil; s.proven("2026-11-20", 7) }, "2026-09-10: 2026-11-20 7: 2026-11-01+7"}, // charged since September, so it begins with the month
		{"proven once, and the snapshot shows more", seats(7), "2026-09-10: 2026-09-10 5: 2026-09-10+5"},
		{"proven once, wanted so, and a hand changed it", byHand("2026-12-05", 1, 0), "2026-09-10: 2026-09-10 5: 2026-09-10+5"},
		{"charged before the subscription says", both(seven, func(s *scene) { s.want.Since = date("2026-10-15") }), "2026-09-10: 2026-09-10 5, 2026-11-20 7: 2026-09-10+5 2026-11-20+2"},
		{"charged on the day the subscription says", both(seven, func(s *scene) { s.want.Since = date("2026-09-10") }), "2026-09-10: 2026-09-10 5, 2026-11-20 7: 2026-09-10+5 2026-11-20+2"},
		{"the subscription says nothing", both(seven, func(s *scene) { s.want.Since = billing.Date{} }), "2026-09-10: 2026-09-10 5, 2026-11-20 7: 2026-09-10+5 2026-11-20+2"},
		{"a long cycle counts from its own day", both(seven, func(s *scene) { s.want.Service.ID, s.want.Since = "801", date("2026-10-15") }),
			"2026-10-15: 2026-10-15 5, 2026-11-20 7: 2026-10-15+5 2026-11-20+2"},
		{"billed from October on", both(seven, func(s *scene) { s.want.BillFrom = date("2026-10-01") }), "2026-10-01: 2026-10-01 5, 2026-11-20 7: 2026-10-01+5 2026-11-20+2"},
		{"billed from this month on", both(seven, func(s *scene) { s.want.BillFrom = date("2026-12-01") }), "2026-12-01: 2026-12-01 7: 2026-12-01+7"},
		{"nothing is proven", func(s *scene) { s.want.Steps = nil }, ""},
		{"nothing is proven, and more is wanted", func(s *scene) { s.want.Steps = nil; seats(7)(s) }, ""},
		{"nothing is proven of a new line", both(newLine, func(s *scene) { s.want.Steps = nil }), "2026-09-10: 2026-09-10 5: 2026-09-10+5"},
		{"nothing is proven of a line that ended and never stood", both(newLine, func(s *scene) { s.want.Steps, s.want.Units = nil, 0 }), ""},
		{"nothing is known of a new line", both(newLine, func(s *scene) { s.want.Steps, s.want.Since = nil, billing.Date{} }), ""},
		{"a new line is charged from today on", both(newLine, func(s *scene) { s.want.Steps, s.want.Since = nil, date("2026-12-09") }), "2026-12-09: 2026-12-09 5: 2026-12-09+5"},
		{"a new line is charged from tomorrow on", both(newLine, func(s *scene) { s.want.Steps, s.want.Since = nil, date("2026-12-10") }), ""},
		{"the contract begins today", both(newLine, func(s *scene) { s.b.at.contracts[0].Start = date("2026-12-09") }), "2026-09-10: 2026-09-10 5: 2026-12-09+5"},
		{"the contract begins tomorrow", both(newLine, func(s *scene) { s.b.at.contracts[0].Start = date("2026-12-10") }), ""},
		{"a new line, and its units were billed elsewhere", both(newLine, elsewhere), ""},
		{"a line that stands, and others were billed elsewhere", both(seven, func(s *scene) {
			elsewhere(s)
			s.b.memory.Lines[0].LineKey = s.want.Key
		}), "2026-09-10: 2026-09-10 5, 2026-11-20 7: 2026-09-10+5 2026-11-20+2"},
	} {
		s := december(trueDate)
		s.want.Offer = billing.Offer{ProductID: "CFQ7TTC0LH18", SKUID: "0001"}
		tc.set(s)
		p := newPlanner(inOrder(s.input()))
		line, resolved := p.subjectOf(p.lines[0])
		if !resolved {
			t.Fatalf("%s: %v", tc.name, p.findings)
		}
		got := ""
		if h := p.pastOf(line); h != nil {
			var made []string
			for _, st := range h.made {
				made = append(made, fmt.Sprintf("%s%+d", st.choice.date, st.delta))
			}
			got = strings.ReplaceAll(fmt.Sprintf("%s: %s: %s", h.first, provenText(h.steps), strings.Join(made, " ")), " invoice G11", "")
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	s := december(trueDate)
	seven(s)
	p := newPlanner(inOrder(s.input()))
	line, _ := p.subjectOf(p.lines[0])
	p.movers["line"] = &mover{subject: subject{moves: []moving{{Move: Move{"s1", 2, date("2026-12-15")}}}}}
	if h := p.pastOf(line); h != nil {
		t.Errorf("units travel, but %v", h.made)
	}
	p.movers["line"].subject.moves = nil // it was looked at, and nothing travels
	if p.pastOf(line) == nil {
		t.Error("nothing travels, and nothing is known")
	}
}

// The first day on which daily runs would have written and Spindle did not, or the other way round, when its row was not read: from the day before
// it the rows are read again. What Spindle wrote on the snapshot alone is no such day.
func TestTheFirstDayThatWasNotSeen(t *testing.T) {
	for _, tc := range []struct {
		name               string
		made, wrote, dates string // days of November and December; wrote are those on which the units turned
		since, to          string
		want               string
	}{
		{"agreed", "11-20", "11-20", "11-20", "10-01", "12-01", ""},
		{"not written", "11-20", "", "", "10-01", "12-01", "11-19"},
		{"written with a price only", "11-20", "", "11-20", "10-01", "12-01", ""},
		{"written, and not by daily runs", "", "11-10", "11-10", "10-01", "12-01", "11-09"},
		{"two, the later one first", "11-20 11-12", "", "", "10-01", "12-01", "11-11"},
		{"one each", "11-20", "11-10", "11-10", "10-01", "12-01", "11-09"},
		{"before Spindle answers", "11-20", "", "", "11-21", "12-01", ""},
		{"on the first day that Spindle answers for", "11-20", "", "", "11-20", "12-01", "11-19"},
		{"nobody knows since when", "11-20", "", "", "", "12-01", ""},
		{"written on the snapshot", "", "12-05", "12-05", "10-01", "12-01", ""},
		{"on the first day that only the snapshot tells", "", "12-01", "12-01", "10-01", "12-01", ""},
		{"on the last day that is proven", "", "11-30", "11-30", "10-01", "12-01", "11-29"},
		{"in a month of which part is proven: it may have reached back", "", "11-12", "11-12", "10-01", "11-20", ""},
		{"in the month before", "", "10-31", "10-31", "10-01", "11-20", "10-30"},
		{"in what was read", "12-02", "", "", "10-01", "12-09", ""},
		{"on the first day that was read: what stood before it was not", "12-01", "", "", "10-01", "12-09", "11-30"},
	} {
		read := func(text string) (all []billing.Date) {
			for day := range strings.FieldsSeq(text) {
				all = append(all, date("2026-"+day))
			}
			return all
		}
		s := &subject{want: &billing.DesiredLine{Policy: trueDate}, line: &billing.ContractService{ID: "1"}, applied: &Applied{LineID: "1", Turned: read(tc.wrote), Dates: read(tc.dates)},
			clock: clock{day: date("2026-12-09"), period: billing.PeriodMonth, start: date("2026-01-01")}}
		if tc.since != "" {
			s.applied.Since = date("2026-" + tc.since)
		}
		h := &past{to: date("2026-" + tc.to)}
		for _, day := range read(tc.made) {
			h.made = append(h.made, step{choice: choice{date: day}})
		}
		got := ""
		if day, missing := s.unseen(h); missing {
			got = day.String()[5:]
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
		if day, missing := s.unseen(nil); missing {
			t.Errorf("%s: nothing is known, but %s is missing", tc.name, day)
		}
	}
}

// How far back the rows are read: thirteen months at most, and for half a move only when it began before the period that was read.
func TestHowFarRowsAreReadBack(t *testing.T) {
	for day, want := range map[string]string{"2025-10-01": "2025-11-09 [900]", "2025-11-09": "2025-11-08 [900]", "2025-11-10": "2025-11-09 [900]", "2025-11-11": "2025-11-10 [900]", "2026-11-30": "2026-11-29 [900]"} {
		s := december(trueDate)
		s.b.at.contracts[0].Start, s.setup.BillFrom, s.b.memory.Lines[0].Since = date("2025-01-01"), "2025-06", date("2025-06-01")
		s.want.Since, s.want.Steps = date("2025-06-01"), nil
		s.proven("2025-06-01", 5).proven(day, 7)
		s.b.memory.Lines[0].Dates, s.b.memory.Lines[0].Turned = []billing.Date{date("2025-06-01")}, []billing.Date{date("2025-06-01")}
		from, contracts := LookBack(s.input())
		if day == "2025-11-09" {
			want = "2025-11-09 [900]" // the day before it is more than thirteen months ago
		}
		if got := fmt.Sprintf("%s %s", from, contracts); got != want {
			t.Errorf("a change of %s: %s, want %s", day, got, want)
		}
	}
	for day, want := range map[string]string{"2026-11-27": " []", "2026-12-14": " []", "2026-12-15": "2026-11-20 [900]", "2027-01-20": "2026-11-20 [900]"} {
		r := relocate(trueDate, "2026-04-15", true)
		r.side(t, r.plan(), Increase)
		r.b.at.day = date(day)
		from, contracts := LookBack(r.input())
		if got := fmt.Sprintf("%s %s", from, contracts); got != want {
			t.Errorf("half a move of 20 November on %s: %q, want %q", day, got, want)
		}
	}
	for day, want := range map[string]string{"2026-11-27": " []", "2026-12-15": "2026-11-20 [910]"} { // the old line ended, and the new one has not begun
		r := relocate(trueDate, "2026-04-15", true)
		r.side(t, r.plan(), End)
		r.b.at.day = date(day)
		from, contracts := LookBack(r.input())
		if got := fmt.Sprintf("%s %s", from, contracts); got != want {
			t.Errorf("the other half of it on %s: %q, want %q", day, got, want)
		}
	}
	r := relocate(periodStart, "2026-04-15", true) // it began on the first day of the period that is read
	r.side(t, r.plan(), Increase)
	if from, contracts := LookBack(r.input()); len(contracts) > 0 {
		t.Errorf("reads %s from %s on", contracts, from)
	}
}

// Why an earlier day is written that daily runs would not have written, and what the reason says of Microsoft's day.
func TestTheReasonOfADayBetween(t *testing.T) {
	s := &subject{clock: clock{day: date("2026-12-09"), period: billing.PeriodMonth, start: date("2026-01-01"), postedTo: date("2026-11-01")}}
	h := &past{made: []step{{choice: choice{date: date("2026-10-20"), why: "on the day"}}, {choice: choice{date: date("2026-11-01"), why: whyCurrent}}, {choice: choice{date: date("2026-12-01"), why: whyCurrent}}}}
	for day, want := range map[string]string{
		"2026-10-20": "on the day",
		"2026-11-01": "start of its period, which is not posted",
		"2026-12-01": whyCurrent,
		"2026-11-20": "from then on it stands already",
	} {
		if got := s.whyThen(h, date(day)); got.because() != want || got.date != date(day) {
			t.Errorf("%s: %s on %s, want %q", day, got.because(), got.date, want)
		}
	}
	if got := s.whyThen(&past{}, date("2026-11-01")).because(); got != "first day after the posted periods (posted up to 2026-10-31)" {
		t.Error(got)
	}

	proven := stepsOf("2026-10-01 5 G1", "2026-11-20 7 G2")
	for _, tc := range []struct {
		name  string
		steps []billing.Step
		wants int64
		st    step
		want  string
	}{
		{"the source proves its day", proven, 7, step{delta: 2, cause: proven[1]}, "; Microsoft changed it on 2026-11-20 (G2)"},
		{"only the snapshot shows it", proven, 8, step{delta: 1}, "; the day it changed is not billed yet, so the day of this run counts"},
		{"nothing is proven", nil, 8, step{delta: 1}, ""},
		{"it is proven so", proven, 7, step{delta: 1}, ""},
		{"a price alone", proven, 8, step{}, ""},
		{"its day is known, its proof is not", proven, 8, step{delta: 1, cause: billing.Step{From: date("2026-11-20")}}, ""},
	} {
		s := &subject{want: &billing.DesiredLine{Units: tc.wants, Steps: tc.steps}}
		if got := s.becauseOf(tc.st); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// A line has stood when it bills something, or has billed something by our doing: then nothing of its beginning is made up.
func TestWhetherALineHasStood(t *testing.T) {
	once := []billing.Date{date("2026-10-01")}
	for _, tc := range []struct {
		found bool
		rows  []string
		dates []billing.Date
		want  bool
	}{
		{false, nil, nil, false},
		{false, nil, once, false},
		{true, nil, nil, false},
		{true, nil, once, true},
		{true, []string{"2026-11-15 2026-12-15 0 0"}, nil, false},
		{true, []string{"2026-11-15 2026-12-15 0 0", "2026-12-15 2027-01-15 1 1000"}, nil, true},
		{true, []string{"2026-11-15 2026-12-15 0 0"}, once, true},
	} {
		s := &subject{found: tc.found, line: &billing.ContractService{Rows: rowsOf(t, tc.rows...)}, applied: &Applied{Dates: tc.dates}}
		if got := s.hasStood(); got != tc.want {
			t.Errorf("%+v: %t", tc, got)
		}
	}
}
