// Package setop is the operator of INTERSECT and EXCEPT, with and without ALL.
//
// It counts, for each distinct row, how often it came from either input, and says at the end of both what the counts come to. Rows are one if they
// are equal as grouping takes it: NULLs are equal, and so are 1.0 and 1.00; a row comes out as it was first written on the left.
//
// Once an input has ended, rows of the other one that cannot come to anything are not kept. Rows come out in the order of key groups and, in each, in
// that of their first arrival on the left, whatever way the inputs were mixed. No row is late.
//
// With changes it takes changelogs, and emits at each flush by how much each row that was touched since the last one has become more or less often. A row that
// is in neither input any more is forgotten, and so is, with a time to live, one that did not come in a while; one that is taken back and is not known is counted
// as filtered.
package setop
