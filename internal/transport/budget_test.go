package transport

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"spindle/internal/fault"
)

func hourly(calls int, ledger Ledger) *Budget {
	return &Budget{Limits: Limits{Calls: calls, Window: time.Hour}, Ledger: ledger}
}

func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := hourly(100, MemoryLedger())
		budget.SlowPause = time.Second
		stack := New(Options{Base: &script{answers: []any{200}}, Budget: budget})
		start := time.Now()
		for i := range 70 {
			if _, err := stack.RoundTrip(newRequest(t.Context(), "GET")); err != nil {
				t.Fatalf("call %d: %v", i, err)
			}
		}
		if got := time.Since(start); got != 20*time.Second {
			t.Errorf("calls beyond half of the limit took %s, want 20s", got)
		}
		_, err := stack.RoundTrip(newRequest(t.Context(), "POST"))
		at, ok := fault.RetryAt(err)
		if !ok || at.Before(start.Add(time.Hour)) || at.After(start.Add(62*time.Minute)) {
			t.Fatalf("stopped with %v until %v", err, at)
		}
		if _, err := stack.RoundTrip(newRequest(WithoutBudget(t.Context()), "GET")); err != nil {
			t.Errorf("the vendor's counter cannot be read: %v", err)
		}
		time.Sleep(time.Until(at))
		if _, err := stack.RoundTrip(newRequest(t.Context(), "GET")); err != nil {
			t.Errorf("at the promised time: %v", err)
		}
	})
}

func used(t *testing.T, b *Budget) int {
	t.Helper()
	a, err := b.Ledger.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b.Used(a, time.Now())
}

func TestBudgetCountsOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := hourly(100, MemoryLedger())
		_, _ = budget.Take(t.Context())
		_ = budget.Observe(t.Context(), 80, 0)
		if n := used(t, budget); n != 80 {
			t.Errorf("used %d, want 80", n)
		}
		_, err := budget.Take(t.Context())
		at, ok := fault.RetryAt(err)
		if !ok || !at.Equal(time.Now().Add(5*time.Minute)) {
			t.Fatalf("got %v until %v, want the next look at the counter", err, at)
		}
		if due, err := budget.LookDue(t.Context()); due || err != nil {
			t.Errorf("just looked, due %v, %v", due, err)
		}
		time.Sleep(time.Until(at))
		if due, err := budget.LookDue(t.Context()); !due || err != nil {
			t.Errorf("after the wait, due %v, %v", due, err)
		}
		_ = budget.Observe(t.Context(), 3, 0)
		if n := used(t, budget); n != 3 {
			t.Errorf("used %d, want 3", n)
		}
		if _, err := budget.Take(t.Context()); err != nil {
			t.Errorf("others have left room: %v", err)
		}
		time.Sleep(61 * time.Minute)
		if n := used(t, budget); n != 0 {
			t.Errorf("used %d after the window, want 0", n)
		}
	})
}

// TestBudgetTakesTheVendorsLimit: a tenant whose threshold differs from the documented one.
func TestBudgetTakesTheVendorsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := hourly(10_000, MemoryLedger())
		_ = budget.Observe(t.Context(), 0, 10)
		granted := 0
		for ; granted < 100; granted++ {
			if _, err := budget.Take(t.Context()); err != nil {
				break
			}
		}
		if granted != 7 {
			t.Errorf("%d calls of a limit of 10 granted, want 7", granted)
		}
	})
}

// TestBudgetShare: the share is a setting.
func TestBudgetShare(t *testing.T) {
	for share, want := range map[int]int{0: 70, 25: 25, 100: 100} {
		budget := hourly(100, MemoryLedger())
		budget.StopShare = share
		granted := 0
		for ; granted <= 100; granted++ {
			if _, err := budget.Take(t.Context()); err != nil {
				break
			}
		}
		if granted != want {
			t.Errorf("share %d: %d calls granted, want %d", share, granted, want)
		}
	}
}

// counting counts the writes to a ledger.
type counting struct {
	Ledger
	writes int
}

func (c *counting) Update(ctx context.Context, change func(*Account)) error {
	c.writes++
	return c.Ledger.Update(ctx, change)
}

// TestBudgetWritesRarely: few calls write to the ledger, at full speed and at the pace from half of the limit on.
func TestBudgetWritesRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger := &counting{Ledger: MemoryLedger()}
		budget := hourly(10_000, ledger)
		for range 7000 {
			pause, err := budget.Take(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(pause)
		}
		if ledger.writes > 70 {
			t.Errorf("%d writes for 7000 calls, want at most 1 %%", ledger.writes)
		}
	})
}

func TestBudgetReturnsWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger := MemoryLedger()
		first, second := hourly(10_000, ledger), hourly(10_000, ledger)
		for range 3 {
			_, _ = first.Take(t.Context())
		}
		if n := used(t, second); n != 200 {
			t.Errorf("%d used while a block is held, want 200", n)
		}
		if err := errors.Join(first.Return(t.Context()), first.Return(t.Context())); err != nil {
			t.Fatal(err)
		}
		if n := used(t, second); n != 3 {
			t.Errorf("%d used, want the 3 that were made", n)
		}
		// A slot later the rest of a block goes back with the next one.
		_, _ = first.Take(t.Context())
		time.Sleep(2 * time.Minute)
		_, _ = first.Take(t.Context())
		_ = first.Return(t.Context())
		if n := used(t, second); n != 5 {
			t.Errorf("%d used, want 5", n)
		}
	})
}

// TestObserveDoesNotTakeHeldCallsForOthers: blocks that another process holds are not calls the vendor saw.
func TestObserveDoesNotTakeHeldCallsForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger := MemoryLedger()
		first, second := hourly(10_000, ledger), hourly(10_000, ledger)
		for range 10 {
			_, _ = first.Take(t.Context())
			_, _ = second.Take(t.Context())
		}
		_ = first.Observe(t.Context(), 1020, 10_000)
		// 20 are ours, 1000 others'. Of the second's block of 200 nobody knows yet which were made: they count twice for a while.
		if n := used(t, first); n != 10+200+1010 {
			t.Errorf("used %d, want 1220", n)
		}
		_ = errors.Join(second.Return(t.Context()), first.Observe(t.Context(), 1020, 10_000))
		if n := used(t, first); n != 1020 {
			t.Errorf("used %d, want what the vendor says", n)
		}
	})
}

// failing loses the outcome of an update: it happened, and the caller is told that it did not.
type failing struct {
	Ledger
	fail bool
}

func (f *failing) Update(ctx context.Context, change func(*Account)) error {
	err := f.Ledger.Update(ctx, change)
	if f.fail {
		return errors.New("connection lost")
	}
	return err
}

func TestLostLedgerAnswerGivesNothingBackTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger := &failing{Ledger: MemoryLedger()}
		budget := hourly(10_000, ledger)
		_, _ = budget.Take(t.Context())
		time.Sleep(time.Minute)
		ledger.fail = true
		if _, err := budget.Take(t.Context()); err == nil {
			t.Fatal("a call was granted without the ledger")
		}
		ledger.fail = false
		for range 150 {
			_, _ = budget.Take(t.Context())
		}
		_ = budget.Return(t.Context())
		if n := used(t, budget); n < 151 || n > 351 {
			t.Errorf("used %d, want the 151 made and at most the block whose answer was lost", n)
		}
	})
}

// TestAClockSetBackDoesNotBlock: slots of a practice day in the future do not count today.
func TestAClockSetBackDoesNotBlock(t *testing.T) {
	now := time.Date(2026, 12, 10, 9, 0, 0, 0, time.UTC)
	budget := hourly(100, MemoryLedger())
	budget.Now = func() time.Time { return now }
	for range 70 {
		_, _ = budget.Take(t.Context())
	}
	_ = budget.Observe(t.Context(), 90, 100)
	now = now.AddDate(0, -1, 0)
	if _, err := budget.Take(t.Context()); err != nil {
		t.Errorf("a month earlier: %v", err)
	}
}

// TestBudgetsTogetherNeverExceedTheLimit: several processes on one ledger, calling, pausing, dying and coming back, are never granted
// more in any window than the share allows, and always go on by the time they were told.
func TestBudgetsTogetherNeverExceedTheLimit(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		limit := rapid.SampledFrom([]int{7, 100, 1000, 10_000}).Draw(rt, "limit")
		seed := rapid.Uint64().Draw(rt, "seed")
		random := rand.New(rand.NewPCG(seed, 1))
		now := time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC)
		ledger := MemoryLedger()
		start := func() *Budget {
			b := hourly(limit, ledger)
			b.Now = func() time.Time { return now }
			return b
		}
		budgets := []*Budget{start(), start(), start()}
		var grants []time.Time
		for range 60 {
			now = now.Add(time.Duration(random.IntN(int(4 * time.Minute))))
			i := random.IntN(len(budgets))
			switch random.IntN(10) {
			case 0:
				budgets[i] = start() // it was killed
			case 1:
				_ = budgets[i].Return(t.Context())
			}
			for range random.IntN(limit / 2) {
				_, err := budgets[i].Take(t.Context())
				if err != nil {
					if at, ok := fault.RetryAt(err); !ok || at.Before(now) || at.After(now.Add(61*time.Minute)) {
						rt.Fatalf("stopped until %s at %s: %v", at, now, err)
					}
					break
				}
				grants = append(grants, now)
			}
		}
		for i, at := range grants {
			end, _ := slices.BinarySearchFunc(grants, at.Add(time.Hour), time.Time.Compare)
			if n := end - i; n > limit*70/100 {
				rt.Fatalf("%d calls granted in the hour from %s, the share is %d", n, at, limit*70/100)
			}
		}
	})
}
