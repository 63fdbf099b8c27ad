package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spindle/internal/app"
	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/fault"
	"spindle/internal/plan"
	simautotask "spindle/internal/sim/autotask"
	"spindle/internal/sim/scenario"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// Law 3: at most once, and killing the process at any instant and starting it again changes no total. Each test applies the same
// approved plan many times in real processes that are killed, and finishes it after the last restart. One apply is killed at several
// places, far from each other, so that every place is reached in a tenth of the time; what a kill does wrong stays visible to the end:
// Autotask keeps every write that it accepted. The tests fail for instance when FinishSend is skipped, when an interrupted change is sent
// again without settling, when a settled one is forgotten, or when a write that is still on its way is taken for one that never was.

func TestKilledAnywhereInAFirstMonth(t *testing.T) {
	t.Parallel()
	prepare(t, storetest.SQLite(t), tinyWorld(t), func(s *stage) { s.twinPrice() }).sweep(everyPlace)
}

func TestKilledAnywhereInALaterMonth(t *testing.T) {
	t.Parallel()
	prepare(t, storetest.SQLite(t), laterWorld(t), laterMonth).sweep(everyPlace)
}

// What a first and a later month do not need.
func TestKilledInRareChanges(t *testing.T) {
	t.Parallel()
	for kind, story := range map[plan.ChangeKind]func(*stage){plan.RemoveCharge: takenBack, plan.ExtendContract: yearEnd} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			p := prepare(t, storetest.SQLite(t), tinyWorld(t), story)
			if !slices.ContainsFunc(p.changes, func(c plan.Change) bool { return c.Kind == kind }) {
				t.Fatalf("no %s in the plan: %s", kind, kinds(p.changes))
			}
			p.sweep(2 * everyPlace)
			for _, what := range []action{appliedDrop, landsLate, page, throttle} {
				p.disturbed(t, what, firstTime())
			}
		})
	}
}

func TestKilledOnPostgreSQL(t *testing.T) {
	t.Parallel()
	prepare(t, storetest.PostgresDatabase(t), laterWorld(t), laterMonth).sweep(4 * everyPlace)
}

// The demo has some 1,400 places: here a sample of them, all of them in the soak test.
func TestKilledInTheDemo(t *testing.T) {
	t.Parallel()
	killedInTheDemo(t, 40*everyPlace)
}

func TestSoakKilledAnywhereInTheDemo(t *testing.T) {
	if os.Getenv("SPINDLE_SOAK") == "" {
		t.Skip("long: make soak runs it")
	}
	killedInTheDemo(t, 1)
}

func killedInTheDemo(t *testing.T, everyRun int) {
	for kind, database := range map[string]func(testing.TB) string{store.SQLite: storetest.SQLite, store.Postgres: storetest.PostgresDatabase} {
		t.Run(kind, func(t *testing.T) {
			prepare(t, database(t), demoWorld(t), func(*stage) {}).sweep(everyRun)
		})
	}
}

// laterMonth plays a first month and then everything that changes lines and charges that stand: more seats, fewer seats, a cancellation, a
// new price, a restated invoice.
func laterMonth(s *stage) {
	s.twinPrice()
	s.month(true)
	subs := s.world.Customers[0].Subscriptions
	check(s.t, s.microsoft.SetQuantity(subs[0].ID, firstDay(), 40))
	check(s.t, s.microsoft.SetQuantity(subs[1].ID, firstDay(), 2))
	check(s.t, s.microsoft.Cancel(subs[2].ID, firstDay()))
	s.fixedPrice(subs[3].ID, "101")
	check(s.t, s.microsoft.Restate(s.world.InvoiceID(s.world.InvoiceMonth())))
}

// takenBack plays a first month whose Azure charge is taken back, because billing begins later than it did.
func takenBack(s *stage) {
	s.twinPrice()
	s.month(true)
	s.bill(engine.BillingOrder{On: true, Customer: billing.CustomerID(s.world.Customers[1].TenantID), From: "2026-11"})
}

// yearEnd plays a first month and goes to where the contract that Spindle manages is about to end.
func yearEnd(s *stage) {
	s.twinPrice()
	for _, c := range s.month(true).Plan.Changes {
		if c.NewContract != nil {
			end := c.NewContract.End.AddDays(-50)
			s.goTo(time.Date(end.Year, end.Month, end.Day, 9, 0, 0, 0, time.UTC))
		}
	}
}

// prepared is an approved plan on disk, with what it takes to apply it again from the start.
type prepared struct {
	t        *testing.T
	world    *stage // its program is closed; its simulator is not used any more
	database string // a template that is only copied
	run      store.RunID
	changes  []plan.Change
	history  []write // what Autotask had accepted before the apply
	state    []byte  // of Autotask after the undisturbed apply
	writes   int     // of the undisturbed apply
	commits  []int   // likewise: how many follow each write, first those before the first write
}

// prepare plays a story up to an approved plan and applies it once undisturbed.
func prepare(t *testing.T, database string, world scenario.Scenario, story func(*stage)) *prepared {
	t.Helper()
	dir := t.TempDir()
	if !isPostgres(database) {
		database = ""
	}
	s := newStage(t, world, options{dir: dir, database: database}).setUp()
	story(s)
	p := &prepared{t: t, world: s, database: database, history: accepted(s.gate.sent())}
	planned := s.plan(true)
	t.Log(kinds(planned.Plan.Changes))
	s.approve(planned.Run.ID)
	p.run, p.changes = planned.Run.ID, planned.Plan.Changes
	check(t, s.app.Close())

	watch := &commitWatch{}
	r := p.rig(watch.hooks)
	watch.from(childOrder{Commit: -1})
	applied := must(r.app.Engine.Apply(t.Context(), r.org, p.run, nil))(t)
	if !applied.Verified {
		t.Fatalf("the undisturbed apply is not verified: %v\n%s", applied.Counts, r.troubles(p.run))
	}
	p.state, p.writes, p.commits = r.autotask.State(), len(r.gate.sent()), watch.all
	if p.writes != len(planned.Plan.Changes) {
		t.Fatalf("%d writes for %d changes", p.writes, len(planned.Plan.Changes))
	}
	if len(p.commits) != p.writes+1 {
		t.Fatalf("commits were counted after %d writes, not %d", len(p.commits)-1, p.writes)
	}
	check(t, r.app.Close())
	return p
}

// rig is a fresh copy: the database before the apply and an Autotask in the state before it. The program is opened on it.
func (p *prepared) rig(change func(*app.Hooks)) *stage {
	p.t.Helper()
	s := p.ground(p.t)
	s.hooks = hooksOf(s.clock)
	if change != nil {
		change(&s.hooks)
	}
	s.open()
	s.reload()
	return s
}

// ground is rig without an open program.
func (p *prepared) ground(t testing.TB) *stage {
	t.Helper()
	s := &stage{t: t, world: p.world.world, clock: &clock{at: p.world.clock.now()}, logs: &logBuffer{}}
	s.autotask = must(simautotask.New(simautotask.Options{Scenario: s.world}))(t)
	replay(t, s.autotask, p.history)
	s.autotask.SetClock(p.world.autotask.Now())
	s.gate = &gate{next: s.autotask.Handler()}
	dir := t.TempDir()
	database := p.database
	if database != "" {
		database = storetest.CopyPostgres(t, database)
	}
	copyFiles(t, p.world.cfg.DataDir, dir)
	s.cfg = configOf(dir, database)
	s.cfg.AutotaskURL = serve(t, s.gate)
	return s
}

// replay sends writes again to a fresh simulator, which gives them the same ids in the same order.
func replay(t testing.TB, to *simautotask.Server, writes []write) {
	t.Helper()
	c := to.Credentials()
	for _, w := range writes {
		r := httptest.NewRequestWithContext(t.Context(), w.method, w.path, strings.NewReader(w.body))
		r.Header.Set("ApiIntegrationCode", c.IntegrationCode)
		r.Header.Set("UserName", c.UserName)
		r.Header.Set("Secret", c.Secret)
		r.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		to.Handler().ServeHTTP(answer, r)
		if answer.Code != http.StatusOK {
			t.Fatalf("replay %s %s: %d %s", w.method, w.path, answer.Code, answer.Body)
		}
	}
}

func copyFiles(t testing.TB, from, to string) {
	t.Helper()
	for _, entry := range must(os.ReadDir(from))(t) {
		if entry.Type().IsRegular() {
			content := must(os.ReadFile(filepath.Join(from, entry.Name())))(t)
			check(t, os.WriteFile(filepath.Join(to, entry.Name()), content, 0o600))
		}
	}
}

// place is where a process is killed: around a write, or around one of the commits that follow it.
type place struct {
	write   int // from 1; 0: before the first one
	commit  int // the nth one after the write was answered; 0: at the write itself
	after   bool
	late    bool // at the write: it is on its way and is applied later
	restart int  // at this commit of a restart, wherever that is
}

func (at place) String() string {
	where := map[bool]string{false: "before", true: "after"}[at.after]
	switch {
	case at.restart > 0:
		return fmt.Sprintf("%s commit %d of a restart", where, at.restart)
	case at.late:
		return fmt.Sprintf("during write %d", at.write)
	case at.commit == 0:
		return fmt.Sprintf("%s write %d", where, at.write)
	}
	return fmt.Sprintf("%s commit %d after write %d", where, at.commit, at.write)
}

// places lists every place of the undisturbed apply in its order.
func (p *prepared) places() []place {
	var all []place
	for n := range p.writes + 1 {
		if n > 0 {
			all = append(all, place{write: n}, place{write: n, late: true}, place{write: n, after: true})
		}
		for c := 1; c <= p.commits[n]; c++ {
			all = append(all, place{write: n, commit: c}, place{write: n, commit: c, after: true})
		}
	}
	return all
}

const (
	killsMax   = 10 // of one apply
	apart      = 16 // places between two kills of one apply, so that each is reached after the restart
	restartMax = 5  // commits that a restart surely makes before it sends anything
)

// runs spreads the places over applies: each takes every nth place. Every third kill is followed by one of the restart.
func (p *prepared) runs() (runs [][]place) {
	all := p.places()
	n := max((len(all)+killsMax-1)/killsMax, apart)
	for first := range n {
		var run []place
		for i := first; i < len(all); i += n {
			run = append(run, all[i])
			if c := i / 3; i%3 == 0 && !all[i].late {
				run = append(run, place{restart: 1 + c%restartMax, after: c%2 == 0})
			}
		}
		runs = append(runs, run)
	}
	return runs
}

// sweep goes through every nth run, two at a time.
func (p *prepared) sweep(everyRun int) {
	p.t.Helper()
	runs := p.runs()
	work := make(chan int)
	var workers sync.WaitGroup
	var kills atomic.Int64
	for range 2 {
		workers.Go(func() {
			for i := range work {
				p.t.Run(fmt.Sprint("run ", i), func(t *testing.T) { p.killAt(t, runs[i], &kills) })
			}
		})
	}
	began, tried := time.Now(), 0
	for i := min(everyRun/2, len(runs)-1); i < len(runs) && !p.t.Failed(); i += everyRun {
		work <- i
		tried++
	}
	close(work)
	workers.Wait()
	p.t.Logf("%d writes, %d places to kill at: %d of %d applies, killed %d times, in %s", p.writes, len(p.places()), tried, len(runs),
		kills.Load(), time.Since(began).Round(time.Second))
}

// killAt lets processes apply until each is killed at its place, restarts a last time, finishes and compares.
func (p *prepared) killAt(t *testing.T, run []place, kills *atomic.Int64) {
	s := p.ground(t)
	defer func() {
		if t.Failed() {
			t.Logf("killed %v", run)
		}
	}()
	for _, at := range run {
		if p.child(s, at) {
			kills.Add(1)
		} else if at.restart == 0 && at.write < p.writes {
			t.Fatalf("not killed %s", at)
		}
	}
	s.hooks = hooksOf(s.clock)
	s.open()
	s.reload()
	p.finish(s)
}

// child runs an apply in a process of its own and kills it at a place that it reaches, or may reach.
func (p *prepared) child(s *stage, at place) (killed bool) {
	order := childOrder{Run: p.run, Commit: at.commit + at.restart, After: at.after}
	if at.commit > 0 {
		order.Write = at.write - s.gate.applied()
	}
	cmd := childProcess(s, order)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	atWrite := at.commit+at.restart == 0
	if at.late {
		s.gate.answer(func(int, write) action {
			if s.gate.done == at.write-1 {
				return landsLate
			}
			return pass
		})
	}
	started, dead := make(chan struct{}), make(chan struct{})
	s.gate.watch(func(_ int, after bool) bool {
		done := s.gate.applied()
		if !after {
			done++
		}
		if !atWrite || done != at.write || after != at.after {
			return false
		}
		<-started
		_ = cmd.Process.Kill()
		<-dead // nothing it holds outlives this point
		return true
	})
	check(s.t, cmd.Start())
	close(started)
	err := cmd.Wait()
	close(dead)
	s.gate.watch(nil)
	s.gate.answer(nil)
	if cmd.ProcessState.ExitCode() != -1 {
		s.t.Logf("the process was not killed %s: %v\n%s", at, err, &output)
	}
	return cmd.ProcessState.ExitCode() == -1
}

// finish applies what is left after a restart, and compares with the undisturbed run.
func (p *prepared) finish(s *stage) {
	s.t.Helper()
	run := must(s.app.Store.Run(s.t.Context(), s.org.ID, p.run))(s.t)
	if run.State != store.RunVerified { // killed after the last commit that matters
		applied, err := s.apply(p.run)
		if err != nil {
			s.t.Fatalf("apply after a restart (%s): %v", fault.KindOf(err), err)
		}
		if !applied.Verified {
			s.t.Errorf("not verified after a restart: %v\n%s", applied.Counts, s.troubles(p.run))
		}
	}
	p.wantEnd(s)
	s.wantQuiet(false)
}

// difference shows the first lines that differ.
func difference(want, got []byte) string {
	a, b := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return "want " + strings.Join(a[max(0, i-3):min(len(a), i+4)], "\n     ") + "\ngot  " + strings.Join(b[min(max(0, i-3), len(b)):min(len(b), i+4)], "\n     ")
		}
	}
	return "more lines than wanted"
}

func isPostgres(address string) bool { return strings.HasPrefix(address, "postgres") }
