package autotask

import (
	"encoding/json"
	"strings"
	"testing"

	"spindle/internal/billing"
)

func TestWireID(t *testing.T) {
	for text, want := range map[string]string{`0`: "0", `123`: "123", `"123"`: "123", `123.0`: "123", `null`: "", `""`: "", `29680000`: "29680000", `1e3`: "1000"} {
		var id wireID
		if err := json.Unmarshal([]byte(text), &id); err != nil || id.String() != want {
			t.Errorf("%s reads as %q, %v; want %q", text, id, err, want)
		}
	}
	for _, text := range []string{`"abc"`, `1.5`, `true`, `{}`, `99999999999999999999`} {
		var id wireID
		if err := json.Unmarshal([]byte(text), &id); err == nil {
			t.Errorf("%s reads as %q", text, id)
		}
	}
}

// Money keeps every digit of the token (law 9): a float would turn the first one into 0.30000000000000004 after an addition.
func TestWireDecimal(t *testing.T) {
	for text, want := range map[string]string{`0.1`: "0.1", `386.6450`: "386.645", `12345678901234.5678`: "12345678901234.5678", `"7.25"`: "7.25", `-3`: "-3", `1E-4`: "0.0001"} {
		var d wireDecimal
		if err := json.Unmarshal([]byte(text), &d); err != nil || !d.set || d.value.String() != want {
			t.Errorf("%s reads as %v, %v; want %s", text, d.value, err, want)
		}
	}
	var d wireDecimal
	if err := json.Unmarshal([]byte(`null`), &d); err != nil || d.set {
		t.Errorf("null reads as %+v, %v", d, err)
	}
}

// Dates are text: no zone may move them.
func TestWireDate(t *testing.T) {
	want := billing.NewDate(2026, 11, 30)
	for _, text := range []string{"2026-11-30", "2026-11-30T00:00:00", "2026-11-30T00:00:00Z", "2026-11-30T00:00:00.000", "2026-11-30T23:59:59.999Z", "2026-11-30T00:00:00+14:00"} {
		var d wireDate
		if err := json.Unmarshal([]byte(`"`+text+`"`), &d); err != nil || d.Date != want {
			t.Errorf("%s reads as %s, %v", text, d, err)
		}
	}
	var d wireDate
	if err := json.Unmarshal([]byte(`null`), &d); err != nil || !d.IsZero() {
		t.Errorf("null reads as %s, %v", d, err)
	}
	if err := json.Unmarshal([]byte(`"30.11.2026"`), &d); err == nil {
		t.Errorf("30.11.2026 reads as %s", d)
	}
}

func TestWireBool(t *testing.T) {
	for text, want := range map[string]bool{`true`: true, `1`: true, `"true"`: true, `false`: false, `0`: false, `null`: false} {
		var b wireBool
		if err := json.Unmarshal([]byte(text), &b); err != nil || bool(b) != want {
			t.Errorf("%s reads as %v, %v", text, b, err)
		}
	}
}

func TestUnitRowEndsAreInclusive(t *testing.T) {
	var w wireUnits
	raw := `{"ID":7,"ContractServiceID":"3","startDate":"2026-11-01T00:00:00","endDate":"2026-11-30T00:00:00Z","units":"5","price":52.5,"approveAndPostDate":null}`
	if err := json.Unmarshal([]byte(raw), &w); err != nil {
		t.Fatal(err)
	}
	row, ok := w.row("EUR")
	if !ok || row.Period.String() != "2026-11-01 to 2026-11-30" || row.Period.Days() != 30 || row.Units != 5 || row.Price.String() != "52.50 EUR" || row.Posted || w.Line.n != 3 {
		t.Errorf("row %+v", row)
	}
	if err := json.Unmarshal([]byte(`{"units":2.5,"startDate":"2026-11-01","endDate":"2026-11-30"}`), &w); err != nil {
		t.Fatal(err)
	}
	if _, ok := w.row("EUR"); ok {
		t.Error("half a unit must not be cut to a whole one")
	}
}

func TestPeriodTypes(t *testing.T) {
	for value, want := range map[string]billing.PeriodType{"2": billing.PeriodMonth, "m": billing.PeriodMonth, "3": billing.PeriodQuarter, "4": billing.PeriodHalfYear,
		"5": billing.PeriodYear, "Y": billing.PeriodYear, "1": "", "": ""} {
		if got := periodOf(value); got != want {
			t.Errorf("%q is %q, want %q", value, got, want)
		}
	}
}

func metaOf(t *testing.T, raw string) *entityMeta {
	t.Helper()
	var fields []wireField
	if err := json.Unmarshal([]byte(raw), &fields); err != nil {
		t.Fatal(err)
	}
	m := &entityMeta{name: "Things", fields: map[string]wireField{}}
	for _, f := range fields {
		m.fields[strings.ToLower(f.Name)] = f
	}
	return m
}

func TestMarkFieldDependsOnTheTenant(t *testing.T) {
	mark := strings.Repeat("m", 40)
	for raw, want := range map[string]string{
		`[{"name":"Sku","length":50},{"name":"externalID","length":50},{"name":"description","length":400}]`: "sku",
		`[{"name":"sku","length":30},{"name":"ExternalID","length":50},{"name":"description","length":400}]`: "externalID",
		`[{"name":"catalogNumberPartNumber","length":100},{"name":"description","length":400}]`:              "catalogNumberPartNumber",
		`[{"name":"description","length":400}]`:                                                              "description",
	} {
		m := metaOf(t, raw)
		field := markField(m, mark)
		if field != want {
			t.Errorf("%s keeps the mark in %s, want %s", raw, field, want)
		}
	}
	// Wherever it is kept, reading finds it again.
	mark = "spindle:CFQ7TTC0LS7V:0001:P1Y:monthly"
	target := &Target{}
	for _, raw := range []string{`[{"name":"sku","length":50}]`, `[{"name":"externalID","length":50}]`, `[{"name":"description","length":400}]`} {
		body := map[string]any{"description": "for people"}
		target.markService(metaOf(t, raw), body, mark)
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		var row wireService
		if err := json.Unmarshal(text, &row); err != nil || row.mark() != mark || !strings.Contains(row.Description, "for people") {
			t.Errorf("%s: %s reads back %q, %v", raw, text, row.mark(), err)
		}
	}
}

func TestPicklists(t *testing.T) {
	m := metaOf(t, `[{"name":"UseType","picklistValues":[{"value":"6","label":"Material Cost Code"},{"value":"5","label":"Dienstleistung"},{"value":"4","label":"Milestone Code"}]},
		{"name":"chargeType","picklistValues":[{"value":2,"label":"Laufend","isDefaultValue":true},{"value":1,"label":"Anlage"}]}]`)
	if got := useTypeOf(m, billing.MaterialUse); got != "6" {
		t.Errorf("material is %s: the label decides", got)
	}
	if got := useTypeOf(m, billing.RecurringServiceUse); got != "5" {
		t.Errorf("service is %s: a renamed label falls back to the documented value", got)
	}
	if got := chargeType(m); got != "2" {
		t.Errorf("charge type is %s: a renamed label falls back to the list's default", got)
	}
	if got := codeUse(m, "4"); got != "milestone code" {
		t.Errorf("use 4 is %q", got)
	}
}

func TestFitCutsByCharacters(t *testing.T) {
	m := metaOf(t, `[{"name":"name","length":5}]`)
	for text, want := range map[string]string{"abc": "abc", "äöüß€x": "äöüß€", "abcd efg": "abcd"} {
		if got, cut := m.fit("Name", text, 0); got != want || cut != (text != want) {
			t.Errorf("%q becomes %q, %v", text, got, cut)
		}
	}
	if got, _ := m.fit("other", "abcdef", 3); got != "abc" {
		t.Errorf("a limit of our own gives %q", got)
	}
}

func TestWithMark(t *testing.T) {
	const mark = "spindle:0123456789abcdef"
	for text, want := range map[string]string{"": mark, "backup": "backup " + mark, "a " + mark + " b": "a " + mark + " b", "x spindle:fedcba9876543210 y": "x " + mark + " y"} {
		if got := withMark(text, mark); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestWindows(t *testing.T) {
	c := billing.Contract{Start: billing.NewDate(2025, 1, 17), End: billing.NewDate(2027, 12, 31)}
	tests := []struct {
		name  string
		class billing.PeriodType
		day   string
		start billing.Date
		want  string
	}{
		{"month", billing.PeriodMonth, "2026-11-10", c.Start, "2026-10-17 to 2026-12-16"},
		{"month on its first day", billing.PeriodMonth, "2026-11-17", c.Start, "2026-11-17 to 2027-01-16"},
		{"quarter", billing.PeriodQuarter, "2026-11-10", c.Start, "2026-10-17 to 2027-04-16"},
		{"year reaches into the next one", billing.PeriodYear, "2026-11-10", c.Start, "2026-01-17 to 2028-01-16"},
		{"before the contract", billing.PeriodMonth, "2024-06-01", c.Start, "2025-01-17 to 2025-03-16"},
		{"after the contract", billing.PeriodMonth, "2029-06-01", c.Start, "2027-12-17 to 2028-02-16"},
		{"anchored on the 31st, with days to spare", billing.PeriodMonth, "2026-11-10", billing.NewDate(2025, 12, 31), "2026-10-28 to 2027-01-02"},
	}
	earlierDay := map[string]string{"month": "2026-10-17 to 2026-12-16", "month on its first day": "2026-10-17 to 2027-01-16", "quarter": "2026-10-17 to 2027-04-16",
		"year reaches into the next one": "2026-01-17 to 2028-01-16", "before the contract": "2025-01-17 to 2025-03-16", "after the contract": "2026-10-17 to 2028-02-16",
		"anchored on the 31st, with days to spare": "2026-10-28 to 2027-01-02"}
	for _, tt := range tests {
		day, err := billing.ParseDate(tt.day)
		if err != nil {
			t.Fatal(err)
		}
		contract := c
		contract.Start = tt.start
		if got := windowOf(contract, tt.class, day, billing.Date{}).String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if got := windowOf(contract, tt.class, day, billing.NewDate(2026, 11, 1)).String(); got != earlierDay[tt.name] {
			t.Errorf("%s, from 1 November 2026 on: %s, want %s", tt.name, got, earlierDay[tt.name])
		}
	}
}

func TestIsFull(t *testing.T) {
	first := billing.NewDate(2026, 1, 1)
	span := func(a, b billing.Date) billing.Period { return billing.Period{Start: a, End: b} }
	tests := []struct {
		row    billing.Period
		anchor billing.Date
		class  billing.PeriodType
		want   bool
	}{
		{span(billing.NewDate(2026, 11, 1), billing.NewDate(2026, 12, 1)), first, billing.PeriodMonth, true},
		{span(billing.NewDate(2026, 11, 2), billing.NewDate(2026, 12, 1)), first, billing.PeriodMonth, false},
		{span(billing.NewDate(2026, 11, 1), billing.NewDate(2026, 11, 16)), first, billing.PeriodMonth, false},
		{span(first, billing.NewDate(2027, 1, 1)), first, billing.PeriodYear, true},
		{span(billing.NewDate(2026, 11, 1), billing.NewDate(2026, 12, 1)), first, billing.PeriodYear, false},
		{span(billing.NewDate(2026, 2, 28), billing.NewDate(2026, 3, 31)), billing.NewDate(2026, 1, 31), billing.PeriodMonth, true},
		{span(billing.NewDate(2026, 3, 28), billing.NewDate(2026, 4, 28)), billing.NewDate(2026, 1, 31), billing.PeriodMonth, true}, // drifted
		{span(billing.NewDate(2026, 4, 10), billing.NewDate(2026, 4, 30)), billing.NewDate(2026, 1, 31), billing.PeriodMonth, false},
		{span(first, first), first, "", false},
	}
	for _, tt := range tests {
		if got := isFull(tt.row, tt.anchor, tt.class); got != tt.want {
			t.Errorf("%s from %s %s: %v", tt.row, tt.anchor, tt.class, got)
		}
	}
}

func TestNearestNames(t *testing.T) {
	companies := []wireCompany{{Name: "Microsoft Ireland Operations Ltd"}, {Name: "Micro Soft"}, {Name: "Alder Dental"}, {Name: "Microsoft"}}
	got := strings.Join(nearest(companies, "microsoft"), ",")
	if !strings.HasPrefix(got, "Microsoft,Micro Soft") || strings.Contains(got, "Alder") {
		t.Errorf("nearest are %s", got)
	}
}
