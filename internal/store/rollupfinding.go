package store

import (
	"context"
	"fmt"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// knownFinding is what the inbox holds of a finding.
type knownFinding struct {
	id       string
	customer billing.CustomerID
	version  string
	money    money.Amount
	state    FindingState
	reopened string
	decided  bool
}

func findingVersion(f billing.Finding) string { return digestOf(f.Message, f.Money.String()) }

// rollUpFindings brings the inbox in step with a plan. What a whole look does not find any more is cleared; an incomplete one clears
// nothing, because what it did not see may still be there.
func (t *txn) rollUpFindings(ctx context.Context, p planned) error {
	if _, err := t.exec(ctx, `UPDATE finding SET state = $3, until = '', reopened = $4 WHERE organization_id = $1 AND state = $5 AND until <= $2`,
		t.org, p.day.String(), FindingOpen, reopenedByDay, FindingSnoozed); err != nil {
		return err
	}
	known, err := t.knownFindings(ctx)
	if err != nil {
		return err
	}
	var fresh []billing.Finding
	var reopened []string
	seen := map[string]bool{}
	for _, f := range p.findings {
		if seen[f.ID()] {
			continue // two rules that say the same
		}
		seen[f.ID()] = true
		old, found := known[f.ID()]
		if !found {
			fresh = append(fresh, f)
			continue
		}
		state, why := old.after(f)
		if why != "" && why != old.reopened {
			reopened = append(reopened, f.ID())
		}
		if err := t.updateFinding(ctx, p, f, knownFinding{state: state, reopened: why}); err != nil {
			return err
		}
	}
	if err := t.insertInbox(ctx, p, fresh); err != nil {
		return err
	}
	for id, old := range known {
		if seen[id] || old.state == FindingCleared || !p.covers(old.customer) || !p.complete {
			continue
		}
		if _, err := t.exec(ctx, `UPDATE finding SET state = $3, until = '' WHERE organization_id = $1 AND finding_id = $2`, t.org, id, FindingCleared); err != nil {
			return err
		}
	}
	if len(reopened) == 0 {
		return nil
	}
	return t.audit(ctx, "spindle", "finding.reopened", runText(p.run), map[string][]string{"findings": reopened})
}

// after says where a finding stands when a plan has it again, and why it was opened again, if it was.
func (k knownFinding) after(f billing.Finding) (state FindingState, reopened string) {
	switch {
	case k.state == FindingOpen:
		return FindingOpen, k.reopened
	case k.state == FindingCleared && k.decided:
		return FindingOpen, "it was gone and is back"
	case k.state == FindingCleared:
		return FindingOpen, ""
	case !k.money.Equal(f.Money):
		return FindingOpen, fmt.Sprintf("its amount was %s and is %s", k.money, f.Money)
	case k.version != findingVersion(f):
		return FindingOpen, "what it says has changed"
	}
	return k.state, ""
}

func (t *txn) knownFindings(ctx context.Context) (map[string]knownFinding, error) {
	known := map[string]knownFinding{}
	_, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var k knownFinding
		var amount string
		var decided int64
		if err := r.Scan(&k.id, &k.customer, &k.version, &amount, &k.state, &k.reopened, &decided); err != nil {
			return struct{}{}, err
		}
		var err error
		k.money, err = money.ParseAmount(amount)
		k.decided = decided != 0
		known[k.id] = k
		return struct{}{}, err
	}, `SELECT finding_id, customer_id, version, amount, state, reopened, decided_at FROM finding WHERE organization_id = $1`, t.org)
	return known, err
}

func (t *txn) updateFinding(ctx context.Context, p planned, f billing.Finding, to knownFinding) error {
	body, err := encode(f)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `UPDATE finding SET customer_id = $3, search_key = $4, version = $5, amount = $6, amount_sort = $7, body = $8, state = $9,
		until = CASE WHEN $9 = 'snoozed' THEN until ELSE '' END, run_no = $10, last_at = $11, reopened = $12
		WHERE organization_id = $1 AND finding_id = $2`, t.org, f.ID(), f.CustomerID, fold(f.Customer, f.Message, string(f.CustomerID)),
		findingVersion(f), f.Money.String(), weightKey(totalsOf([]money.Amount{f.Money})), body, to.state, p.run, micros(p.at), to.reopened)
	return err
}

func (t *txn) insertInbox(ctx context.Context, p planned, fresh []billing.Finding) error {
	columns := []string{
		"organization_id", "finding_id", "kind", "customer_id", "search_key", "version", "amount", "amount_sort", "body", "state", "until",
		"run_no", "first_at", "last_at", "actor", "decided_at", "note", "reopened",
	}
	return t.bulk(ctx, "finding", columns, len(fresh), func(i int) ([]any, error) {
		f := fresh[i]
		body, err := encode(f)
		return []any{
			string(t.org), f.ID(), string(f.Kind), string(f.CustomerID), fold(f.Customer, f.Message, string(f.CustomerID)), findingVersion(f),
			f.Money.String(), weightKey(totalsOf([]money.Amount{f.Money})), body, string(FindingOpen), "", p.run, micros(p.at), micros(p.at),
			"", int64(0), "", "",
		}, err
	})
}
