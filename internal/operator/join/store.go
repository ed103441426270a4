package join

import (
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// run is the rows of an input with one key, in the order in which they came.
type run struct {
	head, tail, count uint32
	// before says whether there were rows before the batch at work.
	before uint8
	// indexed: its rows are found by their images; gone: its key is not in the table any more.
	indexed, gone bool
}

// What is known of a run before the batch at work.
const (
	untouched uint8 = iota
	noneBefore
	someBefore
)

func noRun() run { return run{head: keyed.NoRow, tail: keyed.NoRow} }

const (
	// indexAt is how many rows a run has when they are first put in the index.
	indexAt = 48
	// unsettled is the degree of a row whose candidates were not all looked at.
	unsettled = ^uint32(0)
)

// store is the rows of an input of a Changing join, linked in runs.
type store struct {
	name  string
	keep  []bool
	cols  []*batch.Column // of a batch, those that are kept
	rows  *keyed.Rows
	order *keyed.Order // compares rows in all that is kept of them
	// next and prev link the rows of a run; prev is nil where rows leave only with all of their run.
	next, prev *keyed.Slab[uint32]
	// hashes are those of the rows' images, hasher's; nil where a row is found without them. images are those of the batch at work.
	hashes *keyed.Slab[uint32]
	hasher *keyed.Hasher
	images []uint64
	index  *index // nil with hashes
	// degrees are how many matches each row has, nil where nobody asks.
	degrees *keyed.Slab[uint32]
	// doubts are how many candidates of each row may match for all that is known; nil where nobody asks.
	doubts *keyed.Slab[uint32]

	ttl  int64
	ages *ages // nil without a TTL

	dead []uint32 // rows that are unlinked, and not yet taken out of rows

	// read is rows that were read back, with what is kept of them.
	read batch.Batch
}

func newStore(c *Config, plan *changes, input int) *store {
	types, in := c.types(input), c.Inputs[input]
	s := &store{name: c.title(), keep: c.stored(input), cols: make([]*batch.Column, len(types)), ttl: in.TTL}
	for _, k := range c.Keys {
		s.keep[k.column(input)] = true // to find the rows' places after a restore
	}
	s.rows = keyed.NewRows(c.Pool, types, 0, s.name, c.Budget)
	s.order = keyed.NewOrder(types, keysOf(s.keep))
	s.next = keyed.NewSlab[uint32](c.Budget)
	if !in.AppendOnly || in.TTL > 0 || c.Residual != nil || c.Kind == Single {
		s.prev = keyed.NewSlab[uint32](c.Budget)
	}
	if !in.AppendOnly && !in.Unique && plan.stores[input] {
		var columns []int
		for i, kept := range s.keep {
			if kept {
				columns = append(columns, i)
			}
		}
		s.hasher, s.hashes = keyed.NewHasher(columns), keyed.NewSlab[uint32](c.Budget)
		s.index = newIndex(c.Pool, s.name, c.Budget)
	}
	if plan.degrees[input] {
		s.degrees = keyed.NewSlab[uint32](c.Budget)
		if c.threeValued() {
			s.doubts = keyed.NewSlab[uint32](c.Budget)
		}
	}
	if in.TTL > 0 && plan.stores[input] {
		s.ages = newAges(c.Budget)
	}
	for i, typ := range types {
		s.read.Cols = append(s.read.Cols, nil)
		if s.keep[i] {
			s.read.Cols[i] = batch.NewColumn(c.Pool, typ)
		}
	}
	return s
}

// gather returns stored rows as a batch, lent until the next call.
func (s *store) gather(ids []uint32) *batch.Batch {
	s.rows.Gather(ids, s.read.Cols)
	s.read.Len = len(ids)
	return &s.read
}

func keysOf(keep []bool) []keyed.Key {
	var keys []keyed.Key
	for i, kept := range keep {
		if kept {
			keys = append(keys, keyed.Key{Column: i})
		}
	}
	return keys
}

// add stores rows, which are not linked yet.
func (s *store) add(cols []*batch.Column, hashes []uint64, rows []uint16, ids []uint32) error {
	for i := range s.cols {
		if s.cols[i] = nil; s.keep[i] {
			s.cols[i] = cols[i]
		}
	}
	if err := s.rows.Append(s.cols, hashes, rows, ids); err != nil {
		return err
	}
	return s.grow()
}

// grow makes room in the slabs for all rows.
func (s *store) grow() error {
	n := s.rows.Limit()
	for _, slab := range [...]*keyed.Slab[uint32]{s.next, s.prev, s.hashes, s.degrees, s.doubts} {
		if slab != nil {
			if err := slab.Grow(n); err != nil {
				return err
			}
		}
	}
	if s.ages != nil {
		return s.ages.grow(n)
	}
	return nil
}

// imageAt returns the hash of the image of the row at a position of the batch at work, 0 where rows are found without.
func (s *store) imageAt(p int) uint32 {
	if s.hashes == nil {
		return 0
	}
	return uint32(s.images[p]) //nolint:gosec // its lower half
}

// link appends a stored row, which is new, to a run of the key in slot.
func (s *store) link(r *run, id, image uint32, now int64, slot uint32) error {
	if s.degrees != nil {
		*s.degrees.At(id) = unsettled
	}
	if s.ages != nil {
		s.ages.push(s.rows.GroupOf(id), id, now)
	}
	return s.enter(r, id, image, slot)
}

// enter appends a stored row to a run of the key in slot.
func (s *store) enter(r *run, id, image, slot uint32) error {
	if r.count == 0 {
		r.head = id
	} else {
		*s.next.At(r.tail) = id
	}
	*s.next.At(id) = keyed.NoRow
	if s.prev != nil {
		*s.prev.At(id) = r.tail
	}
	r.tail = id
	r.count++
	if s.hashes == nil {
		return nil
	}
	*s.hashes.At(id) = image
	switch {
	case r.indexed:
		return s.index.add(slot, image, id, s.rows.GroupOf(id))
	case r.count > indexAt:
		r.indexed = true
		for at := r.head; at != keyed.NoRow; at = *s.next.At(at) {
			if err := s.index.add(slot, *s.hashes.At(at), at, s.rows.GroupOf(at)); err != nil {
				return err
			}
		}
	}
	return nil
}

// find returns a row of a run that is what row of b is, or keyed.NoRow.
func (s *store) find(r *run, b *batch.Batch, row int, image, slot uint32) uint32 {
	if r.indexed {
		for id := s.index.first(slot, image, s.rows.GroupOf(r.head)); id != keyed.NoRow; id = s.index.after(id) {
			if s.same(id, b, row) {
				return id
			}
		}
		return keyed.NoRow
	}
	if r.count == 0 {
		return keyed.NoRow
	}
	for id := r.head; id != keyed.NoRow; id = *s.next.At(id) {
		if (s.hashes == nil || *s.hashes.At(id) == image) && s.same(id, b, row) {
			return id
		}
	}
	return keyed.NoRow
}

func (s *store) same(id uint32, b *batch.Batch, row int) bool {
	cols, stored := s.rows.Row(id)
	return s.order.Compare(b.Cols, row, cols, stored) == 0
}

// unlink takes a row out of its run. It is there until flush.
func (s *store) unlink(r *run, id, slot uint32) error {
	next, prev := *s.next.At(id), *s.prev.At(id)
	if next == keyed.NoRow {
		r.tail = prev
	} else {
		*s.prev.At(next) = prev
	}
	if prev == keyed.NoRow {
		r.head = next
	} else {
		*s.next.At(prev) = next
	}
	r.count--
	if r.indexed {
		if err := s.index.remove(slot, *s.hashes.At(id), id, s.rows.GroupOf(id)); err != nil {
			return err
		}
		r.indexed = r.count > 0
	}
	if s.ages != nil {
		s.ages.remove(s.rows.GroupOf(id), id)
	}
	s.dead = append(s.dead, id)
	return nil
}

// dropRun takes all rows of a run out.
func (s *store) dropRun(r *run) error {
	for id := r.head; id != keyed.NoRow; id = *s.next.At(id) {
		s.dead = append(s.dead, id)
	}
	gone := r.gone
	*r = noRun()
	r.gone = gone
	return s.flush()
}

// flush takes the rows out of the store that were unlinked.
func (s *store) flush() error {
	if len(s.dead) == 0 {
		return nil
	}
	err := s.rows.Delete(s.dead)
	s.dead = s.dead[:0]
	return err
}

// freeRows drops all rows.
func (s *store) freeRows() {
	s.rows.Free()
	for _, slab := range [...]*keyed.Slab[uint32]{s.next, s.prev, s.hashes, s.degrees, s.doubts} {
		slab.Free()
	}
	if s.index != nil {
		s.index.free()
	}
	if s.ages != nil {
		s.ages.free()
	}
}

// index finds the rows of long runs by the slot of their key and the hash of their image.
type index struct {
	name   string
	table  *keyed.Table
	lists  *keyed.Slab[[2]uint32] // by slot of table: the first row and the last
	next   *keyed.Slab[uint32]    // by row
	hasher *keyed.Hasher
	b      batch.Batch
	slot   [1]uint32
}

func newIndex(pool *batch.Pool, name string, budget *limit.Budget) *index {
	types := []schema.Type{schema.Of(schema.Int64)}
	x := &index{
		name: name, table: keyed.NewTable(pool, types, name, budget), lists: keyed.NewSlab[[2]uint32](budget), next: keyed.NewSlab[uint32](budget),
		hasher: keyed.NewHasher([]int{0}), b: batch.Batch{Len: 1, Cols: []*batch.Column{batch.NewColumn(pool, types[0])}},
	}
	x.b.Cols[0].Reset(1)
	return x
}

// hash makes b the key of a slot and an image, and returns its hash in a key group.
func (x *index) hash(slot, image uint32, group uint8) []uint64 {
	x.b.Cols[0].Int64s()[0] = int64(slot)<<32 | int64(image)
	hashes := x.hasher.Hash(&x.b)
	place := [1]uint64{uint64(group) << 56}
	keyed.Place(hashes, place[:])
	return hashes
}

func (x *index) add(slot, image, id uint32, group uint8) error {
	fresh, err := x.table.Upsert(x.hash(slot, image, group), x.b.Cols, nil, x.slot[:])
	if err != nil {
		return err
	}
	if err := x.next.Grow(int(id) + 1); err != nil {
		return err
	}
	*x.next.At(id) = keyed.NoRow
	if len(fresh) > 0 {
		if err := x.lists.Grow(x.table.Limit()); err != nil {
			return err
		}
		*x.lists.At(x.slot[0]) = [2]uint32{id, id}
		return nil
	}
	list := x.lists.At(x.slot[0])
	*x.next.At(list[1]) = id
	list[1] = id
	return nil
}

// first returns the first of the rows, keyed.NoRow if there is none; after the one behind another.
func (x *index) first(slot, image uint32, group uint8) uint32 {
	if err := x.table.Find(x.hash(slot, image, group), x.b.Cols, nil, x.slot[:]); err != nil || x.slot[0] == keyed.NoSlot {
		return keyed.NoRow
	}
	return x.lists.At(x.slot[0])[0]
}

func (x *index) after(id uint32) uint32 { return *x.next.At(id) }

func (x *index) remove(slot, image, id uint32, group uint8) error {
	before := keyed.NoRow
	for at := x.first(slot, image, group); at != id; at = *x.next.At(at) {
		before = at
	}
	list, next := x.lists.At(x.slot[0]), *x.next.At(id)
	switch {
	case before != keyed.NoRow:
		*x.next.At(before) = next
		if next == keyed.NoRow {
			list[1] = before
		}
	case next != keyed.NoRow:
		list[0] = next
	default:
		return x.table.Delete(x.slot[0])
	}
	return nil
}

func (x *index) free() {
	x.table.Free()
	x.lists.Free()
	x.next.Free()
}
