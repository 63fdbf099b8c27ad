package rows

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/billing"
)

// added is what comes of a file of usage.
type added struct {
	Sets    []billing.UsageSet
	Control Control
	Broken  []RowError
	Last    int // line
}

// addAll adds a file up, with rows that are known left to AddKnown when most is not 0. It also tells how many were.
func addAll(tb rapid.TB, text string, most int) (a added, known int) {
	tb.Helper()
	uc := NewUsageCollector("f", Style{})
	lines := NewJSONLines("f", strings.NewReader(text))
	if most > 0 {
		uc.known.most = most
		lines.Pass = func(line []byte) bool {
			took := uc.AddKnown(line)
			if took {
				known++
			}
			return took
		}
	}
	var row Row
	for {
		err := lines.Next(&row)
		var broken RowError
		switch {
		case errors.Is(err, io.EOF):
			a.Sets, a.Control, a.Last = uc.Sets(), uc.Report(), row.Line
			return a, known
		case errors.As(err, &broken):
			a.Broken = append(a.Broken, broken)
		case err != nil:
			tb.Fatal(err)
		default:
			a.Broken = append(a.Broken, uc.Add(&row)...)
		}
	}
}

// wantSame fails when rows that are known make a difference.
func wantSame(t rapid.TB, text string, most int) (known int) {
	t.Helper()
	want, _ := addAll(t, text, 0)
	got, known := addAll(t, text, most)
	if said, wanted := inWords(t, got), inWords(t, want); said != wanted {
		t.Fatalf("with known rows:\n%s\nwithout:\n%s\nof\n%s", said, wanted, text)
	}
	return known
}

// inWords writes everything out: numbers are alike when they are written alike.
func inWords(t rapid.TB, a added) string {
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func sampleUsage(tb testing.TB) []string {
	tb.Helper()
	text, err := os.ReadFile("../file/testdata/daily-rated-usage.jsonl")
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// Of a month of one meter all rows but the first need their numbers read only.
func TestRowsAreKnown(t *testing.T) {
	row := sampleUsage(t)[0]
	var text strings.Builder
	for day := 1; day <= 30; day++ {
		text.WriteString(strings.Replace(row, `"UsageDate":"2026-09-01`, fmt.Sprintf(`"UsageDate":"2026-09-%02d`, day), 1) + "\n")
	}
	if known := wantSame(t, text.String(), knownMost); known != 29 {
		t.Errorf("%d rows were known, want 29", known)
	}
}

// The whole sample, each row three times, in files that write JSON otherwise too.
func TestTheSampleIsKnown(t *testing.T) {
	rows := sampleUsage(t)
	text := strings.Join(slices.Concat(rows, rows, rows), "\n")
	for name, text := range map[string]string{
		"compact": text, "spaced": strings.NewReplacer(`":`, `": `, `,"`, `, "`).Replace(text), "indented": strings.ReplaceAll(text, `{"PartnerId"`, ` { "PartnerId"`),
		"Windows": strings.ReplaceAll(text, "\n", "\r\n"),
	} {
		if known := wantSame(t, text, knownMost); known < 2*len(rows) {
			t.Errorf("%s: %d of %d rows were known, want %d", name, known, 3*len(rows), 2*len(rows))
		}
	}
	if known := wantSame(t, text, 1); known == 0 || known >= 2*len(rows) { // each kind of rows drives the one before away
		t.Errorf("%d rows were known with one kind", known)
	}
}

// Rows that look alike and are not: each time the last one would be counted wrongly.
func TestRowsThatOnlyLookAlike(t *testing.T) {
	row := sampleUsage(t)[0]
	set := func(pairs ...string) string {
		line := row
		for i := 0; i < len(pairs); i += 2 {
			line = setCell(line, pairs[i], pairs[i+1])
		}
		return line
	}
	without := func(line, name string) string {
		at := strings.Index(line, `"`+name+`":`)
		return line[:at] + line[at+strings.Index(line[at:], `,"`)+1:]
	}
	september, october := `"2026-09-30"`, `"2026-10-01"`
	noPeriod := func(day string) string { return set("ChargeStartDate", `""`, "UsageDate", day) }
	priced := func(price, cost string) string { return set("UnitPrice", price, "BillingPreTaxTotal", cost) }
	open := func(day string) string { return set("InvoiceNumber", `""`, "UsageDate", day) }
	adjacent := func(price, rate string) string {
		return `{"UnitPrice":` + price + `,"PCToBCExchangeRate":` + rate + `,` + without(without(row, "UnitPrice"), "PCToBCExchangeRate")[1:]
	}
	category := strings.Replace(without(row, "MeterCategory"), `"Unit":`, `"MeterCategory":`, 1)
	for name, lines := range map[string][]string{
		"the period comes from the day":              {noPeriod(september), noPeriod(september), noPeriod(october)},
		"a price is missing where it is needed":      {priced(`""`, "0"), priced(`""`, "0"), priced(`""`, "2")},
		"a price is none where it is needed":         {priced(`"x"`, "0"), priced(`"x"`, "0"), priced(`"x"`, "2")},
		"a cell of the same text is another one":     {without(row, "MeterCategory"), category, category},
		"an open month goes on":                      {open(september), open(september), open(october)},
		"numbers that stand side by side":            {adjacent("1", "23"), adjacent("1", "23"), adjacent("12", "3")},
		"the currency changes within an invoice":     {row, row, set("BillingCurrency", `"USD"`)},
		"the day is one that stands for no day":      {row, row, set("UsageDate", `"9999-12-31T00:00:00Z"`)},
		"a cell stands twice, and the last is empty": {row, row, strings.Replace(row, `{`, `{"Quantity":5,`, 1)},
	} {
		t.Run(name, func(t *testing.T) { wantSame(t, strings.Join(lines, "\n"), knownMost) })
	}
}

// Whatever stands in a file, and however it is written, known rows make no difference.
func TestKnownRowsMakeNoDifference(t *testing.T) {
	sample := sampleUsage(t)
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		rows := rapid.SliceOfN(rapid.SampledFrom(sample), 1, 3).Draw(t, "rows")
		for range rapid.IntRange(2, 25).Draw(t, "lines") {
			text.WriteString(drawUsage(t, rapid.SampledFrom(rows).Draw(t, "row")) + rapid.SampledFrom([]string{"\n", "\n", "\n", "\r\n", "\n\n"}).Draw(t, "end"))
		}
		wantSame(t, text.String(), rapid.SampledFrom([]int{1, 2, 1000}).Draw(t, "most"))
	})
}

// drawUsage changes a row of usage: mostly its numbers, sometimes its words, seldom how it is written.
func drawUsage(t *rapid.T, row string) string {
	number := func(name string) {
		row = setCell(row, name, rapid.SampledFrom([]string{"1", "24", "0.84377664", "-3.5", "0", "-0", "0.0", "1.50", "1E-05", "2e3", "0.1234567890123456789", "123456789012345678",
			"999999999999999999", "1234567890123456789", `"1.5"`, `" 2 "`, `"'3"`, `"007"`, `".5"`, `"5."`, `"+1"`, `"1,5"`, `""`, "null", `"x"`, "true", `"\u0031"`, "01", "1.", "-", `"-"`, "[1]"}).Draw(t, name))
	}
	for _, name := range []string{"Quantity", "BillingPreTaxTotal", "EffectiveUnitPrice"} {
		if rapid.IntRange(0, 2).Draw(t, "another "+name) == 0 {
			number(name)
		}
	}
	if rapid.IntRange(0, 2).Draw(t, "another day") == 0 {
		row = setCell(row, "UsageDate", rapid.SampledFrom([]string{`"2026-09-02T00:00:00Z"`, `"2026-10-01"`, `"9/3/2026"`, `"0001-01-01T00:00:00Z"`, `""`, "null", `"2026-02-30"`, `"2026-09-\u00304"`}).Draw(t, "day"))
	}
	if rapid.IntRange(0, 3).Draw(t, "another word") == 0 {
		number(rapid.SampledFrom([]string{"UnitPrice", "PCToBCExchangeRate", "PartnerEarnedCreditPercentage"}).Draw(t, "which"))
	}
	if rapid.IntRange(0, 3).Draw(t, "another text") == 0 {
		row = setCell(row, rapid.SampledFrom([]string{"CustomerId", "ResourceGroup", "Unit", "InvoiceNumber", "BillingCurrency", "PricingCurrency", "ChargeStartDate", "ChargeEndDate", "ChargeType",
			"SkuId", "EntitlementId", "ProductId", "Tags", "MeterName", "ResourceURI"}).Draw(t, "cell"),
			rapid.SampledFrom([]string{`""`, "null", `"A"`, `"a"`, `"EUR"`, `"USD"`, `"7"`, `"Büro"`, "\"\xff\"", `"a\"b"`, `"a\qb"`, `"\u00e9"`, `"\u12"`, "\"\t\"", `{"a":1}`, "7",
				`"2026-09-05"`, `"b81e8504-f0cc-4f67-b67d-ab32807ff65f"`}).Draw(t, "text"))
	}
	switch rapid.IntRange(0, 30).Draw(t, "written otherwise") {
	case 0:
		return strings.Replace(row, `,"`, ` , "`, 1)
	case 1:
		return strings.Replace(row, `{`, `{"Quantity":1,`, 1) // twice
	case 2:
		return strings.Replace(row, `{`, `{"New":"x",`, 1)
	case 3:
		return row[:len(row)/2]
	case 4:
		return row + " x"
	case 5:
		return strings.Replace(row, `"CustomerName"`, `"Customer\u004eame"`, 1)
	case 6:
		return strings.Replace(row, `"PartnerId"`, `"partnerid"`, 1)
	case 7: // the invoice stands elsewhere
		cell := row[strings.Index(row, `"ProductId"`):strings.Index(row, `"SkuId"`)]
		return strings.Replace(strings.Replace(row, cell, "", 1), `{`, `{`+cell, 1)
	case 8: // and has no product
		return strings.Replace(row, row[strings.Index(row, `"AvailabilityId"`):strings.Index(row, `"SkuName"`)], "", 1)
	}
	return row
}

// setCell replaces the value of a cell that is no object.
func setCell(row, name, value string) string {
	at := strings.Index(row, `"`+name+`":`)
	if at < 0 {
		return row
	}
	at += len(name) + len(`"":`)
	n := scalarEnd([]byte(row[at:]))
	return row[:at] + value + row[at+n:]
}

// Each column that a row of usage is read from has a role: the others change nothing, whatever stands in them.
func TestRolesAreComplete(t *testing.T) {
	var base Row
	if err := NewJSONLines("f", strings.NewReader(sampleUsage(t)[0])).Next(&base); err != nil {
		t.Fatal(err)
	}
	read := func(row Row) (u usageRow, broken []RowError) {
		c := &cells{file: "f", row: &row}
		return c.usage(), c.broken
	}
	want, broken := read(base)
	if len(broken) > 0 {
		t.Fatal(broken)
	}
	for c := range columnCount {
		reads := false
		for _, text := range []string{"", "x", "17", "2025-01-01"} {
			row := base
			row.cells[c] = text
			got, broken := read(row)
			reads = reads || len(broken) > 0 || !reflect.DeepEqual(got, want)
		}
		if reads && roleOf(c) == roleNone {
			t.Errorf("%s is read, but has no role: rows that differ in it would count as alike", c)
		}
		if !reads && roleOf(c) != roleNone && c != EarnedCreditFraction { // beside the percentage it says nothing new
			t.Errorf("%s has a role, but nobody reads it", c)
		}
	}
}

// Scalars end where encoding/json says that they do.
func TestScalarsEndAsInJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`"[a\\\\"u0]{0,6}"`), rapid.StringMatching(`-?[0-9.eE+-]{0,6}`), rapid.SampledFrom([]string{"null", "true", "false", "nul", `"\u00e9"`, `"\u00g9"`, `"`, `"\`, ""})).Draw(t, "text")
		end := scalarEnd([]byte(text + ","))
		if valid := json.Valid([]byte(text)); valid && end != len(text) || end > 0 && !json.Valid([]byte(text[:end])) {
			t.Fatalf("%s ends at %d (valid: %v)", text, end, valid)
		}
	})
}

func TestPlainLines(t *testing.T) {
	for text, want := range map[string]bool{"": true, "abcdefgh": true, "abcdefg\x1f": false, "\x00bcdefgh": false, "abcdefghi\n": false, "abcdefgh ~\x7f": true, "äöüßäöüß": true, "abcdefgh\xff": false,
		"\xffbcdefghi": false, "\u2028": true, strings.Repeat("a", 64) + "\t": false, strings.Repeat("ä", 33): true, strings.Repeat("\x80", 8): false} {
		if got := plainLine([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
