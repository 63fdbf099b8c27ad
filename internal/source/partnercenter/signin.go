package partnercenter

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/oauth2"

	"spindle/internal/secret"
)

// Rotation keeps the refresh tokens of a connection: each use brings a new one, good for every audience (Microsoft sheet §1.2).
type Rotation interface {
	// Keep stores the token that replaces the last one given or kept.
	Keep(ctx context.Context, next secret.String) error
	// Newest gives the stored token, which another process may have replaced.
	Newest(ctx context.Context) (secret.String, error)
}

// The remedy when a user's sign-in is over.
const (
	invalidGrant = "invalid_grant"
	signInAgain  = "sign in again as a partner user with multi-factor authentication and give the new refresh token: spindle microsoft connect --user; " +
		"or connect without one, app-only, which is enough for everything Spindle reads"
)

// grantRefused marks a refusal of the refresh token itself.
type grantRefused struct{ error }

// keepTimeout bounds how long storing a new refresh token may take, also when the work that needed it was given up.
const keepTimeout = 10 * time.Second

// signIn is a user's sign-in, carried on from one refresh token to the next. One redeems at a time: where a token is good only once, two
// would take it from each other.
type signIn struct {
	turn     chan struct{} // holds one element while free
	token    secret.String
	unstored bool // the token could not be kept yet
	rotation Rotation
	log      *slog.Logger
}

func newSignIn(token secret.String, rotation Rotation, log *slog.Logger) *signIn {
	s := &signIn{turn: make(chan struct{}, 1), token: token, rotation: rotation, log: log}
	s.turn <- struct{}{}
	return s
}

// redeem gets an access token and keeps the new refresh token at once. When the refresh token is refused, another process may have
// replaced it: then the stored one is tried.
func (s *signIn) redeem(ctx context.Context, ask func(secret.String) (*oauth2.Token, error)) (*oauth2.Token, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.turn:
	}
	defer func() { s.turn <- struct{}{} }()
	token, err := ask(s.token)
	if refused := (grantRefused{}); errors.As(err, &refused) && s.reload(ctx) {
		token, err = ask(s.token)
	}
	if err != nil {
		return nil, err
	}
	if token.RefreshToken != "" {
		s.token, s.unstored = secret.New(token.RefreshToken), true
	}
	s.keep(ctx)
	return token, nil
}

// reload takes the stored token when it is another one than ours.
func (s *signIn) reload(ctx context.Context) bool {
	if s.rotation == nil {
		return false
	}
	stored, err := s.rotation.Newest(ctx)
	if err != nil || stored.IsZero() || stored.Equal(s.token) {
		return false
	}
	s.token, s.unstored = stored, false
	return true
}

// keep stores the token. A failure does not stop the work, which has its access token: the next redemption tries again, and what is
// stored is usually still good.
func (s *signIn) keep(ctx context.Context) {
	if !s.unstored || s.rotation == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTimeout)
	defer cancel()
	if err := s.rotation.Keep(ctx, s.token); err != nil {
		s.log.WarnContext(ctx, "the new refresh token could not be stored; it is tried again with the next one", "err", err)
		return
	}
	s.unstored = false
}
