package aggregate

import (
	"math"
	"math/bits"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// floatCell is an exact sum of floats and how many there are.
type floatCell struct {
	sum window[[3]uint64]
	n   int64
}

// fast adds a normal double with the bits b if the window holds it, and reports whether it did.
func (c *floatCell) fast(b uint64) bool {
	e := int32(b >> 52 & 0x7ff) //nolint:gosec // 11 bits
	w := &c.sum.w
	shift := uint32(e - 1075 - c.sum.low)                        //nolint:gosec // what is negative gets too large
	if shift > 3*64-headroom-mantissa || uint32(e-1) >= 0x7fe || //nolint:gosec // zero, subnormal, infinite or NaN
		c.sum.wide|uint32((w[2]^w[2]<<1)>>63) != 0 { //nolint:gosec // a bit
		return false
	}
	m := b&(1<<52-1) | 1<<52
	lo, hi := m<<(shift&63), m>>(64-shift&63)
	sign := uint64(int64(b) >> 63) //nolint:gosec // all ones if negative
	var a0, a1, a2 uint64
	switch shift >> 6 {
	case 0:
		a0, a1 = lo, hi
	default:
		a1, a2 = lo, hi
	}
	var carry uint64
	w[0], carry = bits.Add64(w[0], a0^sign, sign&1)
	w[1], carry = bits.Add64(w[1], a1^sign, carry)
	w[2] += a2 ^ sign + carry
	c.n++
	return true
}

// slow adds any double.
func (c *floatCell) slow(s *wides, x float64) error {
	c.n++
	return c.sum.apply(s, x, false)
}

// floatSum is sum and avg of floats of type T.
type floatSum[T float32 | float64] struct {
	cells[floatCell]
	wides wides
	avg   bool
}

// newFloatSum returns the constructor of sum, or of avg.
func newFloatSum[T float32 | float64](avg bool) func(*Spec) State {
	return func(spec *Spec) State {
		s := &floatSum[T]{avg: avg}
		s.cells = newCells(spec, layout[floatCell]{
			encode: func(dst []byte, c *floatCell) []byte { return appendInt(c.sum.encode(&s.wides, dst), c.n) },
			decode: func(src []byte, c *floatCell) ([]byte, error) {
				src, err := c.sum.decode(&s.wides, src)
				if err != nil {
					return nil, err
				}
				return readInt(src, &c.n)
			},
			merge: func(into, from *floatCell) error {
				into.n += from.n
				return into.sum.merge(&s.wides, &from.sum)
			},
			free: func(c *floatCell) { c.sum.drop(&s.wides) },
		})
		s.wides.memory = &s.account
		return s
	}
}

// Add adds the values.
func (s *floatSum[T]) Add(in *Rows) error {
	in = s.live.present(in)
	v, slots := batch.Values[T](in.Args[0]), s.slots
	if in.Slots == nil {
		return s.addAll(v, in)
	}
	for i, slot := range in.Slots {
		x := float64(v[in.Row(i)])
		c := slots.At(slot)
		if !c.fast(math.Float64bits(x)) {
			if err := c.slow(&s.wides, x); err != nil {
				return err
			}
		}
	}
	return nil
}

// addAll adds all values to one slot.
func (s *floatSum[T]) addAll(v []T, in *Rows) error {
	c := s.at(in.Slot)
	for i := range in.N {
		x := float64(v[in.Row(i)])
		if !c.fast(math.Float64bits(x)) {
			if err := c.slow(&s.wides, x); err != nil {
				return err
			}
		}
	}
	return nil
}

// Retract takes values back.
func (s *floatSum[T]) Retract(in *Rows) error {
	in = s.live.present(in)
	v := batch.Values[T](in.Args[0])
	for i := range in.N {
		c := s.at(in.slot(i))
		c.n--
		if err := c.sum.apply(&s.wides, float64(v[in.Row(i)]), true); err != nil {
			return err
		}
	}
	return nil
}

// Result stores sums or means.
func (s *floatSum[T]) Result(slots []uint32, out *batch.Column, errs *builtin.Errors) {
	out.Reset(len(slots))
	var buf [wideWords]uint64
	for i, slot := range slots {
		c := s.at(slot)
		if c.n == 0 {
			out.SetNull(i)
			continue
		}
		precision := mantissa
		if out.Kind() == schema.Float32 {
			precision = 24
		}
		x, err := c.sum.float(&s.wides, buf[:0], precision)
		if err != nil {
			fail(out, i, errs, err)
			continue
		}
		if s.avg {
			x /= float64(c.n)
		}
		if precision == mantissa {
			out.Float64s()[i] = x
		} else {
			out.Float32s()[i] = float32(x)
		}
	}
}

// float returns the sum of all values, rounded to precision bits. buf is scratch memory for a wide sum.
func (a *window[W]) float(s *wides, buf []uint64, precision int) (float64, *sqlstate.Error) {
	switch nan, posInf, negInf := a.specials(s); {
	case nan > 0 || posInf > 0 && negInf > 0:
		return math.NaN(), nil
	case posInf > 0:
		return math.Inf(1), nil
	case negInf > 0:
		return math.Inf(-1), nil
	}
	v, exp, negative := a.exact(s, buf)
	x := round(v, exp, negative, precision)
	if math.IsInf(x, 0) || precision < mantissa && math.Abs(x) > math.MaxFloat32 {
		return 0, errFloatOverflow()
	}
	return x, nil
}

func errFloatOverflow() *sqlstate.Error {
	return sqlstate.New(sqlstate.NumericValueOutOfRange, "value out of range: overflow")
}
