package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/job"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/sheet"
	"spindle/internal/store"
	"spindle/internal/web/view"
)

func runRoutes() []route {
	return []route{
		{"GET /o/{org}/runs", in(account.View), runs},
		{"POST /o/{org}/runs", in(account.Plan), startPlan},
		{"GET /o/{org}/runs/{run}", in(account.View), showRun},
		{"GET /o/{org}/runs/{run}/events", in(account.View), runEvents},
		{"POST /o/{org}/runs/{run}/decide", in(account.Approve), decideRun},
		{"GET /o/{org}/runs/{run}/apply", in(account.Apply), askApply},
		{"POST /o/{org}/runs/{run}/apply", in(account.Apply), applyRun},
		{"GET /o/{org}/runs/{run}/findings", in(account.View), runFindings},
		{"GET /o/{org}/runs/{run}/changes/{change}", in(account.View), showChange},
	}
}

// runID reads the run from the address.
func (r *request) runID() store.RunID { return store.RunID(r.PathValue("run")) }

func (r *request) runPath(id store.RunID, parts ...string) string {
	return r.path(append([]string{"runs", string(id)}, parts...)...)
}

func runs(w http.ResponseWriter, r *request) error {
	if as := r.URL.Query().Get("as"); as != "" {
		return r.export(w, as, r.runsSheet())
	}
	p, err := r.runsPage("")
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.Runs(p))
}

// runsPage reads the list; customer is what was typed into the form for one customer.
func (r *request) runsPage(customer string) (view.RunsPage, error) {
	list := r.list(r.path("runs"), "state")
	found, err := r.s.Store.RunList(r.Context(), r.org.ID, store.RunListFilter{
		States: view.RunStates(list.Get("state")), Page: store.Page{Number: list.Page, Size: list.Size},
	})
	if err != nil {
		return view.RunsPage{}, err
	}
	if err := r.counted(&list, found.Total); err != nil {
		return view.RunsPage{}, err
	}
	return view.RunsPage{Shell: r.shell("runs", "Plans & runs"), List: list, Rows: found.Rows,
		Any: found.Total > 0 || list.Get("state") != "",
		Customer: view.Field{Name: "customer", Label: "Customer", Value: customer, Required: true,
			Help: "Name, an unmistakable part of it, or the Microsoft tenant id."},
		Offline: view.Field{Name: "offline", Label: "Plan from what was read last, without asking Microsoft again", Type: "checkbox", Checked: r.on("offline")},
	}, nil
}

// runsSheet has a row per run and currency; a run that moves no money has one row without any.
func (r *request) runsSheet() sheet.Table {
	states := view.RunStates(r.URL.Query().Get("state"))
	columns := slices.Concat(sheet.Text("run", "state", "note", "created_at_utc", "created_by", "trigger", "customers"), numbers("changes", "held", "findings"),
		sheet.Text("currency"), numbers("recurring_month", "recurring_quarter", "recurring_half_year", "recurring_year", "charges", "prorated"))
	return sheet.Table{Name: "runs", Columns: columns, Rows: spread(r, func(p store.Page) (store.Listed[store.RunRow], error) {
		return r.s.Store.RunList(r.Context(), r.org.ID, store.RunListFilter{States: states, Page: p})
	}, runRecords)}
}

func runRecords(row store.RunRow) [][]string {
	var customers []string
	for _, c := range row.Scope.Customers {
		customers = append(customers, string(c))
	}
	per := map[billing.PeriodType]money.Totals{}
	sums := []money.Totals{row.Effect.OneOff, row.Effect.Proration}
	for _, e := range row.Effect.Recurring {
		per[e.Period] = e.Money
		sums = append(sums, e.Money)
	}
	var records [][]string
	for _, c := range orNone(currencies(sums...)) {
		record := []string{string(row.ID), string(row.State), row.Note, moment(row.CreatedAt), row.CreatedBy, row.Scope.Trigger,
			strings.Join(customers, " "), strconv.Itoa(row.Changes), strconv.Itoa(row.Held), strconv.Itoa(row.Findings), string(c)}
		for _, t := range []money.Totals{per[billing.PeriodMonth], per[billing.PeriodQuarter], per[billing.PeriodHalfYear], per[billing.PeriodYear], row.Effect.OneOff, row.Effect.Proration} {
			text := ""
			if c != "" {
				text = t.In(c).Number()
			}
			record = append(record, text)
		}
		records = append(records, record)
	}
	return records
}

// startPlan queues a plan for all customers, or for the one that was named.
func startPlan(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	o := engine.PlanOptions{Offline: r.on("offline")}
	if name := r.text("customer"); name != "" || r.text("one") != "" {
		customer, err := r.oneCustomer(name)
		if err != nil {
			return r.startAgain(w, name, err)
		}
		o.Customer = customer
	}
	run, err := r.s.Engine.StartPlan(r.Context(), r.org, o, r.by())
	if err != nil {
		return err
	}
	r.nudge(job.RunSync{OrganizationID: string(r.org.ID), RunID: string(run.ID)})
	http.Redirect(w, r.Request, r.runPath(run.ID), http.StatusSeeOther)
	return nil
}

func (r *request) oneCustomer(name string) (billing.CustomerID, error) {
	if name == "" {
		return "", fault.Invalidf("no customer was named").Do("write the name of one, or start a plan for all")
	}
	c, err := r.s.Engine.FindCustomer(r.Context(), r.org, name)
	return c.ID, err
}

// startAgain shows the form once more with what is wrong about the customer.
func (r *request) startAgain(w http.ResponseWriter, name string, err error) error {
	if k := fault.KindOf(err); k != fault.KindInvalid && k != fault.KindNotFound {
		return err
	}
	p, broken := r.runsPage(name)
	if broken != nil {
		return broken
	}
	p.Customer.Error = err.Error() + remedyAfter(fault.Remedy(err))
	return r.again(w, view.Runs(p))
}

// nudge asks for work. The stored state is the truth and the sweep finds what no nudge reached, so a lost one is no error.
func (r *request) nudge(args job.Args) {
	if r.s.Nudge == nil {
		return
	}
	if err := r.s.Nudge(context.WithoutCancel(r.Context()), args); err != nil {
		r.s.Log.WarnContext(r.Context(), "could not nudge a job", "kind", args.Kind(), "error", err)
	}
}

// live reports whether a run goes on by itself.
func live(s store.RunState) bool {
	return s == store.RunQueued || s == store.RunReading || s == store.RunApplying
}

// groupsSize is how many contracts a page of a plan shows, groupRows how many changes of each.
const (
	groupsSize = 20
	groupRows  = 50
)

func showRun(w http.ResponseWriter, r *request) error {
	seen := r.s.Now()
	run, err := r.s.Store.RunSummary(r.Context(), r.org.ID, r.runID())
	if err != nil {
		return err
	}
	list := r.list(r.runPath(run.ID), "kind", "state", "customer", "contract", "group")
	filter := changeFilter(list)
	if as := r.URL.Query().Get("as"); as != "" {
		if r.URL.Query().Get("of") == "sources" {
			return r.exportSources(w, as, run.ID)
		}
		return r.export(w, as, r.changesSheet(run.ID, filter))
	}
	p := view.RunPage{Shell: r.shell("runs", "Run "+string(run.ID)), Run: run, List: list, Live: live(run.State), Seen: strconv.FormatInt(seen.UnixMicro(), 10)}
	if run.State.Finished() {
		p.Undecidable = "run " + string(run.ID) + " is over"
	}
	if run.State == store.RunSuperseded {
		if p.Newer, err = r.newerPlan(run.ID); err != nil {
			return err
		}
	}
	switch {
	case p.Live:
		p.Progress, err = r.progress(run.ID)
	case !run.PlannedAt.IsZero():
		err = r.changesOf(&p, filter)
	}
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.Run(p))
}

// changeFilter reads the filters of the address.
func changeFilter(l view.List) store.PlanChangeFilter {
	f := store.PlanChangeFilter{Query: l.Get("q"), Kind: plan.ChangeKind(l.Get("kind")), Customer: billing.CustomerID(l.Get("customer"))}
	if state := l.Get("state"); state == "held" {
		f.HeldOpen = true
	} else {
		f.State = store.ChangeStateKind(state)
	}
	if l.Get("group") != "" {
		f.Group, f.Customer = &store.PlanGroupKey{Customer: f.Customer, Contract: l.Get("contract")}, ""
	}
	return f
}

// newerPlan finds the newest plan after a run; "" when there is none.
func (r *request) newerPlan(id store.RunID) (store.RunID, error) {
	found, err := r.s.Store.RunList(r.Context(), r.org.ID, store.RunListFilter{Page: store.Page{Size: groupsSize}})
	if err != nil {
		return "", err
	}
	for _, run := range found.Rows {
		if run.ID == id {
			break
		}
		if !run.PlannedAt.IsZero() {
			return run.ID, nil
		}
	}
	return "", nil
}

// changesOf reads the part of a plan that the page shows: contracts with their changes, or single changes when something is looked for.
func (r *request) changesOf(p *view.RunPage, f store.PlanChangeFilter) error {
	if p.Flat = f.Query != "" || f.Kind != "" || f.Group != nil; p.Flat {
		return r.flatChanges(p, f)
	}
	if p.List.Get("size") == "" {
		p.List.Size = groupsSize
	}
	groups, err := r.s.Store.PlanGroups(r.Context(), r.org.ID, p.Run.ID, store.PlanGroupFilter{
		Customer: f.Customer, State: f.State, HeldOpen: f.HeldOpen, Page: store.Page{Number: p.List.Page, Size: p.List.Size},
	})
	if err != nil {
		return err
	}
	if err := r.counted(&p.List, groups.Total); err != nil {
		return err
	}
	keys := make([]store.PlanGroupKey, 0, len(groups.Rows))
	for _, g := range groups.Rows {
		keys = append(keys, g.PlanGroupKey)
	}
	changes, err := r.s.Store.PlanGroupChanges(r.Context(), r.org.ID, p.Run.ID, keys, f, groupRows)
	if err != nil {
		return err
	}
	for _, g := range groups.Rows {
		found := changes[g.PlanGroupKey]
		p.Groups = append(p.Groups, view.RunGroup{PlanGroup: g, Rows: found.Rows, More: found.Total - len(found.Rows)})
	}
	if f.Customer != "" && len(p.Groups) > 0 {
		p.Chosen = "changes of " + p.Groups[0].CustomerName
	}
	return nil
}

// flatChanges lists single changes; neighbours on one contract stand together.
func (r *request) flatChanges(p *view.RunPage, f store.PlanChangeFilter) error {
	f.Page = store.Page{Number: p.List.Page, Size: p.List.Size}
	found, err := r.s.Store.PlanChanges(r.Context(), r.org.ID, p.Run.ID, f)
	if err != nil {
		return err
	}
	if err := r.counted(&p.List, found.Total); err != nil {
		return err
	}
	for _, c := range found.Rows {
		key := store.PlanGroupKey{Customer: c.Change.CustomerID, Contract: c.Change.Contract.String()}
		if last := len(p.Groups) - 1; last >= 0 && p.Groups[last].PlanGroupKey == key {
			p.Groups[last].Rows = append(p.Groups[last].Rows, c)
			continue
		}
		p.Groups = append(p.Groups, view.RunGroup{Rows: []store.ChangeState{c},
			PlanGroup: store.PlanGroup{PlanGroupKey: key, CustomerName: c.Change.Customer, ContractName: c.Change.ContractName}})
	}
	if f.Group != nil && len(found.Rows) > 0 {
		p.Chosen = "changes of " + found.Rows[0].Change.Customer + " on " + found.Rows[0].Change.ContractName
	}
	return nil
}

// changesSheet has the columns of the command line's export.
func (r *request) changesSheet(id store.RunID, f store.PlanChangeFilter) sheet.Table {
	return sheet.Table{Name: "plan-" + string(id), Columns: columnsOf(engine.PlanColumns(), engine.PlanNumbers()), Rows: pages(r, func(p store.Page) (store.Listed[store.ChangeState], error) {
		f.Page = p
		return r.s.Store.PlanChanges(r.Context(), r.org.ID, id, f)
	}, engine.PlanRecord)}
}

// columnsOf names the columns of a table and says which are numbers.
func columnsOf(names, numbers []string) []sheet.Column {
	columns := sheet.Text(names...)
	for i, c := range columns {
		columns[i].Number = slices.Contains(numbers, c.Name)
	}
	return columns
}

// exportSources writes what the command line exports as lines.
func (r *request) exportSources(w http.ResponseWriter, as string, id store.RunID) error {
	records, err := r.s.Engine.SourceLines(r.Context(), r.org, id)
	if err != nil {
		return err
	}
	return r.export(w, as, sheet.Table{Name: "sources-" + string(id), Columns: columnsOf(engine.SourceLineColumns(), engine.SourceLineNumbers()), Rows: sheet.Rows(records)})
}

func showChange(w http.ResponseWriter, r *request) error {
	run, err := r.s.Store.Run(r.Context(), r.org.ID, r.runID())
	if err != nil {
		return err
	}
	proof, err := r.s.Store.PlanChange(r.Context(), r.org.ID, run.ID, r.PathValue("change"))
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.Change(view.ChangePage{Shell: r.shell("runs", proof.Change.What), Run: run, Proof: proof}))
}

func runFindings(w http.ResponseWriter, r *request) error {
	run, err := r.s.Store.Run(r.Context(), r.org.ID, r.runID())
	if err != nil {
		return err
	}
	list := r.list(r.runPath(run.ID, "findings"))
	read := func(p store.Page) (store.Listed[billing.Finding], error) {
		return r.s.Store.PlanFindings(r.Context(), r.org.ID, run.ID, p)
	}
	if as := r.URL.Query().Get("as"); as != "" {
		return r.export(w, as, sheet.Table{Name: "findings-" + string(run.ID),
			Columns: append(sheet.Text("kind", "customer_id", "customer", "message", "remedy", "currency"), sheet.Column{Name: "at_stake", Number: true}),
			Rows: pages(r, read, func(f billing.Finding) []string {
				return []string{string(f.Kind), string(f.CustomerID), f.Customer, f.Message, f.Remedy, string(f.Money.Currency()), f.Money.Number()}
			})})
	}
	found, err := read(store.Page{Number: list.Page, Size: list.Size})
	if err != nil {
		return err
	}
	if err := r.counted(&list, found.Total); err != nil {
		return err
	}
	if found.Total == len(found.Rows) { // all on one page, as mostly
		found.Rows = engine.RankFindings(found.Rows)
	}
	for i, f := range found.Rows {
		found.Rows[i].Remedy = sentence(f.Remedy)
	}
	excluded, err := r.s.Engine.Excluded(r.Context(), r.org, run.ID)
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.RunFindings(view.FindingsPage{Excluded: excluded, Shell: r.shell("runs", "Findings of run "+string(run.ID)), Run: run, List: list, Rows: found.Rows}))
}
