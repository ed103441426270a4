// Package streamfuzz runs random queries over random streams and compares what their changes leave with PostgreSQL 15's answers over the rows that the streams leave.
//
// A seed makes a universe: sources whose rows come out of order, and are added, updated and deleted, written in each way that Wire reads changes; windows over those that are only
// added to, some of whose rows are late; and queries of filters, groups, joins, ranks, window functions and set operations, nested. Wire runs each with emit =
// 'changes' at several parallelisms, with blocks cut at random, and stopped and resumed. No row may be taken back that is not there, and the rest must be PostgreSQL's rows.
//
// What Wire refuses with SQLSTATE 0A000 is counted by its message. A difference is shrunk, its rows, versions and parts of the query, and printed as a script.
package streamfuzz
