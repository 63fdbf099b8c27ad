package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/store"
)

type subscriptionsCommand struct {
	List subscriptionsList `cmd:"" help:"List subscriptions and where each stands."`
	Bill subscriptionsBill `cmd:"" help:"Switch billing on or off."`
}

type subscriptionsList struct {
	Customer string `help:"Only this customer's." placeholder:"NAME"`
}

// Run lists subscriptions.
func (c *subscriptionsList) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	var only billing.CustomerID
	if c.Customer != "" {
		customer, err := e.FindCustomer(ctx, org, c.Customer)
		if err != nil {
			return err
		}
		only = customer.ID
	}
	d, err := e.Store.Directory(ctx, org.ID)
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
	names := map[billing.CustomerID]string{}
	for _, customer := range d.Customers {
		names[customer.ID] = customer.Name
	}
	views := []map[string]any{}
	t := table{headers: []string{"customer", "subscription", "id", "term", "charged", ">quantity", "status", "billing", "billed from"}}
	for _, sub := range d.Subscriptions {
		if only != "" && sub.CustomerID != only {
			continue
		}
		word, next := engine.SubscriptionStatus(sub, m)
		t.add(cut(names[sub.CustomerID], 30), cut(sub.Name, 36), string(sub.ID), orDash(string(sub.Offer.Term)), string(sub.Offer.Frequency),
			strconv.FormatInt(sub.Quantity, 10), string(sub.Status), word, firstMonth(settings, m, sub.CustomerID, sub.ID))
		views = append(views, map[string]any{"id": sub.ID, "customer_id": sub.CustomerID, "customer": names[sub.CustomerID], "name": sub.Name,
			"kind": sub.Kind, "offer": sub.Offer.String(), "quantity": sub.Quantity, "status": sub.Status, "billing": word, "next": next,
			"billed_from": firstMonth(settings, m, sub.CustomerID, sub.ID)})
	}
	for _, azure := range d.Azure {
		if only == "" || azure.CustomerID == only {
			views = append(views, map[string]any{"id": azure.ID, "customer_id": azure.CustomerID, "customer": names[azure.CustomerID],
				"name": azure.Name, "kind": "azure-subscription", "plan_id": azure.PlanID})
			t.add(cut(names[azure.CustomerID], 30), cut("Azure subscription "+azure.Name, 36), string(azure.ID), "—", string(billing.Metered), "", onOff(azure.Active, "active", "ended"), "", "")
		}
	}
	if s.globals.JSON {
		return s.printJSON(views)
	}
	if len(t.rows) == 0 {
		s.printf("No subscriptions yet. Read some: spindle microsoft connect, or spindle microsoft import FILE\n")
		return nil
	}
	t.write(s.Out)
	return nil
}

// firstMonth gives the first billed month of a subscription, or of a customer when none is named; empty while billing is off.
func firstMonth(settings billing.Settings, m billing.Mappings, customer billing.CustomerID, sub billing.SubscriptionID) string {
	b, _ := m.Switch(customer, sub)
	switch month := settings.FirstMonth(b); {
	case !b.On:
		return ""
	case month == "":
		return "first plan"
	default:
		return string(month)
	}
}

type subscriptionsBill struct {
	State        string `arg:"" enum:"on,off" help:"on or off."`
	Subscription string `arg:"" optional:"" help:"Subscription id. Leave out with --customer or --all."`
	Customer     string `help:"All subscriptions of this customer, also future ones." placeholder:"NAME"`
	All          bool   `help:"All subscriptions of every customer, also future ones and customers that appear later."`
	From         string `help:"First month that is billed. Left out: the running month for what was off; what is on keeps its month." placeholder:"YYYY-MM"`
	Yes          bool   `help:"Do not ask." short:"y"`
}

// Help implements kong.HelpProvider.
func (subscriptionsBill) Help() string {
	return "What Microsoft billed for months before the first billed month is never charged: it is listed as excluded. " +
		"Switched off and on again, billing begins anew with the running month; the months between stay as they are unless --from says otherwise."
}

// Run switches billing.
func (c *subscriptionsBill) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	order, err := c.order(ctx, e, org)
	if err != nil {
		return err
	}
	review, err := e.ReviewBilling(ctx, org, order)
	if err != nil {
		return err
	}
	if c.All || !order.On || review.Reaches || review.Idle != "" || len(review.Moved) > 0 || review.Effect.Touches() {
		if err := s.ask(review.Effect, c.question(review), c.Yes); err != nil {
			return err
		}
	}
	if err := e.SaveBilling(ctx, org, review, s.actor()); err != nil {
		return err
	}
	note, err := c.note(ctx, e, org, review)
	if err != nil {
		return err
	}
	return s.decided(c.outcome(review)+note, review.Effect, map[string]any{"switches": switchViews(review.Switches)})
}

// order reads the flags.
func (c *subscriptionsBill) order(ctx context.Context, e *engine.Engine, org store.Organization) (engine.BillingOrder, error) {
	o := engine.BillingOrder{On: c.State == "on", Subscription: billing.SubscriptionID(c.Subscription), All: c.All}
	if c.From != "" {
		month, err := billing.ParseMonth(c.From)
		if err != nil {
			return o, fault.Invalidf("%w", err).WithField("from").Do("write the first month to be billed, such as --from 2026-10")
		}
		o.From = month
	}
	if c.Customer != "" {
		customer, err := e.FindCustomer(ctx, org, c.Customer)
		if err != nil {
			return o, err
		}
		o.Customer = customer.ID
	}
	return o, nil
}

// movesShown is how many changed first months a question names.
const movesShown = 5

// question asks for a yes in words that name whom, what and since when.
func (c *subscriptionsBill) question(r engine.BillingReview) string {
	var text strings.Builder
	for i, move := range r.Moved {
		if i == movesShown {
			fmt.Fprintf(&text, "First billed month of %s more\n", plural(len(r.Moved)-i, "customer"))
			break
		}
		fmt.Fprintf(&text, "First billed month of %s\n", move)
	}
	if r.WasOff > 0 {
		fmt.Fprintf(&text, "Switched off until now: %s.\n", plural(r.WasOff, "customer"))
	}
	if r.Idle != "" {
		fmt.Fprintf(&text, "Nothing of it is billed before %s, and nothing of the months until then.\n", r.Idle)
	}
	fmt.Fprintf(&text, "Switch billing %s for %s%s?", c.State, c.whom(r), fromWords(r))
	return text.String()
}

// whom names what an order is about.
func (c *subscriptionsBill) whom(r engine.BillingReview) string {
	switch {
	case c.Subscription != "":
		return r.Whom
	case c.All:
		return plural(len(r.Switches)+r.Kept, "customer") + ", including what they buy later and customers that appear later"
	default:
		return r.Whom + ", including what they buy later"
	}
}

// fromWords says with which month billing begins.
func fromWords(r engine.BillingReview) string {
	first, last := r.First()
	switch {
	case !r.Order.On || last == "":
		return ""
	case first == last:
		return ", from " + string(first)
	}
	return fmt.Sprintf(", from %s to %s, each its own month", orDash(string(first)), last)
}

// outcome tells what was saved.
func (c *subscriptionsBill) outcome(r engine.BillingReview) string {
	if len(r.Switches) == 0 {
		return fmt.Sprintf("Billing is %s for %s already; nothing changes.", c.State, c.whom(r))
	}
	text := fmt.Sprintf("Billing is %s for %s%s.", c.State, c.whom(r), fromWords(r))
	if r.Order.On && r.Order.From == "" && len(r.Moved) == 0 {
		text += " Earlier months are not charged; --from begins earlier."
	}
	if r.Own > 0 {
		text += fmt.Sprintf(" Single subscriptions with a switch of their own, not changed: %d.", r.Own)
	}
	return text
}

func switchViews(switches []billing.BillingSwitch) []map[string]any {
	views := []map[string]any{}
	for _, b := range switches {
		views = append(views, map[string]any{"customer_id": b.CustomerID, "subscription_id": b.SubscriptionID, "on": b.On, "from": b.From})
	}
	return views
}

// note says what is still missing before anything is billed.
func (c *subscriptionsBill) note(ctx context.Context, e *engine.Engine, org store.Organization, r engine.BillingReview) (string, error) {
	m, err := e.Store.Mappings(ctx, org.ID)
	if err != nil || !r.Order.On {
		return "", err
	}
	unmapped := 0
	for _, b := range r.Switches {
		if !slices.ContainsFunc(m.Companies, func(k billing.CompanyMapping) bool { return k.CustomerID == b.CustomerID }) {
			unmapped++
		}
	}
	if unmapped > 0 {
		return fmt.Sprintf(" Nothing is billed before a customer is mapped, and %s not: spindle customers suggest.", pluralIs(unmapped, "customer")), nil
	}
	for _, b := range r.Switches {
		if !slices.ContainsFunc(m.Routes, func(r billing.Route) bool { return r.CustomerID == b.CustomerID }) {
			return " Next: spindle contracts map", nil
		}
	}
	return "", nil
}
