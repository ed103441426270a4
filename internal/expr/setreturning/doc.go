// Package setreturning is the library of functions that return sets of rows: PostgreSQL 15's names, overloads, columns, values and errors.
//
// A Registry is an explicit list that a program makes once and then only reads. Resolve chooses an overload for a call and casts its
// arguments. A Function makes Generators; one of them belongs to one place of one plan and writes the rows of one call after the other,
// in pieces, without keeping them.
package setreturning
