package view

import (
	"strconv"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/store"
)

// Customers is the list of customers.
type Customers struct {
	List   List
	Rows   []store.CustomerRow
	States map[store.CustomerStatus]int
	All    int  // customers whatever their state
	None   bool // there is no customer at all
}

// customerTone colours a status.
func customerTone(s store.CustomerStatus) Tone {
	switch s {
	case store.CustomerInStep:
		return Good
	case store.CustomerApplying:
		return Info
	case store.CustomerFailed:
		return Bad
	case store.CustomerOff, store.CustomerGone, store.CustomerUnplanned:
		return Off
	}
	return Warn
}

// Suggestions is the page of companies that customers may be.
type Suggestions struct {
	List  List // pages of customers
	Rows  []SuggestedRow
	Clear int // rows of this page that are clear enough to be accepted together
	Left  int // customers without any suggestion
}

// SuggestedRow is a customer and one company that it may be.
type SuggestedRow struct {
	Value      string // of the checkbox
	CustomerID string
	Customer   string
	Domain     string
	Company    string
	CompanyID  string
	Score      int
	Evidence   []string
	Checked    bool
	First      bool // first row of its customer
}

// scoreTone says how good a score is.
func scoreTone(score int) (Tone, string) {
	switch {
	case score >= 90:
		return Good, "sure"
	case score >= 60:
		return Info, "likely"
	}
	return Warn, "perhaps"
}

// Customer is the page of one customer.
type Customer struct {
	Detail    store.CustomerDetail
	Company   Field
	From      Field // first billed month
	Contract  Field // route of the customer
	StartDay  Field
	Authority billing.PriceAuthority // for all products of the customer
	Routes    map[string]string      // contract names by id
	History   []ActivityRow
	Findings  []store.FindingRow
}

// routeName says where a route leads.
func (c Customer) routeName(r billing.Route, routed bool) string {
	switch {
	case !routed:
		return "no contract"
	case r.Managed && r.StartDay > 0:
		return "managed by Spindle, starts on day " + strconv.Itoa(r.StartDay)
	case r.Managed:
		return "managed by Spindle"
	}
	if name := c.Routes[string(r.ContractID)]; name != "" {
		return name
	}
	return "contract " + string(r.ContractID)
}

// groupPath names a resource group in an address.
func groupValue(g store.ResourceGroupRow) string {
	return string(g.AzureSubscriptionID) + "|" + g.ResourceGroup
}

// offerText says term and frequency: "1-year term, billed monthly".
func offerText(o billing.Offer) string {
	var parts []string
	if o.Term != "" {
		parts = append(parts, termWord(string(o.Term)))
	}
	if o.Frequency != "" {
		parts = append(parts, frequencyWord(o.Frequency))
	}
	return strings.Join(parts, ", ")
}

func frequencyWord(f billing.Frequency) string {
	switch f {
	case billing.Annual:
		return "billed yearly"
	case billing.Triennial:
		return "billed every 3 years"
	case billing.OneTime:
		return "billed once"
	case billing.Metered:
		return "billed by consumption"
	case billing.Free:
		return "free"
	}
	return "billed " + string(f)
}

// termWord says Microsoft's term in words: "P1Y" is "1-year term". What it does not know stays as it is.
func termWord(term string) string {
	number, unit := strings.TrimPrefix(strings.TrimRight(term, "YM"), "P"), map[byte]string{'Y': "year", 'M': "month"}[term[len(term)-1]]
	if unit == "" || number == "" {
		return term
	}
	return number + "-" + unit + " term"
}

// linePrice gives the unit price of a row's line, nil when there is none.
func linePrice(s store.SubscriptionRow) *money.Amount {
	if s.Line == nil {
		return nil
	}
	return s.Line.UnitPrice
}

func authorityWord(a billing.PriceAuthority) string {
	if a == billing.AutotaskPrices {
		return "Autotask decides"
	}
	return "Spindle decides"
}

// billingShort says what is billed in the space of a column.
func billingShort(b store.BillingState) string {
	switch b {
	case store.BillingAll:
		return "all"
	case store.BillingSome:
		return "some"
	}
	return "off"
}

// files is what the page offers as files: the subscriptions, or what of names.
func (c Customer) files(s Shell, of string) List {
	return List{Base: s.Path("customers", string(c.Detail.ID))}.Of(of)
}
