package bind

import (
	"slices"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/sqlstate"
)

// grouping is a GROUP BY: the different keys, and the sets of them to group by.
type grouping struct {
	keys []*bind.Expr
	sets [][]int
	// several says that there may be more than one set.
	several bool
}

// The bounds of PostgreSQL.
const (
	maxCube = 12
	maxSets = 4096
)

// groupBy binds GROUP BY.
func (s *selection) groupBy() error {
	n := s.ast.GroupBy
	if n == nil {
		return nil
	}
	s.grouped = true
	s.group.sets = [][]int{nil}
	for _, item := range n.Items {
		sets, err := s.groupItem(item)
		if err != nil {
			return err
		}
		if s.group.sets, err = product(s.group.sets, sets, item.Span); err != nil {
			return err
		}
		s.group.several = s.group.several || item.Kind != ast.GroupExprs
	}
	for i := range s.group.sets {
		s.group.sets[i] = unique(s.group.sets[i])
	}
	if n.Distinct {
		s.group.distinct()
	}
	return nil
}

// groupItem returns the sets that an item stands for.
func (s *selection) groupItem(item *ast.GroupItem) ([][]int, error) {
	switch item.Kind {
	case ast.GroupExprs:
		set, err := s.groupExprs(item.Exprs)
		return [][]int{set}, err
	case ast.GroupingSets:
		var all [][]int
		for _, i := range item.Items {
			sets, err := s.groupItem(i)
			if err != nil {
				return nil, err
			}
			if all = append(all, sets...); len(all) > maxSets {
				return nil, tooManySets(item.Span)
			}
		}
		return all, nil
	}
	parts := make([][]int, len(item.Items))
	for i, x := range item.Items {
		var err error
		if parts[i], err = s.groupExprs(x.Exprs); err != nil {
			return nil, err
		}
	}
	if item.Kind == ast.Rollup {
		return rollup(parts), nil
	}
	if len(parts) > maxCube {
		return nil, errorf(item.Span, tooManyColumns, "CUBE is limited to %d elements", maxCube)
	}
	return cube(parts), nil
}

func rollup(parts [][]int) [][]int {
	var sets [][]int
	for n := len(parts); n >= 0; n-- {
		sets = append(sets, slices.Concat(parts[:n]...))
	}
	return sets
}

func cube(parts [][]int) [][]int {
	var sets [][]int
	for mask := 1<<len(parts) - 1; mask >= 0; mask-- {
		var set []int
		for i, p := range parts {
			if mask>>i&1 == 1 {
				set = append(set, p...)
			}
		}
		sets = append(sets, set)
	}
	return sets
}

// product joins every set of a with every set of b.
func product(a, b [][]int, at exprast.Span) ([][]int, error) {
	if len(a)*len(b) > maxSets {
		return nil, tooManySets(at)
	}
	var out [][]int
	for _, x := range a {
		for _, y := range b {
			out = append(out, slices.Concat(x, y))
		}
	}
	return out, nil
}

func tooManySets(at exprast.Span) error {
	return errorf(at, sqlstate.StatementTooComplex, "too many grouping sets present (maximum %d)", maxSets)
}

// unique is set without repetitions, in order.
func unique(set []int) []int {
	out := slices.Clone(set)
	slices.Sort(out)
	return slices.Compact(out)
}

// distinct removes sets that are equal to others.
func (g *grouping) distinct() {
	var out [][]int
	for _, set := range g.sets {
		if !slices.ContainsFunc(out, func(o []int) bool { return slices.Equal(o, set) }) {
			out = append(out, set)
		}
	}
	g.sets = out
}

// groupExprs binds expressions and returns the numbers of their keys.
func (s *selection) groupExprs(list []exprast.Node) ([]int, error) {
	var set []int
	for _, n := range list {
		e, err := s.groupExpr(n)
		if err != nil {
			return nil, err
		}
		set = append(set, s.group.key(e))
	}
	return set, nil
}

// key returns the number of a key, which is added if it is new.
func (g *grouping) key(e *bind.Expr) int {
	for i, k := range g.keys {
		if bind.Same(k, e) {
			return i
		}
	}
	g.keys = append(g.keys, e)
	return len(g.keys) - 1
}

// groupExpr binds one expression: the number of a column, the name of one of FROM or else of the select list, or anything else.
func (s *selection) groupExpr(n exprast.Node) (*bind.Expr, error) {
	i := -1
	var err error
	switch n := n.(type) {
	case *exprast.Literal:
		i, err = position(n, "GROUP BY", s.visible)
	case *exprast.Unary:
		if l := minus(n); l != nil {
			i, err = position(l, "GROUP BY", s.visible)
		}
	case *exprast.Column:
		if len(n.Parts) == 1 && !s.owns(n.Parts[0].Text) {
			i, err = s.output(n, "GROUP BY")
		}
	}
	if err != nil {
		return nil, err
	}
	if i < 0 {
		e, err := s.expr(s.scope, inGroupBy(), n)
		if err != nil {
			return nil, err
		}
		return bind.Settle(e), nil
	}
	e := bind.Settle(s.targets[i].expr)
	s.targets[i].expr = e
	return e, s.groupable(e, n)
}

// owns reports whether FROM itself has a column called name.
func (s *selection) owns(name string) bool {
	own := &scope{items: s.scope.items}
	e, err := own.bare(name)
	return e != nil || err != nil
}

// groupable refuses a column of the select list that is there only after grouping.
func (s *selection) groupable(e *bind.Expr, n exprast.Node) error {
	var err error
	bind.Walk(e, func(e *bind.Expr) bool {
		switch c := e.Node.(type) {
		case *aggregateCall:
			if c.owner == s.query {
				err = errorf(n.Location(), groupingError, "aggregate functions are not allowed in GROUP BY")
			}
		case *windowCall:
			err = errorf(n.Location(), windowingError, "window functions are not allowed in GROUP BY")
		}
		return err == nil
	})
	return err
}
