package billing

import (
	"cmp"
	"fmt"
	"time"
)

// Date is a calendar day without time or zone. The zero value is "no date". Dates compare with ==.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// NewDate gives the date, normalised like time.Date does (32 October is 1 November).
func NewDate(year int, month time.Month, day int) Date {
	return DateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// DateOf gives the day that t shows in its own zone; it never converts zones.
func DateOf(t time.Time) Date { return Date{t.Year(), t.Month(), t.Day()} }

// ParseDate reads YYYY-MM-DD.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date such as 2026-11-30", s)
	}
	return DateOf(t), nil
}

func (d Date) time() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// IsZero reports whether d is "no date".
func (d Date) IsZero() bool { return d == Date{} }

// String gives YYYY-MM-DD, or "" for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.time().Format(time.DateOnly)
}

// AddDays gives the day n days later.
func (d Date) AddDays(n int) Date { return DateOf(d.time().AddDate(0, 0, n)) }

// AddMonths gives the same day n months later, clamped to that month's last day: 31 January + 1 month is 28 or 29 February.
// To step a period clock, always add to the original anchor, never to a clamped date.
func (d Date) AddMonths(n int) Date {
	months := d.Year*12 + int(d.Month) - 1 + n
	year, month := months/12, months%12
	if month < 0 {
		year, month = year-1, month+12
	}
	return Date{year, time.Month(month + 1), min(d.Day, lastDay(year, time.Month(month+1)))}
}

// lastDay gives the number of days of a month. Plans step through dates by the million, so this and Compare do without time.Date.
func lastDay(year int, month time.Month) int {
	switch month {
	case time.April, time.June, time.September, time.November:
		return 30
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// OnDay gives the given day in d's month, clamped to the month's last day.
func (d Date) OnDay(day int) Date {
	return Date{d.Year, d.Month, max(1, min(day, lastDay(d.Year, d.Month)))}
}

// MonthStart gives the first day of d's month.
func (d Date) MonthStart() Date { return Date{d.Year, d.Month, 1} }

// Before reports whether d is earlier than e.
func (d Date) Before(e Date) bool { return d.Compare(e) < 0 }

// After reports whether d is later than e.
func (d Date) After(e Date) bool { return d.Compare(e) > 0 }

// Compare gives −1, 0 or 1.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

// DaysTo gives the number of days from d to e, however far: "9999-12-31" stands for no end in many systems.
func (d Date) DaysTo(e Date) int {
	const secondsOfDay = 24 * 60 * 60
	return int((e.time().Unix() - d.time().Unix()) / secondsOfDay)
}

// Later gives the later of two dates.
func Later(a, b Date) Date {
	if a.Before(b) {
		return b
	}
	return a
}

// MarshalText writes YYYY-MM-DD, or nothing for no date.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(b))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// Period is a span of days: Start is in it, End is the first day after it. The zero value is "no period".
// Vendors mostly give inclusive ends; adapters convert once, at the boundary.
type Period struct{ Start, End Date }

// Days gives the number of days; 0 for no period and for one that is open.
func (p Period) Days() int {
	if p.End.IsZero() {
		return 0
	}
	return p.Start.DaysTo(p.End)
}

// IsOpen reports whether the period has a first day but no end, such as the term of an Azure plan.
func (p Period) IsOpen() bool { return p.End.IsZero() && !p.Start.IsZero() }

// IsZero reports whether there is no period.
func (p Period) IsZero() bool { return p == Period{} }

// Contains reports whether d is one of the period's days.
func (p Period) Contains(d Date) bool {
	return !d.Before(p.Start) && (d.Before(p.End) || p.IsOpen())
}

// LastDay gives the last day in the period, as people write it; no date when there is none.
func (p Period) LastDay() Date {
	if p.End.IsZero() {
		return Date{}
	}
	return p.End.AddDays(-1)
}

// String gives "2026-11-01 to 2026-11-30" with an inclusive end, as people write it, or "from 2026-11-01" when it is open.
func (p Period) String() string {
	switch {
	case p.IsZero():
		return ""
	case p.IsOpen():
		return "from " + p.Start.String()
	}
	return p.Start.String() + " to " + p.LastDay().String()
}

// Month is a calendar month, written 2026-10.
type Month string

// MonthOf gives the month that d lies in.
func MonthOf(d Date) Month { return Month(d.time().Format("2006-01")) }

// ParseMonth reads YYYY-MM.
func ParseMonth(s string) (Month, error) {
	if _, err := time.Parse("2006-01", s); err != nil {
		return "", fmt.Errorf("%q is not a month such as 2026-10", s)
	}
	return Month(s), nil
}

// Period gives the month's days.
func (m Month) Period() Period {
	t, err := time.Parse("2006-01", string(m))
	if err != nil {
		return Period{}
	}
	start := DateOf(t)
	return Period{start, start.AddMonths(1)}
}
