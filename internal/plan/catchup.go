package plan

import (
	"fmt"
	"slices"

	"spindle/internal/billing"
)

// window is the span of days in which a line's rows are compared with what daily runs would have written.
type window struct {
	days billing.Period // End: what a run wrote since on the snapshot alone begins here, or the rows are not read
	open billing.Date   // first day that may be written: not posted
}

// windowOf gives the days of a line that Spindle answers for and can see; ok is false when there are none. What a hand did is a decision:
// the days up to it stay as they are (law 7).
func (s *subject) windowOf(h *past) (w window, ok bool) {
	w.days = billing.Period{Start: h.made[0].choice.date, End: s.clock.sight()}
	if s.hasStood() {
		if ok := s.clip(&w, h); !ok {
			return w, false
		}
	}
	w.open = billing.Later(w.days.Start, s.clock.postedTo)
	return w, w.days.Start.Before(w.days.End)
}

// clip narrows a window to the days for which the rows of a line that stands are a measure.
func (s *subject) clip(w *window, h *past) bool {
	since := s.answersSince()
	if since.IsZero() {
		return false
	}
	seen := s.seenFrom()
	compare := seen.After(since) || !slices.Contains(s.applied.Dates, since)
	if len(s.applied.Shares) == 0 && s.applied.Units != 0 { // whose units they were is not known
		since, compare = billing.Later(since, s.applied.From), true
	}
	for _, m := range s.applied.Moves { // what was here before is not what the steps speak of
		since, compare = billing.Later(since, m.Day), true
	}
	w.days.Start = billing.Later(w.days.Start, billing.Later(since, seen))
	for i, r := range s.line.Rows {
		day := r.Period.Start
		switch changes := i == 0 && day.After(seen) || i > 0 && r.Units != s.line.Rows[i-1].Units; {
		case !changes:
		case !slices.Contains(s.applied.Dates, day):
			w.days.Start, compare = billing.Later(w.days.Start, day), true
		case !day.Before(s.reachOf(h.to)) && !h.explains(day):
			w.days.End = earlier(w.days.End, day)
		}
	}
	return !compare || s.unitsAt(w.days.Start) == sumUntil(h.made, w.days.Start)
}

// reachOf gives the first day on which a change from a day on may have been written: it may reach back to the start of its period.
func (s *subject) reachOf(day billing.Date) billing.Date {
	if s.clock.long() {
		return day
	}
	return earlier(day, s.clock.at(day).Start)
}

// explains reports whether a daily run writes on a day because of what is proven, and not of what the snapshot shows since.
func (h *past) explains(day billing.Date) bool {
	return slices.ContainsFunc(h.made, func(st step) bool { return st.choice.date == day && st.cause.From.Before(h.to) })
}

// answersSince gives the first day whose rows are Spindle's doing under policies that are known; zero when they are not.
func (s *subject) answersSince() billing.Date {
	a := s.applied
	switch {
	case a.LineID != s.line.ID, !isKnown(a.Policy, s.want.Policy, s.clock.formerly):
		return billing.Date{}
	case !a.Since.IsZero():
		return a.Since
	}
	return a.From
}

// seenFrom gives the first day whose rows were read.
func (s *subject) seenFrom() billing.Date {
	day := s.clock.day
	if from := s.line.RowsFrom; !from.IsZero() {
		day = earlier(day, from)
	}
	return s.clock.at(day).Start
}

// catchUp brings earlier days in step that are not posted: what was missed is written on the day on which a daily run would have written
// it. A day that is taken gives way to the inside, so that nothing is billed too much; what is left over is reported.
func (s *subject) catchUp(h *past) {
	if h == nil {
		return
	}
	w, ok := s.windowOf(h)
	if !ok {
		return
	}
	var run []step
	for _, j := range s.jumps(h, w) {
		run = append(run, j)
		if j.before+j.delta != 0 {
			continue
		}
		s.settleRun(run, w)
		run = nil
	}
	s.settleRun(run, w)
}

// jumps gives the days on which the distance between what stands and what should stand changes, with the distance before as before.
func (s *subject) jumps(h *past, w window) []step {
	days := []billing.Date{w.open}
	for _, st := range h.made {
		days = append(days, st.choice.date)
	}
	for _, r := range s.line.Rows {
		days = append(days, r.Period.Start)
	}
	slices.SortFunc(days, billing.Date.Compare)
	days = slices.DeleteFunc(slices.Compact(days), func(day billing.Date) bool { return day.Before(w.open) || !day.Before(w.days.End) })
	due := make([]int64, len(days))
	for i, day := range slices.Backward(days) {
		if due[i] = sumUntil(h.made, day); s.onlyAdds && i+1 < len(days) {
			due[i] = min(due[i], due[i+1]) // law 2: what goes down again waits until the source could be read whole
		}
	}
	var jumps []step
	var distance int64
	jump := func(day billing.Date, to int64) {
		if to != distance {
			jumps = append(jumps, step{choice: s.whyThen(h, day), before: distance, delta: to - distance, cause: h.causeOf(day)})
			distance = to
		}
	}
	for i, day := range days {
		jump(day, due[i]-s.unitsAt(day))
	}
	if w.days.End.Before(s.clock.sight()) {
		jump(w.days.End, 0)
	}
	return jumps
}

// settleRun finds free days for a run of jumps that leads away from what stands and back, or on for good. When there are none the run is
// left out as a whole.
func (s *subject) settleRun(run []step, w window) {
	last := w.open.AddDays(-1)
	taken := slices.Clone(s.clock.taken)
	for i := range run {
		st, until := &run[i], w.days.End
		if i+1 < len(run) {
			until = run[i+1].choice.date
		}
		day, grows := st.choice.date, magnitude(st.before+st.delta) > magnitude(st.before)
		for slices.Contains(taken, day) {
			if grows { // to the day it happened, then to the days after it
				day = billing.Later(day.AddDays(1), st.cause.From)
			} else {
				day = day.AddDays(-1)
			}
		}
		if !day.After(last) || grows && !day.Before(until) || st.delta < 0 && (s.onlyAdds || -st.delta > s.lowest(slices.Concat(s.prior, run[:i]), day)) {
			return
		}
		if day != st.choice.date {
			st.choice = choice{date: day, why: "%s already has an adjustment of this line and Autotask takes one a day", of: st.choice.date}
		}
		last, taken = day, append(taken, day)
	}
	s.prior = append(s.prior, run...)
	s.clock.taken = taken
}

func magnitude(n int64) int64 { return max(n, -n) }

// whyThen explains a day: as the run of that time would have, or by what has happened to it since.
func (s *subject) whyThen(h *past, day billing.Date) choice {
	for _, st := range h.made {
		if ch := st.choice; ch.date == day {
			if ch.why == whyCurrent && ch.date.Before(s.clock.current().Start) {
				ch.why = "start of its period, which is not posted"
			}
			return ch
		}
	}
	if day == s.clock.postedTo {
		return choice{date: day, why: "first day after the posted periods (posted up to %s)", of: day.AddDays(-1)}
	}
	return choice{date: day, why: "from then on it stands already"}
}

// causeOf gives the last step of the source that leads to what should stand on a day.
func (h *past) causeOf(day billing.Date) billing.Step {
	var cause billing.Step
	for _, st := range h.made {
		if !st.choice.date.After(day) {
			cause = st.cause
		}
	}
	return cause
}

// becauseOf says when the source changed the quantity, for changes that its lines date.
func (s *subject) becauseOf(st step) string {
	switch {
	case st.cause.Proof != "":
		return fmt.Sprintf("; Microsoft changed it on %s (%s)", st.cause.From, st.cause.Proof)
	case len(s.want.Steps) > 0 && st.delta != 0 && st.cause.From.IsZero() && s.want.Steps[len(s.want.Steps)-1].Units != s.want.Units:
		return "; the day it changed is not billed yet, so the day of this run counts"
	}
	return ""
}

// LookBack tells from which day on, and for which contracts, the unit rows must be read again to see the days that a line's past is
// about; no contracts when what was read is enough.
func LookBack(in Input) (from billing.Date, contracts []billing.ContractID) {
	p := newPlanner(inOrder(in))
	oldest := in.Desired.Day.AddMonths(-lookBackMonths)
	look := func(s *subject, day billing.Date) {
		if day = billing.Later(day, oldest); !day.Before(s.seenFrom()) {
			return
		}
		if len(contracts) == 0 || day.Before(from) {
			from = day
		}
		contracts = append(contracts, s.contract.ID)
	}
	p.findMoves()
	p.lookAtHalfMoves(look)
	for _, want := range p.lines {
		s := subject{want: want, line: &p.noLine, applied: &p.noApplied}
		if blocked(s.want.Holds) || len(s.want.Steps) == 0 || !p.resolve(&s) {
			continue
		}
		if day, missing := s.unseen(p.pastOf(&s)); missing {
			look(&s, day)
		}
	}
	slices.Sort(contracts)
	return from, slices.Compact(contracts)
}

// lookBackMonths is how far back the rows of a line are read at most: as far as the billed lines of the source are kept in mind.
const lookBackMonths = 13

// unseen gives the day before the first one on which daily runs would have written and Spindle did not, or the other way round, when it lies
// before the rows that were read.
func (s *subject) unseen(h *past) (billing.Date, bool) {
	since := s.answersSince()
	if h == nil || since.IsZero() {
		return billing.Date{}, false
	}
	made, wrote := datesOf(h.made), s.applied.Turned
	var first billing.Date
	for _, day := range slices.Concat(made, wrote) {
		agreed := slices.Contains(made, day) && slices.Contains(s.applied.Dates, day)
		known := !day.Before(since) && (slices.Contains(made, day) || day.Before(s.reachOf(h.to)))
		if known && !agreed && (first.IsZero() || day.Before(first)) {
			first = day
		}
	}
	return first.AddDays(-1), !first.IsZero() && !first.After(s.seenFrom())
}
