package store

import (
	"encoding/binary"
	"fmt"

	"wire.example/wire/internal/foundation/vfs"
)

// logged are entries in the form of a log: in the order of the calls, each behind its hash and lengths, in a few large chunks. It takes one stream of writes, and goes to a file as it is. docs/format/store.md draws an entry.
type logged struct {
	upTo   int64
	tail   []byte // of the last used one of chunks, as it is now
	group  groupKey
	chunks []logChunk // those from used on are spare
	used   int
	size   int64 // of the used ones but the last
	runs   int   // of all chunks
}

// logChunk are entries, by runs.
type logChunk struct {
	data []byte
	runs []logRun
	// block is memory of logBlock that data lies in, from BlockMargin on; nil: it has memory of its own.
	block []byte
}

// logRun are entries of a chunk that follow each other and are of one space and slice: those from an offset on, to the next run.
type logRun struct {
	groupKey
	first            int
	entries, deletes int
	low, high        uint64 // the least and the greatest hash
}

// Chunks of a log: the first ones are small, since there are many logs of little. Then they are blocks, so that what goes to a file is there already as it must be.
const (
	firstLogChunk   = 4 << 10
	largestLogChunk = 256 << 10
	smallLogChunks  = 4 // the last of which is of largestLogChunk
	logBlock        = 512 << 10
	mostInBlock     = logBlock / 8 // entries that take more at once have memory of their own: else much of a block might stay free
	// logHead is how long a hash and two lengths are at most.
	logHead = 8 + 2*binary.MaxVarintLen32
)

// Log has changes, which are empty, take the form of a log: a store may write them as they are, and sort them when somebody reads, while its logs have no more than upTo bytes. 0 is another form.
func (c *Changes) Log(upTo int64) {
	switch {
	case upTo <= 0:
		c.log = nil
	case c.log == nil:
		c.parts, c.log = nil, &logged{}
		fallthrough
	default:
		c.log.upTo = upTo
	}
}

// Logged is what Log was told, 0 for changes of another form.
func (c *Changes) Logged() int64 {
	if c.log == nil {
		return 0
	}
	return c.log.upTo
}

// room returns where the key and the value of an entry go, which begin as the caller has it: key is twice the length, and one more for a delete.
func (l *logged) room(g groupKey, hash uint64, key uint32, value, size int) []byte {
	r := l.run(g, hash, logHead+size)
	r.entries++
	r.deletes += int(key & 1)
	r.low, r.high = min(r.low, hash), max(r.high, hash)
	from := len(l.tail)
	data := l.tail[from : from+logHead+size]
	n := putLogHead(data, hash, key, value)
	l.tail = l.tail[:from+n+size]
	return data[n : n+size : n+size]
}

// run returns the run that the next entries go to, the first of which has a hash, and for which there is room for size bytes in tail.
func (l *logged) run(g groupKey, hash uint64, size int) *logRun {
	if cap(l.tail)-len(l.tail) < size {
		l.nextChunk(size)
	}
	chunk := &l.chunks[l.used-1]
	if l.group != g || len(chunk.runs) == 0 {
		chunk.runs, l.group = append(chunk.runs, logRun{groupKey: g, first: len(l.tail), low: hash, high: hash}), g
		l.runs++
	}
	return &chunk.runs[len(chunk.runs)-1]
}

// putLogHead writes what an entry begins with, and returns how long that is. data has logHead bytes.
func putLogHead(data []byte, hash uint64, key uint32, value int) int {
	binary.LittleEndian.PutUint64(data, hash)
	if key < 1<<7 { // as a rule, and loops for one byte or two would take as long as the rest
		switch data[8] = byte(key); {
		case value < 1<<7:
			data[9] = byte(value) //nolint:gosec // compared
			return 10
		case value < 1<<14:
			data[9], data[10] = byte(value)|1<<7, byte(value>>7) //nolint:gosec // compared
			return 11
		}
	}
	n := 8 + binary.PutUvarint(data[8:], uint64(key))
	return n + binary.PutUvarint(data[n:], uint64(value)) //nolint:gosec // not negative
}

// addMany appends an entry for each of hashes. Their keys and values have size bytes together.
func (l *logged) addMany(g groupKey, hashes []uint64, keys, values *Pieces, size int) {
	if len(hashes) == 0 {
		return
	}
	r := l.run(g, hashes[0], size+len(hashes)*logHead)
	tail, at := l.tail[:len(l.tail)+size+len(hashes)*logHead], len(l.tail)
	low, high := r.low, r.high
	keyEnds, valueEnds := keys.Ends[:len(hashes)], values.Ends[:len(hashes)]
	keyAt, valueAt := 0, 0
	for i, hash := range hashes {
		low, high = min(low, hash), max(high, hash)
		key, value := keys.Data[keyAt:keyEnds[i]], values.Data[valueAt:valueEnds[i]]
		keyAt, valueAt = keyEnds[i], valueEnds[i]
		at += putLogHead(tail[at:at+logHead], hash, uint32(len(key))<<1, len(value)) //nolint:gosec // MaxKey
		at += copy(tail[at:], key)
		if len(value) == 1 { // takes no call
			tail[at] = value[0]
			at++
		} else {
			at += copy(tail[at:], value)
		}
	}
	r.entries, r.low, r.high = r.entries+len(hashes), low, high
	l.tail = tail[:at]
}

// roomMany is room for each of hashes. Their keys, of as many bytes each, and values have size bytes together.
func (l *logged) roomMany(g groupKey, hashes []uint64, key int, values []int, rooms [][]byte, size int) {
	if len(hashes) == 0 {
		return
	}
	r := l.run(g, hashes[0], size+len(hashes)*logHead)
	tail, at := l.tail[:len(l.tail)+size+len(hashes)*logHead], len(l.tail)
	low, high := r.low, r.high
	for i, hash := range hashes {
		low, high = min(low, hash), max(high, hash)
		at += putLogHead(tail[at:at+logHead], hash, uint32(key)<<1, values[i]) //nolint:gosec // MaxKey
		end := at + key + values[i]
		rooms[i] = tail[at:end:end]
		at = end
	}
	r.entries, r.low, r.high = r.entries+len(hashes), low, high
	l.tail = tail[:at]
}

// nextChunk begins a chunk that takes size bytes.
func (l *logged) nextChunk(size int) {
	l.settle()
	l.size += int64(len(l.tail))
	if l.used == len(l.chunks) {
		l.chunks = append(l.chunks, logChunk{})
	}
	chunk := &l.chunks[l.used]
	switch {
	case cap(chunk.data) >= size:
	case l.used >= smallLogChunks && size <= mostInBlock:
		chunk.block = vfs.DirectBuffer(logBlock)[:logBlock]
		chunk.data = chunk.block[BlockMargin : BlockMargin : logBlock-BlockMargin]
	default:
		fresh := min(firstLogChunk<<(2*min(l.used, smallLogChunks)), largestLogChunk)
		chunk.data, chunk.block = make([]byte, 0, max(fresh, size)), nil
	}
	l.tail = chunk.data
	l.used++
}

// settle puts what is under way where the rest is.
func (l *logged) settle() {
	if l.used > 0 {
		l.chunks[l.used-1].data = l.tail
	}
}

// add appends an entry; its key and value are within the limits.
func (l *logged) add(g groupKey, hash uint64, key, value []byte, deleted bool) {
	length := uint32(len(key)) << 1 //nolint:gosec // MaxKey
	if deleted {
		length |= 1
	}
	room := l.room(g, hash, length, len(value), len(key)+len(value))
	copy(room[copy(room, key):], value)
}

// reset empties it. Spare memory is kept but what the last entries did not need, and chunks of large ones.
func (l *logged) reset() {
	kept := l.chunks[:0]
	for _, chunk := range l.chunks[:l.used] {
		if cap(chunk.data) > largestLogChunk && chunk.block == nil {
			continue
		}
		if cap(chunk.runs) > largestRuns {
			chunk.runs = nil
		}
		kept = append(kept, logChunk{data: chunk.data[:0], runs: chunk.runs[:0], block: chunk.block})
	}
	clear(l.chunks[len(kept):])
	l.chunks, l.tail, l.used, l.size, l.runs = kept, nil, 0, 0, 0
}

// held is the size of all entries and runs, and of what is free in the block that is under way.
func (l *logged) held() int64 {
	last := int64(len(l.tail))
	if l.used > 0 {
		last = max(last, int64(len(l.chunks[l.used-1].block)))
	}
	return l.size + last + int64(l.runs)*logRunSize
}

// memory is the size of the memory that it holds.
func (l *logged) memory() (size int64) {
	for i := range l.chunks {
		size += int64(max(cap(l.chunks[i].data), len(l.chunks[i].block))) + int64(cap(l.chunks[i].runs))*logRunSize
	}
	return size
}

const logRunSize = 64

// each gives all entries, in order: number counts them, and e, lent for the call, says where they are.
func (l *logged) each(f func(g groupKey, number int, e *entry)) {
	l.settle()
	number := 0
	var e entry
	for i := range l.chunks[:l.used] {
		chunk := &l.chunks[i]
		e.chunk = uint32(i) //nolint:gosec // fewer
		for k := range chunk.runs {
			r := &chunk.runs[k]
			at := r.first
			for range r.entries {
				at = e.parse(chunk.data, at)
				f(r.groupKey, number, &e)
				number++
			}
		}
	}
}

// parse makes e the entry of data that begins at a place, and returns what is behind it. The entry is whole: who takes data from elsewhere checks that.
func (e *entry) parse(data []byte, at int) int {
	e.hash = binary.LittleEndian.Uint64(data[at:])
	at += 8
	key, k := binary.Uvarint(data[at:])
	value, v := binary.Uvarint(data[at+k:])
	at += k + v
	e.offset, e.key, e.value = uint32(at), uint32(key>>1|key&1<<31), uint32(value) //nolint:gosec // chunks are shorter, and so are keys and values
	return at + int(key>>1) + int(value)                                           //nolint:gosec // as above
}

// LogFrame are entries of changes in the form of a log, as they go to a file.
type LogFrame struct {
	// Data are the entries, and Runs say of which space and slice they are.
	Data []byte
	Runs []LogRun
	// Block is memory that Data lies in, from BlockMargin on, with as much behind it at least, at an address and of a length that vfs.Direct asks for. What is around Data is for who writes the frame. nil: Data lies elsewhere.
	Block []byte
}

// BlockMargin is what is left free in a block before and behind entries, at least, in bytes.
const BlockMargin = 2 * vfs.DirectAlign

// LogRun are entries of a frame that follow each other.
type LogRun struct {
	Space            Space
	Slice            int64
	Entries, Deletes int // Deletes are among Entries
	Bytes            int
	// Low and High are the least and the greatest hash of the entries. Not used by AddFrame.
	Low, High uint64
}

// Frames gives the entries of changes in the form of a log, lent for the call. An error of f ends it and is returned.
func (c *Changes) Frames(f func(*LogFrame) error) error {
	l := c.log
	l.settle()
	var frame LogFrame
	for i := range l.chunks[:l.used] {
		chunk := &l.chunks[i]
		frame.Data, frame.Block, frame.Runs = chunk.data, chunk.block, frame.Runs[:0]
		for k := range chunk.runs {
			r := &chunk.runs[k]
			end := len(chunk.data)
			if k+1 < len(chunk.runs) {
				end = chunk.runs[k+1].first
			}
			frame.Runs = append(frame.Runs, LogRun{Space: r.space, Slice: r.slice, Entries: r.entries, Deletes: r.deletes, Bytes: end - r.first, Low: r.low, High: r.high})
		}
		if err := f(&frame); err != nil {
			return err
		}
	}
	return nil
}

// AddFrame appends the entries of a frame, whose data belong to the changes from now on, to changes in the form of a log. The error says what is wrong with it; nothing was appended then.
func (c *Changes) AddFrame(f *LogFrame) error {
	l, chunk, from := c.log, logChunk{data: f.Data}, 0
	count, bytes := 0, int64(0)
	for _, r := range f.Runs {
		if r.Entries < 0 || r.Bytes < 0 || r.Bytes > len(f.Data)-from {
			return fmt.Errorf("a run of %d entries and %d bytes, where %d are left", r.Entries, r.Bytes, len(f.Data)-from)
		}
		keys, err := checkRun(f.Data[from:from+r.Bytes], &r)
		if err != nil {
			return err
		}
		if r.Entries > 0 {
			chunk.runs = append(chunk.runs, logRun{groupKey: groupKey{r.Space, r.Slice}, first: from, entries: r.Entries, deletes: r.Deletes})
		}
		from += r.Bytes
		count += r.Entries
		bytes += keys + int64(r.Entries)*PrefixLen
	}
	if from != len(f.Data) {
		return fmt.Errorf("%d bytes behind the last run", len(f.Data)-from)
	}
	l.settle()
	l.size += int64(len(l.tail))
	l.chunks = append(l.chunks[:l.used], chunk)
	l.tail = chunk.data[:len(chunk.data):len(chunk.data)]
	l.used++
	l.runs += len(chunk.runs)
	c.count += count
	c.bytes += bytes
	return nil
}

// checkRun checks that data are the entries of a run, and returns the size of their keys and values.
func checkRun(data []byte, r *LogRun) (size int64, err error) {
	at, entries, deletes := 0, r.Entries, 0
	for n := range entries {
		if len(data)-at < 8 {
			return 0, fmt.Errorf("entry %d of %d begins %d bytes before the end of its run", n, entries, len(data)-at)
		}
		key, k := binary.Uvarint(data[at+8:])
		if k <= 0 || key>>1 > MaxKey {
			return 0, fmt.Errorf("entry %d of %d has no proper key", n, entries)
		}
		value, v := binary.Uvarint(data[at+8+k:])
		if v <= 0 || value > MaxValue {
			return 0, fmt.Errorf("entry %d of %d has no proper value", n, entries)
		}
		length := int(key>>1) + int(value) //nolint:gosec // checked
		at += 8 + k + v
		if length > len(data)-at {
			return 0, fmt.Errorf("entry %d of %d has %d bytes, where %d are left", n, entries, length, len(data)-at)
		}
		at += length
		size += int64(length)
		deletes += int(key & 1) //nolint:gosec // one bit
	}
	if deletes != r.Deletes {
		return 0, fmt.Errorf("a run has %d deletes instead of %d", deletes, r.Deletes)
	}
	if at != len(data) {
		return 0, fmt.Errorf("a run of %d entries has %d bytes more", entries, len(data)-at)
	}
	return size, nil
}
