package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"spindle/internal/app"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/job"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// Law 3 once more: however many processes work on one organization, and whatever happens to one of them in the middle, each change is
// written once.

// prepareEach prepares a first month on SQLite and on PostgreSQL.
func prepareEach(t *testing.T, f func(t *testing.T, p *prepared)) {
	for kind, database := range map[string]func(testing.TB) string{store.SQLite: storetest.SQLite, store.Postgres: storetest.PostgresDatabase} {
		t.Run(kind, func(t *testing.T) {
			f(t, prepare(t, database(t), tinyWorld(t), func(s *stage) { s.twinPrice() }))
		})
	}
}

// A second process that is told to apply while the first one does is refused, and does not disturb it. It fails when an apply takes no lease.
func TestTwoProcessesApplyAtOnce(t *testing.T) {
	t.Parallel()
	prepareEach(t, func(t *testing.T, p *prepared) {
		s := p.ground(t)
		s.hooks = hooksOf(s.clock)
		s.open()
		s.reload()
		s.gate.watch(func(n int, after bool) bool {
			if n != p.writes/2 || after {
				return false
			}
			if _, err := s.apply(p.run); !fault.Is(err, fault.KindWaitUntil) {
				t.Errorf("apply while another process applies: %v, want that it waits", err)
			}
			return false
		})
		cmd := childProcess(s, childOrder{Run: p.run})
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		p.wantEnd(s)
	})
}

// The processes of one organization race for the lease again and again, and each takes some of the work from another that died.
func TestManyProcessesTakeTurns(t *testing.T) {
	t.Parallel()
	prepareEach(t, func(t *testing.T, p *prepared) {
		s := p.ground(t)
		var processes sync.WaitGroup
		for i := range 4 {
			processes.Go(func() {
				_ = childProcess(s, childOrder{Run: p.run, Commit: 6 + 4*i}).Run() // it may die, be refused or be done
			})
		}
		processes.Wait()
		s.hooks = hooksOf(s.clock)
		s.open()
		s.reload()
		p.finish(s)
	})
}

// takeOver lets an apply stand still where pause says until its lease has run out and another apply is in the middle of a write; then it
// goes on. It may write nothing more. It fails when the lease is not looked at before a write, or when two applies share a holder's name.
func (p *prepared) takeOver(t *testing.T, standAt func(s *stage, stand func())) (ended error) {
	t.Helper()
	s := p.ground(t)
	s.hooks = hooksOf(s.clock)
	var once sync.Once
	stood, goOn := make(chan struct{}), make(chan struct{})
	standAt(s, func() {
		once.Do(func() {
			close(stood)
			<-goOn
		})
	})
	s.open()
	s.reload()
	first := make(chan error, 1)
	go func() {
		_, err := s.apply(p.run)
		first <- err
	}()
	<-stood
	s.clock.set(s.clock.now().Add(10 * time.Minute))
	other := must(app.NewWith(t.Context(), s.cfg, slog.New(slog.DiscardHandler), hooksOf(s.clock)))(t)
	defer other.Close()
	before := len(s.gate.seen())
	s.gate.watch(func(n int, after bool) bool {
		if n != before+1 || after {
			return false
		}
		close(goOn)
		if ended = <-first; ended == nil {
			t.Error("an apply whose organization another one took over went on to its end")
		}
		return false
	})
	org := must(other.Engine.Organization(t.Context(), ""))(t)
	applied := must(other.Engine.Apply(t.Context(), org, p.run, nil))(t)
	if !applied.Verified {
		t.Errorf("who took over is not verified: %v", applied.Counts)
	}
	p.wantEnd(s)
	return ended
}

func TestAnApplyThatLostItsLeaseStops(t *testing.T) {
	t.Parallel()
	prepareEach(t, func(t *testing.T, p *prepared) {
		t.Run("between two changes", func(t *testing.T) {
			err := p.takeOver(t, func(s *stage, stand func()) {
				changes := 0
				s.report = func(engine.Progress) {
					if changes++; changes == 2 {
						stand()
					}
				}
			})
			if !fault.Is(err, fault.KindStale) {
				t.Errorf("it ended with %v, want that its lease is lost: the ledger alone stopped it", err)
			}
		})
		t.Run("after it wrote that it will send", func(t *testing.T) {
			p.takeOver(t, func(s *stage, stand func()) {
				s.hooks.OnCommit = func(after bool) {
					if after && len(s.gate.seen()) >= 2 && s.sending() {
						stand()
					}
				}
			})
		})
		t.Run("before it wrote what was answered", func(t *testing.T) {
			p.takeOver(t, func(s *stage, stand func()) {
				s.gate.watch(func(n int, after bool) bool {
					if n == 2 && after {
						stand()
					}
					return false
				})
			})
		})
	})
}

// sending reports whether a change of the stage is on its way.
func (s *stage) sending() bool {
	open, err := s.app.Store.Unfinished(context.Background(), s.org.ID)
	return err == nil && len(open) > 0
}

// wantEnd compares with the undisturbed run.
func (p *prepared) wantEnd(s *stage) {
	s.t.Helper()
	s.gate.watch(nil)
	sent := s.gate.sent()
	if n := len(accepted(sent)); n != p.writes {
		s.t.Errorf("Autotask accepted %d writes, %d undisturbed; twice: %v", n, p.writes, doubles(sent))
	}
	if state := s.autotask.State(); !bytes.Equal(state, p.state) {
		s.t.Errorf("Autotask does not end as in the undisturbed run:\n%s", difference(p.state, state))
	}
}

// childProcess makes a process that applies a run of the stage's organization.
func childProcess(s *stage, order childOrder) *exec.Cmd {
	order.Dir, order.Database, order.AutotaskURL, order.At = s.cfg.DataDir, s.cfg.Database.URL.Reveal(), s.cfg.AutotaskURL, s.clock.now()
	cmd := exec.CommandContext(s.t.Context(), must(os.Executable())(s.t))
	cmd.Env = append(os.Environ(), childEnv+"="+string(must(json.Marshal(order))(s.t)))
	return cmd
}

// Of several processes that sweep at the same moment one starts the run that is due.
func TestScheduleStartsOneRun(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, address string) {
		s := newStage(t, tinyWorld(t), options{database: address}).setUp()
		must(s.app.Engine.ApplySettings(t.Context(), s.org, map[string]string{"sync": "on", "schedule": "* * * * *"}, clerk))(t)
		other := must(app.NewWith(t.Context(), s.cfg, slog.New(slog.DiscardHandler), s.hooks))(t)
		defer other.Close()
		for minute := range 5 {
			s.clock.set(s.clock.now().Add(time.Minute))
			var sweeps sync.WaitGroup
			for i := range 8 {
				e := []*engine.Engine{s.app.Engine, other.Engine}[i%2]
				sweeps.Go(func() { check(t, e.Sweep(t.Context(), func(context.Context, job.Args) error { return nil })) })
			}
			sweeps.Wait()
			runs := must(s.app.Store.Runs(t.Context(), s.org.ID, store.RunFilter{States: []store.RunState{store.RunQueued}}))(t)
			if len(runs) != 1 {
				t.Fatalf("minute %d: %d runs are queued, want 1", minute, len(runs))
			}
			check(t, s.app.Store.SetRunState(t.Context(), s.org.ID, runs[0].ID, store.RunStopped, "the next minute"))
		}
	})
}

// Synchronization that is switched off stops a run of the schedule before its next change; a person may go on by hand.
func TestSyncSwitchedOffInTheMiddle(t *testing.T) {
	t.Parallel()
	scheduled := func(t *testing.T) (*stage, job.RunSync) {
		s := newStage(t, tinyWorld(t), options{}).setUp()
		must(s.app.Engine.ApplySettings(t.Context(), s.org, map[string]string{"sync": "on", "schedule": "* * * * *"}, clerk))(t)
		s.clock.set(s.clock.now().Add(time.Minute))
		nudged := s.nudges()
		if len(nudged) != 1 {
			t.Fatalf("nudged %v", nudged)
		}
		check(t, s.app.Engine.Sync(t.Context(), nudged[0])) // as far as the person who approves
		s.approve(store.RunID(nudged[0].RunID))
		return s, nudged[0]
	}
	off := func(s *stage) {
		must(s.app.Engine.ApplySettings(s.t.Context(), s.org, map[string]string{"sync": "off"}, clerk))(s.t)
	}
	t.Run("while it applies", func(t *testing.T) {
		s, args := scheduled(t)
		s.gate.watch(func(n int, after bool) bool {
			if n == 3 && after {
				off(s)
			}
			return false
		})
		if err := s.app.Engine.Sync(t.Context(), args); !fault.Is(err, fault.KindConflict) {
			t.Errorf("switched off in the middle: %v, want a conflict", err)
		}
		s.gate.watch(nil)
		if sent := s.gate.sent(); len(sent) != 3 {
			t.Errorf("%d writes, want the 3 before it was switched off", len(sent))
		}
		if left := s.nudges(); len(left) != 0 {
			t.Errorf("the sweep goes on: %v", left)
		}
		if applied := must(s.apply(store.RunID(args.RunID)))(t); !applied.Verified {
			t.Errorf("by hand: not verified: %s", s.troubles(store.RunID(args.RunID)))
		}
		s.wantQuiet(true)
	})
	t.Run("after a crash", func(t *testing.T) {
		s, args := scheduled(t)
		id := store.RunID(args.RunID)
		var applying store.Run
		dying, die := context.WithCancel(t.Context())
		s.gate.watch(func(n int, after bool) bool {
			if n == 3 && after {
				applying = must(s.app.Store.Run(t.Context(), s.org.ID, id))(t)
				die()
			}
			return false
		})
		_ = s.app.Engine.Sync(dying, args)
		s.gate.watch(nil)
		sent := len(s.gate.sent())
		check(t, s.app.Store.SetRunState(t.Context(), s.org.ID, id, applying.State, applying.Note)) // as the dead process leaves it
		off(s)
		s.clock.set(s.clock.now().Add(time.Hour))
		nudged := s.nudges()
		if len(nudged) != 1 {
			t.Fatalf("the sweep nudges %v, want the run that was interrupted", nudged)
		}
		if err := s.app.Engine.Sync(t.Context(), nudged[0]); !fault.Is(err, fault.KindConflict) {
			t.Errorf("going on although synchronization is off: %v, want a conflict", err)
		}
		if more := len(s.gate.sent()); more != 0 {
			t.Errorf("%d writes before the crash, and %d more without a person", sent, more)
		}
		if open := must(s.app.Store.Unfinished(t.Context(), s.org.ID))(t); len(open) != 0 {
			t.Errorf("%d changes are still in the open", len(open))
		}
		if left := s.nudges(); len(left) != 0 {
			t.Errorf("the sweep goes on: %v", left)
		}
		if applied := must(s.apply(id))(t); !applied.Verified {
			t.Errorf("by hand: not verified: %s", s.troubles(id))
		}
		s.wantQuiet(true)
	})
	t.Run("before it applies", func(t *testing.T) {
		s, args := scheduled(t)
		off(s)
		check(t, s.app.Engine.Sync(t.Context(), args))
		s.wantNoWrites()
	})
}
