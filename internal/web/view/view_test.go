package view

import (
	"net/url"
	"testing"
	"time"

	"spindle/internal/billing"
	"spindle/internal/money"
)

func eur(t *testing.T, text string) money.Amount {
	t.Helper()
	d, err := money.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return money.Of(d, "EUR")
}

func TestFigures(t *testing.T) {
	for text, want := range map[string][2]string{
		"0": {"0.00", "0.00"}, "5": {"5.00", "+5.00"}, "-5.5": {"−5.50", "−5.50"}, "1234567.891": {"1\u00a0234\u00a0567.891", "+1\u00a0234\u00a0567.891"},
		"-999": {"−999.00", "−999.00"}, "0.1999968000511991808131": {"0.1999968000511991808131", "+0.1999968000511991808131"},
	} {
		if got := Figure(eur(t, text)); got != want[0] {
			t.Errorf("Figure(%s) = %q, want %q", text, got, want[0])
		}
		if got := Signed(eur(t, text)); got != want[1] {
			t.Errorf("Signed(%s) = %q, want %q", text, got, want[1])
		}
	}
}

func TestRounded(t *testing.T) {
	var sums money.Totals
	sums.Add(eur(t, "1191.8583"))
	sums.Add(money.Of(money.New(1005, -1), "JPY"))
	got := Rounded(sums)
	if a := got.In("EUR").String(); a != "1191.86 EUR" {
		t.Errorf("EUR %s", a)
	}
	if a := got.In("JPY").String(); a != "101 JPY" {
		t.Errorf("JPY %s", a)
	}
	if a := sums.In("EUR").String(); a != "1191.8583 EUR" {
		t.Errorf("the sums themselves became %s", a)
	}
}

func TestCounts(t *testing.T) {
	for n, want := range map[int]string{0: "0", 7: "7", 1000: "1\u00a0000", -12345: "−12\u00a0345", 100000000: "100\u00a0000\u00a0000"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
	if got := Plural(1, "change", "changes") + ", " + Plural(2, "change", "changes"); got != "1 change, 2 changes" {
		t.Error(got)
	}
}

func TestListKeepsItsStateInTheAddress(t *testing.T) {
	l := List{Base: "/o/n/customers", Values: url.Values{"q": {"a b"}, "sort": {"-price"}, "page": {"3"}}, Page: 3, Size: 50, Total: 120}
	for got, want := range map[string]string{
		l.With("page", "2"):            "/o/n/customers?page=2&q=a+b&sort=-price",
		l.With("state", "off"):         "/o/n/customers?q=a+b&sort=-price&state=off",
		l.With("q", ""):                "/o/n/customers?sort=-price",
		l.sortHref("price", true):      "/o/n/customers?q=a+b&sort=price",
		l.sortHref("cost", true):       "/o/n/customers?q=a+b&sort=-cost",
		l.sortHref("name", false):      "/o/n/customers?q=a+b&sort=name",
		List{Base: "/x"}.With("q", ""): "/x",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if l.sortedBy("price") != "descending" || l.sortedBy("cost") != "" {
		t.Error("the sorted column is not known")
	}
	if l.Pages() != 3 || l.From() != 101 || l.To() != 120 {
		t.Errorf("pages %d, rows %d to %d", l.Pages(), l.From(), l.To())
	}
	if e := (List{Page: 1, Size: 50}); e.Pages() != 1 || e.From() != 0 || e.To() != 0 {
		t.Error("an empty list has rows")
	}
	if len(l.Values) != 3 || l.Get("page") != "3" {
		t.Error("making a link changed the list")
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC)
	for want, at := range map[string]time.Time{"never": {}, "just now": now.Add(-time.Second), "5 minutes ago": now.Add(-5 * time.Minute),
		"1 hour ago": now.Add(-time.Hour), "3 days ago": now.Add(-72 * time.Hour)} {
		if got := Ago(at, now); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestHTMLIDsAreSafe(t *testing.T) {
	if got := htmlID("line-", `a "b"<c>`); got != "line-a_20_22b_22_3cc_3e" {
		t.Error(got)
	}
}

func TestMonthName(t *testing.T) {
	if got := MonthName("2026-10"); got != "October 2026" {
		t.Error(got)
	}
	if got := MonthName("soon"); got != "soon" {
		t.Error(got)
	}
}

func TestOffersInWords(t *testing.T) {
	for want, o := range map[string]billing.Offer{
		"1-year term, billed monthly": {Term: "P1Y", Frequency: billing.Monthly}, "1-month term": {Term: "P1M"}, "3-year term, billed yearly": {Term: "P3Y", Frequency: billing.Annual},
		"Y": {Term: "Y"}, "trial": {Term: "trial"}, "": {}, "billed monthly": {Frequency: billing.Monthly},
	} {
		if got := offerText(o); got != want {
			t.Errorf("%+v: %q, want %q", o, got, want)
		}
	}
}

// Microsoft counts in "1 GB": beside a quantity of 47.64 that must not read as 47.641 GB.
func TestUnitsStandApartFromQuantities(t *testing.T) {
	for unit, want := range map[string]string{"1 GB": "× 1 GB", "10K": "× 10K", "Hours": "Hours", "": ""} {
		if got := unitText(unit); got != want {
			t.Errorf("%q reads %q, want %q", unit, got, want)
		}
	}
}
