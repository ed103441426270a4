package split_test

import (
	"slices"
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/split"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// below holds for values under a limit and fails for 13.
func below(t *testing.T, limit string) *eval.Program {
	t.Helper()
	node, err := parse.Expr("CASE WHEN v = 13 THEN v / 0 ELSE v END < " + limit)
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

func numbers(values ...int64) *batch.Batch {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(len(values))
	copy(c.Int64s(), values)
	return &batch.Batch{Cols: []*batch.Column{c}, Len: len(values)}
}

func values(b *batch.Batch) []int64 {
	if b == nil {
		return nil
	}
	var list []int64
	for i := range b.Rows() {
		list = append(list, b.Cols[0].Int64s()[b.Row(i)])
	}
	return list
}

func TestEachRowLeavesByTheFirstPortThatTakesIt(t *testing.T) {
	// The second condition would fail for 5 and 7: it is asked only about what the first port left.
	s := split.New([]*eval.Program{below(t, "10"), below(t, "100 + 0 / (v / 10)"), nil})
	out := op.NewOutput(3)
	if more, err := s.Apply(numbers(5, 500, 50, 13, 7, 70), out); more || err != nil {
		t.Fatal(more, err)
	}
	for port, want := range [][]int64{{5, 7}, {50, 70}, {500}} {
		if got := values(out.Ports[port]); !slices.Equal(got, want) {
			t.Errorf("port %d got %v, want %v", port, got, want)
		}
	}
	if len(out.Rejects) != 1 || out.Rejects[0].Row != 3 {
		t.Errorf("rejects %v", out.Rejects)
	}
	if want := (op.Counts{In: 6, Forwarded: 5, Rejected: 1, Emitted: 5}); out.Counts != want || !out.Counts.Balanced() {
		t.Errorf("account %+v, want %+v", out.Counts, want)
	}
}

func TestWhatTheFirstPortTakesWholeIsNotDealtAgain(t *testing.T) {
	s := split.New([]*eval.Program{below(t, "100"), below(t, "200"), nil})
	out := op.NewOutput(3)
	if _, err := s.Apply(numbers(5), out); err != nil {
		t.Fatal(err)
	}
	if want := (op.Counts{In: 1, Forwarded: 1, Emitted: 1}); out.Counts != want || !slices.Equal(values(out.Ports[0]), []int64{5}) {
		t.Errorf("account %+v, want %+v", out.Counts, want)
	}
}

func TestWithoutARestPortRowsAreFiltered(t *testing.T) {
	s := split.New([]*eval.Program{below(t, "10")})
	out := op.NewOutput(1)
	in := numbers(1, 20, 3, 30)
	in.Sel = []uint16{1, 2}
	if _, err := s.Apply(in, out); err != nil {
		t.Fatal(err)
	}
	if got := values(out.Ports[0]); !slices.Equal(got, []int64{3}) {
		t.Errorf("got %v", got)
	}
	if want := (op.Counts{In: 2, Forwarded: 1, Filtered: 1, Emitted: 1}); out.Counts != want {
		t.Errorf("account %+v, want %+v", out.Counts, want)
	}
}

// TestHalvesOfUpdatesPart: an update whose halves leave by different ports is a delete there and an insert here.
func TestHalvesOfUpdatesPart(t *testing.T) {
	s := split.New([]*eval.Program{below(t, "100"), nil})
	in := numbers(5, 500, 6, 7)
	in.Kinds = []batch.Change{batch.UpdateBefore, batch.UpdateAfter, batch.UpdateBefore, batch.UpdateAfter}
	out := op.NewOutput(2)
	if _, err := s.Apply(in, out); err != nil {
		t.Fatal(err)
	}
	kinds := func(b *batch.Batch) []batch.Change {
		var list []batch.Change
		for i := range b.Rows() {
			list = append(list, b.Kinds[b.Row(i)])
		}
		return list
	}
	if got := kinds(out.Ports[0]); !slices.Equal(got, []batch.Change{batch.Delete, batch.UpdateBefore, batch.UpdateAfter}) {
		t.Errorf("port 0 got %v", got)
	}
	if got := kinds(out.Ports[1]); !slices.Equal(got, []batch.Change{batch.Insert}) {
		t.Errorf("port 1 got %v", got)
	}
}
