package keyed

import (
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// Cells are entries that their owner numbers and keeps in slabs of its own: each has a key of a table, a slice, and something that tells it from others with both.
// A slice is dropped whole; before that an entry may leave memory, or become something else there, while what is stored of it stays: see Freeze. They are a Kept.
// Nothing is noted, at the price of a look at a pointer, until Keep was called.
type Cells struct {
	config CellsConfig
	*journal
	// frozen are, by slice, entries of the epoch under way that must be stored as they were; thawed are those of the sealed one.
	frozen map[int64]*store.Changes
	thawed []*store.Changes
	// known are the slices of which the store has something, or will: the others need not be dropped there. lately is the one that was met last, if met.
	known  map[int64]struct{}
	lately int64
	met    bool

	keys       []*batch.Column
	slots      []uint32
	own        []uint32
	hashes     []uint64
	key, value []byte
}

// CellsConfig is what Cells ask their owner.
type CellsConfig struct {
	Name   string
	Budget *limit.Budget
	// Table has the keys, and does not note changes itself; nil: there is one key, in slot 0.
	Table *Table
	// Of returns the slot of an entry's key, and its slice. Of an entry that is not there any more it may return those that it had.
	Of func(id uint32) (slot uint32, slice int64)
	// Append appends what follows an entry's key, and its value.
	Append func(key, value []byte, id uint32) ([]byte, []byte)
	// Find sets slots to those of keys, new ones included.
	Find func(hashes []uint64, cols []*batch.Column, slots []uint32) error
	// Restore makes an entry, or answers NoSlot: there is none to be made. rest is what follows the key; both are lent.
	Restore func(slot uint32, slice int64, rest, value []byte) (id uint32, err error)
}

// NewCells returns cells of which nothing is noted yet.
func NewCells(config CellsConfig) *Cells { return &Cells{config: config} }

// Keep has changes noted; see Kept.
func (c *Cells) Keep(at Home) {
	c.journal = newJournal(c.config.Name, at, 0, nil, c.config.Budget)
	c.write, c.frozen, c.known = c.writeEntries, map[int64]*store.Changes{}, map[int64]struct{}{}
	if t := c.config.Table; t != nil {
		c.keys = t.keyColumns()
	}
}

// Home is where entries are stored, once Keep was called.
func (c *Cells) Home() Home { return c.home }

// Enter notes a new entry.
func (c *Cells) Enter(id uint32) error {
	if c.journal == nil {
		return nil
	}
	if err := c.grow(int(id) + 1); err != nil {
		return outOfMemory(c.name, err)
	}
	c.one[0] = id
	c.reset(id)
	return c.enter(c.one[:])
}

// Touch notes that entries are about to change. It must be called before the change. The error is SQLSTATE 53200.
func (c *Cells) Touch(ids []uint32) error {
	if c.journal == nil {
		return nil
	}
	return c.touch(ids)
}

// Freeze notes that entries are about to become something else in memory, or to leave it, while what they were stays in the store until their slice is dropped.
func (c *Cells) Freeze(ids []uint32) {
	if c.journal == nil {
		return
	}
	for _, id := range ids {
		switch {
		case c.isSealed(id): // and not changed since
			c.own = append(c.own[:0], id)
			c.write(c.early, c.own)
			c.reset(id)
		case c.isTouched(id):
			_, slice := c.config.Of(id)
			to := c.frozen[slice]
			if to == nil {
				to = &store.Changes{}
				c.frozen[slice] = to
			}
			c.own = append(c.own[:0], id)
			c.put(to, c.own)
			c.reset(id)
		}
	}
}

// Drop notes that a slice is about to go, of which entries are those that were not frozen.
func (c *Cells) Drop(slice int64, entries []uint32) {
	if c.journal == nil {
		return
	}
	c.Leave(entries)
	c.DropSlice(slice)
}

// Leave notes that entries are about to leave memory, or to become something else there, whose slice is about to go: DropSlice.
func (c *Cells) Leave(ids []uint32) {
	if c.journal == nil {
		return
	}
	c.due = c.due[:0]
	for _, id := range ids {
		if c.isSealed(id) {
			c.due = append(c.due, id)
		}
		c.reset(id)
	}
	if len(c.due) > 0 {
		c.write(c.early, c.due)
	}
}

// DropSlice drops what is stored of a slice. Its entries have left, in memory.
func (c *Cells) DropSlice(slice int64) {
	if c.journal == nil {
		return
	}
	delete(c.frozen, slice)
	if _, known := c.known[slice]; known {
		c.forgetSlice(slice)
		c.gone.Drop(c.home.Space, slice, c.home.From, c.home.To)
	}
}

// Know notes that the store has something of a slice that was not put in.
func (c *Cells) Know(slice int64) { c.know(slice) }

// know notes that the store has something of a slice, or will.
func (c *Cells) know(slice int64) {
	if !c.met || c.lately != slice {
		c.known[slice], c.lately, c.met = struct{}{}, slice, true
	}
}

// forgetSlice is the contrary of know.
func (c *Cells) forgetSlice(slice int64) {
	delete(c.known, slice)
	c.met = false
}

// Piled is what waits of entries; see Piling.
func (c *Cells) Piled() int64 {
	if c.journal == nil {
		return 0
	}
	return c.piled()
}

// Free notes that all entries have left, and gives the memory back.
func (c *Cells) Free() {
	if c.journal == nil {
		return
	}
	clear(c.frozen)
	clear(c.known)
	c.met = false
	c.gone.DropAll(c.home.Space, c.home.From, c.home.To)
	c.unload()
}

// Seal ends an epoch; see Kept.
func (c *Cells) Seal() {
	c.seal()
	for slice, frozen := range c.frozen {
		c.know(slice)
		c.thawed = append(c.thawed, frozen)
	}
	clear(c.frozen)
}

// Drain writes what changed in the sealed epoch; see Kept.
func (c *Cells) Drain(into *store.Changes, most int64) (more bool, err error) {
	for _, thawed := range c.thawed {
		into.Add(thawed)
	}
	c.thawed = c.thawed[:0]
	return c.drain(into, most), nil
}

// writeEntries writes entries for the store.
func (c *Cells) writeEntries(into *store.Changes, ids []uint32) {
	for _, id := range ids {
		_, slice := c.config.Of(id)
		c.know(slice)
	}
	c.put(into, ids)
}

// put writes entries that may come before the store or not.
func (c *Cells) put(into *store.Changes, ids []uint32) {
	t := c.config.Table
	for len(ids) > 0 {
		some := ids[:min(len(ids), batch.MaxRows)]
		ids = ids[len(some):]
		c.slots = c.slots[:0]
		for _, id := range some {
			slot, _ := c.config.Of(id)
			c.slots = append(c.slots, slot)
		}
		if t != nil {
			t.GatherKeys(c.slots, c.keys)
		}
		for i, id := range some {
			hash := uint64(0)
			c.key = c.key[:0]
			if t != nil {
				hash = t.fullHash(c.slots[i])
				for _, col := range c.keys {
					c.key = appendExact(c.key, col, i)
				}
			}
			_, slice := c.config.Of(id)
			c.key, c.value = c.config.Append(c.key, c.value[:0], id)
			into.Put(c.home.Space, slice, hash, c.key, c.value)
		}
	}
}

// Admit puts entries in that the store has; see Kept.
func (c *Cells) Admit(e *Entries) error {
	for from := 0; from < e.Len(); from += batch.MaxRows {
		if err := c.admit(e, from, min(from+batch.MaxRows, e.Len())); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cells) admit(e *Entries, from, to int) error {
	rests, err := c.decode(e.Keys[from:to])
	if err != nil {
		return err
	}
	if t := c.config.Table; t != nil {
		if c.hashes, err = t.misplaced(e.Hashes[from:to], c.keys, c.hashes); err != nil {
			return err
		}
	}
	slots := make([]uint32, to-from)
	if err := c.config.Find(e.Hashes[from:to], c.keys, slots); err != nil {
		return outOfMemory(c.name, err)
	}
	for i, rest := range rests {
		c.know(e.Slices[from+i])
		id, err := c.config.Restore(slots[i], e.Slices[from+i], rest, e.Values[from+i])
		if err == nil && id == NoSlot {
			continue
		}
		if err == nil {
			err = c.grow(int(id) + 1)
		}
		if err != nil {
			return outOfMemory(c.name, err)
		}
		c.one[0] = id
		c.stored(c.one[:])
	}
	return nil
}

// decode reads the keys that entries are of into columns, and returns what follows each.
func (c *Cells) decode(keys [][]byte) (rests [][]byte, err error) {
	for _, col := range c.keys {
		col.Reset(len(keys))
	}
	rests = make([][]byte, len(keys))
	for i, key := range keys {
		in := &reader{what: c.name, data: key}
		for _, col := range c.keys {
			in.value(col, i)
		}
		if in.err != nil {
			return nil, in.err
		}
		rests[i] = key[in.at:]
	}
	return rests, nil
}
