package billing

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
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

// TestRulesOfOneRank: rules that are equally narrow are listed by customer, then product, the later of two for the same before the earlier, then by id; Azure as a
// whole comes after any product, whatever it is called.
func TestRulesOfOneRank(t *testing.T) {
	later, earlier := NewDate(2027, 1, 1), NewDate(2026, 1, 1)
	want := []PriceRule{
		{ID: "z", SubscriptionID: "s", CustomerID: "a"},
		{ID: "y", SubscriptionID: "s", CustomerID: "b"},
		{ID: "a", SubscriptionID: "s"},
		{ID: "x", CustomerID: "a", ProductID: "zebra"},
		{ID: "w", CustomerID: "b", ProductID: "P"},
		{ID: "v", CustomerID: "b", ProductID: "Q"},
		{ID: "u", CustomerID: "b", ProductID: "azure"},
		{ID: "t", ProductID: "backup", From: later},
		{ID: "s", ProductID: "backup", From: earlier},
		{ID: "q", ProductID: "backup"},
		{ID: "r", ProductID: "backup"},
		{ID: "p", ProductID: "azure", From: later},
		{ID: "o", CustomerID: "a"},
		{ID: "n", CustomerID: "b", From: later},
		{ID: "m", CustomerID: "b"},
		{ID: "k"},
		{ID: "l"},
	}
	rapid.Check(t, func(t *rapid.T) {
		got := rapid.Permutation(want).Draw(t, "order")
		SortPriceRules(got)
		if !slices.Equal(got, want) {
			t.Fatalf("order %v, want %v", got, want)
		}
	})
}

// TestNarrowerRulesComeFirst: a rule that says everything another says, and more, stands above it.
func TestNarrowerRulesComeFirst(t *testing.T) {
	draw := func(t *rapid.T) PriceRule {
		return PriceRule{
			ID:             rapid.SampledFrom([]string{"a", "b"}).Draw(t, "id"),
			SubscriptionID: SubscriptionID(rapid.SampledFrom([]string{"", "s"}).Draw(t, "subscription")),
			CustomerID:     CustomerID(rapid.SampledFrom([]string{"", "c"}).Draw(t, "customer")),
			ProductID:      rapid.SampledFrom([]string{"", "azure", "P", "P:0001"}).Draw(t, "product"),
		}
	}
	says := func(part, whole string) bool {
		return part == "" || part == whole || part != "azure" && strings.HasPrefix(whole, part+":")
	}
	rapid.Check(t, func(t *rapid.T) {
		wide, narrow := draw(t), draw(t)
		if !says(string(wide.SubscriptionID), string(narrow.SubscriptionID)) || !says(string(wide.CustomerID), string(narrow.CustomerID)) || !says(wide.ProductID, narrow.ProductID) {
			return
		}
		if wide.SubscriptionID == narrow.SubscriptionID && wide.CustomerID == narrow.CustomerID && wide.ProductID == narrow.ProductID {
			return
		}
		for _, list := range [][]PriceRule{{wide, narrow}, {narrow, wide}} {
			SortPriceRules(list)
			if list[0] != narrow {
				t.Fatalf("%+v stands above %+v", wide, narrow)
			}
		}
	})
}
