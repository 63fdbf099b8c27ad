package billing

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestAnchoredPeriods walks the periods from anchors at the end of a month, in both directions, for every period type. The anchor's day
// comes back after each short month (Microsoft sheet §5.1): stepping from a clamped date would stay at 28.
func TestAnchoredPeriods(t *testing.T) {
	tests := []struct {
		kind   PeriodType
		anchor string
		from   int    // the first start listed, counted in periods from the anchor
		starts string // consecutive starts of periods
	}{
		{PeriodMonth, "2026-01-28", 0, "2026-01-28 2026-02-28 2026-03-28 2026-04-28"},
		{PeriodMonth, "2026-01-29", 0, "2026-01-29 2026-02-28 2026-03-29 2026-04-29"},
		{PeriodMonth, "2026-01-30", 0, "2026-01-30 2026-02-28 2026-03-30 2026-04-30"},
		{PeriodMonth, "2026-01-31", 0, "2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31 2026-06-30 2026-07-31 2026-08-31 2026-09-30 2026-10-31 2026-11-30 2026-12-31 2027-01-31"},
		{PeriodMonth, "2024-01-31", 0, "2024-01-31 2024-02-29 2024-03-31"},
		{PeriodMonth, "2024-01-29", 0, "2024-01-29 2024-02-29 2024-03-29"},
		{PeriodMonth, "2024-02-29", 0, "2024-02-29 2024-03-29 2024-04-29"}, // a day of 29 stays 29, it is no "last day"
		{PeriodMonth, "2026-03-31", -4, "2025-11-30 2025-12-31 2026-01-31 2026-02-28 2026-03-31"},
		{PeriodMonth, "2100-01-31", 0, "2100-01-31 2100-02-28 2100-03-31"}, // 2100 is no leap year
		{PeriodMonth, "2000-01-31", 0, "2000-01-31 2000-02-29 2000-03-31"}, // 2000 was one
		{PeriodQuarter, "2025-11-30", 0, "2025-11-30 2026-02-28 2026-05-30 2026-08-30 2026-11-30"},
		{PeriodQuarter, "2023-11-30", 0, "2023-11-30 2024-02-29 2024-05-30"},
		{PeriodQuarter, "2026-01-31", 0, "2026-01-31 2026-04-30 2026-07-31 2026-10-31 2027-01-31"},
		{PeriodQuarter, "2026-08-31", -3, "2025-11-30 2026-02-28 2026-05-31 2026-08-31"},
		{PeriodHalfYear, "2025-08-29", 0, "2025-08-29 2026-02-28 2026-08-29 2027-02-28"},
		{PeriodHalfYear, "2025-08-31", 0, "2025-08-31 2026-02-28 2026-08-31"},
		{PeriodHalfYear, "2026-08-30", -2, "2025-08-30 2026-02-28 2026-08-30"},
		{PeriodYear, "2024-02-29", 0, "2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-29"},
		{PeriodYear, "2024-02-29", -4, "2020-02-29 2021-02-28 2022-02-28 2023-02-28 2024-02-29"},
		{PeriodYear, "2026-12-31", -1, "2025-12-31 2026-12-31 2027-12-31"},
	}
	for _, test := range tests {
		anchor := on(test.anchor)
		starts := strings.Fields(test.starts)
		if first := anchor.AddMonths(test.from * test.kind.Months()); first != on(starts[0]) {
			t.Errorf("%s from %s: the list begins with %s", test.kind, anchor, first)
		}
		for i := range starts[1:] {
			want := Period{on(starts[i]), on(starts[i+1])}
			for _, day := range []Date{want.Start, want.Start.AddDays(1), want.LastDay()} {
				if got := test.kind.PeriodAt(anchor, day); got != want {
					t.Errorf("%s from %s at %s: %s, want %s", test.kind, anchor, day, got, want)
				}
			}
		}
	}
}

// TestYearOfPeriods: twelve months, four quarters, two half-years and one year from one anchor cover the same days. Were an end clamped
// once too often, a day would be billed twice or never.
func TestYearOfPeriods(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		anchor := drawDate(t, "anchor").OnDay(rapid.IntRange(1, 31).Draw(t, "day"))
		years := rapid.IntRange(-3, 3).Draw(t, "years")
		year := PeriodYear.PeriodAt(anchor, anchor.AddMonths(12*years))
		for kind, count := range map[PeriodType]int{PeriodMonth: 12, PeriodQuarter: 4, PeriodHalfYear: 2, PeriodYear: 1} {
			day, total := year.Start, 0
			for range count {
				p := kind.PeriodAt(anchor, day)
				if p.Start != day {
					t.Fatalf("%s from %s: %s does not start on %s", kind, anchor, p, day)
				}
				day, total = p.End, total+p.Days()
			}
			if day != year.End || total != year.Days() || total < 365 || total > 366 {
				t.Fatalf("%s from %s: %d days to %s, the year is %s", kind, anchor, total, day, year)
			}
		}
	})
}

// TestLeapDays counts the days of February over the rules of the Gregorian calendar, and the days around it.
func TestLeapDays(t *testing.T) {
	for year, days := range map[int]int{1900: 28, 2000: 29, 2023: 28, 2024: 29, 2025: 28, 2026: 28, 2028: 29, 2096: 29, 2100: 28, 2400: 29} {
		february := NewDate(year, time.February, 1)
		if last := february.OnDay(31); last.Day != days || last.AddDays(1) != NewDate(year, time.March, 1) || february.DaysTo(february.AddMonths(1)) != days {
			t.Errorf("February %d ends on %s", year, last)
		}
		if got := february.DaysTo(february.AddMonths(12)); got != 337+days {
			t.Errorf("a year from February %d has %d days", year, got)
		}
		if got := MonthOf(february).Period().Days(); got != days {
			t.Errorf("month of February %d has %d days", year, got)
		}
		if _, err := ParseDate(february.OnDay(29).AddDays(29 - days).String()); err != nil {
			t.Errorf("%d: %v", year, err)
		}
	}
}

// TestAddMonthsAgainstCalendar: every anchor day 28–31 of a leap and of a common year, a month further, month by month: the last day of a
// shorter month, the same day of any other. time.AddDate would run over into the next month.
func TestAddMonthsAgainstCalendar(t *testing.T) {
	for _, year := range []int{2023, 2024} {
		for month := time.January; month <= time.December; month++ {
			for day := 28; day <= 31; day++ {
				from := NewDate(year, month, 1).OnDay(day)
				for n := -26; n <= 26; n++ {
					got := from.AddMonths(n)
					first := NewDate(year, month+time.Month(n), 1)
					longest := first.AddDays(31).MonthStart().AddDays(-1).Day
					if got.MonthStart() != first || got.Day != min(from.Day, longest) {
						t.Fatalf("%s and %d months is %s", from, n, got)
					}
				}
			}
		}
	}
}

// TestMonthsDoNotAddUp shows why clocks step from their anchor: a month twice is not two months when the first step was clamped.
func TestMonthsDoNotAddUp(t *testing.T) {
	anchor := on("2026-01-31")
	if twice, once := anchor.AddMonths(1).AddMonths(1), anchor.AddMonths(2); twice != on("2026-03-28") || once != on("2026-03-31") {
		t.Errorf("twice one month is %s, two months are %s", twice, once)
	}
	if back := anchor.AddMonths(1).AddMonths(-1); back != on("2026-01-28") {
		t.Errorf("there and back is %s", back)
	}
}

// TestOpenAndEmptyPeriods: a term without end, such as an Azure plan's, holds every day from its start, has no length and no last day; no
// period holds none. Before, an open term ended in the year before Christ.
func TestOpenAndEmptyPeriods(t *testing.T) {
	start := on("2025-01-01")
	tests := []struct {
		name     string
		period   Period
		open     bool
		text     string
		days     int
		last     string
		holds    string // days that are in it
		holdsNot string
	}{
		{"none", Period{}, false, "", 0, "", "", "0001-01-01 2025-01-01 9999-12-31"},
		{"open", Period{Start: start}, true, "from 2025-01-01", 0, "", "2025-01-01 2026-11-30 9999-12-31", "2024-12-31"},
		{"one day", Period{start, on("2025-01-02")}, false, "2025-01-01 to 2025-01-01", 1, "2025-01-01", "2025-01-01", "2024-12-31 2025-01-02"},
		{"over new year", Period{on("2025-12-31"), on("2026-01-02")}, false, "2025-12-31 to 2026-01-01", 2, "2026-01-01", "2025-12-31 2026-01-01", "2025-12-30 2026-01-02"},
		{"over the leap day", Period{on("2024-02-28"), on("2024-03-01")}, false, "2024-02-28 to 2024-02-29", 2, "2024-02-29", "2024-02-29", "2024-03-01"},
		{"empty", Period{start, start}, false, "2025-01-01 to 2024-12-31", 0, "2024-12-31", "", "2024-12-31 2025-01-01"},
		{"backwards", Period{start, on("2024-12-25")}, false, "2025-01-01 to 2024-12-24", -7, "2024-12-24", "", "2024-12-25 2024-12-31 2025-01-01"},
		{"a leap year", Period{on("2024-01-01"), on("2025-01-01")}, false, "2024-01-01 to 2024-12-31", 366, "2024-12-31", "2024-02-29", "2025-01-01"},
	}
	for _, test := range tests {
		p := test.period
		if p.IsOpen() != test.open || p.String() != test.text || p.Days() != test.days || p.LastDay().String() != test.last {
			t.Errorf("%s: open %v, %q, %d days, last %s", test.name, p.IsOpen(), p, p.Days(), p.LastDay())
		}
		for _, day := range strings.Fields(test.holds) {
			if !p.Contains(on(day)) {
				t.Errorf("%s lacks %s", test.name, day)
			}
		}
		for _, day := range strings.Fields(test.holdsNot) {
			if p.Contains(on(day)) {
				t.Errorf("%s holds %s", test.name, day)
			}
		}
	}
}

// TestMonthEdges: a month is a text that sorts and compares like the month itself.
func TestMonthEdges(t *testing.T) {
	tests := []struct {
		month       Month
		first, last string
	}{
		{"2026-01", "2026-01-01", "2026-01-31"}, {"2026-12", "2026-12-01", "2026-12-31"}, {"2024-02", "2024-02-01", "2024-02-29"},
		{"2100-02", "2100-02-01", "2100-02-28"}, {"0001-01", "0001-01-01", "0001-01-31"}, {"9999-11", "9999-11-01", "9999-11-30"},
	}
	for _, test := range tests {
		p := test.month.Period()
		if p.Start != on(test.first) || p.LastDay() != on(test.last) || MonthOf(p.Start) != test.month || MonthOf(p.LastDay()) != test.month {
			t.Errorf("%s is %s", test.month, p)
		}
	}
	if MonthOf(on("2026-12-31")) >= MonthOf(on("2027-01-01")) || MonthOf(on("2026-09-30")) >= MonthOf(on("2026-10-01")) {
		t.Error("months do not sort by their text")
	}
	for _, text := range []string{"2026-00", "2026-13", "2026-1", "26-01", "2026/01", "2026-01-01", " 2026-01", "2026-01 ", "2026–01", "20260-1", "-2026-01", "２０２６-01"} {
		if m, err := ParseMonth(text); err == nil {
			t.Errorf("ParseMonth(%q) = %q", text, m)
		}
	}
}

// TestHostileDates: what is not a day of the calendar in the one spelling is refused, whole.
func TestHostileDates(t *testing.T) {
	for _, text := range []string{"2025-02-29", "2100-02-29", "2026-04-31", "2026-00-10", "2026-01-00", "2026-01-32", "10000-01-01", "-001-01-01", "2026-W01-1", "2026-001", "20260101",
		"01.02.2026", "1/2/2026", "2026-01-01\n", "\ufeff2026-01-01", "2026‐01‐01", "2026-01-01Z", "２０２６-０１-０１", "today", "0", strings.Repeat("2026-01-01", 100)} {
		d, err := ParseDate(text)
		if err == nil {
			t.Errorf("ParseDate(%q) = %s", text, d)
		}
		if kept := on("2026-05-05"); kept.UnmarshalText([]byte(text)) == nil || kept != on("2026-05-05") {
			t.Errorf("%q changed the date to %s", text, kept)
		}
	}
}

// TestOpenPeriodIsStored: the missing end of an open term is the empty text and comes back as no date, not as a day of year zero.
func TestOpenPeriodIsStored(t *testing.T) {
	in := Period{Start: on("2026-01-31")}
	var out Period
	for _, end := range []struct{ from, to *Date }{{&in.Start, &out.Start}, {&in.End, &out.End}} {
		text, err := end.from.MarshalText()
		if err != nil || end.to.UnmarshalText(text) != nil {
			t.Fatalf("%s is stored as %q: %v", end.from, text, err)
		}
	}
	if out != in || !out.IsOpen() || out.Contains(on("2026-01-30")) {
		t.Errorf("%s comes back as %s", in, out)
	}
}

// TestOrderOfDates: dates sort like their text from year 1 to 9999, with no date first.
func TestOrderOfDates(t *testing.T) {
	sorted := []string{"", "0001-01-01", "1999-12-31", "2000-01-01", "2024-02-28", "2024-02-29", "2024-03-01", "2026-09-30", "2026-10-01", "2026-12-31", "2027-01-01", "9999-12-31"}
	for i, a := range sorted {
		for k, b := range sorted {
			if got, want := on(a).Compare(on(b)), strings.Compare(a, b); got != want || on(a).Before(on(b)) != (i < k) || on(a).After(on(b)) != (i > k) || Later(on(a), on(b)) != on(sorted[max(i, k)]) {
				t.Errorf("%q and %q compare %d, want %d", a, b, got, want)
			}
		}
	}
	dates := []Date{on("2026-10-01"), on("2024-02-29"), {}, on("2026-09-30")}
	slices.SortFunc(dates, Date.Compare)
	if !dates[0].IsZero() || dates[3] != on("2026-10-01") {
		t.Errorf("sorted %v", dates)
	}
}

// TestDaysToCountsMidnights: over the change of the clocks, leap days and centuries, the days between two dates are what a calendar shows.
func TestDaysToCountsMidnights(t *testing.T) {
	tests := []struct {
		from, to string
		days     int
	}{
		{"2026-03-28", "2026-03-30", 2}, {"2026-10-24", "2026-10-26", 2}, {"2024-02-28", "2024-03-01", 2}, {"2025-02-28", "2025-03-01", 1}, {"2025-12-31", "2026-01-01", 1},
		{"2026-01-01", "2027-01-01", 365}, {"2024-01-01", "2025-01-01", 366}, {"2000-01-01", "2100-01-01", 36525}, {"2026-01-01", "2025-12-31", -1}, {"2026-09-10", "2026-09-10", 0},
		{"2026-11-30", "9999-12-31", 2912109}, {"0001-01-01", "2026-01-01", 739616}, // further than a time.Duration reaches
	}
	for _, test := range tests {
		if got := on(test.from).DaysTo(on(test.to)); got != test.days || on(test.to).DaysTo(on(test.from)) != -test.days || on(test.from).AddDays(test.days) != on(test.to) {
			t.Errorf("%s to %s: %d days, want %d", test.from, test.to, got, test.days)
		}
	}
}

// TestTermsAndTheirCycles: terms of a month, a year and three years from days at the end of a month and around leap days, their last day and their length; and the
// monthly and yearly cycles in which they are charged cover each of their days once, the last one ending with the term.
func TestTermsAndTheirCycles(t *testing.T) {
	tests := []struct {
		start  string
		months int // P1M, P1Y, P3Y
		last   string
		days   int
	}{
		{"2026-01-31", 1, "2026-02-27", 28},
		{"2026-02-28", 1, "2026-03-27", 28}, // a term that is bought anew begins on the day on which the one before ended, and stays there
		{"2024-01-31", 1, "2024-02-28", 29},
		{"2026-12-15", 1, "2027-01-14", 31},
		{"2026-09-10", 12, "2027-09-09", 365},
		{"2027-09-10", 12, "2028-09-09", 366},
		{"2024-02-29", 12, "2025-02-27", 365},
		{"2023-03-01", 12, "2024-02-29", 366},
		{"2099-03-01", 12, "2100-02-28", 365}, // 2100 is no leap year
		{"2024-02-29", 36, "2027-02-27", 1095},
		{"2025-03-01", 36, "2028-02-29", 1096},
		{"2026-09-10", 36, "2029-09-09", 1096},
		{"2096-09-10", 36, "2099-09-09", 1095},
		{"2021-01-31", 36, "2024-01-30", 1095},
	}
	for _, test := range tests {
		start := on(test.start)
		term := Period{start, start.AddMonths(test.months)}
		if term.LastDay() != on(test.last) || term.Days() != test.days || !term.Contains(term.LastDay()) || term.Contains(term.End) {
			t.Errorf("%d months from %s: %s, %d days", test.months, start, term, term.Days())
		}
		for kind, length := range map[PeriodType]int{PeriodMonth: 1, PeriodYear: 12} {
			if length > test.months {
				continue
			}
			cycles, days, next := 0, 0, start
			for next.Before(term.End) {
				cycle := kind.PeriodAt(start, next)
				if cycle.Start != next {
					t.Fatalf("%s cycle of %s after %s begins on %s", kind, term, next, cycle.Start)
				}
				cycles, days, next = cycles+1, days+cycle.Days(), cycle.End
			}
			if cycles != test.months/length || days != test.days || next != term.End {
				t.Errorf("%s has %d %s cycles of %d days up to %s", term, cycles, kind, days, next)
			}
		}
	}
}
