package parse

import (
	"errors"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/sqlstate"
)

// MaxLength is the longest text, in bytes.
const MaxLength = 16 << 20

// Statement parses text as one statement, with or without a semicolon at its end. The error is a *parse.Error of internal/expr/parse.
func Statement(text string, options ...parse.Option) (ast.Statement, error) {
	p := open(text, options)
	p.skipSemicolons()
	s := p.statement()
	if p.skipSemicolons(); p.Peek().Kind != parse.EOF {
		p.afterStatement()
	}
	return result(p, s)
}

// Query parses text as one query, with or without a semicolon at its end. The error is as Statement's.
func Query(text string, options ...parse.Option) (*ast.Query, error) {
	p := open(text, options)
	var q *ast.Query
	if p.atQueryStart() {
		q = p.query()
	} else {
		p.UnexpectedHint("a query is expected here: SELECT, VALUES, TABLE or WITH")
	}
	p.skipSemicolons()
	p.end()
	return result(p, q)
}

// Script parses statements parted by semicolons; empty ones are left out. The statements before the first mistake are returned with the
// error, which is as Statement's.
func Script(text string, options ...parse.Option) ([]ast.Statement, error) {
	p := open(text, options)
	var list []ast.Statement
	for p.skipSemicolons(); p.Peek().Kind != parse.EOF; p.skipSemicolons() {
		s := p.statement()
		if !p.At(";") {
			p.end()
		}
		if p.Err() != nil {
			break
		}
		list = append(list, s)
	}
	return list, p.failure()
}

// Split cuts text into statements at its semicolons, without looking at them more closely: each span runs from the first token to the
// semicolon, which it includes. rest is where text begins that no semicolon ends yet, len(text) if there is nothing but blanks and
// comments. open tells that rest ends inside a string, a quoted name or a comment, where a prompt has to read on whatever follows.
func Split(text string, options ...parse.Option) (statements []exprast.Span, rest int32, open bool) {
	p := parse.New(text, append([]parse.Option{parse.WithMaxLength(MaxLength)}, options...)...)
	if p.Err() != nil { // too long, or no UTF-8: whoever parses it is told
		return nil, 0, false
	}
	rest = int32(len(text))
	start := int32(-1)
	for {
		t := p.Peek()
		switch {
		case t.Kind == parse.EOF, t.Kind == parse.Invalid:
			if start >= 0 {
				rest = start
			} else if t.Kind == parse.Invalid {
				rest = t.Start
			}
			e := p.Unexpected()
			return statements, rest, t.Kind == parse.Invalid && e.Incomplete
		case !t.Is(";"):
			if start < 0 {
				start = t.Start
			}
		case start >= 0:
			statements = append(statements, exprast.Span{Start: start, End: t.End})
			start = -1
		}
		p.Next()
	}
}

// Incomplete tells whether an error of this package may be mended by more text behind it: a prompt asks for another line then.
func Incomplete(err error) bool {
	var e *parse.Error
	return errors.As(err, &e) && e.Incomplete
}

// result returns value, or the zero value and the error.
func result[T any](p *parser, value T) (T, error) {
	if err := p.failure(); err != nil {
		var zero T
		return zero, err
	}
	return value, nil
}

func open(text string, options []parse.Option) *parser {
	p := &parser{text: text, values: -1}
	all := append([]parse.Option{parse.WithMaxLength(MaxLength), parse.WithSubquery(p.subquery)}, options...)
	p.Parser = parse.New(text, all...)
	return p
}

// failure returns the first error with the best hint for it.
func (p *parser) failure() error {
	err := p.Err()
	if err == nil {
		return nil
	}
	var e *parse.Error
	if errors.As(err, &e) && e.SQLSTATE == sqlstate.SyntaxError {
		improve(p.text, e)
	}
	return err
}
