// Package window is the operators of windows in time: Assign gives rows their windows, Aggregate makes one row of each group and window.
//
// Assign keeps no state and stands in the chain of a source, where it also decides which rows are late: by the watermark that the row's own split had just
// before it, so that neither timing nor parallelism nor batch cuts change what counts. A row may come out once for each of its windows, or once with its slice:
// the windows it counts in, by the ends of the first and the last.
package window
