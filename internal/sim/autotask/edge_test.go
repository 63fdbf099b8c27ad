package autotask

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spindle/internal/sim/scenario"
)

// TestAbsurdNumbers: numbers whose plain form would fill the memory are refused, in filters and in bodies.
func TestAbsurdNumbers(t *testing.T) {
	h := newHarness(t, "demo", nil)
	contract := h.newContract("2026-01-01", "2026-12-31")
	for _, text := range []string{"1e999999999", "1e-999999999", `"1e999999999"`} {
		h.refused("POST", "/Companies/query", `{"filter":[{"op":"eq","field":"id","value":`+text+`}]}`, "Conversion failed")
		h.refused("PATCH", "/Contracts", fmt.Sprintf(`{"id":%d,"setupFee":%s}`, contract, text), "type double")
	}
}

func TestProblemsComeInOneOrder(t *testing.T) {
	h := newHarness(t, "demo", nil)
	body := map[string]any{"contractType": "x", "status": "x", "startDate": "x", "companyID": "x", "endDate": "x"}
	first := h.do("POST", "/Contracts", body).text()
	for range 20 {
		if got := h.do("POST", "/Contracts", body).text(); got != first {
			t.Fatalf("%q, then %q", first, got)
		}
	}
}

// TestLookupsAreOutsideTheLimits: zone and version answer when the tenant's budget is used up.
func TestLookupsAreOutsideTheLimits(t *testing.T) {
	h := newHarness(t, "demo", nil)
	if err := h.server.SetUsage(Usage{Count: hourlyThreshold}); err != nil {
		t.Fatal(err)
	}
	h.must("GET", "/zoneInformation?user="+h.server.Credentials().UserName, nil)
	h.must("GET", "/atservicesrest/versioninformation", nil)
	if got := h.server.Usage().Count; got != hourlyThreshold {
		t.Errorf("the counter is %d", got)
	}
}

func TestUnpostCharge(t *testing.T) {
	h := newHarness(t, "demo", nil)
	contract := h.newContract("2026-09-01", "2026-12-31")
	path := fmt.Sprintf("/Contracts/%d/Charges", contract)
	body := map[string]any{"name": "x", "datePurchased": "2026-10-31", "chargeType": 1, "unitQuantity": 1, "unitPrice": 3, "isBillableToCompany": true,
		"billingCodeID": h.idOf("BillingCodes", cond("eq", "name", "Hardware"))}
	id := h.create(path, body)
	free := h.create(path, map[string]any{"name": "not billable", "datePurchased": "2026-10-31", "chargeType": 1, "unitQuantity": 1, "billingCodeID": body["billingCodeID"]})
	h.server.Post(date("2026-10-31"), contract)
	if h.get("ContractCharges", id)["isBilled"] != true || h.get("ContractCharges", free)["isBilled"] != false {
		t.Error("only the billable charge is to be posted")
	}
	if got := h.server.Unpost(date("2026-11-01"), contract); got.Items != 0 {
		t.Errorf("un-post from a later day: %+v", got)
	}
	if got := h.server.Unpost(date("2026-10-01"), contract); got.Items != 1 || h.get("ContractCharges", id)["isBilled"] != false {
		t.Errorf("un-post: %+v", got)
	}
	h.must("PATCH", path, map[string]any{"id": id, "unitPrice": 4})
	line := h.query("ContractServices", everyID)[0]
	h.refused("PATCH", path, map[string]any{"id": id, "contractServiceID": line["id"]}, "contractServiceID")
}

// TestUnitRowProperties: whatever is adjusted, the rows of a line cover its life without gap or overlap, carry the sum of the
// changes, and a period posted in pieces bills what it bills at once.
func TestUnitRowProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, err := newWorld(defaultDialects(), func() time.Time { return noon(testDay) })
		if err != nil {
			t.Fatal(err)
		}
		s := &seeder{w: w}
		sc, err := scenario.Named("demo", testDay)
		if err != nil {
			t.Fatal(err)
		}
		s.basics(sc)
		start := date("2026-01-01").AddDate(0, 0, rapid.IntRange(0, 58).Draw(t, "start"))
		end := start.AddDate(0, 0, rapid.IntRange(40, 500).Draw(t, "length"))
		contract := s.contract(0, "C", "N", 2, start, end)
		periodType := rapid.IntRange(2, 5).Draw(t, "period type")
		service := s.service("S", "17.35", "4", periodType, s.codeFor("Managed services", useService), nil)
		id := s.add("ContractServices", values{"contractID": contract, "serviceID": service})
		changes := map[time.Time]int64{}
		var first time.Time
		for range rapid.IntRange(1, 8).Draw(t, "adjustments") {
			day := start.AddDate(0, 0, rapid.IntRange(0, int(days(start, end))-1).Draw(t, "day"))
			if _, taken := changes[day]; taken {
				continue
			}
			changes[day] = int64(rapid.IntRange(0, 9).Draw(t, "change"))
			s.adjust(id, day, changes[day], "")
			if first.IsZero() || day.Before(first) {
				first = day
			}
		}
		if s.err != nil {
			t.Fatal(s.err)
		}
		checkCoverage(t, w, w.lines.byID[id], first, end, changes)
		cut := start.AddDate(0, 0, rapid.IntRange(0, int(days(start, end))).Draw(t, "cut"))
		w.post(cut, contract)
		checkCoverage(t, w, w.lines.byID[id], first, end, changes)
		w.post(end, contract)
		pieces := sumOf(w, contract)
		for _, item := range w.table("BillingItems").all() {
			w.table("BillingItems").delete(item.id)
		}
		clear(w.lines.byID[id].posted)
		w.lines.byID[id].stale()
		w.post(end, contract)
		if whole := sumOf(w, contract); whole != pieces {
			t.Fatalf("posted in two steps %s, at once %s", pieces, whole)
		}
		for _, r := range w.rows(&w.lines, w.lines.byID[id]) {
			if r.posted.IsZero() {
				t.Fatalf("row from %s stays pending", r.start.Format(dayLayout))
			}
		}
	})
}

func checkCoverage(t *rapid.T, w *world, l *line, first, end time.Time, changes map[time.Time]int64) {
	rows := w.rows(&w.lines, l)
	next := first
	seen := map[int64]bool{}
	for _, r := range rows {
		if !r.start.Equal(next) || r.end.Before(r.start) || seen[r.id] {
			t.Fatalf("row %d spans %s to %s, want a start on %s", r.id, r.start.Format(dayLayout), r.end.Format(dayLayout), next.Format(dayLayout))
		}
		seen[r.id] = true
		next = r.end.AddDate(0, 0, 1)
		sum := int64(0)
		for day, n := range changes {
			if !day.After(r.start) {
				sum += n
			}
		}
		if sum != r.units {
			t.Fatalf("row from %s has %d units, want %d", r.start.Format(dayLayout), r.units, sum)
		}
	}
	if horizon := addMonths(testDay, horizonMonths); !next.After(end) && !next.After(horizon) {
		t.Fatalf("rows end before %s", next.Format(dayLayout))
	}
}

func sumOf(w *world, contract int64) string {
	var total decimal.Decimal
	for _, item := range w.table("BillingItems").all() {
		if item.num("contractID") == contract {
			total = total.Add(item.amount("totalAmount"))
		}
	}
	return total.String()
}
