package keyed

import (
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// textBytes returns the bytes that rows take outside views.
func textBytes(cols []*batch.Column, rows []uint16) int {
	total := 0
	for _, c := range cols {
		if c == nil {
			continue
		}
		switch kind := c.Kind(); {
		case kind.IsVariable():
			total += c.TextBytes(rows)
		case kind.IsNested():
			for _, row := range rows {
				total += nestedBytes(c, int(row))
			}
		default:
		}
	}
	return total
}

// LongBytes is about how many bytes the rows of b that count take in columns beside what each value of a type takes: their text, and nested values.
func LongBytes(b *batch.Batch, columns []int) int64 {
	total := 0
	for _, i := range columns {
		switch c := b.Cols[i]; {
		case c.Kind().IsVariable():
			total += c.TextBytes(b.Sel)
		case c.Kind().IsNested():
			for row := range b.Rows() {
				total += nestedBytes(c, b.Row(row))
			}
		default:
		}
	}
	return int64(total)
}

func nestedBytes(c *batch.Column, row int) int {
	if c == nil || c.IsNull(row) {
		return 0
	}
	total := 0
	switch kind := c.Kind(); {
	case kind.IsVariable():
		total = int(c.Views()[row].Len)
	case kind == schema.Array:
		for e := c.Offsets()[row]; e < c.Offsets()[row+1]; e++ {
			total += 4 + nestedBytes(c.Child(0), int(e))
		}
	case kind == schema.Row:
		for i := range c.Type().Fields {
			total += nestedBytes(c.Child(i), row)
		}
	default:
	}
	return total
}
