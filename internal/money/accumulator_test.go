package money_test

import (
	"testing"

	"pgregory.net/rapid"

	"spindle/internal/money"
)

func TestNothingAccumulated(t *testing.T) {
	var s money.Accumulator
	if got := s.Decimal(); got != (money.Decimal{}) && got.String() != "0" {
		t.Errorf("nothing adds up to %s", got)
	}
}

// A sum is what adding one number after the other gives, to the last digit and with as many places.
func TestAccumulatorsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sum money.Accumulator
		var want money.Decimal
		numbers := rapid.OneOf(rapid.Int64Range(-99, 99), rapid.Int64Range(-money.FixedMax, money.FixedMax),
			rapid.SampledFrom([]int64{0, 1, -1, money.FixedMax, -money.FixedMax, money.FixedMax - 1}))
		for range rapid.IntRange(1, 40).Draw(t, "numbers") {
			if rapid.IntRange(0, 3).Draw(t, "any number") == 0 { // larger, smaller, with more places
				d := money.New(numbers.Draw(t, "of"), int32(rapid.IntRange(-40, 20).Draw(t, "exponent")))
				sum.Add(d)
				want = want.Add(d)
				continue
			}
			n, places := numbers.Draw(t, "coefficient"), rapid.IntRange(0, money.FixedPlaces).Draw(t, "places")
			sum.AddFixed(n, places)
			want = want.Add(money.New(n, int32(-places)))
			if got := sum.Decimal(); !got.Equal(want) || got.String() != want.String() {
				t.Fatalf("after %d × 10^-%d: %s, want %s", n, places, got, want)
			}
		}
	})
}

// The largest numbers, over and over in one direction, go beyond 128 bits many times.
func TestAccumulatorsNeverOverflow(t *testing.T) {
	for _, sign := range []int64{1, -1} {
		var sum money.Accumulator
		const times = 2_000_000
		for range times {
			sum.AddFixed(sign*money.FixedMax, 0)
		}
		sum.AddFixed(sign, money.FixedPlaces)
		want := money.Int(sign * money.FixedMax).Mul(money.Int(times)).Add(money.New(sign, -money.FixedPlaces))
		if got := sum.Decimal(); !got.Equal(want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestAccumulatorsKeepTheSign(t *testing.T) {
	for want, numbers := range map[string][][2]int64{
		"0":                     {{5, 0}, {-5, 0}},
		"-0.000000000000000001": {{-1, 18}},
		"0.999999999999999999":  {{1, 0}, {-1, 18}},
		"-1000000000000000001":  {{-money.FixedMax, 0}, {-1, 0}},
		"0.5":                   {{150, 2}, {-10, 1}},
	} {
		var sum money.Accumulator
		for _, n := range numbers {
			sum.AddFixed(n[0], int(n[1]))
		}
		if got := sum.Decimal().String(); got != want {
			t.Errorf("%v add up to %s, want %s", numbers, got, want)
		}
	}
}

// What is read out of a sum does not change it.
func TestAccumulatorsGoOn(t *testing.T) {
	var sum money.Accumulator
	sum.AddFixed(125, 2)
	first := sum.Decimal()
	sum.AddFixed(-25, 2)
	if first.String() != "1.25" || sum.Decimal().String() != "1" {
		t.Errorf("%s, then %s", first, sum.Decimal())
	}
}

func BenchmarkAccumulator(b *testing.B) {
	b.Run("fixed", func(b *testing.B) {
		var s money.Accumulator
		for b.Loop() {
			s.AddFixed(84377664, 8)
		}
	})
	b.Run("decimal", func(b *testing.B) {
		var s money.Decimal
		one := money.New(84377664, -8)
		for b.Loop() {
			s = s.Add(one)
		}
	})
}
