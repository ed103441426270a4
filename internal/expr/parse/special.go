package parse

import (
	"strings"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/sdk/sqlstate"
)

// special parses the functions whose names are keywords and whose arguments have a syntax of their own; false if t is none of them
// here, for each may be a column's name as well.
func (p *Parser) special(t *Token) (ast.Node, bool) {
	if !p.PeekAt(1).Is("(") {
		return nil, false
	}
	if strings.HasPrefix(t.Text, "xml") {
		p.Errorf(t.Span, sqlstate.FeatureNotSupported, "%s is not supported", strings.ToUpper(t.Text))
		return nil, true
	}
	parse := p.specialParser(t.Text)
	if parse == nil {
		return nil, false
	}
	p.pos++
	if t.Text == "exists" {
		return p.exists(t.Start), true
	}
	p.Open("(")
	c := &ast.FuncCall{Name: []ast.Name{t.name()}}
	parse(c)
	p.Close()
	c.Span = p.From(t.Start)
	if t.Text == "row" {
		return p.overlaps(&ast.Row{Elems: values(c.Args), Span: c.Span}), true
	}
	return c, true
}

func (p *Parser) specialParser(word string) func(*ast.FuncCall) {
	switch word {
	case "coalesce", "greatest", "least", "grouping":
		return p.listArguments
	case "nullif":
		return p.nullifArguments
	case "extract":
		return p.extractArguments
	case "position":
		return p.positionArguments
	case "substring":
		return p.substringArguments
	case "overlay":
		return p.overlayArguments
	case "trim":
		return p.trimArguments
	case "row":
		return p.rowArguments
	case "exists":
		return p.listArguments
	}
	return nil
}

func values(args []ast.Arg) []ast.Node {
	var nodes []ast.Node
	for _, a := range args {
		nodes = append(nodes, a.X)
	}
	return nodes
}

func (p *Parser) exists(start int32) ast.Node {
	q := p.query(ast.ExistsQuery)
	if q == nil {
		p.pos++ // the parenthesis
		p.UnexpectedHint("EXISTS takes a query: EXISTS (SELECT …)")
		return nil
	}
	q.Start = start
	return q
}

func (p *Parser) listArguments(c *ast.FuncCall) { c.Args = positional(p.exprList()...) }

func (p *Parser) rowArguments(c *ast.FuncCall) {
	if !p.At(")") {
		p.listArguments(c)
	}
}

func (p *Parser) nullifArguments(c *ast.FuncCall) {
	a := p.expr(ast.LowestPrecedence)
	p.Expect(",")
	c.Args = positional(a, p.expr(ast.LowestPrecedence))
}

// extractArguments parses field FROM source; the field is a word or a string.
func (p *Parser) extractArguments(c *ast.FuncCall) {
	t := p.Peek()
	if t.Kind != String && !(t.Kind == Ident && (t.Quoted || t.Class == ast.NotKeyword || ast.IsExtractField(t.Text))) {
		p.Unexpected()
		return
	}
	p.pos++
	field := &ast.Literal{Kind: ast.String, Text: t.Text, Span: t.Span}
	p.ExpectWords("from")
	c.Args = positional(field, p.expr(ast.LowestPrecedence))
}

// positionArguments parses needle IN haystack; the function has them the other way round.
func (p *Parser) positionArguments(c *ast.FuncCall) {
	needle := p.restrictedExpr()
	if p.At(",") {
		p.Fail(&Error{
			SQLSTATE: sqlstate.SyntaxError, Span: p.Peek().Span, Message: `syntax error at or near ","`,
			Hint: "write position(substring IN string), or strpos(string, substring)",
		})
	}
	p.ExpectWords("in")
	c.Args = positional(p.restrictedExpr(), needle)
}

// plainArguments parses the ordinary arguments of a function that has a syntax of its own as well, up to but without its first keyword.
func (p *Parser) plainArguments(c *ast.FuncCall) {
	if p.At(")") {
		return
	}
	c.Args = append(c.Args, p.argument())
	for p.Accept(",") {
		c.Args = append(c.Args, p.argument())
	}
}

// substringArguments parses x FROM a [FOR b], x FOR b [FROM a], x SIMILAR p ESCAPE e, and plain arguments.
func (p *Parser) substringArguments(c *ast.FuncCall) {
	p.plainArguments(c)
	if len(c.Args) != 1 || c.Args[0].Name != nil {
		return
	}
	x := c.Args[0].X
	switch {
	case p.AcceptWords("from"):
		c.Args = positional(x, p.expr(ast.LowestPrecedence))
		if p.AcceptWords("for") {
			c.Args = append(c.Args, positional(p.expr(ast.LowestPrecedence))...)
		}
	case p.AcceptWords("for"):
		var from ast.Node = &ast.Literal{Kind: ast.Integer, Text: "1", Span: p.previous().Span}
		length := p.expr(ast.LowestPrecedence)
		if p.AcceptWords("from") {
			from = p.expr(ast.LowestPrecedence)
		}
		c.Args = positional(x, from, length)
	case p.AcceptWords("similar"):
		pattern := p.expr(ast.LowestPrecedence)
		p.ExpectWords("escape")
		c.Args = positional(x, pattern, p.expr(ast.LowestPrecedence))
	}
}

// overlayArguments parses x PLACING y FROM a [FOR b], and plain arguments.
func (p *Parser) overlayArguments(c *ast.FuncCall) {
	p.plainArguments(c)
	if len(c.Args) != 1 || c.Args[0].Name != nil || !p.AcceptWords("placing") {
		return
	}
	x, y := c.Args[0].X, p.expr(ast.LowestPrecedence)
	p.ExpectWords("from")
	c.Args = positional(x, y, p.expr(ast.LowestPrecedence))
	if p.AcceptWords("for") {
		c.Args = append(c.Args, positional(p.expr(ast.LowestPrecedence))...)
	}
}

// trimArguments parses [BOTH | LEADING | TRAILING] [characters] FROM x, and without FROM a list.
func (p *Parser) trimArguments(c *ast.FuncCall) {
	name := "btrim"
	switch {
	case p.AcceptWords("leading"):
		name = "ltrim"
	case p.AcceptWords("trailing"):
		name = "rtrim"
	default:
		p.AcceptWords("both")
	}
	c.Name[0].Text = name
	if p.AcceptWords("from") {
		c.Args = positional(p.exprList()...)
		return
	}
	list := p.exprList()
	if len(list) == 1 && p.AcceptWords("from") {
		list = append(p.exprList(), list[0])
	}
	c.Args = positional(list...)
}
