package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/mapping"
)

type customersCommand struct {
	List    customersList    `cmd:"" help:"List customers and the companies they are mapped to."`
	Show    customersShow    `cmd:"" help:"Show one customer: company, billing and its first month, subscriptions, routes."`
	Suggest customersSuggest `cmd:"" help:"Suggest Autotask companies with the evidence; accept the clear ones in bulk."`
	Map     customersMap     `cmd:"" help:"Map a customer to a company."`
	Unmap   customersUnmap   `cmd:"" help:"Undo a mapping. What is billed already stays in Autotask."`
}

type customersList struct {
	Unmapped bool `help:"Only those without a company."`
}

// Run lists customers.
func (c *customersList) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
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
	companies := map[billing.CustomerID]billing.CompanyMapping{}
	for _, mapped := range m.Companies {
		companies[mapped.CustomerID] = mapped
	}
	subscriptions := map[billing.CustomerID]int{}
	for _, sub := range d.Subscriptions {
		subscriptions[sub.CustomerID]++
	}
	views := []map[string]any{}
	t := table{headers: []string{"customer", "tenant id", ">subscriptions", "company", "company id", "billing", "billed from"}}
	for _, customer := range d.Customers {
		mapped, found := companies[customer.ID]
		if c.Unmapped && found {
			continue
		}
		word := billingWord(customer.ID, m)
		from := firstMonth(settings, m, customer.ID, "")
		t.add(customer.Name, string(customer.ID), strconv.Itoa(subscriptions[customer.ID]), orDash(mapped.CompanyName), orDash(string(mapped.CompanyID)), word, from)
		views = append(views, map[string]any{"id": customer.ID, "name": customer.Name, "domain": customer.Domain, "country": customer.Country,
			"subscriptions": subscriptions[customer.ID], "company_id": mapped.CompanyID, "company_name": mapped.CompanyName, "billing": word,
			"billed_from": from})
	}
	if s.globals.JSON {
		return s.printJSON(views)
	}
	if len(t.rows) == 0 && len(d.Customers) > 0 {
		s.printf("Every customer is mapped.\n")
		return nil
	}
	if len(t.rows) == 0 {
		s.printf("No customers yet. Read some: spindle microsoft connect, or spindle microsoft import FILE\n")
		return nil
	}
	t.write(s.Out)
	return nil
}

func billingWord(customer billing.CustomerID, m billing.Mappings) string {
	all, single := false, 0
	for _, b := range m.Switches {
		switch {
		case b.CustomerID != customer || !b.On:
		case b.SubscriptionID == "":
			all = true
		default:
			single++
		}
	}
	switch {
	case all:
		return "on, also future ones"
	case single > 0:
		return fmt.Sprintf("on for %d", single)
	}
	return "off"
}

type customersSuggest struct {
	Accept int `help:"Map every customer whose best suggestion scores at least this, and whose runner-up does not. 0 only shows." placeholder:"SCORE" default:"0"`
}

// Run suggests companies.
func (c *customersSuggest) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	suggestions, err := e.Suggest(ctx, org)
	if err != nil {
		return err
	}
	d, err := e.Store.Directory(ctx, org.ID)
	if err != nil {
		return err
	}
	names := map[billing.CustomerID]billing.Customer{}
	for _, customer := range d.Customers {
		names[customer.ID] = customer
	}
	accepted := map[billing.CustomerID]billing.CompanyID{}
	if c.Accept > 0 {
		for _, best := range mapping.Clearest(suggestions, c.Accept) {
			if _, err := e.MapCustomer(ctx, org, names[best.CustomerID], best.CompanyID, s.actor()); err != nil {
				return err
			}
			accepted[best.CustomerID] = best.CompanyID
		}
	}
	if c.Accept > 0 && len(accepted) == 0 && len(suggestions) > 0 && !s.globals.JSON {
		s.printf("Nobody was mapped: no best suggestion scores %d or more with its runner-up below.\n\n", c.Accept)
	}
	return s.printSuggestions(suggestions, names, accepted)
}

func (s *session) printSuggestions(all []mapping.Suggestion, names map[billing.CustomerID]billing.Customer, accepted map[billing.CustomerID]billing.CompanyID) error {
	views := []map[string]any{}
	t := table{headers: []string{"customer", "company", "company id", ">score", "", "evidence"}}
	for _, sug := range all {
		mark := ""
		mapped := accepted[sug.CustomerID] == sug.CompanyID
		if mapped {
			mark = "mapped"
		}
		t.add(names[sug.CustomerID].Name, sug.CompanyName, string(sug.CompanyID), strconv.Itoa(sug.Score), mark, strings.Join(sug.Evidence, "; "))
		views = append(views, map[string]any{"customer_id": sug.CustomerID, "customer": names[sug.CustomerID].Name, "company_id": sug.CompanyID,
			"company": sug.CompanyName, "score": sug.Score, "evidence": sug.Evidence, "mapped": mapped})
	}
	if s.globals.JSON {
		return s.printJSON(map[string]any{"suggestions": views, "mapped": len(accepted)})
	}
	if len(all) == 0 {
		s.printf("Every customer is mapped, or none is known yet.\n")
		return nil
	}
	footnotes := t.fit(len(t.headers)-1, tableWidth)
	t.write(s.Out)
	s.printFootnotes(footnotes)
	if len(accepted) > 0 {
		s.printf("\nMapped %s. Next: spindle subscriptions bill on --all\n", plural(len(accepted), "customer"))
		return nil
	}
	s.printf("\nAccept one: spindle customers map CUSTOMER COMPANY-ID. Accept the clear ones: spindle customers suggest --accept 80\n")
	return nil
}

type customersMap struct {
	Customer string `arg:"" help:"Name, part of the name, or tenant id."`
	Company  string `arg:"" help:"Autotask company id."`
	Yes      bool   `help:"Do not ask when another mapping is replaced." short:"y"`
}

// Run maps a customer.
func (c *customersMap) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	customer, err := e.FindCustomer(ctx, org, c.Customer)
	if err != nil {
		return err
	}
	if _, err := strconv.ParseInt(c.Company, 10, 64); err != nil {
		return fault.Invalidf("%q is not an Autotask company id", c.Company).Do("spindle customers suggest shows the ids")
	}
	before, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return err
	}
	company, err := e.Mappable(ctx, org, billing.CompanyID(c.Company))
	if err != nil {
		return err
	}
	effect, err := e.ReviewMap(ctx, org, customer.ID, company.ID)
	if err != nil {
		return err
	}
	if effect.Touches() {
		if err := s.ask(effect, fmt.Sprintf("Map %s to %s (%s) instead?", customer.Name, company.Name, company.ID), c.Yes); err != nil {
			return err
		}
	}
	company, err = e.MapCustomer(ctx, org, customer, billing.CompanyID(c.Company), s.actor())
	if err != nil {
		return err
	}
	return s.done(fmt.Sprintf("%s is now %s (%s) in Autotask.", customer.Name, company.Name, company.ID) + mapNote(before.Companies, customer.ID, company.ID))
}

// mapNote says what a mapping replaces, and who else has the same company: both happen on purpose, and by mistake.
func mapNote(before []billing.CompanyMapping, customer billing.CustomerID, company billing.CompanyID) string {
	note := ""
	others := 0
	for _, m := range before {
		switch {
		case m.CustomerID == customer && m.CompanyID != company:
			note += fmt.Sprintf(" Before, it was %s (%s).", m.CompanyName, m.CompanyID)
		case m.CustomerID != customer && m.CompanyID == company:
			others++
		}
	}
	if others > 0 {
		note += fmt.Sprintf(" Note: %s mapped to this company already.", pluralIs(others, "other customer"))
	}
	return note
}

type customersUnmap struct {
	Customer string `arg:"" help:"Name, part of the name, or tenant id."`
	Yes      bool   `help:"Do not ask." short:"y"`
}

// Run undoes a mapping.
func (c *customersUnmap) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	customer, err := e.FindCustomer(ctx, org, c.Customer)
	if err != nil {
		return err
	}
	effect, err := e.ReviewUnmap(ctx, org, customer)
	if err != nil {
		return err
	}
	if err := s.ask(effect, fmt.Sprintf("Unmap %s, so that nothing of it is written any more?", customer.Name), c.Yes); err != nil {
		return err
	}
	if err := e.Store.UnmapCustomer(ctx, org.ID, customer.ID, s.actor()); err != nil {
		return err
	}
	return s.decided(customer.Name+" is no longer mapped. What Autotask bills already stays as it is.", effect, nil)
}
