package store

import (
	"encoding/binary"
	"math/bits"
	"sort"
)

// blockSize is where a block ends, unless one entry alone is larger.
const blockSize = 16 << 10

// block holds entries in the order of their keys: length of the key, length of the value (uvarints), key with its prefix, value. It never changes.
type block struct {
	data    []byte
	offsets []uint32
}

// entry is the one of a number.
func (b *block) entry(i int) (key, value []byte) {
	data := b.data[b.offsets[i]:]
	keySize, n := binary.Uvarint(data)
	valueSize, m := binary.Uvarint(data[n:])
	begin := uint64(n + m) //nolint:gosec // two varints
	end := begin + keySize
	return data[begin:end:end], data[end : end+valueSize : end+valueSize]
}

func (b *block) first() []byte {
	key, _ := b.entry(0)
	return key
}

func (b *block) last() []byte {
	key, _ := b.entry(len(b.offsets) - 1)
	return key
}

func (b *block) size() int64 { return int64(cap(b.data)) + 4*int64(cap(b.offsets)) }

// search is the number of the first entry with a key not less than key.
func (b *block) search(key []byte) int {
	return sort.Search(len(b.offsets), func(i int) bool {
		k, _ := b.entry(i)
		return string(k) >= string(key)
	})
}

// hashOf reads the hash of a key with its prefix.
func hashOf(key []byte) uint64 { return binary.BigEndian.Uint64(key[hashAt:]) }

// sliceOf reads its slice.
func sliceOf(key []byte) int64 {
	return int64(binary.BigEndian.Uint64(key[sliceAt:]) ^ sliceSign) //nolint:gosec // the bits of it
}

// blockWriter makes blocks of entries that come in order.
type blockWriter struct {
	blocks []*block
	data   []byte
	offs   []uint32
}

// add copies an entry.
func (w *blockWriter) add(key, value []byte) {
	size := uvarintLen(len(key)) + uvarintLen(len(value)) + len(key) + len(value)
	if len(w.offs) > 0 && len(w.data)+size > blockSize {
		w.flush()
	}
	w.offs = append(w.offs, uint32(len(w.data))) //nolint:gosec // a block begins at 0 and only its last entry is large
	w.data = binary.AppendUvarint(w.data, uint64(len(key)))
	w.data = binary.AppendUvarint(w.data, uint64(len(value)))
	w.data = append(append(w.data, key...), value...)
}

// small reports whether a block has begun that is too small to stand alone.
func (w *blockWriter) small() bool { return len(w.offs) > 0 && len(w.data) < blockSize/4 }

// flush ends the block. The buffers are for the next one.
func (w *blockWriter) flush() {
	if len(w.offs) == 0 {
		return
	}
	b := &block{data: append(make([]byte, 0, len(w.data)), w.data...), offsets: append(make([]uint32, 0, len(w.offs)), w.offs...)}
	w.blocks = append(w.blocks, b)
	w.data, w.offs = w.data[:0], w.offs[:0]
	if cap(w.data) > 4*blockSize {
		w.data = nil
	}
}

func uvarintLen(n int) int {
	return (bits.Len(uint(n)|1) + 6) / 7 //nolint:gosec // not negative
}
