package store

import (
	"context"
	"fmt"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// SavePriceRule saves a rule and gives it back with its id. A rule without an id is new and gets the next one, such as "p7"; ids are
// never used twice, because proofs name them.
func (s *Store) SavePriceRule(ctx context.Context, org billing.OrganizationID, r billing.PriceRule, by string) (billing.PriceRule, error) {
	switch r.Kind {
	case billing.MarkupRule, billing.MarginRule, billing.FixedRule:
	default:
		return r, fault.Invalidf("%q is not a kind of price rule", r.Kind).WithField("kind").Do("use markup, margin or fixed")
	}
	err := s.write(ctx, org, func(t *txn) error {
		if r.ID == "" {
			n, err := t.next(ctx, "price-rule")
			if err != nil {
				return err
			}
			r.ID = fmt.Sprintf("p%d", n)
		}
		return t.decide(ctx, decision{by, "mapping.price.saved", r.ID, r}, `INSERT INTO price_rule (organization_id, id, kind, value, currency,
			subscription_id, customer_id, product_id, valid_from, valid_to, below_cost) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
			ON CONFLICT (organization_id, id) DO UPDATE SET kind = excluded.kind, value = excluded.value, currency = excluded.currency,
			subscription_id = excluded.subscription_id, customer_id = excluded.customer_id, product_id = excluded.product_id,
			valid_from = excluded.valid_from, valid_to = excluded.valid_to, below_cost = excluded.below_cost`,
			r.ID, r.Kind, r.Value.String(), r.Currency, r.SubscriptionID, r.CustomerID, r.ProductID, r.From.String(), r.To.String(), r.BelowCost)
	})
	return r, err
}

// DeletePriceRule removes a rule. Its words stay in the audit trail.
func (s *Store) DeletePriceRule(ctx context.Context, org billing.OrganizationID, id, by string) error {
	return s.decide(ctx, org, decision{by, "mapping.price.deleted", id, nil},
		`DELETE FROM price_rule WHERE organization_id = $1 AND id = $2`, id)
}

func (t *txn) priceRules(ctx context.Context) ([]billing.PriceRule, error) {
	return list(ctx, t, func(r scanner) (x billing.PriceRule, err error) {
		var value, from, to string
		if err = r.Scan(&x.ID, &x.Kind, &value, &x.Currency, &x.SubscriptionID, &x.CustomerID, &x.ProductID, &from, &to, &x.BelowCost); err != nil {
			return x, err
		}
		if err = x.Value.UnmarshalText([]byte(value)); err != nil {
			return x, err
		}
		if x.From, err = parseDate(from); err != nil {
			return x, err
		}
		x.To, err = parseDate(to)
		return x, err
	}, `SELECT id, kind, value, currency, subscription_id, customer_id, product_id, valid_from, valid_to, below_cost FROM price_rule
		WHERE organization_id = $1 ORDER BY id`, t.org)
}
