package keyed_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// TestRowsAreDeleted puts rows in and takes some out, over and over: those that stay are as they were, and the numbers of others are used again.
func TestRowsAreDeleted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var pool batch.Pool
		budget := limit.New("test", 0)
		source := sdktest.Values{}.DrawBatch(t, &pool, sdktest.DrawSchema(t, sdktest.Types()), rapid.IntRange(1, 40).Draw(t, "rows"))
		types, texts := typesOf(source), sdktest.Rows(source)
		store := keyed.NewRows(&pool, types, 1, "join", budget)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		grouped := rapid.Bool().Draw(t, "grouped")
		type kept struct {
			source int
			group  uint8
		}
		model, highest := map[uint32]kept{}, uint32(0)
		for range rapid.IntRange(2, 6).Draw(t, "rounds") {
			n := random.IntN(1500)
			rows, ids := make([]uint16, n), make([]uint32, n)
			var hashes []uint64
			for i := range rows {
				rows[i] = uint16(random.IntN(source.Len))
				if grouped {
					hashes = append(hashes, uint64(random.IntN(3))<<56)
				}
			}
			if n > 0 {
				if err := store.Append(source.Cols, hashes, rows, ids); err != nil {
					t.Fatal(err)
				}
			}
			for i, id := range ids {
				if _, there := model[id]; there {
					t.Fatalf("row %d is given twice", id)
				}
				if *store.Link(id, 0) != keyed.NoRow || *store.Mark(id) != 0 {
					t.Fatalf("row %d has the link and the mark of another", id)
				}
				*store.Link(id, 0), *store.Mark(id) = id, 1
				k := kept{source: int(rows[i])}
				if grouped {
					k.group = uint8(hashes[i] >> 56)
				}
				model[id], highest = k, max(highest, id)
			}
			var gone []uint32
			share := random.IntN(101)
			for _, id := range sortedKeys(model) {
				if random.IntN(100) < share {
					gone = append(gone, id)
					delete(model, id)
				}
			}
			if err := store.Delete(gone); err != nil {
				t.Fatal(err)
			}
			ids = sortedKeys(model)
			slices.SortStableFunc(ids, func(a, b uint32) int { return int(model[a].group) - int(model[b].group) })
			var c keyed.Cursor
			walked := make([]uint32, len(ids)+1)
			if m := store.Scan(&c, walked); m != len(ids) || store.Len() != m || !slices.Equal(walked[:m], ids) {
				t.Fatalf("a walk gives %d rows of %d, want %d", m, store.Len(), len(ids))
			}
			for at := 0; at < len(ids); at += batch.MaxRows {
				part := ids[at:min(at+batch.MaxRows, len(ids))]
				for i, text := range gather(store, &pool, types, part) {
					if want := texts[model[part[i]].source]; text != want {
						t.Fatalf("row %d is %s, want %s", part[i], text, want)
					}
				}
			}
			if budget.Used() != store.Bytes() {
				t.Fatalf("%d bytes reserved, %d in use", budget.Used(), store.Bytes())
			}
		}
		if highest > 2*4096 {
			t.Fatalf("numbers of deleted rows are not used again: %d", highest)
		}
		restored := keyed.NewRows(&pool, types, 1, "join", budget)
		for g := range keyed.Groups {
			if data, err := store.Snapshot(uint8(g)); err != nil {
				t.Fatal(err)
			} else if data != nil {
				if err := restored.Restore(uint8(g), data); err != nil {
					t.Fatal(err)
				}
			}
		}
		if restored.Len() != store.Len() {
			t.Fatalf("%d rows restored of %d", restored.Len(), store.Len())
		}
		store.Free()
		restored.Free()
		if budget.Used() != 0 {
			t.Fatalf("%d bytes are still reserved", budget.Used())
		}
	})
}

func sortedKeys[V any](m map[uint32]V) []uint32 {
	keys := make([]uint32, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// TestTextOfDeletedRowsIsGivenUp replaces a row of long text many times: memory stays.
func TestTextOfDeletedRowsIsGivenUp(t *testing.T) {
	var pool batch.Pool
	budget := limit.New("test", 0)
	types := []schema.Type{schema.Of(schema.Text)}
	store := keyed.NewRows(&pool, types, 0, "join", budget)
	cols := newColumns(&pool, types)
	peak := int64(0)
	for round := range 2000 {
		cols[0].Reset(100)
		for i := range 100 {
			cols[0].SetBytes(i, []byte(strings.Repeat("x", 100+round%50)))
		}
		ids := make([]uint32, 100)
		if err := store.Append(cols, nil, nil, ids); err != nil {
			t.Fatal(err)
		}
		if err := store.Delete(ids[min(1, max(1-round, 0)):]); err != nil {
			t.Fatal(err)
		}
		if round == 500 {
			peak = store.Bytes()
		}
	}
	if store.Len() != 1 || store.Bytes() > peak+peak/2 {
		t.Fatalf("%d rows take %d bytes, %d at first", store.Len(), store.Bytes(), peak)
	}
}
