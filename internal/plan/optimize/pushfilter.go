package optimize

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/plan/logical"
)

// PushFilters moves each condition as far towards the sources as it can go, and makes outer joins inner where a condition above them drops the
// rows that they add. Steps that a user named stay where he put them.
func PushFilters(p *logical.Plan) {
	f := &filters{readers: readers(p), done: map[logical.Node]logical.Node{}}
	for _, s := range p.Sinks {
		s.Input = f.push(s.Input, nil)
	}
}

// readers counts what reads each node.
func readers(p *logical.Plan) map[logical.Node]int {
	count := map[logical.Node]int{}
	for _, s := range p.Sinks {
		count[s.Input]++
	}
	for _, n := range order(p) {
		for _, in := range n.Inputs() {
			count[in]++
		}
	}
	return count
}

type filters struct {
	readers map[logical.Node]int
	done    map[logical.Node]logical.Node
	// policy is what becomes of rows for which the conditions on their way fail.
	policy logical.OnError
}

// push returns n under the conditions, which are over its columns. What others read, too, is not narrowed; nor do conditions go where rows
// that fail are treated in another way.
func (f *filters) push(n logical.Node, conditions []*bind.Expr) logical.Node {
	if s := stepOf(n); s != nil && s.OnError != f.policy {
		above := f.policy
		f.policy = s.OnError
		out := f.push(n, nil)
		f.policy = above
		return f.keep(out, conditions)
	}
	if f.readers[n] > 1 {
		out, ok := f.done[n]
		if !ok {
			out = f.into(n, nil)
			f.done[n] = out
		}
		return f.keep(out, conditions)
	}
	return f.into(n, conditions)
}

// keep filters n.
func (f *filters) keep(n logical.Node, conditions []*bind.Expr) logical.Node {
	return keep(n, conditions, f.policy)
}

// keep filters n; policy is what becomes of rows for which the conditions fail.
func keep(n logical.Node, conditions []*bind.Expr, policy logical.OnError) logical.Node {
	if len(conditions) == 0 {
		return n
	}
	return &logical.Filter{Step: logical.Step{OnError: policy}, Input: n, Predicate: bind.AndOf(conditions...)}
}

func (f *filters) into(n logical.Node, conditions []*bind.Expr) logical.Node {
	switch n := n.(type) {
	case *logical.Filter:
		if n.Written {
			break
		}
		return f.push(n.Input, slices.Concat(bind.Conjuncts(n.Predicate), conditions))
	case *logical.Project:
		return f.intoProject(n, conditions)
	case *logical.Join:
		return f.intoJoin(n, conditions)
	case *logical.Aggregate:
		if n.Sets == nil && len(n.Keys) > 0 {
			down, stay := part(conditions, func(c int) bool { return c < len(n.Keys) })
			down = mapAll(down, func(c int) int { return n.Keys[c] })
			return f.keep(withInputs(n, []logical.Node{f.push(n.Input, down)}), stay)
		}
	case *logical.Sort:
		down, stay := part(conditions, func(c int) bool {
			return n.Limit == logical.NoLimit && n.Offset == 0 || n.Partition != nil && slices.Contains(n.Partition, c)
		})
		return f.keep(withInputs(n, []logical.Node{f.push(n.Input, down)}), stay)
	case *logical.Over:
		down, stay := part(conditions, func(c int) bool { return slices.Contains(n.Partition, c) })
		return f.keep(withInputs(n, []logical.Node{f.push(n.Input, down)}), stay)
	case *logical.RowsFrom:
		down, stay := part(conditions, func(c int) bool { return c < n.Input.Schema().Len() })
		return f.keep(withInputs(n, []logical.Node{f.push(n.Input, down)}), stay)
	case *logical.Union:
		in := make([]logical.Node, len(n.In))
		for i := range in {
			in[i] = f.push(n.In[i], conditions)
		}
		return withInputs(n, in)
	case *logical.SetOp:
		return f.intoSetOp(n, conditions)
	}
	in := slices.Clone(n.Inputs())
	for i := range in {
		in[i] = f.push(in[i], nil)
	}
	return f.keep(withInputs(n, in), conditions)
}

// intoSetOp moves conditions to both sides; to the left one alone where a row of the right may take away one of the left for which a condition
// says something else: 1.0 is 1.00, but not as text.
func (f *filters) intoSetOp(n *logical.SetOp, conditions []*bind.Expr) logical.Node {
	if slices.ContainsFunc(conditions, bind.Fallible) {
		return f.keep(withInputs(n, []logical.Node{f.push(n.Left, nil), f.push(n.Right, nil)}), conditions)
	}
	var right []*bind.Expr
	for _, c := range conditions {
		if n.Kind != logical.Except || sameForEqual(c) {
			right = append(right, c)
		}
	}
	return withInputs(n, []logical.Node{f.push(n.Left, conditions), f.push(n.Right, right)})
}

// sameForEqual reports whether e certainly has the same value for columns whose values are equal.
func sameForEqual(e *bind.Expr) bool {
	same := true
	bind.Walk(e, func(e *bind.Expr) bool {
		same = same && e.Op != bind.Cast
		return same
	})
	return same
}

// part divides conditions into those that read only columns that may, and the others. Conditions whose value changes from row to row stay.
func part(conditions []*bind.Expr, may func(column int) bool) (down, stay []*bind.Expr) {
	for _, c := range conditions {
		if volatile(c) || slices.ContainsFunc(bind.Paths(c), func(path []int) bool { return !may(path[0]) }) {
			stay = append(stay, c)
		} else {
			down = append(down, c)
		}
	}
	return down, stay
}

func volatile(e *bind.Expr) bool {
	found := false
	bind.Walk(e, func(e *bind.Expr) bool {
		found = found || e.Op == bind.Call && e.Function.Volatility == builtin.Volatile
		return !found
	})
	return found
}

func mapAll(conditions []*bind.Expr, to func(int) int) []*bind.Expr {
	out := make([]*bind.Expr, len(conditions))
	for i, c := range conditions {
		out[i] = bind.MapColumns(c, to)
	}
	return out
}

// intoProject replaces the columns of a condition by what they are made of.
func (f *filters) intoProject(n *logical.Project, conditions []*bind.Expr) logical.Node {
	if n.Written {
		return f.keep(withInputs(n, []logical.Node{f.push(n.Input, nil)}), conditions)
	}
	down, stay := part(conditions, func(c int) bool { return !volatile(n.Items[c].Expr) })
	exprs := expressions(n)
	for i, c := range down {
		down[i] = replaceColumns(c, exprs)
	}
	return f.keep(withInputs(n, []logical.Node{f.push(n.Input, down)}), stay)
}

// intoJoin deals conditions, those above and the join's own, to the sides, to the join, and to a filter above it.
func (f *filters) intoJoin(n *logical.Join, conditions []*bind.Expr) logical.Node {
	nl := n.Left.Schema().Len()
	ofLeft, ofRight := func(c int) bool { return c < nl }, func(c int) bool { return c >= nl && !n.Kind.KeepsLeftOnly() && n.AsOf == nil }
	n = innermost(n, conditions)
	var own []*bind.Expr
	if n.Condition != nil {
		own = bind.Conjuncts(n.Condition)
	}
	var left, right, above []*bind.Expr
	var guarded []*bind.Expr // what may fail, and is computed for pairs of rows only
	if n.Guarded {
		own, guarded = apart(own)
		if n.Kind == logical.Inner {
			var more []*bind.Expr
			conditions, more = apart(conditions)
			guarded = append(guarded, more...)
		}
	}
	if n.Kind == logical.Inner {
		left, own = part(slices.Concat(own, conditions), ofLeft)
		right, own = part(own, ofRight)
	} else {
		above = conditions
		if !n.Kind.LeftNullable() {
			left, above = part(above, ofLeft)
		}
		if !n.Kind.RightNullable() && !n.Kind.KeepsLeftOnly() && n.AsOf == nil { // a right join
			right, above = part(above, ofRight)
		}
		var more []*bind.Expr
		if n.Kind != logical.Right && n.Kind != logical.Full && n.AsOf == nil { // of versions, the last one counts, whatever it says
			more, own = part(own, func(c int) bool { return c >= nl })
			if n.Kind == logical.Mark {
				more, own = known(more, own)
			}
			right = append(right, more...)
		}
		if n.Kind == logical.Right || n.Kind == logical.Semi {
			more, own = part(own, ofLeft)
			left = append(left, more...)
		}
	}
	own = append(own, guarded...)
	right = mapAll(right, func(c int) int { return c - nl })
	return f.keep(rejoin(n, f.push(n.Left, left), f.push(n.Right, right), n.Keys, bind.AndOf(own...)), above)
}

// apart divides conditions into those that never fail and the others.
func apart(conditions []*bind.Expr) (safe, fallible []*bind.Expr) {
	for _, c := range conditions {
		if bind.Fallible(c) {
			fallible = append(fallible, c)
		} else {
			safe = append(safe, c)
		}
	}
	return safe, fallible
}

// known keeps in right, among conditions on the right side of a mark join, those that are never unknown; the others go back to own.
func known(right, own []*bind.Expr) (kept, back []*bind.Expr) {
	for _, c := range right {
		if c.Op == bind.IsBool || c.Op == bind.IsNull || c.Op == bind.Distinct {
			kept = append(kept, c)
		} else {
			own = append(own, c)
		}
	}
	return kept, own
}

// innermost makes an outer join one that adds fewer rows, where the conditions above drop what it adds.
func innermost(n *logical.Join, conditions []*bind.Expr) *logical.Join {
	nl := n.Left.Schema().Len()
	drops := func(side func(int) bool) bool {
		return slices.ContainsFunc(conditions, func(c *bind.Expr) bool { return falseIfNull(c, side) })
	}
	noLeft := n.Kind.LeftNullable() && drops(func(c int) bool { return c < nl })
	noRight := (n.Kind == logical.Left || n.Kind == logical.Full) && drops(func(c int) bool { return c >= nl })
	kind := n.Kind
	switch {
	case kind == logical.Full && noLeft && noRight, kind == logical.Left && noRight, kind == logical.Right && noLeft:
		kind = logical.Inner
	case kind == logical.Full && noLeft: // no row of the right without a left
		kind = logical.Left
	case kind == logical.Full && noRight:
		kind = logical.Right
	}
	if kind == n.Kind {
		return n
	}
	c := logical.NewJoin(n.Step, kind, n.Left, n.Right, n.Keys, n.Condition)
	c.Guarded, c.AsOf = n.Guarded, n.AsOf
	return c
}

// falseIfNull reports whether a condition is certainly not true where all columns of a side are NULL.
func falseIfNull(e *bind.Expr, side func(column int) bool) bool {
	some := func(args []*bind.Expr) bool {
		return slices.ContainsFunc(args, func(a *bind.Expr) bool { return falseIfNull(a, side) })
	}
	switch e.Op {
	case bind.And:
		return some(e.Args)
	case bind.Or:
		return !slices.ContainsFunc(e.Args, func(a *bind.Expr) bool { return !falseIfNull(a, side) })
	case bind.IsNull:
		return e.Negated && nullIfNull(e.Args[0], side)
	case bind.IsBool:
		return e.Truth && !e.Negated && falseIfNull(e.Args[0], side)
	case bind.Quantified: // NULL, or false: = ANY of no values
		return !e.All && nullIfNull(e.Args[0], side) || nullIfNull(e.Args[1], side)
	}
	return nullIfNull(e, side)
}

// nullIfNull reports whether e is certainly NULL where all columns of a side are NULL.
func nullIfNull(e *bind.Expr, side func(column int) bool) bool {
	switch e.Op {
	case bind.Column:
		return side(e.Path[0])
	case bind.Compare, bind.Arith, bind.Negate, bind.Not, bind.Cast, bind.Like, bind.Subscript, bind.Member:
	case bind.Call:
		if !e.Function.Strict {
			return false
		}
	case bind.In:
		return nullIfNull(e.Args[0], side)
	case bind.Quantified: // over no values it is not NULL
		return nullIfNull(e.Args[1], side)
	default:
		return false
	}
	return slices.ContainsFunc(e.Args, func(a *bind.Expr) bool { return nullIfNull(a, side) })
}
