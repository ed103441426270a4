// Package join holds the operators that put the rows of two inputs together by a condition: Hash and Merge for
// inputs that have an end, Changing for those that have none, or whose rows are taken back.
//
// Hash stores one input, the build side, in chains of rows behind a table of keys, and looks the rows of the other up, a batch at a time: hashes
// of all rows, then their chains, then the columns of what matched. It knows every kind of join with either input as the build side. What is to be
// said of stored rows, that they have no match for instance, is marked on them and comes out when both inputs are over. Without keys every
// pair is tried: a nested loop over blocks.
//
// Merge takes inputs that are ordered by the keys and stores the rows of one key at a time.
//
// Changing stores both inputs in the runs of their keys and emits what each batch changes: see there, and ADR 0010. It has no order, but that what is taken back
// of a row comes before what takes its place.
//
// Conditions are three-valued. A pair matches when its keys are equal, NULL being equal to nothing (or to NULL, where a key says so), and the residual is
// TRUE. For marks and NOT IN a pair may be UNKNOWN: see Config.
//
// Order: what is emitted for a probe row stands together, in the order in which the stored rows came, and in the order of the probe rows; rows that came before
// the build side had ended follow in the order of key groups, and so do stored rows at the end. No row is ever late here.
package join
