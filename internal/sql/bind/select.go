package bind

import (
	"errors"
	"slices"
	"sync"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// selection is a SELECT between its FROM and its rows.
type selection struct {
	*query
	ast   *ast.Select
	scope *scope
	// node are the rows that the expressions below are over: those of FROM first, then those of each step.
	node logical.Node
	// targets are the columns: the first visible ones are those of the select list, the others only keys of ORDER BY and DISTINCT ON.
	targets []column
	visible int
	having  *bind.Expr
	keys    []logical.SortKey
	// on are the targets of DISTINCT ON.
	on    []int
	limit rowLimit
	group grouping
	// emission is when groups are handed on.
	emission logical.Emission
	// expanded are the keys of group over rows in which the functions that return sets are columns.
	expanded []*bind.Expr
}

// selectRows binds a SELECT, in the order in which PostgreSQL does it.
func (q *query) selectRows(n *ast.Select, order []exprast.OrderItem, limit *ast.Limit) (*rows, error) {
	q.lone = sync.OnceValue(func() map[string]bool { return loneNames(n, order) })
	from, err := q.from(n.From)
	if err != nil {
		return nil, err
	}
	s := &selection{query: q, ast: n, scope: q.place.scope(q, from.items), node: from.node}
	for _, bind := range []func() error{
		s.windowClause, s.items, s.where, s.bindHaving, func() error { return s.orderBy(order) }, s.groupBy, s.distinct,
		func() (err error) { s.limit, err = s.bindLimit(s.scope, limit); return err }, s.emit,
	} {
		if err := bind(); err != nil {
			return nil, err
		}
	}
	for _, step := range []func() error{s.aggregate, s.filterGroups, s.over, s.expand} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return s.answer(), nil
}

func (s *selection) where() error {
	if s.ast.Where == nil {
		return nil
	}
	condition, err := s.condition(s.scope, inWhere(), "WHERE", s.ast.Where)
	if err != nil {
		return s.tooEarly(err, "WHERE")
	}
	s.node = s.filter(s.name, s.node, condition)
	return nil
}

func (s *selection) bindHaving() (err error) {
	if s.ast.Having != nil {
		s.having, err = s.condition(s.scope, inHaving(), "HAVING", s.ast.Having)
	}
	return s.tooEarly(err, "HAVING")
}

// tooEarly gives an error about a column that is only a name of the select list the hint that clause comes before that.
func (s *selection) tooEarly(err error, clause string) error {
	var bad *bind.Error
	if !errors.As(err, &bad) || bad.SQLSTATE != sqlstate.UndefinedColumn {
		return err
	}
	for _, item := range s.ast.Items {
		if item.As != nil && bad.Message == "column \""+item.As.Text+"\" does not exist" {
			return bad.WithHint("\"%s\" is a name of the select list, which comes after %s: write its expression here, or ask in a query around this one.", item.As.Text, clause)
		}
	}
	return err
}

// filterGroups keeps the groups that HAVING wants.
func (s *selection) filterGroups() error {
	if s.having != nil {
		step := s.filter(s.name+".having", s.node, s.having)
		s.node = step
	}
	return nil
}

// items binds the select list.
func (s *selection) items() error {
	for _, item := range s.ast.Items {
		if star, ok := item.X.(*exprast.Star); ok {
			targets, err := s.star(s.scope, inSelect(), star)
			if err != nil {
				return err
			}
			for _, t := range targets {
				placed := *t.expr
				placed.Span = star.Span
				s.targets = append(s.targets, column{t.name, &placed})
			}
			continue
		}
		e, err := s.expr(s.scope, inSelect(), item.X)
		if err != nil {
			return err
		}
		if err := guardedSets(e); err != nil {
			return err
		}
		name := s.columnName(item.X)
		if item.As != nil {
			name = item.As.Text
		}
		s.targets = append(s.targets, column{name, e})
	}
	s.visible = len(s.targets)
	return nil
}

// star expands *, t.* and (row).*.
func (q *query) star(s *scope, c clause, n *exprast.Star) ([]column, error) {
	if n.Of == nil {
		if len(s.items) == 0 {
			return nil, errorf(n.Span, sqlstate.SyntaxError, "SELECT * with no tables specified is not valid")
		}
		return visible(s.items), nil
	}
	if table, ok := n.Of.(*exprast.Column); ok && !n.Expand {
		if targets, err := s.tableStar(table); targets != nil || err != nil {
			return targets, err
		}
	}
	e, err := q.expr(s, c, n.Of)
	if err != nil {
		return nil, err
	}
	return membersOf(e, n.Span)
}

// tableStar expands t.* where t is a table; nil if it is a column.
func (s *scope) tableStar(n *exprast.Column) ([]column, error) {
	parts := n.Parts
	if len(parts) == 2 && parts[0].Text == publicSchema {
		parts = parts[1:]
	}
	if len(parts) != 1 {
		return nil, nil
	}
	it, at, up, err := s.table(parts[0].Text)
	if err != nil {
		return nil, placedAt(err, n.Span)
	}
	if it != nil {
		targets := slices.Clone(it.columns)
		for i := range targets {
			targets[i].expr = s.reached(at, up, targets[i].expr)
		}
		return targets, nil
	}
	if e, _ := s.bare(parts[0].Text); e == nil || e.Type.Kind != schema.Row {
		return nil, placedAt(s.noTable(parts[0].Text), n.Span)
	}
	return nil, nil
}

func placedAt(err error, at exprast.Span) error {
	if bad := asError(err); bad != nil {
		bad.Span = at
	}
	return err
}

// membersOf makes a target of each member of a row.
func membersOf(e *bind.Expr, at exprast.Span) ([]column, error) {
	if e.Type.Fields == nil {
		return nil, errorf(at, sqlstate.WrongObjectType, "type %s is not composite", e.Type.PgName())
	}
	targets := make([]column, len(e.Type.Fields))
	for i, f := range e.Type.Fields {
		targets[i] = column{f.Name, bind.MemberOf(e, i)}
	}
	return targets, nil
}

// orderBy finds or adds the targets that ORDER BY sorts by.
func (s *selection) orderBy(order []exprast.OrderItem) error {
	for _, o := range order {
		i, err := s.key(o.X, "ORDER BY", inOrderBy())
		if err != nil {
			return err
		}
		if key := sortKey(i, o); !slices.ContainsFunc(s.keys, func(k logical.SortKey) bool { return k.Column == i }) {
			s.keys = append(s.keys, key)
		}
	}
	return nil
}

// key finds the target that a key of ORDER BY or DISTINCT ON means: by name, by number, or by being the same expression; else it adds one.
func (s *selection) key(n exprast.Node, what string, c clause) (int, error) {
	switch n := n.(type) {
	case *exprast.Literal:
		return position(n, what, s.visible)
	case *exprast.Unary:
		if l := minus(n); l != nil {
			return position(l, what, s.visible)
		}
	case *exprast.Column:
		if len(n.Parts) == 1 {
			if i, err := s.output(n, what); i >= 0 || err != nil {
				return i, err
			}
		}
	}
	e, err := s.expr(s.scope, c, n)
	if err != nil {
		return 0, err
	}
	return s.target(bind.Settle(e)), nil
}

// output finds the column of the select list with a name, -1 if there is none.
func (s *selection) output(n *exprast.Column, what string) (int, error) {
	at := -1
	for i, t := range s.targets[:s.visible] {
		switch {
		case t.name != n.Parts[0].Text:
		case at < 0:
			at = i
		case !bind.Same(s.targets[at].expr, t.expr):
			return 0, errorf(n.Span, sqlstate.AmbiguousColumn, "%s \"%s\" is ambiguous", what, t.name)
		}
	}
	return at, nil
}

// target returns the number of the target that is e, which is added if there is none.
func (s *selection) target(e *bind.Expr) int {
	for i, t := range s.targets {
		if bind.Same(bind.Settle(t.expr), e) {
			return i
		}
	}
	s.targets = append(s.targets, column{"order" + itoa(len(s.targets)-s.visible+1), e})
	return len(s.targets) - 1
}

// distinct checks DISTINCT against ORDER BY.
func (s *selection) distinct() error {
	if !s.ast.Distinct {
		return nil
	}
	if s.ast.DistinctOn == nil {
		for _, k := range s.keys {
			if k.Column >= s.visible {
				return errorf(s.targets[k.Column].expr.Span, invalidColumnRef, "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
			}
		}
		return nil
	}
	for _, n := range s.ast.DistinctOn {
		i, err := s.key(n, "DISTINCT ON", inDistinctOn())
		if err != nil {
			return err
		}
		if !slices.Contains(s.on, i) {
			s.on = append(s.on, i)
		}
	}
	for i, k := range s.keys[:min(len(s.keys), len(s.on))] {
		if !slices.Contains(s.on, k.Column) {
			return errorf(s.ast.DistinctOn[i].Location(), invalidColumnRef, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
		}
	}
	return nil
}

// answer makes the columns, removes duplicates, sorts, limits, and drops what only sorting needed. Where nothing is sorted or compared, rows are
// limited before their columns are computed, so that no row fails that is not wanted.
func (s *selection) answer() *rows {
	plain := len(s.keys) == 0 && !s.ast.Distinct
	if plain {
		s.node = s.limited(s.node, nil, s.limit)
	}
	n := s.project(func() logical.Step { return s.step(s.name, "select") }, s.node, s.targets)
	switch {
	case s.on != nil:
		n = s.distinctOn(n)
	case s.ast.Distinct:
		n = s.distinctRows(s.name, n)
	}
	if !plain {
		n = s.limited(n, s.keys, s.limit)
	}
	out := &rows{node: s.firstColumns(s.name, n, s.visible), columns: make([]outColumn, s.visible)}
	for i, t := range s.targets[:s.visible] {
		sorted := s.ast.Distinct || slices.ContainsFunc(s.keys, func(k logical.SortKey) bool { return k.Column == i })
		out.columns[i] = outColumn{t.name, t.expr.Type, !sorted && t.expr.Unknown && t.expr.IsConst()}
	}
	return out
}

// distinctRows removes rows that are equal to others.
func (b *Binder) distinctRows(name string, n logical.Node) logical.Node {
	keys := make([]int, n.Schema().Len())
	for i := range keys {
		keys[i] = i
	}
	return logical.NewAggregate(b.step(name, "distinct"), n, keys, nil, nil)
}

// distinctOn keeps the first row, in the order of ORDER BY, for each value of the keys.
func (s *selection) distinctOn(n logical.Node) logical.Node {
	return &logical.Sort{Step: s.step(s.name, "distinct"), Input: n, Keys: s.keys, Limit: 1, Partition: s.on}
}

// firstColumns keeps the first columns of n.
func (b *Binder) firstColumns(name string, n logical.Node, columns int) logical.Node {
	if n.Schema().Len() == columns {
		return n
	}
	return b.project(func() logical.Step { return b.step(name, "select") }, n, passed(n)[:columns])
}
