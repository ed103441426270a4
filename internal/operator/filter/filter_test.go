package filter_test

import (
	"slices"
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/operator/filter"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// even holds for even values and fails for negative ones.
const even = "v % 2 = 0 AND (v >= 0 OR 1 / 0 > 0)"

func compile(t *testing.T, text string) *eval.Program {
	t.Helper()
	node, err := parse.Expr(text)
	if err != nil {
		t.Fatal(err)
	}
	e, err := bind.Condition(node, "WHERE", bind.FromSchema(schema.New(schema.Field{Name: "v", Type: schema.Of(schema.Int64)})))
	if err != nil {
		t.Fatal(err)
	}
	p, err := eval.Compile(&batch.Pool{}, e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func TestFilter(t *testing.T) {
	tests := []struct {
		name   string
		values []int64
		sel    []uint16
		want   []uint16
		counts op.Counts
	}{
		{"some", []int64{1, 2, 3, 4}, nil, []uint16{1, 3}, op.Counts{In: 4, Forwarded: 2, Filtered: 2, Emitted: 2}},
		{"none", []int64{1, 3}, nil, nil, op.Counts{In: 2, Filtered: 2}},
		{"bad", []int64{-2, 2}, nil, []uint16{1}, op.Counts{In: 2, Forwarded: 1, Rejected: 1, Emitted: 1}},
		{"selected", []int64{2, 4, 6, 7}, []uint16{1, 3}, []uint16{1}, op.Counts{In: 2, Forwarded: 1, Filtered: 1, Emitted: 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
			c.Reset(len(test.values))
			copy(c.Int64s(), test.values)
			in := &batch.Batch{Cols: []*batch.Column{c}, Len: len(test.values), Sel: test.sel}
			out := op.NewOutput(1)
			if more, err := filter.New(compile(t, even)).Apply(in, out); more || err != nil {
				t.Fatal(more, err)
			}
			if out.Counts != test.counts || !out.Counts.Balanced() {
				t.Errorf("account %+v, want %+v", out.Counts, test.counts)
			}
			if test.want == nil {
				if out.Ports[0] != nil {
					t.Error("an empty batch was emitted")
				}
				return
			}
			if got := out.Ports[0]; !slices.Equal(got.Sel, test.want) || got.Cols[0] != c {
				t.Errorf("selection %v, want %v over the same column", got.Sel, test.want)
			}
		})
	}
}

// TestHalvesOfUpdates: an update of which one half is left out becomes a delete or an insert, and what is taken back is not rejected a second time.
func TestHalvesOfUpdates(t *testing.T) {
	f := filter.New(compile(t, even))
	const before, after, del = batch.UpdateBefore, batch.UpdateAfter, batch.Delete
	for _, test := range []struct {
		values      []int64
		kinds, want []batch.Change
		counts      op.Counts
	}{
		{[]int64{2, 4}, []batch.Change{before, after}, []batch.Change{before, after}, op.Counts{In: 2, Forwarded: 2, Emitted: 2}},
		{[]int64{2, 3}, []batch.Change{before, after}, []batch.Change{del, after}, op.Counts{In: 2, Forwarded: 1, Filtered: 1, Emitted: 1}},
		{[]int64{3, 2}, []batch.Change{before, after}, []batch.Change{before, batch.Insert}, op.Counts{In: 2, Forwarded: 1, Filtered: 1, Emitted: 1}},
		{[]int64{-2, 2}, []batch.Change{before, after}, []batch.Change{before, batch.Insert}, op.Counts{In: 2, Forwarded: 1, Filtered: 1, Emitted: 1}},
		{[]int64{2, -2}, []batch.Change{before, after}, []batch.Change{del, after}, op.Counts{In: 2, Forwarded: 1, Rejected: 1, Emitted: 1}},
	} {
		c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
		c.Reset(len(test.values))
		copy(c.Int64s(), test.values)
		in := &batch.Batch{Cols: []*batch.Column{c}, Len: len(test.values), Kinds: test.kinds}
		given := slices.Clone(test.kinds)
		out := op.NewOutput(1)
		if _, err := f.Apply(in, out); err != nil {
			t.Fatal(err)
		}
		if got := out.Ports[0].Kinds; !slices.Equal(got, test.want) || out.Counts != test.counts {
			t.Errorf("%v: kinds %v, want %v; account %+v, want %+v", test.values, got, test.want, out.Counts, test.counts)
		}
		if !slices.Equal(given, in.Kinds) {
			t.Errorf("%v: the kinds that were lent have changed", test.values)
		}
	}
}
