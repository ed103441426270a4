package optimize

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
)

// pulled is a query from which the conditions that tie it to the row around it were lifted.
type pulled struct {
	// node reads nothing of the row around it. Its first columns are the query's, in order; conditions may need more behind them.
	node logical.Node
	// conditions are over the row around the query (bind.Outer) and node's columns.
	conditions []*bind.Expr
	// single says that the query has exactly one row even where no row of node meets the conditions: then column i is the constant defaults[i].
	single   bool
	defaults []*bind.Expr
}

// pull lifts the conditions out of n. ok is false where they cannot be lifted, or where node would evaluate something that can fail for rows
// for which the query does not.
func pull(n logical.Node) (_ pulled, ok bool) {
	if len(outerColumns(n)) == 0 {
		return pulled{node: lower(n)}, true
	}
	switch n := n.(type) {
	case *logical.Filter:
		return pullFilter(n)
	case *logical.Project:
		return pullProject(n)
	case *logical.Join:
		return pullJoin(n)
	case *logical.Aggregate:
		return pullAggregate(n)
	case *logical.Sort:
		return pullSort(n)
	case *logical.Limit:
		in, ok := pull(n.Input)
		return pullLimit(in, ok, &logical.Sort{Step: n.Step, Limit: n.Limit, Offset: n.Offset})
	case *logical.Over:
		return pullOver(n)
	case *logical.RowsFrom:
		return pullRowsFrom(n)
	}
	return pulled{}, false
}

func pullFilter(n *logical.Filter) (pulled, bool) {
	in, ok := pull(n.Input)
	if !ok || in.single {
		return pulled{}, false
	}
	var stay []*bind.Expr
	lifted := slices.Clip(in.conditions)
	for _, c := range bind.Conjuncts(n.Predicate) {
		if len(outerOf(c)) > 0 || len(lifted) > 0 && bind.Fallible(c) {
			lifted = append(lifted, c)
		} else {
			stay = append(stay, lowerExpr(c))
		}
	}
	in.conditions = lifted
	if p := bind.AndOf(stay...); p != nil {
		in.node = &logical.Filter{Step: n.Step, Input: in.node, Predicate: p, Hidden: n.Hidden}
	}
	return in, true
}

func pullProject(n *logical.Project) (pulled, bool) {
	in, ok := pull(n.Input)
	if !ok {
		return pulled{}, false
	}
	items := make([]logical.Item, 0, len(n.Items))
	for _, item := range n.Items {
		if len(outerOf(item.Expr)) > 0 || bind.Fallible(item.Expr) {
			return pulled{}, false
		}
		items = append(items, logical.Item{Name: item.Name, Expr: lowerExpr(item.Expr)})
	}
	out := pulled{single: in.single, conditions: slices.Clone(in.conditions)}
	if in.single {
		for _, item := range items {
			out.defaults = append(out.defaults, replaceColumns(item.Expr, in.defaults))
		}
	}
	at := map[int]int{} // columns that the conditions need
	for i, c := range out.conditions {
		out.conditions[i] = bind.MapColumns(c, func(c int) int {
			if _, known := at[c]; !known {
				at[c] = len(items)
				items = append(items, pass(in.node, c))
			}
			return at[c]
		})
	}
	out.node = logical.NewProject(n.Step, in.node, items)
	return out, true
}

// replaceColumns replaces column i of e by values[i].
func replaceColumns(e *bind.Expr, values []*bind.Expr) *bind.Expr {
	return bind.Rewrite(e, func(e *bind.Expr) *bind.Expr {
		if e.Op != bind.Column {
			return e
		}
		v := values[e.Path[0]]
		for _, member := range e.Path[1:] {
			v = &bind.Expr{Op: bind.Member, Type: v.Type.Fields[member].Type, Args: []*bind.Expr{v}, Index: member}
		}
		return v
	})
}

// pullJoin lifts the conditions of an inner join's sides and its own; of other joins, those of the left side.
func pullJoin(n *logical.Join) (pulled, bool) {
	inner := n.Kind == logical.Inner
	if !inner && (n.Kind.LeftNullable() || len(outerColumns(n.Right)) > 0 || n.Condition != nil && len(outerOf(n.Condition)) > 0) {
		return pulled{}, false
	}
	left, ok := pull(n.Left)
	right, also := pull(n.Right)
	if !ok || !also || left.single || right.single {
		return pulled{}, false
	}
	nl, nr := n.Left.Schema().Len(), n.Right.Schema().Len()
	wl, wr := left.node.Schema().Len(), right.node.Schema().Len()
	move := func(c int) int {
		if c >= nl {
			return c - nl + wl
		}
		return c
	}
	var stay, lifted []*bind.Expr
	if n.Condition != nil {
		for _, c := range bind.Conjuncts(n.Condition) {
			if c = bind.MapColumns(c, move); len(outerOf(c)) > 0 {
				lifted = append(lifted, c)
			} else {
				stay = append(stay, lowerExpr(c))
			}
		}
	}
	if slices.ContainsFunc(stay, bind.Fallible) {
		return pulled{}, false
	}
	join := rejoin(n, left.node, right.node, n.Keys, bind.AndOf(stay...))
	out := pulled{conditions: slices.Clone(left.conditions)}
	for _, c := range right.conditions {
		out.conditions = append(out.conditions, shift(c, wl))
	}
	out.conditions = append(out.conditions, lifted...)
	// The columns of the sides, then what the conditions need.
	var columns []int
	switch {
	case n.Kind == logical.Mark:
		columns = slices.Concat(span(0, nl), span(wl, wl+1), span(nl, wl))
	case n.Kind.KeepsLeftOnly():
		columns = span(0, wl)
	default:
		columns = slices.Concat(span(0, nl), span(wl, wl+nr), span(nl, wl), span(wl+nr, wl+wr))
	}
	out.node = choose(n.Step, join, columns)
	out.conditions = renumber(out.conditions, columns)
	return out, true
}

// renumber maps the columns of conditions to where choose put them.
func renumber(conditions []*bind.Expr, columns []int) []*bind.Expr {
	out := make([]*bind.Expr, len(conditions))
	for i, c := range conditions {
		out[i] = bind.MapColumns(c, func(c int) int { return slices.Index(columns, c) })
	}
	return out
}

// equalities returns the columns of node that the conditions compare for equality with something of the row around the query alone. ok is
// false if a condition is of another form: then rows of node that belong to one row around it are no group of equal columns.
func (p *pulled) equalities() (columns []int, ok bool) {
	for _, c := range p.conditions {
		column, ok := equality(c)
		if !ok {
			return nil, false
		}
		if !slices.Contains(columns, column) {
			columns = append(columns, column)
		}
	}
	return columns, true
}

func equality(c *bind.Expr) (column int, ok bool) {
	if c.Op != bind.Compare || c.Cmp != bind.Equal {
		return 0, false
	}
	for i, side := range c.Args {
		if side.Op == bind.Column && len(side.Path) == 1 && len(bind.Paths(c.Args[1-i])) == 0 {
			return side.Path[0], true
		}
	}
	return 0, false
}

// pullAggregate groups by the columns of the conditions, too.
func pullAggregate(n *logical.Aggregate) (pulled, bool) {
	in, ok := pull(n.Input)
	if !ok || in.single || n.Sets != nil {
		return pulled{}, false
	}
	columns, ok := in.equalities()
	if !ok {
		return pulled{}, false
	}
	keys := slices.Clone(n.Keys)
	at := map[int]int{}
	for _, c := range columns {
		i := slices.Index(keys, c)
		if i < 0 {
			i = len(keys)
			keys = append(keys, c)
		}
		at[c] = i
	}
	grown := logical.NewAggregate(n.Step, in.node, keys, nil, n.Calls)
	out := pulled{single: len(n.Keys) == 0}
	for _, c := range in.conditions {
		out.conditions = append(out.conditions, bind.MapColumns(c, func(c int) int { return at[c] }))
	}
	order := slices.Concat(span(0, len(n.Keys)), span(len(keys), len(keys)+len(n.Calls)), span(len(n.Keys), len(keys)))
	out.node = choose(n.Step, grown, order)
	out.conditions = renumber(out.conditions, order)
	if out.single {
		out.defaults = emptyAnswers(n.Calls)
	}
	return out, true
}

// emptyAnswers are what calls give over no rows.
func emptyAnswers(calls []logical.AggregateCall) []*bind.Expr {
	out := make([]*bind.Expr, len(calls))
	for i, c := range calls {
		out[i] = bind.NullOf(c.Type)
		if c.Function.ZeroIfEmpty {
			out[i] = bind.ZeroOf(c.Type)
		}
	}
	return out
}

func pullSort(n *logical.Sort) (pulled, bool) {
	in, ok := pull(n.Input)
	if n.Limit == logical.NoLimit && n.Offset == 0 {
		return in, ok // the order of a subquery shows nowhere
	}
	return pullLimit(in, ok, n)
}

// pullLimit makes a limit one of each group of rows that belong together.
func pullLimit(in pulled, ok bool, n *logical.Sort) (pulled, bool) {
	if !ok || in.single {
		return pulled{}, false
	}
	columns, ok := in.equalities()
	if !ok {
		return pulled{}, false
	}
	c := *n
	c.Input, c.Partition = in.node, slices.Concat(n.Partition, columns)
	in.node = &c
	return in, true
}

func pullOver(n *logical.Over) (pulled, bool) {
	in, ok := pull(n.Input)
	if !ok || in.single {
		return pulled{}, false
	}
	columns, ok := in.equalities()
	if !ok {
		return pulled{}, false
	}
	return in.behind(n.Step, n.Input, logical.NewOver(n.Step, in.node, slices.Concat(n.Partition, columns), n.Order, n.Calls)), true
}

func pullRowsFrom(n *logical.RowsFrom) (pulled, bool) {
	in, ok := pull(n.Input)
	if !ok || in.single || n.Outer {
		return pulled{}, false
	}
	return in.behind(n.Step, n.Input, logical.NewRowsFrom(n.Step, in.node, n.Functions, n.Ordinality, n.Outer)), true
}

// behind puts the columns that node adds to its input directly behind those of the query's input.
func (p *pulled) behind(step logical.Step, input, node logical.Node) pulled {
	n, w, all := input.Schema().Len(), p.node.Schema().Len(), node.Schema().Len()
	columns := slices.Concat(span(0, n), span(w, all), span(n, w))
	return pulled{node: choose(step, node, columns), conditions: renumber(p.conditions, columns)}
}

// answer is a query as eliminatePulled takes it: the part from which conditions were lifted, and what the query makes of its rows.
type answer struct {
	pulled
	// items are the query's columns, over the row around it (bind.Outer) and the columns of node.
	items []logical.Item
}

// pullAnswer lifts the conditions out of a query. A projection at its top is computed only for pairs that meet: it may read the row around the
// query, and fail.
func pullAnswer(query logical.Node) (answer, bool) {
	top, ok := query.(*logical.Project)
	if !ok {
		q, ok := pull(query)
		return answer{q, passAll(query, 0, query.Schema().Len())}, ok
	}
	q, ok := pull(top.Input)
	return answer{q, top.Items}, ok
}

// eliminatePulled joins left with a query whose conditions were lifted; the pairs have to meet guard, too. ok is false where the join's own
// condition does not go with it.
func eliminatePulled(step logical.Step, kind logical.JoinKind, left logical.Node, q answer, condition, guard *bind.Expr) (_ logical.Node, ok bool) {
	if q.single && (kind.KeepsLeftOnly() || condition != nil && kind != logical.Inner) {
		return nil, false
	}
	nl := left.Schema().Len()
	inner := func(e *bind.Expr) *bind.Expr {
		return resolveOuter(shift(e, nl), func(column int) int { return column })
	}
	all := []*bind.Expr{guard}
	for _, c := range q.conditions {
		c = guardLeft(inner(c), guard, nl)
		if kind == logical.Mark {
			c = &bind.Expr{Op: bind.IsBool, Type: schema.Of(schema.Bool), Args: []*bind.Expr{c}, Truth: true}
		}
		all = append(all, c)
	}
	values := make([]*bind.Expr, nl, nl+len(q.items)) // of the columns of left and query
	for i := range values {
		values[i] = pass(left, i).Expr
	}
	for _, item := range q.items {
		values = append(values, inner(item.Expr))
	}
	if q.single {
		return singleAnswer(step, left, q, bind.AndOf(all...), condition, guard), true
	}
	if condition != nil {
		all = append(all, guardLeft(replaceColumns(condition, values), guard, nl))
	}
	guarded := slices.ContainsFunc(all[1:], func(c *bind.Expr) bool { return fallibleBeyond(c, nl) })
	if guarded { // the conditions may be computed for all rows of the node, but not if there is none of left's
		wide := q.node.Schema().Len()
		q.node = choose(step, logical.NewJoin(step, logical.Inner, q.node, anyRow(step, left), nil, nil), span(0, wide))
	}
	if kind.KeepsLeftOnly() {
		join := logical.NewJoin(step, kind, left, q.node, nil, bind.AndOf(all...))
		join.Guarded = guarded
		return join, true
	}
	node := q.node
	// What is no column of the node is not NULL by itself where no row of it meets.
	computed := func(e *bind.Expr) bool { return e.Op != bind.Column || e.Path[0] < nl }
	lazy := kind != logical.Inner && slices.ContainsFunc(values[nl:], computed)
	if lazy {
		node = withFound(step, node)
	}
	join := logical.NewJoin(step, kind, left, node, nil, bind.AndOf(all...))
	join.Guarded = guarded
	items := passAll(join, 0, nl)
	for i, item := range q.items {
		e := values[nl+i]
		if lazy && computed(e) {
			e = unlessMissing(join, join.Schema().Len()-1, bind.NullOf(e.Type), e)
		}
		items = append(items, logical.Item{Name: item.Name, Expr: e})
	}
	return logical.NewProject(step, join, items), true
}

// guardLeft makes what a comparison computes of the first nl columns alone, and may fail, be computed only where guard is true: it may become a
// key of the join, which is computed before anything is compared.
func guardLeft(c, guard *bind.Expr, nl int) *bind.Expr {
	if guard == nil || c.Op != bind.Compare {
		return c
	}
	out := *c
	out.Args = slices.Clone(c.Args)
	for i, a := range c.Args {
		beyond := slices.ContainsFunc(bind.Paths(a), func(path []int) bool { return path[0] >= nl })
		if !beyond && bind.Fallible(a) {
			out.Args[i] = &bind.Expr{Op: bind.Case, Type: a.Type, Span: a.Span, Args: []*bind.Expr{guard, a}}
		}
	}
	return &out
}

// fallibleBeyond reports whether something in e that may fail reads columns from first on.
func fallibleBeyond(e *bind.Expr, first int) bool {
	if e.Op == bind.Compare {
		return slices.ContainsFunc(e.Args, func(a *bind.Expr) bool { return fallibleBeyond(a, first) })
	}
	reads := slices.ContainsFunc(bind.Paths(e), func(path []int) bool { return path[0] >= first })
	return reads && bind.Fallible(e)
}

// singleAnswer is for a query that always has exactly one row: where no row of the node matches, it is made of the defaults.
func singleAnswer(step logical.Step, left logical.Node, q answer, on, condition, guard *bind.Expr) logical.Node {
	nl := left.Schema().Len()
	join := logical.NewJoin(step, logical.Left, left, withFound(step, q.node), nil, on)
	found := join.Schema().Len() - 1
	rows := passAll(join, 0, nl)
	for i, value := range q.defaults {
		item := pass(join, nl+i)
		if !value.IsNullConst() {
			item.Expr = unlessMissing(join, found, value, item.Expr)
		}
		rows = append(rows, item)
	}
	filled := logical.NewProject(step, join, rows)
	items := passAll(filled, 0, nl)
	for _, item := range q.items {
		e := resolveOuter(shift(item.Expr, nl), func(column int) int { return column })
		if guard != nil && bind.Fallible(e) {
			e = &bind.Expr{Op: bind.Case, Type: e.Type, Args: []*bind.Expr{guard, e}}
		}
		items = append(items, logical.Item{Name: item.Name, Expr: e})
	}
	var out logical.Node = logical.NewProject(step, filled, items)
	if condition != nil {
		out = &logical.Filter{Step: step, Input: out, Predicate: condition}
	}
	return out
}

// withFound adds a column that is NULL only where an outer join has no row of n.
func withFound(step logical.Step, n logical.Node) logical.Node {
	return logical.NewProject(step, n, append(passAll(n, 0, n.Schema().Len()), logical.Item{Name: "found", Expr: bind.BoolOf(true)}))
}

// unlessMissing is e, or value where column found of n is NULL.
func unlessMissing(n logical.Node, found int, value, e *bind.Expr) *bind.Expr {
	missing := &bind.Expr{Op: bind.IsNull, Type: schema.Of(schema.Bool), Args: []*bind.Expr{pass(n, found).Expr}}
	return &bind.Expr{Op: bind.Case, Type: e.Type, Args: []*bind.Expr{missing, value, e}}
}
