package session

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/sqlstate"
)

// The codes that sessions raise themselves.
const (
	duplicateTable        sqlstate.Code = "42P07"
	duplicatePrepared     sqlstate.Code = "42P05"
	undefinedPrepared     sqlstate.Code = "26000"
	dependentObjects      sqlstate.Code = "2BP01"
	uniqueViolation       sqlstate.Code = "23505"
	checkViolation        sqlstate.Code = "23514"
	queryCanceled         sqlstate.Code = "57014"
	cantChangeParameter   sqlstate.Code = "55P02"
	undefinedFile         sqlstate.Code = "58P01"
	insufficientPrivilege sqlstate.Code = "42501"
	invalidSettingValue                 = sqlstate.InvalidParameterValue
)

// errTimeout is why a statement was stopped that took longer than statement_timeout.
var errTimeout = sqlstate.New(queryCanceled, "canceling statement due to statement timeout") //nolint:gochecknoglobals // a sentinel

// Error is what is wrong with a statement, or went wrong while it ran.
type Error struct {
	Code sqlstate.Code
	// Text is for people: code and message, and where the place is known the line with carets below it, and a hint; several mistakes stand below
	// each other. Without a line feed at its end.
	Text string
	// Placed says that the mistake has a place in the text: the statement was never begun.
	Placed bool
	err    error
}

// Error returns the text.
func (e *Error) Error() string { return e.Text }

// Unwrap returns what the error was made of.
func (e *Error) Unwrap() error { return e.err }

// located makes an *Error of err, with the places of its mistakes in text.
func located(err error, text string) error {
	var known *Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	var syntax *parse.Error
	if errors.As(err, &syntax) {
		return &Error{Code: syntax.SQLSTATE, Text: syntax.Render(text), Placed: true, err: err}
	}
	if mistakes := bind.Mistakes(err); len(mistakes) > 0 {
		parts := make([]string, len(mistakes))
		for i, m := range mistakes {
			parts[i] = m.Render(text)
		}
		return &Error{Code: mistakes[0].SQLSTATE, Text: strings.Join(parts, "\n"), Placed: true, err: err}
	}
	var state *sqlstate.Error
	if !errors.As(err, &state) {
		code := outside(err)
		return &Error{Code: code, Text: string(code) + ": " + err.Error(), err: err}
	}
	where := ""
	var row placedRow
	if errors.As(err, &row) {
		where = row.Place()
	}
	out := &Error{Code: state.Code, Text: string(state.Code) + ": " + where + state.Message, err: err}
	if state.Hint != "" {
		out.Text += "\nhint: " + state.Hint
	}
	return out
}

// refusedAt gives err the place of the statement, if that is one that cannot be planned.
func refusedAt(at ast.Span, err error) error {
	var refused *logical.RefusedError
	var state *sqlstate.Error
	if !errors.As(err, &refused) || !errors.As(err, &state) {
		return err
	}
	placed := bind.Errorf(at, state.Code, "%s", state.Message)
	if state.Hint == "" {
		return placed
	}
	return placed.WithHint("%s", state.Hint)
}

// placedRow is an error that says which row it is about, with a colon and a blank at the end; "" if that is not known.
type placedRow interface {
	error
	Place() string
}

// outside is the code of an error of a file, an address or whatever else is not SQL's.
func outside(err error) sqlstate.Code {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return undefinedFile
	case errors.Is(err, fs.ErrPermission):
		return insufficientPrivilege
	}
	return sqlstate.ForeignDataError
}

// interrupted says why a statement ended early, if it did so because of the settings.
func (s *Session) interrupted(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), errTimeout) {
		return errTimeout
	}
	return err
}
