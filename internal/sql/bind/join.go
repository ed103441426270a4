package bind

import (
	"slices"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// join is a join in the making. Its items are over the columns of the left and then the right.
type join struct {
	*query
	ast         *ast.Join
	place       place
	left, right part
	condition   *bind.Expr
	asOf        *bind.Expr
	// merged are the columns of USING or NATURAL.
	merged []column
	items  []*item
}

func (j *join) bind() error {
	j.items = slices.Concat(j.left.items, j.right.items)
	using := j.ast.Using
	if j.ast.Natural {
		using = j.common()
	}
	if len(using) > 0 {
		if err := j.using(using); err != nil {
			return err
		}
	}
	if j.ast.On != nil {
		condition, err := j.query.condition(j.place.scopeOf(j.query, j.items), inJoin(), "JOIN/ON", j.ast.On)
		if err != nil {
			return err
		}
		j.condition = condition
	}
	if err := j.version(); err != nil {
		return err
	}
	return j.alias()
}

// version binds the time of FOR SYSTEM_TIME AS OF, which is one of the left's row.
func (j *join) version() error {
	if j.right.asOf == nil {
		return nil
	}
	n := j.right.asOf.AsOf
	e, err := j.expr(j.place.scopeOf(j.query, j.left.items), inJoin(), n)
	if err != nil {
		return err
	}
	if k := e.Type.Kind; k != schema.Timestamp && k != schema.TimestampTZ {
		return errorf(n.Location(), sqlstate.DatatypeMismatch, "the time of FOR SYSTEM_TIME AS OF must be a timestamp, not %s", e.Type.PgName())
	}
	j.asOf = seal(e, j.left.node.Schema().Len())
	return nil
}

// scopeOf returns the scope of a condition over items, which sees nothing of the entries beside the join.
func (p place) scopeOf(q *query, items []*item) *scope {
	return &scope{items: items, level: p.level, parent: p.around, sees: q.place.sees, query: q}
}

// visible are the columns that * means, in order.
func visible(items []*item) []column {
	var columns []column
	for _, it := range items {
		if it.bare {
			columns = append(columns, it.columns...)
		}
	}
	return columns
}

// common are the names that both sides have, in the order of the left.
func (j *join) common() []exprast.Name {
	right := visible(j.right.items)
	var names []exprast.Name
	for _, l := range visible(j.left.items) {
		if slices.ContainsFunc(right, func(r column) bool { return r.name == l.name }) {
			names = append(names, exprast.Name{Span: j.ast.OpSpan, Text: l.name})
		}
	}
	return names
}

// using merges columns, and makes their equality the condition.
func (j *join) using(names []exprast.Name) error {
	left, right := visible(j.left.items), visible(j.right.items)
	for i, n := range names {
		if slices.ContainsFunc(names[:i], func(o exprast.Name) bool { return o.Text == n.Text }) {
			return errorf(n.Span, duplicateColumn, "column name \"%s\" appears more than once in USING clause", n.Text)
		}
		l, err := usingColumn(left, n, "left")
		if err != nil {
			return err
		}
		r, err := usingColumn(right, n, "right")
		if err != nil {
			return err
		}
		merged, err := j.merge(l, r)
		if err != nil {
			return placedIfNot(err, n.Span)
		}
		equal, err := bind.CompareOf(n.Span, bind.Equal, l, r)
		if err != nil {
			return err
		}
		j.condition = bind.AndOf(j.condition, equal)
		j.merged = append(j.merged, column{n.Text, merged})
	}
	rest := func(columns []column) []column {
		return slices.DeleteFunc(columns, func(c column) bool {
			return slices.ContainsFunc(names, func(n exprast.Name) bool { return n.Text == c.name })
		})
	}
	all := &item{columns: slices.Concat(j.merged, rest(left), rest(right)), bare: true, at: j.ast.Span}
	hidden := j.items
	j.items = make([]*item, len(hidden), len(hidden)+1)
	for i, it := range hidden {
		c := *it
		c.bare = false
		j.items[i] = &c
	}
	j.items = append(j.items, all)
	if a := j.ast.UsingAlias; a != nil {
		named := &item{name: a.Text, columns: j.merged, byTable: true, at: a.Span}
		if err := distinctNames(j.items, []*item{named}); err != nil {
			return err
		}
		j.items = append(j.items, named)
		j.all = append(j.all, named)
	}
	return nil
}

func usingColumn(columns []column, n exprast.Name, side string) (*bind.Expr, error) {
	var found *bind.Expr
	for _, c := range columns {
		if c.name != n.Text {
			continue
		}
		if found != nil {
			return nil, errorf(n.Span, sqlstate.AmbiguousColumn, "common column name \"%s\" appears more than once in %s table", n.Text, side)
		}
		found = c.expr
	}
	if found == nil {
		return nil, errorf(n.Span, sqlstate.UndefinedColumn, "column \"%s\" specified in USING clause does not exist in %s table", n.Text, side)
	}
	return found, nil
}

// merge is the one column that two of USING make.
func (j *join) merge(l, r *bind.Expr) (*bind.Expr, error) {
	both := []*bind.Expr{l, r}
	typ, err := bind.Unify("JOIN/USING", both)
	if err != nil {
		return nil, err
	}
	switch {
	case j.ast.Kind == ast.FullJoin:
		return &bind.Expr{Op: bind.Coalesce, Type: typ, Args: both}, nil
	case j.ast.Kind == ast.RightJoin, j.ast.Kind == ast.InnerJoin && both[0] != l && both[1] == r:
		return both[1], nil
	}
	return both[0], nil
}

// alias hides the items behind the alias of a join in parentheses.
func (j *join) alias() error {
	a := j.ast.Alias
	if a == nil {
		return nil
	}
	it, err := j.itemOf(j.ast.Span, "", visible(j.items), a)
	if err != nil {
		return err
	}
	j.items = []*item{it}
	j.all = append(j.all, it)
	return nil
}

// made is the join as a part of FROM.
func (j *join) made(dependent bool) part {
	kind := map[ast.JoinKind]logical.JoinKind{ast.LeftJoin: logical.Left, ast.RightJoin: logical.Right, ast.FullJoin: logical.Full}[j.ast.Kind]
	width := j.left.node.Schema().Len() + j.right.node.Schema().Len()
	condition := j.condition
	if condition != nil {
		if condition = seal(condition, width); isTrue(condition) {
			condition = nil
		}
	}
	n := logical.NewJoin(j.step(j.name, "join"), kind, j.left.node, j.right.node, nil, condition)
	n.Dependent, n.AsOf = dependent, j.asOf
	return part{node: n, items: j.items}
}
