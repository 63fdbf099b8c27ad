package rating

import (
	"cmp"
	"slices"
	"strings"

	"spindle/internal/billing"
)

// decisions indexes what operators decided.
type decisions struct {
	companies   map[billing.CustomerID]billing.CompanyMapping
	switches    map[switchKey]billing.BillingSwitch
	routes      map[billing.CustomerID][]billing.Route // most specific first
	services    map[billing.Offer]billing.ServiceMapping
	authorities []billing.AuthorityRule // most specific first
}

type switchKey struct {
	customer     billing.CustomerID
	subscription billing.SubscriptionID
}

func newDecisions(m billing.Mappings) decisions {
	d := decisions{
		companies:   map[billing.CustomerID]billing.CompanyMapping{},
		switches:    map[switchKey]billing.BillingSwitch{},
		routes:      map[billing.CustomerID][]billing.Route{},
		services:    map[billing.Offer]billing.ServiceMapping{},
		authorities: slices.Clone(m.Authorities),
	}
	for _, c := range m.Companies {
		if old, twice := d.companies[c.CustomerID]; !twice || c.CompanyID < old.CompanyID {
			d.companies[c.CustomerID] = c
		}
	}
	for _, s := range m.Switches {
		key := switchKey{s.CustomerID, s.SubscriptionID}
		if old, twice := d.switches[key]; twice { // two answers for one question: the cautious one
			s.On, s.From = s.On && old.On, max(s.From, old.From)
		}
		d.switches[key] = s
	}
	for _, s := range m.Services {
		if old, twice := d.services[s.Offer]; !twice || s.ServiceID < old.ServiceID {
			d.services[s.Offer] = s
		}
	}
	for _, route := range m.Routes {
		d.routes[route.CustomerID] = append(d.routes[route.CustomerID], route)
	}
	for _, routes := range d.routes {
		slices.SortFunc(routes, compareRoutes)
	}
	slices.SortFunc(d.authorities, compareAuthorities)
	return d
}

// switchState is the answer to "is this billed?".
type switchState string

const (
	switchedOn  switchState = "on"
	switchedOff switchState = "off"
	notSwitched switchState = "none" // nobody decided: off
)

// billed reads the switch: the subscription's own wins over the customer's.
func (d decisions) billed(customer billing.CustomerID, sub billing.SubscriptionID) (switchState, billing.BillingSwitch) {
	for _, key := range []switchKey{{customer, sub}, {"", sub}, {customer, ""}} {
		if key == (switchKey{}) || key.customer == "" && sub == "" {
			continue
		}
		if b, decided := d.switches[key]; decided && b.On {
			return switchedOn, b
		} else if decided {
			return switchedOff, b
		}
	}
	return notSwitched, billing.BillingSwitch{}
}

// place is what a route is looked up for. Licences have neither Azure subscription nor resource group.
type place struct {
	customer     billing.CustomerID
	subscription billing.SubscriptionID
	azure        billing.AzureSubscriptionID
	group        string
}

// route gives the most specific route: resource group, Azure subscription, subscription, customer (design §6.4).
func (d decisions) route(p place) (billing.Route, bool) {
	for _, r := range d.routes[p.customer] {
		if (r.SubscriptionID == "" || r.SubscriptionID == p.subscription) &&
			(r.AzureSubscriptionID == "" || r.AzureSubscriptionID == p.azure) &&
			(r.ResourceGroup == "" || r.ResourceGroup == p.group) {
			return r, r.Managed || r.ContractID != ""
		}
	}
	return billing.Route{}, false
}

// startDay gives the start day that the customer as a whole asks of a managed contract, 0 for the organization's.
func (d decisions) startDay(customer billing.CustomerID) int {
	for _, r := range d.routes[customer] {
		if r.Managed && routeWeight(r) == 0 {
			return r.StartDay
		}
	}
	return 0
}

func routeWeight(r billing.Route) int {
	weight := 0
	if r.ResourceGroup != "" {
		weight += 4
	}
	if r.AzureSubscriptionID != "" {
		weight += 2
	}
	if r.SubscriptionID != "" {
		weight++
	}
	return weight
}

// compareRoutes orders routes: the most specific first, of two for the same an existing contract before a managed one.
func compareRoutes(a, b billing.Route) int {
	managed := func(r billing.Route) int {
		if r.Managed {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(routeWeight(b), routeWeight(a)), cmp.Compare(managed(a), managed(b)), cmp.Compare(a.ContractID, b.ContractID),
		cmp.Compare(a.StartDay, b.StartDay))
}

// authority says who decides the price: customer and product, then product, then customer, then Spindle.
func (d decisions) authority(customer billing.CustomerID, o billing.Offer) billing.PriceAuthority {
	for _, a := range d.authorities {
		if (a.CustomerID == "" || a.CustomerID == customer) && productMatches(a.ProductID, o.ProductID, o.SKUID) {
			return a.Authority
		}
	}
	return billing.SpindlePrices
}

// compareAuthorities orders authorities: the most specific first, and of two answers "autotask": never write a price on doubt.
func compareAuthorities(a, b billing.AuthorityRule) int {
	return cmp.Or(cmp.Compare(authorityWeight(b), authorityWeight(a)), cmp.Compare(a.Authority, b.Authority))
}

func authorityWeight(a billing.AuthorityRule) int {
	weight := 2 * productWeight(a.ProductID)
	if a.CustomerID != "" && weight > 0 {
		weight += 10
	} else if a.CustomerID != "" {
		weight++
	}
	return weight
}

// productMatches compares the product of a rule: "" matches all, "P" a product, "P:SKU" one SKU of it.
func productMatches(rule, product, sku string) bool {
	return rule == "" || rule == product || rule == product+":"+sku
}

// productWeight says how specific the product of a rule is.
func productWeight(rule string) int {
	switch {
	case rule == "":
		return 0
	case rule == azureProduct:
		return 1
	case strings.Contains(rule, ":"):
		return 3
	}
	return 2
}

// catalogue indexes what the target offers.
type catalogue struct {
	companies map[billing.CompanyID]billing.Company
	services  map[billing.ServiceID]billing.Service
	contracts map[billing.ContractID]billing.Contract
	marked    map[string]billing.Contract // managed contracts that exist, by mark
}

func newCatalogue(c billing.Catalogue) catalogue {
	index := catalogue{
		companies: map[billing.CompanyID]billing.Company{},
		services:  map[billing.ServiceID]billing.Service{},
		contracts: map[billing.ContractID]billing.Contract{},
		marked:    map[string]billing.Contract{},
	}
	for _, company := range c.Companies {
		index.companies[company.ID] = company
	}
	for _, service := range c.Services {
		index.services[service.ID] = service
	}
	for _, contract := range c.Contracts {
		index.contracts[contract.ID] = contract
		if old, twice := index.marked[contract.Mark]; contract.Mark != "" && (!twice || contract.ID < old.ID) {
			index.marked[contract.Mark] = contract
		}
	}
	return index
}
