package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/sheet"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

func customerRoutes() []route {
	return []route{
		{"GET /o/{org}/customers", in(account.View), customers},
		{"POST /o/{org}/billing", in(account.Map), bulkBilling},
		{"GET /o/{org}/suggestions", in(account.View), suggestions},
		{"POST /o/{org}/suggestions", in(account.Map), acceptSuggestions},
		{"GET /o/{org}/customers/{customer}", in(account.View), customer},
		{"POST /o/{org}/customers/{customer}/company", in(account.Map), mapCompany},
		{"POST /o/{org}/customers/{customer}/billing", in(account.Map), switchBilling},
		{"POST /o/{org}/customers/{customer}/contract", in(account.Map), mapContract},
		{"POST /o/{org}/customers/{customer}/authority", in(account.Price), setAuthority},
	}
}

func (r *request) customerView(errs map[string]string) (view.Customer, error) {
	ctx, id := r.Context(), r.customerID()
	v := view.Customer{Routes: map[string]string{}, Authority: billing.SpindlePrices}
	var err error
	if v.Detail, err = r.s.Store.CustomerDetail(ctx, r.org.ID, id); err != nil {
		return v, err
	}
	v.Findings = v.Detail.Open
	for i, f := range v.Findings {
		v.Findings[i].Remedy = sentence(f.Remedy)
	}
	mappings, err := r.s.Store.CustomerMappings(ctx, r.org.ID, id)
	if err != nil {
		return v, err
	}
	for _, a := range mappings.Authorities {
		if a.CustomerID == id && a.ProductID == "" {
			v.Authority = a.Authority
		}
	}
	v.Company = view.Field{Name: "company", Label: "Company", Value: first(r.text("company"), string(v.Detail.CompanyID)), Error: errs["company"], Required: true,
		Help: "Type a part of the name and choose, or write the name or the id."}
	if v.Company.Suggestions, err = r.companiesOffered(v.Detail.Name); err != nil {
		return v, err
	}
	v.From = view.Field{Name: "from", Label: "First billed month", Type: "month", Value: first(r.text("from"), string(v.Detail.From)), Error: errs["from"],
		Help: "What Microsoft billed for months before is never charged. Empty: the running month, or the month it has."}
	if err := r.contractFields(&v, mappings, errs); err != nil {
		return v, err
	}
	names := subscriptionNames(v.Detail)
	for _, e := range v.Detail.History {
		row := r.activityRow(e)
		row.Decided = decisionText(e, names)
		v.History = append(v.History, row)
	}
	return v, nil
}

// companiesOffered are the companies that a field offers while typing: those that share the customer's first word, then others. One that is
// not offered may be named all the same.
func (r *request) companiesOffered(customer string) ([]string, error) {
	var offered []string
	seen := map[billing.CompanyID]bool{}
	word, _, _ := strings.Cut(customer, " ")
	for _, text := range []string{word, ""} {
		found, err := r.s.Store.Companies(r.Context(), r.org.ID, text, namesOffered-len(offered))
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			if !seen[c.ID] && len(offered) < namesOffered {
				offered = append(offered, c.Name+" ("+string(c.ID)+")")
			}
			seen[c.ID] = true
		}
	}
	return offered, nil
}

// routeNames adds the names of the contracts that things of the customer go to.
func (r *request) routeNames(v *view.Customer, routes []billing.Route) error {
	for _, route := range routes {
		if _, known := v.Routes[string(route.ContractID)]; known || route.ContractID == "" {
			continue
		}
		contract, err := r.s.Store.Contract(r.Context(), r.org.ID, route.ContractID)
		if err != nil && !fault.Is(err, fault.KindNotFound) {
			return err
		}
		if err == nil {
			v.Routes[string(contract.ID)] = contract.Name
		}
	}
	return nil
}

// contractFields offers the contracts of the customer's company.
func (r *request) contractFields(v *view.Customer, mappings billing.Mappings, errs map[string]string) error {
	var contracts []billing.Contract
	if v.Detail.CompanyID != "" {
		var err error
		if contracts, err = r.s.Store.Contracts(r.Context(), r.org.ID, v.Detail.CompanyID); err != nil {
			return err
		}
	}
	var own billing.Route
	for _, route := range mappings.Routes {
		if route.CustomerID == v.Detail.ID && route.SubscriptionID == "" && route.AzureSubscriptionID == "" && route.ResourceGroup == "" {
			own = route
		}
	}
	if _, typed := r.PostForm["start-day"]; typed { // the form of the customer as a whole, with something wrong in it
		own = billing.Route{CustomerID: v.Detail.ID, Managed: r.text("contract") == "managed"}
		if !own.Managed {
			own.ContractID = billing.ContractID(r.text("contract"))
		}
	}
	v.Contract = view.Field{Name: "contract", Label: "Everything of this customer goes to", Type: "select", Error: errs["contract"], Options: []view.Option{
		{Value: "", Label: "no contract", Selected: !own.Managed && own.ContractID == ""},
		{Value: "managed", Label: "a contract that Spindle creates and extends", Selected: own.Managed},
	}}
	for _, c := range contracts {
		v.Routes[string(c.ID)] = c.Name
		v.Contract.Options = append(v.Contract.Options, view.Option{Value: string(c.ID), Selected: own.ContractID == c.ID,
			Label: fmt.Sprintf("%s (%s, until %s)", c.Name, c.ID, c.End)})
	}
	v.StartDay = view.Field{Name: "start-day", Label: "Start day of a managed contract", InputMode: "numeric", Error: errs["start-day"],
		Help: "1 to 31. Empty: as in the service settings."}
	v.StartDay.Value = r.text("start-day")
	if own.StartDay > 0 {
		v.StartDay.Value = strconv.Itoa(own.StartDay)
	}
	return r.routeNames(v, mappings.Routes)
}

func customer(w http.ResponseWriter, r *request) error {
	v, err := r.customerView(nil)
	if err != nil {
		return err
	}
	if as := r.URL.Query().Get("as"); as != "" {
		return r.exportOne(w, as, map[string]sheet.Table{"": subscriptionsSheet(v.Detail), "groups": groupsSheet("resource-groups-"+string(v.Detail.ID), v.Detail.Groups),
			"findings": r.findingsSheet(store.FindingFilter{Customer: v.Detail.ID}), "history": r.historySheet(v.Detail)})
	}
	return r.page(w, http.StatusOK, view.CustomerPage(r.shell("customers", v.Detail.Name), v))
}

// subscriptionsSheet has the customer's subscriptions and custom services as the page shows them.
func subscriptionsSheet(d store.CustomerDetail) sheet.Table {
	var records [][]string
	for _, s := range slices.Concat(d.Subscribed, d.Custom) {
		state, key, currency, cost, price := s.Why, "", "", "", ""
		if s.Line != nil {
			state, key, currency, cost, price = s.LineStatus.Word(), s.Line.Key, string(unitCurrency(*s.Line)), number(s.Line.UnitCost), number(s.Line.UnitPrice)
		}
		on := "off"
		if s.On {
			on = "on"
		}
		records = append(records, []string{string(s.ID), s.Name, string(s.Kind), s.Offer.ProductID, s.Offer.SKUID, string(s.Offer.Term), string(s.Offer.Frequency), s.Source,
			strconv.FormatInt(s.Quantity, 10), state, on, string(s.From), goesTo(s.Route, s.Routed), currency, cost, price, key})
	}
	columns := slices.Concat(sheet.Text("subscription_id", "product", "kind", "product_id", "sku_id", "term", "frequency", "source"), numbers("units"),
		sheet.Text("state", "billing", "billed_from", "contract", "currency"), numbers("unit_cost", "unit_price"), sheet.Text("line"))
	return sheet.Table{Name: "subscriptions-" + string(d.ID), Columns: columns, Rows: sheet.Rows(records)}
}

// groupsSheet has a row per resource group and currency.
func groupsSheet(name string, groups []store.ResourceGroupRow) sheet.Table {
	var records [][]string
	for _, g := range groups {
		for _, c := range orNone(currencies(g.Cost)) {
			cost := ""
			if c != "" {
				cost = g.Cost.In(c).Number()
			}
			records = append(records, []string{string(g.AzureSubscriptionID), g.AzureSubscriptionName, g.ResourceGroup, string(g.Month), string(c), cost, goesTo(g.Route, g.Routed)})
		}
	}
	columns := slices.Concat(sheet.Text("azure_subscription_id", "azure_subscription", "resource_group", "month", "currency"), numbers("cost"), sheet.Text("contract"))
	return sheet.Table{Name: name, Columns: columns, Rows: sheet.Rows(records)}
}

// historySheet has everything that was decided about a customer, in the words of the page.
func (r *request) historySheet(d store.CustomerDetail) sheet.Table {
	names := subscriptionNames(d)
	return sheet.Table{Name: "history-" + string(d.ID), Columns: sheet.Text("no", "at_utc", "actor", "what", "decided", "action", "subject"),
		Rows: pages(r, func(p store.Page) (store.Listed[store.AuditEntry], error) {
			return r.s.Store.AuditList(r.Context(), r.org.ID, store.AuditListFilter{Subject: string(d.ID), Page: p})
		}, func(e store.AuditEntry) []string {
			return []string{strconv.FormatInt(e.Seq, 10), moment(e.At), e.Actor, actionInWords(e.Action), decisionText(e, names), e.Action, e.Subject}
		})}
}

// subscriptionNames gives the names of a customer's subscriptions by their ids; of one that is gone, its id.
func subscriptionNames(d store.CustomerDetail) func(id string) string {
	names := map[string]string{}
	for _, s := range slices.Concat(d.Subscribed, d.Custom) {
		names[string(s.ID)] = s.Name
	}
	return func(id string) string { return first(names[id], id) }
}

// goesTo names where a route leads, for files: a contract's id, "managed", or nothing.
func goesTo(r billing.Route, routed bool) string {
	switch {
	case !routed:
		return ""
	case r.Managed:
		return "managed"
	}
	return string(r.ContractID)
}

// customerAgain shows the customer's page with what is wrong in a form.
func (r *request) customerAgain(w http.ResponseWriter, field string, err error) error {
	if fault.KindOf(err) == fault.KindInternal {
		return err
	}
	if f := fault.Find(err); f != nil && f.Field == "" {
		err = f.WithField(field)
	}
	errs, notice := fieldErrors(err)
	v, failed := r.customerView(errs)
	if failed != nil {
		return failed
	}
	shell := r.shell("customers", v.Detail.Name)
	shell.Notice = notice
	return r.again(w, view.CustomerPage(shell, v))
}

// companyID reads which company was chosen.
func (r *request) companyID(text string) (billing.CompanyID, error) {
	return chosenID(text, "company", "companies", func(name string) ([]billing.Company, error) {
		return r.s.Store.Companies(r.Context(), r.org.ID, name, namesOffered)
	}, func(c billing.Company) (billing.CompanyID, string) { return c.ID, c.Name })
}

func mapCompany(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	c, err := r.knownCustomer()
	if err != nil {
		return err
	}
	back := r.path("customers", string(c.ID))
	if r.text("act") == "unmap" {
		effect, err := r.s.Engine.ReviewUnmap(r.Context(), r.org, c)
		if err != nil {
			return r.refused(w, back, err)
		}
		if !r.confirmed() {
			return r.ask(w, "Remove the mapping of "+c.Name+"?", "Remove it", true, back, effect)
		}
		if err := r.s.Store.UnmapCustomer(r.Context(), r.org.ID, c.ID, r.by()); err != nil {
			return r.refused(w, back, err)
		}
		return r.done(w, back, c.Name+" is not mapped any more. Nothing of it is written until it is mapped again.")
	}
	id, err := r.companyID(r.text("company"))
	if err != nil {
		return r.customerAgain(w, "company", err)
	}
	effect, err := r.s.Engine.ReviewMap(r.Context(), r.org, c.ID, id)
	if err != nil {
		return r.customerAgain(w, "company", err)
	}
	if effect.Touches() && !r.confirmed() {
		return r.ask(w, "Map "+c.Name+" to another company?", "Map it", true, back, effect)
	}
	company, err := r.s.Engine.MapCustomer(r.Context(), r.org, c, id, r.by())
	if err != nil {
		return r.customerAgain(w, "company", err)
	}
	return r.done(w, back, c.Name+" is "+company.Name+" ("+string(company.ID)+") in Autotask.")
}

// ask puts a question before a decision that touches lines, with its consequence in numbers and everything the form held.
func (r *request) ask(w http.ResponseWriter, title, button string, danger bool, back string, effect engine.Consequence) error {
	c := view.Confirm{Title: title, Text: "Nothing is written to Autotask now: the next plan proposes what follows, and a person approves it.",
		Consequences: effect.Sentences(), Action: r.URL.Path, Button: button, Danger: danger, Back: back}
	if !effect.Known {
		c.Consequences = append(c.Consequences, "What it means in money is not known: no invoice of Microsoft or nothing of Autotask was read yet.")
	}
	for _, name := range sortedNames(r.PostForm) {
		for _, value := range r.PostForm[name] {
			c.Values = append(c.Values, view.Carried{Name: name, Value: value})
		}
	}
	return r.page(w, http.StatusOK, view.ConfirmPage(r.shell("customers", title), c))
}

func sortedNames(form map[string][]string) []string {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// knownCustomer is the customer of the address.
func (r *request) knownCustomer() (billing.Customer, error) {
	d, err := r.s.Store.CustomerDetail(r.Context(), r.org.ID, r.customerID())
	return billing.Customer{ID: d.ID, Name: d.Name, Domain: d.Domain}, err
}

// ownedBy refuses a subscription or resource group that is not the customer's: a form can be made to say anything.
func (r *request) ownedBy(id billing.CustomerID, route billing.Route) error {
	d, err := r.s.Store.CustomerDetail(r.Context(), r.org.ID, id)
	if err != nil {
		return err
	}
	isIt := func(s store.SubscriptionRow) bool { return s.ID == route.SubscriptionID }
	if route.SubscriptionID != "" && !slices.ContainsFunc(slices.Concat(d.Subscribed, d.Custom), isIt) {
		return fault.NotFoundf("%s has no subscription %q", d.Name, route.SubscriptionID).Do("reload the page and choose again")
	}
	if route.AzureSubscriptionID != "" && !slices.ContainsFunc(d.Groups, func(g store.ResourceGroupRow) bool {
		return g.AzureSubscriptionID == route.AzureSubscriptionID && (route.ResourceGroup == "" || strings.EqualFold(g.ResourceGroup, route.ResourceGroup))
	}) {
		return fault.NotFoundf("%s has no resource group %q", d.Name, route.ResourceGroup).Do("reload the page and choose again")
	}
	return nil
}

func switchBilling(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	c, err := r.knownCustomer()
	if err != nil {
		return err
	}
	act := r.text("act")
	if act != "on" && act != "off" {
		return fault.Invalidf("billing can be switched on or off, not %q", act)
	}
	order := engine.BillingOrder{On: act == "on"}
	what := c.Name
	if sub := r.text("subscription"); sub != "" {
		if err := r.ownedBy(c.ID, billing.Route{SubscriptionID: billing.SubscriptionID(sub)}); err != nil {
			return r.refused(w, r.path("customers", string(c.ID)), err)
		}
		order.Subscription = billing.SubscriptionID(sub)
		what = "one subscription of " + c.Name
	} else {
		order.Customer = c.ID
	}
	if text := r.text("from"); text != "" && order.On {
		if order.From, err = billing.ParseMonth(text); err != nil {
			return r.customerAgain(w, "from", fault.Invalidf("%w", err).WithField("from"))
		}
	}
	if _, err := r.s.Engine.DraftBilling(r.Context(), r.org, order); err != nil {
		return r.customerAgain(w, "from", err)
	}
	return r.decideBilling(w, r.path("customers", string(c.ID)), "Switch billing "+act+" for "+what+"?", act, order)
}

// routeOf reads what a form sends where: the customer, one subscription or one resource group.
func (r *request) routeOf(c billing.Customer) (route billing.Route, remove bool, err error) {
	route = billing.Route{CustomerID: c.ID, SubscriptionID: billing.SubscriptionID(r.text("subscription"))}
	if group := r.text("group"); group != "" {
		azure, name, _ := strings.Cut(group, "|")
		route.AzureSubscriptionID, route.ResourceGroup = billing.AzureSubscriptionID(azure), name
	}
	switch to := r.text("contract"); to {
	case "", "remove":
		return route, true, nil
	case "managed":
		route.Managed = true
	default:
		route.ContractID = billing.ContractID(to)
	}
	if text := r.text("start-day"); text != "" && route.Managed {
		if route.StartDay, err = strconv.Atoi(text); err != nil || route.StartDay < 1 || route.StartDay > 31 {
			return route, false, fault.Invalidf("%q is no day of a month", text).WithField("start-day").Do("write a number from 1 to 31")
		}
	}
	return route, false, nil
}

func mapContract(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	c, err := r.knownCustomer()
	if err != nil {
		return err
	}
	back := r.path("customers", string(c.ID))
	route, remove, err := r.routeOf(c)
	if err != nil {
		return r.customerAgain(w, "contract", err)
	}
	review, save := r.s.Engine.ReviewRoute, func() error {
		_, err := r.s.Engine.MapContract(r.Context(), r.org, route, r.by())
		return err
	}
	done := "The contract is chosen."
	if remove {
		done = "The choice is taken back."
		review, save = r.s.Engine.ReviewUnroute, func() error { return r.s.Store.DeleteRoute(r.Context(), r.org.ID, route, r.by()) }
	}
	if !remove {
		if err := r.ownedBy(c.ID, route); err != nil {
			return r.customerAgain(w, "contract", err)
		}
		if _, err := r.s.Engine.RoutableContract(r.Context(), r.org, route); err != nil {
			return r.customerAgain(w, "contract", err)
		}
	}
	effect, err := review(r.Context(), r.org, route)
	if err != nil {
		return r.customerAgain(w, "contract", err)
	}
	if effect.Touches() && !r.confirmed() {
		return r.ask(w, "Change the contract?", "Change it", remove, back, effect)
	}
	if err := save(); err != nil {
		return r.customerAgain(w, "contract", err)
	}
	return r.done(w, back, done, effect.Sentences()...)
}

// first gives the first text that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
