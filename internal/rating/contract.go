package rating

import (
	"fmt"

	"spindle/internal/billing"
	"spindle/internal/money"
)

const (
	contractNameMax  = 100 // the longest contract name the target takes
	contractMonths   = 12  // window of a managed contract, and step of its extension
	contractDaysLeft = 60  // a contract with fewer days left is extended
)

// destination is the contract something is billed on.
type destination struct {
	ref     billing.Ref
	company billing.CompanyID // set for charges
	start   billing.Date      // first day of the contract
	blocks  []block
	new     *managedContract // set for managed contracts
	gone    bool             // the contract is not in the catalogue
}

// managedContract is a contract that Spindle creates and keeps alive.
type managedContract struct {
	desired billing.DesiredContract
	exists  bool
	needed  bool // something is billed on it
}

// admitted is a customer that may be billed.
type admitted struct {
	customer billing.CustomerID
	company  billing.Company
	blocks   []block
}

// beforeFirst reports whether a month lies before the first one that is billed for a customer's subscription: it was billed without
// Spindle, or is not to be billed.
func (r *rater) beforeFirst(customer billing.CustomerID, sub billing.SubscriptionID, month billing.Month) bool {
	state, by := r.decisions.billed(customer, sub)
	return state == switchedOn && month < r.in.Settings.FirstMonth(by)
}

// isBilled reports whether the month that is rated is billed for a customer's subscription, as far as switches say.
func (r *rater) isBilled(customer billing.CustomerID, sub billing.SubscriptionID) bool {
	state, _ := r.decisions.billed(customer, sub)
	return state == switchedOn && !r.beforeFirst(customer, sub, r.in.Month)
}

// billFrom gives the first day of the first month that is billed for a customer's subscription; no date when that is not known.
func (r *rater) billFrom(customer billing.CustomerID, sub billing.SubscriptionID) billing.Date {
	_, by := r.decisions.billed(customer, sub)
	return r.in.Settings.FirstMonth(by).Period().Start
}

// admit decides whether a month of a customer's subscription may be billed at all (law 1).
func (r *rater) admit(customer billing.CustomerID, sub billing.SubscriptionID, month billing.Month) (admitted, verdict) {
	state, _ := r.decisions.billed(customer, sub)
	switch {
	case state == switchedOff:
		return admitted{}, excludedBy(RuleBillingOff)
	case r.beforeFirst(customer, sub, month):
		return admitted{}, excludedBy(RuleBeforeFirst)
	}
	mapping, mapped := r.decisions.companies[customer]
	if !mapped {
		return admitted{}, heldBy(r.unmapped(customer))
	}
	if state == notSwitched {
		return admitted{}, excludedBy(RuleBillingOff)
	}
	company := r.catalogue.companies[mapping.CompanyID]
	a := admitted{customer: customer, company: company}
	if !company.Active { // nor is one that is not there
		a.company.ID = mapping.CompanyID
		a.blocks = append(a.blocks, r.companyGone(customer, mapping))
	}
	if a.company.Currency == "" {
		a.company.Currency = r.internalCurrency()
	}
	return a, billedBy("")
}

func (r *rater) unmapped(customer billing.CustomerID) billing.Finding {
	if customer == "" {
		return billing.Finding{
			Kind: billing.FindingUnmapped, Subject: "nobody",
			Message: "Microsoft bills lines that name no customer, so nobody is billed for them",
			Remedy:  "read or import the invoice again; when it stays so, ask Microsoft whose they are",
		}
	}
	return billing.Finding{
		Kind: billing.FindingUnmapped, Subject: string(customer), CustomerID: customer, Customer: r.name(customer),
		Message: fmt.Sprintf("%s is not mapped to a company, so nothing of it is billed", r.name(customer)),
		Remedy:  "map the customer to an Autotask company, or switch its billing off",
	}
}

func (r *rater) companyGone(customer billing.CustomerID, m billing.CompanyMapping) block {
	why := fmt.Sprintf("company %s that %s is mapped to is missing or inactive in the target", called(string(m.CompanyID), m.CompanyName), r.name(customer))
	return block{
		billing.Hold{Policy: HoldCompany, Why: why, Blocks: true},
		billing.Finding{
			Kind: billing.FindingCustomerGone, Subject: string(customer), CustomerID: customer, Customer: r.name(customer),
			Message: why, Remedy: "map the customer to another company, or make the company active again",
		},
	}
}

// destination finds the contract of a place; the verdict passes when there is one.
func (r *rater) destination(p place, a admitted) (destination, verdict) {
	route, found := r.decisions.route(p)
	if !found {
		return destination{}, heldBy(billing.Finding{
			Kind: billing.FindingNoRoute, Subject: string(p.customer), CustomerID: p.customer, Customer: r.name(p.customer),
			Message: fmt.Sprintf("no contract is chosen for something of %s", r.name(p.customer)),
			Remedy:  "map it, or the whole customer, to a contract, or let Spindle manage one",
		})
	}
	if route.Managed {
		return r.managed(route, a), billedBy("")
	}
	return r.mapped(route, a), billedBy("")
}

// mapped checks an existing contract against the catalogue.
func (r *rater) mapped(route billing.Route, a admitted) destination {
	d := destination{ref: billing.Ref{ID: string(route.ContractID)}}
	contract, known := r.catalogue.contracts[route.ContractID]
	d.start = contract.Start
	var why string
	switch {
	case !known:
		d.gone = true
		why = fmt.Sprintf("contract %s of %s is not among the active recurring contracts", route.ContractID, r.name(a.customer))
	case contract.CompanyID != a.company.ID:
		why = fmt.Sprintf("contract %s belongs to company %s, but %s is mapped to company %s",
			called(string(contract.ID), contract.Name), contract.CompanyID, r.name(a.customer), a.company.ID)
	default:
		return d
	}
	d.blocks = r.contractBlock(a.customer, route.ContractID, why, "choose an active recurring contract of the customer's company")
	return d
}

func (r *rater) contractBlock(customer billing.CustomerID, contract billing.ContractID, why, remedy string) []block {
	return []block{{
		billing.Hold{Policy: HoldContract, Why: why, Blocks: true},
		billing.Finding{
			Kind: billing.FindingContractGone, Subject: string(customer) + "/" + string(contract),
			CustomerID: customer, Customer: r.name(customer), Message: why, Remedy: remedy,
		},
	}}
}

// managed gives the contract that Spindle manages for a customer. A narrower route that asks for another start day than the customer
// has gets a contract of its own, because the start day rules the billing periods of everything on the contract.
func (r *rater) managed(route billing.Route, a admitted) destination {
	name := "Cloud services – "
	purpose, own := r.decisions.purpose(route)
	if own {
		name = fmt.Sprintf("Cloud services from day %d – ", route.StartDay)
	} else {
		route.StartDay = r.decisions.startDay(a.customer)
	}
	mark := billing.ContractMark(r.in.Organization, a.customer, purpose)
	known, made := r.contracts[mark]
	if !made {
		known = r.newManaged(mark, clip(name+r.name(a.customer), contractNameMax), route, a)
		r.contracts[mark] = known
	}
	d := destination{ref: billing.Ref{Mark: mark}, start: known.desired.Start, new: known}
	if existing := r.catalogue.marked[mark]; known.exists && existing.CompanyID != a.company.ID {
		why := fmt.Sprintf("the managed contract %s of %s belongs to company %s, but the customer is mapped to company %s",
			existing.ID, r.name(a.customer), existing.CompanyID, a.company.ID)
		d.blocks = r.contractBlock(a.customer, existing.ID, why,
			"map the customer back, or end the old contract and route the customer to a contract of the new company")
	}
	return d
}

func (r *rater) newManaged(mark, name string, route billing.Route, a admitted) *managedContract {
	day := route.StartDay
	if day == 0 {
		day = r.in.Settings.ContractStartDay
	}
	start := startDay(r.firstBilled(a.customer), day)
	c := &managedContract{desired: billing.DesiredContract{
		Mark: mark, CustomerID: a.customer, CompanyID: a.company.ID, Name: name, PeriodType: billing.PeriodMonth,
		Start: start, End: start.AddMonths(contractMonths).AddDays(-1),
	}}
	if existing, found := r.catalogue.marked[mark]; found {
		c.exists = true
		c.desired.Start, c.desired.End, c.desired.PeriodType = existing.Start, existing.End, existing.PeriodType
	}
	c.desired.ExtendTo = extended(c.desired.End, r.in.Day)
	return c
}

// firstBilled gives the first day on which something recurring of a customer is billed, today at the latest: a contract that begins later
// leaves days of it unbilled.
func (r *rater) firstBilled(customer billing.CustomerID) billing.Date {
	first := r.in.Day
	for _, id := range r.ofCustomer[customer] {
		s := r.subs[id]
		since, from := r.costs.since(s, r.in.Day), r.billFrom(customer, id)
		state, _ := r.decisions.billed(customer, id)
		_, recurring := periodOf(s.Offer.Frequency)
		switch {
		case state != switchedOn || !recurring || s.Trial || since.IsZero() || from.IsZero():
		case s.Offer.Frequency == billing.Monthly:
			first = earlier(first, billing.Later(since, from))
		case !since.Before(from):
			first = earlier(first, since)
		}
	}
	return first
}

func earlier(a, b billing.Date) billing.Date {
	if b.Before(a) {
		return b
	}
	return a
}

// startDay gives the latest date on or before today that falls on the given day of the month, clamped to the month's end.
func startDay(today billing.Date, day int) billing.Date {
	if start := today.OnDay(day); !start.After(today) {
		return start
	}
	return today.AddMonths(-1).OnDay(day)
}

// extended pushes a contract's last day in whole years until enough days are left.
func extended(end, today billing.Date) billing.Date {
	if end.IsZero() {
		return end
	}
	first := end.AddDays(1) // the day the next window starts: month arithmetic works on first days
	for steps := 1; today.DaysTo(end) < contractDaysLeft; steps++ {
		end = first.AddMonths(steps * contractMonths).AddDays(-1)
	}
	return end
}

func (r *rater) internalCurrency() money.Currency {
	if r.in.Settings.Currency != "" {
		return r.in.Settings.Currency
	}
	return r.in.Catalogue.Currency
}
