package e2e

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/sim/scenario"
	"spindle/internal/store"
)

// The traps of the Autotask sheet §10.7: what can be billed is applied and read back, what cannot is a finding, nothing is written twice
// and posted periods stand.
func TestTrapsEndInStepOrInFindings(t *testing.T) {
	t.Parallel()
	s := newStage(t, must(scenario.Named("traps", firstDay()))(t), options{}).setUp()
	before := s.posted()
	p := s.plan(true)
	t.Log(kinds(p.Plan.Changes))
	s.approve(p.Run.ID)
	applied := must(s.apply(p.Run.ID))(t)
	t.Logf("%v, %d left, %d findings", applied.Counts, len(applied.Left), len(applied.Findings))
	if applied.Counts[store.ChangeApplied] == 0 || applied.Counts[store.ChangeUnknown] != 0 {
		t.Errorf("%v\n%s", applied.Counts, s.troubles(p.Run.ID))
	}
	if !applied.Verified {
		t.Errorf("not verified: %v, left %s\n%s", applied.Counts, kinds(applied.Left), s.troubles(p.Run.ID))
	}
	if twice := doubles(s.gate.sent()); len(twice) != 0 {
		t.Errorf("written twice: %v", twice)
	}
	s.wantPosted(before)
	s.wantQuiet(true)
	for _, f := range applied.Findings {
		if f.Message == "" || f.Remedy == "" {
			t.Errorf("finding without words or remedy: %+v", f)
		}
	}
}

// Customers that have two tenants, or several contracts, are left to a person: mapping a company twice is a decision that is asked for.
func TestTrapsAreNotRoutedByGuessing(t *testing.T) {
	t.Parallel()
	s := newStage(t, must(scenario.Named("traps", firstDay()))(t), options{}).setUp()
	routed := must(s.app.Engine.RouteAll(t.Context(), s.org, clerk))(t)
	if len(routed.Undecided) == 0 {
		t.Error("the customer with two overlapping contracts was routed by guessing")
	}
	_, err := s.app.Engine.MapContract(t.Context(), s.org, billing.Route{CustomerID: billing.CustomerID(s.world.Customers[0].TenantID), ContractID: "1"}, clerk)
	if !fault.Is(err, fault.KindNotFound) {
		t.Errorf("a contract that does not exist: %v", err)
	}
}
