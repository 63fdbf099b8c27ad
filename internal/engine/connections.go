package engine

import (
	"context"
	"encoding/json"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/secret"
	"spindle/internal/source"
	"spindle/internal/store"
	"spindle/internal/target"
)

// TargetConfig is what it takes to reach one Autotask tenant. Secret and integration code are sealed and never stored in clear: both are
// sent with every call as credentials (Autotask sheet §1.1).
type TargetConfig struct {
	BaseURL         string // empty: Autotask's own zone lookup
	UserName        string
	IntegrationCode string        `json:"-"`
	Secret          secret.String `json:"-"`

	Organization string           `json:"-"` // for marks
	Settings     billing.Settings `json:"-"`
}

// MicrosoftConfig is what it takes to reach one Partner Center account.
type MicrosoftConfig struct {
	TenantID         string
	ClientID         string
	LoginURL         string // the three are empty for Microsoft's own hosts
	GraphURL         string
	PartnerCenterURL string
	Secret           secret.String `json:"-"`
	// RefreshToken makes calls in the name of a user (Microsoft sheet §1.2); empty: app-only.
	RefreshToken secret.String `json:"-"`
	// Rotation keeps the refresh tokens that replace it.
	Rotation RefreshTokens `json:"-"`
}

func secretRow(org billing.OrganizationID, system string) secret.Row {
	return secret.Row{Organization: string(org), Table: "connection", ID: system, Field: "sealed"}
}

// ConnectTarget tests the credentials and the prerequisites at once, then seals and stores them. A failed login stores nothing;
// missing prerequisites are reported but do not prevent storing.
func (e *Engine) ConnectTarget(ctx context.Context, org store.Organization, c TargetConfig, by string) (target.Report, error) {
	t, err := e.openTarget(ctx, org, c)
	if err != nil {
		return target.Report{}, err
	}
	report, err := t.Check(ctx)
	if err != nil {
		return report, err
	}
	if err := refusal(report); err != nil {
		return report, err
	}
	return report, e.saveConnection(ctx, org.ID, systemAutotask, c, c.sealed(), by)
}

// sealed is what is sealed of a connection: the integration code, which has no line break, and the secret.
func (c TargetConfig) sealed() secret.String {
	return secret.New(c.IntegrationCode + "\n" + c.Secret.Reveal())
}

// unseal puts back what was sealed.
func (c *TargetConfig) unseal(s secret.String) {
	code, rest, _ := strings.Cut(s.Reveal(), "\n")
	c.IntegrationCode, c.Secret = code, secret.New(rest)
}

// refusal tells a connection that does not work from a prerequisite that is missing: Check stops at the former, before it counts calls.
func refusal(r target.Report) error {
	if len(r.Items) == 0 || r.Calls.Limit > 0 {
		return nil
	}
	last := r.Items[len(r.Items)-1]
	if last.State != target.CheckFailed {
		return nil
	}
	kind := fault.KindUnauthorized
	if last.Fault == fault.KindTransient || last.Fault == fault.KindWaitUntil {
		kind = last.Fault // nothing was wrong with what was entered
	}
	return fault.Newf(kind, "%s; nothing is stored", last.Found).Do(last.Remedy)
}

// ConnectMicrosoft tests the connection by listing what there is to read, then seals and stores it.
func (e *Engine) ConnectMicrosoft(ctx context.Context, org store.Organization, c MicrosoftConfig, by string) ([]source.Available, error) {
	c.Secret, c.RefreshToken = trimmed(c.Secret), trimmed(c.RefreshToken) // what was pasted often ends in a line break
	fresh := &unstoredToken{newest: c.RefreshToken}
	c.Rotation = fresh
	s, err := e.OpenSource(c)
	if err != nil {
		return nil, err
	}
	sets, err := s.Sets(ctx)
	if err != nil {
		return nil, err
	}
	c.RefreshToken = fresh.get()
	return sets, e.saveConnection(ctx, org.ID, systemMicrosoft, c, c.sealed(), by)
}

func (e *Engine) saveConnection(ctx context.Context, org billing.OrganizationID, system string, config any, s secret.String, by string) error {
	clear, err := json.Marshal(config)
	if err != nil {
		return fault.Newf(fault.KindInternal, "encode the %s connection: %w", system, err)
	}
	sealed := e.Keys.Seal(s, secretRow(org, system))
	return e.Store.SaveConnection(ctx, org, store.Connection{System: system, Config: clear, Sealed: []byte(sealed)}, by)
}

func (e *Engine) loadConnection(ctx context.Context, org billing.OrganizationID, system string, config any) (opened secret.String, sealed []byte, err error) {
	c, err := e.Store.Connection(ctx, org, system)
	if err != nil {
		return secret.String{}, nil, err
	}
	if err := json.Unmarshal(c.Config, config); err != nil {
		return secret.String{}, nil, fault.Newf(fault.KindInternal, "decode the %s connection: %w", system, err)
	}
	opened, err = e.Keys.Open(string(c.Sealed), secretRow(org, system))
	return opened, c.Sealed, err
}

// Target opens the organization's Autotask with the stored credentials.
func (e *Engine) Target(ctx context.Context, org store.Organization) (target.Target, error) {
	var c TargetConfig
	s, _, err := e.loadConnection(ctx, org.ID, systemAutotask, &c)
	if fault.Is(err, fault.KindNotFound) {
		return nil, fault.NotFoundf("%s has no Autotask credentials", org.Name).Do("enter them with spindle autotask credentials")
	}
	if err != nil {
		return nil, err
	}
	c.unseal(s)
	return e.openTarget(ctx, org, c)
}

func (e *Engine) openTarget(ctx context.Context, org store.Organization, c TargetConfig) (target.Target, error) {
	settings, err := e.Store.Settings(ctx, org.ID)
	if err != nil {
		return nil, err
	}
	c.Organization, c.Settings = string(org.ID), settings
	return e.OpenTarget(c)
}

// Source opens the organization's Partner Center. found is false when the organization works with files alone.
func (e *Engine) Source(ctx context.Context, org store.Organization) (s source.Source, found bool, err error) {
	var c MicrosoftConfig
	sec, sealed, err := e.loadConnection(ctx, org.ID, systemMicrosoft, &c)
	if fault.Is(err, fault.KindNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	c.unseal(sec)
	c.Rotation = e.storedTokens(org.ID, c, sealed)
	s, err = e.OpenSource(c)
	return s, err == nil, err
}
