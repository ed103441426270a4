package ast

import (
	"strings"

	expr "wire.example/wire/internal/expr/ast"
)

func upper(s string) string { return strings.ToUpper(s) }

func (p *printer) query(q *Query) {
	p.with(q.With)
	p.body(q.Body)
	if len(q.OrderBy) > 0 {
		p.add(" ORDER BY ")
		list(p, q.OrderBy, func(o expr.OrderItem) { p.add(o.String()) })
	}
	if q.Limit != nil {
		p.limit(q.Limit)
	}
}

func (p *printer) with(w *With) {
	if w == nil {
		return
	}
	p.add("WITH ")
	p.when(w.Recursive, "RECURSIVE ")
	list(p, w.Tables, func(t *CommonTable) {
		p.name(t.Name)
		p.columns(t.Columns)
		p.add(" AS ")
		if t.Materialize != MaterializeDefault {
			p.add(t.Materialize.String() + " ")
		}
		p.add("(")
		p.query(t.Query)
		p.add(")")
	})
	p.add(" ")
}

// limit prints WITH TIES as FETCH, which alone has it. A count other than a plain number stands in parentheses there.
func (p *printer) limit(l *Limit) {
	switch {
	case l.All:
		p.add(" LIMIT ALL")
	case l.Count != nil && !l.WithTies:
		p.add(" LIMIT ")
		p.expr(l.Count)
	}
	if l.Offset != nil {
		p.add(" OFFSET ")
		p.expr(l.Offset)
	}
	if l.WithTies {
		p.add(" FETCH FIRST (")
		p.expr(l.Count)
		p.add(") ROWS WITH TIES")
	}
}

func (p *printer) body(b Body) {
	switch b := b.(type) {
	case *Query:
		p.add("(")
		p.query(b)
		p.add(")")
	case *Select:
		p.selectClauses(b)
	case *SetOperation:
		p.operand(b.L, setLevel(b.Op))
		p.add(" " + b.Op.String())
		p.when(b.All, " ALL")
		p.add(" ")
		p.operand(b.R, setLevel(b.Op)+1)
	case *Values:
		p.add("VALUES ")
		list(p, b.Rows, func(r ValuesRow) {
			p.add("(")
			list(p, r.Exprs, p.expr)
			p.add(")")
		})
	case *TableQuery:
		p.add("TABLE ")
		p.tableExpr(b.Table)
	}
}

// setLevel is how tightly a set operation binds.
func setLevel(op SetOp) int {
	if op == Intersect {
		return 1
	}
	return 0
}

// operand prints an operand of a set operation, in parentheses if it binds more loosely than level.
func (p *printer) operand(b Body, level int) {
	if s, ok := b.(*SetOperation); ok && setLevel(s.Op) < level {
		p.add("(")
		p.body(s)
		p.add(")")
		return
	}
	p.body(b)
}

func (p *printer) selectClauses(s *Select) {
	p.add("SELECT")
	p.when(s.Distinct, " DISTINCT")
	if s.DistinctOn != nil {
		p.add(" ON (")
		list(p, s.DistinctOn, p.expr)
		p.add(")")
	}
	p.when(len(s.Items) > 0, " ")
	list(p, s.Items, func(i *expr.SelectItem) { p.expr(i) })
	if len(s.From) > 0 {
		p.add(" FROM ")
		list(p, s.From, p.tableExpr)
	}
	p.clause(" WHERE ", s.Where)
	if g := s.GroupBy; g != nil {
		p.add(" GROUP BY ")
		p.when(g.Distinct, "DISTINCT ")
		list(p, g.Items, p.groupItem)
	}
	p.clause(" HAVING ", s.Having)
	if len(s.Windows) > 0 {
		p.add(" WINDOW ")
		list(p, s.Windows, func(w NamedWindow) {
			p.name(w.Name)
			p.add(" AS " + w.Window.String())
		})
	}
	p.streamClauses(s)
}

// clause prints words and what follows them, nothing without the latter.
func (p *printer) clause(words string, x expr.Node) {
	if x != nil {
		p.add(words)
		p.expr(x)
	}
}

func (p *printer) streamClauses(s *Select) {
	if e := s.Emit; e != nil {
		p.add(" EMIT")
		p.when(e.Mode != EmitDefault, " "+e.Mode.String())
		p.clause(" EVERY ", e.Every)
	}
	p.clause(" ALLOWED LATENESS ", s.AllowedLateness)
	if s.LateInto != nil {
		p.add(" LATE INTO ")
		p.object(*s.LateInto)
	}
}

func (p *printer) groupItem(g *GroupItem) {
	switch {
	case g.Kind != GroupExprs:
		p.add(g.Kind.String() + " (")
		list(p, g.Items, p.groupItem)
		p.add(")")
	case len(g.Exprs) == 1:
		text := expr.SQL(g.Exprs[0])
		// A function of such a name would read as the clause.
		apart := strings.HasPrefix(text, "rollup(") || strings.HasPrefix(text, "cube(")
		p.when(apart, "(")
		p.add(text)
		p.when(apart, ")")
	default:
		p.add("(")
		list(p, g.Exprs, p.expr)
		p.add(")")
	}
}
