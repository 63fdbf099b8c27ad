package autotask

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestCreateCompany(t *testing.T) {
	h := newHarness(t, "demo", nil)
	owner := h.idOf("Resources", cond("eq", "userName", "pmarsh"))
	body := func(change map[string]any) map[string]any {
		b := map[string]any{"companyName": "New Company", "companyType": 1, "phone": "1", "ownerResourceID": owner}
		for k, v := range change {
			if b[k] = v; v == "absent" {
				delete(b, k)
			}
		}
		return b
	}
	for _, name := range []string{"companyName", "companyType", "phone", "ownerResourceID"} {
		h.refused("POST", "/Companies", body(map[string]any{name: "absent"}), "Value does not exist for the required field "+name)
		h.refused("POST", "/Companies", body(map[string]any{name: nil}), "Value does not exist for the required field "+name)
	}
	h.refused("POST", "/Companies", body(map[string]any{"companyType": 99}), "Picklist value [99] does not exist for companyType. ; on record number [1].")
	h.refused("POST", "/Companies", body(map[string]any{"companyName": strings.Repeat("ä", 101)}), "companyName exceeds the maximum of 100")
	if got := h.do("POST", "/Companies", body(map[string]any{"companyName": strings.Repeat("ä", 101)})); strings.Contains(got.text(), "does not exist") {
		t.Errorf("a name that is too long is called missing: %s", got.text())
	}
	h.refused("POST", "/Companies", body(map[string]any{"currencyID": 77}), "Reference value on field: currencyID of type: Currency does not exist or is invalid.")
	h.refused("POST", "/Companies", body(map[string]any{"companyType": 40000}), "type short")
	h.refused("POST", "/Companies", body(map[string]any{"isActive": "maybe"}), "type boolean")
	h.refused("POST", "/Companies", body(map[string]any{"userDefinedFields": []any{map[string]any{"name": "Nope", "value": "x"}}}), "Nope does not exist")
	for _, user := range []string{"apibilling", "fcolleague"} {
		id := h.idOf("Resources", cond("eq", "userName", user))
		h.refused("POST", "/Companies", body(map[string]any{"ownerResourceID": id}), "ownerResourceID of type: Resource")
	}
	missing := h.do("POST", "/Companies", `{}`)
	if n := strings.Count(missing.text(), "required field"); n != 4 || missing.status != 500 {
		t.Errorf("several problems in one text: %d %s", missing.status, missing.raw)
	}
	for _, id := range []any{0, "0", 5} {
		got := h.create("/Companies", body(map[string]any{"id": id, "companyName": strings.Repeat("ä", 100), "nonsense": 1, "createDate": "2001-01-01", "COMPANYNUMBER": "N1"}))
		row := h.get("Companies", got)
		if got < 29_680_000 || row["companyNumber"] != "N1" || day(row["createDate"]) != "2026-11-10" || row["isActive"] != true || row["currencyID"] == nil {
			t.Errorf("created with id %v: %d %v", id, got, row)
		}
	}
}

func TestPatchAndPut(t *testing.T) {
	h := newHarness(t, "demo", nil)
	company := h.one("Companies", cond("eq", "companyName", "Cobalt Harbor Foods"))
	id := company["id"]
	h.must("PATCH", "/Companies", map[string]any{"ID": id, "city": "Bremen", "webAddress": "example.org", "lastActivityDate": "1999-01-01", "userDefinedFields": []any{map[string]any{"name": "Microsoft Tenant ID", "value": "abc"}}})
	h.must("PATCH", "/Companies", map[string]any{"id": fmt.Sprint(id), "city": nil})
	got := h.get("Companies", number(t, id))
	if got["city"] != nil || got["webAddress"] != "example.org" || got["phone"] == nil || day(got["lastActivityDate"]) != "2026-11-10" {
		t.Errorf("after PATCH: %v", got)
	}
	if !strings.Contains(jsonText(got["userDefinedFields"]), `"abc"`) {
		t.Errorf("user-defined field: %v", got["userDefinedFields"])
	}
	h.refused("PATCH", "/Companies", map[string]any{"city": "x"}, "id")
	h.refused("PATCH", "/Companies", map[string]any{"id": id, "phone": nil}, "required field phone")
	if r := h.do("PATCH", "/Companies", map[string]any{"id": 4711, "city": "x"}); r.status != 404 {
		t.Errorf("PATCH of a missing id: %d", r.status)
	}
	h.must("PUT", "/Companies", map[string]any{"id": id, "companyName": "Renamed", "companyType": 1, "phone": "2", "ownerResourceID": company["ownerResourceID"]})
	got = h.get("Companies", number(t, id))
	if got["webAddress"] != nil || got["companyNumber"] != nil || got["isActive"] != true || strings.Contains(jsonText(got["userDefinedFields"]), "abc") {
		t.Errorf("after PUT: %v", got)
	}
	h.refused("PUT", "/Companies", map[string]any{"id": id, "companyName": "x"}, "required field phone")
}

func TestContractRules(t *testing.T) {
	h := newHarness(t, "demo", nil)
	company := h.idOf("Companies", cond("eq", "companyName", "Cobalt Harbor Foods"))
	body := func(change map[string]any) map[string]any {
		b := map[string]any{"companyID": company, "contractName": "C", "contractType": 7, "status": 1, "startDate": "2026-01-01T23:30:00-05:00",
			"endDate": "2026-12-31", "timeReportingRequiresStartAndStopTimes": 0, "contractPeriodType": 2}
		for k, v := range change {
			if b[k] = v; v == "absent" {
				delete(b, k)
			}
		}
		return b
	}
	h.refused("POST", "/Contracts", body(map[string]any{"endDate": "2026-01-01"}), "endDate must be later than startDate")
	h.refused("POST", "/Contracts", body(map[string]any{"contractPeriodType": "absent"}), "contractPeriodType")
	h.refused("POST", "/Contracts", body(map[string]any{"contractType": 5}), "Picklist value [5]")
	h.refused("POST", "/Contracts", body(map[string]any{"timeReportingRequiresStartAndStopTimes": false}), "type integer")
	h.refused("POST", "/Contracts", body(map[string]any{"companyID": 1}), "Reference value on field: companyID of type: Company")
	h.refused("POST", "/Contracts", body(map[string]any{"opportunityID": 1}), "Reference value on field: opportunityID")
	id := h.create("/Contracts", body(nil))
	if got := h.get("Contracts", id); day(got["startDate"]) != "2026-01-01" || id < 29_780_000 {
		t.Errorf("the date part is not kept as written: %v", got["startDate"])
	}
	h.must("PATCH", "/Contracts", map[string]any{"id": id, "contractType": 1, "companyID": 0, "contractPeriodType": 5, "contractNumber": "N"})
	if got := h.get("Contracts", id); got["contractType"] != json.Number("7") || got["companyID"] == json.Number("0") || got["contractPeriodType"] != json.Number("2") || got["contractNumber"] != "N" {
		t.Errorf("fixed fields changed: %v", got)
	}
	h.create("/Contracts", body(map[string]any{"contractType": 1, "contractPeriodType": "absent"}))
	if r := h.do("DELETE", fmt.Sprintf("/Contracts/%d", id), nil); r.status != 405 {
		t.Errorf("DELETE of a contract: %d", r.status)
	}
}

func TestServiceRules(t *testing.T) {
	h := newHarness(t, "demo", nil)
	code := func(name string, use int, active bool) int64 {
		return h.idOf("BillingCodes", cond("eq", "name", name), cond("eq", "useType", use), cond("eq", "isActive", active))
	}
	body := map[string]any{"name": "S", "unitPrice": 1, "periodType": 2, "billingCodeID": code("Managed services", 5, true)}
	id := h.create("/Services", body)
	if again := h.create("/Services", body); again == id || id > 100 {
		t.Errorf("ids %d and %d: names need not be unique, ids are small", id, again)
	}
	with := func(k string, v any) map[string]any {
		b := map[string]any{}
		for name, value := range body {
			b[name] = value
		}
		b[k] = v
		return b
	}
	h.refused("POST", "/Services", with("billingCodeID", code("Remote support", 1, true)), "Recurring Contract Service")
	h.refused("POST", "/Services", with("billingCodeID", code("Hardware", 4, true)), "Recurring Contract Service")
	h.refused("POST", "/Services", with("billingCodeID", code("Legacy Cloud Subscriptions", 5, false)), "Recurring Contract Service")
	h.refused("POST", "/Services", with("periodType", 1), "Picklist value [1] does not exist for periodType")
	h.must("PATCH", "/Services", map[string]any{"id": id, "periodType": 5, "sku": "K", "isActive": false, "unitPrice": "12.34567"})
	if got := h.get("Services", id); got["periodType"] != json.Number("2") || got["sku"] != "K" || got["isActive"] != false || got["unitPrice"] != json.Number("12.3457") {
		t.Errorf("after PATCH: %v", got)
	}
	h.refused("POST", fmt.Sprintf("/Contracts/%d/Services", h.newContract("2026-01-01", "2026-12-31")), map[string]any{"serviceID": id}, "serviceID of type: Service")
}

func TestContractServiceRules(t *testing.T) {
	h := newHarness(t, "demo", nil)
	contract, service := h.newContract("2026-01-01", "2026-12-31"), h.newService("10", 2)
	path := fmt.Sprintf("/Contracts/%d/Services", contract)
	h.refused("POST", path, map[string]any{"serviceID": service, "contractID": 1}, "does not match")
	id := h.create(path, map[string]any{"serviceID": service, "contractID": contract, "adjustedPrice": "8.5", "internalDescription": "key-1", "unitPrice": 77})
	got := h.get("ContractServices", id)
	if _, shown := got["adjustedPrice"]; shown || got["unitPrice"] != json.Number("10") || got["internalCurrencyAdjustedPrice"] != json.Number("8.5") ||
		got["unitCost"] != json.Number("1.5") || got["internalDescription"] != "key-1" {
		t.Errorf("created: %v", got)
	}
	if n := len(h.query("ContractServiceUnits", cond("eq", "contractID", contract))); n != 0 {
		t.Errorf("a contract service without adjustment has %d unit rows", n)
	}
	h.refused("POST", path, map[string]any{"serviceID": service}, "already on the contract")
	h.refused("POST", "/ContractServices/query", map[string]any{"filter": []any{cond("eq", "adjustedPrice", 8)}}, "Unable to find")
	h.must("PATCH", path, map[string]any{"id": id, "adjustedPrice": 3, "unitCost": 2, "internalDescription": "key-2", "serviceID": 1})
	got = h.get("ContractServices", id)
	if got["internalCurrencyAdjustedPrice"] != json.Number("8.5") || got["unitCost"] != json.Number("2") || got["internalDescription"] != "key-2" || got["serviceID"] != json.Number(fmt.Sprint(service)) {
		t.Errorf("after PATCH: %v", got)
	}
	h.must("PATCH", "/Services", map[string]any{"id": service, "invoiceDescription": "Standard text"})
	if got := h.get("ContractServices", id)["invoiceDescription"]; got != "Standard text" {
		t.Errorf("standard description: %v", got)
	}
	other := h.newContract("2026-02-01", "2026-12-31")
	if r := h.do("PATCH", fmt.Sprintf("/Contracts/%d/Services", other), map[string]any{"id": id, "internalDescription": "x"}); r.status != 404 {
		t.Errorf("PATCH below another contract: %d", r.status)
	}
	if r := h.do("DELETE", fmt.Sprintf("%s/%d", path, id), nil); r.status != 405 {
		t.Errorf("DELETE of a contract service: %d", r.status)
	}
	company := h.idOf("Companies", cond("eq", "companyName", "Cobalt Harbor Foods"))
	hourly := h.create("/Contracts", map[string]any{"companyID": company, "contractName": "T&M", "contractType": 1, "status": 1, "startDate": "2026-01-01",
		"endDate": "2026-12-31", "timeReportingRequiresStartAndStopTimes": 0})
	h.refused("POST", fmt.Sprintf("/Contracts/%d/Services", hourly), map[string]any{"serviceID": service}, "Recurring Service")
	if r := h.adjust(hourly, service, "2026-05-01", 1, nil); r.status != 500 {
		t.Errorf("adjustment on a time-and-materials contract: %d", r.status)
	}
}

func TestAdjustmentRules(t *testing.T) {
	h := newHarness(t, "demo", nil)
	contract, service := h.newContract("2026-03-01", "2026-12-31"), h.newService("10", 2)
	refused := func(day string, change any, extra map[string]any, fragment string) {
		t.Helper()
		body := map[string]any{"contractID": contract, "serviceID": service, "effectiveDate": day, "unitChange": change}
		for k, v := range extra {
			body[k] = v
		}
		h.refused("POST", "/ContractServiceAdjustments", body, fragment)
	}
	refused("2026-02-28", 1, nil, "effectiveDate must be between the start date and end date of the Contract")
	refused("2027-01-01", 1, nil, "effectiveDate must be between")
	refused("2026-03-01", -1, nil, "negative")
	refused("2026-03-01", 1.5, nil, "type integer")
	refused("2026-03-01", 0, nil, "price")
	refused("2026-03-01", nil, nil, "required field unitChange")
	refused("2026-03-01", 1, map[string]any{"contractID": nil}, "required field")
	refused("2026-03-01", 1, map[string]any{"serviceID": 999}, "serviceID of type: Service")
	if n := len(h.query("ContractServices", cond("eq", "contractID", contract))); n != 0 {
		t.Fatalf("refused adjustments left %d contract services", n)
	}
	h.mustAdjust(contract, service, "2026-03-01", 5, nil)
	h.mustAdjust(contract, service, "2026-12-31T23:59:00-10:00", 1, nil) // the last day, as written
	refused("2026-03-01", 1, nil, "insert duplicate data into contract_service_period")
	h.mustAdjust(contract, service, "2026-06-01", -2, nil)
	refused("2026-05-01", -4, nil, "negative") // later rows would fall below zero
	h.mustAdjust(contract, service, "2026-05-01", -3, nil)
	line := h.idOf("ContractServices", cond("eq", "contractID", contract))
	h.must("POST", fmt.Sprintf("/Contracts/%d/ServiceAdjustments", contract), map[string]any{"contractServiceID": line, "effectiveDate": "2026-07-01", "unitChange": 0, "adjustedUnitPrice": 12, "adjustedUnitCost": 6})
	refused("2026-08-01", 1, map[string]any{"contractServiceID": line, "serviceID": 11}, "contractServiceID")
	h.refused("POST", "/Contracts/29780000/ServiceAdjustments", map[string]any{"contractServiceID": line, "effectiveDate": "2026-07-02", "unitChange": 1}, "contractServiceID")
	h.mustAdjust(contract, service, "2026-04-01", 4, map[string]any{"allowRepeatService": true, "adjustedUnitPrice": "9.99"})
	if n := len(h.query("ContractServices", cond("eq", "contractID", contract))); n != 2 {
		t.Errorf("%d instances, want 2", n)
	}
}

func TestChargeLifecycle(t *testing.T) {
	h := newHarness(t, "demo", nil)
	contract := h.newContract("2026-01-01", "2026-12-31")
	path := fmt.Sprintf("/Contracts/%d/Charges", contract)
	material := h.idOf("BillingCodes", cond("eq", "name", "Azure Consumption"), cond("eq", "isActive", true))
	service := h.idOf("BillingCodes", cond("eq", "name", "Managed services"))
	body := map[string]any{"name": "Azure October", "datePurchased": "2026-10-31", "chargeType": 1, "unitQuantity": "2.33335", "unitPrice": "10.00004",
		"unitCost": 8, "isBillableToCompany": true}
	h.refused("POST", path, body, "billingCodeID")
	body["billingCodeID"] = service
	h.refused("POST", path, body, "Material")
	body["billingCodeID"] = material
	id := h.create(path, body)
	got := h.get("ContractCharges", id)
	if got["unitQuantity"] != json.Number("2.3334") || got["unitPrice"] != json.Number("10") || got["billableAmount"] != json.Number("23.334") ||
		got["extendedCost"] != json.Number("18.6672") || got["isBilled"] != false {
		t.Errorf("created: %v", got)
	}
	h.must("PATCH", path, map[string]any{"id": id, "unitPrice": -1, "isBilled": true})
	if got := h.get("ContractCharges", id); got["billableAmount"] != json.Number("-2.3334") || got["isBilled"] != false {
		t.Errorf("after PATCH: %v", got)
	}
	second := h.create(path, body)
	if r := h.must("DELETE", fmt.Sprintf("%s/%d", path, second), nil); number(t, r.body["itemId"]) != second {
		t.Errorf("DELETE answers %s", r.raw)
	}
	h.refused("DELETE", fmt.Sprintf("%s/%d", path, second), nil, "No matching records found")
	if r := h.do("DELETE", fmt.Sprintf("/ContractCharges/%d", id), nil); r.status != 405 {
		t.Errorf("DELETE at the root: %d", r.status)
	}
	if result := h.server.Post(testDay, contract); result.Charges != 1 {
		t.Errorf("posted %+v", result)
	}
	h.refused("PATCH", path, map[string]any{"id": id, "unitPrice": 1}, "posted")
	h.refused("DELETE", fmt.Sprintf("%s/%d", path, id), nil, "posted")
	item := h.one("BillingItems", cond("eq", "contractChargeID", id))
	if item["totalAmount"] != json.Number("-2.33") || day(item["itemDate"]) != "2026-10-31" || item["billingItemType"] != json.Number(valueOf(h, "BillingItems", "billingItemType", "Cost")) {
		t.Errorf("billing item: %v", item)
	}
}

func TestStampsOfBillingItemsAndInvoices(t *testing.T) {
	h := newHarness(t, "demo", nil)
	item := h.query("BillingItems", everyID)[0]
	h.must("PATCH", "/BillingItems", map[string]any{"id": item["id"], "webServiceDate": "2026-11-09T10:00:00Z", "totalAmount": 1, "itemName": "x"})
	got := h.get("BillingItems", number(t, item["id"]))
	if day(got["webServiceDate"]) != "2026-11-09" || got["totalAmount"] != item["totalAmount"] || got["itemName"] != item["itemName"] {
		t.Errorf("item: %v", got)
	}
	invoice := h.query("Invoices", everyID)[0]
	h.must("PATCH", "/Invoices", map[string]any{"id": invoice["id"], "invoiceNumber": "R-1", "paidDate": "2026-11-09", "comments": "x", "invoiceTotal": 0})
	got = h.get("Invoices", number(t, invoice["id"]))
	if got["invoiceNumber"] != "R-1" || day(got["paidDate"]) != "2026-11-09" || got["comments"] != nil || got["invoiceTotal"] != invoice["invoiceTotal"] {
		t.Errorf("invoice: %v", got)
	}
	pdf := h.must("GET", fmt.Sprintf("/Invoices/%v/InvoicePdf", invoice["id"]), nil).body
	if pdf["contentType"] != "application/pdf" || pdf["data"] == nil {
		t.Errorf("pdf: %v", pdf)
	}
	if h.must("GET", fmt.Sprintf("/Invoices/%v/InvoiceMarkupXml", invoice["id"]), nil).body["invoiceMarkup"] == nil {
		t.Error("no markup")
	}
}

func TestNotesAndBundles(t *testing.T) {
	h := newHarness(t, "traps", nil)
	contract := h.idOf("Contracts", cond("eq", "contractName", "Everything"))
	note := h.create(fmt.Sprintf("/Contracts/%d/Notes", contract), map[string]any{"title": "Run", "description": "Done"})
	if got := h.get("ContractNotes", note); got["contractID"] != json.Number(fmt.Sprint(contract)) {
		t.Errorf("note: %v", got)
	}
	bundle := h.idOf("ServiceBundles", everyID)
	if r := h.must("POST", "/ContractServiceBundleAdjustments", map[string]any{"contractID": contract, "serviceBundleID": bundle, "effectiveDate": "2026-12-01", "unitChange": 2}); r.raw != `{"itemId":null}` {
		t.Errorf("bundle adjustment: %s", r.raw)
	}
	row := h.one("ContractServiceBundleUnits", cond("eq", "contractID", contract), cond("eq", "startDate", "2026-12-01"))
	if row["units"] != json.Number("5") || row["price"] != json.Number("275") {
		t.Errorf("bundle row: %v", row)
	}
	h.refused("DELETE", fmt.Sprintf("/ServiceBundles/%d", bundle), nil, "in use")
	part := h.query("ServiceBundleServices", cond("eq", "serviceBundleID", bundle))[0]
	h.must("DELETE", fmt.Sprintf("/ServiceBundles/%d/Services/%v", bundle, part["id"]), nil)
}
