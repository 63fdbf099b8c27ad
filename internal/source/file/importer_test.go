package file

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spindle/internal/billing"
	"spindle/internal/source/rows"
)

func zipped(t *testing.T, files map[string][]byte, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range names {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.Write(files[name])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// split cuts text behind n lines.
func split(text []byte, n int) (a, b []byte) {
	for i, c := range text {
		if c == '\n' {
			if n--; n == 0 {
				return text[:i+1], text[i+1:]
			}
		}
	}
	return text, nil
}

func TestContainers(t *testing.T) {
	plain := sample(t, "recon-nce.jsonl")
	want := mustRead(t, Bytes("x", plain))
	a, b := split(plain, 10)
	array := append([]byte("[\n"), bytes.ReplaceAll(bytes.TrimSpace(plain), []byte("\n"), []byte(",\n"))...)
	for name, data := range map[string][]byte{
		"gzip": gz(t, plain), "gzip with members": gz(t, a, b), "byte-order mark": append([]byte("\xef\xbb\xbf"), plain...),
		"zip":          zipped(t, map[string][]byte{"one.jsonl": plain}, "one.jsonl"),
		"zip of parts": zipped(t, map[string][]byte{"1.json.gz": gz(t, a), "2.jsonl": b, "__MACOSX/1": []byte("junk")}, "1.json.gz", "__MACOSX/1", "2.jsonl"),
		"CRLF":         bytes.ReplaceAll(plain, []byte("\n"), []byte("\r\n")),
		"array":        append(array, "\n]"...),
	} {
		t.Run(name, func(t *testing.T) {
			got := clean(t, mustRead(t, Bytes("x", data)))
			if len(got.Lines) != 1 || got.Lines[0].Version != want.Lines[0].Version || !got.Lines[0].Total.Equal(want.Lines[0].Total) {
				t.Errorf("differs from the plain file")
			}
		})
	}
}

func TestUsagePartsOfOneZipAddUp(t *testing.T) {
	plain := sample(t, "daily-rated-usage.jsonl")
	a, b := split(plain, 12)
	want := mustRead(t, Bytes("x", plain))
	got := clean(t, mustRead(t, Bytes("x.zip", zipped(t, map[string][]byte{"a": a, "b": b}, "a", "b"))))
	if diff := cmp.Diff(want.Usage, got.Usage, equalSets()); diff != "" {
		t.Error(diff)
	}
}

func TestTwoFilesThatContradictAreNotAddedUp(t *testing.T) {
	a, b := split(sample(t, "recon-nce.jsonl"), 10)
	im := mustRead(t, Bytes("a", a), Bytes("b", b))
	if len(im.Errors) != 1 || !strings.Contains(im.Errors[0].Problem, "other rows for invoice G104775210 than a") || im.Complete(im.Lines[0].ID) || len(im.Lines[0].Lines) != 10 {
		t.Errorf("errors %v", im.Errors)
	}
}

func TestCSVDialects(t *testing.T) {
	comma := string(sample(t, "recon-nce.csv"))
	want := mustRead(t, Bytes("x", []byte(comma)))
	header, body, _ := strings.Cut(comma, "\r\n")
	for name, text := range map[string]string{
		"semicolon":        retype(t, comma, ';', func(_, cell string) string { return cell }),
		"tab":              retype(t, comma, '\t', func(_, cell string) string { return cell }),
		"Excel's sep line": "sep=;\r\n" + strings.TrimPrefix(retype(t, comma, ';', func(_, cell string) string { return cell }), "\ufeff"),
		"decimal comma": retype(t, comma, ';', func(column, cell string) string {
			if c, ok := rows.ColumnNamed(column); ok && isNumber(c) {
				return strings.Replace(cell, ".", ",", 1)
			}
			return cell
		}),
		"repeated header":  header + "\r\n" + body + header + "\r\n",
		"dates with times": retype(t, comma, ',', withTimes),
		"SKU zeros lost": retype(t, comma, ',', func(column, cell string) string {
			if column == "SkuId" && cell == "0001" {
				return "1"
			}
			return cell
		}),
		"GUIDs in capitals": retype(t, comma, ',', func(column, cell string) string {
			if column == "CustomerId" || column == "SubscriptionId" || column == "PartnerId" {
				return strings.ToUpper(cell)
			}
			return cell
		}),
		"older column names": strings.Replace(strings.Replace(comma, "Tier2MpnId", "resellerMpnId", 1), ",Total,", ",totalForCustomer,", 1),
	} {
		t.Run(name, func(t *testing.T) {
			got := clean(t, mustRead(t, Bytes("x", []byte(text))))
			if len(got.Lines) != 1 || got.Lines[0].Version != want.Lines[0].Version || !got.Lines[0].Total.Equal(want.Lines[0].Total) {
				t.Errorf("the rows differ from the original")
			}
		})
	}
}

func isNumber(c rows.Column) bool {
	switch c {
	case rows.UnitPrice, rows.Quantity, rows.Subtotal, rows.TaxTotal, rows.Total, rows.EffectiveUnitPrice, rows.BillableQuantity, rows.ExchangeRate:
		return true
	}
	return false
}

func withTimes(column, cell string) string {
	if strings.HasSuffix(column, "Date") && cell != "" {
		return cell + " 12:00:00 AM"
	}
	return cell
}

// retype writes the sample again with another separator and changed cells.
func retype(t *testing.T, text string, comma rune, change func(column, cell string) string) string {
	t.Helper()
	records := parseCSV(t, strings.TrimPrefix(text, "\ufeff"))
	for _, r := range records[1:] {
		for i := range r {
			r[i] = change(records[0][i], r[i])
		}
	}
	return "\ufeff" + writeCSV(t, records, comma)
}

func TestRefusedFiles(t *testing.T) {
	comma := string(sample(t, "recon-nce.csv"))
	swap := func(_, cell string) string {
		p := strings.Split(cell, "/")
		if len(p) == 3 && len(p[2]) == 4 {
			return p[1] + "/" + p[0] + "/" + p[2]
		}
		return cell
	}
	for name, c := range map[string]struct{ text, problem string }{
		"empty":          {"", "empty"},
		"only space":     {"  \n ", "empty"},
		"UTF-16":         {"\xff\xfeP\x00a\x00", "UTF-16"},
		"binary":         {"%PDF\x00\x01", "neither CSV nor JSON"},
		"damaged zip":    {"PK\x03\x04 no", "damaged"},
		"damaged gzip":   {"\x1f\x8bno", "cannot be read"},
		"other CSV":      {"a,b\n1,2\n", "neither a reconciliation"},
		"other JSON":     {`{"a":1}`, "neither a reconciliation"},
		"legacy":         {"PartnerId,CustomerId,DurableOfferId,SyndicationPartnerSubscriptionNumber,Amount\n", "old commerce"},
		"column missing": {strings.Replace(comma, "CustomerId", "Customer", 1), "lacks the columns [CustomerId]"},
		"days first":     {retype(t, comma, ',', swap), "days before months"},
		"days and months first": {retype(t, comma, ',', func(column, cell string) string {
			if column == "OrderDate" {
				return swap(column, cell)
			}
			return cell
		}), "mixes dates"},
	} {
		t.Run(name, func(t *testing.T) {
			im := mustRead(t, Bytes("bad.csv", []byte(c.text)))
			if len(im.Lines)+len(im.Usage) != 0 || len(im.Errors) != 1 {
				t.Fatalf("%d sets, errors %v", len(im.Lines), im.Errors)
			}
			if e := im.Errors[0]; !strings.Contains(e.Problem, c.problem) || e.File != "bad.csv" || e.Remedy == "" {
				t.Errorf("got %v, remedy %q", e, e.Remedy)
			}
		})
	}
}

func TestDayFirstWhenAPersonSaysSo(t *testing.T) {
	comma := string(sample(t, "recon-nce.csv"))
	swapped := retype(t, comma, ',', func(_, cell string) string {
		p := strings.Split(cell, "/")
		if len(p) == 3 && len(p[2]) == 4 {
			return p[1] + "/" + p[0] + "/" + p[2]
		}
		return cell
	})
	im, err := Read(context.Background(), []Input{Bytes("x", []byte(swapped))}, Options{DayFirst: true})
	if err != nil {
		t.Fatal(err)
	}
	if want := mustRead(t, Bytes("x", []byte(comma))); len(clean(t, im).Lines) != 1 || im.Lines[0].Version != want.Lines[0].Version {
		t.Error("the rows differ from the original")
	}
	im, _ = Read(context.Background(), []Input{Bytes("x", []byte(comma))}, Options{DayFirst: true})
	if len(im.Lines) != 0 || len(im.Errors) != 1 {
		t.Errorf("a month-first file was taken as day-first: %v", im.Errors)
	}
}

// TestBrokenRows breaks rows of the sample in every way and expects each named by line and field, and every other row kept.
func TestBrokenRows(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(string(sample(t, "recon-nce.csv")), "\r\n"), "\r\n")
	breakage := []struct {
		row          int // 1 = first data row
		change       func(string) string
		field, words string
	}{
		{1, func(s string) string { return strings.Replace(s, "259.20", "2,59.20", 1) }, "", "cells"},
		{2, func(s string) string { return strings.Replace(s, "-224.64", `"-2,224.64"`, 1) }, "Subtotal", "thousands"},
		{3, func(s string) string { return strings.Replace(s, "9/14/2026", "9/31/2026", 1) }, "OrderDate", "no such day"},
		{4, func(s string) string { return strings.Replace(s, ",EUR,", ",Euro,", 1) }, "Currency", "ISO 4217"},
		{5, func(s string) string { return s[:36] + ",shifted" + s[36+37:] }, "CustomerId", "tenant id"},
		{6, func(s string) string { return strings.Replace(s, "removeQuantity", "", 1) }, "ChargeType", "empty"},
		{8, func(s string) string { return strings.Replace(s, "1106.60", "1106.60 €", 1) }, "Subtotal", "not a number"},
		{9, func(s string) string { return strings.Replace(s, "renew", "\xff\xfe", 1) }, "ChargeType", "UTF-8"},
		{10, func(s string) string { return strings.Replace(s, ",Microsoft 365", `,"Microsoft 365`, 1) }, "", "quote"},
		{11, func(s string) string { return strings.Replace(s, ",EUR,", ",USD,", 1) }, "Currency", "one currency"},
		{13, func(s string) string { return strings.Replace(s, "10/23/2026", "9/3/2026", 1) }, "ChargeEndDate", "before it starts"},
	}
	for _, b := range breakage {
		changed := b.change(lines[b.row])
		if changed == lines[b.row] {
			t.Fatalf("row %d was not changed", b.row)
		}
		lines[b.row] = changed
	}
	im := mustRead(t, Bytes("bad.csv", []byte(strings.Join(lines, "\r\n")+"\r\n")))
	if len(im.Errors) != len(breakage) {
		t.Errorf("%d errors, want %d", len(im.Errors), len(breakage))
	}
	for i, e := range im.Errors {
		if i >= len(breakage) {
			t.Errorf("more: %v", e)
			continue
		}
		b := breakage[i]
		if e.File != "bad.csv" || e.Line != b.row+1 || e.Field != b.field || !strings.Contains(e.Problem, b.words) || e.Remedy == "" || e.Value == "" && b.words != "empty" {
			t.Errorf("row %d: %v (remedy %q), want %s %q", b.row, e, e.Remedy, b.field, b.words)
		}
	}
	if n := len(im.Lines[0].Lines); n != 34-len(breakage) || im.Complete(im.Lines[0].ID) || im.Files[0].Control.Broken != int64(len(breakage)) {
		t.Errorf("%d good lines kept, complete %v, control %+v", n, im.Complete(im.Lines[0].ID), im.Files[0].Control)
	}
}

func TestDamagedStreamsKeepWhatCameBefore(t *testing.T) {
	plain := sample(t, "recon-nce.jsonl")
	packed := gz(t, plain)
	badSum := bytes.Clone(packed)
	badSum[len(badSum)-5] ^= 1
	for name, data := range map[string][]byte{
		"truncated gzip": packed[:len(packed)-2000], "wrong checksum": badSum,
		"truncated line":  plain[:len(plain)-100],
		"truncated array": append([]byte("["), bytes.ReplaceAll(plain[:len(plain)-100], []byte("\n"), []byte(","))...),
	} {
		t.Run(name, func(t *testing.T) {
			im := mustRead(t, Bytes("x", data))
			if len(im.Errors) == 0 || len(im.Lines) != 1 || len(im.Lines[0].Lines) == 0 || im.Complete(im.Lines[0].ID) {
				t.Fatalf("errors %v, %d sets", im.Errors, len(im.Lines))
			}
			s := New(billing.NewDate(2026, 10, 8), nil, im)
			if _, err := s.Lines(context.Background(), im.Lines[0].ID); err == nil {
				t.Error("a damaged set was delivered as whole")
			}
			if d, _ := s.Directory(context.Background()); len(d.Incomplete) == 0 || len(d.Customers) == 0 {
				t.Error("a damaged file gave a directory without gap")
			}
		})
	}
}

func TestBrokenJSONRows(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(string(sample(t, "daily-rated-usage.jsonl"))), "\n")
	lines[1] = strings.Replace(lines[1], `"BillingPreTaxTotal":`, `"BillingPreTaxTotal":"1,5","x":`, 1)
	lines[2] = lines[2][:200]
	lines[3] = `"text"`
	lines[4] = strings.Replace(lines[4], `"UsageDate":"2026`, `"UsageDate":"26`, 1)
	lines[5] = `null`
	im := mustRead(t, Bytes("u.jsonl", []byte(strings.Join(lines, "\n"))))
	var got []string
	for _, e := range im.Errors {
		got = append(got, fmt.Sprint(e.Line, " ", e.Field))
	}
	if diff := cmp.Diff([]string{"2 BillingPreTaxTotal", "3 ", "4 ", "5 UsageDate", "6 "}, got); diff != "" {
		t.Error(diff)
	}
	if im.Usage[0].Rows+im.Usage[1].Rows != 28 {
		t.Errorf("good rows lost: %d + %d", im.Usage[0].Rows, im.Usage[1].Rows)
	}
}

func TestDuplicateRowsCountEach(t *testing.T) {
	text := sample(t, "recon-nce.jsonl")
	first, _ := split(text, 1)
	im := clean(t, mustRead(t, Bytes("x", append(bytes.Clone(text), first...))))
	set := im.Lines[0]
	if len(set.Lines) != 35 || set.Lines[0].Key == set.Lines[34].Key || im.Files[0].Control.Duplicates != 1 {
		t.Errorf("%d lines, keys %s %s", len(set.Lines), set.Lines[0].Key, set.Lines[34].Key)
	}
}

func TestUnknownColumnsAndKindsAreKeptAndReported(t *testing.T) {
	text := strings.ReplaceAll(string(sample(t, "recon-nce.jsonl")), `"ProductCategory":""`, `"ProductCategory":"","PublisherDiscount":"7 %"`)
	text = strings.Replace(text, `"ChargeType":"renew"`, `"ChargeType":"transferIn"`, 1)
	im := clean(t, mustRead(t, Bytes("x", []byte(text))))
	c := im.Files[0].Control
	if diff := cmp.Diff([]string{"PublisherDiscount"}, c.UnknownColumns); diff != "" || len(c.UnknownWords) != 1 || im.Lines[0].Lines[3].Extra["PublisherDiscount"] != "7 %" {
		t.Errorf("%s %v", diff, c.UnknownWords)
	}
}

func TestOlderSpellingsOfUsage(t *testing.T) {
	text := string(sample(t, "daily-rated-usage.jsonl"))
	want := mustRead(t, Bytes("x", []byte(text)))
	for _, change := range [][2]string{
		{`"PartnerEarnedCreditPercentage":15`, `"rateOfPartnerEarnedCredit":0.15`}, {`"Unit":`, `"unitOfMeasure":`},
		{`-30T23:59:59Z"`, `-31T00:00:00Z"`}, {`"2026-09-31T00:00:00Z"`, `"2026-10-01T00:00:00Z"`}, {`"CustomerId"`, `"customerId"`},
	} {
		text = strings.ReplaceAll(text, change[0], change[1])
	}
	got := clean(t, mustRead(t, Bytes("x", []byte(text))))
	if diff := cmp.Diff(want.Usage, got.Usage, equalSets()); diff != "" {
		t.Error(diff)
	}
}

func TestReadStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Read(ctx, []Input{Bytes("x", sample(t, "recon-nce.csv"))}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// Rows that were pasted twice would all be billed twice: the file is refused, though two equal rows in it are legal.
func TestFileOfWhichEveryRowStandsTwiceIsRefused(t *testing.T) {
	plain := sample(t, "recon-nce.jsonl")
	for times := 2; times <= 3; times++ {
		got := mustRead(t, Bytes("x", bytes.Repeat(plain, times)))
		if len(got.Lines) != 0 || len(got.Errors) != 1 || !strings.Contains(got.Errors[0].Problem, "more than once") || got.Errors[0].Remedy == "" {
			t.Errorf("%d times: %d sets, %v", times, len(got.Lines), got.Errors)
		}
	}
	first, _ := split(plain, 1)
	if got := clean(t, mustRead(t, Bytes("x", append(bytes.Clone(plain), first...)))); len(got.Lines) != 1 || got.Files[0].Control.Duplicates != 1 {
		t.Errorf("one row twice: %+v", got.Files[0].Control)
	}
}

// An invoice as PDF beside the rows is named, and takes nothing from them; what may hold rows does.
func TestPapersInAnArchiveLeaveTheRowsWhole(t *testing.T) {
	plain := sample(t, "recon-nce.jsonl")
	for name, broken := range map[string]int{"invoice.pdf": 0, "docs/README.txt": 0, "Readme": 0, "more.txt": 1, "more.xlsx": 1, "more.csv": 1} {
		got := mustRead(t, Bytes("x.zip", zipped(t, map[string][]byte{"recon.jsonl": plain, name: []byte("%PDF-1.7\n")}, "recon.jsonl", name)))
		if len(got.Lines) != 1 || len(got.Errors) != 1 || len(got.Broken) != broken {
			t.Errorf("%s: %d sets, %d broken, %v", name, len(got.Lines), len(got.Broken), got.Errors)
		}
	}
}
