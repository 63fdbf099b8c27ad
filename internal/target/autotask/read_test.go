package autotask

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/target"
)

// shelf is a tenant of canned rows: what each query answers, by entity, and what counting says when it lies.
type shelf struct {
	rows   map[string]string // JSON list by entity
	older  string            // unit rows that only a search before the window finds
	counts map[string]int    // instead of the true number
	access string            // level of userAccessForQuery

	mu    sync.Mutex
	asked []string
}

func (s *shelf) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, path, _ := strings.Cut(r.URL.Path, "/v1.0/")
	entity, rest, _ := strings.Cut(path, "/")
	s.mu.Lock()
	s.asked = append(s.asked, path)
	s.mu.Unlock()
	list := s.rows[entity]
	if entity == "ContractServiceUnits" && strings.Contains(string(body), `{"op":"lt","field":"endDate"`) {
		list = s.older
	}
	if list == "" {
		list = "[]"
	}
	var rows []json.RawMessage
	_ = json.Unmarshal([]byte(list), &rows)
	switch rest {
	case "query/count":
		n, lies := s.counts[entity]
		if !lies {
			n = len(rows)
		}
		_, _ = fmt.Fprintf(w, `{"queryCount":%d}`, n)
	case "query":
		_, _ = fmt.Fprintf(w, `{"items":%s,"pageDetails":{"count":%d,"requestCount":500,"prevPageUrl":null,"nextPageUrl":null}}`, list, len(rows))
	case "entityInformation":
		_, _ = fmt.Fprintf(w, `{"info":{"userAccessForQuery":%q}}`, s.access)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func newShelf() *shelf {
	return &shelf{access: "All", counts: map[string]int{}, rows: map[string]string{
		"Currencies":           `[{"id":1,"name":"EUR","isInternalCurrency":true}]`,
		"Contracts":            `[{"id":10,"companyID":5,"contractName":"C","contractType":7,"status":1,"contractPeriodType":2,"startDate":"2026-01-01T00:00:00","endDate":"2027-12-31T00:00:00"}]`,
		"Services":             `[{"id":20,"name":"S","periodType":2,"unitPrice":9.90,"isActive":true}]`,
		"ContractServices":     `[{"id":30,"contractID":10,"serviceID":20}]`,
		"ContractServiceUnits": `[{"id":40,"contractServiceID":30,"startDate":"2026-11-01","endDate":"2026-11-30","units":3,"price":29.70}]`,
	}}
}

func (s *shelf) read(t *testing.T) billing.Observed {
	t.Helper()
	client, _ := fake(t, s.serve)
	o, err := client.Read(t.Context(), target.Scope{Day: billing.NewDate(2026, 11, 10), Companies: []billing.CompanyID{"5"}})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestReadJoins(t *testing.T) {
	o := newShelf().read(t)
	if len(o.Incomplete) > 0 || len(o.Lines) != 1 || len(o.Lines[0].Rows) != 1 || o.Lines[0].Rows[0].Price.String() != "29.70 EUR" {
		t.Errorf("read %+v", o)
	}
}

// Autotask counts more rows than it delivers: law 2 makes that a gap.
func TestReadFewerThanCounted(t *testing.T) {
	for entity, what := range map[string]string{"ContractServices": "contract services", "ContractServiceUnits": "unit rows"} {
		s := newShelf()
		s.counts[entity] = 2
		o := s.read(t)
		if len(o.Incomplete) != 1 || o.Incomplete[0].What != what || !strings.Contains(o.Incomplete[0].Why, "counts 2 rows and delivers 1") {
			t.Errorf("%s: gaps %v", entity, o.Incomplete)
		}
	}
}

// Lines of several period types are read one after the other and counted together.
func TestPeriodTypesAreCountedTogether(t *testing.T) {
	s := newShelf()
	s.rows["Services"] = `[{"id":20,"name":"S","periodType":2,"isActive":true},{"id":21,"name":"Y","periodType":5,"isActive":true}]`
	s.rows["ContractServices"] = `[{"id":30,"contractID":10,"serviceID":20},{"id":31,"contractID":10,"serviceID":21}]`
	s.rows["ContractServiceUnits"] = `[{"id":40,"contractServiceID":30,"startDate":"2026-11-01","endDate":"2026-11-30","units":3,"price":29.70},
		{"id":41,"contractServiceID":31,"startDate":"2026-01-01","endDate":"2026-12-31","units":2,"price":200}]`
	if o := s.read(t); len(o.Incomplete) != 0 || len(o.Lines) != 2 || len(o.Lines[0].Rows) != 1 || len(o.Lines[1].Rows) != 1 {
		t.Errorf("read %+v", o)
	}
	asked := map[string]int{}
	for _, path := range s.asked {
		asked[path]++
	}
	if asked["ContractServiceUnits/query"] != 2 || asked["ContractServiceUnits/query/count"] != 1 {
		t.Errorf("asked %v", asked)
	}
	s.counts["ContractServiceUnits"] = 5 // the shelf answers each of the two queries with both rows
	if o := s.read(t); len(o.Incomplete) != 1 || !strings.Contains(o.Incomplete[0].Why, "counts 5 rows and delivers 4") {
		t.Errorf("gaps %v", o.Incomplete)
	}
}

// A line without a row in its window had its last quantity before: reading zero units would bill it anew.
func TestReadLooksBack(t *testing.T) {
	s := newShelf()
	s.rows["ContractServiceUnits"] = ""
	s.older = `[{"id":38,"contractServiceID":30,"startDate":"2026-08-01","endDate":"2026-08-31","units":2,"price":19.8},
		{"id":39,"contractServiceID":30,"startDate":"2026-09-01","endDate":"2026-09-30","units":3,"price":29.7}]`
	o := s.read(t)
	if units, found := o.Lines[0].UnitsOn(billing.NewDate(2026, 11, 10)); !found || units != 3 || len(o.Lines[0].Rows) != 1 {
		t.Errorf("%d units, found %v: %+v", units, found, o.Lines[0].Rows)
	}
}

// An empty answer is believed only when the API user may see everything.
func TestReadSuspectsEmptyAnswers(t *testing.T) {
	for _, entity := range []string{"Contracts", "ContractServices", "ContractServiceUnits"} {
		for _, access := range []string{"All", "Restricted", "None", "0"} {
			s := newShelf()
			s.rows[entity], s.access = "", access
			o := s.read(t)
			if (len(o.Incomplete) == 0) != (access == "All") {
				t.Errorf("%s with access %s: gaps %v", entity, access, o.Incomplete)
			}
		}
	}
}

// A service that a line uses and the catalogue hides is a gap; so is a row that has no whole quantity.
func TestReadNamesWhatDoesNotFit(t *testing.T) {
	s := newShelf()
	s.rows["ContractServices"] = `[{"id":30,"contractID":10,"serviceID":20},{"id":31,"contractID":10,"serviceID":21}]`
	s.rows["ContractServiceUnits"] = `[{"id":40,"contractServiceID":30,"startDate":"2026-11-01","endDate":"2026-11-30","units":2.5,"price":29.70}]`
	o := s.read(t)
	var what []string
	for _, gap := range o.Incomplete {
		what = append(what, gap.What)
	}
	if got := strings.Join(what, ", "); got != "service 21 of contract service 31, unit row 40" {
		t.Errorf("gaps %s", got)
	}
}

// Bundles are neither read nor mistaken for services.
func TestReadLeavesBundlesAlone(t *testing.T) {
	s := newShelf()
	s.read(t)
	for _, path := range s.asked {
		if strings.Contains(path, "Bundle") {
			t.Errorf("asked for %s", path)
		}
	}
}

// PUT empties what it leaves out, and the contract price is never shown: it must be sent from its trace (Autotask sheet §5.4).
func TestPutKeepsThePrice(t *testing.T) {
	for row, want := range map[string]string{
		`{"unitPrice":10,"internalCurrencyUnitPrice":10,"internalCurrencyAdjustedPrice":8.5}`:  "8.5",
		`{"unitPrice":25,"internalCurrencyUnitPrice":20,"internalCurrencyAdjustedPrice":16}`:   "20",
		`{"unitPrice":25,"internalCurrencyUnitPrice":null,"internalCurrencyAdjustedPrice":16}`: "16",
		`{"unitPrice":25,"internalCurrencyUnitPrice":0,"internalCurrencyAdjustedPrice":16}`:    "16",
		`{"unitPrice":25,"internalCurrencyAdjustedPrice":null}`:                                "<nil>",
	} {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal([]byte(row), &fields); err != nil {
			t.Fatal(err)
		}
		body := map[string]any{}
		if err := keepPrice(fields, body); err != nil || fmt.Sprint(body["adjustedPrice"]) != want {
			t.Errorf("%s sends %v, %v; want %s", row, body["adjustedPrice"], err, want)
		}
	}
}

// The walks over ranges of ids, used for large tenants, count too and keep only what was asked for.
func TestRangesCountAndKeepTheScope(t *testing.T) {
	s := newShelf()
	s.rows["ContractServices"] = `[{"id":30,"contractID":10,"serviceID":20},{"id":31,"contractID":11,"serviceID":20},{"id":32,"contractID":12,"serviceID":20}]`
	s.counts = map[string]int{"ContractServices": 4, "ContractServiceUnits": 2}
	client, _ := fake(t, s.serve)
	r := &reading{t: client, rows: map[int64][]wireUnits{}, contracts: []wireContract{{ID: wireID{10, true}}, {ID: wireID{12, true}}}}
	if err := r.linesByRange(t.Context(), []int64{10, 12}); err != nil || len(r.lines) != 2 || r.lines[1].key() != 32 {
		t.Errorf("%v, lines %+v", err, r.lines)
	}
	window := billing.Period{Start: billing.NewDate(2026, 11, 1), End: billing.NewDate(2027, 1, 1)}
	if rows, err := r.unitsByRange(t.Context(), billing.PeriodMonth, window, false); err != nil || len(rows) != 1 {
		t.Errorf("%v, rows %+v", err, rows)
	}
	if len(r.gaps) != 2 || r.gaps[0].What != "contract services" || r.gaps[1].What != "unit rows" {
		t.Errorf("gaps %v", r.gaps)
	}
}
