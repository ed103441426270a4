package bind

import (
	"slices"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
)

// aggregate makes the groups, and rewrites what is bound so far from the row of FROM to that of a group.
func (s *selection) aggregate() error {
	if !s.grouped && len(s.aggregates) == 0 && len(s.groupings) == 0 && s.ast.Having == nil {
		return nil
	}
	if err := s.keepLate(); err != nil {
		return err
	}
	r := &regrouper{selection: s}
	s.expandKeys()
	if err := r.dependents(); err != nil {
		return err
	}
	s.expanded = append(s.expanded, s.group.keys[len(s.expanded):]...)
	sets := s.group.sets
	if !s.group.several || len(sets) == 1 && len(sets[0]) == len(s.group.keys) {
		sets = nil
	}
	r.calls = len(s.group.keys)
	if sets != nil {
		r.calls++
	}
	r.masked = sets != nil
	for i, c := range s.aggregates {
		c.column = r.calls + i
	}
	in := &columnsBelow{query: s.query, node: s.node}
	keys := make([]int, len(s.group.keys))
	for i, k := range s.group.keys {
		keys[i] = in.add(s.keyName(k), s.expanded[i])
	}
	r.rewrite()
	if r.err != nil {
		return r.err
	}
	calls := make([]func() logical.AggregateCall, len(s.aggregates))
	for i, c := range s.aggregates {
		calls[i] = c.below(in)
	}
	below := in.made(s.name)
	made := make([]logical.AggregateCall, len(calls))
	for i := range calls {
		made[i] = calls[i]()
	}
	for i := range keys {
		keys[i] = in.column(keys[i])
	}
	group := logical.NewAggregate(s.step(s.name, "group"), below, keys, sets, made)
	group.Emit = s.emission
	s.node = group
	return nil
}

// keyName is the name of the column that is a key: that of the select list, if it is there.
func (s *selection) keyName(k *bind.Expr) string {
	for _, t := range s.targets[:s.visible] {
		if k.Op != bind.Column && t.name != unnamed && bind.Same(t.expr, k) {
			return t.name
		}
	}
	return ""
}

// below adds what a call reads to the columns below, and returns what makes the call once they are numbered.
func (c *aggregateCall) below(in *columnsBelow) func() logical.AggregateCall {
	args := make([]int, len(c.bound.Args))
	for i, a := range c.bound.Args {
		args[i] = in.add("", guarded(a, c.filter))
	}
	filter := logical.NoColumn
	if c.filter != nil {
		filter = in.add("", c.filter)
	}
	order := make([]int, len(c.order))
	for i, k := range c.order {
		order[i] = in.add("", guarded(k.expr, c.filter))
	}
	return func() logical.AggregateCall {
		out := logical.AggregateCall{
			Name: c.text, Function: c.bound.Function, Filter: logical.NoColumn, Distinct: c.distinct && !c.bound.Function.IgnoresRepeats, Type: c.bound.Result,
		}
		for _, a := range args {
			out.Args = append(out.Args, in.column(a))
		}
		if filter != logical.NoColumn {
			out.Filter = in.column(filter)
		}
		for i, k := range c.order {
			k.key.Column = in.column(order[i])
			out.OrderBy = append(out.OrderBy, k.key)
		}
		return out
	}
}

// columnsBelow collects the columns that a step reads. They are the input's own where all are plain columns of it, else those of a Project.
type columnsBelow struct {
	*query
	node    logical.Node
	targets []column
	// pass says that the input's columns are wanted too, before the others.
	pass bool
	own  bool
}

// add returns a number for e, which column turns into that of a column.
func (c *columnsBelow) add(name string, e *bind.Expr) int {
	for i, t := range c.targets {
		if bind.Same(t.expr, e) && !volatile(e) {
			if name != "" && t.name == "" {
				c.targets[i].name = name
			}
			return i
		}
	}
	c.targets = append(c.targets, column{name, e})
	return len(c.targets) - 1
}

func plainColumn(e *bind.Expr) bool { return e.Op == bind.Column && len(e.Path) == 1 }

// made returns the node that has the columns.
func (c *columnsBelow) made(name string) logical.Node {
	c.own = !slices.ContainsFunc(c.targets, func(t column) bool { return !plainColumn(t.expr) })
	if c.own {
		return c.node
	}
	fields := c.node.Schema().Fields
	var all []column
	if c.pass {
		all = passed(c.node)
	}
	for i, t := range c.targets {
		switch {
		case c.pass && plainColumn(t.expr):
			continue
		case t.name != "":
		case plainColumn(t.expr):
			t.name = fields[t.expr.Path[0]].Name
		default:
			t.name = t.expr.Text(fields)
		}
		c.targets[i].name = t.name
		all = append(all, t)
	}
	return c.project(func() logical.Step { return c.step(name, "columns") }, c.node, all)
}

// column is the number of the column of the node that made returned.
func (c *columnsBelow) column(i int) int {
	switch {
	case c.own || c.pass && plainColumn(c.targets[i].expr):
		return c.targets[i].expr.Path[0]
	case !c.pass:
		return i
	}
	n := c.node.Schema().Len()
	for _, t := range c.targets[:i] {
		if !plainColumn(t.expr) {
			n++
		}
	}
	return n
}

// regrouper rewrites expressions from the row of FROM to that of a group.
type regrouper struct {
	*selection
	// calls is the number of the first call's column. masked says that the one before it tells the sets apart.
	calls  int
	masked bool
	// looking says that columns are only looked for that depend on keys.
	looking bool
	// at is where the expression stands that is visited; parts of a whole row have no place of their own.
	at  exprast.Span
	err error
}

// dependents adds as keys the columns that are read and that the primary key of their table, which is among the keys, decides.
func (r *regrouper) dependents() error {
	r.looking = true
	r.visitAll(false)
	r.looking = false
	return r.err
}

func (r *regrouper) rewrite() { r.visitAll(true) }

// visitAll visits all expressions over the row, and replaces them if change.
func (r *regrouper) visitAll(change bool) {
	w := newRewriter(r.visit)
	do := func(e **bind.Expr) {
		if *e == nil || r.err != nil {
			return
		}
		r.at = (*e).Span
		if out := w.expr(*e, 0); change {
			*e = out
		}
	}
	for i := range r.targets {
		if k := r.constantKey(r.targets[i].expr); k >= 0 && change {
			r.targets[i].expr = reachedColumn(r.targets[i].expr, 0, k)
			continue
		}
		unknown := r.targets[i].expr.Unknown
		do(&r.targets[i].expr)
		if unknown {
			r.targets[i].expr.Unknown = r.targets[i].expr.IsConst()
		}
	}
	do(&r.having)
	for _, c := range r.aggregates {
		for _, a := range c.bound.Args[:c.bound.Function.DirectArgs(len(c.bound.Args))] {
			if r.err == nil {
				w.expr(a, 0) // the direct arguments are those of the group, not of its rows
			}
		}
	}
	for _, c := range r.windows {
		c.each(do)
	}
	for _, c := range r.sets {
		if c.columns != nil { // they are keys
			continue
		}
		for i := range c.bound.Args {
			do(&c.bound.Args[i])
		}
	}
}

// constantKey returns the number of the key that a target is, if it is a constant; -1 else. A constant elsewhere is no key.
func (r *regrouper) constantKey(e *bind.Expr) int {
	return slices.IndexFunc(r.group.keys, func(k *bind.Expr) bool { return k == e && k.IsConst() })
}

// visit replaces what a group's row has: keys, aggregates, GROUPING.
func (r *regrouper) visit(e *bind.Expr, depth int) (*bind.Expr, bool) {
	if r.err != nil {
		return nil, true
	}
	switch c := e.Node.(type) {
	case *aggregateCall:
		if c.owner != r.query {
			return nil, true
		}
		if r.looking {
			return nil, true
		}
		return reachedColumn(e, depth, c.column), true
	case *groupingCall:
		if c.owner != r.query || r.looking {
			return nil, true
		}
		return r.groupingBits(e, c, depth), true
	}
	if depth == 0 && e.Op != bind.Const {
		for i, k := range r.group.keys {
			if bind.Same(k, e) {
				return r.change(e, reachedColumn(e, 0, i))
			}
		}
	}
	if e.Op == bind.Column && depth == 0 || e.Op == bind.Outer && e.Index == depth && depth > 0 {
		return r.plain(e, depth)
	}
	return nil, false
}

// change returns a replacement, unless columns are only looked for.
func (r *regrouper) change(_, replacement *bind.Expr) (*bind.Expr, bool) {
	if r.looking {
		return nil, true
	}
	return replacement, true
}

// reachedColumn is a whole column of the groups in e's place, depth rows further in.
func reachedColumn(e *bind.Expr, depth, column int) *bind.Expr {
	out := &bind.Expr{Op: bind.Column, Type: e.Type, Span: e.Span, Path: []int{column}}
	if depth > 0 {
		out.Op, out.Index = bind.Outer, depth
	}
	return out
}

// plain replaces a column of FROM: it, or the row it is a member of, must be a key or depend on keys.
func (r *regrouper) plain(e *bind.Expr, depth int) (*bind.Expr, bool) {
	for i, k := range r.group.keys {
		if k.Op == bind.Column && len(k.Path) <= len(e.Path) && slices.Equal(k.Path, e.Path[:len(k.Path)]) {
			out := *e
			out.Path = append([]int{i}, e.Path[len(k.Path):]...)
			return r.change(e, &out)
		}
	}
	it, name := r.origin(e.Path[0])
	if r.looking && it != nil && r.decided(it) {
		key := &bind.Expr{Op: bind.Column, Type: r.node.Schema().Fields[e.Path[0]].Type, Path: e.Path[:1]}
		i := r.group.key(key)
		for s := range r.group.sets {
			r.group.sets[s] = append(r.group.sets[s], i)
		}
		return nil, true
	}
	if r.looking {
		return nil, true
	}
	at := e.Span
	if at == (exprast.Span{}) {
		at = r.at
	}
	if depth > 0 {
		r.err = errorf(at, groupingError, "subquery uses ungrouped column \"%s\" from outer query", name)
	} else {
		r.err = errorf(at, groupingError, "column \"%s\" must appear in the GROUP BY clause or be used in an aggregate function", name).
			WithHint("Add it to GROUP BY, or choose one of its values: min(%s), max(%s).", name, name)
	}
	return nil, true
}

// origin returns the item of FROM that a column of its row is of, nil if none can be told, and the column's name.
func (r *regrouper) origin(ordinal int) (*item, string) {
	for _, it := range r.scope.items {
		for _, c := range it.columns {
			if plainColumn(c.expr) && c.expr.Path[0] == ordinal && it.byTable {
				return it, it.name + "." + c.name
			}
		}
	}
	return nil, r.node.Schema().Fields[ordinal].Name
}

// decided reports whether the primary key of a table is among the keys of every set.
func (r *regrouper) decided(it *item) bool {
	for _, k := range it.key {
		e := it.columns[k].expr
		at := slices.IndexFunc(r.group.keys, func(key *bind.Expr) bool { return bind.Same(key, e) })
		if at < 0 || slices.ContainsFunc(r.group.sets, func(set []int) bool { return !slices.Contains(set, at) }) {
			return false
		}
	}
	return len(it.key) > 0
}

// groupingBits is what GROUPING means: a bit for each argument, the last one lowest, that says that the argument is not in the row's set.
func (r *regrouper) groupingBits(e *bind.Expr, c *groupingCall, depth int) *bind.Expr {
	integer, bigint := schema.Of(schema.Int32), schema.Of(schema.Int64)
	sum := number32(e.Span, 0)
	for i, a := range c.args {
		key := slices.IndexFunc(r.group.keys, func(k *bind.Expr) bool { return bind.Same(k, a) })
		if key < 0 {
			r.err = errorf(a.Span, groupingError, "arguments to GROUPING must be grouping expressions of the associated query level")
			return e
		}
		if !r.masked {
			continue
		}
		mask := reachedColumn(&bind.Expr{Type: bigint, Span: e.Span}, depth, r.calls-1)
		bit := r.must(bind.CallOf(e.Span, "&", r.must(bind.CallOf(e.Span, ">>", mask, number32(e.Span, key))), number64(e.Span, 1)))
		moved := r.must(bind.CallOf(e.Span, "<<", r.must(bind.CastTo(bit, integer)), number32(e.Span, len(c.args)-1-i)))
		if i == 0 {
			sum = moved
		} else {
			sum = r.must(bind.CallOf(e.Span, "|", sum, moved))
		}
	}
	return sum
}

// must notes an error, which nothing that is built here has.
func (r *regrouper) must(e *bind.Expr, err error) *bind.Expr {
	if err != nil && r.err == nil {
		r.err = err
	}
	return e
}

func number32(at exprast.Span, v int) *bind.Expr {
	e := bind.NullAt(at, schema.Of(schema.Int32))
	e.Value.DropValid()
	e.Value.Int32s()[0] = int32(v) //nolint:gosec // the number of a key
	return e
}

func number64(at exprast.Span, v int64) *bind.Expr {
	e := bind.NullAt(at, schema.Of(schema.Int64))
	e.Value.DropValid()
	e.Value.Int64s()[0] = v
	return e
}
