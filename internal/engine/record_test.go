package engine

import (
	"slices"
	"testing"

	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
)

// TestAFileSaysNoMoneyThatIsNotKnown: a cell is empty where 0 would be a promise.
func TestAFileSaysNoMoneyThatIsNotKnown(t *testing.T) {
	eur := func(n int64) *money.Amount { a := money.Of(money.New(n, -2), "EUR"); return &a }
	reprice := func(before, after *money.Amount, effect money.Amount) plan.Change {
		return plan.Change{Kind: plan.Reprice, Adjust: &plan.Adjustment{UnitPrice: after}, Recurring: effect, Proration: effect,
			Before: plan.State{Exists: true, Units: 5, UnitPrice: before}, After: plan.State{Exists: true, Units: 5, UnitPrice: after}}
	}
	for _, tt := range []struct {
		name   string
		change plan.Change
		want   string
	}{
		{"another price", reprice(eur(200), eur(210), *eur(50)), "0.50"},
		{"a price repeated behind what may carry another one", reprice(eur(210), eur(210), *eur(0)), ""},
		{"over a price that is not known", reprice(nil, eur(210), money.Amount{}), ""},
		{"quantity of a price that is not known", plan.Change{Kind: plan.Increase, Adjust: &plan.Adjustment{UnitChange: 1}}, ""},
		{"nothing to bill", plan.Change{Kind: plan.ExtendContract}, "0.00"},
	} {
		record, columns := PlanRecord(store.ChangeState{Change: tt.change}), PlanColumns()
		for _, column := range []string{"recurring_effect", "proration"} {
			if got := record[slices.Index(columns, column)]; got != tt.want {
				t.Errorf("%s: %s is %q, want %q", tt.name, column, got, tt.want)
			}
		}
	}
}

// TestPlanRecordSaysWhatStandsOnEachSide: quantities of lines, amounts of charges, nothing where a change has neither.
func TestPlanRecordSaysWhatStandsOnEachSide(t *testing.T) {
	amount := func(n int64) plan.State {
		a := money.Of(money.New(n, -2), "EUR")
		return plan.State{Exists: true, Amount: &a}
	}
	for _, tt := range []struct {
		change              plan.Change
		wantBefore, wantNow string
	}{
		{plan.Change{Kind: plan.Decrease, Before: plan.State{Exists: true, Units: 12}, After: plan.State{Exists: true, Units: 9}}, "12", "9"},
		{plan.Change{Kind: plan.End, Before: plan.State{Exists: true, Units: 12}}, "12", "0"},
		{plan.Change{Kind: plan.CreateCharge, After: amount(650)}, "", "6.50"},
		{plan.Change{Kind: plan.CorrectCharge, Before: amount(650), After: amount(-25)}, "6.50", "-0.25"},
		{plan.Change{Kind: plan.RemoveCharge, Before: amount(650)}, "6.50", ""},
		{plan.Change{Kind: plan.CreateContract}, "", ""},
		{plan.Change{Kind: plan.CreateService}, "", ""},
	} {
		record, columns := PlanRecord(store.ChangeState{Change: tt.change}), PlanColumns()
		before, after := record[slices.Index(columns, "before")], record[slices.Index(columns, "after")]
		if len(record) != len(columns) || before != tt.wantBefore || after != tt.wantNow {
			t.Errorf("%s: %d cells, %q to %q; want %d, %q to %q", tt.change.Kind, len(record), before, after, len(columns), tt.wantBefore, tt.wantNow)
		}
	}
}
