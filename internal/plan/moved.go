package plan

import (
	"slices"

	"spindle/internal/billing"
)

// What a line is wanted to have while units come and go, and what of an earlier move is still to be written.

// wantAt is the quantity wanted on the line from a date on: units that come or go with a move count where they are billed until then.
func (s *subject) wantAt(d billing.Date) int64 {
	units := s.want.Units
	for _, m := range s.moves {
		if m.Day.IsZero() || m.Day.After(d) {
			units -= m.Units
		}
	}
	if s.applied.LineID == s.line.ID {
		for _, m := range s.applied.Moves { // written, and still to come
			if m.Day.After(billing.Later(d, s.clock.day)) {
				units -= m.Units
			}
		}
	}
	return max(units, 0)
}

// movesOn gives the units that come to the line or leave it on a day.
func (s *subject) movesOn(d billing.Date) []Move {
	var moves []Move
	for _, m := range s.moves {
		if m.Day == d && !d.IsZero() {
			moves = append(moves, m.Move)
		}
	}
	return moves
}

// whyOn says why units come or leave on a day; "" when none do.
func (s *subject) whyOn(d billing.Date) string {
	for _, m := range s.moves {
		if m.Day == d {
			return m.why
		}
	}
	return ""
}

// begunSteps adds what an earlier plan wrote one side of, in the days from the first one up to the second: it counts from its own day,
// whatever else the line waits for.
func (s *subject) begunSteps(steps []step, after, until billing.Date) []step {
	for _, m := range s.moves {
		if m.begun && m.Day.After(after) && !m.Day.After(until) {
			steps = withStep(steps, step{choice: choice{date: m.Day, why: m.why}, delta: m.Units})
		}
	}
	return steps
}

// withStep adds a step, or adds to the one of its day; what comes and goes on one day needs none.
func withStep(steps []step, st step) []step {
	for i := range steps {
		if steps[i].choice.date == st.choice.date {
			if steps[i].delta += st.delta; steps[i].delta == 0 {
				return slices.Delete(steps, i, i+1)
			}
			return steps
		}
	}
	return append(steps, st)
}

// lateStep puts the change with which a line gives units away, and those after it, behind the changes of the lines that take them: should
// these be refused, the old line does not end.
func (s *subject) lateStep(c *Change) bool {
	gives := func(m moving) bool { return m.Day == c.Effective && !m.begun }
	s.late = s.late || s.rank > 0 && slices.ContainsFunc(s.moves, gives)
	return s.late
}

// endBegun ends what another line bills already: an earlier plan started it there, and its end on the old line was refused or did not come
// about.
func (p *planner) endBegun() {
	days := make([]choice, len(p.transferred))
	ended, before := map[string]int64{}, map[string]int64{} // before: of the subscriptions that were looked at, ended by the plan or by hand
	for i := range p.transferred {
		t := &p.transferred[i]
		if !t.begun {
			continue
		}
		from := p.movers[t.from]
		if !p.ready(from) || p.incompleteFor(from.subject.want.CustomerID) {
			continue
		}
		days[i] = p.dayOfEnd(*t)
		// Other subscriptions may have taken the place of this one.
		units := max(min(t.units, from.subject.excessFrom(days[i].date)-ended[t.from]), 0)
		if since := p.movers[t.to].subject.applied.cameOn(t.subscription); !since.IsZero() {
			p.reportEndedByHand(*t, since, units, before[t.from])
		}
		before[t.from] += t.units
		t.units = units
		ended[t.from] += t.units
	}
	for i, t := range p.transferred {
		if !t.begun || t.units == 0 {
			continue
		}
		s := &p.movers[t.from].subject
		since := p.movers[t.to].subject.applied.cameOn(t.subscription)
		if !since.IsZero() && days[i].date.After(since) {
			p.reportTwice(t, since, days[i])
		}
		if days[i].date.IsZero() || days[i].date.After(s.contract.End) || !days[i].date.Before(s.clock.sight()) {
			days[i] = choice{}
		}
		s.gain(Move{t.subscription, -t.units, days[i].date}, days[i].why, true)
		s.moves[len(s.moves)-1].hold = p.movers[t.to].takenBack()
	}
}

// excess is what stands on a line from a date on beyond what is wanted there, before anything moves in this plan.
func (s *subject) excess(d billing.Date) int64 {
	units := s.level(nil, d) - s.wantAt(d)
	for _, m := range s.moves {
		if !m.Day.IsZero() && !m.Day.After(d) {
			units += m.Units
		}
	}
	return units
}

// dayOfEnd is the day on which the new line began, or the first one after it that the old line can hold.
func (p *planner) dayOfEnd(t transfer) choice {
	giver := side{mover: p.movers[t.from], gives: true}
	ch := choice{date: p.movers[t.to].subject.applied.cameOn(t.subscription), why: "the day it began on its new line"}
	if ch.date.IsZero() {
		ch = giver.day()
	}
	if held := p.holds(giver, ch.date); held.date.After(ch.date) {
		return held
	}
	return ch
}

// beginLeft begins what left its old line with an adjustment whose other sides did not come about: lines that swap cannot be written in an
// order in which nothing is ever missing.
func (p *planner) beginLeft() {
	left := p.leftShares()
	if len(left) == 0 {
		return
	}
	before := map[string]int64{} // of the subscriptions that were looked at, by their new line
	p.eachShare(func(line *billing.DesiredLine, share billing.Share) {
		m, found := left[share.SubscriptionID]
		if !found {
			return
		}
		to := p.moverOf(line.Key)
		if !p.ready(to) {
			return
		}
		to.subject.goOn()
		ch := choice{date: m.Day, why: "the day it left its old line"}
		taker := side{mover: to, takes: true}
		if held := p.holds(taker, ch.date); held.date.After(ch.date) {
			ch = held
		}
		// It may have taken the place of another one.
		most := min(-m.Units, share.Units)
		units, hold := max(min(most, -to.subject.excess(ch.date)), 0), p.putBack(m.from, to)
		p.reportBegunByHand(&to.subject, m.Move, most, units, before[line.Key])
		before[line.Key] += most
		if units == 0 {
			return
		}
		m.Units = units
		if ch.date.After(m.Day) {
			p.reportLeft(taker, m.Move, ch)
		}
		if !ch.date.Before(to.subject.clock.sight()) {
			ch = choice{} // until then the line wants no more than it has, and the finding above is the only one about these units
		}
		to.subject.gain(Move{m.SubscriptionID, m.Units, ch.date}, ch.why, true)
		to.subject.moves[len(to.subject.moves)-1].hold = hold
	})
}

// departure is what left a line.
type departure struct {
	Move
	from *Applied
}

// leftShares finds subscriptions that left a line and are on none.
func (p *planner) leftShares() map[billing.SubscriptionID]departure {
	left := map[billing.SubscriptionID]departure{}
	for _, a := range p.memory {
		for _, m := range a.Moves {
			if last, known := left[m.SubscriptionID]; m.Units < 0 && (!known || last.Day.Before(m.Day)) {
				left[m.SubscriptionID] = departure{m, a}
			}
		}
	}
	if len(left) == 0 {
		return nil
	}
	for _, a := range p.memory {
		for _, share := range a.Shares {
			if share.Units > 0 {
				delete(left, share.SubscriptionID)
			}
		}
	}
	return left
}
