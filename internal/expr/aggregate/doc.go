// Package aggregate is the library of aggregate functions: PostgreSQL 15's names, overloads, result types, values and errors, and two
// approximations that PostgreSQL has not.
//
// A Registry is an explicit list that a program makes once and then only reads. Resolve chooses an overload for a call and casts its arguments; a
// Function says what a planner may do with it: whether partial answers can be merged, whether rows can be taken back, whether the order or the
// repetition of rows shows.
package aggregate
