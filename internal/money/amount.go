package money

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
)

// Currency is an ISO 4217 code in upper case. The zero value means "no currency" and only fits a zero amount.
type Currency string

var currencyPattern = regexp.MustCompile(`^[A-Za-z]{3}$`)

// ParseCurrency accepts three letters in any case.
func ParseCurrency(s string) (Currency, error) {
	code := strings.TrimSpace(s)
	if !currencyPattern.MatchString(code) { // before folding: some foreign letters have a Latin capital
		return "", fmt.Errorf("%.40q is not an ISO 4217 currency code such as EUR", s)
	}
	return Currency(strings.ToUpper(code)), nil
}

// MinorPlaces gives the digits of the currency's minor unit: 2 for EUR, 0 for JPY, 3 for KWD.
func (c Currency) MinorPlaces() int32 {
	switch c {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// Amount is an exact sum of money in one currency. The zero value is zero money in no currency and may be added to anything.
type Amount struct {
	value    Decimal
	currency Currency
}

// Of makes an amount.
func Of(value Decimal, currency Currency) Amount { return Amount{value, currency} }

// ParseAmount reads what String wrote: "12.50 EUR", and "0" for the zero value.
func ParseAmount(s string) (Amount, error) {
	if s == "0" {
		return Amount{}, nil
	}
	number, code, found := strings.Cut(s, " ")
	if !found {
		return Amount{}, fmt.Errorf("%.40q is not an amount such as 12.50 EUR", s)
	}
	value, err := Parse(number)
	if err != nil {
		return Amount{}, err
	}
	currency, err := ParseCurrency(code)
	if err != nil {
		return Amount{}, err
	}
	return Amount{value, currency}, nil
}

// Value gives the number without its currency.
func (a Amount) Value() Decimal { return a.value }

// Currency gives the currency.
func (a Amount) Currency() Currency { return a.currency }

// IsZero reports whether the number is 0, in whatever currency.
func (a Amount) IsZero() bool { return a.value.IsZero() }

// Sign gives −1, 0 or 1.
func (a Amount) Sign() int { return a.value.Sign() }

// Neg gives −a.
func (a Amount) Neg() Amount { return Amount{a.value.Neg(), a.currency} }

// Mul gives a × factor, exactly: round afterwards, by name.
func (a Amount) Mul(factor Decimal) Amount { return Amount{a.value.Mul(factor), a.currency} }

// Round rounds to places digits in a named mode.
func (a Amount) Round(places int32, mode Mode) Amount {
	return Amount{a.value.Round(places, mode), a.currency}
}

// Equal reports whether both are the same number in the same currency. Zero equals zero in any currency.
func (a Amount) Equal(b Amount) bool {
	if a.value.IsZero() && b.value.IsZero() {
		return true
	}
	return a.currency == b.currency && a.value.Equal(b.value)
}

// MixedCurrencyError says that two currencies met in one sum (law 9).
type MixedCurrencyError struct{ A, B Currency }

func (e MixedCurrencyError) Error() string {
	return fmt.Sprintf("cannot add %s and %s: amounts of different currencies never mix", e.A, e.B)
}

// Add gives a + b, or a MixedCurrencyError.
func (a Amount) Add(b Amount) (Amount, error) {
	switch {
	case a.currency == b.currency, b.currency == "" && b.value.IsZero():
		return Amount{a.value.Add(b.value), a.currency}, nil
	case a.currency == "" && a.value.IsZero():
		return b, nil
	}
	return Amount{}, MixedCurrencyError{a.currency, b.currency}
}

// Sub gives a − b, or a MixedCurrencyError.
func (a Amount) Sub(b Amount) (Amount, error) { return a.Add(b.Neg()) }

// String gives "12.50 EUR" with at least the currency's minor digits and never fewer than the value has.
func (a Amount) String() string {
	if a.currency == "" {
		return a.value.String()
	}
	return a.Number() + " " + string(a.currency)
}

// Number gives the digits alone, with at least the currency's minor digits: "12.50", "0.0408".
func (a Amount) Number() string {
	return a.value.Fixed(max(a.currency.MinorPlaces(), a.value.Places()))
}

// Signed is String with a plus sign before a positive amount, for deltas.
func (a Amount) Signed() string {
	if a.Sign() > 0 {
		return "+" + a.String()
	}
	return a.String()
}

// MarshalText writes String.
func (a Amount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (a *Amount) UnmarshalText(b []byte) error {
	parsed, err := ParseAmount(string(b))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

// Totals adds amounts per currency. The zero value is ready to use. Copies of a Totals that is not empty share their sums.
type Totals struct{ sums map[Currency]Decimal }

// Add counts an amount under its currency.
func (t *Totals) Add(a Amount) {
	if t.sums == nil {
		t.sums = map[Currency]Decimal{}
	}
	t.sums[a.currency] = t.sums[a.currency].Add(a.value)
}

// In gives the sum in one currency.
func (t Totals) In(c Currency) Amount { return Amount{t.sums[c], c} }

// Amounts gives the sums in order of currency code. Zero amounts without currency are left out.
func (t Totals) Amounts() []Amount {
	var amounts []Amount
	for c, v := range t.sums {
		if c == "" && v.IsZero() {
			continue
		}
		amounts = append(amounts, Amount{v, c})
	}
	sort.Slice(amounts, func(i, j int) bool { return amounts[i].currency < amounts[j].currency })
	return amounts
}

// Round rounds each sum to places digits in a named mode. The sums rounded from are not changed.
func (t Totals) Round(places int32, mode Mode) Totals {
	var rounded Totals
	for _, a := range t.Amounts() {
		rounded.Add(a.Round(places, mode))
	}
	return rounded
}

// Equal reports whether both hold the same sums; a zero sum equals an absent one.
func (t Totals) Equal(u Totals) bool {
	for _, a := range append(t.Amounts(), u.Amounts()...) {
		if !t.sums[a.currency].Equal(u.sums[a.currency]) {
			return false
		}
	}
	return true
}

// String lists the sums: "12.50 EUR, 3.00 USD", or "0" when there are none.
func (t Totals) String() string {
	var parts []string
	for _, a := range t.Amounts() {
		parts = append(parts, a.String())
	}
	if len(parts) == 0 {
		return "0"
	}
	return strings.Join(parts, ", ")
}

// splitDigits are the digits behind the places to which exact shares are known: enough to tell whose share lost most.
const splitDigits = 18

// Split divides a into len(weights) parts that add up to a exactly, in proportion to the weights, each part a multiple of
// 10^-places. The remainder goes to the largest lost fractions first, ties to the lower index. With no positive weight the whole
// goes to the first part. Negative weights count as zero.
func (a Amount) Split(weights []Decimal, places int32) []Amount {
	type share struct {
		index int
		lost  Decimal
	}
	parts := make([]Amount, len(weights))
	var shares []share
	var total Decimal
	for i, w := range weights {
		parts[i].currency = a.currency
		if w.Sign() > 0 {
			shares = append(shares, share{index: i})
			total = total.Add(w)
		}
	}
	if len(shares) == 0 {
		if len(parts) > 0 {
			parts[0] = a
		}
		return parts
	}
	rest := a.value
	for i, s := range shares {
		exact, _ := a.value.Mul(weights[s.index]).Div(total, places+splitDigits, TowardZero)
		parts[s.index].value = exact.Round(places, TowardZero)
		shares[i].lost = exact.Sub(parts[s.index].value).Abs()
		rest = rest.Sub(parts[s.index].value)
	}
	sort.SliceStable(shares, func(i, j int) bool { return shares[i].lost.Cmp(shares[j].lost) > 0 })
	step := New(int64(rest.Sign()), -places)
	for i := 0; rest.Abs().Cmp(New(1, -places)) >= 0; i++ { // every share lost less than a step, so that there are fewer steps than shares
		k := shares[i].index
		parts[k].value, rest = parts[k].value.Add(step), rest.Sub(step)
	}
	k := shares[0].index
	parts[k].value = parts[k].value.Add(rest) // finer than the places
	return parts
}
