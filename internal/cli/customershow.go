package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/engine"
)

type customersShow struct {
	Customer string `arg:"" help:"Name, part of the name, or tenant id."`
}

// Run shows where one customer stands: company, billing, subscriptions and routes.
func (c *customersShow) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	customer, err := e.FindCustomer(ctx, org, c.Customer)
	if err != nil {
		return err
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
	m.Routes = slices.DeleteFunc(m.Routes, func(r billing.Route) bool { return r.CustomerID != customer.ID })
	d.Subscriptions = slices.DeleteFunc(d.Subscriptions, func(sub billing.Subscription) bool { return sub.CustomerID != customer.ID })
	v := customerPage{customer: customer, subscriptions: d.Subscriptions, mappings: m, settings: settings}
	for _, mapped := range m.Companies {
		if mapped.CustomerID == customer.ID {
			v.company = mapped
		}
	}
	if s.globals.JSON {
		return s.printJSON(v.json())
	}
	v.print(s)
	s.printf("\n")
	s.printRoutes(ctx, e, org, m.Routes)
	return nil
}

// customerPage is what is shown of one customer.
type customerPage struct {
	customer      billing.Customer
	company       billing.CompanyMapping
	subscriptions []billing.Subscription
	mappings      billing.Mappings
	settings      billing.Settings
}

func (v customerPage) from(sub billing.SubscriptionID) string {
	return firstMonth(v.settings, v.mappings, v.customer.ID, sub)
}

func (v customerPage) print(s *session) {
	s.printf("%s\n", v.customer.Name)
	company := "not mapped: spindle customers suggest"
	if v.company.CompanyID != "" {
		company = fmt.Sprintf("%s (%s)", v.company.CompanyName, v.company.CompanyID)
	}
	facts := [][2]string{{"tenant id", string(v.customer.ID)}, {"domain", v.customer.Domain}, {"country", v.customer.Country}, {"company in Autotask", company},
		{"billing", billingWord(v.customer.ID, v.mappings)}, {"first billed month", v.from("")}}
	for _, fact := range facts {
		if fact[1] != "" {
			s.printf("  %s%s  %s\n", fact[0], strings.Repeat(" ", len("company in Autotask")-len(fact[0])), fact[1])
		}
	}
	if len(v.subscriptions) == 0 {
		s.printf("\nNo subscriptions.\n")
		return
	}
	t := table{headers: []string{"subscription", "id", "term", "charged", ">quantity", "status", "billing", "billed from"}}
	for _, sub := range v.subscriptions {
		word, _ := engine.SubscriptionStatus(sub, v.mappings)
		t.add(cut(sub.Name, 44), string(sub.ID), orDash(string(sub.Offer.Term)), string(sub.Offer.Frequency), strconv.FormatInt(sub.Quantity, 10),
			string(sub.Status), word, v.from(sub.ID))
	}
	s.printf("\n")
	t.write(s.Out)
}

func (v customerPage) json() map[string]any {
	subs := []map[string]any{}
	for _, sub := range v.subscriptions {
		word, next := engine.SubscriptionStatus(sub, v.mappings)
		subs = append(subs, map[string]any{"id": sub.ID, "name": sub.Name, "offer": sub.Offer.String(), "quantity": sub.Quantity, "status": sub.Status,
			"billing": word, "next": next, "billed_from": v.from(sub.ID)})
	}
	return map[string]any{"id": v.customer.ID, "name": v.customer.Name, "domain": v.customer.Domain, "country": v.customer.Country,
		"company_id": v.company.CompanyID, "company_name": v.company.CompanyName, "billing": billingWord(v.customer.ID, v.mappings),
		"billed_from": v.from(""), "subscriptions": subs, "routes": routeViews(v.mappings.Routes)}
}
