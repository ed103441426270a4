package memory

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
)

// Changes reports whether any row is a change other than an insertion.
func (c *Collector) Changes() bool {
	for _, a := range c.rows.full() {
		for _, k := range a.Batch().Kinds {
			if k != batch.Insert {
				return true
			}
		}
	}
	return false
}

// place is where a row lies.
type place struct{ batch, row int }

// Fold returns a collector of the rows that all changes leave, in the order in which they were given; c stays as it is. A row that is taken back more
// often than it was given until then is an error, which names it. Rows are equal if all their values are written alike.
func (c *Collector) Fold(ctx context.Context) (*Collector, error) {
	given := map[string][]place{}
	gone := make([][]bool, len(c.rows.full()))
	var key []byte
	for i, b := range c.Batches() {
		gone[i] = make([]bool, b.Len)
		for row := range b.Len {
			key = appendRow(key[:0], b, row)
			places := given[string(key)]
			if adds(b, row) {
				given[string(key)] = append(places, place{i, row})
				continue
			}
			if len(places) == 0 {
				return nil, fmt.Errorf("change %d takes a row back that is not there: %s %s", c.number(i, row), b.Kinds[row], shown(b, row))
			}
			last := places[len(places)-1]
			given[string(key)] = places[:len(places)-1]
			gone[last.batch][last.row], gone[i][row] = true, true
		}
	}
	left := NewCollector(c.rows.pool)
	left.Reserve = c.Reserve
	for i, b := range c.Batches() {
		if err := left.keep(ctx, b, gone[i]); err != nil {
			left.Release()
			return nil, err
		}
	}
	return left, nil
}

// adds reports whether a row comes to be.
func adds(b *batch.Batch, row int) bool {
	return len(b.Kinds) == 0 || b.Kinds[row] == batch.Insert || b.Kinds[row] == batch.UpdateAfter
}

// number is the number of a change, from 1.
func (c *Collector) number(batch, row int) int {
	n := row + 1
	for _, a := range c.rows.full()[:batch] {
		n += a.Rows()
	}
	return n
}

// keep takes the rows of b that are not gone, as insertions.
func (c *Collector) keep(ctx context.Context, b *batch.Batch, gone []bool) error {
	var view batch.Batch
	sel := make([]uint16, 0, b.Len)
	for row, g := range gone {
		if !g {
			sel = append(sel, uint16(row)) //nolint:gosec // a row number of a batch
		}
	}
	if len(sel) == 0 {
		return nil
	}
	view.View(b, sel)
	view.Kinds = nil
	return c.Take(ctx, &view)
}

// appendRow appends what is equal for equal rows only.
func appendRow(dst []byte, b *batch.Batch, row int) []byte {
	for _, c := range b.Cols {
		if c.IsNull(row) {
			dst = append(dst, 0)
			continue
		}
		value := codec.AppendText(nil, c, row)
		dst = append(binary.AppendUvarint(dst, uint64(len(value))+1), value...)
	}
	return dst
}

// shown is a row for a message.
func shown(b *batch.Batch, row int) string {
	values := make([]string, len(b.Cols))
	for i, c := range b.Cols {
		if values[i] = "NULL"; !c.IsNull(row) {
			values[i] = string(codec.AppendText(nil, c, row))
		}
	}
	return "(" + strings.Join(values, ", ") + ")"
}
