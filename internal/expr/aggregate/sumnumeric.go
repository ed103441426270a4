package aggregate

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
)

// numericCell is a sum of decimals and how many there are: total * 10^-scale, or accumulator number big when 38 digits did not suffice, a value was no
// number, or rows may be taken back and have several scales.
type numericCell struct {
	total numeric.Int128
	n     int64
	scale int16
	big   uint32
}

// isZero reports whether the cell is that of no values. One of differences may be of no more values than before, and yet be another sum.
func (c *numericCell) isZero() bool { return c.n == 0 && c.big == 0 && c.total == numeric.Int128{} }

// tidy forgets the scale of what is no more.
func (c *numericCell) tidy() {
	if c.isZero() {
		c.scale = 0
	}
}

// scaleCounts counts values by scale: as PostgreSQL does, so that a sum loses the digits of values that are taken back.
type scaleCounts [numeric.MaxDigits + 1]int64

func (c *scaleCounts) add(scale int16, n int64) {
	if scale >= 0 {
		c[scale] += n
	}
}

func (c *scaleCounts) merge(o *scaleCounts) {
	for i, n := range o {
		c[i] += n
	}
}

// largest is the largest scale of all values.
func (c *scaleCounts) largest() int {
	for i := len(c) - 1; i > 0; i-- {
		if c[i] != 0 {
			return i
		}
	}
	return 0
}

func (c *scaleCounts) encode(dst []byte) []byte {
	for _, n := range c {
		dst = appendInt(dst, n)
	}
	return dst
}

func (c *scaleCounts) decode(src []byte) (_ []byte, err error) {
	for i := range c {
		if src, err = readInt(src, &c[i]); err != nil {
			return nil, err
		}
	}
	return src, nil
}

// bigNumeric is an accumulator that holds everything.
type bigNumeric struct {
	numeric.Sum
	scales scaleCounts
}

const bigNumericBytes = numeric.SumSize + 8*(numeric.MaxDigits+1)

// numericSum is sum and avg of NUMERIC.
type numericSum struct {
	cells[numericCell]
	bigs []*bigNumeric // by number, from 1
	idle []uint32
	avg  bool
	// retracts: rows may be taken back.
	retracts bool
}

// newNumericSum returns the constructor of sum, or of avg.
func newNumericSum(avg bool) func(*Spec) State {
	return func(spec *Spec) State {
		s := &numericSum{avg: avg, retracts: spec.Retracts}
		s.cells = newCells(spec, layout[numericCell]{encode: s.encode, decode: s.decode, merge: s.mergeCells, free: s.drop})
		return s
	}
}

// Add adds the values.
func (s *numericSum) Add(in *Rows) error {
	in = s.live.present(in)
	col := in.Args[0]
	if len(col.Scales()) != 0 || col.Scale() < 0 {
		for i := range in.N {
			if err := s.put(s.at(in.slot(i)), col.Decimal(in.Row(i)), 1); err != nil {
				return err
			}
		}
		return nil
	}
	v, scale := col.Coefs(), col.Scale()
	for i := range in.N {
		c, x := s.at(in.slot(i)), v[in.Row(i)]
		if c.scale == scale && c.big == 0 {
			if total, ok := numeric.AddInt128(c.total, x); ok {
				c.total = total
				c.n++
				continue
			}
		}
		if err := s.put(c, numeric.Decimal{Coef: x, Scale: scale}, 1); err != nil {
			return err
		}
	}
	return nil
}

// Retract takes values back.
func (s *numericSum) Retract(in *Rows) error {
	in = s.live.present(in)
	for i := range in.N {
		if err := s.put(s.at(in.slot(i)), in.Args[0].Decimal(in.Row(i)), -1); err != nil {
			return err
		}
	}
	return nil
}

// put adds d if n is 1 and takes it back if n is -1.
func (s *numericSum) put(c *numericCell, d numeric.Decimal, n int64) error {
	if c.big == 0 && d.IsFinite() {
		x := d
		if n < 0 {
			x.Coef = x.Coef.Neg()
		}
		if s.place(c, x) {
			c.n += n
			c.tidy()
			return nil
		}
	}
	if err := s.widen(c); err != nil {
		return err
	}
	c.n += n
	big := s.get(c)
	big.scales.add(d.Scale, n)
	if n < 0 {
		big.Sub(d)
	} else {
		big.Add(d)
	}
	return nil
}

// place adds d to the cell's own total if that has room.
func (s *numericSum) place(c *numericCell, d numeric.Decimal) bool {
	if s.retracts && c.scale != d.Scale && !c.isZero() {
		return false
	}
	scale := max(c.scale, d.Scale)
	total, ok := numeric.Rescale10(c.total, int(scale-c.scale))
	if !ok {
		return false
	}
	x, ok := numeric.Rescale10(d.Coef, int(scale-d.Scale))
	if !ok {
		return false
	}
	if total, ok = numeric.AddInt128(total, x); ok {
		c.total, c.scale = total, scale
	}
	return ok
}

func (s *numericSum) get(c *numericCell) *bigNumeric { return s.bigs[c.big-1] }

// widen moves the cell's total into an accumulator.
func (s *numericSum) widen(c *numericCell) error {
	if c.big != 0 {
		return nil
	}
	big := bigNumeric{Sum: numeric.SumOf(c.total, int(c.scale), c.n)}
	big.scales.add(c.scale, c.n)
	if k := len(s.idle); k > 0 {
		c.big = s.idle[k-1]
		s.idle = s.idle[:k-1]
		*s.get(c) = big
	} else {
		if err := s.take(bigNumericBytes); err != nil {
			return err
		}
		s.bigs = append(s.bigs, &big)
		c.big = uint32(len(s.bigs)) //nolint:gosec // far below 2^32
	}
	c.total, c.scale = numeric.Int128{}, 0
	return nil
}

func (s *numericSum) drop(c *numericCell) {
	if c.big != 0 {
		s.idle = append(s.idle, c.big)
	}
}

func (s *numericSum) mergeCells(into, from *numericCell) error {
	if from.isZero() {
		return nil
	}
	if into.big == 0 && from.big == 0 && s.place(into, numeric.Decimal{Coef: from.total, Scale: from.scale}) {
		into.n += from.n
		into.tidy()
		return nil
	}
	if err := s.widen(into); err != nil {
		return err
	}
	if err := s.widen(from); err != nil {
		return err
	}
	s.get(into).Merge(&s.get(from).Sum)
	s.get(into).scales.merge(&s.get(from).scales)
	into.n += from.n
	s.drop(from)
	return nil
}

// encode appends the scale and the total, or a negative number and the accumulator, and then the count.
func (s *numericSum) encode(dst []byte, c *numericCell) []byte {
	if c.big != 0 {
		dst, _ = s.get(c).AppendBinary(appendInt(dst, -1)) // never fails
		dst = s.get(c).scales.encode(dst)
	} else {
		dst = appendWide(appendInt(dst, int64(c.scale)), c.total)
	}
	return appendInt(dst, c.n)
}

func (s *numericSum) decode(src []byte, c *numericCell) ([]byte, error) {
	var scale int64
	src, err := readInt(src, &scale)
	if err != nil {
		return nil, err
	}
	switch {
	case scale >= 0 && scale <= numeric.MaxDigits:
		c.scale = int16(scale)
		if c.total, src, err = readWide(src); err != nil || !c.total.InRange() {
			return nil, errDamaged()
		}
	case scale == -1 && len(src) >= numeric.SumSize:
		if err := s.widen(c); err != nil {
			return nil, err
		}
		if err := s.get(c).UnmarshalBinary(src[:numeric.SumSize]); err != nil {
			return nil, err
		}
		if src, err = s.get(c).scales.decode(src[numeric.SumSize:]); err != nil {
			return nil, err
		}
	default:
		return nil, errDamaged()
	}
	return readInt(src, &c.n)
}

// Result stores sums or means.
func (s *numericSum) Result(slots []uint32, out *batch.Column, errs *builtin.Errors) {
	out.Reset(len(slots))
	for i, slot := range slots {
		c := s.at(slot)
		if c.n == 0 {
			out.SetNull(i)
			continue
		}
		d, err := s.answer(c)
		setDecimal(out, i, errs, d, err)
	}
}

func (s *numericSum) answer(c *numericCell) (numeric.Decimal, error) {
	switch total := (numeric.Decimal{Coef: c.total, Scale: c.scale}); {
	case c.big != 0:
		sum := s.get(c).Sum
		sum.Reduce(s.get(c).scales.largest())
		if s.avg {
			return sum.Avg()
		}
		return sum.Result()
	case s.avg:
		return numeric.Div(total, numeric.FromInt64(c.n))
	default:
		return total, nil
	}
}
