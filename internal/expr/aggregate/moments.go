package aggregate

import (
	"encoding/binary"
	"math/big"
	"math/bits"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/sqlstate"
)

// spread says which measure of variation is asked for.
type spread struct {
	sample bool // divides by n - 1
	root   bool // the standard deviation
}

// momentCell is the sum of integers and of their squares, both exact.
type momentCell struct {
	intCell
	squares [3]uint64
}

func (c *momentCell) addSquare(v int64) {
	hi, lo := square(v)
	var carry uint64
	c.squares[0], carry = bits.Add64(c.squares[0], lo, 0)
	c.squares[1], carry = bits.Add64(c.squares[1], hi, carry)
	c.squares[2] += carry
}

func (c *momentCell) subSquare(v int64) {
	hi, lo := square(v)
	var borrow uint64
	c.squares[0], borrow = bits.Sub64(c.squares[0], lo, 0)
	c.squares[1], borrow = bits.Sub64(c.squares[1], hi, borrow)
	c.squares[2] -= borrow
}

func square(v int64) (hi, lo uint64) {
	u := uint64(v) //nolint:gosec // its magnitude
	if v < 0 {
		u = -u
	}
	return bits.Mul64(u, u)
}

// intMoments is variance and standard deviation of integers of type T.
type intMoments[T int16 | int32 | int64] struct {
	cells[momentCell]
	spread spread
}

// newIntMoments returns the constructor of a measure of variation.
func newIntMoments[T int16 | int32 | int64](sp spread) func(*Spec) State {
	sums := intLayout()
	return func(spec *Spec) State {
		return &intMoments[T]{spread: sp, cells: newCells(spec, layout[momentCell]{
			encode: func(dst []byte, c *momentCell) []byte { return appendWords(sums.encode(dst, &c.intCell), c.squares[:]) },
			decode: func(src []byte, c *momentCell) ([]byte, error) {
				src, err := sums.decode(src, &c.intCell)
				if err != nil {
					return nil, err
				}
				return readUint64s(src, c.squares[:])
			},
			merge: func(into, from *momentCell) error {
				into.intCell.merge(&from.intCell)
				addWords(into.squares[:], from.squares[:])
				return nil
			},
		})}
	}
}

// Add adds the values and their squares.
func (s *intMoments[T]) Add(in *Rows) error {
	in = s.live.present(in)
	v := batch.Values[T](in.Args[0])
	for i := range in.N {
		c, x := s.at(in.slot(i)), int64(v[in.Row(i)])
		c.add(x)
		c.addSquare(x)
	}
	return nil
}

// Retract takes values back.
func (s *intMoments[T]) Retract(in *Rows) error {
	in = s.live.present(in)
	v := batch.Values[T](in.Args[0])
	for i := range in.N {
		c, x := s.at(in.slot(i)), int64(v[in.Row(i)])
		c.sub(x)
		c.subSquare(x)
	}
	return nil
}

// Result stores the measures.
func (s *intMoments[T]) Result(slots []uint32, out *batch.Column, errs *builtin.Errors) {
	out.Reset(len(slots))
	for i, slot := range slots {
		c := s.at(slot)
		if !s.spread.defined(c.n) {
			out.SetNull(i)
			continue
		}
		d, err := s.spread.ofDecimals(c.n, bigSigned([]uint64{c.lo, uint64(c.hi)}), bigOf(c.squares[:]), 0, 0) //nolint:gosec // bits
		setDecimal(out, i, errs, d, err)
	}
}

// defined reports whether there is an answer over n values.
func (sp spread) defined(n int64) bool { return n > 1 || n == 1 && !sp.sample }

// decimalCell is the exact sum of decimals and of their squares: total * 10^-scale and squares * 10^-(2 scale), both two's complement. A value of 38
// digits at scale 38 is below 10^76, its square below 10^152, so that 576 bits hold 2^63 of them.
type decimalCell struct {
	total   [5]uint64
	squares [9]uint64
	scale   int64
	n       int64
	odd     int64 // values that are NaN or infinite
	scales  scaleCounts
}

// decimalMoments is variance and standard deviation of NUMERIC.
type decimalMoments struct {
	cells[decimalCell]
	spread spread
}

// newDecimalMoments returns the constructor of a measure of variation.
func newDecimalMoments(sp spread) func(*Spec) State {
	return func(spec *Spec) State {
		return &decimalMoments{spread: sp, cells: newCells(spec, layout[decimalCell]{
			encode: func(dst []byte, c *decimalCell) []byte { return c.encode(dst) },
			decode: func(src []byte, c *decimalCell) ([]byte, error) { return c.decode(src) },
			merge: func(into, from *decimalCell) error {
				into.rescale(from.scale)
				from.rescale(into.scale)
				addWords(into.total[:], from.total[:])
				addWords(into.squares[:], from.squares[:])
				into.n += from.n
				into.odd += from.odd
				into.scales.merge(&from.scales)
				return nil
			},
		})}
	}
}

func (c *decimalCell) encode(dst []byte) []byte {
	dst = appendInt(appendInt(appendInt(dst, c.n), c.odd), c.scale)
	return c.scales.encode(appendWords(appendWords(dst, c.total[:]), c.squares[:]))
}

func (c *decimalCell) decode(src []byte) ([]byte, error) {
	src, err := readInt(src, &c.n)
	if err != nil {
		return nil, err
	}
	if src, err = readInt(src, &c.odd); err != nil {
		return nil, err
	}
	if c.scale, src, err = readCount(src, numeric.MaxDigits); err != nil {
		return nil, err
	}
	if src, err = readUint64s(src, c.total[:]); err != nil {
		return nil, err
	}
	if src, err = readUint64s(src, c.squares[:]); err != nil {
		return nil, err
	}
	return c.scales.decode(src)
}

func (c *decimalCell) rescale(scale int64) {
	if scale > c.scale {
		mulPow10(c.total[:], int(scale-c.scale))
		mulPow10(c.squares[:], 2*int(scale-c.scale))
		c.scale = scale
	}
}

// apply adds d n times, which is 1 or -1.
func (c *decimalCell) apply(d numeric.Decimal, n int64) {
	c.n += n
	if !d.IsFinite() {
		c.odd += n
		return
	}
	c.scales.add(d.Scale, n)
	c.rescale(int64(d.Scale))
	negative := d.Coef.Sign() < 0
	if negative {
		d.Coef = d.Coef.Neg()
	}
	v := [5]uint64{d.Coef.Lo, uint64(d.Coef.Hi)} //nolint:gosec // not negative
	mulPow10(v[:], int(c.scale-int64(d.Scale)))
	var sq [9]uint64
	mulWords(sq[:], v[:4], v[:4])
	if n < 0 {
		negate(sq[:])
	}
	if negative != (n < 0) {
		negate(v[:])
	}
	addWords(c.total[:], v[:])
	addWords(c.squares[:], sq[:])
	if c.n == 0 && c.total == [len(c.total)]uint64{} && c.squares == [len(c.squares)]uint64{} { // as it is again, unless this is a difference
		c.scale = 0
	}
}

// Add adds the values and their squares.
func (s *decimalMoments) Add(in *Rows) error {
	s.apply(in, 1)
	return nil
}

// Retract takes values back.
func (s *decimalMoments) Retract(in *Rows) error {
	s.apply(in, -1)
	return nil
}

func (s *decimalMoments) apply(in *Rows, n int64) {
	in = s.live.present(in)
	for i := range in.N {
		s.at(in.slot(i)).apply(in.Args[0].Decimal(in.Row(i)), n)
	}
}

// Result stores the measures.
func (s *decimalMoments) Result(slots []uint32, out *batch.Column, errs *builtin.Errors) {
	out.Reset(len(slots))
	for i, slot := range slots {
		c := s.at(slot)
		switch {
		case !s.spread.defined(c.n):
			out.SetNull(i)
		case c.odd > 0:
			out.SetDecimal(i, numeric.NaN())
		default:
			d, err := s.spread.ofDecimals(c.n, bigSigned(c.total[:]), bigOf(c.squares[:]), int(c.scale), c.scales.largest())
			setDecimal(out, i, errs, d, err)
		}
	}
}

// appendWords appends words, least significant first.
func appendWords(dst []byte, words []uint64) []byte {
	for _, w := range words {
		dst = binary.LittleEndian.AppendUint64(dst, w)
	}
	return dst
}

// addWords adds b to a, which has at least as many words, modulo its width.
func addWords(a, b []uint64) {
	var carry uint64
	for i := range a {
		var w uint64
		if i < len(b) {
			w = b[i]
		}
		a[i], carry = bits.Add64(a[i], w, carry)
	}
}

// mulPow10 multiplies by 10^digits modulo the width, which is right for two's complement too.
func mulPow10(a []uint64, digits int) {
	for ; digits > 0; digits -= 19 {
		m := uint64(1)
		for range min(digits, 19) {
			m *= 10
		}
		var carry uint64
		for i, w := range a {
			hi, lo := bits.Mul64(w, m)
			var c uint64
			a[i], c = bits.Add64(lo, carry, 0)
			carry = hi + c
		}
	}
}

// mulWords makes dst, which is zero and wide enough, the product of a and b.
func mulWords(dst, a, b []uint64) {
	for i, x := range a {
		var carry uint64
		for j, y := range b {
			hi, lo := bits.Mul64(x, y)
			var c uint64
			lo, c = bits.Add64(lo, carry, 0)
			hi += c
			dst[i+j], c = bits.Add64(dst[i+j], lo, 0)
			carry = hi + c
		}
		dst[i+len(b)] = carry
	}
}

// bigSigned returns the value of two's complement words.
func bigSigned(words []uint64) *big.Int {
	if words[len(words)-1]>>63 == 0 {
		return bigOf(words)
	}
	m := append([]uint64(nil), words...)
	negate(m)
	v := bigOf(m)
	return v.Neg(v)
}

// deviations returns n times the sum of squared deviations from the mean: n Σx² − (Σx)².
func deviations(n int64, sum, squares *big.Int) *big.Int {
	d := new(big.Int).Mul(big.NewInt(n), squares)
	return d.Sub(d, new(big.Int).Mul(sum, sum))
}

// divisor is what deviations are divided by to get the variance.
func (sp spread) divisor(n int64) *big.Int {
	other := n
	if sp.sample {
		other--
	}
	return new(big.Int).Mul(big.NewInt(n), big.NewInt(other))
}

// ofDecimals returns the measure over n values with the given sums, at the scale that PostgreSQL chooses: sum * 10^-scale, squares * 10^-(2 scale), where
// values have at most shown digits after the point.
func (sp spread) ofDecimals(n int64, sum, squares *big.Int, scale, shown int) (numeric.Decimal, error) {
	d := deviations(n, sum, squares)
	if shown < scale {
		d.Quo(d, tenTo(2*(scale-shown)))
		scale = shown
	}
	if d.Sign() <= 0 {
		return numeric.Decimal{}, nil
	}
	by := sp.divisor(n)
	at := divisionScale(d, 2*scale, by)
	q := quotient(d, 2*scale, by, at)
	if sp.root {
		return fitDecimal(at, func(digits int) *big.Int { return root(q, at, digits) })
	}
	return fitDecimal(at, func(digits int) *big.Int { return quotient(d, 2*scale, by, digits) })
}

// divisionScale is PostgreSQL's select_div_scale for a * 10^-scale divided by b: at least 16 significant digits, counted in groups of four.
func divisionScale(a *big.Int, scale int, b *big.Int) int {
	weight, first := leading(a, scale)
	otherWeight, otherFirst := leading(b, 0)
	weight -= otherWeight
	if first <= otherFirst {
		weight--
	}
	return max(16-4*weight, scale, 0)
}

// leading returns weight and value of the first digit to the base 10,000 of a * 10^-scale.
func leading(a *big.Int, scale int) (weight int, digit int64) {
	weight = (len(a.String()) - 1 - scale) >> 2
	shift := scale + 4*weight
	if shift < 0 {
		return weight, new(big.Int).Mul(a, tenTo(-shift)).Int64()
	}
	return weight, new(big.Int).Quo(a, tenTo(shift)).Int64()
}

// quotient returns a * 10^-scale / b * 10^at, rounded half up.
func quotient(a *big.Int, scale int, b *big.Int, at int) *big.Int {
	num, den := new(big.Int).Set(a), new(big.Int).Set(b)
	if at >= scale {
		num.Mul(num, tenTo(at-scale))
	} else {
		den.Mul(den, tenTo(scale-at))
	}
	rest := new(big.Int)
	num.QuoRem(num, den, rest)
	if rest.Lsh(rest, 1).Cmp(den) >= 0 {
		num.Add(num, big.NewInt(1))
	}
	return num
}

// root returns the square root of q * 10^-scale, times 10^at, rounded; 0 where q is negative, as of damaged sums only.
func root(q *big.Int, scale, at int) *big.Int {
	num := new(big.Int).Set(q)
	if num.Sign() < 0 {
		return num.SetInt64(0)
	}
	if shift := 2*at - scale; shift >= 0 {
		num.Mul(num, tenTo(shift))
	} else {
		num.Quo(num, tenTo(-shift))
	}
	r := new(big.Int).Sqrt(num)
	// The next half is at r² + r + 1/4.
	if num.Sub(num, new(big.Int).Mul(r, r)).Cmp(r) > 0 {
		r.Add(r, big.NewInt(1))
	}
	return r
}

func tenTo(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// fitDecimal returns the value that at gives at scale digits after the point, or at fewer if a number has no room for so many.
func fitDecimal(scale int, at func(scale int) *big.Int) (numeric.Decimal, error) {
	for {
		v := at(scale)
		excess := max(len(v.String())-numeric.MaxDigits, scale-numeric.MaxDigits)
		if excess <= 0 {
			coef := numeric.Int128{Lo: v.Uint64(), Hi: new(big.Int).Rsh(v, 64).Int64()} // at most 38 digits
			return numeric.Decimal{Coef: coef, Scale: int16(scale)}, nil                //nolint:gosec // at most 38
		}
		if scale == 0 {
			return numeric.Decimal{}, sqlstate.New(sqlstate.NumericValueOutOfRange, "value overflows numeric format")
		}
		scale = max(scale-excess, 0)
	}
}
