package autotask_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/plan"
	"spindle/internal/secret"
	sim "spindle/internal/sim/autotask"
	"spindle/internal/sim/scenario"
	"spindle/internal/target/autotask"
	"spindle/internal/target/targettest"
	"spindle/internal/transport"
)

// today is the virtual day of the tests.
var today = time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)

// tenant is a simulated Autotask over HTTP with our client in front of it.
type tenant struct {
	testing.TB
	sim    *sim.Server
	url    string
	client *autotask.Target
	calls  *transport.Counter
	writes atomic.Int64
}

type tenantOptions struct {
	scenario  string
	dialect   map[string]string
	config    func(*autotask.Config)
	impatient bool // writes time out soon: for servers that hang
}

func newTenant(t testing.TB, o tenantOptions) *tenant {
	t.Helper()
	if o.scenario == "" {
		o.scenario = "demo"
	}
	sc, err := scenario.Named(o.scenario, today)
	if err != nil {
		t.Fatal(err)
	}
	server, err := sim.New(sim.Options{Scenario: sc, Dialect: o.dialect})
	if err != nil {
		t.Fatal(err)
	}
	n := &tenant{TB: t, sim: server, calls: &transport.Counter{}}
	web := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && !strings.Contains(r.URL.Path, "/query") {
			n.writes.Add(1)
			rw = &writeWatch{ResponseWriter: rw, writes: &n.writes}
		}
		server.Handler().ServeHTTP(rw, r)
	}))
	t.Cleanup(web.Close)
	n.url = web.URL
	n.client = n.connect(func(c *autotask.Config) {
		if o.impatient {
			c.HTTP.WriteTimeout = 250 * time.Millisecond
		}
		if o.dialect["threadRelease"] == "late" { // the simulator holds threads for real milliseconds
			c.HTTP.Sleep = pauseShortly
		}
		if o.config != nil {
			o.config(c)
		}
	})
	return n
}

// writeWatch takes a write back that was refused at the door: no such route, or too many calls.
type writeWatch struct {
	http.ResponseWriter
	writes *atomic.Int64
}

func (w *writeWatch) WriteHeader(status int) {
	if status == http.StatusNotFound || status == http.StatusTooManyRequests {
		w.writes.Add(-1)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *writeWatch) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

func pauseShortly(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(min(d, 30*time.Millisecond)):
	case <-ctx.Done():
	}
	return ctx.Err()
}

// connect makes a client that never really sleeps.
func (n *tenant) connect(change func(*autotask.Config)) *autotask.Target {
	n.Helper()
	keys := n.sim.Credentials()
	cfg := autotask.Config{
		BaseURL: n.url, UserName: keys.UserName, Secret: secret.New(keys.Secret), IntegrationCode: keys.IntegrationCode, Organization: "org", Now: n.sim.Now,
		HTTP: transport.Options{Record: n.calls.Record,
			Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }},
	}
	if change != nil {
		change(&cfg)
	}
	client, err := autotask.New(cfg)
	if err != nil {
		n.Fatal(err)
	}
	return client
}

func (n *tenant) catalogue() billing.Catalogue {
	n.Helper()
	c, err := n.client.Catalogue(n.Context())
	if err != nil {
		n.Fatal(err)
	}
	return c
}

// system is the tenant as the conformance suite sees it. The customer is the first one with the wanted currency.
func (n *tenant) system(currency string) targettest.System {
	n.Helper()
	c := n.catalogue()
	keys := n.sim.Credentials()
	s := targettest.System{
		Target: n.client, Day: billing.DateOf(today), Currency: c.Currency, Internal: c.Currency,
		Writes: func() int { return int(n.writes.Load()) }, State: func() string { return string(n.sim.State()) },
		Break: n.fail, Heal: n.sim.ClearFaults, Secrets: []string{keys.Secret, keys.UserName, keys.IntegrationCode},
		Parts: []string{"Contracts", "ContractServices", "ContractServiceUnits", "Services", "ContractCharges"}, // the currencies are kept, see TestCurrencies
	}
	for _, company := range c.Companies {
		if s.Company == "" && company.ID != "0" && (strings.HasPrefix(company.Number, "C1") && currency == "" || string(company.Currency) == currency) {
			s.Company, s.Currency = company.ID, company.Currency
		}
		if strings.Contains(company.Name, "Microsoft") {
			s.Vendor = company.ID
		}
	}
	for _, code := range c.Codes {
		switch {
		case code.Active && code.Use == billing.RecurringServiceUse:
			s.ServiceCode = code.ID
		case code.Active && code.Use == billing.MaterialUse:
			s.MaterialCode = code.ID
		}
	}
	if s.Company == "" || s.ServiceCode == "" || s.MaterialCode == "" {
		n.Fatalf("the seed lacks something: %+v", s)
	}
	return s
}

// writePaths are the routes that writes go to; reads go to none of them.
func writePaths() []string {
	return []string{"/Contracts", "/Services", "/ContractServiceAdjustments", "/Contracts/*/Services", "/Contracts/*/Charges", "/Contracts/*/Charges/*"}
}

// fail translates the suite's faults into the simulator's.
func (n *tenant) fail(f targettest.Fault) {
	n.Helper()
	fault := map[targettest.FaultKind]sim.Fault{
		targettest.Dropped:        {Kind: sim.FaultDrop},
		targettest.AppliedDropped: {Kind: sim.FaultAppliedThenDropped},
		targettest.Hung:           {Kind: sim.FaultHang},
		targettest.AppliedHung:    {Kind: sim.FaultAppliedThenHang},
		targettest.Garbled:        {Kind: sim.FaultStatus, Body: sim.BodyHTML},
		targettest.AppliedGarbled: {Kind: sim.FaultAppliedThenStatus, Body: sim.BodyHTML, Status: 502},
		targettest.Empty:          {Kind: sim.FaultStatus, Body: sim.BodyEmpty},
		targettest.Refused:        {Kind: sim.FaultStatus, Errors: []string{"Data violation: the row is locked."}},
		targettest.Throttled:      {Kind: sim.FaultThrottle},
		targettest.ThrottledOnce:  {Kind: sim.FaultThrottle, RetryAfter: "0"},
		targettest.Unauthorized:   {Kind: sim.FaultStatus, Status: 401, Body: sim.BodyEmpty},
	}[f.Kind]
	if f.Part != "" {
		if f.Part != "everything" {
			fault.Entity = f.Part
		}
		n.inject(fault)
		return
	}
	fault.Count = 1
	for _, path := range writePaths() {
		fault.Path = path
		n.inject(fault)
	}
}

func (n *tenant) inject(f sim.Fault) {
	n.Helper()
	if _, err := n.sim.InjectFault(f); err != nil {
		n.Fatal(err)
	}
}

func TestConformance(t *testing.T) {
	t.Run("one currency", func(t *testing.T) {
		targettest.Run(t, targettest.Fixture{New: func(t testing.TB) targettest.System { return newTenant(t, tenantOptions{impatient: true}).system("") }})
	})
	t.Run("customer in another currency", func(t *testing.T) {
		targettest.Run(t, targettest.Fixture{Faults: []targettest.FaultKind{targettest.AppliedDropped},
			New: func(t testing.TB) targettest.System {
				return newTenant(t, tenantOptions{scenario: "traps"}).system("USD")
			}})
	})
}

// TestEveryDialect runs the suite under every reading of Autotask's undocumented behaviour, one at a time. With -short it runs under
// those that change what the client sees most.
func TestEveryDialect(t *testing.T) {
	few := []string{"split", "rowSpan", "missingID", "threadRelease"}
	for _, d := range sim.Dialects() {
		if testing.Short() && !slices.Contains(few, d.Name) {
			continue
		}
		for _, value := range d.Values[1:] {
			t.Run(d.Name+"="+value, func(t *testing.T) {
				t.Parallel()
				targettest.Run(t, targettest.Fixture{
					Faults: []targettest.FaultKind{targettest.AppliedDropped},
					New: func(t testing.TB) targettest.System {
						s := newTenant(t, tenantOptions{dialect: map[string]string{d.Name: value}}).system("")
						if d.Name == "zeroUnits" {
							s.Refuses = []plan.ChangeKind{plan.End}
						}
						return s
					}})
			})
		}
	}
}
