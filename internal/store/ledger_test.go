package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
	"spindle/internal/target"
)

func TestRunWalksToVerified(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		org := organization(t, s, "Northwind IT")
		must(t, s.SetTargetEnabled(ctx, org, true, "tester"))
		id := planned(t, s, org, store.Scope{}, plan.Change{ID: "a", Kind: plan.Increase}, plan.Change{ID: "b", Kind: plan.End, Requires: []string{"a"}})
		approved, err := s.Approve(ctx, org, id, store.Approval{Fingerprint: "f-1", By: "ann"})
		must(t, err)
		equal(t, approved, []string{"a", "b"})
		must(t, s.SetRunState(ctx, org, id, store.RunApplying, ""))
		_, err = s.BeginSend(ctx, org, id, "b", "{}")
		wantKind(t, err, fault.KindConflict)
		if !strings.Contains(err.Error(), "requires a") {
			t.Fatalf("the conflict does not name what is missing: %v", err)
		}
		for _, change := range approved {
			attempt, err := s.BeginSend(ctx, org, id, change, "{}")
			must(t, err)
			equal(t, attempt, 1)
			must(t, s.FinishSend(ctx, org, id, change, store.Outcome{State: store.ChangeApplied}))
		}
		must(t, s.SetRunState(ctx, org, id, store.RunVerified, ""))
		wantKind(t, s.SetRunState(ctx, org, id, store.RunApplying, ""), fault.KindConflict)
		must(t, s.VerifyAudit(ctx, org))
	})
}

func TestNothingIsSentUnlessEnabledAndApproved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		org := organization(t, s, "Northwind IT")
		id := planned(t, s, org, store.Scope{}, plan.Change{ID: "a"})
		must(t, s.SetTargetEnabled(ctx, org, true, "tester"))
		_, err := s.BeginSend(ctx, org, id, "a", "{}")
		wantKind(t, err, fault.KindConflict)
		_, err = s.Approve(ctx, org, id, store.Approval{Fingerprint: "f-1", By: "ann"})
		must(t, err)
		must(t, s.SetTargetEnabled(ctx, org, false, "tester"))
		_, err = s.BeginSend(ctx, org, id, "a", "{}")
		wantKind(t, err, fault.KindConflict)
		_, err = s.BeginSend(ctx, org, id, "none", "{}")
		wantKind(t, err, fault.KindConflict)
		must(t, s.SetTargetEnabled(ctx, org, true, "tester"))
		_, err = s.BeginSend(ctx, org, id, "none", "{}")
		wantKind(t, err, fault.KindNotFound)
		_, err = s.BeginSend(ctx, org, id, "a", "{}")
		must(t, err)
	})
}

func TestLostAnswerIsKeptUntilSettled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		org := organization(t, s, "Northwind IT")
		must(t, s.SetTargetEnabled(ctx, org, true, "tester"))
		id := planned(t, s, org, store.Scope{}, plan.Change{ID: "a", Kind: plan.CreateContract})
		_, err := s.Approve(ctx, org, id, store.Approval{Fingerprint: "f-1", By: "ann"})
		must(t, err)
		_, err = s.BeginSend(ctx, org, id, "a", "intent 1")
		must(t, err)
		sent := target.Receipt{Request: "POST /Contracts"}
		must(t, s.FinishSend(ctx, org, id, "a", store.Outcome{State: store.ChangeUnknown, Receipt: sent, Message: "dropped"}))
		open, err := s.Unfinished(ctx, org)
		must(t, err)
		if len(open) != 1 || open[0].State != store.ChangeUnknown || open[0].Intent != "intent 1" || open[0].Receipt != sent {
			t.Fatalf("unfinished: %+v", open)
		}
		_, err = s.BeginSend(ctx, org, id, "a", "again") // never by sending again
		wantKind(t, err, fault.KindConflict)

		must(t, s.FinishSend(ctx, org, id, "a", store.Outcome{State: store.ChangeApproved, Message: "did not happen"}))
		attempt, err := s.BeginSend(ctx, org, id, "a", "intent 2")
		must(t, err)
		equal(t, attempt, 2)
		late := store.Outcome{Attempt: 1, State: store.ChangeApplied, Receipt: target.Receipt{ID: "76"}}
		wantKind(t, s.FinishSend(ctx, org, id, "a", late), fault.KindConflict) // another process went on since
		must(t, s.FinishSend(ctx, org, id, "a", store.Outcome{
			State: store.ChangeApplied, Receipt: target.Receipt{ID: "77", Request: "POST", Response: "200"},
			Memory: store.MemoryUpdate{Contract: store.Created{Mark: "SPN-1", ID: "77"}},
		}))
		memory, err := s.Memory(ctx, org)
		must(t, err)
		equal(t, memory.Contracts, map[string]billing.ContractID{"SPN-1": "77"})
		open, err = s.Unfinished(ctx, org)
		must(t, err)
		equal(t, len(open), 0)
		_, changes, err := s.Plan(ctx, org, id)
		must(t, err)
		equal(t, changes[0].Receipt, target.Receipt{ID: "77", Request: "POST", Response: "200"})
		equal(t, changes[0].Attempts, 2)
		equal(t, len(dumpRows(t, s, "send_attempt", "SELECT * FROM send_attempt")), 2) // the first attempt stays as proof
	})
}

func TestOutcomeWithoutApplyingLeavesNoMemory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		org := organization(t, s, "Northwind IT")
		must(t, s.SetTargetEnabled(ctx, org, true, "tester"))
		id := planned(t, s, org, store.Scope{}, plan.Change{ID: "a"})
		_, err := s.Approve(ctx, org, id, store.Approval{Fingerprint: "f-1"})
		must(t, err)
		_, err = s.BeginSend(ctx, org, id, "a", "")
		must(t, err)
		before := dump(t, s, "")
		err = s.FinishSend(ctx, org, id, "a", store.Outcome{
			State: store.ChangeUnknown, Memory: store.MemoryUpdate{Charge: &plan.Charged{Key: "k", ID: "9"}},
		})
		wantKind(t, err, fault.KindInvalid)
		equal(t, dump(t, s, ""), before)
	})
}

// TestExactlyOneSenderWins races several stores on one database, as several processes would.
func TestExactlyOneSenderWins(t *testing.T) {
	const rounds, racers = 10, 6
	storetest.EachURL(t, func(t *testing.T, address string) {
		first := storetest.Open(t, store.Options{URL: address})
		stores := []*store.Store{first, storetest.Open(t, store.Options{URL: address}), storetest.Open(t, store.Options{URL: address})}
		org := organization(t, first, "Northwind IT")
		must(t, first.SetTargetEnabled(t.Context(), org, true, "tester"))
		var changes []plan.Change
		for i := range rounds {
			changes = append(changes, plan.Change{ID: fmt.Sprintf("c%d", i)})
		}
		id := planned(t, first, org, store.Scope{}, changes...)
		_, err := first.Approve(t.Context(), org, id, store.Approval{Fingerprint: "f-1"})
		must(t, err)
		for _, c := range changes {
			results := make([]error, racers)
			var start, done sync.WaitGroup
			start.Add(1)
			for i := range racers {
				done.Go(func() {
					start.Wait()
					_, results[i] = stores[i%len(stores)].BeginSend(t.Context(), org, id, c.ID, "{}")
				})
			}
			start.Done()
			done.Wait()
			won := 0
			for _, err := range results {
				if err == nil {
					won++
				} else {
					wantKind(t, err, fault.KindConflict)
				}
			}
			equal(t, won, 1)
		}
		must(t, first.VerifyAudit(t.Context(), org))
	})
}

// legal is the ledger's state machine, written down a second time: from each state, what each call makes of it.
func legal(from store.ChangeStateKind, step string) (store.ChangeStateKind, bool) {
	switch step {
	case "approve":
		return store.ChangeApproved, from == store.ChangeProposed || from == store.ChangeApproved
	case "reject":
		return store.ChangeRejected, from == store.ChangeProposed || from == store.ChangeApproved || from == store.ChangeRejected
	case "begin":
		return store.ChangeSending, from == store.ChangeApproved
	case "skip stale", "skip skipped":
		return store.ChangeStateKind(step[len("skip "):]), from == store.ChangeApproved
	case "supersede":
		if from == store.ChangeProposed || from == store.ChangeApproved {
			return store.ChangeSuperseded, true
		}
		return from, true
	}
	to := store.ChangeStateKind(strings.TrimPrefix(step, "finish "))
	switch to {
	case store.ChangeApplied, store.ChangeRefused, store.ChangeStale, store.ChangeUnknown, store.ChangeApproved:
		return to, from == store.ChangeSending || from == store.ChangeUnknown
	}
	return from, false
}

// TestLedgerFollowsItsStateMachine takes random steps and compares each with the model; a step that is refused changes nothing.
func TestLedgerFollowsItsStateMachine(t *testing.T) {
	steps := []string{"approve", "reject", "begin", "begin", "skip stale", "skip skipped", "supersede"}
	for _, state := range store.ChangeStates() {
		steps = append(steps, "finish "+string(state))
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		n := 0
		rapid.Check(t, func(r *rapid.T) {
			n++
			org := organization(t, s, fmt.Sprintf("Org %d", n))
			must(t, s.SetTargetEnabled(t.Context(), org, true, "tester"))
			run := planned(t, s, org, store.Scope{}, plan.Change{ID: "a"})
			state, sends := store.ChangeProposed, 0
			for range 8 {
				step := rapid.SampledFrom(steps).Draw(r, "step")
				to, ok := legal(state, step)
				err := take(t, s, org, run, step)
				if (err == nil) != ok {
					r.Fatalf("%s from %s: %v", step, state, err)
				}
				if !ok {
					if kind := fault.KindOf(err); kind != fault.KindConflict && kind != fault.KindInvalid {
						r.Fatalf("%s from %s is refused with %v", step, state, err)
					}
					to = state
				}
				if ok && step == "begin" {
					sends++
				}
				state = to
				_, changes, err := s.Plan(t.Context(), org, run)
				must(t, err)
				if changes[0].State != state || changes[0].Attempts != sends {
					r.Fatalf("after %s: %s after %d sends, want %s after %d", step, changes[0].State, changes[0].Attempts, state, sends)
				}
			}
			must(t, s.VerifyAudit(t.Context(), org))
		})
	})
}

func take(t testing.TB, s *store.Store, org billing.OrganizationID, run store.RunID, step string) error {
	ctx := t.Context()
	a := store.Approval{ChangeIDs: []string{"a"}, Fingerprint: fingerprint(run), By: "ann"}
	switch step {
	case "approve":
		_, err := s.Approve(ctx, org, run, a)
		return judged(t, s, org, run, err)
	case "reject":
		_, err := s.Reject(ctx, org, run, a)
		return judged(t, s, org, run, err)
	case "begin":
		_, err := s.BeginSend(ctx, org, run, "a", "{}")
		return err
	case "skip stale", "skip skipped":
		return s.SkipChange(ctx, org, run, "a", store.Outcome{State: store.ChangeStateKind(step[len("skip "):])})
	case "supersede":
		planned(t, s, org, store.Scope{}, plan.Change{ID: "a"})
		return nil
	}
	return s.FinishSend(ctx, org, run, "a", store.Outcome{State: store.ChangeStateKind(strings.TrimPrefix(step, "finish "))})
}

// judged checks that a decision is stored exactly when it was taken: the number of decisions never shrinks and never grows on refusal.
func judged(t testing.TB, s *store.Store, org billing.OrganizationID, run store.RunID, err error) error {
	all, listErr := s.Decisions(t.Context(), org, run)
	return errors.Join(err, listErr, func() error {
		for _, d := range all {
			if d.By != "ann" || d.At.IsZero() || len(d.ChangeIDs) != 1 {
				return fmt.Errorf("decision %+v", d)
			}
		}
		return nil
	}())
}
