// Package sheet writes tables as files that spreadsheets read: CSV and XLSX. Both are written row by row, however many there are.
//
// Text that a spreadsheet would take for a formula is kept text, and a number that a spreadsheet could not hold exactly is written as text
// rather than rounded.
package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"spindle/internal/fault"
)

// Format is a kind of file.
type Format string

// The formats. Their names are the endings of the files.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// ParseFormat reads a format. Anything else is a fault of kind invalid.
func ParseFormat(text string) (Format, error) {
	switch f := Format(strings.ToLower(text)); f {
	case CSV, XLSX:
		return f, nil
	}
	return "", fault.Invalidf("%q is no format of a table", text).WithField("as").Do("choose csv or xlsx")
}

// ContentType is the media type of the format.
func (f Format) ContentType() string {
	if f == XLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// Column is one column of a table.
type Column struct {
	Name   string
	Number bool // decimal text without spaces and with a point: a number in the spreadsheet where that is exact
}

// Text gives columns of text by their names.
func Text(names ...string) []Column {
	var columns []Column
	for _, n := range names {
		columns = append(columns, Column{Name: n})
	}
	return columns
}

// Table is what is written: a row has one cell per column. An error ends the file; the file is then not to be used.
type Table struct {
	Name    string // of the sheet; at most 31 characters count
	Columns []Column
	Rows    iter.Seq2[[]string, error]
}

// Rows makes the rows of a table from records that are there already.
func Rows(records [][]string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Write writes the table in a format.
func (t Table) Write(w io.Writer, f Format) error {
	if f == XLSX {
		return t.writeXLSX(w)
	}
	return t.writeCSV(w)
}

func (t Table) writeCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(t.names()); err != nil {
		return err
	}
	for row, err := range t.Rows {
		if err != nil {
			return err
		}
		if err := t.check(row); err != nil {
			return err
		}
		record := make([]string, len(row))
		for i, cell := range row {
			record[i] = guard(cell)
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (t Table) names() []string {
	var names []string
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	return names
}

func (t Table) check(row []string) error {
	if len(row) != len(t.Columns) {
		return fmt.Errorf("table %s: a row has %d cells for %d columns", t.Name, len(row), len(t.Columns))
	}
	return nil
}

// guard puts an apostrophe before text that starts like a formula; numbers keep their sign.
func guard(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) || isNumber(cell) {
		return cell
	}
	return "'" + cell
}

// isNumber reports whether the text is a plain decimal number: sign, digits, at most one point.
func isNumber(text string) bool {
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 {
		return false
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	return whole != "" && strings.Trim(whole+fraction, "0123456789") == ""
}

// exactDigits is how many significant digits a spreadsheet keeps.
const exactDigits = 15

func (t Table) writeXLSX(w io.Writer) error {
	f := excelize.NewFile()
	defer f.Close()
	name := sheetName(t.Name)
	if err := f.SetSheetName("Sheet1", name); err != nil {
		return err
	}
	out, err := f.NewStreamWriter(name)
	if err != nil {
		return err
	}
	if err := t.stream(f, out); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Write(w)
}

// stream writes a bold head that stays in sight, then the rows.
func (t Table) stream(f *excelize.File, out *excelize.StreamWriter) error {
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	head := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = excelize.Cell{Value: c.Name, StyleID: bold}
	}
	if err := out.SetRow("A1", head); err != nil {
		return err
	}
	n := 1
	for row, err := range t.Rows {
		if err != nil {
			return err
		}
		if err := t.check(row); err != nil {
			return err
		}
		n++
		if n > excelize.TotalRows {
			return fault.Invalidf("the table has more rows than an XLSX sheet can hold (%d)", excelize.TotalRows).Do("export it as CSV")
		}
		cells := make([]any, len(row))
		for i, cell := range row {
			cells[i] = t.cell(i, cell)
		}
		if err := out.SetRow("A"+strconv.Itoa(n), cells); err != nil {
			return err
		}
	}
	return nil
}

// cell makes a number of a number column's text when a spreadsheet holds it exactly: 15 digits survive the binary form and come out as
// they were. Everything else is text.
func (t Table) cell(column int, text string) any {
	if !t.Columns[column].Number || !isNumber(text) {
		return text
	}
	digits := strings.TrimLeft(strings.ReplaceAll(strings.TrimLeft(text, "+-"), ".", ""), "0")
	if len(digits) > exactDigits {
		return text
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	return number
}

// sheetName cuts a name to what XLSX allows.
func sheetName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]'`, r) {
			return ' '
		}
		return r
	}, name)
	runes := []rune(strings.TrimSpace(clean))
	if len(runes) == 0 {
		return "Spindle"
	}
	return string(runes[:min(len(runes), 31)])
}
