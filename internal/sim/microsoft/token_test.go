package microsoft

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestTokenRefusals(t *testing.T) {
	c := newClient(t, "demo", nil)
	tenant := c.sim.Credentials().TenantID
	customer := c.sim.opts.Scenario.Customers[0].TenantID
	v1 := map[string]string{"resource": audiencePartnerCenter}
	for _, tt := range []struct {
		name, tenant, version string
		change                map[string]string
		status, code          int
		kind                  string
	}{
		{"bad secret", tenant, "/oauth2/token", map[string]string{"client_secret": "nope"}, 401, 7000215, "invalid_client"},
		{"no secret", tenant, "/oauth2/token", map[string]string{"client_secret": ""}, 401, 7000218, "invalid_client"},
		{"unregistered certificate", tenant, "/oauth2/token", map[string]string{"client_assertion": "x.y.z"}, 401, 700027, "invalid_client"},
		{"unknown app", tenant, "/oauth2/token", map[string]string{"client_id": guidOf("stranger")}, 400, 700016, "unauthorized_client"},
		{"app not in the customer's tenant", customer, "/oauth2/token", nil, 400, 700016, "unauthorized_client"},
		{"unknown tenant", guidOf("nowhere"), "/oauth2/token", nil, 400, 90002, "invalid_request"},
		{"no grant", tenant, "/oauth2/token", map[string]string{"grant_type": ""}, 400, 900144, "invalid_request"},
		{"strange grant", tenant, "/oauth2/token", map[string]string{"grant_type": "password"}, 400, 70003, "unsupported_grant_type"},
		{"unknown resource", tenant, "/oauth2/token", map[string]string{"resource": "https://example.com"}, 400, 500011, "invalid_resource"},
		{"scope without default", tenant, "/oauth2/v2.0/token", map[string]string{"scope": audienceGraph + "/User.Read"}, 400, 1002012, "invalid_scope"},
		{"unknown refresh token", tenant, "/oauth2/token", map[string]string{"grant_type": "refresh_token", "refresh_token": "x"}, 400, 9002313, "invalid_grant"},
		{"unknown code", tenant, "/oauth2/token", map[string]string{"grant_type": "authorization_code", "code": "x"}, 400, 70008, "invalid_grant"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			form := c.credentials()
			for _, changes := range []map[string]string{v1, tt.change} {
				for k, v := range changes {
					form[k] = v
				}
			}
			res := c.tokenRequest(tt.tenant, tt.version, form)
			body := res.json(t)
			if res.status != tt.status || body["error"] != tt.kind || fmt.Sprint(body["error_codes"]) != fmt.Sprintf("[%d]", tt.code) {
				t.Errorf("got %d %v %v", res.status, body["error"], body["error_codes"])
			}
			for _, field := range []string{"error_description", "timestamp", "trace_id", "correlation_id"} {
				if body[field] == nil {
					t.Errorf("no %s", field)
				}
			}
		})
	}
}

func TestTokenNumbers(t *testing.T) {
	c := newClient(t, "demo", nil)
	tenant := c.sim.Credentials().TenantID
	form := c.credentials()
	form["resource"], form["scope"] = audienceGraph, audienceGraph+"/.default openid offline_access"
	v1 := c.tokenRequest(tenant, "/oauth2/token", form).json(t)
	v2 := c.tokenRequest(tenant, "/oauth2/v2.0/token?client-request-id=1", form).json(t)
	if v1["expires_in"] != "3599" || v1["resource"] != audienceGraph || v1["expires_on"] != fmt.Sprint(testDay.Add(12*time.Hour).Unix()+3599) {
		t.Errorf("v1 numbers must be text: %v", v1)
	}
	if v2["expires_in"] != json.Number("3599") || v2["resource"] != nil {
		t.Errorf("v2 numbers must be numbers: %v", v2)
	}
	for _, body := range []map[string]any{v1, v2} {
		if body["refresh_token"] != nil || strings.Count(body["access_token"].(string), ".") != 2 {
			t.Errorf("an app-only answer is one JWT and no refresh token: %v", body)
		}
	}
}

func TestBasicClientAuthentication(t *testing.T) {
	c := newClient(t, "demo", nil)
	creds := c.sim.Credentials()
	req := url.Values{"grant_type": {"client_credentials"}, "scope": {audienceGraph + "/.default"}}
	basic := encodeBasic(url.QueryEscape(creds.ClientID), url.QueryEscape(creds.ClientSecret))
	res := c.do("POST", "/"+creds.TenantID+"/oauth2/v2.0/token", req.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Authorization", basic)
	if res.status != 200 {
		t.Errorf("basic: %d %s", res.status, res.body)
	}
}

func TestRefreshTokenRollsAndDies(t *testing.T) {
	c := newClient(t, "demo", nil)
	tenant := c.sim.Credentials().TenantID
	form := c.credentials()
	form["grant_type"], form["resource"], form["refresh_token"] = "refresh_token", audiencePartnerCenter, c.sim.NewRefreshToken(true)
	first := c.tokenRequest(tenant, "/oauth2/token", form).json(t)
	second, _ := first["refresh_token"].(string)
	if second == "" || second == form["refresh_token"] {
		t.Fatalf("every refresh gives a new refresh token: %v", first)
	}
	c.sim.SetClock(testDay.AddDate(0, 0, 80))
	form["refresh_token"], form["resource"] = second, audienceGraph // the same token works for every resource
	third := c.tokenRequest(tenant, "/oauth2/token", form).json(t)
	if third["access_token"] == nil {
		t.Fatalf("after 80 days: %v", third)
	}
	c.sim.SetClock(testDay.AddDate(0, 0, 91))
	if body := c.tokenRequest(tenant, "/oauth2/token", form).json(t); fmt.Sprint(body["error_codes"]) != "[700082]" || body["error"] != "invalid_grant" {
		t.Errorf("90 days without use: %v", body)
	}
	form["refresh_token"] = third["refresh_token"].(string)
	if body := c.tokenRequest(tenant, "/oauth2/token", form).json(t); body["access_token"] == nil {
		t.Errorf("the window rolls with use: %v", body)
	}
	c.sim.RevokeRefreshTokens()
	if body := c.tokenRequest(tenant, "/oauth2/token", form).json(t); body["error"] != "invalid_grant" {
		t.Errorf("revoked: %v", body)
	}
}

func TestAuthorizationCode(t *testing.T) {
	c := newClient(t, "demo", nil)
	creds := c.sim.Credentials()
	q := url.Values{"client_id": {creds.ClientID}, "response_type": {"code"}, "redirect_uri": {"http://127.0.0.1:9/cb"}, "state": {"s1"}}
	res := c.do("GET", "/common/oauth2/v2.0/authorize?"+q.Encode(), "")
	target, err := url.Parse(res.header.Get("Location"))
	if err != nil || res.status != 302 || target.Query().Get("state") != "s1" {
		t.Fatalf("%d %s", res.status, res.header)
	}
	form := c.credentials()
	form["grant_type"], form["code"], form["scope"], form["client_info"] = "authorization_code", target.Query().Get("code"), audiencePartnerCenter+"/user_impersonation offline_access", "1"
	form["redirect_uri"] = "http://127.0.0.1:9/other"
	if body := c.tokenRequest(creds.TenantID, "/oauth2/v2.0/token", form).json(t); body["error"] == nil {
		t.Error("another redirect_uri must be refused")
	}
	form["redirect_uri"] = "http://127.0.0.1:9/cb"
	body := c.tokenRequest(creds.TenantID, "/oauth2/v2.0/token", form).json(t)
	for _, field := range []string{"access_token", "refresh_token", "id_token", "client_info"} {
		if body[field] == nil {
			t.Errorf("no %s in %v", field, body)
		}
	}
	if again := c.tokenRequest(creds.TenantID, "/oauth2/v2.0/token", form).json(t); again["error"] != "invalid_grant" {
		t.Errorf("a code is redeemed once: %v", again)
	}
	q.Set("response_mode", "form_post")
	if page := c.do("GET", "/common/oauth2/authorize?"+q.Encode(), ""); !strings.Contains(string(page.body), `name="code"`) {
		t.Errorf("form_post: %s", page.body)
	}
}

func TestOpenIDConfiguration(t *testing.T) {
	c := newClient(t, "demo", nil)
	tenant := c.sim.Credentials().TenantID
	body := c.do("GET", "/"+tenant+"/v2.0/.well-known/openid-configuration", "").json(t)
	if body["issuer"] != c.url+"/"+tenant+"/v2.0" || body["token_endpoint"] != c.url+"/"+tenant+"/oauth2/v2.0/token" {
		t.Errorf("%v", body)
	}
	if res := c.do("GET", "/"+guidOf("nowhere")+"/v2.0/.well-known/openid-configuration", ""); res.status != 400 {
		t.Errorf("unknown tenant: %d", res.status)
	}
	if body := c.do("GET", "/common/discovery/instance?api-version=1.1", "").json(t); body["tenant_discovery_endpoint"] == nil {
		t.Errorf("%v", body)
	}
}

// TestRefreshTokenReuse: whether the old token stays good is a dialect; a revoked one says so.
func TestRefreshTokenReuse(t *testing.T) {
	for reuse, code := range map[string]string{"allowed": "<nil>", "refused": "[70008]"} {
		c := newClient(t, "demo", map[string]string{"refreshReuse": reuse})
		tenant := c.sim.Credentials().TenantID
		form := c.credentials()
		form["grant_type"], form["resource"], form["refresh_token"] = "refresh_token", audiencePartnerCenter, c.sim.NewRefreshToken(true)
		first := c.tokenRequest(tenant, "/oauth2/token", form).json(t)
		if got := fmt.Sprint(c.tokenRequest(tenant, "/oauth2/token", form).json(t)["error_codes"]); got != code {
			t.Errorf("%s: the second use answers %s, want %s", reuse, got, code)
		}
		form["refresh_token"] = first["refresh_token"].(string)
		c.sim.RevokeRefreshTokens()
		if body := c.tokenRequest(tenant, "/oauth2/token", form).json(t); fmt.Sprint(body["error_codes"]) != "[50173]" || body["error"] != "invalid_grant" {
			t.Errorf("%s: revoked: %v", reuse, body)
		}
	}
}
