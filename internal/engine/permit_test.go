package engine

import (
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/plan"
)

// TestPermitFollowsDecisionsAfterTheApproval takes decisions back after a plan was approved: nothing of them may be written (law 1).
func TestPermitFollowsDecisionsAfterTheApproval(t *testing.T) {
	mapped := []billing.CompanyMapping{{CustomerID: "c", CompanyID: "1"}}
	on := []billing.BillingSwitch{{CustomerID: "c", On: true}}
	line := plan.Change{CustomerID: "c", Customer: "Alder", LineKey: "l", Contract: billing.Ref{ID: "100"}}
	charge := plan.Change{CustomerID: "c", Customer: "Alder", ChargeKey: "k", Contract: billing.Ref{ID: "100"}}
	contract := plan.Change{CustomerID: "c", Customer: "Alder", NewContract: &billing.DesiredContract{CompanyID: "1"}}
	service := plan.Change{Service: billing.Ref{Mark: "m"}}
	from := func(month billing.Month) billing.Mappings {
		return billing.Mappings{Companies: mapped, Switches: []billing.BillingSwitch{{CustomerID: "c", On: true, From: month},
			{CustomerID: "c", SubscriptionID: "s9", On: true, From: "2026-12"}}}
	}
	october, later, seats, fewer := charge, charge, line, line
	october.Kind, october.NewCharge = plan.CreateCharge, &billing.DesiredCharge{CustomerID: "c", Month: "2026-10"}
	later.Kind, later.NewCharge = plan.CreateCharge, &billing.DesiredCharge{Month: "2026-10", Places: []billing.Place{{CustomerID: "c", SubscriptionID: "s9"}}}
	seats.Effective, seats.After.Units = billing.NewDate(2026, 11, 1), 3
	fewer.Effective, fewer.Before.Units = billing.NewDate(2026, 11, 1), 3
	tests := []struct {
		name     string
		mappings billing.Mappings
		change   plan.Change
		want     string // part of the reason; "" when permitted
	}{
		{"a line as approved", billing.Mappings{Companies: mapped, Switches: on}, line, ""},
		{"a charge as approved", billing.Mappings{Companies: mapped, Switches: on}, charge, ""},
		{"a contract as approved", billing.Mappings{Companies: mapped, Switches: on}, contract, ""},
		{"a catalogue service belongs to nobody", billing.Mappings{}, service, ""},
		{"unmapped", billing.Mappings{Switches: on}, line, "not mapped"},
		{"charge of an unmapped customer", billing.Mappings{Switches: on}, charge, "not mapped"},
		{"switched off", billing.Mappings{Companies: mapped, Switches: []billing.BillingSwitch{{CustomerID: "c"}}}, charge, "switched off"},
		{"one of its subscriptions switched off", billing.Mappings{Companies: mapped,
			Switches: append([]billing.BillingSwitch{{CustomerID: "c", SubscriptionID: "s2"}}, on...)}, line, "s2"},
		{"its subscriptions switched on one by one", billing.Mappings{Companies: mapped, Switches: []billing.BillingSwitch{
			{CustomerID: "c", SubscriptionID: "s1", On: true}, {CustomerID: "c", SubscriptionID: "s2", On: true}}}, line, ""},
		{"another subscription switched off", billing.Mappings{Companies: mapped,
			Switches: append([]billing.BillingSwitch{{CustomerID: "c", SubscriptionID: "s3"}}, on...)}, line, ""},
		{"line of a customer mapped elsewhere", billing.Mappings{Companies: []billing.CompanyMapping{{CustomerID: "c", CompanyID: "2"}}, Switches: on}, line, "belongs to company 1"},
		{"a charge of the first month", from("2026-10"), october, ""},
		{"a charge of a month before it", from("2026-11"), october, "moved to 2026-11"},
		{"a charge of a subscription with a later month", from("2026-10"), later, "moved to 2026-12"},
		{"seats from the first month on", from("2026-11"), seats, ""},
		{"seats before it", from("2026-12"), seats, "moved to 2026-12"},
		{"fewer seats at any time", from("2026-12"), fewer, ""},
		{"contract of a customer mapped elsewhere", billing.Mappings{Companies: []billing.CompanyMapping{{CustomerID: "c", CompanyID: "2"}}, Switches: on}, contract, "mapped to company 2"},
	}
	planned := billing.Desired{Lines: []billing.DesiredLine{{Key: "l", Shares: []billing.Share{{SubscriptionID: "s1"}, {SubscriptionID: "s2"}}}}}
	observed := billing.Observed{Contracts: []billing.Contract{{ID: "100", CompanyID: "1"}}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := newPermit("o", tt.mappings, planned, observed).refuses(tt.change)
			if got == "" && tt.want != "" || got != "" && tt.want == "" || !strings.Contains(got, tt.want) {
				t.Errorf("refuses: got %q, want a reason with %q", got, tt.want)
			}
		})
	}
}

// TestPermitOfChargesLooksAtEverySubscription takes back one decision at a time after a plan with a charge was approved: the charge is not
// written any more, and the reason names what was decided (law 1).
func TestPermitOfChargesLooksAtEverySubscription(t *testing.T) {
	decided := func(change func(*billing.Mappings)) billing.Mappings {
		m := billing.Mappings{Companies: []billing.CompanyMapping{{CustomerID: "c", CompanyID: "1"}, {CustomerID: "d", CompanyID: "1"}},
			Switches: []billing.BillingSwitch{{CustomerID: "c", On: true}, {CustomerID: "d", On: true}},
			Routes:   []billing.Route{{CustomerID: "c", ContractID: "100"}, {CustomerID: "d", ContractID: "100"}}}
		change(&m)
		return m
	}
	places := []billing.Place{{CustomerID: "c", SubscriptionID: "s1"}, {CustomerID: "d", SubscriptionID: "s2"}}
	grouped := []billing.Place{{CustomerID: "c", SubscriptionID: "s1", ResourceGroup: "erp"}}
	off := func(m *billing.Mappings) {
		m.Switches = append([]billing.BillingSwitch{{CustomerID: "d", SubscriptionID: "s2"}}, m.Switches...)
	}
	rerouted := func(m *billing.Mappings) { m.Routes[1].ContractID = "200" }
	tests := []struct {
		name   string
		change func(*billing.Mappings)
		trueUp int
		places []billing.Place
		want   string
	}{
		{"as planned", func(*billing.Mappings) {}, 0, places, ""},
		{"the second subscription switched off", off, 0, places, "billing of subscription s2 was switched off"},
		{"nobody decided for it any more", func(m *billing.Mappings) { m.Switches = m.Switches[:1] }, 0, places, "subscription s2"},
		{"another subscription switched off", func(m *billing.Mappings) {
			m.Switches = append(m.Switches, billing.BillingSwitch{CustomerID: "d", SubscriptionID: "s3"})
		}, 0, places, ""},
		{"billed from a later month on", func(m *billing.Mappings) { m.Switches[1].From = "2026-11" }, 0, places, "moved to 2026-11"},
		{"billed from that month on", func(m *billing.Mappings) { m.Switches[1].From = "2026-10" }, 0, places, ""},
		{"the second customer unmapped", func(m *billing.Mappings) { m.Companies = m.Companies[:1] }, 0, places, "customer d"},
		{"the second customer mapped elsewhere", func(m *billing.Mappings) { m.Companies[1].CompanyID = "2" }, 0, places, "mapped to company 2"},
		{"routed to another contract", rerouted, 0, places, "from contract 100 to contract 200"},
		{"routed nowhere", func(m *billing.Mappings) { m.Routes = m.Routes[:1] }, 0, places, "not routed to a contract"},
		{"a resource group routed by itself", func(m *billing.Mappings) {
			m.Routes = append(m.Routes, billing.Route{CustomerID: "d", ResourceGroup: "erp", ContractID: "200"})
		}, 0, places, "parts of subscription s2"},
		{"a resource group routed by itself, and a purchase, which has none", func(m *billing.Mappings) {
			m.Routes = append(m.Routes, billing.Route{CustomerID: "d", ResourceGroup: "erp", ContractID: "200"})
		}, 0, []billing.Place{{CustomerID: "d", SubscriptionID: "s2", Whole: true}}, ""},
		{"a purchase routed elsewhere beside resource groups", func(m *billing.Mappings) {
			m.Routes = append(m.Routes, billing.Route{CustomerID: "d", ResourceGroup: "erp", ContractID: "100"}, billing.Route{CustomerID: "d", SubscriptionID: "s2", ContractID: "200"})
		}, 0, []billing.Place{{CustomerID: "d", SubscriptionID: "s2", Whole: true}}, "from contract 100 to contract 200"},
		{"its resource group routed elsewhere", func(m *billing.Mappings) {
			m.Routes = append(m.Routes, billing.Route{CustomerID: "c", ResourceGroup: "erp", ContractID: "200"})
		}, 0, grouped, "resource group erp of subscription s1"},
		{"another resource group routed elsewhere", func(m *billing.Mappings) {
			m.Routes = append(m.Routes, billing.Route{CustomerID: "c", ResourceGroup: "web", ContractID: "200"})
		}, 0, grouped, ""},
		{"a true-up stays where the month was charged", rerouted, 1, places, ""},
		{"a true-up of what is switched off", off, 1, places, "billing of subscription s2 was switched off"},
		{"a true-up of nothing that is left", func(*billing.Mappings) {}, 1, []billing.Place{{CustomerID: "c"}, {CustomerID: "d"}}, ""},
		{"a true-up of nothing that is left, switched off", func(m *billing.Mappings) { m.Switches[1].On = false }, 1, []billing.Place{{CustomerID: "c"}, {CustomerID: "d"}}, "billing of customer d"},
	}
	observed := billing.Observed{Contracts: []billing.Contract{{ID: "100", CompanyID: "1"}, {ID: "200", CompanyID: "1"}}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, kind := range []plan.ChangeKind{plan.CreateCharge, plan.CorrectCharge} {
				c := plan.Change{Kind: kind, CustomerID: "c", Customer: "Alder", ChargeKey: "k", Contract: billing.Ref{ID: "100"}, NewCharge: &billing.DesiredCharge{
					CompanyID: "1", Contract: billing.Ref{ID: "100"}, Month: "2026-10", TrueUp: tt.trueUp, Places: tt.places}}
				got := newPermit("o", decided(tt.change), billing.Desired{}, observed).refuses(c)
				if got == "" && tt.want != "" || got != "" && tt.want == "" || !strings.Contains(got, tt.want) {
					t.Errorf("%s refuses: got %q, want a reason with %q", kind, got, tt.want)
				}
			}
		})
	}
}

// TestPermitOfRemovals: a charge of a customer that was switched off or unmapped may be removed, but not once it is asked for again.
func TestPermitOfRemovals(t *testing.T) {
	c := plan.Change{Kind: plan.RemoveCharge, CustomerID: "c", Customer: "Alder", What: "Azure", ChargeKey: "k", Contract: billing.Ref{ID: "100"}}
	p := newPermit("o", billing.Mappings{}, billing.Desired{}, billing.Observed{})
	if why := p.refuses(c); why != "" {
		t.Errorf("refused: %s", why)
	}
	p.wanted["k"] = true
	if why := p.refuses(c); !strings.Contains(why, "asked for again") {
		t.Errorf("got %q", why)
	}
}
