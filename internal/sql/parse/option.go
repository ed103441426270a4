package parse

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/sql/ast"
)

// optionHint says how options are written.
const optionHint = "options are written WITH (name = value, …)"

// withOptions parses WITH (option = value, …).
func (p *parser) withOptions() []ast.Option {
	p.ExpectWords("with")
	if !p.At("(") {
		p.UnexpectedHint(optionHint)
		return nil
	}
	var options []ast.Option
	p.parenthesised(func() { options = commaList(p, p.option) })
	return options
}

// option parses name [= value]; without a value it is true.
func (p *parser) option() ast.Option {
	start := p.Peek().Start
	o := ast.Option{Name: []exprast.Name{p.optionName()}}
	for p.Accept(".") {
		o.Name = append(o.Name, p.optionName())
	}
	switch {
	case p.Accept("="):
		o.Value = p.value()
	case p.At(","), p.At(")"):
		o.Value = ast.Value{Kind: ast.BoolValue, Text: "true", Span: p.From(start)}
	default:
		p.UnexpectedHint(optionHint)
	}
	o.Span = p.From(start)
	return o
}

// optionName parses a part of an option's name: any word, or a string.
func (p *parser) optionName() exprast.Name {
	if t := p.Peek(); t.Kind == parse.String && t.Text != "" {
		p.Next()
		return exprast.Name{Span: t.Span, Text: t.Text, Quoted: true}
	}
	return p.label()
}

// value parses an option's value.
func (p *parser) value() ast.Value {
	start := p.Peek()
	if v, ok := p.scalar(); ok {
		if !p.At(",") && !p.At(")") && !p.At("]") {
			p.UnexpectedHint("put the value in single quotes, or a comma behind it")
		}
		return v
	}
	v := ast.Value{}
	p.nested(func() {
		switch {
		case p.AtWords("array") && p.PeekAt(1).Is("["), start.Is("["):
			v = p.arrayValue()
		case start.Is("("):
			v = p.parenthesisedValue()
		case isWord(start, "interval"):
			p.UnexpectedHint("write a duration as a string, such as '4s'")
		case isWord(start, "null", "default"):
			p.UnexpectedHint("leave the option out")
		default:
			p.UnexpectedHint("a value is a string, a number, TRUE or FALSE, a word, a list ARRAY['a', 'b'] or a map (a = 1, b = 2)")
		}
	})
	v.Span = p.From(start.Start)
	return v
}

// scalar parses a string, a number, TRUE, FALSE or a word that is not reserved; false if none is next.
func (p *parser) scalar() (ast.Value, bool) {
	t := p.Peek()
	v := ast.Value{Span: t.Span, Text: t.Text}
	switch t.Kind {
	case parse.String:
		v.Kind = ast.StringValue
	case parse.Integer, parse.Decimal, parse.Float:
		v.Kind = ast.NumberValue
	case parse.Operator:
		next := p.PeekAt(1)
		if !t.Is("-") && !t.Is("+") || !isNumber(next) {
			return v, false
		}
		p.Next()
		v.Kind = ast.NumberValue
		v.Text = next.Text
		if t.Is("-") {
			v.Text = "-" + next.Text
		}
		v.End = next.End
	case parse.Ident:
		switch {
		case isWord(t, "true", "false"):
			v.Kind = ast.BoolValue
		case t.Class == exprast.Reserved && !isWord(t, "on"), isWord(t, "interval") && p.PeekAt(1).Kind == parse.String:
			return v, false
		default:
			v.Kind = ast.WordValue
		}
	default:
		return v, false
	}
	p.Next()
	return v, true
}

// arrayValue parses ARRAY[value, …] and [value, …].
func (p *parser) arrayValue() ast.Value {
	p.AcceptWords("array")
	v := ast.Value{Kind: ast.ListValue}
	p.Open("[")
	if !p.At("]") {
		v.List = commaList(p, p.value)
	}
	p.Close()
	return v
}

// parenthesisedValue parses a map (name = value, …) or a list (value, …). () is an empty map.
func (p *parser) parenthesisedValue() ast.Value {
	v := ast.Value{Kind: ast.MapValue}
	first, next := p.PeekAt(1), p.PeekAt(2)
	p.parenthesised(func() {
		switch {
		case first.Is(")"):
		case (first.Kind == parse.Ident || first.Kind == parse.String) && (next.Is("=") || next.Is(".")):
			v.Map = commaList(p, p.option)
		default:
			v.Kind = ast.ListValue
			v.List = commaList(p, p.value)
		}
	})
	return v
}
