// Package sort is the operator that puts rows in order, and keeps only the first of them if it has a limit: of all rows, or of each partition
// (Top-N, ROW_NUMBER() <= n, DISTINCT ON).
//
// Rows are kept as columns (keyed.Rows) under the key group of their partition, group 0 without one, and sorted when the input ends, by words of
// their keys (keyed.Order.Sort). With a limit, the rows that cannot be among the first are dropped whenever twice as many are kept as were left
// the last time; a row that comes behind the last of the first is not kept at all. So memory is bounded by the limit, not by the input, and each
// row is sorted a few times at most.
//
// The sort is stable: rows that are equal in the keys keep the order in which they came. Partitions come out in the order of their columns, unless
// the keys begin with these. Snapshots hold the rows that are still to be emitted.
package sort
