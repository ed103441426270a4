// Package memory is a source of rows that lie in memory and a sink that hands rows to a function: the ends of a pipeline that runs inside a
// program, such as VALUES and the tables of a session, and the results of a query. Neither is in the list that users choose from.
//
// Rows may be changes: the source deals their kinds, the sink takes every changelog, and a Collector folds what it kept.
//
// The source deals one batch a block; its position is the number of batches dealt, so a run goes on from a checkpoint only over the same list.
// The sink calls the function as rows come, before any commit: at least once.
package memory
