package memory

import (
	"fmt"
	"reflect"
	"unsafe"

	"wire.example/wire/internal/foundation/invariant"
	"wire.example/wire/internal/foundation/limit"
)

const (
	chunkBits = 13
	// ChunkLen is the number of entries in a chunk of a Slab.
	ChunkLen = 1 << chunkBits
	// firstLen is how many entries the first chunk has room for at first.
	firstLen = 64
)

// Slab is an array of T that grows without moving: chunks of ChunkLen entries. Only the first chunk, while it is not full, grows by moving, so
// that small slabs are small. T must hold no pointers. It belongs to one goroutine.
type Slab[T any] struct {
	chunks []unsafe.Pointer
	len    int // entries that may be used
	room   int // entries that there is memory for
	budget *limit.Budget
	bytes  int64
}

// NewSlab returns an empty slab whose memory is reserved in budget. It panics if T holds pointers.
func NewSlab[T any](budget *limit.Budget) *Slab[T] {
	if t := reflect.TypeFor[T](); hasPointers(t) {
		panic(fmt.Sprintf("memory: a slab of %s would hide pointers from the garbage collector", t))
	}
	return &Slab[T]{budget: budget}
}

func hasPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return hasPointers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if hasPointers(t.Field(i).Type) {
				return true
			}
		}
		return false
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16,
		reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return false
	default:
		return true
	}
}

// Grow makes the entries 0 to n-1 usable; those that were not are zero. Pointers into the slab that At returned are void after a Grow while the
// slab has not more than ChunkLen entries, and stay good from then on. The error is a *limit.ExceededError; the slab is then as it was.
func (s *Slab[T]) Grow(n int) error {
	for s.room < n {
		if err := s.more(n); err != nil {
			return err
		}
	}
	s.len = max(s.len, n)
	return nil
}

// more adds a chunk, or enlarges the first.
func (s *Slab[T]) more(n int) error {
	var zero T
	size := int64(unsafe.Sizeof(zero))
	if s.room >= ChunkLen {
		if err := s.budget.Reserve(size * ChunkLen); err != nil {
			return err
		}
		s.chunks = append(s.chunks, pointer(make([]T, ChunkLen)))
		s.bytes += size * ChunkLen
		s.room += ChunkLen
		return nil
	}
	length := max(firstLen, s.room)
	for length < n && length < ChunkLen {
		length *= 2
	}
	if length == s.room { // full, as small slabs are
		length *= 2
	}
	if err := s.budget.Reserve(size * int64(length)); err != nil {
		return err
	}
	chunk := make([]T, length)
	if s.room > 0 {
		copy(chunk, unsafe.Slice((*T)(s.chunks[0]), s.room))
		s.budget.Release(size * int64(s.room))
	}
	s.chunks = append(s.chunks[:0], pointer(chunk))
	s.room, s.bytes = length, size*int64(length)
	return nil
}

func pointer[T any](s []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }

// At returns entry i, which is less than Len. See Grow for how long the pointer is good.
func (s *Slab[T]) At(i uint32) *T {
	if invariant.Enabled {
		invariant.Check(int(i) < s.len, "entry %d of a slab of %d", i, s.len)
	}
	var zero T
	return (*T)(unsafe.Add(s.chunks[i>>chunkBits], uintptr(i&(ChunkLen-1))*unsafe.Sizeof(zero)))
}

// Len returns the number of usable entries.
func (s *Slab[T]) Len() int { return s.len }

// Bytes returns the memory in use, as reserved; of a nil slab none.
func (s *Slab[T]) Bytes() int64 {
	if s == nil {
		return 0
	}
	return s.bytes
}

// Free gives all memory back. The slab is empty then and may be used again; a nil one has nothing to free.
func (s *Slab[T]) Free() {
	if s == nil {
		return
	}
	s.budget.Release(s.bytes)
	s.chunks, s.len, s.room, s.bytes = nil, 0, 0, 0
}
