package aggregate_test

import (
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/batch"
)

// TestGroupsAreSeparate: rows may be given group by group where each has one; with several sets, or without keys, they keep their order.
func TestGroupsAreSeparate(t *testing.T) {
	in := optest.Make(types(), row(1, 1), row(2, 2), row(1, 3))
	of := func(keys []int, sets [][]int) []uint64 {
		config := aggregate.Config{Name: "aggregate 1", Types: types(), Keys: keys, Sets: sets, Changes: true, Calls: []aggregate.Call{call(t, "count")}}
		return aggregate.New(&batch.Pool{}, limit.New("test", 0), config).Separate(0, in)
	}
	if hashes := of([]int{keyInt}, nil); len(hashes) != 3 || hashes[0] != hashes[2] || hashes[0] == hashes[1] {
		t.Errorf("rows of two groups have the hashes %x", hashes)
	}
	if hashes := of([]int{keyInt}, [][]int{{0}, {}}); hashes != nil {
		t.Errorf("rows of two sets have the hashes %x", hashes)
	}
	if hashes := of(nil, nil); hashes != nil {
		t.Errorf("rows without keys have the hashes %x", hashes)
	}
}
