package cli

import (
	"wire.example/wire/internal/cli/display"
	"wire.example/wire/internal/cli/result"
	"wire.example/wire/sdk/batch"
)

// changing shows the rows of an answer as they change.
type changing struct {
	table *display.Changing
	rest  batch.Batch
	sel   []uint16
}

func newChanging(a *app, size func() display.Size, columns []result.Column) *changing {
	names, right := make([]string, len(columns)), make([]bool, len(columns))
	for i, c := range columns {
		names[i], right[i] = c.Name, c.Type.Kind.IsNumber()
	}
	c := &changing{table: display.NewChanging(a.out, a.clock, size, names, right)}
	c.table.Start()
	return c
}

// rows carries out the changes of b. If there are too many rows, it returns those that are left.
func (c *changing) rows(b *batch.Batch) (rest *batch.Batch) {
	for i := range b.Rows() {
		row, kind := b.Row(i), batch.Insert
		if b.Kinds != nil {
			kind = b.Kinds[row]
		}
		cells := make([]string, len(b.Cols))
		for k, column := range b.Cols {
			cells[k] = string(result.Cell(column, row))
		}
		if c.table.Change(kind, cells) {
			continue
		}
		c.sel = c.sel[:0]
		for ; i < b.Rows(); i++ {
			c.sel = append(c.sel, uint16(b.Row(i))) //nolint:gosec // a row number of a batch
		}
		c.rest.View(b, c.sel)
		return &c.rest
	}
	return nil
}
