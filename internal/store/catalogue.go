package store

import (
	"context"

	"spindle/internal/billing"
)

// SaveCatalogue keeps the target's catalogue as it was read now.
func (s *Store) SaveCatalogue(ctx context.Context, org billing.OrganizationID, c billing.Catalogue) error {
	body, err := encode(c)
	if err != nil {
		return err
	}
	return s.write(ctx, org, func(t *txn) error {
		if err := t.saveEntries(ctx, c); err != nil {
			return err
		}
		if _, err := t.next(ctx, counterMatching); err != nil {
			return err
		}
		_, err := t.exec(ctx, `INSERT INTO catalogue (organization_id, body, saved_at) VALUES ($1, $2, $3)
			ON CONFLICT (organization_id) DO UPDATE SET body = excluded.body, saved_at = excluded.saved_at`, org, body, micros(t.at))
		return err
	})
}

// Catalogue gives the target's catalogue as it was last read; found is false when it never was.
func (s *Store) Catalogue(ctx context.Context, org billing.OrganizationID) (c billing.Catalogue, found bool, err error) {
	err = s.read(ctx, org, func(t *txn) error {
		var body string
		if found, err = t.row(ctx, `SELECT body FROM catalogue WHERE organization_id = $1`, []any{org}, &body); err != nil || !found {
			return err
		}
		return decode(body, &c)
	})
	return c, found, err
}

// Catalogued reports whether the target's catalogue was ever read.
func (s *Store) Catalogued(ctx context.Context, org billing.OrganizationID) (known bool, err error) {
	err = s.read(ctx, org, func(t *txn) (err error) {
		var one int
		known, err = t.row(ctx, `SELECT 1 FROM catalogue WHERE organization_id = $1`, []any{org}, &one)
		return err
	})
	return known, err
}

// Readback is what was read after a change was applied.
type Readback struct {
	ChangeID string
	Verified bool   // the target shows what the change wanted
	What     string // in words
}

// SaveReadbacks stores the read-back of a run's changes, replacing earlier ones.
func (s *Store) SaveReadbacks(ctx context.Context, org billing.OrganizationID, run RunID, all []Readback) error {
	number, err := runNumber(run)
	if err != nil {
		return err
	}
	return s.write(ctx, org, func(t *txn) error {
		for _, r := range all {
			if _, err := t.exec(ctx, `INSERT INTO readback (organization_id, run_no, change_id, verified, what, at)
				VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organization_id, run_no, change_id)
				DO UPDATE SET verified = excluded.verified, what = excluded.what, at = excluded.at`,
				org, number, r.ChangeID, r.Verified, r.What, micros(t.at)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Readbacks gives what was read back after a run, ordered by change id.
func (s *Store) Readbacks(ctx context.Context, org billing.OrganizationID, run RunID) ([]Readback, error) {
	number, err := runNumber(run)
	if err != nil {
		return nil, err
	}
	var all []Readback
	err = s.read(ctx, org, func(t *txn) (err error) {
		all, err = list(ctx, t, func(r scanner) (b Readback, err error) {
			err = r.Scan(&b.ChangeID, &b.Verified, &b.What)
			return b, err
		}, `SELECT change_id, verified, what FROM readback WHERE organization_id = $1 AND run_no = $2 ORDER BY change_id`, org, number)
		return err
	})
	return all, err
}
