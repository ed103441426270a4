package dedupe

import (
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// The marks of kept rows.
const (
	// emitted is that of a row that was emitted, or, where only final rows are, of one that waits.
	emitted = 0
	// replaced is that of a row that has replaced an emitted one since the last flush.
	replaced = 1
	// final is that of a row that was emitted for good.
	final = 2
)

// maxTouched is how many partitions may change before the operator flushes by itself.
const maxTouched = 1 << 15

// Operator is the operator.
type Operator struct {
	config Config
	pool   *batch.Pool
	budget *limit.Budget
	// order is by the keys and what decides among equal ones; worst is how the order of a row that replaces another compares with that at most.
	order  *keyed.Order
	worst  int
	hasher *keyed.Hasher // nil without partition
	table  *keyed.Table  // nil without partition: slot 0 is the one there is
	best   *keyed.Slab[leader]
	rows   *keyed.Rows
	types  []schema.Type // of rows: those of the input, and the time of the last touch if there is a TTL
	// touched are the partitions whose row was replaced since the last flush; next is the first that was not emitted yet, while a flush goes on.
	touched []change
	next    int
	waiting waiting // rows that are not final
	expiry  expiry

	columns  []*batch.Column // of the partition
	slots    []uint32
	prefixes []keyed.Prefix
	pending  pending
	numbers  []uint32
	hashes   []uint64 // of pending rows
	gone     []uint32
	sel      []uint16
	view     batch.Batch
	output   output
}

// leader is the kept row of a partition.
type leader struct {
	prefix keyed.Prefix
	row    uint32 // keyed.NoRow: there is none
}

// change is a partition whose row was replaced; before is the row that was emitted last, keyed.NoRow if it need not be taken back.
type change struct{ slot, before uint32 }

// New returns the operator that config describes. Its rows are reserved in budget.
func New(pool *batch.Pool, budget *limit.Budget, config Config) *Operator {
	o := &Operator{config: config, pool: pool, budget: budget, types: config.Types, worst: -1}
	o.order = keyed.NewOrder(config.Types, config.order())
	if config.Ties == LastArrived {
		o.worst = 0
	}
	if config.TTL > 0 {
		o.types = append(slices.Clip(o.types), schema.Of(schema.Int64))
		o.expiry.init(pool, config.TTL)
	}
	o.rows = keyed.NewRows(pool, o.types, 0, config.Name, budget)
	o.best = keyed.NewSlab[leader](budget)
	if len(config.Partition) > 0 {
		types := make([]schema.Type, len(config.Partition))
		for i, column := range config.Partition {
			types[i] = config.Types[column]
		}
		o.hasher = keyed.NewHasher(config.Partition)
		o.table = keyed.NewTable(pool, types, config.Name, budget)
		o.columns = make([]*batch.Column, len(types))
	}
	if config.Final {
		o.waiting.init(o)
	}
	extras := keyed.Extras{Loaded: o.leadAll, Hashed: config.Partition}
	if o.leaves() {
		extras.Has, extras.Postpone = o.table.HasHash, !o.config.Final
	}
	o.rows.SetExtras(extras)
	return o
}

// Tables are the partitions, if there are columns to tell them by, and the rows.
func (o *Operator) Tables() []op.Table {
	if o.table == nil {
		return []op.Table{o.rows}
	}
	return []op.Table{&rowsTable{o.rows, o}, o.table}
}

// Needs declares the partitions of the rows that come. What a flush emits was touched since the last one, and is in memory, as are rows that wait; time finds others that are away.
func (o *Operator) Needs(_ int, in *batch.Batch, needs *op.Needs) {
	switch {
	case in == nil && o.leaves() && o.rows.Noting():
		needs.Keys(0, o.expiry.patrol.Hashes())
	case in == nil:
		for i := range o.Tables() {
			needs.All(i)
		}
	case o.table == nil:
		needs.Groups(0, 0, 0)
	default:
		hashes := o.hasher.Hash(in)
		needs.Keys(0, hashes)
		needs.Keys(1, hashes)
	}
}

// Apply keeps the rows that come before those that are kept.
func (o *Operator) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	if len(o.touched) >= maxTouched {
		if err := o.flush(out); err != nil || out.Ports[0] != nil {
			return true, err
		}
	}
	n := in.Rows()
	out.Counts.In += int64(n)
	out.Counts.Absorbed += int64(n)
	if n == 0 {
		return false, nil
	}
	o.output.see(o, in)
	hashes, err := o.find(in, n)
	if err != nil {
		return false, err
	}
	o.prefixes = slices.Grow(o.prefixes[:0], n)[:n]
	o.order.Prefixes(in.Cols, in.Sel, o.prefixes)
	if err := o.choose(in); err != nil {
		return false, err
	}
	return false, o.keep(in, hashes, out)
}

// find sets slots to those of the partitions of the rows of b.
func (o *Operator) find(b *batch.Batch, n int) (hashes []uint64, err error) {
	o.slots = slices.Grow(o.slots[:0], n)[:n]
	if o.table != nil {
		hashes = o.hasher.Hash(b)
		for i, column := range o.config.Partition {
			o.columns[i] = b.Cols[column]
		}
	}
	err = keyed.Places(o.table, hashes, o.columns, b.Sel, o.slots, o.best, leader{row: keyed.NoRow})
	return hashes, op.OutOfMemory(o.config.Name, err)
}

// keep appends the pending rows to those that are kept, in the place of those that they replace.
func (o *Operator) keep(in *batch.Batch, hashes []uint64, out *op.Output) error {
	p := &o.pending
	p.leave(o)
	n := len(p.rows)
	if n == 0 {
		return nil
	}
	o.hashes = o.hashes[:0]
	if hashes != nil {
		for _, i := range p.positions {
			o.hashes = append(o.hashes, hashes[i])
		}
		hashes = o.hashes
	}
	o.numbers = slices.Grow(o.numbers[:0], n)[:n]
	if err := o.rows.Append(o.expiry.stamped(in), hashes, p.rows, o.numbers); err != nil {
		return err
	}
	o.sel, o.gone = o.sel[:0], o.gone[:0]
	for i, row := range p.rows {
		l := o.best.At(p.slots[i])
		l.row, l.prefix = o.numbers[i], o.prefixes[p.positions[i]]
		switch was := p.was[i]; {
		case o.config.Final:
			if err := o.waiting.replace(l, was); err != nil {
				return err
			}
			if was != keyed.NoRow {
				o.gone = append(o.gone, was)
			}
		case was == keyed.NoRow:
			o.sel = append(o.sel, row)
		default:
			o.replace(p.slots[i], was)
			*o.rows.Mark(l.row) = replaced
		}
	}
	if len(o.sel) > 0 {
		o.view.View(in, o.sel)
		o.view.Kinds, o.view.Before = nil, nil
		out.Emit(0, &o.view)
	}
	return o.rows.Delete(o.gone)
}

// replace notes that the kept row of a partition is no longer was.
func (o *Operator) replace(slot, was uint32) {
	switch {
	case *o.rows.Mark(was) == replaced: // the partition is among those touched
		o.gone = append(o.gone, was)
	case o.config.Upsert:
		o.gone = append(o.gone, was)
		o.touched = append(o.touched, change{slot, keyed.NoRow})
	default:
		o.touched = append(o.touched, change{slot, was})
	}
}

// OnFlush emits the replacements.
func (o *Operator) OnFlush(out *op.Output) (more bool, err error) {
	err = o.flush(out)
	return o.next < len(o.touched), err
}

// flush emits the next replacements, as many as a batch has room for.
func (o *Operator) flush(out *op.Output) error {
	if len(o.touched) == 0 {
		return nil
	}
	b := &o.output
	b.begin()
	o.gone = o.gone[:0]
	for ; o.next < len(o.touched) && b.room() >= 2; o.next++ {
		c := o.touched[o.next]
		row := o.best.At(c.slot).row
		*o.rows.Mark(row) = emitted
		if c.before != keyed.NoRow {
			b.add(c.before, batch.UpdateBefore)
			o.gone = append(o.gone, c.before)
		}
		b.add(row, batch.UpdateAfter)
	}
	b.emit(o, out)
	if o.next == len(o.touched) {
		o.touched, o.next = o.touched[:0], 0
	}
	return o.rows.Delete(o.gone)
}

// OnEnd emits the rows that wait for the end of time, and gives the memory back.
func (o *Operator) OnEnd(out *op.Output) (more bool, err error) {
	if len(o.touched) > 0 {
		return true, o.flush(out)
	}
	if o.config.Final {
		if err := o.waiting.emitAll(out); err != nil || out.Ports[0] != nil {
			return true, err
		}
		o.waiting.ranked.Free()
	}
	o.rows.Free()
	o.best.Free()
	if o.table != nil {
		o.table.Free()
	}
	return false, nil
}
