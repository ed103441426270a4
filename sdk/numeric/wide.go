package numeric

import "math/bits"

// uint128 is an unsigned 128-bit integer, used for magnitudes.
type uint128 struct{ hi, lo uint64 }

// uint256 is an unsigned 256-bit integer, least significant limb first. Products of two coefficients need at most 253 of its bits.
type uint256 [4]uint64

// pow10u64[i] is 10^i.
//
//nolint:gochecknoglobals // immutable table
var pow10u64 = [20]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// pow10[i] is 10^i.
//
//nolint:gochecknoglobals // immutable table
var pow10 = makePow10()

func makePow10() (table [MaxDigits + 1]uint128) {
	for i := range table {
		if i < len(pow10u64) {
			table[i] = uint128{lo: pow10u64[i]}
			continue
		}
		hi, lo := bits.Mul64(pow10u64[19], pow10u64[i-19])
		table[i] = uint128{hi: hi, lo: lo}
	}
	return table
}

func (u uint128) less(v uint128) bool { return u.hi < v.hi || (u.hi == v.hi && u.lo < v.lo) }

func (u uint128) isZero() bool { return u.hi|u.lo == 0 }

func (u uint128) add(v uint128) uint128 {
	lo, carry := bits.Add64(u.lo, v.lo, 0)
	hi, _ := bits.Add64(u.hi, v.hi, carry)
	return uint128{hi: hi, lo: lo}
}

func (u uint128) widen() uint256 { return uint256{u.lo, u.hi} }

// digits returns the number of decimal digits of u; 0 has none.
func (u uint128) digits() int {
	if u.hi == 0 {
		guess := bits.Len64(u.lo) * 1233 >> 12 // 1233/4096 approximates log10(2) from below
		if u.lo < pow10u64[guess] {
			return guess
		}
		return guess + 1
	}
	guess := (64 + bits.Len64(u.hi)) * 1233 >> 12
	if u.less(pow10[guess]) {
		return guess
	}
	return guess + 1
}

// divMod64 divides u by d, which must not be 0.
func (u uint128) divMod64(d uint64) (quotient uint128, remainder uint64) {
	if u.hi == 0 {
		return uint128{lo: u.lo / d}, u.lo % d
	}
	quotient.hi, remainder = u.hi/d, u.hi%d
	quotient.lo, remainder = bits.Div64(remainder, u.lo, d)
	return quotient, remainder
}

// divMod divides u by d, which must not be 0.
func (u uint128) divMod(d uint128) (quotient, remainder uint128) {
	if d.hi == 0 {
		q, r := u.divMod64(d.lo)
		return q, uint128{lo: r}
	}
	q, r := u.widen().divMod(d)
	return uint128{hi: q[1], lo: q[0]}, r
}

// mul returns the full product of u and v.
func (u uint128) mul(v uint128) uint256 {
	h0, l0 := bits.Mul64(u.lo, v.lo)
	if u.hi|v.hi == 0 {
		return uint256{l0, h0}
	}
	h1, l1 := bits.Mul64(u.hi, v.lo)
	h2, l2 := bits.Mul64(u.lo, v.hi)
	h3, l3 := bits.Mul64(u.hi, v.hi)
	var r uint256
	var c1, c2 uint64
	r[0] = l0
	r[1], c1 = bits.Add64(h0, l1, 0)
	r[2], c1 = bits.Add64(h1, l3, c1)
	r[3] = h3 + c1
	r[1], c2 = bits.Add64(r[1], l2, 0)
	r[2], c2 = bits.Add64(r[2], h2, c2)
	r[3] += c2
	return r
}

// narrow returns n and true if n is below 10^38.
func (n uint256) narrow() (uint128, bool) {
	u := uint128{hi: n[1], lo: n[0]}
	return u, n[3]|n[2] == 0 && u.less(pow10[MaxDigits])
}

func (n uint256) cmp(m uint256) int {
	for i := 3; i >= 0; i-- {
		if n[i] != m[i] {
			if n[i] < m[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}

func (n uint256) add(m uint256) (r uint256) {
	var carry uint64
	for i := range n {
		r[i], carry = bits.Add64(n[i], m[i], carry)
	}
	return r
}

func (n uint256) sub(m uint256) (r uint256) {
	var borrow uint64
	for i := range n {
		r[i], borrow = bits.Sub64(n[i], m[i], borrow)
	}
	return r
}

// divMod divides n by d, which must not be 0: schoolbook division (Knuth, The Art of Computer Programming, 4.3.1, algorithm D) in base 2^64.
func (n uint256) divMod(d uint128) (quotient uint256, remainder uint128) {
	if d.hi == 0 {
		var rest uint64
		for i := 3; i >= 0; i-- {
			quotient[i], rest = bits.Div64(rest, n[i], d.lo)
		}
		return quotient, uint128{lo: rest}
	}
	shift := uint(bits.LeadingZeros64(d.hi))
	d = uint128{hi: d.hi<<shift | d.lo>>(64-shift), lo: d.lo << shift}
	rest := uint128{lo: n[3] >> (64 - shift)}
	for i := 3; i >= 0; i-- {
		limb := n[i] << shift
		if i > 0 {
			limb |= n[i-1] >> (64 - shift)
		}
		quotient[i], rest = divLimb(rest, limb, d)
	}
	return quotient, uint128{hi: rest.hi >> shift, lo: rest.lo>>shift | rest.hi<<(64-shift)}
}

// divLimb divides the three-limb number rest*2^64 + limb by d. The top bit of d must be set and rest must be below d, so that the quotient
// fits one limb.
func divLimb(rest uint128, limb uint64, d uint128) (quotient uint64, remainder uint128) {
	quotient = ^uint64(0)
	if rest.hi < d.hi {
		quotient, _ = bits.Div64(rest.hi, rest.lo, d.hi)
	}
	// The estimate is at most two too large; each round of the loop takes one off.
	h0, l0 := bits.Mul64(quotient, d.lo)
	h1, l1 := bits.Mul64(quotient, d.hi)
	p1, carry := bits.Add64(h0, l1, 0)
	p2 := h1 + carry
	r0, borrow := bits.Sub64(limb, l0, 0)
	r1, borrow := bits.Sub64(rest.lo, p1, borrow)
	r2, borrow := bits.Sub64(rest.hi, p2, borrow)
	for borrow != 0 {
		quotient--
		var c uint64
		r0, c = bits.Add64(r0, d.lo, 0)
		r1, c = bits.Add64(r1, d.hi, c)
		r2, c = bits.Add64(r2, 0, c)
		borrow -= c
	}
	return quotient, uint128{hi: r1, lo: r0}
}
