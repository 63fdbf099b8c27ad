package store

import (
	"context"
	"slices"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// CallAccount is what is known of the calls of one vendor tenant. What it means is the business of whoever budgets calls.
type CallAccount struct {
	Limit  int        // the vendor's figure; 0: not known
	Slots  []CallSlot // oldest first
	Others int        // calls of other integrations, as seen at SeenAt
	SeenAt time.Time
}

// CallSlot counts the calls that this installation took for a short time; Held of them may not have been made.
type CallSlot struct {
	Start       time.Time
	Taken, Held int
}

// JoinCalls keeps to which tenant an organization's calls go.
func (s *Store) JoinCalls(ctx context.Context, org billing.OrganizationID, tenant string) error {
	if tenant == "" {
		return fault.Invalidf("an account of calls needs a tenant").WithField("tenant")
	}
	var now string
	err := s.read(ctx, org, func(t *txn) error {
		_, err := t.row(ctx, `SELECT tenant FROM call_member WHERE organization_id = $1`, []any{org}, &now)
		return err
	})
	if err != nil || now == tenant {
		return err
	}
	return s.write(ctx, org, func(t *txn) error {
		_, err := t.exec(ctx, `INSERT INTO call_member (organization_id, tenant) VALUES ($1, $2)
			ON CONFLICT (organization_id) DO UPDATE SET tenant = excluded.tenant`, org, tenant)
		return err
	})
}

// OrganizationCalls gives the account of the tenant that an organization's calls go to; the zero value before it made any.
func (s *Store) OrganizationCalls(ctx context.Context, org billing.OrganizationID) (CallAccount, error) {
	var a CallAccount
	err := s.read(ctx, org, func(t *txn) error {
		var tenant string
		found, err := t.row(ctx, `SELECT tenant FROM call_member WHERE organization_id = $1`, []any{org}, &tenant)
		if err == nil && found {
			a, err = t.calls(ctx, tenant)
		}
		return err
	})
	return a, err
}

// SharedTenant counts the other organizations whose calls go to the tenant of this one.
func (s *Store) SharedTenant(ctx context.Context, org billing.OrganizationID) (others int, err error) {
	err = s.read(ctx, org, func(t *txn) error {
		_, err := t.row(ctx, `SELECT COUNT(*) FROM call_member WHERE organization_id <> $1
			AND tenant = (SELECT tenant FROM call_member WHERE organization_id = $1)`, []any{org}, &others)
		return err
	})
	return others, err
}

// TenantCalls gives the account of a tenant, zero when there is none yet. It belongs to no organization: several may share a tenant.
func (s *Store) TenantCalls(ctx context.Context, tenant string) (CallAccount, error) {
	var a CallAccount
	err := s.read(ctx, "", func(t *txn) (err error) {
		a, err = t.calls(ctx, tenant)
		return err
	})
	return a, err
}

// UpdateTenantCalls stores what change makes of the account of a tenant. Whoever else changes it waits meanwhile.
func (s *Store) UpdateTenantCalls(ctx context.Context, tenant string, change func(*CallAccount)) error {
	return s.begin(ctx, s.writer, nil, func(t *txn) error {
		// The upsert takes the row, so that accounts are changed one after the other, also by other processes.
		_, err := t.exec(ctx, `INSERT INTO call_account (tenant, writes, ceiling, others, seen_at) VALUES ($1, 1, 0, 0, 0)
			ON CONFLICT (tenant) DO UPDATE SET writes = call_account.writes + 1`, tenant)
		if err != nil {
			return err
		}
		before, err := t.calls(ctx, tenant)
		if err != nil {
			return err
		}
		after := before
		after.Slots = slices.Clone(before.Slots)
		change(&after)
		return t.saveCalls(ctx, tenant, before, after)
	})
}

func (t *txn) calls(ctx context.Context, tenant string) (CallAccount, error) {
	var a CallAccount
	var seen int64
	found, err := t.row(ctx, `SELECT ceiling, others, seen_at FROM call_account WHERE tenant = $1`, []any{tenant}, &a.Limit, &a.Others, &seen)
	if err != nil || !found {
		return a, err
	}
	a.SeenAt = fromMicros(seen)
	a.Slots, err = list(ctx, t, func(row scanner) (CallSlot, error) {
		var slot CallSlot
		var start int64
		err := row.Scan(&start, &slot.Taken, &slot.Held)
		slot.Start = fromMicros(start)
		return slot, err
	}, `SELECT start, taken, held FROM call_slot WHERE tenant = $1 ORDER BY start`, tenant)
	return a, err
}

func (t *txn) saveCalls(ctx context.Context, tenant string, before, after CallAccount) error {
	_, err := t.exec(ctx, `UPDATE call_account SET ceiling = $2, others = $3, seen_at = $4 WHERE tenant = $1`,
		tenant, after.Limit, after.Others, micros(after.SeenAt))
	if err != nil {
		return err
	}
	for _, slot := range before.Slots {
		kept := slices.ContainsFunc(after.Slots, func(s CallSlot) bool { return s.Start.Equal(slot.Start) })
		if kept {
			continue
		}
		if _, err := t.exec(ctx, `DELETE FROM call_slot WHERE tenant = $1 AND start = $2`, tenant, micros(slot.Start)); err != nil {
			return err
		}
	}
	for _, slot := range after.Slots {
		if slices.Contains(before.Slots, slot) {
			continue
		}
		_, err := t.exec(ctx, `INSERT INTO call_slot (tenant, start, taken, held) VALUES ($1, $2, $3, $4)
			ON CONFLICT (tenant, start) DO UPDATE SET taken = excluded.taken, held = excluded.held`,
			tenant, micros(slot.Start), slot.Taken, slot.Held)
		if err != nil {
			return err
		}
	}
	return nil
}
