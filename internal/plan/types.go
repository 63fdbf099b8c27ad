// Package plan compares what should stand in the target with what stands there and says, step by step, how to get from one to the
// other: ordered changes with reasons, effective dates and money, what is held and by which policy, and a fingerprint.
//
// It is pure: no clock, no log, no map order, no I/O. Equal inputs give equal bytes (law 4), and a plan made after applying a plan is
// empty (law 5).
package plan

import (
	"spindle/internal/billing"
	"spindle/internal/money"
)

// ChangeKind names one step. Stored: never renamed.
type ChangeKind string

// The kinds of change, in the order in which they may have to happen.
const (
	CreateContract ChangeKind = "create-contract"
	ExtendContract ChangeKind = "extend-contract"
	CreateService  ChangeKind = "create-service"
	AttachService  ChangeKind = "attach-service" // put a catalogue service on a contract, without quantity
	AddRepeat      ChangeKind = "add-repeat"     // a further instance of a service already on the contract, with its quantity
	MarkLine       ChangeKind = "mark-line"      // write our mark on a contract service: adoption, and after add-repeat
	Increase       ChangeKind = "increase"
	Decrease       ChangeKind = "decrease"
	Reprice        ChangeKind = "reprice"
	End            ChangeKind = "end"
	CreateCharge   ChangeKind = "charge"
	CorrectCharge  ChangeKind = "correct-charge"
	RemoveCharge   ChangeKind = "remove-charge"
)

// IsAdjustment reports whether the change is sent as an adjustment of units, price or cost of an existing contract service.
func (k ChangeKind) IsAdjustment() bool {
	switch k {
	case Increase, Decrease, Reprice, End:
		return true
	}
	return false
}

// IsReduction reports whether the change takes something away from the target; law 2 forbids these after an incomplete read.
func (k ChangeKind) IsReduction() bool {
	switch k {
	case Decrease, End, RemoveCharge:
		return true
	}
	return false
}

// IsCharge reports whether the change is about a one-off amount instead of a recurring line.
func (k ChangeKind) IsCharge() bool {
	switch k {
	case CreateCharge, CorrectCharge, RemoveCharge:
		return true
	}
	return false
}

// CountsUnits reports whether what is before and after the change are quantities.
func (k ChangeKind) CountsUnits() bool { return k == AddRepeat || k.IsAdjustment() }

// Prepares reports whether the change bills nothing by itself: it makes what others stand on.
func (k ChangeKind) Prepares() bool {
	switch k {
	case CreateContract, CreateService, AttachService:
		return true
	}
	return false
}

// State is the part of the target that a change is about, before or after it.
type State struct {
	Exists    bool
	Units     int64
	UnitPrice *money.Amount // nil: not known or not ours to say
	Amount    *money.Amount // charges: quantity × unit price, rounded to 4 places as the target stores it
	End       billing.Date  // contracts: last day
}

// Adjustment is the command for a contract service, see the Autotask sheet §5.5.
type Adjustment struct {
	UnitChange int64         // signed delta
	UnitPrice  *money.Amount // nil keeps the price
	UnitCost   *money.Amount // nil keeps the cost
}

// Change is one step of a plan: exactly one write in the target.
type Change struct {
	ID         string
	Kind       ChangeKind
	CustomerID billing.CustomerID
	Customer   string
	What       string // what the step is about, as the clerk reads it: "Microsoft 365 Business Premium, P1Y monthly"
	Reason     string

	Contract     billing.Ref
	ContractName string
	Service      billing.Ref
	Line         billing.Ref // the contract service: id once it is known, our mark before
	LineKey      string      // DesiredLine.Key
	Charge       billing.Ref
	ChargeKey    string

	Effective billing.Date
	Before    State
	After     State

	NewContract *billing.DesiredContract
	NewService  *billing.DesiredService
	NewCharge   *billing.DesiredCharge
	Adjust      *Adjustment

	// Instances are the contract services with this service that stood on the contract before an add-repeat, so that a lost answer can
	// be settled: the instance that is not among them is the new one.
	Instances []billing.ContractServiceID

	Recurring money.Amount // change of what the line costs the customer per period
	PerPeriod billing.PeriodType
	Proration money.Amount // what the target will add once for the rest of a period and for periods that are over, predicted
	OneOff    money.Amount // charges

	Requires []string // changes that must be applied first
	Holds    []billing.Hold
	Proof    []string // source lines, subscriptions and price rules behind the change

	Shares   []billing.Share // the subscriptions behind the line, once everything that is planned for it is applied
	Moves    []Move          // what comes from another line with this change, or goes there
	Together []string        // changes that are approved or rejected only with this one: the other sides of a move

	Policy   billing.EffectivePolicy // that chose the effective date of a line's change
	Formerly []billing.FormerPolicy  // that held for the line before, oldest first
}

// MoneyKnown reports whether Recurring and Proration say what the change comes to. They do not where a price is not known, nor where a price
// is repeated behind a change that waits and may carry another one: nothing is then written that was not planned before, but what Autotask bills
// may become more or less than what its rows show now.
func (c Change) MoneyKnown() bool {
	repeated := c.Kind == Reprice && c.Before.UnitPrice != nil && c.After.UnitPrice != nil && c.Before.UnitPrice.Equal(*c.After.UnitPrice)
	return c.isPriced() && !repeated
}

// Held reports whether a policy wants a person to see the change.
func (c Change) Held() bool { return len(c.Holds) > 0 }

// Move is units of one subscription that change lines on a day. The other line has the same with the other sign.
type Move struct {
	SubscriptionID billing.SubscriptionID
	Units          int64        // signed: what this line gains
	Day            billing.Date // the first day on which it does
}

// Plan is the stored, ordered difference and what it was based on.
type Plan struct {
	Day         billing.Date
	Changes     []Change
	Findings    []billing.Finding
	Complete    bool   // both sides were read whole
	Fingerprint string // hash of everything the plan was made from and says
	// Rebooked says of desired charges, by key, that are not written where their source lines end instead. It is not stored: Rebook puts it into
	// the dispositions.
	Rebooked map[string]Rebooking
	// Shortages say which units of lines the target will never bill, so that the source lines behind them are not counted as billed. They are not
	// stored either.
	Shortages []billing.Shortage
}

// Applied is what Spindle last wrote and verified for a line: the third value of the three-way comparison (law 7).
type Applied struct {
	LineKey    string
	LineID     billing.ContractServiceID
	CustomerID billing.CustomerID
	Customer   string
	ContractID billing.ContractID
	ServiceID  billing.ServiceID
	What       string // as Change.What
	Units      int64
	UnitPrice  *money.Amount
	From       billing.Date            // effective date of the last adjustment
	Dates      []billing.Date          // every effective date that holds an adjustment of ours; a second one on such a day is refused by Autotask
	Marked     bool                    // our mark was written on the contract service
	Shares     []billing.Share         // the subscriptions that the units belong to, as far as we know
	Moves      []Move                  // units that came from other lines or went there, ordered by day
	Since      billing.Date            // first day whose rows Spindle answers for; zero: From
	Policy     billing.EffectivePolicy // that chose the date of the last adjustment; empty: not known
	Turned     []billing.Date          // the days among Dates on which the units changed
	Formerly   []billing.FormerPolicy  // that held before Policy, oldest first
}

// Memory is what our own store knows of earlier applies; the authority on what is ours.
type Memory struct {
	Lines     []Applied                     // ordered by LineKey
	Contracts map[string]billing.ContractID // mark → id of contracts we created or adopted
	Services  map[string]billing.ServiceID  // mark → id
	Charges   []Charged                     // ordered by Key
}
