package rows

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// LineCollector turns reconciliation rows into line sets: one per partner and invoice, or for unbilled rows one per partner and
// currency (Microsoft sheet, importer recipe 9).
type LineCollector struct {
	file  string
	style Style
	sets  map[billing.SetID]*lineSet
	order []billing.SetID
	tally *tally
}

type lineSet struct {
	currency money.Currency
	seen     map[string]int // rows by identity
	month    billing.Month  // newest month of a billing event
	lines    []billing.LineItem
}

// NewLineCollector makes an empty collector; file is the name that errors show.
func NewLineCollector(file string, style Style) *LineCollector {
	return &LineCollector{file: file, style: style, sets: map[billing.SetID]*lineSet{}, tally: newTally()}
}

// Rename sets the file name that errors show from now on.
func (lc *LineCollector) Rename(file string) { lc.file = file }

// Add takes one row, or gives everything that is wrong with it.
func (lc *LineCollector) Add(row *Row) []RowError {
	c := &cells{file: lc.file, style: lc.style, row: row}
	id, line := c.line()
	if len(c.broken) == 0 {
		lc.checkCurrency(c, id, line.Cost.Currency())
	}
	lc.tally.unknownColumns(row)
	if len(c.broken) > 0 {
		lc.tally.broken++
		return c.broken
	}
	lc.take(id, line, c.identity())
	return nil
}

// checkCurrency keeps a billed set in one currency: an invoice has only one (Microsoft sheet §2.5).
func (lc *LineCollector) checkCurrency(c *cells, id billing.SetID, currency money.Currency) {
	if set := lc.sets[id]; set != nil && set.currency != currency {
		c.fail(Currency, fmt.Sprintf("the other rows of invoice %s are in %s: one invoice has one currency", id.Invoice, set.currency), remedyCell)
	}
}

func (lc *LineCollector) take(id billing.SetID, line billing.LineItem, identity string) {
	set := lc.sets[id]
	if set == nil {
		set = &lineSet{currency: line.Cost.Currency(), seen: map[string]int{}}
		lc.sets[id] = set
		lc.order = append(lc.order, id)
	}
	set.seen[identity]++
	line.Key = rowKey(identity, set.seen[identity])
	set.month = max(set.month, billing.MonthOf(line.OrderDate))
	set.lines = append(set.lines, line)
	if set.seen[identity] > 1 {
		lc.tally.duplicates++
	}
	if !line.Kind.Known() {
		lc.tally.words["charge type "+line.KindText] = true
	}
	if !knownFrequency(line.Frequency) {
		lc.tally.words["billing frequency "+string(line.Frequency)] = true
	}
	lc.tally.take(string(line.Kind), line.CustomerID, line.Cost, billing.MonthOf(eventDay(line)))
}

func knownFrequency(f billing.Frequency) bool {
	return slices.Contains([]billing.Frequency{billing.Monthly, billing.Annual, billing.Triennial, billing.OneTime, billing.Metered, billing.Free}, f)
}

// eventDay gives the day a line belongs to: usage to the month it was consumed in, the rest to the day of the billing event.
func eventDay(line billing.LineItem) billing.Date {
	if line.IsUsage() && !line.Charged.IsZero() || line.OrderDate.IsZero() {
		return line.Charged.Start
	}
	return line.OrderDate
}

// Sets gives the line sets in the order their first rows came.
func (lc *LineCollector) Sets() []billing.LineSet {
	var sets []billing.LineSet
	for _, id := range lc.order {
		set := lc.sets[id]
		if id.Kind == billing.UnbilledLines {
			id.Month = set.month
		}
		sets = append(sets, NewLineSet(id, set.lines))
	}
	return sets
}

// Doubled names the sets in which every row stands equally often and more than once: rows that were pasted twice. Two equal rows are
// legal, so sets of a row or two say nothing.
func (lc *LineCollector) Doubled() []billing.SetID {
	var all []billing.SetID
	for _, id := range lc.order {
		seen := lc.sets[id].seen
		times := map[int]bool{}
		for _, n := range seen {
			times[n] = true
		}
		if len(seen) > 2 && len(times) == 1 && !times[1] {
			all = append(all, id)
		}
	}
	return all
}

// Report gives the control report of everything added so far.
func (lc *LineCollector) Report() Control { return lc.tally.report() }

// NewLineSet makes a set of lines with its total and, as version, a content hash (Microsoft sheet, importer recipe 8). The hash does
// not depend on row order or file format.
func NewLineSet(id billing.SetID, lines []billing.LineItem) billing.LineSet {
	set := billing.LineSet{ID: id, Lines: lines}
	keys := make([]string, len(lines))
	for i, line := range lines {
		keys[i] = line.Key
		set.Total.Add(line.Total)
	}
	set.Version = version(keys)
	return set
}

// line reads a reconciliation row (Microsoft sheet §4.2).
func (c *cells) line() (billing.SetID, billing.LineItem) {
	currency := c.currency(Currency)
	usage := c.text(MeterDescription) != ""
	term := c.text(TermAndBillingCycle)
	trial := isTrial(c.text(ProductQualifiers), term)
	kindText := c.need(ChargeType)
	line := billing.LineItem{
		Row:               c.row.Line,
		Invoice:           c.invoice(),
		CustomerID:        billing.CustomerID(c.tenant(CustomerID)),
		CustomerName:      c.text(CustomerName),
		CustomerDomain:    c.text(CustomerDomainName),
		Country:           strings.ToUpper(c.text(CustomerCountry)),
		ProductID:         c.need(ProductID),
		SKUID:             c.sku(),
		AvailabilityID:    c.code(AvailabilityID),
		SKUName:           c.text(SkuName),
		ProductName:       c.text(ProductName),
		Publisher:         c.text(PublisherName),
		Kind:              billing.ChargeKind(strings.ToLower(kindText)),
		KindText:          kindText,
		SubscriptionID:    billing.SubscriptionID(c.id(SubscriptionID)),
		SubscriptionName:  c.text(SubscriptionDescription),
		Frequency:         frequency(c.text(BillingFrequency), usage, trial),
		TermText:          term,
		Charged:           c.charged(usage),
		TermPeriod:        c.termPeriod(),
		OrderDate:         c.date(OrderDate).date,
		ListUnitCost:      c.number(UnitPrice),
		EffectiveUnitCost: c.number(EffectiveUnitPrice),
		Quantity:          c.number(Quantity),
		BillableQuantity:  c.number(BillableQuantity),
		PricingCurrency:   c.optionalCurrency(PricingCurrency),
		ExchangeRate:      c.number(ExchangeRate),
		ExchangeRateDate:  c.date(ExchangeRateDate).date,
		Cost:              money.Of(c.needNumber(Subtotal), currency),
		Tax:               money.Of(c.number(TaxTotal), currency),
		Meter:             c.text(MeterDescription),
		Trial:             trial,
		Extra:             c.extra(),
	}
	line.Total = c.total(line)
	c.links(&line)
	return c.setID(billing.BilledLines, billing.UnbilledLines, currency), line
}

func (c *cells) links(line *billing.LineItem) {
	line.ReservationOrderID = c.code(ReservationOrderID)
	line.CreditReason = c.text(CreditReasonCode)
	line.ReferenceID = reference(c.text(ReferenceID))
	line.PromotionID = c.code(PromotionID)
	line.PriceAdjustments = c.text(PriceAdjustmentDescription)
}

// total gives Total as read; a file without the column gets Subtotal + TaxTotal, which Microsoft defines it to be (§4.5).
func (c *cells) total(line billing.LineItem) money.Amount {
	if c.text(Total) == "" {
		return money.Of(line.Cost.Value().Add(line.Tax.Value()), line.Cost.Currency())
	}
	return money.Of(c.number(Total), line.Cost.Currency())
}

func (c *cells) charged(usage bool) billing.Period {
	p := period(c.date(ChargeStartDate), c.date(ChargeEndDate), usage)
	if !p.IsZero() && p.Days() < 1 {
		c.fail(ChargeEndDate, "the charge ends before it starts on "+p.Start.String(), remedyCell)
	}
	return p
}

// termPeriod gives the commitment; End stays zero when it is open.
func (c *cells) termPeriod() billing.Period {
	p := billing.Period{Start: c.date(SubscriptionStartDate).date}
	if end := c.date(SubscriptionEndDate).date; !end.IsZero() {
		p.End = end.AddDays(1)
	}
	return p
}

// invoice gives the invoice number; unbilled rows have none, or a word that stands for none (Microsoft sheet §4.2 #6).
func (c *cells) invoice() string {
	number := c.code(InvoiceNumber)
	if !strings.ContainsAny(number, "0123456789") {
		return ""
	}
	return number
}

// setID names the set a row belongs to. Billed sets are named by partner and invoice alone, as billing.SetID.String writes them.
func (c *cells) setID(billed, unbilled billing.SetKind, currency money.Currency) billing.SetID {
	partner := c.tenant(PartnerID)
	if invoice := c.invoice(); invoice != "" {
		return billing.SetID{Kind: billed, PartnerID: partner, Invoice: invoice}
	}
	return billing.SetID{Kind: unbilled, PartnerID: partner, Currency: currency}
}

func (c *cells) extra() map[string]string {
	var extra map[string]string
	for name, text := range c.row.extra {
		if text == "" {
			continue
		}
		if extra == nil {
			extra = map[string]string{}
		}
		extra[name] = text
	}
	return extra
}

// MergeLines joins sets that are parts of one download. Rows that are alike in both are different rows: they are counted on.
func MergeLines(a, b billing.LineSet) billing.LineSet {
	seen := map[string]int{}
	lines := slices.Concat(a.Lines, b.Lines)
	for i, line := range lines {
		identity, _, _ := strings.Cut(line.Key, "-")
		seen[identity]++
		lines[i].Key = identity + "-" + strconv.Itoa(seen[identity])
	}
	return NewLineSet(a.ID, lines)
}
