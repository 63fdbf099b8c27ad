package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"spindle/internal/app"
	"spindle/internal/fault"
	simautotask "spindle/internal/sim/autotask"
	"spindle/internal/sim/scenario"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// Law 3: at most once, and killing the process at any instant and starting it again changes no total. Each test applies the same
// approved plan many times, each time in a real process that is killed somewhere else, and finishes it after a restart. It fails for
// instance when FinishSend is skipped, when an interrupted change is sent again without settling, or when a settled one is forgotten.

func TestKilledAnywhereInAFirstMonth(t *testing.T) {
	t.Parallel()
	prepare(t, storetest.SQLite(t), tinyWorld(t), func(s *stage) { s.twinPrice() }).sweep(everyPlace)
}

func TestKilledAnywhereInALaterMonth(t *testing.T) {
	t.Parallel()
	prepare(t, storetest.SQLite(t), laterWorld(t), laterMonth).sweep(everyPlace)
}

func TestKilledOnPostgreSQL(t *testing.T) {
	t.Parallel()
	prepare(t, storetest.PostgresDatabase(t), tinyWorld(t), func(s *stage) { s.twinPrice() }).sweep(11 * everyPlace)
	prepare(t, storetest.PostgresDatabase(t), laterWorld(t), laterMonth).sweep(11 * everyPlace)
}

func TestSoakKilledAnywhereInTheDemo(t *testing.T) {
	if os.Getenv("SPINDLE_SOAK") == "" {
		t.Skip("long: make soak runs it")
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		address := storetest.SQLite(t)
		if s.Dialect() == store.Postgres {
			address = storetest.PostgresDatabase(t)
		}
		prepare(t, address, demoWorld(t), func(*stage) {}).sweep(1)
	})
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

// prepared is an approved plan on disk, with what it takes to apply it again from the start.
type prepared struct {
	t        *testing.T
	world    *stage // its program is closed; its simulator is not used any more
	database string // a template that is only copied
	run      store.RunID
	history  []write // what Autotask had accepted before the apply
	state    []byte  // of Autotask after the undisturbed apply
	writes   int     // of the undisturbed apply
	commits  int
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
	p.run = planned.Run.ID
	check(t, s.app.Close())

	watch := &commitWatch{kill: -1}
	r := p.rig(func(h *app.Hooks) { h.OnCommit = watch.told })
	watch.from(-1, false)
	applied := must(r.app.Engine.Apply(t.Context(), r.org, p.run, nil))(t)
	if !applied.Verified {
		t.Fatalf("the undisturbed apply is not verified: %v\n%s", applied.Counts, r.troubles(p.run))
	}
	p.state, p.writes, p.commits = r.autotask.State(), len(r.gate.sent()), watch.n
	if p.writes != len(planned.Plan.Changes) {
		t.Fatalf("%d writes for %d changes", p.writes, len(planned.Plan.Changes))
	}
	check(t, r.app.Close())
	return p
}

// rig is a fresh copy: the database before the apply and an Autotask in the state before it. The program is opened on it.
func (p *prepared) rig(change func(*app.Hooks)) *stage {
	p.t.Helper()
	s := p.ground(p.t)
	s.hooks.Now, s.hooks.Transport = s.clock.now, manners(s.clock, 0)
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
	s := &stage{t: t, world: p.world.world, clock: &clock{at: firstDay()}, logs: &logBuffer{}}
	s.autotask = must(simautotask.New(simautotask.Options{Scenario: s.world}))(t)
	replay(t, s.autotask, p.history)
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

// point is where the process is killed: at a write or at a commit, before or after it.
type point struct {
	write, commit int // one of them, from 1
	after         bool
	again         int // the restarted process is killed too, at this commit; 0: it is not
}

func (p point) String() string {
	where := map[bool]string{false: "before", true: "after"}[p.after]
	what := fmt.Sprintf("write %d", p.write)
	if p.commit > 0 {
		what = fmt.Sprintf("commit %d", p.commit)
	}
	if p.again > 0 {
		return fmt.Sprintf("%s %s, then commit %d of the restart", where, what, p.again)
	}
	return where + " " + what
}

// points lists every place; every fifth restart is killed too, each time one commit later.
func (p *prepared) points() []point {
	var all []point
	for n := 1; n <= p.writes; n++ {
		all = append(all, point{write: n}, point{write: n, after: true})
	}
	for n := 1; n <= p.commits; n++ {
		all = append(all, point{commit: n}, point{commit: n, after: true})
	}
	for i := range all {
		if i%5 == 2 {
			all[i].again = 1 + i/5%7
		}
	}
	return all
}

// sweep kills at every place, or at every n-th, two at a time.
func (p *prepared) sweep(stride int) {
	points := p.points()
	work := make(chan point)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for at := range work {
				p.kill(at)
			}
		})
	}
	tried := 0
	for i := stride / 2; i < len(points) && !p.t.Failed(); i += stride {
		work <- points[i]
		tried++
	}
	close(work)
	workers.Wait()
	p.t.Logf("%d writes, %d commits: killed at %d of %d places", p.writes, p.commits, tried, len(points))
}

// kill lets a process apply until it is killed, restarts, finishes and compares.
func (p *prepared) kill(at point) {
	p.t.Run(at.String(), func(t *testing.T) {
		s := p.ground(t)
		p.child(s, at, true)
		if at.again > 0 {
			p.child(s, point{commit: at.again}, false) // it may have been done before that
		}
		s.hooks.Now, s.hooks.Transport = s.clock.now, manners(s.clock, 0)
		s.open()
		s.reload()
		p.finish(s)
	})
}

// child runs an apply in a process of its own and kills it at a point that it surely reaches, or may reach.
func (p *prepared) child(s *stage, at point, mustDie bool) {
	order := childOrder{Dir: s.cfg.DataDir, Database: s.cfg.Database.URL.Reveal(), AutotaskURL: s.cfg.AutotaskURL, Run: p.run,
		At: s.clock.now(), Commit: at.commit, After: at.after}
	cmd := exec.CommandContext(s.t.Context(), must(os.Executable())(s.t))
	cmd.Env = append(os.Environ(), childEnv+"="+string(must(json.Marshal(order))(s.t)))
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	started, dead := make(chan struct{}), make(chan struct{})
	s.gate.watch(func(n int, after bool) bool {
		if n != at.write || after != at.after {
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
	if cmd.ProcessState.ExitCode() == -1 {
		return // killed
	}
	if mustDie {
		s.t.Fatalf("the process was not killed: %v\n%s", err, &output)
	}
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
	sent := s.gate.sent()
	if n := len(accepted(sent)); n != p.writes {
		s.t.Errorf("Autotask accepted %d writes, %d undisturbed; sent twice: %v", n, p.writes, doubles(sent))
	}
	if state := s.autotask.State(); !bytes.Equal(state, p.state) {
		s.t.Errorf("Autotask does not end as in the undisturbed run:\n%s", difference(p.state, state))
	}
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
