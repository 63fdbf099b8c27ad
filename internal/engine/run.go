package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/rating"
	"spindle/internal/store"
	"spindle/internal/target"
)

// PlanOptions choose how a run is planned.
type PlanOptions struct {
	Customer billing.CustomerID // only this customer's changes are kept; "" for all
	Trigger  string             // why the run was started: "command", "schedule"
	Offline  bool               // plan from the stored snapshots without reading the source again
}

// Planned is a stored plan.
type Planned struct {
	Run       store.Run
	Plan      plan.Plan
	Collected Collected
}

// Plan makes a run: it reads both sides, rates, compares, stores the plan and approves what the tolerance allows. A failed read ends the
// run as incomplete and keeps the last good snapshots.
func (e *Engine) Plan(ctx context.Context, org store.Organization, o PlanOptions, by string) (Planned, error) {
	run, err := e.Store.CreateRun(ctx, org.ID, by, o.scope())
	if err != nil {
		return Planned{}, err
	}
	return e.planOrFail(ctx, org, run, o)
}

// planOrFail plans a run and writes into it why it could not.
func (e *Engine) planOrFail(ctx context.Context, org store.Organization, run store.Run, o PlanOptions) (Planned, error) {
	p, err := e.planRun(ctx, org, run, o)
	if err != nil {
		state := store.RunFailed
		if k := fault.KindOf(err); k == fault.KindTransient || k == fault.KindWaitUntil {
			state = store.RunIncomplete
		}
		// The run's own end is written even when the caller has gone away.
		if noted := e.Store.SetRunState(context.WithoutCancel(ctx), org.ID, run.ID, state, err.Error()); noted != nil {
			e.Log.ErrorContext(ctx, "could not note the end of a run", "run", run.ID, "error", noted)
		}
		return Planned{}, err
	}
	return p, nil
}

func (e *Engine) planRun(ctx context.Context, org store.Organization, run store.Run, o PlanOptions) (Planned, error) {
	p := Planned{Run: run}
	if err := e.Store.SetRunState(ctx, org.ID, run.ID, store.RunReading, ""); err != nil {
		return p, err
	}
	tell := e.tell(org.ID, run.ID)
	if !o.Offline {
		collected, err := e.collect(ctx, org, tell)
		if err != nil {
			return p, err
		}
		p.Collected = collected
	}
	made, err := e.compare(ctx, org, look{customer: o.Customer, gaps: gapFindings(p.Collected.SetGaps), unread: p.Collected.Unread, tell: tell})
	if err != nil {
		return p, err
	}
	if err := e.startBilling(ctx, org, made); err != nil {
		return p, err
	}
	p.Plan = made.plan
	tell.phase(ctx, "saving the plan", 0)
	if err := e.Store.SavePlan(ctx, org.ID, run.ID, made.plan, made.desired); err != nil {
		return p, err
	}
	if err := e.approveWithin(ctx, org, run.ID, made); err != nil {
		return p, err
	}
	if len(made.plan.Changes) == 0 && made.plan.Complete {
		if err := e.Store.SetRunState(ctx, org.ID, run.ID, store.RunVerified, "in step, nothing to do"); err != nil {
			return p, err
		}
	}
	p.Run, err = e.Store.Run(ctx, org.ID, run.ID)
	return p, err
}

// comparison is one look at both sides.
type comparison struct {
	month    billing.Month // the newest closed month
	settings billing.Settings
	desired  billing.Desired
	observed billing.Observed
	plan     plan.Plan
}

// look says how to compare.
type look struct {
	customer billing.CustomerID                         // only this one; "" for all
	gaps     []billing.Finding                          // about what could not be collected
	unread   map[billing.Month][]string                 // likewise, by month
	marks    []string                                   // of charges that are read besides
	rowsFrom map[billing.ContractServiceID]billing.Date // of lines whose earlier rows are wanted
	tell     *teller
	target   target.Target // open already, with what it knows of the tenant; nil: opened here
}

// compare reads the target, rates the stored snapshots and compares.
func (e *Engine) compare(ctx context.Context, org store.Organization, l look) (comparison, error) {
	l.tell.phase(ctx, "reading what is stored", 0)
	in, memory, err := e.ratingInput(ctx, org)
	if err != nil {
		return comparison{}, err
	}
	t := l.target
	if t == nil {
		if t, err = e.Target(ctx, org); err != nil {
			return comparison{}, err
		}
	}
	l.tell.phase(ctx, "reading Autotask", 0)
	companies := companiesOf(in.Mappings, in.Directory, l.customer)
	observed, err := t.Read(ctx, target.Scope{Day: in.Day, Companies: companies, RowsFrom: l.rowsFrom,
		Contracts: append(contractsOf(in.Mappings, memory), chargedContracts(in.Day, memory)...)})
	if err != nil {
		return comparison{}, err
	}
	l.tell.phase(ctx, "working out what should be billed, and comparing", 0)
	in.Catalogue = withObserved(in.Catalogue, observed, companies)
	desired := rateMonths(in)
	desired.Findings = append(desired.Findings, l.gaps...)
	desired.Months = withUnread(desired.Months, unreadMonths(in, l.unread))
	if l.customer != "" {
		desired, memory = narrowed(desired, memory, l.customer)
	}
	compared := plan.Input{Organization: string(org.ID), Customer: l.customer, Desired: desired, Observed: observed, Memory: memory,
		Settings: in.Settings, Enabled: enabled(in.Mappings)}
	if err := lookBack(ctx, t, &compared); err != nil {
		return comparison{}, err
	}
	made, observed, err := planWithCharges(ctx, t, compared, append(chargeMarks(desired, memory), l.marks...))
	if err != nil {
		return comparison{}, err
	}
	desired.Dispositions = made.Rebook(desired.Dispositions)
	desired = rating.Withhold(desired, in.Lines, made.Shortages)
	if l.customer != "" {
		desired.Charges = keep(desired.Charges, func(c billing.DesiredCharge) bool { return slices.Contains(c.Customers(), l.customer) })
	}
	return comparison{month: in.Month, settings: in.Settings, desired: desired, observed: observed, plan: made}, e.Store.RememberShares(ctx, org.ID, plan.InStep(compared, made))
}

// gapFindings reports invoice data that could not be read: its month cannot be charged yet.
func gapFindings(gaps []billing.Gap) []billing.Finding {
	var findings []billing.Finding
	for _, g := range gaps {
		findings = append(findings, billing.Finding{Kind: billing.FindingIncomplete, Subject: g.What,
			Message: fmt.Sprintf("Could not read %s: %s. What it bills is not planned yet.", g.What, g.Why),
			Remedy:  "Run again once the connection works; spindle doctor tests it."})
	}
	return findings
}

// startBilling remembers the first month that Spindle charges, at the first plan.
func (e *Engine) startBilling(ctx context.Context, org store.Organization, made comparison) error {
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil || settings.BillFrom != "" || made.month == "" {
		return err
	}
	if made.settings.BillFrom != made.month {
		if err := e.keepMonths(ctx, org, made.month, "first plan"); err != nil {
			return err
		}
	}
	settings.BillFrom = made.settings.BillFrom
	return e.Store.SaveSettings(ctx, org.ID, settings, "first plan")
}

// rateMonths rates the newest closed month, and for its charges also the earlier ones since billing began: a month whose plan was never
// applied, or whose invoice Microsoft restated, is not forgotten (law 6).
func rateMonths(in rating.Input) billing.Desired { return rating.RateMonths(in, earlierMonths(in)) }

// earlierMonths lists the months with billed data since billing began and before the newest, newest first.
func earlierMonths(in rating.Input) []billing.Month {
	var months []billing.Month
	for set, month := range rating.SetMonths(in) {
		billed := set.Kind == billing.BilledLines || set.Kind == billing.BilledUsage
		if billed && in.Settings.BillFrom != "" && month >= in.Settings.BillFrom && month < in.Month {
			months = append(months, month)
		}
	}
	slices.Sort(months)
	months = slices.Compact(months)
	slices.Reverse(months)
	return months
}

// oldestRated is the first month whose sets are loaded.
func oldestRated(day billing.Date) billing.Month { return billing.MonthOf(day.AddMonths(-monthsRated)) }

// monthsRated is how many closed months feed costs: annual charges are found a year back.
const monthsRated = 13

func (e *Engine) ratingInput(ctx context.Context, org store.Organization) (rating.Input, plan.Memory, error) {
	in, memory, err := e.storedInput(ctx, org)
	if err != nil {
		return in, memory, err
	}
	in.Catalogue, err = e.catalogue(ctx, org)
	return in, memory, err
}

// storedInput is all of the input but the target's catalogue: it never asks anybody.
func (e *Engine) storedInput(ctx context.Context, org store.Organization) (rating.Input, plan.Memory, error) {
	in, memory, err := e.storedDecisions(ctx, org)
	if err != nil {
		return in, memory, err
	}
	return in, memory, e.addSets(ctx, org, &in)
}

// storedDecisions is the stored input without what Microsoft billed: with all subscriptions, or with those of some customers.
func (e *Engine) storedDecisions(ctx context.Context, org store.Organization, of ...billing.CustomerID) (rating.Input, plan.Memory, error) {
	in := rating.Input{Organization: string(org.ID), Day: e.Today()}
	var memory plan.Memory
	if err := sideBySide(
		func() (err error) { in.Settings, err = e.Store.Settings(ctx, org.ID); return err },
		func() (err error) { in.Mappings, err = e.Store.Mappings(ctx, org.ID); return err },
		func() (err error) { in.Directory, err = e.Store.Directory(ctx, org.ID, of...); return err },
		func() (err error) { memory, err = e.Store.Memory(ctx, org.ID); return err },
		func() (err error) { in.InvoiceMonths, in.InvoiceTotals, err = e.invoicesKnown(ctx, org); return err },
	); err != nil {
		return in, memory, err
	}
	in.LinePrices = map[string]money.Decimal{}
	for _, a := range memory.Lines {
		price := money.Decimal{} // a line whose price is not ours is known too
		if a.UnitPrice != nil {
			price = a.UnitPrice.Value()
		}
		in.LinePrices[a.LineKey] = price
	}
	return in, memory, nil
}

// sideBySide does things that do not depend on each other at the same time, and gives the first error in their order. What panics beside the
// caller would end the process, whoever serves the caller: it becomes an error.
func sideBySide(all ...func() error) error {
	errs := make([]error, len(all))
	var group sync.WaitGroup
	for i, f := range all {
		group.Go(func() {
			defer func() {
				if why := recover(); why != nil {
					errs[i] = fault.Newf(fault.KindInternal, "panic: %v\n%s", why, debug.Stack())
				}
			}()
			errs[i] = f()
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// addSets reads what Microsoft billed: all of it, or what some customers were billed.
func (e *Engine) addSets(ctx context.Context, org store.Organization, in *rating.Input, of ...billing.CustomerID) error {
	from := oldestRated(in.Day)
	if err := sideBySide(
		func() (err error) { in.Lines, err = e.Store.LoadLineSets(ctx, org.ID, from, of...); return err },
		func() (err error) { in.Usage, err = e.Store.LoadUsageSets(ctx, org.ID, from, of...); return err },
	); err != nil {
		return err
	}
	e.months.learn(org.ID, in, len(of) == 0)
	closeMonth(in)
	return nil
}

// closeMonth sets the month whose charges are made, once the months of all sets are known.
func closeMonth(in *rating.Input) {
	in.Month = closedMonth(*in)
	if in.Settings.BillFrom == "" {
		in.Settings.BillFrom = firstBilled(*in) // the first plan; kept by startBilling
	}
}

// invoicesKnown gives the month and the total of every invoice that a source listed.
func (e *Engine) invoicesKnown(ctx context.Context, org store.Organization) (map[string]billing.Month, map[string]money.Amount, error) {
	invoices, err := e.Store.Invoices(ctx, org.ID)
	months, totals := map[string]billing.Month{}, map[string]money.Amount{}
	for _, i := range invoices {
		months[i.ID] = billing.MonthOf(i.Period.Start)
		if i.Total.Currency() != "" {
			totals[i.ID] = i.Total
		}
	}
	return months, totals, err
}

// closedMonth is the month of the newest billed set: its Azure usage and one-off lines become charges.
func closedMonth(in rating.Input) billing.Month {
	var newest billing.Month
	for set, month := range rating.SetMonths(in) {
		if set.Kind == billing.BilledLines || set.Kind == billing.BilledUsage { // usage is perhaps the only file there is (law 6)
			newest = max(newest, month)
		}
	}
	return newest
}

func companiesOf(m billing.Mappings, d billing.Directory, only billing.CustomerID) []billing.CompanyID {
	var ids []billing.CompanyID
	for _, c := range m.Companies {
		if only == "" || c.CustomerID == only {
			ids = append(ids, c.CompanyID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// contractsOf names the contracts that must be read whosever they are: those of routes and those that hold lines of ours.
func contractsOf(m billing.Mappings, memory plan.Memory) []billing.ContractID {
	var ids []billing.ContractID
	for _, r := range m.Routes {
		if r.ContractID != "" {
			ids = append(ids, r.ContractID)
		}
	}
	for _, a := range memory.Lines {
		ids = append(ids, a.ContractID)
	}
	for _, id := range memory.Contracts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// enabled names the customers that are mapped and have billing on for something (law 1).
func enabled(m billing.Mappings) []billing.CustomerID {
	mapped := map[billing.CustomerID]bool{}
	for _, c := range m.Companies {
		mapped[c.CustomerID] = true
	}
	var ids []billing.CustomerID
	for _, s := range m.Switches {
		if s.On && mapped[s.CustomerID] {
			ids = append(ids, s.CustomerID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// narrowed keeps one customer's part of what is desired and remembered. Services stay: they belong to no customer, and only those that
// the customer's lines need are kept. Charges stay too: whose money is together only all of them tell, see plan.Input.Customer.
func narrowed(d billing.Desired, m plan.Memory, customer billing.CustomerID) (billing.Desired, plan.Memory) {
	services := map[string]bool{}
	d.Lines = keep(d.Lines, func(l billing.DesiredLine) bool {
		if l.CustomerID == customer {
			services[l.Service.Mark] = true
		}
		return l.CustomerID == customer
	})
	d.Services = keep(d.Services, func(s billing.DesiredService) bool { return services[s.Mark] })
	d.Contracts = keep(d.Contracts, func(c billing.DesiredContract) bool { return c.CustomerID == customer })
	d.Findings = keep(d.Findings, func(f billing.Finding) bool { return f.CustomerID == customer || f.CustomerID == "" })
	m.Lines = keep(m.Lines, func(a plan.Applied) bool { return a.CustomerID == customer })
	return d, m
}

func keep[T any](all []T, wanted func(T) bool) []T {
	var kept []T
	for _, v := range all {
		if wanted(v) {
			kept = append(kept, v)
		}
	}
	return kept
}

// approveWithin approves by itself what the organization's tolerance allows.
func (e *Engine) approveWithin(ctx context.Context, org store.Organization, run store.RunID, made comparison) error {
	var ids []string
	for _, c := range made.plan.Changes {
		if plan.AutoApproved(c, made.settings.ApproveWithin) {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	by := fmt.Sprintf("policy auto-approve-within %s", made.settings.ApproveWithin)
	_, err := e.Store.Approve(ctx, org.ID, run, store.Approval{ChangeIDs: ids, Fingerprint: made.plan.Fingerprint, By: by})
	return err
}
