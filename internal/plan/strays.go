package plan

import (
	"fmt"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// What somebody did by hand while half of a move was written: the other half then needs less than all of its days, and what these days bill
// twice, or not at all, is named (law 6, law 7).

// excessFrom is the least that stands beyond what is wanted on a day or later: what may be taken away that day without lacking further on.
func (s *subject) excessFrom(d billing.Date) int64 {
	least := s.excess(d)
	for _, r := range s.line.Rows {
		if r.Period.Start.After(d) {
			least = min(least, s.excess(r.Period.Start))
		}
	}
	return least
}

// rightOn is the quantity that is right on a day, which may be over, before anything moves in this plan, as what stands is: what left later was
// still to be billed then.
func (s *subject) rightOn(d billing.Date) int64 {
	units := s.want.Units
	for _, m := range s.applied.Moves {
		if m.Day.After(d) {
			units -= m.Units
		}
	}
	for _, m := range s.moves {
		if !m.begun {
			units -= m.Units
		}
	}
	return max(units, 0)
}

// stray is what the days of a half-written move bill too much or too little, up to so many units a day.
type stray struct {
	units int64 // on one of these days at most
	days  billing.Period
	worth money.Amount
}

// strays compares what stands with what was right from a day on, as far as rows are read. unitsOn gives the units of a day that are counted.
func (s *subject) strays(from billing.Date, unitsOn func(billing.Date) int64) (found stray) {
	for d := from; d.Before(s.clock.sight()) && !d.After(s.contract.End); {
		units, next := unitsOn(d), d.AddDays(1)
		for next.Before(s.clock.sight()) && !next.After(s.contract.End) && unitsOn(next) == units {
			next = next.AddDays(1)
		}
		if units > 0 {
			if found.units == 0 {
				found.days.Start, found.worth = d, s.worthOf(units, d, next)
			} else {
				found.worth, _ = found.worth.Add(s.worthOf(units, d, next)) // one line has one currency
			}
			found.units, found.days.End = max(found.units, units), next
		}
		d = next
	}
	return found
}

// reportEndedByHand names the money of the days that both lines bill although the old one is left with less than moved: somebody ended the
// rest there, on another day. units are what the plan ends itself, before are the units of other subscriptions that left and are looked at
// already.
func (p *planner) reportEndedByHand(t transfer, since billing.Date, units, before int64) {
	from := &p.movers[t.from].subject
	gone := t.units - units
	found := from.strays(since, func(d billing.Date) int64 { return min(max(from.unitsAt(d)-from.rightOn(d)-units-before, 0), gone) })
	if found.units == 0 {
		return
	}
	p.find(billing.Finding{Kind: billing.FindingUnbilled, Subject: t.from + "/" + string(t.subscription) + leftByHand, CustomerID: from.want.CustomerID, Customer: from.want.Customer,
		Message: fmt.Sprintf("%s: %d moved %s on %s, and up to %d of them stood on the old line as well %s, until they were ended there by hand; about %s are billed twice.",
			from.want.Name, t.units, p.way(t), since, found.units, during(found.days), found.worth),
		Remedy: "Credit the difference in Autotask.", Money: found.worth.Neg()})
}

// reportBegunByHand names the money of the days that no line bills although the new one needs less than what left the old one: somebody put
// the rest there, on another day. units are what the plan begins itself, before are the units of others that were looked at already.
func (p *planner) reportBegunByHand(s *subject, left Move, most, units, before int64) {
	gone := most - units
	found := s.strays(left.Day, func(d billing.Date) int64 { return min(max(s.rightOn(d)-s.unitsAt(d)-units-before, 0), gone) })
	if found.units == 0 {
		return
	}
	p.find(billing.Finding{Kind: billing.FindingUnbilled, Subject: s.want.Key + "/" + string(left.SubscriptionID) + leftByHand, CustomerID: s.want.CustomerID, Customer: s.want.Customer,
		Message: fmt.Sprintf("%s: %d left their old line on %s, and up to %d of them stood on no line %s, until they were put on the new one by hand; about %s stay unbilled.",
			s.want.Name, most, left.Day, found.units, during(found.days), found.worth),
		Remedy: "Add a charge for the difference in Autotask.", Money: found.worth})
}

// leftByHand tells findings about what a hand left from those about what a plan cannot write.
const leftByHand = "/by-hand"

func during(days billing.Period) string {
	if days.Days() == 1 {
		return "on " + days.Start.String()
	}
	return "from " + days.String()
}

// takenBack says why the old line of a move that has begun must not end without a person: the new line was changed by hand since, so that it
// bills less than what moved there.
func (m *mover) takenBack() string {
	s := &m.subject
	if !s.found || s.applied.LineID != s.line.ID {
		return ""
	}
	day := billing.Later(s.clock.day, s.applied.From)
	if stands := s.unitsAt(day); stands < min(s.applied.Units, s.want.Units) {
		return fmt.Sprintf("they began on contract %q, but Spindle wrote %d there and Autotask now has %d", s.contract.Name, s.applied.Units, stands)
	}
	return ""
}

// putBack says why the new line of a move must not begin without a person: the old line was ended, and was changed by hand since, so that it
// bills again; or what is missing on the new one waits there already, by hand.
func (p *planner) putBack(from *Applied, to *mover) string {
	s := &to.subject
	for _, r := range s.line.Rows {
		if day := r.Period.Start; day.After(s.clock.day) && r.Units > s.unitsAt(s.clock.day) && r.Units > s.applied.Units {
			return fmt.Sprintf("Spindle wrote %d on contract %q, and Autotask has %d from %s on", s.applied.Units, s.contract.Name, r.Units, day)
		}
	}
	line := p.linesByID[from.LineID]
	if line == nil {
		return ""
	}
	if stands, _ := line.UnitsOn(billing.Later(p.in.Desired.Day, from.From)); stands > from.Units {
		return fmt.Sprintf("they left their old line, but Spindle wrote %d there and Autotask now has %d", from.Units, stands)
	}
	return ""
}

// lookAtHalfMoves names the lines whose other half was written on an earlier day, with that day: what they billed since must be seen.
func (p *planner) lookAtHalfMoves(look func(*subject, billing.Date)) {
	for _, t := range p.transferred {
		if from := p.movers[t.from]; t.begun && from.resolved && from.subject.found {
			look(&from.subject, p.movers[t.to].subject.applied.cameOn(t.subscription))
		}
	}
	left := p.leftShares()
	p.eachShare(func(line *billing.DesiredLine, share billing.Share) {
		if to := p.movers[line.Key]; to != nil && to.resolved && to.subject.found && left[share.SubscriptionID].from != nil {
			look(&to.subject, left[share.SubscriptionID].Day)
		}
	})
}

// handHolds gives the holds of what comes and goes on a day.
func (s *subject) handHolds(d billing.Date) []billing.Hold {
	var holds []billing.Hold
	for _, m := range s.moves {
		if m.Day == d && m.hold != "" {
			holds = append(holds, billing.Hold{Policy: "hold-on-drift", Why: m.hold})
		}
	}
	return holds
}
