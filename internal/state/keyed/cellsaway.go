package keyed

import (
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// Clean reports whether the store has an entry as it is, or as it was when it was frozen. While the sealed epoch is not applied, settled is false.
func (c *Cells) Clean(id uint32, settled bool) bool {
	if c.isReset(id) { // frozen, since each entry is entered
		return c.Applied(settled)
	}
	return c.clean(id, settled)
}

// Applied reports whether the store has what was frozen. While the sealed epoch is not applied, settled is false.
func (c *Cells) Applied(settled bool) bool { return settled && len(c.frozen)+len(c.thawed) == 0 }

// Changed returns about how many entries have changed that the store does not have, or may not have, as they are.
func (c *Cells) Changed() int { return c.changed() }

// Forget notes that entries which are Clean leave memory. Their slices stay in the store. Of an entry that Restore has made nothing is noted yet where it, or the room for that, was refused.
func (c *Cells) Forget(ids []uint32) {
	for _, id := range ids {
		if int(id>>noteShift) < c.marks.Len() {
			c.reset(id)
		}
	}
}

// Spill writes what changed in the epoch under way; see Evictable. Pieces are of neighbouring key groups.
func (c *Cells) Spill(into *store.Changes, most int64) (more bool) {
	for slice, frozen := range c.frozen {
		c.know(slice)
		into.Add(frozen)
	}
	clear(c.frozen)
	t := c.config.Table
	if t == nil {
		return c.spill(into, most, nil)
	}
	return c.spill(into, most, func(id uint32) uint8 {
		slot, _ := c.config.Of(id)
		return t.GroupOf(slot)
	})
}

// Vacate gives back what was known of entries, all of which have left memory by Forget.
func (c *Cells) Vacate() { c.forget() }

// Pass gives take what follows the keys of stored entries that stay in the store alone. It is lent.
func (c *Cells) Pass(e *Entries, take func(slice int64, hash uint64, rest []byte) error) error {
	for from := 0; from < e.Len(); from += batch.MaxRows {
		to := min(from+batch.MaxRows, e.Len())
		rests, err := c.decode(e.Keys[from:to])
		if err != nil {
			return err
		}
		for i, rest := range rests {
			c.know(e.Slices[from+i])
			if err := take(e.Slices[from+i], e.Hashes[from+i], rest); err != nil {
				return err
			}
		}
	}
	return nil
}

// Read admits the entries that the store has of a slice with hashes of the key groups from first to last, both included, and that are wanted. It returns how many those are, and the bytes of their
// keys and values.
func (c *Cells) Read(r store.Reader, slice int64, first, last uint8, wanted func(hash uint64) bool) (n int, size int64, err error) {
	in := cellReader{cells: c, slice: slice}
	from, to := uint64(first)<<groupShift, uint64(last)<<groupShift|(1<<groupShift-1)
	err = r.ScanSlice(c.home.Space, slice, max(from, c.home.From), min(to, c.home.To), func(hash uint64, key, value []byte) error {
		if !wanted(hash) {
			return nil
		}
		return in.take(hash, key, value)
	})
	if err == nil {
		err = in.give()
	}
	return in.n, in.size, err
}

// Lookup admits the entries that the store has of a slice with one of the hashes, which are sorted, and returns as Read does.
func (c *Cells) Lookup(r store.Reader, slice int64, hashes []uint64) (n int, size int64, err error) {
	in := cellReader{cells: c, slice: slice}
	if err = r.Lookup(c.home.Space, slice, hashes, in.take); err == nil {
		err = in.give()
	}
	return in.n, in.size, err
}

// cellReader admits entries of a slice that are read, some at a time.
type cellReader struct {
	cells *Cells
	slice int64
	e     Entries
	bytes []byte
	n     int
	size  int64
}

// take copies an entry.
func (r *cellReader) take(hash uint64, key, value []byte) error {
	if r.e.Len() == batch.MaxRows || len(r.bytes) > loadedBytes {
		if err := r.give(); err != nil {
			return err
		}
	}
	r.n++
	r.size += int64(len(key) + len(value))
	at := len(r.bytes)
	r.bytes = append(append(r.bytes, key...), value...)
	r.e.Slices, r.e.Hashes = append(r.e.Slices, r.slice), append(r.e.Hashes, hash)
	r.e.Keys, r.e.Values = append(r.e.Keys, r.bytes[at:at+len(key):at+len(key)]), append(r.e.Values, r.bytes[at+len(key):])
	return nil
}

// give admits what was copied.
func (r *cellReader) give() error {
	if r.e.Len() == 0 {
		return nil
	}
	err := r.cells.Admit(&r.e)
	r.e.Reset()
	r.bytes = r.bytes[:0]
	return err
}
