package engine

import (
	"slices"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// TestFindingsAreRankedByMoney: what a clerk must look at first stands first, whichever way the money goes.
func TestFindingsAreRankedByMoney(t *testing.T) {
	eur := func(cents int64) money.Amount { return money.Of(money.New(cents, -2), "EUR") }
	given := []billing.Finding{{Subject: "small", Money: eur(120)}, {Subject: "large", Money: eur(1610367)}, {Subject: "unread"}, {Subject: "credit", Money: eur(-250)}, {Subject: "broken"}}
	var got []string
	for _, f := range RankFindings(given) {
		got = append(got, f.Subject)
	}
	if want := []string{"unread", "broken", "large", "credit", "small"}; !slices.Equal(got, want) {
		t.Errorf("ranked %v, want %v", got, want)
	}
	if given[0].Subject != "small" {
		t.Error("the plan's own order has changed")
	}
}
