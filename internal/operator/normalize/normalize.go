package normalize

import (
	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// maxTouched is how many keys may wait for a flush.
const maxTouched = 1 << 15

// entry is a key. While it waits for a flush, before is the row that it had at the flush before.
type entry struct {
	head   uint32 // the current row, which links to those that came before it
	before uint32
	seen   int64 // processing time of the last touch
	// last is the position of the key's last row in the batch at hand, plus one, where rows replace each other; 0: none.
	last uint16
	// touched says that the key waits for a flush; gone that before is no longer among its rows; there that it has a row, as far as the batch is read; differs
	// that the row is known to differ from before.
	touched, gone, there, differs bool
}

// Operator is the operator.
type Operator struct {
	cfg        Config
	name       string
	hasher     *keyed.Hasher
	table      *keyed.Table
	entries    *keyed.Slab[entry]
	rows       *keyed.Rows
	comparison *comparison
	now        int64 // processing time; 0 for ever if nothing is forgotten
	// leaving are the rows as a part that may leave memory, and owners the keys, where it is stored when they were last touched.
	leaving *kept
	owners  *keyed.Owners

	keys     []*batch.Column
	slots    []uint32
	all      []uint64 // hashes of the keys of a batch, lent by the hasher
	distinct []uint32 // the keys of a batch, in the order in which they come
	sel      []uint16 // rows to be kept
	hashes   []uint64 // and the hashes of their keys
	ids      []uint32 // and their numbers
	dead     []uint32 // rows to be deleted

	touched []uint32 // keys that wait for a flush
	flushed int      // how many of them are through
	out     batch.Batch
	outIDs  []uint32
}

// New returns the operator; pool lends memory, and what grows with the data is reserved in budget.
func New(pool *batch.Pool, budget *limit.Budget, c Config) op.Operator {
	o := newOperator(pool, budget, c)
	if c.TTL > 0 {
		return &forgetful{Operator: o}
	}
	return o
}

func newOperator(pool *batch.Pool, budget *limit.Budget, c Config) *Operator {
	o := &Operator{cfg: c, name: "normalize " + c.Name, slots: make([]uint32, batch.MaxRows), ids: make([]uint32, batch.MaxRows)}
	o.hashes = make([]uint64, batch.MaxRows)
	o.sel = make([]uint16, 0, batch.MaxRows) // never nil: that would select every row
	for _, typ := range c.Types {
		o.out.Cols = append(o.out.Cols, batch.NewColumn(pool, typ))
	}
	keys := make([]schema.Type, len(c.Key))
	for i, column := range c.Key {
		keys[i] = c.Types[column]
	}
	o.hasher, o.comparison = keyed.NewHasher(c.Key), newComparison(c.Types, c.Key)
	o.table = keyed.NewTable(pool, keys, o.name, budget)
	o.entries = keyed.NewSlab[entry](budget)
	o.rows = keyed.NewRows(pool, c.Types, 1, o.name, budget)
	o.leaving = o.newKept()
	extras := keyed.Extras{Loaded: o.chain, Hashed: c.Key, Has: o.table.HasHash, Postpone: c.TTL == 0}
	if c.TTL > 0 {
		o.owners, extras.Has = keyed.NewOwners(o.leaving.Listed), o.leaving.Present
		o.table.SetValues(keyed.Values{Append: o.appendSeen, Restore: o.restoreSeen, Leave: true, Free: o.leaving.Leaves, Vacate: o.entries.Free})
	}
	o.rows.SetExtras(extras)
	return o
}

// Apply takes the rows of in. What becomes of their keys is emitted at the next flush, or here if too many keys wait.
func (o *Operator) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	if len(o.touched) >= maxTouched {
		if _, err := o.OnFlush(out); err != nil {
			return false, err
		}
		return true, nil
	}
	slots, err := o.find(in)
	if err != nil {
		return false, err
	}
	if o.cfg.TTL > 0 {
		if err := o.table.Touch(slots); err != nil {
			return false, err
		}
	}
	o.dead = o.dead[:0]
	take := o.replace
	if o.cfg.Changelog {
		take = o.takeChanges
	}
	unknown, err := take(in, slots)
	if err != nil {
		return false, err
	}
	out.Counts.In += int64(len(slots))
	out.Counts.Filtered += int64(unknown)
	out.Counts.Absorbed += int64(len(slots) - unknown)
	return false, o.rows.Delete(o.dead)
}

// find returns the slots of the keys of in, and sets o.all.
func (o *Operator) find(in *batch.Batch) ([]uint32, error) {
	slots := o.slots[:in.Rows()]
	o.all = o.hasher.Hash(in)
	o.keys = o.keys[:0]
	for _, column := range o.cfg.Key {
		o.keys = append(o.keys, in.Cols[column])
	}
	fresh, err := o.table.Upsert(o.all, o.keys, in.Sel, slots)
	if err != nil {
		return nil, err
	}
	if err := o.entries.Grow(o.table.Limit()); err != nil {
		return nil, op.OutOfMemory(o.name, err)
	}
	for _, position := range fresh {
		*o.entries.At(slots[position]) = entry{head: keyed.NoRow, before: keyed.NoRow}
	}
	return slots, nil
}

// touch makes a key wait for a flush. One whose time is over loses its rows first.
func (o *Operator) touch(slot uint32) *entry {
	e := o.entries.At(slot)
	if !e.touched {
		if o.expired(e) && !fault.Weak("ttl/read") {
			o.drop(e)
		}
		e.touched, e.before, e.gone, e.there = true, e.head, false, e.head != keyed.NoRow
		o.touched = append(o.touched, slot)
	}
	e.seen = o.now
	return e
}

// replace takes rows that replace each other, of which only the last one of each key matters. unknown counts deletions of keys that are not there.
func (o *Operator) replace(in *batch.Batch, slots []uint32) (unknown int, err error) {
	o.distinct = o.distinct[:0]
	for i, slot := range slots {
		e := o.touch(slot)
		switch kind := kindOf(in, i); {
		case op.Adds(kind):
			e.there = true
		case kind == batch.UpdateBefore && i+1 < len(slots) && slots[i+1] == slot && kindOf(in, i+1) == batch.UpdateAfter:
			continue // the other half replaces the row
		default:
			if !e.there {
				unknown++
			}
			e.there = false
		}
		if e.last == 0 {
			o.distinct = append(o.distinct, slot)
		}
		e.last = uint16(i + 1) //nolint:gosec // at most MaxRows
	}
	o.sel = o.sel[:0]
	kept := 0
	for _, slot := range o.distinct {
		e := o.entries.At(slot)
		i := int(e.last) - 1
		e.last = 0
		row := in.Row(i)
		switch {
		case !e.there:
			e.differs = false
			o.takeHead(e)
			continue
		case e.head != keyed.NoRow && o.isSame(in.Cols, row, e.head):
			continue
		}
		e.differs = e.head == e.before // and not taken away before
		o.takeHead(e)
		o.sel = append(o.sel, uint16(row)) //nolint:gosec // a row number of a batch
		o.distinct[kept], o.hashes[kept] = slot, o.all[i]
		kept++
	}
	ids := o.ids[:kept]
	if err := o.rows.Append(in.Cols, o.hashes[:kept], o.sel, ids); err != nil {
		return 0, err
	}
	for i, slot := range o.distinct[:kept] {
		*o.rows.Link(ids[i], 0) = keyed.NoRow
		o.entries.At(slot).head = ids[i]
	}
	return unknown, nil
}

// takeHead takes the only row of a key away.
func (o *Operator) takeHead(e *entry) {
	if e.head != keyed.NoRow {
		o.bury(e, e.head)
		e.head = keyed.NoRow
	}
}

// bury deletes a row that is no longer among those of a key, at once or, if it is what the key had at the last flush, at the next.
func (o *Operator) bury(e *entry, id uint32) {
	if e.touched && id == e.before {
		e.gone = true
	} else {
		o.dead = append(o.dead, id)
	}
}

// takeChanges takes a full changelog. unknown counts rows that are taken back and not there.
func (o *Operator) takeChanges(in *batch.Batch, slots []uint32) (unknown int, err error) {
	o.sel = o.sel[:0]
	for i := range slots {
		if op.Adds(kindOf(in, i)) {
			o.hashes[len(o.sel)] = o.all[i]
			o.sel = append(o.sel, uint16(in.Row(i))) //nolint:gosec // a row number of a batch
		}
	}
	ids := o.ids[:len(o.sel)]
	if err := o.rows.Append(in.Cols, o.hashes[:len(ids)], o.sel, ids); err != nil {
		return 0, err
	}
	for i, slot := range slots {
		e := o.touch(slot)
		if op.Adds(kindOf(in, i)) {
			*o.rows.Link(ids[0], 0) = e.head
			e.head, ids = ids[0], ids[1:]
		} else if !o.takeBack(e, in.Cols, in.Row(i)) {
			unknown++
		}
	}
	return unknown, nil
}

// takeBack takes a row that is like the one given out of the rows of a key, and reports whether there was one.
func (o *Operator) takeBack(e *entry, cols []*batch.Column, row int) bool {
	for at := &e.head; *at != keyed.NoRow; at = o.rows.Link(*at, 0) {
		if id := *at; o.isLike(cols, row, id) {
			*at = *o.rows.Link(id, 0)
			o.bury(e, id)
			return true
		}
	}
	return false
}

// isLike reports whether a row is equal in all columns to one that is kept.
func (o *Operator) isLike(cols []*batch.Column, row int, id uint32) bool {
	kept, at := o.rows.Row(id)
	return o.comparison.like(cols, row, kept, at)
}

// isSame reports whether a row is like one that is kept, and written alike.
func (o *Operator) isSame(cols []*batch.Column, row int, id uint32) bool {
	kept, at := o.rows.Row(id)
	return o.comparison.same(cols, row, kept, at)
}

// drop takes all rows of a key away that does not wait for a flush.
func (o *Operator) drop(e *entry) {
	for id := e.head; id != keyed.NoRow; id = *o.rows.Link(id, 0) {
		o.dead = append(o.dead, id)
	}
	e.head = keyed.NoRow
}

func kindOf(in *batch.Batch, i int) batch.Change {
	if len(in.Kinds) == 0 {
		return batch.Insert
	}
	return in.Kinds[in.Row(i)]
}
