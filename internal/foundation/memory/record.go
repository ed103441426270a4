package memory

import (
	"unsafe"

	"wire.example/wire/internal/foundation/invariant"
	"wire.example/wire/internal/foundation/limit"
)

// Record is slabs whose entries of one number lie together, so that whoever needs several of them waits for memory once. Its slabs, the fields, are made before any of
// them grows; they grow together: one that has not been told by a Grow of its own that others did must not be used.
type Record struct {
	budget *limit.Budget
	size   uintptr
	chunks []unsafe.Pointer
	room   int
	bytes  int64
}

// NewRecord returns a record without fields, whose memory is reserved in budget.
func NewRecord(budget *limit.Budget) *Record { return &Record{budget: budget} }

// Field returns a new field of r. It panics if T holds pointers.
func Field[T any](r *Record) *Slab[T] {
	refusePointers[T]()
	if invariant.Enabled {
		invariant.Check(r.room == 0, "a field comes to a record of %d entries", r.room)
	}
	var zero T
	align := unsafe.Alignof(zero)
	offset := (r.size + align - 1) / align * align
	r.size = offset + unsafe.Sizeof(zero)
	return &Slab[T]{budget: r.budget, record: r, offset: offset}
}

// Bytes returns the memory in use, as reserved.
func (r *Record) Bytes() int64 { return r.bytes }

// stride is the size of an entry: whole words.
func (r *Record) stride() int { return int(r.size+7) / 8 * 8 }

// grow makes room for n entries.
func (r *Record) grow(n int) error {
	for r.room < n {
		var err error
		if r.room < ChunkLen {
			err = r.enlarge(n)
		} else {
			err = r.extend()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// enlarge makes the first chunk twice as large, or as large as n needs.
func (r *Record) enlarge(n int) error {
	length := max(firstLen, 2*r.room)
	for length < min(n, ChunkLen) {
		length *= 2
	}
	size := r.stride()
	if err := r.budget.Reserve(int64(size * length)); err != nil {
		return err
	}
	chunk := make([]uint64, size*length/8)
	if r.room > 0 {
		copy(chunk, unsafe.Slice((*uint64)(r.chunks[0]), size*r.room/8))
		r.budget.Release(r.bytes)
	}
	r.chunks = append(r.chunks[:0], unsafe.Pointer(unsafe.SliceData(chunk)))
	r.room, r.bytes = length, int64(size*length)
	return nil
}

// extend adds chunks that lie together, as a slab does.
func (r *Record) extend() error {
	size := r.stride() * ChunkLen
	chunks := max(1, min(len(r.chunks)/4, maxRun/size))
	if chunks > 1 && !r.budget.TryReserve(int64(size*chunks)) {
		chunks = 1
	}
	if chunks == 1 {
		if err := r.budget.Reserve(int64(size)); err != nil {
			return err
		}
	}
	run := make([]uint64, chunks*size/8)
	advise(r.budget, unsafe.Pointer(unsafe.SliceData(run)), size*chunks)
	for i := range chunks {
		r.chunks = append(r.chunks, unsafe.Pointer(&run[i*size/8]))
	}
	r.bytes += int64(size * chunks)
	r.room += chunks * ChunkLen
	return nil
}

// Free gives all memory back; the fields must not be used any more.
func (r *Record) Free() {
	r.budget.Release(r.bytes)
	r.chunks, r.room, r.bytes = nil, 0, 0
}

// growRecord is Grow of a field.
func (s *Slab[T]) growRecord(n int) error {
	if err := s.record.grow(n); err != nil {
		return err
	}
	s.chunks, s.stride = s.record.chunks, uintptr(s.record.stride())
	s.len = max(s.len, n)
	return nil
}
