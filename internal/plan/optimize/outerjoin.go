package optimize

import (
	"slices"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
)

// outerSides are the sides of an outer join while the subqueries of its condition are computed.
type outerSides struct {
	d           *decorrelator
	join        *logical.Join
	nl, nr      int
	left, right *holder
	// extra are the columns that the sides gained; they are numbered behind those of both until the sides are joined.
	extra []gained
	// pairs says that a subquery has to be computed for pairs of rows, and whole that it does not go into a query over the right side alone.
	pairs, whole bool
}

type gained struct{ fromRight, column int }

// outerJoin computes each subquery of an outer join's condition at the side that it belongs to. One that belongs to both, or that may fail for rows of a
// side of which no pair comes to ask it, is computed for pairs.
func (d *decorrelator) outerJoin(n *logical.Join) logical.Node {
	nl, nr := n.Left.Schema().Len(), n.Right.Schema().Len()
	o := &outerSides{
		d: d, join: n, nl: nl, nr: nr,
		left:  &holder{d: d, step: n.Step, node: n.Left, width: nl},
		right: &holder{d: d, step: n.Step, node: n.Right, width: nr},
	}
	plain, queries := plainFirst(n.Condition)
	met := slices.Clone(plain)
	for i, c := range queries {
		queries[i] = replaceSubqueries(c, slices.Clip(met), o.value)
		met = append(met, queries[i])
	}
	switch {
	case d.err != nil:
		return n
	case o.pairs && n.AsOf != nil:
		d.refuse("a subquery in the condition of a join FOR SYSTEM_TIME reads both sides of it")
		return n
	case o.pairs && n.Kind == logical.Left && len(n.Keys) == 0 && !o.whole:
		return d.lateral(n)
	case o.pairs && n.Kind == logical.Right && !n.Dependent && len(n.Keys) == 0 && !o.whole:
		return choose(n.Step, d.lateral(d.turned(n)), append(span(nr, nl+nr), span(0, nr)...))
	case o.pairs:
		return d.pairs(n)
	}
	wl := o.left.node.Schema().Len()
	condition := bind.MapColumns(bind.AndOf(append(plain, queries...)...), func(c int) int {
		switch {
		case c < nl:
			return c
		case c < nl+nr:
			return wl + c - nl
		case o.extra[c-nl-nr].fromRight == 1:
			return wl + o.extra[c-nl-nr].column
		}
		return o.extra[c-nl-nr].column
	})
	out := d.join(rejoin(n, o.left.node, o.right.node, n.Keys, condition))
	return choose(n.Step, out, append(span(0, nl), span(wl, wl+out.Schema().Len()-wl-(o.right.node.Schema().Len()-nr))...))
}

// value attaches the subquery e, which is evaluated where guard is met, to a side, and returns its value; e itself if it has to be computed for pairs.
func (o *outerSides) value(e *bind.Expr, s *logical.Subquery, guard []*bind.Expr) *bind.Expr {
	reads := holderColumns(s, o.nl+o.nr)
	inLeft, inRight := len(reads) == 0 || reads[len(reads)-1] < o.nl, len(reads) > 0 && reads[0] >= o.nl
	nested := s.Compare != nil && hasSubquery(s.Compare)
	switch {
	case o.pairs || o.d.err != nil:
	case !inLeft && (!inRight || o.join.Dependent || nested):
		o.pairs, o.whole = true, o.whole || nested
	default:
		side := 0
		if inRight {
			side = 1
		}
		own := o.guardOf(guard, side)
		if len(reads) > 0 && len(own) < len(guard) && o.ends() && o.d.mayFail(s) {
			o.pairs, o.whole = true, o.whole || nested
			return e
		}
		return o.attach(s, own, side)
	}
	return e
}

// ends reports whether all rows of both sides are there before an answer is made.
func (o *outerSides) ends() bool {
	edges := NewEdges()
	return edges.Of(o.join.Left).Bounded && edges.Of(o.join.Right).Bounded
}

func (o *outerSides) attach(s *logical.Subquery, guard []*bind.Expr, side int) *bind.Expr {
	var value *bind.Expr
	if side == 0 {
		value = o.left.attach(withoutRight(s, o.nl, o.nr), guard)
	} else {
		value = o.right.attach(o.d.moveHolder(s, -o.nl), guard)
	}
	return bind.MapColumns(value, func(c int) int {
		o.extra = append(o.extra, gained{side, c})
		return o.nl + o.nr + len(o.extra) - 1
	})
}

// guardOf returns those of the conditions that read nothing but one side, over the columns that it has by now.
func (o *outerSides) guardOf(guard []*bind.Expr, side int) (own []*bind.Expr) {
	for _, c := range guard {
		of := func(column int) int {
			switch {
			case column >= o.nl+o.nr && o.extra[column-o.nl-o.nr].fromRight == side:
				return o.extra[column-o.nl-o.nr].column
			case side == 0 && column < o.nl:
				return column
			case side == 1 && column >= o.nl && column < o.nl+o.nr:
				return column - o.nl
			}
			return -1
		}
		if !hasSubquery(c) && !slices.ContainsFunc(bind.Paths(c), func(path []int) bool { return of(path[0]) < 0 }) {
			own = append(own, bind.MapColumns(c, of))
		}
	}
	return own
}

// pairs is an outer join whose condition has subqueries that are computed for pairs of rows: the pairs of an inner join that meet it, and the rows that are
// in none of them, which are told apart by a number.
func (d *decorrelator) pairs(n *logical.Join) logical.Node {
	nl, nr := n.Left.Schema().Len(), n.Right.Schema().Len()
	left, right := numberRows(n.Step, n.Left), n.Right
	if n.Kind != logical.Left {
		right = numberRows(n.Step, n.Right)
	}
	plain, queries := plainFirst(n.Condition)
	condition := bind.AndOf(plain...)
	if condition != nil {
		condition = bind.MapColumns(condition, func(c int) int {
			if c >= nl {
				return c + 1
			}
			return c
		})
	}
	inner := logical.NewJoin(n.Step, logical.Inner, left, right, n.Keys, condition)
	inner.Dependent = n.Dependent
	columns := slices.Concat(span(0, nl), span(nl+1, nl+1+nr), []int{nl})
	if n.Kind != logical.Left {
		columns = append(columns, nl+1+nr)
	}
	h := &holder{d: d, step: n.Step, node: choose(n.Step, d.join(inner), columns), width: nl + nr}
	for _, c := range queries {
		h.condition(c)
	}
	met := h.node
	all := []logical.Node{choose(n.Step, met, span(0, nl+nr))}
	fields := n.Schema().Fields
	alone := func(side logical.Node, number, first int) {
		width := side.Schema().Len() - 1
		rest := logical.NewJoin(n.Step, logical.Anti, side, choose(n.Step, met, []int{number}), []logical.KeyPair{{Left: width}}, nil)
		items := make([]logical.Item, nl+nr)
		for i, f := range fields {
			items[i] = logical.Item{Name: f.Name, Expr: bind.NullOf(f.Type)}
			if i >= first && i < first+width {
				items[i] = pass(rest, i-first)
			}
		}
		all = append(all, logical.NewProject(n.Step, rest, items))
	}
	if n.Kind != logical.Right {
		alone(left, nl+nr, 0)
	}
	if n.Kind != logical.Left {
		alone(right, nl+nr+1, nl)
	}
	return &logical.Union{In: all}
}

// numberRows adds a column with another number for each row.
func numberRows(step logical.Step, n logical.Node) logical.Node {
	call := logical.WindowCall{
		Name: "number", Function: window.Standard().Lookup("row_number")[0], Filter: logical.NoColumn, Type: schema.Of(schema.Int64),
		Frame: logical.Frame{Unit: ast.FrameRange, Start: ast.UnboundedPreceding, End: ast.CurrentRow, StartOffset: logical.NoColumn, EndOffset: logical.NoColumn},
	}
	return logical.NewOver(step, n, nil, nil, []logical.WindowCall{call})
}

// lateral is a left join whose condition has a subquery that reads both sides: L LEFT JOIN LATERAL (SELECT * FROM R WHERE condition) ON true.
func (d *decorrelator) lateral(n *logical.Join) logical.Node {
	nl := n.Left.Schema().Len()
	outward := func(e *bind.Expr) *bind.Expr { // what was further out is one level further
		if e.Op != bind.Outer {
			return e
		}
		o := *e
		o.Index++
		return &o
	}
	right := n.Right
	if !n.Dependent {
		right = rewrite(right, map[logical.Node]logical.Node{}, func(n logical.Node) logical.Node {
			return withExpressions(n, func(e *bind.Expr) *bind.Expr { return bind.Rewrite(e, outward) })
		})
	}
	columns := func(e *bind.Expr) *bind.Expr {
		if e.Op != bind.Column {
			return outward(e)
		}
		o := *e
		if c := e.Path[0]; c < nl {
			o.Op, o.Index = bind.Outer, 1
		} else {
			o.Path = append([]int{c - nl}, e.Path[1:]...)
		}
		return &o
	}
	predicate := bind.Rewrite(n.Condition, func(e *bind.Expr) *bind.Expr {
		s, ok := subqueryOf(e)
		if !ok {
			return columns(e)
		}
		c := *s
		c.Query = rewrite(d.resolve(s.Query), map[logical.Node]logical.Node{}, func(n logical.Node) logical.Node {
			return withExpressions(n, func(e *bind.Expr) *bind.Expr {
				return bind.Rewrite(e, func(e *bind.Expr) *bind.Expr {
					if e.Op != bind.Outer {
						return e
					}
					o := *e
					if e.Index > 1 || e.Path[0] < nl {
						o.Index++
					} else {
						o.Path = append([]int{e.Path[0] - nl}, e.Path[1:]...)
					}
					return &o
				})
			})
		})
		if c.Compare != nil {
			c.Compare = bind.Rewrite(s.Compare, columns)
		}
		return &bind.Expr{Op: bind.Opaque, Type: e.Type, Span: e.Span, Node: &c}
	})
	filtered := d.filter(&logical.Filter{Step: n.Step, Input: right, Predicate: predicate})
	return d.eliminate(n.Step, logical.Left, n.Left, filtered, nil, nil)
}

// turned is a right join as the left join that it is with its sides in the other order. Its condition has subqueries.
func (d *decorrelator) turned(n *logical.Join) *logical.Join {
	nl, nr := n.Left.Schema().Len(), n.Right.Schema().Len()
	other := func(e *bind.Expr) *bind.Expr {
		o := *e
		switch c := e.Path[0]; {
		case c < nl:
			o.Path = append([]int{c + nr}, e.Path[1:]...)
		case c < nl+nr:
			o.Path = append([]int{c - nl}, e.Path[1:]...)
		}
		return &o
	}
	columns := func(e *bind.Expr) *bind.Expr {
		if e.Op != bind.Column {
			return e
		}
		return other(e)
	}
	condition := bind.Rewrite(n.Condition, func(e *bind.Expr) *bind.Expr {
		s, ok := subqueryOf(e)
		if !ok {
			return columns(e)
		}
		c := *s
		c.Query = rewrite(d.resolve(s.Query), map[logical.Node]logical.Node{}, func(n logical.Node) logical.Node {
			return withExpressions(n, func(e *bind.Expr) *bind.Expr {
				return bind.Rewrite(e, func(e *bind.Expr) *bind.Expr {
					if e.Op != bind.Outer || e.Index != 1 {
						return e
					}
					return other(e)
				})
			})
		})
		if c.Compare != nil {
			c.Compare = bind.Rewrite(s.Compare, columns)
		}
		return &bind.Expr{Op: bind.Opaque, Type: e.Type, Span: e.Span, Node: &c}
	})
	return logical.NewJoin(n.Step, logical.Left, n.Right, n.Left, nil, condition)
}

// withoutRight returns s, which stands in rows of two sides and reads nothing of the right one, for rows of the left side alone.
func withoutRight(s *logical.Subquery, nl, nr int) *logical.Subquery {
	if s.Compare == nil {
		return s
	}
	c := *s
	c.Compare = bind.MapColumns(s.Compare, func(c int) int {
		if c >= nl+nr {
			return c - nr
		}
		return c
	})
	return &c
}

// moveHolder returns s for a row whose columns are numbered by more than those of the row that it stands in.
func (d *decorrelator) moveHolder(s *logical.Subquery, by int) *logical.Subquery {
	c := *s
	c.Query = rewrite(d.resolve(s.Query), map[logical.Node]logical.Node{}, func(n logical.Node) logical.Node {
		return withExpressions(n, func(e *bind.Expr) *bind.Expr {
			return bind.Rewrite(e, func(e *bind.Expr) *bind.Expr {
				if e.Op != bind.Outer || e.Index != 1 {
					return e
				}
				o := *e
				o.Path = append([]int{e.Path[0] + by}, e.Path[1:]...)
				return &o
			})
		})
	})
	if c.Compare != nil {
		if hasSubquery(c.Compare) {
			d.refuse("a subquery on the left of %s in the condition of an outer join", s.Text)
		}
		c.Compare = shift(c.Compare, by)
	}
	return &c
}
