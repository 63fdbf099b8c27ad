package autotask

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/secret"
	"spindle/internal/target"
	"spindle/internal/transport"
)

const (
	testUser   = "q7x2@EXAMPLE.TEST"
	testSecret = "9$kT#2m*Zr4'e~Wq"
	testCode   = "SPDL7QK2M4"
)

// fake makes a client for a small server; zone lookups are answered, the rest is the handler's.
func fake(t *testing.T, handler http.HandlerFunc) (*Target, *bytes.Buffer) {
	t.Helper()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "zoneInformation") {
			_, _ = fmt.Fprintf(w, `{"zoneName":"Test","url":"%s/ATServicesRest/","ci":1}`, server.URL)
			return
		}
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	var log bytes.Buffer
	client, err := New(Config{BaseURL: server.URL, UserName: testUser, Secret: secret.New(testSecret), IntegrationCode: testCode,
		Now:  func() time.Time { return time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC) },
		Log:  slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		HTTP: transport.Options{Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}})
	if err != nil {
		t.Fatal(err)
	}
	return client, &log
}

func TestNewRefusesBadConfig(t *testing.T) {
	good := Config{UserName: "u", Secret: secret.New("s"), IntegrationCode: "c"}
	for field, change := range map[string]func(*Config){
		"user name":        func(c *Config) { c.UserName = " " },
		"secret":           func(c *Config) { c.Secret = secret.String{} },
		"integration code": func(c *Config) { c.IntegrationCode = "" },
		"base URL":         func(c *Config) { c.BaseURL = "http://webservices.example.test" },
		"zone URL":         func(c *Config) { c.ZoneURL = "ftp://x" },
	} {
		cfg := good
		change(&cfg)
		_, err := New(cfg)
		if f := fault.Find(err); f == nil || f.Kind != fault.KindInvalid || f.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := New(good); err != nil {
		t.Error(err)
	}
}

func TestZoneMustBeAutotasks(t *testing.T) {
	tests := []struct {
		base, zone string
		ok         bool
	}{
		{"", "https://webservices14.autotask.net/ATServicesRest/", true},
		{"", "https://webservices14.autotask.net/atservicesrest", true},
		{"", "http://webservices14.autotask.net/ATServicesRest/", false},
		{"", "https://webservices14.autotask.net.evil.test/ATServicesRest/", false},
		{"", "https://evilautotask.net/", false},
		{"", "https://127.0.0.1/ATServicesRest/", false},
		{"", "nonsense", false},
		{"http://127.0.0.1:7101", "http://127.0.0.1:7101/ATServicesRest/", true},
		{"http://127.0.0.1:7101", "http://10.0.0.1/ATServicesRest/", false},
		{"http://127.0.0.1:7101", "https://webservices2.autotask.net/ATServicesRest/", true},
	}
	for _, tt := range tests {
		client, err := New(Config{BaseURL: tt.base, UserName: "u", Secret: secret.New("s"), IntegrationCode: "c"})
		if err != nil {
			t.Fatal(err)
		}
		u, err := client.zoneURL(tt.zone)
		if (err == nil) != tt.ok {
			t.Errorf("%s from %s: %v", tt.zone, tt.base, err)
		}
		if tt.ok && !strings.HasSuffix(u.String(), "/v1.0/") {
			t.Errorf("%s becomes %s", tt.zone, u)
		}
	}
}

func TestEndpoints(t *testing.T) {
	for path, want := range map[string]string{
		"/ATServicesRest/v1.0/Contracts/query": "contracts", "/ATServicesRest/v1.0/Contracts/5/Services": "contractservices",
		"/ATServicesRest/V1.0/Contracts/5/Charges/7": "contractcharges", "/ATServicesRest/v1.0/ContractServiceUnits/query/next": "contractserviceunits",
		"/atservicesrest/v1.0/zoneInformation": "zoneinformation", "/x": "zone",
	} {
		r := httptest.NewRequest(http.MethodGet, "http://x"+path, nil)
		if got := endpointOf(r); got != want {
			t.Errorf("%s counts for %s, want %s", path, got, want)
		}
	}
}

// pages answers a query page by page and checks that verb and body stay the same.
func pages(t *testing.T, list ...string) http.HandlerFunc {
	n, first := 0, ""
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if first == "" {
			first = string(body)
		}
		if r.Method != http.MethodPost || string(body) != first {
			t.Errorf("page %d asked with %s %s", n, r.Method, body)
		}
		text := list[min(n, len(list)-1)]
		n++
		_, _ = io.WriteString(w, strings.ReplaceAll(text, "HERE", "http://"+r.Host+"/ATServicesRest/v1.0/Things/query/next?paging=x"))
	}
}

func TestPager(t *testing.T) {
	tests := []struct {
		name  string
		pages []string
		rows  int
		fails string
	}{
		{"one page", []string{`{"items":[{"id":1},{"id":2}],"pageDetails":{"count":2,"nextPageUrl":null}}`}, 2, ""},
		{"no details", []string{`{"items":[{"id":1}]}`}, 1, ""},
		{"two pages", []string{`{"items":[{"id":1}],"pageDetails":{"count":1,"nextPageUrl":"HERE"}}`, `{"items":[{"id":2}],"pageDetails":{"count":1}}`}, 2, ""},
		{"last page empty", []string{`{"items":[{"id":1}],"pageDetails":{"nextPageUrl":"HERE"}}`, `{"items":[],"pageDetails":{"count":0,"nextPageUrl":null}}`}, 1, ""},
		{"repeats a page", []string{`{"items":[{"id":1}],"pageDetails":{"nextPageUrl":"HERE"}}`}, 0, "repeats a page"},
		{"empty pages for ever", []string{`{"items":[],"pageDetails":{"nextPageUrl":"HERE"}}`}, 0, "empty page"},
		{"cut page", []string{`{"items":[{"id":1}],"pageDetails":{"count":2}}`}, 0, "says 2 rows and holds 1"},
		{"another host", []string{`{"items":[{"id":1}],"pageDetails":{"nextPageUrl":"https://evil.test/v1.0/Things/query/next"}}`}, 0, "another host"},
		{"not JSON", []string{`<html>`}, 0, "cannot be read"},
		{"errors in a 200", []string{`{"errors":["no"]}`}, 0, "Autotask refuses: no"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client, _ := fake(t, pages(t, tt.pages...))
			rows, err := query[anyRow](t.Context(), client, "Things", []string{"name"}, everything())
			if tt.fails == "" && (err != nil || len(rows) != tt.rows) || tt.fails != "" && (err == nil || !strings.Contains(err.Error(), tt.fails)) {
				t.Errorf("%d rows, %v; want %d, %q", len(rows), err, tt.rows, tt.fails)
			}
		})
	}
}

func TestQueryAsksForIDs(t *testing.T) {
	body := newQuery(500, []string{"name"}, nil)
	raw, err := json.Marshal(body)
	if err != nil || string(raw) != `{"maxRecords":500,"includeFields":["id","name"],"filter":[{"op":"gte","field":"id","value":0}]}` {
		t.Errorf("%s, %v", raw, err)
	}
}

func TestListsAreCut(t *testing.T) {
	ids, bad := parseIDs([]billing.CompanyID{"3", "1", "0", "3", " 2 ", "x", ""})
	if fmt.Sprint(ids) != "[0 1 2 3]" || len(bad) != 2 {
		t.Errorf("%v, bad %q", ids, bad)
	}
	sizes := ""
	for _, part := range chunks(make([]int, 450)) {
		sizes += fmt.Sprint(len(part), " ")
	}
	if sizes != "200 200 50 " {
		t.Errorf("pieces of %s", sizes)
	}
}

// A table of answers and who acts next, for reads and for writes.
func TestFailures(t *testing.T) {
	tests := []struct {
		status      int
		body        string
		read, write fault.Kind
		text        string
	}{
		{200, `{"itemId":1,"item":{"id":1}}`, "", "", ""},
		{200, `{"errors":["Value does not exist for the required field x"]}`, fault.KindInvalid, fault.KindInvalid, "required field x"},
		{200, `<html>`, fault.KindTransient, fault.KindUnknownOutcome, "cannot be read"},
		{400, `{"errors":["bad JSON"]}`, fault.KindInvalid, fault.KindInvalid, "bad JSON"},
		{401, ``, fault.KindUnauthorized, fault.KindUnauthorized, "refuses the API user"},
		{403, ``, fault.KindUnauthorized, fault.KindUnauthorized, "no permission"},
		{404, `<html>`, "", fault.KindNotFound, "does not find"},
		{405, ``, fault.KindTransient, fault.KindInvalid, ""},
		{429, `{"errors":["API thread threshold of 3 threads has been exceeded"]}`, fault.KindTransient, fault.KindTransient, "thread threshold"},
		{429, ``, fault.KindWaitUntil, fault.KindWaitUntil, "fewer calls"},
		{500, `{"errors":["API thread threshold of 3 threads has been exceeded"]}`, fault.KindTransient, fault.KindTransient, "thread threshold"},
		{500, `{"errors":["The request threshold of 10000 has been exceeded."]}`, fault.KindWaitUntil, fault.KindWaitUntil, "request threshold"},
		{500, `{"errors":["IntegrationCode is invalid."]}`, fault.KindUnauthorized, fault.KindUnauthorized, "integration code"},
		{500, `{"errors":["The logged in Resource does not have the adequate permissions to create this entity type."]}`, fault.KindUnauthorized, fault.KindUnauthorized, "adequate permissions"},
		{500, `{"errors":[{"message":"Data violation: no"}]}`, fault.KindInvalid, fault.KindInvalid, "Data violation: no"},
		{500, `{"errors":[]}`, fault.KindTransient, fault.KindUnknownOutcome, "without saying why"},
		{500, `<html>`, fault.KindTransient, fault.KindUnknownOutcome, "without saying why"},
		{502, ``, fault.KindTransient, fault.KindUnknownOutcome, "without saying why"},
	}
	change := plan.Change{ID: "x", Kind: plan.AttachService, Contract: billing.Ref{ID: "1"}, Service: billing.Ref{ID: "2"}, Line: billing.Ref{Mark: "spindle:0123456789abcdef"}}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status, tt.body), func(t *testing.T) {
			client, _ := fake(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			_, err := client.get(t.Context(), "Contracts", "1", new(wireContract))
			if got := fault.KindOf(err); got != tt.read {
				t.Errorf("a read gives %q, want %q: %v", got, tt.read, err)
			}
			_, err = client.Apply(t.Context(), change)
			if got := fault.KindOf(err); got != tt.write || err != nil && !strings.Contains(err.Error(), tt.text) {
				t.Errorf("a write gives %q, want %q: %v", got, tt.write, err)
			}
		})
	}
}

func TestCreateWithoutID(t *testing.T) {
	client, _ := fake(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"itemId":null}`) })
	attach := plan.Change{Kind: plan.AttachService, Contract: billing.Ref{ID: "1"}, Service: billing.Ref{ID: "2"}, Line: billing.Ref{Mark: "spindle:0123456789abcdef"}}
	if _, err := client.Apply(t.Context(), attach); !fault.Is(err, fault.KindUnknownOutcome) {
		t.Errorf("a create without id: %v", err)
	}
	increase := plan.Change{Kind: plan.Increase, Line: billing.Ref{ID: "3"}, Effective: billing.NewDate(2026, 12, 1), Adjust: &plan.Adjustment{UnitChange: 1}}
	if receipt, err := client.Apply(t.Context(), increase); err != nil || receipt.ID != "" {
		t.Errorf("an adjustment answers a null id: %+v, %v", receipt, err)
	}
}

// Law 10: a server that echoes everything must not get a secret into a receipt, an error, a gap, a check or the log.
func TestSecretsDoNotLeak(t *testing.T) {
	for _, status := range []int{200, 401, 429, 500, 502} {
		client, log := fake(t, func(w http.ResponseWriter, r *http.Request) {
			echo, _ := json.Marshal([]string{"you sent " + r.Header.Get("Secret") + " as " + r.Header.Get("UserName") + " with " + r.Header.Get("ApiIntegrationCode")})
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"errors":%s}`, echo)
		})
		var texts []string
		change := plan.Change{Kind: plan.AttachService, Contract: billing.Ref{ID: "1"}, Service: billing.Ref{ID: "2"}, Line: billing.Ref{Mark: "spindle:0123456789abcdef"}}
		receipt, err := client.Apply(t.Context(), change)
		texts = append(texts, fmt.Sprintf("%+v %v %s", receipt, err, fault.Remedy(err)))
		_, err = client.Settle(t.Context(), change)
		texts = append(texts, fmt.Sprint(err))
		observed, err := client.Read(t.Context(), target.Scope{Day: billing.NewDate(2026, 11, 10), Companies: []billing.CompanyID{"1"}, Charges: []string{"x"}})
		texts = append(texts, fmt.Sprintf("%+v %v", observed, err))
		report, err := client.Check(t.Context())
		texts = append(texts, fmt.Sprintf("%+v %v", report, err), fmt.Sprintf("%+v %#v", client.cfg.Secret, client.cfg.Secret), log.String())
		for _, text := range texts {
			for _, hidden := range []string{testSecret, testUser, testCode} {
				if strings.Contains(text, hidden) {
					t.Errorf("status %d leaks %q in %.300s", status, hidden, text)
				}
			}
		}
		if !strings.Contains(log.String(), "path=") {
			t.Error("nothing was logged")
		}
	}
}
