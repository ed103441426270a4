// Package bind gives a parsed expression its meaning: columns found in a Scope, types by PostgreSQL 15's rules, operators and functions
// resolved, implicit casts written out. The result is a tree of Expr that package eval compiles.
//
// Errors are *Error: SQLSTATE, PostgreSQL's wording, the span to point at and, where one comes to mind, a hint. Binding evaluates
// nothing but the input functions of literals. Trees are immutable once returned and may be shared.
package bind
