package microsoft

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestCustomerPaging follows the chain as the sheet says: same path, seekOperation and the token as a header.
func TestCustomerPaging(t *testing.T) {
	for _, prefix := range []string{"without", "with"} {
		c := newClient(t, "demo", map[string]string{"linkPrefix": prefix})
		seen := map[string]bool{}
		path, token := "/customers?size=5", ""
		for page := 0; path != ""; page++ {
			res := c.pc(strings.TrimPrefix(path, "/v1"), "MS-ContinuationToken", token)
			body := res.json(t)
			items := body["items"].([]any)
			if got := num(t, body["totalCount"]).IntPart(); got != int64(len(items)) {
				t.Errorf("totalCount %d of a page of %d", got, len(items))
			}
			for _, it := range items {
				seen[it.(map[string]any)["id"].(string)] = true
			}
			path, token = "", ""
			if next, ok := body["links"].(map[string]any)["next"].(map[string]any); ok {
				path = next["uri"].(string)
				if strings.HasPrefix(path, "/v1/") != (prefix == "with") {
					t.Errorf("link %q with linkPrefix=%s", path, prefix)
				}
				token = next["headers"].([]any)[0].(map[string]any)["value"].(string)
			}
			if page > 5 {
				t.Fatal("the chain does not end")
			}
		}
		if len(seen) != 12 {
			t.Errorf("%d customers", len(seen))
		}
	}
}

func TestContinuationMustBeAHeader(t *testing.T) {
	c := newClient(t, "demo", nil)
	token := continuation("customers", 5, 5)
	for _, path := range []string{"/customers?size=5&seekOperation=Next", "/customers?size=5&seekOperation=Next&MS-ContinuationToken=" + token} {
		if res := c.pc(path); res.status != 400 {
			t.Errorf("%s: %d", path, res.status)
		}
	}
	if res := c.pc("/customers?size=6&seekOperation=Next", "MS-ContinuationToken", token); res.status != 400 {
		t.Errorf("a token of another page size: %d", res.status)
	}
}

func TestCustomerSizes(t *testing.T) {
	for value, want := range map[string]int{"whole": 1000, "page": 100} {
		c := newClient(t, "large", map[string]string{"customersSizeRequired": value})
		if got := len(c.pc("/customers").json(t)["items"].([]any)); got != want {
			t.Errorf("%s: %d", value, got)
		}
		if got := len(c.pc("/customers?size=5000").json(t)["items"].([]any)); got != 500 {
			t.Errorf("a page is at most 500, got %d", got)
		}
	}
	c := newClient(t, "demo", map[string]string{"customersSizeRequired": "required"})
	if res := c.pc("/customers"); res.status != 400 {
		t.Errorf("required: %d", res.status)
	}
	filter := `/customers?size=0&filter=%7B%22Field%22%3A%22CompanyName%22%2C%22Value%22%3A%22bright%22%2C%22Operator%22%3A%22starts_with%22%7D`
	if items := c.pc(filter).json(t)["items"].([]any); len(items) != 1 {
		t.Errorf("filter: %v", items)
	}
}

func TestByteOrderMark(t *testing.T) {
	for value, want := range map[string][2]bool{"some": {true, false}, "always": {true, true}, "never": {false, false}} {
		c := newClient(t, "demo", map[string]string{"bom": value})
		for i, path := range []string{"/customers?size=1", "/invoices"} {
			if got := bytes.HasPrefix(c.pc(path).body, []byte("\xef\xbb\xbf")); got != want[i] {
				t.Errorf("bom=%s %s: %v", value, path, got)
			}
		}
	}
}

func TestCustomerDetailsAndRemoval(t *testing.T) {
	c := newClient(t, "demo", nil)
	id := c.sim.opts.Scenario.Customers[2].TenantID
	body := c.pc("/customers/" + id).json(t)
	if body["companyProfile"].(map[string]any)["address"] == nil || body["billingProfile"] == nil || body["commerceId"] == nil {
		t.Errorf("%v", body)
	}
	for _, profile := range []string{"companyProfile", "billingProfile"} { // each leads to itself
		self := body[profile].(map[string]any)["links"].(map[string]any)["self"].(map[string]any)["uri"].(string)
		if res := c.pc(strings.TrimPrefix(self, "/v1")); res.status != 200 || !strings.Contains(string(res.body), "Sample Street") {
			t.Errorf("%s at %s: %d %s", profile, self, res.status, res.body)
		}
	}
	auth := []string{"Authorization", "Bearer " + c.app(audiencePartnerCenter), "Content-Type", "application/json"}
	if res := c.do("PATCH", "/v1/customers/"+id, `{"relationshipToPartner":"none"}`, auth...); res.status != 200 {
		t.Fatalf("%d %s", res.status, res.body)
	}
	if items := c.pc("/customers?size=100").json(t)["items"].([]any); len(items) != 11 {
		t.Errorf("%d customers after one left", len(items))
	}
	found := false
	for _, r := range c.rows("reconciliation/billed/export", `{"invoiceId":"`+c.newest()+`"}`) {
		found = found || r["CustomerId"] == id
	}
	if !found {
		t.Error("charges of a removed customer must keep arriving")
	}
}

// TestSubscriptionFields checks every field that the sheet's sample shows (§2.3).
func TestSubscriptionFields(t *testing.T) {
	c := newClient(t, "demo", nil)
	customer := c.sim.opts.Scenario.Customers[1] // has Azure
	items := c.pc("/customers/" + customer.TenantID + "/subscriptions").json(t)["items"].([]any)
	if len(items) != 5 {
		t.Fatalf("%d subscriptions", len(items))
	}
	fields := strings.Fields("id offerId offerName friendlyName productType quantity unitType hasPurchasableAddons creationDate effectiveStartDate commitmentEndDate " +
		"commitmentEndDateTime status autoRenewEnabled isTrial billingType billingCycle termDuration renewalTermDuration isMicrosoftProduct publisherName contractType actions orderId links attributes")
	for i, it := range items {
		sub := it.(map[string]any)
		for _, f := range fields {
			if sub[f] == nil {
				t.Errorf("%v has no %s", sub["id"], f)
			}
		}
		if _, err := time.Parse(fraction7, sub["creationDate"].(string)); err != nil {
			t.Errorf("creationDate %v", sub["creationDate"])
		}
		if i < 4 {
			want := customer.Subscriptions[i]
			if sub["id"] != want.ID || num(t, sub["quantity"]).IntPart() != int64(want.Quantity) || sub["termDuration"] != want.Term || sub["billingCycle"] != want.BillingCycle {
				t.Errorf("got %v, want %+v", sub, want)
			}
			if sub["billingCycleEndDate"] == nil || !strings.HasPrefix(sub["offerId"].(string), want.ProductID+":"+want.SKUID+":") {
				t.Errorf("%v", sub)
			}
		}
	}
	plan := items[4].(map[string]any)
	if plan["billingType"] != "usage" || plan["termDuration"] != "" || plan["commitmentEndDate"] != openEnd || plan["id"] != customer.AzurePlanID {
		t.Errorf("plan %v", plan)
	}
	entitlements := c.pc("/customers/" + customer.TenantID + "/subscriptions/" + customer.AzurePlanID + "/azureEntitlements").json(t)["items"].([]any)
	if len(entitlements) != len(customer.Azure) || entitlements[0].(map[string]any)["id"] != customer.Azure[0].ID || entitlements[0].(map[string]any)["subscriptionId"] != customer.AzurePlanID {
		t.Errorf("%v", entitlements)
	}
	if res := c.pc("/customers/" + customer.TenantID + "/subscriptions/" + customer.Subscriptions[0].ID + "/azureEntitlements"); res.status != 404 {
		t.Errorf("entitlements below a licence: %d", res.status)
	}
	if res := c.pc("/customers/" + customer.TenantID + "/subscriptions/" + customer.AzurePlanID + "/azureEntitlements/" + customer.Azure[0].ID); res.status != 200 {
		t.Errorf("one entitlement: %d", res.status)
	}
}

func TestEntitlementsListWhatIsNotASubscription(t *testing.T) {
	c := newClient(t, "demo", nil)
	for i, want := range map[int]string{4: "software", 5: "reservedinstance", 9: "reservedinstance"} {
		id := c.sim.opts.Scenario.Customers[i].TenantID
		items := c.pc("/customers/" + id + "/entitlements").json(t)["items"].([]any)
		if len(items) != 1 || items[0].(map[string]any)["entitlementType"] != want {
			t.Errorf("customer %d: %v", i, items)
		}
	}
}

func TestTrapStates(t *testing.T) {
	c := newClient(t, "traps", nil)
	states := map[string]int{}
	newer := 0
	for _, it := range c.pc("/customers?size=500").json(t)["items"].([]any) {
		if it.(map[string]any)["companyProfile"].(map[string]any)["companyName"] == "Quillfeather Press" {
			t.Error("a removed customer is listed")
		}
		for _, s := range c.pc("/customers/" + it.(map[string]any)["id"].(string) + "/subscriptions").json(t)["items"].([]any) {
			states[s.(map[string]any)["status"].(string)]++
			if strings.HasSuffix(s.(map[string]any)["offerId"].(string), ":CFQ7TTC0K971") {
				newer++
			}
		}
	}
	for _, want := range []string{"active", "suspended", "expired", "disabled", "deleted", "pending"} {
		if states[want] == 0 {
			t.Errorf("no subscription is %s: %v", want, states)
		}
	}
	if newer == 0 {
		t.Error("no availability id differs from recon")
	}
}

func patchBody(t *testing.T, sub map[string]any, changes map[string]any) string {
	t.Helper()
	for k, v := range changes {
		sub[k] = v
	}
	raw, err := json.Marshal(sub)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestPatchSubscription(t *testing.T) {
	c := newClient(t, "demo", nil)
	customer := c.sim.opts.Scenario.Customers[6]
	want := customer.Subscriptions[0]
	path := "/customers/" + customer.TenantID + "/subscriptions/" + want.ID
	for _, tt := range []struct {
		name    string
		etag    string
		changes map[string]any
		status  int
		code    string
	}{
		{"no ETag", "none", map[string]any{"quantity": want.Quantity + 1}, 400, "800002"},
		{"stale ETag", "stale", map[string]any{"quantity": want.Quantity + 1}, 400, "2055"},
		{"too many", "", map[string]any{"quantity": 10001}, 400, "2002"},
		{"decrease outside the window", "", map[string]any{"quantity": 1}, 400, "800090"},
		{"billing cycle", "", map[string]any{"billingCycle": "triennial"}, 400, "2054"},
		{"cancel outside the window", "", map[string]any{"status": "deleted"}, 400, "900117"},
		{"impossible status", "", map[string]any{"status": "expired"}, 400, "3000"},
		{"increase", "", map[string]any{"quantity": want.Quantity + 4}, 200, ""},
		{"decrease of the seats just added", "", map[string]any{"quantity": want.Quantity + 1}, 200, ""},
		{"suspend", "", map[string]any{"status": "suspended"}, 200, ""},
		{"quantity while suspended", "", map[string]any{"quantity": want.Quantity + 9}, 400, "800091"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sub := c.pc(path).json(t)
			etag := `"` + sub["attributes"].(map[string]any)["etag"].(string) + `"`
			header := []string{"Authorization", "Bearer " + c.app(audiencePartnerCenter), "Content-Type", "application/json"}
			switch tt.etag {
			case "":
				header = append(header, "If-Match", etag)
			case "stale":
				header = append(header, "If-Match", `"old"`)
			}
			res := c.do("PATCH", "/v1"+path, patchBody(t, sub, tt.changes), header...)
			if res.status != tt.status || tt.code != "" && num(t, res.json(t)["code"]).String() != tt.code {
				t.Errorf("%d %s", res.status, res.body)
			}
		})
	}
	if err := c.sim.SetRenewing(want.ID, true); err != nil {
		t.Fatal(err)
	}
	sub := c.pc(path).json(t)
	res := c.do("PATCH", "/v1"+path, patchBody(t, sub, nil), "Authorization", "Bearer "+c.app(audiencePartnerCenter), "If-Match", sub["attributes"].(map[string]any)["etag"].(string))
	if res.status != 409 || num(t, res.json(t)["code"]).String() != "900278" {
		t.Errorf("renewing: %d %s", res.status, res.body)
	}
	pairs := 0
	for _, r := range c.rows("reconciliation/unbilled/export", `{"currencyCode":"EUR","billingPeriod":"current"}`) {
		if r["SubscriptionId"] == want.ID && strings.HasSuffix(r["ChargeType"].(string), "Quantity") && r["OrderDate"] == testDay.Format(seconds) {
			pairs++
		}
	}
	if pairs != 4 {
		t.Errorf("two changes give two pairs of lines, got %d lines", pairs)
	}
}

func TestInvoices(t *testing.T) {
	c := newClient(t, "traps", nil)
	list := c.pc("/invoices?size=200&offset=0").json(t)
	items := list["items"].([]any)
	if len(items) != 4 {
		t.Fatalf("%d invoices", len(items))
	}
	newest := items[0].(map[string]any)
	if newest["id"] != "G120261000" || newest["invoiceDate"] != "2026-11-07T00:00:00Z" || newest["billingPeriodEndDate"] != "2026-10-31T00:00:00Z" ||
		newest["currencyCode"] != "EUR" || newest["documentType"] != "invoice" || newest["invoiceType"] != "OneTime" || newest["pdfDownloadLink"] != nil || num(t, newest["paidAmount"]).IsPositive() {
		t.Errorf("%v", newest)
	}
	oldest := items[2].(map[string]any)
	note := oldest["amendments"].([]any)[0].(map[string]any)
	if note["amendsOf"] != oldest["id"] || note["documentType"] != "adjustment_note" || !num(t, note["totalCharges"]).IsNegative() {
		t.Errorf("amendment %v", note)
	}
	if rows := c.rows("reconciliation/billed/export", fmt.Sprintf(`{"invoiceId":%q}`, note["id"])); !sum(t, rows, "Total").Equal(num(t, note["totalCharges"])) {
		t.Errorf("the note's line: %v", rows)
	}
	if items[3].(map[string]any)["invoiceType"] != "Recurring" || !strings.HasPrefix(items[3].(map[string]any)["id"].(string), "D") {
		t.Errorf("legacy %v", items[3])
	}
	if page := c.pc("/invoices?size=2&offset=1").json(t); len(page["items"].([]any)) != 2 || num(t, page["totalCount"]).IntPart() != 4 {
		t.Errorf("offset page: %v", page["totalCount"])
	}
	one := c.pc("/invoices/" + c.newest()).json(t)
	if one["pdfDownloadLink"] == nil || len(one["taxReceipts"].([]any)) == 0 || len(one["invoiceDetails"].([]any)) != 2 {
		t.Errorf("%v", one)
	}
	pdf := c.do("GET", "/v1"+one["pdfDownloadLink"].(string), "", "Authorization", "Bearer "+c.user(audiencePartnerCenter, true))
	if !bytes.HasPrefix(pdf.body, []byte("%PDF-")) || pdf.header.Get("Content-Type") != "application/pdf" {
		t.Errorf("pdf %q", pdf.body)
	}
	summary := c.pc("/invoices/summaries").json(t)["items"].([]any)[0].(map[string]any)
	if !num(t, summary["balanceAmount"]).Equal(num(t, newest["totalCharges"])) || summary["lastPaymentDate"] != "0001-01-01T00:00:00" {
		t.Errorf("%v", summary)
	}
	if links := c.pc("/invoices/estimates/links?currencycode=eur").json(t)["items"].([]any); len(links) != 4 {
		t.Errorf("%v", links)
	}
	if res := c.pc("/invoices/unbilled/lineitems?provider=one_time"); res.status != 400 || res.json(t)["message"] != "The request is invalid." {
		t.Errorf("one_time: %d %s", res.status, res.body)
	}
	if res := c.pc("/invoices/" + c.newest() + "/lineitems?provider=onetime&invoicelineitemtype=billinglineitems"); res.status != 400 {
		t.Errorf("v1 line items are retired: %d", res.status)
	}
}

// TestLineItemsV1 pages 2,000 at a time, with text numbers in recon and plain ones in usage (sheet §2.6).
func TestLineItemsV1(t *testing.T) {
	for lineType, world := range map[string]string{"billinglineitems": "large", "usagelineitems": "demo"} {
		if world == "large" && testing.Short() {
			continue // takes minutes with the race detector
		}
		c := newClient(t, world, map[string]string{"v1LineItems": "served"})
		path, token := "/invoices/"+c.newest()+"/lineitems?provider=onetime&invoicelineitemtype="+lineType+"&size=2000", ""
		var items []any
		for pages := 0; path != "" && pages < 2; pages++ {
			body := c.pc(strings.TrimPrefix(path, "/v1"), "MS-ContinuationToken", token).json(t)
			items = append(items, body["items"].([]any)...)
			path, token = "", ""
			if next, ok := body["links"].(map[string]any)["next"].(map[string]any); ok {
				path, token = next["uri"].(string), next["headers"].([]any)[0].(map[string]any)["value"].(string)
				if token != body["continuationToken"] {
					t.Error("the body must repeat the token")
				}
			}
		}
		first := items[0].(map[string]any)
		_, text := first["pcToBCExchangeRate"].(string)
		if text != (lineType == "billinglineitems") || first["customerId"] == nil {
			t.Errorf("%s: %v", lineType, first)
		}
		if lineType == "billinglineitems" && len(items) != 4000 {
			t.Errorf("two pages hold %d recon lines", len(items))
		}
		if lineType == "usagelineitems" && (first["unitOfMeasure"] == nil || first["chargeEndDate"] != "2026-11-01T00:00:00Z") {
			t.Errorf("usage: %d items, %v", len(items), first)
		}
	}
}
