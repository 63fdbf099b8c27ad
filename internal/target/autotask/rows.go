package autotask

import (
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// Wire rows, one per entity that is read (Autotask sheet §5). Field lists name what is asked for; services are read whole because the
// place of the mark differs between tenants.

type wireCompany struct {
	ID       wireID   `json:"id"`
	Name     string   `json:"companyName"`
	Number   wireText `json:"companyNumber"`
	Type     wireText `json:"companyType"`
	Active   wireBool `json:"isActive"`
	Currency wireID   `json:"currencyID"`
}

type wireCurrency struct {
	ID       wireID   `json:"id"`
	Code     string   `json:"name"`
	Internal wireBool `json:"isInternalCurrency"`
}

type wireCode struct {
	ID     wireID   `json:"id"`
	Name   string   `json:"name"`
	Active wireBool `json:"isActive"`
	Use    wireText `json:"useType"`
}

type wireService struct {
	ID            wireID      `json:"id"`
	Name          string      `json:"name"`
	Description   string      `json:"description"`
	PeriodType    wireText    `json:"periodType"`
	BillingCode   wireID      `json:"billingCodeID"`
	Vendor        wireID      `json:"vendorCompanyID"`
	UnitPrice     wireDecimal `json:"unitPrice"`
	UnitCost      wireDecimal `json:"unitCost"`
	Active        wireBool    `json:"isActive"`
	SKU           wireText    `json:"sku"`
	ExternalID    wireText    `json:"externalID"`
	CatalogNumber wireText    `json:"catalogNumberPartNumber"`
}

type wireContract struct {
	ID         wireID   `json:"id"`
	Company    wireID   `json:"companyID"`
	Name       string   `json:"contractName"`
	Number     wireText `json:"contractNumber"`
	Type       wireText `json:"contractType"`
	Status     wireText `json:"status"`
	PeriodType wireText `json:"contractPeriodType"`
	Start      wireDate `json:"startDate"`
	End        wireDate `json:"endDate"`
}

func contractFields() []string {
	return []string{"id", "companyID", "contractName", "contractNumber", "contractType", "status", "contractPeriodType", "startDate", "endDate"}
}

type wireLine struct {
	ID                  wireID      `json:"id"`
	Contract            wireID      `json:"contractID"`
	Service             wireID      `json:"serviceID"`
	InternalDescription string      `json:"internalDescription"`
	InvoiceDescription  string      `json:"invoiceDescription"`
	UnitPrice           wireDecimal `json:"unitPrice"`
	InternalUnitPrice   wireDecimal `json:"internalCurrencyUnitPrice"`
	InternalAdjusted    wireDecimal `json:"internalCurrencyAdjustedPrice"`
}

func lineFields() []string {
	return []string{"id", "contractID", "serviceID", "internalDescription", "invoiceDescription"}
}

type wireUnits struct {
	ID     wireID      `json:"id"`
	Line   wireID      `json:"contractServiceID"`
	Start  wireDate    `json:"startDate"`
	End    wireDate    `json:"endDate"`
	Units  wireDecimal `json:"units"`
	Price  wireDecimal `json:"price"`
	Cost   wireDecimal `json:"cost"`
	Posted wireText    `json:"approveAndPostDate"`
}

func unitFields() []string {
	return []string{"id", "contractServiceID", "startDate", "endDate", "units", "price", "cost", "approveAndPostDate"}
}

type wireCharge struct {
	ID          wireID      `json:"id"`
	Contract    wireID      `json:"contractID"`
	Mark        wireText    `json:"internalPurchaseOrderNumber"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Date        wireDate    `json:"datePurchased"`
	Quantity    wireDecimal `json:"unitQuantity"`
	UnitPrice   wireDecimal `json:"unitPrice"`
	UnitCost    wireDecimal `json:"unitCost"`
	BillingCode wireID      `json:"billingCodeID"`
	Billed      wireBool    `json:"isBilled"`
}

func chargeFields() []string {
	return []string{"id", "contractID", "internalPurchaseOrderNumber", "name", "description", "datePurchased", "unitQuantity", "unitPrice",
		"unitCost", "billingCodeID", "isBilled"}
}

func (r wireCompany) key() int64  { return r.ID.n }
func (r wireCurrency) key() int64 { return r.ID.n }
func (r wireCode) key() int64     { return r.ID.n }
func (r wireService) key() int64  { return r.ID.n }
func (r wireContract) key() int64 { return r.ID.n }
func (r wireLine) key() int64     { return r.ID.n }
func (r wireUnits) key() int64    { return r.ID.n }
func (r wireCharge) key() int64   { return r.ID.n }

// service translates; catalogue prices are in the internal currency (Autotask sheet §6.8).
func (r wireService) service(internal money.Currency) billing.Service {
	return billing.Service{
		ID: billing.ServiceID(r.ID.String()), Mark: r.mark(), SKU: string(r.SKU), Name: r.Name, PeriodType: periodOf(string(r.PeriodType)),
		BillingCodeID: billing.BillingCodeID(r.BillingCode.String()), VendorCompanyID: billing.CompanyID(r.Vendor.String()),
		UnitPrice: money.Of(r.UnitPrice.value, internal), UnitCost: money.Of(r.UnitCost.value, internal), Active: bool(r.Active),
	}
}

// serviceMarkPrefix starts every service mark, see billing.ServiceMark.
const serviceMarkPrefix = "spindle:"

// mark finds our mark where the tenant keeps it. In the key fields the whole text is the mark; in a description it is one word.
func (r wireService) mark() string {
	for _, text := range []wireText{r.SKU, r.ExternalID, r.CatalogNumber} {
		if strings.HasPrefix(string(text), serviceMarkPrefix) {
			return string(text)
		}
	}
	if _, after, found := strings.Cut(r.Description, serviceMarkPrefix); found {
		line, _, _ := strings.Cut(after, "\n")
		return serviceMarkPrefix + strings.TrimSpace(line)
	}
	return ""
}

func (r wireContract) contract() billing.Contract {
	return billing.Contract{
		ID: billing.ContractID(r.ID.String()), Mark: billing.MarkIn(string(r.Number)), CompanyID: billing.CompanyID(r.Company.String()),
		Name: r.Name, Number: string(r.Number), PeriodType: periodOf(string(r.PeriodType)), Active: string(r.Status) == contractInEffect,
		Recurring: string(r.Type) == contractTypeRecurring, Start: r.Start.Date, End: r.End.Date,
	}
}

func (r wireLine) line() billing.ContractService {
	return billing.ContractService{
		ID: billing.ContractServiceID(r.ID.String()), ContractID: billing.ContractID(r.Contract.String()),
		ServiceID: billing.ServiceID(r.Service.String()), Mark: billing.MarkIn(r.InternalDescription),
		InternalDescription: r.InternalDescription, InvoiceDescription: r.InvoiceDescription,
	}
}

// row translates; Autotask's last day is inclusive, our period's end is not.
func (r wireUnits) row(currency money.Currency) (row billing.UnitRow, ok bool) {
	units, whole := r.Units.value.Int64()
	return billing.UnitRow{
		ID: r.ID.String(), Period: billing.Period{Start: r.Start.Date, End: r.End.AddDays(1)}, Units: units,
		Price: money.Of(r.Price.value, currency), Cost: money.Of(r.Cost.value, currency), Posted: r.Posted != "",
	}, whole && !r.Start.IsZero() && !r.End.IsZero()
}

func (r wireCharge) charge(currency money.Currency) billing.Charge {
	return billing.Charge{
		ID: billing.ChargeID(r.ID.String()), ContractID: billing.ContractID(r.Contract.String()), Mark: billing.MarkIn(string(r.Mark)),
		Name: r.Name, Description: r.Description, Date: r.Date.Date, Quantity: r.Quantity.value,
		UnitPrice: money.Of(r.UnitPrice.value, currency), UnitCost: money.Of(r.UnitCost.value, currency),
		BillingCodeID: billing.BillingCodeID(r.BillingCode.String()), Billed: bool(r.Billed),
	}
}

// adjustedPrice gives the contract price in the customer's currency from its trace in internal currency (Autotask sheet §5.4). ok is
// false when there is no trace.
func (r wireLine) adjustedPrice() (price money.Decimal, ok bool) {
	if !r.InternalAdjusted.set {
		return money.Decimal{}, false
	}
	if !r.InternalUnitPrice.set || r.InternalUnitPrice.value.IsZero() || !r.UnitPrice.set {
		return r.InternalAdjusted.value, true
	}
	return r.InternalAdjusted.value.Mul(r.UnitPrice.value).Div(r.InternalUnitPrice.value, 4, money.HalfAwayFromZero)
}
