package aggregate_test

import (
	"errors"
	"testing"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/sdk/schema"
)

// resolveScope has a column of each type that matters, called by the first letters of its type.
func resolveScope() bind.Scope {
	array := schema.ArrayOf(schema.Of(schema.Int32))
	return bind.FromSchema(schema.New(
		schema.Field{Name: "b", Type: schema.Of(schema.Bool)}, schema.Field{Name: "i2", Type: schema.Of(schema.Int16)},
		schema.Field{Name: "i4", Type: schema.Of(schema.Int32)}, schema.Field{Name: "i8", Type: schema.Of(schema.Int64)},
		schema.Field{Name: "f4", Type: schema.Of(schema.Float32)}, schema.Field{Name: "f8", Type: schema.Of(schema.Float64)},
		schema.Field{Name: "n", Type: schema.NumericOf(10, 2)}, schema.Field{Name: "t", Type: schema.VarcharOf(3)},
		schema.Field{Name: "by", Type: schema.Of(schema.Bytes)}, schema.Field{Name: "d", Type: schema.Of(schema.Date)},
		schema.Field{Name: "ts", Type: schema.Of(schema.Timestamp)}, schema.Field{Name: "iv", Type: schema.Of(schema.Interval)},
		schema.Field{Name: "u", Type: schema.Of(schema.UUID)}, schema.Field{Name: "j", Type: schema.Of(schema.JSONB)},
		schema.Field{Name: "a", Type: array},
	))
}

// use binds the arguments of a call.
func use(t *testing.T, question string) aggregate.Use {
	t.Helper()
	node, err := parse.Expr(question)
	if err != nil {
		t.Fatal(err)
	}
	var u aggregate.Use
	hook := func(b *bind.Binder, node ast.Node) (*bind.Expr, error) {
		call, ok := node.(*ast.FuncCall)
		if !ok || u.Name != "" {
			return nil, nil
		}
		u.Name, u.Star, u.Within = call.Name[0].Text, call.Star, call.WithinGroup != nil
		for _, a := range call.Args {
			e, err := b.Bind(a.X)
			if err != nil {
				return nil, err
			}
			u.Args = append(u.Args, e)
		}
		for _, key := range call.WithinGroup {
			e, err := b.Bind(key.X)
			if err != nil {
				return nil, err
			}
			u.Order = append(u.Order, e)
		}
		return &bind.Expr{Op: bind.Opaque, Node: call}, nil
	}
	if _, err := bind.Bind(node, resolveScope(), bind.WithHook(hook)); err != nil {
		t.Fatal(err)
	}
	return u
}

func TestResolve(t *testing.T) {
	for _, tt := range []struct {
		question string
		want     string // the overload, the result's type; or SQLSTATE and message
		hint     string
	}{
		{question: "count(*)", want: "count(*) bigint"},
		{question: "count(t)", want: "count(any) bigint"},
		{question: "count()", want: "42809 count(*) must be used to call a parameterless aggregate function"},
		{question: "count(i4, i8)", want: "42883 function count(integer, bigint) does not exist", hint: "No aggregate takes these arguments: count(*), count(any). You might need to add explicit type casts."},
		{question: "sum(i2)", want: "sum(smallint) bigint"},
		{question: "sum(i4)", want: "sum(integer) bigint"},
		{question: "sum(i8)", want: "sum(bigint) numeric"},
		{question: "sum(n)", want: "sum(numeric) numeric"},
		{question: "sum(f4)", want: "sum(real) real"},
		{question: "sum(iv)", want: "sum(interval) interval"},
		{question: "sum('1')", want: "42725 function sum(unknown) is not unique"},
		{question: "sum(t)", want: "42883 function sum(character varying) does not exist"},
		{question: "sum(*)", want: "42883 function sum() does not exist"},
		{question: "avg(i4)", want: "avg(integer) numeric"},
		{question: "avg(f4)", want: "avg(real) double precision"},
		{question: "min(t)", want: "min(text) text"},
		{question: "min(a)", want: "min(array) integer[]"},
		{question: "min(b)", want: "42883 function min(boolean) does not exist"},
		{question: "max(u)", want: "42883 function max(uuid) does not exist"},
		{question: "max('a')", want: "max(text) text"},
		{question: "max(j)", want: "42883 function max(jsonb) does not exist"},
		{question: "bool_and(b)", want: "bool_and(boolean) boolean"},
		{question: "string_agg(t, ';')", want: "string_agg(text, text) text"},
		{question: "string_agg(i4, ';')", want: "42883 function string_agg(integer, unknown) does not exist"},
		{question: "string_agg(by, ';')", want: "string_agg(bytea, bytea) bytea"},
		{question: "array_agg(i4)", want: "array_agg(any but array) integer[]"},
		{question: "array_agg(a)", want: "array_agg(array) integer[][]"},
		{question: "array_agg('x')", want: "42725 function array_agg(unknown) is not unique"},
		{question: "stddev(i8)", want: "stddev(bigint) numeric"},
		{question: "var_pop(f4)", want: "var_pop(real) double precision"},
		{question: "corr(i4, n)", want: "corr(double precision, double precision) double precision"},
		{question: "percentile_cont(0.5) WITHIN GROUP (ORDER BY i4)", want: "percentile_cont(double precision) WITHIN GROUP (ORDER BY double precision) double precision"},
		{question: "percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY i4)", want: "percentile_cont(double precision[]) WITHIN GROUP (ORDER BY double precision) double precision[]"},
		{question: "percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY iv)", want: "percentile_cont(double precision[]) WITHIN GROUP (ORDER BY interval) interval[]"},
		{question: "percentile_disc(ARRAY['a']) WITHIN GROUP (ORDER BY iv)", want: "42883 function percentile_disc(text[], interval) does not exist"},
		{question: "percentile_disc(0.5) WITHIN GROUP (ORDER BY t)", want: "percentile_disc(double precision) WITHIN GROUP (ORDER BY any) text"},
		{question: "percentile_disc(0.5, 1) WITHIN GROUP (ORDER BY t)", want: "42883 function percentile_disc(numeric, integer, character varying) does not exist"},
		{question: "percentile_cont(0.5, i4)", want: "42809 WITHIN GROUP is required for ordered-set aggregate percentile_cont", hint: "Write percentile_cont(…) WITHIN GROUP (ORDER BY …)."},
		{question: "mode() WITHIN GROUP (ORDER BY d)", want: "mode() WITHIN GROUP (ORDER BY any) date"},
		{question: "sum(i4) WITHIN GROUP (ORDER BY i4)", want: "42883 function sum(integer, integer) does not exist"},
		{question: "string_agg(t) WITHIN GROUP (ORDER BY t)", want: "42809 string_agg is not an ordered-set aggregate, so it cannot have WITHIN GROUP", hint: "Put the ORDER BY into the parentheses, behind the arguments."},
		{question: "rank(1, 'a') WITHIN GROUP (ORDER BY i8, t)", want: "rank(any, …) WITHIN GROUP (ORDER BY any, …) bigint"},
		{question: "rank(1) WITHIN GROUP (ORDER BY i8, t)", want: "42883 function rank(integer, bigint, character varying) does not exist", hint: "To use the hypothetical-set aggregate rank, the number of hypothetical direct arguments (here 1) must match the number of ordering columns (here 2)."},
		{question: "rank(1) WITHIN GROUP (ORDER BY d)", want: "42804 WITHIN GROUP types integer and date cannot be matched"},
		{question: "approx_percentile(i4, 0.9)", want: "approx_percentile(double precision, double precision) double precision"},
		{question: "any_value(i4)", want: "42883 function any_value(integer) does not exist"},
		{question: "string_add(t, ';')", want: "42883 function string_add(character varying, unknown) does not exist", hint: `Perhaps you meant the aggregate "string_agg".`},
	} {
		t.Run(tt.question, func(t *testing.T) {
			got, hint := "", ""
			bound, err := aggregate.Standard().Resolve(use(t, tt.question))
			var bad *bind.Error
			switch {
			case errors.As(err, &bad):
				got, hint = string(bad.SQLSTATE)+" "+bad.Message, bad.Hint
			case err != nil:
				t.Fatal(err)
			default:
				got = bound.Function.Signature() + " " + bound.Result.PgName()
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if tt.hint != "" && hint != tt.hint {
				t.Errorf("hint %q\nwant %q", hint, tt.hint)
			}
		})
	}
}
