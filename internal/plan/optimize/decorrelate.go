package optimize

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// Decorrelate replaces subqueries and dependent joins by plain joins. It fails only where a query has a shape that it cannot bring into that
// form; the error names it.
//
// Where the conditions that tie a subquery to the row around it can be lifted out of it, they become the join's (pull.go): what remains costs
// what a join written by hand does. Everything else is evaluated once for each different value of the columns that it reads of that row
// (unnest.go), after Neumann and Kemper, "Unnesting Arbitrary Queries", 2015.
func Decorrelate(p *logical.Plan) error {
	d := &decorrelator{done: map[logical.Node]logical.Node{}}
	for _, s := range p.Sinks {
		s.Input = d.resolve(s.Input)
	}
	return d.err
}

type decorrelator struct {
	done map[logical.Node]logical.Node
	err  error
}

func (d *decorrelator) refuse(format string, args ...any) {
	if d.err == nil {
		d.err = sqlstate.Errorf(sqlstate.FeatureNotSupported, format, args...)
	}
}

// resolve returns n without subqueries and dependent joins. What it reads of queries around it stays.
func (d *decorrelator) resolve(n logical.Node) logical.Node {
	return rewrite(n, d.done, func(n logical.Node) logical.Node {
		switch n := n.(type) {
		case *logical.Filter:
			if hasSubquery(n.Predicate) {
				return d.filter(n)
			}
		case *logical.Project:
			if slices.ContainsFunc(expressions(n), hasSubquery) {
				return d.project(n)
			}
		case *logical.Join:
			return d.join(n)
		}
		return n
	})
}

func hasSubquery(e *bind.Expr) bool {
	found := false
	bind.Walk(e, func(e *bind.Expr) bool {
		if e.Op == bind.Opaque {
			_, ok := e.Node.(*logical.Subquery)
			found = found || ok
		}
		return !found
	})
	return found
}

// plainFirst parts the conditions that e is the AND of into those without subqueries and those with.
func plainFirst(e *bind.Expr) (plain, queries []*bind.Expr) {
	for _, c := range bind.Conjuncts(e) {
		if hasSubquery(c) {
			queries = append(queries, c)
		} else {
			plain = append(plain, c)
		}
	}
	return plain, queries
}

// filter applies plain conditions first, then those with subqueries, each kind in the order in which they were written.
func (d *decorrelator) filter(n *logical.Filter) logical.Node {
	plain, queries := plainFirst(n.Predicate)
	h := &holder{d: d, step: n.Step, node: n.Input, width: n.Input.Schema().Len()}
	h.filter(bind.AndOf(plain...))
	for _, c := range queries {
		h.condition(c)
	}
	return choose(n.Step, h.node, span(0, h.width))
}

func (d *decorrelator) project(n *logical.Project) logical.Node {
	h := &holder{d: d, step: n.Step, node: n.Input, width: n.Input.Schema().Len()}
	items := slices.Clone(n.Items)
	for i := range items {
		if e := h.replace(items[i].Expr, nil); e != items[i].Expr {
			items[i].Expr, items[i].Text = e, ""
		}
	}
	return logical.NewProject(n.Step, h.node, items)
}

// join removes the subqueries of a condition, and dependency.
func (d *decorrelator) join(n *logical.Join) logical.Node {
	if n.Condition == nil || !hasSubquery(n.Condition) {
		if !n.Dependent {
			return n
		}
		return d.eliminate(n.Step, n.Kind, n.Left, n.Right, n.Condition, nil)
	}
	if n.Kind == logical.Inner {
		plain, queries := plainFirst(n.Condition)
		inner := d.join(rejoin(n, n.Left, n.Right, n.Keys, bind.AndOf(plain...)))
		return d.filter(&logical.Filter{Step: n.Step, Input: inner, Predicate: bind.AndOf(queries...)})
	}
	return d.outerJoin(n)
}

func subqueryOf(e *bind.Expr) (*logical.Subquery, bool) {
	if e.Op != bind.Opaque {
		return nil, false
	}
	s, ok := e.Node.(*logical.Subquery)
	return s, ok
}

// holder is a node to which the values of subqueries are attached as columns behind its own. The subqueries stand in rows of the first width
// columns.
type holder struct {
	d     *decorrelator
	step  logical.Step
	node  logical.Node
	width int
	// values are the expressions for subqueries that were attached without a guard: a subquery may stand twice in an expression.
	values map[*logical.Subquery]*bind.Expr
}

func (h *holder) filter(predicate *bind.Expr) {
	if predicate != nil {
		h.node = &logical.Filter{Step: h.step, Input: h.node, Predicate: predicate}
	}
}

// condition keeps the rows for which c, a condition with subqueries, is true.
func (h *holder) condition(c *bind.Expr) {
	negated := c.Op == bind.Not
	inner := c
	if negated {
		inner = c.Args[0]
	}
	s, ok := subqueryOf(inner)
	switch {
	case ok && s.Form == logical.Exists:
		kind := logical.Semi
		if negated {
			kind = logical.Anti
		}
		h.node = h.d.eliminate(h.step, kind, h.node, h.d.resolve(existence(s.Query)), nil, nil)
	case ok && s.Form == logical.Any && !negated:
		compare := h.compare(s, nil)
		h.node = h.d.eliminate(h.step, logical.Semi, h.node, h.d.resolve(s.Query), compare, nil)
	default:
		h.filter(h.replace(c, nil))
	}
}

// existence is query without what makes no difference to whether it has rows.
func existence(query logical.Node) logical.Node {
	for {
		switch n := query.(type) {
		case *logical.Project:
			if slices.ContainsFunc(expressions(n), hasSubquery) {
				return query
			}
			query = n.Input
		case *logical.Sort:
			if n.Limit == 0 || n.Offset > 0 {
				return query
			}
			query = n.Input
		case *logical.Limit:
			if n.Limit == 0 || n.Offset > 0 {
				return query
			}
			query = n.Input
		default:
			return query
		}
	}
}

// compare is the comparison of an Any over the columns that the holder has by now and then the query's. It may hold subqueries itself. What it computes
// of the holder's columns alone is not computed for rows for which the query has none.
func (h *holder) compare(s *logical.Subquery, guard []*bind.Expr) *bind.Expr {
	var asked *bind.Expr // whether the query has a row, where that matters
	if edges := NewEdges(); fallibleWithin(s.Compare, h.width) && edges.Of(h.node).Bounded && edges.Of(h.d.resolve(s.Query)).Bounded {
		asked = h.attach(&logical.Subquery{Form: logical.Exists, Query: s.Query, Text: "EXISTS " + s.Text}, guard)
		guard = append(slices.Clip(guard), asked)
	}
	e := bind.MapColumns(s.Compare, func(c int) int {
		if c >= h.width {
			return c + farColumn // out of the way of columns that are attached meanwhile
		}
		return c
	})
	e = h.replace(e, guard)
	if asked != nil {
		e = onlyWhere(e, asked, farColumn)
	}
	return bind.MapColumns(e, func(c int) int {
		if c >= farColumn {
			return c - farColumn - h.width + h.node.Schema().Len()
		}
		return c
	})
}

// fallibleWithin reports whether a part of e that reads none of the columns from first on may fail.
func fallibleWithin(e *bind.Expr, first int) bool {
	if !bind.Fallible(e) {
		return false
	}
	return !readsFrom(e, first) || slices.ContainsFunc(e.Args, func(a *bind.Expr) bool { return fallibleWithin(a, first) })
}

func readsFrom(e *bind.Expr, first int) bool {
	return slices.ContainsFunc(bind.Paths(e), func(path []int) bool { return path[0] >= first })
}

// onlyWhere makes the parts of e that may fail and read none of the columns from first on be computed only where guard is true.
func onlyWhere(e, guard *bind.Expr, first int) *bind.Expr {
	if !fallibleWithin(e, first) {
		return e
	}
	if !readsFrom(e, first) {
		return &bind.Expr{Op: bind.Case, Type: e.Type, Span: e.Span, Args: []*bind.Expr{guard, e}}
	}
	c := *e
	c.Args = slices.Clone(e.Args)
	for i, a := range c.Args {
		c.Args[i] = onlyWhere(a, guard, first)
	}
	return &c
}

// mayFail reports whether the evaluation of s may fail.
func (d *decorrelator) mayFail(s *logical.Subquery) bool {
	query := d.resolve(s.Query)
	return s.Form == logical.ScalarValue && !atMostOne(query) || fallible(query) || s.Compare != nil && bind.Fallible(s.Compare)
}

// farColumn is more than any row has columns.
const farColumn = 1 << 20

// replace returns e with each subquery replaced by a column that holds its value. guard are conditions without which e is not evaluated: a
// query that may fail is not evaluated for the rows that do not meet them.
func (h *holder) replace(e *bind.Expr, guard []*bind.Expr) *bind.Expr {
	return replaceSubqueries(e, guard, func(_ *bind.Expr, s *logical.Subquery, guard []*bind.Expr) *bind.Expr { return h.attach(s, guard) })
}

// replaceSubqueries returns e with each subquery replaced by what value makes of it and the conditions without which it is not evaluated, beside those of guard.
func replaceSubqueries(e *bind.Expr, guard []*bind.Expr, value func(*bind.Expr, *logical.Subquery, []*bind.Expr) *bind.Expr) *bind.Expr {
	if !hasSubquery(e) {
		return e
	}
	if s, ok := subqueryOf(e); ok {
		return value(e, s, guard)
	}
	c := *e
	c.Args = slices.Clone(e.Args)
	guard = slices.Clip(guard)
	for i := range c.Args {
		c.Args[i] = replaceSubqueries(c.Args[i], guard, value)
		guard = guarded(&c, i, guard)
	}
	return &c
}

// guarded returns the conditions under which operand i+1 of e is evaluated, given those of operand i.
func guarded(e *bind.Expr, i int, guard []*bind.Expr) []*bind.Expr {
	x := e.Args[i]
	is := func(truth, negated bool) *bind.Expr {
		return &bind.Expr{Op: bind.IsBool, Type: schema.Of(schema.Bool), Args: []*bind.Expr{x}, Truth: truth, Negated: negated}
	}
	switch e.Op {
	case bind.And:
		return append(guard, is(false, true))
	case bind.Or:
		return append(guard, is(true, true))
	case bind.Coalesce:
		return append(guard, &bind.Expr{Op: bind.IsNull, Type: schema.Of(schema.Bool), Args: []*bind.Expr{x}})
	case bind.Case:
		if i%2 == 0 { // a condition: the result behind it needs it
			return append(guard, x)
		}
		// Behind a result, its condition was not met.
		last := e.Args[i-1]
		return append(slices.Clone(guard[:len(guard)-1]), &bind.Expr{
			Op: bind.IsBool, Type: schema.Of(schema.Bool), Args: []*bind.Expr{last}, Truth: true, Negated: true,
		})
	default:
		return guard
	}
}

// attach adds the value of s to the holder's columns and returns the expression for it.
func (h *holder) attach(s *logical.Subquery, guard []*bind.Expr) *bind.Expr {
	if e, ok := h.values[s]; ok {
		return e
	}
	var compare *bind.Expr
	text := s.Query
	switch s.Form {
	case logical.Any:
		compare = h.compare(s, guard)
	case logical.Exists:
		text = existence(text)
	}
	query := h.d.resolve(text)
	if s.Form == logical.ArrayOf {
		query = h.d.collected(h.step, query)
	}
	kind := logical.Mark
	switch {
	case s.Form == logical.ScalarValue && !atMostOne(query):
		kind = logical.Single
	case s.Form == logical.ScalarValue, s.Form == logical.ArrayOf:
		kind = logical.Left
	}
	if kind != logical.Single && !fallible(query) && (compare == nil || !bind.Fallible(compare)) {
		guard = nil
	}
	at := h.node.Schema().Len()
	h.node = h.d.eliminate(h.step, kind, h.node, query, compare, bind.AndOf(guard...))
	if h.d.err != nil {
		return bind.NullOf(logical.NewSubquery(s).Type)
	}
	value := pass(h.node, at).Expr
	if len(guard) == 0 {
		if h.values == nil {
			h.values = map[*logical.Subquery]*bind.Expr{}
		}
		h.values[s] = value
	}
	return value
}

// atMostOne reports whether n has one row at most for each row of the query around it.
func atMostOne(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Aggregate:
		return len(n.Keys) == 0 && len(n.Sets) <= 1
	case *logical.Project:
		return atMostOne(n.Input)
	case *logical.Filter:
		return atMostOne(n.Input)
	case *logical.Sort:
		return n.Limit >= 0 && n.Limit <= 1 && !n.WithTies && n.Partition == nil || atMostOne(n.Input)
	case *logical.Limit:
		return n.Limit >= 0 && n.Limit <= 1 || atMostOne(n.Input)
	case *logical.Scan:
		return n.AtMostOneRow()
	case *logical.Join:
		return (n.Kind == logical.Inner || n.Kind == logical.Left || n.Kind == logical.Single) && atMostOne(n.Left) && atMostOne(n.Right) ||
			n.Kind.KeepsLeftOnly() && atMostOne(n.Left)
	}
	return false
}

// holderColumns returns the columns of the row that s stands in, which has width columns, that s reads, ascending.
func holderColumns(s *logical.Subquery, width int) []int {
	var columns []int
	subqueryExprs(s, 1, func(e *bind.Expr, level int) {
		if e.Op == bind.Outer && e.Index == level {
			columns = append(columns, e.Path[0])
		}
	})
	if s.Compare != nil {
		for _, p := range bind.Paths(s.Compare) {
			if p[0] < width {
				columns = append(columns, p[0])
			}
		}
	}
	slices.Sort(columns)
	return slices.Compact(columns)
}

// subqueryExprs calls f for every part of every expression of s, with the number of levels between it and the row that s stands in.
func subqueryExprs(s *logical.Subquery, level int, f func(e *bind.Expr, level int)) {
	subplanExprs(s.Query, level, map[logical.Node]bool{}, f)
}

func subplanExprs(n logical.Node, level int, seen map[logical.Node]bool, f func(e *bind.Expr, level int)) {
	if seen[n] {
		return
	}
	seen[n] = true
	for _, e := range expressions(n) {
		bind.Walk(e, func(e *bind.Expr) bool {
			f(e, level)
			if s, ok := subqueryOf(e); ok {
				subqueryExprs(s, level+1, f)
				if s.Compare != nil {
					bind.Walk(s.Compare, func(e *bind.Expr) bool { f(e, level); return true })
				}
			}
			return true
		})
	}
	for i, in := range n.Inputs() {
		below := level
		if j, ok := n.(*logical.Join); ok && j.Dependent && i == 1 {
			below++
		}
		subplanExprs(in, below, seen, f)
	}
}
