package aggregate

import (
	"math/bits"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// intCell is a sum of integers, 128 bits wide, so that it cannot overflow, and how many there are.
type intCell struct {
	lo uint64
	hi int64
	n  int64
}

func (c *intCell) add(v int64) {
	var carry uint64
	c.lo, carry = bits.Add64(c.lo, uint64(v), 0)
	c.hi += v>>63 + int64(carry) //nolint:gosec // 0 or 1
	c.n++
}

func (c *intCell) sub(v int64) {
	var borrow uint64
	c.lo, borrow = bits.Sub64(c.lo, uint64(v), 0)
	c.hi -= v>>63 + int64(borrow) //nolint:gosec // 0 or 1
	c.n--
}

func (c *intCell) merge(o *intCell) {
	var carry uint64
	c.lo, carry = bits.Add64(c.lo, o.lo, 0)
	c.hi += o.hi + int64(carry) //nolint:gosec // 0 or 1
	c.n += o.n
}

func (c *intCell) total() numeric.Int128 { return numeric.Int128{Lo: c.lo, Hi: c.hi} }

func intLayout() layout[intCell] {
	return layout[intCell]{
		encode: func(dst []byte, c *intCell) []byte {
			return appendInt(appendWide(dst, c.total()), c.n)
		},
		decode: func(src []byte, c *intCell) ([]byte, error) {
			total, src, err := readWide(src)
			if err != nil {
				return nil, err
			}
			c.lo, c.hi = total.Lo, total.Hi
			return readInt(src, &c.n)
		},
		merge: func(into, from *intCell) error {
			into.merge(from)
			return nil
		},
	}
}

// intSum is sum and avg of integers of type T.
type intSum[T int16 | int32 | int64] struct {
	cells[intCell]
	avg    bool
	result schema.Kind
}

// newIntSum returns the constructor of sum, whose result is of kind, or of avg.
func newIntSum[T int16 | int32 | int64](avg bool, result schema.Kind) func(*Spec) State {
	return func(spec *Spec) State {
		return &intSum[T]{cells: newCells(spec, intLayout()), avg: avg, result: result}
	}
}

// Add adds the values.
func (s *intSum[T]) Add(in *Rows) error {
	in = s.live.present(in)
	v, slots := batch.Values[T](in.Args[0]), s.slots
	switch {
	case in.Slots == nil:
		total := sumOf(v, in)
		s.at(in.Slot).merge(&total)
	case in.Rows == nil:
		v = v[:len(in.Slots)]
		for i, slot := range in.Slots {
			slots.At(slot).add(int64(v[i]))
		}
	default:
		rows := in.Rows[:len(in.Slots)]
		for i, slot := range in.Slots {
			slots.At(slot).add(int64(v[rows[i]]))
		}
	}
	return nil
}

// sumOf adds the values of a batch. The low and the high halves are summed apart, since 4,096 of either cannot overflow.
func sumOf[T int16 | int32 | int64](v []T, in *Rows) intCell {
	var lo, hi int64
	if in.Rows == nil {
		for _, x := range v[:in.N] {
			lo += int64(uint32(x)) //nolint:gosec // the low half
			hi += int64(x) >> 32
		}
	} else {
		for _, row := range in.Rows {
			x := v[row]
			lo += int64(uint32(x)) //nolint:gosec // the low half
			hi += int64(x) >> 32
		}
	}
	c := intCell{lo: uint64(hi) << 32, hi: hi >> 32}
	c.add(lo)
	c.n = int64(in.N)
	return c
}

// Retract takes values back.
func (s *intSum[T]) Retract(in *Rows) error {
	in = s.live.present(in)
	v := batch.Values[T](in.Args[0])
	for i := range in.N {
		s.at(in.slot(i)).sub(int64(v[in.Row(i)]))
	}
	return nil
}

// fetched is how many cells are fetched together: while one waits for memory, the others do not.
const fetched = 128

// Result stores sums or means.
func (s *intSum[T]) Result(slots []uint32, out *batch.Column, errs *builtin.Errors) {
	out.Reset(len(slots))
	var memory [fetched]intCell
	for from := 0; from < len(slots); from += fetched {
		piece := slots[from:min(from+fetched, len(slots))]
		for i, slot := range piece {
			memory[i] = *s.slots.At(slot)
		}
		for i := range piece {
			s.store(&memory[i], from+i, out, errs)
		}
	}
}

func (s *intSum[T]) store(c *intCell, i int, out *batch.Column, errs *builtin.Errors) {
	switch {
	case c.n == 0:
		out.SetNull(i)
	case s.avg:
		mean, err := numeric.Div(numeric.Decimal{Coef: c.total()}, numeric.FromInt64(c.n))
		setDecimal(out, i, errs, mean, err)
	case s.result == schema.Numeric:
		out.SetDecimal(i, numeric.Decimal{Coef: c.total()})
	case !c.total().FitsInt64():
		fail(out, i, errs, sqlstate.New(sqlstate.NumericValueOutOfRange, "bigint out of range"))
	default:
		out.Int64s()[i] = c.total().Int64()
	}
}

// setDecimal stores a number, or notes why there is none.
func setDecimal(out *batch.Column, row int, errs *builtin.Errors, d numeric.Decimal, err error) {
	if err != nil {
		fail(out, row, errs, codec.AsSQLState(err))
		return
	}
	out.SetDecimal(row, d)
}
