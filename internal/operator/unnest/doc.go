// Package unnest is the operator that makes a row of each element of an array.
//
// It keeps no state and keeps the order: the elements of a row follow each other, each with the row's other columns beside it. A row whose
// array is empty or NULL is filtered. It stops after batch.MaxRows rows and goes on when it is called again.
package unnest
