package flow_test

import (
	"context"
	"slices"
	"testing"

	"wire.example/wire/internal/connect/memory"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// valuesOf is a source over a batch for each list of numbers.
func valuesOf(name string, lists ...[]int64) *physical.Source {
	rows := &memory.Rows{Schema: schema.New(schema.Field{Name: "n", Type: schema.Of(schema.Int64)})}
	for _, list := range lists {
		c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
		c.Reset(len(list))
		copy(c.Int64s(), list)
		rows.Batches = append(rows.Batches, &batch.Batch{Cols: []*batch.Column{c}, Len: len(list)})
	}
	return &physical.Source{Name: name, Type: memory.SourceType(), Config: rows, EventTime: -1, Decode: codec.DecodeSpec{Schema: rows.Schema}}
}

// taken is a sink that notes rows of any shape: their number, and the values of their first column.
type taken struct {
	rows   int
	values []int64
}

func (k *taken) sink(name string) *physical.Sink {
	return &physical.Sink{Name: name, Type: memory.SinkType(), Config: &memory.Output{Take: func(_ context.Context, b *batch.Batch) error {
		k.rows += b.Rows()
		for i := range b.Rows() {
			if len(b.Cols) > 0 {
				k.values = append(k.values, b.Cols[0].Int64s()[b.Row(i)])
			}
		}
		return nil
	}}}
}

// TestOneRowOfNoColumns is SELECT 1: a source without columns, straight and through a stage.
func TestOneRowOfNoColumns(t *testing.T) {
	for _, kind := range []physical.ExchangeKind{physical.Single, physical.Broadcast} {
		for _, lanes := range []int{1, 2} {
			direct, behind := &taken{}, &taken{}
			a, b := direct.sink("direct"), behind.sink("behind")
			pass := &physical.Step{Name: "pass", New: newPass, Ports: one(physical.Edge{Sink: b})}
			stage := &physical.Stage{Name: "pass", Tasks: 1, Inputs: 1, Head: pass}
			source := &physical.Source{Name: "one", Type: memory.SourceType(), EventTime: -1, Config: &memory.Rows{
				Schema: schema.New(), Batches: []*batch.Batch{{Len: 1}},
			}, Next: []physical.Edge{{Sink: a}, edge(kind, stage, 0)}}
			plan := &physical.Plan{
				Name: "one", Parallelism: lanes, Sources: []*physical.Source{source}, Stages: []*physical.Stage{stage}, Sinks: []*physical.Sink{a, b},
			}
			r := account(t, plan, settings())
			if direct.rows != 1 || behind.rows != 1 || r.Sources[0].Rows != 1 {
				t.Errorf("%d and %d rows, %+v", direct.rows, behind.rows, r)
			}
		}
	}
}

// TestSourcesThatEndAtOnce: without a row, in a pipeline with and without stages, beside one that has rows.
func TestSourcesThatEndAtOnce(t *testing.T) {
	for _, lists := range [][][]int64{nil, {{}}, {{}, {}, {}}} {
		out := &taken{}
		sink := out.sink("out")
		count := &physical.Step{Name: "count", New: newTally(3, nil), Ports: one(physical.Edge{Sink: sink})}
		stage := &physical.Stage{Name: "count", Tasks: 3, Inputs: 2, Head: count}
		full, empty := valuesOf("full", []int64{1, 2}, []int64{3}), valuesOf("empty", lists...)
		for i, s := range []*physical.Source{full, empty} {
			key := &physical.Step{Name: "key" + s.Name, New: newModulo(2), Ports: one(edge(physical.Hash, stage, i))}
			s.Next = []physical.Edge{{Step: key}}
		}
		plan := &physical.Plan{Name: "p", Parallelism: 2, Sources: []*physical.Source{full, empty}, Stages: []*physical.Stage{stage}, Sinks: []*physical.Sink{sink}}
		account(t, plan, settings())
		if slices.Sort(out.values); !slices.Equal(out.values, []int64{0, 1}) {
			t.Errorf("%v", out.values)
		}
		alone := &taken{}
		sink = alone.sink("out")
		empty.Next = []physical.Edge{{Sink: sink}}
		account(t, &physical.Plan{Name: "p", Parallelism: 2, Sources: []*physical.Source{empty}, Sinks: []*physical.Sink{sink}}, settings())
		if alone.rows != 0 {
			t.Errorf("%d rows", alone.rows)
		}
	}
}

// TestRowsInMemoryGoOnFromACheckpoint resumes after each batch.
func TestRowsInMemoryGoOnFromACheckpoint(t *testing.T) {
	for stop := int64(1); stop <= 3; stop++ {
		plan := func(out *taken) *physical.Plan {
			sink := out.sink("out")
			source := valuesOf("values", []int64{1, 2}, []int64{3}, []int64{4, 5}, []int64{6})
			source.Next = []physical.Edge{{Sink: sink}}
			return &physical.Plan{Name: "p", Parallelism: 1, Sources: []*physical.Source{source}, Sinks: []*physical.Sink{sink}}
		}
		s := settings()
		s.StopAfter = stop
		first, rest := &taken{}, &taken{}
		outcome, err := run(t, plan(first), s, nil)
		if err != nil || outcome.Finished {
			t.Fatal(outcome, err)
		}
		s.Resume, s.StopAfter = outcome.Manifest, 0
		if _, err := run(t, plan(rest), s, nil); err != nil {
			t.Fatal(err)
		}
		if got := slices.Concat(first.values, rest.values); !slices.Equal(got, []int64{1, 2, 3, 4, 5, 6}) || len(first.values) == 0 {
			t.Errorf("stopped after %d batches: %v and then %v", stop, first.values, rest.values)
		}
	}
}
