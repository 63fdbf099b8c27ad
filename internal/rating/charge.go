package rating

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// chargeBuilder adds the pieces of one charge up. Money is rounded once, at the end.
type chargeBuilder struct {
	key      string
	dest     destination
	customer billing.CustomerID // lowest, when several share a contract
	name     string             // as long as the target takes at most
	what     string
	detail   string // extra sentence of the description
	lines    []sourceLine
	places   map[billing.Place]bool

	cost     money.Amount
	price    money.Decimal                // exact
	flat     map[string]bool              // flat prices already due: they price the charge, not its pieces
	rules    map[string]bool              // ids
	standing map[string]bool              // the same with what they said when the price was made: a rule may say something else later
	earned   money.Decimal                // partner earned credit that the MSP keeps: the price is made from so much more than the cost
	guarded  guarded                      // the part whose rules allow no price below cost
	invoices map[string]map[sourceID]bool // invoice → its lines
	groups   map[*billing.UsageGroup]bool
	rates    map[string]bool
	late     map[string]bool
	credits  money.Amount
}

// sourceID tells source lines apart.
type sourceID struct {
	set billing.SetID
	key string
	row int
}

// builder gives the charge with a key, making it when it is new.
func (m *month) builder(key string, d destination, c money.Currency) *chargeBuilder {
	b, known := m.builders[key]
	if !known {
		b = &chargeBuilder{
			key: key, dest: d, cost: money.Of(money.Decimal{}, c), credits: money.Of(money.Decimal{}, c),
			places: map[billing.Place]bool{}, flat: map[string]bool{}, rules: map[string]bool{}, standing: map[string]bool{}, guarded: guarded{rules: map[string]bool{}},
			invoices: map[string]map[sourceID]bool{}, groups: map[*billing.UsageGroup]bool{}, rates: map[string]bool{}, late: map[string]bool{},
		}
		m.builders[key] = b
	}
	return b
}

// take adds a piece; its currency is the builder's, which is part of the key.
func (b *chargeBuilder) take(line sourceLine, from billing.Place) {
	if len(b.lines) == 0 || from.CustomerID < b.customer {
		b.customer = from.CustomerID
	}
	b.places[from] = true
	b.lines = append(b.lines, line)
	b.cost = money.Of(b.cost.Value().Add(line.cost.Value()), b.cost.Currency())
	if line.cost.Sign() < 0 {
		b.credits = money.Of(b.credits.Value().Add(line.cost.Value()), b.credits.Currency())
	}
}

// priceBy adds what a rule makes of a piece that cost so much.
func (b *chargeBuilder) priceBy(rule billing.PriceRule, exact, cost money.Decimal) {
	b.rules[rule.ID] = true
	b.standing[ruleAsItStands(rule)] = true
	b.price = b.price.Add(exact)
	if !rule.BelowCost {
		b.guarded.rules[rule.ID] = true
		b.guarded.price, b.guarded.cost = b.guarded.price.Add(exact), b.guarded.cost.Add(cost)
	}
}

// ruleAsItStands names a rule with what it says.
func ruleAsItStands(rule billing.PriceRule) string {
	says := "cost plus " + rule.Value.String() + " %"
	switch rule.Kind {
	case billing.MarginRule:
		says = "a margin of " + rule.Value.String() + " %"
	case billing.FixedRule:
		says = "a fixed price of " + money.Of(rule.Value, rule.Currency).String()
	}
	return rule.ID + " (" + says + ")"
}

// makesDue reports whether a piece makes a flat price due: consumption does, once for each charge, and a credit never.
func (b *chargeBuilder) makesDue(flat billing.PriceRule, cost money.Amount) bool {
	if b.flat[flat.ID] || cost.Sign() <= 0 {
		return false
	}
	b.flat[flat.ID] = true
	return true
}

// guarded is the part of a charge that must not be sold below cost.
type guarded struct {
	price, cost money.Decimal // exact
	rules       map[string]bool
}

// loss says that the part is sold below cost; "" when it is not. What only lost less than its last place to rounding is no loss.
func (g guarded) loss(r *rater, c money.Currency) string {
	price, cost := money.Of(r.roundPrice(g.price, c), c), money.Of(g.cost, c).Round(costPlaces, money.HalfAwayFromZero)
	if g.cost.Sign() <= 0 || price.Value().Cmp(r.roundPrice(g.cost, c)) >= 0 { // the exact cost: rounded twice, 0.00495 would become 0.01
		return ""
	}
	return fmt.Sprintf("the price %s is below the cost %s (rule %s)", price, cost, joinRules(g.rules))
}

// prove notes where the money comes from.
func (b *chargeBuilder) prove(p azurePart, line sourceLine) {
	if b.invoices[p.invoice] == nil {
		b.invoices[p.invoice] = map[sourceID]bool{}
	}
	b.invoices[p.invoice][sourceID{line.set, line.key, line.row}] = true
	if p.group != nil {
		b.groups[p.group] = true
	}
	b.noteRate(p.rate, p.pricing)
	if !p.charged.IsZero() {
		b.late[p.charged.String()] = true
	}
}

func (b *chargeBuilder) noteRate(rate money.Decimal, pricing money.Currency) {
	if pricing != "" && pricing != b.cost.Currency() && !rate.IsZero() {
		b.rates[fmt.Sprintf("1 %s = %s %s", pricing, rate, b.cost.Currency())] = true
	}
}

// finish makes the charge, unless its pieces cancel out.
func (b *chargeBuilder) finish(m *month) {
	r := m.r
	c := b.cost.Currency()
	price := money.Of(r.roundPrice(b.price, c), c)
	cost := b.cost.Round(costPlaces, money.HalfAwayFromZero)
	atPlaces := r.roundPrice(cost.Value(), c)
	if price.IsZero() && atPlaces.IsZero() {
		b.disposeAll(m, excludedBy(RuleZeroAmount))
		return
	}
	charge := billing.DesiredCharge{
		Key: b.key, Mark: billing.ChargeMark(r.in.Organization, b.key), CustomerID: b.customer, Customer: r.name(b.customer),
		CompanyID: b.dest.company, Contract: b.dest.ref, Month: r.in.Month, Name: b.name,
		Description: clip(b.description(m), chargeTextMax), Notes: clip(b.notes(), chargeTextMax),
		Date: billing.Later(m.lastDay, b.dest.start), Quantity: money.Int(1), UnitPrice: price, UnitCost: cost,
		BillingCodeID: r.in.Settings.MaterialCodeID, PriceRule: joinRules(b.rules),
		Places: slices.SortedFunc(maps.Keys(b.places), billing.Place.Compare),
	}
	if why := b.guarded.loss(r, c); why != "" && price.Value().Cmp(atPlaces) < 0 {
		charge.Holds = []billing.Hold{{Policy: HoldBelowMargin, Why: why}}
		r.findings.atStake(billing.Finding{
			Kind: billing.FindingBelowCost, Subject: b.key, CustomerID: b.customer, Customer: charge.Customer,
			Message: charge.Name + ": " + why, Remedy: "raise the price, or allow the rule to go below cost",
		}, "", cost)
	}
	if b.dest.new != nil {
		b.dest.new.needed = true
	}
	r.charges = append(r.charges, charge)
	b.disposeAll(m, billedBy(b.key))
}

func (b *chargeBuilder) disposeAll(m *month, v verdict) {
	for _, line := range b.lines {
		m.dispose(line, v)
	}
}

// description is printed on the customer's invoice: month, currency, exchange rate (design §6.4).
func (b *chargeBuilder) description(m *month) string {
	text := fmt.Sprintf("%s, %s. ", b.what, m.r.in.Month.Period())
	if b.detail != "" {
		text += b.detail + " "
	}
	text += fmt.Sprintf("Amounts in %s", b.cost.Currency())
	if len(b.rates) > 0 {
		text += "; " + enumerate(b.rates)
	}
	text += "."
	var late []string
	first := m.r.in.Month.Period().Start.String()
	for _, period := range sortedKeys(b.late) {
		if period < first {
			late = append(late, period)
		}
	}
	if len(late) > 0 {
		text += " Includes usage of " + strings.Join(late, ", ") + " that Microsoft billed late."
	}
	return text
}

// notes are the proof in words, for the MSP only.
func (b *chargeBuilder) notes() string {
	var rows int64
	for g := range b.groups {
		rows += g.Rows
	}
	var invoices []string
	for invoice, lines := range b.invoices {
		invoices = append(invoices, fmt.Sprintf("%s (%s)", invoice, counted(int64(len(lines)), "line")))
	}
	sort.Strings(invoices)
	text := "Microsoft invoice " + strings.Join(invoices, ", ")
	if rows > 0 {
		text += ", " + counted(rows, "usage row")
	}
	text += ", cost " + b.cost.String()
	if !b.credits.IsZero() {
		text += fmt.Sprintf(" with credits of %s", b.credits)
	}
	if c := b.cost.Currency(); !b.earned.IsZero() {
		base := money.Of(b.cost.Value().Add(b.earned), c).Round(costPlaces, money.HalfAwayFromZero)
		text += fmt.Sprintf(", priced from %s: without Microsoft's partner earned credit of %s", base, money.Of(b.earned, c).Round(costPlaces, money.HalfAwayFromZero))
	}
	return text + ", price rule " + joinRules(b.standing) + "."
}

// counted writes "1 line" and "2 lines".
func counted(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
