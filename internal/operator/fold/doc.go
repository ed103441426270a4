// Package fold is the operator that carries out a changelog: it keeps the bag of rows that all changes leave, and emits them when its input ends, each an
// insertion. It stands where the end alone counts: before a sort or a limit over a bounded input that changes, and before results that are to be final.
//
// The state is a table of whole rows with how often each is there. Rows that are equal by SQL's rules for grouping are one; what is emitted is the row as
// it was when it was given first, or given again after nothing was left of it. A row may be taken back before it is given, as long as both come before the end; what is taken back more often than it was given is
// nothing. The order of the rows means nothing, and no row is late.
package fold
