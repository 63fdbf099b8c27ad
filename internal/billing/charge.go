package billing

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"spindle/internal/money"
)

// DesiredCharge is a one-off charge for a closed month.
type DesiredCharge struct {
	Key           string
	Mark          string
	CustomerID    CustomerID
	Customer      string
	CompanyID     CompanyID // whose contract it is on
	Contract      Ref
	Month         Month // the month it bills, or for a true-up the month it corrects
	TrueUp        int   // 0: the original; n: the nth true-up of a month that was billed already (design §6.4)
	Name          string
	Description   string // printed on the invoice
	Notes         string // internal: proof in words
	Date          Date
	Quantity      money.Decimal
	UnitPrice     money.Amount
	UnitCost      money.Amount
	BillingCodeID BillingCodeID
	PriceRule     string
	Places        []Place // where its money comes from: ordered, each once
	Holds         []Hold
}

// Customers gives everybody whose money is in the charge, in order.
func (c DesiredCharge) Customers() []CustomerID {
	customers := []CustomerID{c.CustomerID}
	for _, p := range c.Places {
		customers = append(customers, p.CustomerID)
	}
	slices.Sort(customers)
	return slices.Compact(customers)
}

// Place is where money of a closed month comes from; routes and switches are looked up for it. The Azure subscription and the resource
// group are only said of customers whose routes ask for them: then the place is whole, and what it does not name it does not have, as a
// purchase has no resource group.
type Place struct {
	CustomerID          CustomerID
	SubscriptionID      SubscriptionID
	AzureSubscriptionID AzureSubscriptionID
	ResourceGroup       string
	Whole               bool
}

// Compare orders places.
func (p Place) Compare(q Place) int {
	return cmp.Or(cmp.Compare(p.CustomerID, q.CustomerID), cmp.Compare(p.SubscriptionID, q.SubscriptionID),
		cmp.Compare(p.AzureSubscriptionID, q.AzureSubscriptionID), cmp.Compare(p.ResourceGroup, q.ResourceGroup), cmp.Compare(p.wholeness(), q.wholeness()))
}

func (p Place) wholeness() int {
	if p.Whole {
		return 1
	}
	return 0
}

// ChargedMonth says how far a closed month was rated. What stands in the target for a month is only judged by a month that was rated
// whole: a charge that nothing asks for may be one whose lines were not read (law 2).
type ChargedMonth struct {
	Month  Month
	Lines  bool         // the lines of its invoices were rated, not their usage alone
	Held   []CustomerID // a finding holds something of theirs: they still owe it
	Off    []CustomerID // a person switched something of theirs off: what was billed of it stays billed
	Unread []string     // what of the month could not be read
}

// trueUpKind begins the keys of true-ups.
const trueUpKind = "true-up"

// TrueUpKey is the key of the nth true-up for what was charged on a contract for a month.
func TrueUpKey(kind string, contract ContractID, month Month, currency money.Currency, n int) string {
	return strings.Join([]string{trueUpKind, kind, string(contract), string(month), string(currency), strconv.Itoa(n)}, "|")
}

// ParseChargeKey gives what a key charges: "azure" for consumption, "line" for a line of its own. A true-up has the kind of what it corrects,
// and its number.
func ParseChargeKey(key string) (kind string, trueUp int) {
	parts := strings.Split(key, "|")
	if parts[0] != trueUpKind || len(parts) < 3 {
		return parts[0], 0
	}
	trueUp, _ = strconv.Atoi(parts[len(parts)-1])
	return parts[1], trueUp
}
