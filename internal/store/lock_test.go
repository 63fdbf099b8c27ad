package store_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spindle/internal/fault"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

func TestLease(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, address string) {
		now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
		s := storetest.Open(t, store.Options{URL: address, Now: func() time.Time { return now }})
		ctx, org, other := t.Context(), organization(t, s, "Northwind IT"), organization(t, s, "Fabrikam")
		release, err := s.Lock(ctx, org, "one", time.Minute)
		must(t, err)
		for _, holder := range []string{"two", "one"} {
			_, err = s.Lock(ctx, org, holder, time.Minute)
			wantKind(t, err, fault.KindWaitUntil)
			at, _ := fault.RetryAt(err)
			equal(t, at, now.Add(time.Minute))
		}
		_, err = s.Lock(ctx, other, "two", time.Minute) // each organization has its own
		must(t, err)

		now = now.Add(59 * time.Second)
		must(t, s.ExtendLock(ctx, org, "one", time.Minute))
		wantKind(t, s.ExtendLock(ctx, org, "two", time.Minute), fault.KindStale)
		now = now.Add(59 * time.Second)
		_, err = s.Lock(ctx, org, "two", time.Minute)
		wantKind(t, err, fault.KindWaitUntil)

		now = now.Add(time.Second) // run out
		wantKind(t, s.ExtendLock(ctx, org, "one", time.Minute), fault.KindStale)
		release2, err := s.Lock(ctx, org, "two", time.Minute)
		must(t, err)
		release() // too late: it is another's
		_, err = s.Lock(ctx, org, "three", time.Minute)
		wantKind(t, err, fault.KindWaitUntil)
		release2()
		_, err = s.Lock(ctx, org, "three", time.Minute)
		must(t, err)
		_, err = s.Lock(ctx, org, "four", 0)
		wantKind(t, err, fault.KindInvalid)
	})
}

func TestLeaseIsGivenBackAfterItsContextEnded(t *testing.T) {
	s := storetest.New(t)
	org := organization(t, s, "Northwind IT")
	ctx, cancel := contextWithCancel(t)
	release, err := s.Lock(ctx, org, "one", time.Hour)
	must(t, err)
	cancel()
	release()
	_, err = s.Lock(t.Context(), org, "two", time.Hour)
	must(t, err)
}

func TestLeaseOfADeadHolderCanBeBroken(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, address string) {
		now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
		s := storetest.Open(t, store.Options{URL: address, Now: func() time.Time { return now }})
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		_, err := s.Lock(ctx, org, "dead", time.Hour)
		must(t, err)
		holder, until, err := s.LockHolder(ctx, org)
		must(t, err)
		equal(t, holder, "dead")
		equal(t, until, now.Add(time.Hour))
		wantKind(t, s.BreakLock(ctx, org, "other", "ann"), fault.KindConflict)
		must(t, s.BreakLock(ctx, org, "dead", "ann"))
		wantKind(t, s.ExtendLock(ctx, org, "dead", time.Hour), fault.KindStale)
		_, err = s.Lock(ctx, org, "alive", time.Hour)
		must(t, err)
		entries, err := s.Audit(ctx, org, store.AuditFilter{Action: "lease.broken"})
		must(t, err)
		equal(t, len(entries), 1)
		now = now.Add(time.Hour)
		holder, until, err = s.LockHolder(ctx, org)
		must(t, err)
		equal(t, holder, "")
		equal(t, until, time.Time{})
	})
}

func TestOnlyOneGetsTheLease(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, address string) {
		stores := []*store.Store{storetest.Open(t, store.Options{URL: address}), storetest.Open(t, store.Options{URL: address})}
		org := organization(t, stores[0], "Northwind IT")
		var won atomic.Int64
		var racers sync.WaitGroup
		for i := range 8 {
			racers.Go(func() {
				_, err := stores[i%2].Lock(t.Context(), org, "same name", time.Hour)
				if err == nil {
					won.Add(1)
				} else if !fault.Is(err, fault.KindWaitUntil) {
					t.Error(err)
				}
			})
		}
		racers.Wait()
		equal(t, won.Load(), int64(1))
	})
}
