// Package timejoin holds the joins whose state is freed by time: Interval, Window and Temporal.
//
// Interval stores both inputs, in slices of event time, and looks each row up among those of the other input that came before: hashes of a whole
// batch, then for each slice in reach the chains of the rows' keys, then their times, then the residual. A pair comes out as soon as both of its rows are
// there. Rows get into a table of keys only when rows of the other input come near their time; many that few rows look for are looked up in a table of those
// few instead. When the watermark of the other input has gone past all that a row could match, the row comes out alone, if it is to, and then its slice
// is dropped whole.
//
// Window stores both inputs, in slices of the windows' ends, and joins them when the watermark of both inputs closes the window: rows that were taken back
// are folded away, the side with fewer rows is hashed, the other looked up; where memory is short, some key groups at a time, and what has left memory in the order of its hashes. What comes for a window that is closed is counted as late; there is
// none if the plan knows how far the inputs lag.
//
// Temporal stores the versions of right rows by key, and gives each left row the one that was valid at its time, when the right watermark has gone past that, or
// at once where the time is processing time.
//
// All answers are inserts. In what order they come says nothing. No row is late here: what was late by the watermark of its own split was taken out before, and
// watermarks, the least of all splits', only free state. So the answer is that of the join of all rows, whatever way they were cut and mixed.
package timejoin
