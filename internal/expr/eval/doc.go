// Package eval computes bound expressions over batches.
//
// Compile turns trees of bind.Expr into a Program: a graph of nodes, each of which owns the column it fills. A node's kernel is a loop over
// typed slices, chosen when compiling by operation, type and constness; nothing is decided row by row.
//
// Every node stands in a scope: the rows for which its value is wanted. The outermost scope is the rows of the batch that count; a branch
// of CASE, an operand of AND, OR or COALESCE makes a smaller one, whose rows are known once the operands before it were computed. An
// expression that occurs several times is computed once, in the outermost scope that wants it for all of its rows, so that sharing never
// computes for a row what the row does not ask for. Rows outside a scope hold garbage in its columns, which no kernel follows.
//
// A row for which an operation fails is noted once with its error, and the operation's value is NULL there. Answers and errors are
// PostgreSQL 15's. A Program belongs to one lane, and allocates nothing once its columns have grown.
package eval
