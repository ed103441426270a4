package parse

import "wire.example/wire/internal/expr/ast"

// Expr parses text as one expression. The error is an *Error.
func Expr(text string, options ...Option) (ast.Node, error) {
	p := New(text, options...)
	n := p.expr(ast.LowestPrecedence)
	p.ExpectEnd()
	return result(p, n)
}

// Exprs parses text as a select list: expressions with aliases, *, t.* and (row).*, parted by commas.
func Exprs(text string, options ...Option) ([]*ast.SelectItem, error) {
	p := New(text, options...)
	items := p.selectItems()
	p.ExpectEnd()
	return result(p, items)
}

// Type parses text as the name of a type.
func Type(text string, options ...Option) (*ast.TypeName, error) {
	p := New(text, options...)
	t := p.typeName()
	p.ExpectEnd()
	return result(p, t)
}

// Expr parses an expression of operators that bind at least as tightly as level; ast.LowestPrecedence takes any.
func (p *Parser) Expr(level ast.Precedence) (ast.Node, error) { return result(p, p.expr(level)) }

// RestrictedExpr parses an expression without logic, BETWEEN, IN, LIKE and IS, but with IS DISTINCT FROM, as PostgreSQL's grammar asks for
// in a few places: the default of a column.
func (p *Parser) RestrictedExpr() (ast.Node, error) { return result(p, p.restrictedExpr()) }

// Type parses the name of a type.
func (p *Parser) Type() (*ast.TypeName, error) { return result(p, p.typeName()) }

// SelectItems parses a select list.
func (p *Parser) SelectItems() ([]*ast.SelectItem, error) { return result(p, p.selectItems()) }

// OrderBy parses the keys of an ORDER BY whose words have been passed.
func (p *Parser) OrderBy() ([]ast.OrderItem, error) { return result(p, p.orderItems()) }

// WindowDefinition parses the parenthesised definition of a WINDOW clause.
func (p *Parser) WindowDefinition() (*ast.Window, error) { return result(p, p.windowDefinition()) }

// Name parses the name of a column or table: any word but a reserved one or one that is for functions and types.
func (p *Parser) Name() (ast.Name, error) { return result(p, p.columnName()) }

// Label parses a name where any keyword will do: after AS or a period.
func (p *Parser) Label() (ast.Name, error) { return result(p, p.label()) }

// result returns value, or the zero value and the error.
func result[T any](p *Parser, value T) (T, error) {
	if p.err != nil {
		var zero T
		return zero, p.err
	}
	return value, nil
}

func (p *Parser) selectItems() []*ast.SelectItem {
	items := []*ast.SelectItem{p.selectItem()}
	for p.Accept(",") {
		items = append(items, p.selectItem())
	}
	return items
}

func (p *Parser) selectItem() *ast.SelectItem {
	start := p.Peek().Start
	if t := p.Peek(); p.Accept("*") {
		return &ast.SelectItem{Span: t.Span, X: &ast.Star{Span: t.Span}}
	}
	item := &ast.SelectItem{X: p.expr(ast.LowestPrecedence)}
	next := p.Peek()
	switch {
	case p.AcceptWords("as"):
		name := p.label()
		item.As = &name
	case next.Kind == Ident && !next.NeedsAs:
		name := p.Next().name()
		item.As = &name
	}
	item.Span = p.From(start)
	return item
}

func (p *Parser) label() ast.Name {
	t := p.Peek()
	if t.Kind != Ident {
		if t.Kind == String {
			p.UnexpectedHint("a name is written in double quotes, or without any")
		}
		p.Unexpected()
		return ast.Name{}
	}
	p.pos++
	return t.name()
}

func (p *Parser) columnName() ast.Name {
	t := p.Peek()
	if t.Kind != Ident || t.Class == ast.Reserved || t.Class == ast.TypeOrFunction {
		p.Unexpected()
		return ast.Name{}
	}
	p.pos++
	return t.name()
}
