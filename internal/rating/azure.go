package rating

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

const (
	chargeNameMax  = 100  // Autotask sheet §5.9
	chargeTextMax  = 2000 // description and notes
	azureNameUnset = "Azure usage"
	bundle         = "*" // category of the one bundled charge
)

// addAzure splits one consumption line, or a credit on one, over the routes of the usage behind it, to the cent.
func (m *month) addAzure(line sourceLine, l *billing.LineItem) {
	groups := m.usage.of(line.set, l)
	if len(groups) == 0 {
		if l.Kind != billing.ChargeCustomerCredit && m.r.isBilled(l.CustomerID, l.SubscriptionID) {
			m.reportUsageMissing(l)
		}
		m.addPart(line, azurePart{
			place:    place{customer: l.CustomerID, subscription: l.SubscriptionID},
			category: categoryOf(l), product: l.ProductID, sku: l.SKUID, charged: l.Charged, invoice: l.Invoice,
			rate: l.ExchangeRate, pricing: l.PricingCurrency, list: l.ListUnitCost, effective: l.EffectiveUnitCost.Abs(),
		})
		return
	}
	weights := make([]money.Decimal, len(groups))
	for i, g := range groups {
		weights[i] = g.Cost.Value()
	}
	for i, share := range l.Cost.Split(weights, l.Cost.Currency().MinorPlaces()) {
		if share.IsZero() {
			continue
		}
		part := partOf(groups[i])
		part.invoice, part.rate, part.pricing = l.Invoice, l.ExchangeRate, l.PricingCurrency
		piece := line
		piece.cost = share
		m.addPart(piece, part)
	}
}

// addUsageOnly does the same for usage whose invoice has no lines here: the groups themselves are the source lines.
func (m *month) addUsageOnly(set billing.UsageSet) {
	for i := range set.Groups {
		g := &set.Groups[i]
		line := sourceLine{set: set.ID, key: UsageKey(g), what: g.MeterCategory, cost: g.Cost}
		m.source.Add(g.Cost)
		if g.Cost.IsZero() {
			m.dispose(line, excludedBy(RuleZeroAmount))
			continue
		}
		part := partOf(g)
		part.invoice, part.rate, part.pricing = set.ID.Invoice, g.ExchangeRate, g.PricingCurrency
		m.addPart(line, part)
	}
}

// UsageKey is the identity of a usage group inside its set, and the Disposition.LineKey of usage that no reconciliation lines bill.
func UsageKey(g *billing.UsageGroup) string {
	return strings.Join([]string{string(g.CustomerID), string(g.PlanID), string(g.AzureSubscriptionID), g.ResourceGroup,
		g.ProductID, g.SKUID, g.AvailabilityID, g.MeterCategory, g.Charged.String()}, "|")
}

func categoryOf(l *billing.LineItem) string {
	if category, _, _ := strings.Cut(l.Meter, " - "); strings.TrimSpace(category) != "" {
		return strings.TrimSpace(category)
	}
	if l.ProductName != "" {
		return l.ProductName
	}
	return "Azure credit"
}

func (m *month) reportUsageMissing(l *billing.LineItem) {
	m.r.findings.atStake(billing.Finding{
		Kind: billing.FindingUsageMissing, Subject: l.Invoice + "/" + string(l.CustomerID), CustomerID: l.CustomerID, Customer: m.r.name(l.CustomerID),
		Message: fmt.Sprintf("no usage stands behind Azure lines of %s on invoice %s, so they follow the customer's route, not that of a resource group",
			m.r.name(l.CustomerID), l.Invoice),
		Remedy: "read or import the daily usage of the invoice",
	}, categoryOf(l), l.Cost)
}

// azurePart is a piece of consumption with one route and one price rule.
type azurePart struct {
	place        place
	category     string
	product, sku string
	charged      billing.Period
	invoice      string
	group        *billing.UsageGroup // nil: only the line is known
	rate         money.Decimal
	pricing      money.Currency
	list         money.Decimal // without group: list and effective unit cost of the line
	effective    money.Decimal
}

func partOf(g *billing.UsageGroup) azurePart {
	return azurePart{
		place:    place{g.CustomerID, g.PlanID, g.AzureSubscriptionID, g.ResourceGroup},
		category: g.MeterCategory, product: g.ProductID, sku: g.SKUID, charged: g.Charged, group: g,
	}
}

// priceBase is what the price is made from: the cost, or what it was before partner earned credit when the MSP keeps that credit.
func (m *month) priceBase(p azurePart, cost money.Decimal) money.Decimal {
	if !m.r.in.Settings.KeepEarnedCredit {
		return cost
	}
	before, after := p.list, p.effective
	if p.group != nil {
		before, after = p.group.BeforePEC.Value(), p.group.Cost.Value()
	}
	if before.Sign() <= 0 || after.Sign() <= 0 {
		return cost
	}
	base, _ := cost.Mul(before).Div(after, divisionPlaces, money.HalfAwayFromZero)
	return base
}

// addPart sends a piece of consumption to the charge of its contract, or to what keeps it from being billed.
func (m *month) addPart(line sourceLine, p azurePart) {
	d, v := m.receive(line, p.place)
	if !v.passes() {
		m.keepBack(line, p.place.customer, v)
		return
	}
	rule := m.r.ruleFor(ruleQuery{
		priced: priced{p.place.subscription, p.place.customer, p.product, p.sku, true, m.lastDay},
		allow: func(rule billing.PriceRule) bool {
			return rule.Kind != billing.FixedRule || rule.ProductID == azureProduct
		},
	})
	base := m.priceBase(p, line.cost.Value())
	exact, v := m.chargePrice(rule, base, line.cost.Currency())
	if !v.passes() {
		m.keepBack(line, p.place.customer, v)
		return
	}
	b := m.azureBuilder(d, p, line.cost.Currency())
	b.take(line, m.r.decisions.origin(p.place))
	if rule.Kind != billing.FixedRule {
		b.earned = b.earned.Add(base.Sub(line.cost.Value()))
	} else if !b.makesDue(rule, line.cost) {
		exact = money.Decimal{}
	}
	b.priceBy(rule, exact, line.cost.Value())
	b.prove(p, line)
}

// keepBack disposes of a piece of a charge that is not charged, and notes whose it is: a charge that stands for the month may have
// billed it before.
func (m *month) keepBack(line sourceLine, customer billing.CustomerID, v verdict) {
	if v.outcome == billing.HeldBack {
		m.held[customer] = true
	} else {
		m.off[customer] = true
	}
	m.dispose(line, v)
}

func sortedIDs(set map[billing.CustomerID]bool) []billing.CustomerID {
	return slices.Sorted(maps.Keys(set))
}

// receive finds the contract for a piece of the month, or what keeps it from being billed. Charges have no half-way: a block of any
// kind holds them.
func (m *month) receive(line sourceLine, p place) (destination, verdict) {
	a, v := m.r.admit(p.customer, p.subscription, m.r.in.Month)
	if !v.passes() {
		return destination{}, v
	}
	d, v := m.r.destination(p, a)
	if !v.passes() {
		return d, v
	}
	d.company = a.company.ID
	if blocks := concat(a.blocks, d.blocks, m.settings); len(blocks) > 0 {
		return d, heldBy(blocks[0].finding)
	}
	if line.cost.Currency() != a.company.Currency {
		return d, heldBy(billing.Finding{
			Kind: billing.FindingCurrency, Subject: "charges/" + string(p.customer), CustomerID: p.customer, Customer: m.r.name(p.customer),
			Message: fmt.Sprintf("Microsoft bills %s in %s but company %s is billed in %s, and Spindle does not convert",
				m.r.name(p.customer), line.cost.Currency(), a.company.ID, a.company.Currency),
			Remedy: "bill it by hand, or correct the company's currency",
		})
	}
	return d, billedBy("")
}

// chargePrice applies a rule to a piece of the month, not yet rounded.
func (m *month) chargePrice(rule billing.PriceRule, base money.Decimal, c money.Currency) (money.Decimal, verdict) {
	if isForeign(rule, c) {
		return money.Decimal{}, heldBy(ruleFinding(billing.FindingCurrency, rule, fmt.Sprintf("is in %s but the cost is in %s", rule.Currency, c)))
	}
	exact, ok := exactPrice(rule, base)
	if !ok {
		return money.Decimal{}, heldBy(ruleFinding(billing.FindingNoPrice, rule, fmt.Sprintf("(%s %s) makes no price", rule.Kind, rule.Value)))
	}
	return exact, billedBy("")
}

func ruleFinding(kind billing.FindingKind, rule billing.PriceRule, what string) billing.Finding {
	return billing.Finding{Kind: kind, Subject: "rule/" + rule.ID, Message: fmt.Sprintf("price rule %s %s", rule.ID, what), Remedy: "correct the price rule"}
}

// azureBuilder gives the charge that a part belongs to: one per contract when bundled, else one per contract and meter category.
func (m *month) azureBuilder(d destination, p azurePart, c money.Currency) *chargeBuilder {
	settings := m.r.in.Settings
	category, name := p.category, p.category
	if name == "" {
		name = azureNameUnset
	}
	if settings.AzureBundled {
		category, name = bundle, settings.AzureBundleName
		if name == "" {
			name = azureNameUnset
		}
	}
	key := strings.Join([]string{"azure", d.ref.String(), string(m.r.in.Month), category, string(c)}, "|")
	b := m.builder(key, d, c)
	b.name = clip(name, chargeNameMax-len(m.r.in.Month)-1) + " " + string(m.r.in.Month)
	b.what = clip(name, chargeNameMax)
	return b
}
