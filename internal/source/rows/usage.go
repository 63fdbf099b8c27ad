package rows

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// UsageCollector adds daily usage rows up while they stream: memory grows with the groups, not with the rows.
type UsageCollector struct {
	file  string
	style Style
	known knownUsage
	sets  map[billing.SetID]*usageSet
	order []billing.SetID
	tally *tally
}

type usageSet struct {
	currency money.Currency
	month    billing.Month
	rows     int64
	groups   map[usageKey]*billing.UsageGroup
	days     map[billing.CustomerID]costDays
}

// costDays are the costs of one customer by day of use.
type costDays map[billing.Date]*money.Accumulator

// of gives the cost of a day, to add to.
func (c costDays) of(day billing.Date) *money.Accumulator {
	sum := c[day]
	if sum == nil {
		sum = new(money.Accumulator)
		c[day] = sum
	}
	return sum
}

// daysOf gives the days of a customer.
func (s *usageSet) daysOf(customer billing.CustomerID) costDays {
	days := s.days[customer]
	if days == nil {
		days = costDays{}
		s.days[billing.CustomerID(strings.Clone(string(customer)))] = days
	}
	return days
}

// usageKey holds the named fields of a group.
type usageKey struct {
	customer                                      billing.CustomerID
	customerName, subscriptionName, resourceGroup string
	plan                                          billing.SubscriptionID
	subscription                                  billing.AzureSubscriptionID
	product, sku, availability, category          string
	charged                                       billing.Period
}

// NewUsageCollector makes an empty collector; file is the name that errors show.
func NewUsageCollector(file string, style Style) *UsageCollector {
	return &UsageCollector{file: file, style: style, known: knownUsage{most: knownMost}, sets: map[billing.SetID]*usageSet{}, tally: newTally()}
}

// Rename sets the file name that errors show from now on.
func (uc *UsageCollector) Rename(file string) { uc.file = file }

// Add takes one row, or gives everything that is wrong with it.
func (uc *UsageCollector) Add(row *Row) []RowError {
	c := &cells{file: uc.file, style: uc.style, row: row}
	u := c.usage()
	if set := uc.sets[u.set]; len(c.broken) == 0 && set != nil && set.currency != u.group.Cost.Currency() {
		c.fail(BillingCurrency, fmt.Sprintf("the other rows of invoice %s are in %s: one invoice has one currency", u.set.Invoice, set.currency), remedyCell)
	}
	uc.tally.unknownColumns(row)
	if len(c.broken) > 0 {
		uc.tally.broken++
		return c.broken
	}
	set, group := uc.take(u)
	if row.raw != nil && uc.style == (Style{}) {
		uc.known.learn(row.raw, c, u, set, group, uc.tally)
	}
	return nil
}

// AddKnown takes a JSON row, as it stands in the file, when only its day and numbers are new. It gives false, and has done nothing, when the
// row must be read in full and be given to Add.
func (uc *UsageCollector) AddKnown(line []byte) bool { return uc.known.take(line) }

func (uc *UsageCollector) take(u usageRow) (*usageSet, *billing.UsageGroup) {
	set := uc.sets[u.set]
	if set == nil {
		set = &usageSet{currency: u.group.Cost.Currency(), groups: map[usageKey]*billing.UsageGroup{}, days: map[billing.CustomerID]costDays{}}
		uc.sets[u.set] = set
		uc.order = append(uc.order, u.set)
	}
	set.rows++
	set.daysOf(u.group.CustomerID).of(u.group.FirstDay).Add(u.group.Cost.Value())
	set.month = max(set.month, billing.MonthOf(u.group.FirstDay))
	uc.tally.take(u.kind, u.group.CustomerID, u.group.Cost, billing.MonthOf(u.group.Charged.Start))
	if k := billing.ChargeKind(u.kind); !k.Known() {
		uc.tally.words["charge type "+u.kind] = true
	}
	key := keyOf(u.group)
	if g := set.groups[key]; g != nil {
		addUsage(g, u.group)
		return set, g
	}
	g := cloneText(u.group)
	set.groups[keyOf(g)] = &g
	return set, &g
}

func keyOf(g billing.UsageGroup) usageKey {
	return usageKey{g.CustomerID, g.CustomerName, g.AzureSubscriptionName, g.ResourceGroup, g.PlanID, g.AzureSubscriptionID,
		g.ProductID, g.SKUID, g.AvailabilityID, g.MeterCategory, g.Charged}
}

// addUsage adds g to sum. Fields that are no part of the key keep a value only while all rows agree, or take an order-free choice, so
// that the order of rows, which exports shuffle (Microsoft sheet §3.4), does not matter.
func addUsage(sum *billing.UsageGroup, g billing.UsageGroup) {
	sum.Rows += g.Rows
	sum.Quantity = sum.Quantity.Add(g.Quantity)
	sum.Cost = money.Of(sum.Cost.Value().Add(g.Cost.Value()), sum.Cost.Currency())
	sum.BeforePEC = money.Of(sum.BeforePEC.Value().Add(g.BeforePEC.Value()), sum.BeforePEC.Currency())
	if g.FirstDay.Before(sum.FirstDay) {
		sum.FirstDay = g.FirstDay
	}
	sum.LastDay = billing.Later(sum.LastDay, g.LastDay)
	if sum.Unit != g.Unit {
		sum.Unit = ""
	}
	if sum.PricingCurrency != g.PricingCurrency {
		sum.PricingCurrency = ""
	}
	if g.ExchangeRate.Cmp(sum.ExchangeRate) > 0 {
		sum.ExchangeRate = g.ExchangeRate
	}
}

// cloneText copies the texts that a group keeps: each would otherwise hold on to the whole record it was cut from.
func cloneText(g billing.UsageGroup) billing.UsageGroup {
	for _, s := range []*string{&g.CustomerName, &g.AzureSubscriptionName, &g.ResourceGroup, &g.ProductID, &g.SKUID, &g.AvailabilityID,
		&g.MeterCategory, &g.Unit, (*string)(&g.CustomerID), (*string)(&g.PlanID), (*string)(&g.AzureSubscriptionID)} {
		*s = strings.Clone(*s)
	}
	return g
}

// Sets gives the usage sets in the order their first rows came.
func (uc *UsageCollector) Sets() []billing.UsageSet {
	uc.known.give(uc.tally)
	var sets []billing.UsageSet
	for _, id := range uc.order {
		set := uc.sets[id]
		if id.Kind == billing.UnbilledUsage {
			id.Month = set.month
		}
		groups := make([]billing.UsageGroup, 0, len(set.groups))
		for _, g := range set.groups {
			groups = append(groups, *g)
		}
		made := newUsageSet(id, set.rows, groups)
		for customer, days := range set.days {
			for day, cost := range days {
				made.Days = append(made.Days, billing.UsageDay{CustomerID: customer, Day: day, Cost: money.Of(cost.Decimal(), set.currency)})
			}
		}
		slices.SortFunc(made.Days, compareDays)
		sets = append(sets, made)
	}
	return sets
}

// Report gives the control report of everything added so far. Duplicates are not looked for: that would need memory for every row.
func (uc *UsageCollector) Report() Control {
	uc.known.give(uc.tally)
	return uc.tally.report()
}

// MergeUsage adds up sets that are parts of one download.
func MergeUsage(a, b billing.UsageSet) billing.UsageSet {
	groups := map[usageKey]billing.UsageGroup{}
	for _, g := range slices.Concat(a.Groups, b.Groups) {
		if sum, ok := groups[keyOf(g)]; ok {
			addUsage(&sum, g)
			g = sum
		}
		groups[keyOf(g)] = g
	}
	merged := make([]billing.UsageGroup, 0, len(groups))
	for _, g := range groups {
		merged = append(merged, g)
	}
	set := newUsageSet(a.ID, a.Rows+b.Rows, merged)
	set.Days = mergeDays(a.Days, b.Days)
	return set
}

// mergeDays adds up the days of two parts; a download has one currency.
func mergeDays(a, b []billing.UsageDay) []billing.UsageDay {
	all := slices.Concat(a, b)
	slices.SortFunc(all, compareDays)
	var days []billing.UsageDay
	for _, d := range all {
		if n := len(days); n > 0 && compareDays(days[n-1], d) == 0 {
			days[n-1].Cost = money.Of(days[n-1].Cost.Value().Add(d.Cost.Value()), d.Cost.Currency())
			continue
		}
		days = append(days, d)
	}
	return days
}

func compareDays(a, b billing.UsageDay) int {
	return cmp.Or(cmp.Compare(a.CustomerID, b.CustomerID), a.Day.Compare(b.Day), cmp.Compare(a.Cost.Currency(), b.Cost.Currency()))
}

func newUsageSet(id billing.SetID, rows int64, groups []billing.UsageGroup) billing.UsageSet {
	slices.SortFunc(groups, compareGroups)
	set := billing.UsageSet{ID: id, Rows: rows, Groups: groups}
	parts := make([]string, len(groups))
	for i, g := range groups {
		set.Total.Add(g.Cost)
		parts[i] = groupText(g)
	}
	set.Version = version(parts)
	return set
}

func compareGroups(a, b billing.UsageGroup) int {
	return cmp.Or(
		cmp.Compare(a.CustomerID, b.CustomerID), cmp.Compare(a.CustomerName, b.CustomerName), cmp.Compare(a.PlanID, b.PlanID),
		cmp.Compare(a.AzureSubscriptionID, b.AzureSubscriptionID), cmp.Compare(a.AzureSubscriptionName, b.AzureSubscriptionName),
		cmp.Compare(a.ResourceGroup, b.ResourceGroup), cmp.Compare(a.ProductID, b.ProductID), cmp.Compare(a.SKUID, b.SKUID),
		cmp.Compare(a.AvailabilityID, b.AvailabilityID), cmp.Compare(a.MeterCategory, b.MeterCategory),
		a.Charged.Start.Compare(b.Charged.Start), a.Charged.End.Compare(b.Charged.End))
}

func groupText(g billing.UsageGroup) string {
	return strings.Join([]string{string(g.CustomerID), g.CustomerName, string(g.PlanID), string(g.AzureSubscriptionID), g.AzureSubscriptionName,
		g.ResourceGroup, g.ProductID, g.SKUID, g.AvailabilityID, g.MeterCategory, g.Charged.String(), fmt.Sprint(g.Rows), g.Quantity.String(), g.Unit,
		g.Cost.String(), g.BeforePEC.String(), g.FirstDay.String(), g.LastDay.String(), g.ExchangeRate.String(), string(g.PricingCurrency)}, "\x00")
}

// usageRow is one daily row as a group of one.
type usageRow struct {
	set   billing.SetID
	kind  string
	group billing.UsageGroup
}

// usage reads a daily usage row (Microsoft sheet §4.3).
func (c *cells) usage() usageRow {
	currency := c.currency(BillingCurrency)
	day := c.date(UsageDate).date
	g := billing.UsageGroup{
		CustomerID:            billing.CustomerID(c.tenant(CustomerID)),
		CustomerName:          c.text(CustomerName),
		PlanID:                billing.SubscriptionID(c.id(SubscriptionID)),
		AzureSubscriptionID:   billing.AzureSubscriptionID(c.id(EntitlementID)),
		AzureSubscriptionName: c.text(EntitlementDescription),
		ResourceGroup:         strings.ToLower(c.text(ResourceGroup)),
		ProductID:             c.need(ProductID),
		SKUID:                 c.sku(),
		AvailabilityID:        c.code(AvailabilityID),
		MeterCategory:         c.text(MeterCategory),
		Charged:               c.charged(true),
		Rows:                  1,
		Quantity:              c.number(Quantity),
		Unit:                  c.text(Unit),
		Cost:                  money.Of(c.needNumber(BillingPreTaxTotal), currency),
		FirstDay:              day,
		LastDay:               day,
		ExchangeRate:          c.number(ExchangeRate),
		PricingCurrency:       c.optionalCurrency(PricingCurrency),
	}
	if c.text(UsageDate) == "" {
		c.fail(UsageDate, "the cell is empty", remedyCell)
	}
	if g.Charged.IsZero() && !day.IsZero() {
		g.Charged = billing.MonthOf(day).Period() // usage is charged by calendar month (Microsoft sheet §5.1)
	}
	g.BeforePEC = c.beforeEarnedCredit(g)
	return usageRow{c.setID(billing.BilledUsage, billing.UnbilledUsage, currency), strings.ToLower(c.code(ChargeType)), g}
}

// beforeEarnedCredit gives what the row would cost without partner earned credit, which is the partner's margin (Microsoft sheet §5.4).
func (c *cells) beforeEarnedCredit(g billing.UsageGroup) money.Amount {
	if g.Cost.IsZero() || !c.earnedCredit() || c.number(EffectiveUnitPrice).IsZero() {
		return g.Cost
	}
	list := c.needNumber(UnitPrice).Mul(g.Quantity).Mul(g.ExchangeRate)
	return money.Of(list, g.Cost.Currency())
}
