package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/sheet"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

func customers(w http.ResponseWriter, r *request) error {
	list := r.list(r.path("customers"), "state")
	column, descending := sortBy(list)
	filter := store.CustomerFilter{Query: list.Get("q"), State: store.CustomerStatus(list.Get("state")), Sort: store.CustomerSort(column), Desc: descending}
	if as := r.URL.Query().Get("as"); as != "" {
		return r.export(w, as, r.customersSheet(filter))
	}
	filter.Page = store.Page{Number: list.Page, Size: list.Size}
	found, err := r.s.Store.CustomerList(r.Context(), r.org.ID, filter)
	if err != nil {
		return r.refused(w, list.Base, err)
	}
	if err := r.counted(&list, found.Total); err != nil {
		return err
	}
	v := view.Customers{List: list, Rows: found.Rows, States: found.States}
	for _, n := range found.States {
		v.All += n
	}
	v.None = v.All == 0 && list.Get("q") == ""
	return r.page(w, http.StatusOK, view.CustomersPage(r.shell("customers", "Customers"), v))
}

// customersSheet has a row per customer and currency; who has no lines has one row without money.
func (r *request) customersSheet(f store.CustomerFilter) sheet.Table {
	columns := slices.Concat(sheet.Text("customer_id", "customer", "domain", "state", "company_id", "company", "billing"), numbers("subscriptions", "custom_services"),
		sheet.Text("currency"), numbers("cost_month", "price_month", "margin_month", "findings", "waiting"))
	return sheet.Table{Name: "customers", Columns: columns, Rows: spread(r, func(p store.Page) (store.Listed[store.CustomerRow], error) {
		f.Page = p
		found, err := r.s.Store.CustomerList(r.Context(), r.org.ID, f)
		return found.Listed, err
	}, customerRecords)}
}

func customerRecords(c store.CustomerRow) [][]string {
	var records [][]string
	for _, currency := range orNone(currencies(c.Monthly.Cost, c.Monthly.Price)) {
		money := []string{"", "", "", ""}
		if currency != "" {
			money = append([]string{string(currency)}, costPriceMargin(c.Monthly, currency)...)
		}
		record := append([]string{string(c.ID), c.Name, c.Domain, c.Status.Word(), string(c.CompanyID), c.CompanyName, c.Billing.Word(),
			strconv.Itoa(c.Subscriptions), strconv.Itoa(c.CustomServices)}, money...)
		records = append(records, append(record, strconv.Itoa(c.Findings), strconv.Itoa(c.Waiting)))
	}
	return records
}

// bulkBilling switches billing for what is ticked in the list, or for everybody, or gives everybody a contract.
func bulkBilling(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	back := local(r.PostFormValue("back"))
	act, ticked := r.text("act"), r.PostForm["customer"]
	if act == "contracts" {
		return r.giveContracts(w, back)
	}
	order := engine.BillingOrder{On: act != "off", All: act == "all"}
	if text := r.text("from"); text != "" {
		var err error
		if order.From, err = billing.ParseMonth(text); err != nil {
			return r.refused(w, back, fault.Invalidf("%w", err).Do("write a month such as 2026-10"))
		}
	}
	for _, id := range ticked {
		if !order.All {
			order.Customers = append(order.Customers, billing.CustomerID(id))
		}
	}
	if !order.All && len(order.Customers) == 0 {
		return r.refused(w, back, fault.Invalidf("no customer is ticked").Do("tick those that are meant"))
	}
	title := map[string]string{"on": "Switch billing on?", "off": "Switch billing off?", "all": "Switch billing on for all customers, including future ones?"}[act]
	if title == "" {
		return fault.Invalidf("%q is nothing that can be done with customers", act)
	}
	return r.decideBilling(w, back, title, act, order)
}

// decideBilling asks with the numbers, then saves.
func (r *request) decideBilling(w http.ResponseWriter, back, title, act string, order engine.BillingOrder) error {
	_, asked := r.PostForm["asked"]
	confirmed := r.confirmed() && (!asked || r.text("asked") == r.text("from")) // another month than the question was about is asked about anew
	work := r.s.Engine.ReviewBilling
	if confirmed {
		work = r.s.Engine.DraftBilling
	}
	review, err := work(r.Context(), r.org, order)
	if err != nil {
		return r.refused(w, back, err)
	}
	if !confirmed {
		return r.page(w, http.StatusOK, view.ConfirmPage(r.shell("customers", title), r.billingQuestion(title, back, act, review)))
	}
	if err := r.s.Engine.SaveBilling(r.Context(), r.org, review, r.by()); err != nil {
		return r.refused(w, back, err)
	}
	word := "on"
	if act == "off" {
		word = "off"
	}
	return r.done(w, back, "Billing is switched "+word+": "+view.Plural(len(review.Switches), "decision", "decisions")+" saved.", "The next plan shows what follows from it.")
}

// billingQuestion says what an order would do in numbers.
func (r *request) billingQuestion(title, back, act string, review engine.BillingReview) view.Confirm {
	c := view.Confirm{Title: title, Action: r.URL.Path, Button: "Switch on", Danger: act == "off", Back: back,
		Text:   "Nothing is written to Autotask now: the next plan proposes what follows, and a person approves it.",
		Crumbs: []view.Crumb{{Label: "Customers", Href: r.path("customers")}}}
	if act == "off" {
		c.Button = "Switch off"
	}
	c.Consequences = []string{fmt.Sprintf("%s to save; %d stand like this already.", view.Plural(len(review.Switches), "switch", "switches"), review.Kept)}
	if first, last := review.First(); review.Order.On && first != "" {
		text := "Billed from " + view.MonthName(first)
		if last != first {
			text += " to " + view.MonthName(last) + ", each as noted"
		}
		c.Consequences = append(c.Consequences, text+" on.")
	}
	if review.Idle != "" {
		c.Consequences = append(c.Consequences, "Nothing of it is billed before "+view.MonthName(review.Idle)+", and nothing of the months until then.")
	}
	if review.WasOff > 0 {
		c.Consequences = append(c.Consequences, view.Plural(review.WasOff, "customer was", "customers were")+" switched off by somebody and would be switched on.")
	}
	c.Consequences = append(c.Consequences, review.Effect.Sentences()...)
	if review.Order.On && act != "" {
		c.Again = &view.Field{Name: "from", Label: "First billed month", Type: "month", Value: string(review.Order.From),
			Help: "What Microsoft billed for months before is never charged. Empty: the running month, or the month that a customer has. Another month is asked about again."}
	}
	for name, values := range r.PostForm {
		for _, value := range values {
			c.Values = append(c.Values, view.Carried{Name: name, Value: value})
		}
	}
	slices.SortFunc(c.Values, func(a, b view.Carried) int { return strings.Compare(a.Name+"\x00"+a.Value, b.Name+"\x00"+b.Value) })
	return c
}

// giveContracts routes every mapped customer without a contract.
func (r *request) giveContracts(w http.ResponseWriter, back string) error {
	routed, err := r.s.Engine.RouteAll(r.Context(), r.org, r.by())
	if err != nil {
		return r.refused(w, back, err)
	}
	text := fmt.Sprintf("%s to a contract they have; %s one that Spindle will create.", view.Plural(routed.Existing, "customer goes", "customers go"),
		view.Plural(routed.Managed, "gets", "get"))
	n := view.Notice{Tone: "good", Text: text}
	for _, customer := range routed.Undecided {
		what, _, _ := strings.Cut(customer, ": choose with ") // a command; here there are pages
		n.Tone, n.Details, n.Remedy = "warn", append(n.Details, what), "Choose the contract on the customer's page."
	}
	return r.doneWith(w, back, n)
}
