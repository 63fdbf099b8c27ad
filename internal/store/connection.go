package store

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
)

// The systems an organization connects to.
const (
	Autotask  = "autotask"
	Microsoft = "microsoft"
)

// Connection is how an organization reaches one system. The store never sees a secret in clear: Sealed is ciphertext.
type Connection struct {
	System    string // Autotask or Microsoft
	Config    []byte // JSON object without anything secret
	Sealed    []byte
	UpdatedAt time.Time // set by the store
	UpdatedBy string    // set by the store
}

// SaveConnection replaces the organization's connection to a system.
func (s *Store) SaveConnection(ctx context.Context, org billing.OrganizationID, c Connection, by string) error {
	if c.System == "" {
		return fault.Invalidf("a connection needs a system").WithField("system")
	}
	var config bytes.Buffer
	if err := checkConfig(c.Config); err != nil {
		return err
	}
	if err := json.Compact(&config, c.Config); err != nil {
		return fault.Invalidf("the configuration is not JSON: %w", err).WithField("config")
	}
	if c.Sealed == nil {
		c.Sealed = []byte{}
	}
	return s.write(ctx, org, func(t *txn) error {
		if _, err := t.exec(ctx, `INSERT INTO connection (organization_id, system, config, sealed, updated_at, updated_by)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organization_id, system) DO UPDATE SET config = excluded.config,
			sealed = excluded.sealed, updated_at = excluded.updated_at, updated_by = excluded.updated_by`,
			org, c.System, config.String(), c.Sealed, micros(t.at), by); err != nil {
			return err
		}
		return t.audit(ctx, by, "connection.saved", c.System, json.RawMessage(config.Bytes()))
	})
}

// checkConfig refuses a configuration with a field that is named like a secret: a safety net under law 10.
func checkConfig(config []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(config, &fields); err != nil {
		return fault.Invalidf("the configuration is not a JSON object: %w", err).WithField("config")
	}
	for name := range fields {
		folded := strings.ToLower(name)
		for _, word := range []string{"secret", "password", "token"} {
			if strings.HasSuffix(folded, word) {
				return fault.Invalidf("the configuration holds %q in clear", name).WithField("config").Do("seal it")
			}
		}
	}
	return nil
}

// Connection gives the organization's connection to a system, or a fault of kind not-found.
func (s *Store) Connection(ctx context.Context, org billing.OrganizationID, system string) (Connection, error) {
	c := Connection{System: system}
	var config string
	var at int64
	err := s.read(ctx, org, func(t *txn) error {
		found, err := t.row(ctx, `SELECT config, sealed, updated_at, updated_by FROM connection
			WHERE organization_id = $1 AND system = $2`, []any{org, system}, &config, &c.Sealed, &at, &c.UpdatedBy)
		if err == nil && !found {
			err = noConnection(system)
		}
		return err
	})
	c.Config, c.UpdatedAt = []byte(config), fromMicros(at)
	if err != nil {
		return Connection{}, err
	}
	return c, nil
}

// SwapSealed replaces what is sealed of a connection if it still is what it was, and reports whether it did. It is for secrets that a vendor
// replaces by itself: nobody decided anything, so the audit trail says nothing of it.
func (s *Store) SwapSealed(ctx context.Context, org billing.OrganizationID, system string, was, now []byte) (swapped bool, err error) {
	err = s.write(ctx, org, func(t *txn) error {
		n, err := t.exec(ctx, `UPDATE connection SET sealed = $4 WHERE organization_id = $1 AND system = $2 AND sealed = $3`, org, system, was, now)
		swapped = n == 1
		return err
	})
	return swapped && err == nil, err
}

// DeleteConnection forgets the organization's connection to a system, the sealed secrets included.
func (s *Store) DeleteConnection(ctx context.Context, org billing.OrganizationID, system, by string) error {
	return s.write(ctx, org, func(t *txn) error {
		n, err := t.exec(ctx, `DELETE FROM connection WHERE organization_id = $1 AND system = $2`, org, system)
		if err != nil {
			return err
		}
		if n == 0 {
			return noConnection(system)
		}
		return t.audit(ctx, by, "connection.deleted", system, struct{}{})
	})
}

func noConnection(system string) error {
	return fault.NotFoundf("no connection to %s is set up", system).Dof("set one up, see: spindle %s --help", system)
}
