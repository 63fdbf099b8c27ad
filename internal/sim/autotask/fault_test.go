package autotask

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func inject(t *testing.T, h *harness, f Fault) {
	t.Helper()
	if _, err := h.server.InjectFault(f); err != nil {
		t.Fatal(err)
	}
}

func TestStatusFaults(t *testing.T) {
	h := newHarness(t, "demo", nil)
	for _, tt := range []struct {
		fault  Fault
		status int
		want   string
	}{
		{Fault{Kind: FaultStatus, Count: 1}, 500, `{"errors":["Injected fault."]}`},
		{Fault{Kind: FaultStatus, Status: 503, Body: BodyHTML, Count: 1}, 503, "<html>"},
		{Fault{Kind: FaultStatus, Status: 502, Body: BodyEmpty, Count: 1}, 502, ""},
		{Fault{Kind: FaultStatus, Errors: []string{"a", "b"}, Count: 1}, 500, `{"errors":["a","b"]}`},
		{Fault{Kind: FaultThrottle, RetryAfter: "7", Count: 1}, 429, "errors"},
		{Fault{Kind: FaultThrottle, RetryAfter: "date+30", Count: 1}, 429, "errors"},
		{Fault{Kind: FaultThrottle, Count: 1}, 429, "errors"},
	} {
		inject(t, h, tt.fault)
		got := h.do("GET", "/Companies/0", nil)
		if got.status != tt.status || !strings.Contains(got.raw, tt.want) || (tt.want == "" && got.raw != "") {
			t.Errorf("%+v: %d %q", tt.fault, got.status, got.raw)
		}
		retry := got.header.Get("Retry-After")
		if at, err := http.ParseTime(retry); strings.HasPrefix(tt.fault.RetryAfter, "date") && (err != nil || time.Until(at) < 20*time.Second) {
			t.Errorf("Retry-After %q", retry)
		} else if !strings.HasPrefix(tt.fault.RetryAfter, "date") && retry != tt.fault.RetryAfter {
			t.Errorf("Retry-After %q", retry)
		}
		h.must("GET", "/Companies/0", nil)
	}
}

func TestFaultMatching(t *testing.T) {
	h := newHarness(t, "demo", nil)
	inject(t, h, Fault{Kind: FaultStatus, Method: "post", Path: "/contracts/*/Services", Nth: 2, Count: 1})
	inject(t, h, Fault{Kind: FaultStatus, Status: 503, Entity: "ContractCharges"})
	contract := h.newContract("2026-01-01", "2026-12-31")
	path := "/Contracts/" + jsonText(contract)
	h.must("GET", path+"/Services", nil)
	h.create(path+"/Services", map[string]any{"serviceID": h.newService("1", 2)})
	second := map[string]any{"serviceID": h.newService("1", 2)}
	if got := h.do("POST", path+"/Services", second); got.status != 500 {
		t.Errorf("second matching request: %d", got.status)
	}
	h.create(path+"/Services", second)
	for range 3 {
		if got := h.do("GET", path+"/Charges", nil); got.status != 503 {
			t.Errorf("child route of a faulty entity: %d", got.status)
		}
	}
	h.server.ClearFaults()
	h.must("GET", path+"/Charges", nil)
}

func TestFaultProbabilityIsSeeded(t *testing.T) {
	draw := func() (pattern string) {
		h := newHarness(t, "demo", nil)
		inject(t, h, Fault{Kind: FaultStatus, Probability: 0.5, Seed: 7})
		for range 40 {
			if h.do("GET", "/Companies/0", nil).status == 500 {
				pattern += "x"
			} else {
				pattern += "."
			}
		}
		return pattern
	}
	first := draw()
	if n := strings.Count(first, "x"); n < 8 || n > 32 || draw() != first {
		t.Errorf("pattern %s", first)
	}
}

// TestLostAnswers: a dropped write is applied or not, exactly as the fault says.
func TestLostAnswers(t *testing.T) {
	for kind, want := range map[string]int{FaultDrop: 0, FaultHang: 0, FaultAppliedThenDropped: 1, FaultAppliedThenHang: 1} {
		t.Run(kind, func(t *testing.T) {
			h := newHarness(t, "demo", nil)
			contract, service := h.newContract("2026-01-01", "2026-12-31"), h.newService("1", 2)
			inject(t, h, Fault{Kind: kind, Method: "POST", Entity: "ContractServiceAdjustments", Count: 1, DelayMs: 20})
			body := `{"contractID":` + jsonText(contract) + `,"serviceID":` + jsonText(service) + `,"effectiveDate":"2026-05-01","unitChange":1}`
			answer, err := h.client.Do(h.request("POST", "/ContractServiceAdjustments", body))
			if err == nil {
				_ = answer.Body.Close()
				t.Fatalf("got an answer: %d", answer.StatusCode)
			}
			if !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "EOF") && !strings.Contains(err.Error(), "reset") {
				t.Errorf("got %v", err)
			}
			if n := len(h.query("ContractServices", cond("eq", "contractID", contract))); n != want {
				t.Errorf("%d contract services, want %d", n, want)
			}
			log := h.server.Requests(0)
			if e := log[len(log)-2]; e.Fault != kind || e.Status != 0 {
				t.Errorf("log: %+v", e)
			}
		})
	}
}

func TestAppliedThenStatus(t *testing.T) {
	h := newHarness(t, "demo", nil)
	contract, service := h.newContract("2026-01-01", "2026-12-31"), h.newService("1", 2)
	inject(t, h, Fault{Kind: FaultAppliedThenStatus, Method: "POST", Status: 502, Body: BodyHTML, Entity: "ContractServiceAdjustments", Count: 1})
	if r := h.adjust(contract, service, "2026-05-01", 1, nil); r.status != 502 {
		t.Errorf("got %d", r.status)
	}
	if n := len(h.query("ContractServices", cond("eq", "contractID", contract))); n != 1 {
		t.Error("the write was not applied")
	}
}

func TestHangEndsWhenTheClientLeaves(t *testing.T) {
	h := newHarness(t, "demo", nil)
	inject(t, h, Fault{Kind: FaultHang, Count: 1})
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	if _, err := h.client.Do(h.request("GET", "/Companies/0", "").WithContext(ctx)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	waitUntil(t, func() bool { return h.server.threadCount() == 0 })
}

func TestSlow(t *testing.T) {
	h := newHarness(t, "demo", nil)
	inject(t, h, Fault{Kind: FaultSlow, DelayMs: 30, Count: 1})
	start := time.Now()
	h.must("GET", "/Companies/0", nil)
	if took := time.Since(start); took < 30*time.Millisecond {
		t.Errorf("took %v", took)
	}
}

func TestBadFaults(t *testing.T) {
	h := newHarness(t, "demo", nil)
	for _, f := range []Fault{{}, {Kind: "boom"}, {Kind: FaultStatus, Body: "xml"}, {Kind: FaultStatus, Probability: 2}, {Kind: FaultStatus, Path: "[", Status: 500}, {Kind: FaultStatus, Status: 7}} {
		if _, err := h.server.InjectFault(f); err == nil {
			t.Errorf("%+v was accepted", f)
		}
	}
}
