package bind

import (
	"fmt"
	"strings"

	"wire.example/wire/internal/expr/ast"
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

// closest returns the name that was probably meant: the one with the fewest edits, at most a third of its length, or "".
func closest(name string, names []string) string {
	best, bestDistance := "", max(len(name)/3, 1)+1
	for _, n := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(n)); d < bestDistance {
			best, bestDistance = n, d
		}
	}
	return best
}

// distance is the Levenshtein distance of two short names, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
