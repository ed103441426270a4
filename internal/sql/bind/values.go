package bind

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// oneRow is a row without columns, one for all that read it.
func (b *Binder) oneRow() logical.Node {
	if b.one == nil {
		b.one = &logical.Scan{Source: b.env.Rows("one_row", schema.New(), []*batch.Batch{{Len: 1}})}
	}
	return b.one
}

// values binds VALUES as a query.
func (q *query) values(n *ast.Values) (*rows, error) {
	list, err := q.valueRows(n)
	if err != nil {
		return nil, err
	}
	out := &rows{columns: make([]outColumn, len(list[0]))}
	for i := range out.columns {
		column := make([]*bind.Expr, len(list))
		undecided := true
		for r, row := range list {
			column[r] = row[i]
			undecided = undecided && row[i].Unknown
		}
		typ, err := bind.Unify("VALUES", column)
		if err != nil {
			return nil, err
		}
		out.columns[i] = outColumn{"column" + itoa(i+1), typ, undecided && len(list) == 1}
		for r := range list {
			list[r][i] = column[r]
		}
	}
	out.node = q.valuesNode(q.name, out.names(), list)
	return out, nil
}

func (r *rows) names() []string {
	names := make([]string, len(r.columns))
	for i, c := range r.columns {
		names[i] = c.name
	}
	return names
}

// valueRows binds the expressions of VALUES.
func (q *query) valueRows(n *ast.Values) ([][]*bind.Expr, error) {
	s := q.place.scope(q, nil)
	list := make([][]*bind.Expr, len(n.Rows))
	for r, row := range n.Rows {
		for _, x := range row.Exprs {
			if star, ok := x.(*exprast.Star); ok {
				columns, err := q.star(s, inValues(), star)
				if err != nil {
					return nil, err
				}
				for _, c := range columns {
					list[r] = append(list[r], c.expr)
				}
				continue
			}
			e, err := q.expr(s, inValues(), x)
			if err != nil {
				return nil, err
			}
			list[r] = append(list[r], e)
		}
		if len(list[r]) != len(list[0]) {
			return nil, errorf(row.Span, sqlstate.SyntaxError, "VALUES lists must all be the same length")
		}
	}
	return list, nil
}

// valuesNode is rows of expressions: those that are constants are computed now and kept, the others when the pipeline runs.
func (b *Binder) valuesNode(name string, names []string, list [][]*bind.Expr) logical.Node {
	fields := make([]schema.Field, len(names))
	for i, n := range names {
		fields[i] = schema.Field{Name: n, Type: list[0][i].Type}
	}
	constant := true
	for _, row := range list {
		for i, e := range row {
			row[i] = bind.Settle(eval.Fold(e))
			constant = constant && row[i].IsConst()
		}
	}
	if constant {
		return &logical.Scan{Source: b.env.Rows(b.step(name, "values").Name, schema.New(fields...), batches(fields, list))}
	}
	union := &logical.Union{}
	for _, row := range list {
		targets := make([]column, len(row))
		for i, e := range row {
			targets[i] = column{names[i], e}
		}
		union.In = append(union.In, b.project(func() logical.Step { return b.step(name, "values") }, b.oneRow(), targets))
	}
	if len(union.In) == 1 {
		return union.In[0]
	}
	return union
}

// batches are rows of constants as columns.
func batches(fields []schema.Field, list [][]*bind.Expr) []*batch.Batch {
	var out []*batch.Batch
	pool := &batch.Pool{}
	for first := 0; first < len(list); first += batch.MaxRows {
		rows := list[first:min(first+batch.MaxRows, len(list))]
		b := &batch.Batch{Len: len(rows), Cols: make([]*batch.Column, len(fields))}
		for i, f := range fields {
			b.Cols[i] = batch.NewColumn(pool, f.Type)
			b.Cols[i].Reset(len(rows))
			for r, row := range rows {
				b.Cols[i].CopyRow(r, row[i].Value, 0)
			}
		}
		out = append(out, b)
	}
	return out
}
