package keyed

import (
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// Clean reports whether the store has an entry as it is, or as it was when it was frozen. While the sealed epoch is not applied, settled is false.
func (c *Cells) Clean(id uint32, settled bool) bool {
	if *c.marks.At(id)&^markListed == 0 { // frozen, since each entry is entered
		return c.Applied(settled)
	}
	return c.clean(id, settled)
}

// Applied reports whether the store has what was frozen. While the sealed epoch is not applied, settled is false.
func (c *Cells) Applied(settled bool) bool { return settled && len(c.frozen)+len(c.thawed) == 0 }

// Changed returns about how many entries have changed that the store does not have, or may not have, as they are.
func (c *Cells) Changed() int { return len(c.touched) + len(c.sealed) - c.next }

// Forget notes that entries which are Clean leave memory. Their slices stay in the store.
func (c *Cells) Forget(ids []uint32) {
	for _, id := range ids {
		c.reset(id, 0)
	}
}

// Spill writes what changed in the epoch under way; see Evictable. Pieces are of neighbouring key groups.
func (c *Cells) Spill(into *store.Changes, most int64) (more bool) {
	if c.spilled == 0 {
		for slice, frozen := range c.frozen {
			c.know(slice)
			into.Add(frozen)
		}
		clear(c.frozen)
		if t := c.config.Table; t != nil {
			sortByGroup(c.touched, func(id uint32) uint8 {
				slot, _ := c.config.Of(id)
				return t.GroupOf(slot)
			})
		}
	}
	return c.spill(into, most)
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
	var e Entries
	var bytes []byte
	give := func() error {
		err := c.Admit(&e)
		e.Reset()
		bytes = bytes[:0]
		return err
	}
	from, to := uint64(first)<<groupShift, uint64(last)<<groupShift|(1<<groupShift-1)
	err = r.ScanSlice(c.home.Space, slice, max(from, c.home.From), min(to, c.home.To), func(hash uint64, key, value []byte) error {
		if !wanted(hash) {
			return nil
		}
		if e.Len() == batch.MaxRows || len(bytes) > loadedBytes {
			if err := give(); err != nil {
				return err
			}
		}
		n++
		size += int64(len(key) + len(value))
		at := len(bytes)
		bytes = append(append(bytes, key...), value...)
		e.Slices, e.Hashes = append(e.Slices, slice), append(e.Hashes, hash)
		e.Keys, e.Values = append(e.Keys, bytes[at:at+len(key):at+len(key)]), append(e.Values, bytes[at+len(key):])
		return nil
	})
	if err == nil && e.Len() > 0 {
		err = give()
	}
	return n, size, err
}
