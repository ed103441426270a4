package memory_test

import (
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/foundation/memory"
)

func TestSlabKeepsEntriesAsItGrows(t *testing.T) {
	budget := limit.New("test", 0)
	s := memory.NewSlab[[3]uint32](budget)
	n := 0
	for _, to := range []int{1, 2, 63, 64, 65, 500, memory.ChunkLen, memory.ChunkLen + 1, 5 * memory.ChunkLen, 3} {
		if err := s.Grow(to); err != nil {
			t.Fatal(err)
		}
		for ; n < to; n++ {
			if *s.At(uint32(n)) != ([3]uint32{}) {
				t.Fatalf("entry %d is %v at first", n, *s.At(uint32(n)))
			}
			s.At(uint32(n))[1] = uint32(n)
		}
		for i := range n {
			if got := s.At(uint32(i))[1]; got != uint32(i) {
				t.Fatalf("after growing to %d entry %d is %d", to, i, got)
			}
			if part := s.Part(uint32(i)); part[0][1] != uint32(i) || len(part) != min(n-i, memory.ChunkLen-i%memory.ChunkLen) {
				t.Fatalf("after growing to %d the part from %d on has %d entries, the first is %d", to, i, len(part), part[0][1])
			}
		}
		if s.Len() != n || budget.Used() != s.Bytes() || s.Bytes() < int64(n)*12 {
			t.Fatalf("%d entries, %d bytes, %d reserved", s.Len(), s.Bytes(), budget.Used())
		}
	}
	s.Free()
	if s.Len() != 0 || s.Bytes() != 0 || budget.Used() != 0 {
		t.Fatalf("after Free: %d entries, %d bytes, %d reserved", s.Len(), s.Bytes(), budget.Used())
	}
	if err := s.Grow(1); err != nil || s.At(0)[1] != 0 {
		t.Fatalf("after Free entry 0 is %v, %v", *s.At(0), err)
	}
}

func TestSlabObeysItsBudget(t *testing.T) {
	s := memory.NewSlab[uint64](limit.New("test", memory.ChunkLen*8))
	if err := s.Grow(memory.ChunkLen + 1); err == nil {
		t.Fatal("two chunks fit into one")
	}
	if s.Len() > memory.ChunkLen {
		t.Fatalf("%d entries after a refusal", s.Len())
	}
}

func TestNilSlab(t *testing.T) {
	var s *memory.Slab[byte]
	s.Free()
	if s.Bytes() != 0 {
		t.Fatal("a nil slab has bytes")
	}
}

func TestSlabRefusesPointers(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a slab of strings was made")
		}
	}()
	memory.NewSlab[struct {
		a int
		b [2]string
	}](limit.New("test", 0))
}
