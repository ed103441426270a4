package aggregate

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// mostSharing is how many calls may share a table of seen values.
const mostSharing = 32

// seen are the values that calls with DISTINCT over the same arguments have had in each group: one table for all of them, in which each value has a bit for each
// call whose filter let it through, or, where rows are taken back, how often it did.
type seen struct {
	groups *groups
	// args are the columns of the values; strict: rows in which one is NULL do not count.
	args   []int
	strict bool
	calls  []*call
	// number is the place among the tables, which is that of the part whose pieces it looks at.
	number int
	// table's keys are the number of the group, unless there is only one group, and the values.
	table  *keyed.Table
	types  []schema.Type // of the keys
	hasher *keyed.Hasher
	had    *keyed.Slab[uint32]
	// counts are, for each value, one for each call; nil where no row is taken back.
	counts *keyed.Slab[uint32]

	cols  []*batch.Column
	masks []uint32
	at    []uint16
	given picked
	slots []uint32
	// turned are, for each call, the rows by which a value came to be in a group, or ceased to be.
	turned [][]uint16
	idle   []uint32
	picked picked
}

// gone marks the entry of a value that was deleted and whose slot is not used again yet.
const gone = math.MaxUint32

// share finds the table for a call, or makes it.
func (g *groups) share(c *call) {
	args := c.config.Args[c.config.Function.DirectArgs(len(c.config.Args)):]
	for _, s := range g.seen {
		same := slices.Equal(s.args, args) && s.strict == c.config.Function.Strict && len(s.calls) < mostSharing
		if p := g.config.pieced; p != nil {
			same = s.number == p.partOf(c.number)
		}
		if same {
			s.calls = append(s.calls, c)
			s.turned = append(s.turned, nil)
			return
		}
	}
	s := &seen{groups: g, number: len(g.seen), args: args, strict: c.config.Function.Strict, calls: []*call{c}, turned: [][]uint16{nil}}
	var types []schema.Type
	if g.table != nil {
		types = append(types, schema.Of(schema.Int64))
		g.numberGroups()
	}
	for _, a := range args {
		types = append(types, g.config.Types[a])
	}
	s.types = types
	s.table = keyed.NewTable(g.pool, types, g.config.Name, g.budget)
	columns := make([]int, len(types))
	for i := range columns {
		columns[i] = i
	}
	s.hasher = keyed.NewHasher(columns)
	s.had = keyed.NewSlab[uint32](g.budget)
	if g.rows != nil {
		s.counts = keyed.NewSlab[uint32](g.budget)
	}
	g.seen = append(g.seen, s)
}

// add gives the calls the rows of a batch, those of g.all, by which a value came to be in a group, or ceased to be.
func (s *seen) add(in *batch.Batch) error {
	rows := s.choose(in)
	if rows.n == 0 {
		return nil
	}
	s.view(in)
	s.slots = roomFor(s.slots, rows.n)
	slots := s.slots[:rows.n]
	fresh, err := s.table.Upsert(s.hash(in.Len, rows), s.cols, rows.rows, slots)
	if err != nil {
		return err
	}
	if len(fresh) > 0 {
		if err := s.grow(); err != nil {
			return err
		}
		s.clear(fresh, slots)
	}
	for k := range s.turned {
		s.turned[k] = s.turned[k][:0]
	}
	if s.counts == nil {
		if err := s.note(slots); err != nil {
			return err
		}
	} else if err := s.count(rows, slots); err != nil {
		return err
	}
	for k, c := range s.calls {
		if len(s.turned[k]) == 0 {
			continue
		}
		s.picked.pick(rows, s.turned[k])
		if note := s.groups.note; note != nil {
			if err := note(&s.picked.selection); err != nil {
				return err
			}
		}
		if err := c.put(in, &s.picked.selection); err != nil {
			return err
		}
	}
	return nil
}

// view makes cols the keys of the table for the rows of in.
func (s *seen) view(in *batch.Batch) {
	s.cols = s.cols[:0]
	if n := s.groups.numbers; n != nil {
		s.cols = append(s.cols, n.column)
	}
	for _, a := range s.args {
		s.cols = append(s.cols, in.Cols[a])
	}
}

// choose returns the rows of g.all that count for a call, and makes their masks.
func (s *seen) choose(in *batch.Batch) *selection {
	g := s.groups
	n := g.all.n
	s.masks = roomFor(s.masks, n)[:n]
	if p := g.config.pieced; p != nil {
		s.readMasks(in, p)
	} else {
		s.makeMasks(in)
	}
	s.at = s.at[:0]
	for i, mask := range s.masks {
		if mask != 0 {
			s.masks[len(s.at)] = mask
			s.at = append(s.at, uint16(i)) //nolint:gosec // a row number of a batch
		}
	}
	if len(s.at) == n {
		return &g.all
	}
	s.given.pick(&g.all, s.at)
	return &s.given.selection
}

// makeMasks says for which calls each row counts.
func (s *seen) makeMasks(in *batch.Batch) {
	every := uint32(0)
	for k, c := range s.calls {
		if c.filter == NoColumn {
			every |= 1 << k
		}
	}
	for i := range s.masks {
		s.masks[i] = every
	}
	for k, c := range s.calls {
		if c.filter == NoColumn {
			continue
		}
		for _, i := range s.groups.filtered(c.filter).positions {
			s.masks[i] |= 1 << k
		}
	}
	if s.strict {
		s.dropNulls(in)
	}
}

// readMasks takes the masks that a Scatter made.
func (s *seen) readMasks(in *batch.Batch, p *pieces) {
	numbers, masks := in.Cols[p.number].Int16s(), in.Cols[p.mask].Int32s()
	for i := range s.masks {
		s.masks[i] = 0
		if row := s.groups.all.row(i); int(numbers[row]) == s.number {
			s.masks[i] = uint32(masks[row]) //nolint:gosec // bits
		}
	}
}

// dropNulls makes rows count for no call that have a NULL.
func (s *seen) dropNulls(in *batch.Batch) {
	for _, a := range s.args {
		col := in.Cols[a]
		if !col.HasNulls() {
			continue
		}
		for i := range s.masks {
			if col.IsNull(s.groups.all.row(i)) {
				s.masks[i] = 0
			}
		}
	}
}

// hash hashes the values, for the key groups of the rows' own groups.
func (s *seen) hash(length int, rows *selection) []uint64 {
	hashes := s.hasher.Hash(&batch.Batch{Cols: s.cols, Len: length, Sel: rows.rows})
	if rows.hashes != nil {
		keyed.Place(hashes, rows.hashes)
		return hashes
	}
	const withoutGroup = 1<<56 - 1
	for i := range hashes {
		hashes[i] &= withoutGroup
	}
	return hashes
}

func (s *seen) grow() error {
	n := s.table.Limit()
	if s.counts != nil {
		if err := s.counts.Grow(n * len(s.calls)); err != nil {
			return err
		}
	}
	return s.had.Grow(n)
}

// clear makes new entries empty.
func (s *seen) clear(fresh []uint16, slots []uint32) {
	for _, i := range fresh {
		slot := slots[i]
		*s.had.At(slot) = 0
		if s.counts != nil {
			for k := range s.calls {
				*s.counter(slot, k) = 0
			}
		}
	}
}

func (s *seen) counter(slot uint32, k int) *uint32 {
	return s.counts.At(slot*uint32(len(s.calls)) + uint32(k)) //nolint:gosec // a slab has less than 2^32 entries
}

// note notes the rows whose values their groups have not had.
func (s *seen) note(slots []uint32) error {
	had := s.had
	for i, slot := range slots {
		h := had.At(slot)
		fresh := s.masks[i] &^ *h
		if fresh == 0 {
			continue
		}
		if err := s.table.TouchOne(slot); err != nil {
			return err
		}
		*h |= fresh
		for ; fresh != 0; fresh &= fresh - 1 {
			k := bits.TrailingZeros32(fresh)
			s.turned[k] = append(s.turned[k], uint16(i)) //nolint:gosec // a row number of a batch
		}
	}
	return nil
}

// count counts rows, some of which are taken back, and forgets values that are no more.
func (s *seen) count(rows *selection, slots []uint32) error {
	if err := s.table.Touch(slots); err != nil {
		return err
	}
	s.idle = s.idle[:0]
	for i, slot := range slots {
		minus := len(rows.minus) > 0 && rows.minus[i]
		h := s.had.At(slot)
		for mask := s.masks[i]; mask != 0; mask &= mask - 1 {
			k := bits.TrailingZeros32(mask)
			n := s.counter(slot, k)
			switch {
			case !minus:
				if *n++; *n > 1 {
					continue
				}
				*h |= 1 << k
			case *n == 0:
				continue
			default:
				if *n--; *n > 0 {
					continue
				}
				*h &^= 1 << k
			}
			s.turned[k] = append(s.turned[k], uint16(i)) //nolint:gosec // a row number of a batch
		}
		if *h == 0 {
			s.idle = append(s.idle, slot)
		}
	}
	for _, slot := range s.idle {
		if h := s.had.At(slot); *h == 0 {
			*h = gone
			if err := s.table.Delete(slot); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *seen) free() {
	s.table.Free()
	s.vacate()
}

// vacate gives back the memory of what is kept beside values.
func (s *seen) vacate() {
	s.had.Free()
	if s.counts != nil {
		s.counts.Free()
	}
}

// snapshot returns the values of a key group.
func (s *seen) snapshot(group op.KeyGroup) ([]byte, error) {
	return s.table.Snapshot(uint8(group), s.appendValue)
}

// appendValue appends which calls have had a value, or how often.
func (s *seen) appendValue(dst []byte, slot uint32) []byte {
	if s.counts == nil {
		return binary.AppendUvarint(dst, uint64(*s.had.At(slot)))
	}
	for k := range s.calls {
		dst = binary.AppendUvarint(dst, uint64(*s.counter(slot, k)))
	}
	return dst
}

// restore puts the values of a key group in.
func (s *seen) restore(group uint8, data []byte) error {
	return s.table.Restore(group, data, s.restoreValue)
}

// restoreValue reads what appendValue wrote.
func (s *seen) restoreValue(slot uint32, value []byte) error {
	if err := s.grow(); err != nil {
		return op.OutOfMemory(s.groups.config.Name, err)
	}
	numbers := 1
	if s.counts != nil {
		numbers = len(s.calls)
	}
	h := s.had.At(slot)
	*h = 0
	for k := range numbers {
		v, n := binary.Uvarint(value)
		if n <= 0 || v > math.MaxUint32 {
			return &keyed.CorruptError{What: "a value of " + s.groups.config.Name, Reason: "its counts do not end where they should"}
		}
		value = value[n:]
		if s.counts == nil {
			*h = uint32(v)
			break
		}
		if *s.counter(slot, k) = uint32(v); v > 0 {
			*h |= 1 << k
		}
	}
	if len(value) > 0 {
		return &keyed.CorruptError{What: "a value of " + s.groups.config.Name, Reason: "its counts do not end where they should"}
	}
	return nil
}
