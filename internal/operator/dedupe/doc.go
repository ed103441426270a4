// Package dedupe is the operator that keeps one row of each partition of rows that are only ever added: the one that comes first in an order.
//
// A row that comes before the kept one replaces it. The first row of a partition is emitted at once, as it lies in the batch that brought it; a replacement when the operator is
// flushed: what was emitted last is taken back and what is kept now given, once, however often it changed between. Where the order begins with a time that has a watermark and only final
// rows are wanted (Final), a row is emitted when no later row can come before it, and never taken back.
//
// State is the kept rows, one a partition, in columns (keyed.Rows); a table of the partitions with a slot each follows from them, with the beginning of the kept row's keys, so that
// a row that loses is compared and nothing else. What is kept does not depend on the order of arrival unless rows are equal in all keys and Ties says that it should.
package dedupe
