package engine

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/source"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// signedIn is a source that redeems a refresh token whenever its sets are listed.
type signedIn struct {
	source.Source
	c    MicrosoftConfig
	next string
}

func (s signedIn) Sets(ctx context.Context) ([]source.Available, error) {
	return nil, s.c.Rotation.Keep(ctx, secret.New(s.next))
}

// connected is an organization whose connection was entered with the refresh token r0 and tested, which made it r1.
func connected(t *testing.T, s *store.Store) (*Engine, store.Organization) {
	t.Helper()
	keys, err := secret.OpenKeyring(filepath.Join(t.TempDir(), "master.key"), secret.String{})
	if err != nil {
		t.Fatal(err)
	}
	e := New(Deps{Store: s, Keys: keys}, "test")
	e.OpenSource = func(c MicrosoftConfig) (source.Source, error) { return signedIn{c: c, next: "r1"}, nil }
	org, err := e.CreateOrganization(t.Context(), "Northwind IT", "ann")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.ConnectMicrosoft(t.Context(), org, application(" r0\n"), "ann"); err != nil {
		t.Fatal(err)
	}
	e.OpenSource = func(c MicrosoftConfig) (source.Source, error) { return signedIn{c: c}, nil }
	return e, org
}

func application(refresh string) MicrosoftConfig {
	return MicrosoftConfig{TenantID: "t", ClientID: "c", Secret: secret.New("s3cr3t"), RefreshToken: secret.New(refresh)}
}

// open is what a process that starts now has in hand.
func open(t *testing.T, e *Engine, org store.Organization) MicrosoftConfig {
	t.Helper()
	s, found, err := e.Source(t.Context(), org)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	return s.(signedIn).c
}

func wantStored(t *testing.T, e *Engine, org store.Organization, want string) {
	t.Helper()
	c := open(t, e, org)
	if c.RefreshToken.Reveal() != want || c.Secret.Reveal() != "s3cr3t" {
		t.Errorf("stored are %q and %q, want the refresh token %q", c.Secret.Reveal(), c.RefreshToken.Reveal(), want)
	}
}

func rotate(t *testing.T, c MicrosoftConfig, next string) {
	t.Helper()
	if err := c.Rotation.Keep(t.Context(), secret.New(next)); err != nil {
		t.Fatal(err)
	}
}

func TestRefreshTokenIsStoredAtOnceAndSealed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		e, org := connected(t, s)
		wantStored(t, e, org, "r1") // not r0, which the test of the connection used
		c := open(t, e, org)
		rotate(t, c, "r2")
		wantStored(t, e, org, "r2")
		rotate(t, c, "the-third-refresh-token")
		wantStored(t, e, org, "the-third-refresh-token")
		raw, err := s.Connection(t.Context(), org.ID, systemMicrosoft)
		if err != nil || strings.Contains(string(raw.Config)+string(raw.Sealed), "the-third-refresh-token") || strings.Contains(string(raw.Config), "s3cr3t") {
			t.Errorf("in clear: %s, %v", raw.Config, err)
		}
		if raw.UpdatedBy != "ann" {
			t.Errorf("a rotation is nobody's decision, yet it was updated by %q", raw.UpdatedBy)
		}
	})
}

// TestTwoProcessesRotate: the second finds what the first stored, and does not put an older token over it.
func TestTwoProcessesRotate(t *testing.T) {
	e, org := connected(t, storetest.New(t))
	one, other := open(t, e, org), open(t, e, org)
	rotate(t, one, "r2")
	if newest, err := other.Rotation.Newest(t.Context()); err != nil || newest.Reveal() != "r2" {
		t.Errorf("the other finds %q, %v", newest.Reveal(), err)
	}
	rotate(t, other, "r3")
	wantStored(t, e, org, "r3")
	rotate(t, one, "r2b") // came from r2, which is stored no more
	wantStored(t, e, org, "r3")
	rotate(t, one, "r4") // came from r2b; but one has seen r3 by now
	wantStored(t, e, org, "r4")
}

// TestRotationDoesNotUndoANewConnection: what a person entered meanwhile stays.
func TestRotationDoesNotUndoANewConnection(t *testing.T) {
	for name, entered := range map[string]MicrosoftConfig{
		"app-only":            application(""),
		"another secret":      {TenantID: "t", ClientID: "c", Secret: secret.New("new"), RefreshToken: secret.New("n0")},
		"another application": {TenantID: "t", ClientID: "d", Secret: secret.New("s3cr3t"), RefreshToken: secret.New("n0")},
	} {
		e, org := connected(t, storetest.New(t))
		old := open(t, e, org)
		if err := e.saveConnection(t.Context(), org.ID, systemMicrosoft, entered, entered.sealed(), "bob"); err != nil {
			t.Fatal(err)
		}
		rotate(t, old, "r2")
		rotate(t, old, "r3")
		if newest, err := old.Rotation.Newest(t.Context()); err != nil || !newest.IsZero() {
			t.Errorf("%s: the old process is given %q, %v", name, newest.Reveal(), err)
		}
		now := open(t, e, org)
		if !now.RefreshToken.Equal(entered.RefreshToken) || !now.Secret.Equal(entered.Secret) || now.ClientID != entered.ClientID {
			t.Errorf("%s: stored is now %q %q", name, now.ClientID, now.RefreshToken.Reveal())
		}
		if err := e.Store.DeleteConnection(t.Context(), org.ID, systemMicrosoft, "bob"); err != nil {
			t.Fatal(err)
		}
		rotate(t, old, "r4")
		if _, err := e.Store.Connection(t.Context(), org.ID, systemMicrosoft); !fault.Is(err, fault.KindNotFound) {
			t.Errorf("%s: a deleted connection came back: %v", name, err)
		}
	}
}

// TestConnectionsStoredBeforeRefreshTokens: a sealed secret alone still opens.
func TestConnectionsStoredBeforeRefreshTokens(t *testing.T) {
	var c MicrosoftConfig
	c.unseal(secret.New("s3cr3t"))
	if c.Secret.Reveal() != "s3cr3t" || !c.RefreshToken.IsZero() || c.sealed().Reveal() != "s3cr3t" {
		t.Errorf("%q %q", c.Secret.Reveal(), c.RefreshToken.Reveal())
	}
}
