package autotask

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// BenchmarkLarge measures a cold start of the large scenario, a bulk read of unit rows and a whole walk.
func BenchmarkLarge(b *testing.B) {
	h := newHarness(b, "large", nil)
	ids := h.server.world.table("Contracts").order
	b.Run("seed", func(b *testing.B) {
		for b.Loop() {
			newHarness(b, "large", nil)
		}
	})
	for i, contract := range ids {
		for k := range 4 {
			service := int64(11 + (i+k)%5)
			h.mustAdjust(contract, service, "2026-10-01", 5, map[string]any{"allowRepeatService": true})
		}
	}
	chunk := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(ids[:200])), ","), "[]")
	b.Run("units of 200 contracts", func(b *testing.B) {
		for b.Loop() {
			h.must("POST", "/ContractServiceUnits/query", `{"filter":[{"op":"in","field":"contractID","value":[`+chunk+`]},{"op":"lte","field":"startDate","value":"2026-11-10"},{"op":"gte","field":"endDate","value":"2026-11-10"}]}`)
		}
	})
	b.Run("walk all units", func(b *testing.B) {
		for b.Loop() {
			pages := 0
			start := time.Now()
			body := `{"filter":[{"op":"gte","field":"id","value":0}],"includeFields":["id","units"]}`
			next := any("/ContractServiceUnits/query")
			for next != nil {
				r := h.must("POST", next.(string), body)
				next = r.body["pageDetails"].(map[string]any)["nextPageUrl"]
				pages++
			}
			b.ReportMetric(float64(time.Since(start).Microseconds())/float64(pages), "µs/page")
		}
	})
	b.Run("state", func(b *testing.B) {
		for b.Loop() {
			h.server.State()
		}
	})
}
