package fold_test

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/fold"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

var writeFixtures = flag.Bool("write-fixtures", false, "write fixtures that are missing") //nolint:gochecknoglobals // a flag

// folding is a fold as optest drives it.
func folding(c fold.Config) optest.Operator {
	return optest.Operator{
		New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			return fold.New(pool, budget, c), nil
		},
		Inputs: []optest.Input{{Keys: c.Partition}},
		Alone:  len(c.Partition) == 0,
	}
}

// kinds are all kinds of change.
func kinds() []batch.Change {
	return []batch.Change{batch.Insert, batch.UpdateBefore, batch.UpdateAfter, batch.Delete}
}

// draw draws rows of which many are equal, each some change.
func draw(types []schema.Type) optest.Draw {
	return func(t *rapid.T, pool *batch.Pool) []*batch.Batch {
		s := &schema.Schema{}
		for i, typ := range types {
			s.Fields = append(s.Fields, schema.Field{Name: fmt.Sprint("c", i), Type: typ})
		}
		few := sdktest.Values{}.DrawBatch(t, pool, s, 5)
		rows := rapid.SliceOfN(rapid.Uint16Range(0, 4), 0, 60).Draw(t, "rows")
		b := &batch.Batch{Len: len(rows)}
		for _, c := range few.Cols {
			own := batch.NewColumn(pool, c.Type())
			own.Reset(0)
			own.Append(c, rows)
			b.Cols = append(b.Cols, own)
		}
		if rapid.IntRange(0, 4).Draw(t, "with kinds") > 0 {
			for range rows {
				b.Kinds = append(b.Kinds, rapid.SampledFrom(kinds()).Draw(t, "kind"))
			}
		}
		return []*batch.Batch{b}
	}
}

// left counts rows as text.
func left(inputs []*batch.Batch) [][]string {
	in := *inputs[0]
	in.Kinds = nil
	counts := map[string]int{}
	for i, row := range sdktest.Rows(&in) {
		change := 1
		if kinds := inputs[0].Kinds; len(kinds) > 0 && !op.Adds(kinds[i]) {
			change = -1
		}
		counts[row] += change
	}
	var rows []string
	for row, n := range counts {
		rows = append(rows, slices.Repeat([]string{row}, max(n, 0))...)
	}
	return [][]string{rows}
}

func TestWhatAllChangesLeave(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Text), schema.Of(schema.Int64)}
	for _, partition := range [][]int{nil, {1}, {0, 1}} {
		optest.Check(t, folding(fold.Config{Name: "f", Types: types, Partition: partition}), draw(types), left)
	}
	optest.Check(t, folding(fold.Config{Name: "f"}), func(t *rapid.T, _ *batch.Pool) []*batch.Batch {
		return []*batch.Batch{{Len: rapid.IntRange(0, 5).Draw(t, "rows without columns")}}
	}, nil)
}

func TestEveryType(t *testing.T) {
	for _, typ := range sdktest.Types() {
		t.Run(typ.String(), func(t *testing.T) {
			types := []schema.Type{typ}
			optest.Check(t, folding(fold.Config{Name: "f", Types: types, Partition: []int{0}}), draw(types), nil)
		})
	}
}

func TestEqualRowsAreOneAndComeAsTheyCameFirst(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Numeric)}
	in := optest.Make(types, []any{"1.0"}, []any{"1.00"}, []any{"1"}, []any{"2"}, []any{"2.0"})
	in.Kinds = []batch.Change{batch.Insert, batch.Insert, batch.Delete, batch.UpdateBefore, batch.UpdateAfter}
	result, err := optest.Run(folding(fold.Config{Name: "f", Types: types}), in)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(result.Rows[0], " "); got != "1.0" {
		t.Errorf("%q", got)
	}
}

func TestManyCopiesComeOverSeveralCalls(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64)}
	in := optest.Make(types, slices.Repeat([][]any{{1}, {2}}, batch.MaxRows)...)
	for i := range in.Len {
		in.Kinds = append(in.Kinds, batch.Change(2*(i%2))) // insertions and the second halves of updates
	}
	result, err := optest.Run(folding(fold.Config{Name: "f", Types: types}), in)
	if err != nil || len(result.Rows[0]) != 2*batch.MaxRows {
		t.Errorf("%d rows, %v", len(result.Rows[0]), err)
	}
}

func TestWhatIsTakenBackIsForgotten(t *testing.T) {
	pool, budget := &batch.Pool{}, limit.New("test", 0)
	types := []schema.Type{schema.Of(schema.Int64)}
	f := fold.New(pool, budget, fold.Config{Name: "f", Types: types, Partition: []int{0}})
	out := op.NewOutput(1)
	peak := int64(0)
	for round := range 200 {
		rows := make([][]any, 1000)
		for i := range rows {
			rows[i] = []any{1000*round + i}
		}
		in := optest.Make(types, rows...)
		for _, kind := range []batch.Change{batch.Insert, batch.Delete} {
			in.Kinds = slices.Repeat([]batch.Change{kind}, in.Len)
			if _, err := f.Apply(in, out); err != nil {
				t.Fatal(err)
			}
		}
		if round == 20 {
			peak = budget.Peak()
		}
	}
	if budget.Peak() > peak*3/2 {
		t.Errorf("%d bytes were reserved after 200 rounds, %d after 20", budget.Peak(), peak)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Text), schema.Of(schema.Int64)}
	optest.Starve(t, folding(fold.Config{Name: "f", Types: types}), "fold f", optest.Make(types, []any{"a", 1}, []any{"b", 2}, []any{strings.Repeat("c", 100), nil}))
}

func TestTheStoredStateIsReadForEver(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Text), schema.Of(schema.Int64)}
	in := optest.Make(types, []any{"a", 1}, []any{"a", 1}, []any{"b", nil}, []any{"gone", 2}, []any{"gone", 2}, []any{"owed", 3})
	in.Kinds = []batch.Change{batch.Insert, batch.Insert, batch.UpdateAfter, batch.Insert, batch.Delete, batch.Delete}
	optest.Fixture(t, folding(fold.Config{Name: "f", Types: types}), "testdata/fold-v1.state", *writeFixtures, in)
	optest.EntriesFixture(t, folding(fold.Config{Name: "f", Types: types}), "testdata/entries-v1.txt", *writeFixtures, in)
}

func TestDamagedStateIsRefused(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64)}
	c := fold.Config{Name: "f", Types: types}
	f := fold.New(&batch.Pool{}, limit.New("test", 0), c)
	if _, err := f.Apply(optest.Make(types, []any{1}), op.NewOutput(1)); err != nil {
		t.Fatal(err)
	}
	data, err := f.Snapshot(0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 1
		if err := fold.New(&batch.Pool{}, limit.New("test", 0), c).Restore(0, bad); err == nil {
			t.Errorf("byte %d was changed and nothing noticed", i)
		}
	}
}

// BenchmarkFold is the cost of a row: inserts of new rows, and updates of a small table.
func BenchmarkFold(b *testing.B) {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Int64)}
	for _, keys := range []int{1000, 1_000_000} {
		b.Run(fmt.Sprintf("updates of %d keys", keys), func(b *testing.B) {
			pool := &batch.Pool{}
			f := fold.New(pool, limit.New("test", 0), fold.Config{Name: "f", Types: types, Partition: []int{0}})
			random := rand.New(rand.NewPCG(1, 2))
			values := make([]int64, keys)
			in := &batch.Batch{Len: batch.MaxRows, Kinds: make([]batch.Change, batch.MaxRows)}
			for range types {
				c := batch.NewColumn(pool, types[0])
				c.Reset(batch.MaxRows)
				in.Cols = append(in.Cols, c)
			}
			out := op.NewOutput(1)
			b.ResetTimer()
			for n := 0; n < b.N; n += batch.MaxRows {
				for i := 0; i < batch.MaxRows; i += 2 {
					key := random.IntN(keys)
					in.Cols[0].Int64s()[i], in.Cols[0].Int64s()[i+1] = int64(key), int64(key)
					in.Cols[1].Int64s()[i], in.Cols[1].Int64s()[i+1] = values[key], values[key]+1
					in.Kinds[i], in.Kinds[i+1] = batch.UpdateBefore, batch.UpdateAfter
					if values[key]++; values[key] == math.MaxInt64 {
						b.Fatal("too many")
					}
				}
				out.Reset()
				if _, err := f.Apply(in, out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
