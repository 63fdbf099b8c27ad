package store

import (
	"context"

	"spindle/internal/billing"
)

// DefaultSettings are an organization's settings before anyone saved some.
func DefaultSettings() billing.Settings {
	return billing.Settings{
		ContractStartDay: 1,
		AzureBundleName:  "Microsoft Azure",
		EffectivePolicy:  billing.UpNowDownNext,
		KeepEarnedCredit: true, // it is the partner's margin (Microsoft sheet §5.4)
		PricePlaces:      2,
	}
}

// Settings gives the organization's settings, or the defaults when none were saved.
func (s *Store) Settings(ctx context.Context, org billing.OrganizationID) (billing.Settings, error) {
	settings := DefaultSettings()
	err := s.read(ctx, org, func(t *txn) error { return t.settings(ctx, &settings) })
	return settings, err
}

func (t *txn) settings(ctx context.Context, into *billing.Settings) error {
	var body string
	found, err := t.row(ctx, `SELECT body FROM settings WHERE organization_id = $1`, []any{t.org}, &body)
	if err != nil || !found {
		return err
	}
	return decode(body, into)
}

// SaveSettings replaces the organization's settings. The audit entry holds them as they were and as they are.
func (s *Store) SaveSettings(ctx context.Context, org billing.OrganizationID, settings billing.Settings, by string) error {
	return s.write(ctx, org, func(t *txn) error {
		before := DefaultSettings()
		if err := t.settings(ctx, &before); err != nil {
			return err
		}
		body, err := encode(settings)
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, `INSERT INTO settings (organization_id, body, updated_at, updated_by) VALUES ($1, $2, $3, $4)
			ON CONFLICT (organization_id) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at,
			updated_by = excluded.updated_by`, org, body, micros(t.at), by); err != nil {
			return err
		}
		return t.audit(ctx, by, "settings.saved", string(org), map[string]billing.Settings{"before": before, "after": settings})
	})
}
