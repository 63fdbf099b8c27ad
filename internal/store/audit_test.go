package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// trail makes an organization with an audit trail of five entries.
func trail(t testing.TB, s *store.Store) billing.OrganizationID {
	t.Helper()
	org := organization(t, s, "Northwind IT")
	for i := range 4 {
		must(t, s.MapCustomer(t.Context(), org, billing.CompanyMapping{CustomerID: billing.CustomerID(fmt.Sprint(i)), CompanyID: "1"}, "ann0:x"))
	}
	must(t, s.VerifyAudit(t.Context(), org))
	return org
}

func TestAuditRefusesToBeRewritten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := trail(t, s)
		id := planned(t, s, org, store.Scope{}, plan.Change{ID: "a"})
		_, err := s.Approve(t.Context(), org, id, store.Approval{Fingerprint: "f-1", By: "ann"})
		must(t, err)
		before := dump(t, s, "")
		for _, statement := range []string{
			`UPDATE audit SET actor = 'eve'`, `DELETE FROM audit`, `DELETE FROM audit WHERE seq = 5`,
			`UPDATE approval SET actor = 'eve'`, `DELETE FROM approval`,
			`UPDATE plan_change SET body = '{}'`, `UPDATE plan_change SET held = NOT held`, `DELETE FROM plan_change`,
		} {
			if _, err := s.DB().ExecContext(t.Context(), statement); err == nil {
				t.Errorf("%s is allowed", statement)
			} else if !strings.Contains(err.Error(), "append-only") && !strings.Contains(err.Error(), "facts") && !strings.Contains(err.Error(), "does not change") {
				t.Errorf("%s: %v", statement, err)
			}
		}
		equal(t, dump(t, s, ""), before)
	})
}

func TestVerifyAuditNamesTheFirstBrokenEntry(t *testing.T) {
	insert := `INSERT INTO audit (organization_id, seq, at, actor, action, subject, detail, prev_hash, hash)
		SELECT organization_id, 6, at, actor, action, subject, detail, hash, hash FROM audit WHERE seq = 5`
	for _, c := range []struct {
		name       string
		statements []string
		broken     int
	}{
		{"actor changed", []string{`UPDATE audit SET actor = 'eve' WHERE seq = 3`}, 3},
		{"time changed", []string{`UPDATE audit SET at = at + 1 WHERE seq = 2`}, 2},
		{"subject and action swapped", []string{`UPDATE audit SET subject = action, action = subject WHERE seq = 4`}, 4},
		{"text moved between fields", []string{`UPDATE audit SET actor = 'ann', action = 'x0:' || action WHERE seq = 3`}, 3},
		{"detail changed", []string{`UPDATE audit SET detail = detail || ' ' WHERE seq = 5`}, 5},
		{"first taken out", []string{`DELETE FROM audit WHERE seq = 1`}, 1},
		{"middle taken out", []string{`DELETE FROM audit WHERE seq = 3`}, 3},
		{"end cut off", []string{`DELETE FROM audit WHERE seq >= 4`}, 4},
		{"all gone", []string{`DELETE FROM audit`}, 1},
		{"one put in", []string{insert}, 6},
		{"two swapped", []string{
			`UPDATE audit SET seq = 99 WHERE seq = 2`, `UPDATE audit SET seq = 2 WHERE seq = 3`, `UPDATE audit SET seq = 3 WHERE seq = 99`,
		}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := storetest.New(t)
			org := trail(t, s)
			for _, trigger := range []string{"audit_no_update", "audit_no_delete"} {
				_, err := s.DB().ExecContext(t.Context(), `DROP TRIGGER `+trigger)
				must(t, err)
			}
			for _, statement := range c.statements {
				_, err := s.DB().ExecContext(t.Context(), statement)
				must(t, err)
			}
			err := s.VerifyAudit(t.Context(), org)
			wantKind(t, err, fault.KindNeedsPerson)
			if want := fmt.Sprintf("entry %d:", c.broken); !strings.Contains(err.Error(), want) {
				t.Fatalf("%v does not name %s", err, want)
			}
		})
	}
}

func TestAuditFilters(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, address string) {
		now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
		s := storetest.Open(t, store.Options{URL: address, Now: func() time.Time { return now }})
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		must(t, s.MapCustomer(ctx, org, billing.CompanyMapping{CustomerID: "c", CompanyID: "1"}, "ann"))
		now = now.Add(time.Hour)
		must(t, s.SaveRoute(ctx, org, billing.Route{CustomerID: "c", Managed: true}, "bob"))
		must(t, s.SetTargetEnabled(ctx, org, true, "bob"))
		for text, f := range map[string]store.AuditFilter{
			"1 2 3 4 ": {}, "2 ": {Actor: "ann"}, "2 3 ": {Subject: "c"}, "3 4 ": {Since: now}, "4 ": {AfterSeq: 3}, "1 2 ": {Limit: 2},
			"3 ": {Action: "mapping.route.saved"}, "": {Action: "mapping.route"}, "1 4 ": {Action: "organization."},
			"2 3": {Action: "mapping.", Limit: 2, Subject: "c", AfterSeq: 1},
		} {
			entries, err := s.Audit(ctx, org, f)
			must(t, err)
			var got string
			for _, e := range entries {
				got += fmt.Sprint(e.Seq, " ")
			}
			if strings.TrimSpace(got) != strings.TrimSpace(text) {
				t.Errorf("%+v gives %q, want %q", f, got, text)
			}
		}
		entries, err := s.Audit(ctx, org, store.AuditFilter{AfterSeq: 3})
		must(t, err)
		equal(t, entries[0].At, now)
		equal(t, entries[0].Detail, `{"enabled":true}`)
		err = s.VerifyAudit(ctx, "nobody")
		wantKind(t, err, fault.KindNotFound)
	})
}
