package plan

import (
	"fmt"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// Policies are small named filters over changes (design §6.5): each says whether it holds a change, and why.

// reduces reports whether the change makes less stand in the target than before: also a charge that is corrected downwards, in place or by a
// true-up, which an incomplete read could ask for (law 2).
func (c *Change) reduces() bool {
	trueUp := c.NewCharge != nil && c.NewCharge.TrueUp > 0
	return c.Kind.IsReduction() || c.OneOff.Sign() < 0 && (c.Kind == CorrectCharge || c.Kind == CreateCharge && trueUp)
}

// isPriced reports whether the money of a change is known: zero without a currency means that it is not.
func (c *Change) isPriced() bool { return c.Adjust == nil || c.Recurring.Currency() != "" }

// policyHolds asks every policy of the organization.
func (p *planner) policyHolds(c *Change) []billing.Hold {
	var holds []billing.Hold
	for _, policy := range []func(*Change) (billing.Hold, bool){p.neverReduce, p.holdOver, p.holdFirstTime} {
		if hold, held := policy(c); held {
			holds = append(holds, hold)
		}
	}
	return holds
}

func (p *planner) neverReduce(c *Change) (billing.Hold, bool) {
	if !p.in.Settings.NeverReduce || !c.reduces() {
		return billing.Hold{}, false
	}
	return billing.Hold{Policy: "never-reduce", Why: "this organization lets nothing be reduced without a person"}, true
}

func (p *planner) holdOver(c *Change) (billing.Hold, bool) {
	limit := p.in.Settings.HoldOver
	if limit.IsZero() {
		return billing.Hold{}, false
	}
	if !c.MoneyKnown() {
		return billing.Hold{Policy: "hold-over", Why: fmt.Sprintf("its money effect is not known, and the limit is %s", limit)}, true
	}
	for _, effect := range []money.Amount{c.Recurring, c.Proration, c.OneOff} {
		over := effect.Currency() == limit.Currency() && effect.Value().Abs().Cmp(limit.Value()) > 0
		foreign := !effect.IsZero() && effect.Currency() != limit.Currency()
		if over || foreign {
			return billing.Hold{Policy: "hold-over", Why: fmt.Sprintf("its money effect of %s is over the limit of %s", effect.Signed(), limit)}, true
		}
	}
	return billing.Hold{}, false
}

func (p *planner) holdFirstTime(c *Change) (billing.Hold, bool) {
	if !p.in.Settings.HoldFirstTime || c.CustomerID == "" || p.known[c.CustomerID] {
		return billing.Hold{}, false
	}
	return billing.Hold{Policy: "hold-first-time", Why: "nothing was ever billed to this customer by Spindle"}, true
}

// AutoApproved reports whether the tolerance lets a change pass without a person (policy auto-approve-within). Held changes, creations of
// contracts and services, reductions, moves, changes whose money is not known, and changes that wait for another one never pass by themselves.
func AutoApproved(c Change, within money.Amount) bool {
	if within.IsZero() || c.Held() || c.reduces() || !c.MoneyKnown() {
		return false
	}
	switch c.Kind {
	case Increase, Reprice, CorrectCharge, CreateCharge:
	default:
		return false
	}
	for _, effect := range []money.Amount{c.Recurring, c.Proration, c.OneOff} {
		if effect.IsZero() {
			continue
		}
		if effect.Currency() != within.Currency() || effect.Value().Abs().Cmp(within.Value()) > 0 {
			return false
		}
	}
	return len(c.Requires) == 0 && len(c.Together) == 0
}
