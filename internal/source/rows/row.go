package rows

import (
	"fmt"
	"strings"

	"spindle/internal/fault"
)

// Row is one record as read: the text of its cells. Empty, null and missing cells are alike.
type Row struct {
	Line  int // physical line in the file, 1 = first
	cells [columnCount]string
	extra map[string]string // cells of columns we do not know, by the name as read
	raw   []byte            // the JSON line it was read from, until the next one is read; nil when it comes from elsewhere
}

// Cell gives the text of a column as read.
func (r *Row) Cell(c Column) string { return r.cells[c] }

func (r *Row) reset(line int) {
	*r = Row{Line: line}
}

func (r *Row) set(name, text string) {
	if c, ok := ColumnNamed(name); ok {
		r.put(c, text)
		return
	}
	r.putExtra(name, text)
}

func (r *Row) put(c Column, text string) {
	if text != "" || r.cells[c] == "" {
		r.cells[c] = text
	}
}

func (r *Row) putExtra(name, text string) {
	if r.extra == nil {
		r.extra = map[string]string{}
	}
	r.extra[cleanName(name)] = text
}

// RowError says what is wrong with one cell, one row or, with Line 0, one file, and what to do about it (law 12).
type RowError struct {
	File    string
	Line    int    // 0: the file as a whole
	Field   string // "" when the whole row is unreadable
	Value   string // what was read, shortened
	Problem string
	Remedy  string
}

// valueShown bounds how much of a broken cell an error repeats.
const valueShown = 80

func (e RowError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ": line %d", e.Line)
	}
	if e.Field != "" {
		b.WriteString(": " + e.Field)
	}
	b.WriteString(": " + e.Problem)
	if e.Value != "" {
		fmt.Fprintf(&b, " (read: %s)", e.Value)
	}
	return b.String()
}

// Fault gives the error as a fault of kind invalid with its remedy.
func (e RowError) Fault() *fault.Error {
	return fault.Invalidf("%s", e.Error()).Do(e.Remedy)
}

func shorten(s string) string {
	s = strings.ToValidUTF8(s, "�")
	if runes := []rune(s); len(runes) > valueShown {
		return string(runes[:valueShown]) + "…"
	}
	return s
}

// Kind says which report the rows belong to.
type Kind string

// The kinds of report. Legacy ones are recognised to be refused with words.
const (
	UnknownReport Kind = ""
	Lines         Kind = "reconciliation lines"
	Usage         Kind = "daily rated usage"
	Legacy        Kind = "legacy report"
)

// legacyColumns exist only in the reports of the commerce before NCE (Microsoft sheet §0, §4.4).
func legacyColumns() []string {
	return []string{"durableofferid", "syndicationpartnersubscriptionnumber", "offername", "amount", "consumedquantity", "includedquantity", "overagequantity"}
}

// KindOf tells the report kind from its column names, never from a file name (Microsoft sheet, importer recipe 3).
func KindOf(names []string) Kind {
	var has [columnCount]bool
	legacy := 0
	for _, name := range names {
		if c, ok := ColumnNamed(name); ok {
			has[c] = true
		}
		folded := strings.ToLower(cleanName(name))
		for _, l := range legacyColumns() {
			if folded == l {
				legacy++
			}
		}
	}
	switch {
	case has[UsageDate] && (has[MeterID] || has[BillingPreTaxTotal]):
		return Usage
	case has[Subtotal] && has[ChargeType] && has[ProductID]:
		return Lines
	case legacy >= 2:
		return Legacy
	}
	return UnknownReport
}

// required lists the columns a report cannot do without (Microsoft sheet, importer recipe 4). Cells may be empty.
func required(k Kind) []Column {
	common := []Column{PartnerID, CustomerID, InvoiceNumber, ProductID, SkuID, ChargeType, ChargeStartDate}
	if k == Usage {
		return append(common, BillingPreTaxTotal, BillingCurrency)
	}
	return append(common, Subtotal, Currency)
}

// MissingColumns gives the required columns of a report that are not among the names.
func MissingColumns(k Kind, names []string) []string {
	var has [columnCount]bool
	for _, name := range names {
		if c, ok := ColumnNamed(name); ok {
			has[c] = true
		}
	}
	var missing []string
	for _, c := range required(k) {
		if !has[c] {
			missing = append(missing, c.String())
		}
	}
	return missing
}

// Kind tells the report kind of one JSON row from the cells it has.
func (r *Row) Kind() Kind {
	var names []string
	for c, text := range r.cells {
		if text != "" {
			names = append(names, Column(c).String())
		}
	}
	for name := range r.extra {
		names = append(names, name)
	}
	return KindOf(names)
}
