package money

import (
	"math/big"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// num is Parse for numbers that the tests know to be good.
func num(s string) Decimal {
	d, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// drawDecimal makes numbers as they occur in files: signs, up to 12 digits after the point.
func drawDecimal(t *rapid.T, label string) Decimal {
	return New(rapid.Int64Range(-1_000_000_000_000, 1_000_000_000_000).Draw(t, label), -rapid.Int32Range(0, 12).Draw(t, label+" places"))
}

func TestParse(t *testing.T) {
	tests := []struct{ text, want string }{
		{"0", "0"}, {"-0", "0"}, {"12.50", "12.5"}, {"-3", "-3"}, {"+3", "3"}, {".5", "0.5"}, {"5.", "5"}, {"007", "7"},
		{"3.1E-07", "0.00000031"}, {"0E-20", "0"}, {"1e3", "1000"}, {"1E+2", "100"},
		{"23.999999999999996", "23.999999999999996"}, {"24.0000000001", "24.0000000001"},
		{"0.000000000000000001", "0.000000000000000001"}, {"-99999999999999999999.99", "-99999999999999999999.99"},
	}
	for _, test := range tests {
		got, err := Parse(test.text)
		if err != nil || got.String() != test.want {
			t.Errorf("Parse(%q) = %s, %v; want %s", test.text, got, err, test.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", " ", "1 2", "1,5", "1.2.3", "abc", "0x10", "NaN", "Inf", "-", "--1", "1e", "'1.5", "1_000", "１２", "1e61", "1e-61", "1e999999999",
		strings.Repeat("9", 69), "0." + strings.Repeat("1", 70)} {
		if got, err := Parse(text); err == nil {
			t.Errorf("Parse(%q) = %s, want an error", text, got)
		}
	}
	if _, err := Parse(strings.Repeat("9", 500)); err == nil || len(err.Error()) > 100 {
		t.Errorf("the error about a long number must be short: %v", err)
	}
}

func TestRound(t *testing.T) {
	tests := []struct {
		value             string
		places            int32
		away, even, zero_ string
	}{
		{"0.125", 2, "0.13", "0.12", "0.12"},
		{"-0.125", 2, "-0.13", "-0.12", "-0.12"},
		{"0.135", 2, "0.14", "0.14", "0.13"},
		{"-0.135", 2, "-0.14", "-0.14", "-0.13"},
		{"0.129", 2, "0.13", "0.13", "0.12"},
		{"-0.129", 2, "-0.13", "-0.13", "-0.12"},
		{"0.1249999", 2, "0.12", "0.12", "0.12"},
		{"2.5", 0, "3", "2", "2"},
		{"3.5", 0, "4", "4", "3"},
		{"-2.5", 0, "-3", "-2", "-2"},
		{"1250", -2, "1300", "1200", "1200"},
		{"1249", -2, "1200", "1200", "1200"},
		{"-1250", -2, "-1300", "-1200", "-1200"},
		{"112.896", 2, "112.9", "112.9", "112.89"}, // Microsoft sheet §4.5: the documented example truncates
		{"0.004", 2, "0", "0", "0"},
		{"-0.004", 2, "0", "0", "0"},
		{"7", 4, "7", "7", "7"},
	}
	for _, test := range tests {
		for _, mode := range []struct {
			mode Mode
			want string
		}{{HalfAwayFromZero, test.away}, {HalfEven, test.even}, {TowardZero, test.zero_}} {
			if got := num(test.value).Round(test.places, mode.mode); got.String() != mode.want {
				t.Errorf("%s to %d places %s = %s, want %s", test.value, test.places, mode.mode, got, mode.want)
			}
		}
	}
}

func TestDiv(t *testing.T) {
	tests := []struct {
		a, b   string
		places int32
		mode   Mode
		want   string
	}{
		{"1", "3", 4, HalfAwayFromZero, "0.3333"},
		{"2", "3", 4, HalfAwayFromZero, "0.6667"},
		{"-2", "3", 4, HalfAwayFromZero, "-0.6667"},
		{"2", "-3", 4, TowardZero, "-0.6666"},
		{"-2", "-3", 4, TowardZero, "0.6666"},
		{"1", "8", 2, HalfAwayFromZero, "0.13"},
		{"1", "8", 2, HalfEven, "0.12"},
		{"3", "8", 2, HalfEven, "0.38"},
		{"-1", "8", 2, HalfAwayFromZero, "-0.13"},
		{"-1", "8", 2, HalfEven, "-0.12"},
		{"1106.60", "20", 4, HalfAwayFromZero, "55.33"}, // Microsoft sheet, sample line 8
		{"259.20", "12", 4, HalfAwayFromZero, "21.6"},
		{"0", "7", 4, HalfAwayFromZero, "0"},
		{"1", "1000000", 4, HalfAwayFromZero, "0"},
		{"-1", "1000000", 4, HalfAwayFromZero, "0"},
		{"0.05", "1", 1, HalfAwayFromZero, "0.1"},
		{"5", "2", 0, HalfEven, "2"},
		{"7", "2", 0, HalfEven, "4"},
		{"7", "2", -1, HalfAwayFromZero, "4"}, // fewer than no places is no places
	}
	for _, test := range tests {
		got, ok := num(test.a).Div(num(test.b), test.places, test.mode)
		if !ok || got.String() != test.want {
			t.Errorf("%s ÷ %s to %d places %s = %s, %v; want %s", test.a, test.b, test.places, test.mode, got, ok, test.want)
		}
	}
	if q, ok := num("1").Div(Decimal{}, 2, HalfEven); ok || !q.IsZero() {
		t.Errorf("1 ÷ 0 = %s, %v", q, ok)
	}
}

// TestDivRoundsOnce compares every quotient with exact fractions: the result is off by at most half a step, or less than one step when
// truncated, and never on the wrong side.
func TestDivRoundsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawDecimal(t, "a"), drawDecimal(t, "b")
		if b.IsZero() {
			b = Int(1)
		}
		places := rapid.Int32Range(0, 10).Draw(t, "places")
		mode := rapid.SampledFrom([]Mode{HalfAwayFromZero, HalfEven, TowardZero}).Draw(t, "mode")
		got, ok := a.Div(b, places, mode)
		if !ok || got.Places() > places {
			t.Fatalf("%s ÷ %s = %s, %v", a, b, got, ok)
		}
		exact := new(big.Rat).Quo(a.d.Rat(), b.d.Rat())
		off := new(big.Rat).Sub(exact, got.d.Rat())
		step := New(1, -places).d.Rat()
		size := new(big.Rat).Abs(off)
		if mode == TowardZero {
			if size.Cmp(step) >= 0 || off.Sign() != 0 && off.Sign() != exact.Sign() {
				t.Fatalf("%s ÷ %s truncated to %s", a, b, got)
			}
			return
		}
		if size.Mul(size, big.NewRat(2, 1)).Cmp(step) > 0 {
			t.Fatalf("%s ÷ %s = %s is off by more than half a step", a, b, got)
		}
	})
}

// TestRoundAgreesWithDiv: rounding a number is dividing it by one.
func TestRoundAgreesWithDiv(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawDecimal(t, "a")
		places := rapid.Int32Range(0, 10).Draw(t, "places")
		for _, mode := range []Mode{HalfAwayFromZero, HalfEven, TowardZero} {
			q, _ := a.Div(Int(1), places, mode)
			if r := a.Round(places, mode); !r.Equal(q) || !r.Neg().Equal(a.Neg().Round(places, mode)) || !r.Equal(r.Round(places, mode)) {
				t.Fatalf("%s to %d places %s: round %s, divide %s", a, places, mode, r, q)
			}
		}
	})
}

func TestArithmeticIsExact(t *testing.T) {
	if got := num("0.1").Add(num("0.2")); got.String() != "0.3" {
		t.Errorf("0.1 + 0.2 = %s", got)
	}
	if got := Sum(num("0.1"), num("0.2"), num("-0.3")); !got.IsZero() {
		t.Errorf("sum %s", got)
	}
	if got := Sum(); !got.IsZero() {
		t.Errorf("empty sum %s", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawDecimal(t, "a"), drawDecimal(t, "b"), drawDecimal(t, "c")
		switch {
		case !a.Add(b).Equal(b.Add(a)), !a.Add(b).Add(c).Equal(a.Add(b.Add(c))), !a.Add(b).Sub(b).Equal(a),
			!a.Mul(b.Add(c)).Equal(a.Mul(b).Add(a.Mul(c))), a.Cmp(b) != -b.Cmp(a), a.Sub(b).Sign() != a.Cmp(b),
			a.Abs().Sign() < 0, !a.Neg().Neg().Equal(a), !Sum(a, b, c).Equal(a.Add(b).Add(c)):
			t.Fatalf("arithmetic of %s, %s, %s", a, b, c)
		}
	})
}

func TestTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawDecimal(t, "a")
		text, err := a.MarshalText()
		if err != nil || strings.ContainsAny(string(text), "eE+") {
			t.Fatalf("%s marshals to %q, %v", a, text, err)
		}
		var b Decimal
		if err := b.UnmarshalText(text); err != nil || !b.Equal(a) || b.String() != a.String() {
			t.Fatalf("%s comes back as %s, %v", a, b, err)
		}
	})
	d := Int(5)
	if err := d.UnmarshalText([]byte("five")); err == nil || !d.Equal(Int(5)) {
		t.Errorf("bad text: %v, value %s", err, d)
	}
}

func TestPlacesAndFixed(t *testing.T) {
	tests := []struct {
		value  string
		places int32
		fixed2 string
	}{{"0", 0, "0.00"}, {"12.50", 1, "12.50"}, {"0.0408", 4, "0.04"}, {"100", 0, "100.00"}, {"-0.125", 3, "-0.13"}, {"1e3", 0, "1000.00"}, {"3.1E-07", 8, "0.00"}}
	for _, test := range tests {
		d := num(test.value)
		if d.Places() != test.places || d.Fixed(2) != test.fixed2 {
			t.Errorf("%s: places %d, fixed %s; want %d, %s", test.value, d.Places(), d.Fixed(2), test.places, test.fixed2)
		}
	}
}

// The number of digits is that of the text, whatever the size of the number and whatever zeros it ends with.
func TestPlacesAreThoseOfTheText(t *testing.T) {
	for _, digits := range []string{"0", "1", "10", "120", "-1050", "999999999999999999", "1000000000000000000", "-9223372036854775808", "123456789012345678900", "70000000000000000000000"} {
		for places := range 30 {
			d := num(digits + "e-" + strconv.Itoa(places))
			_, fraction, _ := strings.Cut(d.String(), ".")
			if int(d.Places()) != len(fraction) {
				t.Errorf("%s: %d places", d, d.Places())
			}
		}
	}
}

func TestInt64(t *testing.T) {
	tests := []struct {
		value string
		n     int64
		ok    bool
	}{{"0", 0, true}, {"15", 15, true}, {"15.0", 15, true}, {"-3", -3, true}, {"15.5", 0, false}, {"9223372036854775807", 9223372036854775807, true},
		{"9223372036854775808", 0, false}, {"1e3", 1000, true}, {"23.999999999999996", 0, false}}
	for _, test := range tests {
		d := num(test.value)
		if n, ok := d.Int64(); n != test.n || ok != test.ok {
			t.Errorf("Int64(%s) = %d, %v", test.value, n, ok)
		}
		if _, ok := d.Int64(); ok && !d.IsInteger() {
			t.Errorf("%s has an integer but is none", test.value)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"12.50", "3.1E-07", "0E-20", "-", "1e61", "9e-60", "123e58", "0e60"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text)
		if err != nil {
			return
		}
		back, err := Parse(d.String())
		if err != nil || !back.Equal(d) {
			t.Errorf("%q parses to %s, which comes back as %s, %v", text, d, back, err)
		}
	})
}
