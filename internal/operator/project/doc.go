// Package project is the operator that computes new columns from those of its input.
//
// It keeps no state and keeps the order. A column that is passed on is shared, not copied. A row for which any column cannot be computed is
// rejected, once, with the error of the first such column.
package project
