package cli

import (
	"wire.example/wire/internal/cli/display"
	"wire.example/wire/internal/cli/result"
	"wire.example/wire/internal/sql/session"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// changing shows the rows of an answer as they change.
type changing struct {
	table *display.Changing
	// order are the columns by which rows are sorted, and types those of all; order is nil if they are in none.
	order *keyed.Order
	keys  []session.OrderKey
	rest  batch.Batch
	sel   []uint16
	pool  batch.Pool
}

func newChanging(a *app, size func() display.Size, columns []result.Column, keys []session.OrderKey) *changing {
	names, right := make([]string, len(columns)), make([]bool, len(columns))
	for i, c := range columns {
		names[i], right[i] = c.Name, c.Type.Kind.IsNumber()
	}
	c := &changing{order: orderOf(columns, keys), keys: keys}
	var compare func(a, b any) int
	if c.order != nil {
		compare = func(a, b any) int { return c.order.Compare(a.([]*batch.Column), 0, b.([]*batch.Column), 0) }
	}
	c.table = display.NewChanging(a.out, a.clock, size, names, right, compare)
	c.table.Start()
	return c
}

// orderOf is the order of rows by keys, nil if there are none.
func orderOf(columns []result.Column, keys []session.OrderKey) *keyed.Order {
	if len(keys) == 0 {
		return nil
	}
	types, by := make([]schema.Type, len(columns)), make([]keyed.Key, len(keys))
	for i, c := range columns {
		types[i] = c.Type
	}
	for i, k := range keys {
		by[i] = keyed.Key{Column: k.Column, Desc: k.Desc, NullsFirst: k.NullsFirst}
	}
	return keyed.NewOrder(types, by)
}

// rank is what a row is sorted by: a row of the columns that the order looks at, and no others.
func (c *changing) rank(b *batch.Batch, row int) any {
	if c.order == nil {
		return nil
	}
	own := make([]*batch.Column, len(b.Cols))
	for _, k := range c.keys {
		if own[k.Column] == nil {
			own[k.Column] = batch.NewColumn(&c.pool, b.Cols[k.Column].Type())
			own[k.Column].Append(b.Cols[k.Column], []uint16{uint16(row)}) //nolint:gosec // a row number of a batch
		}
	}
	return own
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
		if c.table.Change(kind, cells, c.rank(b, row)) {
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
