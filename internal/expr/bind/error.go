package bind

import (
	"errors"
	"fmt"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/sdk/sqlstate"
)

// Error is a mistake in the meaning of an expression.
type Error struct {
	SQLSTATE sqlstate.Code
	// Message is PostgreSQL's wording.
	Message string
	// Hint may be empty.
	Hint string
	// Span is the part of the source to point at.
	Span ast.Span
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Unwrap lets the code be found by sqlstate.Of.
func (e *Error) Unwrap() error {
	return &sqlstate.Error{Code: e.SQLSTATE, Message: e.Message, Hint: e.Hint}
}

func errorf(at ast.Span, code sqlstate.Code, format string, args ...any) *Error {
	return &Error{SQLSTATE: code, Message: fmt.Sprintf(format, args...), Span: at}
}

func (e *Error) hint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

func fromState(at ast.Span, err *sqlstate.Error) *Error {
	return &Error{SQLSTATE: err.Code, Message: err.Message, Hint: err.Hint, Span: at}
}

// Mistakes returns the errors of this package that err is, or joins.
func Mistakes(err error) []*Error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Error
		for _, e := range joined.Unwrap() {
			all = append(all, Mistakes(e)...)
		}
		return all
	}
	var one *Error
	if errors.As(err, &one) {
		return []*Error{one}
	}
	return nil
}

// Render returns the error for a person, as one of parsing is shown: code and message, the line of source with its number, carets below the place, and
// the hint.
func (e *Error) Render(source string) string {
	return (&parse.Error{SQLSTATE: e.SQLSTATE, Message: e.Message, Hint: e.Hint, Span: e.Span}).Render(source)
}
