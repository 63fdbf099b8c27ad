package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"spindle/internal/billing"
)

// stateCounts counts the rows of each entity in a dump of Autotask; unit rows and adjustments stand below their lines.
func stateCounts(t testing.TB, state []byte) map[string]int {
	t.Helper()
	var dump struct {
		Entities map[string][]struct{ Units, Adjustments []json.RawMessage }
	}
	check(t, json.Unmarshal(state, &dump))
	counts := map[string]int{}
	for name, rows := range dump.Entities {
		counts[name] = len(rows)
		for _, row := range rows {
			if name == "ContractServices" {
				counts["ContractServiceUnits"] += len(row.Units)
			}
		}
	}
	return counts
}

// routeLarge sends every customer to the second of its two contracts, the one for cloud services.
func (s *stage) routeLarge() {
	s.t.Helper()
	ctx, store := s.t.Context(), s.app.Store
	catalogue, _, err := store.Catalogue(ctx, s.org.ID)
	check(s.t, err)
	contracts := map[billing.CompanyID]billing.ContractID{}
	for _, c := range catalogue.Contracts {
		if strings.HasPrefix(c.Name, "Cloud services") {
			contracts[c.CompanyID] = c.ID
		}
	}
	for _, c := range must(store.Mappings(ctx, s.org.ID))(s.t).Companies {
		check(s.t, store.SaveRoute(ctx, s.org.ID, billing.Route{CustomerID: c.CustomerID, ContractID: contracts[c.CompanyID]}, clerk))
	}
}
