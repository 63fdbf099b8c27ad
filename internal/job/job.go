// Package job names the kinds of background work and the queue that carries
// them. A job is only a nudge: the stored state is the truth, a handler reads
// it, does what is left to do and may be called twice without harm, and a sweep
// finds what no nudge reached. So a lost or doubled job costs time, not money.
package job

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"spindle/internal/fault"
)

// Args are the arguments of one kind of work: a small struct of ids that
// encodes to JSON. Both the kind and the JSON are stored formats.
type Args interface {
	// Kind names the work, for example spindle.run_sync. It must not depend
	// on the arguments and is never renamed.
	Kind() string
}

// Queue carries jobs from whoever asks for work to the handler of its kind.
type Queue interface {
	// Enqueue asks for work. While a job of the same kind and arguments is
	// unfinished it does nothing: that job will see the latest state, or the
	// sweep will. It fails with KindInvalid for a kind without a handler and
	// for arguments that do not encode.
	Enqueue(ctx context.Context, args Args) error
	// Start begins to work in the background and to fire the periodic jobs,
	// until Stop. Cancelling ctx stops the same way. It is called at most once.
	Start(ctx context.Context) error
	// Stop takes no new work and waits for the jobs that run. When ctx ends
	// first their contexts are cancelled; they are tried again after the next
	// start. Without Start it does nothing.
	Stop(ctx context.Context) error
}

// Handler does the work of one kind. Make one with [Handle].
type Handler struct {
	kind    string
	timeout time.Duration
	work    func(context.Context, json.RawMessage) error
}

// Handle makes the handler of the kind of A. What happens after an error is
// told by its fault kind, see [Decide].
func Handle[A Args](work func(context.Context, A) error) Handler {
	var zero A
	return Handler{
		kind: zero.Kind(),
		work: func(ctx context.Context, encoded json.RawMessage) error {
			var args A
			if err := json.Unmarshal(encoded, &args); err != nil {
				return fault.Invalidf("arguments of job %s: %w", zero.Kind(), err)
			}
			return work(ctx, args)
		},
	}
}

// Within returns a copy of h whose context is cancelled after timeout. Without
// it the queue's own limit holds.
func (h Handler) Within(timeout time.Duration) Handler {
	h.timeout = timeout
	return h
}

// Kind returns the kind of work h does.
func (h Handler) Kind() string { return h.kind }

// Timeout returns how long one attempt may take; zero leaves it to the queue.
func (h Handler) Timeout() time.Duration { return h.timeout }

// Work runs the handler on encoded arguments. A panic is logged with its stack
// and becomes an error of KindInternal, so that one bad job cannot end the
// process.
func (h Handler) Work(ctx context.Context, log *slog.Logger, encoded json.RawMessage) (err error) {
	defer func() {
		if p := recover(); p != nil {
			log.ErrorContext(ctx, "job panicked", "kind", h.kind, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fault.Newf(fault.KindInternal, "job %s panicked: %v", h.kind, p)
		}
	}()
	return h.work(ctx, encoded)
}

// Handlers is the table of what a program can work on, by kind.
type Handlers map[string]Handler

// NewHandlers makes a table. It fails with KindInternal on a kind without a
// name and on two handlers of one kind.
func NewHandlers(list ...Handler) (Handlers, error) {
	table := make(Handlers, len(list))
	for _, h := range list {
		if h.kind == "" || h.work == nil {
			return nil, fault.Newf(fault.KindInternal, "a job handler without a kind")
		}
		if _, twice := table[h.kind]; twice {
			return nil, fault.Newf(fault.KindInternal, "two handlers for job kind %s", h.kind)
		}
		table[h.kind] = h
	}
	return table, nil
}

// Encode finds the handler of args and encodes them, or says why it cannot.
// Queues call it first in Enqueue.
func (t Handlers) Encode(args Args) (Handler, json.RawMessage, error) {
	h, ok := t[args.Kind()]
	if !ok {
		return Handler{}, nil, fault.Invalidf("no handler for job kind %q", args.Kind())
	}
	encoded, err := json.Marshal(args)
	if err != nil {
		return Handler{}, nil, fault.Invalidf("arguments of job %s: %w", h.kind, err)
	}
	return h, encoded, nil
}
