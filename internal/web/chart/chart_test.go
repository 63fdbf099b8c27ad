package chart

import (
	"bytes"
	"strings"
	"testing"

	"spindle/internal/money"
)

func eur(t *testing.T, texts ...string) []money.Amount {
	t.Helper()
	var all []money.Amount
	for _, s := range texts {
		d, err := money.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, money.Of(d, "EUR"))
	}
	return all
}

func draw(t *testing.T, c Columns) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Draw().Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestColumnsSayTheirNumbersExactly(t *testing.T) {
	c := Columns{ID: "m", Title: "Cost and price by month", Labels: []string{"2026-09", "2026-10"},
		Series: []Series{{Name: "Cost", Class: "b", Values: eur(t, "0.1", "12345678901234567.89")}, {Name: "Price", Class: "a", Values: eur(t, "-5", "0")}}}
	got := draw(t, c)
	for _, want := range []string{"0.10 EUR", "12345678901234567.89 EUR", "-5.00 EUR", "Cost and price by month", `aria-labelledby="m-wide"`} {
		if !strings.Contains(got, want) {
			t.Errorf("the chart does not say %q", want)
		}
	}
	if strings.Contains(got, "style=") || strings.Contains(got, "NaN") || strings.Contains(got, "Inf") {
		t.Errorf("the chart has inline style or a place that is no number:\n%s", got)
	}
}

func TestColumnsOfNothing(t *testing.T) {
	for _, c := range []Columns{{}, {Labels: []string{"2026-10"}}, {Labels: []string{"2026-10"}, Series: []Series{{Values: eur(t, "0")}}},
		{Labels: []string{"a"}, Series: []Series{{Values: eur(t, "1", "2", "3")}}}} {
		if got := draw(t, c); strings.Contains(got, "NaN") || strings.Contains(got, "Inf") {
			t.Errorf("%+v draws a place that is no number", c)
		}
	}
}

func TestBarsStayInsideAndStandOnZero(t *testing.T) {
	c := Columns{Labels: []string{"a", "b", "c"}, Series: []Series{{Values: eur(t, "-40", "0", "100")}}}
	s := c.scale()
	if s.low > -40 || s.high < 100 {
		t.Fatalf("scale %+v cuts values", s)
	}
	bars := c.drawings()[0].bars()
	if bars[0].Y != c.zero() {
		t.Errorf("a negative bar starts at %s, want the zero line %s", bars[0].Y, c.zero())
	}
	if len(bars) != 3 {
		t.Errorf("%d bars, want 3", len(bars))
	}
}

// TestNarrowShowsTheLastMonths: what a phone has no room for are the oldest labels, with their bars and links.
func TestNarrowShowsTheLastMonths(t *testing.T) {
	c := Columns{Series: []Series{{Class: "a"}}}
	for i := range 9 {
		label := string(rune('a' + i))
		c.Labels, c.Href = append(c.Labels, label), append(c.Href, "/"+label)
		c.Series[0].Values = append(c.Series[0].Values, eur(t, "7")...)
	}
	narrow := c.drawings()[1]
	bars := narrow.bars()
	if len(bars) != narrowLabels || bars[0].Href != "/d" || bars[5].Href != "/i" || !strings.HasPrefix(bars[0].Title, "d,") {
		t.Errorf("narrow bars: %+v", bars)
	}
	if len(c.drawings()[0].bars()) != 9 {
		t.Error("the wide drawing lost bars")
	}
}

func TestShortNumbers(t *testing.T) {
	for want, v := range map[string]float64{"0": 0, "950": 950, "1.5k": 1500, "-2k": -2000, "12.35M": 12_345_678, "0.25": 0.25} {
		if got := short(v); got != want {
			t.Errorf("short(%v) = %q, want %q", v, got, want)
		}
	}
}

func TestShare(t *testing.T) {
	s := Share{Used: 9000, Limit: 10000, StopAt: 7000}
	if s.class() != "over" || s.at(s.Used) != "576" {
		t.Errorf("class %q at %s", s.class(), s.at(s.Used))
	}
	if got := (Share{Used: 20000, Limit: 10000}).at(20000); got != "640" {
		t.Errorf("more than everything ends at %s, want the end of the bar", got)
	}
	if got := (Share{}).at(0); got != "0" {
		t.Errorf("nothing of nothing at %s", got)
	}
}
