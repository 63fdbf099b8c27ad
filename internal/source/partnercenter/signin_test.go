package partnercenter

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/sim/microsoft"
)

// memory keeps refresh tokens as a database would.
type memory struct {
	mu     sync.Mutex
	tokens []string
	broken bool
}

func (m *memory) Keep(_ context.Context, next secret.String) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken {
		return errors.New("the database is gone")
	}
	m.tokens = append(m.tokens, next.Reveal())
	return nil
}

func (m *memory) Newest(context.Context) (secret.String, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return secret.New(m.tokens[len(m.tokens)-1]), nil
}

// asUser signs in with a refresh token and keeps what follows.
func (w world) asUser(t *testing.T, token string, kept Rotation) *Client {
	t.Helper()
	return w.client(t, func(c *Config) { c.RefreshToken, c.Rotation = secret.New(token), kept })
}

// TestUserSignInReadsEverything: one refresh token is good for both audiences; each use replaces it, and the newest is kept.
func TestUserSignInReadsEverything(t *testing.T) {
	for _, reuse := range []string{"allowed", "refused"} {
		w := newWorld(t, map[string]string{"refreshReuse": reuse})
		first := w.NewRefreshToken(true)
		kept := &memory{}
		c := w.asUser(t, first, kept)
		sets, err := c.Sets(t.Context())
		if err != nil || len(sets) == 0 {
			t.Fatalf("%s: %d sets, %v", reuse, len(sets), err)
		}
		if directory, err := c.Directory(t.Context()); err != nil || len(directory.Customers) != 12 {
			t.Errorf("%s: %d customers, %v", reuse, len(directory.Customers), err)
		}
		for _, check := range c.Test(t.Context()) {
			if !check.OK {
				t.Errorf("%s: %s: %s", reuse, check.Name, check.Detail)
			}
		}
		if len(kept.tokens) < 2 || slices.Contains(kept.tokens, first) {
			t.Errorf("%s: %d refresh tokens kept for two audiences", reuse, len(kept.tokens))
		}
		newest, _ := kept.Newest(t.Context())
		if _, err := w.asUser(t, newest.Reveal(), kept).Sets(t.Context()); err != nil {
			t.Errorf("%s: the next process: %v", reuse, err)
		}
	}
}

// TestUserSignInEnds: every way a sign-in ends is told with its remedy, without the token.
func TestUserSignInEnds(t *testing.T) {
	for _, tt := range []struct {
		name   string
		end    func(w world)
		mfa    bool
		remedy string
	}{
		{"90 days without a run", func(w world) { w.SetClock(w.Now().AddDate(0, 0, 91)) }, true, "90 days"},
		{"revoked", func(w world) { w.RevokeRefreshTokens() }, true, "revoked"},
		{"without multi-factor authentication", func(world) {}, false, "multi-factor"},
	} {
		w := newWorld(t, nil)
		token := w.NewRefreshToken(tt.mfa)
		tt.end(w)
		_, err := w.asUser(t, token, &memory{tokens: []string{token}}).Sets(t.Context())
		if !fault.Is(err, fault.KindUnauthorized) || !strings.Contains(fault.Remedy(err), tt.remedy) || !strings.Contains(fault.Remedy(err), "spindle microsoft connect") {
			t.Errorf("%s: %v; %s", tt.name, err, fault.Remedy(err))
		}
		if strings.Contains(err.Error()+fault.Remedy(err), token) {
			t.Errorf("%s: the message shows the token", tt.name)
		}
	}
}

// TestLostRotation: the answer with the new refresh token never arrives. Where the old one stays good the sign-in goes on; where it does
// not, the stored one of another process is tried, and else a person is asked to sign in again.
func TestLostRotation(t *testing.T) {
	for _, reuse := range []string{"allowed", "refused"} {
		w := newWorld(t, map[string]string{"refreshReuse": reuse}).fault(t, microsoft.Fault{Kind: "drop", Path: "/*/oauth2/v2.0/token", Count: 1})
		first := w.NewRefreshToken(true)
		kept := &memory{tokens: []string{first}}
		_, err := w.asUser(t, first, kept).Sets(t.Context())
		switch reuse {
		case "allowed":
			if err != nil || len(kept.tokens) < 2 {
				t.Errorf("the old token is still good: %v, %d kept", err, len(kept.tokens))
			}
		case "refused":
			if !fault.Is(err, fault.KindUnauthorized) || !strings.Contains(fault.Remedy(err), "sign in again") {
				t.Errorf("the old token is used up: %v; %s", err, fault.Remedy(err))
			}
		}
	}
}

// TestAnotherProcessRotates: what one process redeemed the other finds in the store.
func TestAnotherProcessRotates(t *testing.T) {
	w := newWorld(t, map[string]string{"refreshReuse": "refused"})
	first := w.NewRefreshToken(true)
	kept := &memory{tokens: []string{first}}
	one, other := w.asUser(t, first, kept), w.asUser(t, first, kept)
	for _, c := range []*Client{one, other, one, other} {
		if _, err := c.Sets(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.SetClock(w.Now().Add(2 * time.Hour)) // access tokens end
	}
}

// TestKeepingFailsForAWhile: work goes on, and the token is kept as soon as it can be.
func TestKeepingFailsForAWhile(t *testing.T) {
	w := newWorld(t, map[string]string{"refreshReuse": "refused"})
	first := w.NewRefreshToken(true)
	kept := &memory{tokens: []string{first}, broken: true}
	c := w.asUser(t, first, kept)
	if _, err := c.Sets(t.Context()); err != nil {
		t.Fatalf("reading does not depend on storing: %v", err)
	}
	kept.broken = false
	w.SetClock(w.Now().Add(2 * time.Hour))
	if _, err := c.Sets(t.Context()); err != nil {
		t.Fatal(err)
	}
	newest, _ := kept.Newest(t.Context())
	if _, err := w.asUser(t, newest.Reveal(), kept).Sets(t.Context()); err != nil {
		t.Errorf("what is stored now is not good: %v", err)
	}
}

// Credentials go over TLS, or to this machine.
func TestNothingIsSentUnencrypted(t *testing.T) {
	good := Config{TenantID: "bacf63c8-a16a-4bb5-a7cd-e14076792a40", ClientID: "app", ClientSecret: secret.New("hush")}
	for address, allowed := range map[string]bool{"https://login.example": true, "http://127.0.0.1:7102": true, "http://localhost:7102": true,
		"http://login.example": false, "http://127.0.0.1.example": false} {
		for field, set := range map[string]func(*Config){"login_url": func(c *Config) { c.LoginURL = address }, "graph_url": func(c *Config) { c.GraphURL = address },
			"partner_center_url": func(c *Config) { c.PartnerCenterURL = address }} {
			cfg := good
			set(&cfg)
			_, err := New(cfg)
			if f := fault.Find(err); (err == nil) != allowed || err != nil && f.Field != field {
				t.Errorf("%s = %s: %v", field, address, err)
			}
		}
	}
}
