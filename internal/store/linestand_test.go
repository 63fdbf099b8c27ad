package store_test

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// TestWhatWasRejectedIsNotInStep: after a rejection Autotask does not hold what is wanted, and no list says that it does.
func TestWhatWasRejectedIsNotInStep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind")
		price := money.Of(money.Int(5), "EUR")
		line := billing.DesiredLine{Key: "l", CustomerID: "c", Contract: billing.Ref{ID: "1"}, PeriodType: billing.PeriodMonth, Units: 3, UnitPrice: &price}
		plans := func(changes ...plan.Change) store.RunID {
			run, err := s.CreateRun(ctx, org, "tester", store.Scope{})
			must(t, err)
			must(t, s.SavePlan(ctx, org, run.ID, plan.Plan{Fingerprint: fingerprint(run.ID), Complete: true, Changes: changes}, billing.Desired{Lines: []billing.DesiredLine{line}}))
			return run.ID
		}
		status := func() store.LineStatus {
			found, err := s.Lines(ctx, org, store.LineFilter{})
			must(t, err)
			return found.Rows[0].Status
		}
		run := plans(plan.Change{ID: "up", Kind: plan.Increase, CustomerID: "c", LineKey: "l"})
		equal(t, status(), store.LineWaiting)
		_, err := s.Reject(ctx, org, run, store.Approval{Fingerprint: fingerprint(run), By: "ann", Reason: "later"})
		must(t, err)
		equal(t, status(), store.LineRejected)
		must(t, store.Rebuild(ctx, s, org))
		equal(t, status(), store.LineRejected)
		plans()
		equal(t, status(), store.LineInStep)
	})
}
