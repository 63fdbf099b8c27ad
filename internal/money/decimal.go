// Package money holds exact decimal numbers, amounts with a currency, and named rounding.
//
// It is the only place in the program where money is added, multiplied or rounded. There are no binary floats and no I/O.
// Law 9 of the design lives here: money is exact, rounding happens at named places with named modes, currencies never mix.
package money

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/shopspring/decimal"
)

// digitsMax bounds the digits of a parsed number, so that a hostile file cannot make us multiply million-digit numbers.
// Microsoft's own rows hold up to 22 digits.
const digitsMax = 60

// Decimal is an exact decimal number. The zero value is 0. Values are immutable.
type Decimal struct{ d decimal.Decimal }

// Mode names a rounding mode.
type Mode string

// The rounding modes in use. Nothing in the program rounds without naming one of them.
const (
	HalfAwayFromZero Mode = "half-away-from-zero" // 0.125 → 0.13, −0.125 → −0.13: the default for prices
	HalfEven         Mode = "half-even"           // 0.125 → 0.12: banker's rounding
	TowardZero       Mode = "toward-zero"         // 0.129 → 0.12: Microsoft's ROUNDDOWN
)

// Parse reads a decimal such as "12.50", "-3" or "3.1E-07". It refuses anything else, and numbers of more than 60 digits, as read or
// written out (a typographic minus passes): what it accepts, String writes in a form that it accepts again.
func Parse(s string) (Decimal, error) {
	if s == "" {
		return Decimal{}, fmt.Errorf("an empty text is not a number")
	}
	if digitsIn(s) > digitsMax {
		return Decimal{}, tooLong(s)
	}
	d, err := decimal.NewFromString(s)
	if err != nil {
		return Decimal{}, fmt.Errorf("%.40q is not a decimal number", s)
	}
	switch e := int(d.Exponent()); {
	case e > digitsMax, e < -digitsMax, !d.IsZero() && (e == -digitsMax || d.NumDigits()+e > digitsMax):
		return Decimal{}, tooLong(s)
	}
	return Decimal{d}, nil
}

// digitsIn counts the digits before the exponent. Signs and the point do not count.
func digitsIn(s string) int {
	n := 0
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			n++
		case c == 'e' || c == 'E':
			return n
		}
	}
	return n
}

func tooLong(s string) error {
	return fmt.Errorf("number %.20s… is longer than %d digits", s, digitsMax)
}

// Int gives n as a decimal.
func Int(n int64) Decimal { return Decimal{decimal.NewFromInt(n)} }

// New gives value × 10^exponent: New(1250, -2) is 12.50.
func New(value int64, exponent int32) Decimal { return Decimal{decimal.New(value, exponent)} }

// Add gives a + b, exactly.
func (a Decimal) Add(b Decimal) Decimal { return Decimal{a.d.Add(b.d)} }

// Sub gives a − b, exactly.
func (a Decimal) Sub(b Decimal) Decimal { return Decimal{a.d.Sub(b.d)} }

// Mul gives a × b, exactly.
func (a Decimal) Mul(b Decimal) Decimal { return Decimal{a.d.Mul(b.d)} }

// Neg gives −a.
func (a Decimal) Neg() Decimal { return Decimal{a.d.Neg()} }

// Abs gives |a|.
func (a Decimal) Abs() Decimal { return Decimal{a.d.Abs()} }

// Cmp gives −1, 0 or 1.
func (a Decimal) Cmp(b Decimal) int { return a.d.Cmp(b.d) }

// Equal reports whether a and b are the same number, whatever their trailing zeros.
func (a Decimal) Equal(b Decimal) bool { return a.d.Equal(b.d) }

// Sign gives −1, 0 or 1.
func (a Decimal) Sign() int { return a.d.Sign() }

// IsZero reports whether a is 0.
func (a Decimal) IsZero() bool { return a.d.IsZero() }

// IsInteger reports whether a has no fraction.
func (a Decimal) IsInteger() bool { return a.d.IsInteger() }

// Int64 gives a as an integer; ok is false when a has a fraction or does not fit.
func (a Decimal) Int64() (n int64, ok bool) {
	if !a.d.IsInteger() {
		return 0, false
	}
	b := a.d.BigInt()
	if !b.IsInt64() {
		return 0, false
	}
	return b.Int64(), true
}

// Round gives a rounded to places digits after the point (negative places round to tens, hundreds …).
func (a Decimal) Round(places int32, mode Mode) Decimal {
	switch mode {
	case HalfEven:
		return Decimal{a.d.RoundBank(places)}
	case TowardZero:
		return Decimal{a.d.RoundDown(places)}
	default:
		return Decimal{a.d.Round(places)}
	}
}

// Div gives a ÷ b rounded once to places digits. ok is false when b is 0.
func (a Decimal) Div(b Decimal, places int32, mode Mode) (quotient Decimal, ok bool) {
	if b.IsZero() {
		return Decimal{}, false
	}
	// The exact quotient as a fraction of integers, so that rounding happens once and not on an already rounded number.
	num, den := a.d.Coefficient(), b.d.Coefficient()
	shift := int64(a.d.Exponent()) - int64(b.d.Exponent()) + int64(max(places, 0))
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(max(shift, -shift)), nil)
	if shift < 0 {
		den.Mul(den, power)
	} else {
		num.Mul(num, power)
	}
	if den.Sign() < 0 {
		num.Neg(num)
		den.Neg(den)
	}
	sign := num.Sign()
	whole, rest := new(big.Int).QuoRem(num, den, new(big.Int))
	twice := new(big.Int).Abs(rest)
	twice.Lsh(twice, 1)
	up := false
	switch c := twice.Cmp(den); mode {
	case TowardZero:
	case HalfEven:
		up = c > 0 || c == 0 && whole.Bit(0) == 1
	default:
		up = c >= 0
	}
	if up {
		whole.Add(whole, big.NewInt(int64(sign)))
	}
	return Decimal{decimal.NewFromBigInt(whole, -max(places, 0))}, true
}

// String gives the shortest plain form, such as "12.5"; never an exponent.
func (a Decimal) String() string { return a.d.String() }

// Fixed gives a with exactly places digits after the point, rounded half away from zero when it has more.
func (a Decimal) Fixed(places int32) string { return a.d.StringFixed(places) }

// Places gives the number of digits after the point in the shortest form.
func (a Decimal) Places() int32 {
	const int64Digits = 18
	if a.d.NumDigits() <= int64Digits { // as nearly every number: no text is needed
		places := max(0, -a.d.Exponent())
		for n := a.d.CoefficientInt64(); places > 0 && n%10 == 0; n /= 10 {
			places--
		}
		return places
	}
	s := a.d.String()
	if i := strings.IndexByte(s, '.'); i >= 0 {
		return int32(len(s) - i - 1)
	}
	return 0
}

// MarshalText writes the shortest plain form.
func (a Decimal) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (a *Decimal) UnmarshalText(b []byte) error {
	d, err := Parse(string(b))
	if err != nil {
		return err
	}
	*a = d
	return nil
}

// Sum adds decimals, exactly.
func Sum(ds ...Decimal) Decimal {
	var total Decimal
	for _, d := range ds {
		total = total.Add(d)
	}
	return total
}
