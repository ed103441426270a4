package eval_test

import (
	"fmt"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// field is a column with its values as text; "NULL" is NULL.
type field struct {
	name   string
	typ    schema.Type
	values []string
}

func column(tb testing.TB, typ schema.Type, values ...string) *batch.Column {
	tb.Helper()
	c := batch.NewColumn(&batch.Pool{}, typ)
	c.Reset(len(values))
	for i, v := range values {
		if v == "NULL" {
			c.SetNull(i)
			continue
		}
		if bad := setValue(c, i, v); bad != nil {
			tb.Fatalf("%s as %s: %v", v, typ, bad)
		}
	}
	return c
}

func setValue(c *batch.Column, i int, text string) error {
	if c.Kind() == schema.JSONB {
		c.SetBytes(i, []byte(text))
		return nil
	}
	if bad := codec.SetText(c, i, []byte(text)); bad != nil {
		return bad
	}
	return nil
}

// input makes a batch and the scope that names its columns.
func input(tb testing.TB, fields ...field) (*batch.Batch, bind.Scope) {
	tb.Helper()
	b, s := &batch.Batch{}, &schema.Schema{}
	for _, f := range fields {
		s.Fields = append(s.Fields, schema.Field{Name: f.name, Type: f.typ})
		b.Cols, b.Len = append(b.Cols, column(tb, f.typ, f.values...)), len(f.values)
	}
	return b, bind.FromSchema(s)
}

func bound(tb testing.TB, scope bind.Scope, texts ...string) []*bind.Expr {
	tb.Helper()
	exprs := make([]*bind.Expr, len(texts))
	for i, text := range texts {
		node, err := parse.Expr(text)
		if err != nil {
			tb.Fatalf("%s: %v", text, err)
		}
		if exprs[i], err = bind.Bind(node, scope); err != nil {
			tb.Fatalf("%s: %v", text, err)
		}
	}
	return exprs
}

func compiled(tb testing.TB, scope bind.Scope, texts ...string) *eval.Program {
	tb.Helper()
	p, err := eval.Compile(&batch.Pool{}, bound(tb, scope, texts...)...)
	if err != nil {
		tb.Fatalf("%v: %v", texts, err)
	}
	tb.Cleanup(p.Close)
	return p
}

// shown is the value of a row as text: NULL, or SQLSTATE! if the row failed.
func shown(c *batch.Column, row int, errs *builtin.Errors) string {
	for i, r := range errs.Rows {
		if int(r) == row {
			return string(errs.Errs[i].Code) + "!"
		}
	}
	if c.IsNull(row) {
		return "NULL"
	}
	return string(codec.AppendText(nil, c, row))
}

// results evaluates one expression and shows its rows, separated by spaces.
func results(tb testing.TB, b *batch.Batch, scope bind.Scope, text string) string {
	tb.Helper()
	var errs builtin.Errors
	cols := compiled(tb, scope, text).Eval(b, nil, &errs)
	var out []string
	for i := range b.Rows() {
		out = append(out, shown(cols[0], b.Row(i), &errs))
	}
	return strings.Join(out, " ")
}

func kindOf(k schema.Kind) schema.Type { return schema.Of(k) }

func numbers(tb testing.TB) (*batch.Batch, bind.Scope) {
	return input(tb,
		field{"s", kindOf(schema.Int16), []string{"1", "-32768", "32767", "NULL"}},
		field{"i", kindOf(schema.Int32), []string{"7", "-2147483648", "2147483647", "0"}},
		field{"b", kindOf(schema.Int64), []string{"10", "-9223372036854775808", "9223372036854775807", "NULL"}},
		field{"z", kindOf(schema.Int64), []string{"3", "-1", "0", "2"}},
		field{"r", kindOf(schema.Float32), []string{"1.5", "NaN", "3e38", "-0.1"}},
		field{"d", kindOf(schema.Float64), []string{"2.5", "NaN", "1e308", "NULL"}},
		field{"n", kindOf(schema.Numeric), []string{"1.50", "-2", "NaN", "NULL"}},
		field{"m", schema.NumericOf(10, 2), []string{"1.25", "99999999.99", "0", "-3.10"}},
		field{"t", kindOf(schema.Text), []string{"a", "longer than twelve bytes", "", "NULL"}},
		field{"u", kindOf(schema.Text), []string{"b", "longer than twelve bytes!", "", "x"}},
		field{"p", kindOf(schema.Bool), []string{"t", "f", "NULL", "t"}},
		field{"q", kindOf(schema.Bool), []string{"NULL", "t", "NULL", "f"}},
	)
}

func TestNumbersAndLogic(t *testing.T) {
	tests := []struct{ text, want string }{
		{"b", "10 -9223372036854775808 9223372036854775807 NULL"},
		{"42", "42 42 42 42"},
		{"NULL::text", "NULL NULL NULL NULL"},
		{"b + 1", "11 -9223372036854775807 22003! NULL"},
		{"b - z", "7 -9223372036854775807 9223372036854775807 NULL"},
		{"b * z", "30 22003! 0 NULL"},
		{"b / z", "3 22003! 22012! NULL"},
		{"b % z", "1 0 22012! NULL"},
		{"b / 7", "1 -1317624576693539401 1317624576693539401 NULL"},
		{"b % 8", "2 0 7 NULL"},
		{"b / -1", "-10 22003! -9223372036854775807 NULL"},
		{"1 - z", "-2 2 1 -1"},
		{"-s", "-1 22003! -32767 NULL"},
		{"s + s", "2 22003! 22003! NULL"},
		{"i + 1", "8 -2147483647 22003! 1"},
		{"i * 2", "14 22003! 22003! 0"},
		{"d * 10", "25 NaN 22003! NULL"},
		{"d / 0", "22012! NaN 22012! NULL"},
		{"r + r", "3 NaN 22003! -0.2"},
		{"n + m", "2.75 99999997.99 NaN NULL"},
		{"n * 2", "3.00 -4 NaN NULL"},
		{"m / 3", "0.41666666666666666667 33333333.330000000000 0.00000000000000000000 -1.03333333333333333333"},
		{"z * 0.908", "2.724 -0.908 0.000 1.816"},
		{"z = 3", "t f f f"},
		{"z <> 3", "f t t t"},
		{"3 > z", "f t t t"},
		{"b >= z", "t f t NULL"},
		{"d > 2", "t t t NULL"},
		{"d = 'NaN'", "f t f NULL"},
		{"n > 1.0", "t f t NULL"},
		{"m = 1.250", "t f f f"},
		{"n < m", "f t f NULL"},
		{"t = 'a'", "t f f NULL"},
		{"t = 'longer than twelve bytes'", "f t f NULL"},
		{"t <> u", "t t f NULL"},
		{"t < u", "t t f NULL"},
		{"t >= 'a'", "t t f NULL"},
		{"p AND q", "NULL f NULL f"},
		{"p OR q", "t t NULL t"},
		{"NOT p", "f t NULL f"},
		{"p IS NULL", "f f t f"},
		{"p IS NOT NULL", "t t f t"},
		{"p IS TRUE", "t f f t"},
		{"p IS NOT TRUE", "f t t f"},
		{"q IS FALSE", "f f f t"},
		{"q IS UNKNOWN", "t f t f"},
		{"p = q", "NULL f NULL f"},
		{"p > q", "NULL f NULL t"},
		{"length(t)", "1 24 0 NULL"},
		{"z <> 0 AND 6 / z > 2", "f f f t"},
		{"z = 0 OR 6 / z > 2", "f f t t"},
		{"CASE WHEN z = 0 THEN 0 ELSE 6 / z END", "2 -6 0 3"},
		{"CASE WHEN p THEN t END", "a NULL NULL NULL"},
		{"CASE z WHEN 3 THEN t WHEN 2 THEN u ELSE 'else and longer' END", "a else and longer else and longer x"},
		{"coalesce(b, z)", "10 -9223372036854775808 9223372036854775807 2"},
		{"coalesce(t, u, 'x')", "a longer than twelve bytes  x"},
		{"b::int", "10 22003! 22003! NULL"},
		{"d::bigint", "2 22003! 22003! NULL"},
		{"n::int", "2 -2 0A000! NULL"},
		{"m::numeric(4,1)", "1.3 22003! 0.0 -3.1"},
		{"s::double precision", "1 -32768 32767 NULL"},
		{"d::real", "2.5 NaN 22003! NULL"},
		{"r::numeric", "1.5 NaN 22003! -0.1"},
	}
	b, scope := numbers(t)
	for _, test := range tests {
		if got := results(t, b, scope, test.text); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.text, got, test.want)
		}
	}
}

func TestFilterKeepsTrueRows(t *testing.T) {
	b, scope := numbers(t)
	tests := []struct{ text, kept, failed string }{
		{"p", "[0 3]", "[]"},
		{"p AND z > 1", "[0 3]", "[]"},
		{"z <> 0 AND 6 / z > 1", "[0 3]", "[]"},
		{"6 / z > 1", "[0 3]", "[2]"},
		{"(6 / z > 1) IS NOT TRUE", "[1]", "[2]"},
		{"t = 'a' OR u = 'x'", "[0 3]", "[]"},
		{"true", "[0 1 2 3]", "[]"},
	}
	for _, test := range tests {
		var errs builtin.Errors
		kept := compiled(t, scope, test.text).Filter(b, nil, &errs)
		if got := fmt.Sprint(kept); got != test.kept || fmt.Sprint(errs.Rows) != test.failed && errs.Len() > 0 {
			t.Errorf("%s: kept %v, failed %v; want %s and %s", test.text, kept, errs.Rows, test.kept, test.failed)
		}
	}
}

func boundWith(tb testing.TB, scope bind.Scope, text string, functions *builtin.Registry) *bind.Expr {
	tb.Helper()
	node, err := parse.Expr(text)
	if err != nil {
		tb.Fatal(err)
	}
	e, err := bind.Bind(node, scope, bind.WithFunctions(functions))
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

func tryCompile(scope bind.Scope, text string) (*eval.Program, error) {
	node, err := parse.Expr(text)
	if err != nil {
		return nil, err
	}
	e, err := bind.Bind(node, scope)
	if err != nil {
		return nil, err
	}
	return eval.Compile(&batch.Pool{}, e)
}
