package account

import (
	"context"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/store"
)

// TokenPrefix leads every API token, so that one that was published by mistake is found by a search.
const TokenPrefix = "spn_"

// touchEvery is how exactly the last use of a token is kept.
const touchEvery = time.Minute

// NewToken is what an API token shall be.
type NewToken struct {
	Name      string
	Role      Role
	ExpiresAt time.Time // zero: never
}

// CreateToken makes an API token. Its text is shown once and not stored. Nobody makes one that may more than himself.
func (s *Service) CreateToken(ctx context.Context, org billing.OrganizationID, n NewToken, by Actor) (store.APIToken, secret.String, error) {
	var none secret.String
	if err := by.mustIn(org, Users); err != nil {
		return store.APIToken{}, none, err
	}
	name, err := parseName(n.Name)
	if err != nil {
		return store.APIToken{}, none, err
	}
	if _, err := ParseRole(string(n.Role)); err != nil {
		return store.APIToken{}, none, err
	}
	if err := by.mustGrant(n.Role); err != nil {
		return store.APIToken{}, none, err
	}
	if !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(s.Now()) {
		return store.APIToken{}, none, fault.Invalidf("the token would have expired already").WithField("expires").Do("give a day in the future")
	}
	text, hash := newToken(TokenPrefix)
	a, err := s.Store.CreateToken(ctx, org, store.APIToken{Name: name, Role: string(n.Role), TokenHash: hash, User: by.User,
		ExpiresAt: n.ExpiresAt}, by.Name)
	return a, text, err
}

// Tokens lists an organization's API tokens, revoked ones too, the newest first.
func (s *Service) Tokens(ctx context.Context, org billing.OrganizationID) ([]store.APIToken, error) {
	return s.Store.Tokens(ctx, org)
}

// RevokeToken ends an API token.
func (s *Service) RevokeToken(ctx context.Context, org billing.OrganizationID, id string, by Actor) error {
	if err := by.mustIn(org, Users); err != nil {
		return err
	}
	return s.Store.RevokeToken(ctx, org, id, by.Name)
}

// AuthenticateToken gives who acts with an API token. One whose maker is disabled, no longer a member or may less than the token by now
// is refused like one that does not exist.
func (s *Service) AuthenticateToken(ctx context.Context, text string) (Actor, error) {
	refused := fault.Unauthorizedf("the API token is wrong, expired or revoked").Do("make a new one: spindle tokens create --help")
	if !strings.HasPrefix(text, TokenPrefix) {
		return Actor{}, refused
	}
	a, org, err := s.Store.TokenByHash(ctx, hashToken(text))
	if fault.Is(err, fault.KindNotFound) {
		return Actor{}, refused
	}
	if err != nil {
		return Actor{}, err
	}
	if a.User != "" {
		m, err := s.Store.Member(ctx, org, a.User)
		if fault.Is(err, fault.KindNotFound) || err == nil && (!m.DisabledAt.IsZero() || !Role(m.Role).Covers(Role(a.Role))) {
			return Actor{}, refused
		}
		if err != nil {
			return Actor{}, err
		}
	}
	if s.Now().Sub(a.LastUsedAt) >= touchEvery {
		if err := s.Store.TouchToken(ctx, org, a.ID); err != nil {
			return Actor{}, err
		}
	}
	return Actor{Name: a.Actor(), Organization: org, Role: Role(a.Role)}, nil
}
