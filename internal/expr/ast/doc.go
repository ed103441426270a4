// Package ast holds the syntax tree of Wire's expressions, which are PostgreSQL 15's.
//
// The tree is what was written, with the byte span of every part and no types: names are not resolved and nothing is evaluated. SQL
// spells that mean the same are one node (a::t and CAST(a AS t), != and <>, TRIM(a) and btrim(a)), as in PostgreSQL's own grammar.
// SQL prints a tree as canonical text that parses to an equal tree, Dump prints it as an S-expression for tests and plans, and Equal
// compares two trees without their spans. Trees are built once by package parse and only read afterwards, so they may be shared
// between goroutines.
package ast
