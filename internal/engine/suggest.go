package engine

import (
	"context"

	"spindle/internal/billing"
	"spindle/internal/mapping"
	"spindle/internal/store"
)

// Suggest proposes companies for customers that are not mapped, best first, with the evidence.
func (e *Engine) Suggest(ctx context.Context, org store.Organization) ([]mapping.Suggestion, error) {
	if _, err := e.RefreshCatalogue(ctx, org); err != nil {
		return nil, err
	}
	return e.SuggestKnown(ctx, org)
}

// SuggestKnown is Suggest with the companies as Autotask was read last; it is read now when it never was. What was worked out is kept until
// customers, companies or their mappings are written.
func (e *Engine) SuggestKnown(ctx context.Context, org store.Organization) ([]mapping.Suggestion, error) {
	version, err := e.Store.Matching(ctx, org.ID)
	if err != nil {
		return nil, err
	}
	return e.suggested.of(org.ID, version, func() ([]mapping.Suggestion, error) { return e.suggest(ctx, org) })
}

func (e *Engine) suggest(ctx context.Context, org store.Organization) ([]mapping.Suggestion, error) {
	catalogue, err := e.catalogue(ctx, org)
	if err != nil {
		return nil, err
	}
	customers, err := e.Store.Customers(ctx, org.ID)
	if err != nil {
		return nil, err
	}
	mappings, err := e.Store.CompanyMappings(ctx, org.ID)
	if err != nil {
		return nil, err
	}
	mapped := map[billing.CustomerID]bool{}
	taken := map[billing.CompanyID]billing.CustomerID{}
	for _, c := range mappings {
		mapped[c.CustomerID], taken[c.CompanyID] = true, c.CustomerID
	}
	open := keep(customers, func(c billing.Customer) bool { return !mapped[c.ID] })
	return mapping.SuggestCompanies(open, catalogue.Companies, taken), nil
}
