// Package generate is the source that makes its rows itself: Nexmark's events, or a sequence of numbers.
//
// The reader deals ranges of positions; the lanes' decoders turn a range into rows, of which they make only what is read. A row is a function
// of the options and its position, so the same options give the same rows at any parallelism and block size, and a run resumes at any row.
package generate
