package store

import (
	"context"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// SaveInvoices adds invoices or replaces those with the same id; none is ever taken away.
func (s *Store) SaveInvoices(ctx context.Context, org billing.OrganizationID, invoices []billing.Invoice, origin string) error {
	return s.write(ctx, org, func(t *txn) error {
		var changed []string
		for _, v := range invoices {
			if v.ID == "" {
				return fault.Invalidf("an invoice has no number").WithField("invoice")
			}
			body, err := encode(v)
			if err != nil {
				return err
			}
			n, err := t.exec(ctx, `INSERT INTO invoice (organization_id, id, issued, body) VALUES ($1, $2, $3, $4)
				ON CONFLICT (organization_id, id) DO UPDATE SET issued = excluded.issued, body = excluded.body
				WHERE invoice.body <> excluded.body`, org, v.ID, v.Date.String(), body)
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			changed = append(changed, v.ID)
			if err := t.moveUsage(ctx, v); err != nil {
				return err
			}
		}
		if len(changed) == 0 {
			return nil
		}
		return t.audit(ctx, origin, "invoices.saved", "", map[string][]string{"invoices": changed})
	})
}

// Invoices lists the invoices, newest first.
func (s *Store) Invoices(ctx context.Context, org billing.OrganizationID) ([]billing.Invoice, error) {
	var all []billing.Invoice
	err := s.read(ctx, org, func(t *txn) (err error) {
		all, err = list(ctx, t, bodyOf[billing.Invoice], `SELECT body FROM invoice WHERE organization_id = $1
			ORDER BY issued DESC, id DESC`, org)
		return err
	})
	return all, err
}

// bodyOf reads a row that is one JSON body.
func bodyOf[T any](r scanner) (T, error) {
	var v T
	var body string
	if err := r.Scan(&body); err != nil {
		return v, err
	}
	return v, decodeRow(body, &v)
}
