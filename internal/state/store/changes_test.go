package store_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/state/store"
)

// Many entries put at once are the same changes as one after another, whatever their sizes.
func TestPutManyIsPut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var many, each store.Changes
		logged := rapid.Int64Range(0, 1).Draw(t, "logged")
		many.Log(logged)
		each.Log(logged)
		for range rapid.IntRange(1, 4).Draw(t, "calls") {
			space := store.Space{Operator: uint16(rapid.IntRange(0, 1).Draw(t, "operator"))}
			var hashes []uint64
			var keys, values store.Pieces
			random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
			for range rapid.SampledFrom([]int{0, 1, 40, 5000}).Draw(t, "entries") {
				hash := random.Uint64()
				key := binary.BigEndian.AppendUint64(nil, random.Uint64())[:random.IntN(9)]
				value := bytes.Repeat([]byte{byte(len(hashes))}, random.IntN(20))
				if random.IntN(200) == 0 {
					value = make([]byte, 20<<10) // a chunk of its own
				}
				hashes, keys.Data, values.Data = append(hashes, hash), append(keys.Data, key...), append(values.Data, value...)
				keys.End()
				values.End()
				each.Put(space, 3, hash, key, value)
			}
			many.PutMany(space, 3, hashes, &keys, &values)
		}
		if many.Len() != each.Len() || many.Bytes() != each.Bytes() || logged == 0 && many.Held() != each.Held() {
			t.Fatalf("%d entries of %d bytes (%d held), one by one %d of %d (%d)", many.Len(), many.Bytes(), many.Held(), each.Len(), each.Bytes(), each.Held())
		}
		if got, want := sortedEntries(&many), sortedEntries(&each); !slices.EqualFunc(got, want, func(a, b store.Entry) bool {
			return a.Space == b.Space && a.Slice == b.Slice && a.Hash == b.Hash && bytes.Equal(a.Key, b.Key) && bytes.Equal(a.Value, b.Value)
		}) {
			t.Fatalf("other entries than one by one")
		}
	})
}

// An entry that is too large is refused, and the others are put.
func TestPutManyRefusesWhatIsTooLarge(t *testing.T) {
	for _, form := range []int64{0, 1} {
		var c store.Changes
		c.Log(form)
		keys := store.Pieces{Data: make([]byte, store.MaxKey+2), Ends: []int{1, store.MaxKey + 2}}
		values := store.Pieces{Data: []byte("ab"), Ends: []int{1, 2}}
		c.PutMany(store.Space{}, 0, []uint64{1, 2}, &keys, &values)
		var large *store.TooLargeError
		if err := c.Err(); !errors.As(err, &large) || large.KeyBytes != store.MaxKey+1 || c.Len() != 1 {
			t.Fatalf("in the form of a log %v: %v, with %d entries", form > 0, err, c.Len())
		}
	}
}

// sortedEntries are the entries of changes in the order of keys.
func sortedEntries(c *store.Changes) (all []store.Entry) {
	var s store.Sorted
	s.Sort([]*store.Changes{c})
	for shard := range store.Shards {
		_ = s.Each(shard, func(entries []store.Entry) error {
			for _, e := range entries {
				e.Key, e.Value = bytes.Clone(e.Key), bytes.Clone(e.Value)
				all = append(all, e)
			}
			return nil
		})
	}
	return all
}
