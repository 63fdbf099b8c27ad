package account

import (
	"context"
	"strings"
	"time"

	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/store"
)

// SignIn is the outcome of a step of signing in. With a ticket the person is not in yet: ask for the code and call SignInTOTP with both.
// Without, keep User.ID and User.Epoch in the session, under a new token.
type SignIn struct {
	User   store.User // not set while there is a ticket
	Ticket string     // sealed; good for five minutes
}

// ticketLife is how long a person has for the second step.
const ticketLife = 5 * time.Minute

// ticket is what a ticket says: this person passed the first step by how.
type ticket struct {
	User  store.UserID
	Epoch int64
	How   string
}

// How people come in, in the audit trail.
const (
	byPassword = "password"
	byLink     = "link"
	byOIDC     = "openid-connect"
	byTOTP     = "one-time password"
	byRecovery = "recovery code"
)

// SignIn checks an address and a password. Wrong ones are a fault of kind unauthorized that does not say which of the two is wrong; after
// five wrong attempts it is wait-until, for a minute and then ever longer, also for addresses that nobody has.
func (s *Service) SignIn(ctx context.Context, email string, password secret.String) (SignIn, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	u, err := s.Store.UserByEmail(ctx, email)
	if fault.Is(err, fault.KindNotFound) {
		return SignIn{}, s.signInUnknown(ctx, email, password)
	}
	if err != nil {
		return SignIn{}, err
	}
	if err := s.attemptPassword(ctx, u.ID, password); err != nil {
		return SignIn{}, err
	}
	return s.firstStep(ctx, u.ID, byPassword)
}

// signInUnknown costs the time that a wrong password costs, and gives the same answers.
func (s *Service) signInUnknown(ctx context.Context, email string, password secret.String) error {
	if err := s.attemptUnknown(email); err != nil {
		return err
	}
	if _, err := s.hashes.matches(ctx, password, ""); err != nil {
		return err
	}
	return wrongPassword()
}

func wrongPassword() error {
	return fault.Unauthorizedf("the address or the password is wrong").
		Do("try again; an owner can send you a link for a new password")
}

// attemptPassword checks a user's password as one of his attempts.
func (s *Service) attemptPassword(ctx context.Context, user store.UserID, password secret.String) error {
	c, err := s.Store.BeginSignIn(ctx, user, lockAfter)
	if err != nil {
		return err
	}
	ok, err := s.hashes.matches(ctx, password, c.PasswordHash)
	if err != nil {
		return err
	}
	if !ok {
		if err := s.Store.FailSignIn(ctx, user, byPassword); err != nil {
			return err
		}
		return wrongPassword()
	}
	return s.Store.PassSignIn(ctx, user)
}

// firstStep goes on after the password or the link was right: in, or to the one-time password.
func (s *Service) firstStep(ctx context.Context, user store.UserID, how string) (SignIn, error) {
	u, err := s.Store.User(ctx, user)
	if err != nil {
		return SignIn{}, err
	}
	if u.TOTP {
		sealed, err := s.seal("ticket", ticketLife, ticket{User: u.ID, Epoch: u.Epoch, How: how})
		return SignIn{Ticket: sealed}, err
	}
	u, err = s.Store.FinishSignIn(ctx, user, how)
	return SignIn{User: u}, err
}

// SignInTOTP takes the second step: the code of the person's app, or one of his recovery codes. Wrong codes count as wrong passwords do.
func (s *Service) SignInTOTP(ctx context.Context, sealed, code string) (SignIn, error) {
	var t ticket
	if err := s.open("ticket", sealed, &t); err != nil {
		return SignIn{}, err
	}
	c, err := s.Store.BeginSignIn(ctx, t.User, lockAfter)
	if err != nil {
		return SignIn{}, err
	}
	if c.Epoch != t.Epoch {
		return SignIn{}, expired()
	}
	how, err := s.checkCode(ctx, c, code)
	if err != nil {
		return SignIn{}, err
	}
	if how == "" {
		if err := s.Store.FailSignIn(ctx, t.User, byTOTP); err != nil {
			return SignIn{}, err
		}
		return SignIn{}, fault.Unauthorizedf("the code is wrong or was used already").WithField("code").
			Do("wait for the next code in your app, or use a recovery code")
	}
	u, err := s.Store.FinishSignIn(ctx, t.User, t.How+" and "+how)
	return SignIn{User: u}, err
}

// ChangePassword replaces the password of a person who knows the old one. All his sessions end; keep the new epoch in the one he is in.
func (s *Service) ChangePassword(ctx context.Context, user store.UserID, old, replacement secret.String) (store.User, error) {
	u, err := s.Store.User(ctx, user)
	if err != nil {
		return u, err
	}
	if !u.Password {
		return u, fault.Conflictf("you have no password here: you sign in through your provider").Do("ask an owner for a link that sets one")
	}
	if err := s.CheckPassword(ctx, user, old); err != nil {
		return u, err
	}
	if err := checkPassword(replacement, u.Email, u.Name); err != nil {
		return u, err
	}
	hash, err := s.hashes.hash(ctx, replacement)
	if err != nil {
		return u, err
	}
	return s.Store.SetPassword(ctx, user, hash, u.Email)
}

// CheckPassword asks a person who is in for his password again, before something grave. Wrong ones count as attempts.
func (s *Service) CheckPassword(ctx context.Context, user store.UserID, password secret.String) error {
	err := s.attemptPassword(ctx, user, password)
	if fault.Is(err, fault.KindUnauthorized) {
		return fault.Unauthorizedf("that is not your password").WithField("old-password").Do("write the one you signed in with")
	}
	return err
}
