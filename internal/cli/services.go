package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"spindle/internal/app"
	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/store"
)

type servicesCommand struct {
	List      servicesList      `cmd:"" help:"List the products you buy and the Autotask services they map to."`
	Map       servicesMap       `cmd:"" help:"Map a product to an existing Autotask service."`
	Unmap     servicesUnmap     `cmd:"" help:"Undo it: Spindle then creates a service of its own."`
	Authority servicesAuthority `cmd:"" help:"Say who decides the price: Spindle's rules, or Autotask."`
	Import    servicesImport    `cmd:"" help:"Read your own custom services from a CSV file."`
	Template  servicesTemplate  `cmd:"" help:"Print a CSV file to start from."`
}

type servicesList struct {
	Autotask bool `help:"List the services in Autotask instead."`
}

// Run lists offers with their services.
func (c *servicesList) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	if c.Autotask {
		catalogue, err := e.RefreshCatalogue(ctx, org)
		if err != nil {
			return err
		}
		return s.printServices(catalogue.Services)
	}
	list, err := e.OfferServices(ctx, org)
	if err != nil {
		return err
	}
	if s.globals.JSON {
		return s.printJSON(offerViews(list.Offers))
	}
	if len(list.Offers) == 0 {
		s.printf("No products yet. Read some: spindle microsoft connect, or spindle microsoft import FILE\n")
		return nil
	}
	if list.Unread != nil {
		s.printf("%s\n", wrap(fmt.Sprintf("! Autotask could not be read now: %v. What is shown of it was read before.", list.Unread), "    "))
	}
	t := table{headers: []string{"product", "offer", "service in Autotask", "id", "state"}}
	for _, o := range list.Offers {
		t.add(cut(o.Name, 44), o.Offer.String(), orDash(cut(o.Service, 50)), orDash(string(o.ServiceID)), offerWord(o))
	}
	t.write(s.Out)
	d, err := e.Store.Directory(ctx, org.ID)
	if err != nil {
		return err
	}
	m, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return err
	}
	s.printCustomServices(d, list.Custom)
	s.printAuthorities(d, m.Authorities)
	return nil
}

// offerWord says in words where an offer stands.
func offerWord(o engine.OfferService) string {
	switch o.State {
	case engine.OfferMapped:
		return "chosen by you"
	case engine.OfferCreated:
		return "created by Spindle"
	case engine.OfferPending:
		return "not there yet; created when a line needs it"
	case engine.OfferInactive:
		return "inactive in Autotask: activate it, or choose another"
	case engine.OfferMissing:
		return "gone from Autotask: choose another"
	case engine.OfferPeriod:
		return fmt.Sprintf("wrong billing period in Autotask: charged %s", o.Offer.Frequency)
	case engine.OfferNone:
		return "no service: billed by charges"
	}
	return "not checked: Autotask was never read"
}

func offerViews(offers []engine.OfferService) []map[string]any {
	views := []map[string]any{}
	for _, o := range offers {
		views = append(views, map[string]any{"name": o.Name, "offer": o.Offer.String(), "kind": o.Kind, "service_id": o.ServiceID,
			"service": o.Service, "state": o.State})
	}
	return views
}

// printAuthorities lists who decides prices where it is not Spindle's rules throughout.
func (s *session) printAuthorities(d billing.Directory, rules []billing.AuthorityRule) {
	if len(rules) == 0 {
		return
	}
	names := map[billing.CustomerID]string{"": "every customer"}
	for _, c := range d.Customers {
		names[c.ID] = c.Name
	}
	t := table{headers: []string{"customer", "product", "price decided by"}}
	for _, r := range rules {
		product := r.ProductID
		if product == "" {
			product = "every product"
		}
		t.add(names[r.CustomerID], product, string(r.Authority))
	}
	s.printf("\n")
	t.write(s.Out)
}

func (s *session) printServices(services []billing.Service) error {
	views := []map[string]any{}
	t := table{headers: []string{"service", "id", "sku", "period", ">price", ">cost", ""}}
	for _, service := range services {
		t.add(cut(service.Name, 50), string(service.ID), orDash(service.SKU), string(service.PeriodType), service.UnitPrice.String(), service.UnitCost.String(),
			onOff(service.Active, "", "inactive"))
		views = append(views, map[string]any{"id": service.ID, "name": service.Name, "sku": service.SKU, "period_type": service.PeriodType,
			"unit_price": service.UnitPrice, "unit_cost": service.UnitCost, "active": service.Active})
	}
	if s.globals.JSON {
		return s.printJSON(views)
	}
	t.write(s.Out)
	return nil
}

// parseOffer reads "PRODUCT:SKU:TERM:frequency".
func parseOffer(text string) (billing.Offer, error) {
	fields := strings.Split(text, ":")
	if len(fields) != 4 || fields[0] == "" || fields[3] == "" {
		return billing.Offer{}, fault.Invalidf("%q is not an offer", text).
			Do("write PRODUCT:SKU:TERM:FREQUENCY as spindle services list shows it, such as CFQ7TTC07DHZ:0001:P1Y:monthly")
	}
	return billing.Offer{ProductID: fields[0], SKUID: fields[1], Term: billing.Term(fields[2]), Frequency: billing.Frequency(fields[3])}, nil
}

type servicesMap struct {
	Offer   string `arg:"" help:"The product, as spindle services list shows it."`
	Service string `arg:"" help:"Autotask service id."`
	Yes     bool   `help:"Do not ask when lines leave another service." short:"y"`
}

// Run maps an offer.
func (c *servicesMap) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	offer, err := parseOffer(c.Offer)
	if err != nil {
		return err
	}
	if _, err := e.MappableService(ctx, org, offer, billing.ServiceID(c.Service)); err != nil {
		return err
	}
	effect, err := e.ReviewService(ctx, org, offer, billing.ServiceID(c.Service))
	if err != nil {
		return err
	}
	if effect.Touches() {
		if err := s.ask(effect, fmt.Sprintf("Bill %s as service %s instead?", offer, c.Service), c.Yes); err != nil {
			return err
		}
	}
	service, err := e.MapService(ctx, org, offer, billing.ServiceID(c.Service), s.actor())
	if err != nil {
		return err
	}
	note, err := unseenOffer(ctx, e, org, offer)
	if err != nil {
		return err
	}
	return s.done(fmt.Sprintf("%s is now billed as %q (%s).%s", offer, service.Name, service.ID, note))
}

type servicesUnmap struct {
	Offer string `arg:"" help:"The product, as spindle services list shows it."`
	Yes   bool   `help:"Do not ask." short:"y"`
}

// Run undoes a mapping.
func (c *servicesUnmap) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	offer, err := parseOffer(c.Offer)
	if err != nil {
		return err
	}
	effect, err := e.ReviewService(ctx, org, offer, "")
	if err != nil {
		return err
	}
	if err := s.ask(effect, fmt.Sprintf("Undo the mapping of %s, so that Spindle creates a service for it?", offer), c.Yes); err != nil {
		return err
	}
	if err := e.Store.UnmapService(ctx, org.ID, offer, s.actor()); err != nil {
		return absent(err, fmt.Sprintf("%s is not mapped to a service", offer), "spindle services list shows the mappings")
	}
	return s.decided(fmt.Sprintf("%s gets a service of its own when it is needed.", offer), effect, nil)
}

type servicesAuthority struct {
	Authority string `arg:"" enum:"spindle,autotask,none" help:"spindle or autotask; none takes back what was said for this customer and product."`
	Customer  string `help:"Only for this customer." placeholder:"NAME"`
	Product   string `help:"Only for this product id." placeholder:"ID"`
	Yes       bool   `help:"Do not ask." short:"y"`
}

// Run stores an authority rule.
func (c *servicesAuthority) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	rule := billing.AuthorityRule{ProductID: c.Product, Authority: billing.PriceAuthority(c.Authority)}
	if c.Customer != "" {
		customer, err := e.FindCustomer(ctx, org, c.Customer)
		if err != nil {
			return err
		}
		rule.CustomerID = customer.ID
	}
	if c.Authority == "none" {
		return c.takeBack(ctx, s, rule)
	}
	if err := e.Store.SaveAuthority(ctx, org.ID, rule, s.actor()); err != nil {
		return err
	}
	note, err := unseenProduct(ctx, e, org, c.Product)
	if err != nil {
		return err
	}
	if rule.Authority == billing.AutotaskPrices {
		return s.done("Autotask decides the price there; Spindle writes quantities only." + note)
	}
	return s.done("Spindle's price rules decide the price there." + note)
}

// takeBack removes what was said; the next wider rule then decides, or Spindle's price rules.
func (c *servicesAuthority) takeBack(ctx context.Context, s *session, rule billing.AuthorityRule) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	effect, err := e.ReviewAuthorityRemoval(ctx, org, rule)
	if err != nil {
		return err
	}
	if err := s.ask(effect, "Take back who decides the price there?", c.Yes); err != nil {
		return err
	}
	if err := e.Store.DeleteAuthority(ctx, org.ID, rule, s.actor()); err != nil {
		return err
	}
	return s.decided("What was said about the price there is taken back.", effect, nil)
}

// unseenProduct warns of a product id that nobody has bought so far: it may come later, or be a slip of the pen.
func unseenProduct(ctx context.Context, e *engine.Engine, org store.Organization, product string) (string, error) {
	if product == "" || product == "azure" {
		return "", nil
	}
	d, err := e.Store.Directory(ctx, org.ID)
	if err != nil {
		return "", err
	}
	for _, sub := range d.Subscriptions {
		if o := sub.Offer; product == o.ProductID || product == o.ProductID+":"+o.SKUID {
			return "", nil
		}
	}
	return fmt.Sprintf(" Note: nobody has bought product %s so far; spindle services list shows the products.", product), nil
}

// unseenOffer warns likewise of a product, term and frequency that nobody holds: with a slip of the pen the product meant stays unmapped.
func unseenOffer(ctx context.Context, e *engine.Engine, org store.Organization, offer billing.Offer) (string, error) {
	d, err := e.Store.Directory(ctx, org.ID)
	if err != nil || slices.ContainsFunc(d.Subscriptions, func(sub billing.Subscription) bool { return sub.Offer == offer }) {
		return "", err
	}
	return fmt.Sprintf(" Note: nobody holds %s so far; spindle services list shows the products.", offer), nil
}

type servicesTemplate struct{}

// Run prints the template.
func (servicesTemplate) Run(s *session) error {
	if s.globals.JSON {
		return s.printJSON(map[string]string{"template": app.ServicesTemplate()})
	}
	s.printf("%s", app.ServicesTemplate())
	return nil
}
