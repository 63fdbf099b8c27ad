package engine

import (
	"slices"
	"testing"

	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
)

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
