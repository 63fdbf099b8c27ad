package e2e

import "testing"

func TestDemoEndsVerifiedAndQuiet(t *testing.T) {
	t.Parallel()
	s := newStage(t, demoWorld(t), options{}).setUp()
	p := s.month(true)
	s.wantQuiet(true)
	if sent := accepted(s.gate.sent()); len(sent) != len(p.Plan.Changes) {
		t.Errorf("%d changes, but Autotask accepted %d writes", len(p.Plan.Changes), len(sent))
	}
}

func TestTinyWorldHasEveryKindOfChange(t *testing.T) {
	t.Parallel()
	s := newStage(t, tinyWorld(t), options{}).setUp()
	s.twinPrice()
	p := s.month(true)
	t.Log(kinds(p.Plan.Changes))
	s.wantQuiet(true)
}
