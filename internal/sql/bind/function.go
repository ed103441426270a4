package bind

import (
	"slices"
	"strings"
	"sync"

	"wire.example/wire/internal/expr/aggregate"
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/setreturning"
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// systemSchema is the schema of all functions.
const systemSchema = "pg_catalog"

// call binds a function call that is more than a function of values; nil leaves it to the binder of expressions.
func (q *query) call(s *scope, b *bind.Binder, n *exprast.FuncCall) (*bind.Expr, error) {
	name := n.Name[len(n.Name)-1].Text
	if len(n.Name) > 1 && n.Name[0].Text != systemSchema {
		return nil, nil
	}
	switch {
	case n.Over != nil:
		return q.windowFunction(s, b, n, name)
	case isWindowFunction(name) && n.WithinGroup == nil && (len(n.Args) == 0 || len(aggregate.Standard().Lookup(name)) == 0):
		use := window.Use{Span: n.Span, Name: name}
		for _, a := range n.Args {
			e, err := b.Bind(a.X)
			if err != nil {
				return nil, err
			}
			use.Args = append(use.Args, e)
		}
		if _, err := window.Standard().Resolve(use); err != nil {
			return nil, err
		}
		return nil, errorf(n.Span, sqlstate.WrongObjectType, "window function %s requires an OVER clause", name).WithHint("Write %s(…) OVER (PARTITION BY … ORDER BY …).", name)
	case len(aggregate.Standard().Lookup(name)) > 0:
		return q.aggregateCall(s, b, n, name)
	case name == "grouping":
		return q.grouping(s, b, n)
	}
	if e, err := q.setFunction(s, b, n, name); e != nil || err != nil {
		return e, err
	}
	if err := plainCall(b, n, name); err != nil {
		return nil, err
	}
	if e, err := q.sessionFunction(s, b, n, name); e != nil || err != nil {
		return e, err
	}
	return nil, undefined(b, n, name)
}

// specialForms are the functions that the binder of expressions knows without the library.
func specialForms() []string {
	return []string{"coalesce", "nullif", "greatest", "least"}
}

// windowFunctions are the tables that assign windows.
func windowFunctions() []string { return []string{"tumble", "hop", "cumulate", "session"} }

// undefined says that there is no function called name; nil if there is one.
func undefined(b *bind.Binder, n *exprast.FuncCall, name string) error {
	if len(builtin.Standard().Lookup(name)) > 0 || slices.Contains(specialForms(), name) {
		return nil
	}
	var args []*bind.Expr
	nodes := make([]exprast.Node, 0, len(n.Args)+1)
	for _, a := range n.Args {
		nodes = append(nodes, a.X)
	}
	for _, o := range n.WithinGroup {
		nodes = append(nodes, o.X)
	}
	for _, x := range nodes {
		e, err := b.Bind(x)
		if err != nil {
			return err
		}
		args = append(args, e)
	}
	if n.Filter != nil {
		if _, err := b.Bind(n.Filter); err != nil {
			return err
		}
	}
	bad := errorf(n.Span, sqlstate.UndefinedFunction, "function %s(%s) does not exist", name, strings.Join(bind.TypeNames(args), ", "))
	names := slices.Concat(builtin.Standard().Names(), aggregate.Standard().Names(), window.Standard().Names(), setreturning.Standard().Names(),
		sessionFunctions(), specialForms())
	if slices.Contains(sessionFunctions(), name) {
		return bad.WithHint("No function matches the given name and argument types.")
	}
	if shape, _, _ := strings.Cut(name, "_"); slices.Contains(windowFunctions(), shape) {
		return bad.WithHint("Windows are tables: FROM TUMBLE(table, time column, INTERVAL '1 minute') adds window_start and window_end, to group by both.")
	}
	if hint := foreignFunction(name); hint != "" {
		return bad.WithHint("%s", hint)
	}
	if meant := connector.Nearest(name, names); meant != "" {
		return bad.WithHint("Perhaps you meant the function \"%s\".", meant)
	}
	return bad.WithHint("SHOW FUNCTIONS lists those that there are.")
}

// plainCall refuses what only aggregates and window functions take, of a function that there is.
func plainCall(b *bind.Binder, n *exprast.FuncCall, name string) error {
	var what string
	switch {
	case n.Star:
		what = name + "(*)"
	case n.Distinct:
		what = "DISTINCT"
	case n.WithinGroup != nil:
		what = "WITHIN GROUP"
	case n.OrderBy != nil:
		what = "ORDER BY"
	case n.Filter != nil:
		what = "FILTER"
	default:
		return nil
	}
	if !known(name) {
		return nil // it does not exist, which is worse
	}
	if _, err := b.Bind(&exprast.FuncCall{Span: n.Span, Name: n.Name, Args: n.Args, Variadic: n.Variadic}); err != nil {
		return err
	}
	return errorf(n.Span, sqlstate.WrongObjectType, "%s specified, but %s is not an aggregate function", what, name)
}

// known reports whether there is a function of values or of sets called name.
func known(name string) bool {
	return len(builtin.Standard().Lookup(name)) > 0 || len(setreturning.Standard().Lookup(name)) > 0 || slices.Contains(sessionFunctions(), name) ||
		slices.Contains(specialForms(), name)
}

// sessionFunctions are those whose value depends on when and by whom a statement is run.
func sessionFunctions() []string {
	return []string{
		"now", "transaction_timestamp", "statement_timestamp", "clock_timestamp", "current_setting", "current_database", "current_schema", "current_user",
		"pg_typeof", "proctime", "version",
	}
}

// sessionFunction binds one of these, nil if n is none.
func (q *query) sessionFunction(_ *scope, b *bind.Binder, n *exprast.FuncCall, name string) (*bind.Expr, error) {
	at := n.Span
	noArgs := len(n.Args) == 0 && n.Plain()
	switch {
	case noArgs && slices.Contains([]string{"now", "transaction_timestamp", "statement_timestamp", "clock_timestamp"}, name):
		return q.timestamp(at, schema.TimestampTZ, -1), nil
	case noArgs && name == "proctime":
		return processingTime(at), nil
	case noArgs && (name == "current_schema" || name == "current_database" || name == "current_user" || name == "version"):
		return q.currentText(at, name)
	case name == "pg_typeof" && len(n.Args) == 1 && n.Plain():
		e, err := b.Bind(n.Args[0].X)
		if err != nil {
			return nil, err
		}
		typ := e.Type.PgName()
		if e.Unknown {
			typ = "unknown"
		}
		return bind.Literal(at, schema.Of(schema.Text), typ)
	case name == "current_setting" && len(n.Args) > 0 && len(n.Args) < 3 && n.Plain():
		return q.currentSetting(b, n)
	}
	return nil, nil
}

// currentSetting binds current_setting(name [, missing_ok]).
func (q *query) currentSetting(b *bind.Binder, n *exprast.FuncCall) (*bind.Expr, error) {
	text := schema.Of(schema.Text)
	name, err := b.Bind(n.Args[0].X)
	if err != nil {
		return nil, err
	}
	if !name.IsConst() || name.Type.Kind != schema.Text || name.IsNullConst() || q.env.Settings == nil {
		return nil, errorf(n.Span, sqlstate.FeatureNotSupported, "current_setting needs the name of a setting as a constant")
	}
	key := string(name.Value.Bytes(0))
	if value, ok := q.env.Settings(key); ok {
		return bind.Literal(n.Span, text, value)
	}
	if len(n.Args) == 2 {
		if l, ok := n.Args[1].X.(*exprast.Literal); ok && l.Kind == exprast.True {
			return bind.NullAt(n.Span, text), nil
		}
	}
	return nil, errorf(n.Args[0].X.Location(), sqlstate.UndefinedObject, "unrecognized configuration parameter \"%s\"", key)
}

// currentValue binds current_timestamp and its kin.
func (q *query) currentValue(n *exprast.CurrentValue) (*bind.Expr, error) {
	switch n.Name {
	case "current_timestamp":
		return q.timestamp(n.Span, schema.TimestampTZ, n.Precision), nil
	case "localtimestamp":
		return q.timestamp(n.Span, schema.Timestamp, n.Precision), nil
	case "current_date":
		return bind.CastTo(q.timestamp(n.Span, schema.Timestamp, -1), schema.Of(schema.Date))
	case "localtime":
		return bind.CastTo(q.timestamp(n.Span, schema.Timestamp, n.Precision), schema.Of(schema.Time))
	case "current_time":
		return nil, errorf(n.Span, sqlstate.FeatureNotSupported, "current_time has the type TIME WITH TIME ZONE, which is not supported").
			WithHint("Use localtime, or current_timestamp.")
	}
	return q.currentText(n.Span, n.Name)
}

// timestamp is the time of the statement, rounded to digits of a second; -1 keeps all.
func (q *query) timestamp(at exprast.Span, kind schema.Kind, digits int32) *bind.Expr {
	micros := q.env.Now
	if unit := int64(1); digits >= 0 && digits < 6 {
		for range 6 - digits {
			unit *= 10
		}
		micros = floor(micros+unit/2, unit)
	}
	e := bind.NullAt(at, schema.Of(kind))
	e.Value.DropValid()
	e.Value.Int64s()[0] = micros
	return e
}

// The names that a session without users has.
const (
	sessionUser     = "wire"
	sessionDatabase = "wire"
)

func (q *query) currentText(at exprast.Span, name string) (*bind.Expr, error) {
	value := sessionUser
	switch name {
	case "current_schema":
		value = publicSchema
	case "current_database", "current_catalog":
		value = sessionDatabase
	case "version":
		value = "Wire, with the SQL of PostgreSQL 15"
	}
	return bind.Literal(at, schema.Of(schema.Text), value)
}

// floor returns the largest multiple of unit that is not above v.
func floor(v, unit int64) int64 {
	rest := v % unit
	if rest < 0 {
		rest += unit
	}
	return v - rest
}

// processingTime is PROCTIME(): the time at which a row is processed.
func processingTime(at exprast.Span) *bind.Expr {
	return &bind.Expr{Op: bind.Call, Type: schema.Of(schema.TimestampTZ), Span: at, Function: proctime()}
}

//nolint:gochecknoglobals // immutable, made once
var proctime = sync.OnceValue(func() *builtin.Function {
	return &builtin.Function{Name: "proctime", Result: schema.Of(schema.TimestampTZ), Volatility: builtin.Volatile, Clock: true}
})
