package store

import (
	"context"
	"crypto/rand"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// releaseTimeout bounds how long giving a lease back may take.
const releaseTimeout = 5 * time.Second

// Lock takes the organization's lease for the time given, so that no two processes work on its target at once. Whoever comes second
// gets a fault of kind wait-until with the end of the lease, also under the same holder name. An expired lease can be taken by anyone.
// Release gives it back, and does nothing when it was lost; work that may outlast the lease calls ExtendLock.
func (s *Store) Lock(ctx context.Context, org billing.OrganizationID, holder string, ttl time.Duration) (release func(), err error) {
	if ttl <= 0 {
		return nil, fault.Invalidf("a lease needs a time to live").WithField("ttl")
	}
	token := rand.Text()
	err = s.write(ctx, org, func(t *txn) error {
		n, err := t.exec(ctx, `INSERT INTO lease (organization_id, holder, token, expires_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (organization_id) DO UPDATE SET holder = excluded.holder, token = excluded.token, expires_at = excluded.expires_at
			WHERE lease.expires_at <= $5`, org, holder, token, micros(t.at.Add(ttl)), micros(t.at))
		if err != nil || n == 1 {
			return err
		}
		var other string
		var until int64
		if _, err := t.row(ctx, `SELECT holder, expires_at FROM lease WHERE organization_id = $1`, []any{org}, &other, &until); err != nil {
			return err
		}
		return fault.WaitUntilf(fromMicros(until), "%s is working on this organization", other).Do("try again when it is done")
	})
	if err != nil {
		return nil, err
	}
	return func() {
		// The work may have ended because its context did: the lease is given back all the same.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
		defer cancel()
		if err := s.unlock(ctx, org, token); err != nil {
			s.log.Warn("the lease was not given back and runs out by itself", "organization", org, "err", err)
		}
	}, nil
}

func (s *Store) unlock(ctx context.Context, org billing.OrganizationID, token string) error {
	return s.write(ctx, org, func(t *txn) error {
		_, err := t.exec(ctx, `DELETE FROM lease WHERE organization_id = $1 AND token = $2`, org, token)
		return err
	})
}

// ExtendLock moves the end of a lease that the holder still has. A lease that ran out is a fault of kind stale: the holder must stop.
func (s *Store) ExtendLock(ctx context.Context, org billing.OrganizationID, holder string, ttl time.Duration) error {
	return s.write(ctx, org, func(t *txn) error {
		n, err := t.exec(ctx, `UPDATE lease SET expires_at = $3 WHERE organization_id = $1 AND holder = $2 AND expires_at > $4`,
			org, holder, micros(t.at.Add(ttl)), micros(t.at))
		if err == nil && n == 0 {
			err = fault.Stalef("%s lost its lease on this organization", holder).Do("start again")
		}
		return err
	})
}

// LockHolder says who holds the organization's lease and until when; holder is "" when nobody does.
func (s *Store) LockHolder(ctx context.Context, org billing.OrganizationID) (holder string, until time.Time, err error) {
	err = s.read(ctx, org, func(t *txn) error {
		var n int64
		found, err := t.row(ctx, `SELECT holder, expires_at FROM lease WHERE organization_id = $1 AND expires_at > $2`,
			[]any{org, micros(t.at)}, &holder, &n)
		if found {
			until = fromMicros(n)
		}
		return err
	})
	return holder, until, err
}

// BreakLock ends the lease of a holder that is known to be dead, so that a restart need not wait for its end. It is a conflict when
// someone else holds it by now. Breaking the lease of a holder that lives makes that one stop at its next ExtendLock.
func (s *Store) BreakLock(ctx context.Context, org billing.OrganizationID, holder, by string) error {
	return s.write(ctx, org, func(t *txn) error {
		n, err := t.exec(ctx, `DELETE FROM lease WHERE organization_id = $1 AND holder = $2`, org, holder)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Conflictf("%s does not hold this organization's lease", holder)
		}
		return t.audit(ctx, by, "lease.broken", string(org), map[string]string{"holder": holder})
	})
}
