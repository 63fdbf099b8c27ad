package store_test

import (
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// tangle is a plan with a held change, and changes that require others.
func tangle() []plan.Change {
	return []plan.Change{
		{ID: "a"},
		{ID: "b", Requires: []string{"a"}},
		{ID: "h", Holds: []billing.Hold{{Policy: "hold-over", Why: "much"}}},
		{ID: "i", Requires: []string{"h"}},
		{ID: "j", Requires: []string{"i", "a"}},
	}
}

func TestApprove(t *testing.T) {
	cases := []struct {
		name     string
		approval store.Approval
		want     string
		kind     fault.Kind
		says     string
	}{
		{"all but the held and what requires them", store.Approval{}, "a b", "", ""},
		{"all, held too", store.Approval{Held: true}, "a b h i j", "", ""},
		{"a held one by name", store.Approval{ChangeIDs: []string{"h"}}, "h", "", ""},
		{"with what it requires", store.Approval{ChangeIDs: []string{"b", "a"}}, "a b", "", ""},
		{"without what it requires", store.Approval{ChangeIDs: []string{"b"}}, "", fault.KindConflict, "requires a,"},
		{"without what it requires two steps away", store.Approval{ChangeIDs: []string{"j", "i", "a"}}, "", fault.KindConflict, "requires h,"},
		{"unknown", store.Approval{ChangeIDs: []string{"a", "z"}}, "", fault.KindNotFound, `"z"`},
		{"another plan", store.Approval{Fingerprint: "other"}, "", fault.KindStale, "another one"},
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				org := organization(t, s, c.name)
				id := planned(t, s, org, store.Scope{}, tangle()...)
				before := dump(t, s, "")
				a := c.approval
				a.By, a.Reason = "ann", "looked at"
				if a.Fingerprint == "" {
					a.Fingerprint = fingerprint(id)
				}
				got, err := s.Approve(t.Context(), org, id, a)
				if c.kind != "" {
					wantKind(t, err, c.kind)
					if !strings.Contains(err.Error(), c.says) {
						t.Fatalf("%v does not say %q", err, c.says)
					}
					equal(t, dump(t, s, ""), before)
					return
				}
				must(t, err)
				equal(t, strings.Join(got, " "), c.want)
				decisions, err := s.Decisions(t.Context(), org, id)
				must(t, err)
				equal(t, decisions, []store.Decision{{
					Approved: true, ChangeIDs: got, Fingerprint: a.Fingerprint, By: "ann", Reason: "looked at", At: decisions[0].At,
				}})
				run, err := s.Run(t.Context(), org, id)
				must(t, err)
				equal(t, run.State, store.RunApproved)
				_, changes, err := s.Plan(t.Context(), org, id)
				must(t, err)
				for _, change := range changes {
					if change.State == store.ChangeApproved && (change.By != "ann" || !change.DecidedAt.Equal(decisions[0].At)) {
						t.Errorf("%s was approved by %q at %s", change.Change.ID, change.By, change.DecidedAt)
					}
				}
			})
		}
	})
}

func TestApprovingAgainChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		id := planned(t, s, org, store.Scope{}, tangle()...)
		a := store.Approval{Fingerprint: "f-1", By: "ann"}
		_, err := s.Approve(t.Context(), org, id, a)
		must(t, err)
		for _, ids := range [][]string{nil, {"a"}, {"b", "a"}} {
			a.ChangeIDs = ids
			got, err := s.Approve(t.Context(), org, id, a)
			must(t, err)
			equal(t, len(got), 0)
		}
		decisions, err := s.Decisions(t.Context(), org, id)
		must(t, err)
		equal(t, len(decisions), 1)
	})
}

func TestRejectTakesWhatRequiresItAlong(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		id := planned(t, s, org, store.Scope{}, tangle()...)
		_, err := s.Approve(ctx, org, id, store.Approval{Fingerprint: "f-1", By: "ann", Held: true})
		must(t, err)
		got, err := s.Reject(ctx, org, id, store.Approval{ChangeIDs: []string{"h"}, Fingerprint: "f-1", By: "bob"})
		must(t, err)
		equal(t, strings.Join(got, " "), "h i j")
		equal(t, states(t, s, org, id), "a:approved b:approved h:rejected i:rejected j:rejected")
		_, err = s.Approve(ctx, org, id, store.Approval{ChangeIDs: []string{"h"}, Fingerprint: "f-1"})
		wantKind(t, err, fault.KindConflict)
		equal(t, fault.Remedy(err), "what still differs comes back with the next plan: spindle plan")
		got, err = s.Reject(ctx, org, id, store.Approval{Fingerprint: "f-1", By: "bob"})
		must(t, err)
		equal(t, strings.Join(got, " "), "a b")
		_, err = s.Reject(ctx, org, id, store.Approval{ChangeIDs: []string{"z"}, Fingerprint: "f-1"})
		wantKind(t, err, fault.KindNotFound)
	})
}

// TestRejectTakesPreparationsAlong: a contract or service that only rejected changes needed is not made either; one that bills something for others
// is, and so is what was rejected or required by nobody before.
func TestRejectTakesPreparationsAlong(t *testing.T) {
	first := []plan.Change{
		{ID: "contract", Kind: plan.CreateContract},
		{ID: "service", Kind: plan.CreateService},
		{ID: "spare", Kind: plan.CreateService},
		{ID: "attach", Kind: plan.AttachService, Requires: []string{"contract", "service"}},
		{ID: "quantity", Kind: plan.Increase, Requires: []string{"attach"}},
		{ID: "other", Kind: plan.AttachService, Requires: []string{"contract"}},
		{ID: "seats", Kind: plan.Increase, Requires: []string{"other"}},
		{ID: "price", Kind: plan.Reprice, Requires: []string{"seats"}},
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, tc := range []struct{ name, reject, want string }{
			{"the contract serves another", "quantity", "service attach quantity"},
			{"one after the other", "quantity, seats", "service attach quantity; contract other seats price"},
			{"both at once", "quantity seats", "contract service attach quantity other seats price"},
			{"seats are no preparation for their price", "price", "price"},
			{"a preparation by itself", "spare", "spare"},
			{"what requires it goes too", "contract", "contract service attach quantity other seats price"},
		} {
			t.Run(tc.name, func(t *testing.T) {
				ctx, org := t.Context(), organization(t, s, tc.name)
				id := planned(t, s, org, store.Scope{}, first...)
				_, err := s.Approve(ctx, org, id, store.Approval{ChangeIDs: []string{"service", "contract"}, By: "ann", Fingerprint: fingerprint(id)})
				must(t, err)
				var rejected []string
				for ids := range strings.SplitSeq(tc.reject, ", ") {
					a := store.Approval{ChangeIDs: strings.Fields(ids), By: "bob", Fingerprint: fingerprint(id)}
					_, changes, err := s.Plan(ctx, org, id)
					must(t, err)
					weighed, err := a.Rejects(changes)
					must(t, err)
					got, err := s.Reject(ctx, org, id, a)
					must(t, err)
					equal(t, got, weighed)
					rejected = append(rejected, strings.Join(got, " "))
				}
				equal(t, strings.Join(rejected, "; "), tc.want)
			})
		}
	})
}

func TestDecisionsNeedAnOpenPlan(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		run, err := s.CreateRun(ctx, org, "ann", store.Scope{})
		must(t, err)
		_, err = s.Approve(ctx, org, run.ID, store.Approval{})
		wantKind(t, err, fault.KindConflict)
		id := planned(t, s, org, store.Scope{}, tangle()...)
		must(t, s.SetRunState(ctx, org, id, store.RunStopped, "by hand"))
		_, err = s.Approve(ctx, org, id, store.Approval{Fingerprint: fingerprint(id)})
		wantKind(t, err, fault.KindConflict)
		_, err = s.Approve(ctx, org, "99", store.Approval{})
		wantKind(t, err, fault.KindNotFound)
	})
}

// swap is a plan with a move: the start needs a service on the contract, the end comes after the start, and neither is decided alone.
func swap() []plan.Change {
	return []plan.Change{
		{ID: "attach"},
		{ID: "start", Requires: []string{"attach"}, Together: []string{"end"}},
		{ID: "end", Requires: []string{"start"}, Together: []string{"start"}},
		{ID: "other"},
	}
}

// Fails when one side of a move can be approved or rejected without the other: then days are billed twice, or not at all.
func TestBothSidesOfAMoveAreDecidedTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, tc := range []struct {
			name     string
			approval store.Approval
			held     string // a change that a policy holds
			want     string
		}{
			{"all", store.Approval{}, "", "attach start end other"},
			{"the end brings the start and what it requires", store.Approval{ChangeIDs: []string{"end"}}, "", "attach start end"},
			{"the start brings the end", store.Approval{ChangeIDs: []string{"start", "attach"}}, "", "attach start end"},
			{"the start brings what it requires as well", store.Approval{ChangeIDs: []string{"start"}}, "", "attach start end"},
			{"what is no part of it brings nothing", store.Approval{ChangeIDs: []string{"attach"}}, "", "attach"},
			{"all, but the end is held", store.Approval{}, "end", "attach other"},
			{"all, but the start is held", store.Approval{}, "start", "attach other"},
			{"held ones too", store.Approval{Held: true}, "end", "attach start end other"},
			{"a held one by name", store.Approval{ChangeIDs: []string{"end"}}, "end", "attach start end"},
		} {
			t.Run(tc.name, func(t *testing.T) {
				org := organization(t, s, tc.name)
				changes := swap()
				for i := range changes {
					if changes[i].ID == tc.held {
						changes[i].Holds = []billing.Hold{{Policy: "hold-over"}}
					}
				}
				id := planned(t, s, org, store.Scope{}, changes...)
				a := tc.approval
				a.By, a.Fingerprint = "ann", fingerprint(id)
				got, err := s.Approve(t.Context(), org, id, a)
				must(t, err)
				equal(t, strings.Join(got, " "), tc.want)
			})
		}
		for _, tc := range []struct{ reject, want string }{
			{"end", "start end"}, {"start", "start end"}, {"attach", "attach start end"}, {"other", "other"},
		} {
			t.Run("reject "+tc.reject, func(t *testing.T) {
				org := organization(t, s, "reject "+tc.reject)
				id := planned(t, s, org, store.Scope{}, swap()...)
				_, err := s.Approve(t.Context(), org, id, store.Approval{By: "ann", Fingerprint: fingerprint(id)})
				must(t, err)
				got, err := s.Reject(t.Context(), org, id, store.Approval{ChangeIDs: []string{tc.reject}, By: "bob", Fingerprint: fingerprint(id)})
				must(t, err)
				equal(t, strings.Join(got, " "), tc.want)
			})
		}
	})
}
