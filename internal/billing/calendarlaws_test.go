package billing

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawAnyDate makes days of year 1 to 9998: as far as vendors write dates.
func drawAnyDate(t *rapid.T, label string) Date {
	return NewDate(1, time.January, 1).AddDays(rapid.IntRange(0, 3_651_000).Draw(t, label))
}

// TestDaysAddUp: days are a straight line: steps add up, go back the way they came, and the distance between two days is the steps it takes. Proration
// divides by such distances.
func TestDaysAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawAnyDate(t, "a"), drawAnyDate(t, "b"), drawAnyDate(t, "c")
		m, n := rapid.IntRange(-5000, 5000).Draw(t, "m"), rapid.IntRange(-5000, 5000).Draw(t, "n")
		if got, want := a.AddDays(m).AddDays(n), a.AddDays(m+n); got != want {
			t.Fatalf("%s, %d and %d days: %s, want %s", a, m, n, got, want)
		}
		if a.AddDays(a.DaysTo(b)) != b || a.DaysTo(b) != -b.DaysTo(a) || a.DaysTo(b)+b.DaysTo(c) != a.DaysTo(c) {
			t.Fatalf("%s to %s: %d, to %s: %d", a, b, a.DaysTo(b), c, b.DaysTo(c))
		}
		if order := cmp.Compare(a.DaysTo(b), 0); order != -a.Compare(b) || a.Before(b) != (order > 0) || a.After(b) != (order < 0) {
			t.Fatalf("%s compares %d with %s, %d days on", a, a.Compare(b), b, a.DaysTo(b))
		}
		if later := Later(a, b); later != Later(b, a) || later.Before(a) || later.Before(b) || later != a && later != b {
			t.Fatalf("the later of %s and %s is %s", a, b, later)
		}
	})
}

// TestDatesAgreeWithTheClock compares dates with the standard library's, day by day over what it can express.
func TestDatesAgreeWithTheClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawAnyDate(t, "day")
		clock := time.Date(d.Year, d.Month, d.Day, 23, 59, 0, 0, time.UTC)
		if DateOf(clock) != d || d.String() != clock.Format("2006-01-02") || string(MonthOf(d)) != clock.Format("2006-01") {
			t.Fatalf("%s is %s", d, clock)
		}
		if first := d.MonthStart(); first.Day != 1 || first.Month != d.Month || first.Year != d.Year || d.OnDay(1) != first {
			t.Fatalf("the month of %s starts on %s", d, first)
		}
		if parsed, err := ParseDate(d.String()); err != nil || parsed != d {
			t.Fatalf("%s is read as %s: %v", d, parsed, err)
		}
		n := rapid.IntRange(-1200, 1200).Draw(t, "months")
		moved := d.AddMonths(n)
		if d.Day <= 28 && moved.Year >= 1 && moved.Year <= 9999 && moved != DateOf(clock.AddDate(0, n, 0)) {
			t.Fatalf("%s and %d months: %s", d, n, moved)
		}
	})
}

// TestMonthsKeepOrder: the same number of months later, what was earlier is not later, and never by more than the clamp of a month's end; a contract that
// starts before another does not end after it.
func TestMonthsKeepOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawDate(t, "a")
		b := a.AddDays(rapid.IntRange(0, 800).Draw(t, "days"))
		n := rapid.IntRange(-60, 60).Draw(t, "months")
		if a.AddMonths(n).After(b.AddMonths(n)) {
			t.Fatalf("%s and %s, %d months on: %s and %s", a, b, n, a.AddMonths(n), b.AddMonths(n))
		}
		if n > 0 && !a.AddMonths(n).After(a) || n < 0 && !a.AddMonths(n).Before(a) || a.AddMonths(0) != a {
			t.Fatalf("%s and %d months: %s", a, n, a.AddMonths(n))
		}
		if there := a.AddMonths(n); there.AddMonths(-n).After(a) || there.AddMonths(-n).DaysTo(a) > 3 || there.Day == a.Day && there.AddMonths(-n) != a {
			t.Fatalf("%s, %d months there and back: %s", a, n, there.AddMonths(-n))
		}
		if year := a.AddMonths(12); a.DaysTo(year) < 365 || a.DaysTo(year) > 366 {
			t.Fatalf("a year from %s is %s", a, year)
		}
	})
}

// TestOnDayClamps: the wanted day where the month has it, else its last; never a day of another month.
func TestOnDayClamps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, wanted := drawDate(t, "day"), rapid.IntRange(-3, 40).Draw(t, "wanted")
		got := d.OnDay(wanted)
		last := d.MonthStart().AddMonths(1).AddDays(-1)
		want := Date{d.Year, d.Month, min(max(wanted, 1), last.Day)}
		if got != want || got.MonthStart() != d.MonthStart() || got.OnDay(wanted) != got {
			t.Fatalf("day %d of %s's month is %s, want %s", wanted, d, got, want)
		}
	})
}

// TestPeriodsAreTheirDays: a period holds exactly as many days as it counts, from its first to its last, and says so in words.
func TestPeriodsAreTheirDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Period{Start: drawDate(t, "start")}
		p.End = p.Start.AddDays(rapid.IntRange(1, 70).Draw(t, "days"))
		days := 0
		for d := p.Start.AddDays(-5); d.Before(p.End.AddDays(5)); d = d.AddDays(1) {
			if p.Contains(d) {
				days++
			}
		}
		if days != p.Days() || !p.Contains(p.Start) || !p.Contains(p.LastDay()) || p.Contains(p.End) || p.Contains(p.Start.AddDays(-1)) || p.IsOpen() || p.IsZero() {
			t.Fatalf("%s holds %d days, counts %d", p, days, p.Days())
		}
		if p.String() != p.Start.String()+" to "+p.End.AddDays(-1).String() {
			t.Fatalf("in words %q", p)
		}
		open := Period{Start: p.Start}
		if d := drawDate(t, "any day"); open.Contains(d) == d.Before(p.Start) || !open.IsOpen() || open.Days() != 0 || open.String() != "from "+p.Start.String() {
			t.Fatalf("%q holds %s: %v", open, d, open.Contains(d))
		}
	})
}

// TestMonthsTileTheCalendar: every day is in exactly the month that it names, months follow each other without a gap, and sort like their days.
func TestMonthsTileTheCalendar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawAnyDate(t, "a"), drawAnyDate(t, "b")
		m := MonthOf(a)
		p := m.Period()
		if !p.Contains(a) || p.Start != a.MonthStart() || MonthOf(p.LastDay()) != m || p.End != p.Start.AddMonths(1) {
			t.Fatalf("%s is in %s, %s", a, m, p)
		}
		if p.End.Year <= 9999 && MonthOf(p.End).Period().Start != p.End {
			t.Fatalf("after %s comes %s", m, MonthOf(p.End))
		}
		if got := strings.Compare(string(m), string(MonthOf(b))); got != 0 && got != a.Compare(b) {
			t.Fatalf("%s and %s compare %d as months", a, b, got)
		}
		if parsed, err := ParseMonth(string(m)); err != nil || parsed != m {
			t.Fatalf("%s is read as %q: %v", m, parsed, err)
		}
	})
	for _, none := range []Month{"", "soon", "2026-13", "2026-1", "2026-09-01"} {
		if p := none.Period(); !p.IsZero() {
			t.Errorf("%q is the month %s", none, p)
		}
	}
}

// TestBillingPeriodByCounting compares PeriodAt with its definition: count periods from the anchor, forwards or backwards, until one holds the day.
func TestBillingPeriodByCounting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]PeriodType{PeriodMonth, PeriodQuarter, PeriodHalfYear, PeriodYear}).Draw(t, "type")
		anchor := drawDate(t, "anchor").OnDay(rapid.SampledFrom([]int{1, 2, 15, 27, 28, 29, 30, 31}).Draw(t, "anchor day"))
		day := anchor.AddDays(rapid.IntRange(-1500, 1500).Draw(t, "day"))
		step := map[PeriodType]int{PeriodMonth: 1, PeriodQuarter: 3, PeriodHalfYear: 6, PeriodYear: 12}[kind]
		k := 0
		for day.Before(anchor.AddMonths(k * step)) {
			k--
		}
		for !day.Before(anchor.AddMonths((k + 1) * step)) {
			k++
		}
		want := Period{anchor.AddMonths(k * step), anchor.AddMonths((k + 1) * step)}
		if got := kind.PeriodAt(anchor, day); got != want {
			t.Fatalf("%s from %s at %s: %s, want %s", kind, anchor, day, got, want)
		}
	})
}

// TestRefusalsInWords: who mistypes a date or a month reads what is wrong and how it is written.
func TestRefusalsInWords(t *testing.T) {
	if _, err := ParseDate("30.11.2026"); err == nil || err.Error() != `"30.11.2026" is not a date such as 2026-11-30` {
		t.Errorf("a date: %v", err)
	}
	if m, err := ParseMonth("2026/10"); err == nil || err.Error() != `"2026/10" is not a month such as 2026-10` || m != "" {
		t.Errorf("a month: %q, %v", m, err)
	}
	var d Date
	if err := d.UnmarshalText([]byte("soon")); err == nil || err.Error() != `"soon" is not a date such as 2026-11-30` {
		t.Errorf("a stored date: %v", err)
	}
}

// TestDatesInDocuments: in JSON a date is its text, no date the empty text, and a date may be the key of a map: so it stands in stored plans and in the answers
// of the API.
func TestDatesInDocuments(t *testing.T) {
	type document struct {
		Period Period
		None   Date
		Month  Month
		ByDay  map[Date]int
	}
	in := document{Period: Period{on("2026-09-10"), on("2026-10-10")}, Month: "2026-09", ByDay: map[Date]int{on("2024-02-29"): 1, {}: 2}}
	const want = `{"Period":{"Start":"2026-09-10","End":"2026-10-10"},"None":"","Month":"2026-09","ByDay":{"":2,"2024-02-29":1}}`
	text, err := json.Marshal(in)
	if err != nil || string(text) != want {
		t.Errorf("%s, %v; want %s", text, err, want)
	}
	var out document
	if err := json.Unmarshal(text, &out); err != nil || out.Period != in.Period || !out.None.IsZero() || out.Month != in.Month || len(out.ByDay) != 2 || out.ByDay[on("2024-02-29")] != 1 {
		t.Errorf("comes back as %+v, %v", out, err)
	}
	for _, bad := range []string{`{"None":"2026-02-30"}`, `{"None":"2026-02-28T00:00:00Z"}`, `{"None":20260228}`, `{"Period":{"Start":"x"}}`, `{"ByDay":{"x":1}}`} {
		if err := json.Unmarshal([]byte(bad), &document{}); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
}

// TestUnitsChangeOnlyWhereRowsDo: between the starts and ends of rows the quantity stands still; a quantity that moved by itself would be billed.
func TestUnitsChangeOnlyWhereRowsDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []UnitRow
		edges := map[Date]bool{}
		for range rapid.IntRange(0, 5).Draw(t, "rows") {
			start := on("2026-01-01").AddDays(rapid.IntRange(0, 30).Draw(t, "start"))
			r := UnitRow{Period: Period{start, start.AddDays(rapid.IntRange(1, 30).Draw(t, "days"))}, Units: rapid.Int64Range(1, 9).Draw(t, "units")}
			rows = append(rows, r)
			edges[r.Period.Start], edges[r.Period.End] = true, true
		}
		slices.SortStableFunc(rows, func(a, b UnitRow) int { return a.Period.Start.Compare(b.Period.Start) })
		line := ContractService{Rows: rows}
		for day := on("2025-12-25"); day.Before(on("2026-03-10")); day = day.AddDays(1) {
			before, _ := line.UnitsOn(day.AddDays(-1))
			if now, _ := line.UnitsOn(day); now != before && !edges[day] {
				t.Fatalf("%d units become %d on %s: %+v", before, now, day, rows)
			}
		}
	})
}
