// Package ast holds the syntax tree of Wire's SQL statements; the expressions in it are those of internal/expr/ast.
//
// The tree is what was written, with the byte span of every part: names are not resolved and nothing is checked that the grammar does
// not say. Spellings that mean the same are one tree (TABLE(TUMBLE(TABLE t, DESCRIPTOR(c), …)) and TUMBLE(t, c, …), FETCH FIRST 5 ROWS
// ONLY and LIMIT 5, redundant parentheses). SQL prints a statement as canonical text that parses to an equal tree, Dump prints it as
// an S-expression for tests, and Equal compares two trees without their spans. Trees are built once by package parse and only read
// afterwards, so they may be shared between goroutines.
package ast
