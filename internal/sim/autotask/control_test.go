package autotask

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"spindle/internal/sim/scenario"
)

func running(t *testing.T) *Running {
	t.Helper()
	sc, err := scenario.Named("demo", testDay)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Start(t.Context(), "127.0.0.1:0", "127.0.0.1:0", Options{Scenario: sc})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func control(t *testing.T, r *Running, method, path, body string) (int, map[string]any) {
	t.Helper()
	request, err := http.NewRequest(method, r.ControlURL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("%s %s: %s", method, path, raw)
	}
	return answer.StatusCode, out
}

func TestControlSurface(t *testing.T) {
	r := running(t)
	first := r.State()
	contract := r.world.table("Contracts").order[0]
	company := r.world.table("Contracts").rows[contract].num("companyID")
	for _, tt := range []struct{ method, path, body, want string }{
		{"GET", "/credentials", "", r.Credentials().Secret},
		{"GET", "/clock", "", "2026-11-10T12:00:00Z"},
		{"POST", "/clock", `{"set":"2026-12-01"}`, "2026-12-01T00:00:00Z"},
		{"POST", "/clock", `{"advance":"36h","days":1}`, "2026-12-03T12:00:00Z"},
		{"POST", "/post", fmt.Sprintf(`{"until":"2026-11-30","contractID":%d}`, contract), `"items":2`},
		{"POST", "/unpost", fmt.Sprintf(`{"from":"2026-11-01","contractID":%d}`, contract), `"items":2`},
		{"POST", "/post", `{"until":"2026-11-30"}`, `"periods"`},
		{"POST", "/invoice", fmt.Sprintf(`{"companyID":%d}`, company), `"invoiceID":3302`},
		{"POST", "/void", `{"invoiceID":3302}`, `"ok":true`},
		{"POST", "/faults", `{"kind":"status","status":503,"count":1}`, `"id":1`},
		{"GET", "/faults", "", `"status":503`},
		{"DELETE", "/faults", "", `"ok":true`},
		{"POST", "/dialects", `{"split":"overlap"}`, `"ok":true`},
		{"GET", "/dialects", "", `"split":"overlap"`},
		{"POST", "/dialects", `{"split":"truncate"}`, `"ok":true`},
		{"POST", "/profile", `{"profile":"no-cost","userDisabled":true}`, `"ok":true`},
		{"POST", "/usage", `{"count":7000}`, `"ok":true`},
		{"GET", "/usage", "", `"count":7000`},
		{"GET", "/requests?from=1", "", `"requests":[]`},
		{"DELETE", "/requests", "", `"ok":true`},
	} {
		status, out := control(t, r, tt.method, tt.path, tt.body)
		var text bytes.Buffer
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(out); err != nil || status != 200 || !strings.Contains(text.String(), tt.want) {
			t.Errorf("%s %s: %d %s, want %s", tt.method, tt.path, status, text.String(), tt.want)
		}
	}
	control(t, r, "POST", "/reset", "")
	if !bytes.Equal(r.State(), first) {
		t.Error("a reset does not give the first state back")
	}
	if status, _ := control(t, r, "POST", "/seed", `{"scenario":"traps","today":"2026-12-01"}`); status != 200 || r.Now().Format(dayLayout) != "2026-12-01" {
		t.Errorf("seed: %d, now %v", status, r.Now())
	}
	if _, out := control(t, r, "GET", "/state", ""); out["today"] != "2026-12-01" {
		t.Errorf("state of %v", out["today"])
	}
}

func TestControlRefusals(t *testing.T) {
	r := running(t)
	for _, tt := range []struct{ path, body string }{
		{"/seed", `{"scenario":"moon"}`}, {"/seed", `{"scenario":"demo","today":"x"}`}, {"/clock", `{"set":"x"}`}, {"/clock", `{"advance":"x"}`},
		{"/post", `{}`}, {"/unpost", `{"from":"x"}`}, {"/invoice", `{}`}, {"/invoice", `{"companyID":1}`}, {"/void", `{"invoiceID":1}`},
		{"/post", `{"until":"2026-11-30","contractID":1}`}, {"/unpost", `{"from":"2026-11-01","contractID":1}`},
		{"/faults", `{"kind":"x"}`}, {"/dialects", `{"x":"y"}`}, {"/profile", `{"profile":"x"}`}, {"/usage", `{"count":-1}`}, {"/clock", `{"nonsense":1}`}, {"/clock", `{`},
	} {
		if status, out := control(t, r, "POST", tt.path, tt.body); status != 400 || out["error"] == "" {
			t.Errorf("%s %s: %d %v", tt.path, tt.body, status, out)
		}
	}
}

// TestSurfacesAreApart: no path of one surface answers on the other.
func TestSurfacesAreApart(t *testing.T) {
	r := running(t)
	h := &harness{TB: t, server: r.Server, url: r.URL, client: http.DefaultClient}
	for _, path := range []string{"/reset", "/state", "/clock", "/atservicesrest/state", "/atservicesrest/v1.0/state"} {
		for _, method := range []string{"GET", "POST"} {
			if got := h.do(method, h.url+path, nil); got.status != 404 {
				t.Errorf("vendor %s %s: %d", method, path, got.status)
			}
		}
	}
	if got := h.do("GET", r.ControlURL+"/atservicesrest/v1.0/Companies/0", nil); got.status != 404 {
		t.Errorf("control answers the vendor path: %d", got.status)
	}
	h.must("GET", "/Companies/0", nil)
	log := r.Requests(0)
	if last := log[len(log)-1]; last.Entity != "Companies" || last.Status != 200 || last.Method != "GET" {
		t.Errorf("log: %+v", last)
	}
}

func TestStartRefusesBadAddresses(t *testing.T) {
	if _, err := Start(context.Background(), "nonsense", "127.0.0.1:0", Options{}); err == nil {
		t.Error("a bad vendor address was accepted")
	}
	if _, err := Start(context.Background(), "127.0.0.1:0", "nonsense", Options{}); err == nil {
		t.Error("a bad control address was accepted")
	}
}

func TestClockFunction(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	sc, _ := scenario.Named("demo", testDay)
	s, err := New(Options{Scenario: sc, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	if got := s.Now(); !got.Equal(now) {
		t.Errorf("now %v", got)
	}
	s.SetClock(testDay)
	if got := s.Now(); !got.Equal(testDay) {
		t.Errorf("set clock %v", got)
	}
	if err := s.Reset(); err != nil || !s.Now().Equal(now) {
		t.Errorf("after reset %v, %v", s.Now(), err)
	}
}

// build makes the same contracts, services, lines and charges, in the order given.
func build(h *harness, order []int) {
	h.Helper()
	company := h.idOf("Companies", cond("eq", "companyName", "Cobalt Harbor Foods"))
	code := h.idOf("BillingCodes", cond("eq", "name", "Managed services"))
	material := h.idOf("BillingCodes", cond("eq", "name", "Hardware"))
	for _, i := range order {
		service := h.create("/Services", map[string]any{"name": fmt.Sprint("S", i), "unitPrice": i + 1, "periodType": 2, "billingCodeID": code})
		contract := h.create("/Contracts", map[string]any{"companyID": company, "contractName": fmt.Sprint("C", i), "contractType": 7, "status": 1, "startDate": "2026-10-01",
			"endDate": "2026-12-31", "timeReportingRequiresStartAndStopTimes": 0, "contractPeriodType": 2})
		h.mustAdjust(contract, service, "2026-10-01", 2+i, nil)
		h.mustAdjust(contract, service, "2026-10-01", 9-i, map[string]any{"allowRepeatService": true})
		for _, name := range []string{"x", "y"}[:1+i%2] {
			h.create(fmt.Sprintf("/Contracts/%d/Charges", contract), map[string]any{"name": name, "datePurchased": "2026-10-05", "chargeType": 1,
				"unitQuantity": 1, "unitPrice": i, "billingCodeID": material, "isBillableToCompany": true})
		}
	}
	h.server.Post(date("2026-10-31"), 0)
}

// TestStateIgnoresOrder: two tenants built in different order at different times dump to the same bytes.
func TestStateIgnoresOrder(t *testing.T) {
	a, b := newHarness(t, "demo", nil), newHarness(t, "demo", nil)
	build(a, []int{0, 1, 2, 3})
	b.server.AdvanceClock(90 * time.Minute)
	build(b, []int{3, 1, 0, 2})
	if !bytes.Equal(a.server.State(), b.server.State()) {
		t.Error("equal tenants give different dumps")
	}
	line := a.query("ContractServices", everyID)
	last := line[len(line)-1]
	for _, change := range []func(){
		func() {
			a.must("PATCH", fmt.Sprintf("/Contracts/%v/Services", last["contractID"]), map[string]any{"id": last["id"], "internalDescription": "k"})
		},
		func() {
			a.must("POST", "/ContractServiceAdjustments", map[string]any{"contractServiceID": last["id"], "effectiveDate": "2026-12-01", "unitChange": 1})
		},
		func() { a.server.Post(date("2026-11-30"), 0) },
		func() {
			a.must("PATCH", "/Companies", map[string]any{"id": 0, "userDefinedFields": []any{map[string]any{"name": "Microsoft Tenant ID", "value": "z"}}})
		},
	} {
		before := a.server.State()
		change()
		if bytes.Equal(a.server.State(), before) {
			t.Error("a change does not show in the dump")
		}
	}
	if text := string(a.server.State()); strings.Contains(text, `"createDate"`) || strings.Contains(text, "29680") {
		t.Error("the dump contains stamps or ids")
	}
}

// TestParallelUse lets readers, writers and control work at once; it is meant for -race.
func TestParallelUse(t *testing.T) {
	h := newHarness(t, "demo", nil)
	service := h.newService("10", 2)
	contracts := []int64{h.newContract("2026-01-01", "2026-12-31"), h.newContract("2026-02-01", "2026-12-31")}
	var group sync.WaitGroup
	for i, contract := range contracts {
		group.Go(func() {
			for month := range 8 {
				h.mustAdjust(contract, service, fmt.Sprintf("2026-%02d-%02d", 3+month, 2+i), 1, nil)
			}
		})
		group.Go(func() {
			for range 20 {
				h.query("ContractServiceUnits", cond("eq", "contractID", contract))
			}
		})
	}
	group.Go(func() {
		for range 5 {
			h.server.State()
			h.server.Requests(0)
			h.server.AdvanceClock(time.Minute)
			h.server.Post(date("2026-01-31"), 0)
		}
	})
	group.Wait()
	for _, contract := range contracts {
		rows := h.query("ContractServiceUnits", cond("eq", "contractID", contract), cond("eq", "endDate", "2026-12-31"))
		if len(rows) != 1 || rows[0]["units"] != json.Number("8") {
			t.Errorf("contract %d ends with %v", contract, rows)
		}
	}
}
