package pebblestore

import (
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"wire.example/wire/internal/state/store"
)

// How much of a block is left at most, in percent, where it is compressed. What changes in each epoch is written in each, and merged later, when all is compressed: for a little less of it, Snappy costs more than all else that is done to an
// entry (docs/adr/0028-wire-writes-its-tables-itself.md). Who asks for zstd wants less on disk, whatever that costs: it keeps to what Pebble does when it merges.
const (
	worthSnappy = 40
	worthZstd   = 88
)

// packer compresses what Wire itself writes. One goroutine uses it.
type packer struct {
	kind   store.Compression
	zstd   *zstd.Encoder // nil before the first use
	packed []byte
}

// mergedCompression is how Pebble compresses what it merges.
func mergedCompression(kind store.Compression) *sstable.CompressionProfile {
	switch kind {
	case store.Zstd:
		return sstable.ZstdCompression
	case store.Uncompressed:
		return sstable.NoCompression
	default:
		return sstable.SnappyCompression
	}
}

// name is what a table with compressed blocks says of them.
func (p *packer) name() string { return mergedCompression(p.kind).Name }

// block compresses a block, if that is worth it, and says of which kind it is then. The result is lent until the next call.
func (p *packer) block(block []byte) (packed []byte, kind byte) {
	most := worthSnappy
	if p.kind == store.Zstd {
		packed, kind, most = p.zstdOf(block), blockZstd, worthZstd
	} else {
		if most := s2.MaxEncodedLen(len(block)); cap(p.packed) < most {
			p.packed = make([]byte, most)
		}
		packed, kind = s2.EncodeSnappy(p.packed[:cap(p.packed)], block), blockSnappy
	}
	if cap(p.packed) > mostBlock {
		p.packed = nil
	}
	if len(packed)*100 > len(block)*most {
		return block, blockPlain
	}
	return packed, kind
}

// zstdOf is data compressed by Zstandard, behind its length, a uvarint, as Pebble has it. What it is part of has a checksum already.
func (p *packer) zstdOf(data []byte) []byte {
	if p.zstd == nil {
		// No option of these is refused.
		p.zstd, _ = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(zstdWindow))
	}
	p.packed = p.zstd.EncodeAll(data, binary.AppendUvarint(p.packed[:0], uint64(len(data))))
	return p.packed
}

// zstdWindow is how far back repetitions are found, in bytes: blocks are shorter, and a log has some megabytes in a frame.
const zstdWindow = 1 << 20
