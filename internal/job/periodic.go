package job

import (
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"spindle/internal/fault"
)

// Periodic asks for a job on a schedule. Ticks missed while no process ran are
// not made up: the handler looks at the state, not at the number of ticks.
type Periodic struct {
	Name string // unique and stable; it names the schedule in logs
	Cron string // see [ParseCron]
	Args Args
}

// Schedule tells when something is due.
type Schedule interface {
	// Next returns the first due time after t.
	Next(t time.Time) time.Time
}

// ParseCron reads a schedule as cron text: minute, hour, day of month, month
// and day of week ("15 3 * * *"), a word such as @daily, or "@every 10m". It
// holds in UTC unless the text starts with a zone, as in
// "CRON_TZ=Europe/Berlin 15 3 * * *". Errors are of KindInvalid.
func ParseCron(text string) (Schedule, error) {
	zoned := strings.TrimSpace(text)
	if !strings.HasPrefix(zoned, "CRON_TZ=") && !strings.HasPrefix(zoned, "TZ=") && !strings.HasPrefix(zoned, "@every") {
		zoned = "CRON_TZ=UTC " + zoned
	}
	if strings.Contains(zoned, "TZ=") && !strings.Contains(zoned, " ") {
		return nil, invalidCron(text) // the parser would panic
	}
	schedule, err := cron.ParseStandard(zoned)
	if err != nil {
		return nil, invalidCron(text)
	}
	if schedule.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fault.Invalidf("schedule %q never comes round", text).
			Do("choose a day that exists in the month")
	}
	return schedule, nil
}

func invalidCron(text string) error {
	return fault.Invalidf("schedule %q is not understood", text).
		Do(`write minute, hour, day, month and weekday, as in "15 3 * * *" (every day at 03:15 UTC), or @daily, @hourly, "@every 10m"`)
}
