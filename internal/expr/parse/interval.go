package parse

import "wire.example/wire/internal/expr/ast"

// intervalType parses INTERVAL with its fields, or with digits of a second.
func (p *Parser) intervalType(typ *ast.TypeName) {
	*typ = *p.bareInterval()
	if typ.Mods == nil {
		p.intervalFields(typ)
	}
}

// bareInterval parses INTERVAL [(p)].
func (p *Parser) bareInterval() *ast.TypeName {
	typ := &ast.TypeName{Kind: ast.IntervalType, Span: p.Next().Span}
	if p.At("(") {
		p.Open("(")
		typ.Mods = []int32{p.Int32()}
		p.Close()
	}
	return typ
}

// intervalFields parses DAY, DAY TO SECOND(3) and the like, if there are any.
func (p *Parser) intervalFields(typ *ast.TypeName) {
	first, ok := intervalField(p.Peek())
	if !ok {
		return
	}
	p.pos++
	typ.Interval = first
	if p.AtWords("to") {
		p.pos++
		last, _ := intervalField(p.Peek())
		typ.Interval = intervalRange(first, last)
		if typ.Interval == ast.AllFields {
			p.Unexpected()
			return
		}
		p.pos++
	}
	if typ.Interval.HasSeconds() && p.At("(") {
		p.Open("(")
		typ.Mods = []int32{p.Int32()}
		p.Close()
	}
}

func intervalField(t *Token) (ast.IntervalFields, bool) {
	if t.Kind != Ident || t.Quoted {
		return ast.AllFields, false
	}
	for f := ast.Year; f <= ast.Second; f++ {
		if f.String() == t.Text {
			return f, true
		}
	}
	return ast.AllFields, false
}

// intervalRange returns the restriction first TO last, AllFields if SQL has no such one.
func intervalRange(first, last ast.IntervalFields) ast.IntervalFields {
	if first == ast.AllFields || last == ast.AllFields {
		return ast.AllFields
	}
	words := first.String() + " to " + last.String()
	for f := ast.YearToMonth; f <= ast.MinuteToSecond; f++ {
		if f.String() == words {
			return f
		}
	}
	return ast.AllFields
}
