package microsoft

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"spindle/internal/sim/scenario"
)

func TestDialectNames(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range Dialects() {
		if seen[d.Name] || len(d.Values) < 2 || d.Meaning == "" || d.Section == "" {
			t.Errorf("%+v", d)
		}
		seen[d.Name] = true
	}
	sc, err := scenario.Named("demo", testDay)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []map[string]string{{"noSuch": "x"}, {"bom": "sometimes"}} {
		if _, err := New(Options{Scenario: sc, Dialect: bad}); err == nil {
			t.Errorf("%v must be refused", bad)
		}
	}
	if _, err := New(Options{}); err == nil {
		t.Error("a scenario without a day must be refused")
	}
}

// everyShort is how many switches a short run goes on by.
const everyShort = 5

// TestEveryDialectTies reads one invoice under every value of every switch; the money never changes its sum.
func TestEveryDialectTies(t *testing.T) {
	c := newClient(t, "demo", nil)
	for i, d := range Dialects() {
		if testing.Short() && i%everyShort != 0 {
			continue
		}
		for _, value := range d.Values[1:] {
			if d.Name == "mfaClaim" || d.Name == "graphPermission" || d.Name == "invoiceByIdAppOnly" || d.Name == "contractVersion" {
				continue // refusals by design, tested where they belong
			}
			t.Run(d.Name+"="+value, func(t *testing.T) {
				c.t = t
				if err := c.sim.Reset(); err != nil {
					t.Fatal(err)
				}
				if err := c.sim.SetDialect(map[string]string{d.Name: value}); err != nil {
					t.Fatal(err)
				}
				rows := c.rows("reconciliation/billed/export", fmt.Sprintf(`{"invoiceId":%q}`, c.newest()))
				total := num(t, c.pc("/invoices/" + c.newest()).json(t)["totalCharges"])
				got := sum(t, rows, "Total")
				if d.Name == "taxLevel" {
					got = got.Add(got.Mul(taxRate).Round(2))
				}
				if !got.Equal(total) {
					t.Errorf("rows sum to %s, the invoice says %s", got, total)
				}
			})
		}
	}
}

// TestDialectShapes checks what each row and export switch changes.
func TestDialectShapes(t *testing.T) {
	c := newClient(t, "demo", nil)
	first := func(changes map[string]string, match func(map[string]any) bool) map[string]any {
		t.Helper()
		if err := c.sim.Reset(); err != nil {
			t.Fatal(err)
		}
		if err := c.sim.SetDialect(changes); err != nil {
			t.Fatal(err)
		}
		rows := c.rows("reconciliation/billed/export", fmt.Sprintf(`{"invoiceId":%q}`, c.newest()))
		i := slices.IndexFunc(rows, match)
		if i < 0 {
			t.Fatalf("%v: no such row", changes)
		}
		return rows[i]
	}
	anyRow := func(map[string]any) bool { return true }
	perpetual := func(r map[string]any) bool {
		return r["SkuName"] == "Windows Server 2025 Standard - 16 Core License Pack"
	}
	metered := func(r map[string]any) bool { return r["UnitType"] == "1 Hour" }
	promoted := func(r map[string]any) bool { return r["PromotionId"] != "" }
	if _, ok := first(map[string]string{"blobNumbers": "string"}, anyRow)["Subtotal"].(string); !ok {
		t.Error("blobNumbers=string")
	}
	if r := first(nil, perpetual); r["ChargeEndDate"] != nil || r["TermAndBillingCycle"] != "" {
		t.Errorf("nullStyle=empty: %v", r)
	}
	if r := first(map[string]string{"nullStyle": "null"}, perpetual); r["TermAndBillingCycle"] != nil {
		t.Errorf("nullStyle=null: %v", r)
	}
	if _, ok := first(map[string]string{"nullStyle": "omitted"}, perpetual)["ChargeEndDate"]; ok {
		t.Error("nullStyle=omitted")
	}
	if r := first(map[string]string{"nullStyle": "blankDates"}, perpetual); r["ChargeEndDate"] != "" {
		t.Error("nullStyle=blankDates")
	}
	if _, ok := first(nil, promoted)["PriceAdjustmentDescription"].(string); !ok {
		t.Error("qualifiers=text")
	}
	if _, ok := first(map[string]string{"qualifiers": "array"}, promoted)["PriceAdjustmentDescription"].([]any); !ok {
		t.Error("qualifiers=array")
	}
	if r := first(map[string]string{"chargeTypeCase": "pascal"}, metered); r["ChargeType"] != "New" {
		t.Errorf("chargeTypeCase: %v", r["ChargeType"])
	}
	if r := first(map[string]string{"referenceId": "guid"}, anyRow); len(r["ReferenceId"].(string)) != 36 {
		t.Errorf("referenceId: %v", r["ReferenceId"])
	}
	if r := first(map[string]string{"usageEnd": "exclusive"}, metered); r["ChargeEndDate"] != "2026-11-01T00:00:00Z" {
		t.Errorf("usageEnd: %v", r["ChargeEndDate"])
	}
	if r := first(map[string]string{"taxLevel": "invoice"}, anyRow); !num(t, r["TaxTotal"]).IsZero() {
		t.Errorf("taxLevel: %v", r["TaxTotal"])
	}
	if r := first(map[string]string{"refundSign": "quantity"}, func(r map[string]any) bool { return r["ChargeType"] == "cancelImmediate" }); !num(t, r["BillableQuantity"]).IsNegative() || num(t, r["EffectiveUnitPrice"]).IsNegative() {
		t.Errorf("refundSign: %v", r)
	}
	if r := first(map[string]string{"columnNames": "older"}, anyRow); r["ResellerMpnId"] != "0" || r["Tier2MpnId"] != nil {
		t.Errorf("columnNames: %v", r)
	}
	if r := first(map[string]string{"extraColumns": "present"}, anyRow); r["PartnerName"] != "Northwind IT" {
		t.Errorf("extraColumns: %v", r)
	}
	if r := first(map[string]string{"rowDates": "bare"}, metered); r["ChargeStartDate"] != "2026-10-01T00:00:00" {
		t.Errorf("rowDates: %v", r["ChargeStartDate"])
	}
	if r := first(map[string]string{"licenceRounding": "product"}, promoted); !num(t, r["Subtotal"]).Equal(num(t, r["EffectiveUnitPrice"]).Mul(num(t, r["BillableQuantity"])).Truncate(2)) {
		t.Errorf("licenceRounding: %v", r)
	}
}

func TestExportDialects(t *testing.T) {
	c := newClient(t, "demo", map[string]string{
		"exportStatus": "completed", "statusCase": "pascal", "manifestForm": "link", "createdZ": "present", "dataFormat": "compressedJSONLines", "blobEntry": "long",
		"sasToken": "questionMark", "rootDirectory": "slash", "gzipMembers": "single", "blobBOM": "none", "blobOrder": "sorted", "partitionType": "ItemCount", "retryAfter": "absent",
	})
	op := c.operationOf("reconciliation/billed/export", fmt.Sprintf(`{"invoiceId":%q}`, c.newest()))
	if op["status"] != "Completed" || op["resourceLocation"] != nil || !strings.HasSuffix(op["createdDateTime"].(string), "Z") {
		t.Errorf("%v", op)
	}
	m := c.graph("GET", op["resourceLocation@odata.navigationLink"].(string), "").json(t)
	entry := m["blobs"].([]any)[0].(map[string]any)
	if m["dataFormat"] != "compressedJSONLines" || entry["sizeInBytes"] == nil || entry["itemCount"] == nil || !strings.HasPrefix(m["sasToken"].(string), "?") ||
		!strings.HasSuffix(m["rootDirectory"].(string), "/") || m["partitionType"] != "ItemCount" {
		t.Errorf("%v", m)
	}
	rows := 0
	for _, b := range c.blobs(m) {
		rows += len(parseRows(t, b))
	}
	if rows < 60 {
		t.Errorf("%d rows", rows)
	}
}

// TestDocumented: the manual names every switch with its values, and every fault kind.
func TestDocumented(t *testing.T) {
	raw, err := os.ReadFile("../../../docs/simulators-microsoft.md")
	if err != nil {
		t.Fatal(err)
	}
	manual := string(raw)
	for _, d := range Dialects() {
		if row := fmt.Sprintf("| `%s` | `%s` | %s | %s |", d.Name, strings.Join(d.Values, "`, `"), d.Meaning, d.Section); !strings.Contains(manual, row) {
			t.Errorf("docs/simulators-microsoft.md lacks the row\n%s", row)
		}
	}
	for kind := range FaultKinds() {
		if !strings.Contains(manual, "`"+kind+"`") {
			t.Errorf("docs/simulators-microsoft.md does not mention the fault kind %s", kind)
		}
	}
}

// TestRestDialects checks what the Partner Center switches change.
func TestRestDialects(t *testing.T) {
	c := newClient(t, "demo", nil)
	customer := c.sim.opts.Scenario.Customers[6]
	path := "/customers/" + customer.TenantID + "/subscriptions/" + customer.Subscriptions[0].ID
	switchTo := func(name, value string) {
		t.Helper()
		if err := c.sim.Reset(); err != nil {
			t.Fatal(err)
		}
		if err := c.sim.SetDialect(map[string]string{name: value}); err != nil {
			t.Fatal(err)
		}
	}
	switchTo("mfaClaim", "missing")
	if res := c.do("GET", "/v1/customers?size=1", "", "Authorization", "Bearer "+c.user(audiencePartnerCenter, true)); res.status != 401 || num(t, res.json(t)["code"]).String() != "900421" {
		t.Errorf("mfaClaim: %d %s", res.status, res.body)
	}
	if res := c.pc("/customers?size=1"); res.status != 200 {
		t.Errorf("app-only tokens need no MFA: %d", res.status)
	}
	switchTo("contractVersion", "required")
	if without, with := c.pc("/customers?size=1"), c.pc("/customers?size=1", "MS-Contract-Version", "v1"); without.status != 400 || with.status != 200 {
		t.Errorf("contractVersion: %d %d", without.status, with.status)
	}
	switchTo("invoiceByIdAppOnly", "refused")
	if one, list := c.pc("/invoices/"+c.newest()), c.pc("/invoices"); one.status != 403 || list.status != 200 {
		t.Errorf("invoiceByIdAppOnly: %d %d", one.status, list.status)
	}
	switchTo("errorCodeType", "string")
	if code := c.pc("/nothing").json(t)["code"]; code != "1000" {
		t.Errorf("errorCodeType: %v", code)
	}
	switchTo("totalCount", "overall")
	if got := num(t, c.pc("/customers?size=5").json(t)["totalCount"]).IntPart(); got != 12 {
		t.Errorf("totalCount: %d", got)
	}
	switchTo("commitmentEnd", "endOfDay")
	if end := c.pc(path).json(t)["commitmentEndDate"].(string); !strings.HasSuffix(end, "T23:59:59Z") {
		t.Errorf("commitmentEnd: %s", end)
	}
	switchTo("etagMismatch", "412")
	body := patchBody(t, c.pc(path).json(t), nil)
	if res := c.do("PATCH", "/v1"+path, body, "Authorization", "Bearer "+c.app(audiencePartnerCenter), "If-Match", `"old"`); res.status != 412 || num(t, res.json(t)["code"]).String() != "2055" {
		t.Errorf("etagMismatch: %d %s", res.status, res.body)
	}
}

// TestOtherDays: the world holds together on the first and last days of months.
func TestOtherDays(t *testing.T) {
	for _, day := range []time.Time{date(2026, 11, 1), date(2027, 3, 31), date(2028, 2, 29)} {
		c := newClientOn(t, "demo", day, nil)
		if dated := c.pc("/invoices/" + c.newest()).json(t)["invoiceDate"].(string); dated > day.Format(seconds) {
			t.Errorf("%s: the invoice is dated %s", day, dated)
		}
		checkInvoice(t, c, c.newest())
	}
}
