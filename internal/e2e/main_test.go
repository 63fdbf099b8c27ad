package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"spindle/internal/app"
	"spindle/internal/store"
	"spindle/internal/transport"
)

// childEnv holds, for a process started by a test, what it is to do.
const childEnv = "SPINDLE_E2E_CHILD"

// TestMain runs the tests, or in a child process the one apply that the parent wants interrupted.
func TestMain(m *testing.M) {
	order := os.Getenv(childEnv)
	if order == "" {
		os.Exit(m.Run())
	}
	if err := obey(order); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// childOrder tells a child process what to apply and where to die.
type childOrder struct {
	Dir, Database, AutotaskURL string
	Run                        store.RunID
	At                         time.Time
	Write                      int  // commits count from the answer to this write of the process on; 0: from the start of the apply
	Commit                     int  // the commit at which the process kills itself, from 1; 0: never
	After                      bool // after that commit rather than before it
}

func obey(text string) error {
	var o childOrder
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	ctx := context.Background()
	watch := &commitWatch{}
	a, err := openChild(ctx, o, watch)
	if err != nil {
		return err
	}
	org, err := a.Engine.Organization(ctx, "")
	if err != nil {
		return err
	}
	watch.from(o)
	_, err = a.Engine.Apply(ctx, org, o.Run, nil)
	return err
}

func openChild(ctx context.Context, o childOrder, watch *commitWatch) (*app.App, error) {
	cfg := configOf(o.Dir, o.Database)
	cfg.AutotaskURL = o.AutotaskURL
	hooks := hooksOf(&clock{at: o.At})
	watch.hooks(&hooks)
	return app.NewWith(ctx, cfg, slog.New(slog.DiscardHandler), hooks)
}

// commitWatch counts the commits that follow each write, and ends the process at one of them, as a power cut would. Commits of one apply
// follow each other.
type commitWatch struct {
	mu    sync.Mutex
	all   []int // commits by the number of writes before them; nil: not counting yet
	order childOrder
}

// hooks let the watch see commits and writes.
func (w *commitWatch) hooks(h *app.Hooks) {
	h.OnCommit = w.told
	change := h.Transport
	h.Transport = func(o *transport.Options) {
		change(o)
		record := o.Record
		o.Record = func(c transport.Call) {
			w.called(c)
			if record != nil {
				record(c)
			}
		}
	}
}

func (w *commitWatch) from(o childOrder) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all, w.order = []int{0}, o
}

func (w *commitWatch) called(c transport.Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all != nil && !c.Safe {
		w.all = append(w.all, 0)
	}
}

func (w *commitWatch) told(after bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		return
	}
	if !after {
		w.all[len(w.all)-1]++
	}
	since := 0
	for _, n := range w.all[min(w.order.Write, len(w.all)):] {
		since += n
	}
	if since > 0 && since == w.order.Commit && w.order.After == after {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // nothing runs after a kill
	}
}
