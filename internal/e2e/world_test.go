package e2e

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/sim/scenario"
)

// demoWorld is the scenario that the demo plays.
func demoWorld(t testing.TB) scenario.Scenario {
	t.Helper()
	return must(scenario.Named("demo", firstDay()))(t)
}

// smallWorld has one customer with a contract of its own and one whose contract Spindle manages, both with Azure.
func smallWorld(t testing.TB) scenario.Scenario {
	t.Helper()
	w := demoWorld(t)
	w.Customers = []scenario.Customer{w.Customers[1], w.Customers[9]}
	return w
}

// tinyWorld needs every kind of change that a first month can have, with few changes: a managed contract that carries one service twice
// and an Azure charge, and a contract that exists.
func tinyWorld(t testing.TB) scenario.Scenario {
	t.Helper()
	w := smallWorld(t)
	existing, managed := w.Customers[0], w.Customers[1]
	existing.Subscriptions, existing.Azure, existing.AzurePlanID = existing.Subscriptions[:1], nil, ""
	twin := managed.Subscriptions[0]
	twin.ID, twin.Quantity = managed.Subscriptions[1].ID, 4
	managed.Subscriptions = []scenario.Subscription{managed.Subscriptions[0], twin}
	w.Customers = []scenario.Customer{existing, managed}
	return w
}

// laterWorld is tinyWorld with more lines on the existing contract, so that each can change in its own way later.
func laterWorld(t testing.TB) scenario.Scenario {
	t.Helper()
	w := tinyWorld(t)
	w.Customers[0].Subscriptions = demoWorld(t).Customers[1].Subscriptions
	return w
}

// twinPrice gives the second subscription of the tiny world's second customer a price of its own, so that it needs a line of its own.
func (s *stage) twinPrice() {
	s.t.Helper()
	s.fixedPrice(s.world.Customers[1].Subscriptions[1].ID, "99")
}

func (s *stage) fixedPrice(subscription, price string) {
	s.t.Helper()
	must(s.app.Engine.SavePriceRule(s.t.Context(), s.org, billing.PriceRule{Kind: billing.FixedRule, Value: must(money.Parse(price))(s.t),
		Currency: "EUR", SubscriptionID: billing.SubscriptionID(subscription)}, clerk))(s.t)
}
