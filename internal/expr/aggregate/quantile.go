package aggregate

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// approx_percentile counts values by bucket: a bucket is the values that agree in sign, exponent and the first 7 bits of the mantissa, and stands for the
// smallest of them in magnitude, which is at most 1/128 off. (The idea of relative buckets is DDSketch's, C. Masson et al., 2019; taken from the bits of a
// double they need no logarithm, and small integers are exact.) Counts can be merged and taken back, and do not depend on the order of rows.
const (
	quantileBits = 7
	bucketShift  = 52 - quantileBits
	// bucketBytes is an entry of a table of buckets: key and count.
	bucketBytes = 16
)

// bucketOf returns the key of x's bucket, which orders as values do and is never 0; NaN is above all.
func bucketOf(x float64) int64 {
	if x == 0 {
		x = 0 // not -0
	}
	key := floatKey(x)
	if key < 0 {
		// Cut towards zero: the complement of a negative key has the magnitude's bits.
		return ^(^key >> bucketShift << bucketShift) | 1
	}
	if key == math.MaxInt64 {
		return key
	}
	return key>>bucketShift<<bucketShift | 1
}

// bucketValue returns what a bucket stands for.
func bucketValue(key int64) float64 {
	if key == math.MaxInt64 {
		return math.NaN()
	}
	if key < 0 {
		return keyFloat(key | (1<<bucketShift - 1))
	}
	return keyFloat(key &^ 1)
}

// quantileCell is the buckets of a slot: a table of 1<<size entries of which used are taken, those with a count of 0 included, for n values.
type quantileCell struct {
	data  block
	n     int64
	used  uint32
	size  uint8
	asked block // the fractions, as appendValue writes them; of several the largest bytes
}

type quantile struct {
	cells[quantileCell]
	arena     arena
	many      bool
	value     []byte
	fractions *batch.Column
	buckets   []bucket
}

type bucket struct {
	key, count int64
}

// newQuantile returns the constructor of approx_percentile of one fraction, or of many.
func newQuantile(many bool) func(*Spec) State {
	return func(spec *Spec) State {
		s := &quantile{many: many, fractions: batch.NewColumn(spec.Pool, spec.Args[1])}
		s.cells = newCells(spec, layout[quantileCell]{encode: s.encode, decode: s.decode, merge: s.mergeCells, free: s.drop})
		s.arena.memory = &s.account
		return s
	}
}

func (s *quantile) drop(c *quantileCell) {
	s.arena.drop(&c.data)
	s.arena.drop(&c.asked)
}

// Add counts the values.
func (s *quantile) Add(in *Rows) error { return s.apply(in, 1) }

// Retract takes values back.
func (s *quantile) Retract(in *Rows) error { return s.apply(in, -1) }

func (s *quantile) apply(in *Rows, n int64) error {
	values, fractions := in.Args[0], in.Args[1]
	for i := range in.N {
		c, row := s.at(in.slot(i)), in.Row(i)
		if values.IsNull(row) {
			continue
		}
		if err := s.put(c, bucketOf(values.Float64s()[row]), n); err != nil {
			return err
		}
		s.value = appendValue(s.value[:0], fractions, row)
		if err := s.ask(c, s.value); err != nil {
			return err
		}
	}
	return nil
}

// ask notes which fractions are asked for.
func (s *quantile) ask(c *quantileCell, fractions []byte) error {
	if string(fractions) > string(s.arena.bytes(&c.asked)) {
		return s.arena.set(&c.asked, fractions)
	}
	return nil
}

// put adds n to the count of a bucket.
func (s *quantile) put(c *quantileCell, key, n int64) error {
	if c.data.bits == 0 || 4*(c.used+1) > 3<<c.size {
		if err := s.grow(c); err != nil {
			return err
		}
	}
	entry := s.find(c, key)
	if binary.LittleEndian.Uint64(entry) == 0 {
		binary.LittleEndian.PutUint64(entry, uint64(key)) //nolint:gosec // bits
		c.used++
	}
	binary.LittleEndian.PutUint64(entry[8:], binary.LittleEndian.Uint64(entry[8:])+uint64(n)) //nolint:gosec // two's complement
	c.n += n
	return nil
}

// find returns the entry of key, or the free one where it belongs.
func (s *quantile) find(c *quantileCell, key int64) []byte {
	table, mask := s.arena.bytes(&c.data), uint64(1)<<c.size-1
	hash := uint64(key>>bucketShift) * 0x9e3779b97f4a7c15 >> 32 //nolint:gosec // bits
	for i := hash & mask; ; i = (i + 1) & mask {
		entry := table[bucketBytes*i : bucketBytes*(i+1)]
		if k := binary.LittleEndian.Uint64(entry); k == uint64(key) || k == 0 { //nolint:gosec // bits
			return entry
		}
	}
}

// grow makes room in the table.
func (s *quantile) grow(c *quantileCell) error {
	list := s.list(c)
	old := c.data
	c.data, c.used, c.n = block{}, 0, 0
	for c.size = max(c.size, 2); 2*(len(list)+1) > 1<<c.size; c.size++ {
	}
	n := bucketBytes << c.size
	if err := s.arena.reserve(&c.data, n); err != nil {
		return err
	}
	c.data.n = uint32(n) //nolint:gosec // far below 2^30
	clear(s.arena.bytes(&c.data))
	for _, b := range list {
		if err := s.put(c, b.key, b.count); err != nil {
			return err
		}
	}
	s.arena.drop(&old)
	return nil
}

// list returns the buckets that are not empty, lent until the next call.
func (s *quantile) list(c *quantileCell) []bucket {
	s.buckets = s.buckets[:0]
	table := s.arena.bytes(&c.data)
	for i := 0; i < len(table); i += bucketBytes {
		b := bucket{int64(binary.LittleEndian.Uint64(table[i:])), int64(binary.LittleEndian.Uint64(table[i+8:]))} //nolint:gosec // bits
		if b.key != 0 && b.count != 0 {
			s.buckets = append(s.buckets, b)
		}
	}
	return s.buckets
}

func (s *quantile) sorted(c *quantileCell) []bucket {
	list := s.list(c)
	slices.SortFunc(list, func(a, b bucket) int { return cmp.Compare(a.key, b.key) })
	return list
}

func (s *quantile) mergeCells(into, from *quantileCell) error {
	defer s.drop(from)
	for _, b := range slices.Clone(s.list(from)) {
		if err := s.put(into, b.key, b.count); err != nil {
			return err
		}
	}
	return s.ask(into, slices.Clone(s.arena.bytes(&from.asked)))
}

// encode appends the fractions and the buckets in order.
func (s *quantile) encode(dst []byte, c *quantileCell) []byte {
	dst = appendBytes(dst, s.arena.bytes(&c.asked))
	list := s.sorted(c)
	dst = appendInt(dst, int64(len(list)))
	for _, b := range list {
		dst = appendInt(appendInt(dst, b.key), b.count)
	}
	return dst
}

func (s *quantile) decode(src []byte, c *quantileCell) ([]byte, error) {
	asked, src, err := readBytes(src)
	if err != nil {
		return nil, err
	}
	if err := s.arena.set(&c.asked, asked); err != nil {
		return nil, err
	}
	n, src, err := readCount(src, int64(len(src)))
	if err != nil {
		return nil, err
	}
	for range n {
		var b bucket
		if src, err = readInt(src, &b.key); err != nil {
			return nil, err
		}
		if src, err = readInt(src, &b.count); err != nil {
			return nil, err
		}
		if b.key == 0 {
			return nil, errDamaged()
		}
		if err := s.put(c, b.key, b.count); err != nil {
			return nil, err
		}
	}
	return src, nil
}

// Result stores the percentiles.
func (s *quantile) Result(slots []uint32, out *batch.Column, errs *builtin.Errors) {
	out.Reset(len(slots))
	for i, slot := range slots {
		c := s.at(slot)
		if c.n == 0 {
			setNull(out, i)
			continue
		}
		if err := s.answer(c, out, i); err != nil {
			setNull(out, i)
			errs.Add(i, err)
		}
	}
}

func (s *quantile) answer(c *quantileCell, out *batch.Column, row int) *sqlstate.Error {
	if err := decodeInto(s.fractions, s.arena.bytes(&c.asked)); err != nil {
		return sqlstate.New(sqlstate.InternalError, err.Error())
	}
	if s.fractions.IsNull(0) {
		setNull(out, row)
		return nil
	}
	list := s.sorted(c)
	if !s.many {
		return quantileOf(list, c.n, s.fractions, 0, out, row)
	}
	fractions, elements := s.fractions.Child(0), out.Child(0)
	from := elements.Len()
	elements.Resize(from + fractions.Len())
	out.Offsets()[row], out.Offsets()[row+1] = int32(from), int32(elements.Len()) //nolint:gosec // offsets are 32 bits wide
	for i := range fractions.Len() {
		if err := quantileOf(list, c.n, fractions, i, elements, from+i); err != nil {
			return err
		}
	}
	return nil
}

// quantileOf stores as row of out the value at fraction i over n values in sorted buckets.
func quantileOf(list []bucket, n int64, fractions *batch.Column, i int, out *batch.Column, row int) *sqlstate.Error {
	if fractions.IsNull(i) {
		out.SetNull(row)
		return nil
	}
	f := fractions.Float64s()[i]
	if !(f >= 0 && f <= 1) {
		return errFraction(f)
	}
	rank := max(int64(math.Ceil(f*float64(n))), 1)
	for _, b := range list {
		if rank -= b.count; rank <= 0 {
			out.Float64s()[row] = bucketValue(b.key)
			break
		}
	}
	return nil
}

func errFraction(f float64) *sqlstate.Error {
	return sqlstate.New(sqlstate.NumericValueOutOfRange, fmt.Sprintf("percentile value %.6g is not between 0 and 1", f))
}

// Close gives the memory back.
func (s *quantile) Close() {
	s.fractions.Release()
	s.cells.Close()
}
