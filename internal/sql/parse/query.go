package parse

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/sqlstate"
)

// subquery is the hook of the parser of expressions.
func (p *parser) subquery(*parse.Parser) (exprast.Node, error) {
	q := p.query()
	if err := p.Err(); err != nil {
		return nil, err
	}
	return q, nil
}

// atQueryStart tells whether a query is next, perhaps in parentheses.
func (p *parser) atQueryStart() bool {
	n := 0
	for p.PeekAt(n).Is("(") {
		n++
	}
	t := p.PeekAt(n)
	return isWord(t, "select", "with", "table") || isWord(t, "values") && p.PeekAt(n+1).Is("(")
}

// query parses a whole query.
func (p *parser) query() *ast.Query {
	var q *ast.Query
	p.nested(func() {
		start := p.Peek().Start
		var with *ast.With
		if p.AtWords("with") {
			with = p.with()
			p.refuseWrites()
		}
		q = p.queryAfterWith(start, with)
	})
	return q
}

// queryAfterWith parses a query whose WITH has been parsed.
func (p *parser) queryAfterWith(start int32, with *ast.With) *ast.Query {
	q := &ast.Query{}
	body := p.setOperations(0)
	if inner, ok := body.(*ast.Query); ok { // parentheses around all of it: what follows belongs to the same query
		*q = *inner
	} else {
		q.Body = body
	}
	if with != nil {
		if q.With != nil {
			p.twice(with.Span, "WITH")
		}
		q.With = with
	}
	p.sortAndLimit(q)
	q.Span = p.From(start)
	return q
}

func (p *parser) twice(at exprast.Span, clause string) {
	p.Fail(&parse.Error{
		SQLSTATE: sqlstate.SyntaxError, Message: "multiple " + clause + " clauses not allowed", Span: at,
		Hint: "give the query in parentheses an alias and select from it: SELECT * FROM (…) AS q …",
	})
}

// with parses WITH [RECURSIVE] and its queries.
func (p *parser) with() *ast.With {
	start := p.Peek().Start
	p.ExpectWords("with")
	w := &ast.With{}
	if next := p.PeekAt(1); next.Kind == parse.Ident && !isWord(next, "as") { // else it is a name
		w.Recursive = p.AcceptWords("recursive")
	}
	w.Tables = commaList(p, p.commonTable)
	w.Span = p.From(start)
	return w
}

func (p *parser) commonTable() *ast.CommonTable {
	start := p.Peek().Start
	c := &ast.CommonTable{Name: p.name()}
	if p.At("(") {
		c.Columns = p.nameList()
	}
	p.ExpectWords("as")
	switch {
	case p.AcceptWords("materialized"):
		c.Materialize = ast.MaterializeAlways
	case p.AcceptWords("not"):
		p.ExpectWords("materialized")
		c.Materialize = ast.MaterializeNever
	}
	p.parenthesised(func() {
		p.refuseWrites()
		c.Query = p.queryHere()
	})
	c.Span = p.From(start)
	p.unsupportedWords("number the rows yourself, in a column of the recursive query", "search")
	if p.AtWords("cycle") && !p.PeekAt(1).Is("(") && !p.PeekAt(1).Is(",") {
		p.unsupportedWords("keep the path in an array of the recursive query and test it in WHERE", "cycle")
	}
	return c
}

// refuseWrites refuses INSERT and its kin inside a query.
func (p *parser) refuseWrites() {
	if p.atWord("insert", "update", "delete", "merge") {
		p.unsupported(p.Peek().Span, "a statement that writes inside a query", "write INSERT as a statement of its own")
	}
}

// queryHere parses a query where nothing else can stand.
func (p *parser) queryHere() *ast.Query {
	if !p.At("(") && !p.atQueryStart() {
		p.Unexpected()
		return nil
	}
	return p.query()
}

// setLevel is how tightly a word binds as a set operation, -1 if it is none.
func setLevel(t *parse.Token) int {
	switch {
	case isWord(t, "union", "except"):
		return 0
	case isWord(t, "intersect"):
		return 1
	}
	return -1
}

// setOperations parses operands and set operations that bind at least as tightly as level. A query in parentheses that is all there is
// is returned as a *ast.Query, whatever its clauses.
func (p *parser) setOperations(level int) ast.Body {
	start := p.Peek().Start
	left := p.operand()
	for chain := 0; !p.failed() && setLevel(p.Peek()) >= level; chain++ {
		if chain > maxDepth {
			p.tooComplex()
		}
		op := p.Next()
		s := &ast.SetOperation{L: unwrap(left)}
		switch op.Text {
		case "intersect":
			s.Op = ast.Intersect
		case "except":
			s.Op = ast.Except
		}
		s.All = p.AcceptWords("all")
		if !s.All {
			p.AcceptWords("distinct")
		}
		s.OpSpan = p.From(op.Start)
		p.nested(func() { s.R = unwrap(p.setOperations(setLevel(op) + 1)) })
		s.Span = p.From(start)
		left = s
	}
	return left
}

// unwrap returns what a query in parentheses computes if it has no clauses of its own.
func unwrap(b ast.Body) ast.Body {
	if q, ok := b.(*ast.Query); ok && q.With == nil && len(q.OrderBy) == 0 && q.Limit == nil {
		return q.Body
	}
	return b
}

// operand parses SELECT, VALUES, TABLE, or a query in parentheses.
func (p *parser) operand() ast.Body {
	start := p.Peek()
	switch {
	case p.At("("):
		var q *ast.Query
		p.parenthesised(func() { q = p.queryHere() })
		if q == nil {
			return nil
		}
		return q
	case p.AtWords("select"):
		return p.selectStatement()
	case p.AtWords("values"):
		return p.valuesLists()
	case p.AcceptWords("table"):
		return &ast.TableQuery{Table: p.relation(), Span: p.From(start.Start)}
	case p.AtWords("with"):
		p.UnexpectedHint("WITH begins a query; put this one in parentheses")
	}
	p.Unexpected()
	return nil
}

func (p *parser) valuesLists() *ast.Values {
	start := p.Next().Start
	v := &ast.Values{}
	v.Rows = commaList(p, func() ast.ValuesRow { return p.valuesRow(start == p.values) })
	v.Span = p.From(start)
	for _, r := range v.Rows {
		if len(r.Exprs) != len(v.Rows[0].Exprs) && !p.failed() {
			p.Errorf(r.Span, sqlstate.SyntaxError, "VALUES lists must all be the same length")
		}
	}
	return v
}

func (p *parser) valuesRow(defaults bool) ast.ValuesRow {
	r := ast.ValuesRow{}
	start := p.Peek().Start
	p.parenthesised(func() {
		r.Exprs = commaList(p, func() exprast.Node {
			t := p.Peek()
			if !p.AcceptWords("default") {
				return p.expr()
			}
			if !defaults {
				p.Errorf(t.Span, sqlstate.SyntaxError, "DEFAULT is not allowed in this context")
			}
			return &ast.Default{Span: t.Span}
		})
	})
	r.Span = p.From(start)
	return r
}

// sortAndLimit parses what may follow the body of a query.
func (p *parser) sortAndLimit(q *ast.Query) {
	if at := p.Peek(); p.AcceptWords("order") {
		p.ExpectWords("by")
		if q.OrderBy != nil {
			p.twice(at.Span, "ORDER BY")
		}
		q.OrderBy, _ = p.OrderBy()
	}
	limited, moved := false, false
	for !p.failed() {
		switch {
		case !limited && p.AtWords("limit"):
			p.limit(q)
			limited = true
		case !limited && p.AtWords("fetch"):
			p.fetch(q)
			limited = true
		case !moved && p.AtWords("offset"):
			p.offset(q)
			moved = true
		case p.AtWords("for"):
			p.locking()
		default:
			if q.Limit != nil && q.Limit.WithTies && q.OrderBy == nil {
				p.Errorf(q.Limit.Span, sqlstate.SyntaxError, "WITH TIES cannot be specified without ORDER BY clause")
			}
			return
		}
	}
}

// locking refuses FOR UPDATE and its kin.
func (p *parser) locking() {
	n := 1
	if isWord(p.PeekAt(1), "no") {
		n = 3 // NO KEY UPDATE
	} else if isWord(p.PeekAt(1), "key") {
		n = 2
	}
	if !isWord(p.PeekAt(n), "update", "share") {
		p.Next()
		p.Unexpected()
		return
	}
	p.unsupported(p.Peek().To(p.PeekAt(n).Span), "FOR "+upper(p.PeekAt(n).Text), "leave it out: rows that are read are never locked")
}

// limitOf returns the query's Limit for a clause that begins at a token.
func (p *parser) limitOf(q *ast.Query, t *parse.Token) *ast.Limit {
	if q.Limit == nil {
		q.Limit = &ast.Limit{Span: t.Span}
	}
	return q.Limit
}

func (p *parser) limit(q *ast.Query) {
	t := p.Next()
	l := p.limitOf(q, t)
	if l.All || l.Count != nil {
		p.twice(t.Span, "LIMIT")
	}
	if p.AcceptWords("all") {
		l.All = true
	} else {
		l.Count = p.expr()
	}
	if p.At(",") {
		p.Fail(&parse.Error{
			SQLSTATE: sqlstate.SyntaxError, Message: "LIMIT #,# syntax is not supported", Span: t.To(p.Peek().Span),
			Hint: "write LIMIT count OFFSET start",
		})
	}
	l.Span = p.From(l.Start)
}

func (p *parser) offset(q *ast.Query) {
	t := p.Next()
	l := p.limitOf(q, t)
	if l.Offset != nil {
		p.twice(t.Span, "OFFSET")
	}
	l.Offset = p.expr()
	if !p.AcceptWords("rows") {
		p.AcceptWords("row")
	}
	l.Span = p.From(l.Start)
}

func isNumber(t *parse.Token) bool { return t.Kind >= parse.Integer && t.Kind <= parse.Float }

// fetch parses FETCH {FIRST | NEXT} [count] {ROW | ROWS} {ONLY | WITH TIES}.
func (p *parser) fetch(q *ast.Query) {
	t := p.Next()
	l := p.limitOf(q, t)
	if l.All || l.Count != nil {
		p.twice(t.Span, "LIMIT")
	}
	if !p.AcceptWords("next") {
		p.ExpectWords("first")
	}
	switch {
	case p.atWord("row", "rows") && isWord(p.PeekAt(1), "only", "with"):
		l.Count = &exprast.Literal{Kind: exprast.Integer, Text: "1", Span: p.Peek().Span}
	case (p.At("+") || p.At("-")) && isNumber(p.PeekAt(1)):
		l.Count, _ = p.Expr(exprast.SignPrecedence)
	case p.Peek().Kind == parse.Operator, p.AtWords("not"):
		p.UnexpectedHint("put the count in parentheses")
	default:
		l.Count, _ = p.Expr(exprast.PrimaryPrecedence)
	}
	if !p.AcceptWords("rows") {
		p.ExpectWords("row")
	}
	if p.AcceptWords("with", "ties") {
		l.WithTies = true
	} else {
		p.ExpectWords("only")
	}
	l.Span = p.From(l.Start)
}
