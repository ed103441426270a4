package topn

import (
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

const (
	// maxTouched is how many rows may come or go before the operator flushes by itself.
	maxTouched = 1 << 16
	// pieceRows is how many rows of a batch are looked at before those that may count are kept: the fewer, the fewer are kept for nothing.
	pieceRows = 256
)

// note is what is known of a row beside it.
type note struct {
	// place is the place, counted from the first that is emitted, or the rank under which the row was emitted last, 0 where neither is emitted; keyed.NoRow if it is not part of what
	// was emitted.
	place uint32
	// next is the next row that has gone from its partition since the last flush.
	next uint32
}

// partitionState is what is known of a partition.
type partitionState struct {
	// worst is the prefix of last, the last row of the list, where the list is full; else last is keyed.NoRow.
	worst keyed.Prefix
	last  uint32
	root  uint32
	twins uint32 // the root of the list by which rows are found that are taken back, if there is one
	// emitted is how many rows are part of what was emitted.
	emitted uint32
	// keys is how many different keys the list has, where they are counted.
	keys uint32
	// touched is the partition's number among those touched since the last flush, from 1; 0 if it is not.
	touched uint32
	// stamp is the processing time at which a row last came, in µs.
	stamp int64
}

// noRows is the state of a partition that is new.
func noRows() partitionState {
	return partitionState{root: keyed.NoRow, twins: keyed.NoRow, last: keyed.NoRow}
}

// touch is a partition that was touched since the last flush.
type touch struct {
	slot uint32
	// gone is the first of a chain of rows that were emitted and are no longer there; count is how many there are.
	gone  uint32
	count int
	// low is a place before which nothing has changed.
	low int
}

// Operator is the operator.
type Operator struct {
	config Config
	pool   *batch.Pool
	budget *limit.Budget
	types  []schema.Type // of rows: those of the input, then arrival and stamp if there are such
	end    int64
	// order tells all rows apart that are not equal in everything; keys is what Order says.
	order, keys *keyed.Order
	hasher      *keyed.Hasher // nil without partition
	table       *keyed.Table  // nil without partition: slot 0 is the one there is
	parts       *keyed.Slab[partitionState]
	rows        *keyed.Rows
	lists       *keyed.Ranked
	extra       extra
	notes       *keyed.Slab[note] // by row
	twins       *twins            // nil where rows are found by their order
	tail        tail
	touched     []touch
	changed     int // rows that came or went since the last flush
	flushing    flushing

	columns  []*batch.Column // of the partition
	slots    []uint32
	prefixes []keyed.Prefix
	picked   []uint16 // positions of the rows of a piece that may count
	adds     []uint16 // the rows of those
	addHash  []uint64
	ids      []uint32
	gone     []uint32
	output   output
	// swept is when partitions were looked through last; patrol finds those that are away and over.
	swept  int64
	patrol keyed.Patrol
	// leaving are the rows as a part that may leave memory, nil without partition, and owners the partitions, where it is stored when a row last came for them.
	leaving *leavingRows
	owners  *keyed.Owners
	held    int64 // bytes reserved for flushes
	// loaded: rows were put in one by one; loading: they come back, and back are their partitions.
	loaded, loading bool
	back            []uint32
	// single says that a partition has one row in the output.
	single bool
}

// New returns the operator that config describes. What it keeps is reserved in budget.
func New(pool *batch.Pool, budget *limit.Budget, config Config) *Operator {
	o := &Operator{config: config, pool: pool, budget: budget, end: config.end()}
	if config.Limit == 0 {
		o.end = 0
	}
	o.types = o.extra.init(pool, &o.config)
	o.order = keyed.NewOrder(o.types, config.total(o.extra.arrival))
	o.keys = keyed.NewOrder(config.Types, config.Order)
	o.rows = keyed.NewRows(pool, o.types, 0, config.Name, budget)
	o.lists = keyed.NewRanked(o.rows, o.order, config.Name, budget)
	o.parts = keyed.NewSlab[partitionState](budget)
	o.notes = keyed.NewSlab[note](budget)
	o.single = config.Limit == 1 && !o.counted()
	if len(config.Partition) > 0 {
		types := make([]schema.Type, len(config.Partition))
		for i, column := range config.Partition {
			types[i] = config.Types[column]
		}
		o.hasher = keyed.NewHasher(config.Partition)
		o.table = keyed.NewTable(pool, types, config.Name, budget)
		o.columns = make([]*batch.Column, len(types))
	}
	if config.Changes && config.Arrival {
		o.twins = newTwins(o)
	}
	o.tail = o.newTail()
	extras := keyed.Extras{Loaded: o.load, Hashed: config.Partition}
	if o.leaves() {
		o.leaving = o.newLeavingRows()
		extras.Has, extras.Postpone = o.table.HasHash, true
	}
	if o.stamps() {
		o.owners = keyed.NewOwners(o.leaving.Listed)
		extras.Has, extras.Postpone = o.leaving.Present, false
		o.table.SetValues(keyed.Values{Append: o.appendStamp, Restore: o.restoreStamp, Leave: true, Free: o.leaving.Leaves, Vacate: o.parts.Free})
	}
	o.rows.SetExtras(extras)
	return o
}

// Tables are the rows, and the partitions, if there are columns to tell them by.
func (o *Operator) Tables() []op.Table {
	switch {
	case o.table == nil:
		return []op.Table{o.rows}
	case o.stamps():
		return []op.Table{o.owners, &rowsTable{o.rows, o}}
	}
	return []op.Table{&rowsTable{o.rows, o}, o.table}
}

// Needs declares the partitions of the rows that come. What a flush emits was touched since the last one, and is in memory; time finds others that are away.
func (o *Operator) Needs(_ int, in *batch.Batch, needs *op.Needs) {
	inMemory := o.leaves() && o.rows.Noting()
	switch {
	case in == nil && inMemory:
		hashes := o.patrol.Hashes()
		needs.Keys(0, hashes)
		needs.Keys(1, hashes)
	case in == nil || o.changed >= maxTouched && !inMemory:
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

// Separate returns the hashes of the partitions of in, if there are some; see op.Separable.
func (o *Operator) Separate(_ int, in *batch.Batch) []uint64 {
	if o.table == nil {
		return nil
	}
	return o.hasher.Hash(in)
}

// Apply takes rows in and back.
func (o *Operator) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	if o.changed >= maxTouched {
		if more, err := o.OnFlush(out); err != nil || more || out.Ports[0] != nil {
			return true, err
		}
	}
	n := in.Rows()
	out.Counts.In += int64(n)
	if n == 0 {
		return false, nil
	}
	if o.end == 0 {
		out.Counts.Filtered += int64(n)
		return false, nil
	}
	o.output.see(o, in)
	hashes, err := o.find(in, n)
	if err == nil {
		err = o.refresh()
	}
	if err != nil {
		return false, err
	}
	if o.stamps() {
		if err := o.table.Touch(o.slots); err != nil {
			return false, err
		}
	}
	cols := o.extra.columns(in)
	o.prefixes = slices.Grow(o.prefixes[:0], n)[:n]
	o.order.Prefixes(cols, in.Sel, o.prefixes)
	if o.twins != nil {
		o.twins.see(cols, in.Sel, n)
	}
	for from := 0; from < n; from += pieceRows {
		if err := o.piece(in, cols, hashes, from, min(from+pieceRows, n), out); err != nil {
			return false, err
		}
	}
	return false, nil
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
	err = keyed.Places(o.table, hashes, o.columns, b.Sel, o.slots, o.parts, noRows())
	return hashes, op.OutOfMemory(o.config.Name, err)
}

// piece takes the rows of in from position from up to, not including, to.
func (o *Operator) piece(in *batch.Batch, cols []*batch.Column, hashes []uint64, from, to int, out *op.Output) error {
	o.picked, o.adds, o.addHash = o.picked[:0], o.adds[:0], o.addHash[:0]
	for i := from; i < to; i++ {
		row := in.Row(i)
		part := o.parts.At(o.slots[i])
		part.stamp = o.extra.now
		adds := len(in.Kinds) == 0 || op.Adds(in.Kinds[row])
		if adds && part.last != keyed.NoRow && o.isBehind(part, cols, i, row) {
			out.Counts.Filtered++
			continue
		}
		o.picked = append(o.picked, uint16(i)) //nolint:gosec // a row number of a batch
		if adds {
			o.adds = append(o.adds, uint16(row)) //nolint:gosec // a row number of a batch
			if hashes != nil {
				o.addHash = append(o.addHash, hashes[i])
			}
		}
	}
	o.ids = slices.Grow(o.ids[:0], len(o.adds))[:len(o.adds)]
	if len(o.adds) > 0 {
		var of []uint64
		if hashes != nil {
			of = o.addHash
		}
		if err := o.rows.Append(cols, of, o.adds, o.ids); err != nil {
			return err
		}
		if err := o.noteRows(o.ids); err != nil {
			return err
		}
	}
	o.gone = o.gone[:0]
	added := 0
	for _, i := range o.picked {
		row, slot := in.Row(int(i)), o.slots[i]
		if len(in.Kinds) == 0 || op.Adds(in.Kinds[row]) {
			id := o.ids[added]
			added++
			if err := o.add(slot, id, int(i), out); err != nil {
				return err
			}
		} else if err := o.takeBack(slot, cols, int(i), row, out); err != nil {
			return err
		}
	}
	return o.rows.Delete(o.gone)
}

// noteRows begins the notes of rows.
func (o *Operator) noteRows(ids []uint32) error {
	if err := o.notes.Grow(int(slices.Max(ids)) + 1); err != nil {
		return op.OutOfMemory(o.config.Name, err)
	}
	for _, id := range ids {
		*o.notes.At(id) = note{place: keyed.NoRow, next: keyed.NoRow}
	}
	return nil
}

// isBehind reports whether a row, the i-th that counts, comes behind the last of a list that is full.
func (o *Operator) isBehind(part *partitionState, cols []*batch.Column, i, row int) bool {
	counted := o.counted()
	if o.prefixes[i] != part.worst && (!counted || o.prefixes[i].Less(part.worst)) {
		return part.worst.Less(o.prefixes[i])
	}
	others, other := o.rows.Row(part.last)
	if counted {
		return o.keys.Compare(cols, row, others, other) > 0
	}
	return o.order.Exact() || o.order.Compare(cols, row, others, other) >= 0
}

// counted reports whether rows that are equal in the keys stay together.
func (o *Operator) counted() bool { return o.config.Function != RowNumber || o.config.WithTies }

// OnEnd emits what has changed since the last flush, and gives the memory back.
func (o *Operator) OnEnd(out *op.Output) (more bool, err error) {
	if more, err := o.OnFlush(out); err != nil || more || out.Ports[0] != nil {
		return true, err
	}
	o.free()
	return false, nil
}

func (o *Operator) free() {
	o.rows.Free()
	if o.table != nil { // before what is stored with its keys
		o.table.Free()
	}
	o.lists.Free()
	o.parts.Free()
	o.notes.Free()
	if o.tail.runs != nil {
		o.tail.runs.Free()
	}
	o.budget.Release(o.held)
	o.held = 0
	if o.twins != nil {
		o.twins.lists.Free()
	}
	o.touched, o.changed = o.touched[:0], 0
}
