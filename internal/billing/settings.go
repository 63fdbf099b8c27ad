package billing

import (
	"cmp"
	"slices"
	"strings"

	"spindle/internal/money"
)

// Settings are an organization's service settings (design §2, step 4) and the rules that go with them.
type Settings struct {
	SyncOn           bool
	VendorCompanyID  CompanyID
	VendorName       string
	ProductMarkup    money.Decimal // percent on Azure consumption
	ServiceMarkup    money.Decimal // percent on CSP subscriptions and custom services
	ContractStartDay int           // 1–31, clamped to the month's end
	ServiceCodeID    BillingCodeID // useType recurring contract service
	ServiceCodeName  string
	MaterialCodeID   BillingCodeID // useType material
	MaterialCodeName string
	AzureBundled     bool
	AzureBundleName  string

	Currency         money.Currency // the target's internal currency: prices are written in it
	EffectivePolicy  EffectivePolicy
	EffectiveSince   Date         // first day on which EffectivePolicy holds, set when it is changed; zero: it always did
	PricePlaces      int32        // decimals of a unit price: 2 is the minor unit of the currency (JPY has 0, KWD 3), 4 is finer
	KeepEarnedCredit bool         // partner earned credit stays with the MSP: Azure is rated from list price
	ApproveWithin    money.Amount // a plan whose recurring effect and charges stay within this per change is approved by itself; zero: never
	HoldOver         money.Amount // a change whose money effect is larger is held; zero: no limit
	NeverReduce      bool
	HoldFirstTime    bool // hold the first change of a customer
	ApproveBy        string
	// BillFrom is the first month that Spindle bills for anybody; months before were billed without it. Every BillingSwitch has a month of
	// its own besides, see FirstMonth. Empty until the first plan, which sets it to the newest closed month.
	BillFrom Month
	// BillNewCustomers switches billing on for customers that a source lists for the first time, from the month they appear in.
	BillNewCustomers bool
	Schedule         string // cron text of the run that happens by itself; empty: none
	FourEyes         bool   // who made a run may not approve it
	Retention        Retention
}

// EffectivePolicy names when changes take effect (design §6.2).
type EffectivePolicy string

// The four policies.
const (
	TrueDate      EffectivePolicy = "true-date"
	PeriodStart   EffectivePolicy = "period-start"
	UpNowDownNext EffectivePolicy = "up-now-down-next"
	NextPeriod    EffectivePolicy = "next-period"
)

// FormerPolicy is a policy that held before another one took its place.
type FormerPolicy struct {
	Policy EffectivePolicy
	Until  Date // first day on which it did not hold any more
}

// EffectivePolicies lists the policies in the order they are explained.
func EffectivePolicies() []EffectivePolicy {
	return []EffectivePolicy{UpNowDownNext, TrueDate, PeriodStart, NextPeriod}
}

// PriceAuthority says who decides the price of a contract service.
type PriceAuthority string

// The two authorities. When it is the target, Spindle never writes a price.
const (
	SpindlePrices  PriceAuthority = "spindle"
	AutotaskPrices PriceAuthority = "autotask"
)

// PriceRuleKind says how a price is made (design §6.3).
type PriceRuleKind string

// The kinds of price rule. Value is a percentage, or money for fixed prices.
const (
	MarkupRule PriceRuleKind = "markup" // price = cost × (1 + value/100)
	MarginRule PriceRuleKind = "margin" // price = cost ÷ (1 − value/100)
	FixedRule  PriceRuleKind = "fixed"  // price = value
)

// PriceRule prices what it matches. Empty fields match anything; the rule with the most specific fields wins:
// subscription, then customer and product, then product, then customer, then organization.
type PriceRule struct {
	ID             string
	Kind           PriceRuleKind
	Value          money.Decimal
	Currency       money.Currency // fixed prices only
	SubscriptionID SubscriptionID
	CustomerID     CustomerID
	ProductID      string // product id, or product id and SKU "CFQ7TTC07DHZ:0001", or "azure"
	From, To       Date   // valid days, End excluded; zero: open
	BelowCost      bool   // the resulting price may be below cost
}

// ComparePriceRules orders rules as they win: the most specific first, and of rules for the same the one that counts from the later day.
func ComparePriceRules(a, b PriceRule) int {
	return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.CustomerID, b.CustomerID), cmp.Compare(a.ProductID, b.ProductID),
		b.From.Compare(a.From), cmp.Compare(a.ID, b.ID))
}

// SortPriceRules puts rules in the order in which they win.
func SortPriceRules(rules []PriceRule) { slices.SortStableFunc(rules, ComparePriceRules) }

// rank is lower for more specific rules: subscription, customer and product, product, customer, organization; a SKU before its product, and
// both before Azure as a whole; a subscription with its customer before the subscription alone.
func (r PriceRule) rank() int {
	product := 3
	switch {
	case r.ProductID == "azure":
		product = 2
	case strings.Contains(r.ProductID, ":"):
		product = 0
	case r.ProductID != "":
		product = 1
	}
	switch {
	case r.SubscriptionID != "" && r.CustomerID != "":
		return 2 * product
	case r.SubscriptionID != "":
		return 2*product + 1
	case r.CustomerID != "" && r.ProductID != "":
		return 10 + product
	case r.ProductID != "":
		return 20 + product
	case r.CustomerID != "":
		return 30
	}
	return 40
}

// CompanyMapping is an operator's decision that a customer is a company of the target.
type CompanyMapping struct {
	CustomerID  CustomerID
	CompanyID   CompanyID
	CompanyName string
	By          string
}

// BillingSwitch turns billing on or off for one subscription, or for all of a customer's including future ones
// (SubscriptionID empty). The single switch wins over the customer's.
type BillingSwitch struct {
	CustomerID     CustomerID
	SubscriptionID SubscriptionID
	On             bool
	From           Month // the first month that is billed: what lies before was billed without Spindle; empty: Settings.BillFrom
}

// FirstMonth gives the first month that is billed under a switch that is on: its own, but never one before the organization's.
func (s Settings) FirstMonth(b BillingSwitch) Month { return max(s.BillFrom, b.From) }

// Route says which contract a source line goes to. The most specific route wins: resource group, Azure subscription,
// subscription, then customer. An empty ContractID means a contract that Spindle creates and manages.
type Route struct {
	CustomerID          CustomerID
	SubscriptionID      SubscriptionID
	AzureSubscriptionID AzureSubscriptionID
	ResourceGroup       string // lower-case
	ContractID          ContractID
	Managed             bool
	StartDay            int // managed contracts: 0 takes the organization's setting
}

// ServiceMapping is the decision that an offer is an existing catalogue service.
type ServiceMapping struct {
	Offer     Offer
	ServiceID ServiceID
	Name      string
}

// AuthorityRule gives the price authority for a customer's offer; empty fields match anything, the more specific rule wins.
type AuthorityRule struct {
	CustomerID CustomerID
	ProductID  string
	Authority  PriceAuthority
}

// Mappings are all decisions an organization has taken.
type Mappings struct {
	Companies   []CompanyMapping
	Switches    []BillingSwitch
	Routes      []Route
	Services    []ServiceMapping
	Authorities []AuthorityRule
	Prices      []PriceRule
}

// Switch finds the switch that decides for a subscription: its own, else the customer's. Without a subscription only the customer's is
// looked for. Of two answers to one question the cautious one counts: off, or the later month. found is false when nobody decided, which
// means off.
func (m Mappings) Switch(customer CustomerID, subscription SubscriptionID) (decides BillingSwitch, found bool) {
	best := 0
	for _, b := range m.Switches {
		switch weight := b.weight(customer, subscription); {
		case weight == 0 || weight < best:
		case weight > best:
			decides, best = b, weight
		default:
			decides.On, decides.From = decides.On && b.On, max(decides.From, b.From)
		}
	}
	return decides, best > 0
}

// weight says how specifically a switch speaks of a customer's subscription, 0 when it does not.
func (b BillingSwitch) weight(customer CustomerID, subscription SubscriptionID) int {
	switch {
	case b.SubscriptionID == "" && b.CustomerID == "":
		return 0
	case b.SubscriptionID == "" && b.CustomerID == customer:
		return 1
	case b.SubscriptionID != subscription:
		return 0
	case b.CustomerID == "":
		return 2
	case b.CustomerID == customer:
		return 3
	}
	return 0
}
