package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"spindle/internal/account"
	"spindle/internal/store"
)

type usersCommand struct {
	List       usersList    `cmd:"" help:"List the members of the organization and open invitations."`
	Invite     usersInvite  `cmd:"" help:"Make a link that makes somebody a member."`
	Link       usersLink    `cmd:"" help:"Make a link that signs somebody in once, or lets him choose a new password."`
	Role       usersRole    `cmd:"" help:"Change what a member may do, or make a user a member."`
	Remove     usersRemove  `cmd:"" help:"Take a member out of the organization, or an invitation back."`
	Disable    usersDisable `cmd:"" help:"Keep a user out of this installation and end his sessions."`
	Enable     usersEnable  `cmd:"" help:"Let a disabled user in again."`
	SignOut    usersSignOut `cmd:"" help:"End all sessions of a user."`
	DisableOtp usersOTP     `cmd:"" name:"disable-otp" help:"Let a user who lost his app in without one-time passwords."`
}

// linkTo is where the console is, for links.
type linkTo struct {
	URL string `help:"Where people reach the console; http:// and the listen address when left out." placeholder:"URL" from:"SPINDLE_URL"`
}

func (l linkTo) of(s *session, link account.Link) string {
	base := strings.TrimSuffix(l.URL, "/")
	if base == "" {
		base = s.app.PublicURL()
	}
	return base + link.Path()
}

// openAccounts builds the program and finds the organization meant.
func (s *session) openAccounts(ctx context.Context) (*account.Service, store.Organization, error) {
	_, org, err := s.openOrg(ctx)
	if err != nil {
		return nil, org, err
	}
	return s.app.Accounts, org, nil
}

// openUser builds the program and finds a user by his address.
func (s *session) openUser(ctx context.Context, email string) (*account.Service, store.User, error) {
	e, err := s.open(ctx)
	if err != nil {
		return nil, store.User{}, err
	}
	u, err := e.Store.UserByEmail(ctx, email)
	return s.app.Accounts, u, err
}

// operator is who uses the command line: the database and the key are his, so he may do everything.
func (s *session) operator() account.Actor { return account.Operator(s.actor()) }

type usersList struct{}

type userView struct {
	ID         store.UserID `json:"id"`
	Email      string       `json:"email"`
	Name       string       `json:"name"`
	Role       account.Role `json:"role"`
	Password   bool         `json:"password"`
	OTP        bool         `json:"one_time_password"`
	Provider   string       `json:"provider,omitempty"`
	Disabled   bool         `json:"disabled"`
	SignedInAt string       `json:"signed_in_at,omitempty"`
}

type invitationView struct {
	ID        string `json:"id"`
	Email     string `json:"email"`
	Role      string `json:"role"`
	By        string `json:"by"`
	ExpiresAt string `json:"expires_at"`
}

// Run lists members.
func (usersList) Run(ctx context.Context, s *session) error {
	accounts, org, err := s.openAccounts(ctx)
	if err != nil {
		return err
	}
	members, err := accounts.Members(ctx, org.ID)
	if err != nil {
		return err
	}
	open, err := accounts.Invitations(ctx, org.ID)
	if err != nil {
		return err
	}
	if s.globals.JSON {
		return s.printJSON(map[string]any{"users": userViews(members), "invitations": invitationViews(open)})
	}
	if len(members)+len(open) == 0 {
		s.printf("Nobody yet. The first visitor of the console becomes the owner, or invite one: spindle users invite EMAIL --role owner\n")
		return nil
	}
	t := table{headers: []string{"email", "name", "role", "signs in with", "last in", ""}}
	for _, m := range members {
		t.add(m.Email, m.Name, string(m.Role), signsInWith(m.User), orDash(instant(m.SignedInAt)), onOff(m.DisabledAt.IsZero(), "", "disabled"))
	}
	for _, l := range open {
		t.add(l.Email, "", l.Role, "", "", "invited, until "+instant(l.ExpiresAt))
	}
	t.write(s.Out)
	return nil
}

func userViews(members []account.Member) []userView {
	views := []userView{}
	for _, m := range members {
		views = append(views, userView{ID: m.ID, Email: m.Email, Name: m.Name, Role: m.Role, Password: m.Password, OTP: m.TOTP,
			Provider: m.Issuer, Disabled: !m.DisabledAt.IsZero(), SignedInAt: instant(m.SignedInAt)})
	}
	return views
}

func invitationViews(open []store.Link) []invitationView {
	views := []invitationView{}
	for _, l := range open {
		views = append(views, invitationView{ID: l.ID, Email: l.Email, Role: l.Role, By: l.CreatedBy, ExpiresAt: instant(l.ExpiresAt)})
	}
	return views
}

func signsInWith(u store.User) string {
	var ways []string
	if u.Password {
		ways = append(ways, "password"+onOff(u.TOTP, " and one-time password", ""))
	}
	if u.Subject != "" {
		ways = append(ways, "provider")
	}
	return strings.Join(ways, ", ")
}

// instant writes a time for people and machines; "" for none.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}

type usersInvite struct {
	linkTo
	Email string `arg:"" help:"Address of the person."`
	Role  string `required:"" help:"owner, admin, biller, approver or viewer." placeholder:"ROLE"`
}

// Run makes an invitation.
func (c *usersInvite) Run(ctx context.Context, s *session) error {
	accounts, org, err := s.openAccounts(ctx)
	if err != nil {
		return err
	}
	role, err := account.ParseRole(c.Role)
	if err != nil {
		return err
	}
	link, err := accounts.Invite(ctx, org.ID, c.Email, role, s.operator())
	if err != nil {
		return err
	}
	return s.printLink(c.of(s, link), link, "Send this link to "+link.Email+": it makes them "+string(role)+" of "+org.Name)
}

type usersLink struct {
	linkTo
	Email string `arg:"" help:"Address of the user."`
	Reset bool   `help:"A link for a new password instead."`
}

// Run makes a link for a user.
func (c *usersLink) Run(ctx context.Context, s *session) error {
	accounts, u, err := s.openUser(ctx, c.Email)
	if err != nil {
		return err
	}
	make, what := accounts.SignInLink, "This link signs "+u.Email+" in"
	if c.Reset {
		make, what = accounts.ResetLink, "With this link "+u.Email+" chooses a new password"
	}
	link, err := make(ctx, u.ID, s.operator())
	if err != nil {
		return err
	}
	return s.printLink(c.of(s, link), link, what)
}

// printLink prints the one thing that is shown once.
func (s *session) printLink(address string, link account.Link, what string) error {
	if s.globals.JSON {
		return s.printJSON(map[string]string{"url": address, "kind": string(link.Kind), "email": link.Email, "expires_at": instant(link.ExpiresAt)})
	}
	s.printf("%s, once, until %s:\n%s\n", what, instant(link.ExpiresAt), address)
	return nil
}

type usersRole struct {
	Email string `arg:"" help:"Address of the user."`
	Role  string `arg:"" help:"owner, admin, biller, approver or viewer."`
}

// Run changes a role.
func (c *usersRole) Run(ctx context.Context, s *session) error {
	accounts, org, err := s.openAccounts(ctx)
	if err != nil {
		return err
	}
	role, err := account.ParseRole(c.Role)
	if err != nil {
		return err
	}
	u, err := s.app.Store.UserByEmail(ctx, c.Email)
	if err != nil {
		return err
	}
	if err := accounts.SetRole(ctx, org.ID, u.ID, role, s.operator()); err != nil {
		return err
	}
	return s.done(u.Email + " is " + string(role) + " of " + org.Name + " now: " + role.Means() + ".")
}

type usersRemove struct {
	Email string `arg:"" help:"Address of the member, or of the invitation."`
	Yes   bool   `help:"Do not ask." short:"y"`
}

// Run removes a member or takes an invitation back.
func (c *usersRemove) Run(ctx context.Context, s *session) error {
	accounts, org, err := s.openAccounts(ctx)
	if err != nil {
		return err
	}
	open, err := accounts.Invitations(ctx, org.ID)
	if err != nil {
		return err
	}
	for _, l := range open {
		if strings.EqualFold(l.Email, c.Email) {
			if err := accounts.RevokeInvitation(ctx, org.ID, l.ID, s.operator()); err != nil {
				return err
			}
			return s.done("The invitation of " + l.Email + " is taken back.")
		}
	}
	u, err := s.app.Store.UserByEmail(ctx, c.Email)
	if err != nil {
		return err
	}
	question := fmt.Sprintf("Take %s out of %s? His API tokens there end.", u.Email, org.Name)
	if err := s.confirm(question, c.Yes); err != nil {
		return err
	}
	if err := accounts.RemoveMember(ctx, org.ID, u.ID, s.operator()); err != nil {
		return err
	}
	return s.done(u.Email + " is no member of " + org.Name + " any more.")
}

type usersDisable struct {
	Email string `arg:"" help:"Address of the user."`
	Yes   bool   `help:"Do not ask." short:"y"`
}

// Run disables a user.
func (c *usersDisable) Run(ctx context.Context, s *session) error {
	accounts, u, err := s.openUser(ctx, c.Email)
	if err != nil {
		return err
	}
	if err := s.confirm("Keep "+u.Email+" out of this installation and end all his sessions?", c.Yes); err != nil {
		return err
	}
	if err := accounts.Disable(ctx, u.ID, s.operator()); err != nil {
		return err
	}
	return s.done(u.Email + " is disabled and signed out everywhere.")
}

type usersEnable struct {
	Email string `arg:"" help:"Address of the user."`
}

// Run enables a user.
func (c *usersEnable) Run(ctx context.Context, s *session) error {
	accounts, u, err := s.openUser(ctx, c.Email)
	if err != nil {
		return err
	}
	if err := accounts.Enable(ctx, u.ID, s.operator()); err != nil {
		return err
	}
	return s.done(u.Email + " may sign in again.")
}

type usersSignOut struct {
	Email string `arg:"" help:"Address of the user."`
}

// Run ends sessions.
func (c *usersSignOut) Run(ctx context.Context, s *session) error {
	accounts, u, err := s.openUser(ctx, c.Email)
	if err != nil {
		return err
	}
	if _, err := accounts.SignOutEverywhere(ctx, u.ID, s.operator()); err != nil {
		return err
	}
	return s.done(u.Email + " is signed out everywhere.")
}

type usersOTP struct {
	Email string `arg:"" help:"Address of the user."`
}

// Run turns one-time passwords off.
func (c *usersOTP) Run(ctx context.Context, s *session) error {
	accounts, u, err := s.openUser(ctx, c.Email)
	if err != nil {
		return err
	}
	if err := accounts.DisableTOTP(ctx, u.ID, s.operator()); err != nil {
		return err
	}
	return s.done(u.Email + " signs in without one-time passwords from now on.")
}
