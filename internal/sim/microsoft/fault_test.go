package microsoft

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func (c *client) arm(f Fault) {
	c.t.Helper()
	if _, err := c.sim.AddFault(f); err != nil {
		c.t.Fatal(err)
	}
}

func TestFaultReplies(t *testing.T) {
	c := newClient(t, "demo", nil)
	token := c.app(audienceGraph)
	c.app(audiencePartnerCenter)
	for _, tt := range []struct {
		kind, path string
		status     int
		contains   string
		retry      string
	}{
		{"429", "/v1/customers", 429, `"statusCode":429`, "57"},
		{"429", billingPath + "operations/x", 429, `"TooManyRequests"`, "57"},
		{"503", "/v1/customers", 503, `"code":800003`, "57"},
		{"504", billingPath + "operations/x", 504, `"GatewayTimeout"`, "57"},
		{"500", "/v1/customers", 500, "<html>", ""},
		{"500json", "/v1/customers", 500, `"source":"PartnerFD"`, ""},
		{"401", "/v1/customers", 401, `"code":800001`, ""},
		{"503", "/blob/a/b", 503, "<Code>ServerBusy</Code>", "57"},
	} {
		t.Run(tt.kind+" "+tt.path, func(t *testing.T) {
			c.sim.ClearFaults()
			c.arm(Fault{Kind: tt.kind, Path: tt.path, RetryAfter: "57", Count: 1})
			res := c.do("GET", tt.path, "", "Authorization", "Bearer "+token)
			if res.status != tt.status || !strings.Contains(string(res.body), tt.contains) || res.header.Get("Retry-After") != tt.retry {
				t.Errorf("%d %s %v", res.status, res.body, res.header)
			}
			if again := c.do("GET", tt.path, "", "Authorization", "Bearer "+token); bytes.Equal(again.body, res.body) {
				t.Error("count 1 must hit once")
			}
		})
	}
	if _, err := c.sim.AddFault(Fault{Kind: "earthquake"}); err == nil {
		t.Error("an unknown kind must be refused")
	}
	if _, err := c.sim.AddFault(Fault{Kind: "503", Nth: -1}); err == nil {
		t.Error("a negative nth must be refused")
	}
}

// TestHalfTheCustomers: the chain of pages breaks in the middle.
func TestHalfTheCustomers(t *testing.T) {
	c := newClient(t, "demo", nil)
	c.arm(Fault{Kind: "503", Method: "GET", Path: "/v1/customers", Query: "seekOperation=Next", Nth: 2})
	statuses := ""
	for offset := 3; offset <= 9; offset += 3 {
		statuses += fmt.Sprint(c.pc("/customers?size=3&seekOperation=Next", "MS-ContinuationToken", continuation("customers", 3, offset)).status, " ")
	}
	if statuses != "200 503 503 " {
		t.Errorf("%s", statuses)
	}
}

func TestBrokenConnections(t *testing.T) {
	c := newClient(t, "demo", nil)
	token := c.app(audiencePartnerCenter)
	for _, kind := range []string{"drop", "dropBody", "hang"} {
		c.sim.ClearFaults()
		c.arm(Fault{Kind: kind, Path: "/v1/customers", Count: 1, DelayMS: 1})
		req, err := http.NewRequest("GET", c.url+"/v1/customers?size=50", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		if err == nil {
			_, err = io.ReadAll(res.Body)
			_ = res.Body.Close()
		}
		if err == nil {
			t.Errorf("%s: the connection must break", kind)
		}
	}
	log := c.sim.Requests()
	if last := log[len(log)-1]; last.Fault != "hang" || last.Status != 0 {
		t.Errorf("%+v", last)
	}
	c.sim.ClearFaults()
	c.arm(Fault{Kind: "slow", DelayMS: 1})
	if res := c.pc("/customers?size=1"); res.status != 200 {
		t.Errorf("slow: %d", res.status)
	}
}

func TestDroppedPatchIsApplied(t *testing.T) {
	c := newClient(t, "demo", nil)
	customer := c.sim.opts.Scenario.Customers[6]
	path := "/customers/" + customer.TenantID + "/subscriptions/" + customer.Subscriptions[0].ID
	sub := c.pc(path).json(t)
	want := customer.Subscriptions[0].Quantity + 2
	body := patchBody(t, sub, map[string]any{"quantity": want})
	c.arm(Fault{Kind: "drop", Method: "PATCH", Path: "/v1/**"})
	req, err := http.NewRequest("PATCH", c.url+"/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.app(audiencePartnerCenter))
	req.Header.Set("If-Match", sub["attributes"].(map[string]any)["etag"].(string))
	if res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req); err == nil {
		_ = res.Body.Close()
		t.Error("the answer must be lost")
	}
	if got := num(t, c.pc(path).json(t)["quantity"]).IntPart(); got != int64(want) {
		t.Errorf("the change must be applied, quantity is %d", got)
	}
}

func TestDataFaults(t *testing.T) {
	c := newClient(t, "demo", nil)
	body := fmt.Sprintf(`{"invoiceId":%q}`, c.newest())
	arm := func(kind string) {
		c.sim.ClearFaults()
		c.arm(Fault{Kind: kind, Method: "POST", Path: "/*/reports/partners/billing/reconciliation/billed/export"})
	}
	arm("failExport")
	if op := c.operationOf("reconciliation/billed/export", body); !strings.Contains(op["error"].(map[string]any)["message"].(string), "Please try again later") {
		t.Errorf("%v", op)
	}
	arm("emptyBlobs")
	if m := c.manifestOf("reconciliation/billed/export", body); len(m["blobs"].([]any)) != 0 {
		t.Errorf("%v", m)
	}
	arm("missingBlob")
	m := c.manifestOf("reconciliation/billed/export", body)
	blobs := m["blobs"].([]any)
	if num(t, m["blobCount"]).IntPart() != int64(len(blobs)+1) || c.do("GET", blobURL(m, blobs[len(blobs)-1].(map[string]any)["name"].(string)), "").status != 404 {
		t.Errorf("%v", m)
	}
	arm("foreignPartner")
	if m := c.manifestOf("reconciliation/billed/export", body); m["partnerTenantId"] == c.sim.Credentials().TenantID {
		t.Error("foreignPartner")
	}
	arm("unknownColumns")
	if r := c.rows("reconciliation/billed/export", body)[0]; r["ShinyNewColumn"] == nil {
		t.Errorf("%v", r)
	}
	arm("unknownChargeType")
	unknown := 0
	for _, r := range c.rows("reconciliation/billed/export", body) {
		if r["ChargeType"] == "transferOwnership" {
			unknown++
		}
	}
	arm("nullFields")
	nulls := 0
	for _, r := range c.rows("reconciliation/billed/export", body) {
		if v, ok := r["CustomerName"]; ok && v == nil {
			nulls++
		}
	}
	if unknown == 0 || nulls == 0 {
		t.Errorf("%d unknown charge types, %d nulls", unknown, nulls)
	}
	arm("stuckExport")
	res := c.graph("POST", billingPath+"reconciliation/billed/export", body)
	for range 8 {
		if op := c.graph("GET", res.header.Get("Location"), "").json(t); op["status"] != "running" {
			t.Errorf("%v", op)
		}
	}
	arm("expireExport")
	res = c.graph("POST", billingPath+"reconciliation/billed/export", body)
	if first, second := c.graph("GET", res.header.Get("Location"), ""), c.graph("GET", res.header.Get("Location"), ""); first.status != 200 || second.status != 404 {
		t.Errorf("%d %d", first.status, second.status)
	}
}

func TestTruncatedBlob(t *testing.T) {
	c := newClient(t, "demo", nil)
	m := c.manifestOf("reconciliation/billed/export", fmt.Sprintf(`{"invoiceId":%q}`, c.newest()))
	url := blobURL(m, m["blobs"].([]any)[0].(map[string]any)["name"].(string))
	c.arm(Fault{Kind: "truncate", Path: "/blob/**"})
	res := c.do("GET", url, "")
	z, err := gzip.NewReader(bytes.NewReader(res.body))
	if err == nil {
		_, err = io.ReadAll(z)
	}
	if res.status != 200 || err == nil {
		t.Errorf("%d, gzip says %v", res.status, err)
	}
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		pattern, name string
		want          bool
	}{
		{"/v1/customers", "/v1/customers", true}, {"/v1/*", "/v1/customers", true}, {"/v1/*", "/v1/customers/x", false},
		{"/v1/**", "/v1/customers/x/y", true}, {"/**/export", "/v1.0/a/b/export", true}, {"/v1/cust*/x", "/v1/customers/x", true}, {"/v1/customers", "/v1", false},
	} {
		if got := glob(tt.pattern, tt.name); got != tt.want {
			t.Errorf("%s %s: %v", tt.pattern, tt.name, got)
		}
	}
}
