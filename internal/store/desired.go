package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
)

// The parts that a desired state is stored in.
const (
	partDay      = "day"
	partContract = "contract"
	partService  = "service"
	partLine     = "line"
	partCharge   = "charge"
	partMonth    = "month"
	partFinding  = "finding"
	partGap      = "gap"
)

type desiredItem struct {
	part     string
	seq      int
	key      string
	customer billing.CustomerID
	value    any
}

func desiredItems(d billing.Desired) []desiredItem {
	items := []desiredItem{{part: partDay, value: d.Day}}
	for i, v := range d.Contracts {
		items = append(items, desiredItem{partContract, i, v.Mark, v.CustomerID, v})
	}
	for i, v := range d.Services {
		items = append(items, desiredItem{partService, i, v.Mark, "", v})
	}
	for i, v := range d.Lines {
		items = append(items, desiredItem{partLine, i, v.Key, v.CustomerID, v})
	}
	for i, v := range d.Charges {
		items = append(items, desiredItem{partCharge, i, v.Key, v.CustomerID, v})
	}
	for i, v := range d.Months {
		items = append(items, desiredItem{partMonth, i, string(v.Month), "", v})
	}
	for i, v := range d.Findings {
		items = append(items, desiredItem{partFinding, i, v.ID(), v.CustomerID, v})
	}
	for i, v := range d.Incomplete {
		items = append(items, desiredItem{partGap, i, "", v.CustomerID, v})
	}
	return items
}

func (t *txn) insertDesired(ctx context.Context, n int64, d billing.Desired) error {
	items := desiredItems(d)
	columns := []string{"organization_id", "run_no", "part", "seq", "item_key", "customer_id", "body"}
	err := t.bulk(ctx, "desired_item", columns, len(items), func(i int) ([]any, error) {
		x := items[i]
		body, err := encode(x.value)
		return []any{string(t.org), n, x.part, int64(x.seq), x.key, string(x.customer), body}, err
	})
	if err != nil {
		return err
	}
	columns = []string{
		"organization_id", "run_no", "seq", "set_kind", "partner_id", "invoice", "currency", "month", "line_key", "row_no",
		"outcome", "decided_by", "cost",
	}
	return t.bulk(ctx, "disposition", columns, len(d.Dispositions), func(i int) ([]any, error) {
		x := d.Dispositions[i]
		return []any{
			string(t.org), n, int64(i), string(x.Set.Kind), x.Set.PartnerID, x.Set.Invoice, string(x.Set.Currency), string(x.Set.Month),
			x.LineKey, int64(x.Row), string(x.Outcome), x.By, x.Cost.String(),
		}, nil
	})
}

// Desired gives the desired state that a run's plan was made from, dispositions included. When the retention settings removed it, that is a
// fault of kind not-found.
func (s *Store) Desired(ctx context.Context, org billing.OrganizationID, id RunID) (billing.Desired, error) {
	var d billing.Desired
	err := s.read(ctx, org, func(t *txn) error {
		run, n, err := t.run(ctx, id)
		if err != nil {
			return err
		}
		if !run.RemovedAt.IsZero() {
			return fault.NotFoundf("the working papers of run %s were removed on %s, as the retention settings say", id, run.RemovedAt.Format(time.DateOnly)).
				Dof("its changes, decisions and receipts are still there: spindle show %s --changes", id)
		}
		if d, err = t.desired(ctx, n); err != nil {
			return err
		}
		d.Dispositions, err = t.dispositions(ctx, n)
		return err
	})
	return d, err
}

// desired reads a desired state without its dispositions.
func (t *txn) desired(ctx context.Context, n int64) (billing.Desired, error) {
	var d billing.Desired
	_, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var part, body string
		if err := r.Scan(&part, &body); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, addDesired(&d, part, body)
	}, `SELECT part, body FROM desired_item WHERE organization_id = $1 AND run_no = $2 ORDER BY part, seq`, t.org, n)
	return d, err
}

func addDesired(d *billing.Desired, part, body string) error {
	switch part {
	case partDay:
		return decode(body, &d.Day)
	case partContract:
		return grow(&d.Contracts, body)
	case partService:
		return grow(&d.Services, body)
	case partLine:
		return grow(&d.Lines, body)
	case partCharge:
		return grow(&d.Charges, body)
	case partMonth:
		return grow(&d.Months, body)
	case partFinding:
		return grow(&d.Findings, body)
	}
	return grow(&d.Incomplete, body)
}

func grow[T any](all *[]T, body string) error {
	var v T
	err := decode(body, &v)
	*all = append(*all, v)
	return err
}

func (t *txn) dispositions(ctx context.Context, n int64) ([]billing.Disposition, error) {
	return list(ctx, t, scanDisposition, `SELECT `+dispositionColumns+` FROM disposition WHERE organization_id = $1 AND run_no = $2 ORDER BY seq`,
		t.org, n)
}

// RuleCost is how often a rule left a source line of one cost out of what is billed.
type RuleCost struct {
	Rule  string
	Cost  money.Amount
	Lines int64
}

// RuleCosts gives what the named rules left out in a run, by rule and cost; nothing once the retention settings have removed it.
func (s *Store) RuleCosts(ctx context.Context, org billing.OrganizationID, id RunID, rules ...string) (costs []RuleCost, err error) {
	err = s.read(ctx, org, func(t *txn) error {
		_, n, err := t.run(ctx, id)
		if err != nil {
			return err
		}
		places, args := make([]string, len(rules)), []any{org, n}
		for i, rule := range rules {
			places[i], args = "$"+strconv.Itoa(i+3), append(args, rule)
		}
		costs, err = list(ctx, t, func(r scanner) (c RuleCost, err error) {
			var cost string
			if err = r.Scan(&c.Rule, &cost, &c.Lines); err == nil {
				c.Cost, err = money.ParseAmount(cost)
			}
			return c, err
		}, `SELECT decided_by, cost, COUNT(*) FROM disposition WHERE organization_id = $1 AND run_no = $2
			AND decided_by IN (`+strings.Join(places, ", ")+`) GROUP BY decided_by, cost ORDER BY decided_by, cost`, args...)
		return err
	})
	return costs, err
}

const dispositionColumns = `set_kind, partner_id, invoice, currency, month, line_key, row_no, outcome, decided_by, cost`

func scanDisposition(r scanner) (x billing.Disposition, err error) {
	var cost string
	if err = r.Scan(&x.Set.Kind, &x.Set.PartnerID, &x.Set.Invoice, &x.Set.Currency, &x.Set.Month, &x.LineKey, &x.Row, &x.Outcome,
		&x.By, &cost); err != nil {
		return x, err
	}
	x.Cost, err = money.ParseAmount(cost)
	return x, err
}
