package autotask

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"spindle/internal/fault"
)

// zoneCache holds where the tenant lives. A failed lookup is never kept.
type zoneCache struct {
	mu   sync.Mutex
	base *url.URL // ends in /v1.0/
	name string
}

// wireZone is the answer of the zone lookup (Autotask sheet §1.3).
type wireZone struct {
	ZoneName string `json:"zoneName"`
	URL      string `json:"url"`
	Database wireID `json:"ci"`
}

// base gives the address below which every entity lives, looked up once.
func (t *Target) base(ctx context.Context) (*url.URL, error) {
	t.zone.mu.Lock()
	defer t.zone.mu.Unlock()
	if t.zone.base != nil {
		return t.zone.base, nil
	}
	zone := wireZone{ZoneName: "as configured", URL: t.cfg.ZoneURL}
	if zone.URL == "" {
		var err error
		if zone, err = t.lookUpZone(ctx); err != nil {
			return nil, err
		}
	}
	u, err := t.zoneURL(zone.URL)
	if err != nil {
		return nil, err
	}
	if err := t.openBudget(ctx, tenantName(u, zone.Database, t.cfg.UserName)); err != nil {
		return nil, err
	}
	t.zone.base, t.zone.name = u, zone.ZoneName
	return u, nil
}

func (t *Target) zoneName() string {
	t.zone.mu.Lock()
	defer t.zone.mu.Unlock()
	return t.zone.name
}

func (t *Target) lookUpZone(ctx context.Context) (wireZone, error) {
	address := strings.TrimRight(t.cfg.BaseURL, "/") + "/atservicesrest/v1.0/zoneInformation?user=" + url.QueryEscape(t.cfg.UserName)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return wireZone{}, fault.Invalidf("the base URL cannot be used: %w", err).WithField("base URL")
	}
	r, err := t.send(req)
	if err != nil {
		return wireZone{}, err
	}
	if r.status != http.StatusOK {
		if words := strings.ToLower(strings.Join(r.errors(), " ")); strings.Contains(words, "zone information could not be determined") {
			return wireZone{}, fault.Unauthorizedf("Autotask does not know this API user name").WithField("user name").
				Do("use the generated Username (Key) of the API user, not an e-mail login")
		}
		return wireZone{}, t.failure(r)
	}
	var zone wireZone
	if err := json.Unmarshal(r.body, &zone); err != nil || zone.URL == "" {
		return wireZone{}, fault.Transientf("the zone lookup gave no address").Do("check the base URL")
	}
	return zone, nil
}

// zoneURL checks that credentials will stay with Autotask (or with the server that was configured instead) and appends the version.
func (t *Target) zoneURL(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(text, "/") + "/v1.0/")
	if err != nil || u.Host == "" {
		return nil, fault.Invalidf("the zone lookup gave %q, which is no address", text)
	}
	configured, _ := url.Parse(t.cfg.BaseURL)
	host := strings.ToLower(u.Hostname())
	ours := u.Scheme == "https" && (host == "autotask.net" || strings.HasSuffix(host, ".autotask.net"))
	overridden := t.cfg.BaseURL != productionURL && host == strings.ToLower(configured.Hostname()) && u.Scheme == configured.Scheme
	explicit := t.cfg.ZoneURL != "" && text == t.cfg.ZoneURL
	if !ours && !overridden && !explicit {
		return nil, fault.Invalidf("the zone lookup points at %s, which is not Autotask's: no credentials were sent there", u.Host).
			Do("check the base URL; Autotask's hosts end in autotask.net")
	}
	return u, nil
}

// endpointOf is the entity a call counts for: child paths count for the child (Autotask sheet §11).
func endpointOf(r *http.Request) string {
	_, path, found := strings.Cut(strings.ToLower(r.URL.Path), "/v1.0/")
	if !found {
		return "zone"
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) >= 3 && parts[0] == "contracts" {
		switch parts[2] {
		case "services":
			return "contractservices"
		case "charges":
			return "contractcharges"
		}
	}
	return parts[0]
}
