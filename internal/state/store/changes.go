package store

import (
	"bytes"
	"fmt"
	"unsafe"
)

// Limits of one entry. Whoever has more cuts it.
const (
	// MaxKey is the largest key, in bytes, without its prefix.
	MaxKey = 1 << 20
	// MaxValue is the largest value, in bytes.
	MaxValue = 64 << 20
)

// Memory of Changes. Of the many parts that entries are spread over each has its own.
const (
	entriesPerBlock = 1 << 6
	firstChunk      = 1 << 8
	largestChunk    = 64 << 10
	largestRuns     = 1 << 10
	ownChunk        = 16 << 10 // an entry of this size gets a chunk of its own
)

// From spreadAt entries on they are spread by the top bits of their hashes, so that those that are written one after another, in the order of keys, lie near each other.
const (
	spreadAt   = 1 << 12
	spreadBits = 7
)

// Changes is what one task changed in one epoch, in flat memory without pointers per entry. It is built by one goroutine and then handed over.
// Drops come before puts and deletes, whatever the order of the calls; of several puts and deletes of one key the last counts. The zero value is empty.
type Changes struct {
	parts []changesPart // none, one, or one for each value of the top bits of a hash
	log   *logged       // nil: they have not the form of a log. There are no parts where they have
	count int
	runs  int // of all parts
	bytes int64
	drops []Drop
	large *TooLargeError
}

// TooLargeError is an entry beyond MaxKey or MaxValue.
type TooLargeError struct {
	Space      Space
	Key        []byte // its first bytes
	KeyBytes   int
	ValueBytes int
}

// Error names the key and the limits.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the state of key %q in table %d comes to %d bytes, with a key of %d; an entry has %d MiB at most, and its key %d MiB: keep less of one key",
		e.Key, e.Space.Table, e.ValueBytes, e.KeyBytes, MaxValue>>20, MaxKey>>20)
}

// shownKey is how much of a key a TooLargeError has, in bytes.
const shownKey = 64

// changesPart are the entries of some hashes, in the order of the calls.
type changesPart struct {
	tail    []byte                  // the last used one of chunks, as it is now
	open    *[entriesPerBlock]entry // the block of the last entry, if there is one
	group   groupKey                // of the last run, if there is one
	count   int
	used    int
	runs    []run
	entries []*[entriesPerBlock]entry
	chunks  [][]byte // keys and values, each pair in one piece; those from used on are spare
}

// run are entries of a part that follow each other and are of one space and slice: from number first on, to the next run.
type run struct {
	groupKey
	first int
}

// entry is a put or a delete. Its bytes stand in a chunk: key, then value.
type entry struct {
	hash   uint64
	chunk  uint32
	offset uint32
	key    uint32 // length, with deletedBit
	value  uint32 // length
}

// deletedBit marks a delete in entry.key; no key is that long.
const deletedBit = 1 << 31

// keyLen is the length of the key.
func (e *entry) keyLen() uint32 { return e.key &^ deletedBit }

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

// Check returns the first error of changes that are to be applied.
func Check(changes []*Changes) error {
	for _, c := range changes {
		if err := c.Err(); err != nil {
			return err
		}
	}
	return nil
}

// Put sets the value of a key. Both are copied. An entry that is too large is not: Err says so.
func (c *Changes) Put(s Space, slice int64, hash uint64, key, value []byte) {
	c.add(groupKey{s, slice}, entry{hash: hash}, key, value)
}

// expect makes parts for n entries more.
func (c *Changes) expect(n int) {
	if len(c.parts) == 0 {
		c.parts = make([]changesPart, 1)
	}
	if len(c.parts) == 1 && c.count <= spreadAt && c.count+n > spreadAt {
		c.spread()
	}
}

// PutRooms is PutMany for keys of key bytes each and values of so many bytes, within the limits, which the caller writes where rooms says then, the key before the value, before the changes are used otherwise.
func (c *Changes) PutRooms(s Space, slice int64, hashes []uint64, key int, values []int, rooms [][]byte) {
	if c.log != nil {
		c.logRooms(groupKey{s, slice}, hashes, key, values, rooms)
		return
	}
	c.expect(len(hashes))
	g := groupKey{s, slice}
	values, rooms = values[:len(hashes)], rooms[:len(hashes)]
	parts, shift := c.parts, 64
	if len(parts) > 1 {
		shift -= spreadBits
	}
	for i, hash := range hashes {
		p := &parts[hash>>shift]
		size := key + values[i]
		if cap(p.tail)-len(p.tail) < size {
			p.nextChunk(size)
		}
		at := len(p.tail)
		p.tail = p.tail[:at+size]
		rooms[i] = p.tail[at : at+size : at+size]
		if p.group != g || p.count == 0 {
			p.begin(g)
			c.runs++
		}
		e := p.next(hash)
		e.chunk, e.offset, e.key, e.value = uint32(p.used-1), uint32(at), uint32(key), uint32(values[i]) //nolint:gosec // within the limits, and chunks are smaller, and fewer
		c.bytes += int64(PrefixLen + size)
	}
	c.count += len(hashes)
}

// logRooms is PutRooms in the form of a log.
func (c *Changes) logRooms(g groupKey, hashes []uint64, key int, values []int, rooms [][]byte) {
	values, rooms = values[:len(hashes)], rooms[:len(hashes)]
	size := key * len(hashes)
	for _, value := range values {
		size += value
	}
	c.bytes += int64(size + len(hashes)*PrefixLen)
	c.count += len(hashes)
	if size <= largestLogChunk/2 {
		c.log.roomMany(g, hashes, key, values, rooms, size)
		return
	}
	for i, hash := range hashes {
		rooms[i] = c.log.room(g, hash, uint32(key)<<1, values[i], key+values[i]) //nolint:gosec // within the limits
	}
}

// Delete removes a key, which need not exist. It is copied.
func (c *Changes) Delete(s Space, slice int64, hash uint64, key []byte) {
	c.add(groupKey{s, slice}, entry{hash: hash, key: deletedBit}, key, nil)
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
	o.settle()
	add := func(g groupKey, _ int, e *entry) {
		lent := lentFrom(o.chunk(e.hash, e.chunk), g, e)
		c.add(g, entry{hash: e.hash, key: e.key & deletedBit}, lent.Key, lent.Value)
	}
	for i := range o.parts {
		o.parts[i].each(add)
	}
	if o.log != nil {
		o.log.each(add)
	}
	if o.large != nil {
		c.large = o.large
	}
	c.drops = append(c.drops, o.drops...)
	c.bytes += int64(len(o.drops)) * PrefixLen
}

// endOf is the number behind the last entry of a run.
func (p *changesPart) endOf(run int) int {
	if run+1 < len(p.runs) {
		return p.runs[run+1].first
	}
	return p.count
}

// Drops are all drops, lent until the next call.
func (c *Changes) Drops() []Drop { return c.drops }

// Len is the number of puts, deletes and drops.
func (c *Changes) Len() int { return c.count + len(c.drops) }

// Bytes is the size of all keys with their prefixes and of all values: what is written, before compression.
func (c *Changes) Bytes() int64 { return c.bytes }

// The sizes of what it notes of entries, of runs and of drops, in bytes.
const entrySize, runSize, dropSize = 24, 24, 40

// Held is about the size of the memory that its entries and drops take, in constant time.
func (c *Changes) Held() int64 {
	if c.log != nil {
		return c.log.held() + int64(len(c.drops))*dropSize
	}
	return c.bytes + int64(c.count)*entrySize + int64(c.runs)*runSize + int64(len(c.drops))*dropSize
}

// Memory is the size of the memory that it holds, spare memory included.
func (c *Changes) Memory() int64 {
	c.settle()
	const partSize = 136
	size := int64(cap(c.drops))*dropSize + int64(cap(c.parts))*partSize
	if c.log != nil {
		size += c.log.memory()
	}
	for i := range c.parts {
		size += c.parts[i].memory()
	}
	return size
}

// Reset empties it. Memory is kept for the next epoch, except what the last one did not need, and chunks of large entries.
func (c *Changes) Reset() {
	c.settle()
	if len(c.parts) > 1 && c.count < spreadAt {
		c.parts = nil
	}
	for i := range c.parts {
		c.parts[i].reset()
	}
	if c.log != nil {
		c.log.reset()
	}
	c.count, c.runs, c.bytes, c.drops, c.large = 0, 0, 0, c.drops[:0], nil
}

// Err is a *TooLargeError if an entry was put that is too large, and is not there: the changes must not be applied then.
func (c *Changes) Err() error {
	if c.large == nil {
		return nil
	}
	return c.large
}

// add notes an entry and copies its bytes.
func (c *Changes) add(g groupKey, e entry, key, value []byte) {
	if len(key) > MaxKey || len(value) > MaxValue {
		c.refuse(g, key, value)
		return
	}
	if c.log != nil {
		c.log.add(g, e.hash, key, value, e.key&deletedBit != 0)
	} else {
		c.expect(1)
		if c.part(e.hash).add(g, e, key, value) {
			c.runs++
		}
	}
	c.bytes += int64(PrefixLen + len(key) + len(value))
	c.count++
}

// refuse notes an entry that is too large.
func (c *Changes) refuse(g groupKey, key, value []byte) {
	c.large = &TooLargeError{Space: g.space, Key: bytes.Clone(key[:min(len(key), shownKey)]), KeyBytes: len(key), ValueBytes: len(value)}
}

// spread gives each value of the top bits of hashes a part of its own.
func (c *Changes) spread() {
	c.settle()
	whole := *c
	drops := c.drops
	*c = Changes{parts: make([]changesPart, 1<<spreadBits), large: c.large}
	c.Add(&Changes{parts: whole.parts, count: whole.count})
	c.bytes, c.drops = whole.bytes, drops
}

// part has the entries of a hash.
func (c *Changes) part(hash uint64) *changesPart {
	if len(c.parts) == 1 {
		return &c.parts[0]
	}
	return &c.parts[hash>>(64-spreadBits)]
}

// settle puts what is under way where the rest is, for who reads it.
func (c *Changes) settle() {
	for i := range c.parts {
		p := &c.parts[i]
		if p.used > 0 {
			p.chunks[p.used-1] = p.tail
		}
	}
	if c.log != nil {
		c.log.settle()
	}
}

func (p *changesPart) memory() (size int64) {
	size = int64(len(p.entries)) * entriesPerBlock * entrySize
	for _, chunk := range p.chunks {
		size += int64(cap(chunk))
	}
	return size + int64(cap(p.runs))*runSize
}

func (p *changesPart) reset() {
	kept := p.chunks[:0]
	for _, chunk := range p.chunks[:p.used] {
		if cap(chunk) <= largestChunk {
			kept = append(kept, chunk[:0])
		}
	}
	clear(p.chunks[len(kept):])
	p.chunks = kept
	blocks := (p.count + entriesPerBlock - 1) / entriesPerBlock
	clear(p.entries[blocks:])
	p.entries = p.entries[:blocks]
	if cap(p.runs) > largestRuns {
		p.runs = nil
	}
	p.runs, p.tail, p.open, p.count, p.used = p.runs[:0], nil, nil, 0, 0
}

// add is Changes.add; it reports whether a run begins with the entry.
func (p *changesPart) add(g groupKey, e entry, key, value []byte) (begins bool) {
	e.key |= uint32(len(key))    //nolint:gosec // within the limits
	e.value = uint32(len(value)) //nolint:gosec // within the limits
	if size := len(key) + len(value); size > 0 {
		if cap(p.tail)-len(p.tail) < size {
			p.nextChunk(size)
		}
		e.chunk, e.offset = uint32(p.used-1), uint32(len(p.tail)) //nolint:gosec // chunks are smaller, and fewer
		p.tail = append(append(p.tail, key...), value...)
	}
	return p.note(g, e)
}

// note appends an entry whose bytes are where it says.
func (p *changesPart) note(g groupKey, e entry) (begins bool) {
	if begins = p.group != g || p.count == 0; begins {
		p.begin(g)
	}
	to := p.next(e.hash)
	to.chunk, to.offset, to.key, to.value = e.chunk, e.offset, e.key, e.value
	return begins
}

// begin begins a run of entries of a group.
func (p *changesPart) begin(g groupKey) {
	p.runs, p.group = append(p.runs, run{groupKey: g, first: p.count}), g
}

// next appends an entry of a hash, whose other fields the caller writes, one by one: an entry that is made elsewhere and copied waits there until all writes before it are through, which are to memory that nobody has touched for a while.
func (p *changesPart) next(hash uint64) *entry {
	within := uint(p.count) % entriesPerBlock //nolint:gosec // not negative
	if within == 0 {
		p.nextBlock(hash)
	}
	p.count++
	e := (*entry)(unsafe.Add(unsafe.Pointer(p.open), uintptr(within)*unsafe.Sizeof(entry{}))) // an index would read the beginning of the block, which has left the nearest cache
	e.hash = hash
	return e
}

// nextBlock goes on to the next block of entries, of which the first is of a hash.
func (p *changesPart) nextBlock(hash uint64) {
	number := p.count / entriesPerBlock
	if number == len(p.entries) {
		block := new([entriesPerBlock]entry)
		block[0].hash = hash // new memory that is read before it is written, as by who looks whether a pointer is nil, is given by the system twice
		p.entries = append(p.entries, block)
	}
	p.open = p.entries[number]
}

// nextChunk begins a chunk that takes size bytes.
func (p *changesPart) nextChunk(size int) {
	if p.used > 0 {
		p.chunks[p.used-1] = p.tail
	}
	fresh := min(firstChunk<<min(p.used, 8), largestChunk)
	if size >= ownChunk {
		fresh = size
	}
	switch {
	case p.used == len(p.chunks):
		p.chunks = append(p.chunks, make([]byte, 0, max(fresh, size)))
	case cap(p.chunks[p.used]) < size:
		p.chunks[p.used] = make([]byte, 0, max(fresh, size))
	}
	p.tail = p.chunks[p.used]
	p.used++
}

// at is the entry of a number below count.
func (p *changesPart) at(i int) *entry {
	return &p.entries[i/entriesPerBlock][i%entriesPerBlock]
}

// chunk has the bytes of an entry of a hash.
func (c *Changes) chunk(hash uint64, number uint32) []byte {
	if c.log != nil {
		return c.log.chunks[number].data
	}
	p := c.part(hash)
	if len(p.chunks) == 0 {
		return nil
	}
	return p.chunks[number]
}

// each gives all entries, in order; see logged.each.
func (p *changesPart) each(f func(g groupKey, number int, e *entry)) {
	for i := range p.runs {
		for at := p.runs[i].first; at < p.endOf(i); at++ {
			f(p.runs[i].groupKey, at, p.at(at))
		}
	}
}

// keyIn returns the bytes of an entry's key, which stands in a chunk.
func keyIn(chunk []byte, e *entry) []byte {
	n := e.keyLen()
	if n == 0 {
		return nil
	}
	return chunk[e.offset : e.offset+n : e.offset+n]
}

// lentFrom is an entry of a chunk as it is given out.
func lentFrom(chunk []byte, g groupKey, e *entry) Entry {
	out := Entry{Space: g.space, Slice: g.slice, Hash: e.hash, Key: keyIn(chunk, e), Deleted: e.key&deletedBit != 0}
	if e.value > 0 {
		begin := e.offset + e.keyLen()
		out.Value = chunk[begin : begin+e.value : begin+e.value]
	}
	return out
}
