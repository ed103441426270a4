package parse

import (
	"strconv"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/sdk/sqlstate"
)

// prefix parses what an expression can begin with: a prefix operator or an operand that is closed by itself.
func (p *Parser) prefix() ast.Node {
	t := p.Peek()
	switch t.Kind {
	case Integer, Decimal, Float, String:
		return p.literal(t)
	case Param:
		return p.param(t)
	case Operator:
		return p.unary(t)
	case Symbol:
		if t.Text == "(" {
			return p.parenthesised()
		}
	case Ident:
		return p.wordOperand(t)
	case EOF, Invalid:
	}
	p.Unexpected()
	return nil
}

func (p *Parser) literal(t *Token) ast.Node {
	p.pos++
	kind := ast.String
	switch t.Kind {
	case Integer:
		kind = ast.Integer
	case Decimal:
		kind = ast.Decimal
	case Float:
		kind = ast.Float
	default:
	}
	return &ast.Literal{Kind: kind, Text: t.Text, Span: t.Span}
}

func (p *Parser) param(t *Token) ast.Node {
	n, err := strconv.ParseInt(t.Text, 10, 32)
	if err != nil || n == 0 {
		p.Errorf(t.Span, undefinedParameter, "there is no parameter $%s", t.Text)
		return nil
	}
	p.pos++
	return p.indirections(&ast.Param{Number: int32(n), Span: t.Span}, t.Start)
}

func (p *Parser) unary(t *Token) ast.Node {
	level := ast.PrefixLevel(t.Text)
	if refused(t.Text) || level == ast.OperatorPrecedence && ast.OperatorLevel(t.Text) != level {
		p.Unexpected()
		return nil
	}
	p.pos++
	if level == ast.OperatorPrecedence {
		level++ // associates to the left, as its infix kin do
	}
	x := p.operand(level)
	return &ast.Unary{Op: t.Text, X: x, Span: p.From(t.Start)}
}

// parenthesised parses (expr), (a, b) and a scalar subquery.
func (p *Parser) parenthesised() ast.Node {
	start := p.Peek().Start
	if q := p.query(ast.ScalarQuery); q != nil {
		return p.indirections(q, start)
	}
	p.Open("(")
	first := p.expr(ast.LowestPrecedence)
	if !p.At(",") {
		p.Close()
		return p.indirections(first, start)
	}
	elems := []ast.Node{first}
	for p.Accept(",") {
		elems = append(elems, p.expr(ast.LowestPrecedence))
	}
	p.Close()
	return p.overlaps(&ast.Row{Elems: elems, Span: p.From(start)})
}

// overlaps parses OVERLAPS behind a row.
func (p *Parser) overlaps(left *ast.Row) ast.Node {
	if p.restricted || !p.AcceptWords("overlaps") {
		return left
	}
	word := *p.previous()
	p.AcceptWords("row")
	p.Open("(")
	right := p.exprList()
	p.Close()
	for i, side := range [][]ast.Node{left.Elems, right} {
		if len(side) != 2 && p.err == nil {
			p.Errorf(word.Span, sqlstate.SyntaxError, "wrong number of parameters on %s side of OVERLAPS expression",
				[]string{"left", "right"}[i])
		}
	}
	name := []ast.Name{{Text: "overlaps", Span: word.Span}}
	return &ast.FuncCall{Name: name, Args: positional(append(left.Elems[:len(left.Elems):len(left.Elems)], right...)...), Span: p.From(left.Start)}
}

// indirections parses the fields and subscripts behind a value: .name, .*, [i], [a:b].
func (p *Parser) indirections(n ast.Node, start int32) ast.Node {
	for p.err == nil {
		switch {
		case p.At("."):
			p.pos++
			if p.Accept("*") {
				return p.starEnd(&ast.Star{Of: n, Expand: true, Span: p.From(start)})
			}
			field := p.label()
			n = &ast.FieldAccess{X: n, Field: field, Span: p.From(start)}
		case p.At("["):
			n = p.subscript(n, start)
		default:
			return n
		}
		p.grow()
	}
	return n
}

// starEnd refuses a field or subscript of a star.
func (p *Parser) starEnd(star *ast.Star) ast.Node {
	if p.At(".") || p.At("[") {
		p.Errorf(p.previous().Span, sqlstate.SyntaxError, `improper use of "*"`)
	}
	return star
}

func (p *Parser) subscript(n ast.Node, start int32) ast.Node {
	p.Open("[")
	var low, high ast.Node
	if !p.At(":") {
		low = p.expr(ast.LowestPrecedence)
		if !p.At(":") {
			p.Close()
			return &ast.Subscript{X: n, Index: low, Span: p.From(start)}
		}
	}
	p.Expect(":")
	if !p.At("]") {
		high = p.expr(ast.LowestPrecedence)
	}
	p.Close()
	return &ast.Slice{X: n, Low: low, High: high, Span: p.From(start)}
}

// query parses a parenthesised query, nil if none is next.
func (p *Parser) query(form ast.OpaqueForm) *ast.Opaque {
	if !p.AtQuery() {
		return nil
	}
	start := p.Peek().Start
	p.Open("(")
	q := &ast.Opaque{Form: form}
	if p.Subquery == nil {
		p.Errorf(p.Peek().Span, sqlstate.FeatureNotSupported, "subqueries can't be used here")
		return q
	}
	inner, err := p.Subquery(p)
	if err != nil {
		p.adopt(err, p.From(start))
	}
	p.Close()
	q.Query, q.Span = inner, p.From(start)
	return q
}

// AtQuery tells whether a parenthesis that belongs to a query is next. As many parentheses as possible do, as in PostgreSQL: ((SELECT 1)) is
// a query in two, ((SELECT 1) UNION SELECT 2) one in one, and ((SELECT 1) + 1) an expression.
func (p *Parser) AtQuery() bool {
	if !p.At("(") {
		return false
	}
	opens := 1
	for opens <= p.maxDepth && p.PeekAt(opens).Is("(") {
		opens++
	}
	t := p.PeekAt(opens)
	if !t.isAnyWord("select", "with", "table") && !(t.IsWord("values") && p.PeekAt(opens+1).Is("(")) {
		return false
	}
	for inner := p.pos + opens - 1; inner > p.pos; inner-- {
		closer, closed := p.closer(inner)
		if !closed {
			break // the query will say so
		}
		next := &p.tokens[closer+1]
		if !next.Is(")") && !next.isAnyWord("union", "intersect", "except", "order", "limit", "offset", "fetch", "for") {
			return false
		}
	}
	return true
}

// closer returns the token that closes the parenthesis of another one.
func (p *Parser) closer(opener int) (closer int, closed bool) {
	if p.closers == nil {
		p.closers = map[int]int{}
		var open []int
		for i := range p.tokens {
			switch t := &p.tokens[i]; {
			case t.Is("("):
				open = append(open, i)
			case t.Is(")") && len(open) > 0:
				p.closers[open[len(open)-1]] = i
				open = open[:len(open)-1]
			}
		}
	}
	closer, closed = p.closers[opener]
	return closer, closed
}
