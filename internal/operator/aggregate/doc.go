// Package aggregate is the operator that makes one row of each group of rows: hash aggregation by key columns, with grouping sets, and with FILTER,
// DISTINCT and ORDER BY in its calls.
//
// A keyed.Table maps the keys of a group to a slot, under which the state of each call (expr/aggregate) keeps what it knows of the group, together with that of the other calls. With
// grouping sets a row belongs to a group of every set; the number of the set is one more key. The values that calls with DISTINCT have seen are keys of a table that calls over the same
// arguments share, with a bit for each of them. A call that needs its rows in order keeps them (keyed.Rows), chained by group, and sorts each chain at the end. Rows are absorbed;
// groups come out when the input ends, by key group and in each in the order in which they began, or, after a restore from entries, of their hashes.
//
// With Changes the operator answers at each flush: it notes which groups are touched, what their answers were before, and emits those that differ, so that a group whose rows come together
// changes once. Where rows are taken back, groups have a count of rows and go with the last one; states subtract, values of DISTINCT are counted, and calls that cannot subtract keep their rows
// ranked (keyed.Ranked), as do calls that need an order, since they answer again and again. What is taken back and not known is counted as filtered. Groups may expire by processing time; what is
// kept beside them is known by a number that no later group has, and is swept.
//
// Combiner is the first half of an aggregate in two: it folds rows of one key into one row of partial answers, keeps a bounded number of groups and forgets them at each flush, so that it can stand
// before an exchange, in as many lanes as there are; a group may come out of it several times. An Operator merges them. Of a changelog it makes differences. Scatter and Distinct do for calls with
// DISTINCT what cannot be combined: see Scatter.
//
// No row is late. An answer that cannot be given, such as a sum that is too large, is the error of the row that would have had it, told once until it can be given.
package aggregate
