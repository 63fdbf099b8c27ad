package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// storedLineRow is the body of line_summary.
type storedLineRow struct {
	Line     billing.DesiredLine
	Contract string `json:",omitempty"` // names
	Service  string `json:",omitempty"`
}

// summaryRow is a row of line_summary or charge_summary as it should be.
type summaryRow struct {
	key    string
	digest string
	values []any // the columns after the key, in the order of the insert
}

func periodFigures(l billing.DesiredLine) Figures {
	return figuresOf(money.Int(l.Units), l.UnitCost, l.UnitPrice)
}

// baseStatus is how a line stands while it has no change.
func baseStatus(l billing.DesiredLine) LineStatus {
	switch {
	case len(l.Holds) > 0:
		return LineHeld
	case !l.EndedOn.IsZero():
		return LineEnded
	}
	return LineInStep
}

// standing folds the changes of a line into one status.
type standing struct {
	base                                     LineStatus
	failed, held, waiting, sending, rejected bool
}

func (s *standing) add(state ChangeStateKind, held bool) {
	switch state {
	case ChangeRefused, ChangeStale, ChangeUnknown, ChangeSkipped:
		s.failed = true
	case ChangeProposed:
		s.held, s.waiting = s.held || held, true
	case ChangeApproved, ChangeSending:
		s.sending = true
	case ChangeRejected:
		s.rejected = true
	}
}

func (s standing) status(base LineStatus) LineStatus {
	switch {
	case s.failed:
		return LineFailed
	case s.held:
		return LineHeld
	case s.waiting:
		return LineWaiting
	case s.sending:
		return LineSending
	case s.rejected && base != LineHeld:
		return LineRejected
	}
	return base
}

const lineColumns = `mark, customer_id, contract, price_rule, order_key, who_text, what_text, price_sort, margin_sort, base, status,
	wanted, run_no, digest, body`

// rollUpLines keeps every line that the plan wants. A line that is not wanted any more stays, for its proof.
func (t *txn) rollUpLines(ctx context.Context, p planned, names targetNames) error {
	stands := map[string]*standing{}
	for _, c := range p.changes {
		if key := c.Change.LineKey; key != "" {
			if stands[key] == nil {
				stands[key] = &standing{}
			}
			stands[key].add(c.State, c.Change.Held())
		}
	}
	texts := searchTexts{}
	rows := make([]summaryRow, 0, len(p.desired.Lines))
	shares := make(map[string][]billing.Share, len(p.desired.Lines))
	for _, l := range p.desired.Lines {
		status := baseStatus(l)
		if s := stands[l.Key]; s != nil {
			status = s.status(status)
		}
		row, err := lineSummary(l, names, status, texts)
		if err != nil {
			return err
		}
		rows = append(rows, row)
		shares[l.Key] = l.Shares
	}
	if err := t.saveTexts(ctx, texts); err != nil {
		return err
	}
	written, err := t.writeSummaries(ctx, p, summaryTable{"line_summary", "line_key", lineColumns}, rows)
	if err != nil {
		return err
	}
	if err := t.restand(ctx, written.unwanted); err != nil {
		return err
	}
	for _, key := range written.changed {
		if _, err := t.exec(ctx, `DELETE FROM line_share WHERE organization_id = $1 AND line_key = $2`, t.org, key); err != nil {
			return err
		}
	}
	return t.saveShares(ctx, slices.Concat(written.fresh, written.changed), shares)
}

func lineSummary(l billing.DesiredLine, names targetNames, status LineStatus, texts searchTexts) (summaryRow, error) {
	contract, contractName := names.contract(l.Contract)
	service := names.service(l.Service)
	body, err := encode(storedLineRow{l, contractName, service})
	monthly := periodFigures(l).perMonth(l.PeriodType)
	who, what := texts.ofLine(l, contractName)
	return summaryRow{l.Key, digestOf(body, contract, string(status)), []any{
		l.Mark, string(l.CustomerID), contract, l.PriceRule, fold(l.Customer, l.Name),
		who, what, sortKey(monthly.Price), sortKey(monthly.Margin),
		string(baseStatus(l)), string(status), true, int64(0), "", body,
	}}, err
}

// summaryTable is line_summary or charge_summary: both keep what plans ever wanted, by key.
type summaryTable struct{ name, key, columns string }

type knownSummary struct {
	customer billing.CustomerID
	digest   string
	wanted   bool
}

// summaryKeys are the keys of the rows that a plan touched.
type summaryKeys struct{ fresh, changed, unwanted []string }

// writeSummaries writes the rows that are new or differ and notes which are not wanted any more.
func (t *txn) writeSummaries(ctx context.Context, p planned, table summaryTable, rows []summaryRow) (summaryKeys, error) {
	var keys summaryKeys
	known := map[string]knownSummary{}
	if _, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var key string
		var k knownSummary
		err := r.Scan(&key, &k.customer, &k.digest, &k.wanted)
		known[key] = k
		return struct{}{}, err
	}, `SELECT `+table.key+`, customer_id, digest, wanted FROM `+table.name+` WHERE organization_id = $1`, t.org); err != nil {
		return keys, err
	}
	columns := slices.Concat([]string{"organization_id", table.key}, strings.FieldsFunc(table.columns, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }))
	digest := slices.Index(columns, "digest")
	var fresh [][]any
	wanted := make(map[string]bool, len(rows))
	for _, row := range rows {
		wanted[row.key] = true
		values := slices.Concat([]any{string(t.org), row.key}, row.values)
		values[digest] = row.digest
		old, found := known[row.key]
		switch {
		case !found:
			fresh = append(fresh, values)
			keys.fresh = append(keys.fresh, row.key)
		case old.digest != row.digest || !old.wanted:
			if _, err := t.exec(ctx, updateText(table.name, columns), values...); err != nil {
				return keys, err
			}
			keys.changed = append(keys.changed, row.key)
		}
	}
	if err := t.bulk(ctx, table.name, columns, len(fresh), func(i int) ([]any, error) { return fresh[i], nil }); err != nil {
		return keys, err
	}
	for key, old := range known {
		if !old.wanted || wanted[key] || !p.covers(old.customer) {
			continue
		}
		if _, err := t.exec(ctx, `UPDATE `+table.name+` SET wanted = $3, run_no = COALESCE((SELECT s.run_no FROM customer_summary s
			WHERE s.organization_id = $1 AND s.customer_id = $4), 0) WHERE organization_id = $1 AND `+table.key+` = $2`,
			t.org, key, false, old.customer); err != nil {
			return keys, err
		}
		keys.unwanted = append(keys.unwanted, key)
	}
	return keys, nil
}

// updateText updates a row whose key is the first two columns.
func updateText(table string, columns []string) string {
	text := "UPDATE " + table + " SET "
	for i, c := range columns[2:] {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s = $%d", c, i+3)
	}
	return text + fmt.Sprintf(" WHERE %s = $1 AND %s = $2", columns[0], columns[1])
}

// saveShares keeps which subscriptions the written lines bill.
func (t *txn) saveShares(ctx context.Context, written []string, shares map[string][]billing.Share) error {
	type share struct {
		line string
		sub  billing.SubscriptionID
	}
	var all []share
	for _, key := range written {
		seen := map[billing.SubscriptionID]bool{}
		for _, s := range shares[key] {
			if !seen[s.SubscriptionID] {
				seen[s.SubscriptionID] = true
				all = append(all, share{key, s.SubscriptionID})
			}
		}
	}
	return t.bulk(ctx, "line_share", []string{"organization_id", "line_key", "subscription_id"}, len(all), func(i int) ([]any, error) {
		return []any{string(t.org), all[i].line, string(all[i].sub)}, nil
	})
}

// lineMoves brings the statuses of lines in step with steps of their changes.
func (t *txn) lineMoves(ctx context.Context, moves []moved) error {
	lines := map[string]bool{}
	for _, m := range moves {
		if m.line != "" {
			lines[m.line] = true
		}
	}
	return t.restand(ctx, keysOf(lines))
}

// restand works out the statuses of lines again, from their changes in the newest plan that wanted them.
func (t *txn) restand(ctx context.Context, lines []string) error {
	for some := range slices.Chunk(lines, atOnce) {
		stands := map[string]*standing{}
		q := t.query(`l.organization_id = $1`).in(`l.line_key`, some)
		if _, err := list(ctx, t, func(r scanner) (struct{}, error) {
			var key, state string
			var base LineStatus
			var held bool
			err := r.Scan(&key, &base, &state, &held)
			if stands[key] == nil {
				stands[key] = &standing{base: base}
			}
			stands[key].add(ChangeStateKind(state), held)
			return struct{}{}, err
		}, `SELECT l.line_key, l.base, COALESCE(c.state, ''), COALESCE(c.held, FALSE) FROM line_summary l
			LEFT JOIN customer_summary s ON s.organization_id = l.organization_id AND s.customer_id = l.customer_id
			LEFT JOIN plan_change c ON c.organization_id = l.organization_id AND c.line_key = l.line_key AND c.line_key <> ''
			AND c.run_no = CASE WHEN l.wanted THEN COALESCE(s.run_no, 0) ELSE l.run_no END`+q.text(), q.args...); err != nil {
			return err
		}
		as := map[LineStatus][]string{}
		for _, key := range keysOf(stands) {
			status := stands[key].status(stands[key].base)
			as[status] = append(as[status], key)
		}
		for _, status := range keysOf(as) {
			q := t.query(`organization_id = $1`).in(`line_key`, as[status])
			if _, err := t.exec(ctx, `UPDATE line_summary SET digest = '', `+q.place(`status = %s`, status)+q.text(), q.args...); err != nil {
				return err
			}
		}
	}
	return nil
}
