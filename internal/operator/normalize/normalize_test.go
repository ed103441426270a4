package normalize_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/normalize"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

var writeFixtures = flag.Bool("write-fixtures", false, "write fixtures that are missing") //nolint:gochecknoglobals // a flag

// Kinds of change, short.
const (
	ins = batch.Insert
	ub  = batch.UpdateBefore
	ua  = batch.UpdateAfter
	del = batch.Delete
)

// under is the operator as optest drives it.
func under(c normalize.Config) optest.Operator {
	return optest.Operator{
		New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			return normalize.New(pool, budget, c), nil
		},
		Inputs: []optest.Input{{Keys: c.Key}}, Changes: true,
	}
}

// pair is the types of most tests: a key and a value.
func pair() []schema.Type { return []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)} }

// change is a row of pair with its kind.
type change struct {
	kind  batch.Change
	key   any
	value any
}

func make2(changes ...change) *batch.Batch {
	rows := make([][]any, len(changes))
	b := &batch.Batch{}
	for i, c := range changes {
		rows[i] = []any{c.key, c.value}
		b.Kinds = append(b.Kinds, c.kind)
	}
	b.Cols, b.Len = optest.Make(pair(), rows...).Cols, len(rows)
	return b
}

// draw draws changes of few keys and few values.
func draw(t *rapid.T, _ *batch.Pool) []*batch.Batch {
	one := rapid.Custom(func(t *rapid.T) change {
		return change{
			kind:  rapid.SampledFrom([]batch.Change{ins, ins, ub, ua, del}).Draw(t, "kind"),
			key:   rapid.SampledFrom([]any{1, 2, 3, nil}).Draw(t, "key"),
			value: rapid.SampledFrom([]any{"a", "b", nil, "a longer text that is not in the view"}).Draw(t, "value"),
		}
	})
	b := make2(rapid.SliceOfN(one, 0, 60).Draw(t, "changes")...)
	if rapid.IntRange(0, 9).Draw(t, "no kinds") == 0 {
		b.Kinds = nil
	}
	return []*batch.Batch{b}
}

// current is what keys have at the end.
func current(changelog bool) func(inputs []*batch.Batch) [][]string {
	return func(inputs []*batch.Batch) [][]string {
		plain := *inputs[0]
		plain.Kinds = nil
		rows := map[string][]string{}
		for i, row := range sdktest.Rows(&plain) {
			key, _, _ := strings.Cut(row, ",")
			adds := len(inputs[0].Kinds) == 0 || op.Adds(inputs[0].Kinds[i])
			switch at := lastIndex(rows[key], row); {
			case adds && changelog:
				rows[key] = append(rows[key], row)
			case adds:
				rows[key] = []string{row}
			case !changelog:
				rows[key] = nil
			case at >= 0:
				rows[key] = slices.Delete(rows[key], at, at+1)
			}
		}
		var left []string
		for _, list := range rows {
			if len(list) > 0 {
				left = append(left, list[len(list)-1])
			}
		}
		return [][]string{left}
	}
}

func lastIndex(list []string, s string) int {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == s {
			return i
		}
	}
	return -1
}

func TestRowsThatReplaceEachOther(t *testing.T) {
	optest.Check(t, under(normalize.Config{Name: "n", Types: pair(), Key: []int{0}}), draw, current(false))
}

func TestTheCurrentRowOfAChangelog(t *testing.T) {
	optest.Check(t, under(normalize.Config{Name: "n", Types: pair(), Key: []int{0}, Changelog: true}), draw, current(true))
}

func TestEveryType(t *testing.T) {
	for _, typ := range sdktest.Types() {
		t.Run(typ.String(), func(t *testing.T) {
			types := []schema.Type{schema.Of(schema.Int64), typ}
			s := schema.New(schema.Field{Name: "k", Type: types[0]}, schema.Field{Name: "v", Type: typ})
			draw := func(t *rapid.T, pool *batch.Pool) []*batch.Batch {
				b := sdktest.Values{}.DrawBatch(t, pool, s, rapid.IntRange(1, 20).Draw(t, "rows"))
				for i := range b.Len {
					b.Cols[0].Int64s()[i] = int64(i % 3)
					b.Kinds = append(b.Kinds, rapid.SampledFrom([]batch.Change{ins, ua, del}).Draw(t, "kind"))
				}
				return []*batch.Batch{b}
			}
			for _, changelog := range []bool{false, true} {
				optest.Check(t, under(normalize.Config{Name: "n", Types: types, Key: []int{0}, Changelog: changelog}), draw, nil)
			}
		})
	}
}

// emitted is what a run emits that flushes after each of batches.
func emitted(t *testing.T, c normalize.Config, batches ...*batch.Batch) (changes []string, counts op.Counts) {
	t.Helper()
	o := normalize.New(&batch.Pool{}, limit.New("test", 0), c)
	out := op.NewOutput(1)
	take := func() {
		if b := out.Ports[0]; b != nil {
			changes = append(changes, sdktest.Rows(b)...)
		}
		counts.Add(out.Counts)
		out.Reset()
	}
	for _, b := range batches {
		for _, call := range []func(*op.Output) (bool, error){
			func(out *op.Output) (bool, error) { return o.Apply(b, out) }, o.(op.Flusher).OnFlush,
		} {
			for more := true; more; {
				var err error
				if more, err = call(out); err != nil {
					t.Fatal(err)
				}
				take()
			}
		}
	}
	return changes, counts
}

func TestWhatIsEmitted(t *testing.T) {
	for _, test := range []struct {
		name     string
		config   normalize.Config
		batches  []*batch.Batch
		want     []string
		filtered int64
	}{
		{
			name: "images are filled in", batches: []*batch.Batch{
				make2(change{ins, 1, "a"}), make2(change{ua, 1, "b"}, change{ua, 2, "x"}), make2(change{del, 1, nil}),
			},
			want: []string{`+I 1, "a"`, `-U 1, "a"`, `+U 1, "b"`, `+I 2, "x"`, `-D 1, "b"`},
		},
		{
			name: "what is as it was is not emitted", batches: []*batch.Batch{
				make2(change{ins, 1, "a"}, change{ins, 2, "b"}), make2(change{ua, 1, "b"}, change{ua, 1, "a"}, change{ins, 2, "b"}), make2(change{ins, 3, "c"}, change{del, 3, "c"}),
				make2(change{del, 1, "a"}, change{ins, 1, "a"}),
			},
			want: []string{`+I 1, "a"`, `+I 2, "b"`},
		},
		{
			name: "a key that changes often is emitted once", batches: []*batch.Batch{
				make2(change{ins, 1, "a"}), make2(change{ub, 1, "a"}, change{ua, 1, "b"}, change{ub, 1, "b"}, change{ua, 1, "c"}),
			},
			want: []string{`+I 1, "a"`, `-U 1, "a"`, `+U 1, "c"`},
		},
		{
			name: "changes that come again", batches: []*batch.Batch{
				make2(change{ins, 1, "a"}, change{ub, 1, "a"}, change{ua, 1, "b"}), make2(change{ins, 1, "a"}, change{ub, 1, "a"}, change{ua, 1, "b"}),
			},
			want: []string{`+I 1, "b"`},
		},
		{
			name: "an update that changes the key", batches: []*batch.Batch{make2(change{ins, 1, "a"}), make2(change{ub, 1, "a"}, change{ua, 2, "a"})},
			want: []string{`+I 1, "a"`, `-D 1, "a"`, `+I 2, "a"`},
		},
		{
			name: "unknown keys are deleted", batches: []*batch.Batch{make2(change{del, 1, "a"}, change{ub, 2, "a"}, change{ins, 3, "a"}, change{del, 3, nil}, change{del, 3, nil})},
			filtered: 3,
		},
		{
			name: "upserts out of order", config: normalize.Config{Changelog: true, Upserts: true}, batches: []*batch.Batch{
				make2(change{ins, 1, "old"}), make2(change{ins, 1, "new"}), make2(change{del, 1, "old"}), make2(change{del, 1, "new"}, change{del, 1, "newer"}),
			},
			want: []string{`+U 1, "old"`, `+U 1, "new"`, `-D 1, "new"`}, filtered: 1,
		},
		{
			name: "the one before is current again", config: normalize.Config{Changelog: true}, batches: []*batch.Batch{
				make2(change{ins, 1, "a"}, change{ins, 1, "b"}, change{ins, 1, "b"}), make2(change{del, 1, "b"}), make2(change{ub, 1, "b"}, change{ua, 1, "a"}), make2(change{del, 1, "a"}),
				make2(change{del, 1, "a"}),
			},
			want: []string{`+I 1, "b"`, `-U 1, "b"`, `+U 1, "a"`, `-D 1, "a"`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.config.Name, test.config.Types, test.config.Key = "n", pair(), []int{0}
			got, counts := emitted(t, test.config, test.batches...)
			if !slices.Equal(got, test.want) || counts.Filtered != test.filtered || !counts.Balanced() {
				t.Errorf("%q, account %+v, want\n%q, %d filtered", got, counts, test.want, test.filtered)
			}
		})
	}
}

func TestManyKeysAreFlushedBeforeTheyWaitTooLong(t *testing.T) {
	c := normalize.Config{Name: "n", Types: pair(), Key: []int{0}}
	o := normalize.New(&batch.Pool{}, limit.New("test", 0), c)
	out := op.NewOutput(1)
	rows := 0
	const batches = 40
	for n := range batches {
		changes := make([]change, batch.MaxRows)
		for i := range changes {
			changes[i] = change{ins, n*batch.MaxRows + i, "v"}
		}
		b := make2(changes...)
		for more := true; more; {
			out.Reset()
			var err error
			if more, err = o.Apply(b, out); err != nil {
				t.Fatal(err)
			}
			rows += int(out.Counts.Emitted)
		}
	}
	if rows == 0 || rows >= batches*batch.MaxRows {
		t.Errorf("%d rows were emitted without a flush", rows)
	}
}

func TestKeysAreForgotten(t *testing.T) {
	const ttl = 1_000_000
	c := normalize.Config{Name: "n", Types: pair(), Key: []int{0}, TTL: ttl}
	budget := limit.New("test", 0)
	o := normalize.New(&batch.Pool{}, budget, c)
	out := op.NewOutput(1)
	var got []string
	at := func(micros int64, changes ...change) {
		t.Helper()
		o.(op.Timed).SetTime(micros)
		out.Reset()
		if _, err := o.(op.TimeHandler).OnTime(micros, out); err != nil {
			t.Fatal(err)
		}
		for _, call := range []func() (bool, error){
			func() (bool, error) { return o.Apply(make2(changes...), out) }, func() (bool, error) { return o.(op.Flusher).OnFlush(out) },
		} {
			if _, err := call(); err != nil {
				t.Fatal(err)
			}
		}
		if b := out.Ports[0]; b != nil {
			got = append(got, sdktest.Rows(b)...)
		}
	}
	at(0, change{ins, 1, "a"}, change{ins, 2, "b"})
	at(ttl-1, change{ua, 1, "A"})
	at(ttl, change{ua, 2, "B"}, change{ua, 1, "a"}) // 2 is over, swept up or not
	at(ttl + 1)
	at(2*ttl, change{del, 1, nil})
	want := []string{`+I 1, "a"`, `+I 2, "b"`, `-U 1, "a"`, `+U 1, "A"`, `+I 2, "B"`, `-U 1, "A"`, `+U 1, "a"`}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want\n%q", got, want)
	}
	for n := range int64(20) {
		at(10*ttl + n*ttl/10)
	}
	for g := range op.KeyGroups {
		if data, err := o.(op.Stateful).Snapshot(op.KeyGroup(g)); err != nil || data != nil {
			t.Fatalf("key group %d still has %x, %v", g, data, err)
		}
	}
	if _, ok := normalize.New(&batch.Pool{}, budget, normalize.Config{Types: pair(), Key: []int{0}}).(op.TimeHandler); ok {
		t.Error("an operator that forgets nothing asks for the time")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	optest.Starve(t, under(normalize.Config{Name: "n", Types: pair(), Key: []int{0}}), "normalize n",
		make2(change{ins, 1, "a"}, change{ins, 2, strings.Repeat("c", 100)}, change{del, 1, nil}))
}

func stored() *batch.Batch {
	return make2(change{ins, 1, "a"}, change{ins, 1, "b"}, change{ins, nil, "text that is too long for the view"}, change{ins, 3, nil}, change{ins, 4, "gone"}, change{del, 4, "gone"})
}

func TestTheStoredStateIsReadForEver(t *testing.T) {
	c := normalize.Config{Name: "n", Types: pair(), Key: []int{0}}
	fixture := func(name string) {
		o := under(c)
		o.Changes = false // what is emitted goes on from a state, not from nothing
		o.New = func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			return &ending{Operator: normalize.New(pool, budget, c)}, nil
		}
		optest.Fixture(t, o, "testdata/"+name+"-v1.state", *writeFixtures, stored())
		optest.EntriesFixture(t, under(c), "testdata/entries-v1-"+name+".txt", *writeFixtures, stored())
	}
	fixture("normalize")
	c.Changelog = true
	fixture("changelog")
}

// ending is an operator that is flushed before its snapshot, and emits at its end what deletions of all keys give.
type ending struct {
	op.Operator
	done bool
}

func (e *ending) Snapshot(group op.KeyGroup) ([]byte, error) {
	if _, err := e.Operator.(op.Flusher).OnFlush(op.NewOutput(1)); err != nil {
		return nil, err
	}
	return e.Operator.(op.Stateful).Snapshot(group)
}

func (e *ending) Restore(group op.KeyGroup, data []byte) error {
	return e.Operator.(op.Stateful).Restore(group, data)
}

func (e *ending) OnEnd(out *op.Output) (bool, error) {
	if e.done {
		return false, nil
	}
	e.done = true
	if _, err := e.Apply(make2(change{del, 1, "b"}, change{ins, nil, "b"}, change{del, 3, nil}), op.NewOutput(1)); err != nil {
		return false, err
	}
	return e.Operator.(op.Flusher).OnFlush(out)
}

func TestDamagedStateIsRefused(t *testing.T) {
	c := normalize.Config{Name: "n", Types: pair(), Key: []int{0}}
	o := normalize.New(&batch.Pool{}, limit.New("test", 0), c)
	out := op.NewOutput(1)
	if _, err := o.Apply(make2(change{ins, 1, "a"}), out); err != nil {
		t.Fatal(err)
	}
	if _, err := o.(op.Flusher).OnFlush(out); err != nil {
		t.Fatal(err)
	}
	for g := range op.KeyGroups {
		data, err := o.(op.Stateful).Snapshot(op.KeyGroup(g))
		if err != nil {
			t.Fatal(err)
		}
		for i := range data {
			bad := bytes.Clone(data)
			bad[i] ^= 1
			if err := normalize.New(&batch.Pool{}, limit.New("test", 0), c).(op.Stateful).Restore(op.KeyGroup(g), bad); err == nil {
				t.Errorf("byte %d was changed and nothing noticed", i)
			}
		}
	}
}

// BenchmarkUpserts is the cost of a row that replaces another one.
func BenchmarkUpserts(b *testing.B) {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Int64), schema.Of(schema.Text)}
	for _, changelog := range []bool{false, true} {
		for _, keys := range []int{1000, 1_000_000} {
			b.Run(fmt.Sprintf("changelog %t, %d keys", changelog, keys), func(b *testing.B) {
				pool := &batch.Pool{}
				o := normalize.New(pool, limit.New("test", 0), normalize.Config{Name: "n", Types: types, Key: []int{0}, Changelog: changelog})
				random := rand.New(rand.NewPCG(1, 2))
				in := &batch.Batch{Len: batch.MaxRows}
				for _, typ := range types {
					c := batch.NewColumn(pool, typ)
					c.Reset(batch.MaxRows)
					in.Cols = append(in.Cols, c)
				}
				values := make([]int64, keys)
				if changelog {
					in.Kinds = make([]batch.Change, in.Len)
				}
				out := op.NewOutput(1)
				for b.Loop() {
					for i := 0; i < in.Len; i++ {
						key := random.IntN(keys)
						if changelog && i+1 < in.Len {
							in.Kinds[i], in.Kinds[i+1] = ub, ua
							in.Cols[0].Int64s()[i], in.Cols[1].Int64s()[i] = int64(key), values[key]
							i++
						}
						values[key]++
						in.Cols[0].Int64s()[i], in.Cols[1].Int64s()[i] = int64(key), values[key]
					}
					for more := true; more; {
						out.Reset()
						var err error
						if more, err = o.Apply(in, out); err != nil {
							b.Fatal(err)
						}
					}
					for more := true; more; {
						out.Reset()
						var err error
						if more, err = o.(op.Flusher).OnFlush(out); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batch.MaxRows, "ns/row")
			})
		}
	}
}
