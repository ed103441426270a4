package late_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/operator/late"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

const none = math.MinInt64

func types() []schema.Type {
	return []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Timestamp)}
}

// timed makes a batch of rows with times; nil is NULL.
func timed(times ...any) *batch.Batch {
	pool := &batch.Pool{}
	b := &batch.Batch{Len: len(times)}
	for _, typ := range types() {
		c := batch.NewColumn(pool, typ)
		c.Reset(len(times))
		b.Cols = append(b.Cols, c)
	}
	for i, t := range times {
		b.Cols[0].Int64s()[i] = int64(i)
		if t == nil {
			b.Cols[1].SetNull(i)
			continue
		}
		b.Cols[1].Int64s()[i] = int64(t.(int))
	}
	return b
}

func create(t testing.TB, c late.Config) *late.Filter {
	t.Helper()
	c.Name, c.Types, c.Time = "f", types(), 1
	f, err := late.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// rows returns the row numbers of what was emitted at a port.
func rows(out *op.Output, port int) (got []int) {
	if b := out.Ports[port]; b != nil {
		for i := range b.Rows() {
			got = append(got, b.Row(i))
		}
	}
	return got
}

func TestWhatIsLate(t *testing.T) {
	for _, c := range []struct {
		what       string
		cfg        late.Config
		times      []any
		before     []int64
		sel        []uint16
		kept, gone []int
		counts     op.Counts
	}{
		{what: "nobody knows of a watermark", times: []any{1, 2}, kept: []int{0, 1}, counts: op.Counts{In: 2, Forwarded: 2, Emitted: 2}},
		{what: "there is none yet", times: []any{1}, before: []int64{none}, kept: []int{0}, counts: op.Counts{In: 1, Forwarded: 1, Emitted: 1}},
		{
			what: "before it, at it, behind it", times: []any{9, 10, 11}, before: []int64{10, 10, 10},
			kept: []int{1, 2}, gone: []int{0}, counts: op.Counts{In: 3, Forwarded: 2, Late: 1, Emitted: 3},
		},
		{
			what: "each row has its own", times: []any{5, 5}, before: []int64{5, 6},
			kept: []int{0}, gone: []int{1}, counts: op.Counts{In: 2, Forwarded: 1, Late: 1, Emitted: 2},
		},
		{
			what: "within the lateness", cfg: late.Config{Lateness: 3}, times: []any{7, 6}, before: []int64{10, 10},
			kept: []int{0}, gone: []int{1}, counts: op.Counts{In: 2, Forwarded: 1, Late: 1, Emitted: 2},
		},
		{
			what: "a lateness beyond all times", cfg: late.Config{Lateness: math.MaxInt64}, times: []any{5, -5}, before: []int64{math.MaxInt64, -4},
			kept: []int{0, 1}, counts: op.Counts{In: 2, Forwarded: 2, Emitted: 2},
		},
		{
			what: "no time", times: []any{nil, 1}, before: []int64{10, 10},
			kept: []int{0}, gone: []int{1}, counts: op.Counts{In: 2, Forwarded: 1, Late: 1, Emitted: 2},
		},
		{
			what: "no time, filtered", cfg: late.Config{DropNull: true}, times: []any{nil, 1, 20}, before: []int64{10, 10, 10},
			kept: []int{2}, gone: []int{1}, counts: op.Counts{In: 3, Forwarded: 1, Filtered: 1, Late: 1, Emitted: 2},
		},
		{
			what: "no time, filtered, without a watermark", cfg: late.Config{DropNull: true}, times: []any{nil},
			counts: op.Counts{In: 1, Filtered: 1},
		},
		{
			what: "some rows count", times: []any{1, 1, 20, 20}, before: []int64{10, 10, 10, 10}, sel: []uint16{1, 3},
			kept: []int{3}, gone: []int{1}, counts: op.Counts{In: 2, Forwarded: 1, Late: 1, Emitted: 2},
		},
		{what: "all are late", times: []any{1}, before: []int64{2}, gone: []int{0}, counts: op.Counts{In: 1, Late: 1, Emitted: 1}},
	} {
		c.cfg.Late = true
		f, out := create(t, c.cfg), op.NewOutput(2)
		in := timed(c.times...)
		in.Before, in.Sel = c.before, c.sel
		if more, err := f.Apply(in, out); more || err != nil {
			t.Fatal(more, err)
		}
		if got := rows(out, 0); !slices.Equal(got, c.kept) {
			t.Errorf("%s: rows %v, want %v", c.what, got, c.kept)
		}
		if got := rows(out, late.LatePort); !slices.Equal(got, c.gone) {
			t.Errorf("%s: late rows %v, want %v", c.what, got, c.gone)
		}
		if out.Counts != c.counts || !out.Counts.Balanced() {
			t.Errorf("%s: account %+v, want %+v", c.what, out.Counts, c.counts)
		}
		if b := out.Ports[0]; b != nil && b.Before != nil {
			t.Errorf("%s: the watermark goes on with the rows", c.what)
		}
	}
}

func TestLateRowsAreOnlyCountedIfNobodyAsks(t *testing.T) {
	f, out := create(t, late.Config{}), op.NewOutput(1)
	in := timed(1, 5)
	in.Before = []int64{3, 3}
	if _, err := f.Apply(in, out); err != nil {
		t.Fatal(err)
	}
	if want := (op.Counts{In: 2, Forwarded: 1, Late: 1, Emitted: 1}); out.Counts != want {
		t.Errorf("account %+v, want %+v", out.Counts, want)
	}
}

func TestHalvesOfAnUpdate(t *testing.T) {
	f, out := create(t, late.Config{Late: true}), op.NewOutput(2)
	in := timed(1, 5)
	in.Before = []int64{3, 3}
	in.Kinds = []batch.Change{batch.UpdateBefore, batch.UpdateAfter}
	if _, err := f.Apply(in, out); err != nil {
		t.Fatal(err)
	}
	if k := out.Ports[0].Kinds[1]; k != batch.Insert {
		t.Errorf("what is left of the update is %s", k)
	}
	if k := out.Ports[late.LatePort].Kinds[0]; k != batch.Delete {
		t.Errorf("what is late of the update is %s", k)
	}
	if in.Kinds[0] != batch.UpdateBefore {
		t.Error("the kinds that were lent have changed")
	}
}

// TestVersionsOfAChangelog: a version is late by its own time, whatever it replaces; what deletes a row has the time of that and is never late.
func TestVersionsOfAChangelog(t *testing.T) {
	f, out := create(t, late.Config{Late: true, Changes: true}), op.NewOutput(2)
	in := timed(1, 20, 20, 3, 1, 2, nil, 30, 5)
	in.Before = []int64{10, 10, 10, 10, 10, 10, 10, 10, 10}
	in.Kinds = []batch.Change{
		batch.UpdateBefore, batch.UpdateAfter, batch.UpdateBefore, batch.UpdateAfter, batch.Delete, batch.Insert, batch.UpdateBefore, batch.UpdateAfter, batch.UpdateBefore,
	}
	if _, err := f.Apply(in, out); err != nil {
		t.Fatal(err)
	}
	if got := rows(out, 0); !slices.Equal(got, []int{0, 1, 4, 6, 7, 8}) {
		t.Errorf("rows %v", got)
	}
	if got := rows(out, late.LatePort); !slices.Equal(got, []int{2, 3, 5}) {
		t.Errorf("late rows %v", got)
	}
	if c := out.Counts; c.Late != 3 || !c.Balanced() {
		t.Errorf("%+v", c)
	}
}

// TestCutsDoNotMatter: a row is late or not whatever stands beside it in its batch.
func TestCutsDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "rows")
		lateness := rapid.Int64Range(0, 5).Draw(t, "lateness")
		times, before := make([]any, n), make([]int64, n)
		var want []int
		for i := range times {
			ts, wm := rapid.IntRange(0, 20).Draw(t, "time"), rapid.IntRange(-1, 20).Draw(t, "watermark")
			if times[i], before[i] = ts, int64(wm); wm < 0 {
				before[i] = none
			}
			if wm < 0 || int64(ts)+lateness >= int64(wm) {
				want = append(want, i)
			}
		}
		f, err := late.New(&late.Config{Types: types(), Time: 1, Lateness: lateness})
		if err != nil {
			t.Fatal(err)
		}
		out := op.NewOutput(1)
		var got []int
		for from := 0; from < n; {
			to := rapid.IntRange(from+1, n).Draw(t, "to")
			in := timed(times[from:to]...)
			in.Before = before[from:to]
			out.Reset()
			if _, err := f.Apply(in, out); err != nil {
				t.Fatal(err)
			}
			for _, row := range rows(out, 0) {
				got = append(got, from+row)
			}
			from = to
		}
		if !slices.Equal(got, want) {
			t.Fatalf("rows %v, want %v", got, want)
		}
	})
}

func TestLag(t *testing.T) {
	c := late.Config{Lateness: 5}
	if got := c.Lag(2); got != 7 {
		t.Error(got)
	}
	if got := c.Lag(math.MaxInt64); got != math.MaxInt64 {
		t.Error(got)
	}
}

func TestWhatNoPlanMayContain(t *testing.T) {
	for want, c := range map[string]late.Config{
		"column 2 of 2": {Types: types(), Time: 2},
		"is a BIGINT":   {Types: types(), Time: 0},
		"of -1 µs":      {Types: types(), Time: 1, Lateness: -1},
	} {
		if _, err := late.New(&c); err == nil || !strings.Contains(strings.ToUpper(err.Error()), strings.ToUpper(want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// BenchmarkFilter is for a batch with a late row in a hundred.
func BenchmarkFilter(b *testing.B) {
	times := make([]any, batch.MaxRows)
	before := make([]int64, batch.MaxRows)
	for i := range times {
		times[i], before[i] = i*100+i%100, int64(i*100+1)
	}
	f, out := create(b, late.Config{}), op.NewOutput(1)
	in := timed(times...)
	in.Before = before
	for b.Loop() {
		out.Reset()
		if _, err := f.Apply(in, out); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batch.MaxRows, "ns/row")
}
