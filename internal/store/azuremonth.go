package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
)

// AzureState says how far a customer's Azure month is. Stored: never renamed.
type AzureState string

// The states of an Azure month; a month of a customer is as far as the least of its charges.
const (
	AzureEstimated AzureState = "estimated" // only unbilled usage is known
	AzureUnbilled  AzureState = "unbilled"  // Microsoft billed it, but no charge is planned: a finding or a switched-off billing keeps it
	AzureFinal     AzureState = "final"     // charges are planned
	AzureApproved  AzureState = "approved"
	AzureCharged   AzureState = "charged"
	AzureCorrected AzureState = "corrected" // charged, and corrected after that
)

// AzureStates lists the states in their order.
func AzureStates() []AzureState {
	return []AzureState{AzureEstimated, AzureUnbilled, AzureFinal, AzureApproved, AzureCharged, AzureCorrected}
}

// Word gives the state for people.
func (a AzureState) Word() string {
	if a == AzureUnbilled {
		return "not billed"
	}
	return string(a)
}

// AzureMonth is one month of all customers.
type AzureMonth struct {
	Month     billing.Month
	Customers int
	States    map[AzureState]int // customers per state
	Usage     money.Totals       // what Microsoft's usage of the month adds up to
	Figures                      // of the charges
	Charges   int
}

// AzureMonths lists the months with Azure usage or charges, newest first, at most n.
func (s *Store) AzureMonths(ctx context.Context, org billing.OrganizationID, n int) ([]AzureMonth, error) {
	var all []AzureMonth
	err := s.read(ctx, org, func(t *txn) (err error) {
		all, err = list(ctx, t, func(r scanner) (m AzureMonth, err error) {
			var body string
			var stored storedMonth
			if err = r.Scan(&m.Month, &body); err == nil {
				err = decode(body, &stored)
			}
			m.Usage, m.Figures, m.Charges, m.Customers = totalsOf(stored.Usage), stored.Figures.figures(), stored.Charges, stored.Customers
			m.States = stored.States
			return m, err
		}, `SELECT month, body FROM month_total WHERE organization_id = $1 AND part = $2 ORDER BY month DESC LIMIT $3`, org, partAzure, n)
		return err
	})
	return slices.DeleteFunc(all, func(m AzureMonth) bool { return m.Customers == 0 }), err
}

// AzureRow is one month of one customer.
type AzureRow struct {
	Month        billing.Month
	CustomerID   billing.CustomerID
	CustomerName string
	State        AzureState
	Usage        money.Totals // what the customer's usage adds up to, before tax
	Figures                   // of the charges
	Charges      int
	Waiting      int // changes of its charges that wait for approval
	Held         int // those of them that a policy holds
}

// AzureSort names a column to sort customers of a month by.
type AzureSort string

// The sort columns of a month.
const (
	AzureByName  AzureSort = "name"
	AzureByState AzureSort = "state"
	AzureByUsage AzureSort = "usage"
	AzureByCost  AzureSort = "cost"
	AzureByPrice AzureSort = "price"
)

// AzureFilter chooses customers of a month. Zero fields but Month choose all, ordered by name.
type AzureFilter struct {
	Month billing.Month
	State AzureState
	Query string // part of the customer's name or id
	Sort  AzureSort
	Desc  bool
	Page  Page
}

const azureColumns = `month, customer_id, customer_name, state, charges, waiting, held, body`

func scanAzure(r scanner) (AzureRow, error) {
	var a AzureRow
	var place int
	var body string
	if err := r.Scan(&a.Month, &a.CustomerID, &a.CustomerName, &place, &a.Charges, &a.Waiting, &a.Held, &body); err != nil {
		return a, err
	}
	var stored storedAzure
	err := decode(body, &stored)
	a.State, a.Usage, a.Figures = AzureStates()[place], totalsOf(stored.Usage), stored.Figures.figures()
	return a, err
}

// AzureCustomers lists the customers of a month.
func (s *Store) AzureCustomers(ctx context.Context, org billing.OrganizationID, f AzureFilter) (Listed[AzureRow], error) {
	var page Listed[AzureRow]
	order := map[AzureSort]string{
		"": `name_key%s, customer_id`, AzureByName: `name_key%s, customer_id`, AzureByState: `state%s, name_key, customer_id`,
		AzureByUsage: `usage_sort%s, customer_id`, AzureByCost: `cost_sort%s, customer_id`, AzureByPrice: `price_sort%s, customer_id`,
	}[f.Sort]
	if order == "" {
		return page, fault.Invalidf("a month cannot be sorted by %q", f.Sort).WithField("sort")
	}
	err := s.read(ctx, org, func(t *txn) (err error) {
		q := t.query(`organization_id = $1`).and(`month = %s`, f.Month).matching(`search_key`, f.Query)
		if f.State != "" {
			q.and(`state = %s`, slices.Index(AzureStates(), f.State))
		}
		page, err = paged(ctx, t, pagedList[AzureRow]{
			columns: azureColumns, from: `azure_month`, where: q, order: fmt.Sprintf(order, direction(f.Desc)), page: f.Page, scan: scanAzure,
			key: `customer_id`, base: `organization_id = $1 AND month = $2`, based: 2,
		})
		return err
	})
	return page, err
}

// AzureCharge is one charge of a month.
type AzureCharge struct {
	billing.DesiredCharge
	ContractName string
	Figures      Figures
	State        AzureState // AzureFinal or further
	ChargeID     billing.ChargeID
	Run          RunID           // the newest plan that wants it
	ChangeID     string          // its newest change; "" when a plan found it standing as it should
	ChangeRun    RunID           // the run of that change
	ChangeState  ChangeStateKind // of that change
	Held         bool
}

// AzureDetail is one month of one customer in full.
type AzureDetail struct {
	AzureRow
	Bundled bool               // one charge per contract; else one per meter category
	Lines   []AzureCharge      // also those that count for somebody else who shares the contract
	Earlier []AzureRow         // the months before, newest first, at most 24
	Groups  []ResourceGroupRow // cost per resource group in the month, largest first
}

// earlierMax is how many earlier months a month is compared with.
const earlierMax = 24

// AzureCustomer gives one month of one customer; a fault of kind not-found when nothing is known of it.
func (s *Store) AzureCustomer(ctx context.Context, org billing.OrganizationID, customer billing.CustomerID, month billing.Month) (AzureDetail, error) {
	var d AzureDetail
	err := s.read(ctx, org, func(t *txn) error {
		rows, err := list(ctx, t, scanAzure, `SELECT `+azureColumns+` FROM azure_month WHERE organization_id = $1 AND customer_id = $2
			AND month <= $3 ORDER BY month DESC LIMIT $4`, org, customer, month, earlierMax+1)
		if err != nil {
			return err
		}
		if len(rows) == 0 || rows[0].Month != month {
			return fault.NotFoundf("nothing is known of Azure of customer %q in %s", customer, month)
		}
		d.AzureRow, d.Earlier = rows[0], rows[1:]
		if d.Lines, err = t.azureCharges(ctx, customer, month); err != nil {
			return err
		}
		for _, l := range d.Lines {
			d.Bundled = d.Bundled || strings.Contains(l.Key, "|*|")
		}
		if d.Groups, err = t.resourceGroups(ctx, customer, month); err != nil {
			return err
		}
		routes, err := list(ctx, t, scanRoute, routeColumns+` AND customer_id = $2`, org, customer)
		for i := range d.Groups {
			d.Groups[i].route(routes)
		}
		return err
	})
	return d, err
}

// azureCharges gives the charges that bill something of a customer's month.
func (t *txn) azureCharges(ctx context.Context, customer billing.CustomerID, month billing.Month) ([]AzureCharge, error) {
	where, args := only("c.customer_id", []billing.CustomerID{customer}, []any{t.org, month, refCharge})
	charges, err := t.azureChargesWhere(ctx, where, args)
	if err != nil {
		return nil, err
	}
	shared, err := t.sharedCharges(ctx, []billing.CustomerID{customer})
	if err != nil || len(shared) == 0 {
		return charges, err
	}
	where, args = only("c.charge_key", shared, []any{t.org, month, refCharge})
	others, err := t.azureChargesWhere(ctx, where, args)
	charges = append(charges, others...)
	slices.SortFunc(charges, func(a, b AzureCharge) int { return strings.Compare(a.Key, b.Key) })
	return charges, err
}

func (t *txn) azureChargesWhere(ctx context.Context, where string, args []any) ([]AzureCharge, error) {
	return list(ctx, t, func(r scanner) (AzureCharge, error) {
		var c AzureCharge
		var body string
		var wanted bool
		var last, newest, changeRun int64
		err := r.Scan(&body, &c.State, &wanted, &last, &newest, &changeRun, &c.ChangeID, &c.ChangeState, &c.Held, &c.ChargeID)
		if err != nil {
			return c, err
		}
		var stored storedChargeRow
		err = decode(body, &stored)
		if wanted {
			last = newest
		}
		c.DesiredCharge, c.ContractName, c.Figures, c.Run = stored.Charge, stored.Contract, chargeFigures(stored.Charge), RunID(runText(last))
		if changeRun != 0 {
			c.ChangeRun = RunID(runText(changeRun))
		}
		return c, err
	}, `SELECT c.body, c.state, c.wanted, c.run_no, COALESCE(s.run_no, 0), c.change_run, c.change_id, c.change_state, c.held, COALESCE(m.id, '')
		FROM charge_summary c LEFT JOIN customer_summary s ON s.organization_id = c.organization_id AND s.customer_id = c.customer_id
		LEFT JOIN memory_ref m ON m.organization_id = c.organization_id AND m.kind = $3 AND m.mark = c.charge_key
		WHERE c.organization_id = $1 AND c.month = $2 AND c.azure = TRUE
		AND (c.wanted OR c.state IN ('charged', 'corrected'))`+where+` ORDER BY c.charge_key`, args...)
}

// AzureUsageFilter chooses usage of a customer's month.
type AzureUsageFilter struct {
	Customer      billing.CustomerID
	Month         billing.Month
	Azure         billing.AzureSubscriptionID // "": all
	ResourceGroup string                      // "": all
	Page          Page
}

// AzureUsage lists the usage behind a customer's month, largest cost first: what Microsoft billed or, until it did, the estimate.
func (s *Store) AzureUsage(ctx context.Context, org billing.OrganizationID, f AzureUsageFilter) (Listed[billing.UsageGroup], error) {
	var page Listed[billing.UsageGroup]
	err := s.read(ctx, org, func(t *txn) error {
		q := t.query(`g.organization_id = $1`).and(`g.customer_id = %s`, f.Customer)
		sets, err := list(ctx, t, scanNumber, `SELECT set_no FROM usage_customer WHERE organization_id = $1 AND customer_id = $2 AND month = $3
			AND billed = EXISTS (SELECT 1 FROM usage_customer b WHERE b.organization_id = $1 AND b.customer_id = $2 AND b.month = $3 AND b.billed)`,
			org, f.Customer, f.Month)
		if err != nil || len(sets) == 0 {
			return err
		}
		var places []string
		var args []any
		for _, set := range sets {
			places, args = append(places, "%s"), append(args, set)
		}
		q.and(`g.set_no IN (`+strings.Join(places, ", ")+`)`, args...)
		if f.ResourceGroup != "" || f.Azure != "" {
			page, err = t.usageOf(ctx, q, f)
			return err
		}
		page, err = paged(ctx, t, pagedList[billing.UsageGroup]{
			columns: `g.body`, from: `usage_group g`, where: q, order: `g.cost_sort DESC, g.set_no, g.seq`, page: f.Page, scan: scanUsage,
		})
		return err
	})
	return page, err
}

// usageOf chooses among the usage of one customer's month what is of a resource group or an Azure subscription: neither has a column, and a
// month of one customer is not much.
func (t *txn) usageOf(ctx context.Context, q *query, f AzureUsageFilter) (Listed[billing.UsageGroup], error) {
	var page Listed[billing.UsageGroup]
	all, err := list(ctx, t, scanUsage, `SELECT g.body FROM usage_group g`+q.text()+` ORDER BY g.cost_sort DESC, g.set_no, g.seq`, q.args...)
	if err != nil {
		return page, err
	}
	all = slices.DeleteFunc(all, func(g billing.UsageGroup) bool {
		return f.ResourceGroup != "" && g.ResourceGroup != strings.ToLower(f.ResourceGroup) || f.Azure != "" && g.AzureSubscriptionID != f.Azure
	})
	limit, offset := f.Page.limits()
	page.Total = len(all)
	page.Rows = all[min(offset, len(all)):min(offset+limit, len(all))]
	return page, nil
}

func scanUsage(r scanner) (billing.UsageGroup, error) {
	stored, err := bodyOf[storedUsage](r)
	return billing.UsageGroup(stored), err
}

// AzureApproval names the changes of one run that must be approved for charges to be made: Engine.Approve takes them.
type AzureApproval struct {
	Run         RunID
	Fingerprint string
	ChangeIDs   []string // proposed ones, with what they require
	Held        int      // how many of them a policy holds
	OneOff      money.Totals
}

// AzureApprovals gives what waits for approval of a month, for some customers or, with none named, for all.
func (s *Store) AzureApprovals(ctx context.Context, org billing.OrganizationID, month billing.Month, customers ...billing.CustomerID) ([]AzureApproval, error) {
	var all []AzureApproval
	err := s.read(ctx, org, func(t *txn) error {
		where, args := only("w.customer_id", customers, []any{org, month})
		changes, err := list(ctx, t, scanChange, `SELECT `+changeColumns+` FROM charge_summary w
			JOIN plan_change c ON c.organization_id = w.organization_id AND c.run_no = w.change_run AND c.change_id = w.change_id
			LEFT JOIN send_attempt a ON a.organization_id = c.organization_id AND a.run_no = c.run_no AND a.change_id = c.change_id
			AND a.attempt = c.attempts WHERE w.organization_id = $1 AND w.month = $2 AND w.azure = TRUE AND w.change_state = 'proposed'`+
			where+` ORDER BY c.run_no, c.seq`, args...)
		if err != nil {
			return err
		}
		for _, c := range changes {
			if len(all) == 0 || all[len(all)-1].Run != c.Run {
				run, _, err := t.run(ctx, c.Run)
				if err != nil {
					return err
				}
				all = append(all, AzureApproval{Run: c.Run, Fingerprint: run.Fingerprint})
			}
			if err := t.addApproval(ctx, &all[len(all)-1], c); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// addApproval adds a change and what it requires, each once.
func (t *txn) addApproval(ctx context.Context, a *AzureApproval, c ChangeState) error {
	if c.State != ChangeProposed || slices.Contains(a.ChangeIDs, c.Change.ID) {
		return nil
	}
	n, err := runNumber(c.Run)
	if err != nil {
		return err
	}
	for _, id := range c.Change.Requires {
		if slices.Contains(a.ChangeIDs, id) {
			continue
		}
		required, err := t.change(ctx, n, id)
		if err != nil {
			return err
		}
		if err := t.addApproval(ctx, a, required); err != nil {
			return err
		}
	}
	a.ChangeIDs = append(a.ChangeIDs, c.Change.ID)
	a.OneOff.Add(c.Change.OneOff)
	if c.Change.Held() {
		a.Held++
	}
	return nil
}
