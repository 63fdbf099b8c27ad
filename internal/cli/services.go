package cli

import (
	"context"
	"fmt"
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
	d, err := e.Store.Directory(ctx, org.ID)
	if err != nil {
		return err
	}
	m, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return err
	}
	mapped := map[billing.Offer]billing.ServiceMapping{}
	for _, service := range m.Services {
		mapped[service.Offer] = service
	}
	seen := map[billing.Offer]bool{}
	views := []map[string]any{}
	t := table{headers: []string{"product", "offer", "service"}}
	for _, sub := range d.Subscriptions {
		if seen[sub.Offer] || sub.Kind != billing.Licence && sub.Kind != billing.CustomService {
			continue
		}
		seen[sub.Offer] = true
		to := "created by Spindle when needed"
		if service, found := mapped[sub.Offer]; found {
			to = fmt.Sprintf("%s (%s)", service.Name, service.ServiceID)
		}
		t.add(sub.Name, sub.Offer.String(), to)
		views = append(views, map[string]any{"name": sub.Name, "offer": sub.Offer.String(), "service_id": mapped[sub.Offer].ServiceID, "service": mapped[sub.Offer].Name})
	}
	if s.globals.JSON {
		return s.printJSON(views)
	}
	if len(t.rows) == 0 {
		s.printf("No products yet. Read some: spindle microsoft connect, or spindle microsoft import FILE\n")
		return nil
	}
	t.write(s.Out)
	s.printAuthorities(d, m.Authorities)
	return nil
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
	service, err := e.MapService(ctx, org, offer, billing.ServiceID(c.Service), s.actor())
	if err != nil {
		return err
	}
	return s.done(fmt.Sprintf("%s is now billed as %q (%s).", offer, service.Name, service.ID))
}

type servicesUnmap struct {
	Offer string `arg:"" help:"The product, as spindle services list shows it."`
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
	if err := e.Store.UnmapService(ctx, org.ID, offer, s.actor()); err != nil {
		return absent(err, fmt.Sprintf("%s is not mapped to a service", offer), "spindle services list shows the mappings")
	}
	return s.done(fmt.Sprintf("%s gets a service of its own when it is needed.", offer))
}

type servicesAuthority struct {
	Authority string `arg:"" enum:"spindle,autotask" help:"spindle or autotask."`
	Customer  string `help:"Only for this customer." placeholder:"NAME"`
	Product   string `help:"Only for this product id." placeholder:"ID"`
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

type servicesImport struct {
	File string `arg:"" type:"path" help:"CSV file; spindle services template prints one to start from."`
}

// Run imports custom services.
func (c *servicesImport) Run(ctx context.Context, s *session) error {
	e, org, err := s.openOrg(ctx)
	if err != nil {
		return err
	}
	imported, err := e.ImportServices(ctx, org, c.File, s.actor())
	if err != nil {
		return err
	}
	return s.printImports([]engine.Imported{imported})
}

type servicesTemplate struct{}

// Run prints the template.
func (servicesTemplate) Run(s *session) error {
	s.printf("%s", app.ServicesTemplate())
	return nil
}
