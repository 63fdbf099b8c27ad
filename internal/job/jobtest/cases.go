package jobtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"spindle/internal/fault"
	"spindle/internal/job"
)

func testWork(t *testing.T, can Capabilities, store Store) {
	w := newWorker(nil)
	q := start(t, store, w.setup(t))
	for _, name := range []string{"a", "b", "c"} {
		enqueue(t, q, name)
	}
	seen := map[string]bool{}
	for range 3 {
		seen[receive(t, w.called, "a job")] = true
	}
	if !seen["a"] || !seen["b"] || !seen["c"] {
		t.Errorf("worked %v, want a, b and c", seen)
	}
	if !can.Background {
		failing := newWorker(func(context.Context, string, int) error { return fault.NeedsPersonf("no") })
		if err := store.Open(t, failing.setup(t)).Enqueue(t.Context(), task{"a"}); !fault.Is(err, fault.KindNeedsPerson) {
			t.Errorf("Enqueue = %v, want the handler's error", err)
		}
	}
}

func testUnknownKind(t *testing.T, store Store) {
	q := store.Open(t, newWorker(nil).setup(t))
	if err := q.Enqueue(t.Context(), stranger{}); !fault.Is(err, fault.KindInvalid) {
		t.Errorf("Enqueue = %v, want invalid", err)
	}
}

func testBadArgs(t *testing.T, store Store) {
	q := store.Open(t, newWorker(nil).setup(t))
	if err := q.Enqueue(t.Context(), unencodable{F: func() {}}); !fault.Is(err, fault.KindInvalid) {
		t.Errorf("Enqueue = %v, want invalid", err)
	}
}

// While a job waits or runs, the same one again is not stored. The held job
// "a" is enqueued three times, then "b" passes it.
func testDuplicates(t *testing.T, can Capabilities, store Store) {
	release := make(chan struct{})
	w := newWorker(func(ctx context.Context, name string, _ int) error {
		if name != "a" {
			return nil
		}
		select {
		case <-release:
		case <-ctx.Done():
		}
		return nil
	})
	q := start(t, store, w.setup(t))
	done := make(chan error, 1)
	go func() { done <- q.Enqueue(t.Context(), task{"a"}) }()
	receive(t, w.called, "job a to start")
	enqueue(t, q, "a")
	enqueue(t, q, "a")
	enqueue(t, q, "b")
	if name := receive(t, w.called, "job b"); name != "b" {
		t.Errorf("job %s ran, want b", name)
	}
	close(release)
	if err := receive(t, done, "the first Enqueue"); err != nil {
		t.Errorf("Enqueue = %v", err)
	}
	stop(t, q)
	if n := w.count("a"); n != 1 {
		t.Errorf("job a ran %d times, want once", n)
	}
	if can.Persistent {
		waiting := newWorker(nil)
		q := store.Open(t, waiting.setup(t))
		enqueue(t, q, "c") // waits: this queue is not started
		enqueue(t, q, "c")
		enqueue(t, start(t, store, waiting.setup(t)), "d")
		receive(t, waiting.called, "a job")
		receive(t, waiting.called, "a job")
		if n := waiting.count("c"); n != 1 {
			t.Errorf("job c ran %d times, want once", n)
		}
	}
}

// A finished job must not suppress the next one with the same arguments,
// however it finished.
func testAgain(t *testing.T, can Capabilities, store Store) {
	w := newWorker(func(_ context.Context, _ string, call int) error {
		if call == 2 {
			return fault.NeedsPersonf("no")
		}
		return nil
	})
	q := start(t, store, w.setup(t))
	for call := 1; call <= 3; call++ {
		untilCalled(t, q, w, call, !can.Background && call == 2)
	}
}

// untilCalled enqueues job "a" until its handler was called for the given
// time: the moment between the handler's return and the stored outcome is the
// queue's own, and a nudge that falls into it is suppressed.
func untilCalled(t *testing.T, q job.Queue, w *worker, call int, fails bool) {
	t.Helper()
	deadline := time.After(patience)
	for w.count("a") < call {
		if err := q.Enqueue(t.Context(), task{"a"}); (err != nil) != fails {
			t.Fatalf("Enqueue = %v", err)
		}
		select {
		case <-w.called:
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			t.Fatalf("call %d never came", call)
		}
	}
}

func testPanic(t *testing.T, can Capabilities, store Store) {
	w := newWorker(func(_ context.Context, name string, _ int) error {
		if name == "bad" {
			panic("boom")
		}
		return nil
	})
	q := start(t, store, w.setup(t))
	err := q.Enqueue(t.Context(), task{"bad"})
	if can.Background && err != nil || !can.Background && !fault.Is(err, fault.KindInternal) {
		t.Errorf("Enqueue = %v", err)
	}
	receive(t, w.called, "the bad job")
	enqueue(t, q, "good")
	for receive(t, w.called, "the good job") != "good" {
	}
}

func testTimeout(t *testing.T, can Capabilities, store Store) {
	ended := make(chan error, attemptsMax)
	w := newWorker(func(ctx context.Context, _ string, _ int) error {
		select {
		case <-ctx.Done():
		case <-time.After(patience):
		}
		ended <- ctx.Err()
		return fault.NeedsPersonf("timed out: %w", ctx.Err())
	})
	q := start(t, store, w.setupWithin(t, 50*time.Millisecond))
	if err := q.Enqueue(t.Context(), task{"slow"}); can.Background && err != nil {
		t.Fatal(err)
	}
	if err := receive(t, ended, "the timeout"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the job's context ended with %v, want the deadline", err)
	}
}

func testStopDrains(t *testing.T, can Capabilities, store Store) {
	release, finished := make(chan struct{}), make(chan struct{})
	w := newWorker(func(ctx context.Context, _ string, _ int) error {
		<-release
		close(finished)
		return ctx.Err()
	})
	q := start(t, store, w.setup(t))
	enqueued := make(chan error, 1)
	go func() { enqueued <- q.Enqueue(t.Context(), task{"a"}) }()
	receive(t, w.called, "the job to start")
	stopped := make(chan struct{})
	go func() {
		stop(t, q)
		close(stopped)
	}()
	select {
	case <-stopped:
		t.Error("Stop returned while a job ran")
	case <-time.After(100 * time.Millisecond): // it must outlast any wait; this one shows the slip in practice
	}
	close(release)
	receive(t, stopped, "Stop")
	select {
	case <-finished:
	default:
		t.Error("Stop returned before the job had finished")
	}
	if err := receive(t, enqueued, "Enqueue"); err != nil {
		t.Errorf("the drained job failed: %v", err)
	}
	if !can.Background {
		if err := q.Enqueue(t.Context(), task{"b"}); !fault.Is(err, fault.KindConflict) {
			t.Errorf("Enqueue after Stop = %v, want conflict", err)
		}
	}
}

func testStopCancels(t *testing.T, can Capabilities, store Store) {
	jobs, cancelJobs := context.WithCancel(t.Context())
	w := newWorker(func(ctx context.Context, _ string, _ int) error {
		select {
		case <-ctx.Done():
		case <-time.After(patience):
		}
		return ctx.Err()
	})
	q := start(t, store, w.setup(t))
	enqueued := make(chan error, 1)
	go func() { enqueued <- q.Enqueue(jobs, task{"a"}) }()
	receive(t, w.called, "the job to start")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := q.Stop(ctx); !can.Background && err == nil {
		t.Error("Stop says that all is done while a job runs")
	}
	if waited := time.Since(begun); waited > patience/2 {
		t.Errorf("Stop took %s", waited)
	}
	cancelJobs()
	receive(t, enqueued, "Enqueue")
}

func testRetry(t *testing.T, store Store) {
	w := newWorker(func(_ context.Context, name string, call int) error {
		if name == "lucky" && call == 2 {
			return nil
		}
		return fault.Transientf("not now")
	})
	q := start(t, store, w.setup(t))
	enqueue(t, q, "hopeless")
	for range attemptsMax {
		receive(t, w.called, "an attempt")
	}
	enqueue(t, q, "lucky")
	receive(t, w.called, "the first attempt")
	receive(t, w.called, "the second attempt")
	enqueue(t, q, "last") // passes after any further attempt that was due
	for receive(t, w.called, "the last job") != "last" {
	}
	stop(t, q)
	for name, want := range map[string]int{"hopeless": attemptsMax, "lucky": 2} {
		if n := w.count(name); n != want {
			t.Errorf("%s was tried %d times, want %d", name, n, want)
		}
	}
}

// The job snoozes more often than it may be attempted, and then is done: a
// snooze is no attempt. It must not come back before its time.
func testSnooze(t *testing.T, store Store) {
	const snoozes, nap = attemptsMax + 1, 100 * time.Millisecond
	early, done := make(chan time.Duration, 100), make(chan struct{})
	var until time.Time
	w := newWorker(func(_ context.Context, _ string, call int) error {
		if wait := time.Until(until); wait > 0 {
			early <- wait
		}
		if call > snoozes {
			close(done)
			return nil
		}
		until = time.Now().Add(nap)
		return fault.WaitUntilf(until, "budget used up")
	})
	q := start(t, store, w.setup(t))
	enqueue(t, q, "a")
	receive(t, done, "the job to finish")
	stop(t, q)
	if len(early) > 0 {
		t.Errorf("the job came back %s before its time", <-early)
	}
	if n := w.count("a"); n != snoozes+1 {
		t.Errorf("the job ran %d times, want %d", n, snoozes+1)
	}
}

func testCancel(t *testing.T, store Store) {
	kinds := map[string]fault.Kind{
		"person": fault.KindNeedsPerson, "unknown": fault.KindUnknownOutcome, "invalid": fault.KindInvalid,
		"rights": fault.KindUnauthorized, "missing": fault.KindNotFound, "conflict": fault.KindConflict,
	}
	w := newWorker(func(_ context.Context, name string, call int) error {
		switch {
		case name == "retried" && call < attemptsMax:
			return fault.Stalef("moved")
		case name == "retried":
			return nil
		}
		return fault.Newf(kinds[name], "no")
	})
	q := start(t, store, w.setup(t))
	for name := range kinds {
		enqueue(t, q, name)
		receive(t, w.called, name)
	}
	enqueue(t, q, "retried") // by the time of its last attempt the others would have had theirs
	for w.count("retried") < attemptsMax {
		receive(t, w.called, "an attempt")
	}
	stop(t, q)
	for name := range kinds {
		if n := w.count(name); n != 1 {
			t.Errorf("%s was tried %d times, want once", name, n)
		}
	}
}

func testPeriodic(t *testing.T, store Store) {
	w := newWorker(nil)
	s := w.setup(t)
	s.Periodics = []job.Periodic{{Name: "tick", Cron: "@every 1s", Args: task{"tick"}}}
	start(t, store, s)
	for range 2 {
		if name := receive(t, w.called, "a tick"); name != "tick" {
			t.Errorf("job %s ran, want tick", name)
		}
	}
}

func testRestart(t *testing.T, store Store) {
	w := newWorker(nil)
	before := store.Open(t, w.setup(t))
	enqueue(t, before, "a")
	stop(t, before)
	start(t, store, w.setup(t))
	receive(t, w.called, "the job of the queue before")
}

// A job cut off by a stop goes on after the next start, even if it had no
// attempt left: being stopped is not its fault.
func testResume(t *testing.T, store Store) {
	cut := newWorker(func(ctx context.Context, _ string, _ int) error {
		<-ctx.Done()
		return ctx.Err()
	})
	s := cut.setup(t)
	s.AttemptsMax = 1
	q := start(t, store, s)
	enqueue(t, q, "a")
	receive(t, cut.called, "the job to start")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = q.Stop(ctx) // its context has ended: jobs are cancelled at once
	w := newWorker(nil)
	start(t, store, w.setup(t))
	receive(t, w.called, "the job to go on")
}
