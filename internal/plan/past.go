package plan

import (
	"slices"
	"strings"

	"spindle/internal/billing"
)

// past is what the source proves of a line's earlier days, and what daily runs would have written for them: the measure for every run,
// however seldom it happens (ADR 0003).
type past struct {
	first billing.Date   // first day the source charges for and Spindle bills
	steps []billing.Step // proven quantities from that day on, oldest first
	to    billing.Date   // first day whose quantity only the snapshot tells
	made  []step         // the adjustments of daily runs, oldest first
}

// proven gives the quantity that the source proves for a day.
func (h *past) proven(day billing.Date) int64 {
	var units int64
	for _, s := range h.steps {
		if !s.From.After(day) {
			units = s.Units
		}
	}
	return units
}

// isNow reports whether the last proven quantity is the wanted one, so that it holds up to the day of the plan.
func (h *past) isNow(want *billing.DesiredLine) bool {
	return h.steps[len(h.steps)-1].Units == want.Units
}

// pastOf gives what is known of a line's earlier days; nil when nothing is. The beginning of a line that does not stand yet is known
// from the subscription alone; later changes only from what was billed.
func (p *planner) pastOf(s *subject) *past {
	steps, first := s.want.Steps, s.want.Since
	stands := s.hasStood()
	switch {
	case len(steps) > 0 && (first.IsZero() || !s.clock.long() && steps[0].From.Before(first)):
		first = steps[0].From
	case len(steps) == 0 && (stands || s.want.Units == 0):
		return nil
	}
	if first.IsZero() || first.After(s.clock.day) || p.travels(s.want.Key) || !stands && p.cameFromElsewhere(s) {
		return nil
	}
	h := &past{first: s.clock.begin(first), to: s.want.ProvenTo}
	begin := billing.Later(h.first, s.contract.Start)
	if begin.After(s.clock.day) {
		return nil
	}
	if len(steps) == 0 {
		steps = []billing.Step{{From: first, Units: s.want.Units}}
	}
	h.steps = stepsFrom(steps, h.first)
	within := stepsFrom(h.steps, begin)
	if len(within) == 1 && begin == h.first && stands && s.standsAt(s.want.Units) && h.isNow(s.want) {
		return nil // as nearly every line of a plan: there is nothing to compare
	}
	if h.made = s.replay(within); len(h.made) == 0 {
		return nil
	}
	return h
}

// travels reports whether units come to a line or leave it in this plan.
func (p *planner) travels(key string) bool {
	m := p.movers[key]
	return m != nil && len(m.subject.moves) > 0
}

// hasStood reports whether the line bills something, or has billed something by our doing.
func (s *subject) hasStood() bool {
	return s.found && (hasUnits(s.line.Rows) || len(s.applied.Dates) > 0)
}

// standsAt reports whether every row that was read has a quantity.
func (s *subject) standsAt(units int64) bool {
	return !slices.ContainsFunc(s.line.Rows, func(r billing.UnitRow) bool { return r.Units != units })
}

// stepsFrom leaves out what lies before a day; the quantity of that day is the first step.
func stepsFrom(steps []billing.Step, first billing.Date) []billing.Step {
	var kept []billing.Step
	for _, st := range steps {
		if st.From.After(first) {
			kept = append(kept, st)
			continue
		}
		kept = append(kept[:0], billing.Step{From: first, Units: st.Units, Proof: st.Proof})
	}
	return kept
}

// cameFromElsewhere reports whether another line of ours billed the same offer of the customer, for subscriptions of this line or for some
// that we do not know: what the earlier days of the new line hold may have been billed there.
func (p *planner) cameFromElsewhere(s *subject) bool {
	offer := s.want.Offer.String()
	return slices.ContainsFunc(p.linesOf(s.want.CustomerID), func(a *Applied) bool {
		key, _, _ := strings.Cut(a.LineKey, "@")
		if a.LineKey == s.want.Key || !strings.HasSuffix(key, "|"+offer) {
			return false
		}
		return a.Units != 0 && len(a.Shares) == 0 || slices.ContainsFunc(s.want.Shares, func(share billing.Share) bool { return a.hadShare(share.SubscriptionID) })
	})
}

// replay plays a run on the day of every step, under the policy of that day, against a line without hands and postings, and gives the
// adjustments it would have made.
func (s *subject) replay(steps []billing.Step) []step {
	want, line := *s.want, billing.ContractService{}
	v := subject{want: &want, line: &line, applied: &Applied{}}
	var made []step
	for _, st := range steps {
		want.Units, want.EndedOn = st.Units, billing.Date{}
		if st.Units == 0 {
			want.EndedOn = st.From
		}
		since := s.clock.since
		if since.IsZero() || !s.clock.long() && st.From.Before(since) {
			since = st.From
		}
		v.clock = clock{day: st.From, policy: s.clock.policyOn(st.From), period: s.clock.period, start: s.clock.start, since: since,
			billFrom: s.clock.billFrom, endedOn: want.EndedOn, taken: datesOf(made)}
		line.Rows = v.rowsOf(made)
		v.readBeginning()
		for _, b := range v.quantitySteps() {
			b.cause = st
			made = append(made, b)
		}
		slices.SortStableFunc(made, func(a, b step) int { return a.choice.date.Compare(b.choice.date) })
	}
	return made
}

func datesOf(steps []step) []billing.Date {
	days := make([]billing.Date, 0, len(steps))
	for _, st := range steps {
		days = append(days, st.choice.date)
	}
	return days
}

// rowsOf gives the rows that the target would show for adjustments, as far back and ahead as a run sees them.
func (s *subject) rowsOf(made []step) []billing.UnitRow {
	if len(made) == 0 {
		return nil
	}
	until := billing.Later(s.clock.sight(), made[len(made)-1].choice.date.AddDays(1))
	var rows []billing.UnitRow
	first := billing.Later(made[0].choice.date, s.clock.current().Start)
	for period := s.clock.at(first); period.Start.Before(until); period = s.clock.at(period.End) {
		start := billing.Later(period.Start, made[0].choice.date)
		for _, st := range made {
			if day := st.choice.date; day.After(start) && day.Before(period.End) {
				rows = append(rows, billing.UnitRow{Period: billing.Period{Start: start, End: day}, Units: sumUntil(made, start)})
				start = day
			}
		}
		rows = append(rows, billing.UnitRow{Period: billing.Period{Start: start, End: period.End}, Units: sumUntil(made, start)})
	}
	return rows
}
