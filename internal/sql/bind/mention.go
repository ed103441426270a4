package bind

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/sql/ast"
)

// mention looks for the name of a table in a query and all queries inside of it.
type mention struct {
	name string
	at   *exprast.Span
	// words, if not nil, collects the names that stand alone in expressions.
	words map[string]bool
}

// loneNames are the names that stand alone in the expressions of a SELECT and the queries inside of it: t, but not t.a, nor t.* in the select list.
func loneNames(n *ast.Select, order []exprast.OrderItem) map[string]bool {
	m := &mention{words: map[string]bool{}}
	m.selects(n)
	for _, o := range order {
		m.expr(o.X)
	}
	return m.words
}

func (m *mention) query(n *ast.Query) {
	if n == nil {
		return
	}
	if n.With != nil {
		for _, t := range n.With.Tables {
			m.query(t.Query)
			if t.Name.Text == m.name && m.words == nil {
				return // hidden from here on
			}
		}
	}
	m.body(n.Body)
	for _, o := range n.OrderBy {
		m.expr(o.X)
	}
	if n.Limit != nil {
		m.expr(n.Limit.Count)
		m.expr(n.Limit.Offset)
	}
}

func (m *mention) body(n ast.Body) {
	switch n := n.(type) {
	case *ast.Query:
		m.query(n)
	case *ast.SetOperation:
		m.body(n.L)
		m.body(n.R)
	case *ast.TableQuery:
		m.table(n.Table)
	case *ast.Values:
		for _, r := range n.Rows {
			m.exprs(r.Exprs...)
		}
	case *ast.Select:
		m.selects(n)
	}
}

func (m *mention) selects(n *ast.Select) {
	for _, i := range n.Items {
		if star, ok := i.X.(*exprast.Star); !ok || star.Expand {
			m.expr(i.X)
		}
	}
	for _, t := range n.From {
		m.table(t)
	}
	m.exprs(n.DistinctOn...)
	m.exprs(n.Where, n.Having)
	for _, w := range n.Windows {
		m.exprs(w.Window.PartitionBy...)
		for _, o := range w.Window.OrderBy {
			m.expr(o.X)
		}
	}
	if n.GroupBy != nil {
		for _, g := range n.GroupBy.Items {
			m.group(g)
		}
	}
}

func (m *mention) group(g *ast.GroupItem) {
	m.exprs(g.Exprs...)
	for _, i := range g.Items {
		m.group(i)
	}
}

func (m *mention) table(t ast.TableExpr) {
	switch t := t.(type) {
	case *ast.TableName:
		if len(t.Name.Parts) == 1 && t.Name.Last().Text == m.name && m.at == nil {
			m.at = &t.Name.Span
		}
	case *ast.Derived:
		m.query(t.Query)
	case *ast.WindowTable:
		m.table(t.Input)
	case *ast.TableFunction:
		for _, f := range t.Functions {
			m.expr(f.Call)
		}
	case *ast.Join:
		m.table(t.L)
		m.table(t.R)
		m.expr(t.On)
	}
}

func (m *mention) exprs(list ...exprast.Node) {
	for _, n := range list {
		m.expr(n)
	}
}

func (m *mention) expr(n exprast.Node) {
	if n == nil {
		return
	}
	exprast.Walk(n, func(n exprast.Node) bool {
		switch n := n.(type) {
		case *exprast.Opaque:
			if q, ok := n.Query.(*ast.Query); ok {
				m.query(q)
			}
		case *exprast.Column:
			if m.words != nil && len(n.Parts) == 1 {
				m.words[n.Parts[0].Text] = true
			}
		}
		return true
	})
}
