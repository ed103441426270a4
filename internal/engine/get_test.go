package engine

import (
	"fmt"
	"math"
	"testing"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// place says which key groups keys have.
type place func(hasher *keyed.Hasher, b *batch.Batch) []uint64

// stored is a checkpoint with one table of keys n and "kn" for n from 0 to keys-1, in each of slices.
func stored(t *testing.T, keys int, slices []int64, place place) (*Kept, *Part, *batch.Batch) {
	t.Helper()
	pool, budget := &batch.Pool{}, limit.New("test", limit.Unlimited)
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)}
	b := &batch.Batch{Len: keys}
	for _, typ := range types {
		c := batch.NewColumn(pool, typ)
		c.Reset(keys)
		b.Cols = append(b.Cols, c)
	}
	for i := range keys {
		b.Cols[0].Int64s()[i] = int64(i)
		b.Cols[1].SetBytes(i, fmt.Appendf(nil, "k%d", i))
	}
	hashes := place(keyed.NewHasher([]int{0, 1}), b)
	kept := store.NewMemory()
	for _, slice := range slices {
		table := keyed.NewTable(pool, types, "test", budget)
		table.SetSlice(slice, nil)
		table.Keep(keyed.Home{Space: store.Space{Operator: 7, Table: 1}, To: math.MaxUint64})
		if _, err := table.Upsert(hashes, b.Cols, nil, make([]uint32, keys)); err != nil {
			t.Fatal(err)
		}
		table.Seal()
		changes := &store.Changes{}
		if _, err := table.Drain(changes, math.MaxInt64); err != nil {
			t.Fatal(err)
		}
		if err := kept.Apply(t.Context(), []*store.Changes{changes}); err != nil {
			t.Fatal(err)
		}
	}
	k := &Kept{Manifest: &flow.Manifest{States: map[string]flow.StateRecord{"step": {Number: 7}}}, store: kept}
	return k, &Part{Table: Table{Step: "step"}, Number: 1, Known: true, Shape: keyed.Shape{Columns: types, Slice: keyed.SliceNumber}}, b
}

// one is row i of b.
func one(b *batch.Batch, i int) *batch.Batch {
	return &batch.Batch{Len: b.Len, Cols: b.Cols, Sel: []uint16{uint16(i)}} //nolint:gosec // below batch.MaxRows
}

// TestGetReadsOneKey finds each key in all slices, reading nothing else, however keys are given to key groups; where the hash is another one it says so.
func TestGetReadsOneKey(t *testing.T) {
	places := map[string]place{
		"by the key": func(h *keyed.Hasher, b *batch.Batch) []uint64 { return h.Hash(b) },
		"by a column": func(h *keyed.Hasher, b *batch.Batch) []uint64 {
			hashes := h.Hash(b)
			keyed.Place(hashes, keyed.NewHasher([]int{0}).Hash(b))
			return hashes
		},
		"by something else": func(_ *keyed.Hasher, b *batch.Batch) []uint64 { return keyed.NewHasher([]int{1}).Hash(b) },
	}
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			for _, keys := range []int{1, 3, 2000} {
				slices := []int64{-5, 0, 9}
				k, part, all := stored(t, keys, slices, place)
				for i := 0; i < keys; i += 97 {
					var got []int64
					ok, err := k.Get(t.Context(), part, one(all, i), func(slice int64, _ uint64, _, _ []byte) error {
						got = append(got, slice)
						return nil
					})
					switch {
					case err != nil:
						t.Fatal(err)
					case ok != (name != "by something else"):
						t.Fatalf("%d keys: a key tells where its entries are: %t", keys, ok)
					case ok && fmt.Sprint(got) != fmt.Sprint(slices):
						t.Errorf("%d keys: entries of key %d in slices %v", keys, i, got)
					case !ok && len(got) > 0:
						t.Errorf("%d entries are given all the same", len(got))
					}
				}
			}
		})
	}
}

// TestGetFindsNothing where the key is not there.
func TestGetFindsNothing(t *testing.T) {
	k, part, all := stored(t, 20, []int64{0}, func(h *keyed.Hasher, b *batch.Batch) []uint64 { return h.Hash(b) })
	all.Cols[0].Int64s()[3] = 99
	all.Cols[1].PutNull(4)
	for _, i := range []int{3, 4} {
		ok, err := k.Get(t.Context(), part, one(all, i), func(int64, uint64, []byte, []byte) error {
			t.Error("something is given")
			return nil
		})
		if !ok || err != nil {
			t.Error(ok, err)
		}
	}
}
