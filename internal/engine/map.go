package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/mapping"
	"spindle/internal/money"
	"spindle/internal/store"
)

// FindCustomer finds a customer by id, or by its name or the only name that contains the text.
func (e *Engine) FindCustomer(ctx context.Context, org store.Organization, text string) (billing.Customer, error) {
	d, err := e.Store.Directory(ctx, org.ID)
	if err != nil {
		return billing.Customer{}, err
	}
	var exact, partial []billing.Customer
	var names []string
	for _, c := range d.Customers {
		names = append(names, c.Name)
		switch {
		case strings.EqualFold(string(c.ID), text):
			return c, nil
		case strings.EqualFold(c.Name, text):
			exact = append(exact, c)
		case text != "" && strings.Contains(strings.ToLower(c.Name), strings.ToLower(text)):
			partial = append(partial, c)
		}
	}
	found := exact
	if len(found) == 0 {
		found = partial
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return billing.Customer{}, fault.NotFoundf("no customer is called %q", text).Do(nearCustomers(text, names))
	}
	return billing.Customer{}, fault.Invalidf("%q fits %d customers, among them %s and %s", text, len(found), found[0].Name, found[1].Name).
		Do("write more of the name, or the customer's tenant id")
}

func nearCustomers(text string, names []string) string {
	if len(names) == 0 {
		return "no customer is known yet: spindle microsoft connect, or spindle microsoft import FILE"
	}
	if near := mapping.Near(text, names, 3); len(near) > 0 {
		return fmt.Sprintf("near names: %s; spindle customers list shows all", quoted(near))
	}
	return "spindle customers list shows all"
}

// MapCustomer maps a customer to a company after checking that the company exists and is active. The name is given back.
func (e *Engine) MapCustomer(ctx context.Context, org store.Organization, customer billing.Customer, id billing.CompanyID, by string) (billing.Company, error) {
	company, err := e.Mappable(ctx, org, id)
	if err != nil {
		return company, err
	}
	return company, e.Store.MapCustomer(ctx, org.ID,
		billing.CompanyMapping{CustomerID: customer.ID, CompanyID: id, CompanyName: company.Name, By: by}, by)
}

// Mappable gives the company with an id, if a customer can be it.
func (e *Engine) Mappable(ctx context.Context, org store.Organization, id billing.CompanyID) (billing.Company, error) {
	company, err := e.Store.Company(ctx, org.ID, id)
	if fault.Is(err, fault.KindNotFound) { // perhaps it is new
		var catalogue billing.Catalogue
		if catalogue, err = e.RefreshCatalogue(ctx, org); err == nil {
			company, _ = companyByID(catalogue, id)
		}
	}
	if err != nil {
		return billing.Company{}, err
	}
	return company, mappable(company, id)
}

// mappable refuses companies that no customer can be; the zero company is one that Autotask does not have.
func mappable(company billing.Company, id billing.CompanyID) error {
	switch {
	case company.ID == "":
		return fault.NotFoundf("Autotask has no company %s", id).Do("spindle customers suggest lists companies that fit")
	case !company.Active:
		return fault.Invalidf("company %q (%s) is inactive in Autotask", company.Name, id).Do("activate it in Autotask, or choose another")
	case strings.EqualFold(company.Type, "vendor"):
		return fault.Invalidf("company %q (%s) is a vendor in Autotask", company.Name, id).Do("choose the company of the customer")
	}
	return nil
}

// MapCustomers maps many customers at once, with the checks of MapCustomer. What cannot be mapped is left out and said one by one.
func (e *Engine) MapCustomers(ctx context.Context, org store.Organization, wanted []billing.CompanyMapping, by string) (done int, refused []error, err error) {
	catalogue, err := e.catalogue(ctx, org)
	if err != nil {
		return 0, nil, err
	}
	companies := map[billing.CompanyID]billing.Company{}
	for _, c := range catalogue.Companies {
		companies[c.ID] = c
	}
	var ids []billing.CustomerID
	for _, m := range wanted {
		ids = append(ids, m.CustomerID)
	}
	names, err := e.Store.CustomerNames(ctx, org.ID, ids...)
	if err != nil {
		return 0, nil, err
	}
	var fit []billing.CompanyMapping
	for _, m := range wanted {
		company := companies[m.CompanyID]
		err := mappable(company, m.CompanyID)
		if _, known := names[m.CustomerID]; !known {
			err = fault.NotFoundf("there is no customer %q", m.CustomerID).Do("read Microsoft again, and look at the suggestions anew")
		}
		if err != nil {
			refused = append(refused, err)
			continue
		}
		fit = append(fit, billing.CompanyMapping{CustomerID: m.CustomerID, CompanyID: company.ID, CompanyName: company.Name, By: by})
	}
	if len(fit) == 0 {
		return 0, refused, nil
	}
	return len(fit), refused, e.Store.MapCustomers(ctx, org.ID, fit, by)
}

func companyByID(c billing.Catalogue, id billing.CompanyID) (billing.Company, bool) {
	for _, company := range c.Companies {
		if company.ID == id {
			return company, true
		}
	}
	return billing.Company{}, false
}

// MapContract stores a route after checking it as RoutableContract does.
func (e *Engine) MapContract(ctx context.Context, org store.Organization, r billing.Route, by string) (billing.Contract, error) {
	contract, err := e.RoutableContract(ctx, org, r)
	if err != nil {
		return contract, err
	}
	return contract, e.Store.SaveRoute(ctx, org.ID, r, by)
}

// RoutableContract gives the contract of a route, after checking in Autotask that it exists, is a recurring one in effect and belongs to the
// customer's company. A route without a contract is one to a contract that Spindle creates and manages: the contract is empty then.
func (e *Engine) RoutableContract(ctx context.Context, org store.Organization, r billing.Route) (billing.Contract, error) {
	if r.Managed {
		return billing.Contract{}, nil
	}
	catalogue, err := e.RefreshCatalogue(ctx, org)
	if err != nil {
		return billing.Contract{}, err
	}
	i := slices.IndexFunc(catalogue.Contracts, func(c billing.Contract) bool { return c.ID == r.ContractID })
	if i < 0 {
		return billing.Contract{}, fault.NotFoundf("Autotask has no active recurring contract %s", r.ContractID).
			Do("spindle contracts list shows those that would do")
	}
	contract := catalogue.Contracts[i]
	m, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return contract, err
	}
	for _, c := range m.Companies {
		if c.CustomerID == r.CustomerID && c.CompanyID != contract.CompanyID {
			return contract, fault.Invalidf("contract %q (%s) belongs to another company than %q", contract.Name, contract.ID, c.CompanyName).
				Do("choose a contract of the customer's own company")
		}
	}
	return contract, nil
}

// MapService stores the decision that an offer is an existing service, after checking it.
func (e *Engine) MapService(ctx context.Context, org store.Organization, offer billing.Offer, id billing.ServiceID, by string) (billing.Service, error) {
	service, err := e.MappableService(ctx, org, offer, id)
	if err != nil {
		return service, err
	}
	return service, e.Store.MapService(ctx, org.ID, billing.ServiceMapping{Offer: offer, ServiceID: id, Name: service.Name}, by)
}

// MappableService gives the service that an offer would be billed as, after checking in Autotask that it is active and has the period type
// that the offer's frequency needs.
func (e *Engine) MappableService(ctx context.Context, org store.Organization, offer billing.Offer, id billing.ServiceID) (billing.Service, error) {
	catalogue, err := e.RefreshCatalogue(ctx, org)
	if err != nil {
		return billing.Service{}, err
	}
	i := slices.IndexFunc(catalogue.Services, func(s billing.Service) bool { return s.ID == id })
	if i < 0 || !catalogue.Services[i].Active {
		return billing.Service{}, fault.NotFoundf("Autotask has no active service %s", id).Do("spindle services list --autotask shows them")
	}
	service := catalogue.Services[i]
	if want := periodOf(offer.Frequency); service.PeriodType != want {
		return service, fault.Invalidf("service %q is billed %s, the product is charged %s", service.Name, service.PeriodType, offer.Frequency).
			Dof("choose a service with period type %s", want)
	}
	return service, nil
}

func periodOf(f billing.Frequency) billing.PeriodType {
	if f == billing.Annual {
		return billing.PeriodYear
	}
	return billing.PeriodMonth
}

// SavePriceRule stores a price rule after checking that its value makes a price.
func (e *Engine) SavePriceRule(ctx context.Context, org store.Organization, r billing.PriceRule, by string) (billing.PriceRule, error) {
	r, err := e.checkPriceRule(ctx, org, r)
	if err != nil {
		return r, err
	}
	m, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return r, err
	}
	if r.ID != "" && !slices.ContainsFunc(m.Prices, func(other billing.PriceRule) bool { return other.ID == r.ID }) {
		return r, fault.NotFoundf("there is no price rule %q any more", r.ID).Do("look at the rules that there are, and make a new one")
	}
	for _, other := range m.Prices {
		if other.ID != r.ID && alike(other, r) {
			return r, fault.Conflictf("rule %s speaks of the same already, from the same day on", other.ID).WithField("value").
				Dof("remove it first (spindle prices remove %s), or give the new rule the day from which it counts (--from)", other.ID)
		}
	}
	return e.Store.SavePriceRule(ctx, org.ID, r, by)
}

// alike reports whether nothing but chance would choose between two price rules.
func alike(a, b billing.PriceRule) bool {
	return a.SubscriptionID == b.SubscriptionID && a.CustomerID == b.CustomerID && a.ProductID == b.ProductID && a.From == b.From
}

// checkPriceRule refuses rules whose value makes no price, and gives a fixed price its currency.
func (e *Engine) checkPriceRule(ctx context.Context, org store.Organization, r billing.PriceRule) (billing.PriceRule, error) {
	if r.Kind == billing.MarginRule && (r.Value.Abs().Cmp(money.Int(100)) >= 0) {
		return r, fault.Invalidf("a margin of %s%% makes no price", r.Value).WithField("value").Do("write a margin below 100, such as 20")
	}
	if r.Kind == billing.MarkupRule && r.Value.Cmp(money.Int(-100)) <= 0 {
		return r, fault.Invalidf("a markup of %s%% makes no price", r.Value).WithField("value").Do("write a markup above -100, such as 25")
	}
	if r.Kind == billing.FixedRule && r.Value.Sign() < 0 {
		return r, fault.Invalidf("a price of %s is below zero", r.Value).WithField("value").Do("write a price of 0 or more, such as 12.50")
	}
	if r.Kind == billing.FixedRule && r.Currency == "" {
		settings, err := e.Store.Settings(ctx, org.ID)
		if err != nil {
			return r, err
		}
		if r.Currency = settings.Currency; r.Currency == "" {
			return r, fault.Invalidf("the currency of the fixed price is not known").WithField("currency").Do("name it, such as EUR")
		}
	}
	if !r.From.IsZero() && !r.To.IsZero() && !r.From.Before(r.To) {
		return r, fault.Invalidf("the rule would end on %s, before it starts on %s", r.To, r.From).WithField("to").Do("give a later last day, or none")
	}
	return r, nil
}

// SubscriptionStatus says in one word and one sentence where a subscription stands in the set-up.
func SubscriptionStatus(s billing.Subscription, m billing.Mappings) (word, sentence string) {
	mapped, routed := false, false
	for _, c := range m.Companies {
		mapped = mapped || c.CustomerID == s.CustomerID
	}
	for _, r := range m.Routes {
		own := r.CustomerID == s.CustomerID && r.AzureSubscriptionID == "" && r.ResourceGroup == ""
		routed = routed || own && (r.SubscriptionID == "" || r.SubscriptionID == s.ID)
	}
	switch {
	case !mapped:
		return "unmapped", fmt.Sprintf("map the customer: spindle customers map %s", s.CustomerID)
	case !billedNow(m, s.CustomerID, s.ID):
		return "off", "billing is off: spindle subscriptions bill on"
	case !routed:
		return "no contract", "choose one: spindle contracts map"
	}
	return "ready", "billed by the next plan"
}

// Routed is the result of RouteAll.
type Routed struct {
	Existing  int
	Managed   int
	Undecided []string // customers with several contracts that fit equally, in words
}

// RouteAll gives every mapped customer that has no route of its own one: to its only recurring contract or the one whose name and period
// fit best, or to a managed contract when it has none. Where several fit equally a person must choose.
func (e *Engine) RouteAll(ctx context.Context, org store.Organization, by string) (Routed, error) {
	var result Routed
	catalogue, err := e.RefreshCatalogue(ctx, org)
	if err != nil {
		return result, err
	}
	m, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return result, err
	}
	routed := map[billing.CustomerID]bool{}
	for _, r := range m.Routes {
		if r.SubscriptionID == "" && r.AzureSubscriptionID == "" && r.ResourceGroup == "" {
			routed[r.CustomerID] = true
		}
	}
	contracts := map[billing.CompanyID][]billing.Contract{}
	for _, k := range catalogue.Contracts {
		if k.Mark == "" && !k.End.Before(e.Today()) {
			contracts[k.CompanyID] = append(contracts[k.CompanyID], k)
		}
	}
	var routes []billing.Route
	for _, c := range m.Companies {
		if routed[c.CustomerID] {
			continue
		}
		fits := mapping.SuggestContracts(c.CompanyID, contracts[c.CompanyID])
		route := billing.Route{CustomerID: c.CustomerID, Managed: len(fits) == 0}
		switch {
		case route.Managed:
			result.Managed++
		case len(fits) == 1 || fits[0].Score > fits[1].Score:
			route.ContractID = fits[0].ContractID
			result.Existing++
		default:
			result.Undecided = append(result.Undecided, fmt.Sprintf("%s has %d recurring contracts and none stands out: choose with spindle contracts map %s --to ID",
				c.CompanyName, len(fits), c.CustomerID))
			continue
		}
		routes = append(routes, route)
	}
	if len(routes) == 0 {
		return result, nil
	}
	return result, e.Store.SaveRoutes(ctx, org.ID, routes, by)
}
