// Package over is the operator of window functions: to each row it adds what functions say of its partition and its frame.
//
// Rows are kept as columns (keyed.Rows) under the key group of their partition and sorted when the input ends, by partition, order, and the order
// in which they came; so they come out. A partition is then walked through once, a batch at a time. Frames are computed as pairs of positions
// that only move forward. What a function answers of a frame comes
//
//   - from positions alone: rank, count(*), the row of lag or first_value, whose values are gathered for a whole batch;
//   - from a queue of candidates: min and max;
//   - from a state that rows are added to, and taken back from where the function can: sum, avg;
//   - from partial answers of the older half of the frame and a state of the younger half (two stacks) where it cannot, but can merge;
//   - or from the rows of the frame, one after the other: array_agg, whose answer is as long.
//
// An EXCLUDE clause makes two frames of one, which move forward too. Offsets of RANGE follow PostgreSQL's in_range functions, overflow included.
// Memory is the rows, 8 bytes a row, and what the aggregates of one partition keep. Snapshots hold the rows of the partitions that are not through.
//
// That is Operator, for input that ends. Updating keeps the answers for rows that come in any order, and go, as a changelog: it computes anew what a change may alter. Timed answers each
// of rows that are only added once, when a watermark says that its time has come. Both have the partitions' pieces computed by the same functions.
package over
