package rows

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"spindle/internal/billing"
)

// moment is a date as read, with what else the cell said about the time of day.
type moment struct {
	date     billing.Date
	midnight bool // the time of day is 00:00:00, or is not given
}

// date reads ISO dates first, then M/D/YYYY with an optional time (Microsoft sheet, importer recipe 6). The years 0001 and 9999 mean
// "no date" (§7.17). A cell without date gives the zero moment.
func (s Style) date(text string) (moment, error) {
	text = unguard(text)
	if text == "" {
		return moment{}, nil
	}
	if len(text) >= 10 && text[4] == '-' {
		return isoDate(text)
	}
	d, ok := splitLocalDate(text)
	if !ok {
		return moment{}, fmt.Errorf("this is not a date such as 2026-09-30 or 9/30/2026")
	}
	month, day := d.first, d.second
	if s.DayFirst {
		month, day = day, month
	} else if d.dotted {
		return moment{}, fmt.Errorf("this date may have the day or the month first")
	}
	return momentOf(d.year, month, day, d.clock)
}

func momentOf(year, month, day int, clock string) (moment, error) {
	date := billing.NewDate(year, time.Month(month), day)
	if month < 1 || month > 12 || date.Day != day {
		return moment{}, fmt.Errorf("there is no such day")
	}
	if year <= 1 || year >= 9999 {
		return moment{}, nil
	}
	return moment{date, clock == "" || clock == "00:00:00"}, nil
}

// isoDate reads a day with an optional time. A time with an offset is brought to UTC, unless it is plainly the beginning or end of a
// day: then the writer meant that day (Microsoft sheet §7.17 and §7.19).
func isoDate(text string) (moment, error) {
	day, err := billing.ParseDate(text[:10])
	if err != nil {
		return moment{}, fmt.Errorf("there is no such day")
	}
	rest := text[10:]
	if rest == "" {
		return momentOf(day.Year, int(day.Month), day.Day, "")
	}
	full := text[:10] + "T" + strings.TrimPrefix(rest[1:], " ")
	if rest[0] != 'T' && rest[0] != ' ' {
		return moment{}, fmt.Errorf("this is not a date with a time such as 2026-09-30T00:00:00Z")
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04"} {
		t, err := time.Parse(layout, full)
		if err != nil {
			continue
		}
		if clock := t.Format(time.TimeOnly); clock != "00:00:00" && clock != "23:59:59" {
			t = t.UTC()
		}
		return momentOf(t.Year(), int(t.Month()), t.Day(), t.Format(time.TimeOnly))
	}
	return moment{}, fmt.Errorf("this is not a date with a time such as 2026-09-30T00:00:00Z")
}

// localDate is a date in a local spelling, not yet told which part is the month.
type localDate struct {
	first, second, year int
	clock               string
	dotted              bool
}

func splitLocalDate(text string) (localDate, bool) {
	day, clock, hasClock := strings.Cut(text, " ")
	separator := "/"
	if strings.Count(day, ".") == 2 {
		separator = "."
	}
	parts := strings.Split(day, separator)
	if len(parts) != 3 || len(parts[2]) != 4 {
		return localDate{}, false
	}
	var numbers [3]int
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || !digits(p) || len(p) > 4 {
			return localDate{}, false
		}
		numbers[i] = n
	}
	d := localDate{numbers[0], numbers[1], numbers[2], "", separator == "."}
	if !hasClock {
		return d, true
	}
	for _, layout := range []string{"3:04:05 PM", "3:04 PM", "15:04:05", "15:04"} {
		if t, err := time.Parse(layout, strings.ToUpper(strings.TrimSpace(clock))); err == nil {
			d.clock = t.Format(time.TimeOnly)
			return d, true
		}
	}
	return localDate{}, false
}

// period joins an inclusive first and last day. Usage rows of the older interface give the first day of the next month as their end
// although they mean the month (Microsoft sheet §4.2 #29, §7.20): a usage cycle from a 1st to the next 1st is read that way.
func period(start, end moment, usage bool) billing.Period {
	switch {
	case start.date.IsZero() || end.date.IsZero():
		return billing.Period{}
	case usage && end.midnight && start.date.Day == 1 && end.date == start.date.AddMonths(1):
		return billing.Period{Start: start.date, End: end.date}
	}
	return billing.Period{Start: start.date, End: end.date.AddDays(1)}
}

// ParseDate reads a date as JSON answers write it; "no date" values such as 0001-01-01 and 9999-12-31 give the zero date.
func ParseDate(text string) (billing.Date, error) {
	m, err := Style{}.date(text)
	return m.date, err
}
