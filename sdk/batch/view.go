package batch

import (
	"encoding/binary"
	"unsafe"
)

// InlineLen is the longest value that a View holds itself.
const InlineLen = 12

// View is one TEXT, BYTEA or JSONB value: Arrow's 16-byte binary view. Values up to InlineLen bytes lie in the 12 bytes after Len, the
// unused rest zero; longer ones have their first 4 bytes in Prefix, and Buf and Off say where they lie.
type View struct {
	Len    uint32
	Prefix [4]byte
	Buf    uint32
	Off    uint32
}

// inline returns the value of a view that holds its bytes itself. The slice points into v.
func (v *View) inline() []byte {
	return unsafe.Slice(&v.Prefix[0], int(v.Len))
}

// InlineView returns the view of b, which is at most InlineLen bytes.
func InlineView(b []byte) View {
	var v View
	v.Len = uint32(len(b))
	copy(unsafe.Slice(&v.Prefix[0], InlineLen), b)
	return v
}

// MakeView returns the view of the n bytes at off of the buffer numbered buf, whose bytes are data.
func MakeView(data []byte, buf uint32, off, n int) View {
	if n > InlineLen {
		v := View{Len: uint32(n), Buf: buf, Off: uint32(off)}
		binary.LittleEndian.PutUint32(v.Prefix[:], binary.LittleEndian.Uint32(data[off:]))
		return v
	}
	if off+16 <= len(data) {
		return inlineFast(data, off, n)
	}
	return InlineView(data[off : off+n])
}

// inlineFast builds an inline view with two loads that may read past the value, never past data.
func inlineFast(data []byte, off, n int) View {
	lo := binary.LittleEndian.Uint64(data[off:])
	hi := binary.LittleEndian.Uint64(data[off+8:])
	if n < 8 {
		lo &= 1<<(uint(n)*8) - 1
		hi = 0
	} else {
		hi &= 1<<(uint(n-8)*8) - 1
	}
	words := [2]uint64{uint64(uint32(n)) | lo<<32, lo>>32 | hi<<32}
	return *(*View)(unsafe.Pointer(&words))
}
