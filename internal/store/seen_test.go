package store_test

import (
	"strings"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// What somebody else decided after the plan was looked at is not decided over his head.
func TestApprovalThatWasOvertaken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind")
		id := planned(t, s, org, store.Scope{}, plan.Change{ID: "a", What: "Seats", Customer: "Alder"}, plan.Change{ID: "b", What: "Mail"})
		_, err := s.Approve(ctx, org, id, store.Approval{ChangeIDs: []string{"a"}, Fingerprint: fingerprint(id), By: "ann"})
		must(t, err)
		_, changes, err := s.Plan(ctx, org, id)
		must(t, err)
		decided := changes[0].DecidedAt
		before, after := decided.Add(-time.Minute), decided.Add(time.Minute)

		late := store.Approval{ChangeIDs: []string{"a"}, Fingerprint: fingerprint(id), By: "bob", Seen: before}
		_, err = s.Reject(ctx, org, id, late)
		wantKind(t, err, fault.KindStale)
		for _, word := range []string{"Seats of Alder", "approved by ann", decided.UTC().Format("15:04")} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%v does not say %q", err, word)
			}
		}
		_, err = s.Reject(ctx, org, id, store.Approval{Fingerprint: fingerprint(id), By: "bob", Seen: before}) // all of them
		wantKind(t, err, fault.KindStale)
		equal(t, states(t, s, org, id), "a:approved b:proposed")

		got, err := s.Approve(ctx, org, id, store.Approval{Fingerprint: fingerprint(id), By: "bob", Seen: before}) // what is left
		must(t, err)
		equal(t, got, []string{"b"})
		late.By = "ann" // one's own decision is no surprise
		_, err = s.Reject(ctx, org, id, late)
		must(t, err)
		_, err = s.Approve(ctx, org, id, late)
		wantKind(t, err, fault.KindConflict)
		_, err = s.Reject(ctx, org, id, store.Approval{ChangeIDs: []string{"b"}, Fingerprint: fingerprint(id), By: "ann", Seen: after})
		must(t, err)
	})
}

func TestPlanFindings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind")
		run, err := s.CreateRun(ctx, org, "tester", store.Scope{})
		must(t, err)
		findings := []billing.Finding{
			{Kind: billing.FindingNoRoute, Subject: "s1", CustomerID: "c1", Message: "no contract", Money: money.Of(money.Int(3), "EUR")},
			{Kind: billing.FindingUnmapped, Subject: "c2", Message: "not mapped"}, {Kind: billing.FindingDrift, Subject: "l1"},
		}
		must(t, s.SavePlan(ctx, org, run.ID, plan.Plan{Findings: findings, Fingerprint: "f", Complete: true}, billing.Desired{}))
		first, err := s.PlanFindings(ctx, org, run.ID, store.Page{Size: 2})
		must(t, err)
		equal(t, first, store.Listed[billing.Finding]{Rows: findings[:2], Total: 3})
		second, err := s.PlanFindings(ctx, org, run.ID, store.Page{Number: 2, Size: 2})
		must(t, err)
		equal(t, second.Rows, findings[2:])
		_, err = s.PlanFindings(ctx, organization(t, s, "Other"), run.ID, store.Page{})
		wantKind(t, err, fault.KindNotFound)
	})
}
