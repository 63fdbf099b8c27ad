package engine

import (
	"context"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/store"
)

// OfferState says where an offer stands with the target's catalogue. Printed for machines: never renamed.
type OfferState string

// The states of an offer.
const (
	OfferMapped    OfferState = "mapped"       // an operator chose the service, and it is active
	OfferCreated   OfferState = "created"      // Spindle created the service, and it is active
	OfferPending   OfferState = "not-created"  // there is no service yet; the first line that needs one creates it
	OfferInactive  OfferState = "inactive"     // the service is inactive in the target
	OfferMissing   OfferState = "missing"      // the service is not in the target any more
	OfferPeriod    OfferState = "wrong-period" // the service is billed in another period than the offer is charged
	OfferNone      OfferState = "no-service"   // the target has no such period: what Microsoft bills becomes charges
	OfferUnchecked OfferState = "unchecked"    // the target was never read
)

// OfferService is an offer that customers hold, and the service it is billed as.
type OfferService struct {
	Offer     billing.Offer
	Name      string
	Kind      billing.SubscriptionKind
	ServiceID billing.ServiceID // empty: none yet
	Service   string            // its name in the target, as far as known
	State     OfferState
	Mapped    bool  // an operator chose the service, whatever became of it
	Holders   int   // customers that hold it
	Held      int   // subscriptions and custom services of them
	Units     int64 // of all of these
}

// OfferList is what OfferServices gives.
type OfferList struct {
	Offers []OfferService // in the order of the directory
	Custom []store.CustomService
	Unread error // why the target could not be read now; what is shown of it was read before
}

// OfferServices lists the licences and custom services that customers hold, each with the service it is billed as and whether that stands in
// the target, which is read for it.
func (e *Engine) OfferServices(ctx context.Context, org store.Organization) (OfferList, error) {
	var list OfferList
	catalogue, err := e.RefreshCatalogue(ctx, org)
	found := err == nil
	if err != nil {
		if !fault.Is(err, fault.KindNotFound) { // without credentials there is nothing to read
			list.Unread = err
		}
		if catalogue, found, err = e.Store.Catalogue(ctx, org.ID); err != nil {
			return list, err
		}
	}
	if list.Custom, err = e.Store.CustomServices(ctx, org.ID); err != nil {
		return list, err
	}
	list.Offers, err = e.offers(ctx, org, offerIndex{services: catalogue.Services, read: found, earlier: list.Unread != nil})
	return list, err
}

// OffersKnown lists offers as OfferServices does, with the target as it was read last. What was worked out is kept until something is written
// for the organization.
func (e *Engine) OffersKnown(ctx context.Context, org store.Organization) ([]OfferService, error) {
	writes, err := e.Store.Writes(ctx, org.ID)
	if err != nil {
		return nil, err
	}
	return e.offered.of(org.ID, writes, func() ([]OfferService, error) {
		catalogue, found, err := e.Store.Catalogue(ctx, org.ID)
		if err != nil {
			return nil, err
		}
		return e.offers(ctx, org, offerIndex{services: catalogue.Services, read: found, earlier: true})
	})
}

// OfferKnown is the one of OffersKnown with a text such as CFQ7TTC07DHZ:0001:P1Y:monthly.
func (e *Engine) OfferKnown(ctx context.Context, org store.Organization, text string) (OfferService, error) {
	all, err := e.OffersKnown(ctx, org)
	if err != nil {
		return OfferService{}, err
	}
	i := slices.IndexFunc(all, func(o OfferService) bool { return o.Offer.String() == text })
	if i < 0 {
		return OfferService{}, fault.NotFoundf("there is no product %q that a customer holds", text).Do("spindle services list shows them")
	}
	return all[i], nil
}

// offers lists what customers hold in the order of the directory; of is what is known of the target's services.
func (e *Engine) offers(ctx context.Context, org store.Organization, of offerIndex) ([]OfferService, error) {
	directory, err := e.Store.Directory(ctx, org.ID)
	if err != nil {
		return nil, err
	}
	mappings, err := e.Store.Mappings(ctx, org.ID)
	if err != nil {
		return nil, err
	}
	if of.memory, err = e.Store.Memory(ctx, org.ID); err != nil {
		return nil, err
	}
	if of.names, err = e.Store.ServiceNames(ctx, org.ID); err != nil {
		return nil, err
	}
	of.mapped = map[billing.Offer]billing.ServiceMapping{}
	for _, m := range mappings.Services {
		of.mapped[m.Offer] = m
	}
	return of.list(directory.Subscriptions), nil
}

// offerIndex is what is known of services.
type offerIndex struct {
	mapped   map[billing.Offer]billing.ServiceMapping
	memory   plan.Memory
	names    map[string]string // of the services that Spindle created, by mark: what it called them
	services []billing.Service
	read     bool
	earlier  bool // the services are as they were read last: what Spindle has created since is not among them
}

// list gives each offer among the subscriptions once, with how much of it is held.
func (x offerIndex) list(subscriptions []billing.Subscription) []OfferService {
	var all []OfferService
	places := map[billing.Offer]int{}
	holders := map[billing.Offer]map[billing.CustomerID]bool{}
	for _, sub := range subscriptions {
		if sub.Kind != billing.Licence && sub.Kind != billing.CustomService {
			continue
		}
		at, seen := places[sub.Offer]
		if !seen {
			at = len(all)
			places[sub.Offer], holders[sub.Offer] = at, map[billing.CustomerID]bool{}
			all = append(all, x.service(sub))
		}
		holders[sub.Offer][sub.CustomerID] = true
		all[at].Held++
		all[at].Units += sub.Quantity
		all[at].Holders = len(holders[sub.Offer])
	}
	return all
}

func (x offerIndex) service(sub billing.Subscription) OfferService {
	s := OfferService{Offer: sub.Offer, Name: sub.Name, Kind: sub.Kind}
	if sub.Offer.Frequency != billing.Monthly && sub.Offer.Frequency != billing.Annual {
		s.State = OfferNone
		return s
	}
	mapping, mapped := x.mapped[sub.Offer]
	s.ServiceID, s.Service, s.State = mapping.ServiceID, mapping.Name, OfferMapped
	s.Mapped = mapped
	mark := billing.ServiceMark(sub.Offer)
	if !mapped {
		s.ServiceID, s.State = x.memory.Services[mark], OfferCreated
		s.Service = x.names[mark]
	}
	service, found := x.find(s.ServiceID, mark, mapped)
	switch {
	case found:
		s.ServiceID, s.Service = service.ID, service.Name
		if !service.Active {
			s.State = OfferInactive
		} else if service.PeriodType != periodOf(sub.Offer.Frequency) {
			s.State = OfferPeriod
		}
	case s.ServiceID == "":
		s.State = OfferPending
	case x.earlier && !mapped:
	case x.read:
		s.State = OfferMissing
	default:
		s.State = OfferUnchecked
	}
	return s
}

// find gives the service with an id; without a mapping also the one that carries the offer's mark.
func (x offerIndex) find(id billing.ServiceID, mark string, mapped bool) (found billing.Service, ok bool) {
	for _, s := range x.services {
		if id != "" && s.ID == id {
			return s, true
		}
		if !mapped && s.Mark == mark && !ok {
			found, ok = s, true
		}
	}
	return found, ok
}
