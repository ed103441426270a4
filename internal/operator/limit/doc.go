// Package limit is the operator that passes some rows on: those after an offset, up to a limit, in the order in which they come.
//
// Its state is how many rows it has seen, kept under key group 0: all its input must come to one instance. When the limit is reached it says so
// (op.Satisfied), so that nothing more need be read.
package limit
