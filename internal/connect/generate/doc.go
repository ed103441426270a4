// Package generate is the source that makes its rows itself: Nexmark's events, or a sequence of numbers.
//
// It deals ranges of event numbers; lanes turn a range into rows. The same options give the same rows at any parallelism, and a position is
// the number of the next event, so a run resumes exactly.
package generate
