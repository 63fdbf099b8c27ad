package account_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"spindle/internal/account"
	"spindle/internal/secret"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// TestNothingSecretIsStoredOrSaid is law 10 for people: after everything they do, no password, token, link, code or TOTP secret is in the
// database file, the audit trail, the log or an error.
func TestNothingSecretIsStoredOrSaid(t *testing.T) {
	path := storetest.File(t)
	p := newIDP(t)
	w := owned(empty(t, path, &account.OIDC{Issuer: p.URL, ClientID: "spindle", Secret: secret.New("client-secret"), RedirectURL: "http://x/"}))
	p.now = func() time.Time { return w.now }
	var log bytes.Buffer
	w.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ctx := t.Context()
	wrong, weak := "wrong-guess-of-somebody", "Passwords-12"
	var errs []error
	failed := func(_ any, err error) { errs = append(errs, err) }

	secrets := []string{good.Reveal(), wrong, weak, "client-secret"}
	key, recovery := w.enrol(w.ann.ID)
	secrets = append(secrets, key)
	in, err := w.SignIn(ctx, w.ann.Email, good)
	must(t, err)
	_, err = w.SignInTOTP(ctx, in.Ticket, recovery[0].Reveal())
	must(t, err)
	failed(w.SignInTOTP(ctx, in.Ticket, recovery[0].Reveal()))
	for _, code := range recovery {
		secrets = append(secrets, code.Reveal(), strings.ReplaceAll(code.Reveal(), "-", ""))
	}
	failed(w.SignIn(ctx, w.ann.Email, secret.New(wrong)))
	failed(w.ChangePassword(ctx, w.ann.ID, secret.New(wrong), good))
	failed(w.ChangePassword(ctx, w.ann.ID, good, secret.New(weak)))
	_, text, err := w.CreateToken(ctx, w.org, account.NewToken{Name: "ci", Role: account.Viewer}, ops)
	must(t, err)
	_, err = w.AuthenticateToken(ctx, text.Reveal())
	must(t, err)
	failed(w.AuthenticateToken(ctx, text.Reveal()+"x"))
	secrets = append(secrets, text.Reveal(), strings.TrimPrefix(text.Reveal(), account.TokenPrefix))
	for range 2 {
		link, err := w.SignInLink(ctx, w.ann.ID, ops)
		must(t, err)
		_, err = w.Redeem(ctx, link.Token.Reveal())
		must(t, err)
		failed(w.Redeem(ctx, link.Token.Reveal()))
		secrets = append(secrets, link.Token.Reveal())
	}
	invite, err := w.Invite(ctx, w.org, "bob@x.example", account.Viewer, ops)
	must(t, err)
	reset, err := w.ResetLink(ctx, w.ann.ID, ops)
	must(t, err)
	secrets = append(secrets, invite.Token.Reveal(), reset.Token.Reveal())
	p.person = map[string]any{"sub": "s", "email": w.ann.Email}
	failed(w.come(p))
	p.change = func(c map[string]any) { c["aud"] = "x" }
	failed(w.come(p))
	secrets = append(secrets, commit(t, w))

	entries, err := w.Store.Audit(ctx, w.org, store.AuditFilter{})
	must(t, err)
	if len(entries) < 12 || len(errs) < 8 || log.Len() == 0 {
		t.Fatalf("%d entries, %d errors, log of %d bytes: too little to look into", len(entries), len(errs), log.Len())
	}
	said := log.String() + fmt.Sprint(entries)
	for _, err := range errs {
		if err == nil {
			t.Fatal("something that must fail did not")
		}
		said += fmt.Sprintf(" %v %+v %#v", err, err, errors.Unwrap(err))
	}
	stored := []byte(said)
	for _, file := range []string{path, path + "-wal"} {
		data, err := os.ReadFile(file)
		must(t, err)
		stored = append(stored, data...)
	}
	if !bytes.Contains(stored, []byte("bob@x.example")) {
		t.Fatal("the files hold nothing of what was done: the search below would prove nothing")
	}
	for _, s := range secrets {
		for _, form := range []string{s, base64.StdEncoding.EncodeToString([]byte(s)), hex.EncodeToString([]byte(s))} {
			if bytes.Contains(stored, []byte(form)) {
				t.Errorf("%.12s… is in the database, the audit trail, the log or an error", form)
			}
		}
	}
	if printed := fmt.Sprintf("%v %+v", invite, invite); strings.Contains(printed, invite.Token.Reveal()) {
		t.Error("a link prints its token")
	}
}

// commit stores a session through the session manager and gives its token.
func commit(t testing.TB, w *world) string {
	t.Helper()
	m := scs.New()
	m.Store, m.HashTokenInStore = account.Sessions{Store: w.Store, Now: w.Service.Now}, true
	ctx, err := m.Load(t.Context(), "")
	must(t, err)
	m.Put(ctx, "user", string(w.ann.ID))
	token, _, err := m.Commit(ctx)
	must(t, err)
	return token
}

func TestSessionsThroughTheManager(t *testing.T) {
	w := newWorld(t)
	m := scs.New()
	m.Store, m.HashTokenInStore, m.Lifetime = account.Sessions{Store: w.Store, Now: w.Service.Now}, true, time.Hour
	get := func(token string) string {
		t.Helper()
		ctx, err := m.Load(t.Context(), token)
		must(t, err)
		return m.GetString(ctx, "user")
	}
	ctx, err := m.Load(t.Context(), "")
	must(t, err)
	m.Put(ctx, "user", "u1")
	token, _, err := m.Commit(ctx)
	must(t, err)
	if get(token) != "u1" || get("another") != "" {
		t.Errorf("the session gives %q, another token %q", get(token), get("another"))
	}
	w.pass(59 * time.Minute)
	if get(token) != "u1" {
		t.Error("the session ended before its time")
	}
	w.pass(2 * time.Minute)
	if get(token) != "" {
		t.Error("the session outlives its time")
	}
	must(t, m.Destroy(ctx))
}
