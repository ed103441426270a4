package sort_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/sort"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// fixtures of a released version are never written again; a new version of a layout gets files of its own.
var writeFixtures = flag.Bool("write-fixtures", false, "write fixtures that are missing")

// under makes the operator of config for optest.
func under(config sort.Config) optest.Operator {
	config.Name = "sort 1"
	o := optest.Operator{
		New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			return sort.New(pool, budget, config), nil
		},
	}
	if len(config.Partition) > 0 {
		o.Inputs = []optest.Input{{Keys: config.Partition}}
	} else {
		o.Ordered = true
	}
	return o
}

// reference sorts by insertion and counts through.
func reference(config sort.Config, in *batch.Batch) []string {
	order := keyed.NewOrder(config.Types, config.Keys)
	keys := make([]keyed.Key, len(config.Partition))
	for i, c := range config.Partition {
		keys[i].Column = c
	}
	partition := keyed.NewOrder(config.Types, keys)
	if len(config.Keys) == 0 {
		order = keyed.NewOrder(config.Types, nil)
	}
	var sorted []int
	for row := range in.Len {
		at := len(sorted)
		for at > 0 && order.Compare(in.Cols, row, in.Cols, sorted[at-1]) < 0 {
			at--
		}
		sorted = slices.Insert(sorted, at, row)
	}
	texts := sdktest.Rows(in)
	var out []string
	for i, row := range sorted {
		before := int64(0) // of the partition
		var last int       // the last row that the limit keeps
		for _, other := range sorted[:i] {
			if partition.Compare(in.Cols, row, in.Cols, other) == 0 {
				before++
				if before == config.Offset+config.Limit {
					last = other
				}
			}
		}
		within := before >= config.Offset && (config.Limit < 0 || before < config.Offset+config.Limit)
		tie := config.WithTies && config.Limit > 0 && before >= config.Offset+config.Limit && order.Compare(in.Cols, row, in.Cols, last) == 0
		if within || tie {
			out = append(out, texts[row])
		}
	}
	return out
}

func drawConfig(t *rapid.T, types []schema.Type, partitioned bool) sort.Config {
	config := sort.Config{Types: types, Limit: sort.NoLimit}
	column := rapid.IntRange(0, len(types)-1)
	for range rapid.IntRange(0, 3).Draw(t, "keys") {
		config.Keys = append(config.Keys, keyed.Key{Column: column.Draw(t, "column"), Desc: rapid.Bool().Draw(t, "desc"), NullsFirst: rapid.Bool().Draw(t, "nulls first")})
	}
	if rapid.Bool().Draw(t, "limited") {
		config.Limit = rapid.Int64Range(0, 10).Draw(t, "limit")
		config.WithTies = rapid.Bool().Draw(t, "ties")
	}
	if rapid.Bool().Draw(t, "offset") {
		config.Offset = rapid.Int64Range(0, 10).Draw(t, "offset")
	}
	if partitioned {
		config.Partition = []int{column.Draw(t, "partition")}
		if len(config.Keys) > 0 && rapid.Bool().Draw(t, "leading") {
			config.Partition = []int{config.Keys[0].Column}
		}
	}
	return config
}

func TestSort(t *testing.T) {
	for _, partitioned := range []bool{false, true} {
		t.Run(fmt.Sprint("partitioned ", partitioned), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				s := sdktest.DrawSchema(t, sdktest.Types())
				var types []schema.Type
				for _, f := range s.Fields {
					types = append(types, f.Type)
				}
				config := drawConfig(t, types, partitioned)
				seen := sdktest.Values{}.DrawBatch(t, &batch.Pool{}, s, rapid.IntRange(0, 20).Draw(t, "rows"))
				in := repeat(seen, rapid.SliceOfN(rapid.IntRange(0, max(seen.Len-1, 0)), 0, min(60, 60*seen.Len)).Draw(t, "picked"))
				o := under(config)
				got, err := optest.Run(o, in)
				if err != nil {
					t.Fatal(err)
				}
				want := reference(config, in)
				if partitioned {
					slices.Sort(want)
					slices.Sort(got.Rows[0])
				}
				if diff := sdktest.Diff(want, got.Rows[0]); diff != "" {
					t.Fatalf("%+v (-want +got):\n%s", config, diff)
				}
				if n := int64(len(want)); got.Counts.Forwarded != n || got.Counts.Held != 0 || got.Counts.Filtered != int64(in.Len)-n {
					t.Fatalf("account %+v of %d rows", got.Counts, in.Len)
				}
			})
		})
	}
}

// repeat makes a batch of rows of b.
func repeat(b *batch.Batch, rows []int) *batch.Batch {
	out := &batch.Batch{Len: len(rows)}
	for _, c := range b.Cols {
		own := batch.NewColumn(&batch.Pool{}, c.Type())
		own.Reset(len(rows))
		for i, row := range rows {
			own.CopyRow(i, c, row)
		}
		out.Cols = append(out.Cols, own)
	}
	return out
}

// The columns of the tests below: a key with NULLs and few values, a text, the number of the row.
var types = []schema.Type{schema.Of(schema.Int32), schema.Of(schema.Text), schema.Of(schema.Int64)}

func drawRows(t *rapid.T, pool *batch.Pool) []*batch.Batch {
	n := rapid.IntRange(0, 120).Draw(t, "rows")
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	return []*batch.Batch{makeRows(pool, random, n, 7)}
}

func makeRows(pool *batch.Pool, random *rand.Rand, n, spread int) *batch.Batch {
	b := &batch.Batch{Len: n}
	for _, typ := range types {
		c := batch.NewColumn(pool, typ)
		c.Reset(n)
		b.Cols = append(b.Cols, c)
	}
	for i := range n {
		if b.Cols[0].Int32s()[i] = int32(random.IntN(spread)); random.IntN(8) == 0 {
			b.Cols[0].SetNull(i)
		}
		b.Cols[1].SetBytes(i, []byte(strings.Repeat("a text that is longer than a view ", random.IntN(2))+fmt.Sprint(random.IntN(4))))
		b.Cols[2].Int64s()[i] = int64(i)
	}
	return b
}

// configs are those that are driven in every way.
func configs() map[string]sort.Config {
	key := []keyed.Key{{Column: 0}}
	both := []keyed.Key{{Column: 1, Desc: true}, {Column: 0, NullsFirst: true}}
	none := sort.NoLimit
	return map[string]sort.Config{
		"all":                 {Keys: both, Limit: none},
		"no keys":             {Limit: none, Offset: 3},
		"top":                 {Keys: key, Limit: 5},
		"top with ties":       {Keys: key, Limit: 5, Offset: 2, WithTies: true},
		"offset":              {Keys: both, Limit: none, Offset: 7},
		"nothing":             {Keys: key, Limit: 0, Offset: 1},
		"top of each":         {Keys: both, Limit: 2, Offset: 1, Partition: []int{0}},
		"top of each, ties":   {Keys: key, Limit: 1, WithTies: true, Partition: []int{1}},
		"distinct on":         {Keys: []keyed.Key{{Column: 0, Desc: true}, {Column: 1}}, Limit: 1, Partition: []int{0}},
		"all of each":         {Keys: key, Limit: none, Offset: 1, Partition: []int{1, 0}},
		"more than there are": {Keys: key, Limit: 1 << 62, Offset: 1 << 62},
	}
}

// TestAnyWayToRun: cuts, selections, lent memory, instances, snapshots and restores make no difference.
func TestAnyWayToRun(t *testing.T) {
	for name, config := range configs() {
		t.Run(name, func(t *testing.T) {
			config.Types = types
			optest.Check(t, under(config), drawRows, func(inputs []*batch.Batch) [][]string {
				return [][]string{reference(config, inputs[0])}
			})
		})
	}
}

func TestPartitionsComeInOrder(t *testing.T) {
	in := optest.Make(types, []any{2, "b", 0}, []any{nil, "a", 1}, []any{1, "b", 2}, []any{2, "a", 3}, []any{1, "c", 4})
	tests := []struct {
		config sort.Config
		want   []string
	}{
		{sort.Config{Keys: []keyed.Key{{Column: 1}}, Limit: 1, Partition: []int{0}}, []string{`1, "b", 2`, `2, "a", 3`, `NULL, "a", 1`}},
		{sort.Config{Keys: []keyed.Key{{Column: 0, Desc: true}, {Column: 1}}, Limit: 1, Partition: []int{0}}, []string{`NULL, "a", 1`, `2, "a", 3`, `1, "b", 2`}},
		{sort.Config{Limit: 1, Partition: []int{0}}, []string{`1, "b", 2`, `2, "b", 0`, `NULL, "a", 1`}},
	}
	for _, test := range tests {
		test.config.Types = types
		if len(test.config.Keys) > 0 && test.config.Keys[0].Desc {
			test.config.Keys[0].NullsFirst = true
		}
		got, err := optest.Run(under(test.config), in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := sdktest.Diff(test.want, got.Rows[0]); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.config, diff)
		}
	}
}

func TestWithoutMemory(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	in := makeRows(&batch.Pool{}, random, 3000, 1000)
	for _, config := range []sort.Config{
		{Keys: []keyed.Key{{Column: 0}}, Limit: sort.NoLimit}, {Keys: []keyed.Key{{Column: 1}}, Limit: 2, Partition: []int{0}},
	} {
		config.Types = types
		optest.Starve(t, under(config), "sort 1", in)
	}
}

// feed gives the operator n rows in batches, with keys in an order that makes every row one of the first.
func feed(t testing.TB, o *sort.Operator, n int, key func(i int) int32) (counts op.Counts) {
	t.Helper()
	pool := &batch.Pool{}
	random := rand.New(rand.NewPCG(3, 4))
	for at := 0; at < n; at += batch.MaxRows {
		b := makeRows(pool, random, min(batch.MaxRows, n-at), 10)
		b.Cols[0].DropValid()
		for i := range b.Len {
			b.Cols[0].Int32s()[i] = key(at + i)
			b.Cols[2].Int64s()[i] = int64(at + i)
		}
		out := op.NewOutput(1)
		if _, err := o.Apply(b, out); err != nil {
			t.Fatal(err)
		}
		counts.Add(out.Counts)
	}
	return counts
}

// drain ends the operator and returns column 2 of what it emits.
func drain(t testing.TB, o *sort.Operator, counts *op.Counts) (got []int64) {
	t.Helper()
	for more := true; more; {
		out := op.NewOutput(1)
		var err error
		if more, err = o.OnEnd(out); err != nil {
			t.Fatal(err)
		}
		counts.Add(out.Counts)
		if b := out.Ports[0]; b != nil {
			got = append(got, slices.Clone(b.Cols[2].Int64s())...)
		}
	}
	return got
}

// TestTopIsBounded: memory depends on the limit, whatever the order of the rows, and stability survives the cuts.
func TestTopIsBounded(t *testing.T) {
	const rows, first = 300_000, 100
	for name, key := range map[string]func(i int) int32{
		"descending": func(i int) int32 { return int32(rows - i) }, "ascending": func(i int) int32 { return int32(i) },
		"equal": func(int) int32 { return 7 }, "few": func(i int) int32 { return int32(-(i / 1000 % 40)) },
	} {
		t.Run(name, func(t *testing.T) {
			budget := limit.New("test", 0)
			o := sort.New(&batch.Pool{}, budget, sort.Config{Name: "top", Types: types, Keys: []keyed.Key{{Column: 0}}, Limit: first - 10, Offset: 10})
			counts := feed(t, o, rows, key)
			if counts.Held > 1<<15 || budget.Peak() > 6<<20 {
				t.Errorf("%d rows are kept, in up to %d bytes", counts.Held, budget.Peak())
			}
			got := drain(t, o, &counts)
			all := make([]int64, rows)
			for i := range all {
				all[i] = int64(i)
			}
			slices.SortStableFunc(all, func(a, b int64) int { return int(key(int(a))) - int(key(int(b))) })
			if !slices.Equal(got, all[10:first]) {
				t.Errorf("%v, want %v", got, all[10:first])
			}
			if counts.In != rows || counts.Forwarded != first-10 || counts.Held != 0 || !counts.Balanced() {
				t.Errorf("%+v", counts)
			}
		})
	}
}

// TestFirstOfEachIsBounded: memory depends on the number of partitions.
func TestFirstOfEachIsBounded(t *testing.T) {
	const rows, parts = 300_000, 500
	for _, first := range []int64{1, 3} {
		for name, key := range map[string]keyed.Key{"the latest": {Column: 2, Desc: true}, "the earliest": {Column: 2}} {
			budget := limit.New("test", 0)
			o := sort.New(&batch.Pool{}, budget, sort.Config{Name: "top", Types: types, Keys: []keyed.Key{key}, Limit: first, Partition: []int{0}})
			counts := feed(t, o, rows, func(i int) int32 { return int32(i % parts) })
			if counts.Held > 1<<15 || budget.Peak() > 8<<20 {
				t.Errorf("%s: %d rows are kept, in up to %d bytes", name, counts.Held, budget.Peak())
			}
			got := drain(t, o, &counts)
			var want []int64
			for part := range int64(parts) {
				for k := range first {
					if key.Desc {
						want = append(want, rows-parts*(k+1)+part)
					} else {
						want = append(want, parts*k+part)
					}
				}
			}
			if !slices.Equal(got, want) || counts.Held != 0 || !counts.Balanced() {
				t.Errorf("%s: %d rows, account %+v", name, len(got), counts)
			}
			if budget.Used() != 0 {
				t.Errorf("%s: %d bytes are still in use", name, budget.Used())
			}
		}
	}
}

func TestTopWithTiesAcrossCuts(t *testing.T) {
	const rows = 100_000
	config := sort.Config{Name: "top", Types: types, Keys: []keyed.Key{{Column: 0}}, Limit: 3, WithTies: true}
	o := sort.New(&batch.Pool{}, limit.New("test", 0), config)
	counts := feed(t, o, rows, func(i int) int32 { return int32(i % 5000) })
	got := drain(t, o, &counts)
	if len(got) != 20 || got[0] != 0 || got[19] != 95_000 {
		t.Errorf("%d rows: %v", len(got), got)
	}
}

// TestSnapshotsWhileEmitting: an operator restored from a snapshot that was taken between two pieces goes on with the next.
func TestSnapshotsWhileEmitting(t *testing.T) {
	const rows = 30_000
	for name, config := range map[string]sort.Config{
		"sort": {Keys: []keyed.Key{{Column: 0}}, Limit: sort.NoLimit, Offset: 100},
		"top":  {Keys: []keyed.Key{{Column: 0, Desc: true}}, Limit: 20_000},
		"each": {Keys: []keyed.Key{{Column: 2, Desc: true}}, Limit: 10, Partition: []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			config.Name, config.Types = "sort 1", types
			key := func(i int) int32 { return int32(i % 3000) }
			whole := sort.New(&batch.Pool{}, limit.New("test", 0), config)
			counts := feed(t, whole, rows, key)
			want := drain(t, whole, &counts)
			o := sort.New(&batch.Pool{}, limit.New("test", 0), config)
			feed(t, o, rows, key)
			var got []int64
			for more := true; more; {
				out := op.NewOutput(1)
				var err error
				if more, err = o.OnEnd(out); err != nil {
					t.Fatal(err)
				}
				if b := out.Ports[0]; b != nil {
					got = append(got, slices.Clone(b.Cols[2].Int64s())...)
				}
				restored := sort.New(&batch.Pool{}, limit.New("test", 0), config)
				for g := range op.KeyGroups {
					data, err := o.Snapshot(op.KeyGroup(g))
					if err != nil {
						t.Fatal(err)
					}
					if data == nil {
						continue
					}
					if err := restored.Restore(op.KeyGroup(g), data); err != nil {
						t.Fatal(err)
					}
				}
				o = restored
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d rows, want %d", len(got), len(want))
			}
		})
	}
}

func TestColumnsThatNothingReads(t *testing.T) {
	in := optest.Make(types, []any{2, "b", 0}, []any{1, "a", 1})
	in.Cols[1] = nil
	o := sort.New(&batch.Pool{}, limit.New("test", 0), sort.Config{Name: "sort", Types: types, Keys: []keyed.Key{{Column: 0}}, Limit: sort.NoLimit})
	out := op.NewOutput(1)
	if _, err := o.Apply(in, out); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if _, err := o.OnEnd(out); err != nil {
		t.Fatal(err)
	}
	if b := out.Ports[0]; b.Cols[1] != nil || !slices.Equal(b.Cols[2].Int64s(), []int64{1, 0}) {
		t.Errorf("%v", b.Cols)
	}
}

func TestDone(t *testing.T) {
	for n, want := range map[int64]bool{0: true, 1: false, sort.NoLimit: false} {
		var o op.Satisfied = sort.New(&batch.Pool{}, limit.New("test", 0), sort.Config{Types: types, Limit: n, Offset: 5})
		if o.Done() != want {
			t.Errorf("limit %d is done: %v", n, o.Done())
		}
	}
}

func TestDamagedState(t *testing.T) {
	o := sort.New(&batch.Pool{}, limit.New("test", 0), sort.Config{Name: "sort 1", Types: types, Keys: []keyed.Key{{Column: 0}}, Limit: sort.NoLimit})
	feed(t, o, 10, func(i int) int32 { return int32(i) })
	data, err := o.Snapshot(0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		bad := slices.Clone(data)
		bad[i] ^= 0x10
		fresh := sort.New(&batch.Pool{}, limit.New("test", 0), sort.Config{Name: "sort 1", Types: types, Limit: sort.NoLimit})
		if err := fresh.Restore(0, bad); err == nil || !strings.Contains(err.Error(), "sort 1") {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
}

// storedRows are those of the fixtures.
func storedRows() *batch.Batch {
	return optest.Make(types, []any{2, "b", 0}, []any{nil, "a text that is not inline", 1}, []any{1, "b", 2}, []any{2, nil, 3})
}

func TestFixtures(t *testing.T) {
	config := sort.Config{Types: types, Keys: []keyed.Key{{Column: 0}}, Limit: sort.NoLimit}
	optest.Fixture(t, under(config), "testdata/sort-v1.state", *writeFixtures, storedRows())
	optest.EntriesFixture(t, under(config), "testdata/entries-v1-sort.txt", *writeFixtures, storedRows())
	config.Partition, config.Limit = []int{1}, 1
	optest.Fixture(t, under(config), "testdata/top-v1.state", *writeFixtures, storedRows())
	optest.EntriesFixture(t, under(config), "testdata/entries-v1-top.txt", *writeFixtures, storedRows())
	spilled := under(config)
	spilled.Spill = true
	optest.EntriesFixture(t, spilled, "testdata/entries-v2-top.txt", *writeFixtures, storedRows())
	config.Partition, config.Limit = nil, sort.NoLimit
	spilled = under(config)
	spilled.Spill = true
	optest.EntriesFixture(t, spilled, "testdata/entries-v2-sort.txt", *writeFixtures, storedRows())
}

// TestStoredEntryByEntry: rows that are dropped again and again, epochs, restarts while rows come and while they are emitted.
func TestStoredEntryByEntry(t *testing.T) {
	const pieces = 24
	for name, config := range map[string]sort.Config{
		"sort": {Keys: []keyed.Key{{Column: 0}}, Limit: sort.NoLimit, Offset: 100},
		"top":  {Keys: []keyed.Key{{Column: 0, Desc: true}}, Limit: 9_000, Offset: 10},
		"few":  {Keys: []keyed.Key{{Column: 0}}, Limit: 5, WithTies: true},
		"each": {Keys: []keyed.Key{{Column: 2, Desc: true}}, Limit: 3, Partition: []int{0}},
		"one":  {Keys: []keyed.Key{{Column: 2, Desc: true}}, Limit: 1, Partition: []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			config.Name, config.Types = "sort 1", types
			var answers [3][]int64
			for way := range answers { // 0: in memory, 1: stored, 2: and rows leave memory
				o := sort.New(&batch.Pool{}, limit.New("test", 0), config)
				var stored *optest.Stored
				move := func() {
					next := sort.New(&batch.Pool{}, limit.New("test", 0), config)
					_, err := o.OnBarrier(1, op.NewOutput(1))
					if err == nil {
						stored, err = stored.Move(next)
					}
					if err != nil {
						t.Fatal(err)
					}
					o = next
				}
				if way > 0 {
					stored = optest.Store(o)
				}
				spill := func(all bool) {
					if way == 2 {
						if err := stored.Spill(all); err != nil {
							t.Fatal(err)
						}
					}
				}
				for piece := range pieces {
					rows := make([][]any, 3000)
					for i := range rows {
						n := piece*len(rows) + i
						rows[i] = []any{n * 7919 % 3001, "text", n}
					}
					if _, err := o.Apply(optest.Make(types, rows...), op.NewOutput(1)); err != nil {
						t.Fatal(err)
					}
					if piece%3 == 1 {
						spill(true)
					}
					switch {
					case way == 0:
					case piece%5 == 4:
						move()
					case piece%2 == 0:
						if err := stored.Seal(); err != nil {
							t.Fatal(err)
						}
					default:
						if err := stored.Drain(10_000); err != nil {
							t.Fatal(err)
						}
					}
				}
				for more := true; more; {
					spill(false)
					out := op.NewOutput(1)
					var err error
					if more, err = o.OnEnd(out); err != nil {
						t.Fatal(err)
					}
					if b := out.Ports[0]; b != nil {
						answers[way] = append(answers[way], b.Cols[2].Int64s()...)
					}
					if way > 0 && more && out.Counts.Emitted > 0 {
						move()
					}
				}
			}
			if len(config.Partition) > 0 { // what has left memory comes by key group
				slices.Sort(answers[0])
				slices.Sort(answers[1])
				slices.Sort(answers[2])
			}
			if len(answers[0]) == 0 || !slices.Equal(answers[0], answers[1]) || !slices.Equal(answers[0], answers[2]) {
				t.Errorf("%d rows, %d if they are stored, %d if they leave memory", len(answers[0]), len(answers[1]), len(answers[2]))
			}
		})
	}
}

// TestAnyTypesAnyWay: rows of any types leave memory and come back, in any way to run.
func TestAnyTypesAnyWay(t *testing.T) {
	for _, partitioned := range []bool{false, true} {
		t.Run(fmt.Sprint("partitioned ", partitioned), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				s := sdktest.DrawSchema(t, sdktest.Types())
				var types []schema.Type
				for _, f := range s.Fields {
					types = append(types, f.Type)
				}
				config := drawConfig(t, types, partitioned)
				seen := sdktest.Values{}.DrawBatch(t, &batch.Pool{}, s, rapid.IntRange(1, 20).Draw(t, "rows"))
				in := repeat(seen, rapid.SliceOfN(rapid.IntRange(0, seen.Len-1), 0, 200).Draw(t, "picked"))
				if err := optest.CheckOne(t, under(config), []*batch.Batch{in}, [][]string{reference(config, in)}); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}
