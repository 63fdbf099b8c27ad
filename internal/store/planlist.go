package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/plan"
)

// Effect is what changes do to the money, summed exactly per currency.
type Effect struct {
	Recurring []PeriodEffect // change of what lines cost the customer per period, ordered by length of the period
	OneOff    money.Totals   // charges
	Proration money.Totals   // what Autotask will add once for the rest of a period
}

// PeriodEffect is the recurring effect of the lines that are billed in one rhythm.
type PeriodEffect struct {
	Period billing.PeriodType
	Money  money.Totals
}

// PlanCounts say how many changes a part of a plan has and where they stand.
type PlanCounts struct {
	Changes  int
	Kinds    map[plan.ChangeKind]int
	Held     int                     // changes that a policy holds
	HeldOpen int                     // those of them that are still proposed
	States   map[ChangeStateKind]int // states that no change is in are missing
	Effect   Effect
}

// PlanGroupKey names the changes of one customer on one contract. Both are empty for what belongs to nobody: new catalogue services.
type PlanGroupKey struct {
	Customer billing.CustomerID
	Contract string // billing.Ref.String of the contract: its id, or our mark while it has none
}

// PlanGroup is everything a plan does for one customer on one contract.
type PlanGroup struct {
	PlanGroupKey
	CustomerName string
	ContractName string
	PlanCounts
}

// PlanSort names a column to sort by.
type PlanSort string

// The sort columns of groups of changes.
const (
	PlanByOrder    PlanSort = ""         // as the plan has them
	PlanByCustomer PlanSort = "customer" // by customer, then contract
	PlanByMoney    PlanSort = "money"    // by the weight of the money that moves, whatever the currency
)

// PlanGroupFilter chooses groups. Zero fields choose all.
type PlanGroupFilter struct {
	Query    string // part of the customer's or contract's name, or of the customer's id
	Customer billing.CustomerID
	State    ChangeStateKind // with at least one change in this state
	HeldOpen bool            // with at least one proposed change that a policy holds
	Sort     PlanSort
	Desc     bool
	Page     Page
}

// PlanGroups lists the groups of a run's plan.
func (s *Store) PlanGroups(ctx context.Context, org billing.OrganizationID, id RunID, f PlanGroupFilter) (Listed[PlanGroup], error) {
	var page Listed[PlanGroup]
	err := s.read(ctx, org, func(t *txn) error {
		_, n, err := t.run(ctx, id)
		if err != nil {
			return err
		}
		q := t.query(`organization_id = $1`).and(`run_no = %s`, n).matching(`search_key`, f.Query)
		if f.Customer != "" {
			q.and(`customer_id = %s`, f.Customer)
		}
		if slices.Contains(ChangeStates(), f.State) {
			q.and(string(f.State) + ` > 0`)
		} else if f.State != "" {
			return fault.Invalidf("%q is not a state of a change", f.State).WithField("state")
		}
		if f.HeldOpen {
			q.and(`held_open > 0`)
		}
		order := map[PlanSort]string{PlanByOrder: `seq%s`, PlanByCustomer: `name_key%s, seq`, PlanByMoney: `effect_sort%s, seq`}[f.Sort]
		if order == "" {
			return fault.Invalidf("a plan cannot be sorted by %q", f.Sort).WithField("sort")
		}
		page, err = paged(ctx, t, pagedList[PlanGroup]{
			columns: `customer_id, contract, customer_name, contract_name, body, changes, held, held_open, ` + strings.Join(stateColumns(), ", "),
			from:    `plan_group`, where: q, order: fmt.Sprintf(order, direction(f.Desc)), page: f.Page, scan: scanPlanGroup,
			key: `seq`, base: `organization_id = $1 AND run_no = $2`, based: 2,
		})
		return err
	})
	return page, err
}

func scanPlanGroup(r scanner) (PlanGroup, error) {
	var g PlanGroup
	counts := newCountScan(&g.PlanCounts)
	err := r.Scan(append([]any{&g.Customer, &g.Contract, &g.CustomerName, &g.ContractName}, counts.into()...)...)
	if err == nil {
		err = counts.finish()
	}
	return g, err
}

// countScan reads body, changes, held, held_open and the columns of stateColumns.
type countScan struct {
	counts *PlanCounts
	body   string
	states []int
}

func newCountScan(c *PlanCounts) *countScan {
	return &countScan{counts: c, states: make([]int, len(ChangeStates()))}
}

func (c *countScan) into() []any {
	into := []any{&c.body, &c.counts.Changes, &c.counts.Held, &c.counts.HeldOpen}
	for i := range c.states {
		into = append(into, &c.states[i])
	}
	return into
}

func (c *countScan) finish() error {
	c.counts.States = statesCounted(c.states)
	if c.body == "" {
		return nil
	}
	var stored storedEffect
	if err := decode(c.body, &stored); err != nil {
		return err
	}
	c.counts.Kinds, c.counts.Effect = stored.Kinds, stored.effect()
	return nil
}

// statesCounted names the counts of stateColumns, without those that are 0.
func statesCounted(counts []int) map[ChangeStateKind]int {
	var states map[ChangeStateKind]int
	for i, state := range ChangeStates() {
		if counts[i] == 0 {
			continue
		}
		if states == nil {
			states = map[ChangeStateKind]int{}
		}
		states[state] = counts[i]
	}
	return states
}

// PlanChangeFilter chooses changes. Zero fields choose all.
type PlanChangeFilter struct {
	Group    *PlanGroupKey // of this customer on this contract only
	Customer billing.CustomerID
	State    ChangeStateKind
	Kind     plan.ChangeKind
	HeldOpen bool   // proposed and held by a policy
	Query    string // part of what it is about, of the customer's name or id or of the contract's name, or how its id begins
	Page     Page
}

// A search of so many signs is looked for at the beginning of ids too.
const (
	idPart   = 4
	afterAll = "\U0010ffff" // no id has a sign after it
)

// PlanChanges lists the changes of a run's plan, in the plan's order.
func (s *Store) PlanChanges(ctx context.Context, org billing.OrganizationID, id RunID, f PlanChangeFilter) (Listed[ChangeState], error) {
	var page Listed[ChangeState]
	err := s.read(ctx, org, func(t *txn) error {
		_, n, err := t.run(ctx, id)
		if err != nil {
			return err
		}
		l := pagedList[ChangeState]{
			columns: changeColumns, from: changeTables, counted: `plan_change c`, where: t.query(`c.organization_id = $1`).and(`c.run_no = %s`, n),
			order: `c.seq`, page: f.Page, scan: scanChange, key: `c.seq`, base: `c.organization_id = $1 AND c.run_no = $2`, based: 2,
		}
		if fold(f.Query) == "" {
			f.narrow(l.where, ``)
			page, err = paged(ctx, t, l)
			return err
		}
		f.narrow(l.where, ` || ''`) // see Lines
		s := search{text: f.Query, table: `c`, columns: `c.seq`, order: `+c.seq`}
		if _, err := t.row(ctx, `SELECT changes FROM run_rollup WHERE organization_id = $1 AND run_no = $2`, []any{org, n}, &s.most); err != nil {
			return err
		}
		if begins, err := t.idsBegin(ctx, n, fold(f.Query)); err != nil {
			return err
		} else if begins {
			s.also = l.where.place(`c.change_id >= %s AND c.change_id < %s`, fold(f.Query), fold(f.Query)+afterAll)
		}
		page, err = searched(ctx, t, l, s)
		return err
	})
	return page, err
}

// idsBegin reports whether the id of a change begins with a text. Most searches are words, and need not look for ids then.
func (t *txn) idsBegin(ctx context.Context, n int64, text string) (bool, error) {
	if len(text) < idPart {
		return false, nil
	}
	return t.row(ctx, `SELECT 1 FROM plan_change WHERE organization_id = $1 AND run_no = $2 AND change_id >= $3 AND change_id < $4 LIMIT 1`,
		[]any{t.org, n, text, text + afterAll}, new(int))
}

// PlanGroupChanges gives the first changes of several groups of a run's plan, in the plan's order, at most each of one group. Total says how
// many the group has. Of the filter State, Kind and HeldOpen count.
func (s *Store) PlanGroupChanges(ctx context.Context, org billing.OrganizationID, id RunID, groups []PlanGroupKey, f PlanChangeFilter, each int) (map[PlanGroupKey]Listed[ChangeState], error) {
	found := map[PlanGroupKey]Listed[ChangeState]{}
	if len(groups) == 0 {
		return found, nil
	}
	err := s.read(ctx, org, func(t *txn) error {
		_, n, err := t.run(ctx, id)
		if err != nil {
			return err
		}
		q := t.query(`c.organization_id = $1`).and(`c.run_no = %s`, n)
		PlanChangeFilter{State: f.State, Kind: f.Kind, HeldOpen: f.HeldOpen}.narrow(q, ` || ''`) // hidden: few of a group, and many of a run, are in a state
		var customers, of []string
		for _, g := range groups {
			customers = append(customers, string(g.Customer))
			of = append(of, q.place(`c.customer_id = %s AND c.contract = %s`, g.Customer, g.Contract))
		}
		q.in(`c.customer_id`, customers) // says nothing new, but is what to look for
		q.and(`(` + strings.Join(of, ` OR `) + `)`)
		const group = `OVER (PARTITION BY c.customer_id, c.contract`
		_, err = list(ctx, t, func(r scanner) (struct{}, error) {
			var of int
			c, err := scanChange(splitScanner{r, []any{&of}})
			page := found[groupOf(c.Change)]
			page.Rows, page.Total = append(page.Rows, c), of
			found[groupOf(c.Change)] = page
			return struct{}{}, err
		}, fmt.Sprintf(`SELECT `+changeColumns+`, x.of_group FROM (SELECT c.seq AS seq, ROW_NUMBER() `+group+` ORDER BY c.seq) AS place,
			COUNT(*) `+group+`) AS of_group FROM plan_change c%s) x CROSS JOIN `+changeTables+`
			WHERE c.organization_id = $1 AND c.run_no = $2 AND c.seq = x.seq AND x.place <= %d ORDER BY c.seq`, q.text(), each), q.args...)
		return err
	})
	return found, err
}

// narrow adds all but the text; hide is written after every column.
func (f PlanChangeFilter) narrow(q *query, hide string) {
	if f.Group != nil {
		q.and(`c.customer_id`+hide+` = %s AND c.contract`+hide+` = %s`, f.Group.Customer, f.Group.Contract)
	}
	if f.Customer != "" {
		q.and(`c.customer_id`+hide+` = %s`, f.Customer)
	}
	if f.State != "" {
		q.and(`c.state`+hide+` = %s`, f.State)
	}
	if f.Kind != "" {
		q.and(`c.kind`+hide+` = %s`, f.Kind)
	}
	if f.HeldOpen {
		q.and(`c.state` + hide + ` = 'proposed' AND c.held`)
	}
}

// PlanChange gives one change of a run with everything that was done about it.
func (s *Store) PlanChange(ctx context.Context, org billing.OrganizationID, id RunID, changeID string) (ChangeProof, error) {
	var proof ChangeProof
	err := s.read(ctx, org, func(t *txn) error {
		_, n, err := t.run(ctx, id)
		if err != nil {
			return err
		}
		state, err := t.change(ctx, n, changeID)
		if err != nil {
			return err
		}
		proof, err = t.changeProof(ctx, n, state)
		return err
	})
	return proof, err
}
