package plan

import (
	"fmt"
	"slices"

	"spindle/internal/billing"
)

// clock answers when a change of one line may take effect (design §6.2, ADR 0003 and 0004).
type clock struct {
	day      billing.Date
	policy   billing.EffectivePolicy
	formerly []billing.FormerPolicy // the policies that held for the line before, oldest first
	period   billing.PeriodType
	start    billing.Date // contract start: periods are counted from it
	postedTo billing.Date // first day after the posted periods of the line; zero: nothing posted
	since    billing.Date // first day the source charges for the line
	endedOn  billing.Date // first day without the line, zero: it goes on
	taken    []billing.Date
	fresh    bool         // the line has no units yet: it begins
	billFrom billing.Date // first day of the first month that Spindle bills; zero: the month before the day's
	starts   billing.Date // a fresh line that is already written begins here, after the day; zero: not written
	stoodTo  billing.Date // a fresh line stood before: it was billed up to here; zero: it never stood, or nobody knows
	seen     billing.Date // a fresh line stood before: its rows were read from here on; zero: it never stood
}

// choice is a date and why it was chosen.
type choice struct {
	date billing.Date
	why  string       // with one %s when it speaks of a day
	of   billing.Date // the day that why speaks of; it is put in only when a change is made, because most lines change nothing
	// postponed is set when the period the change belongs to is posted, so that the days from instead up to date are billed as before
	// (law 8).
	postponed bool
	instead   billing.Date
}

// whyCurrent is the reason of dates that reach back to the start of the period.
const whyCurrent = "start of the current period, which is not posted"

// because gives the reason in words.
func (ch choice) because() string {
	if ch.of.IsZero() {
		return ch.why
	}
	return fmt.Sprintf(ch.why, ch.of)
}

// at gives the line's period around a day; before the contract begins that is its first one.
func (c clock) at(day billing.Date) billing.Period {
	return c.period.PeriodAt(c.start, billing.Later(day, c.start))
}

// policyOn gives the policy that held on a day.
func (c clock) policyOn(day billing.Date) billing.EffectivePolicy {
	for _, f := range c.formerly {
		if day.Before(f.Until) {
			return f.Policy
		}
	}
	return c.policy
}

func (c clock) current() billing.Period { return c.at(c.day) }

// nextAfter gives the start of the first period that begins after a day.
func (c clock) nextAfter(day billing.Date) billing.Date {
	if day.Before(c.start) {
		return c.start
	}
	return c.at(day).End
}

// sight is the first day that the target's rows are not read for: they are read to the end of the next period. A change from then on
// could not be recognised again, so it waits.
func (c clock) sight() billing.Date { return c.at(c.current().End).End }

// long reports whether a period is longer than a month. A quantity change must then never reach back to the start of the period:
// that would bill months the customer did not have (ADR 0004).
func (c clock) long() bool { return c.period.Months() > 1 }

// up gives the date of an increase, of a new line and of a new price.
func (c clock) up() choice {
	begins := c.day
	if c.fresh {
		begins = billing.Later(c.day, c.since)
	}
	var ch choice
	switch {
	case !c.starts.IsZero():
		ch = choice{date: c.starts, why: "the day the line begins"}
	case c.fresh && c.long():
		ch = c.firstLongCycle()
	case c.policy == billing.NextPeriod && begins.After(c.day):
		ch = choice{date: c.nextAfter(begins.AddDays(-1)), why: "start of the next period"}
	case c.policy == billing.NextPeriod:
		ch = choice{date: c.nextAfter(c.day), why: "start of the next period"}
	case c.policy == billing.TrueDate && c.fresh:
		ch = c.trueBeginning()
	case c.policy == billing.TrueDate, c.long():
		ch = choice{date: billing.Later(c.day, c.start), why: "on the day, prorated by Autotask"}
	default:
		ch = choice{date: c.at(begins).Start, why: whyCurrent}
	}
	if ch.date.Before(c.billFrom) {
		ch = choice{date: c.billFrom, why: "the first month Spindle bills"}
	}
	if c.fresh && ch.date.Before(c.stoodTo) {
		ch = choice{date: c.stoodTo, why: "the day it ended before: what was billed until then is not billed again"}
	}
	if c.fresh && ch.date.Before(c.seen) {
		ch = choice{date: c.seen, why: "the first day that was read of a line that stood before: earlier ones may be posted"}
	}
	return c.settle(ch)
}

// begin gives the first day whose quantity Spindle bills for a line that is charged from a day on.
func (c clock) begin(first billing.Date) billing.Date {
	from := c.billFrom
	switch {
	case c.long():
		return c.firstLongCycle().date
	case from.IsZero():
		from = c.current().Start
	}
	return billing.Later(first, from)
}

// trueBeginning is the day a new line is charged from, but never before the current period: earlier ones are closed.
func (c clock) trueBeginning() choice {
	start := c.current().Start
	switch {
	case c.since.IsZero():
		return choice{date: billing.Later(c.day, c.start), why: "on the day: the day it is charged from is not known"}
	case c.since.Before(start):
		return choice{date: start, why: "start of the current period, it is charged since %s", of: c.since}
	}
	return choice{date: c.since, why: "the day the subscription is charged from"}
}

// firstLongCycle starts a line with a long period where its charge cycle starts, when that cycle began in the first month that Spindle
// bills or later; an older cycle was billed before Spindle came, so the line starts with the next one.
func (c clock) firstLongCycle() choice {
	if c.since.IsZero() {
		return choice{date: c.nextAfter(c.day), why: "start of the next period: the day it is charged from is not known"}
	}
	from := c.billFrom
	if from.IsZero() {
		from = c.day.MonthStart().AddMonths(-1)
	}
	if !c.since.Before(from) {
		return choice{date: c.since, why: "the day the subscription is charged from"}
	}
	next := c.period.PeriodAt(c.since, c.day).End
	return choice{date: next, why: "its next charge cycle: the running one began before the first month Spindle bills"}
}

// price gives the date of a change of price alone. A price that holds for a long cycle changes with the next cycle.
func (c clock) price() choice {
	if c.long() && c.policy != billing.TrueDate && !c.fresh {
		return c.settle(choice{date: c.nextAfter(c.day), why: "start of the next period"})
	}
	return c.up()
}

// down gives the date of a decrease or an end. An end that lies ahead counts from its own day, not from today.
func (c clock) down() choice {
	switch {
	case !c.starts.IsZero():
		return c.settle(choice{date: c.starts, why: "the day the line begins"})
	case c.policy == billing.TrueDate, c.policy == billing.PeriodStart && c.long():
		if c.endedOn.IsZero() {
			return c.settle(choice{date: c.day, why: "on the day, credited by Autotask"})
		}
		return c.settle(choice{date: billing.Later(c.current().Start, c.endedOn), why: "the day the subscription ended"})
	case c.policy == billing.PeriodStart:
		return c.settle(choice{date: c.at(billing.Later(c.day, c.endedOn)).Start, why: whyCurrent})
	}
	first := c.day.AddDays(1) // without what goes; the period that began today counts as begun
	switch {
	case !c.endedOn.IsZero():
		first = billing.Later(c.current().Start, c.endedOn)
	case c.long() && c.policy == billing.UpNowDownNext:
		first = c.day // Microsoft takes seats off a year on the day it is renewed: it does not begin another one
	}
	ch := choice{date: c.nextAfter(first.AddDays(-1)), why: "start of the next period"}
	if !ch.date.After(c.day) {
		ch.why = whyCurrent
	}
	return c.settle(ch)
}

// settle moves a date out of the contract's past, out of posted periods and off days that already hold an adjustment. A day that is
// taken gives way to today, never to a day between: what has passed without a change stays as it was.
func (c clock) settle(ch choice) choice {
	if ch.date.Before(c.start) {
		ch = choice{date: c.start, why: "the contract's first day"}
	}
	if ch.date.Before(c.postedTo) {
		ch = choice{date: c.postedTo, why: "first day after the posted periods (posted up to %s)", of: c.postedTo.AddDays(-1), postponed: true, instead: ch.date}
	}
	first := ch.date
	for slices.Contains(c.taken, ch.date) {
		ch.date = billing.Later(ch.date.AddDays(1), earlier(c.day, c.at(ch.date).End))
	}
	if ch.date != first {
		ch.why, ch.of = "%s already has an adjustment of this line and Autotask takes one a day", first
	}
	return ch
}

func earlier(a, b billing.Date) billing.Date {
	if b.Before(a) {
		return b
	}
	return a
}

// proration gives the share of a full period that remains from d on: remaining and whole days; equal when d starts a period.
func (c clock) proration(d billing.Date) (remaining, whole int) {
	p := c.at(d)
	return d.DaysTo(p.End), p.Days()
}
