package parse

import (
	"strings"

	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/sqlstate"
)

// explain parses EXPLAIN [ANALYZE] [VERBOSE] statement and EXPLAIN (options) statement.
func (p *parser) explain() ast.Statement {
	start := p.Next().Start
	s := &ast.Explain{}
	if p.At("(") && !p.atQueryStart() {
		p.parenthesised(func() { commaList(p, func() struct{} { p.explainOption(s); return struct{}{} }) })
	} else {
		s.Analyze = p.AcceptWords("analyze") || p.AcceptWords("analyse")
		s.Verbose = p.AcceptWords("verbose")
	}
	at := p.Peek()
	if !p.atQueryStart() && !p.atWord("insert", "create", "execute", "update", "delete", "merge") {
		p.UnexpectedHint("EXPLAIN is followed by a query, INSERT, CREATE … AS or EXECUTE")
		return nil
	}
	s.Statement = p.statement()
	if c, ok := s.Statement.(*ast.CreateRelation); ok && c.Query == nil && !p.failed() {
		p.Errorf(at.Span, sqlstate.SyntaxError, "a declaration has no plan: EXPLAIN CREATE takes a statement with AS query")
	}
	s.Span = p.From(start)
	return s
}

func (p *parser) explainOption(s *ast.Explain) {
	name := p.Peek()
	if name.Kind != parse.Ident {
		p.Unexpected()
		return
	}
	p.Next()
	switch name.Text {
	case "analyze", "analyse":
		s.Analyze = p.explainSwitch(name)
	case "verbose":
		s.Verbose = p.explainSwitch(name)
	case "costs":
		s.NoCosts = !p.explainSwitch(name)
	case "format":
		s.Format = p.explainFormat()
	case "buffers", "settings", "wal", "timing", "summary", "generic_plan", "memory", "serialize":
		p.unsupported(name.Span, "EXPLAIN option "+upper(name.Text), "the options are ANALYZE, VERBOSE, COSTS and FORMAT")
	default:
		p.Fail(&parse.Error{
			SQLSTATE: sqlstate.SyntaxError, Message: `unrecognized EXPLAIN option "` + name.Text + `"`, Span: name.Span,
			Hint: "the options are ANALYZE, VERBOSE, COSTS and FORMAT",
		})
	}
}

// explainSwitch parses the value of an option that is on or off; on without one.
func (p *parser) explainSwitch(name *parse.Token) bool {
	t := p.Peek()
	if t.Is(",") || t.Is(")") {
		return true
	}
	if t.Kind != parse.EOF {
		p.Next()
	}
	switch strings.ToLower(t.Text) {
	case "true", "on", "1":
		return true
	case "false", "off", "0":
		return false
	}
	p.Errorf(t.Span, sqlstate.SyntaxError, "%s requires a Boolean value", name.Text)
	return false
}

func (p *parser) explainFormat() ast.ExplainFormat {
	t := p.Peek()
	if t.Kind != parse.Ident && t.Kind != parse.String {
		p.Unexpected()
		return ast.ExplainText
	}
	p.Next()
	switch format := strings.ToLower(t.Text); format {
	case "text":
	case "json":
		return ast.ExplainJSON
	case "xml", "yaml":
		p.unsupported(t.Span, "EXPLAIN format "+upper(format), "the formats are TEXT and JSON")
	default:
		p.Fail(&parse.Error{
			SQLSTATE: sqlstate.InvalidParameterValue, Message: `unrecognized value for EXPLAIN option "format": "` + t.Text + `"`, Span: t.Span,
			Hint: "the formats are TEXT and JSON",
		})
	}
	return ast.ExplainText
}
