package store

import (
	"context"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// Mappings gives all decisions of the organization, each kind ordered by its key.
func (s *Store) Mappings(ctx context.Context, org billing.OrganizationID) (billing.Mappings, error) {
	var m billing.Mappings
	err := s.read(ctx, org, func(t *txn) (err error) {
		if m.Companies, err = list(ctx, t, scanCompany, `SELECT customer_id, company_id, company_name, actor FROM company_mapping
			WHERE organization_id = $1 ORDER BY customer_id`, org); err != nil {
			return err
		}
		if m.Switches, err = list(ctx, t, scanSwitch, `SELECT customer_id, subscription_id, enabled, from_month FROM billing_switch
			WHERE organization_id = $1 ORDER BY customer_id, subscription_id`, org); err != nil {
			return err
		}
		if m.Routes, err = t.routes(ctx); err != nil {
			return err
		}
		if m.Services, err = list(ctx, t, scanService, `SELECT product_id, sku_id, term, frequency, service_id, name
			FROM service_mapping WHERE organization_id = $1 ORDER BY product_id, sku_id, term, frequency`, org); err != nil {
			return err
		}
		if m.Authorities, err = t.authorities(ctx); err != nil {
			return err
		}
		m.Prices, err = t.priceRules(ctx)
		return err
	})
	return m, err
}

func scanCompany(r scanner) (m billing.CompanyMapping, err error) {
	err = r.Scan(&m.CustomerID, &m.CompanyID, &m.CompanyName, &m.By)
	return m, err
}

func scanSwitch(r scanner) (b billing.BillingSwitch, err error) {
	err = r.Scan(&b.CustomerID, &b.SubscriptionID, &b.On, &b.From)
	return b, err
}

func scanService(r scanner) (m billing.ServiceMapping, err error) {
	err = r.Scan(&m.Offer.ProductID, &m.Offer.SKUID, &m.Offer.Term, &m.Offer.Frequency, &m.ServiceID, &m.Name)
	return m, err
}

func scanAuthority(r scanner) (a billing.AuthorityRule, err error) {
	err = r.Scan(&a.CustomerID, &a.ProductID, &a.Authority)
	return a, err
}

// MapCustomer saves the decision that a customer is a company; by takes the place of m.By.
func (s *Store) MapCustomer(ctx context.Context, org billing.OrganizationID, m billing.CompanyMapping, by string) error {
	return s.MapCustomers(ctx, org, []billing.CompanyMapping{m}, by)
}

// MapCustomers saves many such decisions, all or none.
func (s *Store) MapCustomers(ctx context.Context, org billing.OrganizationID, all []billing.CompanyMapping, by string) error {
	for _, m := range all {
		if m.CustomerID == "" || m.CompanyID == "" {
			return fault.Invalidf("a customer mapping needs a customer and a company").WithField("customer")
		}
	}
	return s.write(ctx, org, func(t *txn) error {
		for _, m := range all {
			m.By = by
			if err := t.decide(ctx, decision{by, "mapping.customer.saved", string(m.CustomerID), m},
				`INSERT INTO company_mapping (organization_id, customer_id, company_id, company_name, actor) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (organization_id, customer_id) DO UPDATE SET company_id = excluded.company_id,
				company_name = excluded.company_name, actor = excluded.actor`,
				m.CustomerID, m.CompanyID, m.CompanyName, by); err != nil {
				return err
			}
		}
		_, err := t.next(ctx, counterMatching)
		return err
	})
}

// UnmapCustomer takes the decision back. From then on nothing of the customer is written (law 1).
func (s *Store) UnmapCustomer(ctx context.Context, org billing.OrganizationID, customer billing.CustomerID, by string) error {
	return s.write(ctx, org, func(t *txn) error {
		if err := t.decide(ctx, decision{by, "mapping.customer.deleted", string(customer), nil},
			`DELETE FROM company_mapping WHERE organization_id = $1 AND customer_id = $2`, customer); err != nil {
			return err
		}
		_, err := t.next(ctx, counterMatching)
		return err
	})
}

// SetSwitch turns billing on or off for a subscription, or for all of a customer's when it names none.
func (s *Store) SetSwitch(ctx context.Context, org billing.OrganizationID, b billing.BillingSwitch, by string) error {
	return s.SetSwitches(ctx, org, []billing.BillingSwitch{b}, by)
}

// SetSwitches sets switches, all or none.
func (s *Store) SetSwitches(ctx context.Context, org billing.OrganizationID, all []billing.BillingSwitch, by string) error {
	for _, b := range all {
		if b.CustomerID == "" {
			return fault.Invalidf("a billing switch needs a customer").WithField("customer")
		}
	}
	return s.write(ctx, org, func(t *txn) error {
		for _, b := range all {
			if err := t.decide(ctx, decision{by, "mapping.switch.saved", string(b.CustomerID), b},
				`INSERT INTO billing_switch (organization_id, customer_id, subscription_id, enabled, from_month) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (organization_id, customer_id, subscription_id)
				DO UPDATE SET enabled = excluded.enabled, from_month = excluded.from_month`,
				b.CustomerID, b.SubscriptionID, b.On, b.From); err != nil {
				return err
			}
		}
		return nil
	})
}

// ClearSwitch removes a switch, so that the customer's own switch decides again, or nothing does.
func (s *Store) ClearSwitch(ctx context.Context, org billing.OrganizationID, b billing.BillingSwitch, by string) error {
	return s.decide(ctx, org, decision{by, "mapping.switch.deleted", string(b.CustomerID), b},
		`DELETE FROM billing_switch WHERE organization_id = $1 AND customer_id = $2 AND subscription_id = $3`,
		b.CustomerID, b.SubscriptionID)
}

// MapService saves the decision that an offer is an existing catalogue service.
func (s *Store) MapService(ctx context.Context, org billing.OrganizationID, m billing.ServiceMapping, by string) error {
	if m.Offer.ProductID == "" || m.ServiceID == "" {
		return fault.Invalidf("a service mapping needs a product and a service").WithField("offer")
	}
	return s.decide(ctx, org, decision{by, "mapping.service.saved", m.Offer.String(), m},
		`INSERT INTO service_mapping (organization_id, product_id, sku_id, term, frequency, service_id, name)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (organization_id, product_id, sku_id, term, frequency)
		DO UPDATE SET service_id = excluded.service_id, name = excluded.name`,
		m.Offer.ProductID, m.Offer.SKUID, m.Offer.Term, m.Offer.Frequency, m.ServiceID, m.Name)
}

// UnmapService takes the decision back.
func (s *Store) UnmapService(ctx context.Context, org billing.OrganizationID, o billing.Offer, by string) error {
	return s.decide(ctx, org, decision{by, "mapping.service.deleted", o.String(), nil},
		`DELETE FROM service_mapping WHERE organization_id = $1 AND product_id = $2 AND sku_id = $3 AND term = $4 AND frequency = $5`,
		o.ProductID, o.SKUID, o.Term, o.Frequency)
}

// SaveAuthority says who decides the price for a customer's product; empty fields match anything.
func (s *Store) SaveAuthority(ctx context.Context, org billing.OrganizationID, a billing.AuthorityRule, by string) error {
	if a.Authority != billing.SpindlePrices && a.Authority != billing.AutotaskPrices {
		return fault.Invalidf("%q is not a price authority", a.Authority).WithField("authority").Do("use spindle or autotask")
	}
	return s.decide(ctx, org, decision{by, "mapping.authority.saved", authoritySubject(a), a},
		`INSERT INTO authority_rule (organization_id, customer_id, product_id, authority) VALUES ($1, $2, $3, $4)
		ON CONFLICT (organization_id, customer_id, product_id) DO UPDATE SET authority = excluded.authority`,
		a.CustomerID, a.ProductID, a.Authority)
}

// DeleteAuthority removes the rule with the customer and product of a.
func (s *Store) DeleteAuthority(ctx context.Context, org billing.OrganizationID, a billing.AuthorityRule, by string) error {
	return s.decide(ctx, org, decision{by, "mapping.authority.deleted", authoritySubject(a), nil},
		`DELETE FROM authority_rule WHERE organization_id = $1 AND customer_id = $2 AND product_id = $3`, a.CustomerID, a.ProductID)
}

func authoritySubject(a billing.AuthorityRule) string {
	return string(a.CustomerID) + "/" + a.ProductID
}

// decision is what the audit trail says of a decision.
type decision struct {
	by      string
	action  string
	subject string
	detail  any
}

// decide runs one statement whose $1 is the organization, and its audit entry. A statement that touches nothing meant something that
// is not there.
func (s *Store) decide(ctx context.Context, org billing.OrganizationID, d decision, query string, args ...any) error {
	return s.write(ctx, org, func(t *txn) error { return t.decide(ctx, d, query, args...) })
}

func (t *txn) decide(ctx context.Context, d decision, query string, args ...any) error {
	n, err := t.exec(ctx, query, append([]any{t.org}, args...)...)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.NotFoundf("there is nothing saved for %q", d.subject)
	}
	return t.audit(ctx, d.by, d.action, d.subject, d.detail)
}
