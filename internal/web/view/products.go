package view

import (
	"spindle/internal/billing"
	"spindle/internal/engine"
)

// Products lists what customers hold and the services of Autotask that it is billed as.
type Products struct {
	List   List
	Rows   []engine.OfferService
	States map[engine.OfferState]int
	All    int // products whatever their state
}

// Product is the page of one product.
type Product struct {
	Offer       engine.OfferService
	List        List              // with the search among the services
	Services    []billing.Service // of Autotask, to choose from
	Service     Field
	Authorities []AuthorityRow // who decides its prices, where somebody said so for it
	Customer    Field          // of the form about that
}

// AuthorityRow is who decides the price of a product, for all customers or one.
type AuthorityRow struct {
	Rule     billing.AuthorityRule
	Customer string // its name; "" for all
}

// For says whom the decision is for.
func (a AuthorityRow) For() string {
	if a.Customer == "" {
		return "every customer"
	}
	return a.Customer
}

// offerStates are the states of products in the order of a filter: what needs somebody first.
func offerStates() []engine.OfferState {
	return []engine.OfferState{engine.OfferMissing, engine.OfferInactive, engine.OfferPeriod, engine.OfferMapped, engine.OfferCreated, engine.OfferPending, engine.OfferNone,
		engine.OfferUnchecked}
}

// offerState says in colour and words where a product stands.
func offerState(s engine.OfferState) (Tone, string) {
	switch s {
	case engine.OfferMapped:
		return Good, "chosen by you"
	case engine.OfferCreated:
		return Good, "created by Spindle"
	case engine.OfferPending:
		return Info, "created when needed"
	case engine.OfferInactive:
		return Bad, "inactive in Autotask"
	case engine.OfferMissing:
		return Bad, "gone from Autotask"
	case engine.OfferPeriod:
		return Bad, "wrong billing period"
	case engine.OfferNone:
		return Off, "billed by charges"
	}
	return Off, "not checked"
}

// offerNote says what the state of a product means and what to do about it.
func offerNote(o engine.OfferService) string {
	switch o.State {
	case engine.OfferMapped:
		return "Its lines use this service. Prices and quantities are set on the contracts; the service itself is left alone."
	case engine.OfferCreated:
		return "Spindle created this service and uses it for every customer."
	case engine.OfferPending:
		return "There is no service yet. The first line that needs one creates it, unless you choose an existing one below."
	case engine.OfferInactive:
		return "Its lines are held. Activate the service in Autotask, or choose another below."
	case engine.OfferMissing:
		return "Its lines are held. Choose another service below, or let Spindle create one."
	case engine.OfferPeriod:
		return "Its lines are held: Microsoft charges it " + string(o.Offer.Frequency) + ", and the service is billed in another period. Choose a " + string(OfferPeriod(o.Offer)) + " service."
	case engine.OfferNone:
		return "Autotask has no such billing period, so what Microsoft bills becomes charges, and no service is needed."
	}
	return "Autotask was never read, so nothing is known of its services."
}

// OfferPeriod is the period type that a service needs for an offer.
func OfferPeriod(o billing.Offer) billing.PeriodType {
	if o.Frequency == billing.Annual {
		return billing.PeriodYear
	}
	return billing.PeriodMonth
}

// serviceName names the service of a product; one that Spindle has created since Autotask was read is called as the product.
func serviceName(o engine.OfferService) string {
	if o.Service == "" {
		return o.Name
	}
	return o.Service
}

// hasService reports whether a product is billed as a service at all.
func hasService(o engine.OfferService) bool { return o.State != engine.OfferNone }

// AuthorityQuestion asks before somebody else decides the prices of a product or customer.
func AuthorityQuestion(a billing.PriceAuthority, of string) string {
	if a == billing.AutotaskPrices {
		return "Let Autotask decide the prices of " + of + "?"
	}
	return "Let Spindle's rules decide the prices of " + of + "?"
}
