package store

import (
	"context"
	"fmt"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
)

// CustomerStatus says in one word how a customer stands. Stored: never renamed.
type CustomerStatus string

// The statuses; of several that fit the first one counts.
const (
	CustomerGone       CustomerStatus = "gone"        // no source lists it any more
	CustomerUnmapped   CustomerStatus = "unmapped"    // no company is chosen
	CustomerOff        CustomerStatus = "off"         // billing is switched on for nothing
	CustomerNoContract CustomerStatus = "no-contract" // nothing of it has a contract
	CustomerUnplanned  CustomerStatus = "unplanned"   // no plan has looked at it yet
	CustomerFailed     CustomerStatus = "failed"      // a change was refused, stale, skipped or has no known outcome; or was rejected, and nothing else is open
	CustomerFinding    CustomerStatus = "finding"     // a person must decide something
	CustomerHeld       CustomerStatus = "held"        // a policy holds a change
	CustomerWaiting    CustomerStatus = "waiting"     // changes wait for approval
	CustomerApplying   CustomerStatus = "applying"    // changes are approved or being sent
	CustomerInStep     CustomerStatus = "in-step"
)

// CustomerStatuses lists the statuses in their order.
func CustomerStatuses() []CustomerStatus {
	return []CustomerStatus{
		CustomerGone, CustomerUnmapped, CustomerOff, CustomerNoContract, CustomerUnplanned, CustomerFailed, CustomerFinding, CustomerHeld,
		CustomerWaiting, CustomerApplying, CustomerInStep,
	}
}

// Word gives the status for people.
func (s CustomerStatus) Word() string {
	switch s {
	case CustomerGone:
		return "gone at Microsoft"
	case CustomerUnmapped:
		return "not mapped"
	case CustomerOff:
		return "billing off"
	case CustomerNoContract:
		return "no contract"
	case CustomerUnplanned:
		return "not planned yet"
	case CustomerFailed:
		return "not applied"
	case CustomerFinding:
		return "to decide"
	case CustomerHeld:
		return "held"
	case CustomerWaiting:
		return "waiting for approval"
	case CustomerApplying:
		return "approved"
	case CustomerInStep:
		return "in step"
	}
	return string(s)
}

// BillingState says what of a customer is billed. Stored: never renamed.
type BillingState string

// The billing states.
const (
	BillingOff  BillingState = "off"
	BillingSome BillingState = "some" // single subscriptions
	BillingAll  BillingState = "all"  // all, including future ones
)

// Word gives the state for people.
func (b BillingState) Word() string {
	switch b {
	case BillingSome:
		return "on for some"
	case BillingAll:
		return "on, future ones too"
	}
	return "off"
}

// Figures are cost, price and margin per currency. Margin counts only what has both a cost and a price in one currency: a line whose price
// Autotask keeps adds its cost and no margin.
type Figures struct{ Cost, Price, Margin money.Totals }

// CustomerRow is one customer in the list.
type CustomerRow struct {
	ID     billing.CustomerID
	Name   string
	Domain string

	CompanyID   billing.CompanyID // "" when not mapped
	CompanyName string
	Billing     BillingState
	Exceptions  int // single subscriptions switched the other way

	Subscriptions  int // licences and other commitments at Microsoft that exist now
	CustomServices int
	Contracts      int // contracts that something of it is billed on
	Azure          bool
	Status         CustomerStatus

	Monthly      Figures       // recurring lines, each as a month of it
	Charges      Figures       // charges of ChargesMonth
	ChargesMonth billing.Month // newest month with charges; "" when there is none

	Findings int   // that nobody has decided
	Held     int   // proposed changes that a policy holds
	Waiting  int   // proposed changes, held ones included
	Approved int   // approved, or being sent
	Failed   int   // refused, stale, skipped, or of unknown outcome; rejected too, once nothing is open
	Run      RunID // the run whose plan the figures are from; "" when none saw it
}

// CustomerSort names a column to sort customers by.
type CustomerSort string

// The sort columns of customers. Money sorts by its number, whatever the currency.
const (
	CustomersByName   CustomerSort = "name"
	CustomersByStatus CustomerSort = "status"
	CustomersByCost   CustomerSort = "cost"
	CustomersByPrice  CustomerSort = "price"
	CustomersByMargin CustomerSort = "margin"
	CustomersByLines  CustomerSort = "lines" // number of subscriptions
)

// CustomerFilter chooses customers. Zero fields choose all, ordered by name.
type CustomerFilter struct {
	Query string // part of name, domain, company or id, in whatever case
	State CustomerStatus
	Sort  CustomerSort
	Desc  bool
	Page  Page
}

// CustomerPage is a page of customers.
type CustomerPage struct {
	Listed[CustomerRow]
	States map[CustomerStatus]int // customers per status that match the query, whatever State the filter asks for
}

// customerStatusStep is the distance of the numbers that the database has for statuses, see customer_summary.status.
const customerStatusStep = 10

func customerStatusNumber(s CustomerStatus) int {
	return (slices.Index(CustomerStatuses(), s) + 1) * customerStatusStep
}

func customerStatusOf(n int) (CustomerStatus, error) {
	all := CustomerStatuses()
	if i := n/customerStatusStep - 1; n%customerStatusStep == 0 && i >= 0 && i < len(all) {
		return all[i], nil
	}
	return "", fmt.Errorf("store: %d is no status of a customer", n)
}

// CustomerList lists customers.
func (s *Store) CustomerList(ctx context.Context, org billing.OrganizationID, f CustomerFilter) (CustomerPage, error) {
	var page CustomerPage
	order := map[CustomerSort]string{
		"": `name_key%s, customer_id`, CustomersByName: `name_key%s, customer_id`, CustomersByStatus: `status%s, name_key, customer_id`,
		CustomersByCost: `cost_sort%s, customer_id`, CustomersByPrice: `price_sort%s, customer_id`, CustomersByMargin: `margin_sort%s, customer_id`,
		CustomersByLines: `subscriptions%s, customer_id`,
	}[f.Sort]
	if order == "" {
		return page, fault.Invalidf("customers cannot be sorted by %q", f.Sort).WithField("sort")
	}
	if f.State != "" && !slices.Contains(CustomerStatuses(), f.State) {
		return page, fault.Invalidf("%q is not a status of a customer", f.State).WithField("state")
	}
	err := s.read(ctx, org, func(t *txn) (err error) {
		q := t.query(`organization_id = $1`).matching(`search_key`, f.Query)
		if !f.Page.goesOn() {
			if page.States, err = t.customerStates(ctx, q); err != nil {
				return err
			}
		}
		matching := page.States[f.State]
		if f.State != "" {
			q.and(`status = %s`, customerStatusNumber(f.State))
		} else {
			for _, n := range page.States {
				matching += n
			}
		}
		page.Listed, err = paged(ctx, t, pagedList[CustomerRow]{
			columns: customerColumns, from: `customer_summary`, where: q, order: fmt.Sprintf(order, direction(f.Desc)), page: f.Page, scan: scanCustomer,
			matching: &matching, key: `customer_id`, base: `organization_id = $1`, based: 1,
		})
		return err
	})
	return page, err
}

func (t *txn) customerStates(ctx context.Context, q *query) (states map[CustomerStatus]int, err error) {
	_, err = list(ctx, t, func(r scanner) (struct{}, error) {
		var number, n int
		if err := r.Scan(&number, &n); err != nil {
			return struct{}{}, err
		}
		status, err := customerStatusOf(number)
		if states == nil {
			states = map[CustomerStatus]int{}
		}
		states[status] = n
		return struct{}{}, err
	}, `SELECT status, COUNT(*) FROM customer_summary`+q.text()+` GROUP BY status`, q.args...)
	return states, err
}

const customerColumns = `customer_id, name, domain, company_id, company_name, billing, exceptions, subscriptions, custom_services, contracts,
	azure, status, findings, held, waiting, approved, failed, run_no, figures`

func scanCustomer(r scanner) (CustomerRow, error) {
	var c CustomerRow
	var status int
	var run int64
	var text string
	err := r.Scan(&c.ID, &c.Name, &c.Domain, &c.CompanyID, &c.CompanyName, &c.Billing, &c.Exceptions, &c.Subscriptions, &c.CustomServices,
		&c.Contracts, &c.Azure, &status, &c.Findings, &c.Held, &c.Waiting, &c.Approved, &c.Failed, &run, &text)
	if err != nil {
		return c, err
	}
	if run != 0 {
		c.Run = RunID(runText(run))
	}
	if c.Status, err = customerStatusOf(status); err != nil {
		return c, err
	}
	m, err := customerMoney(text)
	c.Monthly, c.Charges, c.ChargesMonth = m.Monthly.figures(), m.Charges.figures(), m.ChargesMonth
	return c, err
}
