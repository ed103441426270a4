package pebblestore

import (
	"encoding/binary"
	"math/bits"

	"wire.example/wire/internal/state/store"
)

// Blocks of rows, as tables of Pebble's formats 1 to 4 consist of: of each entry how much of the key before it shares, how much of the key and of the value follow, and those; then where the entries begin
// that share nothing, and how many those are. A key ends with 8 bytes: a sequence number and a kind. Source: the comments of Pebble's packages sstable and sstable/rowblk.
const (
	keyTrailer = 8
	// hashAt is where the hash begins in a key of an entry: behind shard, space and slice.
	hashAt = store.PrefixLen - 8
	// restartInterval is how many entries there are from one that shares nothing to the next, in blocks of entries.
	restartInterval = 16
	// mostVarint is how long a number of 32 bits is at most.
	mostVarint = binary.MaxVarintLen32
)

// Kinds of entries, as in the lowest byte of what stands behind a key.
const (
	kindDelete      = 0
	kindSet         = 1
	kindRangeDelete = 15
	kindSeparator   = 17
)

// maxSeq is the sequence number of keys that lead to blocks without being in them.
const maxSeq = 1<<56 - 1

// trailer is what stands behind a key, little-endian. What is ingested has the sequence number 0 and gets its own later.
func trailer(seq uint64, kind uint8) uint64 { return seq<<8 | uint64(kind) }

// rowBlock is a block that is being made.
type rowBlock struct {
	interval int    // entries from one that shares nothing to the next
	data     []byte // lies in own, or in what was lent
	restarts []uint32
	entries  int
	last     []byte // key of the last entry, without what stands behind it; of add
	own      []byte // what data lies in, where it was not lent or did not suffice
	lent     bool   // data lies in what begin was given
}

// size is about how long the block is.
func (b *rowBlock) size() int { return len(b.data) + 4*len(b.restarts) }

// add appends an entry, whose key is not less than the last one.
func (b *rowBlock) add(key []byte, end uint64, value []byte) {
	shared := 0
	if b.entries%b.interval == 0 {
		b.restarts = append(b.restarts, uint32(len(b.data))) //nolint:gosec // blocks are shorter
	} else {
		shared = commonLen(b.last, key)
	}
	b.entries++
	rest := key[shared:]
	data := b.roomFor(len(rest) + keyTrailer + len(value))
	n := putUvarint(data, 0, uint32(shared))              //nolint:gosec // a key is shorter
	n = putUvarint(data, n, uint32(len(rest)+keyTrailer)) //nolint:gosec // as above
	n = putUvarint(data, n, uint32(len(value)))           //nolint:gosec // store.MaxValue
	n += copy(data[n:], rest)
	binary.LittleEndian.PutUint64(data[n:], end)
	n += keyTrailer
	n += copy(data[n:], value)
	b.data = b.data[:len(b.data)+n]
	b.last = append(b.last[:shared], rest...)
}

// addName appends an entry of a block about the table: its key, a name, has nothing behind it and shares nothing.
func (b *rowBlock) addName(name string, value []byte) {
	b.restarts = append(b.restarts, uint32(len(b.data))) //nolint:gosec // blocks are shorter
	b.entries++
	data := b.roomFor(len(name) + len(value))
	n := putUvarint(data, 0, 0)
	n = putUvarint(data, n, uint32(len(name)))  //nolint:gosec // short
	n = putUvarint(data, n, uint32(len(value))) //nolint:gosec // short
	n += copy(data[n:], name)
	n += copy(data[n:], value)
	b.data = b.data[:len(b.data)+n]
}

// addHashed appends an entry with a key of a prefix, a hash and what follows them, of which shared bytes are as in the key before.
func (b *rowBlock) addHashed(shared int, prefix *[hashAt]byte, hash uint64, key []byte, end uint64, value []byte) {
	if b.entries%b.interval == 0 {
		b.restarts = append(b.restarts, uint32(len(b.data))) //nolint:gosec // blocks are shorter
		shared = 0
	}
	b.entries++
	rest := store.PrefixLen + len(key) - shared + keyTrailer
	data := b.roomFor(rest + len(value))
	n := putUvarint(data, 0, uint32(shared))    //nolint:gosec // a key is shorter
	n = putUvarint(data, n, uint32(rest))       //nolint:gosec // as above
	n = putUvarint(data, n, uint32(len(value))) //nolint:gosec // store.MaxValue
	if shared < hashAt {
		n += copy(data[n:], prefix[shared:])
		shared = hashAt
	}
	if shared < store.PrefixLen {
		binary.BigEndian.PutUint64(data[n:], hash<<(8*(shared-hashAt)))
		n += store.PrefixLen - shared
		shared = store.PrefixLen
	}
	n += copy(data[n:], key[shared-store.PrefixLen:])
	binary.LittleEndian.PutUint64(data[n:], end)
	n += keyTrailer
	n += copy(data[n:], value)
	b.data = b.data[:len(b.data)+n]
}

// roomFor returns what is behind data: room for an entry with so many bytes of key and value.
func (b *rowBlock) roomFor(bytes int) []byte {
	need := 3*mostVarint + bytes
	if cap(b.data)-len(b.data) < need {
		b.grow(need)
	}
	return b.data[len(b.data) : len(b.data)+need]
}

// grow moves data to where need more bytes have room.
func (b *rowBlock) grow(need int) {
	if cap(b.own) < len(b.data)+need {
		b.own = make([]byte, 2*len(b.data)+need)
	}
	b.data = b.own[:copy(b.own[:cap(b.own)], b.data)]
	b.lent = false
}

// putUvarint writes a number at data[n] and returns what is behind it.
func putUvarint(data []byte, n int, v uint32) int {
	for v >= 0x80 {
		data[n] = byte(v) | 0x80
		v >>= 7
		n++
	}
	data[n] = byte(v)
	return n + 1
}

// commonLen is how many bytes a and b begin with are the same.
func commonLen(a, b []byte) int {
	most := min(len(a), len(b))
	n := 0
	for ; n+8 <= most; n += 8 {
		if differ := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); differ != 0 {
			return n + bits.TrailingZeros64(differ)/8
		}
	}
	for n < most && a[n] == b[n] {
		n++
	}
	return n
}

// finish returns the whole block, good until reset.
func (b *rowBlock) finish() []byte {
	if len(b.restarts) == 0 {
		b.restarts = append(b.restarts, 0) // there is one at least
	}
	if need := numberSize * (len(b.restarts) + 1); cap(b.data)-len(b.data) < need {
		b.grow(need)
	}
	for _, at := range b.restarts {
		b.data = binary.LittleEndian.AppendUint32(b.data, at)
	}
	b.data = binary.LittleEndian.AppendUint32(b.data, uint32(len(b.restarts))) //nolint:gosec // as many as entries at most
	return b.data
}

// numberSize is what a number takes behind the entries, in bytes.
const numberSize = 4

// mostBlock is how much memory a block keeps, in bytes: one that had a large value gives it back.
const mostBlock = 1 << 20

// reset begins a new block.
func (b *rowBlock) reset() {
	if cap(b.own) > mostBlock {
		b.own = nil
	}
	b.data, b.restarts, b.entries, b.last, b.lent = b.own[:0], b.restarts[:0], 0, b.last[:0], false
}

// begin begins a new block in memory that is lent until it is finished.
func (b *rowBlock) begin(room []byte) {
	b.reset()
	b.data, b.lent = room[:0], true
}
