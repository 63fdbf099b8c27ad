package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/store"
)

// OIDC says through which OpenID Connect provider people may come in, beside their passwords. For Entra ID the issuer is
// https://login.microsoftonline.com/TENANT/v2.0, with the tenant's own id: "common" would let in the whole world.
type OIDC struct {
	Issuer      string
	ClientID    string
	Secret      secret.String
	RedirectURL string // the console's /oidc/callback, as people's browsers reach it

	// TrustEmail believes the provider's addresses although it does not say that they are verified, as Entra ID does not. Right only when
	// the provider is one company's own and its administrators give out the addresses.
	TrustEmail bool

	HTTP *http.Client // nil: one with a time limit
}

const (
	oidcTimeout = 15 * time.Second
	flowLife    = 10 * time.Minute
)

// provider is what discovery found.
type provider struct {
	config   oauth2.Config
	verifier *oidc.IDTokenVerifier
}

// flow is what a browser carries, sealed, while its person is at the provider.
type flow struct{ State, Nonce, Verifier string }

// HasOIDC reports whether people may come in through a provider.
func (s *Service) HasOIDC() bool { return s.OIDC != nil }

// BeginOIDC gives the address of the provider to send the browser to, and a sealed text for its session: FinishOIDC wants it back.
func (s *Service) BeginOIDC(ctx context.Context) (address, carry string, err error) {
	p, err := s.discover(ctx)
	if err != nil {
		return "", "", err
	}
	f := flow{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	if carry, err = s.seal("oidc", flowLife, f); err != nil {
		return "", "", err
	}
	return p.config.AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), carry, nil
}

// FinishOIDC signs in who comes back from the provider with state and code. He must be a user whose identity this is, or have an address
// the provider has verified that belongs to a user or an open invitation. One-time passwords are the provider's business then.
func (s *Service) FinishOIDC(ctx context.Context, carry, state, code string) (SignIn, error) {
	var f flow
	if err := s.open("oidc", carry, &f); err != nil {
		return SignIn{}, err
	}
	if subtle.ConstantTimeCompare([]byte(state), []byte(f.State)) != 1 {
		return SignIn{}, expired()
	}
	p, err := s.discover(ctx)
	if err != nil {
		return SignIn{}, err
	}
	c, err := s.claims(ctx, p, f, code)
	if err != nil {
		return SignIn{}, err
	}
	u, err := s.identify(ctx, c)
	if err != nil {
		return SignIn{}, err
	}
	u, err = s.Store.FinishSignIn(ctx, u.ID, byOIDC)
	return SignIn{User: u}, err
}

// discover reads the provider's description once it is needed: it may be away when this process starts.
func (s *Service) discover(ctx context.Context) (*provider, error) {
	if s.OIDC == nil {
		return nil, fault.NotFoundf("signing in through a provider is not set up")
	}
	s.mu.Lock()
	known := s.provider
	s.mu.Unlock()
	if known != nil {
		return known, nil
	}
	found, err := oidc.NewProvider(s.withClient(ctx), s.OIDC.Issuer)
	if err != nil {
		return nil, fault.Transientf("the sign-in provider does not answer: %w", err).Do("try again, or sign in with your password")
	}
	endpoint := found.Endpoint()
	endpoint.AuthStyle = authStyle(found)
	known = &provider{
		config: oauth2.Config{ClientID: s.OIDC.ClientID, ClientSecret: s.OIDC.Secret.Reveal(), Endpoint: endpoint,
			RedirectURL: s.OIDC.RedirectURL, Scopes: []string{oidc.ScopeOpenID, "email", "profile"}},
		verifier: found.VerifierContext(s.withClient(context.WithoutCancel(ctx)), &oidc.Config{ClientID: s.OIDC.ClientID, Now: s.Now}),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.provider = known
	return known, nil
}

func (s *Service) withClient(ctx context.Context) context.Context {
	client := s.OIDC.HTTP
	if client == nil {
		client = &http.Client{Timeout: oidcTimeout}
	}
	return oidc.ClientContext(ctx, client)
}

// authStyle says how to send the client's secret. A code works once, so trying both ways out would lose it.
func authStyle(p *oidc.Provider) oauth2.AuthStyle {
	var d struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := p.Claims(&d); err == nil && slices.Contains(d.Methods, "client_secret_post") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader // what holds when the provider says nothing
}

// claims is what the provider says of a person. EmailVerified is a bool or a text, by provider; EdgeVerified is Entra's.
type claims struct {
	Issuer        string
	Subject       string
	Name          string          `json:"name"`
	Email         string          `json:"email"`
	EmailVerified json.RawMessage `json:"email_verified"`
	DomainOwner   json.RawMessage `json:"xms_edov"`
}

func (c claims) verified() bool {
	for _, raw := range []json.RawMessage{c.EmailVerified, c.DomainOwner} {
		if text := strings.Trim(string(raw), `"`); text == "true" || text == "1" {
			return true
		}
	}
	return false
}

// claims changes the code for the person's token and checks it. The provider's answers are not repeated in errors: they may hold tokens.
func (s *Service) claims(ctx context.Context, p *provider, f flow, code string) (claims, error) {
	refused := fault.Unauthorizedf("the sign-in provider's answer is not valid").Do("begin again")
	ctx = s.withClient(ctx)
	answer, err := p.config.Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		s.Log.Warn("the sign-in provider refuses the code", "error", errorCode(err))
		return claims{}, refused
	}
	raw, _ := answer.Extra("id_token").(string)
	token, err := p.verifier.Verify(ctx, raw)
	if err != nil {
		s.Log.Warn("the sign-in provider's token is refused")
		return claims{}, refused
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(f.Nonce)) != 1 {
		return claims{}, refused
	}
	var c claims
	if err := token.Claims(&c); err != nil {
		return claims{}, refused
	}
	c.Issuer, c.Subject = token.Issuer, token.Subject
	return c, nil
}

// identify finds the user that a person from the provider is, or makes him one by his invitations.
func (s *Service) identify(ctx context.Context, c claims) (store.User, error) {
	u, err := s.Store.UserBySubject(ctx, c.Issuer, c.Subject)
	if err == nil || !fault.Is(err, fault.KindNotFound) {
		return u, err
	}
	email, err := parseEmail(c.Email)
	if err != nil || !c.verified() && !s.OIDC.TrustEmail {
		return store.User{}, fault.Unauthorizedf("the sign-in provider does not say that your address is verified").
			Do("sign in with your password, or ask the operator of this installation")
	}
	known, err := s.Store.UserByEmail(ctx, email)
	if err != nil && !fault.Is(err, fault.KindNotFound) {
		return store.User{}, err
	}
	if known.Subject != "" {
		return store.User{}, fault.Unauthorizedf("this address belongs to another identity of the provider").Do("ask the operator of this installation")
	}
	if err := s.acceptAll(ctx, email, c); err != nil {
		return store.User{}, err
	}
	u, err = s.Store.UserByEmail(ctx, email)
	if fault.Is(err, fault.KindNotFound) {
		return store.User{}, fault.Unauthorizedf("nobody here has invited you").Do("ask an owner for an invitation to the address your provider knows")
	}
	if err != nil || u.Subject != "" { // a new user has it from the start
		return u, err
	}
	return s.Store.SetSubject(ctx, u.ID, c.Issuer, c.Subject, u.Email)
}

// acceptAll accepts the open invitations of an address.
func (s *Service) acceptAll(ctx context.Context, email string, c claims) error {
	open, err := s.Store.InvitationsFor(ctx, email)
	if err != nil {
		return err
	}
	name, err := parseName(c.Name)
	if err != nil {
		name = email
	}
	for _, l := range open {
		if _, _, err := s.Store.AcceptInvitation(ctx, l.Organization, l.ID, store.NewUser{Name: name, Issuer: c.Issuer, Subject: c.Subject}); err != nil {
			return err
		}
	}
	return nil
}

// errorCode gives the standard word of a refusal, such as invalid_grant.
func errorCode(err error) string {
	var refusal *oauth2.RetrieveError
	if errors.As(err, &refusal) && refusal.ErrorCode != "" {
		return refusal.ErrorCode
	}
	return "no answer"
}
