package autotask

import (
	"encoding/json"
	"strings"
	"testing"

	"spindle/internal/sim/scenario"
)

func TestSeedDemo(t *testing.T) {
	h := newHarness(t, "demo", nil)
	if own := h.get("Companies", 0); own["companyName"] != "Northwind IT" {
		t.Errorf("company 0 is %v", own["companyName"])
	}
	vendorType := valueOf(h, "Companies", "companyType", "Vendor")
	vendor := h.one("Companies", cond("eq", "companyName", "Microsoft"))
	if vendor["companyType"] != json.Number(vendorType) {
		t.Errorf("vendor has type %v, want %s", vendor["companyType"], vendorType)
	}
	if n := len(h.query("Companies", cond("beginsWith", "companyName", "Microsoft"))); n < 2 {
		t.Errorf("%d companies begin with Microsoft: the near misses are missing", n)
	}
	sc, _ := scenario.Named("demo", testDay)
	for _, customer := range sc.Customers {
		company := h.one("Companies", cond("eq", "companyNumber", customer.CompanyNo))
		if company["companyName"] != customer.CompanyName {
			t.Errorf("%s: %v", customer.CompanyNo, company["companyName"])
		}
		if n := len(h.query("Contracts", cond("eq", "companyID", company["id"]))); n != len(customer.Contracts) {
			t.Errorf("%s: %d contracts, want %d", customer.CompanyName, n, len(customer.Contracts))
		}
	}
	h.one("BillingCodes", cond("eq", "name", sc.ServiceCode), cond("eq", "useType", 5), cond("eq", "isActive", true))
	h.one("BillingCodes", cond("eq", "name", sc.MaterialCode), cond("eq", "useType", 4), cond("eq", "isActive", true))
	if n := len(h.query("BillingCodes", cond("contains", "name", sc.ServiceCode))); n != 3 {
		t.Errorf("%d codes are named like the service code, want 3 with the traps", n)
	}
	products := scenario.Products()
	if n := len(h.query("Services", cond("eq", "sku", products[5].ProductID))); n != 1 {
		t.Errorf("%d services carry the product id as sku", n)
	}
	if n := len(h.query("Services", cond("eq", "name", products[0].Name), map[string]any{"op": "notExist", "field": "sku"})); n != 1 {
		t.Errorf("%d unmarked services of the first product", n)
	}
}

func TestSeedPostsUnrelatedLinesUntilLastMonth(t *testing.T) {
	h := newHarness(t, "demo", nil)
	posted := map[bool]int{}
	for _, row := range h.query("ContractServiceUnits", cond("lt", "startDate", "2027-01-01")) {
		isPosted := row["approveAndPostDate"] != nil
		posted[isPosted]++
		if want := day(row["startDate"]) < "2026-11-01"; isPosted != want {
			t.Errorf("row %v from %s: posted %t", row["id"], day(row["startDate"]), isPosted)
		}
	}
	if posted[true] == 0 || posted[false] == 0 {
		t.Errorf("posted and pending rows: %v", posted)
	}
	if n := len(h.query("Invoices", map[string]any{"op": "exist", "field": "id"})); n != 1 {
		t.Errorf("%d invoices, want 1", n)
	}
}

// TestSeedTraps walks the list of Autotask sheet §10.7.
func TestSeedTraps(t *testing.T) {
	h := newHarness(t, "traps", nil)
	sc, _ := scenario.Named("traps", testDay)
	name := func(i int) string { return sc.Customers[i].CompanyName }
	count := func(entity string, filter ...map[string]any) json.Number {
		return h.must("POST", "/"+entity+"/query/count", map[string]any{"filter": filter}).body["queryCount"].(json.Number)
	}
	company := func(i int) int64 { return h.idOf("Companies", cond("eq", "companyNumber", sc.Customers[i].CompanyNo)) }
	contract := func(name string) int64 { return h.idOf("Contracts", cond("eq", "contractName", name)) }
	all := map[string]any{"op": "exist", "field": "id"}
	everything := contract("Everything")

	checks := map[string]bool{
		"own company":              h.get("Companies", 0) != nil,
		"same name twice":          count("Companies", cond("eq", "companyName", name(1))) == "2",
		"inactive customer":        h.get("Companies", company(2))["isActive"] == false,
		"prospect with contract":   h.get("Companies", company(9))["companyType"] == json.Number("3") && count("Contracts", cond("eq", "companyID", company(9))) == "1",
		"types 1 and 7":            count("Contracts", cond("eq", "contractType", 1)) == "1",
		"overlapping contracts":    count("Contracts", cond("eq", "companyID", company(4)), cond("lte", "startDate", "2026-11-10"), cond("gte", "endDate", "2026-11-10")) == "2",
		"ends this month":          count("Contracts", cond("eq", "companyID", company(5)), cond("eq", "endDate", "2026-11-30")) == "1",
		"successor":                count("Contracts", cond("eq", "companyID", company(5)), map[string]any{"op": "exist", "field": "renewedContractID"}) == "1",
		"service twice":            count("ContractServices", cond("eq", "contractID", everything), cond("eq", "serviceID", h.idOf("Services", cond("eq", "name", "Cloud backup"), map[string]any{"op": "notExist", "field": "sku"}))) == "2",
		"zero units":               count("ContractServiceUnits", cond("eq", "contractID", everything), cond("eq", "units", 0)) != "0",
		"same name, other sku":     count("Services", cond("eq", "name", "Cloud backup")) == "3",
		"inactive service in use":  count("ContractServices", cond("eq", "serviceID", h.idOf("Services", cond("eq", "isActive", false)))) == "1",
		"bundle":                   count("ContractServiceBundleUnits", cond("eq", "contractID", everything)) != "0",
		"negative price":           count("Services", cond("lt", "unitPrice", 0)) == "1",
		"second currency":          count("Currencies", all) == "2" && count("Companies", cond("eq", "currencyID", 2)) == "1",
		"three pages of companies": len(string(count("Companies", all))) == 4 && count("Companies", all) > "1000" && count("Companies", all) <= "1500",
		"starts on the 31st":       count("Contracts", cond("eq", "startDate", "2025-12-31")) == "1",
		"renamed labels":           valueOf(h, "Companies", "companyType", "Client") == "1",
	}
	for what, ok := range checks {
		if !ok {
			t.Errorf("%s: missing", what)
		}
	}
	if got := h.units(contract("Managed services"), "2026-12-01"); got != "2026-10-01 2026-10-31 6 119.4 posted\n2026-11-01 2026-11-30 6 119.4 posted\n2026-12-01 2026-12-31 6 119.4" {
		t.Errorf("posted current month, unposted next month:\n%s", got)
	}
	if got := h.units(everything, "2026-12-01"); !strings.Contains(got, "2026-01-01 2026-12-31 2 240") {
		t.Errorf("yearly row in the monthly contract is missing:\n%s", got)
	}
}

func TestSecondCurrency(t *testing.T) {
	h := newHarness(t, "traps", nil)
	contract := h.idOf("Contracts", cond("eq", "contractName", "Cloud services USD"))
	got := h.units(contract, "2026-10-31")
	// 19.90 × 1.25 × 3, and the price list's own 150
	if want := "2026-10-01 2026-10-31 3 74.625 posted\n2026-01-01 2026-12-31 1 150 posted"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, line := range h.query("ContractServices", cond("eq", "contractID", contract)) {
		customer, internal := line["unitPrice"], line["internalCurrencyUnitPrice"]
		if ok := (customer == json.Number("24.875") && internal == json.Number("19.9")) || (customer == json.Number("150") && internal == json.Number("120")); !ok {
			t.Errorf("unitPrice %v, internal %v", customer, internal)
		}
	}
}

// valueOf resolves a picklist label the way a client must: from the metadata.
func valueOf(h *harness, entity, fieldName, label string) string {
	h.Helper()
	for _, raw := range h.must("GET", "/"+entity+"/entityInformation/fields", nil).body["fields"].([]any) {
		f := raw.(map[string]any)
		if f["name"] != fieldName {
			continue
		}
		for _, rawChoice := range f["picklistValues"].([]any) {
			if c := rawChoice.(map[string]any); c["label"] == label {
				return c["value"].(string)
			}
		}
	}
	return ""
}
