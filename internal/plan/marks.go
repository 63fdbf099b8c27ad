package plan

import "spindle/internal/billing"

// planMark writes the mark of a line of ours that never got it: its mark-line change was refused or did not come about, after the
// add-repeat that made the line. A mark that was there once and is gone was taken away by a person, and that is a decision (law 7): the
// line is found by its id all the same. A mark has no effective date.
func (p *planner) planMark(s *subject) {
	if s.line.Mark != "" || s.want.Mark == "" || s.applied.Marked || !hasUnits(s.line.Rows) {
		return
	}
	mark := p.base(s)
	mark.Kind, mark.Holds = MarkLine, nil
	mark.Before, mark.After = State{Exists: true}, State{Exists: true}
	mark.Reason = "The line is ours and still lacks the mark by which Spindle finds it again."
	p.add(phaseLines, mark)
}

func hasUnits(rows []billing.UnitRow) bool {
	for _, r := range rows {
		if r.Units != 0 {
			return true
		}
	}
	return false
}
