package microsoft

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

const billingPath = "/v1.0/reports/partners/billing/"

func TestExportFormsAndStates(t *testing.T) {
	c := newClient(t, "demo", map[string]string{"runningPolls": "2", "retryAfter": "10"})
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = fmt.Fprintf(w, `{"invoiceId":%q,"attributeSet":"full"}`, c.newest())
	_ = w.Close()
	// The form Microsoft's SDKs send: qualified action, gzipped body (sheet D1, D2).
	res := c.do("POST", billingPath+"reconciliation/billed/microsoft.graph.partners.billing.export", z.String(),
		"Authorization", "Bearer "+c.app(audienceGraph), "Content-Type", "application/json", "Content-Encoding", "gzip")
	location := res.header.Get("Location")
	if res.status != 202 || len(res.body) != 0 || !strings.HasPrefix(location, c.url+billingPath+"operations/") {
		t.Fatalf("%d %q %q", res.status, location, res.body)
	}
	for i, want := range []string{"notStarted runningOperation", "running runningOperation", "succeeded exportSuccessOperation"} {
		res := c.graph("GET", location, "")
		op := res.json(t)
		if got := fmt.Sprint(op["status"], " ", strings.TrimPrefix(op["@odata.type"].(string), "#microsoft.graph.partners.billing.")); res.status != 200 || got != want {
			t.Errorf("poll %d: %d %s", i, res.status, got)
		}
		if after := res.header.Get("Retry-After"); (after == "10") != (i < 2) {
			t.Errorf("poll %d: Retry-After %q", i, after)
		}
		if strings.HasSuffix(op["createdDateTime"].(string), "Z") {
			t.Error("createdDateTime comes without Z")
		}
	}
	beta := c.graph("POST", "/beta/reports/partners/billing/aggregatedUsage/billed/export", fmt.Sprintf(`{"invoiceId":%q}`, c.newest()))
	if beta.status != 202 || !strings.Contains(beta.header.Get("Location"), "/beta/") {
		t.Errorf("beta: %d %v", beta.status, beta.header)
	}
}

func TestExportWithoutData(t *testing.T) {
	c := newClient(t, "traps", nil)
	legacy := c.sim.world.invoices[0].id
	for action, body := range map[string]string{
		"reconciliation/billed/export":   fmt.Sprintf(`{"invoiceId":%q}`, legacy),
		"usage/billed/export":            `{"invoiceId":"G000000000"}`,
		"reconciliation/unbilled/export": `{"currencyCode":"USD","billingPeriod":"current"}`,
		"usage/unbilled/export":          `{"currencyCode":"EUR","billingPeriod":"last"}`, // billed by now
	} {
		op := c.operationOf(action, body)
		e, _ := op["error"].(map[string]any)
		if op["status"] != "failed" || op["@odata.type"] != "#microsoft.graph.partners.billing.failedOperation" || e["code"] != "5000" || e["message"] != "No data available" {
			t.Errorf("%s: %v", action, op)
		}
	}
	if err := c.sim.SetDialect(map[string]string{"unbilledLast": "emptyBlobs"}); err != nil {
		t.Fatal(err)
	}
	m := c.manifestOf("reconciliation/unbilled/export", `{"currencyCode":"EUR","billingPeriod":"last"}`)
	if blobs := m["blobs"].([]any); len(blobs) != 0 || num(t, m["blobCount"]).IntPart() != 0 {
		t.Errorf("%v", m)
	}
}

func TestManifest(t *testing.T) {
	c := newClient(t, "demo", nil)
	body := fmt.Sprintf(`{"invoiceId":%q}`, c.newest())
	m := c.manifestOf("reconciliation/billed/export", body)
	if m["partnerTenantId"] != c.sim.Credentials().TenantID || m["dataFormat"] != "compressedJSON" || m["partitionType"] != "default" ||
		num(t, m["blobCount"]).IntPart() != int64(len(m["blobs"].([]any))) || len(m["blobs"].([]any)) < 2 || !strings.HasPrefix(m["rootDirectory"].(string), c.url+"/blob/") {
		t.Errorf("%v", m)
	}
	again := c.manifestOf("reconciliation/billed/export", body)
	if m["eTag"] != again["eTag"] || m["id"] == again["id"] {
		t.Error("equal data has an equal eTag and a new manifest")
	}
	before := c.rows("reconciliation/billed/export", body)
	total := num(t, c.pc("/invoices/" + c.newest()).json(t)["totalCharges"])
	if err := c.sim.Restate(c.newest()); err != nil {
		t.Fatal(err)
	}
	if restated := c.manifestOf("reconciliation/billed/export", body); restated["eTag"] == m["eTag"] {
		t.Error("a restatement has a new eTag")
	}
	after := c.rows("reconciliation/billed/export", body)
	restatedTotal := num(t, c.pc("/invoices/" + c.newest()).json(t)["totalCharges"])
	if sum(t, before, "Total").Equal(sum(t, after, "Total")) || restatedTotal.Equal(total) || !sum(t, after, "Total").Equal(restatedTotal) {
		t.Error("a restatement changes a row, and the invoice with it")
	}
	checkInvoice(t, c, c.newest())
}

// TestBlobBytes: several gzip members, a byte-order mark, shuffled rows, the same every time.
func TestBlobBytes(t *testing.T) {
	c := newClient(t, "demo", nil)
	m := c.manifestOf("usage/billed/export", fmt.Sprintf(`{"invoiceId":%q}`, c.newest()))
	blobs := c.blobs(m)
	if members := bytes.Count(blobs[0], []byte("\x1f\x8b\x08")); members < 3 {
		t.Errorf("%d gzip members", members)
	}
	z, err := gzip.NewReader(bytes.NewReader(blobs[0]))
	if err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 3)
	if _, err := z.Read(head); err != nil || string(head) != "\xef\xbb\xbf" {
		t.Errorf("first bytes %x", head)
	}
	var dates []string
	identical := map[string]int{}
	for _, r := range parseRows(t, blobs[0]) {
		dates = append(dates, r["UsageDate"].(string))
		identical[fmt.Sprint(r)]++
	}
	if isSorted(dates) {
		t.Error("rows must be shuffled")
	}
	if other := c.blobs(c.manifestOf("usage/billed/export", fmt.Sprintf(`{"invoiceId":%q}`, c.newest()))); !bytes.Equal(other[0], blobs[0]) {
		t.Error("equal worlds give equal bytes")
	}
}

func isSorted(v []string) bool {
	for i := 1; i < len(v); i++ {
		if v[i] < v[i-1] {
			return false
		}
	}
	return true
}

func TestUsageTraps(t *testing.T) {
	c := newClient(t, "demo", nil)
	rows := c.rows("usage/billed/export", fmt.Sprintf(`{"invoiceId":%q}`, c.newest()))
	seen := map[string]bool{}
	identical := map[string]bool{}
	for _, r := range rows {
		q := fmt.Sprint(r["Quantity"])
		seen[q] = true
		if group := r["ResourceGroup"].(string); group != strings.ToLower(group) {
			seen["casing"] = true
		}
		if r["BenefitType"] == "SavingsPlan" && num(t, r["BillingPreTaxTotal"]).IsZero() && num(t, r["Quantity"]).IsPositive() {
			seen["covered"] = true
		}
		if strings.HasPrefix(r["ChargeStartDate"].(string), "2026-09") {
			seen["late"] = true
		}
		if num(t, r["CreditPercentage"]).IntPart() == 100 {
			seen["credit"] = true
		}
		key := fmt.Sprint(r)
		seen["identical"] = seen["identical"] || identical[key]
		identical[key] = true
		if len(r) != 55 {
			t.Fatalf("%d columns", len(r))
		}
	}
	for _, want := range []string{"23.999999999999996", "24.000000000000004", "24.0000000001", "3.1e-07", "casing", "covered", "late", "credit", "identical"} {
		if !seen[want] {
			t.Errorf("no row with %s", want)
		}
	}
	basic := c.rows("usage/billed/export", fmt.Sprintf(`{"invoiceId":%q,"attributeSet":"basic"}`, c.newest()))
	if len(basic) != len(rows) || basic[0]["MeterId"] != nil || basic[0]["ResourceURI"] == nil {
		t.Errorf("basic: %v", basic[0])
	}
}

func TestReconKinds(t *testing.T) {
	c := newClient(t, "demo", nil)
	seen := map[string]bool{}
	for _, id := range c.sim.InvoiceIDs() {
		for _, r := range c.rows("reconciliation/billed/export", fmt.Sprintf(`{"invoiceId":%q}`, id)) {
			if len(r) != 47 {
				t.Fatalf("%d columns", len(r))
			}
			seen[r["ChargeType"].(string)] = true
			seen[r["PublisherName"].(string)] = true
			seen["rate "+r["PricingCurrency"].(string)] = true
			seen["promotion"] = seen["promotion"] || r["PromotionId"] != ""
			seen["reservation"] = seen["reservation"] || strings.HasPrefix(r["ReservationOrderId"].(string), "RIOderId")
			seen["perpetual"] = seen["perpetual"] || r["ChargeEndDate"] == nil
			if r["InvoiceNumber"] != id {
				t.Errorf("InvoiceNumber %v", r["InvoiceNumber"])
			}
			if !num(t, r["Subtotal"]).Add(num(t, r["TaxTotal"])).Equal(num(t, r["Total"])) {
				t.Errorf("Total of %v", r)
			}
		}
	}
	for _, want := range []string{"new", "renew", "cycleCharge", "addQuantity", "removeQuantity", "cancelImmediate", "customerCredit", "Fernbank Software Ltd", "rate USD", "rate EUR", "promotion", "reservation", "perpetual"} {
		if !seen[want] {
			t.Errorf("no line with %s", want)
		}
	}
}

// TestSamplesAreServed: the recorded lines are part of the newest invoice of traps, to the cent (sheet Appendix B).
func TestSamplesAreServed(t *testing.T) {
	c := newClient(t, "traps", nil)
	w := c.sim.world
	subtotal, tax, total := decimal.Zero, decimal.Zero, decimal.Zero
	ids := map[string]bool{}
	for _, l := range w.recorded.lines {
		subtotal, tax, total = subtotal.Add(l.Subtotal), tax.Add(l.TaxTotal), total.Add(l.Total)
		ids[l.ReferenceID] = true
	}
	if subtotal.String() != "12106.46" || tax.String() != "2784.49" || total.String() != "14890.95" || len(w.recorded.usage) != 29 {
		t.Errorf("samples: %s %s %s, %d usage rows", subtotal, tax, total, len(w.recorded.usage))
	}
	served := 0
	for _, r := range c.rows("reconciliation/billed/export", fmt.Sprintf(`{"invoiceId":%q}`, c.newest())) {
		if ids[r["ReferenceId"].(string)] {
			served++
		}
	}
	if served != 34 {
		t.Errorf("%d of 34 sample lines are served", served)
	}
}

func TestUnbilled(t *testing.T) {
	c := newClient(t, "demo", nil)
	usage := c.rows("usage/unbilled/export", `{"currencyCode":"EUR","billingPeriod":"current"}`)
	last := ""
	for _, r := range usage {
		if r["InvoiceNumber"] != "" {
			t.Errorf("InvoiceNumber %v", r["InvoiceNumber"])
		}
		last = max(last, r["UsageDate"].(string))
	}
	if last != "2026-11-09T00:00:00Z" {
		t.Errorf("newest usage day %s", last)
	}
	for _, r := range c.rows("reconciliation/unbilled/export", `{"currencyCode":"EUR","billingPeriod":"current"}`) {
		if r["MeterDescription"] == "" && (r["OrderDate"].(string) > "2026-11-10T" && r["OrderDate"].(string) != "2026-11-10T00:00:00Z" || r["OrderDate"].(string) < "2026-11-01") {
			t.Errorf("OrderDate %v", r["OrderDate"])
		}
	}
	c.sim.SetClock(date(2026, 12, 2).Add(9 * time.Hour))
	c.tokens = map[string]string{}
	if rows := c.rows("usage/unbilled/export", `{"currencyCode":"EUR","billingPeriod":"last"}`); len(rows) <= len(usage) {
		t.Errorf("the last month is complete: %d rows", len(rows))
	}
}

func TestOperationsExpire(t *testing.T) {
	for _, status := range []string{"404", "410"} {
		c := newClient(t, "demo", map[string]string{"expiredStatus": status, "manifestForm": "both", "runningPolls": "0"})
		res := c.graph("POST", billingPath+"reconciliation/billed/export", fmt.Sprintf(`{"invoiceId":%q}`, c.newest()))
		op := c.graph("GET", res.header.Get("Location"), "").json(t)
		m := op["resourceLocation"].(map[string]any)
		url := blobURL(m, m["blobs"].([]any)[0].(map[string]any)["name"].(string))
		c.sim.SetClock(testDay.AddDate(0, 0, 1).Add(12 * time.Hour))
		c.tokens = map[string]string{}
		for _, link := range []string{res.header.Get("Location"), op["resourceLocation@odata.navigationLink"].(string)} {
			if got := c.graph("GET", link, ""); fmt.Sprint(got.status) != status {
				t.Errorf("%s: %d", link, got.status)
			}
		}
		if got := c.do("GET", url, ""); got.status != 403 || !bytes.Contains(got.body, []byte("<Code>AuthenticationFailed</Code>")) {
			t.Errorf("SAS after 24 h: %d %s", got.status, got.body)
		}
		if got := c.graph("GET", billingPath+"operations/"+guidOf("x"), ""); got.status != 404 {
			t.Errorf("unknown operation: %d", got.status)
		}
	}
}
