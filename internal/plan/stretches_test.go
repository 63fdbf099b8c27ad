package plan

import (
	"fmt"
	"strings"
	"testing"

	"spindle/internal/billing"
)

// Spans of days on which nothing changes: what is charged for and not billed, what is billed and neither charged for nor due, and whether
// anything is billed at all. A line of November and December, looked at on 9 December, measured from 1 November on.
func TestStretches(t *testing.T) {
	five := []string{"2026-11-01 2026-12-01 5 0", "2026-12-01 2027-01-01 5 0"}
	for _, tc := range []struct {
		name   string
		proven string // "day units", what the source proves
		made   string // the same of what daily runs would have left; "": as proven
		wants  int64
		to     string // first day that only the snapshot tells
		rows   []string
		steps  string // "day delta", what the plan writes
		adds   bool
		posted string
		want   string // spans that lack or have too much: "from to lack/over", "bare" when nothing at all is billed
	}{
		{name: "in step", proven: "11-01 5", wants: 5, to: "12-01", rows: five},
		{name: "two are missing", proven: "11-01 5, 11-20 7", wants: 7, to: "12-01", rows: five,
			want: "11-20 to 11-30 2/0, 12-01 to 01-31 2/0"},
		{name: "the plan brings them", proven: "11-01 5, 11-20 7", wants: 7, to: "12-01", rows: five, steps: "11-20 2"},
		{name: "the plan brings them later", proven: "11-01 5, 11-20 7", wants: 7, to: "12-01", rows: five, steps: "12-01 2", want: "11-20 to 11-30 2/0"},
		{name: "two too many", proven: "11-01 5, 11-20 3", wants: 3, to: "12-01", rows: five, steps: "12-10 -2", want: "11-20 to 11-30 0/2, 12-01 to 12-09 0/2"},
		{name: "two too many that the policy lets wait", proven: "11-01 5, 11-20 3", made: "11-01 5, 12-01 3", wants: 3, to: "12-01", rows: five, steps: "12-01 -2"},
		{name: "more that the policy lets wait", proven: "11-01 5, 11-20 7", made: "11-01 5, 12-01 7", wants: 7, to: "12-01", rows: five, steps: "12-01 2"},
		{name: "more than proven, but due", proven: "11-01 5, 11-20 7", made: "11-01 7", wants: 7, to: "12-01", rows: five, steps: "11-20 2"},
		{name: "the snapshot tells another quantity: only proven days", proven: "11-01 5, 11-20 7", wants: 9, to: "12-01", rows: five, steps: "12-09 4", want: "11-20 to 11-30 2/0"},
		{name: "nothing is billed", proven: "11-01 5", wants: 5, to: "12-01", rows: []string{"2026-11-01 2026-11-10 0 0", "2026-11-10 2026-12-01 5 0", "2026-12-01 2027-01-01 5 0"},
			want: "11-01 to 11-09 5/0 bare"},
		{name: "what the snapshot alone brought is not measured", proven: "11-01 5", wants: 7, to: "11-25", rows: []string{"2026-11-01 2026-11-10 5 0", "2026-11-10 2026-12-01 7 0", "2026-12-01 2027-01-01 7 0"}},
		{name: "the month is proven ahead, and the snapshot tells another quantity since today", proven: "11-01 5, 11-20 7", wants: 9, to: "12-31", rows: five, steps: "11-20 2, 12-09 2"},
		{name: "the month is proven ahead, and lacked two up to yesterday", proven: "11-01 5, 11-20 7", wants: 9, to: "12-31", rows: five, steps: "12-09 4", want: "11-20 to 11-30 2/0, 12-01 to 12-08 2/0"},
		{name: "a gap of the source: only days that cannot be written any more", proven: "11-01 5, 11-20 7", wants: 7, to: "12-01", rows: five, adds: true, posted: "2026-12-01",
			want: "11-20 to 11-30 2/0"},
	} {
		day := func(text string) billing.Date {
			if strings.HasPrefix(text, "01-") {
				return date("2027-" + text)
			}
			return date("2026-" + text)
		}
		read := func(texts string) (days []billing.Date, units []int64) {
			for text := range strings.SplitSeq(texts, ", ") {
				if text == "" {
					continue
				}
				when, number, _ := strings.Cut(text, " ")
				var n int64
				if _, err := fmt.Sscan(number, &n); err != nil {
					t.Fatal(err)
				}
				days, units = append(days, day(when)), append(units, n)
			}
			return days, units
		}
		h, level := &past{first: date("2026-11-01"), to: day(tc.to)}, int64(0)
		days, units := read(tc.proven)
		for i := range days {
			h.steps = append(h.steps, billing.Step{From: days[i], Units: units[i]})
		}
		if tc.made != "" {
			days, units = read(tc.made)
		}
		for i := range days {
			h.made = append(h.made, step{choice: choice{date: days[i]}, delta: units[i] - level, cause: billing.Step{From: days[i]}})
			level = units[i]
		}
		var steps []step
		days, units = read(tc.steps)
		for i := range days {
			steps = append(steps, step{choice: choice{date: days[i]}, delta: units[i]})
		}
		line := &billing.ContractService{ID: "1", Rows: rowsOf(t, tc.rows...), RowsFrom: date("2026-11-01")}
		s := &subject{want: &billing.DesiredLine{Units: tc.wants}, line: line, found: true, onlyAdds: tc.adds, contract: &billing.Contract{Start: date("2026-01-01")},
			applied: &Applied{LineID: "1", Units: 5, From: date("2026-11-01"), Shares: []billing.Share{{SubscriptionID: "s", Units: 5}}},
			clock:   clock{day: date("2026-12-09"), period: billing.PeriodMonth, start: date("2026-01-01")}}
		s.applied.Dates = []billing.Date{date("2026-11-01")}
		for _, r := range line.Rows {
			s.applied.Dates = append(s.applied.Dates, r.Period.Start) // what stands is our doing
		}
		if tc.posted != "" {
			s.clock.postedTo = date(tc.posted)
		}
		var got []string
		for _, st := range s.stretches(h, steps) {
			if st.short == 0 && st.over == 0 {
				continue
			}
			text := fmt.Sprintf("%s to %s %d/%d", st.days.Start.String()[5:], st.days.LastDay().String()[5:], st.short, st.over)
			if st.bare {
				text += " bare"
			}
			got = append(got, text)
		}
		if strings.Join(got, ", ") != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, strings.Join(got, ", "), tc.want)
		}
	}
}
