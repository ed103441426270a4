package over

import (
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// maxTouched is how many rows may come or go before an Updating flushes by itself.
const maxTouched = 1 << 16

// Updating is the operator of window functions over rows that come in any order, and perhaps go: its output is a changelog. Rows that are equal in the order stand in that of
// their other columns, ascending, NULLs last.
//
// The rows of a partition stand in a ranked list. At a flush the answers of those rows are computed anew that a change may have altered, and what differs from the answers that were
// emitted is emitted: see reach. The answers are kept beside the rows, but not stored: they follow from them.
type Updating struct {
	config Config
	e      *Operator // has the rows, and the functions
	budget *limit.Budget
	order  *keyed.Order // tells all rows apart that are not equal in everything
	table  *keyed.Table // nil without partition: slot 0 is the one there is
	parts  *keyed.Slab[listed]
	lists  *keyed.Ranked
	notes  *keyed.Slab[note] // by row
	// answers are those that were emitted, by their numbers in notes; obsolete are those that no row has any more, and that may still be lent.
	answers  *keyed.Rows
	obsolete []uint32
	touched  []touch
	changed  int // rows that came or went since the last flush
	next     int // of touched, while a flush goes on
	jobs     jobs
	seen     []uint32 // the rows of jobs
	reserved int      // numbers of seen and of the targets of jobs that memory is reserved for
	offsets  offsets
	stamp    stamps
	emission emission

	columns  []*batch.Column // of the partition
	slots    []uint32
	prefixes []keyed.Prefix
	adds     []uint16
	addHash  []uint64
	ids      []uint32
	gone     []uint32
	places   []int
	differ   []uint16
	numbers  []uint32
	// loaded: rows were put in one by one; loading: they come back, and back are their partitions.
	loaded, loading bool
	back            []uint32
	// leaving are the rows as a part that may leave memory, nil without partition, and owners the partitions, where it is stored when a row last came for them.
	leaving *updatingRows
	owners  *keyed.Owners
}

// listed is what is known of a partition.
type listed struct {
	root    uint32
	touched uint32 // its number among those touched since the last flush, from 1; 0 if it is not
	stamp   int64  // the processing time at which a row last came, in µs
}

// note is what is known of a row beside it.
type note struct {
	answer uint32 // the answers that were emitted for it; keyed.NoRow: it was not emitted
	dirty  uint32 // the next row of those that changes are at, in a partition
	gone   uint32 // the next row of those that have gone from a partition
	flags  uint32
}

const (
	isDirty = 1 << iota
	isGone
)

// touch is a partition that was touched since the last flush.
type touch struct {
	slot uint32
	// dirty and gone are the first rows of chains: those that came, and those before which one has gone; and those that have gone.
	dirty, gone uint32
	// atEnd says that a row has gone from the end.
	atEnd bool
}

// NewUpdating returns the operator that config describes. What it keeps is reserved in budget.
func NewUpdating(pool *batch.Pool, budget *limit.Budget, config Config) *Updating {
	u := &Updating{config: config, budget: budget}
	inner := config
	if config.TTL > 0 {
		inner.Types = append(slices.Clip(config.Types), schema.Of(schema.Int64))
		u.stamp.init(pool, len(config.Types))
	}
	u.e = New(pool, budget, inner)
	keys := slices.Clone(config.Order)
	for i := range config.Types {
		if !slices.ContainsFunc(keys, func(k keyed.Key) bool { return k.Column == i }) && !slices.Contains(config.Partition, i) {
			keys = append(keys, keyed.Key{Column: i})
		}
	}
	u.order = keyed.NewOrder(config.Types, keys)
	u.lists = keyed.NewRanked(u.e.rows, u.order, config.Name, budget)
	u.parts, u.notes = keyed.NewSlab[listed](budget), keyed.NewSlab[note](budget)
	results := make([]schema.Type, len(config.Calls))
	for i := range config.Calls {
		results[i] = config.Calls[i].Result
	}
	u.answers = keyed.NewRows(pool, results, 0, config.Name, budget)
	if len(config.Partition) > 0 {
		types := make([]schema.Type, len(config.Partition))
		for i, column := range config.Partition {
			types[i] = config.Types[column]
		}
		u.table = keyed.NewTable(pool, types, config.Name, budget)
		u.columns = make([]*batch.Column, len(types))
	}
	u.offsets.init(config.Calls)
	extras := keyed.Extras{Loaded: u.load}
	if u.leaves() {
		u.leaving = u.newUpdatingRows()
		extras.Has, extras.Postpone = u.table.HasHash, true
	}
	if u.stamps() {
		u.owners = keyed.NewOwners(u.leaving.Listed)
		extras.Has, extras.Postpone = u.leaving.Present, false
		u.table.SetValues(keyed.Values{Append: u.appendStamp, Restore: u.restoreStamp, Leave: true, Free: u.leaving.Leaves, Vacate: u.parts.Free})
	}
	u.e.rows.SetExtras(extras)
	return u
}

// Tables are the rows, and the partitions, if there are columns to tell them by.
func (u *Updating) Tables() []op.Table {
	switch {
	case u.table == nil:
		return []op.Table{u.e.rows}
	case u.stamps():
		return []op.Table{u.owners, &updatingTable{u.e.rows, u}}
	}
	return []op.Table{&updatingTable{u.e.rows, u}, u.table}
}

// Needs declares the partitions of the rows that come. What a flush emits was touched since the last one, and is in memory; time finds others that are away.
func (u *Updating) Needs(_ int, in *batch.Batch, needs *op.Needs) {
	inMemory := u.leaves() && u.e.rows.Noting()
	switch {
	case in == nil && inMemory:
		hashes := u.stamp.patrol.Hashes()
		needs.Keys(0, hashes)
		needs.Keys(1, hashes)
	case in == nil || u.changed >= maxTouched && !inMemory:
		for i := range u.Tables() {
			needs.All(i)
		}
	case u.table == nil:
		needs.Groups(0, 0, 0)
	default:
		hashes := u.e.hasher.Hash(in)
		needs.Keys(0, hashes)
		needs.Keys(1, hashes)
	}
}

// Separate returns the hashes of the partitions of in, if there are some; see op.Separable.
func (u *Updating) Separate(_ int, in *batch.Batch) []uint64 {
	if u.table == nil {
		return nil
	}
	return u.e.hasher.Hash(in)
}

// Apply takes rows in and back.
func (u *Updating) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	if u.changed >= maxTouched {
		if more, err := u.OnFlush(out); err != nil || more || out.Ports[0] != nil {
			return true, err
		}
	}
	n := in.Rows()
	out.Counts.In += int64(n)
	if n == 0 {
		return false, nil
	}
	u.e.see(in)
	hashes, err := u.find(in, n)
	if err != nil {
		return false, err
	}
	if u.stamps() {
		if err := u.table.Touch(u.slots); err != nil {
			return false, err
		}
	}
	u.prefixes = slices.Grow(u.prefixes[:0], n)[:n]
	u.order.Prefixes(in.Cols, in.Sel, u.prefixes)
	if err := u.append(in, hashes); err != nil {
		return false, err
	}
	added := 0
	for i, slot := range u.slots {
		row := in.Row(i)
		part := u.parts.At(slot)
		part.stamp = u.stamp.now
		if len(in.Kinds) == 0 || op.Adds(in.Kinds[row]) {
			id := u.ids[added]
			added++
			if err := u.add(slot, part, id, i); err != nil {
				return false, err
			}
		} else if !u.takeBack(slot, part, in.Cols, i, row) {
			out.Counts.Filtered++
			continue
		}
		out.Counts.Absorbed++
	}
	return false, nil
}

// find sets slots to those of the partitions of the rows of b.
func (u *Updating) find(b *batch.Batch, n int) (hashes []uint64, err error) {
	u.slots = slices.Grow(u.slots[:0], n)[:n]
	if u.table != nil {
		hashes = u.e.hasher.Hash(b)
		for i, column := range u.config.Partition {
			u.columns[i] = b.Cols[column]
		}
	}
	err = keyed.Places(u.table, hashes, u.columns, b.Sel, u.slots, u.parts, listed{root: keyed.NoRow})
	return hashes, op.OutOfMemory(u.config.Name, err)
}

// append keeps the rows of in that come to be; ids are their numbers.
func (u *Updating) append(in *batch.Batch, hashes []uint64) error {
	u.adds, u.addHash = u.adds[:0], u.addHash[:0]
	for i := range u.slots {
		row := in.Row(i)
		if len(in.Kinds) > 0 && !op.Adds(in.Kinds[row]) {
			continue
		}
		u.adds = append(u.adds, uint16(row)) //nolint:gosec // a row number of a batch
		if hashes != nil {
			u.addHash = append(u.addHash, hashes[i])
		}
	}
	n := len(u.adds)
	if u.ids = slices.Grow(u.ids[:0], n)[:n]; n == 0 {
		return nil
	}
	if hashes != nil {
		hashes = u.addHash
	}
	if err := u.e.rows.Append(u.stamp.columns(in), hashes, u.adds, u.ids); err != nil {
		return err
	}
	u.offsets.see(in.Cols, u.adds)
	return u.noteRows(u.ids)
}

// noteRows begins the notes of rows.
func (u *Updating) noteRows(ids []uint32) error {
	if err := u.notes.Grow(int(slices.Max(ids)) + 1); err != nil {
		return op.OutOfMemory(u.config.Name, err)
	}
	for _, id := range ids {
		*u.notes.At(id) = note{answer: keyed.NoRow, dirty: keyed.NoRow, gone: keyed.NoRow}
	}
	return nil
}

// touch returns a partition among those that were touched.
func (u *Updating) touch(slot uint32, part *listed) *touch {
	u.changed++
	if part.touched == 0 {
		u.touched = append(u.touched, touch{slot: slot, dirty: keyed.NoRow, gone: keyed.NoRow})
		part.touched = uint32(len(u.touched)) //nolint:gosec // bounded by maxTouched
	}
	return &u.touched[part.touched-1]
}

// dirty notes a row at which something has changed.
func (u *Updating) dirty(t *touch, id uint32) {
	if n := u.notes.At(id); n.flags&isDirty == 0 {
		n.flags |= isDirty
		n.dirty, t.dirty = t.dirty, id
	}
}

// add puts a row, the i-th that counts, in the list of its partition.
func (u *Updating) add(slot uint32, part *listed, id uint32, i int) (err error) {
	if part.root, err = u.lists.Insert(part.root, id, u.prefixes[i]); err != nil {
		return err
	}
	u.dirty(u.touch(slot, part), id)
	return nil
}

// takeBack takes the row out of the list of its partition that is equal to row row of cols, the i-th that counts, and reports whether there was one.
func (u *Updating) takeBack(slot uint32, part *listed, cols []*batch.Column, i, row int) bool {
	t := u.touch(slot, part)
	id, found := u.lists.Find(part.root, cols, row, u.prefixes[i])
	if !found {
		return false
	}
	if behind := u.lists.Next(id); behind == keyed.NoRow {
		t.atEnd = true
	} else {
		u.dirty(t, behind)
	}
	part.root = u.lists.Delete(part.root, id)
	n := u.notes.At(id)
	n.flags |= isGone
	n.gone, t.gone = t.gone, id
	return true
}

// OnEnd emits what has changed since the last flush, and gives the memory back.
func (u *Updating) OnEnd(out *op.Output) (more bool, err error) {
	if more, err := u.OnFlush(out); err != nil || more || out.Ports[0] != nil {
		return true, err
	}
	if u.table != nil { // before what is stored with its keys
		u.table.Free()
	}
	u.e.free()
	u.lists.Free()
	u.notes.Free()
	u.parts.Free()
	u.answers.Free()
	return false, nil
}
