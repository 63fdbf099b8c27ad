package account

import (
	"context"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/store"
)

// How long links are good for.
const (
	inviteLife = 7 * 24 * time.Hour
	signInLife = time.Hour
	resetLife  = time.Hour
)

// Link is a one-time link with its token, which is shown once and not stored.
type Link struct {
	store.Link
	Token secret.String
}

// The paths of the console under which links are used.
const (
	InvitePath = "/invite/"
	SignInPath = "/link/"
	ResetPath  = "/reset/"
	OpenPath   = "/open/"
)

// Path gives the link's path in the console; it holds the token.
func (l Link) Path() string {
	lead := map[store.LinkKind]string{store.InviteLink: InvitePath, store.SignInLink: SignInPath, store.ResetLink: ResetPath, store.OpenLink: OpenPath}
	return lead[l.Kind] + l.Token.Reveal()
}

// Invite makes an invitation link to an organization; an earlier one of the same address ends.
func (s *Service) Invite(ctx context.Context, org billing.OrganizationID, email string, role Role, by Actor) (Link, error) {
	if err := by.mustIn(org, Users); err != nil {
		return Link{}, err
	}
	if _, err := ParseRole(string(role)); err != nil {
		return Link{}, err
	}
	if err := by.mustGrant(role); err != nil {
		return Link{}, err
	}
	email, err := parseEmail(email)
	if err != nil {
		return Link{}, err
	}
	if err := s.notYetMember(ctx, org, email); err != nil {
		return Link{}, err
	}
	token, hash := newToken("")
	l, err := s.Store.CreateInvitation(ctx, org, store.Link{TokenHash: hash, Email: email, Role: string(role), ExpiresAt: s.Now().Add(inviteLife)}, by.Name)
	return Link{Link: l, Token: token}, err
}

func (s *Service) notYetMember(ctx context.Context, org billing.OrganizationID, email string) error {
	u, err := s.Store.UserByEmail(ctx, email)
	if err == nil {
		_, err = s.Store.Member(ctx, org, u.ID)
	}
	if fault.Is(err, fault.KindNotFound) {
		return nil
	}
	if err == nil {
		return fault.Conflictf("%s is a member already", email).WithField("email").Do("change the role instead")
	}
	return err
}

// Invitations lists the open invitations to an organization, the newest first.
func (s *Service) Invitations(ctx context.Context, org billing.OrganizationID) ([]store.Link, error) {
	return s.Store.Invitations(ctx, org)
}

// RevokeInvitation takes an open invitation back.
func (s *Service) RevokeInvitation(ctx context.Context, org billing.OrganizationID, id string, by Actor) error {
	if err := by.mustIn(org, Users); err != nil {
		return err
	}
	return s.Store.RevokeInvitation(ctx, org, id, by.Name)
}

// Invited is what an invitation says.
type Invited struct {
	Email        string
	Organization store.Organization
	Role         Role
	Known        bool // has the address already: he signs in as always, and is a member
	ExpiresAt    time.Time
}

// Invitation looks at an invitation without using it up.
func (s *Service) Invitation(ctx context.Context, token string) (Invited, error) {
	l, err := s.link(ctx, token, store.InviteLink)
	if err != nil {
		return Invited{}, err
	}
	org, err := s.Store.Organization(ctx, string(l.Organization))
	if err != nil {
		return Invited{}, err
	}
	_, err = s.Store.UserByEmail(ctx, l.Email)
	if err != nil && !fault.Is(err, fault.KindNotFound) {
		return Invited{}, err
	}
	return Invited{Email: l.Email, Organization: org, Role: Role(l.Role), Known: err == nil, ExpiresAt: l.ExpiresAt}, nil
}

// AcceptInvite uses an invitation. A new person gives a name and a password and may be signed in at once. For one who has the address
// already both are ignored and created is false: he must sign in, a link to one organization opens no other.
func (s *Service) AcceptInvite(ctx context.Context, token, name string, password secret.String) (u store.User, created bool, err error) {
	invited, err := s.Invitation(ctx, token)
	if err != nil {
		return u, false, err
	}
	var n store.NewUser
	if !invited.Known {
		if n, err = s.newUser(ctx, invited.Email, name, password); err != nil {
			return u, false, err
		}
	}
	l, err := s.link(ctx, token, store.InviteLink)
	if err != nil {
		return u, false, err
	}
	return s.Store.AcceptInvitation(ctx, l.Organization, l.ID, n)
}

// Entered records that a person who has just joined is in without a password asked for: by an invitation, or by the first start.
func (s *Service) Entered(ctx context.Context, id store.UserID, how string) (store.User, error) {
	return s.Store.FinishSignIn(ctx, id, how)
}

func (s *Service) link(ctx context.Context, token string, kind store.LinkKind) (store.Link, error) {
	l, err := s.Store.Link(ctx, hashToken(token))
	if err == nil && l.Kind != kind {
		err = fault.NotFoundf("this is a link for something else").Do("ask for a new one")
	}
	return l, err
}

// SignInLink makes a link that signs a person in once, without the password. Who has one-time passwords is still asked for one.
func (s *Service) SignInLink(ctx context.Context, user store.UserID, by Actor) (Link, error) {
	return s.userLink(ctx, user, store.Link{Kind: store.SignInLink, ExpiresAt: s.Now().Add(signInLife)}, by)
}

// OpenLink makes a link like SignInLink that signs in as soon as it is opened: for the terminal of who starts the program, not for mails,
// which programs open too.
func (s *Service) OpenLink(ctx context.Context, user store.UserID, by Actor) (Link, error) {
	return s.userLink(ctx, user, store.Link{Kind: store.OpenLink, ExpiresAt: s.Now().Add(signInLife)}, by)
}

// ResetLink makes a link with which a person chooses a new password.
func (s *Service) ResetLink(ctx context.Context, user store.UserID, by Actor) (Link, error) {
	return s.userLink(ctx, user, store.Link{Kind: store.ResetLink, ExpiresAt: s.Now().Add(resetLife)}, by)
}

func (s *Service) userLink(ctx context.Context, user store.UserID, l store.Link, by Actor) (Link, error) {
	if err := s.overUser(ctx, user, by); err != nil {
		return Link{}, err
	}
	token, hash := newToken("")
	l.TokenHash = hash
	l, err := s.Store.CreateUserLink(ctx, user, l, by.Name)
	return Link{Link: l, Token: token}, err
}

// SignInFor looks at a sign-in link without using it up: whom it signs in.
func (s *Service) SignInFor(ctx context.Context, token string) (store.User, error) {
	l, err := s.link(ctx, token, store.SignInLink)
	if err != nil {
		return store.User{}, err
	}
	return s.Store.User(ctx, l.User)
}

// Redeem uses a sign-in link up and signs its person in.
func (s *Service) Redeem(ctx context.Context, token string) (SignIn, error) {
	return s.redeem(ctx, token, store.SignInLink)
}

// Open uses up a link that signs in when it is opened.
func (s *Service) Open(ctx context.Context, token string) (SignIn, error) {
	return s.redeem(ctx, token, store.OpenLink)
}

func (s *Service) redeem(ctx context.Context, token string, kind store.LinkKind) (SignIn, error) {
	l, err := s.link(ctx, token, kind)
	if err != nil {
		return SignIn{}, err
	}
	if err := s.Store.RedeemLink(ctx, l.User, l.ID); err != nil {
		return SignIn{}, err
	}
	return s.firstStep(ctx, l.User, byLink)
}

// ResetPassword uses a reset link up and gives its person a new password. All his sessions end; he signs in with it.
func (s *Service) ResetPassword(ctx context.Context, token string, password secret.String) (store.User, error) {
	l, err := s.link(ctx, token, store.ResetLink)
	if err != nil {
		return store.User{}, err
	}
	u, err := s.Store.User(ctx, l.User)
	if err != nil {
		return u, err
	}
	if err := checkPassword(password, u.Email, u.Name); err != nil {
		return u, err
	}
	hash, err := s.hashes.hash(ctx, password)
	if err != nil {
		return u, err
	}
	return s.Store.ResetPassword(ctx, u.ID, l.ID, hash)
}
