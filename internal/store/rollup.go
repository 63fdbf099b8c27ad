package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/plan"
)

// The roll-ups are what the console's lists are read from. They are worked out in the transaction that changes what they are about: by
// SavePlan for a whole plan, by moved for each step of a change, by the writes of mappings, directories and usage for customers and months.

// planned is a stored plan with everything the roll-ups are made from.
type planned struct {
	run      int64
	at       time.Time // when it was saved
	scope    Scope
	day      billing.Date
	complete bool
	changes  []ChangeState
	findings []billing.Finding
	desired  billing.Desired

	keepInbox bool // findings are known already: the plan is rolled up again
	noPapers  bool // the desired state was removed: later plans say of everything what it said
}

// whole reports whether the plan looked at every customer.
func (p planned) whole() bool { return len(p.scope.Customers) == 0 }

// covers reports whether the plan looked at a customer.
func (p planned) covers(c billing.CustomerID) bool {
	return p.whole() || slices.Contains(p.scope.Customers, c)
}

// rollUp writes all roll-ups of a plan.
func (t *txn) rollUp(ctx context.Context, p planned) error {
	names, err := t.targetNames(ctx, p)
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return t.rollUpChanges(ctx, p) },
		func() error {
			if p.keepInbox {
				return nil
			}
			return t.rollUpFindings(ctx, p)
		},
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if p.noPapers {
		return nil
	}
	for _, step := range []func() error{
		func() error { return t.rollUpLines(ctx, p, names) },
		func() error { return t.rollUpCharges(ctx, p, names) },
		func() error { return t.rollUpMonths(ctx, p) },
		func() error { return t.rollUpCustomers(ctx, p, names) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// stateColumns are the columns of run_rollup and plan_group that count changes per state, in the order of ChangeStates.
func stateColumns() []string {
	var columns []string
	for _, state := range ChangeStates() {
		columns = append(columns, string(state))
	}
	return columns
}

// planSum gathers the counts of one part of a plan.
type planSum struct {
	PlanGroup
	seq int
}

func newPlanSum(key PlanGroupKey, seq int) *planSum {
	return &planSum{PlanGroup: PlanGroup{PlanGroupKey: key, PlanCounts: newPlanCounts()}, seq: seq}
}

func newPlanCounts() PlanCounts {
	return PlanCounts{Kinds: map[plan.ChangeKind]int{}, States: map[ChangeStateKind]int{}}
}

func (s *planSum) add(c ChangeState) {
	s.Changes++
	s.Kinds[c.Change.Kind]++
	s.States[c.State]++
	s.Effect.add(c.Change)
	if c.Change.Held() {
		s.Held++
		if c.State == ChangeProposed {
			s.HeldOpen++
		}
	}
	s.CustomerName = max(s.CustomerName, c.Change.Customer)
	s.ContractName = max(s.ContractName, c.Change.ContractName)
}

func groupOf(c plan.Change) PlanGroupKey { return PlanGroupKey{c.CustomerID, c.Contract.String()} }

// rollUpChanges counts the changes of the run and of each of its groups.
func (t *txn) rollUpChanges(ctx context.Context, p planned) error {
	total := newPlanSum(PlanGroupKey{}, 0)
	groups := map[PlanGroupKey]*planSum{}
	var order []*planSum
	for i, c := range p.changes {
		total.add(c)
		key := groupOf(c.Change)
		if groups[key] == nil {
			groups[key] = newPlanSum(key, i)
			order = append(order, groups[key])
		}
		groups[key].add(c)
	}
	columns := slices.Concat([]string{"organization_id", "run_no", "changes", "held", "held_open"}, stateColumns(), []string{"findings", "body"})
	err := t.bulk(ctx, "run_rollup", columns, 1, func(int) ([]any, error) {
		body, err := encode(total.Effect.stored(total.Kinds))
		return slices.Concat([]any{string(t.org), p.run}, countValues(total.PlanCounts), []any{int64(len(p.findings)), body}), err
	})
	if err != nil {
		return err
	}
	columns = slices.Concat([]string{
		"organization_id", "run_no", "customer_id", "contract", "seq", "customer_name", "contract_name", "name_key", "search_key", "effect_sort",
		"changes", "held", "held_open",
	}, stateColumns(), []string{"body"})
	return t.bulk(ctx, "plan_group", columns, len(order), func(i int) ([]any, error) {
		g := order[i]
		body, err := encode(g.Effect.stored(g.Kinds))
		return slices.Concat([]any{
			string(t.org), p.run, string(g.Customer), g.Contract, int64(g.seq), g.CustomerName, g.ContractName,
			fold(g.CustomerName, g.ContractName), fold(g.CustomerName, g.ContractName, string(g.Customer), g.Contract), g.Effect.weight(),
		}, countValues(g.PlanCounts), []any{body}), err
	})
}

// countValues gives changes, held, held_open and the columns of stateColumns.
func countValues(c PlanCounts) []any {
	values := []any{int64(c.Changes), int64(c.Held), int64(c.HeldOpen)}
	for _, state := range ChangeStates() {
		values = append(values, int64(c.States[state]))
	}
	return values
}

// moved is one step of one change, with what the roll-ups need to know of it.
type moved struct {
	group    PlanGroupKey
	line     string
	charge   string
	held     bool
	from, to ChangeStateKind
}

// rollUpMoves brings the roll-ups in step with steps that were taken in a run.
func (t *txn) rollUpMoves(ctx context.Context, n int64, moves []moved) error {
	if len(moves) == 0 {
		return nil
	}
	deltas := map[PlanGroupKey]map[string]int{}
	all := map[string]int{}
	customers := map[billing.CustomerID]bool{}
	for _, m := range moves {
		if deltas[m.group] == nil {
			deltas[m.group] = map[string]int{}
		}
		m.count(deltas[m.group])
		m.count(all)
		customers[m.group.Customer] = true
	}
	if err := t.addCounts(ctx, `run_rollup`, all, t.query(`organization_id = $1`).and(`run_no = %s`, n)); err != nil {
		return err
	}
	if err := t.addGroupCounts(ctx, n, deltas); err != nil {
		return err
	}
	if err := t.lineMoves(ctx, moves); err != nil {
		return err
	}
	if err := t.chargeMoves(ctx, moves); err != nil {
		return err
	}
	return t.refreshCustomers(ctx, keysOf(customers)...)
}

func (m moved) count(delta map[string]int) {
	delta[string(m.from)]--
	delta[string(m.to)]++
	if m.held && m.from == ChangeProposed {
		delta["held_open"]--
	}
	if m.held && m.to == ChangeProposed {
		delta["held_open"]++
	}
}

// addGroupCounts adds to the counts of groups. When many changes are decided at once most groups have the same to add.
func (t *txn) addGroupCounts(ctx context.Context, n int64, deltas map[PlanGroupKey]map[string]int) error {
	same := map[string][]PlanGroupKey{} // by what they add
	for key, delta := range deltas {
		text := fmt.Sprint(delta) // maps are printed in order
		same[text] = append(same[text], key)
	}
	for _, text := range keysOf(same) {
		for some := range slices.Chunk(same[text], atOnce/2) {
			q := t.query(`organization_id = $1`).and(`run_no = %s`, n)
			var customers, groups []string
			for _, key := range some {
				customers = append(customers, string(key.Customer))
				groups = append(groups, q.place(`customer_id = %s AND contract = %s`, key.Customer, key.Contract))
			}
			q.in(`customer_id`, customers).and(`(` + strings.Join(groups, ` OR `) + `)`)
			if err := t.addCounts(ctx, `plan_group`, deltas[some[0]], q); err != nil {
				return err
			}
		}
	}
	return nil
}

// addCounts adds to counting columns of rows.
func (t *txn) addCounts(ctx context.Context, table string, delta map[string]int, q *query) error {
	var sets []string
	for _, column := range append(stateColumns(), "held_open") {
		if n := delta[column]; n != 0 {
			sets = append(sets, q.place(column+` = `+column+` + %s`, n))
		}
	}
	if len(sets) == 0 {
		return nil
	}
	_, err := t.exec(ctx, `UPDATE `+table+` SET `+strings.Join(sets, ", ")+q.text(), q.args...)
	return err
}

// supersedeCounts does for the roll-ups what supersede does for changes: what was open in the scope of a new plan is superseded.
func (t *txn) supersedeCounts(ctx context.Context, n int64, scope Scope) error {
	runs, err := list(ctx, t, scanNumber,
		`SELECT DISTINCT run_no FROM plan_group WHERE organization_id = $1 AND proposed + approved > 0 AND run_no <> $2`, t.org, n)
	if err != nil {
		return err
	}
	const text = `UPDATE plan_group SET superseded = superseded + proposed + approved, proposed = 0, approved = 0, held_open = 0
		WHERE organization_id = $1 AND run_no = $2 AND proposed + approved > 0`
	for _, run := range runs {
		if len(scope.Customers) == 0 {
			if _, err := t.exec(ctx, text, t.org, run); err != nil {
				return err
			}
		}
		for _, customer := range scope.Customers {
			if _, err := t.exec(ctx, text+` AND customer_id = $3`, t.org, run, customer); err != nil {
				return err
			}
		}
		var sums []string
		for _, column := range []string{"proposed", "approved", "superseded", "held_open"} {
			sums = append(sums, fmt.Sprintf(`%s = (SELECT COALESCE(SUM(g.%s), 0) FROM plan_group g WHERE g.organization_id = $1 AND g.run_no = $2)`, column, column))
		}
		if _, err := t.exec(ctx, `UPDATE run_rollup SET `+strings.Join(sums, ", ")+` WHERE organization_id = $1 AND run_no = $2`, t.org, run); err != nil {
			return err
		}
	}
	return nil
}

func scanNumber(r scanner) (n int64, err error) {
	err = r.Scan(&n)
	return n, err
}

func keysOf[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// targetNames says how people call what stands in the target.
type targetNames struct {
	contracts map[string]string // by id and by mark
	services  map[string]string
	ids       map[string]string // mark of a contract → id
}

// targetNames gathers names from the catalogue, from what is ours, and from the plan.
func (t *txn) targetNames(ctx context.Context, p planned) (targetNames, error) {
	n := targetNames{map[string]string{}, map[string]string{}, map[string]string{}}
	var c billing.Catalogue
	var body string
	found, err := t.row(ctx, `SELECT body FROM catalogue WHERE organization_id = $1`, []any{t.org}, &body)
	if err != nil {
		return n, err
	}
	if found {
		if err := decode(body, &c); err != nil {
			return n, err
		}
	}
	for _, contract := range c.Contracts {
		n.contracts[string(contract.ID)] = contract.Name
		if contract.Mark != "" {
			n.ids[contract.Mark] = string(contract.ID)
		}
	}
	for _, service := range c.Services {
		n.services[string(service.ID)] = service.Name
		n.services[service.Mark] = service.Name
	}
	_, err = list(ctx, t, func(r scanner) (struct{}, error) {
		var mark, id string
		err := r.Scan(&mark, &id)
		n.ids[mark] = id
		return struct{}{}, err
	}, `SELECT mark, id FROM memory_ref WHERE organization_id = $1 AND kind = $2`, t.org, refContract)
	if err != nil {
		return n, err
	}
	n.addPlan(p)
	return n, nil
}

func (n targetNames) addPlan(p planned) {
	for _, contract := range p.desired.Contracts {
		n.contracts[contract.Mark] = contract.Name
	}
	for _, service := range p.desired.Services {
		n.services[service.Mark] = service.Name
	}
	for _, c := range p.changes {
		ref := c.Change.Contract
		if c.Change.ContractName != "" {
			n.contracts[ref.String()] = c.Change.ContractName
		}
		if ref.ID != "" && ref.Mark != "" {
			n.ids[ref.Mark] = ref.ID
		}
	}
}

// contract gives the id of a contract where it is known, else its mark; and its name.
func (n targetNames) contract(r billing.Ref) (key, name string) {
	key = r.String()
	if id := n.ids[r.Mark]; r.ID == "" && id != "" {
		key = id
	}
	if name = n.contracts[key]; name == "" {
		name = n.contracts[r.Mark]
	}
	return key, name
}

func (n targetNames) service(r billing.Ref) string {
	if name := n.services[r.ID]; r.ID != "" && name != "" {
		return name
	}
	return n.services[r.Mark]
}
