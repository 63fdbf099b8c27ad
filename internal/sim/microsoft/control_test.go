package microsoft

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"spindle/internal/sim/scenario"
)

func startDemo(t *testing.T) *Running {
	t.Helper()
	sc, err := scenario.Named("demo", testDay)
	if err != nil {
		t.Fatal(err)
	}
	run, err := Start(context.Background(), "127.0.0.1:0", "127.0.0.1:0", Options{Scenario: sc})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = run.Close() })
	return run
}

// control sends one control request and returns status and body.
func control(t *testing.T, run *Running, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, run.ControlURL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

func TestControlSurface(t *testing.T) {
	run := startDemo(t)
	sub := run.opts.Scenario.Customers[0].Subscriptions[0].ID
	for _, tt := range []struct {
		method, path, body string
		status             int
		contains           string
	}{
		{"GET", "/clock", "", 200, "2026-11-10T12:00:00Z"},
		{"POST", "/clock", `{"advance":"26h"}`, 200, "2026-11-11T14:00:00Z"},
		{"POST", "/clock", `{"now":"2026-11-12T08:00:00Z"}`, 200, "2026-11-12T08:00:00Z"},
		{"POST", "/clock", `{"now":"tomorrow"}`, 400, "RFC 3339"},
		{"POST", "/clock", `{"advance":"soon"}`, 400, "duration"},
		{"POST", "/clock", `{}`, 400, "give now"},
		{"GET", "/dialects", "", 200, `"exportStatus":"succeeded"`},
		{"POST", "/dialects", `{"exportStatus":"completed"}`, 200, `"exportStatus":"completed"`},
		{"POST", "/dialects", `{"exportStatus":"maybe"}`, 400, "use one of succeeded, completed"},
		{"POST", "/dialects", `{"nope":"x"}`, 400, "unknown dialect"},
		{"POST", "/faults", `{"kind":"429","path":"/v1/**","count":2}`, 200, `"id":`},
		{"POST", "/faults", `{"kind":"429","pth":"/v1/**"}`, 400, "unknown field"},
		{"GET", "/faults", "", 200, `"seen":0`},
		{"DELETE", "/faults", "", 200, "true"},
		{"GET", "/subscriptions", "", 200, sub},
		{"POST", "/quantity", `{"subscriptionId":"` + sub + `","date":"2026-11-11","quantity":99}`, 200, "true"},
		{"POST", "/quantity", `{"subscriptionId":"` + sub + `","date":"2026-10-11","quantity":9}`, 400, "billed month"},
		{"POST", "/quantity", `{"subscriptionId":"` + sub + `","date":"2026-11-10","quantity":9}`, 400, "already changes on 2026-11-11"},
		{"POST", "/quantity", `{"subscriptionId":"` + sub + `","date":"2026-11-11","quantity":0}`, 400, "must be 1 to"},
		{"POST", "/quantity", `{"subscriptionId":"x","date":"2026-11-11","quantity":9}`, 400, "no subscription"},
		{"POST", "/quantity", `{"subscriptionId":"x","date":"11/11/2026","quantity":9}`, 400, "YYYY-MM-DD"},
		{"POST", "/cancel", `{"subscriptionId":"` + sub + `","date":"2026-11-12"}`, 200, "true"},
		{"POST", "/cancel", `{"subscriptionId":"` + sub + `","date":"2026-11-12"}`, 400, "cancelled on 2026-11-12"},
		{"POST", "/renewing", `{"subscriptionId":"` + sub + `","on":true}`, 200, "true"},
		{"POST", "/restate", `{"invoiceId":"G120261000"}`, 200, "true"},
		{"POST", "/restate", `{"invoiceId":"G0"}`, 400, "no invoice"},
		{"POST", "/remove-customer", `{"tenantId":"x"}`, 400, "no customer"},
		{"POST", "/refresh-token", `{}`, 200, "0.A"},
		{"DELETE", "/refresh-token", "", 200, "true"},
		{"POST", "/close-month", "", 200, "G120261100"},
		{"GET", "/invoices", "", 200, `["G120261100","G120261000"`},
		{"GET", "/credentials", "", 200, `"clientSecret":"` + run.Credentials().ClientSecret},
		{"GET", "/requests", "", 200, "[]"},
		{"POST", "/seed", `{"scenario":"traps"}`, 200, "true"},
		{"POST", "/seed", `{"scenario":"moon"}`, 400, "unknown scenario"},
		{"POST", "/seed", `{"scenario":"demo","today":"2026-11-10"}`, 200, "true"},
		{"POST", "/reset", "", 200, "true"},
		{"GET", "/clock", "", 200, "2026-11-10T12:00:00Z"},
	} {
		status, body := control(t, run, tt.method, tt.path, tt.body)
		if status != tt.status || !strings.Contains(body, tt.contains) {
			t.Errorf("%s %s %s: %d %s", tt.method, tt.path, tt.body, status, body)
		}
	}
}

// TestQuantityAndCloseMonth: a change shows in the list and as a pair, first unbilled and then on the new invoice.
func TestQuantityAndCloseMonth(t *testing.T) {
	c := newClient(t, "demo", nil)
	customer := c.sim.opts.Scenario.Customers[6]
	sub := customer.Subscriptions[0]
	if err := c.sim.SetQuantity(sub.ID, testDay, sub.Quantity+7); err != nil {
		t.Fatal(err)
	}
	if got := num(t, c.pc("/customers/" + customer.TenantID + "/subscriptions/" + sub.ID).json(t)["quantity"]).IntPart(); got != int64(sub.Quantity+7) {
		t.Errorf("quantity %d", got)
	}
	pair := func(rows []map[string]any) (lines []map[string]any) {
		for _, r := range rows {
			if r["SubscriptionId"] == sub.ID && r["ChargeType"] == "addQuantity" && r["OrderDate"] == testDay.Format(seconds) {
				lines = append(lines, r)
			}
		}
		return lines
	}
	lines := pair(c.rows("reconciliation/unbilled/export", `{"currencyCode":"EUR","billingPeriod":"current"}`))
	if len(lines) != 2 || lines[0]["ReferenceId"] != lines[1]["ReferenceId"] || lines[0]["ChargeStartDate"] != lines[1]["ChargeStartDate"] ||
		!num(t, lines[0]["EffectiveUnitPrice"]).Add(num(t, lines[1]["EffectiveUnitPrice"])).IsZero() {
		t.Fatalf("pair: %v", lines)
	}
	for _, l := range lines {
		want := int64(sub.Quantity)
		if num(t, l["Subtotal"]).IsPositive() {
			want += 7
		}
		if num(t, l["BillableQuantity"]).IntPart() != want {
			t.Errorf("%v seats, want %d", l["BillableQuantity"], want)
		}
	}
	id := c.sim.CloseMonth()
	if id != c.newest() || !c.sim.Now().Equal(date(2026, 12, 7).Add(12*time.Hour)) {
		t.Errorf("%s at %s", id, c.sim.Now())
	}
	c.tokens = map[string]string{}
	checkInvoice(t, c, id)
	if lines := pair(c.rows("reconciliation/billed/export", fmt.Sprintf(`{"invoiceId":%q}`, id))); len(lines) != 2 || lines[0]["InvoiceNumber"] != id {
		t.Errorf("billed pair: %v", lines)
	}
	before := num(t, c.pc("/invoices/" + id).json(t)["totalCharges"])
	if err := c.sim.Cancel(sub.ID, date(2026, 12, 7)); err != nil {
		t.Fatal(err)
	}
	if after := num(t, c.pc("/invoices/" + id).json(t)["totalCharges"]); !after.Equal(before) {
		t.Error("a billed invoice must not move")
	}
	if got := c.pc("/customers/" + customer.TenantID + "/subscriptions/" + sub.ID).json(t)["status"]; got != "deleted" {
		t.Errorf("status %v", got)
	}
}

func TestStartServesAndStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	sc, err := scenario.Named("demo", testDay)
	if err != nil {
		t.Fatal(err)
	}
	run, err := Start(ctx, "127.0.0.1:0", "127.0.0.1:0", Options{Scenario: sc, Now: func() time.Time { return testDay.AddDate(0, 0, 3) }})
	if err != nil {
		t.Fatal(err)
	}
	if run.LoginURL == "" || run.LoginURL != run.GraphURL || run.ControlURL == run.LoginURL || run.BlobURL != run.PartnerCenterURL {
		t.Errorf("%+v", run)
	}
	if !run.Now().Equal(testDay.AddDate(0, 0, 3)) {
		t.Errorf("clock %s", run.Now())
	}
	if _, err := Start(ctx, strings.TrimPrefix(run.LoginURL, "http://"), "127.0.0.1:0", Options{Scenario: sc}); err == nil {
		t.Error("an address in use must be an error")
	}
	cancel()
	if err := run.Close(); err != nil {
		t.Error(err)
	}
}

func TestRequestLogKeepsNoSecrets(t *testing.T) {
	c := newClient(t, "demo", nil)
	c.rows("reconciliation/billed/export", fmt.Sprintf(`{"invoiceId":%q}`, c.newest()))
	raw, err := json.Marshal(c.sim.Requests())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{c.sim.Credentials().ClientSecret, c.app(audienceGraph)} {
		if strings.Contains(string(raw), secret) {
			t.Error("a secret is in the log")
		}
	}
	if !strings.Contains(string(raw), "invoiceId") || !strings.Contains(string(raw), "sig=%2A%2A%2A") {
		t.Errorf("%s", raw)
	}
	c.sim.ClearRequests()
	if len(c.sim.Requests()) != 0 {
		t.Error("cleared")
	}
}
