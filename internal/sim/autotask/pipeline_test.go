package autotask

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"spindle/internal/sim/scenario"
)

func TestPipelineOrder(t *testing.T) {
	h := newHarness(t, "demo", nil)
	for _, tt := range []struct {
		name, method, path string
		change             func(http.Header)
		status             int
		want               string // "" = empty body
	}{
		{"unknown path before credentials", "GET", "/Nothing", func(h http.Header) { h.Del("Secret") }, 404, "<html>"},
		{"unknown child", "GET", "/Contracts/29780000/Nothing", nil, 404, "<html>"},
		{"nested query", "POST", "/Contracts/29780000/Services/query", nil, 404, "<html>"},
		{"child-only root", "POST", "/ContractServices", nil, 404, "<html>"},
		{"child-only root, patch", "PATCH", "/ContractCharges", nil, 404, "<html>"},
		{"adjustments cannot be queried", "POST", "/ContractServiceAdjustments/query", nil, 404, "<html>"},
		{"adjustments cannot be read", "GET", "/ContractServiceAdjustments/1", nil, 404, "<html>"},
		{"other prefix", "GET", "/atservicesrest/v2.0/Companies/0", nil, 404, "<html>"},
		{"control is not below the vendor surface", "POST", "/atservicesrest/reset", nil, 404, "<html>"},
		{"verb before credentials", "DELETE", "/Services/11", func(h http.Header) { h.Del("Secret") }, 405, "does not support http method 'DELETE'"},
		{"patch by id", "PATCH", "/Companies/0", nil, 405, "http method 'PATCH'"},
		{"get on a collection", "GET", "/Companies", nil, 405, "http method 'GET'"},
		{"create items", "POST", "/BillingItems", nil, 405, "http method 'POST'"},
		{"read an adjustment list", "GET", "/Contracts/29780000/ServiceAdjustments", nil, 405, "http method 'GET'"},
		{"integration code before user", "GET", "/Companies/0", func(h http.Header) { h.Set("ApiIntegrationCode", "x"); h.Del("Secret") }, 500, "IntegrationCode is invalid."},
		{"wrong secret", "GET", "/Companies/0", func(h http.Header) { h.Set("Secret", "x") }, 401, ""},
		{"login name", "GET", "/Companies/0", func(h http.Header) { h.Set("UserName", "pmarsh@northwindit.example") }, 401, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := h.request(tt.method, tt.path, "{}")
			if tt.change != nil {
				tt.change(r.Header)
			}
			got := h.send(r)
			if got.status != tt.status || !strings.Contains(got.raw, tt.want) || (tt.want == "" && got.raw != "") {
				t.Errorf("got %d %q, want %d %q", got.status, got.raw, tt.status, tt.want)
			}
			if tt.status == 405 && got.text() == "" {
				t.Errorf("405 without an errors array: %s", got.raw)
			}
		})
	}
}

func TestDisabledUser(t *testing.T) {
	h := newHarness(t, "demo", nil)
	h.server.SetUserDisabled(true)
	if got := h.do("GET", "/Companies/0", nil); got.status != 401 || got.raw != "" {
		t.Errorf("got %d %q", got.status, got.raw)
	}
	h.server.SetUserDisabled(false)
	h.must("GET", "/Companies/0", nil)
}

func TestZone(t *testing.T) {
	h := newHarness(t, "demo", nil)
	r, err := http.NewRequest("GET", h.url+"/ATSERVICESREST/V1.0/ZoneInformation?user=Q7X2V9KD4M3HNBT%40northwindit.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	got := h.send(r) // without credentials
	if got.status != 200 || len(got.body) != 4 || got.body["url"] != h.url+"/ATServicesRest/" {
		t.Errorf("zone: %d %s", got.status, got.raw)
	}
	for _, property := range []string{"zoneName", "webUrl", "ci"} {
		if got.body[property] == nil {
			t.Errorf("zone has no %s", property)
		}
	}
	h.refused("GET", "/zoneInformation?user=nobody@example.org", nil, "Zone information could not be determined")
}

func TestPathForms(t *testing.T) {
	h := newHarness(t, "demo", nil)
	for _, path := range []string{"/atservicesrest//v1.0/Companies/0", "/ATServicesRest/1.0/companies/0", "/atservicesrest/V1.0//COMPANIES/0", "/AtServicesRest/v1.0/Companies/0/"} {
		r := h.request("GET", "/Companies/0", "")
		r.URL.Path = path
		if got := h.send(r); got.status != 200 || got.item()["companyName"] != "Northwind IT" {
			t.Errorf("%s: %d %s", path, got.status, got.raw)
		}
	}
	r := h.request("GET", "/Companies/0", "")
	r.URL.Path = "/atservicesrest/versionInformation"
	if got := h.send(r); got.raw != `{"apiVersions":["1.0"]}` {
		t.Errorf("versioninformation: %s", got.raw)
	}
}

func TestGzipBody(t *testing.T) {
	h := newHarness(t, "demo", nil)
	var body bytes.Buffer
	zip := gzip.NewWriter(&body)
	_, _ = zip.Write([]byte(`{"filter":[{"op":"eq","field":"id","value":0}]}`)) // a buffer takes everything
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	r := h.request("POST", "/Companies/query", body.String())
	r.Header.Set("Content-Encoding", "gzip")
	if got := h.send(r); len(got.items()) != 1 {
		t.Errorf("got %d %s", got.status, got.raw)
	}
	r = h.request("POST", "/Companies/query", "plain")
	r.Header.Set("Content-Encoding", "gzip")
	if got := h.send(r); got.status != 400 {
		t.Errorf("broken gzip: %d", got.status)
	}
}

// holdThreads keeps n requests of an entity waiting until the returned function is called.
func holdThreads(h *harness, n int, path string) (free func()) {
	h.Helper()
	if _, err := h.server.InjectFault(Fault{Kind: FaultHang, Method: "GET", Count: n}); err != nil {
		h.Fatal(err)
	}
	ctx, cancel := contextWithCancel()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			answer, err := h.client.Do(h.request("GET", path, "").WithContext(ctx))
			if err == nil {
				_ = answer.Body.Close()
			}
		})
	}
	waitUntil(h, func() bool { return h.server.threadCount() == n })
	return func() {
		cancel()
		wg.Wait()
		waitUntil(h, func() bool { return h.server.threadCount() == 0 })
	}
}

func TestFourthSimultaneousCall(t *testing.T) {
	h := newHarness(t, "demo", nil)
	free := holdThreads(h, 3, "/Contracts/29780000/Services")
	if got := h.do("POST", "/ContractServices/query", `{"filter":[]}`); got.status != 429 || !strings.Contains(got.text(), "thread threshold") {
		t.Errorf("fourth call of the same entity: %d %s", got.status, got.raw)
	}
	h.must("POST", "/Contracts/query", `{"filter":[]}`) // another entity
	free()
	h.must("POST", "/ContractServices/query", `{"filter":[]}`)
}

func TestHourlyCounter(t *testing.T) {
	h := newHarness(t, "demo", nil)
	usage := func() json.Number {
		return h.must("GET", "/ThresholdInformation", nil).body["currentTimeframeRequestCount"].(json.Number)
	}
	if got := usage(); got != "1" {
		t.Errorf("the call does not count itself: %s", got)
	}
	for _, tt := range []struct {
		count int
		delay time.Duration
	}{{4998, 0}, {4999, 500 * time.Millisecond}, {7498, 500 * time.Millisecond}, {7499, time.Second}, {9999, time.Second}} {
		if err := h.server.SetUsage(Usage{Count: tt.count}); err != nil {
			t.Fatal(err)
		}
		h.must("GET", "/Companies/0", nil)
		log := h.server.Requests(0)
		if got := log[len(log)-1].Delay; got != tt.delay {
			t.Errorf("request %d is delayed by %v, want %v", tt.count+1, got, tt.delay)
		}
	}
	if got := h.do("GET", "/Companies/0", nil); got.status != 429 || got.text() == "" {
		t.Errorf("beyond the threshold: %d %s", got.status, got.raw)
	}
	h.server.AdvanceClock(59 * time.Minute)
	if got := h.do("GET", "/Companies/0", nil); got.status != 429 {
		t.Errorf("after 59 minutes: %d", got.status)
	}
	h.server.AdvanceClock(2 * time.Minute)
	if got := usage(); got != "1" {
		t.Errorf("after an hour %s requests are counted", got)
	}
}

// TestHourlyCounterOnRunningClock: an hour of the window is an hour, also where the virtual clock runs along with the real one.
func TestHourlyCounterOnRunningClock(t *testing.T) {
	now := testDay
	sc, err := scenario.Named("demo", testDay)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{Scenario: sc, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range []time.Duration{0, 40 * time.Minute, 59 * time.Minute} {
		if now = testDay.Add(after); !s.trafficNow().Equal(now) {
			t.Errorf("the window's time is %v at %v", s.trafficNow(), now)
		}
	}
	s.SetClock(testDay.AddDate(0, 0, 1))
	stood := s.trafficNow()
	if wait := stood.Sub(testDay.AddDate(0, 0, 1)); wait < 0 || wait > time.Minute {
		t.Errorf("a clock that was just stopped is %v ahead", wait)
	}
	s.AdvanceClock(time.Hour)
	if moved := s.trafficNow().Sub(stood); moved < time.Hour || moved > time.Hour+time.Minute {
		t.Errorf("an hour moves the window by %v", moved)
	}
}

func TestUsageDelayIsWaitedWhenAsked(t *testing.T) {
	h := newHarness(t, "demo", nil)
	if err := h.server.SetUsage(Usage{Count: 8000, DelayScale: 0.05}); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	h.must("GET", "/Companies/0", nil)
	if took := time.Since(start); took < 50*time.Millisecond {
		t.Errorf("took %v, want at least 5 %% of a second", took)
	}
}

func TestProfiles(t *testing.T) {
	h := newHarness(t, "demo", nil)
	service := h.newService("10", 2)
	contract := h.newContract("2026-09-01", "2026-12-31")
	h.mustAdjust(contract, service, "2026-10-01", 2, nil)
	if err := h.server.SetProfile(ProfileNoCost); err != nil {
		t.Fatal(err)
	}
	if got := h.get("Services", service); got["unitCost"] != nil || got["unitPrice"] != json.Number("10") {
		t.Errorf("cost-blind user sees cost %v, price %v", got["unitCost"], got["unitPrice"])
	}
	for entity, field := range map[string]string{"ContractServiceUnits": "cost", "BillingItems": "ourCost", "ContractServices": "unitCost"} {
		for _, row := range h.query(entity, cond("gte", "id", 0)) {
			if row[field] != nil {
				t.Errorf("%s.%s is %v", entity, field, row[field])
			}
		}
	}
	h.must("PATCH", "/Services", map[string]any{"id": service, "unitCost": 99, "unitPrice": 11})
	if err := h.server.SetProfile(ProfileFull); err != nil {
		t.Fatal(err)
	}
	if got := h.get("Services", service); got["unitCost"] != json.Number("1.5") || got["unitPrice"] != json.Number("11") {
		t.Errorf("a cost-blind update stored cost %v, price %v", got["unitCost"], got["unitPrice"])
	}
	if err := h.server.SetProfile(ProfileNoContracts); err != nil {
		t.Fatal(err)
	}
	if got := h.query("Contracts", cond("gte", "id", 0)); len(got) != 0 {
		t.Errorf("no-contracts user sees %d contracts", len(got))
	}
	if got := h.get("Contracts", contract); got != nil {
		t.Errorf("no-contracts user reads contract %v", got)
	}
	h.refused("POST", "/ContractServiceAdjustments", `{}`, "adequate permissions to create this entity type")
	info := h.must("GET", "/Contracts/entityInformation", nil).body["info"].(map[string]any)
	if info["canQuery"] != true || info["userAccessForQuery"] != "None" {
		t.Errorf("entityInformation: %v", info)
	}
	if err := h.server.SetProfile("king"); err == nil {
		t.Error("an unknown profile must be an error")
	}
}

func TestImpersonationHeaderIsIgnored(t *testing.T) {
	h := newHarness(t, "demo", nil)
	r := h.request("GET", "/Companies/0", "")
	r.Header.Set("ImpersonationResourceId", "1")
	if got := h.send(r); got.status != 200 {
		t.Errorf("got %d", got.status)
	}
}

func TestMetadata(t *testing.T) {
	h := newHarness(t, "demo", nil)
	fields := map[string]map[string]any{}
	for _, raw := range h.must("GET", "/Contracts/entityInformation/fields", nil).body["fields"].([]any) {
		f := raw.(map[string]any)
		fields[f["name"].(string)] = f
	}
	for _, tt := range []struct {
		field, property string
		want            any
	}{
		{"companyID", "isRequired", true}, {"companyID", "isReadOnly", true}, {"companyID", "isReference", true}, {"companyID", "referenceEntityType", "Company"},
		{"contractName", "length", json.Number("100")}, {"contractName", "isReadOnly", false}, {"contractName", "isPickList", false}, {"contractName", "picklistValues", nil},
		{"startDate", "dataType", "datetime"}, {"contractType", "isPickList", true}, {"setupFee", "dataType", "double"},
		{"timeReportingRequiresStartAndStopTimes", "dataType", "integer"}, {"id", "isReadOnly", true}, {"id", "dataType", "long"},
	} {
		if got := fields[tt.field][tt.property]; got != tt.want {
			t.Errorf("%s.%s is %v, want %v", tt.field, tt.property, got, tt.want)
		}
	}
	if got := valueOf(h, "Contracts", "contractType", "Recurring Service"); got != "7" {
		t.Errorf("recurring contracts have type %q", got)
	}
	if got := valueOf(h, "Services", "periodType", "Yearly"); got != "5" {
		t.Errorf("yearly is %q", got)
	}
	for _, raw := range h.must("GET", "/ContractServices/entityInformation/fields", nil).body["fields"].([]any) {
		if raw.(map[string]any)["name"] == "adjustedPrice" {
			t.Error("the REST model does not list adjustedPrice")
		}
	}
	inactive := valueOf(h, "Contracts", "contractCategory", "Legacy")
	h.refused("PATCH", "/Contracts", map[string]any{"id": h.newContract("2026-01-01", "2026-12-31"), "contractCategory": json.Number(inactive)}, "Picklist value ["+inactive+"] does not exist for contractCategory")
}

// TestCapabilities compares entityInformation with the table of Autotask sheet §4.4.
func TestCapabilities(t *testing.T) {
	h := newHarness(t, "demo", nil)
	for name, want := range map[string]string{
		"Companies": "yyyn", "Contracts": "yyyn", "Services": "yyyn", "ServiceBundles": "yyyy", "ServiceBundleServices": "ynyy", "ContractServices": "yyyn",
		"ContractServiceAdjustments": "ynnn", "ContractServiceUnits": "nnyn", "ContractServiceBundles": "yyyn", "ContractServiceBundleAdjustments": "ynnn",
		"ContractServiceBundleUnits": "nnyn", "ContractCharges": "yyyy", "ContractNotes": "yyyn", "BillingCodes": "nnyn", "BillingItems": "nyyn",
		"Invoices": "nyyn", "Products": "yyyn", "Currencies": "nyyn", "PriceListServices": "nyyn", "PaymentTerms": "yyyn", "InternalLocations": "nnyn", "Resources": "nnyn",
	} {
		info := h.must("GET", "/"+name+"/entityInformation", nil).body["info"].(map[string]any)
		got := ""
		for _, verb := range []string{"canCreate", "canUpdate", "canQuery", "canDelete"} {
			if info[verb] == true {
				got += "y"
			} else {
				got += "n"
			}
		}
		if got != want {
			t.Errorf("%s: create, update, query, delete = %s, want %s", name, got, want)
		}
	}
	all := h.must("GET", "/EntityInformation", nil).body["entityDescriptions"].([]any)
	if len(all) < 22 || all[0].(map[string]any)["info"] == nil {
		t.Errorf("EntityInformation lists %d entities", len(all))
	}
	h.must("GET", "/Version", nil)
	if h.must("GET", "/Modules", nil).body["modules"] == nil {
		t.Error("no modules")
	}
	udfs := h.must("GET", "/Companies/entityInformation/userDefinedFields", nil).body["fields"].([]any)
	if len(udfs) != 2 || udfs[0].(map[string]any)["name"] != "Microsoft Tenant ID" {
		t.Errorf("user-defined fields: %v", udfs)
	}
}

func TestInvoiceSettings(t *testing.T) {
	h := newHarness(t, "demo", nil)
	company := h.idOf("Companies", cond("eq", "companyName", "Cobalt Harbor Foods"))
	path := "/Companies/" + json.Number(jsonText(company)).String() + "/invoiceSettings"
	h.must("PUT", path, map[string]any{"taxExempt": true, "taxId": "IE123", "invoiceEmailingEnabled": true, "otherEmails": []string{"a@example.org"}})
	got := h.must("GET", path, nil).body
	if got["taxExempt"] != true || got["taxId"] != "IE123" || got["invoiceEmailingEnabled"] != true || jsonText(got["otherEmails"]) != `["a@example.org"]` {
		t.Errorf("got %v", got)
	}
	if h.get("Companies", company)["taxID"] != "IE123" {
		t.Error("the tax id did not reach the company")
	}
}
