// Package rowsfrom is the operator that puts beside each row the rows of functions that return sets: LATERAL ROWS FROM (f(…), g(…)).
//
// Several functions go in lock step, the shorter ones filled up with NULL. It keeps no state between batches and keeps the order: the rows of a
// row follow each other. A row for which no function returns a row is filtered, or comes once with NULLs if Outer. It stops after
// batch.MaxRows rows and goes on when it is called again, so that a series without end needs no more memory than a short one. A function that
// fails rejects the row; rows that it made before that have gone on, whatever the cuts between batches.
package rowsfrom
