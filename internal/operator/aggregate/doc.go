// Package aggregate is the operator that makes one row of each group of rows: hash aggregation by key columns, with grouping sets, and with FILTER,
// DISTINCT and ORDER BY in its calls.
//
// A keyed.Table maps the keys of a group to a slot, under which the state of each call (expr/aggregate) keeps what it knows of the group. With grouping
// sets a row belongs to a group of every set; the number of the set is one more key. The values that a call with DISTINCT has seen are keys of a table of
// their own. A call that needs its rows in order keeps them (keyed.Rows), chained by group, and sorts each chain at the end. Rows are absorbed;
// groups come out when the input ends, by key group and in each in the order in which they began.
//
// There are two operators. Operator is the whole work, or the second half of it, which merges partial answers. Combiner is the first half: it folds rows of
// one key into one row of partial answers, keeps a bounded number of groups and forgets them at each flush, so that it can stand before an exchange, in as
// many lanes as there are. A group may come out of it several times.
//
// An answer that cannot be given, such as a sum that is too large, is the error of the row that would have had it.
package aggregate
