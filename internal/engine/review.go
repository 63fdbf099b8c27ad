package engine

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/rating"
	"spindle/internal/store"
)

// The functions here say what a decision would change before it is taken. They check that what is to be removed is there, and save nothing.

// ReviewUnmap says what it would change to unmap a customer.
func (e *Engine) ReviewUnmap(ctx context.Context, org store.Organization, customer billing.Customer) (Consequence, error) {
	m, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return Consequence{}, err
	}
	if !slices.ContainsFunc(m.Companies, func(c billing.CompanyMapping) bool { return c.CustomerID == customer.ID }) {
		return Consequence{}, fault.NotFoundf("%s is not mapped", customer.Name).Do("spindle customers list shows the mappings")
	}
	return e.consequence(ctx, org, only(customer.ID), func(in *rating.Input) {
		in.Mappings.Companies = keep(in.Mappings.Companies, func(c billing.CompanyMapping) bool { return c.CustomerID != customer.ID })
	})
}

// ReviewMap says what it would change to map a customer to a company.
func (e *Engine) ReviewMap(ctx context.Context, org store.Organization, customer billing.CustomerID, company billing.CompanyID) (Consequence, error) {
	return e.consequence(ctx, org, only(customer), func(in *rating.Input) {
		others := keep(in.Mappings.Companies, func(c billing.CompanyMapping) bool { return c.CustomerID != customer })
		in.Mappings.Companies = append(others, billing.CompanyMapping{CustomerID: customer, CompanyID: company})
	})
}

// sameScope reports whether two routes are for the same thing, so that one takes the place of the other.
func sameScope(a, b billing.Route) bool {
	return a.CustomerID == b.CustomerID && a.SubscriptionID == b.SubscriptionID && a.AzureSubscriptionID == b.AzureSubscriptionID &&
		a.ResourceGroup == b.ResourceGroup
}

// ReviewUnroute says what it would change to remove a route; what it carried then follows the next wider route, if there is one.
func (e *Engine) ReviewUnroute(ctx context.Context, org store.Organization, r billing.Route) (Consequence, error) {
	m, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return Consequence{}, err
	}
	if !slices.ContainsFunc(m.Routes, func(other billing.Route) bool { return sameScope(r, other) }) {
		return Consequence{}, fault.NotFoundf("there is no such route").Do("spindle contracts list shows the routes")
	}
	return e.consequence(ctx, org, only(r.CustomerID), func(in *rating.Input) {
		in.Mappings.Routes = keep(in.Mappings.Routes, func(other billing.Route) bool { return !sameScope(r, other) })
	})
}

// ReviewRoute says what it would change to save a route.
func (e *Engine) ReviewRoute(ctx context.Context, org store.Organization, r billing.Route) (Consequence, error) {
	return e.consequence(ctx, org, only(r.CustomerID), func(in *rating.Input) {
		in.Mappings.Routes = append(keep(in.Mappings.Routes, func(other billing.Route) bool { return !sameScope(r, other) }), r)
	})
}

// ReviewService says what it would change to map an offer to a service of Autotask; with an empty id, to undo such a mapping.
func (e *Engine) ReviewService(ctx context.Context, org store.Organization, offer billing.Offer, id billing.ServiceID) (Consequence, error) {
	m, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return Consequence{}, err
	}
	isOffer := func(s billing.ServiceMapping) bool { return s.Offer == offer }
	if id == "" && !slices.ContainsFunc(m.Services, isOffer) {
		return Consequence{}, fault.NotFoundf("%s is not mapped to a service", offer).Do("spindle services list shows the mappings")
	}
	return e.consequence(ctx, org, holders(func(s billing.Subscription) bool { return s.Offer == offer }), func(in *rating.Input) {
		in.Mappings.Services = keep(in.Mappings.Services, func(s billing.ServiceMapping) bool { return !isOffer(s) })
		if id != "" {
			in.Mappings.Services = append(in.Mappings.Services, billing.ServiceMapping{Offer: offer, ServiceID: id})
		}
	})
}

// sameAuthority reports whether two rules say who decides the price of the same, so that one takes the place of the other.
func sameAuthority(a, b billing.AuthorityRule) bool {
	return a.CustomerID == b.CustomerID && a.ProductID == b.ProductID
}

// decidedFor finds the customers that a rule of who decides the price is about.
func decidedFor(rule billing.AuthorityRule) concerned {
	if rule.CustomerID == "" {
		return everybody
	}
	return only(rule.CustomerID)
}

// ReviewAuthority says what it would change to save who decides the price.
func (e *Engine) ReviewAuthority(ctx context.Context, org store.Organization, rule billing.AuthorityRule) (Consequence, error) {
	return e.consequence(ctx, org, decidedFor(rule), func(in *rating.Input) {
		in.Mappings.Authorities = append(keep(in.Mappings.Authorities, func(a billing.AuthorityRule) bool { return !sameAuthority(a, rule) }), rule)
	})
}

// ReviewAuthorityRemoval says what it would change to remove such a rule; the next wider one then decides, or Spindle.
func (e *Engine) ReviewAuthorityRemoval(ctx context.Context, org store.Organization, rule billing.AuthorityRule) (Consequence, error) {
	m, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return Consequence{}, err
	}
	if !slices.ContainsFunc(m.Authorities, func(a billing.AuthorityRule) bool { return sameAuthority(a, rule) }) {
		return Consequence{}, fault.NotFoundf("there is no such exception any more").Do("spindle services list shows who decides which price")
	}
	return e.consequence(ctx, org, decidedFor(rule), func(in *rating.Input) {
		in.Mappings.Authorities = keep(in.Mappings.Authorities, func(a billing.AuthorityRule) bool { return !sameAuthority(a, rule) })
	})
}

// ReviewPriceRule says what it would change to save a new price rule. A rule whose value makes no price is a fault of kind invalid.
func (e *Engine) ReviewPriceRule(ctx context.Context, org store.Organization, r billing.PriceRule) (Consequence, error) {
	r, err := e.checkPriceRule(ctx, org, r)
	if err != nil {
		return Consequence{}, err
	}
	return e.consequence(ctx, org, priced(r), func(in *rating.Input) {
		added := r
		added.ID = NewRule
		in.Mappings.Prices = append(slices.Clone(in.Mappings.Prices), added)
	})
}

// ReviewRuleRemoval says what it would change to remove a price rule.
func (e *Engine) ReviewRuleRemoval(ctx context.Context, org store.Organization, id string) (Consequence, error) {
	m, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return Consequence{}, err
	}
	isRule := func(r billing.PriceRule) bool { return r.ID == id }
	if !slices.ContainsFunc(m.Prices, isRule) {
		return Consequence{}, fault.NotFoundf("there is no price rule %q", id).Do("spindle prices list shows the rules")
	}
	return e.consequence(ctx, org, priced(billing.PriceRule{ID: id}), func(in *rating.Input) {
		in.Mappings.Prices = keep(in.Mappings.Prices, func(r billing.PriceRule) bool { return !isRule(r) })
	})
}

// ReviewMicrosoft gives the Partner Center account that a connection to another one would replace, and what it would change that everything
// the old one listed is gone. before is empty when nothing is replaced.
func (e *Engine) ReviewMicrosoft(ctx context.Context, org store.Organization, tenant string) (before string, effect Consequence, err error) {
	stored, err := e.Store.Connection(ctx, org.ID, systemMicrosoft)
	if fault.Is(err, fault.KindNotFound) {
		return "", effect, nil
	}
	if err != nil {
		return "", effect, err
	}
	var old MicrosoftConfig
	if err := json.Unmarshal(stored.Config, &old); err != nil {
		return "", effect, fault.Newf(fault.KindInternal, "decode the %s connection: %w", systemMicrosoft, err)
	}
	if strings.EqualFold(old.TenantID, tenant) {
		return "", effect, nil
	}
	effect, err = e.consequence(ctx, org, everybody, func(in *rating.Input) {
		in.Directory.Azure = nil
		in.Directory.Subscriptions = keep(in.Directory.Subscriptions, func(s billing.Subscription) bool { return s.Kind == billing.CustomService })
	})
	return old.TenantID, effect, err
}
