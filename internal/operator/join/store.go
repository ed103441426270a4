package join

import (
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

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
	// runs link the rows of a key; groups those of the same dealt columns, nil where nobody asks.
	runs   links
	groups *links
	// hashes are those of the rows' images, hasher's; nil where a row is found without them. images are those of the batch at work.
	hashes *keyed.Slab[uint32]
	hasher *keyed.Hasher
	images []uint64
	index  *index // nil with hashes
	// degrees are how many matches each row has, nil where nobody asks.
	degrees *keyed.Slab[uint32]
	// doubts are how many candidates of each row may match for all that is known; nil where nobody asks.
	doubts *keyed.Slab[uint32]

	ttl      int64
	ages     *ages // nil without a TTL
	gleaning gleaning

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
	s.runs.next = keyed.NewSlab[uint32](c.Budget)
	if !in.AppendOnly || in.TTL > 0 || c.Residual != nil || c.Kind == Single {
		s.runs.prev = keyed.NewSlab[uint32](c.Budget)
	}
	if plan.aware {
		s.groups = &links{next: keyed.NewSlab[uint32](c.Budget), prev: keyed.NewSlab[uint32](c.Budget)}
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
		s.ages = newAges(in.TTL, c.Budget)
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

// simple reports whether nothing is noted of a row but its run.
func (s *store) simple() bool { return s.hashes == nil && s.degrees == nil && s.ages == nil }

// slabs are those by row, some of which are nil.
func (s *store) slabs() [7]*keyed.Slab[uint32] {
	slabs := [7]*keyed.Slab[uint32]{s.runs.next, s.runs.prev, s.hashes, s.degrees, s.doubts}
	if s.groups != nil {
		slabs[5], slabs[6] = s.groups.next, s.groups.prev
	}
	return slabs
}

// grow makes room in the slabs for all rows.
func (s *store) grow() error {
	n := s.rows.Limit()
	for _, slab := range s.slabs() {
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

// register notes a stored row that is new.
func (s *store) register(id uint32, now int64) {
	if s.degrees != nil {
		*s.degrees.At(id) = unsettled
	}
	if s.ages != nil {
		s.ages.push(id, now)
	}
}

// enter appends a stored row to a run of the key in slot.
func (s *store) enter(r *run, id, image, slot uint32) error {
	s.runs.push(r, id)
	if s.hashes == nil {
		return nil
	}
	*s.hashes.At(id) = image
	switch {
	case r.indexed:
		return s.index.add(slot, image, id, s.rows.GroupOf(id))
	case r.count > indexAt:
		r.indexed = true
		for at := r.head; at != keyed.NoRow; at = *s.runs.next.At(at) {
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
	return s.findIn(&s.runs, r, b, row, image)
}

// findIn returns a row of a list that is what row of b is, or keyed.NoRow.
func (s *store) findIn(l *links, r *run, b *batch.Batch, row int, image uint32) uint32 {
	for id := r.head; id != keyed.NoRow; id = *l.next.At(id) {
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
	s.runs.remove(r, id)
	if r.indexed {
		if err := s.index.remove(slot, *s.hashes.At(id), id, s.rows.GroupOf(id)); err != nil {
			return err
		}
		r.indexed = r.count > 0
	}
	s.drop(id)
	return nil
}

// drop takes a row out that is in no run any more. It is there until flush.
func (s *store) drop(id uint32) {
	if s.ages != nil {
		s.ages.remove(id)
	}
	s.dead = append(s.dead, id)
}

// expel takes rows out of memory that are in no run any more, and that the store has as they are.
func (s *store) expel(ids []uint32) error {
	for _, id := range ids {
		if s.ages != nil {
			s.ages.remove(id)
		}
	}
	return s.rows.Expel(ids)
}

// dropRun takes all rows of a run out, of a store whose rows are not in an index.
func (s *store) dropRun(r *run) error {
	for id := r.head; id != keyed.NoRow; id = *s.runs.next.At(id) {
		s.drop(id)
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
	s.freeBeside()
}

// freeBeside drops what is noted of rows.
func (s *store) freeBeside() {
	for _, slab := range s.slabs() {
		slab.Free()
	}
	if s.index != nil {
		s.index.free()
	}
	if s.ages != nil {
		s.ages.free()
	}
}
