package keyed_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// TestKeysAreStoredUnderTheirHashes: keys of any types lie in the store under the hashes that they were put in with, in the key groups of other hashes, too, and those that are deleted are found there again.
func TestKeysAreStoredUnderTheirHashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pool := &batch.Pool{}
		b := drawKeys(t, pool, 3)
		b.Sel, b.Len = nil, b.Cols[0].Len()
		table := keyed.NewTable(pool, typesOf(b), "keys", limit.New("test", 0))
		defer table.Free()
		table.SetValues(keyed.Values{Append: func(dst []byte, _ uint32) []byte { return append(dst, 'v') }})
		table.Keep(keyed.Home{To: math.MaxUint64})
		hashes, slots := slices.Clone(keyed.NewHasher(ordinals(b)).Hash(b)), make([]uint32, b.Len)
		if len(b.Cols) > 1 && rapid.Bool().Draw(t, "placed") {
			keyed.Place(hashes, keyed.NewHasher([]int{0}).Hash(b))
		}
		if _, err := table.Upsert(hashes, b.Cols, nil, slots); err != nil {
			t.Fatal(err)
		}
		want := map[uint32]uint64{}
		for i, slot := range slots {
			want[slot] = hashes[i]
		}
		kept := store.NewMemory()
		check := func(what string) {
			var left, have []uint64
			for _, hash := range want {
				left = append(left, hash)
			}
			if err := seal(t, table, kept); err != nil {
				t.Fatal(err)
			}
			if err := kept.Reader().Scan(store.Space{}, 0, math.MaxUint64, func(_ int64, hash uint64, _, _ []byte) error {
				have = append(have, hash)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			slices.Sort(left)
			slices.Sort(have)
			if !slices.Equal(left, have) {
				t.Fatalf("%s, keys of %v: stored under %x, put in with %x", what, typesOf(b), have, left)
			}
		}
		check("all")
		for slot := range want {
			if slot%2 == 0 {
				delete(want, slot)
				if err := table.Delete(slot); err != nil {
					t.Fatal(err)
				}
			}
		}
		check("some deleted")
	})
}

// seal ends an epoch of a table, whose changes go to kept, as a log or not.
func seal(t *rapid.T, table *keyed.Table, kept *store.Memory) error {
	var c store.Changes
	c.Log(rapid.Int64Range(0, 1).Draw(t, "logged"))
	table.Seal()
	for more := true; more; {
		var err error
		if more, err = table.Drain(&c, 100); err != nil {
			return fmt.Errorf("drain: %w", err)
		}
	}
	return kept.Apply(t.Context(), []*store.Changes{&c})
}
