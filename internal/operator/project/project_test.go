package project_test

import (
	"slices"
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/project"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

func compile(t *testing.T, texts ...string) *eval.Program {
	t.Helper()
	scope := bind.FromSchema(schema.New(schema.Field{Name: "v", Type: schema.Of(schema.Int64)}))
	exprs := make([]*bind.Expr, len(texts))
	for i, text := range texts {
		node, err := parse.Expr(text)
		if err != nil {
			t.Fatal(err)
		}
		if exprs[i], err = bind.Bind(node, scope); err != nil {
			t.Fatal(err)
		}
	}
	p, err := eval.Compile(&batch.Pool{}, exprs...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func TestProject(t *testing.T) {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(4)
	copy(c.Int64s(), []int64{4, 3, 6, 5})
	// Three fails twice: the first error counts.
	p := project.New(compile(t, "v", "v / (v - 3)", "9223372036854775807 + (4 - v)"))
	out := op.NewOutput(1)
	if more, err := p.Apply(&batch.Batch{Cols: []*batch.Column{c}, Len: 4, Sel: []uint16{0, 1, 2}}, out); more || err != nil {
		t.Fatal(more, err)
	}
	got := out.Ports[0]
	if got.Cols[0] != c {
		t.Error("a passed column was copied")
	}
	if !slices.Equal(got.Sel, []uint16{0, 2}) || got.Cols[1].Int64s()[2] != 2 {
		t.Errorf("selection %v, values %v", got.Sel, got.Cols[1].Int64s())
	}
	if len(out.Rejects) != 1 || out.Rejects[0].Row != 1 || out.Rejects[0].Err.Message != "division by zero" {
		t.Errorf("rejects %+v, want row 1 once with its first error", out.Rejects)
	}
	if want := (op.Counts{In: 3, Forwarded: 2, Rejected: 1, Emitted: 2}); out.Counts != want || !want.Balanced() {
		t.Errorf("account %+v, want %+v", out.Counts, want)
	}
}

func TestABatchOfRowsThatAllFailEmitsNothing(t *testing.T) {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(1)
	c.Int64s()[0] = 0
	out := op.NewOutput(1)
	if _, err := project.New(compile(t, "1 / v")).Apply(&batch.Batch{Cols: []*batch.Column{c}, Len: 1}, out); err != nil {
		t.Fatal(err)
	}
	if want := (op.Counts{In: 1, Rejected: 1}); out.Counts != want || out.Ports[0] != nil {
		t.Errorf("account %+v, want %+v; emitted %v", out.Counts, want, out.Ports[0])
	}
}

func TestProjectWithoutErrorsKeepsTheSelection(t *testing.T) {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(2)
	out := op.NewOutput(1)
	if _, err := project.New(compile(t, "v")).Apply(&batch.Batch{Cols: []*batch.Column{c}, Len: 2}, out); err != nil {
		t.Fatal(err)
	}
	if out.Ports[0].Sel != nil || out.Ports[0].Rows() != 2 {
		t.Error("all rows should count, by a nil selection")
	}
}

// TestChangesThatFail: a failed half of an update leaves the other as a delete or an insert, and is rejected only as it comes to be.
func TestChangesThatFail(t *testing.T) {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(4)
	copy(c.Int64s(), []int64{0, 1, 1, 0})
	in := &batch.Batch{Cols: []*batch.Column{c}, Len: 4, Kinds: []batch.Change{batch.UpdateBefore, batch.UpdateAfter, batch.UpdateBefore, batch.UpdateAfter}}
	out := op.NewOutput(1)
	if _, err := project.New(compile(t, "1 / v")).Apply(in, out); err != nil {
		t.Fatal(err)
	}
	got := out.Ports[0]
	if !slices.Equal(got.Sel, []uint16{1, 2}) || got.Kinds[1] != batch.Insert || got.Kinds[2] != batch.Delete {
		t.Errorf("rows %v of kinds %v", got.Sel, got.Kinds)
	}
	if want := (op.Counts{In: 4, Forwarded: 2, Filtered: 1, Rejected: 1, Emitted: 2}); out.Counts != want || !want.Balanced() {
		t.Errorf("account %+v, want %+v", out.Counts, want)
	}
}
