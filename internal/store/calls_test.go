package store_test

import (
	"sync"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

func TestCallAccounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, at := t.Context(), time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC)
		org, other, third := organization(t, s, "Northwind IT"), organization(t, s, "Fabrikam"), organization(t, s, "Contoso")
		must(t, s.JoinCalls(ctx, org, "zone/1"))
		must(t, s.JoinCalls(ctx, org, "zone/1"))
		must(t, s.JoinCalls(ctx, other, "zone/2"))
		want := store.CallAccount{Limit: 10_000, Others: 12, SeenAt: at, Slots: []store.CallSlot{{at, 7, 3}, {at.Add(time.Minute), 200, 200}}}
		must(t, s.UpdateTenantCalls(ctx, "zone/1", func(a *store.CallAccount) {
			equal(t, *a, store.CallAccount{})
			*a = want
		}))
		must(t, s.UpdateTenantCalls(ctx, "zone/1", func(a *store.CallAccount) {
			equal(t, *a, want)
			a.Slots = a.Slots[1:]
			a.Slots[0].Held = 1
			a.Slots = append(a.Slots, store.CallSlot{Start: at.Add(2 * time.Minute), Taken: 5})
		}))
		want.Slots = []store.CallSlot{{at.Add(time.Minute), 200, 1}, {at.Add(2 * time.Minute), 5, 0}}
		got, err := s.TenantCalls(ctx, "zone/1")
		must(t, err)
		equal(t, got, want)
		got, err = s.OrganizationCalls(ctx, org)
		must(t, err)
		equal(t, got, want)
		for _, stranger := range []billing.OrganizationID{other, third} {
			got, err = s.OrganizationCalls(ctx, stranger)
			must(t, err)
			equal(t, got, store.CallAccount{})
		}
		must(t, s.JoinCalls(ctx, other, "zone/1")) // its API user now belongs to the same tenant
		got, err = s.OrganizationCalls(ctx, other)
		must(t, err)
		equal(t, got, want)
		wantKind(t, s.JoinCalls(ctx, org, ""), fault.KindInvalid)
	})
}

// TestCallAccountsAreChangedOneAfterTheOther: two stores on one database, as two processes have, lose no update.
func TestCallAccountsAreChangedOneAfterTheOther(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, address string) {
		stores := []*store.Store{storetest.Open(t, store.Options{URL: address}), storetest.Open(t, store.Options{URL: address})}
		at := time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC)
		const each = 40
		var wg sync.WaitGroup
		for _, s := range stores {
			for range 2 {
				wg.Go(func() {
					for range each {
						if err := s.UpdateTenantCalls(t.Context(), "zone/1", func(a *store.CallAccount) {
							if len(a.Slots) == 0 {
								a.Slots = []store.CallSlot{{Start: at}}
							}
							a.Slots[0].Taken++
						}); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		wg.Wait()
		got, err := stores[0].TenantCalls(t.Context(), "zone/1")
		must(t, err)
		equal(t, got.Slots, []store.CallSlot{{Start: at, Taken: 4 * each}})
	})
}
