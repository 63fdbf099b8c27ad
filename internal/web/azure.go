package web

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/sheet"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

func azureRoutes() []route {
	return []route{
		{"GET /o/{org}/azure", in(account.View), azure},
		{"GET /o/{org}/azure/{month}", in(account.View), azureMonth},
		{"POST /o/{org}/azure/{month}/approve", in(account.Approve), approveAzure},
		{"GET /o/{org}/azure/{month}/{customer}", in(account.View), azureCustomer},
	}
}

// azureMonthsShown is how many months the page lists.
const azureMonthsShown = 36

func azure(w http.ResponseWriter, r *request) error {
	months, err := r.s.Store.AzureMonths(r.Context(), r.org.ID, azureMonthsShown)
	if err != nil {
		return err
	}
	if as := r.URL.Query().Get("as"); as != "" {
		return r.export(w, as, monthsSheet(months))
	}
	settings, err := r.s.Store.Settings(r.Context(), r.org.ID)
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.Azure(view.AzurePage{Shell: r.shell("azure", "Azure"), List: r.list(r.path("azure")), Months: months, From: settings.BillFrom}))
}

// monthsSheet has a row per month and currency.
func monthsSheet(months []store.AzureMonth) sheet.Table {
	var records [][]string
	for _, m := range months {
		for _, c := range currencies(m.Usage, m.Cost, m.Price) {
			records = append(records, append([]string{string(m.Month), strconv.Itoa(m.Customers), strconv.Itoa(m.Charges), string(c)}, figures(m.Usage, m.Figures, c)...))
		}
	}
	return sheet.Table{Name: "azure", Columns: slices.Concat(sheet.Text("month"), numbers("customers", "charges"), sheet.Text("currency"),
		numbers("usage", "cost", "price", "margin")), Rows: sheet.Rows(records)}
}

// figures writes usage, cost, price and margin in one currency.
func figures(usage money.Totals, f store.Figures, c money.Currency) []string {
	return append([]string{usage.In(c).Number()}, costPriceMargin(f, c)...)
}

// month reads the month from the address.
func (r *request) month() (billing.Month, error) {
	month, err := billing.ParseMonth(r.PathValue("month"))
	if err != nil {
		return "", fault.NotFoundf("%q is no month", r.PathValue("month")).Do("write it as 2026-10")
	}
	return month, nil
}

func azureMonth(w http.ResponseWriter, r *request) error {
	month, err := r.month()
	if err != nil {
		return err
	}
	list := r.list(r.path("azure", string(month)), "state")
	column, descending := sortBy(list)
	filter := store.AzureFilter{Month: month, State: store.AzureState(list.Get("state")), Query: list.Get("q"), Sort: store.AzureSort(column), Desc: descending}
	if as := r.URL.Query().Get("as"); as != "" {
		days, err := r.s.Store.AzureDays(r.Context(), r.org.ID, month, "")
		if err != nil {
			return err
		}
		return r.exportOne(w, as, map[string]sheet.Table{"": r.azureSheet(filter), "days": daysSheet(month, days)})
	}
	p := view.AzureMonthPage{List: list}
	if p.Months, err = r.s.Store.AzureMonths(r.Context(), r.org.ID, azureMonthsShown); err != nil {
		return err
	}
	at := slices.IndexFunc(p.Months, func(m store.AzureMonth) bool { return m.Month == month })
	if at < 0 {
		return fault.NotFoundf("nothing of Azure is known of %s", view.MonthName(month)).Do("choose one of the months on the page Azure")
	}
	p.Month = p.Months[at]
	settings, err := r.s.Store.Settings(r.Context(), r.org.ID)
	if err != nil {
		return err
	}
	p.Bundled, p.Earned, p.From, p.Waiting = settings.AzureBundled, settings.KeepEarnedCredit, settings.BillFrom, p.Month.States[store.AzureFinal]
	filter.Page = store.Page{Number: list.Page, Size: list.Size}
	found, err := r.s.Store.AzureCustomers(r.Context(), r.org.ID, filter)
	if err != nil {
		return err
	}
	if err := r.counted(&p.List, found.Total); err != nil {
		return err
	}
	p.Rows = found.Rows
	if p.Days, err = r.s.Store.AzureDays(r.Context(), r.org.ID, month, ""); err != nil {
		return err
	}
	p.Shell = r.shell("azure", "Azure in "+view.MonthName(month))
	return r.page(w, http.StatusOK, view.AzureMonth(p))
}

// azureSheet has the customers of a month.
func (r *request) azureSheet(f store.AzureFilter) sheet.Table {
	return sheet.Table{Name: "azure-" + string(f.Month), Columns: azureColumns(), Rows: spread(r, func(p store.Page) (store.Listed[store.AzureRow], error) {
		f.Page = p
		return r.s.Store.AzureCustomers(r.Context(), r.org.ID, f)
	}, azureRecords)}
}

// earlierSheet has a customer's month and those before it, newest first.
func earlierSheet(d store.AzureDetail) sheet.Table {
	records := azureRecords(d.AzureRow)
	for _, row := range d.Earlier {
		records = append(records, azureRecords(row)...)
	}
	return sheet.Table{Name: "months-" + string(d.Month), Columns: azureColumns(), Rows: sheet.Rows(records)}
}

func azureColumns() []sheet.Column {
	return slices.Concat(sheet.Text("month", "customer_id", "customer", "state"), numbers("charges", "waiting", "held"), sheet.Text("currency"),
		numbers("usage", "cost", "price", "margin"))
}

// azureRecords are a row per currency.
func azureRecords(row store.AzureRow) [][]string {
	var records [][]string
	for _, c := range currencies(row.Usage, row.Cost, row.Price) {
		records = append(records, append([]string{string(row.Month), string(row.CustomerID), row.CustomerName, string(row.State), strconv.Itoa(row.Charges),
			strconv.Itoa(row.Waiting), strconv.Itoa(row.Held), string(c)}, figures(row.Usage, row.Figures, c)...))
	}
	return records
}

func approveAzure(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	month, err := r.month()
	if err != nil {
		return err
	}
	back := r.path("azure", string(month))
	var customers []billing.CustomerID
	for _, id := range r.PostForm["customer"] {
		customers = append(customers, billing.CustomerID(id))
	}
	if r.text("what") != "all" && len(customers) == 0 {
		return r.refused(w, back, fault.Invalidf("no customer is selected").Do("tick customers, or approve the whole month"))
	}
	if r.text("what") == "all" {
		customers = nil
	}
	waiting, err := r.s.Store.AzureApprovals(r.Context(), r.org.ID, month, customers...)
	if err != nil {
		return err
	}
	if len(waiting) == 0 {
		return r.doneWith(w, back, view.Notice{Tone: "info", Text: "Nothing of this waits for approval any more."})
	}
	p, err := r.azureQuestion(month, waiting)
	if err != nil {
		return r.refused(w, back, err)
	}
	switch {
	case !r.confirmed():
		return r.page(w, http.StatusOK, view.Decide(p))
	case !slices.Equal(r.PostForm["plan"], seenPlans(waiting)):
		p.Shell.Notice = view.Notice{Tone: "bad", Text: "Nothing was approved: what waits for approval has changed since you looked.",
			Remedy: "Look at the numbers below and confirm them, or go back to the month."}
		return r.page(w, http.StatusConflict, view.Decide(p))
	}
	return r.approveMonth(w, back, waiting)
}

// seenPlans names what was looked at: a run, its plan, and how many of its changes.
func seenPlans(waiting []store.AzureApproval) []string {
	var all []string
	for _, a := range waiting {
		all = append(all, strings.Join([]string{string(a.Run), a.Fingerprint, strconv.Itoa(len(a.ChangeIDs))}, ":"))
	}
	return all
}

// azureQuestion asks whether the charges of a month shall be approved, with the numbers of each plan they are in.
func (r *request) azureQuestion(month billing.Month, waiting []store.AzureApproval) (view.DecidePage, error) {
	p := view.DecidePage{Action: r.path("azure", string(month), "approve"), Back: r.path("azure", string(month)), Values: carried(r.PostForm, "what", "customer"),
		Text:   "Approved charges are written to Autotask when somebody applies the run they are in. What a charge needs first, such as its contract, is approved with it.",
		Crumbs: []view.Crumb{{Label: "Azure", Href: r.path("azure")}, {Label: view.MonthName(month), Href: r.path("azure", string(month))}}}
	total, policies := 0, map[string]int{}
	for i, a := range waiting {
		weight, err := r.s.Engine.WeighApproval(r.Context(), r.org, a.Run, engine.Choice{Changes: a.ChangeIDs, Fingerprint: a.Fingerprint}, r.by())
		if err != nil {
			return p, err
		}
		total += weight.Changes
		for policy, n := range weight.Policies {
			policies[policy] += n
		}
		p.Lines = append(p.Lines, "Run "+string(a.Run)+": "+view.Plural(weight.Changes, "change", "changes")+customersText(weight.Customers)+", "+view.EffectText(weight.Effect))
		p.Values = append(p.Values, view.Carried{Name: "plan", Value: seenPlans(waiting)[i]})
	}
	for _, policy := range slices.Sorted(maps.Keys(policies)) {
		p.Notes = append(p.Notes, view.Carried{Name: policy, Value: view.Plural(policies[policy], "change", "changes")})
	}
	p.Title = "Approve Azure of " + view.MonthName(month) + "?"
	p.Button = "Approve " + view.Plural(total, "change", "changes")
	p.Shell = r.shell("azure", p.Title)
	return p, nil
}

func (r *request) approveMonth(w http.ResponseWriter, back string, waiting []store.AzureApproval) error {
	total := 0
	var runs []string
	for _, a := range waiting {
		approved, _, err := r.s.Engine.Approve(r.Context(), r.org, a.Run, engine.Choice{Changes: a.ChangeIDs, Fingerprint: a.Fingerprint, Reason: r.text("reason")}, r.by())
		if err != nil {
			return r.refused(w, back, err)
		}
		total += approved
		runs = append(runs, "run "+string(a.Run))
	}
	return r.doneWith(w, back, view.Notice{Tone: "good", Text: "Approved " + view.Plural(total, "change", "changes") + ".",
		Remedy: "To write them to Autotask, apply " + strings.Join(runs, " and ") + " in Plans & runs."})
}

func azureCustomer(w http.ResponseWriter, r *request) error {
	month, err := r.month()
	if err != nil {
		return err
	}
	list := r.list(r.path("azure", string(month), string(r.customerID())), "group", "subscription")
	filter := store.AzureUsageFilter{Customer: r.customerID(), Month: month, ResourceGroup: list.Get("group"), Azure: billing.AzureSubscriptionID(list.Get("subscription"))}
	detail, err := r.s.Store.AzureCustomer(r.Context(), r.org.ID, filter.Customer, month)
	if err != nil {
		return err
	}
	days, err := r.s.Store.AzureDays(r.Context(), r.org.ID, month, filter.Customer)
	if err != nil {
		return err
	}
	if as := r.URL.Query().Get("as"); as != "" {
		return r.exportOne(w, as, map[string]sheet.Table{"": r.usageSheet(filter), "charges": chargesSheet(detail),
			"groups": groupsSheet("resource-groups-"+string(month), detail.Groups), "days": daysSheet(month, days),
			"months": earlierSheet(detail)})
	}
	filter.Page = store.Page{Number: list.Page, Size: list.Size}
	usage, err := r.s.Store.AzureUsage(r.Context(), r.org.ID, filter)
	if err != nil {
		return err
	}
	settings, err := r.s.Store.Settings(r.Context(), r.org.ID)
	if err != nil {
		return err
	}
	if err := r.counted(&list, usage.Total); err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.AzureCustomer(view.AzureCustomerPage{
		From:  settings.BillFrom,
		Shell: r.shell("azure", detail.CustomerName+", "+view.MonthName(month)), Detail: detail, List: list, Usage: usage.Rows, Days: days,
	}))
}

// chargesSheet has a row per charge of a customer's month and currency.
func chargesSheet(d store.AzureDetail) sheet.Table {
	var records [][]string
	for _, c := range d.Lines {
		held := ""
		if c.Held {
			held = "yes"
		}
		for _, currency := range orNone(currencies(c.Figures.Cost, c.Figures.Price)) {
			records = append(records, slices.Concat([]string{string(d.Month), c.Key, c.Name, c.Description, c.ContractName, string(c.State), held, c.Date.String(), string(currency)},
				costPriceMargin(c.Figures, currency), []string{c.PriceRule, string(c.ChargeID), string(c.ChangeRun), c.ChangeID, string(c.ChangeState)}))
		}
	}
	columns := slices.Concat(sheet.Text("month", "key", "charge", "description", "contract", "state", "held", "date", "currency"), numbers("cost", "price", "margin"),
		sheet.Text("price_rule", "autotask_id", "run", "change", "change_state"))
	return sheet.Table{Name: "charges-" + string(d.Month), Columns: columns, Rows: sheet.Rows(records)}
}

// daysSheet has a row per day of use and currency.
func daysSheet(month billing.Month, days []store.AzureDay) sheet.Table {
	var records [][]string
	for _, d := range days {
		for _, a := range d.Cost.Amounts() {
			records = append(records, []string{d.Day.String(), string(a.Currency()), a.Number()})
		}
	}
	return sheet.Table{Name: "days-" + string(month), Columns: append(sheet.Text("day", "currency"), numbers("usage")...), Rows: sheet.Rows(records)}
}

func (r *request) usageSheet(f store.AzureUsageFilter) sheet.Table {
	columns := slices.Concat(sheet.Text("azure_subscription_id", "azure_subscription", "resource_group", "meter_category", "product_id", "sku_id", "first_day", "last_day"),
		numbers("rows", "quantity"), sheet.Text("unit"), numbers("cost"), sheet.Text("currency"))
	return sheet.Table{Name: "usage-" + string(f.Month), Columns: columns, Rows: pages(r, func(p store.Page) (store.Listed[billing.UsageGroup], error) {
		f.Page = p
		return r.s.Store.AzureUsage(r.Context(), r.org.ID, f)
	}, func(g billing.UsageGroup) []string {
		return []string{string(g.AzureSubscriptionID), g.AzureSubscriptionName, g.ResourceGroup, g.MeterCategory, g.ProductID, g.SKUID, g.FirstDay.String(), g.LastDay.String(),
			strconv.FormatInt(g.Rows, 10), g.Quantity.String(), g.Unit, g.Cost.Number(), string(g.Cost.Currency())}
	})}
}
