package account_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"spindle/internal/account"
	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// good is a password that nobody guesses.
var good = secret.New("staple-quartz-meadow-9")

// world is a service with a virtual clock, and ann, who owns the organization Northwind IT.
type world struct {
	*account.Service
	t   testing.TB
	now time.Time
	org billing.OrganizationID
	ann store.User
}

// empty makes a service that nobody has visited yet, on a database address.
func empty(t testing.TB, address string, oidc *account.OIDC) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	keys, err := secret.OpenKeyring(filepath.Join(t.TempDir(), "master.key"), secret.String{})
	must(t, err)
	s := storetest.Open(t, store.Options{URL: address, Now: clock})
	w.Service = account.New(account.Deps{Store: s, Keys: keys, Now: clock, OIDC: oidc})
	w.HashCheaply()
	return w
}

func newWorld(t testing.TB) *world { return owned(empty(t, storetest.File(t), nil)) }

// owned makes ann the owner.
func owned(w *world) *world {
	w.t.Helper()
	u, err := w.CreateOwner(w.t.Context(), account.NewOwner{Email: "Ann@Northwind.example", Name: "Ann Archer", Password: good, Organization: "Northwind IT"})
	must(w.t, err)
	w.ann, w.org = u, "northwind-it"
	return w
}

// join brings somebody in as a member of an organization.
func (w *world) join(org billing.OrganizationID, email string, role account.Role) (store.User, account.Actor) {
	w.t.Helper()
	l, err := w.Invite(w.t.Context(), org, email, role, ops)
	must(w.t, err)
	u, _, err := w.AcceptInvite(w.t.Context(), l.Token.Reveal(), "Guest Of Honour", good)
	must(w.t, err)
	return u, w.actor(u.ID, org)
}

func (w *world) actor(user store.UserID, org billing.OrganizationID) account.Actor {
	w.t.Helper()
	a, err := w.Act(w.t.Context(), user, org)
	must(w.t, err)
	return a
}

// enrol turns one-time passwords on and gives the secret and the recovery codes.
func (w *world) enrol(user store.UserID) (key string, recovery []secret.String) {
	w.t.Helper()
	e, err := w.EnrollTOTP(w.t.Context(), user)
	must(w.t, err)
	recovery, err = w.ConfirmTOTP(w.t.Context(), user, w.code(e.Secret.Reveal()))
	must(w.t, err)
	return e.Secret.Reveal(), recovery
}

// code is what the app shows now.
func (w *world) code(key string) string {
	w.t.Helper()
	code, err := totp.GenerateCode(key, w.now)
	must(w.t, err)
	return code
}

func (w *world) pass(d time.Duration) { w.now = w.now.Add(d) }

var ops = account.Operator("ops")

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t testing.TB, err error, kind fault.Kind) {
	t.Helper()
	if fault.KindOf(err) != kind {
		t.Fatalf("got error %v of kind %q, want kind %q", err, fault.KindOf(err), kind)
	}
}

func wantField(t testing.TB, err error, field string) {
	t.Helper()
	wantKind(t, err, fault.KindInvalid)
	if f := fault.Find(err); f.Field != field || f.Remedy == "" {
		t.Fatalf("%v: field %q, remedy %q; want field %q and a remedy", err, f.Field, f.Remedy, field)
	}
}
