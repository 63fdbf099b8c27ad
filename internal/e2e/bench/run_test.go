package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/cli"
	simautotask "spindle/internal/sim/autotask"
	simmicrosoft "spindle/internal/sim/microsoft"
	"spindle/internal/sim/scenario"
	"spindle/internal/store"
)

const today = "2026-11-10"

// installation is the program with a data folder between two simulators.
type installation struct {
	*testing.B
	dir      string
	world    scenario.Scenario
	calls    *counter
	autotask map[string]string // credentials
	partner  map[string]string
}

func newInstallation(b *testing.B, name string) *installation {
	b.Helper()
	day, err := time.Parse(time.DateOnly, today)
	if err != nil {
		b.Fatal(err)
	}
	world, err := scenario.Named(name, day)
	if err != nil {
		b.Fatal(err)
	}
	tenant, err := simautotask.New(simautotask.Options{Scenario: world})
	if err != nil {
		b.Fatal(err)
	}
	// A first month of the large scenario is more than an hour's calls; what is measured here is how many a run makes, not how it waits.
	if err := tenant.SetUsage(simautotask.Usage{Threshold: 10_000_000}); err != nil {
		b.Fatal(err)
	}
	calls := &counter{next: tenant.Handler()}
	calls.reset()
	server := httptest.NewServer(calls)
	b.Cleanup(server.Close)
	microsoft, err := simmicrosoft.Start(context.Background(), "127.0.0.1:0", "127.0.0.1:0", simmicrosoft.Options{Scenario: world})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = microsoft.Close() })
	a, m := tenant.Credentials(), microsoft.Credentials()
	return &installation{B: b, dir: b.TempDir(), world: world, calls: calls,
		autotask: map[string]string{"url": server.URL, "username": a.UserName, "secret": a.Secret, "integration_code": a.IntegrationCode},
		partner: map[string]string{"login_url": microsoft.LoginURL, "graph_url": microsoft.GraphURL, "partner_center_url": microsoft.PartnerCenterURL,
			"tenant_id": m.TenantID, "client_id": m.ClientID, "client_secret": m.ClientSecret}}
}

// spindle runs one command line in this process.
func (i *installation) spindle(stdin any, args ...string) string {
	i.Helper()
	in, err := json.Marshal(stdin)
	if err != nil {
		i.Fatal(err)
	}
	var out, problems bytes.Buffer
	streams := cli.Streams{In: bytes.NewReader(in), Out: &out, Err: &problems, Env: func(string) (string, bool) { return "", false }}
	args = append([]string{"--data-dir", i.dir, "--today", today, "--log-level", "error"}, args...)
	if code := cli.Run(context.Background(), args, streams, "bench"); code != 0 {
		i.Fatalf("spindle %s: exit code %d\n%s%s", strings.Join(args, " "), code, out.String(), problems.String())
	}
	return out.String()
}

func (i *installation) setUp() {
	i.Helper()
	i.spindle(nil, "org", "create", i.world.PartnerName)
	i.spindle(i.autotask, "autotask", "credentials", "--stdin")
	i.spindle(nil, "autotask", "settings", "vendor="+i.world.VendorCompany, "service-code="+i.world.ServiceCode, "material-code="+i.world.MaterialCode,
		"service-markup=15", "product-markup=10", "azure-bundled=on", "azure-bundle-name=Microsoft Azure")
	i.spindle(i.partner, "microsoft", "connect", "--stdin")
	i.spindle(nil, "customers", "suggest", "--accept", "60")
	i.spindle(nil, "subscriptions", "bill", "on", "--all", "--from", "2026-10", "--yes")
	i.spindle(nil, "contracts", "map", "--all")
	i.spindle(nil, "autotask", "enable", "--yes")
	i.routeTheRest()
}

// routeTheRest sends every customer that has several contracts to the first of them, as a clerk would one by one.
func (i *installation) routeTheRest() {
	i.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: filepath.Join(i.dir, "spindle.db")})
	if err != nil {
		i.Fatal(err)
	}
	defer s.Close()
	org, err := s.Organization(context.Background(), i.world.PartnerName)
	if err != nil {
		i.Fatal(err)
	}
	decided, err := s.Mappings(context.Background(), org.ID)
	if err != nil {
		i.Fatal(err)
	}
	catalogue, _, err := s.Catalogue(context.Background(), org.ID)
	if err != nil {
		i.Fatal(err)
	}
	routed := map[billing.CustomerID]bool{}
	for _, r := range decided.Routes {
		routed[r.CustomerID] = true
	}
	for _, m := range decided.Companies {
		for _, c := range catalogue.Contracts {
			if c.CompanyID == m.CompanyID && !routed[m.CustomerID] {
				routed[m.CustomerID] = true
				if err := s.SaveRoute(context.Background(), org.ID, billing.Route{CustomerID: m.CustomerID, ContractID: c.ID}, "bench"); err != nil {
					i.Fatal(err)
				}
			}
		}
	}
}

// BenchmarkCalls reports what a first plan, its apply and the quiet plan after it ask of Autotask. The reads allowed are those of design
// §6.7: 1.5 × Σ over entities max(1, ⌈rows / 500⌉).
func BenchmarkCalls(b *testing.B) {
	for _, name := range []string{"demo", "large"} {
		b.Run(name, func(b *testing.B) {
			if name == "large" && testing.Short() {
				b.Skip("takes minutes")
			}
			for b.Loop() {
				i := newInstallation(b, name)
				i.setUp()
				i.measure("plan", "plan", "--json")
				i.spindle(nil, "approve", "1", "--held")
				i.measure("apply", "apply", "1")
				i.measure("quiet-plan", "plan", "--json")
			}
		})
	}
}

func (i *installation) measure(what string, args ...string) {
	i.Helper()
	i.calls.reset()
	began := time.Now()
	i.spindle(nil, args...)
	reads, writes, allowed := i.calls.counts()
	i.ReportMetric(float64(reads), what+"-reads")
	i.ReportMetric(float64(allowed), what+"-reads-allowed")
	i.ReportMetric(time.Since(began).Seconds(), what+"-s")
	if writes > 0 {
		i.ReportMetric(float64(writes), what+"-writes")
	}
}
