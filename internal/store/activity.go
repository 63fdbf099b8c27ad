package store

import (
	"context"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// AuditListFilter chooses audit entries. Zero fields choose all.
type AuditListFilter struct {
	Actor   string
	Action  string // exact, or a family when it ends in a dot: "mapping."
	Subject string // exact, or everything below it: "c1" finds "c1" and "c1/s1"
	Since   time.Time
	Until   time.Time // before then
	Page    Page
}

// AuditList lists audit entries, newest first.
func (s *Store) AuditList(ctx context.Context, org billing.OrganizationID, f AuditListFilter) (Listed[AuditEntry], error) {
	var page Listed[AuditEntry]
	err := s.read(ctx, org, func(t *txn) (err error) {
		q := t.query(`organization_id = $1`)
		if f.Actor != "" {
			q.and(`actor = %s`, f.Actor)
		}
		if family, ok := strings.CutSuffix(f.Action, "."); ok {
			q.and(`action > %s AND action < %s`, family+".", family+"/") // the sign after the dot
		} else if f.Action != "" {
			q.and(`action = %s`, f.Action)
		}
		if f.Subject != "" {
			// The sign after the slash is 0. The first two conditions say nothing new, but are a range to look for.
			q.and(`subject >= %s AND subject < %s AND (subject = %s OR subject > %s)`, f.Subject, f.Subject+"0", f.Subject, f.Subject+"/")
		}
		if err := t.auditBetween(ctx, f, q); err != nil {
			return err
		}
		page, err = paged(ctx, t, pagedList[AuditEntry]{
			columns: `seq, at, actor, action, subject, detail, prev_hash, hash`, from: `audit`, where: q, order: `seq DESC`, few: `+seq DESC`,
			page: f.Page, scan: scanAudit, key: `seq`, base: `organization_id = $1`, based: 1,
		})
		return err
	})
	return page, err
}

// auditBetween turns times into numbers of entries: entries are numbered in the order of time.
func (t *txn) auditBetween(ctx context.Context, f AuditListFilter, q *query) error {
	for _, bound := range []struct {
		at        time.Time
		condition string
	}{{f.Since, `seq >= %s`}, {f.Until, `seq < %s`}} {
		if bound.at.IsZero() {
			continue
		}
		first := int64(sortMax)
		if _, err := t.row(ctx, `SELECT seq FROM audit WHERE organization_id = $1 AND at >= $2 ORDER BY at, seq LIMIT 1`,
			[]any{t.org, micros(bound.at)}, &first); err != nil {
			return err
		}
		q.and(bound.condition, first)
	}
	return nil
}

// ImportReportList lists control reports of imports, newest first.
func (s *Store) ImportReportList(ctx context.Context, org billing.OrganizationID, p Page) (Listed[ImportReport], error) {
	var page Listed[ImportReport]
	err := s.read(ctx, org, func(t *txn) (err error) {
		page, err = paged(ctx, t, pagedList[ImportReport]{
			columns: `report_no, at, origin, actor, body`, from: `import_report`, where: t.query(`organization_id = $1`), order: `report_no DESC`,
			page: p, scan: scanReport,
		})
		return err
	})
	return page, err
}

// ImportReport gives one control report by its number.
func (s *Store) ImportReport(ctx context.Context, org billing.OrganizationID, number int64) (ImportReport, error) {
	var reports []ImportReport
	err := s.read(ctx, org, func(t *txn) (err error) {
		reports, err = list(ctx, t, scanReport, `SELECT report_no, at, origin, actor, body FROM import_report
			WHERE organization_id = $1 AND report_no = $2`, org, number)
		return err
	})
	if err == nil && len(reports) == 0 {
		err = fault.NotFoundf("there is no import report %d", number)
	}
	if err != nil {
		return ImportReport{}, err
	}
	return reports[0], nil
}
