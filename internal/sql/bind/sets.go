package bind

import (
	"slices"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/setreturning"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// setCall is a call of a function that returns a set, outside of FROM: the Node of an Opaque expression until its rows were made. Calls that do not
// stand in each other's arguments are expanded side by side.
type setCall struct {
	bound  *setreturning.Bound
	fields []schema.Field
	text   string
	// depth is how many calls stand in each other in its arguments.
	depth int
	// columns are those of the rows, nil as long as they were not made.
	columns []int
}

// String is the call as it was written.
func (c *setCall) String() string { return c.text }

// setFunction binds a call of a function that returns a set; nil if it is none.
func (q *query) setFunction(_ *scope, b *bind.Binder, n *exprast.FuncCall, name string) (*bind.Expr, error) {
	if len(setreturning.Standard().Lookup(name)) == 0 {
		return nil, nil
	}
	if err := plainCall(b, n, name); err != nil {
		return nil, err
	}
	if !q.clause.sets {
		if q.clause.name == inFromFunction().name {
			return nil, errorf(n.Span, sqlstate.FeatureNotSupported, "set-returning functions must appear at top level of FROM")
		}
		return nil, errorf(n.Span, sqlstate.FeatureNotSupported, "set-returning functions are not allowed in %s", q.clause.name).
			WithHint("Put the function into FROM: FROM t, %s AS x.", exprast.SQL(n))
	}
	c, err := setArgs(b, n, name)
	if err != nil {
		return nil, err
	}
	if c.bound.Function.Declared {
		return nil, errorf(n.Span, sqlstate.SyntaxError, "function %s needs a list of its columns", name).
			WithHint("Put it into FROM: %s AS t(a integer, b text).", exprast.SQL(n))
	}
	c.fields = c.bound.Function.Fields(c.bound.Types, nil)
	for _, a := range c.bound.Args {
		for _, inner := range setCalls(a) {
			c.depth = max(c.depth, inner.depth+1)
		}
	}
	c = q.addSet(c)
	typ := c.fields[0].Type
	if c.bound.Function.Members {
		typ = schema.RowOf(c.fields...)
	}
	return &bind.Expr{Op: bind.Opaque, Type: typ, Span: n.Span, Node: c}, nil
}

// setArgs binds the arguments of a call.
func setArgs(b *bind.Binder, n *exprast.FuncCall, name string) (*setCall, error) {
	var args []*bind.Expr
	for _, a := range n.Args {
		if a.Name != nil {
			return nil, errorf(a.Name.Span, sqlstate.UndefinedFunction, "function %s takes no argument by name", name)
		}
		e, err := b.Bind(a.X)
		if err != nil {
			return nil, err
		}
		args = append(args, e)
	}
	if n.Variadic {
		return nil, errorf(n.Span, sqlstate.FeatureNotSupported, "VARIADIC is not supported for %s", name)
	}
	if name == "unnest" && len(args) == 1 && args[0].Unknown {
		return nil, errorf(n.Span, sqlstate.AmbiguousFunction, "function unnest(unknown) is not unique").WithHint("Write for example '{1,2}'::INTEGER[].")
	}
	bound, err := setreturning.Standard().Resolve(n.Span, name, args)
	return &setCall{bound: bound, text: exprast.SQL(n)}, err
}

// addSet adds a call to those of its query, or returns an equal one that is there.
func (q *query) addSet(c *setCall) *setCall {
	for _, o := range q.sets {
		if o.bound.Function == c.bound.Function && slices.EqualFunc(o.bound.Args, c.bound.Args, bind.Same) && !slices.ContainsFunc(c.bound.Args, volatile) {
			return o
		}
	}
	q.sets = append(q.sets, c)
	return c
}

// setCalls are the calls in e whose rows were not made, those in arguments of others left out.
func setCalls(e *bind.Expr) []*setCall {
	var calls []*setCall
	bind.Walk(e, func(e *bind.Expr) bool {
		if c, ok := e.Node.(*setCall); ok && c.columns == nil {
			calls = append(calls, c)
		}
		return true
	})
	return calls
}

// guardedSets refuses calls in branches that are not evaluated for every row.
func guardedSets(e *bind.Expr) error {
	var err error
	bind.Walk(e, func(e *bind.Expr) bool {
		what := map[bind.Op]string{bind.Case: "CASE", bind.Coalesce: "COALESCE"}[e.Op]
		if what != "" && len(setCalls(e)) > 0 && err == nil {
			err = errorf(e.Span, sqlstate.FeatureNotSupported, "set-returning functions are not allowed in %s", what).
				WithHint("You might be able to move the set-returning function into a LATERAL FROM item.")
		}
		return err == nil
	})
	return err
}

// expand makes the rows of the calls in the select list.
func (s *selection) expand() error {
	exprs := make([]**bind.Expr, len(s.targets))
	for i := range s.targets {
		exprs[i] = &s.targets[i].expr
	}
	s.expandIn(exprs)
	return nil
}

// expandKeys makes the rows of the calls that are grouped by, before there are groups.
func (s *selection) expandKeys() {
	keys := slices.Clone(s.group.keys)
	exprs := make([]**bind.Expr, len(keys))
	for i := range keys {
		exprs[i] = &keys[i]
	}
	s.expandIn(exprs)
	s.expanded = keys
}

// expandIn makes the rows of the calls in exprs, innermost first, and replaces the calls by their columns.
func (s *selection) expandIn(exprs []**bind.Expr) {
	for {
		var level []*setCall
		for _, e := range exprs {
			for _, c := range setCalls(*e) {
				level = innermost(level, c)
			}
		}
		if len(level) == 0 {
			return
		}
		s.rowsOf(level)
		made := func(e *bind.Expr) *bind.Expr { return madeRows(e, s.node.Schema().Fields) }
		for _, e := range exprs {
			*e = bind.Rewrite(*e, made)
		}
		for _, c := range s.sets {
			for i, a := range c.bound.Args {
				c.bound.Args[i] = bind.Rewrite(a, made)
			}
		}
	}
}

// innermost adds to a list of calls of one depth c, or what stands in its arguments, if that is as deep as the list or deeper.
func innermost(list []*setCall, c *setCall) []*setCall {
	inner := false
	for _, a := range c.bound.Args {
		for _, i := range setCalls(a) {
			list, inner = innermost(list, i), true
		}
	}
	switch {
	case inner, slices.Contains(list, c):
		return list
	case len(list) > 0 && list[0].depth < c.depth:
		return list
	case len(list) > 0 && list[0].depth > c.depth:
		return []*setCall{c}
	}
	return append(list, c)
}

// rowsOf adds the rows of calls, side by side.
func (s *selection) rowsOf(calls []*setCall) {
	in := &columnsBelow{query: s.query, node: s.node, pass: true}
	args := make([][]int, len(calls))
	for i, c := range calls {
		for _, a := range c.bound.Args {
			args[i] = append(args[i], in.add("", a))
		}
	}
	below := in.made(s.name)
	width := below.Schema().Len()
	functions := make([]logical.RowsFunction, len(calls))
	for i, c := range calls {
		functions[i] = logical.RowsFunction{Function: c.bound.Function, Fields: c.fields}
		for _, a := range args[i] {
			functions[i].Args = append(functions[i].Args, in.column(a))
		}
		for range c.fields {
			c.columns = append(c.columns, width)
			width++
		}
	}
	s.node = logical.NewRowsFrom(s.step(s.name, "rows"), below, functions, false, false)
}

// madeRows replaces a call whose rows were made by their columns.
func madeRows(e *bind.Expr, fields []schema.Field) *bind.Expr {
	if e.Op == bind.Member && e.Args[0].Op == bind.MakeRow {
		return e.Args[0].Args[e.Index]
	}
	c, ok := e.Node.(*setCall)
	if !ok || c.columns == nil {
		return e
	}
	if !c.bound.Function.Members {
		return columnOf(c.columns[0], fields[c.columns[0]])
	}
	row := &bind.Expr{Op: bind.MakeRow, Type: e.Type, Span: e.Span}
	for _, i := range c.columns {
		row.Args = append(row.Args, columnOf(i, fields[i]))
	}
	return row
}
