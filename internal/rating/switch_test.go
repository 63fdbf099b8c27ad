package rating

import (
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
)

// TestOneAnswerToIsItBilled: what is rated and what is looked at right before a write ask the same switches, so they agree on every one (law 1).
func TestOneAnswerToIsItBilled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m billing.Mappings
		customers, subscriptions := []billing.CustomerID{"", alder, dunmore}, []billing.SubscriptionID{"", "s1", "s2"}
		for range rapid.IntRange(0, 6).Draw(t, "switches") {
			m.Switches = append(m.Switches, billing.BillingSwitch{
				CustomerID: rapid.SampledFrom(customers).Draw(t, "customer"), SubscriptionID: rapid.SampledFrom(subscriptions).Draw(t, "subscription"),
				On: rapid.IntRange(0, 3).Draw(t, "on") > 0, From: rapid.SampledFrom([]billing.Month{"", "2026-09", "2026-10"}).Draw(t, "from"),
			})
		}
		d := newDecisions(m)
		for _, c := range customers {
			for _, s := range subscriptions {
				decides, found := m.Switch(c, s)
				state, by := d.billed(c, s)
				if found != (state != notSwitched) || decides.On != (state == switchedOn) || decides.From != by.From {
					t.Fatalf("customer %q, subscription %q: rated as %s from %q, written as found %v, %+v", c, s, state, by.From, found, decides)
				}
			}
		}
	})
}
