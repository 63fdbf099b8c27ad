package file_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"spindle/internal/source/file"
)

const syntheticRows = 20_000

// synthetic writes rows of the sample's shape for as many subscriptions, so that no two rows are equal.
func synthetic(b *testing.B, sample, oldID string) []byte {
	b.Helper()
	text, err := os.ReadFile("testdata/" + sample)
	if err != nil {
		b.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	head, row := "", lines[0]
	if strings.HasSuffix(sample, ".csv") {
		head, row = lines[0]+"\n", lines[1]
	}
	if !strings.Contains(row, oldID) {
		b.Fatalf("%s: the first row does not hold %s", sample, oldID)
	}
	var out bytes.Buffer
	out.WriteString(head)
	for i := range syntheticRows {
		out.WriteString(strings.ReplaceAll(row, oldID, fmt.Sprintf("%s%08x", oldID[:len(oldID)-8], i)) + "\n")
	}
	return out.Bytes()
}

// BenchmarkImport reads synthetic files of 20,000 rows: reconciliation as CSV and as JSON Lines, and daily usage, where every row is of
// another Azure resource group.
func BenchmarkImport(b *testing.B) {
	for _, c := range []struct{ name, sample, id string }{
		{"recon-csv", "recon-nce.csv", "035ba053-5d19-4a1d-945b-55049b1dfd8f"},
		{"recon-jsonl", "recon-nce.jsonl", "035ba053-5d19-4a1d-945b-55049b1dfd8f"},
		{"usage-jsonl", "daily-rated-usage.jsonl", "rg-erp-prod"},
	} {
		b.Run(c.name, func(b *testing.B) {
			text := synthetic(b, c.sample, c.id)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				imported, err := file.Read(context.Background(), []file.Input{file.Bytes(c.sample, text)}, file.Options{})
				if err != nil || len(imported.Errors) > 0 {
					b.Fatal(err, imported.Errors)
				}
				rows := 0
				for _, set := range imported.Lines {
					rows += len(set.Lines)
				}
				for _, set := range imported.Usage {
					rows += int(set.Rows)
				}
				if rows != syntheticRows {
					b.Fatalf("%d rows, want %d", rows, syntheticRows)
				}
			}
			b.ReportMetric(syntheticRows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
