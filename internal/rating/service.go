package rating

import (
	"fmt"

	"spindle/internal/billing"
	"spindle/internal/money"
)

const (
	serviceNameMax        = 100 // one client caps catalogue names there (Autotask sheet §5.3)
	serviceDescriptionMax = 400
)

// periodOf gives the target's period for a charge frequency; ok is false when the target has none: three years, one-time, metered.
func periodOf(f billing.Frequency) (period billing.PeriodType, ok bool) {
	switch f {
	case billing.Monthly:
		return billing.PeriodMonth, true
	case billing.Annual:
		return billing.PeriodYear, true
	}
	return "", false
}

// assigned is the catalogue service of an offer.
type assigned struct {
	ref    billing.Ref
	blocks []block
	gone   bool // the mapped service cannot be used at all
	new    bool // no mapping: a service that Spindle creates
}

// service gives the mapped service of an offer, checked, or one that Spindle creates.
func (r *rater) service(s billing.Subscription, period billing.PeriodType) assigned {
	mapping, mapped := r.decisions.services[s.Offer]
	if !mapped {
		as := assigned{ref: billing.Ref{Mark: billing.ServiceMark(s.Offer)}, new: true}
		as.blocks = settingsBlock("new services", "a billing code for services (service allocation)", r.in.Settings.ServiceCodeID)
		return as
	}
	as, name := assigned{ref: billing.Ref{ID: string(mapping.ServiceID)}}, r.offerName(s)
	switch service := r.catalogue.services[mapping.ServiceID]; {
	case !service.Active: // nor is one that is not there
		as.gone = true
		as.blocks = []block{r.offerBlock(HoldService, billing.FindingServiceGone, s.Offer,
			fmt.Sprintf("service %s, chosen for %s, is missing or inactive in the target", called(string(mapping.ServiceID), mapping.Name), name),
			"choose another service for the offer, or make the service active again")}
	case service.PeriodType != period:
		as.blocks = []block{r.offerBlock(HoldPeriodType, billing.FindingPeriodMismatch, s.Offer,
			fmt.Sprintf("service %s is billed %s but %s is charged %s", called(string(service.ID), service.Name), service.PeriodType, name, period),
			fmt.Sprintf("choose a %s service for the offer, or remove the mapping so that Spindle creates one", period))}
	}
	return as
}

func (r *rater) offerBlock(policy string, kind billing.FindingKind, o billing.Offer, why, remedy string) block {
	return block{billing.Hold{Policy: policy, Why: why, Blocks: true}, billing.Finding{Kind: kind, Subject: o.String(), Message: why, Remedy: remedy}}
}

// settingsBlock holds what a missing billing code makes impossible.
func settingsBlock(what, setting string, code billing.BillingCodeID) []block {
	if code != "" {
		return nil
	}
	why := fmt.Sprintf("%s need %s, which is not set", what, setting)
	return []block{{
		billing.Hold{Policy: HoldSettings, Why: why, Blocks: true},
		billing.Finding{Kind: billing.FindingSettings, Subject: what, Message: why, Remedy: "set it in the Autotask settings"},
	}}
}

// offerName names an offer as clerks know it: "Microsoft 365 Business Premium (P1Y, monthly)".
func (r *rater) offerName(s billing.Subscription) string {
	known := offerCalled{s.Offer, s.Name}
	name, found := r.offerNames[known]
	if !found {
		name = r.nameOffer(s)
		r.offerNames[known] = name
	}
	return name
}

// offerCalled is what the name of an offer is made from.
type offerCalled struct {
	offer billing.Offer
	name  string
}

func (r *rater) nameOffer(s billing.Subscription) string {
	suffix := fmt.Sprintf(" (%s)", s.Offer.Frequency)
	if s.Offer.Term != "" {
		suffix = fmt.Sprintf(" (%s, %s)", s.Offer.Term, s.Offer.Frequency)
	}
	return clip(r.plainName(s), serviceNameMax-len([]rune(suffix))) + suffix
}

// plainName is the name of what was bought: as billed, as the directory calls it, else its ids.
func (r *rater) plainName(s billing.Subscription) string {
	if name := r.costs.productName(s.Offer); name != "" {
		return name
	}
	if s.Name != "" {
		return s.Name
	}
	return s.Offer.ProductID + ":" + s.Offer.SKUID
}

// wantService records the catalogue service that an unmapped offer needs. Its standard price follows the rules that hold for every
// customer; the price of a contract is always set on the contract.
func (r *rater) wantService(s billing.Subscription, period billing.PeriodType, cost unitCost) {
	mark := billing.ServiceMark(s.Offer)
	if _, known := r.services[mark]; known {
		return
	}
	currency := r.internalCurrency()
	service := &billing.DesiredService{
		Mark: mark, Offer: s.Offer, Name: r.offerName(s), PeriodType: period,
		Description:   clip(fmt.Sprintf("%s, offer %s", s.Publisher, s.Offer), serviceDescriptionMax),
		BillingCodeID: r.in.Settings.ServiceCodeID, VendorCompanyID: r.in.Settings.VendorCompanyID,
		UnitPrice: money.Of(money.Decimal{}, currency), UnitCost: money.Of(money.Decimal{}, currency),
	}
	if s.Publisher == "" {
		service.Description = clip("Offer "+s.Offer.String(), serviceDescriptionMax)
	}
	if cost.amount != nil && cost.amount.Currency() == currency {
		service.UnitCost = *cost.amount
	}
	rule := r.ruleFor(ruleQuery{priced: priced{product: s.Offer.ProductID, sku: s.Offer.SKUID, day: r.in.Day}})
	if exact, ok := exactPrice(rule, service.UnitCost.Value()); ok && !isForeign(rule, currency) {
		service.UnitPrice = money.Of(r.roundPrice(exact, currency), currency)
	}
	r.services[mark] = service
}
