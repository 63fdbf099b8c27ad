package billing

import (
	"slices"
	"testing"
)

// TestPriceRulesInTheOrderInWhichTheyWin is how a clerk reads the list: the first rule that fits makes the price.
func TestPriceRulesInTheOrderInWhichTheyWin(t *testing.T) {
	want := []PriceRule{
		{ID: "q4", SubscriptionID: "s", CustomerID: "c", ProductID: "P:0001"},
		{ID: "q3", SubscriptionID: "s", ProductID: "P:0001"},
		{ID: "q2", SubscriptionID: "s", CustomerID: "c", ProductID: "P"},
		{ID: "q1", SubscriptionID: "s", ProductID: "azure"},
		{ID: "q0", SubscriptionID: "s", CustomerID: "c"},
		{ID: "p9", SubscriptionID: "s"},
		{ID: "p8", CustomerID: "c", ProductID: "P:0001"},
		{ID: "p7", CustomerID: "c", ProductID: "P"},
		{ID: "p6", CustomerID: "c", ProductID: "azure"},
		{ID: "p5", ProductID: "P:0001", From: NewDate(2027, 1, 1)},
		{ID: "p1", ProductID: "P:0001"},
		{ID: "p4", ProductID: "P"},
		{ID: "p3", ProductID: "azure"},
		{ID: "p2", CustomerID: "c"},
		{ID: "p0"},
	}
	got := slices.Clone(want)
	slices.SortFunc(got, func(a, b PriceRule) int { return slices.Compare([]byte(a.ID), []byte(b.ID)) })
	SortPriceRules(got)
	if !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}
