package store

import (
	"context"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// storedUsage is billing.UsageGroup with the short names it is stored under, see storedLine.
type storedUsage struct {
	CustomerID            billing.CustomerID          `json:"cid,omitzero"`
	CustomerName          string                      `json:"cn,omitzero"`
	PlanID                billing.SubscriptionID      `json:"plan,omitzero"`
	AzureSubscriptionID   billing.AzureSubscriptionID `json:"aid,omitzero"`
	AzureSubscriptionName string                      `json:"an,omitzero"`
	ResourceGroup         string                      `json:"rg,omitzero"`
	ProductID             string                      `json:"pid,omitzero"`
	SKUID                 string                      `json:"sku,omitzero"`
	AvailabilityID        string                      `json:"av,omitzero"`
	MeterCategory         string                      `json:"meter,omitzero"`
	Charged               billing.Period              `json:"ch,omitzero"`

	Rows            int64          `json:"rows,omitzero"`
	Quantity        money.Decimal  `json:"q,omitzero"`
	Unit            string         `json:"unit,omitzero"`
	Cost            money.Amount   `json:"cost"`
	BeforePEC       money.Amount   `json:"pec"`
	FirstDay        billing.Date   `json:"first,omitzero"`
	LastDay         billing.Date   `json:"last,omitzero"`
	ExchangeRate    money.Decimal  `json:"xr,omitzero"`
	PricingCurrency money.Currency `json:"pc,omitzero"`
}

// SaveUsageSet does for usage what SaveLineSet does for lines. The set's month is that of the latest day of use.
func (s *Store) SaveUsageSet(ctx context.Context, org billing.OrganizationID, set billing.UsageSet, origin string) (changed bool, err error) {
	if err := checkKind(set.ID, usageKinds()); err != nil {
		return false, err
	}
	n := newSet{
		id: set.ID, version: set.Version, origin: origin, month: set.ID.Month,
		items: len(set.Groups), rows: set.Rows, total: set.Total, action: "usage.saved",
	}
	if n.month == "" {
		for _, g := range set.Groups {
			n.month = laterMonth(n.month, g.LastDay)
		}
	}
	return s.saveSet(ctx, org, n, func(t *txn, number int64) error {
		columns := []string{"organization_id", "set_no", "seq", "customer_id", "plan_id", "body", "cost_sort"}
		err := t.bulk(ctx, "usage_group", columns, len(set.Groups), func(i int) ([]any, error) {
			g := set.Groups[i]
			body, err := encode(storedUsage(g))
			return []any{string(org), number, int64(i), string(g.CustomerID), string(g.PlanID), body, usageSort(g)}, err
		})
		if err != nil {
			return err
		}
		if err := t.insertDays(ctx, number, set.Days); err != nil {
			return err
		}
		return t.rollUpUsage(ctx, number, set)
	})
}

// usageSort orders usage by its cost.
func usageSort(g billing.UsageGroup) int64 { return sortKey(totalsOf([]money.Amount{g.Cost})) }

// UsageSet reads the version of a set that is in force: whole, or what is of some customers.
func (s *Store) UsageSet(ctx context.Context, org billing.OrganizationID, id billing.SetID, of ...billing.CustomerID) (billing.UsageSet, error) {
	var set billing.UsageSet
	if err := checkKind(id, usageKinds()); err != nil {
		return set, err
	}
	err := s.read(ctx, org, func(t *txn) error {
		info, err := t.set(ctx, id)
		if err != nil {
			return err
		}
		set, err = t.usage(ctx, info, of...)
		return err
	})
	return set, err
}

// CustomersWithUsage lists whose usage is in force in some of the sets whose month is not earlier than from.
func (s *Store) CustomersWithUsage(ctx context.Context, org billing.OrganizationID, from billing.Month) ([]billing.CustomerID, error) {
	var all []billing.CustomerID
	err := s.read(ctx, org, func(t *txn) (err error) {
		all, err = list(ctx, t, func(r scanner) (id billing.CustomerID, err error) {
			err = r.Scan(&id)
			return id, err
		}, `SELECT DISTINCT u.customer_id FROM source_set s JOIN usage_customer u ON u.organization_id = s.organization_id AND u.set_no = s.set_no
			WHERE s.organization_id = $1 AND s.superseded_at = 0 AND (s.latest_month >= $2 OR s.latest_month = '') ORDER BY u.customer_id`, org, from)
		return err
	})
	return all, err
}

// usage reads the groups of a set: all, or those of some customers.
func (t *txn) usage(ctx context.Context, info SetInfo, of ...billing.CustomerID) (billing.UsageSet, error) {
	groups, err := itemsOf(ctx, t, `usage_group`, info, of, func(g storedUsage) billing.UsageGroup { return billing.UsageGroup(g) })
	return billing.UsageSet{ID: info.ID, Version: info.Version, Rows: info.Rows, Total: info.Total, Groups: groups}, err
}

// UsageSets describes the stored sets of usage, ordered by id; earlier versions follow the one in force.
func (s *Store) UsageSets(ctx context.Context, org billing.OrganizationID, f SetFilter) ([]SetInfo, error) {
	return s.listSets(ctx, org, usageKinds(), f)
}

// LoadUsageSets reads all sets of usage in force whose month is not earlier than from, ordered by id. An empty from reads all. Where customers
// are named the sets hold their usage alone.
func (s *Store) LoadUsageSets(ctx context.Context, org billing.OrganizationID, from billing.Month, of ...billing.CustomerID) ([]billing.UsageSet, error) {
	return loadSets(ctx, s, org, usageKinds(), from, func(t *txn, info SetInfo) (billing.UsageSet, error) { return t.usage(ctx, info, of...) })
}
