package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/sheet"
	"spindle/internal/web/view"
)

func productRoutes() []route {
	return []route{
		{"GET /o/{org}/products", in(account.View), products},
		{"GET /o/{org}/products/{offer}", in(account.View), product},
		{"POST /o/{org}/products/{offer}", in(account.Map), mapProduct},
		{"POST /o/{org}/products/{offer}/authority", in(account.Price), setProductAuthority},
	}
}

func products(w http.ResponseWriter, r *request) error {
	all, err := r.s.Engine.OffersKnown(r.Context(), r.org)
	if err != nil {
		return err
	}
	list := r.list(r.path("products"), "state")
	v := view.Products{List: list, States: map[engine.OfferState]int{}, All: len(all)}
	for _, o := range all {
		v.States[o.State]++
	}
	found := chosenOffers(all, list)
	if as := r.URL.Query().Get("as"); as != "" {
		return r.export(w, as, productsSheet(found))
	}
	v.List.Total = len(found)
	from := min((list.Page-1)*list.Size, len(found))
	v.Rows = found[from:min(from+list.Size, len(found))]
	return r.page(w, http.StatusOK, view.ProductsPage(r.shell("prices", "Products"), v))
}

// chosenOffers gives the offers that the search and the state choose, sorted by name or as the list says.
func chosenOffers(all []engine.OfferService, l view.List) []engine.OfferService {
	text, state := strings.ToLower(l.Get("q")), engine.OfferState(l.Get("state"))
	found := slices.DeleteFunc(all, func(o engine.OfferService) bool {
		words := strings.ToLower(o.Name + " " + o.Offer.String() + " " + o.Service + " " + string(o.ServiceID))
		return state != "" && o.State != state || !strings.Contains(words, text)
	})
	column, descending := sortBy(l)
	slices.SortStableFunc(found, func(a, b engine.OfferService) int {
		order := 0
		switch column {
		case "customers":
			order = cmp.Compare(a.Holders, b.Holders)
		case "units":
			order = cmp.Compare(a.Units, b.Units)
		}
		order = cmp.Or(order, strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Offer.String(), b.Offer.String()))
		if descending {
			return -order
		}
		return order
	})
	return found
}

func productsSheet(all []engine.OfferService) sheet.Table {
	var records [][]string
	for _, o := range all {
		records = append(records, []string{o.Offer.ProductID, o.Offer.SKUID, string(o.Offer.Term), string(o.Offer.Frequency), o.Name, string(o.Kind), strconv.Itoa(o.Holders),
			strconv.Itoa(o.Held), strconv.FormatInt(o.Units, 10), string(o.ServiceID), o.Service, string(o.State)})
	}
	return sheet.Table{Name: "products", Rows: sheet.Rows(records), Columns: slices.Concat(sheet.Text("product_id", "sku_id", "term", "frequency", "product", "kind"),
		numbers("customers", "subscriptions", "units"), sheet.Text("service_id", "service", "state"))}
}

// servicesOffered is how many services of Autotask the page of a product lists.
const servicesOffered = 25

// productView is the page of a product. Without a search the services offered are those that share the product's first word.
func (r *request) productView(offer engine.OfferService, errs map[string]string) (view.Product, error) {
	v := view.Product{Offer: offer, List: r.list(r.path("products", offer.Offer.String())),
		Service: view.Field{Name: "service", Label: "Service in Autotask", Value: r.text("service"), Error: errs["service"], Required: true, Autocomplete: "off",
			Help: "Type a part of the name and choose, or write the name or the id."}}
	text := v.List.Get("q")
	if text == "" {
		text, _, _ = strings.Cut(offer.Name, " ")
	}
	var err error
	if v.Services, err = r.s.Store.Services(r.Context(), r.org.ID, text, servicesOffered); err != nil {
		return v, err
	}
	if len(v.Services) == 0 && v.List.Get("q") == "" {
		if v.Services, err = r.s.Store.Services(r.Context(), r.org.ID, "", servicesOffered); err != nil {
			return v, err
		}
	}
	offered, err := r.s.Store.Services(r.Context(), r.org.ID, "", namesOffered)
	if err != nil {
		return v, err
	}
	for _, s := range slices.Concat(v.Services, offered) {
		if name := s.Name + " (" + string(s.ID) + ")"; !slices.Contains(v.Service.Suggestions, name) && s.PeriodType == view.OfferPeriod(offer.Offer) {
			v.Service.Suggestions = append(v.Service.Suggestions, name)
		}
	}
	return v, r.productAuthorities(&v, errs)
}

// productAuthorities adds who decides the prices of the product, and the form of another decision.
func (r *request) productAuthorities(v *view.Product, errs map[string]string) error {
	authorities, err := r.s.Store.Authorities(r.Context(), r.org.ID)
	if err != nil {
		return err
	}
	var ids []billing.CustomerID
	for _, a := range authorities {
		if a.ProductID == "" || a.ProductID != v.Offer.Offer.ProductID && a.ProductID != v.Offer.Offer.ProductID+":"+v.Offer.Offer.SKUID {
			continue
		}
		v.Authorities = append(v.Authorities, view.AuthorityRow{Rule: a})
		ids = append(ids, a.CustomerID)
	}
	names, err := r.s.Store.CustomerNames(r.Context(), r.org.ID, ids...)
	if err != nil {
		return err
	}
	for i, a := range v.Authorities {
		v.Authorities[i].Customer = first(names[a.Rule.CustomerID], string(a.Rule.CustomerID))
	}
	v.Customer = view.Field{Name: "customer", Label: "Only this customer", Value: r.text("customer"), Error: errs["customer"], Help: "Empty: all customers.", Autocomplete: "off"}
	v.Customer.Suggestions, err = r.customersOffered()
	return err
}

// offer finds the product of the address.
func (r *request) offer() (engine.OfferService, error) {
	return r.s.Engine.OfferKnown(r.Context(), r.org, r.PathValue("offer"))
}

func product(w http.ResponseWriter, r *request) error {
	offer, err := r.offer()
	if err != nil {
		return err
	}
	if as := r.URL.Query().Get("as"); as != "" {
		return r.exportProduct(w, as, offer)
	}
	v, err := r.productView(offer, nil)
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.ProductPage(r.shell("prices", offer.Name), v))
}

// exportProduct writes what a product may be billed as, or who decides its price.
func (r *request) exportProduct(w http.ResponseWriter, as string, offer engine.OfferService) error {
	catalogue, _, err := r.s.Store.Catalogue(r.Context(), r.org.ID)
	if err != nil {
		return err
	}
	v := view.Product{Offer: offer}
	if err := r.productAuthorities(&v, nil); err != nil {
		return err
	}
	return r.exportOne(w, as, map[string]sheet.Table{"services": choiceSheet(offer, catalogue.Services, r.text("q")), "exceptions": exceptionsSheet(v.Authorities)})
}

// choiceSheet has the active services that a text chooses: all of them, where the page lists some that may fit.
func choiceSheet(offer engine.OfferService, services []billing.Service, text string) sheet.Table {
	var records [][]string
	for _, s := range services {
		if !s.Active || string(s.ID) != text && !strings.Contains(strings.ToLower(s.Name), strings.ToLower(text)) {
			continue
		}
		use := "needs to be " + string(view.OfferPeriod(offer.Offer))
		switch {
		case s.ID == offer.ServiceID:
			use = "in use"
		case s.PeriodType == view.OfferPeriod(offer.Offer):
			use = "possible"
		}
		records = append(records, []string{string(s.ID), s.Name, s.SKU, use, string(s.PeriodType), string(s.UnitPrice.Currency()), s.UnitPrice.Number(), s.UnitCost.Number()})
	}
	return sheet.Table{Name: "services", Rows: sheet.Rows(records), Columns: slices.Concat(sheet.Text("service_id", "service", "sku", "for_the_product", "period", "currency"),
		numbers("unit_price", "unit_cost"))}
}

// exceptionsSheet says who decides the price of a product where it is not as the customer's page says.
func exceptionsSheet(all []view.AuthorityRow) sheet.Table {
	var records [][]string
	for _, a := range all {
		records = append(records, []string{string(a.Rule.CustomerID), a.For(), a.Rule.ProductID, string(a.Rule.Authority)})
	}
	return sheet.Table{Name: "price-exceptions", Columns: sheet.Text("customer_id", "for", "product_id", "price_decided_by"), Rows: sheet.Rows(records)}
}

// productAgain shows the page with what is wrong in a form.
func (r *request) productAgain(w http.ResponseWriter, offer engine.OfferService, field string, wrong error) error {
	if fault.KindOf(wrong) == fault.KindInternal {
		return wrong
	}
	if f := fault.Find(wrong); f != nil && f.Field == "" {
		wrong = f.WithField(field)
	}
	errs, notice := fieldErrors(wrong)
	v, err := r.productView(offer, errs)
	if err != nil {
		return err
	}
	shell := r.shell("prices", offer.Name)
	shell.Notice = notice
	return r.again(w, view.ProductPage(shell, v))
}

// serviceID reads which service was chosen.
func (r *request) serviceID(text string) (billing.ServiceID, error) {
	return chosenID(text, "service", "services", func(name string) ([]billing.Service, error) {
		return r.s.Store.Services(r.Context(), r.org.ID, name, namesOffered)
	}, func(s billing.Service) (billing.ServiceID, string) { return s.ID, s.Name })
}

// mapProduct decides which service a product is billed as; to give the choice back means that Spindle creates one.
func mapProduct(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	offer, err := r.offer()
	if err != nil {
		return err
	}
	if r.text("act") == "unmap" {
		return r.unmapProduct(w, offer)
	}
	id, err := r.serviceID(r.text("service"))
	if err != nil {
		return r.productAgain(w, offer, "service", err)
	}
	if _, err := r.s.Engine.MappableService(r.Context(), r.org, offer.Offer, id); err != nil {
		return r.productAgain(w, offer, "service", err)
	}
	effect, err := r.s.Engine.ReviewService(r.Context(), r.org, offer.Offer, id)
	if err != nil {
		return r.productAgain(w, offer, "service", err)
	}
	back := r.path("products", offer.Offer.String())
	if effect.Touches() && !r.confirmed() {
		return r.ask(w, "Bill "+offer.Name+" as another service?", "Bill it so", false, back, effect)
	}
	service, err := r.s.Engine.MapService(r.Context(), r.org, offer.Offer, id, r.by())
	if err != nil {
		return r.productAgain(w, offer, "service", err)
	}
	return r.done(w, back, offer.Name+" is now billed as "+service.Name+" ("+string(service.ID)+").", effect.Sentences()...)
}

func (r *request) unmapProduct(w http.ResponseWriter, offer engine.OfferService) error {
	back := r.path("products", offer.Offer.String())
	effect, err := r.s.Engine.ReviewService(r.Context(), r.org, offer.Offer, "")
	if err != nil {
		return r.refused(w, back, err)
	}
	if !r.confirmed() {
		return r.ask(w, "Let Spindle create a service for "+offer.Name+"?", "Give the choice back", true, back, effect)
	}
	if err := r.s.Store.UnmapService(r.Context(), r.org.ID, offer.Offer, r.by()); err != nil {
		return r.refused(w, back, err)
	}
	return r.done(w, back, offer.Name+" gets a service of its own when a line needs it.", effect.Sentences()...)
}
