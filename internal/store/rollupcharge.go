package store

import (
	"context"
	"maps"
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
	state    AzureState
	run      int64 // of the newest change, 0: there is none
	change   string
	changeIs ChangeStateKind
	held     bool
}

func chargeFigures(c billing.DesiredCharge) Figures {
	return figuresOf(c.Quantity, &c.UnitCost, &c.UnitPrice)
}

// chargeHistory folds the changes of a charge, in the order of their plans, into where it stands. It is worked out from the changes alone, at
// every step of one of them, so that an old run that goes on after a newer plan was saved counts like any other.
type chargeHistory struct {
	newest    chargeStand
	underWay  bool // the charge will be written, as far as is known
	corrected bool
}

func (h *chargeHistory) add(kind plan.ChangeKind, c chargeStand) {
	h.newest = c
	switch {
	case c.changeIs == ChangeApplied:
		h.corrected = kind != plan.CreateCharge && kind != plan.RemoveCharge
	case kind == plan.CreateCharge:
		h.underWay = h.underWay || c.changeIs == ChangeApproved || c.changeIs == ChangeSending || c.changeIs == ChangeUnknown
	}
}

// stand gives where the charge stands; written says whether it is in the target.
func (h *chargeHistory) stand(written bool) chargeStand {
	s := h.newest
	switch {
	case written && h.corrected:
		s.state = AzureCorrected
	case written:
		s.state = AzureCharged
	case h.underWay:
		s.state = AzureApproved
	default:
		s.state = AzureFinal
	}
	return s
}

const chargeColumns = `mark, customer_id, contract, month, azure, state, wanted, run_no, change_run, change_id, change_state, held, digest, body`

// rollUpCharges keeps every charge that the plan wants, and brings the months they are in in step.
func (t *txn) rollUpCharges(ctx context.Context, p planned, names targetNames) error {
	stands, touched, err := t.standsAfter(ctx, p)
	if err != nil {
		return err
	}
	var rows []summaryRow
	months := map[string]billing.Month{}
	wanted := map[string]billing.DesiredCharge{}
	for _, c := range p.desired.Charges {
		row, err := chargeSummary(c, names, stands[c.Key])
		if err != nil {
			return err
		}
		rows = append(rows, row)
		months[c.Key], wanted[c.Key] = c.Month, c
		delete(touched, c.Key)
	}
	keys, err := t.writeSummaries(ctx, p, summaryTable{"charge_summary", "charge_key", chargeColumns}, rows)
	if err != nil {
		return err
	}
	var written []billing.DesiredCharge
	for _, key := range slices.Concat(keys.fresh, keys.changed) {
		written = append(written, wanted[key])
	}
	if err := t.saveGuests(ctx, written); err != nil {
		return err
	}
	differs := map[billing.Month]bool{} // by months that the plan says something of
	for _, month := range months {
		differs[month] = false
	}
	for _, key := range slices.Concat(keys.fresh, keys.changed) {
		differs[months[key]] = true
	}
	for _, key := range keys.unwanted {
		var month billing.Month
		if _, err := t.row(ctx, `SELECT month FROM charge_summary WHERE organization_id = $1 AND charge_key = $2`, []any{t.org, key}, &month); err != nil {
			return err
		}
		differs[month] = true
	}
	if err := t.restandCharges(ctx, keysOf(touched)); err != nil {
		return err
	}
	return t.rollUpChargeMonths(ctx, p.run, differs)
}

// saveGuests keeps whose money is in written charges besides that of those they count for.
func (t *txn) saveGuests(ctx context.Context, written []billing.DesiredCharge) error {
	var rows [][]any
	for some := range slices.Chunk(written, atOnce) {
		keys := make([]string, len(some))
		for i, c := range some {
			keys[i] = c.Key
		}
		q := t.query(`organization_id = $1`).in(`charge_key`, keys)
		if _, err := t.exec(ctx, `DELETE FROM charge_guest`+q.text(), q.args...); err != nil {
			return err
		}
	}
	for _, c := range written {
		for _, customer := range c.Customers() {
			if customer != c.CustomerID {
				rows = append(rows, []any{string(t.org), c.Key, string(customer)})
			}
		}
	}
	return t.bulk(ctx, "charge_guest", []string{"organization_id", "charge_key", "customer_id"}, len(rows), func(i int) ([]any, error) { return rows[i], nil })
}

// rollUpChargeMonths adds up the months that differ, and notes of all of them that the run was the last to say something.
func (t *txn) rollUpChargeMonths(ctx context.Context, run int64, differs map[billing.Month]bool) error {
	for _, month := range keysOf(differs) {
		if differs[month] {
			if err := t.refreshMonth(ctx, month, run); err != nil {
				return err
			}
			continue
		}
		if _, err := t.exec(ctx, `UPDATE month_total SET run_no = $4 WHERE organization_id = $1 AND part = $2 AND month = $3`,
			t.org, partCharges, month, run); err != nil {
			return err
		}
	}
	return nil
}

// standsAfter gives where every known charge stands once a plan is saved, and which may stand elsewhere than before: those of the plan's
// changes, and those whose open changes the plan took over.
func (t *txn) standsAfter(ctx context.Context, p planned) (stands map[string]chargeStand, touched map[string]bool, err error) {
	stands, touched = map[string]chargeStand{}, map[string]bool{}
	if _, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var key string
		var s chargeStand
		err := r.Scan(&key, &s.state, &s.run, &s.change, &s.changeIs, &s.held)
		stands[key] = s
		touched[key] = s.state == AzureApproved || s.changeIs == ChangeProposed || s.changeIs == ChangeApproved
		return struct{}{}, err
	}, `SELECT charge_key, state, change_run, change_id, change_state, held FROM charge_summary WHERE organization_id = $1`, t.org); err != nil {
		return nil, nil, err
	}
	for _, c := range p.desired.Charges {
		if _, known := stands[c.Key]; !known {
			touched[c.Key] = true
		}
	}
	for _, c := range p.changes {
		if key := c.Change.ChargeKey; key != "" {
			touched[key] = true
		}
	}
	maps.DeleteFunc(touched, func(_ string, yes bool) bool { return !yes })
	for some := range slices.Chunk(keysOf(touched), atOnce) {
		now, err := t.chargeStands(ctx, some)
		if err != nil {
			return nil, nil, err
		}
		maps.Copy(stands, now)
	}
	return stands, touched, nil
}

// chargeStands works out where charges stand, from all of their changes and from what is in the target.
func (t *txn) chargeStands(ctx context.Context, charges []string) (map[string]chargeStand, error) {
	histories := make(map[string]*chargeHistory, len(charges))
	for _, key := range charges {
		histories[key] = &chargeHistory{}
	}
	q := t.query(`c.organization_id = $1 AND c.charge_key <> ''`).in(`c.charge_key`, charges)
	if _, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var key string
		var kind plan.ChangeKind
		var c chargeStand
		err := r.Scan(&key, &kind, &c.run, &c.change, &c.changeIs, &c.held)
		if err == nil {
			histories[key].add(kind, c)
		}
		return struct{}{}, err
	}, `SELECT c.charge_key, c.kind, c.run_no, c.change_id, c.state, c.held FROM plan_change c
		JOIN run r ON r.organization_id = c.organization_id AND r.run_no = c.run_no`+q.text()+` ORDER BY r.planned_at, c.run_no, c.seq`, q.args...); err != nil {
		return nil, err
	}
	written := map[string]bool{}
	q = t.query(`organization_id = $1`).and(`kind = %s`, refCharge).in(`mark`, charges)
	if _, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var key string
		err := r.Scan(&key)
		written[key] = true
		return struct{}{}, err
	}, `SELECT mark FROM memory_ref`+q.text(), q.args...); err != nil {
		return nil, err
	}
	stands := make(map[string]chargeStand, len(charges))
	for key, h := range histories {
		stands[key] = h.stand(written[key])
	}
	return stands, nil
}

func chargeSummary(c billing.DesiredCharge, names targetNames, s chargeStand) (summaryRow, error) {
	contract, name := names.contract(c.Contract)
	body, err := encode(storedChargeRow{c, name})
	return summaryRow{c.Key, digestOf(body, contract, string(s.state), runText(s.run), s.change, string(s.changeIs)), []any{
		c.Mark, string(c.CustomerID), contract, string(c.Month), strings.HasPrefix(c.Key, azureKey), string(s.state), true, int64(0),
		s.run, s.change, string(s.changeIs), s.held, "", body,
	}}, err
}

// chargeMoves brings charges in step with steps of their changes.
func (t *txn) chargeMoves(ctx context.Context, moves []moved) error {
	charges := map[string]bool{}
	for _, m := range moves {
		if m.charge != "" {
			charges[m.charge] = true
		}
	}
	return t.restandCharges(ctx, keysOf(charges))
}

// keptCharge is a row of charge_summary.
type keptCharge struct {
	chargeStand
	key      string
	month    billing.Month
	customer billing.CustomerID
	wanted   bool
}

// restandCharges works out again where charges stand, and brings their months in step. Charges that no plan wanted are left out.
func (t *txn) restandCharges(ctx context.Context, charges []string) error {
	touched := map[billing.Month]map[billing.CustomerID]bool{}
	recounted := map[billing.Month]bool{}
	for some := range slices.Chunk(charges, atOnce) {
		moved, err := t.restandSome(ctx, some)
		if err != nil {
			return err
		}
		guests, err := t.guestsOf(ctx, moved)
		if err != nil {
			return err
		}
		for _, c := range moved {
			if touched[c.month] == nil {
				touched[c.month] = map[billing.CustomerID]bool{}
			}
			touched[c.month][c.customer] = true
			for _, guest := range guests[c.key] {
				touched[c.month][guest] = true
			}
			recounted[c.month] = recounted[c.month] || !c.wanted // it counts while it stands
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

// guestsOf gives whose money is in charges besides that of the customers they count for.
func (t *txn) guestsOf(ctx context.Context, charges []keptCharge) (map[string][]billing.CustomerID, error) {
	guests := map[string][]billing.CustomerID{}
	if len(charges) == 0 {
		return guests, nil
	}
	keys := make([]string, len(charges))
	for i, c := range charges {
		keys[i] = c.key
	}
	q := t.query(`organization_id = $1`).in(`charge_key`, keys)
	_, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var key string
		var guest billing.CustomerID
		err := r.Scan(&key, &guest)
		guests[key] = append(guests[key], guest)
		return struct{}{}, err
	}, `SELECT charge_key, customer_id FROM charge_guest`+q.text(), q.args...)
	return guests, err
}

// restandSome writes where some charges stand and gives those that stand elsewhere than before.
func (t *txn) restandSome(ctx context.Context, charges []string) ([]keptCharge, error) {
	stands, err := t.chargeStands(ctx, charges)
	if err != nil {
		return nil, err
	}
	q := t.query(`organization_id = $1`).in(`charge_key`, charges)
	kept, err := list(ctx, t, func(r scanner) (c keptCharge, err error) {
		err = r.Scan(&c.key, &c.month, &c.customer, &c.wanted, &c.state, &c.run, &c.change, &c.changeIs, &c.held)
		return c, err
	}, `SELECT charge_key, month, customer_id, wanted, state, change_run, change_id, change_state, held FROM charge_summary`+q.text(), q.args...)
	if err != nil {
		return nil, err
	}
	kept = slices.DeleteFunc(kept, func(c keptCharge) bool { return stands[c.key] == c.chargeStand })
	steps := map[[2]string][]string{} // state of the charge and of its newest change → charges
	for _, c := range kept {
		now := stands[c.key]
		if now.run != c.run || now.change != c.change {
			if _, err := t.exec(ctx, `UPDATE charge_summary SET change_run = $3, change_id = $4, held = $5 WHERE organization_id = $1 AND charge_key = $2`,
				t.org, c.key, now.run, now.change, now.held); err != nil {
				return nil, err
			}
		}
		step := [2]string{string(now.state), string(now.changeIs)}
		steps[step] = append(steps[step], c.key)
	}
	for step, keys := range steps {
		q := t.query(`organization_id = $1`).in(`charge_key`, keys)
		set := q.place(`state = %s, change_state = %s, digest = ''`, step[0], step[1])
		if _, err := t.exec(ctx, `UPDATE charge_summary SET `+set+q.text(), q.args...); err != nil {
			return nil, err
		}
	}
	return kept, nil
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
	Withheld  int `json:",omitempty"`
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
		switch {
		case authorityOf(l) == billing.AutotaskPrices:
			month.Unpriced++
		case l.UnitPrice == nil:
			month.Withheld++
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
