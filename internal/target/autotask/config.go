package autotask

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/target"
	"spindle/internal/transport"
)

// productionURL answers zone lookups for every tenant (Autotask sheet §1.3).
const productionURL = "https://webservices.autotask.net"

// perEndpoint is how many calls run at once per entity; Autotask allows three (Autotask sheet §3.4).
const perEndpoint = 2

// Config is one tenant's connection.
type Config struct {
	BaseURL         string // host that answers the zone lookup; "" is Autotask's own
	ZoneURL         string // the tenant's REST base, such as https://webservices14.autotask.net/ATServicesRest/; "" looks it up
	UserName        string // the API user's generated key, not a login e-mail (Autotask sheet §1.1)
	Secret          secret.String
	IntegrationCode string
	Organization    string // our organization; only for messages and logs, marks come with the changes
	Settings        billing.Settings
	HTTP            transport.Options // limits and hooks; Judge, Endpoint, PerEndpoint and Budget are set here
	// Budget finds the call budget of a tenant, asked once its zone is known; nil: no budget.
	Budget func(ctx context.Context, tenant string) (Budget, error)
	Now    func() time.Time
	Log    *slog.Logger
}

// Target is one Autotask tenant. It is safe for concurrent use and caches the zone, field metadata and currencies for its lifetime.
type Target struct {
	cfg     Config
	http    *http.Client
	log     *slog.Logger
	zone    zoneCache
	meta    metaCache
	money   currencyCache
	budget  *budgetGate
	putOnly sync.Map // entities whose PATCH answered that there is no such route: name → true
}

var _ target.Target = (*Target)(nil)

// New prepares a connection; it calls nobody. Missing or malformed values are faults of kind invalid that name the field.
func New(cfg Config) (*Target, error) {
	if err := validate(&cfg); err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	opts, gate := cfg.HTTP, &budgetGate{}
	opts.Endpoint, opts.Judge, opts.PerEndpoint, opts.Budget = endpointOf, judge, perEndpoint, gate
	if opts.Log == nil {
		opts.Log = cfg.Log
	}
	if opts.Now == nil {
		opts.Now = cfg.Now
	}
	return &Target{cfg: cfg, http: transport.New(opts).Client(), log: cfg.Log, budget: gate}, nil
}

func validate(cfg *Config) error {
	cfg.UserName, cfg.IntegrationCode = strings.TrimSpace(cfg.UserName), strings.TrimSpace(cfg.IntegrationCode)
	switch {
	case cfg.UserName == "":
		return fault.Invalidf("the API user name is missing").WithField("user name").Do("copy Username (Key) of the API user in Autotask: Admin > Resources/Users")
	case cfg.Secret.IsZero():
		return fault.Invalidf("the API user's secret is missing").WithField("secret").Do("generate Password (Secret) of the API user in Autotask: Admin > Resources/Users")
	case cfg.IntegrationCode == "":
		return fault.Invalidf("the integration code is missing").WithField("integration code").Do("copy the tracking identifier on the API user's page in Autotask")
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = productionURL
	}
	if err := validURL("base URL", cfg.BaseURL); err != nil {
		return err
	}
	if cfg.ZoneURL == "" {
		return nil
	}
	return validURL("zone URL", cfg.ZoneURL)
}

// validURL wants https, but for a server on this machine.
func validURL(field, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return fault.Invalidf("%q is not an address such as %s", text, productionURL).WithField(field)
	}
	if u.Scheme == "http" && !transport.ThisMachine(u.Hostname()) {
		return fault.Invalidf("%s would send credentials unencrypted", text).WithField(field).Do("use https")
	}
	return nil
}
