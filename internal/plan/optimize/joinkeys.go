package optimize

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
)

// ExtractKeys makes keys of the equalities in the conditions of joins, so that they can be hashed or merged.
func ExtractKeys(p *logical.Plan) {
	done := map[logical.Node]logical.Node{}
	for _, s := range p.Sinks {
		s.Input = rewrite(s.Input, done, func(n logical.Node) logical.Node {
			if j, ok := n.(*logical.Join); ok && j.Condition != nil {
				return extract(j)
			}
			return n
		})
	}
}

// keyed are the sides of a join with the columns that its keys are in.
type keyed struct {
	nl, nr      int
	left, right []logical.Item // beyond the columns of the sides
	keys        []logical.KeyPair
}

func extract(j *logical.Join) logical.Node {
	k := &keyed{nl: j.Left.Schema().Len(), nr: j.Right.Schema().Len(), keys: slices.Clone(j.Keys)}
	var rest []*bind.Expr
	var unknown *bind.Expr // of a mark join: the equality that may be unknown
	conjuncts := bind.Conjuncts(j.Condition)
	safe := slices.ContainsFunc(conjuncts, func(c *bind.Expr) bool { return !bind.Fallible(c) && k.equality(c) })
	for _, c := range conjuncts {
		if j.Guarded && safe && bind.Fallible(c) {
			rest = append(rest, c)
			continue
		}
		pair, ok := k.pair(j, c)
		switch {
		case !ok:
			rest = append(rest, c)
		case pair.Unknown && unknown != nil:
			rest = append(rest, c)
		case pair.Unknown:
			unknown = c
			rest = append(rest, c) // unless it remains the only one
		default:
			k.keys = append(k.keys, pair)
		}
	}
	if unknown != nil && len(rest) == 1 {
		pair, _ := k.pair(j, unknown)
		k.keys, rest = append(k.keys, pair), nil
	}
	if len(k.keys) == len(j.Keys) {
		return j
	}
	return k.join(j, rest)
}

// equality reports whether c can become a key.
func (k *keyed) equality(c *bind.Expr) bool {
	if c.Op == bind.IsBool && c.Truth && !c.Negated {
		c = c.Args[0]
	}
	if c.Op != bind.Compare || c.Cmp != bind.Equal {
		return false
	}
	return k.side(c.Args[0])|k.side(c.Args[1]) == sideBoth && k.side(c.Args[0]) != sideBoth && k.side(c.Args[1]) != sideBoth
}

// join is j over sides that have the columns of the keys.
func (k *keyed) join(j *logical.Join, rest []*bind.Expr) logical.Node {
	left, right := grow(j.Step, j.Left, k.left), grow(j.Step, j.Right, k.right)
	wl := left.Schema().Len()
	condition := bind.AndOf(rest...)
	if condition != nil {
		condition = bind.MapColumns(condition, func(c int) int {
			if c >= k.nl {
				return c - k.nl + wl
			}
			return c
		})
	}
	out := rejoin(j, left, right, k.keys, condition)
	columns := span(0, k.nl)
	switch {
	case j.Kind == logical.Mark:
		columns = append(columns, wl)
	case !j.Kind.KeepsLeftOnly():
		columns = append(columns, span(wl, wl+k.nr)...)
	}
	return choose(logical.Step{OnError: j.OnError}, out, columns)
}

// grow adds columns to n.
func grow(step logical.Step, n logical.Node, items []logical.Item) logical.Node {
	if len(items) == 0 {
		return n
	}
	return logical.NewProject(logical.Step{OnError: step.OnError}, n, append(passAll(n, 0, n.Schema().Len()), items...))
}

// pair makes a key of c if it compares something of the left for equality with something of the right.
func (k *keyed) pair(j *logical.Join, c *bind.Expr) (logical.KeyPair, bool) {
	mark := j.Kind == logical.Mark
	if mark && c.Op == bind.IsBool && c.Truth && !c.Negated {
		c, mark = c.Args[0], false
	}
	equal := c.Op == bind.Compare && c.Cmp == bind.Equal
	nullSafe := c.Op == bind.Distinct && c.Negated
	if !equal && !nullSafe || volatile(c) {
		return logical.KeyPair{}, false
	}
	a, b := c.Args[0], c.Args[1]
	if k.side(a) == sideRight && k.side(b) == sideLeft {
		a, b = b, a
	}
	if k.side(a) != sideLeft || k.side(b) != sideRight {
		return logical.KeyPair{}, false
	}
	if a, b = oneType(a, b); a == nil {
		return logical.KeyPair{}, false
	}
	pair := logical.KeyPair{NullSafe: nullSafe}
	pair.Unknown = mark && equal && !(notNull(a, j.Left.Schema()) && notNull(bind.MapColumns(b, func(c int) int { return c - k.nl }), j.Right.Schema()))
	pair.Left = column(&k.left, a, 0, k.nl)
	pair.Right = column(&k.right, b, k.nl, k.nr)
	return pair, true
}

// oneType brings both sides of a key to one type: NUMERIC(10,2) and NUMERIC lie differently in memory. It returns nil where it cannot.
func oneType(a, b *bind.Expr) (_, _ *bind.Expr) {
	switch {
	case a.Type.Kind != b.Type.Kind || a.Type.Kind == schema.Row:
		return nil, nil
	case a.Type.Kind == schema.Numeric && !a.Type.Equal(b.Type):
		return unscaled(a), unscaled(b)
	case a.Type.Kind.IsNested() && !a.Type.Equal(b.Type):
		return nil, nil
	}
	return a, b
}

// unscaled is e as a NUMERIC without a scale of its own.
func unscaled(e *bind.Expr) *bind.Expr {
	if e.Type.Precision == 0 {
		return e
	}
	return &bind.Expr{Op: bind.Cast, Type: schema.Of(schema.Numeric), Span: e.Span, Args: []*bind.Expr{e}, Implicit: true}
}

// column returns the number of the column that holds e, whose columns start at first, on a side with n columns; it adds one if there is none.
func column(items *[]logical.Item, e *bind.Expr, first, n int) int {
	e = bind.MapColumns(e, func(c int) int { return c - first })
	if e.Op == bind.Column && len(e.Path) == 1 {
		return e.Path[0]
	}
	text := e.String()
	for i, item := range *items {
		if item.Expr.String() == text && item.Expr.Type.Equal(e.Type) {
			return n + i
		}
	}
	*items = append(*items, logical.Item{Name: "key", Expr: e})
	return n + len(*items) - 1
}

func notNull(e *bind.Expr, s *schema.Schema) bool {
	switch e.Op {
	case bind.Const:
		return !e.IsNullConst()
	case bind.Column:
		return len(e.Path) == 1 && s.Fields[e.Path[0]].NotNull
	case bind.Cast:
		return notNull(e.Args[0], s)
	}
	return false
}

const (
	sideNone = iota
	sideLeft
	sideRight
	sideBoth
)

// side says which columns e reads.
func (k *keyed) side(e *bind.Expr) int {
	side := sideNone
	for _, path := range bind.Paths(e) {
		if path[0] < k.nl {
			side |= sideLeft
		} else {
			side |= sideRight
		}
	}
	return side
}
