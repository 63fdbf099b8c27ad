package engine

import (
	"context"

	"spindle/internal/billing"
	"spindle/internal/store"
)

// RefreshCatalogue reads companies, billing codes, services and contracts from Autotask and keeps them for the next run.
func (e *Engine) RefreshCatalogue(ctx context.Context, org store.Organization) (billing.Catalogue, error) {
	t, err := e.Target(ctx, org)
	if err != nil {
		return billing.Catalogue{}, err
	}
	catalogue, err := t.Catalogue(ctx)
	if err != nil {
		return billing.Catalogue{}, err
	}
	return catalogue, e.Store.SaveCatalogue(ctx, org.ID, catalogue)
}

// catalogue gives the catalogue as last read, reading it now when it never was.
func (e *Engine) catalogue(ctx context.Context, org store.Organization) (billing.Catalogue, error) {
	catalogue, found, err := e.Store.Catalogue(ctx, org.ID)
	if err != nil || found {
		return catalogue, err
	}
	return e.RefreshCatalogue(ctx, org)
}

// withObserved puts what a run has just read of some companies in the place of what was read for mapping, so that a run validates its
// routes against what stands there now without reading it twice.
func withObserved(c billing.Catalogue, o billing.Observed, companies []billing.CompanyID) billing.Catalogue {
	read := map[billing.CompanyID]bool{}
	for _, id := range companies {
		read[id] = true
	}
	fresh := map[billing.ContractID]bool{}
	var contracts []billing.Contract
	for _, contract := range o.Contracts {
		fresh[contract.ID] = true
		if contract.Active && contract.Recurring {
			contracts = append(contracts, contract)
		}
	}
	for _, contract := range c.Contracts {
		// A contract of a company that was read whole and that did not show up is gone.
		if !fresh[contract.ID] && !read[contract.CompanyID] {
			contracts = append(contracts, contract)
		}
	}
	c.Contracts = contracts
	if len(o.Services) > 0 {
		c.Services = o.Services
	}
	return c
}
