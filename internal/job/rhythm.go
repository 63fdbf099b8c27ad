package job

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // schedules name time zones, and a bare machine has none of them

	"spindle/internal/fault"
)

// RhythmKind names one of the usual schedules.
type RhythmKind string

// The kinds of rhythm.
const (
	Hourly   RhythmKind = "hourly"
	Daily    RhythmKind = "daily"
	Weekdays RhythmKind = "weekdays" // Monday to Friday
	Monthly  RhythmKind = "monthly"
)

// Rhythm is one of the usual schedules, as a form asks for it. What a kind does not need is ignored.
type Rhythm struct {
	Kind RhythmKind
	At   string // "06:30"; of an hourly rhythm only the minutes count
	Day  int    // of the month, 1 to 31; months without the day are left out
	Zone string // IANA name of the time zone; empty: UTC
}

// Cron gives the schedule as cron text. Errors are of KindInvalid with the field "kind", "at", "day" or "zone".
func (r Rhythm) Cron() (string, error) {
	at, err := time.Parse("15:04", r.At)
	if err != nil {
		return "", fault.Invalidf("%q is no time of day", r.At).WithField("at").Do("write it as 06:30")
	}
	zone := ""
	if r.Zone != "" && r.Zone != "UTC" {
		if _, err := time.LoadLocation(r.Zone); err != nil || r.Zone == "Local" || strings.ContainsAny(r.Zone, " \t") {
			return "", fault.Invalidf("there is no time zone %q", r.Zone).WithField("zone").Do("write UTC, or a place such as Europe/Berlin")
		}
		zone = "CRON_TZ=" + r.Zone + " "
	}
	switch r.Kind {
	case Hourly:
		return fmt.Sprintf("%s%d * * * *", zone, at.Minute()), nil
	case Daily:
		return fmt.Sprintf("%s%d %d * * *", zone, at.Minute(), at.Hour()), nil
	case Weekdays:
		return fmt.Sprintf("%s%d %d * * 1-5", zone, at.Minute(), at.Hour()), nil
	case Monthly:
		if r.Day < 1 || r.Day > 31 {
			return "", fault.Invalidf("%d is no day of a month", r.Day).WithField("day").Do("write a number from 1 to 31")
		}
		return fmt.Sprintf("%s%d %d %d * *", zone, at.Minute(), at.Hour(), r.Day), nil
	}
	return "", fault.Invalidf("%q is no rhythm", r.Kind).WithField("kind").Do("choose hourly, daily, weekdays or monthly")
}

// ParseRhythm gives the rhythm that [Rhythm.Cron] would write as this text; found is false for any other schedule.
func ParseRhythm(text string) (r Rhythm, found bool) {
	rest := strings.TrimSpace(text)
	r = Rhythm{Zone: "UTC", Day: 1}
	for _, prefix := range []string{"CRON_TZ=", "TZ="} {
		if zoned, has := strings.CutPrefix(rest, prefix); has {
			r.Zone, rest, _ = strings.Cut(zoned, " ")
		}
	}
	f := strings.Fields(rest)
	if len(f) != 5 {
		return Rhythm{}, false
	}
	minute, noMinute := strconv.Atoi(f[0])
	hour, noHour := strconv.Atoi(f[1])
	day, noDay := strconv.Atoi(f[2])
	switch {
	case noMinute != nil || f[3] != "*":
		return Rhythm{}, false
	case f[1] == "*" && f[2] == "*" && f[4] == "*":
		r.Kind = Hourly
	case noHour != nil:
		return Rhythm{}, false
	case f[2] == "*" && f[4] == "*":
		r.Kind = Daily
	case f[2] == "*" && f[4] == "1-5":
		r.Kind = Weekdays
	case noDay == nil && f[4] == "*":
		r.Kind, r.Day = Monthly, day
	default:
		return Rhythm{}, false
	}
	r.At = clock(hour, minute)
	return r, true
}
