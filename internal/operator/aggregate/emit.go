package aggregate

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// walk goes through the groups that are to be emitted, by key group and in each in the order in which they began.
type walk struct {
	// rest are the slots of key group group that are still to come; behind them come those of the groups from next on.
	rest  []uint32
	group int
	next  int
	// slots are those of a piece, memory those of a key group.
	slots  []uint32
	memory []uint32
}

// piece returns the next slots, at most batch.MaxRows, lent until the next call; none at the end.
func (w *walk) piece(table *keyed.Table) []uint32 {
	w.slots = w.slots[:0]
	for len(w.slots) < batch.MaxRows {
		if len(w.rest) == 0 {
			if w.next == keyed.Groups {
				break
			}
			w.group, w.memory = w.next, w.memory[:0]
			w.next++
			for slot := range table.Slots(uint8(w.group)) { //nolint:gosec // below 256
				w.memory = append(w.memory, slot)
			}
			w.rest = w.memory
		}
		n := min(len(w.rest), batch.MaxRows-len(w.slots))
		w.slots = append(w.slots, w.rest[:n]...)
		w.rest = w.rest[n:]
	}
	return w.slots
}

// failures are the rows of a piece that have an answer which cannot be given.
type failures struct {
	// errs takes those of one column.
	errs builtin.Errors
	// first is the first error of each row, if any is true.
	first []*sqlstate.Error
	any   bool
}

func (f *failures) begin(n int) {
	f.any = false
	f.first = append(f.first[:0], make([]*sqlstate.Error, n)...)
}

// note takes the errors of a column.
func (f *failures) note() {
	for i, row := range f.errs.Rows {
		f.add(int(row), f.errs.Errs[i])
	}
}

func (f *failures) add(row int, err *sqlstate.Error) {
	if f.any = true; f.first[row] == nil {
		f.first[row] = err
	}
}

// output makes the batches of emitted rows.
type output struct {
	groups *groups
	out    batch.Batch
	keys   []*batch.Column
	failed failures
	sel    []uint16
}

// newOutput makes columns of types: the keys, and the number or the bits of the set, first.
func newOutput(g *groups, types []schema.Type) *output {
	o := &output{groups: g, sel: []uint16{}} // not nil, which would mean all rows
	for _, t := range types {
		o.out.Cols = append(o.out.Cols, batch.NewColumn(g.pool, t))
	}
	o.keys = o.out.Cols[:len(g.config.prefix())]
	return o
}

// head makes the batch n rows long, with the keys of slots.
func (o *output) head(slots []uint32) {
	o.out.Len, o.out.Sel = len(slots), nil
	o.failed.begin(len(slots))
	if o.groups.table != nil {
		o.groups.table.GatherKeys(slots, o.keys)
	}
}

// answers makes the batch of the answers of slots, and emits it but for the rows that have none.
func (o *output) answers(slots []uint32, out *op.Output) error {
	o.head(slots)
	g := o.groups
	if g.config.Sets != nil {
		g.setBits(o.keys[len(o.keys)-1])
	}
	for i, c := range g.calls {
		if err := c.result(slots, o.out.Cols[len(o.keys)+i], &o.failed); err != nil {
			return op.OutOfMemory(g.config.Name, err)
		}
	}
	if o.failed.any {
		o.sel = o.sel[:0]
		for row, bad := range o.failed.first {
			if bad == nil {
				o.sel = append(o.sel, uint16(row)) //nolint:gosec // a row number of a batch
				continue
			}
			out.Rejects = append(out.Rejects, op.Reject{Row: op.NoRow, Err: bad})
		}
		o.out.Sel = o.sel
	}
	out.Emit(0, &o.out)
	return nil
}

// setBits makes the numbers of sets the bits of the keys that are not in them.
func (g *groups) setBits(numbers *batch.Column) {
	bits := numbers.Int64s()
	for i, number := range bits {
		bits[i] = g.config.missing(g.config.Sets[number])
	}
}

// partials makes the batch of the partial answers of slots, and emits it.
func (o *output) partials(slots []uint32, out *op.Output) {
	o.head(slots)
	cols := o.out.Cols[len(o.keys):]
	for _, c := range o.groups.calls {
		n := len(c.state.PartialTypes())
		if c.skipped {
			for _, col := range cols[:n] {
				col.Reset(len(slots))
				col.SetAllNull()
			}
		} else {
			c.state.Partial(slots, cols[:n])
		}
		cols = cols[n:]
	}
	if rows := o.groups.rows; rows != nil {
		cols[0].Reset(len(slots))
		for i, slot := range slots {
			cols[0].Int64s()[i] = *rows.At(slot)
		}
	}
	out.Emit(0, &o.out)
}
