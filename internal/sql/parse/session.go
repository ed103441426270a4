package parse

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/sql/ast"
)

// show parses SHOW.
func (p *parser) show() ast.Statement {
	start := p.Next().Start
	if p.AcceptWords("create") {
		s := &ast.ShowCreate{}
		if next := p.PeekAt(1); p.AtWords("table") || next.Kind == parse.Ident {
			s.Kind, _ = p.objectKind()
		}
		s.Name = p.objectName()
		s.Span = p.From(start)
		return s
	}
	if kind := p.listedKind(); kind != ast.AnyObject {
		s := &ast.ShowObjects{Kind: kind}
		if p.AcceptWords("like") {
			s.Like = p.pattern()
		}
		s.Span = p.From(start)
		return s
	}
	if p.AtWords("columns") && isWord(p.PeekAt(1), "from", "in") {
		p.unsupported(p.Peek().Span, "SHOW COLUMNS", "write DESCRIBE name")
	}
	s := &ast.ShowSetting{}
	if !p.AcceptWords("all") {
		s.Name = p.settingName()
	}
	s.Span = p.From(start)
	return s
}

// listedKind passes the words of what SHOW lists.
func (p *parser) listedKind() ast.ObjectKind {
	switch {
	case p.AcceptWords("sources"):
		return ast.Source
	case p.AcceptWords("tables"):
		return ast.Table
	case p.AcceptWords("sinks"):
		return ast.Sink
	case p.AcceptWords("views"):
		return ast.View
	case p.AcceptWords("materialized", "views"):
		return ast.MaterializedView
	case p.AcceptWords("functions"):
		return ast.Function
	}
	return ast.AnyObject
}

func (p *parser) pattern() *exprast.Literal {
	t := p.Peek()
	if t.Kind != parse.String {
		p.Unexpected()
		return nil
	}
	p.Next()
	return &exprast.Literal{Kind: exprast.String, Text: t.Text, Span: t.Span}
}

// settingName parses the name of a setting, and the words that SQL has for a few.
func (p *parser) settingName() []exprast.Name {
	start := p.Peek().Start
	known := func(text string) []exprast.Name { return []exprast.Name{{Text: text, Span: p.From(start)}} }
	switch {
	case p.AcceptWords("time", "zone"):
		return known("timezone")
	case p.AcceptWords("transaction", "isolation", "level"):
		return known("transaction_isolation")
	case p.AcceptWords("session", "authorization"):
		return known("session_authorization")
	}
	names := []exprast.Name{p.name()}
	for p.Accept(".") {
		names = append(names, p.name())
	}
	return names
}

// set parses SET [SESSION | LOCAL] name {TO | =} values, and SET TIME ZONE.
func (p *parser) set() ast.Statement {
	start := p.Next().Start
	s := &ast.Set{}
	p.refuseSet()
	if next := p.PeekAt(1); next.Kind == parse.Ident && !isWord(next, "to") {
		s.Local = p.AcceptWords("local")
		if !s.Local {
			p.AcceptWords("session")
		}
		p.refuseSet()
	}
	switch t := p.Peek(); {
	case p.AcceptWords("time", "zone"):
		s.Name = []exprast.Name{{Text: "timezone", Span: p.From(t.Start)}}
		p.timeZone(s)
	case p.AtWords("names") && !p.PeekAt(1).Is("=") && !p.PeekAt(1).Is(".") && !isWord(p.PeekAt(1), "to"):
		p.Next()
		s.Name = []exprast.Name{{Text: "client_encoding", Span: t.Span}}
		if p.Peek().Kind == parse.String {
			s.Values = []ast.Value{p.settingValue()}
		} else {
			p.AcceptWords("default")
		}
	case p.AtWords("schema") && p.PeekAt(1).Kind == parse.String:
		p.Next()
		s.Name = []exprast.Name{{Text: "search_path", Span: t.Span}}
		s.Values = []ast.Value{p.settingValue()}
	default:
		s.Name = p.settingName()
		if !p.Accept("=") && !p.AcceptWords("to") {
			p.UnexpectedHint("write SET name TO value")
		}
		if !p.AcceptWords("default") {
			s.Values = commaList(p, p.settingValue)
		}
	}
	s.Span = p.From(start)
	return s
}

// refuseSet refuses the SETs that are about transactions and roles.
func (p *parser) refuseSet() {
	next := p.PeekAt(1)
	switch {
	case next.Is("="), isWord(next, "to"):
	case p.AtWords("transaction"), p.AtWords("characteristics"), p.AtWords("constraints"):
		p.unsupported(p.Peek().Span, "SET "+upper(p.Peek().Text), "every statement stands alone; Wire has no transactions of several statements")
	case p.AtWords("role"), p.AtWords("authorization"):
		p.unsupported(p.Peek().Span, "SET "+upper(p.Peek().Text), "rights are not given in SQL")
	}
}

// timeZone parses the value of SET TIME ZONE.
func (p *parser) timeZone(s *ast.Set) {
	switch {
	case p.AcceptWords("local"), p.AcceptWords("default"):
	case p.AtWords("interval"):
		p.unsupported(p.Peek().Span, "SET TIME ZONE INTERVAL", "write a zone's name, or its offset as a number of hours or as '+05:30'")
	default:
		s.Values = []ast.Value{p.settingValue()}
	}
}

// settingValue parses a scalar.
func (p *parser) settingValue() ast.Value {
	v, ok := p.scalar()
	if !ok {
		p.Unexpected()
	}
	return v
}

func (p *parser) reset() ast.Statement {
	start := p.Next().Start
	s := &ast.Reset{}
	if !p.AcceptWords("all") {
		s.Name = p.settingName()
	}
	s.Span = p.From(start)
	return s
}
