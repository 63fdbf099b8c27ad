package store

import (
	"context"

	"spindle/internal/billing"
)

// Rebuild works out again what the console reads.
func Rebuild(ctx context.Context, s *Store, org billing.OrganizationID) error {
	return s.rebuild(ctx, org)
}

// AddTexts works out what migration 10 added.
func AddTexts(ctx context.Context, s *Store, org billing.OrganizationID) error {
	return s.addTexts(ctx, org)
}

// ForgetTexts makes an organization what migration 10 leaves.
func ForgetTexts(ctx context.Context, s *Store, org billing.OrganizationID) error {
	return s.write(ctx, org, func(t *txn) error {
		for _, text := range []string{
			`DELETE FROM search_text WHERE organization_id = $1`, `UPDATE line_summary SET who_text = 0, what_text = 0 WHERE organization_id = $1`,
			`UPDATE plan_change SET who_text = 0, what_text = 0 WHERE organization_id = $1`,
		} {
			if _, err := t.exec(ctx, text, org); err != nil {
				return err
			}
		}
		months, err := list(ctx, t, func(r scanner) (m [2]string, err error) {
			err = r.Scan(&m[0], &m[1])
			return m, err
		}, `SELECT month, body FROM month_total WHERE organization_id = $1 AND part = $2`, org, partAzure)
		for _, m := range months {
			var total storedMonth
			if err == nil {
				err = decode(m[1], &total)
			}
			total.States = nil
			if err == nil {
				err = t.saveMonth(ctx, partAzure, billing.Month(m[0]), sameRun, total)
			}
		}
		return err
	})
}

// AddGuests works out what migration 14 added.
func AddGuests(ctx context.Context, s *Store, org billing.OrganizationID) error {
	return s.addGuests(ctx, org)
}

// ForgetGuests makes an organization what migration 14 finds.
func ForgetGuests(ctx context.Context, s *Store, org billing.OrganizationID) error {
	return s.write(ctx, org, func(t *txn) error {
		if _, err := t.exec(ctx, `DELETE FROM charge_guest WHERE organization_id = $1`, org); err != nil {
			return err
		}
		_, err := t.exec(ctx, `UPDATE azure_month SET state = 1 WHERE organization_id = $1 AND charges = 0 AND state > 1`, org)
		return err
	})
}

// DerivedTables lists the tables that Rebuild fills.
func DerivedTables() []string { return derivedTables() }

// SortKey and Fold are how rows are ordered and searched.
var (
	SortKey = sortKey
	Fold    = fold
)

// SetTextsMax makes searches take rows as most of them when so many texts match.
func SetTextsMax(s *Store, n int) { s.textsMax = n }

// SetCountMax makes lists count less far.
func SetCountMax(s *Store, n int) { s.countMax = n }
