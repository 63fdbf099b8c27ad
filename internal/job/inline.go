package job

import (
	"context"
	"log/slog"
	"sync"

	"spindle/internal/fault"
)

// Inline is the queue of the command line and of tests: Enqueue runs the
// handler at once, in the caller's goroutine, and returns its error. It does
// not retry, snooze or fire periodic jobs: the person at the prompt sees the
// error and decides. Safe for use by several goroutines.
type Inline struct {
	handlers Handlers
	log      *slog.Logger

	mu      sync.Mutex
	running map[string]bool // by kind and arguments
	stopped bool
	idle    *sync.Cond
}

var _ Queue = (*Inline)(nil)

// NewInline makes an inline queue.
func NewInline(handlers Handlers, log *slog.Logger) *Inline {
	q := &Inline{handlers: handlers, log: log, running: map[string]bool{}}
	q.idle = sync.NewCond(&q.mu)
	return q
}

// Enqueue runs the handler of args and returns its error. If the same work is
// running already, it returns nil at once.
func (q *Inline) Enqueue(ctx context.Context, args Args) error {
	h, encoded, err := q.handlers.Encode(args)
	if err != nil {
		return err
	}
	key := h.Kind() + " " + string(encoded)
	first, err := q.begin(key)
	if err != nil || !first {
		return err
	}
	defer q.end(key)
	if h.Timeout() > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, h.Timeout())
		defer cancel()
	}
	return h.Work(ctx, q.log, encoded)
}

func (q *Inline) begin(key string) (first bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopped {
		return false, fault.Conflictf("the queue has stopped")
	}
	if q.running[key] {
		return false, nil
	}
	q.running[key] = true
	return true, nil
}

func (q *Inline) end(key string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.running, key)
	q.idle.Broadcast()
}

// Start does nothing: there is no background.
func (q *Inline) Start(context.Context) error { return nil }

// Stop refuses new work and waits for what runs, or until ctx ends. The
// callers of Enqueue own the contexts of their jobs and cancel them.
func (q *Inline) Stop(ctx context.Context) error {
	wake := context.AfterFunc(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.idle.Broadcast()
	})
	defer wake()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopped = true
	for len(q.running) > 0 && ctx.Err() == nil {
		q.idle.Wait()
	}
	return ctx.Err()
}
