package autotask

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/target"
)

// reading collects what one Read finds.
type reading struct {
	t     *Target
	scope target.Scope
	money *currencies

	contracts []wireContract
	services  []wireService
	lines     []wireLine
	charges   []wireCharge
	rows      map[int64][]wireUnits // by contract service
	dense     bool                  // most recurring contracts of the tenant are wanted: walk ranges of ids instead of lists

	mu   sync.Mutex
	gaps []billing.Gap
}

// Read reads the state a plan is compared with, in bulk and joined in memory (design §6.7). A part that fails is a gap; without
// credentials, calls or currencies nothing can be said, which is an error.
func (t *Target) Read(ctx context.Context, scope target.Scope) (billing.Observed, error) {
	if scope.Day.IsZero() {
		return billing.Observed{}, fault.Newf(fault.KindInternal, "a read needs a day")
	}
	if err := t.mindBudget(ctx); err != nil {
		return billing.Observed{}, err
	}
	r := &reading{t: t, scope: scope, rows: map[int64][]wireUnits{}}
	steps := [][]func(context.Context) error{
		{r.readCurrencies, r.readContracts, r.readServices, r.readCharges},
		{r.readCompanies, r.readLines},
		{r.readUnits},
	}
	for _, step := range steps {
		group, ctx := errgroup.WithContext(ctx)
		for _, part := range step {
			group.Go(func() error { return part(ctx) })
		}
		if err := group.Wait(); err != nil {
			return billing.Observed{}, err
		}
	}
	return r.observed(), nil
}

// gap names a part that could not be read. Failures that concern the whole connection are passed on instead.
func (r *reading) gap(what string, err error) error {
	switch fault.KindOf(err) {
	case fault.KindNone:
		return nil
	case fault.KindUnauthorized, fault.KindWaitUntil, fault.KindInternal:
		return err
	}
	r.miss(what, err.Error())
	return nil
}

func (r *reading) miss(what, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gaps = append(r.gaps, billing.Gap{What: what, Why: why})
}

// expect compares what was read with Autotask's count: fewer rows than counted are a gap, never silence (law 2).
func (r *reading) expect(what string, counted, read int) {
	if read < counted {
		r.miss(what, fmt.Sprintf("Autotask counts %d rows and delivers %d", counted, read))
	}
}

func (r *reading) readCurrencies(ctx context.Context) (err error) {
	r.money, err = r.t.currencies(ctx)
	return err
}

func (r *reading) readServices(ctx context.Context) (err error) {
	if len(r.scope.Companies) == 0 && len(r.scope.Contracts) == 0 {
		return nil // only charges are asked for
	}
	// All of them: lines may use inactive ones, and one walk of the catalogue is cheaper than lists of ids.
	r.services, err = query[wireService](ctx, r.t, "Services", nil)
	return r.gap("services", err)
}

func (r *reading) readCharges(ctx context.Context) error {
	for _, marks := range chunks(compact(r.scope.Charges)) {
		rows, err := query[wireCharge](ctx, r.t, "ContractCharges", chargeFields(), textIn("internalPurchaseOrderNumber", marks))
		if err != nil {
			return r.gap("charges", err)
		}
		r.charges = append(r.charges, rows...)
	}
	return nil
}

func compact(texts []string) []string {
	texts = slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return s == "" })
	slices.Sort(texts)
	return slices.Compact(texts)
}

func (r *reading) readContracts(ctx context.Context) error {
	companies, bad := parseIDs(r.scope.Companies)
	ids, badIDs := parseIDs(r.scope.Contracts)
	for _, id := range slices.Concat(bad, badIDs) {
		r.miss("contracts", fmt.Sprintf("%q is not an Autotask id", id))
	}
	if err := r.contractsOf(ctx, companies); err != nil {
		return r.gap("contracts", err)
	}
	if err := r.contractsByID(ctx, ids); err != nil {
		return r.gap("contracts", err)
	}
	slices.SortFunc(r.contracts, func(a, b wireContract) int { return cmp.Compare(a.key(), b.key()) })
	if len(companies) > 0 && len(r.contracts) == 0 {
		return r.suspect(ctx, "Contracts", "contracts")
	}
	return nil
}

// contractsOf reads the recurring contracts of companies: by lists, or by one walk over the tenant's when that takes fewer calls.
func (r *reading) contractsOf(ctx context.Context, companies []int64) error {
	recurring := filter{Op: "eq", Field: "contractType", Value: 7}
	parts := chunks(companies)
	if len(parts) > 1 {
		n, err := r.t.count(ctx, "Contracts", recurring)
		if err != nil {
			return err
		}
		if (n+pageRows-1)/pageRows <= len(parts) {
			rows, err := query[wireContract](ctx, r.t, "Contracts", contractFields(), recurring)
			if err != nil {
				return err
			}
			r.expect("contracts", n, len(rows))
			r.contracts = slices.DeleteFunc(rows, func(c wireContract) bool {
				_, wanted := slices.BinarySearch(companies, c.Company.n)
				return !wanted
			})
			r.dense = len(r.contracts)*4 >= n*3
			return nil
		}
	}
	for _, part := range parts {
		rows, err := query[wireContract](ctx, r.t, "Contracts", contractFields(), recurring, idIn("companyID", part))
		if err != nil {
			return err
		}
		r.contracts = append(r.contracts, rows...)
	}
	return nil
}

// contractsByID reads the named contracts that are not there yet.
func (r *reading) contractsByID(ctx context.Context, ids []int64) error {
	seen := map[int64]bool{}
	for _, c := range r.contracts {
		seen[c.key()] = true
	}
	missing := slices.DeleteFunc(ids, func(id int64) bool { return seen[id] })
	for _, part := range chunks(missing) {
		rows, err := query[wireContract](ctx, r.t, "Contracts", contractFields(), idIn("id", part))
		if err != nil {
			return err
		}
		for _, c := range rows {
			seen[c.key()] = true
		}
		r.contracts = append(r.contracts, rows...)
	}
	for _, id := range missing {
		if !seen[id] {
			r.miss("contract "+strconv.FormatInt(id, 10), "Autotask does not show it: it is gone, or hidden from the API user")
		}
	}
	return nil
}

// suspect looks into an empty answer where something was to be expected: a restricted security level gives no error, just no rows
// (Autotask sheet §1.2).
func (r *reading) suspect(ctx context.Context, entity, what string) error {
	access, err := r.t.access(ctx, entity)
	if err != nil {
		return r.gap(what, err)
	}
	if !access.canQuery() {
		r.miss(what, "Autotask shows none, and the API user may not read all "+entity)
	}
	return nil
}

// readCompanies learns the customers' currencies.
func (r *reading) readCompanies(ctx context.Context) error {
	ids, _ := parseIDs(r.scope.Companies)
	known := map[int64]bool{}
	for _, c := range r.contracts {
		ids = append(ids, c.Company.n)
		known[c.key()] = true
	}
	if len(r.money.foreign) > 0 {
		more, err := r.companiesOfCharges(ctx, known)
		if err != nil {
			return err
		}
		ids = append(ids, more...)
	}
	slices.Sort(ids)
	unreadable, err := r.t.ofCompanies(ctx, r.money, slices.Compact(ids))
	for _, id := range unreadable {
		r.miss("company "+strconv.FormatInt(id, 10), "Autotask does not show it: it is gone, or hidden from the API user")
	}
	return err
}

// companiesOfCharges finds whose the charges on contracts outside the scope are: their currency depends on it.
func (r *reading) companiesOfCharges(ctx context.Context, known map[int64]bool) ([]int64, error) {
	var contracts []int64
	for _, c := range r.charges {
		if !known[c.Contract.n] {
			contracts = append(contracts, c.Contract.n)
		}
	}
	slices.Sort(contracts)
	var companies []int64
	for _, part := range chunks(slices.Compact(contracts)) {
		rows, err := query[wireContract](ctx, r.t, "Contracts", []string{"id", "companyID"}, idIn("id", part))
		if err != nil {
			return nil, err
		}
		for _, c := range rows {
			companies = append(companies, c.Company.n)
		}
	}
	return companies, nil
}

// observed translates and joins.
func (r *reading) observed() billing.Observed {
	var o billing.Observed
	currency := map[int64]money.Currency{}
	for _, c := range r.contracts {
		currency[c.key()] = r.money.of(c.Company.n)
		o.Contracts = append(o.Contracts, c.contract())
	}
	for _, s := range r.services {
		o.Services = append(o.Services, s.service(r.money.internal))
	}
	for _, l := range r.lines {
		line := l.line()
		line.RowsFrom = r.scope.RowsOf(line.ID)
		line.Rows = r.rowsOf(l, currency[l.Contract.n])
		o.Lines = append(o.Lines, line)
	}
	slices.SortFunc(r.charges, func(a, b wireCharge) int { return cmp.Compare(a.key(), b.key()) })
	for _, c := range r.charges {
		code, ok := currency[c.Contract.n]
		if !ok {
			code = r.money.internal
		}
		o.Charges = append(o.Charges, c.charge(code))
	}
	slices.SortFunc(r.gaps, func(a, b billing.Gap) int {
		return cmp.Or(strings.Compare(a.What, b.What), strings.Compare(a.Why, b.Why))
	})
	o.Incomplete = slices.Compact(r.gaps)
	return o
}

func (r *reading) rowsOf(l wireLine, currency money.Currency) []billing.UnitRow {
	wire := r.rows[l.key()]
	slices.SortFunc(wire, func(a, b wireUnits) int {
		return cmp.Or(a.Start.Compare(b.Start.Date), cmp.Compare(a.key(), b.key()))
	})
	var rows []billing.UnitRow
	for _, w := range wire {
		row, ok := w.row(currency)
		if !ok {
			r.miss("unit row "+w.ID.String(), "it has no whole number of units, or no dates")
			continue
		}
		rows = append(rows, row)
	}
	return rows
}
