package parse

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/sqlstate"
)

// joins parses the joins behind a left side.
func (p *parser) joins(left ast.TableExpr, start int32) ast.TableExpr {
	for chain := 0; !p.failed() && p.atJoin(); chain++ {
		if chain > maxDepth {
			p.tooComplex()
		}
		left = p.join(left, start)
	}
	return left
}

// atJoin tells whether the words of a join are next.
func (p *parser) atJoin() bool {
	return p.atWord("join", "inner", "left", "right", "full", "cross", "natural")
}

// join parses one join. Its right side takes the joins that come before the condition: a JOIN b JOIN c ON … ON … is a JOIN (b JOIN c ON …) ON ….
func (p *parser) join(left ast.TableExpr, start int32) ast.TableExpr {
	j := &ast.Join{L: left}
	word := p.Peek()
	j.Natural = p.AcceptWords("natural")
	j.Kind = p.joinKind(j.Natural)
	p.ExpectWords("join")
	j.OpSpan = p.From(word.Start)
	right := p.Peek().Start
	p.nested(func() {
		j.R = p.tablePrimary()
		if j.Natural || j.Kind == ast.CrossJoin {
			return
		}
		j.R = p.joins(j.R, right)
		p.joinCondition(j)
	})
	j.Span = p.From(start)
	return j
}

func (p *parser) joinKind(natural bool) ast.JoinKind {
	kind := ast.InnerJoin
	switch {
	case !natural && p.AcceptWords("cross"):
		return ast.CrossJoin
	case p.AcceptWords("inner"):
		return kind
	case p.AcceptWords("left"):
		kind = ast.LeftJoin
	case p.AcceptWords("right"):
		kind = ast.RightJoin
	case p.AcceptWords("full"):
		kind = ast.FullJoin
	default:
		return kind
	}
	p.AcceptWords("outer")
	return kind
}

// joinCondition parses ON condition, or USING (columns) [AS alias].
func (p *parser) joinCondition(j *ast.Join) {
	switch {
	case p.AcceptWords("on"):
		j.On = p.expr()
	case p.AcceptWords("using"):
		j.Using = p.nameList()
		if p.AcceptWords("as") {
			name := p.name()
			j.UsingAlias = &name
		}
	case p.atStrayJoinEnd():
		p.UnexpectedHint("a " + j.Kind.String() + " needs ON condition or USING (column, …); for every row with every row write CROSS JOIN")
	default:
		p.Unexpected()
	}
}

// atStrayJoinEnd tells whether the next token ends a join that has no condition, rather than being a mistake of its own.
func (p *parser) atStrayJoinEnd() bool {
	t := p.Peek()
	return t.Is(")") || t.Is(";") || t.Is(",") || t.Kind == parse.EOF || t.Kind == parse.Ident && t.Class == exprast.Reserved ||
		p.atStreamClause()
}

// joinInParentheses parses (a JOIN b …) [AS alias]. More parentheses around it are allowed.
func (p *parser) joinInParentheses() ast.TableExpr {
	start := p.Peek().Start
	var t ast.TableExpr
	p.parenthesised(func() {
		inner := p.Peek().Start
		p.nested(func() { t = p.tablePrimary() })
		t = p.joins(t, inner)
	})
	j, ok := t.(*ast.Join)
	if p.failed() {
		return t
	}
	if !ok || j.Alias != nil {
		end := p.From(start)
		p.Fail(&parse.Error{
			SQLSTATE: sqlstate.SyntaxError, Message: `syntax error at or near ")"`, Span: exprast.Span{Start: end.End - 1, End: end.End},
			Hint: "parentheses in FROM hold a query or a join, not a single table",
		})
		return t
	}
	if alias := p.alias(); alias != nil {
		j.Alias = alias
		j.Span = p.From(start)
	}
	return j
}
