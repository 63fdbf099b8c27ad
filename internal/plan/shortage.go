package plan

import (
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// shortage is what the target bills too little, or too much, in one billing period of a line.
type shortage struct {
	period   billing.Period
	days     billing.Period // from the first to the last day concerned
	units    int64          // on one of these days at most
	unitDays int64
	raised   []billing.Date // days of the source's steps behind it
	proofs   []string
	whole    billing.Period // days on which the target bills nothing at all
}

// stretch is a span of days on which nothing changes, neither at the source nor in the target.
type stretch struct {
	days  billing.Period
	short int64 // units that are charged for and not billed
	over  int64 // units that are billed and neither charged for nor due by the policy
	bare  bool  // nothing at all is billed
}

// reportShortages names what the days that Spindle answers for lack or have too much once the plan is applied, because their period was
// posted, the contract began later or the only days to write on are taken (law 6, law 8). The same days give the same finding in every
// run, for as long as they can be seen.
func (p *planner) reportShortages(s *subject, h *past, steps []step) {
	if h == nil {
		return
	}
	short, over := map[billing.Period]*shortage{}, map[billing.Period]*shortage{}
	for _, st := range s.stretches(h, steps) {
		h.collect(short, s, st, st.short)
		h.collect(over, s, st, -st.over)
	}
	for _, found := range inOrderOf(short) {
		p.reportShort(s, found, s.whyShort(found))
	}
	for _, found := range inOrderOf(over) {
		p.reportOver(s, found)
	}
}

// stretches cuts the days that are known and seen into spans on which nothing changes.
func (s *subject) stretches(h *past, steps []step) []stretch {
	list := s.beforeContract(h)
	w, ok := s.windowOf(h)
	if !ok {
		return list
	}
	until := earlier(h.to, s.clock.day) // what holds today the snapshot tells
	if h.isNow(s.want) {
		until = w.days.End // also what will lack tomorrow, so that the finding is the same every day
	}
	until = earlier(until, w.days.End)
	days := []billing.Date{w.days.Start, until}
	for _, st := range h.steps {
		days = append(days, st.From)
	}
	for _, st := range slices.Concat(h.made, steps) {
		days = append(days, st.choice.date)
	}
	for _, r := range s.line.Rows {
		days = append(days, r.Period.Start)
	}
	slices.SortFunc(days, billing.Date.Compare)
	days = slices.Compact(days)
	for i, day := range days[:len(days)-1] {
		if day.Before(w.days.Start) || !day.Before(until) {
			continue
		}
		if s.onlyAdds && !day.Before(w.open) {
			break // what waits for the source to be read whole is not lost
		}
		due, proven := sumUntil(h.made, day), h.proven(day)
		bills := s.unitsAt(day) + sumUntil(steps, day)
		list = append(list, stretch{days: billing.Period{Start: day, End: days[i+1]}, short: max(min(due, proven)-bills, 0), over: max(bills-max(due, proven), 0), bare: bills == 0})
	}
	return list
}

// beforeContract gives the days that are charged for and lie before the contract, which no line can bill.
func (s *subject) beforeContract(h *past) []stretch {
	if s.clock.long() {
		return nil
	}
	var list []stretch
	end := earlier(s.contract.Start, s.clock.day.AddDays(1))
	for i, st := range h.steps {
		until := end
		if i+1 < len(h.steps) {
			until = earlier(end, h.steps[i+1].From)
		}
		if st.From.Before(until) && st.Units > 0 {
			list = append(list, stretch{days: billing.Period{Start: st.From, End: until}, short: st.Units, bare: true})
		}
	}
	return list
}

// collect adds the units of a stretch, negative when they are too many, to the periods it lies in.
func (h *past) collect(found map[billing.Period]*shortage, s *subject, st stretch, units int64) {
	if units == 0 {
		return
	}
	for from := st.days.Start; from.Before(st.days.End); {
		period := s.clock.period.PeriodAt(s.clock.start, from)
		to := earlier(period.End, st.days.End)
		f := found[period]
		if f == nil {
			f = &shortage{period: period, days: billing.Period{Start: from}}
			found[period] = f
		}
		f.days.End, f.units = to, max(f.units, magnitude(units))
		f.unitDays += magnitude(units) * int64(from.DaysTo(to))
		h.blame(f, from, units)
		if st.bare {
			if f.whole.IsZero() {
				f.whole.Start = from
			}
			f.whole.End = to
		}
		from = to
	}
}

// blame finds the steps that changed the quantity of a day by the units, the latest first.
func (h *past) blame(f *shortage, day billing.Date, units int64) {
	for i := len(h.steps) - 1; i >= 0 && units != 0; i-- {
		st, change := h.steps[i], h.steps[i].Units
		if i > 0 {
			change -= h.steps[i-1].Units
		}
		if st.From.After(day) || change > 0 != (units > 0) || change == 0 {
			continue
		}
		if units -= change; change > 0 != (units > 0) {
			units = 0
		}
		if !slices.Contains(f.raised, st.From) {
			f.raised = append(f.raised, st.From)
		}
		if st.Proof != "" && !slices.Contains(f.proofs, st.Proof) {
			f.proofs = append(f.proofs, st.Proof)
		}
	}
}

func inOrderOf(found map[billing.Period]*shortage) []*shortage {
	list := make([]*shortage, 0, len(found))
	for _, f := range found {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b *shortage) int { return a.period.Start.Compare(b.period.Start) })
	return list
}

// valueOf is the price of the units and days of a shortage; nil when no price is known.
func (s *subject) valueOf(f *shortage) *money.Amount {
	price := s.want.UnitPrice
	if price == nil {
		price = s.unitPriceAt(s.clock.day)
	}
	if price == nil {
		return nil
	}
	value, _ := price.Value().Mul(money.Int(f.unitDays)).Div(money.Int(int64(f.period.Days())), 2, money.HalfAwayFromZero)
	amount := money.Of(value, price.Currency())
	return &amount
}

// reportAddedBefore names what was added inside a long cycle that was billed before Spindle came: its line begins with the next cycle (ADR
// 0004), and what Microsoft charges until then would be on no bill (law 6). What stood at the first day that Spindle bills is not meant.
func (p *planner) reportAddedBefore(s *subject) {
	first, steps := s.clock.starts, s.want.Steps
	if first.IsZero() {
		first = s.clock.firstLongCycle().date
	}
	if len(steps) == 0 || !s.clock.long() || !s.clock.fresh || s.clock.since.IsZero() || !s.clock.since.Before(s.clock.billFrom) || p.travels(s.want.Key) || p.cameFromElsewhere(s) {
		return
	}
	cycle, h, found := *s, &past{steps: steps}, map[billing.Period]*shortage{}
	cycle.clock.start = s.clock.since
	stood := steps[0].Units
	for i, st := range steps {
		until := first
		if i+1 < len(steps) {
			until = earlier(first, steps[i+1].From)
		}
		switch {
		case !st.From.After(s.clock.billFrom):
			stood = st.Units
		case st.From.Before(until) && st.Units > stood:
			h.collect(found, &cycle, stretch{days: billing.Period{Start: st.From, End: until}}, st.Units-stood)
		}
	}
	for _, f := range inOrderOf(found) {
		p.reportShort(s, f, fmt.Sprintf("the line begins on %s, with the first cycle that Spindle bills", first))
	}
}

// whyShort says why the days of a period cannot be brought in step.
func (s *subject) whyShort(f *shortage) string {
	switch {
	case f.days.Start.Before(s.contract.Start):
		return fmt.Sprintf("the contract begins on %s", s.contract.Start)
	case !f.days.Start.Before(s.clock.postedTo):
		return "Autotask takes one adjustment of a line a day"
	}
	return "that period is posted"
}

func (p *planner) reportShort(s *subject, f *shortage, why string) {
	found := p.difference(s, f, fmt.Sprintf("Microsoft charges up to %d more than Autotask bills", f.units), why)
	found.Remedy = "Add a charge for the difference in Autotask."
	amount := s.valueOf(f)
	if amount != nil {
		found.Money = *amount
		found.Message += fmt.Sprintf(": about %s stay unbilled", amount)
	}
	found.Message += "."
	p.find(found)
	p.shortages = append(p.shortages, billing.Shortage{Finding: found.ID(), LineKey: s.want.Key, Raised: f.raised, Whole: f.whole})
}

// overBilled tells findings about too much from those about too little.
const overBilled = "/over"

func (p *planner) reportOver(s *subject, f *shortage) {
	why := "that period is posted"
	if !f.days.Start.Before(s.clock.postedTo) {
		why = "Autotask takes one adjustment of a line a day"
	}
	found := p.difference(s, f, fmt.Sprintf("Autotask bills up to %d more than Microsoft charges", f.units), why)
	found.Subject += overBilled
	found.Remedy = "Credit the difference in Autotask."
	if amount := s.valueOf(f); amount != nil {
		found.Money = amount.Neg()
		found.Message += fmt.Sprintf(": about %s are billed too much", amount)
	}
	found.Message += "."
	p.find(found)
}

// difference is the finding about the days of one period. Its identity is the line and the period, whatever the day of the run.
func (p *planner) difference(s *subject, f *shortage, what, why string) billing.Finding {
	slices.Sort(f.proofs)
	proof := strings.Join(f.proofs, ", ")
	if proof != "" {
		proof = " (" + proof + ")"
	}
	days := "From " + f.days.String()
	if f.days.Days() == 1 {
		days = "On " + f.days.Start.String()
	}
	return billing.Finding{Kind: billing.FindingUnbilled, Subject: s.want.Key + "/" + f.period.Start.String(), CustomerID: s.want.CustomerID, Customer: s.want.Customer,
		Message: fmt.Sprintf("%s: %s %s%s, and %s", s.want.Name, days, what, proof, why)}
}
