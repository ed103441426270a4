package parse

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/sqlstate"
)

// statement parses one statement up to its semicolon.
func (p *parser) statement() ast.Statement {
	if p.At("(") || p.atWord("select", "values", "table") {
		return p.query()
	}
	t := p.Peek()
	if t.Kind != parse.Ident || t.Quoted {
		p.Unexpected()
		return nil
	}
	switch t.Text {
	case "with":
		return p.withStatement()
	case "insert":
		return p.insert(t.Start, nil)
	case "create":
		return p.create()
	case "drop":
		return p.drop()
	case "explain":
		return p.explain()
	case "prepare":
		return p.prepare()
	case "execute":
		return p.execute()
	case "deallocate":
		return p.deallocate()
	}
	return p.sessionStatement(t)
}

func (p *parser) sessionStatement(t *parse.Token) ast.Statement {
	switch t.Text {
	case "describe", "desc":
		p.Next()
		n := p.objectName()
		return &ast.Describe{Name: n, Span: p.From(t.Start)}
	case "show":
		return p.show()
	case "set":
		return p.set()
	case "reset":
		return p.reset()
	}
	p.refuse(t)
	return nil
}

// withStatement parses WITH before a query or an INSERT.
func (p *parser) withStatement() ast.Statement {
	start := p.Peek().Start
	with := p.with()
	switch {
	case p.AtWords("insert"):
		return p.insert(start, with)
	case p.atWord("update", "delete", "merge"):
		p.refuse(p.Peek())
		return nil
	}
	var q *ast.Query
	p.nested(func() { q = p.queryAfterWith(start, with) })
	return q
}

// insert parses INSERT INTO.
func (p *parser) insert(start int32, with *ast.With) ast.Statement {
	p.ExpectWords("insert")
	if p.AtWords("overwrite") {
		p.unsupported(p.Peek().Span, "INSERT OVERWRITE", "write INSERT INTO; what becomes of old rows is an option of the sink")
	}
	p.ExpectWords("into")
	s := &ast.Insert{With: with, Table: p.objectName()}
	if p.AcceptWords("as") {
		name := p.name()
		s.Alias = &name
	}
	if p.At("(") && !p.atQueryStart() {
		s.Columns = p.insertColumns()
	}
	p.unsupportedWords("leave the words out", "overriding")
	switch {
	case s.Columns == nil && p.AcceptWords("default", "values"):
	case p.AtWords("values"):
		p.values = p.Peek().Start
		s.Query = p.query()
		p.values = -1
		p.checkDefaults(s.Query)
	case p.atQueryStart():
		s.Query = p.query()
	default:
		p.UnexpectedHint("INSERT INTO name is followed by VALUES (…) or a query")
	}
	p.unsupportedWords("a sink with a key updates by itself where its connector can", "on", "conflict")
	p.unsupportedWords("select from the table afterwards", "returning")
	s.Span = p.From(start)
	return s
}

func (p *parser) insertColumns() []exprast.Name {
	var names []exprast.Name
	p.parenthesised(func() {
		names = commaList(p, func() exprast.Name {
			n := p.name()
			if p.At(".") || p.At("[") {
				p.unsupported(p.From(n.Start), "INSERT into a part of a column", "insert the whole value")
			}
			return n
		})
	})
	return names
}

// checkDefaults refuses DEFAULT in a VALUES that is not all of an INSERT's query.
func (p *parser) checkDefaults(q *ast.Query) {
	if p.failed() {
		return
	}
	if _, alone := q.Body.(*ast.Values); alone {
		return
	}
	first := q.Body
	for {
		switch b := first.(type) {
		case *ast.SetOperation:
			first = b.L
			continue
		case *ast.Values:
			p.refuseDefaults(b)
		}
		return
	}
}

func (p *parser) refuseDefaults(v *ast.Values) {
	for _, r := range v.Rows {
		for _, x := range r.Exprs {
			if d, ok := x.(*ast.Default); ok {
				p.Errorf(d.Span, sqlstate.SyntaxError, "DEFAULT is not allowed in this context")
			}
		}
	}
}

// drop parses DROP.
func (p *parser) drop() ast.Statement {
	start := p.Next()
	s := &ast.Drop{}
	kind, ok := p.objectKind()
	if !ok {
		p.refuseObject("DROP", start)
		return nil
	}
	s.Kind = kind
	s.IfExists = p.AcceptWords("if", "exists")
	s.Names = commaList(p, p.objectName)
	if !p.AcceptWords("restrict") {
		s.Cascade = p.AcceptWords("cascade")
	}
	s.Span = p.From(start.Start)
	return s
}

// objectKind passes the words of a kind of object.
func (p *parser) objectKind() (ast.ObjectKind, bool) {
	switch {
	case p.AcceptWords("source"):
		return ast.Source, true
	case p.AcceptWords("table"):
		return ast.Table, true
	case p.AcceptWords("sink"):
		return ast.Sink, true
	case p.AcceptWords("view"):
		return ast.View, true
	case p.AcceptWords("materialized"):
		return ast.MaterializedView, p.ExpectWords("view")
	}
	return ast.AnyObject, false
}

// prepare parses PREPARE name [(types)] AS statement.
func (p *parser) prepare() ast.Statement {
	start := p.Next().Start
	if p.AtWords("transaction") && p.PeekAt(1).Kind == parse.String {
		p.unsupported(p.Peek().Span, "PREPARE TRANSACTION", "every statement stands alone; Wire has no transactions of several statements")
	}
	s := &ast.Prepare{Name: p.name()}
	if p.At("(") {
		p.parenthesised(func() { s.Types = commaList(p, p.typeName) })
	}
	p.ExpectWords("as")
	if p.atQueryStart() || p.atWord("insert", "update", "delete", "merge") {
		s.Statement = p.statement()
	} else {
		p.UnexpectedHint("a query or an INSERT can be prepared")
	}
	s.Span = p.From(start)
	return s
}

// execute parses EXECUTE name [(arguments)].
func (p *parser) execute() ast.Statement {
	start := p.Next().Start
	s := &ast.Execute{Name: p.name()}
	if p.At("(") {
		p.parenthesised(func() { s.Args = p.exprs() })
	}
	s.Span = p.From(start)
	return s
}

// deallocate parses DEALLOCATE [PREPARE] {name | ALL}.
func (p *parser) deallocate() ast.Statement {
	start := p.Next().Start
	if p.AtWords("prepare") && p.PeekAt(1).Kind == parse.Ident {
		p.Next()
	}
	s := &ast.Deallocate{}
	if !p.AcceptWords("all") {
		name := p.name()
		s.Name = &name
	}
	s.Span = p.From(start)
	return s
}
