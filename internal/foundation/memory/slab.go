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
	// maxRun bounds, in bytes, how much is allocated at once.
	maxRun = 8 << 20
)

// Slab is an array of T that grows without moving: chunks of ChunkLen entries. Only the first chunk, while it is not full, grows by moving, so
// that small slabs are small. T must hold no pointers. It belongs to one goroutine.
type Slab[T any] struct {
	chunks []unsafe.Pointer
	// stride is how far entries are from each other.
	stride uintptr
	len    int // entries that may be used
	room   int // entries that there is memory for
	budget *limit.Budget
	bytes  int64
	// record is that which the slab is a field of, offset bytes behind the beginning, or nil.
	record *Record
	offset uintptr
}

// NewSlab returns an empty slab whose memory is reserved in budget. It panics if T holds pointers.
func NewSlab[T any](budget *limit.Budget) *Slab[T] {
	refusePointers[T]()
	return &Slab[T]{budget: budget, stride: uintptr(sizeOf[T]())}
}

func refusePointers[T any]() {
	if t := reflect.TypeFor[T](); hasPointers(t) {
		panic(fmt.Sprintf("memory: a slab of %s would hide pointers from the garbage collector", t))
	}
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
	if s.record != nil {
		return s.growRecord(n)
	}
	for s.room < n {
		var err error
		if s.room < ChunkLen {
			err = s.enlarge(n)
		} else {
			err = s.extend()
		}
		if err != nil {
			return err
		}
	}
	s.len = max(s.len, n)
	return nil
}

// enlarge makes the first chunk twice as large, or as large as n needs.
func (s *Slab[T]) enlarge(n int) error {
	length := max(firstLen, 2*s.room)
	for length < min(n, ChunkLen) {
		length *= 2
	}
	size := sizeOf[T]()
	if err := s.budget.Reserve(size * int64(length)); err != nil {
		return err
	}
	chunk := make([]T, length)
	if s.room > 0 {
		copy(chunk, unsafe.Slice((*T)(s.chunks[0]), s.room))
		s.budget.Release(s.bytes)
	}
	s.chunks = append(s.chunks[:0], unsafe.Pointer(unsafe.SliceData(chunk)))
	s.room, s.bytes = length, size*int64(length)
	return nil
}

// extend adds chunks that lie together: a quarter of what there is, or one. Where the budget has no room for several it takes one.
func (s *Slab[T]) extend() error {
	size := sizeOf[T]() * ChunkLen
	chunks := max(1, min(len(s.chunks)/4, maxRun/int(size)))
	if chunks > 1 && !s.budget.TryReserve(size*int64(chunks)) {
		chunks = 1
	}
	if chunks == 1 {
		if err := s.budget.Reserve(size); err != nil {
			return err
		}
	}
	run := make([]T, chunks*ChunkLen)
	advise(s.budget, unsafe.Pointer(unsafe.SliceData(run)), int(size)*chunks)
	for i := range chunks {
		s.chunks = append(s.chunks, unsafe.Pointer(&run[i*ChunkLen]))
	}
	s.bytes += size * int64(chunks)
	s.room += chunks * ChunkLen
	return nil
}

func sizeOf[T any]() int64 {
	var zero T
	return int64(unsafe.Sizeof(zero))
}

// At returns entry i, which is less than Len. See Grow for how long the pointer is good.
func (s *Slab[T]) At(i uint32) *T {
	if invariant.Enabled {
		invariant.Check(int(i) < s.len, "entry %d of a slab of %d", i, s.len)
	}
	return (*T)(unsafe.Add(s.chunks[i>>chunkBits], uintptr(i&(ChunkLen-1))*s.stride+s.offset))
}

// Part returns the entries from number i on that lie side by side, up to Len or the end of a chunk of ChunkLen. The slab is no field. See Grow for how long they are good.
func (s *Slab[T]) Part(i uint32) []T {
	if invariant.Enabled {
		invariant.Check(s.record == nil && int(i) < s.len, "the entries from %d on of a slab of %d", i, s.len)
	}
	within := int(i & (ChunkLen - 1))
	return unsafe.Slice((*T)(s.chunks[i>>chunkBits]), min(s.len-int(i)+within, ChunkLen))[within:]
}

// Len returns the number of usable entries.
func (s *Slab[T]) Len() int { return s.len }

// Bytes returns the memory in use, as reserved; of a nil slab, or of a field, whose record has it, none.
func (s *Slab[T]) Bytes() int64 {
	if s == nil {
		return 0
	}
	return s.bytes
}

// Free gives all memory back, of a field that of the whole record. The slab is empty then and may be used again; a nil one has nothing to free.
func (s *Slab[T]) Free() {
	if s == nil {
		return
	}
	if s.record != nil {
		s.record.Free()
	}
	s.budget.Release(s.bytes)
	s.chunks, s.len, s.room, s.bytes = nil, 0, 0, 0
}
