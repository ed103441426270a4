package parse

import (
	"strings"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/sqlstate"
)

func upper(s string) string { return strings.ToUpper(s) }

// selectStatement parses SELECT with its clauses but ORDER BY and LIMIT.
func (p *parser) selectStatement() *ast.Select {
	start := p.Next().Start
	s := &ast.Select{}
	p.selectList(s)
	p.unsupportedWords("write CREATE TABLE name AS SELECT …, or INSERT INTO name SELECT …", "into")
	if p.AcceptWords("from") {
		s.From = commaList(p, p.tableExpr)
	}
	if p.AcceptWords("where") {
		s.Where = p.expr()
	}
	if p.AtWords("group") {
		s.GroupBy = p.groupBy()
	}
	if p.AcceptWords("having") {
		s.Having = p.expr()
	}
	if p.AcceptWords("window") {
		s.Windows = commaList(p, p.namedWindow)
	}
	for !p.failed() && s.From != nil && p.atStreamClause() {
		p.streamClause(s)
	}
	s.Span = p.From(start)
	return s
}

// selectList parses what stands between SELECT and FROM.
func (p *parser) selectList(s *ast.Select) {
	switch {
	case p.AcceptWords("distinct"):
		s.Distinct = true
		if p.AcceptWords("on") {
			p.parenthesised(func() { s.DistinctOn = p.exprs() })
		}
	case p.AcceptWords("all") && p.atSelectEnd(), p.atSelectEnd():
		return
	}
	s.Items, _ = p.SelectItems()
}

// atSelectEnd tells whether a SELECT has an empty list here.
func (p *parser) atSelectEnd() bool {
	t := p.Peek()
	return t.Kind == parse.EOF || t.Is(")") || t.Is(";") || isWord(t, "from", "where", "group", "having", "window", "union", "intersect",
		"except", "order", "limit", "offset", "fetch", "for", "into", "with")
}

func (p *parser) namedWindow() ast.NamedWindow {
	start := p.Peek().Start
	w := ast.NamedWindow{Name: p.name()}
	p.ExpectWords("as")
	w.Window, _ = p.WindowDefinition()
	w.Span = p.From(start)
	return w
}

// groupBy parses GROUP BY [ALL | DISTINCT] items.
func (p *parser) groupBy() *ast.GroupBy {
	start := p.Peek().Start
	p.ExpectWords("group", "by")
	g := &ast.GroupBy{Distinct: p.AcceptWords("distinct")}
	if !g.Distinct {
		p.AcceptWords("all")
	}
	g.Items = commaList(p, p.groupItem)
	g.Span = p.From(start)
	return g
}

// groupItem parses an item of GROUP BY or of GROUPING SETS.
func (p *parser) groupItem() *ast.GroupItem {
	g := &ast.GroupItem{}
	start := p.Peek()
	item := p.groupExpr
	switch {
	case p.call("rollup"):
		g.Kind = ast.Rollup
		p.Next()
	case p.call("cube"):
		g.Kind = ast.Cube
		p.Next()
	case p.AcceptWords("grouping", "sets"):
		g.Kind = ast.GroupingSets
		item = p.groupItem
	case start.Is("(") && p.PeekAt(1).Is(")"):
		p.parenthesised(func() {})
		g.Span = p.From(start.Start)
		return g
	default:
		return p.groupExpr()
	}
	p.nested(func() {
		p.parenthesised(func() { g.Items = commaList(p, item) })
	})
	g.Span = p.From(start.Start)
	return g
}

// groupExpr parses an expression, or a list of them in parentheses, which the parser of expressions takes for a row.
func (p *parser) groupExpr() *ast.GroupItem {
	start := p.Peek().Start
	x := p.expr()
	return &ast.GroupItem{Exprs: p.unpack(x), Span: p.From(start)}
}

// unpack returns the elements of (a, b), and any other expression as it is.
func (p *parser) unpack(x exprast.Node) []exprast.Node {
	if row, ok := x.(*exprast.Row); ok && !p.failed() && strings.HasPrefix(p.Text(row.Span), "(") {
		return row.Elems
	}
	return []exprast.Node{x}
}

// atStreamClause tells whether EMIT, ALLOWED LATENESS or LATE INTO is next. None of these words is reserved: it takes the one behind to
// tell them from an alias.
func (p *parser) atStreamClause() bool {
	next := p.PeekAt(1)
	switch t := p.Peek(); {
	case isWord(t, "emit"):
		return isWord(next, "on", "changes", "final", "every")
	case isWord(t, "allowed"):
		return isWord(next, "lateness")
	case isWord(t, "late"):
		return isWord(next, "into")
	}
	return false
}

// streamClause parses one of the clauses that close a SELECT over a stream.
func (p *parser) streamClause(s *ast.Select) {
	t := p.Next()
	twice := false
	switch t.Text {
	case "emit":
		twice = s.Emit != nil
		s.Emit = p.emit(t.Start)
	case "allowed":
		twice = s.AllowedLateness != nil
		p.ExpectWords("lateness")
		s.AllowedLateness = p.expr()
	case "late":
		twice = s.LateInto != nil
		p.ExpectWords("into")
		name := p.objectName()
		s.LateInto = &name
	}
	if twice && !p.failed() {
		p.Errorf(p.From(t.Start), sqlstate.SyntaxError, "%s is written twice", clauseWords(t.Text))
	}
}

func clauseWords(word string) string {
	switch word {
	case "emit":
		return "EMIT"
	case "allowed":
		return "ALLOWED LATENESS"
	}
	return "LATE INTO"
}

// emit parses what follows EMIT.
func (p *parser) emit(start int32) *ast.Emit {
	e := &ast.Emit{}
	switch {
	case p.AcceptWords("changes"), p.AcceptWords("on", "update"):
		e.Mode = ast.EmitChanges
	case p.AcceptWords("final"):
		e.Mode = ast.EmitFinal
	case p.AcceptWords("on"):
		e.Mode = ast.EmitOnWindowClose
		p.ExpectWords("window", "close")
	}
	if p.AcceptWords("every") {
		e.Every = p.expr()
	}
	e.Span = p.From(start)
	return e
}
