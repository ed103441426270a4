package sort_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
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

func timedTypes() []schema.Type {
	return []schema.Type{schema.Of(schema.Text), schema.Of(schema.TimestampTZ), schema.Of(schema.Int32)}
}

func underTimed(lag int64, keys ...keyed.Key) optest.Operator {
	config := sort.TimedConfig{Name: "sort 1", Types: timedTypes(), Keys: append([]keyed.Key{{Column: 1}}, keys...), Lag: lag}
	return optest.Operator{
		New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			return sort.NewTimed(pool, budget, config), nil
		},
		Ordered: true, Watermarks: optest.Bound(lag, 1),
	}
}

func drawTimed(t *rapid.T, _ *batch.Pool) []*batch.Batch {
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	disorder := rapid.IntRange(1, 30).Draw(t, "disorder")
	rows := make([][]any, rapid.IntRange(0, 100).Draw(t, "rows"))
	for i := range rows {
		rows[i] = []any{[]string{"a", "b", "a text that is longer than a view"}[random.IntN(3)], i/3 + random.IntN(disorder), random.IntN(3)}
		if null := random.IntN(20); null < 3 {
			rows[i][null] = nil
		}
	}
	return []*batch.Batch{optest.Make(timedTypes(), rows...)}
}

// TestRowsComeOutInTheOrderOfTime: whatever the watermarks, the order is that of a stable sort of all.
func TestRowsComeOutInTheOrderOfTime(t *testing.T) {
	for _, lag := range []int64{0, 3} {
		for _, keys := range [][]keyed.Key{nil, {{Column: 2, Desc: true, NullsFirst: true}}} {
			t.Run(fmt.Sprint(lag, keys), func(t *testing.T) {
				want := func(inputs []*batch.Batch) [][]string {
					in := inputs[0]
					order := keyed.NewOrder(timedTypes(), slices.Concat([]keyed.Key{{Column: 1}}, keys, []keyed.Key{{Column: 0}, {Column: 2}}))
					rows := make([]int, in.Len)
					for i := range rows {
						rows[i] = i
					}
					slices.SortStableFunc(rows, func(a, b int) int { return order.Compare(in.Cols, a, in.Cols, b) })
					texts, sorted := sdktest.Rows(in), make([]string, in.Len)
					for i, row := range rows {
						sorted[i] = texts[row]
					}
					return [][]string{sorted}
				}
				optest.Check(t, underTimed(lag, keys...), drawTimed, want)
			})
		}
	}
}

func TestRowsAreKeptUntilTheirTime(t *testing.T) {
	o := sort.NewTimed(&batch.Pool{}, limit.New("test", 0), sort.TimedConfig{Name: "sort 1", Types: timedTypes(), Keys: []keyed.Key{{Column: 1}}, Lag: 2})
	out := op.NewOutput(1)
	if _, err := o.Apply(optest.Make(timedTypes(), []any{"a", 5, 0}, []any{"b", 3, 0}, []any{"c", nil, 0}, []any{"d", 9, 0}), out); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		watermark int64
		want      []string
	}{
		{5, nil},
		{6, []string{`"b", 3, 0`}},
		{-1 << 63, nil},
		{8, []string{`"a", 5, 0`}},
	} {
		var got []string
		for more := true; more; {
			out.Reset()
			var err error
			if more, err = o.OnWatermark(step.watermark, out); err != nil {
				t.Fatal(err)
			}
			if out.Ports[0] != nil {
				got = append(got, sdktest.Rows(out.Ports[0])...)
			}
		}
		if diff := sdktest.Diff(step.want, got); diff != "" {
			t.Errorf("watermark %d (-want +got):\n%s", step.watermark, diff)
		}
	}
}

func TestTimedStarvedOfMemory(t *testing.T) {
	rows := make([][]any, 9000)
	for i := range rows {
		rows[i] = []any{"some text that is longer than a view", i ^ 0x1ff, i}
	}
	optest.Starve(t, underTimed(0), "sort 1", optest.Make(timedTypes(), rows[:4000]...))
	result, err := optest.Run(underTimed(100), optest.Make(timedTypes(), rows...))
	if err != nil || len(result.Rows[0]) != 9000 {
		t.Fatal(len(result.Rows[0]), err)
	}
}

func TestTimedFixture(t *testing.T) {
	in := optest.Make(timedTypes(), []any{"a", 5, 0}, []any{"some text that is longer than a view", 3, nil}, []any{"c", nil, 0})
	optest.Fixture(t, underTimed(0), "testdata/timed-v1.state", *writeFixtures, in)
	optest.EntriesFixture(t, underTimed(0), "testdata/entries-v1-timed.txt", *writeFixtures, in)
	spilled := underTimed(0)
	spilled.Spill = true
	optest.EntriesFixture(t, spilled, "testdata/entries-v2-timed.txt", *writeFixtures, in)
	for what, data := range map[string][]byte{
		"nothing":         {},
		"another version": keyed.AppendParts(nil, 9, nil, []byte("rows")),
		"no rows":         keyed.AppendParts(nil, 1, nil, []byte("rows")),
		"rows to come":    keyed.AppendParts(nil, 1, []byte{1}, []byte("rows")),
	} {
		var corrupt *keyed.CorruptError
		o := sort.NewTimed(&batch.Pool{}, limit.New("test", 0), sort.TimedConfig{Name: "sort 1", Types: timedTypes(), Keys: []keyed.Key{{Column: 1}}})
		if err := o.Restore(0, data); !errors.As(err, &corrupt) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestTimedRowsThatHaveLeftMemory: more rows than a batch has wait in runs and in memory, some are emitted, and the operator goes on from what is stored.
func TestTimedRowsThatHaveLeftMemory(t *testing.T) {
	const pieces = 30
	random := rand.New(rand.NewPCG(5, 6))
	config := sort.TimedConfig{Name: "sort 1", Types: timedTypes(), Keys: []keyed.Key{{Column: 1}}}
	o := sort.NewTimed(&batch.Pool{}, limit.New("test", 0), config)
	stored := optest.Store(o)
	next, emitted := int64(0), 0
	drain := func(f func(*op.Output) (bool, error)) {
		for more := true; more; {
			if err := stored.Spill(false); err != nil {
				t.Fatal(err)
			}
			out := op.NewOutput(1)
			var err error
			if more, err = f(out); err != nil {
				t.Fatal(err)
			}
			if b := out.Ports[0]; b != nil {
				for _, at := range b.Cols[1].Int64s()[:b.Len] {
					if at < next {
						t.Fatalf("row of %d behind %d", at, next)
					}
					next = at
					emitted++
				}
			}
		}
	}
	for piece := range pieces {
		rows := make([][]any, 4000)
		for i := range rows {
			rows[i] = []any{"text", piece*1000 + random.IntN(20_000), i}
		}
		if _, err := o.Apply(optest.Make(timedTypes(), rows...), op.NewOutput(1)); err != nil {
			t.Fatal(err)
		}
		if piece%3 == 1 {
			if err := stored.Spill(true); err != nil {
				t.Fatal(err)
			}
		}
		drain(func(out *op.Output) (bool, error) { return o.OnWatermark(int64(piece)*1000, out) })
		switch piece % 4 {
		case 1:
			if err := stored.Seal(); err != nil {
				t.Fatal(err)
			}
		case 3:
			fresh := sort.NewTimed(&batch.Pool{}, limit.New("test", 0), config)
			var err error
			if stored, err = stored.Move(fresh); err != nil {
				t.Fatal(err)
			}
			o = fresh
		}
	}
	drain(o.OnEnd)
	if emitted != pieces*4000 {
		t.Errorf("%d rows of %d", emitted, pieces*4000)
	}
}

// TestTimedWithoutMemoryForRuns: where the list of what is due has no room beside rows that were read of runs, all rows leave memory, and come out in their order.
func TestTimedWithoutMemoryForRuns(t *testing.T) {
	wanted := 0
	for left := int64(0); left < 400<<10; left += 4 << 10 {
		if timedWith(t, left) {
			wanted++
		}
	}
	if wanted == 0 {
		t.Error("rows never left memory")
	}
}

// timedWith has a watermark come when so many bytes are left, and reports whether rows left memory therefore; nothing is emitted where rows of runs have no room at all.
func timedWith(t *testing.T, left int64) (wanted bool) {
	t.Helper()
	budget := limit.New("test", 8<<20)
	o := sort.NewTimed(&batch.Pool{}, budget, sort.TimedConfig{Name: "sort 1", Types: timedTypes(), Keys: []keyed.Key{{Column: 1}}})
	stored := optest.Store(o)
	for _, all := range []bool{true, false} {
		rows := make([][]any, 3000)
		for i := range rows {
			rows[i] = []any{"text", i, i}
		}
		_, applied := o.Apply(optest.Make(timedTypes(), rows...), op.NewOutput(1))
		_, noted := o.OnWatermark(-1, op.NewOutput(1))
		if err := errors.Join(applied, noted, stored.Spill(all)); err != nil {
			t.Fatal(err)
		}
	}
	hog := budget.Available() - left
	if err := budget.Reserve(hog); err != nil {
		t.Fatal(err)
	}
	emitted, last := 0, int64(0)
	for more, first := true, true; more; first = false {
		out := op.NewOutput(1)
		var err error
		if more, err = o.OnWatermark(5000, out); err != nil && first {
			return false
		}
		if first {
			budget.Release(hog)
		}
		b := out.Ports[0]
		if wanted = wanted || first && b == nil; b != nil {
			for _, at := range b.Cols[1].Int64s()[:b.Len] {
				if at < last {
					t.Fatalf("row of %d behind %d", at, last)
				}
				last = at
				emitted++
			}
		}
		if err = errors.Join(err, stored.Spill(false)); err != nil {
			t.Fatal(err)
		}
	}
	if emitted != 6000 {
		t.Errorf("with %d bytes %d rows came out", left, emitted)
	}
	return wanted
}

// TestRunsOfOtherKeyGroupsAreRefused: rows that wait for a watermark are of key group 0. The rows of a run of another one would never come out.
func TestRunsOfOtherKeyGroupsAreRefused(t *testing.T) {
	for _, group := range []uint64{0, 1, 255} {
		parts := sort.NewTimed(&batch.Pool{}, limit.New("test", 0), sort.TimedConfig{Name: "sort 1", Types: timedTypes(), Keys: []keyed.Key{{Column: 1}}}).Kept()
		runs := parts[len(parts)-1].(keyed.Indexed)
		err := runs.Admit(&keyed.Entries{
			Slices: []int64{runs.Index()}, Hashes: []uint64{group << 56}, Keys: [][]byte{{0, 0, 0, 0, 0, 0, 0, 1}}, Values: [][]byte{{1, 0, 1, 1, 10}},
		})
		var corrupt *keyed.CorruptError
		if group == 0 && err != nil || group > 0 && !errors.As(err, &corrupt) {
			t.Errorf("key group %d: %v", group, err)
		}
	}
}
