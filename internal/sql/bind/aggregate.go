package bind

import (
	"slices"

	"wire.example/wire/internal/expr/aggregate"
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// aggregateCall is a call of an aggregate: the Node of an Opaque expression until the row of its query is that of the groups. Its parts are over the
// row before.
type aggregateCall struct {
	owner    *query
	bound    *aggregate.Bound
	distinct bool
	filter   *bind.Expr
	order    []orderKey
	text     string
	// column is its column among those of the groups.
	column int
}

// String is the call as it was written.
func (c *aggregateCall) String() string { return c.text }

// orderKey is an expression to sort by.
type orderKey struct {
	expr *bind.Expr
	key  logical.SortKey // without its column
}

// aggregateCall binds a call of an aggregate that is no window function.
func (q *query) aggregateCall(s *scope, b *bind.Binder, n *exprast.FuncCall, name string) (*bind.Expr, error) {
	c, err := q.aggregateParts(s, b, n, name)
	if err != nil {
		return nil, err
	}
	owner, up := s.owner(slices.Concat(c.bound.Args, c.exprs())...)
	if !owner.query.clause.aggregates {
		return nil, errorf(n.Span, groupingError, "aggregate functions are not allowed in %s", owner.query.clause.name)
	}
	c.owner = owner.query
	if err := c.nested(s.level-up, n.Span); err != nil {
		return nil, err
	}
	c.lift(up)
	c = owner.query.addAggregate(c)
	return &bind.Expr{Op: bind.Opaque, Type: c.bound.Result, Span: n.Span, Node: c}, nil
}

// aggregateParts binds what a call consists of.
func (q *query) aggregateParts(s *scope, b *bind.Binder, n *exprast.FuncCall, name string) (*aggregateCall, error) {
	c := &aggregateCall{distinct: n.Distinct, text: exprast.SQL(n)}
	use := aggregate.Use{Span: n.Span, Name: name, Star: n.Star, Within: n.WithinGroup != nil}
	if n.WithinGroup != nil && n.Distinct {
		return nil, errorf(n.Span, sqlstate.SyntaxError, "cannot use DISTINCT with WITHIN GROUP")
	}
	if n.Variadic {
		return nil, errorf(n.Span, sqlstate.FeatureNotSupported, "VARIADIC is not supported for aggregate functions")
	}
	var err error
	for _, a := range n.Args {
		if a.Name != nil {
			return nil, errorf(a.Name.Span, sqlstate.UndefinedFunction, "function %s takes no argument by name", name)
		}
		e, err := b.Bind(a.X)
		if err != nil {
			return nil, err
		}
		use.Args = append(use.Args, e)
	}
	within, err := orderKeys(b, n.WithinGroup)
	if err != nil {
		return nil, err
	}
	for _, k := range within {
		use.Order = append(use.Order, k.expr)
	}
	if n.Filter != nil {
		if c.filter, err = q.condition(s, inFilter(), "FILTER", n.Filter); err != nil {
			return nil, err
		}
	}
	if c.bound, err = aggregate.Standard().Resolve(use); err != nil {
		return nil, err
	}
	if c.order, err = orderKeys(b, n.OrderBy); err != nil {
		return nil, err
	}
	for i := range c.order {
		c.order[i].expr = bind.Settle(c.order[i].expr)
	}
	if within != nil { // by the arguments as they were cast
		sorted := c.bound.Args[len(c.bound.Args)-len(within):]
		for i, k := range within {
			c.order = append(c.order, orderKey{sorted[i], k.key})
		}
	}
	if c.distinct {
		return c, c.distinctOrder(n)
	}
	return c, nil
}

func orderKeys(b *bind.Binder, items []exprast.OrderItem) ([]orderKey, error) {
	var keys []orderKey
	for _, o := range items {
		e, err := b.Bind(o.X)
		if err != nil {
			return nil, err
		}
		keys = append(keys, orderKey{e, sortKey(0, o)})
	}
	return keys, nil
}

// distinctOrder checks ORDER BY against DISTINCT: rows that are equal have one place.
func (c *aggregateCall) distinctOrder(n *exprast.FuncCall) error {
	for i, k := range c.order {
		if !slices.ContainsFunc(c.bound.Args, func(a *bind.Expr) bool { return bind.Same(a, k.expr) || bind.Same(uncast(a), k.expr) }) {
			return errorf(n.OrderBy[i].X.Location(), invalidColumnRef, "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list")
		}
	}
	return nil
}

// uncast is e without a cast that nobody wrote.
func uncast(e *bind.Expr) *bind.Expr {
	if e.Op == bind.Cast && e.Implicit {
		return e.Args[0]
	}
	return e
}

// exprs are all expressions of the call but the arguments.
func (c *aggregateCall) exprs() []*bind.Expr {
	var all []*bind.Expr
	if c.filter != nil {
		all = append(all, c.filter)
	}
	for _, k := range c.order {
		all = append(all, k.expr)
	}
	return all
}

// owner returns the scope whose row is the innermost one that exprs read, and how many rows around s it is: the query that an aggregate over exprs
// belongs to. That is s itself where they read nothing.
func (s *scope) owner(exprs ...*bind.Expr) (*scope, int) {
	up := -1
	note := func(n int) {
		if n >= 0 && (up < 0 || n < up) {
			up = n
		}
	}
	r := newRewriter(func(e *bind.Expr, depth int) (*bind.Expr, bool) {
		switch {
		case e.Op == bind.Column && depth == 0:
			note(0)
		case e.Op == bind.Outer:
			note(e.Index - depth)
		default:
			switch c := e.Node.(type) {
			case *aggregateCall:
				note(s.level - c.owner.place.level)
			case *groupingCall:
				note(s.level - c.owner.place.level)
			}
		}
		return nil, false
	})
	for _, e := range exprs {
		r.expr(e, 0)
	}
	if up <= 0 {
		return s, 0
	}
	found := s
	s.outward(func(at *scope, n int, _ bool) bool {
		found = at
		return n != up || at.query == nil
	})
	return found, up
}

// nested refuses aggregates and window functions in the parts of an aggregate over the row at level.
func (c *aggregateCall) nested(level int, at exprast.Span) error {
	var err error
	r := newRewriter(func(e *bind.Expr, _ int) (*bind.Expr, bool) {
		switch n := e.Node.(type) {
		case *aggregateCall:
			if n.owner.place.level == level && err == nil {
				err = errorf(e.Span, groupingError, "aggregate function calls cannot be nested").WithHint("Aggregate once in a subquery, and again over its rows.")
			}
		case *groupingCall:
			if n.owner.place.level == level && err == nil {
				err = errorf(e.Span, groupingError, "aggregate function calls cannot be nested")
			}
		case *windowCall:
			err = errorf(e.Span, groupingError, "aggregate function calls cannot contain window function calls")
		case *setCall:
			err = errorf(e.Span, sqlstate.FeatureNotSupported, "aggregate function calls cannot contain set-returning function calls").
				WithHint("You might be able to move the set-returning function into a LATERAL FROM item.")
		}
		return nil, false
	})
	for _, e := range slices.Concat(c.bound.Args, c.exprs()) {
		r.expr(e, 0)
	}
	if err != nil {
		return placedIfNot(err, at)
	}
	return nil
}

func placedIfNot(err error, at exprast.Span) error {
	if bad := asError(err); bad != nil && bad.Span == (exprast.Span{}) {
		bad.Span = at
	}
	return err
}

// lift moves the parts up rows outwards.
func (c *aggregateCall) lift(up int) {
	if up == 0 {
		return
	}
	args := make([]*bind.Expr, len(c.bound.Args))
	for i, a := range c.bound.Args {
		args[i] = lifted(a, up)
	}
	bound := *c.bound
	bound.Args = args
	c.bound = &bound
	if c.filter != nil {
		c.filter = lifted(c.filter, up)
	}
	for i := range c.order {
		c.order[i].expr = lifted(c.order[i].expr, up)
	}
}

// addAggregate adds a call to those of its query, or returns an equal one that is there.
func (q *query) addAggregate(c *aggregateCall) *aggregateCall {
	for _, o := range q.aggregates {
		if o.same(c) {
			return o
		}
	}
	q.aggregates = append(q.aggregates, c)
	return c
}

func (c *aggregateCall) same(o *aggregateCall) bool {
	if c.bound.Function != o.bound.Function || c.distinct != o.distinct || len(c.order) != len(o.order) || (c.filter == nil) != (o.filter == nil) {
		return false
	}
	a, b := slices.Concat(c.bound.Args, c.exprs()), slices.Concat(o.bound.Args, o.exprs())
	if !slices.EqualFunc(a, b, bind.Same) || slices.ContainsFunc(a, volatile) {
		return false
	}
	return slices.EqualFunc(c.order, o.order, func(x, y orderKey) bool { return x.key == y.key })
}

// volatile reports whether e may have another value each time.
func volatile(e *bind.Expr) bool {
	found := false
	bind.Walk(e, func(e *bind.Expr) bool {
		found = found || e.Op == bind.Call && e.Function.Volatility == builtin.Volatile
		return !found
	})
	return found
}

// guarded is e where filter is true, NULL elsewhere, if e may fail.
func guarded(e, filter *bind.Expr) *bind.Expr {
	if filter == nil || !bind.Fallible(e) {
		return e
	}
	return &bind.Expr{Op: bind.Case, Type: e.Type, Span: e.Span, Args: []*bind.Expr{filter, e}}
}

// groupingCall is a call of GROUPING.
type groupingCall struct {
	args  []*bind.Expr
	owner *query
}

// grouping binds GROUPING(…).
func (q *query) grouping(s *scope, b *bind.Binder, n *exprast.FuncCall) (*bind.Expr, error) {
	const most = 31
	if len(n.Args) > most {
		return nil, errorf(n.Span, tooManyArguments, "GROUPING must have fewer than 32 arguments")
	}
	c := &groupingCall{}
	for _, a := range n.Args {
		e, err := b.Bind(a.X)
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, e)
	}
	owner, up := s.owner(c.args...)
	if c.owner = owner.query; !c.owner.clause.aggregates {
		return nil, errorf(n.Span, groupingError, "grouping operations are not allowed in %s", c.owner.clause.name)
	}
	for i := range c.args {
		c.args[i] = lifted(c.args[i], up)
	}
	c.owner.groupings = append(c.owner.groupings, c)
	return &bind.Expr{Op: bind.Opaque, Type: schema.Of(schema.Int32), Span: n.Span, Node: c}, nil
}
