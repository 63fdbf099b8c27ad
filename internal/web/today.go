package web

import (
	"context"
	"net/http"
	"net/url"
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

func todayRoutes() []route {
	return []route{
		{"GET /o/{org}", in(account.View), today},
		{"GET /o/{org}/today", in(account.View), today},
		{"POST /o/{org}/findings/decide", in(account.Decide), decideFinding},
	}
}

func today(w http.ResponseWriter, r *request) error {
	if as := r.URL.Query().Get("as"); as != "" {
		months, err := r.s.Store.MonthTotals(r.Context(), r.org.ID, monthsKept)
		if err != nil {
			return err
		}
		return r.exportOne(w, as, map[string]sheet.Table{"": r.findingsSheet(findingFilter(r.findingList())), "months": totalsSheet(months)})
	}
	v, err := r.todayView(r.findingList())
	if err != nil {
		return err
	}
	return r.page(w, http.StatusOK, view.TodayPage(r.shell("today", "Today"), v))
}

func (r *request) findingList() view.List { return r.list(r.path("today"), findingFilters()...) }

func findingFilters() []string { return []string{"kind", "state"} }

func findingFilter(l view.List) store.FindingFilter {
	return store.FindingFilter{Kind: billing.FindingKind(l.Get("kind")), State: store.FindingState(l.Get("state")), Query: l.Get("q")}
}

// monthsShown is how many months the chart of cost, price and margin has; monthsKept is how many its file has.
const (
	monthsShown = 13
	monthsKept  = 120
)

// totalsSheet has a row per month and currency: what recurs, what was charged, and both together.
func totalsSheet(months []store.MonthTotal) sheet.Table {
	var records [][]string
	for _, m := range months {
		sum := view.MonthSum(m)
		for _, c := range currencies(sum.Cost, sum.Price) {
			records = append(records, slices.Concat([]string{string(m.Month), string(m.Run), strconv.Itoa(m.Lines), strconv.Itoa(m.Unpriced), string(c)},
				costPriceMargin(m.Recurring, c), costPriceMargin(m.Charges, c), costPriceMargin(sum, c)))
		}
	}
	columns := slices.Concat(sheet.Text("month", "run"), numbers("lines", "lines_without_price"), sheet.Text("currency"),
		numbers("recurring_cost", "recurring_price", "recurring_margin", "charges_cost", "charges_price", "charges_margin", "cost", "price", "margin"))
	return sheet.Table{Name: "months", Columns: columns, Rows: sheet.Rows(records)}
}

func (r *request) todayView(list view.List) (view.Today, error) {
	v := view.Today{}
	for _, read := range []func(context.Context, *view.Today) error{r.todaySteps, r.todayRuns, r.todayMonths} {
		if err := read(r.Context(), &v); err != nil {
			return v, err
		}
	}
	var err error
	if v.Systems, err = r.systemRows(); err != nil {
		return v, err
	}
	v.Budget, v.BudgetNote = r.budget()
	return v, r.todayFindings(&v, list)
}

// todaySteps shows the set-up as long as there is no plan.
func (r *request) todaySteps(ctx context.Context, v *view.Today) error {
	planned, err := r.s.Engine.Planned(ctx, r.org)
	if err != nil || planned {
		return err
	}
	steps, err := r.s.Engine.SetupSteps(ctx, r.org)
	if err != nil {
		return err
	}
	v.Steps = r.stepRows(steps)
	if next, found := engine.NextStep(steps); found {
		row := r.stepRow(next)
		v.Next = &row
	}
	return nil
}

func (r *request) todayRuns(ctx context.Context, v *view.Today) error {
	last, err := r.s.Store.RunList(ctx, r.org.ID, store.RunListFilter{Page: store.Page{Size: 1}})
	if err != nil {
		return err
	}
	if len(last.Rows) > 0 {
		v.Last = &last.Rows[0]
	}
	waiting, found, err := r.s.Engine.WaitingPlan(ctx, r.org)
	if err != nil {
		return err
	}
	if found && waiting.States[store.ChangeProposed]+waiting.States[store.ChangeApproved] > 0 {
		v.Waiting = &waiting
	}
	next, err := r.s.Engine.NextRun(ctx, r.org)
	if err == nil && !next.IsZero() {
		v.NextRun = view.When(next)
	}
	return err
}

func (r *request) todayMonths(ctx context.Context, v *view.Today) error {
	var err error
	if v.Months, err = r.s.Store.MonthTotals(ctx, r.org.ID, monthsShown); err != nil || len(v.Months) == 0 {
		return err
	}
	v.Month = &v.Months[len(v.Months)-1]
	v.Sum = view.MonthSum(*v.Month)
	return nil
}

func (r *request) todayFindings(v *view.Today, list view.List) error {
	filter := findingFilter(list)
	filter.Page = store.Page{Number: list.Page, Size: list.Size}
	found, err := r.s.Store.Findings(r.Context(), r.org.ID, filter)
	if err != nil {
		return err
	}
	if err := r.counted(&list, found.Total); err != nil {
		return err
	}
	v.List, v.AtStake = list, found.AtStake
	v.Kinds = []view.Option{{Value: "", Label: "All"}}
	var kinds []billing.FindingKind
	for kind, n := range found.Kinds {
		v.Open += n
		kinds = append(kinds, kind)
	}
	if chosen := filter.Kind; chosen != "" && !slices.Contains(kinds, chosen) {
		kinds = append(kinds, chosen)
	}
	slices.SortFunc(kinds, func(a, b billing.FindingKind) int { return strings.Compare(view.FindingWord(a), view.FindingWord(b)) })
	for _, kind := range kinds {
		v.Kinds = append(v.Kinds, view.Option{Value: string(kind), Label: view.FindingWord(kind) + " (" + view.Count(found.Kinds[kind]) + ")"})
	}
	for _, f := range found.Rows {
		v.Findings = append(v.Findings, r.findingItem(f))
	}
	if found.Kinds[billing.FindingIncomplete] > 0 {
		for i, s := range v.Systems {
			if s.Tone == view.Good {
				v.Systems[i].Tone, v.Systems[i].Word = view.Warn, "connected, last read with gaps"
				v.Systems[i].Href, v.Systems[i].Action = r.path("health"), "Check"
			}
		}
	}
	return nil
}

func (r *request) findingItem(f store.FindingRow) view.FindingItem {
	return view.FindingItem{FindingRow: f, Kind: view.FindingWord(f.Kind), Remedy: sentence(f.Remedy), Action: r.findingAction(f)}
}

// findingAction is the one page or form that mends a finding.
func (r *request) findingAction(f store.FindingRow) view.Crumb {
	customer := r.path("customers")
	if f.CustomerID != "" {
		customer = r.path("customers", string(f.CustomerID))
	}
	ruled, isRule := strings.CutPrefix(f.Subject, "rule/")
	switch f.Kind {
	case billing.FindingUnmapped:
		return view.Crumb{Label: "Map the customer", Href: customer}
	case billing.FindingNotEnabled:
		return view.Crumb{Label: "Switch billing on", Href: customer}
	case billing.FindingNoRoute, billing.FindingContractGone, billing.FindingContractEnds:
		return view.Crumb{Label: "Choose the contract", Href: customer}
	case billing.FindingServiceGone, billing.FindingPeriodMismatch:
		return view.Crumb{Label: "Choose the service", Href: customer}
	case billing.FindingNoCost, billing.FindingNoPrice, billing.FindingBelowCost, billing.FindingCurrency:
		if isRule {
			return view.Crumb{Label: "Correct the rule", Href: r.path("prices") + "?edit=" + ruled + "#rule"}
		}
		if f.CustomerID != "" {
			return view.Crumb{Label: "Set the price", Href: customer}
		}
		return view.Crumb{Label: "Set the price", Href: r.path("prices")}
	case billing.FindingIncomplete:
		return view.Crumb{Label: "Check the connection", Href: r.path("health")}
	case billing.FindingSettings:
		return view.Crumb{Label: "Complete the settings", Href: r.path("setup", "service")}
	case billing.FindingUsageMissing, billing.FindingTotals, billing.FindingUnknownCharge:
		return view.Crumb{Label: "Look at the imports", Href: r.path("setup", "microsoft")}
	case billing.FindingDrift, billing.FindingUnmarked:
		return view.Crumb{Label: "Decide in the plan", Href: r.planOf(f)}
	case billing.FindingPosted, billing.FindingUnbilled:
		return view.Crumb{Label: "Look at the line", Href: r.lineOf(f)}
	case billing.FindingUnknownSub, billing.FindingCustomerGone:
		return view.Crumb{Label: "Look at the customer", Href: customer}
	}
	return view.Crumb{}
}

// planOf leads to the change that a finding is about: approving it restores, rejecting it keeps.
func (r *request) planOf(f store.FindingRow) string {
	path := r.path("runs", string(f.Run))
	if f.CustomerID != "" {
		path += "?customer=" + string(f.CustomerID)
	}
	return path
}

// lineOf leads to the proof of the line that a finding's subject begins with; some add a day to it.
func (r *request) lineOf(f store.FindingRow) string {
	key := f.Subject
	if at := strings.LastIndexByte(key, '/'); at > 0 {
		if _, err := billing.ParseDate(key[at+1:]); err == nil {
			key = key[:at]
		}
	}
	return r.path("lines", key)
}

func (r *request) findingsSheet(f store.FindingFilter) sheet.Table {
	columns := slices.Concat(sheet.Text("kind", "state", "customer_id", "customer", "message", "remedy", "currency"), numbers("at_stake"),
		sheet.Text("first_at_utc", "last_at_utc", "run", "decided_by", "decided_at_utc", "until", "note", "reopened"))
	return sheet.Table{Name: "findings", Columns: columns, Rows: pages(r, func(p store.Page) (store.Listed[store.FindingRow], error) {
		f.Page = p
		found, err := r.s.Store.Findings(r.Context(), r.org.ID, f)
		return found.Listed, err
	}, func(f store.FindingRow) []string {
		until := ""
		if !f.Until.IsZero() {
			until = f.Until.String()
		}
		return []string{string(f.Kind), string(f.State), string(f.CustomerID), f.Customer, f.Message, inConsole(f.Remedy), string(f.Money.Currency()), f.Money.Number(),
			moment(f.FirstAt), moment(f.LastAt), string(f.Run), f.By, moment(f.DecidedAt), until, f.Note, f.Reopened}
	})}
}

// decideFinding keeps what a person makes of a finding.
func decideFinding(w http.ResponseWriter, r *request) error {
	if err := r.readForm(w); err != nil {
		return err
	}
	back := local(r.text("back"))
	if back != r.path("today") && !strings.HasPrefix(back, r.path("today")+"?") {
		back = r.path("today")
	}
	decision := store.FindingDecision{State: store.FindingState(r.text("decision")), Note: r.text("note"), Version: r.text("version")}
	var err error
	if decision.State == store.FindingSnoozed {
		decision.Until, err = snoozeDay(r.text("until"))
	}
	if err == nil {
		err = r.s.Store.DecideFinding(r.Context(), r.org.ID, r.text("id"), decision, r.by())
	}
	switch {
	case err == nil:
		return r.done(w, back, decidedWords(decision))
	case fault.Is(err, fault.KindInvalid):
		return r.decideAgain(w, back, err)
	}
	return r.refused(w, back, err)
}

func snoozeDay(text string) (billing.Date, error) {
	if text == "" {
		return billing.Date{}, fault.Invalidf("to snooze a finding, choose the day it comes back").WithField("until")
	}
	day, err := billing.ParseDate(text)
	if err != nil {
		return day, fault.Invalidf("%q is no day", text).WithField("until").Do("write it as 2026-12-31")
	}
	return day, nil
}

func decidedWords(d store.FindingDecision) string {
	switch d.State {
	case store.FindingDone:
		return "Marked as done. It comes back if a later plan finds something else about it."
	case store.FindingIgnored:
		return "Ignored. It comes back if its text or its money changes."
	case store.FindingSnoozed:
		return "Snoozed until " + d.Until.String() + "."
	}
	return "The finding is open again."
}

// decideAgain shows the inbox with the finding's form open, what was typed in it, and what is wrong.
func (r *request) decideAgain(w http.ResponseWriter, back string, wrong error) error {
	at, err := url.Parse(back)
	if err != nil {
		return err
	}
	v, err := r.todayView(listOf(r.path("today"), at.Query(), findingFilters()...))
	if err != nil {
		return err
	}
	item, err := r.s.Store.Finding(r.Context(), r.org.ID, r.text("id"))
	if err != nil {
		return err
	}
	i := slices.IndexFunc(v.Findings, func(f view.FindingItem) bool { return f.ID() == item.ID() })
	if i < 0 { // on another page of the list: show it first
		v.Findings, i = slices.Insert(v.Findings, 0, r.findingItem(item)), 0
	}
	f := &v.Findings[i]
	f.Editing, f.TypedDay, f.TypedNote = true, r.text("until"), r.text("note")
	fields, notice := fieldErrors(wrong)
	f.Error = fields["until"] + fields["decision"]
	notice.Details = nil
	v.Notice = notice
	return r.again(w, view.TodayPage(r.shell("today", "Today"), v))
}
