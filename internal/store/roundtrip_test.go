package store_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
	"spindle/internal/plan"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

var update = flag.Bool("update", false, "write the golden files")

func TestSettingsRoundTrip(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		got, err := s.Settings(t.Context(), org)
		must(t, err)
		equal(t, got, store.DefaultSettings())
		want := filled[billing.Settings](t)
		must(t, s.SaveSettings(t.Context(), org, want, "ann"))
		got, err = s.Settings(t.Context(), org)
		must(t, err)
		equal(t, got, want)
	})
}

func TestConnectionRoundTrip(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		want := store.Connection{System: store.Microsoft, Config: []byte(`{"tenant_id":"t"}`), Sealed: []byte{0, 255, 1, 39}}
		must(t, s.SaveConnection(t.Context(), org, want, "ann"))
		got, err := s.Connection(t.Context(), org, store.Microsoft)
		must(t, err)
		if got.UpdatedBy != "ann" || got.UpdatedAt.IsZero() {
			t.Errorf("saved by %q at %s", got.UpdatedBy, got.UpdatedAt)
		}
		want.UpdatedAt, want.UpdatedBy = got.UpdatedAt, got.UpdatedBy
		equal(t, got, want)
	})
}

func TestDirectoryRoundTrip(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		want := filled[billing.Directory](t)
		must(t, s.SaveDirectory(t.Context(), org, "partnercenter", want))
		got, err := s.Directory(t.Context(), org)
		must(t, err)
		equal(t, got, want)
	})
}

func TestSetsRoundTrip(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		lines := filled[billing.LineSet](t)
		lines.ID.Kind = billing.BilledLines
		changed, err := s.SaveLineSet(t.Context(), org, lines, "file.csv")
		must(t, err)
		equal(t, changed, true)
		gotLines, err := s.LineSet(t.Context(), org, lines.ID)
		must(t, err)
		equal(t, gotLines, lines)

		usage := filled[billing.UsageSet](t)
		usage.ID.Kind = billing.UnbilledUsage
		_, err = s.SaveUsageSet(t.Context(), org, usage, "file.jsonl")
		must(t, err)
		gotUsage, err := s.UsageSet(t.Context(), org, usage.ID)
		must(t, err)
		usage.Days = nil // not read back with the set: see TestAzureDays
		equal(t, gotUsage, usage)
	})
}

func TestInvoicesRoundTrip(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		old := filled[billing.Invoice](t)
		young := old
		young.ID, young.Date = "G2", old.Date.AddDays(1)
		must(t, s.SaveInvoices(t.Context(), org, []billing.Invoice{old, young}, "partnercenter"))
		got, err := s.Invoices(t.Context(), org)
		must(t, err)
		equal(t, got, []billing.Invoice{young, old})

		entries, err := s.Audit(t.Context(), org, store.AuditFilter{})
		must(t, err)
		must(t, s.SaveInvoices(t.Context(), org, []billing.Invoice{old, young}, "partnercenter"))
		after, err := s.Audit(t.Context(), org, store.AuditFilter{})
		must(t, err)
		equal(t, after, entries) // nothing new: nothing written
	})
}

func TestImportReportRoundTrip(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		want, err := s.SaveImportReport(t.Context(), org, filled[store.ImportReport](t))
		must(t, err)
		equal(t, want.Number, int64(1))
		second, err := s.SaveImportReport(t.Context(), org, store.ImportReport{Origin: "b.csv"})
		must(t, err)
		got, err := s.ImportReports(t.Context(), org, 10)
		must(t, err)
		equal(t, got, []store.ImportReport{second, want})
		got, err = s.ImportReports(t.Context(), org, 1)
		must(t, err)
		equal(t, len(got), 1)
	})
}

func TestPlanRoundTrip(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		run, err := s.CreateRun(t.Context(), org, "ann", filled[store.Scope](t))
		must(t, err)
		p, desired := filled[plan.Plan](t), filled[billing.Desired](t)
		p.Rebooked, p.Shortages = nil, nil // not stored: the dispositions have them
		must(t, s.SavePlan(t.Context(), org, run.ID, p, desired))
		got, states, err := s.Plan(t.Context(), org, run.ID)
		must(t, err)
		equal(t, got, p)
		for i, state := range states {
			equal(t, state, store.ChangeState{Run: run.ID, Change: p.Changes[i], State: store.ChangeProposed})
		}
		gotDesired, err := s.Desired(t.Context(), org, run.ID)
		must(t, err)
		equal(t, gotDesired, desired)

		stored, err := s.Run(t.Context(), org, run.ID)
		must(t, err)
		equal(t, stored.Scope, run.Scope)
		equal(t, stored.CreatedAt, run.CreatedAt)
		equal(t, stored.Fingerprint, p.Fingerprint)
		equal(t, stored.PlanDay, p.Day)
		equal(t, stored.Complete, true)
	})
}

func TestMappingsRoundTrip(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, org := t.Context(), organization(t, s, "Northwind IT")
		want := filled[billing.Mappings](t)
		for i := range 2 {
			want.Companies[i].By = "ann"
			want.Routes[i].ContractID, want.Routes[i].StartDay = "", 30+i
			want.Authorities[i].Authority = billing.SpindlePrices
			want.Prices[i].Kind = billing.FixedRule
		}
		for i := 1; i >= 0; i-- { // the order of saving does not matter
			must(t, s.MapCustomer(ctx, org, want.Companies[i], "ann"))
			must(t, s.SetSwitch(ctx, org, want.Switches[i], "ann"))
			must(t, s.SaveRoute(ctx, org, want.Routes[i], "ann"))
			must(t, s.MapService(ctx, org, want.Services[i], "ann"))
			must(t, s.SaveAuthority(ctx, org, want.Authorities[i], "ann"))
			saved, err := s.SavePriceRule(ctx, org, want.Prices[i], "ann")
			must(t, err)
			equal(t, saved, want.Prices[i])
		}
		got, err := s.Mappings(ctx, org)
		must(t, err)
		equal(t, got, want)

		entries, err := s.Audit(ctx, org, store.AuditFilter{Action: "mapping."})
		must(t, err)
		equal(t, len(entries), 12)

		for i := range 2 {
			must(t, s.UnmapCustomer(ctx, org, want.Companies[i].CustomerID, "ann"))
			must(t, s.ClearSwitch(ctx, org, want.Switches[i], "ann"))
			must(t, s.DeleteRoute(ctx, org, want.Routes[i], "ann"))
			must(t, s.UnmapService(ctx, org, want.Services[i].Offer, "ann"))
			must(t, s.DeleteAuthority(ctx, org, want.Authorities[i], "ann"))
			must(t, s.DeletePriceRule(ctx, org, want.Prices[i].ID, "ann"))
		}
		got, err = s.Mappings(ctx, org)
		must(t, err)
		equal(t, got, billing.Mappings{})
	})
}

func TestMemoryRoundTrip(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		line, paper := filled[plan.Applied](t), filled[plan.Charged](t)
		must(t, s.AdoptLine(t.Context(), org, line, "ann"))
		must(t, s.Adopt(t.Context(), org, store.MemoryUpdate{
			Contract: store.Created{Mark: "SPN-a", ID: "1"}, Service: store.Created{Mark: "spindle:b", ID: "2", Name: "Premium (P1Y, monthly)"},
			Charge: &paper,
		}, "ann"))
		names, err := s.ServiceNames(t.Context(), org)
		must(t, err)
		equal(t, names, map[string]string{"spindle:b": "Premium (P1Y, monthly)"})
		got, err := s.Memory(t.Context(), org)
		must(t, err)
		equal(t, got, plan.Memory{
			Lines:     []plan.Applied{line},
			Contracts: map[string]billing.ContractID{"SPN-a": "1"},
			Services:  map[string]billing.ServiceID{"spindle:b": "2"},
			Charges:   []plan.Charged{paper},
		})
		for _, id := range []billing.ChargeID{"", "8"} { // removed, and written again
			paper.ID = id
			must(t, s.Adopt(t.Context(), org, store.MemoryUpdate{Charge: &paper}, "ann"))
			got, err = s.Memory(t.Context(), org)
			must(t, err)
			equal(t, got.Charges, []plan.Charged{paper})
		}
	})
}

// A charge from before there was a ledger is known by its key and id, and by the mark that it carries.
func TestMemoryOfChargesFromBeforeTheLedger(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		paper := plan.Charged{Key: "azure|9001|2026-09|*|EUR", ID: "3"}
		must(t, s.Adopt(t.Context(), org, store.MemoryUpdate{Charge: &paper}, "ann"))
		_, err := s.DB().ExecContext(t.Context(), `UPDATE memory_ref SET body = ''`)
		must(t, err)
		got, err := s.Memory(t.Context(), org)
		must(t, err)
		paper.Mark = billing.ChargeMark(string(org), paper.Key)
		equal(t, got.Charges, []plan.Charged{paper})
	})
}

func TestMemoryKeepsEveryDateOfALine(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		day := func(n int) billing.Date { return billing.NewDate(2026, 11, n) }
		line := plan.Applied{LineKey: "k", LineID: "7", Units: 5, Dates: []billing.Date{day(9), day(1)}}
		must(t, s.AdoptLine(t.Context(), org, line, "ann"))
		line.Units, line.Dates = 6, []billing.Date{day(4), day(9)}
		must(t, s.AdoptLine(t.Context(), org, line, "ann"))
		got, err := s.Memory(t.Context(), org)
		must(t, err)
		equal(t, got.Lines, []plan.Applied{{LineKey: "k", LineID: "7", Units: 6, Dates: []billing.Date{day(1), day(4), day(9)}}})

		line.LineID, line.Dates = "8", []billing.Date{day(20)} // another contract service: nothing is known of its days
		must(t, s.AdoptLine(t.Context(), org, line, "ann"))
		got, err = s.Memory(t.Context(), org)
		must(t, err)
		equal(t, got.Lines[0].Dates, []billing.Date{day(20)})
	})
}

// Fails when what was found in step overwrites a line that an apply changed since.
func TestMemoryOfSharesFollowsTheUnits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		old := []billing.Share{{SubscriptionID: "s1", Units: 5}}
		for _, key := range []string{"same", "other"} {
			line := plan.Applied{LineKey: key, LineID: "7", Units: 5, Shares: old, Marked: true}
			if key == "other" {
				line.Units = 6
			}
			must(t, s.AdoptLine(t.Context(), org, line, "ann"))
		}
		found := []billing.Share{{SubscriptionID: "s2", Units: 2}, {SubscriptionID: "s3", Units: 3}}
		must(t, s.RememberShares(t.Context(), org, map[string][]billing.Share{"same": found, "other": found, "gone": found}))
		got, err := s.Memory(t.Context(), org)
		must(t, err)
		equal(t, got.Lines, []plan.Applied{
			{LineKey: "other", LineID: "7", Units: 6, Shares: old, Marked: true}, {LineKey: "same", LineID: "7", Units: 5, Shares: found, Marked: true},
		})
		before := dump(t, s, "")
		must(t, s.RememberShares(t.Context(), org, nil))
		equal(t, dump(t, s, ""), before)
	})
}

// TestStoredFormats guards the JSON that is in people's databases. A difference here needs a migration, not a new golden file.
func TestStoredFormats(t *testing.T) {
	s := storetest.New(t)
	org := organization(t, s, "Northwind IT")
	run, err := s.CreateRun(t.Context(), org, "ann", store.Scope{})
	must(t, err)
	p := plan.Plan{Changes: []plan.Change{filled[plan.Change](t)}}
	p.Changes[0].ID = "c1"
	must(t, s.SavePlan(t.Context(), org, run.ID, p, filled[billing.Desired](t)))
	lines, usage := filled[billing.LineSet](t), filled[billing.UsageSet](t)
	lines.ID.Kind, usage.ID.Kind = billing.BilledLines, billing.BilledUsage
	_, err = s.SaveLineSet(t.Context(), org, lines, "file")
	must(t, err)
	_, err = s.SaveUsageSet(t.Context(), org, usage, "file")
	must(t, err)
	must(t, s.AdoptLine(t.Context(), org, filled[plan.Applied](t), "ann"))
	paper := filled[plan.Charged](t)
	must(t, s.Adopt(t.Context(), org, store.MemoryUpdate{Charge: &paper}, "ann"))
	must(t, s.SaveSettings(t.Context(), org, filled[billing.Settings](t), "ann"))
	must(t, s.SaveDirectory(t.Context(), org, "partnercenter", filled[billing.Directory](t)))
	for name, query := range map[string]string{
		"change":       `SELECT body FROM plan_change`,
		"line":         `SELECT body FROM line_item ORDER BY seq LIMIT 1`,
		"usage":        `SELECT body FROM usage_group ORDER BY seq LIMIT 1`,
		"applied":      `SELECT body FROM memory_line`,
		"charged":      `SELECT body FROM memory_ref`,
		"settings":     `SELECT body FROM settings`,
		"customer":     `SELECT body FROM directory_entry WHERE kind = 'customer' ORDER BY id LIMIT 1`,
		"subscription": `SELECT body FROM directory_entry WHERE kind = 'subscription' ORDER BY id LIMIT 1`,
		"desired-line": `SELECT body FROM desired_item WHERE part = 'line' ORDER BY seq LIMIT 1`,
		"totals":       `SELECT totals FROM source_set WHERE kind = 'billed-lines'`,
	} {
		t.Run(name, func(t *testing.T) {
			var body string
			must(t, s.DB().QueryRowContext(t.Context(), query).Scan(&body))
			golden(t, name, body)
		})
	}
}

func golden(t *testing.T, name, body string) {
	t.Helper()
	var indented any
	must(t, json.Unmarshal([]byte(body), &indented))
	text, err := json.MarshalIndent(indented, "", "\t")
	must(t, err)
	path := filepath.Join("testdata", "stored", name+".json")
	if *update {
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, append(text, '\n'), 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	equal(t, string(text)+"\n", string(want))
}

// TestAmountsKeepEveryDigit: 22 digits are in Microsoft's own files, and a float would lose them.
func TestAmountsKeepEveryDigit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		org := organization(t, s, "Northwind IT")
		value, err := money.Parse("0.1999968000511991808131")
		must(t, err)
		set := lineSet("v1", 1)
		set.Lines[0].EffectiveUnitCost = value
		set.Lines[0].Cost = money.Of(value, "JPY")
		_, err = s.SaveLineSet(t.Context(), org, set, "file.csv")
		must(t, err)
		got, err := s.LineSet(t.Context(), org, set.ID)
		must(t, err)
		equal(t, got.Lines[0].EffectiveUnitCost.String(), "0.1999968000511991808131")
		equal(t, got.Lines[0].Cost.String(), "0.1999968000511991808131 JPY")
	})
}
