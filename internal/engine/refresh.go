package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/secret"
)

// RefreshTokens keep the refresh tokens of a connection in a user's name: each use replaces the last one (Microsoft sheet §1.2).
type RefreshTokens interface {
	Keep(ctx context.Context, next secret.String) error
	Newest(ctx context.Context) (secret.String, error)
}

// sealed is what is sealed of a connection: the application's secret, and behind a line break the refresh token if there is one.
func (c MicrosoftConfig) sealed() secret.String {
	if c.RefreshToken.IsZero() {
		return c.Secret
	}
	return secret.New(c.Secret.Reveal() + "\n" + c.RefreshToken.Reveal())
}

func trimmed(s secret.String) secret.String { return secret.New(strings.TrimSpace(s.Reveal())) }

// unseal puts back what was sealed.
func (c *MicrosoftConfig) unseal(s secret.String) {
	text, refresh, _ := strings.Cut(s.Reveal(), "\n")
	c.Secret, c.RefreshToken = secret.New(text), secret.New(refresh)
}

// unstoredToken holds the newest refresh token of a connection that is being tested, and not stored yet.
type unstoredToken struct {
	mu     sync.Mutex
	newest secret.String
}

func (u *unstoredToken) get() secret.String {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.newest
}

// Keep implements RefreshTokens.
func (u *unstoredToken) Keep(_ context.Context, next secret.String) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.newest = next
	return nil
}

// Newest implements RefreshTokens.
func (u *unstoredToken) Newest(context.Context) (secret.String, error) { return u.get(), nil }

// storedTokens keeps the refresh tokens of a stored connection. A new one is stored only over the one it came from: what another process
// stored meanwhile is as good, and what a person entered is better.
type storedTokens struct {
	e     *Engine
	org   billing.OrganizationID
	clear MicrosoftConfig // as it was opened

	mu   sync.Mutex
	base []byte // the sealed value that ours came from
}

func (e *Engine) storedTokens(org billing.OrganizationID, c MicrosoftConfig, sealed []byte) *storedTokens {
	return &storedTokens{e: e, org: org, clear: c, base: sealed}
}

// Keep implements RefreshTokens.
func (s *storedTokens) Keep(ctx context.Context, next secret.String) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.clear
	c.RefreshToken = next
	fresh := []byte(s.e.Keys.Seal(c.sealed(), secretRow(s.org, systemMicrosoft)))
	swapped, err := s.e.Store.SwapSealed(ctx, s.org, systemMicrosoft, s.base, fresh)
	if swapped {
		s.base = fresh
	}
	if err != nil || swapped {
		return err
	}
	_, err = s.catchUp(ctx)
	return err
}

// Newest implements RefreshTokens. It is empty when the connection is another one by now.
func (s *storedTokens) Newest(ctx context.Context) (secret.String, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.catchUp(ctx)
}

// catchUp continues from what is stored now, if that is still the same connection.
func (s *storedTokens) catchUp(ctx context.Context) (secret.String, error) {
	stored, err := s.e.Store.Connection(ctx, s.org, systemMicrosoft)
	if fault.Is(err, fault.KindNotFound) {
		return secret.String{}, nil
	}
	if err != nil {
		return secret.String{}, err
	}
	var now MicrosoftConfig
	opened, err := s.e.Keys.Open(string(stored.Sealed), secretRow(s.org, systemMicrosoft))
	if err != nil {
		return secret.String{}, err
	}
	if err := json.Unmarshal(stored.Config, &now); err != nil {
		return secret.String{}, fault.Newf(fault.KindInternal, "decode the microsoft connection: %w", err)
	}
	now.unseal(opened)
	if now.RefreshToken.IsZero() || !sameSignIn(now, s.clear) {
		return secret.String{}, nil
	}
	s.base = bytes.Clone(stored.Sealed)
	return now.RefreshToken, nil
}

// sameSignIn reports whether two connections sign in as the same application at the same places.
func sameSignIn(a, b MicrosoftConfig) bool {
	return a.TenantID == b.TenantID && a.ClientID == b.ClientID && a.LoginURL == b.LoginURL && a.Secret.Equal(b.Secret)
}
