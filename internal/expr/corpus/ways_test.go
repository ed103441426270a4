package corpus

import (
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// TestEveryWayToEvaluate asks each expression over the table again: over some of its rows, over the others, over a full batch of rows in
// another order, and over all rows once more, by one program. The answers have to be those of the corpus, whose test has compared them.
func TestEveryWayToEvaluate(t *testing.T) {
	small, s := sharedTable()
	large := tiled(small)
	for _, f := range corpusFiles(t) {
		if f.rows() == 1 {
			continue
		}
		for _, e := range f.entries {
			if e.expr != "" && !strings.Contains(e.expr, "random") {
				everyWay(t, e.expr, bind.FromSchema(s, "t"), small, large)
			}
		}
	}
}

// tiled repeats the rows of b, turned round each time, up to a full batch.
func tiled(b *batch.Batch) *batch.Batch {
	rows := make([]uint16, batch.MaxRows)
	for i := range rows {
		rows[i] = sourceRow(i)
	}
	out := &batch.Batch{Len: len(rows)}
	for _, c := range b.Cols {
		col := batch.NewColumn(&batch.Pool{}, c.Type())
		col.Gather(c, rows)
		out.Cols = append(out.Cols, col)
	}
	return out
}

// sourceRow is the row of the table that row i of the tiled one is.
func sourceRow(i int) uint16 { return uint16((i*5 + i/tableRows) % tableRows) } //nolint:gosec // below 6

func everyWay(t *testing.T, expr string, scope bind.Scope, small, large *batch.Batch) {
	t.Helper()
	node, err := parse.Expr(expr)
	if err != nil {
		return
	}
	bound, err := bind.Bind(node, scope)
	if err != nil {
		return
	}
	program, err := eval.Compile(&batch.Pool{}, bound)
	if err != nil {
		t.Errorf("%s: %v", expr, err)
		return
	}
	defer program.Close()
	want := evaluated(program, small, nil, bound.Type)
	for _, way := range []struct {
		name string
		in   *batch.Batch
		sel  []uint16
	}{
		{"rows 0, 2, 5", small, []uint16{0, 2, 5}},
		{"rows 1, 3, 4", small, []uint16{1, 3, 4}},
		{"a full batch", large, nil},
		{"no row", small, []uint16{}},
		{"few of many", large, []uint16{7, 63, 64, 65, 1023, 4000, 4095}},
		{"all rows once more", small, nil},
	} {
		got := evaluated(program, way.in, way.sel, bound.Type)
		for i, answer := range got {
			row := i
			if way.in == large {
				row = int(sourceRow(i))
			}
			if (way.sel == nil || slices.Contains(way.sel, uint16(i))) && answer != want[row] { //nolint:gosec // below 4,096
				t.Errorf("%s, %s: row %d is %s, not %s", expr, way.name, i, answer, want[row])
				break
			}
		}
	}
}

// evaluated are the answers for the rows of in that sel selects; the others say nothing.
func evaluated(program *eval.Program, in *batch.Batch, sel []uint16, typ schema.Type) []string {
	chosen := *in
	chosen.Sel = sel
	var errs builtin.Errors
	out := program.Eval(&chosen, nil, &errs)[0]
	result := make([]string, in.Len)
	failed := map[uint16]string{}
	for i, row := range errs.Rows {
		failed[row] = string(sqlstate.Of(errs.Errs[i]))
	}
	for k := range chosen.Rows() {
		row := chosen.Row(k)
		if code, bad := failed[uint16(row)]; bad { //nolint:gosec // below 4,096
			result[row] = code
		} else {
			result[row] = shown(out, typ, row)
		}
	}
	return result
}
