package store

import (
	"context"

	"spindle/internal/billing"
)

// PlanFindings lists the findings of a run's plan as it was made, in the plan's order. Findings lists those that are open now.
func (s *Store) PlanFindings(ctx context.Context, org billing.OrganizationID, id RunID, p Page) (Listed[billing.Finding], error) {
	var page Listed[billing.Finding]
	err := s.read(ctx, org, func(t *txn) error {
		_, n, err := t.run(ctx, id)
		if err != nil {
			return err
		}
		page, err = paged(ctx, t, pagedList[billing.Finding]{
			columns: `body`, from: `plan_finding`, where: t.query(`organization_id = $1`).and(`run_no = %s`, n), order: `seq`, page: p,
			key: `seq`, base: `organization_id = $1 AND run_no = $2`, based: 2,
			scan: bodyOf[billing.Finding],
		})
		return err
	})
	return page, err
}
