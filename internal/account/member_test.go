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

// TestWhoMayDealWithMembers is the table of acts on people by role. Every act is tried on a viewer, by a member of each role.
func TestWhoMayDealWithMembers(t *testing.T) {
	acts := map[string]func(w *world, target store.UserID, by account.Actor) error{
		"invite": func(w *world, _ store.UserID, by account.Actor) error {
			_, err := w.Invite(t.Context(), w.org, "new@x.example", account.Viewer, by)
			return err
		},
		"invite an owner": func(w *world, _ store.UserID, by account.Actor) error {
			_, err := w.Invite(t.Context(), w.org, "boss@x.example", account.Owner, by)
			return err
		},
		"set role": func(w *world, target store.UserID, by account.Actor) error {
			return w.SetRole(t.Context(), w.org, target, account.Biller, by)
		},
		"make owner": func(w *world, target store.UserID, by account.Actor) error {
			return w.SetRole(t.Context(), w.org, target, account.Owner, by)
		},
		"demote the owner": func(w *world, _ store.UserID, by account.Actor) error {
			return w.SetRole(t.Context(), w.org, w.ann.ID, account.Viewer, by)
		},
		"remove": func(w *world, target store.UserID, by account.Actor) error {
			return w.RemoveMember(t.Context(), w.org, target, by)
		},
		"remove the owner": func(w *world, _ store.UserID, by account.Actor) error {
			return w.RemoveMember(t.Context(), w.org, w.ann.ID, by)
		},
		"disable": func(w *world, target store.UserID, by account.Actor) error { return w.Disable(t.Context(), target, by) },
		"sign out": func(w *world, target store.UserID, by account.Actor) error {
			_, err := w.SignOutEverywhere(t.Context(), target, by)
			return err
		},
		"turn one-time passwords off": func(w *world, target store.UserID, by account.Actor) error {
			return w.DisableTOTP(t.Context(), target, by)
		},
		"reset link": func(w *world, target store.UserID, by account.Actor) error {
			_, err := w.ResetLink(t.Context(), target, by)
			return err
		},
		"reset link of the owner": func(w *world, _ store.UserID, by account.Actor) error {
			_, err := w.ResetLink(t.Context(), w.ann.ID, by)
			return err
		},
		"sign-in link": func(w *world, target store.UserID, by account.Actor) error {
			_, err := w.SignInLink(t.Context(), target, by)
			return err
		},
		"token": func(w *world, _ store.UserID, by account.Actor) error {
			_, _, err := w.CreateToken(t.Context(), w.org, account.NewToken{Name: "ci", Role: account.Viewer}, by)
			return err
		},
		"token of an owner": func(w *world, _ store.UserID, by account.Actor) error {
			_, _, err := w.CreateToken(t.Context(), w.org, account.NewToken{Name: "ci", Role: account.Owner}, by)
			return err
		},
	}
	ownersOnly := " invite an owner, make owner, demote the owner, remove the owner, reset link of the owner, token of an owner,"
	w := newWorld(t)
	w.join(w.org, "second@x.example", account.Owner)
	target, _ := w.join(w.org, "target@x.example", account.Viewer)
	for _, role := range account.Roles() {
		_, by := w.join(w.org, string(role)+"@x.example", role)
		for name, act := range acts {
			allowed := role == account.Owner || role == account.Admin && !strings.Contains(ownersOnly, " "+name+",")
			err := act(w, target.ID, by)
			if got := err == nil; got != allowed {
				t.Errorf("%s by %s: %v", name, role, err)
			}
			if err != nil && !fault.Is(err, fault.KindUnauthorized) {
				t.Errorf("%s by %s is refused as %q: %v", name, role, fault.KindOf(err), err)
			}
			// As it was, for the next.
			must(t, w.SetRole(t.Context(), w.org, w.ann.ID, account.Owner, ops))
			must(t, w.SetRole(t.Context(), w.org, target.ID, account.Viewer, ops))
		}
	}
}

// TestAdminsOfOneOrganizationHaveNoPowerInAnother holds that links and locks of a person who belongs elsewhere too are not theirs to make.
func TestAdminsOfOneOrganizationHaveNoPowerInAnother(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	other, err := w.CreateOrganization(ctx, "Fabrikam", w.actor(w.ann.ID, w.org))
	must(t, err)
	eve, _ := w.join(other.ID, "eve@fabrikam.example", account.Owner)
	byEve := w.actor(eve.ID, other.ID)
	bob, _ := w.join(w.org, "bob@northwind.example", account.Viewer)

	// Nothing of an organization she does not belong to.
	_, err = w.Act(ctx, eve.ID, w.org)
	wantKind(t, err, fault.KindNotFound)
	_, err = w.Invite(ctx, w.org, "x@x.example", account.Viewer, byEve)
	wantKind(t, err, fault.KindNotFound)
	wantKind(t, w.SetRole(ctx, w.org, bob.ID, account.Admin, byEve), fault.KindNotFound)
	wantKind(t, w.RemoveMember(ctx, w.org, bob.ID, byEve), fault.KindNotFound)
	wantKind(t, w.Disable(ctx, bob.ID, byEve), fault.KindNotFound)
	_, _, err = w.CreateToken(ctx, w.org, account.NewToken{Name: "x", Role: account.Viewer}, byEve)
	wantKind(t, err, fault.KindNotFound)

	// Bob joins hers. Membership there is hers to take, the person is not.
	l, err := w.Invite(ctx, other.ID, bob.Email, account.Viewer, byEve)
	must(t, err)
	_, created, err := w.AcceptInvite(ctx, l.Token.Reveal(), "Mallory", secret.New("mallorys own password"))
	must(t, err)
	if created {
		t.Error("a second user for one address")
	}
	_, err = w.SignIn(ctx, bob.Email, good) // his password is still his
	must(t, err)
	_, err = w.ResetLink(ctx, bob.ID, byEve)
	wantKind(t, err, fault.KindUnauthorized)
	wantKind(t, w.Disable(ctx, bob.ID, byEve), fault.KindUnauthorized)
	wantKind(t, w.DisableTOTP(ctx, bob.ID, byEve), fault.KindUnauthorized)
	must(t, w.RemoveMember(ctx, other.ID, bob.ID, byEve))
	orgs, err := w.Organizations(ctx, bob.ID)
	must(t, err)
	if len(orgs) != 1 || orgs[0].Organization.ID != w.org || orgs[0].Role != account.Viewer {
		t.Errorf("Bob's organizations: %+v", orgs)
	}
	_, err = w.ResetLink(ctx, w.ann.ID, byEve) // Ann belongs to both
	wantKind(t, err, fault.KindUnauthorized)
}

func TestEverybodyMayLeaveAndHelpHimself(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	bob, byBob := w.join(w.org, "bob@x.example", account.Viewer)
	w.enrol(bob.ID)
	must(t, w.DisableTOTP(ctx, bob.ID, byBob))
	_, err := w.SignOutEverywhere(ctx, bob.ID, byBob)
	must(t, err)
	wantKind(t, w.RemoveMember(ctx, w.org, w.ann.ID, byBob), fault.KindUnauthorized)
	must(t, w.RemoveMember(ctx, w.org, bob.ID, byBob))
	wantKind(t, w.RemoveMember(ctx, w.org, w.ann.ID, w.actor(w.ann.ID, w.org)), fault.KindConflict) // the last owner
	must(t, w.SetRole(ctx, w.org, bob.ID, account.Approver, ops))                                   // the operator brings him back
	members, err := w.Members(ctx, w.org)
	must(t, err)
	if len(members) != 2 || members[1].Email != "bob@x.example" || members[1].Role != account.Approver || members[0].Role != account.Owner {
		t.Errorf("members: %+v", members)
	}
	wantField(t, w.SetRole(ctx, w.org, bob.ID, "king", ops), "role")
}

func TestInvitationsAreGoodOnceAndForAWeek(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	invite := func() account.Link {
		l, err := w.Invite(ctx, w.org, "bob@x.example", account.Biller, ops)
		must(t, err)
		return l
	}
	first, l := invite(), invite()
	open, err := w.Invitations(ctx, w.org)
	must(t, err)
	if len(open) != 1 || open[0].ID != l.ID || l.Path() != "/invite/"+l.Token.Reveal() || len(l.Token.Reveal()) != 43 {
		t.Errorf("open: %+v, path of %d characters", open, len(l.Path()))
	}
	_, err = w.Invitation(ctx, first.Token.Reveal())
	wantKind(t, err, fault.KindNotFound)
	invited, err := w.Invitation(ctx, l.Token.Reveal())
	must(t, err)
	if invited.Email != "bob@x.example" || invited.Organization.Name != "Northwind IT" || invited.Role != account.Biller || invited.Known {
		t.Errorf("invited: %+v", invited)
	}
	_, _, err = w.AcceptInvite(ctx, l.Token.Reveal(), "Bob", secret.New("bob@x.example"))
	wantField(t, err, "password")
	w.pass(7*24*time.Hour - time.Microsecond)
	bob, created, err := w.AcceptInvite(ctx, l.Token.Reveal(), " Bob  Baker ", good) // a wrong try did not use it up
	must(t, err)
	if !created || bob.Name != "Bob Baker" || w.actor(bob.ID, w.org).Role != account.Biller || w.actor(bob.ID, w.org).Name != "bob@x.example" {
		t.Errorf("Bob is %+v", bob)
	}
	_, _, err = w.AcceptInvite(ctx, l.Token.Reveal(), "Eve", good)
	wantKind(t, err, fault.KindNotFound)
	_, err = w.Invite(ctx, w.org, "Bob@X.example", account.Viewer, ops)
	wantKind(t, err, fault.KindConflict)
	late, err := w.Invite(ctx, w.org, "late@x.example", account.Viewer, ops)
	must(t, err)
	w.pass(7 * 24 * time.Hour)
	_, err = w.Invitation(ctx, late.Token.Reveal())
	wantKind(t, err, fault.KindNotFound)
	back, err := w.Invite(ctx, w.org, "back@x.example", account.Viewer, ops)
	must(t, err)
	must(t, w.RevokeInvitation(ctx, w.org, back.ID, ops))
	_, _, err = w.AcceptInvite(ctx, back.Token.Reveal(), "Back", good)
	wantKind(t, err, fault.KindNotFound)
}

func TestLinks(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	signIn, err := w.SignInLink(ctx, w.ann.ID, ops)
	must(t, err)
	reset, err := w.ResetLink(ctx, w.ann.ID, ops)
	must(t, err)
	if signIn.Path() != "/link/"+signIn.Token.Reveal() || reset.Path() != "/reset/"+reset.Token.Reveal() {
		t.Errorf("paths of %d and %d characters", len(signIn.Path()), len(reset.Path()))
	}
	_, err = w.Redeem(ctx, reset.Token.Reveal()) // each is good for what it was made for
	wantKind(t, err, fault.KindNotFound)
	_, err = w.ResetPassword(ctx, signIn.Token.Reveal(), good)
	wantKind(t, err, fault.KindNotFound)
	in, err := w.Redeem(ctx, signIn.Token.Reveal())
	must(t, err)
	if in.User.ID != w.ann.ID || in.Ticket != "" {
		t.Errorf("in: %+v", in)
	}
	_, err = w.Redeem(ctx, signIn.Token.Reveal())
	wantKind(t, err, fault.KindNotFound)
	_, err = w.ResetPassword(ctx, reset.Token.Reveal(), secret.New("short"))
	wantField(t, err, "password")
	for range 5 {
		_, err = w.SignIn(ctx, w.ann.Email, secret.New("forgotten it all"))
		wantKind(t, err, fault.KindUnauthorized)
	}
	better := secret.New("meadow-under-quartz-7")
	u, err := w.ResetPassword(ctx, reset.Token.Reveal(), better)
	must(t, err)
	_, err = w.Visit(ctx, u.ID, in.User.Epoch)
	wantKind(t, err, fault.KindUnauthorized)
	_, err = w.SignIn(ctx, w.ann.Email, better) // a new password opens the lock
	must(t, err)

	key, _ := w.enrol(w.ann.ID)
	w.pass(time.Minute)
	l, err := w.SignInLink(ctx, w.ann.ID, ops)
	must(t, err)
	in, err = w.Redeem(ctx, l.Token.Reveal())
	must(t, err)
	if in.Ticket == "" {
		t.Fatal("a link gets past the one-time password")
	}
	_, err = w.SignInTOTP(ctx, in.Ticket, w.code(key))
	must(t, err)
	l, err = w.SignInLink(ctx, w.ann.ID, ops)
	must(t, err)
	w.pass(time.Hour)
	_, err = w.Redeem(ctx, l.Token.Reveal())
	wantKind(t, err, fault.KindNotFound)
	_, err = w.Redeem(ctx, "")
	wantKind(t, err, fault.KindNotFound)
}
