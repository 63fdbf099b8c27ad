package plan

import (
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
)

// optional is a date, or none for "".
func optional(text string) billing.Date {
	if text == "" {
		return billing.Date{}
	}
	return date(text)
}

func TestClockUp(t *testing.T) {
	const start = "2026-01-15" // of the contract
	for _, tc := range []struct {
		name      string
		day       string
		policy    billing.EffectivePolicy
		period    billing.PeriodType
		since     string // set: a fresh line
		fresh     bool
		want, why string
	}{
		{"a month's change reaches back to its start", "2026-11-20", upNow, billing.PeriodMonth, "", false, "2026-11-15", "start of the current period, which is not posted"},
		{"on the start itself", "2026-11-15", upNow, billing.PeriodMonth, "", false, "2026-11-15", "start of the current period, which is not posted"},
		{"on the last day", "2026-12-14", upNow, billing.PeriodMonth, "", false, "2026-11-15", "start of the current period, which is not posted"},
		{"period-start does the same", "2026-11-20", periodStart, billing.PeriodMonth, "", false, "2026-11-15", "start of the current period, which is not posted"},
		{"true-date on the day", "2026-11-20", trueDate, billing.PeriodMonth, "", false, "2026-11-20", "on the day, prorated by Autotask"},
		{"next-period", "2026-11-20", nextPeriod, billing.PeriodMonth, "", false, "2026-12-15", "start of the next period"},
		{"next-period on the first day waits a whole one", "2026-11-15", nextPeriod, billing.PeriodMonth, "", false, "2026-12-15", "start of the next period"},
		{"a quarter never reaches back", "2026-11-20", upNow, billing.PeriodQuarter, "", false, "2026-11-20", "on the day, prorated by Autotask"},
		{"nor does a half-year", "2026-11-20", periodStart, billing.PeriodHalfYear, "", false, "2026-11-20", "on the day, prorated by Autotask"},
		{"a year's next period", "2026-11-20", nextPeriod, billing.PeriodYear, "", false, "2027-01-15", "start of the next period"},
		{"before the contract", "2026-01-02", upNow, billing.PeriodMonth, "", false, "2026-01-15", "start of the current period, which is not posted"},
		{"before the contract, true-date", "2026-01-02", trueDate, billing.PeriodMonth, "", false, "2026-01-15", "on the day, prorated by Autotask"},
		{"before the contract, next-period", "2026-01-02", nextPeriod, billing.PeriodMonth, "", false, "2026-01-15", "start of the next period"},

		{"next-period on the contract's first day", "2026-01-15", nextPeriod, billing.PeriodMonth, "", false, "2026-02-15", "start of the next period"},
		{"before the contract, true-date, not known", "2026-01-02", trueDate, billing.PeriodMonth, "", true, "2026-01-15", "on the day: the day it is charged from is not known"},

		{"a line that stands, charged anew from a day ahead", "2026-11-20", upNow, billing.PeriodMonth, "2026-12-20", false, "2026-11-15", "start of the current period, which is not posted"},
		{"and with the next period", "2026-11-20", nextPeriod, billing.PeriodMonth, "2027-01-20", false, "2026-12-15", "start of the next period"},
		{"true-date from the period's first day", "2026-11-20", trueDate, billing.PeriodMonth, "2026-11-15", true, "2026-11-15", "the day the subscription is charged from"},
		{"a new line of this period", "2026-11-20", upNow, billing.PeriodMonth, "2026-11-18", true, "2026-11-15", "start of the current period, which is not posted"},
		{"a new line of an earlier one", "2026-11-20", upNow, billing.PeriodMonth, "2026-05-01", true, "2026-11-15", "start of the current period, which is not posted"},
		{"a new line of the next one", "2026-11-20", upNow, billing.PeriodMonth, "2026-12-20", true, "2026-12-15", "start of the current period, which is not posted"},
		{"true-date of this period", "2026-11-20", trueDate, billing.PeriodMonth, "2026-11-18", true, "2026-11-18", "the day the subscription is charged from"},
		{"true-date of an earlier one", "2026-11-20", trueDate, billing.PeriodMonth, "2026-05-01", true, "2026-11-15", "start of the current period, it is charged since 2026-05-01"},
		{"true-date, not known", "2026-11-20", trueDate, billing.PeriodMonth, "", true, "2026-11-20", "on the day: the day it is charged from is not known"},
		{"next-period from the day before a period", "2026-11-20", nextPeriod, billing.PeriodMonth, "2026-12-14", true, "2026-12-15", "start of the next period"},
		{"next-period from a period's first day", "2026-11-20", nextPeriod, billing.PeriodMonth, "2026-12-15", true, "2026-12-15", "start of the next period"},
		{"next-period from its second day", "2026-11-20", nextPeriod, billing.PeriodMonth, "2026-12-16", true, "2027-01-15", "start of the next period"},
		{"a new year since last month", "2026-11-20", upNow, billing.PeriodYear, "2026-10-01", true, "2026-10-01", "the day the subscription is charged from"},
		{"a new year since the month before", "2026-11-20", upNow, billing.PeriodYear, "2026-09-30", true, "2027-09-30", "its next charge cycle: the running one began before the first month Spindle bills"},
		{"a new year since 29 February", "2026-11-20", trueDate, billing.PeriodYear, "2024-02-29", true, "2027-02-28", "its next charge cycle: the running one began before the first month Spindle bills"},
		{"a new quarter since spring", "2026-11-20", upNow, billing.PeriodQuarter, "2026-04-10", true, "2027-01-10", "its next charge cycle: the running one began before the first month Spindle bills"},
		{"a new year, not known", "2026-11-20", upNow, billing.PeriodYear, "", true, "2027-01-15", "start of the next period: the day it is charged from is not known"},
		{"January's last closed month is December", "2026-01-31", upNow, billing.PeriodYear, "2025-12-01", true, "2026-01-15", "the contract's first day"},
	} {
		c := clock{day: date(tc.day), policy: tc.policy, period: tc.period, start: date(start), since: optional(tc.since), fresh: tc.fresh}
		if got := c.up(); got.date != date(tc.want) || got.because() != tc.why {
			t.Errorf("%s: %s, %s; want %s, %s", tc.name, got.date, got.because(), tc.want, tc.why)
		}
	}
}

// TestClockStartsWithTheFirstMonth: whatever the policy, nothing begins before the first month that Spindle bills for a line; a yearly cycle
// that began before it was billed without Spindle.
func TestClockStartsWithTheFirstMonth(t *testing.T) {
	const current, first = "start of the current period, which is not posted", "the first month Spindle bills"
	for _, tc := range []struct {
		name, from string
		policy     billing.EffectivePolicy
		period     billing.PeriodType
		since      string
		fresh      bool
		want, why  string
	}{
		{"the period began before", "2026-12-01", upNow, billing.PeriodMonth, "2026-05-01", true, "2026-12-01", first},
		{"so did true-date's", "2026-12-01", trueDate, billing.PeriodMonth, "2026-05-01", true, "2026-12-01", first},
		{"the next period is later anyway", "2026-12-01", nextPeriod, billing.PeriodMonth, "2026-05-01", true, "2026-12-15", "start of the next period"},
		{"the period began later", "2026-11-01", upNow, billing.PeriodMonth, "2026-05-01", true, "2026-11-15", current},
		{"the period begins with it", "2026-11-15", upNow, billing.PeriodMonth, "2026-05-01", true, "2026-11-15", current},
		{"seats that join a line", "2026-12-01", upNow, billing.PeriodMonth, "", false, "2026-12-01", first},
		{"a year that began in the first month", "2026-12-01", upNow, billing.PeriodYear, "2026-12-03", true, "2026-12-03", "the day the subscription is charged from"},
		{"a year that began the day before", "2026-12-01", upNow, billing.PeriodYear, "2026-11-30", true, "2027-11-30",
			"its next charge cycle: the running one began before the first month Spindle bills"},
		{"a year that began long after", "2026-09-01", upNow, billing.PeriodYear, "2026-11-30", true, "2026-11-30", "the day the subscription is charged from"},
	} {
		c := clock{day: date("2026-12-10"), policy: tc.policy, period: tc.period, start: date("2026-01-15"), since: optional(tc.since),
			billFrom: date(tc.from), fresh: tc.fresh}
		if got := c.up(); got.date != date(tc.want) || got.because() != tc.why {
			t.Errorf("%s: %s, %s; want %s, %s", tc.name, got.date, got.because(), tc.want, tc.why)
		}
	}
}

func TestClockDown(t *testing.T) {
	for _, tc := range []struct {
		name    string
		day     string
		policy  billing.EffectivePolicy
		period  billing.PeriodType
		endedOn string
		want    string
		why     string
	}{
		{"the next period", "2026-11-20", upNow, billing.PeriodMonth, "", "2026-12-15", "start of the next period"},
		{"the next period, on the last day", "2026-12-14", upNow, billing.PeriodMonth, "", "2026-12-15", "start of the next period"},
		{"the next period, on the first day", "2026-12-15", upNow, billing.PeriodMonth, "", "2027-01-15", "start of the next period"},
		{"an end of an earlier period: this one is not owed", "2026-11-20", upNow, billing.PeriodMonth, "2026-08-01", "2026-11-15", "start of the current period, which is not posted"},
		{"an end on the first day of this period", "2026-11-20", upNow, billing.PeriodMonth, "2026-11-15", "2026-11-15", "start of the current period, which is not posted"},
		{"an end on its second day", "2026-11-20", nextPeriod, billing.PeriodMonth, "2026-11-16", "2026-12-15", "start of the next period"},
		{"an end ahead", "2026-11-20", upNow, billing.PeriodMonth, "2026-12-16", "2027-01-15", "start of the next period"},
		{"an end ahead on a period's first day", "2026-11-20", nextPeriod, billing.PeriodMonth, "2026-12-15", "2026-12-15", "start of the next period"},
		{"true-date, fewer", "2026-11-20", trueDate, billing.PeriodMonth, "", "2026-11-20", "on the day, credited by Autotask"},
		{"true-date, ended in this period", "2026-11-20", trueDate, billing.PeriodMonth, "2026-11-16", "2026-11-16", "the day the subscription ended"},
		{"true-date, ended before it: earlier periods are closed", "2026-11-20", trueDate, billing.PeriodMonth, "2026-11-02", "2026-11-15", "the day the subscription ended"},
		{"true-date, ends ahead", "2026-11-20", trueDate, billing.PeriodMonth, "2027-01-02", "2027-01-02", "the day the subscription ended"},
		{"period-start", "2026-11-20", periodStart, billing.PeriodMonth, "", "2026-11-15", "start of the current period, which is not posted"},
		{"period-start, ends ahead", "2026-11-20", periodStart, billing.PeriodMonth, "2026-12-16", "2026-12-15", "start of the current period, which is not posted"},
		{"period-start of a year never reaches back", "2026-11-20", periodStart, billing.PeriodYear, "", "2026-11-20", "on the day, credited by Autotask"},
		{"period-start of a year that ended", "2026-11-20", periodStart, billing.PeriodYear, "2026-06-30", "2026-06-30", "the day the subscription ended"},
		{"a year that was not renewed, seen months later", "2027-04-20", upNow, billing.PeriodYear, "2027-01-15", "2027-01-15", "start of the current period, which is not posted"},
		{"fewer on the day a year is renewed", "2027-01-15", upNow, billing.PeriodYear, "", "2027-01-15", "start of the current period, which is not posted"},
		{"fewer on the day after", "2027-01-16", upNow, billing.PeriodYear, "", "2028-01-15", "start of the next period"},
		{"fewer on that day, always next period", "2027-01-15", nextPeriod, billing.PeriodYear, "", "2028-01-15", "start of the next period"},
		{"a year is billed to its end", "2026-11-20", upNow, billing.PeriodYear, "2026-06-30", "2027-01-15", "start of the next period"},
	} {
		c := clock{day: date(tc.day), policy: tc.policy, period: tc.period, start: date("2026-01-15"), endedOn: optional(tc.endedOn)}
		if got := c.down(); got.date != date(tc.want) || got.because() != tc.why {
			t.Errorf("%s: %s, %s; want %s, %s", tc.name, got.date, got.because(), tc.want, tc.why)
		}
	}
}

// A line that is written ahead keeps the day it begins, whatever is changed of it until then and whatever the policy says; one that comes back begins no
// earlier than it ended, and not later either.
func TestClockOfALineThatHasNotBegun(t *testing.T) {
	const begins, ended = "the day the line begins", "the day it ended before: what was billed until then is not billed again"
	for _, tc := range []struct {
		name     string
		policy   billing.EffectivePolicy
		starts   string
		stoodTo  string
		up, why  string
		down     string
		downsWhy string
	}{
		{"written ahead", upNow, "2026-12-20", "", "2026-12-20", begins, "2026-12-20", begins},
		{"written ahead, true-date", trueDate, "2026-12-20", "", "2026-12-20", begins, "2026-12-20", begins},
		{"written ahead, period-start", periodStart, "2026-12-20", "", "2026-12-20", begins, "2026-12-20", begins},
		{"written ahead, next-period", nextPeriod, "2026-12-20", "", "2026-12-20", begins, "2026-12-20", begins},
		{"ended inside the running period", upNow, "", "2026-11-18", "2026-11-18", ended, "2026-12-15", "start of the next period"},
		{"ended with the running period's start", upNow, "", "2026-11-15", "2026-11-15", whyCurrent, "2026-12-15", "start of the next period"},
		{"ended the day after it", upNow, "", "2026-11-16", "2026-11-16", ended, "2026-12-15", "start of the next period"},
		{"ended before it", upNow, "", "2026-10-15", "2026-11-15", whyCurrent, "2026-12-15", "start of the next period"},
		{"ends ahead", upNow, "", "2026-12-15", "2026-12-15", ended, "2026-12-15", "start of the next period"},
		{"ended after the day it is charged from", trueDate, "", "2026-11-18", "2026-11-18", ended, "2026-11-20", "on the day, credited by Autotask"},
		{"ended before the day it is charged from", trueDate, "", "2026-11-16", "2026-11-17", "the day the subscription is charged from", "2026-11-20", "on the day, credited by Autotask"},
		{"ended on the day it is charged from", trueDate, "", "2026-11-17", "2026-11-17", "the day the subscription is charged from", "2026-11-20", "on the day, credited by Autotask"},
	} {
		c := clock{day: date("2026-11-20"), policy: tc.policy, period: billing.PeriodMonth, start: date("2026-01-15"), since: date("2026-11-17"), fresh: true,
			starts: optional(tc.starts), stoodTo: optional(tc.stoodTo)}
		if got := c.up(); got.date != date(tc.up) || got.because() != tc.why {
			t.Errorf("%s: up on %s, %s; want %s, %s", tc.name, got.date, got.because(), tc.up, tc.why)
		}
		if got := c.down(); got.date != date(tc.down) || got.because() != tc.downsWhy {
			t.Errorf("%s: down on %s, %s; want %s, %s", tc.name, got.date, got.because(), tc.down, tc.downsWhy)
		}
		if tc.stoodTo == "" {
			continue
		}
		if c.fresh = false; tc.policy == upNow {
			if got := c.up(); got.date != date("2026-11-15") {
				t.Errorf("%s, but it goes on: up on %s", tc.name, got.date)
			}
		}
	}
}

// A price alone: a long cycle keeps its price to its end, except under true-date.
func TestClockPrice(t *testing.T) {
	for _, tc := range []struct {
		policy billing.EffectivePolicy
		period billing.PeriodType
		fresh  bool
		want   string
	}{
		{upNow, billing.PeriodMonth, false, "2026-11-15"},
		{trueDate, billing.PeriodMonth, false, "2026-11-20"},
		{nextPeriod, billing.PeriodMonth, false, "2026-12-15"},
		{upNow, billing.PeriodQuarter, false, "2027-01-15"},
		{periodStart, billing.PeriodYear, false, "2027-01-15"},
		{trueDate, billing.PeriodYear, false, "2026-11-20"},
		{upNow, billing.PeriodYear, true, "2026-11-17"}, // it begins with its price
	} {
		c := clock{day: date("2026-11-20"), policy: tc.policy, period: tc.period, start: date("2026-01-15"), since: date("2026-11-17"), fresh: tc.fresh}
		if got := c.price(); got.date != date(tc.want) {
			t.Errorf("%s, %s, fresh %t: %s, want %s", tc.policy, tc.period, tc.fresh, got.date, tc.want)
		}
	}
}

func TestClockSettles(t *testing.T) {
	days := func(texts ...string) []billing.Date {
		var out []billing.Date
		for _, text := range texts {
			out = append(out, date(text))
		}
		return out
	}
	for _, tc := range []struct {
		name      string
		choose    string
		postedTo  string
		taken     []billing.Date
		want, why string
		postponed bool
	}{
		{"nothing in the way", "2026-11-15", "", nil, "2026-11-15", "x", false},
		{"before the contract", "2025-12-01", "", nil, "2026-01-15", "the contract's first day", false},
		{"posted", "2026-11-15", "2026-12-15", nil, "2026-12-15", "first day after the posted periods (posted up to 2026-12-14)", true},
		{"posted up to the day before", "2026-12-15", "2026-12-15", nil, "2026-12-15", "x", false},
		{"taken gives way to today", "2026-11-15", "", days("2026-11-15"), "2026-11-20", "2026-11-15 already has an adjustment of this line and Autotask takes one a day", false},
		{"today is taken too", "2026-11-15", "", days("2026-11-15", "2026-11-20"), "2026-11-21", "2026-11-15 already has an adjustment of this line and Autotask takes one a day", false},
		{"and the days after it", "2026-11-20", "", days("2026-11-20", "2026-11-21", "2026-11-22"), "2026-11-23", "2026-11-20 already has an adjustment of this line and Autotask takes one a day", false},
		{"a day ahead gives way to the next", "2026-12-15", "", days("2026-12-15"), "2026-12-16", "2026-12-15 already has an adjustment of this line and Autotask takes one a day", false},
		{"a day of an earlier period stays inside it or starts the next", "2026-10-15", "", days("2026-10-15"), "2026-11-15", "2026-10-15 already has an adjustment of this line and Autotask takes one a day", false},
		{"posted and the day after taken", "2026-11-15", "2026-12-15", days("2026-12-15"), "2026-12-16", "2026-12-15 already has an adjustment of this line and Autotask takes one a day", true},
	} {
		c := clock{day: date("2026-11-20"), period: billing.PeriodMonth, start: date("2026-01-15"), postedTo: optional(tc.postedTo), taken: tc.taken}
		got := c.settle(choice{date: date(tc.choose), why: "x"})
		if got.date != date(tc.want) || got.because() != tc.why || got.postponed != tc.postponed {
			t.Errorf("%s: %s, %s, postponed %t; want %s, %s", tc.name, got.date, got.because(), got.postponed, tc.want, tc.why)
		}
		if got.postponed && got.instead != date(tc.choose) {
			t.Errorf("%s: postponed from %s", tc.name, got.instead)
		}
	}
}

func drawClock(t *rapid.T) clock {
	start := date("2026-01-01").AddDays(rapid.IntRange(0, 59).Draw(t, "start"))
	day := start.AddDays(rapid.IntRange(-20, 700).Draw(t, "day"))
	c := clock{day: day, policy: pick(t, "policy", billing.EffectivePolicies()...), start: start, fresh: rapid.Bool().Draw(t, "fresh"),
		period: pick(t, "period", billing.PeriodMonth, billing.PeriodQuarter, billing.PeriodHalfYear, billing.PeriodYear)}
	if rapid.Bool().Draw(t, "posted") {
		c.postedTo = c.at(day.AddDays(rapid.IntRange(-40, 40).Draw(t, "posted around"))).End
	}
	if rapid.Bool().Draw(t, "ended") {
		c.endedOn = day.AddDays(rapid.IntRange(-90, 90).Draw(t, "ended on"))
	}
	if rapid.Bool().Draw(t, "known") {
		c.since = day.AddDays(rapid.IntRange(-400, 60).Draw(t, "since"))
	}
	for range rapid.IntRange(0, 6).Draw(t, "taken") {
		c.taken = append(c.taken, billing.Later(start, c.current().Start.AddDays(rapid.IntRange(0, 40).Draw(t, "taken on"))))
	}
	return c
}

// Whatever a line has been through, no change falls before its contract, into a posted period or on a taken day. Fails for each of the
// three when its line in settle is removed.
func TestNoDateThatAutotaskRefuses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawClock(t)
		for name, got := range map[string]choice{"up": c.up(), "down": c.down(), "price": c.price()} {
			switch {
			case got.date.Before(c.start):
				t.Fatalf("%s on %s is before the contract's %s", name, got.date, c.start)
			case got.date.Before(c.postedTo):
				t.Fatalf("%s on %s is posted, up to %s", name, got.date, c.postedTo)
			}
			for _, d := range c.taken {
				if d == got.date {
					t.Fatalf("%s on %s, which is taken: %v", name, got.date, c.taken)
				}
			}
			if got.because() == "" {
				t.Fatalf("%s on %s without a reason", name, got.date)
			}
		}
	})
}

// A change of a line that has begun never reaches back before the running period, and a long one not before today, unless the
// subscription ended earlier. Fails when long() is always false.
func TestNoChangeReachesBackTooFar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawClock(t)
		c.fresh, c.taken = false, nil
		for name, got := range map[string]choice{"up": c.up(), "down": c.down(), "price": c.price()} {
			if got.date.Before(c.current().Start) {
				t.Fatalf("%s on %s, the running period began %s", name, got.date, c.current().Start)
			}
			if c.period.Months() > 1 && got.date.Before(c.day) && (name != "down" || c.endedOn.IsZero()) {
				t.Fatalf("%s on %s reaches back into a %s period from %s", name, got.date, c.period, c.day)
			}
		}
	})
}

// Under every policy a decrease counts no earlier than an increase would, so nothing is credited that is still billed.
func TestADecreaseNeverComesBeforeAnIncrease(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawClock(t)
		c.fresh, c.taken, c.endedOn = false, nil, billing.Date{}
		if up, down := c.up(), c.down(); down.date.Before(up.date) {
			t.Fatalf("%s: down on %s, up on %s", c.policy, down.date, up.date)
		}
	})
}

func TestClockPeriods(t *testing.T) {
	for _, tc := range []struct {
		start, day     string
		period         billing.PeriodType
		current, sight string
		remaining      int
		whole          int
	}{
		{"2026-01-15", "2026-11-20", billing.PeriodMonth, "2026-11-15 to 2026-12-14", "2027-01-15", 25, 30},
		{"2026-01-31", "2026-02-28", billing.PeriodMonth, "2026-02-28 to 2026-03-30", "2026-04-30", 31, 31},
		{"2026-01-31", "2026-03-30", billing.PeriodMonth, "2026-02-28 to 2026-03-30", "2026-04-30", 1, 31},
		{"2024-01-30", "2024-02-29", billing.PeriodMonth, "2024-02-29 to 2024-03-29", "2024-04-30", 30, 30},
		{"2026-01-15", "2026-11-20", billing.PeriodQuarter, "2026-10-15 to 2027-01-14", "2027-04-15", 56, 92},
		{"2026-01-15", "2026-11-20", billing.PeriodHalfYear, "2026-07-15 to 2027-01-14", "2027-07-15", 56, 184},
		{"2026-01-15", "2026-11-20", billing.PeriodYear, "2026-01-15 to 2027-01-14", "2028-01-15", 56, 365},
		{"2026-12-01", "2026-11-20", billing.PeriodMonth, "2026-12-01 to 2026-12-31", "2027-02-01", 31, 31}, // the contract has not begun
	} {
		c := clock{day: date(tc.day), start: date(tc.start), period: tc.period}
		remaining, whole := c.proration(billing.Later(c.day, c.start))
		if c.current().String() != tc.current || c.sight() != date(tc.sight) || remaining != tc.remaining || whole != tc.whole {
			t.Errorf("%s from %s on %s: %s, sight to %s, %d of %d days; want %s, %s, %d of %d", tc.period, tc.start, tc.day,
				c.current(), c.sight(), remaining, whole, tc.current, tc.sight, tc.remaining, tc.whole)
		}
	}
}
