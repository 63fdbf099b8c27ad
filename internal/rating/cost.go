package rating

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// costPlaces are the digits kept of a cost per unit: what the target stores (Autotask sheet §5.9).
const costPlaces = 4

// listPlaces are the digits Microsoft truncates a converted list price to (Microsoft sheet §4.5).
const listPlaces = 2

// costLine is a recurring source line with the set it came from.
type costLine struct {
	*billing.LineItem
	set *billing.SetID // the same for all lines of a set
}

// costs answers what one unit of a subscription costs per charge cycle. Lists are newest first.
type costs struct {
	bySubscription map[billing.SubscriptionID][]costLine
	byProduct      map[productKey][]costLine
	partners       map[billing.CustomerID]map[string]bool // partner tenants that billed something for the customer
	wordless       bool                                   // answers say nothing of where a cost comes from
}

type productKey struct {
	product, sku string
	frequency    billing.Frequency
}

// unitCost is an answer: nil when nothing is known.
type unitCost struct {
	amount *money.Amount
	basis  string
}

func newCosts(sets []billing.LineSet) costs {
	c := costs{partners: map[billing.CustomerID]map[string]bool{}}
	subscriptions, products := newGathering[billing.SubscriptionID](sets), newGathering[productKey](sets)
	for i := range sets {
		set := &sets[i]
		for j := range set.Lines {
			l := &set.Lines[j]
			if l.SubscriptionID == "" || l.IsUsage() {
				continue
			}
			line := costLine{l, &set.ID}
			subscriptions.add(l.SubscriptionID, line)
			if tellsCost(l) {
				products.add(productKey{l.ProductID, l.SKUID, l.Frequency}, line)
			}
			if c.partners[l.CustomerID] == nil {
				c.partners[l.CustomerID] = map[string]bool{}
			}
			c.partners[l.CustomerID][set.ID.PartnerID] = true
		}
	}
	c.bySubscription, c.byProduct = subscriptions.lists(), products.lists()
	return c
}

// gathering gathers lines by a key, in two steps: there are so many that lists which grow one by one cost more than all else.
type gathering[K comparable] struct {
	number map[K]int // of the list of a key
	counts []int
	lines  []costLine
	of     []int // the list of each line
}

func newGathering[K comparable](sets []billing.LineSet) *gathering[K] {
	n := 0
	for _, set := range sets {
		n += len(set.Lines)
	}
	return &gathering[K]{number: map[K]int{}, lines: make([]costLine, 0, n), of: make([]int, 0, n)}
}

func (g *gathering[K]) add(key K, l costLine) {
	number, known := g.number[key]
	if !known {
		number = len(g.counts)
		g.number[key], g.counts = number, append(g.counts, 0)
	}
	g.counts[number]++
	g.lines, g.of = append(g.lines, l), append(g.of, number)
}

// lists gives the lines of each key, newest first.
func (g *gathering[K]) lists() map[K][]costLine {
	room, lists := make([]costLine, len(g.lines)), make([][]costLine, len(g.counts))
	for i, n := range g.counts {
		lists[i], room = room[:0:n], room[n:]
	}
	for i, l := range g.lines {
		lists[g.of[i]] = append(lists[g.of[i]], l)
	}
	all := make(map[K][]costLine, len(lists))
	for key, i := range g.number {
		slices.SortFunc(lists[i], compareNewestFirst)
		all[key] = lists[i]
	}
	return all
}

func compareNewestFirst(a, b costLine) int {
	if n := cmp.Or(b.Charged.Start.Compare(a.Charged.Start), b.OrderDate.Compare(a.OrderDate)); n != 0 {
		return n
	}
	if a.set != b.set {
		if n := strings.Compare(b.set.String(), a.set.String()); n != 0 {
			return n
		}
	}
	return cmp.Or(cmp.Compare(b.Row, a.Row), strings.Compare(b.Key, a.Key))
}

// tellsCost reports whether a line says what a unit costs: money for the customer's units, neither refund nor credit nor trial.
func tellsCost(l *billing.LineItem) bool {
	return !l.Trial && l.Cost.Sign() > 0 && l.BillableQuantity.Sign() != 0 && l.Kind != billing.ChargeCustomerCredit
}

// of gives the cost of one unit per charge cycle, from what Microsoft billed (design §6.3), and says in words where it comes from.
func (c costs) of(s billing.Subscription) unitCost {
	if s.Kind == billing.CustomService {
		if s.UnitCost == nil {
			return unitCost{basis: "the custom service has no cost"}
		}
		return unitCost{s.UnitCost, "cost of the custom service"}
	}
	if found := c.own(s); found.amount != nil {
		return found
	}
	partners := c.partners[s.CustomerID]
	others := c.byProduct[productKey{s.Offer.ProductID, s.Offer.SKUID, s.Offer.Frequency}]
	fits := func(l costLine) bool {
		return termMatches(l.LineItem, s.Offer.Term) && (len(partners) == 0 || partners[l.set.PartnerID])
	}
	if found := c.fromLines(others, fits); found.amount != nil {
		newest := others[slices.IndexFunc(others, fits)]
		found.basis += fmt.Sprintf(", of subscription %s with the same offer", newest.SubscriptionID)
		return found
	}
	return unitCost{basis: "no line of this offer has been billed yet"}
}

// own gives the cost as the subscription's own lines tell it.
func (c costs) own(s billing.Subscription) unitCost {
	return c.fromLines(c.bySubscription[s.ID], func(l costLine) bool { return isOf(l, s.Offer) })
}

// KnowsCosts reports whether the lines of every licence that is billed again and again tell its cost. Otherwise it is found from lines of
// others with the same offer, of whatever customer, so that none may be left out of the input.
func KnowsCosts(in Input) bool {
	c := newCosts(newestSets(in.Lines))
	return !slices.ContainsFunc(in.Directory.Subscriptions, func(s billing.Subscription) bool {
		_, recurring := periodOf(s.Offer.Frequency)
		return s.Kind == billing.Licence && recurring && !s.Trial && s.Status != billing.Ended && c.own(s).amount == nil
	})
}

func isOf(l costLine, o billing.Offer) bool {
	return tellsCost(l.LineItem) && l.ProductID == o.ProductID && l.SKUID == o.SKUID && l.Frequency == o.Frequency
}

// termMatches compares the length of the line's commitment. The line's own text names every term the SKU supports, so it is no help
// (Microsoft sheet §4.2).
func termMatches(l *billing.LineItem, term billing.Term) bool {
	months, known := map[billing.Term]int{"P1M": 1, "P1Y": 12, "P3Y": 36}[term]
	return !known || isMonths(l.TermPeriod, months)
}

// fromLines takes the newest line that covers a whole charge cycle, of the lines that count; else the list price of the newest of them.
func (c costs) fromLines(lines []costLine, counts func(costLine) bool) unitCost {
	newest := -1
	for i, l := range lines {
		if !counts(l) {
			continue
		}
		if isWholeCycle(l.LineItem) {
			return c.fromCycle(l, lines, counts)
		}
		if newest < 0 {
			newest = i
		}
	}
	if newest < 0 {
		return unitCost{}
	}
	return c.fromList(lines[newest], lines, counts)
}

// cycleMonths is the length of charge cycles.
var cycleMonths = map[billing.Frequency]int{billing.Monthly: 1, billing.Annual: 12, billing.Triennial: 36}

// isWholeCycle reports whether the line bills one full charge cycle: a quantity change never does, even on the cycle's first day.
func isWholeCycle(l *billing.LineItem) bool {
	switch l.Kind {
	case billing.ChargeNew, billing.ChargeRenew, billing.ChargeCycle, billing.ChargeConvert, billing.ChargeChangeBillingPlan:
	default:
		return false
	}
	months := cycleMonths[l.Frequency]
	return months > 0 && isMonths(l.Charged, months)
}

// isMonths compares a period with a number of months, with the ends clamped either way (31 January to 27 February, and 28 February
// to 30 March, are months; Microsoft sheet §5.1).
func isMonths(p billing.Period, months int) bool {
	return p.Start.AddMonths(months) == p.End || p.End.AddMonths(-months) == p.Start
}

// sameEvent reports whether two lines bill one event together: a product split over two lines (Microsoft sheet §7, 13).
func sameEvent(a, b costLine) bool {
	return a.set == b.set && a.SubscriptionID == b.SubscriptionID && a.Kind == b.Kind && a.Charged == b.Charged &&
		a.OrderDate == b.OrderDate && a.BillableQuantity.Equal(b.BillableQuantity) && a.Cost.Currency() == b.Cost.Currency()
}

func (c costs) fromCycle(first costLine, lines []costLine, counts func(costLine) bool) unitCost {
	var sum money.Decimal
	for _, l := range lines {
		if sameEvent(first, l) && counts(l) {
			sum = sum.Add(l.Cost.Value())
		}
	}
	value, _ := sum.Div(first.BillableQuantity.Abs(), costPlaces, money.HalfAwayFromZero)
	amount := money.Of(value, first.Cost.Currency())
	if c.wordless {
		return unitCost{amount: &amount}
	}
	return unitCost{&amount, fmt.Sprintf("billed for %s on invoice %s (%s ÷ %s)",
		first.Charged, first.Invoice, money.Of(sum, first.Cost.Currency()), first.BillableQuantity.Abs())}
}

func (c costs) fromList(first costLine, lines []costLine, counts func(costLine) bool) unitCost {
	rate := first.ExchangeRate
	if rate.IsZero() && first.PricingCurrency == first.Cost.Currency() {
		rate = money.Int(1)
	}
	var sum money.Decimal
	for _, l := range lines {
		if sameEvent(first, l) && l.ReferenceID == first.ReferenceID && counts(l) {
			sum = sum.Add(l.ListUnitCost)
		}
	}
	value := sum.Mul(rate).Round(listPlaces, money.TowardZero)
	if value.Sign() <= 0 {
		return unitCost{}
	}
	amount := money.Of(value, first.Cost.Currency())
	if c.wordless {
		return unitCost{amount: &amount}
	}
	return unitCost{&amount, fmt.Sprintf("list price %s × %s on invoice %s, because no whole cycle was billed yet",
		money.Of(sum, first.PricingCurrency), rate, first.Invoice)}
}

// since gives the first day the source charges for a subscription. For cycles longer than a month it is the start of the running
// cycle, as far as a line tells: that is the cycle the target has to bill.
func (c costs) since(s billing.Subscription, day billing.Date) billing.Date {
	first := s.Start
	if first.IsZero() {
		for _, l := range c.bySubscription[s.ID] { // the newest first, so that the oldest has the last word
			if !l.Charged.IsZero() && l.Cost.Sign() > 0 {
				first = l.Charged.Start
			}
		}
	}
	if s.Offer.Frequency != billing.Annual {
		return first
	}
	for _, l := range c.bySubscription[s.ID] {
		if isOf(l, s.Offer) && isWholeCycle(l.LineItem) && l.Charged.Contains(day) {
			return l.Charged.Start
		}
	}
	return first
}

// endedOn gives the first day without an ended subscription: its end when that has come, else the day its last refund starts.
func (c costs) endedOn(s billing.Subscription, day billing.Date) billing.Date {
	if !s.End.IsZero() && !s.End.After(day) {
		return s.End
	}
	for _, l := range c.bySubscription[s.ID] {
		if (l.Kind == billing.ChargeCancelImmediate || l.Kind == billing.ChargeCancel) && !l.Charged.Start.After(day) && !l.Charged.IsZero() {
			return l.Charged.Start
		}
	}
	return day
}

// productName gives the SKU's name as billed last; "" when no line names it.
func (c costs) productName(o billing.Offer) string {
	for _, l := range c.byProduct[productKey{o.ProductID, o.SKUID, o.Frequency}] {
		if l.SKUName != "" {
			return l.SKUName
		}
	}
	return ""
}
