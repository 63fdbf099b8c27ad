package autotask

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"spindle/internal/sim/scenario"
)

// testDay is the virtual day of most tests.
var testDay = time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)

// harness is a simulator over real HTTP with small helpers.
type harness struct {
	testing.TB
	server *Server
	url    string
	client *http.Client
}

func newHarness(t testing.TB, name string, dialect map[string]string) *harness {
	t.Helper()
	sc, err := scenario.Named(name, testDay)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{Scenario: sc, Dialect: dialect})
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewServer(s.Handler())
	t.Cleanup(ts.Close)
	return &harness{TB: t, server: s, url: ts.URL, client: ts.Client()}
}

// response is a decoded answer.
type response struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// text returns the joined error texts, or "" when there are none.
func (r response) text() string {
	list, _ := r.body["errors"].([]any)
	var texts []string
	for _, item := range list {
		texts = append(texts, fmt.Sprint(item))
	}
	return strings.Join(texts, "; ")
}

func (r response) items() []map[string]any {
	list, _ := r.body["items"].([]any)
	var out []map[string]any
	for _, item := range list {
		out = append(out, item.(map[string]any))
	}
	return out
}

func (r response) item() map[string]any {
	item, _ := r.body["item"].(map[string]any)
	return item
}

func (h *harness) request(method, path, body string) *http.Request {
	h.Helper()
	target := path
	if !strings.HasPrefix(path, "http") {
		if !strings.HasPrefix(path, "/atservicesrest") {
			path = "/atservicesrest/v1.0" + path
		}
		target = h.url + path
	}
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		h.Fatal(err)
	}
	c := h.server.Credentials()
	r.Header.Set("ApiIntegrationCode", c.IntegrationCode)
	r.Header.Set("UserName", c.UserName)
	r.Header.Set("Secret", c.Secret)
	r.Header.Set("Content-Type", "application/json")
	return r
}

func (h *harness) send(r *http.Request) response {
	h.Helper()
	answer, err := h.client.Do(r)
	if err != nil {
		h.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		h.Fatal(err)
	}
	out := response{status: answer.StatusCode, header: answer.Header, raw: string(raw)}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	_ = decoder.Decode(&out.body) // an HTML body stays undecoded
	return out
}

// do sends a request whatever the answer is.
func (h *harness) do(method, path string, body any) response {
	h.Helper()
	text, ok := body.(string)
	if !ok && body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			h.Fatal(err)
		}
		text = string(b)
	}
	return h.send(h.request(method, path, text))
}

// must sends a request that has to succeed.
func (h *harness) must(method, path string, body any) response {
	h.Helper()
	r := h.do(method, path, body)
	if r.status != 200 || r.text() != "" {
		h.Fatalf("%s %s: %d %s", method, path, r.status, r.raw)
	}
	return r
}

// refused sends a request that has to fail with 500 and a text that contains a fragment in any letter case.
func (h *harness) refused(method, path string, body any, fragment string) {
	h.Helper()
	r := h.do(method, path, body)
	if r.status != 500 || !strings.Contains(strings.ToLower(r.text()), strings.ToLower(fragment)) {
		h.Errorf("%s %s: got %d %s, want 500 with %q", method, path, r.status, r.raw, fragment)
	}
}

func (h *harness) create(path string, body map[string]any) int64 {
	h.Helper()
	r := h.must("POST", path, body)
	return number(h, r.body["itemId"])
}

func number(t testing.TB, v any) int64 {
	t.Helper()
	n, ok := v.(json.Number)
	if !ok {
		t.Fatalf("%v (%T) is not a number", v, v)
	}
	i, err := n.Int64()
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func cond(op, field string, value any) map[string]any {
	return map[string]any{"op": op, "field": field, "value": value}
}

// query posts a filter and returns the rows of the first page.
func (h *harness) query(entity string, filter ...map[string]any) []map[string]any {
	h.Helper()
	return h.must("POST", "/"+entity+"/query", map[string]any{"filter": filter}).items()
}

func (h *harness) get(entity string, id int64) map[string]any {
	h.Helper()
	return h.must("GET", fmt.Sprintf("/%s/%d", entity, id), nil).item()
}

// one returns the only row of a filter.
func (h *harness) one(entity string, filter ...map[string]any) map[string]any {
	h.Helper()
	rows := h.query(entity, filter...)
	if len(rows) != 1 {
		h.Fatalf("%s: %d rows for %v, want 1", entity, len(rows), filter)
	}
	return rows[0]
}

func (h *harness) idOf(entity string, filter ...map[string]any) int64 {
	h.Helper()
	return number(h, h.one(entity, filter...)["id"])
}

// newContract makes a customer's recurring contract of its own.
func (h *harness) newContract(start, end string) int64 {
	h.Helper()
	company := h.idOf("Companies", cond("eq", "companyName", "Cobalt Harbor Foods"))
	return h.create("/Contracts", map[string]any{"companyID": company, "contractName": "Test " + start, "contractType": 7, "status": 1,
		"startDate": start, "endDate": end, "timeReportingRequiresStartAndStopTimes": 0, "contractPeriodType": 2})
}

// newService makes a catalogue service with a price.
func (h *harness) newService(price string, periodType int) int64 {
	h.Helper()
	code := h.idOf("BillingCodes", cond("eq", "name", "Managed services"))
	return h.create("/Services", map[string]any{"name": "Test service", "unitPrice": json.Number(price), "unitCost": json.Number("1.5"),
		"periodType": periodType, "billingCodeID": code})
}

func (h *harness) adjust(contract, service int64, day string, change int, extra map[string]any) response {
	h.Helper()
	body := map[string]any{"contractID": contract, "serviceID": service, "effectiveDate": day, "unitChange": change}
	for k, v := range extra {
		body[k] = v
	}
	return h.do("POST", "/ContractServiceAdjustments", body)
}

func (h *harness) mustAdjust(contract, service int64, day string, change int, extra map[string]any) {
	h.Helper()
	if r := h.adjust(contract, service, day, change, extra); r.status != 200 || r.raw != `{"itemId":null}` {
		h.Fatalf("adjustment on %s: %d %s", day, r.status, r.raw)
	}
}

// units shows the unit rows of a contract as text, one line each: start end units price.
func (h *harness) units(contract int64, upTo string) string {
	h.Helper()
	var lines []string
	for _, row := range h.query("ContractServiceUnits", cond("eq", "contractID", contract), cond("lte", "startDate", upTo)) {
		posted := ""
		if row["approveAndPostDate"] != nil {
			posted = " posted"
		}
		lines = append(lines, fmt.Sprintf("%s %s %v %v%s", day(row["startDate"]), day(row["endDate"]), row["units"], row["price"], posted))
	}
	return strings.Join(lines, "\n")
}

func day(v any) string {
	s, _ := v.(string)
	if len(s) < 10 {
		return s
	}
	return s[:10]
}

func searchURL(entity, search string) string {
	return "/" + entity + "/query?search=" + url.QueryEscape(search)
}
