package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"spindle/internal/cli"
	simautotask "spindle/internal/sim/autotask"
	simmicrosoft "spindle/internal/sim/microsoft"
	"spindle/internal/sim/scenario"
)

// today is the day on which every script plays.
const today = "2026-11-10"

// raced are the scripts that run under -short too, which is how the race detector runs: it reads, plans and prints.
var raced = []string{"testdata/gaps.txtar"}

func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if testing.Short() {
		files = raced
	}
	testscript.Run(t, testscript.Params{
		Files: files, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error { return prepare(t.Context(), env) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"spindle": spindle, "code": code, "feed": feed, "sims": sims, "seed": seed, "control": control,
			"writes": writes, "json": jsonLine, "accept": accept, "width": width, "spindle-sim": spindleSim, "signin": signIn},
	})
}

// prepare gives a script its environment and the vendor's sample files.
func prepare(ctx context.Context, env *testscript.Env) error {
	env.Values[stageKey{}] = &stage{ctx: ctx}
	env.Setenv("SPINDLE_DATA_DIR", filepath.Join(env.WorkDir, "data"))
	env.Setenv("SPINDLE_TODAY", today)
	env.Setenv("SPINDLE_AS", "clerk")
	samples, err := filepath.Glob("../source/file/testdata/*.*")
	if err == nil && len(samples) == 0 {
		err = errors.New("no sample files")
	}
	if err != nil {
		return err
	}
	for _, path := range samples {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(env.WorkDir, filepath.Base(path)), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// stageKey finds the stage among a script's values.
type stageKey struct{}

// stage is what the commands of one script share.
type stage struct {
	ctx       context.Context
	autotask  *simautotask.Running
	microsoft *simmicrosoft.Running
	stdin     string
	code      int
}

func on(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }

func streams(ts *testscript.TestScript, in string, out, problems io.Writer) cli.Streams {
	return cli.Streams{In: strings.NewReader(in), Out: out, Err: problems, Env: func(name string) (string, bool) {
		text := ts.Getenv(name)
		return text, text != ""
	}}
}

// spindle runs a command line in this process; "! spindle" expects it to fail, and "code" tells how.
func spindle(ts *testscript.TestScript, neg bool, args []string) {
	s := on(ts)
	s.code = cli.Run(s.ctx, args, streams(ts, s.stdin, ts.Stdout(), ts.Stderr()), "test")
	s.stdin = ""
	if (s.code != 0) != neg {
		ts.Fatalf("exit code %d", s.code)
	}
}

// code compares the exit code of the last command.
func code(ts *testscript.TestScript, _ bool, args []string) {
	if want, err := strconv.Atoi(args[0]); err != nil || want != on(ts).code {
		ts.Fatalf("exit code %d, want %s", on(ts).code, args[0])
	}
}

// feed gives the next command a file as standard input.
func feed(ts *testscript.TestScript, _ bool, args []string) { on(ts).stdin = ts.ReadFile(args[0]) }

// sims starts both simulators and writes their credentials into autotask.json and microsoft.json.
func sims(ts *testscript.TestScript, _ bool, args []string) {
	s := on(ts)
	name := "demo"
	if len(args) > 0 {
		name = args[0]
	}
	day, err := time.Parse(time.DateOnly, today)
	ts.Check(err)
	world, err := scenario.Named(name, day.Add(9*time.Hour))
	ts.Check(err)
	s.autotask, err = simautotask.Start(s.ctx, "127.0.0.1:0", "127.0.0.1:0", simautotask.Options{Scenario: world})
	ts.Check(err)
	s.microsoft, err = simmicrosoft.Start(s.ctx, "127.0.0.1:0", "127.0.0.1:0", simmicrosoft.Options{Scenario: world})
	ts.Check(err)
	ts.Defer(func() { _ = errors.Join(s.autotask.Close(), s.microsoft.Close()) })
	a, m := s.autotask.Credentials(), s.microsoft.Credentials()
	ts.Setenv("AUTOTASK_SECRET", a.Secret)
	ts.Setenv("MICROSOFT_SECRET", m.ClientSecret)
	writeJSON(ts, "autotask.json", map[string]string{"url": s.autotask.URL, "username": a.UserName, "secret": a.Secret, "integration_code": a.IntegrationCode})
	writeJSON(ts, "microsoft.json", map[string]string{"login_url": s.microsoft.LoginURL, "graph_url": s.microsoft.GraphURL,
		"partner_center_url": s.microsoft.PartnerCenterURL, "tenant_id": m.TenantID, "client_id": m.ClientID, "client_secret": m.ClientSecret})
}

func writeJSON(ts *testscript.TestScript, name string, v any) {
	text, err := json.Marshal(v)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(name), text, 0o600))
}

// signIn signs a partner user in and writes the refresh token into REFRESH_TOKEN and, with the application's credentials, into user.json.
func signIn(ts *testscript.TestScript, _ bool, args []string) {
	token := on(ts).microsoft.NewRefreshToken(len(args) == 0 || args[0] != "without-mfa")
	ts.Setenv("REFRESH_TOKEN", token)
	var fields map[string]string
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("microsoft.json")), &fields))
	fields["refresh_token"] = token
	writeJSON(ts, "user.json", fields)
}

// seed takes the set-up as far as a step: "connected", "mapped" or "enabled".
func seed(ts *testscript.TestScript, _ bool, args []string) {
	steps := [][]string{
		{"org", "create", "Northwind IT"}, {"autotask", "credentials", "--stdin"},
		{"autotask", "settings", "vendor=Microsoft", "service-code=Cloud Subscriptions", "material-code=Azure Consumption", "service-markup=15", "product-markup=10", "azure-bundled=on"},
		{"microsoft", "connect", "--stdin"},
	}
	if args[0] != "connected" {
		steps = append(steps, [][]string{{"customers", "suggest", "--accept", "60"}, {"customers", "map", "Hollins", "29680008"},
			{"subscriptions", "bill", "on", "--all", "--from", "2026-10", "--yes"}, {"contracts", "map", "--all"}}...)
	}
	if args[0] == "enabled" {
		steps = append(steps, []string{"autotask", "enable", "--yes"})
	}
	for _, step := range steps {
		in := ""
		if step[len(step)-1] == "--stdin" {
			in = ts.ReadFile(step[0] + ".json")
		}
		var out bytes.Buffer
		if code := cli.Run(on(ts).ctx, step, streams(ts, in, &out, &out), "test"); code != 0 {
			ts.Fatalf("%v: exit code %d\n%s", step, code, out.String())
		}
	}
}

// control speaks to a simulator's control surface: control autotask POST /faults '{…}'.
func control(ts *testscript.TestScript, _ bool, args []string) {
	url := map[string]string{"autotask": on(ts).autotask.ControlURL, "microsoft": on(ts).microsoft.ControlURL}[args[0]] + args[2]
	var body io.Reader = http.NoBody
	if len(args) > 3 {
		body = strings.NewReader(args[3])
	}
	request, err := http.NewRequestWithContext(on(ts).ctx, args[1], url, body)
	ts.Check(err)
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	_, err = io.Copy(ts.Stdout(), response.Body)
	ts.Check(err)
	if response.StatusCode != http.StatusOK {
		ts.Fatalf("%s: %s", url, response.Status)
	}
}

// writes compares how many writes reached Autotask since they were last counted; "writes some" wants at least one.
func writes(ts *testscript.TestScript, _ bool, args []string) {
	n := 0
	for _, r := range on(ts).autotask.Requests(0) {
		if r.Method != http.MethodGet && !strings.HasSuffix(r.Path, "/query") && !strings.HasSuffix(r.Path, "/query/count") {
			n++
		}
	}
	on(ts).autotask.ClearRequests()
	if args[0] == "some" && n > 0 || args[0] == strconv.Itoa(n) {
		return
	}
	ts.Fatalf("%d writes, want %s", n, args[0])
}

// jsonLine wants standard output to be exactly one JSON document, and prints it on one line to match against.
func jsonLine(ts *testscript.TestScript, _ bool, _ []string) {
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	var document json.RawMessage
	ts.Check(decoder.Decode(&document))
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		ts.Fatalf("more than one JSON document")
	}
	var line bytes.Buffer
	ts.Check(json.Compact(&line, document))
	_, err := ts.Stdout().Write(append(line.Bytes(), '\n'))
	ts.Check(err)
}

// width wants no line of standard output to be longer.
func width(ts *testscript.TestScript, _ bool, args []string) {
	limit, err := strconv.Atoi(args[0])
	ts.Check(err)
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > limit {
			ts.Fatalf("%d characters: %s", n, line)
		}
	}
}

// spindleSim runs "spindle sim --json" on free ports until it has printed its line, then interrupts it and wants a clean end.
func spindleSim(ts *testscript.TestScript, _ bool, _ []string) {
	ctx, interrupt := context.WithCancel(on(ts).ctx)
	defer interrupt()
	printed := &interrupter{interrupt: interrupt}
	done := make(chan int, 1)
	go func() {
		done <- cli.Run(ctx, []string{"sim", "--json", "--autotask", "127.0.0.1:0", "--microsoft", "127.0.0.1:0"}, streams(ts, "", printed, printed), "test")
	}()
	if code := <-done; code != 0 {
		ts.Fatalf("exit code %d", code)
	}
	_, err := ts.Stdout().Write(printed.text.Bytes())
	ts.Check(err)
}

// interrupter stops a command once it has written a whole line.
type interrupter struct {
	text      bytes.Buffer
	interrupt func()
}

func (i *interrupter) Write(p []byte) (int, error) {
	n, err := i.text.Write(p)
	if bytes.HasSuffix(p, []byte("\n")) {
		i.interrupt()
	}
	return n, err
}
