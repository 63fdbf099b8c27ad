package plan

import (
	"fmt"
	"testing"

	"spindle/internal/billing"
)

// The days in which a line is compared with what daily runs would have written: those that Spindle answers for, that were read, and that no hand
// has touched. What a hand did is a decision, so the days up to it stay (law 7); where what stands is not what daily runs left, nobody can say
// which of the two is right, and nothing is compared. The line is one of five since October, looked at on 9 December; an invoice proves seven
// since 20 November, and nothing of December.
func TestTheDaysThatAreCompared(t *testing.T) {
	november5 := []string{"2026-11-01 2026-12-01 5 0", "2026-12-01 2027-01-01 5 0", "2027-01-01 2027-02-01 5 0"}
	october5 := append([]string{"2026-10-01 2026-11-01 5 0"}, november5...)
	days := func(texts ...string) (all []billing.Date) {
		for _, text := range texts {
			all = append(all, date(text))
		}
		return all
	}
	for _, tc := range []struct {
		name string
		rows []string
		seen string // first day read
		set  func(*subject, *past)
		want string // first day, last day, first day that may be written
	}{
		{"all of it was read", october5, "2026-10-01", nil, "2026-10-01 to 2027-01-31, open 2026-10-01"},
		{"from November on", november5, "2026-11-01", nil, "2026-11-01 to 2027-01-31, open 2026-11-01"},
		{"from inside November on, which is read whole", november5, "2026-11-17", nil, "2026-11-01 to 2027-01-31, open 2026-11-01"},
		{"from today on, which is December", november5[1:], "", func(_ *subject, h *past) { h.made = h.made[:1] }, "2026-12-01 to 2027-01-31, open 2026-12-01"},
		{"from today on, and December should stand at seven", november5[1:], "", nil, ""},
		{"from November on, and it does not stand as it should", []string{"2026-11-01 2026-12-01 6 0", "2026-12-01 2027-01-01 6 0"}, "2026-11-01", nil, ""},
		{"all of it was read, and October does not stand as it should", []string{"2026-10-01 2026-11-01 6 0", "2026-11-01 2026-12-01 6 0"}, "2026-10-01", nil,
			"2026-10-01 to 2027-01-31, open 2026-10-01"}, // Spindle wrote its first day and answers for it
		{"Spindle answers from a day that it did not write", october5, "2026-10-01", func(s *subject, _ *past) { s.applied.Since = date("2026-10-05") },
			"2026-10-05 to 2027-01-31, open 2026-10-05"},
		{"and it does not stand as it should", []string{"2026-10-01 2026-11-01 6 0", "2026-11-01 2026-12-01 6 0"}, "2026-10-01", func(s *subject, _ *past) { s.applied.Since = date("2026-10-05") }, ""},
		{"an earlier version kept no first day", october5, "2026-10-01", func(s *subject, _ *past) { s.applied.Since = billing.Date{} }, "2026-10-01 to 2027-01-31, open 2026-10-01"},
		{"whose units they were is not known before", october5, "2026-10-01", func(s *subject, _ *past) { s.applied.Shares, s.applied.From = nil, date("2026-11-05") },
			"2026-11-05 to 2027-01-31, open 2026-11-05"},
		{"nor now, and they do not stand as they should", []string{"2026-10-01 2026-11-01 6 0", "2026-11-01 2026-12-01 6 0"}, "2026-10-01",
			func(s *subject, _ *past) { s.applied.Shares = nil }, ""},
		{"whose units they were is known, and it was written since", october5, "2026-10-01", func(s *subject, _ *past) { s.applied.From = date("2026-11-05") }, "2026-10-01 to 2027-01-31, open 2026-10-01"},
		{"there are none, so it is known whose", october5, "2026-10-01", func(s *subject, _ *past) {
			s.applied.Shares, s.applied.Units, s.applied.From = nil, 0, date("2026-11-05")
		},
			"2026-10-01 to 2027-01-31, open 2026-10-01"},
		{"units came from another line", october5, "2026-10-01", func(s *subject, _ *past) {
			s.applied.Moves = []Move{{"s1", 5, date("2026-11-12")}, {"s1", -1, date("2026-11-03")}}
		}, "2026-11-12 to 2027-01-31, open 2026-11-12"},
		{"units came from another line, and do not stand as they should", []string{"2026-10-01 2026-11-01 6 0", "2026-11-01 2026-12-01 6 0"}, "2026-10-01",
			func(s *subject, _ *past) { s.applied.Moves = []Move{{"s1", 5, date("2026-10-01")}} }, ""},
		{"a hand changed it to what daily runs left", []string{"2026-10-01 2026-11-10 4 0", "2026-11-10 2026-12-01 5 0", "2026-12-01 2027-01-01 5 0"}, "2026-10-01", nil,
			"2026-11-10 to 2027-01-31, open 2026-11-10"},
		{"a hand changed it to something else", []string{"2026-10-01 2026-11-10 5 0", "2026-11-10 2026-12-01 6 0", "2026-12-01 2027-01-01 6 0"}, "2026-10-01", nil, ""},
		{"two hands", []string{"2026-10-01 2026-10-10 4 0", "2026-10-10 2026-11-10 6 0", "2026-11-10 2026-12-01 5 0", "2026-12-01 2027-01-01 5 0"}, "2026-10-01", nil,
			"2026-11-10 to 2027-01-31, open 2026-11-10"},
		{"a hand let it begin", []string{"2026-11-10 2026-12-01 5 0", "2026-12-01 2027-01-01 5 0"}, "2026-11-01", nil, "2026-11-10 to 2027-01-31, open 2026-11-10"},
		{"Spindle let it begin", []string{"2026-11-10 2026-12-01 5 0", "2026-12-01 2027-01-01 5 0"}, "2026-11-01", func(s *subject, h *past) {
			s.applied.Since, s.applied.From, s.applied.Dates = date("2026-11-10"), date("2026-11-10"), days("2026-11-10")
			h.made[0].choice.date = date("2026-11-10")
		}, "2026-11-10 to 2027-01-31, open 2026-11-10"},
		{"a hand changed it before Spindle answers for it", []string{"2026-10-01 2026-10-20 4 0", "2026-10-20 2026-12-01 5 0", "2026-12-01 2027-01-01 5 0"}, "2026-10-01",
			func(s *subject, _ *past) { s.applied.Since = date("2026-11-05") }, "2026-11-05 to 2027-01-31, open 2026-11-05"},
		{"nothing stood before Spindle began it", []string{"2026-10-01 2026-10-15 0 0", "2026-10-15 2026-12-01 6 0", "2026-12-01 2027-01-01 6 0"}, "2026-10-01", func(s *subject, h *past) {
			s.applied.Since, s.applied.From, s.applied.Dates = date("2026-10-15"), date("2026-10-15"), days("2026-10-15")
			h.made[0].choice.date = date("2026-10-15")
		}, "2026-10-15 to 2027-01-31, open 2026-10-15"},
		{"Spindle wrote what an invoice proves", []string{"2026-11-01 2026-11-20 5 0", "2026-11-20 2026-12-01 7 0", "2026-12-01 2027-01-01 7 0"}, "2026-11-01",
			func(s *subject, _ *past) { s.applied.Dates = days("2026-10-01", "2026-11-20") }, "2026-11-01 to 2027-01-31, open 2026-11-01"},
		{"Spindle wrote what only the snapshot showed", []string{"2026-11-01 2026-12-01 5 0", "2026-12-01 2026-12-05 5 0", "2026-12-05 2027-01-01 8 0"}, "2026-11-01",
			func(s *subject, _ *past) { s.applied.Dates = days("2026-10-01", "2026-12-05") }, "2026-11-01 to 2026-12-04, open 2026-11-01"},
		{"and did so twice", []string{"2026-11-01 2026-12-01 5 0", "2026-12-01 2026-12-05 5 0", "2026-12-05 2026-12-07 8 0", "2026-12-07 2027-01-01 9 0"}, "2026-11-01",
			func(s *subject, _ *past) { s.applied.Dates = days("2026-10-01", "2026-12-05", "2026-12-07") }, "2026-11-01 to 2026-12-04, open 2026-11-01"},
		{"on the first day that nothing proves", []string{"2026-11-01 2026-12-01 5 0", "2026-12-01 2027-01-01 8 0"}, "2026-11-01",
			func(s *subject, _ *past) { s.applied.Dates = days("2026-10-01", "2026-12-01") }, "2026-11-01 to 2026-11-30, open 2026-11-01"},
		{"what waited for that day is proven", []string{"2026-11-01 2026-12-01 5 0", "2026-12-01 2027-01-01 7 0"}, "2026-11-01", func(s *subject, h *past) {
			s.applied.Dates = days("2026-10-01", "2026-12-01")
			h.made[1].choice.date = date("2026-12-01")
		}, "2026-11-01 to 2027-01-31, open 2026-11-01"},
		{"what daily runs write there comes from a day that nothing proves", []string{"2026-11-01 2026-12-01 5 0", "2026-12-01 2027-01-01 7 0"}, "2026-11-01", func(s *subject, h *past) {
			s.applied.Dates = days("2026-10-01", "2026-12-01")
			h.made[1].choice.date, h.made[1].cause.From = date("2026-12-01"), date("2026-12-01")
		}, "2026-11-01 to 2026-11-30, open 2026-11-01"},
		{"what only the snapshot shows may reach back to the start of its period", []string{"2026-11-01 2026-11-10 5 0", "2026-11-10 2026-12-01 7 0", "2026-12-01 2027-01-01 7 0"}, "2026-11-01", func(s *subject, h *past) {
			s.applied.Dates, h.to, h.made = days("2026-10-01", "2026-11-10"), date("2026-11-25"), h.made[:1]
		}, "2026-11-01 to 2026-11-09, open 2026-11-01"},
		{"a month is posted", october5, "2026-10-01", func(s *subject, _ *past) { s.clock.postedTo = date("2026-11-01") }, "2026-10-01 to 2027-01-31, open 2026-11-01"},
		{"daily runs would have begun later", october5, "2026-10-01", func(_ *subject, h *past) { h.made = h.made[1:] }, "2026-11-20 to 2027-01-31, open 2026-11-20"},
		{"daily runs would begin behind what is read", october5, "2026-10-01", func(_ *subject, h *past) { h.made[0].choice.date = date("2027-02-01") }, ""},
		{"or on the last day that is", october5, "2026-10-01", func(s *subject, h *past) {
			h.made[0].choice.date, s.applied.Dates = date("2027-01-31"), days("2026-10-01")
		}, "2027-01-31 to 2027-01-31, open 2027-01-31"},
		{"written under a policy of which nobody knows when it held", october5, "2026-10-01", func(s *subject, _ *past) { s.applied.Policy = upNow }, ""},
		{"written under one that held until November", october5, "2026-10-01", func(s *subject, _ *past) {
			s.applied.Policy, s.clock.formerly = upNow, []billing.FormerPolicy{{Policy: upNow, Until: date("2026-11-01")}}
		}, "2026-10-01 to 2027-01-31, open 2026-10-01"},
		{"another line was written", october5, "2026-10-01", func(s *subject, _ *past) { s.applied.LineID = "2" }, ""},
		{"none was written", october5, "2026-10-01", func(s *subject, _ *past) { s.applied = &Applied{} }, ""},
		{"nothing stands yet", nil, "", func(s *subject, _ *past) { s.found, s.applied = false, &Applied{} }, "2026-10-01 to 2027-01-31, open 2026-10-01"},
	} {
		line := &billing.ContractService{ID: "1", Rows: rowsOf(t, tc.rows...)}
		if tc.seen != "" {
			line.RowsFrom = date(tc.seen)
		}
		s := &subject{want: &billing.DesiredLine{Units: 7, Policy: trueDate}, line: line, found: true, contract: &billing.Contract{Start: date("2026-01-01")},
			applied: &Applied{LineID: "1", Units: 5, Policy: trueDate, From: date("2026-10-01"), Since: date("2026-10-01"), Dates: days("2026-10-01"), Shares: []billing.Share{{SubscriptionID: "s1", Units: 5}}},
			clock:   clock{day: date("2026-12-09"), period: billing.PeriodMonth, start: date("2026-01-01")}}
		h := &past{to: date("2026-12-01"), steps: stepsOf("2026-10-01 5 G1", "2026-11-20 7 G2"), made: stepsAt(t, "2026-10-01 5", "2026-11-20 2")}
		for i, st := range h.steps {
			h.made[i].cause = st
		}
		if tc.set != nil {
			tc.set(s, h)
		}
		got := ""
		if w, ok := s.windowOf(h); ok {
			got = fmt.Sprintf("%s, open %s", w.days, w.open)
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// From which day on a change may have been written that only shows later: from the start of its period, but never so for a long one (ADR 0004).
func TestHowFarAChangeReachesBack(t *testing.T) {
	for _, tc := range []struct {
		period    billing.PeriodType
		day, want string
	}{
		{billing.PeriodMonth, "2026-11-20", "2026-11-15"},
		{billing.PeriodMonth, "2026-11-15", "2026-11-15"},
		{billing.PeriodMonth, "2026-11-14", "2026-10-15"},
		{billing.PeriodMonth, "2026-01-02", "2026-01-02"}, // before the contract: the day itself
		{billing.PeriodQuarter, "2026-11-20", "2026-11-20"},
		{billing.PeriodYear, "2026-11-20", "2026-11-20"},
	} {
		s := &subject{clock: clock{period: tc.period, start: date("2026-01-15")}}
		if got := s.reachOf(date(tc.day)); got != date(tc.want) {
			t.Errorf("%s, %s: %s, want %s", tc.period, tc.day, got, tc.want)
		}
		if got := s.reachOf(billing.Date{}); !got.IsZero() {
			t.Errorf("%s, no day: %s", tc.period, got)
		}
	}
}

// The rows of a line were read from the period of the day on that is noted, and of the running one when none is: never only from a later day.
func TestTheFirstDayThatWasRead(t *testing.T) {
	for from, want := range map[string]string{"": "2026-11-15", "2026-11-20": "2026-11-15", "2026-11-14": "2026-10-15", "2026-02-20": "2026-02-15", "2026-01-02": "2026-01-15", "2026-12-20": "2026-11-15"} {
		s := &subject{line: &billing.ContractService{}, clock: clock{day: date("2026-11-20"), period: billing.PeriodMonth, start: date("2026-01-15")}}
		if from != "" {
			s.line.RowsFrom = date(from)
		}
		if got := s.seenFrom(); got != date(want) {
			t.Errorf("read from %q: %s, want %s", from, got, want)
		}
	}
}
