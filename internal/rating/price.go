package rating

import (
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// Ids of the rules that are not in the list of price rules.
const (
	ruleServiceMarkup = "organization-service-markup"
	ruleProductMarkup = "organization-product-markup"
	ruleCustomService = "custom-service"
)

// azureProduct is the product of price rules that price Azure consumption and commitments.
const azureProduct = "azure"

// divisionPlaces are the digits of a quotient before the one rounding at the end.
const divisionPlaces = 12

// prices holds the price rules, most specific first.
type prices struct {
	bySubscription map[billing.SubscriptionID][]billing.PriceRule
	byCustomer     map[billing.CustomerID][]billing.PriceRule
	general        []billing.PriceRule
}

// priced is what a price rule is looked up for.
type priced struct {
	subscription billing.SubscriptionID
	customer     billing.CustomerID
	product, sku string
	azure        bool
	day          billing.Date
}

func newPrices(rules []billing.PriceRule) prices {
	p := prices{
		bySubscription: map[billing.SubscriptionID][]billing.PriceRule{},
		byCustomer:     map[billing.CustomerID][]billing.PriceRule{},
	}
	for _, rule := range slices.SortedFunc(slices.Values(rules), billing.ComparePriceRules) {
		switch {
		case rule.SubscriptionID != "":
			p.bySubscription[rule.SubscriptionID] = append(p.bySubscription[rule.SubscriptionID], rule)
		case rule.CustomerID != "":
			p.byCustomer[rule.CustomerID] = append(p.byCustomer[rule.CustomerID], rule)
		default:
			p.general = append(p.general, rule)
		}
	}
	return p
}

func (r ruleQuery) matches(rule billing.PriceRule) bool {
	p := r.priced
	product := productMatches(rule.ProductID, p.product, p.sku) || p.azure && rule.ProductID == azureProduct
	return (rule.SubscriptionID == "" || rule.SubscriptionID == p.subscription) &&
		(rule.CustomerID == "" || rule.CustomerID == p.customer) && product &&
		!p.day.Before(rule.From) && (rule.To.IsZero() || p.day.Before(rule.To)) &&
		(r.allow == nil || r.allow(rule))
}

// ruleQuery asks for the most specific valid rule; allow leaves rules out.
type ruleQuery struct {
	priced priced
	allow  func(billing.PriceRule) bool
}

// find gives the most specific valid rule.
func (p prices) find(q ruleQuery) (billing.PriceRule, bool) {
	var best billing.PriceRule
	found := false
	for _, list := range [][]billing.PriceRule{p.bySubscription[q.priced.subscription], p.byCustomer[q.priced.customer], p.general} {
		for _, rule := range list {
			if q.matches(rule) {
				if !found || billing.ComparePriceRules(rule, best) < 0 {
					best, found = rule, true
				}
				break
			}
		}
	}
	return best, found
}

// organizationRule is the markup of the settings, for what no rule matches.
func (r *rater) organizationRule(azure bool) billing.PriceRule {
	if azure {
		return billing.PriceRule{ID: ruleProductMarkup, Kind: billing.MarkupRule, Value: r.in.Settings.ProductMarkup}
	}
	return billing.PriceRule{ID: ruleServiceMarkup, Kind: billing.MarkupRule, Value: r.in.Settings.ServiceMarkup}
}

// ruleFor gives the rule that prices something, down to the organization's markup.
func (r *rater) ruleFor(q ruleQuery) billing.PriceRule {
	if rule, found := r.prices.find(q); found {
		return rule
	}
	return r.organizationRule(q.priced.azure)
}

// exactPrice applies a markup or margin to a cost, not yet rounded. ok is false when the rule makes no price.
func exactPrice(rule billing.PriceRule, cost money.Decimal) (price money.Decimal, ok bool) {
	hundred := money.Int(100)
	switch rule.Kind {
	case billing.FixedRule:
		return rule.Value, true
	case billing.MarginRule:
		rest := hundred.Sub(rule.Value)
		if rest.Sign() <= 0 {
			return money.Decimal{}, false // a margin of 100 % or more has no price
		}
		return cost.Mul(hundred).Div(rest, divisionPlaces, money.HalfAwayFromZero)
	case billing.MarkupRule:
		return cost.Mul(hundred.Add(rule.Value)).Mul(money.New(1, -2)), true
	}
	return money.Decimal{}, false
}

// isForeign reports whether a rule's price is in another currency than c: nothing converts it (law 9).
func isForeign(rule billing.PriceRule, c money.Currency) bool {
	return rule.Kind == billing.FixedRule && rule.Currency != "" && rule.Currency != c
}

// finePlaces is the setting for prices finer than the minor unit of their currency.
const finePlaces = 4

// roundPrice is the named place where prices are rounded: half away from zero, to the minor unit of the currency, or to four places
// when the settings say so.
func (r *rater) roundPrice(price money.Decimal, c money.Currency) money.Decimal {
	places := c.MinorPlaces()
	if r.in.Settings.PricePlaces == finePlaces {
		places = finePlaces
	}
	return price.Round(places, money.HalfAwayFromZero)
}

// unitPrice is the price of one unit and the rule that made it. amount is nil when the price is not ours to say, or not known.
type unitPrice struct {
	amount *money.Amount
	rule   string
	blocks []block
}

// priceOf prices a recurring subscription (design §6.3).
func (r *rater) priceOf(s billing.Subscription, cost unitCost, a admitted) unitPrice {
	var p unitPrice
	mismatch := cost.amount != nil && cost.amount.Currency() != a.company.Currency
	if mismatch {
		p.blocks = append(p.blocks, r.currencyBlock(s, cost.amount.Currency(), a))
	}
	if r.decisions.authority(s.CustomerID, s.Offer) == billing.AutotaskPrices {
		p.rule = "price kept in Autotask"
		return p
	}
	rule := r.recurringRule(s)
	p.rule = rule.ID
	switch {
	case isForeign(rule, a.company.Currency):
		p.blocks = append(p.blocks, r.currencyBlock(s, rule.Currency, a))
		return p
	case rule.Kind != billing.FixedRule && cost.amount == nil:
		p.blocks = append(p.blocks, r.noCost(s, cost))
		return p
	case mismatch && rule.Kind != billing.FixedRule:
		return p
	}
	var base money.Decimal
	if cost.amount != nil {
		base = cost.amount.Value()
	}
	exact, ok := exactPrice(rule, base)
	if !ok {
		p.blocks = append(p.blocks, r.noPrice(s, rule))
		return p
	}
	amount := money.Of(r.roundPrice(exact, a.company.Currency), a.company.Currency)
	p.amount = &amount
	if cost.amount != nil && !mismatch && amount.Value().Cmp(r.roundPrice(base, a.company.Currency)) < 0 && !rule.BelowCost {
		p.blocks = append(p.blocks, r.belowCost(s, amount, *cost.amount, rule))
	}
	return p
}

// recurringRule gives the rule for a subscription. A custom service's own price is a rule for that subscription alone, unless there
// is one.
func (r *rater) recurringRule(s billing.Subscription) billing.PriceRule {
	query := ruleQuery{priced: priced{
		subscription: s.ID, customer: s.CustomerID, product: s.Offer.ProductID, sku: s.Offer.SKUID, day: r.in.Day,
	}}
	rule, found := r.prices.find(query)
	if s.Kind == billing.CustomService && s.UnitPrice != nil && rule.SubscriptionID == "" {
		return billing.PriceRule{ID: ruleCustomService, Kind: billing.FixedRule, Value: s.UnitPrice.Value(), Currency: s.UnitPrice.Currency()}
	}
	if found {
		return rule
	}
	return r.organizationRule(false)
}

func (r *rater) finding(kind billing.FindingKind, s billing.Subscription, message, remedy string) billing.Finding {
	return billing.Finding{
		Kind: kind, Subject: string(s.ID), CustomerID: s.CustomerID, Customer: r.name(s.CustomerID),
		Message: fmt.Sprintf("%s of %s (subscription %s): %s", s.Name, r.name(s.CustomerID), s.ID, message), Remedy: remedy,
	}
}

func (r *rater) currencyBlock(s billing.Subscription, is money.Currency, a admitted) block {
	why := fmt.Sprintf("the money is in %s but company %s is billed in %s, and Spindle does not convert", is, a.company.ID, a.company.Currency)
	return block{billing.Hold{Policy: HoldCurrency, Why: why, Blocks: true}, r.finding(billing.FindingCurrency, s, why,
		"give it a fixed price and cost in the company's currency, or correct the company's currency")}
}

func (r *rater) noCost(s billing.Subscription, cost unitCost) block {
	return block{billing.Hold{Policy: HoldNoCost, Why: cost.basis, Blocks: true}, r.finding(billing.FindingNoCost, s, cost.basis,
		"import an invoice that bills it, or give it a fixed price")}
}

func (r *rater) noPrice(s billing.Subscription, rule billing.PriceRule) block {
	why := fmt.Sprintf("price rule %s (%s %s) makes no price", rule.ID, rule.Kind, rule.Value)
	return block{billing.Hold{Policy: HoldNoPrice, Why: why, Blocks: true}, r.finding(billing.FindingNoPrice, s, why,
		"correct the price rule: a margin must be below 100 %")}
}

func (r *rater) belowCost(s billing.Subscription, price, cost money.Amount, rule billing.PriceRule) block {
	why := fmt.Sprintf("the price %s is below the cost %s (rule %s)", price, cost, rule.ID)
	return block{billing.Hold{Policy: HoldBelowMargin, Why: why}, r.finding(billing.FindingBelowCost, s, why,
		"raise the price, or allow the rule to go below cost")}
}

// joinRules names several rules in one text, in order.
func joinRules(rules map[string]bool) string {
	return strings.Join(sortedKeys(rules), ", ")
}
