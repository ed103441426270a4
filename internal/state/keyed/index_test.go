package keyed

import (
	"slices"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestAnIndexDoesNotCrowd: keys that come in the order of their hashes, as those from a store do, stand near their homes while only some have come.
func TestAnIndexDoesNotCrowd(t *testing.T) {
	const keys, part = 64_000, 8
	pool := &batch.Pool{}
	table := NewTable(pool, []schema.Type{schema.Of(schema.Int64)}, "numbers", limit.New("test", limit.Unlimited))
	col := batch.NewColumn(pool, schema.Of(schema.Int64))
	col.Reset(1)
	type key struct {
		hash   uint64
		number int64
	}
	all := make([]key, keys)
	hasher := NewHasher([]int{0})
	for i := range all {
		col.Int64s()[0] = int64(i)
		all[i] = key{hasher.Hash(&batch.Batch{Cols: []*batch.Column{col}, Len: 1})[0] << 8 >> 8, int64(i)} // of one key group
	}
	slices.SortFunc(all, func(a, b key) int {
		if a.hash < b.hash {
			return -1
		}
		return 1
	})
	for _, k := range all[:keys/part] {
		col.Int64s()[0] = k.number
		if _, err := table.Upsert([]uint64{k.hash}, []*batch.Column{col}, nil, make([]uint32, 1)); err != nil {
			t.Fatal(err)
		}
	}
	h, far := &table.heads[0], 0
	for at := range uint32(h.size()) { //nolint:gosec // at most 2^32
		if e := *h.place(at); e != 0 {
			far += int((at - h.home(uint32(e>>tagBits))) & uint32(h.size()-1)) //nolint:gosec // a tag
		}
	}
	if mean := float64(far) / float64(keys/part); mean > 4 {
		t.Errorf("keys stand %.1f places from their homes", mean)
	}
}
