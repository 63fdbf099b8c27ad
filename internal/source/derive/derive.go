// Package derive works out from billed rows what exists: customers, subscriptions with their seats, Azure plans and Azure
// subscriptions. It serves partners who have only files, and checks the directory of those who have more. It is pure.
package derive

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"spindle/internal/billing"
)

// DirectoryFromLines derives the directory on a day from reconciliation lines and usage (Microsoft sheet §4.4, §5.1). What the rows
// do not tell, such as the seats of a subscription whose earlier invoice is not there, is named in Incomplete.
func DirectoryFromLines(lineSets []billing.LineSet, usageSets []billing.UsageSet, day billing.Date) billing.Directory {
	d := derivation{day: day, customers: map[billing.CustomerID]dated{}, lines: map[billing.SubscriptionID][]billing.LineItem{},
		plans: map[billing.SubscriptionID]billing.Subscription{}, azure: map[billing.AzureSubscriptionID]billing.AzureSubscription{}}
	for _, set := range current(lineSets) {
		d.addLines(set)
	}
	for _, set := range slices.SortedFunc(slices.Values(usageSets), func(a, b billing.UsageSet) int { return cmp.Compare(a.ID.String(), b.ID.String()) }) {
		d.addUsage(set)
	}
	return d.directory()
}

// current orders the sets by id and leaves out unbilled sets of months that have been billed: they show the same charges twice.
func current(sets []billing.LineSet) []billing.LineSet {
	billed := map[string]billing.Month{} // newest billed month by partner
	for _, set := range sets {
		if set.ID.Kind == billing.BilledLines {
			billed[set.ID.PartnerID] = max(billed[set.ID.PartnerID], billing.MonthOf(newestEvent(set)))
		}
	}
	kept := slices.DeleteFunc(slices.Clone(sets), func(set billing.LineSet) bool {
		return set.ID.Kind == billing.UnbilledLines && billing.MonthOf(newestEvent(set)) <= billed[set.ID.PartnerID]
	})
	slices.SortFunc(kept, func(a, b billing.LineSet) int { return cmp.Compare(a.ID.String(), b.ID.String()) })
	return kept
}

func newestEvent(set billing.LineSet) billing.Date {
	var newest billing.Date
	for _, line := range set.Lines {
		newest = billing.Later(newest, line.OrderDate)
	}
	return newest
}

// dated is a customer as its newest row describes it: names change.
type dated struct {
	billing.Customer
	seen billing.Date
}

type derivation struct {
	day       billing.Date
	horizon   billing.Date // first day the sets know nothing about
	customers map[billing.CustomerID]dated
	lines     map[billing.SubscriptionID][]billing.LineItem
	plans     map[billing.SubscriptionID]billing.Subscription
	azure     map[billing.AzureSubscriptionID]billing.AzureSubscription
	gaps      []billing.Gap
}

func (d *derivation) addLines(set billing.LineSet) {
	newest := newestEvent(set)
	if set.ID.Kind == billing.BilledLines && !newest.IsZero() {
		d.horizon = billing.Later(d.horizon, newest.MonthStart().AddMonths(1))
	} else {
		d.horizon = billing.Later(d.horizon, newest)
	}
	for _, line := range set.Lines {
		d.customer(billing.Customer{ID: line.CustomerID, Name: line.CustomerName, Domain: line.CustomerDomain, Country: line.Country}, line.OrderDate)
		switch {
		case line.SubscriptionID == "":
		case isAzure(line):
			d.plan(line.CustomerID, line.SubscriptionID, line.SubscriptionName, line.TermPeriod)
		case line.Kind != billing.ChargeCustomerCredit:
			d.lines[line.SubscriptionID] = append(d.lines[line.SubscriptionID], line)
		}
	}
}

// isAzure tells Azure consumption from the metered services of other publishers (Microsoft sheet §5.4).
func isAzure(line billing.LineItem) bool {
	return line.IsUsage() && strings.HasPrefix(strings.ToLower(line.Publisher), "microsoft")
}

func (d *derivation) addUsage(set billing.UsageSet) {
	for _, g := range set.Groups {
		d.customer(billing.Customer{ID: g.CustomerID, Name: g.CustomerName}, g.FirstDay)
		if g.PlanID != "" {
			d.plan(g.CustomerID, g.PlanID, "", billing.Period{})
		}
		if g.AzureSubscriptionID != "" {
			d.azure[g.AzureSubscriptionID] = billing.AzureSubscription{ID: g.AzureSubscriptionID, CustomerID: g.CustomerID, PlanID: g.PlanID,
				Name: g.AzureSubscriptionName, Active: true}
		}
	}
}

func (d *derivation) customer(c billing.Customer, seen billing.Date) {
	known, exists := d.customers[c.ID]
	if exists && seen.Before(known.seen) {
		return
	}
	c.Name, c.Domain, c.Country = cmp.Or(c.Name, known.Name), cmp.Or(c.Domain, known.Domain), cmp.Or(c.Country, known.Country)
	d.customers[c.ID] = dated{c, seen}
}

func (d *derivation) plan(customer billing.CustomerID, id billing.SubscriptionID, name string, term billing.Period) {
	known := d.plans[id]
	d.plans[id] = billing.Subscription{ID: id, CustomerID: customer, Kind: billing.AzurePlan, Offer: billing.Offer{Frequency: billing.Metered},
		Name: cmp.Or(known.Name, name, "Azure plan"), Publisher: "Microsoft", Quantity: 1, Status: billing.Active,
		Start: billing.Later(known.Start, term.Start)}
}

func (d *derivation) directory() billing.Directory {
	var dir billing.Directory
	for _, id := range slices.Sorted(maps.Keys(d.customers)) {
		dir.Customers = append(dir.Customers, d.customers[id].Customer)
	}
	for _, s := range d.plans {
		dir.Subscriptions = append(dir.Subscriptions, s)
	}
	for _, id := range slices.Sorted(maps.Keys(d.lines)) {
		s, why := subscription(d.lines[id], d.day, d.horizon)
		dir.Subscriptions = append(dir.Subscriptions, s)
		if why != "" {
			d.gaps = append(d.gaps, billing.Gap{CustomerID: s.CustomerID, Why: why,
				What: fmt.Sprintf("seats of %s (subscription %s) of %s", s.Name, s.ID, d.customers[s.CustomerID].Name)})
		}
	}
	slices.SortFunc(dir.Subscriptions, func(a, b billing.Subscription) int {
		return cmp.Or(cmp.Compare(a.CustomerID, b.CustomerID), cmp.Compare(a.ID, b.ID))
	})
	for _, id := range slices.Sorted(maps.Keys(d.azure)) {
		dir.Azure = append(dir.Azure, d.azure[id])
	}
	dir.Incomplete = d.gaps
	return dir
}
