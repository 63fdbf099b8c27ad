package billing

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// on is ParseDate for dates that the tests know to be good; "" is no date.
func on(s string) Date {
	var d Date
	if err := d.UnmarshalText([]byte(s)); err != nil {
		panic(err)
	}
	return d
}

// drawDate makes days of 2015 to 2040.
func drawDate(t *rapid.T, label string) Date {
	return NewDate(2015, time.January, 1).AddDays(rapid.IntRange(0, 9490).Draw(t, label))
}

func TestParseDate(t *testing.T) {
	for _, text := range []string{"2026-11-30", "2024-02-29", "0001-01-01", "9999-12-31"} {
		if d, err := ParseDate(text); err != nil || d.String() != text {
			t.Errorf("ParseDate(%q) = %s, %v", text, d, err)
		}
	}
	for _, text := range []string{"", "2026-02-29", "2026-13-01", "2026-11-31", "30-11-2026", "11/30/2026", "2026-1-1", "2026-11-30T00:00:00Z", "2026-11-30 "} {
		if d, err := ParseDate(text); err == nil {
			t.Errorf("ParseDate(%q) = %s, want an error", text, d)
		}
	}
}

func TestDateText(t *testing.T) {
	d := on("2026-11-30")
	if err := d.UnmarshalText([]byte("soon")); err == nil || d != on("2026-11-30") {
		t.Errorf("bad text: %v, date %s", err, d)
	}
	if err := d.UnmarshalText(nil); err != nil || !d.IsZero() || d.String() != "" {
		t.Errorf("no text: %v, date %q", err, d)
	}
	rapid.Check(t, func(t *rapid.T) {
		a := drawDate(t, "a")
		text, err := a.MarshalText()
		var b Date
		if err != nil || b.UnmarshalText(text) != nil || a != b {
			t.Fatalf("%s comes back as %s", a, b)
		}
	})
}

func TestDateOfNeverConvertsZones(t *testing.T) {
	west := time.FixedZone("west", -8*3600)
	late := time.Date(2026, 11, 30, 23, 59, 59, 0, west)
	if got := DateOf(late); got != on("2026-11-30") {
		t.Errorf("local day %s", got)
	}
	if got := DateOf(late.UTC()); got != on("2026-12-01") {
		t.Errorf("UTC day %s", got)
	}
}

func TestNewDateNormalises(t *testing.T) {
	if got := NewDate(2026, time.October, 32); got != on("2026-11-01") {
		t.Errorf("32 October is %s", got)
	}
	if got := NewDate(2026, time.January, 0); got != on("2025-12-31") {
		t.Errorf("0 January is %s", got)
	}
}

func TestAddMonths(t *testing.T) {
	tests := []struct {
		from string
		n    int
		want string
	}{
		{"2026-01-15", 1, "2026-02-15"}, {"2026-01-31", 1, "2026-02-28"}, {"2024-01-31", 1, "2024-02-29"}, {"2026-01-29", 1, "2026-02-28"},
		{"2026-01-31", 3, "2026-04-30"}, {"2026-12-31", 2, "2027-02-28"}, {"2026-12-01", 1, "2027-01-01"}, {"2024-02-29", 12, "2025-02-28"},
		{"2026-03-31", -1, "2026-02-28"}, {"2026-01-15", -1, "2025-12-15"}, {"2026-03-31", -13, "2025-02-28"}, {"2026-01-31", 0, "2026-01-31"},
		{"2026-05-10", 36, "2029-05-10"}, {"2026-05-10", -120, "2016-05-10"},
	}
	for _, test := range tests {
		if got := on(test.from).AddMonths(test.n); got != on(test.want) {
			t.Errorf("%s + %d months = %s, want %s", test.from, test.n, got, test.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d, n := drawDate(t, "d"), rapid.IntRange(-100, 100).Draw(t, "n")
		got := d.AddMonths(n)
		months := (got.Year-d.Year)*12 + int(got.Month) - int(d.Month)
		if months != n || got.Day > d.Day || got.Day < min(d.Day, 28) {
			t.Fatalf("%s + %d months = %s", d, n, got)
		}
	})
}

func TestOnDay(t *testing.T) {
	tests := []struct {
		date string
		day  int
		want string
	}{
		{"2026-02-10", 31, "2026-02-28"}, {"2024-02-10", 30, "2024-02-29"}, {"2026-04-10", 31, "2026-04-30"}, {"2026-05-10", 31, "2026-05-31"},
		{"2026-02-28", 1, "2026-02-01"}, {"2026-02-28", 0, "2026-02-01"}, {"2026-02-28", -5, "2026-02-01"}, {"2026-07-01", 17, "2026-07-17"},
	}
	for _, test := range tests {
		if got := on(test.date).OnDay(test.day); got != on(test.want) {
			t.Errorf("day %d of %s's month = %s, want %s", test.day, test.date, got, test.want)
		}
	}
	if got := on("2026-07-17").MonthStart(); got != on("2026-07-01") {
		t.Errorf("month start %s", got)
	}
}

func TestDateOrderAndDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, n := drawDate(t, "a"), rapid.IntRange(-4000, 4000).Draw(t, "n")
		b := a.AddDays(n)
		switch {
		case a.DaysTo(b) != n, b.AddDays(-n) != a, a.Before(b) != (n > 0), a.After(b) != (n < 0), (a.Compare(b) == 0) != (a == b),
			Later(a, b) != Later(b, a), Later(a, b).Before(a), Later(a, b).Before(b), Later(a, b) != a && Later(a, b) != b:
			t.Fatalf("%s + %d days = %s", a, n, b)
		}
	})
	if got := on("2026-03-28").DaysTo(on("2026-03-30")); got != 2 { // no summer time in dates
		t.Errorf("over the change of the clocks: %d days", got)
	}
	if (Date{}).After(on("2026-01-01")) || !(Date{}).Before(on("2026-01-01")) {
		t.Error("no date is before every date")
	}
}

func TestPeriod(t *testing.T) {
	p := Period{on("2026-01-31"), on("2026-02-28")}
	if p.Days() != 28 || p.LastDay() != on("2026-02-27") || p.String() != "2026-01-31 to 2026-02-27" || p.IsZero() {
		t.Errorf("%s has %d days, last %s", p, p.Days(), p.LastDay())
	}
	for day, in := range map[string]bool{"2026-01-30": false, "2026-01-31": true, "2026-02-27": true, "2026-02-28": false} {
		if p.Contains(on(day)) != in {
			t.Errorf("%s contains %s: want %v", p, day, in)
		}
	}
	if empty := (Period{}); !empty.IsZero() || empty.String() != "" || empty.Contains(on("2026-01-01")) || empty.Days() != 0 {
		t.Error("no period")
	}
}

func TestMonth(t *testing.T) {
	for text, days := range map[string]int{"2026-02": 28, "2024-02": 29, "2026-12": 31} {
		m, err := ParseMonth(text)
		if err != nil || m.Period().Days() != days || MonthOf(m.Period().Start) != m || MonthOf(m.Period().LastDay()) != m {
			t.Errorf("%s: %v, %s", text, err, m.Period())
		}
	}
	for _, text := range []string{"", "2026", "2026-13", "2026-1", "2026-01-01", "01-2026"} {
		if m, err := ParseMonth(text); err == nil {
			t.Errorf("ParseMonth(%q) = %s", text, m)
		}
		if p := Month(text).Period(); !p.IsZero() {
			t.Errorf("month %q is %s", text, p)
		}
	}
}
