package rowsfrom_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/setreturning"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/rowsfrom"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// The input: a number, bounds and step of a series, a list of numbers that may be NULL, a JSON value.
const (
	idColumn = iota
	fromColumn
	toColumn
	stepColumn
	listColumn
	jsonColumn
)

var inputTypes = []schema.Type{
	schema.Of(schema.Int64), schema.Of(schema.Int64), schema.Of(schema.Int64), schema.Of(schema.Int64),
	schema.ArrayOf(schema.Of(schema.Int32)), schema.Of(schema.JSONB),
}

type inputRow struct {
	from, to, step int64
	list           []int // nil is NULL, -1 a NULL element
	json           string
}

func input(pool *batch.Pool, rows []inputRow) *batch.Batch {
	b := &batch.Batch{Len: len(rows)}
	for _, typ := range inputTypes {
		c := batch.NewColumn(pool, typ)
		c.Reset(len(rows))
		b.Cols = append(b.Cols, c)
	}
	for i, r := range rows {
		b.Cols[idColumn].Int64s()[i] = int64(i)
		b.Cols[fromColumn].Int64s()[i], b.Cols[toColumn].Int64s()[i], b.Cols[stepColumn].Int64s()[i] = r.from, r.to, r.step
		list, items := b.Cols[listColumn], b.Cols[listColumn].Child(0)
		for _, v := range r.list {
			n := items.Len()
			items.Resize(n + 1)
			if items.Int32s()[n] = int32(v); v < 0 {
				items.SetNull(n)
			}
		}
		list.Offsets()[i+1] = int32(items.Len())
		if r.list == nil {
			list.SetNull(i)
		}
		if r.json == "" {
			b.Cols[jsonColumn].SetNull(i)
		} else {
			b.Cols[jsonColumn].SetBytes(i, []byte(r.json))
		}
	}
	return b
}

func call(name string, args ...int) rowsfrom.Call {
	types := make([]schema.Type, len(args))
	for i, a := range args {
		types[i] = inputTypes[a]
	}
	for _, f := range setreturning.Standard().Lookup(name) {
		if f.Accepts(len(args)) && (f.Param(0) == types[0].Kind) {
			return rowsfrom.Call{Function: f, Args: args, Types: types}
		}
	}
	panic(name)
}

func text(c *batch.Column, row int) string {
	if c.IsNull(row) {
		return "-"
	}
	return string(builtin.AppendValue(nil, c, row))
}

// apply runs the operator until it is through: each row of its output as text, the id and the columns behind those of the input.
func apply(t testing.TB, o *rowsfrom.Operator, in *batch.Batch) (got []string, counts op.Counts, rejects []op.Reject) {
	t.Helper()
	for more := true; more; {
		out := op.NewOutput(1)
		var err error
		if more, err = o.Apply(in, out); err != nil {
			t.Fatal(err)
		}
		counts.Add(out.Counts)
		if !out.Counts.Balanced() {
			t.Fatalf("%+v", out.Counts)
		}
		rejects = append(rejects, out.Rejects...)
		b := out.Ports[0]
		if b == nil {
			continue
		}
		if b.Rows() > batch.MaxRows || b.Rows() == 0 {
			t.Fatalf("a batch of %d rows", b.Rows())
		}
		for i := range b.Rows() {
			parts := []string{text(b.Cols[idColumn], i)}
			for _, c := range b.Cols[len(in.Cols):] {
				if c.Len() != b.Len {
					t.Fatalf("a column of %d rows in a batch of %d", c.Len(), b.Len)
				}
				parts = append(parts, text(c, i))
			}
			got = append(got, strings.Join(parts, " "))
		}
	}
	return got, counts, rejects
}

func budget() *limit.Budget { return limit.New("test", 0) }

func TestRowsFrom(t *testing.T) {
	rows := []inputRow{
		{1, 3, 1, []int{7, -1}, `["x"]`},
		{3, 1, 1, []int{}, `[]`},
		{1, 1, 0, []int{5}, `["y"]`},
		{5, 1, -2, nil, ``},
		{2, 2, 1, []int{1, 2, 3}, `{"a": 1}`},
	}
	series, list := call("generate_series", fromColumn, toColumn, stepColumn), call("unnest", listColumn)
	items := call("jsonb_array_elements_text", jsonColumn)
	tests := []struct {
		name     string
		config   rowsfrom.Config
		sel      []uint16
		want     []string
		rejected []int
		filtered int64
	}{
		{
			"one",
			rowsfrom.Config{Calls: []rowsfrom.Call{list}},
			nil,
			[]string{"0 7", "0 -", "2 5", "4 1", "4 2", "4 3"},
			nil, 2,
		},
		{
			"outer",
			rowsfrom.Config{Calls: []rowsfrom.Call{list}, Outer: true, Ordinality: true},
			nil,
			[]string{"0 7 1", "0 - 2", "1 - -", "2 5 1", "3 - -", "4 1 1", "4 2 2", "4 3 3"},
			nil, 0,
		},
		{
			"lock step",
			rowsfrom.Config{Calls: []rowsfrom.Call{series, list}, Ordinality: true},
			nil,
			[]string{"0 1 7 1", "0 2 - 2", "0 3 - 3", "3 5 - 1", "3 3 - 2", "3 1 - 3", "4 2 1 1", "4 - 2 2", "4 - 3 3"},
			[]int{2},
			1,
		},
		{
			"selected",
			rowsfrom.Config{Calls: []rowsfrom.Call{list, items}},
			[]uint16{0, 2, 3},
			[]string{"0 7 x", "0 - -", "2 5 y"},
			nil, 1,
		},
		{
			"the second fails",
			rowsfrom.Config{Calls: []rowsfrom.Call{list, items}, Outer: true},
			[]uint16{1, 4, 2},
			[]string{"1 - -", "2 5 y"},
			[]int{4},
			0,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pool := &batch.Pool{}
			in := input(pool, rows)
			in.Sel = test.sel
			got, counts, rejects := apply(t, rowsfrom.New(pool, budget(), test.config), in)
			if !slices.Equal(got, test.want) {
				t.Errorf("%q\nwant %q", got, test.want)
			}
			var rejected []int
			for _, r := range rejects {
				rejected = append(rejected, r.Row)
			}
			if !slices.Equal(rejected, test.rejected) || counts.Filtered != test.filtered || int(counts.In) != in.Rows() {
				t.Errorf("rejected %v, account %+v", rejected, counts)
			}
		})
	}
}

// TestFailsInTheMiddle: what a function made before it failed has gone on, in lock step with the others, and nothing of the row that failed.
func TestFailsInTheMiddle(t *testing.T) {
	records := setreturning.Standard().Lookup("jsonb_to_recordset")[0]
	declared := []schema.Field{
		{Name: "t", Type: schema.Of(schema.Text)}, {Name: "l", Type: schema.ArrayOf(schema.Of(schema.Int32))}, {Name: "n", Type: schema.Of(schema.Int32)},
	}
	config := rowsfrom.Config{Calls: []rowsfrom.Call{
		call("unnest", listColumn), {Function: records, Args: []int{jsonColumn}, Types: inputTypes[jsonColumn:], Declared: declared},
	}}
	pool := &batch.Pool{}
	in := input(pool, []inputRow{
		{list: []int{1, 2, 3, -1}, json: `[{"l": [1, 2], "n": 1}, {"l": [3, 4], "n": "x"}, {"n": 3}]`},
		{list: []int{4}, json: `[{"t": "a", "l": [5], "n": 2}, {"l": [6]}]`},
	})
	got, counts, rejects := apply(t, rowsfrom.New(pool, budget(), config), in)
	want := []string{"0 1 - {1,2} 1", "1 4 a {5} 2", "1 - - {6} -"}
	if !slices.Equal(got, want) || counts.Rejected != 1 || counts.Forwarded != 1 || counts.Emitted != 3 {
		t.Errorf("%q, %+v", got, counts)
	}
	if len(rejects) != 1 || rejects[0].Err.Code != sqlstate.InvalidTextRepresentation {
		t.Errorf("%v", rejects)
	}
}

// TestStreams: a series of thousands of millions comes in full batches, and memory does not grow.
func TestStreams(t *testing.T) {
	pool := &batch.Pool{}
	in := input(pool, []inputRow{{from: 1, to: 1e12, step: 1}})
	o := rowsfrom.New(pool, budget(), rowsfrom.Config{Calls: []rowsfrom.Call{call("generate_series", fromColumn, toColumn, stepColumn)}})
	before := int64(0)
	for i := range 1000 {
		out := op.NewOutput(1)
		more, err := o.Apply(in, out)
		if err != nil || !more || out.Ports[0].Len != batch.MaxRows {
			t.Fatal(more, err)
		}
		if first := out.Ports[0].Cols[6].Int64s()[0]; first != int64(i)*batch.MaxRows+1 {
			t.Fatalf("batch %d begins with %d", i, first)
		}
		if i == 10 {
			before = pool.Stats().Bytes
		}
	}
	if after := pool.Stats().Bytes; after != before {
		t.Errorf("%d bytes, then %d", before, after)
	}
}

func TestReservesWhatGeneratorsKeep(t *testing.T) {
	split := setreturning.Standard().Lookup("regexp_split_to_table")[0]
	pool := &batch.Pool{}
	in := input(pool, []inputRow{{}})
	in.Cols = in.Cols[:1]
	for _, s := range []string{strings.Repeat("a,", 100_000), ","} {
		c := batch.NewColumn(pool, schema.Of(schema.Text))
		c.Reset(1)
		c.SetBytes(0, []byte(s))
		in.Cols = append(in.Cols, c)
	}
	types := []schema.Type{schema.Of(schema.Text), schema.Of(schema.Text)}
	config := rowsfrom.Config{Name: "parts", Calls: []rowsfrom.Call{{Function: split, Args: []int{1, 2}, Types: types}}}
	full := limit.New("test", 1000)
	_, err := rowsfrom.New(pool, full, config).Apply(in, op.NewOutput(1))
	var bad *sqlstate.Error
	if !errors.As(err, &bad) || bad.Code != sqlstate.OutOfMemory || !strings.Contains(bad.Message, "parts") || bad.Hint == "" || full.Used() != 0 {
		t.Fatalf("%v, %d used", err, full.Used())
	}
	roomy := budget()
	got, _, _ := apply(t, rowsfrom.New(pool, roomy, config), in)
	if len(got) != 100_000 && len(got) != 100_001 || roomy.Used() < 400_000 {
		t.Errorf("%d rows, %d used", len(got), roomy.Used())
	}
}

// TestLongArraysMakeSmallBatches: rows that repeat a long array of their parent come few at a time, unless nothing reads it.
func TestLongArraysMakeSmallBatches(t *testing.T) {
	pool := &batch.Pool{}
	long := make([]int, 100_000)
	in := input(pool, []inputRow{{1, 5000, 1, long, ""}, {1, 3, 1, long[:10], ""}})
	config := rowsfrom.Config{Calls: []rowsfrom.Call{call("generate_series", fromColumn, toColumn, stepColumn)}}
	o := rowsfrom.New(pool, budget(), config)
	out := op.NewOutput(1)
	if more, err := o.Apply(in, out); err != nil || !more || out.Ports[0].Len != 2 {
		t.Errorf("%d rows, %v", out.Ports[0].Len, err)
	}
	config.Keep = []bool{true, false, false, false, false, false}
	got, _, _ := apply(t, rowsfrom.New(pool, budget(), config), in)
	if len(got) != 5003 {
		t.Errorf("%d rows", len(got))
	}
	out.Reset()
	if _, err := rowsfrom.New(pool, budget(), config).Apply(in, out); err != nil || out.Ports[0].Cols[listColumn] != nil || out.Ports[0].Len != batch.MaxRows {
		t.Errorf("%v", out.Ports[0].Cols)
	}
}

func TestCarriesKindsAndOrigins(t *testing.T) {
	pool := &batch.Pool{}
	in := input(pool, []inputRow{{list: []int{1}}, {list: []int{2, 3}}})
	in.Kinds = []batch.Change{batch.Insert, batch.Delete}
	in.Origin = &batch.Origin{Block: batch.WrapBuffer([]byte("12")), Starts: []uint32{0, 1}, Ends: []uint32{1, 2}}
	out := op.NewOutput(1)
	o := rowsfrom.New(pool, budget(), rowsfrom.Config{Calls: []rowsfrom.Call{call("unnest", listColumn)}})
	if _, err := o.Apply(in, out); err != nil {
		t.Fatal(err)
	}
	b := out.Ports[0]
	if !slices.Equal(b.Kinds, []batch.Change{batch.Insert, batch.Delete, batch.Delete}) || string(b.Origin.Record(b.OriginRow(2))) != "2" {
		t.Errorf("%v", b.Kinds)
	}
}

// TestMatchesTheReference compares random calls over random rows, in random batches, with what nested loops make.
func TestMatchesTheReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 1, 12).Draw(t, "rows")
		outer, ordinality := rapid.Bool().Draw(t, "outer"), rapid.Bool().Draw(t, "ordinality")
		calls := []rowsfrom.Call{call("generate_series", fromColumn, toColumn, stepColumn)}
		if rapid.Bool().Draw(t, "two") {
			calls = append(calls, call("unnest", listColumn))
		}
		pool := &batch.Pool{}
		o := rowsfrom.New(pool, budget(), rowsfrom.Config{Calls: calls, Outer: outer, Ordinality: ordinality})
		got := map[bool][]string{}
		rejected := int64(0)
		in := input(pool, rows)
		cut := rapid.IntRange(0, len(rows)).Draw(t, "cut")
		for _, part := range [][2]int{{0, cut}, {cut, len(rows)}} {
			sel := []uint16{}
			for i := part[0]; i < part[1]; i++ {
				sel = append(sel, uint16(i))
			}
			more := true
			for in.Sel = sel; more; {
				out := op.NewOutput(1)
				var err error
				if more, err = o.Apply(in, out); err != nil {
					t.Fatal(err)
				}
				rejected += out.Counts.Rejected
				if b := out.Ports[0]; b != nil {
					for i := range b.Rows() {
						line := text(b.Cols[0], i)
						for _, c := range b.Cols[len(in.Cols):] {
							line += " " + text(c, i)
						}
						got[true] = append(got[true], line)
					}
				}
			}
		}
		want, bad := reference(rows, len(calls) > 1, outer, ordinality)
		if !slices.Equal(got[true], want) || rejected != bad {
			t.Fatalf("%v, %d rejected\nwant %v, %d", got[true], rejected, want, bad)
		}
	})
}

func drawRow(t *rapid.T) inputRow {
	r := inputRow{
		from: rapid.Int64Range(-20, 20).Draw(t, "from"), to: rapid.Int64Range(-20, 20).Draw(t, "to"),
		step: rapid.Int64Range(-3, 3).Draw(t, "step"),
	}
	if rapid.IntRange(0, 20).Draw(t, "long") == 0 {
		r.to = 9000
	}
	if rapid.Bool().Draw(t, "list") {
		r.list = append([]int{}, rapid.SliceOfN(rapid.IntRange(-1, 3), 0, 6).Draw(t, "items")...)
	}
	return r
}

func reference(rows []inputRow, two, outer, ordinality bool) (want []string, rejected int64) {
	for id, r := range rows {
		if r.step == 0 {
			rejected++
			continue
		}
		var series []string
		for v := r.from; r.step > 0 && v <= r.to || r.step < 0 && v >= r.to; v += r.step {
			series = append(series, fmt.Sprint(v))
		}
		n := len(series)
		if two {
			n = max(n, len(r.list))
		}
		at := func(i int) string {
			line := fmt.Sprint(id)
			if i < len(series) {
				line += " " + series[i]
			} else {
				line += " -"
			}
			switch {
			case !two:
			case i < len(r.list) && r.list[i] >= 0:
				line += fmt.Sprint(" ", r.list[i])
			default:
				line += " -"
			}
			switch {
			case !ordinality:
			case n == 0:
				line += " -"
			default:
				line += fmt.Sprint(" ", i+1)
			}
			return line
		}
		for i := range n {
			want = append(want, at(i))
		}
		if n == 0 && outer {
			want = append(want, at(0))
		}
	}
	return want, rejected
}

func BenchmarkSeries(b *testing.B) {
	pool := &batch.Pool{}
	in := input(pool, []inputRow{{from: 1, to: int64(b.N) * 1000, step: 1}})
	in.Cols = in.Cols[:4]
	o := rowsfrom.New(pool, budget(), rowsfrom.Config{
		Calls: []rowsfrom.Call{call("generate_series", fromColumn, toColumn, stepColumn)}, Keep: make([]bool, 4),
	})
	run(b, o, in, 1000)
}

func BenchmarkUnnest(b *testing.B) {
	pool := &batch.Pool{}
	rows := make([]inputRow, 1000)
	for i := range rows {
		rows[i].list = []int{1, 2, 3, 4}
	}
	in := input(pool, rows)
	o := rowsfrom.New(pool, budget(), rowsfrom.Config{Calls: []rowsfrom.Call{call("unnest", listColumn)}, Keep: []bool{true, true, false, false, false, false}})
	for b.Loop() {
		out := op.NewOutput(1)
		for more := true; more; {
			more, _ = o.Apply(in, out)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4000, "ns/row")
}

func run(b *testing.B, o *rowsfrom.Operator, in *batch.Batch, rows int) {
	b.ResetTimer()
	out := op.NewOutput(1)
	for more := true; more; {
		out.Reset()
		more, _ = o.Apply(in, out)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}

// TestAnyWayToRun: cuts, selections and lent memory make no difference.
func TestAnyWayToRun(t *testing.T) {
	for name, config := range map[string]rowsfrom.Config{
		"lock step": {Calls: []rowsfrom.Call{
			call("generate_series", fromColumn, toColumn, stepColumn), call("unnest", listColumn), call("jsonb_array_elements_text", jsonColumn),
		}, Ordinality: true},
		"outer": {Calls: []rowsfrom.Call{call("unnest", listColumn)}, Outer: true, Keep: []bool{true, false, false, true, true, true}},
	} {
		t.Run(name, func(t *testing.T) {
			o := optest.Operator{Ordered: true, New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
				return rowsfrom.New(pool, budget, config), nil
			}}
			draw := func(t *rapid.T, pool *batch.Pool) []*batch.Batch {
				rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 20).Draw(t, "rows")
				for i := range rows {
					rows[i].json = rapid.SampledFrom([]string{"", "[]", `["a", "a text that is longer than a view"]`, "{}", "[1]"}).Draw(t, "json")
				}
				return []*batch.Batch{input(pool, rows)}
			}
			optest.Check(t, o, draw, nil)
		})
	}
}
