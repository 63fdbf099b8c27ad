// Package billing holds the words of the trade as types: customers, subscriptions, line items, usage, contracts, services,
// charges, periods, mappings and findings. It imports only money, and knows neither vendor, database nor wire format.
package billing

// OrganizationID identifies an MSP on this installation. Every row, key, lock and limit belongs to one organization.
type OrganizationID string

// CustomerID identifies an end client: Microsoft's customer tenant id, lower-case.
type CustomerID string

// SubscriptionID identifies a commercial commitment: Partner Center's subscription id, lower-case, or the id of a custom service.
type SubscriptionID string

// AzureSubscriptionID identifies an Azure subscription below an Azure plan. It is not a SubscriptionID.
type AzureSubscriptionID string

// Ids of things in the target, as text. They are never made up and never compared with ids of another kind.
type (
	CompanyID         string
	ContractID        string
	ServiceID         string
	ContractServiceID string
	ChargeID          string
	BillingCodeID     string
)

// Customer is the end client the MSP bills.
type Customer struct {
	ID      CustomerID
	Name    string
	Domain  string
	Country string // ISO 3166-1 alpha-2
}

// Term is the length of a commitment as an ISO 8601 duration: P1M, P1Y, P3Y; "" when there is none (Azure plan, perpetual).
type Term string

// Frequency says how often a commitment is charged.
type Frequency string

// The charge frequencies.
const (
	Monthly   Frequency = "monthly"
	Annual    Frequency = "annual"
	Triennial Frequency = "triennial"
	OneTime   Frequency = "one-time"
	Metered   Frequency = "metered" // Azure: by consumption
	Free      Frequency = "free"    // trials: never charged
)

// Offer is what one catalogue service stands for: a product's SKU on a term, charged at a frequency.
type Offer struct {
	ProductID string
	SKUID     string
	Term      Term
	Frequency Frequency
}

// String gives the stable text of an offer: "CFQ7TTC07DHZ:0001:P1Y:monthly".
func (o Offer) String() string {
	return o.ProductID + ":" + o.SKUID + ":" + string(o.Term) + ":" + string(o.Frequency)
}

// SubscriptionKind tells the commitments apart that are billed in different ways.
type SubscriptionKind string

// The kinds of subscription.
const (
	Licence       SubscriptionKind = "licence"        // seats on a term: a recurring service
	AzurePlan     SubscriptionKind = "azure-plan"     // metered: a monthly charge
	CustomService SubscriptionKind = "custom-service" // the MSP's own: a recurring service
	OtherPurchase SubscriptionKind = "other"          // perpetual, reservation, savings plan: charges from the reconciliation lines
)

// SubscriptionStatus is what the source says of the commitment.
type SubscriptionStatus string

// The statuses. Suspended subscriptions keep being billed by Microsoft (Microsoft sheet §5.3).
const (
	Active    SubscriptionStatus = "active"
	Suspended SubscriptionStatus = "suspended"
	Ended     SubscriptionStatus = "ended" // expired, disabled, deleted: no longer charged
	Pending   SubscriptionStatus = "pending"
)

// Subscription is a commitment a customer holds.
type Subscription struct {
	ID         SubscriptionID
	CustomerID CustomerID
	Kind       SubscriptionKind
	Offer      Offer
	Name       string
	Publisher  string
	Quantity   int64
	Status     SubscriptionStatus
	Trial      bool
	AutoRenew  bool
	Start      Date // first day of the commitment
	End        Date // first day after the term; zero for open end
	// Custom services carry their own money; Microsoft's subscriptions carry none here: their cost comes from line items.
	UnitCost  *UnitMoney
	UnitPrice *UnitMoney
}

// AzureSubscription is an Azure subscription below a customer's Azure plan.
type AzureSubscription struct {
	ID         AzureSubscriptionID
	CustomerID CustomerID
	PlanID     SubscriptionID
	Name       string
	Active     bool
}

// Directory is what a source says exists now.
type Directory struct {
	Customers     []Customer
	Subscriptions []Subscription
	Azure         []AzureSubscription
	// Incomplete lists what could not be read, in words. While it is not empty nothing may be reduced, ended or removed (law 2).
	Incomplete []Gap
}

// Gap is a part of a source that could not be read.
type Gap struct {
	CustomerID CustomerID // empty: the whole source
	What       string     // "subscriptions of Alder Ridge Dental Group"
	Why        string
}
