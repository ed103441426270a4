package aggregate

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

// newExtreme returns the constructor of min, or of max, of values of kind.
func newExtreme(kind schema.Kind, largest bool) func(*Spec) State {
	switch kind {
	case schema.Int16:
		return newExtremeInt[int16](largest)
	case schema.Int32, schema.Date:
		return newExtremeInt[int32](largest)
	case schema.Float32:
		return newExtremeFloat[float32](largest)
	case schema.Float64:
		return newExtremeFloat[float64](largest)
	case schema.Numeric:
		return newExtremeOf(largest, numeric.Cmp, compareScales, appendDecimal, readNumeric, (*batch.Column).Decimal, (*batch.Column).SetDecimal)
	case schema.Interval:
		return newExtremeOf(largest, temporal.Interval.Compare, compareFields, appendInterval, readIntervalValue,
			func(col *batch.Column, row int) temporal.Interval { return col.Intervals()[row] },
			func(col *batch.Column, row int, v temporal.Interval) { col.Intervals()[row] = v })
	case schema.Text:
		return newExtremeText(largest)
	case schema.Array:
		return newExtremeArray(largest)
	default:
		return newExtremeInt[int64](largest)
	}
}

// wordCell holds the smallest key so far.
type wordCell struct {
	key int64
	set bool
}

func (c *wordCell) take(key int64) {
	if key < c.key || !c.set {
		c.key, c.set = key, true
	}
}

func wordLayout() layout[wordCell] {
	return layout[wordCell]{
		encode: func(dst []byte, c *wordCell) []byte {
			if !c.set {
				return append(dst, 0)
			}
			return binary.LittleEndian.AppendUint64(append(dst, 1), uint64(c.key)) //nolint:gosec // bits
		},
		decode: func(src []byte, c *wordCell) ([]byte, error) {
			if len(src) == 0 || src[0] > 1 {
				return nil, errDamaged()
			}
			if src[0] == 0 {
				return src[1:], nil
			}
			var word [1]uint64
			rest, err := readUint64s(src[1:], word[:])
			c.key, c.set = int64(word[0]), true //nolint:gosec // bits
			return rest, err
		},
		merge: func(into, from *wordCell) error {
			if from.set {
				into.take(from.key)
			}
			return nil
		},
	}
}

// extremeInt is min and max of what lies in a column as integers. A key is the value, or its complement, which reverses the order.
type extremeInt[T int16 | int32 | int64] struct {
	cells[wordCell]
	flip int64
}

func newExtremeInt[T int16 | int32 | int64](largest bool) func(*Spec) State {
	return func(spec *Spec) State { return &extremeInt[T]{newCells(spec, wordLayout()), flipOf(largest)} }
}

func flipOf(largest bool) int64 {
	if largest {
		return -1
	}
	return 0
}

// Add compares the values.
func (s *extremeInt[T]) Add(in *Rows) error {
	in = s.live.present(in)
	v, slots, flip := batch.Values[T](in.Args[0]), s.slots, s.flip
	switch {
	case in.Slots == nil && in.N > 0:
		best := int64(v[in.Row(0)]) ^ flip
		for i := range in.N {
			best = min(best, int64(v[in.Row(i)])^flip)
		}
		s.at(in.Slot).take(best)
	case in.Rows == nil:
		for i, slot := range in.Slots {
			slots.At(slot).take(int64(v[i]) ^ flip)
		}
	default:
		rows := in.Rows[:len(in.Slots)]
		for i, slot := range in.Slots {
			slots.At(slot).take(int64(v[rows[i]]) ^ flip)
		}
	}
	return nil
}

// Result stores the values.
func (s *extremeInt[T]) Result(slots []uint32, out *batch.Column, _ *builtin.Errors) {
	out.Reset(len(slots))
	v := batch.Values[T](out)
	for i, slot := range slots {
		if c := s.at(slot); c.set {
			v[i] = T(c.key ^ s.flip)
		} else {
			out.SetNull(i)
		}
	}
}

// extremeFloat is min and max of floats. A key is the double's bits, arranged so that they order as PostgreSQL orders doubles: NaN is the largest. It
// puts -0 before 0, which PostgreSQL takes as equal.
type extremeFloat[T float32 | float64] struct {
	cells[wordCell]
	flip int64
}

func newExtremeFloat[T float32 | float64](largest bool) func(*Spec) State {
	return func(spec *Spec) State { return &extremeFloat[T]{newCells(spec, wordLayout()), flipOf(largest)} }
}

func floatKey(x float64) int64 {
	if x != x {
		return math.MaxInt64
	}
	b := int64(math.Float64bits(x)) //nolint:gosec // bits
	return b ^ int64(uint64(b>>63)>>1)
}

func keyFloat(key int64) float64 {
	if key == math.MaxInt64 {
		return math.NaN()
	}
	return math.Float64frombits(uint64(key ^ int64(uint64(key>>63)>>1))) //nolint:gosec // bits
}

// Add compares the values.
func (s *extremeFloat[T]) Add(in *Rows) error {
	in = s.live.present(in)
	v, slots, flip := batch.Values[T](in.Args[0]), s.slots, s.flip
	if in.Slots == nil && in.N > 0 {
		best := floatKey(float64(v[in.Row(0)])) ^ flip
		for i := range in.N {
			best = min(best, floatKey(float64(v[in.Row(i)]))^flip)
		}
		s.at(in.Slot).take(best)
		return nil
	}
	for i, slot := range in.Slots {
		slots.At(slot).take(floatKey(float64(v[in.Row(i)])) ^ flip)
	}
	return nil
}

// Result stores the values.
func (s *extremeFloat[T]) Result(slots []uint32, out *batch.Column, _ *builtin.Errors) {
	out.Reset(len(slots))
	v := batch.Values[T](out)
	for i, slot := range slots {
		if c := s.at(slot); c.set {
			v[i] = T(keyFloat(c.key ^ s.flip))
		} else {
			out.SetNull(i)
		}
	}
}

// bestCell holds the best value so far.
type bestCell[T any] struct {
	v   T
	set bool
}

// extremeOf is min and max of values of a type that has an order of its own. Of values that are equal but look different the answer is the one with the
// larger form, so that it does not depend on which came last.
type extremeOf[T any] struct {
	cells[bestCell[T]]
	sign    int
	compare func(a, b T) int
	form    func(a, b T) int
	get     func(col *batch.Column, row int) T
	put     func(col *batch.Column, row int, v T)
}

func newExtremeOf[T any](largest bool, compare, form func(a, b T) int, encode func([]byte, T) []byte, decode func([]byte) (T, []byte, error),
	get func(*batch.Column, int) T, put func(*batch.Column, int, T),
) func(*Spec) State {
	return func(spec *Spec) State {
		s := &extremeOf[T]{sign: 1, compare: compare, form: form, get: get, put: put}
		if largest {
			s.sign = -1
		}
		s.cells = newCells(spec, layout[bestCell[T]]{
			encode: func(dst []byte, c *bestCell[T]) []byte {
				if !c.set {
					return append(dst, 0)
				}
				return encode(append(dst, 1), c.v)
			},
			decode: func(src []byte, c *bestCell[T]) (rest []byte, err error) {
				if len(src) == 0 || src[0] > 1 {
					return nil, errDamaged()
				}
				if c.set = src[0] == 1; !c.set {
					return src[1:], nil
				}
				c.v, rest, err = decode(src[1:])
				return rest, err
			},
			merge: func(into, from *bestCell[T]) error {
				if from.set {
					s.offer(into, from.v)
				}
				return nil
			},
		})
		return s
	}
}

func (s *extremeOf[T]) offer(c *bestCell[T], v T) {
	if c.set {
		if order := s.compare(v, c.v) * s.sign; order > 0 || order == 0 && s.form(v, c.v) <= 0 {
			return
		}
	}
	c.v, c.set = v, true
}

// Add compares the values.
func (s *extremeOf[T]) Add(in *Rows) error {
	in = s.live.present(in)
	for i := range in.N {
		s.offer(s.at(in.slot(i)), s.get(in.Args[0], in.Row(i)))
	}
	return nil
}

// Result stores the values.
func (s *extremeOf[T]) Result(slots []uint32, out *batch.Column, _ *builtin.Errors) {
	out.Reset(len(slots))
	for i, slot := range slots {
		if c := s.at(slot); c.set {
			s.put(out, i, c.v)
		} else {
			out.SetNull(i)
		}
	}
}

func compareScales(a, b numeric.Decimal) int { return cmp.Compare(a.Scale, b.Scale) }

func appendDecimal(dst []byte, d numeric.Decimal) []byte {
	return appendWide(appendInt(dst, int64(d.Scale)), d.Coef)
}

func compareFields(a, b temporal.Interval) int {
	return cmp.Or(cmp.Compare(a.Months, b.Months), cmp.Compare(a.Days, b.Days))
}

func appendInterval(dst []byte, v temporal.Interval) []byte {
	return appendInt(appendInt(appendInt(dst, int64(v.Months)), int64(v.Days)), v.Micros)
}

func readIntervalValue(src []byte) (v temporal.Interval, rest []byte, err error) {
	rest, err = readInterval(src, &v)
	return v, rest, err
}

// textCell holds the best text so far.
type textCell struct {
	text block
	set  bool
}

// extremeText is min and max of TEXT.
type extremeText struct {
	cells[textCell]
	arena arena
	sign  int
}

func newExtremeText(largest bool) func(*Spec) State {
	return func(spec *Spec) State {
		s := &extremeText{sign: 1}
		if largest {
			s.sign = -1
		}
		s.cells = newCells(spec, textLayout(&s.arena, s.offer))
		s.arena.memory = &s.account
		return s
	}
}

// textLayout is the layout of cells that hold bytes, for which offer decides.
func textLayout(a *arena, offer func(*textCell, []byte) error) layout[textCell] {
	return layout[textCell]{
		encode: func(dst []byte, c *textCell) []byte {
			if !c.set {
				return append(dst, 0)
			}
			return appendBytes(append(dst, 1), a.bytes(&c.text))
		},
		decode: func(src []byte, c *textCell) ([]byte, error) {
			if len(src) == 0 || src[0] > 1 {
				return nil, errDamaged()
			}
			if c.set = src[0] == 1; !c.set {
				return src[1:], nil
			}
			b, rest, err := readBytes(src[1:])
			if err != nil {
				return nil, err
			}
			return rest, a.set(&c.text, b)
		},
		merge: func(into, from *textCell) error {
			if !from.set {
				return nil
			}
			err := offer(into, bytes.Clone(a.bytes(&from.text)))
			a.drop(&from.text)
			return err
		},
		free: func(c *textCell) { a.drop(&c.text) },
	}
}

func (s *extremeText) offer(c *textCell, text []byte) error {
	if c.set && bytes.Compare(text, s.arena.bytes(&c.text))*s.sign >= 0 {
		return nil
	}
	c.set = true
	return s.arena.set(&c.text, text)
}

// Add compares the values.
func (s *extremeText) Add(in *Rows) error {
	in = s.live.present(in)
	for i := range in.N {
		if err := s.offer(s.at(in.slot(i)), in.Args[0].Bytes(in.Row(i))); err != nil {
			return err
		}
	}
	return nil
}

// Result stores the values.
func (s *extremeText) Result(slots []uint32, out *batch.Column, _ *builtin.Errors) {
	out.Reset(len(slots))
	for i, slot := range slots {
		if c := s.at(slot); c.set {
			out.SetBytes(i, s.arena.bytes(&c.text))
		} else {
			out.SetNull(i)
		}
	}
}

// extremeArray is min and max of arrays, which are kept as appendValue writes them and decoded to be compared.
type extremeArray struct {
	cells[textCell]
	arena arena
	sign  int
	// best and other are columns of one row for values that are compared.
	best, other *batch.Column
	value       []byte
}

func newExtremeArray(largest bool) func(*Spec) State {
	return func(spec *Spec) State {
		s := &extremeArray{sign: 1, best: batch.NewColumn(spec.Pool, spec.Args[0]), other: batch.NewColumn(spec.Pool, spec.Args[0])}
		if largest {
			s.sign = -1
		}
		s.cells = newCells(spec, textLayout(&s.arena, func(c *textCell, value []byte) error {
			if err := decodeInto(s.other, value); err != nil {
				return err
			}
			return s.offer(c, s.other, 0)
		}))
		s.arena.memory = &s.account
		return s
	}
}

// decodeInto makes col the one value that appendValue wrote.
func decodeInto(col *batch.Column, value []byte) error {
	col.Reset(1)
	rest, err := readValue(value, col, 0)
	if err == nil && len(rest) > 0 {
		err = errDamaged()
	}
	return err
}

func (s *extremeArray) offer(c *textCell, col *batch.Column, row int) error {
	if c.set {
		if err := decodeInto(s.best, s.arena.bytes(&c.text)); err != nil {
			return err
		}
		if eval.CompareValues(col, row, s.best, 0)*s.sign >= 0 {
			return nil
		}
	}
	c.set = true
	s.value = appendValue(s.value[:0], col, row)
	return s.arena.set(&c.text, s.value)
}

// Add compares the values.
func (s *extremeArray) Add(in *Rows) error {
	in = s.live.present(in)
	for i := range in.N {
		if err := s.offer(s.at(in.slot(i)), in.Args[0], in.Row(i)); err != nil {
			return err
		}
	}
	return nil
}

// Result stores the values.
func (s *extremeArray) Result(slots []uint32, out *batch.Column, errs *builtin.Errors) {
	out.Reset(len(slots))
	for i, slot := range slots {
		c := s.at(slot)
		if !c.set {
			setNull(out, i)
			continue
		}
		storeValue(out, i, errs, s.arena.bytes(&c.text))
	}
}

// storeValue stores what appendValue wrote as row of out.
func storeValue(out *batch.Column, row int, errs *builtin.Errors, value []byte) {
	if _, err := readValue(value, out, row); err != nil {
		setNull(out, row)
		errs.Add(row, codec.AsSQLState(err))
	}
}

// Close gives the memory back.
func (s *extremeArray) Close() {
	s.best.Release()
	s.other.Release()
	s.cells.Close()
}
