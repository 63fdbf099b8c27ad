package plan

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
)

// calendar tells dates as ADR 0003 does, by looking for them in a list of all days on which a period of a contract begins.
type calendar struct {
	day    billing.Date
	starts []billing.Date
}

func newCalendar(day, contract billing.Date, period billing.PeriodType) calendar {
	c := calendar{day: day}
	for k := range 60 {
		c.starts = append(c.starts, contract.AddMonths(k*period.Months()))
	}
	return c
}

// upTo gives the last start up to a day, and the first one when all of them are later.
func (c calendar) upTo(day billing.Date) billing.Date {
	last := c.starts[0]
	for _, start := range c.starts {
		if !start.After(day) {
			last = start
		}
	}
	return last
}

// after gives the first start after a day.
func (c calendar) after(day billing.Date) billing.Date {
	return c.starts[slices.IndexFunc(c.starts, func(start billing.Date) bool { return start.After(day) })]
}

// chosen gives the day of a change by the table: what happens is an increase, a decrease, or an end on a day.
func (c calendar) chosen(policy billing.EffectivePolicy, what string, long bool, ended billing.Date) billing.Date {
	last, onTheDay := c.day, billing.Later(c.day, c.starts[0])
	switch { // the last day with the line, as far as it is not over
	case what == "end":
		last = billing.Later(c.upTo(c.day), ended).AddDays(-1)
	case what == "decrease" && long && policy == upNow:
		last = c.day.AddDays(-1) // a year that is renewed today is renewed without them
	}
	switch {
	case policy == nextPeriod && what == "increase", (policy == upNow || policy == nextPeriod) && what != "increase":
		return c.after(last)
	case (policy == trueDate || policy == periodStart && long) && what == "end":
		return billing.Later(c.upTo(c.day), ended)
	case policy == trueDate, long:
		return onTheDay
	case what == "end":
		return c.upTo(billing.Later(c.day, ended))
	}
	return c.upTo(c.day)
}

// free moves a day out of posted periods, then off days that hold an adjustment: to today when that lies further on in the same period, else to the next day.
func (c calendar) free(date, postedTo billing.Date, taken []billing.Date) billing.Date {
	if date.Before(postedTo) {
		date = postedTo
	}
	for slices.Contains(taken, date) {
		switch over := c.after(date); {
		case c.day.After(date) && !c.day.After(over):
			date = c.day
		case c.day.After(over):
			date = over
		default:
			date = date.AddDays(1)
		}
	}
	return date
}

// TestTheClockByTheTable compares the clock of a line that stands with the table of ADR 0003 and 0004, for every policy, every length of period, contracts that
// begin on any day of a month or have not begun, posted periods and days that hold an adjustment.
func TestTheClockByTheTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		contract := date("2026-01-01").AddDays(rapid.IntRange(0, 59).Draw(t, "contract"))
		c := clock{day: contract.AddDays(rapid.IntRange(-10, 500).Draw(t, "day")), start: contract, policy: pick(t, "policy", billing.EffectivePolicies()...),
			period: pick(t, "period", billing.PeriodMonth, billing.PeriodQuarter, billing.PeriodHalfYear, billing.PeriodYear)}
		by := newCalendar(c.day, contract, c.period)
		if rapid.Bool().Draw(t, "posted") {
			c.postedTo = by.after(c.day.AddDays(rapid.IntRange(-40, 40).Draw(t, "posted around")))
		}
		for range rapid.IntRange(0, 5).Draw(t, "taken") {
			c.taken = append(c.taken, billing.Later(contract, by.upTo(c.day)).AddDays(rapid.IntRange(0, 35).Draw(t, "taken after")))
		}
		long := c.period != billing.PeriodMonth
		for _, what := range []string{"increase", "decrease", "end"} {
			c.endedOn = billing.Date{}
			if what == "end" {
				c.endedOn = c.day.AddDays(rapid.IntRange(-60, 60).Draw(t, "ended"))
			}
			got, want := c.down(), by.free(billing.Later(by.chosen(c.policy, what, long, c.endedOn), contract), c.postedTo, c.taken)
			if what == "increase" {
				got = c.up()
			}
			if got.date != want {
				t.Fatalf("%s under %s on %s (ended %q), contract from %s, %s, posted to %q, taken %v: %s, by the table %s", what, c.policy, c.day, c.endedOn, contract, c.period, c.postedTo, c.taken, got.date, want)
			}
		}
	})
}

// TestWhatAPostedPeriodPutsOff: a change that a posted period puts off says since when it should have counted, so that the money of the days between can be
// named; one that nothing posted puts off says nothing of the kind.
func TestWhatAPostedPeriodPutsOff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawClock(t)
		open := c
		open.postedTo, open.taken = billing.Date{}, nil
		for what, pair := range map[string][2]choice{"up": {c.up(), open.up()}, "down": {c.down(), open.down()}} {
			got, free := pair[0], pair[1]
			if got.postponed != free.date.Before(c.postedTo) {
				t.Fatalf("%s on %s instead of %s, posted to %q: put off %t", what, got.date, free.date, c.postedTo, got.postponed)
			}
			if got.postponed && (got.instead != free.date || got.date.Before(c.postedTo)) || !got.postponed && !got.instead.IsZero() {
				t.Fatalf("%s on %s instead of %s, should have been %s", what, got.date, got.instead, free.date)
			}
		}
	})
}
