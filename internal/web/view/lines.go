package view

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
)

// LinesPage lists recurring lines.
type LinesPage struct {
	Shell  Shell
	List   List
	Rows   []store.LineRow
	Chosen string // what a link chose, in words: a customer, a rule
	Capped bool   // there are more than the list counted
	Any    bool   // there are lines, whatever the filter chooses
}

// ProofPage is the proof of one line or charge.
type ProofPage struct {
	Shell Shell
	Proof store.LineProof
	Rules []billing.PriceRule // that made the price, those of the settings with their values of now
	Runs  map[store.RunID]store.Run
	List  List // of the source rows
}

// FoundPage is what stands behind an id, a mark or a key.
type FoundPage struct {
	Shell Shell
	Query string
	List  List // for its files
	Found []FoundLine
}

// FoundLine is a line or charge that was looked for.
type FoundLine struct{ Key, Name, Customer, Kind string }

// SourcePage says what became of one of Microsoft's rows.
type SourcePage struct {
	Shell Shell
	Set   billing.SetID
	Row   int
	List  List // for its files
	Uses  []store.SourceUse
}

// SourceHref is the address of one of Microsoft's rows.
func SourceHref(s Shell, set billing.SetID, row int) string {
	values := url.Values{"row": {strconv.Itoa(row)}, "kind": {string(set.Kind)}}
	for name, value := range map[string]string{
		"partner": set.PartnerID, "invoice": set.Invoice, "currency": string(set.Currency), "month": string(set.Month),
	} {
		if value != "" {
			values.Set(name, value)
		}
	}
	return s.Path("sources") + "?" + values.Encode()
}

// SourceOf reads what SourceHref wrote.
func SourceOf(values url.Values) (billing.SetID, int) {
	row, err := strconv.Atoi(values.Get("row"))
	if err != nil {
		row = -1
	}
	return billing.SetID{
		Kind: billing.SetKind(values.Get("kind")), PartnerID: values.Get("partner"), Invoice: values.Get("invoice"),
		Currency: money.Currency(values.Get("currency")), Month: billing.Month(values.Get("month")),
	}, row
}

// setWord names a set as clerks know it: "invoice G012345678", "open month 2026-10".
func setWord(set billing.SetID) string {
	what := map[billing.SetKind]string{
		billing.BilledLines: "reconciliation", billing.UnbilledLines: "not billed yet",
		billing.BilledUsage: "usage", billing.UnbilledUsage: "usage, not billed yet",
	}[set.Kind]
	if set.Invoice != "" {
		return "invoice " + set.Invoice + ", " + what
	}
	return "month " + string(set.Month) + ", " + what
}

// name says what the proof is of.
func (p ProofPage) name() string {
	switch {
	case p.Proof.Line != nil:
		return p.Proof.Line.Name
	case p.Proof.Charge != nil:
		return p.Proof.Charge.Name
	case p.Proof.Memory != nil:
		return p.Proof.Memory.What
	case len(p.Proof.Changes) > 0:
		return p.Proof.Changes[0].Change.What
	}
	return p.Proof.Key
}

// withheld reports whether a finding keeps the line from being planned at all.
func (p ProofPage) withheld() bool {
	return p.Proof.Line != nil && slices.ContainsFunc(p.Proof.Line.Holds, func(h billing.Hold) bool { return h.Blocks })
}

// customer gives whose it is.
func (p ProofPage) customer() (billing.CustomerID, string) {
	switch {
	case p.Proof.Line != nil:
		return p.Proof.Line.CustomerID, p.Proof.Line.Customer
	case p.Proof.Charge != nil:
		return p.Proof.Charge.CustomerID, p.Proof.Charge.Customer
	case p.Proof.Memory != nil:
		return p.Proof.Memory.CustomerID, p.Proof.Memory.Customer
	case len(p.Proof.Changes) > 0:
		return p.Proof.Changes[0].Change.CustomerID, p.Proof.Changes[0].Change.Customer
	}
	return "", ""
}

func (p ProofPage) sub() string {
	_, name := p.customer()
	kind := "recurring line"
	if p.Proof.Charge != nil {
		kind = "charge for " + MonthName(p.Proof.Charge.Month)
	}
	text := "Proof of a " + kind
	if name != "" {
		text += " of " + name
	}
	if p.Proof.Run != "" {
		text += ", as the plan of " + Day(p.Proof.Day) + " has it"
	}
	return text
}

// contract names the contract as a change last named it, with its id or mark.
func (p ProofPage) contract() (name string, ref billing.Ref) {
	if p.Proof.Line != nil {
		name, ref = p.Proof.Line.ContractName, p.Proof.Line.Contract
	}
	if p.Proof.Charge != nil {
		ref = p.Proof.Charge.Contract
	}
	for _, c := range p.Proof.Changes {
		if name == "" {
			name = c.Change.ContractName
		}
		if ref.IsZero() {
			ref = c.Change.Contract
		}
	}
	if p.Proof.Memory != nil && ref.ID == "" {
		ref.ID = string(p.Proof.Memory.ContractID)
	}
	return name, ref
}

// ruleText says what a price rule does.
func ruleText(r billing.PriceRule) string {
	switch r.Kind {
	case billing.MarkupRule:
		return "cost plus " + Percent(r.Value)
	case billing.MarginRule:
		return "cost with a margin of " + Percent(r.Value) + " of the price"
	case billing.FixedRule:
		return "a fixed price of " + money.Of(r.Value, r.Currency).String()
	}
	return string(r.Kind)
}

// ruleScope says what a price rule is for.
func ruleScope(r billing.PriceRule) string {
	var parts []string
	if r.SubscriptionID != "" {
		parts = append(parts, "subscription "+string(r.SubscriptionID))
	}
	if r.CustomerID != "" {
		parts = append(parts, "customer "+string(r.CustomerID))
	}
	if r.ProductID != "" {
		parts = append(parts, "product "+r.ProductID)
	}
	if len(parts) == 0 {
		return "everything without a rule of its own"
	}
	return strings.Join(parts, ", ")
}

// quotientPlaces are the digits of a quotient shown before it is rounded.
const quotientPlaces = 6

// arithmetic shows how a rule makes the unit price from the unit cost; "" when there is nothing to compute.
func arithmetic(r billing.PriceRule, cost, price *money.Amount) string {
	if cost == nil || price == nil || r.Kind == billing.FixedRule {
		return ""
	}
	hundred := money.Int(100)
	var exact money.Decimal
	var text string
	switch r.Kind {
	case billing.MarkupRule:
		exact = cost.Value().Mul(hundred.Add(r.Value)).Mul(money.New(1, -2))
		text = Figure(*cost) + " × (100 % + " + Percent(r.Value) + ")"
	case billing.MarginRule:
		quotient, ok := cost.Value().Mul(hundred).Div(hundred.Sub(r.Value), quotientPlaces, money.HalfAwayFromZero)
		if !ok {
			return ""
		}
		exact, text = quotient, Figure(*cost)+" ÷ (100 % − "+Percent(r.Value)+")"
	default:
		return ""
	}
	text += " = " + grouped(exact)
	places := max(price.Currency().MinorPlaces(), price.Value().Places())
	switch rounded := exact.Round(places, money.HalfAwayFromZero); {
	case !rounded.Equal(price.Value()):
		return text + "; the price of " + price.String() + " was made for each subscription from its own cost, or before the rule or the cost changed"
	case rounded.Equal(exact):
		return text + " " + string(price.Currency())
	}
	return text + ", rounded to " + price.String()
}

// marginText is the margin in percent of the price; "" unless there is one currency and a price.
func marginText(f store.Figures) string {
	margins, prices := f.Margin.Amounts(), f.Price.Amounts()
	if len(margins) != 1 || len(prices) != 1 || prices[0].IsZero() || margins[0].Currency() != prices[0].Currency() {
		return ""
	}
	share, ok := margins[0].Value().Mul(money.Int(100)).Div(prices[0].Value(), 1, money.HalfAwayFromZero)
	if !ok {
		return ""
	}
	return Percent(share)
}

// applied says what Autotask was last told of a line.
func applied(a plan.Applied) string {
	text := Plural(int(a.Units), "unit", "units")
	if a.UnitPrice != nil {
		text += " at " + a.UnitPrice.String()
	}
	return text + " from " + Day(a.From)
}

// usageText says what a group of usage is.
func usageText(g billing.UsageGroup) string {
	name := g.AzureSubscriptionName
	if name == "" {
		name = string(g.AzureSubscriptionID)
	}
	if g.ResourceGroup != "" {
		name += " / " + g.ResourceGroup
	}
	return name
}

// unitText writes the unit of a quantity of usage. Microsoft counts in "1 GB" or "10 Hours": beside a number that would read as one more of it.
func unitText(unit string) string {
	if unit != "" && unit[0] >= '0' && unit[0] <= '9' {
		return "× " + unit
	}
	return unit
}

// quantity writes a number of units: thousands apart, and no more digits than it has.
func quantity(d money.Decimal) string {
	text := grouped(d)
	if d.IsInteger() {
		return strings.TrimSuffix(text, ".00")
	}
	return text
}

// SettingsRule gives a markup of the settings as the rule it is, by the id that lines have it under.
func SettingsRule(id string, s billing.Settings) (rule billing.PriceRule, found bool) {
	switch id {
	case serviceMarkup:
		return billing.PriceRule{ID: id, Kind: billing.MarkupRule, Value: s.ServiceMarkup}, true
	case productMarkup:
		return billing.PriceRule{ID: id, Kind: billing.MarkupRule, Value: s.ProductMarkup}, true
	}
	return rule, false
}

// FoundOf names what a proof is of.
func FoundOf(p store.LineProof) FoundLine {
	page := ProofPage{Proof: p}
	_, customer := page.customer()
	f := FoundLine{Key: p.Key, Name: page.name(), Customer: customer, Kind: "recurring line"}
	if p.Charge != nil {
		f.Kind = "charge for " + MonthName(p.Charge.Month)
	}
	return f
}
