package store

import (
	"context"
	"fmt"

	"spindle/internal/billing"
)

// storedCustomerMoney is the figures column of customer_summary.
type storedCustomerMoney struct {
	Monthly      storedFigures
	Charges      storedFigures
	ChargesMonth billing.Month `json:",omitempty"`
}

// customerPlan is what a plan says of one customer.
type customerPlan struct {
	name      string
	monthly   Figures
	charges   Figures
	contracts map[string]bool
}

// rollUpCustomers keeps what a plan says of the customers it looked at, and works out their rows again.
func (t *txn) rollUpCustomers(ctx context.Context, p planned, names targetNames) error {
	var newest billing.Month
	for _, c := range p.desired.Charges {
		newest = max(newest, c.Month)
	}
	plans := customerPlans(p, names, newest)
	const none = `UPDATE customer_summary SET run_no = $2, contracts = 0, figures = '', cost_sort = 0, price_sort = 0, margin_sort = 0
		WHERE organization_id = $1`
	if p.whole() {
		if _, err := t.exec(ctx, none, t.org, p.run); err != nil {
			return err
		}
	}
	for _, customer := range p.scope.Customers {
		if _, err := t.exec(ctx, none+` AND customer_id = $3`, t.org, p.run, customer); err != nil {
			return err
		}
	}
	for _, id := range keysOf(plans) {
		if !p.covers(id) {
			continue
		}
		if err := t.saveCustomerPlan(ctx, p.run, id, plans[id], newest); err != nil {
			return err
		}
	}
	return t.refreshCustomers(ctx, p.scope.Customers...)
}

func customerPlans(p planned, names targetNames, newest billing.Month) map[billing.CustomerID]*customerPlan {
	plans := map[billing.CustomerID]*customerPlan{}
	of := func(id billing.CustomerID, name string, contract billing.Ref) *customerPlan {
		if plans[id] == nil {
			plans[id] = &customerPlan{contracts: map[string]bool{}}
		}
		key, _ := names.contract(contract)
		plans[id].contracts[key] = true
		plans[id].name = max(plans[id].name, name)
		return plans[id]
	}
	for _, l := range p.desired.Lines {
		if l.EndedOn.IsZero() {
			of(l.CustomerID, l.Customer, l.Contract).monthly.add(periodFigures(l).perMonth(l.PeriodType))
		}
	}
	for _, c := range p.desired.Charges {
		if plan := of(c.CustomerID, c.Customer, c.Contract); c.Month == newest {
			plan.charges.add(chargeFigures(c))
		}
	}
	return plans
}

func (t *txn) saveCustomerPlan(ctx context.Context, run int64, id billing.CustomerID, c *customerPlan, newest billing.Month) error {
	stored := storedCustomerMoney{Monthly: c.monthly.stored(), Charges: c.charges.stored()}
	if len(c.charges.Cost.Amounts())+len(c.charges.Price.Amounts()) > 0 {
		stored.ChargesMonth = newest
	}
	body, err := encode(stored)
	if err != nil {
		return err
	}
	sum := c.monthly.plus(c.charges)
	_, err = t.exec(ctx, `INSERT INTO customer_summary (organization_id, customer_id, name, domain, name_key, search_key, gone, company_id,
		company_name, billing, exceptions, routes, subscriptions, custom_services, azure, findings, run_no, held, waiting, approved, failed,
		contracts, figures, cost_sort, price_sort, margin_sort)
		VALUES ($1, $2, $3, '', $12, $13, $4, '', '', 'off', 0, 0, 0, 0, $5, 0, $6, 0, 0, 0, 0, $7, $8, $9, $10, $11)
		ON CONFLICT (organization_id, customer_id) DO UPDATE SET run_no = excluded.run_no, contracts = excluded.contracts,
		figures = excluded.figures, cost_sort = excluded.cost_sort, price_sort = excluded.price_sort, margin_sort = excluded.margin_sort`,
		t.org, id, c.name, true, false, run, len(c.contracts), body, sortKey(sum.Cost), sortKey(sum.Price), sortKey(sum.Margin),
		fold(c.name), fold(c.name, "", "", string(id)))
	return err
}

func (f Figures) plus(g Figures) Figures {
	var sum Figures
	sum.add(f)
	sum.add(g)
	return sum
}

// customerFacts are the columns of customer_summary that do not come from a plan's money.
type customerFacts struct {
	name, domain            string
	gone                    bool
	companyID, companyName  string
	billing                 BillingState
	exceptions, routes      int
	subscriptions, services int
	azure                   bool
	findings                int
	held, waiting           int
	approved, failed        int
}

// customersOneByOne is how many customers are refreshed by asking for them; more are refreshed with all of them.
const customersOneByOne = 100

// refreshCustomers works out rows of the list of customers again: of some, or of all when none is named. Only what differs is written.
func (t *txn) refreshCustomers(ctx context.Context, customers ...billing.CustomerID) error {
	if len(customers) > customersOneByOne {
		customers = nil
	}
	known, err := t.knownCustomers(ctx, customers)
	if err != nil {
		return err
	}
	now := map[billing.CustomerID]*customerFacts{}
	for id, facts := range known {
		now[id] = &customerFacts{name: facts.name, domain: facts.domain, gone: true, billing: BillingOff}
	}
	if err := t.customersListed(ctx, customers, now); err != nil {
		return err
	}
	for _, add := range []func(context.Context, []billing.CustomerID, map[billing.CustomerID]*customerFacts) error{
		t.addEntries, t.addDecisions, t.addSwitches, t.addPlanCounts,
	} {
		if err := add(ctx, customers, now); err != nil {
			return err
		}
	}
	for _, id := range keysOf(now) {
		if old, found := known[id]; found && old == *now[id] {
			continue
		}
		if err := t.saveCustomer(ctx, id, *now[id]); err != nil {
			return err
		}
	}
	if customers != nil {
		return nil
	}
	_, err = t.exec(ctx, `DELETE FROM customer_stale WHERE organization_id = $1`, t.org)
	return err
}

// refreshStale refreshes the customers that triggers noted while the transaction wrote.
func (t *txn) refreshStale(ctx context.Context) error {
	stale, err := list(ctx, t, func(r scanner) (id billing.CustomerID, err error) {
		err = r.Scan(&id)
		return id, err
	}, `SELECT customer_id FROM customer_stale WHERE organization_id = $1`, t.org)
	if err != nil || len(stale) == 0 {
		return err
	}
	if err := t.refreshCustomers(ctx, stale...); err != nil {
		return err
	}
	_, err = t.exec(ctx, `DELETE FROM customer_stale WHERE organization_id = $1`, t.org)
	return err
}

func (t *txn) knownCustomers(ctx context.Context, customers []billing.CustomerID) (map[billing.CustomerID]customerFacts, error) {
	known := map[billing.CustomerID]customerFacts{}
	where, args := only("customer_id", customers, []any{t.org})
	_, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var id billing.CustomerID
		var f customerFacts
		err := r.Scan(&id, &f.name, &f.domain, &f.gone, &f.companyID, &f.companyName, &f.billing, &f.exceptions, &f.routes, &f.subscriptions,
			&f.services, &f.azure, &f.findings, &f.held, &f.waiting, &f.approved, &f.failed)
		known[id] = f
		return struct{}{}, err
	}, `SELECT customer_id, name, domain, gone, company_id, company_name, billing, exceptions, routes, subscriptions, custom_services, azure,
		findings, held, waiting, approved, failed FROM customer_summary WHERE organization_id = $1`+where, args...)
	return known, err
}

// customersListed adds the customers that sources list, as the source that was saved last says; what none lists any more is gone.
func (t *txn) customersListed(ctx context.Context, customers []billing.CustomerID, now map[billing.CustomerID]*customerFacts) error {
	var last billing.CustomerID
	where, args := only("e.customer_id", customers, []any{t.org, entryCustomer})
	_, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var id billing.CustomerID
		var body string
		var gone bool
		if err := r.Scan(&id, &body, &gone); err != nil || id == last {
			return struct{}{}, err
		}
		last = id
		var c billing.Customer
		err := decode(body, &c)
		now[id] = &customerFacts{name: c.Name, domain: c.Domain, gone: gone, billing: BillingOff}
		return struct{}{}, err
	}, `SELECT e.id, e.body, e.gone_at <> 0 FROM directory_entry e
		JOIN source s ON s.organization_id = e.organization_id AND s.name = e.source
		WHERE e.organization_id = $1 AND e.kind = $2`+where+` ORDER BY e.id, e.gone_at <> 0, s.saved_at DESC, s.name`, args...)
	return err
}

// addEntries counts the subscriptions, custom services and Azure subscriptions that exist.
func (t *txn) addEntries(ctx context.Context, customers []billing.CustomerID, now map[billing.CustomerID]*customerFacts) error {
	where, args := only("customer_id", customers, []any{t.org, entrySubscription, entryAzure, customSource})
	_, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var id billing.CustomerID
		var kind string
		var custom bool
		var n int
		if err := r.Scan(&id, &kind, &custom, &n); err != nil {
			return struct{}{}, err
		}
		switch f := now[id]; {
		case f == nil:
		case kind == entryAzure:
			f.azure = true
		case custom:
			f.services += n
		default:
			f.subscriptions += n
		}
		return struct{}{}, nil
	}, `SELECT customer_id, kind, source = $4, COUNT(DISTINCT id) FROM directory_entry WHERE organization_id = $1 AND kind IN ($2, $3)
		AND gone_at = 0`+where+` GROUP BY customer_id, kind, source = $4`, args...)
	if err != nil {
		return err
	}
	where, args = only("customer_id", customers, []any{t.org})
	return t.eachCount(ctx, now, func(f *customerFacts, _ int) { f.azure = true },
		`SELECT customer_id, COUNT(*) FROM usage_customer WHERE organization_id = $1`+where+` GROUP BY customer_id`, args...)
}

// eachCount runs a query for customer and number.
func (t *txn) eachCount(ctx context.Context, now map[billing.CustomerID]*customerFacts, add func(*customerFacts, int), query string, args ...any) error {
	_, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var id billing.CustomerID
		var n int
		err := r.Scan(&id, &n)
		if f := now[id]; f != nil {
			add(f, n)
		}
		return struct{}{}, err
	}, query, args...)
	return err
}

// addDecisions adds the company, and counts routes and open findings.
func (t *txn) addDecisions(ctx context.Context, customers []billing.CustomerID, now map[billing.CustomerID]*customerFacts) error {
	where, args := only("customer_id", customers, []any{t.org})
	_, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var id billing.CustomerID
		var company, name string
		err := r.Scan(&id, &company, &name)
		if f := now[id]; f != nil {
			f.companyID, f.companyName = company, name
		}
		return struct{}{}, err
	}, `SELECT customer_id, company_id, company_name FROM company_mapping WHERE organization_id = $1`+where, args...)
	if err != nil {
		return err
	}
	if err := t.eachCount(ctx, now, func(f *customerFacts, n int) { f.routes = n },
		`SELECT customer_id, COUNT(*) FROM route WHERE organization_id = $1`+where+` GROUP BY customer_id`, args...); err != nil {
		return err
	}
	return t.eachCount(ctx, now, func(f *customerFacts, n int) { f.findings = n },
		`SELECT customer_id, COUNT(*) FROM finding WHERE organization_id = $1 AND state = 'open'`+where+` GROUP BY customer_id`, args...)
}

// addSwitches says what is billed: the customer's own switch, and the single subscriptions that have another one.
func (t *txn) addSwitches(ctx context.Context, customers []billing.CustomerID, now map[billing.CustomerID]*customerFacts) error {
	on, off := map[billing.CustomerID]int{}, map[billing.CustomerID]int{}
	where, args := only("customer_id", customers, []any{t.org})
	_, err := list(ctx, t, func(r scanner) (struct{}, error) {
		b, err := scanSingleSwitch(r)
		switch {
		case b.SubscriptionID != "" && b.On:
			on[b.CustomerID]++
		case b.SubscriptionID != "":
			off[b.CustomerID]++
		case b.On && now[b.CustomerID] != nil:
			now[b.CustomerID].billing = BillingAll
		}
		return struct{}{}, err
	}, `SELECT customer_id, subscription_id, enabled FROM billing_switch WHERE organization_id = $1`+where, args...)
	for id, f := range now {
		switch {
		case f.billing == BillingAll:
			f.exceptions = off[id]
		case on[id] > 0:
			f.billing, f.exceptions = BillingSome, on[id]
		}
	}
	return err
}

func scanSingleSwitch(r scanner) (b billing.BillingSwitch, err error) {
	err = r.Scan(&b.CustomerID, &b.SubscriptionID, &b.On)
	return b, err
}

// addPlanCounts counts the changes of the newest plan that looked at each customer.
func (t *txn) addPlanCounts(ctx context.Context, customers []billing.CustomerID, now map[billing.CustomerID]*customerFacts) error {
	where, args := only("s.customer_id", customers, []any{t.org})
	_, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var id billing.CustomerID
		var held, waiting, approved, failed, rejected int
		err := r.Scan(&id, &held, &waiting, &approved, &failed, &rejected)
		if waiting+approved == 0 {
			failed += rejected // nothing else is open: what was rejected keeps the customer from being in step
		}
		if f := now[id]; f != nil {
			f.held, f.waiting, f.approved, f.failed = held, waiting, approved, failed
		}
		return struct{}{}, err
	}, `SELECT s.customer_id, CAST(SUM(g.held_open) AS BIGINT), CAST(SUM(g.proposed) AS BIGINT), CAST(SUM(g.approved + g.sending) AS BIGINT),
		CAST(SUM(g.refused + g.stale + g.unknown + g.skipped) AS BIGINT), CAST(SUM(g.rejected) AS BIGINT) FROM customer_summary s
		JOIN plan_group g ON g.organization_id = s.organization_id AND g.run_no = s.run_no AND g.customer_id = s.customer_id
		WHERE s.organization_id = $1`+where+` GROUP BY s.customer_id`, args...)
	return err
}

func (t *txn) saveCustomer(ctx context.Context, id billing.CustomerID, f customerFacts) error {
	_, err := t.exec(ctx, `INSERT INTO customer_summary (organization_id, customer_id, name, domain, name_key, search_key, gone, company_id,
		company_name, billing, exceptions, routes, subscriptions, custom_services, azure, findings, run_no, held, waiting, approved, failed,
		contracts, figures, cost_sort, price_sort, margin_sort)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0, $17, $18, $19, $20, 0, '', 0, 0, 0)
		ON CONFLICT (organization_id, customer_id) DO UPDATE SET name = excluded.name, domain = excluded.domain, name_key = excluded.name_key,
		search_key = excluded.search_key, gone = excluded.gone, company_id = excluded.company_id, company_name = excluded.company_name,
		billing = excluded.billing, exceptions = excluded.exceptions, routes = excluded.routes, subscriptions = excluded.subscriptions,
		custom_services = excluded.custom_services, azure = excluded.azure, findings = excluded.findings, held = excluded.held,
		waiting = excluded.waiting, approved = excluded.approved, failed = excluded.failed`,
		t.org, id, f.name, f.domain, fold(f.name), fold(f.name, f.domain, f.companyName, string(id)), f.gone, f.companyID, f.companyName,
		f.billing, f.exceptions, f.routes, f.subscriptions, f.services, f.azure, f.findings, f.held, f.waiting, f.approved, f.failed)
	return err
}

// customerMoney reads the figures column.
func customerMoney(text string) (storedCustomerMoney, error) {
	var m storedCustomerMoney
	if text == "" {
		return m, nil
	}
	if err := decode(text, &m); err != nil {
		return m, fmt.Errorf("money of a customer: %w", err)
	}
	return m, nil
}
