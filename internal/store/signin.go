package store

import (
	"context"
	"time"

	"spindle/internal/fault"
)

// Credentials are what a user's password and one-time password are checked against. Nothing in them opens anything by itself: the
// password is a hash, the TOTP secrets are sealed.
type Credentials struct {
	User
	PasswordHash string // PHC text, "" for none
	SealedTOTP   string // "" for none
	PendingTOTP  string // shown to the user, not confirmed yet
}

// Credentials gives what a user's passwords are checked against.
func (s *Store) Credentials(ctx context.Context, id UserID) (c Credentials, err error) {
	err = s.read(ctx, "", func(t *txn) error {
		c, err = t.credentials(ctx, id)
		return err
	})
	return c, err
}

func (t *txn) credentials(ctx context.Context, id UserID) (Credentials, error) {
	var c Credentials
	into, finish := userFields(&c.User)
	found, err := t.row(ctx, userColumns+`, u.password, u.totp, u.totp_pending FROM user_account u WHERE u.id = $1`, []any{id},
		append(into, &c.PasswordHash, &c.SealedTOTP, &c.PendingTOTP)...)
	if err == nil && !found {
		err = noUser(string(id))
	}
	finish()
	return c, err
}

// TooManyAttempts says that nobody may try before a time.
func TooManyAttempts(until time.Time) error {
	return fault.WaitUntilf(until, "too many wrong attempts: wait until %s", until.UTC().Format("15:04:05 MST")).
		Do("wait, or ask an owner for a new link")
}

// BeginSignIn counts an attempt before it is checked, so that no number of attempts at once gets past the lock; FinishSignIn takes the
// count back. lock says how long to lock after so many attempts. While a lock lasts the answer is a fault of kind wait-until.
func (s *Store) BeginSignIn(ctx context.Context, id UserID, lock func(attempts int64) time.Duration) (Credentials, error) {
	var c Credentials
	err := s.writeUser(ctx, id, func(t *txn, u User) (err error) {
		if u.Locked.After(t.at) {
			return TooManyAttempts(u.Locked)
		}
		var attempts int64
		if _, err := t.row(ctx, `SELECT failures + 1 FROM user_account WHERE id = $1`, []any{id}, &attempts); err != nil {
			return err
		}
		until := int64(0)
		if d := lock(attempts); d > 0 {
			until = micros(t.at.Add(d))
		}
		if _, err := t.exec(ctx, `UPDATE user_account SET failures = $2, locked_until = $3 WHERE id = $1`, id, attempts, until); err != nil {
			return err
		}
		c, err = t.credentials(ctx, id)
		return err
	})
	return c, err
}

// PassSignIn takes back the attempt that BeginSignIn counted last: it was right, and another step follows. It is no act of its own and
// leaves no audit entry.
func (s *Store) PassSignIn(ctx context.Context, id UserID) error {
	return s.writeUser(ctx, id, func(t *txn, _ User) error {
		_, err := t.exec(ctx, `UPDATE user_account SET failures = failures - 1, locked_until = 0 WHERE id = $1 AND failures > 0`, id)
		return err
	})
}

// FailSignIn records that the attempt that BeginSignIn counted failed; how says at which step.
func (s *Store) FailSignIn(ctx context.Context, id UserID, how string) error {
	return s.writeUser(ctx, id, func(t *txn, u User) error {
		detail := struct {
			How    string `json:"how"`
			Locked string `json:"locked_until,omitempty"`
		}{How: how}
		if u.Locked.After(t.at) {
			detail.Locked = u.Locked.Format(time.RFC3339)
		}
		return t.auditUser(ctx, u, u.Email, "user.sign-in.failed", detail)
	})
}

// FinishSignIn records that the user is in and takes back the attempts counted so far; how says by what.
func (s *Store) FinishSignIn(ctx context.Context, id UserID, how string) (after User, err error) {
	err = s.writeUser(ctx, id, func(t *txn, u User) error {
		if !u.DisabledAt.IsZero() {
			return fault.Unauthorizedf("the account %s is disabled", u.Email).Do("ask an owner to enable it")
		}
		if _, err := t.exec(ctx, `UPDATE user_account SET failures = 0, locked_until = 0, signed_in_at = $2 WHERE id = $1`,
			id, micros(t.at)); err != nil {
			return err
		}
		if after, _, err = t.user(ctx, `u.id = $1`, id); err != nil {
			return err
		}
		return t.auditUser(ctx, u, u.Email, "user.signed-in", map[string]string{"how": how})
	})
	return after, err
}

// UseTOTPStep takes the code of a time step once: it reports false when that step, or a later one, was taken before.
func (s *Store) UseTOTPStep(ctx context.Context, id UserID, step int64) (fresh bool, err error) {
	err = s.writeUser(ctx, id, func(t *txn, _ User) error {
		n, err := t.exec(ctx, `UPDATE user_account SET totp_step = $2 WHERE id = $1 AND totp_step < $2`, id, step)
		fresh = n == 1
		return err
	})
	return fresh && err == nil, err
}

// UseRecoveryCode takes a recovery code once, and says how many are left.
func (s *Store) UseRecoveryCode(ctx context.Context, id UserID, hash string) (ok bool, left int64, err error) {
	err = s.writeUser(ctx, id, func(t *txn, u User) error {
		n, err := t.exec(ctx, `UPDATE recovery_code SET used_at = $3 WHERE user_id = $1 AND code_hash = $2 AND used_at = 0`,
			id, hash, micros(t.at))
		if err != nil || n == 0 {
			return err
		}
		ok = true
		if _, err := t.row(ctx, `SELECT COUNT(*) FROM recovery_code WHERE user_id = $1 AND used_at = 0`, []any{id}, &left); err != nil {
			return err
		}
		return t.auditUser(ctx, u, u.Email, "user.recovery-code.used", map[string]int64{"left": left})
	})
	return ok && err == nil, left, err
}

// OfferTOTP keeps a sealed secret that the user has been shown and has yet to confirm.
func (s *Store) OfferTOTP(ctx context.Context, id UserID, sealed, by string) error {
	_, err := s.changeUser(ctx, id, decision{by: by, action: "user.totp.offered"},
		`UPDATE user_account SET totp_pending = $2 WHERE id = $1`, sealed)
	return err
}

// ConfirmTOTP puts the offered secret in force, with new recovery codes in the place of old ones. step is that of the code that proved
// it. When another secret was offered meanwhile, the confirmation is stale.
func (s *Store) ConfirmTOTP(ctx context.Context, id UserID, sealed string, step int64, codeHashes []string) error {
	return s.writeUser(ctx, id, func(t *txn, u User) error {
		n, err := t.exec(ctx, `UPDATE user_account SET totp = totp_pending, totp_pending = '', totp_step = $3
			WHERE id = $1 AND totp_pending = $2 AND totp_pending <> ''`, id, sealed, step)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Stalef("another secret was shown meanwhile").Do("begin again")
		}
		if _, err := t.exec(ctx, `DELETE FROM recovery_code WHERE user_id = $1`, id); err != nil {
			return err
		}
		for _, hash := range codeHashes {
			if _, err := t.exec(ctx, `INSERT INTO recovery_code (user_id, code_hash, used_at) VALUES ($1, $2, 0)`, id, hash); err != nil {
				return err
			}
		}
		return t.auditUser(ctx, u, u.Email, "user.totp.on", nil)
	})
}

// ClearTOTP lets a user in without a one-time password from now on.
func (s *Store) ClearTOTP(ctx context.Context, id UserID, by string) error {
	return s.writeUser(ctx, id, func(t *txn, u User) error {
		if _, err := t.exec(ctx, `UPDATE user_account SET totp = '', totp_pending = '' WHERE id = $1`, id); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `DELETE FROM recovery_code WHERE user_id = $1`, id); err != nil {
			return err
		}
		return t.auditUser(ctx, u, by, "user.totp.off", nil)
	})
}
