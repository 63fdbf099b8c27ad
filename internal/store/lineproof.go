package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/rating"
	"spindle/internal/target"
)

// LineProof leads from an amount on a bill to what Microsoft billed and to what Autotask holds (law 11).
type LineProof struct {
	Key    string
	Line   *LineRow               // a recurring line; or
	Charge *billing.DesiredCharge // a charge

	ChargeContract string       // name of the charge's contract
	Run            RunID        // the newest plan that had it
	Day            billing.Date // the day that plan was made for

	Rules    []billing.PriceRule // that made its price and exist still, as they are now
	RuleIDs  []string            // all of them; those of the settings and of custom services have names of their own
	Sources  Listed[ProofSource] // Microsoft's rows behind it, in that plan
	Cost     money.Totals        // of all of them
	Memory   *plan.Applied       // what was last written of the line
	ChargeID billing.ChargeID    // of the charge in Autotask
	Changes  []ChangeProof       // all changes of it in all runs, newest first, at most 100
}

// ProofSource is one of Microsoft's rows and what became of it.
type ProofSource struct {
	billing.Disposition
	Item  *billing.LineItem   // the row; nil when its set is stored no longer
	Usage *billing.UsageGroup // of usage without reconciliation lines
}

// ChangeProof is a change with everything that was done about it.
type ChangeProof struct {
	ChangeState
	Decision *Decision // who approved or rejected it last; ChangeIDs is not filled; nil when nobody did
	Attempts []Attempt // oldest first
	Readback *Readback // nil: not read back yet
}

// Attempt is one sending of a change.
type Attempt struct {
	Number     int
	Intent     string // written before it was sent
	StartedAt  time.Time
	FinishedAt time.Time // zero: no outcome yet
	State      ChangeStateKind
	Message    string
	Receipt    target.Receipt
	RemovedAt  time.Time // when the retention settings removed request and answer; zero: they are there
}

// changesMax is how many changes of one line a proof shows.
const changesMax = 100

// LineProof gives the proof of a recurring line by DesiredLine.Key or of a charge by DesiredCharge.Key; page chooses among its sources. A key
// that no plan ever had is a fault of kind not-found.
func (s *Store) LineProof(ctx context.Context, org billing.OrganizationID, key string, page Page) (LineProof, error) {
	p := LineProof{Key: key}
	err := s.read(ctx, org, func(t *txn) error {
		if err := t.proveLine(ctx, &p); err != nil {
			return err
		}
		if err := t.proveCharge(ctx, &p); err != nil {
			return err
		}
		if p.Line == nil && p.Charge == nil {
			return fault.NotFoundf("no plan ever had a line or charge with the key %q", key)
		}
		if err := t.proveSources(ctx, &p, page); err != nil {
			return err
		}
		return t.proveChanges(ctx, &p)
	})
	return p, err
}

// proveLine adds a recurring line, what was last written of it, and its price rules.
func (t *txn) proveLine(ctx context.Context, p *LineProof) error {
	lines, err := list(ctx, t, scanLine, `SELECT `+lineRowColumns+` FROM `+lineTables+` WHERE l.organization_id = $1 AND l.line_key = $2`,
		t.org, p.Key)
	if err != nil || len(lines) == 0 {
		return err
	}
	p.Line, p.Run = &lines[0], lines[0].Run
	memory, err := list(ctx, t, bodyOf[plan.Applied], `SELECT body FROM memory_line WHERE organization_id = $1 AND line_key = $2`, t.org, p.Key)
	if err != nil {
		return err
	}
	if len(memory) > 0 {
		p.Memory = &memory[0]
	}
	return t.proveRules(ctx, p, lines[0].PriceRule)
}

// proveCharge adds a charge and its id in the target.
func (t *txn) proveCharge(ctx context.Context, p *LineProof) error {
	var body string
	var wanted bool
	var last, newest int64
	found, err := t.row(ctx, `SELECT c.body, c.wanted, c.run_no, COALESCE(s.run_no, 0), COALESCE(m.id, '') FROM charge_summary c
		LEFT JOIN customer_summary s ON s.organization_id = c.organization_id AND s.customer_id = c.customer_id
		LEFT JOIN memory_ref m ON m.organization_id = c.organization_id AND m.kind = $3 AND m.mark = c.charge_key
		WHERE c.organization_id = $1 AND c.charge_key = $2`, []any{t.org, p.Key, refCharge}, &body, &wanted, &last, &newest, &p.ChargeID)
	if err != nil || !found {
		return err
	}
	var stored storedChargeRow
	if err := decode(body, &stored); err != nil {
		return err
	}
	if wanted {
		last = newest
	}
	p.Charge, p.ChargeContract, p.Run = &stored.Charge, stored.Contract, RunID(runText(last))
	return t.proveRules(ctx, p, stored.Charge.PriceRule)
}

// proveRules adds the rules that made a price: their ids are a list.
func (t *txn) proveRules(ctx context.Context, p *LineProof, ids string) error {
	if ids == "" {
		return nil
	}
	p.RuleIDs = strings.Split(ids, ", ")
	rules, err := t.priceRules(ctx)
	for _, r := range rules {
		if slices.Contains(p.RuleIDs, r.ID) {
			p.Rules = append(p.Rules, r)
		}
	}
	return err
}

// proveSources adds Microsoft's rows behind the line in its plan. A plan's recurring lines answer for the rows of the closed month.
func (t *txn) proveSources(ctx context.Context, p *LineProof, page Page) error {
	run, n, err := t.run(ctx, p.Run)
	if err != nil {
		return err
	}
	p.Day = run.PlanDay
	q := t.query(`organization_id = $1`).and(`run_no = %s`, n).and(`decided_by = %s`, p.Key)
	if p.Sources, err = paged(ctx, t, pagedList[ProofSource]{
		columns: dispositionColumns, from: `disposition`, where: q, order: `seq`, page: page,
		scan: func(r scanner) (s ProofSource, err error) {
			s.Disposition, err = scanDisposition(r)
			return s, err
		},
	}); err != nil {
		return err
	}
	if _, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var text string
		if err := r.Scan(&text); err != nil {
			return struct{}{}, err
		}
		cost, err := money.ParseAmount(text)
		p.Cost.Add(cost)
		return struct{}{}, err
	}, `SELECT cost FROM disposition`+q.text(), q.args...); err != nil {
		return err
	}
	for i := range p.Sources.Rows {
		if err := t.addSource(ctx, &p.Sources.Rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// addSource finds the row that a disposition is about, in the version of its set that is in force.
func (t *txn) addSource(ctx context.Context, s *ProofSource) error {
	if s.Set.Kind == billing.BilledLines || s.Set.Kind == billing.UnbilledLines {
		items, err := list(ctx, t, bodyOf[storedLine], `SELECT i.body FROM source_set s JOIN line_item i ON i.organization_id = s.organization_id
			AND i.set_no = s.set_no WHERE s.organization_id = $1 AND s.set_id = $2 AND s.superseded_at = 0 AND i.item_key = $3`,
			t.org, s.Set.String(), s.LineKey)
		if len(items) > 0 {
			item := billing.LineItem(items[0])
			s.Item = &item
		}
		return err
	}
	customer, _, _ := strings.Cut(s.LineKey, "|") // see rating.UsageKey
	groups, err := list(ctx, t, scanUsage, `SELECT g.body FROM source_set s JOIN usage_group g ON g.organization_id = s.organization_id
		AND g.set_no = s.set_no WHERE s.organization_id = $1 AND s.set_id = $2 AND s.superseded_at = 0 AND g.customer_id = $3`,
		t.org, s.Set.String(), customer)
	for _, g := range groups {
		if rating.UsageKey(&g) == s.LineKey {
			s.Usage = &g
		}
	}
	return err
}

// proveChanges adds all changes of the line in all runs.
func (t *txn) proveChanges(ctx context.Context, p *LineProof) error {
	column := "line_key"
	if p.Line == nil {
		column = "charge_key"
	}
	changes, err := t.changes(ctx, fmt.Sprintf(` AND c.%s = $2 AND c.%s <> '' ORDER BY c.run_no DESC, c.seq DESC LIMIT %d`, column, column, changesMax), p.Key)
	if err != nil {
		return err
	}
	for _, c := range changes {
		n, err := runNumber(c.Run)
		if err != nil {
			return err
		}
		proof, err := t.changeProof(ctx, n, c)
		if err != nil {
			return err
		}
		p.Changes = append(p.Changes, proof)
	}
	return nil
}

// changeProof adds to a change who decided it, how it was sent and what was read back.
func (t *txn) changeProof(ctx context.Context, n int64, c ChangeState) (ChangeProof, error) {
	proof := ChangeProof{ChangeState: c}
	if !c.DecidedAt.IsZero() {
		d := Decision{By: c.By, At: c.DecidedAt}
		var word string
		found, err := t.row(ctx, `SELECT decision, fingerprint, reason FROM approval WHERE organization_id = $1 AND run_no = $2 AND actor = $3
			AND at = $4 ORDER BY seq LIMIT 1`, []any{t.org, n, c.By, micros(c.DecidedAt)}, &word, &d.Fingerprint, &d.Reason)
		if err != nil {
			return proof, err
		}
		if d.Approved = word == decisionApprove; found {
			proof.Decision = &d
		}
	}
	var err error
	if proof.Attempts, err = list(ctx, t, scanAttempt, `SELECT attempt, intent, started_at, finished_at, state, message, receipt_id, request, response, removed_at
		FROM send_attempt WHERE organization_id = $1 AND run_no = $2 AND change_id = $3 ORDER BY attempt`, t.org, n, c.Change.ID); err != nil {
		return proof, err
	}
	back := Readback{ChangeID: c.Change.ID}
	found, err := t.row(ctx, `SELECT verified, what FROM readback WHERE organization_id = $1 AND run_no = $2 AND change_id = $3`,
		[]any{t.org, n, c.Change.ID}, &back.Verified, &back.What)
	if found {
		proof.Readback = &back
	}
	return proof, err
}

func scanAttempt(r scanner) (Attempt, error) {
	var a Attempt
	var started, finished, removed int64
	err := r.Scan(&a.Number, &a.Intent, &started, &finished, &a.State, &a.Message, &a.Receipt.ID, &a.Receipt.Request, &a.Receipt.Response, &removed)
	a.StartedAt, a.FinishedAt, a.RemovedAt = fromMicros(started), fromMicros(finished), fromMicros(removed)
	return a, err
}

// SourceUse says what became of one of Microsoft's rows in the newest plan that dealt with it.
type SourceUse struct {
	billing.Disposition
	Run RunID
	Key string // of the line or charge that bills it; "" when it is held or excluded, see Disposition.By
}

// SourceUses leads from a row of Microsoft's file, or of all rows without number, to the lines and charges that bill it; at most 500.
func (s *Store) SourceUses(ctx context.Context, org billing.OrganizationID, set billing.SetID, row int) ([]SourceUse, error) {
	var uses []SourceUse
	err := s.read(ctx, org, func(t *txn) error {
		var newest int64
		found, err := t.row(ctx, `SELECT run_no FROM disposition WHERE organization_id = $1 AND invoice = $2 AND row_no = $3
			ORDER BY run_no DESC LIMIT 1`, []any{org, set.Invoice, row}, &newest)
		if err != nil || !found {
			return err
		}
		all, err := list(ctx, t, scanDisposition, `SELECT `+dispositionColumns+` FROM disposition WHERE organization_id = $1 AND invoice = $2
			AND row_no = $3 AND run_no = $4 ORDER BY seq LIMIT $5`, org, set.Invoice, row, newest, pageSizeMax)
		for _, d := range all {
			if d.Set.String() != set.String() {
				continue
			}
			use := SourceUse{Disposition: d, Run: RunID(runText(newest))}
			if d.Outcome == billing.Billed {
				use.Key = d.By
			}
			uses = append(uses, use)
		}
		return err
	})
	return uses, err
}

// FindLines leads from what stands in Autotask to keys for LineProof: text is the id of a contract service or charge, one of our marks, or a
// key itself. Several things may have the same id there.
func (s *Store) FindLines(ctx context.Context, org billing.OrganizationID, text string) ([]string, error) {
	var keys []string
	err := s.read(ctx, org, func(t *txn) (err error) {
		keys, err = list(ctx, t, func(r scanner) (key string, err error) {
			err = r.Scan(&key)
			return key, err
		}, `SELECT line_key FROM memory_line WHERE organization_id = $1 AND line_id = $2
			UNION ALL SELECT mark FROM memory_ref WHERE organization_id = $1 AND kind = 'charge' AND id = $2
			UNION ALL SELECT line_key FROM line_summary WHERE organization_id = $1 AND mark = $2
			UNION ALL SELECT charge_key FROM charge_summary WHERE organization_id = $1 AND mark = $2
			UNION ALL SELECT line_key FROM line_summary WHERE organization_id = $1 AND line_key = $2
			UNION ALL SELECT charge_key FROM charge_summary WHERE organization_id = $1 AND charge_key = $2`, org, text)
		return err
	})
	slices.Sort(keys)
	return slices.Compact(keys), err
}
