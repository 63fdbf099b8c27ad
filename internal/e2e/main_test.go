package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"testing"
	"time"

	"spindle/internal/app"
	"spindle/internal/store"
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
	Commit                     int  // the commit of the apply, from 1, at which the process kills itself; 0: never
	After                      bool // after that commit rather than before it
}

func obey(text string) error {
	var o childOrder
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	ctx := context.Background()
	watch := &commitWatch{}
	a, err := openChild(ctx, o, watch.told)
	if err != nil {
		return err
	}
	org, err := a.Engine.Organization(ctx, "")
	if err != nil {
		return err
	}
	watch.from(o.Commit, o.After)
	_, err = a.Engine.Apply(ctx, org, o.Run, nil)
	return err
}

func openChild(ctx context.Context, o childOrder, onCommit func(bool)) (*app.App, error) {
	cfg := configOf(o.Dir, o.Database)
	cfg.AutotaskURL = o.AutotaskURL
	c := &clock{at: o.At}
	return app.NewWith(ctx, cfg, slog.New(slog.DiscardHandler), app.Hooks{Now: c.now, Transport: manners(c, 0), OnCommit: onCommit})
}

// commitWatch counts commits and ends the process at one of them, as a power cut would. Commits of one apply follow each other.
type commitWatch struct {
	counting bool
	n        int
	kill     int
	after    bool
}

func (w *commitWatch) from(kill int, after bool) { w.counting, w.kill, w.after = true, kill, after }

func (w *commitWatch) told(after bool) {
	if !w.counting {
		return
	}
	if !after {
		w.n++
	}
	if w.n == w.kill && w.after == after {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // nothing runs after a kill
	}
}
