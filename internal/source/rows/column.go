package rows

import "strings"

// Column is a column we know, whatever the spelling it was read under.
type Column int

// The columns of reconciliation and daily usage rows (Microsoft sheet §4.2 and §4.3).
const (
	PartnerID Column = iota
	PartnerName
	CustomerID
	CustomerName
	CustomerDomainName
	CustomerCountry
	InvoiceNumber
	MpnID
	Tier2MpnID
	OrderID
	OrderDate
	ProductID
	SkuID
	AvailabilityID
	SkuName
	ProductName
	ChargeType
	UnitPrice
	Quantity
	Subtotal
	TaxTotal
	Total
	Currency
	PriceAdjustmentDescription
	PublisherName
	PublisherID
	SubscriptionDescription
	SubscriptionID
	ChargeStartDate
	ChargeEndDate
	TermAndBillingCycle
	EffectiveUnitPrice
	UnitType
	AlternateID
	BillableQuantity
	BillingFrequency
	PricingCurrency
	ExchangeRate
	ExchangeRateDate
	MeterDescription
	ReservationOrderID
	CreditReasonCode
	SubscriptionStartDate
	SubscriptionEndDate
	ReferenceID
	ProductQualifiers
	PromotionID
	ProductCategory
	UsageDate
	MeterType
	MeterCategory
	MeterID
	MeterSubCategory
	MeterName
	MeterRegion
	Unit
	ResourceLocation
	ConsumedService
	ResourceGroup
	ResourceURI
	BillingPreTaxTotal
	BillingCurrency
	PricingPreTaxTotal
	ServiceInfo1
	ServiceInfo2
	Tags
	AdditionalInfo
	EntitlementID
	EntitlementDescription
	EarnedCreditPercent  // 0 or 15
	EarnedCreditFraction // 0 or 0.15: the older spelling has its own unit
	CreditPercent
	CreditFraction
	CreditType
	BenefitOrderID
	BenefitID
	BenefitType
	vendorNoise // columns that only describe the transport: read and dropped
	columnCount
)

// shape says how the cells of a column are read.
type shape int

const (
	asText shape = iota
	asID         // ids are compared lower-case
	asNumber
	asDate
)

type columnSpec struct {
	column  Column
	name    string // the name in files and exports
	shape   shape
	aliases []string
}

func columnSpecs() []columnSpec {
	return []columnSpec{
		{PartnerID, "PartnerId", asID, nil},
		{PartnerName, "PartnerName", asText, nil},
		{CustomerID, "CustomerId", asID, nil},
		{CustomerName, "CustomerName", asText, nil},
		{CustomerDomainName, "CustomerDomainName", asText, nil},
		{CustomerCountry, "CustomerCountry", asText, nil},
		{InvoiceNumber, "InvoiceNumber", asText, nil},
		{MpnID, "MpnId", asText, nil},
		{Tier2MpnID, "Tier2MpnId", asText, []string{"ResellerMpnId"}},
		{OrderID, "OrderId", asText, nil},
		{OrderDate, "OrderDate", asDate, nil},
		{ProductID, "ProductId", asText, nil},
		{SkuID, "SkuId", asText, nil},
		{AvailabilityID, "AvailabilityId", asText, nil},
		{SkuName, "SkuName", asText, nil},
		{ProductName, "ProductName", asText, nil},
		{ChargeType, "ChargeType", asText, nil},
		{UnitPrice, "UnitPrice", asNumber, nil},
		{Quantity, "Quantity", asNumber, nil},
		{Subtotal, "Subtotal", asNumber, nil},
		{TaxTotal, "TaxTotal", asNumber, nil},
		{Total, "Total", asNumber, []string{"TotalForCustomer"}},
		{Currency, "Currency", asText, nil},
		{PriceAdjustmentDescription, "PriceAdjustmentDescription", asText, nil},
		{PublisherName, "PublisherName", asText, nil},
		{PublisherID, "PublisherId", asText, nil},
		{SubscriptionDescription, "SubscriptionDescription", asText, nil},
		{SubscriptionID, "SubscriptionId", asID, nil},
		{ChargeStartDate, "ChargeStartDate", asDate, nil},
		{ChargeEndDate, "ChargeEndDate", asDate, nil},
		{TermAndBillingCycle, "TermAndBillingCycle", asText, nil},
		{EffectiveUnitPrice, "EffectiveUnitPrice", asNumber, nil},
		{UnitType, "UnitType", asText, nil},
		{AlternateID, "AlternateId", asText, nil},
		{BillableQuantity, "BillableQuantity", asNumber, nil},
		{BillingFrequency, "BillingFrequency", asText, nil},
		{PricingCurrency, "PricingCurrency", asText, nil},
		{ExchangeRate, "PCToBCExchangeRate", asNumber, nil},
		{ExchangeRateDate, "PCToBCExchangeRateDate", asDate, nil},
		{MeterDescription, "MeterDescription", asText, nil},
		{ReservationOrderID, "ReservationOrderId", asText, nil},
		{CreditReasonCode, "CreditReasonCode", asText, nil},
		{SubscriptionStartDate, "SubscriptionStartDate", asDate, nil},
		{SubscriptionEndDate, "SubscriptionEndDate", asDate, nil},
		{ReferenceID, "ReferenceId", asText, nil},
		{ProductQualifiers, "ProductQualifiers", asText, nil},
		{PromotionID, "PromotionId", asText, nil},
		{ProductCategory, "ProductCategory", asText, nil},
		{UsageDate, "UsageDate", asDate, nil},
		{MeterType, "MeterType", asText, nil},
		{MeterCategory, "MeterCategory", asText, nil},
		{MeterID, "MeterId", asText, nil},
		{MeterSubCategory, "MeterSubCategory", asText, nil},
		{MeterName, "MeterName", asText, nil},
		{MeterRegion, "MeterRegion", asText, nil},
		{Unit, "Unit", asText, []string{"UnitOfMeasure"}},
		{ResourceLocation, "ResourceLocation", asText, nil},
		{ConsumedService, "ConsumedService", asText, nil},
		{ResourceGroup, "ResourceGroup", asText, nil},
		{ResourceURI, "ResourceURI", asText, nil},
		{BillingPreTaxTotal, "BillingPreTaxTotal", asNumber, nil},
		{BillingCurrency, "BillingCurrency", asText, nil},
		{PricingPreTaxTotal, "PricingPreTaxTotal", asNumber, nil},
		{ServiceInfo1, "ServiceInfo1", asText, nil},
		{ServiceInfo2, "ServiceInfo2", asText, nil},
		{Tags, "Tags", asText, nil},
		{AdditionalInfo, "AdditionalInfo", asText, nil},
		{EntitlementID, "EntitlementId", asID, nil},
		{EntitlementDescription, "EntitlementDescription", asText, nil},
		{EarnedCreditPercent, "PartnerEarnedCreditPercentage", asNumber, nil},
		{EarnedCreditFraction, "RateOfPartnerEarnedCredit", asNumber, nil},
		{CreditPercent, "CreditPercentage", asNumber, nil},
		{CreditFraction, "RateOfCredit", asNumber, nil},
		{CreditType, "CreditType", asText, nil},
		{BenefitOrderID, "BenefitOrderId", asText, nil},
		{BenefitID, "BenefitId", asText, nil},
		{BenefitType, "BenefitType", asText, nil},
		{vendorNoise, "Attributes", asText, []string{"attributes/objectType", "InvoiceLineItemType", "BillingProvider"}},
	}
}

// The table by folded name and by column; read-only after the package is loaded.
var (
	columnsByName = byName()
	specByColumn  = byColumn()
)

func byName() map[string]Column {
	names := map[string]Column{}
	for _, s := range columnSpecs() {
		names[s.name] = s.column
		names[strings.ToLower(s.name)] = s.column
		for _, alias := range s.aliases {
			names[strings.ToLower(alias)] = s.column
		}
	}
	return names
}

func byColumn() [columnCount]columnSpec {
	var specs [columnCount]columnSpec
	for _, s := range columnSpecs() {
		specs[s.column] = s
	}
	return specs
}

// String gives the column's name as files and exports write it.
func (c Column) String() string { return specByColumn[c].name }

// ColumnNamed finds a column under any of its spellings: case, quotes, a byte-order mark and outer space do not matter
// (Microsoft sheet §4.1).
func ColumnNamed(name string) (Column, bool) {
	if c, ok := columnsByName[name]; ok { // the usual case, without making a new text
		return c, true
	}
	c, ok := columnsByName[strings.ToLower(cleanName(name))]
	return c, ok
}

func cleanName(name string) string {
	return strings.Trim(strings.TrimPrefix(strings.TrimSpace(name), "\ufeff"), "\"' \t")
}
