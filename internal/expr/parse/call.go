package parse

import (
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/sdk/sqlstate"
)

func positional(nodes ...ast.Node) []ast.Arg {
	args := make([]ast.Arg, len(nodes))
	for i, n := range nodes {
		args[i].X = n
	}
	return args
}

// call parses the arguments of a function and the clauses behind them.
func (p *Parser) call(name []ast.Name, start int32) ast.Node {
	c := &ast.FuncCall{Name: name}
	p.Open("(")
	p.arguments(c)
	p.Close()
	if p.AcceptWords("within", "group") {
		p.checkWithinGroup(c)
		p.Open("(")
		p.ExpectWords("order", "by")
		c.WithinGroup = p.orderItems()
		p.Close()
	}
	if p.AtWords("filter") && p.PeekAt(1).Is("(") {
		p.pos++
		p.Open("(")
		p.ExpectWords("where")
		c.Filter = p.expr(ast.LowestPrecedence)
		p.Close()
	}
	if next := p.PeekAt(1); p.AtWords("over") && (next.Is("(") || next.Kind == Ident) {
		p.pos++
		c.Over = p.over()
	}
	c.Span = p.From(start)
	return c
}

// checkWithinGroup refuses what WITHIN GROUP cannot follow, in PostgreSQL's words.
func (p *Parser) checkWithinGroup(c *ast.FuncCall) {
	var word string
	switch {
	case c.OrderBy != nil:
		word = "multiple ORDER BY clauses"
	case c.Distinct:
		word = "DISTINCT"
	case c.Variadic:
		word = "VARIADIC"
	default:
		return
	}
	p.Errorf(p.previous().Span, sqlstate.SyntaxError, "cannot use %s with WITHIN GROUP", word)
}

func (p *Parser) arguments(c *ast.FuncCall) {
	switch {
	case p.At(")"):
		return
	case p.Accept("*"):
		c.Star = true
		return
	case p.AcceptWords("distinct"):
		c.Distinct = true
	case p.AcceptWords("all"):
	}
	for {
		spread := !c.Distinct && p.AcceptWords("variadic")
		c.Args = append(c.Args, p.argument())
		c.Variadic = spread
		if spread || !p.Accept(",") {
			break
		}
	}
	if p.AcceptWords("order", "by") {
		c.OrderBy = p.orderItems()
	}
}

func (p *Parser) argument() ast.Arg {
	t, next := p.Peek(), p.PeekAt(1)
	if t.Kind != Ident || !next.Is("=>") && !next.Is(":=") {
		return ast.Arg{X: p.expr(ast.LowestPrecedence)}
	}
	if t.Class == ast.Reserved || t.Class == ast.ColumnName {
		p.Unexpected()
		return ast.Arg{}
	}
	p.pos += 2
	name := t.name()
	return ast.Arg{Name: &name, X: p.expr(ast.LowestPrecedence)}
}

// orderItems parses the keys of an ORDER BY.
func (p *Parser) orderItems() []ast.OrderItem {
	items := []ast.OrderItem{p.orderItem()}
	for p.Accept(",") {
		items = append(items, p.orderItem())
	}
	return items
}

func (p *Parser) orderItem() ast.OrderItem {
	o := ast.OrderItem{X: p.expr(ast.LowestPrecedence)}
	if p.AtWords("using") {
		p.Fail(&Error{
			SQLSTATE: sqlstate.FeatureNotSupported, Message: "ORDER BY … USING is not supported", Hint: "use ASC or DESC", Span: p.Peek().Span,
		})
	}
	if !p.AcceptWords("asc") {
		o.Desc = p.AcceptWords("desc")
	}
	switch {
	case p.AcceptWords("nulls", "first"):
		o.Nulls = ast.NullsFirst
	case p.AcceptWords("nulls", "last"):
		o.Nulls = ast.NullsLast
	}
	return o
}
