package batch

import (
	"unsafe"

	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

// MaxRows is the largest number of rows of a batch. Row numbers fit in 16 bits.
const MaxRows = 4096

// Fixed are the types in which a column's value memory can be seen: see schema.Kind and the layout in the package comment. Timestamp,
// TimestampTZ, Time and BIGINT columns are int64; Date and INTEGER are int32; ARRAY offsets are int32.
type Fixed interface {
	int16 | int32 | int64 | uint64 | float32 | float64 | numeric.Int128 | temporal.Interval | View | UUID
}

// UUID is the 16 bytes of a UUID in network order.
type UUID [16]byte

// Column is the values of one column of a batch. Its owner fills it after Reset; borrowers only read. The zero Column is not usable:
// see NewColumn.
type Column struct {
	typ      schema.Type
	n        int
	valid    Bitmap // nil: every row is valid
	validMem Bitmap // memory kept for valid
	data     []uint64
	scale    int16
	scales   []int16
	bufs     []*Buffer // what long views point into; borrowed, but for own
	own      *Buffer   // text made by this column; nil until needed
	ownIndex int       // number of own in bufs, -1 while it is not there
	kids     []*Column
	pool     *Pool
}

// NewColumn returns an empty column of typ that takes its memory from pool. Release gives it back.
func NewColumn(pool *Pool, typ schema.Type) *Column {
	c := &Column{typ: typ, pool: pool, ownIndex: -1}
	switch typ.Kind {
	case schema.Array:
		c.kids = []*Column{NewColumn(pool, *typ.Elem)}
	case schema.Row:
		c.kids = make([]*Column, len(typ.Fields))
		for i, f := range typ.Fields {
			c.kids[i] = NewColumn(pool, f.Type)
		}
	default:
	}
	return c
}

// dataWords returns the words that n values of kind take.
func dataWords(kind schema.Kind, n int) int {
	switch kind {
	case schema.Bool:
		return Words(n)
	case schema.Array:
		return (n + 2) >> 1
	default:
		return (n*kind.Width() + 7) >> 3
	}
}

// Reset makes c n rows long, all valid, with undefined values and no buffers. A Row's children are reset to n rows too, an Array's child
// to none with all offsets zero. NUMERIC takes the scale of its type.
func (c *Column) Reset(n int) {
	c.n, c.valid = n, nil
	c.scale, c.scales = c.typ.Scale, c.scales[:0]
	c.dropBuffers()
	words := dataWords(c.typ.Kind, n)
	if cap(c.data) < words {
		c.pool.Put(c.data)
		c.data = c.pool.Get(words)
	}
	c.data = c.data[:words]
	poisonWords(c.data)
	switch c.typ.Kind {
	case schema.Array:
		clear(c.data)
		c.kids[0].Reset(0)
	case schema.Row:
		for _, k := range c.kids {
			if k != nil {
				k.Reset(n)
			}
		}
	default:
	}
}

// Resize changes the row count, keeping the values, validity and buffers of the rows that stay. Added rows have undefined values and
// are valid. A Row's children are resized too; an Array's added rows are empty.
func (c *Column) Resize(n int) {
	words := dataWords(c.typ.Kind, n)
	if cap(c.data) < words {
		grown := c.pool.Get(max(words, min(2*cap(c.data), words+MaxRows*2)))
		copy(grown, c.data)
		c.pool.Put(c.data)
		c.data = grown
	}
	old := c.n
	c.data = c.data[:words]
	if c.valid != nil {
		c.growValid(old, n)
	}
	if len(c.scales) > 0 {
		for len(c.scales) < n {
			c.scales = append(c.scales, c.scale)
		}
		c.scales = c.scales[:n]
	}
	c.n = n
	switch c.typ.Kind {
	case schema.Array:
		offs := c.Offsets()
		if old == 0 {
			offs[0] = 0 // the memory may be new
		}
		for i := old + 1; i <= n; i++ {
			offs[i] = offs[old]
		}
	case schema.Row:
		for _, k := range c.kids {
			if k != nil {
				k.Resize(n)
			}
		}
	default:
	}
}

// Release gives the memory back to the pool. The column must not be used again.
func (c *Column) Release() {
	c.dropBuffers()
	if c.own != nil {
		c.own.Release()
		c.own = nil
	}
	c.pool.Put(c.data)
	c.pool.Put(c.validMem)
	c.data, c.validMem, c.valid = nil, nil, nil
	for _, k := range c.kids {
		if k != nil {
			k.Release()
		}
	}
}

// Type returns the column's type.
func (c *Column) Type() schema.Type { return c.typ }

// Kind returns the kind of the column's type.
func (c *Column) Kind() schema.Kind { return c.typ.Kind }

// Len returns the number of rows.
func (c *Column) Len() int { return c.n }

// Child returns child column i: the elements of an Array (i = 0), the i-th member of a Row. It is nil for a member that nothing reads.
func (c *Column) Child(i int) *Column { return c.kids[i] }

// SetChild replaces child column i, which may be nil (not read) or borrowed from another column for as long as c lives.
func (c *Column) SetChild(i int, child *Column) { c.kids[i] = child }

// Values returns the value memory as a slice of Len values of T, which must be the type that belongs to the column's kind.
func Values[T Fixed](c *Column) []T {
	if c.n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&c.data[0])), c.n)
}

// Int16s returns the values of a SMALLINT column.
func (c *Column) Int16s() []int16 { return Values[int16](c) }

// Int32s returns the values of an INTEGER or DATE column.
func (c *Column) Int32s() []int32 { return Values[int32](c) }

// Int64s returns the values of a BIGINT, TIME, TIMESTAMP or TIMESTAMPTZ column.
func (c *Column) Int64s() []int64 { return Values[int64](c) }

// Float32s returns the values of a REAL column.
func (c *Column) Float32s() []float32 { return Values[float32](c) }

// Float64s returns the values of a DOUBLE PRECISION column.
func (c *Column) Float64s() []float64 { return Values[float64](c) }

// Coefs returns the coefficients of a NUMERIC column; Scale and Scales say where the point is.
func (c *Column) Coefs() []numeric.Int128 { return Values[numeric.Int128](c) }

// Intervals returns the values of an INTERVAL column.
func (c *Column) Intervals() []temporal.Interval { return Values[temporal.Interval](c) }

// UUIDs returns the values of a UUID column.
func (c *Column) UUIDs() []UUID { return Values[UUID](c) }

// Views returns the views of a TEXT, BYTEA or JSONB column.
func (c *Column) Views() []View { return Values[View](c) }

// Bits returns the packed values of a BOOLEAN column.
func (c *Column) Bits() Bitmap { return Bitmap(c.data) }

// Offsets returns the Len+1 offsets of an ARRAY column into Child(0): row i is elements Offsets[i] to Offsets[i+1].
func (c *Column) Offsets() []int32 {
	return unsafe.Slice((*int32)(unsafe.Pointer(&c.data[0])), c.n+1)
}
