package partnercenter

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/source"
	"spindle/internal/transport"
)

// The production hosts (Microsoft sheet §1.1).
const (
	DefaultLoginURL         = "https://login.microsoftonline.com"
	DefaultGraphURL         = "https://graph.microsoft.com"
	DefaultPartnerCenterURL = "https://api.partnercenter.microsoft.com"
)

const (
	scopePartnerCenter = "https://api.partnercenter.microsoft.com/.default"
	scopeGraph         = "https://graph.microsoft.com/.default"

	// customersPerPage is the largest page the samples use (Microsoft sheet §2.2).
	customersPerPage = 500
	invoicesPerPage  = 200
	// concurrentCustomers stays far below the limit of 500 subscription requests a minute (Microsoft sheet §1.8).
	concurrentCustomers = 4
)

// Config says which partner tenant to read and how.
type Config struct {
	TenantID     string // the partner's
	ClientID     string
	ClientSecret secret.String
	// RefreshToken makes calls in the name of a user (secure application model, Microsoft sheet §1.2). Empty: app-only, which is
	// enough for everything this package reads.
	RefreshToken secret.String
	// Rotation keeps the refresh tokens that replace it; nil: they live as long as the client.
	Rotation Rotation

	LoginURL         string // empty: production; simulators have their own
	GraphURL         string
	PartnerCenterURL string

	// Transport holds what all calls share: base transport, clock, sleep, jitter, record, log. Header names, limits and judges are set here.
	Transport transport.Options
	Log       *slog.Logger // nil: silent
}

// Client is a source over the network. It is safe for concurrent use.
type Client struct {
	cfg           Config
	tenant        string
	login         *url.URL
	graph         *url.URL
	partnerCenter *url.URL

	pcTokens, graphTokens *tokens
	pcHTTP, graphHTTP     *http.Client
	blobHTTP              *http.Client
	now                   func() time.Time
	sleep                 func(context.Context, time.Duration) error
	log                   *slog.Logger

	user *signIn // nil: app-only
}

var _ source.Source = (*Client)(nil)

// New checks the configuration and makes a client; it calls nobody.
func New(cfg Config) (*Client, error) {
	c := &Client{cfg: cfg, tenant: strings.ToLower(strings.TrimSpace(cfg.TenantID)), log: cfg.Log, now: cfg.Transport.Now, sleep: cfg.Transport.Sleep}
	switch {
	case c.tenant == "":
		return nil, fault.Invalidf("the partner's tenant id is missing").WithField("tenant_id").Do("copy it from Partner Center, Settings, Account settings, Identifiers")
	case cfg.ClientID == "":
		return nil, fault.Invalidf("the application id is missing").WithField("client_id").Do("register an application in the partner tenant and copy its id")
	case cfg.ClientSecret.IsZero():
		return nil, fault.Invalidf("the application secret is missing").WithField("client_secret").Do("create a client secret for the application and copy its value")
	}
	for _, base := range []struct {
		into           **url.URL
		text, fallback string
		field          string
	}{{&c.login, cfg.LoginURL, DefaultLoginURL, "login_url"}, {&c.graph, cfg.GraphURL, DefaultGraphURL, "graph_url"}, {&c.partnerCenter, cfg.PartnerCenterURL, DefaultPartnerCenterURL, "partner_center_url"}} {
		u, err := url.Parse(strings.TrimRight(cmp.Or(base.text, base.fallback), "/"))
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, fault.Invalidf("%q is not a base URL", base.text).WithField(base.field).Do("leave it empty, or write it as https://host")
		}
		if u.Scheme == "http" && !transport.ThisMachine(u.Hostname()) {
			return nil, fault.Invalidf("%s would send credentials unencrypted", base.text).WithField(base.field).Do("use https")
		}
		*base.into = u
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.sleep == nil {
		c.sleep = sleepFor
	}
	c.wire()
	return c, nil
}

func (c *Client) wire() {
	opts := c.cfg.Transport
	opts.NewID = uuid.NewString
	opts.Log = cmp.Or(opts.Log, c.log)
	stack := func(header string, perEndpoint int) *http.Client {
		o := opts
		o.RequestIDHeader, o.PerEndpoint = header, perEndpoint
		return transport.New(o).Client()
	}
	login := stack("client-request-id", 2)
	c.pcHTTP = stack("MS-RequestId", concurrentCustomers) // the same id on every repetition (Microsoft sheet §1.6)
	c.graphHTTP = stack("client-request-id", 2)
	c.blobHTTP = stack("x-ms-client-request-id", concurrentCustomers)
	if !c.cfg.RefreshToken.IsZero() {
		c.user = newSignIn(c.cfg.RefreshToken, c.cfg.Rotation, c.log)
	}
	c.pcTokens = c.newTokens(login, scopePartnerCenter)
	c.graphTokens = c.newTokens(login, scopeGraph)
}

func sleepFor(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
