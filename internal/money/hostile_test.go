package money

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestParseBounds: 60 digits are the limit, as read and as written out; signs, points and exponents are not digits.
func TestParseBounds(t *testing.T) {
	nines := func(n int) string { return strings.Repeat("9", n) }
	tests := []struct {
		name, text string
		good       bool
	}{
		{"60 digits", nines(60), true},
		{"61 digits", nines(61), false},
		{"60 digits and a sign", "-" + nines(60), true},
		{"60 digits and a point", nines(30) + "." + nines(30), true},
		{"61 digits over the point", nines(30) + "." + nines(31), false},
		{"68 characters, as many as once passed", nines(68), false},
		{"leading zeros are digits", strings.Repeat("0", 60) + "1", false},
		{"trailing zeros are digits", "1." + strings.Repeat("0", 60), false},
		{"60 digits written out", "1e59", true},
		{"61 digits written out", "1e60", false},
		{"many digits and a large exponent", "123e58", false},
		{"many digits and a fitting exponent", "123e57", true},
		{"59 places", "1e-59", true},
		{"60 places need a zero before the point", "1e-60", false},
		{"60 places given as digits", "." + nines(60), false},
		{"59 places with a zero", "0." + nines(59), true},
		{"an exponent takes digits away", nines(60) + "e-59", true},
		{"zero with a large exponent", "0e60", true},
		{"zero beyond the exponents", "0e61", false},
		{"zero with as many places", "0e-60", true},
		{"zero with more places", "0e-61", false},
		{"a capital exponent takes digits away", nines(60) + "E-59", true},
		{"an exponent that overflows", "1e99999999999999999999", false},
		{"an exponent of zeros", "1e000000000000000000000000000000000000000000000000000000000000000001", true},
	}
	for _, test := range tests {
		d, err := Parse(test.text)
		if (err == nil) != test.good {
			t.Errorf("%s: Parse(%.30q…) = %v, %v", test.name, test.text, d, err)
		}
		if err != nil && len(err.Error()) > 100 {
			t.Errorf("%s: the message is as long as the input: %v", test.name, err)
		}
		if back, err := Parse(d.String()); test.good && (err != nil || !back.Equal(d)) {
			t.Errorf("%s: %s does not come back: %v", test.name, d, err)
		}
	}
}

// TestParseAgreesWithFractions compares what is read with exact fractions; a reader that went through a float would differ in the last
// digits.
func TestParseAgreesWithFractions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{1,25}(\.[0-9]{1,25})?([eE]-?[0-9])?`).Draw(t, "text")
		want, ok := new(big.Rat).SetString(text)
		got, err := Parse(text)
		if !ok || err != nil || got.d.Rat().Cmp(want) != 0 {
			t.Fatalf("Parse(%q) = %s, %v; want %v", text, got, err, want)
		}
	})
}

// TestParseRefusesOtherSigns: numbers as people and spreadsheets write them are not guessed at. Only the typographic minus means what it
// says.
func TestParseRefusesOtherSigns(t *testing.T) {
	if d, err := Parse("−12.5"); err != nil || d.String() != "-12.5" {
		t.Errorf("typographic minus: %s, %v", d, err)
	}
	for name, text := range map[string]string{
		"thousands, comma": "1,234.50", "thousands, point": "1.234,50", "thousands, apostrophe": "1'234.50", "thousands, blank": "1 234.50", "thousands, thin space": "1\u202f234.50",
		"no-break space": "12.50\u00a0", "line feed": "12.50\n", "nul": "12\x00", "byte-order mark": "\ufeff12", "dash": "–12", "accountants' minus": "(12.50)",
		"trailing minus": "12.50-", "currency sign": "€12", "currency code": "12 EUR", "percent": "12%", "hex": "0x1p-2", "binary": "0b11", "octal": "0o17", "underscores": "1_000",
		"arabic digits": "١٢", "devanagari digits": "१२", "superscript": "12²", "fraction": "½", "infinity": "Infinity", "minus infinity": "-Inf", "nan": "nan", "true": "true", "null": "null",
		"formula": "=1+1", "two exponents": "1e2e3", "exponent with a point": "1e2.5", "blank exponent": "1e ", "signs only": "+-1", "only a point": ".", "only an exponent": "e5",
		"invalid UTF-8": "1\xff",
	} {
		if got, err := Parse(text); err == nil {
			t.Errorf("%s: Parse(%q) = %s, want an error", name, text, got)
		}
		var d Decimal
		if err := json.Unmarshal([]byte(`"`+strings.Map(printable, text)+`"`), &d); err == nil {
			t.Errorf("%s: JSON text %q is read as %s", name, text, d)
		}
	}
}

func printable(r rune) rune {
	if r < ' ' || r == '\ufffd' {
		return '?'
	}
	return r
}

// TestJSON: amounts travel as text, never as JSON numbers, which other programs read as floats.
func TestJSON(t *testing.T) {
	type row struct {
		Price  *Amount  `json:"price"`
		Markup Decimal  `json:"markup"`
		In     Currency `json:"in"`
	}
	price := eur("0.30")
	text, err := json.Marshal(row{&price, num("12.50"), "EUR"})
	if want := `{"price":"0.30 EUR","markup":"12.5","in":"EUR"}`; err != nil || string(text) != want {
		t.Errorf("%s, %v; want %s", text, err, want)
	}
	for _, bad := range []string{`{"markup":12.5}`, `{"markup":""}`, `{"price":{"value":"1"}}`, `{"price":"1,00 EUR"}`, `{"price":"NaN EUR"}`, `{"price":"1.00 euros"}`} {
		var r row
		if err := json.Unmarshal([]byte(bad), &r); err == nil {
			t.Errorf("%s is read as %+v", bad, r)
		}
	}
	var none row
	if err := json.Unmarshal([]byte(`{"price":null}`), &none); err != nil || none.Price != nil {
		t.Errorf("no price: %v, %v", none.Price, err)
	}
}

// TestForeignLettersAreNoCurrency: some letters have a Latin capital without being Latin: folding first would let them through.
func TestForeignLettersAreNoCurrency(t *testing.T) {
	for _, text := range []string{"ılſ", "uſd", "ınr", "ﬁm", "ЕUR", "еur", "ＥＵＲ", "EUR\x00", "E\u200bUR", "eu", "euro", "EUR,USD", "123", "€€€"} {
		if c, err := ParseCurrency(text); err == nil {
			t.Errorf("ParseCurrency(%q) = %q", text, c)
		}
		if a, err := ParseAmount("1.00 " + text); err == nil {
			t.Errorf("ParseAmount of %q = %v", text, a)
		}
	}
	if _, err := ParseCurrency(strings.Repeat("X", 5000)); err == nil || len(err.Error()) > 200 {
		t.Errorf("the message about a long code must be short: %d bytes", len(err.Error()))
	}
}

// TestMinorUnits: the currencies that have no cents, and those that have thousandths, format and split in their own unit (ISO 4217).
func TestMinorUnits(t *testing.T) {
	tests := []struct {
		currency Currency
		places   int32
		text     string // of 1234.5
		thirds   string // of 100
	}{
		{"EUR", 2, "1234.50 EUR", "33.34 33.33 33.33"}, {"USD", 2, "1234.50 USD", "33.34 33.33 33.33"}, {"CHF", 2, "1234.50 CHF", "33.34 33.33 33.33"},
		{"JPY", 0, "1234.5 JPY", "34 33 33"}, {"KRW", 0, "1234.5 KRW", "34 33 33"}, {"ISK", 0, "1234.5 ISK", "34 33 33"}, {"CLP", 0, "1234.5 CLP", "34 33 33"},
		{"KWD", 3, "1234.500 KWD", "33.334 33.333 33.333"}, {"BHD", 3, "1234.500 BHD", "33.334 33.333 33.333"}, {"TND", 3, "1234.500 TND", "33.334 33.333 33.333"},
		{"HUF", 2, "1234.50 HUF", "33.34 33.33 33.33"}, // in daily life without fillér, but ISO says two
		{"", 2, "1234.5", "33.34 33.33 33.33"},
	}
	thirds := []Decimal{Int(1), Int(1), Int(1)}
	for _, test := range tests {
		var parts []string
		for _, p := range Of(Int(100), test.currency).Split(thirds, test.currency.MinorPlaces()) {
			parts = append(parts, p.Value().Fixed(test.places))
		}
		if got := Of(num("1234.5"), test.currency); test.currency.MinorPlaces() != test.places || got.String() != test.text || strings.Join(parts, " ") != test.thirds {
			t.Errorf("%s: %d places, %s, %v", test.currency, test.currency.MinorPlaces(), got, parts)
		}
	}
}

// TestModes: every mode at every kind of digit behind the place, both signs. A mode that is not known rounds half away from zero.
func TestModes(t *testing.T) {
	digits := []string{"0", "1", "49", "5", "50", "500001", "51", "9", "99"}
	even := map[Mode][]string{ // 2.4x: an even digit before
		HalfAwayFromZero: {"2.4", "2.4", "2.4", "2.5", "2.5", "2.5", "2.5", "2.5", "2.5"},
		HalfEven:         {"2.4", "2.4", "2.4", "2.4", "2.4", "2.5", "2.5", "2.5", "2.5"},
		TowardZero:       {"2.4", "2.4", "2.4", "2.4", "2.4", "2.4", "2.4", "2.4", "2.4"},
		"no such mode":   {"2.4", "2.4", "2.4", "2.5", "2.5", "2.5", "2.5", "2.5", "2.5"},
	}
	odd := map[Mode][]string{ // 2.3x: an odd digit before
		HalfAwayFromZero: {"2.3", "2.3", "2.3", "2.4", "2.4", "2.4", "2.4", "2.4", "2.4"},
		HalfEven:         {"2.3", "2.3", "2.3", "2.4", "2.4", "2.4", "2.4", "2.4", "2.4"},
		TowardZero:       {"2.3", "2.3", "2.3", "2.3", "2.3", "2.3", "2.3", "2.3", "2.3"},
	}
	for start, table := range map[string]map[Mode][]string{"2.4": even, "2.3": odd} {
		for mode, wants := range table {
			for i, digit := range digits {
				for _, sign := range []string{"", "-"} {
					value, want := num(sign+start+digit), sign+wants[i]
					quotient, _ := value.Mul(Int(7)).Div(Int(7), 1, mode)
					if got := value.Round(1, mode); got.String() != want || quotient.String() != want {
						t.Errorf("%s %s: rounded %s, divided %s, want %s", value, mode, got, quotient, want)
					}
				}
			}
		}
	}
}

// TestRoundLaws: rounding keeps order and sign, never moves a number by a step or more, and rounding twice is only safe towards zero:
// that is why prices are rounded once, at the end.
func TestRoundLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawDecimal(t, "a"), drawDecimal(t, "b")
		places := rapid.Int32Range(-2, 8).Draw(t, "places")
		mode := rapid.SampledFrom([]Mode{HalfAwayFromZero, HalfEven, TowardZero}).Draw(t, "mode")
		ra, rb := a.Round(places, mode), b.Round(places, mode)
		switch {
		case a.Cmp(b) <= 0 && ra.Cmp(rb) > 0:
			t.Fatalf("%s ≤ %s but rounded %s > %s", a, b, ra, rb)
		case ra.Sign()*a.Sign() < 0:
			t.Fatalf("%s becomes %s", a, ra)
		case a.Sub(ra).Abs().Cmp(New(1, -places)) >= 0:
			t.Fatalf("%s becomes %s", a, ra)
		case mode == TowardZero && !a.Round(places+3, mode).Round(places, mode).Equal(ra):
			t.Fatalf("%s truncated in two steps", a)
		}
	})
	if twice, once := num("0.1449").Round(3, HalfAwayFromZero).Round(2, HalfAwayFromZero), num("0.1449").Round(2, HalfAwayFromZero); twice.Equal(once) {
		t.Errorf("0.1449 rounded twice %s, once %s: the example no longer shows why", twice, once)
	}
}

// TestTotalsLaws: adding an amount and its negative changes nothing, whatever the order; a sum is never found under another currency.
func TestTotalsLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var totals, reference Totals
		for range rapid.IntRange(0, 8).Draw(t, "count") {
			a := Of(drawDecimal(t, "value"), rapid.SampledFrom([]Currency{"EUR", "USD", "JPY", "KWD"}).Draw(t, "currency"))
			totals.Add(a)
			reference.Add(a)
			if rapid.Bool().Draw(t, "and back") {
				b := Of(drawDecimal(t, "other"), rapid.SampledFrom([]Currency{"EUR", "CHF"}).Draw(t, "other currency"))
				totals.Add(b)
				totals.Add(b.Neg())
			}
		}
		if !totals.Equal(reference) || !reference.Equal(totals) {
			t.Fatalf("%s, want %s", totals, reference)
		}
		amounts := totals.Amounts()
		if !slices.IsSortedFunc(amounts, func(a, b Amount) int { return strings.Compare(string(a.Currency()), string(b.Currency())) }) {
			t.Fatalf("amounts %v", amounts)
		}
		for _, a := range amounts {
			if got := totals.In(a.Currency()); !got.Equal(a) || got.Currency() != a.Currency() {
				t.Fatalf("in %s: %s, want %s", a.Currency(), got, a)
			}
		}
		if totals.In("XXX").Sign() != 0 || totals.In("XXX").Currency() != "XXX" {
			t.Fatalf("a currency nobody added: %s", totals.In("XXX"))
		}
	})
}

// TestSplitManyGroups shares cents over as many resource groups as a large customer has: no cent is lost or made, equal groups differ by
// one cent at most, and the spare cents go to the first.
func TestSplitManyGroups(t *testing.T) {
	tests := []struct {
		name   string
		amount string
		groups int
		high   int    // parts that get one cent more
		low    string // the others
	}{
		{"one cent over a thousand", "0.01", 1000, 1, "0.00"},
		{"999 cents over a thousand", "9.99", 1000, 999, "0.00"},
		{"ten euros over a thousand", "10.00", 1000, 0, "0.01"},
		{"ten euros and a cent", "10.01", 1000, 1, "0.01"},
		{"a credit of a cent", "-0.01", 1000, 1, "0.00"},
		{"a credit of 7.77 over 12", "-7.77", 12, 9, "-0.64"},
		{"a million over 7", "1000000.00", 7, 2, "142857.14"},
		{"the largest invoice over 3", "99999999999.99", 3, 0, "33333333333.33"},
		{"nothing over 5", "0.00", 5, 0, "0.00"},
	}
	for _, test := range tests {
		weights := make([]Decimal, test.groups)
		for i := range weights {
			weights[i] = num("0.000001")
		}
		amount := eur(test.amount)
		cent := New(int64(amount.Sign()), -2)
		var sum Decimal
		for i, part := range amount.Split(weights, 2) {
			want := num(test.low)
			if i < test.high {
				want = want.Add(cent)
			}
			if !part.Value().Equal(want) {
				t.Fatalf("%s: part %d is %s, want %s", test.name, i, part, want)
			}
			sum = sum.Add(part.Value())
		}
		if !sum.Equal(amount.Value()) {
			t.Errorf("%s: parts add up to %s", test.name, sum)
		}
	}
}

// TestSplitLaws: a credit splits as the charge did, scaling all weights changes nothing, and a group with more weight never gets less.
func TestSplitLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := Of(New(rapid.Int64Range(0, 5_000_000).Draw(t, "cents"), -2), "EUR")
		weights := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Decimal { return New(rapid.Int64Range(0, 2000).Draw(t, "weight"), -3) }), 1, 30).Draw(t, "weights")
		factor := New(rapid.Int64Range(1, 9999).Draw(t, "factor"), -2)
		scaled := make([]Decimal, len(weights))
		for i, w := range weights {
			scaled[i] = w.Mul(factor)
		}
		parts, credit, again := amount.Split(weights, 2), amount.Neg().Split(weights, 2), amount.Split(scaled, 2)
		for i := range parts {
			if !credit[i].Neg().Equal(parts[i]) {
				t.Fatalf("part %d: charge %s, credit %s", i, parts[i], credit[i])
			}
			if !again[i].Equal(parts[i]) {
				t.Fatalf("part %d: %s, with weights × %s %s", i, parts[i], factor, again[i])
			}
			for k := range parts {
				if weights[i].Cmp(weights[k]) > 0 && parts[i].Value().Cmp(parts[k].Value()) < 0 {
					t.Fatalf("weights %s and %s get %s and %s", weights[i], weights[k], parts[i], parts[k])
				}
			}
		}
	})
}

// TestMixedCurrencyError is law 9: the error names both currencies, so that a person finds the row.
func TestMixedCurrencyError(t *testing.T) {
	_, err := eur("1").Sub(Of(num("1"), "USD"))
	if want := "cannot add EUR and USD: amounts of different currencies never mix"; fmt.Sprint(err) != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestEveryMinorUnit lists ISO 4217's currencies without a minor unit, and those with thousandths; all others of the list have cents.
func TestEveryMinorUnit(t *testing.T) {
	for places, codes := range map[int32]string{
		0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
		3: "BHD IQD JOD KWD LYD OMR TND",
		2: "AED ARS AUD BRL CAD CHF CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR MAD MXN MYR NGN NOK NZD PEN PHP PLN QAR RON RSD SAR SEK SGD THB TRY TWD UAH USD ZAR",
	} {
		for _, code := range strings.Fields(codes) {
			if got := Currency(code).MinorPlaces(); got != places {
				t.Errorf("%s has %d places, want %d", code, got, places)
			}
		}
	}
}

// TestTotalsDifferInOneCurrency: however many sums agree, one that differs is seen, from either side, and so is one that only one side has.
func TestTotalsDifferInOneCurrency(t *testing.T) {
	codes := strings.Fields("AUD CAD CHF CZK DKK EUR GBP JPY NOK PLN SEK USD")
	for i, odd := range codes {
		var a, b, c Totals
		for k, code := range codes {
			a.Add(Of(Int(int64(k+1)), Currency(code)))
			b.Add(Of(Int(int64(k+1)), Currency(code)))
			if k != i {
				c.Add(Of(Int(int64(k+1)), Currency(code)))
			}
		}
		if !a.Equal(b) || a.Equal(c) || c.Equal(a) {
			t.Errorf("totals without %s: equal to itself %v, to the others %v and %v", odd, a.Equal(b), a.Equal(c), c.Equal(a))
		}
		b.Add(Of(num("-0.0001"), Currency(odd)))
		if a.Equal(b) || b.Equal(a) {
			t.Errorf("a ten-thousandth of %s is not seen", odd)
		}
		if amounts := a.Amounts(); len(amounts) != len(codes) || string(amounts[i].Currency()) != odd || !amounts[i].Equal(Of(Int(int64(i+1)), Currency(odd))) {
			t.Errorf("amounts %v", amounts)
		}
	}
}

// TestSplitOfCrumbs: an amount finer than the places stays whole, and none of it goes where nothing was used.
func TestSplitOfCrumbs(t *testing.T) {
	tests := []struct{ amount, weights, want string }{
		{"0.0000000000000000000001", "0 1 1", "0 0.0000000000000000000001 0"},
		{"-0.0000000000000000000001", "0 1 1", "0 -0.0000000000000000000001 0"},
		{"0.014", "0 0 7", "0 0 0.014"},
		{"0.019", "1 0 1 1", "0.019 0 0 0"}, // 0.006333 each: one whole cent and nine tenths, both to the first
		{"100.001", "1 0 3", "25 0 75.001"}, // 25.00025 and 75.00075: the third lost more
		{"10.01", "1 1", "5.01 5"},
		{"-10.01", "1 1", "-5.01 -5"},
	}
	for _, test := range tests {
		var weights []Decimal
		for _, w := range strings.Fields(test.weights) {
			weights = append(weights, num(w))
		}
		var parts []string
		for _, p := range eur(test.amount).Split(weights, 2) {
			parts = append(parts, p.Value().String())
		}
		if got := strings.Join(parts, " "); got != test.want {
			t.Errorf("%s by %s: %s, want %s", test.amount, test.weights, got, test.want)
		}
	}
}

// TestAmountErrorsSayWhatIsMissing: a number alone lacks its currency, which is another mistake than a wrong number or a wrong code.
func TestAmountErrorsSayWhatIsMissing(t *testing.T) {
	for text, want := range map[string]string{
		"12.50":     `"12.50" is not an amount such as 12.50 EUR`,
		"":          `"" is not an amount such as 12.50 EUR`,
		"1,5 EUR":   `"1,5" is not a decimal number`,
		" EUR":      "an empty text is not a number",
		"1.50 EU":   `"EU" is not an ISO 4217 currency code such as EUR`,
		"1.50 EUR ": "",
	} {
		if _, err := ParseAmount(text); want == "" && err != nil || want != "" && fmt.Sprint(err) != want {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
