package partnercenter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/source/rows"
	"spindle/internal/transport"
)

// refreshEarly is how long before its end a token is replaced (Microsoft sheet §1.2).
const refreshEarly = 5 * time.Minute

// tokens holds the access token for one audience. One caller fetches, the others wait for it.
type tokens struct {
	turn    chan struct{} // holds one element while free; a channel, so that waiting ends with the context
	http    *http.Client
	cfg     *Client
	scope   string
	current *oauth2.Token
}

func (c *Client) newTokens(client *http.Client, scope string) *tokens {
	t := &tokens{turn: make(chan struct{}, 1), http: client, cfg: c, scope: scope}
	t.turn <- struct{}{}
	return t
}

// get gives a token that is good for the next minutes.
func (t *tokens) get(ctx context.Context) (string, error) {
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case <-t.turn:
	}
	defer func() { t.turn <- struct{}{} }()
	if t.current != nil && t.cfg.now().Add(refreshEarly).Before(t.current.Expiry) {
		return t.current.AccessToken, nil
	}
	token, err := t.fetch(ctx)
	if err != nil {
		return "", err
	}
	t.current = token
	return token.AccessToken, nil
}

// drop forgets a token that was refused although it looked good.
func (t *tokens) drop(refused string) {
	<-t.turn
	defer func() { t.turn <- struct{}{} }()
	if t.current != nil && t.current.AccessToken == refused {
		t.current = nil
	}
}

// fetch asks for a token: for the application alone, or in the name of the user who signed in.
func (t *tokens) fetch(ctx context.Context) (*oauth2.Token, error) {
	if t.cfg.user == nil {
		return t.ask(ctx, url.Values{})
	}
	return t.cfg.user.redeem(ctx, func(refresh secret.String) (*oauth2.Token, error) {
		return t.ask(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh.Reveal()}})
	})
}

// ask sends one token request; grant replaces the grant of the application.
func (t *tokens) ask(ctx context.Context, grant url.Values) (*oauth2.Token, error) {
	cfg := t.cfg.cfg
	request := clientcredentials.Config{
		ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret.Reveal(), Scopes: []string{t.scope}, AuthStyle: oauth2.AuthStyleInParams,
		TokenURL: t.cfg.login.String() + "/" + url.PathEscape(t.cfg.tenant) + "/oauth2/v2.0/token", EndpointParams: grant,
	}
	if grant.Has("refresh_token") {
		request.Scopes = append(request.Scopes, "offline_access") // gives a new refresh token (Microsoft sheet §1.2)
	}
	asked := t.cfg.now()
	// Asking twice for a token does no harm, so the call may be repeated like a read.
	token, err := request.Token(context.WithValue(transport.Safe(ctx), oauth2.HTTPClient, t.http))
	if err != nil {
		return nil, t.cfg.tokenFault(err)
	}
	token.Expiry = asked.Add(lifetime(token)) // by our clock, which may be a virtual one
	return token, nil
}

// shortestLife is what a token without a readable lifetime is trusted for, beyond refreshEarly.
const shortestLife = 10 * time.Minute

// lifetime reads expires_in, a number or a text (Microsoft sheet §1.2).
func lifetime(token *oauth2.Token) time.Duration {
	number, err := rows.ParseNumber(fmt.Sprint(token.Extra("expires_in")))
	seconds, whole := number.Int64()
	if err != nil || !whole || seconds <= 0 {
		return shortestLife
	}
	return time.Duration(seconds) * time.Second
}

// tokenFault explains the failures of the token endpoint (Microsoft sheet §1.2).
func (c *Client) tokenFault(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // without the address: it may hold more than a log should
		}
		if fault.Find(err) != nil {
			return err
		}
		return fault.Transientf("no token from %s: %w", c.login.Host, err).Do("check the network and try again")
	}
	status := http.StatusBadRequest
	if refused.Response != nil {
		status = refused.Response.StatusCode
	}
	if status == http.StatusTooManyRequests || status >= 500 {
		return fault.Transientf("the sign-in service answered %d", status).Do("try again in some minutes")
	}
	var body struct {
		Codes []int `json:"error_codes"`
	}
	_ = json.Unmarshal(refused.Body, &body)
	remedy := "check tenant id, application id and secret"
	if refused.ErrorCode == invalidGrant {
		remedy = signInAgain
	}
	for _, code := range body.Codes {
		if known := tokenRemedy(code); known != "" {
			remedy = known
		}
	}
	problem := errors.New("Microsoft refuses the sign-in: " + refused.ErrorCode + ": " + shortText(refused.ErrorDescription))
	if refused.ErrorCode == invalidGrant {
		problem = grantRefused{problem}
	}
	return fault.Unauthorizedf("%w", problem).Do(remedy)
}

func tokenRemedy(code int) string {
	switch code {
	case 7000215:
		return "the application secret is wrong: give the secret's value, not its id"
	case 7000222:
		return "the application secret has expired: create a new one and give it to Spindle"
	case 700016:
		return "the application does not exist in this tenant: check application id and tenant id, and register it in the partner tenant"
	case 90002, 900023:
		return "there is no such tenant: check the tenant id"
	case 65001:
		return "consent is missing: an administrator of the partner tenant grants it under API permissions, Grant admin consent"
	case 50076, 50079:
		return "multi-factor authentication is missing: " + signInAgain
	case 700082:
		return "the refresh token was not used for 90 days and has expired: " + signInAgain
	case 50173:
		return "the refresh token was revoked, as by a new password: " + signInAgain
	}
	return ""
}
