package memory_test

import (
	"errors"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/foundation/memory"
)

// TestFieldsAreApart: what is written to a field is found there as the record grows, and nowhere else; all of it is reserved and given back.
func TestFieldsAreApart(t *testing.T) {
	budget := limit.New("test", 0)
	r := memory.NewRecord(budget)
	small := memory.Field[uint8](r)
	wide := memory.Field[[3]int64](r)
	word := memory.Field[uint32](r)
	for n := 1; n < 5*memory.ChunkLen; n = n*3/2 + 1 {
		for _, grow := range []func(int) error{small.Grow, wide.Grow, word.Grow} {
			if err := grow(n); err != nil {
				t.Fatal(err)
			}
		}
		i := uint32(n - 1)
		if *small.At(i) != 0 || *wide.At(i) != [3]int64{} || *word.At(i) != 0 {
			t.Fatalf("entry %d is not empty", i)
		}
		*small.At(i), *wide.At(i), *word.At(i) = uint8(n), [3]int64{int64(n), -int64(n), 7}, uint32(n)*5
		for k := 1; k <= n; k = k*3/2 + 1 {
			i := uint32(k - 1)
			if *small.At(i) != uint8(k) || *wide.At(i) != [3]int64{int64(k), -int64(k), 7} || *word.At(i) != uint32(k)*5 {
				t.Fatalf("entry %d of %d is %d, %d, %d", i, n, *small.At(i), *wide.At(i), *word.At(i))
			}
		}
		if r.Bytes() != budget.Used() || r.Bytes() < int64(n)*(1+24+4) || small.Bytes()+wide.Bytes()+word.Bytes() != 0 {
			t.Fatalf("%d bytes for %d entries, %d reserved", r.Bytes(), n, budget.Used())
		}
	}
	wide.Free()
	r.Free()
	if budget.Used() != 0 {
		t.Errorf("%d bytes are still reserved", budget.Used())
	}
}

// TestRecordsAreRefused: a record stops where the budget does.
func TestRecordsAreRefused(t *testing.T) {
	r := memory.NewRecord(limit.New("test", 16*17*memory.ChunkLen))
	a, b := memory.Field[int64](r), memory.Field[int64](r)
	n := 0
	for ; ; n++ {
		err := errors.Join(a.Grow((n+1)*memory.ChunkLen), b.Grow((n+1)*memory.ChunkLen))
		if full := (*limit.ExceededError)(nil); errors.As(err, &full) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if n != 17 {
		t.Errorf("%d chunks within the room of 17", n)
	}
}
