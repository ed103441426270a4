package bind

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/schema"
)

// Overload chooses among functions of one name by PostgreSQL's rules, for whoever has a library of his own, such as that of aggregates. It returns
// the function and args cast to what it takes, or nil if none fits or, when ambiguous, several fit alike. The error is that of a literal which is no
// value of its parameter's type.
func Overload(overloads []*builtin.Function, args []*Expr) (f *builtin.Function, bound []*Expr, ambiguous bool, err error) {
	f, ambiguous = choose(accepting(overloads, len(args)), args, false)
	if f == nil {
		return nil, nil, ambiguous, nil
	}
	bound, ok, err := convertArgs(f, args)
	if err != nil || !ok {
		return nil, nil, false, err
	}
	return f, bound, false, nil
}

// accepting keeps the functions that can take n arguments.
func accepting(overloads []*builtin.Function, n int) []*builtin.Function {
	return keep(overloads, func(f *builtin.Function) bool { return f.Accepts(n) })
}

// Implicit reports whether a value of from becomes one of to without being asked.
func Implicit(from, to schema.Kind) bool { return implicit(from, to) }

// Unify casts args, in place, to the one type that PostgreSQL chooses for them, as in CASE. what names the construct in errors, which are *Error.
func Unify(what string, args []*Expr) (schema.Type, error) { return unify(what, args) }

// TypeNames returns the types of args as error messages spell them; those of undecided literals are "unknown".
func TypeNames(args []*Expr) []string { return typeNames(args) }
