package job

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"spindle/internal/fault"
)

// InWords says a schedule as a person would: "Every day at 06:00 UTC", "Monday to Friday at 07:30, Europe/Berlin time". It reads the same
// text as [ParseCron] and fails like it.
func InWords(text string) (string, error) {
	parsed, err := ParseCron(text)
	if err != nil {
		return "", err
	}
	switch s := parsed.(type) {
	case cron.ConstantDelaySchedule:
		return "Every " + delayWords(s.Delay), nil
	case *cron.SpecSchedule:
		return specWords(s), nil
	}
	return "", fault.Newf(fault.KindInternal, "schedule %q has no words", text)
}

func delayWords(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// The ranges of the fields of cron text; Sunday is 0.
const (
	minutes  = 60
	hours    = 24
	weekdays = 7
)

// star is the bit by which the parser tells "any" from a list of everything.
const star = 1 << 63

// bits lists the numbers from low up to high that a field holds.
func bits(field uint64, low, high int) []int {
	var all []int
	for n := low; n <= high; n++ {
		if field&(1<<uint(n)) != 0 {
			all = append(all, n)
		}
	}
	return all
}

func specWords(s *cron.SpecSchedule) string {
	text := dayWords(s)
	often, at := timeWords(bits(s.Minute, 0, minutes-1), bits(s.Hour, 0, hours-1))
	switch {
	case often != "" && text == "":
		text = "Every " + often
	case often != "":
		text += ", every " + often
	case text == "":
		text = "Every day " + at
	default:
		text += " " + at
	}
	if at != "" || strings.Contains(often, " from ") {
		text += zoneWords(s.Location)
	}
	if months := bits(s.Month, 1, 12); len(months) < 12 {
		var names []string
		for _, m := range months {
			names = append(names, time.Month(m).String())
		}
		text += " in " + enumeration(names)
	}
	return text
}

func zoneWords(l *time.Location) string {
	if l.String() == time.UTC.String() {
		return " UTC"
	}
	return ", " + l.String() + " time"
}

// dayWords says on which days; "" is every day. When the text names days of the month and of the week, either is enough.
func dayWords(s *cron.SpecSchedule) string {
	anyDate, anyWeekday := s.Dom&star != 0, s.Dow&star != 0
	byDate, byWeekday := dateWords(bits(s.Dom, 1, 31)), weekdayWords(bits(s.Dow, 0, weekdays-1))
	switch {
	case anyDate && anyWeekday:
		return ""
	case anyWeekday:
		return byDate
	case anyDate:
		return byWeekday
	}
	return byDate + " and also " + byWeekday
}

func dateWords(days []int) string {
	if len(days) == 31 {
		return "Every day"
	}
	if len(days) == 1 {
		return fmt.Sprintf("On day %d of the month", days[0])
	}
	return "On days " + enumeration(numerals(days)) + " of the month"
}

func weekdayWords(days []int) string {
	if len(days) == weekdays {
		return "Every day"
	}
	if slices.Contains(days, 0) && len(days) > 1 { // weeks begin on Monday
		days = append(days[1:], 0)
	}
	name := func(d int) string { return time.Weekday(d).String() }
	if n := len(days); n >= 3 && (days[n-1]+weekdays-days[0])%weekdays == n-1 {
		return name(days[0]) + " to " + name(days[n-1])
	}
	var names []string
	for _, d := range days {
		names = append(names, name(d))
	}
	return enumeration(names)
}

// timesMax is how many times of a day are named one by one.
const timesMax = 8

// timeWords says when on a day: how often, or at which times.
func timeWords(mins, hrs []int) (often, at string) {
	step, spaced := stepOf(mins, minutes)
	switch {
	case len(hrs) == hours && len(mins) == minutes:
		return "minute", ""
	case len(hrs) == hours && len(mins) > 1 && spaced && mins[0] == 0:
		return fmt.Sprintf("%d minutes", step), ""
	case len(hrs) == hours && len(mins) == 1 && mins[0] == 0:
		return "hour on the hour", ""
	case len(hrs) == hours && len(mins) == 1:
		return fmt.Sprintf("hour, %d minutes past", mins[0]), ""
	case len(hrs) == hours:
		return "hour, " + enumeration(numerals(mins)) + " minutes past", ""
	}
	if step, spaced := stepOf(hrs, hours); len(mins) == 1 && len(hrs) > 2 && spaced && step > 1 {
		return fmt.Sprintf("%d hours from %s", step, clock(hrs[0], mins[0])), ""
	}
	if last := hrs[len(hrs)-1]; len(mins) == 1 && len(hrs) > 2 && last-hrs[0] == len(hrs)-1 {
		return fmt.Sprintf("hour from %s to %s", clock(hrs[0], mins[0]), clock(last, mins[0])), ""
	}
	if len(hrs)*len(mins) > timesMax {
		return "", "at minutes " + enumeration(numerals(mins)) + " of hours " + enumeration(numerals(hrs))
	}
	var times []string
	for _, h := range hrs {
		for _, m := range mins {
			times = append(times, clock(h, m))
		}
	}
	return "", "at " + enumeration(times)
}

// stepOf gives the distance between numbers that go round a whole evenly.
func stepOf(all []int, whole int) (step int, spaced bool) {
	if len(all) < 2 || whole%len(all) != 0 {
		return 0, false
	}
	step = whole / len(all)
	for i, n := range all {
		if n != all[0]+i*step {
			return 0, false
		}
	}
	return step, true
}

func clock(hour, minute int) string { return fmt.Sprintf("%02d:%02d", hour, minute) }

func numerals(all []int) []string {
	var texts []string
	for _, n := range all {
		texts = append(texts, strconv.Itoa(n))
	}
	return texts
}

func enumeration(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
