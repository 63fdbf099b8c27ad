package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// people runs a test on each database with a virtual clock.
func people(t *testing.T, test func(t *testing.T, s *store.Store, now *time.Time)) {
	t.Helper()
	storetest.EachURL(t, func(t *testing.T, address string) {
		now := time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC)
		test(t, storetest.Open(t, store.Options{URL: address, Now: func() time.Time { return now }}), &now)
	})
}

// firstOwner makes ann the owner of a new organization.
func firstOwner(t testing.TB, s *store.Store) (store.User, billing.OrganizationID) {
	t.Helper()
	u, err := s.CreateFirstUser(t.Context(), store.NewUser{Email: "ann@northwind.example", Name: "Ann", PasswordHash: "hash"}, "Northwind IT")
	must(t, err)
	return u, "northwind-it"
}

// join makes somebody a member by an invitation.
func join(t testing.TB, s *store.Store, org billing.OrganizationID, email, role string) store.User {
	t.Helper()
	l, err := s.CreateInvitation(t.Context(), org, store.Link{TokenHash: email + role, Email: email, Role: role,
		ExpiresAt: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}, "ann@northwind.example")
	must(t, err)
	u, _, err := s.AcceptInvitation(t.Context(), org, l.ID, store.NewUser{Name: "Guest"})
	must(t, err)
	return u
}

// actions gives the actions of an organization's audit trail: "organization.created member.added".
func actions(t testing.TB, s *store.Store, org billing.OrganizationID) string {
	t.Helper()
	must(t, s.VerifyAudit(t.Context(), org))
	entries, err := s.Audit(t.Context(), org, store.AuditFilter{})
	must(t, err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Action)
	}
	return strings.Join(all, " ")
}

func TestFirstUserOwnsWhatIsThere(t *testing.T) {
	people(t, func(t *testing.T, s *store.Store, now *time.Time) {
		ctx := t.Context()
		has, err := s.HasUsers(ctx)
		must(t, err)
		equal(t, has, false)
		a, b := organization(t, s, "Northwind IT"), organization(t, s, "Fabrikam")
		_, err = s.CreateFirstUser(ctx, store.NewUser{Email: "Ann@northwind.example"}, "")
		wantKind(t, err, fault.KindInvalid)
		u, err := s.CreateFirstUser(ctx, store.NewUser{Email: "ann@northwind.example", Name: "Ann", PasswordHash: "hash"}, "not needed")
		must(t, err)
		equal(t, u, store.User{ID: "u1", Email: "ann@northwind.example", Name: "Ann", Password: true, Epoch: 1, CreatedAt: *now,
			CreatedBy: "ann@northwind.example"})
		has, err = s.HasUsers(ctx)
		must(t, err)
		equal(t, has, true)
		memberships, err := s.Memberships(ctx, u.ID)
		must(t, err)
		equal(t, len(memberships), 2)
		equal(t, []any{memberships[0].Organization.ID, memberships[1].Organization.ID}, []any{b, a})
		for _, m := range memberships {
			equal(t, m.Role, store.OwnerRole)
			equal(t, actions(t, s, m.Organization.ID), "organization.created member.added")
		}
		_, err = s.CreateFirstUser(ctx, store.NewUser{Email: "eve@northwind.example"}, "Eve")
		wantKind(t, err, fault.KindConflict)
		again, err := s.UserByEmail(ctx, "ANN@Northwind.example")
		must(t, err)
		equal(t, again, u)
		_, err = s.User(ctx, "u2")
		wantKind(t, err, fault.KindNotFound)
	})
}

func TestOnlyOneOfManyBecomesTheFirstUser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var mu sync.Mutex
		var made int
		var visitors sync.WaitGroup
		for i := range 6 {
			visitors.Go(func() {
				_, err := s.CreateFirstUser(t.Context(), store.NewUser{Email: fmt.Sprintf("p%d@x.example", i)}, "Northwind IT")
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					made++
				} else if !fault.Is(err, fault.KindConflict) {
					t.Errorf("visitor %d: %v", i, err)
				}
			})
		}
		visitors.Wait()
		orgs, err := s.Organizations(t.Context())
		must(t, err)
		if made != 1 || len(orgs) != 1 {
			t.Errorf("%d owners, %d organizations", made, len(orgs))
		}
	})
}

func TestAnOrganizationKeepsItsLastOwner(t *testing.T) {
	people(t, func(t *testing.T, s *store.Store, _ *time.Time) {
		ctx := t.Context()
		ann, org := firstOwner(t, s)
		bob := join(t, s, org, "bob@northwind.example", "admin")
		refused := func(err error) {
			t.Helper()
			wantKind(t, err, fault.KindConflict)
			if !strings.Contains(err.Error(), "without an owner") || fault.Remedy(err) == "" {
				t.Errorf("%v, remedy %q", err, fault.Remedy(err))
			}
		}
		disable := func(id store.UserID) error { _, err := s.SetDisabled(ctx, id, true, "ops"); return err }
		refused(s.SetMemberRole(ctx, org, ann.ID, "admin", "ops"))
		refused(s.RemoveMember(ctx, org, ann.ID, "ops"))
		refused(disable(ann.ID))
		must(t, s.SetMemberRole(ctx, org, bob.ID, store.OwnerRole, "ops"))
		must(t, disable(bob.ID)) // an owner who cannot sign in does not count
		refused(s.RemoveMember(ctx, org, ann.ID, "ops"))
		bob, err := s.SetDisabled(ctx, bob.ID, false, "ops")
		must(t, err)
		equal(t, bob.DisabledAt.IsZero(), true)
		must(t, s.RemoveMember(ctx, org, ann.ID, "ops"))
		refused(s.SetMemberRole(ctx, org, bob.ID, "viewer", "ops"))
		_, err = s.Member(ctx, org, ann.ID)
		wantKind(t, err, fault.KindNotFound)
		wantKind(t, s.SetMemberRole(ctx, org, ann.ID, "viewer", "ops"), fault.KindNotFound)
		equal(t, actions(t, s, org), "organization.created member.added member.invited member.added member.role user.disabled user.enabled member.removed")
	})
}

func TestTwoOwnersCannotLeaveAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ann, org := firstOwner(t, s)
		bob := join(t, s, org, "bob@northwind.example", store.OwnerRole)
		errs := make([]error, 2)
		var leaving sync.WaitGroup
		leaving.Go(func() { errs[0] = s.RemoveMember(t.Context(), org, ann.ID, "ann") })
		leaving.Go(func() { _, errs[1] = s.SetDisabled(t.Context(), bob.ID, true, "bob") })
		leaving.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("both left, or neither: %v, %v", errs[0], errs[1])
		}
	})
}

func TestAttemptsAreCountedBeforeTheyAreChecked(t *testing.T) {
	people(t, func(t *testing.T, s *store.Store, now *time.Time) {
		ctx := t.Context()
		ann, org := firstOwner(t, s)
		lock := func(n int64) time.Duration { // after the second
			if n < 2 {
				return 0
			}
			return time.Minute
		}
		var mu sync.Mutex
		counts := map[fault.Kind]int{}
		var attempts sync.WaitGroup
		for range 6 {
			attempts.Go(func() {
				_, err := s.BeginSignIn(ctx, ann.ID, lock)
				mu.Lock()
				defer mu.Unlock()
				counts[fault.KindOf(err)]++
			})
		}
		attempts.Wait()
		equal(t, counts, map[fault.Kind]int{fault.KindNone: 2, fault.KindWaitUntil: 4})
		must(t, s.FailSignIn(ctx, ann.ID, "password"))
		u, err := s.User(ctx, ann.ID)
		must(t, err)
		equal(t, u.Locked, now.Add(time.Minute))
		*now = now.Add(time.Minute)
		c, err := s.BeginSignIn(ctx, ann.ID, lock)
		must(t, err)
		equal(t, c.PasswordHash, "hash")
		must(t, s.PassSignIn(ctx, ann.ID))
		_, err = s.BeginSignIn(ctx, ann.ID, lock) // the one taken back does not lock, those before still count
		must(t, err)
		_, err = s.BeginSignIn(ctx, ann.ID, lock)
		wantKind(t, err, fault.KindWaitUntil)
		if at, ok := fault.RetryAt(err); !ok || !at.Equal(now.Add(time.Minute)) {
			t.Errorf("retry at %s", at)
		}
		u, err = s.FinishSignIn(ctx, ann.ID, "password")
		must(t, err)
		equal(t, u.SignedInAt, *now)
		equal(t, u.Locked.IsZero(), true)
		entries, err := s.Audit(ctx, org, store.AuditFilter{Action: "user."})
		must(t, err)
		equal(t, len(entries), 2)
		equal(t, entries[0].Detail, `{"how":"password","locked_until":"2026-11-10T09:01:00Z"}`)
		equal(t, []string{entries[1].Action, entries[1].Actor, entries[1].Subject, entries[1].Detail},
			[]string{"user.signed-in", "ann@northwind.example", "ann@northwind.example", `{"how":"password"}`})
		_, err = s.BeginSignIn(ctx, "u9", lock)
		wantKind(t, err, fault.KindNotFound)
	})
}

func TestOneTimePasswordsOfTheStore(t *testing.T) {
	people(t, func(t *testing.T, s *store.Store, _ *time.Time) {
		ctx := t.Context()
		ann, org := firstOwner(t, s)
		wantKind(t, s.ConfirmTOTP(ctx, ann.ID, "", 7, nil), fault.KindStale)
		must(t, s.OfferTOTP(ctx, ann.ID, "sealed-1", "ann"))
		must(t, s.OfferTOTP(ctx, ann.ID, "sealed-2", "ann"))
		wantKind(t, s.ConfirmTOTP(ctx, ann.ID, "sealed-1", 7, nil), fault.KindStale)
		must(t, s.ConfirmTOTP(ctx, ann.ID, "sealed-2", 7, []string{"a", "b"}))
		c, err := s.Credentials(ctx, ann.ID)
		must(t, err)
		equal(t, []any{c.TOTP, c.SealedTOTP, c.PendingTOTP}, []any{true, "sealed-2", ""})
		for _, step := range []struct {
			step  int64
			fresh bool
		}{{7, false}, {6, false}, {8, true}, {8, false}, {10, true}, {9, false}} {
			fresh, err := s.UseTOTPStep(ctx, ann.ID, step.step)
			must(t, err)
			if fresh != step.fresh {
				t.Errorf("step %d is fresh: %v", step.step, fresh)
			}
		}
		for _, code := range []struct {
			hash string
			ok   bool
			left int64
		}{{"a", true, 1}, {"a", false, 0}, {"x", false, 0}, {"b", true, 0}} {
			ok, left, err := s.UseRecoveryCode(ctx, ann.ID, code.hash)
			must(t, err)
			equal(t, []any{ok, left}, []any{code.ok, code.left})
		}
		must(t, s.ClearTOTP(ctx, ann.ID, "ops"))
		u, err := s.User(ctx, ann.ID)
		must(t, err)
		equal(t, u.TOTP, false)
		if got := actions(t, s, org); !strings.HasSuffix(got, "user.totp.offered user.totp.offered user.totp.on user.recovery-code.used user.recovery-code.used user.totp.off") {
			t.Error(got)
		}
	})
}

func TestLinksOpenOnce(t *testing.T) {
	people(t, func(t *testing.T, s *store.Store, now *time.Time) {
		ctx := t.Context()
		ann, org := firstOwner(t, s)
		link := func(kind store.LinkKind, hash string) store.Link {
			l, err := s.CreateUserLink(ctx, ann.ID, store.Link{Kind: kind, TokenHash: hash, ExpiresAt: now.Add(time.Hour)}, "ops")
			must(t, err)
			found, err := s.Link(ctx, hash)
			must(t, err)
			equal(t, found, l)
			return l
		}
		l := link(store.SignInLink, "one")
		var used sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			used.Go(func() { errs[i] = s.RedeemLink(ctx, ann.ID, l.ID) })
		}
		used.Wait()
		through := 0
		for _, err := range errs {
			if err == nil {
				through++
			} else {
				wantKind(t, err, fault.KindNotFound)
			}
		}
		equal(t, through, 1)
		_, err := s.Link(ctx, "one")
		wantKind(t, err, fault.KindNotFound)
		l = link(store.ResetLink, "two")
		u, err := s.ResetPassword(ctx, ann.ID, l.ID, "new hash")
		must(t, err)
		equal(t, u.Epoch, ann.Epoch+1)
		_, err = s.ResetPassword(ctx, ann.ID, l.ID, "other hash")
		wantKind(t, err, fault.KindNotFound)
		c, err := s.Credentials(ctx, ann.ID)
		must(t, err)
		equal(t, c.PasswordHash, "new hash")
		l = link(store.ResetLink, "three")
		*now = now.Add(time.Hour)
		_, err = s.Link(ctx, "three")
		wantKind(t, err, fault.KindNotFound)
		_, err = s.ResetPassword(ctx, ann.ID, l.ID, "late hash")
		wantKind(t, err, fault.KindNotFound)
		if got := actions(t, s, org); !strings.HasSuffix(got, "user.link.created user.link.used user.link.created user.password.changed user.link.created") {
			t.Error(got)
		}
	})
}

func TestInvitations(t *testing.T) {
	people(t, func(t *testing.T, s *store.Store, now *time.Time) {
		ctx := t.Context()
		_, org := firstOwner(t, s)
		other := organization(t, s, "Fabrikam")
		invite := func(org billing.OrganizationID, hash string) store.Link {
			l, err := s.CreateInvitation(ctx, org, store.Link{TokenHash: hash, Email: "bob@x.example", Role: "biller", ExpiresAt: now.Add(time.Hour)}, "ann")
			must(t, err)
			return l
		}
		first, second, third := invite(org, "1"), invite(org, "2"), invite(other, "3")
		open, err := s.InvitationsFor(ctx, "bob@x.example")
		must(t, err)
		equal(t, open, []store.Link{second, third})
		_, _, err = s.AcceptInvitation(ctx, org, first.ID, store.NewUser{}) // replaced by the second
		wantKind(t, err, fault.KindNotFound)
		_, _, err = s.AcceptInvitation(ctx, org, third.ID, store.NewUser{}) // of another organization
		wantKind(t, err, fault.KindNotFound)
		wantKind(t, s.RevokeInvitation(ctx, org, third.ID, "ann"), fault.KindNotFound)
		bob, created, err := s.AcceptInvitation(ctx, org, second.ID, store.NewUser{Name: "Bob", Email: "not@used.example", PasswordHash: "h"})
		must(t, err)
		equal(t, []any{bob.Email, bob.Name, created}, []any{"bob@x.example", "Bob", true})
		again, created, err := s.AcceptInvitation(ctx, other, third.ID, store.NewUser{Name: "Eve", PasswordHash: "eve's"})
		must(t, err)
		equal(t, []any{again, created}, []any{bob, false}) // neither name nor password changed
		must(t, s.RevokeInvitation(ctx, org, invite(org, "4").ID, "ann"))
		open, err = s.Invitations(ctx, org)
		must(t, err)
		equal(t, len(open), 0)
		members, err := s.Members(ctx, org)
		must(t, err)
		equal(t, len(members), 2)
		equal(t, []any{members[1].Email, members[1].Role, members[1].Since}, []any{"bob@x.example", "biller", *now})
	})
}

func TestTokensOfTheStore(t *testing.T) {
	people(t, func(t *testing.T, s *store.Store, now *time.Time) {
		ctx := t.Context()
		_, org := firstOwner(t, s)
		bob := join(t, s, org, "bob@x.example", "admin")
		make := func(hash string, expires time.Time) store.APIToken {
			a, err := s.CreateToken(ctx, org, store.APIToken{Name: "ci", Role: "viewer", TokenHash: hash, User: bob.ID, ExpiresAt: expires}, bob.Email)
			must(t, err)
			return a
		}
		good, late := make("good", time.Time{}), make("late", now.Add(time.Hour))
		must(t, s.TouchToken(ctx, org, good.ID))
		good.LastUsedAt = *now
		found, of, err := s.TokenByHash(ctx, "good")
		must(t, err)
		equal(t, []any{found, of}, []any{good, org})
		equal(t, found.Actor(), "bob@x.example via token ci")
		_, _, err = s.TokenByHash(ctx, "late")
		must(t, err)
		*now = now.Add(time.Hour)
		_, _, err = s.TokenByHash(ctx, "late")
		wantKind(t, err, fault.KindNotFound)
		must(t, s.RevokeToken(ctx, org, late.ID, "ann"))
		wantKind(t, s.RevokeToken(ctx, org, late.ID, "ann"), fault.KindNotFound)
		must(t, s.RemoveMember(ctx, org, bob.ID, "ann")) // takes his tokens along
		_, _, err = s.TokenByHash(ctx, "good")
		wantKind(t, err, fault.KindNotFound)
		all, err := s.Tokens(ctx, org)
		must(t, err)
		equal(t, []string{all[0].ID, all[1].ID}, []string{"t2", "t1"})
	})
}

func TestHand(t *testing.T) {
	for actor, want := range map[string]string{
		"Ann@X.example": "ann@x.example", "ann@x.example via token nightly": "ann@x.example", " clerk ": "clerk", "schedule": "schedule", "": "",
	} {
		if got := store.Hand(actor); got != want {
			t.Errorf("Hand(%q) = %q", actor, got)
		}
	}
}

func TestSessionsAreKeptUntilTheyExpire(t *testing.T) {
	people(t, func(t *testing.T, s *store.Store, now *time.Time) {
		ctx := t.Context()
		want := func(hash string, data []byte) {
			t.Helper()
			got, found, err := s.Session(ctx, hash)
			must(t, err)
			if found != (data != nil) || !bytes.Equal(got, data) {
				t.Errorf("session %s: %q, %v", hash, got, found)
			}
		}
		must(t, s.SaveSession(ctx, "a", []byte{0, 255}, now.Add(time.Hour)))
		must(t, s.SaveSession(ctx, "b", []byte("b"), now.Add(2*time.Hour)))
		want("a", []byte{0, 255})
		must(t, s.SaveSession(ctx, "a", []byte("new"), now.Add(time.Hour)))
		want("a", []byte("new"))
		writes := 0
		s.Cut(func(statement string) error {
			if statement != "COMMIT" { // reading commits too
				writes++
			}
			return nil
		})
		must(t, s.SaveSession(ctx, "a", []byte("new"), now.Add(time.Hour+30*time.Second)))
		s.Cut(nil)
		equal(t, writes, 0) // a little longer is no write
		*now = now.Add(time.Hour)
		want("a", nil)
		want("c", nil)
		must(t, s.SaveSession(ctx, "b", []byte("b2"), now.Add(time.Hour)))
		equal(t, len(dumpRows(t, s, "web_session", "SELECT token_hash FROM web_session")), 1)
		must(t, s.DeleteSession(ctx, "b"))
		must(t, s.DeleteSession(ctx, "b"))
		want("b", nil)
	})
}

// TestActsOnPeopleAreWholeOrNothing ends every write about a person at each of its statements.
func TestActsOnPeopleAreWholeOrNothing(t *testing.T) {
	people(t, func(t *testing.T, s *store.Store, now *time.Time) {
		ann, org := firstOwner(t, s)
		join(t, s, org, "bob@x.example", store.OwnerRole)
		no := func(int64) time.Duration { return 0 }
		link := ""
		var link2 store.Link
		ignore := func(_ any, err error) error { return err }
		for _, c := range []call{
			{"BeginSignIn", func(ctx context.Context) error { return ignore(s.BeginSignIn(ctx, ann.ID, no)) }},
			{"PassSignIn", func(ctx context.Context) error { return s.PassSignIn(ctx, ann.ID) }},
			{"FailSignIn", func(ctx context.Context) error { return s.FailSignIn(ctx, ann.ID, "x") }},
			{"FinishSignIn", func(ctx context.Context) error { return ignore(s.FinishSignIn(ctx, ann.ID, "x")) }},
			{"OfferTOTP", func(ctx context.Context) error { return s.OfferTOTP(ctx, ann.ID, "s", "ann") }},
			{"ConfirmTOTP", func(ctx context.Context) error { return s.ConfirmTOTP(ctx, ann.ID, "s", 1, []string{"a", "b"}) }},
			{"UseTOTPStep", func(ctx context.Context) error { return ignore(s.UseTOTPStep(ctx, ann.ID, 9)) }},
			{"UseRecoveryCode", func(ctx context.Context) error { _, _, err := s.UseRecoveryCode(ctx, ann.ID, "a"); return err }},
			{"ClearTOTP", func(ctx context.Context) error { return s.ClearTOTP(ctx, ann.ID, "ann") }},
			{"SetPassword", func(ctx context.Context) error { return ignore(s.SetPassword(ctx, ann.ID, "h", "ann")) }},
			{"EndSessions", func(ctx context.Context) error { return ignore(s.EndSessions(ctx, ann.ID, "ann")) }},
			{"SetSubject", func(ctx context.Context) error { return ignore(s.SetSubject(ctx, ann.ID, "i", "s", "ann")) }},
			{"CreateUserLink", func(ctx context.Context) error {
				l, err := s.CreateUserLink(ctx, ann.ID, store.Link{Kind: store.SignInLink, TokenHash: "l1", ExpiresAt: now.Add(hour)}, "ann")
				link = l.ID
				return err
			}},
			{"RedeemLink", func(ctx context.Context) error { return s.RedeemLink(ctx, ann.ID, link) }},
			{"CreateUserLink", func(ctx context.Context) (err error) {
				link2, err = s.CreateUserLink(ctx, ann.ID, store.Link{Kind: store.ResetLink, TokenHash: "l2", ExpiresAt: now.Add(hour)}, "ann")
				return err
			}},
			{"ResetPassword", func(ctx context.Context) error { return ignore(s.ResetPassword(ctx, ann.ID, link2.ID, "h2")) }},
			{"SetDisabled", func(ctx context.Context) error { return ignore(s.SetDisabled(ctx, ann.ID, true, "ops")) }},
			{"SaveSession", func(ctx context.Context) error { return s.SaveSession(ctx, "a", []byte("a"), now.Add(hour)) }},
			{"DeleteSession", func(ctx context.Context) error { return s.DeleteSession(ctx, "a") }},
		} {
			before := dump(t, s, "")
			for cutAt := 1; ; cutAt++ {
				n := 0
				s.Cut(func(string) error {
					if n++; n == cutAt {
						return errCut
					}
					return nil
				})
				err := c.do(t.Context())
				s.Cut(nil)
				if err == nil {
					break
				}
				if !errors.Is(err, errCut) {
					t.Fatalf("%s fails by itself: %v", c.method, err)
				}
				equal(t, dump(t, s, ""), before)
			}
			must(t, s.VerifyAudit(t.Context(), org))
		}
	})
}
