package archtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// TestArchitecture holds the whole repository to the rules.
func TestArchitecture(t *testing.T) {
	root := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatalf("the repository's root is not where it should be: %v", err)
	}
	found, err := Check(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		t.Error(v)
	}
}

// TestCheckSeesViolations proves that each rule can fail.
func TestCheckSeesViolations(t *testing.T) {
	const head = "// Package x does.\npackage x\n"
	tests := []struct {
		name, path, text string
		want             string // part of the violation; "" means none
	}{
		{"allowed import", "internal/billing/a.go", head + `import "spindle/internal/money"`, ""},
		{"upward import", "internal/plan/a.go", head + `import "spindle/internal/store"`, "plan imports store; it may import billing, money, fault"},
		{"leaf imports ours", "internal/fault/a.go", head + `import "spindle/internal/money"`, "nothing of ours"},
		{"engine knows an adapter", "internal/engine/a.go", head + `import "spindle/internal/target/autotask"`, "engine imports target/autotask"},
		{"adapters know each other", "internal/source/file/a.go", head + `import "spindle/internal/source/partnercenter"`, "source/file imports source/partnercenter"},
		{"sim imports our client", "internal/sim/autotask/a.go", head + `import "spindle/internal/target/autotask"`, "sim/autotask imports target/autotask"},
		{"sim test imports our client", "internal/sim/autotask/a_test.go", head + `import "spindle/internal/target/autotask"`, "sim/autotask imports target/autotask"},
		{"sim test imports itself", "internal/sim/autotask/a_test.go", head + `import "spindle/internal/sim/autotask"`, ""},
		{"sim imports the scenario", "internal/sim/autotask/a.go", head + `import "spindle/internal/sim/scenario"`, ""},
		{"app imports a sim", "internal/app/a.go", head + `import "spindle/internal/sim/autotask"`, "app imports sim/autotask"},
		{"cli imports a sim", "internal/cli/a.go", head + `import "spindle/internal/sim/autotask"`, ""},
		{"tests import a sim", "internal/engine/a_test.go", head + `import "spindle/internal/sim/autotask"`, ""},
		{"package without a room", "internal/util/a.go", head, "package util is in no room"},
		{"River elsewhere", "internal/job/a.go", head + `import "github.com/riverqueue/river"`, "job imports github.com/riverqueue/river"},
		{"River in a test elsewhere", "internal/engine/a_test.go", head + `import "github.com/riverqueue/river/rivertype"`, "engine imports github.com/riverqueue/river/rivertype"},
		{"River at home", "internal/job/riverqueue/a.go", head + `import "github.com/riverqueue/river"`, ""},
		{"driver elsewhere", "internal/engine/a.go", head + `import _ "modernc.org/sqlite"`, "engine imports modernc.org/sqlite"},
		{"driver in the store", "internal/store/a.go", head + `import "github.com/jackc/pgx/v5/pgxpool"`, ""},
		{"context in billing", "internal/billing/a.go", head + `import "context"`, "billing imports context"},
		{"HTTP in rating", "internal/rating/a.go", head + `import "net/http"`, "rating imports net/http"},
		{"JSON in plan", "internal/plan/a.go", head + `import "encoding/json"`, "plan imports encoding/json"},
		{"log in plan", "internal/plan/a.go", head + `import "log/slog"`, "plan imports log/slog"},
		{"HTTP in engine", "internal/engine/a.go", head + `import "net/http"`, "engine imports net/http"},
		{"SQL in web", "internal/web/a.go", head + `import "database/sql"`, "web imports database/sql"},
		{"clock in plan", "internal/plan/a.go", head + "import \"time\"\nvar _ = time.Now()", "plan uses time.Now"},
		{"renamed clock", "internal/rating/a.go", head + "import t \"time\"\nvar _ = t.Since", "rating uses time.Since"},
		{"dates are no clock", "internal/plan/a.go", head + "import \"time\"\nvar _ = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)", ""},
		{"JSON tag in billing", "internal/billing/a.go", head + "type T struct { A int `json:\"a\"` }", "billing has a json tag"},
		{"float type", "internal/money/a.go", head + "var x float64", "money uses float64"},
		{"float literal", "internal/rating/a.go", head + "const x = 1.5", "floating-point literal 1.5"},
		{"float parsed", "internal/source/file/a.go", head + "import \"strconv\"\nvar _ = strconv.ParseFloat", "source/file uses ParseFloat"},
		{"float from a decimal", "internal/store/a.go", head + "func f(d interface{ InexactFloat64() }) {}", "store uses InexactFloat64"},
		{"float elsewhere", "internal/web/a.go", head + "var x float64", ""},
		{"no package comment", "internal/money/a.go", "package money", "package money has no package comment"},
		{"main imports the engine", "cmd/spindle/main.go", head + `import "spindle/internal/engine"`, "cmd/spindle imports engine"},
		{"testdata is not ours", "internal/money/testdata/a.go", "package broken; import \"context\"", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found, err := Check(fstest.MapFS{
				tt.path:                 {Data: []byte(tt.text)},
				"internal/fault/doc.go": {Data: []byte("// Package fault is here.\npackage fault")},
			})
			if err != nil {
				t.Fatal(err)
			}
			if tt.want == "" {
				for _, v := range found {
					t.Errorf("unexpected: %s", v)
				}
				return
			}
			if len(found) != 1 || !strings.Contains(found[0].String(), tt.want) || found[0].Why == "" || found[0].File != tt.path || found[0].Line == 0 {
				t.Errorf("found %v, want %q", found, tt.want)
			}
		})
	}
}

func TestCheckNeedsFilesThatParse(t *testing.T) {
	if _, err := Check(fstest.MapFS{}); err == nil {
		t.Error("an empty repository passes")
	}
	if _, err := Check(fstest.MapFS{"internal/money/a.go": {Data: []byte("package")}}); err == nil {
		t.Error("a broken file passes")
	}
}
