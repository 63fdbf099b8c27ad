package e2e

import (
	"encoding/json"
	"slices"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/plan"
)

// Law 1: nothing unmapped, not enabled or not approved is ever written. What counts is what reaches Autotask. Each case fails when the
// check it is about is taken out of BeginSend, of the planner or of the engine; two of them guard most cases, so both must go.

func TestNothingUnmappedOrSwitchedOffIsWritten(t *testing.T) {
	t.Parallel()
	for name, leaveOut := range leftOut(t) {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, tinyWorld(t), options{}).setUp()
			out := billing.CustomerID(s.world.Customers[0].TenantID)
			leaveOut(s, out)
			p := s.plan(false)
			s.wantLeftOut(p, out, name)
			for _, c := range p.Plan.Changes {
				if c.CustomerID == out {
					t.Errorf("planned for a customer that is left out: %s", kinds([]plan.Change{c}))
				}
			}
			s.approve(p.Run.ID)
			must(s.apply(p.Run.ID))(t)
			if sent := s.gate.sent(); len(sent) != len(p.Plan.Changes) || len(sent) == 0 {
				t.Errorf("%d writes for %d changes", len(sent), len(p.Plan.Changes))
			}
			s.wantNoLineOf(out)
		})
	}
}

// What was approved before somebody took the customer out is not written any more. Fails when the apply trusts the approval.
func TestNothingUnmappedOrSwitchedOffAfterTheApprovalIsWritten(t *testing.T) {
	t.Parallel()
	for name, leaveOut := range leftOut(t) {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, tinyWorld(t), options{}).setUp()
			out := billing.CustomerID(s.world.Customers[0].TenantID)
			p := s.plan(false)
			theirs := 0
			for _, c := range p.Plan.Changes {
				if c.CustomerID == out {
					theirs++
				}
			}
			s.approve(p.Run.ID)
			leaveOut(s, out)
			applied, err := s.apply(p.Run.ID)
			check(t, err)
			if sent := s.gate.sent(); theirs == 0 || len(sent) == 0 || len(sent) > len(p.Plan.Changes)-theirs || applied.Verified {
				t.Errorf("%d writes, %d of %d changes are theirs, verified %t", len(sent), theirs, len(p.Plan.Changes), applied.Verified)
			}
			s.wantNoLineOf(out)
		})
	}
}

// wantLeftOut wants the money of a customer to be held or excluded by what a person can read: that it is not mapped, or that billing is off.
func (s *stage) wantLeftOut(p engine.Planned, out billing.CustomerID, why string) {
	s.t.Helper()
	named := slices.ContainsFunc(p.Plan.Findings, func(f billing.Finding) bool {
		return f.Kind == billing.FindingUnmapped && f.CustomerID == out && f.Remedy != "" && !f.Money.IsZero()
	})
	if named != (why == "unmapped") {
		s.t.Errorf("%s: a finding says that the customer is not mapped: %t", why, named)
	}
	records := must(s.app.Engine.SourceLines(s.t.Context(), s.org, p.Run.ID))(s.t)
	columns := engine.SourceLineColumns()
	cell := func(record []string, name string) string { return record[slices.Index(columns, name)] }
	lines := 0
	for _, record := range records {
		if cell(record, "customer_id") != string(out) {
			continue
		}
		lines++
		by := cell(record, "outcome") + " " + cell(record, "by")
		if want := map[bool]string{true: "held customer-unmapped/" + string(out), false: "excluded billing-off"}[why == "unmapped"]; by != want {
			s.t.Errorf("%s: a line of %s ends %s, want %s", why, cell(record, "cost"), by, want)
		}
	}
	if lines == 0 {
		s.t.Errorf("%s: no source line is the customer's: the test shows nothing", why)
	}
}

func (s *stage) wantNoLineOf(out billing.CustomerID) {
	s.t.Helper()
	for _, line := range must(s.app.Store.Memory(s.t.Context(), s.org.ID))(s.t).Lines {
		if line.CustomerID == out {
			s.t.Errorf("a line of a customer that is left out was written: %s", line.LineKey)
		}
	}
}

// leftOut are the ways in which a customer is left out.
func leftOut(t *testing.T) map[string]func(s *stage, c billing.CustomerID) {
	return map[string]func(s *stage, c billing.CustomerID){
		"unmapped": func(s *stage, c billing.CustomerID) {
			check(t, s.app.Store.UnmapCustomer(t.Context(), s.org.ID, c, clerk))
		},
		"billing off": func(s *stage, c billing.CustomerID) {
			check(t, s.app.Store.SetSwitch(t.Context(), s.org.ID, billing.BillingSwitch{CustomerID: c}, clerk))
		},
		"billing never decided": func(s *stage, c billing.CustomerID) {
			check(t, s.app.Store.ClearSwitch(t.Context(), s.org.ID, billing.BillingSwitch{CustomerID: c}, clerk))
		},
	}
}

func TestNothingNotApprovedIsWritten(t *testing.T) {
	t.Parallel()
	s := newStage(t, tinyWorld(t), options{}).setUp()
	p := s.plan(false)
	if _, err := s.apply(p.Run.ID); !fault.Is(err, fault.KindConflict) {
		t.Errorf("apply without approval: %v, want a conflict", err)
	}
	s.wantNoWrites()

	var first plan.Change
	for _, c := range p.Plan.Changes {
		if len(c.Requires) == 0 && c.Kind == plan.CreateService {
			first = c
		}
	}
	_, _, err := s.app.Engine.Approve(t.Context(), s.org, p.Run.ID, engine.Choice{Changes: []string{first.ID}}, approver)
	check(t, err)
	must(s.apply(p.Run.ID))(t)
	if sent := s.gate.sent(); len(sent) != 1 {
		t.Errorf("one change is approved, %d writes: %v", len(sent), sent)
	}

	_, _ = s.apply(p.Run.ID) // whatever it says, nothing may be sent
	s.wantNoWrites()
}

func TestNothingIsWrittenWhenSwitchedOff(t *testing.T) {
	t.Parallel()
	s := newStage(t, tinyWorld(t), options{}).setUp()
	p := s.plan(false)
	s.approve(p.Run.ID)
	enabled := s.org
	check(t, s.app.Engine.EnableTarget(t.Context(), s.org, false, clerk))
	s.reload()
	if _, err := s.apply(p.Run.ID); !fault.Is(err, fault.KindConflict) {
		t.Errorf("apply while switched off: %v, want a conflict", err)
	}
	s.wantNoWrites()
	if _, err := s.app.Engine.Apply(t.Context(), enabled, p.Run.ID, nil); err == nil {
		t.Error("a caller that still believes that writing is allowed was not refused")
	}
	s.wantNoWrites()

	check(t, s.app.Engine.EnableTarget(t.Context(), s.org, true, clerk))
	s.reload()
	if applied := must(s.apply(p.Run.ID))(t); !applied.Verified {
		t.Errorf("not verified after switching on again: %s", s.troubles(p.Run.ID))
	}
}

// A plan that was overtaken by a newer one, or whose contract somebody changed, is not sent.
func TestAnOvertakenPlanIsNotWritten(t *testing.T) {
	t.Parallel()
	s := newStage(t, tinyWorld(t), options{}).setUp()
	old := s.plan(false)
	s.approve(old.Run.ID)
	fresh := s.plan(false)
	_, _ = s.apply(old.Run.ID) // whatever it says, nothing may be sent
	s.wantNoWrites()
	s.approve(fresh.Run.ID)
	must(s.apply(fresh.Run.ID))(t)
	if sent := s.gate.sent(); len(sent) != len(fresh.Plan.Changes) {
		t.Errorf("%d writes for %d changes", len(sent), len(fresh.Plan.Changes))
	}
}

func (s *stage) wantNoWrites() {
	s.t.Helper()
	if sent := s.gate.sent(); len(sent) != 0 {
		s.t.Errorf("%d writes reached Autotask: %v", len(sent), sent)
	}
}

// Law 4: equal inputs give equal bytes. It fails when a rule walks a map, looks at the clock or counts something up. The stage is closed
// and opened in between, so that nothing in memory can help.
func TestEqualInputsGiveEqualPlans(t *testing.T) {
	t.Parallel()
	s := newStage(t, dialectWorld(t), options{}).setUp()
	s.twinPrice()
	var bytes []string
	for range 4 {
		p := s.plan(true)
		desired := must(s.app.Store.Desired(t.Context(), s.org.ID, p.Run.ID))(t)
		bytes = append(bytes, string(must(json.Marshal(p.Plan))(t))+string(must(json.Marshal(desired))(t)))
		if bytes[0] != bytes[len(bytes)-1] {
			t.Fatalf("two plans from equal inputs differ:\n%s", difference([]byte(bytes[0]), []byte(bytes[len(bytes)-1])))
		}
		s.reopen()
	}
}
