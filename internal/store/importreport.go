package store

import (
	"context"
	"time"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// ImportReport is the control report of an import: what was read, kept and refused, and the sums to hold against the vendor's.
type ImportReport struct {
	Number   int64     // set by the store, counted per organization
	At       time.Time // set by the store
	Origin   string    // file name or source
	By       string
	Sets     []string // set ids that the rows went to
	Changed  bool     // false: everything was known already
	Rows     int64    // rows read
	Kept     int64
	Refused  int64
	Totals   money.Totals
	Problems []ImportProblem
	Kind     string   // what the file is, in words
	Notices  []string // duplicates, unknown columns and the like, in words
}

// ImportProblem is one bad place in a file.
type ImportProblem struct {
	Line    int // 1 = first line of the file; 0: the file as a whole
	Field   string
	Message string
	Remedy  string
}

// storedReport is how a report is stored: totals have no exported fields.
type storedReport struct {
	Sets     []string
	Changed  bool
	Rows     int64
	Kept     int64
	Refused  int64
	Totals   []money.Amount
	Problems []ImportProblem
	Kind     string   `json:",omitempty"`
	Notices  []string `json:",omitempty"`
}

// SaveImportReport stores a report and gives it its number.
func (s *Store) SaveImportReport(ctx context.Context, org billing.OrganizationID, r ImportReport) (ImportReport, error) {
	body, err := encode(storedReport{r.Sets, r.Changed, r.Rows, r.Kept, r.Refused, r.Totals.Amounts(), r.Problems, r.Kind, r.Notices})
	if err != nil {
		return r, err
	}
	err = s.write(ctx, org, func(t *txn) error {
		if r.Number, err = t.next(ctx, "import-report"); err != nil {
			return err
		}
		r.At = fromMicros(micros(t.at))
		if _, err := t.exec(ctx, `INSERT INTO import_report (organization_id, report_no, at, origin, actor, body)
			VALUES ($1, $2, $3, $4, $5, $6)`, org, r.Number, micros(t.at), r.Origin, r.By, body); err != nil {
			return err
		}
		return t.audit(ctx, r.By, "import.reported", r.Origin, map[string]int64{
			"report": r.Number, "rows": r.Rows, "kept": r.Kept, "refused": r.Refused,
		})
	})
	return r, err
}

// ImportReports lists the newest reports first, limit at most.
func (s *Store) ImportReports(ctx context.Context, org billing.OrganizationID, limit int) ([]ImportReport, error) {
	var all []ImportReport
	err := s.read(ctx, org, func(t *txn) (err error) {
		all, err = list(ctx, t, scanReport, `SELECT report_no, at, origin, actor, body FROM import_report
			WHERE organization_id = $1 ORDER BY report_no DESC LIMIT $2`, org, limit)
		return err
	})
	return all, err
}

func scanReport(r scanner) (ImportReport, error) {
	var out ImportReport
	var at int64
	var body string
	if err := r.Scan(&out.Number, &at, &out.Origin, &out.By, &body); err != nil {
		return out, err
	}
	var b storedReport
	if err := decode(body, &b); err != nil {
		return out, err
	}
	out.At, out.Sets, out.Changed, out.Rows, out.Kept, out.Refused, out.Problems =
		fromMicros(at), b.Sets, b.Changed, b.Rows, b.Kept, b.Refused, b.Problems
	out.Kind, out.Notices = b.Kind, b.Notices
	for _, a := range b.Totals {
		out.Totals.Add(a)
	}
	return out, nil
}
