package billing

import "spindle/internal/money"

// UnitMoney is money for one unit.
type UnitMoney = money.Amount

// ChargeKind says why Microsoft billed a line (Microsoft sheet §4.4), folded to lower case. Unknown kinds are kept as read.
type ChargeKind string

// The charge kinds that rules look at.
const (
	ChargeNew               ChargeKind = "new"
	ChargeRenew             ChargeKind = "renew"
	ChargeCycle             ChargeKind = "cyclecharge"
	ChargeAddQuantity       ChargeKind = "addquantity"
	ChargeRemoveQuantity    ChargeKind = "removequantity"
	ChargeCancelImmediate   ChargeKind = "cancelimmediate"
	ChargeCancel            ChargeKind = "cancel"
	ChargeConvert           ChargeKind = "convert"
	ChargeMoveQuantity      ChargeKind = "movequantity"
	ChargeChangeBillingPlan ChargeKind = "changebillingplan"
	ChargeCustomerCredit    ChargeKind = "customercredit"
)

// Known reports whether the kind is one the sheet describes.
func (k ChargeKind) Known() bool {
	switch k {
	case ChargeNew, ChargeRenew, ChargeCycle, ChargeAddQuantity, ChargeRemoveQuantity, ChargeCancelImmediate, ChargeCancel,
		ChargeConvert, ChargeMoveQuantity, ChargeChangeBillingPlan, ChargeCustomerCredit:
		return true
	}
	return false
}

// SetKind tells billed from unbilled, and lines from usage.
type SetKind string

// The kinds of set a source delivers whole or not at all.
const (
	BilledLines   SetKind = "billed-lines"
	UnbilledLines SetKind = "unbilled-lines"
	BilledUsage   SetKind = "billed-usage"
	UnbilledUsage SetKind = "unbilled-usage"
)

// SetID names a set: what replaces what (Microsoft sheet, importer recipe 9).
type SetID struct {
	Kind      SetKind
	PartnerID string // lower-case tenant id of the partner
	Invoice   string // billed sets: the invoice number
	Currency  money.Currency
	Month     Month // unbilled sets: the open month
}

// String gives the stable text of a set id.
func (s SetID) String() string {
	if s.Invoice != "" {
		return string(s.Kind) + "/" + s.PartnerID + "/" + s.Invoice
	}
	return string(s.Kind) + "/" + s.PartnerID + "/" + string(s.Currency) + "/" + string(s.Month)
}

// Invoice is one document Microsoft sent the partner.
type Invoice struct {
	ID     string
	Date   Date
	Period Period
	Total  money.Amount // with tax
	Kind   string       // invoice, void_note, adjustment_note
}

// LineItem is one reconciliation row as the vendor reported it. It is kept as read and never edited.
type LineItem struct {
	Key string // identity inside its set: hash of the canonical row and an occurrence counter
	Row int    // line in the file, 1 = first line of the file; 0 when there was no file

	Invoice        string
	CustomerID     CustomerID
	CustomerName   string
	CustomerDomain string
	Country        string

	ProductID      string
	SKUID          string
	AvailabilityID string
	SKUName        string
	ProductName    string
	Publisher      string

	Kind     ChargeKind
	KindText string // as read

	SubscriptionID   SubscriptionID // licence subscription, or the Azure plan for usage
	SubscriptionName string
	Frequency        Frequency
	TermText         string // TermAndBillingCycle as read: it names the plans the SKU supports, not the chosen one
	Charged          Period // the days covered; zero for perpetual
	TermPeriod       Period // the commitment; End zero when open
	OrderDate        Date   // day of the billing event

	ListUnitCost      money.Decimal // UnitPrice, in PricingCurrency
	EffectiveUnitCost money.Decimal // EffectiveUnitPrice, in PricingCurrency; negative on refunds
	Quantity          money.Decimal
	BillableQuantity  money.Decimal
	PricingCurrency   money.Currency
	ExchangeRate      money.Decimal // pricing currency → billing currency
	ExchangeRateDate  Date

	Cost  money.Amount // Subtotal: before tax, in the billing currency; the amount that counts
	Tax   money.Amount
	Total money.Amount // Cost + Tax as Microsoft states it

	Meter              string // MeterDescription: set on usage lines
	ReservationOrderID string
	CreditReason       string
	ReferenceID        string
	PromotionID        string
	PriceAdjustments   string
	Trial              bool
	Extra              map[string]string // columns we do not know, by their name as read
}

// IsUsage reports whether the line bills metered Azure consumption.
func (l LineItem) IsUsage() bool { return l.Meter != "" }

// LineSet is all lines of one set: it replaces any earlier set with the same ID.
type LineSet struct {
	ID      SetID
	Version string // changes when the vendor restates the data: eTag or content hash
	Lines   []LineItem
	Total   money.Totals // Σ Total per currency, to compare with the vendor's
}

// UsageGroup is the exact sum of the daily usage rows that agree in every named field. Rows are added in the billing currency.
type UsageGroup struct {
	CustomerID            CustomerID
	CustomerName          string
	PlanID                SubscriptionID
	AzureSubscriptionID   AzureSubscriptionID
	AzureSubscriptionName string
	ResourceGroup         string // lower-case: casing varies between rows
	ProductID             string
	SKUID                 string
	AvailabilityID        string
	MeterCategory         string
	Charged               Period // the charge cycle the rows belong to; late rows carry an earlier one

	Rows            int64
	Quantity        money.Decimal
	Unit            string
	Cost            money.Amount // Σ BillingPreTaxTotal
	BeforePEC       money.Amount // the same before partner earned credit: what a customer would pay at list price
	FirstDay        Date
	LastDay         Date
	ExchangeRate    money.Decimal
	PricingCurrency money.Currency
}

// UsageDay is the cost of what one customer used on one day.
type UsageDay struct {
	CustomerID CustomerID
	Day        Date
	Cost       money.Amount // Σ BillingPreTaxTotal
}

// UsageSet is all usage of one set, aggregated while it was read.
type UsageSet struct {
	ID      SetID
	Version string
	Rows    int64
	Groups  []UsageGroup // ordered by their named fields
	Days    []UsageDay   // the same cost by the day of use, ordered by customer and day; kept for charts, not read back with the set
	Total   money.Totals // Σ BillingPreTaxTotal per currency
}
