package store

import (
	"context"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// everyCustomer is where the days of all customers together are kept.
const everyCustomer billing.CustomerID = ""

// AzureDay is what Azure cost on one day of use.
type AzureDay struct {
	Day  billing.Date
	Cost money.Totals
}

// insertDays stores the days of a set, of each customer and of all together.
func (t *txn) insertDays(ctx context.Context, number int64, days []billing.UsageDay) error {
	type row struct {
		customer billing.CustomerID
		day      billing.Date
		cost     money.Totals
	}
	var rows []*row
	known := map[billing.Date]map[billing.CustomerID]*row{}
	add := func(customer billing.CustomerID, d billing.UsageDay) {
		if known[d.Day] == nil {
			known[d.Day] = map[billing.CustomerID]*row{}
		}
		if known[d.Day][customer] == nil {
			known[d.Day][customer] = &row{customer: customer, day: d.Day}
			rows = append(rows, known[d.Day][customer])
		}
		known[d.Day][customer].cost.Add(d.Cost)
	}
	for _, d := range days {
		if d.CustomerID != everyCustomer {
			add(d.CustomerID, d)
		}
		add(everyCustomer, d)
	}
	columns := []string{"organization_id", "set_no", "customer_id", "day", "cost"}
	return t.bulk(ctx, "usage_day", columns, len(rows), func(i int) ([]any, error) {
		cost, err := encodeTotals(rows[i].cost)
		return []any{string(t.org), number, string(rows[i].customer), rows[i].day.String(), cost}, err
	})
}

// AzureDays gives what was used of a month's invoice by the day it was used, in order: of one customer, or of all when it names none. Until
// Microsoft billed the month it is what is known so far. Late usage has days before the month. Usage that was stored before days were kept
// has none.
func (s *Store) AzureDays(ctx context.Context, org billing.OrganizationID, month billing.Month, customer billing.CustomerID) ([]AzureDay, error) {
	var all []AzureDay
	err := s.read(ctx, org, func(t *txn) error {
		billed, err := t.row(ctx, `SELECT 1 FROM usage_customer WHERE organization_id = $1 AND month = $2 AND billed LIMIT 1`, []any{org, month}, new(int))
		if err != nil {
			return err
		}
		kind := billing.UnbilledUsage
		if billed {
			kind = billing.BilledUsage
		}
		_, err = list(ctx, t, func(r scanner) (struct{}, error) {
			var day, text string
			if err := r.Scan(&day, &text); err != nil {
				return struct{}{}, err
			}
			d, err := billing.ParseDate(day)
			if err != nil {
				return struct{}{}, err
			}
			cost, err := decodeTotals(text)
			if n := len(all); n == 0 || all[n-1].Day != d {
				all = append(all, AzureDay{Day: d})
			}
			addTotals(&all[len(all)-1].Cost, cost)
			return struct{}{}, err
		}, `SELECT d.day, d.cost FROM source_set s JOIN usage_day d ON d.organization_id = s.organization_id AND d.set_no = s.set_no
			WHERE s.organization_id = $1 AND s.bill_month = $2 AND s.superseded_at = 0 AND s.kind = $3 AND d.customer_id = $4
			ORDER BY d.day, s.set_no`, org, month, kind, customer)
		return err
	})
	return all, err
}
