package parse

import (
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/sdk/sqlstate"
)

// wordOperand parses an operand that begins with a word or a quoted name.
func (p *Parser) wordOperand(t *Token) ast.Node {
	if t.Quoted {
		return p.nameOrCall()
	}
	switch t.Class {
	case ast.Reserved:
		return p.reserved(t)
	case ast.ColumnName:
		if n, ok := p.special(t); ok {
			return n
		}
		if n, ok := p.typedLiteral(t); ok {
			return n
		}
	case ast.TypeOrFunction:
		switch {
		case t.Text == "current_schema" && !p.PeekAt(1).Is("("):
			return p.currentValue(t)
		case t.Text == "collation" && p.PeekAt(1).IsWord("for"):
			p.Errorf(t.Span, sqlstate.FeatureNotSupported, "COLLATION FOR is not supported")
			return nil
		}
	case ast.Unreserved:
		if t.Text == "double" && p.PeekAt(1).IsWord("precision") {
			if n, ok := p.typedLiteral(t); ok {
				return n
			}
		}
	case ast.NotKeyword:
	}
	return p.nameOrCall()
}

func (p *Parser) reserved(t *Token) ast.Node {
	switch t.Text {
	case "null":
		return p.constant(t, ast.Null)
	case "true":
		return p.constant(t, ast.True)
	case "false":
		return p.constant(t, ast.False)
	case "not":
		return p.not(t)
	case "case":
		return p.caseOf(t)
	case "cast":
		return p.castCall(t)
	case "array":
		return p.array(t)
	case "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "current_role", "current_user",
		"session_user", "user", "current_catalog":
		return p.currentValue(t)
	}
	p.Unexpected()
	return nil
}

func (p *Parser) constant(t *Token, kind ast.LiteralKind) ast.Node {
	p.pos++
	return &ast.Literal{Kind: kind, Span: t.Span}
}

func (p *Parser) not(t *Token) ast.Node {
	if p.restricted {
		p.UnexpectedHint("put it in parentheses")
		return nil
	}
	p.pos++
	x := p.operand(ast.NotPrecedence)
	return &ast.Not{X: x, Span: p.From(t.Start)}
}

func (p *Parser) caseOf(t *Token) ast.Node {
	p.pos++
	n := &ast.Case{}
	if !p.AtWords("when") {
		n.Operand = p.expr(ast.LowestPrecedence)
	}
	if p.err == nil && !p.AtWords("when") {
		p.caseUnexpected(t)
	}
	for p.AcceptWords("when") {
		cond := p.expr(ast.LowestPrecedence)
		p.ExpectWords("then")
		n.Whens = append(n.Whens, ast.When{Cond: cond, Result: p.expr(ast.LowestPrecedence)})
	}
	if p.AcceptWords("else") {
		n.Else = p.expr(ast.LowestPrecedence)
	}
	if p.err == nil && !p.AcceptWords("end") {
		p.caseUnexpected(t)
	}
	n.Span = p.From(t.Start)
	return n
}

// caseUnexpected points at the CASE if the text ends before its END.
func (p *Parser) caseUnexpected(t *Token) {
	atEnd := p.Peek().Kind == EOF
	e := p.Unexpected()
	switch {
	case e == p.lexErr:
	case atEnd:
		e.Span, e.Hint = t.Span, "this CASE has no END"
	default:
		e.Hint = "a CASE is CASE WHEN condition THEN value … ELSE value END"
	}
}

func (p *Parser) castCall(t *Token) ast.Node {
	p.pos++
	p.Open("(")
	x := p.expr(ast.LowestPrecedence)
	p.ExpectWords("as")
	typ := p.typeName()
	p.Close()
	return &ast.Cast{X: x, Type: typ, Span: p.From(t.Start)}
}

func (p *Parser) array(t *Token) ast.Node {
	p.pos++
	if q := p.query(ast.ArrayQuery); q != nil {
		q.Start = t.Start
		return q
	}
	return p.arrayBody(t.Start)
}

// arrayBody parses […]; its elements are all bare […] or all expressions.
func (p *Parser) arrayBody(start int32) ast.Node {
	n := &ast.Array{}
	p.nested(func() {
		p.Open("[")
		inner := p.At("[")
		for !p.At("]") && p.err == nil {
			if inner {
				n.Elems = append(n.Elems, p.arrayBody(p.Peek().Start))
			} else {
				n.Elems = append(n.Elems, p.expr(ast.LowestPrecedence))
			}
			if !p.Accept(",") {
				break
			}
			if p.At("]") {
				p.Unexpected()
			}
		}
		p.Close()
	})
	p.grow()
	n.Span = p.From(start)
	return n
}

func (p *Parser) currentValue(t *Token) ast.Node {
	p.pos++
	n := &ast.CurrentValue{Name: t.Text, Precision: -1}
	if t.isAnyWord("current_time", "current_timestamp", "localtime", "localtimestamp") && p.At("(") {
		p.Open("(")
		n.Precision = p.Int32()
		p.Close()
	}
	n.Span = p.From(t.Start)
	return n
}

// typedLiteral parses type 'text' for the types whose names are keywords. Without a string behind it the word is a column's name,
// unless the type went on for more than that word.
func (p *Parser) typedLiteral(t *Token) (ast.Node, bool) {
	if !beginsType(t.Text) {
		return nil, false
	}
	m := p.mark()
	n := p.typeAndString(t)
	if p.err == nil {
		return n, true
	}
	next := p.tokens[min(m.pos+1, len(p.tokens)-1)]
	if next.Is("(") || next.Kind == String || next.isAnyWord("precision", "varying") {
		return nil, true
	}
	p.rewind(m)
	return nil, false
}

// typeAndString parses a type without array bounds and a string.
func (p *Parser) typeAndString(t *Token) ast.Node {
	var typ *ast.TypeName
	if t.IsWord("interval") {
		typ = p.bareInterval()
	} else {
		typ = p.simpleType()
	}
	if typ.Kind == ast.MapType && p.err == nil {
		p.Fail(&Error{
			SQLSTATE: sqlstate.FeatureNotSupported, Span: typ.Span, Message: "a map cannot be written as a typed constant",
			Hint: "write '…'::" + typ.String(),
		})
	}
	text := p.Peek()
	if text.Kind != String {
		p.Unexpected()
		return nil
	}
	p.pos++
	if typ.Kind == ast.IntervalType && typ.Mods == nil {
		p.intervalFields(typ)
		typ.Span = ast.Span{Start: t.Start, End: max(typ.End, p.previous().End)}
	}
	return &ast.TypedLiteral{Type: typ, Text: text.Text, Span: p.From(t.Start)}
}

// nameOrCall parses a column, a function call, or a string with a type's name before it.
func (p *Parser) nameOrCall() ast.Node {
	first, m := p.Peek(), p.mark()
	parts := []ast.Name{p.Next().name()}
	for p.At(".") && p.PeekAt(1).Kind == Ident {
		p.pos++
		parts = append(parts, p.Next().name())
	}
	callable := len(parts) > 1 && first.Class != ast.TypeOrFunction || len(parts) == 1 && first.Class != ast.ColumnName
	next := p.Peek()
	switch {
	case callable && next.Kind == String:
		p.rewind(m)
		return p.typeAndString(first)
	case callable && next.Is("("):
		return p.callOrConstant(parts, m, first)
	case first.Class == ast.TypeOrFunction:
		p.Unexpected()
		return nil
	}
	return p.columnEnd(&ast.Column{Parts: parts, Span: p.From(first.Start)})
}

// columnEnd parses what may follow a column's name: .* and subscripts, and fields behind those.
func (p *Parser) columnEnd(c *ast.Column) ast.Node {
	if p.At(".") {
		p.pos++
		if !p.Accept("*") {
			p.Unexpected()
			return nil
		}
		return p.starEnd(&ast.Star{Of: c, Span: p.From(c.Start)})
	}
	if next := p.Peek(); next.Is("(") {
		p.Errorf(next.Span, sqlstate.SyntaxError, `syntax error at or near "("`)
		return nil
	}
	return p.indirections(c, c.Start)
}

// callOrConstant parses a call, or type(modifiers) 'text' if a string follows.
func (p *Parser) callOrConstant(name []ast.Name, m mark, first *Token) ast.Node {
	n := p.call(name, first.Start)
	if p.err == nil && p.Peek().Kind == String {
		p.rewind(m)
		return p.typeAndString(first)
	}
	return n
}
