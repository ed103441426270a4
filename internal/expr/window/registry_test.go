package window_test

import (
	"errors"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

var columns = schema.New(
	schema.Field{Name: "i", Type: schema.Of(schema.Int32)}, schema.Field{Name: "b", Type: schema.Of(schema.Int64)},
	schema.Field{Name: "n", Type: schema.NumericOf(4, 2)}, schema.Field{Name: "t", Type: schema.Of(schema.Text)},
	schema.Field{Name: "d", Type: schema.Of(schema.Date)}, schema.Field{Name: "f", Type: schema.Of(schema.Float32)},
	schema.Field{Name: "u", Type: schema.Of(schema.UUID)}, schema.Field{Name: "v", Type: schema.Of(schema.Interval)},
)

// argument binds an expression over columns; a literal keeps its undecided type.
func argument(t *testing.T, node ast.Node) *bind.Expr {
	t.Helper()
	e, err := bind.Bind(node, bind.FromSchema(columns))
	if err != nil {
		t.Fatal(err)
	}
	if lit, ok := node.(*ast.Literal); ok && (lit.Kind == ast.String || lit.Kind == ast.Null) {
		e.Unknown = true
	}
	return e
}

func use(t *testing.T, text string) window.Use {
	t.Helper()
	node, err := parse.Expr(text)
	if err != nil {
		t.Fatal(err)
	}
	call := node.(*ast.FuncCall)
	u := window.Use{
		Span: call.Span, Name: call.Name[0].Text, Star: call.Star, Distinct: call.Distinct, Ordered: len(call.OrderBy) > 0,
		Filtered: call.Filter != nil, Within: len(call.WithinGroup) > 0,
	}
	for _, a := range call.Args {
		u.Args = append(u.Args, argument(t, a.X))
	}
	return u
}

func TestResolve(t *testing.T) {
	tests := []struct{ call, want string }{
		{"row_number()", "row_number bigint"},
		{"rank()", "rank bigint"},
		{"dense_rank()", "dense_rank bigint"},
		{"percent_rank()", "percent_rank double precision"},
		{"cume_dist()", "cume_dist double precision"},
		{"ntile(4)", "ntile integer"},
		{"ntile('4')", "ntile integer"},
		{"lag(n)", "lag numeric"},
		{"lag(t, 2)", "lag text"},
		{"lag(i, 1, 0)", "lag integer"},
		{"lag(i, 1, b)", "lag bigint"},
		{"lag(i, 1, 1.5)", "lag numeric"},
		{"lag(i, 1, '7')", "lag integer"},
		{"lead('a', 1, 'b')", "lead text"},
		{"lead(d, NULL, NULL)", "lead date"},
		{"first_value(u)", "first_value uuid"},
		{"last_value('x')", "last_value text"},
		{"nth_value(i, 2)", "nth_value integer"},
		{"count(*)", "count bigint"},
		{"sum(i)", "sum bigint"},
		{"sum(i) FILTER (WHERE i > 1)", "sum bigint"},
		{"max(t)", "max text"},
		{"array_agg(n)", "array_agg numeric[]"},
		{"string_agg(t, ',')", "string_agg text"},

		{"ntile(b)", "42883 function ntile(bigint) does not exist"},
		{"ntile()", "42883 function ntile() does not exist"},
		{"rank(i)", "42883 function rank(integer) does not exist"},
		{"lag()", "42883 function lag() does not exist"},
		{"lag(i, b)", "42883 function lag(integer, bigint) does not exist"},
		{"lag(i, 1, t)", "42883 function lag(integer, integer, text) does not exist"},
		{"lag(i, 1, 'x')", "22P02 invalid input syntax for type integer: \"x\""},
		{"lag(i, 1, i, i)", "42883 function lag(integer, integer, integer, integer) does not exist"},
		{"rank(*)", "42809 rank(*) specified, but rank is not an aggregate function"},
		{"row_number() FILTER (WHERE i > 1)", "0A000 FILTER is not implemented for non-aggregate window functions"},
		{"lag(DISTINCT i)", "0A000 DISTINCT is not implemented for window functions"},
		{"lag(i ORDER BY i)", "0A000 aggregate ORDER BY is not implemented for window functions"},
		{"sum(DISTINCT i)", "0A000 DISTINCT is not implemented for window functions"},
		{"array_agg(i ORDER BY i)", "0A000 aggregate ORDER BY is not implemented for window functions"},
		{"percentile_cont(0.5) WITHIN GROUP (ORDER BY i)", "0A000 OVER is not supported for ordered-set aggregate percentile_cont"},
		{"rank(1) WITHIN GROUP (ORDER BY i)", "0A000 OVER is not supported for ordered-set aggregate rank"},
		{"mode() WITHIN GROUP (ORDER BY i)", "0A000 OVER is not supported for ordered-set aggregate mode"},
		{"abs(i)", "42809 OVER specified, but abs is not a window function nor an aggregate function"},
		{"rnk()", "42883 function rnk() does not exist"},
		{"sum(t)", "42883 function sum(text) does not exist"},
	}
	for _, test := range tests {
		bound, err := window.Standard().Resolve(use(t, test.call))
		if err != nil {
			var bad *bind.Error
			if got := string(sqlstate.Of(err)) + " " + err.Error(); got != test.want || !errors.As(err, &bad) {
				t.Errorf("%s: %s, want %s", test.call, got, test.want)
			}
			continue
		}
		if got := bound.Function.Name + " " + bound.Result.PgName(); got != test.want {
			t.Errorf("%s: %s, want %s", test.call, got, test.want)
		}
		for i, a := range bound.Args {
			if a.Unknown {
				t.Errorf("%s: argument %d is undecided", test.call, i)
			}
		}
	}
}

func TestHints(t *testing.T) {
	for call, want := range map[string]string{
		"row_numbr()": "row_number", "frist_value(i)": "first_value", "summ(i)": "sum", "xxxxxx()": "No window function", "lag(i ORDER BY i)": "OVER (ORDER BY",
	} {
		_, err := window.Standard().Resolve(use(t, call))
		var bad *bind.Error
		if !errors.As(err, &bad) || !strings.Contains(bad.Hint, want) {
			t.Errorf("%s: %v, hint %q", call, err, bad.Hint)
		}
	}
}

func TestEveryFunctionIsDescribed(t *testing.T) {
	for _, f := range window.All() {
		if !strings.HasSuffix(f.Doc, ".") || f.Family == "" {
			t.Errorf("%s (%s): %q is no sentence", f.Name, f.Family, f.Doc)
		}
		if f.Framed() != strings.HasSuffix(f.Name, "_value") || f.Aggregate != nil {
			t.Errorf("%s looks at the frame: %v", f.Name, f.Framed())
		}
	}
	if names := window.Standard().Names(); len(names) != 11 || names[0] != "cume_dist" {
		t.Errorf("%v", names)
	}
}

func TestOffset(t *testing.T) {
	tests := []struct{ column, offset, want string }{
		{"i", "1", "bigint"},
		{"b", "'3'", "bigint"},
		{"i", "NULL", "bigint"},
		{"n", "1", "numeric"},
		{"n", "1.5", "numeric"},
		{"f", "1.5", "double precision"},
		{"d", "'1 day'", "interval"},
		{"v", "interval '1 day'", "interval"},
		{"i", "1.5", "0A000 RANGE with offset PRECEDING/FOLLOWING is not supported for column type integer and offset type numeric"},
		{"d", "1", "0A000 RANGE with offset PRECEDING/FOLLOWING is not supported for column type date and offset type integer"},
		{"t", "1", "0A000 RANGE with offset PRECEDING/FOLLOWING is not supported for column type text"},
		{"u", "1", "0A000 RANGE with offset PRECEDING/FOLLOWING is not supported for column type uuid"},
		{"d", "'x'", "22007 invalid input syntax for type interval: \"x\""},
	}
	for _, test := range tests {
		i, err := columns.Find(test.column)
		if err != nil {
			t.Fatal(err)
		}
		node, err := parse.Expr(test.offset)
		if err != nil {
			t.Fatal(err)
		}
		e, err := window.Offset(columns.Fields[i].Type, argument(t, node))
		var got string
		if err != nil {
			got = string(sqlstate.Of(err)) + " " + err.Error()
		} else {
			got = e.Type.PgName()
		}
		if got != test.want {
			t.Errorf("%s, %s: %s, want %s", test.column, test.offset, got, test.want)
		}
	}
}
