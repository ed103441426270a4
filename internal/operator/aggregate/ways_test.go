package aggregate_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

func distinct(c aggregate.Call) aggregate.Call {
	c.Distinct = true
	return c
}

func filter(c aggregate.Call) aggregate.Call {
	c.Filter = argFilter
	return c
}

func orderBy(c aggregate.Call, column int) aggregate.Call {
	c.OrderBy = []keyed.Key{{Column: column, Desc: true}}
	return c
}

// TestEveryWay drives operators as optest does: cut, interleaved, moved, with state that is not resident.
func TestEveryWay(t *testing.T) {
	simple := []aggregate.Call{call(t, "count"), call(t, "sum", argInt), filter(call(t, "max", argText)), call(t, "sum", argFloat)}
	hard := []aggregate.Call{
		distinct(call(t, "count", argText)), orderBy(call(t, "string_agg", argText, keyText), argInt),
		filter(call(t, "percentile_disc", argFraction, within, argText)), call(t, "array_agg", argInt), distinct(call(t, "array_agg", argInt)),
		call(t, "dense_rank", argFloat, within, argFraction),
	}
	for _, tt := range []struct {
		name   string
		config aggregate.Config
	}{
		{"one group", aggregate.Config{Calls: simple}},
		{"one group, rows kept", aggregate.Config{Calls: hard}},
		{"a key", aggregate.Config{Keys: []int{keyInt}, Calls: simple}},
		{"a key, values seen", aggregate.Config{Keys: []int{keyInt}, Calls: append(slices.Clone(simple), hard[0], distinct(call(t, "sum", argInt)))}},
		{"keys, rows kept", aggregate.Config{Keys: []int{keyText, keyNumeric}, Calls: hard}},
		{"keys alone", aggregate.Config{Keys: []int{keyNumeric, keyInt}}},
		{"sets", aggregate.Config{Keys: []int{keyInt, keyText}, Sets: [][]int{{0, 1}, {0}, {1}, {}, {}}, Calls: slices.Concat(simple, hard[:2])}},
		{"sets with a key in common", aggregate.Config{Keys: []int{keyInt, keyText}, Sets: [][]int{{0, 1}, {0}}, Partition: []int{keyInt}, Calls: slices.Concat(simple, hard)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.config.Name, tt.config.Types = "aggregate 1", types()
			draw := func(t *rapid.T, pool *batch.Pool) []*batch.Batch { return []*batch.Batch{drawInput(t, pool)} }
			optest.Check(t, under(tt.config), draw, func(inputs []*batch.Batch) [][]string {
				rows, failed := reference(tt.config, inputs[0])
				if len(failed) > 0 {
					return nil
				}
				return [][]string{rows}
			})
		})
	}
}

// halves is a combiner before an operator that merges, as one operator for optest.
type halves struct {
	combiner *aggregate.Combiner
	final    *aggregate.Operator
	out      *op.Output
	flush    bool
}

func (h *halves) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	out.Counts.In += int64(in.Rows())
	out.Counts.Absorbed += int64(in.Rows())
	if err := h.drain(func() (bool, error) { return h.combiner.Apply(in, h.out) }); err != nil {
		return false, err
	}
	if h.flush = !h.flush; h.flush { // after every other batch
		return false, h.drain(func() (bool, error) { return h.combiner.OnFlush(h.out) })
	}
	return false, nil
}

func (h *halves) drain(event func() (bool, error)) error {
	for more := true; more; {
		h.out.Reset()
		var err error
		if more, err = event(); err != nil {
			return err
		}
		if b := h.out.Ports[0]; b != nil {
			if _, err := h.final.Apply(b, op.NewOutput(1)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *halves) OnEnd(out *op.Output) (bool, error) {
	if err := h.drain(func() (bool, error) { return h.combiner.OnFlush(h.out) }); err != nil {
		return false, err
	}
	return h.final.OnEnd(out)
}

// merging is the config of the operator behind the combiner of config.
func merging(config aggregate.Config) aggregate.Config {
	m := config
	m.Merge, m.Types, m.Partition = true, config.PartialOutput(), nil
	m.Keys, m.SetColumn = make([]int, len(config.Keys)), len(config.Keys)
	for i := range m.Keys {
		m.Keys[i] = i
	}
	at := len(m.Keys)
	if config.Sets != nil {
		at++
	}
	m.Calls = slices.Clone(config.Calls)
	for i := range m.Calls {
		c := &m.Calls[i]
		c.Args = nil
		for range c.Function.PartialTypes(c.ArgTypes) {
			c.Args = append(c.Args, at)
			at++
		}
	}
	m.RowsColumn = at
	return m
}

func TestTwoHalvesAreAWhole(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		config := drawConfig(r, t, true)
		o := optest.Operator{Alone: true, New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			return &halves{
				combiner: aggregate.NewCombiner(pool, budget.Child("combiner", 0), config), final: aggregate.New(pool, budget.Child("final", 0), merging(config)),
				out: op.NewOutput(1),
			}, nil
		}}
		in := drawInput(r, &batch.Pool{})
		got, err := optest.Run(o, in)
		if err != nil {
			r.Fatal(err)
		}
		rows, failed := reference(config, in)
		slices.Sort(got.Rows[0])
		slices.Sort(got.Rejects)
		if diff := sdktest.Diff(rows, got.Rows[0]); diff != "" {
			r.Error(diff)
		}
		if diff := sdktest.Diff(failed, got.Rejects); diff != "" {
			r.Error(diff)
		}
	})
}

// numbers is a batch of n rows with the columns of types: n/each different integers as keys.
func numbers(n, different int) *batch.Batch {
	b := &batch.Batch{Len: n}
	for _, typ := range types() {
		c := batch.NewColumn(&batch.Pool{}, typ)
		c.Reset(n)
		for i := range n {
			v := i * 7919 % different
			switch typ.Kind {
			case schema.Int64:
				c.Int64s()[i] = int64(v)
			case schema.Int32:
				c.Int32s()[i] = int32(v)
			case schema.Float64:
				c.Float64s()[i] = float64(v) / 4
			case schema.Text:
				c.SetBytes(i, []byte(strings.Repeat("x", v%40)))
			case schema.Bool:
				c.Bits().Put(i, v%2 == 0)
			default:
				c.SetNull(i)
			}
		}
		b.Cols = append(b.Cols, c)
	}
	return b
}

// TestCombinerIsBounded: a combiner emits its groups when there are too many, several times one that comes back.
func TestCombinerIsBounded(t *testing.T) {
	config := aggregate.Config{Name: "combine 1", Types: types(), Keys: []int{keyInt}, Calls: []aggregate.Call{call(t, "count"), call(t, "max", argText)}}
	pool, budget := &batch.Pool{}, limit.New("test", 0)
	c := aggregate.NewCombiner(pool, budget, config)
	final := aggregate.New(pool, limit.New("final", 0), merging(config))
	const different, most = 1 << 16, 8 << 20
	out := op.NewOutput(1)
	emitted := int64(0)
	in := numbers(2*different, different)
	deal := func(event func() (bool, error)) {
		for more := true; more; {
			out.Reset()
			var err error
			if more, err = event(); err != nil {
				t.Fatal(err)
			}
			if b := out.Ports[0]; b != nil {
				emitted += int64(b.Rows())
				if _, err := final.Apply(b, op.NewOutput(1)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for from := 0; from < in.Len; from += batch.MaxRows {
		part := &batch.Batch{Len: batch.MaxRows}
		rows := make([]uint16, batch.MaxRows)
		for _, col := range in.Cols {
			piece := batch.NewColumn(pool, col.Type())
			elements := make([]int32, len(rows))
			for i := range elements {
				elements[i] = int32(from + i)
			}
			piece.GatherElements(col, elements)
			part.Cols = append(part.Cols, piece)
		}
		deal(func() (bool, error) { return c.Apply(part, out) })
		if budget.Used() > most {
			t.Fatalf("%d bytes are reserved", budget.Used())
		}
	}
	deal(func() (bool, error) { return c.OnFlush(out) })
	if emitted != 2*different {
		t.Errorf("%d rows were emitted", emitted)
	}
	total, groups := int64(0), 0
	for more := true; more; {
		out.Reset()
		var err error
		if more, err = final.OnEnd(out); err != nil {
			t.Fatal(err)
		}
		if b := out.Ports[0]; b != nil {
			groups += b.Rows()
			for _, n := range b.Cols[1].Int64s() {
				total += n
			}
		}
	}
	if groups != different || total != 2*different {
		t.Errorf("%d groups of %d rows", groups, total)
	}
}

func TestOutOfMemory(t *testing.T) {
	for _, config := range []aggregate.Config{
		{Keys: []int{keyInt}, Calls: []aggregate.Call{call(t, "count"), call(t, "stddev", argFloat)}},
		{Keys: []int{keyInt}, Calls: []aggregate.Call{call(t, "max", argText), distinct(call(t, "sum", argInt))}},
		{Calls: []aggregate.Call{orderBy(call(t, "array_agg", argText), argInt)}},
		{Calls: []aggregate.Call{call(t, "string_agg", argText, argText)}},
	} {
		config.Name, config.Types = "aggregate 7", types()
		optest.Starve(t, under(config), "aggregate 7", numbers(3000, 500))
	}
}

// TestPieces: many groups come out in pieces, each once, in the same order every time, and what was emitted is not in a snapshot.
func TestPieces(t *testing.T) {
	config := aggregate.Config{Name: "aggregate 1", Types: types(), Keys: []int{keyInt}, Calls: []aggregate.Call{call(t, "count"), orderBy(call(t, "array_agg", argInt), argInt)}}
	const different = 10_000
	fresh := func() *aggregate.Operator { return aggregate.New(&batch.Pool{}, limit.New("test", 0), config) }
	o := fresh()
	in := numbers(3*different, different)
	for from := 0; from < in.Len; from += batch.MaxRows {
		part := &batch.Batch{Len: min(batch.MaxRows, in.Len-from)}
		for _, col := range in.Cols {
			piece := batch.NewColumn(&batch.Pool{}, col.Type())
			var elements []int32
			for i := range part.Len {
				elements = append(elements, int32(from+i))
			}
			piece.GatherElements(col, elements)
			part.Cols = append(part.Cols, piece)
		}
		if _, err := o.Apply(part, op.NewOutput(1)); err != nil {
			t.Fatal(err)
		}
	}
	var rows []string
	for pieces := 0; ; pieces++ {
		out := op.NewOutput(1)
		more, err := o.OnEnd(out)
		if err != nil {
			t.Fatal(err)
		}
		if b := out.Ports[0]; b != nil {
			rows = append(rows, sdktest.Rows(b)...)
		}
		if !more {
			if pieces != 3 {
				t.Errorf("%d pieces", pieces)
			}
			break
		}
		next := fresh()
		for g := range 256 {
			data, err := o.Snapshot(op.KeyGroup(g))
			if err != nil {
				t.Fatal(err)
			}
			if data == nil {
				continue
			}
			if err := next.Restore(op.KeyGroup(g), data); err != nil {
				t.Fatal(err)
			}
		}
		o = next
	}
	if len(rows) != different {
		t.Errorf("%d rows", len(rows))
	}
	slices.Sort(rows)
	if compact := slices.Compact(rows); len(compact) != different {
		t.Errorf("%d different rows", len(compact))
	}
}

// TestLeastOfZeros: DISTINCT changes nothing of min and max, and they put -0 before 0, whichever came first.
func TestLeastOfZeros(t *testing.T) {
	row := func(v float64) []any { return []any{1, "k", "1", 5, v, "five", true, 0.5} }
	negative := math.Copysign(0, -1)
	for _, changes := range []bool{false, true} {
		config := aggregate.Config{
			Name: "aggregate 1", Types: types(), Keys: []int{keyInt}, Changes: changes,
			Calls: []aggregate.Call{
				call(t, "min", argFloat), distinct(call(t, "min", argFloat)), call(t, "max", argFloat), distinct(call(t, "max", argFloat)),
				call(t, "count", argFloat), distinct(call(t, "count", argFloat)),
			},
		}
		o := under(config)
		o.Changes = changes
		for _, values := range [][]float64{{0, negative}, {negative, 0}} {
			got, err := optest.Run(o, optest.Make(types(), row(values[0]), row(values[1])))
			if err != nil {
				t.Fatal(err)
			}
			if diff := sdktest.Diff([]string{"1, -0, -0, 0, 0, 2, 1"}, got.Rows[0]); diff != "" {
				t.Errorf("changes %v, %v first:\n%s", changes, values[0], diff)
			}
		}
	}
}
