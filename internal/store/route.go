package store

import (
	"context"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// SaveRoute says which contract something of a customer goes to. A route with the same customer, subscription, Azure subscription and
// resource group is replaced. Resource groups are folded to lower case.
func (s *Store) SaveRoute(ctx context.Context, org billing.OrganizationID, r billing.Route, by string) error {
	return s.SaveRoutes(ctx, org, []billing.Route{r}, by)
}

// SaveRoutes saves many routes, all or none.
func (s *Store) SaveRoutes(ctx context.Context, org billing.OrganizationID, all []billing.Route, by string) error {
	for _, r := range all {
		switch {
		case r.CustomerID == "":
			return fault.Invalidf("a route needs a customer").WithField("customer")
		case r.Managed == (r.ContractID != ""):
			return fault.Invalidf("a route goes either to an existing contract or to one that Spindle manages").WithField("contract")
		case r.StartDay < 0 || r.StartDay > 31:
			return fault.Invalidf("%d is not a day of the month", r.StartDay).WithField("start day").Do("use 1 to 31, or 0 for the organization's setting")
		}
	}
	return s.write(ctx, org, func(t *txn) error {
		for _, r := range all {
			r.ResourceGroup = strings.ToLower(r.ResourceGroup)
			if err := t.decide(ctx, decision{by, "mapping.route.saved", routeSubject(r), r},
				`INSERT INTO route (organization_id, customer_id, subscription_id, azure_subscription_id, resource_group, contract_id, managed,
				start_day) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
				ON CONFLICT (organization_id, customer_id, subscription_id, azure_subscription_id, resource_group)
				DO UPDATE SET contract_id = excluded.contract_id, managed = excluded.managed, start_day = excluded.start_day`,
				r.CustomerID, r.SubscriptionID, r.AzureSubscriptionID, r.ResourceGroup, r.ContractID, r.Managed, r.StartDay); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteRoute removes the route with the customer, subscription, Azure subscription and resource group of r.
func (s *Store) DeleteRoute(ctx context.Context, org billing.OrganizationID, r billing.Route, by string) error {
	r.ResourceGroup = strings.ToLower(r.ResourceGroup)
	return s.decide(ctx, org, decision{by, "mapping.route.deleted", routeSubject(r), nil},
		`DELETE FROM route WHERE organization_id = $1 AND customer_id = $2 AND subscription_id = $3 AND azure_subscription_id = $4
		AND resource_group = $5`, r.CustomerID, r.SubscriptionID, r.AzureSubscriptionID, r.ResourceGroup)
}

func routeSubject(r billing.Route) string {
	return strings.TrimRight(strings.Join([]string{
		string(r.CustomerID), string(r.SubscriptionID), string(r.AzureSubscriptionID), r.ResourceGroup,
	}, "/"), "/")
}

func (t *txn) routes(ctx context.Context) ([]billing.Route, error) {
	return list(ctx, t, scanRoute, routeColumns+` ORDER BY customer_id, subscription_id, azure_subscription_id, resource_group`, t.org)
}

const routeColumns = `SELECT customer_id, subscription_id, azure_subscription_id, resource_group, contract_id, managed, start_day FROM route
	WHERE organization_id = $1`

func scanRoute(r scanner) (x billing.Route, err error) {
	err = r.Scan(&x.CustomerID, &x.SubscriptionID, &x.AzureSubscriptionID, &x.ResourceGroup, &x.ContractID, &x.Managed, &x.StartDay)
	return x, err
}
