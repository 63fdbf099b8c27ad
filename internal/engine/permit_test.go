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
		{"contract of a customer mapped elsewhere", billing.Mappings{Companies: []billing.CompanyMapping{{CustomerID: "c", CompanyID: "2"}}, Switches: on}, contract, "mapped to company 2"},
	}
	planned := billing.Desired{Lines: []billing.DesiredLine{{Key: "l", Shares: []billing.Share{{SubscriptionID: "s1"}, {SubscriptionID: "s2"}}}}}
	observed := billing.Observed{Contracts: []billing.Contract{{ID: "100", CompanyID: "1"}}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := newPermit(tt.mappings, planned, observed).refuses(tt.change)
			if got == "" && tt.want != "" || got != "" && tt.want == "" || !strings.Contains(got, tt.want) {
				t.Errorf("refuses: got %q, want a reason with %q", got, tt.want)
			}
		})
	}
}
