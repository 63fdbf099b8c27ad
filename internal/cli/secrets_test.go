package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spindle/internal/cli"
	simautotask "spindle/internal/sim/autotask"
	simmicrosoft "spindle/internal/sim/microsoft"
	"spindle/internal/sim/scenario"
)

// installation is one data folder between two simulators.
type installation struct {
	t         *testing.T
	dir       string
	env       map[string]string
	out       bytes.Buffer // everything any command wrote
	autotask  *simautotask.Running
	microsoft *simmicrosoft.Running
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	day, err := time.Parse(time.DateOnly, today)
	if err != nil {
		t.Fatal(err)
	}
	world, err := scenario.Named("demo", day.Add(9*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	i := &installation{t: t, dir: t.TempDir()}
	i.env = map[string]string{"SPINDLE_DATA_DIR": i.dir, "SPINDLE_TODAY": today}
	if i.autotask, err = simautotask.Start(t.Context(), "127.0.0.1:0", "127.0.0.1:0", simautotask.Options{Scenario: world}); err != nil {
		t.Fatal(err)
	}
	if i.microsoft, err = simmicrosoft.Start(t.Context(), "127.0.0.1:0", "127.0.0.1:0", simmicrosoft.Options{Scenario: world}); err != nil {
		t.Fatal(err)
	}
	return i
}

// run runs a command line and gives its exit code and what it wrote.
func (i *installation) run(in string, args ...string) (code int, text string) {
	var out bytes.Buffer
	code = cli.Run(context.WithoutCancel(i.t.Context()), args, i.streams(in, &out), "test")
	i.out.Write(out.Bytes())
	return code, out.String()
}

func (i *installation) streams(in string, out io.Writer) cli.Streams {
	return cli.Streams{In: strings.NewReader(in), Out: out, Err: out, Env: func(name string) (string, bool) {
		text, found := i.env[name]
		return text, found
	}}
}

// must runs a command line that has to work.
func (i *installation) must(in string, args ...string) string {
	i.t.Helper()
	code, text := i.run(in, args...)
	if code != 0 {
		i.t.Fatalf("%v: exit code %d\n%s", args, code, text)
	}
	return text
}

func (i *installation) credentials() (autotask, microsoft string) {
	a, m := i.autotask.Credentials(), i.microsoft.Credentials()
	text := func(v map[string]string) string {
		b, err := json.Marshal(v)
		if err != nil {
			i.t.Fatal(err)
		}
		return string(b)
	}
	return text(map[string]string{"url": i.autotask.URL, "username": a.UserName, "secret": a.Secret, "integration_code": a.IntegrationCode}),
		text(map[string]string{"login_url": i.microsoft.LoginURL, "graph_url": i.microsoft.GraphURL, "partner_center_url": i.microsoft.PartnerCenterURL,
			"tenant_id": m.TenantID, "client_id": m.ClientID, "client_secret": m.ClientSecret})
}

// setUp takes an organization as far as a plan that could be applied.
func (i *installation) setUp(org string) {
	i.t.Helper()
	a, m := i.credentials()
	i.must("", "org", "create", org)
	i.must(a, "--org", org, "autotask", "credentials", "--stdin")
	i.must("", "--org", org, "autotask", "settings", "vendor=Microsoft", "service-code=Cloud Subscriptions", "material-code=Azure Consumption", "service-markup=15")
	i.must(m, "--org", org, "microsoft", "connect", "--stdin")
	i.must("", "--org", org, "customers", "suggest", "--accept", "60")
	i.must("", "--org", org, "subscriptions", "bill", "on", "--all", "--yes")
	i.must("", "--org", org, "contracts", "map", "--all")
	i.must("", "--org", org, "autotask", "enable", "--yes")
}

// Law 10: no secret is in what commands write, logs at their chattiest included, nor in anything they leave in the data folder.
func TestSecretsDoNotLeak(t *testing.T) {
	if testing.Short() {
		t.Skip("the whole month in two formats: without the race detector it takes a tenth of the time")
	}
	t.Parallel()
	i := newInstallation(t)
	for _, format := range []string{"text", "json"} {
		i.env["SPINDLE_LOG_LEVEL"], i.env["SPINDLE_LOG_FORMAT"] = "debug", format
		i.setUp("Org " + format)
		org := "--org=Org " + format
		a, m := i.credentials()
		wrongA := strings.Replace(a, `"secret":"`, `"secret":"wrong-Autotask-`, 1)
		wrongM := strings.Replace(m, `"client_secret":"`, `"client_secret":"wrong-Microsoft-`, 1)
		if code, _ := i.run(wrongA, org, "autotask", "credentials", "--stdin"); code != 5 {
			t.Errorf("a wrong Autotask secret: exit code %d", code)
		}
		if code, _ := i.run(wrongM, org, "microsoft", "connect", "--stdin"); code != 5 {
			t.Errorf("a wrong Microsoft secret: exit code %d", code)
		}
		i.run(a[:len(a)-3], org, "autotask", "credentials", "--stdin")
		i.must("", org, "plan", "--customer", "Brightwater")
		i.must("", org, "approve", "1")
		if code, text := i.run("", org, "apply", "1"); code != 0 && format == "text" {
			t.Errorf("apply: exit code %d\n%s", code, text)
		}
		i.must("", org, "show", "1", "--changes", "--json")
		i.run("", org, "doctor", "--json")
		i.must("", org, "audit")
	}
	i.must("", "backup", filepath.Join(i.dir, "copy.db"))
	if !strings.Contains(i.out.String(), "DEBUG") && !strings.Contains(i.out.String(), "INFO") {
		t.Error("nothing was logged, so nothing is shown")
	}
	secrets := map[string]string{"Autotask secret": i.autotask.Credentials().Secret, "Microsoft secret": i.microsoft.Credentials().ClientSecret,
		"wrong Autotask secret": "wrong-Autotask-", "wrong Microsoft secret": "wrong-Microsoft-", "bearer token": "eyJ"}
	absent(t, "output", i.out.Bytes(), secrets)
	err := filepath.WalkDir(i.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil {
			absent(t, d.Name(), text, secrets)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// absent wants none of the secrets in a text, neither plain nor as JSON writes it.
func absent(t *testing.T, where string, text []byte, secrets map[string]string) {
	t.Helper()
	for name, secret := range secrets {
		quoted, err := json.Marshal(secret)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range [][]byte{[]byte(secret), quoted[1 : len(quoted)-1]} {
			if at := bytes.Index(text, form); at >= 0 {
				t.Errorf("the %s is in %s: %.200q", name, where, text[max(0, at-100):])
			}
		}
	}
}
