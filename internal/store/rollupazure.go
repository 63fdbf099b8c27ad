package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/rating"
)

// monthCharge is a charge that counts in its month: it is wanted, or it stands in the target.
type monthCharge struct {
	storedChargeRow
	azure    bool
	state    AzureState
	changeIs ChangeStateKind
	held     bool
}

// only continues a condition with a choice of values; none is no condition. It is called with the arguments so far.
func only[T ~string](column string, values []T, args []any) (string, []any) {
	if len(values) == 0 {
		return "", args
	}
	text := " AND " + column + " IN ("
	for i, v := range values {
		args = append(args, string(v))
		text += fmt.Sprintf([]string{"$%d", ", $%d"}[min(i, 1)], len(args))
	}
	return text + ")", args
}

// monthCharges gives the charges of a month that bill something of some customers, or all of them.
func (t *txn) monthCharges(ctx context.Context, month billing.Month, customers []billing.CustomerID) ([]monthCharge, error) {
	where, args := only("customer_id", customers, []any{t.org, month})
	charges, err := t.chargesWhere(ctx, where, args)
	if err != nil || len(customers) == 0 {
		return charges, err
	}
	shared, err := t.sharedCharges(ctx, customers)
	if err != nil || len(shared) == 0 { // a query of its own: one with OR reads every charge there is
		return charges, err
	}
	where, args = only("charge_key", shared, []any{t.org, month})
	others, err := t.chargesWhere(ctx, where, args)
	for _, c := range others {
		if !slices.Contains(customers, c.Charge.CustomerID) {
			charges = append(charges, c)
		}
	}
	slices.SortFunc(charges, func(a, b monthCharge) int { return strings.Compare(a.Charge.Key, b.Charge.Key) })
	return charges, err
}

func (t *txn) chargesWhere(ctx context.Context, where string, args []any) ([]monthCharge, error) {
	return list(ctx, t, func(r scanner) (c monthCharge, err error) {
		var body string
		if err = r.Scan(&c.azure, &c.state, &c.changeIs, &c.held, &body); err == nil {
			err = decode(body, &c.storedChargeRow)
		}
		return c, err
	}, `SELECT azure, state, change_state, held, body FROM charge_summary WHERE organization_id = $1 AND month = $2
		AND (wanted OR state IN ('charged', 'corrected'))`+where+` ORDER BY charge_key`, args...)
}

// sharedCharges gives the charges that bill something of some customers and count for others.
func (t *txn) sharedCharges(ctx context.Context, customers []billing.CustomerID) ([]string, error) {
	where, args := only("customer_id", customers, []any{t.org})
	return list(ctx, t, func(r scanner) (key string, err error) {
		err = r.Scan(&key)
		return key, err
	}, `SELECT DISTINCT charge_key FROM charge_guest WHERE organization_id = $1`+where+` ORDER BY charge_key`, args...)
}

// azureSum gathers one customer's month.
type azureSum struct {
	AzureRow
	place  int // of the state in AzureStates
	billed bool
	open   money.Totals // unbilled usage
}

// storedAzure is the body of azure_month.
type storedAzure struct {
	Usage   []money.Amount `json:",omitempty"`
	Figures storedFigures
}

// refreshAzure works out the Azure rows of a month again: of some customers, or of all with the month's total.
func (t *txn) refreshAzure(ctx context.Context, month billing.Month, customers ...billing.CustomerID) error {
	if len(customers) > customersOneByOne {
		customers = nil
	}
	sums := map[billing.CustomerID]*azureSum{}
	if err := t.addMonthUsage(ctx, month, customers, sums); err != nil {
		return err
	}
	charges, err := t.monthCharges(ctx, month, customers)
	if err != nil {
		return err
	}
	asked := func(id billing.CustomerID) bool { return len(customers) == 0 || slices.Contains(customers, id) }
	charges = slices.DeleteFunc(charges, func(c monthCharge) bool { return !c.azure })
	for _, c := range charges {
		if asked(c.Charge.CustomerID) {
			sumOf(sums, c.Charge.CustomerID, c.Charge.Customer).addCharge(c)
		}
	}
	for _, c := range charges { // its money counts once, and how far it is for everybody whose usage it bills
		for _, id := range c.Charge.Customers() {
			if s := sums[id]; s != nil && asked(id) {
				s.place = min(s.place, slices.Index(AzureStates(), c.state))
			}
		}
	}
	where, args := only("customer_id", customers, []any{t.org, month})
	if _, err := t.exec(ctx, `DELETE FROM azure_month WHERE organization_id = $1 AND month = $2`+where, args...); err != nil {
		return err
	}
	rows := make([]*azureSum, 0, len(sums))
	for _, id := range keysOf(sums) {
		s := sums[id]
		if s.place == len(AzureStates()) { // billed, and no charge says how far it is
			s.place = slices.Index(AzureStates(), AzureUnbilled)
		}
		rows = append(rows, s)
	}
	if err := t.insertAzure(ctx, month, rows); err != nil {
		return err
	}
	if len(customers) > 0 {
		return t.recountAzure(ctx, month)
	}
	if len(rows) == 0 {
		_, err := t.exec(ctx, `DELETE FROM month_total WHERE organization_id = $1 AND part = $2 AND month = $3`, t.org, partAzure, month)
		return err
	}
	total := storedMonth{Customers: len(rows), States: map[AzureState]int{}}
	var figures Figures
	var usage money.Totals
	for _, s := range rows {
		figures.add(s.Figures)
		addTotals(&usage, s.Usage)
		total.Charges += s.Charges
		total.States[AzureStates()[s.place]]++
	}
	total.Figures, total.Usage = figures.stored(), usage.Amounts()
	return t.saveMonth(ctx, partAzure, month, sameRun, total)
}

// recountAzure counts the customers of a month by state again, in the month's total.
func (t *txn) recountAzure(ctx context.Context, month billing.Month) error {
	var body string
	found, err := t.row(ctx, `SELECT body FROM month_total WHERE organization_id = $1 AND part = $2 AND month = $3`, []any{t.org, partAzure, month}, &body)
	if err != nil || !found {
		return err
	}
	var total storedMonth
	if err := decode(body, &total); err != nil {
		return err
	}
	total.States = map[AzureState]int{}
	if _, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var place, n int
		err := r.Scan(&place, &n)
		total.States[AzureStates()[place]] = n
		return struct{}{}, err
	}, `SELECT state, COUNT(*) FROM azure_month WHERE organization_id = $1 AND month = $2 GROUP BY state`, t.org, month); err != nil {
		return err
	}
	return t.saveMonth(ctx, partAzure, month, sameRun, total)
}

func sumOf(sums map[billing.CustomerID]*azureSum, id billing.CustomerID, name string) *azureSum {
	if sums[id] == nil {
		sums[id] = &azureSum{AzureRow: AzureRow{CustomerID: id}, place: len(AzureStates())}
	}
	sums[id].CustomerName = max(sums[id].CustomerName, name)
	return sums[id]
}

func (s *azureSum) addCharge(c monthCharge) {
	s.Charges++
	s.Figures.add(chargeFigures(c.Charge))
	s.place = min(s.place, slices.Index(AzureStates(), c.state))
	if c.changeIs == ChangeProposed {
		s.Waiting++
		if c.held {
			s.Held++
		}
	}
}

// addMonthUsage adds up the usage in force of a month. Unbilled usage counts until Microsoft billed the month.
func (t *txn) addMonthUsage(ctx context.Context, month billing.Month, customers []billing.CustomerID, sums map[billing.CustomerID]*azureSum) error {
	where, args := only("customer_id", customers, []any{t.org, month})
	_, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var id billing.CustomerID
		var name, cost string
		var billed bool
		if err := r.Scan(&id, &name, &billed, &cost); err != nil {
			return struct{}{}, err
		}
		totals, err := decodeTotals(cost)
		s := sumOf(sums, id, name)
		if billed {
			s.billed = true
			addTotals(&s.Usage, totals)
		} else {
			addTotals(&s.open, totals)
		}
		return struct{}{}, err
	}, `SELECT customer_id, customer_name, billed, cost FROM usage_customer WHERE organization_id = $1 AND month = $2`+where, args...)
	if err != nil {
		return err
	}
	monthBilled, err := t.row(ctx, `SELECT 1 FROM usage_customer WHERE organization_id = $1 AND month = $2 AND billed LIMIT 1`,
		[]any{t.org, month}, new(int))
	if err != nil {
		return err
	}
	for id, s := range sums {
		switch {
		case s.billed:
		case monthBilled:
			delete(sums, id) // Microsoft billed the month and nothing of this
		default:
			s.Usage, s.place = s.open, slices.Index(AzureStates(), AzureEstimated)
		}
	}
	return nil
}

func (t *txn) insertAzure(ctx context.Context, month billing.Month, rows []*azureSum) error {
	columns := []string{
		"organization_id", "month", "customer_id", "customer_name", "name_key", "search_key", "state", "charges", "waiting", "held", "usage_sort",
		"cost_sort", "price_sort", "body",
	}
	return t.bulk(ctx, "azure_month", columns, len(rows), func(i int) ([]any, error) {
		s := rows[i]
		body, err := encode(storedAzure{s.Usage.Amounts(), s.Figures.stored()})
		return []any{
			string(t.org), string(month), string(s.CustomerID), s.CustomerName, fold(s.CustomerName), fold(s.CustomerName, string(s.CustomerID)),
			int64(s.place), int64(s.Charges), int64(s.Waiting), int64(s.Held), sortKey(s.Usage), sortKey(s.Cost), sortKey(s.Price), body,
		}, err
	})
}

// rollUpUsage adds up a set of usage that has come into force, in the place of the version before it.
func (t *txn) rollUpUsage(ctx context.Context, number int64, set billing.UsageSet) error {
	month, err := t.billMonth(ctx, set.ID, func() billing.Month { return rating.UsageMonth(set) })
	if err != nil {
		return err
	}
	months, err := t.dropUsage(ctx, set.ID)
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, `UPDATE source_set SET bill_month = $3 WHERE organization_id = $1 AND set_no = $2`, t.org, number, month); err != nil {
		return err
	}
	if err := t.insertUsageSums(ctx, number, month, set); err != nil {
		return err
	}
	months[month] = true
	for _, m := range keysOf(months) {
		if err := t.refreshAzure(ctx, m); err != nil {
			return err
		}
	}
	return t.refreshCustomers(ctx)
}

// dropUsage takes the sums of the versions of a set away that are no longer in force, and gives the months they were in.
func (t *txn) dropUsage(ctx context.Context, id billing.SetID) (map[billing.Month]bool, error) {
	months := map[billing.Month]bool{}
	const old = ` WHERE organization_id = $1 AND set_no IN (SELECT set_no FROM source_set WHERE organization_id = $1 AND set_id = $2 AND superseded_at <> 0)`
	_, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var m billing.Month
		err := r.Scan(&m)
		months[m] = true
		return struct{}{}, err
	}, `SELECT DISTINCT month FROM usage_customer`+old, t.org, id.String())
	if err != nil {
		return nil, err
	}
	for _, table := range []string{"usage_customer", "usage_resource_group"} {
		if _, err := t.exec(ctx, `DELETE FROM `+table+old, t.org, id.String()); err != nil {
			return nil, err
		}
	}
	return months, nil
}

// billMonth gives the month whose invoice a set is: as the invoice says, else as its rows say.
func (t *txn) billMonth(ctx context.Context, id billing.SetID, byRows func() billing.Month) (billing.Month, error) {
	if id.Invoice != "" {
		var body string
		found, err := t.row(ctx, `SELECT body FROM invoice WHERE organization_id = $1 AND id = $2`, []any{t.org, id.Invoice}, &body)
		if err != nil {
			return "", err
		}
		var invoice billing.Invoice
		if found {
			if err := decode(body, &invoice); err != nil {
				return "", err
			}
		}
		if !invoice.Period.IsZero() {
			return billing.MonthOf(invoice.Period.Start), nil
		}
	}
	return byRows(), nil
}

type groupKey struct {
	customer billing.CustomerID
	azure    billing.AzureSubscriptionID
	group    string
}

type groupSum struct {
	groupKey
	name string
	plan billing.SubscriptionID
	cost money.Totals
}

type customerSum struct {
	id   billing.CustomerID
	name string
	cost money.Totals
}

func (t *txn) insertUsageSums(ctx context.Context, number int64, month billing.Month, set billing.UsageSet) error {
	customers := map[billing.CustomerID]*customerSum{}
	groups := map[groupKey]*groupSum{}
	var customerOrder []*customerSum
	var groupOrder []*groupSum
	for i := range set.Groups {
		g := &set.Groups[i]
		c := customers[g.CustomerID]
		if c == nil {
			c = &customerSum{id: g.CustomerID}
			customers[g.CustomerID], customerOrder = c, append(customerOrder, c)
		}
		key := groupKey{g.CustomerID, g.AzureSubscriptionID, g.ResourceGroup}
		r := groups[key]
		if r == nil {
			r = &groupSum{groupKey: key, plan: g.PlanID}
			groups[key], groupOrder = r, append(groupOrder, r)
		}
		c.name, r.name = max(c.name, g.CustomerName), max(r.name, g.AzureSubscriptionName)
		c.cost.Add(g.Cost)
		r.cost.Add(g.Cost)
	}
	columns := []string{"organization_id", "set_no", "customer_id", "month", "billed", "customer_name", "cost"}
	err := t.bulk(ctx, "usage_customer", columns, len(customerOrder), func(i int) ([]any, error) {
		c := customerOrder[i]
		cost, err := encodeTotals(c.cost)
		return []any{string(t.org), number, string(c.id), string(month), set.ID.Kind == billing.BilledUsage, c.name, cost}, err
	})
	if err != nil {
		return err
	}
	columns = []string{
		"organization_id", "set_no", "customer_id", "azure_subscription_id", "resource_group", "azure_subscription_name", "plan_id", "cost",
	}
	return t.bulk(ctx, "usage_resource_group", columns, len(groupOrder), func(i int) ([]any, error) {
		g := groupOrder[i]
		cost, err := encodeTotals(g.cost)
		return []any{string(t.org), number, string(g.customer), string(g.azure), g.group, g.name, string(g.plan), cost}, err
	})
}

// moveUsage puts usage into the month that its invoice names, once that is known.
func (t *txn) moveUsage(ctx context.Context, invoice billing.Invoice) error {
	if invoice.Period.IsZero() {
		return nil
	}
	month := billing.MonthOf(invoice.Period.Start)
	type place struct {
		number int64
		month  billing.Month
	}
	sets, err := list(ctx, t, func(r scanner) (p place, err error) {
		err = r.Scan(&p.number, &p.month)
		return p, err
	}, `SELECT set_no, bill_month FROM source_set WHERE organization_id = $1 AND invoice = $2 AND kind = $3 AND superseded_at = 0
		AND bill_month <> $4`, t.org, invoice.ID, billing.BilledUsage, month)
	if err != nil || len(sets) == 0 {
		return err
	}
	for _, set := range sets {
		for _, text := range []string{
			`UPDATE source_set SET bill_month = $3 WHERE organization_id = $1 AND set_no = $2`,
			`UPDATE usage_customer SET month = $3 WHERE organization_id = $1 AND set_no = $2`,
		} {
			if _, err := t.exec(ctx, text, t.org, set.number, month); err != nil {
				return err
			}
		}
		if err := t.refreshAzure(ctx, set.month); err != nil {
			return err
		}
	}
	return t.refreshAzure(ctx, month)
}
