package plan

import (
	"fmt"

	"spindle/internal/billing"
)

// clock answers when a change of one line may take effect (design §6.2).
type clock struct {
	day       billing.Date
	policy    billing.EffectivePolicy
	period    billing.PeriodType
	start     billing.Date // contract start: periods are counted from it
	end       billing.Date // contract's last day
	postedTo  billing.Date // first day no posted row of the line touches; zero: nothing posted
	since     billing.Date // first day the source charges for the line
	endedOn   billing.Date // first day without the line, zero: it goes on
	taken     []billing.Date
	firstTime bool // the line has no units yet
}

// choice is a date and why it was chosen.
type choice struct {
	date billing.Date
	why  string
	// postponed is set when the period the change belongs to is posted, so that the days up to date stay unbilled (law 8).
	postponed bool
}

func (c clock) current() billing.Period {
	return c.period.PeriodAt(c.start, billing.Later(c.day, c.start))
}

// long reports whether a period is longer than a month. A quantity change must then never reach back to the start of the period:
// that would bill months the customer did not have (ADR 0004).
func (c clock) long() bool { return c.period.Months() > 1 }

// up gives the date of an increase, of a new line and of a new price.
func (c clock) up() choice {
	now := c.current()
	var ch choice
	switch {
	case c.firstTime && c.long():
		ch = c.firstLongCycle()
	case c.policy == billing.NextPeriod:
		ch = choice{date: now.End, why: "start of the next period"}
	case c.policy == billing.TrueDate && c.firstTime:
		ch = choice{date: billing.Later(now.Start, c.since), why: "the day the subscription is charged from"}
	case c.policy == billing.TrueDate, c.long():
		ch = choice{date: billing.Later(c.day, c.start), why: "on the day, prorated by Autotask"}
	default:
		ch = choice{date: now.Start, why: "start of the current period, which is not posted"}
	}
	return c.settle(ch)
}

// price gives the date of a change of price alone. A price that holds for a long cycle changes with the next cycle.
func (c clock) price() choice {
	if c.long() && c.policy != billing.TrueDate {
		return c.settle(choice{date: c.current().End, why: "start of the next period"})
	}
	return c.up()
}

// down gives the date of a decrease or an end.
func (c clock) down() choice {
	now := c.current()
	switch c.policy {
	case billing.TrueDate:
		date, why := c.day, "on the day, credited by Autotask"
		if !c.endedOn.IsZero() {
			date, why = billing.Later(now.Start, c.endedOn), "the day the subscription ended"
		}
		return c.settle(choice{date: date, why: why})
	case billing.PeriodStart:
		return c.settle(choice{date: now.Start, why: "start of the current period, which is not posted"})
	}
	return c.settle(choice{date: now.End, why: "start of the next period"})
}

// firstLongCycle starts a line with a long period where its charge cycle starts, when that cycle began in the last closed month or
// later; an older cycle was billed before Spindle came, so the line starts with the next one.
func (c clock) firstLongCycle() choice {
	if c.since.IsZero() {
		return choice{date: c.current().End, why: "start of the next period: the day it is charged from is not known"}
	}
	if !c.since.Before(c.day.MonthStart().AddMonths(-1)) {
		return choice{date: c.since, why: "the day the subscription is charged from"}
	}
	next := c.period.PeriodAt(c.since, c.day).End
	return choice{date: next, why: "its next charge cycle: the running one began before the last closed month"}
}

// settle moves a date out of the contract's past, out of posted periods and off days that already hold an adjustment.
func (c clock) settle(ch choice) choice {
	if ch.date.Before(c.start) {
		ch.date, ch.why = c.start, "the contract's first day"
	}
	if ch.date.Before(c.postedTo) {
		ch = choice{date: c.postedTo, why: fmt.Sprintf("first day after the posted periods (posted up to %s)", c.postedTo.AddDays(-1)), postponed: true}
	}
	first := ch.date
	for c.isTaken(ch.date) {
		ch.date = billing.Later(ch.date.AddDays(1), minDate(c.day, c.period.PeriodAt(c.start, ch.date).End))
	}
	if ch.date != first {
		ch.why = fmt.Sprintf("%s already has an adjustment of this line and Autotask takes one a day", first)
	}
	return ch
}

func (c clock) isTaken(d billing.Date) bool {
	for _, t := range c.taken {
		if t == d {
			return true
		}
	}
	return false
}

func minDate(a, b billing.Date) billing.Date {
	if b.Before(a) {
		return b
	}
	return a
}

// proration gives the share of a full period that remains from d on: remaining and whole days; equal when d starts a period.
func (c clock) proration(d billing.Date) (remaining, whole int) {
	p := c.period.PeriodAt(c.start, d)
	return d.DaysTo(p.End), p.Days()
}
