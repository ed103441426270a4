package keyed_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// restoredBytes is about how many bytes of keys and values are admitted at once.
const restoredBytes = 1 << 20

// BenchmarkTableRestore says what it costs, in CPU time, to put stored keys back in a table, as a restore does and a load of what has left memory: keys of a number or two, or of a text of some 20 bytes, with a count. Entries are read already.
func BenchmarkTableRestore(b *testing.B) {
	for name, kinds := range map[string][]schema.Kind{"number": {schema.Int64}, "numbers": {schema.Int64, schema.Int64}, "text": {schema.Text}, "number-text": {schema.Int64, schema.Text}} {
		for _, keys := range []int{100_000, 1_000_000} {
			b.Run(fmt.Sprint(name, "/", keys), func(b *testing.B) { restoredKeys(b, kinds, keys) })
		}
	}
}

// restored is a table of keys with counts, and the counts.
func restored(types []schema.Type) (*keyed.Table, *keyed.Slab[int64]) {
	budget := limit.New("bench", limit.Unlimited)
	t, counts := keyed.NewTable(&batch.Pool{}, types, "keys", budget), keyed.NewSlab[int64](budget)
	t.SetValues(keyed.Values{
		Append: func(dst []byte, slot uint32) []byte { return binary.AppendVarint(dst, *counts.At(slot)) },
		Restore: func(slot uint32, value []byte) error {
			if err := counts.Grow(t.Limit()); err != nil {
				return err
			}
			*counts.At(slot), _ = binary.Varint(value)
			return nil
		},
	})
	t.Keep(keyed.Home{To: math.MaxUint64})
	return t, counts
}

func restoredKeys(b *testing.B, kinds []schema.Kind, keys int) {
	var types []schema.Type
	var columns []int
	for i, kind := range kinds {
		types, columns = append(types, schema.Of(kind)), append(columns, i)
	}
	pieces := storedKeys(b, types, keyed.NewHasher(columns), keys)
	used := int64(0)
	for range b.N {
		t, counts := restored(types)
		began := int64(sdktest.Spent(b))
		for _, piece := range pieces {
			if err := t.Admit(piece); err != nil {
				b.Fatal(err)
			}
		}
		used += int64(sdktest.Spent(b)) - began
		if t.Len() != keys {
			b.Fatalf("%d keys, not %d", t.Len(), keys)
		}
		t.Free()
		counts.Free()
	}
	b.ReportMetric(float64(used)/float64(b.N*keys), "ns/entry")
}

// storedKeys returns the entries of so many keys in the order of their hashes, in pieces.
func storedKeys(b *testing.B, types []schema.Type, hasher *keyed.Hasher, keys int) (pieces []*keyed.Entries) {
	b.Helper()
	t, counts := restored(types)
	cols, slots := newColumns(&batch.Pool{}, types), make([]uint32, batch.MaxRows)
	for from := 0; from < keys; from += batch.MaxRows {
		n := min(batch.MaxRows, keys-from)
		numberKeys(cols, from, n)
		if _, err := t.Upsert(hasher.Hash(&batch.Batch{Cols: cols, Len: n}), cols, nil, slots[:n]); err != nil {
			b.Fatal(err)
		}
		if err := counts.Grow(t.Limit()); err != nil {
			b.Fatal(err)
		}
		for row, slot := range slots[:n] {
			*counts.At(slot) = int64(from + row)
		}
	}
	memory := store.NewMemory()
	changes := &store.Changes{}
	t.Seal()
	for more := true; more; {
		var err error
		if more, err = t.Drain(changes, math.MaxInt64); err != nil {
			b.Fatal(err)
		}
	}
	if err := memory.Apply(b.Context(), []*store.Changes{changes}); err != nil {
		b.Fatal(err)
	}
	e, size := &keyed.Entries{}, 0
	err := memory.Reader().Scan(store.Space{}, 0, math.MaxUint64, func(slice int64, hash uint64, key, value []byte) error {
		e.Slices, e.Hashes = append(e.Slices, slice), append(e.Hashes, hash)
		e.Keys, e.Values = append(e.Keys, bytes.Clone(key)), append(e.Values, bytes.Clone(value))
		if size += len(key) + len(value); size >= restoredBytes {
			pieces = append(pieces, e)
			e, size = &keyed.Entries{}, 0
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return append(pieces, e)
}
