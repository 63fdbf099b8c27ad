package job_test

import (
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/fault"
	"spindle/internal/job"
)

func TestInWords(t *testing.T) {
	for text, want := range map[string]string{
		"0 6 * * *":                        "Every day at 06:00 UTC",
		"30 7 * * 1-5":                     "Monday to Friday at 07:30 UTC",
		"CRON_TZ=Europe/Berlin 30 7 * * *": "Every day at 07:30, Europe/Berlin time",
		"TZ=America/New_York 0 9 2 * *":    "On day 2 of the month at 09:00, America/New_York time",
		"0 6 1,15 * *":                     "On days 1 and 15 of the month at 06:00 UTC",
		"0 6 * * sun":                      "Sunday at 06:00 UTC",
		"0 6 * * 0,6":                      "Saturday and Sunday at 06:00 UTC",
		"0 6 * * 1,3,5":                    "Monday, Wednesday and Friday at 06:00 UTC",
		"0 6 * * 5,6,0":                    "Friday to Sunday at 06:00 UTC",
		"0 6 13 * 5":                       "On day 13 of the month and also Friday at 06:00 UTC",
		"0 6 1 1,7 *":                      "On day 1 of the month at 06:00 UTC in January and July",
		"0 6,12,18 * * *":                  "Every day at 06:00, 12:00 and 18:00 UTC",
		"15 * * * *":                       "Every hour, 15 minutes past",
		"0 * * * *":                        "Every hour on the hour",
		"*/10 * * * *":                     "Every 10 minutes",
		"* * * * *":                        "Every minute",
		"*/15 * * * 1-5":                   "Monday to Friday, every 15 minutes",
		"0 */4 * * *":                      "Every 4 hours from 00:00 UTC",
		"5 8-17 * * 1-5":                   "Monday to Friday, every hour from 08:05 to 17:05 UTC",
		"5,35 8-17 * * *":                  "Every day at minutes 5 and 35 of hours 8, 9, 10, 11, 12, 13, 14, 15, 16 and 17 UTC",
		"@daily":                           "Every day at 00:00 UTC",
		"@weekly":                          "Sunday at 00:00 UTC",
		"@monthly":                         "On day 1 of the month at 00:00 UTC",
		"@every 10m":                       "Every 10m",
		"@every 2h":                        "Every 2h",
		"@every 1h30m":                     "Every 1h30m",
	} {
		got, err := job.InWords(text)
		if err != nil || got != want {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "often", "61 * * * *", "0 6 31 2 *", "CRON_TZ=Nowhere/Else 0 6 * * *"} {
		if words, err := job.InWords(text); !fault.Is(err, fault.KindInvalid) {
			t.Errorf("%q is %q, %v", text, words, err)
		}
	}
}

// Every rhythm that a form can ask for is a schedule, has words, and is found again.
func TestRhythmThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := job.Rhythm{
			Kind: rapid.SampledFrom([]job.RhythmKind{job.Hourly, job.Daily, job.Weekdays, job.Monthly}).Draw(t, "kind"),
			At:   rapid.StringMatching(`([01][0-9]|2[0-3]):[0-5][0-9]`).Draw(t, "at"),
			Day:  rapid.IntRange(1, 31).Draw(t, "day"),
			Zone: rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/New_York"}).Draw(t, "zone"),
		}
		if r.Kind == job.Hourly {
			r.At = "00" + r.At[2:]
		}
		if r.Kind != job.Monthly {
			r.Day = 1
		}
		text, err := r.Cron()
		if err != nil {
			t.Fatal(err)
		}
		if words, err := job.InWords(text); err != nil || words == "" {
			t.Fatalf("%q: %q, %v", text, words, err)
		}
		if again, found := job.ParseRhythm(text); !found || again != r {
			t.Fatalf("%q is %+v, want %+v", text, again, r)
		}
	})
}

func TestWrongRhythms(t *testing.T) {
	for field, r := range map[string]job.Rhythm{
		"at":   {Kind: job.Daily, At: "25:00"},
		"day":  {Kind: job.Monthly, At: "06:00", Day: 32},
		"zone": {Kind: job.Daily, At: "06:00", Zone: "Nowhere/Else"},
		"kind": {Kind: "sometimes", At: "06:00"},
	} {
		_, err := r.Cron()
		if all := fault.List(err); len(all) != 1 || all[0].Field != field || all[0].Remedy == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, text := range []string{"", "@daily", "0 6,18 * * *", "*/5 * * * *", "0 6 1 1 *", "0 6 1 * 1", "0 6 * * 1,2"} {
		if r, found := job.ParseRhythm(text); found {
			t.Errorf("%q is %+v", text, r)
		}
	}
}
