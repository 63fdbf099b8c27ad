// Package engine knows the order of a run: read both sides, rate, plan, approve, apply, verify. It is the only package that does.
//
// Command line, console and background jobs call the same functions here. Vendors are reached through the ports source.Source and
// target.Target, which the composition root hands in; no adapter is imported.
package engine

import (
	"context"
	"log/slog"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/mapping"
	"spindle/internal/secret"
	"spindle/internal/source"
	"spindle/internal/store"
	"spindle/internal/target"
)

// Deps are what an engine needs from the composition root.
type Deps struct {
	Store *store.Store
	Keys  *secret.Keyring
	// Now is the clock. The engine takes the day from it once per run and passes it on; the rules never ask.
	Now func() time.Time
	// Sleep waits, or returns the error of a context that ended; nil: it takes real time.
	Sleep      func(ctx context.Context, d time.Duration) error
	OpenTarget func(TargetConfig) (target.Target, error)
	OpenSource func(MicrosoftConfig) (source.Source, error)
	ReadFiles  func(ctx context.Context, paths []string, dayFirst bool) (FileContent, error)
	// ReadServices reads a list of custom services; problems are rows that were left out.
	ReadServices func(ctx context.Context, path string, customers CustomerLookup) ([]billing.Subscription, []store.ImportProblem, error)
	// ReadService reads one custom service from its cells by the columns of such a list; problems name the column.
	ReadService func(cells map[string]string, customers CustomerLookup) (billing.Subscription, []store.ImportProblem)
	// HolderDead reports whether the process that holds a lease is known to be dead; nil: never known.
	HolderDead func(holder string) bool
	// CallBudget tells what is known of the calls of an organization's tenant, without asking anybody.
	CallBudget func(ctx context.Context, org billing.OrganizationID) (CallBudget, error)
	Log        *slog.Logger
}

// Engine runs organizations. It is safe for concurrent use; a lease per organization keeps two applies apart.
type Engine struct {
	Deps
	holder    string // names this process in leases
	suggested kept[mapping.Suggestion]
	offered   kept[OfferService]
	months    months
}

// New makes an engine. holder names the process, for leases and logs.
func New(deps Deps, holder string) *Engine {
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Sleep == nil {
		deps.Sleep = sleep
	}
	return &Engine{Deps: deps, holder: holder}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Today is the engine's calendar day.
func (e *Engine) Today() billing.Date { return billing.DateOf(e.Now()) }

// system names of connections in the store. Stored: never renamed.
const (
	systemAutotask  = "autotask"
	systemMicrosoft = "microsoft"
)

// Organization finds an organization by id or name; with an empty text the only one there is.
func (e *Engine) Organization(ctx context.Context, idOrName string) (store.Organization, error) {
	if idOrName != "" {
		return e.Store.Organization(ctx, idOrName)
	}
	all, err := e.Store.Organizations(ctx)
	switch {
	case err != nil:
		return store.Organization{}, err
	case len(all) == 0:
		return store.Organization{}, fault.NotFoundf("there is no organization yet").Do(`create one: spindle org create "Northwind IT"`)
	case len(all) > 1:
		return store.Organization{}, fault.Invalidf("there are %d organizations", len(all)).Do("say which with --org NAME; spindle org list shows them")
	}
	return all[0], nil
}

// CreateOrganization adds an MSP to this installation.
func (e *Engine) CreateOrganization(ctx context.Context, name, by string) (store.Organization, error) {
	return e.Store.CreateOrganization(ctx, name, by)
}

// EnableTarget lets Spindle write to the organization's Autotask, or forbids it again. Reading and planning work either way.
func (e *Engine) EnableTarget(ctx context.Context, org store.Organization, on bool, by string) error {
	return e.Store.SetTargetEnabled(ctx, org.ID, on, by)
}
