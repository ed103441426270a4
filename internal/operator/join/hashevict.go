package join

import (
	"wire.example/wire/internal/state/keyed"
	durable "wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// buildRows are the rows of the build side as a part that may leave memory, by key groups.
type buildRows struct {
	*keyed.Rows
	a *away
}

// Attach lets rows leave memory; see keyed.Evictable. What comes back takes a third of the budget at most, or half of it: it is shared by the tasks.
func (b *buildRows) Attach(r durable.Reader, low int64) {
	b.Rows.Attach(r, low)
	p := &b.a.piece
	p.low, p.bytes, p.budget = low, 2*low/int64(max(b.a.h.cfg.Tasks, 1)), b.a.h.cfg.Budget
	p.entries.MostBytes = b.a.takenBytes(low)
}

// Room is how many rows can be put in before memory grows; see keyed.Evictable.
func (b *buildRows) Room() int {
	if b.a.h.phase != building || b.Len() == 0 {
		return unlimited
	}
	return b.Rows.Room()
}

// Pass leaves rows in the store, with those of their key groups.
func (b *buildRows) Pass(e *keyed.Entries) error {
	for _, hash := range e.Hashes {
		b.a.lose(int(hash >> groupShift)) //nolint:gosec // the top 8 bits
	}
	return b.Rows.Pass(e)
}

// Evict has rows leave memory that the store has: of key groups whose rows do so; and, if those are too few, of half of the rows that are there those of other key groups.
func (b *buildRows) Evict(want int, settled bool) (evicted int, err error) {
	a := b.a
	if !a.movable() {
		return 0, nil
	}
	counts := b.CountGroups()
	gone, here := 0, 0
	for g, n := range &counts {
		if a.groups[g] {
			gone += n
		} else {
			here += n
		}
	}
	if gone < want && here > 0 {
		least := max(want-gone, here/2)
		for g := keyed.Groups - 1; g >= 0 && least > 0; g-- {
			if counts[g] > 0 && !a.groups[g] {
				a.lose(g)
				least -= counts[g]
			}
		}
		if err := a.h.build.reindex(); err != nil {
			return 0, err
		}
	}
	return a.shed(settled)
}

// Depart has all rows leave memory, with the memory; see keyed.Departing.
func (b *buildRows) Depart(bool) error {
	a := b.a
	if !a.movable() || b.Len() == 0 {
		return nil
	}
	for g, n := range b.CountGroups() {
		if n > 0 {
			a.lose(g)
		}
	}
	a.h.build.forget()
	b.Leave()
	return nil
}

// Adopt has the rows that are there count as changed; see keyed.Late.
func (b *buildRows) Adopt() error {
	s := b.a.h.build
	return adopt(b.Rows, s.hashes)
}

// adopt has rows count as changed, with the hashes that hash returns for some of them.
func adopt(rows *keyed.Rows, hash func(ids []uint32) []uint64) error {
	return rows.AdoptAs(func(yield func(uint32, uint64) bool) {
		var at keyed.Cursor
		ids := make([]uint32, batch.MaxRows)
		for n := rows.Scan(&at, ids); n > 0; n = rows.Scan(&at, ids) {
			for i, h := range hash(ids[:n]) {
				if !yield(ids[i], h) {
					return
				}
			}
		}
	})
}

// shed has the build rows leave memory that the store has and nobody finds, and returns how many those are.
func (a *away) shed(settled bool) (shed int, err error) {
	rows := a.h.build.rows
	return expel(rows, &a.ids, func(id uint32) bool { return a.groups[rows.GroupOf(id)] && rows.Clean(id, settled) })
}

// expel has the rows leave memory that may.
func expel(rows *keyed.Rows, ids *[]uint32, may func(id uint32) bool) (expelled int, err error) {
	var at keyed.Cursor
	var some [256]uint32
	all := (*ids)[:0]
	for n := rows.Scan(&at, some[:]); n > 0; n = rows.Scan(&at, some[:]) {
		for _, id := range some[:n] {
			if may(id) {
				all = append(all, id)
			}
		}
	}
	*ids = all
	return len(all), rows.Expel(all)
}

// heldRows are the rows that are held as a part that may leave memory.
type heldRows struct {
	*keyed.Rows
	a *away
}

// Waits says that the rows wait; see keyed.Waiting.
func (*heldRows) Waits() {}

// Attach lets rows leave memory; see keyed.Evictable.
func (h *heldRows) Attach(r durable.Reader, low int64) {
	h.Rows.Attach(r, low)
	h.a.pages.entries.MostBytes = h.a.takenBytes(low)
}

// Room is how many rows can be put in before memory grows; see keyed.Evictable. A few are not worth it.
func (h *heldRows) Room() int {
	if !h.a.movable() || h.Len() < batch.MaxRows {
		return unlimited
	}
	return h.Rows.Room()
}

// Evict has all rows leave memory that the store has: they are not needed before the build side is over.
func (h *heldRows) Evict(_ int, settled bool) (evicted int, err error) {
	if !h.a.movable() {
		return 0, nil
	}
	return expel(h.Rows, &h.a.ids, func(id uint32) bool { return h.Clean(id, settled) })
}

// Depart has all rows leave memory, with the memory; see keyed.Departing.
func (h *heldRows) Depart(bool) error {
	if h.a.movable() && h.Len() > 0 {
		h.Leave()
	}
	return nil
}

// Adopt has the rows that are there count as changed; see keyed.Late.
func (h *heldRows) Adopt() error {
	held := h.a.h.held
	return adopt(h.Rows, func(ids []uint32) []uint64 {
		h.Gather(ids, held.own)
		held.show(held.own, len(ids))
		return held.hash(&held.b)
	})
}

// Leaves reports whether rows may leave memory: those that are held, and those of the build side if they are not broadcast, or, without keys, looked up in by what has no end. Of the keys that are there instead of rows, where
// only these matter, NULLs and what is compared by IN say more than that a key is there.
func (h *Hash) Leaves() bool {
	if h.cfg.Broadcast {
		return true
	}
	h.build.describe(&h.cfg)
	return h.build.leaves(&h.cfg)
}

// leaves reports whether build rows, or keys where only these matter, may leave memory.
func (s *side) leaves(c *Config) bool {
	if s.bare {
		return s.dealt == nil && s.table != nil
	}
	return !c.Endless || s.foundByHash(c)
}

// reindex makes the rows found of which the key groups are in memory, and no others.
func (s *side) reindex() error {
	s.forget()
	var at keyed.Cursor
	some := make([]uint32, 0, batch.MaxRows)
	scanned := make([]uint32, batch.MaxRows)
	for {
		n := s.rows.Scan(&at, scanned)
		some = some[:0]
		for _, id := range scanned[:n] {
			if !s.away.groups[s.rows.GroupOf(id)] {
				some = append(some, id)
			}
			s.unlink(id)
		}
		if n == 0 {
			return nil
		}
		if err := s.load(some); err != nil {
			return err
		}
	}
}

// unlink takes a row out of its lists.
func (s *side) unlink(id uint32) {
	for k := range s.links {
		*s.rows.Link(id, k) = keyed.NoRow
	}
}

// unload drops what is in memory, which the store has.
func (s *side) unload() {
	s.forget()
	s.rows.Unload()
}

// found makes a batch of those rows of b that are to be found, of which the key groups are in memory, with their hashes and numbers. Lent until the next call.
func (s *side) found(b *batch.Batch, hashes, dealt []uint64, ids []uint32) (*batch.Batch, []uint64, []uint64, []uint32) {
	f := &s.those
	f.sel, f.hashes, f.dealt, f.ids = f.sel[:0], f.hashes[:0], f.dealt[:0], f.ids[:0]
	for i, hash := range dealt {
		if !s.away.groups[hash>>groupShift] {
			f.sel = append(f.sel, uint16(b.Row(i))) //nolint:gosec // a row number of a batch
			f.hashes, f.dealt, f.ids = append(f.hashes, hashes[i]), append(f.dealt, hash), append(f.ids, ids[i])
		}
	}
	f.b.View(b, f.sel)
	return &f.b, f.hashes, f.dealt, f.ids
}

// those are rows of a batch that are to be found.
type those struct {
	b             batch.Batch
	sel           []uint16
	hashes, dealt []uint64
	ids           []uint32
}
