package ast

import "fmt"

// between puts its lower bound in parentheses unless it is closed by itself: the grammar takes fewer operators there.
func (p *printer) between(n *Between) {
	p.expr(n.X, RangePrecedence+1)
	p.add(" " + not(n.Not) + "BETWEEN ")
	if n.Symmetric {
		p.add("SYMMETRIC ")
	}
	p.expr(n.Low, SignPrecedence)
	p.add(" AND ")
	p.expr(n.High, RangePrecedence+1)
}

func (p *printer) in(n *In) {
	p.expr(n.X, RangePrecedence+1)
	p.add(" " + not(n.Not) + "IN (")
	if n.Query != nil {
		p.foreign(n.Query.Query)
	} else {
		p.list(n.List)
	}
	p.add(")")
}

//nolint:gochecknoglobals // immutable table
var likeWords = [...]string{PlainLike: "LIKE", ILike: "ILIKE", SimilarTo: "SIMILAR TO"}

func (p *printer) like(n *Like) {
	p.expr(n.X, RangePrecedence+1)
	p.add(" " + not(n.Not) + likeWords[n.Kind] + " ")
	p.expr(n.Pattern, RangePrecedence+1)
	if n.Escape != nil {
		p.add(" ESCAPE ")
		p.expr(n.Escape, RangePrecedence+1)
	}
}

func (p *printer) quantified(n *Quantified) {
	left, _ := operandLevels(quantifiedLevel(n.Op))
	p.expr(n.L, left)
	if n.All {
		p.add(" " + n.Op + " ALL (")
	} else {
		p.add(" " + n.Op + " ANY (")
	}
	if q, ok := n.R.(*Opaque); ok && q.Form == RowsQuery {
		p.foreign(q.Query)
	} else {
		p.expr(n.R, LowestPrecedence)
	}
	p.add(")")
}

func (p *printer) caseOf(n *Case) {
	p.add("CASE")
	if n.Operand != nil {
		p.add(" ")
		p.expr(n.Operand, LowestPrecedence)
	}
	for _, w := range n.Whens {
		p.add(" WHEN ")
		p.expr(w.Cond, LowestPrecedence)
		p.add(" THEN ")
		p.expr(w.Result, LowestPrecedence)
	}
	if n.Else != nil {
		p.add(" ELSE ")
		p.expr(n.Else, LowestPrecedence)
	}
	p.add(" END")
}

func (p *printer) opaque(n *Opaque) {
	switch n.Form {
	case ExistsQuery:
		p.add("EXISTS ")
	case ArrayQuery:
		p.add("ARRAY ")
	case ScalarQuery, RowsQuery:
	}
	p.add("(")
	p.foreign(n.Query)
	p.add(")")
}

func (p *printer) foreign(n Node) {
	if s, ok := n.(fmt.Stringer); ok {
		p.add(s.String())
		return
	}
	p.add(fmt.Sprintf("/* %T */", n))
}
