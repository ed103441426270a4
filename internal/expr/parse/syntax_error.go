package parse

import (
	"errors"
	"fmt"
	"strings"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/sdk/sqlstate"
)

// Errorf records an error, unless there is one already, and returns the one that counts.
func (p *Parser) Errorf(at ast.Span, code sqlstate.Code, format string, args ...any) *Error {
	return p.Fail(&Error{SQLSTATE: code, Message: fmt.Sprintf(format, args...), Span: at})
}

// Fail records e, unless there is an error already, and returns the one that counts.
func (p *Parser) Fail(e *Error) *Error {
	if p.err == nil {
		p.err = e
	}
	p.pos = len(p.tokens) - 1
	return p.err
}

// Unexpected records a syntax error at the next token, with a hint where one comes to mind.
func (p *Parser) Unexpected() *Error {
	t := p.Peek()
	switch {
	case p.err != nil:
		return p.err
	case t.Kind == Invalid:
		return p.Fail(p.lexErr)
	case t.Kind != EOF:
		return p.Fail(&Error{
			SQLSTATE: sqlstate.SyntaxError, Span: t.Span, Hint: p.hintFor(t),
			Message: `syntax error at or near "` + p.Text(t.Span) + `"`,
		})
	}
	e := &Error{SQLSTATE: sqlstate.SyntaxError, Message: "syntax error at end of input", Span: t.Span, Incomplete: true}
	if len(p.open) > 0 {
		e.Span = p.tokens[p.open[len(p.open)-1]].Span
		e.Hint = fmt.Sprintf("this %q is never closed", p.opener())
	} else if strings.TrimSpace(p.text) == "" {
		e.Hint = "an expression is missing"
	}
	return p.Fail(e)
}

// UnexpectedHint is Unexpected with a hint of the caller's, which gives way to one about a parenthesis that is never closed.
func (p *Parser) UnexpectedHint(hint string) {
	failed, inOpen := p.err != nil, p.Peek().Kind == EOF && len(p.open) > 0
	if e := p.Unexpected(); !failed && e != p.lexErr && !inOpen {
		e.Hint = hint
	}
}

// adopt records an error of the Subquery hook.
func (p *Parser) adopt(err error, at ast.Span) {
	var e *Error
	if errors.As(err, &e) {
		p.Fail(e)
		return
	}
	p.Errorf(at, sqlstate.Of(err), "%v", err)
}
