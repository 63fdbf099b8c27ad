package store

import (
	"context"
	"fmt"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// The kinds of entry of the catalogue. Stored: never renamed.
const (
	catalogueCompany  = "company"
	catalogueContract = "contract"
	catalogueService  = "service"
	catalogueCode     = "code"
)

// catalogueEntry is one row of catalogue_entry.
type catalogueEntry struct {
	kind, id, parent, name string
	active                 bool
	value                  any
}

func catalogueEntries(c billing.Catalogue) []catalogueEntry {
	var all []catalogueEntry
	for _, v := range c.Companies {
		all = append(all, catalogueEntry{catalogueCompany, string(v.ID), "", v.Name, v.Active, v})
	}
	for _, v := range c.Contracts {
		all = append(all, catalogueEntry{catalogueContract, string(v.ID), string(v.CompanyID), v.Name, v.Active, v})
	}
	for _, v := range c.Services {
		all = append(all, catalogueEntry{catalogueService, string(v.ID), "", v.Name, v.Active, v})
	}
	for _, v := range c.Codes {
		all = append(all, catalogueEntry{catalogueCode, string(v.ID), string(v.Use), v.Name, v.Active, v})
	}
	return all
}

// saveEntries keeps the catalogue entry by entry; only what differs is written.
func (t *txn) saveEntries(ctx context.Context, c billing.Catalogue) error {
	known := map[entryKey]string{}
	if _, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var key entryKey
		var digest string
		err := r.Scan(&key.kind, &key.id, &digest)
		known[key] = digest
		return struct{}{}, err
	}, `SELECT kind, id, digest FROM catalogue_entry WHERE organization_id = $1`, t.org); err != nil {
		return err
	}
	var fresh [][]any
	for _, e := range catalogueEntries(c) {
		body, err := encode(e.value)
		if err != nil {
			return err
		}
		key, digest := entryKey{e.kind, e.id}, digestOf(body)
		old, found := known[key]
		delete(known, key)
		if old == digest {
			continue
		}
		if found {
			if err := t.deleteEntry(ctx, key); err != nil {
				return err
			}
		}
		fresh = append(fresh, []any{string(t.org), e.kind, e.id, e.parent, e.active, fold(e.name), digest, body})
	}
	for key := range known {
		if err := t.deleteEntry(ctx, key); err != nil {
			return err
		}
	}
	columns := []string{"organization_id", "kind", "id", "parent", "active", "name_key", "digest", "body"}
	return t.bulk(ctx, "catalogue_entry", columns, len(fresh), func(i int) ([]any, error) { return fresh[i], nil })
}

func (t *txn) deleteEntry(ctx context.Context, key entryKey) error {
	_, err := t.exec(ctx, `DELETE FROM catalogue_entry WHERE organization_id = $1 AND kind = $2 AND id = $3`, t.org, key.kind, key.id)
	return err
}

// catalogued reads entries of the catalogue of one kind.
func catalogued[T any](ctx context.Context, s *Store, org billing.OrganizationID, ask func(*query) *query, kind string, limit int) ([]T, error) {
	var all []T
	err := s.read(ctx, org, func(t *txn) (err error) {
		q := ask(t.query(`organization_id = $1`).and(`kind = %s`, kind))
		all, err = list(ctx, t, bodyOf[T], fmt.Sprintf(`SELECT body FROM catalogue_entry%s ORDER BY name_key, id LIMIT %d`, q.text(),
			min(max(limit, 1), pageSizeMax)), q.args...)
		return err
	})
	return all, err
}

// Companies gives active companies whose name contains a text, or whose id it is, ordered by name and at most limit.
func (s *Store) Companies(ctx context.Context, org billing.OrganizationID, text string, limit int) ([]billing.Company, error) {
	return catalogued[billing.Company](ctx, s, org, func(q *query) *query {
		q.and(`active = %s`, true)
		if fold(text) == "" {
			return q
		}
		return q.and(`(name_key LIKE %s ESCAPE '\' OR id = %s)`, containing(text), strings.TrimSpace(text))
	}, catalogueCompany, limit)
}

// Company gives a company by its id, active or not; a fault of kind not-found when the catalogue does not have it.
func (s *Store) Company(ctx context.Context, org billing.OrganizationID, id billing.CompanyID) (billing.Company, error) {
	all, err := catalogued[billing.Company](ctx, s, org, func(q *query) *query { return q.and(`id = %s`, id) }, catalogueCompany, 1)
	return onlyOne(all, err, "company", string(id))
}

// Contracts gives the active recurring contracts of a company, ordered by name.
func (s *Store) Contracts(ctx context.Context, org billing.OrganizationID, company billing.CompanyID) ([]billing.Contract, error) {
	return catalogued[billing.Contract](ctx, s, org, func(q *query) *query { return q.and(`parent = %s`, company) }, catalogueContract, pageSizeMax)
}

// Contract gives a contract by its id; a fault of kind not-found when the catalogue does not have it.
func (s *Store) Contract(ctx context.Context, org billing.OrganizationID, id billing.ContractID) (billing.Contract, error) {
	all, err := catalogued[billing.Contract](ctx, s, org, func(q *query) *query { return q.and(`id = %s`, id) }, catalogueContract, 1)
	return onlyOne(all, err, "contract", string(id))
}

// Services gives active catalogue services whose name contains a text, or whose id it is, ordered by name and at most limit.
func (s *Store) Services(ctx context.Context, org billing.OrganizationID, text string, limit int) ([]billing.Service, error) {
	return catalogued[billing.Service](ctx, s, org, func(q *query) *query {
		q.and(`active = %s`, true)
		if fold(text) == "" {
			return q
		}
		return q.and(`(name_key LIKE %s ESCAPE '\' OR id = %s)`, containing(text), strings.TrimSpace(text))
	}, catalogueService, limit)
}

// BillingCodes gives the billing codes that may be used for something, active or not, ordered by name.
func (s *Store) BillingCodes(ctx context.Context, org billing.OrganizationID, use billing.CodeUse) ([]billing.BillingCode, error) {
	return catalogued[billing.BillingCode](ctx, s, org, func(q *query) *query { return q.and(`parent = %s`, use) }, catalogueCode, pageSizeMax)
}

func onlyOne[T any](all []T, err error, what, id string) (T, error) {
	if err == nil && len(all) == 0 {
		err = fault.NotFoundf("Autotask has no %s %q, as far as it was read", what, id)
	}
	if err != nil {
		var none T
		return none, err
	}
	return all[0], nil
}

// Product is something that sources list subscriptions of.
type Product struct {
	ProductID string
	SKUID     string
	Name      string
}

// saveProducts keeps the products of subscriptions. A product stays when nobody holds it any more: price rules may name it.
func (t *txn) saveProducts(ctx context.Context, subs []billing.Subscription) error {
	known := map[Product]bool{}
	if _, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var p Product
		err := r.Scan(&p.ProductID, &p.SKUID, &p.Name)
		known[p] = true
		return struct{}{}, err
	}, `SELECT product_id, sku_id, name FROM product WHERE organization_id = $1`, t.org); err != nil {
		return err
	}
	names := map[Product]string{} // without a name → the name that sorts first
	for _, s := range subs {
		p := Product{ProductID: s.Offer.ProductID, SKUID: s.Offer.SKUID}
		if old, seen := names[p]; p.ProductID != "" && s.Name != "" && (!seen || s.Name < old) {
			names[p] = s.Name
		}
	}
	for p, name := range names {
		p.Name = name
		if known[p] {
			continue
		}
		if _, err := t.exec(ctx, `INSERT INTO product (organization_id, product_id, sku_id, name, name_key, search_key) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (organization_id, product_id, sku_id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key,
			search_key = excluded.search_key`, t.org, p.ProductID, p.SKUID, name, fold(name), fold(name, p.ProductID, p.SKUID)); err != nil {
			return err
		}
	}
	return nil
}

// Products gives products whose name or id contains a text, ordered by name and at most limit.
func (s *Store) Products(ctx context.Context, org billing.OrganizationID, text string, limit int) ([]Product, error) {
	var all []Product
	err := s.read(ctx, org, func(t *txn) (err error) {
		q := t.query(`organization_id = $1`).matching(`search_key`, text)
		all, err = list(ctx, t, func(r scanner) (p Product, err error) {
			err = r.Scan(&p.ProductID, &p.SKUID, &p.Name)
			return p, err
		}, fmt.Sprintf(`SELECT product_id, sku_id, name FROM product%s ORDER BY name_key, product_id, sku_id LIMIT %d`, q.text(),
			min(max(limit, 1), pageSizeMax)), q.args...)
		return err
	})
	return all, err
}

// Subscription gives a subscription or custom service by its id, as the source that was saved last says; also one that is gone. Unknown is
// a fault of kind not-found.
func (s *Store) Subscription(ctx context.Context, org billing.OrganizationID, id billing.SubscriptionID) (billing.Subscription, error) {
	var all []billing.Subscription
	err := s.read(ctx, org, func(t *txn) (err error) {
		all, err = list(ctx, t, bodyOf[billing.Subscription], `SELECT e.body FROM source s CROSS JOIN directory_entry e
			WHERE s.organization_id = $1 AND e.organization_id = $1 AND e.kind = $2 AND e.source = s.name AND e.id = $3 ORDER BY e.gone_at <> 0, s.saved_at DESC, s.name`, org, entrySubscription, id)
		return err
	})
	if err == nil && len(all) == 0 {
		err = fault.NotFoundf("there is no subscription %q", id)
	}
	if err != nil {
		return billing.Subscription{}, err
	}
	return all[0], nil
}

// CustomerMappings gives what was decided for one customer: its company, switches, routes, authorities and price rules. Of authorities and
// rules those that name no customer are in it too.
func (s *Store) CustomerMappings(ctx context.Context, org billing.OrganizationID, id billing.CustomerID) (billing.Mappings, error) {
	var m billing.Mappings
	err := s.read(ctx, org, func(t *txn) (err error) {
		if m, err = t.customerMappings(ctx, id); err != nil {
			return err
		}
		if m.Companies, err = list(ctx, t, scanCompany, `SELECT customer_id, company_id, company_name, actor FROM company_mapping
			WHERE organization_id = $1 AND customer_id = $2`, org, id); err != nil {
			return err
		}
		if m.Authorities, err = list(ctx, t, scanAuthority, `SELECT customer_id, product_id, authority FROM authority_rule
			WHERE organization_id = $1 AND customer_id IN ('', $2) ORDER BY customer_id, product_id`, org, id); err != nil {
			return err
		}
		rules, err := t.priceRules(ctx)
		for _, r := range rules {
			if r.CustomerID == "" || r.CustomerID == id {
				m.Prices = append(m.Prices, r)
			}
		}
		return err
	})
	return m, err
}

// CustomerNames gives the names of customers; those that nothing is known of are missing.
func (s *Store) CustomerNames(ctx context.Context, org billing.OrganizationID, ids ...billing.CustomerID) (map[billing.CustomerID]string, error) {
	names := map[billing.CustomerID]string{}
	err := s.read(ctx, org, func(t *txn) error {
		for len(ids) > 0 {
			some := ids[:min(len(ids), pageSizeMax)]
			ids = ids[len(some):]
			where, args := only("customer_id", some, []any{org})
			if _, err := list(ctx, t, func(r scanner) (struct{}, error) {
				var id billing.CustomerID
				var name string
				err := r.Scan(&id, &name)
				names[id] = name
				return struct{}{}, err
			}, `SELECT customer_id, name FROM customer_summary WHERE organization_id = $1`+where, args...); err != nil {
				return err
			}
		}
		return nil
	})
	return names, err
}

// CustomerNameList gives the names of customers in their order, at most limit.
func (s *Store) CustomerNameList(ctx context.Context, org billing.OrganizationID, limit int) (names []string, err error) {
	err = s.read(ctx, org, func(t *txn) (err error) {
		names, err = list(ctx, t, func(r scanner) (name string, err error) {
			err = r.Scan(&name)
			return name, err
		}, fmt.Sprintf(`SELECT name FROM customer_summary WHERE organization_id = $1 ORDER BY name_key, customer_id LIMIT %d`, limit), org)
		return err
	})
	return names, err
}

// PriceRules gives the price rules.
func (s *Store) PriceRules(ctx context.Context, org billing.OrganizationID) (rules []billing.PriceRule, err error) {
	err = s.read(ctx, org, func(t *txn) (err error) {
		rules, err = t.priceRules(ctx)
		return err
	})
	return rules, err
}

// Customers gives the customers that sources list now, ordered by id: the part of Directory that is quick to read.
func (s *Store) Customers(ctx context.Context, org billing.OrganizationID) (all []billing.Customer, err error) {
	err = s.read(ctx, org, func(t *txn) (err error) {
		all, err = present[billing.Customer](ctx, t, entryCustomer)
		return err
	})
	return all, err
}

// CompanyMappings gives which customer is mapped to which company, ordered by customer.
func (s *Store) CompanyMappings(ctx context.Context, org billing.OrganizationID) (all []billing.CompanyMapping, err error) {
	err = s.read(ctx, org, func(t *txn) (err error) {
		all, err = list(ctx, t, scanCompany, `SELECT customer_id, company_id, company_name, actor FROM company_mapping
			WHERE organization_id = $1 ORDER BY customer_id`, org)
		return err
	})
	return all, err
}

// Authorities gives who decides prices, by everybody's rules and customers', in their order.
func (s *Store) Authorities(ctx context.Context, org billing.OrganizationID) (all []billing.AuthorityRule, err error) {
	err = s.read(ctx, org, func(t *txn) (err error) {
		all, err = t.authorities(ctx)
		return err
	})
	return all, err
}

func (t *txn) authorities(ctx context.Context) ([]billing.AuthorityRule, error) {
	return list(ctx, t, scanAuthority, `SELECT customer_id, product_id, authority FROM authority_rule
		WHERE organization_id = $1 ORDER BY customer_id, product_id`, t.org)
}

// counterMatching counts the writes of customers, of companies and of which is which.
const counterMatching = "matching"

// Matching counts how often customers, companies, or which is which, were written for an organization: what was worked out from them stands
// as long as the number does.
func (s *Store) Matching(ctx context.Context, org billing.OrganizationID) (n int64, err error) {
	err = s.read(ctx, org, func(t *txn) error {
		_, err := t.row(ctx, `SELECT value FROM counter WHERE organization_id = $1 AND name = $2`, []any{org, counterMatching}, &n)
		return err
	})
	return n, err
}

// Writes counts what was ever written for an organization: what was worked out from all of its data stands as long as the number does.
func (s *Store) Writes(ctx context.Context, org billing.OrganizationID) (n int64, err error) {
	err = s.read(ctx, org, func(t *txn) error {
		_, err := t.row(ctx, `SELECT writes FROM organization WHERE id = $1`, []any{org}, &n)
		return err
	})
	return n, err
}

// ChangesIn gives the changes of a run's plan that are in one of the states, in the plan's order.
func (s *Store) ChangesIn(ctx context.Context, org billing.OrganizationID, id RunID, states ...ChangeStateKind) (all []ChangeState, err error) {
	err = s.read(ctx, org, func(t *txn) error {
		_, n, err := t.run(ctx, id)
		if err != nil {
			return err
		}
		for _, state := range states { // one by one: each is a walk along its index
			some, err := t.changes(ctx, ` AND c.run_no = $2 AND c.state = $3 ORDER BY c.seq`, n, state)
			if err != nil {
				return err
			}
			all = append(all, some...)
		}
		return nil
	})
	return all, err
}
