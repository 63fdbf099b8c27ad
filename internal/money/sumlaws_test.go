package money

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawAmount makes amounts as invoices have them, in four currencies.
func drawAmount(t *rapid.T, label string) Amount {
	return Of(drawDecimal(t, label), rapid.SampledFrom([]Currency{"EUR", "USD", "JPY", "KWD"}).Draw(t, label+" currency"))
}

// TestAmountsAddUpInAnyOrder: sums of one currency do not depend on who is added first, and what was added can be taken back to the last digit. A charge that is
// corrected and corrected back must be what it was.
func TestAmountsAddUpInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawAmount(t, "a")
		b, c := Of(drawDecimal(t, "b"), a.Currency()), Of(drawDecimal(t, "c"), a.Currency())
		add := func(x, y Amount) Amount {
			sum, err := x.Add(y)
			if err != nil {
				t.Fatal(err)
			}
			return sum
		}
		if left, right := add(add(a, b), c), add(a, add(c, b)); !left.Equal(right) || left.Currency() != a.Currency() {
			t.Fatalf("%s and %s", left, right)
		}
		if back, err := add(a, b).Sub(b); err != nil || !back.Equal(a) {
			t.Fatalf("%s and back is %s, %v", a, back, err)
		}
		if none := add(a, Amount{}); !none.Equal(a) || none.Currency() != a.Currency() || !add(Amount{}, a).Equal(a) {
			t.Fatalf("%s and nothing is %s", a, none)
		}
		if gone := add(a, a.Neg()); !gone.IsZero() || gone.Currency() != a.Currency() || gone.Sign() != 0 {
			t.Fatalf("%s less itself is %s", a, gone)
		}
		factor := drawDecimal(t, "factor")
		if apart := add(a.Mul(factor), b.Mul(factor)); !apart.Equal(add(a, b).Mul(factor)) {
			t.Fatalf("(%s and %s) times %s: %s", a, b, factor, apart)
		}
	})
}

// TestAmountsComeBackFromText: what is written is read as the same number and currency, and signs are shown only where a delta is.
func TestAmountsComeBackFromText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawAmount(t, "a")
		text, err := a.MarshalText()
		var back Amount
		if err != nil || back.UnmarshalText(text) != nil || !back.Equal(a) || back.Currency() != a.Currency() || back.String() != a.String() {
			t.Fatalf("%s is stored as %q and read as %s", a, text, back)
		}
		if signed := a.Signed(); strings.TrimPrefix(signed, "+") != a.String() || strings.HasPrefix(signed, "+") != (a.Sign() > 0) {
			t.Fatalf("%s as a delta is %q", a, signed)
		}
		number, code, _ := strings.Cut(a.String(), " ")
		if number != a.Number() || code != string(a.Currency()) || !num(number).Equal(a.Value()) {
			t.Fatalf("%s is written %q", a, number)
		}
		if _, fraction, _ := strings.Cut(number, "."); len(fraction) < int(a.Currency().MinorPlaces()) {
			t.Fatalf("%s shows fewer digits than its currency has", number)
		}
	})
}

// TestRefusedNumbersInWords: who reads a refused file is told what is wrong with which number.
func TestRefusedNumbersInWords(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "an empty text is not a number",
		"12,50":                 `"12,50" is not a decimal number`,
		strings.Repeat("x", 90): `"` + strings.Repeat("x", 40) + `" is not a decimal number`,
		strings.Repeat("1", 61): "number 11111111111111111111… is longer than 60 digits",
		"1e61":                  "number 1e61… is longer than 60 digits",
	} {
		if d, err := Parse(text); err == nil || err.Error() != want || !d.IsZero() {
			t.Errorf("%q: %s, %v; want %s", text, d, err, want)
		}
	}
}

// TestDivisionUndoesMultiplication: a unit cost times its quantity is the amount, to what the places can hold; the remainder is always less than half a step, or,
// towards zero, less than a step and never more than there was.
func TestDivisionUndoesMultiplication(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawDecimal(t, "a"), drawDecimal(t, "b")
		if b.IsZero() {
			if q, ok := a.Div(b, 4, HalfEven); ok || !q.IsZero() {
				t.Fatalf("%s by nothing is %s", a, q)
			}
			return
		}
		places := rapid.Int32Range(0, 8).Draw(t, "places")
		if exact, ok := a.Mul(b).Div(b, a.Places(), HalfAwayFromZero); !ok || !exact.Equal(a) {
			t.Fatalf("%s × %s ÷ %s is %s", a, b, b, exact)
		}
		step := New(1, -places).Mul(b.Abs())
		for _, mode := range []Mode{HalfAwayFromZero, HalfEven, TowardZero} {
			q, _ := a.Div(b, places, mode)
			rest := a.Sub(q.Mul(b)).Abs()
			if mode == TowardZero && (rest.Cmp(step) >= 0 || q.Mul(b).Abs().Cmp(a.Abs()) > 0) || mode != TowardZero && rest.Add(rest).Cmp(step) > 0 {
				t.Fatalf("%s ÷ %s at %d places is %s %s, %s is left", a, b, places, q, mode, rest)
			}
			if opposite, _ := a.Neg().Div(b, places, mode); !opposite.Equal(q.Neg()) {
				t.Fatalf("%s ÷ %s is %s, of the opposite %s", a, b, q, opposite)
			}
			if both, _ := a.Neg().Div(b.Neg(), places, mode); !both.Equal(q) {
				t.Fatalf("%s ÷ %s is %s, of both opposites %s", a, b, q, both)
			}
		}
	})
}

// TestSharesAreNearlyExact: no share is a step or more away from what is exactly due to it, who weighs nothing gets nothing, and the shares add up.
func TestSharesAreNearlyExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := drawAmount(t, "amount")
		places := amount.Currency().MinorPlaces()
		amount = amount.Round(places, HalfAwayFromZero)
		var weights []Decimal
		var total Decimal
		for range rapid.IntRange(1, 12).Draw(t, "groups") {
			w := New(rapid.Int64Range(-3, 9).Draw(t, "weight"), -2)
			weights = append(weights, w)
			if w.Sign() > 0 {
				total = total.Add(w)
			}
		}
		if total.IsZero() {
			return
		}
		var sum Decimal
		for i, part := range amount.Split(weights, places) {
			sum = sum.Add(part.Value())
			if weights[i].Sign() <= 0 {
				if !part.IsZero() || part.Currency() != amount.Currency() {
					t.Fatalf("weight %s gets %s of %s", weights[i], part, amount)
				}
				continue
			}
			// |part × total − amount × weight| < step × total
			if off := part.Value().Mul(total).Sub(amount.Value().Mul(weights[i])).Abs(); off.Cmp(New(1, -places).Mul(total)) >= 0 {
				t.Fatalf("weight %s of %s gets %s of %s", weights[i], total, part, amount)
			}
		}
		if !sum.Equal(amount.Value()) {
			t.Fatalf("shares of %s add up to %s", amount, sum)
		}
	})
}

// TestTotalsInWords: sums are listed by currency code; money without a currency is shown, because it is money, and nothing without a currency is not.
func TestTotalsInWords(t *testing.T) {
	tests := []struct {
		amounts []Amount
		want    string
	}{
		{nil, "0"},
		{[]Amount{{}}, "0"},
		{[]Amount{Of(num("0"), "EUR")}, "0.00 EUR"},
		{[]Amount{Of(num("5"), "")}, "5"},
		{[]Amount{Of(num("5"), ""), Of(num("-5"), "")}, "0"},
		{[]Amount{Of(num("1"), "USD"), Of(num("2"), "EUR"), Of(num("3"), "")}, "3, 2.00 EUR, 1.00 USD"},
		{[]Amount{Of(num("1"), "USD"), Of(num("2.5"), "USD")}, "3.50 USD"},
	}
	for _, test := range tests {
		for range 2 {
			var totals Totals
			for _, a := range test.amounts {
				totals.Add(a)
			}
			if got := totals.String(); got != test.want {
				t.Errorf("%v: %q, want %q", test.amounts, got, test.want)
			}
			slices.Reverse(test.amounts)
		}
	}
}

// TestTotalsAreRoundedByCurrency: each sum is rounded by itself and away from zero at a half, and what it was rounded from stays exact.
func TestTotalsAreRoundedByCurrency(t *testing.T) {
	var exact Totals
	for _, text := range []string{"2712.214511866094052 EUR", "0.005 USD", "-0.005 JPY"} {
		a, err := ParseAmount(text)
		if err != nil {
			t.Fatal(err)
		}
		exact.Add(a)
	}
	const whole = "2712.214511866094052 EUR, -0.005 JPY, 0.005 USD"
	if got := exact.Round(2, HalfAwayFromZero).String(); got != "2712.21 EUR, -0.01 JPY, 0.01 USD" || exact.String() != whole {
		t.Errorf("rounded %s of %s", got, exact)
	}
	if got := (Totals{}).Round(2, HalfAwayFromZero); got.String() != "0" {
		t.Errorf("nothing is rounded to %s", got)
	}
}
