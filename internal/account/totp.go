package account

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"image/png"
	"strings"

	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/store"
)

const (
	totpPeriodSeconds = 30
	totpSkew          = 1 // steps that a person's clock may be off
	qrPixels          = 240

	recoveryCodes     = 10
	recoveryCodeBytes = 10 // 80 bits each: too many to guess, so a plain hash is stored
)

// Enrolment is what a person's app needs to make one-time passwords. It is shown once.
type Enrolment struct {
	Secret secret.String // base32, to be typed in
	PNG    secret.String // a QR code of it as a PNG image
}

// EnrollTOTP makes a new secret for a person's app. It counts only after ConfirmTOTP.
func (s *Service) EnrollTOTP(ctx context.Context, user store.UserID) (Enrolment, error) {
	u, err := s.Store.User(ctx, user)
	if err != nil {
		return Enrolment{}, err
	}
	if u.TOTP {
		return Enrolment{}, fault.Conflictf("one-time passwords are on already").Do("turn them off first")
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Spindle", AccountName: u.Email, Period: totpPeriodSeconds})
	if err != nil {
		return Enrolment{}, fmt.Errorf("account: %w", err)
	}
	picture, err := key.Image(qrPixels, qrPixels)
	if err != nil {
		return Enrolment{}, fmt.Errorf("account: %w", err)
	}
	var data bytes.Buffer
	if err := png.Encode(&data, picture); err != nil {
		return Enrolment{}, fmt.Errorf("account: %w", err)
	}
	e := Enrolment{Secret: secret.New(key.Secret()), PNG: secret.New(data.String())}
	return e, s.Store.OfferTOTP(ctx, user, s.Keys.Seal(e.Secret, totpRow(user)), u.Email)
}

// totpRow is where a TOTP secret is stored; one sealed for it opens nowhere else.
func totpRow(user store.UserID) secret.Row {
	return secret.Row{Table: "user_account", ID: string(user), Field: "totp"}
}

// ConfirmTOTP turns one-time passwords on: the code proves that the app has the secret. It gives the recovery codes, which are shown once.
func (s *Service) ConfirmTOTP(ctx context.Context, user store.UserID, code string) (recovery []secret.String, err error) {
	c, err := s.Store.Credentials(ctx, user)
	if err != nil {
		return nil, err
	}
	if c.PendingTOTP == "" {
		return nil, fault.Conflictf("there is no secret to confirm").Do("begin again")
	}
	step, err := s.matchStep(user, c.PendingTOTP, code)
	if err != nil {
		return nil, err
	}
	if step == 0 {
		return nil, fault.Invalidf("the code is wrong").WithField("code").Do("write the six digits that your app shows now; check its clock")
	}
	var hashes []string
	for range recoveryCodes {
		one := newRecoveryCode()
		recovery, hashes = append(recovery, secret.New(one)), append(hashes, hashToken(foldCode(one)))
	}
	if err := s.Store.ConfirmTOTP(ctx, user, c.PendingTOTP, step, hashes); err != nil {
		return nil, err
	}
	return recovery, nil
}

// DisableTOTP lets a person in without one-time passwords again, when he wants it so or has lost his app.
func (s *Service) DisableTOTP(ctx context.Context, user store.UserID, by Actor) error {
	if err := s.overUser(ctx, user, by); err != nil {
		return err
	}
	return s.Store.ClearTOTP(ctx, user, by.Name)
}

// checkCode says what a code was: a one-time password, a recovery code, or "" for neither. Either is taken once only.
func (s *Service) checkCode(ctx context.Context, c store.Credentials, code string) (how string, err error) {
	if c.SealedTOTP == "" {
		return "", nil
	}
	step, err := s.matchStep(c.ID, c.SealedTOTP, code)
	if err != nil {
		return "", err
	}
	if step != 0 {
		fresh, err := s.Store.UseTOTPStep(ctx, c.ID, step)
		if err != nil || !fresh {
			return "", err
		}
		return byTOTP, nil
	}
	ok, _, err := s.Store.UseRecoveryCode(ctx, c.ID, hashToken(foldCode(code)))
	if err != nil || !ok {
		return "", err
	}
	return byRecovery, nil
}

// matchStep finds the time step whose code this is, now or a step around it; 0 when there is none.
func (s *Service) matchStep(user store.UserID, sealed, code string) (int64, error) {
	key, err := s.Keys.Open(sealed, totpRow(user))
	if err != nil {
		return 0, err
	}
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	now := s.Now().Unix() / totpPeriodSeconds
	for step := now - totpSkew; step <= now+totpSkew; step++ {
		want, err := hotp.GenerateCode(key.Reveal(), uint64(step))
		if err != nil {
			return 0, fmt.Errorf("account: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			return step, nil
		}
	}
	return 0, nil
}

// newRecoveryCode makes a code in groups of four: "abcd-efgh-ijkl-mnop".
func newRecoveryCode() string {
	random := make([]byte, recoveryCodeBytes)
	_, _ = rand.Read(random) // never fails
	text := strings.ToLower(base32.StdEncoding.EncodeToString(random))
	return text[0:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:16]
}

func foldCode(code string) string {
	return strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(code))
}
