package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// The kinds of directory entry.
const (
	entryCustomer     = "customer"
	entrySubscription = "subscription"
	entryAzure        = "azure"
)

type entryKey struct{ kind, id string }

type entry struct {
	customer billing.CustomerID
	body     string
	gone     bool
}

// SaveDirectory replaces what a source says exists. What the source no longer lists is marked gone, never deleted. A directory with
// gaps only adds and changes: nothing is marked gone, and the gaps stay until a whole read (law 2).
func (s *Store) SaveDirectory(ctx context.Context, org billing.OrganizationID, source string, d billing.Directory) error {
	if source == "" || source == customSource {
		return fault.Invalidf("a directory needs the name of its source, and %q is taken", customSource).WithField("source")
	}
	wanted, err := entries(d)
	if err != nil {
		return err
	}
	return s.write(ctx, org, func(t *txn) error {
		if err := t.touchSource(ctx, source, len(d.Incomplete) == 0); err != nil {
			return err
		}
		counts, err := t.mergeEntries(ctx, source, wanted, len(d.Incomplete) == 0)
		if err != nil {
			return err
		}
		if err := t.saveGaps(ctx, source, d.Incomplete); err != nil {
			return err
		}
		if err := t.saveProducts(ctx, d.Subscriptions); err != nil {
			return err
		}
		if _, err := t.next(ctx, counterMatching); err != nil {
			return err
		}
		counts["gaps"] = len(d.Incomplete)
		return t.audit(ctx, source, "directory.saved", source, counts)
	})
}

// touchSource notes that a source was saved now.
func (t *txn) touchSource(ctx context.Context, name string, complete bool) error {
	_, err := t.exec(ctx, `INSERT INTO source (organization_id, name, saved_at, complete) VALUES ($1, $2, $3, $4)
		ON CONFLICT (organization_id, name) DO UPDATE SET saved_at = excluded.saved_at, complete = excluded.complete`,
		t.org, name, micros(t.at), complete)
	return err
}

func entries(d billing.Directory) (map[entryKey]entry, error) {
	all := map[entryKey]entry{}
	add := func(kind, id string, customer billing.CustomerID, v any) error {
		if id == "" {
			return fault.Invalidf("a %s of the directory has no id", kind).WithField("id")
		}
		body, err := encode(v)
		all[entryKey{kind, id}] = entry{customer: customer, body: body}
		return err
	}
	for _, c := range d.Customers {
		if err := add(entryCustomer, string(c.ID), c.ID, c); err != nil {
			return nil, err
		}
	}
	for _, sub := range d.Subscriptions {
		if err := add(entrySubscription, string(sub.ID), sub.CustomerID, sub); err != nil {
			return nil, err
		}
	}
	for _, a := range d.Azure {
		if err := add(entryAzure, string(a.ID), a.CustomerID, a); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// mergeEntries writes only what differs from what is stored, and gives the counts.
func (t *txn) mergeEntries(ctx context.Context, source string, wanted map[entryKey]entry, complete bool) (map[string]int, error) {
	counts := map[string]int{"listed": len(wanted)}
	stored, err := t.storedEntries(ctx, source)
	if err != nil {
		return nil, err
	}
	for key, e := range wanted {
		old, known := stored[key]
		if known && old == e {
			continue
		}
		counts[map[bool]string{true: "changed", false: "added"}[known]]++
		if _, err := t.exec(ctx, `INSERT INTO directory_entry (organization_id, kind, source, id, customer_id, body, gone_at)
			VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT (organization_id, kind, source, id)
			DO UPDATE SET customer_id = excluded.customer_id, body = excluded.body, gone_at = 0`,
			t.org, key.kind, source, key.id, e.customer, e.body); err != nil {
			return nil, err
		}
	}
	for key, old := range stored {
		if _, listed := wanted[key]; listed || old.gone || !complete {
			continue
		}
		counts["gone"]++
		if _, err := t.exec(ctx, `UPDATE directory_entry SET gone_at = $5 WHERE organization_id = $1 AND kind = $2 AND source = $3
			AND id = $4`, t.org, key.kind, source, key.id, micros(t.at)); err != nil {
			return nil, err
		}
	}
	return counts, nil
}

func (t *txn) storedEntries(ctx context.Context, source string) (map[entryKey]entry, error) {
	stored := map[entryKey]entry{}
	_, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var key entryKey
		var e entry
		err := r.Scan(&key.kind, &key.id, &e.customer, &e.body, &e.gone)
		stored[key] = e
		return struct{}{}, err
	}, `SELECT kind, id, customer_id, body, gone_at <> 0 FROM directory_entry WHERE organization_id = $1 AND source = $2`, t.org, source)
	return stored, err
}

func (t *txn) saveGaps(ctx context.Context, source string, gaps []billing.Gap) error {
	if _, err := t.exec(ctx, `DELETE FROM source_gap WHERE organization_id = $1 AND source = $2`, t.org, source); err != nil {
		return err
	}
	return t.bulk(ctx, "source_gap", []string{"organization_id", "source", "seq", "customer_id", "what", "why"}, len(gaps),
		func(i int) ([]any, error) {
			return []any{string(t.org), source, int64(i), string(gaps[i].CustomerID), gaps[i].What, gaps[i].Why}, nil
		})
}

// Directory gives what exists now according to all sources and the custom services, ordered by id. An id that several sources list
// is as the source that was saved last says. What is gone is not in it, see Gone. Where customers are named it has the subscriptions of these
// alone; everything else is whole.
func (s *Store) Directory(ctx context.Context, org billing.OrganizationID, of ...billing.CustomerID) (billing.Directory, error) {
	var d billing.Directory
	err := s.read(ctx, org, func(t *txn) (err error) {
		if d.Customers, err = present[billing.Customer](ctx, t, entryCustomer); err != nil {
			return err
		}
		if d.Subscriptions, err = present[billing.Subscription](ctx, t, entrySubscription, of...); err != nil {
			return err
		}
		if len(of) > 0 { // sources may differ in whose a subscription is
			named := map[billing.CustomerID]bool{}
			for _, id := range of {
				named[id] = true
			}
			d.Subscriptions = slices.DeleteFunc(d.Subscriptions, func(s billing.Subscription) bool { return !named[s.CustomerID] })
		}
		if d.Azure, err = present[billing.AzureSubscription](ctx, t, entryAzure); err != nil {
			return err
		}
		d.Incomplete, err = list(ctx, t, func(r scanner) (g billing.Gap, err error) {
			err = r.Scan(&g.CustomerID, &g.What, &g.Why)
			return g, err
		}, `SELECT customer_id, what, why FROM source_gap WHERE organization_id = $1 ORDER BY source, seq`, org)
		return err
	})
	return d, err
}

// CustomersListed counts the customers that sources list, each as often as sources list it.
func (s *Store) CustomersListed(ctx context.Context, org billing.OrganizationID) (n int, err error) {
	err = s.read(ctx, org, func(t *txn) error {
		_, err := t.row(ctx, `SELECT COUNT(*) FROM directory_entry WHERE organization_id = $1 AND kind = $2 AND gone_at = 0`, []any{org, entryCustomer}, &n)
		return err
	})
	return n, err
}

// present gives the entries of a kind that at least one source still lists: all, or those that any source lists for some customers.
func present[T any](ctx context.Context, t *txn, kind string, of ...billing.CustomerID) ([]T, error) {
	sources, err := list(ctx, t, func(r scanner) (name string, err error) {
		err = r.Scan(&name)
		return name, err
	}, `SELECT name FROM source WHERE organization_id = $1 ORDER BY saved_at DESC, name`, t.org)
	if err != nil {
		return nil, err
	}
	p := presentEntries[T]{bodies: newBodies[T](), at: map[string]int{}}
	for _, source := range sources {
		if err := eachOf(of, func(some []string) error {
			q := t.query(`organization_id = $1`).and(`kind = %s`, kind).and(`source = %s`, source)
			if some != nil {
				theirs := (&query{where: q.where[:2:2], args: q.args}).in(`customer_id`, some) // by whichever source
				q.where, q.args = append(q.where, `id IN (SELECT id FROM directory_entry`+theirs.text()+` AND gone_at = 0)`), theirs.args
			}
			// In the order of the key, without sorting: the index of counts would be taken otherwise.
			_, err := list(ctx, t, p.add, `SELECT id, body FROM directory_entry`+q.text()+` AND gone_at + 0 = 0 ORDER BY id`, q.args...)
			return err
		}); err != nil {
			return nil, err
		}
	}
	return p.sorted(), nil
}

// presentEntries gathers entries, the first of each id.
type presentEntries[T any] struct {
	bodies bodies[T]
	body   sql.RawBytes
	ids    []string
	all    []T
	at     map[string]int // where the entry of an id is
}

func (p *presentEntries[T]) add(r scanner) (struct{}, error) {
	var id string
	if err := r.Scan(&id, &p.body); err != nil {
		return struct{}{}, err
	}
	if _, known := p.at[id]; known {
		return struct{}{}, nil
	}
	v, err := p.bodies.read(p.body)
	p.at[id] = len(p.all)
	p.ids, p.all = append(p.ids, id), append(p.all, v)
	return struct{}{}, err
}

// sorted gives the entries in the order of their ids.
func (p *presentEntries[T]) sorted() []T {
	if slices.IsSorted(p.ids) { // all of one source
		return p.all
	}
	slices.Sort(p.ids)
	all := make([]T, len(p.ids))
	for i, id := range p.ids {
		all[i] = p.all[p.at[id]]
	}
	return all
}

// Gone is what no source lists any more.
type Gone struct {
	Customers     []GoneCustomer
	Subscriptions []GoneSubscription
}

// GoneCustomer is a customer that vanished, as it was last read.
type GoneCustomer struct {
	billing.Customer
	At time.Time // the first whole read without it
}

// GoneSubscription is a subscription that vanished, as it was last read.
type GoneSubscription struct {
	billing.Subscription
	At time.Time
}

// Gone gives the customers and subscriptions that sources listed once and none lists now, ordered by id.
func (s *Store) Gone(ctx context.Context, org billing.OrganizationID) (Gone, error) {
	var g Gone
	err := s.read(ctx, org, func(t *txn) error {
		if err := goneEntries(ctx, t, entryCustomer, func(at time.Time, body string) error {
			g.Customers = append(g.Customers, GoneCustomer{At: at})
			return decode(body, &g.Customers[len(g.Customers)-1].Customer)
		}); err != nil {
			return err
		}
		return goneEntries(ctx, t, entrySubscription, func(at time.Time, body string) error {
			g.Subscriptions = append(g.Subscriptions, GoneSubscription{At: at})
			return decode(body, &g.Subscriptions[len(g.Subscriptions)-1].Subscription)
		})
	})
	return g, err
}

func goneEntries(ctx context.Context, t *txn, kind string, add func(time.Time, string) error) error {
	var last string
	_, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var id, body string
		var at int64
		if err := r.Scan(&id, &at, &body); err != nil || id == last {
			return struct{}{}, err
		}
		last = id
		return struct{}{}, add(fromMicros(at), body)
	}, `SELECT e.id, e.gone_at, e.body FROM directory_entry e WHERE e.organization_id = $1 AND e.kind = $2 AND e.gone_at <> 0
		AND NOT EXISTS (SELECT 1 FROM directory_entry p WHERE p.organization_id = e.organization_id AND p.kind = e.kind
		AND p.id = e.id AND p.gone_at = 0) ORDER BY e.id, e.gone_at DESC, e.source`, t.org, kind)
	return err
}

// SourceInfo says how fresh a source's directory is.
type SourceInfo struct {
	Name     string // "custom" for custom services
	SavedAt  time.Time
	Complete bool
}

// Sources lists the sources that saved a directory, ordered by name.
func (s *Store) Sources(ctx context.Context, org billing.OrganizationID) ([]SourceInfo, error) {
	var all []SourceInfo
	err := s.read(ctx, org, func(t *txn) (err error) {
		all, err = list(ctx, t, func(r scanner) (i SourceInfo, err error) {
			var at int64
			err = r.Scan(&i.Name, &at, &i.Complete)
			i.SavedAt = fromMicros(at)
			return i, err
		}, `SELECT name, saved_at, complete FROM source WHERE organization_id = $1 ORDER BY name`, org)
		return err
	})
	return all, err
}
