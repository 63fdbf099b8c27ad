package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/money"
	"spindle/internal/store"
	"spindle/internal/store/storetest"
)

// invoiceOf makes the lines of one invoice, each of one seat at ten euros; its version says which lines it has.
func invoiceOf(version string, subscriptions ...billing.SubscriptionID) billing.LineSet {
	set := billing.LineSet{ID: billing.SetID{Kind: billing.BilledLines, PartnerID: "p", Invoice: "G1"}, Version: version}
	for i, s := range subscriptions {
		l := billing.LineItem{Key: fmt.Sprint("k-", s), Row: i + 2, Invoice: "G1", CustomerID: "c", CustomerName: "Alder", ProductID: "CFQ7", SKUID: "0001", SubscriptionID: s,
			Kind: billing.ChargeNew, Frequency: billing.Monthly, TermText: "One-Year commitment", BillableQuantity: money.Int(1), Cost: money.Of(money.Int(10), "EUR"),
			Charged: billing.Period{Start: billing.NewDate(2026, 9, 10), End: billing.NewDate(2026, 10, 10)}, OrderDate: billing.NewDate(2026, 9, 10)}
		l.Total = l.Cost
		set.Total.Add(l.Total)
		set.Lines = append(set.Lines, l)
	}
	return set
}

// usageOf makes the usage of the same invoice.
func usageOf(version string, cost int64) billing.UsageSet {
	g := billing.UsageGroup{CustomerID: "c", CustomerName: "Alder", PlanID: "plan", ProductID: "DZH", Rows: 1, Cost: money.Of(money.Int(cost), "EUR"),
		Charged: billing.Month("2026-09").Period(), FirstDay: billing.NewDate(2026, 9, 1), LastDay: billing.NewDate(2026, 9, 30)}
	set := billing.UsageSet{ID: billing.SetID{Kind: billing.BilledUsage, PartnerID: "p", Invoice: "G1"}, Version: version, Rows: 1, Groups: []billing.UsageGroup{g}}
	set.Total.Add(g.Cost)
	return set
}

// fileOf is what one file held; broken says that rows of it could not be read.
func fileOf(name string, lines []billing.LineSet, usage []billing.UsageSet, broken bool) engine.FileContent {
	c := engine.FileContent{Lines: lines, Usage: usage}
	report := engine.FileReport{Name: name, Rows: 3}
	for _, s := range lines {
		report.Sets = append(report.Sets, s.ID)
	}
	for _, s := range usage {
		report.Sets = append(report.Sets, s.ID)
	}
	if broken {
		c.Broken, report.Refused = report.Sets, 1
		report.Problems = []store.ImportProblem{{Line: 3, Field: "Subtotal", Message: "this is not a number", Remedy: "correct the cell"}}
	}
	c.Files = []engine.FileReport{report}
	return c
}

// TestImports plays imports one after the other. What is stored is that of the last whole one; the same content again changes nothing; a file
// with broken rows keeps its good ones unless a whole set stands there, wherever that came from, and is a gap until a whole one comes after it
// (law 2).
func TestImports(t *testing.T) {
	whole := func(version string, cost int64, subscriptions ...billing.SubscriptionID) engine.FileContent {
		return fileOf(version+".csv", []billing.LineSet{invoiceOf(version, subscriptions...)}, []billing.UsageSet{usageOf(version, cost)}, false)
	}
	broken := func(version string, cost int64, subscriptions ...billing.SubscriptionID) engine.FileContent {
		return fileOf(version+".csv", []billing.LineSet{invoiceOf(version, subscriptions...)}, []billing.UsageSet{usageOf(version, cost)}, true)
	}
	tests := []struct {
		name      string
		connected bool // the invoice was read over a connection first, as version "api"
		imports   []engine.FileContent
		changed   string // of each import
		lines     int
		usage     string // version in force
		gaps      int
	}{
		{"one", false, []engine.FileContent{whole("v1", 5, "s1", "s2")}, "true", 2, "v1", 0},
		{"the same again", false, []engine.FileContent{whole("v1", 5, "s1", "s2"), whole("v1", 5, "s1", "s2")}, "true false", 2, "v1", 0},
		{"restated", false, []engine.FileContent{whole("v1", 5, "s1", "s2"), whole("v2", 6, "s1")}, "true true", 1, "v2", 0},
		{"broken rows keep the good ones", false, []engine.FileContent{broken("b1", 5, "s1")}, "true", 1, "b1", 1},
		{"broken after whole", false, []engine.FileContent{whole("v1", 5, "s1", "s2"), broken("b1", 4, "s1")}, "true false", 2, "v1", 1},
		{"repaired", false, []engine.FileContent{broken("b1", 4, "s1"), whole("v1", 5, "s1", "s2")}, "true true", 2, "v1", 0},
		{"broken, repaired, broken again", false, []engine.FileContent{broken("b1", 4, "s1"), whole("v1", 5, "s1", "s2"), broken("b2", 3, "s2")}, "true true false", 2, "v1", 1},
		{"broken after what a connection read", true, []engine.FileContent{broken("b1", 4, "s1")}, "false", 3, "api", 1},
		{"whole after what a connection read", true, []engine.FileContent{whole("v1", 5, "s1", "s2")}, "true", 2, "v1", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := storetest.New(t)
			var next engine.FileContent
			e := engine.New(engine.Deps{Store: s, Now: func() time.Time { return time.Date(2026, 10, 9, 12, 0, 0, 0, time.UTC) }, ReadFiles: func(context.Context, []string) (engine.FileContent, error) { return next, nil }}, "test")
			org, err := e.CreateOrganization(t.Context(), "Northwind IT", "ops")
			if err == nil && test.connected {
				if _, err = s.SaveLineSet(t.Context(), org.ID, invoiceOf("api", "s1", "s2", "s3"), "microsoft"); err == nil {
					_, err = s.SaveUsageSet(t.Context(), org.ID, usageOf("api", 7), "microsoft")
				}
			}
			var changed []string
			for _, next = range test.imports {
				imported, importErr := e.Import(t.Context(), org, []string{"x"}, "ops")
				if err != nil || importErr != nil || len(imported) != 1 {
					t.Fatal(err, importErr, imported)
				}
				r := imported[0].Report
				changed = append(changed, fmt.Sprint(r.Changed))
				if r.Rows != 3 || r.Kept != 3-r.Refused || (r.Refused > 0) != (len(r.Problems) > 0) {
					t.Errorf("report %+v", r)
				}
				if kept := strings.Contains(fmt.Sprint(imported[0].Notices), "did not replace the whole one"); kept != (r.Refused > 0 && !r.Changed) {
					t.Errorf("notices %q", imported[0].Notices)
				}
			}
			lines, err := s.LoadLineSets(t.Context(), org.ID, "")
			usage, usageErr := s.LoadUsageSets(t.Context(), org.ID, "")
			directory, directoryErr := s.Directory(t.Context(), org.ID)
			if err != nil || usageErr != nil || directoryErr != nil || len(lines) != 1 || len(usage) != 1 {
				t.Fatal(err, usageErr, directoryErr, lines, usage)
			}
			if got := strings.Join(changed, " "); got != test.changed || len(lines[0].Lines) != test.lines || usage[0].Version != test.usage || len(directory.Incomplete) != test.gaps {
				t.Errorf("changed %s; %d lines, usage %s, gaps %v; want %s; %d, %s, %d", got, len(lines[0].Lines), usage[0].Version, directory.Incomplete,
					test.changed, test.lines, test.usage, test.gaps)
			}
			if total := fmt.Sprintf("%d.00 EUR", 10*test.lines); lines[0].Total.String() != total {
				t.Errorf("total %s, want %s", lines[0].Total, total)
			}
		})
	}
}
