package money

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func eur(s string) Amount { return Of(num(s), "EUR") }

func TestParseCurrency(t *testing.T) {
	for text, want := range map[string]Currency{"EUR": "EUR", "eur": "EUR", " usd ": "USD"} {
		if got, err := ParseCurrency(text); err != nil || got != want {
			t.Errorf("ParseCurrency(%q) = %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "EU", "EURO", "E1R", "€", "E R"} {
		if got, err := ParseCurrency(text); err == nil {
			t.Errorf("ParseCurrency(%q) = %q, want an error", text, got)
		}
	}
}

func TestAmountText(t *testing.T) {
	tests := []struct {
		amount               Amount
		text, number, signed string
	}{
		{Amount{}, "0", "0.00", "0"},
		{eur("12.5"), "12.50 EUR", "12.50", "+12.50 EUR"},
		{eur("-12.5"), "-12.50 EUR", "-12.50", "-12.50 EUR"},
		{eur("0"), "0.00 EUR", "0.00", "0.00 EUR"},
		{eur("0.0408"), "0.0408 EUR", "0.0408", "+0.0408 EUR"},
		{Of(num("1000"), "JPY"), "1000 JPY", "1000", "+1000 JPY"},
		{Of(num("1000.5"), "JPY"), "1000.5 JPY", "1000.5", "+1000.5 JPY"},
		{Of(num("1.5"), "KWD"), "1.500 KWD", "1.500", "+1.500 KWD"},
	}
	for _, test := range tests {
		if test.amount.String() != test.text || test.amount.Number() != test.number || test.amount.Signed() != test.signed {
			t.Errorf("%q %q %q, want %q %q %q", test.amount.String(), test.amount.Number(), test.amount.Signed(), test.text, test.number, test.signed)
		}
		text, err := test.amount.MarshalText()
		var back Amount
		if err != nil || back.UnmarshalText(text) != nil || back.Currency() != test.amount.Currency() || !back.Value().Equal(test.amount.Value()) {
			t.Errorf("%q does not come back: %v", text, back)
		}
	}
}

func TestParseAmountRefuses(t *testing.T) {
	for _, text := range []string{"", "12.50", "EUR", "12.50EUR", "12,50 EUR", "12.50 EURO", "x EUR", "1 2 EUR", " EUR"} {
		if got, err := ParseAmount(text); err == nil {
			t.Errorf("ParseAmount(%q) = %v, want an error", text, got)
		}
	}
	kept := eur("5")
	if err := kept.UnmarshalText([]byte("nonsense")); err == nil || !kept.Equal(eur("5")) {
		t.Errorf("bad text: %v, value %s", err, kept)
	}
}

func TestCurrenciesNeverMix(t *testing.T) {
	usd := Of(num("1"), "USD")
	tests := []struct {
		name string
		a, b Amount
		want string // "" for refused
	}{
		{"same", eur("1.10"), eur("2.20"), "3.30 EUR"},
		{"different", eur("1"), usd, ""},
		{"different with zero on the right", eur("1"), Of(Decimal{}, "USD"), ""},
		{"different with zero on the left", Of(Decimal{}, "USD"), eur("1"), ""},
		{"nothing on the left", Amount{}, eur("1"), "1.00 EUR"},
		{"nothing on the right", eur("1"), Amount{}, "1.00 EUR"},
		{"nothing at all", Amount{}, Amount{}, "0"},
		{"money without currency on the right", eur("1"), Of(num("1"), ""), ""},
		{"money without currency on the left", Of(num("1"), ""), eur("1"), ""},
		{"money without currency twice", Of(num("1"), ""), Of(num("2"), ""), "3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sum, err := test.a.Add(test.b)
			var mixed MixedCurrencyError
			if test.want == "" {
				if !errors.As(err, &mixed) || !strings.Contains(err.Error(), "never mix") || sum != (Amount{}) {
					t.Fatalf("sum %s, error %v", sum, err)
				}
				if _, err := test.a.Sub(test.b); !errors.As(err, &mixed) {
					t.Errorf("difference: error %v", err)
				}
				return
			}
			if err != nil || sum.String() != test.want {
				t.Fatalf("sum %s, error %v, want %s", sum, err, test.want)
			}
			if back, err := sum.Sub(test.b); err != nil || !back.Equal(test.a) {
				t.Errorf("sum − b = %s, %v; want %s", back, err, test.a)
			}
		})
	}
}

func TestAmountEqual(t *testing.T) {
	tests := []struct {
		a, b Amount
		want bool
	}{
		{eur("1"), eur("1.00"), true}, {eur("1"), eur("2"), false}, {eur("1"), Of(num("1"), "USD"), false},
		{eur("0"), Of(num("0"), "USD"), true}, {Amount{}, eur("0"), true}, {Amount{}, eur("1"), false},
	}
	for _, test := range tests {
		if test.a.Equal(test.b) != test.want || test.b.Equal(test.a) != test.want {
			t.Errorf("%s equal %s: want %v", test.a, test.b, test.want)
		}
	}
}

func TestAmountArithmetic(t *testing.T) {
	a := eur("9.99")
	if got := a.Mul(num("3")); got.String() != "29.97 EUR" {
		t.Errorf("times 3: %s", got)
	}
	if got := a.Neg(); got.String() != "-9.99 EUR" || got.Sign() != -1 || a.Sign() != 1 {
		t.Errorf("negated: %s", got)
	}
	if got := a.Mul(num("0.333")).Round(2, HalfAwayFromZero); got.String() != "3.33 EUR" {
		t.Errorf("rounded: %s", got)
	}
	if got := eur("9.999").Round(2, TowardZero); got.String() != "9.99 EUR" {
		t.Errorf("truncated: %s", got)
	}
	if !eur("0").IsZero() || a.IsZero() {
		t.Error("zero")
	}
}

func TestTotals(t *testing.T) {
	var empty, totals Totals
	if empty.String() != "0" || len(empty.Amounts()) != 0 || !empty.In("EUR").IsZero() {
		t.Errorf("empty totals: %s", empty)
	}
	for _, a := range []Amount{Of(num("3"), "USD"), eur("10"), eur("2.50"), {}, Of(num("-3"), "USD")} {
		totals.Add(a)
	}
	if totals.String() != "12.50 EUR, 0.00 USD" || totals.In("EUR").String() != "12.50 EUR" || !totals.In("CHF").IsZero() {
		t.Errorf("totals %s", totals)
	}
	var other Totals
	other.Add(eur("12.5"))
	if !totals.Equal(other) || !other.Equal(totals) {
		t.Error("a zero sum equals an absent one")
	}
	other.Add(eur("0.01"))
	if totals.Equal(other) || other.Equal(totals) {
		t.Error("totals that differ are equal")
	}
	var foreign Totals
	foreign.Add(Of(num("12.5"), "USD"))
	if totals.Equal(foreign) || foreign.Equal(totals) || empty.Equal(foreign) || foreign.Equal(empty) {
		t.Error("totals in other currencies are equal")
	}
}

func TestTotalsDoNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amounts := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Amount {
			return Of(drawDecimal(t, "value"), rapid.SampledFrom([]Currency{"EUR", "USD", ""}).Draw(t, "currency"))
		})).Draw(t, "amounts")
		var a, b Totals
		for _, x := range amounts {
			a.Add(x)
		}
		for _, x := range rapid.Permutation(amounts).Draw(t, "order") {
			b.Add(x)
		}
		if !a.Equal(b) || a.String() != b.String() {
			t.Fatalf("%s and %s", a, b)
		}
	})
}

func TestSplit(t *testing.T) {
	tests := []struct {
		name    string
		amount  Amount
		weights []string
		places  int32
		want    []string
	}{
		{"thirds", eur("10"), []string{"1", "1", "1"}, 2, []string{"3.34", "3.33", "3.33"}},
		{"two thirds", eur("0.02"), []string{"1", "1", "1"}, 2, []string{"0.01", "0.01", "0.00"}},
		{"largest loss first", eur("1"), []string{"0.105", "0.205", "0.69"}, 2, []string{"0.11", "0.20", "0.69"}},
		{"credit", eur("-10"), []string{"1", "1", "1"}, 2, []string{"-3.34", "-3.33", "-3.33"}},
		{"nothing", eur("0"), []string{"1", "2"}, 2, []string{"0.00", "0.00"}},
		{"one part", eur("7.77"), []string{"3"}, 2, []string{"7.77"}},
		{"no weights", eur("7.77"), []string{"0", "0"}, 2, []string{"7.77", "0.00"}},
		{"negative weights count as zero", eur("7.77"), []string{"-5", "2"}, 2, []string{"0.00", "7.77"}},
		{"only negative weights", eur("7.77"), []string{"-5", "-2"}, 2, []string{"7.77", "0.00"}},
		{"finer than the places", eur("0.005"), []string{"1", "1"}, 2, []string{"0.005", "0.00"}},
		{"finer than the places, in proportion", eur("10.005"), []string{"0", "1", "1"}, 2, []string{"0.00", "5.005", "5.00"}},
		{"yen", Of(num("100"), "JPY"), []string{"1", "1", "1"}, 0, []string{"34", "33", "33"}},
		{"usage of the sample", eur("6.52"), []string{"4.62443", "1.8983"}, 2, []string{"4.62", "1.90"}},
		{"very unequal", eur("0.03"), []string{"1000000", "0.000001"}, 2, []string{"0.03", "0.00"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var weights []Decimal
			for _, w := range test.weights {
				weights = append(weights, num(w))
			}
			parts := test.amount.Split(weights, test.places)
			var got []string
			for _, p := range parts {
				got = append(got, p.Number())
				if p.Currency() != test.amount.Currency() {
					t.Errorf("part in %q", p.Currency())
				}
			}
			if strings.Join(got, " ") != strings.Join(test.want, " ") {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	if parts := eur("5").Split(nil, 2); len(parts) != 0 {
		t.Errorf("no parts wanted, got %v", parts)
	}
}

// TestSplitProperties: the parts add up to the amount exactly, none has the other sign, each is within one step of its exact share, and
// a weight of zero gets nothing while another weight is positive.
func TestSplitProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := Of(New(rapid.Int64Range(-1_000_000, 1_000_000).Draw(t, "cents"), -2), "EUR")
		weights := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Decimal {
			return New(rapid.Int64Range(-50, 1_000_000_000).Draw(t, "weight"), -rapid.Int32Range(0, 10).Draw(t, "digits"))
		}), 1, 12).Draw(t, "weights")
		parts := amount.Split(weights, 2)
		var sum, total Decimal
		for _, w := range weights {
			if w.Sign() > 0 {
				total = total.Add(w)
			}
		}
		step := New(1, -2)
		for i, p := range parts {
			sum = sum.Add(p.Value())
			if p.Sign() != 0 && p.Sign() != amount.Sign() {
				t.Fatalf("part %d is %s of %s", i, p, amount)
			}
			if p.Value().Places() > 2 {
				t.Fatalf("part %d is %s", i, p)
			}
			if total.Sign() <= 0 {
				continue
			}
			w := weights[i]
			if w.Sign() <= 0 {
				if !p.IsZero() {
					t.Fatalf("weight %s got %s", w, p)
				}
				continue
			}
			exact, _ := amount.Value().Mul(w).Div(total, 20, TowardZero)
			if exact.Sub(p.Value()).Abs().Cmp(step) > 0 {
				t.Fatalf("part %d is %s, exactly %s", i, p, exact)
			}
		}
		if !sum.Equal(amount.Value()) {
			t.Fatalf("parts add up to %s, not %s", sum, amount)
		}
	})
}
