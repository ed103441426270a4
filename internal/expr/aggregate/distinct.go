package aggregate

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// approx_count_distinct is a HyperLogLog of 2^14 registers (P. Flajolet et al., 2007) with the estimator of O. Ertl ("New cardinality estimation algorithms
// for HyperLogLog sketches", 2017), which needs no corrections by table. Until a slot has seen sketchFrom hashes it keeps those, and counts exactly.
// Neither form depends on the order of rows.
const (
	registerBits = 14
	registers    = 1 << registerBits
	// sketchFrom is the number of hashes from which on registers take less memory.
	sketchFrom = registers / 16
)

// hashCell is the hashes of a slot, a table of 1<<size of them of which n are taken, or registers.
type hashCell struct {
	data   block
	n      uint32
	size   uint8
	sketch bool
}

type distinct struct {
	cells[hashCell]
	arena arena
	value []byte
}

func newDistinct(spec *Spec) State {
	s := &distinct{}
	s.cells = newCells(spec, layout[hashCell]{
		encode: s.encode,
		decode: s.decode,
		merge:  s.mergeCells,
		free:   func(c *hashCell) { s.arena.drop(&c.data) },
	})
	s.arena.memory = &s.account
	return s
}

// Add adds the values' hashes.
func (s *distinct) Add(in *Rows) error {
	in = s.live.present(in)
	for i := range in.N {
		h := s.hash(in.Args[0], in.Row(i))
		if err := s.put(s.at(in.slot(i)), h); err != nil {
			return err
		}
	}
	return nil
}

// hash returns a hash that is the same for equal values, in every release. It is never 0.
func (s *distinct) hash(col *batch.Column, row int) uint64 {
	s.value = appendCanonical(s.value[:0], col, row)
	return max(xxh3.Hash(s.value), 1)
}

// appendCanonical is appendValue, but that equal values have equal bytes.
func appendCanonical(dst []byte, col *batch.Column, row int) []byte {
	if col.IsNull(row) {
		return append(dst, 0)
	}
	switch col.Kind() {
	case schema.Numeric:
		d := col.Decimal(row).Canonical()
		return appendDecimal(append(dst, 1), d)
	case schema.Float32:
		return appendCanonicalFloat(dst, float64(col.Float32s()[row]))
	case schema.Float64:
		return appendCanonicalFloat(dst, col.Float64s()[row])
	case schema.Interval:
		return appendInterval(append(dst, 1), col.Intervals()[row].Canonical())
	case schema.Array:
		from, to := int(col.Offsets()[row]), int(col.Offsets()[row+1])
		dst = appendInt(append(dst, 1), int64(to-from))
		for i := from; i < to; i++ {
			dst = appendCanonical(dst, col.Child(0), i)
		}
		return dst
	case schema.Row:
		dst = append(dst, 1)
		for i := range col.Type().Fields {
			dst = appendCanonical(dst, col.Child(i), row)
		}
		return dst
	default:
		return appendValue(dst, col, row)
	}
}

func appendCanonicalFloat(dst []byte, x float64) []byte {
	switch {
	case x == 0:
		x = 0 // not -0
	case math.IsNaN(x):
		x = math.NaN()
	}
	return binary.LittleEndian.AppendUint64(append(dst, 1), math.Float64bits(x))
}

func (s *distinct) put(c *hashCell, h uint64) error {
	for !c.sketch {
		if c.data.bits != 0 {
			at, found := s.find(c, h)
			if found {
				return nil
			}
			if 4*(c.n+1) <= 3<<c.size {
				binary.LittleEndian.PutUint64(at, h)
				c.n++
				return nil
			}
		}
		if err := s.grow(c); err != nil {
			return err
		}
	}
	s.register(c, h)
	return nil
}

// find returns the place of h in a table of hashes, and whether it is there.
func (s *distinct) find(c *hashCell, h uint64) (at []byte, found bool) {
	table, mask := s.arena.bytes(&c.data), uint64(1)<<c.size-1
	for i := h & mask; ; i = (i + 1) & mask {
		at = table[8*i : 8*i+8]
		if v := binary.LittleEndian.Uint64(at); v == h || v == 0 {
			return at, v == h
		}
	}
}

// grow makes room in a table of hashes, or makes registers of it.
func (s *distinct) grow(c *hashCell) error {
	if c.n >= sketchFrom*3/4 {
		return s.toSketch(c)
	}
	old := *c
	c.data, c.n, c.size = block{}, 0, max(old.size+1, 2)
	if err := s.zeroed(&c.data, 8<<c.size); err != nil {
		return err
	}
	s.each(&old, func(h uint64) {
		at, _ := s.find(c, h)
		binary.LittleEndian.PutUint64(at, h)
		c.n++
	})
	s.arena.drop(&old.data)
	return nil
}

// zeroed makes b n bytes of zero.
func (s *distinct) zeroed(b *block, n int) error {
	if err := s.arena.reserve(b, n); err != nil {
		return err
	}
	b.n = uint32(n) //nolint:gosec // small
	clear(s.arena.bytes(b))
	return nil
}

// each calls f for the hashes of a table.
func (s *distinct) each(c *hashCell, f func(h uint64)) {
	table := s.arena.bytes(&c.data)
	for i := 0; i < len(table); i += 8 {
		if h := binary.LittleEndian.Uint64(table[i:]); h != 0 {
			f(h)
		}
	}
}

func (s *distinct) toSketch(c *hashCell) error {
	old := *c
	*c = hashCell{sketch: true}
	if err := s.zeroed(&c.data, registers); err != nil {
		return err
	}
	s.each(&old, func(h uint64) { s.register(c, h) })
	s.arena.drop(&old.data)
	return nil
}

// register notes a hash: its first bits choose the register, which keeps the longest run of zeros that follows them.
func (s *distinct) register(c *hashCell, h uint64) {
	rank := uint8(bits.LeadingZeros64(h<<registerBits|1<<(registerBits-1)) + 1) //nolint:gosec // at most 51
	if r := &s.arena.bytes(&c.data)[h>>(64-registerBits)]; rank > *r {
		*r = rank
	}
}

func (s *distinct) mergeCells(into, from *hashCell) error {
	defer s.arena.drop(&from.data)
	if !from.sketch {
		var err error
		hashes := make([]uint64, 0, from.n)
		s.each(from, func(h uint64) { hashes = append(hashes, h) })
		for _, h := range hashes {
			if err = s.put(into, h); err != nil {
				return err
			}
		}
		return nil
	}
	if !into.sketch {
		if err := s.toSketch(into); err != nil {
			return err
		}
	}
	a, b := s.arena.bytes(&into.data), s.arena.bytes(&from.data)
	for i, r := range b {
		a[i] = max(a[i], r)
	}
	return nil
}

// encode appends the number of hashes and each of them, ascending, or -1 and the registers.
func (s *distinct) encode(dst []byte, c *hashCell) []byte {
	if c.sketch {
		return append(appendInt(dst, -1), s.arena.bytes(&c.data)...)
	}
	dst = appendInt(dst, int64(c.n))
	hashes := make([]uint64, 0, c.n)
	s.each(c, func(h uint64) { hashes = append(hashes, h) })
	slices.Sort(hashes)
	for _, h := range hashes {
		dst = binary.LittleEndian.AppendUint64(dst, h)
	}
	return dst
}

func (s *distinct) decode(src []byte, c *hashCell) ([]byte, error) {
	var n int64
	src, err := readInt(src, &n)
	if err != nil {
		return nil, err
	}
	if n == -1 {
		if len(src) < registers {
			return nil, errDamaged()
		}
		c.sketch = true
		return src[registers:], s.arena.set(&c.data, src[:registers])
	}
	if n < 0 || n > sketchFrom || 8*int(n) > len(src) {
		return nil, errDamaged()
	}
	for range n {
		if err := s.put(c, max(binary.LittleEndian.Uint64(src), 1)); err != nil {
			return nil, err
		}
		src = src[8:]
	}
	return src, nil
}

// Result stores the numbers.
func (s *distinct) Result(slots []uint32, out *batch.Column, _ *builtin.Errors) {
	out.Reset(len(slots))
	for i, slot := range slots {
		c := s.at(slot)
		if c.sketch {
			out.Int64s()[i] = estimate(s.arena.bytes(&c.data))
		} else {
			out.Int64s()[i] = int64(c.n)
		}
	}
}

// estimate is Ertl's improved raw estimator.
func estimate(regs []byte) int64 {
	const q = 64 - registerBits
	var counts [q + 2]int
	for _, r := range regs {
		counts[min(r, q+1)]++
	}
	m := float64(registers)
	z := m * tau(1-float64(counts[q+1])/m)
	for k := q; k >= 1; k-- {
		z = 0.5 * (z + float64(counts[k]))
	}
	z += m * sigma(float64(counts[0])/m)
	return int64(math.Round(m * m / (2 * math.Ln2 * z)))
}

func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for {
		x *= x
		last := z
		z += float64(x * y)
		y += y
		if z == last {
			return z
		}
	}
}

func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		last := z
		y *= 0.5
		z -= float64((1 - x) * (1 - x) * y)
		if z == last {
			return z / 3
		}
	}
}
