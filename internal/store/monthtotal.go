package store

import (
	"context"

	"spindle/internal/billing"
)

// MonthTotal is what a month costs and brings in.
type MonthTotal struct {
	Month     billing.Month
	Recurring Figures // lines as the last whole plan made in the month had them, each as one month of it
	Charges   Figures // charges of the month's usage and one-off lines
	Lines     int     // recurring lines
	Unpriced  int     // lines whose price Autotask keeps: they are in no price and no margin
	Withheld  int     // lines without a price because a finding holds them: likewise
	Run       RunID   // the plan that was last to say something of the month
}

// MonthTotals gives the newest months that a plan said something of, oldest first, at most n.
func (s *Store) MonthTotals(ctx context.Context, org billing.OrganizationID, n int) ([]MonthTotal, error) {
	var all []MonthTotal
	err := s.read(ctx, org, func(t *txn) error {
		_, err := list(ctx, t, func(r scanner) (struct{}, error) {
			var part, body string
			var month billing.Month
			var run int64
			var m storedMonth
			if err := r.Scan(&part, &month, &run, &body); err != nil {
				return struct{}{}, err
			}
			err := decode(body, &m)
			if len(all) == 0 || all[len(all)-1].Month != month {
				all = append(all, MonthTotal{Month: month})
			}
			all[len(all)-1].add(part, run, m)
			return struct{}{}, err
		}, `SELECT part, month, run_no, body FROM month_total WHERE organization_id = $1 AND part IN ($2, $3) ORDER BY month, part`,
			org, partRecurring, partCharges)
		return err
	})
	return all[max(len(all)-n, 0):], err
}

func (m *MonthTotal) add(part string, run int64, stored storedMonth) {
	if id := RunID(runText(run)); m.Run == "" || len(id) > len(m.Run) || len(id) == len(m.Run) && id > m.Run {
		m.Run = id
	}
	if part == partCharges {
		m.Charges = stored.Figures.figures()
		return
	}
	m.Recurring, m.Lines, m.Unpriced, m.Withheld = stored.Figures.figures(), stored.Lines, stored.Unpriced, stored.Withheld
}
