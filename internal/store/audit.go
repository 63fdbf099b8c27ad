package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// AuditEntry is one fact of the audit trail: who did what to what, and when. Entries are chained by their hashes per organization;
// the database refuses to change or delete them (law 11).
type AuditEntry struct {
	Seq     int64
	At      time.Time
	Actor   string
	Action  string // "mapping.customer.saved": a stored format, never renamed
	Subject string // what it is about: an id
	Detail  string // JSON
	Prev    string // hash of the entry before, "" for the first
	Hash    string // SHA-256 over the organization and every field above, in hex
}

// AuditFilter chooses entries. Zero fields choose all.
type AuditFilter struct {
	Actor    string
	Action   string // exact, or a family when it ends in a dot: "mapping."
	Subject  string
	Since    time.Time
	AfterSeq int64
	Limit    int // 0: 1,000
}

const auditLimit = 1000

// hash chains an entry. Every part is led by its length, so that no two entries share a text to hash.
func (e AuditEntry) hash(org billing.OrganizationID) string {
	h := sha256.New()
	for _, part := range []string{
		string(org), fmt.Sprint(e.Seq), fmt.Sprint(micros(e.At)), e.Actor, e.Action, e.Subject, e.Detail, e.Prev,
	} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// audit appends an entry in the transaction that does what it describes.
func (t *txn) audit(ctx context.Context, actor, action, subject string, detail any) error {
	text, err := encode(detail)
	if err != nil {
		return err
	}
	e := AuditEntry{At: fromMicros(micros(t.at)), Actor: actor, Action: action, Subject: subject, Detail: text}
	if _, err := t.row(ctx, `SELECT audit_seq, audit_hash FROM organization WHERE id = $1`, []any{t.org}, &e.Seq, &e.Prev); err != nil {
		return err
	}
	e.Seq++
	e.Hash = e.hash(t.org)
	if _, err := t.exec(ctx, `INSERT INTO audit (organization_id, seq, at, actor, action, subject, detail, prev_hash, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		t.org, e.Seq, micros(e.At), e.Actor, e.Action, e.Subject, e.Detail, e.Prev, e.Hash); err != nil {
		return err
	}
	_, err = t.exec(ctx, `UPDATE organization SET audit_seq = $2, audit_hash = $3 WHERE id = $1`, t.org, e.Seq, e.Hash)
	return err
}

const auditColumns = `SELECT seq, at, actor, action, subject, detail, prev_hash, hash FROM audit WHERE organization_id = $1`

func scanAudit(r scanner) (AuditEntry, error) {
	var e AuditEntry
	var at int64
	err := r.Scan(&e.Seq, &at, &e.Actor, &e.Action, &e.Subject, &e.Detail, &e.Prev, &e.Hash)
	e.At = fromMicros(at)
	return e, err
}

// Audit lists entries, oldest first.
func (s *Store) Audit(ctx context.Context, org billing.OrganizationID, f AuditFilter) ([]AuditEntry, error) {
	query, args := auditColumns+` AND seq > $2 AND at >= $3`, []any{org, f.AfterSeq, micros(f.Since)}
	where := func(text string, value any) {
		args = append(args, value)
		query += fmt.Sprintf(text, len(args))
	}
	if f.Actor != "" {
		where(` AND actor = $%d`, f.Actor)
	}
	if f.Subject != "" {
		where(` AND subject = $%d`, f.Subject)
	}
	if family, ok := strings.CutSuffix(f.Action, "."); ok {
		where(` AND action > $%d`, family+".")
		where(` AND action < $%d`, family+"/") // the sign after the dot
	} else if f.Action != "" {
		where(` AND action = $%d`, f.Action)
	}
	if f.Limit <= 0 {
		f.Limit = auditLimit
	}
	where(` ORDER BY seq LIMIT $%d`, f.Limit)
	var entries []AuditEntry
	err := s.read(ctx, org, func(t *txn) (err error) {
		entries, err = list(ctx, t, scanAudit, query, args...)
		return err
	})
	return entries, err
}

// VerifyAudit recomputes the chain. A fault of kind needs-person names the first entry that was changed, taken out or put in.
func (s *Store) VerifyAudit(ctx context.Context, org billing.OrganizationID) error {
	return s.read(ctx, org, func(t *txn) error {
		var head AuditEntry
		found, err := t.row(ctx, `SELECT audit_seq, audit_hash FROM organization WHERE id = $1`, []any{org}, &head.Seq, &head.Hash)
		if err != nil {
			return err
		}
		if !found {
			return noOrganization(string(org))
		}
		rows, err := t.tx.QueryContext(ctx, auditColumns+` ORDER BY seq`, org)
		if err != nil {
			return fmt.Errorf("database: %w", err)
		}
		defer func() { _ = rows.Close() }()
		var last AuditEntry
		for rows.Next() {
			e, err := scanAudit(rows)
			if err != nil {
				return fmt.Errorf("database: %w", err)
			}
			if e.Seq != last.Seq+1 || e.Prev != last.Hash || e.Hash != e.hash(org) {
				return brokenAudit(last.Seq + 1)
			}
			last = e
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("database: %w", err)
		}
		if last.Seq != head.Seq || last.Hash != head.Hash {
			return brokenAudit(last.Seq + 1)
		}
		return nil
	})
}

func brokenAudit(seq int64) error {
	return fault.NeedsPersonf("the audit trail is broken at entry %d: it was changed, taken out or put in by hand", seq).
		Do("compare it with a backup")
}
