package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"
)

func table(records ...[]string) Table {
	return Table{Name: "Lines: 2026/10", Columns: []Column{{Name: "customer"}, {Name: "amount", Number: true}}, Rows: Rows(records)}
}

func written(t *testing.T, tb Table, f Format) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	if err := tb.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestCSVGuardsFormulas(t *testing.T) {
	for cell, want := range map[string]string{
		"=1+1": "'=1+1", "@x": "'@x", "+49 30 1": "'+49 30 1", "-cmd|x": "'-cmd|x", "\tx": "'\tx", "\nx": "'\nx",
		"-12.50": "-12.50", "+3": "+3", "-": "'-", "--1": "'--1", "-1.2.3": "'-1.2.3", "-.5": "'-.5", "Alder": "Alder", "": "",
	} {
		records, err := csv.NewReader(written(t, table([]string{cell, "1"}), CSV)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if got := records[1][0]; got != want {
			t.Errorf("%q is written as %q, want %q", cell, got, want)
		}
	}
}

// No text of a customer becomes a formula, and none is lost.
func TestCSVKeepsEveryText(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringMatching(`[=+\-@\t a-z0-9.,"';]{0,12}`).Draw(rt, "text")
		records, err := csv.NewReader(written(t, table([]string{text, ""}), CSV)).ReadAll()
		if err != nil {
			rt.Fatal(err)
		}
		got := records[1][0]
		if strings.TrimPrefix(got, "'") != strings.TrimPrefix(text, "'") {
			rt.Fatalf("%q became %q", text, got)
		}
		if got != "" && strings.ContainsRune("=@\t", rune(got[0])) {
			rt.Fatalf("%q is written as %q, which a spreadsheet runs", text, got)
		}
	})
}

func TestXLSXHoldsNumbersExactly(t *testing.T) {
	b := written(t, table([]string{"=HYPERLINK(1)", "1234.56"}, []string{"Alder", "0.1999968000511991808131"}, []string{"B", "-0.1"}, []string{"C", "n/a"}), XLSX)
	f, err := excelize.OpenReader(b)
	if err != nil {
		t.Fatal(err)
	}
	sheet := f.GetSheetList()[0]
	if sheet != "Lines  2026 10" {
		t.Errorf("sheet is called %q", sheet)
	}
	got, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"customer", "amount"}, {"=HYPERLINK(1)", "1234.56"}, {"Alder", "0.1999968000511991808131"}, {"B", "-0.1"}, {"C", "n/a"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if formula, _ := f.GetCellFormula(sheet, "A2"); formula != "" {
		t.Errorf("A2 is the formula %q", formula)
	}
	for cell, number := range map[string]bool{"B2": true, "B3": false, "B4": true, "B5": false} {
		kind, err := f.GetCellType(sheet, cell)
		if err != nil {
			t.Fatal(err)
		}
		if isText := kind == excelize.CellTypeInlineString || kind == excelize.CellTypeSharedString; isText == number {
			t.Errorf("%s has type %v, want a number: %v", cell, kind, number)
		}
	}
}

func TestAnErrorAmongTheRowsEndsTheFile(t *testing.T) {
	broken := errors.New("the database went away")
	tb := table()
	tb.Rows = func(yield func([]string, error) bool) { _ = yield([]string{"a", "1"}, nil) && yield(nil, broken) }
	for _, f := range []Format{CSV, XLSX} {
		if err := tb.Write(&bytes.Buffer{}, f); !errors.Is(err, broken) {
			t.Errorf("%s: %v, want %v", f, err, broken)
		}
		if err := table([]string{"too few"}).Write(&bytes.Buffer{}, f); err == nil {
			t.Errorf("%s: a row with too few cells is no error", f)
		}
	}
}

func TestParseFormat(t *testing.T) {
	for text, want := range map[string]Format{"csv": CSV, "XLSX": XLSX} {
		if got, err := ParseFormat(text); err != nil || got != want {
			t.Errorf("ParseFormat(%q) = %q, %v", text, got, err)
		}
	}
	if _, err := ParseFormat("pdf"); err == nil {
		t.Error("pdf is taken")
	}
}

func TestSheetName(t *testing.T) {
	for name, want := range map[string]string{"": "Spindle", "[]": "Spindle", strings.Repeat("é", 40): strings.Repeat("é", 31)} {
		if got := sheetName(name); got != want {
			t.Errorf("sheetName(%q) = %q, want %q", name, got, want)
		}
	}
}
