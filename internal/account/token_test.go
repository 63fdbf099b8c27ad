package account_test

import (
	"strings"
	"testing"
	"time"

	"spindle/internal/account"
	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/store"
)

func TestAPITokens(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	bob, byBob := w.join(w.org, "bob@x.example", account.Admin)
	make := func(n account.NewToken, by account.Actor) (store.APIToken, secret.String) {
		t.Helper()
		a, text, err := w.CreateToken(ctx, w.org, n, by)
		must(t, err)
		return a, text
	}
	a, text := make(account.NewToken{Name: " nightly  run ", Role: account.Biller}, byBob)
	if !strings.HasPrefix(text.Reveal(), "spn_") || len(text.Reveal()) != 47 || a.Name != "nightly run" {
		t.Errorf("token %+v of %d characters", a, len(text.Reveal()))
	}
	actor, err := w.AuthenticateToken(ctx, text.Reveal())
	must(t, err)
	want := account.Actor{Name: "bob@x.example via token nightly run", Organization: w.org, Role: account.Biller}
	if actor != want {
		t.Errorf("acts as %+v", actor)
	}
	used := func() time.Time {
		all, err := w.Tokens(ctx, w.org)
		must(t, err)
		return all[0].LastUsedAt
	}
	first := w.now
	w.pass(59 * time.Second)
	_, err = w.AuthenticateToken(ctx, text.Reveal())
	must(t, err)
	if !used().Equal(first) {
		t.Errorf("last used %s: written within a minute", used())
	}
	w.pass(time.Second)
	_, err = w.AuthenticateToken(ctx, text.Reveal())
	must(t, err)
	if !used().Equal(w.now) {
		t.Errorf("last used %s, now %s", used(), w.now)
	}
	for _, wrong := range []string{"", "spn_", text.Reveal()[4:], text.Reveal() + "x", strings.ToUpper(text.Reveal())} {
		_, err := w.AuthenticateToken(ctx, wrong)
		wantKind(t, err, fault.KindUnauthorized)
	}
	refused := func(what string) {
		t.Helper()
		if _, err := w.AuthenticateToken(ctx, text.Reveal()); !fault.Is(err, fault.KindUnauthorized) {
			t.Errorf("%s: %v", what, err)
		}
	}
	must(t, w.SetRole(ctx, w.org, bob.ID, account.Approver, ops))
	refused("its maker may less by now")
	must(t, w.SetRole(ctx, w.org, bob.ID, account.Biller, ops))
	_, err = w.AuthenticateToken(ctx, text.Reveal())
	must(t, err)
	must(t, w.Disable(ctx, bob.ID, ops))
	refused("its maker is disabled")
	must(t, w.Enable(ctx, bob.ID, ops))
	must(t, w.RevokeToken(ctx, w.org, a.ID, ops))
	refused("revoked")
	_, text = make(account.NewToken{Name: "short", Role: account.Viewer, ExpiresAt: w.now.Add(time.Hour)}, ops)
	actor, err = w.AuthenticateToken(ctx, text.Reveal())
	must(t, err)
	if actor.Name != "ops via token short" || actor.Operator || actor.Role != account.Viewer {
		t.Errorf("acts as %+v", actor)
	}
	w.pass(time.Hour)
	refused("expired")
	for field, n := range map[string]account.NewToken{
		"name": {Role: account.Viewer}, "role": {Name: "x"}, "expires": {Name: "x", Role: account.Viewer, ExpiresAt: w.now},
	} {
		_, _, err := w.CreateToken(ctx, w.org, n, ops)
		wantField(t, err, field)
	}
}
