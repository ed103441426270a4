package keyed

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// plainColumns are columns of every plain kind but the last, which is text again: values of all lengths around those that are copied in their own way, some of them NULL where nulls says so.
func plainColumns(random *rand.Rand, pool *batch.Pool, n int, nulls bool) (types []schema.Type, cols []*batch.Column) {
	kinds := []schema.Kind{
		schema.Text, schema.Int64, schema.Bool, schema.Int16, schema.Bytes, schema.Int32, schema.Date, schema.UUID, schema.Timestamp, schema.JSONB, schema.Text,
	}
	for _, kind := range kinds {
		c := batch.NewColumn(pool, schema.Of(kind))
		c.Reset(n)
		for i := range n {
			switch {
			case nulls && random.IntN(3) == 0:
				c.PutNull(i)
			case kind == schema.Bool:
				c.Bits().Put(i, random.IntN(2) == 0)
			case kind.IsVariable():
				text := make([]byte, random.IntN([]int{5, 20, 80, 140, 500}[random.IntN(5)]))
				if i == 0 {
					text = make([]byte, 20_000)
				}
				for k := range text {
					text[k] = byte(random.Uint32())
				}
				c.SetBytes(i, text)
			case kind.Width() == 2:
				c.Int16s()[i] = int16(random.Uint32())
			case kind.Width() == 4:
				c.Int32s()[i] = int32(random.Uint32())
			case kind.Width() == 8:
				c.Int64s()[i] = random.Int64()
			default:
				for k := range c.UUIDs()[i] {
					c.UUIDs()[i][k] = byte(random.Uint32())
				}
			}
		}
		types, cols = append(types, schema.Of(kind)), append(cols, c)
	}
	return types, cols
}

// written are entries as text, in the order of keys.
func written(t *testing.T, c *store.Changes) (all []string) {
	t.Helper()
	var sorted store.Sorted
	sorted.Sort([]*store.Changes{c})
	for shard := range store.Shards {
		err := sorted.Each(shard, func(entries []store.Entry) error {
			for _, e := range entries {
				all = append(all, fmt.Sprintf("%v %d %x %x = %x", e.Space, e.Slice, e.Hash, e.Key, e.Value))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestPlainRowsAreWrittenAsOthers compares rows that are written column by column with the same ones written value by value.
func TestPlainRowsAreWrittenAsOthers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, nulls := range []bool{false, true} {
		for _, label := range []string{"", "label"} {
			pool, n := &batch.Pool{}, batch.MaxRows
			types, cols := plainColumns(random, pool, n, nulls)
			r := NewRows(pool, types, 0, "test", limit.New("test", limit.Unlimited))
			r.SetSlice(3, []byte(label))
			r.Keep(Home{Space: store.Space{Operator: 1}, To: math.MaxUint64})
			if !r.plain {
				t.Fatal("the rows are not plain")
			}
			hashes, ids := make([]uint64, n), make([]uint32, n)
			all := make([]uint32, 0, 3*n)
			cols[5] = nil // nothing reads it
			for range 3 {
				for i := range hashes {
					hashes[i] = random.Uint64()
				}
				if err := r.Append(cols, hashes, nil, ids); err != nil {
					t.Fatal(err)
				}
				for _, id := range ids {
					*r.Mark(id) = uint8(random.Uint32())
				}
				all = append(all, ids...)
			}
			random.Shuffle(len(all), func(i, j int) {
				if random.IntN(4) == 0 {
					all[i], all[j] = all[j], all[i]
				}
			})
			var plain, each store.Changes
			r.writeEntries(&plain, all)
			r.writeEach(&each, all)
			got, want := written(t, &plain), written(t, &each)
			if len(got) != len(all) || len(want) != len(all) || plain.Bytes() != each.Bytes() || plain.Held() != each.Held() {
				t.Fatalf("%d and %d entries of %d, %d and %d bytes", len(got), len(want), len(all), plain.Bytes(), each.Bytes())
			}
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("NULLs %v: entry %d is\n%.300s\nand not\n%.300s", nulls, i, got[i], want[i])
				}
			}
		}
	}
}
