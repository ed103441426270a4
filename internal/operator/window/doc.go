// Package window is the operators of windows in time: Assign gives rows their windows, Aggregate makes one row of each group and window.
//
// Assign keeps no state and stands in the chain of a source, where it also decides which rows are late: by the watermark that the row's own split had just
// before it, so that neither timing nor parallelism nor batch cuts change what counts. A row may come out once for each of its windows, or once with its slice:
// the windows it counts in, by the ends of the first and the last.
//
// Aggregate keeps for each window that is open an aggregate of its own (aggregate.Part), which is dropped whole when the window is over. Windows are answered in
// the order of their ends, when the watermark of all input has passed; or whenever something has changed, as changes. Rows that come for a window that was
// answered, within its lateness, correct the answer. Behind Assign no row is late: what comes for a window that was dropped is counted as late all the same.
// Rows of windows that have few wait together without such aggregates, until their window closes or has many. Combiner is its first half, to stand before an exchange.
//
// Sliced is an Aggregate over slices: a state for each group and slice, the windows put together from those. Revised is one whose answers change: it keeps apart what rows
// of a slice add up to that others have been told of, and tells of the rest window by window. Sessions is one for sessions by keys, which merges them
// as rows come; where that cannot be, Held keeps rows until their session is over.
package window
