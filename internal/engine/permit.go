package engine

import (
	"fmt"

	"spindle/internal/billing"
	"spindle/internal/plan"
	"spindle/internal/rating"
)

// permit knows what operators have decided by now. An approval is older than the apply: a customer may have been unmapped, mapped to another
// company or switched off in between, and then nothing of it is written any more (law 1).
type permit struct {
	mappings  billing.Mappings
	companies map[billing.CustomerID]billing.CompanyID
	enabled   map[billing.CustomerID]bool
	contracts map[billing.ContractID]billing.CompanyID // as just read
	shares    map[string][]billing.Share               // subscriptions behind a line, by line key, as planned
	routes    rating.Routes
	wanted    map[string]bool // keys of the charges that are asked for by now
}

func newPermit(organization string, m billing.Mappings, planned billing.Desired, o billing.Observed) permit {
	p := permit{mappings: m, companies: map[billing.CustomerID]billing.CompanyID{}, enabled: map[billing.CustomerID]bool{},
		contracts: map[billing.ContractID]billing.CompanyID{}, shares: map[string][]billing.Share{},
		routes: rating.NewRoutes(organization, m), wanted: map[string]bool{}}
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
	switch {
	case c.Kind == plan.RemoveCharge:
		return p.refusesRemoval(c)
	case c.CustomerID == "": // a service of the catalogue belongs to nobody
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
	if c.NewCharge != nil {
		return p.refusesCharge(*c.NewCharge)
	}
	return p.beforeFirst(c)
}

// beforeFirst refuses what bills a month before the first one, when that was moved to a later month after the plan.
func (p permit) beforeFirst(c plan.Change) string {
	if c.After.Units <= c.Before.Units || c.Effective.IsZero() {
		return ""
	}
	for _, share := range p.shares[c.LineKey] {
		if month := p.movedTo(c.CustomerID, share.SubscriptionID, billing.MonthOf(c.Effective)); month != "" {
			return fmt.Sprintf("the first billed month was moved to %s after the plan", month)
		}
	}
	return ""
}

// refusesRemoval lets a charge of ours go, also one of a customer that is switched off, unmapped or mapped elsewhere by now: that may be why it
// goes, and a person approved it. It stays when it is asked for again.
func (p permit) refusesRemoval(c plan.Change) string {
	if p.wanted[c.ChargeKey] {
		return fmt.Sprintf("%s is asked for again since the plan", c.What)
	}
	return ""
}

// refusesCharge looks at everything that a charge bills: each subscription must still be billed, to the same company, and but for true-ups,
// which go where the month was charged, on the same contract.
func (p permit) refusesCharge(d billing.DesiredCharge) string {
	places := d.Places
	if len(places) == 0 {
		places = []billing.Place{{CustomerID: d.CustomerID}}
	}
	for _, from := range places {
		company, mapped := p.companies[from.CustomerID]
		decides, _ := p.mappings.Switch(from.CustomerID, from.SubscriptionID)
		known := from.SubscriptionID != "" // else it is not known any more whose subscription it was
		switch {
		case !mapped:
			return fmt.Sprintf("customer %s, who is in the charge, is not mapped to a company any more", from.CustomerID)
		case d.CompanyID != "" && company != d.CompanyID:
			return fmt.Sprintf("customer %s, who is in the charge, was mapped to company %s after the plan", from.CustomerID, company)
		case !known && !p.enabled[from.CustomerID]:
			return fmt.Sprintf("billing of customer %s was switched off after the plan", from.CustomerID)
		case known && !decides.On:
			return fmt.Sprintf("billing of subscription %s was switched off after the plan", from.SubscriptionID)
		case p.movedTo(from.CustomerID, from.SubscriptionID, d.Month) != "":
			return fmt.Sprintf("the first billed month was moved to %s after the plan", decides.From)
		case !known || d.TrueUp > 0:
			continue
		}
		if why := p.refusesRoute(from, d.Contract); why != "" {
			return why
		}
	}
	return ""
}

func (p permit) refusesRoute(from billing.Place, contract billing.Ref) string {
	what := "subscription " + string(from.SubscriptionID)
	if from.ResourceGroup != "" {
		what = "resource group " + from.ResourceGroup + " of " + what
	}
	now, known := p.routes.Contract(from)
	switch {
	case !known:
		return fmt.Sprintf("parts of %s were routed by themselves after the plan", what)
	case now.IsZero():
		return fmt.Sprintf("%s is not routed to a contract any more", what)
	case now != contract:
		return fmt.Sprintf("%s was routed from contract %s to contract %s after the plan", what, contract, now)
	}
	return ""
}

// movedTo gives the first billed month of a subscription when a month lies before it.
func (p permit) movedTo(customer billing.CustomerID, subscription billing.SubscriptionID, month billing.Month) billing.Month {
	if b, _ := p.mappings.Switch(customer, subscription); b.On && month < b.From {
		return b.From
	}
	return ""
}

// billedNow reads the switch of a subscription: its own wins over the customer's.
func billedNow(m billing.Mappings, customer billing.CustomerID, subscription billing.SubscriptionID) bool {
	b, _ := m.Switch(customer, subscription)
	return b.On
}
