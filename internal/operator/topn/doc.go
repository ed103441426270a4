// Package topn is the operator of the first rows of each partition, or of all rows, in an order, while rows come and go: ROW_NUMBER() <= n and its kin, ORDER BY with LIMIT, LIMIT
// alone. Its output is a changelog of the rows that are among the first, perhaps with their ranks.
//
// The rows of a partition stand in a ranked list (keyed.Ranked). Where rows are only ever added, those that have fallen behind the last that counts are dropped, and a row that comes
// behind it is compared and nothing else; where rows are taken back, all are kept, and the next one moves up. Each kept row knows under which place it was last emitted: at a flush
// the window of each partition that was touched is walked through, and the difference to that is emitted, once, whatever happened between.
//
// State are the rows in columns (keyed.Rows); tables and lists follow from them. Rows that are equal in the order are told apart by their other columns, so that the answer
// depends on the rows alone, or, if asked, by the order in which they came, which is then a column of the state.
//
// A Combiner is the half before an exchange: of each piece of input it lets the rows pass that may be among the first.
package topn
