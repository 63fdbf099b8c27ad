package rating

import (
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
)

// step is one step of the ladder on which price rules stand: what a rule on it names.
type step struct {
	subscription, customer bool
	product                string // "sku", "product", "azure", or "" for none
}

// ladder lists the steps from the narrowest to the widest, as the manual explains them: the subscription, the customer with a product, the product, the
// customer, everybody; and in each of them a SKU before its product before Azure as a whole.
var ladder = []step{
	{true, true, "sku"}, {true, false, "sku"}, {true, true, "product"}, {true, false, "product"}, {true, true, "azure"}, {true, false, "azure"}, {true, true, ""}, {true, false, ""},
	{false, true, "sku"}, {false, true, "product"}, {false, true, "azure"},
	{false, false, "sku"}, {false, false, "product"}, {false, false, "azure"},
	{false, true, ""}, {false, false, ""},
}

// on reports whether a rule stands on a step and prices the thing on its day: it names what the step names, all of that is the thing's, and the day is one of
// those on which it holds.
func (s step) on(rule billing.PriceRule, q priced) bool {
	product := map[string]string{"sku": q.product + ":" + q.sku, "product": q.product, "azure": "azure", "": ""}[s.product]
	if s.product == "azure" && !q.azure {
		return false
	}
	subscription, customer := billing.SubscriptionID(""), billing.CustomerID("")
	if s.subscription {
		subscription = q.subscription
	}
	if s.customer {
		customer = q.customer
	}
	holds := rule.From.IsZero() || q.day == rule.From || q.day.After(rule.From)
	over := !rule.To.IsZero() && (q.day == rule.To || q.day.After(rule.To))
	return (rule.SubscriptionID != "") == s.subscription && (rule.CustomerID != "") == s.customer &&
		rule.SubscriptionID == subscription && rule.CustomerID == customer && rule.ProductID == product && holds && !over
}

// climbs goes down the ladder step by step: on the first one on which rules stand, the one that counts from the latest day wins, and of those the first by id.
func climbs(rules []billing.PriceRule, q priced) (winner billing.PriceRule, found bool) {
	for _, s := range ladder {
		for _, rule := range rules {
			later := rule.From.After(winner.From) || rule.From == winner.From && rule.ID < winner.ID
			if s.on(rule, q) && (!found || later) {
				winner, found = rule, true
			}
		}
		if found {
			return winner, true
		}
	}
	return billing.PriceRule{}, false
}

// TestTheLadderOfPriceRules compares the rule that makes a price with the one that is found by going down the ladder, for random rules and everything that may
// be priced: a seat, consumption, a thing without a subscription and a product whose name looks like another one's.
func TestTheLadderOfPriceRules(t *testing.T) {
	const first = "2026-07-01"
	rapid.Check(t, func(t *rapid.T) {
		var rules []billing.PriceRule
		for i := range rapid.IntRange(0, 10).Draw(t, "rules") {
			rule := billing.PriceRule{ID: string(rune('z' - i)), Kind: billing.MarkupRule, // no two of one id, and not in the order of their ids
				SubscriptionID: billing.SubscriptionID(rapid.SampledFrom([]string{"", "s1", "plan1"}).Draw(t, "subscription")),
				CustomerID:     rapid.SampledFrom([]billing.CustomerID{"", alder, dunmore}).Draw(t, "customer"),
				ProductID:      rapid.SampledFrom([]string{"", "azure", premium, premium + ":0001", premium + ":0002", vm}).Draw(t, "product")}
			for _, edge := range []*billing.Date{&rule.From, &rule.To} {
				if rapid.Bool().Draw(t, "bounded") {
					*edge = day(first).AddDays(rapid.IntRange(-2, 2).Draw(t, "bound"))
				}
			}
			rules = append(rules, rule)
		}
		q := priced{subscription: billing.SubscriptionID(rapid.SampledFrom([]string{"", "s1", "plan1"}).Draw(t, "of subscription")),
			customer: rapid.SampledFrom([]billing.CustomerID{alder, dunmore}).Draw(t, "of customer"), product: rapid.SampledFrom([]string{premium, vm}).Draw(t, "of product"), sku: "0001",
			azure: rapid.Bool().Draw(t, "azure"), day: day(first)}
		want, exists := climbs(rules, q)
		got, found := newPrices(rules).find(ruleQuery{priced: q})
		if found != exists || got != want {
			t.Fatalf("%+v is priced by %+v, the ladder says %+v\nof %+v", q, got, want, rules)
		}
	})
}

// TestRulesThatAreLeftOut: a query may leave rules out, as foreign currencies do, and then the next one down the ladder wins, never none.
func TestRulesThatAreLeftOut(t *testing.T) {
	rules := []billing.PriceRule{{ID: "everybody's"}, {ID: "the customer's", CustomerID: alder}, {ID: "the product's", ProductID: premium}, {ID: "the SKU's", CustomerID: alder, ProductID: premium + ":0001"}, {ID: "the seat's", SubscriptionID: "s1"}}
	left := map[string]bool{}
	for _, want := range []string{"the seat's", "the SKU's", "the product's", "the customer's", "everybody's", ""} {
		got, found := newPrices(rules).find(ruleQuery{priced: priced{"s1", alder, premium, "0001", false, day("2026-07-01")}, allow: func(r billing.PriceRule) bool { return !left[r.ID] }})
		if got.ID != want || found != (want != "") {
			t.Errorf("without %d rules %q makes the price, want %q", len(left), got.ID, want)
		}
		left[want] = true
	}
}
