package cli_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"spindle/internal/app"
	"spindle/internal/cli"
	"spindle/internal/config"
	"spindle/internal/engine"
	"spindle/internal/job"
	"spindle/internal/store"
	"spindle/internal/transport"
)

// virtual is a clock that moves when it is told to, and when somebody waits.
type virtual struct {
	mu sync.Mutex
	at time.Time
}

func (v *virtual) now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.at
}

func (v *virtual) advance(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.at = v.at.Add(d)
}

// served is an installation whose program runs inside the test.
type served struct {
	*app.App
	clock   *virtual
	commits chan struct{}
}

// serveApp opens the program on an installation's data.
func (i *installation) serveApp() *served {
	i.t.Helper()
	cfg, err := config.Load(config.FromFlags(map[string]string{"data-dir": i.dir, "listen": "127.0.0.1:0", "today": today}), func(string) (string, bool) { return "", false })
	if err != nil {
		i.t.Fatal(err)
	}
	day, err := time.Parse(time.DateOnly, today)
	if err != nil {
		i.t.Fatal(err)
	}
	s := &served{clock: &virtual{at: day.Add(5 * time.Hour)}, commits: make(chan struct{}, 1)}
	hooks := app.Hooks{
		Now: s.clock.now,
		Transport: func(o *transport.Options) {
			o.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
		},
		OnCommit: func(after bool) {
			select {
			case s.commits <- struct{}{}:
			default:
			}
		},
	}
	if s.App, err = app.NewWith(i.t.Context(), cfg, slog.New(slog.DiscardHandler), hooks); err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(func() { _ = s.Close() })
	return s
}

// await waits until the newest run of an organization is in a state; it looks again after every commit.
func (s *served) await(t *testing.T, org store.Organization, want store.RunState) store.Run {
	t.Helper()
	deadline := time.NewTimer(2 * time.Minute)
	defer deadline.Stop()
	for {
		runs, err := s.Store.Runs(t.Context(), org.ID, store.RunFilter{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		if len(runs) > 0 && runs[0].State == want {
			return runs[0]
		}
		select {
		case <-s.commits:
		case <-deadline.C:
			t.Fatalf("the newest run never became %s: %+v", want, runs)
		}
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestServeAnswersAndStopsCleanly(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.must("", "org", "create", "Northwind IT")
	s := i.serveApp()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	address, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- s.Serve(ctx, func(at app.Serving) { address <- at.URL }) }()
	var url string
	select {
	case url = <-address:
	case err := <-ended:
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		if code, body := get(t, url+path); code != http.StatusOK || body != want {
			t.Errorf("%s: %d %q", path, code, body)
		}
	}
	if code, body := get(t, url+"/metrics"); code != http.StatusOK || !strings.Contains(body, "go_goroutines") {
		t.Errorf("/metrics: %d %.200q", code, body)
	}
	if code, _ := get(t, url+"/other"); code != http.StatusNotFound {
		t.Errorf("/other: %d", code)
	}
	stop()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("stopping: %v", err)
	}
}

func TestServeNamesAnAddressThatIsTaken(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	code, text := i.run("", "serve", "--listen", strings.TrimPrefix(i.autotask.URL, "http://"))
	if code != 2 || !strings.Contains(text, "--listen HOST:PORT") {
		t.Errorf("exit code %d\n%s", code, text)
	}
}

func TestServePrintsItsAddress(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	for args, want := range map[string]string{"": "The console is at http://127.0.0.1:", "--json": `"url":"http://127.0.0.1:`} {
		ctx, stop := context.WithCancel(t.Context())
		out := &interrupter{interrupt: stop}
		line := append([]string{"serve", "--listen", "127.0.0.1:0"}, strings.Fields(args)...)
		code := cli.Run(ctx, line, i.streams("", out), "test")
		stop()
		if code != 0 || !strings.Contains(out.text.String(), want) {
			t.Errorf("%q: exit code %d, %q", args, code, out.text.String())
		}
	}
}

// The schedule starts a run when its time has come, approves within the tolerance, applies and verifies, and nobody is asked.
func TestScheduleRunsByItself(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.setUp("Northwind IT")
	i.must("", "plan")
	i.must("", "approve", "1")
	i.must("", "apply", "1")
	i.must("", "autotask", "settings", "sync=on", "schedule=0 6 * * *", "approve-within=100")
	s := i.serveApp()
	org, err := s.Engine.Organization(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	queue, err := s.Queue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := queue.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = queue.Stop(context.WithoutCancel(t.Context())) }()
	day, err := time.Parse(time.DateOnly, today)
	if err != nil {
		t.Fatal(err)
	}
	if err := i.microsoft.SetQuantity("5a020386-0002-4386-88ab-5b1d1e000386", day, 41); err != nil {
		t.Fatal(err)
	}

	sweep := func() int {
		t.Helper()
		if err := s.Engine.Sweep(t.Context(), queue.Enqueue); err != nil {
			t.Fatal(err)
		}
		runs, err := s.Store.Runs(t.Context(), org.ID, store.RunFilter{})
		if err != nil {
			t.Fatal(err)
		}
		return len(runs)
	}
	if n := sweep(); n != 1 {
		t.Fatalf("%d runs at five in the morning", n)
	}
	s.clock.advance(time.Hour)
	if n := sweep(); n != 2 {
		t.Fatalf("%d runs at six", n)
	}
	run := s.await(t, org, store.RunVerified)
	if run.Scope.Trigger != engine.TriggerSchedule {
		t.Errorf("run %s was started by %q", run.ID, run.Scope.Trigger)
	}
	_, states, err := s.Store.Plan(t.Context(), org.ID, run.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(states) != 1 || states[0].State != store.ChangeApplied || states[0].Change.After.Units != 41 || !strings.HasPrefix(states[0].By, "policy ") {
		t.Errorf("changes: %+v", states)
	}
	if n := sweep(); n != 2 {
		t.Errorf("%d runs after a second sweep in the same minute", n)
	}
	s.clock.advance(24 * time.Hour)
	if n := sweep(); n != 3 {
		t.Errorf("%d runs on the next day", n)
	}
}

// An apply that was cut off is taken up when the program starts again, and one organization's trouble stops no other.
func TestInterruptedApplyIsTakenUpBesideABrokenOrganization(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.must("", "org", "create", "Aaa Broken")
	i.setUp("Northwind IT")
	i.must("", "--org", "Northwind IT", "plan", "--customer", "Kestrel")
	i.must("", "--org", "Northwind IT", "approve", "1")
	s := i.serveApp()
	ctx := t.Context()
	org, err := s.Engine.Organization(ctx, "Northwind IT")
	if err != nil {
		t.Fatal(err)
	}
	broken, err := s.Engine.Organization(ctx, "Aaa Broken")
	if err != nil {
		t.Fatal(err)
	}
	brokenRun, err := s.Store.CreateRun(ctx, broken.ID, "schedule", store.Scope{Trigger: engine.TriggerSchedule})
	if err != nil {
		t.Fatal(err)
	}
	// The state in which a killed process leaves a run.
	if err := s.Store.SetRunState(ctx, org.ID, "1", store.RunApplying, ""); err != nil {
		t.Fatal(err)
	}
	before, err := s.Queue(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := before.Enqueue(ctx, job.RunSync{OrganizationID: string(org.ID), RunID: "1"}); err != nil { // a job that nobody ended
		t.Fatal(err)
	}
	queue, err := s.Queue(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := queue.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = queue.Stop(context.WithoutCancel(ctx)) }()
	if err := s.Engine.Sweep(ctx, queue.Enqueue); err != nil {
		t.Fatal(err)
	}
	s.await(t, org, store.RunVerified)
	failed := s.await(t, broken, store.RunFailed)
	if failed.ID != brokenRun.ID || !strings.Contains(failed.Note, "no Autotask credentials") {
		t.Errorf("the broken organization's run: %+v", failed)
	}
}
