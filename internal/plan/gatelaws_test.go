package plan

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// drawEffect draws money that may be none, may be of another currency than the limit, and lies around a limit of five euros.
func drawEffect(t *rapid.T, label string) money.Amount {
	switch rapid.IntRange(0, 3).Draw(t, label) {
	case 0:
		return money.Amount{}
	case 1:
		return money.Of(money.New(rapid.Int64Range(-1, 1).Draw(t, label+" in dollars")*400, -2), "USD")
	}
	return euros(rapid.SampledFrom([]int64{-501, -500, -499, -1, 0, 1, 499, 500, 501}).Draw(t, label+" in euros"))
}

// drawGated draws a change as a gate sees it: what it does, what it costs, who has to see it, and what it waits for.
func drawGated(t *rapid.T) Change {
	kinds := []ChangeKind{Increase, Reprice, CreateCharge, CorrectCharge} // half of the time one that may pass by itself
	if rapid.Bool().Draw(t, "any kind") {
		kinds = []ChangeKind{CreateContract, ExtendContract, CreateService, AttachService, AddRepeat, MarkLine, Increase, Decrease, Reprice, End, CreateCharge, CorrectCharge, RemoveCharge}
	}
	c := Change{Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), CustomerID: pick(t, "customer", billing.CustomerID(""), "c1", "c2"),
		Recurring: drawEffect(t, "recurring"), Proration: drawEffect(t, "proration"), OneOff: drawEffect(t, "one-off")}
	if rapid.Bool().Draw(t, "adjusts") {
		c.Adjust = &Adjustment{UnitChange: 1}
	}
	if price := euros(rapid.Int64Range(1, 2).Draw(t, "price")); c.Kind == Reprice {
		c.Before.UnitPrice, c.After.UnitPrice = pick(t, "price before", nil, new(euros(1)), new(euros(2))), &price
	}
	if rapid.Bool().Draw(t, "charges") {
		c.NewCharge = &billing.DesiredCharge{TrueUp: rapid.IntRange(0, 1).Draw(t, "true-up")}
	}
	switch rapid.IntRange(0, 9).Draw(t, "not alone") {
	case 0:
		c.Holds = []billing.Hold{{Policy: "x"}}
	case 1:
		c.Requires = []string{"a"}
	case 2:
		c.Together = []string{"b"}
	}
	return c
}

// unknown reports whether nobody can say what a change comes to: without a currency, or where a price is written over itself, because what waits may
// carry another one.
func unknown(c Change) bool {
	again := c.Kind == Reprice && c.Before.UnitPrice != nil && c.Before.UnitPrice.Equal(*c.After.UnitPrice)
	return c.Adjust != nil && c.Recurring.Currency() == "" || again
}

// over reports whether any money of a change is more than a limit, or cannot be compared with it.
func over(c Change, limit money.Amount) bool {
	return slices.ContainsFunc([]money.Amount{c.Recurring, c.Proration, c.OneOff}, func(effect money.Amount) bool {
		switch {
		case effect.IsZero():
			return false
		case effect.Currency() != limit.Currency():
			return true
		}
		most, least := limit.Value(), limit.Neg().Value()
		return effect.Value().Cmp(most) > 0 || effect.Value().Cmp(least) < 0
	})
}

// lessens reports whether a change takes money or units from the target, by its kind or by what it makes of a charge that was written.
func lessens(c Change) bool {
	switch c.Kind {
	case Decrease, End, RemoveCharge:
		return true
	case CorrectCharge:
		return c.OneOff.Sign() < 0
	case CreateCharge:
		return c.OneOff.Sign() < 0 && c.NewCharge != nil && c.NewCharge.TrueUp > 0
	}
	return false
}

// TestWhatPassesByItself is the gate in plain words: only more units, another price, and charges that are written or corrected upwards pass without a person, when
// nobody holds them, they wait for nothing, their money is known, and none of it is over the tolerance or in another currency.
func TestWhatPassesByItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawGated(t)
		within := pick(t, "within", money.Amount{}, euros(500), euros(500))
		may := slices.Contains([]ChangeKind{Increase, Reprice, CreateCharge, CorrectCharge}, c.Kind)
		alone := len(c.Holds) == 0 && len(c.Requires) == 0 && len(c.Together) == 0
		want := may && !unknown(c) && alone && !within.IsZero() && !lessens(c) && !over(c, within)
		if got := AutoApproved(c, within); got != want {
			t.Fatalf("passes by itself: %t, want %t: %+v", got, want, c)
		}
	})
}

// TestWhoHoldsAChange is every policy in plain words, and that they do not look at each other: each holds by itself what it names, in a fixed order.
func TestWhoHoldsAChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawGated(t)
		p := newPlanner(Input{Memory: Memory{Lines: []Applied{{LineKey: "l", CustomerID: "c1"}}}})
		settings := &p.in.Settings
		settings.NeverReduce, settings.HoldFirstTime = rapid.Bool().Draw(t, "never-reduce"), rapid.Bool().Draw(t, "first time")
		if rapid.Bool().Draw(t, "limit") {
			settings.HoldOver = euros(500)
		}
		var want []string
		if settings.NeverReduce && lessens(c) {
			want = append(want, "never-reduce")
		}
		if limit := settings.HoldOver; !limit.IsZero() && (unknown(c) || over(c, limit)) {
			want = append(want, "hold-over")
		}
		if settings.HoldFirstTime && c.CustomerID == "c2" {
			want = append(want, "hold-first-time")
		}
		var got []string
		for _, hold := range p.policyHolds(&c) {
			got = append(got, hold.Policy)
			if hold.Why == "" || hold.Blocks {
				t.Fatalf("%s holds without a reason, or for good: %+v", hold.Policy, hold)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("held by %q, want %q: %+v", got, want, c)
		}
	})
}

// TestFindingsOfAPlan: whatever rules and planner find, a plan has each finding once, in the order of their names; of several that differ in their words the
// first customer's, and of his the first in the alphabet, whoever found it first.
func TestFindingsOfAPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var found []billing.Finding
		for range rapid.IntRange(0, 8).Draw(t, "findings") {
			found = append(found, billing.Finding{Kind: pick(t, "kind", billing.FindingDrift, billing.FindingMove), Subject: pick(t, "subject", "line", "line/2", "lina"),
				CustomerID: pick(t, "customer", billing.CustomerID("c1"), "c2"), Message: pick(t, "message", "more", "less")})
		}
		first := map[string]billing.Finding{}
		var ids []string
		for _, f := range found {
			kept, known := first[f.ID()]
			if !known {
				ids = append(ids, f.ID())
			}
			if words := string(f.CustomerID) + " " + f.Message; !known || words < string(kept.CustomerID)+" "+kept.Message {
				first[f.ID()] = f
			}
		}
		slices.SortFunc(ids, func(a, b string) int { return strings.Compare(a+"\x00", b+"\x00") })
		got := onePerID(slices.Clone(found))
		if len(got) != len(ids) {
			t.Fatalf("%d findings of %d, want %q", len(got), len(found), ids)
		}
		for i, f := range got {
			if f.ID() != ids[i] || f != first[ids[i]] {
				t.Fatalf("finding %d is %s of %s: %q, want %+v", i, f.ID(), f.CustomerID, f.Message, first[ids[i]])
			}
		}
		if again := onePerID(rapid.Permutation(found).Draw(t, "another order")); !slices.Equal(again, got) {
			t.Fatalf("in another order %v, want %v", again, got)
		}
	})
}
