package fold

import (
	"encoding/binary"
	"fmt"
	"slices"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Config describes a fold.
type Config struct {
	// Name is the step's name in messages.
	Name string
	// Types are those of all columns of the input, which are those of the output.
	Types []schema.Type
	// Partition are the columns that rows are dealt to tasks by, in the order of the exchange. Any will do, since equal rows are equal in them; all columns
	// spread best. Without columns the stage has one task.
	Partition []int
}

// Fold is the operator.
type Fold struct {
	name      string
	partition *keyed.Hasher
	whole     *keyed.Hasher
	dealt     bool
	table     *keyed.Table
	counts    *keyed.Slab[int64]
	slots     []uint32
	// zeros are slots of a batch whose count became 0, some of them more than once, and some of them no longer 0.
	zeros []uint32
	// loose says that equal rows may be written in several ways; again are then rows of a batch of which nothing was left before they were given.
	loose  bool
	again  []again
	sel    []uint16
	hashes []uint64
	left   []int64

	// The walk at the end: the slots that were scanned, which of them is next, and how often it is still to come out.
	walk    keyed.Cursor
	scanned []uint32
	repeat  int64
	done    bool
	// ranges are those of hashes whose rows come out one after the other, nil if all are in memory; spent says that all rows in memory have come out, over that there are no more.
	ranges  *keyed.Ranges
	spent   bool
	over    bool
	emitted []uint32
	out     batch.Batch
}

// again is a row that was given when nothing was left of those equal to it.
type again struct {
	slot     uint32
	position int
}

// New returns the operator; pool lends memory, and what grows with the data is reserved in budget.
func New(pool *batch.Pool, budget *limit.Budget, c Config) *Fold {
	f := &Fold{name: "fold " + c.Name, slots: make([]uint32, batch.MaxRows), emitted: make([]uint32, 0, batch.MaxRows), dealt: len(c.Partition) > 0}
	columns := make([]int, len(c.Types))
	for i, typ := range c.Types {
		columns[i] = i
		f.loose = f.loose || isLoose(typ.Kind)
		f.out.Cols = append(f.out.Cols, batch.NewColumn(pool, typ))
	}
	f.whole, f.partition = keyed.NewHasher(columns), keyed.NewHasher(c.Partition)
	f.table = keyed.NewTable(pool, c.Types, f.name, budget)
	f.counts = keyed.NewSlab[int64](budget)
	f.table.SetValues(keyed.Values{Append: f.appendCount, Restore: f.restoreCount, Leave: true, Postpone: true, Vacate: f.counts.Free})
	return f
}

// hash returns a hash of each whole row, in the key group that the row is dealt by.
func (f *Fold) hash(in *batch.Batch) []uint64 {
	hashes := f.whole.Hash(in)
	if f.dealt {
		keyed.Place(hashes, f.partition.Hash(in))
	} else {
		keyed.Place(hashes, make([]uint64, len(hashes)))
	}
	return hashes
}

// Apply counts the rows of in.
func (f *Fold) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	slots, hashes := f.slots[:in.Rows()], f.hash(in)
	fresh, err := f.table.Upsert(hashes, in.Cols, in.Sel, slots)
	if err != nil {
		return false, err
	}
	if err := f.counts.Grow(f.table.Limit()); err != nil {
		return false, op.OutOfMemory(f.name, err)
	}
	for _, position := range fresh {
		*f.counts.At(slots[position]) = unborn
	}
	if err := f.table.Touch(slots); err != nil {
		return false, err
	}
	f.count(in, slots)
	out.Counts.In += int64(len(slots))
	out.Counts.Absorbed += int64(len(slots))
	if err := f.forget(); err != nil || len(f.again) == 0 {
		return false, err
	}
	return false, f.rewrite(in, hashes)
}

// count counts the rows of in, whose slots are slots.
func (f *Fold) count(in *batch.Batch, slots []uint32) {
	f.zeros, f.again = f.zeros[:0], f.again[:0]
	for i, slot := range slots {
		change := int64(1)
		if kinds := in.Kinds; len(kinds) > 0 && !op.Adds(kinds[in.Row(i)]) {
			change = -1
		}
		switch n := f.counts.At(slot); *n {
		case unborn:
			if *n = change; change < 0 && fault.Weak("changes/early") {
				*n = 0
			}
		case 0: // since another row of the batch
			if *n = change; f.loose {
				f.again = append(f.again, again{slot: slot, position: i})
			}
		default:
			if *n += change; *n == 0 {
				f.zeros = append(f.zeros, slot)
			}
		}
	}
}

// What counts are but counts: gone marks a slot that was deleted, until it is given to another row, and unborn one that was just given to a row.
const (
	gone   = -1 << 63
	unborn = gone + 1
)

// rewrite puts rows in again that were given when nothing was left of those equal to them, so that they are written as they were given then. in and
// hashes are those of the batch.
func (f *Fold) rewrite(in *batch.Batch, hashes []uint64) error {
	f.sel, f.hashes, f.left = f.sel[:0], f.hashes[:0], f.left[:0]
	for _, a := range slices.Backward(f.again) { // the last one of each slot counts
		n := f.counts.At(a.slot)
		if *n == gone {
			continue
		}
		f.sel = append(f.sel, uint16(in.Row(a.position))) //nolint:gosec // a row number of a batch
		f.hashes, f.left = append(f.hashes, hashes[a.position]), append(f.left, *n)
		*n = gone
		if err := f.table.Delete(a.slot); err != nil {
			return err
		}
	}
	if len(f.sel) == 0 {
		return nil
	}
	slots := f.slots[:len(f.sel)]
	if _, err := f.table.Upsert(f.hashes, in.Cols, f.sel, slots); err != nil {
		return err
	}
	if err := f.counts.Grow(f.table.Limit()); err != nil {
		return op.OutOfMemory(f.name, err)
	}
	for i, slot := range slots {
		*f.counts.At(slot) = f.left[i]
	}
	return nil
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

// forget deletes the rows of which nothing is left.
func (f *Fold) forget() error {
	for _, slot := range f.zeros {
		if n := f.counts.At(slot); *n == 0 {
			*n = gone
			if err := f.table.Delete(slot); err != nil {
				return err
			}
		}
	}
	return nil
}

// OnEnd emits what is left.
func (f *Fold) OnEnd(out *op.Output) (more bool, err error) {
	if f.done {
		return false, nil
	}
	f.emitted = f.emitted[:0]
	for len(f.emitted) < batch.MaxRows && f.next() {
		n := min(f.repeat, int64(batch.MaxRows-len(f.emitted)))
		for range n {
			f.emitted = append(f.emitted, f.scanned[0])
		}
		f.repeat -= n
	}
	if len(f.emitted) == 0 && f.ranges != nil && !f.over {
		return true, nil
	}
	if len(f.emitted) == 0 { // and nothing that is still lent lies here
		f.done = true
		f.table.Free()
		f.counts.Free()
		return false, nil
	}
	f.table.GatherKeys(f.emitted, f.out.Cols)
	f.out.Len = len(f.emitted)
	out.Emit(0, &f.out)
	return true, nil
}

// next makes scanned begin with a row that is to come out, and reports whether there is one.
func (f *Fold) next() bool {
	for f.repeat <= 0 {
		if len(f.scanned) > 0 {
			f.scanned = f.scanned[1:]
		}
		if len(f.scanned) == 0 {
			n := f.table.Scan(&f.walk, f.slots)
			if n == 0 {
				f.spent = true
				return false
			}
			f.scanned = f.slots[:n]
		}
		f.repeat = *f.counts.At(f.scanned[0])
	}
	return true
}

// Tables are the state.
func (f *Fold) Tables() []op.Table { return []op.Table{f.table} }

// Needs declares the rows of in; the end goes through all.
func (f *Fold) Needs(_ int, in *batch.Batch, needs *op.Needs) {
	switch {
	case in != nil:
		needs.Keys(0, f.hash(in))
	case f.table.Departed():
		f.needRange(needs)
	case !f.table.Noting():
		needs.All(0)
	}
}

// needRange declares the rows that come out next, where some were away.
func (f *Fold) needRange(needs *op.Needs) {
	if f.ranges == nil {
		f.ranges, f.spent = f.table.Ranges(), true
	}
	if !f.spent || f.over {
		return
	}
	from, to, ok := f.ranges.Next()
	if f.over = !ok; ok {
		needs.Range(0, from, to)
		f.walk, f.spent = keyed.Cursor{}, false
	}
}

// Closes says that the end goes through all rows.
func (f *Fold) Closes(int) bool { return true }

// Snapshot returns the state of a key group: docs/format/state.md.
func (f *Fold) Snapshot(group op.KeyGroup) ([]byte, error) {
	return f.table.Snapshot(uint8(group), f.appendCount)
}

// appendCount appends how often a row is there.
func (f *Fold) appendCount(dst []byte, slot uint32) []byte {
	return binary.AppendVarint(dst, *f.counts.At(slot))
}

// Restore puts the state of a key group in.
func (f *Fold) Restore(group op.KeyGroup, data []byte) error {
	return f.table.Restore(uint8(group), data, f.restoreCount)
}

// restoreCount sets how often a row is there.
func (f *Fold) restoreCount(slot uint32, value []byte) error {
	n, size := binary.Varint(value)
	if size <= 0 || size != len(value) || n == 0 || n == gone {
		return &keyed.CorruptError{What: f.name, Reason: fmt.Sprintf("%x is no count of a row", value)}
	}
	if err := f.counts.Grow(f.table.Limit()); err != nil {
		return op.OutOfMemory(f.name, err)
	}
	*f.counts.At(slot) = n
	return nil
}

// Kept is the table.
func (f *Fold) Kept() []keyed.Kept { return []keyed.Kept{f.table} }

// Leaves says that rows may leave memory.
func (f *Fold) Leaves() bool { return true }

// Rest returns nothing: the table has all there is.
func (f *Fold) Rest(op.KeyGroup) ([]byte, error) { return nil, nil }

// RestoreRest is never called.
func (f *Fold) RestoreRest(op.KeyGroup, []byte) error { return nil }

// Restored has nothing to make.
func (f *Fold) Restored() error { return nil }
