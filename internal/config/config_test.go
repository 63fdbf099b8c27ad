package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/config"
	"spindle/internal/fault"
	"spindle/internal/secret"
)

// env makes a lookup function of a fixed environment.
func env(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok
	}
}

func TestDefaults(t *testing.T) {
	tests := []struct {
		name, xdg, dir string
	}{
		{"beside the program", "", "spindle-data"},
		{"XDG", "/home/x/.local/share", "/home/x/.local/share/spindle"},
		{"relative XDG is ignored, as its specification says", "share", "spindle-data"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := config.Load(nil, env(map[string]string{"XDG_DATA_HOME": tt.xdg}))
			if err != nil {
				t.Fatal(err)
			}
			want := config.Config{
				DataDir:  tt.dir,
				Database: config.Database{Kind: config.DatabaseSQLite, Path: filepath.Join(tt.dir, "spindle.db")},
				Listen:   "127.0.0.1:8080", LogLevel: config.LogInfo, LogFormat: config.LogText,
				AutotaskShare: 70,
			}
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if got.KeyPath() != filepath.Join(tt.dir, "master.key") || got.FilesDir() != filepath.Join(tt.dir, "files") {
				t.Errorf("paths %s, %s", got.KeyPath(), got.FilesDir())
			}
		})
	}
}

func TestFlagsBeatEnvironmentBeatsFile(t *testing.T) {
	path := write(t, "# Spindle\n\nlisten = :1\nlog-level=debug\nlog-format = json\n today = 2026-02-28\n")
	file, err := config.FromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	vars := env(map[string]string{"SPINDLE_LISTEN": ":2", "SPINDLE_LOG_LEVEL": "warn", "SPINDLE_LOG_FORMAT": ""})
	got, err := config.Load(config.Merge(config.FromFlags(map[string]string{"listen": ":3"}), config.FromEnv(vars), file), vars)
	if err != nil {
		t.Fatal(err)
	}
	if got.Listen != ":3" || got.LogLevel != config.LogWarn || got.LogFormat != config.LogJSON {
		t.Errorf("listen %s, level %s, format %s", got.Listen, got.LogLevel, got.LogFormat)
	}
	if got.Today != (billing.Date{Year: 2026, Month: 2, Day: 28}) {
		t.Errorf("today = %s", got.Today)
	}
}

func TestDatabase(t *testing.T) {
	tests := []struct{ text, want string }{
		{"x/y.db", "sqlite x/y.db"},
		{"sqlite:x/y.db", "sqlite x/y.db"},
		{"/var/lib/spindle.db", "sqlite /var/lib/spindle.db"},
		{"postgres://u:pw@h:5432/db?sslmode=require", "postgres "},
		{"postgresql://h/db", "postgres "},
	}
	for _, tt := range tests {
		got, err := config.Load(config.FromFlags(map[string]string{"database": tt.text}), env(nil))
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if s := fmt.Sprintf("%s %s", got.Database.Kind, got.Database.Path); s != tt.want {
			t.Errorf("%s: %s, want %s", tt.text, s, tt.want)
		}
		if got.Database.Kind == config.DatabasePostgres && got.Database.URL.Reveal() != tt.text {
			t.Errorf("%s: URL %s", tt.text, got.Database.URL.Reveal())
		}
	}
}

// Law 12: every mistake at once, each with its place and its remedy.
func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	path := write(t, "log-level = loud\nlistne = :1\nno equals sign\nLOG_FORMAT = json\ntoday = 2026-02-30\ntoday = 2026-02-28\nlog-format =\n")
	file, fileErr := config.FromFile(path)
	flags := config.FromFlags(map[string]string{
		"listen": "8080", "autotask-url": "http://example.com", "database": "mysql://h/db", "colour": "red",
	})
	_, err := config.Load(config.Merge(flags, file), env(nil))
	want := []string{
		path + ", line 2: unknown setting \"listne\" | the settings are: data-dir, database,",
		path + ", line 3: no \"=\" in this line | write key = value",
		path + ", line 4: unknown setting \"LOG_FORMAT\" | write it as log-format",
		path + ", line 6: today is given twice, first in " + path + ", line 5 | delete",
		path + ", line 7: log-format has no value | give a value",
		"--database: a database of another kind than SQLite or PostgreSQL | give the path",
		"--listen: \"8080\" is not an address to listen on | write host:port",
		path + ", line 1: \"loud\" is not one of the choices | choose one of: debug, info, warn, error",
		"--autotask-url: credentials would be sent to example.com unprotected | use https",
		path + ", line 5: \"2026-02-30\" is not a date | write YYYY-MM-DD",
		"--colour: unknown setting | the settings are",
	}
	got := append(fault.List(fileErr), fault.List(err)...)
	if len(got) != len(want) {
		t.Errorf("%d mistakes reported, want %d", len(got), len(want))
	}
	for i, e := range got {
		text := e.Error() + " | " + e.Remedy
		if i >= len(want) || !strings.HasPrefix(text, want[i]) {
			t.Errorf("mistake %d: %s", i, text)
		}
		if e.Kind != fault.KindInvalid {
			t.Errorf("mistake %d is %s", i, e.Kind)
		}
	}
}

func TestBadValues(t *testing.T) {
	tests := []struct{ key, text string }{
		{"database", "postgres://u:pa55word@h"},
		{"database", "postgres:///db?password=pa55word"},
		{"database", "postgres://u:pa55%word@h/db"},
		{"database", "redis://:pa55word@h/db"},
		{"listen", "localhost"},
		{"listen", ":65536"},
		{"listen", ":http"},
		{"listen", "1:2:3"},
		{"log-format", "JSON"},
		{"autotask-url", "webservices.autotask.net"},
		{"autotask-url", "https://u:pa55word@h"},
		{"autotask-url", "https://h/?a=b"},
		{"microsoft-login-url", "ftp://127.0.0.1"},
		{"microsoft-graph-url", "http://127.0.0.1.example.com"},
		{"partner-center-url", "https://"},
		{"today", "28.02.2026"},
		{"autotask-share", "0"},
		{"autotask-share", "101%"},
		{"autotask-share", "0.7"},
	}
	for _, tt := range tests {
		_, err := config.Load(config.FromFlags(map[string]string{tt.key: tt.text}), env(nil))
		if !fault.Is(err, fault.KindInvalid) || fault.Remedy(err) == "" || !strings.HasPrefix(err.Error(), "--"+tt.key+": ") {
			t.Errorf("%s = %s: %v", tt.key, tt.text, err)
		}
		if err != nil && strings.Contains(err.Error()+fault.Remedy(err), "pa55") {
			t.Errorf("%s: the message shows the password: %v", tt.key, err)
		}
	}
}

func TestAddressesOfSimulators(t *testing.T) {
	for text, want := range map[string]string{
		"http://127.0.0.1:7101": "http://127.0.0.1:7101", "http://localhost:1/": "http://localhost:1",
		"http://[::1]:7101": "http://[::1]:7101", "https://sim.example.com/base/": "https://sim.example.com/base",
	} {
		got, err := config.Load(config.FromFlags(map[string]string{
			"autotask-url": text, "microsoft-login-url": text, "microsoft-graph-url": text, "partner-center-url": text,
		}), env(nil))
		if err != nil || got.AutotaskURL != want || got.MicrosoftLoginURL != want || got.MicrosoftGraphURL != want || got.PartnerCenterURL != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

// Law 10: printing the configuration shows no password.
func TestPasswordDoesNotPrint(t *testing.T) {
	values := config.FromFlags(map[string]string{"database": "postgres://u:pa55word@h/db"})
	c, err := config.Load(values, env(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%+v %#v", c, c), fmt.Sprintf("%+v", values)} {
		if strings.Contains(text, "pa55") || !strings.Contains(text, secret.Redacted) {
			t.Errorf("printed: %s", text)
		}
	}
}

func TestMissingFile(t *testing.T) {
	_, err := config.FromFile(filepath.Join(t.TempDir(), "none.conf"))
	if !fault.Is(err, fault.KindInvalid) || fault.Remedy(err) == "" {
		t.Errorf("err = %v", err)
	}
}

func TestEnvironmentNames(t *testing.T) {
	for _, s := range config.Settings() {
		if !strings.HasPrefix(s.Env, "SPINDLE_") || s.Help == "" || strings.ToUpper(s.Env) != s.Env {
			t.Errorf("%+v", s)
		}
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spindle.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
