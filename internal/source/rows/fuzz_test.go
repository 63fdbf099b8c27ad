package rows

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// drain reads to the end and checks what every reader promises: it ends, lines go up, and errors about rows name their line.
func drain(t *testing.T, r Reader, text []byte) (good int) {
	t.Helper()
	limit := 2*bytes.Count(text, []byte("\n")) + 4
	last := 0
	var row Row
	for range limit {
		err := r.Next(&row)
		var broken RowError
		switch {
		case errors.Is(err, io.EOF):
			return good
		case errors.As(err, &broken):
			if broken.Line < 1 || broken.Problem == "" || broken.Remedy == "" {
				t.Fatalf("poor error: %+v", broken)
			}
		case err != nil:
			t.Fatal(err)
		default:
			if row.Line <= last {
				t.Fatalf("line %d after line %d", row.Line, last)
			}
			last = row.Line
			good++
			NewLineCollector("f", Style{}).Add(&row)
			NewUsageCollector("f", Style{DecimalComma: true, DayFirst: true}).Add(&row)
		}
	}
	t.Fatalf("no end after %d records", limit)
	return 0
}

const fuzzHeader = "PartnerId,CustomerId,InvoiceNumber,ProductId,SkuId,ChargeType,ChargeStartDate,Subtotal,Currency\n"

func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"", "a,b,c,d,e,f,g,h,i\n", "\"a\nb\",b,c,d,e,f,g,h,i\n1,2,3,4,5,6,7,8,9\n", "\"open\n1,2,3,4,5,6,7,8,9\n", fuzzHeader, "\"a\"\"b\",,,,,,9/31/2026,1E99,EUR\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		text := append([]byte(fuzzHeader), body...)
		r, _, err := NewCSV("f", bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		drain(t, r, text)
		again, _, _ := NewCSV("f", bytes.NewReader(text))
		_, _ = Survey("f", again, false)
	})
}

// FuzzCSVAgainstStandard compares with encoding/csv wherever that can read the text.
func FuzzCSVAgainstStandard(f *testing.F) {
	f.Add("a", "b,c", "d\"e", "f\ng")
	f.Add("", " x ", "'1", "ü")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		cells := []string{a, b, c, d, "5", "6", "7", "8", "9"}
		for _, s := range cells {
			if strings.ToValidUTF8(s, "") != s || strings.Contains(s, "\r") || strings.Count(s, "\n") > 5 || isHeader(cells) {
				return
			}
		}
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		_ = w.Write(cells)
		w.Flush()
		fields, _, err := func() ([]string, int, error) {
			r, _, err := NewCSV("f", io.MultiReader(strings.NewReader(fuzzHeader), &text))
			if err != nil {
				return nil, 0, err
			}
			return r.(*csvReader).record()
		}()
		if err != nil || !slices.Equal(fields, cells) {
			t.Fatalf("wrote %q, read %q, %v", cells, fields, err)
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"PartnerId":"a","Subtotal":1e99999}`, "{\"a\":[1,{}]}\n{\"b\":null}\nnull\n\"x\"\n", "[{}]", "{\xff}", "\xef\xbb\xbf{}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		drain(t, NewJSONLines("f", bytes.NewReader(text)), text)
	})
}

// FuzzJSONAgainstStandard compares the members of an object with what encoding/json finds.
func FuzzJSONAgainstStandard(f *testing.F) {
	for _, seed := range []string{`{"a":"b\"c","d" : [1, {"e":"}"}] ,"n":null,"x":-1.5E-07}`, `{ }`, `{"":""}`, `{"\u0061":true}`, `{"a":{},"b":[]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want map[string]json.RawMessage
		if !utf8.ValidString(text) || !strings.HasPrefix(text, "{") || json.Unmarshal([]byte(text), &want) != nil {
			return
		}
		got := map[string]string{}
		members([]byte(text), func(name, value string) { got[name] = value })
		if len(got) != len(want) {
			t.Fatalf("members %q, want %q", got, want)
		}
		for name, raw := range want {
			var s string
			if raw[0] == '"' && json.Unmarshal(raw, &s) == nil && got[name] != s {
				t.Fatalf("%q: %q, want %q", name, got[name], s)
			}
			if _, found := got[name]; !found {
				t.Fatalf("%q is missing in %q", name, got)
			}
		}
	})
}

func FuzzJSONArray(f *testing.F) {
	for _, seed := range []string{"", "[", "[]", "[{}\n,\n{\"a\":1}]", "[{},", "[1,{}]", "[{}]x"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r := NewJSONArray("f", bytes.NewReader(text))
		var row Row
		for range len(text) + 3 {
			if err := r.Next(&row); errors.Is(err, io.EOF) {
				return
			}
		}
		t.Fatal("no end")
	})
}

func FuzzCells(f *testing.F) {
	for _, seed := range []string{"'0E-20", "1,234", "1.234,56", "-3.1E-07", "9/30/2026 12:00:00 AM", "2026-09-30T00:00:00-08:00", "0001-01-01", "9999-12-31T23:59:59Z", "31.12.2026", "+", "E", "1e"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, style := range []Style{{}, {DecimalComma: true}, {DayFirst: true}} {
			if d, err := style.decimal(text); err == nil {
				if again, err := (Style{}).decimal(d.String()); err != nil || !again.Equal(d) {
					t.Fatalf("%q became %v, which does not read back: %v", text, d, err)
				}
			}
			if m, err := style.date(text); err == nil && !m.date.IsZero() && (m.date.Year < 2 || m.date.Year > 9998) {
				t.Fatalf("%q became %v", text, m.date)
			}
		}
	})
}
