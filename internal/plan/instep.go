package plan

import (
	"slices"

	"spindle/internal/billing"
)

// InStep gives the subscriptions behind the lines that need no change although we know other ones: one took the place of another, or an
// earlier version did not remember them. What it gives is to be remembered, so that a later move is recognised. made is the plan that was
// made from the input.
func InStep(in Input, made Plan) map[string][]billing.Share {
	if !made.Complete {
		return nil
	}
	known, on := map[string]*Applied{}, map[billing.SubscriptionID]map[string]bool{}
	for i := range in.Memory.Lines {
		a := &in.Memory.Lines[i]
		known[a.LineKey] = a
	}
	changing := map[string]bool{}
	for _, c := range made.Changes {
		changing[c.LineKey] = true
	}
	var news []*billing.DesiredLine
	for i := range in.Desired.Lines {
		l := &in.Desired.Lines[i]
		a := known[l.Key]
		if a == nil || changing[l.Key] || a.Units != unitsOf(l.Shares) || slices.Equal(a.Shares, l.Shares) {
			continue
		}
		news = append(news, l)
		for _, share := range slices.Concat(a.Shares, l.Shares) {
			on[share.SubscriptionID] = map[string]bool{}
		}
	}
	if len(news) == 0 {
		return nil
	}
	return settledShares(in, news, known, on)
}

// settledShares leaves out the lines between which something still moves: what comes is known on another line, or what goes is not yet
// known where it is wanted.
func settledShares(in Input, news []*billing.DesiredLine, known map[string]*Applied, on map[billing.SubscriptionID]map[string]bool) map[string][]billing.Share {
	for _, a := range in.Memory.Lines {
		for _, share := range a.Shares {
			if lines := on[share.SubscriptionID]; lines != nil && share.Units > 0 {
				lines[a.LineKey] = true
			}
		}
	}
	wanted := map[billing.SubscriptionID]string{}
	for _, l := range in.Desired.Lines {
		for _, share := range l.Shares {
			if on[share.SubscriptionID] != nil && share.Units > 0 {
				wanted[share.SubscriptionID] = l.Key
			}
		}
	}
	found := map[string][]billing.Share{}
	for _, l := range news {
		found[l.Key] = l.Shares
	}
	for dropped := true; dropped; {
		dropped = false
		for _, l := range news {
			comes := func(s billing.Share) bool { return unsettled(on[s.SubscriptionID], l.Key, found) }
			goes := func(s billing.Share) bool {
				to := wanted[s.SubscriptionID]
				return s.Units > 0 && to != "" && !on[s.SubscriptionID][to] && found[to] == nil
			}
			if found[l.Key] != nil && (slices.ContainsFunc(l.Shares, comes) || slices.ContainsFunc(known[l.Key].Shares, goes)) {
				delete(found, l.Key)
				dropped = true
			}
		}
	}
	return found
}

// unsettled reports whether a subscription is known on another line and not on this one, and that line is not in step itself.
func unsettled(on map[string]bool, key string, inStep map[string][]billing.Share) bool {
	if on[key] {
		return false
	}
	for other := range on {
		if inStep[other] == nil {
			return true
		}
	}
	return false
}
