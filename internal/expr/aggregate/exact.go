package aggregate

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"
)

// Sums of floats are kept exactly, as integers times a power of two, and rounded once, in the result. So neither the order of rows nor how
// they were split nor what was added and taken back again shows. A sum is a window of a few words that slides to where the values are; a
// sum that no window holds, such as that of 1e300 and 1e-300, moves to a wide accumulator that spans all doubles and all products of two
// (after R. Neal, "Fast exact summation using small and large superaccumulators", 2015). So do infinities and NaN, which are only counted.

// window is the two's complement integer w, least significant word first, times 2^low. Its upper quarter stays free for carries.
type window[W [3]uint64 | [5]uint64] struct {
	w W
	// low is the exponent of bit 0.
	low int32
	// wide is the number of the wide accumulator that has taken over, 0 if none has.
	wide uint32
}

const (
	// headroom is how many bits at the top of a window only carries reach: 2^headroom additions cannot overflow it, and before that many are
	// done a look at the top bits shows that it fills up.
	headroom = 32
	// below is how many bits a new window leaves for smaller values than its first.
	below = 40
	// mantissa is the number of bits of a double's mantissa.
	mantissa = 53
)

// wideWords spans 2^-2148, the smallest product of two doubles, to 2^2048 and 2^63 additions.
const (
	wideLow   = -2148
	wideWords = (2148 + 2048 + 64 + 63) / 64
)

// wide is an accumulator for any doubles and products, and the values that are no numbers.
type wide struct {
	w                   [wideWords]uint64
	nan, posInf, negInf int64
}

// wides keeps the wide accumulators of a state.
type wides struct {
	memory *account
	list   []*wide // by number, from 1
	free   []uint32
}

const wideBytes = wideWords*8 + 24

func (s *wides) get(n uint32) *wide { return s.list[n-1] }

func (s *wides) take() (uint32, error) {
	if k := len(s.free); k > 0 {
		n := s.free[k-1]
		s.free = s.free[:k-1]
		*s.get(n) = wide{}
		return n, nil
	}
	if err := s.memory.take(wideBytes); err != nil {
		return 0, err
	}
	s.list = append(s.list, &wide{})
	return uint32(len(s.list)), nil //nolint:gosec // far below 2^32
}

// give takes back accumulator n, if there is one.
func (s *wides) give(n uint32) {
	if n != 0 {
		s.free = append(s.free, n)
	}
}

// add adds m * 2^exp, or subtracts it if negative.
func (a *wide) add(m uint64, exp int, negative bool) {
	shift := exp - wideLow
	i, b := shift>>6, uint(shift)&63 //nolint:gosec // exponents begin at wideLow
	addShifted(a.w[i:], m<<b, m>>(64-b), negative)
}

// addShifted adds lo and hi at the beginning of w, or subtracts them.
func addShifted(w []uint64, lo, hi uint64, negative bool) {
	var c uint64
	if negative {
		w[0], c = bits.Sub64(w[0], lo, 0)
		for i := 1; i < len(w) && (c|hi) != 0; i++ {
			w[i], c = bits.Sub64(w[i], hi, c)
			hi = 0
		}
		return
	}
	w[0], c = bits.Add64(w[0], lo, 0)
	for i := 1; i < len(w) && (c|hi) != 0; i++ {
		w[i], c = bits.Add64(w[i], hi, c)
		hi = 0
	}
}

// special counts n times a value that is no number.
func (a *wide) special(x float64, n int64) {
	switch {
	case math.IsNaN(x):
		a.nan += n
	case x > 0:
		a.posInf += n
	default:
		a.negInf += n
	}
}

// split returns a finite double as sign, mantissa and exponent.
func split(x float64) (m uint64, exp int, negative bool) {
	b := math.Float64bits(x)
	m, exp = b&(1<<(mantissa-1)-1), int(b>>(mantissa-1)&0x7ff)
	if exp == 0 {
		exp = 1
	} else {
		m |= 1 << (mantissa - 1)
	}
	return m, exp - 1075, b>>63 != 0
}

func isFinite(x float64) bool { return math.Float64bits(x)>>52&0x7ff != 0x7ff }

// apply adds x, whatever it is, or takes it back.
func (a *window[W]) apply(s *wides, x float64, minus bool) error {
	if !isFinite(x) {
		return a.special(s, x, step(minus))
	}
	m, exp, negative := split(x)
	return a.put(s, m, exp, negative != minus)
}

func (a *window[W]) special(s *wides, x float64, n int64) error {
	if err := a.widen(s); err != nil {
		return err
	}
	s.get(a.wide).special(x, n)
	return nil
}

// addProduct adds the product of two finite doubles, or subtracts it.
func (a *window[W]) addProduct(s *wides, x, y float64, minus bool) error {
	mx, ex, nx := split(x)
	my, ey, ny := split(y)
	hi, lo := bits.Mul64(mx, my)
	negative := (nx != ny) != minus
	if err := a.put(s, lo, ex+ey, negative); err != nil {
		return err
	}
	return a.put(s, hi, ex+ey+64, negative)
}

// put adds m * 2^exp, or subtracts it.
func (a *window[W]) put(s *wides, m uint64, exp int, negative bool) error {
	if m == 0 {
		return nil
	}
	if a.wide == 0 {
		if a.fits(m, exp) || a.slide(m, exp) {
			a.place(m, exp-int(a.low), negative)
			return nil
		}
		if err := a.widen(s); err != nil {
			return err
		}
	}
	s.get(a.wide).add(m, exp, negative)
	return nil
}

// place adds m << shift, which must fit.
func (a *window[W]) place(m uint64, shift int, negative bool) {
	b := uint(shift) & 63 //nolint:gosec // not negative
	lo, hi := m<<b, m>>(64-b)
	switch w := any(&a.w).(type) {
	case *[3]uint64:
		addShifted(w[shift>>6:], lo, hi, negative)
	case *[5]uint64:
		addShifted(w[shift>>6:], lo, hi, negative)
	}
}

// limit is the number of bits that values may reach up to.
func (a *window[W]) limit() int { return len(a.w)*64 - headroom }

// isZero reports whether the window holds nothing but zero.
func (a *window[W]) isZero() bool {
	var or uint64
	for i := range len(a.w) {
		or |= a.w[i]
	}
	return or == 0
}

// fits reports whether m * 2^exp lies in the window, and the window is not about to overflow.
func (a *window[W]) fits(m uint64, exp int) bool {
	shift := exp - int(a.low)
	top := a.w[len(a.w)-1]
	return shift >= 0 && shift+bits.Len64(m) <= a.limit() && (top^top<<1)>>63 == 0
}

// slide moves the window to where it holds both what it has and m * 2^exp, and reports whether there is such a place.
func (a *window[W]) slide(m uint64, exp int) bool {
	bottom, top := exp+bits.TrailingZeros64(m), exp+bits.Len64(m)
	if a.isZero() {
		a.low = int32(max(exp-below, wideLow)) //nolint:gosec // an exponent
		return top-int(a.low) <= a.limit()
	}
	negative, v := a.magnitude()
	zeros, length := trailingZeros(v), bitLen(v)
	bottom, top = min(bottom, int(a.low)+zeros), max(top, int(a.low)+length)
	spare := a.limit() - (top - bottom)
	if spare < 0 {
		return false
	}
	low := max(bottom-min(spare/2, below), wideLow)
	// What is put at exp must begin within the window, although its lowest bits may be zero.
	if low = min(low, exp); top-low > a.limit() {
		return false
	}
	shifted := shift(v, int(a.low)-low)
	for i := range len(a.w) {
		a.w[i] = shifted[i]
	}
	if a.low = int32(low); negative { //nolint:gosec // an exponent
		negate(a.words())
	}
	return true
}

// words is the memory of the window.
func (a *window[W]) words() []uint64 {
	switch w := any(&a.w).(type) {
	case *[3]uint64:
		return w[:]
	case *[5]uint64:
		return w[:]
	}
	return nil
}

// magnitude returns sign and absolute value.
func (a *window[W]) magnitude() (negative bool, v [5]uint64) {
	n := copy(v[:], a.words())
	if a.w[n-1]>>63 == 0 {
		return false, v
	}
	negate(v[:n])
	return true, v
}

func negate(w []uint64) {
	carry := uint64(1)
	for i := range w {
		w[i], carry = bits.Add64(^w[i], 0, carry)
	}
}

func bitLen(v [5]uint64) int {
	for i := len(v) - 1; i >= 0; i-- {
		if v[i] != 0 {
			return 64*i + bits.Len64(v[i])
		}
	}
	return 0
}

func trailingZeros(v [5]uint64) int {
	for i, word := range v {
		if word != 0 {
			return 64*i + bits.TrailingZeros64(word)
		}
	}
	return 64 * len(v)
}

// shift returns v * 2^n, which must be a whole number and fit.
func shift(v [5]uint64, n int) (out [5]uint64) {
	words, b := n>>6, uint(n)&63 //nolint:gosec // n may be negative: words is rounded down, b is what is left
	for i := range out {
		if j := i - words; j >= 0 && j < len(v) {
			out[i] = v[j] << b
		}
		if j := i - words - 1; j >= 0 && j < len(v) {
			out[i] |= v[j] >> (64 - b)
		}
	}
	return out
}

// widen moves the sum to a wide accumulator, unless it is in one.
func (a *window[W]) widen(s *wides) error {
	if a.wide != 0 {
		return nil
	}
	n, err := s.take()
	if err != nil {
		return err
	}
	negative, v := a.magnitude()
	for i, word := range v {
		if word != 0 {
			s.get(n).add(word, int(a.low)+64*i, negative)
		}
	}
	*a = window[W]{wide: n}
	return nil
}

// merge adds another sum of the same state, which is then empty.
func (a *window[W]) merge(s *wides, o *window[W]) error {
	if o.wide == 0 {
		negative, v := o.magnitude()
		for i, word := range v {
			if err := a.put(s, word, int(o.low)+64*i, negative); err != nil {
				return err
			}
		}
		return nil
	}
	if err := a.widen(s); err != nil {
		return err
	}
	into, from := s.get(a.wide), s.get(o.wide)
	var carry uint64
	for i := range into.w {
		into.w[i], carry = bits.Add64(into.w[i], from.w[i], carry)
	}
	into.nan += from.nan
	into.posInf += from.posInf
	into.negInf += from.negInf
	o.drop(s)
	return nil
}

// drop empties the sum.
func (a *window[W]) drop(s *wides) {
	s.give(a.wide)
	*a = window[W]{}
}

// specials returns how many values were NaN, Infinity and -Infinity.
func (a *window[W]) specials(s *wides) (nan, posInf, negInf int64) {
	if a.wide == 0 {
		return 0, 0, 0
	}
	w := s.get(a.wide)
	return w.nan, w.posInf, w.negInf
}

// exact returns the sum of the finite values: v times 2^exp, v in words least significant first; v, exp, and whether it is negative. v is in the memory of buf, which is empty,
// if that is large enough.
func (a *window[W]) exact(s *wides, buf []uint64) ([]uint64, int, bool) {
	if a.wide == 0 {
		neg, w := a.magnitude()
		return append(buf, w[:]...), int(a.low), neg
	}
	w := s.get(a.wide)
	buf = append(buf, w.w[:]...)
	negative := buf[len(buf)-1]>>63 != 0
	if negative {
		negate(buf)
	}
	return buf, wideLow, negative
}

// round returns v * 2^exp rounded to the nearest float of the given bits of mantissa, ties to even. It may be infinite.
func round(v []uint64, exp int, negative bool, precision int) float64 {
	n := len(v)
	for n > 0 && v[n-1] == 0 {
		n--
	}
	if n == 0 {
		return 0
	}
	length := 64*(n-1) + bits.Len64(v[n-1])
	least := -1074 // the exponent of the smallest float
	if precision < mantissa {
		least = -149
	}
	cut := max(length-precision, least-exp, 0)
	m := bitsAt(v[:n], cut)
	if cut > 0 {
		half := bitsAt(v[:n], cut-1)&1 != 0
		if half && (m&1 != 0 || !zeroBelow(v, cut-1)) {
			m++
		}
	}
	x := math.Ldexp(float64(m), exp+cut)
	if negative {
		x = -x
	}
	return x
}

// bitsAt returns the 64 bits of v from bit i on.
func bitsAt(v []uint64, i int) uint64 {
	word, b := i>>6, uint(i)&63 //nolint:gosec // not negative
	if word >= len(v) {
		return 0
	}
	m := v[word] >> b
	if b > 0 && word+1 < len(v) {
		m |= v[word+1] << (64 - b)
	}
	return m
}

// zeroBelow reports whether the bits below bit i are zero.
func zeroBelow(v []uint64, i int) bool {
	for _, word := range v[:i>>6] {
		if word != 0 {
			return false
		}
	}
	return v[i>>6]&(1<<(uint(i)&63)-1) == 0 //nolint:gosec // not negative
}

// bigInt returns the sum of the finite values as an integer times 2^exp.
func (a *window[W]) bigInt(s *wides) (v *big.Int, exp int) {
	words, exp, negative := a.exact(s, nil)
	v = bigOf(words)
	if negative {
		v.Neg(v)
	}
	return v, exp
}

func bigOf(words []uint64) *big.Int {
	b := make([]byte, 8*len(words))
	for i, w := range words {
		binary.BigEndian.PutUint64(b[len(b)-8-8*i:], w)
	}
	return new(big.Int).SetBytes(b)
}

// encode appends the sum: whether it is negative, the exponent of its lowest bit, the words from there on, and the values that are no numbers. Equal
// sums have equal bytes.
func (a *window[W]) encode(s *wides, dst []byte) []byte {
	var buf [wideWords]uint64
	v, exp, negative := a.exact(s, buf[:0])
	zeros := 0
	for zeros < len(v) && v[zeros] == 0 {
		zeros++
	}
	head := int64(0)
	if negative {
		head = 1
	}
	nan, posInf, negInf := a.specials(s)
	if nan|posInf|negInf != 0 {
		head |= 2
	}
	dst = appendInt(dst, head)
	if head&2 != 0 {
		dst = appendInt(appendInt(appendInt(dst, nan), posInf), negInf)
	}
	if zeros == len(v) {
		return appendInt(dst, 0)
	}
	low := 64*zeros + bits.TrailingZeros64(v[zeros])
	words := (64*len(v) - low + 63) / 64
	for words > 0 && bitsAt(v, low+64*(words-1)) == 0 {
		words--
	}
	dst = appendInt(appendInt(dst, int64(words)), int64(exp+low))
	for i := range words {
		dst = binary.LittleEndian.AppendUint64(dst, bitsAt(v, low+64*i))
	}
	return dst
}

// decode makes an empty sum what encode wrote.
func (a *window[W]) decode(s *wides, src []byte) ([]byte, error) {
	head, src, err := readCount(src, 3)
	if err != nil {
		return nil, err
	}
	if head&2 != 0 {
		if err := a.widen(s); err != nil {
			return nil, err
		}
		w := s.get(a.wide)
		for _, n := range []*int64{&w.nan, &w.posInf, &w.negInf} {
			if src, err = readInt(src, n); err != nil {
				return nil, err
			}
		}
	}
	words, src, err := readCount(src, wideWords)
	if err != nil || words == 0 {
		return src, err
	}
	var exp int64
	if src, err = readInt(src, &exp); err != nil {
		return nil, err
	}
	if exp < wideLow || exp+64*(words-1) >= wideLow+64*wideWords {
		return nil, errDamaged()
	}
	var v [wideWords]uint64
	if src, err = readUint64s(src, v[:words]); err != nil {
		return nil, err
	}
	for i, word := range v[:words] {
		if err := a.put(s, word, int(exp)+64*i, head&1 != 0); err != nil {
			return nil, err
		}
	}
	return src, nil
}
