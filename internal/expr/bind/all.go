package bind

import (
	"errors"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/sdk/sqlstate"
)

// All returns every mistake in the meaning of node that does not follow from another: those of operands before those of what is made of them.
// None means that Bind succeeds. A mistake that is no *Error, of a hook for instance, is returned alone.
func All(node ast.Node, scope Scope, options ...Option) []error {
	_, err := Bind(node, scope, options...)
	if err == nil {
		return nil
	}
	var below []error
	_, junction := node.(*ast.Logical)
	for _, child := range ast.Children(node) {
		for _, e := range All(child, scope, options...) {
			if junction || standsAlone(e) {
				below = append(below, e)
			}
		}
	}
	if len(below) > 0 {
		return below
	}
	return []error{err}
}

// standsAlone reports whether a mistake of an operand is one wherever it stands: an unknown name is; an empty array, say, is none below a cast.
func standsAlone(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.SQLSTATE {
	case sqlstate.UndefinedColumn, sqlstate.UndefinedFunction, sqlstate.UndefinedObject, sqlstate.AmbiguousColumn:
		return true
	}
	return false
}
