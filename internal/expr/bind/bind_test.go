package bind_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

func parsed(tb testing.TB, text string) ast.Node {
	tb.Helper()
	node, err := parse.Expr(text)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return node
}

func bound(tb testing.TB, text string, options ...bind.Option) *bind.Expr {
	tb.Helper()
	e, err := bind.Bind(parsed(tb, text), nested(), options...)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return e
}

// nested is a scope with a row: k, bid.price, bid.url, bid.extra.note, name, at, list.
func nested() bind.Scope {
	bid := schema.RowOf(schema.Field{Name: "price", Type: schema.Of(schema.Int64)}, schema.Field{Name: "url", Type: schema.Of(schema.Text)},
		schema.Field{Name: "extra", Type: schema.RowOf(schema.Field{Name: "note", Type: schema.Of(schema.Text)})})
	return bind.FromSchema(schema.New(
		schema.Field{Name: "k", Type: schema.Of(schema.Int32)}, schema.Field{Name: "bid", Type: bid},
		schema.Field{Name: "name", Type: schema.Of(schema.Text)}, schema.Field{Name: "Name2", Type: schema.Of(schema.Text)},
		schema.Field{Name: "NAME2", Type: schema.Of(schema.Text)}, schema.Field{Name: "at", Type: schema.Of(schema.Timestamp)},
		schema.Field{Name: "list", Type: schema.ArrayOf(schema.Of(schema.Int64))},
	), "b", "bids")
}

func TestNamesFindColumnsAndMembers(t *testing.T) {
	tests := []struct{ text, path string }{
		{"k", "[0]"},
		{"b.k", "[0]"},
		{"BIDS.K", "[0]"},
		{"bid.price", "[1 0]"},
		{"b.bid.price", "[1 0]"},
		{"(bid).extra.note", "[1 2 0]"},
		{"bid.extra.note", "[1 2 0]"},
		{`"Name2"`, "[3]"},
	}
	for _, test := range tests {
		if e := bound(t, test.text); e.Op != bind.Column || fmt.Sprint(e.Path) != test.path {
			t.Errorf("%s: path %v, want %s", test.text, e.Path, test.path)
		}
	}
}

func TestMistakesSayHowToMendThem(t *testing.T) {
	tests := []struct{ text, message, hint string }{
		{"namee", `column "namee" does not exist`, `Perhaps you meant to reference the column "name".`},
		{"zzzzzzz", `column "zzzzzzz" does not exist`, "The columns are k, bid, name, Name2, NAME2, at, list."},
		{"name2", `column reference "name2" is ambiguous`, "Put the table's name before it, or write the column in double quotes exactly as it is declared."},
		{"bid.prise", "column bid.prise does not exist", `Perhaps you meant "price".`},
		{"(bid).zzz", `column "zzz" not found in data type record`, "Its members are price, url, extra."},
		{"lengthh(name)", "function lengthh(text) does not exist", `Perhaps you meant the function "length".`},
		{"name + 1", "operator does not exist: text + integer", "No operator matches the given name and argument types. You might need to add explicit type casts."},
		{"name COLLATE \"de_DE\"", `collation "de_DE" for encoding "UTF8" does not exist`, `Text is compared by bytes: COLLATE "C".`},
		{"sum(k) OVER ()", "sum(k) OVER () is not supported here", "Aggregates and window functions need a query."},
		{"k::char(3)", "type character(3) is not supported", "Use VARCHAR(n) or TEXT: they do not pad with blanks."},
		{"at::timestamp(3)", "type timestamp(3) is not supported", "Leave the precision out: values keep microseconds. date_trunc cuts them."},
		{"k::numeric(50,2)", "NUMERIC(50,2) is not supported", "The precision is at most 38 and the scale lies between 0 and the precision."},
		{"$1", "$1 is not supported here", ""},
	}
	for _, test := range tests {
		_, err := bind.Bind(parsed(t, test.text), nested())
		var wrong *bind.Error
		if !errors.As(err, &wrong) || wrong.Message != test.message || wrong.Hint != test.hint {
			t.Errorf("%s: %#v, want %q with the hint %q", test.text, err, test.message, test.hint)
		}
		if sqlstate.Of(err) != wrong.SQLSTATE {
			t.Errorf("%s: the code %s is lost by wrapping", test.text, wrong.SQLSTATE)
		}
	}
}

func TestCondition(t *testing.T) {
	for _, text := range []string{"k > 1", "NULL", "true AND k = 1"} {
		e, err := bind.Condition(parsed(t, text), "WHERE", nested())
		if err != nil || e.Type.Kind != schema.Bool {
			t.Errorf("%s: %v %v", text, e, err)
		}
	}
	_, err := bind.Condition(parsed(t, "k"), "WHERE", nested())
	if err == nil || err.Error() != "argument of WHERE must be type boolean, not type integer" {
		t.Error(err)
	}
	if _, err := bind.Condition(parsed(t, "nosuch"), "WHERE", nested()); err == nil {
		t.Error("a wrong name passed")
	}
}

func TestCoerceIsWhatAnAssignmentAllows(t *testing.T) {
	tests := []struct {
		text string
		to   schema.Type
		ok   bool
	}{
		{"k", schema.Of(schema.Int64), true},
		{"k", schema.Of(schema.Int16), true},
		{"k", schema.Of(schema.Text), true},
		{"1.5", schema.Of(schema.Int32), true},
		{"at", schema.Of(schema.Date), true},
		{"name", schema.Of(schema.Int32), false},
		{"k", schema.Of(schema.Bool), false},
		{"at", schema.Of(schema.Int64), false},
		{"'5'", schema.Of(schema.Int32), true},
		{"NULL", schema.Of(schema.Date), true},
		{"bid", schema.Of(schema.Text), true},
		{"name", schema.VarcharOf(3), true},
	}
	for _, test := range tests {
		// As an expression of a select list: its literals are not decided yet.
		e, err := func() (*bind.Expr, error) {
			var inner *bind.Expr
			_, err := bind.Bind(parsed(t, "hooked("+test.text+")"), nested(), bind.WithHook(func(b *bind.Binder, node ast.Node) (*bind.Expr, error) {
				call, ok := node.(*ast.FuncCall)
				if !ok {
					return nil, nil
				}
				var err error
				inner, err = b.Bind(call.Args[0].X)
				return inner, err
			}))
			return inner, err
		}()
		if err != nil {
			t.Fatal(err)
		}
		out, err := bind.Coerce(e, test.to)
		if (err == nil) != test.ok || err == nil && !out.Type.Equal(test.to) {
			t.Errorf("%s to %s: %v %v", test.text, test.to, out, err)
		}
		if err != nil && !strings.Contains(err.Error(), "but expression is of type") {
			t.Errorf("%s to %s: %v", test.text, test.to, err)
		}
	}
}

func TestCommonType(t *testing.T) {
	tests := []struct {
		a, b schema.Type
		want string
	}{
		{schema.Of(schema.Int32), schema.Of(schema.Int64), "BIGINT"},
		{schema.Of(schema.Numeric), schema.Of(schema.Float32), "REAL"},
		{schema.Of(schema.Date), schema.Of(schema.Timestamp), "TIMESTAMP"},
		{schema.NumericOf(10, 2), schema.NumericOf(12, 2), "NUMERIC"},
		{schema.Of(schema.Text), schema.Of(schema.Int32), ""},
		{schema.Of(schema.UUID), schema.Of(schema.JSONB), ""},
	}
	for _, test := range tests {
		got, ok := bind.CommonType(test.a, test.b)
		if ok != (test.want != "") || ok && got.String() != test.want {
			t.Errorf("%s and %s meet in %s (%v), want %s", test.a, test.b, got, ok, test.want)
		}
	}
}

func TestPathsLeaveOutWhatLiesBelowAnother(t *testing.T) {
	e := bound(t, "bid.price > 1 AND name = bid.url AND (bid).extra IS NOT NULL AND bid.extra.note = name")
	if got := fmt.Sprint(bind.Paths(e, bound(t, "k"))); got != "[[0] [1 0] [1 1] [1 2] [2]]" {
		t.Error(got)
	}
	if got := fmt.Sprint(bind.Paths(e, bound(t, "bid IS NULL"))); got != "[[1] [2]]" {
		t.Error(got)
	}
}

func TestConstant(t *testing.T) {
	volatile := builtin.NewRegistry([]builtin.Function{{Name: "dice", Result: schema.Of(schema.Int64), Volatility: builtin.Volatile}})
	for text, want := range map[string]bool{"1 + 2": true, "k + 1": false, "upper('a')": true, "CASE WHEN true THEN name END": false} {
		if got := bind.Constant(bound(t, text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if bind.Constant(bound(t, "dice() + 1", bind.WithFunctions(volatile))) {
		t.Error("dice() is constant")
	}
}

func TestConditionsThatDecodersCanTest(t *testing.T) {
	tests := []struct{ text, want string }{
		{"k > 5 AND name = 'x'", "[{0 4 5  false} {2 0 0 x true}]"},
		{"5 > k", "[{0 2 5  false}]"},
		{"k = 5000000000", "[{0 0 5000000000  false}]"},
		{"at >= '2015-07-15 00:00:01'", "[{5 5 1436918401000000  false}]"},
		{"bid.price > 5", "[]"},
		{"k > 5 OR k < 2", "[]"},
		{"k = NULL", "[]"},
		{"k > 1.5", "[]"},
		{"k <> 1 AND k + 1 > 2", "[{0 1 1  false}]"},
		{"list = list", "[]"},
	}
	for _, test := range tests {
		e, err := bind.Condition(parsed(t, test.text), "WHERE", nested())
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(bind.Conditions(e)); got != test.want {
			t.Errorf("%s: %s, want %s", test.text, got, test.want)
		}
	}
}

func TestComparisonsFlipAndNegate(t *testing.T) {
	holds := func(c bind.CompareOp, order int) bool {
		return [...]bool{order == 0, order != 0, order < 0, order <= 0, order > 0, order >= 0}[c]
	}
	for c := bind.Equal; c <= bind.GreaterEqual; c++ {
		for order := -1; order <= 1; order++ {
			if holds(c.Flip(), -order) != holds(c, order) || holds(c.Negate(), order) == holds(c, order) {
				t.Errorf("%s with order %d", c, order)
			}
		}
	}
}

// TestOverloads: PostgreSQL's rules choose among functions of one name.
func TestOverloads(t *testing.T) {
	var list []builtin.Function
	for _, kinds := range [][]schema.Kind{{schema.Int32}, {schema.Float64}, {schema.Text}, {schema.Int64, schema.Int64}, {schema.Date, schema.Date}, {schema.TimestampTZ, schema.TimestampTZ}, {schema.Bool, builtin.Any}} {
		list = append(list, builtin.Function{Name: "f", Params: kinds, Result: schema.Of(schema.Text)})
	}
	list = append(list, builtin.Function{Name: "g", Params: []schema.Kind{schema.Int32, schema.Text}, Result: schema.Of(schema.Text)},
		builtin.Function{Name: "g", Params: []schema.Kind{schema.Text, schema.Int32}, Result: schema.Of(schema.Text)},
		builtin.Function{Name: "same", Params: []schema.Kind{builtin.Any}, ResultOf: func(args []schema.Type) schema.Type { return args[0] }})
	functions := bind.WithFunctions(builtin.NewRegistry(list))
	tests := []struct{ text, want string }{
		{"f(k)", "[INTEGER]"},
		{"f(k::smallint)", "[DOUBLE PRECISION]"},
		{"f(k::bigint)", "[DOUBLE PRECISION]"},
		{"f(1.5)", "[DOUBLE PRECISION]"},
		{"f(name)", "[TEXT]"},
		{"f('x')", "[TEXT]"},
		{"f(k, k)", "[BIGINT BIGINT]"},
		{"f(at::date, at::date)", "[DATE DATE]"},
		{"f(at, at)", "[TIMESTAMPTZ TIMESTAMPTZ]"},
		{"f(at, '2020-01-01')", "[TIMESTAMPTZ TIMESTAMPTZ]"},
		{"f(true, k)", "[BOOLEAN ANY]"},
		{"f(k, '5')", "[BIGINT BIGINT]"},
		{"g('1', '2')", "function g(unknown, unknown) is not unique"},
		{"f(list)", "function f(bigint[]) does not exist"},
	}
	for _, test := range tests {
		e, err := bind.Bind(parsed(t, test.text), nested(), functions)
		got := fmt.Sprint(err)
		if err == nil {
			var kinds []string
			for _, k := range e.Function.Params {
				kinds = append(kinds, strings.Replace(k.String(), "INVALID", "ANY", 1))
			}
			got = "[" + strings.Join(kinds, " ") + "]"
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.text, got, test.want)
		}
	}
	if e := bound(t, "same(list)", functions); !e.Type.Equal(schema.ArrayOf(schema.Of(schema.Int64))) {
		t.Errorf("same(list) is %s", e.Type)
	}
}

func TestHooksSeeWhatTheBinderDoesNotKnow(t *testing.T) {
	hook := bind.WithHook(func(_ *bind.Binder, node ast.Node) (*bind.Expr, error) {
		switch n := node.(type) {
		case *ast.Param:
			return &bind.Expr{Op: bind.Opaque, Type: schema.Of(schema.Int64), Node: n}, nil
		case *ast.FuncCall:
			if n.Name[0].Text == "forbidden" {
				return nil, errors.New("not today")
			}
		}
		return nil, nil
	})
	if e := bound(t, "$1 + length(name)", hook); e.Args[0].Op != bind.Opaque || e.Type.Kind != schema.Int64 {
		t.Errorf("%+v", e)
	}
	if _, err := bind.Bind(parsed(t, "forbidden(1)"), nested(), hook); err == nil || err.Error() != "not today" {
		t.Error(err)
	}
}

// TestTypesOfRowsArraysAndSubscripts: what a construct is of, or what is wrong with it.
func TestTypesOfRowsArraysAndSubscripts(t *testing.T) {
	tests := []struct{ text, want string }{
		{"ROW(1, 2) < ROW(1, 3)", "boolean"},
		{"ROW(1, 2) >= ROW(1)", "unequal number of entries in row expressions"},
		{"ROW(1, 'x') < ROW(1, 2)", `invalid input syntax for type integer: "x"`},
		{"ROW(1, 2) IS DISTINCT FROM ROW(1, NULL)", "boolean"},
		{"ROW(1) IS NOT DISTINCT FROM ROW(2)", "boolean"},
		{"ROW(1, true) IS DISTINCT FROM ROW(1, 2)", "operator does not exist: boolean = integer"},
		{"ROW() IS DISTINCT FROM ROW()", "IS DISTINCT FROM of these rows is not supported"},
		{"k = ANY ('{1,2}')", "boolean"},
		{"k = ANY ('{x}')", `invalid input syntax for type integer: "x"`},
		{"k = ANY (NULL)", "boolean"},
		{"k = ANY (5)", "op ANY/ALL (array) requires array on right side"},
		{"1.5 = ANY (ARRAY[k])", "boolean"},
		{"true = ANY (ARRAY[k])", "operator does not exist: boolean = integer"},
		{"coalesce(ARRAY[k], ARRAY[1.5])", "numeric[]"},
		{"coalesce(ARRAY[k], ARRAY['a'])", "COALESCE could not convert type text[] to integer[]"},
		{"array_append(ARRAY[k], 1.5)", "numeric[]"},
		{"array_append(ARRAY[k], true)", "function array_append(integer[], boolean) does not exist"},
		{"ARRAY[k] || 2.5", "numeric[]"},
		{"array_position(ARRAY[k], 2.0)", "integer"},
		{"ARRAY[k] && ARRAY[2.0]", "operator does not exist: integer[] && numeric[]"},
		{"('{}'::jsonb)['a']", "jsonb"},
		{"('{}'::jsonb)[k]", "jsonb"},
		{"('{}'::jsonb)[1.5]", "subscript type numeric is not supported"},
		{"(ARRAY[k])[1.5]", "integer"},
		{"(ARRAY[k])[true]", "array subscript must have type integer"},
		{"-'5'", "operator is not unique: - unknown"},
		{"@ '5'", "double precision"},
		{"varchar(2) 'abc'", "character varying"},
		{"nowhere.upper('a')", `schema "nowhere" does not exist`},
		{"pg_catalog.upper('a')", "text"},
		{"CAST(ROW(1, 2) AS ROW(a INT))", "cannot cast type record to "},
		{"interval '1 day 5' hour", "interval"},
	}
	for _, test := range tests {
		e, err := bind.Bind(parsed(t, test.text), nested())
		var got string
		if err != nil {
			got = err.Error()
		} else {
			got = e.Type.PgName()
		}
		if !strings.Contains(got, test.want) {
			t.Errorf("%s: %s, not %s", test.text, got, test.want)
		}
	}
}
