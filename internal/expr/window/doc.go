// Package window is the library of window functions: PostgreSQL 15's names, overloads, result types and errors, and every aggregate as one of them.
//
// A Registry is an explicit list that a program makes once and then only reads. Resolve chooses an overload for a call f(…) OVER w and casts its
// arguments; OffsetType chooses the type of the offsets of a RANGE frame. What the functions compute is the business of operator/over.
package window
