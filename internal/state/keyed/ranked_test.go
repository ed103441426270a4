package keyed_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// lists are ranked lists and what they should be.
type lists struct {
	rows   *keyed.Rows
	ranked *keyed.Ranked
	order  *keyed.Order
	roots  []uint32
	model  [][]uint32
	value  map[uint32]int64
}

func (l *lists) insert(t *rapid.T, list int, values []int64) {
	types := []schema.Type{schema.Of(schema.Text)}
	cols := newColumns(&batch.Pool{}, types)
	cols[0].Reset(len(values))
	ids := make([]uint32, len(values))
	for i, v := range values {
		cols[0].SetBytes(i, longText(uint64(v)))
	}
	if err := l.rows.Append(cols, nil, nil, ids); err != nil {
		t.Fatal(err)
	}
	prefixes := make([]keyed.Prefix, len(values))
	l.order.Prefixes(cols, nil, prefixes)
	for i, id := range ids {
		l.value[id] = values[i]
		var err error
		if l.roots[list], err = l.ranked.Insert(l.roots[list], id, prefixes[i]); err != nil {
			t.Fatal(err)
		}
		at, _ := slices.BinarySearchFunc(l.model[list], values[i], func(other uint32, v int64) int {
			return cmp.Or(cmp.Compare(string(longText(uint64(l.value[other]))), string(longText(uint64(v)))), -1)
		})
		l.model[list] = slices.Insert(l.model[list], at, id)
		found, equal := l.ranked.Find(l.roots[list], cols, i, prefixes[i])
		if !equal || l.value[found] != values[i] {
			t.Fatalf("%d is not found", values[i])
		}
	}
}

func (l *lists) check(t *rapid.T, list int) {
	root, model := l.roots[list], l.model[list]
	if l.ranked.Len(root) != len(model) {
		t.Fatalf("a list has %d rows, want %d", l.ranked.Len(root), len(model))
	}
	previous := keyed.NoRow
	for i, id := range model {
		if l.ranked.At(root, i) != id || l.ranked.Place(id) != i || l.ranked.Previous(id) != previous || l.ranked.Root(id) != root {
			t.Fatalf("row %d is not at place %d", id, i)
		}
		if previous != keyed.NoRow && l.ranked.Next(previous) != id {
			t.Fatalf("row %d is not behind %d", id, previous)
		}
		previous = id
	}
	first := keyed.NoRow
	if len(model) > 0 {
		first = model[0]
	}
	if l.ranked.First(root) != first || l.ranked.Last(root) != previous || l.ranked.At(root, len(model)) != keyed.NoRow || l.ranked.At(root, -1) != keyed.NoRow {
		t.Fatal("the ends of a list are others")
	}
	if previous != keyed.NoRow && l.ranked.Next(previous) != keyed.NoRow {
		t.Fatal("there is a row behind the last")
	}
	if len(model) > 0 {
		half := model[len(model)/2]
		place := l.ranked.Place(half)
		if got := l.ranked.Seek(root, func(id uint32) bool { return l.ranked.Place(id) < place }); got != half {
			t.Fatalf("row %d is sought, %d found", half, got)
		}
	}
}

func TestRankedListsAreInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		budget := limit.New("test", 0)
		types := []schema.Type{schema.Of(schema.Text)}
		order := keyed.NewOrder(types, []keyed.Key{{Column: 0}})
		rows := keyed.NewRows(&batch.Pool{}, types, 0, "top", budget)
		l := &lists{
			rows: rows, ranked: keyed.NewRanked(rows, order, "top", budget), order: order,
			roots: []uint32{keyed.NoRow, keyed.NoRow}, model: make([][]uint32, 2), value: map[uint32]int64{},
		}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		spread := rapid.SampledFrom([]int64{1, 5, 1000}).Draw(t, "spread")
		for range rapid.IntRange(1, 6).Draw(t, "rounds") {
			list := random.IntN(2)
			values := make([]int64, 1+random.IntN(60))
			for i := range values {
				values[i] = random.Int64N(spread)
			}
			l.insert(t, list, values)
			for range random.IntN(1 + len(l.model[list])) {
				at := random.IntN(len(l.model[list]))
				id := l.model[list][at]
				l.model[list] = slices.Delete(l.model[list], at, at+1)
				l.roots[list] = l.ranked.Delete(l.roots[list], id)
				if err := rows.Delete([]uint32{id}); err != nil {
					t.Fatal(err)
				}
			}
			l.check(t, 0)
			l.check(t, 1)
		}
		l.ranked.Free()
		for list := range l.roots {
			var err error
			if l.roots[list], err = l.ranked.Build(l.model[list]); err != nil {
				t.Fatal(err)
			}
		}
		l.check(t, 0)
		l.check(t, 1)
		l.insert(t, 0, []int64{0, spread})
		l.check(t, 0)
		if l.ranked.Bytes()+rows.Bytes() != budget.Used() {
			t.Fatal("memory is not accounted for")
		}
		l.ranked.Free()
		rows.Free()
		if budget.Used() != 0 {
			t.Fatalf("%d bytes are still reserved", budget.Used())
		}
	})
}
