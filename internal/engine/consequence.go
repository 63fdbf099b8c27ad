package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/rating"
	"spindle/internal/store"
)

// Consequence is what a decision would change, in lines and money, computed from what was read last. Nothing is read or written for it.
type Consequence struct {
	// Known is false while there is nothing to compute from: no invoice data, or no catalogue of Autotask.
	Known bool

	Ends     Count // lines in Autotask that nothing asks for any more: the next plan proposes to end them
	Reduces  Count // lines in Autotask that lose units; the money is what they lose
	Strands  Count // lines in Autotask of customers that Spindle may not write for any more: they stay and go on as they are
	Blocks   Count // lines in Autotask that cannot be kept in step any more until a person mends what is missing
	Reprices Count // lines in Autotask that get another price; the money is the difference
	Starts   Count // lines that the next plan proposes to begin
	Drops    Count // lines that were wanted, never written, and are not wanted any more
	Cycles   Count // new lines with long periods that would begin with the running cycle instead of the next one
	Waits    Count // the reverse: their running cycle would not be billed any more
	Earlier  Count // new lines billed by the month that would begin in an earlier month than now
	Later    Count // the reverse

	Charges   []MonthCharges // charges that would now be made, oldest month first
	Uncharged []MonthCharges // charges not written yet that would not be made any more
	Withdrawn MonthCharges   // charges in Autotask that nothing asks for any more, of whichever months
	Stranded  MonthCharges   // those of them for whose customers Spindle may not write any more: they stay
}

// Count is a number of lines and what they cost the customer per period. Lines without a price of ours are counted, not summed up.
type Count struct {
	Lines    int
	Money    map[billing.PeriodType]money.Totals
	Unpriced int
}

// MonthCharges is what is charged for one month.
type MonthCharges struct {
	Month   billing.Month
	Charges int
	Money   money.Totals
}

func (c *Count) add(period billing.PeriodType, price *money.Amount, units int64) {
	c.Lines++
	if price == nil {
		c.Unpriced++
		return
	}
	if c.Money == nil {
		c.Money = map[billing.PeriodType]money.Totals{}
	}
	total := c.Money[period]
	total.Add(price.Mul(money.Int(units)))
	c.Money[period] = total
}

// consequence rates the stored data as the decisions are and as they would be, and compares the two.
func (e *Engine) consequence(ctx context.Context, org store.Organization, about concerned, change func(*rating.Input)) (Consequence, error) {
	q, err := e.ask(ctx, org, about, change)
	if err != nil {
		return Consequence{}, err
	}
	before, after, err := rated(q, sideOf)
	if err != nil {
		return Consequence{}, err
	}
	c := compareDesired(before, after, q.memory)
	c.Known = q.known
	return c, nil
}

// side is what is wanted under one set of decisions, and whom Spindle may write for.
type side struct {
	desired billing.Desired
	enabled map[billing.CustomerID]bool
}

func sideOf(in rating.Input) side {
	s := side{desired: rating.Wanted(in, earlierMonths(in)), enabled: map[billing.CustomerID]bool{}}
	for _, id := range enabled(in.Mappings) {
		s.enabled[id] = true
	}
	return s
}

func compareDesired(before, after side, memory plan.Memory) Consequence {
	var c Consequence
	stands := map[string]plan.Applied{}
	for _, a := range memory.Lines {
		if a.Units > 0 {
			stands[a.LineKey] = a
		}
	}
	was, will := linesByKey(before.desired), linesByKey(after.desired)
	for _, key := range sortedKeys(was) {
		c.line(was[key], will[key], stands[key], after.enabled)
	}
	for _, key := range sortedKeys(will) {
		line := will[key]
		if _, known := was[key]; !known && stands[key].Units == 0 && line.Units > 0 && !blocks(line.Holds) {
			c.Starts.add(line.PeriodType, line.UnitPrice, line.Units)
		}
	}
	c.Charges = newCharges(before.desired, after.desired, memory)
	c.Uncharged = newCharges(after.desired, before.desired, memory)
	c.withdraw(before.desired, after, memory)
	return c
}

func linesByKey(d billing.Desired) map[string]*billing.DesiredLine {
	lines := map[string]*billing.DesiredLine{}
	for i := range d.Lines {
		lines[d.Lines[i].Key] = &d.Lines[i]
	}
	return lines
}

// line counts what becomes of one line that is wanted now; will is nil when it is not wanted any more, stands is empty when it was never
// written.
func (c *Consequence) line(was, will *billing.DesiredLine, stands plan.Applied, enabled map[billing.CustomerID]bool) {
	price := stands.UnitPrice
	if price == nil {
		price = was.UnitPrice
	}
	switch {
	case stands.Units == 0 && will == nil && was.Units > 0:
		c.Drops.add(was.PeriodType, was.UnitPrice, was.Units)
	case stands.Units == 0:
		c.cycle(was, will)
	case !enabled[was.CustomerID]:
		c.Strands.add(was.PeriodType, price, stands.Units)
	case will == nil:
		c.Ends.add(was.PeriodType, price, stands.Units)
	case blocks(will.Holds) && !blocks(was.Holds):
		c.Blocks.add(was.PeriodType, price, stands.Units)
	case will.Units < was.Units:
		c.Reduces.add(was.PeriodType, price, was.Units-will.Units)
	default:
		c.reprice(was, will)
	}
}

// cycle counts a line that was not written yet and whose long cycle, which a first month cuts off or takes in, began before today.
func (c *Consequence) cycle(was, will *billing.DesiredLine) {
	if will == nil || was.BillFrom == will.BillFrom {
		return
	}
	if will.PeriodType.Months() <= 1 {
		switch before, after := beginMonth(was), beginMonth(will); {
		case after < before:
			c.Earlier.add(will.PeriodType, will.UnitPrice, will.Units)
		case before < after:
			c.Later.add(will.PeriodType, will.UnitPrice, will.Units)
		}
		return
	}
	if will.Since.IsZero() {
		return
	}
	switch before, after := !was.Since.Before(was.BillFrom), !will.Since.Before(will.BillFrom); {
	case after && !before:
		c.Cycles.add(will.PeriodType, will.UnitPrice, will.Units)
	case before && !after:
		c.Waits.add(will.PeriodType, will.UnitPrice, will.Units)
	}
}

// beginMonth is the first month in which a line is billed.
func beginMonth(l *billing.DesiredLine) billing.Month {
	if l.Since.Before(l.BillFrom) {
		return billing.MonthOf(l.BillFrom)
	}
	return billing.MonthOf(l.Since)
}

func (c *Consequence) reprice(was, will *billing.DesiredLine) {
	if was.UnitPrice == nil || will.UnitPrice == nil {
		if was.UnitPrice != will.UnitPrice {
			c.Reprices.add(was.PeriodType, nil, 0)
		}
		return
	}
	if difference, err := will.UnitPrice.Sub(*was.UnitPrice); err == nil && !difference.IsZero() {
		c.Reprices.add(was.PeriodType, &difference, will.Units)
	}
}

func blocks(holds []billing.Hold) bool {
	return slices.ContainsFunc(holds, func(h billing.Hold) bool { return h.Blocks })
}

// newCharges lists, month by month, the charges of b that a does not have and that were never written.
func newCharges(a, b billing.Desired, memory plan.Memory) []MonthCharges {
	had, moved, written := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, paper := range memory.Charges {
		written[paper.Key] = paper.ID != ""
	}
	for _, c := range a.Charges {
		had[c.Key] = true
		if written[c.Key] { // under another route the same money is not charged again
			moved[string(c.CustomerID)+"|"+sameMoney(c.Key)] = true
		}
	}
	months := map[billing.Month]*MonthCharges{}
	for _, c := range b.Charges {
		if written[c.Key] || had[c.Key] || moved[string(c.CustomerID)+"|"+sameMoney(c.Key)] {
			continue
		}
		if months[c.Month] == nil {
			months[c.Month] = &MonthCharges{Month: c.Month}
		}
		months[c.Month].Charges++
		months[c.Month].Money.Add(c.UnitPrice.Mul(c.Quantity))
	}
	var all []MonthCharges
	for _, m := range months {
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b MonthCharges) int { return strings.Compare(string(a.Month), string(b.Month)) })
	return all
}

// withdraw adds up the charges of a that were written and that b does not have, under this route or another. The next plan proposes to take
// them back as long as they are not posted, which only Autotask knows, unless all whom they bill are switched off.
func (c *Consequence) withdraw(a billing.Desired, b side, memory plan.Memory) {
	written, stays := map[string]bool{}, map[string]bool{}
	for _, paper := range memory.Charges {
		written[paper.Key] = paper.ID != ""
	}
	for _, charge := range b.desired.Charges {
		stays[string(charge.CustomerID)+"|"+sameMoney(charge.Key)] = true
	}
	for _, charge := range a.Charges {
		if !written[charge.Key] || stays[string(charge.CustomerID)+"|"+sameMoney(charge.Key)] {
			continue
		}
		all := &c.Stranded
		if b.enabled[charge.CustomerID] || slices.ContainsFunc(charge.Places, func(p billing.Place) bool { return b.enabled[p.CustomerID] }) {
			all = &c.Withdrawn
		}
		all.Charges++
		all.Money.Add(charge.UnitPrice.Mul(charge.Quantity))
	}
}

// Nothing reports whether the decision changes neither lines nor charges, as far as is known.
func (c Consequence) Nothing() bool {
	return c.Ends.Lines+c.Reduces.Lines+c.Strands.Lines+c.Blocks.Lines+c.Reprices.Lines+c.Starts.Lines+c.Drops.Lines+c.Cycles.Lines+c.Waits.Lines+c.Earlier.Lines+c.Later.Lines+len(c.Charges)+len(c.Uncharged)+c.Withdrawn.Charges+c.Stranded.Charges == 0
}

// Touches reports whether something that stands in Autotask is affected.
func (c Consequence) Touches() bool {
	return c.Ends.Lines+c.Reduces.Lines+c.Strands.Lines+c.Blocks.Lines+c.Reprices.Lines+c.Withdrawn.Charges+c.Stranded.Charges > 0
}

// Sentences says the consequence in numbers, what is worst first.
func (c Consequence) Sentences() []string {
	var all []string
	say := func(n Count, format string) {
		if n.Lines > 0 {
			all = append(all, fmt.Sprintf(format, n))
		}
	}
	say(c.Ends, "The next plan proposes to end %s in Autotask.")
	say(c.Reduces, "The next plan proposes to reduce %s in Autotask.")
	say(c.Strands, "In Autotask %s: billed on as now, but Spindle no longer changes or ends it.")
	say(c.Blocks, "In Autotask %s: billed on as now, but not kept in step until it is mended.")
	say(c.Reprices, "The next plan proposes another price for %s.")
	say(c.Starts, "The next plan proposes to begin %s.")
	say(c.Drops, "Not begun any more: %s that no apply has written yet.")
	say(c.Cycles, "The running year would now be billed too: %s.")
	say(c.Earlier, "An earlier month would now be billed too: %s.")
	say(c.Later, "Billed only from a later month on: %s.")
	say(c.Waits, "The running year would not be billed any more, only the next one: %s.")
	for _, m := range c.Charges {
		all = append(all, fmt.Sprintf("%s would now be charged: %s in %s.", m.Month, m.Money, counted(m.Charges, "charge")))
	}
	for _, m := range c.Uncharged {
		all = append(all, fmt.Sprintf("%s would not be charged any more: %s in %s not written yet.", m.Month, m.Money, counted(m.Charges, "charge")))
	}
	if c.Withdrawn.Charges > 0 {
		all = append(all, fmt.Sprintf("Nothing asks any more for %s in Autotask, %s: the next plan proposes to take back what is not posted yet.",
			counted(c.Withdrawn.Charges, "charge"), c.Withdrawn.Money))
	}
	if c.Stranded.Charges > 0 {
		all = append(all, fmt.Sprintf("In Autotask %s, %s: billed as they stand, but Spindle no longer corrects them.", counted(c.Stranded.Charges, "charge"), c.Stranded.Money))
	}
	return all
}

// priceShown is how many decimals of an amount a message shows.
const priceShown = 2

// String gives "3 lines, 41.20 EUR/month", with what has no price of ours named apart.
func (c Count) String() string {
	parts := []string{counted(c.Lines, "line")}
	for _, p := range []struct {
		period billing.PeriodType
		word   string
	}{{billing.PeriodMonth, "month"}, {billing.PeriodQuarter, "quarter"}, {billing.PeriodHalfYear, "half-year"}, {billing.PeriodYear, "year"}} {
		for _, a := range c.Money[p.period].Amounts() {
			if !a.IsZero() {
				parts = append(parts, fmt.Sprintf("%s/%s", a.Round(priceShown, money.HalfAwayFromZero), p.word))
			}
		}
	}
	if c.Unpriced > 0 {
		parts = append(parts, fmt.Sprintf("%d of them without a price of ours", c.Unpriced))
	}
	return strings.Join(parts, ", ")
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// countedIs gives "1 row is" or "3 rows are".
func countedIs(n int, what string) string {
	if n == 1 {
		return "1 " + what + " is"
	}
	return counted(n, what) + " are"
}
