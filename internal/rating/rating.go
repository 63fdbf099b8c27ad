// Package rating holds the pure rules that turn what the vendor charges into what the customer should be billed: identity of lines,
// routes to contracts, services, costs, prices, and the charges of a closed month (design §6.1, §6.3, §6.4).
//
// It is pure: no clock, no log, no map order, no I/O. Equal inputs give equal bytes, in whatever order their slices come (law 4).
// Nothing unmapped or not enabled is ever desired (law 1), and every source line of the month ends in exactly one outcome (law 6).
package rating

import (
	"sort"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// Rules by which source lines and subscriptions are left out. Stored in dispositions: never renamed.
const (
	RuleBillingOff = "billing-off" // billing is not switched on for the subscription or the customer
	RuleTrial      = "trial"       // trials cost nothing
	RuleFree       = "free"        // the offer is never charged
	RuleZeroAmount = "zero-amount" // the line, or what it nets to, is zero
)

// Holds that rating puts on lines and charges. Stored: never renamed.
const (
	HoldBelowMargin = "hold-below-margin"
	HoldCurrency    = "hold-currency"
	HoldNoCost      = "hold-no-cost"
	HoldNoPrice     = "hold-no-price"
	HoldPeriodType  = "hold-period-type"
	HoldContract    = "hold-contract-missing"
	HoldCompany     = "hold-company-missing"
	HoldService     = "hold-service-missing"
	HoldSettings    = "hold-settings"
)

// Input is everything the rules look at. The order of slices does not matter.
type Input struct {
	Organization string        // for marks
	Day          billing.Date  // the day the plan is made for
	Month        billing.Month // the closed month whose Azure usage and one-off lines become charges; "" = none known
	// InvoiceMonths gives the month of invoices by number, where it is known from the invoice itself; see MonthOf for the others.
	InvoiceMonths map[string]billing.Month
	Settings      billing.Settings
	Mappings      billing.Mappings
	Directory     billing.Directory
	Lines         []billing.LineSet  // every stored billed set: costs; the sets of Month become charges and dispositions
	Usage         []billing.UsageSet // usage of the same invoices
	Catalogue     billing.Catalogue  // what the target offers as last read: validates mappings, gives currencies
	// LinePrices holds the last applied unit price per DesiredLine.Key. It keeps price points on their lines; a key that is missing
	// means that the line was never applied. Lines without a price of ours are in it with zero.
	LinePrices map[string]money.Decimal
}

// Rate says what should stand in the target.
func Rate(in Input) billing.Desired {
	r := newRater(in)
	r.rateSubscriptions()
	r.rateMonth()
	return r.desired()
}

// rater carries the indexes and the results of one Rate.
type rater struct {
	in        Input
	decisions decisions
	catalogue catalogue
	prices    prices
	costs     costs
	subs      map[billing.SubscriptionID]billing.Subscription
	names     map[billing.CustomerID]string

	findings     findings
	contracts    map[string]*managedContract // by mark
	services     map[string]*billing.DesiredService
	lines        []billing.DesiredLine
	charges      []billing.DesiredCharge
	dispositions []billing.Disposition
	applied      map[string][]string                // keys of applied lines by key without price point, in order
	verdicts     map[billing.SubscriptionID]verdict // what becomes of source lines of a recurring subscription
}

func newRater(in Input) *rater {
	in.Lines = newestSets(in.Lines)
	r := &rater{
		in:        in,
		decisions: newDecisions(in.Mappings),
		catalogue: newCatalogue(in.Catalogue),
		prices:    newPrices(in.Mappings.Prices),
		costs:     newCosts(in.Lines),
		subs:      map[billing.SubscriptionID]billing.Subscription{},
		names:     map[billing.CustomerID]string{},
		findings:  newFindings(),
		contracts: map[string]*managedContract{},
		services:  map[string]*billing.DesiredService{},
		applied:   map[string][]string{},
		verdicts:  map[billing.SubscriptionID]verdict{},
	}
	for _, s := range in.Directory.Subscriptions {
		if old, twice := r.subs[s.ID]; !twice || lessSubscription(s, old) {
			r.subs[s.ID] = s
		}
	}
	for _, key := range sortedKeys(in.LinePrices) {
		base := key
		if at := strings.LastIndexByte(key, '@'); at >= 0 {
			base = key[:at]
		}
		r.applied[base] = append(r.applied[base], key)
	}
	r.readNames()
	return r
}

// lessSubscription decides which of two entries with one id counts: the one that says more, then the one that sorts first.
func lessSubscription(a, b billing.Subscription) bool {
	switch {
	case rank(a.Status) != rank(b.Status):
		return rank(a.Status) < rank(b.Status)
	case a.CustomerID != b.CustomerID:
		return a.CustomerID < b.CustomerID
	case a.Quantity != b.Quantity:
		return a.Quantity > b.Quantity
	case a.Offer != b.Offer:
		return a.Offer.String() < b.Offer.String()
	case a.Start != b.Start:
		return a.Start.Before(b.Start)
	}
	return a.Name < b.Name
}

func rank(s billing.SubscriptionStatus) int {
	switch s {
	case billing.Active:
		return 0
	case billing.Suspended:
		return 1
	case billing.Pending:
		return 2
	}
	return 3
}

// readNames takes customer names from the directory, and from lines for customers the directory does not know (any more).
func (r *rater) readNames() {
	keep := func(id billing.CustomerID, name string) {
		if old, known := r.names[id]; name != "" && (!known || name < old) {
			r.names[id] = name
		}
	}
	for _, c := range r.in.Directory.Customers {
		keep(c.ID, c.Name)
	}
	other := map[billing.CustomerID]string{}
	for _, set := range r.in.Lines {
		for _, l := range set.Lines {
			if old, seen := other[l.CustomerID]; l.CustomerName != "" && (!seen || l.CustomerName < old) {
				other[l.CustomerID] = l.CustomerName
			}
		}
	}
	for _, set := range r.in.Usage {
		for _, g := range set.Groups {
			if old, seen := other[g.CustomerID]; g.CustomerName != "" && (!seen || g.CustomerName < old) {
				other[g.CustomerID] = g.CustomerName
			}
		}
	}
	for id, name := range other {
		if _, named := r.names[id]; !named {
			r.names[id] = name
		}
	}
}

// name gives a customer's name, or its id when no source names it.
func (r *rater) name(id billing.CustomerID) string {
	switch name := r.names[id]; {
	case name != "":
		return name
	case id != "":
		return string(id)
	}
	return "no customer"
}

func (r *rater) desired() billing.Desired {
	d := billing.Desired{Day: r.in.Day, Lines: r.lines, Charges: r.charges, Dispositions: r.dispositions}
	for _, c := range r.contracts {
		if c.needed || c.exists {
			d.Contracts = append(d.Contracts, c.desired)
		}
	}
	for _, s := range r.services {
		d.Services = append(d.Services, *s)
	}
	d.Findings = r.findings.list()
	d.Incomplete = append(d.Incomplete, r.in.Directory.Incomplete...)
	sort.Slice(d.Contracts, func(i, j int) bool { return d.Contracts[i].Mark < d.Contracts[j].Mark })
	sort.Slice(d.Services, func(i, j int) bool { return d.Services[i].Mark < d.Services[j].Mark })
	sort.Slice(d.Lines, func(i, j int) bool { return d.Lines[i].Key < d.Lines[j].Key })
	sort.Slice(d.Charges, func(i, j int) bool { return d.Charges[i].Key < d.Charges[j].Key })
	sort.Slice(d.Dispositions, func(i, j int) bool { return lessDisposition(d.Dispositions[i], d.Dispositions[j]) })
	sort.Slice(d.Incomplete, func(i, j int) bool { return lessGap(d.Incomplete[i], d.Incomplete[j]) })
	return d
}

func lessDisposition(a, b billing.Disposition) bool {
	switch {
	case a.Set != b.Set && a.Set.String() != b.Set.String():
		return a.Set.String() < b.Set.String()
	case a.Row != b.Row:
		return a.Row < b.Row
	case a.LineKey != b.LineKey:
		return a.LineKey < b.LineKey
	case a.Outcome != b.Outcome:
		return a.Outcome < b.Outcome
	case a.By != b.By:
		return a.By < b.By
	}
	return a.Cost.String() < b.Cost.String()
}

func lessGap(a, b billing.Gap) bool {
	if a.CustomerID != b.CustomerID {
		return a.CustomerID < b.CustomerID
	}
	if a.What != b.What {
		return a.What < b.What
	}
	return a.Why < b.Why
}
