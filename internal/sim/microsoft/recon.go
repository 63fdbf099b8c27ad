package microsoft

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// reconLine is one invoice reconciliation line, in file order (sheet §4.2). A zero time is an absent date.
type reconLine struct {
	PartnerID                  string `json:"PartnerId"`
	CustomerID                 string `json:"CustomerId"`
	CustomerName               string
	CustomerDomainName         string
	CustomerCountry            string
	InvoiceNumber              string
	MpnID                      string `json:"MpnId"`
	Tier2MpnID                 string `json:"Tier2MpnId"`
	OrderID                    string `json:"OrderId"`
	OrderDate                  time.Time
	ProductID                  string `json:"ProductId"`
	SkuID                      string `json:"SkuId"`
	AvailabilityID             string `json:"AvailabilityId"`
	SkuName                    string
	ProductName                string
	ChargeType                 string
	UnitPrice                  decimal.Decimal
	Quantity                   decimal.Decimal
	Subtotal                   decimal.Decimal
	TaxTotal                   decimal.Decimal
	Total                      decimal.Decimal
	Currency                   string
	PriceAdjustmentDescription string
	PublisherName              string
	PublisherID                string `json:"PublisherId"`
	SubscriptionDescription    string
	SubscriptionID             string `json:"SubscriptionId"`
	ChargeStartDate            time.Time
	ChargeEndDate              time.Time
	TermAndBillingCycle        string
	EffectiveUnitPrice         decimal.Decimal
	UnitType                   string
	AlternateID                string `json:"AlternateId"`
	BillableQuantity           decimal.Decimal
	BillingFrequency           string
	PricingCurrency            string
	PCToBCExchangeRate         decimal.Decimal
	PCToBCExchangeRateDate     time.Time
	MeterDescription           string
	ReservationOrderID         string `json:"ReservationOrderId"`
	CreditReasonCode           string
	SubscriptionStartDate      time.Time
	SubscriptionEndDate        time.Time
	ReferenceID                string `json:"ReferenceId"`
	ProductQualifiers          string
	PromotionID                string `json:"PromotionId"`
	ProductCategory            string
}

// taxRate is the partner's VAT in the invented world (sheet Appendix B).
var taxRate = decimal.New(23, -2)

// pricing holds the dialect choices that change amounts.
type pricing struct {
	productRounding bool // truncate EUP × rate × quantity instead of EUP × rate
	invoiceTax      bool
	exclusiveUsage  bool
	referenceID     string
}

func pricingOf(dialect map[string]string) pricing {
	return pricing{
		productRounding: dialect["licenceRounding"] == "product", invoiceTax: dialect["taxLevel"] == "invoice",
		exclusiveUsage: dialect["usageEnd"] == "exclusive", referenceID: dialect["referenceId"],
	}
}

// licenceLines are the charge events of a commitment whose day lies in [from, to], in order.
func (w *world) licenceLines(c *customer, s *subscription, from, to time.Time, p pricing) []reconLine {
	if from.Before(s.chargedFrom) { // the recorded lines speak for the months before
		return nil
	}
	in := func(t time.Time) bool { return !t.Before(from) && !t.After(to) }
	var out []reconLine
	for _, cy := range s.cycles(to) {
		if !s.cancelled.IsZero() && !cy.start.Before(s.cancelled) && !cy.first {
			break
		}
		if in(cy.start) {
			out = append(out, w.event(c, s, event{day: cy.start, cycle: cy, chargeType: chargeTypeOf(cy), seats: s.quantityBefore(cy.start)}, p))
		}
		if cy.end.Before(from) {
			continue
		}
		out = append(out, w.changeLines(c, s, cy, in, p)...)
		if d := s.cancelled; !d.IsZero() && in(d) && !d.Before(cy.start) && !d.After(cy.end) {
			out = append(out, w.event(c, s, event{day: d, cycle: cy, chargeType: "cancelImmediate", seats: s.quantityBefore(d), refund: true}, p))
		}
	}
	return out
}

// changeLines are the wipe-and-recreate pairs of a cycle (sheet §4.4).
func (w *world) changeLines(c *customer, s *subscription, cy cycle, in func(time.Time) bool, p pricing) []reconLine {
	var out []reconLine
	seats := s.initial
	for i, ch := range s.changes {
		if !ch.day.Before(cy.start) && !ch.day.After(cy.end) && in(ch.day) && ch.to != seats {
			e := event{day: ch.day, cycle: cy, chargeType: "addQuantity", seats: seats, refund: true, nth: i}
			if ch.to < seats {
				e.chargeType = "removeQuantity"
			}
			out = append(out, w.event(c, s, e, p))
			e.seats, e.refund = ch.to, false
			out = append(out, w.event(c, s, e, p))
		}
		seats = ch.to
	}
	return out
}

func chargeTypeOf(c cycle) string {
	switch {
	case c.first:
		return "new"
	case c.renewed:
		return "renew"
	}
	return "cycleCharge"
}

// event is something that happened to a subscription on a day and is charged to the end of its cycle.
type event struct {
	day        time.Time
	cycle      cycle
	chargeType string
	seats      int
	refund     bool
	nth        int
}

func (w *world) event(c *customer, s *subscription, e event, p pricing) reconLine {
	l := w.lineHead(c, e.day)
	l.OrderID, l.AlternateID = s.orderID(), s.orderID()
	l.ProductID, l.SkuID, l.AvailabilityID, l.SkuName, l.ProductName = s.productID, s.skuID, s.availabilityID, s.name, s.name
	l.ChargeType, l.PublisherName, l.PublisherID = e.chargeType, s.publisher, s.publisherID
	l.SubscriptionID, l.SubscriptionDescription = s.id, s.friendlyName
	l.ChargeStartDate, l.ChargeEndDate = e.day, e.cycle.end
	l.SubscriptionStartDate, l.SubscriptionEndDate = e.cycle.termStart, e.cycle.termEnd
	l.TermAndBillingCycle, l.BillingFrequency = termText(s.term), frequencyText(s.billingCycle)
	l.PricingCurrency, l.ReservationOrderID, l.PromotionID = s.pricingCurrency, s.reservationOrder, s.promotionID
	l.PCToBCExchangeRate, l.PCToBCExchangeRateDate = w.rate(s.pricingCurrency, e.day), monthOf(e.day)
	l.UnitPrice, l.Quantity, l.BillableQuantity = s.unitPrice, decimal.NewFromInt(int64(e.seats)), decimal.NewFromInt(int64(e.seats))
	l.EffectiveUnitPrice = prorated(s, e)
	if !s.discount.IsZero() {
		l.PriceAdjustmentDescription = fmt.Sprintf("[%q]", s.discount.Shift(2).StringFixed(1)+"% Promotional discount")
	}
	if e.refund {
		l.EffectiveUnitPrice = l.EffectiveUnitPrice.Neg()
	}
	l.ReferenceID = referenceOf(p, e.day, s.id, e.day.String(), e.chargeType, fmt.Sprint(e.nth))
	l.price(p)
	return l
}

func (w *world) lineHead(c *customer, day time.Time) reconLine {
	return reconLine{
		PartnerID: w.scenario.PartnerTenantID, CustomerID: c.tenantID, CustomerName: c.name, CustomerDomainName: c.domain, CustomerCountry: c.country,
		MpnID: w.scenario.MpnID, Tier2MpnID: "0", OrderDate: day, Currency: w.scenario.Currency,
	}
}

// prorated is the price of one unit from the event's day to the end of the cycle, to four places as in the documented
// examples; a whole cycle keeps the list price (sheet §4.5). Instalments of reservations are never prorated.
func prorated(s *subscription, e event) decimal.Decimal {
	price := s.unitPrice.Mul(decimal.NewFromInt(1).Sub(s.discount))
	if e.cycle.end.IsZero() || e.day.Equal(e.cycle.start) || s.kind == reservation || s.kind == savingsPlan {
		return price
	}
	left, whole := days(e.day, e.cycle.end), days(e.cycle.start, e.cycle.end)
	return price.Mul(decimal.NewFromInt(int64(left))).Div(decimal.NewFromInt(int64(whole))).Round(4)
}

// price fills Subtotal, TaxTotal and Total of a licence line (sheet §4.5).
func (l *reconLine) price(p pricing) {
	if p.productRounding {
		l.Subtotal = l.EffectiveUnitPrice.Mul(l.PCToBCExchangeRate).Mul(l.BillableQuantity).Truncate(2)
	} else {
		l.Subtotal = l.EffectiveUnitPrice.Mul(l.PCToBCExchangeRate).Truncate(2).Mul(l.BillableQuantity)
	}
	l.tax(p)
}

func (l *reconLine) tax(p pricing) {
	l.TaxTotal = decimal.Zero
	if !p.invoiceTax {
		l.TaxTotal = l.Subtotal.Mul(taxRate).Round(2)
	}
	l.Total = l.Subtotal.Add(l.TaxTotal)
}

// referenceOf links the lines of one event: a GUID, or JSON text since 2026-06-15 (sheet §7.6).
func referenceOf(p pricing, day time.Time, parts ...string) string {
	if p.referenceID == "guid" || p.referenceID == "byDate" && day.Before(date(2026, 6, 15)) {
		return guidOf(parts...)
	}
	return fmt.Sprintf(`{"id":%q,"v":"2.0"}`, shortID(12, parts...))
}

func termText(term string) string {
	switch term {
	case "P1M":
		return "One-Month commitment for monthly billing"
	case "P1Y":
		return "One-Year commitment for monthly/yearly billing"
	case "P3Y":
		return "Three-3 Years commitment for monthly/3 Years/yearly billing"
	}
	return ""
}

func frequencyText(billing string) string {
	switch billing {
	case "monthly":
		return "Monthly"
	case "annual":
		return "Annual"
	case "triennial":
		return "Triennial"
	}
	return ""
}
