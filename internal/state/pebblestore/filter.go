package pebblestore

import (
	"encoding/binary"
	"math/bits"

	"wire.example/wire/internal/state/store"
)

// tableFilter is the Bloom filter of a table in the making, by the prefixes of keys, in the form that Pebble's FilterPolicy of filterBits bits reads: a number of cache lines, each key in one of them; behind them how many bits a key sets, a byte,
// and how many lines there are. Source: Pebble's package bloom, whose form is RocksDB's.
type tableFilter struct {
	hashes []uint32 // of prefixes
	last   uint64   // the hash of the last key, if there is one
	space  store.Space
	slice  int64
	begun  bool
	state  uint32 // of the hash of a prefix of space and slice, before the hash of the key
	shard  int
	bytes  []byte
}

// Constants of the hash of a prefix, which is Murmur's kind.
const (
	filterSeed   = 0xbc9f1d34
	filterFactor = 0xc6a4a793
	filterLine   = 64 // bytes
	filterProbes = 6  // 0.69 times filterBits
)

func (f *tableFilter) reset() {
	f.hashes, f.begun = f.hashes[:0], false
}

// add adds the key of an entry.
func (f *tableFilter) add(e *store.Entry) {
	shard := store.ShardOf(e.Hash)
	switch {
	case !f.begun || f.slice != e.Slice || f.space != e.Space || f.shard != shard:
		f.begun, f.space, f.slice, f.shard = true, e.Space, e.Slice, shard
		f.state = filterState(shard, e.Space, e.Slice)
	case f.last == e.Hash:
		return
	}
	f.last = e.Hash
	h := mixed(f.state, bits.ReverseBytes32(uint32(e.Hash>>32))) //nolint:gosec // its upper half
	f.hashes = append(f.hashes, mixed(h, bits.ReverseBytes32(uint32(e.Hash))))
}

// filterState is the hash of a prefix before that of the key is mixed in.
func filterState(shard int, space store.Space, slice int64) uint32 {
	prefix := store.AppendSlice(nil, shard, space, slice)
	length := uint32(store.PrefixLen)
	h := uint32(filterSeed) ^ length*filterFactor
	for ; len(prefix) > 0; prefix = prefix[4:] {
		h = mixed(h, binary.LittleEndian.Uint32(prefix))
	}
	return h
}

// mixed is a hash with four more bytes in it.
func mixed(h, word uint32) uint32 {
	h = (h + word) * filterFactor
	return h ^ h>>16
}

// finish returns the filter, good until the next call.
func (f *tableFilter) finish() []byte {
	lines := (uint32(len(f.hashes))*filterBits + filterLine*8 - 1) / (filterLine * 8) //nolint:gosec // a table has fewer entries
	lines |= 1                                                                        // an odd number makes more bits count
	size := int(lines) * filterLine
	if cap(f.bytes) < size+5 {
		f.bytes = make([]byte, size+5)
	}
	f.bytes = f.bytes[:size+5]
	clear(f.bytes)
	for _, h := range f.hashes {
		delta := bits.RotateLeft32(h, 15)
		line := f.bytes[h%lines*filterLine:][:filterLine]
		for range filterProbes {
			bit := h % (filterLine * 8)
			line[bit/8] |= 1 << (bit % 8)
			h += delta
		}
	}
	f.bytes[size] = filterProbes
	binary.LittleEndian.PutUint32(f.bytes[size+1:], lines)
	return f.bytes
}
