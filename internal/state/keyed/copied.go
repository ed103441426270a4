package keyed

import (
	"bytes"

	"wire.example/wire/internal/foundation/limit"
)

// copied are stored entries that were read, until they are given on. As many as are read at once are not reserved; what is beyond that is.
type copied struct {
	entries Entries
	bytes   []byte // the chunk that keys and values are copied to; earlier ones belong to the entries alone
	size    int64  // of all
	held    int64  // what of it is reserved
}

const (
	// copiedEntry is what an entry takes beside its bytes.
	copiedEntry = 64
	// chunks of copied bytes are so large at least, and reservations.
	copiedChunk = 64 << 10
)

// add copies an entry; what is beyond free bytes is reserved. The error is a refusal of the budget.
func (c *copied) add(budget *limit.Budget, free, slice int64, hash uint64, key, value []byte) error {
	need := len(key) + len(value)
	c.size += int64(need) + copiedEntry
	if over := c.size - free - c.held; over > 0 {
		over = max(over, copiedChunk)
		if err := budget.Reserve(over); err != nil {
			return err
		}
		c.held += over
	}
	if cap(c.bytes)-len(c.bytes) < need {
		c.bytes = make([]byte, 0, max(copiedChunk, need))
	}
	at := len(c.bytes)
	c.bytes = append(append(c.bytes, key...), value...)
	e := &c.entries
	e.Slices, e.Hashes = append(e.Slices, slice), append(e.Hashes, hash)
	e.Keys, e.Values = append(e.Keys, c.bytes[at:at+len(key):at+len(key)]), append(e.Values, c.bytes[at+len(key):])
	return nil
}

// reset forgets all.
func (c *copied) reset(budget *limit.Budget) {
	if c.held > 0 {
		budget.Release(c.held)
		*c = copied{}
		return
	}
	c.entries.Reset()
	c.bytes, c.size = c.bytes[:0], 0
}

// cut forgets entries with hashes above to.
func (c *copied) cut(to uint64) {
	e := &c.entries
	n := e.Len()
	for n > 0 && e.Hashes[n-1] > to {
		n--
	}
	e.Slices, e.Hashes, e.Keys, e.Values = e.Slices[:n], e.Hashes[:n], e.Keys[:n], e.Values[:n]
}

// About how much is read before it is put in: at most loadedBytes, and a part of what is low, but not less than leastLoaded.
const (
	loadedBytes = 1 << 20
	leastLoaded = 64 << 10
	loadedShare = 16
)

// atOnce is about how many bytes are read before they are put in.
func (a *away) atOnce() int64 { return min(max(a.low/loadedShare, leastLoaded), loadedBytes) }

// take copies an entry that was read. It gives on what was read before, if that is much, and one that is large at once, uncopied.
func (a *away) take(slice int64, hash uint64, key, value []byte, admit func(*Entries) error) error {
	if !bytes.HasSuffix(key, a.label) {
		return nil
	}
	if !a.isUnread(hash) {
		a.count--
	}
	c, most := &a.copied, a.atOnce()
	large := int64(len(key)+len(value)) > most
	if n := c.entries.Len(); n > 0 && (large || c.size > most) {
		a.within, a.cut = c.entries.Hashes[n-1] == hash, hash
		if err := a.give(admit); err != nil {
			return err
		}
	}
	if large {
		a.within, a.cut = true, hash
		return admit(&Entries{Slices: []int64{slice}, Hashes: []uint64{hash}, Keys: [][]byte{key}, Values: [][]byte{value}})
	}
	return c.add(a.budget, 2*most, slice, hash, key, value)
}

// give gives on what was read.
func (a *away) give(admit func(*Entries) error) error {
	if a.copied.entries.Len() == 0 {
		a.drop()
		return nil
	}
	err := admit(&a.copied.entries)
	a.drop()
	return err
}

// finish gives on what is left of what was read or, where reading has failed, forgets it.
func (a *away) finish(err error, admit func(*Entries) error) error {
	if err != nil {
		a.drop()
		return err
	}
	return a.give(admit)
}

// drop forgets what was read.
func (a *away) drop() { a.copied.reset(a.budget) }
