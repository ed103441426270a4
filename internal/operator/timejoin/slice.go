package timejoin

import (
	"slices"
	"sort"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// nextLink is the link of a stored row to the next one of the same key, in the order in which they came.
const nextLink = 0

// The marks of stored rows.
const (
	open    uint8 = 0      // a row that has found no match
	settled uint8 = 1 << 0 // one that has, or that has come out
	taken   uint8 = 1 << 1 // it takes a row back
	matched uint8 = 1 << 2 // it has found a match, in a window that is being closed
)

// chain is the rows of a key in a slice.
type chain struct{ head, tail uint32 }

func noChain() chain { return chain{keyed.NoRow, keyed.NoRow} }

// slice is the rows of an input whose times lie together. It is dropped whole.
type slice struct {
	number int64
	rows   *keyed.Rows
	table  *keyed.Table // nil without keys
	chains *keyed.Slab[chain]
	all    chain // of all rows, without keys
	// repeated says that a key has more than one row, takes that rows are taken back.
	repeated, takes bool
	// partly says that rows before some time are done with: due has the others.
	partly bool
	// min and max are the least and the greatest time.
	min, max int64
	due      due
}

// store is the rows of an input, by slices, and in each by their keys.
type store struct {
	cfg   *Config
	name  string
	input int
	time  int
	keys  *keys
	keep  []bool
	// indexed says that rows are found by their keys, waits that those without a match are found by their time.
	indexed, waits bool
	slices         []*slice // by their numbers
	// anchor has no rows: it stands for all slices where state is not resident.
	anchor *keyed.Rows
	guard  *keyed.Guard

	cols  []*batch.Column // of a batch, those that are kept
	own   []*batch.Column // keys and time of rows that were restored
	ids   []uint32
	slots []uint32
	first []uint32
	view  batch.Batch
	some  rowList
}

// newStore returns an empty store of rows that have a time.
func newStore(c *Config, name string, input, time int) *store {
	types := c.types(input)
	s := &store{
		cfg: c, name: name, input: input, time: time, keys: newKeys(c, input, time), keep: c.stored(input, time),
		cols: make([]*batch.Column, len(types)), own: make([]*batch.Column, len(types)),
		anchor: keyed.NewRows(c.Pool, nil, 0, name, c.Budget), ids: make([]uint32, batch.MaxRows), slots: make([]uint32, batch.MaxRows), first: make([]uint32, batch.MaxRows),
	}
	for _, i := range append([]int{time}, s.keys.columns...) {
		if s.own[i] == nil {
			s.own[i] = batch.NewColumn(c.Pool, types[i])
		}
	}
	return s
}

// find returns the place of the first slice whose number is not below number.
func (s *store) find(number int64) int {
	return sort.Search(len(s.slices), func(i int) bool { return s.slices[i].number >= number })
}

// at returns the slice of a number, which is made if it is not there.
func (s *store) at(number int64) *slice {
	i := s.find(number)
	if i < len(s.slices) && s.slices[i].number == number {
		return s.slices[i]
	}
	c := s.cfg
	p := &slice{
		number: number, rows: keyed.NewRows(c.Pool, c.types(s.input), nextLink+1, s.name, c.Budget), all: noChain(), min: future, max: past,
		due: newDue(c.Budget),
	}
	if s.indexed && len(s.keys.columns) > 0 {
		p.table = keyed.NewTable(c.Pool, s.keys.types(c.types(s.input)), s.name, c.Budget)
		p.chains = keyed.NewSlab[chain](c.Budget)
	}
	p.setGuard(s.guard)
	s.slices = slices.Insert(s.slices, i, p)
	return p
}

// rowList is rows of a batch that are to be stored.
type rowList struct {
	sel     []uint16
	hashes  []uint64
	marks   []uint8
	numbers []int64 // of their slices
}

func (l *rowList) reset() {
	if l.sel == nil {
		l.sel = make([]uint16, 0, batch.MaxRows) // never nil: that would select every row
	}
	l.cut(0)
}

func (l *rowList) cut(n int) {
	l.sel, l.hashes, l.marks, l.numbers = l.sel[:n], l.hashes[:n], l.marks[:n], l.numbers[:n]
}

func (l *rowList) add(row uint16, hash uint64, mark uint8, number int64) {
	l.sel, l.hashes = append(l.sel, row), append(l.hashes, hash)
	l.marks, l.numbers = append(l.marks, mark), append(l.numbers, number)
}

// addAll stores rows of in, each in its slice. The list is empty then.
func (s *store) addAll(in *batch.Batch, list *rowList) error {
	for len(list.sel) > 0 {
		number, whole := list.numbers[0], list
		if slices.ContainsFunc(list.numbers, func(n int64) bool { return n != number }) {
			whole = &s.some
			whole.reset()
			left := 0
			for i, n := range list.numbers {
				if n == number {
					whole.add(list.sel[i], list.hashes[i], list.marks[i], n)
					continue
				}
				list.sel[left], list.hashes[left], list.marks[left], list.numbers[left] = list.sel[i], list.hashes[i], list.marks[i], n
				left++
			}
			list.cut(left)
		}
		sel := whole.sel
		if len(sel) == in.Len {
			sel = nil
		}
		s.view.View(in, sel)
		if err := s.add(number, &s.view, whole); err != nil {
			return err
		}
		whole.cut(0)
	}
	return nil
}

// add stores the rows of b, which are those of list, in the slice of a number.
func (s *store) add(number int64, b *batch.Batch, list *rowList) error {
	p := s.at(number)
	for i := range s.cols {
		if s.cols[i] = nil; s.keep[i] {
			s.cols[i] = b.Cols[i]
		}
	}
	ids := s.ids[:b.Rows()]
	if err := p.rows.Append(s.cols, list.hashes, b.Sel, ids); err != nil {
		return err
	}
	for i, mark := range list.marks {
		if mark != open {
			*p.rows.Mark(ids[i]) = mark
		}
	}
	return s.index(p, b, list.hashes, ids)
}

// index makes stored rows, those of b, ones that are found by their keys and by their time.
func (s *store) index(p *slice, b *batch.Batch, hashes []uint64, ids []uint32) error {
	micros := b.Cols[s.time].Int64s()
	for i, id := range ids {
		t := micros[b.Row(i)]
		p.min, p.max = min(p.min, t), max(p.max, t)
		if !s.waits && s.indexed {
			continue
		}
		mark := *p.rows.Mark(id)
		p.takes = p.takes || mark&taken != 0
		if (s.waits || p.partly) && mark&settled == 0 {
			if err := p.due.push(t, id); err != nil {
				return op.OutOfMemory(s.name, err)
			}
		}
	}
	if !s.indexed {
		return nil
	}
	if p.table == nil {
		for _, id := range ids {
			p.link(&p.all, id)
		}
		return nil
	}
	slots := s.slots[:len(ids)]
	fresh, err := p.table.Upsert(hashes, s.keys.of(b), b.Sel, slots)
	if err != nil {
		return err
	}
	if err := p.chains.Grow(p.table.Limit()); err != nil {
		return op.OutOfMemory(s.name, err)
	}
	for i, slot := range slots {
		c := p.chains.At(slot)
		if len(fresh) > 0 && int(fresh[0]) == i {
			fresh = fresh[1:]
			*c = chain{ids[i], ids[i]}
			continue
		}
		p.link(c, ids[i])
	}
	return nil
}

// link puts a row at the end of a chain.
func (p *slice) link(c *chain, id uint32) {
	if c.head == keyed.NoRow {
		c.head = id
	} else {
		p.repeated = true
		*p.rows.Link(c.tail, nextLink) = id
	}
	c.tail = id
}

// lookUp returns the beginnings of the chains of rows of b, a batch of the other input whose keys are k. Lent until the next call.
func (s *store) lookUp(p *slice, b *batch.Batch, k *keys, hashes []uint64, rows []uint16) ([]uint32, error) {
	first := s.first[:len(hashes)]
	if p.table == nil {
		for i := range first {
			first[i] = p.all.head
		}
		return first, nil
	}
	if err := p.table.Find(hashes, k.of(b), rows, first); err != nil {
		return nil, err
	}
	for i, slot := range first { // without branches: what is not there is read as slot 0
		found := slot
		if slot == keyed.NoSlot {
			found = 0
		}
		head := p.chains.At(found).head
		if slot == keyed.NoSlot {
			head = keyed.NoRow
		}
		first[i] = head
	}
	return first, nil
}

// drop frees the slice at place i.
func (s *store) drop(i int) {
	s.slices[i].free()
	s.slices = slices.Delete(s.slices, i, i+1)
}

func (p *slice) free() {
	p.rows.Free()
	if p.table != nil {
		p.table.Free()
		p.chains.Free()
	}
	p.due.free()
}

func (p *slice) setGuard(g *keyed.Guard) {
	p.rows.SetGuard(g)
	if p.table != nil {
		p.table.SetGuard(g)
	}
}

// SetGuard makes a test's guard watch over the rows and their keys.
func (s *store) SetGuard(g *keyed.Guard) {
	s.guard = g
	s.anchor.SetGuard(g)
	for _, p := range s.slices {
		p.setGuard(g)
	}
}

// Resident reports whether everything is in memory for good.
func (s *store) Resident() bool { return s.guard == nil }

// Load makes the rows of the keys of hashes, and of groups, resident until the next Load.
func (s *store) Load(hashes []uint64, groups [op.KeyGroups / 64]uint64) error {
	return s.anchor.Load(hashes, groups)
}
