package autotask

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var everyID = map[string]any{"op": "exist", "field": "id"}

func ids(rows []map[string]any) []string {
	out := []string{}
	for _, row := range rows {
		out = append(out, fmt.Sprint(row["id"]))
	}
	return out
}

func TestFilters(t *testing.T) {
	h := newHarness(t, "demo", nil)
	all := len(h.query("Companies", everyID))
	group := func(op string, items ...map[string]any) map[string]any {
		return map[string]any{"op": op, "items": items}
	}
	for _, tt := range []struct {
		name   string
		filter []map[string]any
		want   int
	}{
		{"eq text in another case", []map[string]any{cond("eq", "companyName", "cobalt HARBOR foods")}, 1},
		{"field name in another case", []map[string]any{cond("eq", "COMPANYNAME", "Cobalt Harbor Foods")}, 1},
		{"beginsWith", []map[string]any{cond("beginsWith", "companyName", "micro")}, 3},
		{"endsWith", []map[string]any{cond("endsWith", "companyName", "EVENTS")}, 1},
		{"contains", []map[string]any{cond("contains", "companyName", "soft part")}, 1},
		{"in", []map[string]any{cond("in", "companyName", []string{"microsoft", "none"})}, 1},
		{"numeric string", []map[string]any{cond("eq", "id", "0")}, 1},
		{"company id 0", []map[string]any{cond("eq", "id", 0)}, 1},
		{"top level is and", []map[string]any{cond("beginsWith", "companyName", "Micro"), cond("endsWith", "companyName", "Events")}, 1},
		{"or", []map[string]any{group("or", cond("eq", "id", 0), cond("eq", "companyName", "Microsoft"))}, 2},
		{"nested", []map[string]any{group("or", group("and", cond("beginsWith", "companyName", "Micro"), cond("endsWith", "companyName", "Events")), cond("eq", "id", 0))}, 2},
		{"eq null", []map[string]any{cond("eq", "companyNumber", nil)}, 0},
		{"noteq null", []map[string]any{cond("noteq", "companyNumber", nil)}, 0},
		{"notExist", []map[string]any{{"op": "notExist", "field": "companyNumber"}}, 6},
		{"exist", []map[string]any{{"op": "exist", "field": "companyNumber"}}, all - 6},
		{"unknown operator is dropped", []map[string]any{cond("ne", "companyName", "x")}, all},
		{"operator in another case is dropped", []map[string]any{cond("beginswith", "companyName", "Micro"), cond("eq", "id", 0)}, 1},
		{"unknown operator in a group is dropped", []map[string]any{group("or", cond("like", "companyName", "x"), cond("eq", "id", 0))}, 1},
		{"empty group is dropped", []map[string]any{group("and", cond("like", "companyName", "x"))}, all},
		{"unknown operator hides an unknown field", []map[string]any{cond("like", "nonsense", "x")}, all},
		{"boolean", []map[string]any{cond("eq", "isActive", false)}, 0},
		{"whole day", []map[string]any{cond("gte", "createDate", "2026-11-10"), cond("lt", "createDate", "2026-11-11")}, all},
		{"eq on a timestamp", []map[string]any{cond("eq", "createDate", "2026-11-10")}, 0},
		{"instant in another zone", []map[string]any{cond("eq", "createDate", "2026-11-10T13:00:00+01:00")}, all},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := h.query("Companies", tt.filter...); len(got) != tt.want {
				t.Errorf("%d rows, want %d", len(got), tt.want)
			}
		})
	}
	log := h.server.Requests(0)
	dropped := 0
	for _, entry := range log {
		dropped += entry.DroppedOperators
	}
	if dropped != 5 {
		t.Errorf("the log counts %d dropped operators, want 5", dropped)
	}
}

func TestQueryRefusals(t *testing.T) {
	h := newHarness(t, "demo", nil)
	many := make([]int, 501)
	for i := range many {
		many[i] = i
	}
	post := func(body any, fragment string) {
		t.Helper()
		h.refused("POST", "/Companies/query", body, fragment)
	}
	filter := func(c ...map[string]any) map[string]any { return map[string]any{"filter": c} }
	post(filter(cond("eq", "nonsense", 1)), "Unable to find nonsense in the Company Entity.")
	post(filter(cond("eq", "stockSymbol", "X")), "not queryable")
	post(filter(cond("eq", "Microsoft Tenant ID", "x")), "Unable to find")
	post(filter(map[string]any{"op": "eq", "field": "Portal Password", "value": "x", "udf": true}), "not queryable")
	post(filter(cond("eq", "id", "seven")), "Conversion failed when converting varchar 'seven' to data type int")
	post(filter(cond("eq", "createDate", "yesterday")), "Conversion failed")
	post(filter(cond("eq", "isActive", "yes")), "Conversion failed")
	post(filter(cond("in", "id", 5)), "array")
	post(filter(cond("in", "id", many)), "500 or fewer 'OR' conditions")
	post(map[string]any{}, "filter")
	post(map[string]any{"filter": `[{"op":"exist","field":"id"}]`}, "array")
	post(``, "empty")
	for _, size := range []any{0, 501, -1, "many", 1.5} {
		post(map[string]any{"filter": []any{everyID}, "maxRecords": size}, "must be between 1 and 500")
	}
	post(map[string]any{"filter": []any{everyID}, "includeFields": []string{"id", "nonsense"}}, "Unable to find nonsense in the Company Entity.")
	h.refused("GET", "/Companies/query", nil, "empty")
	h.refused("POST", "/BillingItems/query", filter(cond("contains", "lineItemFullDescription", "x")), "not queryable")
	if got := h.do("GET", searchURL("Companies", strings.Repeat(" ", 2100)+`{"filter":[]}`), nil); got.status != 404 {
		t.Errorf("a query string beyond the web server's limit: %d", got.status)
	}
	if got := h.do("POST", "/Companies/query", `{"filter":[],}`); got.status != 400 {
		t.Errorf("malformed JSON: %d", got.status)
	}
	ors := make([]map[string]any, 500)
	for i := range ors {
		ors[i] = cond("eq", "id", i)
	}
	group := map[string]any{"op": "or", "items": ors}
	h.must("POST", "/Companies/query", filter(group))
	group["items"] = append(ors, cond("eq", "id", 0))
	post(filter(group), "500 or fewer 'OR' conditions")
	h.must("POST", "/Companies/query", filter(cond("in", "id", many[:200])))
}

func TestQueryByUserDefinedField(t *testing.T) {
	h := newHarness(t, "demo", nil)
	company := h.idOf("Companies", cond("eq", "companyName", "Cobalt Harbor Foods"))
	h.must("PATCH", "/Companies", map[string]any{"id": company, "userDefinedFields": []any{map[string]any{"name": "microsoft tenant id", "value": "T-1"}}})
	found := h.query("Companies", map[string]any{"op": "eq", "field": "Microsoft Tenant ID", "value": "t-1", "udf": true})
	if len(found) != 1 || jsonText(found[0]["userDefinedFields"]) != `[{"name":"Microsoft Tenant ID","value":"T-1"},{"name":"Portal Password","value":null}]` {
		t.Errorf("found %v", ids(found))
	}
}

func TestIncludeFields(t *testing.T) {
	h := newHarness(t, "demo", nil)
	got := h.must("POST", "/Companies/query", `{"maxRecords":1,"includeFields":["COMPANYNAME","id"],"filter":[{"op":"exist","field":"id"}]}`)
	if !strings.HasPrefix(got.raw, `{"items":[{"id":0,"companyName":"Northwind IT","userDefinedFields":[]}]`) {
		t.Errorf("got %s", got.raw)
	}
	got = h.must("POST", "/Contracts/query", `{"IncludeFields":["id"],"MaxRecords":1,"Filter":[{"Op":"gt","Field":"id","Value":0,"op":"gt"}]}`)
	if n := len(got.items()); n != 1 || len(got.items()[0]) != 2 {
		t.Errorf("capitalised keys: %s", got.raw)
	}
	if full := h.get("Companies", 0); len(full) < 40 || full["address1"] != nil {
		t.Errorf("get by id has %d properties", len(full))
	}
	if r := h.must("GET", "/Companies/0?includeFields=id", nil); len(r.item()) < 40 {
		t.Error("includeFields counts on get by id")
	}
}

// walk follows nextPageUrl and returns the ids of every page.
func walk(h *harness, verb, entity, body string) (pages [][]string, last response) {
	h.Helper()
	next := any("/" + entity + "/query")
	if verb == "GET" {
		next, body = searchURL(entity, body), ""
	}
	for next != nil {
		last = h.must(verb, next.(string), body)
		pages = append(pages, ids(last.items()))
		next = last.body["pageDetails"].(map[string]any)["nextPageUrl"]
	}
	return pages, last
}

func TestPaging(t *testing.T) {
	h := newHarness(t, "traps", nil)
	for _, verb := range []string{"POST", "GET"} {
		pages, last := walk(h, verb, "Companies", `{"filter":[{"op":"exist","field":"id"}]}`)
		all := slices.Concat(pages...)
		if len(pages) != 3 || len(pages[0]) != 500 || len(pages[1]) != 500 || all[0] != "0" {
			t.Fatalf("%s: %d pages", verb, len(pages))
		}
		if !slices.IsSortedFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) }) {
			t.Errorf("%s: ids do not ascend", verb)
		}
		details := last.body["pageDetails"].(map[string]any)
		if len(details) != 4 || details["count"] != json.Number(fmt.Sprint(len(pages[2]))) || details["requestCount"] != json.Number("500") {
			t.Errorf("%s: pageDetails %v", verb, details)
		}
		body := ""
		if verb == "POST" {
			body = `{"filter":[{"op":"exist","field":"id"}]}`
		}
		back := h.must(verb, details["prevPageUrl"].(string), body)
		if got := ids(back.items()); !slices.Equal(got, pages[1]) {
			t.Errorf("%s: going back gives %d rows from %s", verb, len(got), got[0])
		}
	}
}

func TestPagingRules(t *testing.T) {
	h := newHarness(t, "traps", nil)
	body := `{"maxRecords":10,"filter":[{"op":"exist","field":"id"}]}`
	next := func(r response) string { return r.body["pageDetails"].(map[string]any)["nextPageUrl"].(string) }
	first := next(h.must("POST", "/Companies/query", body))
	if !strings.HasPrefix(first, h.url+"/ATServicesRest/v1.0/Companies/query/next?paging=") {
		t.Errorf("page URL %s", first)
	}
	if got := h.do("GET", first, nil); got.status != 405 || !strings.Contains(got.text(), "does not support http method 'GET'") {
		t.Errorf("GET on a POST page: %d %s", got.status, got.raw)
	}
	h.refused("POST", first, "", "")
	h.refused("POST", first, `{"maxRecords":10,"filter":[{"op":"gte","field":"id","value":0}]}`, "differs")
	h.must("POST", first, ` { "filter" : [{"field":"id","op":"exist"}], "maxRecords" : 10 } `) // the same query, written differently
	get := next(h.must("GET", searchURL("Companies", body), nil))
	if got := h.do("POST", get, body); got.status != 405 {
		t.Errorf("POST on a GET page: %d", got.status)
	}
	tampered, err := url.Parse(get)
	if err != nil {
		t.Fatal(err)
	}
	q := tampered.Query()
	q.Set("search", `{"filter":[]}`)
	tampered.RawQuery = q.Encode()
	h.refused("GET", tampered.String(), nil, "differs")

	blind := `{"maxRecords":10,"includeFields":["companyName"],"filter":[{"op":"exist","field":"id"}]}`
	h.refused("POST", next(h.must("POST", "/Companies/query", blind)), blind, "id must be among includeFields")

	first = next(h.must("POST", "/Companies/query", body))
	for range pagesKept {
		h.must("POST", first, body)
	}
	h.refused("POST", first, body, "expired")
}

func TestCountAndGet(t *testing.T) {
	h := newHarness(t, "traps", nil)
	post := h.must("POST", "/Companies/query/count", `{"filter":[{"op":"exist","field":"id"}],"maxRecords":900,"includeFields":["nonsense"]}`)
	get := h.must("GET", "/Companies/query/count?search="+url.QueryEscape(`{"filter":[{"op":"exist","field":"id"}]}`), nil)
	pages, _ := walk(h, "POST", "Companies", `{"filter":[{"op":"exist","field":"id"}]}`)
	want := fmt.Sprintf(`{"queryCount":%d}`, len(slices.Concat(pages...)))
	if post.raw != want || get.raw != want {
		t.Errorf("counts %s and %s, want %s", post.raw, get.raw, want)
	}
	contract := h.idOf("Contracts", cond("eq", "contractName", "Everything"))
	children := h.must("GET", fmt.Sprintf("/Contracts/%d/Services", contract), nil)
	if len(children.items()) != 6 || children.body["pageDetails"] == nil {
		t.Errorf("children: %d", len(children.items()))
	}
	unit := h.query("ContractServiceUnits", cond("eq", "contractID", contract))[0]
	for _, path := range []string{fmt.Sprintf("/Contracts/%d/ServiceUnits/%v", contract, unit["id"]), fmt.Sprintf("/ContractServiceUnits/%v", unit["id"])} {
		if got := h.must("GET", path, nil).item(); got["id"] != unit["id"] {
			t.Errorf("%s: %v", path, got)
		}
	}
	if got := h.must("GET", fmt.Sprintf("/Contracts/1/ServiceUnits/%v", unit["id"]), nil); got.raw != `{"item":null}` {
		t.Errorf("a unit row below another contract: %s", got.raw)
	}
}

// TestQueryProperties holds the query engine against set algebra on what it returned for single conditions.
func TestQueryProperties(t *testing.T) {
	h := newHarness(t, "demo", nil)
	const entity = "ContractServiceUnits"
	one := func(c map[string]any) map[string]bool {
		set := map[string]bool{}
		for _, id := range ids(h.query(entity, c)) {
			set[id] = true
		}
		return set
	}
	universe := one(everyID)
	condition := rapid.Custom(func(t *rapid.T) map[string]any {
		field := rapid.SampledFrom([]string{"units", "price", "startDate", "contractID", "serviceID"}).Draw(t, "field")
		values := map[string][]any{"units": {2, 5, 7, 100}, "price": {47, 192.5, -1}, "startDate": {"2026-10-01", "2026-12-31T00:00:00Z"},
			"contractID": {29780000, 29780002, 1}, "serviceID": {14, "15"}}[field]
		op := rapid.SampledFrom([]string{"eq", "noteq", "gt", "gte", "lt", "lte"}).Draw(t, "op")
		return cond(op, field, rapid.SampledFrom(values).Draw(t, "value"))
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := condition.Draw(t, "a"), condition.Draw(t, "b")
		inA, inB := one(a), one(b)
		and := one(map[string]any{"op": "and", "items": []any{a, b}})
		or := one(map[string]any{"op": "or", "items": []any{a, b}})
		top := ids(h.query(entity, a, b))
		for id := range universe {
			if and[id] != (inA[id] && inB[id]) || or[id] != (inA[id] || inB[id]) || slices.Contains(top, id) != and[id] {
				t.Fatalf("%s: and %t, or %t, a %t, b %t", id, and[id], or[id], inA[id], inB[id])
			}
		}
		eq := one(cond("eq", a["field"].(string), a["value"]))
		in := one(cond("in", a["field"].(string), []any{a["value"]}))
		notIn := one(cond("notIn", a["field"].(string), []any{a["value"]}))
		if len(eq) != len(in) || len(in)+len(notIn) != len(universe) {
			t.Fatalf("eq %d, in %d, notIn %d of %d", len(eq), len(in), len(notIn), len(universe))
		}
		size := rapid.IntRange(1, 40).Draw(t, "page size")
		pages, _ := walk(h, "POST", entity, fmt.Sprintf(`{"maxRecords":%d,"filter":[%s]}`, size, jsonText(a)))
		if got := slices.Concat(pages...); !slices.Equal(got, ids(h.query(entity, a))) {
			t.Fatalf("pages of %d give %d rows", size, len(got))
		}
		for _, page := range pages[:len(pages)-1] {
			if len(page) != size {
				t.Fatalf("a page of %d has %d rows", size, len(page))
			}
		}
		_ = h.server.SetUsage(Usage{}) // thousands of requests are sent here
	})
}

func TestDatesOnTheWire(t *testing.T) {
	h := newHarness(t, "demo", nil)
	forms := map[string]bool{}
	for _, row := range h.query("Contracts", everyID) {
		forms[row["startDate"].(string)[19:]] = true
	}
	if len(forms) < 3 {
		t.Errorf("datetimes take the forms %v only", forms)
	}
}
