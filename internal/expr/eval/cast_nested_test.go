package eval_test

import (
	"strconv"
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// TestErrorsInsideNestedCasts: a member or an element that cannot be cast is the error of its row, however deep it lies, never a NULL.
func TestErrorsInsideNestedCasts(t *testing.T) {
	tests := []struct {
		expr string
		want sqlstate.Code
	}{
		{`CAST(ROW('x'::text, '1'::text) AS ROW(a INT, b INT))`, sqlstate.InvalidTextRepresentation},
		{`CAST(ROW('x'::text, 'y'::text) AS ROW(a INT, b INT))`, sqlstate.InvalidTextRepresentation},
		{`CAST(ARRAY[ROW('1'::text), ROW('x'::text)] AS ROW(a INT) ARRAY)`, sqlstate.InvalidTextRepresentation},
		{`CAST(ARRAY[ROW('99999'::text, 'y'::text)] AS ROW(a SMALLINT, b INT) ARRAY)`, sqlstate.NumericValueOutOfRange},
		{`CAST(ROW(ARRAY['1', 'x']) AS ROW(a INT[]))`, sqlstate.InvalidTextRepresentation},
		{`CAST(ROW(ROW('x'::text)) AS ROW(a ROW(b INT)))`, sqlstate.InvalidTextRepresentation},
		{`CAST(ROW(1, 2) AS ROW(a INT))`, sqlstate.CannotCoerce},
		{`CAST(ROW(1) AS ROW(a INT, b INT))`, sqlstate.CannotCoerce},
		{`CAST(ARRAY[ROW(1)] AS ROW(a INT, b INT) ARRAY)`, sqlstate.CannotCoerce},
		{`CAST(ROW(date '2024-01-01') AS ROW(a INT))`, sqlstate.CannotCoerce},
	}
	for _, test := range tests {
		if _, code := constant(t, test.expr); code != test.want {
			t.Errorf("%s: %q, not %s", test.expr, code, test.want)
		}
	}
	for expr, want := range map[string]string{
		`CAST(ROW('1'::text, NULL) AS ROW(a INT, b INT))`:                    `(1,)`,
		`CAST(ARRAY[ROW('1'::text), NULL] AS ROW(a INT) ARRAY)`:              `{(1),NULL}`,
		`CAST(ROW(ARRAY['1', NULL], ROW(2)) AS ROW(a INT[], b ROW(c TEXT)))`: `("{1,NULL}","(2)")`,
	} {
		if got, code := constant(t, expr); got != want {
			t.Errorf("%s: %s %s, not %s", expr, got, code, want)
		}
	}
}

func constant(t *testing.T, expr string) (value string, code sqlstate.Code) {
	t.Helper()
	node, err := parse.Expr(expr)
	if err != nil {
		t.Fatal(err)
	}
	e, err := bind.Bind(node, bind.FromSchema(&schema.Schema{}))
	if err != nil {
		return "", sqlstate.Of(err)
	}
	p, err := eval.Compile(&batch.Pool{}, e)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var errs builtin.Errors
	out := p.Eval(&batch.Batch{Len: 1}, nil, &errs)[0]
	if errs.Len() > 0 {
		return "", errs.Errs[0].Code
	}
	return string(builtin.AppendValue(nil, out, 0)), ""
}

// TestCastsOfMoreElementsThanRowNumbers: a batch of 4,096 rows may hold far more elements than 16 bits count, and each failing element is the
// error of its own row.
func TestCastsOfMoreElementsThanRowNumbers(t *testing.T) {
	const rows, each = batch.MaxRows, 40
	typ := schema.ArrayOf(schema.Of(schema.Text))
	col := batch.NewColumn(&batch.Pool{}, typ)
	col.Reset(rows)
	elems := col.Child(0)
	elems.Resize(rows * each)
	bad := map[int]string{0: "zero", 1638: "near", 1639: "far", rows - 1: "99999999999"} // element 65,536 is of row 1,638
	for row := range rows {
		for k := range each {
			text := strconv.Itoa(row*each + k)
			if k == 17 && bad[row] != "" {
				text = bad[row]
			}
			elems.SetBytes(row*each+k, []byte(text))
		}
		col.Offsets()[row+1] = int32((row + 1) * each)
	}
	node, err := parse.Expr("a::int[]")
	if err != nil {
		t.Fatal(err)
	}
	e, err := bind.Bind(node, bind.FromSchema(schema.New(schema.Field{Name: "a", Type: typ})))
	if err != nil {
		t.Fatal(err)
	}
	p, err := eval.Compile(&batch.Pool{}, e)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var errs builtin.Errors
	out := p.Eval(&batch.Batch{Len: rows, Cols: []*batch.Column{col}}, nil, &errs)[0]
	if errs.Len() != len(bad) {
		t.Fatalf("%d rows failed, not %d", errs.Len(), len(bad))
	}
	for i, row := range errs.Rows {
		want := `invalid input syntax for type integer: "` + bad[int(row)] + `"`
		if row == rows-1 {
			want = `value "99999999999" is out of range for type integer`
		}
		if errs.Errs[i].Message != want {
			t.Errorf("row %d: %s, not %s", row, errs.Errs[i].Message, want)
		}
	}
	for i, v := range out.Child(0).Int32s() {
		if k := i % each; (k != 17 || bad[i/each] == "") && int(v) != i {
			t.Fatalf("element %d is %d", i, v)
		}
	}
}
