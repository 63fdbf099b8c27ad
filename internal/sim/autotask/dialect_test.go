package autotask

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// probe observes a switch: what a client sees under each value.
type probe struct {
	scenario string // default demo
	see      func(h *harness) string
	want     map[string]string
}

// TestEveryDialect flips one switch at a time and compares what is seen with what the switch promises.
func TestEveryDialect(t *testing.T) {
	probes := map[string]probe{}
	for _, group := range []map[string]probe{unitProbes(), moneyProbes(), readProbes(), metadataProbes(), writeProbes(), limitProbes(), seedProbes()} {
		for name, p := range group {
			probes[name] = p
		}
	}
	for _, d := range Dialects() {
		p, ok := probes[d.Name]
		if !ok {
			t.Errorf("switch %s has no test", d.Name)
			continue
		}
		delete(probes, d.Name)
		seen := map[string]bool{}
		for _, value := range d.Values {
			t.Run(d.Name+"="+value, func(t *testing.T) {
				name := p.scenario
				if name == "" {
					name = "demo"
				}
				got := p.see(newHarness(t, name, map[string]string{d.Name: value}))
				if got != p.want[value] {
					t.Errorf("got %q, want %q", got, p.want[value])
				}
				if seen[got] {
					t.Errorf("%q is seen under another value too", got)
				}
				seen[got] = true
			})
		}
		if d.Meaning == "" || d.Section == "" {
			t.Errorf("switch %s is not documented", d.Name)
		}
	}
	for name := range probes {
		t.Errorf("test of an unknown switch %s", name)
	}
}

// unitsAfter shows the unit rows that some adjustments give.
func unitsAfter(start, end string, periodType int, upTo string, steps ...step) func(*harness) string {
	return func(h *harness) string {
		contract, service := h.newContract(start, end), h.newService("31", periodType)
		for _, s := range steps {
			h.mustAdjust(contract, service, s.day, s.change, nil)
		}
		return strings.ReplaceAll(h.units(contract, upTo), "\n", ", ")
	}
}

func unitProbes() map[string]probe {
	midPeriod := unitsAfter("2026-10-01", "2026-10-31", 2, "2026-12-31", step{"2026-10-01", 1, ""}, step{"2026-10-11", 1, ""})
	return map[string]probe{
		"split": {see: midPeriod, want: map[string]string{
			"truncate": "2026-10-01 2026-10-10 1 10, 2026-10-11 2026-10-31 2 42", "overlap": "2026-10-01 2026-10-31 1 31, 2026-10-11 2026-10-31 2 42"}},
		"partialPrice": {see: midPeriod, want: map[string]string{
			"prorated": "2026-10-01 2026-10-10 1 10, 2026-10-11 2026-10-31 2 42", "full": "2026-10-01 2026-10-10 1 31, 2026-10-11 2026-10-31 2 62"}},
		"rowSpan": {see: unitsAfter("2026-10-01", "2026-12-31", 5, "2026-10-31", step{"2026-10-01", 1, ""}), want: map[string]string{
			"service": "2026-10-01 2026-12-31 1 31", "contract": "2026-10-01 2026-10-31 1 31"}},
		"clippedPeriod": {see: unitsAfter("2026-10-01", "2026-10-10", 2, "2026-12-31", step{"2026-10-01", 1, ""}), want: map[string]string{
			"full": "2026-10-01 2026-10-10 1 31", "prorated": "2026-10-01 2026-10-10 1 10"}},
		"monthEnd": {see: unitsAfter("2026-01-31", "2026-04-20", 2, "2026-12-31", step{"2026-02-28", 1, ""}), want: map[string]string{
			"clamp": "2026-02-28 2026-03-30 1 31, 2026-03-31 2026-04-20 1 31", "drift": "2026-02-28 2026-03-27 1 31, 2026-03-28 2026-04-20 1 31"}},
		"postedPeriod": {see: func(h *harness) string {
			contract, service := h.newContract("2026-10-01", "2026-12-31"), h.newService("10", 2)
			h.mustAdjust(contract, service, "2026-10-01", 1, nil)
			h.server.Post(date("2026-10-31"), contract)
			return h.adjust(contract, service, "2026-10-02", 1, nil).text()
		}, want: map[string]string{"difference": "", "reject": textPosted}},
		"zeroUnits": {see: func(h *harness) string {
			contract, service := h.newContract("2026-10-01", "2026-12-31"), h.newService("10", 2)
			h.mustAdjust(contract, service, "2026-10-01", 1, nil)
			return h.adjust(contract, service, "2026-11-01", -1, nil).text()
		}, want: map[string]string{"allow": "", "reject": "The adjustment must leave at least one unit."}},
		"repeatTarget": {see: func(h *harness) string {
			contract, service := h.newContract("2026-10-01", "2026-10-31"), h.newService("1", 2)
			h.mustAdjust(contract, service, "2026-10-01", 10, nil)
			h.mustAdjust(contract, service, "2026-10-01", 20, map[string]any{"allowRepeatService": true})
			h.mustAdjust(contract, service, "2026-10-02", 1, nil)
			var last []string
			for _, row := range h.query("ContractServiceUnits", cond("eq", "contractID", contract), cond("eq", "startDate", "2026-10-02")) {
				last = append(last, fmt.Sprint(row["units"]))
			}
			return strings.Join(last, " ")
		}, want: map[string]string{"first": "11", "last": "21"}},
	}
}

// linePrices shows the prices of the only line of a contract.
func linePrices(h *harness, contract int64) string {
	line := h.one("ContractServices", cond("eq", "contractID", contract))
	return fmt.Sprint(line["unitPrice"], " ", line["internalCurrencyUnitPrice"], " ", line["internalCurrencyAdjustedPrice"])
}

func dollarPrices(h *harness) string {
	company := h.one("Companies", cond("eq", "currencyID", 2))
	contract := h.create("/Contracts", map[string]any{"companyID": company["id"], "contractName": "T", "contractType": 7, "status": 1, "startDate": "2026-10-01",
		"endDate": "2026-12-31", "timeReportingRequiresStartAndStopTimes": 0, "contractPeriodType": 2})
	h.mustAdjust(contract, h.newService("100", 2), "2026-10-01", 1, nil)
	return linePrices(h, contract)
}

func moneyProbes() map[string]probe {
	posted := func(h *harness, price string) int64 {
		contract, service := h.newContract("2026-10-01", "2026-12-31"), h.newService(price, 2)
		h.mustAdjust(contract, service, "2026-10-01", 1, nil)
		h.server.Post(date("2026-11-01"), contract)
		return contract
	}
	return map[string]probe{
		"catalogPriceFollows": {see: func(h *harness) string {
			contract, service := h.newContract("2026-10-01", "2026-12-31"), h.newService("10", 2)
			h.mustAdjust(contract, service, "2026-10-01", 1, nil)
			h.must("PATCH", "/Services", map[string]any{"id": service, "unitPrice": 12})
			return h.units(contract, "2026-10-31")
		}, want: map[string]string{"yes": "2026-10-01 2026-10-31 1 12", "no": "2026-10-01 2026-10-31 1 10"}},
		"adjustedPriceShown": {see: func(h *harness) string {
			contract, service := h.newContract("2026-10-01", "2026-12-31"), h.newService("10", 2)
			h.mustAdjust(contract, service, "2026-10-01", 1, nil)
			h.mustAdjust(contract, service, "2026-12-01", 0, map[string]any{"adjustedUnitPrice": 9})
			return linePrices(h, contract)
		}, want: map[string]string{"inForce": "10 10 10", "latest": "10 10 9"}},
		"internalCurrency": {see: func(h *harness) string {
			contract := h.newContract("2026-10-01", "2026-12-31")
			h.mustAdjust(contract, h.newService("10", 2), "2026-10-01", 1, nil)
			return linePrices(h, contract)
		}, want: map[string]string{"equal": "10 10 10", "null": "10 <nil> <nil>"}},
		"exchangeRate":    {scenario: "traps", see: dollarPrices, want: map[string]string{"multiply": "125 100 100", "divide": "80 100 100"}},
		"catalogCurrency": {scenario: "traps", see: dollarPrices, want: map[string]string{"internal": "125 100 100", "customer": "100 80 80"}},
		"postRounding": {see: func(h *harness) string {
			return fmt.Sprint(h.query("BillingItems", cond("eq", "contractID", posted(h, "10.1234")))[0]["totalAmount"])
		}, want: map[string]string{"2": "10.12", "4": "10.1234"}},
		"voidReleases": {see: func(h *harness) string {
			contract := posted(h, "10")
			item := h.query("BillingItems", cond("eq", "contractID", contract))[0]
			invoice, err := h.server.Invoice(number(h, item["companyID"]))
			if err != nil {
				h.Fatal(err)
			}
			if err := h.server.Void(invoice); err != nil {
				h.Fatal(err)
			}
			return fmt.Sprint(h.get("BillingItems", number(h, item["id"]))["invoiceID"] == json.Number(fmt.Sprint(invoice)))
		}, want: map[string]string{"yes": "false", "no": "true"}},
		"uninvoiced": {see: func(h *harness) string {
			seen := ""
			for _, item := range h.query("BillingItems", cond("eq", "contractID", posted(h, "10"))) {
				if seen += "null"; item["invoiceID"] != nil {
					seen = strings.TrimSuffix(seen, "null") + fmt.Sprint(item["invoiceID"])
				}
			}
			return strings.ReplaceAll(seen, "0null", "null0")
		}, want: map[string]string{"mixed": "null0", "null": "nullnull", "zero": "00"}},
	}
}

func readProbes() map[string]probe {
	statusOf := func(method, path string, body any) func(*harness) string {
		return func(h *harness) string { return fmt.Sprint(h.do(method, path, body).status) }
	}
	rows := func(entity string, filter ...map[string]any) func(*harness) string {
		return func(h *harness) string { return fmt.Sprint(len(h.query(entity, filter...))) }
	}
	return map[string]probe{
		"missingID":            {see: statusOf("GET", "/Companies/4711", nil), want: map[string]string{"null": "200", "404": "404"}},
		"boolFilter":           {see: rows("BillingCodes", cond("eq", "isActive", false)), want: map[string]string{"json": "2", "numeric": "0"}},
		"emptyFilter":          {see: statusOf("POST", "/Companies/query", `{"filter":[]}`), want: map[string]string{"all": "200", "error": "500"}},
		"includeFieldsUnknown": {see: statusOf("POST", "/Companies/query", `{"filter":[],"includeFields":["x"]}`), want: map[string]string{"500": "500", "400": "400"}},
		"noteqNull":            {see: rows("Services", cond("noteq", "sku", "x")), want: map[string]string{"exclude": "1", "include": "5"}},
		"dateFormat": {see: func(h *harness) string {
			zulu, plain := false, false
			for _, row := range h.query("Contracts", everyID) {
				zulu = zulu || strings.HasSuffix(row["endDate"].(string), "Z")
				plain = plain || !strings.HasSuffix(row["endDate"].(string), "Z")
			}
			return fmt.Sprint(zulu, plain)
		}, want: map[string]string{"mixed": "true true", "z": "true false", "plain": "false true"}},
		"queryKeys": {see: func(h *harness) string {
			return fmt.Sprint(len(h.must("POST", "/Companies/query", `{"Filter":[{"op":"exist","field":"id"}],"MaxRecords":1}`).items()) == 1)
		}, want: map[string]string{"any": "true", "exact": "false"}},
		"udfPerQuery": {see: func(h *harness) string {
			h.server.world.model.entity("Companies").udfs[1].queryable = true
			a := map[string]any{"op": "eq", "field": "Microsoft Tenant ID", "value": "x", "udf": true}
			b := map[string]any{"op": "eq", "field": "Portal Password", "value": "x", "udf": true}
			return fmt.Sprint(h.do("POST", "/Companies/query", map[string]any{"filter": []any{a, b}}).status)
		}, want: map[string]string{"5": "200", "1": "500"}},
		"childGet": {see: func(h *harness) string {
			line := h.query("ContractServices", everyID)[0]
			r := h.must("GET", fmt.Sprintf("/Contracts/%v/Services/%v", line["contractID"], line["id"]), nil)
			return fmt.Sprint(r.item() != nil, len(r.items()))
		}, want: map[string]string{"item": "true 0", "items": "false 1"}},
		"hiddenCost": {see: func(h *harness) string {
			service := h.newService("10", 2)
			_ = h.server.SetProfile(ProfileNoCost)
			return fmt.Sprint(h.get("Services", service)["unitCost"])
		}, want: map[string]string{"null": "<nil>", "zero": "0"}},
		"restrictedQuery": {see: func(h *harness) string {
			_ = h.server.SetProfile(ProfileNoContracts)
			return fmt.Sprint(h.do("POST", "/Contracts/query", `{"filter":[]}`).status)
		}, want: map[string]string{"empty": "200", "error": "500"}},
	}
}

func metadataProbes() map[string]probe {
	return map[string]probe{
		"accessLevel": {see: func(h *harness) string {
			return fmt.Sprint(h.must("GET", "/Companies/entityInformation", nil).body["info"].(map[string]any)["userAccessForCreate"])
		}, want: map[string]string{"text": "All", "number": "2"}},
		"metadataNames": {see: func(h *harness) string {
			return h.must("GET", "/Companies/entityInformation/fields", nil).body["fields"].([]any)[1].(map[string]any)["name"].(string)
		}, want: map[string]string{"camel": "companyName", "pascal": "CompanyName"}},
		"udfRoute": {see: func(h *harness) string {
			return fmt.Sprint(h.do("GET", "/ContractServices/entityInformation/userDefinedFields", nil).status)
		}, want: map[string]string{"empty": "200", "404": "404"}},
	}
}

func writeProbes() map[string]probe {
	ownPrice := func(patch bool) func(*harness) string {
		return func(h *harness) string {
			contract := h.newContract("2026-10-01", "2026-12-31")
			path, service := fmt.Sprintf("/Contracts/%d/Services", contract), h.newService("10", 2)
			if patch {
				h.must("PATCH", path, map[string]any{"id": h.create(path, map[string]any{"serviceID": service}), "adjustedPrice": 8})
			} else {
				h.create(path, map[string]any{"serviceID": service, "adjustedPrice": 8})
			}
			h.mustAdjust(contract, service, "2026-10-01", 1, nil)
			return h.units(contract, "2026-10-31")
		}
	}
	const eight, ten = "2026-10-01 2026-10-31 1 8", "2026-10-01 2026-10-31 1 10"
	contractStatus := func(body string) func(*harness) string {
		return func(h *harness) string {
			return fmt.Sprint(h.do("PATCH", "/Contracts", fmt.Sprintf(body, h.newContract("2026-10-01", "2026-12-31"))).status)
		}
	}
	return map[string]probe{
		"adjustedPricePatch": {see: ownPrice(true), want: map[string]string{"ignore": ten, "store": eight}},
		"adjustedPricePost":  {see: ownPrice(false), want: map[string]string{"store": eight, "ignore": ten}},
		"contractServiceCost": {see: func(h *harness) string {
			contract := h.newContract("2026-10-01", "2026-12-31")
			path := fmt.Sprintf("/Contracts/%d/Services", contract)
			id := h.create(path, map[string]any{"serviceID": h.newService("10", 2)})
			h.must("PATCH", path, map[string]any{"id": id, "unitCost": 7})
			return fmt.Sprint(h.get("ContractServices", id)["unitCost"])
		}, want: map[string]string{"store": "7", "ignore": "1.5"}},
		"immutable":       {see: contractStatus(`{"id":%d,"contractPeriodType":5}`), want: map[string]string{"ignore": "200", "reject": "500"}},
		"malformedJSON":   {see: contractStatus(`{"id":%d,}`), want: map[string]string{"400": "400", "500": "500"}},
		"numericStrings":  {see: contractStatus(`{"id":%d,"setupFee":"12.5"}`), want: map[string]string{"accept": "200", "reject": "500"}},
		"collectionPatch": {see: contractStatus(`{"id":%d}`), want: map[string]string{"works": "200", "404": "404"}},
		"itemIdType": {see: func(h *harness) string {
			_, text := h.must("POST", "/PaymentTerms", `{"name":"x"}`).body["itemId"].(string)
			return fmt.Sprint(text)
		}, want: map[string]string{"number": "false", "string": "true"}},
		"chargeRounding": {see: func(h *harness) string {
			code := h.idOf("BillingCodes", cond("eq", "name", "Hardware"))
			id := h.create(fmt.Sprintf("/Contracts/%d/Charges", h.newContract("2026-10-01", "2026-12-31")), map[string]any{"name": "x", "datePurchased": "2026-10-01",
				"chargeType": 1, "unitQuantity": 1, "unitPrice": 1.2345, "billingCodeID": code})
			return fmt.Sprint(h.get("ContractCharges", id)["unitPrice"])
		}, want: map[string]string{"4": "1.2345", "2": "1.23"}},
		"companyCurrency": {scenario: "traps", see: func(h *harness) string {
			company := h.idOf("Companies", cond("eq", "companyName", "Cobalt Harbor Foods"))
			h.must("PATCH", "/Companies", map[string]any{"id": company, "currencyID": 2})
			return fmt.Sprint(h.get("Companies", company)["currencyID"])
		}, want: map[string]string{"writable": "2", "fixed": "1"}},
		"parentMismatch": {see: func(h *harness) string {
			contract := h.newContract("2026-10-01", "2026-12-31")
			return fmt.Sprint(h.do("POST", fmt.Sprintf("/Contracts/%d/Notes", contract), map[string]any{"contractID": 1, "title": "x", "description": "y"}).status)
		}, want: map[string]string{"reject": "500", "parentWins": "200"}},
	}
}

func limitProbes() map[string]probe {
	return map[string]probe{
		"overThreshold": {see: func(h *harness) string {
			if err := h.server.SetUsage(Usage{Count: hourlyThreshold}); err != nil {
				h.Fatal(err)
			}
			return fmt.Sprint(h.do("GET", "/Companies/0", nil).status)
		}, want: map[string]string{"429": "429", "500": "500"}},
		"threadLimit": {see: func(h *harness) string {
			free := holdThreads(h, 3, "/Companies/0")
			defer free()
			return fmt.Sprint(h.do("POST", "/Companies/query", `{"filter":[]}`).status)
		}, want: map[string]string{"429": "429", "500": "500"}},
		"threadRelease": {see: func(h *harness) string {
			h.must("GET", "/Companies/0", nil)
			return fmt.Sprint(h.server.threadCount())
		}, want: map[string]string{"immediate": "0", "late": "1"}},
		"lockout": {see: func(h *harness) string {
			for range lockoutAfter {
				r := h.request("GET", "/Companies/0", "")
				r.Header.Set("Secret", "wrong")
				h.send(r)
			}
			return fmt.Sprint(h.do("GET", "/Companies/0", nil).status)
		}, want: map[string]string{"off": "200", "on": "401"}},
	}
}

func seedProbes() map[string]probe {
	label := func(entity, field, name string) func(*harness) string {
		return func(h *harness) string { return valueOf(h, entity, field, name) }
	}
	length := func(entity, field string) func(*harness) string {
		return func(h *harness) string {
			for _, raw := range h.must("GET", "/"+entity+"/entityInformation/fields", nil).body["fields"].([]any) {
				if f := raw.(map[string]any); f["name"] == field {
					return fmt.Sprint(f["length"])
				}
			}
			return ""
		}
	}
	return map[string]probe{
		"picklistLabels":        {see: label("Companies", "companyType", "Client"), want: map[string]string{"standard": "", "renamed": "1"}},
		"companyTypeValues":     {see: label("Companies", "companyType", "Vendor"), want: map[string]string{"gap": "7", "dense": "6"}},
		"useTypeValues":         {see: label("BillingCodes", "useType", "Material Cost Code"), want: map[string]string{"order": "4", "other": "6"}},
		"chargeTypeValues":      {see: label("ContractCharges", "chargeType", "Operational"), want: map[string]string{"order": "1", "swapped": "2"}},
		"billingItemTypeValues": {see: label("BillingItems", "billingItemType", "RecurringService"), want: map[string]string{"order": "6", "other": "16"}},
		"serviceNameLength":     {see: length("Services", "name"), want: map[string]string{"150": "150", "100": "100"}},
		"postalCodeLength":      {see: length("Companies", "postalCode"), want: map[string]string{"10": "10", "20": "20"}},
	}
}

// TestSeedTimeDialectsReachTheData: stored values and rules follow the picklists.
func TestSeedTimeDialectsReachTheData(t *testing.T) {
	h := newHarness(t, "demo", map[string]string{"companyTypeValues": "dense", "useTypeValues": "other", "billingItemTypeValues": "other"})
	if got := h.one("Companies", cond("eq", "companyName", "Microsoft"))["companyType"]; got != json.Number("6") {
		t.Errorf("vendor has type %v", got)
	}
	material := h.one("BillingCodes", cond("eq", "name", "Hardware"))
	if material["useType"] != json.Number("6") {
		t.Errorf("material code has use %v", material["useType"])
	}
	if got := h.query("BillingItems", everyID)[0]["billingItemType"]; got != json.Number("16") {
		t.Errorf("recurring item has type %v", got)
	}
	h.create(fmt.Sprintf("/Contracts/%d/Charges", h.newContract("2026-10-01", "2026-12-31")), map[string]any{"name": "x", "datePurchased": "2026-10-01",
		"chargeType": 1, "unitQuantity": 1, "billingCodeID": material["id"]})
}

func TestUnknownDialect(t *testing.T) {
	h := newHarness(t, "demo", nil)
	for _, bad := range []map[string]string{{"nonsense": "x"}, {"split": "x"}} {
		if err := h.server.SetDialects(bad); err == nil || !strings.Contains(err.Error(), "use one of") {
			t.Errorf("%v: %v", bad, err)
		}
		if _, err := New(Options{Dialect: bad}); err == nil {
			t.Errorf("New accepted %v", bad)
		}
	}
}

// TestDialectsSwitchAtRunTime: a switch takes effect at once, a seed-time one with the next reset.
func TestDialectsSwitchAtRunTime(t *testing.T) {
	h := newHarness(t, "demo", nil)
	if err := h.server.SetDialects(map[string]string{"missingID": "404", "companyTypeValues": "dense"}); err != nil {
		t.Fatal(err)
	}
	if got := h.do("GET", "/Companies/4711", nil); got.status != 404 {
		t.Errorf("missingID: %d", got.status)
	}
	if got := valueOf(h, "Companies", "companyType", "Vendor"); got != "7" {
		t.Errorf("vendor is %s before the reset", got)
	}
	if err := h.server.Reset(); err != nil {
		t.Fatal(err)
	}
	if got := valueOf(h, "Companies", "companyType", "Vendor"); got != "6" {
		t.Errorf("vendor is %s after the reset", got)
	}
}
