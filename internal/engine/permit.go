package engine

import (
	"fmt"

	"spindle/internal/billing"
	"spindle/internal/plan"
)

// permit knows what operators have decided by now. An approval is older than the apply: a customer may have been unmapped, mapped to another
// company or switched off in between, and then nothing of it is written any more (law 1).
type permit struct {
	mappings  billing.Mappings
	companies map[billing.CustomerID]billing.CompanyID
	enabled   map[billing.CustomerID]bool
	contracts map[billing.ContractID]billing.CompanyID // as just read
	shares    map[string][]billing.Share               // subscriptions behind a line, by line key, as planned
}

func newPermit(m billing.Mappings, planned billing.Desired, o billing.Observed) permit {
	p := permit{mappings: m, companies: map[billing.CustomerID]billing.CompanyID{}, enabled: map[billing.CustomerID]bool{},
		contracts: map[billing.ContractID]billing.CompanyID{}, shares: map[string][]billing.Share{}}
	for _, c := range m.Companies {
		p.companies[c.CustomerID] = c.CompanyID
	}
	for _, id := range enabled(m) {
		p.enabled[id] = true
	}
	for _, c := range o.Contracts {
		p.contracts[c.ID] = c.CompanyID
	}
	for _, l := range planned.Lines {
		p.shares[l.Key] = l.Shares
	}
	return p
}

// refuses says why a change may not be written any more; "" when it may.
func (p permit) refuses(c plan.Change) string {
	if c.CustomerID == "" { // a service of the catalogue belongs to nobody
		return ""
	}
	company, mapped := p.companies[c.CustomerID]
	switch {
	case !mapped:
		return fmt.Sprintf("%s is not mapped to a company any more", c.Customer)
	case !p.enabled[c.CustomerID]:
		return fmt.Sprintf("billing of %s was switched off after the plan", c.Customer)
	case c.NewContract != nil && c.NewContract.CompanyID != company:
		return fmt.Sprintf("%s was mapped to company %s after the plan", c.Customer, company)
	}
	if theirs, read := p.contracts[billing.ContractID(c.Contract.ID)]; read && theirs != company {
		return fmt.Sprintf("contract %s belongs to company %s, but %s is now mapped to company %s", c.Contract.ID, theirs, c.Customer, company)
	}
	for _, share := range p.shares[c.LineKey] {
		if !billedNow(p.mappings, c.CustomerID, share.SubscriptionID) {
			return fmt.Sprintf("billing of subscription %s was switched off after the plan", share.SubscriptionID)
		}
	}
	return ""
}

// billedNow reads the switch of a subscription: its own wins over the customer's.
func billedNow(m billing.Mappings, customer billing.CustomerID, subscription billing.SubscriptionID) bool {
	on := false
	for _, s := range m.Switches {
		switch {
		case s.SubscriptionID == subscription && (s.CustomerID == customer || s.CustomerID == ""):
			return s.On
		case s.SubscriptionID == "" && s.CustomerID == customer:
			on = s.On
		}
	}
	return on
}
