package engine

import (
	"testing"

	"spindle/internal/billing"
	"spindle/internal/plan"
)

// TestOfferStates: what is said of an offer's service is what stands in the catalogue, never what once was.
func TestOfferStates(t *testing.T) {
	monthly := billing.Offer{ProductID: "CFQ7TTC07DHZ", SKUID: "0001", Term: "P1Y", Frequency: billing.Monthly}
	triennial := billing.Offer{ProductID: "CFQ7TTC07DHZ", SKUID: "0001", Term: "P3Y", Frequency: billing.Triennial}
	mark := billing.ServiceMark(monthly)
	service := func(edit func(*billing.Service)) []billing.Service {
		s := billing.Service{ID: "20", Name: "Premium", PeriodType: billing.PeriodMonth, Active: true}
		edit(&s)
		return []billing.Service{{ID: "19", Name: "Other", Active: true}, s}
	}
	same := func(*billing.Service) {}
	remembers, names := plan.Memory{Services: map[string]billing.ServiceID{mark: "20"}}, map[string]string{mark: "As we called it"}
	maps := map[billing.Offer]billing.ServiceMapping{monthly: {Offer: monthly, ServiceID: "20", Name: "As it was called"}}
	for _, test := range []struct {
		name  string
		offer billing.Offer
		index offerIndex
		want  OfferService
	}{
		{"nothing yet", monthly, offerIndex{read: true, services: service(same)}, OfferService{State: OfferPending}},
		{"created, remembered", monthly, offerIndex{read: true, memory: remembers, services: service(same)}, OfferService{ServiceID: "20", Service: "Premium", State: OfferCreated}},
		{"created, known by its mark", monthly, offerIndex{read: true, services: service(func(s *billing.Service) { s.Mark = mark })},
			OfferService{ServiceID: "20", Service: "Premium", State: OfferCreated}},
		{"created and deleted", monthly, offerIndex{read: true, memory: remembers, names: names}, OfferService{ServiceID: "20", Service: "As we called it", State: OfferMissing}},
		{"created by an earlier version, and deleted", monthly, offerIndex{read: true, memory: remembers}, OfferService{ServiceID: "20", State: OfferMissing}},
		{"created, under its name of today", monthly, offerIndex{read: true, memory: remembers, names: names, services: service(same)},
			OfferService{ServiceID: "20", Service: "Premium", State: OfferCreated}},
		{"created since Autotask was read", monthly, offerIndex{read: true, earlier: true, memory: remembers, names: names},
			OfferService{ServiceID: "20", Service: "As we called it", State: OfferCreated}},
		{"chosen and deleted, as Autotask was read last", monthly, offerIndex{read: true, earlier: true, mapped: maps}, OfferService{ServiceID: "20", Service: "As it was called", State: OfferMissing}},
		{"created and switched off", monthly, offerIndex{read: true, memory: remembers, services: service(func(s *billing.Service) { s.Active = false })},
			OfferService{ServiceID: "20", Service: "Premium", State: OfferInactive}},
		{"chosen, under its name of today", monthly, offerIndex{read: true, mapped: maps, services: service(same)}, OfferService{ServiceID: "20", Service: "Premium", State: OfferMapped}},
		{"chosen and deleted", monthly, offerIndex{read: true, mapped: maps}, OfferService{ServiceID: "20", Service: "As it was called", State: OfferMissing}},
		{"chosen, billed yearly", monthly, offerIndex{read: true, mapped: maps, services: service(func(s *billing.Service) { s.PeriodType = billing.PeriodYear })},
			OfferService{ServiceID: "20", Service: "Premium", State: OfferPeriod}},
		{"chosen, Autotask never read", monthly, offerIndex{mapped: maps}, OfferService{ServiceID: "20", Service: "As it was called", State: OfferUnchecked}},
		{"no such period", triennial, offerIndex{read: true, mapped: maps}, OfferService{State: OfferNone}},
	} {
		test.want.Offer = test.offer
		if _, chosen := test.index.mapped[test.offer]; chosen {
			test.want.Mapped = true
		}
		if got := test.index.service(billing.Subscription{Offer: test.offer}); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

// TestOffersAreCounted: an offer is listed once, with the customers, subscriptions and units that hold it; what is billed by charges is not.
func TestOffersAreCounted(t *testing.T) {
	monthly := billing.Offer{ProductID: "P1", SKUID: "0001", Term: "P1Y", Frequency: billing.Monthly}
	annual := billing.Offer{ProductID: "P1", SKUID: "0001", Term: "P1Y", Frequency: billing.Annual}
	got := offerIndex{}.list([]billing.Subscription{
		{ID: "s1", CustomerID: "a", Kind: billing.Licence, Offer: monthly, Quantity: 5},
		{ID: "s2", CustomerID: "a", Kind: billing.Licence, Offer: annual, Quantity: 1},
		{ID: "s3", CustomerID: "a", Kind: billing.Licence, Offer: monthly, Quantity: 2},
		{ID: "s4", CustomerID: "b", Kind: billing.Licence, Offer: monthly, Quantity: 4},
		{ID: "s5", CustomerID: "b", Kind: billing.AzurePlan, Offer: billing.Offer{ProductID: "AZ"}, Quantity: 1}})
	if len(got) != 2 || got[0].Offer != monthly || got[0].Holders != 2 || got[0].Held != 3 || got[0].Units != 11 {
		t.Errorf("%+v", got)
	}
	if len(got) == 2 && (got[1].Offer != annual || got[1].Holders != 1 || got[1].Held != 1 || got[1].Units != 1) {
		t.Errorf("%+v", got[1])
	}
}
