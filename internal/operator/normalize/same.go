package normalize

import (
	"bytes"
	"slices"

	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// comparison tells whether two rows are equal. Columns are compared from the cheapest on, since rows of one key mostly differ early.
type comparison struct {
	columns []compared
	loose   bool         // equal values of some column may be written in several ways
	order   *keyed.Order // of whole rows
	text    []byte
}

// compared is a column, and how two of its values are compared: by the bytes of the given width, as text, or, if neither, as they are written.
type compared struct {
	column, width int
	text          bool
}

func newComparison(types []schema.Type, key []int) *comparison {
	c := &comparison{}
	keys := make([]keyed.Key, len(types))
	for i, typ := range types {
		keys[i] = keyed.Key{Column: i}
		loose := isLoose(typ.Kind)
		c.loose = c.loose || loose
		if slices.Contains(key, i) && !loose {
			continue // rows of one key are equal in it
		}
		column := compared{column: i, text: typ.Kind.IsVariable()}
		switch typ.Kind {
		case schema.Int16, schema.Int32, schema.Date, schema.Int64, schema.Time, schema.Timestamp, schema.TimestampTZ, schema.UUID:
			column.width = typ.Kind.Width()
		default:
		}
		c.columns = append(c.columns, column)
	}
	slices.SortStableFunc(c.columns, func(a, b compared) int { return a.cost() - b.cost() })
	c.order = keyed.NewOrder(types, keys)
	return c
}

// cost puts numbers before texts, and those before the rest.
func (c *compared) cost() int {
	switch {
	case c.width > 0:
		return 0
	case c.text:
		return 1
	}
	return 2
}

// isLoose reports whether equal values of a type may be written in several ways.
func isLoose(k schema.Kind) bool {
	switch k {
	case schema.Float32, schema.Float64, schema.Numeric, schema.Interval, schema.JSONB:
		return true
	default:
		return k.IsNested()
	}
}

// same reports whether two rows of one key are equal, and written alike: 1.0 is like 1.00, but not the same.
func (c *comparison) same(a []*batch.Column, i int, b []*batch.Column, j int) bool {
	for k := range c.columns {
		column := &c.columns[k]
		x, y := a[column.column], b[column.column]
		if x.IsNull(i) || y.IsNull(j) {
			if x.IsNull(i) != y.IsNull(j) {
				return false
			}
			continue
		}
		if !c.sameValue(column, x, i, y, j) {
			return false
		}
	}
	return true
}

func (c *comparison) sameValue(column *compared, x *batch.Column, i int, y *batch.Column, j int) bool {
	switch {
	case column.width == 2:
		return x.Int16s()[i] == y.Int16s()[j]
	case column.width == 4:
		return x.Int32s()[i] == y.Int32s()[j]
	case column.width == 8:
		return x.Int64s()[i] == y.Int64s()[j]
	case column.width > 0:
		return x.UUIDs()[i] == y.UUIDs()[j]
	case column.text:
		v, w := &x.Views()[i], &y.Views()[j]
		return v.Len == w.Len && v.Prefix == w.Prefix && bytes.Equal(x.Bytes(i), y.Bytes(j))
	}
	n := len(codec.AppendText(c.text[:0], x, i))
	c.text = codec.AppendText(codec.AppendText(c.text[:0], x, i), y, j)
	return bytes.Equal(c.text[:n], c.text[n:])
}

// like reports whether two rows of one key are equal.
func (c *comparison) like(a []*batch.Column, i int, b []*batch.Column, j int) bool {
	return c.same(a, i, b, j) || c.loose && c.order.Compare(a, i, b, j) == 0
}
