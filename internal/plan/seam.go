package plan

import (
	"fmt"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// side is one line of a move with the part it plays.
type side struct {
	*mover
	gives, takes bool
}

func (p *planner) sides(m *move) []side {
	sides := make([]side, len(m.lines))
	for i, key := range m.lines {
		sides[i].mover = p.movers[key]
		for _, t := range m.transfers {
			sides[i].gives = sides[i].gives || t.from == key
			sides[i].takes = sides[i].takes || t.to == key
		}
	}
	return sides
}

// dayOf chooses the day of a move: the latest of the days that the lines would choose by themselves, and from there the first one that all
// of them can hold. When there is none, a finding says why, and neither side is written.
func (p *planner) dayOf(m *move) choice {
	sides := p.sides(m)
	for _, s := range sides {
		switch {
		case p.incompleteFor(s.subject.want.CustomerID):
			return choice{} // law 2; the gap is a finding
		case !p.ready(s.mover):
			p.cannotMove(m, s.cannot(), "Mend what the finding about that line says.")
			return choice{}
		}
	}
	ch := p.seam(m, sides)
	for _, s := range sides {
		c := s.subject.contract
		managed := p.managedMark(s.subject.want.Contract, c)
		switch {
		case s.gives && ch.date.After(p.last(s).AddDays(1)):
			p.tooLate(m, s, ch)
			return choice{}
		case s.takes && ch.date.After(c.End) && managed == "":
			p.cannotMove(m, fmt.Sprintf("contract %q %s, before they could begin there on %s", c.Name, p.endsOn(c.End), ch.date),
				"Extend the contract in Autotask, or map the line to its successor with spindle contracts map.")
			return choice{}
		case p.writes(s, ch.date) && !ch.date.Before(s.subject.clock.sight()):
			p.find(p.moveFinding(m, fmt.Sprintf("on %s, %s. It is planned when that day comes into sight; until then nothing changes", ch.date, ch.why), "Nothing to do yet."))
			return choice{}
		case s.gives && managed != "" && ch.date.After(c.End):
			p.short[managed] = billing.Later(p.short[managed], ch.date) // Spindle extends the contract, and would bill on
		}
	}
	return ch
}

// seam gives the day and why.
func (p *planner) seam(m *move, sides []side) choice {
	var ch choice
	for _, s := range sides {
		if own := s.day(); own.date.After(ch.date) {
			ch = own
		}
	}
	for _, t := range m.transfers {
		if latest := p.movedOn(p.movers[t.from].subject.want.CustomerID, t.subscription); latest.After(ch.date) {
			ch = choice{date: latest, why: "the day of an earlier move of theirs"}
		}
	}
	for _, s := range sides {
		if over := p.last(s).AddDays(1); s.gives && over.Before(ch.date) {
			ch = choice{date: over, why: fmt.Sprintf("the day after contract %q ends", s.subject.contract.Name)}
		}
	}
	for moved := true; moved; {
		moved = false
		for _, s := range sides {
			if held := p.holds(s, ch.date); held.date.After(ch.date) {
				ch, moved = held, true
			}
		}
		for i, s := range sides {
			if stands := s.standsFrom(ch.date, m.gives(m.lines[i])); p.writes(s, ch.date) && stands.After(ch.date) {
				ch, moved = s.said(choice{date: stands, why: "the day on which what leaves the line again stands there"}), true
			}
		}
	}
	return ch
}

// movedOn is the last day on which a subscription moves already, from and to whatever lines; zero when it never did. It moves again no earlier:
// then the last of its moves by day is the last that was written, which half a move is finished by.
func (p *planner) movedOn(customer billing.CustomerID, id billing.SubscriptionID) billing.Date {
	var day billing.Date
	for _, a := range p.linesOf(customer) {
		for _, m := range a.Moves {
			if m.SubscriptionID == id {
				day = billing.Later(day, m.Day)
			}
		}
	}
	return day
}

// gives is what a line gives beyond what it takes in a move.
func (m *move) gives(key string) int64 {
	var units int64
	for _, t := range m.transfers {
		if t.from == key {
			units += t.units
		}
		if t.to == key {
			units -= t.units
		}
	}
	return units
}

// standsFrom is the first day from a date on from which so many units stand, up to the day of our last adjustment: what is written to come later
// cannot leave before. Which subscription it was written for does not tell that day, because lines that swap as many units are not written at all.
func (s side) standsFrom(d billing.Date, units int64) billing.Date {
	if !s.counted {
		return d
	}
	for _, r := range s.subject.line.Rows { // in order
		if begins := r.Period.Start; begins.After(d) && !begins.After(s.subject.applied.From) && s.subject.unitsAt(begins.AddDays(-1)) < units {
			d = begins
		}
	}
	return d
}

// last is the last day on which a line can bill what it gives. A contract that Spindle manages is extended and goes on.
func (p *planner) last(s side) billing.Date {
	if p.managedMark(s.subject.want.Contract, s.subject.contract) != "" {
		return billing.NewDate(9999, time.December, 30)
	}
	return s.subject.contract.End
}

// writes reports whether the line needs an adjustment on a day: what the contract's end takes away needs none.
func (p *planner) writes(s side, d billing.Date) bool { return s.takes || !d.After(p.last(s)) }

// day is the one that the line would choose by itself for what it gives and takes.
func (s side) day() choice {
	var ch choice
	if s.gives {
		c := s.subject.clock
		c.endedOn = billing.Date{} // what ends is not the subscription
		ch = s.subject.reach(c.down())
	}
	if s.takes {
		if up := s.subject.reach(s.subject.clock.up()); up.date.After(ch.date) {
			ch = up
		}
	}
	return s.said(ch)
}

// holds gives the first day from a date on which the line can take an adjustment for the move.
func (p *planner) holds(s side, d billing.Date) choice {
	if !p.writes(s, d) {
		return choice{date: d}
	}
	return s.said(s.subject.reach(s.subject.clock.settle(choice{date: d})))
}

// said puts the reason in words that name the contract: the lines of a move stand on several.
func (s side) said(ch choice) choice {
	return choice{date: ch.date, why: fmt.Sprintf("%s (contract %q)", ch.because(), s.subject.contract.Name)}
}

func (s side) cannot() string {
	if s.resolved && s.subject.found && !s.subject.isOurs {
		return fmt.Sprintf("contract service %s, which stands on contract %q already, is not Spindle's yet", s.subject.line.ID, s.subject.contract.Name)
	}
	return fmt.Sprintf("the line on %s cannot be written", s.subject.place())
}

// reportTwice names the money of the days that both lines bill, because the old one cannot end on the day the new one began.
func (p *planner) reportTwice(t transfer, since billing.Date, ch choice) {
	from := &p.movers[t.from].subject
	amount := from.worthOf(t.units, since, earlier(ch.date, from.contract.End.AddDays(1)))
	p.find(billing.Finding{Kind: billing.FindingUnbilled, Subject: t.from + "/" + string(t.subscription), CustomerID: from.want.CustomerID, Customer: from.want.Customer,
		Message: fmt.Sprintf("%s: %d moved %s on %s, but the old line can only end them on %s, %s; until then about %s are billed twice.",
			from.want.Name, t.units, p.way(t), since, ch.date, ch.why, amount),
		Remedy: "Credit the difference in Autotask.", Money: amount.Neg()})
}

// reportLeft names the money of the days that neither line bills.
func (p *planner) reportLeft(taker side, m Move, ch choice) {
	s := &taker.subject
	amount := s.worthOf(m.Units, m.Day, ch.date)
	p.find(billing.Finding{Kind: billing.FindingUnbilled, Subject: s.want.Key + "/" + string(m.SubscriptionID), CustomerID: s.want.CustomerID, Customer: s.want.Customer,
		Message: fmt.Sprintf("%s: %d left their old line on %s, but the new one can only begin them on %s, %s; until then about %s stay unbilled.",
			s.want.Name, m.Units, m.Day, ch.date, ch.why, amount),
		Remedy: "Add a charge for the difference in Autotask.", Money: amount})
}

// worthOf is what units cost from one day to another, each period by its own days.
func (s *subject) worthOf(units int64, from, until billing.Date) money.Amount {
	price := s.applied.UnitPrice
	if stands := s.unitPriceAt(s.clock.day); stands != nil {
		price = stands
	}
	if price == nil {
		price = s.cataloguePrice()
	}
	if price == nil {
		return money.Amount{}
	}
	total := money.Of(money.Int(0), price.Currency())
	for from.Before(until) {
		period := s.clock.at(from)
		end := earlier(period.End, until)
		share, _ := price.Value().Mul(money.Int(units*int64(from.DaysTo(end)))).Div(money.Int(int64(period.Days())), 2, money.HalfAwayFromZero)
		total, _ = total.Add(money.Of(share, price.Currency()))
		from = end
	}
	return total
}

// tooLate reports a contract that ends before the other one can bill what moves.
func (p *planner) tooLate(m *move, giver side, ch choice) {
	var units int64
	for _, t := range m.transfers {
		if &p.movers[t.from].subject == &giver.subject {
			units += t.units
		}
	}
	last := p.last(giver)
	p.cannotMove(m, fmt.Sprintf("contract %q %s and the first day on which all of it can move is %s, %s: about %s would stay unbilled between",
		giver.subject.contract.Name, p.endsOn(last), ch.date, ch.why, giver.subject.worthOf(units, last.AddDays(1), ch.date)),
		"Extend the old contract up to that day in Autotask, or let the new one begin earlier.")
}

// cannotMove reports a move that no day allows, with the money of a period that stays where it is.
func (p *planner) cannotMove(m *move, why, remedy string) {
	f := p.moveFinding(m, "but "+why+". Neither side is written", remedy)
	for _, t := range m.transfers {
		if from := p.movers[t.from]; from.resolved {
			period := from.subject.clock.current()
			f.Money, _ = f.Money.Add(from.subject.worthOf(t.units, period.Start, period.End)) // two currencies: no sum is right, the finding stands without
		}
	}
	p.find(f)
}

func (p *planner) moveFinding(m *move, what, remedy string) billing.Finding {
	first := m.transfers[0]
	want := p.movers[first.to].subject.want
	return billing.Finding{Kind: billing.FindingMove, Subject: first.from + " to " + first.to, CustomerID: want.CustomerID, Customer: want.Customer,
		Message: fmt.Sprintf("%s: %s, %s.", want.Name, strings.Join(p.told(m.transfers), ", "), what), Remedy: remedy}
}
