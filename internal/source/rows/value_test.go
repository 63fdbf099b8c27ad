package rows

import "testing"

func TestNumbers(t *testing.T) {
	point, comma := Style{}, Style{DecimalComma: true}
	for _, c := range []struct {
		style Style
		text  string
		want  string // "" for refused
	}{
		{point, "12.50", "12.5"}, {point, "'0.048000000000000000", "0.048"}, {point, "'0E-20", "0"}, {point, "3.1E-07", "0.00000031"},
		{point, "-.5", "-0.5"}, {point, "+7", "7"}, {point, " 7 ", "7"}, {point, "23.999999999999996", "23.999999999999996"},
		{point, "1,234.56", ""}, {point, "12,50", ""}, {point, "1 234", ""}, {point, "(5)", ""}, {point, "5 EUR", ""}, {point, "1e999", ""},
		{point, "0x10", ""}, {point, "1_000", ""}, {point, "NaN", ""}, {point, "5.", ""}, {point, "--5", ""}, {point, "1.2.3", ""},
		{comma, "12,50", "12.5"}, {comma, "1.234,56", ""}, {comma, "12.5", ""}, {comma, "1,2,3", ""}, {comma, "12", "12"},
	} {
		d, err := c.style.decimal(c.text)
		if got := d.String(); (err == nil) != (c.want != "") || err == nil && got != c.want {
			t.Errorf("%q: %s, %v; want %q", c.text, got, err, c.want)
		}
	}
}

func TestDates(t *testing.T) {
	for text, want := range map[string]string{
		"2026-09-30": "2026-09-30", "2026-09-30T00:00:00Z": "2026-09-30", "2026-09-30T23:59:59Z": "2026-09-30", "2026-09-30 00:00:00": "2026-09-30",
		"2026-09-30T00:00:00": "2026-09-30", "2026-09-30T11:12:13.1234567Z": "2026-09-30", "9/30/2026": "2026-09-30", "9/3/2026 12:00:00 AM": "2026-09-03",
		"09/03/2026 00:00": "2026-09-03", "2026-09-01T00:00:00-08:00": "2026-09-01", "2026-08-31T16:00:00-08:00": "2026-09-01",
		"0001-01-01T00:00:00": "none", "9999-12-31": "none", "12/31/9999": "none", "": "none", "'9/30/2026": "2026-09-30",
		"2026-02-30": "error", "13/9/2026": "error", "30.9.2026": "error", "9/30/26": "error", "2026-09": "error", "9-30-2026": "error",
		"2026-09-30X": "error", "2026-09-30T25:00:00Z": "error", "45199": "error", "9/30/2026 noon": "error",
	} {
		m, err := (Style{}).date(text)
		got := m.date.String()
		switch {
		case err != nil:
			got = "error"
		case m.date.IsZero():
			got = "none"
		}
		if got != want {
			t.Errorf("%q: %s (%v), want %s", text, got, err, want)
		}
	}
}
