package plan

import (
	"slices"

	"spindle/internal/billing"
)

// After gives what is known of a line once an adjustment of it, or its add-repeat, was applied. An adjustment that takes effect before
// one that was written earlier moves that later level by its delta and leaves its price alone: units and price always speak of From.
// The subscriptions behind the line are known again as soon as its units are what they add up to. A change without adjustment, such as
// the mark of an adopted line, tells only these.
func (a Applied) After(c Change) Applied {
	a = a.moved(c.Moves)
	if c.Adjust != nil {
		a = a.adjusted(c)
	}
	if a.Units == unitsOf(c.Shares) {
		a.Shares = slices.Clone(c.Shares)
	}
	return a
}

func (a Applied) adjusted(c Change) Applied {
	switch {
	case !isKnown(a.Policy, c.Policy, c.Formerly): // what another policy chose is no measure for this one
		a.Since = c.Effective
	case a.Since.IsZero() && !a.From.IsZero():
		a.Since = a.From
	case a.Since.IsZero():
		a.Since = c.Effective
	}
	a.Policy, a.Formerly = c.Policy, c.Formerly
	latest := !c.Effective.Before(a.From)
	switch {
	case latest:
		a.Units, a.From = c.After.Units, c.Effective
	default:
		a.Units += c.Adjust.UnitChange
	}
	if price := c.Adjust.UnitPrice; price != nil {
		a.UnitPrice = price
	} else if latest && c.After.UnitPrice != nil {
		a.UnitPrice = c.After.UnitPrice
	}
	if c.Adjust.UnitChange != 0 {
		a.Turned = append(slices.Clone(a.Turned), c.Effective)
	}
	a.Dates = append(slices.Clone(a.Dates), c.Effective)
	slices.SortFunc(a.Dates, billing.Date.Compare)
	return a
}

// isKnown reports whether it is known when a policy held: it still does, or it is among the former ones.
func isKnown(policy, now billing.EffectivePolicy, formerly []billing.FormerPolicy) bool {
	return policy == "" || policy == now || slices.ContainsFunc(formerly, func(f billing.FormerPolicy) bool { return f.Policy == policy })
}

// moved keeps what came and went, and whose units they are.
func (a Applied) moved(moves []Move) Applied {
	if len(moves) == 0 {
		return a
	}
	a.Moves = append(slices.Clone(a.Moves), moves...)
	slices.SortStableFunc(a.Moves, func(x, y Move) int { return x.Day.Compare(y.Day) })
	a.Shares = slices.Clone(a.Shares)
	for _, m := range moves {
		at := slices.IndexFunc(a.Shares, func(s billing.Share) bool { return s.SubscriptionID == m.SubscriptionID })
		if at < 0 {
			at, a.Shares = len(a.Shares), append(a.Shares, billing.Share{SubscriptionID: m.SubscriptionID})
		}
		a.Shares[at].Units = max(a.Shares[at].Units+m.Units, 0)
	}
	return a
}

// share gives the units of a subscription on the line, as far as we know.
func (a *Applied) share(id billing.SubscriptionID) int64 {
	for _, s := range a.Shares {
		if s.SubscriptionID == id {
			return s.Units
		}
	}
	return 0
}

// hadShare reports whether a subscription is or was on the line, as far as we know.
func (a *Applied) hadShare(id billing.SubscriptionID) bool {
	return a.share(id) > 0 || slices.ContainsFunc(a.Moves, func(m Move) bool { return m.SubscriptionID == id })
}

// cameOn gives the day on which a subscription last came to the line from another one; zero when it never did.
func (a *Applied) cameOn(id billing.SubscriptionID) billing.Date {
	var day billing.Date
	for _, m := range a.Moves {
		if m.SubscriptionID == id && m.Units > 0 {
			day = m.Day
		}
	}
	return day
}

func unitsOf(shares []billing.Share) int64 {
	var sum int64
	for _, s := range shares {
		sum += s.Units
	}
	return sum
}
