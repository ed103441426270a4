// Package split is the operator that sends each row to the first of its ports whose condition holds.
//
// It keeps no state and keeps the order within a port. A last port without a condition takes what is left; without one such rows are
// filtered. A condition is evaluated only for the rows that no earlier port took.
package split
