package browser

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// firstDay is the day on which every house begins, as in the demo.
const firstDay = "2026-11-10"

// vendors is what spindle sim --json prints.
type vendors struct {
	Autotask struct {
		URL             string `json:"url"`
		Control         string `json:"control_url"`
		UserName        string `json:"username"`
		Secret          string `json:"secret"`
		IntegrationCode string `json:"integration_code"`
	} `json:"autotask"`
	Microsoft struct {
		Login         string   `json:"login_url"`
		Graph         string   `json:"graph_url"`
		PartnerCenter string   `json:"partner_center_url"`
		Control       string   `json:"control_url"`
		Tenant        string   `json:"tenant_id"`
		Client        string   `json:"client_id"`
		Secret        string   `json:"client_secret"`
		Invoices      []string `json:"invoice_ids"`
	} `json:"microsoft"`
	raw map[string]json.RawMessage
}

// UnmarshalJSON keeps each vendor's part as it was printed, to be given to commands.
func (v *vendors) UnmarshalJSON(text []byte) error {
	type plain vendors
	if err := json.Unmarshal(text, (*plain)(v)); err != nil {
		return err
	}
	return json.Unmarshal(text, &v.raw)
}

// house is one installation: a data folder of its own, the console, and both vendors.
type house struct {
	t       testing.TB
	dir     string
	day     string
	vendors vendors
	console *child
	began   time.Time // when the console was started: its clock begins then
	URL     string    `json:"url"`
	Start   string    `json:"start_url"`
}

// newHouse starts both simulators and an empty installation.
func newHouse(t testing.TB) *house {
	t.Helper()
	needsBrowser(t)
	h := &house{t: t, dir: t.TempDir(), day: firstDay}
	launch(t, &h.vendors, "sim", "--json", "--today", firstDay, "--autotask", "127.0.0.1:0", "--microsoft", "127.0.0.1:0")
	h.serve("127.0.0.1:0")
	return h
}

// serve starts the console at an address.
func (h *house) serve(listen string) {
	h.t.Helper()
	h.began = time.Now()
	h.console = launch(h.t, h, "serve", "--json", "--data-dir", h.dir, "--today", h.day, "--listen", listen)
}

// address is the host and port of the console.
func (h *house) address() string { return strings.TrimPrefix(h.URL, "http://") }

// spindle runs a command on the house's data.
func (h *house) spindle(stdin string, args ...string) string {
	h.t.Helper()
	return runCommand(h.t, stdin, append([]string{"--data-dir", h.dir, "--today", h.day, "--as", "operator"}, args...)...)
}

// connected gives an empty house its organization and both connections at the command line, for tests that are not about that.
func (h *house) connected() *house {
	h.t.Helper()
	h.spindle("", "org", "create", "Northwind IT")
	h.spindle(string(h.vendors.raw["autotask"]), "autotask", "credentials", "--stdin")
	h.spindle(string(h.vendors.raw["microsoft"]), "microsoft", "connect", "--stdin")
	return h
}

// ready makes a connected house ready to plan.
func (h *house) ready() *house {
	h.t.Helper()
	h.connected()
	h.spindle("", "autotask", "settings", "vendor=Microsoft", "service-code=Cloud Subscriptions", "material-code=Azure Consumption",
		"service-markup=15", "product-markup=10", "start-day=1", "azure-bundled=on", "azure-bundle-name=Microsoft Azure")
	h.spindle("", "customers", "suggest", "--accept", "60")
	h.spindle("", "subscriptions", "bill", "on", "--all", "--from", "2026-10", "--yes")
	h.spindle("", "contracts", "map", "--all")
	h.spindle("", "autotask", "enable", "--yes")
	return h
}

// control calls a control surface: "POST", the Autotask simulator's address, "/clock" and a body.
func (h *house) control(method, base, path string, body any) []byte {
	h.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(h.t.Context(), method, base+path, bytes.NewReader(text))
	if err != nil {
		h.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		h.t.Fatalf("%s %s: %s %v\n%s", method, path, answer.Status, err, got)
	}
	return got
}

func (h *house) autotask(method, path string, body any) []byte {
	h.t.Helper()
	return h.control(method, h.vendors.Autotask.Control, path, body)
}

func (h *house) microsoft(method, path string, body any) []byte {
	h.t.Helper()
	return h.control(method, h.vendors.Microsoft.Control, path, body)
}

// goTo moves the whole world to a later day: both simulators, and the program, which is started again.
func (h *house) goTo(day string) {
	h.t.Helper()
	h.autotask(http.MethodPost, "/clock", map[string]string{"set": day})
	h.microsoft(http.MethodPost, "/clock", map[string]string{"now": day + "T09:00:00Z"})
	h.console.stop()
	h.day = day
	h.serve(h.address())
}

// join makes somebody a member of the organization by an invitation of the operator, which he takes up in a tab of his own.
func (h *house) join(name, role string) *tab {
	h.t.Helper()
	var made struct {
		URL string `json:"url"`
	}
	text := h.spindle("", "users", "invite", strings.ToLower(name)+"@northwind.example", "--role", role, "--url", h.URL, "--json")
	if err := json.Unmarshal([]byte(text), &made); err != nil {
		h.t.Fatalf("%v: %s", err, text)
	}
	b := newTab(h.t, h.URL)
	b.open(made.URL)
	b.write("Your name", name, "Password", password)
	b.follow("Join")
	return b
}

// password is everybody's.
const password = "spike on a desk full of bills"

// request is an entry of the Autotask simulator's log.
type request struct{ Method, Path string }

func (h *house) requests() []request {
	h.t.Helper()
	var log struct{ Requests []request }
	if text := h.autotask(http.MethodGet, "/requests?from=1", nil); json.Unmarshal(text, &log) != nil {
		h.t.Fatalf("the request log is %.300s", text)
	}
	return log.Requests
}
