package billing

import "spindle/internal/money"

// Desired is what should stand in the target on a day, as the rules say. Slices are ordered by key.
type Desired struct {
	Day          Date
	Contracts    []DesiredContract
	Services     []DesiredService
	Lines        []DesiredLine
	Charges      []DesiredCharge
	Months       []ChargedMonth // the closed months that were rated, newest first
	Dispositions []Disposition
	Findings     []Finding
	Incomplete   []Gap // not empty: no decrease, no end, no removal (law 2)
}

// DesiredContract is a contract that Spindle creates and manages.
type DesiredContract struct {
	Mark       string
	CustomerID CustomerID
	CompanyID  CompanyID
	Name       string
	PeriodType PeriodType
	Start      Date
	End        Date // last day of the window a new contract gets
	ExtendTo   Date // last day an existing contract is extended to when it would cut a line
}

// DesiredService is a catalogue service for an offer that has no mapping.
type DesiredService struct {
	Mark            string
	Offer           Offer
	Name            string
	Description     string
	PeriodType      PeriodType
	BillingCodeID   BillingCodeID
	VendorCompanyID CompanyID
	UnitPrice       money.Amount
	UnitCost        money.Amount
}

// Share is what one subscription adds to a line.
type Share struct {
	SubscriptionID SubscriptionID
	Units          int64
}

// Step is a quantity that the source proves to hold from a day on.
type Step struct {
	From  Date
	Units int64
	Proof string // what proves it, as a clerk reads it: "invoice G104775210"
}

// Shortage is what a finding says of a line: units that the source charges for and that the target will never bill, so that the source
// lines behind them are held by the finding (law 6).
type Shortage struct {
	Finding string // Finding.ID
	LineKey string
	Raised  []Date // the days on which the source raised the quantity by these units
	Whole   Period // the days on which the target bills nothing at all of the line; zero: there are none
}

// DesiredLine is a recurring service on a contract: quantity and price from the effective date on.
type DesiredLine struct {
	Key        string // stable identity, made of business facts (design §6.1)
	Mark       string // short and opaque: what the target carries
	CustomerID CustomerID
	Customer   string
	Contract   Ref
	Service    Ref
	Offer      Offer
	Name       string
	PeriodType PeriodType
	Units      int64
	UnitPrice  *money.Amount // nil: the target is the price authority
	UnitCost   *money.Amount // nil: unknown
	Since      Date          // first day the source charges for it
	BillFrom   Date          // first day of the first month that Spindle bills for it; zero: that of the organization
	EndedOn    Date          // set when the line ends: the first day without it
	Policy     EffectivePolicy
	Shares     []Share
	PriceRule  string // id of the rule that made the price
	CostBasis  string // where the cost comes from, in words
	Repeat     bool   // another line of the same contract has the same service: a repeat instance
	Holds      []Hold // holds that rating already knows, such as a price below cost
	Steps      []Step // what the source proves of the quantity on earlier days, oldest first; none: nothing
	ProvenTo   Date   // first day whose quantity nothing proves yet but the snapshot: it is not billed yet. Zero without steps
}

// Outcome is where a source line ended (law 6).
type Outcome string

// Every source line ends in exactly one of these.
const (
	Billed   Outcome = "billed"
	HeldBack Outcome = "held"
	Excluded Outcome = "excluded"
)

// Disposition says what became of one source line. By names the line or charge that bills it, the finding that holds it, or the rule
// that excludes it. The costs of all dispositions add up to the vendor's total (law 6).
type Disposition struct {
	Set     SetID
	LineKey string
	Row     int
	Outcome Outcome
	By      string
	Cost    money.Amount
}

// FindingKind names what a person must decide. Stored: never renamed.
type FindingKind string

// The kinds of finding.
const (
	FindingUnmapped       FindingKind = "customer-unmapped"
	FindingNotEnabled     FindingKind = "billing-off"
	FindingNoRoute        FindingKind = "no-contract"
	FindingNoCost         FindingKind = "no-cost"
	FindingNoPrice        FindingKind = "no-price"
	FindingBelowCost      FindingKind = "below-cost"
	FindingCurrency       FindingKind = "currency"
	FindingIncomplete     FindingKind = "incomplete-read"
	FindingDrift          FindingKind = "changed-by-hand"
	FindingContractEnds   FindingKind = "contract-ends"
	FindingContractGone   FindingKind = "contract-missing"
	FindingServiceGone    FindingKind = "service-missing"
	FindingUnmarked       FindingKind = "not-ours"
	FindingPosted         FindingKind = "posted-period"
	FindingUnknownCharge  FindingKind = "unknown-charge-type"
	FindingUnknownSub     FindingKind = "line-without-subscription"
	FindingTotals         FindingKind = "totals-differ"
	FindingPeriodMismatch FindingKind = "period-type"
	FindingDuplicate      FindingKind = "duplicate"
	FindingUsageMissing   FindingKind = "usage-missing"
	FindingCustomerGone   FindingKind = "customer-gone"
	FindingSettings       FindingKind = "settings"
	FindingUnbilled       FindingKind = "unbilled-difference"
	FindingMove           FindingKind = "move-waits"
)

// Finding is something a person must decide.
type Finding struct {
	Kind       FindingKind
	Subject    string // stable key of what it is about
	CustomerID CustomerID
	Customer   string
	Message    string
	Remedy     string
	Money      money.Amount // at stake; zero when not known
}

// ID gives the finding's stable identity.
func (f Finding) ID() string { return string(f.Kind) + "/" + f.Subject }

// Hold is a named policy that keeps a change from being applied without a person. A hold that blocks cannot be waved through: the line
// cannot be rated or written rightly until what its finding says is mended, and is left as it stands.
type Hold struct {
	Policy string
	Why    string
	Blocks bool
}
