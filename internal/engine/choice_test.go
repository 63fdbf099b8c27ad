package engine_test

import (
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// choices is a plan in which two customers need a service that is created first, and one has a held contract in the way.
func choices() []plan.Change {
	held := []billing.Hold{{Policy: "hold-first-time", Why: "first time"}}
	eur := func(n int64) money.Amount { return money.Of(money.Int(n), "EUR") }
	return []plan.Change{
		{ID: "service", Kind: plan.CreateService},
		{ID: "a1", CustomerID: "alder", Requires: []string{"service"}, Recurring: eur(10), PerPeriod: billing.PeriodMonth},
		{ID: "a2", CustomerID: "alder", Requires: []string{"a1"}, Recurring: eur(-3), PerPeriod: billing.PeriodMonth},
		{ID: "contract", CustomerID: "birch", Holds: held},
		{ID: "b1", CustomerID: "birch", Requires: []string{"contract", "service"}, OneOff: eur(7)},
		{ID: "b2", CustomerID: "birch", Requires: []string{"service"}},
	}
}

func TestWhatAChoiceComesTo(t *testing.T) {
	s := storetest.New(t)
	e := engine.New(engine.Deps{Store: s}, "test")
	ctx := t.Context()
	org, err := e.CreateOrganization(ctx, "Northwind IT", "ops")
	if err != nil {
		t.Fatal(err)
	}
	run, err := s.CreateRun(ctx, org.ID, "ops", store.Scope{})
	if err == nil {
		err = s.SavePlan(ctx, org.ID, run.ID, plan.Plan{Changes: choices(), Fingerprint: "f", Complete: true}, billing.Desired{})
	}
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name   string
		choice engine.Choice
		reject bool
		want   string
		kind   fault.Kind
	}{
		{"one with what it requires", engine.Choice{Changes: []string{"a2"}, Required: true}, false, "service a1 a2", ""},
		{"one without what it requires", engine.Choice{Changes: []string{"a2"}}, false, "", fault.KindConflict},
		{"one that requires a held one", engine.Choice{Changes: []string{"b1"}, Required: true}, false, "service contract b1", ""},
		{"a customer", engine.Choice{Customer: "alder"}, false, "service a1 a2", ""},
		{"a customer without what is held and what needs it", engine.Choice{Customer: "birch"}, false, "service b2", ""},
		{"a customer, held too", engine.Choice{Customer: "birch", Held: true}, false, "service contract b1 b2", ""},
		{"a customer who has none", engine.Choice{Customer: "cedar"}, false, "", fault.KindConflict},
		{"all", engine.Choice{}, false, "service a1 a2 b2", ""},
		{"another plan", engine.Choice{Customer: "alder", Fingerprint: "other"}, false, "", fault.KindStale},
		{"reject a customer", engine.Choice{Customer: "birch"}, true, "contract b1 b2", ""},
		{"reject one and what requires it", engine.Choice{Changes: []string{"a1"}}, true, "a1 a2", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			weigh := e.WeighApproval
			if c.reject {
				weigh = e.WeighRejection
			}
			w, err := weigh(ctx, org, run.ID, c.choice, "ann")
			if c.kind == fault.KindStale { // the store compares it when it is decided
				_, _, err = e.Approve(ctx, org, run.ID, c.choice, "ann")
			}
			if fault.KindOf(err) != c.kind {
				t.Fatalf("got %v, want kind %q", err, c.kind)
			}
			if c.kind == "" && strings.Join(w.IDs, " ") != c.want {
				t.Errorf("got %v, want %s", w.IDs, c.want)
			}
		})
	}
}

func TestWeightAndApply(t *testing.T) {
	s := storetest.New(t)
	e := engine.New(engine.Deps{Store: s}, "test")
	ctx := t.Context()
	org, err := e.CreateOrganization(ctx, "Northwind IT", "ops")
	if err != nil {
		t.Fatal(err)
	}
	run, err := s.CreateRun(ctx, org.ID, "ops", store.Scope{})
	if err == nil {
		err = s.SavePlan(ctx, org.ID, run.ID, plan.Plan{Changes: choices(), Fingerprint: "f", Complete: true}, billing.Desired{})
	}
	if err != nil {
		t.Fatal(err)
	}
	all := engine.Choice{Held: true, Fingerprint: "f"}
	w, err := e.WeighApproval(ctx, org, run.ID, all, "ann")
	if err != nil {
		t.Fatal(err)
	}
	if w.Changes != 6 || w.Held != 1 || w.Customers != 2 || w.Policies["hold-first-time"] != 1 || w.Effect.Recurring[0].Money.String() != "7.00 EUR" || w.Effect.OneOff.String() != "7.00 EUR" {
		t.Errorf("weight %+v", w)
	}
	if w, err = e.WeighApply(ctx, org, run.ID); err != nil || w.Changes != 0 {
		t.Errorf("before anything is approved: %+v, %v", w, err)
	}
	if n, _, err := e.Approve(ctx, org, run.ID, engine.Choice{Changes: []string{"a1"}, Required: true, Fingerprint: "f"}, "ann"); err != nil || n != 2 {
		t.Fatalf("approved %d, %v", n, err)
	}
	if w, err = e.WeighApply(ctx, org, run.ID); err != nil || !slices.Equal(w.IDs, []string{"service", "a1"}) {
		t.Errorf("to apply: %+v, %v", w, err)
	}
	if w, err = e.WeighRejection(ctx, org, run.ID, engine.Choice{Customer: "alder"}, "ann"); err != nil || w.Changes != 2 || w.Approved != 1 {
		t.Errorf("rejection that withdraws an approval: %+v, %v", w, err)
	}
}
