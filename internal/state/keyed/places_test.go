package keyed_test

import (
	"errors"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

func TestPlacesMakesNewKeysEmpty(t *testing.T) {
	pool, budget := &batch.Pool{}, limit.New("test", limit.Unlimited)
	table := keyed.NewTable(pool, []schema.Type{schema.Of(schema.Int64)}, "test", budget)
	slab := keyed.NewSlab[int](budget)
	column := batch.NewColumn(pool, schema.Of(schema.Int64))
	find := func(values ...int64) []uint32 {
		column.Reset(len(values))
		copy(column.Int64s(), values)
		in := &batch.Batch{Cols: []*batch.Column{column}, Len: len(values)}
		slots := make([]uint32, len(values))
		if err := keyed.Places(table, keyed.NewHasher([]int{0}).Hash(in), in.Cols, nil, slots, slab, 7); err != nil {
			t.Fatal(err)
		}
		return slots
	}
	first := find(1, 2, 1)
	if first[0] != first[2] || first[0] == first[1] || *slab.At(first[0]) != 7 || *slab.At(first[1]) != 7 {
		t.Error(first)
	}
	*slab.At(first[0]) = 1
	if again := find(1, 3); again[0] != first[0] || *slab.At(again[0]) != 1 || *slab.At(again[1]) != 7 {
		t.Error("a key that is there is not kept, or a new one not empty")
	}
}

func TestPlacesWithoutATable(t *testing.T) {
	slab, slots := keyed.NewSlab[int](limit.New("test", limit.Unlimited)), []uint32{5, 6}
	for range 2 {
		if err := keyed.Places(nil, nil, nil, nil, slots, slab, 7); err != nil || slots[0] != 0 || slots[1] != 0 {
			t.Fatal(err, slots)
		}
		if *slab.At(0)++; *slab.At(0) < 8 {
			t.Error(*slab.At(0))
		}
	}
	if *slab.At(0) != 9 {
		t.Error("the key was made empty twice")
	}
	var full *limit.ExceededError
	if err := keyed.Places(nil, nil, nil, nil, slots, keyed.NewSlab[int](limit.New("test", 1)), 7); !errors.As(err, &full) {
		t.Error(err)
	}
}
