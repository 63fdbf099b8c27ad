package microsoft

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

func encodeBasic(user, pass string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+pass))
}

// TestAudiencesAndRoles: who may read what, and the code of each refusal (sheet §1.3, §1.7, A2).
func TestAudiencesAndRoles(t *testing.T) {
	c := newClient(t, "demo", nil)
	customer := c.sim.opts.Scenario.Customers[0].TenantID
	app, graph := c.app(audiencePartnerCenter), c.app(audienceGraph)
	user, noMFA := c.user(audiencePartnerCenter, true), c.user(audiencePartnerCenter, false)
	price, priceApp := c.user(audiencePricing, true), c.app(audiencePricing)
	for _, tt := range []struct {
		name, path, token string
		status            int
		code              string
	}{
		{"no token", "/v1/customers?size=1", "", 401, "800001"},
		{"forged token", "/v1/customers?size=1", app + "x", 401, "800001"},
		{"Graph token at Partner Center", "/v1/customers?size=1", graph, 401, "400"},
		{"retired audience", "/v1/customers?size=1", c.app(audienceRetired), 401, "900420"},
		{"user without MFA", "/v1/customers?size=1", noMFA, 401, "900421"},
		{"user with MFA", "/v1/customers?size=1", user, 200, ""},
		{"app", "/v1/customers?size=1", app, 200, ""},
		{"subscribed SKUs, app", "/v1/customers/" + customer + "/subscribedskus", app, 403, "900329"},
		{"subscribed SKUs, user", "/v1/customers/" + customer + "/subscribedskus", user, 200, ""},
		{"licence analytics, app", "/v1/customers/" + customer + "/analytics/licenses/usage", app, 403, "900329"},
		{"licence analytics, user", "/v1/customers/" + customer + "/analytics/licenses/usage", user, 200, ""},
		{"PDF, app", "/v1/invoices/" + c.newest() + "/documents/statement", app, 403, "900329"},
		{"PDF, user", "/v1/invoices/" + c.newest() + "/documents/statement", user, 200, ""},
		{"price sheet, app", "/v1.0/sales/fxrates(Month='202610')/$value", priceApp, 403, "900329"},
		{"price sheet, wrong audience", "/v1.0/sales/fxrates(Month='202610')/$value", user, 401, "800001"},
		{"price sheet, user", "/v1.0/sales/pricesheets(Market='IE',PricesheetView='updatedlicensebased')/$value", price, 200, ""},
		{"stranger", "/v1/customers/" + guidOf("stranger"), app, 403, "20002"},
		{"malformed customer", "/v1/customers/7", app, 400, "900118"},
		{"unknown subscription", "/v1/customers/" + customer + "/subscriptions/" + guidOf("x"), app, 404, "20003"},
		{"unknown invoice", "/v1/invoices/G000000000", app, 404, "1000"},
		{"unknown path", "/v1/nothing", app, 404, "1000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header := []string{}
			if tt.token != "" {
				header = []string{"Authorization", "Bearer " + tt.token}
			}
			res := c.do("GET", tt.path, "", header...)
			if res.status != tt.status {
				t.Fatalf("status %d: %s", res.status, res.body)
			}
			if tt.code == "" {
				return
			}
			body := res.json(t)
			if got := num(t, body["code"]).String(); got != tt.code || body["source"] != "PartnerFD" || body["data"] == nil || body["description"] == "" {
				t.Errorf("body %v", body)
			}
			if tt.status == 401 && !strings.HasPrefix(res.header.Get("WWW-Authenticate"), "OAuth realm=urn:cpsvc:cpid:") {
				t.Errorf("WWW-Authenticate %q", res.header.Get("WWW-Authenticate"))
			}
		})
	}
}

func TestAccessTokenExpires(t *testing.T) {
	c := newClient(t, "demo", nil)
	if res := c.pc("/customers?size=1"); res.status != 200 {
		t.Fatal(res.status)
	}
	c.sim.SetClock(testDay.Add(12*time.Hour + 3599*time.Second))
	if res := c.pc("/customers?size=1"); res.status != 401 {
		t.Errorf("after 3599 s: %d", res.status)
	}
}

func TestPartnerCenterHeaders(t *testing.T) {
	c := newClient(t, "demo", nil)
	res := c.pc("/customers?size=1", "MS-RequestId", "r-1", "MS-CorrelationId", "c-1", "ValidateMfa", "true")
	if res.header.Get("MS-RequestId") != "r-1" || res.header.Get("MS-CorrelationId") != "c-1" || res.header.Get("MS-CV") == "" || res.header.Get("isMfaCompliant") != "false" {
		t.Errorf("%v", res.header)
	}
	res = c.do("GET", "/v1/customers?size=1", "", "Authorization", "Bearer "+c.user(audiencePartnerCenter, true), "ValidateMfa", "true")
	if res.header.Get("isMfaCompliant") != "true" {
		t.Errorf("%v", res.header)
	}
}

func TestGraphRefusals(t *testing.T) {
	c := newClient(t, "demo", nil)
	path := "/v1.0/reports/partners/billing/reconciliation/billed/export"
	res := c.do("POST", path, `{}`, "Authorization", "Bearer "+c.app(audiencePartnerCenter), "Content-Type", "application/json", "client-request-id", "abc")
	body := res.json(t)["error"].(map[string]any)
	if res.status != 401 || body["code"] != "InvalidAuthenticationToken" || body["innerError"] == nil || res.header.Get("client-request-id") != "abc" || res.header.Get("request-id") == "" {
		t.Errorf("%d %v %v", res.status, body, res.header)
	}
	for _, tt := range []struct {
		name, path, body string
		status           int
	}{
		{"no invoice", path, `{}`, 400},
		{"not JSON", path, `{`, 400},
		{"unknown attribute set", path, `{"invoiceId":"G1","attributeSet":"huge"}`, 400},
		{"no currency", strings.Replace(path, "billed", "unbilled", 1), `{"billingPeriod":"current"}`, 400},
		{"no period", strings.Replace(path, "billed", "unbilled", 1), `{"currencyCode":"EUR"}`, 400},
		{"unknown period", strings.Replace(path, "billed", "unbilled", 1), `{"currencyCode":"EUR","billingPeriod":"next"}`, 400},
		{"aggregated usage outside beta", "/v1.0/reports/partners/billing/aggregatedUsage/billed/export", `{"invoiceId":"G1"}`, 404},
		{"unknown path", "/v1.0/reports/partners/billing/nothing", `{}`, 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res := c.graph("POST", tt.path, tt.body)
			if e, _ := res.json(t)["error"].(map[string]any); res.status != tt.status || e["code"] == nil || e["message"] == nil {
				t.Errorf("%d %s", res.status, res.body)
			}
		})
	}
	if res := c.graph("DELETE", path, ""); res.status != 405 {
		t.Errorf("DELETE: %d", res.status)
	}
	if res := c.do("POST", path, `{}`, "Authorization", "Bearer "+c.app(audienceGraph), "Content-Type", "text/plain"); res.status != 415 {
		t.Errorf("text/plain: %d", res.status)
	}
	if err := c.sim.SetDialect(map[string]string{"graphPermission": "missing"}); err != nil {
		t.Fatal(err)
	}
	if res := c.graph("POST", path, `{"invoiceId":"G1"}`); res.status != 403 {
		t.Errorf("without permission: %d", res.status)
	}
}
