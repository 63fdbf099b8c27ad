package autotask

import (
	"cmp"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// horizonMonths is how far ahead of the clock unit rows exist (Autotask sheet §10.5).
const horizonMonths = 14

// state is what a line bills on a day: units, price and cost of one unit.
type state struct {
	units       int64
	price, cost decimal.Decimal
}

func (s state) value() decimal.Decimal { return s.price.Mul(decimal.NewFromInt(s.units)) }

func (s state) costValue() decimal.Decimal { return s.cost.Mul(decimal.NewFromInt(s.units)) }

// stateOn sums the adjustments that count on a day.
func (w *world) stateOn(l *line, adjustments []adjustment, day time.Time) state {
	s := state{price: w.basePrice(l), cost: l.record.amount0("unitCost")}
	for _, a := range adjustments {
		if a.date.After(day) {
			break
		}
		s.units += a.change
		if a.price != nil {
			s.price = *a.price
		}
		if a.cost != nil {
			s.cost = *a.cost
		}
	}
	return s
}

// amount0 is amount for a field the entity may not have: bundles carry no cost.
func (r *record) amount0(name string) decimal.Decimal {
	if r.entity.field(name) == nil {
		return decimal.Decimal{}
	}
	return r.amount(name)
}

// basePrice is the price before any adjustment: the line's own, else the catalogue's in the customer's currency.
func (w *world) basePrice(l *line) decimal.Decimal {
	if price, ok := l.record.get("adjustedPrice").(decimal.Decimal); ok {
		return price
	}
	return w.standardPrice(l)
}

// standardPrice is the catalogue price of a line in the customer's currency (Autotask sheet §5.4, §5.17).
func (w *world) standardPrice(l *line) decimal.Decimal {
	c := w.contractConversion(l.contractID)
	price := l.frozenPrice
	if w.d.is("catalogPriceFollows", "yes") {
		price = w.catalogPrice(l)
	}
	if own, ok := w.ownListPrice(l, c); ok {
		return own
	}
	if w.d.is("catalogCurrency", "customer") {
		return price
	}
	return c.toCustomer(price)
}

// catalogPrice is the unit price of the service or bundle, internal currency.
func (w *world) catalogPrice(l *line) decimal.Decimal {
	name := "Services"
	if l.isBundle() {
		name = "ServiceBundles"
	}
	item, ok := w.find(name, l.itemID)
	if !ok {
		return decimal.Decimal{}
	}
	return item.amount("unitPrice")
}

func (l *line) isBundle() bool { return l.record.entity.name == "ContractServiceBundles" }

// ownListPrice is the price of a price list that does not follow the exchange rate.
func (w *world) ownListPrice(l *line, c conversion) (decimal.Decimal, bool) {
	if c.internal || l.isBundle() {
		return decimal.Decimal{}, false
	}
	for _, r := range w.table("PriceListServices").all() {
		if r.num("serviceID") == l.itemID && r.num("currencyID") == c.currency && !r.flag("usesInternalCurrencyPrice") {
			price, ok := r.get("unitPrice").(decimal.Decimal)
			return price, ok
		}
	}
	return decimal.Decimal{}, false
}

// ruleFor cuts a line's time into periods. A line of a contract that is gone has none.
func (w *world) ruleFor(l *line) periodRule {
	contract, ok := w.find("Contracts", l.contractID)
	if !ok {
		return periodRule{months: 1}
	}
	return periodRule{anchor: contract.date("startDate"), end: contract.date("endDate"), months: monthsOf(w.periodTypeOf(l, contract)),
		drift: w.d.is("monthEnd", "drift"), clipProrate: w.d.is("clippedPeriod", "prorated")}
}

func (w *world) periodTypeOf(l *line, contract *record) int64 {
	if w.d.is("rowSpan", "contract") {
		return contract.num("contractPeriodType")
	}
	name := "Services"
	if l.isBundle() {
		name = "ServiceBundles"
	}
	if item, ok := w.find(name, l.itemID); ok {
		return item.num("periodType")
	}
	return contract.num("contractPeriodType")
}

// rows returns the unit rows of a line, made anew only when something they depend on has changed.
func (w *world) rows(set *lineSet, l *line) []*unitRow {
	if today := w.today(); !today.Equal(w.horizonDay) {
		w.horizonDay = today // a new day moves the horizon
		w.touch()
	}
	if l.cacheVersion == w.version {
		return l.cache
	}
	l.cache = nil
	if len(l.adjustments) > 0 {
		rule := w.ruleFor(l)
		for _, p := range rule.between(l.adjustments[0].date, addMonths(w.today(), horizonMonths)) {
			l.cache = append(l.cache, w.periodRows(set, l, p)...)
		}
	}
	l.cacheVersion = w.version
	w.rowSerial++
	return l.cache
}

// periodRows makes the rows of one period: posted rows as they were stored, then one row per change that is not posted.
func (w *world) periodRows(set *lineSet, l *line, p period) []*unitRow {
	starts := l.changesIn(p)
	var rows []*unitRow
	posted := l.posted[p.start]
	if posted != nil {
		rows = append(rows, posted.rows...)
		starts = posted.openStarts(l, p)
	}
	for i, start := range starts {
		end := p.end
		if i+1 < len(starts) && w.d.is("split", "truncate") {
			end = starts[i+1].AddDate(0, 0, -1)
		}
		rows = append(rows, w.makeRow(set, l, p, start, end))
	}
	return rows
}

// changesIn lists the days on which a row of the period starts.
func (l *line) changesIn(p period) []time.Time {
	var starts []time.Time
	for _, a := range l.adjustments {
		if !a.date.After(p.end) {
			starts = append(starts, later(a.date, p.start))
		}
	}
	return uniqueDays(starts)
}

// openStarts lists the days from which something in a posted period is not posted: unsettled changes, what follows them, and
// days that a later contract end has added.
func (pp *postedPeriod) openStarts(l *line, p period) []time.Time {
	var starts []time.Time
	for _, a := range l.adjustments {
		if !pp.settled[a.id] && !a.date.After(p.end) {
			starts = append(starts, later(a.date, p.start))
		}
	}
	if pp.end.Before(p.end) {
		starts = append(starts, pp.end.AddDate(0, 0, 1))
	}
	if len(starts) == 0 {
		return nil
	}
	first := slices.MinFunc(starts, time.Time.Compare)
	for _, a := range l.adjustments {
		if a.date.After(first) && !a.date.After(p.end) {
			starts = append(starts, a.date)
		}
	}
	return uniqueDays(starts)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func uniqueDays(list []time.Time) []time.Time {
	slices.SortFunc(list, time.Time.Compare)
	return slices.CompactFunc(list, time.Time.Equal)
}

// makeRow fills one pending row with the totals in force on its first day.
func (w *world) makeRow(set *lineSet, l *line, p period, start, end time.Time) *unitRow {
	s := w.stateOn(l, l.adjustments, start)
	row := &unitRow{line: l, start: start, end: end, units: s.units, price: s.value().Round(4), cost: s.costValue().Round(4)}
	if w.d.is("partialPrice", "prorated") && days(start, end) != p.length {
		row.price, row.cost = share(s.value(), days(start, end), p.length), share(s.costValue(), days(start, end), p.length)
	}
	row.id = set.rowID(l, start)
	return row
}

// share is amount × part ÷ whole, rounded to 4 decimals, half away from zero.
func share(amount decimal.Decimal, part, whole int64) decimal.Decimal {
	if whole == 0 {
		return decimal.Decimal{}
	}
	return amount.Mul(decimal.NewFromInt(part)).DivRound(decimal.NewFromInt(whole), 4)
}

func (s *lineSet) rowID(l *line, start time.Time) int64 {
	key := rowKey{start: start}
	for _, pp := range l.posted {
		for _, r := range pp.rows {
			if r.start.Equal(start) {
				key.generation++
			}
		}
	}
	id, ok := l.rowIDs[key]
	if !ok {
		id = s.nextRow
		s.nextRow++
		l.rowIDs[key] = id
	}
	return id
}

// allRows returns the unit rows of all lines in ascending id order.
func (w *world) allRows(set *lineSet) []*unitRow {
	lines := set.allLines()
	for _, l := range lines {
		w.rows(set, l)
	}
	if set.sortedSerial == w.rowSerial {
		return set.sorted
	}
	set.sorted = w.rowsOf(set, lines)
	set.sortedSerial = w.rowSerial
	return set.sorted
}

// rowsOf returns the unit rows of some lines in ascending id order.
func (w *world) rowsOf(set *lineSet, lines []*line) []*unitRow {
	var rows []*unitRow
	for _, l := range lines {
		rows = append(rows, w.rows(set, l)...)
	}
	slices.SortFunc(rows, func(a, b *unitRow) int { return cmp.Compare(a.id, b.id) })
	return rows
}

func (r *unitRow) key() int64     { return r.id }
func (r *unitRow) udf(string) any { return nil }

// value shows a unit row as the entity it belongs to.
func (r *unitRow) value(w *world, f *field) any {
	switch f.name {
	case "id":
		return r.id
	case "contractID":
		return r.line.contractID
	case "serviceID", "serviceBundleID":
		return r.line.itemID
	case "contractServiceID", "contractServiceBundleID":
		return r.line.record.id
	case "startDate":
		return r.start
	case "endDate":
		return r.end
	case "units":
		return r.units
	case "price":
		return r.price
	case "cost":
		return r.cost
	case "internalCurrencyPrice":
		return w.internalValue(w.contractConversion(r.line.contractID), r.price)
	case "approveAndPostDate":
		return optionalTime(r.posted)
	case "vendorCompanyID":
		return w.vendorOf(r.line)
	}
	return nil
}

func optionalTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

func (w *world) vendorOf(l *line) any {
	if item, ok := w.find("Services", l.itemID); ok && !l.isBundle() {
		return item.get("vendorCompanyID")
	}
	return nil
}
