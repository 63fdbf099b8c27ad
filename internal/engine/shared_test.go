package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
	"spindle/internal/target"
)

// TestTwoOrganizationsOnOneAutotask: whoever connects a second organization to an Autotask is warned, in both, and neither is told the
// other's name.
func TestTwoOrganizationsOnOneAutotask(t *testing.T) {
	s := storetest.New(t)
	e := engine.New(engine.Deps{Store: s, Now: func() time.Time { return time.Date(2026, 10, 9, 12, 0, 0, 0, time.UTC) }}, "test")
	var all []store.Organization
	for _, o := range []struct{ name, tenant string }{{"Northwind IT", "zone1/a"}, {"Southwind IT", "zone1/a"}, {"Eastwind IT", "zone1/b"}, {"Westwind IT", ""}} {
		org, err := e.CreateOrganization(t.Context(), o.name, "ops")
		if err != nil {
			t.Fatal(err)
		}
		if o.tenant != "" {
			if err := s.JoinCalls(t.Context(), org.ID, o.tenant); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, org)
	}
	for i, want := range []int{1, 1, 0, 0} {
		report, err := e.Doctor(context.WithoutCancel(t.Context()), all[i])
		if err != nil {
			t.Fatal(err)
		}
		said := 0
		for _, item := range report.Items {
			if item.Name == "Autotask of its own" {
				said++
				if item.State != target.CheckWarned || item.Remedy == "" || strings.Contains(item.Found, "wind") || !strings.Contains(item.Found, "1 other organization is") {
					t.Errorf("%s: %+v", all[i].Name, item)
				}
			}
		}
		if said != want {
			t.Errorf("%s is warned %d times, want %d", all[i].Name, said, want)
		}
	}
	if n, err := s.SharedTenant(t.Context(), billing.OrganizationID("nobody")); n != 0 || err != nil {
		t.Errorf("an organization that calls nobody shares with %d: %v", n, err)
	}
}
