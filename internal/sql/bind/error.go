package bind

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/foundation/invariant"
	"wire.example/wire/sdk/sqlstate"
)

// The codes that only statements raise.
const (
	tooManyArguments    sqlstate.Code = "54023"
	tooManyColumns      sqlstate.Code = "54011"
	invalidLimit        sqlstate.Code = "2201W"
	invalidOffset       sqlstate.Code = "2201X"
	cardinality         sqlstate.Code = "21000"
	dependentObjects    sqlstate.Code = "2BP01"
	groupingError       sqlstate.Code = "42803"
	duplicateAlias      sqlstate.Code = "42712"
	duplicateColumn     sqlstate.Code = "42701"
	duplicateTable      sqlstate.Code = "42P07"
	invalidColumnRef    sqlstate.Code = "42P10"
	invalidDefinition   sqlstate.Code = "42P17"
	invalidTable        sqlstate.Code = "42P16"
	invalidRecursion    sqlstate.Code = "42P19"
	undefinedParameter  sqlstate.Code = "42P02"
	windowingError      sqlstate.Code = "42P20"
	generatedAlways     sqlstate.Code = "428C9"
	invalidOptionValue  sqlstate.Code = "22023"
	ambiguousAlias      sqlstate.Code = "42P09"
	uniqueViolationCode sqlstate.Code = "23505"
)

// caught makes an error of a panic, with the place of the statement: a mistake of the binder must not end a process that has other statements.
func caught(at exprast.Span, err *error) {
	if r := recover(); r != nil {
		broken := errorf(at, sqlstate.InternalError, "the statement cannot be understood, which failed at %s: %v", invariant.Place(), r)
		*err = broken.WithHint("This is a mistake of Wire's, not of the statement's: please report it.")
	}
}

func errorf(at exprast.Span, code sqlstate.Code, format string, args ...any) *bind.Error {
	return bind.Errorf(at, code, format, args...)
}
