package store

import (
	"context"
	"fmt"

	"spindle/internal/billing"
	"spindle/internal/plan"
)

// derivedTables hold nothing but what is worked out from other tables. Findings are not among them: they keep decisions.
func derivedTables() []string {
	return []string{
		"run_rollup", "plan_group", "customer_summary", "line_summary", "line_share", "charge_summary", "charge_guest", "usage_customer",
		"usage_resource_group", "azure_month", "month_total", "catalogue_entry",
	}
}

// rebuildAll works out what the console reads for the organizations that an earlier version has stored.
func (s *Store) rebuildAll(ctx context.Context) error {
	for _, missing := range []struct {
		model int // organization.read_model
		work  func(context.Context, billing.OrganizationID) error
	}{{modelNothing, s.rebuild}, {modelWithoutTexts, s.addTexts}, {modelWithoutGuests, s.addGuests}} {
		var orgs []billing.OrganizationID
		err := s.read(ctx, "", func(t *txn) (err error) {
			orgs, err = list(ctx, t, func(r scanner) (id billing.OrganizationID, err error) {
				err = r.Scan(&id)
				return id, err
			}, `SELECT id FROM organization WHERE read_model = $1 ORDER BY id`, missing.model)
			return err
		})
		if err != nil {
			return err
		}
		for _, org := range orgs {
			s.log.InfoContext(ctx, "working out what the console shows", "organization", org)
			if err := missing.work(ctx, org); err != nil {
				return fmt.Errorf("cannot work out what the console shows of %s: %w", org, err)
			}
		}
	}
	return nil
}

// What organization.read_model says of what the console reads: whether it was worked out. Stored: never renumbered.
const (
	modelNothing       = 0
	modelComplete      = 1
	modelWithoutTexts  = -1 // all but what migrations 10 and 14 added
	modelWithoutGuests = -2 // all but what migration 14 added
)

// addTexts works out what migration 10 added: the texts that searches look at, and how many customers of an Azure month are how far.
func (s *Store) addTexts(ctx context.Context, org billing.OrganizationID) error {
	return s.write(ctx, org, func(t *txn) error {
		if err := t.fillChanges(ctx); err != nil {
			return err
		}
		if err := t.fillLineTexts(ctx); err != nil {
			return err
		}
		months, err := list(ctx, t, func(r scanner) (m billing.Month, err error) {
			err = r.Scan(&m)
			return m, err
		}, `SELECT month FROM month_total WHERE organization_id = $1 AND part = $2`, org, partAzure)
		if err != nil {
			return err
		}
		for _, month := range months {
			if err := t.recountAzure(ctx, month); err != nil {
				return err
			}
		}
		return t.modelIs(ctx, modelWithoutGuests)
	})
}

// addGuests works out what migration 14 added: who shares a charge that counts for somebody else, and how far their Azure months are.
func (s *Store) addGuests(ctx context.Context, org billing.OrganizationID) error {
	return s.write(ctx, org, func(t *txn) error {
		rows, err := list(ctx, t, bodyOf[storedChargeRow], `SELECT body FROM charge_summary WHERE organization_id = $1`, org)
		if err != nil {
			return err
		}
		months := map[billing.Month]bool{}
		var charges []billing.DesiredCharge
		for _, r := range rows {
			months[r.Charge.Month], charges = true, append(charges, r.Charge)
		}
		if err := t.saveGuests(ctx, charges); err != nil {
			return err
		}
		for _, month := range keysOf(months) {
			if err := t.refreshAzure(ctx, month); err != nil {
				return err
			}
		}
		return t.modelIs(ctx, modelComplete)
	})
}

func (t *txn) modelIs(ctx context.Context, model int) error {
	_, err := t.exec(ctx, `UPDATE organization SET read_model = $2 WHERE id = $1`, t.org, model)
	return err
}

// fillLineTexts fills the texts of lines that have none.
func (t *txn) fillLineTexts(ctx context.Context) error {
	rows, err := list(ctx, t, bodyOf[storedLineRow], `SELECT body FROM line_summary WHERE organization_id = $1 AND what_text = 0`, t.org)
	if err != nil {
		return err
	}
	texts := searchTexts{}
	for _, x := range rows {
		who, what := texts.ofLine(x.Line, x.Contract)
		if _, err := t.exec(ctx, `UPDATE line_summary SET who_text = $3, what_text = $4 WHERE organization_id = $1 AND line_key = $2`,
			t.org, x.Line.Key, who, what); err != nil {
			return err
		}
	}
	return t.saveTexts(ctx, texts)
}

// rebuild works out everything that the console reads of an organization, from nothing, and gives the same as keeping it in step did.
func (s *Store) rebuild(ctx context.Context, org billing.OrganizationID) error {
	return s.write(ctx, org, func(t *txn) error {
		for _, table := range derivedTables() {
			if _, err := t.exec(ctx, `DELETE FROM `+table+` WHERE organization_id = $1`, org); err != nil {
				return err
			}
		}
		for _, step := range []func(context.Context) error{t.fillLookups, t.fillChanges, t.fillLines, t.fillUsage, t.replayPlans} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		if err := t.refreshCustomers(ctx); err != nil {
			return err
		}
		return t.modelIs(ctx, modelComplete)
	})
}

// fillLookups fills the entries of the catalogue and the products.
func (t *txn) fillLookups(ctx context.Context) error {
	var body string
	found, err := t.row(ctx, `SELECT body FROM catalogue WHERE organization_id = $1`, []any{t.org}, &body)
	if err != nil {
		return err
	}
	if found {
		var c billing.Catalogue
		if err := decode(body, &c); err != nil {
			return err
		}
		if err := t.saveEntries(ctx, c); err != nil {
			return err
		}
	}
	subs, err := present[billing.Subscription](ctx, t, entrySubscription)
	if err != nil {
		return err
	}
	return t.saveProducts(ctx, subs)
}

// fillChanges fills the columns of runs and changes that lists search by.
func (t *txn) fillChanges(ctx context.Context) error {
	runs, err := list(ctx, t, scanRun, runColumns+` AND trigger_name = ''`, t.org)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if _, err := t.exec(ctx, `UPDATE run SET trigger_name = $3 WHERE organization_id = $1 AND run_no = $2`, t.org, mustNumber(r.ID), r.Scope.Trigger); err != nil {
			return err
		}
	}
	type row struct {
		run    int64
		change plan.Change
	}
	rows, err := list(ctx, t, func(r scanner) (x row, err error) {
		var body string
		if err = r.Scan(&x.run, &body); err == nil {
			err = decode(body, &x.change)
		}
		return x, err
	}, `SELECT run_no, body FROM plan_change WHERE organization_id = $1 AND what_text = 0`, t.org)
	if err != nil {
		return err
	}
	texts := searchTexts{}
	for _, x := range rows {
		c := x.change
		who, what := texts.ofChange(c)
		if _, err := t.exec(ctx, `UPDATE plan_change SET contract = $4, line_key = $5, charge_key = $6, who_text = $7, what_text = $8
			WHERE organization_id = $1 AND run_no = $2 AND change_id = $3`, t.org, x.run, c.ID, c.Contract.String(), c.LineKey, c.ChargeKey, who, what); err != nil {
			return err
		}
	}
	return t.saveTexts(ctx, texts)
}

// mustNumber reads the number of a run that was read from the database.
func mustNumber(id RunID) int64 {
	n, _ := runNumber(id)
	return n
}

// fillLines fills the keys of reconciliation lines in force.
func (t *txn) fillLines(ctx context.Context) error {
	type row struct {
		set, seq int64
		line     storedLine
	}
	rows, err := list(ctx, t, func(r scanner) (x row, err error) {
		var body string
		if err = r.Scan(&x.set, &x.seq, &body); err == nil {
			err = decode(body, &x.line)
		}
		return x, err
	}, `SELECT i.set_no, i.seq, i.body FROM source_set s JOIN line_item i ON i.organization_id = s.organization_id AND i.set_no = s.set_no
		WHERE s.organization_id = $1 AND s.superseded_at = 0 AND i.item_key = ''`, t.org)
	if err != nil {
		return err
	}
	for _, x := range rows {
		if _, err := t.exec(ctx, `UPDATE line_item SET item_key = $4 WHERE organization_id = $1 AND set_no = $2 AND seq = $3`,
			t.org, x.set, x.seq, x.line.Key); err != nil {
			return err
		}
	}
	return nil
}

// fillUsage adds up the usage in force.
func (t *txn) fillUsage(ctx context.Context) error {
	sets, err := t.sets(ctx, usageKinds(), SetFilter{})
	if err != nil {
		return err
	}
	for _, info := range sets {
		set, err := t.usage(ctx, info)
		if err != nil {
			return err
		}
		for seq, g := range set.Groups {
			if _, err := t.exec(ctx, `UPDATE usage_group SET cost_sort = $4 WHERE organization_id = $1 AND set_no = $2 AND seq = $3`,
				t.org, info.number, seq, usageSort(g)); err != nil {
				return err
			}
		}
		if err := t.rollUpUsage(ctx, info.number, set); err != nil {
			return err
		}
	}
	return nil
}

// replayPlans rolls up every plan again, in the order in which they were made. The inbox of findings is only filled when it is empty: what
// people decided about it stays.
func (t *txn) replayPlans(ctx context.Context) error {
	if err := t.refreshCustomers(ctx); err != nil {
		return err
	}
	decided, err := t.row(ctx, `SELECT 1 FROM finding WHERE organization_id = $1 LIMIT 1`, []any{t.org}, new(int))
	if err != nil {
		return err
	}
	runs, err := list(ctx, t, scanRun, runColumns+` AND planned_at <> 0 ORDER BY planned_at, run_no`, t.org)
	if err != nil {
		return err
	}
	for _, run := range runs {
		p, err := t.plannedAgain(ctx, run)
		if err != nil {
			return err
		}
		p.keepInbox, p.noPapers = decided, !run.RemovedAt.IsZero()
		if err := t.rollUp(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// plannedAgain reads a plan with where its changes stand now.
func (t *txn) plannedAgain(ctx context.Context, run Run) (planned, error) {
	p := planned{run: mustNumber(run.ID), at: run.PlannedAt, scope: run.Scope, day: run.PlanDay, complete: run.Complete}
	var err error
	if p.changes, err = t.changes(ctx, ` AND c.run_no = $2 ORDER BY c.seq`, p.run); err != nil {
		return p, err
	}
	if p.findings, err = list(ctx, t, bodyOf[billing.Finding], `SELECT body FROM plan_finding WHERE organization_id = $1 AND run_no = $2
		ORDER BY seq`, t.org, p.run); err != nil {
		return p, err
	}
	p.desired, err = t.desired(ctx, p.run)
	return p, err
}
