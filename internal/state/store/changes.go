package store

import "fmt"

// Limits of one entry. Whoever has more cuts it.
const (
	// MaxKey is the largest key, in bytes, without its prefix.
	MaxKey = 1 << 20
	// MaxValue is the largest value, in bytes.
	MaxValue = 64 << 20
)

// Memory of Changes.
const (
	entriesPerBlock = 1 << 10
	firstChunk      = 4 << 10
	largestChunk    = 256 << 10
	ownChunk        = 64 << 10 // an entry of this size gets a chunk of its own
)

// Changes is what one task changed in one epoch, in flat memory without pointers per entry. It is built by one goroutine and then handed over.
// Drops come before puts and deletes, whatever the order of the calls; of several puts and deletes of one key the last counts. The zero value is empty.
type Changes struct {
	entries [][]entry
	count   int
	chunks  [][]byte // keys and values, each pair in one piece; those from used on are spare
	used    int
	bytes   int64
	drops   []Drop
}

// entry is a put or a delete. Its bytes stand in a chunk: key, then value.
type entry struct {
	hash    uint64
	slice   int64
	chunk   uint32
	offset  uint32
	key     uint32 // length
	value   uint32 // length
	space   Space
	deleted bool
}

// Drop removes all entries of a space, or of one slice of it, with hashes From..To, both inclusive.
type Drop struct {
	Space     Space
	Slice     int64
	AllSlices bool // Slice is 0 then
	From, To  uint64
}

// Entry is a put, or a delete without a value.
type Entry struct {
	Space   Space
	Slice   int64
	Hash    uint64
	Key     []byte // owned by the Changes, as Value is
	Value   []byte
	Deleted bool
}

// Put sets the value of a key. Both are copied.
func (c *Changes) Put(s Space, slice int64, hash uint64, key, value []byte) {
	c.add(entry{hash: hash, slice: slice, space: s}, key, value)
}

// Delete removes a key, which need not exist. It is copied.
func (c *Changes) Delete(s Space, slice int64, hash uint64, key []byte) {
	c.add(entry{hash: hash, slice: slice, space: s, deleted: true}, key, nil)
}

// Drop removes all entries that a slice had with hashes from..to, both inclusive.
func (c *Changes) Drop(s Space, slice int64, from, to uint64) {
	c.drops = append(c.drops, Drop{Space: s, Slice: slice, From: from, To: to})
	c.bytes += PrefixLen
}

// DropAll removes all entries that a space had with hashes from..to, both inclusive, whatever their slice.
func (c *Changes) DropAll(s Space, from, to uint64) {
	c.drops = append(c.drops, Drop{Space: s, AllSlices: true, From: from, To: to})
	c.bytes += PrefixLen
}

// Add appends the puts, deletes and drops of o, which are copied.
func (c *Changes) Add(o *Changes) {
	for i := range o.count {
		e := o.entry(i)
		c.add(entry{hash: e.Hash, slice: e.Slice, space: e.Space, deleted: e.Deleted}, e.Key, e.Value)
	}
	c.drops = append(c.drops, o.drops...)
	c.bytes += int64(len(o.drops)) * PrefixLen
}

// Len is the number of puts, deletes and drops.
func (c *Changes) Len() int { return c.count + len(c.drops) }

// Bytes is the size of all keys with their prefixes and of all values: what is written, before compression.
func (c *Changes) Bytes() int64 { return c.bytes }

// Memory is the size of the memory that it holds, spare memory included.
func (c *Changes) Memory() int64 {
	const entrySize, dropSize = 40, 40
	size := int64(cap(c.drops)) * dropSize
	for _, block := range c.entries {
		size += int64(cap(block)) * entrySize
	}
	for _, chunk := range c.chunks {
		size += int64(cap(chunk))
	}
	return size
}

// Reset empties it. Memory is kept for the next epoch, except what the last one did not need, and chunks of large entries.
func (c *Changes) Reset() {
	kept := c.chunks[:0]
	for _, chunk := range c.chunks[:c.used] {
		if cap(chunk) <= largestChunk {
			kept = append(kept, chunk[:0])
		}
	}
	clear(c.chunks[len(kept):])
	c.chunks = kept
	blocks := (c.count + entriesPerBlock - 1) / entriesPerBlock
	clear(c.entries[blocks:])
	c.entries = c.entries[:blocks]
	for i := range c.entries {
		c.entries[i] = c.entries[i][:0]
	}
	c.count, c.used, c.bytes, c.drops = 0, 0, 0, c.drops[:0]
}

// add notes an entry and copies its bytes.
func (c *Changes) add(e entry, key, value []byte) {
	if len(key) > MaxKey || len(value) > MaxValue {
		panic(fmt.Sprintf("store: an entry of %d bytes of key and %d of value is above the limit", len(key), len(value)))
	}
	e.key, e.value = uint32(len(key)), uint32(len(value)) //nolint:gosec // within the limits
	if size := len(key) + len(value); size > 0 {
		i := c.room(size)
		chunk := c.chunks[i]
		e.chunk, e.offset = uint32(i), uint32(len(chunk)) //nolint:gosec // chunks are smaller, and fewer
		c.chunks[i] = append(append(chunk, key...), value...)
	}
	c.bytes += int64(PrefixLen + len(key) + len(value))
	block := c.count / entriesPerBlock
	if block == len(c.entries) {
		var fresh []entry
		if block > 0 {
			fresh = make([]entry, 0, entriesPerBlock)
		}
		c.entries = append(c.entries, fresh)
	}
	c.entries[block] = append(c.entries[block], e)
	c.count++
}

// room returns the chunk that takes size bytes more.
func (c *Changes) room(size int) int {
	if last := c.used - 1; last >= 0 && cap(c.chunks[last])-len(c.chunks[last]) >= size {
		return last
	}
	fresh := min(firstChunk<<min(c.used, 6), largestChunk)
	if size >= ownChunk {
		fresh = size
	}
	switch {
	case c.used == len(c.chunks):
		c.chunks = append(c.chunks, make([]byte, 0, max(fresh, size)))
	case cap(c.chunks[c.used]) < size:
		c.chunks[c.used] = make([]byte, 0, max(fresh, size))
	}
	c.used++
	return c.used - 1
}

// at is the entry of a number below count.
func (c *Changes) at(i int) *entry {
	return &c.entries[i/entriesPerBlock][i%entriesPerBlock]
}

// keyOf returns the bytes of an entry's key.
func (c *Changes) keyOf(e *entry) []byte {
	if e.key == 0 {
		return nil
	}
	return c.chunks[e.chunk][e.offset : e.offset+e.key : e.offset+e.key]
}

// entry gives an entry out.
func (c *Changes) entry(i int) Entry {
	e := c.at(i)
	out := Entry{Space: e.space, Slice: e.slice, Hash: e.hash, Key: c.keyOf(e), Deleted: e.deleted}
	if e.value > 0 {
		begin := e.offset + e.key
		out.Value = c.chunks[e.chunk][begin : begin+e.value : begin+e.value]
	}
	return out
}
