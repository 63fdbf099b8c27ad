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
		replace   bool // somebody said that rows were taken away
		imports   []engine.FileContent
		changed   string // of each import
		lines     int
		usage     string // version in force
		gaps      int
	}{
		{"one", false, false, []engine.FileContent{whole("v1", 5, "s1", "s2")}, "true", 2, "v1", 0},
		{"the same again", false, false, []engine.FileContent{whole("v1", 5, "s1", "s2"), whole("v1", 5, "s1", "s2")}, "true false", 2, "v1", 0},
		{"restated", false, true, []engine.FileContent{whole("v1", 5, "s1", "s2"), whole("v2", 6, "s1")}, "true true", 1, "v2", 0},
		{"broken rows keep the good ones", false, false, []engine.FileContent{broken("b1", 5, "s1")}, "true", 1, "b1", 1},
		{"broken after whole", false, false, []engine.FileContent{whole("v1", 5, "s1", "s2"), broken("b1", 4, "s1")}, "true false", 2, "v1", 1},
		{"repaired", false, false, []engine.FileContent{broken("b1", 4, "s1"), whole("v1", 5, "s1", "s2")}, "true true", 2, "v1", 0},
		{"broken, repaired, broken again", false, false, []engine.FileContent{broken("b1", 4, "s1"), whole("v1", 5, "s1", "s2"), broken("b2", 3, "s2")}, "true true false", 2, "v1", 1},
		{"broken after what a connection read", true, false, []engine.FileContent{broken("b1", 4, "s1")}, "false", 3, "api", 1},
		{"whole after what a connection read", true, true, []engine.FileContent{whole("v1", 5, "s1", "s2")}, "true", 2, "v1", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := storetest.New(t)
			var next engine.FileContent
			e := engine.New(engine.Deps{Store: s, Now: func() time.Time { return time.Date(2026, 10, 9, 12, 0, 0, 0, time.UTC) }, ReadFiles: func(context.Context, []string, bool) (engine.FileContent, error) { return next, nil }}, "test")
			org, err := e.CreateOrganization(t.Context(), "Northwind IT", "ops")
			if err == nil && test.connected {
				if _, err = s.SaveLineSet(t.Context(), org.ID, invoiceOf("api", "s1", "s2", "s3"), "microsoft"); err == nil {
					_, err = s.SaveUsageSet(t.Context(), org.ID, usageOf("api", 7), "microsoft")
				}
			}
			var changed []string
			for _, next = range test.imports {
				imported, importErr := e.Import(t.Context(), org, []string{"x"}, engine.ImportChoice{Replace: test.replace}, "ops")
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

// TestImportsThatLackRows plays whole files that a person should look at first: half a file that ends at a row, the part of one customer, the
// file of another partner. What is stored stays, the report says what is missing, and a person can say that it is right (law 2). Reports of
// them are no gap: nothing of them was taken.
func TestImportsThatLackRows(t *testing.T) {
	of := func(set billing.LineSet, customer billing.CustomerID) billing.LineSet {
		for i := range set.Lines {
			set.Lines[i].CustomerID, set.Lines[i].CustomerName = customer, "Birch"
		}
		return set
	}
	partner := func(set billing.LineSet, id string) billing.LineSet {
		set.ID.PartnerID = id
		return set
	}
	usage := func(version string, rows int64) billing.UsageSet {
		set := usageOf(version, rows)
		set.Rows = rows
		return set
	}
	lines := func(set billing.LineSet) engine.FileContent {
		return fileOf("f.csv", []billing.LineSet{set}, nil, false)
	}
	tests := []struct {
		name          string
		first, second engine.FileContent
		says          string // what the problem says; empty: there is none
		replaced      bool   // by somebody who says so; without a word nothing is where a problem is
	}{
		{"fewer rows", lines(invoiceOf("v1", "s1", "s2")), lines(invoiceOf("v2", "s1")), "of invoice G1 2 rows with 20.00 EUR are stored, and here are 1 with 10.00 EUR", true},
		{"more rows of another customer", lines(invoiceOf("v1", "s1")), lines(of(invoiceOf("v2", "s2", "s3"), "d")), "nothing is here of Alder", true},
		{"more rows", lines(invoiceOf("v1", "s1")), lines(invoiceOf("v2", "s1", "s2")), "", true},
		{"the same rows restated", lines(invoiceOf("v1", "s1")), lines(invoiceOf("v2", "s2")), "", true},
		{"fewer rows of usage", fileOf("u.csv", nil, []billing.UsageSet{usage("v1", 7)}, false), fileOf("u.csv", nil, []billing.UsageSet{usage("v2", 5)}, false),
			"of invoice G1 7 rows with 7.00 EUR are stored, and here are 5 with 5.00 EUR", true},
		{"the invoice of another partner", lines(invoiceOf("v1", "s1")), lines(partner(invoiceOf("v2", "s1"), "q")), "is stored already as one of partner p, and both bill Alder", false},
		{"a number that two distributors gave", lines(invoiceOf("v1", "s1")), lines(partner(of(invoiceOf("v2", "s1"), "d"), "q")), "", true},
	}
	for _, test := range tests {
		for _, replace := range []bool{false, true} {
			t.Run(fmt.Sprint(test.name, replace), func(t *testing.T) {
				s := storetest.New(t)
				var next engine.FileContent
				e := engine.New(engine.Deps{Store: s, Now: func() time.Time { return time.Date(2026, 10, 9, 12, 0, 0, 0, time.UTC) },
					ReadFiles: func(context.Context, []string, bool) (engine.FileContent, error) { return next, nil }}, "test")
				org, err := e.CreateOrganization(t.Context(), "Northwind IT", "ops")
				if err != nil {
					t.Fatal(err)
				}
				var last engine.Imported
				for _, next = range []engine.FileContent{test.first, test.second} {
					all, err := e.Import(t.Context(), org, []string{"x"}, engine.ImportChoice{Replace: replace}, "ops")
					if err != nil || len(all) != 1 {
						t.Fatal(err, all)
					}
					last = all[0]
				}
				taken := test.says == "" || replace && test.replaced
				var said []string
				for _, p := range last.Report.Problems {
					said = append(said, p.Message)
					if p.Remedy == "" {
						t.Errorf("nothing says what to do about %q", p.Message)
					}
				}
				if text := strings.Join(said, "; "); taken != (text == "") || !taken && !strings.Contains(text, test.says) {
					t.Errorf("the report says %q", text)
				}
				if r := last.Report; r.Changed != taken || (r.Kept > 0) != taken || (len(r.Sets) > 0) != taken {
					t.Errorf("report %+v", r)
				}
				directory, err := s.Directory(t.Context(), org.ID)
				if err != nil || len(directory.Incomplete) > 0 {
					t.Errorf("gaps %v, %v", directory.Incomplete, err)
				}
			})
		}
	}
}

// TestPartsOfBrokenFiles: a set is a gap until a later import brings it whole: not one of another month that is called the same, and not
// another part of the same archive.
func TestPartsOfBrokenFiles(t *testing.T) {
	other := func(set billing.LineSet) billing.LineSet {
		set.ID.Invoice = "G2"
		return set
	}
	broken := fileOf("recon.csv", []billing.LineSet{invoiceOf("b1", "s1")}, nil, true)
	parts := fileOf("part1.csv", []billing.LineSet{invoiceOf("b1", "s1", "s2")}, nil, true)
	parts.Files = append(parts.Files, fileOf("part2.csv", parts.Lines, nil, false).Files...)
	tests := []struct {
		name    string
		imports []engine.FileContent
		gaps    int
	}{
		{"the next month under the same name", []engine.FileContent{broken, fileOf("recon.csv", []billing.LineSet{other(invoiceOf("v2", "s1"))}, nil, false)}, 1},
		{"the same month under another name", []engine.FileContent{broken, fileOf("again.csv", []billing.LineSet{invoiceOf("v1", "s1", "s2")}, nil, false)}, 0},
		{"a good part beside a broken one", []engine.FileContent{parts}, 2},
		{"both parts again, whole", []engine.FileContent{parts, fileOf("all.zip", []billing.LineSet{invoiceOf("v1", "s1", "s2", "s3")}, nil, false)}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := storetest.New(t)
			var next engine.FileContent
			e := engine.New(engine.Deps{Store: s, Now: func() time.Time { return time.Date(2026, 10, 9, 12, 0, 0, 0, time.UTC) },
				ReadFiles: func(context.Context, []string, bool) (engine.FileContent, error) { return next, nil }}, "test")
			org, err := e.CreateOrganization(t.Context(), "Northwind IT", "ops")
			if err != nil {
				t.Fatal(err)
			}
			for _, next = range test.imports {
				if _, err := e.Import(t.Context(), org, []string{"x"}, engine.ImportChoice{}, "ops"); err != nil {
					t.Fatal(err)
				}
			}
			directory, err := s.Directory(t.Context(), org.ID)
			if err != nil || len(directory.Incomplete) != test.gaps {
				t.Errorf("gaps %v, %v; want %d", directory.Incomplete, err, test.gaps)
			}
		})
	}
}
