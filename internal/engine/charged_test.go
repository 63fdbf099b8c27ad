package engine

import (
	"context"
	"maps"
	"slices"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/rating"
	"spindle/internal/target"
)

// TestMarksOfCharges: what was written for months that are rated is read as well, so that what nobody asks for any more is seen.
func TestMarksOfCharges(t *testing.T) {
	d := billing.Desired{Months: []billing.ChargedMonth{{Month: "2026-10"}}, Charges: []billing.DesiredCharge{{Key: "wanted", Mark: "m-wanted"}, {Key: "old", Mark: "m-old"}}}
	memory := plan.Memory{Charges: []plan.Charged{{Key: "gone", Mark: "m-gone", ID: "1", Month: "2026-10"}, {Key: "earlier", Mark: "m-earlier", ID: "2", Month: "2026-01"},
		{Key: "old", Mark: "m-old", ID: "3", Month: "2026-01"}, {Key: "removed", Mark: "m-removed", Month: "2026-10"}}}
	if got := chargeMarks(d, memory); !slices.Equal(got, []string{"m-gone", "m-old", "m-wanted"}) {
		t.Errorf("marks %v", got)
	}
}

// TestMonthsThatWereNotReadWhole: a gap of the collect, an invoice that is listed but not here, and the oldest month keep what stands (law 2).
func TestMonthsThatWereNotReadWhole(t *testing.T) {
	in := rating.Input{Day: billing.NewDate(2026, 11, 10), InvoiceMonths: map[string]billing.Month{"G1": "2026-10", "G2": "2026-10", "G3": "2026-09"},
		Lines: []billing.LineSet{{ID: billing.SetID{Kind: billing.BilledLines, Invoice: "G1"}}, {ID: billing.SetID{Kind: billing.BilledLines, Invoice: "G3"}}}}
	unread := unreadMonths(in, map[billing.Month][]string{"2026-08": {"invoice data G4"}})
	got := slices.Sorted(maps.Keys(unread))
	if !slices.Equal(got, []billing.Month{"2025-10", "2026-08", "2026-10"}) || !slices.Equal(unread["2026-10"], []string{"lines of invoice G2"}) {
		t.Errorf("unread %v", unread)
	}
	months := withUnread([]billing.ChargedMonth{{Month: "2026-10"}, {Month: "2026-09"}}, unread)
	if len(months[0].Unread) != 1 || len(months[1].Unread) != 0 {
		t.Errorf("months %+v", months)
	}
}

// shelf is a target that only shows charges by their mark, and counts how often it is asked.
type shelf struct {
	target.Target
	charges []billing.Charge
	reads   int
}

func (s *shelf) Read(_ context.Context, scope target.Scope) (billing.Observed, error) {
	s.reads++
	var o billing.Observed
	for _, c := range s.charges {
		if slices.Contains(scope.Charges, c.Mark) {
			o.Charges = append(o.Charges, c)
		}
	}
	return o, nil
}

// TestTrueUpThatTheLedgerLost: a true-up stands in Autotask but the ledger does not know it, as after a restored backup. It is found by its
// mark and not planned again (law 3). Nothing is read twice where nothing is planned.
func TestTrueUpThatTheLedgerLost(t *testing.T) {
	amount := func(n int64) money.Amount { return money.Of(money.Int(n), "EUR") }
	key := "azure|100|2026-09|*|EUR"
	charge := func(id billing.ChargeID, key string, n int64) billing.Charge {
		return billing.Charge{ID: id, ContractID: "100", Mark: billing.ChargeMark("o", key), Quantity: money.Int(1), UnitPrice: amount(n), Billed: true}
	}
	trueUp := func(n int) string { return billing.TrueUpKey("azure", "100", "2026-09", "EUR", n) }
	in := plan.Input{Organization: "o", Enabled: []billing.CustomerID{"c"},
		Desired: billing.Desired{Day: billing.NewDate(2026, 11, 10), Months: []billing.ChargedMonth{{Month: "2026-09", Lines: true}}, Charges: []billing.DesiredCharge{{
			Key: key, Mark: billing.ChargeMark("o", key), CustomerID: "c", Contract: billing.Ref{ID: "100"}, Month: "2026-09", Quantity: money.Int(1), UnitPrice: amount(120)}}},
		Observed: billing.Observed{Contracts: []billing.Contract{{ID: "100", Active: true, Recurring: true, Start: billing.NewDate(2026, 1, 1), End: billing.NewDate(2027, 12, 31)}}},
		Memory:   plan.Memory{Charges: []plan.Charged{{Key: key, Mark: billing.ChargeMark("o", key), ID: "1", CustomerID: "c", Month: "2026-09", Amount: amount(100)}}}}
	for _, tt := range []struct {
		name    string
		stands  []billing.Charge
		reads   int
		changes int
	}{
		{"nothing to do", []billing.Charge{charge("1", key, 120)}, 1, 0},
		{"to be written", []billing.Charge{charge("1", key, 100)}, 2, 1},
		{"written already", []billing.Charge{charge("1", key, 100), charge("2", trueUp(1), 20)}, 2, 0},
		{"two written already", []billing.Charge{charge("1", key, 100), charge("2", trueUp(1), 30), charge("3", trueUp(2), -10)}, 3, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &shelf{charges: tt.stands}
			made, observed, err := planWithCharges(t.Context(), s, in, chargeMarks(in.Desired, in.Memory))
			if err != nil || len(made.Changes) != tt.changes || s.reads != tt.reads || len(observed.Charges) != len(tt.stands) {
				t.Errorf("%d changes after %d reads, %d charges seen: %+v, %v", len(made.Changes), s.reads, len(observed.Charges), made.Changes, err)
			}
		})
	}
}
