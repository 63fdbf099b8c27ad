package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/store"
)

type pricesCommand struct {
	List   pricesList   `cmd:"" help:"List the price rules, most specific first."`
	Add    pricesAdd    `cmd:"" help:"Add a rule. The most specific rule that fits makes the price."`
	Remove pricesRemove `cmd:"" help:"Remove a rule."`
}

type pricesList struct{}

// Run lists rules.
func (pricesList) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	m, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return err
	}
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil {
		return err
	}
	names, err := ruleNames(ctx, e, org)
	if err != nil {
		return err
	}
	views := []map[string]any{}
	t := table{headers: []string{"id", "for", "price", "valid", ""}}
	billing.SortPriceRules(m.Prices)
	for _, r := range m.Prices {
		t.add(r.ID, names.scope(r), ruleText(r), validity(r), onOff(r.BelowCost, "below cost allowed", ""))
		views = append(views, map[string]any{"id": r.ID, "kind": r.Kind, "value": r.Value, "currency": r.Currency, "subscription_id": r.SubscriptionID,
			"customer_id": r.CustomerID, "product_id": r.ProductID, "from": r.From, "to": r.To, "below_cost": r.BelowCost})
	}
	if s.globals.JSON {
		return s.printJSON(map[string]any{"rules": views, "service_markup": settings.ServiceMarkup, "product_markup": settings.ProductMarkup})
	}
	azure := fmt.Sprintf("cost + %s%%", settings.ProductMarkup)
	if settings.KeepEarnedCredit {
		azure += " before earned credit"
	}
	t.add("—", "Azure, where no rule says otherwise", azure, "always", "")
	t.add("—", "everything else", fmt.Sprintf("cost + %s%%", settings.ServiceMarkup), "always", "")
	t.write(s.Out)
	return nil
}

// namesOfRules are what rules are about.
type namesOfRules struct {
	customers     map[billing.CustomerID]string
	subscriptions map[billing.SubscriptionID]billing.Subscription
}

func ruleNames(ctx context.Context, e *engine.Engine, org store.Organization) (namesOfRules, error) {
	d, err := e.Store.Directory(ctx, org.ID)
	n := namesOfRules{customers: map[billing.CustomerID]string{}, subscriptions: map[billing.SubscriptionID]billing.Subscription{}}
	for _, c := range d.Customers {
		n.customers[c.ID] = c.Name
	}
	for _, sub := range d.Subscriptions {
		n.subscriptions[sub.ID] = sub
	}
	return n, err
}

// scope says what a rule is for. Who reads it knows a subscription by its product and customer, not by its id.
func (n namesOfRules) scope(r billing.PriceRule) string {
	customer := n.customers[r.CustomerID]
	if customer == "" {
		customer = "customer " + string(r.CustomerID)
	}
	switch {
	case r.SubscriptionID != "":
		text := "subscription " + string(r.SubscriptionID)
		if sub, known := n.subscriptions[r.SubscriptionID]; known {
			text += fmt.Sprintf(" (%s, %s)", cut(n.customers[sub.CustomerID], 30), cut(sub.Name, 36))
		}
		return text
	case r.CustomerID != "" && r.ProductID != "":
		return fmt.Sprintf("%s, product %s", customer, r.ProductID)
	case r.ProductID != "":
		return "product " + r.ProductID
	case r.CustomerID != "":
		return customer
	}
	return "everything"
}

func ruleText(r billing.PriceRule) string {
	switch r.Kind {
	case billing.MarginRule:
		return fmt.Sprintf("%s%% margin", r.Value)
	case billing.FixedRule:
		return money.Of(r.Value, r.Currency).String()
	}
	if r.Value.Sign() < 0 {
		return fmt.Sprintf("cost − %s%%", r.Value.Abs())
	}
	return fmt.Sprintf("cost + %s%%", r.Value)
}

func validity(r billing.PriceRule) string {
	switch {
	case !r.From.IsZero() && !r.To.IsZero():
		return fmt.Sprintf("from %s until before %s", r.From, r.To)
	case !r.From.IsZero():
		return fmt.Sprintf("from %s", r.From)
	case !r.To.IsZero():
		return fmt.Sprintf("until before %s", r.To)
	}
	return "always"
}

type pricesAdd struct {
	Kind         string `arg:"" enum:"markup,margin,fixed" help:"markup (% on cost), margin (% of price) or fixed (price per unit)."`
	Value        string `arg:"" help:"The percentage, or the price."`
	Currency     string `help:"Currency of a fixed price; Autotask's own when left out." placeholder:"EUR"`
	Subscription string `help:"Only this subscription." placeholder:"ID"`
	Customer     string `help:"Only this customer." placeholder:"NAME"`
	Product      string `help:"Only this product id, PRODUCT:SKU, or azure." placeholder:"ID"`
	From         string `help:"First day." placeholder:"YYYY-MM-DD"`
	To           string `help:"First day on which it no longer holds." placeholder:"YYYY-MM-DD"`
	BelowCost    bool   `help:"Allow a price below cost."`
}

// Run adds a rule.
func (c *pricesAdd) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	rule := billing.PriceRule{Kind: billing.PriceRuleKind(c.Kind), ProductID: c.Product, BelowCost: c.BelowCost}
	number := strings.Replace(strings.TrimSuffix(c.Value, "%"), minus, "-", 1)
	if rule.Value, err = money.Parse(number); err != nil {
		return fault.Invalidf("%w", err).WithField("value").Do("write a number such as 15 or 12.50")
	}
	if rule.Currency, err = c.currency(ctx, e, org); err != nil {
		return err
	}
	for _, date := range []struct {
		field, text string
		to          *billing.Date
	}{{"from", c.From, &rule.From}, {"to", c.To, &rule.To}} {
		if date.text == "" {
			continue
		}
		if *date.to, err = billing.ParseDate(date.text); err != nil {
			return fault.Invalidf("%w", err).WithField(date.field).Do("write a date such as 2026-10-01")
		}
	}
	if c.Customer != "" {
		customer, err := e.FindCustomer(ctx, org, c.Customer)
		if err != nil {
			return err
		}
		rule.CustomerID = customer.ID
	}
	if rule.SubscriptionID, err = knownSubscription(ctx, e, org, c.Subscription); err != nil {
		return err
	}
	note, err := unseenProduct(ctx, e, org, c.Product)
	if err != nil {
		return err
	}
	effect, err := e.ReviewPriceRule(ctx, org, rule)
	if err != nil {
		return err
	}
	if rule, err = e.SavePriceRule(ctx, org, rule, s.actor()); err != nil {
		return err
	}
	names, err := ruleNames(ctx, e, org)
	if err != nil {
		return err
	}
	return s.decided(fmt.Sprintf("Rule %s: %s for %s. Plan again to see what it changes.%s", rule.ID, ruleText(rule), names.scope(rule), note), effect,
		map[string]any{"id": rule.ID})
}

// currency checks the currency of a fixed price against those that companies in Autotask are billed in: a price in any other would only
// hold lines.
func (c *pricesAdd) currency(ctx context.Context, e *engine.Engine, org store.Organization) (money.Currency, error) {
	if c.Currency == "" {
		return "", nil
	}
	currency, err := money.ParseCurrency(c.Currency)
	if err != nil {
		return "", fault.Invalidf("%w", err).WithField("currency").Do("write three letters, such as EUR")
	}
	catalogue, _, err := e.Store.Catalogue(ctx, org.ID)
	if err != nil {
		return "", err
	}
	var used []string
	for _, company := range catalogue.Companies {
		used = append(used, string(company.Currency))
	}
	slices.Sort(used)
	if used = slices.Compact(used); len(used) > 0 && !slices.Contains(used, string(currency)) {
		return "", fault.Invalidf("no company in Autotask is billed in %s", currency).WithField("currency").
			Do("Spindle does not convert; used are: " + strings.Join(used, ", "))
	}
	return currency, nil
}

// knownSubscription gives the id of a subscription as it is stored.
func knownSubscription(ctx context.Context, e *engine.Engine, org store.Organization, id string) (billing.SubscriptionID, error) {
	if id == "" {
		return "", nil
	}
	d, err := e.Store.Directory(ctx, org.ID)
	if err != nil {
		return "", err
	}
	for _, sub := range d.Subscriptions {
		if strings.EqualFold(string(sub.ID), id) {
			return sub.ID, nil
		}
	}
	return "", fault.NotFoundf("no subscription has the id %s", id).Do("spindle subscriptions list shows the ids")
}

type pricesRemove struct {
	ID  string `arg:"" help:"Rule id, as spindle prices list shows it."`
	Yes bool   `help:"Do not ask." short:"y"`
}

// Run removes a rule.
func (c *pricesRemove) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	effect, err := e.ReviewRuleRemoval(ctx, org, c.ID)
	if err != nil {
		return err
	}
	what, err := c.what(ctx, e, org)
	if err != nil {
		return err
	}
	if err := s.ask(effect, fmt.Sprintf("Remove price rule %s%s?", c.ID, what), c.Yes); err != nil {
		return err
	}
	if err := e.Store.DeletePriceRule(ctx, org.ID, c.ID, s.actor()); err != nil {
		return absent(err, fmt.Sprintf("there is no price rule %q", c.ID), "spindle prices list shows the rules")
	}
	return s.decided("Rule "+c.ID+" is removed.", effect, nil)
}

// what says what the rule does and for whom.
func (c *pricesRemove) what(ctx context.Context, e *engine.Engine, org store.Organization) (string, error) {
	names, err := ruleNames(ctx, e, org)
	if err != nil {
		return "", err
	}
	rules, err := e.Store.PriceRules(ctx, org.ID)
	for _, r := range rules {
		if r.ID == c.ID {
			return fmt.Sprintf(", %s for %s", ruleText(r), names.scope(r)), err
		}
	}
	return "", err
}
