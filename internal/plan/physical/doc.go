// Package physical is what the data path runs, as data: sources and the operators that are fused behind each, stages of tasks behind exchanges,
// and sinks. It is made by the planner from the logical plan, prints itself for --explain, and knows nothing of goroutines.
package physical
