package rating

import (
	"cmp"
	"fmt"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// usageTolerance is how much usage may exceed the invoice per line: Microsoft truncates twice (Microsoft sheet §5.6).
var usageTolerance = money.New(2, -2)

// usageKey joins usage groups with reconciliation lines (Microsoft sheet §5.6, 2).
type usageKey struct {
	document     document
	customer     billing.CustomerID
	plan         billing.SubscriptionID
	product, sku string
	availability string
	charged      billing.Period
}

// usageIndex holds the usage of the month's invoices and what their lines bill of it.
type usageIndex struct {
	groups map[usageKey][]*billing.UsageGroup
	billed map[billedKey]billedUsage
}

type billedKey struct {
	usageKey
	currency money.Currency
}

type billedUsage struct {
	lines int64
	cost  money.Amount
}

func newUsageIndex(sets []billing.UsageSet) *usageIndex {
	u := &usageIndex{groups: map[usageKey][]*billing.UsageGroup{}, billed: map[billedKey]billedUsage{}}
	for _, set := range sets {
		for i := range set.Groups {
			g := &set.Groups[i]
			key := usageKey{documentOf(set.ID), g.CustomerID, g.PlanID, g.ProductID, g.SKUID, g.AvailabilityID, g.Charged}
			u.groups[key] = append(u.groups[key], g)
		}
	}
	for _, groups := range u.groups {
		slices.SortFunc(groups, compareGroups)
	}
	return u
}

func compareGroups(a, b *billing.UsageGroup) int {
	return cmp.Or(cmp.Compare(a.AzureSubscriptionID, b.AzureSubscriptionID), cmp.Compare(a.ResourceGroup, b.ResourceGroup),
		cmp.Compare(a.MeterCategory, b.MeterCategory), a.Cost.Value().Cmp(b.Cost.Value()), a.BeforePEC.Value().Cmp(b.BeforePEC.Value()),
		cmp.Compare(a.Rows, b.Rows))
}

func keyOf(set billing.SetID, l *billing.LineItem) usageKey {
	return usageKey{documentOf(set), l.CustomerID, l.SubscriptionID, l.ProductID, l.SKUID, l.AvailabilityID, l.Charged}
}

// of gives the usage behind a line.
func (u *usageIndex) of(set billing.SetID, l *billing.LineItem) []*billing.UsageGroup {
	return u.groups[keyOf(set, l)]
}

// billedByLine counts a consumption line, credits apart.
func (u *usageIndex) billedByLine(set billing.SetID, l *billing.LineItem) {
	key := billedKey{keyOf(set, l), l.Cost.Currency()}
	b := u.billed[key]
	b.lines++
	b.cost, _ = b.cost.Add(l.Cost) // of one currency
	u.billed[key] = b
}

// reportDifferences finds usage that the invoice bills differently, or not at all: one finding per invoice and customer that is billed.
func (u *usageIndex) reportDifferences(r *rater) {
	for key, groups := range u.groups {
		if !r.isBilled(key.customer, key.plan) {
			continue
		}
		var used money.Totals
		for _, g := range groups {
			used.Add(g.Cost)
		}
		for _, sum := range used.Amounts() {
			billed := u.billed[billedKey{key, sum.Currency()}]
			difference, _ := sum.Sub(billed.cost)
			if difference.Value().Abs().Cmp(usageTolerance.Mul(money.Int(max(billed.lines, 1)))) <= 0 {
				continue
			}
			r.findings.atStake(billing.Finding{
				Kind: billing.FindingTotals, Subject: "usage/" + key.document.invoice + "/" + string(key.customer),
				CustomerID: key.customer, Customer: r.name(key.customer),
				Message: fmt.Sprintf("usage and lines of invoice %s differ for %s", key.document.invoice, r.name(key.customer)),
				Remedy:  "read both again; what Microsoft bills on the lines is what counts",
			}, groups[0].MeterCategory, difference)
		}
	}
}
