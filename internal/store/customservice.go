package store

import (
	"context"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// customSource is the source of all custom services, whichever file they came from. Stored: never renamed.
const customSource = "custom"

// CustomService is a custom service that has not ended, and where it comes from.
type CustomService struct {
	billing.Subscription
	Origin  string    // name of the file that listed it last
	SavedAt time.Time // when that file was imported
}

// CustomList is what an import says of custom services.
type CustomList struct {
	Origin   string                   // name of the file
	Services []billing.Subscription   // to add or change, by id
	Ended    []billing.SubscriptionID // to end; what is in neither list stays as it is
}

// CustomServices gives the custom services that have not ended, ordered by id.
func (s *Store) CustomServices(ctx context.Context, org billing.OrganizationID) ([]CustomService, error) {
	var all []CustomService
	err := s.read(ctx, org, func(t *txn) (err error) {
		all, err = list(ctx, t, scanCustomService, `SELECT body, origin, saved_at FROM directory_entry
			WHERE organization_id = $1 AND kind = $2 AND source = $3 AND gone_at = 0 ORDER BY id`, org, entrySubscription, customSource)
		return err
	})
	return all, err
}

func scanCustomService(r scanner) (c CustomService, err error) {
	var body string
	var at int64
	if err := r.Scan(&body, &c.Origin, &at); err != nil {
		return c, err
	}
	c.SavedAt = fromMicros(at)
	return c, decodeRow(body, &c.Subscription)
}

// SaveCustomServices adds custom services, changes those that are known by their id, and ends those that the list names as ended: they are
// marked gone, never deleted.
func (s *Store) SaveCustomServices(ctx context.Context, org billing.OrganizationID, l CustomList, by string) error {
	for _, sub := range l.Services {
		if sub.Kind != billing.CustomService {
			return fault.Invalidf("subscription %q is not a custom service", sub.ID).WithField("kind")
		}
	}
	wanted, err := entries(billing.Directory{Subscriptions: l.Services})
	if err != nil {
		return err
	}
	return s.write(ctx, org, func(t *txn) error {
		if err := t.touchSource(ctx, customSource, true); err != nil {
			return err
		}
		counts, err := t.mergeEntries(ctx, customSource, wanted, false)
		if err != nil {
			return err
		}
		for key := range wanted {
			if _, err := t.exec(ctx, `UPDATE directory_entry SET origin = $5, saved_at = $6 WHERE organization_id = $1 AND kind = $2
				AND source = $3 AND id = $4`, t.org, key.kind, customSource, key.id, l.Origin, micros(t.at)); err != nil {
				return err
			}
		}
		if err := t.endCustomServices(ctx, l.Ended); err != nil {
			return err
		}
		if err := t.saveProducts(ctx, l.Services); err != nil {
			return err
		}
		counts["ended"] = len(l.Ended)
		return t.audit(ctx, by, "custom-services.saved", l.Origin, counts)
	})
}

func (t *txn) endCustomServices(ctx context.Context, ids []billing.SubscriptionID) error {
	for _, id := range ids {
		n, err := t.exec(ctx, `UPDATE directory_entry SET gone_at = $5 WHERE organization_id = $1 AND kind = $2 AND source = $3 AND id = $4
			AND gone_at = 0`, t.org, entrySubscription, customSource, id, micros(t.at))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.NotFoundf("there is no custom service %q to end", id).Do("spindle services list shows them")
		}
	}
	return nil
}
