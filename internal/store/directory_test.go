package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

func subscriptions(ids ...billing.SubscriptionID) billing.Directory {
	var d billing.Directory
	for _, id := range ids {
		d.Subscriptions = append(d.Subscriptions, billing.Subscription{ID: id, CustomerID: "c", Quantity: 1, Status: billing.Active})
	}
	return d
}

func subscriptionIDs(d billing.Directory) string {
	var text string
	for _, s := range d.Subscriptions {
		text += string(s.ID) + " "
	}
	return text
}

func TestWholeReadMarksWhatVanished(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, address string) {
		now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		s := storetest.Open(t, store.Options{URL: address, Now: func() time.Time { return now }})
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		first := subscriptions("s2", "s1")
		first.Customers = []billing.Customer{{ID: "c", Name: "Alder"}}
		must(t, s.SaveDirectory(ctx, org, "partnercenter", first))
		now = now.Add(time.Hour)
		must(t, s.SaveDirectory(ctx, org, "partnercenter", subscriptions("s2")))
		d, err := s.Directory(ctx, org)
		must(t, err)
		equal(t, subscriptionIDs(d), "s2 ")
		equal(t, len(d.Customers), 0)
		gone, err := s.Gone(ctx, org)
		must(t, err)
		equal(t, gone, store.Gone{
			Customers:     []store.GoneCustomer{{Customer: first.Customers[0], At: now}},
			Subscriptions: []store.GoneSubscription{{Subscription: first.Subscriptions[1], At: now}},
		})
		gone1 := now
		now = now.Add(time.Hour) // gone since the first read without it, however many follow
		must(t, s.SaveDirectory(ctx, org, "partnercenter", subscriptions("s2")))
		gone, err = s.Gone(ctx, org)
		must(t, err)
		equal(t, gone.Subscriptions[0].At, gone1)
		must(t, s.SaveDirectory(ctx, org, "partnercenter", first)) // back again
		gone, err = s.Gone(ctx, org)
		must(t, err)
		equal(t, gone, store.Gone{})
		d, err = s.Directory(ctx, org)
		must(t, err)
		equal(t, subscriptionIDs(d), "s1 s2 ")
	})
}

// TestIncompleteReadTakesNothingAway is law 2: half a source looks like a mass cancellation.
func TestIncompleteReadTakesNothingAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		must(t, s.SaveDirectory(ctx, org, "partnercenter", subscriptions("s1", "s2", "s3")))
		half := subscriptions("s2", "s4")
		half.Subscriptions[0].Quantity = 9
		half.Incomplete = []billing.Gap{{CustomerID: "c", What: "subscriptions of Alder", Why: "503"}, {What: "b", Why: "b"}}
		must(t, s.SaveDirectory(ctx, org, "partnercenter", half))
		d, err := s.Directory(ctx, org)
		must(t, err)
		equal(t, subscriptionIDs(d), "s1 s2 s3 s4 ")
		equal(t, d.Subscriptions[1].Quantity, int64(9))
		equal(t, d.Incomplete, half.Incomplete)
		sources, err := s.Sources(ctx, org)
		must(t, err)
		equal(t, sources[0].Complete, false)

		// Another source's whole read does not close the gap of this one.
		must(t, s.SaveCustomServices(ctx, org, store.CustomList{Services: []billing.Subscription{{ID: "x1", Kind: billing.CustomService}}}, "ann"))
		d, err = s.Directory(ctx, org)
		must(t, err)
		equal(t, subscriptionIDs(d), "s1 s2 s3 s4 x1 ")
		equal(t, d.Incomplete, half.Incomplete)

		must(t, s.SaveDirectory(ctx, org, "partnercenter", subscriptions("s2", "s4")))
		d, err = s.Directory(ctx, org)
		must(t, err)
		equal(t, subscriptionIDs(d), "s2 s4 x1 ")
		equal(t, len(d.Incomplete), 0)
	})
}

func TestSourcesAddUpAndTheLatestWins(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, address string) {
		now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		s := storetest.Open(t, store.Options{URL: address, Now: func() time.Time { now = now.Add(time.Second); return now }})
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		named := func(name string) billing.Directory {
			return billing.Directory{Customers: []billing.Customer{{ID: "c", Name: name}}}
		}
		must(t, s.SaveDirectory(ctx, org, "partnercenter", named("live")))
		must(t, s.SaveDirectory(ctx, org, "file", named("from a file")))
		d, err := s.Directory(ctx, org)
		must(t, err)
		equal(t, d.Customers, named("from a file").Customers)
		must(t, s.SaveDirectory(ctx, org, "partnercenter", named("live")))
		d, err = s.Directory(ctx, org)
		must(t, err)
		equal(t, d.Customers, named("live").Customers)
		must(t, s.SaveDirectory(ctx, org, "partnercenter", billing.Directory{})) // the file still lists it: not gone
		d, err = s.Directory(ctx, org)
		must(t, err)
		equal(t, d.Customers, named("from a file").Customers)
		gone, err := s.Gone(ctx, org)
		must(t, err)
		equal(t, gone, store.Gone{})
	})
}

func TestBadDirectoriesAreRefused(t *testing.T) {
	s := storetest.New(t)
	org := organization(t, s, "Northwind IT")
	wantKind(t, s.SaveDirectory(t.Context(), org, "", billing.Directory{}), fault.KindInvalid)
	wantKind(t, s.SaveDirectory(t.Context(), org, "x", subscriptions("")), fault.KindInvalid)
	wantKind(t, s.SaveDirectory(t.Context(), org, "x", billing.Directory{Customers: []billing.Customer{{}}}), fault.KindInvalid)
	wantKind(t, s.SaveDirectory(t.Context(), org, "x", billing.Directory{Azure: []billing.AzureSubscription{{}}}), fault.KindInvalid)
	wantKind(t, s.SaveDirectory(t.Context(), org, "custom", billing.Directory{}), fault.KindInvalid) // it would end every custom service
	d, err := s.Directory(t.Context(), org)
	must(t, err)
	equal(t, d, billing.Directory{})
}

// TestSubscriptionsOfSome: named customers have the subscriptions that they have among all, also where sources differ in whose one is.
func TestSubscriptionsOfSome(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, address string) {
		now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		s := storetest.Open(t, store.Options{URL: address, Now: func() time.Time { return now }})
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		other := organization(t, s, "Southwind IT")
		list := func(org billing.OrganizationID, source string, pairs ...string) {
			now = now.Add(time.Hour)
			d := billing.Directory{Customers: []billing.Customer{{ID: "c1", Name: "Alder"}, {ID: "c2", Name: "Dunmore"}}}
			for _, pair := range pairs {
				id, customer, _ := strings.Cut(pair, " ")
				d.Subscriptions = append(d.Subscriptions, billing.Subscription{ID: billing.SubscriptionID(id), CustomerID: billing.CustomerID(customer), Name: source})
			}
			must(t, s.SaveDirectory(ctx, org, source, d))
		}
		list(org, "old", "s7 c1", "s6 c2", "s5 c1", "s3 c2", "s1 c3")
		list(org, "gone", "s4 c1", "s2 c2")
		list(org, "gone", "s4 c2")
		list(org, "new", "s5 c2", "s3 c1", "s9 c3", "s8 c1")
		list(other, "new", "s1 c1", "s0 c2")
		all, err := s.Directory(ctx, org)
		must(t, err)
		equal(t, subscriptionIDs(all), "s1 s3 s4 s5 s6 s7 s8 s9 ")
		for _, of := range [][]billing.CustomerID{{"c1"}, {"c2"}, {"c3"}, {"c1", "c3"}, {"c3", "c2", "c1"}, {"nobody"}} {
			want := all
			want.Subscriptions = nil
			for _, one := range all.Subscriptions {
				if slices.Contains(of, one.CustomerID) {
					want.Subscriptions = append(want.Subscriptions, one)
				}
			}
			got, err := s.Directory(ctx, org, of...)
			must(t, err)
			if len(want.Subscriptions) == 0 {
				got.Subscriptions = nil
			}
			equal(t, got, want)
		}
		n, err := s.CustomersListed(ctx, org)
		must(t, err)
		equal(t, n, 6) // two by each of three
	})
}
