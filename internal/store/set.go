package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
)

// SetInfo describes a stored version of a set.
type SetInfo struct {
	ID           billing.SetID
	Version      string
	Origin       string        // where it came from: "partnercenter", a file name
	Month        billing.Month // the latest month its rows speak of
	Items        int64         // stored rows: lines, or usage groups
	Rows         int64         // rows the vendor delivered
	Total        money.Totals
	SavedAt      time.Time
	SupersededAt time.Time // zero: the version in force
	RemovedAt    time.Time // when the retention settings removed its rows; zero: they are there

	number int64
}

// SetFilter chooses sets. Zero fields choose all that are in force.
type SetFilter struct {
	Kind       billing.SetKind
	From       billing.Month // sets whose latest month is not earlier
	Superseded bool          // earlier versions too
}

// newSet is what saving has to know of a set besides its rows.
type newSet struct {
	id      billing.SetID
	version string
	origin  string
	month   billing.Month
	items   int
	rows    int64
	total   money.Totals
	action  string
}

// saveSet puts a set in force in the place of its earlier version, which stays as history. The same version again changes nothing.
func (s *Store) saveSet(ctx context.Context, org billing.OrganizationID, n newSet, rows func(t *txn, number int64) error) (bool, error) {
	if n.version == "" {
		return false, fault.Invalidf("set %s has no version", n.id).WithField("version")
	}
	changed := false
	err := s.write(ctx, org, func(t *txn) error {
		var version string
		if _, err := t.row(ctx, `SELECT version FROM source_set WHERE organization_id = $1 AND set_id = $2 AND superseded_at = 0`,
			[]any{org, n.id.String()}, &version); err != nil || version == n.version {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE source_set SET superseded_at = $3 WHERE organization_id = $1 AND set_id = $2
			AND superseded_at = 0`, org, n.id.String(), micros(t.at)); err != nil {
			return err
		}
		number, err := t.insertSet(ctx, n)
		if err != nil {
			return err
		}
		if err := rows(t, number); err != nil {
			return err
		}
		changed = true
		return t.audit(ctx, n.origin, n.action, n.id.String(), map[string]any{
			"version": n.version, "replaces": version, "items": n.items, "rows": n.rows, "totals": n.total.Amounts(),
		})
	})
	return changed && err == nil, err
}

func (t *txn) insertSet(ctx context.Context, n newSet) (int64, error) {
	number, err := t.next(ctx, "set")
	if err != nil {
		return 0, err
	}
	totals, err := encodeTotals(n.total)
	if err != nil {
		return 0, err
	}
	_, err = t.exec(ctx, `INSERT INTO source_set (organization_id, set_no, set_id, kind, partner_id, invoice, currency, month,
		latest_month, version, origin, item_count, row_count, totals, saved_at, superseded_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0)`,
		t.org, number, n.id.String(), n.id.Kind, n.id.PartnerID, n.id.Invoice, n.id.Currency, n.id.Month,
		n.month, n.version, n.origin, n.items, n.rows, totals, micros(t.at))
	return number, err
}

func scanSet(r scanner) (SetInfo, error) {
	var i SetInfo
	var totals string
	var saved, superseded, removed int64
	err := r.Scan(&i.number, &i.ID.Kind, &i.ID.PartnerID, &i.ID.Invoice, &i.ID.Currency, &i.ID.Month, &i.Month, &i.Version, &i.Origin,
		&i.Items, &i.Rows, &totals, &saved, &superseded, &removed)
	if err != nil {
		return i, err
	}
	i.SavedAt, i.SupersededAt, i.RemovedAt = fromMicros(saved), fromMicros(superseded), fromMicros(removed)
	i.Total, err = decodeTotals(totals)
	return i, err
}

// sets lists the sets of some kinds, ordered by id, the version in force first and then the newest.
func (t *txn) sets(ctx context.Context, kinds [2]billing.SetKind, f SetFilter) ([]SetInfo, error) {
	query := `SELECT set_no, kind, partner_id, invoice, currency, month, latest_month, version, origin, item_count, row_count, totals,
		saved_at, superseded_at, removed_at FROM source_set WHERE organization_id = $1 AND kind IN ($2, $3)
		AND (latest_month >= $4 OR latest_month = '')`
	args := []any{t.org, kinds[0], kinds[1], f.From}
	if f.Kind != "" {
		args = append(args, f.Kind)
		query += fmt.Sprintf(` AND kind = $%d`, len(args))
	}
	if !f.Superseded {
		query += ` AND superseded_at = 0`
	}
	return list(ctx, t, scanSet, query+` ORDER BY set_id, set_no DESC`, args...)
}

// set finds the version of a set that is in force.
func (t *txn) set(ctx context.Context, id billing.SetID) (SetInfo, error) {
	all, err := list(ctx, t, scanSet, `SELECT set_no, kind, partner_id, invoice, currency, month, latest_month, version, origin,
		item_count, row_count, totals, saved_at, superseded_at, removed_at FROM source_set WHERE organization_id = $1 AND set_id = $2
		AND superseded_at = 0`, t.org, id.String())
	if err != nil {
		return SetInfo{}, err
	}
	if len(all) == 0 {
		return SetInfo{}, fault.NotFoundf("set %s is not stored", id)
	}
	return all[0], nil
}

func (s *Store) listSets(ctx context.Context, org billing.OrganizationID, kinds [2]billing.SetKind, f SetFilter) ([]SetInfo, error) {
	var all []SetInfo
	err := s.read(ctx, org, func(t *txn) (err error) {
		all, err = t.sets(ctx, kinds, f)
		return err
	})
	return all, err
}

func lineKinds() [2]billing.SetKind {
	return [2]billing.SetKind{billing.BilledLines, billing.UnbilledLines}
}

func usageKinds() [2]billing.SetKind {
	return [2]billing.SetKind{billing.BilledUsage, billing.UnbilledUsage}
}

// checkKind refuses a set of another family.
func checkKind(id billing.SetID, kinds [2]billing.SetKind) error {
	if id.Kind != kinds[0] && id.Kind != kinds[1] {
		return fault.Invalidf("%q is not one of %s and %s", id.Kind, kinds[0], kinds[1]).WithField("kind")
	}
	return nil
}

func laterMonth(m billing.Month, d billing.Date) billing.Month {
	if d.IsZero() {
		return m
	}
	return max(m, billing.MonthOf(d))
}

// loadSets reads the sets in force whose month is not earlier than from.
func loadSets[T any](ctx context.Context, s *Store, org billing.OrganizationID, kinds [2]billing.SetKind, from billing.Month,
	load func(*txn, SetInfo) (T, error)) ([]T, error) {
	var all []T
	err := s.read(ctx, org, func(t *txn) error {
		infos, err := t.sets(ctx, kinds, SetFilter{From: from})
		if err != nil {
			return err
		}
		for _, info := range infos {
			set, err := load(t, info)
			if err != nil {
				return err
			}
			all = append(all, set)
		}
		return nil
	})
	return all, err
}

// itemsOf reads what a set consists of: all, or what is of some customers.
func itemsOf[S, T any](ctx context.Context, t *txn, table string, info SetInfo, of []billing.CustomerID, restore func(S) T) ([]T, error) {
	var all []T
	if len(of) == 0 {
		all = make([]T, 0, info.Items)
	}
	bodies := newBodies[S]()
	var body sql.RawBytes
	err := eachOf(of, func(some []string) error {
		q := t.query(`organization_id = $1`).and(`set_no = %s`, info.number)
		if some != nil {
			q.in(`customer_id`, some)
		}
		_, err := list(ctx, t, func(r scanner) (struct{}, error) {
			if err := r.Scan(&body); err != nil {
				return struct{}{}, err
			}
			stored, err := bodies.read(body)
			all = append(all, restore(stored))
			return struct{}{}, err
		}, `SELECT body FROM `+table+q.text()+` ORDER BY seq`, q.args...)
		return err
	})
	return all, err
}

// eachOf calls f with so many of the customers as a statement takes at once; with nil, meaning all there are, when none is named.
func eachOf(customers []billing.CustomerID, f func(some []string) error) error {
	if len(customers) == 0 {
		return f(nil)
	}
	for some := range slices.Chunk(customers, atOnce) {
		names := make([]string, len(some))
		for i, id := range some {
			names[i] = string(id)
		}
		if err := f(names); err != nil {
			return err
		}
	}
	return nil
}
