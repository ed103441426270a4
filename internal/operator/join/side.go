package join

import (
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// The links of a stored row, and what stands for the list of all rows.
const (
	keyLink   = 0 // the next row of the same key
	groupLink = 1 // the next row of the same dealt columns
	wholeLink = -1
)

// side is the stored rows of an input, found by their keys.
//
// The rows of a key are a chain in the order in which they came. Where keys are compared by IN, the rows that are equal in the other keys are
// a chain, too: any of them may make the answer unknown. Rows that nothing but the whole input is looked up by are listed.
type side struct {
	name   string
	input  int
	keys   *keyColumns
	budget *limit.Budget

	rows *keyed.Rows
	keep []bool          // columns that are stored
	cols []*batch.Column // of a batch, those that are stored
	ids  []uint32        // of the rows that were stored last
	drop []int           // a row with a NULL in one of these columns is of no use
	used batch.Batch     // the rows of a batch that are, where not all are
	sel  []uint16
	some subset

	// bare says that nothing but the keys is stored: it matters only whether one is there. Without keys a single row is.
	bare     bool
	table    *keyed.Table // nil without keys
	chains   *keyed.Slab[chain]
	slots    []uint32
	chained  bool // rows of a key are linked
	repeated bool // a key has more than one row

	dealt  *keyed.Table // of the dealt columns, where keys are compared by IN; nil if all rows belong together
	groups *keyed.Slab[group]
	whole  group    // of all rows, where dealt is nil
	every  []uint32 // all rows, where there are no dealt columns

	// byHash: rows leave memory by the hashes of their keys; misplaced: some were stored with others.
	byHash, misplaced bool

	// widened: rows are kept with keys that otherwise they would not have.
	widened bool
	// read is rows that were put in.
	read batch.Batch
	// links is how many links rows have.
	links int
	away  *away // nil: all rows are found
	those those
}

// chain is the rows of a key.
type chain struct{ head, tail uint32 }

// group is the rows that are equal in the dealt columns.
type group struct {
	chain
	// nulls says that a row has a NULL in a column that is compared by IN; seen what rows of the other input were there (see marker).
	nulls, seen uint8
	_           [2]uint8
}

// newSide returns the side of an input whose rows are found by hash.
func newSide(c *Config, input int) *side {
	s := newRows(c, input)
	types := c.types(input)
	links := 0
	s.bare = c.bare(input)
	if len(s.keys.columns) > 0 {
		links = keyLink + 1
		s.table = keyed.NewTable(c.Pool, pick(types, s.keys.columns), s.name, c.Budget)
		s.chains = keyed.NewSlab[chain](c.Budget)
	}
	if c.threeValued() && len(s.keys.in) > 0 && len(s.keys.dealt) > 0 {
		links = groupLink + 1
		s.dealt = keyed.NewTable(c.Pool, pick(types, s.keys.dealt), s.name, c.Budget)
		s.groups = keyed.NewSlab[group](c.Budget)
	}
	if s.bare {
		links = 0
	}
	s.chained, s.links = s.table != nil, links
	s.rows = keyed.NewRows(c.Pool, types, links, s.name, c.Budget)
	return s
}

// newOrdered returns the side of an input whose rows come in the order of their keys, and are stored and chained elsewhere.
func newOrdered(c *Config, input int, rows *keyed.Rows) *side {
	s := newRows(c, input)
	s.chained, s.rows = true, rows
	return s
}

func newRows(c *Config, input int) *side {
	types := c.types(input)
	s := &side{
		name: c.title(), input: input, keys: newKeyColumns(c, input), budget: c.Budget, keep: c.stored(input), cols: make([]*batch.Column, len(types)),
		ids: make([]uint32, batch.MaxRows), sel: make([]uint16, 0, batch.MaxRows), slots: make([]uint32, batch.MaxRows),
	}
	switch {
	case c.preserves(input):
	case c.threeValued():
		s.drop = s.keys.equal
	default:
		s.drop = s.keys.strict
	}
	s.whole.chain = chain{keyed.NoRow, keyed.NoRow}
	return s
}

func pick(types []schema.Type, columns []int) []schema.Type {
	picked := make([]schema.Type, len(columns))
	for i, c := range columns {
		picked[i] = types[c]
	}
	return picked
}

// listed reports whether every lists the rows.
func (s *side) listed() bool { return len(s.keys.dealt) == 0 }

// add stores the rows of b that count and may be of use, and returns how many.
func (s *side) add(b *batch.Batch) (stored int, err error) {
	if b = s.useful(b); b.Rows() == 0 {
		return 0, nil
	}
	stored = b.Rows()
	if s.bare && s.table == nil {
		if len(s.every) > 0 {
			return stored, nil
		}
		s.sel = append(s.sel[:0], uint16(b.Row(0))) //nolint:gosec // a row number of a batch
		s.used.View(b, s.sel)
		b = &s.used
	}
	hashes, dealt := s.keys.hash(b)
	var ids []uint32
	if !s.bare || s.table == nil {
		for i := range s.cols {
			if s.cols[i] = nil; s.keep[i] {
				s.cols[i] = b.Cols[i]
			}
		}
		ids = s.ids[:b.Rows()]
		if err := s.rows.Append(s.cols, dealt, b.Sel, ids); err != nil {
			return 0, err
		}
	}
	if s.away != nil && s.away.any {
		b, hashes, dealt, ids = s.found(b, hashes, dealt, ids)
	}
	if err := s.chain(b, hashes, ids); err != nil {
		return 0, err
	}
	return stored, s.group(b, dealt, ids)
}

// useful returns the rows of b that may be of use, lent until the next call.
func (s *side) useful(b *batch.Batch) *batch.Batch {
	if len(s.drop) == 0 || !nullable(b, s.drop) {
		return b
	}
	s.sel = s.sel[:0]
	for i := range b.Rows() {
		if row := b.Row(i); !hasNull(b.Cols, s.drop, row) {
			s.sel = append(s.sel, uint16(row)) //nolint:gosec // a row number of a batch
		}
	}
	s.used.View(b, s.sel)
	return &s.used
}

// chain makes rows that were stored ones that are found by their keys, unless a NULL prevents it.
func (s *side) chain(b *batch.Batch, hashes []uint64, ids []uint32) error {
	if s.table == nil {
		return nil
	}
	rows, positions := b.Sel, []uint16(nil)
	if nullable(b, s.keys.strict) {
		s.some.without(b, s.keys.strict, hashes)
		rows, positions, hashes = s.some.rows, s.some.positions, s.some.hashes
	}
	slots := s.slots[:len(hashes)]
	fresh, err := s.table.Upsert(hashes, s.keys.of(b, s.keys.columns), rows, slots)
	if err != nil || s.bare {
		return err
	}
	if err := s.chains.Grow(s.table.Limit()); err != nil {
		return op.OutOfMemory(s.name, err)
	}
	for i, slot := range slots {
		id := ids[i]
		if positions != nil {
			id = ids[positions[i]]
		}
		c := s.chains.At(slot)
		if len(fresh) > 0 && int(fresh[0]) == i {
			fresh = fresh[1:]
			*c = chain{id, id}
			continue
		}
		s.repeated = true
		*s.rows.Link(c.tail, keyLink) = id
		c.tail = id
	}
	return nil
}

// group makes rows that were stored ones that are found by their dealt columns, and lists them.
func (s *side) group(b *batch.Batch, dealt []uint64, ids []uint32) error {
	if s.listed() {
		for i := range dealt {
			s.noteNull(&s.whole, b, b.Row(i))
		}
		return s.list(ids)
	}
	if s.dealt == nil {
		return nil
	}
	rows, positions := b.Sel, []uint16(nil)
	if nullable(b, s.keys.equal) {
		s.some.without(b, s.keys.equal, dealt)
		rows, positions, dealt = s.some.rows, s.some.positions, s.some.hashes
	}
	slots := s.slots[:len(dealt)]
	fresh, err := s.dealt.Upsert(dealt, s.keys.of(b, s.keys.dealt), rows, slots)
	if err != nil {
		return err
	}
	if err := s.groups.Grow(s.dealt.Limit()); err != nil {
		return op.OutOfMemory(s.name, err)
	}
	if err := s.dealt.Touch(slots); err != nil {
		return err
	}
	for i, slot := range slots {
		at := i
		if positions != nil {
			at = int(positions[i])
		}
		g, id := s.groups.At(slot), keyed.NoRow
		if !s.bare {
			id = ids[at]
		}
		if len(fresh) > 0 && int(fresh[0]) == i {
			fresh = fresh[1:]
			*g = group{chain: chain{id, id}}
		} else if !s.bare {
			*s.rows.Link(g.tail, groupLink) = id
			g.tail = id
		}
		s.noteNull(g, b, b.Row(at))
	}
	return nil
}

// noteNull notes whether row of b has a NULL in a column that is compared by IN.
func (s *side) noteNull(g *group, b *batch.Batch, row int) {
	if g.nulls == 0 && hasNull(b.Cols, s.keys.in, row) {
		g.nulls = 1
	}
}

// list adds ids to every.
func (s *side) list(ids []uint32) error {
	if need := len(s.every) + len(ids); need > cap(s.every) {
		room := max(need, 2*cap(s.every))
		if err := s.budget.Reserve(int64(room) * numberBytes); err != nil {
			return op.OutOfMemory(s.name, err)
		}
		grown := make([]uint32, len(s.every), room)
		copy(grown, s.every)
		s.budget.Release(int64(cap(s.every)) * numberBytes)
		s.every = grown
	}
	s.every = append(s.every, ids...)
	return nil
}

// numberBytes is the size of a row number.
const numberBytes = 4

// find sets first to the beginnings of the chains of b's rows, looked up by the keys of their own input: for walk. Of a bare side they say only
// whether there is one.
func (s *side) find(b *batch.Batch, keys *keyColumns, hashes []uint64, first []uint32) error {
	if s.table == nil || s.table.Len() == 0 {
		begin := keyed.NoRow
		if s.table == nil && len(s.every) > 0 {
			begin = 0
		}
		for i := range first {
			first[i] = begin
		}
		return nil
	}
	if !nullable(b, keys.strict) {
		if err := s.table.Find(hashes, keys.of(b, keys.columns), b.Sel, first); err != nil || s.bare {
			return err
		}
		for i, slot := range first { // without branches: what is not there is read as slot 0
			found := slot
			if slot == keyed.NoSlot {
				found = 0
			}
			head := s.chains.At(found).head
			if slot == keyed.NoSlot {
				head = keyed.NoRow
			}
			first[i] = head
		}
		return nil
	}
	s.some.without(b, keys.strict, hashes)
	slots := s.slots[:len(s.some.rows)]
	if err := s.table.Find(s.some.hashes, keys.of(b, keys.columns), s.some.rows, slots); err != nil {
		return err
	}
	for i := range first {
		first[i] = keyed.NoRow
	}
	for i, slot := range slots {
		switch {
		case slot == keyed.NoSlot:
		case s.bare:
			first[s.some.positions[i]] = slot
		default:
			first[s.some.positions[i]] = s.chains.At(slot).head
		}
	}
	return nil
}

// findGroups sets slots to those of the groups of b's rows.
func (s *side) findGroups(b *batch.Batch, keys *keyColumns, dealt []uint64, slots []uint32) error {
	if !nullable(b, keys.equal) {
		return s.dealt.Find(dealt, keys.of(b, keys.dealt), b.Sel, slots)
	}
	s.some.without(b, keys.equal, dealt)
	found := s.slots[:len(s.some.rows)]
	if err := s.dealt.Find(s.some.hashes, keys.of(b, keys.dealt), s.some.rows, found); err != nil {
		return err
	}
	for i := range slots {
		slots[i] = keyed.NoSlot
	}
	for i, slot := range found {
		slots[s.some.positions[i]] = slot
	}
	return nil
}

// empty reports whether no row has come that may be of use.
func (s *side) empty() bool {
	if s.table == nil {
		return len(s.every) == 0
	}
	return s.table.Len() == 0 && !s.table.HasAway() && s.rows.Len() == 0 && s.whole.nulls == 0
}

// bytes is the memory that the rows take, and what they are found by.
func (s *side) bytes() int64 {
	bytes := s.rows.Bytes() + int64(cap(s.every))*numberBytes
	if s.table != nil {
		bytes += s.table.Bytes() + s.chains.Bytes()
	}
	if s.dealt != nil {
		bytes += s.dealt.Bytes() + s.groups.Bytes()
	}
	return bytes
}

// link is what the candidates of a key are linked by.
func (s *side) link() int {
	if s.chained {
		return keyLink
	}
	return wholeLink
}

// unique reports whether no key has more than one row.
func (s *side) unique() bool { return s.chained && !s.repeated }

// walk fills ids with the rows of a chain, or of every, from at on, and returns how many and where to go on: NoRow at the end.
func (s *side) walk(link int, at uint32, ids []uint32) (n int, next uint32) {
	if link == wholeLink {
		n = copy(ids, s.every[at:])
		if next = at + uint32(n); int(next) == len(s.every) { //nolint:gosec // row numbers are 32 bits wide
			next = keyed.NoRow
		}
		return n, next
	}
	for n < len(ids) && at != keyed.NoRow {
		ids[n] = at
		at = *s.rows.Link(at, link)
		n++
	}
	return n, at
}

// free drops everything.
func (s *side) free() {
	s.rows.Free()
	s.forget()
}

// forget drops what rows are found by.
func (s *side) forget() {
	if s.table != nil {
		s.table.Free()
		s.chains.Free()
	}
	if s.dealt != nil {
		s.dealt.Free()
		s.groups.Free()
	}
	s.budget.Release(int64(cap(s.every)) * numberBytes)
	s.every, s.repeated, s.whole = nil, false, group{chain: chain{keyed.NoRow, keyed.NoRow}}
}
