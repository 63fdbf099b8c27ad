package plan

import (
	"testing"

	"spindle/internal/billing"
)

// A repeat instance whose mark was refused works, and is marked by the next plan; then all is quiet. Without the rule the second plan is
// empty and the instance stays unmarked for good.
func TestARefusedMarkIsPlannedAgain(t *testing.T) {
	s := november(upNow)
	s.stands(5, "2026-03-10")
	s.desired.Lines = []billing.DesiredLine{s.second(900)}
	for _, c := range s.expect(t, "add-repeat 2026-11-15 0→3 at 9.00 EUR", "mark-line 2026-11-15 0→0").Changes {
		if c.Kind == AddRepeat {
			if err := s.b.apply(c); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 3 { // refused again and again
		s.b.at.day = s.b.at.day.AddDays(1)
		p := s.expect(t, "mark-line  0→0")
		if c := p.Changes[0]; c.LineKey != "line-2" || c.Line.ID != "2" || c.Line.Mark != "spindle:line-2" || c.Held() || len(c.Requires) > 0 || !c.Before.Exists || !c.After.Exists ||
			c.Reason != "The line is ours and still lacks the mark by which Spindle finds it again." {
			t.Errorf("%+v", c)
		}
	}
	s.applied(t, s.plan())
	if mark := s.b.at.lines[1].mark; mark != "spindle:line-2" {
		t.Errorf("the instance carries %q", mark)
	}
	s.b.at.lines[1].mark = "" // a person takes it away: a decision
	s.expect(t)
}

// What needs no mark gets none.
func TestWhoGetsNoMark(t *testing.T) {
	for name, change := range map[string]func(*scene){
		"it carries another mark": func(s *scene) { s.b.at.lines[0].mark = "spindle:other" },
		"none is wanted":          func(s *scene) { s.want.Mark = "" },
		"it has ended":            func(s *scene) { byHand("2026-11-15", -5, 0)(s); s.want.Units = 0 },
	} {
		s := november(upNow)
		s.stands(5, "2026-03-10")
		s.b.memory.Lines[0].Marked, s.b.at.lines[0].mark = false, ""
		change(s)
		for _, c := range s.plan().Changes {
			if c.Kind == MarkLine && !c.Held() {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
}
