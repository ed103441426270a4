package optimize

import (
	"slices"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
)

// eliminate joins left with query, which may read columns of left's rows and holds no subqueries any more. condition is over the columns of
// left and then query's. Where query may fail, it is evaluated only for rows that meet guard; nil means all. A query that reads nothing of
// left's rows is not evaluated at all if there are none.
func (d *decorrelator) eliminate(step logical.Step, kind logical.JoinKind, left, query logical.Node, condition, guard *bind.Expr) logical.Node {
	if d.err != nil {
		return left
	}
	if out, ok := inline(step, kind, left, query, condition, guard); ok {
		return out
	}
	if q, ok := pullAnswer(query); ok && !fallible(q.node) {
		if out, ok := eliminatePulled(step, kind, left, q, condition, guard); ok {
			return out
		}
	}
	return d.unnest(step, kind, left, query, condition, guard)
}

// domain is the different values of the columns of the row around a query that the query reads: the rows for which it is evaluated.
type domain struct {
	d    *decorrelator
	step logical.Step
	node logical.Node
	// columns are those of the row around the query, in the order in which node has them.
	columns []int
	done    map[logical.Node]logical.Node
}

// unnest evaluates query for its domain and joins left with the answers.
func (d *decorrelator) unnest(step logical.Step, kind logical.JoinKind, left, query logical.Node, condition, guard *bind.Expr) logical.Node {
	columns := outerColumns(query)
	rows := left
	if guard != nil {
		rows = &logical.Filter{Step: step, Input: rows, Predicate: guard}
	}
	m := &domain{d: d, step: step, columns: columns, done: map[logical.Node]logical.Node{}, node: anyRow(step, rows)}
	if len(columns) > 0 {
		m.node = logical.NewAggregate(step, choose(step, rows, columns), span(0, len(columns)), nil, nil)
	}
	answers := m.push(query)
	if d.err != nil {
		return left
	}
	keys := make([]logical.KeyPair, len(columns))
	for i, c := range columns {
		keys[i] = logical.KeyPair{Left: c, Right: i, NullSafe: true}
	}
	nl, nd := left.Schema().Len(), len(columns)
	if condition != nil {
		condition = bind.MapColumns(condition, func(c int) int {
			if c >= nl {
				return c + nd
			}
			return c
		})
	}
	join := logical.NewJoin(step, kind, left, answers, keys, condition)
	if kind.KeepsLeftOnly() {
		return join
	}
	return choose(step, join, append(span(0, nl), span(nl+nd, join.Schema().Len())...))
}

// anyRow has one row without columns if n has any.
func anyRow(step logical.Step, n logical.Node) logical.Node {
	return &logical.Limit{Step: step, Input: choose(step, n, nil), Limit: 1}
}

// push returns the answers of n, a part of the query, for each row of the domain: the domain's columns, then n's.
func (m *domain) push(n logical.Node) logical.Node {
	if len(outerColumns(n)) == 0 && !fallible(n) {
		// Not shared: a filter above may become the join's condition.
		return pairwise(logical.NewJoin(m.step, logical.Inner, m.node, lower(n), nil, nil))
	}
	out, ok := m.done[n]
	if !ok {
		out = m.pushInto(n)
		m.done[n] = out
	}
	return out
}

// pairwise makes j compute what may fail in conditions for pairs of rows only: what stands in a query is not computed for rows for which that is not
// evaluated.
func pairwise(j *logical.Join) *logical.Join {
	j.Guarded = true
	return j
}

func (m *domain) pushInto(n logical.Node) logical.Node {
	nd := len(m.columns)
	switch n := n.(type) {
	case *logical.Filter:
		return &logical.Filter{Step: n.Step, Input: m.push(n.Input), Predicate: m.expr(n.Predicate), Hidden: n.Hidden}
	case *logical.Project:
		in := m.push(n.Input)
		items := passAll(in, 0, nd)
		for _, item := range n.Items {
			items = append(items, logical.Item{Name: item.Name, Expr: m.expr(item.Expr)})
		}
		return logical.NewProject(n.Step, in, items)
	case *logical.Join:
		return m.join(n)
	case *logical.Union:
		in := make([]logical.Node, len(n.In))
		for i := range in {
			in[i] = m.push(n.In[i])
		}
		return &logical.Union{In: in}
	case *logical.SetOp:
		c := *n
		c.Left, c.Right = m.push(n.Left), m.push(n.Right)
		return &c
	case *logical.Sort:
		return m.limit(n, n.Input)
	case *logical.Limit:
		return m.limit(&logical.Sort{Step: n.Step, Limit: n.Limit, Offset: n.Offset}, n.Input)
	case *logical.Aggregate:
		return m.aggregate(n)
	case *logical.Over:
		return logical.NewOver(n.Step, m.push(n.Input), append(span(0, nd), moveAll(n.Partition, nd)...), moveOrder(n.Order, nd), moveWindowCalls(n.Calls, nd))
	case *logical.RowsFrom:
		functions := slices.Clone(n.Functions)
		for i := range functions {
			functions[i].Args = moveAll(functions[i].Args, nd)
		}
		return logical.NewRowsFrom(n.Step, m.push(n.Input), functions, n.Ordinality, n.Outer)
	}
	m.d.refuse("a correlated subquery over %s", n)
	return m.node
}

// expr returns e, over a part of the query and the row around it, over the domain's columns and then that part's.
func (m *domain) expr(e *bind.Expr) *bind.Expr {
	if e == nil {
		return nil
	}
	return resolveOuter(shift(e, len(m.columns)), func(c int) int { return slices.Index(m.columns, c) })
}

func moveAll(columns []int, by int) []int {
	out := make([]int, len(columns))
	for i, c := range columns {
		out[i] = c + by
	}
	return out
}

// moveOne moves a column unless it is NoColumn.
func moveOne(column, by int) int {
	if column == logical.NoColumn {
		return column
	}
	return column + by
}

func moveOrder(keys []logical.SortKey, by int) []logical.SortKey {
	out := slices.Clone(keys)
	for i := range out {
		out[i].Column += by
	}
	return out
}

func moveCalls(calls []logical.AggregateCall, by int) []logical.AggregateCall {
	out := slices.Clone(calls)
	for i, c := range calls {
		out[i].Args, out[i].Filter, out[i].OrderBy = moveAll(c.Args, by), moveOne(c.Filter, by), moveOrder(c.OrderBy, by)
	}
	return out
}

func moveWindowCalls(calls []logical.WindowCall, by int) []logical.WindowCall {
	out := slices.Clone(calls)
	for i, c := range calls {
		out[i].Args, out[i].Filter = moveAll(c.Args, by), moveOne(c.Filter, by)
		out[i].Frame.StartOffset, out[i].Frame.EndOffset = moveOne(c.Frame.StartOffset, by), moveOne(c.Frame.EndOffset, by)
	}
	return out
}

// limit keeps the first rows of each row of the domain.
func (m *domain) limit(n *logical.Sort, input logical.Node) logical.Node {
	nd := len(m.columns)
	in := m.push(input)
	if n.Limit == logical.NoLimit && n.Offset == 0 {
		return in
	}
	c := *n
	c.Input, c.Keys, c.Partition = in, moveOrder(n.Keys, nd), append(span(0, nd), moveAll(n.Partition, nd)...)
	return &c
}

// aggregate groups by the domain's columns, too. Without other keys there is a row for every row of the domain, whether it has rows or not.
func (m *domain) aggregate(n *logical.Aggregate) logical.Node {
	nd := len(m.columns)
	in := m.push(n.Input)
	keys := append(span(0, nd), moveAll(n.Keys, nd)...)
	if n.Sets != nil {
		return m.groupingSets(n, in, keys)
	}
	grouped := logical.NewAggregate(n.Step, in, keys, nil, moveCalls(n.Calls, nd))
	if len(n.Keys) > 0 {
		return grouped
	}
	same := make([]logical.KeyPair, nd)
	for i := range same {
		same[i] = logical.KeyPair{Left: i, Right: i, NullSafe: true}
	}
	join := logical.NewJoin(n.Step, logical.Left, m.node, withFound(n.Step, grouped), same, nil)
	items := passAll(join, 0, nd)
	for i, value := range emptyAnswers(n.Calls) {
		item := pass(join, 2*nd+i)
		if !value.IsNullConst() {
			item.Expr = unlessMissing(join, join.Schema().Len()-1, value, item.Expr)
		}
		items = append(items, item)
	}
	return logical.NewProject(n.Step, join, items)
}

// groupingSets adds the domain's columns to every set. A set without columns of its own has a row for every row of the domain, whether it has rows
// or not.
func (m *domain) groupingSets(n *logical.Aggregate, in logical.Node, keys []int) logical.Node {
	nd := len(m.columns)
	sets := make([][]int, len(n.Sets))
	empty := 0
	for i, set := range n.Sets {
		if len(set) == 0 {
			empty++
		}
		sets[i] = append(span(0, nd), moveAll(set, nd)...)
	}
	grouped := logical.NewAggregate(n.Step, in, keys, sets, moveCalls(n.Calls, nd))
	items := passAll(grouped, 0, grouped.Schema().Len())
	mask := &items[len(keys)] // the bits of the domain's columns are never set
	mask.Expr = &bind.Expr{Op: bind.Arith, Symbol: '/', Type: mask.Expr.Type, Args: []*bind.Expr{mask.Expr, bind.Int64Of(1 << nd)}}
	answers := logical.NewProject(n.Step, grouped, items)
	if empty == 0 || nd == 0 { // without columns, the sets of the query itself have their rows
		return answers
	}
	same := make([]logical.KeyPair, nd)
	for i := range same {
		same[i] = logical.KeyPair{Left: i, Right: i, NullSafe: true}
	}
	without := logical.NewJoin(n.Step, logical.Anti, m.node, in, same, nil)
	row := passAll(without, 0, nd)
	for _, item := range items[nd:len(keys)] {
		row = append(row, logical.Item{Name: item.Name, Expr: bind.NullOf(item.Expr.Type)})
	}
	row = append(row, logical.Item{Name: mask.Name, Expr: bind.Int64Of(1<<len(n.Keys) - 1)})
	for i, value := range emptyAnswers(n.Calls) {
		row = append(row, logical.Item{Name: items[len(keys)+1+i].Name, Expr: value})
	}
	all := []logical.Node{answers}
	for range empty {
		all = append(all, logical.NewProject(n.Step, without, row))
	}
	return &logical.Union{In: all}
}

// join pushes the domain into the sides that need it; into both if neither alone will do, and joins them on it.
func (m *domain) join(n *logical.Join) logical.Node {
	nd, nl, nr := len(m.columns), n.Left.Schema().Len(), n.Right.Schema().Len()
	inRight := len(outerColumns(n.Right)) > 0
	switch {
	case !inRight && !n.Kind.LeftNullable() && !fallible(n.Right):
		keys := slices.Clone(n.Keys)
		for i := range keys {
			keys[i].Left += nd
		}
		return pairwise(rejoin(n, m.push(n.Left), lower(n.Right), keys, m.expr(n.Condition)))
	case len(outerColumns(n.Left)) == 0 && n.Kind == logical.Inner && !fallible(n.Left):
		// The right side's columns come behind the domain's there; the condition is over left, domain, right.
		condition := m.across(n.Condition, nl, func(c int) int { return c }, nl)
		keys := slices.Clone(n.Keys)
		for i := range keys {
			keys[i].Right += nd
		}
		join := pairwise(rejoin(n, lower(n.Left), m.push(n.Right), keys, condition))
		return choose(n.Step, join, slices.Concat(span(nl, nl+nd), span(0, nl), span(nl+nd, nl+nd+nr)))
	}
	return m.joinBoth(n)
}

// across returns condition over a join in which the domain's columns stand at at, between or before the sides; left says where a column of the
// left is.
func (m *domain) across(condition *bind.Expr, nl int, left func(int) int, at int) *bind.Expr {
	if condition == nil {
		return nil
	}
	moved := bind.MapColumns(condition, func(c int) int {
		if c < nl {
			return left(c)
		}
		return c - nl + at + len(m.columns)
	})
	return resolveOuter(moved, func(c int) int { return at + slices.Index(m.columns, c) })
}

func (m *domain) joinBoth(n *logical.Join) logical.Node {
	nd, nl, nr := len(m.columns), n.Left.Schema().Len(), n.Right.Schema().Len()
	left, right := m.push(n.Left), m.push(n.Right)
	keys := make([]logical.KeyPair, 0, nd+len(n.Keys))
	for i := range nd {
		keys = append(keys, logical.KeyPair{Left: i, Right: i, NullSafe: true})
	}
	for _, k := range n.Keys {
		k.Left, k.Right = k.Left+nd, k.Right+nd
		keys = append(keys, k)
	}
	join := pairwise(rejoin(n, left, right, keys, m.across(n.Condition, nl, func(c int) int { return c + nd }, nd+nl)))
	if n.Kind.KeepsLeftOnly() {
		return join
	}
	items := make([]logical.Item, 0, nd+nl+nr)
	for i := range nd {
		item := pass(join, i)
		if n.Kind.LeftNullable() { // then the right side has it
			both := []*bind.Expr{item.Expr, pass(join, nd+nl+i).Expr}
			item.Expr = &bind.Expr{Op: bind.Coalesce, Type: item.Expr.Type, Args: both}
		}
		items = append(items, item)
	}
	items = append(items, passAll(join, nd, nd+nl)...)
	items = append(items, passAll(join, 2*nd+nl, 2*nd+nl+nr)...)
	return logical.NewProject(n.Step, join, items)
}

// collected is a query of one row: the array of the values of query's column, in its order.
func (d *decorrelator) collected(step logical.Step, query logical.Node) logical.Node {
	input, order := query, []logical.SortKey(nil)
	switch n := query.(type) {
	case *logical.Sort:
		order = n.Keys
	case *logical.Project:
		if s, ok := n.Input.(*logical.Sort); ok {
			items := slices.Clone(n.Items)
			for _, k := range s.Keys {
				order = append(order, logical.SortKey{Column: len(items), Desc: k.Desc, NullsFirst: k.NullsFirst})
				items = append(items, pass(s, k.Column))
			}
			input = logical.NewProject(n.Step, s, items)
		}
	}
	column := pass(input, 0)
	bound, err := aggregate.Standard().Resolve(aggregate.Use{Name: "array_agg", Args: []*bind.Expr{column.Expr}})
	if err != nil {
		d.refuse("ARRAY of a subquery: %v", err)
		return query
	}
	call := logical.AggregateCall{Name: column.Name, Function: bound.Function, Args: []int{0}, Filter: logical.NoColumn, OrderBy: order, Type: bound.Result}
	all := logical.NewAggregate(step, input, nil, nil, []logical.AggregateCall{call})
	item := pass(all, 0)
	empty := &bind.Expr{Op: bind.MakeArray, Type: schema.ArrayOf(column.Expr.Type)}
	item.Expr = &bind.Expr{Op: bind.Coalesce, Type: empty.Type, Args: []*bind.Expr{item.Expr, empty}}
	return logical.NewProject(step, all, []logical.Item{item})
}
