// Package jobtest is the conformance suite of job.Queue. Every implementation
// runs it; where a property does not apply, its [Capabilities] say so.
package jobtest

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"spindle/internal/job"
)

// Capabilities says which properties a queue has beyond running handlers.
type Capabilities struct {
	// Background: Enqueue returns before the work is done, failed work is
	// tried again, and periodic jobs fire.
	Background bool
	// Persistent: what was enqueued survives the queue that took it.
	Persistent bool
}

// Setup is what a queue is to be made of.
type Setup struct {
	Handlers    job.Handlers
	Periodics   []job.Periodic
	AttemptsMax int
	RetryDelay  func(attempt int) time.Duration
	Log         *slog.Logger
}

// Store makes queues that share one storage. The suite asks for several to see
// what survives a restart.
type Store interface {
	// Open makes a queue that is not started. It fails the test on error.
	Open(tb testing.TB, s Setup) job.Queue
}

// patience bounds every wait of the suite; nothing waits that long unless it
// is broken.
const patience = 30 * time.Second

// attemptsMax is the limit the suite gives to queues.
const attemptsMax = 3

// Run runs the suite. fresh makes an empty storage for each test.
func Run(t *testing.T, can Capabilities, fresh func(tb testing.TB) Store) {
	t.Run("enqueue leads to work", func(t *testing.T) { testWork(t, can, fresh(t)) })
	t.Run("unknown kind is refused", func(t *testing.T) { testUnknownKind(t, fresh(t)) })
	t.Run("arguments that do not encode are refused", func(t *testing.T) { testBadArgs(t, fresh(t)) })
	t.Run("duplicates are suppressed by arguments", func(t *testing.T) { testDuplicates(t, can, fresh(t)) })
	t.Run("finished work can be asked for again", func(t *testing.T) { testAgain(t, can, fresh(t)) })
	t.Run("panics are contained", func(t *testing.T) { testPanic(t, can, fresh(t)) })
	t.Run("timeout ends an attempt", func(t *testing.T) { testTimeout(t, can, fresh(t)) })
	t.Run("stop waits for what runs", func(t *testing.T) { testStopDrains(t, can, fresh(t)) })
	t.Run("stop gives up when its context ends", func(t *testing.T) { testStopCancels(t, can, fresh(t)) })
	if can.Background {
		t.Run("transient is retried, within bounds", func(t *testing.T) { testRetry(t, fresh(t)) })
		t.Run("wait until snoozes without an attempt", func(t *testing.T) { testSnooze(t, fresh(t)) })
		t.Run("needs person cancels", func(t *testing.T) { testCancel(t, fresh(t)) })
		t.Run("periodic fires", func(t *testing.T) { testPeriodic(t, fresh(t)) })
	}
	if can.Persistent {
		t.Run("jobs survive a restart", func(t *testing.T) { testRestart(t, fresh(t)) })
		t.Run("cancelled work goes on after a restart", func(t *testing.T) { testResume(t, fresh(t)) })
	}
}

// task is the suite's kind of work.
type task struct {
	Name string `json:"name"`
}

func (task) Kind() string { return "jobtest.task" }

// unencodable holds what JSON cannot.
type unencodable struct {
	F func() `json:"f"`
}

func (unencodable) Kind() string { return "jobtest.unencodable" }

// stranger has no handler.
type stranger struct{}

func (stranger) Kind() string { return "jobtest.stranger" }

// worker counts calls by name and does what the test says.
type worker struct {
	do func(ctx context.Context, name string, call int) error

	mu     sync.Mutex
	calls  map[string]int
	called chan string
}

func newWorker(do func(ctx context.Context, name string, call int) error) *worker {
	return &worker{do: do, calls: map[string]int{}, called: make(chan string, 1000)}
}

func (w *worker) work(ctx context.Context, t task) error {
	w.mu.Lock()
	w.calls[t.Name]++
	call := w.calls[t.Name]
	w.mu.Unlock()
	w.called <- t.Name
	if w.do == nil {
		return nil
	}
	return w.do(ctx, t.Name, call)
}

func (w *worker) count(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[name]
}

func (w *worker) setup(tb testing.TB) Setup {
	return w.setupWithin(tb, 0)
}

func (w *worker) setupWithin(tb testing.TB, timeout time.Duration) Setup {
	tb.Helper()
	bad := job.Handle(func(context.Context, unencodable) error { return nil })
	handlers, err := job.NewHandlers(job.Handle(w.work).Within(timeout), bad)
	if err != nil {
		tb.Fatal(err)
	}
	return Setup{
		Handlers:    handlers,
		AttemptsMax: attemptsMax,
		RetryDelay:  func(int) time.Duration { return 10 * time.Millisecond },
		Log:         slog.New(slog.DiscardHandler),
	}
}

// start opens and starts a queue, and stops it at the end of the test.
func start(tb testing.TB, store Store, s Setup) job.Queue {
	tb.Helper()
	q := store.Open(tb, s)
	if err := q.Start(tb.Context()); err != nil {
		tb.Fatalf("Start: %v", err)
	}
	tb.Cleanup(func() { stop(tb, q) })
	return q
}

func stop(tb testing.TB, q job.Queue) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), patience)
	defer cancel()
	if err := q.Stop(ctx); err != nil {
		tb.Errorf("Stop: %v", err)
	}
}

func enqueue(tb testing.TB, q job.Queue, name string) {
	tb.Helper()
	if err := q.Enqueue(tb.Context(), task{name}); err != nil {
		tb.Fatalf("Enqueue(%s): %v", name, err)
	}
}

// receive waits for a value from ch.
func receive[T any](tb testing.TB, ch <-chan T, what string) T {
	tb.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		tb.Fatalf("waited %s in vain for %s", patience, what)
		panic("unreachable")
	}
}
