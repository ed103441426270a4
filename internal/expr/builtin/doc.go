// Package builtin is the library of SQL functions: their signatures, and what they do to columns.
//
// A Registry is an explicit list that a program makes once and then only reads. A Function's Eval sees whole columns through a Call; it
// fills the result for the selected rows, leaves NULL where the result is NULL, and reports a failing row with Fail. Functions keep no
// state between rows other than caches in Call.State, which belongs to one place in one compiled expression of one lane.
package builtin
