package keyed_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// gather prints the rows of a store.
func gather(r *keyed.Rows, pool *batch.Pool, types []schema.Type, ids []uint32) []string {
	out := newColumns(pool, types)
	r.Gather(ids, out)
	return sdktest.Rows(&batch.Batch{Cols: out, Len: len(ids)})
}

func TestRowsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var pool batch.Pool
		budget := limit.New("test", 0)
		s := sdktest.DrawSchema(t, sdktest.Types())
		source := sdktest.Values{}.DrawBatch(t, &pool, s, rapid.IntRange(1, 40).Draw(t, "rows"))
		types, texts := typesOf(source), sdktest.Rows(source)
		store := keyed.NewRows(&pool, types, 2, "join", budget)
		grouped := rapid.Bool().Draw(t, "grouped")
		type kept struct {
			id    uint32
			text  string
			group uint8
		}
		var model []kept
		for range rapid.IntRange(1, 8).Draw(t, "calls") {
			rows := rapid.SliceOfN(rapid.Uint16Range(0, uint16(source.Len-1)), 0, 50).Draw(t, "picked")
			ids := make([]uint32, len(rows))
			var hashes []uint64
			if grouped {
				hashes = rapid.SliceOfN(rapid.Map(rapid.Uint64Range(0, 3), func(g uint64) uint64 { return g << 56 }), len(rows), len(rows)).Draw(t, "hashes")
			}
			if err := store.Append(source.Cols, hashes, rows, ids); err != nil {
				t.Fatal(err)
			}
			for i, id := range ids {
				k := kept{id: id, text: texts[rows[i]]}
				if grouped {
					k.group = uint8(hashes[i] >> 56)
				}
				model = append(model, k)
			}
		}
		slices.SortStableFunc(model, func(a, b kept) int { return int(a.group) - int(b.group) })
		check := func(store *keyed.Rows) []uint32 {
			var all []uint32
			step := make([]uint32, rapid.IntRange(1, 30).Draw(t, "step"))
			var c keyed.Cursor
			for n := store.Scan(&c, step); n > 0; n = store.Scan(&c, step) {
				all = append(all, step[:n]...)
			}
			if len(all) != len(model) || store.Len() != len(model) {
				t.Fatalf("a walk gives %d rows of %d, want %d", len(all), store.Len(), len(model))
			}
			for i, text := range gather(store, &pool, types, all) {
				if text != model[i].text || store.GroupOf(all[i]) != model[i].group {
					t.Fatalf("row %d is %s of group %d, want %+v", i, text, store.GroupOf(all[i]), model[i])
				}
			}
			return all
		}
		all := check(store)
		for i, id := range all {
			if id != model[i].id {
				t.Fatalf("row %d is number %d, and was %d", i, id, model[i].id)
			}
			*store.Mark(id) = uint8(i)
			if i > 0 && model[i-1].group == model[i].group {
				*store.Link(id, 0) = all[i-1]
			}
		}
		restored := keyed.NewRows(&pool, types, 2, "join", budget)
		for g := range keyed.Groups {
			data, err := store.Snapshot(uint8(g))
			if err != nil {
				t.Fatal(err)
			}
			if data == nil {
				continue
			}
			if err := restored.Restore(uint8(g), data); err != nil {
				t.Fatal(err)
			}
		}
		for i, id := range check(restored) {
			if *restored.Mark(id) != uint8(i) || *restored.Link(id, 1) != keyed.NoRow {
				t.Fatalf("row %d has mark %d and link %d", i, *restored.Mark(id), *restored.Link(id, 1))
			}
			want := keyed.NoRow
			if i > 0 && model[i-1].group == model[i].group {
				want = restored.At(model[i].group, restored.Ordinal(id)-1)
			}
			if *restored.Link(id, 0) != want {
				t.Fatalf("row %d is linked to %d, want %d", i, *restored.Link(id, 0), want)
			}
		}
		if budget.Used() != store.Bytes()+restored.Bytes() {
			t.Fatalf("%d bytes reserved, %d and %d in use", budget.Used(), store.Bytes(), restored.Bytes())
		}
		store.Free()
		restored.Free()
		if budget.Used() != 0 {
			t.Fatalf("%d bytes are still reserved", budget.Used())
		}
	})
}

func TestSortIsStableAndAgreesWithCompare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var pool batch.Pool
		s := sdktest.DrawSchema(t, sdktest.Types())
		source := sdktest.Values{}.DrawBatch(t, &pool, s, rapid.IntRange(1, 30).Draw(t, "rows"))
		var keys []keyed.Key
		for range rapid.IntRange(0, 4).Draw(t, "keys") {
			keys = append(keys, keyed.Key{
				Column: rapid.IntRange(0, len(s.Fields)-1).Draw(t, "column"),
				Desc:   rapid.Bool().Draw(t, "desc"), NullsFirst: rapid.Bool().Draw(t, "nulls first"),
			})
		}
		order := keyed.NewOrder(typesOf(source), keys)
		store := keyed.NewRows(&pool, typesOf(source), 0, "sort", limit.New("test", 0))
		rows := rapid.SliceOfN(rapid.Uint16Range(0, uint16(source.Len-1)), 0, 80).Draw(t, "picked")
		ids := make([]uint32, len(rows))
		if err := store.Append(source.Cols, nil, rows, ids); err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(ids)
		slices.SortStableFunc(want, func(a, b uint32) int { return order.CompareIDs(store, a, b) })
		if err := order.Sort(store, ids); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(ids, want) {
			t.Fatalf("sorted %v, want %v", ids, want)
		}
		prefixes := make([]keyed.Prefix, source.Len)
		order.Prefixes(source.Cols, nil, prefixes)
		for i, p := range prefixes {
			for j, q := range prefixes {
				c := order.Compare(source.Cols, i, source.Cols, j)
				if p.Less(q) && c >= 0 || p == q && order.Exact() && c != 0 {
					t.Fatalf("rows %d and %d compare as %d, prefixes %x and %x", i, j, c, p, q)
				}
				if c != -order.Compare(source.Cols, j, source.Cols, i) {
					t.Fatalf("rows %d and %d compare alike both ways", i, j)
				}
			}
		}
	})
}
