package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/store"
)

type contractsCommand struct {
	List  contractsList  `cmd:"" help:"List the active recurring contracts in Autotask, and the routes chosen."`
	Map   contractsMap   `cmd:"" help:"Send a customer's lines to a contract, or to one that Spindle manages."`
	Unmap contractsUnmap `cmd:"" help:"Remove a route."`
}

type contractsList struct {
	Customer string `help:"Only the contracts of this customer's company." placeholder:"NAME"`
}

// Run lists contracts and routes.
func (c *contractsList) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	catalogue, err := e.RefreshCatalogue(ctx, org)
	if err != nil {
		return err
	}
	m, err := e.Store.Mappings(ctx, org.ID)
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
	owners := map[billing.CompanyID]billing.CompanyMapping{}
	for _, mapped := range m.Companies {
		owners[mapped.CompanyID] = mapped
	}
	contracts := []map[string]any{}
	if only != "" && !slices.ContainsFunc(m.Companies, func(c billing.CompanyMapping) bool { return c.CustomerID == only }) {
		return fault.Conflictf("%s is not mapped to a company yet, so it has no contracts", c.Customer).Dof("spindle customers map %q COMPANY-ID", c.Customer)
	}
	t := table{headers: []string{"contract", "id", "number", "company", "periods", "from", "to"}}
	for _, contract := range catalogue.Contracts {
		owner := owners[contract.CompanyID]
		if only != "" && owner.CustomerID != only {
			continue
		}
		t.add(cut(contract.Name, 44), string(contract.ID), contract.Number, orDash(owner.CompanyName), string(contract.PeriodType), contract.Start.String(), contract.End.String())
		contracts = append(contracts, map[string]any{"id": contract.ID, "name": contract.Name, "number": contract.Number, "company_id": contract.CompanyID,
			"customer_id": owner.CustomerID, "period_type": contract.PeriodType, "start": contract.Start, "end": contract.End})
	}
	if only != "" {
		m.Routes = slices.DeleteFunc(m.Routes, func(r billing.Route) bool { return r.CustomerID != only })
	}
	if s.globals.JSON {
		return s.printJSON(map[string]any{"contracts": contracts, "routes": routeViews(m.Routes)})
	}
	if len(t.rows) == 0 {
		s.printf("Autotask has no active recurring contract here. Spindle can manage one: spindle contracts map CUSTOMER --managed\n")
	} else {
		t.write(s.Out)
	}
	s.printf("\n")
	s.printRoutes(ctx, e, org, m.Routes)
	return nil
}

func (s *session) printRoutes(ctx context.Context, e *engine.Engine, org store.Organization, routes []billing.Route) {
	if len(routes) == 0 {
		s.printf("No routes yet: spindle contracts map --all chooses a contract for every mapped customer.\n")
		return
	}
	names := map[billing.CustomerID]string{}
	if d, err := e.Store.Directory(ctx, org.ID); err == nil {
		for _, customer := range d.Customers {
			names[customer.ID] = customer.Name
		}
	}
	t := table{headers: []string{"customer", "for", "goes to"}}
	for _, r := range routes {
		t.add(names[r.CustomerID], routeScope(r), routeTarget(r))
	}
	t.write(s.Out)
}

func routeScope(r billing.Route) string {
	switch {
	case r.ResourceGroup != "":
		return "resource group " + r.ResourceGroup
	case r.AzureSubscriptionID != "":
		return "Azure subscription " + string(r.AzureSubscriptionID)
	case r.SubscriptionID != "":
		return "subscription " + string(r.SubscriptionID)
	}
	return "everything"
}

func routeTarget(r billing.Route) string {
	if !r.Managed {
		return "contract " + string(r.ContractID)
	}
	if r.StartDay > 0 {
		return fmt.Sprintf("a contract that Spindle manages, start day %d", r.StartDay)
	}
	return "a contract that Spindle manages"
}

func routeViews(routes []billing.Route) []map[string]any {
	views := []map[string]any{}
	for _, r := range routes {
		views = append(views, map[string]any{"customer_id": r.CustomerID, "subscription_id": r.SubscriptionID,
			"azure_subscription_id": r.AzureSubscriptionID, "resource_group": r.ResourceGroup, "contract_id": r.ContractID,
			"managed": r.Managed, "start_day": r.StartDay})
	}
	return views
}

// routeFlags name what a route is for.
type routeFlags struct {
	Customer          string `arg:"" optional:"" help:"Name, part of the name, or tenant id of the customer."`
	Subscription      string `help:"Only this subscription." placeholder:"ID"`
	AzureSubscription string `help:"Only this Azure subscription." placeholder:"ID"`
	ResourceGroup     string `help:"Only this resource group; with --azure-subscription only there." placeholder:"NAME"`
}

func (f routeFlags) route(ctx context.Context, e *engine.Engine, org store.Organization) (billing.Route, billing.Customer, error) {
	if f.Customer == "" {
		return billing.Route{}, billing.Customer{}, fault.Invalidf("say for which customer").Do("give a customer, or --all")
	}
	customer, err := e.FindCustomer(ctx, org, f.Customer)
	if err != nil {
		return billing.Route{}, customer, err
	}
	r := billing.Route{CustomerID: customer.ID, SubscriptionID: billing.SubscriptionID(strings.ToLower(f.Subscription)),
		AzureSubscriptionID: billing.AzureSubscriptionID(strings.ToLower(f.AzureSubscription)), ResourceGroup: strings.ToLower(f.ResourceGroup)}
	d, err := e.Store.Directory(ctx, org.ID)
	if err != nil {
		return r, customer, err
	}
	return r, customer, known(r, d)
}

// known refuses a route for a subscription that the customer does not have.
func known(r billing.Route, d billing.Directory) error {
	if r.SubscriptionID != "" {
		for _, sub := range d.Subscriptions {
			if sub.ID == r.SubscriptionID && sub.CustomerID == r.CustomerID {
				return nil
			}
		}
		return fault.NotFoundf("the customer has no subscription %s", r.SubscriptionID).Do("spindle subscriptions list shows the ids")
	}
	if r.AzureSubscriptionID != "" {
		for _, azure := range d.Azure {
			if azure.ID == r.AzureSubscriptionID && azure.CustomerID == r.CustomerID {
				return nil
			}
		}
		return fault.NotFoundf("the customer has no Azure subscription %s", r.AzureSubscriptionID).Do("spindle subscriptions list shows the ids")
	}
	return nil
}

type contractsMap struct {
	routeFlags
	To       string `help:"Id of an existing recurring contract." placeholder:"CONTRACT-ID"`
	Managed  bool   `help:"Let Spindle create the contract and extend it before it ends."`
	StartDay *int   `help:"Start day of a managed contract; the organization's setting when left out." placeholder:"DAY"`
	All      bool   `help:"Every mapped customer without a route: the recurring contract that fits best, or a managed one when it has none."`
	Yes      bool   `help:"Do not ask when lines leave another contract." short:"y"`
}

// Run stores routes.
func (c *contractsMap) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	if c.All {
		return c.mapAll(ctx, s, e, org)
	}
	if c.Customer == "" {
		return fault.Invalidf("say for which customer").Do("give a customer, or --all")
	}
	if (c.To == "") == !c.Managed {
		return fault.Invalidf("say where it goes").Do("give --to CONTRACT-ID or --managed, one of them")
	}
	if d := c.StartDay; d != nil && (*d < 1 || *d > 31 || !c.Managed) {
		return fault.Invalidf("start day %d does not fit", *d).WithField("start-day").Do("use 1 to 31, together with --managed")
	}
	r, customer, err := c.route(ctx, e, org)
	if err != nil {
		return err
	}
	r.ContractID, r.Managed = billing.ContractID(c.To), c.Managed
	if c.StartDay != nil {
		r.StartDay = *c.StartDay
	}
	if _, err := e.RoutableContract(ctx, org, r); err != nil {
		return err
	}
	effect, err := e.ReviewRoute(ctx, org, r)
	if err != nil {
		return err
	}
	if effect.Touches() {
		if err := s.ask(effect, fmt.Sprintf("Let %s of %s go to %s?", routeScope(r), customer.Name, routeTarget(r)), c.Yes); err != nil {
			return err
		}
	}
	contract, err := e.MapContract(ctx, org, r, s.actor())
	if err != nil {
		return err
	}
	to := routeTarget(r)
	if contract.Name != "" {
		to = fmt.Sprintf("%q (%s)", contract.Name, contract.ID)
	}
	note, err := unseenGroup(ctx, e, org, r)
	if err != nil {
		return err
	}
	return s.done(fmt.Sprintf("%s: %s goes to %s.", customer.Name, routeScope(r), to) + note)
}

// unseenGroup warns of a resource group that no usage has named yet: it may come later, or be a slip of the pen.
func unseenGroup(ctx context.Context, e *engine.Engine, org store.Organization, r billing.Route) (string, error) {
	if r.ResourceGroup == "" {
		return "", nil
	}
	sets, err := e.Store.LoadUsageSets(ctx, org.ID, "")
	if err != nil {
		return "", err
	}
	groups := map[string]bool{}
	for _, set := range sets {
		for _, u := range set.Groups {
			if u.CustomerID == r.CustomerID && u.ResourceGroup != "" {
				groups[strings.ToLower(u.ResourceGroup)] = true
			}
		}
	}
	if groups[r.ResourceGroup] {
		return "", nil
	}
	known := slices.Sorted(maps.Keys(groups))
	if len(known) == 0 {
		return " Note: no usage has named a resource group of this customer so far.", nil
	}
	return fmt.Sprintf(" Note: no usage has named it so far; this customer's resource groups are %s.", strings.Join(known, ", ")), nil
}

func (c *contractsMap) mapAll(ctx context.Context, s *session, e *engine.Engine, org store.Organization) error {
	result, err := e.RouteAll(ctx, org, s.actor())
	if err != nil {
		return err
	}
	if s.globals.JSON {
		return s.printJSON(map[string]any{"existing": result.Existing, "managed": result.Managed, "undecided": result.Undecided})
	}
	s.printf("%s to an existing contract, %d to one that Spindle manages.\n", plural(result.Existing, "customer"), result.Managed)
	for _, u := range result.Undecided {
		s.printf("  %s\n", u)
	}
	return nil
}

type contractsUnmap struct {
	routeFlags
	Yes bool `help:"Do not ask." short:"y"`
}

// Run removes a route.
func (c *contractsUnmap) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	r, customer, err := c.route(ctx, e, org)
	if err != nil {
		return err
	}
	effect, err := e.ReviewUnroute(ctx, org, r)
	if err != nil {
		return absent(err, fmt.Sprintf("%s has no route for %s", customer.Name, routeScope(r)), "spindle contracts list shows the routes")
	}
	if err := s.ask(effect, fmt.Sprintf("Remove the route of %s for %s?", customer.Name, routeScope(r)), c.Yes); err != nil {
		return err
	}
	if err := e.Store.DeleteRoute(ctx, org.ID, r, s.actor()); err != nil {
		return err
	}
	return s.decided(fmt.Sprintf("%s: the route for %s is removed.", customer.Name, routeScope(r)), effect, nil)
}
