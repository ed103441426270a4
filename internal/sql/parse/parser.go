package parse

import (
	"slices"
	"strings"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/sqlstate"
)

// parser adds statements to the parser of expressions.
type parser struct {
	*parse.Parser
	text  string
	depth int // of queries and joins inside each other
	// values is where the VALUES of an INSERT begins, the only one that takes DEFAULT; -1 outside.
	values int32
}

// maxDepth bounds how deep queries and joins stand in each other, and how long chains of set operations and joins are. Expressions
// have a bound of their own.
const maxDepth = 1000

// nested runs parse one level deeper.
func (p *parser) nested(parse func()) {
	p.depth++
	if p.depth > maxDepth {
		p.tooComplex()
	} else {
		parse()
	}
	p.depth--
}

func (p *parser) tooComplex() {
	p.Fail(&parse.Error{
		SQLSTATE: sqlstate.StatementTooComplex, Message: "stack depth limit exceeded", Span: p.Peek().Span,
		Hint: "the query is nested too deeply, or a chain of joins or set operations is too long; split it by WITH or a view",
	})
}

// failed tells whether there is an error already.
func (p *parser) failed() bool { return p.Err() != nil }

// atWord tells whether one of these words is next.
func (p *parser) atWord(words ...string) bool { return isWord(p.Peek(), words...) }

func isWord(t *parse.Token, words ...string) bool {
	return t.Kind == parse.Ident && !t.Quoted && slices.Contains(words, t.Text)
}

// call tells whether the unquoted word and an opening parenthesis are next.
func (p *parser) call(words ...string) bool { return p.atWord(words...) && p.PeekAt(1).Is("(") }

func (p *parser) skipSemicolons() {
	for p.Accept(";") {
	}
}

// end asks for the end of the text or a semicolon.
func (p *parser) end() {
	if p.Peek().Kind != parse.EOF {
		p.Unexpected()
	}
}

// afterStatement reports what stands behind a statement that should be alone.
func (p *parser) afterStatement() {
	if p.previousIs(";") {
		p.Fail(&parse.Error{
			SQLSTATE: sqlstate.SyntaxError, Message: "cannot insert multiple commands into a prepared statement", Span: p.Peek().Span,
			Hint: "one statement is expected here",
		})
		return
	}
	p.Unexpected()
}

// previousIs tells whether the token before the next one is the symbol.
func (p *parser) previousIs(symbol string) bool {
	end := p.From(0).End
	return end > 0 && strings.HasSuffix(p.text[:end], symbol)
}

// expr parses any expression. Errors are kept by the parser: whoever needs to know asks failed.
func (p *parser) expr() exprast.Node {
	n, _ := p.Expr(exprast.LowestPrecedence)
	return n
}

func (p *parser) exprs() []exprast.Node {
	return commaList(p, p.expr)
}

// commaList parses one or more items parted by commas.
func commaList[T any](p *parser, item func() T) []T {
	list := []T{item()}
	for p.Accept(",") {
		list = append(list, item())
	}
	return list
}

// parenthesised parses ( inside ).
func (p *parser) parenthesised(inside func()) {
	p.Open("(")
	inside()
	p.Close()
}

func (p *parser) name() exprast.Name {
	n, _ := p.Name()
	return n
}

func (p *parser) label() exprast.Name {
	n, _ := p.Label()
	return n
}

func (p *parser) typeName() *exprast.TypeName {
	t, _ := p.Type()
	return t
}

func (p *parser) nameList() []exprast.Name {
	var names []exprast.Name
	p.parenthesised(func() { names = commaList(p, p.name) })
	return names
}

// maxNameParts is database, schema and name.
const maxNameParts = 3

func (p *parser) objectName() ast.ObjectName {
	start := p.Peek().Start
	n := ast.ObjectName{Parts: []exprast.Name{p.name()}}
	for p.Accept(".") {
		n.Parts = append(n.Parts, p.label())
	}
	n.Span = p.From(start)
	if len(n.Parts) > maxNameParts {
		p.Errorf(n.Span, sqlstate.SyntaxError, "improper qualified name (too many dotted names): %s", p.Text(n.Span))
	}
	return n
}

// unsupported refuses what PostgreSQL has and Wire has not.
func (p *parser) unsupported(at exprast.Span, what, hint string) {
	p.Fail(&parse.Error{SQLSTATE: sqlstate.FeatureNotSupported, Message: what + " is not supported", Hint: hint, Span: at})
}

// unsupportedWords refuses a clause if these words are next.
func (p *parser) unsupportedWords(hint string, words ...string) bool {
	if !p.AtWords(words...) {
		return false
	}
	span := p.Peek().To(p.PeekAt(len(words) - 1).Span)
	p.unsupported(span, strings.ToUpper(strings.Join(words, " ")), hint)
	return true
}
