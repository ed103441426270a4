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

// part is what one entry of FROM yields: rows, and the names of their columns.
type part struct {
	node  logical.Node
	items []*item
	// call is set where the part is functions that return sets and nothing else.
	call *rowsCall
	// asOf says that the part is a table with FOR SYSTEM_TIME AS OF.
	asOf *ast.TableName
}

// from binds a whole FROM: the entries are joined from left to right.
func (q *query) from(list []ast.TableExpr) (part, error) {
	if len(list) == 0 {
		return part{node: q.oneRow()}, nil
	}
	out, err := q.entry(list[0], q.place)
	if err != nil {
		return part{}, err
	}
	if err := out.versioned(); err != nil {
		return part{}, err
	}
	for _, t := range list[1:] {
		if out, err = q.joined(out, &ast.Join{Span: t.Location(), Kind: ast.CrossJoin, R: t}, q.place); err != nil {
			return part{}, err
		}
	}
	return out, nil
}

// entry binds one entry of FROM at a place.
func (q *query) entry(t ast.TableExpr, p place) (part, error) {
	switch t := t.(type) {
	case *ast.TableName:
		return q.tableName(t, p)
	case *ast.Derived:
		return q.derived(t, p)
	case *ast.TableFunction:
		return q.tableFunction(t, p)
	case *ast.WindowTable:
		return q.windowTable(t, p)
	case *ast.Join:
		left, err := q.entry(t.L, p)
		if err != nil {
			return part{}, err
		}
		if err := left.versioned(); err != nil {
			return part{}, err
		}
		return q.joined(left, t, p)
	}
	return part{}, errorf(t.Location(), sqlstate.FeatureNotSupported, "this is not supported in FROM")
}

// versioned refuses a table as of a time where no row says the time.
func (p part) versioned() error {
	if p.asOf == nil {
		return nil
	}
	return errorf(p.asOf.AsOf.Location(), sqlstate.FeatureNotSupported, "FOR SYSTEM_TIME AS OF is for the right side of a JOIN or LEFT JOIN").
		WithHint("Write FROM stream JOIN %s FOR SYSTEM_TIME AS OF stream.time ON ….", p.asOf.Name.Last().Text)
}

// add makes items known to messages, and returns them as a part's.
func (q *query) add(n logical.Node, items ...*item) part {
	q.all = append(q.all, items...)
	return part{node: n, items: items}
}

// named makes the item of a table whose columns are those of its node, under its alias.
func (q *query) itemOf(at exprast.Span, table string, columns []column, alias *ast.Alias) (*item, error) {
	it := &item{name: table, columns: columns, byTable: true, bare: true, at: at}
	if alias == nil {
		return it, nil
	}
	it.name, it.table = alias.Name.Text, table
	if len(alias.Columns) > len(columns) {
		return nil, errorf(alias.Span, invalidColumnRef, "table \"%s\" has %d columns available but %d columns specified", it.name, len(columns),
			len(alias.Columns))
	}
	it.columns = renamed(columns, alias.Columns)
	return it, nil
}

// renamed gives the first columns other names.
func renamed(columns []column, names []exprast.Name) []column {
	out := append([]column(nil), columns...)
	for i, n := range names {
		out[i].name = n.Text
	}
	return out
}

func (q *query) derived(t *ast.Derived, p place) (part, error) {
	inside := place{around: p.around, sees: q.place.sees, level: p.level, beside: q}
	if t.Lateral {
		inside.sees = p.sees
	}
	name := q.name
	if t.Alias != nil {
		name += "." + t.Alias.Name.Text
	}
	before := q.clause
	q.clause = inFrom()
	r, err := q.Binder.query(t.Query, inside, q.with, name, false)
	q.clause = before
	if err != nil {
		return part{}, err
	}
	it, err := q.itemOf(t.Span, "", r.asColumns(), t.Alias)
	if err != nil {
		return part{}, err
	}
	it.byTable = t.Alias != nil
	return q.add(r.node, it), nil
}

// mayRefer reports whether an entry may refer to entries left of it.
func mayRefer(t ast.TableExpr) bool {
	switch t := t.(type) {
	case *ast.Derived:
		return t.Lateral
	case *ast.TableFunction:
		return true
	case *ast.Join:
		return mayRefer(t.L) || mayRefer(t.R)
	}
	return false
}

// joined joins left with the right side of t.
func (q *query) joined(left part, t *ast.Join, p place) (part, error) {
	inside := p
	var frame *scope
	if mayRefer(t.R) {
		items := left.items
		if t.Kind == ast.RightJoin || t.Kind == ast.FullJoin {
			items = barred(items)
		}
		frame = &scope{items: items, level: p.level, parent: p.around, sees: p.sees, query: q, left: true}
		inside = place{around: frame, sees: frame, level: p.level + 1}
	}
	right, err := q.entry(t.R, inside)
	if err != nil {
		return part{}, err
	}
	if err := distinctNames(left.items, right.items); err != nil {
		return part{}, err
	}
	if t.Kind != ast.InnerJoin && t.Kind != ast.LeftJoin {
		if err := right.versioned(); err != nil {
			return part{}, err
		}
	}
	dependent := frame != nil && frame.used
	if dependent && right.call != nil && unconditional(t) {
		return q.functionOver(left, right, t.Kind == ast.LeftJoin), nil
	}
	if t.Kind == ast.RightJoin || t.Kind == ast.FullJoin {
		left = q.marked(left)
	}
	if t.Kind == ast.LeftJoin || t.Kind == ast.FullJoin {
		right = q.marked(right)
	}
	j := &join{query: q, ast: t, place: p, left: left, right: right}
	j.right.items = shifted(right.items, left.node.Schema().Len())
	if err := j.bind(); err != nil {
		return part{}, err
	}
	if frame != nil && !dependent {
		raise(right.node)
	}
	return j.made(dependent), nil
}

// marked adds a column that is TRUE to a side of a join that may have no row, for each table in it whose row may be meant somewhere.
func (q *query) marked(p part) part {
	targets := passed(p.node)
	items := slices.Clone(p.items)
	for i, it := range items {
		if !it.byTable || it.present != nil || !q.lone()[it.name] {
			continue
		}
		yes := bind.BoolOf(true)
		marked := *it
		marked.present = columnOf(len(targets), schema.Field{Type: yes.Type})
		items[i] = &marked
		targets = append(targets, column{it.name + " is there", yes})
	}
	if len(targets) == p.node.Schema().Len() {
		return p
	}
	return part{node: q.project(func() logical.Step { return q.step(q.name, "present") }, p.node, targets), items: items, asOf: p.asOf}
}

// unconditional reports whether a join pairs every row with every row that its right side has for it.
func unconditional(t *ast.Join) bool {
	if t.Natural || len(t.Using) > 0 || t.Alias != nil {
		return false
	}
	l, literal := t.On.(*exprast.Literal)
	return t.Kind == ast.CrossJoin || (t.Kind == ast.InnerJoin || t.Kind == ast.LeftJoin) && literal && l.Kind == exprast.True
}

// functionOver joins left with functions of its columns.
func (q *query) functionOver(left, right part, outer bool) part {
	step := right.node.(*logical.RowsFrom).Step //nolint:forcetypeassert // what a call is made of
	n, first := right.call.over(q, step, left.node, outer)
	moved := shifted(right.items, first-len(right.call.args))
	return part{node: n, items: append(slices.Clone(left.items), moved...)}
}

// barred returns items that may not be referred to from the right.
func barred(items []*item) []*item {
	out := make([]*item, len(items))
	for i, it := range items {
		c := *it
		c.barred = true
		out[i] = &c
	}
	return out
}

// distinctNames refuses two tables of one name.
func distinctNames(left, right []*item) error {
	for _, r := range right {
		for _, l := range left {
			if r.byTable && l.byTable && r.name == l.name && r.name != "" {
				return errorf(r.at, duplicateAlias, "table name \"%s\" specified more than once", r.name).WithHint("Give one of them an alias.")
			}
		}
	}
	return nil
}

// tableAs is the columns of a node as a table's.
func tableAs(n logical.Node) []column {
	fields := n.Schema().Fields
	columns := make([]column, len(fields))
	for i, f := range fields {
		columns[i] = column{f.Name, columnOf(i, f)}
	}
	return columns
}

// columnOf is the expression for a whole column.
func columnOf(i int, f schema.Field) *bind.Expr {
	return &bind.Expr{Op: bind.Column, Type: f.Type, Path: []int{i}}
}
