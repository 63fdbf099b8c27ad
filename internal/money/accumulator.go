package money

import (
	"math/big"
	"math/bits"

	"github.com/shopspring/decimal"
)

// FixedPlaces and FixedMax bound what Accumulator.AddFixed takes: whole numbers below FixedMax of at most so many places.
const (
	FixedPlaces = 18
	FixedMax    = 1_000_000_000_000_000_000
)

// Accumulator adds numbers up exactly, also hundreds of millions of them. The zero value is 0. It is for one goroutine.
type Accumulator struct {
	hi     int64 // with lo, a whole number of 10^-18 in two's complement
	lo     uint64
	places int     // the most that any number had
	rest   Decimal // what does not fit in hi and lo
}

// carryAt is where hi is carried over to rest: no single number comes near it.
const carryAt = 1 << 62

// AddFixed adds coefficient × 10^-places. The coefficient lies between -FixedMax and FixedMax, places between 0 and FixedPlaces.
func (a *Accumulator) AddFixed(coefficient int64, places int) {
	size := uint64(max(coefficient, -coefficient))
	hi, lo := bits.Mul64(size, tenTo[FixedPlaces-places])
	if coefficient < 0 {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	var carry uint64
	a.lo, carry = bits.Add64(a.lo, lo, 0)
	a.hi += int64(hi) + int64(carry)
	a.places = max(a.places, places)
	if a.hi >= carryAt || a.hi < -carryAt {
		a.rest = a.Decimal()
		a.hi, a.lo = 0, 0
	}
}

// Add adds any number.
func (a *Accumulator) Add(d Decimal) { a.rest = a.rest.Add(d) }

// Decimal gives the sum.
func (a *Accumulator) Decimal() Decimal {
	n := new(big.Int).Lsh(big.NewInt(a.hi), 64)
	n.Add(n, new(big.Int).SetUint64(a.lo))
	n.Quo(n, new(big.Int).SetUint64(tenTo[FixedPlaces-a.places])) // exact: no number had more places
	return a.rest.Add(Decimal{decimal.NewFromBigInt(n, int32(-a.places))})
}

var tenTo = func() (powers [FixedPlaces + 1]uint64) {
	powers[0] = 1
	for i := range FixedPlaces {
		powers[i+1] = 10 * powers[i]
	}
	return powers
}()
