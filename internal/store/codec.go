package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"spindle/internal/billing"
	"spindle/internal/money"
)

// micros is the time codec: microseconds since 1970 in UTC, 0 for no time. Number order is time order on both databases.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros reads what micros wrote.
func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// encode gives the canonical JSON of a value: fields in the order of the type, map keys sorted, text as it is. The field names of the
// stored types are a stored format: the golden tests guard them.
func encode(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", fmt.Errorf("store: encode %T: %w", v, err)
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

func decode(text string, into any) error {
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("store: decode %T: %w", into, err)
	}
	return nil
}

func encodeTotals(t money.Totals) (string, error) { return encode(t.Amounts()) }

func decodeTotals(text string) (money.Totals, error) {
	var amounts []money.Amount
	var totals money.Totals
	if err := decodeRow(text, &amounts); err != nil {
		return totals, err
	}
	for _, a := range amounts {
		totals.Add(a)
	}
	return totals, nil
}

// parseDate reads a stored date; empty is no date.
func parseDate(s string) (billing.Date, error) {
	if s == "" {
		return billing.Date{}, nil
	}
	return billing.ParseDate(s)
}
