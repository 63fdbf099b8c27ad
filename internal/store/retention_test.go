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
	"spindle/internal/target"
)

// sent plans, approves and applies changes in a run of their own, which is then over.
func (w world) sent(t *testing.T, desired billing.Desired, memory []plan.Applied, changes ...plan.Change) store.RunID {
	t.Helper()
	ctx := t.Context()
	run, err := w.CreateRun(ctx, w.org, "ann", store.Scope{})
	must(t, err)
	must(t, w.SavePlan(ctx, w.org, run.ID, plan.Plan{Changes: changes, Fingerprint: fingerprint(run.ID), Complete: true}, desired))
	if len(changes) > 0 {
		_, err = w.Approve(ctx, w.org, run.ID, store.Approval{Fingerprint: fingerprint(run.ID), By: "ann"})
		must(t, err)
	}
	for i, c := range changes {
		_, err := w.BeginSend(ctx, w.org, run.ID, c.ID, "intent of "+c.ID)
		must(t, err)
		o := store.Outcome{State: store.ChangeApplied, Receipt: target.Receipt{ID: "r-" + c.ID, Request: "request of " + c.ID, Response: "answer to " + c.ID}}
		if i < len(memory) {
			o.Memory.Line = &memory[i]
		}
		must(t, w.FinishSend(ctx, w.org, run.ID, c.ID, o))
	}
	must(t, w.SetRunState(ctx, w.org, run.ID, store.RunVerified, ""))
	return run.ID
}

func wanted(keys ...string) billing.Desired {
	var d billing.Desired
	for i, key := range keys {
		d.Lines = append(d.Lines, billing.DesiredLine{Key: key, CustomerID: "c1", Name: key, Units: 1})
		d.Dispositions = append(d.Dispositions, billing.Disposition{Set: lineSet("", 0).ID, Row: i + 2, LineKey: "v2" + string(rune('A'+i)),
			Outcome: billing.Billed, By: key, Cost: money.Of(money.Int(1), "EUR")})
	}
	return d
}

// TestRetentionKeepsWhatIsNeeded ends one of two lines over four runs and removes all that may go: papers of plans that a later one repeats,
// rows of superseded versions, receipts of the ended line. What the other line, the charge and the trail need is there to the letter.
func TestRetentionKeepsWhatIsNeeded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		w := newWorld(t, s, "Northwind IT")
		must(t, s.SetTargetEnabled(ctx, w.org, true, "ann"))
		_, err := s.SaveLineSet(ctx, w.org, lineSet("v2", 3), "file.csv")
		must(t, err)
		line := func(id, key string) plan.Change { return plan.Change{ID: id, CustomerID: "c1", LineKey: key} }
		w.sent(t, wanted("lives", "ends"), []plan.Applied{{LineKey: "lives", Units: 1}, {LineKey: "ends", Units: 1}}, line("a1", "lives"), line("a2", "ends"))
		quiet := w.sent(t, wanted("lives", "ends"), nil)
		last := w.sent(t, wanted("lives", "ends"), nil, plan.Change{ID: "b1", CustomerID: "c1", ChargeKey: "charge"})
		ended := w.sent(t, wanted("lives"), []plan.Applied{{LineKey: "ends", Units: 0}}, line("c1", "ends"))

		nothing, err := s.Removable(ctx, w.org, store.RetentionCut{})
		must(t, err)
		past, err := s.Removable(ctx, w.org, store.RetentionCut{Versions: time.Unix(1, 0), Papers: time.Unix(1, 0), Receipts: time.Unix(1, 0)})
		must(t, err)
		if !nothing.Nothing() || !past.Nothing() {
			t.Fatalf("without a cut %+v would go, with one long ago %+v", nothing, past)
		}

		lives, err := s.LineProof(ctx, w.org, "lives", store.Page{})
		must(t, err)
		cut := store.RetentionCut{Versions: farAway, Papers: farAway, Receipts: farAway}
		want, err := s.Removable(ctx, w.org, cut)
		must(t, err)
		// Papers: run 1 of the world, whose plan was superseded, the first of ours and the quiet one. "ends" leads to the last that wanted it.
		equal(t, want, store.Removal{Versions: 1, VersionRows: 3, Runs: 3, RunRows: 11, Receipts: 2})
		var gone store.Removal
		for {
			some, err := s.Remove(ctx, w.org, cut, billing.NewDate(2026, 12, 1), "ann")
			must(t, err)
			if some.Nothing() {
				break
			}
			gone.Add(some)
		}
		equal(t, gone, want)
		day, err := s.RetainedOn(ctx, w.org)
		must(t, err)
		equal(t, day, billing.NewDate(2026, 12, 1))
		must(t, s.VerifyAudit(ctx, w.org))

		after, err := s.LineProof(ctx, w.org, "lives", store.Page{})
		must(t, err)
		equal(t, after, lives)
		if len(after.Changes) != 1 || after.Changes[0].Attempts[0].Receipt.Response != "answer to a1" || after.Sources.Rows[0].Item == nil {
			t.Errorf("the living line has lost its proof: %+v", after)
		}
		proof, err := s.LineProof(ctx, w.org, "ends", store.Page{})
		must(t, err)
		if proof.Run != last || len(proof.Sources.Rows) != 1 {
			t.Errorf("the ended line leads to run %s with %d rows, want %s with 1", proof.Run, len(proof.Sources.Rows), last)
		}
		for _, c := range proof.Changes {
			a := c.Attempts[0]
			if a.Receipt.Request+a.Receipt.Response != "" || a.RemovedAt.IsZero() || a.Intent != "intent of "+c.Change.ID || a.Receipt.ID != "r-"+c.Change.ID {
				t.Errorf("attempt %+v", a)
			}
		}
		_, states, err := s.Plan(ctx, w.org, last)
		must(t, err)
		equal(t, states[0].Receipt.Response, "answer to b1") // charges keep theirs
		_, err = s.Desired(ctx, w.org, quiet)
		wantKind(t, err, fault.KindNotFound)
		if !strings.Contains(err.Error(), "were removed on") {
			t.Errorf("the papers are answered with %v", err)
		}
		for _, run := range []store.RunID{last, ended} {
			if d, err := s.Desired(ctx, w.org, run); err != nil || len(d.Lines) == 0 {
				t.Errorf("run %s has no papers: %v", run, err)
			}
		}
		sets, err := s.LineSets(ctx, w.org, store.SetFilter{Superseded: true})
		must(t, err)
		if len(sets) != 2 || sets[0].RemovedAt != (time.Time{}) || sets[1].RemovedAt.IsZero() || sets[1].Items != 3 {
			t.Errorf("the versions are %+v", sets)
		}
		if set, err := s.LineSet(ctx, w.org, lineSet("", 0).ID); err != nil || len(set.Lines) != 3 {
			t.Errorf("the version in force has %d rows (%v)", len(set.Lines), err)
		}
	})
}

// TestRetentionLeavesOpenRunsAlone: a plan that is not decided, a change on its way and a failed run keep their papers and receipts.
func TestRetentionLeavesOpenRunsAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		w := world{s, organization(t, s, "Northwind IT")}
		must(t, s.SetTargetEnabled(ctx, w.org, true, "ann"))
		cut := store.RetentionCut{Versions: farAway, Papers: farAway, Receipts: farAway}
		run := planned(t, s, w.org, store.Scope{}, plan.Change{ID: "a", LineKey: "k"}, plan.Change{ID: "b", LineKey: "k"})
		_, err := s.Approve(ctx, w.org, run, store.Approval{ChangeIDs: []string{"a"}, Fingerprint: fingerprint(run), By: "ann"})
		must(t, err)
		_, err = s.BeginSend(ctx, w.org, run, "a", "{}")
		must(t, err)
		w.sent(t, billing.Desired{}, nil) // a later plan: "b" is superseded, "a" is on its way
		found, err := s.Removable(ctx, w.org, cut)
		must(t, err)
		equal(t, found, store.Removal{})
		must(t, s.FinishSend(ctx, w.org, run, "a", store.Outcome{State: store.ChangeUnknown, Receipt: target.Receipt{Request: "x"}}))
		found, err = s.Removable(ctx, w.org, cut)
		must(t, err)
		equal(t, found, store.Removal{})
		must(t, s.FinishSend(ctx, w.org, run, "a", store.Outcome{State: store.ChangeRefused}))
		must(t, s.SetRunState(ctx, w.org, run, store.RunFailed, "")) // may be taken up again
		found, err = s.Removable(ctx, w.org, cut)
		must(t, err)
		equal(t, found, store.Removal{Receipts: 1})
	})
}

// TestAzureDays: a month is shown as it was used, day by day, of one customer and of all, by the version in force; estimates count until
// Microsoft billed the month.
func TestAzureDays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		org := organization(t, s, "Northwind IT")
		euros := func(n int64) money.Amount { return money.Of(money.Int(n), "EUR") }
		save := func(id billing.SetID, version string, days ...billing.UsageDay) {
			set := billing.UsageSet{ID: id, Version: version, Days: days}
			for _, d := range days {
				set.Groups = append(set.Groups, billing.UsageGroup{CustomerID: d.CustomerID, Rows: 1, Cost: d.Cost, FirstDay: d.Day, LastDay: d.Day,
					Charged: billing.Month("2026-10").Period()})
			}
			_, err := s.SaveUsageSet(ctx, org, set, "file")
			must(t, err)
		}
		day := func(customer billing.CustomerID, n int, cost int64) billing.UsageDay {
			return billing.UsageDay{CustomerID: customer, Day: billing.NewDate(2026, 10, n), Cost: euros(cost)}
		}
		show := func(customer billing.CustomerID) string {
			days, err := s.AzureDays(ctx, org, "2026-10", customer)
			must(t, err)
			var all []string
			for _, d := range days {
				all = append(all, d.Day.String()+" "+d.Cost.String())
			}
			return strings.Join(all, ", ")
		}
		estimate := billing.SetID{Kind: billing.UnbilledUsage, PartnerID: "p", Currency: "EUR", Month: "2026-10"}
		invoice := billing.SetID{Kind: billing.BilledUsage, PartnerID: "p", Invoice: "G1"}
		save(estimate, "1", day("c1", 1, 5))
		equal(t, show("c1"), "2026-10-01 5.00 EUR")
		save(invoice, "1", day("c1", 1, 1))
		save(invoice, "2", day("c1", 1, 6), day("c2", 1, 4), day("c1", 2, 7))
		equal(t, show("c1"), "2026-10-01 6.00 EUR, 2026-10-02 7.00 EUR")
		equal(t, show("c2"), "2026-10-01 4.00 EUR")
		equal(t, show(""), "2026-10-01 10.00 EUR, 2026-10-02 7.00 EUR")
		equal(t, show("c3"), "")
		if months, err := s.AzureDays(ctx, org, "2026-09", ""); err != nil || len(months) > 0 {
			t.Errorf("September has %v (%v)", months, err)
		}
	})
}
