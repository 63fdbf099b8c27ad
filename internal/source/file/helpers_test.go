package file

import (
	"encoding/csv"
	"strings"
	"testing"
)

func parseCSV(t *testing.T, text string) [][]string {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func writeCSV(t *testing.T, records [][]string, comma rune) string {
	t.Helper()
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = comma, true
	if err := w.WriteAll(records); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
