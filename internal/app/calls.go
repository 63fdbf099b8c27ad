package app

import (
	"context"
	"errors"
	"time"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/store"
	"spindle/internal/target/autotask"
	"spindle/internal/transport"
)

// callsPerHour is Autotask's limit for a whole tenant database (Autotask sheet §3.4), until the tenant's own counter tells another.
const callsPerHour = 10_000

// returnTimeout bounds how long giving calls back may take.
const returnTimeout = 5 * time.Second

func (a *App) callLimits() transport.Limits {
	return transport.Limits{Calls: callsPerHour, Window: time.Hour, StopShare: a.Config.AutotaskShare}
}

// budget is this process's view of a tenant's calls: one per tenant, whatever opens it and however often. All processes on this database
// share the account behind it.
func (a *App) budget(org billing.OrganizationID, tenant string) autotask.Budget {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.budgets[tenant] == nil {
		a.budgets[tenant] = &transport.Budget{Limits: a.callLimits(), Ledger: ledger{a.Store, tenant}, Now: a.now}
	}
	return memberBudget{a.budgets[tenant], a.Store, org, tenant}
}

// memberBudget is a tenant's budget in the hands of one organization.
type memberBudget struct {
	*transport.Budget
	store  *store.Store
	org    billing.OrganizationID
	tenant string
}

// Observe also keeps that the organization belongs to the tenant: its credentials have just read the tenant's counter.
func (m memberBudget) Observe(ctx context.Context, used, limit int) error {
	return errors.Join(m.store.JoinCalls(ctx, m.org, m.tenant), m.Budget.Observe(ctx, used, limit))
}

// returnCalls gives back the calls that were taken ahead and not made.
func (a *App) returnCalls(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), returnTimeout)
	defer cancel()
	a.mu.Lock()
	defer a.mu.Unlock()
	for tenant, b := range a.budgets {
		if err := b.Return(ctx); err != nil {
			a.Log.WarnContext(ctx, "calls taken ahead were not given back and count for an hour", "tenant", tenant, "err", err)
		}
	}
}

// callBudget tells what is used of the calls of an organization's tenant, from what is known here: nobody is asked.
func (a *App) callBudget(ctx context.Context, org billing.OrganizationID) (engine.CallBudget, error) {
	account, err := a.Store.OrganizationCalls(ctx, org)
	if err != nil {
		return engine.CallBudget{}, err
	}
	limits, known, now := a.callLimits(), fromStore(account), a.now()
	return engine.CallBudget{Used: limits.Used(known, now), Limit: limits.Limit(known), Stop: limits.Stop(known),
		ResumesAt: limits.ResumesAt(known, now), SeenAt: known.SeenAt}, nil
}

// ledger keeps a tenant's account in the database.
type ledger struct {
	store  *store.Store
	tenant string
}

// Read implements transport.Ledger.
func (l ledger) Read(ctx context.Context) (transport.Account, error) {
	a, err := l.store.TenantCalls(ctx, l.tenant)
	return fromStore(a), err
}

// Update implements transport.Ledger.
func (l ledger) Update(ctx context.Context, change func(*transport.Account)) error {
	return l.store.UpdateTenantCalls(ctx, l.tenant, func(stored *store.CallAccount) {
		account := fromStore(*stored)
		change(&account)
		*stored = toStore(account)
	})
}

func fromStore(s store.CallAccount) transport.Account {
	a := transport.Account{Limit: s.Limit, Others: s.Others, SeenAt: s.SeenAt}
	for _, slot := range s.Slots {
		a.Slots = append(a.Slots, transport.Slot(slot))
	}
	return a
}

func toStore(a transport.Account) store.CallAccount {
	s := store.CallAccount{Limit: a.Limit, Others: a.Others, SeenAt: a.SeenAt}
	for _, slot := range a.Slots {
		s.Slots = append(s.Slots, store.CallSlot(slot))
	}
	return s
}
