package timejoin

import (
	"slices"
	"sort"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

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
	all    chain               // of all rows, without keys
	links  *keyed.Slab[uint32] // by row: the next one of its key
	// repeated says that a key has more than one row, takes that rows are taken back.
	repeated, takes bool
	// partly says that rows before some time are done with: due has the others.
	partly bool
	// min and max are the least and the greatest time.
	min, max int64
	due      due[uint32]
	sleeping sleeping
	// dropped: it is not there any more. joining: its rows are being joined, and stay in memory.
	dropped, joining bool
	late             late // rows that have not been entered in the table; of a window join all, unless partly
}

// store is the rows of an input, by slices, and in each by their keys.
type store struct {
	cfg   *Config
	name  string
	input int
	time  int
	keys  *keys
	keep  []bool
	// indexed says that rows are found by their keys, waits that those without a match are found by their time; ranged, of a window join, that all leave memory by slices and come back by ranges of hashes.
	indexed, waits, ranged bool
	slices                 []*slice // by their numbers
	// anchor has no rows: it stands for all slices where state is not resident.
	anchor *keyed.Rows
	guard  *keyed.Guard
	kept   *keeping // nil: changes are not noted
	// taken are rows that are being read, read their columns.
	taken keyed.Taken
	read  []*batch.Column

	wanted wanted
	loaded int64           // by how many bytes the loads of this call have made the rows grow
	cols   []*batch.Column // of a batch, those that are kept
	own    []*batch.Column // keys and time of rows that were restored
	ids    []uint32
	slots  []uint32
	first  []uint32
	view   batch.Batch
	some   rowList
}

// newStore returns an empty store of rows that have a time.
func newStore(c *Config, name string, input, time int) *store {
	types := c.types(input)
	s := &store{
		cfg: c, name: name, input: input, time: time, keys: newKeys(c, input, time), keep: c.stored(input, time),
		taken: keyed.Taken{Most: readRows, MostBytes: keyed.TakenBytes(0)}, cols: make([]*batch.Column, len(types)), own: make([]*batch.Column, len(types)),
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
		number: number, rows: keyed.NewRows(c.Pool, c.types(s.input), 0, s.name, c.Budget), all: noChain(), min: future, max: past,
		due: newDue[uint32](c.Budget), sleeping: sleeping{seen: past, due: newDue[uint64](c.Budget)}, late: late{budget: c.Budget},
	}
	if s.indexed {
		p.links = keyed.NewSlab[uint32](c.Budget)
	}
	if s.indexed && len(s.keys.columns) > 0 {
		p.table = keyed.NewTable(c.Pool, s.keys.types(c.types(s.input)), s.name, c.Budget)
		p.chains = keyed.NewSlab[chain](c.Budget)
	}
	p.setGuard(s.guard)
	if s.kept != nil {
		s.kept.begin(s, p)
	}
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
		if err := s.add(number, &s.view, whole.hashes, whole.marks); err != nil {
			return err
		}
		whole.cut(0)
	}
	return nil
}

// add stores the rows of b in the slice of a number. Without marks they are open.
func (s *store) add(number int64, b *batch.Batch, hashes []uint64, marks []uint8) error {
	p := s.at(number)
	for i := range s.cols {
		if s.cols[i] = nil; s.keep[i] {
			s.cols[i] = b.Cols[i]
		}
	}
	ids := s.ids[:b.Rows()]
	if err := p.rows.Append(s.cols, hashes, b.Sel, ids); err != nil {
		return err
	}
	for i, mark := range marks {
		if mark != open {
			*p.rows.Mark(ids[i]) = mark
		}
	}
	return s.index(p, b, hashes, ids)
}

// index makes stored rows, those of b, ones that are found by their time and, sooner or later, by their keys.
func (s *store) index(p *slice, b *batch.Batch, hashes []uint64, ids []uint32) error {
	from, to := extent(b, s.time)
	p.min, p.max = min(p.min, from), max(p.max, to)
	if err := s.note(p, b, ids); err != nil {
		return op.OutOfMemory(s.name, err)
	}
	switch {
	case !s.indexed && p.partly:
		return nil
	case !s.indexed || s.guard == nil && !p.rows.HasAway():
		return op.OutOfMemory(s.name, p.late.add(ids, from, to, s.entering(b)))
	default: // rows of other keys may be out of reach later, and what is loaded is not there twice
		return s.enter(p, b, hashes, ids)
	}
}

// enteredBytes is about how much a row takes when it is entered: what finds its key, and its place in a chain; enteredKey how much each value of its key takes beside.
const (
	enteredBytes = 56
	enteredKey   = 32
)

// entering is about how many bytes it takes to enter the rows of b, of a store whose rows may leave memory: it is better that they do than that there is no room to enter them.
func (s *store) entering(b *batch.Batch) int64 {
	if !s.indexed || !s.MayLeave() {
		return 0
	}
	long := keyed.LongBytes(b, s.keys.columns)
	return int64(b.Rows())*int64(enteredBytes+enteredKey*len(s.keys.columns)) + long + long/4 // which is put in pieces of memory that are not all full
}

// extent returns the least and the greatest time of the rows of b that count, none of which is NULL.
func extent(b *batch.Batch, column int) (from, to int64) {
	micros := b.Cols[column].Int64s()
	from, to = future, past
	if b.Sel == nil {
		for _, t := range micros[:b.Len] {
			from, to = min(from, t), max(to, t)
		}
		return from, to
	}
	for _, row := range b.Sel {
		from, to = min(from, micros[row]), max(to, micros[row])
	}
	return from, to
}

// note notes what rows take others back, and which come out when their time has come.
func (s *store) note(p *slice, b *batch.Batch, ids []uint32) error {
	if s.indexed && !s.waits {
		return nil
	}
	micros := b.Cols[s.time].Int64s()
	for i, id := range ids {
		mark := *p.rows.Mark(id)
		p.takes = p.takes || mark&taken != 0
		if (s.waits || p.partly) && mark&settled == 0 {
			if err := p.due.push(micros[b.Row(i)], id); err != nil {
				return err
			}
		}
	}
	return nil
}

// enter makes stored rows, those of b, ones that are found by their keys.
func (s *store) enter(p *slice, b *batch.Batch, hashes []uint64, ids []uint32) error {
	if err := p.links.Grow(int(ids[len(ids)-1]) + 1); err != nil {
		return op.OutOfMemory(s.name, err)
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
			*c = noChain()
		}
		p.link(c, ids[i])
	}
	return nil
}

// enterLate enters the rows that have not been yet and whose times may lie between two.
func (s *store) enterLate(p *slice, from, to int64) error {
	for {
		ids := p.late.take(from, to)
		if ids == nil {
			return nil
		}
		for len(ids) > 0 {
			n := min(len(ids), batch.MaxRows)
			p.rows.Gather(ids[:n], s.own)
			b := batch.Batch{Cols: s.own, Len: n}
			if err := s.enter(p, &b, s.keys.hash(&b), ids[:n]); err != nil {
				return err
			}
			ids = ids[n:]
		}
	}
}

// link puts a row at the end of a chain.
func (p *slice) link(c *chain, id uint32) {
	*p.links.At(id) = keyed.NoRow
	if c.head == keyed.NoRow {
		c.head = id
	} else {
		p.repeated = true
		*p.links.At(c.tail) = id
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
	p := s.slices[i]
	if k := s.kept; k != nil {
		p.dropped = true
		p.rows.Retire(k.sealed, k.current)
	}
	p.free()
	s.slices = slices.Delete(s.slices, i, i+1)
}

func (p *slice) free() {
	p.rows.Free()
	if p.table != nil {
		p.table.Free()
		p.chains.Free()
	}
	if p.links != nil {
		p.links.Free()
	}
	p.due.free()
	p.sleeping.due.free()
	p.late.free()
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
