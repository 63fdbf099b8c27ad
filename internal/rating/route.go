package rating

import (
	"fmt"

	"spindle/internal/billing"
)

// Routes answers where money of a place goes, as operators have decided by now. It is what a charge is checked against right before it is
// written, when its plan may be old (law 1).
type Routes struct {
	organization string
	decisions    decisions
}

// NewRoutes indexes decisions; the organization is that of marks.
func NewRoutes(organization string, m billing.Mappings) Routes {
	return Routes{organization, newDecisions(m)}
}

// Contract gives the contract of a place: by id, or by mark when Spindle manages it; a zero Ref when no route leads anywhere. ok is false
// when the place says too little: a route now asks for the Azure subscription or the resource group, and the place was noted without.
func (r Routes) Contract(p billing.Place) (contract billing.Ref, ok bool) {
	if !p.Whole && p.AzureSubscriptionID == "" && p.ResourceGroup == "" && r.decisions.isSplit(p.CustomerID) {
		return billing.Ref{}, false
	}
	route, _ := r.decisions.route(place{p.CustomerID, p.SubscriptionID, p.AzureSubscriptionID, p.ResourceGroup})
	if !route.Managed {
		return billing.Ref{ID: string(route.ContractID)}, true // none when no route was found
	}
	purpose, _ := r.decisions.purpose(route)
	return billing.Ref{Mark: billing.ContractMark(r.organization, p.CustomerID, purpose)}, true
}

// isSplit reports whether some route of a customer looks at Azure subscriptions or resource groups.
func (d decisions) isSplit(customer billing.CustomerID) bool {
	routes := d.routes[customer]
	return len(routes) > 0 && (routes[0].ResourceGroup != "" || routes[0].AzureSubscriptionID != "") // the most specific comes first
}

// origin is what a charge keeps of a place: no more than the customer's routes ask for, because a customer may have thousands of resource
// groups.
func (d decisions) origin(p place) billing.Place {
	from := billing.Place{CustomerID: p.customer, SubscriptionID: p.subscription}
	if d.isSplit(p.customer) {
		from.AzureSubscriptionID, from.ResourceGroup, from.Whole = p.azure, p.group, true
	}
	return from
}

// purpose names the managed contract that a route leads to. own reports that the route asks for another start day than the customer has,
// which needs a contract of its own.
func (d decisions) purpose(route billing.Route) (purpose string, own bool) {
	if route.StartDay != 0 && route.StartDay != d.startDay(route.CustomerID) {
		return fmt.Sprintf("cloud:%d", route.StartDay), true
	}
	return "cloud", false
}
