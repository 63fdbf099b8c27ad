package store

import (
	"context"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
)

// azureKey begins the keys of charges for Azure consumption, see DesiredCharge.Key.
const azureKey = "azure|"

// storedChargeRow is the body of charge_summary.
type storedChargeRow struct {
	Charge   billing.DesiredCharge
	Contract string `json:",omitempty"`
}

// chargeStand is where a charge stands, with its newest change.
type chargeStand struct {
	state     AzureState
	run       int64
	change    string
	changeIs  ChangeStateKind
	held      bool
	written   bool // it is in the target
	changeWas plan.ChangeKind
}

func chargeFigures(c billing.DesiredCharge) Figures {
	return figuresOf(c.Quantity, &c.UnitCost, &c.UnitPrice)
}

// after gives the state of a charge when its newest change is in a state.
func (s chargeStand) after() AzureState {
	done := s.changeIs == ChangeApplied
	switch {
	case s.changeWas == plan.CreateCharge && done:
		return AzureCharged
	case s.changeWas == plan.CreateCharge:
		switch s.changeIs {
		case ChangeApproved, ChangeSending, ChangeUnknown:
			return AzureApproved
		}
		return AzureFinal
	case s.changeWas == plan.RemoveCharge && done:
		return AzureFinal
	case done:
		return AzureCorrected
	case s.state == "":
		return AzureCharged
	}
	return s.state
}

const chargeColumns = `mark, customer_id, contract, month, azure, state, wanted, run_no, change_run, change_id, change_state, held, digest, body`

// rollUpCharges keeps every charge that the plan wants, and brings the months they are in in step.
func (t *txn) rollUpCharges(ctx context.Context, p planned, names targetNames) error {
	if err := t.supersedeCharges(ctx, p); err != nil {
		return err
	}
	stands, err := t.standsAfter(ctx, p)
	if err != nil {
		return err
	}
	var rows []summaryRow
	months := map[string]billing.Month{}
	for _, c := range p.desired.Charges {
		row, err := chargeSummary(c, names, stands[c.Key])
		if err != nil {
			return err
		}
		rows = append(rows, row)
		months[c.Key] = c.Month
	}
	keys, err := t.writeSummaries(ctx, p, summaryTable{"charge_summary", "charge_key", chargeColumns}, rows)
	if err != nil {
		return err
	}
	touched := map[billing.Month]bool{}
	for _, key := range slices.Concat(keys.fresh, keys.changed) {
		touched[months[key]] = true
	}
	for _, key := range keys.unwanted {
		var month billing.Month
		if _, err := t.row(ctx, `SELECT month FROM charge_summary WHERE organization_id = $1 AND charge_key = $2`, []any{t.org, key}, &month); err != nil {
			return err
		}
		touched[month] = true
	}
	for _, month := range keysOf(touched) {
		if err := t.refreshMonth(ctx, month, p.run); err != nil {
			return err
		}
	}
	return nil
}

// standsAfter gives where every known charge stands once a plan is saved.
func (t *txn) standsAfter(ctx context.Context, p planned) (map[string]chargeStand, error) {
	stands, err := t.chargeStands(ctx)
	if err != nil {
		return nil, err
	}
	for key, was := range p.unpapered {
		if now := stands[key]; was.run > now.run {
			if was.written = now.written; was.written && was.state != AzureCorrected {
				was.state = AzureCharged
			}
			stands[key] = was
		}
	}
	for _, c := range p.changes {
		if key := c.Change.ChargeKey; key != "" {
			s := stands[key]
			s.run, s.change, s.changeIs, s.held, s.changeWas = p.run, c.Change.ID, c.State, c.Change.Held(), c.Change.Kind
			s.state = s.after()
			stands[key] = s
		}
	}
	return stands, nil
}

// rememberStands keeps where charges stand by the changes of a plan whose desired state was removed, for later plans that want them.
func (t *txn) rememberStands(ctx context.Context, p planned) error {
	stands, err := t.standsAfter(ctx, p)
	for _, c := range p.changes {
		if key := c.Change.ChargeKey; key != "" && c.Change.Kind != plan.RemoveCharge {
			p.unpapered[key] = stands[key]
		}
	}
	return err
}

// supersedeCharges does for charges what supersede does for changes: what an earlier plan left open is not on its way any more.
func (t *txn) supersedeCharges(ctx context.Context, p planned) error {
	where, args := only("customer_id", p.scope.Customers, []any{t.org, p.run, ChangeSuperseded, AzureApproved, AzureFinal})
	_, err := t.exec(ctx, `UPDATE charge_summary SET change_state = $3, state = CASE WHEN state = $4 THEN $5 ELSE state END, digest = ''
		WHERE organization_id = $1 AND change_run <> $2 AND change_state IN ('proposed', 'approved')
		AND EXISTS (SELECT 1 FROM plan_change c WHERE c.organization_id = charge_summary.organization_id AND c.run_no = charge_summary.change_run
		AND c.change_id = charge_summary.change_id AND c.state = $3)`+where, args...)
	return err
}

// chargeStands gives where every known charge stands, and which are in the target.
func (t *txn) chargeStands(ctx context.Context) (map[string]chargeStand, error) {
	stands := map[string]chargeStand{}
	_, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var key string
		var s chargeStand
		err := r.Scan(&key, &s.state, &s.run, &s.change, &s.changeIs, &s.held)
		stands[key] = s
		return struct{}{}, err
	}, `SELECT charge_key, state, change_run, change_id, change_state, held FROM charge_summary WHERE organization_id = $1`, t.org)
	if err != nil {
		return nil, err
	}
	_, err = list(ctx, t, func(r scanner) (struct{}, error) {
		var key string
		err := r.Scan(&key)
		s := stands[key]
		if s.state != AzureCorrected {
			s.state = AzureCharged
		}
		s.written = true
		stands[key] = s
		return struct{}{}, err
	}, `SELECT mark FROM memory_ref WHERE organization_id = $1 AND kind = $2`, t.org, refCharge)
	return stands, err
}

func chargeSummary(c billing.DesiredCharge, names targetNames, s chargeStand) (summaryRow, error) {
	if s.state == "" {
		s.state = AzureFinal
	}
	contract, name := names.contract(c.Contract)
	body, err := encode(storedChargeRow{c, name})
	return summaryRow{c.Key, digestOf(body, contract, string(s.state), runText(s.run), s.change, string(s.changeIs)), []any{
		c.Mark, string(c.CustomerID), contract, string(c.Month), strings.HasPrefix(c.Key, azureKey), string(s.state), true, int64(0),
		s.run, s.change, string(s.changeIs), s.held, "", body,
	}}, err
}

// chargeMoves brings charges in step with steps of their newest changes.
func (t *txn) chargeMoves(ctx context.Context, n int64, moves []moved) error {
	of := map[string]moved{} // by charge: one change of a run is its newest
	byID := map[string]moved{}
	for _, m := range moves {
		if m.charge != "" {
			of[m.charge], byID[m.id] = m, m
		}
	}
	touched := map[billing.Month]map[billing.CustomerID]bool{}
	recounted := map[billing.Month]bool{}
	for some := range slices.Chunk(keysOf(of), atOnce) {
		found, err := t.standingCharges(ctx, n, some)
		if err != nil {
			return err
		}
		steps := map[[2]string][]string{} // new state of the charge and of its change → charges
		for _, c := range found {
			m, newest := byID[c.change]
			if !newest {
				continue
			}
			stands := chargeStand{state: c.state, changeIs: m.to, changeWas: m.kind}
			step := [2]string{string(stands.after()), string(m.to)}
			steps[step] = append(steps[step], c.key)
			if touched[c.month] == nil {
				touched[c.month] = map[billing.CustomerID]bool{}
			}
			touched[c.month][c.customer] = true
			recounted[c.month] = recounted[c.month] || !c.wanted // it counts once it stands
		}
		for step, charges := range steps {
			q := t.query(`organization_id = $1`).in(`charge_key`, charges)
			set := q.place(`state = %s, change_state = %s, digest = ''`, step[0], step[1])
			if _, err := t.exec(ctx, `UPDATE charge_summary SET `+set+q.text(), q.args...); err != nil {
				return err
			}
		}
	}
	for _, month := range keysOf(touched) {
		refresh := func() error { return t.refreshAzure(ctx, month, keysOf(touched[month])...) }
		if recounted[month] {
			refresh = func() error { return t.refreshMonth(ctx, month, sameRun) }
		}
		if err := refresh(); err != nil {
			return err
		}
	}
	return nil
}

// standingCharge is what chargeMoves needs to know of a charge.
type standingCharge struct {
	key, change string
	state       AzureState
	month       billing.Month
	customer    billing.CustomerID
	wanted      bool
}

// standingCharges gives those of some charges whose newest change is one of the run's.
func (t *txn) standingCharges(ctx context.Context, n int64, charges []string) ([]standingCharge, error) {
	q := t.query(`organization_id = $1`).and(`change_run = %s`, n).in(`charge_key`, charges)
	return list(ctx, t, func(r scanner) (c standingCharge, err error) {
		err = r.Scan(&c.key, &c.change, &c.state, &c.month, &c.customer, &c.wanted)
		return c, err
	}, `SELECT charge_key, change_id, state, month, customer_id, wanted FROM charge_summary`+q.text(), q.args...)
}

// The parts of month_total. Stored: never renamed.
const (
	partAzure     = "azure"
	partRecurring = "recurring"
	partCharges   = "charge"
)

// storedMonth is the body of month_total.
type storedMonth struct {
	Usage     []money.Amount `json:",omitempty"`
	Figures   storedFigures
	Lines     int `json:",omitempty"`
	Unpriced  int `json:",omitempty"`
	Charges   int `json:",omitempty"`
	Customers int `json:",omitempty"`

	States map[AzureState]int `json:",omitempty"` // of Azure: customers by state
}

// rollUpMonths keeps what the lines of a whole plan are worth in its month.
func (t *txn) rollUpMonths(ctx context.Context, p planned) error {
	if !p.whole() || p.day.IsZero() {
		return nil
	}
	var sum Figures
	month := storedMonth{}
	for _, l := range p.desired.Lines {
		if !l.EndedOn.IsZero() {
			continue
		}
		month.Lines++
		if l.UnitPrice == nil {
			month.Unpriced++
		}
		sum.add(periodFigures(l).perMonth(l.PeriodType))
	}
	month.Figures = sum.stored()
	return t.saveMonth(ctx, partRecurring, billing.MonthOf(p.day), p.run, month)
}

// sameRun keeps the run that a month's total says it is from.
const sameRun = 0

func (t *txn) saveMonth(ctx context.Context, part string, month billing.Month, run int64, m storedMonth) error {
	body, err := encode(m)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO month_total (organization_id, part, month, run_no, body) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (organization_id, part, month) DO UPDATE SET body = excluded.body,
		run_no = CASE WHEN excluded.run_no = 0 THEN month_total.run_no ELSE excluded.run_no END`, t.org, part, month, run, body)
	return err
}

// refreshMonth adds up the charges of a month, all of them and those for Azure.
func (t *txn) refreshMonth(ctx context.Context, month billing.Month, run int64) error {
	charges, err := t.monthCharges(ctx, month, nil)
	if err != nil {
		return err
	}
	var sum Figures
	for _, c := range charges {
		sum.add(chargeFigures(c.Charge))
	}
	if err := t.saveMonth(ctx, partCharges, month, run, storedMonth{Figures: sum.stored(), Charges: len(charges)}); err != nil {
		return err
	}
	return t.refreshAzure(ctx, month)
}
