package autotask

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func date(text string) time.Time {
	t, err := time.Parse(dayLayout, text)
	if err != nil {
		panic(err)
	}
	return t
}

// items shows the billing items of a contract as text: date, quantity, amount, and R for the regular charge or P for proration.
func (h *harness) items(contract int64) string {
	h.Helper()
	var lines []string
	for _, row := range h.query("BillingItems", cond("eq", "contractID", contract)) {
		kind := "P"
		if row["contractServicePeriodID"] != nil {
			kind = "R"
		}
		if (row["contractServiceAdjustmentID"] != nil) != (kind == "P") {
			h.Errorf("item %v has neither or both origins", row["id"])
		}
		lines = append(lines, fmt.Sprintf("%s %v %v %s", day(row["itemDate"]), row["quantity"], row["totalAmount"], kind))
	}
	return strings.Join(lines, "\n")
}

func (h *harness) wantItems(contract int64, want string) {
	h.Helper()
	if got := h.items(contract); got != strings.TrimSpace(want) {
		h.Errorf("items\n%s\nwant\n%s", got, strings.TrimSpace(want))
	}
}

func (h *harness) wantUnits(contract int64, want string) {
	h.Helper()
	if got := h.units(contract, "2099-12-31"); got != strings.TrimSpace(want) {
		h.Errorf("units\n%s\nwant\n%s", got, strings.TrimSpace(want))
	}
}

func TestPostingProratesByDays(t *testing.T) {
	h := newHarness(t, "demo", nil)
	contract, service := h.newContract("2026-09-01", "2026-12-31"), h.newService("10", 2)
	h.mustAdjust(contract, service, "2026-09-11", 3, nil)                                           // 20 of 30 days
	h.mustAdjust(contract, service, "2026-10-01", 1, nil)                                           // on the period start: no proration
	h.mustAdjust(contract, service, "2026-10-16", 2, map[string]any{"adjustedUnitPrice": "12.345"}) // (6×12.345 − 4×10)×16/31
	h.mustAdjust(contract, service, "2026-10-29", -5, nil)                                          // (1−6)×12.345×3/31
	h.server.Post(date("2026-10-31"), contract)
	h.wantItems(contract, `
2026-09-11 3 20 P
2026-10-01 4 40 R
2026-10-16 2 17.58 P
2026-10-29 -5 -5.97 P`)
	h.wantUnits(contract, `
2026-09-11 2026-09-30 3 20 posted
2026-10-01 2026-10-15 4 19.3548 posted
2026-10-16 2026-10-28 6 31.0616 posted
2026-10-29 2026-10-31 1 1.1947 posted
2026-11-01 2026-11-30 1 12.345
2026-12-01 2026-12-31 1 12.345`)
	if again := h.server.Post(date("2026-10-31"), contract); again.Items != 0 || again.Periods != 0 {
		t.Errorf("posting twice made %+v", again)
	}
}

func TestPostingPartOfAPeriod(t *testing.T) {
	h := newHarness(t, "demo", nil)
	contract, service := h.newContract("2026-10-01", "2026-12-31"), h.newService("31", 2)
	h.mustAdjust(contract, service, "2026-10-01", 2, nil)
	h.mustAdjust(contract, service, "2026-10-22", 1, nil)
	h.server.Post(date("2026-10-05"), contract)
	h.wantItems(contract, "2026-10-01 2 62 R")
	h.wantUnits(contract, `
2026-10-01 2026-10-21 2 42 posted
2026-10-22 2026-10-31 3 30
2026-11-01 2026-11-30 3 93
2026-12-01 2026-12-31 3 93`)
	h.server.Post(date("2026-10-31"), contract)
	h.wantItems(contract, "2026-10-01 2 62 R\n2026-10-22 1 10 P")
}

// TestAdjustmentInPostedPeriod: the posted item stays, a difference line comes (Autotask sheet §10.6).
func TestAdjustmentInPostedPeriod(t *testing.T) {
	h := newHarness(t, "demo", nil)
	contract, service := h.newContract("2026-09-01", "2026-11-30"), h.newService("30", 2)
	h.mustAdjust(contract, service, "2026-09-01", 2, nil)
	h.server.Post(date("2026-10-31"), contract)
	h.mustAdjust(contract, service, "2026-09-16", 1, nil)
	h.wantUnits(contract, `
2026-09-01 2026-09-30 2 60 posted
2026-10-01 2026-10-31 2 60 posted
2026-11-01 2026-11-30 3 90
2026-09-16 2026-09-30 3 45
2026-10-01 2026-10-31 3 90`)
	if r := h.adjust(contract, service, "2026-09-16", 1, nil); !strings.Contains(r.text(), "duplicate") {
		t.Errorf("second adjustment of the day: %s", r.raw)
	}
	h.server.Post(date("2026-10-31"), contract)
	h.wantItems(contract, `
2026-09-01 2 60 R
2026-10-01 2 60 R
2026-09-16 1 15 P
2026-10-01 1 30 P`)
	h.server.Post(date("2026-12-31"), contract)
	if total := h.total(contract); total != "255" { // 2×30+15 in September, 3×30 in October and November
		t.Errorf("total %s, want 255", total)
	}
}

func (h *harness) total(contract int64) string {
	h.Helper()
	sum := int64(0)
	for _, row := range h.query("BillingItems", cond("eq", "contractID", contract)) {
		n, err := row["totalAmount"].(json.Number).Int64()
		if err != nil {
			h.Fatal(err)
		}
		sum += n
	}
	return fmt.Sprint(sum)
}

func TestShorteningAndExtending(t *testing.T) {
	h := newHarness(t, "demo", nil)
	contract, service := h.newContract("2026-09-01", "2026-12-31"), h.newService("10", 2)
	h.mustAdjust(contract, service, "2026-09-01", 5, nil)
	h.mustAdjust(contract, service, "2026-12-01", 4, nil)
	h.server.Post(date("2026-10-31"), contract)
	end := func(day string) response {
		return h.do("PATCH", "/Contracts", map[string]any{"id": contract, "endDate": day})
	}
	if r := end("2026-10-30"); r.status != 500 || !strings.Contains(r.text(), "already approved and posted contract period") {
		t.Errorf("cutting a posted row: %d %s", r.status, r.raw)
	}
	if r := end("2026-11-15"); r.status != 200 {
		t.Fatal(r.raw)
	}
	h.wantUnits(contract, `
2026-09-01 2026-09-30 5 50 posted
2026-10-01 2026-10-31 5 50 posted
2026-11-01 2026-11-15 5 50`)
	if r := end("2027-01-31"); r.status != 200 {
		t.Fatal(r.raw)
	}
	// the adjustment of December does not come back
	h.wantUnits(contract, `
2026-09-01 2026-09-30 5 50 posted
2026-10-01 2026-10-31 5 50 posted
2026-11-01 2026-11-30 5 50
2026-12-01 2026-12-31 5 50
2027-01-01 2027-01-31 5 50`)
	h.must("PATCH", "/Contracts", map[string]any{"id": contract, "status": 0}) // does not stop anything
	if r := h.server.Post(date("2026-12-31"), contract); r.Items != 2 {
		t.Errorf("an inactive contract posted %+v", r)
	}
	h.refused("PATCH", "/Contracts", map[string]any{"id": contract, "startDate": "2026-08-01"}, "posted contract period")
}

func TestExtendingAfterPostingACutPeriod(t *testing.T) {
	for mode, want := range map[string]string{"full": "30", "prorated": "30"} {
		h := newHarness(t, "demo", map[string]string{"clippedPeriod": mode})
		contract, service := h.newContract("2026-11-01", "2026-11-10"), h.newService("30", 2)
		h.mustAdjust(contract, service, "2026-11-01", 1, nil)
		h.server.Post(date("2026-11-10"), contract)
		h.must("PATCH", "/Contracts", map[string]any{"id": contract, "endDate": "2026-11-30"})
		h.server.Post(date("2026-11-30"), contract)
		if got := h.total(contract); got != want {
			t.Errorf("%s: November bills %s, want %s", mode, got, want)
		}
		for _, row := range h.query("ContractServiceUnits", cond("eq", "contractID", contract)) {
			if row["approveAndPostDate"] == nil {
				t.Errorf("%s: row from %s is pending", mode, day(row["startDate"]))
			}
		}
	}
}

func TestUnpostInvoiceVoid(t *testing.T) {
	h := newHarness(t, "demo", nil)
	contract, service := h.newContract("2026-09-01", "2026-11-30"), h.newService("10", 2)
	h.mustAdjust(contract, service, "2026-09-01", 5, nil)
	h.server.Post(date("2026-10-31"), contract)
	items := h.query("BillingItems", cond("eq", "contractID", contract))
	company := number(t, items[0]["companyID"])
	open := map[any]bool{}
	for _, item := range items {
		open[item["invoiceID"]] = true
	}
	if !open[nil] || !open[json.Number("0")] {
		t.Errorf("un-invoiced items carry %v, want 0 and null in turn", open)
	}
	invoice, err := h.server.Invoice(company, number(t, items[0]["id"]))
	if err != nil {
		t.Fatal(err)
	}
	if got := h.get("Invoices", invoice); got["invoiceTotal"] != json.Number("50") || got["companyID"] != json.Number(fmt.Sprint(company)) {
		t.Errorf("invoice: %v", got)
	}
	if _, err := h.server.Invoice(company, number(t, items[0]["id"])); err == nil {
		t.Error("an item was invoiced twice")
	}
	if _, err := h.server.Invoice(0); err == nil {
		t.Error("an invoice without items")
	}
	if got := h.server.Unpost(time.Time{}, contract); got.Items != 1 || got.Kept != 1 {
		t.Errorf("un-post: %+v", got)
	}
	h.wantUnits(contract, `
2026-09-01 2026-09-30 5 50 posted
2026-10-01 2026-10-31 5 50
2026-11-01 2026-11-30 5 50`)
	if err := h.server.Void(invoice); err != nil {
		t.Fatal(err)
	}
	if got := h.get("Invoices", invoice); got["isVoided"] != true || day(got["voidedDate"]) != "2026-11-10" {
		t.Errorf("voided: %v", got)
	}
	if got := h.server.Unpost(time.Time{}, contract); got.Items != 1 {
		t.Errorf("un-post after void: %+v", got)
	}
	if err := h.server.Void(1); err == nil {
		t.Error("voided an unknown invoice")
	}
}

func TestRowsFollowTheClock(t *testing.T) {
	h := newHarness(t, "demo", nil)
	contract, service := h.newContract("2026-01-01", "2030-12-31"), h.newService("10", 2)
	h.mustAdjust(contract, service, "2026-11-01", 1, nil)
	before := h.query("ContractServiceUnits", cond("eq", "contractID", contract))
	if n := len(before); n != 15 || day(before[n-1]["startDate"]) != "2028-01-01" {
		t.Errorf("%d rows up to %v, want 15 up to 2028-01-01 (14 months ahead of 2026-11-10)", n, before[n-1]["startDate"])
	}
	h.server.AdvanceClock(31 * 24 * time.Hour)
	after := h.query("ContractServiceUnits", cond("eq", "contractID", contract))
	if len(after) != 16 {
		t.Errorf("%d rows a month later, want 16", len(after))
	}
	h.mustAdjust(contract, service, "2026-11-15", 1, nil)
	same := h.query("ContractServiceUnits", cond("eq", "contractID", contract))
	for i, row := range before {
		if row["id"] != same[i]["id"] {
			t.Errorf("row %v changed its id to %v", row["id"], same[i]["id"])
		}
	}
}
