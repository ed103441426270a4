package pebblestore

import (
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"wire.example/wire/internal/state/store"
)

// A log of version 2 may have frames whose entries are compressed by Zstandard; it is written where the store is to compress so, and read in any case.
const (
	logPacked   = 2
	framePacked = 'C'
)

// versionOf is the version of a log of which packer compresses frames; nil: none does.
func versionOf(packer *packer) byte {
	if packer == nil {
		return logVersion
	}
	return logPacked
}

// logPacker is what compresses the frames of logs; nil if nothing does.
func (w *tableWriter) logPacker() *packer {
	if w.packer.kind != store.Zstd {
		return nil
	}
	return &w.packer
}

// packedEntries writes a frame of entries compressed, of which head is the head, and reports whether that was worth it; else nothing is written.
func (w *logWriter) packedEntries(data []byte) (done bool, err error) {
	if w.packer == nil {
		return false, nil
	}
	packed := w.packer.zstdOf(data)
	if len(packed)*100 > len(data)*worthZstd {
		return false, nil
	}
	w.spared += int64(len(data) - len(packed))
	return true, w.frame(framePacked, packed)
}

// unpack decompresses the data of a frame, whose checksum is right. What it returns is not used again.
func (r *logReader) unpack(packed []byte) ([]byte, error) {
	size, n := binary.Uvarint(packed)
	if n <= 0 || size > mostFrame {
		return nil, r.corrupt("a compressed frame does not say how long it is")
	}
	if r.zstd == nil {
		var err error
		if r.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(mostFrame)); err != nil {
			return nil, err
		}
	}
	into := r.memory(int(size))
	data, err := r.zstd.DecodeAll(packed[n:], into[:0])
	if err != nil {
		return nil, r.corrupt("a compressed frame: " + err.Error())
	}
	if uint64(len(data)) != size {
		return nil, r.corrupt(fmt.Sprintf("a compressed frame has %d bytes instead of %d", len(data), size))
	}
	return data, nil
}

// memory is size bytes for a frame.
func (r *logReader) memory(size int) []byte {
	if size <= firstPart {
		return r.buffer(size)
	}
	return make([]byte, size)
}
