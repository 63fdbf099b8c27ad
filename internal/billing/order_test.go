package billing

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// obeysOrder asserts the laws of a total order for any three of what draw gives: a sort that breaks one of them may put equal input into unequal order, and
// plans would differ from run to run (law 4).
func obeysOrder[T comparable](t *testing.T, draw func(*rapid.T, string) T, compare func(a, b T) int) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := draw(t, "a"), draw(t, "b"), draw(t, "c")
		switch ab, ba := cmp.Compare(compare(a, b), 0), cmp.Compare(compare(b, a), 0); {
		case ab != -ba:
			t.Fatalf("%v and %v compare %d, the other way round %d", a, b, ab, ba)
		case (ab == 0) != (a == b):
			t.Fatalf("%v and %v compare %d", a, b, ab)
		case ab <= 0 && compare(b, c) <= 0 && compare(a, c) > 0:
			t.Fatalf("%v is before %v is before %v, which is before the first", a, b, c)
		}
		one, other := []T{a, b, c}, []T{c, a, b}
		slices.SortFunc(one, compare)
		slices.SortFunc(other, compare)
		if !slices.Equal(one, other) {
			t.Fatalf("sorted %v, and from another beginning %v", one, other)
		}
	})
}

// few draws one of a few texts, so that three draws often agree in some field and differ in another.
func few(t *rapid.T, label string, texts ...string) string {
	return rapid.SampledFrom(texts).Draw(t, label)
}

// TestOrdersAreOrders: whatever sorts plans and ledgers is a total order that agrees with equality.
func TestOrdersAreOrders(t *testing.T) {
	obeysOrder(t, func(t *rapid.T, label string) Date {
		return Date{rapid.IntRange(2025, 2027).Draw(t, label+" year"), time.Month(rapid.IntRange(1, 3).Draw(t, label+" month")), rapid.IntRange(1, 3).Draw(t, label+" day")}
	}, Date.Compare)
	obeysOrder(t, func(t *rapid.T, label string) Place {
		return Place{CustomerID: CustomerID(few(t, label+" customer", "", "a", "b")), SubscriptionID: SubscriptionID(few(t, label+" subscription", "", "a", "b")),
			AzureSubscriptionID: AzureSubscriptionID(few(t, label+" Azure subscription", "", "a", "b")), ResourceGroup: few(t, label+" group", "", "a", "b"), Whole: rapid.Bool().Draw(t, label+" whole")}
	}, Place.Compare)
	obeysOrder(t, drawIdentity, func(a, b identity) int { return ComparePriceRules(a.rule(), b.rule()) })
}

// identity is what places a price rule in the list.
type identity struct {
	id, product string
	subscription,
	customer, from string
}

func (i identity) rule() PriceRule {
	return PriceRule{ID: i.id, SubscriptionID: SubscriptionID(i.subscription), CustomerID: CustomerID(i.customer), ProductID: i.product, From: on(i.from)}
}

// drawIdentity draws one of few, with one subscription: of two rules for different ones never both match, so their order decides nothing.
func drawIdentity(t *rapid.T, label string) identity {
	return identity{id: few(t, label+" id", "1", "2"), subscription: few(t, label+" subscription", "", "s"), customer: few(t, label+" customer", "", "c", "d"),
		product: few(t, label+" product", "", "azure", "P", "P:0001", "Q"), from: few(t, label+" from", "", "2026-01-01", "2027-01-01")}
}

// rung says on which step of the ladder a rule stands, as the manual explains it: the subscription before anything else, then the customer with a product, then
// the product, then the customer, then everybody; in each of them a SKU before its product before Azure as a whole.
func rung(r PriceRule) int {
	product := slices.IndexFunc([]bool{strings.Contains(r.ProductID, ":"), r.ProductID != "" && r.ProductID != "azure", r.ProductID == "azure", true}, func(is bool) bool { return is })
	subscription, customer := r.SubscriptionID != "", r.CustomerID != ""
	ladder := []bool{
		subscription && customer && product == 0, subscription && product == 0,
		subscription && customer && product == 1, subscription && product == 1,
		subscription && customer && product == 2, subscription && product == 2,
		subscription && customer, subscription,
		customer && product == 0, customer && product == 1, customer && product == 2,
		product == 0, product == 1, product == 2,
		customer, true,
	}
	return slices.Index(ladder, true)
}

// TestRulesStandOnTheLadder compares the order of price rules with the ladder, rung by rung; on one rung the one that counts from the later day is above the
// earlier of the same customer and product.
func TestRulesStandOnTheLadder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawIdentity(t, "a").rule(), drawIdentity(t, "b").rule()
		order := cmp.Compare(ComparePriceRules(a, b), 0)
		if step := cmp.Compare(rung(a), rung(b)); step != 0 && order != step {
			t.Fatalf("%+v and %+v stand on rungs %d and %d and compare %d", a, b, rung(a), rung(b), order)
		}
		if a.SubscriptionID == b.SubscriptionID && a.CustomerID == b.CustomerID && a.ProductID == b.ProductID && a.From != b.From && order != b.From.Compare(a.From) {
			t.Fatalf("of two rules for the same, those from %s and %s compare %d", a.From, b.From, order)
		}
	})
	seen := map[int]bool{}
	for _, subscription := range []SubscriptionID{"", "s"} {
		for _, customer := range []CustomerID{"", "c"} {
			for _, product := range []string{"", "azure", "P", "P:0001"} {
				seen[rung(PriceRule{SubscriptionID: subscription, CustomerID: customer, ProductID: product})] = true
			}
		}
	}
	if len(seen) != 16 {
		t.Errorf("sixteen kinds of rule stand on %d rungs", len(seen))
	}
}

// TestSortingKeepsEveryRule: sorting loses no rule and invents none, leaves what is in order as it is, and gives the same however the list was typed.
func TestSortingKeepsEveryRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rules []PriceRule
		for range rapid.IntRange(0, 9).Draw(t, "rules") {
			rules = append(rules, drawIdentity(t, "rule").rule())
		}
		sorted, mixed := slices.Clone(rules), rapid.Permutation(rules).Draw(t, "mixed")
		SortPriceRules(sorted)
		SortPriceRules(mixed)
		if !slices.Equal(sorted, mixed) || !slices.IsSortedFunc(sorted, ComparePriceRules) {
			t.Fatalf("%v and %v", sorted, mixed)
		}
		again := slices.Clone(sorted)
		if SortPriceRules(again); !slices.Equal(again, sorted) {
			t.Fatalf("sorted twice: %v, then %v", sorted, again)
		}
		count := map[PriceRule]int{}
		for _, r := range rules {
			count[r]++
		}
		for _, r := range sorted {
			count[r]--
		}
		for r, n := range count {
			if n != 0 {
				t.Fatalf("%+v is there %d times too few", r, n)
			}
		}
	})
}
