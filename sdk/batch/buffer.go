package batch

import (
	"sync/atomic"
	"unsafe"
)

// Buffer is a counted piece of bytes that text views point into: a block that a source read, or text that a column made. Data may grow by
// append while one owner holds it. The last Release gives the memory back to its pool.
type Buffer struct {
	Data []byte
	mem  []uint64
	pool *Pool
	refs atomic.Int32
}

// NewBuffer returns an empty buffer with room for size bytes and one reference, the caller's.
func (p *Pool) NewBuffer(size int) *Buffer {
	b := &Buffer{pool: p}
	b.refs.Store(1)
	b.take(size)
	return b
}

// WrapBuffer returns a buffer over data that no pool owns.
func WrapBuffer(data []byte) *Buffer {
	b := &Buffer{Data: data}
	b.refs.Store(1)
	return b
}

func (b *Buffer) take(size int) {
	if size == 0 {
		b.mem, b.Data = nil, nil
		return
	}
	b.mem = b.pool.Get((size + 7) >> 3)
	b.mem = b.mem[:cap(b.mem)]
	b.Data = unsafe.Slice((*byte)(unsafe.Pointer(&b.mem[0])), len(b.mem)*8)[:0]
}

// Grow makes room for n more bytes after Data, moving it if it must; views by offset stay right. It at least doubles the memory.
func (b *Buffer) Grow(n int) {
	if cap(b.Data)-len(b.Data) < n {
		b.grow(max(2*cap(b.Data), len(b.Data)+n))
	}
}

// GrowLittle is Grow by n bytes alone, as far as the pool has pieces of that size: where memory is short.
func (b *Buffer) GrowLittle(n int) {
	if cap(b.Data)-len(b.Data) < n {
		b.grow(len(b.Data) + n)
	}
}

// grow moves Data to memory of size bytes.
func (b *Buffer) grow(size int) {
	if b.pool == nil {
		b.Data = append(make([]byte, 0, size), b.Data...)
		return
	}
	oldData, oldMem := b.Data, b.mem
	b.take(size)
	b.Data = append(b.Data, oldData...)
	b.pool.Put(oldMem)
}

// Retain adds a reference.
func (b *Buffer) Retain() { b.refs.Add(1) }

// Shared reports whether anyone but the caller holds a reference.
func (b *Buffer) Shared() bool { return b.refs.Load() > 1 }

// Release drops a reference. After the last one the memory belongs to the pool again and the buffer must not be used.
func (b *Buffer) Release() {
	switch left := b.refs.Add(-1); {
	case left > 0:
		return
	case left < 0:
		panic("batch: Buffer released more often than retained")
	}
	if b.pool != nil {
		b.pool.Put(b.mem)
	}
	b.mem, b.Data = nil, nil
}

// Reset empties Data, whose old bytes are undefined from here on. Only the sole owner may call it.
func (b *Buffer) Reset() {
	poisonBytes(b.Data)
	b.Data = b.Data[:0]
}
