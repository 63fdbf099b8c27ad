package engine

import (
	"context"
	"fmt"
	"slices"

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
	scope := store.Scope{Trigger: o.Trigger}
	if o.Customer != "" {
		scope.Customers = []billing.CustomerID{o.Customer}
	}
	run, err := e.Store.CreateRun(ctx, org.ID, by, scope)
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
	if !o.Offline {
		collected, err := e.Collect(ctx, org)
		if err != nil {
			return p, err
		}
		p.Collected = collected
	}
	made, err := e.compare(ctx, org, o.Customer, gapFindings(p.Collected.SetGaps))
	if err != nil {
		return p, err
	}
	if err := e.startBilling(ctx, org, made); err != nil {
		return p, err
	}
	p.Plan = made.plan
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

// compare reads the target, rates the stored snapshots and compares. gaps are findings about what could not be collected.
func (e *Engine) compare(ctx context.Context, org store.Organization, customer billing.CustomerID, gaps []billing.Finding) (comparison, error) {
	in, memory, err := e.ratingInput(ctx, org)
	if err != nil {
		return comparison{}, err
	}
	t, err := e.Target(ctx, org)
	if err != nil {
		return comparison{}, err
	}
	companies := companiesOf(in.Mappings, in.Directory, customer)
	observed, err := t.Read(ctx, target.Scope{Day: in.Day, Companies: companies, Contracts: contractsOf(in.Mappings, memory)})
	if err != nil {
		return comparison{}, err
	}
	in.Catalogue = withObserved(in.Catalogue, observed, companies)
	desired := rateMonths(in)
	desired.Findings = append(desired.Findings, gaps...)
	if customer != "" {
		desired, memory = narrowed(desired, memory, customer)
	}
	before := newChargedBefore(string(org.ID), desired, memory)
	if marks := append(chargeMarks(desired), before.marks()...); len(marks) > 0 {
		charges, err := t.Read(ctx, target.Scope{Day: in.Day, Charges: marks})
		if err != nil {
			return comparison{}, err
		}
		observed.Charges = charges.Charges
		observed.Incomplete = append(observed.Incomplete, charges.Incomplete...)
		desired = before.withhold(desired, observed)
	}
	made := plan.Make(plan.Input{Desired: desired, Observed: observed, Memory: memory, Settings: in.Settings, Enabled: enabled(in.Mappings)})
	return comparison{month: in.Month, settings: in.Settings, desired: desired, observed: observed, plan: made}, nil
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
	settings.BillFrom = made.month
	return e.Store.SaveSettings(ctx, org.ID, settings, "first plan")
}

// rateMonths rates the newest closed month, and for its charges also the earlier ones since billing began: a month whose plan was never
// applied, or whose invoice Microsoft restated, is not forgotten (law 6).
func rateMonths(in rating.Input) billing.Desired {
	desired := rating.Rate(in)
	for _, month := range earlierMonths(in) {
		earlier := in
		earlier.Month = month
		of := rating.Rate(earlier)
		desired.Charges = append(desired.Charges, of.Charges...)
		desired.Dispositions = append(desired.Dispositions, of.Dispositions...)
		for _, f := range of.Findings {
			if !slices.ContainsFunc(desired.Findings, func(g billing.Finding) bool { return g.ID() == f.ID() }) {
				desired.Findings = append(desired.Findings, f)
			}
		}
		desired.Contracts = missingContracts(desired.Contracts, of.Contracts)
	}
	return desired
}

// missingContracts adds the managed contracts that only an earlier month's charges need.
func missingContracts(have, more []billing.DesiredContract) []billing.DesiredContract {
	for _, c := range more {
		if !slices.ContainsFunc(have, func(d billing.DesiredContract) bool { return d.Mark == c.Mark }) {
			have = append(have, c)
		}
	}
	return have
}

// earlierMonths lists the months with billed data since billing began and before the newest, newest first.
func earlierMonths(in rating.Input) []billing.Month {
	var months []billing.Month
	for _, set := range in.Lines {
		month := monthOf(set, in.InvoiceMonths)
		if set.ID.Kind == billing.BilledLines && in.Settings.BillFrom != "" && month >= in.Settings.BillFrom && month < in.Month {
			months = append(months, month)
		}
	}
	for _, set := range in.Usage {
		month := usageMonthOf(set, in.InvoiceMonths)
		if set.ID.Kind == billing.BilledUsage && in.Settings.BillFrom != "" && month >= in.Settings.BillFrom && month < in.Month {
			months = append(months, month)
		}
	}
	slices.Sort(months)
	months = slices.Compact(months)
	slices.Reverse(months)
	return months
}

func monthOf(set billing.LineSet, known map[string]billing.Month) billing.Month {
	if month, found := known[set.ID.Invoice]; found {
		return month
	}
	return rating.MonthOf(set)
}

func usageMonthOf(set billing.UsageSet, known map[string]billing.Month) billing.Month {
	if month, found := known[set.ID.Invoice]; found {
		return month
	}
	return rating.UsageMonth(set)
}

// monthsRated is how many closed months feed costs: annual charges are found a year back.
const monthsRated = 13

func (e *Engine) ratingInput(ctx context.Context, org store.Organization) (rating.Input, plan.Memory, error) {
	in := rating.Input{Organization: string(org.ID), Day: e.Today()}
	from := billing.MonthOf(in.Day.AddMonths(-monthsRated))
	var memory plan.Memory
	for _, load := range []func() error{
		func() (err error) { in.Settings, err = e.Store.Settings(ctx, org.ID); return err },
		func() (err error) { in.Mappings, err = e.Store.Mappings(ctx, org.ID); return err },
		func() (err error) { in.Directory, err = e.Store.Directory(ctx, org.ID); return err },
		func() (err error) { in.Lines, err = e.Store.LoadLineSets(ctx, org.ID, from); return err },
		func() (err error) { in.Usage, err = e.Store.LoadUsageSets(ctx, org.ID, from); return err },
		func() (err error) { memory, err = e.Store.Memory(ctx, org.ID); return err },
		func() (err error) { in.Catalogue, err = e.catalogue(ctx, org); return err },
		func() (err error) { in.InvoiceMonths, err = e.invoiceMonths(ctx, org); return err },
	} {
		if err := load(); err != nil {
			return in, memory, err
		}
	}
	in.Month = closedMonth(in)
	if in.Settings.BillFrom == "" {
		in.Settings.BillFrom = in.Month // the first plan; kept by startBilling
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

// invoiceMonths gives the month of every invoice that a source listed.
func (e *Engine) invoiceMonths(ctx context.Context, org store.Organization) (map[string]billing.Month, error) {
	invoices, err := e.Store.Invoices(ctx, org.ID)
	months := map[string]billing.Month{}
	for _, i := range invoices {
		months[i.ID] = billing.MonthOf(i.Period.Start)
	}
	return months, err
}

// closedMonth is the month of the newest billed set: its Azure usage and one-off lines become charges.
func closedMonth(in rating.Input) billing.Month {
	var newest billing.Month
	for _, set := range in.Lines {
		if set.ID.Kind != billing.BilledLines {
			continue
		}
		newest = max(newest, monthOf(set, in.InvoiceMonths))
	}
	for _, set := range in.Usage { // perhaps the only file there is: what it bills must not be passed over (law 6)
		if set.ID.Kind == billing.BilledUsage {
			newest = max(newest, usageMonthOf(set, in.InvoiceMonths))
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

func chargeMarks(d billing.Desired) []string {
	var marks []string
	for _, c := range d.Charges {
		marks = append(marks, c.Mark)
	}
	slices.Sort(marks)
	return slices.Compact(marks)
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
// the customer's lines need are kept.
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
	d.Charges = keep(d.Charges, func(c billing.DesiredCharge) bool { return c.CustomerID == customer })
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
