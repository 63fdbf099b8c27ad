package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// APIToken lets a program act in one organization. Only the hash of its text is stored.
type APIToken struct {
	ID         string // "t7"
	Name       string
	Role       string
	TokenHash  string
	User       UserID // who made it; "": the command line
	CreatedAt  time.Time
	CreatedBy  string
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time // zero: never; to the minute
	RevokedAt  time.Time // zero: in force
}

// viaToken stands in the name of an act between a person and the token that acted for him.
const viaToken = " via token "

// Actor names who acts with the token: the person who made it, and the token.
func (a APIToken) Actor() string { return a.CreatedBy + viaToken + a.Name }

// Hand gives the person behind the name of an act: acting through a token of one's own makes nobody somebody else.
func Hand(actor string) string {
	person, _, _ := strings.Cut(actor, viaToken)
	return strings.ToLower(strings.TrimSpace(person))
}

const tokenColumns = `id, name, role, token_hash, user_id, created_at, created_by, expires_at, last_used_at, revoked_at FROM api_token`

func tokenFields(a *APIToken) (into []any, finish func()) {
	times := make([]int64, 4)
	into = []any{&a.ID, &a.Name, &a.Role, &a.TokenHash, &a.User, &times[0], &a.CreatedBy, &times[1], &times[2], &times[3]}
	return into, func() {
		a.CreatedAt, a.ExpiresAt, a.LastUsedAt, a.RevokedAt = fromMicros(times[0]), fromMicros(times[1]), fromMicros(times[2]), fromMicros(times[3])
	}
}

// CreateToken keeps an API token and gives it back with its id.
func (s *Store) CreateToken(ctx context.Context, org billing.OrganizationID, a APIToken, by string) (APIToken, error) {
	err := s.write(ctx, org, func(t *txn) error {
		n, err := t.nextOfPeople(ctx, "token")
		if err != nil {
			return err
		}
		a.ID, a.CreatedAt, a.CreatedBy = fmt.Sprintf("t%d", n), fromMicros(micros(t.at)), by
		if _, err := t.exec(ctx, `INSERT INTO api_token (organization_id, id, name, role, token_hash, user_id, created_at, created_by,
			expires_at, last_used_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0)`,
			org, a.ID, a.Name, a.Role, a.TokenHash, a.User, micros(a.CreatedAt), by, micros(a.ExpiresAt)); err != nil {
			return err
		}
		return t.audit(ctx, by, "token.created", a.ID, map[string]string{"name": a.Name, "role": a.Role})
	})
	return a, err
}

// Tokens lists the organization's API tokens, revoked ones too, the newest first.
func (s *Store) Tokens(ctx context.Context, org billing.OrganizationID) ([]APIToken, error) {
	var all []APIToken
	err := s.read(ctx, org, func(t *txn) (err error) {
		all, err = list(ctx, t, func(r scanner) (a APIToken, err error) {
			into, finish := tokenFields(&a)
			err = r.Scan(into...)
			finish()
			return a, err
		}, `SELECT `+tokenColumns+` WHERE organization_id = $1 ORDER BY created_at DESC, id DESC`, org)
		return err
	})
	return all, err
}

// RevokeToken ends an API token.
func (s *Store) RevokeToken(ctx context.Context, org billing.OrganizationID, id, by string) error {
	return s.write(ctx, org, func(t *txn) error {
		n, err := t.exec(ctx, `UPDATE api_token SET revoked_at = $3 WHERE organization_id = $1 AND id = $2 AND revoked_at = 0`,
			org, id, micros(t.at))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.NotFoundf("there is no API token %q in force", id).Do("spindle tokens list shows them")
		}
		return t.audit(ctx, by, "token.revoked", id, struct{}{})
	})
}

// TokenByHash finds the API token in force that has the hash, and its organization.
func (s *Store) TokenByHash(ctx context.Context, hash string) (a APIToken, org billing.OrganizationID, err error) {
	err = s.read(ctx, "", func(t *txn) error {
		into, finish := tokenFields(&a)
		found, err := t.row(ctx, `SELECT organization_id, `+tokenColumns+` WHERE token_hash = $1 AND revoked_at = 0
			AND (expires_at = 0 OR expires_at > $2)`, []any{hash, micros(t.at)}, append([]any{&org}, into...)...)
		if err == nil && !found {
			err = fault.NotFoundf("no API token in force has this text")
		}
		finish()
		return err
	})
	return a, org, err
}

// TouchToken remembers that an API token was used. It is no act of anybody and leaves no audit entry.
func (s *Store) TouchToken(ctx context.Context, org billing.OrganizationID, id string) error {
	return s.write(ctx, org, func(t *txn) error {
		_, err := t.exec(ctx, `UPDATE api_token SET last_used_at = $3 WHERE organization_id = $1 AND id = $2`, org, id, micros(t.at))
		return err
	})
}
