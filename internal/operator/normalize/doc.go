// Package normalize is the operator between rows that go by a key and full changelogs. It keeps, for each key, the rows that are there, and emits what
// becomes of the key's current row, in either of two forms.
//
// Behind a source of upserts, or of changes that may come twice, rows replace each other: the last one of a key is its row, a deletion takes away whatever
// row the key has, and what an update replaces need not be known to the source. Out come insertions, updates with both images, and deletions with the image that was there;
// a row that is like the one before changes nothing, and a deletion of a key that is not there is counted as filtered.
//
// In front of a sink with a primary key, the input is a full changelog in which several rows of a key may be there at one time, since a row may come before the one
// that it replaces is taken back. The last one that came is the key's row. Out come rows that replace each other, and deletions.
//
// What is emitted waits for a flush, so that a key that changes often between two of them is emitted once, and not at all if it is as it was before. The state is a table of
// keys with the rows of each in a chain, the last that came first. Rows are forgotten after a time in which nothing touches their key, if so asked: what
// comes then is for a key that is not there. Rows that are emitted are never late.
package normalize
