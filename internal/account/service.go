package account

import (
	"context"
	"log/slog"
	"net/mail"
	"strings"
	"sync"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/store"
)

// Deps are what a service needs from the composition root.
type Deps struct {
	Store *store.Store
	Keys  *secret.Keyring  // seals TOTP secrets and what a browser carries between two steps
	Now   func() time.Time // the clock
	Log   *slog.Logger     // nil: silent
	OIDC  *OIDC            // nil: no OpenID Connect
}

// Service is the people side of an installation. It is safe for concurrent use.
type Service struct {
	Deps
	hashes *hasher

	mu       sync.Mutex
	unknown  map[string]attempts // by address nobody has: they are locked like those of users
	provider *provider           // discovered on first use
}

// New makes a service.
func New(deps Deps) *Service {
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Deps: deps, hashes: newHasher(hashesMax), unknown: map[string]attempts{}}
}

// NewOwner is what the first visitor says of himself.
type NewOwner struct {
	Email        string
	Name         string
	Password     secret.String
	Organization string // not asked for when there is one already
}

// FirstStart reports whether nobody is a user yet: then the first visitor becomes the owner.
func (s *Service) FirstStart(ctx context.Context) (needed bool, err error) {
	has, err := s.Store.HasUsers(ctx)
	return !has && err == nil, err
}

// CreateOwner makes the first user: owner of every organization there is, or of a new one with the name he gives. Later it is a conflict.
// Wrong input is a fault of kind invalid at field email, name, password or organization.
func (s *Service) CreateOwner(ctx context.Context, n NewOwner) (store.User, error) {
	needed, err := s.FirstStart(ctx)
	if err != nil {
		return store.User{}, err
	}
	if !needed {
		return store.User{}, fault.Conflictf("this installation has an owner already").Do("sign in, or ask him for an invitation")
	}
	email, err := parseEmail(n.Email)
	if err != nil {
		return store.User{}, err
	}
	orgs, err := s.Store.Organizations(ctx)
	if err != nil {
		return store.User{}, err
	}
	if len(orgs) == 0 && strings.TrimSpace(n.Organization) == "" {
		return store.User{}, fault.Invalidf("your organization needs a name").WithField("organization").Do("write the name of your company")
	}
	u, err := s.newUser(ctx, email, n.Name, n.Password)
	if err != nil {
		return store.User{}, err
	}
	return s.Store.CreateFirstUser(ctx, u, n.Organization)
}

// newUser checks what a person says of himself and hashes his password.
func (s *Service) newUser(ctx context.Context, email, name string, password secret.String) (store.NewUser, error) {
	name, err := parseName(name)
	if err != nil {
		return store.NewUser{}, err
	}
	if err := checkPassword(password, email, name); err != nil {
		return store.NewUser{}, err
	}
	hash, err := s.hashes.hash(ctx, password)
	return store.NewUser{Email: email, Name: name, PasswordHash: hash}, err
}

// The most a name and an address may hold; an address by RFC 5321.
const (
	nameRunesMax  = 80
	emailBytesMax = 254
)

func parseName(text string) (string, error) {
	name := strings.Join(strings.Fields(text), " ")
	if n := len([]rune(name)); n == 0 || n > nameRunesMax {
		return "", fault.Invalidf("a name has 1 to %d characters, not %d", nameRunesMax, n).WithField("name").Do("write one")
	}
	return name, nil
}

// parseEmail reads an address and gives it in lower case: it is what people are told apart by.
func parseEmail(text string) (string, error) {
	text = strings.TrimSpace(text)
	address, err := mail.ParseAddress(text)
	if err != nil || address.Address != text || len(text) > emailBytesMax || strings.ContainsAny(text, " \"<>(),;:\\") {
		return "", fault.Invalidf("%q is not an e-mail address", text).WithField("email").Do("write an address such as ann@northwind.example")
	}
	return strings.ToLower(text), nil
}

// Visit finds the user of a session. Who was disabled or signed out everywhere since the session began is not let in: it is a fault of
// kind unauthorized.
func (s *Service) Visit(ctx context.Context, user store.UserID, epoch int64) (store.User, error) {
	u, err := s.Store.User(ctx, user)
	if fault.Is(err, fault.KindNotFound) || err == nil && (u.Epoch != epoch || !u.DisabledAt.IsZero()) {
		return store.User{}, fault.Unauthorizedf("this session has ended").Do("sign in again")
	}
	return u, err
}

// Act gives who a user is in an organization. Who is none of its members gets not-found, as for an organization that does not exist.
func (s *Service) Act(ctx context.Context, user store.UserID, org billing.OrganizationID) (Actor, error) {
	m, err := s.Store.Member(ctx, org, user)
	if fault.Is(err, fault.KindNotFound) {
		return Actor{}, fault.NotFoundf("there is no organization %q", org)
	}
	if err != nil {
		return Actor{}, err
	}
	return Actor{Name: m.Email, User: m.ID, Organization: org, Role: Role(m.Role)}, nil
}

// Membership is an organization of a user.
type Membership struct {
	Organization store.Organization
	Role         Role
}

// Organizations lists the organizations of a user by name.
func (s *Service) Organizations(ctx context.Context, user store.UserID) ([]Membership, error) {
	stored, err := s.Store.Memberships(ctx, user)
	all := make([]Membership, len(stored))
	for i, m := range stored {
		all[i] = Membership{Organization: m.Organization, Role: Role(m.Role)}
	}
	return all, err
}

// CreateOrganization adds an organization of which the user becomes the owner. It takes an owner of one to make another.
func (s *Service) CreateOrganization(ctx context.Context, name string, by Actor) (store.Organization, error) {
	if err := by.must(Owners); err != nil {
		return store.Organization{}, err
	}
	org, err := s.Store.CreateOrganization(ctx, name, by.Name)
	if err != nil || by.User == "" {
		return org, err
	}
	return org, s.Store.AddMember(ctx, org.ID, by.User, string(Owner), by.Name)
}
