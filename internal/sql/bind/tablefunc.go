package bind

import (
	"slices"
	"strings"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/setreturning"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// rowsCall is an entry of FROM that is functions which return sets. It may become a step over the rows to its left.
type rowsCall struct {
	// args are all arguments, functions those of each function as numbers of args.
	args       []*bind.Expr
	functions  []logical.RowsFunction
	ordinality bool
}

// tableFunction binds functions in FROM.
func (q *query) tableFunction(t *ast.TableFunction, p place) (part, error) {
	s := &scope{level: p.level, parent: p.around, sees: p.sees, query: q}
	c := &rowsCall{ordinality: t.Ordinality}
	var columns []column
	var name string
	scalar := len(t.Functions) == 1 && !t.Ordinality
	for _, f := range t.Functions {
		fields, value, err := q.fromFunction(s, f, c, t.Alias)
		if err != nil {
			return part{}, err
		}
		if value != nil {
			if len(t.Functions) > 1 {
				return part{}, errorf(f.Span, sqlstate.FeatureNotSupported, "ROWS FROM takes functions that return sets only")
			}
			return q.scalarFunction(t, value, fields[0].Name)
		}
		for _, field := range fields {
			columns = append(columns, column{field.Name, &bind.Expr{Type: field.Type}})
		}
		scalar = scalar && len(fields) == 1 && !c.functions[0].Function.Members
		if name == "" {
			name = q.columnName(f.Call)
		}
	}
	if t.Ordinality {
		columns = append(columns, column{"ordinality", &bind.Expr{Type: schema.Of(schema.Int64)}})
	}
	n := c.alone(q)
	first := len(c.args)
	for i := range columns {
		columns[i].expr = columnOf(first+i, n.Schema().Fields[first+i])
	}
	it, err := q.itemOf(t.Span, name, columns, t.Alias)
	if err != nil {
		return part{}, err
	}
	it.scalar = scalar
	out := q.add(n, it)
	out.call = c
	return out, nil
}

// fromFunction binds one function: its columns, or the value of a function that returns no set.
func (q *query) fromFunction(s *scope, f ast.FromFunction, c *rowsCall, alias *ast.Alias) ([]schema.Field, *bind.Expr, error) {
	call, ok := f.Call.(*exprast.FuncCall)
	name := q.columnName(f.Call)
	ok = ok && (len(call.Name) == 1 || call.Name[0].Text == systemSchema)
	if !ok || len(setreturning.Standard().Lookup(name)) == 0 {
		if len(f.Columns) > 0 {
			return nil, nil, errorf(f.Span, sqlstate.SyntaxError, "a column definition list is only allowed for functions returning \"record\"")
		}
		e, err := q.expr(s, inFromFunction(), f.Call)
		if err != nil {
			return nil, nil, meantWindow(err, name)
		}
		if alias != nil {
			name = alias.Name.Text
		}
		return []schema.Field{{Name: name, Type: e.Type}}, bind.Settle(e), nil
	}
	if err := plainCall(bind.NewBinder(s, bind.WithHook(q.hook(s))), call, name); err != nil {
		return nil, nil, err
	}
	var fields []schema.Field
	for _, one := range unnestEach(call, name) {
		more, err := q.addFunction(s, one, name, f, c, alias)
		if err != nil {
			return nil, nil, err
		}
		fields = append(fields, more...)
	}
	return fields, nil, nil
}

// meantWindow hints at the window table function that name is nearly the name of.
func meantWindow(err error, name string) error {
	bad := asError(err)
	if bad == nil || bad.Hint != "" {
		return err
	}
	if meant := connector.Nearest(name, windowFunctions()); meant != "" {
		return bad.WithHint("Perhaps you meant %s(table, time column, …).", strings.ToUpper(meant))
	}
	return err
}

// unnestEach makes of unnest(a, b) a call for each array.
func unnestEach(n *exprast.FuncCall, name string) []*exprast.FuncCall {
	if name != "unnest" || len(n.Args) < 2 {
		return []*exprast.FuncCall{n}
	}
	calls := make([]*exprast.FuncCall, len(n.Args))
	for i, a := range n.Args {
		one := *n
		one.Args = []exprast.Arg{a}
		calls[i] = &one
	}
	return calls
}

// addFunction adds one call to c, and returns its columns.
func (q *query) addFunction(s *scope, n *exprast.FuncCall, name string, f ast.FromFunction, c *rowsCall, alias *ast.Alias) ([]schema.Field, error) {
	before := q.clause
	q.clause = inFromFunction()
	defer func() { q.clause = before }()
	set, err := setArgs(bind.NewBinder(s, bind.WithHook(q.hook(s))), n, name)
	if err != nil {
		return nil, err
	}
	declared, err := declaredColumns(f, set.bound.Function)
	if err != nil {
		return nil, err
	}
	fields := set.bound.Function.Fields(set.bound.Types, declared)
	call := logical.RowsFunction{Function: set.bound.Function, Fields: fields}
	for _, a := range set.bound.Args {
		call.Args = append(call.Args, len(c.args))
		c.args = append(c.args, bind.Settle(a))
	}
	c.functions = append(c.functions, call)
	if len(fields) == 1 && set.bound.Function.Column == "" && !set.bound.Function.Members && alias != nil {
		return []schema.Field{{Name: alias.Name.Text, Type: fields[0].Type}}, nil
	}
	return fields, nil
}

// declaredColumns are those of a column definition list.
func declaredColumns(f ast.FromFunction, function *setreturning.Function) ([]schema.Field, error) {
	switch {
	case function.Declared && len(f.Columns) == 0:
		return nil, errorf(f.Span, sqlstate.SyntaxError, "a column definition list is required for functions returning \"record\"").
			WithHint("Write %s(…) AS t(a INTEGER, b TEXT).", function.Name)
	case !function.Declared && len(f.Columns) > 0:
		return nil, errorf(f.Span, sqlstate.SyntaxError, "a column definition list is only allowed for functions returning \"record\"")
	}
	fields := make([]schema.Field, len(f.Columns))
	for i, c := range f.Columns {
		typ, err := bind.TypeOf(c.Type)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(fields[:i], func(f schema.Field) bool { return f.Name == c.Name.Text }) {
			return nil, errorf(c.Name.Span, duplicateColumn, "column name \"%s\" specified more than once", c.Name.Text)
		}
		fields[i] = schema.Field{Name: c.Name.Text, Type: typ}
	}
	return fields, nil
}

// scalarFunction is a function in FROM that returns one value.
func (q *query) scalarFunction(t *ast.TableFunction, e *bind.Expr, name string) (part, error) {
	table := q.columnName(t.Functions[0].Call)
	list := [][]*bind.Expr{{e}}
	names := []string{name}
	if t.Ordinality {
		list[0], names = append(list[0], number64(t.Span, 1)), append(names, "ordinality")
	}
	n := q.valuesNode(q.name, names, list)
	it, err := q.itemOf(t.Span, table, tableAs(n), t.Alias)
	if err != nil {
		return part{}, err
	}
	it.scalar = !t.Ordinality
	return q.add(n, it), nil
}

// alone is the rows of the functions by themselves: their arguments are columns of one row.
func (c *rowsCall) alone(q *query) logical.Node {
	var in logical.Node
	if len(c.args) == 0 {
		in = q.oneRow()
	} else {
		names := make([]string, len(c.args))
		for i := range names {
			names[i] = "arg" + itoa(i+1)
		}
		row := append([]*bind.Expr(nil), c.args...)
		in = q.valuesNode(q.name, names, [][]*bind.Expr{row})
	}
	return logical.NewRowsFrom(q.step(q.name, "rows"), in, c.functions, c.ordinality, false)
}

// over is the rows of the functions for each row of left, whose columns the arguments refer to as those of the row around them. The functions' own
// columns are behind first columns.
func (c *rowsCall) over(q *query, step logical.Step, left logical.Node, outer bool) (n logical.Node, first int) {
	targets := passed(left)
	width := len(targets)
	for i, a := range c.args {
		targets = append(targets, column{"arg" + itoa(i+1), lifted(a, 1)})
	}
	functions := make([]logical.RowsFunction, len(c.functions))
	for i, f := range c.functions {
		functions[i] = f
		functions[i].Args = make([]int, len(f.Args))
		for k, a := range f.Args {
			functions[i].Args[k] = width + a
		}
	}
	n = q.project(func() logical.Step { return q.step(q.name, "columns") }, left, targets)
	return logical.NewRowsFrom(step, n, functions, c.ordinality, outer), width + len(c.args)
}
