package memory_test

import (
	"errors"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/foundation/memory"
)

func TestBlocksAreZeroAndApart(t *testing.T) {
	budget := limit.New("test", 0)
	b := memory.NewBlocks(budget)
	var lent []*[memory.BlockLen]uint64
	for i := range 300 {
		block, err := b.Get()
		if err != nil {
			t.Fatal(err)
		}
		for at, w := range block {
			if w != 0 {
				t.Fatalf("word %d of block %d is %d", at, i, w)
			}
			block[at] = uint64(i)
		}
		if lent = append(lent, block); i%3 == 0 {
			b.Put(lent[0])
			lent = lent[1:]
		}
	}
	for i, block := range lent {
		for _, w := range block {
			if w != block[0] {
				t.Fatalf("block %d was changed by others", i)
			}
		}
	}
	if b.Bytes() != budget.Used() || b.Bytes() < int64(len(lent))*memory.BlockLen*8 {
		t.Fatalf("%d bytes for %d blocks, %d reserved", b.Bytes(), len(lent), budget.Used())
	}
	b.Free()
	if budget.Used() != 0 {
		t.Fatalf("%d bytes are still reserved", budget.Used())
	}
}

// TestRunsGiveWay checks that a budget with room for one block, but not for a run of them, gives one.
func TestRunsGiveWay(t *testing.T) {
	const size = memory.BlockLen * 8
	b := memory.NewBlocks(limit.New("test", 17*size))
	n := 0
	var full *limit.ExceededError
	for {
		if _, err := b.Get(); err != nil {
			if !errors.As(err, &full) {
				t.Fatal(err)
			}
			break
		}
		n++
	}
	if n != 17 {
		t.Errorf("%d blocks within the room of 17", n)
	}
	s := memory.NewSlab[uint64](limit.New("test", 17*8*memory.ChunkLen))
	for n = 0; s.Grow((n+1)*memory.ChunkLen) == nil; n++ {
	}
	if n != 17 {
		t.Errorf("%d chunks within the room of 17", n)
	}
}
