package keyed

import (
	"math/bits"

	"wire.example/wire/sdk/numeric"
)

// prime is 2^61-1. The hash of a NUMERIC is its value modulo this prime, as coefficient times the inverse of a power of ten: a number that
// does not depend on trailing zeros, and needs no division.
const (
	prime        = 1<<61 - 1
	inverseOfTen = 2075258708292324556 // 10 * inverseOfTen = 1 modulo prime
)

// What is no finite number has a residue of its own, which no other value has.
const (
	residueNaN    = prime
	residuePosInf = prime + 1
	residueNegInf = prime + 2
)

// residue returns the residue of d's value.
func residue(d numeric.Decimal) uint64 {
	switch d.Scale {
	case numeric.ScaleNaN:
		return residueNaN
	case numeric.ScalePosInf:
		return residuePosInf
	case numeric.ScaleNegInf:
		return residueNegInf
	}
	coef, negative := d.Coef, d.Coef.Hi < 0
	if negative {
		coef = coef.Neg()
	}
	// The value is Hi*2^64 + Lo, and 2^64 is 8 modulo prime.
	r := reduce(reduce(uint64(coef.Hi)) << 3)
	r = reduce(r + coef.Lo&prime + coef.Lo>>61)
	if d.Scale > 0 {
		r = multiply(r, inversePowers[d.Scale])
	}
	if negative && r != 0 {
		r = prime - r
	}
	return r
}

// reduce returns v modulo prime, for v below 2^64.
func reduce(v uint64) uint64 {
	v = v&prime + v>>61
	if v >= prime {
		v -= prime
	}
	return v
}

// multiply returns a*b modulo prime; both are below it.
func multiply(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return reduce(lo&prime + (hi<<3 | lo>>61))
}

// inversePowers are 10^-n modulo prime.
//
//nolint:gochecknoglobals // immutable table
var inversePowers = func() (powers [numeric.MaxDigits + 1]uint64) {
	powers[0] = 1
	for n := 1; n < len(powers); n++ {
		powers[n] = multiply(powers[n-1], inverseOfTen)
	}
	return powers
}()
