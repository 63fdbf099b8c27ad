package partnercenter

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"spindle/internal/secret"
	"spindle/internal/sim/microsoft"
	"spindle/internal/sim/scenario"
	"spindle/internal/transport"
)

// world is a simulated partner tenant behind a real listener.
type world struct {
	*microsoft.Server
	url string
}

func demo(t *testing.T) scenario.Scenario {
	t.Helper()
	sc, err := scenario.Named("demo", time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func newWorld(t *testing.T, dialect map[string]string) world {
	t.Helper()
	sim, err := microsoft.New(microsoft.Options{Scenario: demo(t), Dialect: dialect})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim.Handler())
	t.Cleanup(server.Close)
	return world{sim, server.URL}
}

// client reads the world. Its clock is the simulator's, and waiting moves that clock instead of taking time.
func (w world) client(t *testing.T, change ...func(*Config)) *Client {
	t.Helper()
	login := w.Credentials()
	cfg := Config{TenantID: login.TenantID, ClientID: login.ClientID, ClientSecret: secret.New(login.ClientSecret),
		LoginURL: w.url, GraphURL: w.url, PartnerCenterURL: w.url,
		Transport: transport.Options{Now: w.Now, Jitter: func(time.Duration) time.Duration { return 0 },
			Sleep: func(ctx context.Context, d time.Duration) error {
				w.SetClock(w.Now().Add(d))
				return ctx.Err()
			}}}
	for _, f := range change {
		f(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (w world) fault(t *testing.T, f microsoft.Fault) world {
	t.Helper()
	if _, err := w.AddFault(f); err != nil {
		t.Fatal(err)
	}
	return w
}
