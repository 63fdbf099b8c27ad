package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/plan"
)

// Retention removes what nothing leads to any more. Three things can go, each older than its own cut-off:
//
//   - the rows of superseded versions of Microsoft's documents. The version in force is never touched: charges and lines lead to its rows;
//   - the working papers of runs that are over. Plans, their changes, findings, decisions and attempts stay; so do the papers that a line or
//     charge, whether it is wanted still or not, or a row of a document leads to (laws 6 and 11);
//   - requests and answers of changes to lines that have ended. Intents stay (law 3), and so does everything about charges.
//
// The audit trail is never touched, and says what went.

// RetentionCut says before which instants things may go; a zero one keeps them.
type RetentionCut struct {
	Versions time.Time // superseded before
	Papers   time.Time // of runs that were last touched before
	Receipts time.Time // of lines whose last change was decided or sent before
}

// Removal is what would go, or went.
type Removal struct {
	Versions    int   // superseded versions of documents
	VersionRows int64 // their rows
	Runs        int   // whose working papers go
	RunRows     int64
	Receipts    int // requests with their answers
}

// Nothing reports whether nothing goes.
func (r Removal) Nothing() bool { return r == Removal{} }

// Add adds another removal to this one.
func (r *Removal) Add(other Removal) {
	r.Versions += other.Versions
	r.VersionRows += other.VersionRows
	r.Runs += other.Runs
	r.RunRows += other.RunRows
	r.Receipts += other.Receipts
}

// removable bounds what one transaction removes, so that nothing else waits long.
const (
	versionsAtOnce = 20
	papersAtOnce   = 20
	receiptsAtOnce = 500
)

// Removable counts everything that a cut would remove.
func (s *Store) Removable(ctx context.Context, org billing.OrganizationID, cut RetentionCut) (Removal, error) {
	var r Removal
	err := s.read(ctx, org, func(t *txn) (err error) {
		r, _, err = t.removable(ctx, cut, 0)
		return err
	})
	return r, err
}

// Remove removes a part of what a cut allows, all or nothing, and says what; nothing when there is no more. day is then noted as the one on
// which the retention settings were carried out.
func (s *Store) Remove(ctx context.Context, org billing.OrganizationID, cut RetentionCut, day billing.Date, by string) (Removal, error) {
	var r Removal
	err := s.write(ctx, org, func(t *txn) (err error) {
		var found expendable
		if r, found, err = t.removable(ctx, cut, 1); err != nil {
			return err
		}
		if r.Nothing() {
			_, err = t.exec(ctx, `UPDATE organization SET retained_on = $2 WHERE id = $1`, org, day.String())
			return err
		}
		if err := t.remove(ctx, found); err != nil {
			return err
		}
		return t.audit(ctx, by, "retention.removed", string(org), map[string]any{"cut": cutWords(cut), "removed": r, "runs": found.runs})
	})
	if err != nil {
		return Removal{}, err
	}
	return r, nil
}

func cutWords(cut RetentionCut) map[string]string {
	words := map[string]string{}
	for name, at := range map[string]time.Time{"versions": cut.Versions, "papers": cut.Papers, "receipts": cut.Receipts} {
		if !at.IsZero() {
			words[name] = at.UTC().Format(time.RFC3339)
		}
	}
	return words
}

// RetainedOn gives the day on which the retention settings were last carried out; zero: never.
func (s *Store) RetainedOn(ctx context.Context, org billing.OrganizationID) (billing.Date, error) {
	var day string
	err := s.read(ctx, org, func(t *txn) error {
		_, err := t.row(ctx, `SELECT retained_on FROM organization WHERE id = $1`, []any{org}, &day)
		return err
	})
	if err != nil || day == "" {
		return billing.Date{}, err
	}
	return billing.ParseDate(day)
}

// expendable is what may go.
type expendable struct {
	sets     []int64
	runs     []int64
	receipts []attemptKey
}

type attemptKey struct {
	run     int64
	change  string
	attempt int
}

// removable finds what may go: everything, or as much as one transaction removes when atOnce is 1.
func (t *txn) removable(ctx context.Context, cut RetentionCut, atOnce int) (Removal, expendable, error) {
	var r Removal
	var found expendable
	var err error
	if found.sets, r.VersionRows, err = t.oldVersions(ctx, cut.Versions, atOnce*versionsAtOnce); err != nil {
		return r, found, err
	}
	if found.runs, r.RunRows, err = t.oldPapers(ctx, cut.Papers, atOnce*papersAtOnce); err != nil {
		return r, found, err
	}
	found.receipts, err = t.oldReceipts(ctx, cut.Receipts, atOnce*receiptsAtOnce)
	r.Versions, r.Runs, r.Receipts = len(found.sets), len(found.runs), len(found.receipts)
	return r, found, err
}

// limited continues a query; 0 is no limit.
func limited(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" LIMIT %d", n)
}

// oldVersions finds superseded versions with the rows that were stored of them.
func (t *txn) oldVersions(ctx context.Context, before time.Time, limit int) (sets []int64, rows int64, err error) {
	if before.IsZero() {
		return nil, 0, nil
	}
	sets, err = list(ctx, t, func(r scanner) (n int64, err error) {
		var items int64
		err = r.Scan(&n, &items)
		rows += items
		return n, err
	}, `SELECT set_no, item_count FROM source_set WHERE organization_id = $1 AND superseded_at <> 0 AND superseded_at < $2 AND removed_at = 0
		ORDER BY set_no`+limited(limit), t.org, micros(before))
	return sets, rows, err
}

// oldPapers finds runs whose working papers nothing needs.
func (t *txn) oldPapers(ctx context.Context, before time.Time, limit int) (runs []int64, rows int64, err error) {
	if before.IsZero() {
		return nil, 0, nil
	}
	candidates, err := list(ctx, t, scanNumber, `SELECT r.run_no FROM run r WHERE r.organization_id = $1 AND r.updated_at < $2 AND r.planned_at <> 0
		AND r.removed_at = 0 AND r.state IN ('verified', 'stopped', 'superseded')
		AND NOT EXISTS (SELECT 1 FROM plan_change c WHERE c.organization_id = r.organization_id AND c.run_no = r.run_no
			AND c.state IN ('proposed', 'approved', 'sending', 'unknown')) ORDER BY r.run_no`, t.org, micros(before))
	if err != nil || len(candidates) == 0 {
		return nil, 0, err
	}
	needed, err := t.neededPapers(ctx)
	if err != nil {
		return nil, 0, err
	}
	documents := &documentPlans{t: t, known: map[int64]map[string]bool{}}
	if err := documents.load(ctx); err != nil {
		return nil, 0, err
	}
	if len(documents.whole) > 0 { // whoever asks for a plan without naming one gets the newest
		needed[documents.whole[len(documents.whole)-1]] = true
	}
	for _, n := range candidates {
		if needed[n] {
			continue
		}
		replaced, err := documents.answeredLater(ctx, n)
		if err != nil {
			return nil, 0, err
		}
		if !replaced {
			continue
		}
		count, err := t.countPapers(ctx, n)
		if err != nil {
			return nil, 0, err
		}
		runs, rows = append(runs, n), rows+count
		if len(runs) == limit {
			break
		}
	}
	return runs, rows, nil
}

// neededPapers are the runs that a page leads to: the newest plan of each customer, the last that wanted each line and charge, ended ones
// too, and the one that each month's sums are from.
func (t *txn) neededPapers(ctx context.Context) (map[int64]bool, error) {
	needed := map[int64]bool{}
	for _, table := range []string{"customer_summary", "line_summary", "charge_summary", "month_total"} {
		runs, err := list(ctx, t, scanNumber, `SELECT DISTINCT run_no FROM `+table+` WHERE organization_id = $1`, t.org)
		if err != nil {
			return nil, err
		}
		for _, n := range runs {
			needed[n] = true
		}
	}
	return needed, nil
}

func (t *txn) countPapers(ctx context.Context, n int64) (rows int64, err error) {
	_, err = t.row(ctx, `SELECT (SELECT COUNT(*) FROM desired_item WHERE organization_id = $1 AND run_no = $2)
		+ (SELECT COUNT(*) FROM disposition WHERE organization_id = $1 AND run_no = $2)`, []any{t.org, n}, &rows)
	return rows, err
}

// documentPlans knows which documents each run's dispositions are about.
type documentPlans struct {
	t     *txn
	whole []int64 // runs that looked at every customer and have their papers, oldest first
	known map[int64]map[string]bool
}

func (d *documentPlans) load(ctx context.Context) error {
	runs, err := list(ctx, d.t, scanRun, runColumns+` AND planned_at <> 0 AND removed_at = 0 ORDER BY run_no`, d.t.org)
	for _, r := range runs {
		if len(r.Scope.Customers) == 0 {
			d.whole = append(d.whole, mustNumber(r.ID))
		}
	}
	return err
}

// answeredLater reports whether for every document that a run says something about a later run of all customers says it too: what became of
// a row is then still known when the papers of the earlier run are gone (law 6).
func (d *documentPlans) answeredLater(ctx context.Context, n int64) (bool, error) {
	own, err := d.of(ctx, n)
	if err != nil {
		return false, err
	}
	open := map[string]bool{}
	for id := range own {
		open[id] = true
	}
	for _, later := range d.whole {
		if len(open) == 0 {
			break
		}
		if later <= n {
			continue
		}
		theirs, err := d.of(ctx, later)
		if err != nil {
			return false, err
		}
		for id := range open {
			if theirs[id] {
				delete(open, id)
			}
		}
	}
	return len(open) == 0, nil
}

func (d *documentPlans) of(ctx context.Context, n int64) (map[string]bool, error) {
	if known := d.known[n]; known != nil {
		return known, nil
	}
	ids, err := list(ctx, d.t, func(r scanner) (id billing.SetID, err error) {
		err = r.Scan(&id.Kind, &id.PartnerID, &id.Invoice, &id.Currency, &id.Month)
		return id, err
	}, `SELECT DISTINCT set_kind, partner_id, invoice, currency, month FROM disposition WHERE organization_id = $1 AND run_no = $2`, d.t.org, n)
	all := map[string]bool{}
	for _, id := range ids {
		all[id.String()] = true
	}
	d.known[n] = all
	return all, err
}

// oldReceipts finds sent changes of lines that have ended: nothing plans them any more, Autotask holds no units of ours, and no change of
// them is younger.
func (t *txn) oldReceipts(ctx context.Context, before time.Time, limit int) ([]attemptKey, error) {
	if before.IsZero() {
		return nil, nil
	}
	standing, err := t.standingLines(ctx)
	if err != nil {
		return nil, err
	}
	var found []attemptKey
	_, err = list(ctx, t, func(r scanner) (struct{}, error) {
		var k attemptKey
		var line string
		err := r.Scan(&k.run, &k.change, &k.attempt, &line)
		if !standing[line] && (limit == 0 || len(found) < limit) {
			found = append(found, k)
		}
		return struct{}{}, err
	}, `SELECT a.run_no, a.change_id, a.attempt, c.line_key FROM send_attempt a JOIN plan_change c ON c.organization_id = a.organization_id
		AND c.run_no = a.run_no AND c.change_id = a.change_id
		WHERE a.organization_id = $1 AND a.removed_at = 0 AND a.started_at < $2 AND c.line_key <> ''
		AND NOT EXISTS (SELECT 1 FROM plan_change n WHERE n.organization_id = a.organization_id AND n.line_key = c.line_key
			AND (n.updated_at >= $2 OR n.state IN ('proposed', 'approved', 'sending', 'unknown')))
		AND NOT EXISTS (SELECT 1 FROM line_summary l WHERE l.organization_id = a.organization_id AND l.line_key = c.line_key AND l.wanted = TRUE)
		ORDER BY a.run_no, a.change_id, a.attempt`, t.org, micros(before))
	return found, err
}

// standingLines are the lines of which Autotask holds units.
func (t *txn) standingLines(ctx context.Context) (map[string]bool, error) {
	lines, err := list(ctx, t, bodyOf[plan.Applied], `SELECT body FROM memory_line WHERE organization_id = $1`, t.org)
	standing := map[string]bool{}
	for _, l := range lines {
		if l.Units != 0 {
			standing[l.LineKey] = true
		}
	}
	return standing, err
}

// remove deletes what was found, and marks where it was.
func (t *txn) remove(ctx context.Context, found expendable) error {
	for _, n := range found.sets {
		if err := t.removeRows(ctx, n, []string{"line_item", "usage_group", "usage_day"}, "set_no", "source_set"); err != nil {
			return err
		}
	}
	for _, n := range found.runs {
		if err := t.removeRows(ctx, n, []string{"desired_item", "disposition"}, "run_no", "run"); err != nil {
			return err
		}
	}
	for _, k := range found.receipts {
		if _, err := t.exec(ctx, `UPDATE send_attempt SET request = '', response = '', removed_at = $5
			WHERE organization_id = $1 AND run_no = $2 AND change_id = $3 AND attempt = $4`, t.org, k.run, k.change, k.attempt, micros(t.at)); err != nil {
			return err
		}
	}
	return nil
}

// removeRows empties tables of what belongs to one row of another, and marks that row.
func (t *txn) removeRows(ctx context.Context, n int64, tables []string, key, marked string) error {
	var statements []string
	for _, table := range tables {
		statements = append(statements, `DELETE FROM `+table+` WHERE organization_id = $1 AND `+key+` = $2`)
	}
	for _, text := range statements {
		if _, err := t.exec(ctx, text, t.org, n); err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, strings.Join([]string{`UPDATE `, marked, ` SET removed_at = $3 WHERE organization_id = $1 AND `, key, ` = $2`}, ""), t.org, n, micros(t.at))
	return err
}
