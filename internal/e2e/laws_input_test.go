package e2e

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/engine"
	"spindle/internal/money"
	"spindle/internal/sim/scenario"
)

// invoiceRows is a downloaded reconciliation file of several customers, its header first.
func invoiceRows(t *testing.T) [][]string {
	t.Helper()
	text := must(os.ReadFile(filepath.Join("..", "source", "file", "testdata", "recon-nce.csv")))(t)
	return must(csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))).ReadAll())(t)
}

func column(t *testing.T, rows [][]string, name string) int {
	t.Helper()
	i := slices.Index(rows[0], name)
	if i < 0 {
		t.Fatalf("the file has no column %s", name)
	}
	return i
}

// imports writes rows to a file of a name and imports it.
func (s *stage) imports(name string, rows [][]string) engine.Imported {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), name)
	var text bytes.Buffer
	check(s.t, csv.NewWriter(&text).WriteAll(rows))
	check(s.t, os.WriteFile(path, text.Bytes(), 0o600))
	all := must(s.app.Engine.Import(s.t.Context(), s.org, []string{path}, engine.ImportChoice{}, clerk))(s.t)
	if len(all) != 1 {
		s.t.Fatalf("%d files were imported", len(all))
	}
	return all[0]
}

// storedLines counts what is stored of invoices and adds it up.
func (s *stage) storedLines() (n int, sum money.Totals) {
	s.t.Helper()
	for _, set := range must(s.app.Store.LoadLineSets(s.t.Context(), s.org.ID, ""))(s.t) {
		for _, l := range set.Lines {
			n++
			sum.Add(l.Cost)
		}
	}
	return n, sum
}

func fileStage(t *testing.T) *stage {
	t.Helper()
	s := newStage(t, must(scenario.Named("demo", firstDay()))(t), options{})
	s.org = must(s.app.Engine.CreateOrganization(t.Context(), s.world.PartnerName, clerk))(t)
	s.connectAutotask()
	return s
}

// Law 12: each wrong cell is answered with file, line, field and remedy; the rows around it are kept; and what is stored already outlives a
// broken file and a file that is no file at all. Fails when a broken row takes others with it, when it is taken for zero, or when a file with
// broken rows replaces a whole one.
func TestWrongInputIsNamedAndTakesNothingWithIt(t *testing.T) {
	t.Parallel()
	whole := invoiceRows(t)
	for _, wrong := range []struct{ field, value string }{
		{"Subtotal", "abc"}, {"Subtotal", ""}, {"Currency", "EURO"}, {"ChargeStartDate", "31.31.2026"}, {"BillableQuantity", "twelve"}, {"CustomerId", ""},
	} {
		t.Run(wrong.field+"="+wrong.value, func(t *testing.T) {
			t.Parallel()
			s := fileStage(t)
			rows := slices.Clone(whole)
			rows[5] = slices.Clone(rows[5])
			rows[5][column(t, rows, wrong.field)] = wrong.value
			first := s.imports("october.csv", rows).Report
			if first.Refused != 1 || first.Kept != int64(len(whole)-2) || len(first.Problems) == 0 {
				t.Fatalf("%d kept, %d refused: %+v", first.Kept, first.Refused, first.Problems)
			}
			p := first.Problems[0]
			if first.Origin != "october.csv" || p.Line != 6 || !strings.EqualFold(p.Field, wrong.field) || p.Message == "" || p.Remedy == "" || !strings.Contains(p.Message, wrong.value) {
				t.Errorf("the answer is %+v of %s", p, first.Origin)
			}
			if n, _ := s.storedLines(); n != len(whole)-2 {
				t.Errorf("%d lines are stored, want all but one of %d", n, len(whole)-1)
			}

			s.imports("october.csv", whole)
			n, sum := s.storedLines()
			if n != len(whole)-1 {
				t.Fatalf("%d lines are stored of the whole file", n)
			}
			s.imports("again.csv", rows)
			if after, then := s.storedLines(); after != n || !then.Equal(sum) {
				t.Errorf("a broken file left %d lines over %s, there were %d over %s", after, then, n, sum)
			}
			rubbish := filepath.Join(t.TempDir(), "letter.txt")
			check(t, os.WriteFile(rubbish, []byte("Dear Sir or Madam,\n"), 0o600))
			letter := must(s.app.Engine.Import(t.Context(), s.org, []string{rubbish}, engine.ImportChoice{}, clerk))(t)[0].Report
			if letter.Kept != 0 || len(letter.Problems) != 1 || letter.Problems[0].Remedy == "" {
				t.Errorf("a letter is answered with %+v", letter.Problems)
			}
			if after, then := s.storedLines(); after != n || !then.Equal(sum) {
				t.Errorf("a letter left %d lines over %s", after, then)
			}
		})
	}
}

// Law 9: money of two currencies never meets. One customer's rows are in dollars, and its company is billed in euros: nothing of them is
// planned, a finding holds them in dollars, and what is billed, held and excluded adds up in each currency by itself.
func TestCurrenciesNeverMix(t *testing.T) {
	t.Parallel()
	s := fileStage(t)
	rows := invoiceRows(t)
	at, of := column(t, rows, "Currency"), column(t, rows, "CustomerName")
	var stranger billing.CustomerID
	for _, row := range rows[1:] {
		if row[of] == "Alder Ridge Dental Group" {
			row[at], stranger = "USD", billing.CustomerID(row[column(t, rows, "CustomerId")])
		}
	}
	s.imports("mixed.csv", rows)
	s.mapEverything()
	p := s.plan(false)
	for _, c := range p.Plan.Changes {
		if c.CustomerID == stranger {
			t.Errorf("planned for a customer whose money is in dollars: %s %s", c.Kind, c.What)
		}
		for _, amount := range []money.Amount{c.Recurring, c.Proration, c.OneOff} {
			if !amount.IsZero() && amount.Currency() != "EUR" {
				t.Errorf("%s %s moves %s", c.Kind, c.What, amount)
			}
		}
	}
	if len(p.Plan.Changes) == 0 {
		t.Fatal("nothing is planned for the customers billed in euros: the test shows nothing")
	}
	var accounted money.Totals
	held := false
	for _, d := range must(s.app.Store.Desired(t.Context(), s.org.ID, p.Run.ID))(t).Dispositions {
		accounted.Add(d.Cost)
		if d.Cost.Currency() == "USD" && d.Outcome == billing.Billed {
			t.Errorf("%s of line %s count as billed by %s", d.Cost, d.LineKey, d.By)
		}
	}
	if _, stored := s.storedLines(); !accounted.Equal(stored) || accounted.In("USD").IsZero() {
		t.Errorf("accounted for %s of %s", accounted, stored)
	}
	for _, f := range p.Plan.Findings {
		if f.CustomerID == stranger && f.Kind == billing.FindingCurrency {
			held = true
			if f.Money.Currency() != "USD" {
				t.Errorf("%s shows %s", f.ID(), f.Money)
			}
		}
	}
	if !held {
		t.Error("no finding says that the currency is another one")
	}
}
