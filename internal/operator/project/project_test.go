package project_test

import (
	"slices"
	"testing"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/project"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// half is value/2; odd values fail with reason.
type half struct {
	result *batch.Column
	reason string
}

func (h half) Eval(b *batch.Batch, bad []op.Reject) (*batch.Column, []op.Reject) {
	h.result.Reset(b.Len)
	for i := range b.Rows() {
		row := b.Row(i)
		v := b.Cols[0].Int64s()[row]
		h.result.Int64s()[row] = v / 2
		if v%2 != 0 {
			bad = append(bad, op.Reject{Row: row, Err: sqlstate.New(sqlstate.DivisionByZero, h.reason)})
		}
	}
	return h.result, bad
}

// same passes its column on.
type same struct{}

func (same) Eval(b *batch.Batch, bad []op.Reject) (*batch.Column, []op.Reject) { return b.Cols[0], bad }

func TestProject(t *testing.T) {
	pool := &batch.Pool{}
	c := batch.NewColumn(pool, schema.Of(schema.Int64))
	c.Reset(4)
	copy(c.Int64s(), []int64{8, 3, 6, 5})
	newHalf := func(reason string) half {
		return half{batch.NewColumn(pool, schema.Of(schema.Int64)), reason}
	}
	p := project.New([]project.Expression{same{}, newHalf("first"), newHalf("second")})
	out := op.NewOutput(1)
	if more, err := p.Apply(&batch.Batch{Cols: []*batch.Column{c}, Len: 4, Sel: []uint16{0, 1, 2}}, out); more || err != nil {
		t.Fatal(more, err)
	}
	got := out.Ports[0]
	if got.Cols[0] != c {
		t.Error("a passed column was copied")
	}
	if !slices.Equal(got.Sel, []uint16{0, 2}) || got.Cols[2].Int64s()[2] != 3 {
		t.Errorf("selection %v, values %v", got.Sel, got.Cols[2].Int64s())
	}
	if len(out.Rejects) != 1 || out.Rejects[0].Row != 1 || out.Rejects[0].Err.Message != "first" {
		t.Errorf("rejects %+v, want row 1 once with its first error", out.Rejects)
	}
	if want := (op.Counts{In: 3, Forwarded: 2, Rejected: 1, Emitted: 2}); out.Counts != want || !want.Balanced() {
		t.Errorf("account %+v, want %+v", out.Counts, want)
	}
}

func TestProjectWithoutErrorsKeepsTheSelection(t *testing.T) {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(2)
	out := op.NewOutput(1)
	if _, err := project.New([]project.Expression{same{}}).Apply(&batch.Batch{Cols: []*batch.Column{c}, Len: 2}, out); err != nil {
		t.Fatal(err)
	}
	if out.Ports[0].Sel != nil || out.Ports[0].Rows() != 2 {
		t.Error("all rows should count, by a nil selection")
	}
}
