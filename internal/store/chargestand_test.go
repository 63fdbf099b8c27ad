package store_test

import (
	"fmt"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// chargeLife is one charge through several plans.
type chargeLife struct {
	world
	*testing.T
	charge billing.DesiredCharge
	runs   []store.RunID
}

// step takes one step, told in words: "plan" wants the charge and says nothing new of it, "plan charge" makes it, "plan correct-charge" and
// "plan remove-charge" likewise, "plan nothing" does not want it; "approved 1", "sending 1", "applied 1" and so on move the change of the
// first plan; "adopted" finds the charge in the target.
func (l *chargeLife) step(words string) {
	verb, of, _ := strings.Cut(words, " ")
	switch verb {
	case "plan":
		l.plan(of)
		return
	case "adopted":
		must(l, l.Adopt(l.Context(), l.org, store.MemoryUpdate{Charge: &plan.Charged{Key: l.charge.Key, ID: "77"}}, "ann"))
		return
	}
	var n int
	if _, err := fmt.Sscan(of, &n); err != nil {
		l.Fatalf("%s: %s", words, err)
	}
	run, id := l.runs[n-1], fmt.Sprint("change-", n)
	switch state := store.ChangeStateKind(verb); state {
	case store.ChangeApproved:
		_, err := l.Approve(l.Context(), l.org, run, store.Approval{Fingerprint: fingerprint(run), By: "ann", Held: true})
		must(l, err)
	case store.ChangeRejected:
		_, err := l.Reject(l.Context(), l.org, run, store.Approval{Fingerprint: fingerprint(run), By: "ann", Held: true})
		must(l, err)
	case store.ChangeSending:
		_, err := l.BeginSend(l.Context(), l.org, run, id, "{}")
		must(l, err)
	case "unsent": // surely not written, may be sent again
		must(l, l.FinishSend(l.Context(), l.org, run, id, store.Outcome{State: store.ChangeApproved}))
	default:
		o := store.Outcome{State: state}
		if state == store.ChangeApplied {
			o.Memory.Charge = &plan.Charged{Key: l.charge.Key, ID: "77"}
			if _, changes, err := l.Plan(l.Context(), l.org, run); err != nil || changes[0].Change.Kind == plan.RemoveCharge {
				must(l, err)
				o.Memory.Charge.ID = ""
			}
		}
		must(l, l.FinishSend(l.Context(), l.org, run, id, o))
	}
}

func (l *chargeLife) plan(kind string) {
	run, err := l.CreateRun(l.Context(), l.org, "tester", store.Scope{})
	must(l, err)
	l.runs = append(l.runs, run.ID)
	made := plan.Plan{Day: billing.NewDate(2026, 9, 1), Fingerprint: fingerprint(run.ID), Complete: true}
	desired := billing.Desired{Day: made.Day, Charges: []billing.DesiredCharge{l.charge}}
	if plan.ChangeKind(kind) == plan.RemoveCharge || kind == "nothing" {
		desired.Charges = nil
	}
	if kind != "" && kind != "nothing" {
		made.Changes = []plan.Change{{
			ID: fmt.Sprint("change-", len(l.runs)), Kind: plan.ChangeKind(kind), CustomerID: l.charge.CustomerID, Customer: l.charge.Customer,
			Contract: l.charge.Contract, ChargeKey: l.charge.Key, OneOff: l.charge.UnitPrice,
		}}
	}
	must(l, l.SavePlan(l.Context(), l.org, run.ID, made, desired))
}

// stands says where the charge stands, as the page of its customer's month shows it; "" when it is not in the month.
func (l *chargeLife) stands() string {
	d, err := l.AzureCustomer(l.Context(), l.org, l.charge.CustomerID, l.charge.Month)
	if fault.Is(err, fault.KindNotFound) {
		return ""
	}
	must(l, err)
	c := d.Lines[0]
	if c.ChangeID == "" {
		return string(c.State)
	}
	return fmt.Sprintf("%s, %s %s", c.State, c.ChangeID, c.ChangeState)
}

// TestWhereChargesStand: a charge stands where all of its changes together put it, whichever run they are of and whatever the order in which
// they go on; and so it does when everything is worked out from nothing.
func TestWhereChargesStand(t *testing.T) {
	lives := []struct{ steps, want string }{
		{"plan", "final"},
		{"plan charge", "final, change-1 proposed"},
		{"plan charge; approved 1", "approved, change-1 approved"},
		{"plan charge; approved 1; sending 1", "approved, change-1 sending"},
		{"plan charge; approved 1; sending 1; unknown 1", "approved, change-1 unknown"},
		{"plan charge; approved 1; sending 1; applied 1", "charged, change-1 applied"},
		{"plan charge; approved 1; sending 1; refused 1", "final, change-1 refused"},
		{"plan charge; approved 1; rejected 1", "final, change-1 rejected"},
		{"plan charge; approved 1; sending 1; applied 1; plan", "charged, change-1 applied"},
		{"plan charge; approved 1; plan charge", "final, change-2 proposed"},
		{"plan charge; approved 1; plan", "final, change-1 superseded"},
		{"plan charge; approved 1; plan nothing", ""},
		// What was on its way when a newer plan was saved goes on.
		{"plan charge; approved 1; sending 1; plan charge", "approved, change-2 proposed"},
		{"plan charge; approved 1; sending 1; plan charge; applied 1", "charged, change-2 proposed"},
		{"plan charge; approved 1; sending 1; plan charge; refused 1", "final, change-2 proposed"},
		{"plan charge; approved 1; sending 1; unknown 1; plan; applied 1", "charged, change-1 applied"},
		{"plan charge; approved 1; sending 1; plan; unsent 1", "approved, change-1 approved"},
		{"plan charge; approved 1; sending 1; plan; unsent 1; plan", "final, change-1 superseded"},
		{"plan charge; approved 1; sending 1; plan nothing; applied 1", "charged, change-1 applied"},
		{"plan charge; approved 1; sending 1; plan charge; rejected 2; unsent 1; plan", "final, change-2 rejected"},
		// Corrections.
		{"plan charge; approved 1; sending 1; applied 1; plan correct-charge", "charged, change-2 proposed"},
		{"plan charge; approved 1; sending 1; applied 1; plan correct-charge; approved 2", "charged, change-2 approved"},
		{"plan charge; approved 1; sending 1; applied 1; plan correct-charge; approved 2; sending 2; applied 2", "corrected, change-2 applied"},
		{"plan charge; approved 1; sending 1; applied 1; plan correct-charge; approved 2; sending 2; applied 2; plan", "corrected, change-2 applied"},
		{"plan charge; approved 1; sending 1; applied 1; plan correct-charge; approved 2; sending 2; refused 2; plan", "charged, change-2 refused"},
		// Removals, and a charge made again.
		{"plan charge; approved 1; sending 1; applied 1; plan remove-charge", "charged, change-2 proposed"},
		{"plan charge; approved 1; sending 1; applied 1; plan remove-charge; approved 2; sending 2; applied 2", ""},
		{"plan charge; approved 1; sending 1; applied 1; plan remove-charge; approved 2; sending 2; applied 2; plan charge", "final, change-3 proposed"},
		{"plan charge; approved 1; sending 1; applied 1; plan correct-charge; approved 2; sending 2; applied 2; plan remove-charge; approved 3; sending 3; applied 3; plan charge; approved 4; sending 4; applied 4", "charged, change-4 applied"},
		// Found in the target.
		{"plan; adopted", "charged"},
		{"adopted; plan", "charged"},
		{"plan charge; adopted", "charged, change-1 proposed"},
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for i, life := range lives {
			t.Run(life.steps, func(t *testing.T) {
				one := money.Of(money.Int(1), "EUR")
				l := &chargeLife{world: world{s, organization(t, s, fmt.Sprint("Northwind ", i))}, T: t, charge: billing.DesiredCharge{
					Key: "azure|10|2026-08|EUR", CustomerID: "c1", Customer: "Alder", Contract: billing.Ref{ID: "10"}, Month: "2026-08", Name: "Azure",
					Quantity: money.Int(1), UnitPrice: one, UnitCost: one,
				}}
				must(t, s.SetTargetEnabled(t.Context(), l.org, true, "ann"))
				must(t, s.SaveDirectory(t.Context(), l.org, "one", billing.Directory{Customers: []billing.Customer{{ID: "c1"}}}))
				for _, words := range strings.Split(life.steps, "; ") {
					l.step(words)
				}
				equal(t, l.stands(), life.want)
				p := &play{world: l.world, tb: t}
				kept := p.derived()
				must(t, store.Rebuild(t.Context(), s, l.org))
				equal(t, p.derived(), kept)
			})
		}
	})
}
