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
	names := map[billing.CustomerID]string{}
	for _, customer := range d.Customers {
		names[customer.ID] = customer.Name
	}
	views := []map[string]any{}
	t := table{headers: []string{"customer", "subscription", "id", "term", "charged", ">quantity", "status", "billing"}}
	for _, sub := range d.Subscriptions {
		if only != "" && sub.CustomerID != only {
			continue
		}
		word, next := engine.SubscriptionStatus(sub, m)
		t.add(cut(names[sub.CustomerID], 30), cut(sub.Name, 36), string(sub.ID), orDash(string(sub.Offer.Term)), string(sub.Offer.Frequency),
			strconv.FormatInt(sub.Quantity, 10), string(sub.Status), word)
		views = append(views, map[string]any{"id": sub.ID, "customer_id": sub.CustomerID, "customer": names[sub.CustomerID], "name": sub.Name,
			"kind": sub.Kind, "offer": sub.Offer.String(), "quantity": sub.Quantity, "status": sub.Status, "billing": word, "next": next})
	}
	for _, azure := range d.Azure {
		if only == "" || azure.CustomerID == only {
			views = append(views, map[string]any{"id": azure.ID, "customer_id": azure.CustomerID, "customer": names[azure.CustomerID],
				"name": azure.Name, "kind": "azure-subscription", "plan_id": azure.PlanID})
			t.add(cut(names[azure.CustomerID], 30), cut("Azure subscription "+azure.Name, 36), string(azure.ID), "—", string(billing.Metered), "", onOff(azure.Active, "active", "ended"), "")
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

type subscriptionsBill struct {
	State        string `arg:"" enum:"on,off" help:"on or off."`
	Subscription string `arg:"" optional:"" help:"Subscription id. Leave out with --customer or --all."`
	Customer     string `help:"All subscriptions of this customer, also future ones." placeholder:"NAME"`
	All          bool   `help:"All subscriptions of every mapped customer, also future ones."`
	Yes          bool   `help:"Do not ask." short:"y"`
}

// Run switches billing.
func (c *subscriptionsBill) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	switches, err := c.switches(ctx, e, org)
	if err != nil {
		return err
	}
	if c.All || c.State == "off" {
		question := fmt.Sprintf("Switch billing %s for %s, including what they buy later?", c.State, plural(len(switches), "customer"))
		if c.Subscription != "" {
			question = fmt.Sprintf("Switch billing %s for subscription %s?", c.State, c.Subscription)
		}
		if err := s.confirm(question, c.Yes); err != nil {
			return err
		}
	}
	for _, b := range switches {
		if err := e.Store.SetSwitch(ctx, org.ID, b, s.actor()); err != nil {
			return err
		}
	}
	what := plural(len(switches), "customer") + ", also for future subscriptions"
	if c.Subscription != "" {
		what = "subscription " + c.Subscription
	}
	note, err := c.note(ctx, e, org, switches)
	if err != nil {
		return err
	}
	return s.done(fmt.Sprintf("Billing is %s for %s.", c.State, what) + note)
}

// note says what is still missing before anything is billed.
func (c *subscriptionsBill) note(ctx context.Context, e *engine.Engine, org store.Organization, switches []billing.BillingSwitch) (string, error) {
	m, err := e.Store.Mappings(ctx, org.ID)
	if err != nil || c.State == "off" {
		return "", err
	}
	for _, b := range switches {
		if !slices.ContainsFunc(m.Companies, func(k billing.CompanyMapping) bool { return k.CustomerID == b.CustomerID }) {
			return " Nothing is billed before the customer is mapped: spindle customers suggest", nil
		}
		if !slices.ContainsFunc(m.Routes, func(r billing.Route) bool { return r.CustomerID == b.CustomerID }) {
			return " Next: spindle contracts map", nil
		}
	}
	return "", nil
}

func (c *subscriptionsBill) switches(ctx context.Context, e *engine.Engine, org store.Organization) ([]billing.BillingSwitch, error) {
	on := c.State == "on"
	given := 0
	for _, one := range []bool{c.Subscription != "", c.Customer != "", c.All} {
		if one {
			given++
		}
	}
	if given != 1 {
		return nil, fault.Invalidf("say what to switch %s", c.State).Do("give one subscription id, or --customer NAME, or --all")
	}
	d, err := e.Store.Directory(ctx, org.ID)
	if err != nil {
		return nil, err
	}
	if c.Subscription != "" {
		for _, sub := range d.Subscriptions {
			if strings.EqualFold(string(sub.ID), c.Subscription) {
				return []billing.BillingSwitch{{CustomerID: sub.CustomerID, SubscriptionID: sub.ID, On: on}}, nil
			}
		}
		return nil, fault.NotFoundf("no subscription has the id %s", c.Subscription).Do("spindle subscriptions list shows the ids")
	}
	if c.Customer != "" {
		customer, err := e.FindCustomer(ctx, org, c.Customer)
		return []billing.BillingSwitch{{CustomerID: customer.ID, On: on}}, err
	}
	m, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return nil, err
	}
	var all []billing.BillingSwitch
	for _, mapped := range m.Companies {
		all = append(all, billing.BillingSwitch{CustomerID: mapped.CustomerID, On: on})
	}
	if len(all) == 0 {
		return nil, fault.Conflictf("no customer is mapped yet").Do("spindle customers suggest")
	}
	return all, nil
}
