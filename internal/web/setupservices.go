package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/sheet"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

func setupServicesRoutes() []route {
	return []route{
		{"GET /o/{org}/setup/services", in(account.View), customServices},
		{"POST /o/{org}/setup/services", in(account.Import), saveCustomService},
		{"POST /o/{org}/setup/services/end", in(account.Import), endCustomServices},
		{"POST /o/{org}/setup/services/upload", in(account.Import), uploadServices},
		{"GET /o/{org}/setup/services/template", in(account.View), servicesTemplate},
	}
}

// serviceColumns are the columns of a list of custom services, and the fields of the form.
func serviceColumns() []string {
	return []string{"customer", "id", "name", "quantity", "unit_cost", "unit_price", "currency", "frequency", "start", "end"}
}

// serviceCells gives a stored service as the row of a list that would make it.
func serviceCells(c store.CustomService) map[string]string {
	cells := map[string]string{"customer": string(c.CustomerID), "id": c.Offer.SKUID, "name": c.Name, "quantity": strconv.FormatInt(c.Quantity, 10),
		"unit_cost": number(c.UnitCost), "unit_price": number(c.UnitPrice), "frequency": string(c.Offer.Frequency), "start": c.Start.String()}
	for _, m := range []*billing.UnitMoney{c.UnitPrice, c.UnitCost} {
		if m != nil {
			cells["currency"] = string(m.Currency())
		}
	}
	if !c.End.IsZero() {
		cells["end"] = c.End.AddDays(-1).String() // people write the last day
	}
	return cells
}

// serviceCustomers are the names of the customers that have custom services.
func (r *request) serviceCustomers(all []store.CustomService) (map[billing.CustomerID]string, error) {
	var ids []billing.CustomerID
	for _, s := range all {
		ids = append(ids, s.CustomerID)
	}
	slices.Sort(ids)
	return r.s.Store.CustomerNames(r.Context(), r.org.ID, slices.Compact(ids)...)
}

// serviceForm asks for a service: empty, as stored, or as typed.
func (r *request) serviceForm(cells map[string]string, was string, customers []string, errs map[string]string) []view.Field {
	frequency := func(f billing.Frequency, label string) view.Option {
		return view.Option{Value: string(f), Label: label, Selected: cells["frequency"] == string(f)}
	}
	fields := []view.Field{
		{Name: "customer", Label: "Customer", Suggestions: customers, Required: true, Disabled: was != "", Help: "Name, an unmistakable part of it, or the Microsoft tenant id."},
		{Name: "id", Label: "Id", Required: true, Disabled: was != "", Placeholder: "managed-backup", Help: "Names the service for good; several customers may have the same one."},
		{Name: "name", Label: "Name on the invoice", Required: true},
		{Name: "quantity", Label: "Quantity", InputMode: "numeric", Required: true},
		{Name: "unit_cost", Label: "Cost of one unit", InputMode: "decimal", Required: true, Help: "What one unit costs you per period; 0 if nothing."},
		{Name: "unit_price", Label: "Price of one unit", InputMode: "decimal", Help: "Empty: by the price rules."},
		{Name: "currency", Label: "Currency", Required: true, Placeholder: "EUR"},
		{Name: "frequency", Label: "Billed", Type: "select", Options: []view.Option{frequency(billing.Monthly, "monthly"), frequency(billing.Annual, "annually")}},
		{Name: "start", Label: "First day", Type: "date", Required: true},
		{Name: "end", Label: "Last day", Type: "date", Help: "Empty: until it is ended."},
	}
	for i := range fields {
		f := &fields[i]
		f.Value, f.Error, f.Autocomplete = cells[f.Name], errs[f.Name], "off"
	}
	return fields
}

func (r *request) servicesView(errs map[string]string) (view.SetupServices, error) {
	list := r.list(r.path("setup", "services"))
	v := view.SetupServices{List: list}
	all, err := r.s.Store.CustomServices(r.Context(), r.org.ID)
	if err != nil {
		return v, err
	}
	names, err := r.serviceCustomers(all)
	if err != nil {
		return v, err
	}
	offered, err := r.customersOffered()
	if err != nil {
		return v, err
	}
	query := strings.ToLower(list.Get("q"))
	var chosen []view.ServiceRow
	for _, c := range all {
		row := serviceRow(c, names)
		if query == "" || strings.Contains(strings.ToLower(row.Customer+"\n"+row.Name+"\n"+row.Key+"\n"+row.Origin), query) {
			chosen = append(chosen, row)
		}
	}
	slices.SortStableFunc(chosen, func(a, b view.ServiceRow) int {
		return strings.Compare(a.Customer+"\x00"+a.Name, b.Customer+"\x00"+b.Name)
	})
	v.List.Total = len(chosen)
	from := min((list.Page-1)*list.Size, len(chosen))
	v.Rows = chosen[from:min(from+list.Size, len(chosen))]
	cells := map[string]string{"quantity": "1", "frequency": string(billing.Monthly), "start": billing.DateOf(r.s.Now()).String()}
	_, typed := r.PostForm["was"]
	if typed {
		cells = r.typedService()
		v.Was = r.text("was")
	} else if edit := r.URL.Query().Get("edit"); edit != "" {
		v.Was, v.Open = edit, true
	}
	if at := slices.IndexFunc(all, func(c store.CustomService) bool { return v.Was != "" && string(c.ID) == v.Was }); at >= 0 {
		stored := serviceCells(all[at])
		v.Name = all[at].Name
		if !typed {
			cells = stored
		}
		cells["customer"], cells["id"] = names[all[at].CustomerID], stored["id"]
	} else {
		v.Was = ""
	}
	v.Open = v.Open || len(errs) > 0
	v.Form = r.serviceForm(cells, v.Was, offered, errs)
	v.Upload = []view.Field{
		{Name: "file", Label: "List as CSV", Type: "file", Required: true, Accept: ".csv,text/csv", Error: errs["file"]},
		{Name: "complete", Label: "The list is complete: end the services that are not in it (asks first)", Type: "checkbox"},
	}
	return v, nil
}

func serviceRow(c store.CustomService, names map[billing.CustomerID]string) view.ServiceRow {
	row := view.ServiceRow{ID: string(c.ID), Key: c.Offer.SKUID, Name: c.Name, CustomerID: string(c.CustomerID), Customer: names[c.CustomerID], Service: c,
		Quantity: view.Count(int(c.Quantity)), Billed: "monthly", Start: view.Day(c.Start), End: "open", Origin: c.Origin, Saved: c.SavedAt.UTC().Format(time.DateOnly)}
	if row.Customer == "" {
		row.Customer = "customer " + string(c.CustomerID)
	}
	if c.Offer.Frequency == billing.Annual {
		row.Billed = "annually"
	}
	if !c.End.IsZero() {
		row.End = view.Day(c.End.AddDays(-1))
	}
	return row
}

func (r *request) typedService() map[string]string {
	cells := map[string]string{}
	for _, column := range serviceColumns() {
		cells[column] = r.text(column)
	}
	return cells
}

func customServices(w http.ResponseWriter, r *request) error {
	if as := r.URL.Query().Get("as"); as != "" {
		all, err := r.s.Store.CustomServices(r.Context(), r.org.ID)
		if err != nil {
			return err
		}
		return r.export(w, as, servicesSheet(all))
	}
	v, err := r.servicesView(nil)
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.SetupServicesPage(r.shell("setup", "Custom services"), v))
}

// servicesSheet has the columns of the list that is uploaded, so that it can be changed and given back.
func servicesSheet(all []store.CustomService) sheet.Table {
	var columns []sheet.Column
	for _, name := range serviceColumns() {
		columns = append(columns, sheet.Column{Name: name, Number: slices.Contains([]string{"quantity", "unit_cost", "unit_price"}, name)})
	}
	var records [][]string
	for _, c := range all {
		cells := serviceCells(c)
		var record []string
		for _, name := range serviceColumns() {
			record = append(record, cells[name])
		}
		records = append(records, record)
	}
	return sheet.Table{Name: "custom-services", Columns: columns, Rows: sheet.Rows(records)}
}

// servicesAgain shows the page once more with what is wrong in one of its forms.
func (r *request) servicesAgain(w http.ResponseWriter, wrong error) error {
	if fault.KindOf(wrong) == fault.KindInternal {
		return wrong
	}
	fields, notice := fieldErrors(wrong)
	v, err := r.servicesView(fields)
	if err != nil {
		return err
	}
	v.Notice = notice
	if fields["file"] != "" {
		v.Open = false
	}
	return r.again(w, view.SetupServicesPage(r.shell("setup", "Custom services"), v))
}

func saveCustomService(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	service, err := r.s.Engine.SaveService(r.Context(), r.org, r.typedService(), billing.SubscriptionID(r.text("was")), r.by())
	if err != nil {
		return r.servicesAgain(w, err)
	}
	return r.done(w, r.path("setup", "services"), service.Name+" is saved. The next plan bills it once billing is on for it.")
}

// endCustomServices asks with the consequence, then ends services.
func endCustomServices(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	var ids []billing.SubscriptionID
	for _, id := range r.PostForm["service"] {
		ids = append(ids, billing.SubscriptionID(id))
	}
	back := r.path("setup", "services")
	if !r.confirmed() {
		return r.askEnd(w, ids, "")
	}
	if err := r.s.Engine.EndServices(r.Context(), r.org, ids, r.by()); err != nil {
		return r.refused(w, back, err)
	}
	return r.done(w, back, view.Plural(len(ids), "custom service has", "custom services have")+" ended. The next plan proposes what that means for Autotask.")
}

// askEnd says what it comes to that services end. done tells what was done already.
func (r *request) askEnd(w http.ResponseWriter, ids []billing.SubscriptionID, done string) error {
	all, err := r.s.Store.CustomServices(r.Context(), r.org.ID)
	if err != nil {
		return err
	}
	names, err := r.serviceCustomers(all)
	if err != nil {
		return err
	}
	back := r.path("setup", "services")
	c := view.Confirm{Text: done, Action: r.path("setup", "services", "end"), Button: "End", Danger: true, Back: back,
		Crumbs: []view.Crumb{{Label: "Setup", Href: r.path("setup")}, {Label: "Custom services", Href: back}}}
	for _, s := range all {
		if !slices.Contains(ids, s.ID) {
			continue
		}
		c.Values = append(c.Values, view.Carried{Name: "service", Value: string(s.ID)})
		if len(c.Consequences) < endsNamed {
			c.Consequences = append(c.Consequences, "Ends: "+s.Name+" of "+names[s.CustomerID]+" ("+s.Origin+")")
		}
	}
	if len(c.Values) == 0 {
		return r.refused(w, back, fault.Stalef("none of these services is there any more").Do("look at the list again"))
	}
	if more := len(c.Values) - len(c.Consequences); more > 0 {
		c.Consequences = append(c.Consequences, "and "+view.Count(more)+" more")
	}
	effect, err := r.s.Engine.ReviewEndServices(r.Context(), r.org, ids)
	if err != nil {
		return err
	}
	c.Consequences = append(c.Consequences, effect.Sentences()...)
	c.Title = "End " + view.Plural(len(c.Values), "custom service", "custom services") + "?"
	if c.Text == "" {
		c.Text = "To end it on a day of your choice instead, go back and change its last day."
	}
	return r.page(w, http.StatusOK, view.ConfirmPage(r.shell("setup", c.Title), c))
}

// endsNamed is how many services a question names.
const endsNamed = 12

// uploadServices saves a list and leads to its control report. When the list is said to be complete, services that it lacks are asked for
// after what it has was saved.
func uploadServices(w http.ResponseWriter, r *request) error {
	u, err := r.readUploads(w, "file")
	defer u.done()
	if err == nil && len(u.paths) > 1 {
		err = fault.Invalidf("more than one file").WithField("file").Do("upload one list after the other")
	}
	if err != nil {
		return r.servicesAgain(w, err)
	}
	review, err := r.s.Engine.ReviewServices(r.Context(), r.org, u.paths[0])
	if err != nil {
		return r.servicesAgain(w, inField(u.named(err), "file"))
	}
	imported, err := r.s.Engine.SaveServices(r.Context(), r.org, review, false, r.by())
	if err != nil {
		return r.servicesAgain(w, inField(u.named(err), "file"))
	}
	if u.form["complete"] == "on" && len(review.Missing) > 0 && len(review.Problems) == 0 {
		var ids []billing.SubscriptionID
		for _, s := range review.Missing {
			ids = append(ids, s.ID)
		}
		return r.askEnd(w, ids, review.File+" is saved. These services are not in it:")
	}
	http.Redirect(w, r.Request, r.path("setup", "imports", strconv.FormatInt(imported.Report.Number, 10)), http.StatusSeeOther)
	return nil
}

// inField moves faults of a file as a whole to the field it was chosen in.
func inField(err error, field string) error {
	if fault.KindOf(err) == fault.KindInternal {
		return err
	}
	var all []error
	for _, f := range fault.List(err) {
		all = append(all, fault.Invalidf("%s", f.Message).WithField(field).Do(f.Remedy))
	}
	return errors.Join(all...)
}

func servicesTemplate(w http.ResponseWriter, r *request) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="custom-services.csv"`)
	_, err := w.Write([]byte(r.s.ServicesTemplate))
	return err
}
