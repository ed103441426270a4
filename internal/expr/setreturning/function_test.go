package setreturning_test

import (
	"strings"
	"testing"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/expr/setreturning"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

func TestEveryFunctionIsDescribed(t *testing.T) {
	for _, f := range setreturning.All() {
		if !strings.HasSuffix(f.Doc, ".") || f.Family == "" {
			t.Errorf("%s (%s): %q is no sentence", f.Name, f.Family, f.Doc)
		}
	}
}

// rowColumn is rows (a integer, b text[], c ROW(d date)); a nil member is NULL, and so is a nil row.
func rowColumn(t *testing.T, typ schema.Type, rows ...[]string) *batch.Column {
	t.Helper()
	c := batch.NewColumn(&batch.Pool{}, typ)
	c.Reset(len(rows))
	for i, r := range rows {
		if r == nil {
			c.PutNull(i)
			continue
		}
		c.Child(0).Int32s()[i] = int32(len(r[0]))
		list := c.Child(1)
		list.Child(0).Resize(i + 1)
		list.Child(0).SetBytes(i, []byte(r[1]))
		list.Offsets()[i+1] = int32(i + 1)
		c.Child(2).Child(0).Int32s()[i] = int32(i)
	}
	return c
}

func jsonColumn(values ...string) *batch.Column {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.JSONB))
	c.Reset(len(values))
	for i, v := range values {
		if v == "" {
			c.SetNull(i)
		} else {
			c.SetBytes(i, []byte(v))
		}
	}
	return c
}

func TestPopulate(t *testing.T) {
	typ := schema.RowOf(
		schema.Field{Name: "a", Type: schema.Of(schema.Int32)}, schema.Field{Name: "b", Type: schema.ArrayOf(schema.Of(schema.Text))},
		schema.Field{Name: "c", Type: schema.RowOf(schema.Field{Name: "d", Type: schema.Of(schema.Date)})},
	)
	base := rowColumn(t, typ, []string{"xyz", "q"}, nil)
	tests := []struct {
		name, json string
		row        int
		want       string
		code       sqlstate.Code
	}{
		{"jsonb_populate_recordset", `[{"a": 7}, {}, {"b": null, "c": {"d": "2020-01-01"}}, {"b": ["u", "v"], "c": {}}]`, 0, `7 | {q} | (1970-01-01)
3 | {q} | (1970-01-01)
3 | NULL | (2020-01-01)
3 | {u,v} | ()`, ""},
		{"jsonb_populate_recordset", `[{"a": 7}, {}]`, 1, "7 | NULL | NULL\nNULL | NULL | NULL", ""},
		{"jsonb_populate_recordset", ``, 0, "", ""},
		{"jsonb_populate_recordset", `[{"c": 1}]`, 0, "", sqlstate.InvalidParameterValue},
		{"jsonb_populate_recordset", `[{"c": [1]}]`, 0, "", sqlstate.InvalidParameterValue},
		{"jsonb_populate_recordset", `[{"c": "(2020-01-01)"}]`, 0, "", sqlstate.FeatureNotSupported},
		{"jsonb_populate_recordset", `[{"c": {"d": "x"}}]`, 0, "", sqlstate.InvalidDatetimeFormat},
		{"jsonb_populate_record", ``, 0, "3 | {q} | (1970-01-01)", ""},
		{"jsonb_populate_record", ``, 1, "NULL | NULL | NULL", ""},
		{"jsonb_populate_record", `{"a": 1}`, 0, "1 | {q} | (1970-01-01)", ""},
		{"jsonb_populate_record", `[]`, 0, "", sqlstate.InvalidParameterValue},
		{"jsonb_populate_record", `{"a": []}`, 0, "", sqlstate.InvalidTextRepresentation},
	}
	for _, test := range tests {
		f := setreturning.Standard().Lookup(test.name)[0]
		types := []schema.Type{typ, schema.Of(schema.JSONB)}
		if f.Strict || len(f.Fields(types, nil)) != 3 {
			t.Fatalf("%s: %v", test.name, f.Fields(types, nil))
		}
		values := []string{test.json, test.json}
		got, bad := fill(f.New(types, nil), []*batch.Column{base, jsonColumn(values...)}, test.row, f.Fields(types, nil))
		if test.code != "" {
			if bad == nil || bad.Code != test.code {
				t.Errorf("%s(%s): %v, want %s", test.name, test.json, bad, test.code)
			}
			continue
		}
		if bad != nil || got != test.want {
			t.Errorf("%s(%s):\n%s, %v\nwant\n%s", test.name, test.json, got, bad, test.want)
		}
	}
}

// fill makes all rows of one call, one a line.
func fill(g setreturning.Generator, args []*batch.Column, row int, fields []schema.Field) (string, *sqlstate.Error) {
	if bad := g.Start(args, row); bad != nil {
		return "", bad
	}
	out := make([]*batch.Column, len(fields))
	for i, f := range fields {
		out[i] = batch.NewColumn(&batch.Pool{}, f.Type)
		out[i].Reset(100)
	}
	n, bad := g.Fill(out, 0, 100)
	var rows []string
	for i := range n {
		rows = append(rows, shown(out, i))
	}
	return strings.Join(rows, "\n"), bad
}

func TestScalar(t *testing.T) {
	typ := schema.Of(schema.Int32)
	f := setreturning.Scalar("abs", typ)
	c := batch.NewColumn(&batch.Pool{}, typ)
	c.Reset(2)
	c.Int32s()[1] = 7
	c.SetNull(0)
	fields := f.Fields([]schema.Type{typ}, nil)
	if len(fields) != 1 || fields[0].Name != "abs" || !fields[0].Type.Equal(typ) {
		t.Errorf("%v", fields)
	}
	g := f.New([]schema.Type{typ}, nil)
	for row, want := range []string{"NULL", "7"} {
		if got, bad := fill(g, []*batch.Column{c}, row, fields); got != want || bad != nil {
			t.Errorf("row %d: %q, %v", row, got, bad)
		}
	}
}

// TestSeriesFromInfinity: PostgreSQL would never end.
func TestSeriesFromInfinity(t *testing.T) {
	for _, call := range []string{
		"generate_series('-infinity'::timestamp, '2020-01-01', '1 day')", "generate_series('infinity'::timestamptz, 'infinity', '1 day')",
	} {
		if got := run(call); len(got) != 1 || !strings.HasPrefix(got[0], "ERROR 22023 start value cannot be infinity") {
			t.Errorf("%s: %q", call, got)
		}
	}
}

// TestDecimalSeriesAtTheEnd: a sum of more digits than a NUMERIC has ends a series that it would have left, and fails another.
func TestDecimalSeriesAtTheEnd(t *testing.T) {
	tests := map[string]string{
		"generate_series(99999999999999999999999999999999999990, 99999999999999999999999999999999999999, 8)":    "(2)",
		"generate_series(10000000000000000000000000000000000000, 10000000000000000000000000000000000005, 0.25)": "ERROR 22003",
	}
	for call, want := range tests {
		got := run(call)
		if last := got[len(got)-1]; !strings.HasPrefix(last, want) {
			t.Errorf("%s: %q, want %q", call, got, want)
		}
	}
}

func TestMistakes(t *testing.T) {
	null := func(typ schema.Type) *bind.Expr {
		node, err := parse.Expr("NULL")
		if err != nil {
			t.Fatal(err)
		}
		e, err := bind.Bind(node, bind.FromSchema(schema.New()))
		if err != nil {
			t.Fatal(err)
		}
		e.Op, e.Type = bind.Opaque, typ
		return e
	}
	_, err := setreturning.Standard().Resolve(ast.Span{}, "jsonb_populate_recordset", []*bind.Expr{null(schema.Of(schema.Int32)), null(schema.Of(schema.JSONB))})
	if sqlstate.Of(err) != sqlstate.DatatypeMismatch || !strings.Contains(err.Error(), "must be a row type") {
		t.Error(err)
	}
	if setreturning.Standard().Lookup("abs") != nil {
		t.Error("abs returns no set")
	}
	bound, err := setreturning.Standard().Resolve(ast.Span{}, "unnest", []*bind.Expr{null(schema.ArrayOf(schema.NumericOf(4, 2)))})
	if err != nil {
		t.Fatal(err)
	}
	if fields := bound.Function.Fields(bound.Types, nil); fields[0].Type.String() != "NUMERIC(4,2)" {
		t.Errorf("%v", fields)
	}
}

// TestCut: rows taken back leave no trace in those that are written in their place.
func TestCut(t *testing.T) {
	typ := schema.ArrayOf(schema.RowOf(schema.Field{Name: "x", Type: schema.ArrayOf(schema.Of(schema.Int32))}))
	c := batch.NewColumn(&batch.Pool{}, typ)
	c.Reset(3)
	put := func(row int, values ...int32) {
		members := c.Child(0)
		n := members.Len()
		members.Resize(n + 1)
		lists := members.Child(0)
		for _, v := range values {
			k := lists.Child(0).Len()
			lists.Child(0).Resize(k + 1)
			if lists.Child(0).Int32s()[k] = v; v == 0 {
				lists.Child(0).SetNull(k)
			}
		}
		lists.Offsets()[n+1] = int32(lists.Child(0).Len())
		c.Offsets()[row+1] = int32(n + 1)
	}
	put(0, 1, 2)
	put(1, 0, 0, 0)
	c.PutNull(2)
	setreturning.Cut(c, 1, 3)
	c.PutNull(1)
	put(2, 4)
	for i, want := range []string{`{"(\"{1,2}\")"}`, "NULL", `{"({4})"}`} {
		if got := shown([]*batch.Column{c}, i); got != want {
			t.Errorf("row %d: %s, want %s", i, got, want)
		}
	}
}
