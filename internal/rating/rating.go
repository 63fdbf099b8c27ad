// Package rating holds the pure rules that turn what the vendor charges into what the customer should be billed: identity of lines,
// routes to contracts, services, costs, prices, and the charges of a closed month (design §6.1, §6.3, §6.4).
//
// It is pure: no clock, no log, no map order, no I/O. Equal inputs give equal bytes, in whatever order their slices come (law 4).
// Nothing unmapped or not enabled is ever desired (law 1), and every source line of the month ends in exactly one outcome (law 6).
package rating

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// Rules by which source lines and subscriptions are left out. Stored in dispositions: never renamed.
const (
	RuleBillingOff  = "billing-off"        // billing is not switched on for the subscription or the customer
	RuleBeforeFirst = "before-first-month" // the month lies before the first one that is billed for the subscription or the customer
	RuleTrial       = "trial"              // trials cost nothing
	RuleFree        = "free"               // the offer is never charged
	RuleZeroAmount  = "zero-amount"        // the line, or what it nets to, is zero
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
	SetMonths     map[billing.SetID]billing.Month // of sets whose month is known already, from all of their lines
	InvoiceTotals map[string]money.Amount         // with tax, by number, as invoices state it themselves; one that is not known is not compared
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
func Rate(in Input) billing.Desired { return RateMonths(in, nil) }

// RateMonths is Rate that also makes the charges of earlier months. What one finding holds back in several months adds up.
func RateMonths(in Input, earlier []billing.Month) billing.Desired { return newRater(in).rate(earlier) }

// Wanted gives the lines, charges and contracts of RateMonths in a part of the time, for who only compares them: without findings, without what
// became of each source line, and without what a line says of how its quantity came about, where its cost comes from and whether it repeats.
func Wanted(in Input, earlier []billing.Month) billing.Desired {
	r := newRater(in)
	r.wantedOnly, r.costs.wordless, r.findings = true, true, findings{}
	return r.rate(earlier)
}

func (r *rater) rate(earlier []billing.Month) billing.Desired {
	r.rateSubscriptions() // as of the day: the same in every month
	r.rateMonth()
	for _, month := range earlier {
		r.in.Month = month
		r.rateMonth()
	}
	return r.desired()
}

// rater carries the indexes and the results of one rating.
type rater struct {
	in        Input
	decisions decisions
	catalogue catalogue
	prices    prices
	costs     costs
	subs      map[billing.SubscriptionID]billing.Subscription
	names     map[billing.CustomerID]string
	monthOf   map[billing.SetID]billing.Month
	billedTo  map[billing.CustomerID]billing.Date // first day that no invoice speaks of yet
	// ofCustomer lists the subscriptions that are recurring lines of a customer, in order.
	ofCustomer map[billing.CustomerID][]billing.SubscriptionID
	recurring  []billing.SubscriptionID // those of all, in order
	wantedOnly bool                     // see Wanted
	offerNames map[offerCalled]string

	findings     findings
	contracts    map[string]*managedContract // by mark
	services     map[string]*billing.DesiredService
	lines        []billing.DesiredLine
	charges      []billing.DesiredCharge
	months       []billing.ChargedMonth
	dispositions []billing.Disposition
	applied      map[string][]string                // keys of applied lines by key without price point, in order
	verdicts     map[billing.SubscriptionID]verdict // what becomes of source lines of a recurring subscription
}

func newRater(in Input) *rater {
	in.Lines, in.Usage = newestSets(in.Lines), newestUsage(in.Usage)
	r := &rater{
		in:         in,
		decisions:  newDecisions(in.Mappings),
		catalogue:  newCatalogue(in.Catalogue),
		prices:     newPrices(in.Mappings.Prices),
		costs:      newCosts(in.Lines),
		subs:       make(map[billing.SubscriptionID]billing.Subscription, len(in.Directory.Subscriptions)),
		names:      map[billing.CustomerID]string{},
		findings:   newFindings(),
		contracts:  map[string]*managedContract{},
		services:   map[string]*billing.DesiredService{},
		applied:    map[string][]string{},
		offerNames: map[offerCalled]string{},
		verdicts:   make(map[billing.SubscriptionID]verdict, len(in.Directory.Subscriptions)),
	}
	for _, s := range in.Directory.Subscriptions {
		if old, twice := r.subs[s.ID]; !twice || compareSubscriptions(s, old) < 0 {
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
	r.monthOf = SetMonths(in)
	r.readBilledTo()
	r.ofCustomer = map[billing.CustomerID][]billing.SubscriptionID{}
	r.recurring = r.sortedSubscriptions()
	for _, id := range r.recurring {
		customer := r.subs[id].CustomerID
		r.ofCustomer[customer] = append(r.ofCustomer[customer], id)
	}
	return r
}

// compareSubscriptions decides which of two entries with one id counts: the one that says more, then the one that sorts first.
func compareSubscriptions(a, b billing.Subscription) int {
	return cmp.Or(cmp.Compare(rank(a.Status), rank(b.Status)), cmp.Compare(a.CustomerID, b.CustomerID), cmp.Compare(b.Quantity, a.Quantity),
		cmp.Compare(a.Offer.String(), b.Offer.String()), a.Start.Compare(b.Start), cmp.Compare(a.Name, b.Name))
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
	keep := func(names map[billing.CustomerID]string, id billing.CustomerID, name string) {
		if old, known := names[id]; name != "" && (!known || name < old) {
			names[id] = name
		}
	}
	for _, c := range r.in.Directory.Customers {
		keep(r.names, c.ID, c.Name)
	}
	other := map[billing.CustomerID]string{}
	for _, set := range r.in.Lines {
		for i := range set.Lines {
			keep(other, set.Lines[i].CustomerID, set.Lines[i].CustomerName)
		}
	}
	for _, set := range r.in.Usage {
		for i := range set.Groups {
			keep(other, set.Groups[i].CustomerID, set.Groups[i].CustomerName)
		}
	}
	for id, name := range other {
		if _, named := r.names[id]; !named {
			r.names[id] = name
		}
	}
	r.tellApart()
}

// tellApart adds to a name that several customers share what only one of them has: the domain, else the id.
func (r *rater) tellApart() {
	sharing := map[string]int{}
	for _, name := range r.names {
		sharing[strings.ToLower(name)]++
	}
	domains := map[billing.CustomerID]string{}
	for _, c := range r.in.Directory.Customers {
		domains[c.ID] = max(domains[c.ID], c.Domain)
	}
	for id, name := range r.names {
		if sharing[strings.ToLower(name)] > 1 {
			r.names[id] = name + " (" + cmp.Or(domains[id], string(id)) + ")"
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
	d := billing.Desired{Day: r.in.Day, Lines: r.lines, Charges: r.charges, Months: r.months, Dispositions: r.dispositions}
	for _, c := range r.contracts {
		if c.needed || c.exists {
			d.Contracts = append(d.Contracts, c.desired)
		}
	}
	for _, s := range r.services {
		d.Services = append(d.Services, *s)
	}
	d.Findings = r.findings.list()
	d.Incomplete = slices.SortedFunc(slices.Values(r.in.Directory.Incomplete), compareGaps)
	sort.Slice(d.Contracts, func(i, j int) bool { return d.Contracts[i].Mark < d.Contracts[j].Mark })
	sort.Slice(d.Services, func(i, j int) bool { return d.Services[i].Mark < d.Services[j].Mark })
	sort.Slice(d.Lines, func(i, j int) bool { return d.Lines[i].Key < d.Lines[j].Key })
	sort.Slice(d.Charges, func(i, j int) bool { return d.Charges[i].Key < d.Charges[j].Key })
	slices.SortFunc(d.Dispositions, compareDispositions)
	return d
}

// compareDispositions orders dispositions as the lines come on the invoices.
func compareDispositions(a, b billing.Disposition) int {
	if a.Set != b.Set {
		if n := cmp.Compare(a.Set.String(), b.Set.String()); n != 0 {
			return n
		}
	}
	if n := cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.LineKey, b.LineKey), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.By, b.By)); n != 0 {
		return n
	}
	return cmp.Compare(a.Cost.String(), b.Cost.String())
}

func compareGaps(a, b billing.Gap) int {
	return cmp.Or(cmp.Compare(a.CustomerID, b.CustomerID), cmp.Compare(a.What, b.What), cmp.Compare(a.Why, b.Why))
}
