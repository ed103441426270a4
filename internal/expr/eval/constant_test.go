package eval_test

import (
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// TestFoldStrictly: which constant parts are errors before any row is seen.
func TestFoldStrictly(t *testing.T) {
	columns := schema.New(schema.Field{Name: "a", Type: schema.Of(schema.Int32)}, schema.Field{Name: "z", Type: schema.Of(schema.TimestampTZ)})
	for text, want := range map[string]sqlstate.Code{
		"1 / 0": sqlstate.DivisionByZero, "CASE WHEN a > 0 THEN 1 ELSE 1 / 0 END": sqlstate.DivisionByZero, "a > 0 AND 1 / 0 = 1": sqlstate.DivisionByZero,
		"coalesce(a, 1 / 0)": sqlstate.DivisionByZero, "2147483647 + 1": sqlstate.NumericValueOutOfRange, "'x'::text::int": sqlstate.InvalidTextRepresentation,
		"a = 1 OR 'a' ~ '('": sqlstate.InvalidRegularExpression, "1 / 0 = 1 AND false": sqlstate.DivisionByZero,
		"false AND 1 / 0 = 1": "", "true OR 1 / 0 = 1": "", "coalesce(1, 1 / 0)": "", "CASE WHEN true THEN 1 ELSE 1 / 0 END": "",
		"CASE WHEN NULL THEN 1 / 0 ELSE a END": "", "CASE 1 WHEN 2 THEN 1 / 0 WHEN 1 THEN a ELSE 1 / 0 END": "", "1 / a": "",
		"'x'::text::date": "", "to_char(1, 'x')": "", "random() / 0": "",
	} {
		node, err := parse.Expr(text)
		if err != nil {
			t.Fatal(err)
		}
		e, err := bind.Bind(node, bind.FromSchema(columns))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		before := e.String()
		var got sqlstate.Code
		if _, bad := eval.FoldStrictly(e); bad != nil {
			got = bad.Code
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
		if e.String() != before {
			t.Errorf("%s was changed into %s", before, e)
		}
	}
}
