package keyed_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

// sortTypes are types with every way of prefix: whole, cut, none.
var sortTypes = []schema.Type{
	schema.Of(schema.Int64), schema.Of(schema.Int32), schema.Of(schema.Int16), schema.Of(schema.Bool), schema.Of(schema.Float64),
	schema.Of(schema.Text), schema.Of(schema.Text), schema.Of(schema.Bytes), schema.Of(schema.Numeric), schema.Of(schema.UUID),
	schema.Of(schema.Interval), schema.ArrayOf(schema.Of(schema.Int32)),
}

// fillSorted fills a column with values of which many are equal, or equal at the beginning.
func fillSorted(c *batch.Column, random *rand.Rand, n int) {
	c.Reset(n)
	spread := []int{1, 3, 300, 1 << 40}[random.IntN(4)]
	nulls := random.IntN(2) == 0
	stems := []string{"", "a", "http://www.example.org/", "http://www.example.org/path/", strings.Repeat("x", 40)}
	for i := range n {
		if nulls && random.IntN(5) == 0 {
			c.SetNull(i)
			if c.Kind() == schema.Array {
				c.Offsets()[i+1] = c.Offsets()[i]
			}
			continue
		}
		v := random.IntN(spread) - spread/2
		switch c.Kind() {
		case schema.Int64:
			c.Int64s()[i] = int64(v)
		case schema.Int32:
			c.Int32s()[i] = int32(v)
		case schema.Int16:
			c.Int16s()[i] = int16(v)
		case schema.Bool:
			c.Bits().Put(i, v&1 == 0)
		case schema.Float64:
			c.Float64s()[i] = float64(v) / 8
		case schema.Text:
			c.SetBytes(i, []byte(stems[random.IntN(len(stems))]+fmt.Sprint(max(v, 0))))
		case schema.Bytes:
			c.SetBytes(i, []byte(stems[random.IntN(len(stems))]+strings.Repeat("\x00", random.IntN(9))))
		case schema.Numeric:
			c.SetDecimal(i, numeric.Decimal{Coef: numeric.MulInt64(int64(v), 1<<40), Scale: int16(random.IntN(3))})
		case schema.Interval:
			c.Intervals()[i] = temporal.Interval{Months: int32(v % 3), Days: int32(v % 70), Micros: int64(v) * temporal.Hour}
		case schema.UUID:
			c.UUIDs()[i] = batch.UUID{byte(v >> 8), 8: byte(v), 15: byte(i)}
		case schema.Array:
			k := c.Child(0).Len()
			c.Child(0).Resize(k + 1)
			c.Child(0).Int32s()[k] = int32(v)
			c.Offsets()[i+1] = int32(k + 1)
		}
	}
}

// TestSortOfManyRows: rows that are equal, equal at first, NULL, in order already; over several chunks.
func TestSortOfManyRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		var pool batch.Pool
		types := rapid.SliceOfN(rapid.SampledFrom(sortTypes), 1, 4).Draw(t, "types")
		budget := limit.New("test", 0)
		store := keyed.NewRows(&pool, types, 0, "sort", budget)
		cols := newColumns(&pool, types)
		var ids []uint32
		for n := rapid.SampledFrom([]int{30, 100, 1000, 6000}).Draw(t, "rows"); n > 0; n -= batch.MaxRows {
			some := make([]uint32, min(n, batch.MaxRows))
			for _, c := range cols {
				fillSorted(c, random, len(some))
			}
			if err := store.Append(cols, nil, nil, some); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, some...)
		}
		var keys []keyed.Key
		for k := range types {
			keys = append(keys, keyed.Key{Column: k, Desc: random.IntN(2) == 0, NullsFirst: random.IntN(2) == 0})
		}
		order := keyed.NewOrder(types, keys)
		if random.IntN(4) > 0 { // as they come, or anyhow
			random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		}
		want := slices.Clone(ids)
		slices.SortStableFunc(want, func(a, b uint32) int { return order.CompareIDs(store, a, b) })
		used := budget.Used()
		for range 2 { // the second time they are in order already
			if err := order.Sort(store, ids); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(ids, want) {
				t.Fatal("not in order, or not stable")
			}
		}
		if budget.Used() != used {
			t.Fatalf("%d bytes, then %d", used, budget.Used())
		}
	})
}

func TestSortReservesItsMemory(t *testing.T) {
	var pool batch.Pool
	types := []schema.Type{schema.Of(schema.Int64)}
	budget := limit.New("test", 0)
	store := keyed.NewRows(&pool, types, 0, "sort 1", budget)
	cols := newColumns(&pool, types)
	cols[0].Reset(1000)
	ids := make([]uint32, 1000)
	if err := store.Append(cols, nil, nil, ids); err != nil {
		t.Fatal(err)
	}
	if !budget.TryReserve(limit.Unlimited - budget.Used() - 19_999) {
		t.Fatal("no room")
	}
	err := keyed.NewOrder(types, []keyed.Key{{}}).Sort(store, ids)
	if err == nil || !strings.Contains(err.Error(), "sort 1") {
		t.Error(err)
	}
	budget.Release(1)
	if err := keyed.NewOrder(types, []keyed.Key{{}}).Sort(store, ids); err != nil {
		t.Error(err)
	}
}

// BenchmarkSort sorts a million rows by their first column; the numbers are for one row.
func BenchmarkSort(b *testing.B) {
	const rows = 1 << 20
	random := rand.New(rand.NewPCG(1, 2))
	text := func(format string, n int) func(c *batch.Column, i int) {
		return func(c *batch.Column, i int) { c.SetBytes(i, fmt.Appendf(nil, format, random.IntN(n))) }
	}
	for _, bench := range []struct {
		name string
		typ  schema.Kind
		set  func(c *batch.Column, i int)
	}{
		{"int64", schema.Int64, func(c *batch.Column, i int) { c.Int64s()[i] = int64(random.Uint64()) }},
		{"int64 to a million", schema.Int64, func(c *batch.Column, i int) { c.Int64s()[i] = int64(random.IntN(1e6)) }},
		{"int64 sorted", schema.Int64, func(c *batch.Column, i int) { c.Int64s()[i] = int64(i) }},
		{"text of 8", schema.Text, text("%08d", 1e8)},
		{"text of 40", schema.Text, text("http://www.example.org/article/%09d", 1e9)},
		{"text, a hundred", schema.Text, text("name %02d", 100)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			var pool batch.Pool
			types := []schema.Type{schema.Of(bench.typ)}
			store := keyed.NewRows(&pool, types, 0, "sort", limit.New("test", 0))
			cols := newColumns(&pool, types)
			var all []uint32
			ids := make([]uint32, batch.MaxRows)
			for range rows / batch.MaxRows {
				cols[0].Reset(batch.MaxRows)
				for i := range batch.MaxRows {
					bench.set(cols[0], i)
				}
				if err := store.Append(cols, nil, nil, ids); err != nil {
					b.Fatal(err)
				}
				all = append(all, ids...)
			}
			order := keyed.NewOrder(types, []keyed.Key{{}})
			for b.Loop() {
				if err := order.Sort(store, slices.Clone(all)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}
