package join

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// A build side that rows without end are looked up in leaves memory as a Changing join's rows do: with all rows of a key, which come back when a row with their hash comes.

// foundByHash reports whether build rows leave memory so: they are looked up by all of their keys, and nothing is noted of them.
func (s *side) foundByHash(c *Config) bool {
	return c.Endless && !c.Broadcast && !s.bare && s.table != nil && s.dealt == nil && len(s.keys.dealt) == len(s.keys.columns) && !c.preserves(s.input)
}

// foundRows are the rows of the build side as a part that may leave memory by the hashes of keys.
type foundRows struct {
	*keyed.Rows
	h      *Hash
	ids    []uint32
	slots  []uint32
	rounds keyed.Rounds
}

// MayLeave reports whether rows may leave memory; see keyed.Evictable. Those that an earlier plan has stored, to be read in pieces, cannot be found.
func (f *foundRows) MayLeave() bool { return !f.h.build.misplaced }

// movable reports whether nobody remembers the numbers of rows.
func (f *foundRows) movable() bool {
	phase := f.h.phase
	return (phase == building || phase == releasingStored || phase == probing) && f.h.probe.in == nil
}

// Room is how many rows can be put in before memory grows; see keyed.Evictable. Few rows are not worth it.
func (f *foundRows) Room() int {
	if !f.movable() || f.Len() < batch.MaxRows {
		return unlimited
	}
	return f.Rows.Room()
}

// Evict has rows leave memory with all others of their keys; see keyed.Evictable.
func (f *foundRows) Evict(want int, settled bool) (evicted int, err error) {
	if !f.movable() || !f.MayLeave() || !f.Settled() {
		return 0, nil
	}
	want = max(want, f.Len()/leastShare)
	may := leaving{row: func(id uint32) bool { return f.Clean(id, settled) }, key: f.h.build.table.Alone}
	return f.rounds.Evict(want, func(group uint8, most int) (int, error) { return f.evictGroup(group, most, may) })
}

// leaving says which keys may leave memory, all rows of which may.
type leaving struct{ row, key func(number uint32) bool }

// evictGroup has about so many rows of a key group leave.
func (f *foundRows) evictGroup(group uint8, want int, may leaving) (evicted int, err error) {
	s := f.h.build
	f.ids, f.slots = f.ids[:0], f.slots[:0]
	for slot := range s.table.Slots(group) {
		if len(f.ids) >= want {
			break
		}
		before := len(f.ids)
		if f.collect(slot, may.row) && may.key(slot) {
			f.slots = append(f.slots, slot)
		} else {
			f.ids = f.ids[:before]
		}
	}
	for _, slot := range f.slots {
		if err := s.table.Delete(slot); err != nil {
			return 0, err
		}
	}
	return len(f.ids), f.Expel(f.ids)
}

// collect adds the rows of a key to ids, if all of them may leave.
func (f *foundRows) collect(slot uint32, may func(id uint32) bool) bool {
	for id := f.h.build.chains.At(slot).head; id != keyed.NoRow; id = *f.Link(id, keyLink) {
		if !may(id) {
			return false
		}
		f.ids = append(f.ids, id)
	}
	return true
}

// Depart has all rows leave memory, with the memory; see keyed.Departing.
func (f *foundRows) Depart(bool) error {
	if !f.movable() || !f.MayLeave() || f.Len() == 0 {
		return nil
	}
	f.h.build.forget()
	return f.Rows.Depart()
}

// Adopt has the rows that are there count as changed; see keyed.Late.
func (f *foundRows) Adopt() error { return adopt(f.Rows, f.h.build.hashes) }

// hashes returns those that rows were stored with. Lent until the next call.
func (s *side) hashes(ids []uint32) []uint64 {
	s.rows.Gather(ids, s.read.Cols)
	s.read.Len = len(ids)
	_, dealt := s.keys.hash(&s.read)
	return dealt
}

// Pass leaves rows in the store; see keyed.Evictable. They must have the hashes of their keys.
func (f *foundRows) Pass(e *keyed.Entries) error {
	s := f.h.build
	cols := make([]*batch.Column, len(s.read.Cols))
	for i, typ := range f.h.cfg.types(s.input) {
		cols[i] = batch.NewColumn(f.h.cfg.Pool, typ)
	}
	for from := 0; from < e.Len(); from += batch.MaxRows {
		to := min(from+batch.MaxRows, e.Len())
		if err := f.Decode(e.Keys[from:to], e.Values[from:to], cols); err != nil {
			return err
		}
		_, dealt := s.keys.hash(&batch.Batch{Cols: cols, Len: to - from})
		for i, hash := range dealt {
			if hash != e.Hashes[from+i] {
				return sqlstate.Errorf(sqlstate.OutOfMemory, "out of memory in %s: its rows were stored when the rows that are looked up in them had an end", s.name).
					WithHint("Raise the memory limit.")
			}
		}
	}
	return f.Rows.Pass(e)
}

// restoreWhole has keys leave memory of which some rows were restored and others were not.
func (f *foundRows) restoreWhole() error {
	if !f.HasAway() {
		return nil
	}
	may := leaving{row: func(id uint32) bool { return f.MayBeAway(f.HashOf(id)) }, key: func(uint32) bool { return true }}
	for g := range keyed.Groups {
		if _, err := f.evictGroup(uint8(g), f.Len()+1, may); err != nil { //nolint:gosec // below 256
			return op.OutOfMemory(f.h.cfg.title(), err)
		}
	}
	return nil
}
