package engine_test

import (
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

func TestFourEyes(t *testing.T) {
	s := storetest.New(t)
	e := engine.New(engine.Deps{Store: s}, "test")
	ctx := t.Context()
	org, err := e.CreateOrganization(ctx, "Northwind IT", "ops")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.ApplySettings(ctx, org, map[string]string{"four-eyes": "on"}, "ops"); err != nil {
		t.Fatal(err)
	}
	made := func(by string) store.RunID {
		t.Helper()
		run, err := s.CreateRun(ctx, org.ID, by, store.Scope{})
		if err == nil {
			err = s.SavePlan(ctx, org.ID, run.ID, plan.Plan{Changes: []plan.Change{{ID: "a"}}, Fingerprint: "f", Complete: true}, billing.Desired{})
		}
		if err != nil {
			t.Fatal(err)
		}
		return run.ID
	}
	approve := func(run store.RunID, by string) error {
		_, _, err := e.Approve(ctx, org, run, engine.Choice{}, by)
		return err
	}
	run := made("ann@northwind.example")
	for _, by := range []string{"ann@northwind.example", "Ann@Northwind.example ", "ann@northwind.example via token nightly"} {
		err := approve(run, by)
		if !fault.Is(err, fault.KindUnauthorized) || !strings.Contains(err.Error(), "may not approve it") || fault.Remedy(err) == "" {
			t.Errorf("approved by %q: %v", by, err)
		}
	}
	if decisions, err := s.Decisions(ctx, org.ID, run); err != nil || len(decisions) != 0 {
		t.Errorf("decisions %v, %v", decisions, err)
	}
	if err := approve(run, "bob@northwind.example"); err != nil {
		t.Errorf("a second person may not approve: %v", err)
	}
	if _, err := e.Reject(ctx, org, run, engine.Choice{}, "ann@northwind.example"); err != nil {
		t.Errorf("who made a run may not reject it: %v", err)
	}
	if err := approve(made("schedule"), "ann@northwind.example"); err != nil {
		t.Errorf("a run of the schedule: %v", err)
	}
	through := made("ann@northwind.example via token nightly")
	if err := approve(through, "ann@northwind.example"); !fault.Is(err, fault.KindUnauthorized) {
		t.Errorf("a run made through a token of her own: %v", err)
	}
	if _, err := e.ApplySettings(ctx, org, map[string]string{"four-eyes": "off"}, "ops"); err != nil {
		t.Fatal(err)
	}
	if err := approve(through, "ann@northwind.example"); err != nil {
		t.Errorf("with the setting off: %v", err)
	}
}
