package billing

import "spindle/internal/money"

// Company is a company of the target that can be billed.
type Company struct {
	ID       CompanyID
	Name     string
	Number   string
	Type     string // label: Customer, Vendor, Prospect …
	Active   bool
	Currency money.Currency // "" when the target does not say: then the internal currency
}

// CodeUse says what a billing code may be used for.
type CodeUse string

// The uses that matter here; other uses keep the target's own label.
const (
	RecurringServiceUse CodeUse = "recurring contract service"
	MaterialUse         CodeUse = "material"
)

// BillingCode is the target's accounting category of what is billed.
type BillingCode struct {
	ID     BillingCodeID
	Name   string
	Use    CodeUse
	Active bool
}

// PeriodType is how long one billing period of a service or contract is.
type PeriodType string

// The period types a target knows.
const (
	PeriodMonth    PeriodType = "monthly"
	PeriodQuarter  PeriodType = "quarterly"
	PeriodHalfYear PeriodType = "semi-annual"
	PeriodYear     PeriodType = "yearly"
)

// Months gives the length in months.
func (p PeriodType) Months() int {
	switch p {
	case PeriodQuarter:
		return 3
	case PeriodHalfYear:
		return 6
	case PeriodYear:
		return 12
	}
	return 1
}

// PeriodAt gives the billing period that contains day, counted from an anchor day in steps of the period type. The anchor's day of
// the month is kept and clamped month by month (anchor 31: 31 January, 28 February, 31 March …).
func (p PeriodType) PeriodAt(anchor, day Date) Period {
	months := (day.Year-anchor.Year)*12 + int(day.Month) - int(anchor.Month)
	step := p.Months()
	k := months / step
	if anchor.AddMonths(k * step).After(day) { // later in the day's own month, or, before the anchor, in a later one: the division goes towards it
		k--
	}
	return Period{anchor.AddMonths(k * step), anchor.AddMonths((k + 1) * step)}
}

// Service is an entry of the target's catalogue.
type Service struct {
	ID              ServiceID
	Mark            string // our mark, "" when it is not ours
	SKU             string // as stored, ours or not
	Name            string
	PeriodType      PeriodType
	BillingCodeID   BillingCodeID
	VendorCompanyID CompanyID
	UnitPrice       money.Amount
	UnitCost        money.Amount
	Active          bool
}

// Contract is a recurring service contract in the target.
type Contract struct {
	ID         ContractID
	Mark       string // our mark, "" when it is not ours
	CompanyID  CompanyID
	Name       string
	Number     string
	PeriodType PeriodType
	Active     bool
	Recurring  bool
	Start      Date
	End        Date // last day, inclusive, as the target and people write it
}

// UnitRow is one row of quantity and money that the target shows for a contract service (Autotask sheet §5.6).
type UnitRow struct {
	ID     string
	Period Period
	Units  int64        // total in force, not a delta
	Price  money.Amount // for all units of the row
	Cost   money.Amount
	Posted bool
}

// ContractService is a recurring line on a contract as the target shows it.
type ContractService struct {
	ID                  ContractServiceID
	ContractID          ContractID
	ServiceID           ServiceID
	Mark                string
	InternalDescription string
	InvoiceDescription  string
	Rows                []UnitRow // ordered by start, then id
	RowsFrom            Date      // rows are read from the billing period that contains this day; zero: the day of the reading
}

// UnitsOn gives the quantity in force on a day: of the rows that cover it the one that starts last, then the greatest id
// (Autotask sheet §5.6). A day that no row covers has the units of the last row before it; found is false when there is none.
func (c ContractService) UnitsOn(day Date) (units int64, found bool) {
	row, found := c.RowOn(day)
	return row.Units, found
}

// RowOn gives the row that decides the day, see UnitsOn. Rows come in order of start, then id, and each has an end.
func (c ContractService) RowOn(day Date) (row UnitRow, found bool) {
	for _, r := range c.Rows {
		if r.Period.Contains(day) || !r.Period.End.After(day) && !r.Period.End.Before(row.Period.End) {
			row, found = r, true // a row that is over never ends after one that covers the day
		}
	}
	return row, found
}

// Charge is a one-off amount on a contract.
type Charge struct {
	ID            ChargeID
	ContractID    ContractID
	Mark          string
	Name          string
	Description   string
	Date          Date
	Quantity      money.Decimal
	UnitPrice     money.Amount
	UnitCost      money.Amount
	BillingCodeID BillingCodeID
	Billed        bool
}

// Catalogue is what the target offers for mapping and for settings.
type Catalogue struct {
	Companies []Company
	Codes     []BillingCode
	Services  []Service
	Contracts []Contract // recurring and active ones only
	Currency  money.Currency
}

// Observed is the state of the target that a plan is compared with. Slices are ordered by id.
type Observed struct {
	Contracts  []Contract
	Services   []Service
	Lines      []ContractService
	Charges    []Charge
	Incomplete []Gap
}

// Ref points at something in the target: by its id when it exists, by our mark when Spindle manages it.
type Ref struct {
	ID   string
	Mark string
}

// IsZero reports whether the reference points at nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// String gives the id, or the mark.
func (r Ref) String() string {
	if r.ID != "" {
		return r.ID
	}
	return r.Mark
}
