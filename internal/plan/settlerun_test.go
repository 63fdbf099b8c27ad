package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
)

// A run of catch-up steps finds free days or is left out as a whole: what grows gives way to the day it happened and the days after it, what
// shrinks to the day before, never outside the run, never below zero later.
func TestDaysForACatchUp(t *testing.T) {
	for _, tc := range []struct {
		name  string
		run   string // "day before+delta", in order; "/day" is the day it happened
		taken string
		rows  []string
		adds  bool // the source has gaps
		want  string
	}{
		{name: "free days", run: "11-10 0+2, 11-20 2-2", want: "11-10 +2, 11-20 -2"},
		{name: "the first is taken", run: "11-10 0+2, 11-20 2-2", taken: "11-10", want: "11-11 +2, 11-20 -2"},
		{name: "to the day it happened", run: "11-10/11-15 0+2, 11-20 2-2", taken: "11-10", want: "11-15 +2, 11-20 -2"},
		{name: "that is taken too", run: "11-10/11-15 0+2, 11-20 2-2", taken: "11-10 11-15 11-16", want: "11-17 +2, 11-20 -2"},
		{name: "no day before the next step", run: "11-18 0+2, 11-20 2-2", taken: "11-18 11-19", want: ""},
		{name: "the second is taken", run: "11-10 0+2, 11-20 2-2", taken: "11-20", want: "11-10 +2, 11-19 -2"},
		{name: "the second is taken up to the first", run: "11-18 0+2, 11-20 2-2", taken: "11-19 11-20", want: ""},
		{name: "too much, taken back", run: "11-10 0-2, 11-20 -2+2", want: "11-10 -2, 11-20 +2"},
		{name: "more than stands", run: "11-10 0-6, 11-20 -6+6", want: ""},
		{name: "all that stands", run: "11-10 0-5, 11-20 -5+5", want: "11-10 -5, 11-20 +5"},
		{name: "more than stands later", run: "11-10 0-4", rows: []string{"2026-11-01 2026-12-01 5 0", "2026-12-01 2027-01-01 3 0"}, want: ""},
		{name: "what stands later", run: "11-10 0-3", rows: []string{"2026-11-01 2026-12-01 5 0", "2026-12-01 2027-01-01 3 0"}, want: "11-10 -3"},
		{name: "more, in a gap of the source", run: "11-10 0+2", adds: true, want: "11-10 +2"},
		{name: "more and less again, in a gap", run: "11-10 0+2, 11-20 2-2", adds: true, want: ""},
		{name: "the last may not reach the window's end", run: "11-29 0+2", taken: "11-29 11-30", want: ""},
		{name: "the last day of the window", run: "11-29 0+2", taken: "11-29", want: "11-30 +2"},
		{name: "not before the window", run: "11-05 0+2, 11-06 2-2", taken: "11-05 11-06", want: ""},
		{name: "a step that grows does not pass the next one", run: "11-18 0+2, 11-20 2+1", taken: "11-18 11-19", want: ""},
		{name: "from too little to too much", run: "11-10 0+2, 11-20 2-4, 11-25 -2+2", taken: "11-20", want: "11-10 +2, 11-19 -4, 11-25 +2"},
		{name: "back on the first day that is not compared", run: "11-10 0+2, 12-01 2-2", want: "11-10 +2, 12-01 -2"},
		{name: "nothing to do", run: "", want: ""},
		{name: "three steps on three days", run: "11-10 0+2, 11-12 2+1, 11-14 3-3", taken: "11-12", want: "11-10 +2, 11-13 +1, 11-14 -3"},
	} {
		day := func(text string) billing.Date { return date("2026-" + text) }
		rows := tc.rows
		if rows == nil {
			rows = []string{"2026-11-01 2026-12-01 5 0", "2026-12-01 2027-01-01 5 0"}
		}
		line := &billing.ContractService{Rows: rowsOf(t, rows...)}
		s := &subject{line: line, onlyAdds: tc.adds, clock: clock{day: date("2026-12-09"), period: billing.PeriodMonth, start: date("2026-01-01")}}
		for _, text := range strings.Fields(tc.taken) {
			s.clock.taken = append(s.clock.taken, day(text))
		}
		taken := len(s.clock.taken)
		var run []step
		var days []billing.Date
		for text := range strings.SplitSeq(tc.run, ", ") {
			if text == "" {
				continue
			}
			when, change, _ := strings.Cut(text, " ")
			when, happened, _ := strings.Cut(when, "/")
			st := step{choice: choice{date: day(when)}}
			if happened != "" {
				st.cause.From = day(happened)
			}
			if _, err := fmt.Sscanf(change, "%d%d", &st.before, &st.delta); err != nil {
				t.Fatal(err)
			}
			run, days = append(run, st), append(days, st.choice.date)
		}
		s.settleRun(run, window{days: billing.Period{Start: date("2026-11-05"), End: date("2026-12-01")}, open: date("2026-11-05")})
		var got []string
		for _, st := range s.prior {
			got = append(got, fmt.Sprintf("%s %+d", st.choice.date.String()[5:], st.delta))
			asked := slices.Contains(days, st.choice.date)
			if why := st.choice.because(); asked != (why == "") || !asked && why != st.choice.of.String()+" already has an adjustment of this line and Autotask takes one a day" {
				t.Errorf("%s: %s because %q", tc.name, st.choice.date, why)
			}
		}
		if strings.Join(got, ", ") != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
		if grown := len(s.clock.taken) - taken; grown != len(s.prior) {
			t.Errorf("%s: %d days are taken by %d steps", tc.name, grown, len(s.prior))
		}
	}
}

// Where what stands and what should stand part and meet again: at the first open day, where a daily run writes and where a row begins; at the
// end of the window what stands goes on.
func TestWhereACatchUpJumps(t *testing.T) {
	for _, tc := range []struct {
		name  string
		made  string // "day level", the quantities that daily runs would have left
		rows  []string
		open  string
		until string
		adds  bool
		want  string
	}{
		{name: "in step", made: "10-01 5", want: ""},
		{name: "two more", made: "10-01 5, 11-20 7", want: "2026-11-20 0+2"},
		{name: "two more, and back again", made: "10-01 5, 11-10 7, 11-20 5", want: "2026-11-10 0+2, 2026-11-20 2-2"},
		{name: "two fewer", made: "10-01 5, 11-20 3", want: "2026-11-20 0-2"},
		{name: "before the first open day", made: "10-01 5, 10-20 7", open: "11-01", want: "2026-11-01 0+2"},
		{name: "what stands follows later", made: "10-01 5, 11-10 7", rows: []string{"2026-11-01 2026-11-24 5 0", "2026-11-24 2026-12-01 7 0", "2026-12-01 2027-01-01 7 0"}, want: "2026-11-10 0+2, 2026-11-24 2-2"},
		{name: "the window ends", made: "10-01 5, 11-10 7", until: "12-01", want: "2026-11-10 0+2, 2026-12-01 2-2"},
		{name: "on the last day of the window nothing is written", made: "10-01 5, 12-01 7", until: "12-01", want: ""},
		{name: "up and down in a gap: only what stays", made: "10-01 5, 11-10 9, 11-20 7", adds: true, want: "2026-11-10 0+2"},
		{name: "up, and down on the last day, in a gap", made: "10-01 5, 11-10 9, 12-05 7", adds: true, want: "2026-11-10 0+2"},
		{name: "down in a gap", made: "10-01 5, 11-10 3", adds: true, want: "2026-11-01 0-2"}, // settleRun leaves it out
	} {
		day := func(text string) billing.Date { return date("2026-" + text) }
		rows := tc.rows
		if rows == nil {
			rows = []string{"2026-11-01 2026-12-01 5 0", "2026-12-01 2027-01-01 5 0"}
		}
		h, level := &past{}, int64(0)
		for text := range strings.SplitSeq(tc.made, ", ") {
			when, number, _ := strings.Cut(text, " ")
			var units int64
			if _, err := fmt.Sscan(number, &units); err != nil {
				t.Fatal(err)
			}
			h.made = append(h.made, step{choice: choice{date: day(when)}, delta: units - level, cause: billing.Step{From: day(when)}})
			level = units
		}
		s := &subject{line: &billing.ContractService{Rows: rowsOf(t, rows...)}, onlyAdds: tc.adds,
			clock: clock{day: date("2026-12-09"), period: billing.PeriodMonth, start: date("2026-01-01")}}
		w := window{days: billing.Period{Start: date("2026-11-01"), End: s.clock.sight()}, open: date("2026-11-01")}
		if tc.open != "" {
			w.open = day(tc.open)
		}
		if tc.until != "" {
			w.days.End = day(tc.until)
		}
		var got []string
		for _, j := range s.jumps(h, w) {
			got = append(got, fmt.Sprintf("%s %d%+d", j.choice.date, j.before, j.delta))
		}
		if strings.Join(got, ", ") != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// Why an earlier day is written, in the words of the run that would have written it.
func TestTheReasonOfAnEarlierDay(t *testing.T) {
	for _, tc := range []struct {
		policy billing.EffectivePolicy
		posted string
		on     string
		units  int64
		want   string
	}{
		{upNow, "", "2026-11-20", 7, "start of its period, which is not posted"},
		{upNow, "", "2026-12-03", 7, "start of the current period, which is not posted"},
		{trueDate, "", "2026-11-20", 7, "on the day, prorated by Autotask"},
		{trueDate, "", "2026-11-20", 3, "on the day, credited by Autotask"},
		{trueDate, "", "2026-11-20", 0, "the day the subscription ended"},
		{upNow, "2026-11-30", "2026-11-20", 7, "first day after the posted periods (posted up to 2026-11-30)"},
	} {
		s := december(tc.policy).proven(tc.on, tc.units)
		s.want.ProvenTo = date("2026-12-09")
		if tc.posted != "" {
			s.b.at.post(s.b.at.lines[0], date(tc.posted))
		}
		p := s.planWithPast()
		if !slices.ContainsFunc(p.Changes, func(c Change) bool {
			return strings.Contains(c.Reason, ", "+tc.want+"; Microsoft changed it on "+tc.on+" (invoice G11)")
		}) {
			t.Errorf("%s, changed on %s: %q, want %q", tc.policy, tc.on, plannedIn(p), tc.want)
		}
	}
}
